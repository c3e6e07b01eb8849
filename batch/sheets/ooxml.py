"""Turns a workbook's zip container into its parts, each within a bound, or says what is wrong with it.

Never trusts what the container says of itself beyond refusing early: a part is read to its end, so that its checksum
is compared, and never further than its declared size, so that a small file can't unpack into a large one. No entity
or document type is ever followed.
"""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from batch.errors import SheetError
from batch.sheets.cells import Moment, Number, NumberFormat
from batch.sheets.detect import FORMATS, SAVE_AS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


MAX_PARTS = 20_000
MAX_SMALL_PART_BYTES = 32_000_000
MAX_TAGS = 400_000
"""In a part that is held as a tree; Excel's own bound of 65,490 cell styles needs about half."""
CHUNK_BYTES = 1 << 19
DOCTYPE = re.compile("<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]{0,200}?encoding=["']([A-Za-z0-9._-]+)["']""")
READABLE = {"utf-8", "utf8", "us-ascii", "ascii", "utf-16"}
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CONTENTS = {
    "xl/workbook.bin": FORMATS[".xlsb"],
    "Index/Document.iwa": FORMATS[".numbers"],
    "Index.zip": FORMATS[".numbers"],
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "content.xml": FORMATS[".ods"],
}
"""A part that tells what a renamed file really is."""


class Package:
    """An open workbook container."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.name = path.name
        self._archive = archive
        self._infos = {info.filename.lower(): info for info in archive.infolist()}
        self._refuse_odd_container()

    def has(self, part: str) -> bool:
        """Tell whether the container has a part of that name, whatever its case (writers differ)."""
        return part.lower() in self._infos

    def size(self, part: str) -> int:
        """Return how large a part says it is when unpacked, in bytes."""
        return self._infos[part.lower()].file_size

    def damaged(self, detail: str) -> SheetError:
        """Return the refusal of a file that does not hold together."""
        return SheetError(
            f"{self.name} is damaged ({detail}): open it in Excel or LibreOffice, let it be repaired, and save it "
            "again."
        )

    def stream(self, part: str, *, limit_bytes: int, what: str) -> Generator[str, None, None]:
        """Yield a part's text piece by piece; the last piece comes only when its checksum was right."""
        if not self.has(part):
            raise self.damaged(f"its part {part} is missing")
        if self.size(part) > limit_bytes:
            raise SheetError(
                f"{self.name}: {what} is {self.size(part) / 1e6:,.0f} MB when unpacked, more than can be posts: delete "
                "the empty rows and columns beyond the last post, or copy the posts into a new workbook."
            )
        decoder: codecs.IncrementalDecoder | None = None
        try:
            with self._archive.open(self._infos[part.lower()]) as file:
                while chunk := file.read(CHUNK_BYTES):
                    decoder = decoder or self._decoder(part, chunk)
                    yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True) if decoder else ""
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise self.damaged(f"its part {part} is cut off or changed") from error
        except UnicodeDecodeError as error:
            raise self.damaged(f"its part {part} is not text") from error

    def xml(self, part: str) -> Element:
        """Return a small part as a tree."""
        return self.parse(
            "".join(self.stream(part, limit_bytes=MAX_SMALL_PART_BYTES, what=f"its part {part}")), part=part
        )

    def parse(self, text: str, *, part: str) -> Element:
        """Return the tree of a part's text; refuse entities, document types and what is not well-formed."""
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        if text.count("<") > MAX_TAGS:
            raise SheetError(
                f"{self.name}: its part {part} holds far more than posts need: copy the posts into a new workbook and "
                "save it as .xlsx."
            )
        try:
            root: Element = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), forbid_dtd=True)
        except DefusedXmlException as error:
            raise self.unsafe() from error
        except (ParseError, ValueError, RecursionError) as error:
            raise self.damaged(f"its part {part} is not well-formed") from error
        return root

    def unsafe(self) -> SheetError:
        """Return the refusal of XML that no spreadsheet program writes."""
        return SheetError(
            f"{self.name} holds XML entities or a document type, which no spreadsheet program writes: copy the posts "
            "into a new workbook and save it as .xlsx."
        )

    def _decoder(self, part: str, start: bytes) -> codecs.IncrementalDecoder:
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return codecs.getincrementaldecoder("utf-16")("strict")
        declared = DECLARED_ENCODING.match(start.removeprefix(codecs.BOM_UTF8))
        if declared and declared[1].decode("ascii").lower() not in READABLE:
            raise self.damaged(f"its part {part} is in the encoding {declared[1].decode('ascii')}")
        return codecs.getincrementaldecoder("utf-8-sig")("strict")

    def _refuse_odd_container(self) -> None:
        infos = self._archive.infolist()
        for part, what in CONTENTS.items():
            if self.has(part) and not self.has("xl/workbook.xml"):
                raise SheetError(f"{self.name} is really {what}: {SAVE_AS}.")
        if not self.has("[Content_Types].xml"):
            raise SheetError(f"{self.name} is an archive and not a workbook: unpack it and give the sheet in it.")
        if len(infos) > MAX_PARTS or len(self._infos) != len(infos):
            raise self.damaged("its list of parts is not one that a spreadsheet program writes")
        if any(info.flag_bits & 1 for info in infos):
            raise SheetError(
                f"{self.name} is protected by a password: take it off in Excel and save the workbook again."
            )
        if any(info.compress_type not in COMPRESSIONS for info in infos):
            raise self.damaged("it is packed in a way that spreadsheet programs do not use")


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Open a workbook for reading."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise SheetError(
            f"{path.name} is cut off or damaged: copy or download it again, or open it in Excel and save it as .xlsx."
        ) from error
    with archive:
        yield Package(path, archive)


def local(tag: str) -> str:
    """Return an element's name without its namespace, which is another in ISO-strict workbooks."""
    return tag.rpartition("}")[2]


BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 27: "yyyy/m", 28: "m/d", 29: "m/d", 30: "m/d/yy", 31: "yyyy/m/d",
    32: "h:mm", 33: "h:mm:ss", 34: "h:mm AM/PM", 35: "h:mm:ss AM/PM", 36: "yyyy/m", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@", 50: "yyyy/m", 51: "m/d", 52: "yyyy/m", 53: "m/d", 54: "m/d", 55: "yyyy/m",
    56: "m/d", 57: "yyyy/m", 58: "m/d",
}  # fmt: skip
"""ECMA-376 part 1, 18.8.30 (numFmt); 27 to 36 and 50 to 58 as in its East Asian tables, all of them dates or times."""

LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
ZEROS = re.compile(r"0{2,}")
PLAIN_CODES = frozenset({"general", "@", "0", ""})
LAST_DAY = 2_958_466
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet's dates have no zone
EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001  a spreadsheet's dates have no zone
SECONDS_A_DAY = 86_400


@lru_cache(maxsize=1024)
def read_format(code: str) -> NumberFormat:
    """Tell what a format code would show of a number."""
    section = LITERAL.sub("", code.split(";", 1)[0]).lower()
    if "general" in section or "@" in section:
        return NumberFormat(code)
    time = "am/pm" in section or "a/p" in section or any(letter in section for letter in "hs")
    bare = section.replace("am/pm", "").replace("a/p", "")
    date = any(letter in bare for letter in "yd") or ("m" in bare and not time)
    if not date and not time:
        padded = len(section) if ZEROS.fullmatch(section) else 0
        return NumberFormat(code, padded_digits=padded, plain=bool(padded) or section in PLAIN_CODES)
    return NumberFormat(code, shows_date=date, shows_time=time)


def read_formats(styles: Element) -> list[NumberFormat]:
    """Return the format of each cell style, in the order in which cells number them."""
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    formats: list[NumberFormat] = []
    for part in styles:
        if local(part.tag) == "numFmts":
            codes.update((f.get("numFmtId", ""), f.get("formatCode", "")) for f in part)
        elif local(part.tag) == "cellXfs":
            formats = [read_format(codes.get(xf.get("numFmtId", "0"), "General")) for xf in part]
    return formats


def day_count_to_date(days: float, *, epoch: datetime) -> datetime | None:
    """Return the date of a day count to the nearest second (09:29:59.9999 is 09:30), or None where it is none."""
    if not 0 <= days < LAST_DAY:
        return None
    try:
        return epoch + timedelta(seconds=round(days * SECONDS_A_DAY))
    except OverflowError:
        return None


def read_number(stored: str, form: NumberFormat, *, epoch: datetime) -> str | Number | Moment:
    """Return a numeric cell as the date its format makes of it, as a time without a date, or as the number."""
    value = float(stored)
    if not (form.shows_date or form.shows_time):
        return Number(stored, value, form)
    at = day_count_to_date(value, epoch=epoch)
    if at is None:
        return Number(stored, value, form)
    if value < 1 and not form.shows_date:
        return at.strftime("%H:%M:%S") if at.second else at.strftime("%H:%M")
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    return Moment(at, has_time=form.shows_time or not midnight)


def iso_moment(text: str) -> Moment | None:
    """Return the date of a cell that holds it as ISO 8601 text (ISO-strict workbooks), to the nearest second."""
    try:
        at = datetime.fromisoformat(text.strip().rstrip("Zz"))
    except ValueError:
        return None
    if at.microsecond >= 500_000:
        at += timedelta(seconds=1)
    return Moment(at.replace(microsecond=0, tzinfo=None), has_time="T" in text or ":" in text)


EPOCHS: Mapping[bool, datetime] = {False: EPOCH_1900, True: EPOCH_1904}
"""The day that a workbook counts from, by its 1904 switch."""
