"""The sandbox as a function: one request in, one response out, and all that it remembers in one store.

It reads the time from where it is told to and nothing else from outside, so that thousands of scenarios with a clock of
their own can run on it, and the socket shell around it only carries bytes. Every method is one transaction.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from batch.sandbox import control
from batch.sandbox.dispatch import Dispatcher
from batch.sandbox.faults import Fault, add_fault, clear_faults, read_faults
from batch.sandbox.items import Items, random_id
from batch.sandbox.late import take_late
from batch.sandbox.log import Entry, read_calls
from batch.sandbox.media import read_files
from batch.sandbox.options import Options
from batch.sandbox.public import PublicPost, read_coming, read_public
from batch.sandbox.routes import FILES, POSTS
from batch.sandbox.seed import SITE_ID, add_site, apply_seed
from batch.sandbox.sites import read_names
from batch.sandbox.state import Store
from batch.sandbox.times import Ms, to_datetime, to_ms, write_http_date
from batch.sandbox.wire import Json, Request, Response


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Service:
    """A sandbox. Threads may share it; close it, or use it in a `with`.

    `state` is a file, or `:memory:`. `sites` are the IDs of the sites to be there from the start (or IDs with names),
    each with the default accounts. Options left out are those that the file remembers. `id_seed` makes the same IDs
    each time, in the order in which they are needed; only for a state that begins empty. Raises `OSError` for a file
    that can't be used.
    """

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        options: Options | None = None,
        sites: Iterable[str] | Mapping[str, str] = (SITE_ID,),
        now: Callable[[], datetime] = utc_now,
        id_seed: int | None = None,
    ) -> None:
        self._store = Store(state)
        self._lock = threading.RLock()
        self._read_clock = now
        self._id_seed, self._ids = id_seed, 0
        named = dict(sites) if isinstance(sites, Mapping) else dict.fromkeys(sites, "")
        self._sites = {site.lower(): name for site, name in (named or {SITE_ID: ""}).items()}
        self._options = (Options(), "")
        self._dispatcher = Dispatcher(self._store, self._new_id)
        with self._transaction():
            if options is not None:
                self._store.remember("options", options.as_json())
            self._add_sites()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._store.close()

    def answer(self, request: Request) -> Response:
        """Answer one request of the API, or of the sandbox's own addresses."""
        if control.is_control(request):
            return control.answer(self, request)
        with self._advanced() as now:
            response = self._dispatcher.answer(request, now, self._current_options())
        return replace(response, headers=(*response.headers, ("date", write_http_date(now))))

    def call(self, method: str, path: str, body: Json | None = None, *, site: str = SITE_ID) -> Response:
        """Make a call as somebody else on the site: no fault, credential or pace. `path` is below the API's own."""
        bare, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "wix-site-id": site}
        whole = bare if bare.startswith(FILES) else POSTS + bare
        request = Request(method, whole, tuple(parse_qsl(query, keep_blank_values=True)), headers, content)
        with self._advanced() as now:
            return self._dispatcher.answer(request, now, self._current_options(), origin="somebody")

    # What there is to see.

    def public(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that the public has seen until now, in order."""
        with self._advanced():
            return read_public(self._store, site)

    def coming(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that will become public unless somebody stops it."""
        with self._advanced():
            return read_coming(self._store, site)

    def items(self, site: str | None = None) -> list[Json]:
        """Return all items as the API would show them, without lag, in the order in which they were made."""
        with self._advanced():
            rows = self._store.rows("SELECT body FROM items WHERE ? IS NULL OR site = ? ORDER BY n", site, site)
            return [json.loads(row[0]) for row in rows]

    def sites(self) -> dict[str, str]:
        """Return the sites, by ID, with their names; those of the start come first."""
        with self._transaction():
            found: dict[str, str] = dict(self._store.rows("SELECT id, name FROM sites ORDER BY name, id"))
        return {site: found[site] for site in (*self._sites, *found) if site in found}

    def account_names(self, site: str) -> dict[str, str]:
        """Return what people call a site's accounts, by ID."""
        with self._transaction():
            return read_names(self._store, site)

    def files(self, site: str | None = None) -> list[Json]:
        """Return the files of the Media Manager, with where each came from and the digest of an upload."""
        with self._transaction():
            return read_files(self._store, site)

    def calls(self, site: str | None = None) -> list[Entry]:
        """Return the log of calls."""
        with self._transaction():
            return read_calls(self._store, site)

    def faults(self) -> list[Json]:
        """Return the faults that are set, with how often each was met and has struck."""
        with self._transaction():
            return read_faults(self._store)

    # What there is to set.

    def seed(self, **seed: Any) -> list[str]:
        """Put a site as a scenario needs it (see `seed.apply_seed`); return the IDs of added items."""
        with self._advanced() as now:
            return apply_seed(self._store, seed, options=self._current_options(), now=now, new_id=self._new_id)

    def add_fault(self, **spec: Any) -> int:
        """Set a fault (see `faults.Fault`); return its number. Raises `ValueError`."""
        with self._transaction():
            return add_fault(self._store, Fault.from_json(spec))

    def clear_faults(self) -> None:
        """Take all faults away."""
        with self._transaction():
            clear_faults(self._store)

    @property
    def options(self) -> Options:
        """The settings in force."""
        with self._transaction():
            return self._current_options()

    def set_options(self, **changes: Any) -> Options:
        """Change settings from now on. Raises `ValueError`."""
        with self._transaction():
            made = self._current_options().changed(changes)
            self._store.remember("options", made.as_json())
            return made

    def now(self) -> datetime:
        """Return the sandbox's time."""
        with self._transaction():
            return to_datetime(self._now_ms())

    def move_clock(self, *, seconds: float) -> datetime:
        """Move the sandbox's clock, and let happen what was to happen until then."""
        with self._transaction():
            self._store.remember("shift", self._shift() + round(seconds * 1000))
            return to_datetime(self._advance())

    def set_clock(self, at: datetime) -> datetime:
        """Set the sandbox's clock, from where it goes on, and let happen what was to happen until then."""
        with self._transaction():
            self._store.remember("shift", to_ms(at) - to_ms(self._read_clock()))
            return to_datetime(self._advance())

    def tick(self) -> None:
        """Let happen what was to happen until now."""
        with self._advanced():
            pass

    def reset(self) -> None:
        """Forget everything but the settings, and begin again with the sites of the start."""
        with self._transaction():
            options = self._current_options()
            self._store.clear()
            self._store.remember("options", options.as_json())
            self._add_sites()

    # Time, options and IDs, as the store has them: another process may share it.

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._store.transaction():
            yield

    @contextmanager
    def _advanced(self) -> Iterator[Ms]:
        with self._transaction():
            yield self._advance()

    def _advance(self) -> Ms:
        now, options = self._now_ms(), self._current_options()
        while late := take_late(self._store, now):
            Items(self._store, options, late[0], new_id=self._new_id).advance()
            self._dispatcher.answer(late[1], late[0], options, origin="late")
        Items(self._store, options, now, new_id=self._new_id).advance()
        return now

    def _now_ms(self) -> Ms:
        return to_ms(self._read_clock()) + self._shift()

    def _shift(self) -> Ms:
        return int(self._store.meta("shift") or 0)

    def _current_options(self) -> Options:
        text = self._store.meta("options") or "{}"
        if text != self._options[1]:
            self._options = (Options().changed(json.loads(text)), text)
        return self._options[0]

    def _add_sites(self) -> None:
        for site, name in self._sites.items():
            add_site(self._store, site, name=name)

    def _new_id(self) -> str:
        if self._id_seed is None:
            return random_id()
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._id_seed}:{self._ids}"))
