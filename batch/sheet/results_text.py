"""Turns results into a CSV or JSON file. The JSON form is exact; the CSV form is made for spreadsheet programs.

A CSV cell that starts like a formula gets an apostrophe before it, for the programs that open such files would run it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from batch.model import Json, Results
from batch.sheet.cell_text import disarm
from batch.sheet.lines import layout_of, lines_of

SANDBOX = "sandbox"


def write_results_csv(results: Results, path: Path) -> None:
    """Write the CSV form: UTF-8 with a byte order mark, by which Excel knows it; of the sandbox a last column tells."""
    layout = layout_of(results)
    after, said = ([SANDBOX], ["yes"]) if results.sandbox else ([], [])
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([disarm(heading) for heading in (*layout.headings, *after)])
        for line in lines_of(results, layout):
            writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in (*line, *said)])


def write_results_json(results: Results, path: Path) -> None:
    """Write the JSON form, one line for each post; what UTF-8 can't hold stands as an escape."""
    layout = layout_of(results)
    head = json.dumps({"run": results.run, "sandbox": results.sandbox}, ensure_ascii=False)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(f'{head[:-1]}, "posts": [')
        between = "\n"
        for line in lines_of(results, layout):
            post: Json = dict(zip(layout.headings, line, strict=True))
            file.write(between + json.dumps(post, ensure_ascii=False))
            between = ",\n"
        file.write("\n]}\n")
