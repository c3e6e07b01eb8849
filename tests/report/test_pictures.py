from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

from PIL import Image

from batch.model import Content, Medium, Outcome
from batch.report.preview import (
    LONGEST_SIDE_PIXELS,
    SHOWN_OF_A_POST,
    SMALLER_FROM,
    SMALLER_PIXELS,
    read_pictures,
    safe_picture,
)
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
    pictures = read_pictures([post("kiln/a.jpg", "clear.png")], folder=tmp_path)
    assert {source: decoded(p).size for source, p in pictures.items()} == {
        "kiln/a.jpg": (512, 640),
        "clear.png": (640, 213),
    }
    assert all(safe_picture(p) == p for p in pictures.values())
    assert decoded(pictures["clear.png"]).getpixel((0, 0)) == (255, 255, 255)
    assert LONGEST_SIDE_PIXELS == 640


def test_the_pictures_of_a_month_are_smaller(tmp_path):
    for number in range(SMALLER_FROM + 1):
        Image.new("RGB", (800, 400), (number, 0, 0)).save(tmp_path / f"{number}.png")
    made = read_pictures([post(f"{number}.png") for number in range(SMALLER_FROM + 1)], folder=tmp_path)
    assert {decoded(picture).size for picture in made.values()} == {(SMALLER_PIXELS, SMALLER_PIXELS // 2)}


def test_what_a_camera_wrote_turns_the_picture_and_goes_no_further(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "SecretCamera"
    save(tmp_path / "a.jpg", (800, 400), exif=exif)
    made = read_pictures([post("a.jpg")], folder=tmp_path)["a.jpg"]
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
    assert read_pictures([post(s) for s in (*sources, *addresses)], folder=folder) == {}


def test_only_what_a_drawing_shows_is_read_and_each_file_once(tmp_path):
    names = [f"{n}.jpg" for n in range(6)]
    for name in names:
        save(tmp_path / name, (80, 80))
    pictures = read_pictures([post(*names), post(*names)], folder=tmp_path)
    assert list(pictures) == names[:SHOWN_OF_A_POST]


def test_pictures_never_take_more_than_their_bound(tmp_path):
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        save(tmp_path / name)
    one = len(read_pictures([post("a.jpg")], folder=tmp_path)["a.jpg"])
    pictures = read_pictures([post("a.jpg", "b.jpg", "c.jpg")], folder=tmp_path, max_total_bytes=int(2.2 * one))
    assert len(pictures) == 2
    assert sum(map(len, pictures.values())) <= 2.2 * one
