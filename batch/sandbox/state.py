"""The sandbox's memory: one SQLite file, or memory alone. One transaction a request, so that it can't be half made.

Several processes may share a file: every transaction takes the write lock at its start, and nothing is remembered
outside the file. Instants are kept in milliseconds. The requests and responses that come and go, and the shapes in
which the API says no, stand here too.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

BUSY_SECONDS = 30.0
VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS sites (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (site, channel, id)
);
CREATE TABLE IF NOT EXISTS items (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, id TEXT NOT NULL, reference TEXT, next INTEGER, due INTEGER,
    body TEXT NOT NULL, UNIQUE (site, id)
);
CREATE INDEX IF NOT EXISTS items_by_site ON items (site, n);
CREATE INDEX IF NOT EXISTS items_by_reference ON items (site, reference) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_next ON items (next) WHERE next IS NOT NULL;
CREATE TABLE IF NOT EXISTS usage (site TEXT NOT NULL, action TEXT NOT NULL, at INTEGER NOT NULL, item TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS usage_by_time ON usage (site, action, at);
CREATE TABLE IF NOT EXISTS paced (site TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS paced_by_time ON paced (site, at);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, site TEXT NOT NULL, kind TEXT NOT NULL, fate TEXT NOT NULL,
    polls INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS uploads (
    token TEXT PRIMARY KEY, site TEXT NOT NULL, until INTEGER NOT NULL, used INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, polls INTEGER NOT NULL, fate TEXT NOT NULL, file TEXT NOT NULL
) WITHOUT ROWID
"""
FROM_VERSION_1 = (
    *(
        f"DROP TABLE {name}"
        for name in ("meta", "connections", "earlier", "public", "calls", "tokens", "late", "faults")
    ),
    *(
        f"ALTER TABLE items DROP COLUMN {name}"
        for name in ("channel", "type", "account", "status", "external", "scheduled", "stage", "claimed", "changed")
    ),
    "ALTER TABLE sites RENAME TO sites_1",
    "CREATE TABLE sites (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO sites SELECT id, name FROM sites_1",
    "DROP TABLE sites_1",
)
"""How a file of the first version becomes one of this: its posts, accounts and files stay."""
WHOLE = ("BEGIN IMMEDIATE", ("ROLLBACK",), "COMMIT")
PART = ("SAVEPOINT part", ("ROLLBACK TO part", "RELEASE part"), "RELEASE part")


class Store:
    """One connection to the memory. Not for two threads at once: the service holds a lock."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            # Made before SQLite makes it, so that it is its owner's alone from the start.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            # A killed process loses nothing; only a machine that loses power could lose the last calls.
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            with self.transaction():
                version = self.count("PRAGMA user_version")
                if version not in (0, 1, VERSION) or (not version and self.count("SELECT count(*) FROM sqlite_master")):
                    raise sqlite3.DatabaseError("it was made by another version, or by another program")
                for statement in (*(FROM_VERSION_1 if version == 1 else ()), *SCHEMA.split(";\n")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise OSError(f"{self.path} is not a file of this sandbox ({error}): delete it, or name another") from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen, or nothing. One within another takes back only its own part."""
        begin, undo, end = PART if self._db.in_transaction else WHOLE
        self._db.execute(begin)
        try:
            yield
        except BaseException:
            for statement in undo:
                self._db.execute(statement)
            raise
        self._db.execute(end)

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement."""
        return self._db.execute(statement, values)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._db.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query; None where there is none."""
        found: tuple[Any, ...] | None = self._db.execute(statement, values).fetchone()
        return found

    def count(self, statement: str, *values: Any) -> int:
        """Return the one number that a query gives; 0 where it gives none."""
        found = self.row(statement, *values)
        return int(found[0] or 0) if found else 0

    def clear(self) -> None:
        """Forget everything."""
        for (table,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            self.run(f"DELETE FROM {table}")  # noqa: S608 - the names are the file's own


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

utc_now = partial(datetime.now, UTC)

Ms = int
"""An instant, or a span of time, in milliseconds."""


def to_ms(at: datetime) -> Ms:
    """Return an aware date-time as milliseconds; what is finer is cut off."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(ms: Ms) -> datetime:
    """Return milliseconds as a date-time in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def write_iso(ms: Ms) -> str:
    """Write an instant as the API does: with a fraction only where there is one."""
    text = to_datetime(ms).isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z"


def read_iso(text: str | None) -> Ms | None:
    """Read a date and time with its zone; None for anything else, a date without a zone included."""
    if not text or not _ISO.fullmatch(text):
        return None
    try:
        return to_ms(datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)))
    except (ValueError, OverflowError):
        return None


Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

JSON_HEADERS: Headers = (("content-type", "application/json; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; `query` keeps order and repeats; `origin` is how it got here."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of a query parameter, in order."""
        return tuple(value for key, value in self.query if key == name)


@dataclass(frozen=True)
class Response:
    """One response."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_HEADERS


Answer = Json | str
"""What a handler may return: an object, or JSON text."""


def write_json(value: Any) -> str:
    """Write JSON compactly, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def make_response(answer: Answer, *, status: int = 200, headers: Headers = ()) -> Response:
    """Return a handler's answer as a JSON response; text is taken to be JSON already."""
    text = answer if isinstance(answer, str) else write_json(answer)
    return Response(status, text.encode("utf-8", "surrogatepass"), JSON_HEADERS + headers)


class Violation(NamedTuple):
    """One field that breaks a rule, as the API reports it."""

    field: str
    description: str
    rule: str = "OTHER"


class Refusal(Exception):
    """The API says no, with one code."""

    def __init__(self, status: int, code: str, description: str, *, headers: Headers = ()) -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.headers = status, code, description, headers
        self.details: Json = {"applicationError": {"code": code, "description": description, "data": {}}}
        """What stands under `details` in the answer."""

    def response(self) -> Response:
        """Return the answer."""
        body = {"message": self.description, "details": self.details}
        return make_response(body, status=self.status, headers=self.headers)


class Invalid(Refusal):
    """The API says no to the request itself: 400, with every field that is wrong."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(400, "VALIDATION", "; ".join(f"{v.field} {v.description}" for v in violations))
        self.violations = tuple(violations)
        listed = [{"field": v.field, "description": v.description, "violatedRule": v.rule} for v in violations]
        self.details = {"validationError": {"fieldViolations": listed}}


def invalid(name: str, description: str, rule: str = "OTHER") -> Invalid:
    """Return the refusal of one field."""
    return Invalid([Violation(name, description, rule)])
