"""Entries of a media cell that may not name a file, each refused with a sentence of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.sources import path_parts, refuse_path

REFUSED = {
    # absolute
    "/etc/passwd": "absolute",
    "/": "absolute",
    "/dev/zero": "absolute",
    "/dev/stdin": "absolute",
    "/proc/self/environ": "absolute",
    "/home/ana/pic.jpg": "absolute",
    "\\Users\\ana\\pic.jpg": "absolute",
    # out of the folder
    "..": "'..'",
    "../pic.jpg": "'..'",
    "pictures/../../pic.jpg": "'..'",
    "pictures/..": "'..'",
    "..\\pic.jpg": "'..'",
    "pictures\\..\\..\\pic.jpg": "'..'",
    ".. /pic.jpg": "'..'",
    "../": "'..'",
    ".../pic.jpg": "'..'",
    "..../pic.jpg": "'..'",
    ". ./pic.jpg": "'..'",
    "．．/pic.jpg": "'..'",
    "\u2025/pic.jpg": "'..'",
    "./../pic.jpg": "'..'",
    "%2e%2e/pic.jpg": "%2e",
    "..%2fpic.jpg": "%2e",
    "%2E%2E%5Cpic.jpg": "%2e",
    "pic.jpg%00.png": "%00",
    "pictures／..／pic.jpg": "look-alike",
    "pictures\u2215pic.jpg": "look-alike",
    "pictures\u2044pic.jpg": "look-alike",
    "pictures＼pic.jpg": "look-alike",
    # home and variables
    "~": "home folder",
    "~/pic.jpg": "home folder",
    "~root/pic.jpg": "home folder",
    "~\\pic.jpg": "home folder",
    "$HOME/pic.jpg": "variables",
    "${HOME}/pic.jpg": "variables",
    "$(whoami).jpg": "variables",
    "pictures/$USER.jpg": "variables",
    "%USERPROFILE%\\pic.jpg": "variables",
    "%TEMP%/pic.jpg": "variables",
    "%ProgramFiles(x86)%\\pic.jpg": "variables",
    # file: and other computers
    "file:///etc/passwd": "file:",
    "file:pic.jpg": "file:",
    "FILE://localhost/etc/passwd": "file:",
    "file:\\\\server\\share\\pic.jpg": "file:",
    "\\\\server\\share\\pic.jpg": "network share",
    "//server/share/pic.jpg": "network share",
    "\\/server/share/pic.jpg": "network share",
    "\\\\?\\C:\\pic.jpg": "network share",
    "\\\\.\\PhysicalDrive0": "network share",
    "\\\\localhost\\c$\\pic.jpg": "network share",
    "//./COM1": "network share",
    # drives and streams
    "C:\\pic.jpg": "drive letter",
    "c:/pic.jpg": "drive letter",
    "C:pic.jpg": "drive letter",
    "z:": "drive letter",
    "pic.jpg:secret": "colon",
    "pic.jpg::$DATA": "colon",
    "pictures:stream:$DATA": "colon",
    # devices
    "CON": "device",
    "con.jpg": "device",
    "NUL": "device",
    "nul.tar.png": "device",
    "pictures/aux.png": "device",
    "PRN.png": "device",
    "COM1": "device",
    "com9.jpg": "device",
    "COM¹.jpg": "device",
    "LPT1.png": "device",
    "lpt0": "device",
    "CONIN$": "device",
    "nul .png": "device",
    "aux/pic.jpg": "device",
    # hidden and secret
    ".env": "hidden",
    ".netrc": "hidden",
    ".ssh/id_rsa": "hidden",
    ".aws/credentials": "hidden",
    ".git/config": "hidden",
    "pictures/.hidden.jpg": "hidden",
    ".DS_Store": "hidden",
    ".htpasswd": "hidden",
    "id_rsa": "keys or passwords",
    "keys/id_ed25519": "keys or passwords",
    "ID_RSA": "keys or passwords",
    "server.pem": "keys or passwords",
    "server.PEM": "keys or passwords",
    "tls/private.key": "keys or passwords",
    "backup.p12": "keys or passwords",
    "login.pfx": "keys or passwords",
    "putty.ppk": "keys or passwords",
    "vault.kdbx": "keys or passwords",
    "prod.env": "keys or passwords",
    "_netrc": "keys or passwords",
    "credentials": "keys or passwords",
    "credentials.json": "keys or passwords",
    "client_secret.json": "keys or passwords",
    "authorized_keys": "keys or passwords",
    "postbatch.toml": "keys or passwords",
    # names that no system keeps
    "": "blank",
    "   ": "blank",
    "pic\0.jpg": "NUL",
    "\0": "NUL",
    "pic\x1b[2J.jpg": "control",
    "pic\r.jpg": "control",
    "pic\ud800.jpg": "control",
    "pic\u202egpj.exe": "invisible",
    "*.jpg": "* ?",
    "pic?.jpg": "* ?",
    "<pic>.jpg": "* ?",
    "a|b.jpg": "* ?",
    '"pic.jpg"': "* ?",
    "pic.jpg.": "dot or a space",
    "pic.jpg ": "dot or a space",
    "pictures /pic.jpg": "dot or a space",
    "pictures/": "folder",
    "pictures\\": "folder",
    "x" * 300: "too long",
    "/".join(["pictures"] * 200): "longer than",
}


def test_the_list_is_long_enough_to_mean_something() -> None:
    assert len(REFUSED) >= 100


@pytest.mark.parametrize("source", list(REFUSED), ids=repr)
def test_each_is_refused_with_its_own_reason(source: str) -> None:
    assert REFUSED[source] in refuse_path(source)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("pic.jpg", ("pic.jpg",)),
        ("pictures/spring launch.jpg", ("pictures", "spring launch.jpg")),
        ("pictures\\spring.jpg", ("pictures", "spring.jpg")),
        ("./pic.jpg", ("pic.jpg",)),
        ("Frühling – Töpferei.png", ("Frühling – Töpferei.png",)),
        ("春.png", ("春.png",)),
        ("50% off $5.jpg", ("50% off $5.jpg",)),
        ("console.jpg", ("console.jpg",)),
        ("com10.jpg", ("com10.jpg",)),
        ("keynote..final.jpg", ("keynote..final.jpg",)),
        ("monkey.jpg", ("monkey.jpg",)),
        ("a//b.jpg", ("a", "b.jpg")),
        ("summer (1) [final] #2 & more + that's it, ok!.jpg", ("summer (1) [final] #2 & more + that's it, ok!.jpg",)),
    ],
)
def test_ordinary_names_pass_and_come_apart_the_same_on_every_system(source: str, parts: tuple[str, ...]) -> None:
    assert refuse_path(source) == ""
    assert path_parts(source) == parts


@given(st.text(st.sampled_from("./\\~$%: aC．\u2025"), max_size=12))
def test_nothing_that_passes_can_lead_out(source: str) -> None:
    if refuse_path(source) == "":
        assert not source.startswith(("/", "\\", "~"))
        assert all(part.strip(". ") for part in path_parts(source))
        assert ":" not in source
