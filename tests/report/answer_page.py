"""Reads of a plan's page what it asks about, as the script within it does."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from html.parser import HTMLParser
from typing import NamedTuple


class AskedPost(NamedTuple):
    """A post that can be answered: its key and site, and what an answer is bound to."""

    key: str
    site: str
    fingerprint: str


def unpack(html: str) -> dict[str, dict[str, list[str]]]:
    """Return what a page has packed: for each card with places the columns of what differs, by its anchor."""
    packed = re.search(r'<template id="packed">([A-Za-z0-9+/=]+)</template>', html)
    return json.loads(zlib.decompress(b64decode(packed[1]))) if packed else {}  # type: ignore[no-any-return] # as written


class AskedPage(HTMLParser):
    """The plan's name, the sheet's, and the posts; a card with places is one post for each of them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.plan = self.sheet = ""
        self.posts: list[AskedPost] = []
        self.places = unpack(html)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather what the attributes of body and posts say."""
        given = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.plan, self.sheet = given.get("data-plan", ""), given.get("data-sheet", "")
        elif tag == "article" and "data-asked" in given:
            own = self.places.get(given["id"])
            one = ([given["data-key"]], [given["data-site"]], [given["data-asked"]])
            several = (own["key"], own["site"], own["asked"]) if own else one
            self.posts += [AskedPost(*told) for told in zip(*several, strict=True)]


def read_asked(html: str) -> AskedPage:
    """Return what a page asks about."""
    return AskedPage(html)
