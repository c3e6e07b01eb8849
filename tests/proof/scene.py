"""A month in twelve rows on a site that holds posts already, and the judge: what the public saw, and nothing else.

The rows hold every act: drafts, schedules, publishing now, a schedule within minutes, updates, moves, a cancellation
and a deletion. Beside them the site holds posts of others that nobody may touch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from batch.model import Action, Channel, Outcome, OutcomeKind, Post
from batch.sandbox.state import write_iso
from tests.proof.stage import hours, picture, post
from tests.rig.published_log import PublicPost
from tests.rig.service import Rig

FACEBOOK = ("FACEBOOK", "10215544332211009", "104512345678901")
INSTAGRAM = ("INSTAGRAM", "17841405822304914", "")
CLASSES = ("INSTAGRAM", "17841405822304999", "")
LINKEDIN = ("LINKEDIN", "urn:li:organization:70512345", "urn:li:organization:70512345")
PINTEREST = ("PINTEREST", "774124931234567890", "549755885175")
GBP = ("GBP", "accounts/109876543210987654321", "locations/4503599627370496")
OBJECTS = {
    "FACEBOOK": ("facebookPost", "caption", "pageId"),
    "INSTAGRAM": ("instagramPost", "caption", ""),
    "LINKEDIN": ("linkedinPost", "caption", "authorId"),
    "PINTEREST": ("pinterestPost", "description", "boardId"),
    "GBP": ("gbpPost", "description", "locationId"),
}
Place = tuple[str, str, str]
END = timedelta(days=30)


class Wanted(NamedTuple):
    """What the public is to see of one post: where, with what text, and when (None: as soon as it is asked for)."""

    reference: str
    place: Place
    text: str
    due: datetime | None


@dataclass(frozen=True)
class Scene:
    """Rows, what the site holds before, and what the public is to have seen in the end."""

    posts: Sequence[Post]
    items: Sequence[Mapping[str, Any]]
    wanted: Sequence[Wanted]


def held(
    reference: str, place: Place, text: str, *, status: str = "SCHEDULED", at: datetime | None = None
) -> dict[str, Any]:
    """Return an item as the API writes it, for a seed."""
    channel, account, second = place
    name, text_field, second_field = OBJECTS[channel]
    content: dict[str, Any] = {text_field: text}
    if second_field:
        content[second_field] = second
    if channel in ("INSTAGRAM", "PINTEREST"):
        content["mediaWrapper"] = {"media": [{"type": "IMAGE", "url": picture(reference or "other").url}]}
    return {
        "channel": {"name": channel, "accountId": account},
        "type": "POST",
        name: content,
        "status": status,
        **({"referenceId": reference} if reference else {}),
        **({"schedulingInfo": {"scheduledDate": write_iso(round(at.timestamp() * 1000))}} if at else {}),
    }


def make_scene() -> Scene:
    """Return the twelve rows."""
    rows: list[Post] = [
        post("draft", channel=Channel.LINKEDIN),
        post("soon", at=hours(0.2)),
        post("day", at=hours(24)),
        _pictured("classes", Channel.INSTAGRAM, account="Your second Instagram (sandbox)", at=hours(48)),
        post("now", channel=Channel.GBP, now=True),
        post("text", text="New words", at=hours(30)),
        post("half", text="Whole now", channel=Channel.LINKEDIN, at=hours(50)),
        post("moved", at=hours(60)),
        post("both", text="New and later", at=hours(70)),
        post("stop", action=Action.CANCEL),
        post("drop", action=Action.DELETE),
        post("go", channel=Channel.LINKEDIN, text="Ready", action=Action.PUBLISH),
    ]
    posts = [_numbered(p, n + 2) for n, p in enumerate(rows)]
    items = [
        held("text", FACEBOOK, "Old words", at=hours(30)),
        held("half", LINKEDIN, "Half a text", status="DRAFT"),
        held("moved", FACEBOOK, "Text moved", at=hours(31)),
        held("both", FACEBOOK, "Old and early", at=hours(32)),
        held("stop", FACEBOOK, "Text stop", at=hours(33)),
        held("drop", FACEBOOK, "Text drop", at=hours(34)),
        held("go", LINKEDIN, "Ready", status="DRAFT"),
        held("", FACEBOOK, "Text day", at=hours(35)),
        held("somebody", INSTAGRAM, "Of somebody else", at=hours(36)),
        held("last-month", FACEBOOK, "Of last month", status="PUBLISHED", at=hours(-100)),
        held("idea", PINTEREST, "An idea", status="DRAFT"),
    ]
    wanted = [
        Wanted("soon", FACEBOOK, "Text soon", hours(0.2)),
        Wanted("day", FACEBOOK, "Text day", hours(24)),
        Wanted("classes", CLASSES, "Text classes", hours(48)),
        Wanted("now", GBP, "Text now", None),
        Wanted("text", FACEBOOK, "New words", hours(30)),
        Wanted("half", LINKEDIN, "Whole now", hours(50)),
        Wanted("moved", FACEBOOK, "Text moved", hours(60)),
        Wanted("both", FACEBOOK, "New and later", hours(70)),
        Wanted("go", LINKEDIN, "Ready", None),
        Wanted("", FACEBOOK, "Text day", hours(35)),
        Wanted("somebody", INSTAGRAM, "Of somebody else", hours(36)),
    ]
    return Scene(posts, items, wanted)


def _pictured(key: str, channel: Channel, **more: Any) -> Post:
    made = post(key, channel=channel, **more)
    return replace(made, content=replace(made.content, media=(picture(key),)))


def _numbered(made: Post, row: int) -> Post:
    return replace(made, row=row)


@dataclass
class Harm:
    """What the public was wronged by; every count must be zero."""

    doubled: int = 0
    lost: int = 0
    wrong_time: int = 0
    wrong_place: int = 0
    wrong_text: int = 0
    unasked: int = 0
    false_outcomes: int = 0
    made_twice: int = 0
    """Items too many that a run alone has made, also where it took them back in time."""
    others_words: int = 0
    """Posts that show a word, a link or a picture of another place."""
    withdrawn: int = 0
    """Items taken back though the row did not ask for it and nothing else of the post was alive."""

    def __add__(self, other: Harm) -> Harm:
        return Harm(*(getattr(self, n) + getattr(other, n) for n in self.__dataclass_fields__))

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


def judge_public(public: Iterable[PublicPost], wanted: Sequence[Wanted], *, started: datetime) -> Harm:
    """Compare all that the public has seen with what it was to see."""
    seen = list(public)
    harm = Harm()
    by_key: dict[tuple[str, str], list[PublicPost]] = {}
    for shown in seen:
        by_key.setdefault((shown.reference, "" if shown.reference else shown.text), []).append(shown)
    for want in wanted:
        found = by_key.pop((want.reference, "" if want.reference else want.text), [])
        harm.lost += not found
        harm.doubled += max(0, len(found) - 1)
        for shown in found:
            harm.wrong_place += (shown.channel, shown.account_id, shown.second_id) != want.place
            harm.wrong_text += shown.text != want.text
            harm.wrong_time += (shown.at != want.due or shown.due != want.due) if want.due else shown.at < started
    harm.unasked += sum(len(rest) for rest in by_key.values())
    return harm


def made_twice(service: Rig) -> int:
    """Return how many items too many were ever made under our references."""
    counts = Counter(str(item["referenceId"]) for item in service.items() if item.get("referenceId"))
    return sum(count - 1 for count in counts.values())


def doubled(public: Iterable[PublicPost]) -> int:
    """Return how many posts the public has seen more than once, by our reference."""
    counts = Counter(shown.reference for shown in public if shown.reference)
    return sum(count - 1 for count in counts.values())


GOOD_STATES = {
    OutcomeKind.DRAFTED: {"DRAFT"},
    OutcomeKind.SCHEDULED: {"SCHEDULED", "IN_QUEUE", "PROCESSING", "PUBLISHED"},
    OutcomeKind.RESCHEDULED: {"SCHEDULED", "IN_QUEUE", "PROCESSING", "PUBLISHED"},
    OutcomeKind.PUBLISHED: {"PUBLISHED"},
    OutcomeKind.CANCELLED: {"CANCELED", "DELETED"},
    OutcomeKind.DELETED: {"DELETED"},
    OutcomeKind.PROCESSING: {"IN_QUEUE", "PROCESSING", "PUBLISHED", "FAILED"},
}
NOT_OUT = frozenset({OutcomeKind.FAILED, OutcomeKind.NOT_RUN, OutcomeKind.INVALID, OutcomeKind.BLOCKED})
LIVE = frozenset({"SCHEDULED", "IN_QUEUE", "PROCESSING", "PUBLISHED"})


def false_outcomes(outcomes: Sequence[Outcome], service: Rig, *, before: Mapping[str, str]) -> list[str]:
    """Return what a run said that the site, looked at behind its back, shows to be untrue.

    `before` is the state of each reference before the run: an outcome that says "not done" is false where this run has
    put the post out, and one that names no item is false where this run has made its draft.
    """
    items = service.items()
    return [said for outcome in outcomes if (said := _untrue(outcome, items, before))]


def _untrue(outcome: Outcome, items: Sequence[Mapping[str, Any]], before: Mapping[str, str]) -> str:
    reference = outcome.reference or outcome.key
    own = [i for i in items if i.get("referenceId") == reference]
    states = {str(i["status"]) for i in own}
    wanted = GOOD_STATES.get(outcome.outcome)
    if wanted is not None:
        named = [str(i["status"]) for i in items if i["id"] == outcome.item_id]
        gone = outcome.outcome is OutcomeKind.DELETED and not named
        if not gone and not wanted.intersection(named):
            return f"{outcome.key}: said {outcome.outcome}, but {outcome.item_id or 'no item'} is {named}"
        return ""
    if outcome.outcome in NOT_OUT and outcome.code not in ("doubled", "differs"):
        started = {s for s in states & LIVE if s != before.get(outcome.key)}
        if started and before.get(outcome.key) not in LIVE:
            return f"{outcome.key}: said {outcome.outcome} ({outcome.code}: {outcome.message}), but it is {started}"
        if "DRAFT" in states and reference not in before and not outcome.item_id:
            return f"{outcome.key}: said {outcome.outcome} ({outcome.code}: {outcome.message}), but its draft was made"
    return ""


def states_of(service: Rig) -> dict[str, str]:
    """Return the state of each reference now."""
    return {str(i["referenceId"]): str(i["status"]) for i in service.items() if i.get("referenceId")}
