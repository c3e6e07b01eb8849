"""Times the stages of `check` and `plan`: the program's own functions in its own order, from a process that is empty.

Arguments: the sheet, the address of the API, a key, the site's ID. Prints the milliseconds of each stage as JSON.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")
TOOK: dict[str, float] = {}


def timed(name: str, work: Callable[[], Value]) -> Value:
    """Do a piece of work, and keep how long it took."""
    began = time.perf_counter()
    result = work()
    TOOK[name] = 1_000 * (time.perf_counter() - began)
    return result


def import_check() -> None:
    """Import what `check` needs."""
    import batch.cli
    import batch.commands.check  # noqa: F401 - only to time it


def import_plan() -> None:
    """Import what `plan` needs besides."""
    import batch.commands.plan
    import batch.publisher.client
    import batch.runs.site  # noqa: F401 - only to time it


def time_stages(path: Path, url: str, key: str, site_id: str) -> None:
    """Check and plan a sheet of Facebook and LinkedIn posts."""
    timed("`check`: importing", import_check)
    from batch.cli import GARBAGE_EVERY
    from batch.report.plan_text import plan_text
    from batch.report.terminal import issues_text
    from batch.rules.check import check
    from batch.rules.columns import CheckContext
    from batch.sheets.read import read_sheet

    gc.set_threshold(*GARBAGE_EVERY)
    now = datetime.now(UTC)
    sheet = timed("`check`: reading the rows, judging each cell", lambda: read_sheet(path))
    posts = timed("`check`: the rules", lambda: check(sheet, context=CheckContext(now=now, timezone="UTC")))
    issues = [issue for post in posts for issue in post.issues]
    timed("`check`: showing what is wrong", lambda: issues_text(issues, posts=posts))

    timed("`plan` besides: importing", import_plan)
    from batch.model import Channel, Plan
    from batch.plan.reconcile import reconcile
    from batch.publisher.accounts import read_snapshot
    from batch.publisher.client import Client
    from batch.publisher.pace import Pace
    from batch.settings import ApiKey

    channels = [Channel.FACEBOOK, Channel.LINKEDIN]
    with Client(api_url=url, credential=ApiKey(key), site_id=site_id, pace=Pace(10_000)) as client:
        site = timed("`plan` besides: reading the site", lambda: read_snapshot(client, channels, now=now))
    part = timed("`plan` besides: comparing", lambda: reconcile(posts, site, now=now))
    plan = Plan(sheet.name, sheet.fingerprint, now, (part,))
    timed("`plan` besides: showing the plan", lambda: plan_text(plan))


time_stages(Path(sys.argv[1]), *sys.argv[2:])
print(json.dumps(TOOK))
