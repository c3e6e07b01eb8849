"""The package as people script it: its names, a DataFrame in, a plan, results and a DataFrame out; nothing is asked."""

from __future__ import annotations

import inspect
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import batch
import batch.runs.journal
from batch import Plan, Results, Sheet, check, make_plan, read_sheet, run
from batch.api import Options
from batch.errors import ConfigError, GuardError, PostbatchError, SheetError, StartError
from batch.model import RESULT_COLUMNS, StepKind

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    {"key": "a", "channel": "FACEBOOK", "text": "Bowls", "publish_at": "2031-03-03 09:00", "client": "Anna"},
    {"key": "b", "channel": "LINKEDIN", "text": "Plates", "publish_at": None, "client": None},
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with a state of its own and nobody's settings."""
    for name in ("WIX_API_KEY", "WIX_SITE_ID", "WIX_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("POSTBATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def frame(rows=ROWS):
    return pd.DataFrame(rows).assign(timezone="Europe/Berlin")


def test_the_public_names_are_these_and_each_says_what_it_is():
    assert batch.__all__ == ["Plan", "Results", "Sheet", "__version__", "check", "make_plan", "read_sheet", "run"]
    for name in set(batch.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(batch, name)), name
    for function in (check, make_plan, run, read_sheet, Sheet.from_frame, Results.to_frame):
        hints = inspect.signature(function)
        assert hints.return_annotation is not inspect.Signature.empty
        assert {n for n, p in hints.parameters.items() if p.annotation is inspect.Parameter.empty} <= {"self"}
    with pytest.raises(AttributeError, match="no attribute 'undo'"):
        batch.undo  # noqa: B018 - what is not there is asked for


def test_more_new_posts_than_are_configured_are_not_run(folder):
    (folder / "mine.toml").write_text("max_new_posts = 1\n", encoding="utf-8")
    sheet = Sheet.from_frame(frame())
    with pytest.raises(GuardError, match="--allow-new 2"):
        run(sheet, sandbox=True, config=folder / "mine.toml")
    assert len(run(sheet, sandbox=True, config=folder / "mine.toml", allow_new=2).outcomes) == 2


def test_importing_the_package_loads_none_of_it():
    code = "import sys, batch; print([m for m in sys.modules if m.startswith('batch.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_frame_is_planned_run_and_run_again_without_a_word(folder, capsys):
    sheet = Sheet.from_frame(frame())
    assert check(sheet, sandbox=True) == ()
    plan = make_plan(sheet, sandbox=True)
    assert isinstance(plan, Plan)
    assert [(step.row, step.key, step.kind) for step in plan.steps] == [
        (2, "a", StepKind.SCHEDULE), (3, "b", StepKind.DRAFT),
    ]  # fmt: skip
    results = run(sheet, sandbox=True)
    assert [str(o.outcome) for o in results.outcomes] == ["scheduled", "drafted"]
    assert [str(o.outcome) for o in run(sheet, sandbox=True).outcomes] == ["unchanged", "unchanged"]
    assert (results.sandbox, list(folder.iterdir())) == (True, [])
    assert capsys.readouterr() == ("", "")


def test_results_become_a_frame_with_our_columns_first_and_a_date_that_is_one(folder):
    told = run(Sheet.from_frame(frame([{**ROWS[0], "Link": "https://example.com"}, ROWS[1]])), sandbox=True).to_frame()
    own = ["key (sheet)", "channel (sheet)", "text", "publish_at", "client", "Link (sheet)", "timezone"]
    assert list(told.columns) == [*RESULT_COLUMNS, *own]
    assert list(told["row"]) == [2, 3]
    assert list(told["outcome"]) == ["scheduled", "drafted"]
    assert told["publish_at_utc"][0] == pd.Timestamp("2031-03-03 08:00", tz="UTC")
    assert pd.isna(told["publish_at_utc"][1])
    assert list(told["client"]) == ["Anna", ""]


def test_a_frame_and_its_file_are_the_same_sheet(folder):
    frame().to_csv("posts.csv", index=False)
    saved = read_sheet(Path("posts.csv"))
    made = Sheet.from_frame(frame(), name="posts.csv")
    assert made == saved
    assert made.fingerprint == saved.fingerprint


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (pd.Timestamp("2031-03-03 09:30"), datetime(2031, 3, 3, 9, 30)),  # noqa: DTZ001 - a wall clock has no zone
        (pd.Timestamp("2031-03-03 09:30:15.5", tz="Europe/Berlin"), "2031-03-03T09:30:15+01:00"),
        (datetime(2031, 3, 3, 8, 30, tzinfo=UTC), "2031-03-03T08:30:00+00:00"),
        (pd.Timestamp("2031-03-03").date(), "2031-03-03"),
        (pd.Timestamp("2031-03-03"), "2031-03-03"),
        (float("nan"), ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (None, ""),
        ("NA", "NA"),
        ("=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_a_value_of_a_frame_is_read_as_a_cell_would_be(value, seen):
    made = pd.DataFrame({"channel": ["FACEBOOK"], "publish_at": pd.Series([value], dtype=object)})
    sheet = Sheet.from_frame(made)
    assert sheet.cell(sheet.rows[0], "publish_at") == seen


def test_several_media_may_be_a_list_and_rows_keep_their_numbers():
    made = pd.DataFrame({"channel": ["FACEBOOK", None, "GBP"], "media": [["a.jpg", "b.jpg"], None, "c.jpg"]})
    sheet = Sheet.from_frame(made)
    assert [(row.number, sheet.cell(row, "media")) for row in sheet.rows] == [(2, "a.jpg\nb.jpg"), (4, "c.jpg")]


def test_an_account_that_pandas_has_made_a_float_is_an_error_and_never_another_account():
    made = pd.DataFrame({"channel": ["FACEBOOK"] * 2, "account": [17841400000000123, None]})
    (issue,) = Sheet.from_frame(made).issues
    assert (issue.row, issue.column, issue.code) == (2, "account", "cut_number")


def test_a_frame_without_a_channel_is_refused_as_a_sheet_is():
    with pytest.raises(SheetError, match="channel"):
        Sheet.from_frame(pd.DataFrame({"text": ["Hello"]}))


def test_every_guard_of_the_command_line_holds(folder):
    rows = [{**ROWS[0], "key": f"k{n}", "text": f"Text {n}"} for n in range(5)]
    run(Sheet.from_frame(frame(rows)), sandbox=True)
    stop = Sheet.from_frame(pd.DataFrame([{"key": r["key"], "channel": "FACEBOOK", "action": "cancel"} for r in rows]))
    for act in (make_plan, run):
        with pytest.raises(GuardError, match="--allow-cancel"):
            act(stop, sandbox=True)
    done = run(stop, sandbox=True, allow={"cancel": 5})
    assert {str(o.outcome) for o in done.outcomes} == {"cancelled"}


def test_a_wrong_row_holds_back_all_where_that_is_asked_for(folder, caplog):
    sheet = Sheet.from_frame(frame([ROWS[0], {**ROWS[1], "channel": "Chanel"}]))
    assert [i.code for i in check(sheet, sandbox=True)] == ["channel_unknown"]
    held = run(sheet, sandbox=True, all_or_nothing=True)
    assert [str(o.outcome) for o in held.outcomes] == ["not_run", "invalid"]
    assert "Nothing was sent" in caplog.text
    assert [str(o.outcome) for o in run(sheet, sandbox=True).outcomes] == ["scheduled", "invalid"]


def test_rows_are_chosen_as_on_the_command_line(folder):
    done = run(Sheet.from_frame(frame()), sandbox=True, only=["channel=LINKEDIN"])
    assert [str(o.outcome) for o in done.outcomes] == ["skipped", "drafted"]
    with pytest.raises(StartError, match="--rows"):
        make_plan(Sheet.from_frame(frame()), sandbox=True, rows="x")


def test_without_a_site_nothing_is_sent_and_the_remedy_is_in_the_exception(folder):
    with pytest.raises(PostbatchError, match="WIX_SITE_ID"):
        run(Sheet.from_frame(frame()))


def test_a_configuration_that_is_not_trusted_is_not_obeyed_here_either(folder):
    (folder / "postbatch.toml").write_text('[sites.pottery]\nsite_id = "01234567-89ab-cdef-0123-456789abcdef"\n')
    sheet = Sheet.from_frame(frame())
    for act in (make_plan, run):
        with pytest.raises(ConfigError, match=r"not trusted(.|\n)*site_id = (.|\n)*postbatch trust postbatch.toml"):
            act(sheet)
    assert check(sheet) == ()


def test_media_are_looked_for_beside_the_file_that_was_read(folder):
    (folder / "month").mkdir()
    (folder / "month" / "posts.csv").write_text("channel,text,media\nFACEBOOK,Hi,cup.jpg\n", encoding="utf-8")
    (folder / "month" / "cup.jpg").write_bytes((ROOT / "samples" / "pictures" / "celadon-bowl.jpg").read_bytes())
    sheet = read_sheet(Path("month/posts.csv"))
    assert check(sheet, sandbox=True) == ()
    assert [i.code for i in check(sheet, sandbox=True, folder=folder)] == ["media_not_found"]


def test_a_slip_in_an_option_never_runs_without_it(folder):
    sheet = Sheet.from_frame(frame())
    for act in (check, make_plan, run):
        with pytest.raises(TypeError, match="no option sandbx; the options are site, config, sandbox"):
            act(sheet, sandbx=True)


def test_every_option_is_one_of_the_command_line():
    from batch.cli import postbatch

    options = {opt for param in postbatch.commands["run"].params for opt in param.opts}
    named = {"folder": "--media", "allow": "--allow-cancel"}
    for name in Options.__annotations__:
        assert named.get(name, f"--{name.replace('_', '-')}") in options, name
