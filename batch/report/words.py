"""The words and tones in which the page speaks of channels and outcomes.

Tables only: what a channel is called and which letters mark it, what an outcome is called before and after it
happens, and what a person does about those that need attention. It must never judge a post.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from batch.model import GOOD, Channel, OutcomeKind, PostType, Results
from batch.rules.channels import CHANNEL_LABELS, TYPE_LABELS
from batch.wording import REPORTED, counted, listed


class ChannelStyle(NamedTuple):
    """How the page calls a channel: its name, the letters of its badge, and its class in the style sheet."""

    name: str
    badge: str
    css: str


_BADGES: dict[str, str] = {
    Channel.INSTAGRAM: "Ig", Channel.FACEBOOK: "Fb", Channel.YOUTUBE: "Yt", Channel.LINKEDIN: "in",
    Channel.TWITTER: "X", Channel.PINTEREST: "Pi", Channel.GBP: "G", Channel.TIKTOK: "Tt",
}  # fmt: skip

BUTTON_NAMES: dict[str, str] = {
    "BOOK": "Book", "ORDER": "Order online", "SHOP": "Buy", "LEARN_MORE": "Learn more", "SIGN_UP": "Sign up",
}  # fmt: skip
"""What a Google Business Profile shows on the button for each call to action (Google's help, "Create posts on your
Business Profile", read 2026-11)."""


class OutcomeStyle(NamedTuple):
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


OUTCOME_STYLES: dict[OutcomeKind, OutcomeStyle] = {
    OutcomeKind.SCHEDULED: OutcomeStyle("Scheduled", "Will be scheduled", "scheduled", "good", "clock"),
    OutcomeKind.PUBLISHED: OutcomeStyle("Published", "Will be published now", "published", "live", "check"),
    OutcomeKind.RESCHEDULED: OutcomeStyle("Rescheduled", "Will be rescheduled", "rescheduled", "moved", "clock"),
    OutcomeKind.UPDATED: OutcomeStyle("Updated", "Will be updated", "updated", "moved", "pen"),
    OutcomeKind.DRAFTED: OutcomeStyle("Draft saved", "Will be saved as a draft", "saved as draft", "quiet", "pen"),
    OutcomeKind.CANCELLED: OutcomeStyle("Cancelled", "Will be cancelled", "cancelled", "quiet", "cross"),
    OutcomeKind.DELETED: OutcomeStyle("Deleted", "Will be deleted", "deleted", "quiet", "cross"),
    OutcomeKind.UNCHANGED: OutcomeStyle("Unchanged", "Stays as it is", "unchanged", "quiet", "same"),
    OutcomeKind.SKIPPED: OutcomeStyle("Skipped", "Will be skipped", "skipped", "quiet", "same"),
    OutcomeKind.PROCESSING: OutcomeStyle(
        "In process", "In process", "in process", "wait", "clock",
        "Accepted; the channel is still working on them. Run postbatch status with the results file in a few minutes.",
    ),
    OutcomeKind.INVALID: OutcomeStyle(
        "Invalid", "Invalid", "invalid", "bad", "alert",
        "Correct these cells, in your sheet or on the To fix tab of the results workbook, and run it again.",
    ),
    OutcomeKind.BLOCKED: OutcomeStyle(
        "Blocked", "Blocked", "blocked", "bad", "alert",
        "The site isn't ready for these: its plan, its quota, an account or a connection. Put that right, then run the "
        "same sheet again.",
    ),
    OutcomeKind.CONFLICT: OutcomeStyle(
        "Conflict", "Conflict", "in conflict", "bad", "alert",
        "The site has another post with the same key, and it was left alone. Give the row another key, or correct its "
        "channel, type or account.",
    ),
    OutcomeKind.FAILED: OutcomeStyle(
        "Failed", "Refused", "failed", "bad", "alert",
        "The channel refused them. Fix the reason given, then post them again: run the sheet with --again and their "
        "keys.",
    ),
    OutcomeKind.UNKNOWN: OutcomeStyle(
        "Unknown", "Unknown", "unknown", "bad", "question",
        "Sent, but no answer came back. Run the same sheet again: it checks the site first and posts nothing twice.",
    ),
    OutcomeKind.NOT_RUN: OutcomeStyle(
        "Not sent", "Not planned", "not sent", "wait", "same",
        "The run ended before these were sent. Run the same sheet again to continue.",
    ),
}  # fmt: skip
"""Every outcome, in the order in which the page counts them."""


def channel_style(channel: str) -> ChannelStyle:
    """Return how the page calls a channel; one that is not told gets a name of its own."""
    if channel not in _BADGES:
        return ChannelStyle(channel or "No channel", "?", "unknown")
    return ChannelStyle(CHANNEL_LABELS[Channel(channel)], _BADGES[channel], channel.lower())


def post_name(channel: str, type_: str) -> str:
    """Return what a post of this channel and type is called: `Instagram story`."""
    try:
        kind = TYPE_LABELS[Channel(channel), PostType(type_)]
    except (KeyError, ValueError):
        kind = type_.lower() or "post"
    return f"{channel_style(channel).name} {kind}"


AT_REST = frozenset({OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED})
SHOWN_KINDS = 3
"""How many kinds of done posts the line names one by one; the legend below it names all."""


def badge_of(kind: OutcomeKind, *, wanted: str) -> str:
    """Return the badge of a post: as a run left it, as a plan will, or how it stands in a report."""
    style = OUTCOME_STYLES[kind]
    return REPORTED[kind].capitalize() if wanted == "report" else style.planned if wanted == "plan" else style.done


class Headline(NamedTuple):
    """The line: `well` says what was or will be done, `need` what is left for people, `rest` what was let be.

    The last two are "" where there is nothing to say.
    """

    well: str
    need: str = ""
    rest: str = ""


def count_outcomes(results: Results) -> tuple[tuple[OutcomeKind, int], ...]:
    """Count the posts by outcome, in the page's order, leaving out outcomes that no post has."""
    counts = Counter(outcome.outcome for outcome in results.outcomes)
    order = REPORTED if results.wanted == "report" else OUTCOME_STYLES
    return tuple((kind, counts[kind]) for kind in order if counts[kind])


def make_headline(results: Results) -> Headline:
    """Say in one line what happened, or for a plan what is going to."""
    counts = dict(count_outcomes(results))
    if results.wanted == "report":
        told = [
            counted(counts[kind], word) if kind is OutcomeKind.DRAFTED else f"{counts[kind]:,} {word}"
            for kind, word in REPORTED.items()
            if kind in counts
        ]
        return Headline(f"{listed(told, last='and')}." if told else "No posts in this month.")
    if not counts:
        return Headline("There are no posts in this sheet.")
    changed = any(outcome.changed for outcome in results.outcomes)
    if counts.keys() == {OutcomeKind.UNCHANGED}:
        first = "Duplicates were removed" if changed else "Nothing to do"
        return Headline(f"{first}: every post is already as in the sheet.")
    done = {kind: n for kind, n in counts.items() if kind in {*GOOD, OutcomeKind.PROCESSING} - AT_REST}
    rest = [f"{n:,} {OUTCOME_STYLES[kind].told}" for kind, n in counts.items() if kind in AT_REST]
    unsent = counts.get(OutcomeKind.NOT_RUN, 0)
    needing = sum(n for kind, n in counts.items() if kind not in done and kind not in AT_REST) - unsent
    sent = f"{counted(unsent, 'post was', 'posts were')} not sent."
    need = f"{counted(needing, 'post needs', 'posts need')} your attention."
    return Headline(
        well=_tell_done(done, results, changed=changed),
        need=" ".join(words for words, count in ((sent, unsent), (need, needing)) if count),
        rest=f"{listed(rest, last='and')}." if rest else "",
    )


def _tell_done(done: Mapping[OutcomeKind, int], results: Results, *, changed: bool) -> str:
    verb = " will be" if results.wanted == "plan" else ""
    if not done and verb:
        return "Nothing can go ahead yet."
    if not done and any(outcome.outcome is OutcomeKind.UNKNOWN for outcome in results.outcomes):
        return "Some changes could not be confirmed."
    if not done:
        return "No post was finished, but something was changed." if changed else "Nothing was changed."
    parts = [f"{n:,} {OUTCOME_STYLES[kind].told}" for kind, n in done.items()]
    first, told = parts[0].split(" ", 1)
    parts[0] = f"{first} {'post' if first == '1' else 'posts'}{verb} {told}"
    if len(parts) > SHOWN_KINDS:
        parts[2:] = [f"{sum(list(done.values())[2:]):,} other changes made"]
    return f"{listed(parts, last='and')}."
