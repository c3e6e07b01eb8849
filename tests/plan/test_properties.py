"""Properties of planning on random sheets and sites, with a site in a few lines that carries plans out.

The values are few, so that sheets and sites meet often; `apply_plan` is what the service would do, as plain values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.model import (
    Account,
    Act,
    Action,
    Channel,
    Content,
    Item,
    Medium,
    Post,
    PostType,
    Quota,
    SitePlan,
    Snapshot,
    Status,
    Step,
    StepKind,
)
from batch.plan.decisions import PlanOptions
from batch.plan.reconcile import reconcile
from batch.plan.undo import make_undo

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

IDLE = frozenset(StepKind) - {
    StepKind.DRAFT, StepKind.SCHEDULE, StepKind.PUBLISH, StepKind.RESCHEDULE, StepKind.UPDATE, StepKind.CANCEL,
    StepKind.DELETE,
}  # fmt: skip
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEYS = ("a", "b", "c", "a~2", "d/INSTAGRAM", "auto-1")
ACCOUNTS = (
    Account(Channel.INSTAGRAM, "ig-1", name="studio", default=True),
    Account(Channel.INSTAGRAM, "ig-2", name="shop"),
    Account(Channel.TIKTOK, "tt-1", name="clips", privacy_options=("SELF_ONLY", "PUBLIC_TO_EVERYONE")),
)
MEDIA = tuple(Medium(f"{name}.jpg", url=f"https://static/{name}.jpg") for name in "ab")

dates = st.integers(-3, 6).filter(bool).map(lambda days: NOW + timedelta(days=days))
contents = st.builds(
    Content,
    text=st.sampled_from(["", "one", "two\nlines", "two\r\nlines"]),
    media=st.lists(st.sampled_from(MEDIA), max_size=2).map(tuple),
    privacy=st.sampled_from(["", "SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS"]),
)
channels = st.sampled_from([Channel.INSTAGRAM] * 6 + [Channel.TIKTOK])


@st.composite
def post_lists(draw: st.DrawFn) -> list[Post]:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=len(KEYS)))
    return [draw(posts(row, key)) for row, key in enumerate(keys, start=2)]


@st.composite
def posts(draw: st.DrawFn, row: int, key: str) -> Post:
    action = draw(st.sampled_from([None, None, None, *Action]))
    at = draw(st.none() | dates)
    if action is Action.PUBLISH:
        at = None
    return Post(
        row,
        key,
        "pottery",
        draw(channels),
        PostType.POST,
        account=draw(st.sampled_from(["", "", "", "studio", "shop", "nobody"])),
        action=action,
        publish_at=at,
        now=at is None and action in (None, Action.PUBLISH) and draw(st.booleans()),
        content=draw(contents),
        key_derived=key.startswith("auto-"),
    )


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    status = draw(st.sampled_from([*Status, "ARCHIVED"]))
    return Item(
        f"item-{number}",
        draw(channels),
        "POST",
        status,
        account_id=draw(st.sampled_from([*["ig-1"] * 8, "ig-2", "tt-1", ""])),
        reference=draw(st.sampled_from([*KEYS, "", "zzz"])),
        scheduled_at=None if status == Status.DRAFT else draw(dates),
        content=draw(contents),
        external=draw(st.integers(0, 19)) == 7,
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    count = draw(st.integers(0, 8))
    quotas = {
        action: Quota(action, left=draw(st.none() | st.integers(0, 3))) for action in ("PUBLISH_POST", "SCHEDULE_POST")
    }
    return Snapshot(
        "pottery",
        NOW,
        accounts=ACCOUNTS[: draw(st.integers(1, 3))],
        connections={"INSTAGRAM": draw(st.sampled_from(["VALID", "VALID", "DISCONNECTED"])), "TIKTOK": "VALID"},
        quotas=draw(st.sampled_from([{}, quotas])),
        items=tuple(draw(items(number)) for number in range(count)),
    )


def apply_plan(snapshot: Snapshot, plan: SitePlan) -> Snapshot:
    """Return the site as it is when every act of the plan is done."""
    items = {item.id: item for item in snapshot.items}
    for number, step in enumerate(plan.steps):
        item_id = step.item_id or f"made-{len(items)}-{number}"
        for duplicate in step.duplicates:
            items[duplicate] = replace(items[duplicate], status=Status.CANCELED)
        for act in step.acts:
            made = _apply(act, step, items.get(item_id), item_id)
            if made is not None:
                items[item_id] = made
    return replace(snapshot, items=tuple(items.values()))


def _apply(act: Act, step: Step, item: Item | None, item_id: str) -> Item | None:
    if act in (Act.UPLOAD, Act.WITHDRAW):
        return item
    if act is Act.CREATE:
        content = _uploaded(step.content)
        place = (item_id, step.channel, step.type, Status.DRAFT, step.account_id, step.reference)
        return Item(*place, content=content)
    assert item is not None, f"{act} needs an item"
    if act is Act.UPDATE:
        return replace(item, content=_uploaded(step.content))
    changes = {
        Act.SCHEDULE: {"status": Status.SCHEDULED, "scheduled_at": step.at},
        Act.RESCHEDULE: {"scheduled_at": step.at},
        Act.PUBLISH: {"status": Status.PUBLISHED},
        Act.CANCEL: {"status": Status.CANCELED},
        Act.DELETE: {"status": Status.DELETED},
    }[act]
    assert act is not Act.RESCHEDULE or item.status == Status.SCHEDULED
    return replace(item, **changes)  # type: ignore[arg-type] # fields of Item


def _uploaded(content: Content) -> Content:
    media = tuple(replace(medium, url=medium.url or f"https://static/{medium.source}") for medium in content.media)
    return replace(content, media=media)


def as_it_went(plan: SitePlan, after: Snapshot) -> tuple[Step, ...]:
    """Return the steps as carried out: those that made an item carry its ID."""
    made = {item.reference: item.id for item in after.items}
    return tuple(replace(step, item_id=step.item_id or made.get(step.reference, "")) for step in plan.steps)


def changed(before: Snapshot, after: Snapshot) -> set[str]:
    """Return the IDs of items that differ between two snapshots."""
    was = _by_id(before.items)
    return {item_id for item_id, item in _by_id(after.items).items() if was.get(item_id) != item}


def _by_id(items: Iterable[Item]) -> dict[str, Item]:
    return {item.id: item for item in items}


@unhurried
@given(post_lists(), snapshots())
def test_every_post_becomes_exactly_one_step_in_order(sheet: list[Post], site: Snapshot) -> None:
    plan = reconcile(sheet, site, now=NOW)
    assert [(step.row, step.key) for step in plan.steps] == [(post.row, post.key) for post in sheet]
    for step in plan.steps:
        assert bool(step.own_acts) == (step.kind not in IDLE)
        assert bool(step.duplicates) == (Act.WITHDRAW in step.acts)
        assert step.reason
        assert list(step.acts) == sorted(step.acts, key=list(Act).index)


@unhurried
@given(post_lists(), snapshots())
def test_a_second_run_changes_nothing(sheet: list[Post], site: Snapshot) -> None:
    unmetered = replace(site, quotas={})
    first = reconcile(sheet, unmetered, now=NOW)
    after = apply_plan(unmetered, first)
    second = reconcile(sheet, after, now=NOW)
    for one, two in zip(first.steps, second.steps, strict=True):
        if one.own_acts in ((Act.DELETE,), (Act.CANCEL,)) and one.item_id != two.item_id:
            continue  # another dead item of the same key is next
        assert two.acts == ()
        # Taking back a duplicate is no act on the post's own item, which may still be on its way.
        assert two.kind is (StepKind.UNCHANGED if one.own_acts else one.kind)


@unhurried
@given(post_lists(), snapshots(), st.data())
def test_a_missing_row_never_cancels_or_changes_anything(
    sheet: list[Post], site: Snapshot, data: st.DataObject
) -> None:
    # No row can be called so (`check` refuses it): without its row a post of that name is an attempt of "a".
    sheet = [post for post in sheet if post.key != "a~2"]
    first = reconcile(sheet, site, now=NOW)
    after = apply_plan(site, first)
    kept = data.draw(st.lists(st.sampled_from(sheet), unique_by=lambda post: post.key)) if sheet else []
    gone = {step.item_id for step in as_it_went(first, after) if step.key not in {post.key for post in kept}}
    second = reconcile(kept, after, now=NOW)
    assert not changed(after, apply_plan(after, second)) & gone


@unhurried
@given(post_lists(), snapshots())
def test_only_what_a_row_names_is_ever_touched(sheet: list[Post], site: Snapshot) -> None:
    plan = reconcile(sheet, site, now=NOW)
    named = {item_id for step in plan.steps if step.acts for item_id in (step.item_id, *step.duplicates) if item_id}
    there = {item.id for item in site.items}
    assert changed(site, apply_plan(site, plan)) & there <= named
    assert reconcile([], site, now=NOW).steps == ()


@unhurried
@given(post_lists(), snapshots())
def test_what_is_touched_is_on_the_channel_type_and_account_that_the_step_shows(
    sheet: list[Post], site: Snapshot
) -> None:
    by_id = {item.id: item for item in site.items}
    for step in reconcile(sheet, site, now=NOW).steps:
        if step.acts and step.item_id:
            item = by_id[step.item_id]
            assert (item.channel, item.type, item.external) == (step.channel, step.type, False)
            assert item.account_id == step.account_id


@unhurried
@given(post_lists(), snapshots())
def test_no_reference_is_used_twice(sheet: list[Post], site: Snapshot) -> None:
    again = PlanOptions(again=frozenset({"failed", *KEYS}))
    made = [s.reference for s in reconcile(sheet, site, now=NOW, options=again).steps if Act.CREATE in s.acts]
    assert len(set(made)) == len(made)
    assert not set(made) & {item.reference for item in site.items}


@unhurried
@given(post_lists(), snapshots())
def test_nothing_is_sent_with_an_empty_or_a_passed_date(sheet: list[Post], site: Snapshot) -> None:
    for step in reconcile(sheet, site, now=NOW).steps:
        if {Act.SCHEDULE, Act.RESCHEDULE}.intersection(step.acts):
            assert step.at is not None
            assert step.at > NOW
        if Act.PUBLISH in step.acts:
            assert step.at is None


@unhurried
@given(post_lists(), snapshots())
def test_undo_cancels_deletes_and_restores_only_what_the_run_did(sheet: list[Post], site: Snapshot) -> None:
    plan = reconcile(sheet, site, now=NOW)
    after = apply_plan(site, plan)
    done = as_it_went(plan, after)
    undo = make_undo(done, after, now=NOW)
    restored = apply_plan(after, undo)
    assert [(step.row, step.key) for step in undo.steps] == [(step.row, step.key) for step in plan.steps]
    assert changed(after, restored) <= {step.item_id for step in done if step.acts}
    assert [step.acts for step in make_undo(done, restored, now=NOW).steps if step.acts] == []
    _check_restored(done, site, restored)


def _check_restored(done: tuple[Step, ...], before: Snapshot, restored: Snapshot) -> None:
    was = {item.id: item for item in before.items}
    now = {item.id: item for item in restored.items}
    for step in done:
        if step.kind in (StepKind.SCHEDULE, StepKind.DRAFT):
            assert now[step.item_id].status in (Status.CANCELED, Status.DELETED)
        if step.kind is StepKind.UPDATE:
            assert now[step.item_id].content.text.split() == was[step.item_id].content.text.split()
        if step.kind is StepKind.RESCHEDULE and was[step.item_id].scheduled_at > NOW:  # type: ignore[operator] # scheduled
            assert now[step.item_id].scheduled_at == was[step.item_id].scheduled_at
