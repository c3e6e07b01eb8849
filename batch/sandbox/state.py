"""The sandbox's memory: one SQLite file, or memory alone. One transaction a request, so that it can't be half made.

Several processes may share a file: every transaction takes the write lock at its start, and nothing is remembered
outside the file.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

BUSY_SECONDS = 30.0
VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sites (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, instance TEXT NOT NULL UNIQUE, plan TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS connections (
    site TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (site, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (site, channel, id)
);
CREATE TABLE IF NOT EXISTS items (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, id TEXT NOT NULL, reference TEXT, channel TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, status TEXT NOT NULL, external INTEGER NOT NULL, scheduled INTEGER,
    stage TEXT NOT NULL, next INTEGER, due INTEGER, claimed INTEGER NOT NULL, changed INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (site, id)
);
CREATE INDEX IF NOT EXISTS items_by_site ON items (site, n);
CREATE INDEX IF NOT EXISTS items_by_reference ON items (site, reference) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_next ON items (next) WHERE next IS NOT NULL;
CREATE TABLE IF NOT EXISTS earlier (
    n INTEGER NOT NULL, site TEXT NOT NULL, id TEXT NOT NULL, reference TEXT, channel TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, status TEXT NOT NULL, external INTEGER NOT NULL, scheduled INTEGER,
    changed INTEGER NOT NULL, until INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS earlier_by_until ON earlier (site, until);
CREATE TABLE IF NOT EXISTS usage (site TEXT NOT NULL, action TEXT NOT NULL, at INTEGER NOT NULL, item TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS usage_by_time ON usage (site, action, at);
CREATE TABLE IF NOT EXISTS public (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, item TEXT NOT NULL, reference TEXT, channel TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, second_id TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,
    how TEXT NOT NULL, url TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS public_by_account ON public (site, account, at);
CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, site TEXT NOT NULL, call TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, status INTEGER NOT NULL, changed INTEGER NOT NULL, fault TEXT NOT NULL, code TEXT NOT NULL,
    counted INTEGER NOT NULL, origin TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_time ON calls (site, at) WHERE counted;
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, site TEXT NOT NULL, kind TEXT NOT NULL, fate TEXT NOT NULL,
    polls INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS uploads (
    token TEXT PRIMARY KEY, site TEXT NOT NULL, until INTEGER NOT NULL, used INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, polls INTEGER NOT NULL, fate TEXT NOT NULL, file TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, site TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, site TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (
    n INTEGER PRIMARY KEY, spec TEXT NOT NULL, seen INTEGER NOT NULL, done INTEGER NOT NULL
);
"""
TABLES = (
    "meta", "sites", "connections", "accounts", "items", "earlier", "usage", "public", "calls", "files", "uploads",
    "pictures", "tokens", "faults", "late",
)  # fmt: skip


class Store:
    """One connection to the memory. Not for two threads at once: the service holds a lock."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            # Made before SQLite makes it, so that it is its owner's alone from the start.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise OSError(f"{self.path} is not a file of this sandbox ({error}): delete it, or name another") from None

    def _prepare(self) -> None:
        if self.path != ":memory:":
            self._db.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing; only a machine that loses power could lose the last calls.
            self._db.execute("PRAGMA synchronous = NORMAL")
        with self.transaction():
            version = self.count("PRAGMA user_version")
            if version not in (0, VERSION) or (version == 0 and self.count("SELECT count(*) FROM sqlite_master")):
                raise sqlite3.DatabaseError("it was made by another version, or by another program")
            for statement in SCHEMA.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def part(self) -> Iterator[None]:
        """Within a transaction: take back what is inside if it raises."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO part")
            self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

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

    def meta(self, name: str) -> str | None:
        """Return a remembered text."""
        found = self.row("SELECT value FROM meta WHERE name = ?", name)
        return None if found is None else str(found[0])

    def remember(self, name: str, value: Any) -> None:
        """Remember a value as JSON."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, json.dumps(value))

    def clear(self) -> None:
        """Forget everything."""
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - the names are this module's own


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

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


def read_iso(text: str) -> Ms | None:
    """Read a date and time with its zone; None for anything else, a date without a zone included."""
    if not _ISO.fullmatch(text):
        return None
    try:
        return to_ms(datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)))
    except (ValueError, OverflowError):
        return None


def write_http_date(ms: Ms) -> str:
    """Write an instant as the `Date` header has it."""
    return format_datetime(to_datetime(ms).replace(microsecond=0), usegmt=True)


def start_of_month(ms: Ms) -> Ms:
    """Return the first instant of the month, in UTC."""
    return to_ms(to_datetime(ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


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


class Travel(StrEnum):
    """How a response reaches the caller."""

    WHOLE = "whole"
    REFUSED = "refused"
    """The connection is not accepted at all."""
    DROP = "drop"
    """The connection is closed without an answer."""
    RESET = "reset"
    """The same, by a reset."""
    CUT = "cut"
    """The head and a part of the body arrive, then the connection is closed."""
    DRIP = "drip"
    """The body arrives byte by byte."""
    SILENT = "silent"
    """The connection stays open and nothing comes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way of one response: `delay_seconds` before it, `cut_at` bytes of its body, `every_seconds` between bytes."""

    travel: Travel = Travel.WHOLE
    delay_seconds: float = 0.0
    cut_at: int = 0
    every_seconds: float = 0.0


WHOLE = Delivery()


@dataclass(frozen=True, slots=True)
class Response:
    """One response, and how it travels."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_HEADERS
    delivery: Delivery = WHOLE

    def json(self) -> Json:
        """Return the body as an object."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError("the body is not an object")
        return value


class Violation(NamedTuple):
    """One field that breaks a rule, as the API reports it."""

    field: str
    description: str
    rule: str


class Refusal(Exception):
    """The API says no, with one code."""

    def __init__(self, status: int, code: str, description: str, *, data: Json | None = None) -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.data = status, code, description, data or {}
        self.headers: Headers = ()

    def body(self) -> Json:
        """Return the error body."""
        error = {"code": self.code, "description": self.description, "data": self.data}
        return {"message": self.description, "details": {"applicationError": error}}


class Invalid(Refusal):
    """The API says no to the request itself: 400, with every field that is wrong."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        said = "; ".join(f"{v.field} {v.description}" for v in violations)
        super().__init__(400, "VALIDATION", said)
        self.violations = tuple(violations)

    def body(self) -> Json:
        """Return the error body."""
        listed = [{"field": v.field, "description": v.description, "violatedRule": v.rule} for v in self.violations]
        return {"message": self.description, "details": {"validationError": {"fieldViolations": listed}}}


def invalid(name: str, description: str, rule: str = "OTHER") -> Invalid:
    """Return the refusal of one field."""
    return Invalid([Violation(name, description, rule)])


def write_json(value: Any) -> str:
    """Write JSON compactly, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_response(value: Any, *, status: int = 200, headers: Headers = ()) -> Response:
    """Return a JSON response; text is taken to be JSON already."""
    text = value if isinstance(value, str) else write_json(value)
    return Response(status, text.encode("utf-8", "surrogatepass"), JSON_HEADERS + headers)


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


REFERENCES = ("everywhere", "publish", "nowhere")


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a sandbox. Times are in seconds.

    `references`: on which calls a second use of a reference is refused: on every call that creates or publishes, on the
    two publish calls only, or never. `query_lag_seconds`: how far Query Items is behind writes. `api_keys` empty: any
    non-empty key is taken; `access_tokens` maps a ready token to its site; `apps` maps an app's ID to its secret,
    empty: any. `denied` are credentials without the permission. `patch`: whether an update replaces a content object or
    only the fields that it names. `deleted`: whether a deleted item is still shown, with its status. A post whose text
    holds `failing_marker` fails on its channel; a file or picture whose name, address or prompt holds
    `media_failing_marker` fails in the Media Manager.
    """

    references: str = "everywhere"
    query_lag_seconds: float = 0.0
    references_freed: bool = False
    filter_by_reference: bool = False
    calls_per_minute: int = 200
    retry_after: bool = True
    api_keys: tuple[str, ...] = ()
    access_tokens: Mapping[str, str] = field(default_factory=dict)
    apps: Mapping[str, str] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
    token_seconds: int = 14400
    queue_seconds: float = 0.0
    processing_seconds: float = 0.0
    failing_marker: str = "[sandbox:fail]"
    network_limits: bool = True
    foreign_media_fails: bool = False
    patch: str = "replace"
    deleted: str = "shown"
    quota_returns: bool = False
    bulk: bool = True
    bulk_most: int = 100
    bulk_shuffled: bool = False
    query_most: int = 100
    media_polls: int = 1
    image_polls: int = 2
    media_failing_marker: str = "sandbox-fail"
    upload_most_bytes: int = 64 * 1024 * 1024
    ai_tools_needed: bool = False
    extra_fields: bool = True

    def __post_init__(self) -> None:
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not {getattr(self, name)!r}")

    def changed(self, changes: Mapping[str, Any]) -> Options:
        """Return these options with some changed. Raises `ValueError` for an unknown name or a wrong value."""
        kinds = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        made: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in kinds:
                raise ValueError(f"there is no option {name!r}")
            made[name] = _as_kind(name, value, kinds[name])
        return replace(self, **made)

    def as_json(self) -> dict[str, Any]:
        """Return the options as JSON writes them, keys and tokens included: for the state file only."""
        return asdict(self)


_WORDS = {"references": REFERENCES, "patch": ("replace", "merge"), "deleted": ("shown", "hidden")}


def _as_kind(name: str, value: Any, kind: type) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is tuple and isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if kind in (dict, MappingProxyType) and isinstance(value, Mapping):
        return dict(value)
    if type(value) is not kind:
        raise ValueError(f"the option {name} is a {kind.__name__}, not {value!r}")
    return value


SERVERS: Mapping[str, Options] = MappingProxyType({
    "unique": Options(references="everywhere"),
    "unique_on_publish": Options(references="publish"),
    "not_unique": Options(references="nowhere"),
    "lagging": Options(references="publish", query_lag_seconds=5.0),
})  # fmt: skip
"""The four servers that the API may turn out to be."""
