"""What is asked of the service to have something written or drawn, and what is taken from its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batch.errors import SignInError
from batch.model import Channel, Content, Generate, Generation, Medium
from batch.publisher.client import Client
from batch.publisher.generate import Generated, generate_image, generate_post, generate_text
from batch.publisher.pace import Patience

PICTURE = "https://static.wixstatic.com/media/ab~mv2.jpg"
IDEA = Generation(Generate.CAPTION, prompt="our spring glazes", tone="FRIENDLY", language="de")


def refusal(code: str, description: str = "") -> dict[str, Any]:
    return {"message": "no", "details": {"applicationError": {"code": code, "description": description}}}


def test_a_caption_is_asked_for_with_all_that_the_row_says(serve: Any, connect: Callable[..., Client]) -> None:
    server = serve(lambda call: (200, {"results": [{"caption": " New glazes! ", "title": "Spring"}]}))
    made = generate_text(connect(server.url), IDEA, channel=Channel.PINTEREST, link="https://example.com/shop")
    assert made == Generated(Content(text="New glazes!", title="Spring"))
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/social-publisher/v1/generate-text")
    assert call.body == {
        "userInput": "our spring glazes",
        "channelName": "PINTEREST",
        "tone": "FRIENDLY",
        "languageCode": "de",
        "additionalContent": {"url": "https://example.com/shop"},
    }


def test_what_the_row_leaves_open_is_not_sent(serve: Any, connect: Callable[..., Client]) -> None:
    server = serve(lambda call: (200, {"results": [{"caption": "Hi"}]}))
    generate_text(connect(server.url), Generation(Generate.CAPTION, prompt="hi"), channel=Channel.GBP)
    assert server.calls[0].body == {"userInput": "hi", "channelName": "GBP"}


@pytest.mark.parametrize(
    ("generation", "body"),
    [
        (
            Generation(Generate.POST, prompt="a mug", asset_type="STORES_PRODUCT", asset_id="p-1"),
            {"userInput": "a mug", "siteAssets": [{"id": "p-1", "type": "STORES_PRODUCT"}]},
        ),
        (Generation(Generate.POST, prompt="a mug"), {"userInput": "a mug"}),
        (
            Generation(Generate.POST, asset_type="EVENT", asset_id="e-1"),
            {"siteAssets": [{"id": "e-1", "type": "EVENT"}]},
        ),
    ],
)
def test_a_post_is_made_from_an_idea_an_asset_or_both(
    serve: Any, connect: Callable[..., Client], generation: Generation, body: dict[str, Any]
) -> None:
    content = {"caption": "A mug.", "mediaWrapper": {"media": [{"type": "IMAGE", "url": PICTURE}]}}
    server = serve(lambda call: (200, {"results": [{"channelName": "INSTAGRAM", "instagramPost": content}]}))
    made = generate_post(connect(server.url), generation, channel=Channel.INSTAGRAM)
    medium = Medium(source=PICTURE, kind="IMAGE", url=PICTURE, identity=PICTURE)
    assert made == Generated(Content(text="A mug.", media=(medium,)))
    assert server.calls[0].path == "/social-publisher/v1/generate-post-data"
    assert server.calls[0].body == {"channels": ["INSTAGRAM"], **body}


def test_only_the_post_for_the_rows_own_channel_is_taken(serve: Any, connect: Callable[..., Client]) -> None:
    results = [
        {"channelName": "FACEBOOK", "facebookPost": {"caption": "For Facebook."}},
        "nonsense",
        {"channelName": "LINKEDIN"},
        {"channelName": "LINKEDIN", "linkedinPost": {"caption": "For LinkedIn."}},
    ]
    server = serve(lambda call: (200, {"results": results}))
    made = generate_post(connect(server.url), Generation(Generate.POST, prompt="x"), channel=Channel.LINKEDIN)
    assert made.content.text == "For LinkedIn."
    none = generate_post(connect(server.url), Generation(Generate.POST, prompt="x"), channel=Channel.GBP)
    assert none.code == "NOTHING_GENERATED"


@pytest.mark.parametrize(
    "body", [{}, {"results": []}, {"results": "x"}, {"results": [{"caption": "  "}]}, {"results": [1]}]
)
def test_an_answer_without_content_is_said(serve: Any, connect: Callable[..., Client], body: Any) -> None:
    client = connect(serve(lambda call: (200, body)).url)
    assert generate_text(client, IDEA, channel=Channel.GBP).code == "NOTHING_GENERATED"
    assert generate_post(client, IDEA, channel=Channel.GBP).code == "NOTHING_GENERATED"


def test_a_refusal_keeps_the_services_code_and_words(serve: Any, connect: Callable[..., Client]) -> None:
    client = connect(serve(lambda call: (400, refusal("PROMPT_REFUSED", "Not that."))).url)
    assert generate_text(client, IDEA, channel=Channel.GBP) == Generated(code="PROMPT_REFUSED", message="Not that.")


def test_a_service_that_never_answers_fails_the_row_and_is_not_asked_forever(
    serve: Any, connect: Callable[..., Client]
) -> None:
    server = serve(lambda call: (503, {}))
    assert generate_text(connect(server.url), IDEA, channel=Channel.GBP).code == "NO_ANSWER"
    assert len(server.calls) <= 5


def test_a_refused_credential_is_not_one_rows_matter(serve: Any, connect: Callable[..., Client]) -> None:
    client = connect(serve(lambda call: (401, {})).url)
    with pytest.raises(SignInError):
        generate_text(client, IDEA, channel=Channel.GBP)


class Played:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def change(client: Client, played: Played, *, stopped: bool = False) -> Generated:
    return generate_image(
        client,
        Generation(Generate.IMAGE, prompt="make it blue"),
        image_url=PICTURE,
        patience=Patience(180, played.sleep, lambda: played.now, stopped=lambda: stopped),
    )


def drawing(*looks: tuple[int, Any]) -> Callable[[Any], tuple[int, Any]]:
    """Answer the order with an execution, and the looks at it one after the other; the last stays."""
    left = list(looks)

    def respond(call: Any) -> tuple[int, Any]:
        if call.method == "POST":
            return 200, {"status": "OK", "executionId": "run-1"}
        return left.pop(0) if len(left) > 1 else left[0]

    return respond


def test_a_picture_is_ordered_and_waited_for(serve: Any, connect: Callable[..., Client]) -> None:
    new = "https://static.wixstatic.com/media/blue.png"
    server = serve(drawing((200, {"status": "PENDING"}), (200, {"status": "READY", "imageUrl": new, "fileId": "f"})))
    assert change(connect(server.url), Played()).content.media == (Medium(source=new, kind="IMAGE", identity=new),)
    assert server.calls[0].body == {"userInput": "make it blue", "imageUrl": PICTURE}
    assert {c.path for c in server.calls[1:]} == {"/social-publisher/v1/generated-image/run-1"}


@pytest.mark.parametrize(
    ("look", "code"),
    [
        ((200, {"status": "FAILED"}), "IMAGE_FAILED"),
        ((200, {"status": "READY"}), "IMAGE_FAILED"),
        ((404, refusal("GENERATED_IMAGE_NOT_FOUND")), "GENERATED_IMAGE_NOT_FOUND"),
    ],
)
def test_a_picture_that_fails_says_why(serve: Any, connect: Callable[..., Client], look: Any, code: str) -> None:
    assert change(connect(serve(drawing(look)).url), Played()).code == code


def test_waiting_for_a_picture_ends_at_its_bound_or_when_stopped(serve: Any, connect: Callable[..., Client]) -> None:
    played = Played()
    client = connect(serve(drawing((200, {"status": "PENDING"}))).url)
    made = change(client, played)
    assert (made.code, played.now) == ("IMAGE_NOT_READY", 180.0)
    assert change(client, stopped_at := Played(), stopped=True).code == "IMAGE_NOT_READY"
    assert stopped_at.now == 0.0


def test_an_order_without_a_usable_number_is_not_followed(serve: Any, connect: Callable[..., Client]) -> None:
    server = serve(lambda call: (200, {"status": "OK", "executionId": "../items"}))
    assert change(connect(server.url), Played()).code == "NOTHING_GENERATED"
    assert len(server.calls) == 1


@pytest.mark.parametrize("answer", [(404, {}), (404, refusal("NOT_FOUND")), (501, {"message": "no"})])
def test_a_service_that_does_not_know_the_call_no_longer_offers_pictures(
    serve: Any, connect: Callable[..., Client], answer: tuple[int, Any]
) -> None:
    made = change(connect(serve(lambda call: answer).url), Played())
    assert (made.code, "no longer offers" in made.message) == ("NOT_OFFERED", True)
