"""The sandbox's memory: one SQLite file, or memory alone. One transaction a request, so that it can't be half made.

Several processes may share a file: every transaction takes the write lock at its start, and nothing is remembered
outside the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
