from __future__ import annotations

import json
import string
import tracemalloc
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import PlanFileError
from batch.model import Account, Act, Before, Change, Channel, Content, Medium, Plan, Quota, SitePlan, Step, StepKind
from batch.plan.planfile import check_unmoved, plan_chunks, plan_from_json, plan_from_text, plan_to_json
from batch.plan.reconcile import reconcile

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

text = st.text(max_size=8)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 zone beside it
media = st.builds(Medium, text, text, text, text, st.none() | st.integers(0))
contents = st.builds(Content, text, text, st.lists(media, max_size=2).map(tuple), text, text, text, text)


@st.composite
def steps(draw: st.DrawFn, row: int, site: str) -> Step:
    acts = tuple(draw(st.lists(st.sampled_from(Act), max_size=3)))
    dated = Act.SCHEDULE in acts or Act.RESCHEDULE in acts
    if dated:
        acts = tuple(act for act in acts if act is not Act.PUBLISH)
    return Step(
        row, draw(text), draw(text), site, draw(text), draw(text), draw(st.sampled_from(StepKind)), draw(text), acts,
        draw(text), draw(text), draw(text), draw(instants) if dated else None, draw(text), draw(contents), draw(text),
        draw(text), draw(text), tuple(draw(st.lists(st.builds(Change, text, text, text), max_size=2))),
        draw(st.none() | st.builds(Before, text, st.none() | instants, contents)), draw(text),
        tuple(draw(st.lists(text, max_size=2))), draw(text), draw(text), draw(st.booleans()),
    )  # fmt: skip


@st.composite
def site_plans(draw: st.DrawFn, site: str) -> SitePlan:
    rows = sorted(draw(st.lists(st.integers(2, 50), max_size=4)))
    quotas = st.builds(Quota, text, st.booleans(), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), text)
    return SitePlan(
        site,
        tuple(draw(steps(row, site)) for row in rows),
        draw(st.dictionaries(text, st.integers(0, 9), max_size=2)),
        draw(st.dictionaries(text, quotas, max_size=2)),
        tuple(draw(st.lists(text, max_size=2))),
        draw(text),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = draw(st.lists(st.sampled_from(["", "pottery", "clay"]), unique=True, max_size=3))
    sites = tuple(draw(site_plans(name)) for name in names)
    return Plan(draw(text), draw(text), draw(instants), sites, tuple(draw(st.lists(text, max_size=2))))


@unhurried
@given(plans())
def test_a_plan_comes_back_whole(plan: Plan) -> None:
    assert plan_from_json(plan_to_json(plan)) == plan


@unhurried
@given(plans())
def test_the_file_holds_the_same_as_the_data_and_comes_back_whole(plan: Plan) -> None:
    written = "".join(plan_chunks(plan)).encode().decode()
    assert json.loads(written) == plan_to_json(plan)
    assert plan_from_text(written) == plan


def test_every_field_of_a_step_is_written_unless_it_has_its_default(make: SimpleNamespace) -> None:
    full = Step(
        2, "k", "r", "s", "X", "POST", StepKind.RESCHEDULE, "why", (Act.RESCHEDULE,), "a", "n", "t", make.date, "l",
        make.content, "i", "f", "u", (Change("text", "a", "b"),), Before("SCHEDULED", make.date, make.content), "c",
        ("w",), "act", "acc", True, "Europe/Berlin",
    )  # fmt: skip
    (data,) = plan_to_json(Plan("s", "f", make.now, (SitePlan("s", (full,)),)))["steps"]
    assert set(data) == {field.name for field in fields(Step)}
    assert list(data)[:5] == ["row", "key", "site", "kind", "reason"]


def test_steps_stand_in_the_sheets_order_with_their_first_fields_always_there(make: SimpleNamespace) -> None:
    data = plan_to_json(made(make, rows=(7, 3)))
    assert [step["row"] for step in data["steps"]] == [3, 7]
    assert all(
        {"row", "key", "site", "kind", "reason", "channel", "type", "action", "acts"} <= set(s) for s in data["steps"]
    )


def made(make: SimpleNamespace, *items: object, rows: tuple[int, ...] = (2,), **site: object) -> Plan:
    posts = [replace(make.post(f"k{row}"), row=row) for row in rows]
    part = reconcile(posts, make.snapshot(*items, **site), now=make.now)
    return Plan("posts.xlsx", "abc", make.now, (part,))


def damaged(data: Any, path: list[Any], value: Any) -> Any:
    copy = json.loads(json.dumps(data))
    at = copy
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["steps", 0, "account_id"], "ig-2"),
        (["steps", 0, "at"], "2026-12-02T08:30:00+00:00"),
        (["steps", 0, "acts"], ["create", "publish"]),
        (["steps", 0, "content", "text"], "other"),
        (["steps", 0], {}),
        (["steps"], []),
        (["sites", 0, "state"], ""),
        (["sites"], 7),
        (["sheet_fingerprint"], "other"),
        (["checksum"], "sha256:0"),
        (["checksum"], ...),
        (["made_at"], ...),
    ],
)
def test_a_plan_that_was_edited_is_refused(make: SimpleNamespace, path: list[Any], value: Any) -> None:
    with pytest.raises(PlanFileError, match="changed after it was made") as refusal:
        plan_from_json(damaged(plan_to_json(made(make)), path, value))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["steps", 0, "row"], "2"),
        (["steps", 0, "row"], True),
        (["steps", 0, "kind"], "explode"),
        (["steps", 0, "acts"], ["upload", "destroy"]),
        (["steps", 0, "acts"], "create"),
        (["steps", 0, "at"], "tomorrow"),
        (["steps", 0, "at"], "2026-12-01T08:30:00"),
        (["steps", 0, "at"], None),
        (["steps", 0, "site"], "elsewhere"),
        (["steps", 0, "content"], {"text": 1}),
        (["steps", 0, "content"], ["text"]),
        (["steps", 0, "surprise"], 1),
        (["steps", 0], None),
        (["sites", 0, "site"], ["x"]),
        (["sites", 0, "quotas"], {"a": {}}),
        (["sites", 0, "needs"], {"a": 1.5}),
        (["sites"], None),
        (["notices"], "x"),
        (["made_at"], 5),
    ],
)
def test_a_plan_that_was_forged_with_its_checksum_is_refused_too(
    make: SimpleNamespace, path: list[Any], value: Any
) -> None:
    data = damaged(plan_to_json(made(make)), path, value)
    data["checksum"] = checksum_of(data)
    with pytest.raises(PlanFileError, match="damaged"):
        plan_from_json(data)


def checksum_of(data: dict[str, Any]) -> str:
    import hashlib

    head = {name: value for name, value in data.items() if name not in ("steps", "checksum")}
    lines = [json.dumps(part, sort_keys=True, separators=(",", ":")) + "\n" for part in (head, *data["steps"])]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_checksum_can_be_told_from_the_file_alone(make: SimpleNamespace) -> None:
    data = plan_to_json(made(make, rows=(2, 3)))
    assert data["checksum"] == checksum_of(data)


@pytest.mark.parametrize(
    "written",
    ["", "{", "[]", "7", "null", '"plan"', "{}", '{"version": 1}', '{"version": 1, "steps": {}}', "[" * 100_000, "NaN"],
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(written: str) -> None:
    with pytest.raises(PlanFileError, match="postbatch plan SHEET") as refusal:
        plan_from_text(written)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("version", [0, 2, "1", True, None])
def test_another_version_is_refused(make: SimpleNamespace, version: object) -> None:
    with pytest.raises(PlanFileError, match="another version"):
        plan_from_json(plan_to_json(made(make)) | {"version": version})


def test_half_an_emoji_does_not_break_the_file(make: SimpleNamespace) -> None:
    plan = replace(made(make), sheet="\ud83d.xlsx", notices=("grüße 🎉",))
    written = "".join(plan_chunks(plan))
    assert plan_from_text(written.encode().decode()) == plan
    assert "grüße 🎉" in written


def test_nothing_has_moved_when_only_time_words_and_others_posts_have(make: SimpleNamespace) -> None:
    saved = made(make, make.item(reference="k2"))
    others = make.item(id="x", reference="x", content=Content(text="x"))
    current = made(make, make.item(reference="k2", link="https://x"), others)
    check_unmoved(saved, replace(current, made_at=make.now + timedelta(hours=1)))


MOVES: list[tuple[Callable[[SimpleNamespace], tuple[Plan, Plan]], str]] = [
    (lambda make: (made(make), replace(made(make), sheet_fingerprint="x")), "The sheet posts.xlsx has changed"),
    (
        lambda make: (made(make), made(make, accounts=(replace(make.studio, default=False),))),
        "The connected accounts of the site pottery have changed",
    ),
    (
        lambda make: (made(make), made(make, accounts=(make.studio, Account(Channel.INSTAGRAM, "ig-2")))),
        "The connected accounts of the site pottery have changed",
    ),
    (
        lambda make: (made(make, rows=(2, 5)), made(make, make.item(reference="k5"), rows=(2, 5))),
        r"have moved: k5 \(row 5\) since",
    ),
    (
        lambda make: (
            made(make, make.item(reference="k2")),
            made(make, make.item(reference="k2", scheduled_at=make.later)),
        ),
        r"k2 \(row 2\)",
    ),
    (
        lambda make: (made(make, rows=tuple(range(2, 12))), made(make, rows=tuple(range(3, 12)))),
        r"k2 \(row 2\)",
    ),
    (
        lambda make: (
            made(make, rows=tuple(range(2, 12))),
            made(make, rows=tuple(range(2, 12)), quotas={"SCHEDULE_POST": Quota("SCHEDULE_POST", left=0)}),
        ),
        "and 5 more",
    ),
    (lambda make: (made(make), replace(made(make), sites=())), "The sites of the sheet have changed"),
]


@pytest.mark.parametrize(("plans_of", "said"), MOVES)
def test_what_has_moved_is_named(
    make: SimpleNamespace, plans_of: Callable[[SimpleNamespace], tuple[Plan, Plan]], said: str
) -> None:
    saved, current = plans_of(make)
    with pytest.raises(PlanFileError, match=said):
        check_unmoved(saved, current)


def test_a_large_plan_is_written_without_being_held_twice(make: SimpleNamespace) -> None:
    part = made(make).sites[0]
    many = tuple(replace(part.steps[0], row=n, key=f"k{n}", reason=string.ascii_letters) for n in range(2, 4_002))
    plan = Plan("s", "f", make.now, (replace(part, steps=many),))
    tracemalloc.start()
    size = sum(len(chunk) for chunk in plan_chunks(plan))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < size / 4


def test_what_else_the_file_carries_is_bound_like_the_rest(make: SimpleNamespace) -> None:
    plan, extra = made(make), {"inputs": {"sheet": "posts.xlsx", "only": ("a",)}, "sandbox": True, "none": None}
    written = "".join(plan_chunks(plan, extra=extra))
    data = json.loads(written)
    assert data == json.loads(json.dumps(plan_to_json(plan, extra=extra)))
    assert plan_from_text(written) == plan
    with pytest.raises(PlanFileError, match="changed after it was made"):
        plan_from_json(data | {"sandbox": False})


@pytest.mark.parametrize("name", ["steps", "checksum", "sites", "version"])
def test_nothing_else_takes_a_plans_own_name(make: SimpleNamespace, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        plan_to_json(made(make), extra={name: 1})
