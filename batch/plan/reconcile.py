"""Turns the posts of one site and a snapshot of it into a plan: every post becomes exactly one step, in order.

A post goes through: left out, wrong in itself, not to be told apart, on another account, decided by the table
(decisions.py), not allowed now (blocks.py), looks like another (looks.py). What is not in the sheet is never touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batch.model import Act, Action, Channel, Content, Item, Post, PostType, SitePlan, Snapshot, Status, Step, StepKind
from batch.plan.compare import known_media, plain_text, wanted_content
from batch.plan.decisions import (
    AGAIN_FAILED,
    CONTENT_WANTED,
    Options,
    Refusal,
    Wanted,
    contradiction_of,
    decide,
    names_of,
    place,
    wanted_of,
)
from batch.plan.matching import DEAD, AccountBook, Choice, Finding, ItemIndex, own_key, repeated_keys, shared_items
from batch.plan.planfile import site_state
from batch.plan.safety import (
    block_missing_features,
    block_over_quota,
    block_wrong_clock,
    clock_notices,
    needs_of,
    refused,
)
from batch.plan.steps import HANDLERS, Case, refuse, take_twin_back
from batch.rules.channels import DEFAULT_TYPE
from batch.rules.keys import PREFIX
from batch.times import shown_time

PENDING = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE})
SENDING = frozenset({Act.CREATE, Act.UPDATE, Act.SCHEDULE, Act.PUBLISH})

Look = tuple[str, str, str, tuple[str, ...]]
Slot = tuple[str, str, str, datetime]


class Looks:
    """The site's pending items by how they look and by when they go out, without those that the sheet stands for.

    What is out counts only for what is published at once: there the plan is the last look that a person can take.
    """

    def __init__(self, items: Iterable[Item], *, claimed: frozenset[str]) -> None:
        self._by_look: dict[Look, list[Item]] = defaultdict(list)
        self._by_slot: dict[Slot, list[Item]] = defaultdict(list)
        self._out_by_look: dict[Look, list[Item]] = defaultdict(list)
        for item in items:
            if item.id not in claimed and not item.external:
                self._add(item)

    def _add(self, item: Item) -> None:
        if item.status not in PENDING and item.status != Status.PUBLISHED:
            return
        look = _look(item.channel, item.account_id, item.content)
        if look is not None:
            (self._by_look if item.status in PENDING else self._out_by_look)[look].append(item)
        if item.status in PENDING and item.scheduled_at is not None and item.reference.startswith(PREFIX):
            self._by_slot[item.channel, item.type, item.account_id, item.scheduled_at].append(item)

    def compare(self, step: Step, *, key_derived: bool, timezone: str) -> Step:
        """Return the step with a warning for what looks the same, or as a conflict where it must be the same post."""
        if not (self._by_look or self._by_slot or self._out_by_look) or not SENDING.intersection(step.acts):
            return step
        look = _look(step.channel, step.account_id, step.content)
        alike = self._by_look.get(look, []) if look is not None else []
        earlier = [item for item in alike if item.reference.startswith(PREFIX)]
        if key_derived and earlier and Act.CREATE in step.acts:
            return refused(step, StepKind.CONFLICT, "looks_same", _same_post(earlier[0], timezone))
        if look is not None and Act.PUBLISH in step.acts:
            alike = [*alike, *self._out_by_look.get(look, [])]
        warnings = tuple(_looks_same(item, timezone) for item in alike[:3])
        if key_derived and Act.CREATE in step.acts and not alike:
            warnings += self._same_slot(step)
        return replace(step, warnings=(*step.warnings, *warnings)) if warnings else step

    def _same_slot(self, step: Step) -> tuple[str, ...]:
        if step.at is None:
            return ()
        items = self._by_slot.get((step.channel, step.type, step.account_id, step.at), [])
        return tuple(
            f"A post of an earlier sheet ({item.reference}, ID {item.id}) goes out at the very same time on this "
            f"account. If it is this row with other words, write {item.reference} into `key`: it is then changed, "
            "not doubled."
            for item in items[:1]
        )


def _look(channel: str, account_id: str, content: Content) -> Look | None:
    """Return how a post looks; None where it shows nothing, or something that is not uploaded yet."""
    if not (content.text or content.media) or not known_media(content.media):
        return None
    return channel, account_id, plain_text(content.text), tuple(medium.url for medium in content.media)


def _standing(item: Item, timezone: str) -> str:
    at = shown_time(item.scheduled_at, timezone=timezone)
    when = f"scheduled for {at}" if at and item.status != Status.DRAFT else "a draft"
    when = "published" if item.status == Status.PUBLISHED else when
    name = f"key {item.reference}, " if item.reference else ""
    return f"{when} ({name}ID {item.id})"


def _looks_same(item: Item, timezone: str) -> str:
    return f"A post that looks the same is there already, {_standing(item, timezone)}. Check that both are meant."


def _same_post(item: Item, timezone: str) -> str:
    return (
        f"This row has no key, and the same post is there already from an earlier row without one, "
        f"{_standing(item, timezone)}. Write {item.reference} into `key` if it is that post, "
        "or a new key if both are meant."
    )


NAMING = frozenset({Action.RESCHEDULE, Action.CANCEL, Action.DELETE})
"""Actions whose rows only name a post; they need not say again what it is."""

GENERATION_FAILED = "generation_failed"
"""The code of an error that is the service's, not the row's: it would not write or draw what was asked for."""

WITHDRAWING = frozenset({Act.CANCEL, Act.DELETE})
"""Acts that need neither a connected channel nor a clock: a post can always be stopped."""

FOR_REVIEW = "It holds generated content, so with `--drafts-only` it is kept as a draft for review."


@dataclass(frozen=True, slots=True)
class _Site:
    """What is known of the site and of the sheet as a whole while its posts are decided one by one."""

    snapshot: Snapshot
    now: datetime
    options: Options
    accounts: AccountBook
    findings: Mapping[int, Finding]
    shared: Mapping[str, Sequence[int]]
    repeated: frozenset[str]


def reconcile(posts: Sequence[Post], snapshot: Snapshot, *, now: datetime, options: Options | None = None) -> SitePlan:
    """Return what is to be done for the posts of one site, given what it held when it was read."""
    options = options or Options()
    site = _look_around(posts, snapshot, now=now, options=options)
    steps = [_step_for(post, site.findings.get(number), site) for number, post in enumerate(posts)]
    steps = block_wrong_clock(steps, snapshot, options=options)
    steps = block_missing_features(steps, snapshot)
    steps = _compare_looks(steps, posts, site)
    steps = block_over_quota(steps, snapshot)
    return SitePlan(
        site=snapshot.site,
        steps=tuple(steps),
        needs=needs_of(steps),
        quotas=dict(snapshot.quotas),
        notices=(*snapshot.notices, *clock_notices(snapshot, options=options), *_idle_again(posts, steps, options)),
        state=site_state(snapshot, channels={s.channel for s in steps if s.channel}, found=_found_items(site)),
    )


def _look_around(posts: Sequence[Post], snapshot: Snapshot, *, now: datetime, options: Options) -> _Site:
    index = ItemIndex(snapshot.items, keys=frozenset(post.key for post in posts))
    active = {n: post for n, post in enumerate(posts) if not (_left_out(post, options) or post.errors)}
    findings = {n: index.find(post) for n, post in active.items()}
    return _Site(
        snapshot=snapshot,
        now=now,
        options=options,
        accounts=AccountBook(snapshot),
        findings=findings,
        shared=shared_items((active[n], finding) for n, finding in findings.items()),
        repeated=repeated_keys(active.values()),
    )


def _left_out(post: Post, options: Options) -> str:
    if post.action is Action.SKIP:
        return "The row says `skip`."
    return options.skip.get(place(post), "") if options.skip else ""


def _found_items(site: _Site) -> list[Item]:
    return list({f.item.id: f.item for f in site.findings.values() if f.item is not None}.values())


def _step_for(post: Post, finding: Finding | None, site: _Site) -> Step:
    """Return the step of one post; `finding` is None for a post that is left out or wrong in itself."""
    if finding is not None and finding.item is not None:
        post = _named_only(post, finding.item)
    plain = Case(post, wanted_of(post), site.snapshot.site, site.now, post.key, post.content)
    if reason := _left_out(post, site.options):
        return refuse(plain, Refusal(StepKind.SKIP, "", reason))
    if finding is None:
        return refuse(plain, _errors_of(post))
    if refusal := _before_deciding(post, finding, site):
        if finding.twins and refusal is finding.refusal and plain.wanted is Wanted.SCHEDULED:
            return take_twin_back(plain, finding.twins)
        return refuse(_with_item(plain, finding), refusal)
    return _decided(plain, finding, site)


def _named_only(post: Post, item: Item) -> Post:
    """Return a post that is only named (to move or withdraw it) with what its item is, where the row leaves it out.

    A blank type arrives here as the channel's usual one, so that one counts as left out.
    """
    if post.action not in NAMING:
        return post
    channel = post.channel or (Channel(item.channel) if item.channel in Channel.__members__ else None)
    usual = channel is not None and post.type in (None, DEFAULT_TYPE[channel])
    known = usual and item.channel == channel and item.type in PostType.__members__
    return replace(post, channel=channel, type=PostType(item.type) if known else post.type)


def _errors_of(post: Post) -> Refusal:
    errors = post.errors
    failed = any(error.code == GENERATION_FAILED for error in errors)
    reason = " ".join(dict.fromkeys(error.message for error in errors))
    return Refusal(StepKind.FAILED if failed else StepKind.INVALID, errors[0].code, reason)


def _before_deciding(post: Post, finding: Finding, site: _Site) -> Refusal | None:
    """Return why a post can't be decided on at all: it contradicts itself, or it can't be told which item it is."""
    if refusal := contradiction_of(post) or finding.refusal:
        return refusal
    if post.key in site.repeated:
        reason = f"The key {post.key} stands in more than one row. Give each post a key of its own."
        return Refusal(StepKind.CONFLICT, "key_twice", reason)
    if finding.item is not None and finding.item.id in site.shared:
        return _shared(finding.item, site.shared[finding.item.id])
    return _other_place(post, finding.item) if finding.item is not None else None


def _shared(item: Item, rows: Sequence[int]) -> Refusal:
    shown = ", ".join(str(row) for row in rows)
    reason = f"Rows {shown} all stand for the same item ({item.id}). Keep one of them, or give each its own key or ID."
    return Refusal(StepKind.CONFLICT, "same_item", reason)


def _other_place(post: Post, item: Item) -> Refusal | None:
    if item.channel != post.channel:
        what, there, said = "channel", item.channel, str(post.channel or "nothing")
    elif item.type != post.type:
        what, there, said = "type", item.type, str(post.type or "nothing")
    else:
        return None
    reason = (
        f"The item {item.id} is there as {there}, and the row says {said}. A post never changes its {what}: "
        f"write {there} into `{what}`, or {own_key(item)}."
    )
    return Refusal(StepKind.CONFLICT, f"other_{what}", reason)


def _with_item(case: Case, finding: Finding) -> Case:
    if finding.item is None:
        return case
    reference = finding.item.reference or case.reference
    return case._replace(item=finding.item, reference=reference, warnings=finding.warnings)


def _decided(plain: Case, finding: Finding, site: _Site) -> Step:
    """Return the step that the table and the account make of a post."""
    finding = _anew(plain, finding, site.options)
    post, item = plain.post, finding.item
    wanted = _reviewed_first(plain, item, site.options)
    choice = _account_of(plain, item, site.accounts)
    content = _content_of(post, item, choice, wanted)
    case = Case(
        post=post,
        wanted=wanted,
        site=plain.site,
        now=plain.now,
        reference=(item.reference or post.key) if item else finding.next_reference,
        content=content,
        item=item,
        account=choice.account,
        warnings=finding.warnings if wanted is plain.wanted else (*finding.warnings, FOR_REVIEW),
    )
    if choice.refusal is not None and choice.refusal.kind is StepKind.CONFLICT:
        return refuse(case, choice.refusal)
    step = HANDLERS[decide(wanted, case.status)](case)
    return _allowed(step, case, choice)


def _anew(plain: Case, finding: Finding, options: Options) -> Finding:
    """Forget a dead item where it was asked to make the post anew, under the next generation of its key."""
    item = finding.item
    if item is None or item.status not in DEAD or plain.wanted not in CONTENT_WANTED:
        return finding
    by_word = AGAIN_FAILED in options.again and item.status == Status.FAILED
    if not by_word and not names_of(plain.post) & options.again:
        return finding
    return Finding(None, finding.next_reference, None, finding.warnings)


def _reviewed_first(plain: Case, item: Item | None, options: Options) -> Wanted:
    """With --drafts-only what was generated becomes a draft; what is scheduled or out already stays as decided."""
    fresh = item is None or item.status == Status.DRAFT
    if options.drafts_only and fresh and plain.post.generation is not None and plain.wanted in CONTENT_WANTED:
        return Wanted.DRAFT
    return plain.wanted


def _account_of(plain: Case, item: Item | None, accounts: AccountBook) -> Choice:
    if item is None:
        return accounts.choose(plain.post) if plain.wanted in CONTENT_WANTED else Choice(None)
    choice = accounts.of_item(plain.post, item)
    if choice.refusal and choice.refusal.code == "account_unclear" and plain.wanted not in CONTENT_WANTED:
        return Choice(None)
    return choice


def _content_of(post: Post, item: Item | None, choice: Choice, wanted: Wanted) -> Content:
    """Return the content of the step: the row's where it counts, else what the item holds."""
    if item is not None and wanted not in CONTENT_WANTED:
        return item.content
    account = choice.account
    target_id = account.target_id if account else ""
    content = wanted_content(post, target_id=target_id, there=item.content if item else None)
    if post.channel is Channel.TIKTOK and not content.privacy and account and len(account.privacy_options) == 1:
        return replace(content, privacy=account.privacy_options[0])
    return content


def _allowed(step: Step, case: Case, choice: Choice) -> Step:
    """Take a step back that its account does not allow; stopping a post needs no connection, only its account."""
    if not step.acts:
        return step
    withdrawing = WITHDRAWING.issuperset(step.acts)
    if choice.refusal is not None and not (withdrawing and choice.account is not None):
        return refused(step, choice.refusal.kind, choice.refusal.code, choice.refusal.reason)
    if case.post.channel is Channel.TIKTOK and {Act.CREATE, Act.UPDATE}.intersection(step.acts):
        return _with_allowed_privacy(step, case)
    return step


def _with_allowed_privacy(step: Step, case: Case) -> Step:
    options = case.account.privacy_options if case.account else ()
    shown = ", ".join(options) or "PUBLIC_TO_EVERYONE and the like"
    said = case.content.privacy
    if not said:
        reason = f"TikTok needs to be told who may see the post. Write one of these into `privacy`: {shown}."
        return refused(step, StepKind.INVALID, "privacy_missing", reason)
    if options and said not in options:
        reason = f"`privacy` says {said}, which the account {step.account_name} does not allow. Write one of: {shown}."
        return refused(step, StepKind.INVALID, "privacy_not_allowed", reason)
    return step


def _compare_looks(steps: list[Step], posts: Sequence[Post], site: _Site) -> list[Step]:
    claimed = frozenset(item.id for item in _found_items(site))
    looks = Looks(site.snapshot.items, claimed=claimed)
    return [
        looks.compare(step, key_derived=post.key_derived, timezone=post.timezone)
        for step, post in zip(steps, posts, strict=True)
    ]


def _idle_again(posts: Sequence[Post], steps: Sequence[Step], options: Options) -> tuple[str, ...]:
    """Say which keys of --again made nothing anew, so that a misspelt one is seen."""
    if not options.again:
        return ()
    known, made = set[str](), set[str]()
    for post, step in zip(posts, steps, strict=True):
        known |= names_of(post)
        if Act.CREATE in step.acts and step.reference != step.key:
            made |= names_of(post)
    return tuple(
        f"`--again {key}` made nothing anew: "
        + ("its post is neither failed, cancelled nor deleted." if key in known else "no row has that key.")
        for key in sorted(options.again - made - {AGAIN_FAILED})
    )
