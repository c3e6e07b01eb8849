"""Media files on a real disk: what is read of them, what is refused, and that what was checked is what is sent."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from batch.media import (
    CHUNK_BYTES,
    MediaFolder,
    MediumUnreadableError,
    open_and_compare,
    open_medium,
    read_media_facts,
)
from batch.rules.media import MediaFacts


def picture(form: str = "JPEG", *, size: tuple[int, int] = (320, 200), **options: object) -> bytes:
    """Return a picture that holds something: a smooth gradient of two colours."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def moving(form: str) -> bytes:
    """Return an animated picture of three frames."""
    frames = [Image.new("RGB", (64, 48), (shade, 0, 0)) for shade in (0, 120, 240)]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return one box of an MP4 file."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


TURN = {
    0: struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000),
    90: struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000),
}


def video(
    *,
    width: int = 1080,
    height: int = 1920,
    seconds: float = 12.5,
    codec: bytes = b"avc1",
    brand: bytes = b"isom",
    turn: int = 0,
) -> bytes:
    """Return an MP4 or MOV file with the tables of one video track, and noise for its pictures."""
    length = int(seconds * 1000)
    mvhd = struct.pack(">IIIII", 0, 0, 0, 1000, length) + struct.pack(">IH10x", 0x10000, 0x100)
    mvhd += TURN[0] + bytes(24) + struct.pack(">I", 2)
    tkhd = struct.pack(">IIIIII", 7, 0, 0, 1, 0, length) + bytes(16) + TURN[turn]
    tkhd += struct.pack(">II", width << 16, height << 16)
    entry = bytes(6) + struct.pack(">H16xHHIIIH", 1, width, height, 0x480000, 0x480000, 0, 1)
    entry += bytes(32) + struct.pack(">Hh", 24, -1)
    tables = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), box(codec, entry)),
        box(b"stts", struct.pack(">IIII", 0, 1, 1, length)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">IIII", 0, 0, 1, 100)),
        box(b"stco", struct.pack(">III", 0, 1, 48)),
    )
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, length, 0x55C4, 0)),
        box(b"hdlr", bytes(8), b"vide", bytes(12), b"v\0"),
        box(
            b"minf",
            box(b"vmhd", struct.pack(">IHHHH", 1, 0, 0, 0, 0)),
            box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", struct.pack(">I", 1)))),
            tables,
        ),
    )
    movie = box(b"moov", box(b"mvhd", mvhd), box(b"trak", box(b"tkhd", tkhd), media))
    return box(b"ftyp", brand, bytes(4), brand, b"mp42") + box(b"mdat", bytes(range(100))) + movie


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sheet"
    made.mkdir()
    return made


def facts_of(folder: Path, name: str, content: bytes) -> MediaFacts:
    """Write a file and read what it is."""
    (folder / name).write_bytes(content)
    return read_media_facts([name], folder=folder)[name]


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_picture_is_told_by_its_bytes_and_not_by_its_name(folder: Path, form: str, mime: str) -> None:
    content = picture(form)
    assert facts_of(folder, "name-says.mp4", content) == MediaFacts(
        path="name-says.mp4",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        mime=mime,
        kind="IMAGE",
        width=320,
        height=200,
    )


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_is_known_as_one(folder: Path, form: str) -> None:
    assert facts_of(folder, "moving", moving(form)).animated


def test_a_turned_photo_is_measured_as_it_is_shown(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = facts_of(folder, "phone.jpg", picture(exif=exif))
    assert (facts.width, facts.height, facts.ratio) == (200, 320, 0.625)


@pytest.mark.parametrize(
    ("options", "mime", "codec"),
    [
        ({}, "video/mp4", "H.264"),
        ({"brand": b"qt  ", "codec": b"hvc1"}, "video/quicktime", "HEVC"),
        ({"codec": b"av01"}, "video/mp4", "AV1"),
        ({"brand": b"3gp5"}, "video/3gpp", "H.264"),
    ],
)
def test_a_video_tells_length_size_and_codec(folder: Path, options: dict[str, bytes], mime: str, codec: str) -> None:
    content = video(**options)  # type: ignore[arg-type]  # the table holds only brands and codecs
    assert facts_of(folder, "clip.jpg", content) == MediaFacts(
        path="clip.jpg",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        mime=mime,
        kind="VIDEO",
        width=1080,
        height=1920,
        duration_seconds=12.5,
        codec=codec,
    )


def test_a_turned_video_is_measured_as_it_is_shown(folder: Path) -> None:
    facts = facts_of(folder, "phone.mp4", video(width=1920, height=1080, turn=90))
    assert (facts.width, facts.height) == (1080, 1920)


BROKEN: dict[str, Callable[[], bytes]] = {
    "cut.jpg": lambda: picture(size=(640, 480))[:-400],
    "cut.png": lambda: picture("PNG", size=(640, 480))[:-200],
    "cut.webp": lambda: picture("WEBP", size=(640, 480))[:-100],
    "flipped.png": lambda: picture("PNG").replace(b"IDAT", b"IDAX", 1),
    "head-only.jpg": lambda: b"\xff\xd8\xff\xe0" + bytes(100),
    "head-only.gif": lambda: b"GIF89a" + bytes(3),
    "cut.mp4": lambda: video()[:-60],
    "no-tables.mp4": lambda: video()[:100],
    "head-only.mp4": lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
    "head-only.webm": lambda: b"\x1aE\xdf\xa3\x93B\x82\x84webm",
    "head-only.heic": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "empty.jpg": lambda: b"",
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_is_found_before_it_is_sent(folder: Path, name: str) -> None:
    facts = facts_of(folder, name, BROKEN[name]())
    assert facts.problem_code == "media_broken"
    assert facts.problem


OTHER = {
    "doc.jpg": (b"%PDF-1.7\n", "a PDF"),
    "archive.png": (b"PK\x03\x04" + bytes(40), "a ZIP archive"),
    "page.jpg": (b"<!DOCTYPE html><html></html>", "a web page"),
    "drawing.jpg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "design.jpg": (b"8BPS\0\1" + bytes(20), "a Photoshop file"),
    "sound.mp4": (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "a sound file"),
    "sound.jpg": (b"RIFF\0\0\0\0WAVEfmt ", "a sound file"),
    "key.jpg": (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "a key file"),
    "secrets.jpg": (b"API_KEY=abc\n", "neither a picture nor a video"),
    "program.png": (b"MZ" + bytes(60), "a program"),
}


@pytest.mark.parametrize("name", list(OTHER))
def test_what_is_no_picture_or_video_is_named_and_refused(folder: Path, name: str) -> None:
    content, what = OTHER[name]
    facts = facts_of(folder, name, content)
    assert facts.problem_code == "media_not_media"
    assert what in facts.problem


def test_a_picture_that_would_fill_the_memory_is_not_unpacked(folder: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        import zlib

        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    facts = facts_of(folder, "bomb.png", bomb)
    assert facts.problem_code == "media_broken"
    assert "million pixels" in facts.problem


def test_addresses_and_refused_paths_are_not_looked_for(folder: Path) -> None:
    sources = ["https://example.com/pic.jpg", "../pic.jpg", "/etc/hostname", "\\\\server\\pic.jpg"]
    assert read_media_facts(sources, folder=folder) == {}


def test_a_missing_file_names_the_one_that_was_nearly_meant(folder: Path) -> None:
    (folder / "Spring-Launch.jpg").write_bytes(picture())
    facts = read_media_facts(["spring-lanch.jpg"], folder=folder)["spring-lanch.jpg"]
    assert facts.problem_code == "media_not_found"
    assert "Did you mean Spring-Launch.jpg? Correct the name" in facts.problem


def test_a_missing_file_with_nothing_near_says_where_to_look(folder: Path) -> None:
    facts = read_media_facts(["deep/er/pic.jpg"], folder=folder)["deep/er/pic.jpg"]
    assert (facts.problem_code, "--media" in facts.problem) == ("media_not_found", True)


def test_hidden_files_are_not_told_of_even_as_near_ones(folder: Path) -> None:
    (folder / ".envy").write_bytes(b"x")
    facts = read_media_facts(["envy"], folder=folder)["envy"]
    assert "did you mean" not in facts.problem


def test_a_name_with_its_accents_stored_apart_is_found(folder: Path) -> None:
    (folder / "To\u0308pferei.jpg").write_bytes(picture())
    assert read_media_facts(["T\u00f6pferei.jpg"], folder=folder)["T\u00f6pferei.jpg"].problem == ""


def test_a_file_in_a_folder_below_is_found_however_its_slashes_lean(folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.jpg").write_bytes(picture())
    facts = read_media_facts(["pictures/a.jpg", "pictures\\a.jpg", "./pictures//a.jpg"], folder=folder)
    assert {f.sha256 for f in facts.values()} == {hashlib.sha256(picture()).hexdigest()}
    assert [f.path for f in facts.values()] == list(facts)


def test_a_relative_media_folder_works(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jpg").write_bytes(picture())
    relative = Path(os.path.relpath(folder))
    assert read_media_facts(["a.jpg"], folder=relative)["a.jpg"].problem == ""


def refused(folder: Path, source: str) -> str:
    """Return why an entry is refused, the same when read and when sent."""
    facts = read_media_facts([source], folder=folder)[source]
    assert facts.problem_code in ("media_refused", "media_not_found", "media_unreadable")
    assert facts.sha256 == ""
    with pytest.raises(MediumUnreadableError), open_medium(source, folder=MediaFolder(folder)):
        pass
    return facts.problem


def test_a_link_inside_of_the_folder_is_followed(folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.jpg").write_bytes(picture())
    (folder / "logo.jpg").symlink_to("pictures/a.jpg")
    (folder / "album").symlink_to("pictures")
    facts = read_media_facts(["logo.jpg", "album/a.jpg"], folder=folder)
    assert [f.problem for f in facts.values()] == ["", ""]


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.jpg").write_bytes(picture())
    (folder / "pic.jpg").symlink_to(tmp_path / "outside.jpg")
    assert "leads out" in refused(folder, "pic.jpg")


def test_a_folder_that_is_a_link_out_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pic.jpg").write_bytes(picture())
    (folder / "album").symlink_to(tmp_path / "other")
    assert "leads out" in refused(folder, "album/pic.jpg")


def test_a_neighbour_with_the_folders_name_in_front_is_outside(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet-other").mkdir()
    (tmp_path / "sheet-other" / "pic.jpg").write_bytes(picture())
    (folder / "pic.jpg").symlink_to(tmp_path / "sheet-other" / "pic.jpg")
    assert "leads out" in refused(folder, "pic.jpg")


@pytest.mark.parametrize("name", [".env", ".ssh/id_rsa", "server.pem", "id_rsa"])
def test_a_link_with_a_harmless_name_to_a_secret_in_the_folder_is_refused(folder: Path, name: str) -> None:
    secret = folder / name
    secret.parent.mkdir(exist_ok=True)
    secret.write_bytes(picture())
    (folder / "pic.jpg").symlink_to(name)
    assert "link to" in refused(folder, "pic.jpg")


def test_a_link_that_leads_to_itself_is_refused(folder: Path) -> None:
    (folder / "pic.jpg").symlink_to("pic.jpg")
    assert refused(folder, "pic.jpg")


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "pictures").mkdir()
    assert "folder" in refused(folder, "pictures")
    assert "folder" in refused(folder, ".")


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pic.jpg")
    assert "device, pipe or socket" in refused(folder, "pic.jpg")  # nobody writes into it: it would wait for ever


def test_a_socket_is_refused(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(folder, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/pic.jpg")
        os.close(here)
        assert "device, pipe or socket" in refused(folder, "pic.jpg")


def test_a_link_to_a_device_is_refused(folder: Path) -> None:
    (folder / "pic.jpg").symlink_to("/dev/zero")
    assert "leads out" in refused(folder, "pic.jpg")


def test_a_file_that_may_not_be_read_is_said(folder: Path) -> None:
    (folder / "pic.jpg").write_bytes(picture())
    (folder / "pic.jpg").chmod(0)
    if os.access(folder / "pic.jpg", os.R_OK):
        pytest.skip("this user may read everything")
    assert "can't be read" in refused(folder, "pic.jpg")


Put = Callable[[Path, Path], object]
SWAPS: dict[str, Put] = {
    "the file for a link": lambda folder, outside: _replace(folder / "album" / "pic.jpg", outside / "pic.jpg"),
    "its folder for a link": lambda folder, outside: _replace(folder / "album", outside),
    "a link for another": lambda folder, outside: _replace(folder / "link", outside),
}


def _replace(path: Path, target: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(target)


def _at(number: int, real: Callable[..., object], act: Callable[[], object], *, after: bool) -> Callable[..., object]:
    """Return a call of the system before or after whose n-th use below an open folder somebody acts."""
    seen = 0

    def call(*args: object, **more: object) -> object:
        nonlocal seen
        seen += more.get("dir_fd") is not None
        struck = seen == number and more.get("dir_fd") is not None
        if struck and not after:
            act()
        result = real(*args, **more)
        if struck and after:
            act()
        return result

    return call


@pytest.mark.parametrize("source", ["album/pic.jpg", "link/pic.jpg"])
@pytest.mark.parametrize("call", ["stat", "open", "readlink"])
@pytest.mark.parametrize("swap", SWAPS)
def test_what_is_swapped_for_a_link_out_between_check_and_open_is_never_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: str, call: str, source: str
) -> None:
    inside, outside, swapped = picture("PNG"), picture("BMP"), list[str]()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pic.jpg").write_bytes(outside)
    read: set[str] = set()
    for number, after in [(n, after) for n in range(1, 8) for after in (True, False)]:
        own = folder / f"{number}-{after}"
        (own / "album").mkdir(parents=True)
        (own / "album" / "pic.jpg").write_bytes(inside)
        (own / "link").symlink_to("album")
        put = partial(SWAPS[swap], own, tmp_path / "other")
        act = lambda put=put: (swapped.append(swap), put())  # noqa: E731 - one use
        with monkeypatch.context() as patch:
            patch.setattr(os, call, _at(number, getattr(os, call), act, after=after))
            read.add(read_media_facts([source], folder=own)[source].sha256)
    assert read <= {"", hashlib.sha256(inside).hexdigest()}
    assert swapped or (call == "readlink" and source == "album/pic.jpg")


def test_the_folder_itself_is_opened_once_whatever_becomes_of_its_path(folder: Path, tmp_path: Path) -> None:
    (folder / "pic.jpg").write_bytes(picture("PNG"))
    root = MediaFolder(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pic.jpg").write_bytes(picture("BMP"))
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "other")
    with open_medium("pic.jpg", folder=root) as medium:
        assert medium.mime == "image/png"


def test_no_descriptor_is_left_open(folder: Path) -> None:
    (folder / "album").mkdir()
    (folder / "album" / "pic.jpg").write_bytes(picture())
    (folder / "link").symlink_to("album")
    (folder / "out").symlink_to("/")
    before = len(os.listdir("/proc/self/fd"))
    read_media_facts(["album/pic.jpg", "link/pic.jpg", "out/etc/hostname", "nowhere.jpg", "album"], folder=folder)
    assert len(os.listdir("/proc/self/fd")) == before


def test_links_up_and_down_inside_of_the_folder_and_by_whole_paths_are_followed(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "pic.jpg").write_bytes(picture())
    (folder / "a" / "b" / "up.jpg").symlink_to("../pic.jpg")
    (folder / "a" / "b" / "whole.jpg").symlink_to(folder / "a" / "pic.jpg")
    facts = read_media_facts(["a/b/up.jpg", "a/b/whole.jpg"], folder=folder)
    assert [f.problem for f in facts.values()] == ["", ""]


@pytest.mark.parametrize(
    "name", sorted(n for n in globals() if n.startswith("test_") and "link" in n and "swap" not in n)
)
def test_the_way_without_descriptors_judges_links_alike(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("batch.media.CAN_OPEN_BELOW", False)
    arguments = {"folder": folder, "tmp_path": tmp_path, "name": ".ssh/id_rsa"}
    test = globals()[name]
    test(**{k: v for k, v in arguments.items() if k in test.__code__.co_varnames[: test.__code__.co_argcount]})


def test_without_opening_below_a_folder_a_swapped_link_is_found_as_well(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pic.jpg").write_bytes(picture())
    (folder / "album").symlink_to(tmp_path / "other")
    with pytest.raises(MediumUnreadableError, match="replaced"):
        open_and_compare(str(folder.resolve()), ("album", "pic.jpg"))
    (folder / "here.jpg").write_bytes(picture())
    number = open_and_compare(str(folder.resolve()), ("here.jpg",))
    with os.fdopen(number, "rb") as file:
        assert file.read() == picture()


def test_links_that_are_swapped_all_the_time_never_lead_out(folder: Path, tmp_path: Path) -> None:
    inside, outside = picture("PNG"), picture("BMP")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pic").write_bytes(outside)
    (folder / "real").mkdir()
    (folder / "real" / "pic").write_bytes(inside)
    over = threading.Event()

    def swap() -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            new = folder / f"new-{turn}"
            new.symlink_to(tmp_path / "other" if turn % 2 else folder / "real")
            new.rename(folder / "album")

    (folder / "album").symlink_to(folder / "real")
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        read = [read_media_facts(["album/pic"], folder=folder)["album/pic"] for _ in range(300)]
    finally:
        over.set()
        swapper.join()
    assert {facts.sha256 for facts in read} <= {"", hashlib.sha256(inside).hexdigest()}
    assert any(facts.sha256 for facts in read)


def test_each_distinct_file_is_looked_at_once(folder: Path) -> None:
    content = video() + box(b"free", bytes(60 * CHUNK_BYTES))
    (folder / "long.mp4").write_bytes(content)
    names = ["long.mp4"] + ["./" * n + "long.mp4" for n in range(1, 200)]
    started = time.process_time()
    facts = read_media_facts(names, folder=folder)
    assert time.process_time() - started < 10
    assert len(facts) == 200
    assert len({f.sha256 for f in facts.values()}) == 1


def sent(folder: Path, name: str, facts: MediaFacts) -> bytes:
    """Read a file as it is sent."""
    with open_medium(name, folder=MediaFolder(folder)) as medium:
        return b"".join(medium.chunks(sha256=facts.sha256))


@pytest.mark.parametrize("more", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 17])
def test_the_bytes_that_were_checked_are_sent(folder: Path, more: int) -> None:
    content = picture("PNG") + bytes(more)
    facts = facts_of(folder, "pic.png", content)
    assert sent(folder, "pic.png", facts) == content
    with open_medium("pic.png", folder=MediaFolder(folder)) as medium:
        assert (medium.mime, medium.size_bytes) == ("image/png", len(content))


@pytest.mark.parametrize("change", ["replaced", "longer", "shorter", "one byte"])
def test_a_file_that_changed_since_it_was_checked_is_never_given_out_whole(folder: Path, change: str) -> None:
    content = picture("PNG") + bytes(2 * CHUNK_BYTES)
    facts = facts_of(folder, "pic.png", content)
    other = {
        "replaced": picture("PNG", size=(10, 10)),
        "longer": content + b"x",
        "shorter": content[:-1],
        "one byte": content[:-1] + b"x",
    }[change]
    (folder / "pic.png").write_bytes(other)
    given = []
    with (
        open_medium("pic.png", folder=MediaFolder(folder)) as medium,
        pytest.raises(MediumUnreadableError, match="has changed"),
    ):
        given.extend(medium.chunks(sha256=facts.sha256))
    assert len(b"".join(given)) < len(other)


def test_a_file_that_changes_while_it_is_sent_is_never_given_out_whole(folder: Path) -> None:
    content = picture("PNG") + bytes(3 * CHUNK_BYTES)
    facts = facts_of(folder, "pic.png", content)
    given: list[bytes] = []

    def send(chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            given.append(chunk)
            with (folder / "pic.png").open("r+b") as file:
                file.seek(-1, os.SEEK_END)
                file.write(b"x")

    with (
        open_medium("pic.png", folder=MediaFolder(folder)) as medium,
        pytest.raises(MediumUnreadableError, match="has changed"),
    ):
        send(medium.chunks(sha256=facts.sha256))
    assert 0 < len(b"".join(given)) < len(content)


def test_a_file_that_is_no_picture_any_more_is_not_opened_for_sending(folder: Path) -> None:
    (folder / "pic.png").write_bytes(b"API_KEY=abc")
    with (
        pytest.raises(MediumUnreadableError, match="it is no longer a picture or video"),
        open_medium("pic.png", folder=MediaFolder(folder)),
    ):
        pass
