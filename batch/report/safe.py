"""What may stand on the page: text without characters that break a document, and addresses that only open a page.

Turns any value of a sheet into text that an HTML file can hold and show, and an address into one that is safe to link
to, or "". Escaping markup is the template engine's part; this must never let a script address or a broken code unit by.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_FOR_LINKS = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff\\\\\"'<>`]")
_LINK_SCHEMES = frozenset({"http", "https"})
_PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)


def clean_text(text: str) -> str:
    """Return the text with unified line breaks, and visible signs in place of characters that no page can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BROKEN.sub(_visible, text) if _BROKEN.search(text) else text


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def safe_link(address: str) -> str:
    """Return the address if following it can do no more than open a web page, else ""."""
    if _UNFIT_FOR_LINKS.search(address):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in _LINK_SCHEMES and parts.hostname and not parts.username else ""


def host_of(address: str) -> str:
    """Return the host that a person sees of an address, without `www.`, or "" where it is no web address."""
    return (urlsplit(address).hostname or "").removeprefix("www.") if safe_link(address) else ""


def safe_picture(source: str) -> str:
    """Return a picture's data address if it is one of the still formats, else ""."""
    return source if _PICTURE.fullmatch(source) else ""
