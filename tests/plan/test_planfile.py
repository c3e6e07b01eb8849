from __future__ import annotations

import json
import string
import tracemalloc
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import PlanFileError
from batch.model import (
    Account,
    Act,
    Before,
    Change,
    Channel,
    Content,
    Issue,
    Item,
    Medium,
    Plan,
    Quota,
    Severity,
    SitePlan,
    Snapshot,
    Step,
    StepKind,
)
from batch.plan.planfile import check_unmoved, plan_chunks, read_plan_file, site_state
from batch.plan.reconcile import reconcile
from tests.plan.builders import Builders

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
        row=row,
        key=draw(text),
        site=site,
        kind=draw(st.sampled_from(StepKind)),
        reason=draw(text),
        channel=draw(text),
        type=draw(text),
        action=draw(text),
        acts=acts,
        reference=draw(text),
        account_id=draw(text),
        account_name=draw(text),
        target_id=draw(text),
        at=draw(instants) if dated else None,
        local_time=draw(text),
        content=draw(contents),
        item_id=draw(text),
        found_status=draw(text),
        link=draw(text),
        changes=tuple(draw(st.lists(st.builds(Change, text, text, text), max_size=2))),
        before=draw(st.none() | st.builds(Before, text, st.none() | instants, contents)),
        code=draw(text),
        warnings=tuple(draw(st.lists(text, max_size=2))),
        account=draw(text),
        generated=draw(st.booleans()),
        timezone=draw(st.sampled_from(["Europe/Berlin", "UTC+01:00"])),
    )


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


def written(plan: Plan, **beside: Any) -> str:
    """Return the text of the plan's file, as its bytes on the disk would be read."""
    return "".join(plan_chunks(plan, **beside)).encode().decode()


def data_of(plan: Plan, **beside: Any) -> Any:
    return json.loads(written(plan, **beside))


def read(data: Any) -> Plan:
    return read_plan_file(json.dumps(data))[1]


@unhurried
@given(plans())
def test_a_plan_comes_back_whole(plan: Plan) -> None:
    assert read_plan_file(written(plan))[1] == plan


@unhurried
@given(plans())
def test_a_plan_comes_back_whole_however_its_file_is_spaced_and_ordered(plan: Plan) -> None:
    data = data_of(plan)
    assert read_plan_file(json.dumps(dict(sorted(data.items())), indent=2))[1] == plan


def test_every_field_of_a_step_is_written(make: Builders) -> None:
    step = Step(row=2, key="k", site="s", kind=StepKind.DRAFT, reason="why", channel="X", type="POST", reference="r")
    (data,) = data_of(Plan("s", "f", make.now, (SitePlan("s", (step,)),)))["steps"]
    assert set(data) == {field.name for field in fields(Step)}
    assert list(data)[:5] == ["row", "key", "site", "kind", "reason"]


def test_a_file_of_an_earlier_version_leaves_defaults_out_and_writes_utc_as_an_offset(make: Builders) -> None:
    plan = made(make, make.item(reference="k2", scheduled_at=make.later))
    data = data_of(plan)
    (step,) = data["steps"]
    for name in ("item_id", "code", "generated"):
        assert name in step
    kept = {name: value for name, value in step.items() if value not in ("", [], None, False)}
    kept |= {"at": kept["at"].replace("Z", "+00:00"), "content": {"text": "Glazing\nday", "media": [
        {"source": make.picture.source, "kind": "IMAGE", "url": make.picture.url}]}}  # fmt: skip
    old = {**data, "steps": [kept], "made_at": data["made_at"].replace("Z", "+00:00")}
    del old["issues"], old["places"]
    assert read(old | {"checksum": checksum_of(old)}) == plan


def test_steps_stand_in_the_sheets_order_with_their_first_fields_always_there(make: Builders) -> None:
    data = data_of(made(make, rows=(7, 3)))
    assert [step["row"] for step in data["steps"]] == [3, 7]
    assert all(
        {"row", "key", "site", "kind", "reason", "channel", "type", "action", "acts"} <= set(s) for s in data["steps"]
    )


def made(make: Builders, *items: object, rows: tuple[int, ...] = (2,), **site: object) -> Plan:
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
def test_a_plan_that_was_edited_is_refused(make: Builders, path: list[Any], value: Any) -> None:
    with pytest.raises(PlanFileError, match="changed after it was made") as refusal:
        read(damaged(data_of(made(make)), path, value))
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
def test_a_plan_that_was_forged_with_its_checksum_is_refused_too(make: Builders, path: list[Any], value: Any) -> None:
    data = damaged(data_of(made(make)), path, value)
    data["checksum"] = checksum_of(data)
    with pytest.raises(PlanFileError, match="damaged"):
        read(data)


def checksum_of(data: dict[str, Any]) -> str:
    import hashlib

    head = {name: value for name, value in data.items() if name not in ("steps", "checksum")}
    lines = [json.dumps(part, sort_keys=True, separators=(",", ":")) + "\n" for part in (head, *data["steps"])]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_checksum_can_be_told_from_the_file_alone(make: Builders) -> None:
    data = data_of(made(make, rows=(2, 3)))
    assert data["checksum"] == checksum_of(data)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", '"plan"', "{}", '{"version": 1}', '{"version": 1, "steps": {}}', "[" * 100_000, "NaN"],
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(PlanFileError, match="postbatch plan SHEET") as refusal:
        read_plan_file(text)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("version", [0, 2, "1", True, None])
def test_another_version_is_refused(make: Builders, version: object) -> None:
    with pytest.raises(PlanFileError, match="another version"):
        read(data_of(made(make)) | {"version": version})


def test_half_an_emoji_does_not_break_the_file(make: Builders) -> None:
    plan = replace(made(make), sheet="\ud83d.xlsx", notices=("grüße 🎉",))
    text = written(plan)
    assert read_plan_file(text)[1] == replace(plan, sheet="\ufffd.xlsx")
    assert "grüße 🎉" in text


def test_half_an_emoji_that_an_earlier_version_wrote_as_an_escape_is_read(make: Builders) -> None:
    data = data_of(made(make)) | {"sheet": "\ud83d.xlsx"}
    assert read(data | {"checksum": checksum_of(data)}).sheet == "\ufffd.xlsx"


def test_nothing_has_moved_when_only_time_words_and_others_posts_have(make: Builders) -> None:
    saved = made(make, make.item(reference="k2"))
    others = make.item(id="x", reference="x", content=Content(text="x"))
    current = made(make, make.item(reference="k2", link="https://x"), others)
    check_unmoved(saved, replace(current, made_at=make.now + timedelta(hours=1)))


MOVES: list[tuple[Callable[[Builders], tuple[Plan, Plan]], str]] = [
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
def test_what_has_moved_is_named(make: Builders, plans_of: Callable[[Builders], tuple[Plan, Plan]], said: str) -> None:
    saved, current = plans_of(make)
    with pytest.raises(PlanFileError, match=said):
        check_unmoved(saved, current)


def test_a_large_plan_is_written_without_being_held_twice(make: Builders) -> None:
    part = made(make).sites[0]
    many = tuple(replace(part.steps[0], row=n, key=f"k{n}", reason=string.ascii_letters) for n in range(2, 4_002))
    plan = Plan("s", "f", make.now, (replace(part, steps=many),))
    tracemalloc.start()
    size = sum(len(chunk) for chunk in plan_chunks(plan))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < size / 4


def test_what_else_the_file_carries_is_bound_like_the_rest(make: Builders) -> None:
    plan = made(make)
    issue = Issue(3, "text", "text_too_long", "a", "Shorten it.", Severity.WARNING, "I3")
    beside: dict[str, Any] = {"inputs": {"sheet": "posts.xlsx", "only": ["a"]}, "sandbox": True, "issues": (issue,)}
    text = written(plan, **beside, places={"pottery": "abc.sqlite"})
    file, read_back = read_plan_file(text)
    assert read_back == plan
    assert (file.inputs, file.sandbox, file.issues) == (beside["inputs"], True, (issue,))
    assert file.places == {"pottery": "abc.sqlite"}
    with pytest.raises(PlanFileError, match="changed after it was made"):
        read(json.loads(text) | {"sandbox": False})


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (["steps", 0, "content", "media", 0, "size_bytes"], "9", "steps[0].content.media[0].size_bytes"),
        (["steps", 0, "at"], "2026-12-01T08:30:00", "steps[0].at"),
        (["steps", 0, "at"], None, "steps[0]"),
        (["sites", 0, "needs"], {"SCHEDULE_POST": 1.5}, "sites[0].needs.SCHEDULE_POST"),
        (["another"], 1, "another"),
    ],
)
def test_a_damaged_file_says_where(make: Builders, path: list[Any], value: Any, place: str) -> None:
    data = damaged(data_of(made(make)), path, value)
    with pytest.raises(PlanFileError) as refusal:
        read(data | {"checksum": checksum_of(data)})
    assert str(refusal.value).startswith(f"The plan file is damaged at `{place}`. Make the plan again with")


MOVES_NOTHING = {"link", "error", "external", "insights"}
OTHER = {"scheduled_at": None, "content": Content(text="other")}


def accounts_fingerprint(snapshot: Snapshot, *, channels: list[str]) -> str:
    return site_state(snapshot, channels=channels, found=[]).split(" ")[0]


def items_fingerprint(items: list[Item], make: Builders) -> str:
    return site_state(make.snapshot(), channels=["INSTAGRAM"], found=items).split(" ")[1]


def test_every_field_that_bears_on_a_plan_moves_the_fingerprint_of_an_item(make: Builders) -> None:
    item = make.item()
    moved = {
        field.name
        for field in fields(Item)
        if items_fingerprint([replace(item, **{field.name: OTHER.get(field.name, "other")})], make)
        != items_fingerprint([item], make)
    }
    assert moved == {field.name for field in fields(Item)} - MOVES_NOTHING


@pytest.mark.parametrize(
    "content",
    [
        Content(text="a", title="b"), Content(text="b", title="a"), Content(text="ab"), Content(title="ab"),
        Content(link="a"), Content(call_to_action="a"), Content(privacy="a"), Content(target_id="a"),
    ],
)  # fmt: skip
def test_each_field_of_the_content_counts_by_itself(make: Builders, content: Content) -> None:
    one, other = make.item(content=content), make.item(content=Content(text="a"))
    assert items_fingerprint([one], make) != items_fingerprint([other], make)


def test_order_does_not_count(make: Builders) -> None:
    items = [make.item(id="a"), make.item(id="b")]
    assert items_fingerprint(items, make) == items_fingerprint(items[::-1], make)


def test_accounts_of_channels_that_are_not_used_do_not_count(make: Builders) -> None:
    one, other = make.snapshot(), make.snapshot(accounts=(), connections={"INSTAGRAM": "VALID", "GBP": "INVALID"})
    assert accounts_fingerprint(one, channels=["FACEBOOK"]) == accounts_fingerprint(other, channels=["FACEBOOK"])
    assert accounts_fingerprint(one, channels=["INSTAGRAM"]) != accounts_fingerprint(other, channels=["INSTAGRAM"])
    lapsed = make.snapshot(connections={"INSTAGRAM": "INVALID"})
    assert accounts_fingerprint(one, channels=["INSTAGRAM"]) != accounts_fingerprint(lapsed, channels=["INSTAGRAM"])


def test_a_state_tells_its_parts(make: Builders) -> None:
    state = site_state(make.snapshot(), channels=["INSTAGRAM"], found=[make.item()])
    accounts, items = (
        accounts_fingerprint(make.snapshot(), channels=["INSTAGRAM"]),
        items_fingerprint([make.item()], make),
    )
    assert state == f"{accounts} {items}"
    assert (accounts.split(":")[0], items.split(":")[0]) == ("accounts", "items")
