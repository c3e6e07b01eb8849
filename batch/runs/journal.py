"""The journal of one site: what was about to be sent, and what came back, in SQLite.

An *intent* is committed before each changing call and its *result* after it: after a crash, the intents without a
result are the calls whose fate is unknown. The journal is never the truth about the site (the site is); losing
it loses no post. It must never hold a credential, and it is never used half made: a file that can't be read is refused.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from batch.codec import FormError, from_json, to_json
from batch.errors import JournalError
from batch.model import Content, Item, Outcome
from batch.plan.compare import item_state, kept_fields
from batch.rules.sources import MEDIA_MANAGER_HOSTS

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS intent (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, position INTEGER NOT NULL, act TEXT NOT NULL, reference TEXT NOT NULL,
    item_id TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS intent_by_run ON intent (run, position);
CREATE INDEX IF NOT EXISTS intent_by_time ON intent (at);
CREATE TABLE IF NOT EXISTS result (
    intent INTEGER PRIMARY KEY REFERENCES intent (id), at REAL NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL,
    item_id TEXT NOT NULL, status TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outcome (
    run TEXT NOT NULL, position INTEGER NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    identity TEXT PRIMARY KEY, url TEXT NOT NULL, file_id TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generated (
    fingerprint TEXT PRIMARY KEY, content TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown (
    item_id TEXT PRIMARY KEY, sent TEXT NOT NULL, shown TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (item_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS approval (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""
"""Each statement stands for itself: a file whose making was cut off, or that is of an older version, gets the rest."""

PULLED = "pulled/"
"""Before an item's ID, the fact of how it stood when it was pulled last."""
OPEN_TRIES = 100
OPEN_PAUSE_SECONDS = 0.1


def _open(path: Path) -> sqlite3.Connection:
    """Open the file and make the tables that it lacks, also with two processes at once."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=10)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("it is damaged")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it was written by another version, {version}")
        for statement in SCHEMA.split(";")[:-1]:
            db.execute(statement)
        if version == 0:
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except sqlite3.Error:
        db.close()
        raise
    return db


REFUSAL = "refused "
"""How the fact begins that keeps the refusal of one post."""
REFUSED_ONCE = "once "
"""How its value begins where the post was refused once: a 428 may pass, so that only a second one counts."""

CHANGING_WITHIN = frozenset({"update", "reschedule"})
"""Acts that leave an item's status as it was. So may `schedule` (a date moved), which also changes it: not here."""

REMEDY = "move that file away and run again: the plan is then made from what the site holds"
REMEDIES = {
    "full": "make room on the disk and run again",
    "disk I/O": "make room on the disk, see that it is well, and run again",
    "locked": "wait until the other run that is writing it has ended",
    "readonly": "see that you may write to it",
    "ermission": "see that you may write to it",
    "open files": "let a process open more files (`ulimit -n 4096`) and run again",
}
"""What to do about a journal that can't be used, by a word of the error."""


class Attempt(NamedTuple):
    """A changing call of a run: its act, the kind of its result ("" for none), and the item's ID ("" where unknown)."""

    act: str
    kind: str
    item_id: str


class Touched(NamedTuple):
    """The last that the service itself said of an item's state.

    `within`: it was changed in a way that its status does not show, so that a list may be old and look right.
    """

    status: str
    within: bool


class Known(NamedTuple):
    """An item that was made (`made`) or changed from here, by which post of which run, and its last told state."""

    item_id: str
    reference: str
    status: str
    at: datetime
    made: bool
    run: str
    position: int


class Unsettled(NamedTuple):
    """A call whose fate is unknown, by its intent and its post's place, and until when it may have been carried out."""

    intent: int
    position: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Adopted:
    """What another machine did for one post. `sent`: something may have left it; `known`: and it is certain what."""

    position: int
    act: str
    reference: str
    item_id: str
    status: str
    sent: bool
    known: bool
    outcome: str


def journal_path(folder: Path, *, site_id: str, api: str) -> Path:
    """Return the journal's file for one site at one API address."""
    digest = hashlib.sha256(f"{api}\n{site_id}".encode()).hexdigest()[:20]
    return folder / "journal" / f"{digest}.sqlite"


def make_private_folder(folder: Path) -> None:
    """Make the folder, readable by its owner only."""
    try:
        missing = [part for part in (folder, *folder.parents) if not part.is_dir()]
        for part in reversed(missing):
            # One by one: `parents=True` would leave the outer ones open to everybody.
            part.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalError(
            f"The folder for the journal ({shown(folder)}) can't be made: {error.strerror}. "
            "Nothing was sent. Make room or set POSTBATCH_STATE_DIR to a folder of yours."
        ) from error


def shown(path: Path) -> str:
    """Return a path as a person may see it, with the home folder as `~`."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


class Journal:
    """The journal of one site, open. Use it in the thread that opened it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outlives = True
        make_private_folder(path.parent)
        # SQLite does not wait by itself for another process that is just closing the file.
        for tries_left in reversed(range(OPEN_TRIES)):
            try:
                self._db = _open(path)
                return
            except (sqlite3.Error, OSError) as error:
                if "locked" not in str(error) or not tries_left:
                    raise self._refusal(error) from error
            time.sleep(OPEN_PAUSE_SECONDS)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything recorded is in it already."""
        self._db.close()

    def intend(self, run: str, position: int, act: str, *, reference: str, item_id: str, at: datetime) -> int:
        """Commit an intent before its call. Errors: JournalError, and then nothing may be sent."""
        self._outlive(power_cuts=True)
        with self._change() as db:
            return _add_intent(db, (run, position, act, reference, item_id, at.timestamp()))

    def intend_all(self, run: str, act: str, entries: Sequence[tuple[int, str]], *, at: datetime) -> list[int]:
        """Commit one intent for each (position, reference) of a call that makes many items."""
        self._outlive(power_cuts=True)
        with self._change() as db:
            return [_add_intent(db, (run, position, act, ref, "", at.timestamp())) for position, ref in entries]

    def record(self, intent: int, *, kind: str, code: str, item_id: str, status: str, at: datetime) -> None:
        """Commit what came back for an intent; a later, better answer replaces an earlier one."""
        self._outlive(power_cuts=False)
        self._put("result", intent, at.timestamp(), kind, code, item_id, status)

    def keep_outcome(self, run: str, position: int, outcome: str) -> None:
        """Commit what became of a post (JSON); written again when reading back shows more."""
        self._outlive(power_cuts=False)
        self._put("outcome", run, position, outcome)

    def adopt(self, run: str, entries: Iterable[Adopted], *, at: datetime) -> None:
        """Commit, all at once, what another machine has done for this run, as if it had been sent from here."""
        with self._change() as db:
            for entry in entries:
                db.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?)", (run, entry.position, entry.outcome))
                sent = (run, entry.position, entry.act, entry.reference, entry.item_id, at.timestamp())
                intent = _add_intent(db, sent) if entry.sent else 0
                if entry.sent and entry.known:
                    found = (intent, at.timestamp(), "settled", "", entry.item_id, entry.status)
                    db.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)", found)

    def outcomes(self, run: str) -> dict[int, str]:
        """Return the outcomes of a run by position, as JSON."""
        return dict(self._ask("SELECT position, outcome FROM outcome WHERE run = ?", (run,)))

    def intents(self, run: str) -> dict[int, list[Attempt]]:
        """Return what a run was about to send and what came back, by position, oldest first."""
        found: dict[int, list[Attempt]] = {}
        for position, *attempt in self._ask(
            "SELECT i.position, i.act, COALESCE(r.kind, ''), COALESCE(NULLIF(r.item_id, ''), i.item_id) "
            "FROM intent i LEFT JOIN result r ON r.intent = i.id WHERE i.run = ? ORDER BY i.id",
            (run,),
        ):
            found.setdefault(position, []).append(Attempt(*attempt))
        return found

    def unsettled(self, *, since: datetime, call_seconds: float) -> tuple[Unsettled, ...]:
        """Return the calls whose fate is unknown and that may have been carried out since then, oldest first.

        A call without any answer (its run was killed) may have been carried out until `call_seconds` after its intent,
        for so long it is waited for; one whose answer was unclear, until that came.
        """
        rows = self._ask(
            "SELECT i.id, i.position, COALESCE(r.at, i.at + ?) AS until FROM intent i "
            "LEFT JOIN result r ON r.intent = i.id "
            "WHERE until >= ? AND (r.intent IS NULL OR r.kind = 'unclear') ORDER BY i.id",
            (call_seconds, since.timestamp()),
        )
        return tuple(Unsettled(intent, position, _at(until)) for intent, position, until in rows)

    def touched(self, *, since: datetime) -> dict[str, Touched]:
        """Return the service's last word on each item that was changed since then."""
        rows = self._ask(
            "SELECT r.item_id, r.status, i.act FROM result r JOIN intent i ON i.id = r.intent "
            "WHERE r.at >= ? AND r.item_id <> '' AND r.status <> '' ORDER BY r.at, r.intent",
            (since.timestamp(),),
        )
        found: dict[str, Touched] = {}
        for item_id, status, act in rows:
            changed = act in CHANGING_WITHIN or (item_id in found and found[item_id].within)
            found[item_id] = Touched(status, changed)
        return found

    def published(self) -> dict[str, datetime]:
        """Return when the items were published that went out at once from here: item's ID -> when it was answered."""
        rows = self._ask(
            "SELECT r.item_id, MIN(r.at) FROM result r JOIN intent i ON i.id = r.intent "
            "WHERE i.act = 'publish' AND r.kind IN ('ok', 'settled') AND r.item_id <> '' GROUP BY r.item_id",
            (),
        )
        return {item_id: _at(at) for item_id, at in rows}

    def known_items(self) -> tuple[Known, ...]:
        """Return the items that were made or changed from here, the latest first."""
        rows = self._ask(
            "SELECT r.item_id, i.reference, r.status, r.at, SUM(i.item_id = ''), i.run, i.position, "
            "MAX(r.intent) AS last FROM result r JOIN intent i ON i.id = r.intent "
            "WHERE r.item_id <> '' AND r.status <> '' AND i.reference <> '' GROUP BY r.item_id ORDER BY last DESC",
            (),
        )
        return tuple(
            Known(item_id, reference, status, _at(at), bool(made), run, position)
            for item_id, reference, status, at, made, run, position, _ in rows
        )

    def outcome_of(self, known: Known) -> Outcome | None:
        """Return what became of an item's post; None where its run was cut off before it could say that."""
        rows = self._ask("SELECT outcome FROM outcome WHERE run = ? AND position = ?", (known.run, known.position))
        try:
            return from_json(Outcome, rows[0][0]) if rows else None
        except FormError:
            return None

    @cached_property
    def _accounts(self) -> dict[str, str]:
        return dict(self._ask("SELECT item_id, account_id FROM account", ()))

    @cached_property
    def _shown(self) -> dict[str, tuple[str, str]]:
        return {
            item_id: (sent, shown) for item_id, sent, shown in self._ask("SELECT item_id, sent, shown FROM shown", ())
        }

    def as_sent(self, item: Item) -> Item:
        """Return an item with its account, and the content that was sent where it shows what the service made of it."""
        if not item.account_id:
            item = replace(item, account_id=self._accounts.get(item.id, ""))
        known = self._shown.get(item.id)
        if known is None or from_json(Content, known[1]) != item.content:
            return item
        sent = from_json(Content, known[0])
        return replace(item, content=sent, kept=kept_fields(item.content, sent))

    def remember_shown(self, item_id: str, *, sent: Content, shown: Content, at: datetime) -> None:
        """Commit how the service shows a content that it accepted."""
        entry = (to_json(sent), to_json(shown))
        self._put("shown", item_id, *entry, at.timestamp())
        self._shown[item_id] = entry

    def remember_account(self, item_id: str, account_id: str, *, at: datetime) -> None:
        """Commit the account of an item that was made from here."""
        self._put("account", item_id, account_id, at.timestamp())
        self._accounts[item_id] = account_id

    def approvals(self) -> dict[str, str]:
        """Return what was approved by a `yes` in the sheet, as it was first seen: key -> fingerprint."""
        return dict(self._ask("SELECT key, fingerprint FROM approval", ()))

    def remember_approvals(self, first: Mapping[str, str], *, forget: Iterable[str], at: datetime) -> None:
        """Commit what a `yes` was first seen for, by key, and forget the keys that are not approved any more."""
        with self._change() as db:
            db.executemany("DELETE FROM approval WHERE key = ?", ((key,) for key in forget))
            seen = ((key, fingerprint, at.timestamp()) for key, fingerprint in first.items())
            db.executemany("INSERT OR IGNORE INTO approval VALUES (?, ?, ?)", seen)

    def fact(self, name: str) -> str:
        """Return what was found out about this site's service, "" where nothing was."""
        return self._one("SELECT value FROM fact WHERE name = ?", name) or ""

    def refusals(self) -> dict[str, str]:
        """Return what the service has refused of single posts in two runs, by reference (`Snapshot.refusals`)."""
        rows = self._ask("SELECT name, value FROM fact WHERE name LIKE ? AND value <> ''", (f"{REFUSAL}%",))
        return {name.removeprefix(REFUSAL): value for name, value in rows if not value.startswith(REFUSED_ONCE)}

    def remember_facts(self, facts: Mapping[str, str], *, at: datetime) -> None:
        """Commit what was found out about this site's service, by name, all at once."""
        if facts:
            with self._change() as db:
                rows = [(name, value, at.timestamp()) for name, value in facts.items()]
                db.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", rows)

    def remember_pulled(self, items: Iterable[Item], *, sheet: Path, at: datetime) -> None:
        """Commit how items stood when they were written into a sheet to edit."""
        states = {item.id: item_state(self.as_sent(item)) for item in items}
        names = (PULLED, _pulled_into(sheet))
        self.remember_facts({f"{name}{item_id}": states[item_id] for item_id in states for name in names}, at=at)

    def keep_pulled(self, sheet: Path, *, copy: Path) -> None:
        """Commit that a copy of a pulled sheet shows items as the sheet itself did, before it is pulled again."""
        old, new = _pulled_into(sheet), _pulled_into(copy)
        with self._change() as db:
            db.execute(
                "INSERT OR REPLACE INTO fact SELECT ? || substr(name, ?), value, at FROM fact WHERE name LIKE ?",
                (new, len(old) + 1, f"{old}%"),
            )

    def pulled(self, sheet: Path | None = None) -> dict[str, str]:
        """Return how items stood when they were pulled, of those that nothing from here has changed since: by ID.

        Of an item that was pulled into this very sheet that counts, also where it was pulled into others since.
        """
        found: dict[str, str] = {}
        for prefix in (PULLED, *([_pulled_into(sheet)] if sheet else [])):
            rows = self._ask(
                "SELECT substr(f.name, ?), f.value FROM fact f WHERE f.name LIKE ? AND NOT EXISTS "
                "(SELECT 1 FROM result r WHERE r.item_id = substr(f.name, ?) AND r.at > f.at)",
                (len(prefix) + 1, f"{prefix}%", len(prefix) + 1),
            )
            found |= dict(rows)
        return found

    def all_media(self) -> dict[str, str]:
        """Return every medium that went up before: identity -> address in the Media Manager."""
        hosts = tuple(f"https://{host}/" for host in MEDIA_MANAGER_HOSTS)
        return {name: url for name, url in self._ask("SELECT identity, url FROM media", ()) if url.startswith(hosts)}

    def remember_media(self, identity: str, url: str, file_id: str) -> None:
        """Commit that a medium is in the Media Manager."""
        self._put("media", identity, url, file_id, datetime.now(UTC).timestamp())

    def known_text(self, fingerprint: str) -> str | None:
        """Return generated content (JSON) that was made before for the same request."""
        return self._one("SELECT content FROM generated WHERE fingerprint = ?", fingerprint)

    def remember_text(self, fingerprint: str, content: str) -> None:
        """Commit generated content (JSON)."""
        self._put("generated", fingerprint, content, datetime.now(UTC).timestamp())

    def _put(self, table: str, *values: object) -> None:
        """Commit one line of a table, in place of an earlier one."""
        with self._change() as db:
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)  # noqa: S608 - a name of ours

    def _one(self, question: str, value: str) -> str | None:
        rows = self._ask(question, (value,))
        return None if not rows else str(rows[0][0])

    def _ask(self, question: str, values: Iterable[object]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(question, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _outlive(self, *, power_cuts: bool) -> None:
        """Say what the next commit has to outlive: this process in any case, or the whole machine too.

        Only an intent is waited for until it is on the disk, which takes milliseconds: where a power cut takes a result
        with it, its intent is left as one whose fate is unknown, and that is safe.
        """
        if power_cuts is self._outlives:
            return
        try:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if power_cuts else 'NORMAL'}")
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        self._outlives = power_cuts

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._db:
                yield self._db
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.Error | OSError) -> JournalError:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        remedy = next((remedy for word, remedy in REMEDIES.items() if word in said), REMEDY)
        return JournalError(f"The journal {shown(self._path)} can't be used ({said}); to go on, {remedy}.")


def _pulled_into(sheet: Path) -> str:
    """Return what stands before an item's ID in the fact of how it stood when it was pulled into a sheet."""
    return f"pulled into {hashlib.sha256(str(sheet.resolve()).encode()).hexdigest()[:16]}/"


def _add_intent(db: sqlite3.Connection, values: tuple[object, ...]) -> int:
    cursor = db.execute(
        "INSERT INTO intent (run, position, act, reference, item_id, at) VALUES (?, ?, ?, ?, ?, ?)", values
    )
    return int(cursor.lastrowid or 0)


def _at(stamp: object) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(str(stamp)))
