"""Share links of the services where pictures lie: turned into the address of the file, or refused with the reason.

A share link opens a page around the file; a service that fetches it gets the page. Pure, and never fetched here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlencode


class _Share(NamedTuple):
    """What to do with a service's share links: `turn` gives the direct form, or None where there is none.

    A host that starts with a dot stands for all names that end so.
    """

    hosts: tuple[str, ...]
    turn: Callable[[SplitResult], SplitResult | None]
    refusal: str


def _turn_drive(parts: SplitResult) -> SplitResult | None:
    """Return Drive's download address of a file's share link (`/file/d/ID/view`, `/open?id=ID`, `/uc?id=ID`)."""
    query = parse_qs(parts.query)
    found = re.fullmatch(r"(?:/a/[^/]+)?/file/(?:u/\d+/)?d/([\w-]{10,})(?:/[a-z]*)?/?", parts.path)
    file_id = found[1] if found else query.get("id", [""])[0] if parts.path in ("/open", "/uc", "/download") else ""
    if not re.fullmatch(r"[\w-]{10,}", file_id):
        return None
    wanted = {"export": "download", "id": file_id}
    if "resourcekey" in query:
        wanted["resourcekey"] = query["resourcekey"][0]
    return SplitResult("https", "drive.google.com", "/uc", urlencode(wanted), "")


def _turn_dropbox(parts: SplitResult) -> SplitResult | None:
    """Return a Dropbox file link that downloads: `dl=1` (documented by Dropbox)."""
    if not re.fullmatch(r"/(?:s|scl/fi)/[^/]+/[^/]+/?", parts.path):
        return None
    kept = [pair for pair in parts.query.split("&") if pair and pair.split("=")[0] not in ("dl", "raw")]
    return SplitResult("https", "www.dropbox.com", parts.path, "&".join([*kept, "dl=1"]), "")


def _turn_never(_parts: SplitResult) -> None:
    return None


def _turn_box(parts: SplitResult) -> SplitResult | None:
    return parts if parts.path.startswith("/shared/static/") else None


_PAGE = "is a page that shows the file and not the file; download it, and name the file or its own address"
SHARES = (
    _Share(
        ("drive.google.com", "drive.usercontent.google.com"),
        _turn_drive,
        "this Google Drive link names a folder or a page; copy the link of the file itself (Share, Copy link)",
    ),
    _Share(
        ("dropbox.com", "www.dropbox.com", "m.dropbox.com"),
        _turn_dropbox,
        "this Dropbox link names a folder or a page; copy the link of the file itself (Share, Copy link)",
    ),
    _Share(("docs.google.com",), _turn_never, f"a Google Docs link {_PAGE}"),
    _Share(("photos.google.com", "photos.app.goo.gl"), _turn_never, f"a Google Photos link {_PAGE}"),
    _Share(("1drv.ms", "onedrive.live.com", "onedrive.com"), _turn_never, f"a OneDrive link {_PAGE}"),
    _Share((".sharepoint.com",), _turn_never, f"a SharePoint link {_PAGE}"),
    _Share(("icloud.com", "www.icloud.com", "share.icloud.com"), _turn_never, f"an iCloud link {_PAGE}"),
    _Share(("we.tl", "wetransfer.com", "www.wetransfer.com"), _turn_never, f"a WeTransfer link {_PAGE}"),
    _Share(("canva.com", "www.canva.com"), _turn_never, f"a Canva link {_PAGE}"),
    _Share(("box.com", "app.box.com"), _turn_box, f"a Box link {_PAGE}"),
    _Share(("youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"), _turn_never, f"a YouTube link {_PAGE}"),
    _Share(("instagram.com", "www.instagram.com"), _turn_never, f"an Instagram link {_PAGE}"),
    _Share(("facebook.com", "www.facebook.com", "fb.watch"), _turn_never, f"a Facebook link {_PAGE}"),
    _Share(("tiktok.com", "www.tiktok.com", "vm.tiktok.com"), _turn_never, f"a TikTok link {_PAGE}"),
    _Share(("vimeo.com", "www.vimeo.com"), _turn_never, f"a Vimeo link {_PAGE}"),
)
"""Share links of services where pictures lie. Only Dropbox documents its direct form (help.dropbox.com,
"force-download", read 2026-11-24); Drive's is the one in general use."""


_BY_HOST = {host: share for share in SHARES for host in share.hosts if not host.startswith(".")}
_BY_ENDING = tuple((host, share) for share in SHARES for host in share.hosts if host.startswith("."))


def direct_form(parts: SplitResult, host: str) -> tuple[SplitResult, str]:
    """Return the address to fetch and "", or a reason why a share link has no direct form."""
    share = _BY_HOST.get(host) or next((share for ending, share in _BY_ENDING if host.endswith(ending)), None)
    if share is None:
        return parts, ""
    direct = share.turn(parts)
    return (parts, share.refusal) if direct is None else (direct, "")
