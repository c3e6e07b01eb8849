from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.model import (
    Account,
    Act,
    Change,
    Channel,
    Content,
    Issue,
    Outcome,
    OutcomeKind,
    Plan,
    Post,
    PostType,
    Quota,
    Results,
    Severity,
    SitePlan,
    Snapshot,
    Step,
    StepKind,
)
from batch.report.plan_text import around_difference, plan_text
from batch.report.terminal import accounts_text, issues_text, outcomes_text, runs_text

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ESCAPE = "\x1b"


def step(row: int = 2, kind: StepKind = StepKind.SCHEDULE, **changes: object) -> Step:
    acts = {
        StepKind.SCHEDULE: (Act.CREATE, Act.SCHEDULE),
        StepKind.PUBLISH: (Act.CREATE, Act.PUBLISH),
        StepKind.RESCHEDULE: (Act.RESCHEDULE,),
        StepKind.UPDATE: (Act.UPDATE,),
        StepKind.CANCEL: (Act.CANCEL,),
    }.get(kind, ())
    plain = Step(
        row=row,
        key=f"k{row}",
        reference=f"k{row}",
        site="pottery",
        channel="INSTAGRAM",
        type="POST",
        kind=kind,
        reason=f"Why of row {row}.",
        acts=acts,
        account_name="studio",
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # fields of Step


def plan(*steps: Step, **changes: object) -> Plan:
    site = replace(SitePlan("pottery", steps), **changes)  # type: ignore[arg-type] # fields of SitePlan
    return Plan("posts.xlsx", "f", NOW, (site,))


def test_a_plan_reads_like_this() -> None:
    change = Change("text", "old words", "new words")
    shown = plan_text(
        plan(
            step(2, reason="New: it goes out 2026-12-01 09:30 Europe/Berlin."),
            step(3, StepKind.UPDATE, reason="It is updated: text.", changes=(change,)),
            step(4, StepKind.BLOCKED, code="account_unknown", reason="No account is called so.", account_name=""),
            step(5, StepKind.UNCHANGED),
            step(6, StepKind.UNCHANGED, warnings=("The row differs.",)),
            needs={"SCHEDULE_POST": 1},
            quotas={"SCHEDULE_POST": Quota("SCHEDULE_POST", limit=50, left=9, period="MONTH")},
            notices=("The clock is off.",),
        )
    )
    assert shown == (
        "INSTAGRAM\n"
        "  Row  Key  Step     Why\n"
        "    4  k4   blocked  No account is called so.\n"
        "\n"
        "INSTAGRAM · studio\n"
        "  Row  Key  Step       Why\n"
        "    3  k3   update     It is updated: text.\n"
        "                       text: old words → new words\n"
        "    2  k2   schedule   New: it goes out 2026-12-01 09:30 Europe/Berlin.\n"
        "    6  k6   unchanged  Why of row 6.\n"
        "                       Warning: The row differs.\n"
        "  1 unchanged\n"
        "\n"
        "In all\n"
        "  To be done: 1 updated, 1 scheduled\n"
        "  Otherwise: 2 unchanged, 1 blocked\n"
        "  1 post with warnings.\n"
        "  Scheduling: 1 needed, 9 of 50 left this month\n"
        "  3 calls, about 1 s at 180 calls a minute\n"
        "  Note: The clock is off."
    )


def test_duplicates_that_are_removed_are_something_to_do() -> None:
    tidied = step(kind=StepKind.UNCHANGED, acts=(Act.WITHDRAW,), duplicates=("b", "c"))
    assert "To be done: 2 duplicates removed" in plan_text(plan(tidied))


def test_rows_that_are_left_out_say_why() -> None:
    steps = [step(n, StepKind.SKIP, reason="Not among --rows 2.") for n in (3, 4)]
    shown = plan_text(plan(step(2), *steps, step(5, StepKind.SKIP, reason="The row says it.", action="skip")))
    assert "2 skipped: Not among --rows 2." in shown
    assert "The row says it." not in shown


def test_an_empty_plan_says_that_there_is_nothing_to_do() -> None:
    assert "Nothing to be done." in plan_text(plan())
    assert "calls" not in plan_text(plan(step(kind=StepKind.UNCHANGED)))


def test_several_sites_are_told_apart() -> None:
    sites = tuple(SitePlan(name, (step(site=name),), {"SCHEDULE_POST": 1}) for name in ("clay", "pottery"))
    shown = plan_text(Plan("s", "f", NOW, sites))
    assert "clay · INSTAGRAM · studio" in shown
    assert "pottery: Scheduling: 1 needed, not metered" in shown


def test_a_large_plan_is_shortened_but_no_kind_of_problem_is_hidden() -> None:
    many = [step(n) for n in range(2, 5_000)]
    problems = [step(n, StepKind.INVALID, code=f"code-{n % 7}", reason=f"Reason {n % 7}.") for n in range(5_000, 9_000)]
    late = step(9_999, StepKind.CANCEL, reason="It is cancelled.")
    shown = plan_text(plan(*many, *problems, late))
    assert len(shown.splitlines()) < 60
    assert all(f"Reason {n}." in shown for n in range(7))
    assert "It is cancelled." in shown
    assert "... and 4,988 more scheduled; --verbose shows all" in shown
    assert "4,998 scheduled" in shown
    whole = plan_text(plan(*many[:100], *problems[:100], late), verbose=True)
    assert all(f"k{n} " in whole for n in (*range(2, 102), *range(5_000, 5_100)))


def test_what_can_not_be_taken_back_comes_before_the_rest() -> None:
    kinds = [StepKind.SCHEDULE, StepKind.UPDATE, StepKind.PUBLISH, StepKind.INVALID, StepKind.CANCEL]
    shown = plan_text(plan(*(step(n + 2, kind) for n, kind in enumerate(kinds))))
    words = re.findall(r"^ +\d+  k\d +(\w+)", shown, re.MULTILINE)
    assert words == ["invalid", "publish", "cancel", "update", "schedule"]


def test_generated_words_are_seen_before_they_are_sent() -> None:
    shown = plan_text(plan(step(generated=True, content=Content(text="Fresh from\nthe kiln"))))
    assert "Generated: Fresh from ⏎ the kiln" in shown


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a", "b", ("a", "b")),
        ("", "b", ("", "b")),
        ("one\ntwo", "one\nthree", ("one ⏎ two", "one ⏎ three")),
        ("x" * 70, "x" * 70 + "!", ("…" + "x" * 6, "…" + "x" * 6 + "!")),
    ],
)
def test_a_change_is_shown_where_it_begins(old: str, new: str, shown: tuple[str, str]) -> None:
    assert around_difference(old, new, letters=20) == shown


@given(st.text(max_size=200), st.text(max_size=200))
def test_two_values_that_differ_never_look_the_same_for_want_of_room(old: str, new: str) -> None:
    one, other = around_difference(old, new)
    assert (one == other) == (old.replace("\n", " ⏎ ") == new.replace("\n", " ⏎ "))
    assert max(len(one), len(other)) <= 62


nasty = st.text(st.characters(codec="utf-8") | st.sampled_from("[]\x1b\x07\x00\r\n\u202e😀ｗ"), max_size=60)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nasty, st.integers(1, 200), st.booleans())
def test_nothing_from_a_sheet_reaches_the_terminal_as_more_than_text(words: str, width: int, color: bool) -> None:
    item = step(reason=words, key=words, account_name=words, changes=(Change("text", words, ""),), warnings=(words,))
    issue = Issue(2, words, "c", words, words, cell="")
    outcome = Outcome(2, words, "", "X", "POST", "", "", OutcomeKind.INVALID, message=words, code=words)
    account = Account(Channel.INSTAGRAM, words, words, words, words)
    look = {"width": width, "color": color}
    shown = [
        plan_text(plan(item, notices=(words,)), **look),
        issues_text([issue], **look),
        outcomes_text(Results("r", False, "s", (), (outcome,)), **look),
        accounts_text(Snapshot(words, NOW, (account,), {"INSTAGRAM": words}), connect_urls={"X": words}, **look),
    ]
    for text in shown:
        left = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", left)


def test_colours_are_there_only_when_asked_for() -> None:
    everything = plan(step(), step(3, StepKind.INVALID))
    assert ESCAPE in plan_text(everything, color=True)
    assert ESCAPE not in plan_text(everything, color=False)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", plan_text(everything, color=True))
    assert [line.rstrip() for line in bare.splitlines()] == plan_text(everything).splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_fit_the_terminal(width: int) -> None:
    long = step(key="a-very-long-key-" * 5, reason="Many words. " * 30, warnings=("x" * 300,))
    shown = plan_text(plan(long, step(3, StepKind.CANCEL)), width=width)
    assert max(len(line) for line in shown.splitlines()) <= width


def issue(row: int, code: str = "text_too_long", **changes: object) -> Issue:
    plain = Issue(row, "text", code, "seen", f"Message of row {row}.", cell=f"I{row}")
    return replace(plain, **changes)  # type: ignore[arg-type] # fields of Issue


def post(row: int) -> Post:
    return Post(row, f"k{row}", "", Channel.INSTAGRAM, PostType.POST)


def test_issues_read_like_this() -> None:
    issues = [
        issue(2),
        issue(3, severity=Severity.WARNING, cell=""),
        Issue(None, "Chanel", "heading_near", "Chanel", 'Write "channel".'),
    ]
    assert issues_text(issues, posts=[post(2), post(3), post(4), post(4)], width=100) == (
        "Cell   Column  What is to be done\n"
        "I2     text    Message of row 2.\n"
        "row 3  text    Warning: Message of row 3.\n"
        'sheet  Chanel  Write "channel".\n'
        "\n"
        "3 rows, 4 posts: 1 row to mend, the sheet itself to mend, 1 row with a warning only."
    )


def test_a_sheet_without_issues_says_so() -> None:
    assert issues_text([], posts=[post(2)]) == "1 row, 1 post: nothing to mend."


def test_many_issues_of_one_kind_are_counted_with_their_rows() -> None:
    issues = [issue(row) for row in (*range(2, 10), 12)] + [issue(50, "other")]
    shown = issues_text(issues)
    assert "I6 " in shown
    assert "I7 " not in shown
    assert "I50" in shown
    assert "... and 4 more like the last one of `text`: rows 7-9, 12." in shown
    assert "I12" in issues_text(issues, verbose=True)


def outcome(row: int, kind: OutcomeKind, **changes: object) -> Outcome:
    plain = Outcome(row, f"k{row}", "", "INSTAGRAM", "POST", "studio", "", kind, message=f"Message of row {row}.")
    return replace(plain, **changes)  # type: ignore[arg-type] # fields of Outcome


def results(*outcomes: Outcome, **changes: object) -> Results:
    return replace(Results("r", False, "s", (), outcomes), **changes)  # type: ignore[arg-type] # fields of Results


def test_outcomes_read_like_this() -> None:
    shown = outcomes_text(
        results(
            outcome(2, OutcomeKind.SCHEDULED),
            outcome(3, OutcomeKind.PUBLISHED, link="https://instagram.com/p/1"),
            outcome(4, OutcomeKind.UNCHANGED),
            outcome(5, OutcomeKind.INVALID),
            outcome(6, OutcomeKind.PROCESSING),
        )
    )
    lines = shown.splitlines()
    assert lines[1:3] == ["1 needs you.", "1 unchanged."]
    assert lines[3:] == [
        "",
        "What needs you",
        "  Row  Key  Outcome  Message",
        "    5  k5   invalid  Message of row 5.",
        "",
        "Live now",
        "  k3  https://instagram.com/p/1",
    ]


@pytest.mark.parametrize("kind", OutcomeKind)
def test_each_outcome_is_shown_with_all_and_needs_somebody_or_not(kind: OutcomeKind) -> None:
    needs = {"invalid", "blocked", "conflict", "failed", "unknown", "not_run"}
    one = results(outcome(2, kind))
    assert ("What needs you" in outcomes_text(one)) == (kind in needs)
    assert "Message of row 2." in outcomes_text(one, verbose=True)


def test_many_outcomes_of_one_kind_are_counted_and_every_kind_is_shown() -> None:
    many = [outcome(n, OutcomeKind.BLOCKED, code="quota") for n in range(2, 500)]
    shown = outcomes_text(results(*many, outcome(999, OutcomeKind.CONFLICT), notices=("Said.",)))
    assert "k999" in shown
    assert "... and 493 more of these kinds; the results have all." in shown
    assert shown.endswith("Said.")


def test_an_address_is_never_broken() -> None:
    link = "https://example.com/" + "x" * 200
    assert link in outcomes_text(results(outcome(2, OutcomeKind.PUBLISHED, link=link)), width=40)
    assert link in accounts_text(Snapshot("s", NOW), connect_urls={"GBP": link}, width=40)


def test_accounts_read_like_this() -> None:
    page = Account(Channel.FACEBOOK, "fb", name="Pottery", target_id="p", target_name="Pottery Page")
    clips = Account(Channel.TIKTOK, "tt", name="clips", privacy_options=("SELF_ONLY",))
    one = Account(Channel.INSTAGRAM, "ig-1", name="shop")
    two = Account(Channel.INSTAGRAM, "ig-2", name="studio", default=True)
    snapshot = Snapshot(
        "pottery",
        NOW,
        accounts=(one, two, page, clips),
        connections={"INSTAGRAM": "VALID", "FACEBOOK": "INVALID", "TIKTOK": "VALID", "GBP": "NEVER_CREATED"},
        quotas={
            "SCHEDULE_POST": Quota("SCHEDULE_POST", limit=1000, left=0, period="MONTH"),
            "PUBLISH_POST": Quota("PUBLISH_POST", enabled=False),
        },
    )
    shown = accounts_text(snapshot, connect_urls={"GBP": "https://w.ix/1", "X": "not possible"})
    assert [re.split(r"\s{2,}", line.strip()) for line in shown.splitlines()] == [
        ["Site pottery"],
        ["Channel", "Account", "Page, board or location", "State"],
        ["INSTAGRAM", "studio", "default"],
        ["INSTAGRAM", "shop", "connected"],
        ["FACEBOOK", "Pottery", "Pottery Page", "sign in again"],
        ["TIKTOK", "clips", "allows SELF_ONLY", "connected"],
        ["GBP", "none", "not connected"],
        [""],
        ["Scheduling: 0 of 1,000 left this month"],
        ["Publishing now: not in this site's plan"],
        [""],
        ["To connect GBP, the site's owner opens:"],
        ["https://w.ix/1"],
        [""],
        ["X:"],
        ["not possible"],
    ]


def run(**changes: object) -> SimpleNamespace:
    plain = {
        "run": "20261120-120000-abcd", "command": "run", "sheet": "posts.xlsx", "sandbox": False, "started_at": NOW,
        "exit_status": 0, "counts": {"scheduled": 12, "invalid": 0},
    }  # fmt: skip
    return SimpleNamespace(**(plain | changes))


def test_runs_read_like_this() -> None:
    shown = runs_text(
        [
            run(),
            run(command="undo 20261120-120000-abcd", exit_status=None, counts={}),
            run(sandbox=True, exit_status=130, started_at=NOW + timedelta(hours=1)),
            run(counts={}),
        ],
        width=120,
    )
    assert [line.split("  ")[-1].strip() for line in shown.splitlines()] == [
        "What became of it",
        "12 scheduled",
        "undo 20261120-120000-abcd: did not end: run again",
        "interrupted; 12 scheduled",
        "nothing to do",
    ]
    assert "posts.xlsx (sandbox)" in shown
    assert "2026-11-20 13:00 UTC" in shown


def test_no_runs_say_how_to_make_one() -> None:
    assert "postbatch run" in runs_text([])
