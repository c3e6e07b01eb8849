"""`report`, compared with the service's own ledger of what the public saw."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from batch.commands.report import read_month
from batch.errors import StartError
from batch.publisher.payload import read_item

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
        f"{states['SCHEDULED']} scheduled, {len(public)} live, 1 draft and {len(march)} failed."
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
