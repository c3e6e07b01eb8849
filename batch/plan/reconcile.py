"""Turns the posts of one site and a snapshot of it into a plan: every post becomes exactly one step, in order.

A post goes through: left out, wrong in itself, not to be told apart, on another account, decided by the table
(decisions.py), not allowed now (safety.py), similar to another. What is not in the sheet is never touched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batch.model import Act, Action, Channel, Content, Item, Post, SitePlan, Snapshot, Status, Step, StepKind
from batch.plan.compare import item_state, known_media, plain_text, real_changes, wanted_content
from batch.plan.decisions import AGAIN_FAILED, CONTENT_WANTED, PlanOptions, Refusal, contradiction, names_of, wanted_of
from batch.plan.matching import (
    DEAD,
    AccountBook,
    AccountChoice,
    Claims,
    ItemIndex,
    Match,
    completed,
    lapsed_notices,
    split_reference,
)
from batch.plan.planfile import site_state
from batch.plan.safety import block_missing_features, block_over_quota, block_refused, check_clock, needs_of, refused
from batch.plan.slots import Calendar, Dealer, Dealt
from batch.plan.steps import Comparison
from batch.rules.channel_words import channel_label
from batch.rules.keys import PREFIX
from batch.times import shown_time, spoken_time
from batch.wording import counted, list_names, list_ranges

PENDING = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE})
SENDING = frozenset({Act.CREATE, Act.UPDATE, Act.SCHEDULE, Act.PUBLISH})
WITHDRAWING = frozenset({Act.CANCEL, Act.DELETE})
"""Acts that need neither a connected channel nor a clock: a post can always be stopped."""

REFUSED = frozenset({StepKind.SKIP, StepKind.INVALID, StepKind.BLOCKED, StepKind.CONFLICT, StepKind.FAILED})
GENERATION_FAILED = "generation_failed"
"""The code of an error that is the service's, not the row's: it would not write or draw what was asked for."""

FOR_REVIEW = "Generated content stays a draft for review (`--drafts-only`)."
CHANGED_SINCE_PULL = Refusal(
    StepKind.CONFLICT,
    "changed_since_pull",
    "Somebody has changed this post on the site since the sheet was pulled, and the row would undo that. Pull again, "
    "then make your change in the new sheet.",
)


def reconcile(
    posts: Sequence[Post], snapshot: Snapshot, *, now: datetime, options: PlanOptions | None = None
) -> SitePlan:
    """Return the plan for the posts of one site, given what it held when it was read."""
    options = options or PlanOptions()
    index = ItemIndex(snapshot.items, keys=[post.key for post in posts])
    skipped = {n for n, post in enumerate(posts) if options.leaves_out(post)}
    found = {n: index.find(post) for n, post in enumerate(posts) if n in skipped or not post.errors}
    matches = {n: match for n, match in found.items() if n not in skipped}
    accounts, calendar = AccountBook(snapshot), Calendar(snapshot.items)
    site = _Site(
        snapshot=snapshot,
        now=now,
        options=options,
        accounts=accounts,
        claims=Claims((posts[n], match) for n, match in matches.items()),
    )
    right = {n: (posts[n], match) for n, match in found.items() if not posts[n].errors}
    slots = Dealer(accounts, calendar, options=options, now=now).deal_all(right)
    steps = [site.step(post, found.get(n), slot=slots.get(n)) for n, post in enumerate(posts)]
    steps = [calendar.warn(step, status=step.found_status) for step in steps]
    steps, clock = check_clock(steps, snapshot, options=options)
    steps = block_missing_features(steps, snapshot)
    steps = block_refused(steps, snapshot, again=lambda n: options.asks_again(posts[n]))
    items = {
        item.id: item for match in matches.values() for item in (match.item, *match.duplicates) if item is not None
    }
    own = {match.item.id for match in found.values() if match.item is not None} | items.keys()
    others = [item for item in snapshot.items if item.id not in own]
    similar = SimilarPosts(others)
    steps = [similar.warn(step, post) for step, post in zip(steps, posts, strict=True)]
    steps = block_over_quota(steps, snapshot)
    lapsed = lapsed_notices(snapshot)
    return SitePlan(
        site=snapshot.site,
        steps=tuple(steps),
        needs=needs_of(steps),
        quotas=dict(snapshot.quotas),
        notices=(
            *snapshot.notices,
            *clock,
            *lapsed.values(),
            *_idle_again(posts, steps, options),
            *_left_behind(posts, others),
        ),
        state=site_state(snapshot, channels={s.channel for s in steps if s.channel}, found=items.values()),
        via=options.via,
        lapsed=tuple(lapsed),
    )


@dataclass(frozen=True, slots=True)
class _Site:
    """What is known of the site and of the sheet as a whole while its posts are decided one by one."""

    snapshot: Snapshot
    now: datetime
    options: PlanOptions
    accounts: AccountBook
    claims: Claims

    def step(self, post: Post, match: Match | None, *, slot: Dealt | None = None) -> Step:
        """Return the step of one post; `match` is None for a post that is wrong in itself.

        `slot` is when it goes out that asks for a slot, or why it can't; None where it doesn't ask, or doesn't go out.
        """
        item = match.item if match else None
        if item is not None and wanted_of(post) not in CONTENT_WANTED:
            post = completed(post, item)
        if isinstance(slot, datetime):
            post = replace(post, publish_at=slot, local_time=shown_time(slot, timezone=post.timezone))
        reference = (item.reference if item else "") or post.key
        plain = Comparison(post, wanted_of(post), self.snapshot.site, self.now, reference, post.content, item)
        if left_out := self.options.leaves_out(post):
            return plain.refuse(left_out)
        if match is None:
            failed = any(error.code == GENERATION_FAILED for error in post.errors)
            reason = " ".join(dict.fromkeys(error.message for error in post.errors))
            return plain.refuse(Refusal(StepKind.FAILED if failed else StepKind.INVALID, post.errors[0].code, reason))
        refusal = contradiction(post) or self.claims.conflict(post, match)
        if refusal := refusal or (slot if isinstance(slot, Refusal) else None):
            return replace(plain, warnings=match.warnings).refuse(refusal)
        return self._decided(plain, match)

    def _decided(self, plain: Comparison, match: Match) -> Step:
        post, wanted, warnings = plain.post, plain.wanted, match.warnings
        item = None if self._made_again(plain, match) else match.item
        old = match.item if item is None and match.item and match.item.status not in DEAD else None
        generated = post.generation is not None and wanted in CONTENT_WANTED and wanted is not Action.DRAFT
        # What is scheduled or out already stays as decided.
        if self.options.drafts_only and generated and (item is None or item.status == Status.DRAFT):
            wanted, warnings = Action.DRAFT, (*warnings, FOR_REVIEW)
        choice, content = self._account_and_content(plain, item)
        reference = plain.reference if item else match.next_reference
        comparison = Comparison(post, wanted, plain.site, plain.now, reference, content, item, choice.account, warnings)
        if choice.refusal is not None and choice.refusal.kind is StepKind.CONFLICT:
            return comparison.refuse(choice.refusal)
        step = _allowed(comparison.decided(), choice)
        pulled = self.options.pulled.get(item.id) if item and post.item_id else None
        if item is not None and step.acts and pulled is not None and pulled != item_state(item):
            return comparison.refuse(CHANGED_SINCE_PULL)
        duplicates = [other for other in match.duplicates if other.id not in self.claims.rows]
        if old is not None:
            return comparison.withdraw(step, [old, *duplicates], replaced=True) if Act.CREATE in step.acts else step
        return comparison.withdraw(step, duplicates) if duplicates and step.kind not in REFUSED else step

    def _made_again(self, plain: Comparison, match: Match) -> bool:
        """Tell whether a post was asked to be made again under the next attempt of its key: one dead, or not yet out.

        The same command again changes nothing: where the attempts before were taken back and the item shows what the
        row says, it is the replacement. It is replaced once more as soon as it differs: the row has changed, or the
        site still shows a field that the row clears.
        """
        item = match.item
        if item is None or item.external or plain.wanted not in CONTENT_WANTED:
            return False
        if item.status in DEAD:
            return self.options.asks_again(plain.post, status=item.status)
        if item.status not in (Status.DRAFT, Status.SCHEDULED) or not names_of(plain.post) & self.options.replaced:
            return False
        _, content = self._account_and_content(plain, item)
        changed = real_changes(item.content, content) or item.kept
        earlier = {old.status for old in match.earlier}
        # A draft of an earlier attempt goes nowhere: replacing once more would not take it back either.
        taken_back = bool(earlier & DEAD) and earlier <= DEAD | {Status.DRAFT}
        return bool(changed) or not taken_back

    def _account_and_content(self, plain: Comparison, item: Item | None) -> tuple[AccountChoice, Content]:
        """Return the account and the content of a step: the row's where they count, else what the item holds."""
        post, counts = plain.post, plain.wanted in CONTENT_WANTED
        choice = AccountChoice(None)
        if item is not None:
            choice = self.accounts.of_item(post, item, counts=counts)
        elif counts:
            choice = self.accounts.choose(post)
        if item is not None and not counts:
            return choice, item.content
        account = choice.account
        target_id = account.target_id if account else ""
        content = wanted_content(post, target_id=target_id, remote=item.content if item else None)
        if post.channel is Channel.TIKTOK and not content.privacy and account and len(account.privacy_options) == 1:
            content = replace(content, privacy=account.privacy_options[0])
        return choice, content


def _allowed(step: Step, choice: AccountChoice) -> Step:
    """Take a step back that its account does not allow; stopping a post needs no connection, only its account."""
    if not step.acts:
        return step
    withdrawing = WITHDRAWING.issuperset(step.acts)
    if choice.refusal is not None and not (withdrawing and choice.account is not None):
        return refused(step, choice.refusal)
    if step.channel != Channel.TIKTOK or not {Act.CREATE, Act.UPDATE}.intersection(step.acts):
        return step
    options = choice.account.privacy_options if choice.account else ()
    shown = ", ".join(options) or "PUBLIC_TO_EVERYONE and the like"
    privacy = step.content.privacy
    if not privacy:
        reason = f"TikTok posts need a privacy level. Write one of these into `privacy`: {shown}."
        return refused(step, Refusal(StepKind.INVALID, "privacy_missing", reason))
    if options and privacy not in options:
        reason = f"The account {step.account_name} doesn't allow the privacy {privacy}. Write one of: {shown}."
        return refused(step, Refusal(StepKind.INVALID, "privacy_not_allowed", reason))
    return step


Appearance = tuple[str, str, str, tuple[str, ...]]
Slot = tuple[str, str, str, datetime | None]


class SimilarPosts:
    """The items that the sheet does not stand for, by looks and date; what is out counts for what goes out at once."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._alike: dict[Appearance, list[Item]] = defaultdict(list)
        self._by_slot: dict[Slot, Item] = {}
        for item in items:
            pending = item.status in PENDING
            if item.external or not (pending or item.status == Status.PUBLISHED):
                continue
            if appearance := _appearance(item.channel, item.account_id, item.content):
                self._alike[appearance].append(item)
            if pending and item.scheduled_at is not None and item.reference.startswith(PREFIX):
                self._by_slot.setdefault((item.channel, item.type, item.account_id, item.scheduled_at), item)

    def warn(self, step: Step, post: Post) -> Step:
        """Return the step with a warning for what looks the same, or as a conflict where it must be the same post."""
        if not (self._alike or self._by_slot) or not SENDING.intersection(step.acts):
            return step
        timezone, made_by_looks = post.timezone, post.key_derived and Act.CREATE in step.acts
        appearance = _appearance(step.channel, step.account_id, step.content)
        there = self._alike.get(appearance, []) if appearance else []
        alike = [item for item in there if item.status in PENDING]
        earlier = [item for item in alike if item.reference.startswith(PREFIX)]
        if made_by_looks and earlier:
            reason = (
                "This row has no key, and the same post is already on the site from an earlier row without one, "
                f"{_standing(earlier[0], timezone)}. Write {earlier[0].reference} into `key` if it is that post, "
                "or a new key if both are meant."
            )
            return refused(step, Refusal(StepKind.CONFLICT, "looks_same", reason))
        if Act.PUBLISH in step.acts:
            alike += [item for item in there if item.status not in PENDING]
        if former := _under_former_name(step, post, alike):
            reason = (
                f"The same post is on this account already, {_standing(former, timezone)}, for a place that the row no "
                "longer names. If the place was renamed, give it its old name again. If both are meant, change the "
                "words of one. To replace the old post, cancel it first by a row with its key."
            )
            return refused(step, Refusal(StepKind.CONFLICT, "looks_same", reason))
        warnings = [
            f"A post that looks the same is already on the site, {_standing(item, timezone)}. Check that you want both."
            for item in alike[:3]
        ]
        other = self._by_slot.get((step.channel, step.type, step.account_id, step.at))
        if made_by_looks and other and not alike:
            warnings.append(
                f"A post of an earlier sheet ({other.reference}, ID {other.id}) goes out at the same time on this "
                f"account. If it is this row with other words, write {other.reference} into `key`, so that it isn't "
                "doubled."
            )
        return replace(step, warnings=(*step.warnings, *warnings)) if warnings else step


def _appearance(channel: str, account_id: str, content: Content) -> Appearance | None:
    """Return how a post looks; None where it shows nothing, or something that is not uploaded yet."""
    if not (content.text or content.media) or not known_media(content.media):
        return None
    return channel, account_id, plain_text(content.text), tuple(medium.url for medium in content.media)


def _under_former_name(step: Step, post: Post, alike: Iterable[Item]) -> Item | None:
    """Return the item that a row's new post was under another place's name: the same page, content and date."""
    if not post.series or Act.CREATE not in step.acts:
        return None
    target_id = step.content.target_id or step.target_id
    for item in alike:
        same = item.content.target_id == target_id and step.at in (None, item.scheduled_at)
        if same and item.reference.startswith(f"{post.series}/"):
            return item
    return None


def _standing(item: Item, timezone: str) -> str:
    at = spoken_time(item.scheduled_at, timezone=timezone)
    when = f"scheduled for {at}" if at and item.status != Status.DRAFT else "a draft"
    when = "published" if item.status == Status.PUBLISHED else when
    name = f"key {item.reference}, " if item.reference else ""
    return f"{when}, {name}ID {item.id}"


def _idle_again(posts: Sequence[Post], steps: Sequence[Step], options: PlanOptions) -> tuple[str, ...]:
    """Say which keys of --again and --replace did nothing, so that a misspelt one is seen."""
    if not (options.again or options.replaced):
        return ()
    named = [(name, step) for post, step in zip(posts, steps, strict=True) for name in names_of(post)]
    known = {name for name, _ in named}
    sent = {name for name, step in named if SENDING.intersection(step.acts)}
    made = {name for name, step in named if Act.CREATE in step.acts and step.reference != step.key}
    idle = [("--again", key, "its post hasn't failed and wasn't cancelled or deleted") for key in options.again - sent]
    idle += [
        ("--replace", key, "its post is out, or already matches the row and has replaced another post")
        for key in options.replaced - made
    ]
    return tuple(
        f"`{option} {key}` made nothing new: {why if key in known else 'no row has that key'}."
        for option, key, why in sorted(idle)
        if key != AGAIN_FAILED
    )


DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _left_behind(posts: Sequence[Post], others: Iterable[Item]) -> Iterator[str]:
    """Say which posts the site holds of places, dates and channels that a row meant before and no longer means.

    They stay. `others` are the items that no post of the sheet was found to be; a row with errors is not asked.
    """
    there = [item for item in others if item.reference and item.status in (Status.DRAFT, Status.SCHEDULED)]
    named = [(post, post.key.removesuffix(f"/{post.channel}")) for post in posts] if there else []
    rows = {post.series or name: post.row for post, name in named if not post.errors}
    meant, names = {(name, post.channel or "") for post, name in named}, {name for _, name in named}
    left: dict[str, dict[str, str]] = defaultdict(dict)
    for item in there:
        reference, _ = split_reference(item.reference)
        name = reference.removesuffix(f"/{item.channel}")
        parts = name.split("/")
        length = next((n for n in range(1, len(parts) + 1) if "/".join(parts[:n]) in rows), 0)
        key, rest = "/".join(parts[:length]), "/".join(parts[length:])
        # What only begins as this row's key does may be another sheet's. A place's post ends with its channel.
        own = not rest or name != reference or DATE.fullmatch(rest)
        if length and own and meant.isdisjoint([(name, item.channel), (name, "")]):
            channel = channel_label(item.channel)
            left[key][item.reference] = rest if rest and name not in names else f"{rest or 'the post'} on {channel}"
    for key, stayed in left.items():
        told = list_names(sorted(set(stayed.values())), limit=5)
        stay = f"{counted(len(stayed), 'post')} {'stays' if len(stayed) == 1 else 'stay'} as planned before"
        line = f"Row {rows[key]} ({key}) no longer means {told}. Nothing is cancelled: {stay}."
        if keys := sorted({split_reference(reference)[0] for reference in stayed} - rows.keys()):
            which = "it" if len(stayed) == 1 else "one"
            line += f" To cancel {which}, add a row with the `key` {keys[0]} and the `action` cancel."
        yield line


def moved_away(posts: Iterable[Post], sites: Sequence[Snapshot]) -> Iterator[str]:
    """Say which posts stay scheduled on a site though their rows, with the same words, mean another site by now.

    `posts` are those of all sites.
    """
    meaning: defaultdict[tuple[str, str], list[Post]] = defaultdict(list)
    for post in posts if len(sites) > 1 else ():
        meaning[post.key.removesuffix(f"/{post.channel}"), post.channel or ""].append(post)
    for snapshot in sites if meaning else ():
        rows = []
        for item in (i for i in snapshot.items if i.status == Status.SCHEDULED and i.reference):
            reference, _ = split_reference(item.reference)
            own = meaning.get((reference.removesuffix(f"/{item.channel}"), item.channel), [])
            words = {plain_text(post.content.text) for post in own}
            if words == {plain_text(item.content.text)} and all(post.site != snapshot.site for post in own):
                rows += [post.row for post in own]
        if rows:
            verb, stay = ("goes", "stays") if len(rows) == 1 else ("go", "stay")
            told, count = list_ranges(rows).capitalize(), counted(len(rows), "post")
            there = f"Nothing is cancelled: {count} {stay} scheduled on the site {snapshot.site} too."
            yield f"{told} {verb} to another site now. {there}"
