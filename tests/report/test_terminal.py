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
    Before,
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
from batch.report.plan_text import around_difference, deeds_text, plan_text
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
    at = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    berlin = {"at": at, "timezone": "Europe/Berlin"}
    before = Before("SCHEDULED", at - timedelta(days=1))
    moved = Change("publish_at", "2026-11-30 09:30 Europe/Berlin", "2026-12-01 09:30 Europe/Berlin")
    shown = plan_text(
        plan(
            step(2, content=Content(text="Fresh\nfrom the kiln"), **berlin),
            step(3, StepKind.UPDATE, changes=(change,), before=replace(before, scheduled_at=at), timezone="UTC"),
            step(4, StepKind.BLOCKED, code="account_unknown", reason="No account is called so.", account_name=""),
            step(5, StepKind.UNCHANGED),
            step(6, StepKind.UNCHANGED, warnings=("The row differs.",)),
            step(7, StepKind.RESCHEDULE, before=before, changes=(moved,), type="STORY", **berlin),
            step(8, StepKind.PUBLISH),
            needs={"SCHEDULE_POST": 1},
            quotas={"SCHEDULE_POST": Quota("SCHEDULE_POST", limit=50, left=9, period="MONTH")},
            notices=("The clock is off.",),
        )
    )
    assert shown == (
        "Blocked  row 4: No account is called so.\n"
        "Warning  row 6: The row differs.\n"
        "Note     The clock is off.\n"
        "\n"
        "pottery (Europe/Berlin)\n"
        "  !  now               Instagram        studio  k8\n"
        "  +  Tue 1 Dec  09:30  Instagram        studio  Fresh from the kiln\n"
        "  ~             08:30  Instagram        studio  k3 (UTC)\n"
        "      text: old words → new words\n"
        "  ~             09:30  Instagram story  studio  k7\n"
        "      moves: Mon 30 Nov, 09:30 → Tue 1 Dec, 09:30\n"
        "\n"
        "Scheduling: 1 needed, 9 of 50 left this month.\n"
        "Takes about 2 s (6 calls at 180 a minute).\n"
        "No change: 2. Blocked: 1.\n"
        "This will publish 1 post now (can't be undone), schedule 1, move 1 and update 1."
    )


def test_with_quiet_a_plan_is_its_totals() -> None:
    everything = plan(step(2), step(3, StepKind.INVALID), step(4, StepKind.UNCHANGED), notices=("Told.",))
    assert plan_text(everything, quiet=True) == "No change: 1. Errors: 1.\nThis will schedule 1 post."


def test_before_a_question_a_plan_leaves_out_what_the_question_says() -> None:
    assert "This will" not in plan_text(plan(step(2)), asks=True)


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ({"publish": 1, "schedule": 22, "cancel": 3}, "publish 1 post now, schedule 22 and cancel 3 (can't be undone)"),
        ({"publish": 2, "draft": 1}, "publish 2 posts now (can't be undone) and save 1 draft"),
        ({"schedule": 1200, "draft": 2}, "schedule 1,200 posts and save 2 drafts"),
        ({"reschedule": 1, "update": 2, "delete": 1}, "move 1 post, update 2 and delete 1 (can't be undone)"),
        ({"unchanged": 3}, ""),
    ],
)
def test_what_will_be_done_is_said_in_one_sentence(kinds: dict[str, int], told: str) -> None:
    doing = {"draft": (Act.CREATE,), "delete": (Act.DELETE,)}
    steps = [step(kind=StepKind(kind)) for kind, count in kinds.items() for _ in range(count)]
    assert deeds_text([replace(s, acts=doing.get(s.kind, s.acts)) for s in steps]) == told


def test_duplicates_that_are_removed_are_something_to_do() -> None:
    tidied = step(kind=StepKind.UNCHANGED, acts=(Act.WITHDRAW,), duplicates=("b", "c"))
    assert plan_text(plan(tidied)).endswith("This will remove 2 duplicates.")


def test_rows_that_are_left_out_say_why() -> None:
    steps = [step(n, StepKind.SKIP, reason="Not among --rows 2.") for n in (3, 4)]
    shown = plan_text(plan(step(2), *steps, step(5, StepKind.SKIP, reason="The row says it.", action="skip")))
    assert "Skipped: 3 (Not among --rows 2)." in shown
    assert "The row says it." not in shown


def test_an_empty_plan_says_that_there_is_nothing_to_do() -> None:
    assert plan_text(plan()) == "Nothing to do."
    assert plan_text(plan(step(kind=StepKind.UNCHANGED))) == "Nothing to do: the post is already as in the sheet."
    wrong = plan_text(plan(step(kind=StepKind.INVALID, reason="Wrong.")))
    assert wrong.splitlines() == ["Error  row 2: Wrong.", "", "Errors: 1.", "Nothing can go ahead yet."]


def test_several_sites_are_told_apart_and_what_stays_is_a_table_of_numbers() -> None:
    sites = tuple(
        SitePlan(name, (step(site=name), *(step(n, StepKind.UNCHANGED, site=name) for n in range(3, 3 + same))))
        for name, same in (("clay", 0), ("pottery", 12))
    )
    lines = plan_text(Plan("s", "f", NOW, sites)).splitlines()
    assert "clay: schedule 1 post" in lines
    assert lines[lines.index("Site     New  No change") :][:3] == [
        "Site     New  No change",
        "clay       1",
        "pottery    1         12",
    ]
    assert lines[-1] == "This will schedule 2 posts, on 2 sites."


def test_a_quota_of_several_sites_is_told_only_where_it_is_short() -> None:
    def site(name: str, left: int) -> SitePlan:
        return SitePlan(name, (step(site=name),), {"SCHEDULE_POST": 4}, {"SCHEDULE_POST": Quota("S", left=left)})

    shown = plan_text(Plan("s", "f", NOW, (site("clay", 1_000), site("pottery", 5))))
    assert "pottery: Scheduling: 4 needed, 5 left." in shown
    assert "1,000" not in shown


def test_one_cause_is_told_once_with_its_rows_and_sites() -> None:
    wrong = [
        step(n, StepKind.INVALID, code="c", reason=f"Run with `--again k{n}`.", site=site)
        for n, site in ((2, "clay"), (3, "clay"), (4, "pottery"), (9, "clay"))
    ]
    sites = tuple(SitePlan(name, tuple(s for s in wrong if s.site == name)) for name in ("clay", "pottery"))
    first, *_ = plan_text(Plan("s", "f", NOW, sites), width=100).splitlines()
    assert first == "Error  rows 2-4 and 9 (clay and pottery): Run with `--again KEY`."


def test_a_large_plan_is_shortened_but_no_kind_of_problem_is_hidden() -> None:
    many = [step(n) for n in range(2, 5_000)]
    problems = [step(n, StepKind.INVALID, code=f"code-{n % 7}", reason=f"Reason {n % 7}.") for n in range(5_000, 9_000)]
    late = step(9_999, StepKind.CANCEL)
    shown = plan_text(plan(*many, *problems, late))
    assert len(shown.splitlines()) < 60
    assert all(f"Reason {n}." in " ".join(shown.split()) for n in range(7))
    assert "k9999" in shown
    assert "... and 4,978 more to schedule (--verbose shows all)" in shown
    assert "schedule 4,998 posts" in shown
    whole = plan_text(plan(*many[:100], *problems[:100], late), verbose=True)
    assert all(f"row {n} k{n} " in whole for n in range(2, 102))
    assert all(f"row {n}: " in whole for n in range(5_000, 5_100))


def test_what_can_not_be_undone_is_listed_to_the_last_one() -> None:
    shown = plan_text(plan(*(step(n, StepKind.CANCEL) for n in range(2, 60))))
    assert all(f"k{n}\n" in shown for n in range(2, 60))


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
    assert issues_text(issues, posts=[post(2), post(3), post(4), post(4)], next_command="postbatch fix a.csv") == (
        "Error    I2, text: Message of row 2.\n"
        "Warning  row 3, text: Message of row 3.\n"
        'Error    the sheet, Chanel: Write "channel".\n'
        "3 rows, 4 posts: 1 row has errors, the sheet itself has errors, 1 row has\n"
        "warnings.\n"
        "Next: postbatch fix a.csv"
    )


def test_a_sheet_without_issues_is_one_line() -> None:
    assert issues_text([], posts=[post(2)]) == "1 row, 1 post: no problems found."


def test_the_same_mistake_in_many_rows_is_one_problem_with_its_rows() -> None:
    issues = [issue(row, message="Too long.") for row in (*range(2, 200), 210)]
    assert issues_text(issues).splitlines()[0] == "Error  rows 2-199 and 210, text: Too long."


def test_many_issues_of_one_kind_are_counted_with_their_rows() -> None:
    issues = [issue(row) for row in (*range(2, 10), 12)] + [issue(50, "other")]
    shown = issues_text(issues)
    assert "I6, " in shown
    assert "I7, " not in shown
    assert "I50, " in shown
    assert "... and 4 more like this: rows 7-9 and 12, text (--verbose shows all)" in shown
    assert "I12, " in issues_text(issues, verbose=True)


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
    assert lines[1:] == [
        "1 post needs your attention.",
        "1 unchanged.",
        "Error  row 5: Message of row 5.",
        "Live  k3  https://instagram.com/p/1",
    ]


def test_what_the_plan_has_shown_is_counted_and_not_told_again() -> None:
    both = results(outcome(2, OutcomeKind.INVALID), outcome(3, OutcomeKind.FAILED))
    first = outcomes_text(both, known=frozenset({0})).splitlines()
    assert first[1:] == ["2 posts need your attention.", "Failed  row 3: Message of row 3."]
    assert outcomes_text(both, known=frozenset({0, 1})).splitlines()[1:] == ["2 posts need your attention (see above)."]


def test_with_quiet_there_are_only_problems() -> None:
    both = results(outcome(2, OutcomeKind.SCHEDULED), outcome(3, OutcomeKind.FAILED))
    assert outcomes_text(both, quiet=True) == "Failed  row 3: Message of row 3."
    assert outcomes_text(results(outcome(2, OutcomeKind.SCHEDULED)), quiet=True) == ""


def test_a_run_that_was_stopped_says_what_was_not_sent() -> None:
    unsent = [outcome(n, OutcomeKind.NOT_RUN, message="Stopped.") for n in (3, 4)]
    lines = outcomes_text(results(outcome(2, OutcomeKind.SCHEDULED), *unsent)).splitlines()
    assert lines == ["1 post scheduled.", "2 posts were not sent.", "Not sent  rows 3-4: Stopped."]


@pytest.mark.parametrize("kind", OutcomeKind)
def test_each_outcome_is_shown_with_all_and_needs_somebody_or_not(kind: OutcomeKind) -> None:
    needs = {"invalid", "blocked", "conflict", "failed", "unknown", "not_run"}
    one = results(outcome(2, kind))
    assert ("row 2: Message of row 2." in outcomes_text(one)) == (kind in needs)
    assert "Message of row 2." in outcomes_text(one, verbose=True)


def test_many_outcomes_of_one_kind_are_counted_and_every_kind_is_shown() -> None:
    many = [outcome(n, OutcomeKind.BLOCKED, code="quota") for n in range(2, 500)]
    shown = outcomes_text(results(*many, outcome(999, OutcomeKind.CONFLICT)))
    assert "row 999: " in shown
    assert "... and 493 more like this: rows 7-499 (--verbose shows all)" in shown


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
        "placed": [SimpleNamespace(step=SimpleNamespace(site=site)) for site in ("clay", "pottery", "clay", "")],
    }  # fmt: skip
    return SimpleNamespace(**(plain | changes))


def test_runs_read_like_this() -> None:
    shown = runs_text(
        [
            run(),
            run(command="undo 20261120-120000-abcd", exit_status=None, counts={}),
            run(sandbox=True, exit_status=130, started_at=NOW + timedelta(hours=1)),
            run(counts={}, placed=[]),
        ],
        now=NOW,
        more=3,
        width=130,
    )
    assert [line.split("  ")[-1].strip() for line in shown.splitlines()] == [
        "What happened",
        "clay and pottery: 12 scheduled",
        "clay and pottery: undo 20261120-120000-abcd: Did not finish: run again",
        "clay and pottery: Stopped; 12 scheduled",
        "Nothing to do",
        "... and 3 more, older or of other folders: postbatch runs --all",
    ]
    assert "posts.xlsx (sandbox)" in shown
    assert "20 Nov, 13:00" in shown
