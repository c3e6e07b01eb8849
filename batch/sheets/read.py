"""Turns a sheet file into a `Sheet`: the rows as people see them, with every accident of spreadsheets told.

What is wrong with the whole file is a `SheetError`; what is wrong with a cell or a row is an issue, and the other
rows are read. No value is ever guessed, no row dropped or shifted in silence, and no rule about posts is applied
here.

    identify ──► read_csv | read_workbook ──► Table.split ──► apply_mapping ──► match_headings ──► tidy_rows
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast
from urllib.parse import unquote

from batch.atomic import write_private
from batch.errors import EmptyError, SheetError
from batch.model import Issue, Row, Severity, SheetRows
from batch.rules.text import read_yes_no
from batch.sheets.cells import EPOCHS, Moment, Number, NumberFormat, RawCell, RawRow, RawSheet, as_text, tidy_rows
from batch.sheets.headings import (
    EMPTY_WORDS,
    NO_CHOICES,
    NOT_CARRIED,
    HeadingChoices,
    Headings,
    Table,
    join_cells,
    match_headings,
    read_names,
    row_test,
    texts_of,
)
from batch.sheets.ooxml import FORMATS, SAVE_AS
from batch.sheets.vocabulary import column_of
from batch.wording import cell_address, column_letters, list_names, list_rows, listed, shorten

if TYPE_CHECKING:
    from pandas import DataFrame

    from batch.sheets.delimited import CountKnown, RowTest

Hidden = Literal["ask", "include", "skip"]

# The kind of file

MAX_FILE_BYTES = 150_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLE_DIRECTORY_BYTES = 4_000_000

FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<html": "a web page",
    b"<!DOCT": "a web page",
    b"<?xml": "an XML document",
    b"{\\rtf": "a text document",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"\x1f\x8b": "a compressed file",
}
"""First bytes of what gets sent or renamed as a sheet by mistake."""


FileKind = Literal["workbook", "delimited"]
KINDS: Mapping[str, FileKind] = {".xlsx": "workbook", ".xlsm": "workbook", ".csv": "delimited", ".tsv": "delimited"}


def keep_stdin(stream: BinaryIO, *, folder: Path) -> Path:
    """Keep a sheet from standard input as a private file named for its bytes below `folder`. Errors: SheetError."""
    data = stream.read(MAX_FILE_BYTES + 1)
    if not data.strip():
        raise SheetError("Nothing came on standard input. Pipe a CSV into the command, or give the name of a file.")
    if len(data) > MAX_FILE_BYTES:
        raise SheetError(f"The sheet on standard input is larger than {MAX_FILE_BYTES / 1e6:.0f} MB. Split it.")
    path = folder / sha256(data).hexdigest()[:16] / ("stdin.xlsx" if data.startswith(b"PK") else "stdin.csv")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, data)
    except OSError as error:
        raise SheetError(
            f"The sheet on standard input can't be kept ({error.strerror}). Give a file instead."
        ) from error
    return path


def bring_sheet(named: str, *, folder: Path, state: Callable[[], Path], stdin: BinaryIO) -> str:
    """Return the file of a sheet as it is named: a link's is downloaded to `folder`, that of `-` kept below `state`."""
    if named.casefold().startswith(("http://", "https://")):
        from batch.sheets.google import download_sheet

        return download_sheet(named, folder=folder, state=state()).name
    return str(keep_stdin(stdin, folder=state() / "stdin")) if named == "-" else named


def identify(path: Path) -> FileKind:
    """Return which reader a file needs; raise SheetError with the remedy where there is none."""
    start = _read_start(path)
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        raise SheetError(_tell_format(path))
    if start.startswith(OLE):
        with path.open("rb") as file:
            head = file.read(OLE_DIRECTORY_BYTES)
            file.seek(max(0, path.stat().st_size - OLE_DIRECTORY_BYTES))
            if ENCRYPTED not in head and ENCRYPTED not in file.read():
                raise SheetError(f"{path.name} is {FORMATS['.xls']}. {SAVE_AS}.")
        raise SheetError(
            f"{path.name} is protected by a password. Open it in Excel, take the password off "
            "(File > Info > Protect Workbook > Encrypt with Password) and save it again."
        )
    kind = KINDS.get(suffix)
    if kind is None:
        named = f"a {suffix} file" if suffix else "a file without an ending"
        raise SheetError(f"{path.name} is {named}, not a sheet that can be read. Save it as .xlsx (or .csv).")
    _refuse_misnamed(path, start, kind=kind)
    return kind


def _read_start(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            if path.suffix.lower() in FORMATS:
                raise SheetError(_tell_format(path))
            raise SheetError(f"{path.name} is a folder. Give the sheet in it, such as {path.name}/posts.xlsx.")
        if not stat.S_ISREG(status.st_mode):
            raise SheetError(f"{path.name} isn't a plain file. Give the sheet's own file.")
        with path.open("rb") as file:
            start = file.read(512)
    except FileNotFoundError:
        raise SheetError(f"There is no file {path.name}. Check the name and the folder.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror or "not possible" if isinstance(error, OSError) else "its name can't be used"
        raise SheetError(f"{path.name} can't be opened ({reason}). Close it elsewhere, or ask for access.") from None
    if not start:
        raise SheetError(f"{path.name} is empty (0 bytes). Save or download it again.")
    if status.st_size > MAX_FILE_BYTES:
        size = f"{status.st_size / 1e6:.0f} MB"
        raise SheetError(f"{path.name} is {size} large, more than {MAX_FILE_BYTES / 1e6:.0f} MB. Split it.")
    return start


def _tell_format(path: Path) -> str:
    remedies = {
        ".numbers": "In Numbers choose File > Export To > Excel, and save as .xlsx",
        ".gsheet": "In Google Sheets choose File > Download > Microsoft Excel (.xlsx)",
    }
    suffix = path.suffix.lower()
    return f"{path.name} is {FORMATS[suffix]}. {remedies.get(suffix, SAVE_AS)}."


def _refuse_misnamed(path: Path, start: bytes, *, kind: FileKind) -> None:
    zipped = start.startswith(b"PK")
    head = start.lstrip()[:8].lower()
    foreign = next((what for magic, what in FOREIGN.items() if head.startswith(magic.lower())), "")
    if foreign:
        raise SheetError(f"{path.name} is really {foreign}. {SAVE_AS}.")
    if kind == "delimited" and zipped and b"\x00" in start:
        raise SheetError(f"{path.name} is really a workbook or an archive. If Excel opens it, save it there as .xlsx.")
    if kind == "workbook" and not zipped:
        raise SheetError(
            f"{path.name} isn't an Excel workbook, whatever its name is. Open it in Excel and save it as .xlsx or, "
            "if it is plain text, rename it to .csv."
        )


# The sheet


@dataclass(frozen=True, slots=True)
class Sheet(SheetRows):
    """A sheet as read from a file or a DataFrame, before any rule is applied; `folder` is the file's.

    `sources` are the places of the file's own cells for each column of ours that is made of several, or of none.
    """

    folder: Path | None = field(default=None, compare=False)
    sources: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False)

    @property
    def called(self) -> dict[str, str]:
        """What the file calls each of our columns that it names otherwise."""
        return {
            column: shorten(self.headings[self.sources.get(column, (place,))[0]], limit=40)
            for column, place in self.columns.items()
            if column != "action"
            and not (column == "channel" and column in self.sources)
            and column_of(self.headings[place]) != column
        }

    def in_file(self, issue: Issue, row: Row | None) -> Issue:
        """Return an issue with the file's own headings and address; of several cells, the one with what was seen."""
        place, sources = self.columns.get(issue.column, -1), self.sources.get(issue.column)
        if row and sources is not None and issue.cell == cell_address(row.number, place):
            holding = (at for at in sources if at != place and self._holds(row, at, issue))
            place = next(holding, next(iter(sources), -1))
            issue = replace(issue, cell=cell_address(row.number, place) if place >= 0 else "")
        called = self.called
        if issue.column in called:
            called[issue.column.partition(":")[0]] = shorten(self.headings[place], limit=40)
        for column, heading in called.items():
            if f"`{column}`" in issue.message:
                issue = replace(issue, message=issue.message.replace(f"`{column}`", f"'{heading}'"))
        return issue

    def _holds(self, row: Row, place: int, issue: Issue) -> bool:
        text = as_text(row.values[place])
        if issue.column == "channel":
            return bool(read_yes_no(text))
        return bool(issue.seen) and (issue.seen in text or issue.seen == shorten(text))

    @classmethod
    def from_frame(cls, frame: DataFrame, *, name: str = "frame", choices: HeadingChoices = NO_CHOICES) -> Sheet:
        """Read a DataFrame whose columns are named as a sheet's headings; its index does not count.

        Rows are numbered as if it were saved under its headings: the first is row 2. A missing value is a blank cell,
        a list (of media) stands on separate lines, a timestamp without a zone is a wall clock. Numbers of more digits
        than a float keeps are errors of their cells, as in a workbook. `choices` say what its columns mean. Raises
        SheetError.
        """
        blank = frame.isna().to_numpy()
        rows = [RawRow(1, [str(heading) for heading in frame.columns])]
        for number, values in enumerate(frame.itertuples(index=False, name=None)):
            cells = ["" if blank[number, place] else _raw_cell(value) for place, value in enumerate(values)]
            if any(cell != "" for cell in cells):
                rows.append(RawRow(number + 2, cells))
        return _make_sheet(RawSheet("", rows), name, choices=choices)


def _raw_cell(value: object) -> RawCell:
    """Return a value of a frame as a workbook's reader would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return Number(repr(float(value)), float(value), NumberFormat())
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.isoformat(timespec="seconds")
        wall = datetime.combine(value.date(), value.time().replace(microsecond=0))
        return Moment(wall, has_time=wall.time() != time.min)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "\n".join(str(part) for part in value)
    return str(value)


def read_sheet(
    path: Path,
    *,
    tab: str | None = None,
    encoding: str | None = None,
    hidden: Hidden = "ask",
    mapping: str | None = None,
    choices: HeadingChoices = NO_CHOICES,
) -> Sheet:
    """Read a sheet of posts.

    `tab` names the sheet of a workbook, `encoding` that of a text file which is not UTF, `mapping` the scheduler for
    which the sheet was made; `hidden` says whether hidden and crossed-out rows count, `choices` what its headings mean.
    Raises SheetError with one sentence, or with one for each heading that has to be asked about.
    """
    from batch.sheets.schedulers import count_headings

    path, headed = Path(path), mapping is None
    grid = _read_grid(path, tab, encoding, count_headings, row_test, headed=headed)
    if tab is not None and not grid.tab:
        grid = replace(grid, notices=(*grid.notices, "--sheet wasn't needed: a text file holds a single sheet."))
    if encoding is not None and grid.tab:
        grid = replace(grid, notices=(*grid.notices, "--encoding wasn't needed: a workbook names its own encoding."))
    return _make_sheet(grid, path.name, folder=path.parent, hidden=hidden, mapping=mapping, choices=choices)


def find_places(path: Path) -> bool:
    """Tell whether a file is a workbook with a sheet Places."""
    if not path.is_file() or identify(path) == "delimited":
        return False
    from batch.sheets.xlsx import has_places

    return has_places(path)


def read_table(
    path: Path, *, known: Callable[[str], bool], encoding: str | None = None, hidden: Hidden = "ask"
) -> SheetRows:
    """Read the table of places: a workbook's sheet Places, else its only one, or a text file.

    The first row holds the headings, each a column by itself; `known` tells those that show a text file's delimiter.
    Raises SheetError.
    """
    from batch.sheets.xlsx import PLACES

    tab = PLACES if find_places(path) else None
    grid = _read_grid(path, tab, encoding, lambda cells: sum(map(known, cells)), lambda _: lambda _: False)
    where = f"{path.name}, sheet '{grid.tab}'" if grid.tab else path.name
    head, *body = grid.rows or [RawRow(1, ())]
    names = read_names(head.cells)
    columns = {f"text:{name}": at for at, name in enumerate(names) if name}
    body, told = _choose_hidden(body, Headings(names, columns, ()), hidden=hidden, where=where)
    rows, issues = tidy_rows(body, columns, width=len(names), keep=(), epoch=EPOCHS[grid.since_1904], where=where)
    wrong = [issue for issue in grid.issues if issue.severity is Severity.ERROR]
    found = [replace(i, message=i.message.replace(i.column, i.column.removeprefix("text:"))) for i in issues]
    by_name = {name: at for at, name in reversed(list(enumerate(names))) if name}
    return SheetRows(path.name, grid.tab, names, by_name, tuple(rows), (*found, *wrong), (*grid.notices, *told))


def _read_grid(
    path: Path, tab: str | None, encoding: str | None, count_known: CountKnown, row_test: RowTest, headed: bool = True
) -> RawSheet:
    if identify(path) == "workbook":
        from batch.sheets.xlsx import read_workbook

        return read_workbook(path, tab=tab)
    from batch.sheets.delimited import read_csv

    return read_csv(path, encoding=encoding, count_known=count_known, row_test=row_test, headed=headed)


def _make_sheet(
    grid: RawSheet,
    name: str,
    *,
    folder: Path | None = None,
    hidden: Hidden = "ask",
    mapping: str | None = None,
    choices: HeadingChoices = NO_CHOICES,
) -> Sheet:
    """Find the headings in a grid and judge its cells. Empties the grid, so that a large sheet is not held twice."""
    from batch.sheets.schedulers import apply_mapping

    where = f"{name}, sheet '{grid.tab}'" if grid.tab else name
    table = apply_mapping(Table.split(grid, where=where, headed=mapping is None), mapping, choices, where=where)
    texts = partial(texts_of, [row for row in table.rows if hidden == "include" or not row.hidden])
    try:
        headings = match_headings(table.names, where=where, texts=texts, choices=choices, foreign=table.foreign)
    except SheetError as error:
        raise SheetError(error.sentence, details=(*error.details, *table.hints), renames=error.renames) from None
    body, told = _choose_hidden(table.rows, headings, hidden=hidden, where=where)
    found = [*grid.issues, *table.issues, *_find_struck(body, headings)]
    if grid.links:
        body, followed, doubts = _follow_links(body, headings, grid.links)
        told += followed
        found += doubts
    body = list(join_cells(body, headings.joins)) if headings.joins else body
    said = (*table.notices, *headings.notices, *table.hints, *grid.notices, *told)
    said += _tell_columns(body, headings, grid)
    grid.rows.clear()
    table.rows.clear()
    rows, issues = _tidy(body, headings, grid, found=found, where=where)
    if grid.pictures:
        unsent, unused = _find_pictures(rows, headings, grid)
        issues = sorted((*issues, *unsent), key=lambda issue: issue.row or 0)
        said += unused
    names, columns, sources = headings.names, headings.columns, headings.sources
    return Sheet(name, grid.tab, names, columns, tuple(rows), tuple(issues), said, folder=folder, sources=sources)


SHOWN = frozenset({"publish_at", "text", "title", "media", "hashtags", "link", "prompt"})
"""What a post shows and when: where all of it that is filled is crossed out, its row is."""


def _choose_hidden(
    rows: Sequence[RawRow], headings: Headings, *, hidden: Hidden, where: str
) -> tuple[list[RawRow], tuple[str, ...]]:
    """Return the rows that count, without those that are hidden or crossed out, which have to be asked about."""
    places = _places_of(headings)
    shown = frozenset(place for place, column in places.items() if column in SHOWN)
    unseen = [row.number for row in rows if row.hidden]
    crossed = [row.number for row in rows if row.struck and not row.hidden and _is_crossed_out(row, shown or places)]
    if not unseen and not crossed:
        return list(rows), ()
    kinds = (("hidden or filtered", unseen), ("crossed-out", crossed))
    told = listed((f"{kind} {list_rows(numbers)}" for kind, numbers in kinds if numbers), last="and")
    if hidden == "ask":
        raise SheetError(
            f"{where} has the {told}. Use --skip-hidden to leave "
            f"{'it' if len(unseen) + len(crossed) == 1 else 'them'} out, or --include-hidden to post all."
        )
    if hidden == "include":
        return list(rows), (f"Included: the {told}.",)
    left_out = {*unseen, *crossed}
    return [row for row in rows if row.number not in left_out], (f"Left out: the {told}.",)


def _places_of(headings: Headings) -> dict[int, str]:
    """Return the column of ours, without its channel, that stands at each place; all places of one that is joined."""
    places = {place: column.partition(":")[0] for column, place in headings.columns.items()}
    return places | {place: column.partition(":")[0] for column, joined in headings.joins.items() for place in joined}


def _is_crossed_out(row: RawRow, shown: Container[int]) -> bool:
    filled = [place for place, cell in enumerate(row.cells) if cell != "" and place in shown]
    return bool(filled) and set(row.struck).issuperset(filled)


def _find_struck(rows: Sequence[RawRow], headings: Headings) -> Iterator[Issue]:
    """Yield a warning for each row in which some cells, or words of them, are crossed out: a post has no such line."""
    places = {place: column for place, column in _places_of(headings).items() if column != "notes"}
    for row in rows:
        if not (row.struck or row.struck_words) or _is_crossed_out(row, places):
            continue
        struck = (*row.struck, *row.struck_words)
        if found := sorted(place for place in struck if row.cells[place] != "" and place in places):
            at = listed((cell_address(row.number, place) for place in found), last="and")
            what = f"{at} {'is' if len(found) == 1 else 'are'} crossed out"
            if set(found) & set(row.struck_words):
                what = f"{at} {'has' if len(found) == 1 else 'have'} words that are crossed out"
            message = f"{what}, which a post can't show. Delete what isn't meant, or take the line off."
            cell = cell_address(row.number, found[0])
            yield Issue(row.number, places[found[0]], "crossed_out", at, message, Severity.WARNING, cell)


WEB = re.compile(r"https?://\S+", re.IGNORECASE)


def _follow_links(
    rows: Sequence[RawRow], headings: Headings, links: Mapping[tuple[int, int], str]
) -> tuple[list[RawRow], tuple[str, ...], list[Issue]]:
    """Put the address of a link in the place of the words that show it, in `media` and `link`; tell where, and doubts.

    An address that is written out counts as it is written. In `text` a link is none: a post is plain text.
    """
    followed: list[str] = []
    unsent: list[str] = []
    doubts: list[Issue] = []
    places = {place: name for place, name in _places_of(headings).items() if name in {"media", "link", "text"}}
    body = [row._replace(cells=list(row.cells)) for row in rows]
    for row, (place, column) in product(body, places.items()):
        address = links.get((row.number, place), "")
        raw = row.cells[place] if place < len(row.cells) else ""
        if raw == "" or not WEB.fullmatch(address):
            continue
        words, at = raw.strip() if isinstance(raw, str) else "", cell_address(row.number, place)
        written = WEB.findall(words)
        if column == "text":
            unsent += [] if written or _bare(words) in _bare(address) else [at]
        elif not written and not re.search(r"[\n|]", words):
            cast("list[RawCell]", row.cells)[place] = address
            followed.append(f"{at} ({f'“{shorten(words)}”: ' if words else ''}{shorten(address)})")
        elif len(written) == 1 and _bare(address) not in (_bare(words), _bare(written[0])):
            message = f"{at} shows {shorten(words)}, but its link goes to {address}. Write the address that is meant."
            doubts.append(Issue(row.number, column, "link_differs", shorten(words), message, Severity.WARNING, at))
    told = {
        "Used the address of the link behind the words": followed,
        "Posts are plain text, so the links behind words of `text` aren't sent": unsent,
    }
    return body, tuple(f"{what}: {list_names(cells, limit=3)}." for what, cells in told.items() if cells), doubts


def _bare(address: str) -> str:
    """Return an address as it is compared: without its scheme, the slash at its end and percent signs."""
    return unquote(re.sub(r"^https?://", "", address.strip().casefold())).rstrip("/")


def _tidy(
    body: list[RawRow], headings: Headings, grid: RawSheet, *, found: Sequence[Issue], where: str
) -> tuple[list[Row], list[Issue]]:
    epoch = EPOCHS[grid.since_1904]
    keep = {issue.row for issue in found}
    rows, issues = tidy_rows(body, headings.columns, width=len(headings.names), keep=keep, epoch=epoch, where=where)
    if (zone := headings.columns.get("timezone")) is not None:  # what the template's empty rows begin with
        wrong = {issue.row for issue in issues}
        rows = [r for r in rows if r.values.count("") < len(r.values) - 1 or not r.values[zone] or r.number in wrong]
    if not rows:
        raise EmptyError(f"{where} has headings but no rows under them. Write one post in each row below the headings.")
    numbers = {row.number for row in rows}
    issues += [issue for issue in found if issue.row in numbers]
    issues += _find_merges(rows, headings, grid)
    issues += [issue for row in rows for issue in _find_not_carried(row, headings)]
    for row in rows:
        if headings.repeated_by(row.values):
            seen = shorten(" | ".join(as_text(value) for value in row.values if value))
            message = f"Row {row.number} repeats the headings. Delete the row."
            issues.append(Issue(row.number, "", "headings_again", seen, message))
    return rows, sorted(issues, key=lambda issue: issue.row or 0)


def _find_merges(rows: Sequence[Row], headings: Headings, grid: RawSheet) -> Iterable[Issue]:
    """Yield one issue for each row that a merged range reaches into, by its topmost range."""
    ours = {place: column for column, place in headings.columns.items()}
    areas = iter(area for area in grid.merges if area.left < len(headings.names))
    area = next(areas, None)
    for row in rows:
        while area and area.bottom < row.number:
            area = next(areas, None)
        if area is None:
            return
        if area.top <= row.number:
            message = (
                f"The cells {area.ref} are merged, so it can't be told what belongs to row {row.number}. Unmerge them "
                "and fill in each cell."
            )
            column = ours.get(area.left, headings.names[area.left])
            yield Issue(row.number, column, "merged_cells", area.ref, message, cell=cell_address(row.number, area.left))


def _find_pictures(rows: Sequence[Row], headings: Headings, grid: RawSheet) -> tuple[list[Issue], tuple[str, ...]]:
    """Return a warning for each row with a picture over it that isn't its preview, and a notice of the previews."""
    places = sorted(place for place, column in _places_of(headings).items() if column == "media")
    over: dict[Row, list[str]] = {}
    for area in grid.pictures:
        if row := next((row for row in rows if area.top <= row.number <= area.bottom), None):
            over.setdefault(row, []).append(area.ref)
    previews = [row.number for row in over if any(row.values[place] for place in places)]
    issues: list[Issue] = []
    for row, refs in over.items():
        if row.number not in previews:
            at, into = listed(refs, last="and"), "" if places else "a column "
            message = (
                f"The picture over {at} only lies on the sheet and isn't sent. Write its address or file name into "
                f"{into}`media`."
            )
            cell = cell_address(row.number, places[0]) if places else ""
            issues.append(Issue(row.number, "media", "picture_on_sheet", at, message, Severity.WARNING, cell))
    told = f"Pictures that lie on the sheet aren't sent; what `media` names is ({list_rows(sorted(previews))})."
    return issues, (told,) if previews else ()


def _find_not_carried(row: Row, headings: Headings) -> Iterable[Issue]:
    """Yield a warning for each cell that says what the API can't carry."""
    for place, what in headings.not_carried.items():
        seen = as_text(row.values[place])
        if seen.casefold() not in EMPTY_WORDS:
            message, at = NOT_CARRIED.format(what=what), cell_address(row.number, place)
            yield Issue(row.number, headings.names[place], "not_carried", shorten(seen), message, Severity.WARNING, at)


def _tell_columns(body: Sequence[RawRow], headings: Headings, grid: RawSheet) -> tuple[str, ...]:
    names = headings.names
    used = {*headings.columns.values(), *(at for places in headings.sources.values() for at in places)}
    widest = max((len(row.cells) for row in body), default=0)
    unheaded = [at for at in range(widest) if at >= len(names) or not names[at]]
    filled = sorted({at for row in body for at in unheaded if at < len(row.cells) and row.cells[at] != ""})
    told = {
        "Hidden in the workbook, and used: the": [f"'{names[at]}'" for at in grid.hidden_columns if at in used],
        "Not used, since there is no heading above: the cells of": list(map(column_letters, filled[:10])),
    }
    return tuple(f"{what} column{'s' * (len(at) > 1)} {', '.join(at)}." for what, at in told.items() if at)
