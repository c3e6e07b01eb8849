"""The sandbox's own addresses: look behind the API, move the clock, set faults, seed, reset. For loopback only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batch.sandbox.shape import read_object
from batch.sandbox.times import read_iso, to_datetime
from batch.sandbox.wire import Json, Refusal, Request, Response, invalid, json_response

if TYPE_CHECKING:
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
    from batch.sandbox.page import render_page

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
