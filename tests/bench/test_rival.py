from __future__ import annotations

from tests.bench.rival import FAULTS, table

MOST_OF_THEIR_CALLS = 0.25


def test_the_recipe_does_harm_where_postbatch_does_none():
    found = dict(table(40))
    ours = {who: figures for who, figures in found.items() if who.startswith("postbatch")}
    assert len(ours) == 4
    assert {(f.doubled, f.lost, f.old, f.stray) for f in ours.values()} == {(0, 0, 0, 0)}
    theirs = found["recipe, with ten rows corrected"]
    assert theirs.doubled == 40, "the sheet that is handed over again is posted again"
    assert theirs.old == 10
    for who, figures in ours.items():
        recipe = found["recipe, " + who.split(", ")[1]]
        assert figures.calls <= MOST_OF_THEIR_CALLS * recipe.calls, who
        assert figures.minutes <= recipe.minutes, who


def test_both_meet_lost_answers_before_and_after_the_change_errors_and_silence():
    assert {str(fault["kind"]) for fault in FAULTS} == {"drop_before", "drop_after", "status", "silent"}
    assert all("changing" in fault["calls"] for fault in FAULTS)
