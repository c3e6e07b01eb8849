"""The log of calls: what each was, what it came to, and which fault it met."""

from __future__ import annotations

from dataclasses import dataclass, fields

from batch.sandbox.state import Json, Ms, Store, write_iso

SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, site TEXT NOT NULL, call TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, status INTEGER NOT NULL, changed INTEGER NOT NULL, fault TEXT NOT NULL, code TEXT NOT NULL,
    counted INTEGER NOT NULL, origin TEXT NOT NULL
)
"""


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
        return {**{name: getattr(self, name) for name in NAMES}, "at": write_iso(self.at)}


NAMES = tuple(field.name for field in fields(Entry))


def write_call(store: Store, entry: Entry) -> None:
    """Add a call to the log. The address of an upload is a credential, so its token is left out."""
    shown = entry.path.rsplit("/", 1)[0] + "/…" if entry.call == "upload_file" else entry.path[:300]
    values = {name: getattr(entry, name) for name in NAMES} | {"path": shown}
    marks = ", ".join("?" * len(NAMES))
    store.run(f"INSERT INTO calls ({', '.join(NAMES)}) VALUES ({marks})", *values.values())  # noqa: S608 - own names


def read_calls(store: Store, site: str | None = None) -> list[Entry]:
    """Return all calls in order."""
    rows = store.rows(
        f"SELECT {', '.join(NAMES)} FROM calls WHERE ? IS NULL OR site = ? ORDER BY n",  # noqa: S608 - own names
        site, site,
    )  # fmt: skip
    entries = [Entry(*row) for row in rows]
    for entry in entries:
        entry.changed, entry.counted = bool(entry.changed), bool(entry.counted)
    return entries
