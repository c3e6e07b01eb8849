"""Reads of a plan's page what it asks about, as the script within it does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple


class AskedPost(NamedTuple):
    """A post that can be answered: its key and site, and what an answer is bound to."""

    key: str
    site: str
    fingerprint: str


class AskedPage(HTMLParser):
    """The plan's name, the sheet's, and the posts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.plan = self.sheet = ""
        self.posts: list[AskedPost] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather what the attributes of body and posts say."""
        given = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.plan, self.sheet = given.get("data-plan", ""), given.get("data-sheet", "")
        elif tag == "article" and "data-asked" in given:
            self.posts.append(AskedPost(given["data-key"], given["data-site"], given["data-asked"]))


def read_asked(html: str) -> AskedPage:
    """Return what a page asks about."""
    page = AskedPage()
    page.feed(html)
    page.close()
    return page
