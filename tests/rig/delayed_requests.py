"""Requests that arrive after their connection broke: kept until their time comes."""

from __future__ import annotations

from batch.sandbox.state import Ms, Request, Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS delayed (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, site TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    body BLOB NOT NULL
)
"""


def keep_delayed(store: Store, request: Request, *, site: str, at: Ms) -> None:
    """Keep a request until it arrives; its credential is not kept."""
    store.run(
        "INSERT INTO delayed (at, site, method, path, body) VALUES (?, ?, ?, ?, ?)",
        at, site, request.method, request.path, request.body,
    )  # fmt: skip


def take_delayed(store: Store, now: Ms) -> tuple[Ms, Request] | None:
    """Return the next request that has arrived by now, and when; None where there is none."""
    row = store.row("SELECT n, at, site, method, path, body FROM delayed WHERE at <= ? ORDER BY at, n LIMIT 1", now)
    if row is None:
        return None
    number, at, site, method, path, body = row
    store.run("DELETE FROM delayed WHERE n = ?", number)
    return at, Request(method, path, (), {"wix-site-id": site, "content-type": "application/json"}, body)
