"""Fail unless the README's first line did what it says: every row of the sample is there, and nothing failed."""

from __future__ import annotations

import sys
from pathlib import Path

from openpyxl import load_workbook

said = Path(sys.argv[1]).read_text(encoding="utf-8")
if "14 posts scheduled and 1 saved as draft." not in said or "SANDBOX" not in said:
    raise SystemExit("the first line did not say what it should have done")
rows = list(load_workbook("samples/launch-week.results.xlsx", read_only=True)["Results"].iter_rows(values_only=True))
table = next(n for n, row in enumerate(rows) if "outcome" in row)
outcomes = [row[rows[table].index("outcome")] for row in rows[table + 1 :] if row[0] is not None]
if sorted(map(str, outcomes)) != ["drafted", *["scheduled"] * 14]:
    raise SystemExit(f"the results are not what they should be: {outcomes}")
if not Path("samples/launch-week.results.html").read_text(encoding="utf-8").startswith("<!"):
    raise SystemExit("there is no page beside the results")
print("The sample's results are what they should be.")
