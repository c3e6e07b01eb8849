"""Every command with --json: stdout is one document that fits its published schema, whatever happens."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batch.cli import DOCUMENTS, postbatch
from batch.commands.schema import SCHEMAS
from batch.sandbox.sites import SITE_ID

GOOD = {"key": "a", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2031-03-03 09:00", "timezone": "UTC"}
WRONG = {**GOOD, "key": "b", "text": "Hello there", "publish_at": "2031-03-03 25:00"}
MENDABLE = {**GOOD, "key": "d\u200b"}


def document_of(ended: Any, name: str) -> dict[str, Any]:
    """Return the document that stands alone on stdout, once it fits its schema."""
    found: dict[str, Any] = json.loads(ended.out)
    jsonschema.validate(found, SCHEMAS[name](), cls=jsonschema.Draft202012Validator)
    return found


@pytest.fixture
def sheets(site: Any) -> Any:
    site.write("good.csv", [GOOD])
    site.write("part.csv", [GOOD, WRONG])
    site.write("bad.csv", [WRONG])
    site.write("mend.csv", [MENDABLE])
    return site


def test_a_life_of_a_sheet_success_nothing_to_do_partial_and_refusal(sheets):
    desk = sheets
    assert document_of(desk("check", "good.csv", "--json"), "check")["issues"] == []
    assert document_of(desk("check", "part.csv", "--json"), "check")["issues"][-1]["row"] == 3
    plan = desk("plan", "part.csv", "--json")
    assert [step["kind"] for step in document_of(plan, "plan")["steps"]] == ["schedule", "invalid"]
    assert str(desk.folder) not in plan.out
    assert document_of(desk("plan", "good.csv", "--out", "plan.json", "--json"), "plan")["steps"]
    ended = desk("apply", "plan.json", "-y", "--json")
    assert [post["outcome"] for post in document_of(ended, "results")["posts"]] == ["scheduled"]
    ended = desk("apply", "plan.json", "-y", "--json")
    assert document_of(ended, "error")["exit_status"] == ended.status == 2
    ended = desk("run", "good.csv", "-y", "--json")
    assert (ended.status, document_of(ended, "results")["posts"][0]["outcome"]) == (0, "unchanged")
    ended = desk("run", "part.csv", "-y", "--json")
    assert ended.status == 1
    assert [post["outcome"] for post in document_of(ended, "results")["posts"]] == ["unchanged", "invalid"]
    assert document_of(desk("run", "good.csv", "--json"), "error")["error"], "there is no terminal to ask on"
    results = next(path.name for path in desk.folder.glob("good.results*.xlsx"))
    assert document_of(desk("status", results, "--json"), "results")["posts"]
    assert document_of(desk("results", "last", "--json"), "results")["posts"]
    assert document_of(desk("undo", "last", "-n", "--json"), "plan")["steps"][0]["kind"] == "cancel"
    assert document_of(desk("undo", "last", "-y", "--json"), "results")["posts"][0]["outcome"] == "cancelled"
    assert len(document_of(desk("runs", "--json"), "runs")["runs"]) >= 3
    assert document_of(desk("watch", "--once", "--json"), "watch")["alerts"] == []
    assert document_of(desk("report", "--month", "2031-03", "--json"), "report")["month"] == "2031-03"
    assert document_of(desk("pull", "--out", "pulled.csv", "--json"), "pull")["posts"] == 0


def test_commands_about_the_site_and_files(sheets):
    desk = sheets
    assert document_of(desk("accounts", "--json"), "accounts")["connections"]
    assert document_of(desk("accounts", "--out", "places.csv", "--json"), "places")["places"]
    assert all(found["good"] for found in document_of(desk("doctor", "--json"), "doctor")["findings"])
    assert document_of(desk("template", "--out", "t.xlsx", "--json"), "template") == {"written": "t.xlsx"}
    assert document_of(desk("template", "--out", "t.xlsx", "--json"), "error")["exit_status"] == 2
    assert document_of(desk("fix", "mend.csv", "--json"), "fix")["fixes"][0]["new"] == "d"
    assert document_of(desk("fix", "good.csv", "--json"), "fix")["written"] == ""
    feed = (desk.folder / "part.csv").read_text(encoding="utf-8")
    assert document_of(desk("check", "-", "--json", feed=feed), "check")["issues"][-1]["row"] == 3
    assert "stdin.csv" in document_of(desk("plan", "-", "--json", feed=feed), "plan")["inputs"]["sheet"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "none.csv"), ("plan", "none.csv"), ("run", "none.csv", "-y"), ("apply", "none.json", "-y"),
        ("fix", "none.csv"), ("status", "none.xlsx"), ("undo", "none", "-y"), ("results", "none"),
        ("report", "--month", "never"), ("watch", "--every", "soon"), ("pull", "--until", "soon"),
        ("plan", "good.csv", "--no-such-option"),
        ("init",), ("init", "--name", "a", "--site-id", "b", "--timezone", "UTC"), ("init", "--forget-key", "none"),
        ("trust", "none.toml"), ("sandbox", "--port", "99999"), ("accounts", "--site", "none"),
        ("template", "--out", "t.pdf"), ("doctor", "--probe"),
    ],
)  # fmt: skip
def test_what_cannot_start_says_so_as_a_document_too(sheets, arguments):
    ended = sheets(*arguments, "--json")
    told = document_of(ended, "error")
    assert (ended.status, told["exit_status"]) == (2, 2)
    assert told["error"]


def test_every_document_has_a_schema_that_is_one():
    assert set(DOCUMENTS) == set(SCHEMAS)
    for make in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(make())


def events_of(ended: Any) -> list[dict[str, Any]]:
    """Return the events of a run, once each line fits the schema."""
    events: list[dict[str, Any]] = [json.loads(line) for line in ended.out.splitlines()]
    for event in events:
        jsonschema.validate(event, SCHEMAS["event"](), cls=jsonschema.Draft202012Validator)
    return events


def test_events_come_one_a_line_each_post_once_and_the_results_last(sheets):
    sheets.write("two.csv", [GOOD, {**GOOD, "key": "c", "text": "Another"}, WRONG])
    ended = sheets("run", "two.csv", "-y", "--json-events")
    said = events_of(ended)
    events = [event for event in said if event["event"] not in {"message", "waiting"}]
    assert "waiting" in {event["event"] for event in said}
    assert [event["event"] for event in events] == [
        "plan", "post", "post", "written", "written", "results",
    ]  # fmt: skip
    assert (events[0]["total"], events[0]["kinds"]) == (2, {"schedule": 2, "invalid": 1})
    posts = [event for event in events if event["event"] == "post"]
    assert [(post["row"], post["outcome"], post["done"]) for post in posts] == [
        (2, "scheduled", 1),
        (3, "scheduled", 2),
    ]
    assert events[-1]["run"] == events[0]["run"]
    assert [post["outcome"] for post in events[-1]["posts"]] == ["scheduled", "scheduled", "invalid"]
    assert (ended.status, "scheduled" in ended.err) == (1, True)


def test_what_stops_a_run_is_its_last_event(sheets):
    assert events_of(sheets("run", "good.csv", "--json-events"))[-1]["event"] == "error"
    last = events_of(sheets("run", "good.csv", "-y", "--json-events"))[-1]
    assert events_of(sheets("undo", last["run"], "-y", "--json-events"))[-1]["posts"][0]["outcome"] == "cancelled"


OTHERWISE = {
    "open": "serves pages",
    "mcp": "speaks a protocol of its own on stdout",
    "completion": "prints a script of the shell",
    "schema": "prints JSON in any case",
}
"""The commands without --json, and why."""


def test_every_command_takes_json_or_has_a_reason_not_to():
    without = {
        name for name, command in postbatch.commands.items() if not any("--json" in p.opts for p in command.params)
    }
    assert without == set(OTHERWISE)


def test_setting_up_and_trusting_print_a_document_too(sheets):
    desk = sheets
    new = ("init", "--timezone", "UTC", "--name", "pottery", "--site-id", SITE_ID, "--json")
    told = document_of(desk(*new, environ={"WIX_SITE_ID": ""}), "init")
    assert (told["site"], told["variable"], told["key_store"]) == ("pottery", "WIX_API_KEY", "")
    assert tomllib.loads(Path(told["written"]).read_text(encoding="utf-8"))["timezone"] == "UTC"
    assert [finding["good"] for finding in told["findings"]] == [True, True, True]
    assert desk.environ["WIX_API_KEY"] not in json.dumps(told)
    other = ("init", "--name", "garden", "--site-id", "11111111-2222-4333-8444-555555555555", "--json")
    told = document_of(desk(*other, "--key-variable", "WIX_GARDEN_KEY"), "init")
    assert (told["variable"], told["findings"]) == ("WIX_GARDEN_KEY", [])
    assert document_of(desk(*other), "error")["exit_status"] == 2, "its name is taken"
    (desk.folder / "postbatch.toml").write_text('timezone = "UTC"\n', encoding="utf-8")
    told = document_of(desk("trust", "--json"), "trust")
    assert told == {"trusted": "postbatch.toml", "settings": ['timezone = "UTC"']}
    assert document_of(desk("trust", "--json"), "trust") == told, "nothing to do is as well as done"


def test_a_sandbox_says_where_it_is_and_leaves_stdout_alone_after_that(desk):
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "batch", "sandbox", "--port", "0", "--json"], cwd=desk.folder,
        env=dict(desk.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        reached = desk("accounts", "--json", environ=told["environment"])
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert rest == ""
    jsonschema.validate(told, SCHEMAS["sandbox"](), cls=jsonschema.Draft202012Validator)
    assert told["address"].startswith("http://127.0.0.1:")
    assert document_of(reached, "accounts")["connections"]["FACEBOOK"] == "VALID"


def test_a_probe_prints_what_it_found(sheets):
    told = document_of(sheets("doctor", "--probe", "-y", "--json"), "doctor")
    assert told["findings"]
    assert all(found["good"] and ": " in found["finding"] for found in told["findings"])


def piped(desk: Any, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `postbatch` is the command."""
    script = f'postbatch() {{ {shlex.quote(sys.executable)} -m batch "$@"; }}\nset -o pipefail\n{line}'
    return subprocess.run(
        ["bash", "-c", script], cwd=desk.folder, env=dict(desk.environ), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


READ = "import json, sys; print([post['outcome'] for post in json.load(sys.stdin)['posts']])"
PICK = shlex.join([sys.executable, "-c", READ])


def test_a_pipeline_reads_the_document_whatever_the_command_says_besides(sheets):
    ended = piped(sheets, f"postbatch run part.csv -y --json | {PICK}")
    assert (ended.returncode, ended.stdout) == (1, "['scheduled', 'invalid']\n"), ended.stderr
    ended = piped(sheets, f"postbatch run - -y --json --out o.json < good.csv | {PICK}")
    assert (ended.returncode, ended.stdout) == (0, "['unchanged']\n"), ended.stderr
    ended = piped(sheets, f"postbatch run good.csv -y --json-events | tail -1 | {PICK}")
    assert (ended.returncode, ended.stdout) == (0, "['unchanged']\n"), ended.stderr


@pytest.mark.parametrize("line", [
    "check many.csv --json", "check many.csv", "plan many.csv --json", "plan many.csv --verbose", "fix many.csv --json",
    "schema results", "--help", "template --out t.csv --json", "runs --json", "doctor", "init --json", "results last",
])  # fmt: skip
@pytest.mark.parametrize("reader", ["head -c 1", "true"])
def test_a_reader_that_leaves_early_gets_no_traceback(sheets, line, reader):
    sheets.write("many.csv", [{**WRONG, "key": f"k{number}"} for number in range(400)])
    ended = piped(sheets, f"postbatch {line} | {reader}")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


@pytest.mark.parametrize("how", ["", "--json", "--json-events", "--verbose"])
def test_a_run_whose_reader_is_gone_still_ends_and_writes_its_results(sheets, service, how):
    sheets.write("ten.csv", [{**GOOD, "key": f"k{number}", "text": f"Post {number}"} for number in range(10)])
    ended = piped(sheets, f"postbatch run ten.csv -y --out out.json {how} | true")
    assert "Traceback" not in ended.stderr
    assert [post["outcome"] for post in sheets.posts("out.json")] == ["scheduled"] * 10
    assert len(service.coming()) == 10
