"""Looks at media files: opens them below their folder only, and tells what they are."""
