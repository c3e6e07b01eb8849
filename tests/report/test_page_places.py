"""A page of rows that were sent to places: one card for each row, every place's own words on it, and small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from batch.model import Content, Issue, Medium, OutcomeKind, Results, Severity
from batch.plan.approval import Asked
from batch.report.page import LIKE_SHOWN, count_posts, find_problems, find_warnings, gather_cards, render_page
from batch.report.preview import PAGE_BYTES, Pictures, read_pictures
from tests.report.answer_page import read_asked, unpack
from tests.report.launch_week import TOWNS, in_places, launch_week, many_sites
from tests.report.naughty import NAUGHTY
from tests.report.test_page import Tree

MAX_BYTES = 1_000_000
FINGERPRINT = "1" + ".0123456789abcdef" * 11


def fingerprints_of(results: Results) -> dict[tuple[int, str], str]:
    """Return another fingerprint for each post."""
    return {(o.row, o.key): f"{FINGERPRINT}.{n:016x}" for n, o in enumerate(results.outcomes) if o.place}


def test_each_post_is_on_exactly_one_card_and_a_row_is_one_card_for_each_way_it_ends() -> None:
    results = in_places(3, 80)
    cards = gather_cards(results.outcomes)
    assert sorted(number for card in cards for number, _ in card) == list(range(1, 241))
    assert [(card[0][1].row, card[0][1].outcome.value, len(card)) for card in cards] == [
        (row, kind, count) for row in (2, 3, 4) for kind, count in (("scheduled", 79), ("blocked", 1))
    ]
    assert all(len(card) == 1 for card in gather_cards(launch_week().outcomes))


def test_posts_that_are_drawn_otherwise_have_a_card_of_their_own() -> None:
    like = in_places(1, 6).outcomes
    other = (
        replace(like[1], content=replace(like[1].content, link="")),
        replace(like[2], content=replace(like[2].content, media=())),
        replace(like[3], warnings=("Twice.",)),
    )
    cards = gather_cards((like[0], *other, *like[4:]))
    assert [len(card) for card in cards] == [3, 1, 1, 1]


def test_a_report_whose_posts_have_no_rows_gathers_them_by_their_keys() -> None:
    month = in_places(3, 20, wanted="report")
    month = replace(month, outcomes=tuple(replace(o, row=n) for n, o in enumerate(month.outcomes, start=2)))
    assert [len(card) for card in gather_cards(month.outcomes)] == [20, 20, 20]
    page = render_page(month)
    assert page.count("<article") == 3
    assert "<small>3 posts in 20 places</small></caption>" in page


def test_what_is_packed_is_what_each_place_says() -> None:
    results = in_places(2, 12)
    asked = fingerprints_of(results)
    page = render_page(results, asked=Asked("plan", asked))
    packed = unpack(page)
    assert sorted(packed) == ["p1", "p13"]
    for anchor, outcomes in (("p1", results.outcomes[:12]), ("p13", results.outcomes[12:])):
        told = packed[anchor]
        assert told["place"] == [o.place for o in outcomes]
        assert told["key"] == [o.key for o in outcomes]
        assert told["asked"] == [asked[o.row, o.key] for o in outcomes]
        assert [a + b for a, b in zip(told["text"], told["rest"], strict=True)] == [o.content.text for o in outcomes]
        assert "code" not in told, "what is the same everywhere is on the card"
    read = {(post.key, post.fingerprint) for post in read_asked(page).posts}
    assert read == {(key, fingerprint) for (_, key), fingerprint in asked.items()}


def test_posts_are_counted_as_people_count_them() -> None:
    def entries(results: Results) -> str:
        from batch.report.page import PageData

        return count_posts(PageData(results).entries)

    assert entries(in_places(12, 200)) == "12 posts in 200 places"
    assert entries(in_places(1, 1)) == "1 post"
    assert entries(many_sites(2, 3)) == "6 posts"
    mixed = replace(in_places(2, 12), outcomes=(*in_places(2, 12).outcomes, *many_sites(1, 3).outcomes))
    assert entries(mixed) == "3 posts and 2 in 12 places"


def test_the_calendar_counts_and_the_days_too() -> None:
    page = render_page(in_places(12, 200))
    assert "<small>12 posts in 200 places</small></caption>" in page
    assert page.count("data-n=") == 24, "for each row what goes out and what is blocked"
    assert page.count("<small>1 post in 200 places</small>") == 12


def test_a_problem_is_named_with_its_places_unless_the_whole_row_has_it() -> None:
    results = in_places(2, 134)
    (group,) = find_problems(results)
    assert [(p.place, p.sites) for p in group.problems] == [
        ("Row 2", "Hamburg 6"), ("Row 2", "Berlin 12"), ("Row 3", "Hamburg 6"), ("Row 3", "Berlin 12"),
    ]  # fmt: skip
    assert group.total == 4
    assert [post.place for p in group.problems for post in p.posts] == ["Hamburg 6", "Berlin 12"] * 2
    same = [replace(o, outcome=OutcomeKind.BLOCKED, message="No.") for o in in_places(1, 5).outcomes]
    (whole,) = find_problems(replace(results, outcomes=tuple(same)))
    assert [(p.place, p.places) for p in whole.problems] == [("Row 2", ())]


def test_an_error_of_many_places_is_one_problem_with_one_link() -> None:
    wrong = [replace(o, outcome=OutcomeKind.INVALID, code="") for o in in_places(1, 200).outcomes]
    issue = Issue(2, "link", "word_missing", "{{shop}}", "Bath 1 and Bonn 1: no shop.", place="Bath 1 and Bonn 1")
    (group,) = find_problems(replace(launch_week(), outcomes=tuple(wrong), issues=(issue,)))
    ((problem, *others),) = [group.problems]
    assert (problem.message, problem.sites) == ("no shop.", "Bath 1 and Bonn 1")
    assert (len(problem.posts), others, group.total) == (1, [], 200)


def test_many_problems_of_one_kind_are_told_a_few_times_and_then_counted_with_their_places() -> None:
    results = in_places(3, 40)
    issues = tuple(
        Issue(o.row, "link", "link_left_out", o.content.link, f"{o.place}: {o.content.link} is left out.",
              Severity.WARNING, place=o.place)
        for o in results.outcomes
    )  # fmt: skip
    told = find_warnings(replace(results, issues=issues))
    assert [(p.place, p.sites) for p in told[:LIKE_SHOWN]] == [
        ("Rows 2, 3 and 4", o.place) for o in results.outcomes[:LIKE_SHOWN]
    ]
    (rest,) = told[LIKE_SHOWN:]
    assert (rest.place, rest.message) == ("Rows 2, 3 and 4", "35 more problems like these.")
    assert rest.places == tuple(o.place for o in results.outcomes[LIKE_SHOWN:40])
    assert rest.sites.endswith(" and 23 more")
    own = [replace(o, warnings=(f"Another post looks like this one in {o.place}.",)) for o in results.outcomes]
    assert len(find_warnings(replace(results, outcomes=tuple(own)))) == LIKE_SHOWN + 1


@pytest.mark.parametrize("text", NAUGHTY)
def test_nothing_that_a_place_says_becomes_markup(text: str) -> None:
    def page(words: str) -> str:
        outcomes = [
            replace(o, place=f"{n}{words}", key=words, account=words, message=words, site=words, link=words,
                    content=Content(words, words, (Medium(words),), words), warnings=(words,))
            for n, o in enumerate(in_places(1, 3, wanted="run").outcomes)
        ]  # fmt: skip
        return render_page(replace(launch_week(), outcomes=tuple(outcomes), issues=(), notices=()))

    folded = {("button", ("type", "class", "aria-expanded")), ("span", ("class",))}
    shapes = [[part for part in Tree(page(words)).shape if part not in folded] for words in (text, "plain")]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("wanted", ["plan", "run"])
def test_twelve_rows_in_two_hundred_places_stay_small(wanted: str) -> None:
    results = in_places(12, 200, wanted=wanted)
    page = render_page(results, asked=Asked("plan", fingerprints_of(results)))
    assert len(page.encode()) <= MAX_BYTES
    assert all(page.count(f"{town} 3</") >= 12 for town in TOWNS)


def test_a_picture_of_its_own_for_each_of_144_posts_stays_small_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    noise = Image.effect_noise((700, 500), 50).convert("RGB")
    made = []
    for number, outcome in enumerate(many_sites(12, 12).outcomes):
        name = f"{number}.jpg"
        noise.rotate(number).save(tmp_path / name)
        made.append(replace(outcome, content=replace(outcome.content, media=(Medium(name),))))
    results = replace(many_sites(12, 12), outcomes=tuple(made))
    room = PAGE_BYTES - len(render_page(results).encode())
    pictures = read_pictures(results.outcomes, folder=tmp_path, max_total_bytes=room)
    page = render_page(results, pictures=pictures)
    assert len(page.encode()) <= MAX_BYTES
    assert len(pictures.shown) == page.count("data:image/jpeg") == 144
    assert "pictures are shown as tiles" not in page
    few = Pictures(dict(list(pictures.shown.items())[:100]), 44)
    assert "To keep this page small, 44 pictures are shown as tiles with their names" in render_page(
        results, pictures=few
    )
