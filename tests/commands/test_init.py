"""`init`: what it asks, what it writes, and that the key is neither."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from batch.sandbox.sites import SITE_ID

ADDRESS = f"https://manage.example.com/dashboard/{SITE_ID}/home"


def configuration(desk: Any) -> dict[str, Any]:
    return tomllib.loads((own_file(desk)).read_text(encoding="utf-8"))


def own_file(desk: Any) -> Path:
    return Path(desk.environ["XDG_CONFIG_HOME"]) / "postbatch" / "postbatch.toml"


def test_a_site_is_added_to_those_that_are_there(desk):
    first = desk("init", "--timezone", "Europe/London", "--name", "pottery", "--site-id", ADDRESS)
    assert (first.status, "Next: set WIX_API_KEY" in first.out) == (0, True), first.err
    other = "11111111-2222-4333-8444-555555555555"
    second = desk("init", "--name", "garden", "--site-id", other, "--key-variable", "POSTBATCH_GARDEN_KEY")
    assert second.status == 0, second.err
    assert configuration(desk) == {
        "timezone": "Europe/London",
        "sites": {
            "pottery": {"site_id": SITE_ID, "api_key_env": "WIX_API_KEY"},
            "garden": {"site_id": other, "api_key_env": "POSTBATCH_GARDEN_KEY"},
        },
    }
    assert own_file(desk).stat().st_mode & 0o077 == 0


def test_the_site_is_examined_where_its_key_is_set(site):
    ended = site("init", "--timezone", "UTC", "--name", "pottery", "--site-id", SITE_ID, environ={"WIX_SITE_ID": ""})
    assert ended.status == 0, ended.out
    assert "OK   pottery" in ended.out
    assert site.environ["WIX_API_KEY"] not in own_file(site).read_text(encoding="utf-8") + ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no terminal to ask on"),
        (("--timezone", "Mars", "--name", "a", "--site-id", SITE_ID), "Mars"),
        (("--timezone", 'UTC"\nvia = "bulk', "--name", "a", "--site-id", SITE_ID), "Europe/Berlin"),
        (("--timezone", "UTC", "--name", "a b", "--site-id", SITE_ID), "letters, digits"),
        (("--timezone", "UTC", "--name", "a", "--site-id", "my-site"), "dashboard"),
        (("--timezone", "UTC", "--name", "a", "--site-id", SITE_ID, "--key-variable", "IST.abc"), "capital letters"),
        (("--timezone", "UTC", "--name", "a", "--site-id", SITE_ID, "--key-variable", "PATH"), "begins with WIX_"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(desk, arguments, said):
    ended = desk("init", *arguments)
    assert (ended.status, said in ended.err) == (2, True), ended.err
    assert not own_file(desk).exists()


def test_at_a_terminal_it_asks_until_the_answer_is_right(desk):
    with desk.at_terminal("init") as terminal:
        terminal.answer("Time zone", "Berlin", "Europe/Berlin")
        terminal.answer("short name", "my site", "pottery")
        terminal.answer("Site:", "none", ADDRESS)
        terminal.answer("holds the key", "")
        assert terminal.end() == 0, terminal.text
    assert configuration(desk)["sites"] == {"pottery": {"site_id": SITE_ID, "api_key_env": "WIX_API_KEY"}}
    assert configuration(desk)["timezone"] == "Europe/Berlin"
