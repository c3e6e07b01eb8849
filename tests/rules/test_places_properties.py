"""Rows times places, whatever their names, groups and words: each place once, its own words, the same in any order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from batch.model import Action, Post, Row, SheetRows
from batch.rules.channels import Channel
from batch.rules.media import check_media
from batch.rules.places import Places, read_places
from batch.rules.sources import is_address
from tests.rules.builders import Rules

GROUPS = ("north", "south", "old town", "Été")
ODD = (
    "", "{{phone}}", "{{place}}", "{{city|x}}", "{{", "}}", "{{}}", "=1+1", '=HYPERLINK("https://evil.example","x")',
    "@SUM(A1)", "+49 30", "-1", "../../etc/passwd", "/etc/passwd", "..", "C:\\boot.ini", "file:///etc/passwd",
    "//evil.example/x", "?q=1#top", "\\1 \\g<0>", "%s {0} $HOME", "a|b", "a, b; c", "“quoted”", "Ünder 東京", "٣",
)  # fmt: skip
"""Values of a place that look like a variable, a formula, a path, an address or a pattern: all of them are data."""


@dataclass(frozen=True)
class Shop:
    """A row of the table: its values hold a mark that no other row has."""

    name: str
    groups: tuple[str, ...]
    skip: bool
    odd: str
    phone: str

    @property
    def mark(self) -> str:
        return f"<{self.name}>"

    @property
    def cells(self) -> dict[str, str]:
        city = f"{self.odd}{self.mark}"
        phone = f"{self.phone}{self.mark}" if self.phone else ""
        groups, skip = "; ".join(self.groups), "yes" if self.skip else ""
        return {"place": self.name, "groups": groups, "skip": skip, "city": city, "phone": phone, "raw": self.odd}


names = st.from_regex(r"[a-z]{2,4}-[0-9]{1,2}", fullmatch=True)
shops = st.builds(
    Shop, name=names, groups=st.lists(st.sampled_from(GROUPS), max_size=3, unique=True).map(tuple),
    skip=st.booleans(), odd=st.sampled_from(ODD), phone=st.sampled_from(("", "030", *ODD)),
)  # fmt: skip
tables = st.lists(shops, min_size=1, max_size=7, unique_by=lambda shop: shop.name)


def read(table: Sequence[Shop]) -> Places:
    heads = tuple(table[0].cells)
    lines = tuple(Row(n, tuple(shop.cells.values())) for n, shop in enumerate(table, start=2))
    sheet = SheetRows("places.csv", "", heads, {name: at for at, name in enumerate(heads)}, lines, (), ())
    return read_places(sheet, source="places.csv")


@st.composite
def cells(draw: st.DrawFn, table: Sequence[Shop]) -> tuple[str, list[str]]:
    """Draw what `places` may hold, and the names that it means, worked out by sets."""
    known = {shop.name: {shop.name} for shop in table} | {"all": {shop.name for shop in table}}
    for group in GROUPS:
        if members := {shop.name for shop in table if group in shop.groups}:
            known[group] = members
    atoms = st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=3)
    named, left_out = draw(atoms), draw(st.one_of(st.just([]), atoms))
    separator = draw(st.sampled_from((", ", ";", " ; ", "\n", "|")))
    case = draw(st.sampled_from((str, str.upper, str.title)))
    cell = case(separator.join(named))
    if left_out:
        cell += draw(st.sampled_from((" but ", " except ", " ohne "))) + case(separator.join(left_out))
    meant = set().union(*(known[name] for name in named)) - set().union(*(known[name] for name in left_out), set())
    return cell, [shop.name for shop in table if shop.name in meant]


@given(data=st.data(), table=tables)
def test_a_cell_means_the_places_of_its_names_and_groups_without_those_left_out(data, table):
    cell, meant = data.draw(cells(table))
    chosen = read(table).choose(cell)
    assert [place.name for place in chosen.places] == meant
    assert [problem.code for problem in chosen.problems] == ([] if meant else ["places_none"])


CHANNELS = ("FACEBOOK", "LINKEDIN", "TWITTER")


@st.composite
def rows(draw: st.DrawFn, table: Sequence[Shop]) -> tuple[list[dict[str, str]], dict[str, Shop]]:
    """Draw rows for a table, and the place of each key that they mean."""
    by_name = {shop.name: shop for shop in table}
    drawn, keys = [], {}
    for number in range(draw(st.integers(1, 3))):
        cell, meant = draw(cells(table).filter(lambda drawn: drawn[1]))
        channels = draw(st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True))
        only = draw(st.sampled_from(meant))
        row = {
            "key": f"row{number}", "channel": ", ".join(channels), "places": cell,
            "publish_at": f"2026-12-0{number + 1} 09:30",
            "text": f"{number}: {{{{city}}}} / {{{{ Phone | no phone }}}} / {{{{place}}}}",
        }  # fmt: skip
        if draw(st.booleans()):
            row[f"text:{only}"] = "only {{city}}"
        drawn.append(row)
        keys |= {f"row{number}/{name}/{channel}": by_name[name] for name in meant for channel in channels}
    return drawn, keys


@given(data=st.data(), table=tables)
def test_every_place_is_there_exactly_once_with_its_own_words_as_they_stand_and_nobody_elses(data, table, rules: Rules):
    drawn, keys = data.draw(rows(table))
    posts = rules.check(*drawn, places=read(table))
    assert Counter(post.key for post in posts) == Counter(list(keys))
    for post in posts:
        shop, row = keys[post.key], next(row for row in drawn if row["key"] == post.key.split("/")[0])
        city, phone = shop.cells["city"], shop.cells["phone"]
        full = f"{row['key'][3:]}: {city} / {phone or 'no phone'} / {shop.name}"
        said = row.get(f"text:{shop.name}", "") and f"only {city}"
        assert post.place == shop.name
        assert post.content.text == (said or full)
        assert set(re.findall(r"<[a-z]+-\d+>", post.content.text)) == {shop.mark}
        assert (post.action is Action.SKIP) == shop.skip


@given(data=st.data(), table=tables)
def test_the_order_of_places_and_rows_changes_no_key_and_no_post(data, table, rules: Rules):
    drawn, _ = data.draw(rows(table))
    other_table, other_rows = data.draw(st.permutations(table)), data.draw(st.permutations(drawn))

    def told(posts: Sequence[Post]) -> dict[str, Post]:
        # A row's number is where it stands, and messages about others name it.
        return {post.key: replace(post, row=0, issues=()) for post in posts}

    assert told(rules.check(*other_rows, places=read(other_table))) == told(rules.check(*drawn, places=read(table)))


@given(table=tables)
def test_a_word_in_a_link_leads_to_no_other_host_and_one_in_a_file_name_to_no_other_folder(table, rules: Rules):
    row = {"key": "a", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2026-12-01 09:30", "places": "all"}
    linked = rules.check({**row, "link": "https://example.com/{{raw|-}}?at={{raw|-}}"}, places=read(table))
    for post in (post for post in linked if post.content.link):
        parts = urlsplit(post.content.link)
        assert (parts.scheme, parts.netloc) == ("https", "example.com")
        shop = next(shop for shop in table if shop.name == post.place)
        assert unquote(parts.path) == f"/{shop.odd or '-'}"
    pictured = rules.check({**row, "media": "shops/{{raw|x}}.jpg"}, {**row, "key": "b", "media": "{{raw|x.jpg}}"},
                           places=read(table))  # fmt: skip
    for post in pictured:
        for medium in post.content.media:
            parts = PurePosixPath(medium.source).parts
            if post.action is Action.SKIP or check_media(post, {}).errors:
                continue  # never sent
            assert is_address(medium.source) or (".." not in parts and not PurePosixPath(medium.source).is_absolute())


def test_the_channels_drawn_are_channels():
    assert set(CHANNELS) <= {str(channel) for channel in Channel}
