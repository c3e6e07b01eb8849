"""The sandbox's own addresses: look behind the API, move the clock, set faults, seed, reset. For loopback only."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from batch.sandbox.content import content_of, media_of, read_object, text_of
from batch.sandbox.state import Json, Refusal, Request, Response, invalid, json_response, read_iso, to_datetime

if TYPE_CHECKING:
    from jinja2 import Template

    from batch.sandbox.service import Service


PREFIX = "/sandbox/"
_PORT = re.compile(r":\d+$")
_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def is_control(request: Request) -> bool:
    """Tell whether a request is for the sandbox itself and not for the API that it plays."""
    return request.path == "/" or request.path.startswith(PREFIX)


def answer(service: Service, request: Request) -> Response:
    """Answer one of the sandbox's own addresses."""
    try:
        _need_loopback(request)
        if request.path == "/":
            return _page(service, request)
        handler = _HANDLERS.get((request.method, request.path))
        if handler is None:
            raise Refusal(404, "NOT_FOUND", f"The sandbox has no {request.method} {request.path[:100]}.")
        return json_response(handler(service, request))
    except Refusal as refusal:
        return json_response(refusal.body(), status=refusal.status)


def _need_loopback(request: Request) -> None:
    """Refuse a page of another site that makes a browser call here, by whatever name it has given this machine."""
    given = (request.headers.get("host", ""), request.headers.get("origin", "").rpartition("://")[2])
    if any(name and _PORT.sub("", name.lower()) not in _HOSTS for name in given):
        raise Refusal(403, "FORBIDDEN", "The sandbox's own addresses are for this machine only.")


def _site(request: Request) -> str | None:
    return next(iter(request.values("site")), "").lower() or None


def _page(service: Service, request: Request) -> Response:

    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "METHOD_NOT_ALLOWED", "The first page can only be read.")
    html = render_page(service, site=_site(request), month=next(iter(request.values("month")), ""))
    return Response(
        200, html.encode("utf-8", "replace"), (("content-type", "text/html; charset=utf-8"), *_PAGE_HEADERS)
    )


_PAGE_HEADERS = (
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'"),
    ("cache-control", "no-store"),
)


def _public(service: Service, request: Request) -> Json:
    site = _site(request)
    return {
        "now": service.now().isoformat(),
        "public": [post.as_json() for post in service.public(site)],
        "coming": [post.as_json() for post in service.coming(site)],
    }


def _items(service: Service, request: Request) -> Json:
    return {"items": service.items(_site(request))}


def _calls(service: Service, request: Request) -> Json:
    return {"calls": [entry.as_json() for entry in service.calls(_site(request))]}


def _read_clock(service: Service, _request: Request) -> Json:
    return {"now": service.now().isoformat()}


def _set_clock(service: Service, request: Request) -> Json:
    body = read_object(request.body)
    if set(body) == {"advance_seconds"} and isinstance(body["advance_seconds"], (int, float)):
        return {"now": service.move_clock(seconds=body["advance_seconds"]).isoformat()}
    at = _instant(body.get("now")) if set(body) == {"now"} else None
    if at is None:
        raise invalid("body", "is {'advance_seconds': number} or {'now': date and time with its zone}")
    return {"now": service.set_clock(at).isoformat()}


def _instant(value: Any) -> datetime | None:
    ms = read_iso(value) if isinstance(value, str) else None
    return None if ms is None else to_datetime(ms)


def _read_faults(service: Service, _request: Request) -> Json:
    return {"faults": service.faults()}


def _add_faults(service: Service, request: Request) -> Json:
    body = read_object(request.body)
    listed = body.get("faults", [body])
    return {"added": [_or_invalid(service.add_fault, spec) for spec in listed]}


def _or_invalid(act: Callable[..., Any], given: Any) -> Any:
    try:
        return act(**given)
    except (TypeError, ValueError, KeyError) as error:
        raise invalid("body", f"is not understood: {error}") from None


def _clear_faults(service: Service, _request: Request) -> Json:
    service.clear_faults()
    return {}


def _seed(service: Service, request: Request) -> Json:
    return {"items": _or_invalid(service.seed, read_object(request.body))}


def _read_options(service: Service, _request: Request) -> Json:
    hidden = ("api_keys", "access_tokens", "apps", "denied")
    return {"options": {name: value for name, value in service.options.as_json().items() if name not in hidden}}


def _set_options(service: Service, request: Request) -> Json:
    _or_invalid(service.set_options, read_object(request.body))
    return _read_options(service, request)


def _reset(service: Service, _request: Request) -> Json:
    service.reset()
    return {}


def _files(service: Service, request: Request) -> Json:
    return {"files": service.files(_site(request))}


_HANDLERS: Mapping[tuple[str, str], Callable[[Service, Request], Json]] = {
    ("GET", "/sandbox/public"): _public,
    ("GET", "/sandbox/items"): _items,
    ("GET", "/sandbox/calls"): _calls,
    ("GET", "/sandbox/files"): _files,
    ("GET", "/sandbox/clock"): _read_clock,
    ("POST", "/sandbox/clock"): _set_clock,
    ("GET", "/sandbox/faults"): _read_faults,
    ("POST", "/sandbox/faults"): _add_faults,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("POST", "/sandbox/seed"): _seed,
    ("GET", "/sandbox/options"): _read_options,
    ("POST", "/sandbox/options"): _set_options,
    ("POST", "/sandbox/reset"): _reset,
}


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
    from jinja2 import Environment, PackageLoader, select_autoescape

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
