"""What is kept on disk comes back as it was, is read strictly, and is read from files of earlier versions."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from batch.codec import FormError, from_json, json_schema, to_data, to_json
from batch.model import Act, Before, Change, Content, Issue, Medium, Outcome, OutcomeKind, Step, StepKind
from batch.plan.planfile import PlanFile, read_plan_file
from batch.runs.record import NumberedStep, RunRecord

GOLDEN = Path(__file__).parent / "golden"
KEPT = sorted((GOLDEN / "kept").iterdir())
AT = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)
CONTENT = Content(text="Glazing\nday 🌱", media=(Medium("a.jpg", "IMAGE", "", "sha256:0", 12),), target_id="p")
STEP = Step(
    row=2, key="k", site="s", kind=StepKind.RESCHEDULE, reason="why", channel="FACEBOOK", type="POST", reference="k~2",
    acts=(Act.UPLOAD, Act.UPDATE, Act.RESCHEDULE), at=AT, content=CONTENT, changes=(Change("text", "a", "b"),),
    before=Before("SCHEDULED", AT - timedelta(days=1), Content(text="a")), warnings=("w",),
)  # fmt: skip
OUTCOME = Outcome(
    2, "k", "s", "FACEBOOK", "POST", "page", "", OutcomeKind.RESCHEDULED, "SCHEDULED", AT, "i1", message="It goes out.",
    content=CONTENT, changes=STEP.changes, reference="k~2",
)  # fmt: skip
RECORD = RunRecord(
    "r", "run", "posts.csv", True, AT, ("key", "text"), {2: ("k", "b"), 10: ("", "c")}, (NumberedStep(0, STEP),),
    {"s": "0.sqlite"}, (Issue(2, "text", "text_too_long", "b", "Shorten it."),), ("n",), AT, 0, {"scheduled": 1},
)  # fmt: skip


@pytest.mark.parametrize("value", [OUTCOME, RECORD])
def test_a_value_comes_back_whole_and_all_its_fields_are_written(value: Outcome | RunRecord) -> None:
    assert from_json(type(value), to_json(value)) == value
    assert list(to_data(value)) == [field.name for field in fields(value)]


def test_a_step_is_written_in_one_way() -> None:
    assert to_data(RECORD)["placed"] == [{"position": 0, "step": to_data(STEP)}]


WRONG: list[tuple[Callable[[Any], object], str]] = [
    (lambda data: data | {"surprise": 1}, "surprise"),
    (lambda data: data | {"row": "2"}, "row"),
    (lambda data: data | {"row": True}, "row"),
    (lambda data: data | {"outcome": "exploded"}, "outcome"),
    (lambda data: data | {"publish_at": "2031-03-03T08:00:00"}, "publish_at"),
    (lambda data: data | {"publish_at": 1930464000}, "publish_at"),
    (lambda data: data | {"content": data["content"] | {"media": [{}]}}, "content.media[0].source"),
    (lambda data: data | {"content": data["content"] | {"colour": ""}}, "content.colour"),
    (lambda data: data | {"changes": {}}, "changes"),
    (lambda data: {name: value for name, value in data.items() if name != "key"}, "key"),
    (lambda data: [data], ""),
]


@pytest.mark.parametrize(("spoil", "place"), WRONG)
def test_what_has_another_form_is_refused_with_its_place(spoil: Callable[[Any], object], place: str) -> None:
    with pytest.raises(FormError) as refusal:
        from_json(Outcome, json.dumps(spoil(to_data(OUTCOME))))
    assert refusal.value.place == place


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        from_json(Outcome, text)


def test_a_date_time_may_have_any_offset_and_is_the_same_instant() -> None:
    there = OUTCOME.publish_at and OUTCOME.publish_at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert from_json(Outcome, to_json(replace(OUTCOME, publish_at=there))) == OUTCOME


def test_half_an_emoji_is_written_as_a_mark_and_breaks_nothing() -> None:
    assert from_json(Outcome, to_json(replace(OUTCOME, message="a\ud83d 🌱"))).message == "a\ufffd 🌱"


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_plans_records_and_outcomes_that_earlier_versions_left_are_read(kept: Path) -> None:
    file, plan = read_plan_file((kept / "plan.json").read_text(encoding="utf-8"))
    assert len(plan.steps) == len(json.loads((kept / "plan.json").read_text(encoding="utf-8"))["steps"]) > 0
    assert (file.sandbox, set(file.places)) == (True, {"default"})
    records = [from_json(RunRecord, path.read_bytes()) for path in (kept / "state" / "runs").glob("*.json")]
    assert len(records) == 5
    assert all(record.placed for record in records)
    for journal in (kept / "state" / "journal").glob("*.sqlite"):
        with closing(sqlite3.connect(f"{journal.as_uri()}?immutable=1", uri=True)) as db:
            texts = [text for (text,) in db.execute("SELECT outcome FROM outcome")]
        assert len(texts) > 20
        assert {from_json(Outcome, text).site for text in texts} == {"default"}


def test_the_schema_knows_each_field_and_nothing_else() -> None:
    schema = json_schema(PlanFile)
    step = schema["$defs"]["Step"]
    assert set(step["properties"]) == {field.name for field in fields(Step)}
    assert (step["additionalProperties"], schema["additionalProperties"]) == (False, False)
    assert step["properties"]["at"]["anyOf"][0] == {"format": "date-time", "type": "string"}


def test_a_frozen_value_that_is_only_made_loads_no_pydantic() -> None:
    probe = "import sys, batch.plan.reconcile, batch.plan.planfile, batch.runs.record; print('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "False\n"


@dataclass(frozen=True)
class Plain:
    """A kind of value that says nothing of how it is read."""

    name: str


def test_a_value_of_any_kind_can_be_written() -> None:
    assert to_json(Plain("a")) == '{"name":"a"}'
