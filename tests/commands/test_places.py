"""Rows with places, as a person runs them: each place exactly once, a second run changes nothing, nothing is lost."""

from __future__ import annotations

import openpyxl
import pytest

SALE = {
    "key": "sale",
    "channel": "FACEBOOK",
    "text": "Open in {{city}}",
    "publish_at": "2031-03-03 09:00",
    "timezone": "Europe/Berlin",
    "places": "all",
}
PLACES = [{"place": name, "city": name.title(), "groups": group} for name, group in (
    ("berlin", "east"), ("hamburg", "north"), ("kiel", "north"), ("bonn", "west"),
)]  # fmt: skip
RUN = ("run", "posts.csv", "--places", "places.csv", "--yes", "--out", "r.json", "--no-page")


@pytest.fixture
def shops(site):
    site.write("posts.csv", [SALE])
    site.write("places.csv", PLACES)
    return site


def told(desk) -> dict[str, str]:
    return {post["key"]: post["outcome"] for post in desk.posts("r.json")}


def test_each_place_gets_its_own_words_once_and_a_second_run_changes_nothing(shops, service):
    first = shops(*RUN)
    assert (first.status, set(told(shops).values())) == (0, {"scheduled"}), first
    made = {post.reference: post.text for post in service.coming()}
    assert made == {f"sale/{place['place']}/FACEBOOK": f"Open in {place['city']}" for place in PLACES}
    calls = sum(call.changed for call in service.calls())
    again = shops(*RUN)
    assert (again.status, set(told(shops).values())) == (0, {"unchanged"})
    assert sum(call.changed for call in service.calls()) == calls


def test_a_pilot_runs_some_places_and_the_whole_run_finds_them_unchanged(shops):
    assert shops(*RUN, "--pilot", "2").status == 0
    assert list(told(shops).values()) == ["scheduled", "scheduled", "skipped", "skipped"]
    assert shops(*RUN, "--pilot", "north").status == 0
    assert list(told(shops).values()) == ["skipped", "unchanged", "scheduled", "skipped"]
    assert shops(*RUN).status == 0
    assert list(told(shops).values()) == ["unchanged", "unchanged", "unchanged", "scheduled"]


@pytest.mark.parametrize(
    ("pilot", "why"), [("nowhere", "neither a place nor a group"), ("all but all", "leaves no place")]
)
def test_a_pilot_that_means_nothing_is_refused(shops, pilot, why):
    ended = shops(*RUN, "--pilot", pilot)
    assert (ended.status, why in ended.err) == (2, True)


def test_more_new_posts_than_are_allowed_are_shown_and_refused(shops, service):
    shops.configure("max_new_posts = 3\n")
    refused = shops(*RUN)
    assert refused.status == 2
    assert "4 new posts from 1 row in 4 places" in refused.err
    assert "--allow-new 4" in refused.err
    assert service.coming() == []
    assert shops(*RUN, "--allow-new", "3").status == 2
    assert shops(*RUN, "--allow-new", "4").status == 0
    assert shops(*RUN).status == 0, "what is there already is not new"


def test_a_place_that_is_no_longer_named_keeps_its_posts_and_that_is_said(shops, service):
    assert shops(*RUN).status == 0
    shops.write("posts.csv", [{**SALE, "places": "all but north"}])
    ended = shops(*RUN)
    assert "no longer means hamburg and kiel" in ended.out + ended.err
    assert len(service.coming()) == 4


def test_one_cell_cancels_a_post_everywhere(shops, service):
    assert shops(*RUN).status == 0
    shops.write("posts.csv", [{**SALE, "action": "cancel"}])
    assert shops(*RUN, "--allow-cancel", "4").status == 0
    assert set(told(shops).values()) == {"cancelled"}
    assert service.coming() == []


def test_the_table_may_be_a_sheet_of_the_workbook_and_a_column_may_be_for_one_place(site):
    book = openpyxl.Workbook()
    posts, places = book.active, book.create_sheet("Places")
    posts.title = "December"
    row = {**SALE, "text:berlin": "Only in {{city}}"}
    posts.append(list(row))
    posts.append(list(row.values()))
    places.append(["place", "city"])
    for name in ("berlin", "bonn"):
        places.append([name, name.title()])
    book.save(site.folder / "posts.xlsx")
    ended = site("run", "posts.xlsx", "--yes", "--out", "r.json", "--no-page")
    assert ended.status == 0, ended
    assert told(site) == {"sale/berlin/FACEBOOK": "scheduled", "sale/bonn/FACEBOOK": "scheduled"}


def test_a_configuration_names_the_table_but_none_outside_of_its_folder(shops):
    shops.configure('places = "places.csv"\n')
    assert shops("check", "posts.csv").status == 0
    shops.configure('places = "../places.csv"\n')
    refused = shops("check", "posts.csv")
    assert (refused.status, "outside of its folder" in refused.err) == (2, True)


def test_a_word_of_a_place_is_text_in_the_results_and_no_formula(shops):
    shops.write("places.csv", [{"place": "berlin", "city": '=HYPERLINK("https://example.com")'}])
    shops.write("posts.csv", [{**SALE, "text": "{{city}}"}])
    assert shops("run", "posts.csv", "--places", "places.csv", "--yes", "--no-page", "--out", "r.xlsx").status == 0
    book = openpyxl.load_workbook(shops.folder / "r.xlsx")
    assert [c.coordinate for sheet in book for line in sheet.iter_rows() for c in line
            if c.data_type == "f" and "example.com" in str(c.value)] == []  # fmt: skip


def test_a_plan_with_places_is_applied_as_it_was_reviewed(shops):
    assert shops("plan", "posts.csv", "--places", "places.csv", "--out", "plan.json").status == 0
    shops.write("places.csv", [{**place, "city": "Elsewhere"} for place in PLACES])
    assert shops("apply", "plan.json", "--yes").status == 2
    shops.write("places.csv", PLACES)
    assert shops("apply", "plan.json", "--yes", "--out", "r.json").status == 0
    assert set(told(shops).values()) == {"scheduled"}


def test_a_changed_rule_leaves_the_dates_that_fall_out_of_it_and_says_which(site, service):
    tip = {**SALE, "text": "A tip", "key": "tip", "places": "", "repeat": "weekly 3 times"}
    site.write("posts.csv", [tip])
    ended, posts = site.run("posts.csv")
    assert [(post["key"], post["outcome"]) for post in posts] == [
        (f"tip/2031-03-{day:02}", "scheduled") for day in (3, 10, 17)
    ]
    site.write("posts.csv", [{**tip, "repeat": "every 2 weeks 2 times"}])
    ended, posts = site.run("posts.csv")
    assert [(post["key"], post["outcome"]) for post in posts] == [
        ("tip/2031-03-03", "unchanged"), ("tip/2031-03-17", "unchanged")
    ]  # fmt: skip
    assert "Row 2 (tip) no longer means 2031-03-10" in ended.out + ended.err
    assert len(service.coming()) == 3


def test_links_to_the_domains_that_are_named_are_tagged_and_compared_after_it(site, service):
    site.configure('[utm]\ndomains = ["example.com"]\n')
    site.write("posts.csv", [{**SALE, "text": "Hi", "places": "", "link": "https://example.com/a", "campaign": "May"}])
    assert site.run("posts.csv")[1][0]["outcome"] == "scheduled"
    assert site.run("posts.csv")[1][0]["outcome"] == "unchanged"
    assert "Tagged 1 link, as in https://example.com/a?utm_source=facebook&" in " ".join(
        site("plan", "posts.csv").out.split()
    )
    (site.folder / "postbatch.toml").write_text('[utm]\nsource = "{chanel}"\n', encoding="utf-8")
    assert "there is no {chanel}" in site("check", "posts.csv").err


def test_a_row_with_the_key_of_a_place_stands_for_it_and_changes_just_that_post(shops, service):
    assert shops(*RUN).status == 0
    own = {**SALE, "key": "sale/berlin", "places": "", "text": "Berlin moves"}
    shops.write("posts.csv", [SALE, own])
    ended = shops(*RUN)
    assert sorted(told(shops).values()) == ["unchanged", "unchanged", "unchanged", "updated"]
    assert "no longer means" not in ended.out + ended.err
    assert sorted(post.text for post in service.coming())[0] == "Berlin moves"
    assert len(service.coming()) == 4
