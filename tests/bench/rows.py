"""The rows of the table: each measures one thing and its yardstick, in the same run, and returns lines."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from batch.model import Channel, Content, Outcome, OutcomeKind, Results
from batch.sandbox.sites import ACCOUNTS
from batch.workbooks.results import write_results_workbook
from tests.bench import yardsticks
from tests.bench.journal import cost_of_journal
from tests.bench.measure import Cost, Line, code, cost_of, environment, in_turns, postbatch, python
from tests.bench.sandboxed import CONFIG, Sandbox, run_skipping, sandbox, site_id, with_api, write_config
from tests.bench.sheets import HEADINGS, rows, write_csv, write_places, write_xlsx

LIMIT = 200
CALLS_A_POST: Mapping[str, float] = {"auto": 0.06, "draft": 2.1, "publish": 1.1, "bulk": 0.06}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, and how often."""

    posts: int
    rows: int
    many_rows: int
    sites: int
    posts_a_site: int
    places: int
    place_rows: int
    turns: int


FULL = Size(posts=1_000, rows=10_000, many_rows=100_000, sites=20, posts_a_site=200, places=200, place_rows=12, turns=5)
QUICK = Size(posts=100, rows=1_000, many_rows=5_000, sites=4, posts_a_site=10, places=8, place_rows=3, turns=3)


@contextmanager
def desk() -> Iterator[Path]:
    """An empty folder with a state folder in it."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    (folder / "state").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def calls(size: Size) -> list[Line]:
    """Count every call of a month's run by each way, and how long it takes under the limit."""
    with desk() as folder, sandbox(folder / "state", calls_per_minute=0) as place:
        posts, at = size.posts // 10, "2030-01-07T08:01:00Z"
        yardsticks.sample_flow(place.url, site_id=site_id(0), posts=posts, at=at)
        flow = len(place.calls()) / posts
    lines = []
    for via, most in CALLS_A_POST.items():
        count, seconds = month(size.posts, via=via)
        each, least = count / size.posts, count / LIMIT * 60
        what = f"calls for {size.posts:,} scheduled posts, `{via}`"
        lines.append(Line(what, f"{count:,}", f"{flow:g} a post by the sample flow", each, most, " (calls a post)"))
        what = f"time of the same under {LIMIT} a minute, `{via}`"
        lines.append(Line(what, f"{seconds:,.0f} s", f"{least:,.0f} s", seconds / least, 1.1))
    return lines


def month(posts: int, *, via: str | None, calls_per_minute: int = LIMIT) -> tuple[int, float]:
    """Schedule posts on one site, waits skipped; return the calls and the seconds. Raises where a post is missing."""
    with desk() as folder, sandbox(folder / "state", calls_per_minute=LIMIT) as place:
        write_config(folder, sites=["default"], calls_per_minute=calls_per_minute)
        seconds = run_skipping(place, write_csv(folder / "month.csv", posts), via=via)
        if place.references() != sorted(row[0] for row in rows(posts)):
            raise RuntimeError("not every post is there exactly once")
        return len(place.calls()), seconds


def sites(size: Size) -> list[Line]:
    """Measure many sites side by side against the slowest of them alone, with a latency of 100 ms a call."""
    names = [f"site{number:02}" for number in range(size.sites)]
    alone = _run_sites(names[:1], size.posts_a_site)
    together = _run_sites(names, size.posts_a_site)
    what = f"{size.posts_a_site} posts on each of {size.sites} sites, 100 ms latency"
    return [Line(what, f"{together:.1f} s", f"{alone:.1f} s for one site alone", together / alone, 1.5)]


def _run_sites(names: Sequence[str], posts: int) -> float:
    with desk() as folder, sandbox(folder / "state", sites=len(names)) as place:
        place.ask("/sandbox/faults", {"kind": "delay", "seconds": 0.1})
        write_config(folder, sites=names)
        write_csv(folder / "month.csv", posts * len(names), sites=names)
        command = postbatch("run", "month.csv", *CONFIG, "--yes", "--no-page", "--quiet", "--allow-new", "300000")
        seconds = cost_of(command, cwd=folder, env=with_api(folder / "state", place), statuses=(0,)).seconds
        if any(len(place.references(number)) != posts for number in range(len(names))):
            raise RuntimeError("not every post is there exactly once")
        return seconds


@dataclass(frozen=True, slots=True)
class PlacesRun:
    """What a run of rows times places took, the sites that it changed, and those that the run after it did."""

    cost: Cost
    calls: int
    changed: frozenset[str]
    changed_again: frozenset[str]


def places(size: Size) -> list[Line]:
    """Measure a few rows for many places, each a site of its own, against one place alone; then with one unreachable.

    Each call takes 100 ms.
    """
    names = [f"site{number:03}" for number in range(size.places)]
    alone, together = run_places(names[:1], size.place_rows), run_places(names, size.place_rows)
    cut_off = run_places(names, size.place_rows, unreachable=size.places // 2)
    note = (
        f" ({together.calls:,} calls, {together.cost.cpu_seconds:.1f} s of a core, {together.cost.peak_mb:.0f} MB; "
        f"the second run changes {len(together.changed_again)})"
    )
    ours, other = together.cost.seconds, alone.cost.seconds
    what = f"{size.place_rows} rows in {size.places} places (sites), {size.place_rows * size.places:,} posts, 100 ms"
    done, left = len(cut_off.changed), len(cut_off.changed_again)
    return [
        Line(what, f"{ours:.1f} s", f"{other:.1f} s for one of them alone", ours / other, 1.5, note),
        Line(
            "the same, one site unreachable: sites left for the next run",
            f"{left}, after {done} that were done",
            f"{size.places - done} that was cut off",
            left / (size.places - done),
            1,
        ),
    ]


def run_places(names: Sequence[str], rows_each: int, *, pictures: int = 3, unreachable: int | None = None) -> PlacesRun:
    """Run a sheet of places twice. Raises where in the end a post is missing or doubled, or a run ends otherwise.

    The site of the number `unreachable` drops every connection in the first run, which then ends with 1.
    """
    with desk() as folder, sandbox(folder / "state", sites=len(names)) as place:
        place.ask("/sandbox/faults", {"kind": "delay", "seconds": 0.1})
        write_config(folder, sites=names)
        write_places(folder, names, rows_each=rows_each, pictures=pictures)
        command = postbatch("run", "posts.csv", *CONFIG, "--places", "places.csv", "--yes", "--no-page", "--quiet")
        command += ["--allow-new", "300000"]
        env = with_api(folder / "state", place)
        if unreachable is not None:
            place.clear_faults()
            place.ask("/sandbox/faults", {"kind": "reset_before", "site": site_id(unreachable)})
        cost = cost_of(command, cwd=folder, env=env, statuses=(0 if unreachable is None else 1,))
        first = place.calls(None)
        if unreachable is not None:
            place.clear_faults()
        cost_of(command, cwd=folder, env=env, statuses=(0,))
        wanted = sorted(f"post-{n + 1}/shop-{name}/FACEBOOK" for name in names for n in range(rows_each))
        if sorted(place.references(None)) != wanted:
            raise RuntimeError("not every post is there exactly once")

        def changed(calls: Sequence[Mapping[str, Any]]) -> frozenset[str]:
            return frozenset(call["site"] for call in calls if call["changed"])

        return PlacesRun(cost, len(first), changed(first), changed(place.calls(None)[len(first) :]))


def reading(size: Size) -> list[Line]:
    """Measure `check` against pandas that only reads, and `plan` against `check`."""
    lines = []
    with desk() as folder:
        env = environment(folder / "state")

        def seconds(command: Sequence[str]) -> Callable[[], float]:
            return lambda: cost_of(command, cwd=folder, env=env).seconds

        for path, script, most in (
            (write_xlsx(folder / "month.xlsx", size.rows), yardsticks.PANDAS_READS_XLSX, 0.6),
            (write_csv(folder / "month.csv", size.rows), yardsticks.PANDAS_READS_CSV, 1.2),
        ):
            check, peer = postbatch("check", path.name), code(script, path.name)
            ours, other, ratio = in_turns(seconds(check), seconds(peer), turns=size.turns)
            what = f"`check` of {size.rows:,} rows of 20 columns, `{path.suffix}`"
            lines.append(Line(what, f"{ours:.2f} s", f"pandas only reading it {other:.2f} s", ratio, most))
        lines.append(planning(size, folder))
    return lines


def planning(size: Size, folder: Path) -> Line:
    """Measure `plan` of many rows against a site that holds half as many items."""
    held = size.rows // 2
    with sandbox(folder / "state", calls_per_minute=0) as place:
        write_config(folder, sites=["default"])
        seed(place, held)
        env = with_api(folder / "state", place)
        ours, other, ratio = in_turns(
            lambda: cost_of(postbatch("plan", "month.csv", *CONFIG), cwd=folder, env=env, statuses=(0,)).seconds,
            lambda: cost_of(postbatch("check", "month.csv"), cwd=folder, env=env, statuses=(0,)).seconds,
            turns=size.turns,
        )
    what = f"`plan` of {size.rows:,} rows against {held:,} items, no latency"
    return Line(what, f"{ours:.2f} s", f"`check` of the same {other:.2f} s", ratio, 2.0)


def seed(place: Sandbox, count: int) -> None:
    """Put the first posts of the sheet on the site, half of them as they are wanted."""
    items = []
    for number, line in enumerate(rows(count)):
        channel, text = line[HEADINGS.index("channel")], line[HEADINGS.index("text")]
        at = datetime.fromisoformat(line[HEADINGS.index("publish_at")]).replace(tzinfo=UTC)
        shown = {"caption": text if number % 2 else f"{text}, as it was"}
        if channel == "FACEBOOK":
            shown["pageId"] = ACCOUNTS[channel][0]["page"]["id"]
        items.append({
            "channel": {"name": channel, "accountId": ACCOUNTS[channel][0]["id"]},
            "type": "POST", "status": "SCHEDULED", "referenceId": line[0],
            f"{channel.lower()}Post": shown, "schedulingInfo": {"scheduledDate": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        })  # fmt: skip
    for start in range(0, count, 500):
        place.ask("/sandbox/seed", {"site": site_id(0), "items": items[start : start + 500]})


def memory(size: Size) -> list[Line]:
    """Measure the peak memory of checking a large workbook against openpyxl that loads it."""
    with desk() as folder:
        env, path = environment(folder / "state"), write_xlsx(folder / "large.xlsx", size.many_rows)
        ours = cost_of(postbatch("check", path.name), cwd=folder, env=env).peak_mb
        other = cost_of(code(yardsticks.OPENPYXL_LOADS, path.name), cwd=folder, env=env).peak_mb
    what = f"peak memory of `check`, {size.many_rows:,} rows `.xlsx`"
    return [Line(what, f"{ours:.0f} MB", f"openpyxl loading it {other:.0f} MB", ours / other, 0.5)]


def results_of(count: int) -> Results:
    """The results of a run of so many rows."""
    outcomes, own = [], {}
    for number, line in enumerate(rows(count), start=2):
        cells = dict(zip(HEADINGS, line, strict=True))
        at = datetime.fromisoformat(cells["publish_at"]).replace(tzinfo=UTC)
        own[number] = tuple(line)
        outcomes.append(
            Outcome(
                row=number,
                key=cells["key"],
                site="default",
                channel=Channel(cells["channel"]),
                type="POST",
                account="River Pottery",
                action="",
                outcome=OutcomeKind.SCHEDULED,
                status="SCHEDULED",
                publish_at=at,
                item_id=f"00000000-0000-4000-8000-{number:012x}",
                message="It goes out on that date.",
                local_time=f"{cells['publish_at']} Europe/London",
                timezone="Europe/London",
                content=Content(cells["text"]),
                reference=cells["key"],
            )
        )
    done = datetime(2030, 1, 1, tzinfo=UTC)
    return Results("r1", False, "month.csv", HEADINGS, tuple(outcomes), own, started_at=done, finished_at=done)


def _bare(path: Path, cells: Sequence[Sequence[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": False}) as book:
        sheet = book.add_worksheet("Results")
        for at, line in enumerate(cells):
            for place, cell in enumerate(line):
                sheet.write_string(at, place, cell)


def cells_of(path: Path) -> list[list[str]]:
    """The cells of the sheet of results, as text: those that the yardstick writes bare."""
    import openpyxl

    rows = openpyxl.load_workbook(path)["Results"].iter_rows(values_only=True)
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def timed(work: Callable[[], object]) -> float:
    """How long a piece of work takes in this process."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def writing(size: Size) -> list[Line]:
    """Measure the writing of styled results against xlsxwriter that writes the same cells bare."""
    results = results_of(size.rows)
    with desk() as folder:
        write_results_workbook(results, folder / "first.xlsx")
        cells = cells_of(folder / "first.xlsx")
        ours, other, ratio = in_turns(
            lambda: timed(lambda: write_results_workbook(results, folder / "ours.xlsx")),
            lambda: timed(lambda: _bare(folder / "bare.xlsx", cells)),
            turns=size.turns,
        )
    what = f"writing results of {size.rows:,} rows, styled, six sheets"
    return [Line(what, f"{ours:.2f} s", f"xlsxwriter, the results alone and bare, {other:.2f} s", ratio, 2.0)]


def growth(size: Size) -> list[Line]:
    """Measure each at a thousand rows (or fewer) and at a hundred times as many: growth beyond that of the rows."""
    few = max(100, size.many_rows // 100)
    lines = []
    with desk() as folder:
        env = environment(folder / "state")
        with sandbox(folder / "state", calls_per_minute=0) as place:
            write_config(folder, sites=["default"])
            on_site = with_api(folder / "state", place)
            for count in (few, size.many_rows):
                write_csv(folder / f"{count}.csv", count)
                write_xlsx(folder / f"{count}.xlsx", count)
            work: Mapping[str, Callable[[int], float]] = {
                "`check`, `.csv`": lambda n: cost_of(postbatch("check", f"{n}.csv"), cwd=folder, env=env).seconds,
                "`check`, `.xlsx`": lambda n: cost_of(postbatch("check", f"{n}.xlsx"), cwd=folder, env=env).seconds,
                "`plan`": lambda n: cost_of(postbatch("plan", f"{n}.csv", *CONFIG), cwd=folder, env=on_site).seconds,
                "writing results": _writing_of(folder, (few, size.many_rows)),
            }
            for what, measure in work.items():
                once = median(measure(few) for _ in range(size.turns))
                many = measure(size.many_rows)
                times = size.many_rows // few
                line = f"{what}: {few:,} to {size.many_rows:,} rows"
                lines.append(Line(line, f"{many:.1f} s", f"{times} x {once:.2f} s", many / once / times, 1.2))
    return lines


def _writing_of(folder: Path, counts: Sequence[int]) -> Callable[[int], float]:
    results = {count: results_of(count) for count in counts}
    return lambda n: timed(lambda: write_results_workbook(results[n], folder / "results.xlsx"))


def starting(size: Size) -> list[Line]:
    """Measure how soon the smallest commands are done."""
    lines = []
    with desk() as folder:
        env = environment(folder / "state")
        for path in (write_csv(folder / "small.csv", 20), write_xlsx(folder / "small.xlsx", 20)):
            ours, other, ratio = in_turns(
                lambda path=path: cost_of(postbatch("check", path.name), cwd=folder, env=env).seconds,
                lambda: cost_of(code(yardsticks.PANDAS_AND_OPENPYXL), cwd=folder, env=env).seconds,
                turns=size.turns,
            )
            what = f"`check` of 20 rows, `{path.suffix}`"
            lines.append(Line(what, f"{ours:.2f} s", f"importing pandas and openpyxl {other:.2f} s", ratio, 1.2))
        ours, other, ratio = in_turns(
            lambda: cost_of(postbatch("--help"), cwd=folder, env=env).seconds,
            lambda: cost_of(python("-c", yardsticks.NOTHING), cwd=folder, env=env).seconds,
            turns=2 * size.turns,
        )
        lines.append(Line("`--help`", f"{ours:.3f} s", f"bare Python {other:.3f} s", ratio, 3.0))
    return lines


def journal(size: Size) -> list[Line]:
    """Measure a run with its journal against the same one without: unlimited, and at the pace that the API allows."""
    lines = []
    for posts, pace, where in (
        (min(80, size.posts), 10_000, "none of it under the limit"),
        (min(400, size.posts), LIMIT, f"under {LIMIT} calls a minute"),
    ):
        with desk() as folder:
            ours, other, ratio = in_turns(
                lambda posts=posts, pace=pace: cost_of_journal(folder, posts, pace=pace, kept=True),
                lambda posts=posts, pace=pace: cost_of_journal(folder, posts, pace=pace, kept=False),
                turns=size.turns,
            )
        what = f"a run of {posts} posts with its journal, 100 ms latency, {where}"
        lines.append(Line(what, f"{ours:.2f} s", f"without {other:.2f} s", ratio, 1.05))
    return lines


ROWS: Mapping[str, Callable[[Size], list[Line]]] = {
    "calls": calls,
    "sites": sites,
    "places": places,
    "reading": reading,
    "memory": memory,
    "writing": writing,
    "growth": growth,
    "starting": starting,
    "journal": journal,
}
