"""Turns a path into the kind of file it holds, or says how to save it in a form that can be read.

Looks at the first bytes before the name, since files are renamed more often than converted. Never opens what is not a
plain file: a pipe or a device would wait for ever.
"""

from __future__ import annotations

import stat
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from batch.atomic import write_private
from batch.errors import SheetError

MAX_FILE_BYTES = 150_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLE_DIRECTORY_BYTES = 4_000_000

SAVE_AS = "open it in the program that made it and save it as .xlsx"
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

FORMATS = {
    ".xls": "the old Excel format",
    ".xlsb": "Excel's binary format",
    ".xltx": "an Excel template",
    ".xltm": "an Excel template",
    ".ods": "an OpenDocument sheet",
    ".fods": "an OpenDocument sheet",
    ".numbers": "an Apple Numbers sheet",
    ".gsheet": "only a link to Google Sheets",
}


class FileKind(StrEnum):
    """The two families of files that are read."""

    WORKBOOK = "workbook"
    DELIMITED = "delimited"


KINDS = {".xlsx": FileKind.WORKBOOK, ".xlsm": FileKind.WORKBOOK, ".csv": FileKind.DELIMITED, ".tsv": FileKind.DELIMITED}


def keep_stdin(stream: BinaryIO, *, folder: Path) -> Path:
    """Keep a sheet that comes on standard input as a private file below `folder`, and return it.

    The same bytes are the same file, so that a second run finds what the first one wrote. Errors: SheetError.
    """
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


def identify(path: Path) -> FileKind:
    """Return which reader a file needs; raise SheetError with the remedy where there is none."""
    start = _read_start(path)
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        raise SheetError(_tell_format(path))
    if start.startswith(OLE):
        raise SheetError(_tell_ole(path))
    kind = KINDS.get(suffix)
    if kind is None:
        named = f"a {suffix} file" if suffix else "a file without an ending"
        raise SheetError(f"{path.name} is {named}, not a sheet that can be read: save it as .xlsx (or .csv).")
    _refuse_misnamed(path, start, kind=kind)
    return kind


def _read_start(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            if path.suffix.lower() in FORMATS:
                raise SheetError(_tell_format(path))
            raise SheetError(f"{path.name} is a folder: give the sheet in it, such as {path.name}/posts.xlsx.")
        if not stat.S_ISREG(status.st_mode):
            raise SheetError(f"{path.name} is not a plain file: give the sheet's own file.")
        with path.open("rb") as file:
            start = file.read(512)
    except FileNotFoundError:
        raise SheetError(f"There is no file {path.name} there: look at the name and the folder.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror or "not possible" if isinstance(error, OSError) else "its name can't be used"
        raise SheetError(f"{path.name} can't be opened ({reason}): close it elsewhere or ask for access.") from None
    if not start:
        raise SheetError(f"{path.name} is empty (0 bytes): save or download it again.")
    if status.st_size > MAX_FILE_BYTES:
        size = f"{status.st_size / 1e6:.0f} MB"
        raise SheetError(f"{path.name} is {size} large, more than {MAX_FILE_BYTES / 1e6:.0f} MB: split it.")
    return start


def _tell_format(path: Path) -> str:
    remedies = {
        ".numbers": "in Numbers choose File > Export To > Excel and save as .xlsx",
        ".gsheet": "in Google Sheets choose File > Download > Microsoft Excel (.xlsx)",
    }
    suffix = path.suffix.lower()
    return f"{path.name} is {FORMATS[suffix]}: {remedies.get(suffix, SAVE_AS)}."


def _tell_ole(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(OLE_DIRECTORY_BYTES)
        file.seek(max(0, path.stat().st_size - OLE_DIRECTORY_BYTES))
        protected = ENCRYPTED in head or ENCRYPTED in file.read()
    if protected:
        return (
            f"{path.name} is protected by a password: open it in Excel, take the password off "
            "(File > Info > Protect Workbook > Encrypt with Password) and save it again."
        )
    return f"{path.name} is {FORMATS['.xls']}: {SAVE_AS}."


def _refuse_misnamed(path: Path, start: bytes, *, kind: FileKind) -> None:
    zipped = start.startswith(b"PK")
    foreign = next(
        (what for magic, what in FOREIGN.items() if start.lstrip()[:8].lower().startswith(magic.lower())), ""
    )
    if foreign and not (kind is FileKind.DELIMITED and start.isascii() and foreign == "a picture"):
        raise SheetError(f"{path.name} is really {foreign}: {SAVE_AS}.")
    if kind is FileKind.DELIMITED and zipped and b"\x00" in start:
        raise SheetError(f"{path.name} is really a workbook or an archive: if Excel opens it, save it as .xlsx.")
    if kind is FileKind.WORKBOOK and not zipped:
        raise SheetError(
            f"{path.name} is not an Excel workbook, whatever its name says: open it in Excel and save it as .xlsx, "
            "or, if it is plain text, rename it to .csv."
        )
