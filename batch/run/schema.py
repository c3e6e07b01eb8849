"""The journal's tables, and opening its file so that it is either empty or whole."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE intent (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, position INTEGER NOT NULL, act TEXT NOT NULL, reference TEXT NOT NULL,
    item_id TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX intent_by_run ON intent (run, position);
CREATE INDEX intent_by_time ON intent (at);
CREATE TABLE result (
    intent INTEGER PRIMARY KEY REFERENCES intent (id), at REAL NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL,
    item_id TEXT NOT NULL, status TEXT NOT NULL
);
CREATE TABLE outcome (
    run TEXT NOT NULL, position INTEGER NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE media (
    identity TEXT PRIMARY KEY, url TEXT NOT NULL, file_id TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE generated (fingerprint TEXT PRIMARY KEY, content TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""

OPEN_TRIES = 100
OPEN_PAUSE_SECONDS = 0.1


def open_patiently(path: Path) -> sqlite3.Connection:
    """Open the file, again where another process is just closing it: SQLite does not wait by itself for that."""
    for _ in range(OPEN_TRIES):
        try:
            return _open(path)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        time.sleep(OPEN_PAUSE_SECONDS)
    return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=10)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("it is damaged")
        _make_tables(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _make_tables(db: sqlite3.Connection) -> None:
    """Make the tables in one transaction, so that a file is either empty or whole, also with two processes at once."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if version != 0:
        raise sqlite3.DatabaseError(f"it was written by another version, {version}")
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in SCHEMA.split(";")[:-1]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.commit()
