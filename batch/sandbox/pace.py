"""The limit of calls a minute of each site, over a window that slides with the clock."""

from __future__ import annotations

from batch.sandbox.log import Entry
from batch.sandbox.options import Options
from batch.sandbox.state import Store
from batch.sandbox.wire import Refusal

WINDOW_MS = 60_000


def need_room(store: Store, entry: Entry, options: Options) -> None:
    """Refuse a call beyond the limit. A refused call is not counted, so that waiting always helps."""
    most = options.calls_per_minute
    if not most:
        return
    since = entry.at - WINDOW_MS
    count = store.count("SELECT count(*) FROM calls WHERE counted AND site = ? AND at > ?", entry.site, since)
    if count < most:
        return
    entry.counted = False
    refusal = Refusal(429, "RATE_LIMIT_EXCEEDED", f"The site has made {count} calls in the last minute.")
    if options.retry_after:
        oldest = store.count(
            "SELECT at FROM calls WHERE counted AND site = ? AND at > ? ORDER BY at LIMIT 1 OFFSET ?",
            entry.site, since, count - most,
        )  # fmt: skip
        refusal.headers = (("retry-after", str(max(1, -(-(oldest - since) // 1000)))),)
    raise refusal
