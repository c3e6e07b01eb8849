"""The journal: what was intended is on disk before it is sent; a journal that can't be trusted is refused."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from batch.codec import to_json
from batch.errors import JournalError
from batch.model import Item, Outcome, OutcomeKind
from batch.runs.journal import Journal, journal_path
from batch.runs.site import remembered_items

AT = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)


def intend(journal: Journal, *, position: int = 0, at: datetime = AT, act: str = "create", item_id: str = "") -> int:
    return journal.intend("r1", position, act, reference=f"k{position}", item_id=item_id, at=at)


def intend_many(journal: Journal) -> None:
    for n in range(5000):
        intend(journal, position=n)


def record(journal: Journal, intent: int, *, kind: str = "ok", item_id: str = "i1", status: str = "DRAFT") -> None:
    journal.record(intent, kind=kind, code="", item_id=item_id, status=status, at=AT)


def test_an_intent_without_a_result_or_with_an_unclear_one_is_unsettled(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        done, unclear, cut = (intend(journal, position=n) for n in range(3))
        record(journal, done)
        record(journal, unclear, kind="unclear", item_id="", status="")
        assert [u.intent for u in journal.unsettled(since=AT, call_seconds=0)] == [unclear, cut]
        record(journal, unclear, kind="settled")
        assert [u.intent for u in journal.unsettled(since=AT, call_seconds=0)] == [cut]
        assert journal.unsettled(since=AT + timedelta(seconds=1), call_seconds=0) == ()


def test_the_last_word_on_each_item_is_kept(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        record(journal, intend(journal), status="DRAFT")
        record(journal, intend(journal, item_id="i1"), status="SCHEDULED")
        touched = journal.touched(since=AT)
        assert {k: v.status for k, v in touched.items()} == {"i1": "SCHEDULED"}


def test_an_item_that_was_made_here_is_known_with_its_kind_though_no_list_shows_it(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        record(journal, intend(journal), status="DRAFT")
        outcome = Outcome(2, "k0", "", "FACEBOOK", "REEL", "", "", OutcomeKind.DRAFTED, "DRAFT")
        journal.keep_outcome("r1", 0, to_json(outcome))
        journal.keep_outcome("r1", 1, "{}")
        record(journal, intend(journal, position=1), item_id="I2")
        record(journal, intend(journal, position=2), kind="unclear", item_id="", status="")
        record(journal, intend(journal, position=3, item_id="i3"), item_id="i3", status="CANCELED")
        known = journal.known_items()
        assert [(k.item_id, k.reference, k.status, k.made) for k in known] == [
            ("i3", "k3", "CANCELED", False), ("I2", "k1", "DRAFT", True), ("i1", "k0", "DRAFT", True),
        ]  # fmt: skip
        assert [journal.outcome_of(k) for k in known] == [None, None, outcome]
        assert remembered_items(journal) == (Item("i1", "FACEBOOK", "REEL", "DRAFT", reference="k0"),)


def test_what_is_committed_survives_a_kill(tmp_path):
    script = f"""
import os, signal, sys
from datetime import UTC, datetime
from batch.runs.journal import Journal
journal = Journal(__import__('pathlib').Path({str(tmp_path / "j.sqlite")!r}))
journal.intend('r1', 4, 'create', reference='k', item_id='', at=datetime(2031, 3, 1, tzinfo=UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Journal(tmp_path / "j.sqlite") as journal:
        assert [u.position for u in journal.unsettled(since=datetime(2031, 1, 1, tzinfo=UTC), call_seconds=60)] == [4]


def test_only_its_owner_can_read_it(tmp_path):
    path = journal_path(tmp_path / "state", site_id="s", api="https://x")
    with Journal(path) as journal:
        intend(journal)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_each_site_and_each_address_has_its_own(tmp_path):
    paths = {journal_path(tmp_path, site_id=s, api=a) for s in ("s1", "s2") for a in ("https://a", "https://b")}
    assert len(paths) == 4


@pytest.mark.parametrize("damage", ["garbage", "cut", "newer"])
def test_a_damaged_journal_is_refused_with_the_remedy(tmp_path, damage):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        for n in range(300):
            intend(journal, position=n)
    if damage == "garbage":
        path.write_bytes(b"this is not a journal, and long enough to be looked at" * 50)
    elif damage == "cut":
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2 // 4096 * 4096])
    else:
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
    with pytest.raises(JournalError, match="move that file away and run again"):
        Journal(path)


def test_a_full_disk_is_said_before_anything_is_sent(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="make room on the disk"):
            intend_many(journal)


def test_a_folder_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="Nothing was sent"):
        Journal(tmp_path / "file" / "j.sqlite")


def test_media_and_texts_are_remembered(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.remember_media("sha256:1", "https://static.wixstatic.com/1.jpg", "f1")
        journal.remember_text("t1", "{}")
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal.all_media() == {"sha256:1": "https://static.wixstatic.com/1.jpg"}
        assert journal.known_text("t1") == "{}"


def test_a_file_that_can_not_even_be_opened_is_an_error_of_its_own_site(tmp_path):
    with pytest.raises(JournalError, match=r"can't be used \(File name too long\)"):
        Journal(tmp_path / ("j" * 300))


def test_two_processes_can_make_the_same_journal_at_once(tmp_path):
    script = f"""
from datetime import UTC, datetime
from pathlib import Path
from batch.runs.journal import Journal
for n in range(20):
    with Journal(Path({str(tmp_path / "j.sqlite")!r})) as journal:
        journal.intend('r', n, 'create', reference='k', item_id='', at=datetime(2031, 3, 1, tzinfo=UTC))
"""
    running = [subprocess.Popen([sys.executable, "-c", script], env=dict(os.environ)) for _ in range(2)]
    assert [p.wait(timeout=60) for p in running] == [0, 0]
    with Journal(tmp_path / "j.sqlite") as journal:
        assert len(journal.unsettled(since=datetime(2031, 1, 1, tzinfo=UTC), call_seconds=60)) == 40


def test_folders_that_are_made_on_the_way_to_the_journal_are_their_owners_alone(tmp_path):
    path = journal_path(tmp_path / "state" / "postbatch", site_id="s", api="a")
    with Journal(path):
        pass
    made = [path, path.parent, tmp_path / "state" / "postbatch", tmp_path / "state"]
    assert [p.name for p in made if p.stat().st_mode & 0o077] == []
