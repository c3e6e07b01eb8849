from __future__ import annotations

from tests.bench.rival import table


def test_the_recipe_does_harm_where_postbatch_does_none():
    found = dict(table(40))
    ours = {who: figures for who, figures in found.items() if who.startswith("postbatch")}
    assert len(ours) == 4
    assert {(f.doubled, f.lost, f.old, f.stray) for f in ours.values()} == {(0, 0, 0, 0)}
    theirs = found["recipe, with ten rows corrected"]
    assert theirs.doubled == 40, "the sheet that is handed over again is posted again"
    assert theirs.old == 10
