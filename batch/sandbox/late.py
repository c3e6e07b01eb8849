"""Requests that arrive late: the caller has long seen its connection break when they are carried out after all.

They are kept without their credential, and carried out by the clock, among the posts that go out meanwhile.
"""

from __future__ import annotations

from batch.sandbox.state import Store
from batch.sandbox.times import Ms
from batch.sandbox.wire import Request


def keep_late(store: Store, request: Request, *, site: str, at: Ms) -> None:
    """Keep a request until it arrives."""
    store.run(
        "INSERT INTO late (at, site, method, path, body) VALUES (?, ?, ?, ?, ?)",
        at, site, request.method, request.path, request.body,
    )  # fmt: skip


def take_late(store: Store, now: Ms) -> tuple[Ms, Request] | None:
    """Return the next request that has arrived by now, and when; None where there is none."""
    row = store.row("SELECT n, at, site, method, path, body FROM late WHERE at <= ? ORDER BY at, n LIMIT 1", now)
    if row is None:
        return None
    number, at, site, method, path, body = row
    store.run("DELETE FROM late WHERE n = ?", number)
    return at, Request(method, path, (), {"wix-site-id": site, "content-type": "application/json"}, body)
