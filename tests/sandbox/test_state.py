from __future__ import annotations

import sqlite3
import threading

import pytest

from batch.sandbox.service import Service
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Store


def change_and_raise(store, within, name):
    with within():
        store.run("INSERT INTO sites VALUES (?, '')", name)
        raise RuntimeError


def sites(store):
    return [site for (site,) in store.rows("SELECT id FROM sites")]


def test_what_raises_inside_a_transaction_has_not_happened(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(RuntimeError):
        change_and_raise(store, store.transaction, "a")
    with store.transaction():
        assert sites(store) == []
    store.close()


def test_a_part_that_raises_leaves_the_rest_of_its_transaction():
    store = Store(":memory:")
    with store.transaction():
        store.run("INSERT INTO sites VALUES ('a', '')")
        with pytest.raises(RuntimeError):
            change_and_raise(store, store.transaction, "b")
    with store.transaction():
        assert sites(store) == ["a"]
    store.close()


def test_every_table_is_cleared():
    with Service() as service, service.transaction():
        service.store.clear()
        tables = service.store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert tables
        assert [name for (name,) in tables if service.store.rows(f"SELECT 1 FROM {name}")] == []  # noqa: S608 - its own


@pytest.mark.parametrize("kind", ["text", "other", "newer"])
def test_a_file_that_is_not_its_own_is_refused_with_what_to_do(tmp_path, kind):
    path = tmp_path / "s.sqlite"
    if kind == "text":
        path.write_text("this is not a database, and quite long enough to be looked at" * 20)
    else:
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE t (a)" if kind == "other" else "PRAGMA user_version = 99")
        db.close()
    with pytest.raises(OSError, match="delete it, or name another"):
        Store(path)


def test_two_writers_wait_for_each_other(tmp_path):
    one, other = Store(tmp_path / "s.sqlite"), Store(tmp_path / "s.sqlite")
    order = []

    def write_second() -> None:
        with other.transaction():
            order.append(sites(other))

    with one.transaction():
        thread = threading.Thread(target=write_second)
        thread.start()
        one.run("INSERT INTO sites VALUES ('a', '')")
        order.append("first")
    thread.join(10)
    assert order == ["first", ["a"]]
    one.close()
    other.close()


VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sites (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, instance TEXT NOT NULL UNIQUE, plan TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE connections (
    site TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (site, channel)
) WITHOUT ROWID;
CREATE TABLE accounts (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (site, channel, id)
);
CREATE TABLE items (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, id TEXT NOT NULL, reference TEXT, channel TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, status TEXT NOT NULL, external INTEGER NOT NULL, scheduled INTEGER,
    stage TEXT NOT NULL, next INTEGER, due INTEGER, claimed INTEGER NOT NULL, changed INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (site, id)
);
CREATE INDEX items_by_site ON items (site, n);
CREATE TABLE earlier (n);
CREATE TABLE public (n);
CREATE TABLE calls (n);
CREATE TABLE tokens (n);
CREATE TABLE late (n);
CREATE TABLE faults (n);
INSERT INTO sites VALUES ('{site}', 'Mill', 'instance', '{{}}');
INSERT INTO items VALUES (
    1, '{site}', 'i-1', 'spring-01', 'GBP', 'POST', 'a', 'DRAFT', 0, NULL, '', NULL, NULL, 0, 5,
    '{{"id":"i-1","referenceId":"spring-01","status":"DRAFT","channel":{{"name":"GBP"}},"type":"POST"}}'
);
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_version_keeps_its_posts(tmp_path):
    path = tmp_path / "s.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1.format(site=SITE_ID))
    db.close()
    for _ in range(2):
        with Service(path) as service:
            assert service.sites() == {SITE_ID: "Mill"}
            assert [item["referenceId"] for item in service.items()] == ["spring-01"]
