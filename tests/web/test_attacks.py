"""What people and machines do to the pages: odd names, broken files, much of everything, a service that fails.

Each page that comes of it is whole, says in words what is the matter, and shows nobody a trace of the program.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import openpyxl
import pytest

from tests.commands.conftest import POST, Desk
from tests.web.conftest import Served
from tests.web.test_guard import Caller

NAMES = (
    "quotes ' and \".csv", "<img src=x onerror=alert(1)>.csv", "two\nlines.csv", "right\u202eto\u202cleft.csv",
    "100% & more?#fragment;x=1.csv", "{{ 7*7 }}.csv", "%2e%2e%2fup.csv", "-rf --yes.csv", "ä" * 100 + ".csv",
    "日本語の投稿.csv", "emoji 🎉.csv", " leading and trailing .csv", "a+b=c.csv",
)  # fmt: skip


@pytest.fixture
def call(serve: Callable[..., Served]) -> Callable[[Desk], Caller]:
    """Open a folder's pages and return what speaks to them."""
    return lambda desk, *options: Caller((serve(desk, *options), desk))


def wait_for(caller: Caller, path: str) -> str:
    """Return a job's page once the job is at its end."""
    for _ in range(400):
        status, _, text = caller.call("GET", path)
        assert status == 200, text
        if "data-job=" not in text:
            return text
        time.sleep(0.1)  # the job is another process
    raise AssertionError(f"{path} does not end")


def plan(caller: Caller, name: str) -> str:
    """Have a sheet planned and return the page that comes of it."""
    status, headers, text = caller.post(f"/sheets/{quote(name)}/plan")
    assert status == 303, text
    return wait_for(caller, headers["location"])


def shows_no_trace(text: str) -> None:
    for trace in ("Traceback", 'File "', ".py", "<built-in", "0x7f", "/tmp/"):  # noqa: S108 - a word to look for
        assert trace not in text, trace


def write_rows(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def test_any_name_of_a_file_is_shown_harmless_and_leads_to_its_sheet(desk, call):
    for name in NAMES:
        (desk.folder / name).write_bytes(write_rows([POST]))
    caller = call(desk)
    text = caller.call("GET", "/")[2]
    assert "<img src=x" not in text
    assert "49.csv" not in text
    assert "\u202e" not in text
    links = {unquote(link): link for link in re.findall(r'href="/sheets/([^"]+)"', text)}
    assert set(NAMES) <= set(links)
    for name in NAMES:
        status, headers, content = caller.call("GET", f"/sheets/{links[name]}/download")
        assert (status, content.encode()) == (200, write_rows([POST])), name
        assert headers["content-disposition"].startswith("attachment")
    for name in NAMES[:4]:
        status, _, text = caller.call("GET", f"/sheets/{links[name]}")
        assert (status, "No problems found." in text) == (200, True), name
        assert "<img src=x" not in text
        assert "\u202e" not in text
    assert "Schedule 1 post" in plan(caller, "<img src=x onerror=alert(1)>.csv")
    assert "Schedule 1 post" in plan(caller, "-rf --yes.csv")


def bomb() -> bytes:
    """Return a workbook of a few kilobytes that unpacks to a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(64):
                sheet.write(b"0" * 16 * 1024 * 1024)
    return out.getvalue()


LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
"""How a workbook with a password begins."""


@pytest.mark.parametrize(("name", "content", "told"), [
    ("locked.xlsx", LOCKED, "password"), ("bomb.xlsx", None, ""),
    ("empty.csv", b"", ""), ("empty.xlsx", b"", ""), ("noise.xlsx", os.urandom(5000), ""),
    ("noise.csv", bytes(range(256)) * 20, ""), ("zeros.csv", b"key,text\0\0\n", ""), ("page.csv", b"<html>" * 500, ""),
    ("wide.csv", b"key,text" + b",x" * 50_000 + b"\n", ""), ("cut.xlsx", b"PK\x03\x04" + b"\0" * 100, ""),
    ("latin.csv", "key,channel,text\na,FACEBOOK,Schön\n".encode("latin-1"), "“Encoding of a CSV file”: cp1252"),
])  # fmt: skip
def test_a_broken_sheet_is_told_in_words(desk, call, name, content, told):
    caller = call(desk)
    content = bomb() if content is None else content
    status, headers, _ = caller.post("/sheets", name=name, content=content)
    assert status == 303
    began = time.monotonic()
    status, _, text = caller.call("GET", headers["location"])
    assert (status, "can't be read yet" in text or "problem" in text) == (200, True), text
    assert time.monotonic() - began < 20
    assert told in text
    shows_no_trace(text)
    assert "There is no plan yet" in plan(caller, name) or not told


def test_two_thousand_rows_with_a_mistake_each_are_fixed_at_once(desk, call):
    rows = [{**POST, "key": f"k{n}", "channel": "Facebok", "text": f"No. {n}"} for n in range(2000)]
    (desk.folder / "many.csv").write_bytes(write_rows(rows))
    caller = call(desk)
    status, _, text = caller.call("GET", "/sheets/many.csv")
    assert (status, "2,000 problems to fix" in text, "And 1,800 more" in text) == (200, True, True)
    assert len(text) < 500_000
    status, headers, text = caller.post("/sheets/many.csv/fix", fields={"all": "yes"})
    assert status == 303, text
    text = caller.call("GET", headers["location"])[2]
    assert "Changed: 2,000 cells." in text
    text = plan(caller, "many.fixed.csv")
    assert "Schedule 2,000 posts" in text
    shows_no_trace(text)


def test_twelve_rows_at_fifty_places_are_planned_and_sent(desk, call):
    rows = [{**POST, "key": f"k{n}", "text": f"No. {n} in {{{{city}}}}", "places": "all"} for n in range(12)]
    (desk.folder / "places.csv").write_bytes(write_rows(rows))
    places = [{"place": f"p{n}", "city": f"Town {n}", "timezone": "Europe/Berlin"} for n in range(50)]
    (desk.folder / "table.csv").write_bytes(write_rows(places))
    desk.configure('places = "table.csv"\n')
    caller = call(desk)
    text = plan(caller, "places.csv")
    assert "600" in text
    shows_no_trace(text)


@pytest.mark.parametrize(("fault", "told"), [
    ({"kind": "status", "status": 500}, ""), ({"kind": "status", "status": 401}, "did not accept the api key"),
    ({"kind": "status", "status": 403}, ""), ({"kind": "drop_before"}, ""),
])  # fmt: skip
def test_a_service_that_fails_is_told_with_what_to_do(site, service, call, fault, told):
    site.write("one.csv", [POST])
    service.add_fault(**fault)
    caller = call(site)
    text = plan(caller, "one.csv")
    assert "There is no plan yet" in text or "need your attention" in text or "needs your attention" in text
    assert told in text.casefold(), text[text.index("<h1>") :]
    assert "Make the plan again" in text
    shows_no_trace(text)


def test_without_a_site_the_page_says_who_sets_it_up(desk, call):
    bare = Desk(desk.folder, {**desk.environ, "WIX_SITE_ID": ""})
    desk.write("one.csv", [POST])
    caller = call(bare)
    text = plan(caller, "one.csv")
    assert "There is no plan yet" in text
    assert "postbatch init" in text


def test_posts_that_the_service_refuses_are_told_in_the_results(site, service, call):
    site.write("two.csv", [POST, {**POST, "key": "b", "text": "Ho"}])
    caller = call(site)
    _, headers, _ = caller.post("/sheets/two.csv/plan")
    assert "Schedule 2 posts" in wait_for(caller, headers["location"])
    service.add_fault(kind="status", calls=["changing"], status=400, code="TEXT_REFUSED", nth=1)
    _, headers, _ = caller.post(f"{headers['location']}/apply")
    text = wait_for(caller, headers["location"])
    assert "1 post scheduled and 1 failed." in text
    assert "1 post needs your attention" in text
    shows_no_trace(text)


def test_a_question_about_the_sheet_names_the_fields_of_the_page(desk, call):
    (desk.folder / "status.csv").write_bytes(write_rows([{**POST, "Status": "Draft"}]))
    book = openpyxl.Workbook()
    for number, row in enumerate(csv.reader(write_rows([POST, {**POST, "key": "b"}]).decode().splitlines()), start=1):
        book.active.append(row)
        book.active.row_dimensions[number].hidden = number == 3
    book.save(desk.folder / "hidden.xlsx")
    (desk.folder / "latin.csv").write_bytes("key,channel,text\na,FACEBOOK,Schön\n".encode("latin-1"))
    caller = call(desk)
    for name, fields in (
        ("status.csv", ("“Only these rows”: Status=Draft", "“Columns to ignore”: Status")),
        ("latin.csv", ("“Encoding of a CSV file”: cp1252",)),
        ("hidden.xlsx", ("“Hidden rows are left out”", "“Hidden rows count too”")),
    ):  # fmt: skip
        text = caller.call("GET", f"/sheets/{name}")[2]
        main = text[text.index("<h1>") :]
        assert [field for field in fields if field not in main] == [], main
        assert "--" not in main
        assert '<details class="card" id="read" open>' in main


def test_an_empty_folder_and_one_that_is_gone_are_told(desk, call):
    for path in desk.folder.iterdir():
        path.unlink()
    caller = call(desk)
    assert "There are none yet" in caller.call("GET", "/")[2]
    desk.folder.rmdir()
    status, _, text = caller.call("GET", "/")
    assert status == 507
    assert "The folder desk can&#39;t be used" in text
    shows_no_trace(text)


def test_the_cookie_of_another_process_opens_nothing(desk, serve):
    one, other = Caller((serve(desk), desk)), Caller((serve(desk), desk))
    assert one.call("GET", "/", cookie=other.cookie)[0] == 403
    value = other.cookie.partition("=")[2]
    assert one.call("GET", "/", cookie=f"{one.cookie.partition('=')[0]}={value}")[0] == 403
    assert one.post("/sheets/launch-week.csv/plan", token=other.token)[0] == 403


def test_what_lies_damaged_among_the_jobs_breaks_no_page(desk, call):
    caller = call(desk)
    _, headers, _ = caller.post("/sheets/launch-week.csv/plan")
    path = headers["location"]
    wait_for(caller, path)
    job = next(Path(desk.environ["XDG_STATE_HOME"]).rglob("plan.json")).parent
    (job / "plan.json").write_text("{", encoding="utf-8")
    assert caller.call("GET", path)[0] == 409
    (job / "job.json").write_text('{"command": 3, "options": 4}', encoding="utf-8")
    assert caller.call("GET", path)[0] == 404
    assert caller.call("GET", "/")[0] == 200


@pytest.mark.parametrize("fields", [
    {"cell": "ZZ99"}, {"cell": "--yes"}, {"in:D2": "x" * 30_000}, {"in:--out": "x"}, {"in:A1": "key"}, {},
    {"cell": "D2\0"}, {"in:D2": "\0\x07"},
])  # fmt: skip
def test_a_fix_of_what_is_no_cell_writes_nothing(desk, call, fields):
    before = {path.name for path in desk.folder.iterdir()}
    caller = call(desk)
    status, _, text = caller.post("/sheets/launch-week.csv/fix", fields=fields)
    assert status in {400, 409}, text
    assert {path.name for path in desk.folder.iterdir()} == before
    shows_no_trace(text)


def test_many_missing_files_leave_room_for_as_many_as_may_be_added(desk, call):
    rows = [{**POST, "key": f"k{n}", "text": f"No. {n}", "media": f"pics/{n}.jpg"} for n in range(300)]
    (desk.folder / "many.csv").write_bytes(write_rows(rows))
    caller = call(desk)
    text = caller.call("GET", "/sheets/many.csv")[2]
    assert "300 files aren&#39;t in the folder yet" in text
    assert (text.count('name="at:'), "And 100 more" in text) == (200, True)

    def add(files: dict[str, str]) -> tuple[int, str]:
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n\xff\xd8\xff{field}\r\n'
            for field, name in {**dict.fromkeys((f"at:pics/{n}.jpg" for n in range(200)), ""), **files}.items()
        )
        token = f'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{caller.token}\r\n--x--\r\n'
        headers = {"origin": f"http://{caller.served.host}", "content_type": "multipart/form-data; boundary=x"}
        status, _, told = caller.call(
            "POST", "/sheets/many.csv/media", body=(parts + token).encode("latin-1"), **headers
        )
        return status, told

    assert add({f"at:pics/{n}.jpg": f"{n}.jpg" for n in range(100)})[0] == 303
    assert len(list((desk.folder / "pics").iterdir())) == 100
    status, told = add({f"at:pics/{n}.jpg": f"{n}.jpg" for n in range(100, 201)})
    assert (status, "These are 101 files" in told) == (400, True)
    assert len(list((desk.folder / "pics").iterdir())) == 100


@pytest.mark.parametrize("place", ["at:../up.jpg", "at:/etc/up.jpg", "at:launch-week.csv", "at:postbatch.toml", "at:"])
def test_a_medium_goes_only_where_the_sheet_looks_for_one(desk, call, place):
    caller = call(desk)
    picture = b"\xff\xd8\xff\xe0" + b"x" * 100
    status, _, _ = caller.post("/sheets/launch-week.csv/media", name="up.jpg", field=place, content=picture)
    assert status == 303
    assert {path.name for path in desk.folder.iterdir()} == {"launch-week.csv", "mistakes.xlsx", "up.jpg"}
    assert not (desk.folder.parent / "up.jpg").exists()
