"""What was approved is what goes out: every edit is held back and named, nothing else is."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch.codec import to_json
from batch.errors import StartError
from batch.model import Act, Content, Medium, Post, SitePlan, Step, StepKind
from batch.plan.approval import (
    FIELDS,
    FINGERPRINT,
    MAX_ANSWERS_BYTES,
    MAX_NAME,
    MAX_NOTE,
    AnswersFile,
    Approval,
    PostAnswer,
    ask_about,
    changed_fields,
    decide,
    decide_by_memory,
    fingerprint_of,
    hold_back,
    read_answers,
    strays,
)

AT = datetime(2026, 12, 6, 9, 0, tzinfo=UTC)
WHEN = "2026-11-26T18:00:00.000Z"


def step(n: int = 1, **more: object) -> Step:
    content = Content(
        f"Meet Tidal {n}.\n\n#pottery", f"Title {n}", (Medium("a.jpg", "IMAGE", "", "sha256:" + "a" * 64),),
        "https://example.com/a", "SHOP", "PUBLIC_TO_EVERYONE", "page-1",
    )  # fmt: skip
    made = Step(
        row=n + 1, key=f"post-{n}", site="pottery", kind=StepKind.SCHEDULE, reason="New.", channel="FACEBOOK",
        type="POST", acts=(Act.CREATE, Act.SCHEDULE), reference=f"post-{n}", account_id="acc-1", target_id="page-1",
        at=AT, content=content, timezone="Europe/Berlin",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type] # fields of Step


def answers_file(*given: tuple[Step, str, str], who: str = "Ana", when: str = WHEN) -> bytes:
    """Return a file as the page saves it: for each step its answer, with a note or a date."""
    posts = tuple(
        PostAnswer(s.key, s.site, fingerprint_of(s), answer, *(("", more) if answer == "date" else (more, "")))  # type: ignore[arg-type] # one of three words
        for s, answer, more in given
    )
    file = AnswersFile("answers", 1, ask_about(s for s, *_ in given).plan, "december.xlsx", who, when, posts, "")
    return to_json(replace(file, checksum=file.sum())).encode()


def one(now: Step, *files: bytes) -> Approval:
    read = [read_answers(file, name=f"{n}.json") for n, file in enumerate(files)]
    return decide([now], read)[now.row, now.key]


def edit(what: Step, field: str, chance: random.Random) -> Step:
    """Return the step with a field changed as somebody may change it: a letter, a day, another account."""
    content = what.content
    if field in ("text", "title", "link"):
        old = getattr(content, field)
        at = chance.randrange(len(old) + 1)
        new = chance.choice([old[:at] + chance.choice("aé🌊 \n") + old[at:], old[:at], old + "!", old.swapcase()])
        return replace(what, content=replace(content, **{field: new if new != old else old + "?"}))
    media = content.media
    if field == "media":
        other = replace(media[0], identity=f"sha256:{chance.randbytes(32).hex()}")
        return replace(what, content=replace(content, media=chance.choice([(), (other,), (*media, other), media * 2])))
    if field in ("call_to_action", "privacy"):
        return replace(what, content=replace(content, **{field: chance.choice(["", "BOOK", "SELF_ONLY"])}))
    if field == "date":
        moved = AT + timedelta(minutes=chance.choice([-1, 1]) * chance.randrange(1, 60 * 24 * 60))
        return chance.choice([
            replace(what, at=moved),
            replace(what, at=None, kind=StepKind.PUBLISH),
            replace(what, at=None, kind=StepKind.DRAFT),
        ])  # fmt: skip
    if field == "account":
        return chance.choice([replace(what, account_id="acc-2"), replace(what, target_id="page-2")])
    if field == "action":
        return replace(what, kind=chance.choice([StepKind.CANCEL, StepKind.DELETE]))
    other = {"channel": ["INSTAGRAM", "TIKTOK"], "type": ["STORY", "REEL"], "site": ["bakery"]}[field]
    return replace(what, **{field: chance.choice(other)})


def test_each_of_a_thousand_random_edits_is_held_back_and_named_and_no_unchanged_post_is():
    chance = random.Random(20261206)
    named = dict.fromkeys(FIELDS, 0)
    for n in range(1000):
        approved = step(n)
        file = answers_file((approved, "approve", ""))
        field = chance.choice(list(FIELDS))
        edited = edit(approved, field, chance)
        if field == "site":  # an answer is for the post of one site
            assert one(edited, file) == Approval(held="not answered")
        else:
            assert one(edited, file).held == f"changed since it was approved: {field}", (edited, approved)
        named[field] += 1
        same = replace(approved, reason="In other words", row=approved.row + n, acts=(Act.RESCHEDULE,), item_id="i")
        assert one(same, file) == Approval(by="Ana, Thu 26 Nov 18:00 UTC")
    assert all(named.values())


def test_several_changes_are_all_named():
    changed = replace(step(), at=None, kind=StepKind.PUBLISH, content=replace(step().content, text="No.", title=""))
    assert one(changed, answers_file((step(), "approve", ""))).held == (
        "changed since it was approved: text, title and date"
    )


def test_line_ends_and_the_place_of_an_upload_are_no_change():
    media = (replace(step().content.media[0], url="https://static.example/a.jpg", source="other/a.jpg", size_bytes=9),)
    same = replace(step(), content=replace(step().content, text=step().content.text.replace("\n", "\r\n"), media=media))
    assert fingerprint_of(same) == fingerprint_of(step())
    assert FINGERPRINT.fullmatch(fingerprint_of(same))


def test_a_change_that_anybody_asks_for_holds_a_post_back():
    approved = answers_file((step(), "approve", ""), who="Ana", when="2026-11-27T10:00:00Z")
    asked = answers_file((step(), "change", "shorter, please"), who="Ben", when="2026-11-26T10:00:00Z")
    for files in ((approved, asked), (asked, approved)):
        assert one(step(), *files).held == "asked for a change: shorter, please (Ben)"


def test_of_one_person_the_latest_answer_counts_however_the_name_is_typed_and_whatever_the_order():
    asked = answers_file((step(), "change", "shorter"), who="Ana", when="2026-11-26T10:00:00Z")
    approved = answers_file((step(), "approve", ""), who="ANA ", when="2026-11-26T12:00:00+01:00")
    for files in ((asked, approved), (approved, asked)):
        assert one(step(), *files) == Approval(by="ANA, Thu 26 Nov 11:00 UTC")


def test_one_approval_of_what_it_is_now_is_enough_and_all_are_named():
    old = answers_file((step(content=Content("Old")), "approve", ""), who="Ana")
    new = answers_file((step(), "approve", ""), who="Ben")
    third = answers_file((step(), "approve", ""), who="Cleo")
    assert one(step(), old, new, third).by == "Ben, Thu 26 Nov 18:00 UTC; Cleo, Thu 26 Nov 18:00 UTC"


def test_another_date_holds_a_post_until_the_sheet_has_it():
    wanted = answers_file((step(), "date", "2026-12-07T10:00"))
    assert one(step(), wanted).held == "wants Mon 7 Dec 10:00 (Ana)"
    moved = step(at=datetime(2026, 12, 7, 9, 0, tzinfo=UTC))
    assert one(moved, wanted) == Approval(by="Ana, Thu 26 Nov 18:00 UTC")
    other = replace(moved, content=replace(moved.content, text="Other words"))
    assert one(other, wanted).held == "changed since it was approved: text"


def test_a_date_that_somebody_wants_holds_whatever_else_changed_and_whoever_else_approved():
    wanted = answers_file((step(), "date", "2026-12-07T10:00"), who="Ana")
    corrected = step(content=Content("Corrected"))
    approved = answers_file((corrected, "approve", ""), who="Ben")
    for files in ((wanted, approved), (approved, wanted)):
        assert one(corrected, *files).held == "wants Mon 7 Dec 10:00 (Ana)"
    moved = replace(corrected, at=datetime(2026, 12, 7, 9, 0, tzinfo=UTC))
    assert one(moved, wanted, approved).held == "changed since it was approved: date"


def test_a_wanted_date_is_on_the_clock_that_the_person_saw_though_the_row_has_another_zone_since():
    wanted = answers_file((step(), "date", "2026-12-07T10:00 Europe/Berlin"))
    same_clock_elsewhere = step(at=datetime(2026, 12, 7, 15, 0, tzinfo=UTC), timezone="America/New_York")
    assert one(same_clock_elsewhere, wanted).held == "wants Mon 7 Dec 10:00 (Ana)"
    assert one(replace(same_clock_elsewhere, at=datetime(2026, 12, 7, 9, 0, tzinfo=UTC)), wanted).by
    twice = answers_file((step(), "date", "2026-10-25T02:30 Europe/Berlin"))
    for hour in (0, 1):  # both times that this clock shows when it is set back
        assert one(step(at=datetime(2026, 10, 25, hour, 30, tzinfo=UTC)), twice).by


def test_a_post_that_was_answered_under_another_key_is_held_and_told_so():
    approved = answers_file((step(1), "approve", ""), (step(2), "approve", ""))
    assert one(replace(step(1), key="new-name"), approved).held == "answered under another key: post-1"
    edited = replace(step(1), key="other", content=replace(step(1).content, text="Other words"))
    assert one(edited, approved).held == "changed since it was approved: text"
    files = [read_answers(approved, name="a.json")]
    rows = [step(1), replace(step(1), row=9, key="copy")]
    assert [a.held for a in decide(rows, files).values()] == ["", "not answered"], "a copy takes no yes of another"


def test_what_nobody_answered_is_held_back():
    assert one(step(2), answers_file((step(1), "approve", ""))).held == "not answered"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-40], "damaged"),
        (lambda text: text.replace("change", "approve", 1), "was changed after it was saved"),
        (lambda text: text.replace("Ana", "Bob"), "was changed after it was saved"),
        (lambda text: text.replace("shorter", "longer"), "was changed after it was saved"),
        (lambda text: text.replace("{", '{"run": "rm -rf",', 1), "damaged at"),
        (lambda text: text.replace('"version":1', '"version":2'), "another version"),
        (lambda text: text.replace('"version":1', '"version":true'), "damaged"),
        (lambda text: '{"hello": 1}', "holds no answers"),
        (lambda text: "[" * 100_000, "holds no answers"),
        (lambda text: "", "holds no answers"),
        (lambda text: "\ufffe", "holds no answers"),
        (lambda text: " " * (MAX_ANSWERS_BYTES + 1), "too large"),
    ],
)
def test_a_file_that_was_edited_or_damaged_is_refused(spoil, said):
    text = answers_file((step(), "change", "shorter")).decode()
    with pytest.raises(StartError, match=said):
        read_answers(spoil(text).encode("utf-8", "surrogatepass"), name="ana.json")


@pytest.mark.parametrize(
    "more",
    [
        {"who": " "},
        {"who": "a" * (MAX_NAME + 1)},
        {"when": "yesterday"},
        {"when": "2026-11-26T18:00:00"},
        {"posts": [{"date": "2026-12-07T10:00"}]},
        {"posts": [{"answer": "date"}]},
        {"posts": [{"answer": "date", "date": "2026-13-07T10:00"}]},
        {"posts": [{"answer": "date", "date": "2026-12-07T10:00 Nowhere/Land"}]},
        {"posts": [{"answer": "date", "date": "2026-12-07T10:00 ../../etc/passwd"}]},
        {"posts": [{"note": "n" * (MAX_NOTE + 1)}]},
        {"posts": [{"fingerprint": "1.abc"}]},
        {"posts": [{}, {}]},
    ],
)
def test_a_file_with_a_right_sum_but_impossible_answers_is_refused(more):
    data = json.loads(answers_file((step(), "approve", "")))
    posts = [data["posts"][0] | post for post in more.pop("posts", [{}])]
    file = AnswersFile(**{**data, **more, "posts": tuple(PostAnswer(**post) for post in posts)})
    with pytest.raises(StartError, match="damaged"):
        read_answers(to_json(replace(file, checksum=file.sum())).encode(), name="ana.json")


def test_the_sum_is_the_one_that_the_page_computes():
    file = AnswersFile("answers", 1, "p", "s", "Zoë 🌊", WHEN, (PostAnswer("k", "", "f", "change", "é", ""),), "")
    assert file.sum() == "crc32:caafdaa7"


def test_answers_to_another_sheet_are_refused_and_single_ones_are_said():
    posts = [Post(2, "post-1", "pottery", None, None)]
    file = read_answers(answers_file((step(1), "approve", ""), (step(7), "approve", "")), name="ana.json")
    assert strays(posts, [file]) == ("ana.json has 1 answer for posts that aren't in this sheet: post-7.",)
    other = read_answers(answers_file((step(7), "approve", "")), name="ana.json")
    with pytest.raises(StartError, match="answers another plan"):
        strays(posts, [other])


def test_what_is_left_out_may_free_a_quota_and_what_comes_up_then_has_to_be_approved_too():
    steps = [step(1), step(2), step(3)]
    file = read_answers(answers_file((steps[0], "change", "no"), (steps[2], "approve", "")), name="ana.json")

    def plan(held):
        """The plan of a site whose quota has room for one post."""
        made, room = [], 1
        for one in steps:
            if (one.row, one.key) in held:
                made.append(replace(one, kind=StepKind.SKIP, acts=(), reason=held[one.row, one.key]))
            elif room:
                made.append(one)
                room = 0
            else:
                made.append(replace(one, kind=StepKind.BLOCKED, acts=()))
        return SitePlan("pottery", tuple(made))

    part, held = hold_back(plan, lambda steps: decide(steps, [file]))
    assert [s.kind for s in part.steps] == [StepKind.SKIP, StepKind.SKIP, StepKind.SCHEDULE]
    assert [s.reason for s in part.steps[:2]] == [
        "Held back: asked for a change: no (Ana).",
        "Held back: not answered.",
    ]
    assert part.steps[2].approval == "Ana, Thu 26 Nov 18:00 UTC"
    assert set(held) == {(2, "post-1"), (3, "post-2")}


def test_a_yes_in_the_sheet_holds_for_what_was_there_when_it_was_first_seen():
    seen = {"post-1": fingerprint_of(step(1))}
    changed = replace(step(1), content=Content("Other"))
    assert decide_by_memory([step(1)], seen)[2, "post-1"] == Approval()
    assert decide_by_memory([step(2)], seen)[3, "post-2"] == Approval()
    assert decide_by_memory([changed], seen)[2, "post-1"].held.startswith("changed since it was approved: text, title")
    assert changed_fields("0.aa", fingerprint_of(step())) != ()
