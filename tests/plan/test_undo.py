from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from batch.model import Act, Action, Before, Content, Item, Post, Status, Step, StepKind
from batch.plan.reconcile import reconcile
from batch.plan.undo import make_undo
from tests.plan.builders import Builders

K = StepKind


def done_step(make: Builders, post: Post, *items: Item) -> Step:
    (step,) = reconcile([post], make.snapshot(*items), now=make.now).steps
    return step


def undone(make: Builders, step: Step, *items: Item, **site: object) -> Step:
    (undo,) = make_undo([step], make.snapshot(*items, **site), now=make.now).steps
    assert undo.reason.endswith(".")
    assert (undo.row, undo.key) == (step.row, step.key)
    return undo


def said(step: Step) -> tuple[StepKind, str, tuple[Act, ...]]:
    return step.kind, step.code, step.acts


def test_what_was_scheduled_is_cancelled(make: Builders) -> None:
    undo = undone(make, done_step(make, make.post()), make.item())
    assert said(undo) == (K.CANCEL, "", (Act.CANCEL,))
    assert (undo.item_id, undo.found_status, undo.at) == ("item-1", "SCHEDULED", make.date)
    assert undo.before == Before("SCHEDULED", make.date, make.content)


def test_a_draft_that_was_scheduled_is_cancelled_and_the_loss_is_said(make: Builders) -> None:
    step = done_step(make, make.post(), make.item(Status.DRAFT))
    undo = undone(make, step, make.item())
    assert undo.acts == (Act.CANCEL,)
    assert "draft" in undo.warnings[0]


def test_what_was_moved_goes_back_to_its_old_date(make: Builders) -> None:
    step = done_step(make, make.post(), make.item(scheduled_at=make.later))
    undo = undone(make, step, make.item())
    assert said(undo) == (K.RESCHEDULE, "", (Act.RESCHEDULE,))
    assert undo.at == make.later
    assert undo.local_time == "2026-12-02 09:30 Europe/Berlin"
    assert [(c.old, c.new) for c in undo.changes] == [
        ("2026-12-01 09:30 Europe/Berlin", "2026-12-02 09:30 Europe/Berlin")
    ]


def test_what_was_moved_and_changed_goes_back_whole(make: Builders) -> None:
    old = make.item(scheduled_at=make.later, content=replace(make.content, text="old"))
    undo = undone(make, done_step(make, make.post(), old), make.item())
    assert undo.acts == (Act.UPDATE, Act.RESCHEDULE)
    assert (undo.content, undo.at) == (old.content, make.later)


def test_an_old_date_that_has_passed_stays_behind_but_the_content_goes_back(make: Builders) -> None:
    old = make.item(scheduled_at=make.past, content=replace(make.content, text="old"))
    both = undone(make, done_step(make, make.post(), old), make.item())
    assert said(both) == (K.UPDATE, "", (Act.UPDATE,))
    assert both.at == make.date
    assert "has passed" in both.warnings[0]
    moved = undone(make, done_step(make, make.post(), make.item(scheduled_at=make.past)), make.item())
    assert said(moved) == (K.INVALID, "date_passed", ())


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.DRAFT])
def test_what_was_changed_says_again_what_it_said(make: Builders, status: Status) -> None:
    old = make.item(status, content=replace(make.content, text="old"))
    post = make.post(publish_at=make.date if status is Status.SCHEDULED else None)
    undo = undone(make, done_step(make, post, old), make.item(status))
    assert said(undo) == (K.UPDATE, "", (Act.UPDATE,))
    assert undo.content == old.content
    assert [(c.field, c.old, c.new) for c in undo.changes] == [("text", "Glazing\nday", "old")]


def test_a_draft_that_was_made_is_deleted(make: Builders) -> None:
    undo = undone(make, done_step(make, make.post(publish_at=None)), make.item(Status.DRAFT))
    assert said(undo) == (K.DELETE, "", (Act.DELETE,))


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE])
@pytest.mark.parametrize("wish", [{}, {"publish_at": None, "now": True}, {"publish_at": None}])
def test_what_has_gone_out_can_not_be_taken_back(make: Builders, status: Status, wish: dict[str, object]) -> None:
    undo = undone(make, done_step(make, make.post(**wish)), make.item(status))
    assert said(undo) == (K.INVALID, "published", ())


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [(Action.CANCEL, Status.CANCELED, "cancelled"), (Action.DELETE, Status.DELETED, "deleted")],
)
def test_what_was_withdrawn_can_only_be_made_anew(make: Builders, action: Action, status: Status, code: str) -> None:
    step = done_step(make, make.post(action=action), make.item())
    undo = undone(make, step, make.item(status))
    assert said(undo) == (K.INVALID, code, ())
    assert "--again spring-01" in undo.reason


def test_a_deleted_post_that_the_site_no_longer_lists_says_the_same(make: Builders) -> None:
    step = done_step(make, make.post(action=Action.DELETE), make.item())
    assert said(undone(make, step)) == (K.INVALID, "deleted", ())


def test_a_step_that_did_nothing_needs_no_undoing(make: Builders) -> None:
    step = done_step(make, make.post(), make.item())
    assert said(undone(make, step, make.item())) == (K.UNCHANGED, "", ())


@pytest.mark.parametrize("status", [Status.CANCELED, Status.DELETED, Status.FAILED])
def test_what_does_not_go_out_any_more_stays_as_it_is(make: Builders, status: Status) -> None:
    assert said(undone(make, done_step(make, make.post()), make.item(status))) == (K.UNCHANGED, "", ())


@pytest.mark.parametrize(
    ("now", "differing"),
    [
        ({"scheduled_at": "later"}, "publish_at"),
        ({"content": Content(text="somebody else's words")}, "text and media"),
    ],
)
def test_what_was_changed_since_is_a_conflict(make: Builders, now: dict[str, object], differing: str) -> None:
    changes = {name: make.later if value == "later" else value for name, value in now.items()}
    undo = undone(make, done_step(make, make.post()), make.item(**changes))
    assert said(undo) == (K.CONFLICT, "changed_since", ())
    assert differing.split(" and ")[0] in undo.reason


def test_a_post_that_was_moved_but_whose_words_changed_since_is_a_conflict(make: Builders) -> None:
    step = done_step(make, make.post(), make.item(scheduled_at=make.later))
    undo = undone(make, step, make.item(content=replace(make.content, text="other")))
    assert said(undo) == (K.CONFLICT, "changed_since", ())


def test_a_state_that_nobody_knows_is_left_alone(make: Builders) -> None:
    undo = undone(make, done_step(make, make.post()), make.item("ARCHIVED"))
    assert said(undo) == (K.CONFLICT, "unknown_status", ())


def test_an_item_is_found_by_its_own_generation(make: Builders) -> None:
    step = replace(done_step(make, make.post()), reference="spring-01~2")
    first, second = make.item(id="old"), make.item(id="new", reference="spring-01~2")
    assert undone(make, step, first, second).item_id == "new"
    assert said(undone(make, step, first)) == (K.UNCHANGED, "not_found", ())


def test_media_that_the_run_uploaded_are_no_change_since(make: Builders) -> None:
    local = replace(make.content, media=(replace(make.picture, source="a.jpg", url=""),))
    step = done_step(make, make.post(content=local))
    assert undone(make, step, make.item()).acts == (Act.CANCEL,)
    assert undone(make, step, make.item(content=replace(make.content, media=()))).code == "changed_since"


def test_a_clock_that_is_off_moves_nothing_back(make: Builders) -> None:
    step = done_step(make, make.post(), make.item(scheduled_at=make.later))
    undo = undone(make, step, make.item(), server_at=make.now - timedelta(hours=1))
    assert said(undo) == (K.BLOCKED, "clock", ())


def test_undo_of_undo_changes_nothing_more(make: Builders) -> None:
    step = done_step(make, make.post(), make.item(scheduled_at=make.later))
    assert said(undone(make, step, make.item(scheduled_at=make.later))) == (K.UNCHANGED, "", ())
