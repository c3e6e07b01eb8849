"""Slots are dealt in the sheet's order, never two posts in one, and stay where they are once scheduled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.model import Account, Act, Action, Channel, Issue, Item, Post, Severity, SitePlan, Status, StepKind
from batch.plan.decisions import PlanOptions, PostPlace, place
from batch.plan.reconcile import reconcile
from batch.plan.slots import HORIZON, LEAD
from batch.rules.slots import next_slots
from tests.plan.builders import NOW, STUDIO, make_item, make_post, make_snapshot

SLOTS = ("Mon 09:00", "Thu 18:00")
BERLIN = ZoneInfo("Europe/Berlin")
FREE = [
    at for at, _ in zip(next_slots(SLOTS, zone=BERLIN, after=NOW + LEAD, until=NOW + HORIZON), range(12), strict=False)
]
OTHER = Account(Channel.INSTAGRAM, "ig-2", name="shop")
NOTHING: Mapping[PostPlace, str] = {}
GOES_OUT = (Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED, "SOMETHING")


def asking(key: str, row: int = 2, **changes: object) -> Post:
    return make_post(key, row=row, publish_at=None, local_time="slot", slots=SLOTS, **changes)


def somebody(at: datetime | None, number: int = 1, **changes: object) -> Item:
    """A post of somebody else."""
    return make_item(**{"id": f"x-{number}", "reference": "", "scheduled_at": at, **changes})  # type: ignore[arg-type]


def plan(posts: Iterable[Post], *items: Item, now: datetime = NOW, skip: Mapping[PostPlace, str] = NOTHING) -> SitePlan:
    return reconcile(
        list(posts), make_snapshot(*items, accounts=(STUDIO, OTHER)), now=now, options=PlanOptions(skip=skip)
    )


def dealt(part: SitePlan) -> dict[str, datetime | None]:
    return {step.key: step.at for step in part.steps if step.kind is StepKind.SCHEDULE}


def carried_out(part: SitePlan, items: Iterable[Item], *, of: Iterable[str]) -> tuple[Item, ...]:
    """The site once the steps of some keys have been done."""
    chosen, known = set(of), {item.id: item for item in items}
    for step in part.steps:
        if Act.SCHEDULE in step.acts and step.key in chosen:
            own = step.item_id or f"made-{step.reference}"
            known[own] = make_item(
                id=own, reference=step.reference, scheduled_at=step.at, account_id=step.account_id, content=step.content
            )
    return tuple(known.values())


def test_posts_take_the_next_free_slots_in_the_order_of_the_sheet_and_say_so():
    part = plan([asking("a"), asking("b", 3), asking("c", 4)])
    assert dealt(part) == {"a": FREE[0], "b": FREE[1], "c": FREE[2]}
    assert part.steps[0].reason == "New post in the next free slot, Mon 23 Nov 2026, 09:00 (Berlin)."
    assert part.steps[0].local_time == "2026-11-23 09:00 Europe/Berlin"


def test_what_others_have_scheduled_takes_its_slot_also_on_a_second_of_its_minute():
    assert dealt(plan([asking("a")], somebody(FREE[0] + timedelta(seconds=30))))["a"] == FREE[1]
    assert dealt(plan([asking("a")], somebody(FREE[0] + timedelta(minutes=1))))["a"] == FREE[0]


@pytest.mark.parametrize(
    "status", [Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED, "SOMETHING"]
)
def test_whatever_may_go_out_takes_its_slot(status):
    assert dealt(plan([asking("a")], somebody(FREE[0], status=status)))["a"] == FREE[1]


@pytest.mark.parametrize("status", [Status.DRAFT, Status.CANCELED, Status.DELETED, Status.FAILED])
def test_what_never_goes_out_takes_none(status):
    assert dealt(plan([asking("a")], somebody(FREE[0], status=status)))["a"] == FREE[0]


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({"account_id": "ig-2"}, False),
        ({"account_id": ""}, True),
        ({"channel": "FACEBOOK"}, False),
        ({"external": True}, True),
    ],
)
def test_a_slot_is_an_accounts_and_what_tells_no_account_may_be_on_any(changes, taken):
    assert dealt(plan([asking("a")], somebody(FREE[0], **changes)))["a"] == FREE[1 if taken else 0]


def test_each_account_has_slots_of_its_own():
    assert dealt(plan([asking("a"), asking("b", 3, account="shop")])) == {"a": FREE[0], "b": FREE[0]}


def test_a_row_with_a_date_of_its_own_takes_its_slot_wherever_it_stands():
    dated = make_post("b", row=3, publish_at=FREE[0])
    assert dealt(plan([asking("a"), dated])) == {"a": FREE[1], "b": FREE[0]}
    assert dealt(plan([asking("a"), replace(dated, action=Action.SKIP)]))["a"] == FREE[0]


def test_a_slot_that_is_about_to_begin_is_left_alone():
    late = FREE[0] - LEAD
    assert dealt(plan([asking("a")], now=late))["a"] == FREE[1]
    assert dealt(plan([asking("a")], now=late - timedelta(seconds=1)))["a"] == FREE[0]


def test_what_is_scheduled_stays_though_an_earlier_slot_is_free_or_rows_have_changed_places():
    items = carried_out(plan([asking("a"), asking("b", 3)], somebody(FREE[0])), [], of="ab")
    part = plan([asking("b", 2), asking("a", 3), asking("c", 4)], *items)
    assert {step.key: (step.kind, step.at) for step in part.steps} == {
        "a": (StepKind.UNCHANGED, FREE[1]), "b": (StepKind.UNCHANGED, FREE[2]), "c": (StepKind.SCHEDULE, FREE[0])
    }  # fmt: skip


def test_a_post_that_somebody_moved_stays_where_it_was_moved_to():
    (step,) = plan([asking("a")], make_item(reference="a", scheduled_at=FREE[0] + timedelta(hours=3))).steps
    assert (step.kind, step.at) == (StepKind.UNCHANGED, FREE[0] + timedelta(hours=3))


def test_a_text_that_changes_is_updated_in_its_slot():
    changed = asking("a", content=replace(make_post().content, text="New"))
    (step,) = plan([changed], make_item(reference="a", scheduled_at=FREE[2])).steps
    assert (step.kind, step.at, step.acts) == (StepKind.UPDATE, FREE[2], (Act.UPDATE,))


def test_the_slot_of_a_cancelled_post_is_free_again_but_the_post_is_not_made_again_unasked():
    gone = make_item(Status.CANCELED, reference="a", scheduled_at=FREE[0])
    posts = [asking("a"), asking("b", 3)]
    part = plan(posts, gone)
    assert [(step.key, step.kind, step.code) for step in part.steps] == [
        ("a", StepKind.INVALID, "cancelled_before"), ("b", StepKind.SCHEDULE, "")
    ]  # fmt: skip
    assert dealt(part) == {"b": FREE[0]}
    again = reconcile(posts, make_snapshot(gone), now=NOW, options=PlanOptions(again=frozenset("a")))
    assert dealt(again) == {"a": FREE[0], "b": FREE[1]}
    assert again.steps[0].reference == "a~2"


def test_a_draft_of_the_row_gets_its_slot():
    (step,) = plan([asking("a")], make_item(Status.DRAFT, reference="a")).steps
    assert (step.kind, step.acts, step.at) == (StepKind.SCHEDULE, (Act.SCHEDULE,), FREE[0])


def test_a_post_that_is_out_stays_out():
    (step,) = plan([asking("a")], make_item(Status.PUBLISHED, reference="a", scheduled_at=None)).steps
    assert (step.kind, step.acts) == (StepKind.UNCHANGED, ())


def test_a_scheduled_post_whose_date_is_not_told_is_left_alone():
    (step,) = plan([asking("a")], make_item(reference="a", scheduled_at=None)).steps
    assert (step.kind, step.code, step.acts) == (StepKind.CONFLICT, "slot_unknown", ())


def test_where_every_slot_is_taken_that_is_said_and_nothing_is_sent():
    year = [somebody(at, n) for n, at in enumerate(next_slots(SLOTS, zone=BERLIN, after=NOW, until=NOW + HORIZON))]
    (step,) = plan([asking("a")], *year).steps
    assert (step.kind, step.code, step.acts) == (StepKind.BLOCKED, "slots_taken", ())
    assert step.reason.startswith("Every slot of studio on INSTAGRAM is taken until Sun 21 Nov 2027")


def test_a_post_without_an_account_says_what_is_wrong_with_that():
    (step,) = plan([asking("a", account="nobody")]).steps
    assert (step.kind, step.code) == (StepKind.BLOCKED, "account_unknown")


def test_a_post_of_somebody_else_that_came_into_the_slot_later_is_said_on_every_run():
    items = carried_out(plan([asking("a")]), [], of="a")
    (step,) = plan([asking("a")], *items, somebody(FREE[0])).steps
    assert (step.kind, step.at) == (StepKind.UNCHANGED, FREE[0])
    assert "Another post (ID x-1) goes out on this account at the same time." in step.warnings[0]


def test_a_choice_of_rows_and_an_answer_that_is_missing_move_no_other_row():
    posts = [asking("a"), asking("b", 3), asking("c", 4)]
    part = plan(posts, skip={place(posts[0]): "not answered"})
    assert dealt(part) == {"b": FREE[1], "c": FREE[2]}


def test_a_row_that_is_wrong_takes_no_slot():
    wrong = asking("a", issues=(Issue(2, "text", "x", "", "x", Severity.ERROR),))
    assert dealt(plan([wrong, asking("b", 3)])) == {"b": FREE[0]}


items_of_others = st.lists(
    st.tuples(
        st.sampled_from(FREE), st.sampled_from(("ig-1", "ig-2", "")), st.sampled_from((Status.SCHEDULED, Status.DRAFT))
    ),
    max_size=8,
)


@settings(deadline=None)
@given(
    keys=st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8),
    accounts=st.lists(st.sampled_from(("", "studio", "shop")), min_size=8, max_size=8),
    dates=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(FREE), max_size=3),
    others=items_of_others,
    later=items_of_others,
    sent=st.sets(st.sampled_from("abcdefgh")),
    order=st.randoms(use_true_random=False),
)
def test_no_two_posts_get_one_slot_and_what_is_scheduled_never_moves(keys, accounts, dates, others, later, sent, order):
    """A run that is cut off anywhere, others who schedule before and after it, and the sheet again in any order."""
    posts = [
        make_post(key, row=n, publish_at=dates[key]) if key in dates else asking(key, n)
        for n, key in enumerate(keys, start=2)
    ]
    posts = [replace(post, account=accounts[n]) for n, post in enumerate(posts)]
    items = [somebody(at, n, account_id=account, status=status) for n, (at, account, status) in enumerate(others)]
    first = plan(posts, *items)
    slots = [step for step in first.steps if step.slot and step.acts]
    assert max(Counter((step.account_id, step.at) for step in slots).values(), default=0) <= 1
    taken = {(account, item.scheduled_at) for item in items if item.status == Status.SCHEDULED
             for account in ((item.account_id,) if item.account_id else ("ig-1", "ig-2"))}  # fmt: skip
    dated = {(step.account_id, step.at) for step in first.steps if not step.slot and step.acts}
    assert not {(step.account_id, step.at) for step in slots} & (taken | dated)
    assert all(step.at in set(FREE) or step.at > FREE[-1] for step in slots)
    assert all(step.acts for step in first.steps if step.slot), "a free slot is found within the horizon"

    now = carried_out(first, items, of=sent)
    newer = [somebody(at, 100 + n, account_id=account, status=status) for n, (at, account, status) in enumerate(later)]
    shuffled = [replace(post, row=n) for n, post in enumerate(order.sample(posts, len(posts)), start=2)]
    second = plan(shuffled, *now, *newer)
    before = {step.key: step.at for step in first.steps}
    for step in second.steps:
        if step.slot and step.key in sent:
            assert (step.kind, step.at) == (StepKind.UNCHANGED, before[step.key])
    whole = carried_out(second, (*now, *newer), of=keys)
    again = plan(shuffled, *whole)
    assert all(step.kind is StepKind.UNCHANGED for step in again.steps)
    assert again == plan(shuffled, *whole), "another machine reads the same"


@settings(deadline=None)
@given(others=items_of_others, skipped=st.sets(st.sampled_from("abc")))
def test_holding_rows_back_gives_the_others_the_very_same_slots(others, skipped):
    posts = [asking(key, n) for n, key in enumerate("abc", start=2)]
    items = [somebody(at, n, account_id=account, status=status) for n, (at, account, status) in enumerate(others)]
    whole = dealt(plan(posts, *items))
    part = dealt(plan(posts, *items, skip={place(post): "held" for post in posts if post.key in skipped}))
    assert part == {key: at for key, at in whole.items() if key not in skipped}
