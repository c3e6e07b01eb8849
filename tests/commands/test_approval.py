"""From a yes to a run: what was answered on the page is what goes out, and nothing that was changed since."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from batch.codec import to_json
from batch.plan.approval import AnswersFile, PostAnswer
from tests.report.answer_page import read_asked

ROWS = [
    {"key": key, "channel": "FACEBOOK", "text": f"Hello {key}", "publish_at": f"2031-03-0{n} 09:00",
     "timezone": "Europe/Berlin", "approved": "yes"}
    for n, key in enumerate("abcd", start=3)
]  # fmt: skip


def answer(site, name, given, *, who="Ana", when="2026-11-26T18:00:00.000Z"):
    """Save answers to the page `plan.html` as its button does: (answer, note, date) by key."""
    asked = read_asked((site.folder / "plan.html").read_text(encoding="utf-8"))
    posts = tuple(PostAnswer(p.key, p.site, p.fingerprint, *given[p.key]) for p in asked.posts if p.key in given)
    file = AnswersFile("answers", 1, asked.plan, asked.sheet, who, when, posts, "")
    (site.folder / name).write_text(to_json(replace(file, checksum=file.sum())), encoding="utf-8")
    return name


def picture(colour):
    made = io.BytesIO()
    Image.new("RGB", (600, 600), colour).save(made, "PNG")
    return made.getvalue()


def outcomes(posts):
    return {post["key"]: (post["outcome"], post["message"]) for post in posts}


def test_only_what_was_approved_and_is_still_the_same_runs(site, service):
    site.write("posts.csv", ROWS)
    assert site("plan", "posts.csv", "--page", "plan.html").status == 0
    answer(site, "ana.json", {"a": ("approve",), "b": ("approve",), "c": ("change", "shorter, please")})
    edited = [row | ({"text": "Other words"} if row["key"] == "b" else {}) for row in ROWS]
    site.write("posts.csv", edited)
    ended, posts = site.run("posts.csv", "--answers", "ana.json")
    assert ended.status == 0
    seen = outcomes(posts)
    assert {key: outcome for key, (outcome, _) in seen.items()} == {
        "a": "scheduled", "b": "skipped", "c": "skipped", "d": "skipped",
    }  # fmt: skip
    assert "Approved by Ana, Thu 26 Nov 18:00 UTC." in seen["a"][1]
    assert "changed since it was approved: text" in seen["b"][1]
    assert "asked for a change: shorter, please (Ana)" in seen["c"][1]
    assert "not answered" in seen["d"][1]
    assert [p.reference for p in service.coming()] == ["a"]


def test_answers_hold_on_later_runs_and_another_date_goes_once_the_sheet_has_it(site, service):
    site.write("posts.csv", ROWS)
    site("plan", "posts.csv", "--page", "plan.html")
    answer(site, "ana.json", {row["key"]: ("approve",) for row in ROWS} | {"d": ("date", "", "2031-03-10T10:00")})
    _, posts = site.run("posts.csv", "--answers", "ana.json")
    assert "wants Mon 10 Mar 10:00 (Ana)" in outcomes(posts)["d"][1]
    site.write("posts.csv", [*ROWS[:3], ROWS[3] | {"publish_at": "2031-03-10 10:00"}])
    _, posts = site.run("posts.csv", "--answers", "ana.json")
    assert [p["outcome"] for p in posts] == ["unchanged"] * 3 + ["scheduled"]
    site.write("posts.csv", [ROWS[0] | {"publish_at": "2031-03-04 09:00"}, *ROWS[1:3]])
    _, posts = site.run("posts.csv", "--answers", "ana.json")
    assert "changed since it was approved: date" in outcomes(posts)["a"][1]
    assert len(service.coming()) == 4


def test_a_picture_whose_bytes_changed_is_held_back(site):
    site.write("posts.csv", [ROWS[0] | {"media": "a.png"}])
    (site.folder / "a.png").write_bytes(picture("teal"))
    site("plan", "posts.csv", "--page", "plan.html")
    answer(site, "ana.json", {"a": ("approve",)})
    (site.folder / "a.png").write_bytes(picture("white"))
    _, posts = site.run("posts.csv", "--answers", "ana.json")
    assert "changed since it was approved: media" in outcomes(posts)["a"][1]


def test_a_plan_of_what_was_approved_can_be_applied_and_its_answers_lie_beside_it(site, service):
    site.write("posts.csv", ROWS)
    site("plan", "posts.csv", "--page", "plan.html")
    answer(site, "ana.json", {"a": ("approve",)})
    assert site("plan", "posts.csv", "--answers", "ana.json", "--out", "plan.json").status == 0
    assert site("apply", "plan.json", "--yes").status == 0
    assert [p.reference for p in service.coming()] == ["a"]


@pytest.mark.parametrize(
    ("content", "said"), [("{}", "holds no answers"), (None, "can't be read"), ("other", "answers another plan")]
)
def test_answers_that_are_none_or_not_for_this_sheet_stop_the_run(site, service, content, said):
    site.write("posts.csv", ROWS)
    site("plan", "posts.csv", "--page", "plan.html")
    answer(site, "ana.json", {"a": ("approve",)})
    if content == "other":
        site.write("posts.csv", [ROWS[1]])
    elif content is None:
        (site.folder / "ana.json").unlink()
    else:
        (site.folder / "ana.json").write_text(content, encoding="utf-8")
    ended = site("run", "posts.csv", "--yes", "--answers", "ana.json")
    assert (ended.status, said in ended.err) == (2, True), ended.err
    assert service.coming() == []


def test_a_yes_in_the_sheet_holds_for_what_the_first_run_saw(site, service):
    site.write("posts.csv", ROWS)
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["scheduled"] * 4
    changed = [ROWS[0] | {"text": "Other words"}, *ROWS[1:]]
    site.write("posts.csv", changed)
    planned = site("plan", "posts.csv", "--approved-only")
    assert "changed since it was approved: text" in " ".join(planned.out.split())
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["skipped"] + ["unchanged"] * 3
    site.write("posts.csv", [changed[0] | {"approved": ""}, *changed[1:]])
    site.run("posts.csv", "--approved-only")
    site.write("posts.csv", changed)
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["updated"] + ["unchanged"] * 3


def test_a_yes_holds_for_the_words_it_was_given_to_also_in_a_row_without_a_key(site, service):
    keyless = [{name: value for name, value in row.items() if name != "key"} for row in ROWS]
    site.write("posts.csv", keyless)
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["scheduled"] * 4
    changed = [keyless[0] | {"text": "Other words"}, *keyless[1:]]
    site.write("posts.csv", changed)
    for _ in range(2):
        _, posts = site.run("posts.csv", "--approved-only")
        assert [p["outcome"] for p in posts] == ["skipped"] + ["unchanged"] * 3
        assert "changed since it was approved: text" in posts[0]["message"]
    site.write("posts.csv", [changed[0] | {"approved": ""}, *changed[1:]])
    site.run("posts.csv", "--approved-only")
    site.write("posts.csv", changed)
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["scheduled"] + ["unchanged"] * 3


def test_a_plan_alone_remembers_no_yes(site):
    site.write("posts.csv", ROWS[:1])
    site("plan", "posts.csv", "--approved-only")
    site.write("posts.csv", [ROWS[0] | {"text": "Other words"}])
    _, posts = site.run("posts.csv", "--approved-only")
    assert posts[0]["outcome"] == "scheduled"


def test_a_row_without_a_key_of_its_own_is_known_again_when_its_words_change(site, service):
    keyless = [{name: value for name, value in row.items() if name != "key"} for row in ROWS[:2]]
    site.write("posts.csv", keyless)
    site("plan", "posts.csv", "--page", "plan.html")
    asked = read_asked((site.folder / "plan.html").read_text(encoding="utf-8")).posts
    answer(site, "ana.json", {post.key: ("approve",) for post in asked})
    site.write("posts.csv", [keyless[0] | {"text": "Other words"}, keyless[1]])
    _, posts = site.run("posts.csv", "--answers", "ana.json")
    assert [post["outcome"] for post in posts] == ["skipped", "scheduled"]
    assert "changed since it was approved: text" in posts[0]["message"]


def test_places_and_tagged_links_are_approved_place_by_place_and_a_changed_word_holds_its_own(site, service):
    site.configure(
        '[utm]\nsource = "{channel}"\nmedium = "social"\ncampaign = "{campaign}"\ndomains = ["example.com"]\n'
    )
    sale = ROWS[0] | {"key": "sale", "text": "Open in {{city}}", "places": "all", "campaign": "spring",
                      "link": "https://example.com/sale"}  # fmt: skip
    tip = ROWS[1] | {"key": "tip", "repeat": "weekly 3 times"}
    places = [{"place": name, "city": name.title()} for name in ("berlin", "kiel")]
    site.write("places.csv", places)
    site.write("posts.csv", [sale | {"repeat": ""}, tip | {"places": "", "campaign": "", "link": ""}])
    more = ("--places", "places.csv")
    assert site("plan", "posts.csv", "--page", "plan.html", *more).status == 0
    asked = read_asked((site.folder / "plan.html").read_text(encoding="utf-8")).posts
    assert len(asked) == 5
    answer(site, "ana.json", {post.key: ("approve",) for post in asked})
    site.write("places.csv", [places[0] | {"city": "Berlin-Mitte"}, places[1]])
    site.write(
        "posts.csv", [sale | {"repeat": "", "campaign": "summer"}, tip | {"places": "", "campaign": "", "link": ""}]
    )
    ended, posts = site.run("posts.csv", "--answers", "ana.json", *more)
    held = {post["key"]: post["message"] for post in posts if post["outcome"] == "skipped"}
    assert [post["outcome"] for post in posts].count("scheduled") == 3, ended.err
    assert {key.split("/")[1] for key in held} == {"berlin", "kiel"}
    assert "changed since it was approved: text and link" in next(v for k, v in held.items() if "berlin" in k)
    assert "changed since it was approved: link" in next(v for k, v in held.items() if "kiel" in k)


def test_a_post_that_is_held_back_keeps_its_slot_so_that_those_after_it_go_out_as_they_were_approved(site, service):
    site.configure('timezone = "Europe/Berlin"\n[slots]\ndefault = ["Mon 09:00", "Thu 18:00"]\n')
    rows = [ROWS[0] | {"key": key, "text": f"Hello {key}", "publish_at": "slot"} for key in "abc"]
    site.write("posts.csv", rows)
    assert site("plan", "posts.csv", "--page", "plan.html").status == 0
    answer(site, "ana.json", {"a": ("change", "not yet"), "b": ("approve",), "c": ("approve",)})
    ended, posts = site.run("posts.csv", "--answers", "ana.json")
    assert [post["outcome"] for post in posts] == ["skipped", "scheduled", "scheduled"], ended.out
    answer(site, "ben.json", {"a": ("approve",)})
    site.run("posts.csv", "--answers", "ben.json", "--answers", "ana.json")
    answer(site, "ana2.json", {"a": ("approve",)}, when="2026-11-27T18:00:00.000Z")
    ended, posts = site.run("posts.csv", "--answers", "ana.json", "--answers", "ana2.json")
    assert [post["outcome"] for post in posts] == ["scheduled", "unchanged", "unchanged"], ended.out
    assert len({post.due for post in service.coming()}) == 3


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 3, 2), (1, 3, 0, 2)])
@pytest.mark.parametrize("keyed", [True, False])
def test_a_yes_goes_with_its_post_wherever_its_row_is(site, service, keyed, order):
    rows = [row | ({"approved": ""} if row["key"] == "b" else {}) for row in ROWS]
    rows = rows if keyed else [{name: value for name, value in row.items() if name != "key"} for row in rows]
    site.write("posts.csv", rows)
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == ["scheduled", "skipped", "scheduled", "scheduled"]
    coming = {(post.reference, post.text, post.due) for post in service.coming()}
    rows[2] = rows[2] | {"text": "Not what was approved"}
    site.write("posts.csv", [rows[number] for number in order])
    _, posts = site.run("posts.csv", "--approved-only")
    assert [p["outcome"] for p in posts] == [("unchanged", "skipped", "skipped", "unchanged")[n] for n in order]
    held = {p["text"]: p["message"] for p in posts if p["outcome"] == "skipped"}
    assert "not approved" in held["Hello b"]
    assert "changed since it was approved: text" in held["Not what was approved"]
    assert {(post.reference, post.text, post.due) for post in service.coming()} == coming
