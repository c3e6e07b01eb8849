"""Turns files into rows: cells of a CSV or workbook into values under our headings, every accident into an issue."""
