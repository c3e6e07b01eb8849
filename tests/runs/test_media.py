"""Media on their way into the Media Manager: once each, waited for within bounds, failures to their own rows."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batch.errors import SignInError
from batch.model import Act, Content, Medium, OutcomeKind, Step, StepKind
from batch.publisher.client import Client
from batch.publisher.media import Brought, State
from batch.runs.actions import SiteContext, StepProgress
from batch.runs.control import Stop
from batch.runs.journal import Journal
from batch.runs.media import (
    MediaContext,
    Transfer,
    bring_media,
    fill_media,
    library_name,
    shown,
    with_urls,
)

JPEG = io.BytesIO()
Image.linear_gradient("L").save(JPEG, "JPEG")
PICTURE = JPEG.getvalue()
IMPORT = "/site-media/v1/files/import"
UPLOAD = "/upload"


def file_medium(folder: Path, name: str, content: bytes = PICTURE) -> Medium:
    """Write a file and return it as a checked medium."""
    (folder / name).write_bytes(content)
    identity = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Medium(name, kind="IMAGE", identity=identity, size_bytes=len(content))


def web_medium(name: str, kind: str = "IMAGE") -> Medium:
    source = f"https://example.com/{name}"
    return Medium(source, kind=kind, identity=source)


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "state" / "journal.sqlite") as made:
        yield made


@pytest.fixture
def room(client: Client, journal: Journal, tmp_path: Path, played: Any) -> MediaContext:
    return MediaContext(client=client, journal=journal, folder=tmp_path, sleep=played.sleep, clock=played.clock)


def urls_of(result: Transfer) -> list[str]:
    return list(result.urls.values())


def test_files_and_addresses_become_addresses_of_the_library(library: Any, room: MediaContext, tmp_path: Path) -> None:
    media = [
        file_medium(tmp_path, "Frühling.jpg"),
        web_medium("clip.mp4", "VIDEO"),
        Medium("https://static.wixstatic.com/media/there.jpg", "IMAGE", "https://static.wixstatic.com/media/there.jpg"),
    ]
    result = bring_media(media, room)
    assert result.urls == {
        media[0].identity: "https://static.wixstatic.com/media/file-1",
        media[1].identity: "https://video.wixstatic.com/media/file-2",
    }
    assert result.failures == {}
    assert library.files[0].content == PICTURE
    assert library.files[0].name == "Frühling.jpg"
    assert library.files[1].source == "https://example.com/clip.mp4"
    assert {call.headers.get("authorization") for call in library.asked(UPLOAD)} == {None}


def test_fifty_rows_with_one_logo_send_it_once(library: Any, room: MediaContext, tmp_path: Path) -> None:
    logo = file_medium(tmp_path, "logo.jpg")
    copy = file_medium(tmp_path, "copy of logo.jpg")
    bring_media([logo, copy] * 25 + [web_medium("p.jpg")] * 50, room)
    assert len(library.files) == len(library.asked(UPLOAD)) + len(library.asked(IMPORT)) == 2


def test_the_second_time_nothing_is_sent(library: Any, room: MediaContext, tmp_path: Path) -> None:
    media = [file_medium(tmp_path, "logo.jpg"), web_medium("p.jpg")]
    first = bring_media(media, room)
    calls = len(library.seen)
    second = bring_media(media, room)
    assert len(library.seen) == calls
    assert (second.urls, second.failures) == (first.urls, first.failures)


def test_all_are_set_going_before_any_is_waited_for(library: Any, room: MediaContext) -> None:
    library.polls = 3
    bring_media([web_medium(f"{n}.jpg") for n in range(3)], room)
    paths = [call.path for call in library.seen]
    assert paths[:3] == [IMPORT] * 3
    assert IMPORT not in paths[3:]


def test_after_the_first_the_small_ones_go_side_by_side_and_the_large_ones_one_by_one(
    library: Any, room: MediaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.runs.media.SIDE_BY_SIDE_BYTES", 1_000)
    meeting, under_way, most = threading.Barrier(3, timeout=30), Counter[str](), Counter[str]()

    def fetch(call: Any) -> tuple[int, Any]:
        size = call.body["displayName"].split("-")[0]
        under_way[size] += 1
        most[size] = max(most[size], under_way[size])
        if size == "small":
            meeting.wait()
        under_way[size] -= 1
        return 200, library._import(call)

    library.overrides[IMPORT] = fetch
    media = [web_medium(f"{size}-{n}.jpg") for size in ("first", "small", "large") for n in range(3)]
    sizes = {"first": 10, "small": 10, "large": 5_000}
    wanted = [replace(m, size_bytes=sizes[m.source.rpartition("/")[2].split("-")[0]]) for m in media[:1] + media[3:]]
    assert len(bring_media(wanted, room).urls) == len(wanted)
    assert most == {"first": 1, "small": 3, "large": 1}


def test_a_medium_that_fails_fails_alone(library: Any, room: MediaContext) -> None:
    good, bad = web_medium("good.jpg"), web_medium("fail.jpg")
    result = bring_media([bad, good], room)
    assert list(result.urls) == [good.identity]
    assert result.failures == {
        bad.identity: Brought(
            State.FAILED,
            result.failures[bad.identity].file_id,
            code="MEDIA_FAILED",
            message="https://example.com/fail.jpg could not be brought into the Media Manager: The Media Manager could "
            "not process it. Check that anybody can open that address, and run again.",
        )
    }


def test_what_failed_is_tried_again_the_next_time(library: Any, room: MediaContext) -> None:
    bad = web_medium("fail.jpg")
    bring_media([bad], room)
    bring_media([bad], room)
    assert len(library.asked(IMPORT)) == 2


def test_waiting_is_bounded_for_all_together(library: Any, room: MediaContext, played: Any) -> None:
    library.polls = 10_000
    result = bring_media([web_medium(f"{n}.jpg") for n in range(5)], room)
    assert {f.code for f in result.failures.values()} == {"MEDIA_NOT_READY"}
    assert played.now <= room.bound_seconds + 5


def test_waiting_is_said_now_and_then(library: Any, client: Client, journal: Journal, played: Any) -> None:
    library.polls = 20
    said: list[str] = []
    room = MediaContext(client, journal, None, played.sleep, played.clock, say=said.append)
    bring_media([web_medium("p.jpg"), web_medium("q.jpg")], room)
    waiting = [line for line in said if line.startswith("Waiting")]
    assert waiting[0] == "Waiting for https://example.com/p.jpg and 1 more in the Media Manager (0 s)."
    assert 1 < len(waiting) < 12


def test_a_stop_begins_nothing_more_and_waits_no_longer(
    library: Any, client: Client, journal: Journal, played: Any
) -> None:
    room = MediaContext(client, journal, None, played.sleep, played.clock, stopped=lambda: bool(library.seen))
    library.polls = 10_000
    result = bring_media([web_medium("p.jpg"), web_medium("q.jpg")], room)
    assert [f.code for f in result.failures.values()] == ["not_run", "MEDIA_NOT_READY"]
    assert (len(library.asked(IMPORT)), played.now) == (1, 0.0)


@pytest.mark.parametrize("change", ["gone", "other picture", "no picture"])
def test_a_file_that_changed_since_the_plan_is_not_used(
    library: Any, room: MediaContext, tmp_path: Path, change: str
) -> None:
    medium = file_medium(tmp_path, "logo.jpg")
    path = tmp_path / "logo.jpg"
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(PICTURE + b"x" if change == "other picture" else b"API_KEY=abc")
    result = bring_media([medium], room)
    assert result.urls == {}
    assert result.failures[medium.identity].code in ("media_changed", "media_not_found")
    assert library.files == []
    assert b"API_KEY" not in b"".join(call.content for call in library.seen)


@pytest.mark.parametrize("source", ["../secret.jpg", "/etc/hostname", ".env"])
def test_a_plan_from_elsewhere_can_not_fetch_files(
    library: Any, room: MediaContext, tmp_path: Path, source: str
) -> None:
    (tmp_path / ".env").write_bytes(PICTURE)
    digest = hashlib.sha256(PICTURE).hexdigest()
    result = bring_media([Medium(source, kind="IMAGE", identity=f"sha256:{digest}")], room)
    assert [f.code for f in result.failures.values()] == ["media_refused"]
    assert library.seen == []


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1/p.jpg", "http://169.254.169.254/latest", "ftp://example.com/p.jpg"]
)
def test_a_plan_from_elsewhere_can_not_have_private_addresses_fetched(
    library: Any, room: MediaContext, source: str
) -> None:
    result = bring_media([Medium(source, kind="IMAGE", identity=source)], room)
    assert [f.code for f in result.failures.values()] == ["media_refused"]
    assert library.seen == []


def test_a_share_link_is_imported_in_its_direct_form(library: Any, room: MediaContext) -> None:
    source = "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view?usp=sharing"
    direct = "https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKlMnOp"
    bring_media([Medium(source, kind="IMAGE", identity=direct)], room)
    (call,) = library.asked(IMPORT)
    assert call.body == {"url": direct, "mimeType": "image/jpeg", "displayName": "uc.jpg"}


def test_what_turns_out_to_be_a_video_is_not_posted_as_a_picture(library: Any, room: MediaContext) -> None:
    library.kinds["asset.jpg"] = "VIDEO"
    result = bring_media([web_medium("asset")], room)
    (failure,) = result.failures.values()
    assert (failure.code, "#video" in failure.message) == ("WRONG_KIND", True)


def test_a_refused_credential_stops_all(library: Any, room: MediaContext) -> None:
    library.overrides[IMPORT] = lambda call: (401, {"message": "no"})
    with pytest.raises(SignInError):
        bring_media([web_medium("p.jpg"), web_medium("q.jpg")], room)
    assert len(library.seen) == 1


def test_a_lost_upload_is_repeated_and_used_once(library: Any, room: MediaContext, tmp_path: Path) -> None:
    answers = iter([503, 200])

    def put(call: Any) -> tuple[int, Any]:
        status = next(answers)
        value = library._put(call)
        return status, value if status == 200 else {}

    library.overrides[UPLOAD] = put
    medium = file_medium(tmp_path, "logo.jpg")
    result = bring_media([medium], room)
    assert urls_of(result) == ["https://static.wixstatic.com/media/file-2"]


@pytest.mark.parametrize(
    ("path", "mime", "name"),
    [
        ("pictures/Frühling 1.JPG", "image/jpeg", "Frühling 1.JPG"),
        ("/a/b%20c.png", "image/png", "b c.png"),
        ("really-a-png.jpg", "image/png", "really-a-png.png"),
        ("/uc", "video/mp4", "uc.mp4"),
        ("", "image/webp", "medium.webp"),
        ("pictures\\logo.heic", "image/heic", "logo.heic"),
        ("x" * 300 + ".jpg", "image/jpeg", "x" * 100 + ".jpg"),
    ],
)
def test_the_name_in_the_library_ends_as_what_it_is(path: str, mime: str, name: str) -> None:
    assert library_name(path, mime=mime) == name


def test_messages_quote_addresses_without_what_may_be_a_key() -> None:
    assert shown("https://example.com/p.jpg?token=secret") == "https://example.com/p.jpg"


def test_content_gets_the_addresses_that_are_known() -> None:
    there = Medium("a.jpg", url="https://static.wixstatic.com/media/a", identity="sha256:a")
    content = Content(
        text="Hi", media=(there, Medium("b.jpg", identity="sha256:b"), Medium("c.jpg", identity="sha256:c"))
    )
    filled = with_urls(content, {"sha256:b": "B", "sha256:a": "other"})
    assert [m.url for m in filled.media] == [there.url, "B", ""]


def work_of(
    position: int, *media: Medium, acts: tuple[Act, ...] = (Act.UPLOAD, Act.CREATE, Act.SCHEDULE)
) -> StepProgress:
    step = Step(
        row=position + 2,
        key=f"k{position}",
        reference=f"k{position}",
        site="",
        channel="INSTAGRAM",
        type="POST",
        kind=StepKind.SCHEDULE,
        reason="",
        acts=acts,
        content=Content(media=media),
    )
    return StepProgress(position, step)


@pytest.fixture
def context_of(client: Client, journal: Journal, played: Any) -> Callable[[Stop], SiteContext]:
    def make(stop: Stop) -> SiteContext:
        return SiteContext(
            client=client,
            journal=journal,
            run="r",
            now=lambda: datetime(2026, 12, 1, tzinfo=UTC),
            clock=played.clock,
            stop=stop,
            random=lambda: 0.5,
            pause=played.sleep,
        )

    return make


def test_each_work_gets_its_media_or_its_failure(
    library: Any, journal: Journal, tmp_path: Path, context_of: Callable[[Stop], SiteContext]
) -> None:
    logo, bad = file_medium(tmp_path, "logo.jpg"), web_medium("fail.jpg")
    works = [work_of(0, logo), work_of(1, logo, bad), work_of(2, logo), work_of(3, bad, acts=(Act.RESCHEDULE,))]
    fill_media(works, context_of(Stop()), folder=tmp_path)
    url = "https://static.wixstatic.com/media/file-1"
    assert [[m.url for m in work.step.content.media] for work in works] == [[url], [url, ""], [url], [""]]
    assert [work.outcome is None for work in works] == [True, False, True, True]
    outcome = works[1].outcome
    assert outcome is not None
    assert (outcome.outcome, outcome.code) == (OutcomeKind.FAILED, "MEDIA_FAILED")
    assert len(library.files) == 2


def test_after_a_stop_the_works_are_left_for_the_next_run(
    journal: Journal, tmp_path: Path, context_of: Callable[[Stop], SiteContext]
) -> None:
    stop = Stop()
    stop.request("You stopped it.")
    work = work_of(0, web_medium("p.jpg"))
    fill_media([work], context_of(stop), folder=tmp_path)
    assert work.outcome is None
