"""What the terminal is written on: text of a given width, with or without colour, from rich's tables and paragraphs.

A value from a sheet or from the service is text and never markup, and no control character of it reaches the terminal.
rich is imported only where something is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from batch.wording import make_visible_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MIN_WIDTH = 40
GAP = 2
MIN_SHARE = 20
"""Columns that a share of the room must come to, or a table's rows are written one below another instead."""


class Styled(NamedTuple):
    """Words with a style of rich's (`bold`, `red`, `dim`)."""

    words: str
    style: str = ""


Line = Sequence[Styled] | Styled | str
"""One line, of one or several styles."""


def joined(parts: Iterable[Styled], *, between: str = ", ") -> list[Styled]:
    """Return parts of one line with something between each two."""
    return [piece for part in parts for piece in (Styled(between), part)][1:]


class Column(NamedTuple):
    """A column of a table; `share` > 0 lets it take the room that is left; `max_width` 0 is any."""

    heading: str
    share: int = 0
    right: bool = False
    max_width: int = 0


class TerminalText:
    """Collects lines and tables, and gives them back as one text."""

    def __init__(self, *, width: int, color: bool) -> None:
        from rich.console import Console

        self._file = io.StringIO()
        self._console: Console = Console(
            file=self._file,
            width=max(width, MIN_WIDTH),
            force_terminal=color,
            no_color=not color,
            color_system="standard" if color else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def text(self) -> str:
        """Return all that was written, without white space at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._file.getvalue().rstrip("\n").split("\n"))

    def line(self, line: Line = "", *, indent: int = 0) -> None:
        """Write one paragraph, broken between words where it is too long."""
        from rich.padding import Padding

        self._console.print(Padding(_rich(line), (0, 0, 0, indent)))

    def cut_line(self, line: Line, *, indent: int = 0) -> None:
        """Write one line that is cut where the terminal ends."""
        text = _rich(line)
        text.pad_left(indent)
        self._console.print(text, no_wrap=True, overflow="ellipsis")

    def whole_line(self, line: Line) -> None:
        """Write one line that is never broken, such as an address that is to be copied."""
        self._console.print(_rich(line), soft_wrap=True)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Line]], *, indent: int = 2) -> None:
        """Write a table with its headings dim; nothing where there are no rows."""
        from rich.padding import Padding
        from rich.table import Table

        written = [tuple(_rich(cell) for cell in row) for row in rows]
        if not written:
            return
        if self._has_no_room(columns, written, indent=indent):
            self._write_below(columns, written, indent=indent)
            return
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
        table.show_header = any(column.heading for column in columns)
        table.expand = any(column.share for column in columns)
        for column in columns:
            table.add_column(
                column.heading,
                ratio=column.share or None,
                max_width=column.max_width or None,
                justify="right" if column.right else "left",
                overflow="fold",
            )
        for row in written:
            table.add_row(*row)
        self._console.print(Padding(table, (0, 0, 0, indent)))

    def _has_no_room(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]], *, indent: int) -> bool:
        """Tell whether the columns that share what is left would be too narrow to read."""
        sharing = sum(1 for column in columns if column.share)
        taken = indent + GAP * (len(columns) - 1)
        for at, column in enumerate(columns):
            if not column.share:
                widest = max(len(column.heading), *(row[at].cell_len for row in rows))
                taken += min(widest, column.max_width or widest)
        return sharing > 0 and self._console.width - taken < sharing * MIN_SHARE

    def _write_below(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]], *, indent: int) -> None:
        """Write of each row the short cells in one line and each long one below them."""
        from rich.padding import Padding
        from rich.text import Text

        for row in rows:
            short = [cell for cell, column in zip(row, columns, strict=True) if not column.share and cell.plain]
            self._console.print(Padding(Text(" " * GAP).join(short), (0, 0, 0, indent)))
            for cell, column in zip(row, columns, strict=True):
                if column.share and cell.plain:
                    self._console.print(Padding(cell, (0, 0, 0, indent + GAP)))


def _rich(line: Line) -> Text:
    from rich.text import Text

    parts = [line] if isinstance(line, Styled) else [Styled(line)] if isinstance(line, str) else line
    return Text.assemble(*((make_visible_words(part.words), part.style) for part in parts), overflow="fold")
