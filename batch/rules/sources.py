"""Turns the cells of `media` and `link` into the addresses and files that they name, or into what is wrong with them.

A line break and `|` always separate. A comma or a semicolon separates only where both of its sides are addresses or
names of media files: it may as well belong to an address (`c_fill,w_300/a.jpg`) or to a name (`bowl, blue.jpg`). What
could be read both ways is asked about, and two addresses are never taken for one.

An address becomes the one that the service is asked to fetch (share links of Drive and Dropbox in their direct form),
or the sentence that refuses it. Only public addresses pass. Nothing here, and nothing else in the command, ever fetches
one: the service does.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

from batch.model import Medium
from batch.rules.issues import Problem
from batch.wording import quoted

_FORMATS = {
    "image/jpeg": ("JPEG", "jpg jpeg jpe jfif"), "image/png": ("PNG", "png"), "image/gif": ("GIF", "gif"),
    "image/webp": ("WebP", "webp"), "image/heic": ("HEIC", "heic"), "image/heif": ("HEIF", "heif"),
    "image/avif": ("AVIF", "avif"), "image/bmp": ("BMP", "bmp"), "image/tiff": ("TIFF", "tif tiff"),
    "video/mp4": ("MP4", "mp4 m4v"), "video/quicktime": ("MOV", "mov qt"), "video/webm": ("WebM", "webm"),
    "video/x-matroska": ("MKV", "mkv"), "video/x-msvideo": ("AVI", "avi"), "video/mpeg": ("MPEG", "mpg mpeg"),
    "video/3gpp": ("3GP", "3gp"), "video/x-ms-wmv": ("WMV", "wmv"),
}  # fmt: skip
"""Each media type with what people call it, and its endings, the usual one first."""

FORMAT_NAMES = {mime: name for mime, (name, _) in _FORMATS.items()}
ENDINGS = {mime: endings.split()[0] for mime, (_, endings) in _FORMATS.items()}
MIMES = {ending: mime for mime, (_, endings) in _FORMATS.items() for ending in endings.split()}
NOT_MEDIA = frozenset({
    "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "odt", "ods", "odp", "txt", "rtf", "zip", "rar", "7z",
    "gz", "tar", "psd", "ai", "eps", "svg", "indd", "sketch", "fig", "html", "htm", "mp3", "wav", "aac", "ogg", "flac",
    "m4a", "exe", "dmg", "js", "css", "json", "xml",
})  # fmt: skip
"""Endings of files that no channel shows."""


def ending_of(path: str) -> str:
    """Return the ending of the last name in a path, in small letters and without its dot, "" where it has none."""
    name = unquote(path).rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[2].casefold() if "." in name else ""


def kind_of_mime(mime: str) -> str:
    """Return `IMAGE` or `VIDEO` for a media type, "" for any other."""
    return {"image": "IMAGE", "video": "VIDEO"}.get(mime.partition("/")[0], "")


def usual_mime(kind: str) -> str:
    """Return the media type to say for a medium of which only the kind is known."""
    return "video/mp4" if kind == "VIDEO" else "image/jpeg"


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


_SHARES = {
    "Google Drive": "drive.google.com drive.usercontent.google.com", "Google Docs": "docs.google.com",
    "Google Photos": "photos.google.com photos.app.goo.gl", "Dropbox": "dropbox.com www.dropbox.com m.dropbox.com",
    "OneDrive": "1drv.ms onedrive.live.com onedrive.com",
    "iCloud": "icloud.com www.icloud.com share.icloud.com", "WeTransfer": "we.tl wetransfer.com www.wetransfer.com",
    "Canva": "canva.com www.canva.com", "Box": "box.com app.box.com", "Vimeo": "vimeo.com www.vimeo.com",
    "YouTube": "youtube.com www.youtube.com m.youtube.com youtu.be", "Instagram": "instagram.com www.instagram.com",
    "Facebook": "facebook.com www.facebook.com fb.watch", "TikTok": "tiktok.com www.tiktok.com vm.tiktok.com",
}  # fmt: skip
"""The hosts of services where people share pictures by links to pages that show them."""

_TURNS: Mapping[str, Callable[[SplitResult], SplitResult | None]] = {
    "Google Drive": _turn_drive,
    "Dropbox": _turn_dropbox,
    "Box": lambda parts: parts if parts.path.startswith("/shared/static/") else None,
}
"""How links become direct. Only Dropbox documents its form (help.dropbox.com, "force-download", read 2026-11-24);
Drive's is the one in general use."""

_BY_HOST = {host: service for service, hosts in _SHARES.items() for host in hosts.split()}


def _refuse_share(service: str) -> str:
    if service in ("Google Drive", "Dropbox"):
        return f"this {service} link names a folder or a page. Copy the link of the file itself (Share, Copy link)"
    link = f"{'an' if service[0] in 'iI' else 'a'} {service} link"
    return f"{link} is a page that shows the file and not the file. Download it, and name the file or its own address"


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
PUBLIC = "Give the address of a picture or video that anybody can open"


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
    return scheme != "file" and len(scheme) > 1 and (found[2] is not None or scheme in _OTHER_SCHEMES | _WEB_SCHEMES)


@lru_cache(REMEMBERED)
def read_address(source: str) -> Address:
    """Turn an entry into the address to use, or into the reason why it can't be."""
    if refusal := _refuse_spelling(source):
        return Address(refusal=refusal)
    try:
        parts = urlsplit(source)
        port = parts.port
        host = parts.hostname or ""
        if not host.isascii():  # one spelling, as the network will read it
            host = unicodedata.normalize("NFKC", host).casefold()
            host = host if host.isascii() else host.encode("idna").decode("ascii")
        host = host.removesuffix(".")
    except ValueError:
        return Address(refusal=f"its host name can't be read. {PUBLIC}")
    if refusal := refuse_host(host) or _refuse_place(parts, port):
        return Address(refusal=refusal)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        netloc += f":{port}"
    direct = SplitResult(parts.scheme, netloc, _ascii(parts.path), _ascii(parts.query), "")
    service = _BY_HOST.get(host, "SharePoint" if host.endswith(".sharepoint.com") else "")
    if service:
        turned = _TURNS[service](direct) if service in _TURNS else None
        if turned is None:
            return Address(refusal=_refuse_share(service))
        direct = turned
    url, kind = urlunsplit(direct), MEDIA_MANAGER_HOSTS.get(direct.netloc, "") if direct.scheme == "https" else ""
    if kind:
        return Address(url, kind, _mime_of(kind, direct.path), in_media_manager=True)
    return _with_kind(url, direct.path, parts.fragment)


def _refuse_spelling(source: str) -> str:
    found = _SCHEME.match(source)
    if found is None:
        return f"it lacks https:// in front. {PUBLIC}"
    if found[1].casefold() not in _WEB_SCHEMES:
        return f"{found[1]}: addresses can't be fetched by the service. {PUBLIC}, with https:// in front"
    if found[2] is None or source[found.end() : found.end() + 1] == "/":
        return "after the scheme there must be exactly two slashes and a host name. Copy the address again"
    plain = source.isascii() and source.isprintable()
    if not plain and any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in source):
        return "it has an invisible character. Copy the address again"
    if "\\" in source:
        return "it has a backslash. Write / instead"
    if " " in source or (not plain and any(letter.isspace() for letter in source)):
        return "it has a space. Write %20 for it, or put several media on separate lines"
    return f"it is longer than {MAX_ADDRESS_LETTERS} characters" if len(source) > MAX_ADDRESS_LETTERS else ""


def refuse_host(host: str) -> str:
    """Say why a host can't be one on the public internet, "" where it can."""
    if not host:
        return f"it has no host name. {PUBLIC}"
    if ":" in host or "%" in host:
        try:
            number = ipaddress.IPv6Address(host)
        except ValueError:
            return f"its host name can't be right. {PUBLIC}"
        inner = number.ipv4_mapped or number.sixtofour or number.teredo
        hidden = inner or number in _NAT64 or "%" in host or not _is_public(number)
        return f"[{host}] is not an address on the public internet. {PUBLIC}" if hidden else ""
    if not _HOST.fullmatch(host) or len(host) > 253:
        return f"its host name can't be right. {PUBLIC}"
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            public = _is_public(ipaddress.IPv4Address(host))
        except ValueError:
            return f"{host} is an unusual spelling of a numeric address. {PUBLIC}"
        return "" if public else f"{host} is not an address on the public internet. {PUBLIC}"
    if host in PRIVATE_NAMES or host.endswith(PRIVATE_ENDINGS) or "." not in host:
        return f"{host} leads to a computer inside a network, which the service can't reach. {PUBLIC}"
    return ""


def _is_public(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)


def _refuse_place(parts: SplitResult, port: int | None) -> str:
    if "@" in parts.netloc:
        return f"it has a user name or password before the host. {PUBLIC}"
    if port == 0:
        return f"its port can't be 0. {PUBLIC}"
    if parts.path in ("", "/") and not parts.query:
        return "it names a whole site and not a picture or video. Copy the address of the file itself"
    return ""


def _ascii(text: str) -> str:
    """Write letters outside of ASCII as the network sends them, and leave all else as it is."""
    return text if text.isascii() else quote(text, safe="%/:?#[]@!$&'()*+,;=~-._|{}^`\"<>")


def _with_kind(url: str, path: str, hint: str) -> Address:
    """Return an address with what the ending of its path tells, or the person's own hint behind a `#`, never sent."""
    told = hint.strip().casefold().rpartition(".")[2]
    if told in ("image", "picture", "photo", "video"):
        kind = "VIDEO" if told == "video" else "IMAGE"
        return Address(url, kind, _mime_of(kind, path))
    ending = told if told in MIMES else ending_of(path)
    if ending in NOT_MEDIA:
        return Address(refusal=f"a .{ending} file isn't a picture or video. Name a JPEG, PNG or MP4")
    mime = MIMES.get(ending, "")
    return Address(url, kind_of_mime(mime), mime)


def _mime_of(kind: str, path: str) -> str:
    """Return the media type for a known kind: by the ending where it agrees, else the usual one."""
    mime = MIMES.get(ending_of(path), "")
    return mime if kind_of_mime(mime) == kind else usual_mime(kind)


MAX_PATH = 1024
MAX_PART_BYTES = 255
"""What the common file systems allow for one name."""

DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)
"""Names that Windows takes for devices in every folder, with any ending (its manual, "Naming Files")."""

SECRET_NAMES = frozenset({
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "authorized_keys", "known_hosts", "credentials", "credentials.json",
    "credentials.csv", "credentials.yml", "credentials.yaml", "client_secret.json", "service-account.json",
    "secrets.json", "secrets.yml", "secrets.yaml", "secrets.toml", "htpasswd", "netrc", "_netrc", "passwd", "shadow",
    "wp-config.php", "postbatch.toml",
})  # fmt: skip
SECRET_ENDINGS = (
    ".pem", ".key", ".pfx", ".p12", ".ppk", ".kdbx", ".kdb", ".jks", ".keystore", ".asc", ".gpg", ".env", ".ovpn",
    ".pub",
)  # fmt: skip
"""Files that hold keys and passwords. They are never pictures, and a sheet from elsewhere must not fetch one."""

RELATIVE = "Write the path from the sheet's folder (or from --media), such as pictures/spring.jpg"
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VARIABLE = re.compile(r"\$\{?[A-Za-z_(]|%[A-Za-z_][A-Za-z0-9_()]*%")
_SLASH_LIKE = re.compile(r"[/\\\u2044\u2215\u29f5\u29f8\u29f9]")


def _path_faults(path: str) -> Iterator[tuple[object, str]]:
    """Yield what a path can't be, and whether this one is; between its parts it has `/`."""
    yield not path.strip(), "it is blank. Name a file or take the separator away"
    yield "\0" in path, "it has a NUL character, which no file name can. Type the name again"
    yield re.search("[\1-\x1f\x7f-\x9f\ud800-\udfff]", path), "it has a control character. Type the name again"
    yield _DIRECTIONS.search(path), "it has an invisible sign that turns letters. Type it again"
    yield re.match("(?i)file:", path), f"file: addresses are not followed. {RELATIVE}"
    yield path.startswith("//"), f"it points to another computer (a network share). {RELATIVE}"
    yield re.match("[A-Za-z]:", path), f"it starts with a drive letter. {RELATIVE}"
    yield path.startswith("/"), f"it is an absolute path. {RELATIVE}"
    yield path.startswith("~"), f"~ stands for a home folder, which is out of bounds. {RELATIVE}"
    yield ":" in path, "a colon names a hidden stream of a file on Windows. Rename the file without it"
    yield _VARIABLE.search(path), f"variables such as $HOME or %TEMP% are not filled in. {RELATIVE}"
    parts = path.split("/")
    bare = [unicodedata.normalize("NFKC", part).strip() for part in parts]
    # `..` in all its spellings: Windows drops blanks and dots at a name's end
    leaves = any(len(part) > 1 and not part.strip(". ") for part in bare)
    yield leaves, f"it leaves the folder by '..'. Move the file there. {RELATIVE}"
    yield re.search("(?i)%(?:2[ef]|5c|00)", path), f"it has %2e, %2f, %5c or %00 as in a web address. {RELATIVE}"
    yield _SLASH_LIKE.search("".join(bare)), "it has a look-alike of a slash. Type the path again with plain / signs"
    yield re.search('[*?<>|"]', path), 'it has one of * ? < > | ". Name each file by itself'
    device = any(part.split(".", 1)[0].rstrip(" ").casefold() in DEVICE_NAMES for part in parts)
    yield device, "it is the name of a device on Windows (such as CON, NUL or COM1). Rename the file"
    yield re.search(r"(?:^|/)\.[^/]", path), "hidden files are never sent. Rename or move it"
    secret = any(part in SECRET_NAMES or part.endswith(SECRET_ENDINGS) for part in map(str.casefold, parts))
    yield secret, "such files hold keys or passwords and are never sent. Name a picture"
    cut = any(part not in (".", part.rstrip(". ")) for part in parts)
    yield cut, "a name ends with a dot or a space. Rename the file"
    yield path.endswith("/"), "it names a folder. Name each file in it"
    yield len(path) > MAX_PATH, f"it is longer than {MAX_PATH} characters. Move the file up"
    long = any(len(part.encode(errors="surrogatepass")) > MAX_PART_BYTES for part in parts)
    yield long, "a name in it is too long for a file. Shorten it"


@lru_cache(REMEMBERED)
def refuse_path(source: str) -> str:
    """Say why an entry can't name a media file: a clause and the remedy, "" where it can."""
    slashed = source.replace("\\", "/")  # people on Windows write `\\`
    return next((sentence for fits, sentence in _path_faults(slashed) if fits), "")


def path_parts(source: str) -> tuple[str, ...]:
    """Return the names to walk below the media folder for an entry that `refuse_path` lets through."""
    return tuple(part for part in source.replace("\\", "/").split("/") if part not in ("", "."))


# The cells of `media` and `link`, divided into the addresses and files that they name

_MARKS = ",;，；、"
_LINES = re.compile(r"[\n|]+")
_MARK = re.compile(rf"\s*[{_MARKS}]\s*")
_MARK_BY_BLANK = re.compile(rf"\s+[{_MARKS}]\s*|[{_MARKS}]\s+")
"""A separator for certain: no address holds a blank."""
_START = re.compile(r"(?:https?|ftp)://|(?<![.@/-])www\.(?=[\w-]+\.\w)", re.IGNORECASE)
_WITHIN = "/=?&:(["
"""What stands before an address that is a part of another one, as of a service that converts pictures."""
_OWN_LINES = "Put each picture or video on its own line"

_ELSEWHERE = re.compile(
    r"(?:see |use |check |tap )?(?:the )?(?:link|url)s?(?: is)? (?:in|on) (?:the |our |my )?(?:bio|profile|comments?)"
    r"|(?:bio|profile) link|(?:see )?(?:bio|profile)",
    re.IGNORECASE,
)
_SHARED_TO_FEW = re.compile(
    r"docs\.google\.com/.*/edit\b|drive\.google\.com/drive/|[\w-]+\.sharepoint\.com/", re.IGNORECASE
)
"""Pages that open only for those with whom they were shared."""


class Media(NamedTuple):
    """The media that a cell names, in order, and what is wrong with it."""

    named: tuple[Medium, ...] = ()
    problems: tuple[Problem, ...] = ()


@lru_cache(REMEMBERED)
def read_media(cell: str) -> Media:
    """Read `media`: addresses and paths on separate lines or between `|`, or between commas where that is certain."""
    named, problems, certain = list[str](), list[Problem](), True
    for line in filter(None, map(str.strip, _LINES.split(cell))):
        addresses, run_together, nested = find_addresses(line)
        if run_together:
            clean = all(is_address(one) and len(one.split()) == 1 for one in addresses)
            certain = certain and clean
            message = f"{quoted(line)} in `media` has more than one address, or other words. {_OWN_LINES}."
            problems.append(Problem("media", "media_several", line, message))
            named += addresses if clean else filter(is_address, addresses)
            continue
        entries = [entry for one in addresses for entry in _divide(one)]
        if (nested and len(addresses) > 1) or any(map(_is_doubtful, entries)):
            certain, entries = False, addresses
            message = (
                f"{quoted(line)} in `media` could be one name or several. {_OWN_LINES}. For a comma inside an address, "
                "write %2C."
            )
            problems.append(Problem("media", "media_several", line, message))
        named += entries
    if problems and certain:
        problems[0] = problems[0]._replace(fix="\n".join(named))
    return Media(tuple(map(Medium, named)), tuple(problems))


def find_addresses(line: str) -> tuple[list[str], bool, bool]:
    """Return a line cut before each address, whether a separator lacks there, and whether an address holds another."""
    cuts, run_together, nested = [0], False, False
    for found in _START.finditer(line):
        before, at = line[: found.start()].rstrip(), found.start()
        if before and line[at - 1] in _WITHIN and not (before[-1] == "/" and _is_media_file(before[:-1])):
            nested = True
        elif before:
            cuts.append(at)
            run_together = run_together or before[-1] not in _MARKS
    pieces = [line[start:end].strip(f" \t{_MARKS}") for start, end in pairwise([*cuts, len(line)])]
    if len(cuts) == 1:
        return [line], False, nested
    return [piece.rstrip("/") if _is_media_file(piece) else piece for piece in pieces if piece], run_together, nested


def _divide(entry: str) -> list[str]:
    """Return the names in an entry that holds one address at most, divided only where that is certain."""
    parts = [part for part in (_MARK_BY_BLANK if is_address(entry) else _MARK).split(entry) if part]
    files = parts[1:] if is_address(entry) else parts
    if all(map(_is_media_file, files)):
        stripped = parts[-1:] and parts[-1].rstrip(_MARKS)
        return [*parts[:-1], stripped] if stripped and _is_media_file(stripped) else parts
    return [entry]


def _is_doubtful(entry: str) -> bool:
    """Tell an entry that is one name only if a comma belongs to it, and as likely several."""
    parts = _MARK.split(entry)
    files = [_is_media_file(part) for part in parts]
    if not is_address(entry):
        return any(files[:-1])
    return any(files[at] and ("/" not in parts[at] or any(files[:at])) for at in range(1, len(parts)))


def _is_media_file(name: str) -> bool:
    return ending_of(name) in MIMES or ending_of(re.split(r"[?#]", name)[0]) in MIMES


@lru_cache(REMEMBERED)
def read_link(cell: str) -> Problem | None:
    """Return what is wrong with a web address, None where it is one that readers can open."""
    code, why, fix = "link_form", "", None
    try:
        parts = urlsplit(cell)
        scheme, host = parts.scheme.casefold(), parts.hostname or ""
    except ValueError:
        scheme = host = "unreadable"
    if len(find_addresses(cell)[0]) > 1:
        code, why = "link_several", "is more than one address, and a post has one `link`. Keep one"
    elif _ELSEWHERE.fullmatch(cell.strip(" .!…👆☝️👇")):
        why = "isn't an address. Write the address itself into `link`, or move these words to `text`"
    elif any(letter.isspace() for letter in cell):
        why = "has a space in it. Write one address, with %20 for a space"
    elif scheme == "unreadable":
        why = "isn't a web address. Write one such as https://www.example.com/spring"
    elif scheme in _WEB_SCHEMES and host:
        if "." not in host.strip("."):
            why = f"names no computer on the web (“{host}”). Write the whole address"
        elif _SHARED_TO_FEW.match(cell.partition("://")[2]):
            code = "link_private"
            why = "may open only for the people it is shared with. Check that anybody with the link can read it"
    elif "://" not in cell and "." in cell.partition("/")[0]:
        fix = f"https://{cell}"
        why = f"lacks its beginning. Write {fix}"
    else:
        why = "isn't a web address. Write one that starts with https://"
    return Problem("link", code, cell, f"{quoted(cell)} {why}.", code == "link_private", fix) if why else None
