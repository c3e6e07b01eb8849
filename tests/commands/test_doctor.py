"""What `doctor` says of configuration and sites."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

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
    assert "Configuration: postbatch.toml in the current folder;" in ended.out
    assert "Site pottery: the credential works" in ended.out
    assert "Site bakery: Scheduling: 100,000 of 100,000 left this month" in ended.out


def test_doctor_looks_at_the_one_site_that_it_is_asked_about(two_sites):
    ended = two_sites("doctor", "--sandbox", "--site", "Bakery")
    assert "Site bakery: the credential works" in ended.out
    assert "Site pottery" not in ended.out


def test_a_probe_asks_first_and_does_nothing_where_nobody_can_answer(site, service):
    ended = site("doctor", "--probe")
    assert ended.status == 2
    assert "Add --yes" in ended.err
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
