"""A results file is known as ours also where the machine died between the note and the file, or right after it."""

from __future__ import annotations

from pathlib import Path

from batch.runs.written import is_as_written, note_results, run_of_results


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
