"""Things that go wrong on demand: which call they meet, whether the change is made all the same, and what arrives.

A fault is data. It meets the calls that fit it: the `nth` of them, every `every`th, each with a `probability` (from its
own seed, so that a run can be repeated), and at most `times` of them (None: no end).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from batch.sandbox.service import ROUTES
from batch.sandbox.state import Headers, Json, Response, Store, make_response
from tests.rig.delivery import Delivered, Delivery, Travel, delivered

SCHEMA = """
CREATE TABLE IF NOT EXISTS faults (
    n INTEGER PRIMARY KEY, spec TEXT NOT NULL, seen INTEGER NOT NULL, done INTEGER NOT NULL
)
"""
TOKEN_CALL = "oauth_token"
CALL_NAMES = frozenset({"*", "changing", TOKEN_CALL, *(route.call for route in ROUTES)})
"""What a fault may be about: all calls, those that change items, or one by its name in the table of routes."""

HTML = (
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>Bad Gateway</h1><p>The upstream server did not answer.</p></body></html>"
)
OTHER_ID = "00000000-dead-4bad-8bad-000000000bad"
HUGE_BYTES = 20 * 1024 * 1024
DEEP_LEVELS = 100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `calls` are names of calls, `changing` for all that change items, or `*`.

    `made`: whether the call is carried out before the fault meets its answer; None: as is usual for the kind.
    """

    kind: str
    calls: tuple[str, ...] = ("*",)
    site: str = ""
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None
    made: bool | None = None
    status: int = 503
    code: str = ""
    retry_after: str = ""
    seconds: float = 1.0
    body: str = ""
    only_first: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}: {', '.join(KINDS)}")
        if not set(self.calls) <= CALL_NAMES:
            raise ValueError(f"there is no call {', '.join(sorted(set(self.calls) - CALL_NAMES))}")

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> Fault:
        """Read a fault. `call` may stand for a single entry of `calls`. Raises `ValueError`."""
        given = dict(spec)
        if "call" in given:
            given["calls"] = [given.pop("call")]
        known = {f.name for f in fields(cls)}
        if "kind" not in given or not set(given) <= known:
            raise ValueError(f"a fault has a kind, and may have {', '.join(sorted(known))}")
        calls = given.get("calls", ["*"])
        if not isinstance(calls, (list, tuple)):
            raise ValueError("calls is a list of names of calls")
        return cls(**{**given, "calls": tuple(calls)})

    def meets(self, call: str, site: str, *, changing: bool) -> bool:
        """Tell whether a call is one of those that this fault is about."""
        named = call in self.calls or "*" in self.calls or (changing and "changing" in self.calls)
        return named and self.site in ("", site)

    def strikes(self, seen: int, done: int) -> bool:
        """Tell whether the fault strikes the call that is the `seen`th to meet it."""
        if self.times is not None and done >= self.times:
            return False
        if self.nth is not None:
            return seen == self.nth
        if self.every is not None:
            return seen % self.every == 0
        if self.probability is not None:
            return random.Random(f"{self.seed}:{seen}").random() < self.probability
        return True

    @property
    def is_made(self) -> bool:
        """Whether the call is carried out."""
        return KINDS[self.kind] if self.made is None else self.made


def _status(fault: Fault, _answer: Response) -> Response:
    said = fault.code or f"HTTP_{fault.status}"
    error = {"code": said, "description": "The sandbox was asked to fail."}
    headers: Headers = (("retry-after", fault.retry_after),) if fault.retry_after else ()
    body = {"message": error["description"], "details": {"applicationError": error}}
    return make_response(body, status=fault.status, headers=headers)


Spoiler = Callable[[Fault, Response], Response]


def spoil(fault: Fault, good: Response | None) -> Delivered:
    """Return what arrives instead of the good answer (None where the call was not carried out)."""
    spoiled = _SPOILERS[fault.kind](fault, good or make_response({}))
    return spoiled if isinstance(spoiled, Delivered) else delivered(spoiled)


def _travelling(travel: Travel) -> Spoiler:
    return lambda _fault, answer: delivered(answer, Delivery(travel))


def _delay(fault: Fault, answer: Response) -> Response:
    return delivered(answer, Delivery(delay_seconds=fault.seconds))


def _cut(_fault: Fault, answer: Response) -> Response:
    return delivered(answer, Delivery(Travel.CUT, cut_at=len(answer.body) // 2))


def _drip(fault: Fault, answer: Response) -> Response:
    return delivered(answer, Delivery(Travel.DRIP, every_seconds=fault.seconds))


def _html(fault: Fault, _answer: Response) -> Response:
    return Response(fault.status, fault.body.encode() or HTML, (("content-type", "text/html; charset=utf-8"),))


def _garbage(_fault: Fault, answer: Response) -> Response:
    return replace(answer, body=b'{"item": {"id": \xff\xfe\x00 not json at all')


def _huge(_fault: Fault, answer: Response) -> Response:
    return replace(answer, body=b'{"padding":"' + b"x" * HUGE_BYTES + b'",' + answer.body[1:])


def _deep(_fault: Fault, answer: Response) -> Response:
    return replace(answer, body=b'{"item":' * DEEP_LEVELS + b"1" + b"}" * DEEP_LEVELS)


def _wrong_id(_fault: Fault, answer: Response) -> Response:
    try:
        body: Json = json.loads(answer.body)
    except ValueError:
        return answer
    if isinstance(body.get("item"), dict):
        body["item"]["id"] = OTHER_ID
        body["item"]["referenceId"] = "somebody-else"
    for listed in (body.get("items"), body.get("results")):
        for entry in listed if isinstance(listed, list) else []:
            _give_other_id(entry)
    return make_response(body, status=answer.status)


def _give_other_id(entry: Json) -> None:
    for place in (entry, entry.get("item"), entry.get("itemMetadata")):
        if isinstance(place, dict) and "id" in place:
            place["id"] = OTHER_ID


def _wrong_shape(_fault: Fault, answer: Response) -> Response:
    return replace(answer, body=b'["item", 1, null, {"results": "none", "items": {"a": 1}, "accounts": 7}]')


def _body(fault: Fault, answer: Response) -> Response:
    return replace(answer, status=fault.status if fault.status != 503 else 200, body=fault.body.encode())


def _redirect(fault: Fault, _answer: Response) -> Response:
    status = fault.status if 300 <= fault.status < 400 else 307
    return Response(status, b"", (("location", fault.body or "/social-publisher/v1/elsewhere"),))


KINDS: Mapping[str, bool] = MappingProxyType({
    "status": False, "refused": False, "drop_before": False, "drop_after": True, "reset_before": False,
    "reset_after": True, "delay": True, "html": False, "cut": True, "garbage": True, "drip": True, "huge": True,
    "deep": True, "wrong_id": True, "wrong_shape": True, "body": True, "redirect": False, "silent": False,
    "late": False,
})  # fmt: skip
"""The kinds of fault, and whether the call is usually carried out. A `late` one is, but after its connection broke."""

_SPOILERS: Mapping[str, Spoiler] = {
    "status": _status,
    "refused": _travelling(Travel.REFUSED),
    "drop_before": _travelling(Travel.DROP),
    "drop_after": _travelling(Travel.DROP),
    "reset_before": _travelling(Travel.RESET),
    "reset_after": _travelling(Travel.RESET),
    "delay": _delay,
    "html": _html,
    "cut": _cut,
    "garbage": _garbage,
    "drip": _drip,
    "huge": _huge,
    "deep": _deep,
    "wrong_id": _wrong_id,
    "wrong_shape": _wrong_shape,
    "body": _body,
    "redirect": _redirect,
    "silent": _travelling(Travel.SILENT),
    "late": _travelling(Travel.DROP),
}


def add_fault(store: Store, fault: Fault) -> int:
    """Set a fault; return its number."""
    number = store.run("INSERT INTO faults (spec, seen, done) VALUES (?, 0, 0)", json.dumps(asdict(fault))).lastrowid
    return int(number or 0)


def pick_fault(store: Store, call: str, site: str, *, changing: bool) -> Fault | None:
    """Return the fault that strikes this call, the first that was set, and count the call for all that it meets."""
    chosen = None
    for number, spec, seen, done in store.rows("SELECT n, spec, seen, done FROM faults ORDER BY n"):
        fault = Fault.from_json(json.loads(spec))
        if not fault.meets(call, site, changing=changing):
            continue
        strikes = chosen is None and fault.strikes(seen + 1, done)
        store.run("UPDATE faults SET seen = seen + 1, done = done + ? WHERE n = ?", int(strikes), number)
        chosen = fault if strikes else chosen
    return chosen


def read_faults(store: Store) -> list[Json]:
    """Return all faults that are set, with how often each was met and has struck."""
    rows = store.rows("SELECT n, spec, seen, done FROM faults ORDER BY n")
    return [{"n": n, **json.loads(spec), "seen": seen, "done": done} for n, spec, seen, done in rows]


def clear_faults(store: Store) -> None:
    """Take all faults away."""
    store.run("DELETE FROM faults")
