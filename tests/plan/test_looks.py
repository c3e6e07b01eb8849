from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from batch.model import Content, Status, StepKind
from batch.plan.reconcile import reconcile


def step_of(make: SimpleNamespace, post: object, *items: object) -> object:
    return reconcile([post], make.snapshot(*items), now=make.now).steps[0]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.DRAFT, Status.PROCESSING, Status.IN_QUEUE])
@pytest.mark.parametrize("reference", ["", "somebody-else"])
def test_a_pending_post_that_looks_the_same_is_a_warning(make: SimpleNamespace, status: Status, reference: str) -> None:
    content = replace(make.content, text=make.content.text.replace("\n", "\r\n"))
    step = step_of(make, make.post(), make.item(status, reference=reference, content=content))
    assert step.kind is StepKind.SCHEDULE
    (warning,) = step.warnings
    assert "ID item-1" in warning
    assert ("2026-12-01 09:30 Europe/Berlin" in warning) == (status != Status.DRAFT)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.PUBLISHED},
        {"status": Status.CANCELED},
        {"channel": "FACEBOOK"},
        {"account_id": "ig-2"},
        {"content": Content(text="Glazing\nday")},
        {"content": Content()},
        {"external": True},
    ],
)
def test_what_differs_or_does_not_go_out_is_no_look_alike(make: SimpleNamespace, changes: dict[str, object]) -> None:
    assert step_of(make, make.post(), make.item(**({"reference": "x"} | changes))).warnings == ()


def test_a_post_that_is_out_warns_of_one_that_would_be_published_at_once(make: SimpleNamespace) -> None:
    out = make.item(Status.PUBLISHED, reference="old-name")
    (warning,) = step_of(make, make.post(now=True, publish_at=None), out).warnings
    assert "published (key old-name, ID item-1)" in warning


def test_an_item_that_another_row_stands_for_is_nobody_elses(make: SimpleNamespace) -> None:
    posts = [make.post(), replace(make.post("other"), row=3)]
    plan = reconcile(posts, make.snapshot(make.item(reference="other")), now=make.now)
    assert plan.steps[0].warnings == ()


def test_a_post_that_stays_as_it_is_warns_of_nothing(make: SimpleNamespace) -> None:
    twin = make.item(id="twin", reference="x")
    assert step_of(make, make.post(), make.item(), twin).warnings == ()


def test_the_same_post_under_another_derived_key_is_a_conflict(make: SimpleNamespace) -> None:
    step = step_of(make, make.post("auto-new", key_derived=True), make.item(reference="auto-old"))
    assert (step.kind, step.code, step.acts) == (StepKind.CONFLICT, "looks_same", ())
    assert "auto-old" in step.reason


def test_a_named_post_that_looks_like_a_derived_one_is_only_warned_of(make: SimpleNamespace) -> None:
    assert step_of(make, make.post(), make.item(reference="auto-old")).kind is StepKind.SCHEDULE
    assert step_of(make, make.post("auto-new", key_derived=True), make.item(reference="x")).kind is StepKind.SCHEDULE


def test_a_derived_post_at_the_time_of_an_earlier_derived_one_is_warned_of(make: SimpleNamespace) -> None:
    item = make.item(reference="auto-old", content=Content(text="old words"))
    (warning,) = step_of(make, make.post("auto-new", key_derived=True), item).warnings
    assert "auto-old" in warning
    elsewhere = replace(item, scheduled_at=make.later)
    assert step_of(make, make.post("auto-new", key_derived=True), elsewhere).warnings == ()
