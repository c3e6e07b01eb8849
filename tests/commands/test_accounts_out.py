"""A table of places from the live accounts: written, filled in, checked, planned and sent to the right ones."""

from __future__ import annotations

import csv

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.commands.accounts import make_places, tell_apart
from batch.model import Account, Channel
from batch.rules.places import read_places
from batch.sandbox.sites import SITE_ID
from batch.sheets.read import read_table
from tests.commands.conftest import POST

OTHER = "99999999-2222-4333-8444-555555555555"
TOWNS = ("Berlin", "Kiel", "Bonn / Beuel")
SHOPS = {
    "INSTAGRAM": [{"id": "ig", "username": "kiln", "settings": {"default": True}}],
    "FACEBOOK": [
        {"id": f"{n}", "displayName": "Anna", "page": {"id": f"p{n}", "displayName": f"Kiln {town}"},
         "settings": {"default": not n}} for n, town in enumerate(TOWNS)
    ],
    "GBP": [
        {"id": f"accounts/{n}", "displayName": "Anna", "location": {"id": f"l{n}", "displayName": f"Kiln {town}"},
         "settings": {"default": not n}} for n, town in enumerate(TOWNS[:2])
    ],
}  # fmt: skip
TWO_SITES = f"""timezone = "Europe/Berlin"
[sites.pottery]
site_id = "{SITE_ID}"
[sites.garden]
site_id = "{OTHER}"
timezone = "Europe/Lisbon"
"""


def table(desk, name="places.csv"):
    with (desk.folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def two_sites(site, server):
    server.service.seed(site=OTHER, name="Garden")
    server.service.seed(accounts=SHOPS)
    site.configure(TWO_SITES)
    return site


def test_each_account_of_a_site_that_has_several_is_a_place_with_its_name_on_each_channel(two_sites):
    assert two_sites("accounts", "--out", "places.csv", "--site", "pottery").status == 0
    rows = [(row["place"], row["account:FACEBOOK"], row["account:GBP"]) for row in table(two_sites)]
    assert rows[:3] == [
        ("Kiln Berlin", "Kiln Berlin", "Kiln Berlin"),
        ("Kiln Kiel", "Kiln Kiel", "Kiln Kiel"),
        ("Kiln Bonn - Beuel", "Kiln Bonn / Beuel", ""),
    ]
    assert {row["timezone"] for row in table(two_sites)} == {"Europe/Berlin"}


def test_a_file_that_is_there_is_not_replaced_unasked_and_another_ending_is_refused(two_sites):
    (two_sites.folder / "places.csv").write_text("mine", encoding="utf-8")
    assert two_sites("accounts", "--out", "places.csv").status == 2
    assert (two_sites.folder / "places.csv").read_text(encoding="utf-8") == "mine"
    assert two_sites("accounts", "--out", "places.csv", "--force").status == 0
    assert "End the name in .xlsx or .csv" in two_sites("accounts", "--out", "places.txt").err


def test_a_site_that_can_not_be_read_is_named_and_the_others_are_written(two_sites):
    (two_sites.folder / "postbatch.toml").write_text(TWO_SITES.replace(OTHER, OTHER[:-1] + "0"), encoding="utf-8")
    assert two_sites("trust").status == 0
    ended = two_sites("accounts", "--out", "places.csv")
    assert (ended.status, "garden can't be read, so its places are left out" in ended.err) == (1, True)
    assert {row["site"] for row in table(two_sites)} == {"pottery"}


def test_written_filled_in_checked_planned_and_sent_each_post_goes_to_its_own_page(two_sites, server):
    assert two_sites("accounts", "--out", "places.xlsx", "--site", "pottery").status == 0
    book = openpyxl.load_workbook(two_sites.folder / "places.xlsx")
    sheet = book["Places"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, 5):
        sheet.cell(row, at["city"], str(sheet.cell(row, at["place"]).value).removeprefix("Kiln "))
        sheet.cell(row, at["groups"], "shops")
    book.save(two_sites.folder / "places.xlsx")
    sale = {**POST, "key": "sale", "text": "Open in {{city}}", "timezone": "", "places": "shops"}
    two_sites.write("posts.csv", [sale])
    assert "no problems found" in two_sites("check", "posts.csv", "--places", "places.xlsx").out
    assert "3 posts in 3 places" in two_sites("plan", "posts.csv", "--places", "places.xlsx").out
    ended, posts = two_sites.run("posts.csv", "--places", "places.xlsx")
    assert (ended.status, {post["outcome"] for post in posts}) == (0, {"scheduled"}), ended
    made = {post.text: post.second_id for post in server.service.coming()}
    assert made == {"Open in Berlin": "p0", "Open in Kiel": "p1", "Open in Bonn - Beuel": "p2"}


def test_a_site_with_one_account_for_each_channel_is_one_place():
    accounts = [Account(Channel.FACEBOOK, "1", "Anna"), Account(Channel.GBP, "2", "Anna's")]
    assert make_places(accounts, site="garden", timezone="UTC") == [
        {"place": "garden", "site": "garden", "timezone": "UTC", "account:FACEBOOK": "Anna", "account:GBP": "Anna's"}
    ]
    assert make_places([], site="new", timezone="") == [{"place": "new", "site": "new", "timezone": ""}]


ODD_NAMES = ("all", "Alle", "Facebook", "a/b", "a, b", "Ä", "", "=1+1", "x" * 90, "a", "A", "–", "𝕏")


@settings(deadline=None)
@given(st.lists(st.sampled_from(ODD_NAMES) | st.text(max_size=12), max_size=9))
def test_whatever_accounts_are_called_each_place_can_be_named(tmp_path_factory, names):
    rows = tell_apart({"place": name, "site": "pottery"} for name in names)
    path = tmp_path_factory.mktemp("places") / "places.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("place", "site"))
        writer.writeheader()
        writer.writerows(rows)
    places = read_places(read_table(path, known=lambda _: True), source="places.csv")
    assert [place.name for place in places.places] == [row["place"] for row in rows]
    assert not any(place.problems for place in places.places)
    for place in places.places:
        assert [chosen.name for chosen in places.choose(place.name).places] == [place.name]
