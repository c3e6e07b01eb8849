"""`apply` does what was reviewed, where it was reviewed, or nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from batch.plan.planfile import plan_chunks, read_plan_file
from batch.sandbox.sites import ACCOUNTS, SITE_ID
from tests.commands.conftest import POST, SAMPLES
from tests.rig.server import RigServer

OTHER = "99999999-2222-4333-8444-555555555555"


def test_a_plan_is_done_on_the_site_that_it_was_made_for_and_on_no_other(site, service):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    with RigServer(sites=[OTHER]) as other:
        ended = site("apply", "plan.json", "--yes", environ={"WIX_SITE_ID": OTHER, "WIX_API_URL": other.url})
        assert (ended.status, other.service.coming(OTHER)) == (2, [])
    assert "another site or address" in ended.err
    assert site("apply", "plan.json", "--yes").status == 0
    assert len(service.coming()) == 1


def test_a_plan_that_does_not_say_its_place_is_not_done(site, service):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    plan = json.loads((site.folder / "plan.json").read_text("utf-8"))
    del plan["places"]
    (site.folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    assert site("apply", "plan.json", "--yes").status == 2
    assert service.coming() == []


@pytest.mark.parametrize(
    "seed",
    [
        {"accounts": {"FACEBOOK": [{**ACCOUNTS["FACEBOOK"][0], "id": "10215544332219999"}]}},
        {"accounts": {"FACEBOOK": [{**ACCOUNTS["FACEBOOK"][0], "page": {"id": "999", "displayName": "Other"}}]}},
        {"connections": {"FACEBOOK": "DISCONNECTED"}},
    ],
    ids=["another account", "another page", "disconnected"],
)
def test_a_plan_is_not_done_where_its_account_is_another_since(site, service, seed):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    service.seed(**seed)
    ended = site("apply", "plan.json", "--yes")
    assert (ended.status, service.coming()) == (2, [])
    assert "accounts" in ended.err


TWO_SITES = f"""
[sites.pottery]
site_id = "{SITE_ID}"
[sites.garden]
site_id = "{OTHER}"
"""


def tampered(desk, **changed):
    """Change what a plan says and put its checksum right, as somebody who knows the program would."""
    path = desk.folder / "plan.json"
    file, plan = read_plan_file(path.read_text("utf-8"))
    inputs = {**file.inputs, **changed.pop("inputs", {})}
    plan = replace(plan, sites=tuple(replace(site, **changed) for site in plan.sites))
    path.write_text("".join(plan_chunks(plan, inputs=inputs, places=dict(file.places))), encoding="utf-8")


def test_a_plan_that_was_tampered_with_chooses_no_sheet_and_no_media_folder(site, service, tmp_path):
    site.write("posts.csv", [POST])
    site.write("../private.csv", [POST])
    (tmp_path / "pictures").mkdir()
    for inputs in ({"sheet": "../private.csv"}, {"media_folder": "../pictures"}):
        assert site("plan", "posts.csv", "--out", "plan.json").status == 0
        tampered(site, inputs=inputs)
        ended = site("apply", "plan.json", "--yes")
        assert (ended.status, service.coming()) == (2, [])
        assert "from outside of its folder" in ended.err
    assert site("plan", "posts.csv", "--media", "../pictures", "--out", "plan.json").status == 0
    assert site("apply", "plan.json", "--yes").status == 0
    assert len(service.coming()) == 1


def test_a_plan_that_was_tampered_with_chooses_no_site(site):
    with RigServer(sites=[SITE_ID, OTHER]) as both:
        site.configure(TWO_SITES)
        environ = {"WIX_SITE_ID": "", "WIX_API_URL": both.url}
        site.write("posts.csv", [POST])
        planned = site("plan", "posts.csv", "--site", "garden", "--out", "plan.json", environ=environ)
        assert planned.status == 0, planned.err
        path = site.folder / "plan.json"
        path.write_text(path.read_text("utf-8") + " ", encoding="utf-8")
        ended = site("apply", "plan.json", "--yes", environ=environ)
        assert (ended.status, both.service.coming(OTHER)) == (2, [])
        assert "if that is meant, add --site garden." in ended.err
        assert site("apply", "plan.json", "--yes", "--site", "garden", environ=environ).status == 0
        assert len(both.service.coming(OTHER)) == 1


def test_what_is_shown_of_a_plan_is_what_is_planned_now_and_never_the_files_word(site, service):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    _, plan = read_plan_file((site.folder / "plan.json").read_text("utf-8"))
    steps = [replace(step, reason="It stays a draft.", account_name="Somebody") for step in plan.steps]
    tampered(site, steps=tuple(steps))
    ended = site("apply", "plan.json", "--yes")
    assert ended.status == 0
    assert "It stays a draft." not in ended.out
    assert "Somebody" not in ended.out


def test_a_journal_that_was_tampered_with_chooses_no_address(site, service, tmp_path):
    (site.folder / "cup.jpg").write_bytes((SAMPLES / "pictures" / "celadon-bowl.jpg").read_bytes())
    site.write("posts.csv", [{**POST, "media": "cup.jpg"}])
    assert site("run", "posts.csv", "--yes").status == 0
    (journal,) = (tmp_path / "state").glob("**/journal/*.sqlite")
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("UPDATE media SET url = 'https://evil.example/cup.jpg'")
    site.write("posts.csv", [{**POST, "key": "b", "media": "cup.jpg", "text": "Once more"}])
    assert site("run", "posts.csv", "--yes").status == 0
    sent = json.dumps(service.items())
    assert "evil.example" not in sent
    assert sent.count("https://static.wixstatic.com/") >= 2
