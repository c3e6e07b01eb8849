"""The log of every call: when, for which site, what, and what came of it. It never holds a header or a body."""

from __future__ import annotations

from dataclasses import dataclass

from batch.sandbox.state import Store
from batch.sandbox.times import Ms, write_iso
from batch.sandbox.wire import Json


@dataclass(slots=True)
class Entry:
    """One call. `status` is what the call came to, also where its answer never arrived (0: it was not carried out).

    `changed`: it changed what the site holds; `counted`: it counts towards the calls a minute; `origin` is `caller`,
    `somebody` for a change made behind the caller's back, or `late` for a call that arrived after its connection broke.
    """

    at: Ms
    site: str
    call: str
    method: str
    path: str
    status: int = 0
    changed: bool = False
    fault: str = ""
    code: str = ""
    counted: bool = False
    origin: str = "caller"

    def as_json(self) -> Json:
        """Return it as JSON writes it."""
        made: Json = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**made, "at": write_iso(self.at)}


def write_call(store: Store, entry: Entry) -> None:
    """Add a call to the log."""
    store.run(
        "INSERT INTO calls (at, site, call, method, path, status, changed, fault, code, counted, origin) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry.at, entry.site, entry.call, entry.method, _shown_path(entry), entry.status, int(entry.changed),
        entry.fault, entry.code, int(entry.counted), entry.origin,
    )  # fmt: skip


def _shown_path(entry: Entry) -> str:
    """The address of an upload is a credential, so its token is left out."""
    return entry.path.rsplit("/", 1)[0] + "/…" if entry.call == "upload_file" else entry.path[:300]


def read_calls(store: Store, site: str | None = None) -> list[Entry]:
    """Return all calls in order."""
    rows = store.rows(
        "SELECT at, site, call, method, path, status, changed, fault, code, counted, origin FROM calls "
        "WHERE ? IS NULL OR site = ? ORDER BY n",
        site, site,
    )  # fmt: skip
    return [
        Entry(at, where, call, method, path, status, bool(changed), fault, code, bool(counted), origin)
        for at, where, call, method, path, status, changed, fault, code, counted, origin in rows
    ]
