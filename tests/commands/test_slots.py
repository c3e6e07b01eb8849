"""Rows that ask for a slot, as people run them: on two machines, beside others, and against lists that are late."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.commands.conftest import Desk
from tests.commands.test_approval import answer
from tests.rig.seed import scheduled_by_others
from tests.rig.service import Rig

FIRST = (datetime.now(UTC) + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
"""The first slot: far enough ahead that no test begins on its other side."""

COMING = [FIRST + timedelta(days=days) for days in (0, 2, 7, 9, 14, 16)]
SLOTS = [f"{at:%a} 12:00" for at in COMING[:2]]
CONFIGURED = f'timezone = "UTC"\nsettle_seconds = 0.5\n[slots]\nFACEBOOK = {json.dumps(SLOTS)}\n'


def rows(keys: str, **changes: str) -> list[dict[str, str]]:
    return [{"key": key, "channel": "FACEBOOK", "text": f"Post {key}", "publish_at": "slot", **changes} for key in keys]


@pytest.fixture
def week(site: Desk) -> Desk:
    site.configure(CONFIGURED)
    site.write("posts.csv", rows("abc"))
    return site


def other_machine(desk: Desk, name: str = "b") -> Desk:
    """The same folder on another machine, which has a journal of its own."""
    machine = replace(desk, environ={**desk.environ, "XDG_STATE_HOME": f"{desk.environ['XDG_STATE_HOME']}-{name}"})
    assert machine("trust").status == 0
    return machine


def dates(service: Rig) -> dict[str, datetime]:
    return {post.reference: post.at.replace(microsecond=0) for post in service.coming()}


def test_the_plan_shows_when_and_a_second_run_on_any_machine_changes_nothing(week, service):
    service.seed(items=[scheduled_by_others(COMING[1])])
    shown = week("plan", "posts.csv")
    assert shown.status == 0
    assert all(f"{at.day} {at:%b}" in shown.out for at in (COMING[0], COMING[2], COMING[3]))
    assert week.run("posts.csv")[0].status == 0
    made = dates(service)
    assert {key: at for key, at in made.items() if key} == {"a": COMING[0], "b": COMING[2], "c": COMING[3]}
    changed = sum(call.changed for call in service.calls())
    for machine in (week, other_machine(week)):
        ended, posts = machine.run("posts.csv")
        assert (ended.status, {post["outcome"] for post in posts}) == (0, {"unchanged"})
    assert sum(call.changed for call in service.calls()) == changed
    assert dates(service) == made


def test_rows_in_another_order_and_new_ones_move_nothing(week, service):
    week.run("posts.csv")
    before = dates(service)
    week.write("posts.csv", rows("dcba"))
    assert week.run("posts.csv")[0].status == 0
    assert dates(service) == {**before, "d": COMING[3]}


def test_the_slot_of_a_post_that_was_cancelled_goes_to_the_next_row_that_asks(week, service):
    week.run("posts.csv")
    week.write("posts.csv", [*rows("a", action="cancel"), *rows("bc")])
    assert week.run("posts.csv", "--allow-cancel", "1")[0].status == 0
    week.write("posts.csv", [*rows("a"), *rows("bcd")])
    posts = week.run("posts.csv")[1]
    assert [(post["key"], post["code"]) for post in posts if post["outcome"] == "invalid"] == [
        ("a", "cancelled_before")
    ]
    assert dates(service) == {"b": COMING[1], "c": COMING[2], "d": COMING[0]}


def test_a_saved_plan_takes_its_own_slots_or_nothing(week, service):
    assert week("plan", "posts.csv", "--out", "plan.json").status == 0
    service.seed(items=[scheduled_by_others(COMING[2])])
    refused = week("apply", "plan.json", "--yes")
    assert refused.status == 2
    assert "Posts of the site default have moved: c (row 4)" in " ".join(refused.err.split())
    assert [post.reference for post in service.coming()] == [""]
    assert week("plan", "posts.csv", "--out", "plan.json").status == 0
    assert week("apply", "plan.json", "--yes").status == 0
    assert {key: at for key, at in dates(service).items() if key} == {"a": COMING[0], "b": COMING[1], "c": COMING[3]}


def test_what_was_approved_is_approved_for_its_slot_and_what_was_not_keeps_its_place(week, service):
    assert week("plan", "posts.csv", "--page", "plan.html").status == 0
    answer(week, "ana.json", {"b": ("approve",), "c": ("approve",)})
    for outcome in ("scheduled", "unchanged"):
        ended, posts = week.run("posts.csv", "--answers", "ana.json")
        told = {post["key"]: (post["outcome"], post["message"]) for post in posts}
        assert (ended.status, told["a"][0], told["b"][0], told["c"][0]) == (0, "skipped", outcome, outcome)
        assert "not answered" in told["a"][1]
        assert dates(service) == {"b": COMING[1], "c": COMING[2]}


def test_a_slot_that_is_taken_while_a_plan_is_looked_at_is_not_shared(week, service):
    """The run has made its plan and waits for a yes; meanwhile somebody schedules a post of their own."""
    with week.at_terminal("run", "posts.csv", "--out", "out.json", "--no-page") as terminal:
        terminal.wait_for("[y/N]")
        service.seed(items=[scheduled_by_others(COMING[0])])
        terminal.type("y\n")
        assert terminal.end() == 1, terminal.text
    told = {post["key"]: (post["outcome"], post["code"]) for post in week.posts("out.json")}
    assert told == {"a": ("conflict", "slot_taken"), "b": ("scheduled", ""), "c": ("scheduled", "")}, terminal.text
    assert week.run("posts.csv")[0].status == 0
    made = dates(service)
    assert (len(service.coming()), made["a"]) == (4, COMING[3])
    assert len(set(made.values())) == 4


@pytest.mark.parametrize("lag_seconds", [0.0, 2.0])
def test_two_machines_at_once_put_each_post_into_one_slot_and_none_into_two(week, service, lag_seconds):
    service.set_options(query_lag_seconds=lag_seconds)
    week.configure(CONFIGURED.replace("0.5", str(lag_seconds + 0.5)))
    machines = [other_machine(week, name) for name in "xy"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "batch", "run", "posts.csv", "--yes", "--out", f"{n}.json", "--no-page"],
            cwd=week.folder, env={**machine.environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for n, machine in enumerate(machines)
    ]  # fmt: skip
    said = [process.communicate(timeout=120)[0] for process in running]
    coming = service.coming()
    assert Counter(post.reference for post in coming) == {"a": 1, "b": 1, "c": 1}, said
    assert sorted(post.at.replace(microsecond=0) for post in coming) == COMING[:3], said


def test_slots_that_are_not_configured_or_wrong_are_named_with_how_to_write_them(site):
    site.write("posts.csv", rows("a", timezone="UTC"))
    refused = site("check", "posts.csv")
    assert refused.status == 1
    told = " ".join(refused.out.split())
    assert (
        '“slot” has no times for Facebook. Add some to postbatch.toml below [slots], such as FACEBOOK = ["Mon' in told
    )
    for text, why in (
        ('FACEBOOK = ["Mon"]', "slots, FACEBOOK: “Mon” is not a time of the week"),
        ('FACEBOK = ["Mon 09:00"]', "slots: “FACEBOK” is not a channel"),
        ('FACEBOOK = "Mon 09:00"', "[slots]: FACEBOOK is not a list of times"),
    ):
        (site.folder / "postbatch.toml").write_text(f"[slots]\n{text}\n", encoding="utf-8")
        assert why in site("check", "posts.csv").err


def test_slots_are_on_the_clock_of_each_place(week, service):
    week.write(
        "places.csv", [{"place": "lima", "timezone": "America/Lima"}, {"place": "oslo", "timezone": "Europe/Oslo"}]
    )
    week.write("posts.csv", rows("a", places="all"))
    assert week.run("posts.csv", "--places", "places.csv")[0].status == 0
    at = dates(service)
    assert (at["a/lima/FACEBOOK"] - COMING[0]) in (timedelta(hours=5), timedelta(days=2, hours=5))
    assert (COMING[0] - at["a/oslo/FACEBOOK"]) in (timedelta(hours=1), timedelta(hours=2))


def test_slots_work_in_the_sandbox(desk, sample):
    (desk.folder / "postbatch.toml").write_text(CONFIGURED, encoding="utf-8")
    desk.write("posts.csv", rows("ab"))
    for kind in ("scheduled", "unchanged"):
        ended, posts = desk.run("posts.csv", "--sandbox")
        assert (ended.status, {post["outcome"] for post in posts}) == (0, {kind}), ended
