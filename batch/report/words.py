"""The words and tones in which the page speaks of channels and outcomes.

Tables only: what a channel is called and which letters mark it, what an outcome is called when it has happened and when
it is still to come, and what a person does about the outcomes that need somebody. It must never judge a post.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from batch.model import GOOD, Channel, OutcomeKind, PostType, Results
from batch.rules.channels import CHANNEL_LABELS, TYPE_LABELS


class ChannelLook(NamedTuple):
    """How the page calls a channel: its name, the letters of its badge, and its class in the style sheet."""

    name: str
    badge: str
    css: str


_BADGES: dict[Channel, str] = {
    Channel.INSTAGRAM: "Ig", Channel.FACEBOOK: "Fb", Channel.YOUTUBE: "Yt", Channel.LINKEDIN: "in",
    Channel.TWITTER: "X", Channel.PINTEREST: "Pi", Channel.GBP: "G", Channel.TIKTOK: "Tt",
}  # fmt: skip

CHANNEL_LOOKS: dict[str, ChannelLook] = {
    channel: ChannelLook(CHANNEL_LABELS[channel], badge, channel.lower()) for channel, badge in _BADGES.items()
}

BUTTON_NAMES: dict[str, str] = {
    "BOOK": "Book",
    "ORDER": "Order online",
    "SHOP": "Buy",
    "LEARN_MORE": "Learn more",
    "SIGN_UP": "Sign up",
}
"""What a Google Business Profile shows on the button for each call to action (Google's help, "Create posts on your
Business Profile", read 2026-11)."""


class OutcomeLook(NamedTuple):
    """How the page calls an outcome.

    `done` and `planned` are the badge; `told` follows a count in the headline ("4 scheduled"); `tone` and `icon` are
    what the style sheet and the icons go by; `remedy` is what a person does about it, "" where nothing.
    """

    done: str
    planned: str
    told: str
    tone: str
    icon: str
    remedy: str = ""


OUTCOME_LOOKS: dict[OutcomeKind, OutcomeLook] = {
    OutcomeKind.SCHEDULED: OutcomeLook("Scheduled", "Will be scheduled", "scheduled", "good", "clock"),
    OutcomeKind.PUBLISHED: OutcomeLook("Published", "Will be published now", "published", "live", "check"),
    OutcomeKind.RESCHEDULED: OutcomeLook("Rescheduled", "Will be rescheduled", "rescheduled", "moved", "clock"),
    OutcomeKind.UPDATED: OutcomeLook("Updated", "Will be updated", "updated", "moved", "pen"),
    OutcomeKind.DRAFTED: OutcomeLook("Draft saved", "Will be saved as a draft", "saved as draft", "quiet", "pen"),
    OutcomeKind.CANCELLED: OutcomeLook("Cancelled", "Will be cancelled", "cancelled", "quiet", "cross"),
    OutcomeKind.DELETED: OutcomeLook("Deleted", "Will be deleted", "deleted", "quiet", "cross"),
    OutcomeKind.UNCHANGED: OutcomeLook("Unchanged", "Stays as it is", "unchanged", "quiet", "same"),
    OutcomeKind.SKIPPED: OutcomeLook("Skipped", "Will be skipped", "skipped", "quiet", "same"),
    OutcomeKind.PROCESSING: OutcomeLook(
        "In process", "In process", "in process", "wait", "clock",
        "Accepted, and the channel is still at work. In a few minutes, postbatch status with the results file tells "
        "how they ended.",
    ),
    OutcomeKind.INVALID: OutcomeLook(
        "Invalid", "Invalid", "invalid", "bad", "alert",
        "Correct these cells, in your sheet or on the To fix tab of the results workbook, and run it again.",
    ),
    OutcomeKind.BLOCKED: OutcomeLook(
        "Blocked", "Blocked", "blocked", "bad", "alert",
        "Something about the site stands in the way: its plan, its quota, an account or a connection. Settle that, "
        "then run the same sheet again.",
    ),
    OutcomeKind.CONFLICT: OutcomeLook(
        "Conflict", "Conflict", "in conflict", "bad", "alert",
        "The site already holds something else under these keys, and it was left alone. Give the row another key, or "
        "correct its channel, type or account.",
    ),
    OutcomeKind.FAILED: OutcomeLook(
        "Failed", "Refused", "failed", "bad", "alert",
        "Refused. Mend the reason, then post them anew: run the sheet with --again and their keys.",
    ),
    OutcomeKind.UNKNOWN: OutcomeLook(
        "Unknown", "Unknown", "unknown", "bad", "question",
        "Sent, and no answer came back. Run the same sheet again: it looks before it sends, so that nothing is posted "
        "twice.",
    ),
    OutcomeKind.NOT_RUN: OutcomeLook(
        "Not run", "Not planned", "not run", "wait", "same",
        "The run ended before these came up. Run the same sheet again to do them.",
    ),
}  # fmt: skip
"""Every outcome, in the order in which the page counts them."""


def channel_look(channel: str) -> ChannelLook:
    """Return how the page calls a channel; one that is not told gets a name of its own."""
    return CHANNEL_LOOKS.get(channel, ChannelLook(channel or "No channel", "?", "unknown"))


def post_name(channel: str, type_: str) -> str:
    """Return what a post of this channel and type is called: `Instagram story`."""
    try:
        kind = TYPE_LABELS[Channel(channel), PostType(type_)]
    except (KeyError, ValueError):
        kind = type_.lower() or "post"
    return f"{channel_look(channel).name} {kind}"


_AT_REST = frozenset({OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED})
_MOST_KINDS = 3
"""How many kinds of done posts the line names one by one; the legend below it names all."""


class Headline(NamedTuple):
    """The line: `well` says what was or will be done, `need` what is left for people, `rest` what was let be.

    The last two are "" where there is nothing to say.
    """

    well: str
    need: str = ""
    rest: str = ""


class Tally(NamedTuple):
    """How many posts ended as one outcome."""

    kind: OutcomeKind
    total: int

    @property
    def told(self) -> str:
        """The number and the outcome: `4 scheduled`."""
        return f"{self.total:,} {OUTCOME_LOOKS[self.kind].told}"


def count_outcomes(results: Results) -> tuple[Tally, ...]:
    """Count the posts by outcome, in the page's order, leaving out outcomes that no post has."""
    counts = Counter(outcome.outcome for outcome in results.outcomes)
    return tuple(Tally(kind, counts[kind]) for kind in OUTCOME_LOOKS if counts[kind])


def make_headline(results: Results) -> Headline:
    """Say in one line what happened, or for a plan what is going to."""
    tallies = count_outcomes(results)
    if not tallies:
        return Headline("There are no posts in this sheet.")
    if [tally.kind for tally in tallies] == [OutcomeKind.UNCHANGED]:
        return Headline("Nothing to do: every post is already as the sheet says.")
    done = [t for t in tallies if t.kind in GOOD - _AT_REST or t.kind is OutcomeKind.PROCESSING]
    rest = [t for t in tallies if t.kind in _AT_REST]
    needed = sum(t.total for t in tallies) - sum(t.total for t in (*done, *rest))
    return Headline(
        well=_well(done, verb=" will be" if results.wanted == "plan" else ""),
        need=f"{needed:,} {'needs' if needed == 1 else 'need'} you." if needed else "",
        rest=f"{_list([t.told for t in rest])}." if rest else "",
    )


def _well(done: Sequence[Tally], *, verb: str) -> str:
    if not done:
        return "Nothing can go ahead yet." if verb else "Nothing was changed."
    noun = "post" if done[0].total == 1 else "posts"
    first = f"{done[0].total:,} {noun}{verb} {OUTCOME_LOOKS[done[0].kind].told}"
    if len(done) <= _MOST_KINDS:
        return f"{_list([first, *(t.told for t in done[1:])])}."
    others = sum(t.total for t in done[2:])
    return f"{_list([first, done[1].told, f'{others:,} other changes made'])}."


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_FOR_LINKS = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff\\\\\"'<>`]")
_LINK_SCHEMES = frozenset({"http", "https"})
_PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)


def clean_text(text: str) -> str:
    """Return the text with unified line breaks, and visible signs in place of characters that no page can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BROKEN.sub(_visible, text) if _BROKEN.search(text) else text


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def safe_link(address: str) -> str:
    """Return the address if following it can do no more than open a web page, else ""."""
    if _UNFIT_FOR_LINKS.search(address):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in _LINK_SCHEMES and parts.hostname and not parts.username else ""


def host_of(address: str) -> str:
    """Return the host that a person sees of an address, without `www.`, or "" where it is no web address."""
    return (urlsplit(address).hostname or "").removeprefix("www.") if safe_link(address) else ""


def safe_picture(source: str) -> str:
    """Return a picture's data address if it is one of the still formats, else ""."""
    return source if _PICTURE.fullmatch(source) else ""
