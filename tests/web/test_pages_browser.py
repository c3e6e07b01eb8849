"""From a dropped sheet to its results in a real browser: with the keyboard alone, on a phone, in two tabs, reloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands.conftest import SAMPLES, Desk
from tests.rig.browser import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, LocatorAssertions, Page

    from tests.rig.service import Rig

pytestmark = pytest.mark.browser

WIDE, PHONE = (1280, 900), (390, 844)
LONG = 30_000
DROP = """([form, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  for (const type of ["dragover", "drop"])
    form.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def expect(locator: Locator) -> LocatorAssertions:
    """Wait for what a locator is to become. Imported late: where there is no browser there may be no playwright."""
    from playwright.sync_api import expect as wait_for

    return wait_for(locator)


class Visitor:
    """A browser in which the first address was opened, with all that it complained of."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.said = context, list[str]()
        self.root = address.partition("?")[0]
        self.page = self.tab(address)

    def tab(self, address: str) -> Page:
        """Open another tab."""
        page = self.context.new_page()
        page.set_default_timeout(LONG)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(address)
        return page

    def plan(self, name: str, page: Page | None = None) -> Page:
        """Go to a sheet and have it planned."""
        page = page or self.page
        page.goto(f"{self.root}sheets/{name}")
        page.get_by_role("button", name="Show the plan").click()
        page.get_by_role("heading", name="Each post as it will look").wait_for()
        return page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a served folder in a browser of its own."""
    contexts = []

    def open_(served: Any, *, size: tuple[int, int] = WIDE, theme: Any = "light") -> Visitor:
        width, height = size
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme))
        return Visitor(contexts[-1], served.address)

    yield open_
    for context in contexts:
        context.close()


def findings(page: Page) -> list[str]:
    """Return what axe finds on a page, and where its words are wider than the screen."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {iframes: false}).then(r => r.violations)")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{v['id']}: {[n['html'] for n in v['nodes']]}" for v in found] + ([f"{wide} px too wide"] if wide else [])


def runs_of(desk: Desk) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(desk("runs", "--json", "--sandbox").out)["runs"]
    return runs


def test_a_dropped_sheet_is_fixed_planned_sent_and_read(serve, desk, visit):
    visitor = visit(serve(desk))
    page = visitor.page
    sheet = (SAMPLES / "launch-week.csv").read_text("utf-8").replace("FACEBOOK", "Facebok", 1)
    page.evaluate(DROP, [page.locator("[data-drop]").element_handle(), "March.csv", sheet])
    page.wait_for_url("**/sheets/March.csv")
    page.get_by_role("button", name="Fix the ticked cells in a copy").click()
    page.wait_for_url("**/sheets/March.fixed.csv*")
    expect(page.locator("main")).to_contain_text("This is a corrected copy of March.csv")
    assert (desk.folder / "March.csv").read_text("utf-8") == sheet
    page.get_by_role("button", name="Show the plan").click()
    button = page.get_by_role("button", name=re.compile("Schedule 14 posts"))
    button.wait_for()
    assert page.frame_locator("iframe").get_by_role("heading", level=1).inner_text().startswith("14 posts")
    assert runs_of(desk) == []
    button.click()
    page.get_by_role("heading", name="Files").wait_for()
    assert page.locator("h1").inner_text() == "14 posts scheduled and 1 saved as draft."
    with page.expect_download() as download:
        page.get_by_role("link", name="Download March.fixed.results.xlsx").click()
    assert download.value.path().read_bytes() == (desk.folder / "March.fixed.results.xlsx").read_bytes()
    assert [(run["command"], run["exit_status"]) for run in runs_of(desk)] == [("apply", 0)]
    page.get_by_role("link", name="Undo this run").click()
    page.get_by_role("button", name="Undo this run").click()
    page.get_by_role("heading", name="Files").wait_for()
    assert page.locator("h1").inner_text() == "14 posts cancelled and 1 deleted."
    page.goto(visitor.root)
    expect(page.get_by_role("link", name=re.compile("^Undo"))).to_have_count(0)
    page.get_by_role("button", name=re.compile("Results of March")).last.click()
    page.get_by_role("link", name=re.compile(r"Download .*\.results\.xlsx")).wait_for()
    assert visitor.said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_all_pages_are_without_findings_and_as_wide_as_the_screen(serve, desk, visit, size, theme):
    visitor = visit(serve(desk), size=size, theme=theme)
    page = visitor.page
    seen = {"start": findings(page)}
    page.goto(f"{visitor.root}sheets/mistakes.xlsx?only=channel%3DFACEBOOK")
    seen["sheet"] = findings(page)
    page.goto(f"{visitor.root}sheets/mistakes.xlsx?sheet=None")
    expect(page.locator("main")).to_contain_text("can't be read yet")
    seen["unread"] = findings(page)
    visitor.plan("mistakes.xlsx")
    seen["wrong plan"] = findings(page)
    visitor.plan("launch-week.csv")
    seen["plan"] = findings(page)
    page.get_by_role("button", name=re.compile("^Schedule")).click()
    page.get_by_text("Sending").wait_for()
    seen["running"] = findings(page)
    page.get_by_role("heading", name="Files").wait_for()
    seen["results"] = findings(page)
    page.get_by_role("link", name="Undo this run").click()
    seen["undo"] = findings(page)
    page.goto(visitor.root)
    seen["start with runs"] = findings(page)
    page.goto(f"{visitor.root}none")
    seen["none"] = findings(page)
    assert {name: found for name, found in seen.items() if found} == {}


def test_the_keyboard_is_enough(serve, desk, visit):
    visitor = visit(serve(desk), size=PHONE)
    page = visitor.page

    def press_until(name: str) -> None:
        """Go on by Tab until a control of this name has the focus, and press it."""
        words = "document.activeElement.innerText || document.activeElement.value || ''"
        for _ in range(60):
            page.keyboard.press("Tab")
            if re.search(name, page.evaluate(words)):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", f"{name}: the focus isn't seen"
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"{name} can't be reached")

    press_until("launch-week.csv")
    page.wait_for_url("**/sheets/launch-week.csv")
    press_until("Show the plan")
    page.get_by_role("heading", name="Each post as it will look").wait_for()
    press_until("^Schedule 14 posts")
    page.get_by_role("heading", name="Files").wait_for()
    press_until("Undo this run")
    page.wait_for_url("**/undo")
    press_until("Undo this run")
    page.get_by_role("heading", name="Files").wait_for()
    assert visitor.said == []


@pytest.fixture
def slow(site: Desk, service: Rig) -> Desk:
    """A folder with a sheet of forty posts, whose site takes half a second for each change."""
    whens = [f"2031-03-03 {n // 2:02}:{n % 2 * 30:02}" for n in range(8, 48)]
    row = {"channel": "FACEBOOK", "timezone": "UTC"}
    site.write(
        "many.csv", [{**row, "key": f"k{n}", "text": f"No. {n}", "publish_at": at} for n, at in enumerate(whens)]
    )
    site.configure('[sites.pottery]\nsite_id = "5a11d0b0-0000-4000-8000-706f74746572"\nvia = "draft"\n')
    service.add_fault(kind="delay", calls=["changing"], seconds=0.5)
    return site


def test_two_tabs_and_a_reload_in_the_middle_send_once(serve, slow, service, visit):
    visitor = visit(serve(slow))
    first = visitor.plan("many.csv")
    second = visitor.tab(first.url)
    first.get_by_role("button", name="Schedule 40 posts").click()
    first.locator("[data-feed] li").first.wait_for()
    second.get_by_role("button", name="Schedule 40 posts").click()
    second.wait_for_url(first.url)
    first.reload()
    assert first.locator("h1").inner_text() == "Sending many.csv"
    third = visitor.tab(f"{visitor.root}sheets/many.csv")
    expect(third.locator("main")).to_contain_text("This sheet is being worked on")
    third.get_by_role("button", name="Show the plan").click()
    third.wait_for_url(first.url)
    service.clear_faults()
    for page in (first, second, third):
        page.get_by_role("heading", name="Files").wait_for()
        assert page.locator("h1").inner_text() == "40 posts scheduled."
    assert len(service.coming()) == 40
    assert len(json.loads(slow("runs", "--json").out)["runs"]) == 1
    visitor.plan("many.csv", third)
    assert third.locator("h1").inner_text() == "Nothing to do"


def test_a_run_outlives_the_browser_and_the_server(serve, slow, service, visit):
    served = serve(slow)
    visitor = visit(served)
    page = visitor.plan("many.csv")
    page.get_by_role("button", name="Schedule 40 posts").click()
    page.locator("[data-feed] li").first.wait_for()
    where = page.url.removeprefix(visitor.root)
    visitor.context.close()
    served.process.kill()
    again = visit(serve(slow))
    page = again.tab(f"{again.root}{where}")
    expect(page.locator("main")).to_contain_text("postbatch was started again")
    service.clear_faults()
    page.get_by_role("heading", name="Files").wait_for()
    assert page.locator("h1").inner_text() == "40 posts scheduled."
    assert len(service.coming()) == 40


def test_a_plan_that_is_not_true_any_more_sends_nothing(serve, desk, visit):
    visitor = visit(serve(desk))
    page = visitor.plan("launch-week.csv")
    path = desk.folder / "launch-week.csv"
    path.write_text(path.read_text("utf-8").replace("2031-03-03", "2031-03-10"), encoding="utf-8")
    page.get_by_role("button", name=re.compile("^Schedule")).click()
    expect(page.locator("main")).to_contain_text("launch-week.csv has changed since the plan was made")
    assert runs_of(desk) == []


def test_a_run_can_be_stopped_and_gone_on_with(serve, slow, service, visit):
    visitor = visit(serve(slow))
    page = visitor.plan("many.csv")
    expect(page.locator("main")).to_contain_text("On pottery.")
    page.get_by_role("button", name="Schedule 40 posts").click()
    page.locator("[data-feed] li").first.wait_for()
    page.get_by_role("button", name="Stop after the post in hand").click()
    page.get_by_role("heading", name="Files").wait_for()
    told = page.locator("h1").inner_text()
    counts = {words: int(count) for count, words in re.findall(r"(\d+) (?:posts? )?([a-z ]+?)(?:,| and |\.)", told)}
    assert counts["scheduled"] > 0
    assert counts["not sent"] > 0
    assert sum(counts.values()) == 40
    expect(page.locator("main")).to_contain_text(f"{counts['not sent']} posts need your attention")
    service.clear_faults()
    visitor.plan("many.csv")
    page.locator("button.main").click()
    page.get_by_role("heading", name="Files").wait_for()
    expect(page.locator("main")).to_contain_text("Nothing needs your attention.")
    assert len(service.coming()) == 40


def test_a_sheet_that_asks_how_it_is_meant_is_answered_on_the_page(serve, desk, visit):
    desk.write("status.csv", [
        {"key": "a", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2031-03-03 09:00", "timezone": "UTC",
         "Status": "Approved"},
        {"key": "b", "channel": "FACEBOOK", "text": "Ho", "publish_at": "2031-03-04 09:00", "timezone": "UTC",
         "Status": "Draft"},
    ])  # fmt: skip
    visitor = visit(serve(desk))
    page = visitor.page
    page.goto(f"{visitor.root}sheets/status.csv")
    expect(page.locator("main")).to_contain_text("can't be read yet")
    page.get_by_label("Only these rows").fill("Status=Approved")
    page.get_by_role("button", name="Read it this way").click()
    expect(page.locator("main")).to_contain_text("No problems found.")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Schedule 1 post").wait_for()


def test_answers_to_the_plan_are_taken_and_the_rest_is_left(serve, desk, visit):
    visitor = visit(serve(desk))
    page = visitor.plan("launch-week.csv")
    with visitor.context.expect_page() as opened:
        page.get_by_role("link", name="Open this page on its own").click()
    answering = opened.value
    answering.set_default_timeout(LONG)
    answering.locator("#who").fill("Anna")
    for post in answering.locator(".post[data-asked]").all()[:2]:
        post.get_by_label("Approve", exact=True).check()
    with answering.expect_download() as download:
        answering.locator("#save").click()
    page.goto(f"{visitor.root}sheets/launch-week.csv")
    page.get_by_text("I have answers to a plan").click()
    page.locator("#answers").set_input_files(
        {"name": "answers.json", "mimeType": "application/json", "buffer": download.value.path().read_bytes()}
    )
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name=re.compile("^Schedule 2 posts")).click()
    page.get_by_role("heading", name="Files").wait_for()
    assert page.locator("h1").inner_text().startswith("2 posts scheduled and 13 skipped")
    assert visitor.said == []
