"""What the site holds, as a sheet: run unchanged it does nothing, and an edit does just what was edited."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from batch.plan.approval import PostAnswer
from batch.sandbox.sites import ACCOUNTS, SITE_ID
from batch.sheets.read import read_sheet
from tests.commands.conftest import KEY, Desk, bare_environ
from tests.commands.test_notes import ANY, answers
from tests.rig.server import RigServer
from tests.rig.service import Rig

MEDIA = {"mediaWrapper": {"media": [{"type": "IMAGE", "url": "https://static.wixstatic.com/media/cup.jpg"}]}}
CLIP = {"mediaWrapper": {"media": [{"type": "VIDEO", "url": "https://video.wixstatic.com/video/bowl.mp4"}]}}
PAGE = {"pageId": ACCOUNTS["FACEBOOK"][0]["page"]["id"]}
YOUTUBE = {"channelId": ACCOUNTS["YOUTUBE"][0]["id"], "videoUrl": "https://video.wixstatic.com/video/bowl.mp4"}
AUTHOR = {"authorId": ACCOUNTS["LINKEDIN"][0]["id"]}
BOARD = {"boardId": ACCOUNTS["PINTEREST"][0]["board"]["id"]}
LOCATION = {"locationId": ACCOUNTS["GBP"][0]["location"]["id"]}

KINDS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("INSTAGRAM", "POST", "instagramPost", "caption", MEDIA),
    ("INSTAGRAM", "STORY", "instagramStory", "", MEDIA),
    ("FACEBOOK", "POST", "facebookPost", "caption", {**PAGE, "link": "https://example.com/spring"}),
    ("FACEBOOK", "REEL", "facebookReel", "description", {**PAGE, **CLIP}),
    ("FACEBOOK", "STORY", "facebookStory", "", {**PAGE, **MEDIA}),
    ("YOUTUBE", "VIDEO", "youtubeVideo", "description", {**YOUTUBE, "title": "A bowl"}),
    ("YOUTUBE", "SHORT", "youtubeShort", "description", {**YOUTUBE, "title": "A short bowl"}),
    ("LINKEDIN", "POST", "linkedinPost", "caption", AUTHOR),
    ("PINTEREST", "POST", "pinterestPost", "description", {**BOARD, **MEDIA, "title": "Plates"}),
    ("GBP", "POST", "gbpPost", "description", {**LOCATION, "callToAction": "BOOK"}),
    ("TIKTOK", "POST", "tiktokPhoto", "description", {**MEDIA, "title": "Cups", "privacyLevel": "SELF_ONLY"}),
    ("TIKTOK", "VIDEO", "tiktokVideo", "description", {**CLIP, "privacyLevel": "PUBLIC_TO_EVERYONE"}),
)
TEXTS = (
    "Plain words",
    "=SUM(A1) is no formula",
    "Two\n\nlines ☕ 👩‍👩‍👧‍👦",
    "+49 30 123",
    "NA",
    "00123",
    "'quoted",
    "#tag first",
)
FIRST = datetime(2031, 3, 1, 7, 0, tzinfo=UTC)
"""From here on an item every two and a half hours: spring and autumn changes of the clock lie within."""


def item(number: int, status: str) -> dict[str, Any]:
    channel, kind, field, text, content = KINDS[number % len(KINDS)]
    words = {text: f"{TEXTS[number % len(TEXTS)]} {number}"} if text else {}
    made: dict[str, Any] = {
        "channel": {"name": channel, "accountId": ACCOUNTS[channel][0]["id"]},
        "type": kind,
        "status": status,
        "id": f"00000000-0000-4000-8000-{number:012d}",
        field: {**content, **words},
    }
    if number % 3:
        made["referenceId"] = f"post-{number:03d}"
    if status in ("SCHEDULED", "PUBLISHED"):
        at = FIRST + timedelta(hours=12.5 * number)
        made["schedulingInfo"] = {"scheduledDate": f"{at:%Y-%m-%dT%H:%M:%S}Z"}
    return made


def seeded(service: Any, many: int) -> None:
    service.seed(items=[item(n, "DRAFT" if n % 7 == 0 else "SCHEDULED") for n in range(many)])


def changing(service: Any) -> list[Any]:
    return [call for call in service.calls() if call.changed and call.origin == "caller"]


def office(path: Path) -> Path:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not there")
    out = path.parent / "office"
    profile = f"-env:UserInstallation=file://{path.parent / 'profile'}"
    convert = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out)]
    subprocess.run([program, profile, "--headless", *convert, str(path)], check=True, capture_output=True, timeout=120)
    return out / path.name


def edit_workbook(path: Path, edits: dict[str, dict[str, object]]) -> None:
    """Set cells of the rows with these item IDs."""
    book = openpyxl.load_workbook(path)
    sheet = book["Posts"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for column, value in edits.get(str(sheet.cell(row, columns["item_id"]).value), {}).items():
            sheet.cell(row, columns[column]).value = value
    book.save(path)


def edit_csv(path: Path, edits: dict[str, dict[str, object]]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update({column: str(value) for column, value in edits.get(row["item_id"], {}).items()})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


MOVED, REWORDED, CANCELLED = (f"00000000-0000-4000-8000-{n:012d}" for n in (1, 2, 3))
EDITS: dict[str, dict[str, object]] = {
    MOVED: {"publish_at": "2031-12-24 18:00"},
    REWORDED: {"text": "New words"},
    CANCELLED: {"action": "cancel"},
}


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_five_hundred_posts_come_and_go_unchanged_and_three_edits_are_three_changes(site, service, name):
    seeded(service, 500)
    assert site("pull", "--out", name).status == 0
    assert changing(service) == []
    ended, posts = site.run(name)
    assert (ended.status, {p["outcome"] for p in posts}) == (0, {"unchanged"}), ended.out
    assert len(posts) == 500
    assert changing(service) == []
    edit = edit_workbook if name.endswith("xlsx") else edit_csv
    edit(site.folder / name, EDITS)
    ended, posts = site.run(name)
    assert ended.status == 0, ended.out
    done = {p["item_id"]: p["outcome"] for p in posts if p["outcome"] != "unchanged"}
    assert done == {MOVED: "rescheduled", REWORDED: "updated", CANCELLED: "cancelled"}
    assert len(changing(service)) == 3


@pytest.mark.office
def test_what_libreoffice_saves_is_still_what_the_site_holds(site, service):
    seeded(service, 60)
    site("pull", "--out", "posts.xlsx")
    shutil.copy(office(site.folder / "posts.xlsx"), site.folder / "saved.xlsx")
    ended, posts = site.run("saved.xlsx")
    assert (ended.status, {p["outcome"] for p in posts}, len(posts)) == (0, {"unchanged"}, 60), ended.out
    assert changing(service) == []
    edit_workbook(site.folder / "saved.xlsx", EDITS)
    shutil.copy(office(site.folder / "saved.xlsx"), site.folder / "again.xlsx")
    ended, posts = site.run("again.xlsx")
    done = {p["item_id"]: p["outcome"] for p in posts if p["outcome"] != "unchanged"}
    assert done == {MOVED: "rescheduled", REWORDED: "updated", CANCELLED: "cancelled"}, ended.out


def test_all_of_it_means_published_posts_too_and_still_nothing_changes(site, service):
    statuses = ("SCHEDULED", "PUBLISHED", "DRAFT", "FAILED", "CANCELED", "DELETED")
    service.seed(items=[item(n, statuses[n % len(statuses)]) for n in range(30)])
    ended = site("pull", "--out", "some.csv")
    left_out = "Left out: 5 published, 5 failed, 5 cancelled, 5 deleted"
    assert f"{left_out} (--all includes what is published)." in ended.out
    ended = site("pull", "--all", "--out", "all.csv")
    assert ended.status == 0
    assert "Left out: 5 failed, 5 cancelled, 5 deleted." in ended.out
    ended, posts = site.run("all.csv")
    assert (ended.status, {p["outcome"] for p in posts}, len(posts)) == (0, {"unchanged"}, 15), ended.out
    assert {p["status"] for p in posts} == {"SCHEDULED", "PUBLISHED", "DRAFT"}
    assert changing(service) == []


def reword_elsewhere(site):
    """Let somebody on another machine pull the site and change the words of a post."""
    elsewhere = {"POSTBATCH_STATE_DIR": str(site.folder / "elsewhere")}
    site("pull", "--out", "theirs.csv", environ=elsewhere)
    edit_csv(site.folder / "theirs.csv", {REWORDED: {"text": "Their words"}})
    assert site("run", "theirs.csv", "-y", "--no-page", environ=elsewhere).status == 0


def test_what_somebody_changed_since_is_a_conflict_and_never_overwritten(site, service):
    seeded(service, 6)
    site("pull", "--out", "posts.csv")
    reword_elsewhere(site)
    edit_csv(site.folder / "posts.csv", {MOVED: EDITS[MOVED]})
    ended, posts = site.run("posts.csv")
    told = {p["item_id"]: (p["outcome"], p["code"]) for p in posts if p["outcome"] != "unchanged"}
    assert told == {MOVED: ("rescheduled", ""), REWORDED: ("conflict", "changed_since_pull")}, ended.out
    (held,) = [found for found in service.items() if found["id"] == REWORDED]
    assert held["facebookPost"]["caption"] == "Their words"
    site("pull", "--out", "posts.csv", "--force")
    edit_csv(site.folder / "posts.csv", {REWORDED: {"text": "My words after all"}})
    ended, posts = site.run("posts.csv")
    assert [p["item_id"] for p in posts if p["outcome"] == "updated"] == [REWORDED], ended.out
    edit_csv(site.folder / "posts.csv", {REWORDED: {"text": "And once more"}})
    ended, posts = site.run("posts.csv")  # what was changed from here is nobody else's change
    assert [p["item_id"] for p in posts if p["outcome"] == "updated"] == [REWORDED], ended.out


def test_an_older_sheet_puts_no_old_words_back_though_a_newer_one_was_pulled(site, service):
    seeded(service, 6)
    site("pull", "--out", "old.csv")
    reword_elsewhere(site)
    site("pull", "--out", "new.csv")
    refused = site("pull", "--out", "old.csv")  # a pull that writes nothing changes nothing either
    assert refused.status == 2
    ended, posts = site.run("old.csv")
    told = {p["item_id"]: (p["outcome"], p["code"]) for p in posts if p["outcome"] != "unchanged"}
    assert told == {REWORDED: ("conflict", "changed_since_pull")}, ended.out
    edit_csv(site.folder / "new.csv", {REWORDED: {"text": "My words after all"}})
    ended, posts = site.run("new.csv")
    assert [p["item_id"] for p in posts if p["outcome"] == "updated"] == [REWORDED], ended.out


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_a_sheet_that_is_pulled_again_keeps_its_notes_and_gets_those_of_answers(site, service, name):
    seeded(service, 6)
    site("pull", "--out", name)
    edit = edit_workbook if name.endswith("xlsx") else edit_csv
    edit(site.folder / name, {MOVED: {"notes": "Ask Tom\nfirst"}, REWORDED: {"campaign": "spring"}})
    (site.folder / "ana.json").write_bytes(
        answers(
            PostAnswer("post-001", "default", ANY, "change", note="Less red, please"),
            PostAnswer("post-004", "default", ANY, "date", date="2031-03-05T10:00"),
            PostAnswer("post-005", "another site", ANY, "change", note="not here"),
            PostAnswer("post-002", "default", ANY, "approve"),
        )
    )
    for _ in range(2):
        ended = site("pull", "--out", name, "--answers", "ana.json", "--force")
        assert ended.status == 0, ended.err
        sheet = read_sheet(site.folder / name)
        told = {sheet.text(row, "key"): (sheet.text(row, "notes"), sheet.text(row, "campaign")) for row in sheet.rows}
        assert {key: cells for key, cells in told.items() if any(cells)} == {
            "post-001": ("Ask Tom\nfirst\nAna: Less red, please", ""),
            "post-002": ("", "spring"),
            "post-004": ("Ana: wants 2031-03-05 10:00", ""),
        }
    before = (site.folder / name).read_bytes()
    (site.folder / "broken.csv").write_bytes(b"\xff\xfe\x00nothing")
    ended = site("pull", "--out", "broken.csv", "--force")
    assert (ended.status, "can't be kept" in ended.err) == (2, True)
    assert (site.folder / name).read_bytes() == before


def test_the_notes_of_the_sheet_that_was_run_come_with_its_posts(site, service):
    row = {"channel": "FACEBOOK", "publish_at": "2031-03-03 09:00", "timezone": "UTC"}
    site.write("posts.csv", [
        {**row, "key": "a", "text": "A", "Kampagne": "spring", "notes": "Ask Tom"},
        {**row, "key": "b", "text": "B", "Kampagne": "", "notes": ""},
    ])  # fmt: skip
    assert site("run", "posts.csv", "-y", "--no-page").status == 0
    assert site("pull", "--out", "pulled.csv").status == 0
    sheet = read_sheet(site.folder / "pulled.csv")
    told = {sheet.text(row, "key"): (sheet.text(row, "notes"), sheet.text(row, "campaign")) for row in sheet.rows}
    assert told == {"a": ("Ask Tom", "spring"), "b": ("", "")}
    ended, posts = site.run("pulled.csv")
    assert [post["outcome"] for post in posts] == ["unchanged", "unchanged"], ended.out


def test_days_and_channels_choose_what_is_pulled(site, service):
    seeded(service, 60)
    site("pull", "--out", "all.csv")
    site("pull", "--out", "some.csv", "--from-date", "2031-03-03", "--until", "2031-03-04", "--channel", "facebook")

    def read(name: str) -> list[dict[str, str]]:
        with (site.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def is_meant(row: dict[str, str]) -> bool:
        return row["channel"] == "FACEBOOK" and row["publish_at"][:10] in ("2031-03-03", "2031-03-04")

    assert read("some.csv") == [row for row in read("all.csv") if is_meant(row)] != []
    ended = site("pull", "--out", "x.csv", "--channel", "MySpace")
    assert (ended.status, "isn't a channel" in ended.err) == (2, True)
    ended = site("pull", "--out", "x.csv", "--until", "soon")
    assert (ended.status, "Write it as 2026-12-01." in ended.err) == (2, True)


def test_several_sites_come_in_one_sheet_and_one_that_cannot_be_read_is_named(site, service):
    seeded(service, 3)
    other = "11111111-2222-4333-8444-555555555555"
    site.configure(f'[sites.pottery]\nsite_id = "{SITE_ID}"\n[sites.garden]\nsite_id = "{other}"\n')
    ended = site("pull", "--out", "posts.csv", environ={"WIX_SITE_ID": ""})
    assert (ended.status, "garden can't be read" in ended.err) == (1, True), ended.err
    assert "posts.csv, with 3 posts to edit" in ended.out
    ended = site("pull", "--out", "one.csv", "--site", "pottery", environ={"WIX_SITE_ID": ""})
    assert ended.status == 0
    with (site.folder / "one.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["site"] for row in csv.DictReader(file)} == {"pottery"}


OWN = {"channel": "LINKEDIN", "publish_at": "2031-04-01 09:00", "timezone": "UTC", "text": "Never run yet"}


def add_row(path: Path, cells: dict[str, str]) -> None:
    """Write one more row below the posts, as a person would."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows([*rows, cells])
        return
    book = openpyxl.load_workbook(path)
    sheet = book["Posts"]
    at = next(row for row in range(2, sheet.max_row + 2) if not any(cell.value for cell in sheet[row]))
    for cell in sheet[1]:
        if cell.value in cells:
            sheet.cell(at, cell.column).value = cells[cell.value]
    book.save(path)


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_a_pull_that_finds_nothing_new_leaves_the_file_alone_with_all_that_people_wrote_in_it(site, service, name):
    seeded(service, 6)
    site("pull", "--out", name)
    path = site.folder / name
    for change in (lambda: None, lambda: add_row(path, OWN)):
        change()
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        ended = site("pull", "--out", name, "--force")
        assert (ended.status, f"Unchanged: {name}, with 6 posts" in ended.out) == (0, True), ended.out
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [file.name for file in site.folder.iterdir()] == [name]


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_what_a_person_wrote_in_a_sheet_that_is_pulled_again_is_kept_beside_it(site, service, name):
    seeded(service, 6)
    site("pull", "--out", name)
    path, copy = site.folder / name, site.folder / name.replace("posts.", "posts.before.")
    (edit_workbook if name.endswith("xlsx") else edit_csv)(path, {REWORDED: {"text": "My words, not run yet"}})
    add_row(path, OWN)
    edited = path.read_bytes()
    ended = site("pull", "--out", name, "--force")
    assert f"{name} had been edited, so a copy of it is kept as {copy.name}. 1 row of it" in ended.err
    assert copy.read_bytes() == edited
    assert "My words, not run yet" not in [read_sheet(path).text(row, "text") for row in read_sheet(path).rows]
    service.seed(items=[item(7, "DRAFT")])
    ended = site("pull", "--out", name, "--force")  # nobody has touched it since, so nothing is kept
    assert ("copy" in ended.err, f"Written: {name}, with 7 posts" in ended.out) == (False, True)
    assert sorted(file.name for file in site.folder.iterdir()) == sorted([name, copy.name])


def test_the_copy_of_a_sheet_puts_no_old_words_back(site, service):
    seeded(service, 6)
    site("pull", "--out", "posts.csv")
    reword_elsewhere(site)
    add_row(site.folder / "posts.csv", {**OWN, "key": "mine"})
    site("pull", "--out", "posts.csv", "--force")
    ended, posts = site.run("posts.before.csv")
    told = {
        p["item_id"]: (p["outcome"], p["code"]) for p in posts if p["outcome"] != "unchanged" and p["key"] != "mine"
    }
    assert told == {REWORDED: ("conflict", "changed_since_pull")}, ended.out
    assert [p["outcome"] for p in posts if p["key"] == "mine"] == ["scheduled"]


@pytest.mark.parametrize("mark", ["~$posts.csv", ".~lock.posts.csv#"])
def test_a_sheet_that_is_open_in_another_program_stays_and_the_new_one_is_the_one_that_was_pulled(site, service, mark):
    seeded(service, 6)
    site("pull", "--out", "posts.csv")
    (site.folder / mark).write_text("Anna", encoding="utf-8")
    before = (site.folder / "posts.csv").read_bytes()
    reword_elsewhere(site)
    ended = site("pull", "--out", "posts.csv", "--force")
    said = "posts.csv is open in another program or write-protected, so posts-2.csv was written instead."
    assert [line for line in ended.err.splitlines() if "posts.csv" in line] == [said]
    assert "Written: posts-2.csv, with 6 posts to edit" in ended.out
    assert "postbatch plan posts-2.csv" in ended.out
    assert (site.folder / "posts.csv").read_bytes() == before
    ended, posts = site.run("posts.csv")
    assert {p["item_id"]: p["code"] for p in posts if p["outcome"] != "unchanged"} == {REWORDED: "changed_since_pull"}
    edit_csv(site.folder / "posts-2.csv", {REWORDED: {"text": "My words after all"}})
    ended, posts = site.run("posts-2.csv")
    assert [p["item_id"] for p in posts if p["outcome"] == "updated"] == [REWORDED], ended.out


GARDEN = "11111111-2222-4333-8444-555555555555"
SHARED = {"channel": "LINKEDIN", "timezone": "UTC"}
BOTH_SITES = [
    {**SHARED, "site": site, "key": key, "publish_at": f"2031-03-03 {at}", "text": f"{site} {key}"}
    for site in ("pottery", "garden")
    for key, at in (("early", "22:30"), ("late", "23:30"))
]
"""Two keys on two sites: 23:30 on the day and 00:30 of the next in Berlin, an hour earlier in UTC."""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Desk, Rig]]:
    """A folder with two sites, one in Berlin and one without a time zone, and their posts under the same keys."""
    (tmp_path / "desk").mkdir()
    with RigServer(sites=[SITE_ID, GARDEN]) as server:
        desk = Desk(tmp_path / "desk", {**bare_environ(tmp_path), "WIX_API_URL": server.url, "WIX_API_KEY": KEY})
        pottery = f'[sites.pottery]\nsite_id = "{SITE_ID}"\ntimezone = "Europe/Berlin"\n'
        desk.configure(f'{pottery}[sites.garden]\nsite_id = "{GARDEN}"\n')
        desk.write("made.csv", BOTH_SITES)
        assert desk.run("made.csv")[0].status == 0
        yield desk, server.service


def pulled(desk: Desk, *choice: str) -> list[tuple[str, str]]:
    assert desk("pull", "--out", "days.csv", "--force", *choice).status == 0
    sheet = read_sheet(desk.folder / "days.csv")
    return [(sheet.text(row, "site"), sheet.text(row, "key")) for row in sheet.rows]


def test_one_key_on_two_sites_is_two_posts_each_on_its_own_site(two):
    desk, service = two
    assert desk("pull", "--out", "posts.csv").status == 0
    held = {site: {post.text for post in service.coming(site)} for site in (SITE_ID, GARDEN)}
    ended, posts = desk.run("posts.csv")
    assert [post["outcome"] for post in posts] == ["unchanged"] * 4, ended.out
    sheet = read_sheet(desk.folder / "posts.csv")
    ids = {(sheet.text(row, "site"), sheet.text(row, "key")): sheet.text(row, "item_id") for row in sheet.rows}
    edit_csv(desk.folder / "posts.csv", {ids["garden", "late"]: {"text": "New words"}})
    ended, posts = desk.run("posts.csv")
    assert [(p["site"], p["key"]) for p in posts if p["outcome"] == "updated"] == [("garden", "late")], ended.out
    assert {post.text for post in service.coming(SITE_ID)} == held[SITE_ID]
    assert {post.text for post in service.coming(GARDEN)} == {"garden early", "New words"}
    desk.write("keys.csv", [row | ({"text": "New words"} if row is BOTH_SITES[3] else {}) for row in BOTH_SITES[::-1]])
    ended, posts = desk.run("keys.csv")
    assert [post["outcome"] for post in posts] == ["unchanged"] * 4, ended.out
    assert len(service.items()) == 4


def test_a_day_is_each_sites_own(two):
    desk, _ = two
    on_the_day = [("pottery", "early"), ("garden", "early"), ("garden", "late")]
    assert pulled(desk, "--until", "2031-03-03") == on_the_day
    planned = desk("plan", "days.csv", "--from-date", "2031-03-03", "--until", "2031-03-03")
    assert "all 3 posts on 2 sites are already as in the sheet" in " ".join(planned.out.split())
    assert pulled(desk, "--from-date", "2031-03-03", "--until", "2031-03-03") == on_the_day
    assert pulled(desk, "--from-date", "2031-03-04") == [("pottery", "late")]


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_a_choice_that_no_post_fits_is_an_empty_sheet_which_can_be_pulled_again(site, service, name):
    seeded(service, 3)
    for said in ("Written", "Unchanged"):
        ended = site("pull", "--out", name, "--until", "2031-01-01", "--force")
        assert (ended.status, f"{said}: {name}, with 0 posts" in ended.out) == (0, True), ended.err
    ended = site("pull", "--out", name, "--force")
    assert (ended.status, f"Written: {name}, with 3 posts" in ended.out, ended.err) == (0, True, "")
    ended = site("pull", "--out", name, "--until", "2031-01-01", "--force")
    assert (ended.status, f"Written: {name}, with 0 posts" in ended.out) == (0, True), ended.err
