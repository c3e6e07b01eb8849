"""Which web addresses may stand in a media cell, and what becomes of them.

Turns an entry into the address that the service is asked to fetch (share links of Drive and Dropbox in their direct
form), or into the sentence that refuses it. Only public addresses pass. Nothing here, and nothing else in the command,
ever fetches one: the service does.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from batch.rules.mediatypes import MIMES, NOT_MEDIA, ending_of, kind_of_mime, usual_mime
from batch.rules.shares import direct_form

MEDIA_MANAGER_HOSTS = {"static.wixstatic.com": "IMAGE", "video.wixstatic.com": "VIDEO"}
"""Where the site's own media are served from, and the kind that each serves. Compared whole, never by ending."""

MAX_ADDRESS_LETTERS = 2048
REMEMBERED = 1024
"""How many addresses are remembered as read: a sheet names the same logo in many rows."""
PRIVATE_NAMES = frozenset({"localhost", "localtest.me", "lvh.me", "vcap.me", "metadata.google.internal"})
PRIVATE_ENDINGS = (
    ".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".private", ".home.arpa", ".invalid",
    ".onion", ".nip.io", ".sslip.io", ".xip.io", ".localtest.me", ".lvh.me", ".vcap.me", ".in-addr.arpa", ".ip6.arpa",
)  # fmt: skip
"""Names inside of networks, names that are never given out, and public names made to lead to private addresses."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_WEB_SCHEMES = frozenset({"http", "https"})
_OTHER_SCHEMES = frozenset({
    "ftp", "ftps", "sftp", "data", "javascript", "vbscript", "blob", "about", "mailto", "tel", "gopher", "dict", "ldap",
    "ldaps", "ssh", "git", "svn", "smb", "nfs", "s3", "gs", "wix", "content", "chrome", "view-source", "jar", "ws",
    "wss", "urn", "magnet", "cid", "mid", "rtsp", "rtmp", "tftp", "imap", "pop3", "telnet",
})  # fmt: skip
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
PUBLIC = "give the address of a picture or video that anybody can open"


@dataclass(frozen=True, slots=True)
class Address:
    """What becomes of an entry. `refusal` is a clause that ends with the remedy, "" where the address may be used.

    `url` is what the service is to fetch; `kind` is `IMAGE`, `VIDEO`, or "" where the address does not tell; `mime`
    goes with it; `in_media_manager` addresses are used as they are.
    """

    url: str = ""
    kind: str = ""
    mime: str = ""
    in_media_manager: bool = False
    refusal: str = ""


def is_address(source: str) -> bool:
    """Tell whether an entry is meant as a web address, wrong ones included, rather than as a file."""
    found = _SCHEME.match(source)
    if found is None:
        return source.casefold().startswith("www.")
    scheme = found[1].casefold()
    return (
        scheme != "file" and len(scheme) > 1 and (found[2] is not None or scheme in _OTHER_SCHEMES | {"http", "https"})
    )


@lru_cache(REMEMBERED)
def read_address(source: str) -> Address:
    """Turn an entry into the address to use, or into the reason why it can't be."""
    refusal = _refuse_spelling(source)
    if refusal:
        return Address(refusal=refusal)
    try:
        parts = urlsplit(source)
        host = _plain_host(parts)
        port = parts.port
    except ValueError:
        return Address(refusal=f"its host name can't be read; {PUBLIC}")
    refusal = _refuse_host(host) or _refuse_place(parts, port)
    if refusal:
        return Address(refusal=refusal)
    hint = parts.fragment
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        netloc += f":{port}"
    return _finish(SplitResult(parts.scheme, netloc, _ascii(parts.path), _ascii(parts.query), ""), host, hint)


def _refuse_spelling(source: str) -> str:
    found = _SCHEME.match(source)
    if found is None:
        return f"it lacks https:// in front; {PUBLIC}"
    if found[1].casefold() not in _WEB_SCHEMES:
        return f"{found[1]}: addresses can't be fetched by the service; {PUBLIC}, with https:// in front"
    if found[2] is None or source[found.end() : found.end() + 1] == "/":
        return "after the scheme there must be exactly two slashes and a host name; copy the address anew"
    plain = source.isascii() and source.isprintable()
    if not plain and any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in source):
        return "it holds an invisible character; copy the address anew"
    if "\\" in source:
        return "it holds a backslash; web addresses are written with / signs"
    if " " in source or (not plain and any(letter.isspace() for letter in source)):
        return "it holds a blank; write %20 for it, or put several media on separate lines"
    return f"it is longer than {MAX_ADDRESS_LETTERS} characters" if len(source) > MAX_ADDRESS_LETTERS else ""


def _plain_host(parts: SplitResult) -> str:
    """Return the host as the network will read it: one spelling, ASCII. Errors: ValueError."""
    host = parts.hostname or ""
    if not host.isascii():
        host = unicodedata.normalize("NFKC", host).casefold()
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    return host.removesuffix(".")


def _refuse_host(host: str) -> str:
    if not host:
        return f"it has no host name; {PUBLIC}"
    if ":" in host or "%" in host:
        return _refuse_ipv6(host)
    if not _HOST.fullmatch(host) or len(host) > 253:
        return f"its host name can't be right; {PUBLIC}"
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return _refuse_ipv4(host)
    if host in PRIVATE_NAMES or host.endswith(PRIVATE_ENDINGS) or "." not in host:
        return f"{host} leads to a computer inside a network, which the service can't reach; {PUBLIC}"
    return ""


def _refuse_ipv4(host: str) -> str:
    try:
        number = ipaddress.IPv4Address(host)
    except ValueError:
        return f"{host} is an unusual spelling of a numeric address; {PUBLIC}"
    return "" if _is_public(number) else f"{host} is not an address on the public internet; {PUBLIC}"


def _refuse_ipv6(host: str) -> str:
    try:
        number = ipaddress.IPv6Address(host)
    except ValueError:
        return f"its host name can't be right; {PUBLIC}"
    inner = number.ipv4_mapped or number.sixtofour or number.teredo
    if inner or number in _NAT64 or "%" in host or not _is_public(number):
        return f"[{host}] is not an address on the public internet; {PUBLIC}"
    return ""


def _is_public(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)


def _refuse_place(parts: SplitResult, port: int | None) -> str:
    if "@" in parts.netloc:
        return f"it holds a user name or password before the host; {PUBLIC}"
    if port == 0:
        return f"its port can't be 0; {PUBLIC}"
    if parts.path in ("", "/") and not parts.query:
        return "it names a whole site and not a picture or video; copy the address of the file itself"
    return ""


def _ascii(text: str) -> str:
    """Write letters outside of ASCII as the network sends them, and leave all else as it is."""
    return text if text.isascii() else quote(text, safe="%/:?#[]@!$&'()*+,;=~-._|{}^`\"<>")


def _finish(parts: SplitResult, host: str, hint: str) -> Address:
    direct, refusal = direct_form(parts, host)
    if refusal:
        return Address(refusal=refusal)
    url = urlunsplit(direct)
    kind = MEDIA_MANAGER_HOSTS.get(direct.netloc, "") if direct.scheme == "https" else ""
    if kind:
        return Address(url, kind, _mime_of(kind, direct.path), in_media_manager=True)
    return _with_kind(Address(url), direct.path, hint)


def _with_kind(address: Address, path: str, hint: str) -> Address:
    """Add what the ending of the path tells, or the person's own hint behind a `#`, which is never sent."""
    told = hint.strip().casefold().rpartition(".")[2]
    if told in ("image", "picture", "photo", "video"):
        kind = "VIDEO" if told == "video" else "IMAGE"
        return replace(address, kind=kind, mime=_mime_of(kind, path))
    ending = told if told in MIMES else ending_of(path)
    if ending in NOT_MEDIA:
        return Address(refusal=f"a .{ending} file is no picture or video; name a JPEG, PNG or MP4")
    mime = MIMES.get(ending, "")
    return replace(address, kind=kind_of_mime(mime), mime=mime)


def _mime_of(kind: str, path: str) -> str:
    """Return the media type for a known kind: by the ending where it agrees, else the usual one."""
    mime = MIMES.get(ending_of(path), "")
    return mime if kind_of_mime(mime) == kind else usual_mime(kind)
