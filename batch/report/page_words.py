"""The words and tones in which the page speaks of channels and outcomes.

Tables only: what a channel is called and which letters mark it, what an outcome is called when it has happened and when
it is still to come, and what a person does about the outcomes that need somebody. It must never judge a post.
"""

from __future__ import annotations

from typing import NamedTuple

from batch.model import Channel, OutcomeKind, PostType
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
