from __future__ import annotations

import sqlite3
import threading

import pytest

from batch.sandbox.state import TABLES, Store


def change_and_raise(store, within, name):
    with within():
        store.remember(name, 1)
        raise RuntimeError


def test_what_raises_inside_a_transaction_has_not_happened(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(RuntimeError):
        change_and_raise(store, store.transaction, "a")
    with store.transaction():
        assert store.meta("a") is None
    store.close()


def test_a_part_that_raises_leaves_the_rest_of_its_transaction():
    store = Store(":memory:")
    with store.transaction():
        store.remember("a", 1)
        with pytest.raises(RuntimeError):
            change_and_raise(store, store.part, "b")
    with store.transaction():
        assert (store.meta("a"), store.meta("b")) == ("1", None)
    store.close()


def test_every_table_is_cleared():
    store = Store(":memory:")
    named = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert named == set(TABLES)
    store.close()


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
            order.append(other.meta("a"))

    with one.transaction():
        thread = threading.Thread(target=write_second)
        thread.start()
        one.remember("a", 1)
        order.append("first")
    thread.join(10)
    assert order == ["first", "1"]
    one.close()
    other.close()
