from __future__ import annotations

import re
import subprocess
from zoneinfo import ZoneInfo

import pytest

from batch.sandbox.console import GROUPS
from batch.sandbox.content import STATUSES
from batch.sandbox.sites import SITE_ID
from tests.rig.server import RigServer

OTHER = "5a11d0b0-0000-4000-8000-000000000002"


def test_every_state_of_an_item_has_its_place():
    assert sorted(status for _, _, statuses in GROUPS for status in statuses) == sorted(STATUSES)


def fill(api):
    date = api.date(days=1)
    for status in STATUSES:
        item = api.item(status=status, referenceId=f"ref-{status}", schedulingInfo={"scheduledDate": date})
        item["linkedinPost"]["caption"] = f"text {status}"
        api.service.seed(items=[item])


def test_all_posts_are_in_the_list_and_those_with_a_time_in_the_calendar(api):
    fill(api)
    html = api.send("GET", "/").body.decode()
    for status in STATUSES:
        assert html.count(f"<code>ref-{status}</code>") == 1
    calendar = html[html.index("<table") : html.index("</table>")]
    shown = set(re.findall(r"text (\w+)</span>", calendar))
    assert shown == {"SCHEDULED", "PROCESSING", "IN_QUEUE", "PUBLISHED", "FAILED"}
    assert "Your LinkedIn (sandbox)" in html


def test_a_post_stands_on_its_own_day(api):
    api.scheduled(hours=24)
    html = api.send("GET", "/").body.decode()
    cell = next(part for part in html.split("<td ")[1:] if 'class="slot' in part)
    assert '<span class="d">25</span>' in cell
    assert "10:00" in cell


def test_times_and_days_are_those_of_the_zone_that_the_page_is_made_for(api):
    api.scheduled(hours=15)
    assert "01:00" in api.send("GET", "/").body.decode()
    api.service.zone = ZoneInfo("America/New_York")
    html = api.send("GET", "/").body.decode()
    cell = next(part for part in html.split("<td ")[1:] if 'class="slot' in part)
    assert '<span class="d">24</span>' in cell
    assert "20:00" in cell
    assert "EST" in html


def test_the_page_opens_where_the_next_post_stands_and_leads_back_to_today(api):
    api.scheduled(hours=24 * 95)
    api.scheduled(hours=24 * 40)
    html = api.send("GET", "/").body.decode()
    assert '<h2 id="month">January 2027</h2>' in html
    assert 'month=2026-11#month">Today</a>' in html
    today = api.send("GET", "/", query=[("month", "2026-11")]).body.decode()
    assert '<h2 id="month">November 2026</h2>' in today


@pytest.mark.parametrize(
    ("given", "shown"),
    [("", "November 2026"), ("2027-02", "February 2027"), ("2031-12", "December 2031")],
)
def test_a_month_can_be_named(api, given, shown):
    html = api.send("GET", "/", query=[("month", given)]).body.decode()
    assert f'<h2 id="month">{shown}</h2>' in html


@pytest.mark.parametrize(
    "given", ["1-1", "2026-13", "2026-00", "0000-01", "0001-01", "2026", "2026-1", "2026-01-01", "9999-12"]
)
def test_a_month_that_is_none_is_refused(api, given):
    assert api.refused("GET", "/", query=[("month", given)]) == (400, "month")


def test_each_site_has_its_page(make_api):
    api = make_api(sites={SITE_ID: "Pottery", OTHER: "Shop & Co"})
    api.draft(referenceId="only-here")
    assert "only-here" in api.send("GET", "/").body.decode()
    assert "<h1>Pottery</h1>" in api.send("GET", "/").body.decode()
    other = api.send("GET", "/", query=[("site", OTHER)]).body.decode()
    assert "only-here" not in other
    assert "<h1>Shop &amp; Co</h1>" in other
    assert "<h1>Pottery</h1>" in api.send("GET", "/", query=[("site", "none")]).body.decode()


NAUGHTY = "</p><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\x00"


def test_texts_can_never_become_markup(api):
    item = api.item(referenceId=NAUGHTY, schedulingInfo={"scheduledDate": api.date(days=1)})
    item["linkedinPost"]["caption"] = NAUGHTY
    api.service.seed(items=[item | {"status": "SCHEDULED"}], name="x")
    html = api.send("GET", "/").body.decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "{{ 7*7 }}" in html


def test_the_page_loads_nothing_from_elsewhere(api):
    fill(api)
    answer = api.send("GET", "/")
    assert "default-src 'none'" in dict(answer.headers)["content-security-policy"]
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.body.decode())


def test_a_large_site_is_shown_in_part_and_counted(api):
    api.service.seed(items=[api.item() for _ in range(2000)])
    html = api.send("GET", "/").body.decode()
    assert html.count("<article") == 300
    assert "and 1700 more" in html


@pytest.mark.browser
def test_a_browser_shows_the_page(tmp_path):
    with RigServer() as server:
        picture = tmp_path / "page.png"
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1240,900", f"--screenshot={picture}", server.url + "/",
        ]  # fmt: skip
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 20_000
