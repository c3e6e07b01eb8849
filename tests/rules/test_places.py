"""Rows times places: every place exactly once, each with its own words and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.model import Action, Channel, Post, Row, Severity, SheetRows
from batch.rules.places import NO_PLACES, WORD, Places, gather_issues, read_places
from tests.rules.builders import Rules

NAMES = ("berlin", "hamburg", "bonn", "kiel")
TABLE = (
    {"place": "berlin", "groups": "east, big", "city": "Berlin", "phone": "030", "tags": "#spree #mitte"},
    {"place": "hamburg", "groups": "north; big", "city": "Hamburg", "phone": "", "account:FACEBOOK": "HH page"},
    {"place": "bonn", "timezone": "America/New_York", "city": "Bad Bonn", "phone": "0228"},
    {"place": "kiel", "groups": "north", "city": "Kiel", "phone": "0431", "skip": "yes"},
)
SALE = {"key": "sale", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2026-12-01 09:30", "places": "all"}


def table(*rows: dict[str, str]) -> SheetRows:
    names = tuple(dict.fromkeys(("place", *(name for row in rows for name in row))))
    lines = tuple(Row(n, tuple(row.get(name, "") for name in names)) for n, row in enumerate(rows, start=2))
    return SheetRows("places.csv", "", names, {name: at for at, name in enumerate(names)}, lines, (), ())


def read(*rows: dict[str, str]) -> Places:
    return read_places(table(*(rows or TABLE)), source="places.csv")


def errors(posts: tuple[Post, ...]) -> list[tuple[str, str]]:
    return [(i.code, i.place) for i in gather_issues(posts) if i.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("all", NAMES),
        ("ALLE", NAMES),
        ("berlin", ("berlin",)),
        ("Kiel; BERLIN", ("berlin", "kiel")),
        ("north", ("hamburg", "kiel")),
        ("north, east", ("berlin", "hamburg", "kiel")),
        ("all but berlin", ("hamburg", "bonn", "kiel")),
        ("all but berlin, north", ("bonn",)),
        ("big, bonn except hamburg", ("berlin", "bonn")),
        ("alle außer north\nbonn", ("berlin",)),
    ],
)
def test_a_cell_names_places_groups_all_and_all_but_some_in_the_tables_order(cell, meant):
    chosen = read().choose(cell)
    assert (tuple(place.name for place in chosen.places), chosen.problems) == (meant, ())


@pytest.mark.parametrize(
    ("cell", "code", "told"),
    [
        ("hambrug", "place_unknown", "Did you mean hamburg?"),
        ("all but hambrug", "place_unknown", "“hambrug”"),
        ("berlin, nowhere", "place_unknown", "“nowhere”"),
        ("berlin but east", "places_none", "leaves no place"),
        ("but berlin", "places_none", "leaves no place"),
    ],
)
def test_a_name_that_is_unknown_makes_the_whole_cell_wrong(cell, code, told):
    chosen = read().choose(cell)
    assert (chosen.places, [p.code for p in chosen.problems]) == ((), [code])
    assert told in chosen.problems[0].message


def test_without_a_table_of_places_a_row_that_names_some_is_an_error():
    assert [p.code for p in NO_PLACES.choose("berlin").problems] == ["places_missing"]


def test_a_group_with_the_name_of_another_place_is_asked_about():
    places = read({"place": "berlin"}, {"place": "hamburg", "groups": "berlin"})
    assert [p.code for p in places.choose("berlin").problems] == ["place_several"]
    assert places.choose("hamburg").problems == ()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (({"city": "Berlin"},), "no column 'place'"),
        (({"place": "a", "account:MYSPACE": "x"},), "names no channel"),
        (({"place": "a", "City": "x", "city ": "y"},), "is there twice"),
    ],
)
def test_headings_of_the_table_that_can_not_be_read_are_refused(rows, told):
    names = [name for row in rows for name in row]
    lines = (Row(2, tuple(value for row in rows for value in row.values())),)
    sheet = SheetRows("places.csv", "", tuple(names), {n: i for i, n in enumerate(names)}, lines, (), ())
    with pytest.raises(SheetError) as refused:
        read_places(sheet, source="places.csv")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "row", [{"place": "all"}, {"place": "a/b"}, {"place": "Facebook"}, {"place": "a", "skip": "maybe"}, {"place": "!"}]
)
def test_a_place_with_an_error_in_its_row_keeps_only_its_own_posts_from_being_sent(row, rules: Rules):
    places = read(row, {"place": "bonn"})
    posts = rules.check({**SALE, "places": ", ".join(("bonn", *([row["place"]] if row["place"] == "a" else ())))},
                        places=places)  # fmt: skip
    assert [post.place for post in posts if not post.errors] == ["bonn"]
    assert all(place.problems for place in places.places if place.name != "bonn")


def test_a_place_that_is_there_twice_is_an_error_of_its_posts(rules: Rules):
    places = read({"place": "berlin"}, {"place": "Berlin"}, {"place": "bonn"})
    posts = rules.check(SALE, places=places)
    assert [(post.place, bool(post.errors)) for post in posts][-1] == ("bonn", False)
    assert all(post.errors for post in posts if post.place != "bonn")


def test_a_row_becomes_one_post_for_each_place_and_channel(rules: Rules):
    posts = rules.check({**SALE, "channel": "FACEBOOK, LINKEDIN", "places": "berlin, bonn"}, places=read())
    assert [(post.key, post.place, post.channel) for post in posts] == [
        ("sale/berlin/FACEBOOK", "berlin", Channel.FACEBOOK),
        ("sale/berlin/LINKEDIN", "berlin", Channel.LINKEDIN),
        ("sale/bonn/FACEBOOK", "bonn", Channel.FACEBOOK),
        ("sale/bonn/LINKEDIN", "bonn", Channel.LINKEDIN),
    ]


def test_the_time_is_the_wall_clock_of_the_place_unless_the_row_has_a_zone(rules: Rules):
    own = rules.check({**SALE, "places": "berlin, bonn"}, places=read())
    assert [(post.publish_at, post.timezone) for post in own] == [
        (datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "Europe/Berlin"),
        (datetime(2026, 12, 1, 14, 30, tzinfo=UTC), "America/New_York"),
    ]
    named = rules.check({**SALE, "places": "berlin, bonn", "timezone": "Asia/Tokyo"}, places=read())
    assert {post.publish_at for post in named} == {datetime(2026, 12, 1, 0, 30, tzinfo=UTC)}


def test_a_place_has_its_own_site_account_and_skips_by_its_own_word(rules: Rules):
    places = read(
        {"place": "a", "site": "one", "account:FACEBOOK": "page a"},
        {"place": "b", "site": "two", "account:LINKEDIN": "b"},
        {"place": "c", "skip": "x"},
    )
    posts = rules.check(SALE, places=places, sites={"one": "", "two": ""}, default_site="one")
    assert [(p.place, p.site, p.account, p.action) for p in posts] == [
        ("a", "one", "page a", None),
        ("b", "two", "", None),
        ("c", "one", "", Action.SKIP),
    ]
    assert errors(posts) == []


def test_a_site_that_is_not_configured_is_told_with_the_row_of_the_table(rules: Rules):
    posts = rules.check(SALE, places=read({"place": "a", "site": "tow"}), sites={"two": "Europe/Berlin"})
    (issue,) = gather_issues(posts)
    assert (issue.code, issue.place, issue.column) == ("site_unknown", "a", "places")
    assert issue.message.startswith("a: places.csv, row 2: ")


@pytest.mark.parametrize(
    ("row", "code"),
    [({"site": "two"}, "place_site"), ({"account": "HQ"}, "place_account"), ({"item_id": "0" * 8}, "item_id_several")],
)
def test_what_the_row_and_the_place_both_say_is_never_guessed(row, code, rules: Rules):
    places = read({"place": "a", "site": "one", "account:FACEBOOK": "x"}, {"place": "b", "site": "one"})
    posts = rules.check({**SALE, **row}, places=places, sites={"one": "", "two": ""})
    assert code in {found for found, _ in errors(posts)}


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("text", "Hi {{city}}!", "Hi Bad Bonn!"),
        ("text", "{{ CITY }} {{phone|-}}", "Bad Bonn 0228"),
        ("text", "{{place}}", "bonn"),
        ("text", "{{tags|#all}}", "#all"),
        ("text", "{{tags|}}x", "x"),
        ("link", "https://example.com/{{city}}", "https://example.com/Bad%20Bonn"),
        ("hashtags", "#{{city}}", "#BadBonn"),
        ("media", "{{place}}.jpg", "bonn.jpg"),
    ],
)
def test_a_word_is_put_in_as_its_column_needs_it(column, cell, meant):
    places = read()
    assert places.fill_in(cell, column, places.choose("bonn").places[0])[0] == meant


def test_blanks_around_a_word_and_its_default_do_not_count_and_many_cost_no_time():
    places = read()
    assert places.fill_in("{{ phone | call us }}", "text", places.choose("hamburg").places[0]) == ("call us", ())
    long = "{{" + " " * 30_000
    assert places.fill_in(f"{long}x", "text", places.choose("bonn").places[0]) == (f"{long}x", ())


def test_several_tags_of_a_place_stay_several():
    places = read()
    assert places.fill_in("{{tags}}", "hashtags", places.choose("berlin").places[0]) == ("#spree #mitte", ())


def test_a_word_brings_in_no_other_word(rules: Rules):
    places = read({"place": "a", "city": "{{phone}}", "phone": "secret"})
    (post,) = rules.check({**SALE, "text": "Hi {{city}}"}, places=places)
    assert "secret" not in post.content.text
    assert ("placeholder", "a") in errors((post,))


def test_a_word_names_no_file_outside_of_the_media_folder(rules: Rules):
    from batch.rules.media import check_media

    places = read({"place": "a", "photo": "../../secret.jpg"}, {"place": "b", "photo": "/etc/passwd"})
    posts = rules.check({**SALE, "media": "{{photo}}"}, places=places)
    assert [[e.code for e in check_media(post, {}).errors] for post in posts] == [["media_refused"]] * 2


def test_an_error_in_every_place_is_the_rows_and_one_in_some_names_them(rules: Rules):
    posts = rules.check({**SALE, "text": "{{fax}} {{phone}}"}, places=read())
    assert errors(posts) == [("word_unknown", ""), ("word_missing", "hamburg")]
    told = [issue.message for issue in gather_issues(posts)]
    assert told[1].startswith("hamburg: `text` asks for {{phone}}")


def test_a_column_for_a_place_counts_before_the_plain_one(rules: Rules):
    row = {
        **SALE,
        "channel": "FACEBOOK, LINKEDIN",
        "text": "all",
        "text:LINKEDIN": "in",
        "text:berlin": "{{city}} only",
    }
    posts = rules.check({**row, "places": "berlin, bonn"}, places=read())
    assert [post.content.text for post in posts] == ["Berlin only", "Berlin only", "all", "in"]


def test_the_same_post_to_one_account_in_two_places_is_warned_of_by_their_names(rules: Rules):
    posts = rules.check({**SALE, "places": "berlin, bonn"}, places=read())
    told = [issue.message for post in posts for issue in post.issues if issue.code == "same_look"]
    assert [message.startswith("Places berlin and bonn are the same post") for message in told] == [True, True]


def test_rows_without_a_key_are_told_apart_by_their_place(rules: Rules):
    posts = rules.check({**SALE, "key": "", "places": "berlin, bonn"}, places=read())
    assert len({post.key for post in posts}) == 2
    assert all(post.key_derived for post in posts)


letters = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12).map(str.strip)
names = st.lists(st.from_regex(r"shop-[a-z]{2,6}", fullmatch=True), min_size=1, max_size=8, unique=True)


@given(names=names, data=st.data())
def test_every_place_is_there_exactly_once_with_no_word_of_another(names, data, rules: Rules):
    rows = [{"place": name, "city": f"<{n}>{data.draw(letters)}<{n}>"} for n, name in enumerate(names)]
    left_out = data.draw(st.sets(st.sampled_from(names), max_size=len(names) - 1))
    cell = f"all but {', '.join(sorted(left_out))}" if left_out else "all"
    channels = data.draw(st.sets(st.sampled_from(("FACEBOOK", "LINKEDIN", "TWITTER")), min_size=1))
    row = {**SALE, "channel": ", ".join(channels), "text": "{{city}} {{place}}", "places": cell}
    posts = rules.check(row, places=read(*rows))
    wanted = {f"sale/{name}/{channel}" for name in names if name not in left_out for channel in channels}
    assert sorted(post.key for post in posts) == sorted(wanted)
    for post in posts:
        own = names.index(post.place)
        assert post.content.text.count(f"<{own}>") == 2 or WORD.search(rows[own]["city"])
        assert not any(f"<{n}>" in post.content.text for n in range(len(names)) if n != own)
