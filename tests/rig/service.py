"""The sandbox with all that tests need of it: faults, seeds, a clock that moves, and records of what really happened.

It is the sandbox that ships, with other rules where the options say so. What it remembers more stands in tables of its
own in the same store, so that several processes may share it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from batch.sandbox.calls import Route
from batch.sandbox.service import FILES, POSTS, ROUTES, Service
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Json, Ms, Refusal, Request, Response, make_response, to_datetime, to_ms, utc_now
from tests.rig import call_log, control, delayed_requests, faults, identity, published_log, rules
from tests.rig.call_log import Entry, read_calls, write_call
from tests.rig.delayed_requests import keep_delayed, take_delayed
from tests.rig.delivery import Delivered, delivered
from tests.rig.faults import TOKEN_CALL, Fault, add_fault, clear_faults, pick_fault, read_faults, spoil
from tests.rig.identity import TOKEN_PATH, guess_site, issue_token, token_site
from tests.rig.options import Options
from tests.rig.published_log import PublicPost, read_coming, read_published
from tests.rig.readings import Reading
from tests.rig.rules import HANDLERS, RigContext, RigItems, RigSite
from tests.rig.seed import apply_seed

TABLES = (call_log, delayed_requests, faults, identity, published_log, rules)
META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
RIG_ROUTES = (
    *(route._replace(handler=HANDLERS.get(route.call, route.handler)) for route in ROUTES),
    Route(TOKEN_CALL, "POST", TOKEN_PATH, issue_token, signed=False),
)
EXTRA_EVERY = 7


class Rig(Service):
    """A sandbox for tests. Options left out are those that the file remembers.

    `id_seed` makes the same IDs each time, in the order in which they are needed; only for a state that begins empty.
    `readings` are those of the contract by which it answers callers.
    """

    routes = RIG_ROUTES
    zone = UTC

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        options: Options | None = None,
        sites: Iterable[str] | Mapping[str, str] = (SITE_ID,),
        now: Callable[[], datetime] = utc_now,
        id_seed: int | None = None,
        readings: Sequence[Reading] = (),
    ) -> None:
        # What an item looks like is settled before the answers that hold it are changed.
        self.readings = sorted(readings, key=lambda reading: reading.answer is not None)
        for reading in readings:
            options = (options or Options()).changed(reading.options)
        self._id_seed, self._ids, self._answered = id_seed, 0, 0
        self._options = (Options(), "")
        self._entry = Entry(0, "", "", "", "")
        self._fault: Fault | None = None
        self._context: RigContext | None = None
        named = dict(sites) if isinstance(sites, Mapping) else dict.fromkeys(sites, "")
        super().__init__(state, sites=named, now=now)
        if options is not None:
            with self.transaction():
                self._remember("options", options.as_json())

    def begin(self) -> None:
        """Put the tables and the sites of the start into the store."""
        for statements in (META, *(module.SCHEMA for module in TABLES)):
            for statement in statements.split(";\n"):
                self.store.run(statement)
        super().begin()

    def answer(self, request: Request) -> Delivered:
        """Answer one request of the API, or of the rig's own addresses."""
        response = control.answer(self, request) if request.path.startswith(control.PREFIX) else super().answer(request)
        return response if isinstance(response, Delivered) else delivered(response)

    def call(self, method: str, path: str, body: Json | None = None, *, site: str = SITE_ID) -> Delivered:
        """Make a call as somebody else on the site: no fault, credential or pace. `path` is below the API's own."""
        bare, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "wix-site-id": site}
        whole = bare if bare.startswith(FILES) else POSTS + bare
        request = Request(method, whole, tuple(parse_qsl(query, keep_blank_values=True)), headers, content)
        with self.advanced() as now:
            return delivered(self.respond(request, now, origin="somebody"))

    def respond(self, request: Request, now: Ms, *, origin: str = "caller") -> Response:
        """Answer a call and log it. Only a `caller` meets faults: not `somebody` else, nor what arrives `late`."""
        found = self.find_route(request)
        call = found[0].call if found else ""
        entry = Entry(now, guess_site(request, self.store), call, request.method, request.path, origin=origin)
        changing = found is not None and found[0].changes
        fault = pick_fault(self.store, call, entry.site, changing=changing) if call and origin == "caller" else None
        self._entry, self._fault, self._context = entry, fault, None
        response = None
        if fault is None or fault.is_made:
            response = self._read(request, now, entry) if origin == "caller" else self._carry_out(request, now, entry)
        elif fault.kind == "late":
            keep_delayed(self.store, request, site=entry.site, at=now + round(fault.seconds * 1000))
        entry.fault = fault.kind if fault else ""
        write_call(self.store, entry)
        if fault is not None:
            return spoil(fault, response)
        assert response is not None
        return response

    def _read(self, request: Request, now: Ms, entry: Entry) -> Response:
        """Carry a call out as the readings say: refused beforehand, or asked and answered otherwise."""
        for reading in self.readings:
            request = reading.asked(entry.call, request)
            if refusal := reading.refused(entry.call, request, self.items_at(now)):
                entry.status, entry.code = refusal.status, "REFUSED"
                return refusal
        response = self._carry_out(request, now, entry)
        for reading in self.readings:
            response = reading.answered(entry.call, request, response)
        return response

    def _carry_out(self, request: Request, now: Ms, entry: Entry) -> Response:
        response = super().respond(request, now)
        entry.status = response.status
        if response.status >= 400:
            entry.code = json.loads(response.body)["details"].get("applicationError", {}).get("code", "VALIDATION")
            return response
        entry.changed = self._context is not None and self._context.items.changed
        self._answered += 1
        if not self.options_now().extra_fields or self._answered % EXTRA_EVERY:
            return response
        rest = response.body.decode("utf-8", "surrogatepass").removeprefix("{")
        return make_response('{"previewOfAFieldToCome":{"enabled":true}' + ("" if rest == "}" else ",") + rest)

    def context(self, request: Request, now: Ms, site: str, parts: dict[str, str]) -> RigContext:
        """Return what a handler has at hand."""
        self._context = RigContext(request, self.items_at(now), RigSite(self.store, site, now), parts)
        self._context.items.call = self._entry.call
        self._context.only_first = self._fault.only_first if self._fault else None
        return self._context

    def items_at(self, now: Ms) -> RigItems:
        """Return the items as they are at an instant."""
        return RigItems(self.store, now, new_id=self.new_id, options=self.options_now())

    def identify(self, request: Request, now: Ms) -> str:
        """Return the site of the caller. Raises `Refusal` 401 or 403."""
        if self._entry.origin != "caller":
            return self._entry.site
        site = token_site(request, self.store, self.options_now(), now)
        self._entry.site = self.known_site(site) if site else super().identify(request, now)
        return self._entry.site

    def need_room(self, site: str, now: Ms) -> None:
        """Count a call, or refuse one beyond the limit."""
        if self._entry.origin != "caller":
            return
        try:
            super().need_room(site, now)
        except Refusal as refusal:
            if not self.options_now().retry_after:
                refusal.headers = ()
            raise
        self._entry.counted = True

    @property
    def calls_per_minute(self) -> int:  # type: ignore[override] # what is a constant there is an option here
        """How many calls a site may make in any minute; 0: as many as it likes."""
        return self.options_now().calls_per_minute

    def advance(self, now: Ms) -> None:
        """Let everything happen that was to happen until an instant, what arrives late included."""
        while late := take_delayed(self.store, now):
            super().advance(late[0])
            self.respond(late[1], late[0], origin="late")
        super().advance(now)

    def new_id(self) -> str:
        """Return a new GUID, the same each time where there is a seed."""
        if self._id_seed is None:
            return super().new_id()
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._id_seed}:{self._ids}"))

    # What there is to see.

    def public(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that the public has seen until now, in order."""
        with self.advanced():
            return read_published(self.store, site)

    def coming(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that will become public unless somebody stops it."""
        with self.advanced():
            return read_coming(self.store, site)

    def calls(self, site: str | None = None) -> list[Entry]:
        """Return the log of calls."""
        with self.transaction():
            return read_calls(self.store, site)

    def files(self, site: str | None = None) -> list[Json]:
        """Return the files of the Media Manager, with what becomes of each, its source, and the digest of an upload."""
        names = ("fate", "source", "sha256", "site")
        with self.transaction():
            rows = self.store.rows(
                "SELECT body, fate, source, sha256, site FROM files WHERE ? IS NULL OR site = ? ORDER BY n", site, site
            )
        return [{**json.loads(body), **dict(zip(names, rest, strict=True))} for body, *rest in rows]

    def faults(self) -> list[Json]:
        """Return the faults that are set, with how often each was met and has struck."""
        with self.transaction():
            return read_faults(self.store)

    # What there is to set.

    def seed(self, **seed: Any) -> list[str]:
        """Put a site as a scenario needs it (see `seed.apply_seed`); return the IDs of added items."""
        with self.advanced() as now:
            return apply_seed(self.items_at(now), seed)

    def add_fault(self, **spec: Any) -> int:
        """Set a fault (see `faults.Fault`); return its number. Raises `ValueError`."""
        with self.transaction():
            return add_fault(self.store, Fault.from_json(spec))

    def clear_faults(self) -> None:
        """Take all faults away."""
        with self.transaction():
            clear_faults(self.store)

    @property
    def options(self) -> Options:
        """The settings in force."""
        with self.transaction():
            return self.options_now()

    def options_now(self) -> Options:
        """Return the settings within a transaction: another process may have changed them."""
        text = self._recall("options") or "{}"
        if text != self._options[1]:
            self._options = (Options().changed(json.loads(text)), text)
        return self._options[0]

    def set_options(self, **changes: Any) -> Options:
        """Change settings from now on. Raises `ValueError`."""
        with self.transaction():
            before = self.options_now()
            made = before.changed(changes)
            if made.query_lag_seconds and not before.query_lag_seconds:
                self.store.run("DELETE FROM versions")
                self.store.run("INSERT INTO versions SELECT n, site, id, 0, NULL, body FROM items")
            self._remember("options", made.as_json())
            return made

    def move_clock(self, *, seconds: float) -> datetime:
        """Move the clock, and let happen what was to happen until then."""
        with self.transaction():
            return self._shift_clock(self._shift() + round(seconds * 1000))

    def set_clock(self, at: datetime) -> datetime:
        """Set the clock, from where it goes on, and let happen what was to happen until then."""
        with self.transaction():
            return self._shift_clock(to_ms(at) - super().now_ms())

    def _shift_clock(self, shift: Ms) -> datetime:
        self._remember("shift", shift)
        now = self.now_ms()
        self.advance(now)
        return to_datetime(now)

    def now(self) -> datetime:
        """Return the rig's time."""
        with self.transaction():
            return to_datetime(self.now_ms())

    def now_ms(self) -> Ms:
        """Return the rig's time within a transaction."""
        return super().now_ms() + self._shift()

    def _shift(self) -> Ms:
        return int(self._recall("shift") or 0)

    def _recall(self, name: str) -> str | None:
        found = self.store.row("SELECT value FROM meta WHERE name = ?", name)
        return None if found is None else str(found[0])

    def _remember(self, name: str, value: Any) -> None:
        self.store.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, json.dumps(value))

    def reset(self) -> None:
        """Forget everything but the settings, and begin again with the sites of the start."""
        options = self.options
        super().reset()
        with self.transaction():
            self._remember("options", options.as_json())
