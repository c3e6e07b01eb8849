"""Every cell of the decision table, stated once more in the words of a step: kind, acts and code."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from batch.model import Act, Action, OutcomeKind, Status, Step, StepKind
from batch.plan.decisions import REFUSALS, Decision
from batch.plan.reconcile import reconcile
from batch.plan.steps import STEPS
from batch.rules.columns import read_word
from tests.plan.builders import Builders

K = StepKind
NOTHING: tuple[Act, ...] = ()
AGAIN = (K.INVALID, NOTHING, "cancelled_before")
REFUSED = (K.FAILED, NOTHING, "FAILED")
SENT = (K.INVALID, NOTHING, "in_process")
LIVE = (K.INVALID, NOTHING, "is_published")

WISHES: dict[str, dict[str, object]] = {
    "blank, no date": {"publish_at": None},
    "blank, dated": {},
    "blank, now": {"publish_at": None, "now": True},
    "draft": {"action": Action.DRAFT, "publish_at": None},
    "publish": {"action": Action.PUBLISH, "publish_at": None},
    "schedule": {"action": Action.SCHEDULE},
    "reschedule": {"action": Action.RESCHEDULE},
    "cancel": {"action": Action.CANCEL, "publish_at": None},
    "delete": {"action": Action.DELETE, "publish_at": None},
}

_DRAFT = {
    "": (K.DRAFT, (Act.CREATE,), ""),
    Status.DRAFT: (K.UNCHANGED, NOTHING, ""),
    Status.SCHEDULED: (K.INVALID, NOTHING, "is_scheduled"),
    Status.PROCESSING: SENT,
    Status.IN_QUEUE: SENT,
    Status.PUBLISHED: (K.UNCHANGED, NOTHING, ""),
    Status.FAILED: REFUSED,
    Status.CANCELED: AGAIN,
    Status.DELETED: AGAIN,
}
_SCHEDULED = _DRAFT | {
    "": (K.SCHEDULE, (Act.CREATE, Act.SCHEDULE), ""),
    Status.DRAFT: (K.SCHEDULE, (Act.SCHEDULE,), ""),
    Status.SCHEDULED: (K.UNCHANGED, NOTHING, ""),
    Status.PROCESSING: (K.WAIT, NOTHING, ""),
    Status.IN_QUEUE: (K.WAIT, NOTHING, ""),
}
_NOW = _SCHEDULED | {
    "": (K.PUBLISH, (Act.CREATE, Act.PUBLISH), ""),
    Status.DRAFT: (K.PUBLISH, (Act.PUBLISH,), ""),
    Status.SCHEDULED: (K.PUBLISH, (Act.PUBLISH,), ""),
}
EXPECTED: dict[str, dict[str, tuple[StepKind, tuple[Act, ...], str]]] = {
    "blank, no date": _DRAFT,
    "blank, dated": _SCHEDULED,
    "blank, now": _NOW,
    "draft": _DRAFT,
    "publish": _NOW,
    "schedule": _SCHEDULED,
    "reschedule": {
        "": (K.INVALID, NOTHING, "not_found"),
        Status.DRAFT: (K.INVALID, NOTHING, "is_draft"),
        Status.SCHEDULED: (K.UNCHANGED, NOTHING, ""),
        Status.PROCESSING: (K.UNCHANGED, NOTHING, ""),
        Status.IN_QUEUE: (K.UNCHANGED, NOTHING, ""),
        Status.PUBLISHED: (K.UNCHANGED, NOTHING, ""),
        Status.FAILED: REFUSED,
        Status.CANCELED: AGAIN,
        Status.DELETED: AGAIN,
    },
    "cancel": {
        "": (K.UNCHANGED, NOTHING, "not_found"),
        Status.DRAFT: (K.UNCHANGED, NOTHING, "is_draft"),
        Status.SCHEDULED: (K.CANCEL, (Act.CANCEL,), ""),
        Status.PROCESSING: SENT,
        Status.IN_QUEUE: SENT,
        Status.PUBLISHED: LIVE,
        Status.FAILED: (K.UNCHANGED, NOTHING, ""),
        Status.CANCELED: (K.UNCHANGED, NOTHING, ""),
        Status.DELETED: (K.UNCHANGED, NOTHING, ""),
    },
    "delete": {
        "": (K.UNCHANGED, NOTHING, "not_found"),
        Status.DRAFT: (K.DELETE, (Act.DELETE,), ""),
        Status.SCHEDULED: (K.DELETE, (Act.DELETE,), ""),
        Status.PROCESSING: SENT,
        Status.IN_QUEUE: SENT,
        Status.PUBLISHED: LIVE,
        Status.FAILED: (K.DELETE, (Act.DELETE,), ""),
        Status.CANCELED: (K.DELETE, (Act.DELETE,), ""),
        Status.DELETED: (K.UNCHANGED, NOTHING, ""),
    },
}
CELLS = list(product(WISHES, ("", *Status)))


def step_of(make: Builders, wish: str, found: str, *, item: dict[str, object] | None = None) -> Step:
    items = [make.item(found, **(item or {}))] if found else []
    (step,) = reconcile([make.post(**WISHES[wish])], make.snapshot(*items), now=make.now).steps
    return step


def test_every_decision_makes_a_step_or_is_a_refusal() -> None:
    assert set(STEPS) | set(REFUSALS) == set(Decision)
    assert not set(STEPS) & set(REFUSALS)


def test_every_state_of_an_item_is_expected_for_every_wish() -> None:
    assert {wish: set(cells) for wish, cells in EXPECTED.items()} == {wish: {"", *Status} for wish in WISHES}


@pytest.mark.parametrize(("wish", "found"), CELLS)
def test_each_cell_of_the_table_makes_its_step(make: Builders, wish: str, found: str) -> None:
    step = step_of(make, wish, found)
    assert (step.kind, step.acts, step.code) == EXPECTED[wish][found]
    assert step.reason.endswith(".")
    assert step.found_status == found
    assert (step.before is not None) == bool(found and step.acts)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("found", ["", *Status])
@pytest.mark.parametrize("word", sorted({*OutcomeKind, *Status}))
def test_the_words_of_results_as_actions_never_do_what_cannot_be_undone(
    make: Builders, word: str, found: str, dated: bool
) -> None:
    read, problem = read_word(word, "action")
    assert bool(read) != bool(problem)
    if read:
        post = make.post(action=Action(read), publish_at=make.later if dated else None)
        items = [make.item(found)] if found else []
        (step,) = reconcile([post], make.snapshot(*items), now=make.now).steps
        assert not {Act.PUBLISH, Act.CANCEL, Act.DELETE, Act.WITHDRAW} & set(step.acts)


@pytest.mark.parametrize(("wish", "found"), [cell for cell in CELLS if cell[1]])
def test_each_cell_with_other_content_updates_only_where_content_is_wanted_and_can_change(
    make: Builders, wish: str, found: str
) -> None:
    other = step_of(make, wish, found, item={"content": replace(make.content, text="old")})
    plain = EXPECTED[wish][found]
    can_change = found in (Status.DRAFT, Status.SCHEDULED) and plain[0] in (K.UNCHANGED, K.SCHEDULE, K.PUBLISH)
    if can_change and wish not in ("reschedule", "cancel", "delete"):
        assert other.acts == (Act.UPDATE, *plain[1])
        assert [c.field for c in other.changes] == ["text"]
        assert other.kind is (K.UPDATE if plain[0] is K.UNCHANGED else plain[0])
    else:
        assert (other.kind, other.acts, other.code) == plain
        kept = found in (Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE) and other.kind in (K.UNCHANGED, K.WAIT)
        assert bool(other.warnings) == (kept and wish != "reschedule")


@pytest.mark.parametrize(("wish", "found"), CELLS)
def test_each_cell_with_another_date_moves_only_what_is_scheduled(make: Builders, wish: str, found: str) -> None:
    step = step_of(make, wish, found, item={"scheduled_at": make.later} if found != Status.DRAFT else None)
    dated = wish in ("blank, dated", "schedule", "reschedule")
    if dated and found == Status.SCHEDULED:
        assert (step.kind, step.acts, step.at) == (K.RESCHEDULE, (Act.RESCHEDULE,), make.date)
        (change,) = step.changes
        assert change.old == "2026-12-02 09:30 Europe/Berlin"
        assert change.new == "2026-12-01 09:30 Europe/Berlin"
    elif wish == "reschedule" and found in (Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED):
        assert step.kind is K.INVALID
    else:
        assert (step.kind, step.acts, step.code) == EXPECTED[wish][found]


def test_a_reschedule_says_what_else_the_row_writes_and_it_leaves_alone(make: Builders) -> None:
    there = {"scheduled_at": make.later, "content": replace(make.content, text="old")}
    step = step_of(make, "reschedule", Status.SCHEDULED, item=there)
    assert (step.kind, step.acts) == (K.RESCHEDULE, (Act.RESCHEDULE,))
    (warning,) = step.warnings
    assert "(text)" in warning
    same = step_of(make, "reschedule", Status.SCHEDULED, item={"scheduled_at": make.later})
    assert same.warnings == ()


@pytest.mark.parametrize(("wish", "found"), CELLS)
def test_each_cell_with_a_date_that_has_passed_never_schedules(make: Builders, wish: str, found: str) -> None:
    changes = WISHES[wish] | ({"publish_at": make.past} if "publish_at" not in WISHES[wish] else {})
    items = [make.item(found)] if found else []
    (step,) = reconcile([make.post(**changes)], make.snapshot(*items), now=make.now).steps
    assert not {Act.SCHEDULE, Act.RESCHEDULE}.intersection(step.acts)
    if wish in ("blank, dated", "schedule") and found in ("", Status.DRAFT, Status.SCHEDULED):
        assert (step.kind, step.code, step.acts) == (K.INVALID, "date_passed", ())
    if wish in ("blank, dated", "schedule") and found == Status.PUBLISHED:
        assert step.kind is K.UNCHANGED


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("state", ["ARCHIVED", "scheduled", "PENDING_REVIEW"])
def test_an_unknown_state_is_refused_with_the_state_in_the_reason(make: Builders, wish: str, state: str) -> None:
    step = step_of(make, wish, state)
    assert (step.kind, step.acts, step.code) == (K.CONFLICT, (), "unknown_status")
    assert state in step.reason


@pytest.mark.parametrize(("wish", "found"), CELLS)
def test_dates_and_acts_fit_each_other_in_each_cell(make: Builders, wish: str, found: str) -> None:
    step = step_of(make, wish, found)
    if {Act.SCHEDULE, Act.RESCHEDULE}.intersection(step.acts):
        assert step.at == make.date
    if Act.PUBLISH in step.acts or step.acts == (Act.CREATE,):
        assert step.at is None


def test_a_post_that_is_due_is_no_longer_changed(make: Builders) -> None:
    item = make.item(scheduled_at=make.past, content=replace(make.content, text="old"))
    (step,) = reconcile([make.post(publish_at=make.past)], make.snapshot(item), now=make.now).steps
    assert (step.kind, step.acts) == (K.UNCHANGED, ())
    assert "text" in step.warnings[0]


def test_a_failed_post_tells_its_error_and_how_to_post_it_again(make: Builders) -> None:
    step = step_of(make, "blank, dated", Status.FAILED, item={"error": "The ratio is wrong (ASPECT_RATIO_INVALID)."})
    assert step.code == "ASPECT_RATIO_INVALID"
    assert "The ratio is wrong" in step.reason
    assert "--again spring-01" in step.reason


def test_upload_comes_first_where_a_medium_is_not_in_the_media_manager(make: Builders) -> None:
    content = replace(make.content, media=(replace(make.picture, url=""),))
    new = reconcile([make.post(content=content)], make.snapshot(), now=make.now).steps[0]
    old = reconcile([make.post(content=content)], make.snapshot(make.item()), now=make.now).steps[0]
    out = reconcile([make.post(content=content)], make.snapshot(make.item(Status.PUBLISHED)), now=make.now).steps[0]
    assert new.acts == (Act.UPLOAD, Act.CREATE, Act.SCHEDULE)
    assert old.acts == (Act.UPLOAD, Act.UPDATE)
    assert (out.kind, out.acts, out.warnings) == (K.UNCHANGED, (), ())


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
@pytest.mark.parametrize("blank", [True, False])
def test_a_post_that_is_withdrawn_is_told_by_its_own_date_and_clock(
    make: Builders, action: Action, blank: bool
) -> None:
    named = {"publish_at": None, "local_time": ""} if blank else {}
    post = make.post(action=action, timezone="Europe/Berlin", **named)
    item = make.item(scheduled_at=make.later)
    [step] = reconcile([post], make.snapshot(item), now=make.now).steps
    assert (step.at, step.local_time) == (make.later, "2026-12-02 09:30 Europe/Berlin")
