from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from batch.model import Change, Content, Issue, Medium, Outcome, OutcomeKind, Results, Severity
from batch.plan.approval import Asked
from batch.report.page import render_page
from batch.report.preview import Pictures
from batch.wording import make_visible
from tests.report.launch_week import launch_week, many_sites, month_of
from tests.report.naughty import BAD_LINKS, NAUGHTY

VOID = {"meta", "link", "input", "img", "br"}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


class Tree(HTMLParser):
    """Every element with its attributes, the text outside of scripts and styles, and tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements and the names of their attributes, without any value."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def posts(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "article"]


def filled_with(text: str) -> Results:
    """Return results that say one text wherever a text can be."""
    outcome = Outcome(
        2, text, text, "FACEBOOK", "POST", text, text, OutcomeKind.FAILED, text, datetime(2026, 12, 1, 8, tzinfo=UTC),
        text, "", text, text, "2026-12-01 09:00 " + text,
        Content(text, text, (Medium(text),), "", text, text), text, True, (Change(text, text, text),),
        warnings=(text, f"{text} again"),
    )  # fmt: skip
    posts = tuple(replace(outcome, channel=c, type=t) for c, t in KINDS)
    issues = (
        Issue(None, text, text, text, text, cell=text),
        Issue(9, text, text, text, text, Severity.WARNING, text),
    )
    return Results(text, True, text, (text,), posts, issues=issues, notices=(text,))


KINDS = (
    ("INSTAGRAM", "POST"), ("FACEBOOK", "POST"), ("FACEBOOK", "REEL"), ("INSTAGRAM", "STORY"), ("YOUTUBE", "VIDEO"),
    ("PINTEREST", "POST"), ("GBP", "POST"), ("", ""),
)  # fmt: skip
"""A combination for each of the eight drawings."""


def test_there_are_enough_naughty_strings_and_no_two_are_the_same():
    assert len(NAUGHTY) >= 60
    assert len(set(NAUGHTY)) == len(NAUGHTY)


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_value_of_a_sheet_becomes_an_element_or_an_attribute(text):
    plain = Tree(render_page(filled_with("plain")))
    naughty = Tree(render_page(filled_with(text)))
    folded = {("button", ("type", "class", "aria-expanded")), ("span", ("class",))}
    assert [part for part in naughty.shape if part not in folded] == [p for p in plain.shape if p not in folded]
    assert naughty.crossed == []
    assert make_visible(text) in "".join(naughty.text)
    asked = [render_page(filled_with(t), asked=Asked("plan", {(2, t): "1.ab"})) for t in (text, "plain")]
    shapes = [[part for part in Tree(page).shape if part not in folded] for page in asked]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) > sum(part not in folded for part in plain.shape)


@pytest.mark.parametrize("text", NAUGHTY)
def test_scripts_and_styles_hold_nothing_of_the_sheet(text):
    blocks = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
    assert blocks.findall(render_page(filled_with(text))) == blocks.findall(render_page(filled_with("plain")))


@pytest.mark.parametrize("address", BAD_LINKS)
def test_an_address_that_could_do_more_than_open_a_page_is_text_and_no_link(address):
    outcome = replace(launch_week().outcomes[0], link=address, channel="PINTEREST")
    outcomes = tuple(
        replace(outcome, channel=c, type=t, content=Content("Text", link=address)) for c, t in KINDS
    )  # fmt: skip
    tree = Tree(render_page(Results("r", False, "s", (), outcomes)))
    links = [a["href"] for tag, a in tree.elements if tag == "a"]
    assert [link for link in links if not link.startswith("#")] == []
    assert make_visible(address).strip() in "".join(tree.text)


def test_a_web_address_is_a_link_that_gives_nothing_away():
    tree = Tree(render_page(launch_week()))
    out = [a for tag, a in tree.elements if tag == "a" and not (a["href"] or "").startswith("#")]
    assert {a["href"] for a in out} >= {"https://www.youtube.com/watch?v=tidal-214"}
    assert {(a["rel"], a["target"]) for a in out} == {("noopener noreferrer", "_blank")}
    assert all((a["href"] or "").startswith("https://") for a in out)


def test_each_post_is_on_the_page_exactly_once_and_each_link_within_it_has_a_target():
    results = launch_week()
    tree = Tree(render_page(results))
    ids = Counter(a["id"] for _, a in tree.elements if "id" in a)
    assert [i for i, n in ids.items() if n > 1] == []
    assert {a["id"] for a in tree.posts()} == {f"p{n}" for n in range(1, len(results.outcomes) + 1)}
    assert {(a["href"] or "")[1:] for tag, a in tree.elements if tag == "a" and a["href"].startswith("#")} <= set(ids)
    assert {a["href"][1:] for tag, a in tree.elements if tag == "use"} <= set(ids)
    assert {a["for"] for tag, a in tree.elements if tag == "label"} <= set(ids)
    assert {i for _, a in tree.elements for i in (a.get("aria-labelledby") or "").split()} <= set(ids)


def test_a_warning_stands_at_its_post_and_in_the_list_once_each():
    results = launch_week()
    first, second, *rest = results.outcomes
    sheets = Issue(first.row, "text", "placeholder_word", "TBC", "`text` still holds TBC.", Severity.WARNING)
    outcomes = (
        replace(first, warnings=(sheets.message, "Looks like another post.")),
        replace(second, row=first.row, warnings=(sheets.message, "Looks like another post.")),
        *rest,
    )
    page = render_page(replace(results, outcomes=outcomes, issues=(sheets,)))
    for warning in (sheets.message, "Looks like another post."):
        assert page.count(f'<b>Warning:</b> <span data-s="warning">{warning}</span>') == 2
        assert page.count(f'<p class="msg" dir="auto">{warning}</p>') == 1


@pytest.mark.parametrize("wanted", ["run", "plan"])
def test_every_outcome_and_every_living_combination_is_drawn(wanted):
    results = launch_week(wanted=wanted)
    posts = Tree(render_page(results)).posts()
    assert Counter(a["data-outcome"] for a in posts) == Counter(o.outcome.value for o in results.outcomes)
    assert {a["data-outcome"] for a in posts} == {kind.value for kind in OutcomeKind}
    drawn = {(o.channel, o.type) for o in results.outcomes if o.outcome is not OutcomeKind.INVALID}
    assert len(drawn) == 12


def test_what_a_sandbox_did_says_so_before_anything_else():
    marked = "".join(Tree(render_page(launch_week(sandbox=True))).text)
    assert marked.index("Sandbox") < marked.index("postbatch", marked.index("Sandbox"))
    assert "No real account was touched" in marked
    assert "Sandbox" not in "".join(Tree(render_page(launch_week(sandbox=False))).text)


def test_a_plan_speaks_of_what_is_to_come():
    text = " ".join("".join(Tree(render_page(launch_week(wanted="plan"))).text).split())
    assert "9 posts will be scheduled" in text
    assert "Nothing has been sent yet." in text
    assert "For approval" in text
    done = " ".join("".join(Tree(render_page(launch_week())).text).split())
    assert "9 posts scheduled" in done
    assert "will be" not in done


def test_the_page_asks_for_nothing_from_anywhere():
    tree = Tree(render_page(launch_week(), pictures=Pictures({"kiln/tidal-01.jpg": PIXEL})))
    policy = next(a["content"] for tag, a in tree.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    sources = [a[name] for _, a in tree.elements for name in ("src", "srcset", "poster", "data") if name in a]
    assert sources == []
    assert [a["href"] for tag, a in tree.elements if tag == "image"] == [PIXEL]
    assert [a["href"] for tag, a in tree.elements if tag == "use" and "pic-" in a["href"]] == ["#pic-1"] * 2
    assert [a for _, a in tree.elements if "style" in a or any(name.startswith("on") for name in a)] == []


def test_a_picture_of_many_posts_is_held_once_and_one_of_a_single_post_stands_in_it():
    shared, single = PIXEL, PIXEL.replace("AAAADUlEQVR42mNk", "AAAADUlEQVR42mNl")
    pictures = {"kiln/tidal-01.jpg": shared, "stories/kiln-door.jpg": single}
    page = render_page(many_sites(1, 1), pictures=Pictures(pictures))
    assert page.count(shared) == 1
    many = render_page(many_sites(12, 12), pictures=Pictures(pictures))
    assert many.count(shared) == many.count(single) == 1
    week = render_page(launch_week(), pictures=Pictures({"stories/kiln-door.jpg": single}))
    assert [a["src"] for tag, a in Tree(week).elements if tag == "img"] == [single]


def test_a_picture_that_is_no_still_image_is_drawn_as_a_tile():
    for source in ("data:image/svg+xml;base64,PHN2Zz4=", "data:text/html,x", "https://example.com/x.png", PIXEL + '"'):
        tree = Tree(render_page(launch_week(), pictures=Pictures({"kiln/tidal-01.jpg": source})))
        assert [a for tag, a in tree.elements if tag == "img"] == []


def test_letters_that_no_file_can_hold_are_shown_by_a_sign():
    page = render_page(filled_with("a\x00b\ud800c\x1bd"))
    assert "a␀b�c␛d" in page
    page.encode("utf-8")


@pytest.mark.parametrize("text", ["x" * 60_000, "ع" * 60_000, "a\u0301" * 30_000, "🏳️‍🌈" * 15_000, "\n" * 60_000])
def test_a_very_long_text_is_on_the_page_whole(text):
    outcome = replace(launch_week().outcomes[1], content=Content(text))
    page = Tree(render_page(Results("r", False, "s", (), (outcome,))))
    assert text in "".join(page.text)


def test_results_without_posts_make_a_page_that_says_so():
    text = "".join(Tree(render_page(Results("", False, "empty.xlsx", (), ()))).text)
    assert "There are no posts in this sheet." in text


def test_the_same_results_make_the_same_page():
    assert render_page(launch_week()) == render_page(launch_week())


def test_the_note_on_time_zones_is_the_callers_or_tells_the_zones():
    assert "All times are local to Europe/Berlin." in render_page(launch_week())
    assert "Berlin time, set by the sheet." in render_page(
        launch_week(), timezone_note="Berlin time, set by the sheet."
    )


def test_what_changes_comes_before_what_stays_and_that_is_folded():
    tree = Tree(render_page(launch_week(wanted="plan")))
    places = [a["id"] for tag, a in tree.elements if a.get("id") in ("posts", "rest") or tag == "article"]
    resting = [f"p{n}" for n, o in enumerate(launch_week().outcomes, 1) if o.outcome.value in ("unchanged", "skipped")]
    assert places[0] == "posts"
    assert places[places.index("rest") + 1 :] == resting
    assert [a for _, a in tree.elements if a.get("class") == "stays"] == [{"class": "stays"}]


def test_the_dates_of_a_change_are_told_in_words():
    changes = re.findall(r'<dl class="changes".*?</dl>', render_page(launch_week()))
    assert "Tue 1 Dec 2026, 08:00 (Berlin)</del>" in changes[0]
    assert "Tue 1 Dec 2026, 09:00 (Berlin)</ins>" in changes[0]
    assert not any("2026-12-01" in told for told in changes)


def test_twelve_posts_of_twelve_sites_are_folded_by_site_and_day_and_small():
    page = render_page(many_sites(12, 12))
    assert len(page.encode()) < 1_000_000
    tree = Tree(page)
    assert len(tree.posts()) == 144
    sites = [a for _, a in tree.elements if a.get("class") == "site"]
    assert len(sites) >= 12
    assert all("open" not in a for a in sites)
    few = Tree(render_page(many_sites(2, 3)))
    assert all("open" in a for _, a in few.elements if a.get("class") == "site")


def test_first_words_stand_for_a_post_in_calendar_and_problems():
    page = render_page(launch_week())
    chips = "".join(re.findall(r'class="chip".*?</a>', page))
    assert "Tidal is here. Forty pieces" in chips
    assert ">launch-tue<" not in chips
    assert "(launch-tue)" in chips
    assert "The December letter is out.</bdi></a>" in page


def test_a_page_grows_with_its_posts_and_not_faster():
    small, large = (len(render_page(month_of(n))) for n in (100, 400))
    assert large < 4 * small


def test_a_name_that_is_no_site_is_not_counted_as_one_and_no_channel_is_not_called_one():
    first, second, third = launch_week().outcomes[:3]
    wrong = replace(third, row=9, key="odd-row", site="potery", channel="", outcome=OutcomeKind.INVALID)
    issue = Issue(9, "site", "site_unknown", "potery", "`site` says “potery”.", cell="C9")
    posts = (replace(first, site="pottery"), replace(second, site="bakery"), wrong)
    text = "".join(Tree(render_page(replace(launch_week(), outcomes=posts, issues=(issue,)))).text)
    assert re.search(r"sites\s*2\b", text)
    assert "odd-row on" not in text


def test_a_row_that_only_cancels_is_shown_on_the_clock_of_its_sites_other_posts() -> None:
    week = launch_week(sandbox=False)
    bare = replace(week.outcomes[15], timezone="")
    assert (bare.outcome, bare.site) == (OutcomeKind.CANCELLED, "pottery")
    assert render_page(replace(week, outcomes=(*week.outcomes[:15], bare))) == render_page(
        replace(week, outcomes=week.outcomes[:16])
    )
