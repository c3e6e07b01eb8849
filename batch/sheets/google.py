"""Brings a Google Sheet that everybody with its link may read into the current folder, as an Excel workbook.

One fixed host is asked, and redirects are followed only to the vendor's own content hosts; size and time are bounded.
No account and no key is used: a sheet that is not shared is refused with what to do. What comes back is a file like any
other, so that a plan is bound to its bytes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from batch.atomic import write_whole
from batch.errors import SheetError

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 50_000_000
MAX_SECONDS = 90.0
MAX_REDIRECTS = 4
ID_LETTERS_SHOWN = 10
DOWNLOADS = "downloads.json"
EXPORTS = {"": "export?format=xlsx", "e/": "pub?output=xlsx"}
"""What asks for the workbook of a sheet, and of a copy that is published to the web (`d/e/`)."""

NOT_SHARED = (
    "This Google Sheet isn't shared with everybody who has its link. In Google Sheets, choose Share, then General "
    "access, then Anyone with the link; or choose File, then Download, then Microsoft Excel, and give that file."
)
NOT_THERE = "There is no Google Sheet at this link. Copy the link from the browser's address bar and give it again."

REFUSALS = {400: NOT_THERE, 401: NOT_SHARED, 403: NOT_SHARED, 404: NOT_THERE, 410: NOT_THERE}


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where sheets are asked for, and the hosts that may hand them out; a name that starts with a dot is an ending."""

    address: str = "https://docs.google.com"
    content_hosts: tuple[str, ...] = ("docs.google.com", ".googleusercontent.com")
    clock: Callable[[], float] = time.monotonic

    def hands_out(self, url: str) -> bool:
        """Tell whether an address may be asked for the sheet: the vendor's own, in the vendor's own scheme."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        ours = any(host.endswith(name) if name.startswith(".") else host == name for name in self.content_hosts)
        return ours and parts.scheme == urlsplit(self.address).scheme and "@" not in parts.netloc

    def fetch(self, path: str) -> bytes:
        """Return the workbook at a path of the vendor's, followed through the vendor's own redirects."""
        import httpx

        url, until = f"{self.address}{path}", self.clock() + MAX_SECONDS
        try:
            with httpx.Client(timeout=30, trust_env=False, follow_redirects=False) as client:
                for _ in range(MAX_REDIRECTS + 1):
                    with client.stream("GET", url) as answer:
                        if not answer.is_redirect:
                            return _read_workbook(answer, until=until, clock=self.clock)
                        url = urljoin(url, answer.headers.get("location", ""))
                    if not self.hands_out(url):
                        raise SheetError(NOT_SHARED)
        except httpx.HTTPError as error:
            raise SheetError(
                "Google Sheets can't be reached. Check the connection and try again, or download the sheet as .xlsx "
                "and give that file."
            ) from error
        raise SheetError(NOT_SHARED)


GOOGLE = Vendor()


def read_link(link: str) -> tuple[str, str]:
    """Return the ID that a link names, and the path of its workbook. Errors: SheetError where it is no Google Sheet."""
    try:
        parts = urlsplit(link.strip())
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    found = re.match(r"/spreadsheets/(?:u/\d+/)?d/(e/)?([A-Za-z0-9_-]{20,200})(?:/|$)", parts.path)
    if host in ("docs.google.com", "sheets.google.com") and parts.scheme == "https" and found:
        published = found[1] or ""
        return found[2], f"/spreadsheets/d/{published}{found[2]}/{EXPORTS[published]}"
    if host.endswith("google.com"):
        raise SheetError(
            "This isn't the link of one Google Sheet. Open the sheet and copy the address from the browser: it starts "
            "with https://docs.google.com/spreadsheets/d/."
        )
    raise SheetError(
        "Of links, only those of Google Sheets are read. Download the sheet as .xlsx or .csv and give that file."
    )


def download_sheet(link: str, *, folder: Path, state: Path, vendor: Vendor = GOOGLE) -> Path:
    """Download a Google Sheet into `folder` and return the file.

    The file is named for the sheet, so that the next run finds the results of this one. `state` is where the bytes are
    remembered that were written, by which a copy that a person has changed is told and never overwritten.
    Errors: SheetError.
    """
    named, at = read_link(link)
    content = vendor.fetch(at)
    path = folder / f"google-sheet-{named[:ID_LETTERS_SHOWN]}.xlsx"
    known = _remembered(state)
    if path.exists() and known.get(str(path)) != sha256(path.read_bytes()).hexdigest():
        raise SheetError(
            f"{path.name} was changed here since it was downloaded, and would be overwritten. Rename it, or give the "
            "file itself instead of the link."
        )
    written = write_whole(path, lambda draft: draft.write_bytes(content), failing=SheetError).path
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = json.dumps({**known, str(written): sha256(content).hexdigest()}, indent=1)
    write_whole(state / DOWNLOADS, lambda draft: draft.write_text(told, encoding="utf-8"), failing=SheetError)
    return written


def _remembered(state: Path) -> Mapping[str, str]:
    try:
        known = json.loads((state / DOWNLOADS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(path): str(digest) for path, digest in known.items()} if isinstance(known, dict) else {}


def _read_workbook(answer: httpx.Response, *, until: float, clock: Callable[[], float]) -> bytes:
    if answer.status_code != 200:
        otherwise = (
            f"Google Sheets answered HTTP {answer.status_code}. Try again later, or download the sheet as .xlsx and "
            "give that file."
        )
        raise SheetError(REFUSALS.get(answer.status_code, otherwise))
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MAX_BYTES or clock() > until:
            raise SheetError(
                "This Google Sheet is too large, or takes too long to download. Keep the posts in a sheet of their "
                "own, or download it as .xlsx and give that file."
            )
    if not content.startswith(b"PK"):
        raise SheetError(NOT_SHARED)
    return bytes(content)
