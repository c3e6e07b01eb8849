"""Turn a spreadsheet of social posts into scheduled and published posts, and say row by row what happened.

A sheet is read (`sheets.read`), each row checked against what its channel takes (`rules.check`), compared with what the
site already holds (`plan.reconcile`), carried out call by call (`runs.execute`) and told (`workbooks.results`,
`report.page`). A row becomes a post for each channel, a post exactly one step, a step exactly one outcome.

For people who script, the names of `batch.api` are here; they are loaded when one of them is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from batch.api import Plan, Results, Sheet, check, make_plan, read_sheet, run

__all__ = ["Plan", "Results", "Sheet", "__version__", "check", "make_plan", "read_sheet", "run"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from batch import api

    return getattr(api, name)
