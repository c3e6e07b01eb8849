"""Makes the reference pages from the code, so that they can't differ: each `<!-- made: NAME -->` is replaced."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def commands() -> Iterator[str]:
    """Yield a section for each command, with what `--help` says of it."""
    import click

    from batch.cli import postbatch

    for name, command in sorted(postbatch.commands.items()):
        context = click.Context(command, info_name=f"postbatch {name}", max_content_width=90)
        yield f"## postbatch {name}\n\n```\n{command.get_help(context)}\n```\n"


def outcomes() -> Iterator[str]:
    """Yield the table of outcomes."""
    from batch.model import GOOD, OutcomeKind
    from batch.report.words import OUTCOME_STYLES

    yield "| outcome | means | counts as | what to do |\n| --- | --- | --- | --- |\n"
    for kind in OutcomeKind:
        style = OUTCOME_STYLES[kind]
        well = "well" if kind in GOOD else "not final" if kind is OutcomeKind.PROCESSING else "needs attention"
        yield f"| `{kind}` | {style.done} | {well} | {style.remedy or 'Nothing.'} |\n"


def configuration() -> Iterator[str]:
    """Yield the keys of the configuration with their defaults."""
    from batch.settings import FileSettings, SiteSettings

    for title, kind in (("At the top", FileSettings), ("In `[sites.NAME]`", SiteSettings)):
        yield f"### {title}\n\n| key | default |\n| --- | --- |\n"
        for field in fields(kind):
            if field.name not in ("name", "sites") and not field.name.startswith("_"):
                default: Any = field.default if isinstance(field.default, (str, int, float)) else ""
                default = str(default).lower() if isinstance(default, bool) else default
                yield f"| `{field.name}` | {f'`{default}`' if default != '' else 'none'} |\n"
        yield "\n"


MADE: Mapping[str, Callable[[], Iterator[str]]] = {
    "commands": commands, "outcomes": outcomes, "configuration": configuration,
}  # fmt: skip


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page with what is made from the code in its places."""
    return re.sub(rf"<!-- made: ({'|'.join(MADE)}) -->", lambda found: "".join(MADE[found[1]]()), markdown)
