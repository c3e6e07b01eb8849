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
    row = store.row(
        "SELECT at FROM calls WHERE counted AND site = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        entry.site, entry.at - WINDOW_MS, most - 1,
    )  # fmt: skip
    if row is None:
        return
    refusal = Refusal(429, "RATE_LIMIT_EXCEEDED", f"The site has made {most} calls in the last minute.")
    if options.retry_after:
        # There is room again once the call that is `most` back has left the window.
        refusal.headers = (("retry-after", str(max(1, -(-(row[0] + WINDOW_MS - entry.at) // 1000)))),)
    raise refusal
