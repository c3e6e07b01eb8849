"""From a dropped sheet to its results in a real browser: with the keyboard alone, on a phone, in two tabs, reloaded."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from PIL import Image

from tests.commands.conftest import SAMPLES, Desk
from tests.rig.browser import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, LocatorAssertions, Page

    from tests.rig.service import Rig

pytestmark = pytest.mark.browser

WIDE, PHONE = (1280, 900), (390, 844)
LONG = 30_000
DROP = """async ([form, name, text, more]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  for (const [other, url] of more || []) data.items.add(new File([await (await fetch(url)).blob()], other));
  for (const type of ["dragover", "drop"])
    form.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def expect(locator: Locator) -> LocatorAssertions:
    """Wait for what a locator is to become. Imported late: where there is no browser there may be no playwright."""
    from playwright.sync_api import expect as wait_for

    return wait_for(locator)


MISSING = {
    "key": "a", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2031-03-03 09:00", "timezone": "UTC",
}  # fmt: skip


def picture(color: str) -> bytes:
    """Return a small picture as a camera would make it."""
    file = io.BytesIO()
    Image.new("RGB", (640, 640), color).save(file, "JPEG")
    return file.getvalue()


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
    page.get_by_role("button", name="Undo this run").click()
    button = page.get_by_role("button", name="Cancel 14 posts and delete 1")
    expect(page.locator(".issues").first).to_contain_text("That run scheduled it for Mon 3 Mar 2031")
    assert len(runs_of(desk)) == 1, "the plan of an undo changes nothing"
    button.click()
    page.get_by_role("heading", name="Files").wait_for()
    assert page.locator("h1").inner_text() == "14 posts cancelled and 1 deleted."
    page.goto(visitor.root)
    expect(page.get_by_role("button", name=re.compile("^(Undo|Redo)"))).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Undone since.")
    page.get_by_role("button", name=re.compile("Results of March")).last.click()
    page.get_by_role("link", name=re.compile(r"Download .*\.results\.xlsx")).wait_for()
    assert visitor.said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_all_pages_are_without_findings_and_as_wide_as_the_screen(serve, desk, visit, size, theme):
    visitor = visit(serve(desk), size=size, theme=theme)
    page = visitor.page
    desk.write("missing.csv", [{**MISSING, "media": "pics/bowl.jpg | mug.png"}])
    seen = {"start": findings(page)}
    page.goto(f"{visitor.root}sheets/mistakes.xlsx?only=channel%3DFACEBOOK")
    seen["sheet"] = findings(page)
    page.goto(f"{visitor.root}sheets/missing.csv")
    page.get_by_role("heading", name="2 files aren't in the folder yet").wait_for()
    seen["missing media"] = findings(page)
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
    page.get_by_role("button", name="Undo this run").click()
    page.get_by_role("heading", name="What changes").wait_for()
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
    page.get_by_role("heading", name="What changes").wait_for()
    press_until("^Cancel 14 posts")
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


def test_an_undo_is_shown_first_done_once_and_can_be_redone(serve, site, service, visit):
    rows = [{**MISSING, "key": f"k{n}", "text": f"No. {n}"} for n in range(3)]
    site.write("three.csv", rows)
    visitor = visit(serve(site))
    page = visitor.plan("three.csv")
    page.get_by_role("button", name="Schedule 3 posts").click()
    page.get_by_role("heading", name="Files").wait_for()
    site.write("three.csv", [{**row, "publish_at": "2031-04-03 09:00"} for row in rows])
    visitor.plan("three.csv")
    page.get_by_role("button", name="Move 3 posts").click()
    page.get_by_role("heading", name="Files").wait_for()
    moved = [post.due for post in service.coming()]
    page.get_by_role("button", name="Undo this run").click()
    button = page.get_by_role("button", name="Move 3 posts")
    button.wait_for()
    second = visitor.tab(page.url)
    assert [post.due for post in service.coming()] == moved
    button.click()
    page.get_by_role("heading", name="Files").wait_for()
    put_back = [post.due for post in service.coming()]
    assert put_back != moved
    calls = len(service.calls())
    second.get_by_role("button", name="Move 3 posts").click()
    second.wait_for_url(page.url)
    page.go_back()
    page.get_by_role("link", name="See how it went").click()
    page.get_by_role("heading", name="Files").wait_for()
    assert len(service.calls()) == calls, "nothing is undone twice"
    page.get_by_role("button", name="Redo: take this undo back").click()
    page.get_by_role("button", name="Move 3 posts").click()
    page.get_by_role("heading", name="Files").wait_for()
    assert [post.due for post in service.coming()] == moved
    assert len(service.coming()) == 3
    page.goto(visitor.root)
    expect(page.locator("main")).to_contain_text("Redone since.")


def test_an_undo_that_is_not_as_it_was_shown_changes_nothing(serve, site, service, visit):
    site.write("one.csv", [MISSING])
    visitor = visit(serve(site))
    page = visitor.plan("one.csv")
    page.get_by_role("button", name="Schedule 1 post").click()
    page.get_by_role("button", name="Undo this run").click()
    button = page.get_by_role("button", name="Cancel 1 post")
    button.wait_for()
    site.write("one.csv", [{**MISSING, "text": "Changed meanwhile"}])
    assert site("run", "one.csv", "--yes", "--no-page").status == 0
    button.click()
    page.get_by_role("heading", name="Nothing was undone").wait_for()
    expect(page.locator("main")).to_contain_text("have moved: a (row 2) since the plan was made, so nothing was sent.")
    expect(page.locator("main")).not_to_contain_text("postbatch undo")
    assert len(service.coming()) == 1
    page.get_by_role("button", name="Look at the undo again").click()
    page.get_by_role("heading", name="Nothing to undo").wait_for()


def test_an_undo_waits_while_a_run_is_going_on_and_says_so(serve, slow, service, visit):
    slow.write("one.csv", [MISSING])
    assert slow("run", "one.csv", "--yes", "--no-page").status == 0
    visitor = visit(serve(slow))
    page = visitor.plan("many.csv")
    page.get_by_role("button", name="Schedule 40 posts").click()
    page.locator("[data-feed] li").first.wait_for()
    other = visitor.tab(visitor.root)
    other.get_by_role("button", name=re.compile("^Undo of one.csv")).click()
    other.get_by_role("heading", name="Nothing was undone").wait_for()
    expect(other.locator("main")).to_contain_text("Another run is at work on site pottery")
    expect(other.locator("main")).to_contain_text("Wait until it has ended")
    service.clear_faults()
    page.get_by_role("heading", name="Files").wait_for()
    assert len(service.coming()) == 41
    other.get_by_role("button", name="Look at the undo again").click()
    other.get_by_role("button", name="Cancel 1 post").click()
    other.get_by_role("heading", name="Files").wait_for()
    assert len(service.coming()) == 40


def test_pictures_come_with_the_sheet_or_later_each_to_its_place(serve, desk, visit):
    visitor = visit(serve(desk))
    page = visitor.page
    text = "key,channel,text,media,publish_at,timezone\n" + "".join(
        f"{key},FACEBOOK,Hi {key},{media},2031-03-03 09:00,UTC\n"
        for key, media in (("a", "pics/bowl.jpg"), ("b", "mug.jpg"), ("c", "left/plate.jpg"), ("d", "right/plate.jpg"))
    )
    for name, color in (("bowl.jpg", "red"), ("plate.jpg", "blue"), ("other.jpg", "green")):
        (desk.folder.parent / name).write_bytes(picture(color))
    page.route("**/given/*", lambda route: route.fulfill(path=desk.folder.parent / route.request.url.rsplit("/", 1)[1]))
    drop = [page.locator("[data-drop]").element_handle(), "June.csv", text, [["bowl.jpg", "/given/bowl.jpg"]]]
    page.evaluate(DROP, drop)
    page.wait_for_url("**/sheets/June.csv*")
    expect(page.locator("main")).to_contain_text("pics/bowl.jpg is in the folder now.")
    assert (desk.folder / "pics" / "bowl.jpg").read_bytes() == picture("red")
    page.get_by_role("heading", name="3 files aren't in the folder yet").wait_for()
    page.get_by_label("left/plate.jpg").set_input_files(desk.folder.parent / "plate.jpg")
    page.get_by_label("Drop pictures and videos here").set_input_files(
        [
            {"name": "mug.jpg", "mimeType": "image/jpeg", "buffer": picture("white")},
            {"name": "plate.jpg", "mimeType": "image/jpeg", "buffer": picture("black")},
            {"name": "evil.jpg", "mimeType": "image/jpeg", "buffer": b"<script>alert(1)</script>"},
        ]
    )
    page.get_by_role("button", name="Add these files").click()
    page.get_by_role("heading", name="1 file isn't in the folder yet").wait_for()
    expect(page.locator("main")).to_contain_text("evil.jpg: this file is neither a picture nor a video.")
    assert (desk.folder / "left" / "plate.jpg").read_bytes() == picture("blue")
    assert (desk.folder / "plate.jpg").read_bytes() == picture("black"), "two places are called so: none was guessed"
    page.get_by_label("right/plate.jpg").set_input_files(desk.folder.parent / "other.jpg")
    page.get_by_role("button", name="Add these files").click()
    expect(page.locator("main")).to_contain_text("No problems found.")
    page.get_by_label("Drop pictures and videos here").set_input_files(
        {"name": "mug.jpg", "mimeType": "image/jpeg", "buffer": picture("pink")}
    )
    page.get_by_role("button", name="Add these files").click()
    expect(page.locator("main")).to_contain_text("mug.jpg was not added: another file is there as mug.jpg.")
    assert (desk.folder / "mug.jpg").read_bytes() == picture("white")
    page.get_by_label("Drop pictures and videos here").set_input_files(
        {"name": "mug.jpg", "mimeType": "image/jpeg", "buffer": picture("pink")}
    )
    page.get_by_label("Replace files of the same name").check()
    page.get_by_role("button", name="Add these files").click()
    expect(page.locator("main")).to_contain_text("mug.jpg is in the folder now.")
    assert (desk.folder / "mug.jpg").read_bytes() == picture("pink")
    visitor.plan("June.csv")
    page.get_by_role("button", name="Schedule 4 posts").wait_for()


def test_a_wrong_cell_is_corrected_on_the_page_in_a_copy_that_can_be_downloaded(serve, desk, visit):
    desk.write("wrong.csv", [
        {**MISSING, "publish_at": "2031-03-03 25:00"}, {**MISSING, "key": "b", "channel": "Facebok"},
        {**MISSING, "key": "c", "channel": "Facebok", "timezone": "Nowhere"},
    ])  # fmt: skip
    before = (desk.folder / "wrong.csv").read_bytes()
    visitor = visit(serve(desk))
    page = visitor.page
    page.goto(f"{visitor.root}sheets/wrong.csv")
    page.get_by_label("Write in D2", exact=True).fill("2031-03-03 15:00")
    page.get_by_text("Something else").nth(1).click()
    page.get_by_label("Write in B4").fill("LINKEDIN")
    page.get_by_label(re.compile("Write in E4")).fill("Europe/Rome")
    page.get_by_role("button", name="Fix the ticked cells in a copy").click()
    page.wait_for_url("**/sheets/wrong.fixed.csv*")
    told = "This is a corrected copy of wrong.csv, which was left as it is. Changed: 4 cells."
    expect(page.locator("main")).to_contain_text(told)
    expect(page.locator("main")).to_contain_text("No problems found.")
    assert (desk.folder / "wrong.csv").read_bytes() == before
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this sheet").click()
    assert download.value.suggested_filename == "wrong.fixed.csv"
    text = download.value.path().read_text("utf-8")
    assert [part in text for part in ("2031-03-03 15:00", "b,FACEBOOK", "c,LINKEDIN", "Europe/Rome")] == [True] * 4
    assert visitor.said == []


def test_corrections_of_to_fix_are_taken_over_from_dropped_results(serve, desk, visit):
    desk.write("plan.csv", [MISSING, {**MISSING, "key": "b", "publish_at": "2031-03-04 25:00"}])
    assert desk("run", "plan.csv", "--sandbox", "--yes", "--no-page").status == 1
    book = openpyxl.load_workbook(desk.folder / "plan.results.xlsx")
    tab = book["To fix"]
    column = next(cell.column for cell in tab[1] if str(cell.value).startswith("publish_at"))
    tab.cell(2, column).value = "2031-03-04 15:00"
    changed = io.BytesIO()
    book.save(changed)
    visitor = visit(serve(desk))
    page = visitor.page
    page.get_by_label("Drop a sheet here").set_input_files(
        {"name": "plan.results.xlsx", "mimeType": "application/zip", "buffer": changed.getvalue()}
    )
    page.get_by_role("button", name="Check this sheet").click()
    page.wait_for_url("**/sheets/plan.csv*")
    expect(page.locator("main")).to_contain_text("plan.results (2).xlsx is beside this sheet.")
    page.get_by_role("button", name="Take over my corrections").click()
    page.wait_for_url("**/sheets/plan.fixed.csv*")
    assert "2031-03-04 15:00" in (desk.folder / "plan.fixed.csv").read_text("utf-8")
    expect(page.locator("main")).to_contain_text("No problems found.")
