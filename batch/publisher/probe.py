"""What a site's own service does where its contract leaves it open, found out with drafts that are deleted again.

It must never schedule or publish anything: its only changing calls create, change and delete drafts of its own, each of
which is noted before the next call, so that whoever comes later can delete what a killed probe has left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from batch.model import Account, Before, Channel, Content, Item, Json, Medium, Status, Step, StepKind
from batch.publisher import items
from batch.publisher.accounts import VALID, token_status
from batch.publisher.client import Client
from batch.publisher.payload import SHAPES, Clearing, as_dict, read_item
from batch.publisher.reply import Reply, ReplyKind

MARK = "postbatch-probe-"
"""How the reference of each draft of a probe begins."""
CHANNELS = (Channel.FACEBOOK, Channel.PINTEREST, Channel.GBP, Channel.LINKEDIN, Channel.INSTAGRAM)
"""Where a probe makes its drafts: the first of these that is connected. The first three show most."""
TEXT = "postbatch checks this service with a draft.  It is deleted\n\n\nin a moment."
PICTURE = "https://static.wixstatic.com/media/postbatch-probe.jpg"
LENGTHS = (255, 100, 50)
LOOK_SECONDS = (0.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)
"""The pauses before each look at a list that does not show a new draft yet."""


class Fact(NamedTuple):
    """One thing found out: its name and value as they are kept, what was found in words, and what it means."""

    name: str
    value: str
    found: str
    meaning: str


class NoDraftError(Exception):
    """The service took no draft, so nothing more can be found out; the text says why."""


class Probe:
    """The probe of one site. `note` is told the ID of each draft, `forget` that of each that is deleted.

    `mark` is how its references begin, and no other probe's. `clock` is in seconds, `pause` waits so many.
    """

    def __init__(
        self,
        client: Client,
        account: Account,
        *,
        mark: str,
        clock: Callable[[], float],
        pause: Callable[[float], None],
        note: Callable[[str], None],
        forget: Callable[[str], None],
    ) -> None:
        self.client, self.account, self.mark = client, account, mark
        self.clock, self.pause, self.note, self.forget = clock, pause, note, forget
        self.kept: list[str] = []
        self._lost = False

    def find(self) -> Iterator[Fact]:
        """Find out one fact after the other. Raises `NoDraftError`, `ServiceError`, `SignInError`."""
        yield _page_size(self.client)
        step = self._step("a")
        reply = self._create(step)
        if reply.item is None:
            raise NoDraftError(f"{reply.code}: {reply.message}")
        item_id = reply.item.id
        yield self._lag(item_id)
        raw = self._look(item_id)
        shown = read_item(raw)
        yield _second_id(raw, step)
        yield _text(shown, step.content)
        yield _media(shown, step.content)
        yield self._reference(step)
        yield from self._clearing(item_id, step, shown)
        yield from self._reference_form()
        yield from _unconnected(self.client)

    def _step(self, name: str, *, content: Content | None = None, reference: str = "") -> Step:
        account = self.account
        wanted = Content(
            text=TEXT,
            title="A draft" if "title" in _fields(account.channel) else "",
            media=(Medium(PICTURE, "IMAGE", PICTURE, PICTURE),),
            link="https://www.example.com/" if "link" in _fields(account.channel) else "",
            call_to_action="LEARN_MORE" if "call_to_action" in _fields(account.channel) else "",
            target_id=account.target_id,
        )
        return Step(
            row=0, key=name, site="", kind=StepKind.DRAFT, reason="", channel=account.channel, type="POST",
            reference=reference or self.mark + name, account_id=account.id, target_id=account.target_id,
            content=content or wanted,
        )  # fmt: skip

    def _create(self, step: Step) -> Reply:
        reply = items.create_draft(self.client, step)
        self._lost = self._lost or reply.kind is ReplyKind.UNCLEAR
        if reply.item is not None:
            self.kept.append(reply.item.id)
            self.note(reply.item.id)
        return reply

    def _look(self, item_id: str) -> Json:
        return as_dict(self.client.query("GET", f"{items.BASE}/items/{item_id}", by_status=True).body.get("item"))

    def _lag(self, item_id: str) -> Fact:
        began, lag = self.clock(), 0
        for seconds in LOOK_SECONDS:
            self.pause(seconds)
            # The first look comes at once; how long it takes itself says nothing of the list.
            lag = math.ceil(self.clock() - began) if seconds else 0
            if item_id.lower() in {item.id.lower() for item in items.query_items(self.client)}:
                said = f"The list shows a new draft {f'after {lag} s' if lag else 'at once'}."
                return Fact("list_lag_seconds", str(lag), said, "A look at the list waits no longer than it has to.")
        said = f"The list does not show a new draft for {lag} s."
        return Fact("list_lag_seconds", str(lag), said, "Set settle_seconds in postbatch.toml above that.")

    def _reference(self, step: Step) -> Fact:
        reply = self._create(step)
        if reply.kind is ReplyKind.OK:
            means = "Only looking keeps posts from being made twice."
            return Fact("references", "repeated", "Two drafts may have one reference.", means)
        said = f"A second draft with a reference is refused ({reply.code})."
        return Fact("references", "unique", said, "The service itself refuses doubles.")

    def _clearing(self, item_id: str, step: Step, shown: Item) -> Iterator[Fact]:
        names = [name for name in ("link", "title", "call_to_action") if getattr(step.content, name)]
        if not names:
            said = f"{self.account.channel.value} has no field that a draft can be without."
            yield Fact("clearing", "", said, "It is found out by the first row that clears a cell.")
            return
        name = names[0]
        changed = {name: "", "text": f"{TEXT} Changed."}
        bare = replace(step, content=replace(step.content, **changed))  # type: ignore[arg-type] # names of its texts
        for way in (Clearing.OMITTED, Clearing.NULL, Clearing.EMPTY):
            before = Before(shown.status, None, step.content)
            items.update_item(self.client, item_id, replace(bare, before=before), clearing=way)
            left = getattr(read_item(self._look(item_id)).content, name)
            if way is Clearing.OMITTED:
                value = "keeps" if left else "replaces"
                said = f"An update {value} what it leaves out."
                yield Fact("update", value, said, "Cleared cells are sent as such." if left else "Nothing to mind.")
            if not left:
                word = {Clearing.OMITTED: "leaving it out", Clearing.NULL: "null", Clearing.EMPTY: "an empty text"}[way]
                yield Fact("clearing", way, f"A field is cleared by {word}.", "A cleared cell clears the post's field.")
                return
        said = "Nothing clears a field."
        yield Fact("clearing", "not_cleared", said, "To get rid of a field, make the post again with --again.")

    def _reference_form(self) -> Iterator[Fact]:
        stem = self.mark + "b"
        taken = next((n for n in LENGTHS if self._takes(stem + "x" * (n - len(stem)))), 0)
        said = f"A reference may have {taken} characters{' or more' if taken == LENGTHS[0] else ''}."
        fits = "Nothing to mind." if taken == LENGTHS[0] else f"Keep `key` to {taken} characters."
        yield Fact("reference_length", str(taken), said, fits)
        any_ = self._takes(self.mark + "ö")
        said = "A reference may hold any characters." if any_ else "A reference holds ASCII characters only."
        fits = "Nothing to mind." if any_ else "Keep `key` to plain letters, digits and signs."
        yield Fact("reference_characters", "any" if any_ else "ascii", said, fits)

    def _takes(self, reference: str) -> bool:
        return self._create(self._step("", reference=reference)).kind is ReplyKind.OK

    def clean_up(self) -> tuple[str, ...]:
        """Delete the drafts that were made; return the IDs of those that may still be there."""
        if self._lost:
            self.kept += [item_id for item_id in find_left_over(self.client) if item_id not in self.kept]
        self.kept = list(delete_drafts(self.client, self.kept, forget=self.forget))
        return tuple(self.kept)


def delete_drafts(client: Client, ids: Sequence[str], *, forget: Callable[[str], None]) -> Iterator[str]:
    """Delete drafts of a probe, each seen to be one before; yield the IDs of those that may still be there."""
    for item_id in ids:
        item = items.get_item(client, item_id)
        if item is not None and item.status == Status.DRAFT:
            reply = items.delete_item(client, item_id)
            if reply.kind is not ReplyKind.OK and reply.code != "ITEM_NOT_EXISTS":
                yield item_id
                continue
        forget(item_id)


def find_left_over(client: Client) -> tuple[str, ...]:
    """Return the IDs of the drafts that earlier probes have left, as far as the list tells them."""
    found = items.query_items(client)
    return tuple(item.id for item in found if item.reference.startswith(MARK) and item.status == Status.DRAFT)


def choose_account(accounts: Sequence[Account]) -> Account | None:
    """Return the account under which a probe makes its drafts; None where no channel of `CHANNELS` is connected."""
    ranked = [a for channel in CHANNELS for a in accounts if a.channel is channel]
    return min(ranked, key=lambda a: (CHANNELS.index(a.channel), not a.default), default=None)


def _fields(channel: Channel) -> set[str]:
    return {name for name, _ in SHAPES[channel, "POST"].fields}


def _page_size(client: Client) -> Fact:
    asked = {"query": {"filter": {}, "paging": {"limit": items.LIMITS[0], "offset": 0}}}
    reply = client.query("POST", items.QUERY_PATH, asked, by_status=True)
    listed, total = reply.body.get("items"), as_dict(reply.body.get("pagingMetadata")).get("total")
    if reply.kind is not ReplyKind.OK or not isinstance(listed, list):
        size = items.LIMITS[1]
        said = f"A page of {items.LIMITS[0]} posts is refused ({reply.code})."
    elif isinstance(total, int) and len(listed) < min(total, items.LIMITS[0]):
        size, said = len(listed), f"A page holds {len(listed)} posts whatever is asked for."
    else:
        size, said = items.LIMITS[0], f"A page of {items.LIMITS[0]} posts is taken."
    return Fact("page_size", str(size), said, f"Reading 1,000 posts takes {math.ceil(1000 / max(size, 1))} calls.")


def _second_id(raw: Json, step: Step) -> Fact:
    shape, target = SHAPES[step.channel, step.type], as_dict(as_dict(raw.get("channel")).get("publishingTarget"))
    if shape.target and as_dict(raw.get(shape.object)).get(shape.target):
        return Fact("second_id", "content", f"{shape.target} is answered in the content.", "Both places are read.")
    if target.get("id"):
        return Fact("second_id", "channel", "The second ID is answered under the channel.", "Both places are read.")
    said = "The second ID is answered nowhere." if shape.target else f"{step.channel} has no second ID."
    return Fact("second_id", "nowhere", said, "A post on another page of the account can't be told from this one.")


def _text(shown: Item, sent: Content) -> Fact:
    if shown.content.text == sent.text:
        return Fact("text", "as_sent", "Texts are answered as they were sent.", "Nothing to mind.")
    if shown.content.text.split() == sent.text.split():
        return Fact("text", "white_space", "Texts are answered with other white space.", "That is no change of a post.")
    return Fact("text", "changed", "Texts are answered changed.", "What was sent is kept and compared with.")


def _media(shown: Item, sent: Content) -> Fact:
    if [medium.url for medium in shown.content.media] == [medium.url for medium in sent.media]:
        return Fact("media", "as_sent", "Media are answered by the address that was sent.", "Nothing to mind.")
    return Fact("media", "copied", "Media are answered by other addresses.", "That is no change of a post.")


def _unconnected(client: Client) -> Iterator[Fact]:
    for channel in Channel:
        if token_status(client, channel) not in ("", VALID):
            params = {"channelName": channel.value}
            reply = client.query("GET", f"{items.BASE}/accounts", params=params, by_status=True)
            said = f"{channel.value}, which is not connected, is answered by {reply.status} {reply.code}."
            yield Fact("unconnected", f"{reply.status} {reply.code}", said, "It concerns that channel alone.")
            return
