"""What people asked for on the page of a plan comes back beside its row."""

from __future__ import annotations

import csv
from dataclasses import replace

from batch.codec import to_json
from batch.plan.approval import FIELDS, PART_DIGITS, AnswersFile, PostAnswer

ANY = ".".join(("1", *(["0" * PART_DIGITS] * len(FIELDS))))
"""A fingerprint: which one does not matter to a note."""
ROW = {"channel": "FACEBOOK", "publish_at": "2031-03-03 09:00", "timezone": "UTC"}


def answers(*posts: PostAnswer, who: str = "Ana") -> bytes:
    file = AnswersFile("answers", 1, "0" * 12, "posts.csv", who, "2026-11-26T18:00:00.000Z", posts, "")
    return to_json(replace(file, checksum=file.sum())).encode()


def test_notes_stand_beside_their_rows_in_the_copy_and_once(desk):
    rows = [
        {**ROW, "key": key, "text": f"Text {key}", "notes": notes}
        for key, notes in (("a", "ours"), ("b", ""), ("c", ""))
    ]
    desk.write("posts.csv", rows)
    (desk.folder / "ana.json").write_bytes(
        answers(
            PostAnswer("a", "", ANY, "change", note="Less red, please"),
            PostAnswer("b", "", ANY, "date", date="2031-03-04T10:00"),
            PostAnswer("c", "", ANY, "approve"),
            PostAnswer("gone", "", ANY, "change", note="Where is it?"),
        )
    )
    before = (desk.folder / "posts.csv").read_bytes()
    ended = desk("fix", "posts.csv", "--answers", "ana.json")
    assert ended.status == 0, ended.err
    with (desk.folder / "posts.fixed.csv").open(encoding="utf-8-sig", newline="") as file:
        notes = {row["key"]: row["notes"] for row in csv.DictReader(file)}
    assert notes == {"a": "ours\nAna: Less red, please", "b": "Ana: wants 2031-03-04 10:00", "c": ""}
    assert "No row has the key gone" in ended.err
    assert (desk.folder / "posts.csv").read_bytes() == before
    (desk.folder / "posts.csv").write_bytes((desk.folder / "posts.fixed.csv").read_bytes())
    again = desk("fix", "posts.csv", "--answers", "ana.json", "--out", "again.csv")
    assert not (desk.folder / "again.csv").exists(), again.out


def test_a_sheet_without_the_column_is_told_so(desk):
    desk.write("posts.csv", [{**ROW, "key": "a", "text": "Text"}])
    (desk.folder / "ana.json").write_bytes(answers(PostAnswer("a", "", ANY, "change", note="Less red")))
    ended = desk("fix", "posts.csv", "--answers", "ana.json")
    assert "no column `notes`" in ended.err
