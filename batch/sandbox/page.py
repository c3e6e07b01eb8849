"""The sandbox's first page: a site's posts as a calendar and a list, for a browser on this machine."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, Template, select_autoescape

from batch.sandbox.content import content_of, media_of, text_of
from batch.sandbox.times import read_iso, to_datetime
from batch.sandbox.wire import Json

if TYPE_CHECKING:
    from batch.sandbox.service import Service

GROUPS = (
    ("failed", "Failed", ("FAILED",)),
    ("scheduled", "Scheduled", ("SCHEDULED",)),
    ("going", "Going out", ("IN_QUEUE", "PROCESSING")),
    ("live", "Live", ("PUBLISHED",)),
    ("draft", "Drafts", ("DRAFT",)),
    ("ended", "Canceled and deleted", ("CANCELED", "DELETED")),
)
_GROUP_OF = {status: name for name, _, statuses in GROUPS for status in statuses}
CHANNEL_NAMES = {
    "INSTAGRAM": "Instagram", "FACEBOOK": "Facebook", "YOUTUBE": "YouTube", "LINKEDIN": "LinkedIn", "TWITTER": "X",
    "PINTEREST": "Pinterest", "GBP": "Google Business", "TIKTOK": "TikTok",
}  # fmt: skip
MOST_SHOWN = 300
"""Posts of one kind that the list shows; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as the page shows it."""

    id: str
    group: str
    status: str
    channel: str
    channel_name: str
    type: str
    account: str
    reference: str
    text: str
    at: datetime | None
    link: str
    error: str
    media: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    date: date
    inside: bool
    today: bool
    posts: tuple[Shown, ...]


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("batch.sandbox"),
        autoescape=select_autoescape(default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("site.html.j2")


def render_page(service: Service, *, site: str | None = None, month: str = "") -> str:
    """Return the page of a site (the first one where none is named) and a month (`2026-12`; that of the next post)."""
    sites = service.sites()
    chosen = site if site in sites else next(iter(sites), "")
    now = service.now()
    names = service.account_names(chosen)
    posts = [_shown(item, at, names) for item, at in _dated_items(service, chosen)]
    year, number = _read_month(month) or _month_of_next(posts, now)
    return _template().render(
        sites=sites,
        site=chosen,
        site_name=sites.get(chosen, ""),
        now=now,
        month=date(year, number, 1),
        before=_neighbour(year, number, -1),
        after=_neighbour(year, number, +1),
        weeks=_weeks(posts, year, number, now.date()),
        groups=[(name, title, _sorted([p for p in posts if p.group == name])) for name, title, _ in GROUPS],
        most=MOST_SHOWN,
        channels=sorted({(p.channel, p.channel_name) for p in posts}),
    )


def _dated_items(service: Service, site: str) -> list[tuple[Json, datetime | None]]:
    """Return a site's items, each with the instant at which it became public or is to."""
    instants = {post.item_id: post.at for post in (*service.coming(site), *service.public(site))}
    return [(item, instants.get(item["id"])) for item in service.items(site)]


def _shown(item: Json, at: datetime | None, names: Mapping[str, str]) -> Shown:
    channel, account = item["channel"]["name"], item["channel"].get("accountId", "")
    error = item.get("publicationError", {})
    planned = read_iso(item.get("schedulingInfo", {}).get("scheduledDate", ""))
    return Shown(
        id=item["id"],
        group=_GROUP_OF[item["status"]],
        status=item["status"],
        channel=channel,
        channel_name=CHANNEL_NAMES[channel],
        type=item["type"],
        account=names.get(account, account),
        reference=item.get("referenceId", ""),
        text=text_of(item),
        at=at or (None if planned is None else to_datetime(planned)),
        link=item.get("externalItemUrl", ""),
        error=error.get("description", ""),
        media=len(media_of(content_of(item))),
    )


def _sorted(posts: Sequence[Shown]) -> list[Shown]:
    return sorted(posts, key=lambda p: p.at or datetime.max.replace(tzinfo=UTC))


def _read_month(given: str) -> tuple[int, int] | None:
    year, _, month = given.partition("-")
    if len(year) == 4 and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12 and int(year) > 1:
        return int(year), int(month)
    return None


def _month_of_next(posts: Sequence[Shown], now: datetime) -> tuple[int, int]:
    """Return the month in which the next post goes out, this one where none is to: nobody is shown an empty month."""
    coming = (post.at for post in posts if post.group == "scheduled" and post.at is not None)
    at = min(coming, default=now)
    return at.year, at.month


def _neighbour(year: int, month: int, step: int) -> str:
    index = year * 12 + month - 1 + step
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _weeks(posts: Sequence[Shown], year: int, month: int, today: date) -> list[list[Day]]:
    by_day: dict[date, list[Shown]] = {}
    for post in _sorted([p for p in posts if p.at is not None and p.group not in ("draft", "ended")]):
        if post.at is not None:
            by_day.setdefault(post.at.date(), []).append(post)
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    return [[Day(d, d.month == month, d == today, tuple(by_day.get(d, ()))) for d in week] for week in weeks]
