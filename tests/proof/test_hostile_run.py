"""Hostile answers on every endpoint during a whole run: no traceback, no false word, no call past its deadline."""

from __future__ import annotations

import pytest

from batch.errors import PostbatchError
from batch.model import Channel, OutcomeKind
from tests.proof.killing import VIAS, Figures, run_until_rest
from tests.proof.scene import END, Harm, false_outcomes, judge_public, made_twice, make_scene, states_of
from tests.proof.stage import Stage, fast_folder, post

QUESTIONS = ("query_items", "get_item", "list_accounts", "token_status", "get_features")
CHANGES = (
    "create_draft", "update_item", "delete_item", "reschedule_item", "cancel_item", "publish_item", "publish_by_id",
    "bulk_publish",
)  # fmt: skip
LIES = (
    "{}", "[]", "null", "7", '"done"', '{"item": null}', '{"item": []}', '{"item": {"id": 7, "status": ["PUBLISHED"]}}',
    '{"item": {"status": "PUBLISHED"}, "item": {"status": "DRAFT"}}', '{"items": {"a": 1}}', '{"results": [null, 3]}',
    '{"results": [{"itemMetadata": {"originalIndex": 99, "success": true}}]}', '{"item": NaN}', "﻿{}",
    '{"results": [{"itemMetadata": {"originalIndex": true, "success": "yes"}}]}', "<html>ok</html>",
)  # fmt: skip
HOSTILE: list[dict[str, object]] = [
    *({"kind": kind} for kind in ("garbage", "huge", "deep", "wrong_id", "wrong_shape", "cut", "silent")),
    *({"kind": kind} for kind in ("drop_before", "drop_after", "reset_before", "reset_after", "refused")),
    *(
        {"kind": "drip", "seconds": 0.25},
        {"kind": "silent", "made": True},
        {"kind": "delay", "seconds": 90.0},
        {"kind": "late", "seconds": 2.5},
    ),
    *({"kind": "html", "status": status, "made": made} for status in (200, 404, 409, 502) for made in (True, False)),
    *({"kind": "status", "status": status, "made": True} for status in (500, 502, 503, 504)),
    *({"kind": "redirect", "status": status, "made": made} for status in (301, 307) for made in (True, False)),
    *({"kind": "body", "body": body} for body in LIES),
]
DEADLINE = 60.0


def play(call: str, hostile: dict[str, object], via: str, figures: Figures) -> None:
    """Run the twelve rows while one endpoint is hostile, then in peace, and judge."""
    scene = make_scene()
    with fast_folder() as folder:
        stage = Stage(folder, "unique on publish", via)
        stage.furnish(scene.items)
        started = stage.clock.now()
        stage.service.add_fault(**{"call": call, "times": 4, **hostile})
        before = states_of(stage.service)
        said = []
        try:
            outcomes = stage.run(scene.posts)
        except PostbatchError:
            pass  # one plain sentence: the site could not be read, and nothing was begun
        else:
            said = false_outcomes(outcomes, stage.service, before=before)
            assert len(outcomes) == len(scene.posts)
        assert stage.longest_call <= DEADLINE + 1, f"{call} {hostile}: {stage.longest_call} s"
        elsewhere = [entry.path for entry in stage.service.calls() if "elsewhere" in entry.path]
        stage.service.clear_faults()
        restless, more = run_until_rest(stage, scene.posts, journal="journal")
        stage.clock.sleep(END.total_seconds())
        harm = judge_public(stage.service.public(), scene.wanted, started=started)
        harm.made_twice = made_twice(stage.service)
        harm += Harm(unasked=len(elsewhere))
        stage.close()
    figures.add(f"{call} {via} {str(hostile)[:120]}", harm, restless=restless, said=[*said, *more])


def cases(call: str) -> list[tuple[dict[str, object], str]]:
    """Return what an endpoint may do, with the ways of sending on which it is called at all."""
    vias = {"publish_item": ("publish",), "bulk_publish": ("bulk",)}.get(call, VIAS)
    return [(hostile, vias[number % len(vias)]) for number, hostile in enumerate(HOSTILE)]


@pytest.mark.parametrize("call", [*QUESTIONS, *CHANGES])
def test_a_hostile_endpoint_brings_no_traceback_and_no_false_word(call):
    figures = Figures()
    for hostile, via in cases(call):
        play(call, hostile, via, figures)
    print(f"{call}: {figures}")
    assert figures.clean, str(figures)


def test_a_post_that_only_a_lie_calls_published_is_told_as_it_is():
    lie = '{"item": {"status": "PUBLISHED", "channel": {"name": "GBP"}}}'
    with fast_folder() as folder:
        stage = Stage(folder)
        stage.service.add_fault(kind="body", call="publish_by_id", made=False, times=1, body=lie)
        (outcome,) = stage.run([post("now", channel=Channel.GBP, now=True)])
        assert (outcome.outcome, outcome.code, stage.service.public()) == (OutcomeKind.FAILED, "differs", [])
        stage.close()
