"""A new person at an empty desk: the template, mistakes, several sites, and everything that can't start."""

from __future__ import annotations

import json
import re
import shlex

import click
import pytest
from openpyxl import load_workbook

from batch.cli import EXAMPLES, postbatch
from batch.sandbox.sites import ACCOUNTS, SITE_ID
from tests.rig.server import RigServer

ROW = {"key": "a", "channel": "FACEBOOK", "text": "Hello", "publish_at": "2031-03-03 09:00", "timezone": "UTC"}


def test_from_the_template_to_results_in_the_sandbox(desk):
    assert desk("template", "--out", "posts.xlsx").status == 0
    assert desk("check", "posts.xlsx").status == 0
    ended = desk("run", "posts.xlsx", "--sandbox", "--yes", "--out", "out.json")
    assert ended.status == 0, ended.out + ended.err
    assert "SANDBOX" in ended.out
    data = json.loads((desk.folder / "out.json").read_text(encoding="utf-8"))
    assert data["sandbox"] is True
    assert {post["outcome"] for post in data["posts"]} <= {"scheduled", "drafted", "published", "skipped"}
    ended = desk("run", "posts.xlsx", "--sandbox", "--yes")
    assert ended.status == 0
    assert (desk.folder / "posts.results.xlsx").exists()
    assert (desk.folder / "posts.results.html").exists()


def test_the_time_zone_of_a_template_is_asked_once(desk):
    assert desk("template", "--out", "posts.xlsx", "--timezone", "America/Lima").status == 0
    assert desk("run", "posts.xlsx", "--sandbox", "--yes", "--out", "out.csv").status == 0
    text = (desk.folder / "out.csv").read_text(encoding="utf-8-sig")
    assert text.count("America/Lima") >= 9
    assert "Europe/Berlin" not in text
    ended = desk("template", "--out", "other.xlsx", "--timezone", "Lima")
    assert (ended.status, "“Lima” isn't a time zone name" in ended.err) == (2, True)
    assert not (desk.folder / "other.xlsx").exists()


def test_a_template_never_replaces_a_file_by_itself(desk):
    (desk.folder / "posts.xlsx").write_bytes(b"mine")
    ended = desk("template", "--out", "posts.xlsx")
    assert ended.status == 2
    assert "--force" in ended.err
    assert (desk.folder / "posts.xlsx").read_bytes() == b"mine"


def test_to_fix_can_be_corrected_and_run_as_it_is(desk):
    desk.write("posts.csv", [ROW, {**ROW, "key": "b", "text": "Second", "type": "REAL"}])
    assert desk("run", "posts.csv", "--sandbox", "--yes").status == 1
    book = load_workbook(desk.folder / "posts.results.xlsx")
    sheet = book["To fix"]
    heads = next(r for r in sheet.iter_rows() if any(c.value == "channel" for c in r))
    column = {cell.value: cell.column for cell in heads}
    line = heads[0].row + 1
    assert sheet.cell(line, column["key"]).value == "b"
    sheet.cell(line, column["type"]).value = "POST"
    book.save(desk.folder / "fixed.xlsx")
    ended = desk("run", "fixed.xlsx", "--sheet", "To fix", "--sandbox", "--yes", "--out", "out.json")
    assert [(p["key"], p["outcome"]) for p in desk.posts("out.json")] == [("b", "scheduled")], ended.err


def test_annotate_gives_back_the_persons_own_workbook_with_columns_added(desk):
    desk("template", "--out", "posts.xlsx")
    ended = desk("run", "posts.xlsx", "--sandbox", "--yes", "--annotate")
    assert ended.status == 0, ended.err
    sheet = load_workbook(desk.folder / "posts.results.xlsx")["Posts"]
    heads = [cell.value for cell in sheet[1]]
    assert "outcome" in heads
    assert sheet.cell(2, heads.index("outcome") + 1).value in ("scheduled", "drafted", "published")
    assert "outcome" not in [cell.value for cell in load_workbook(desk.folder / "posts.xlsx")["Posts"][1]]


def test_an_issue_in_the_json_form_has_its_columns(desk):
    desk.write("posts.csv", [{**ROW, "channel": "Chanel"}])
    ended = desk("check", "posts.csv", "--out", "issues.json")
    assert ended.status == 1
    (issue,) = json.loads((desk.folder / "issues.json").read_text(encoding="utf-8"))["issues"]
    assert (issue["row"], issue["column"], issue["code"], issue["seen"]) == (2, "channel", "channel_unknown", "Chanel")
    assert "Write" in issue["message"]


def test_a_plan_in_the_json_form_has_its_steps(desk):
    desk.write("posts.csv", [ROW])
    assert desk("plan", "posts.csv", "--sandbox", "--out", "plan.json").status == 0
    text = (desk.folder / "plan.json").read_text(encoding="utf-8")
    (step,) = json.loads(text)["steps"]
    assert (step["row"], step["key"], step["kind"]) == (2, "a", "schedule")
    assert step["reason"]
    assert str(desk.folder) not in text


CANT_START = {
    "no file": (["check", "nowhere.csv"], "There is no file nowhere.csv"),
    "only a mark": (["check", "mark.csv"], "mark.csv is empty"),
    "no media folder": (["check", "posts.csv", "--media", "nodir"], "no folder nodir"),
    "wrong format": (["check", "posts.xls"], ".xlsx"),
    "no site": (["plan", "posts.csv"], "WIX_SITE_ID"),
    "no terminal": (["run", "posts.csv", "--sandbox"], "--yes"),
    "no plan": (["apply", "plan.json", "--yes"], "plan.json"),
    "no run": (["undo", "last", "--yes", "--sandbox"], "no run"),
    "no results": (["status", "posts.csv"], "not the results file"),
    "no rows": (["check", "empty.csv"], "row"),
    "odd rows": (["plan", "posts.csv", "--sandbox", "--rows", "x"], "--rows"),
    "no such port": (["sandbox", "--port", "99999"], "no port 99999"),
    "unknown command": (["publish", "posts.csv"], "No such command"),
    "no number": (["run", "posts.csv", "--allow-cancel", "x"], "'x' is not a valid whole number"),
    "no shell": (["completion"], "Choose from: bash, zsh, fish"),
    "row of the headings": (["check", "posts.csv", "--rows", "1"], "The first row under the headings is row 2"),
    "no places": (["check", "posts.csv", "--pilot", "1"], "no row of this sheet names places"),
    "contradiction": (["check", "posts.csv", "--include-hidden", "--skip-hidden"], "contradict"),
}


def test_the_bare_command_shows_its_help_and_no_error(desk):
    ended = desk()
    assert ended.status == 2
    assert ended.err.startswith("Usage: postbatch [OPTIONS] COMMAND")
    assert re.search(r"^  check +Check a sheet for mistakes", ended.err, re.MULTILINE)
    assert "Error" not in ended.err


@pytest.mark.parametrize(("arguments", "said"), CANT_START.values(), ids=CANT_START.keys())
def test_what_can_not_start_says_why_in_one_sentence(desk, arguments, said):
    desk.write("posts.csv", [ROW])
    (desk.folder / "empty.csv").write_text("key,channel,text\n", encoding="utf-8")
    (desk.folder / "mark.csv").write_bytes(b"\xff\xfe")
    (desk.folder / "posts.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    ended = desk(*arguments)
    assert ended.status == 2, ended.out
    assert said in ended.err


def test_two_sites_side_by_side_each_with_its_own_posts_and_one_that_fails_holds_nobody_up(site, server):
    other = "11111111-2222-4333-8444-555555555555"
    with RigServer(sites=[SITE_ID, other]) as both:
        site.configure(f'[sites.pottery]\nsite_id = "{SITE_ID}"\n[sites.garden]\nsite_id = "{other}"\n')
        environ = {"WIX_API_URL": both.url, "WIX_SITE_ID": ""}
        site.write("posts.csv", [{**ROW, "site": "pottery"}, {**ROW, "site": "garden", "text": "Tulips"}])
        ended = site("run", "posts.csv", "--yes", "--out", "out.json", environ=environ)
        assert ended.status == 0, ended.err
        assert [p.text for p in both.service.coming(SITE_ID)] == ["Hello"]
        assert [p.text for p in both.service.coming(other)] == ["Tulips"]
        both.service.add_fault(kind="status", status=401, site=other)
        site.write("posts.csv", [{**ROW, "key": "b", "site": "pottery", "text": "New"}, {**ROW, "site": "garden"}])
        ended = site("run", "posts.csv", "--yes", "--out", "out.json", environ=environ)
        assert [p["outcome"] for p in site.posts("out.json")] == ["scheduled", "blocked"]


def test_the_page_of_a_plan_can_be_sent_for_approval(desk):
    desk.write("posts.csv", [ROW])
    assert desk("plan", "posts.csv", "--sandbox", "--page", "plan.html").status == 0
    assert "For approval" in (desk.folder / "plan.html").read_text(encoding="utf-8")


def test_a_sheet_of_another_scheduler_is_recognised_and_mapped(desk):
    (desk.folder / "buffer.csv").write_text(
        "Text,Image URL,Tags,Posting Time\nHello there,,,2031-03-03 09:00\n", encoding="utf-8"
    )
    ended = desk("check", "buffer.csv")
    assert ended.status == 2
    assert "--from buffer" in ended.err


@pytest.mark.parametrize(
    ("choice", "told"),
    {
        "all": ([], "3 rows, 3 posts"),
        "rows": (["--rows", "2-3"], "2 rows, 2 posts"),
        "first": (["--first", "1"], "1 row, 1 post"),
        "days": (["--from-date", "2031-03-04", "--until", "2031-03-04"], "1 row, 1 post"),
        "yes": (["--approved-only"], "1 row, 1 post"),
    }.values(),
)
def test_check_looks_at_the_rows_that_a_run_with_the_same_choice_would_take(desk, choice, told):
    days = ("2031-03-03 09:00", "2031-03-04 09:00", "2031-03-05 09:00")
    rows = [
        ROW | {"key": f"k{n}", "text": day, "publish_at": day, "approved": "yes" * (n == 2)}
        for n, day in enumerate(days)
    ]
    desk.write("posts.csv", rows)
    checked = desk("check", "posts.csv", *choice)
    assert checked.out.startswith(f"{told}: no problems found.")
    assert checked.out.rstrip().endswith(shlex.join(["postbatch", "plan", "posts.csv", *choice]))


def test_a_run_of_a_sheet_in_another_folder_is_undone_from_where_it_was_run(desk):
    (desk.folder / "samples").mkdir()
    desk.write("samples/posts.csv", [ROW])
    assert desk("run", "samples/posts.csv", "--sandbox", "--yes").status == 0
    undone = desk("undo", "last", "--sandbox", "--yes")
    assert (undone.status, "1 post cancelled." in undone.out) == (0, True), undone.err
    (results,) = desk.folder.glob("undo-*.results.xlsx")
    assert desk("status", results.name, "--sandbox").status == 0
    assert "no run to undo" in desk("undo", "last", "--sandbox", "--yes").err


def test_selected_rows_run_and_the_others_stay_in_the_results_as_skipped(desk):
    desk.write("posts.csv", [ROW, {**ROW, "key": "b", "text": "Two", "approved": "yes"}])
    desk("run", "posts.csv", "--sandbox", "--yes", "--approved-only", "--out", "out.json")
    assert [p["outcome"] for p in desk.posts("out.json")] == ["skipped", "scheduled"]


def test_all_twelve_living_combinations_are_scheduled_moved_and_cancelled_in_the_sandbox(desk, sample):
    sample("launch-week.csv")
    desk("run", "launch-week.csv", "--sandbox", "--yes", "--out", "out.json")
    posts = [p for p in desk.posts("out.json") if p["key"].startswith("launch-")]
    assert len({(p["channel"], p["type"]) for p in posts}) == 12
    assert {p["outcome"] for p in posts} == {"scheduled"}
    named = [{"key": p["key"], "channel": p["channel"], "type": p["type"], "timezone": "UTC"} for p in posts]
    desk.write("move.csv", [{**row, "action": "reschedule", "publish_at": "2031-05-01 10:00"} for row in named])
    desk("run", "move.csv", "--sandbox", "--yes", "--allow-reschedule", "12", "--out", "moved.json")
    assert {p["outcome"] for p in desk.posts("moved.json")} == {"rescheduled"}
    desk.write("stop.csv", [{**row, "action": "cancel"} for row in named])
    desk("run", "stop.csv", "--sandbox", "--yes", "--allow-cancel", "12", "--out", "stopped.json")
    assert {p["outcome"] for p in desk.posts("stopped.json")} == {"cancelled"}


def test_what_is_wrong_with_media_is_told_by_its_cell_also_where_a_channel_has_media_of_its_own(desk):
    row = {"key": "a", "channel": "FACEBOOK, INSTAGRAM", "text": "Hello", "media": "gone.jpg"}
    desk.write("posts.csv", [{**row, "media:INSTAGRAM": "../secret.jpg"}])
    desk("check", "posts.csv", "--out", "issues.json")
    issues = json.loads((desk.folder / "issues.json").read_text(encoding="utf-8"))["issues"]
    assert [(issue["column"], issue["cell"], issue["code"]) for issue in issues] == [
        ("media", "D2", "media_not_found"),
        ("media:INSTAGRAM", "E2", "media_refused"),
    ]


def test_the_templates_own_examples_never_reach_a_real_site_and_are_said(site, service):
    site("template", "--out", "posts.xlsx")
    told = (
        "Still the template's examples: rows 2, 3, 4, 5, 6, 7, 8, 9 and 2 more. They run in the sandbox only: "
        "overwrite them, or delete them."
    )
    assert told in site("check", "posts.xlsx").err
    ended, posts = site.run("posts.xlsx")
    assert ended.status == 0, ended.err
    assert {p["outcome"] for p in posts} == {"skipped"}
    assert "example" in posts[0]["message"]
    assert told in " ".join(ended.out.split())
    assert (service.items(), [c for c in service.calls() if c.changed or c.call.startswith("generate")]) == ([], [])


def test_an_example_that_was_overwritten_is_a_row_like_any_other(site, service):
    site("template", "--out", "posts.xlsx")
    book = load_workbook(site.folder / "posts.xlsx")
    sheet = book["Posts"]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(4, at["text"]).value = "Our own words"
    book.save(site.folder / "posts.xlsx")
    ended, posts = site.run("posts.xlsx")
    assert [(p["row"], p["outcome"]) for p in posts if p["outcome"] != "skipped"] == [(4, "scheduled")]
    assert "rows 2, 3, 5, 6," in ended.out


def test_annotate_keeps_a_macro_workbook_and_ends_without_a_word_of_python(desk):
    desk("template", "--out", "posts.xlsx")
    (desk.folder / "posts.xlsx").rename(desk.folder / "posts.xlsm")
    ended = desk("run", "posts.xlsm", "--sandbox", "--yes", "--annotate", "--quiet")
    assert (ended.status, ended.err) == (0, "")
    assert (desk.folder / "posts.results.xlsm").exists()


ODD = "po\x1b[31m\u202e\x9bsts"
"""A name that colours a terminal, turns its words around and moves its cursor."""


def assert_visible(*texts: str) -> None:
    """Nothing that a terminal would obey is in what was printed, and something stands in its place."""
    for text in texts:
        assert not {"\x1b", "\u202e", "\x9b", "\x07", "\r"} & set(text), repr(text)


def test_what_a_name_holds_moves_and_colours_nothing_wherever_it_is_printed(desk):
    desk.write(f"{ODD}.csv", [ROW])
    for arguments in (
        ["check", f"{ODD}.csv"],
        ["check", f"{ODD}.xls"],
        ["run", f"{ODD}.csv", "--sandbox", "--yes", "--verbose"],
        ["plan", f"{ODD}.csv", "--sandbox", "--out", f"{ODD}.json"],
        ["template", "--out", f"{ODD}.xlsx"],
        ["pull", "--sandbox", "--out", f"{ODD}-pulled.csv"],
        ["trust", f"{ODD}.toml"],
        ["check", f"{ODD}.csv", "--format", "github"],
        ["plan", f"{ODD}.csv", "--sandbox", "--json"],
        ["accounts", "--sandbox", "--assets"],
        ["report", "--sandbox", "--month", "2031-01", "--out", f"{ODD}-report.csv"],
        ["report", "--month", ODD],
        ["watch", "--sandbox", "--once"],
        ["watch", "--every", ODD],
        ["init", "--name", ODD, "--site-id", ODD, "--timezone", ODD],
        ["mcp", "--folder", ODD],
        ["undo", ODD, "--yes"],
        ["runs"],
        ["runs", "--sandbox", "--json"],
        ["results", ODD],
        ["status", f"{ODD}.csv"],
        [ODD],
        ["check", f"--{ODD}"],
        ["run", f"{ODD}.csv", "--via", ODD],
    ):
        ended = desk(*arguments)
        assert_visible(ended.out, ended.err)
    assert "\\u202e" in desk("check", f"{ODD}.xls").err


def test_what_a_service_says_moves_and_colours_nothing(site, service):
    evil = "Evil\x1b]0;x\x07\u202e\x9b31m\r"
    service.seed(accounts={"FACEBOOK": [{**ACCOUNTS["FACEBOOK"][0], "displayName": evil}]})
    site.write("posts.csv", [{**ROW, "account": "nobody"}])
    for arguments in (
        ["accounts"],
        ["accounts", "--json"],
        ["doctor"],
        ["doctor", "--json"],
        ["plan", "posts.csv"],
        ["plan", "posts.csv", "--json"],
        ["run", "posts.csv", "--yes", "--no-page"],
        ["run", "posts.csv", "--yes", "--no-page", "--json"],
        ["run", "posts.csv", "--yes", "--no-page", "--json-events"],
    ):
        ended = site(*arguments)
        assert_visible(ended.out, ended.err)
    service.add_fault(kind="body", call="list_accounts", status=400, body='{"message": "no\\u001b[2J\\u202e"}')
    for arguments in (["accounts"], ["doctor"], ["plan", "posts.csv"]):
        ended = site(*arguments)
        assert_visible(ended.out, ended.err)


def test_github_shows_each_mistake_at_its_row_and_no_text_of_a_sheet_is_a_command(desk):
    evil = "2031-03-03 25:00%0A::error::x\n::set-output name=a::b"
    desk.write("posts.csv", [{"key": "a", "channel": "FACEBOOK", "publish_at": evil, "text": "Hi", "timezone": "UTC"}])
    ended = desk("check", "posts.csv", "--format", "github")
    commands = [line for line in ended.out.splitlines() if line.startswith("::")]
    assert ended.status == 1
    assert len(commands) == 1
    assert commands[0].startswith("::error file=posts.csv,line=2,title=")
    assert "%250A" in commands[0]
    assert not any(line.startswith("::set-output") for line in (ended.out + ended.err).splitlines())


@pytest.mark.parametrize("name", sorted(postbatch.commands))
def test_every_command_has_help_with_three_examples_that_it_takes(name: str) -> None:
    context = click.Context(postbatch.commands[name], info_name=f"postbatch {name}")
    text = postbatch.commands[name].get_help(context)
    assert "Exit status" in text
    assert len(EXAMPLES[name]) >= 1
    for example in EXAMPLES[name]:
        assert f"postbatch {name} {example}".rstrip() in text
        words = shlex.split(re.sub(r"\s[<|>].*", "", example))
        postbatch.commands[name].make_parser(context).parse_args(words)
