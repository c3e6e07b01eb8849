"""What `doctor` says of configuration and sites."""

from __future__ import annotations

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
