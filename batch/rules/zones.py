"""Turns what stands in a `timezone` cell into a zone of the IANA data, or into what is wrong with it.

Only names that the data lists count: a zone that the machine alone knows (`right/...`, with leap seconds) would shift
posts, and an abbreviation means several zones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

from batch.rules.problems import Problem, nearest, quoted

ABBREVIATIONS: Mapping[str, str] = MappingProxyType({
    "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "MET": "Europe/Berlin", "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin", "EET": "Europe/Athens", "EEST": "Europe/Athens", "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon", "BST": "Europe/London", "MSK": "Europe/Moscow", "EST": "America/New_York",
    "EDT": "America/New_York", "ET": "America/New_York", "EST5EDT": "America/New_York", "CST": "America/Chicago",
    "CDT": "America/Chicago", "CT": "America/Chicago", "CST6CDT": "America/Chicago", "MST": "America/Denver",
    "MDT": "America/Denver", "MT": "America/Denver", "MST7MDT": "America/Denver", "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "PST8PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage", "HST": "Pacific/Honolulu", "AST": "America/Halifax", "BRT": "America/Sao_Paulo",
    "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong", "GST": "Asia/Dubai", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "AWST": "Australia/Perth", "ACST": "Australia/Adelaide", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
    "SAST": "Africa/Johannesburg",
})  # fmt: skip
"""Abbreviations with the zone that people mostly mean: some stand for several, some for one half of the year only."""

REMEDY = "Write an IANA name such as Europe/Berlin."
_OFFSET = re.compile(r"(?:utc|gmt)?\s*[+-−]\s*\d{1,2}(?::?\d{2})?", re.IGNORECASE)
_SIGNED = re.compile(r"Etc/GMT([+-])(\d{1,2})")


@cache
def zone_names() -> Mapping[str, str]:
    """Return every zone that the data lists, by its name in small letters."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return MappingProxyType({name.casefold(): name for name in listed})


@lru_cache(maxsize=1024)
def find_zone(written: str) -> ZoneInfo | Problem:
    """Return the zone that a cell means, in any case, or what is wrong with it."""
    name = zone_names().get(written.strip().replace(" ", "_").casefold())
    if name is None or name.upper() in ABBREVIATIONS:
        return _refuse(written.strip())
    return ZoneInfo(name)


def warn_of_sign(zone: ZoneInfo, written: str) -> Problem | None:
    """Return a warning for a zone such as `Etc/GMT+5`, which is five hours behind and not ahead."""
    found = _SIGNED.fullmatch(zone.key)
    if found is None or found[2] == "0":
        return None
    other = f"UTC{'-' if found[1] == '+' else '+'}{int(found[2]):02d}:00"
    message = (
        f"`timezone` says {quoted(written)}, which by its definition is {other}: check that this is meant, "
        "or write the name of a place such as Europe/Berlin."
    )
    return Problem("timezone", "timezone_sign", written, message, warning=True)


def _refuse(written: str) -> Problem:
    meant = ABBREVIATIONS.get(written.upper().replace(" ", ""))
    if meant:
        message = (
            f"`timezone` says {quoted(written)}, an abbreviation that does not name one place and its summer time: "
            f"write an IANA name such as {meant}."
        )
        return Problem("timezone", "timezone_abbreviation", written, message)
    if _OFFSET.fullmatch(written):
        message = (
            f"`timezone` says {quoted(written)}, an offset and not a zone: write the offset behind the time in "
            "`publish_at` (2026-12-01 09:30+01:00), or an IANA name such as Europe/Berlin."
        )
        return Problem("timezone", "timezone_unknown", written, message)
    likely = _likely(written)
    remedy = f"Did you mean {likely}? {REMEDY}" if likely else REMEDY
    return Problem("timezone", "timezone_unknown", written, f"`timezone` says {quoted(written)}, no zone. {remedy}")


def _likely(written: str) -> str:
    """Return the zone whose city was written, or whose name is near."""
    name = written.strip().replace(" ", "_").casefold()
    city = name.rpartition("/")[2]
    by_city = {known.rpartition("/")[2]: known for known in sorted(zone_names(), reverse=True)}
    near = by_city.get(city) or nearest(name, zone_names()) or by_city.get(nearest(city, by_city), "")
    return zone_names().get(near, "")
