"""The sandbox's page: what is scheduled, live, failed or drafted on a site, as a calendar and as a list.

Times are shown on the clock of the person who looks: the sandbox and the browser are on one machine.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING

from batch.sandbox.content import content_of, media_of, text_of
from batch.sandbox.state import Json, Refusal, Request, Response, invalid, read_iso, to_datetime

if TYPE_CHECKING:
    from jinja2 import Template

GROUPS = (
    ("failed", "Failed", ("FAILED",)),
    ("scheduled", "Scheduled", ("SCHEDULED",)),
    ("going", "Going out", ("IN_QUEUE", "PROCESSING")),
    ("live", "Live", ("PUBLISHED",)),
    ("draft", "Drafts", ("DRAFT",)),
    ("ended", "Cancelled and deleted", ("CANCELED", "DELETED")),
)
_GROUP_OF = {status: name for name, _, statuses in GROUPS for status in statuses}
CHANNELS = {
    "INSTAGRAM": ("Instagram", "Ig"), "FACEBOOK": ("Facebook", "Fb"), "YOUTUBE": ("YouTube", "Yt"),
    "LINKEDIN": ("LinkedIn", "in"), "TWITTER": ("X", "X"), "PINTEREST": ("Pinterest", "Pi"),
    "GBP": ("Google Business", "G"), "TIKTOK": ("TikTok", "Tt"),
}  # fmt: skip
"""What a channel is called, and the letters of its badge."""
MOST_SHOWN = 300
"""Posts of one kind that the list shows; the rest is counted."""


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader

    loader = PackageLoader("batch.sandbox")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(
        "site.html.j2"
    )


_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"),
    ("cache-control", "no-store"),
)


def answer(
    request: Request,
    *,
    now: datetime,
    sites: Mapping[str, str],
    site: str,
    items: Sequence[Json],
    names: Mapping[str, str],
    zone: tzinfo | None = None,
) -> Response:
    """Return the page of a site and month, else that of the next post; `names` are the accounts'. Raises `Refusal`."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "METHOD_NOT_ALLOWED", "The first page can only be read.")
    now = now.astimezone(zone)
    posts = sorted((_shown(i, names, zone) for i in items), key=lambda p: p["at"] or datetime.max.replace(tzinfo=UTC))
    # Nobody is shown an empty month: it is that of the next post, or this one where nothing is scheduled.
    coming = min((p["at"] for p in posts if p["group"] == "scheduled" and p["at"] is not None), default=now)
    month = _read_month(next(iter(request.values("month")), "") or coming.date().isoformat()[:7])
    by_day: dict[date, list[Json]] = {}
    for post in posts:
        if post["at"] is not None and post["group"] not in ("draft", "ended"):
            by_day.setdefault(post["at"].date(), []).append(post)
    html = _template().render(
        sites=sites,
        site=site,
        now=now,
        month=month,
        before=month - timedelta(days=1),
        after=month + timedelta(days=31),
        weeks=calendar.Calendar().monthdatescalendar(month.year, month.month),
        by_day=by_day,
        groups=[(name, title, [p for p in posts if p["group"] == name]) for name, title, _ in GROUPS],
        most=MOST_SHOWN,
    )
    return Response(200, html.encode("utf-8", "replace"), _HEADERS)


def _shown(item: Json, names: Mapping[str, str], zone: tzinfo | None) -> Json:
    """Return a post as the page shows it; `at` is when it went or goes out, on the page's clock."""
    channel, account = item["channel"]["name"], item["channel"].get("accountId", "")
    group = _GROUP_OF[item["status"]]
    at = read_iso(item.get("schedulingInfo", {}).get("scheduledDate"))
    if at is None and group in ("failed", "going", "live"):
        at = read_iso(item["updatedDate"])
    name, badge = CHANNELS[channel]
    return {
        **item,
        "group": group,
        "channel": channel,
        "channel_name": name,
        "badge": badge,
        "account": names.get(account, account),
        "text": text_of(item),
        "at": None if at is None else to_datetime(at).astimezone(zone),
        "media": len(media_of(content_of(item))),
    }


def _read_month(given: str) -> date:
    try:
        month = date.fromisoformat(f"{given}-01")
    except ValueError:
        month = date.min
    if not 1 < month.year < date.max.year:  # a calendar shows some days of the months around it
        raise invalid("month", "is a year and a month, such as 2026-12", "FORMAT")
    return month
