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
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from batch.errors import SheetError
from batch.sheet.source import FORMATS, SAVE_AS

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
