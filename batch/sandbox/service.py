"""The Publisher API as a function: one request in, one response out, everything that it remembers in one store.

It reads the time from where it is told to and nothing else from outside, so that thousands of scenarios with a clock of
their own can run on it, and the socket shell around it only carries bytes.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batch.sandbox import auth, control, media, pace
from batch.sandbox.context import Answer, Context
from batch.sandbox.faults import Fault, add_fault, clear_faults, pick_fault, read_faults, spoil
from batch.sandbox.items import Items, random_id
from batch.sandbox.log import Entry, read_calls, write_call
from batch.sandbox.options import Options
from batch.sandbox.public import PublicPost, read_coming, read_public
from batch.sandbox.routes import POSTS, TOKEN_CALL, UPLOAD_CALL, Route, find_route
from batch.sandbox.seed import SITE_ID, add_site, apply_seed
from batch.sandbox.state import Store
from batch.sandbox.times import Ms, to_datetime, to_ms, write_http_date
from batch.sandbox.wire import Headers, Json, Refusal, Request, Response, json_response

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a password
MOST_BODY_BYTES = 4 * 1024 * 1024
_NO_BODY = frozenset({"GET", "DELETE", "HEAD"})


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Service:
    """A sandbox. Threads may share it; close it, or use it in a `with`.

    `state` is a file, or `:memory:`. `sites` are the IDs of the sites to be there from the start, each with the default
    accounts. `seed` makes the IDs of items the same each time. Options left out are those that the file remembers.
    """

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        options: Options | None = None,
        sites: Iterable[str] = (SITE_ID,),
        now: Callable[[], datetime] = utc_now,
        seed: int | None = None,
    ) -> None:
        self._store = Store(state)
        self._lock = threading.RLock()
        self._read_clock = now
        self._seed = seed
        self._made = self._ids = 0
        self._sites = tuple(sites) or (SITE_ID,)
        self._options = (Options(), "")
        with self._lock, self._store.transaction():
            if options is not None:
                self._store.remember("options", options.as_json())
            for site in self._sites:
                add_site(self._store, site)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._store.close()

    # What tests and people ask of a sandbox itself.

    @property
    def options(self) -> Options:
        """The settings in force."""
        with self._lock, self._store.transaction():
            return self._current_options()

    def set_options(self, **changes: Any) -> Options:
        """Change settings from now on. Raises `ValueError`."""
        with self._lock, self._store.transaction():
            made = self._current_options().changed(changes)
            self._store.remember("options", made.as_json())
            return made

    def now(self) -> datetime:
        """Return the sandbox's time."""
        with self._lock, self._store.transaction():
            return to_datetime(self._now_ms())

    def move_clock(self, *, seconds: float) -> datetime:
        """Move the sandbox's clock, and let happen what was to happen until then."""
        with self._lock, self._store.transaction():
            shift = self._shift() + int(seconds * 1000)
            self._store.remember("shift", shift)
            return to_datetime(self._advance())

    def set_clock(self, at: datetime) -> datetime:
        """Set the sandbox's clock, from where it goes on, and let happen what was to happen until then."""
        with self._lock, self._store.transaction():
            self._store.remember("shift", to_ms(at) - to_ms(self._read_clock()))
            return to_datetime(self._advance())

    def tick(self) -> None:
        """Let happen what was to happen until now."""
        with self._lock, self._store.transaction():
            self._advance()

    def public(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that the public has seen until now, in order."""
        with self._lock, self._store.transaction():
            self._advance()
            return read_public(self._store, site)

    def coming(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that will become public unless somebody stops it."""
        with self._lock, self._store.transaction():
            self._advance()
            return read_coming(self._store, site)

    def items(self, site: str | None = None) -> list[Json]:
        """Return all items as the API would show them, without lag, in the order in which they were made."""
        with self._lock, self._store.transaction():
            self._advance()
            rows = self._store.rows("SELECT body FROM items WHERE ? IS NULL OR site = ? ORDER BY n", site, site)
            return [json.loads(row[0]) for row in rows]

    def sites(self) -> list[tuple[str, str]]:
        """Return ID and name of each site."""
        with self._lock, self._store.transaction():
            return [(row[0], row[1]) for row in self._store.rows("SELECT id, name FROM sites ORDER BY name, id")]

    def dated_items(self, site: str) -> list[tuple[Json, Ms | None]]:
        """Return a site's items, each with the instant at which it became public or is to."""
        with self._lock, self._store.transaction():
            self._advance()
            rows = self._store.rows(
                "SELECT i.body, coalesce((SELECT max(p.at) FROM public p WHERE p.site = i.site AND p.item = i.id), i.due) "
                "FROM items i WHERE i.site = ? ORDER BY i.n",
                site,
            )
            return [(json.loads(body), at) for body, at in rows]

    def calls(self, site: str | None = None) -> list[Entry]:
        """Return the log of calls."""
        with self._lock, self._store.transaction():
            return read_calls(self._store, site)

    def files(self, site: str | None = None) -> list[Json]:
        """Return the files of the Media Manager, with where each came from and the digest of an upload."""
        with self._lock, self._store.transaction():
            rows = self._store.rows(
                "SELECT body, fate, source, sha256, site FROM files WHERE ? IS NULL OR site = ? ORDER BY n", site, site
            )
            names = ("fate", "source", "sha256", "site")
            return [{**json.loads(body), **dict(zip(names, rest, strict=True))} for body, *rest in rows]

    def faults(self) -> list[Json]:
        """Return the faults that are set, with how often each was met and has struck."""
        with self._lock, self._store.transaction():
            return read_faults(self._store)

    def seed(self, seed: Mapping[str, Any]) -> list[str]:
        """Put a site as a scenario needs it (see `seed.apply_seed`); return the IDs of added items."""
        with self._lock, self._store.transaction():
            now = self._advance()
            return apply_seed(self._store, seed, options=self._current_options(), now=now, new_id=self._new_id)

    def add_fault(self, **spec: Any) -> int:
        """Set a fault (see `faults.Fault`); return its number."""
        with self._lock, self._store.transaction():
            return add_fault(self._store, Fault.from_json(spec))

    def clear_faults(self) -> None:
        """Take all faults away."""
        with self._lock, self._store.transaction():
            clear_faults(self._store)

    def reset(self) -> None:
        """Forget everything but the settings, and begin again with the default sites."""
        with self._lock, self._store.transaction():
            options = self._current_options()
            self._store.clear()
            self._store.remember("options", options.as_json())
            for site in self._sites:
                add_site(self._store, site)

    def call(self, method: str, path: str, body: Json | None = None, *, site: str = SITE_ID) -> Response:
        """Make a call as somebody else on the site: no faults, no pace, no credential. `path` is below the API's own."""
        bare, _, query = path.partition("?")
        pairs = tuple((k, v) for k, _, v in (part.partition("=") for part in query.split("&") if part))
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "wix-site-id": site}
        request = Request(method, bare if bare.startswith("/site-media") else POSTS + bare, pairs, headers, content)
        with self._lock, self._store.transaction():
            return self._answer_call(request, self._advance(), origin="somebody")

    # The API.

    def answer(self, request: Request) -> Response:
        """Answer one request: all of its changes, or none, and one line in the log."""
        with self._lock:
            if control.is_control(request):
                return control.answer(self, request)
            with self._store.transaction():
                now = self._advance()
                response = self._answer_call(request, now, origin="caller")
        return replace(response, headers=(*response.headers, *_common(now)))

    def _answer_call(self, request: Request, now: Ms, *, origin: str) -> Response:
        found = find_route(request.method, request.path)
        call = found[0].call if found else _other_call(request)
        site = auth.site_named(request)
        outside = origin == "caller"
        changing = found is not None and found[0].changes
        fault = pick_fault(self._store, call, site, changing=changing) if outside and call else None
        entry = Entry(now, site, call, request.method, request.path, origin=origin, fault=fault.kind if fault else "")
        response: Response | None = None
        if fault is None or fault.is_made:
            response = self._carry_out(request, found, now, entry, fault)
        shown = spoil(fault, response) if fault else response
        assert shown is not None  # noqa: S101 - without a fault there is a response
        entry.status = response.status if response is not None else shown.status
        write_call(self._store, entry)
        return shown

    def _carry_out(
        self, request: Request, found: tuple[Route, dict[str, str]] | None, now: Ms, entry: Entry, fault: Fault | None
    ) -> Response:
        options = self._current_options()
        try:
            with self._store.part():
                answer, context = self._dispatch(request, found, now, entry, options)
                if context is not None:
                    context.only_first = fault.only_first if fault else None
                    answer = found[0].handler(context) if found else {}
                    entry.changed = context.changed
        except Refusal as refusal:
            entry.code = refusal.code
            return json_response(refusal.body(), status=refusal.status, headers=refusal.headers)
        return answer if isinstance(answer, Response) else json_response(self._with_extra(answer, options))

    def _dispatch(
        self, request: Request, found: tuple[Route, dict[str, str]] | None, now: Ms, entry: Entry, options: Options
    ) -> tuple[Answer, Context | None]:
        """Return the answer of a call that needs no site, or the context of one that does. Raises `Refusal`."""
        if entry.call == UPLOAD_CALL:
            return media.upload_file(request, self._store, options, now, self._new_id()), None
        _check_request(request)
        if entry.call == TOKEN_CALL:
            return auth.issue_token(request, self._store, options, now), None
        if entry.origin == "caller":
            entry.site = auth.identify(request, self._store, options, now).site
            entry.counted = True
            pace.need_room(self._store, entry, options)
        if found is None:
            raise Refusal(404, "NOT_FOUND", f"There is no call {request.method} {request.path[:200]}.")
        context = Context(request, self._store, options, now, entry.site, found[1], self._new_id)
        return {}, context

    def _with_extra(self, answer: Json | str, options: Options) -> Json | str:
        """Add a field that nobody knows to every seventh answer, as a developer preview may."""
        self._made += 1
        if not options.extra_fields or self._made % 7:
            return answer
        if isinstance(answer, str):
            return '{"previewOfAFieldToCome":{"enabled":true},' + answer[1:]
        return {"previewOfAFieldToCome": {"enabled": True}, **answer}

    # Time, options and IDs, as the store has them.

    def _current_options(self) -> Options:
        text = self._store.meta("options") or "{}"
        if text != self._options[1]:
            self._options = (Options().changed(json.loads(text)), text)
        return self._options[0]

    def _shift(self) -> Ms:
        return int(self._store.meta("shift") or 0)

    def _now_ms(self) -> Ms:
        return to_ms(self._read_clock() + timedelta(milliseconds=self._shift()))

    def _advance(self) -> Ms:
        now = self._now_ms()
        Items(self._store, self._current_options(), now, new_id=self._new_id).advance()
        return now

    def _new_id(self) -> str:
        if self._seed is None:
            return random_id()
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed}:{self._ids}"))


def _other_call(request: Request) -> str:
    if (request.method, request.path) == ("POST", TOKEN_PATH):
        return TOKEN_CALL
    if request.method == "PUT" and request.path.startswith(media.UPLOAD_PATH):
        return UPLOAD_CALL
    return ""


def _check_request(request: Request) -> None:
    if len(request.body) > MOST_BODY_BYTES:
        raise Refusal(413, "TOO_LARGE", "The request is too large.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method not in _NO_BODY and kind != "application/json":
        raise Refusal(400, "CONTENT_TYPE", "The header Content-Type must be application/json.")
    if request.method in _NO_BODY and request.body.strip() not in (b"", b"{}"):
        raise Refusal(400, "BODY_NOT_ALLOWED", f"A {request.method} has no body.")


def _common(now: Ms) -> Headers:
    return (("date", write_http_date(now)),)
