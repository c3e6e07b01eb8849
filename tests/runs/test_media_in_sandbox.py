"""Media and generated content of a whole sheet, in the sandbox; the second run sends and generates nothing."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from batch.media import read_media_facts
from batch.model import Account, Channel, Content, Generate, Generation, Medium, Post, PostType
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.rules.media import check_media
from batch.runs.generation import generate_posts
from batch.runs.journal import Journal
from batch.runs.media import MediaContext, Transfer, bring_media
from batch.sandbox.sites import SITE_ID
from batch.settings import ApiKey
from tests.rig.options import Options
from tests.rig.server import RigServer

ACCOUNTS = tuple(Account(channel, "a") for channel in Channel)
GOING_UP = {"import_file", "upload_url", "upload_file"}
GENERATING = {"generate_text", "generate_post", "generate_image"}
DRIVE = "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQr/view?usp=sharing"
PRODUCT = Generation(Generate.POST, asset_type="STORES_PRODUCT", asset_id="p-1")


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1080, 1080), (shade, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def post(row: int, channel: Channel, *sources: str, generation: Generation | None = None) -> Post:
    media = tuple(Medium(source) for source in sources)
    text = "" if generation and generation.kind is not Generate.IMAGE else "Hi"
    return Post(
        row=row,
        key=f"k{row}",
        site="",
        channel=channel,
        type=PostType.POST,
        content=Content(text=text, media=media),
        generation=generation,
    )


POSTS = (
    post(2, Channel.INSTAGRAM, "logo.jpg"),
    post(3, Channel.INSTAGRAM, "a.jpg", "https://example.com/x.jpg", "b.jpg"),
    *(post(row, Channel.LINKEDIN, "logo.jpg") for row in range(4, 30)),
    post(30, Channel.FACEBOOK, DRIVE),
    post(31, Channel.FACEBOOK, "../../etc/passwd"),
    post(32, Channel.FACEBOOK, "broken.jpg"),
    post(33, Channel.LINKEDIN, generation=Generation(Generate.CAPTION, prompt="our spring glazes", tone="WARM")),
    post(34, Channel.INSTAGRAM, generation=PRODUCT),
    post(35, Channel.FACEBOOK, "https://example.com/sandbox-fail.jpg"),
    post(36, Channel.FACEBOOK, "a.jpg", generation=Generation(Generate.IMAGE, prompt="make it blue")),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sheet"
    made.mkdir()
    for shade, name in enumerate(("logo.jpg", "a.jpg", "b.jpg")):
        (made / name).write_bytes(picture(50 * shade))
    (made / "broken.jpg").write_bytes(picture(7)[:900])
    return made


@pytest.fixture
def sandbox() -> Iterator[RigServer]:
    with RigServer(options=Options(media_polls=2, image_polls=2)) as server:
        yield server


@dataclass(frozen=True)
class Done:
    """What one run came to: the posts, the media, and the calls it took."""

    posts: dict[int, Post]
    media: Transfer
    calls: Counter[str]


def run_once(sandbox: RigServer, folder: Path) -> Done:
    before = len(sandbox.service.calls())
    client = Client(
        api_url=sandbox.url,
        credential=ApiKey("sandbox-key"),
        site_id=SITE_ID,
        pace=Pace(200),
        sleep=lambda _seconds: None,
    )
    facts = read_media_facts({m.source for p in POSTS for m in p.content.media}, folder=folder)
    checked = [check_media(p, facts) for p in POSTS]
    with client, Journal(folder.parent / "state" / "journal.sqlite") as journal:
        made = generate_posts(checked, client, journal, accounts=ACCOUNTS, regenerate=False, folder=folder)
        room = MediaContext(client, journal, folder, sleep=lambda _seconds: None, clock=client.clock)
        result = bring_media((m for p in made if not p.errors for m in p.content.media), room)
    calls = Counter(entry.call for entry in sandbox.service.calls()[before:])
    return Done({p.row: p for p in made}, result, calls)


def test_each_row_ends_as_it_should_and_the_second_run_sends_and_generates_nothing(
    sandbox: RigServer, folder: Path
) -> None:
    first = run_once(sandbox, folder)
    files = sandbox.service.files(SITE_ID)
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("logo.jpg", "a.jpg", "b.jpg")
    }
    assert Counter(file["sha256"] for file in files if file["sha256"]) == Counter(digests.values())
    assert sorted(file["source"] for file in files if file["source"] != "upload") == [
        "https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKlMnOpQr",
        "https://example.com/sandbox-fail.jpg",
        "https://example.com/x.jpg",
    ]
    assert {row: [i.code for i in p.errors] for row, p in first.posts.items() if p.errors} == {
        31: ["media_refused"],
        32: ["media_broken"],
    }
    assert [f.code for f in first.media.failures.values()] == ["MEDIA_FAILED"]
    assert "our spring glazes" in first.posts[33].content.text
    assert first.posts[34].content.media[0].url.startswith("https://static.wixstatic.com/media/")
    assert first.posts[36].content.media[0].source.startswith("https://static.wixstatic.com/media/")
    assert (first.calls["upload_file"], first.calls["import_file"]) == (3, 3)
    assert {name: first.calls[name] for name in GENERATING} == dict.fromkeys(GENERATING, 1)

    sandbox.service.set_options(media_failing_marker="nothing-fails-any-more")
    second = run_once(sandbox, folder)
    assert (second.calls["upload_file"], second.calls["import_file"]) == (0, 1)
    assert second.calls["upload_url"] == 0
    assert [name for name in GENERATING if second.calls[name]] == []
    assert {row: p.content.text for row, p in second.posts.items()} == {
        row: p.content.text for row, p in first.posts.items()
    }
    assert second.media.failures == {}

    third = run_once(sandbox, folder)
    assert sum(third.calls.values()) == 0
    assert third.media.urls == second.media.urls


@pytest.mark.parametrize("fault", [{"kind": "drop_after"}, {"kind": "drop_before"}, {"kind": "status", "status": 503}])
def test_a_lost_answer_of_an_upload_or_import_costs_a_file_and_never_a_row(
    sandbox: RigServer, folder: Path, fault: dict[str, object]
) -> None:
    for call in ("import_file", "upload_url", "upload_file", "get_file", "generate_text"):
        sandbox.service.add_fault(call=call, times=1, **fault)
    done = run_once(sandbox, folder)
    assert [f.code for f in done.media.failures.values()] == ["MEDIA_FAILED"]
    assert len(done.media.urls) == 5
    assert done.posts[33].errors == ()
