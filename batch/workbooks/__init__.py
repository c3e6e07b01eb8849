"""Turns outcomes and posts into files that people open: the results, the template, a copy of their own workbook."""
