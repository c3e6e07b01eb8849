"""A run's name says when it began and sorts so; an outcome carries its step; a results file is known as ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Act, Outcome, OutcomeKind, Step, StepKind
from batch.runs.record import (
    broken_outcome,
    done_outcome,
    is_as_written,
    new_run_id,
    not_run_outcome,
    note_results,
    planned_outcome,
    run_of_results,
)

RANDOM = st.floats(0, 1, exclude_max=True)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(at=INSTANTS, random=RANDOM)
def test_a_name_is_its_start_and_four_letters_that_can_be_read_out(at: datetime, random: float) -> None:
    name = new_run_id(at, random=random)
    assert re.fullmatch(r"\d{8}-\d{6}-[2-9a-hjkmnp-z]{4}", name)
    assert name.startswith(f"{at:%Y%m%d-%H%M%S}-")


@given(at=INSTANTS, later_ms=st.integers(3, 5_000), one=RANDOM, other=RANDOM)
def test_the_later_of_two_runs_has_the_later_name_also_within_a_second(
    at: datetime, later_ms: int, one: float, other: float
) -> None:
    assert new_run_id(at, random=one) < new_run_id(at + timedelta(milliseconds=later_ms), random=other)


@given(at=INSTANTS)
def test_runs_of_one_instant_have_names_of_their_own(at: datetime) -> None:
    assert len({new_run_id(at, random=n / 900) for n in range(900)}) == 900


STEP = Step(
    row=2, key="k", site="s", kind=StepKind.SCHEDULE, reason="New.", channel="FACEBOOK", type="POST", reference="k",
    acts=(Act.CREATE, Act.SCHEDULE), at=datetime(2031, 3, 3, 8, tzinfo=UTC), warnings=("It goes out at midnight.",),
)  # fmt: skip
OUTCOMES: list[Callable[[Step], Outcome]] = [
    planned_outcome,
    lambda step: done_outcome(step, None, last=Act.SCHEDULE),
    lambda step: broken_outcome(step, OutcomeKind.FAILED, code="c", message="It failed."),
    lambda step: not_run_outcome(step, why="It was stopped."),
    lambda step: planned_outcome(replace(step, kind=StepKind.INVALID, acts=())),
]


@pytest.mark.parametrize("outcome_of", OUTCOMES)
def test_an_outcome_has_the_warnings_of_its_step_beside_its_message(outcome_of: Callable[[Step], Outcome]) -> None:
    outcome = outcome_of(STEP)
    assert outcome.warnings == STEP.warnings
    assert "midnight" not in outcome.message


def test_a_file_is_known_before_and_after_it_is_moved_to_its_place(tmp_path: Path) -> None:
    place, draft, sheet = tmp_path / "out.json", tmp_path / ".draft", tmp_path / "posts.csv"
    place.write_text("first")
    note_results(tmp_path / "state", place, "run-1", sheet=sheet)
    draft.write_text("second")
    note_results(tmp_path / "state", place, "run-2", sheet=sheet, coming=draft)
    assert is_as_written(tmp_path / "state", place), "killed before the move"
    draft.replace(place)
    assert is_as_written(tmp_path / "state", place), "killed after the move"
    assert run_of_results(tmp_path / "state", place) == "run-2"
    place.write_text("corrected by a person")
    assert not is_as_written(tmp_path / "state", place)


def test_a_file_that_was_never_there_is_known_once_it_comes(tmp_path: Path) -> None:
    place, draft = tmp_path / "out.json", tmp_path / ".draft"
    draft.write_text("first")
    note_results(tmp_path / "state", place, "run-1", sheet=tmp_path / "posts.csv", coming=draft)
    assert not is_as_written(tmp_path / "state", place)
    draft.replace(place)
    assert is_as_written(tmp_path / "state", place)
