"""The rig's own addresses: look behind the API, move the clock, set faults, seed, reset. For this machine only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batch.sandbox.schemas import read_object
from batch.sandbox.service import refuse_stranger
from batch.sandbox.state import Json, Refusal, Request, Response, invalid, make_response, read_iso, to_datetime

if TYPE_CHECKING:
    from tests.rig.service import Rig

PREFIX = "/sandbox/"
SECRET_OPTIONS = ("api_keys", "access_tokens", "apps", "denied")


def answer(rig: Rig, request: Request) -> Response:
    """Answer one of the rig's own addresses."""
    try:
        refuse_stranger(request)
        handler = _HANDLERS.get((request.method, request.path))
        if handler is None:
            raise Refusal(404, "NOT_FOUND", f"The sandbox has no {request.method} {request.path[:100]}.")
        return make_response(handler(rig, request))
    except Refusal as refusal:
        return refusal.response()


def _site(request: Request) -> str | None:
    return next(iter(request.values("site")), "").lower() or None


def _public(rig: Rig, request: Request) -> Json:
    site = _site(request)
    return {
        "now": rig.now().isoformat(),
        "public": [post.as_json() for post in rig.public(site)],
        "coming": [post.as_json() for post in rig.coming(site)],
    }


def _set_clock(rig: Rig, request: Request) -> Json:
    body = read_object(request.body)
    try:
        if set(body) == {"advance_seconds"} and type(body["advance_seconds"]) in (int, float):
            return {"now": rig.move_clock(seconds=body["advance_seconds"]).isoformat()}
        at = _instant(body.get("now")) if set(body) == {"now"} else None
        if at is not None:
            return {"now": rig.set_clock(at).isoformat()}
    except (OverflowError, ValueError):
        raise invalid("body", "is beyond what a clock can show") from None
    raise invalid("body", "is {'advance_seconds': number} or {'now': date and time with its zone}")


def _instant(value: Any) -> datetime | None:
    ms = read_iso(value) if isinstance(value, str) else None
    return None if ms is None else to_datetime(ms)


def _add_faults(rig: Rig, request: Request) -> Json:
    body = read_object(request.body)
    return {"added": [_or_invalid(rig.add_fault, spec) for spec in body.get("faults", [body])]}


def _or_invalid(act: Callable[..., Any], given: Any) -> Any:
    try:
        return act(**given)
    except (TypeError, ValueError, KeyError) as error:
        raise invalid("body", f"is not understood: {error}") from None


def _clear_faults(rig: Rig, _request: Request) -> Json:
    rig.clear_faults()
    return {}


def _read_options(rig: Rig, _request: Request) -> Json:
    return {"options": {name: value for name, value in rig.options.as_json().items() if name not in SECRET_OPTIONS}}


def _set_options(rig: Rig, request: Request) -> Json:
    _or_invalid(rig.set_options, read_object(request.body))
    return _read_options(rig, request)


def _reset(rig: Rig, _request: Request) -> Json:
    rig.reset()
    return {}


_HANDLERS: Mapping[tuple[str, str], Callable[[Rig, Request], Json]] = {
    ("GET", "/sandbox/public"): _public,
    ("GET", "/sandbox/items"): lambda rig, request: {"items": rig.items(_site(request))},
    ("GET", "/sandbox/calls"): lambda rig, request: {"calls": [entry.as_json() for entry in rig.calls(_site(request))]},
    ("GET", "/sandbox/files"): lambda rig, request: {"files": rig.files(_site(request))},
    ("GET", "/sandbox/clock"): lambda rig, _request: {"now": rig.now().isoformat()},
    ("POST", "/sandbox/clock"): _set_clock,
    ("GET", "/sandbox/faults"): lambda rig, _request: {"faults": rig.faults()},
    ("POST", "/sandbox/faults"): _add_faults,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("POST", "/sandbox/seed"): lambda rig, request: {"items": _or_invalid(rig.seed, read_object(request.body))},
    ("GET", "/sandbox/options"): _read_options,
    ("POST", "/sandbox/options"): _set_options,
    ("POST", "/sandbox/reset"): _reset,
}
