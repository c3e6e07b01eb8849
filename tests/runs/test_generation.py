"""Generated content: made before the plan, once for each row, kept, checked, and failing alone."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batch.errors import SignInError
from batch.model import Account, Channel, Content, Generate, Generation, Issue, Medium, Post, PostType, Severity
from batch.publisher.client import Client
from batch.runs.generation import generate_posts
from batch.runs.journal import Journal

TEXT = "/social-publisher/v1/generate-text"
DATA = "/social-publisher/v1/generate-post-data"
IMAGE = "/social-publisher/v1/generate-image"
ACCOUNTS = tuple(Account(channel, "a") for channel in Channel)
PICTURE = "https://static.wixstatic.com/media/mine.jpg"


def post(
    kind: Generate = Generate.CAPTION, *, row: int = 2, channel: Channel = Channel.LINKEDIN, **content: Any
) -> Post:
    return Post(
        row=row,
        key=f"k{row}",
        site="",
        channel=channel,
        type=PostType.POST,
        content=Content(**content),
        generation=Generation(kind, prompt="spring glazes"),
    )


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "state" / "journal.sqlite") as made:
        yield made


Run = Callable[..., tuple[Post, ...]]


@pytest.fixture
def run(client: Client, journal: Journal) -> Run:
    def generate(*posts: Post, **options: Any) -> tuple[Post, ...]:
        return generate_posts(posts, client, journal, **{"accounts": ACCOUNTS, "regenerate": False, **options})

    return generate


def test_a_caption_becomes_the_text_and_the_post_stays_marked(run: Run) -> None:
    (made,) = run(post(link="https://example.com"))
    assert made == replace(post(), content=Content(text="Fresh glazes for spring.", link="https://example.com"))
    assert made.generation is not None


def test_the_title_is_taken_where_the_channel_has_one_and_the_row_has_none(run: Run) -> None:
    medium = Medium(PICTURE, "IMAGE", PICTURE, PICTURE)
    pin = post(channel=Channel.PINTEREST, media=(medium,))
    own = replace(pin, row=3, key="k3", content=replace(pin.content, title="Mine"))
    assert [made.content.title for made in run(pin, own, post(row=4))] == ["Spring", "Mine", ""]


def test_a_row_is_generated_once_and_then_kept(library: Any, run: Run) -> None:
    first = run(post(), post(row=3))
    library.text = "Something else."
    assert run(post(), post(row=3)) == first
    assert len(library.asked(TEXT)) == 2


def test_regenerate_asks_anew_and_keeps_the_new(library: Any, run: Run) -> None:
    run(post())
    library.text = "Something else."
    assert run(post(), regenerate=True)[0].content.text == "Something else."
    assert run(post())[0].content.text == "Something else."
    assert len(library.asked(TEXT)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, key="other"),
        lambda p: replace(p, site="other"),
        lambda p: replace(p, channel=Channel.FACEBOOK),
        lambda p: replace(p, content=replace(p.content, link="https://example.com")),
        lambda p: replace(p, generation=replace(p.generation, prompt="winter glazes")),
        lambda p: replace(p, generation=replace(p.generation, tone="FORMAL")),
        lambda p: replace(p, generation=replace(p.generation, language="de")),
    ],
)
def test_another_request_is_another_text(library: Any, run: Run, change: Callable[[Post], Post]) -> None:
    run(post(), change(post()))
    assert len(library.asked(TEXT)) == 2


def test_nothing_is_asked_for_posts_that_do_not_need_it(library: Any, run: Run) -> None:
    plain = replace(post(row=3), generation=None)
    wrong = replace(post(row=4), issues=(Issue(4, "text", "text_too_long", "", "It is too long."),))
    posts = (post(row=2), plain, wrong)
    assert run(*posts, needed=lambda p: p.row != 2) == posts
    assert library.seen == []


def test_what_is_kept_is_filled_in_even_where_nothing_new_is_needed(library: Any, run: Run) -> None:
    (first,) = run(post())
    assert run(post(), needed=lambda p: False, regenerate=True) == (first,)
    assert len(library.asked(TEXT)) == 1


def test_nothing_is_asked_for_a_channel_without_an_account(library: Any, run: Run) -> None:
    assert run(post(), accounts=[Account(Channel.GBP, "a")]) == (post(),)
    assert library.seen == []


def test_a_whole_post_brings_its_picture(run: Run) -> None:
    (made,) = run(post(Generate.POST, channel=Channel.INSTAGRAM))
    source = "https://pictures.example.com/product.jpg"
    assert made.issues == ()
    assert made.content == Content(
        text="Fresh glazes for spring.", media=(Medium(source, kind="IMAGE", identity=source),)
    )


def test_a_persons_own_picture_is_kept(run: Run) -> None:
    own = (Medium(PICTURE, "IMAGE", PICTURE, PICTURE),)
    (made,) = run(post(Generate.POST, channel=Channel.INSTAGRAM, media=own))
    assert made.content.media == own


def test_a_generated_picture_from_a_private_address_is_refused(library: Any, run: Run) -> None:
    content = {"caption": "Hi", "mediaWrapper": {"media": [{"type": "IMAGE", "url": "http://10.0.0.1/p.jpg"}]}}
    library.overrides[DATA] = lambda call: (
        200,
        {"results": [{"channelName": "INSTAGRAM", "instagramPost": content}]},
    )
    (made,) = run(post(Generate.POST, channel=Channel.INSTAGRAM))
    assert [issue.code for issue in made.errors] == ["media_refused"]


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("Hello {{name}}, new glazes!", "placeholder", Severity.ERROR),
        ("x" * 2201, "text_too_long", Severity.ERROR),
        ("#a " * 31, "too_many_hashtags", Severity.ERROR),
    ],
)
def test_what_comes_back_is_checked_like_any_text(
    library: Any, run: Run, text: str, code: str, severity: Severity
) -> None:
    library.text = text
    medium = Medium(PICTURE, "IMAGE", PICTURE, PICTURE)
    (made,) = run(post(channel=Channel.INSTAGRAM, media=(medium,)))
    assert [(i.code, i.severity, i.column, i.row) for i in made.issues] == [(code, severity, "text", 2)]


def test_a_post_without_the_picture_that_the_channel_needs_is_an_error(library: Any, run: Run) -> None:
    library.overrides[DATA] = lambda call: (
        200,
        {"results": [{"channelName": "INSTAGRAM", "instagramPost": {"caption": "Hi"}}]},
    )
    assert [i.code for i in run(post(Generate.POST, channel=Channel.INSTAGRAM))[0].errors] == ["media_missing"]


def refuse(status: int, code: str) -> Callable[[Any], tuple[int, Any]]:
    details = {"applicationError": {"code": code, "description": "Not that."}}
    return lambda call: (status, {"message": "no", "details": details})


def test_a_refused_generation_fails_its_row_alone(library: Any, run: Run) -> None:
    library.overrides[DATA] = refuse(400, "PROMPT_REFUSED")
    bad, good = run(post(Generate.POST), post(row=3))
    assert [(i.code, i.severity, i.message) for i in bad.issues] == [
        (
            "generation_failed",
            Severity.ERROR,
            "Nothing was generated (PROMPT_REFUSED): Not that. "
            "Change `prompt`, or clear `generate` and fill the row yourself.",
        )
    ]
    assert good.errors == ()


def test_a_failure_is_not_kept(library: Any, run: Run) -> None:
    library.overrides[TEXT] = refuse(400, "PROMPT_REFUSED")
    run(post())
    del library.overrides[TEXT]
    assert run(post())[0].errors == ()


def test_a_service_that_does_not_answer_is_given_up_after_three_rows(library: Any, run: Run) -> None:
    library.overrides[TEXT] = lambda call: (503, {})
    made = run(*(post(row=row) for row in range(2, 12)))
    assert [[i.code for i in p.issues] for p in made] == [["generation_failed"]] * 10
    assert len(library.seen) <= 3 * 5


def test_a_refused_credential_stops_all(library: Any, run: Run) -> None:
    library.overrides[TEXT] = lambda call: (401, {})
    with pytest.raises(SignInError):
        run(post(), post(row=3))


def test_a_plan_without_ai_tools_is_warned_of_and_tried(run: Run) -> None:
    (made,) = run(post(), features={"AI_TOOLS": False})
    assert [(i.code, i.severity) for i in made.issues] == [("ai_tools_missing", Severity.WARNING)]
    assert made.content.text


def test_after_a_stop_nothing_is_asked_for_and_the_row_is_not_sent_empty(library: Any, run: Run) -> None:
    (made,) = run(post(), stopped=lambda: True)
    assert [i.code for i in made.errors] == ["generation_failed"]
    assert library.seen == []


def test_an_address_in_the_library_is_changed_as_it_is(library: Any, run: Run) -> None:
    mine = Medium(PICTURE, "IMAGE", PICTURE, PICTURE)
    other = replace(mine, source="https://static.wixstatic.com/media/second.jpg", identity="second")
    (made,) = run(post(Generate.IMAGE, channel=Channel.FACEBOOK, text="Mine.", media=(mine, other)))
    changed = "https://static.wixstatic.com/media/changed.jpg"
    assert made.content == Content(
        text="Mine.", media=(Medium(changed, kind="IMAGE", url=changed, identity=changed), other)
    )
    assert library.asked(IMAGE)[0].body == {"userInput": "spring glazes", "imageUrl": PICTURE}


def test_a_file_is_brought_up_before_it_is_changed_and_both_happen_once(library: Any, run: Run, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "JPEG")
    (tmp_path / "mug.jpg").write_bytes(out.getvalue())
    identity = f"sha256:{hashlib.sha256(out.getvalue()).hexdigest()}"
    asked = post(Generate.IMAGE, channel=Channel.INSTAGRAM, media=(Medium("mug.jpg", "IMAGE", identity=identity),))
    first = run(asked, folder=tmp_path)
    assert library.asked(IMAGE)[0].body["imageUrl"] == "https://static.wixstatic.com/media/file-1"
    calls = len(library.seen)
    assert run(asked, folder=tmp_path) == first
    assert len(library.seen) == calls


def test_a_picture_that_takes_too_long_fails_its_row(library: Any, run: Run, played: Any) -> None:
    library.polls = 10_000
    mine = Medium(PICTURE, "IMAGE", PICTURE, PICTURE)
    (made,) = run(post(Generate.IMAGE, channel=Channel.FACEBOOK, media=(mine,)))
    assert "IMAGE_NOT_READY" in made.errors[0].message
    assert played.now <= 200


def test_a_source_that_can_not_be_brought_up_fails_its_row(library: Any, run: Run) -> None:
    source = "https://example.com/fail.jpg"
    (made,) = run(post(Generate.IMAGE, channel=Channel.FACEBOOK, media=(Medium(source, "IMAGE", identity=source),)))
    assert [i.code for i in made.errors] == ["generation_failed"]
    assert library.asked(IMAGE) == []
