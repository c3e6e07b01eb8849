"""A service that shows in its own way what it accepted: it is done, told where one would care, never sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch.model import Content, OutcomeKind
from tests.proof.stage import Stage, fast_folder, hours, picture, post

O = OutcomeKind  # noqa: E741 - read as a table
AT = hours(30)
Item = dict[str, Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def altered(change: Callable[[Item], None]) -> Callable[[bytes], bytes]:
    """Change every item in every answer."""

    def alter(content: bytes) -> bytes:
        try:
            body = json.loads(content)
        except ValueError:
            return content
        listed = body.get("items") if isinstance(body.get("items"), list) else []
        for item in [*listed, body.get("item")]:
            if isinstance(item, dict) and "facebookPost" in item:
                change(item)
        return json.dumps(body).encode()

    return alter


def spaces(item: Item) -> None:
    item["facebookPost"]["caption"] = item["facebookPost"].get("caption", "").replace("\n\n", " ").strip()


def copied_media(item: Item) -> None:
    for medium in item["facebookPost"].get("mediaWrapper", {}).get("media", ()):
        medium["url"] = medium["url"].replace("/media/", "/media/copy-")


def moved_id(item: Item) -> None:
    item["channel"]["publishingTarget"] = {"id": item["facebookPost"].pop("pageId", "")}


def no_id(item: Item) -> None:
    item["facebookPost"].pop("pageId", None)


SHOWN = {f.__name__: f for f in (spaces, copied_media, moved_id, no_id)}


def changes(stage: Stage) -> int:
    return sum(entry.changed for entry in stage.service.calls())


@pytest.mark.parametrize("via", ["draft", "publish", "bulk"])
@pytest.mark.parametrize("shown", SHOWN)
def test_what_is_shown_otherwise_is_done_and_never_sent_again(folder: Path, shown: str, via: str) -> None:
    stage = Stage(folder, via=via)
    stage.answer = altered(SHOWN[shown])
    content = Content(text="Two\n\nlines", media=(picture("a"),))
    first = post("a", at=AT, content=content)
    (outcome,) = stage.run([first])
    assert outcome.outcome is O.SCHEDULED, outcome.message
    before = changes(stage)
    (outcome,) = stage.run([first], name="r2")
    if via == "bulk" and outcome.outcome is O.UPDATED:  # its answer may not have told how it is shown
        before = changes(stage)
        (outcome,) = stage.run([first], name="r3")
    assert (outcome.outcome, changes(stage)) == (O.UNCHANGED, before), outcome.message
    edited = post("a", at=AT, content=Content(text="Two\n\nother lines", media=(picture("a"),)))
    (outcome,) = stage.run([edited], name="r4")
    assert outcome.outcome is O.UPDATED, outcome.message
    before = changes(stage)
    (outcome,) = stage.run([edited], name="r5")
    assert (outcome.outcome, changes(stage)) == (O.UNCHANGED, before), outcome.message


def keeps_link(item: Item) -> None:
    item["facebookPost"]["link"] = "https://pottery.example/spring"


def test_a_field_that_the_service_keeps_is_told_with_the_remedy_and_not_cleared_again(folder: Path) -> None:
    stage = Stage(folder)
    stage.answer = altered(keeps_link)
    linked = Content(text="Hello", link="https://pottery.example/spring")
    assert [o.outcome for o in stage.run([post("a", at=AT, content=linked)])] == [O.SCHEDULED]
    cleared = [post("a", at=AT, content=Content(text="Hello"))]
    (outcome,) = stage.run(cleared, name="r2")
    assert outcome.outcome is O.UPDATED
    assert "still shows the link" in outcome.warnings[-1]
    assert "--replace a" in outcome.warnings[-1]
    before = changes(stage)
    (outcome,) = stage.run(cleared, name="r3")
    assert (outcome.outcome, changes(stage)) == (O.UNCHANGED, before)


@pytest.mark.parametrize(
    "update", [{"patch": "replace"}, {"patch": "merge", "clears": "null"}, {"patch": "merge", "clears": "empty"}]
)
def test_a_cleared_cell_clears_the_field_on_every_kind_of_update(folder: Path, update: dict[str, object]) -> None:
    stage = Stage(folder, options=update)
    linked = Content(text="Hello", link="https://pottery.example/spring")
    stage.run([post("a", at=AT, content=linked)])
    (outcome,) = stage.run([post("a", at=AT, content=Content(text="Hello"))], name="r2")
    assert outcome.outcome is O.UPDATED
    assert outcome.warnings == ()
    assert not stage.service.items()[0]["facebookPost"].get("link")
    (outcome,) = stage.run([post("a", at=AT, content=Content(text="Hello"))], name="r3")
    assert outcome.outcome is O.UNCHANGED
