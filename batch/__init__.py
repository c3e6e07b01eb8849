"""Turn a spreadsheet of social posts into scheduled and published posts, and say row by row what happened.

A sheet is read (`sheet.read`), each row checked against what its channel takes (`rules.check`), compared with what the
site already holds (`plan.reconcile`), carried out call by call (`run.execute`) and told (`sheet.results`,
`report.page`). A row becomes a post for each channel, a post exactly one step, a step exactly one outcome.
"""

__version__ = "0.1.0"
