"""A file is there whole or not at all, and never over one that somebody has open."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from batch.atomic import MAX_NAMES, Written, is_in_use, write_whole
from batch.errors import StartError, StopError


def write_new(path: Path) -> None:
    path.write_text("new")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    assert write_whole(target, write_new) == Written(target)
    assert target.read_text() == "new"
    assert names(tmp_path) == ["out.csv"]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    target = tmp_path / "march" / "results" / "out.csv"
    write_whole(target, write_new)
    assert target.read_text() == "new"


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def run_out_of_room(path: Path) -> None:
        path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StopError, match=r"^out\.csv can't be written \(no space left on device\): make room"):
        write_whole(target, run_out_of_room)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["out.csv"]


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "out.csv", interrupt)
    assert names(tmp_path) == []


@pytest.mark.parametrize("mark", ["~$out.xlsx", ".~lock.out.xlsx#"])
def test_a_file_open_in_a_spreadsheet_program_is_left_alone_and_another_name_is_said(tmp_path: Path, mark: str) -> None:
    target = tmp_path / "out.xlsx"
    target.write_text("open elsewhere")
    (tmp_path / mark).touch()
    written = write_whole(target, write_new)
    assert written.path == tmp_path / "out-2.xlsx"
    assert written.notices == (
        "out.xlsx is open in another program or write-protected, so out-2.xlsx was written instead.",
    )
    assert target.read_text() == "open elsewhere"
    assert written.path.read_text() == "new"


def test_another_name_never_replaces_a_file_of_that_name(tmp_path: Path) -> None:
    for name in ("out.xlsx", "~$out.xlsx", "out-2.xlsx"):
        (tmp_path / name).write_text(name)
    assert write_whole(tmp_path / "out.xlsx", write_new).path.name == "out-3.xlsx"
    assert (tmp_path / "out-2.xlsx").read_text() == "out-2.xlsx"


def test_where_all_names_are_taken_it_is_said(tmp_path: Path) -> None:
    for name in ("out.xlsx", "~$out.xlsx", *(f"out-{number}.xlsx" for number in range(2, MAX_NAMES))):
        (tmp_path / name).touch()
    with pytest.raises(StopError, match="open in another program, and so are all names like it"):
        write_whole(tmp_path / "out.xlsx", write_new)


@pytest.mark.parametrize("name", ["posts.csv", "link.csv", "./sub/../posts.csv"])
def test_the_sheet_itself_is_never_written_over(tmp_path: Path, name: str) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("mine")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(sheet)
    with pytest.raises(StopError, match="is the sheet itself, which is never written over"):
        write_whole(tmp_path / name, write_new, never_over=sheet)
    assert sheet.read_text() == "mine"


def test_a_folder_is_refused_with_the_kind_of_error_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="is a folder: give the name of a file in it"):
        write_whole(tmp_path, write_new, failing=StartError)


def test_a_file_that_nobody_holds_is_not_in_use(tmp_path: Path) -> None:
    free = tmp_path / "free.xlsx"
    assert not is_in_use(free)
    free.touch()
    assert not is_in_use(free)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("folder", "made"), [(0o755, 0o600), (0o700, 0o600), (0o2770, 0o660), (0o1777, 0o600)])
def test_a_new_file_is_its_owners_to_read_unless_the_folder_is_its_groups(
    tmp_path: Path, folder: int, made: int
) -> None:
    before = os.umask(0o002)
    try:
        tmp_path.chmod(folder)
        write_whole(tmp_path / "plan.json", lambda path: path.write_text("{}"))
        assert permissions(tmp_path / "plan.json") == made
    finally:
        os.umask(before)


def test_a_file_that_is_replaced_stays_readable_for_whom_it_was(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("old")
    path.chmod(0o664)
    write_whole(path, lambda draft: draft.write_text("new"))
    assert (path.read_text(), permissions(path)) == ("new", 0o664)


def test_a_place_where_nobody_may_write_is_no_matter_of_room(tmp_path: Path) -> None:
    def write_refused(_draft: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(StopError, match=r"^out\.csv can't be written \(permission denied\): give another place with"):
        write_whole(tmp_path / "out.csv", write_refused)
    assert list(tmp_path.iterdir()) == []
