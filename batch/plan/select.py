"""Turns the options that choose rows (--only, --rows, --from-date, ...) into the posts that are left out, and why.

Nothing is dropped: a post that is left out stays in the plan and in the results, as skipped and with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase
from functools import partial
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from batch.errors import StartError
from batch.model import Action, Channel, Post, SheetRows
from batch.plan.decisions import PostPlace, place
from batch.plan.matching import plain_name
from batch.rules.channel_words import channel_named, plain
from batch.rules.columns import ACTION_FORMS, FINAL_FORMS
from batch.rules.places import NO_PLACES, Places
from batch.times import zone_named

_FIELDS: dict[str, Callable[[Post], str]] = {
    "key": lambda post: post.key,
    "action": lambda post: str(post.action or ""),
    "site": lambda post: post.site,
    "channel": lambda post: str(post.channel or ""),
    "type": lambda post: str(post.type or ""),
    "account": lambda post: post.account,
}
"""Columns whose value is that of the post, blank cells filled in; of any other the sheet's own cell counts."""

_DATE = "publishat"
_ACTION_NAMES = {**ACTION_FORMS, **FINAL_FORMS, **{plain(action): action for action in Action}, "": ""}
_CANCELED = re.compile("cancel(?=ed|ing|ation)")
"""A person who leaves out what is cancelled means it in both spellings."""
_RANGE = re.compile(r"([0-9]{1,9})(?:\s*(-)\s*([0-9]{1,9})?)?")
_CONDITION = re.compile(r"\s*(.+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
EQUALITY = frozenset({"=", "!="})
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
FIRST_ROW = 2
MAX_ROW = 10**9

Cells = Callable[[Post, str], str]
"""Gives the cell of a post's row in a column, named without case and spacing."""


class Condition(NamedTuple):
    """A column and the values that are wanted in it, `sign` between them (`=`, `!=`, `<`, `<=`, `>` or `>=`)."""

    column: str
    sign: str
    values: tuple[str, ...]

    def fits(self, post: Post, cells: Cells) -> bool:
        """Tell whether a post is meant; one without a date is neither before nor after any other."""
        equality, wanted = self.sign in EQUALITY, _comparable(self.values[0])
        if self.column == _DATE:
            at = _local_date(post, whole_days=len(self.values[0]) <= len("2026-12-05"))
            return (equality or None not in (at, wanted)) and bool(_SIGNS[self.sign](at, wanted))
        cell = _FIELDS[self.column](post) if self.column in _FIELDS else cells(post, self.column)
        if equality:
            spelled = _spelled(cell)
            return any(fnmatchcase(spelled, value) for value in self.values) is (self.sign == "=")
        seen = _comparable(cell)
        return seen is not None and type(seen) is type(wanted) and bool(_SIGNS[self.sign](seen, wanted))


def _local_date(post: Post, *, whole_days: bool) -> datetime | None:
    if post.publish_at is None:
        return None
    local = post.publish_at.astimezone(zone_named(post.timezone) or UTC).replace(tzinfo=None)
    return datetime.combine(local, time()) if whole_days else local


def _comparable(text: str) -> float | datetime | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def select(
    posts: Sequence[Post],
    *,
    sheet: SheetRows | None = None,
    only: Iterable[str] = (),
    rows: str = "",
    first: int | None = None,
    sites: Iterable[str] = (),
    from_date: str = "",
    until: str = "",
    approved_only: bool = False,
    pilot: str = "",
    places: Places = NO_PLACES,
) -> dict[PostPlace, str]:
    """Return the posts that are left out with the reason, for `PlanOptions.skip`. Several --only must all fit.

    `sheet` is where the posts come from: any of its columns may be named. `first` counts rows that would otherwise run.
    `pilot` is a number of places or their names in `places`: then only their posts run, and no row without places.
    Errors: StartError for an expression that can't be read or fits nothing.
    """
    if approved_only and sheet is not None and "approved" not in sheet.columns:
        raise StartError(
            "--approved-only would run nothing: this sheet has no column `approved`. Add it and write `yes` where a "
            "row is approved, or leave --approved-only out."
        )
    if first is not None and first < 1:
        raise StartError(f"--first {first} would run nothing. Write 1 or more.")
    choices = _choices(sheet, only=only, rows=rows, sites=sites, from_date=from_date, until=until)
    for option, fits in choices:
        if posts and not any(fits(post) for post in posts):
            numbers = [post.row for post in posts]
            raise StartError(f"{option} fits no row of this sheet, whose rows are {min(numbers)} to {max(numbers)}.")
    if approved_only:
        choices.append(("--approved-only: not approved", lambda post: post.approved))
    piloted = _read_pilot(pilot, posts, places)
    if piloted is not None:
        choices.append((f"--pilot {pilot}", lambda post: post.place in piloted))
    left_out: dict[PostPlace, str] = {}
    running: set[int] = set()
    for post in posts:
        option = next((option for option, fits in choices if not fits(post)), "")
        if not option and first is not None and post.row not in running and len(running) == first:
            option = f"--first {first}"
        if option:
            left_out[place(post)] = f"Left out by {option}."
        else:
            running.add(post.row)
    return left_out


def _choices(
    sheet: SheetRows | None, *, only: Iterable[str], rows: str, sites: Iterable[str], from_date: str, until: str
) -> list[tuple[str, Callable[[Post], bool]]]:
    """Return the options that have to fit some row, each with what tells whether it fits a post. Errors: StartError."""
    wishes = {f"--only {expression!r}": read_only(expression) for expression in only}
    cells = _cells_of(sheet, wishes)
    for option, sign, written in (("--from-date", ">=", from_date), ("--until", "<=", until)):
        if written:
            day = read_day(written, option=option).isoformat()
            wishes[f"{option} {written}"] = (Condition(_DATE, sign, (day,)),)
    choices: list[tuple[str, Callable[[Post], bool]]] = []
    if wanted := {site.casefold() for site in sites}:
        choices.append(("--site", lambda post: post.site.casefold() in wanted))
    if rows.strip():
        ranges = read_rows(rows)
        choices.append((f"--rows {rows}", lambda post: any(start <= post.row <= end for start, end in ranges)))
    return choices + [(option, partial(_fit, conditions, cells)) for option, conditions in wishes.items()]


def _fit(conditions: Iterable[Condition], cells: Cells, post: Post) -> bool:
    return all(condition.fits(post, cells) for condition in conditions)


def _read_pilot(pilot: str, posts: Sequence[Post], places: Places) -> Collection[str] | None:
    """Return the places of a pilot, None where there is none. Errors: StartError."""
    if not pilot.strip():
        return None
    there = list(dict.fromkeys(post.place for post in posts if post.place and post.action is not Action.SKIP))
    if not there:
        raise StartError("--pilot would run nothing: no row of this sheet names places.")
    if pilot.strip().isdecimal() and int(pilot):
        return there[: int(pilot)]
    chosen = places.choose(pilot, column="--pilot")
    if chosen.problems:
        raise StartError(chosen.problems[0].message.replace("`--pilot`", "--pilot"))
    named = {place.name for place in chosen.places}
    if named.isdisjoint(there):
        raise StartError(f"--pilot {pilot}: no row of this sheet goes to these places.")
    return named


def read_day(text: str, *, option: str) -> date:
    """Read `2026-12-01`. Errors: StartError."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise StartError(f"{option} {text!r} isn't a day. Write it as 2026-12-01.") from None


def read_only(expression: str) -> tuple[Condition, ...]:
    """Read `channel=INSTAGRAM`, `key=spring-*`, `Status=Approved and publish_at<2026-12-05`. Errors: StartError."""
    pieces: list[str] = []
    for piece in _AND.split(expression):
        if _CONDITION.fullmatch(piece) or not pieces:
            pieces.append(piece)
        else:
            pieces[-1] += f" and {piece}"
    return tuple(_read_condition(piece, expression) for piece in pieces)


def columns_of(expressions: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that these --only name, as they are written without case and spacing. Errors: StartError."""
    return tuple(condition.column for expression in expressions for condition in read_only(expression))


def _read_condition(piece: str, expression: str) -> Condition:
    found = _CONDITION.fullmatch(piece)
    if found is None:
        raise StartError(
            f"--only {expression!r} can't be read. Write COLUMN=VALUE with any column of the sheet, as in "
            "--only 'channel=INSTAGRAM', --only 'Status=Approved' or --only 'publish_at<2026-12-05'."
        )
    column, sign, written = plain(found[1]), found[2], found[3]
    ordered, wanted = sign not in EQUALITY or column == _DATE, _comparable(written)
    fits = isinstance(wanted, datetime) if column == _DATE else wanted is not None
    if ordered and not fits and (written or sign not in EQUALITY):
        kind = "a date such as 2026-12-05" if column == _DATE else "a number or a date such as 2026-12-05"
        raise StartError(f"--only {expression!r}: {written!r} can't be compared. Write {kind}.")
    if ordered:
        return Condition(column, sign, (written,))
    values = [_value(column, value, expression) for value in written.split(",")]
    whole = [] if column in _FIELDS else [_value(column, written, expression)]
    return Condition(column, sign, tuple(dict.fromkeys((*values, *whole))))


def _cells_of(sheet: SheetRows | None, wishes: Mapping[str, Sequence[Condition]]) -> Cells:
    """Return what gives the cells that are asked for, or raise StartError where the sheet has no such column."""
    places = {plain(column): at for column, at in sheet.columns.items()} if sheet else {}
    places |= {plain(heading): at for at, heading in reversed(list(enumerate(sheet.headings if sheet else ())))}
    for option, conditions in wishes.items():
        for condition in conditions:
            if condition.column not in {*_FIELDS, _DATE, *places}:
                named = ", ".join(heading for heading in sheet.headings if heading) if sheet else ", ".join(_FIELDS)
                raise StartError(f"{option}: there is no such column. The columns are {named}.")
    by_number = {row.number: row.values for row in sheet.rows} if sheet and wishes else {}

    def cells(post: Post, column: str) -> str:
        value = by_number[post.row][places[column]]
        return value if isinstance(value, str) else value.isoformat(" ")

    return cells


def _spelled(text: str) -> str:
    return _CANCELED.sub("cancell", plain_name(text))


def _value(column: str, value: str, expression: str) -> str:
    if column not in _FIELDS:
        return _spelled(value).replace("[", "[[]")
    if column not in {"channel", "action"} or any(mark in value for mark in "*?["):
        return _spelled(value)
    named = _ACTION_NAMES.get(plain(value)) if column == "action" else channel_named(value)
    if named is None:
        known = ", ".join(Action if column == "action" else Channel)
        raise StartError(f"--only {expression!r}: there is no {column} {value.strip()!r}. Write one of {known}.")
    return str(named).casefold()


def read_rows(expression: str) -> tuple[tuple[int, int], ...]:
    """Read `2-40,45` or `100-` as ranges of row numbers, both ends counted."""
    ranges = []
    for part in map(str.strip, expression.split(",")):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise StartError(
                f"--rows {expression!r} can't be read. Write row numbers and ranges, as in --rows 2-40,45."
            )
        start = int(match[1])
        end = int(match[3]) if match[3] else (MAX_ROW if match[2] else start)
        if start < FIRST_ROW or end < start:
            raise StartError(
                f"--rows {expression!r}: {part} is no range of rows. The first row under the headings is row "
                f"{FIRST_ROW}, and a range begins with its smaller number."
            )
        ranges.append((start, end))
    return tuple(ranges)
