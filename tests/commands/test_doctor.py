"""What `doctor` says of configuration and sites."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from batch.sandbox.sites import SITE_ID

CONFIG = """
[sites.pottery]
site_id = "01234567-89ab-cdef-0123-456789abcdef"
[sites.bakery]
site_id = "11234567-89ab-cdef-0123-456789abcdef"
"""


@pytest.fixture
def two_sites(desk):
    (desk.folder / "postbatch.toml").write_text(CONFIG, encoding="utf-8")
    return desk


def test_doctor_names_the_file_and_looks_at_every_site(two_sites):
    ended = two_sites("doctor", "--sandbox")
    assert ended.status == 0
    told = {line.split()[1]: line for line in ended.out.splitlines() if line.startswith(("OK", "Fix"))}
    assert "postbatch.toml in the current folder, API http" in told["Configuration"]
    assert told["pottery"].startswith("OK ")
    assert "7 channels, no time zone, scheduling: 100,000 of 100,000 left this month" in told["bakery"]


def test_a_site_that_is_right_is_one_line_and_the_next_command_is_named(two_sites):
    (two_sites.folder / "postbatch.toml").write_text(f'timezone = "UTC"\n{CONFIG}', encoding="utf-8")
    ended = two_sites("doctor", "--sandbox")
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 5
    assert ended.out.endswith("Everything is set up. Next: postbatch check SHEET\n")


def test_what_is_wrong_is_told_with_its_fix_and_link(site, service):
    service.seed(connections={"INSTAGRAM": "DISCONNECTED"})
    site.configure(f'timezone = "UTC"\n[sites.pottery]\nsite_id = "{SITE_ID}"\n')
    ended = site("doctor", environ={"WIX_SITE_ID": ""})
    assert ended.status == 2
    assert "Fix  pottery" in ended.out
    assert "Instagram: connection expired. Reconnect it here: http" in ended.out


def test_doctor_looks_at_the_one_site_that_it_is_asked_about(two_sites):
    ended = two_sites("doctor", "--sandbox", "--site", "Bakery")
    assert "bakery" in ended.out
    assert "pottery" not in ended.out


def test_a_probe_asks_first_and_does_nothing_where_nobody_can_answer(site, service):
    ended = site("doctor", "--probe")
    assert ended.status == 2
    assert "add --yes" in ended.err
    assert service.items() == []


def test_a_probe_says_what_it_makes_finds_the_facts_and_leaves_nothing(site, service):
    ended = site("doctor", "--probe", "--yes")
    assert ended.status == 0, ended.err
    assert "Nothing is scheduled or published." in ended.out
    assert "A field is cleared by leaving it out." in ended.out
    assert {item["status"] for item in service.items()} == {"DELETED"}
    assert {entry.call for entry in service.calls() if entry.changed} == {"create_draft", "update_item", "delete_item"}


def test_what_a_killed_probe_left_is_deleted_by_the_next_one(site, service):
    service.add_fault(kind="silent", calls=["update_item"])
    command = [sys.executable, "-m", "batch", "doctor", "--probe", "--yes"]
    with subprocess.Popen(command, cwd=site.folder, env=dict(site.environ), stdout=subprocess.DEVNULL) as killed:
        while not any(entry.call == "update_item" for entry in service.calls()):
            assert killed.poll() is None
            time.sleep(0.05)
        killed.kill()
    assert [item["status"] for item in service.items()].count("DRAFT") == 1
    service.clear_faults()
    assert site("doctor", "--probe", "--yes").status == 0
    assert {item["status"] for item in service.items()} == {"DELETED"}
