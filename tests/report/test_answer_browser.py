"""The plan's page as somebody answers on it: kept, saved, opened again, and run. Nothing leaves the page."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batch.model import OutcomeKind, Results
from batch.plan.approval import Asked, read_answers
from batch.report.page import render_page
from tests.commands.conftest import Desk, bare_environ
from tests.report.conftest import Opened
from tests.report.launch_week import in_places, launch_week, many_sites
from tests.report.naughty import NAUGHTY
from tests.report.test_page_browser import AXE, PHONE, WIDE, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FINGERPRINT = "1" + ".0123456789abcdef" * 12
GOING = (OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED, OutcomeKind.DRAFTED, OutcomeKind.CANCELLED)


def asking(results: Results, *, fingerprint: str = FINGERPRINT) -> str:
    """Return the page that asks about the posts of results that change."""
    asked = {(o.row, o.key): fingerprint for o in results.outcomes if o.outcome in GOING}
    return render_page(replace(results, wanted="plan"), asked=Asked("plan-1", asked))


def answer(page: Page, number: int, value: str) -> Any:
    """Choose an answer for the post at this place, and return the post."""
    post = page.locator(".post[data-asked]").nth(number)
    post.locator(f"input[value={value}]").check()
    return post


def save(page: Page, folder: Path) -> Path:
    """Press the button and return the file that comes down."""
    with page.expect_download() as coming:
        page.locator("#save").click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


def given(page: Page) -> list[list[str]]:
    """Return key, answer, note and date of each answered post, as the page shows them."""
    return page.evaluate(  # type: ignore[no-any-return] # a list of lists of text
        """() => [...document.querySelectorAll('.post[data-answer]:not([data-answer=""])')].map(post => [
          post.dataset.key, post.dataset.answer, post.querySelector('textarea').value,
          post.querySelector('input[type=datetime-local]')?.value ?? ''])"""
    )


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_forty_posts_are_answered_saved_opened_again_and_run(browser: Browser, tmp_path: Path, size) -> None:
    (tmp_path / "desk").mkdir()
    desk = Desk(tmp_path / "desk", bare_environ(tmp_path))
    rows = [
        {"key": f"post-{n}", "channel": "FACEBOOK", "text": f"Test tile {n} of 214", "timezone": "Europe/Berlin",
         "publish_at": f"2031-03-{n % 28 + 1:02} 09:{n:02}"}
        for n in range(40)
    ]  # fmt: skip
    desk.write("posts.csv", rows)
    assert desk("plan", "posts.csv", "--sandbox", "--page", "plan.html").status == 0

    def opened_page() -> Opened:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
        opened = Opened(context.new_page())
        opened.page.goto((desk.folder / "plan.html").as_uri())
        return opened

    opened = opened_page()
    page = opened.page
    expect(page.locator("#left")).to_have_text("40 of 40 posts left")
    key = answer(page, 3, "change").get_attribute("data-key")
    page.locator(".post[data-asked]").nth(3).locator("textarea").fill("Shorter, please.\n🌊 “first”")
    moved = answer(page, 5, "date")
    moved.locator("input[type=datetime-local]").fill("2031-04-07T10:00")
    answer(page, 7, "approve")
    expect(page.locator("#approve-all")).to_have_text("Approve all 37 shown")
    page.locator("#approve-all").click()
    expect(page.locator("#left")).to_have_text("All posts answered")
    page.locator("#who").fill("Zoë Ana")
    before = given(page)
    page.reload()
    assert given(page) == before
    assert Counter(kind for _, kind, _, _ in before) == {"approve": 38, "change": 1, "date": 1}
    file = save(page, desk.folder)
    assert file.name == "posts.answers-zoë-ana.json"
    expect(page.locator("#said")).to_have_text(f"Saved {file.name}. Send it to whoever sent you this page.")
    assert {url for url in opened.asked if not url.startswith("blob:")} == {page.url}
    assert opened.said == []

    again = opened_page().page
    assert given(again) == []
    again.locator("#open-answers").set_input_files(file)
    expect(again.locator("#said")).to_have_text("Opened 40 answers from Zoë Ana.")
    assert given(again) == before
    assert again.locator("#who").input_value() == "Zoë Ana"

    ended, posts = desk.run("posts.csv", "--sandbox", "--answers", file.name)
    assert ended.status == 0, ended.err
    outcomes = {post["key"]: post for post in posts}
    assert Counter(post["outcome"] for post in posts) == {"scheduled": 38, "skipped": 2}
    assert "asked for a change: Shorter, please. 🌊 “first” (Zoë Ana)" in outcomes[key]["message"]
    assert "wants Mon 7 Apr 10:00 (Zoë Ana)" in outcomes[moved.get_attribute("data-key")]["message"]
    assert re.search(r"Approved by Zoë Ana, \w{3} \d+ \w{3} \d\d:\d\d UTC\.", posts[0]["message"])
    page.context.close()
    again.context.close()


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_row_is_answered_once_for_all_of_its_places_and_each_post_gets_its_own_answer(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "desk").mkdir()
    desk = Desk(tmp_path / "desk", bare_environ(tmp_path))
    rows = [
        {"key": f"sale-{n}", "channel": "FACEBOOK", "text": "Open in {{city}}", "timezone": "Europe/Berlin",
         "publish_at": f"2031-03-0{n + 1} 09:00", "places": "all"}
        for n in range(4)
    ]  # fmt: skip
    desk.write("posts.csv", rows)
    desk.write("places.csv", [{"place": f"shop-{n}", "city": f"Town {n}"} for n in range(30)])
    command = ("posts.csv", "--sandbox", "--places", "places.csv")
    assert desk("plan", *command, "--page", "plan.html").status == 0

    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    opened = Opened(context.new_page())
    page = opened.page
    page.goto((desk.folder / "plan.html").as_uri())
    expect(page.locator("#left")).to_have_text("4 of 4 posts left")
    assert page.locator(".answer legend").first.text_content().endswith("for all 30 places")
    answer(page, 1, "change").locator("textarea").fill("Town 7 has moved.")
    answer(page, 2, "date").locator("input[type=datetime-local]").fill("2031-04-07T10:00")
    page.locator("#approve-all").click()
    page.locator("#who").fill("Ana")
    page.reload()
    expect(page.locator("#left")).to_have_text("All posts answered")
    file = save(page, desk.folder)
    read = read_answers(file.read_bytes(), name=file.name).given
    assert len({(one.post.key, one.post.fingerprint) for one in read}) == len(read) == 120
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("#left")).to_have_text("4 of 4 posts left")
    page.locator("#open-answers").set_input_files(file)
    expect(page.locator("#said")).to_have_text("Opened 4 answers from Ana.")
    assert {url for url in opened.asked if not url.startswith("blob:")} == {page.url}
    assert opened.said == []
    context.close()

    desk.write("places.csv", [{"place": f"shop-{n}", "city": f"Town {n}{'!' * (n == 3)}"} for n in range(30)])
    ended, posts = desk.run(*command, "--answers", file.name)
    assert ended.status == 0, ended.err
    told = {post["key"]: (post["outcome"], post["message"]) for post in posts}
    assert Counter(outcome for outcome, _ in told.values()) == {"scheduled": 58, "skipped": 62}
    assert "changed since it was approved: text" in told["sale-0/shop-3/FACEBOOK"][1]
    assert "asked for a change: Town 7 has moved. (Ana)" in told["sale-1/shop-0/FACEBOOK"][1]
    assert "wants Mon 7 Apr 10:00 (Ana)" in told["sale-2/shop-29/FACEBOOK"][1]
    assert "Approved by Ana" in told["sale-3/shop-0/FACEBOOK"][1]


def test_a_row_of_which_a_place_has_changed_since_is_asked_about_again(
    open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    results = in_places(2, 12)
    asked = {(o.row, o.key): f"{FINGERPRINT[:-3]}{n:03x}" for n, o in enumerate(results.outcomes)}
    page = open_page(render_page(results, asked=Asked("plan-1", asked))).page
    page.locator("#approve-all").click()
    page.locator("#who").fill("Ana")
    file = save(page, tmp_path)
    changed = results.outcomes[5]
    later = Asked("plan-2", asked | {(changed.row, changed.key): FINGERPRINT[:-3] + "fff"})
    other = open_page(render_page(results, asked=later)).page
    other.locator("#open-answers").set_input_files(file)
    expect(other.locator("#said")).to_contain_text("Opened 1 answer from Ana. 1 post has changed since: answer again.")
    assert [row[1] for row in given(other)] == ["approve"]


def test_a_browser_that_keeps_nothing_is_named_and_one_that_does_is_not(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(asking(launch_week()), encoding="utf-8")
    for refuses in (True, False):
        context = browser.new_context()
        if refuses:
            refusal = "{ get() { throw new DOMException('no', 'SecurityError'); } }"
            context.add_init_script(f"Object.defineProperty(window, 'localStorage', {refusal})")
        page = context.new_page()
        page.goto(path.as_uri())
        answer(page, 0, "approve")
        assert page.locator("#not-kept").is_visible() is refuses
        context.close()


def test_what_is_not_complete_or_has_no_name_is_asked_for_before_it_is_saved(open_page: Callable[..., Opened]) -> None:
    page = open_page(asking(launch_week())).page
    page.locator("#save").click()
    expect(page.locator("#said")).to_have_text("Write your name first.")
    assert page.evaluate("document.activeElement.id") == "who"
    page.keyboard.type("Ana")
    page.locator("#save").click()
    expect(page.locator("#said")).to_have_text("Answer at least one post first.")
    answer(page, 0, "change")
    page.locator("#save").click()
    expect(page.locator("#said")).to_have_text("Say what should change.")
    expect(page.locator(".post textarea").first).to_be_focused()
    page.locator(".post .undo").first.click()
    assert given(page) == []


def test_answers_can_be_given_from_the_keyboard(open_page: Callable[..., Opened]) -> None:
    page = open_page(asking(launch_week())).page
    page.locator(".post[data-asked] input[value=approve]").first.focus()
    page.keyboard.press("Space")
    assert given(page)[0][1] == "approve"
    page.keyboard.press("ArrowRight")
    assert given(page)[0][1] == "change"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Shorter")
    assert given(page)[0][1:3] == ["change", "Shorter"]
    page.locator("#approve-all").focus()
    page.keyboard.press("Enter")
    assert {kind for _, kind, _, _ in given(page)[1:]} == {"approve"}
    page.locator("#undo-all").focus()
    page.keyboard.press("Enter")
    assert len(given(page)) == 1


def test_only_what_the_filters_show_is_approved_all_at_once(open_page: Callable[..., Opened]) -> None:
    results = launch_week()
    page = open_page(asking(results)).page
    page.locator("[data-channel=FACEBOOK]").first.click()
    page.locator("#approve-all").click()
    going = [o.key for o in results.outcomes if o.outcome in GOING and o.channel == "FACEBOOK"]
    assert sorted(key for key, *_ in given(page)) == sorted(going)


def test_a_file_that_was_edited_is_refused_and_posts_that_changed_since_are_asked_again(
    open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    page = open_page(asking(launch_week())).page
    page.locator("#approve-all").click()
    page.locator("#who").fill("Ana")
    file = save(page, tmp_path)
    assert len(read_answers(file.read_bytes(), name=file.name).given) == len(given(page))
    other = open_page(asking(launch_week(), fingerprint="1" + ".fedcba9876543210" * 12)).page
    other.evaluate("localStorage.clear()")
    other.reload()
    other.locator("#open-answers").set_input_files(file)
    expect(other.locator("#said")).to_contain_text(
        re.compile(r"Opened 0 answers from Ana\. \d+ posts have changed since")
    )
    assert given(other) == []
    data = json.loads(file.read_text("utf-8"))
    data["posts"][0]["note"] = "<img src=x onerror=alert(1)>"
    file.write_text(json.dumps(data), encoding="utf-8")
    page.locator("#open-answers").set_input_files(file)
    expect(page.locator("#said")).to_contain_text("holds no answers, or was changed after it was saved")


def test_naughty_names_and_notes_are_saved_and_read_exactly_and_do_nothing(
    open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    results = many_sites(1, 40)
    naughty = tuple(
        replace(o, key=text, site=text, content=replace(o.content, text=text))
        for o, text in zip(results.outcomes, NAUGHTY, strict=False)
    )
    opened = open_page(asking(replace(results, outcomes=naughty)))
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for number, text in enumerate(NAUGHTY[:12]):
        answer(page, number, "change").locator("textarea").fill(f"x{text}")
    page.locator("#who").fill('Ana"><script>alert(1)</script>')
    file = save(page, tmp_path)
    read = read_answers(file.read_bytes(), name=file.name)
    assert {answer.who for answer in read.given} == {'Ana"><script>alert(1)</script>'}
    assert [answer.post.note for answer in read.given] == [note.strip() for _, _, note, _ in given(page)]
    page.locator("#open-answers").set_input_files(file)
    expect(page.locator("#said")).to_contain_text("Opened 12 answers from Ana")
    assert opened.said == []


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "results", [launch_week(), many_sites(3, 16), in_places(5, 24)], ids=["previews", "list", "places"]
)
def test_axe_finds_nothing_on_a_page_to_answer_on(open_page: Callable[..., Opened], theme, size, results) -> None:
    page = open_page(asking(results), theme=theme, width=size[0], height=size[1]).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate("document.querySelectorAll('.post').forEach(p => p.style.contentVisibility = 'visible')")
    for number, value in enumerate(("approve", "change", "date")):
        answer(page, number, value)
    page.locator("#approve-all").click()
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_page_of_results_asks_nothing() -> None:
    page = render_page(launch_week())
    assert 'id="answers"' not in page
    assert "data-plan" not in page
    assert "postbatch-answers" not in page
