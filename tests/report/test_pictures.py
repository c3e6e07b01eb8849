from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

from PIL import Image

from batch.model import Content, Medium, Outcome
from batch.report.preview import MIN_PICTURE_BYTES, SHOWN_OF_A_POST, SIZES, read_pictures, safe_picture
from tests.report.launch_week import launch_week


def post(*sources: str) -> Outcome:
    return replace(launch_week().outcomes[0], content=Content(media=tuple(Medium(s) for s in sources)))


def save(path: Path, size: tuple[int, int] = (1200, 1500), **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 60).convert("RGB").save(path, **options)


def decoded(address: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(address.split(",")[1])))


def test_files_beside_the_sheet_become_small_pictures_that_the_page_takes(tmp_path):
    save(tmp_path / "kiln" / "a.jpg")
    Image.new("RGBA", (900, 300), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    pictures = read_pictures([post("kiln/a.jpg", "clear.png")], folder=tmp_path).shown
    assert {source: decoded(p).size for source, p in pictures.items()} == {
        "kiln/a.jpg": (512, 640),
        "clear.png": (640, 213),
    }
    assert all(safe_picture(p) == p for p in pictures.values())
    assert decoded(pictures["clear.png"]).getpixel((0, 0)) == (255, 255, 255)
    assert SIZES[0][0] == 640


def test_many_pictures_share_the_bytes_out_and_are_smaller(tmp_path):
    names = [f"{number}.jpg" for number in range(30)]
    for name in names:
        save(tmp_path / name, (400, 300))
    few, many, most = (
        read_pictures([post(name) for name in names[:count]], folder=tmp_path, max_total_bytes=150_000)
        for count in (1, 10, 30)
    )
    assert [len(made.shown) for made in (few, many, most)] == [1, 10, 30]
    sides = [min(max(decoded(p).size) for p in made.shown.values()) for made in (few, many, most)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] > sides[-1]
    assert all(sum(map(len, made.shown.values())) <= 150_000 for made in (few, many, most))


def test_what_a_flat_picture_leaves_goes_to_the_others(tmp_path):
    for number in range(9):
        Image.new("RGB", (800, 400), (number, 0, 0)).save(tmp_path / f"{number}.png")
    save(tmp_path / "last.jpg")
    posts = [*(post(f"{number}.png") for number in range(9)), post("last.jpg")]
    made = read_pictures(posts, folder=tmp_path, max_total_bytes=100_000).shown
    assert len(made["last.jpg"]) > 100_000 // 10


def test_pictures_that_would_be_too_small_to_see_are_left_out_from_the_end_and_counted(tmp_path):
    names = [f"{number}.jpg" for number in range(12)]
    for name in names:
        save(tmp_path / name, (400, 300))
    made = read_pictures([post(name) for name in names], folder=tmp_path, max_total_bytes=6 * MIN_PICTURE_BYTES)
    assert 0 < len(made.shown) <= 6
    assert len(made.shown) + made.left_out == 12
    assert sum(map(len, made.shown.values())) <= 6 * MIN_PICTURE_BYTES


def test_what_a_camera_wrote_turns_the_picture_and_goes_no_further(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "SecretCamera"
    save(tmp_path / "a.jpg", (800, 400), exif=exif)
    made = read_pictures([post("a.jpg")], folder=tmp_path).shown["a.jpg"]
    assert decoded(made).size == (320, 640)
    assert b"SecretCamera" not in b64decode(made.split(",")[1])


def test_nothing_outside_of_the_folder_nothing_broken_and_no_address_is_read(tmp_path):
    folder = tmp_path / "sheet"
    save(tmp_path / "outside.jpg")
    folder.mkdir()
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "text.jpg").write_text("no picture")
    save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:400])
    sources = ("../outside.jpg", "link.jpg", "text.jpg", "cut.jpg", "gone.jpg", str(tmp_path / "outside.jpg"))
    addresses = ("https://example.com/a.jpg", "file:///etc/passwd")
    assert read_pictures([post(s) for s in (*sources, *addresses)], folder=folder) == ({}, 0)


def test_only_what_a_drawing_shows_is_read_and_each_file_once(tmp_path):
    names = [f"{n}.jpg" for n in range(6)]
    for name in names:
        save(tmp_path / name, (80, 80))
    pictures = read_pictures([post(*names), post(*names)], folder=tmp_path)
    assert list(pictures.shown) == names[:SHOWN_OF_A_POST]
