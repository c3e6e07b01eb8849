"""Turns `repeat` into the dates of its posts: `weekly until 2027-03-31` becomes 2026-12-07, 2026-12-14 and so on.

The rules underneath are those of RFC 5545 (dateutil). They run on the wall clock: a post at nine is at nine on both
sides of a change of clocks, and each date is then read as if somebody had written it. A rule ends by a day or by a
number, and makes MOST posts at the most: what has no end is refused, never cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from batch.model import Cell
from batch.rules.channel_words import REMEMBERED
from batch.rules.dates import wall_time
from batch.rules.issues import Problem
from batch.times import WEEKDAYS
from batch.wording import quoted

MOST = 366
"""As many posts as one row may make: a year of days."""

UNITS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
EXAMPLES = "“weekly until 2027-03-31”, “weekly mon, thu 6 times” or “every 2 weeks 5 times”"

RULE = re.compile(
    r"(?:(?P<often>daily|weekly|monthly|yearly)|every +(?:(?P<interval>[0-9]{1,3}) +)?(?P<unit>day|week|month|year)s?)"
    r"(?P<days>(?:[ ,]+(?:on|and|[a-z]{2,9}day|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)s?)*)"
    r"(?:[ ,]+(?:until +(?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2})|(?:for +)?(?P<times>[0-9]{1,4}) +times?))?",
    re.ASCII,
)


class Rule(NamedTuple):
    """What a `repeat` cell says: how often, on which weekdays (0 = Monday), and where it ends."""

    often: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    until: date | None = None
    times: int = 0

    def dates(self, begins: datetime) -> Iterator[datetime]:
        """Return the wall clock times from the first on; there may be very many."""
        from dateutil import rrule  # type: ignore[import-untyped]  # its stubs are a package of their own

        return iter(
            rrule.rrule(
                getattr(rrule, self.often.upper()),
                dtstart=begins,
                interval=self.interval,
                byweekday=self.weekdays or None,
                until=datetime.combine(self.until, time.max) if self.until else None,
                count=self.times or None,
            )
        )


def _wrong(code: str, cell: str, why: str) -> Problem:
    return Problem("repeat", code, cell, f"{quoted(cell)}{why}")


@lru_cache(REMEMBERED)
def read_rule(cell: str) -> Rule | Problem:
    """Read a `repeat` cell; what can't be read in full is a problem, and nothing of it counts."""
    found = RULE.fullmatch(" ".join(cell.casefold().split()))
    if found is None:
        return _wrong("repeat_form", cell, f" can't be read as a rule. Write it like {EXAMPLES}.")
    words = re.findall(r"[a-z]+", found["days"] or "")
    days = tuple(sorted({_weekday(word) for word in words if word not in ("on", "and")}))
    often, interval = found["often"] or UNITS[found["unit"]], int(found["interval"] or 1)
    if days and (often != "weekly" or -1 in days):
        return _wrong("repeat_form", cell, f": weekdays go with weekly rules only. Write it like {EXAMPLES}.")
    if not (found["until"] or found["times"]):
        return _wrong("repeat_endless", cell, " never ends. Add “until 2027-03-31” or “6 times”.")
    try:
        until = date.fromisoformat(found["until"]) if found["until"] else None
    except ValueError:
        return _wrong("repeat_form", cell, ": the day after “until” doesn't exist. Write another.")
    if not interval or (found["times"] and not int(found["times"])):
        return _wrong("repeat_form", cell, " repeats nothing. Write a number of 1 or more.")
    return Rule(often, interval, days, until, int(found["times"] or 0))


def _weekday(word: str) -> int:
    """Return a weekday by its name, its first letters or its plural, -1 where it is none."""
    return next((n for n, name in enumerate(WEEKDAYS) if name.casefold().startswith(word.removesuffix("s")[:3])), -1)


def repeat_dates(cell: str, first: Cell) -> tuple[datetime, ...] | Problem:
    """Return the times at which a row's posts go out; `first` is its `publish_at`, whose wall clock they all keep.

    With weekdays the rule begins on the first of them that is not before `first`. A month without that day has none.
    """
    rule, begins = read_rule(cell), wall_time(first)
    if isinstance(rule, Problem):
        return rule
    if begins is None:
        why = " needs its first date and time in `publish_at`. Write them like 2026-12-07 09:00."
        return _wrong("repeat_start", cell, why)
    at = tuple(islice(rule.dates(begins), MOST + 1))
    if len(at) > MOST:
        return _wrong("repeat_many", cell, f" makes more than {MOST} posts. Give it an earlier end.")
    return at or _wrong("repeat_none", cell, " ends before `publish_at`. Write a later day.")
