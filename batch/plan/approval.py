"""Holds back every post that is not approved as it is now: answers of people, and what they were given about.

An answer is bound to a fingerprint of what the public will see, on which account and when. The fingerprint has one part
for each field, so that a post that was changed since says which field it was. What stands in an answers file is data:
it chooses no file, site or address, and it can only keep a post from going out or let it go out as the sheet has it. It
is a record of who said what, not a proof.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Literal, NamedTuple

from batch.codec import FormError, from_json
from batch.errors import StartError
from batch.model import FORM, Json, Post, SitePlan, Step, StepKind
from batch.plan.decisions import PostPlace
from batch.rules.keys import PREFIX
from batch.times import short_day, zone_named
from batch.wording import counted, list_names, listed, shorten

VERSION = 1
MAX_ANSWERS_BYTES = 8 * 1024 * 1024
MAX_NAME, MAX_NOTE = 100, 2000
"""The longest name and the longest note, in characters; the page takes no longer ones."""
NAMED = 5
PART_DIGITS = 16
WITHDRAWALS = (StepKind.CANCEL, StepKind.DELETE)

FIELDS: Mapping[str, Callable[[Step], str]] = {
    "text": lambda step: step.content.text.replace("\r\n", "\n").replace("\r", "\n"),
    "title": lambda step: step.content.title,
    "media": lambda step: "\x1f".join(f"{m.kind} {m.identity or m.source}" for m in step.content.media),
    "link": lambda step: step.content.link,
    "call_to_action": lambda step: step.content.call_to_action,
    "privacy": lambda step: step.content.privacy,
    "channel": lambda step: step.channel,
    "type": lambda step: step.type,
    "account": lambda step: f"{step.account_id or step.account}\x1f{step.target_id or step.content.target_id}",
    "site": lambda step: step.site,
    "date": lambda step: (
        step.at.astimezone(UTC).replace(microsecond=0).isoformat()
        if step.at
        else "now"
        if step.kind is StepKind.PUBLISH
        else ""
    ),
    "action": lambda step: step.kind if step.kind in WITHDRAWALS else "",
}
"""What an approval is given for, by the names of the sheet, in the order of the fingerprint's parts.

Hashtags are part of the text; a file is named by the digest of its bytes."""

SAME_POST = frozenset({"channel", "account", "site", "date", "action"})
"""What tells a row without a key from others where its words have changed."""

FINGERPRINT = re.compile(rf"{VERSION}(?:\.[0-9a-f]{{{PART_DIGITS}}}){{{len(FIELDS)}}}")
WANTED_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?: ([A-Za-z][\w+/-]{0,63}))?", re.ASCII)


def fingerprint_of(step: Step) -> str:
    """Return what an approval of this step is bound to: a version, and a digest for each of `FIELDS`."""
    values = (read(step).encode("utf-8", "surrogatepass") for read in FIELDS.values())
    return ".".join((str(VERSION), *(sha256(value).hexdigest()[:PART_DIGITS] for value in values)))


def changed_fields(before: str, now: str) -> tuple[str, ...]:
    """Return the fields in which two fingerprints differ, in the order of `FIELDS`."""
    old, new = before.split("."), now.split(".")
    if len(old) != len(new) or old[0] != new[0]:
        return ("how this version compares",)
    return tuple(name for name, one, other in zip(FIELDS, old[1:], new[1:], strict=True) if one != other)


class Asked(NamedTuple):
    """What a plan's page asks about: fingerprints by row and key, and a name, the same for the same content."""

    plan: str
    fingerprints: Mapping[PostPlace, str]


def ask_about(steps: Iterable[Step]) -> Asked:
    """Return what a plan's page asks about: each post that it changes, or would change if a quota allowed."""
    asked = {(step.row, step.key): fingerprint_of(step) for step in steps if step.acts or step.kind is StepKind.BLOCKED}
    lines = "\n".join(f"{row}\x1f{key}\x1f{fingerprint}" for (row, key), fingerprint in asked.items())
    return Asked(sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:12], asked)


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What one person said of one post. `date` is a wall-clock time and its zone (`2026-12-07T10:00 Europe/Berlin`).

    Without a zone it is the post's own.
    """

    __pydantic_config__: ClassVar[Json] = FORM
    key: str
    site: str
    fingerprint: str
    answer: Literal["approve", "change", "date"]
    note: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """The file that "Save answers" makes. `checksum` shows that it was damaged or edited, and proves nothing."""

    __pydantic_config__: ClassVar[Json] = FORM
    postbatch: Literal["answers"]
    version: int
    plan: str
    sheet: str
    who: str
    when: str
    posts: tuple[PostAnswer, ...]
    checksum: str

    @property
    def sound(self) -> bool:
        """Whether every answer is one that the page can give, about a post of its own, by somebody with a name."""
        return (
            len({(answer.site, answer.key) for answer in self.posts}) == len(self.posts)
            and 0 < len(self.who.strip()) <= MAX_NAME
            and all(FINGERPRINT.fullmatch(a.fingerprint) and len(a.note) <= MAX_NOTE for a in self.posts)
            and all(_wall(a.date) is not None if a.answer == "date" else not a.date for a in self.posts)
        )

    def sum(self) -> str:
        """Return the checksum that these answers have, by the page's own rule: CRC-32 over their lines in UTF-8."""
        lines = [f"{self.plan}\x1f{self.sheet}\x1f{self.who}\x1f{self.when}"]
        lines += ["\x1f".join((a.key, a.site, a.fingerprint, a.answer, a.note, a.date)) for a in self.posts]
        return f"crc32:{zlib.crc32(chr(0x1E).join(lines).encode()):08x}"


class Answer(NamedTuple):
    """An answer with who gave it and when."""

    who: str
    at: datetime
    post: PostAnswer

    @property
    def wish(self) -> str:
        """What is asked for, as `notes` has it; "" where nothing is."""
        given = self.post.note or (f"wants {self.post.date.replace('T', ' ')}" if self.post.date else "")
        return f"{self.who}: {given}" if given else ""

    def beside(self, notes: str) -> str:
        """Return a cell of `notes` with the wish added, once."""
        return notes if self.wish in notes else f"{notes}\n{self.wish}".strip()


class GivenAnswers(NamedTuple):
    """All answers of one file. `name` is the file's, `sheet` what it was made for."""

    name: str
    sheet: str
    given: tuple[Answer, ...]


def read_answers(content: bytes, *, name: str) -> GivenAnswers:
    """Read an answers file. Errors: StartError for one that is damaged, was edited or is none."""
    remedy = "Save the answers again on the page of the plan."
    if len(content) > MAX_ANSWERS_BYTES:
        raise StartError(f"{name} is too large for answers. {remedy}")
    try:
        file = from_json(AnswersFile, content)
    except FormError as error:
        if b'"postbatch"' in content and b'"answers"' in content:
            raise StartError(f"The answers in {name} are damaged at `{error.place}`. {remedy}") from error
        raise StartError(
            f"{name} holds no answers. Give the file that “Save answers” makes on the plan's page."
        ) from error
    if file.version != VERSION:
        raise StartError(f"{name} was saved by another version of postbatch. Make the plan's page again.")
    if file.checksum != file.sum():
        raise StartError(f"{name} was changed after it was saved, or is damaged. {remedy}")
    at = _instant(file.when)
    if at is None or not file.sound:
        raise StartError(f"The answers in {name} are damaged. {remedy}")
    return GivenAnswers(name, file.sheet, tuple(Answer(file.who.strip(), at, answer) for answer in file.posts))


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _wall(text: str) -> tuple[datetime, str] | None:
    """Read a wanted date: its wall clock, and its zone or ""."""
    found = WANTED_DATE.fullmatch(text)
    if not found or not _instant(f"{found[1]}+00:00") or (found[2] and not zone_named(found[2])):
        return None
    return datetime.fromisoformat(found[1]), found[2] or ""


class Approval(NamedTuple):
    """What the answers come to for one post: who approved it and when, or why it is held back; the other is ""."""

    by: str = ""
    held: str = ""


def decide(steps: Iterable[Step], files: Sequence[GivenAnswers]) -> dict[PostPlace, Approval]:
    """Return who approved each step as it is now, or why it is held back, by each person's latest answer."""
    steps = tuple(steps)
    latest: dict[tuple[str, str], dict[str, Answer]] = {}
    for answer in sorted((answer for file in files for answer in file.given), key=lambda answer: answer.at):
        person = " ".join(unicodedata.normalize("NFKC", answer.who).casefold().split())
        latest.setdefault((answer.post.site, answer.post.key), {})[person] = answer
    there = {(step.site, step.key) for step in steps}
    stray = [answer for place, people in latest.items() if place not in there for answer in people.values()]
    return {
        (step.row, step.key): _decide(step, tuple(latest.get((step.site, step.key), {}).values()), stray)
        for step in steps
    }


def _decide(step: Step, answers: Sequence[Answer], stray: Sequence[Answer]) -> Approval:
    """Return what the latest answers of several people come to: whoever asks for something comes first."""
    now = fingerprint_of(step)
    for answer in answers:
        if answer.post.answer == "change":
            note = shorten(answer.post.note, limit=200) or "no note"
            return Approval(held=f"asked for a change: {note} ({answer.who})")
    approving: list[Answer] = []
    outdated: tuple[str, ...] = ()
    for answer in answers:
        changed = changed_fields(answer.post.fingerprint, now)
        if wanted := _wall(answer.post.date):
            wall, named = wanted
            local = step.at and step.at.astimezone(zone_named(named or step.timezone) or UTC)
            if local is None or local.replace(second=0, microsecond=0, tzinfo=None) != wall:
                return Approval(held=f"wants {_day_and_time(wall)} ({answer.who})")
            changed = tuple(field for field in changed if field != "date")
        if changed:
            outdated = changed
        else:
            approving.append(answer)
    if approving:
        return Approval(by="; ".join(f"{one.who}, {_day_and_time(one.at.astimezone(UTC))} UTC" for one in approving))
    if not answers:
        # A derived key changes with its row's words: what was answered under a key that is gone may be this post.
        near = [(changed_fields(one.post.fingerprint, now), one) for one in stray if one.post.site == step.site]
        outdated, like = min(near, key=lambda of: len(of[0]), default=((), None))
        if like is None or len(outdated) > 1:
            return Approval(held="not answered")
        if not outdated:
            return Approval(held=f"answered under another key: {like.post.key}")
    return Approval(held=f"changed since it was approved: {listed(outdated, last='and')}")


def _day_and_time(at: datetime) -> str:
    return f"{short_day(at)} {at:%H:%M}"


def reworded(steps: Iterable[Step], remembered: Mapping[str, str]) -> dict[str, str]:
    """Return the rows without a key that are remembered under the one they had before their words changed: new -> old.

    A derived key is made of a row's words. Where a remembered one is gone from the sheet, the row that goes out on the
    same account at the same minute took its place.
    """
    steps = tuple(steps)
    gone = [key for key in remembered.keys() - {step.key for step in steps} if key.startswith(PREFIX)]
    found: dict[str, str] = {}
    for step in steps:
        if step.at and step.key.startswith(PREFIX) and step.key not in remembered:
            now = fingerprint_of(step)
            found.update((step.key, key) for key in gone if not SAME_POST & set(changed_fields(remembered[key], now)))
    return found


def decide_by_memory(steps: Iterable[Step], remembered: Mapping[str, str]) -> dict[PostPlace, Approval]:
    """Return the same for rows that say `approved`: `remembered` is the fingerprint that was seen first, by key."""
    decided = {}
    for step in steps:
        changed = changed_fields(remembered[step.key], fingerprint_of(step)) if step.key in remembered else ()
        again = "to approve it as it is now, clear `approved`, run once, and write yes again"
        held = f"changed since it was approved: {listed(changed, last='and')}; {again}" if changed else ""
        decided[step.row, step.key] = Approval(held=held)
    return decided


def hold_back(
    plan: Callable[[Mapping[PostPlace, str]], SitePlan],
    decide: Callable[[Sequence[Step]], Mapping[PostPlace, Approval]],
) -> tuple[SitePlan, dict[PostPlace, str]]:
    """Return a site's plan without what is not approved, and what was held back with the reason.

    `plan` makes the plan with some posts left out. It is made again until nothing is left to hold back, for a post that
    is left out may free the quota of another.
    """
    held: dict[PostPlace, str] = {}
    while True:
        part = plan(held)
        approvals = decide(part.steps)
        more = {
            (step.row, step.key): f"Held back: {approvals[step.row, step.key].held}."
            for step in part.steps
            if (step.acts or step.kind is StepKind.BLOCKED) and approvals[step.row, step.key].held
        }
        if not more:
            break
        held |= more
    steps = (replace(s, approval=by) if s.acts and (by := approvals[s.row, s.key].by) else s for s in part.steps)
    return replace(part, steps=tuple(steps)), held


def strays(posts: Iterable[Post], files: Sequence[GivenAnswers]) -> tuple[str, ...]:
    """Say which answers are for posts that are not in the sheet. Errors: StartError for a file of another sheet."""
    there = {(post.site, post.key) for post in posts}
    notices = []
    for file in files:
        missing = [answer.post.key for answer in file.given if (answer.post.site, answer.post.key) not in there]
        if missing and len(missing) == len(file.given):
            raise StartError(
                f"{file.name} answers another plan (of {file.sheet or 'another sheet'}): none of its posts is in this "
                "sheet. Give the answers to this one."
            )
        if missing:
            count, named = counted(len(missing), "answer"), list_names(missing, limit=NAMED)
            notices.append(f"{file.name} has {count} for posts that aren't in this sheet: {named}.")
    return tuple(notices)
