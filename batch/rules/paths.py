"""Which entries of a media cell may name a file, judged by their spelling alone.

Turns what a person wrote into the parts of a path below the media folder, or into the sentence that refuses it. The
same on every operating system, since a sheet travels: what is harmless here may be a device or another folder there.
It must never touch the disk; `sheet/files.py` opens the file and judges again what the path really leads to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

MAX_PATH_LETTERS = 1024
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

RELATIVE = "write the path from the sheet's folder (or from --media), such as pictures/spring.jpg"
_VARIABLE = re.compile(r"\$\{?[A-Za-z_(]|%[A-Za-z_][A-Za-z0-9_()]*%")
_ESCAPED = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)
_SCHEME = re.compile(r"file:", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_WILDCARDS = frozenset('*?<>|"')
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


class _Rule(NamedTuple):
    hits: Callable[[str], bool]
    sentence: str


def _slashed(source: str) -> str:
    """Return the entry with `/` between its parts: people on Windows write `\\`."""
    return source.replace("\\", "/")


def _parts(source: str) -> list[str]:
    return _slashed(source).split("/")


def _any_part(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda source: any(test(part) for part in _parts(source))


def _is_parent(part: str) -> bool:
    """Tell `..` in all its spellings: Windows drops blanks and dots at a name's end."""
    bare = unicodedata.normalize("NFKC", part).strip()
    return len(bare) > 1 and not bare.strip(". ")


def _hides_separator(part: str) -> bool:
    plain = unicodedata.normalize("NFKC", part)
    return "/" in plain or "\\" in plain or any(letter in part for letter in "\u2044\u2215\u29f5\u29f8\u29f9")


def _is_device(part: str) -> bool:
    stem = part.split(".", 1)[0].rstrip(" ").casefold()
    return stem in DEVICE_NAMES


def _is_secret(part: str) -> bool:
    name = part.casefold()
    return name in SECRET_NAMES or name.endswith(SECRET_ENDINGS)


def _is_control(source: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in source)


_RULES = (
    _Rule(lambda s: not s.strip(), "it is blank; name a file or take the separator away"),
    _Rule(lambda s: "\0" in s, "it holds a NUL character, which no file name can; type the name anew"),
    _Rule(_is_control, "it holds a control character; type the name anew"),
    _Rule(lambda s: not _DIRECTIONS.isdisjoint(s), "it holds an invisible sign that turns letters; type it anew"),
    _Rule(lambda s: bool(_SCHEME.match(s)), f"file: addresses are not followed; {RELATIVE}"),
    _Rule(lambda s: _slashed(s).startswith("//"), f"it points to another computer (a network share); {RELATIVE}"),
    _Rule(lambda s: bool(_DRIVE.match(s)), f"it starts with a drive letter; {RELATIVE}"),
    _Rule(lambda s: _slashed(s).startswith("/"), f"it is an absolute path; {RELATIVE}"),
    _Rule(lambda s: s.startswith("~"), f"~ stands for a home folder, which is out of bounds; {RELATIVE}"),
    _Rule(lambda s: ":" in s, "a colon names a hidden stream of a file on Windows; rename the file without it"),
    _Rule(lambda s: bool(_VARIABLE.search(s)), f"variables such as $HOME or %TEMP% are not filled in; {RELATIVE}"),
    _Rule(_any_part(_is_parent), f"it leaves the folder by '..'; move the file there and {RELATIVE}"),
    _Rule(lambda s: bool(_ESCAPED.search(s)), f"it holds %2e, %2f, %5c or %00 as in a web address; {RELATIVE}"),
    _Rule(_any_part(_hides_separator), "it holds a look-alike of a slash; type the path anew with plain / signs"),
    _Rule(lambda s: not _WILDCARDS.isdisjoint(s), 'it holds one of * ? < > | "; name each file by itself'),
    _Rule(_any_part(_is_device), "it is the name of a device on Windows (such as CON, NUL or COM1); rename the file"),
    _Rule(_any_part(lambda p: p.startswith(".") and p != "."), "hidden files are never sent; rename or move it"),
    _Rule(_any_part(_is_secret), "such files hold keys or passwords and are never sent; name a picture"),
    _Rule(_any_part(lambda p: p != "." and p != p.rstrip(". ")), "a name ends in a dot or a blank; rename the file"),
    _Rule(lambda s: _slashed(s).endswith("/"), "it names a folder; name each file in it"),
    _Rule(lambda s: len(s) > MAX_PATH_LETTERS, f"it is longer than {MAX_PATH_LETTERS} characters; move the file up"),
    _Rule(
        _any_part(lambda p: len(p.encode(errors="surrogatepass")) > MAX_PART_BYTES),
        "a name in it is too long for a file; shorten it",
    ),
)


def refuse_path(source: str) -> str:
    """Say why an entry can't name a media file: a clause that ends with the remedy, "" where it can."""
    return next((rule.sentence for rule in _RULES if rule.hits(source)), "")


def path_parts(source: str) -> tuple[str, ...]:
    """Return the names to walk below the media folder for an entry that `refuse_path` lets through."""
    return tuple(part for part in _parts(source) if part not in ("", "."))
