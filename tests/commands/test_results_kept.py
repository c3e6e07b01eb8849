"""What people did in results is never overwritten, and what was known of a post stays known."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from tests.commands.conftest import Desk

ROWS = [
    {"key": key, "channel": "FACEBOOK", "publish_at": at, "timezone": "Europe/Berlin", "text": f"Post {key}"}
    for key, at in (("a", "2031-03-03 09:00"), ("b", "2031-03-04 09:00"), ("c", "2031-03-05"), ("d", "now"))
]


def run(desk: Desk, *arguments: str, out: str = "") -> str:
    """Run the sheet in the sandbox and return what was said on the error output."""
    given = ("--out", out) if out else ()
    return desk("run", "plan.csv", "--yes", "--sandbox", "--no-page", *given, *arguments).err


def edit(path: Path) -> None:
    """Change one cell, as a person would."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        book["To fix"]["K2"] = "mine"
        book.save(path)
    else:
        path.write_text(path.read_text(encoding="utf-8").replace("Post a", "Post mine"), encoding="utf-8")


@pytest.mark.parametrize("name", ["plan.results.xlsx", "out.csv", "out.json"])
def test_results_that_a_person_has_changed_are_kept_and_the_new_ones_get_another_name(desk: Desk, name: str) -> None:
    desk.write("plan.csv", ROWS)
    path = desk.folder / name
    other = path.with_name(f"{path.stem}-2{path.suffix}")
    assert "instead" not in run(desk, out=name)
    assert "instead" not in run(desk, out=name)
    assert not other.exists()
    edit(path)
    changed = path.read_bytes()
    said = run(desk, out=name)
    assert f"{name} was changed since it was written and is kept, so {other.name} was written instead." in said
    assert path.read_bytes() == changed
    assert other.exists()
    run(desk, out=name)
    assert sorted(p.name for p in desk.folder.glob(f"{path.stem}*")) == sorted([name, other.name])


def test_a_file_of_somebody_elses_is_never_taken_for_results(desk: Desk) -> None:
    desk.write("plan.csv", ROWS)
    (desk.folder / "report.json").write_text("mine")
    assert "report-2.json was written instead" in run(desk, out="report.json")
    assert (desk.folder / "report.json").read_text() == "mine"


def test_status_brings_its_own_file_up_to_date_unless_a_person_has_changed_it(desk: Desk) -> None:
    desk.write("plan.csv", ROWS)
    run(desk)
    assert desk("status", "plan.results.xlsx", "--sandbox").status in (0, 1)
    assert not (desk.folder / "plan.results-2.xlsx").exists()
    edit(desk.folder / "plan.results.xlsx")
    assert "plan.results-2.xlsx was written instead" in desk("status", "plan.results.xlsx", "--sandbox").err


def test_rows_that_a_choice_leaves_out_keep_what_was_last_known_of_them(desk: Desk) -> None:
    desk.write("plan.csv", ROWS)
    run(desk, out="out.json")
    whole = {post["key"]: post for post in desk.posts("out.json")}
    assert {key: post["outcome"] for key, post in whole.items()} == {
        "a": "scheduled", "b": "scheduled", "c": "invalid", "d": "published",
    }  # fmt: skip
    desk.write("plan.csv", [ROWS[3], {**ROWS[0], "text": "Post a, changed"}, ROWS[1], ROWS[2]])
    run(desk, "--only", "key=a", out="out.json")
    posts = {post["key"]: post for post in desk.posts("out.json")}
    assert [(post["key"], post["row"]) for post in desk.posts("out.json")] == [("d", 2), ("a", 3), ("b", 4), ("c", 5)]
    assert posts["a"]["outcome"] == "updated"
    for key in ("b", "d"):
        kept = ("account", "status", "item_id", "link", "publish_at_utc")
        assert {name: posts[key][name] for name in kept} == {name: whole[key][name] for name in kept}
        assert posts[key]["outcome"] == "skipped"
        assert f"Last known: {whole[key]['outcome']}." in posts[key]["message"]
    assert posts["c"]["outcome"] == "skipped"
    assert f"Last known: invalid. {whole['c']['message']}" in posts["c"]["message"]
    run(desk, "--rows", "4", out="out.json")
    again = {post["key"]: post for post in desk.posts("out.json")}
    assert (again["a"]["outcome"], again["b"]["outcome"]) == ("skipped", "unchanged")
    assert "Last known: updated." in again["a"]["message"]
    assert (again["d"]["status"], again["d"]["link"]) == (whole["d"]["status"], whole["d"]["link"])
    assert "Last known: published." in again["d"]["message"]


def test_a_row_that_says_skip_is_skipped_and_not_as_it_was(desk: Desk) -> None:
    desk.write("plan.csv", ROWS[:1])
    run(desk, out="out.json")
    desk.write("plan.csv", [{**ROWS[0], "action": "skip"}])
    run(desk, out="out.json")
    assert desk.posts("out.json")[0]["outcome"] == "skipped"


def test_a_post_published_at_once_has_its_time_also_on_a_later_run_and_stands_in_the_calendar(desk: Desk) -> None:
    desk.write("plan.csv", ROWS[3:])
    run(desk)
    sheet = openpyxl.load_workbook(desk.folder / "plan.results.xlsx")
    assert any("Facebook: Post d" in str(cell.value) for row in sheet["Calendar"].iter_rows() for cell in row)
    run(desk, out="first.json")
    run(desk, out="second.json")
    first, second = (desk.posts(name)[0] for name in ("first.json", "second.json"))
    assert first["publish_at_utc"] == second["publish_at_utc"] != ""


def test_results_of_results_have_a_name_of_their_own(desk: Desk) -> None:
    desk.write("plan.csv", ROWS)
    run(desk)
    desk("run", "plan.results.xlsx", "--yes", "--sandbox", "--no-page")
    assert sorted(path.name for path in desk.folder.iterdir()) == [
        "plan.csv", "plan.results-2.xlsx", "plan.results.xlsx",
    ]  # fmt: skip


def test_warnings_stand_in_every_form_of_the_results_and_on_the_page(desk: Desk) -> None:
    rows = [{**ROWS[0], "publish_at": "2031-03-03 00:00"}]
    desk.write("plan.csv", rows)
    desk("run", "plan.csv", "--yes", "--sandbox")
    run(desk, out="out.json")
    run(desk, out="out.csv")
    warning = "midnight"
    assert warning in json.loads((desk.folder / "out.json").read_text(encoding="utf-8"))["posts"][0]["warnings"]
    with (desk.folder / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert warning in next(csv.DictReader(file))["warnings"]
    sheet = openpyxl.load_workbook(desk.folder / "plan.results.xlsx")["Results"]
    at = [cell.value for cell in sheet[1]].index("warnings")
    assert warning in str(sheet[2][at].value)
    page = (desk.folder / "plan.results.html").read_text(encoding="utf-8")
    assert page.count("midnight") >= 2
