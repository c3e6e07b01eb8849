"""What a browser puts into the folder stays in it, takes no other file's place unseen, and is there whole."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from batch.errors import StopError
from batch.web.folder import MEDIA, SHEETS, SheetFolder

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100
OTHER = b"\xff\xd8\xff\xe0" + b"another" * 100


@pytest.fixture
def folder(tmp_path: Path) -> SheetFolder:
    (tmp_path / "desk").mkdir()
    return SheetFolder(tmp_path / "desk")


def files_in(folder: SheetFolder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.path.parent).as_posix(): path.read_bytes()
        for path in folder.path.parent.rglob("*")
        if path.is_file()
    }


def add(folder: SheetFolder, place: str, content: bytes = JPEG, *, replace: bool = False) -> bool:
    return folder.add_medium(io.BytesIO(content), place, replace=replace)


def test_a_kept_file_is_never_written_over(folder):
    names = [folder.keep(io.BytesIO(text), "a.csv", endings=SHEETS) for text in (b"1", b"2", b"1", b"3")]
    assert names == ["a.csv", "a (2).csv", "a.csv", "a (3).csv"]
    assert files_in(folder) == {"desk/a.csv": b"1", "desk/a (2).csv": b"2", "desk/a (3).csv": b"3"}


def test_a_kept_file_follows_no_link(folder):
    (folder.path.parent / "outside.csv").write_bytes(b"mine")
    (folder.path / "a.csv").symlink_to(folder.path.parent / "outside.csv")
    (folder.path / "b.csv").symlink_to(folder.path / "nowhere")
    assert folder.keep(io.BytesIO(b"mine"), "a.csv", endings=SHEETS) == "a (2).csv"
    assert folder.keep(io.BytesIO(b"new"), "b.csv", endings=SHEETS) == "b (2).csv"
    assert (folder.path.parent / "outside.csv").read_bytes() == b"mine"
    assert folder.sheet("a.csv") is None


def test_a_medium_goes_where_the_sheet_looks_for_it(folder):
    for place in ("bowl.jpg", "pics/März 2026/bowl.jpg", "./a/./b.png", "pics\\deep\\c.JPG"):
        assert add(folder, place)
    assert {name: content == JPEG for name, content in files_in(folder).items()} == {
        "desk/bowl.jpg": True, "desk/pics/März 2026/bowl.jpg": True, "desk/a/b.png": True, "desk/pics/deep/c.JPG": True,
    }  # fmt: skip


@pytest.mark.parametrize("place", [
    "../up.jpg", "/etc/up.jpg", "pics/../../up.jpg", "..\\up.jpg", "C:\\up.jpg", "C:up.jpg", "~/up.jpg", "", ".",
    "pics/", ".hidden.jpg", ".git/hooks/x.jpg", "pics/.x/a.jpg", "postbatch.toml", "a.csv", "a.svg", "a.jpg.exe",
    "aux.jpg", "con/a.jpg", "a\x00.jpg", "a\n.jpg", "a\u202e.jpg", "a<b>.jpg", "x" * 300 + ".jpg", "dir. /a.jpg",
    "link/a.jpg", "loose.jpg",
])  # fmt: skip
def test_no_other_place_takes_a_medium(folder, place):
    (folder.path / "link").symlink_to(folder.path.parent)
    (folder.path / "loose.jpg").symlink_to(folder.path.parent / "up.jpg")
    before = files_in(folder)
    with pytest.raises(ValueError, match=r"\.$"):
        add(folder, place)
    assert files_in(folder) == before
    assert not (folder.path.parent / "up.jpg").exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"MZ" + b"\0" * 5000, b"%PDF-1.7"])
def test_what_is_no_picture_or_video_is_not_kept(folder, content):
    with pytest.raises(ValueError, match="neither a picture nor a video"):
        add(folder, "a.jpg", content)
    assert files_in(folder) == {}


def test_a_file_of_the_same_name_is_replaced_only_where_that_is_said(folder):
    assert add(folder, "a.jpg")
    assert add(folder, "a.jpg"), "the same once more is no other file"
    assert not add(folder, "a.jpg", OTHER)
    assert files_in(folder) == {"desk/a.jpg": JPEG}
    assert add(folder, "a.jpg", OTHER, replace=True)
    assert files_in(folder) == {"desk/a.jpg": OTHER}


def test_a_file_in_the_way_of_a_folder_is_told(folder):
    (folder.path / "pics").write_bytes(b"a file")
    with pytest.raises(StopError):
        add(folder, "pics/a.jpg")


def test_a_file_finds_the_one_place_that_is_called_like_it(folder):
    places = ["pics/Bowl.JPG", "a/mug.png", "b/mug.png", "Ma\u0308rz.png"]
    assert folder.match(["bowl.jpg", "mug.png", "M\xe4rz.png", "new.png"], places) == {
        "bowl.jpg": "pics/Bowl.JPG", "mug.png": "mug.png", "M\xe4rz.png": "Ma\u0308rz.png", "new.png": "new.png",
    }  # fmt: skip


def test_results_belong_to_their_sheet(folder):
    for name in (
        "March.xlsx",
        "March.results.xlsx",
        "March.results-2.xlsx",
        "March.results (2).xlsx",
        "Mar.results.xlsx",
    ):
        (folder.path / name).write_bytes(b"x")
    assert [path.name for path in folder.sheets()] == ["March.xlsx"]
    sheet = folder.sheet("March.xlsx")
    assert folder.results_of(sheet) == ["March.results (2).xlsx", "March.results-2.xlsx", "March.results.xlsx"]
    assert folder.sheet_of_results("March.results (3).xlsx") == sheet
    assert folder.sheet_of_results("Mar.results.xlsx") is None


def test_a_name_that_no_address_can_hold_is_left_out(folder):
    try:
        (folder.path / "a\udcff.csv").write_bytes(b"x")
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    assert folder.sheets() == []


def test_pictures_and_videos_are_what_the_rules_know():
    assert {".jpg", ".png", ".mp4", ".mov"} <= MEDIA
    assert not MEDIA & {".svg", ".html", ".exe", ".pdf", *SHEETS}
