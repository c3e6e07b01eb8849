"""`report`, compared with the service's own ledger of what the public saw."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape

import openpyxl
import pytest

from batch.commands.report import file_endings, read_month
from batch.errors import StartError
from batch.publisher.payload import read_item
from batch.sandbox.sites import ACCOUNTS

FAILING = "[sandbox:fail]"
NOW = datetime(2031, 3, 16, 12, 0, tzinfo=UTC)


def rows() -> list[dict[str, str]]:
    """Posts of February to April, some of which the service refuses at their time, and a draft."""
    start = datetime(2031, 2, 20, 9, 30, tzinfo=UTC)
    posts = [
        {
            "key": f"post-{n:02}",
            "channel": ("FACEBOOK", "LINKEDIN")[n % 2],
            "text": f"Post number {n}{' ' + FAILING if n % 9 == 0 else ''}",
            "publish_at": (start + timedelta(days=n)).strftime("%Y-%m-%d %H:%M"),
            "timezone": "UTC",
            "Campaign": ("spring", "launch")[n % 3 == 0],
        }
        for n in range(60)
    ]
    return [*posts, {**posts[0], "key": "idea", "text": "An idea", "publish_at": ""}]


@pytest.fixture
def month(site, service):
    site.write("posts.csv", rows())
    ended = site("run", "posts.csv", "-y", "--via", "bulk", "--no-page")
    assert ended.status == 0, ended.err
    service.set_clock(NOW)
    return site


def test_the_figures_are_those_of_the_services_own_ledger(month, service):
    ended = month("report", "--month", "2031-03", "--json")
    told = json.loads(ended.out)
    states = Counter(post["status"] for post in told["posts"])

    def of_march(at: datetime) -> bool:
        return (at.year, at.month) == (2031, 3)

    public = {post.item_id: post.url for post in service.public() if of_march(post.due)}
    assert {post["item_id"]: post["link"] for post in told["posts"] if post["status"] == "PUBLISHED"} == public
    assert states["SCHEDULED"] == sum(of_march(post.due) for post in service.coming())
    failed = [item for item in service.items() if item["status"] == "FAILED"]
    march = [item for item in failed if item["schedulingInfo"]["scheduledDate"].startswith("2031-03")]
    assert states["FAILED"] == len(march) > 0
    assert states["DRAFT"] == 1
    assert ended.status == 1, "a post failed"
    assert told["headline"] == (
        f"{len(public)} live, {states['SCHEDULED']} scheduled, {len(march)} failed and 1 draft."
    )
    assert told["totals"]["channel"]["FACEBOOK"]["live"] + told["totals"]["channel"]["LINKEDIN"]["live"] == len(public)
    assert {name: sum(count.values()) for name, count in told["totals"]["campaign"].items()} == dict(
        Counter(("spring", "launch")[int(post["key"][5:]) % 3 == 0] for post in told["posts"] if post["key"] != "idea")
        + Counter({"launch": 1})
    )
    assert [post["key"] for post in told["posts"]][-1] == "idea", "drafts without a date come last"
    assert all(post["message"] for post in told["posts"] if post["status"] == "FAILED")


def test_it_says_the_state_and_not_what_the_last_run_did(month):
    month("run", "posts.csv", "-y", "--no-page")
    ended = month("report", "--month", "2031-03")
    assert "live" in ended.out
    assert "Nothing" not in ended.out
    book = openpyxl.load_workbook(month.folder / "report-2031-03.xlsx")
    links = {cell.hyperlink.target for row in book["Results"].iter_rows() for cell in row if cell.hyperlink}
    assert links, "what is live has its link"
    page = (month.folder / "report-2031-03.html").read_text(encoding="utf-8")
    assert " live" in page
    again = month("report", "--month", "2031-03")
    assert (again.status, "report-2031-03.xlsx is there already" in again.err) == (2, True)


def test_a_report_for_each_site_holds_only_its_own_posts(month):
    ended = month("report", "--month", "2031-03", "--split", "site", "--out", "march.json", "--no-page")
    written = [path.name for path in month.folder.glob("march*.json")]
    assert written == ["march-default.json"], ended.err
    assert {post["site"] for post in month.posts("march-default.json")} == {"default"}


def test_what_was_published_at_once_is_in_its_month_though_the_site_shows_no_date(site, service):
    post = {"channel": "FACEBOOK", "timezone": "UTC"}
    site.write("posts.csv", [
        {**post, "key": "now", "text": "Out at once", "publish_at": "now"},
        {**post, "key": "no", "text": f"Refused at once {FAILING}", "publish_at": "now"},
    ])  # fmt: skip
    site("run", "posts.csv", "-y", "--no-page")
    service.seed(items=[{
        "channel": {"name": "LINKEDIN", "accountId": "x"}, "type": "POST", "linkedinPost": {"caption": "Theirs"},
        "status": "PUBLISHED", "id": "00000000-0000-4000-8000-000000000001",
    }])  # fmt: skip
    ended = site("report", "--json")
    told = json.loads(ended.out)
    assert {post["key"]: post["outcome"] for post in told["posts"]} == {"now": "published", "no": "failed"}
    assert all(post["publish_at_utc"] for post in told["posts"])
    assert "Your site: 1 post has no date on the site and came from elsewhere" in ended.err
    assert json.loads(site("report", "--json", "--month", "2026-01").out)["posts"] == []


def test_a_month_is_the_sites_own_across_a_change_of_the_clock(site, service):
    site.configure('timezone = "Europe/Berlin"\n')
    edges = ("2031-02-28 23:30", "2031-03-01 00:00", "2031-03-30 03:30", "2031-03-31 23:59", "2031-04-01 00:00")
    posts = [
        {"key": f"k{n}", "channel": "FACEBOOK", "text": f"Post {n}", "publish_at": at, "Kampagne": "", "campaign": "x"}
        for n, at in enumerate(edges)
    ]
    site.write("posts.csv", posts)
    assert site("run", "posts.csv", "-y", "--no-page").status == 0
    told = json.loads(site("report", "--month", "2031-03", "--json").out)
    assert [post["key"] for post in told["posts"]] == ["k1", "k2", "k3"]
    assert told["posts"][0]["publish_at_utc"] == "2031-02-28T23:00:00+00:00"
    assert told["totals"]["campaign"] == {"x": {"scheduled": 3}}


def test_posts_of_other_people_are_there_with_their_account_by_name(site, service):
    account = ACCOUNTS["LINKEDIN"][0]["id"]
    service.seed(items=[{
        "channel": {"name": "LINKEDIN", "accountId": account}, "type": "POST", "status": "SCHEDULED",
        "linkedinPost": {"caption": "Theirs", "authorId": account},
        "schedulingInfo": {"scheduledDate": "2031-03-03T08:00:00Z"},
    }])  # fmt: skip
    (post,) = json.loads(site("report", "--month", "2031-03", "--json").out)["posts"]
    assert (post["key"], post["account"] != account, bool(post["account"])) == ("", True, True)


def test_a_lapsed_connection_is_told_where_posts_wait_on_it_and_stops_no_report(month, service):
    service.seed(connections={"LINKEDIN": "DISCONNECTED"})
    ended = month("report", "--month", "2031-03")
    waiting = json.loads(month("report", "--month", "2031-03", "--json").out)["totals"]["channel"]["LINKEDIN"]
    said = f"Your site: {waiting['scheduled']} posts scheduled on LINKEDIN won't go out as things stand."
    assert said in ended.err
    assert said in unescape((month.folder / "report-2031-03.html").read_text(encoding="utf-8"))
    assert "LINKEDIN" not in month("report", "--month", "2031-02", "--no-page").err, "nothing waits in February"


def test_the_files_of_sites_are_safe_everywhere_and_no_two_are_one() -> None:
    names = ("a b", "a/b", "A-B", "../../etc", "con:", "Café & Söhne", "..", "日本", "x" * 300)
    endings = file_endings(names)
    assert endings[:7] == ["a-b", "a-b-2", "A-B-3", "etc", "con", "Café-Söhne", "site"]
    assert (endings[7], len(endings[8])) == ("日本", 80)
    assert len({ending.casefold() for ending in endings}) == len(names)


def test_a_page_that_is_there_is_not_written_over(month):
    (month.folder / "mine.html").write_text("mine", encoding="utf-8")
    ended = month("report", "--month", "2031-03", "--page", "mine.html")
    assert (ended.status, (month.folder / "mine.html").read_text(encoding="utf-8")) == (2, "mine")
    assert month("report", "--month", "2031-03", "--split", "site", "--page", "mine.html").status == 1
    assert (month.folder / "mine-default.html").exists()


def test_the_services_figures_are_shown_as_they_came_and_never_made_up() -> None:
    item = {"id": "1", "insightsSummary": {"reach": 1200, "likes": {"total": 0}, "note": None, "paid": True}}
    assert read_item(item).insights == {"reach": "1200", "likes total": "0"}
    assert read_item({"id": "1", "insightsSummary": "none"}).insights == {}


def test_a_month_is_read_or_refused() -> None:
    assert read_month("", now=datetime(2026, 11, 30, 23, 30, tzinfo=UTC), zone="Europe/Berlin") == "2026-12"
    assert read_month("2026-02", now=NOW, zone="") == "2026-02"
    for text in ("2026-13", "Dec", "2026", "2026-1"):
        with pytest.raises(StartError, match="Write it as 2026-12"):
            read_month(text, now=NOW, zone="")
