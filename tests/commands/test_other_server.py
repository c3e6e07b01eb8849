"""The command against a second Publisher API, written by its facts alone, in many tempers: all of them are coped with.

Where the API leaves room (optional fields, forms of dates and IDs, limits of a page, gateways that answer in HTML),
each temper takes it; a sheet is scheduled all the same, its second run changes nothing, and what is refused says why.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.commands.conftest import Desk
from tests.commands.other_facts import ACCOUNTS, Temper
from tests.commands.other_http import other_server
from tests.commands.other_server import OtherServer

SITE_ID = "01234567-89ab-cdef-0123-456789abcdef"
PICTURE = "https://static.wixstatic.com/media/a.jpg"
VIDEO = "https://video.wixstatic.com/video/a.mp4"
ZONE = {"timezone": "Europe/Berlin"}
AT = "2031-01-05 09:30"
LINKEDIN = {"name": "LINKEDIN", "accountId": "urn:li:person:abc"}
SHEET = [
    {"key": "ig", "channel": "instagram", "publish_at": AT, "text": "Two\nlines 🎉", "media": PICTURE, **ZONE},
    {"key": "ig-story", "channel": "Instagram", "type": "story", "publish_at": AT, "media": PICTURE, **ZONE},
    {"key": "fb", "channel": "Facebook", "publish_at": AT, "text": "A link", "link": "https://example.org/a", **ZONE},
    {"key": "reel", "channel": "Facebook", "type": "REEL", "publish_at": AT, "text": "R", "media": VIDEO,
     "account": "Jars", **ZONE},
    {"key": "fb-story", "channel": "FACEBOOK", "type": "STORY", "publish_at": AT, "media": PICTURE, **ZONE},
    {"key": "yt", "channel": "YouTube", "publish_at": AT, "text": "D", "title": "T", "media": VIDEO, **ZONE},
    {"key": "short", "channel": "youtube", "type": "short", "publish_at": AT, "text": "D", "title": "T",
     "media": VIDEO, **ZONE},
    {"key": "li", "channel": "linkedin", "publish_at": AT, "text": "Words", **ZONE},
    {"key": "pin", "channel": "pinterest", "publish_at": AT, "text": "P", "title": "T", "media": PICTURE,
     "link": "https://example.org/p", **ZONE},
    {"key": "gbp", "channel": "Google Business Profile", "publish_at": AT, "text": "G", "call_to_action": "book",
     **ZONE},
    {"key": "photo", "channel": "TikTok", "publish_at": AT, "text": "t", "media": PICTURE, "privacy": "SELF_ONLY",
     **ZONE},
    {"key": "clip", "channel": "TikTok", "type": "VIDEO", "publish_at": AT, "text": "v", "media": VIDEO,
     "privacy": "PUBLIC_TO_EVERYONE", **ZONE},
    {"key": "live", "channel": "linkedin", "publish_at": "now", "text": "At once", **ZONE},
    {"key": "idea", "channel": "linkedin", "text": "A draft", **ZONE},
]  # fmt: skip
WANTED = {row["key"]: "scheduled" for row in SHEET} | {"live": "published", "idea": "drafted"}

ODD = Temper(
    paging="none", date_header=False, features="missing", minimal=True, extra=True, page_limit=50, sort_refused=True,
    dates="millis", upper_ids=True, one_medium_as_url=True, blanks="null", crlf=True, references="none",
    token_status=404, html_errors=True,
)  # fmt: skip
TEMPERS = {
    "plain": (Temper(), "draft"),
    "no total, no date": (Temper(paging="no_total", date_header=False), "publish"),
    "no features at all": (Temper(features="gone", html_errors=True), "draft"),
    "slow down first": (Temper(limited_first=1, retry_after="date"), "bulk"),
    "bulk in any order": (Temper(bulk="shuffled", dates="offset"), "bulk"),
    "half of a bulk answer": (Temper(bulk="partial", blanks="empty"), "bulk"),
    "no bulk in the plan": (Temper(bulk="refused", list_deleted=False), "bulk"),
    "all odd, draft": (ODD, "draft"),
    "all odd, publish": (ODD, "publish"),
    "all odd, bulk": (ODD, "bulk"),
}


def at_site(desk: Desk, server: OtherServer) -> Desk:
    """Return the desk with an environment that names the server."""
    key = server.temper.credential
    desk.configure("settle_seconds = 1\n")
    return Desk(desk.folder, {**desk.environ, "WIX_API_URL": server.url, "WIX_API_KEY": key, "WIX_SITE_ID": SITE_ID})


def linkedin(reference: str, status: str, text: str = "Words") -> dict[str, Any]:
    """Return an item of the LinkedIn account as a site may hold it."""
    post = {"caption": text, "authorId": LINKEDIN["accountId"]}
    return {"channel": LINKEDIN, "type": "POST", "status": status, "referenceId": reference, "linkedinPost": post}


def kinds(posts: list[dict[str, Any]]) -> dict[str, str]:
    return {post["key"]: post["outcome"] for post in posts}


@pytest.mark.parametrize("name", TEMPERS)
def test_a_sheet_is_sent_once_whatever_the_server_s_temper(desk: Desk, name: str) -> None:
    temper, via = TEMPERS[name]
    desk.write("posts.csv", SHEET)
    with other_server(temper) as server:
        server.add({"status": "NEW_STATE", "channel": {"name": "MASTODON"}, "type": "TOOT"})
        server.add({**linkedin("", "PUBLISHED", "By somebody"), "external": True})
        site = at_site(desk, server)
        ended, posts = site.run("posts.csv", "--via", via)
        assert (ended.status, kinds(posts)) == (0, WANTED), ended.err
        assert sorted(i["referenceId"] for i in server.items.values() if i.get("referenceId")) == sorted(WANTED)
        assert [item["referenceId"] for item in server.shown] == ["live"]
        assert server.of("reel")["facebookReel"]["pageId"] == "900000000000000002"
        assert server.of("gbp")["gbpPost"] == {"description": "G", "callToAction": "BOOK", "locationId": "loc-1"}
        server.calls.clear()
        ended, posts = site.run("posts.csv", "--via", via)
        assert (ended.status, set(kinds(posts).values()), server.changing()) == (0, {"unchanged"}, [])


@pytest.mark.parametrize("status", ["PROCESSING", "IN_QUEUE"])
def test_a_post_on_its_way_is_processing_until_status_finds_it_live(desk: Desk, status: str) -> None:
    desk.write("posts.csv", [SHEET[-2]])
    with other_server(Temper(after_publish=status)) as server:
        site = at_site(desk, server)
        ended, posts = site.run("posts.csv")
        assert (ended.status, kinds(posts)) == (0, {"live": "processing"})
        server.of("live").update(status="PUBLISHED", externalItemUrl="https://social.example/1")
        assert site("status", "out.json").status == 0
        (post,) = site.posts("out.json")
        assert (post["outcome"], post["link"]) == ("published", "https://social.example/1")


def test_what_the_plan_has_not_got_is_blocked_after_few_calls(desk: Desk) -> None:
    desk.write("posts.csv", [SHEET[7], {**SHEET[7], "key": "li-2", "text": "More"}])
    with other_server(Temper(no_schedule=True, features="gone")) as server:
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, set(kinds(posts).values())) == (1, {"blocked"})
        assert all("plan does not include this, or its quota is used up" in post["message"] for post in posts)
        assert len(server.changing()) <= 4


def test_a_428_as_a_page_says_nothing_of_the_plan_and_ends_its_own_rows_after_few_calls(desk: Desk) -> None:
    desk.write("posts.csv", [SHEET[7], {**SHEET[7], "key": "li-2", "text": "More"}])
    with other_server(Temper(no_schedule=True, features="gone", html_errors=True)) as server:
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, set(kinds(posts).values())) == (1, {"failed"})
        assert not any("plan does not include" in post["message"] for post in posts)
        assert len(server.changing()) <= 4


@pytest.mark.parametrize("html", [False, True])
def test_a_channel_that_is_not_connected_holds_up_no_other(desk: Desk, html: bool) -> None:
    desk.write("posts.csv", [SHEET[0], SHEET[7]])
    with other_server(Temper(disconnected=("INSTAGRAM",), html_errors=html)) as server:
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, kinds(posts)) == (1, {"ig": "blocked", "li": "scheduled"})


def test_a_token_state_that_can_not_be_had_stops_nothing(desk: Desk) -> None:
    desk.write("posts.csv", [SHEET[7]])
    with other_server(Temper(token_status=503, html_errors=True)) as server:
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, kinds(posts)) == (0, {"li": "scheduled"})


def test_an_item_is_found_by_its_id_in_any_case(desk: Desk) -> None:
    with other_server(Temper(upper_ids=True)) as server:
        item = server.add({**linkedin("li", "SCHEDULED"), "schedulingInfo": {"scheduledDate": "2031-01-04T08:30:00Z"}})
        desk.write("posts.csv", [{**SHEET[7], "item_id": item["id"].lower()}])
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, kinds(posts)) == (0, {"li": "rescheduled"})
        assert server.of("li")["schedulingInfo"]["scheduledDate"].startswith("2031-01-05T08:30:00")


def test_several_accounts_and_no_default_is_a_question(desk: Desk) -> None:
    accounts = {**ACCOUNTS, "LINKEDIN": [{"linkedin": {"id": "urn:1"}}, {"linkedin": {"id": "urn:2"}}]}
    desk.write("posts.csv", [SHEET[7], {**SHEET[7], "key": "named", "text": "More", "account": "urn:2"}])
    with other_server(accounts=accounts) as server:
        ended, posts = at_site(desk, server).run("posts.csv")
        assert (ended.status, kinds(posts)) == (1, {"li": "blocked", "named": "scheduled"})
        assert server.of("named")["linkedinPost"]["authorId"] == "urn:2"


APP = {
    "WIX_API_KEY": "",
    "WIX_APP_ID": "app-id",
    "WIX_APP_SECRET": "app-secret",
    "WIX_INSTANCE_ID": "inst",
}


TOKEN = {"WIX_API_KEY": "", "WIX_ACCESS_TOKEN": Temper().credential}


@pytest.mark.parametrize("environ", [TOKEN, APP, {**APP, "WIX_SITE_ID": ""}])
def test_each_credential_signs_in_bare_and_only_a_key_names_its_site(desk: Desk, environ: dict[str, str]) -> None:
    desk.write("posts.csv", [SHEET[7]])
    with other_server() as server:
        ended = at_site(desk, server)("plan", "posts.csv", environ=environ)
        assert (ended.status, ended.err) == (0, "")
        asked = [headers for _, path, _, headers in server.calls if path != "/oauth2/token"]
        assert {headers["authorization"] for headers in asked} == {server.temper.credential}
        assert not any("wix-site-id" in headers for headers in asked)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "posts.csv", "--yes", "--out", "posts.csv"),
        ("run", "posts.csv", "--yes", "--out", "results.txt"),
        ("run", "posts.csv", "--yes", "--page", "posts.csv"),
        ("run", "posts.csv", "--yes", "--annotate"),
        ("plan", "posts.csv", "--out", "plan.csv"),
        ("check", "posts.csv", "--out", "issues.csv"),
    ],
)
def test_a_place_that_can_not_be_written_is_refused_before_any_call(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.write("posts.csv", [SHEET[7]])
    with other_server() as server:
        ended = at_site(desk, server)(*arguments)
        assert (ended.status, server.calls) == (2, [])
        assert len(ended.err.strip().splitlines()) == 1


TWO_SITES = """
[sites.pottery]
site_id = "01234567-89ab-cdef-0123-456789abcdef"
api_key_env = "WIX_POTTERY_KEY"
[sites.cafe]
site_id = "11111111-89ab-cdef-0123-456789abcdef"
api_key_env = "WIX_CAFE_KEY"
"""


@pytest.mark.parametrize(("cafe_key", "status"), [("", 2), ("wrong", 2), (Temper().credential, 1)])
def test_a_run_starts_where_any_site_can_be_read(desk: Desk, cafe_key: str, status: int) -> None:
    desk.write("posts.csv", [{**SHEET[7], "site": "pottery"}, {**SHEET[7], "site": "Cafe"}])
    with other_server() as server:
        site = at_site(desk, server)
        site.configure(TWO_SITES)
        own = {"WIX_API_KEY": "", "WIX_SITE_ID": "", "WIX_POTTERY_KEY": "wrong", "WIX_CAFE_KEY": cafe_key}
        ended = site("run", "posts.csv", "--yes", "--out", "out.json", environ=own)
        assert ended.status == status
        if status == 2:
            assert server.changing() == []
        else:
            assert [post["outcome"] for post in site.posts("out.json")] == ["blocked", "scheduled"]


@pytest.mark.parametrize("command", [("check", "posts.csv"), ("runs",), ("template", "--out", "new.csv")])
def test_a_command_that_asks_no_service_says_the_sandbox_too(desk: Desk, command: tuple[str, ...]) -> None:
    desk.write("posts.csv", [SHEET[7]])
    assert "SANDBOX" in desk(*command, "--sandbox").out
    assert "SANDBOX" not in desk(*command, *(("--force",) if "template" in command else ())).out


def test_doctor_is_content_without_a_time_zone(desk: Desk) -> None:
    with other_server() as server:
        ended = at_site(desk, server)("doctor")
        assert ended.status == 0
        assert "no time zone" in ended.out


def test_a_pull_leaves_out_what_could_not_be_run_and_says_so(desk: Desk) -> None:
    with other_server() as server:
        server.add({"status": "DRAFT", "channel": {"name": "MASTODON"}, "type": "TOOT"})
        server.add(linkedin("li", "DRAFT"))
        site = at_site(desk, server)
        ended = site("pull", "--out", "held.csv")
        assert "1 of an unknown kind (MASTODON TOOT)" in ended.out
        ended, posts = site.run("held.csv")
        assert (ended.status, kinds(posts), server.changing()) == (0, {"li": "unchanged"}, [])


def test_the_whole_way_there_and_back(desk: Desk) -> None:
    desk.write("posts.csv", [SHEET[7], SHEET[-1]])
    with other_server(ODD) as server:
        site = at_site(desk, server)
        assert site("plan", "posts.csv", "--out", "plan.json").status == 0
        assert server.changing() == []
        assert site("apply", "plan.json", "--yes", "--out", "out.json").status == 0
        assert site("apply", "plan.json", "--yes").status == 2
        assert site("pull", "--out", "held.csv").status == 0
        server.calls.clear()
        ended, posts = site.run("held.csv")
        assert (ended.status, set(kinds(posts).values()), server.changing()) == (0, {"unchanged"}, [])
        desk.write("posts.csv", [{**SHEET[7], "publish_at": "2031-01-06 09:30"}, {**SHEET[-1], "text": "Changed"}])
        ended, posts = site.run("posts.csv")
        assert (ended.status, kinds(posts)) == (0, {"li": "rescheduled", "idea": "updated"})
        assert site("undo", "last", "--yes", "--out", "undone.json").status == 0
        assert server.of("li")["schedulingInfo"]["scheduledDate"].startswith("2031-01-05T08:30:00")
        assert server.of("idea")["linkedinPost"]["caption"] == "A draft"
