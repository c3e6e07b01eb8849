"""The key in this machine's key store: kept there and in no file, behind a variable that is set, and removed again."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.sandbox.sites import SITE_ID
from tests.commands.conftest import KEY, Desk
from tests.commands.key_daemon import KeyDaemon

NEW = ("init", "--timezone", "UTC", "--name", "pottery", "--site-id", SITE_ID)
WITHOUT_PACKAGE = "import sys\nsys.modules['keyring'] = None\n"


@pytest.fixture
def daemon() -> Iterator[KeyDaemon]:
    with KeyDaemon() as running:
        yield running


@pytest.fixture
def own(site: Desk, daemon: KeyDaemon) -> Desk:
    """A folder whose machine has a key store, and whose environment has no key."""
    environ = {name: value for name, value in site.environ.items() if name not in ("WIX_API_KEY", "WIX_SITE_ID")}
    return Desk(site.folder, {**environ, **daemon.environ})


def own_file(desk: Desk) -> Path:
    return Path(desk.environ["XDG_CONFIG_HOME"]) / "postbatch" / "postbatch.toml"


def files_with(desk: Desk, text: str) -> list[Path]:
    """Return the files of the folder, its state and its configuration that hold a text."""
    return [path for path in desk.folder.parent.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_the_key_goes_into_the_store_and_into_no_file_and_works_from_there(own, daemon, service):
    ended = own(*NEW, "--key-store", feed=f"{KEY}\n")
    assert ended.status == 0, ended.err + ended.out
    told = " ".join(ended.out.split())
    assert daemon.secrets == {("postbatch", SITE_ID): KEY}
    assert tomllib.loads(own_file(own).read_text(encoding="utf-8"))["sites"] == {
        "pottery": {"site_id": SITE_ID, "key_store": True}
    }
    assert "in the key store (key daemon Keyring) under “postbatch”, and in no file" in told
    assert "OK   Sign-in        key from the key store\n" in ended.out
    own.write("posts.csv", [{"key": "a", "channel": "FACEBOOK", "text": "Hi", "publish_at": "2031-03-03 09:00"}])
    ran, posts = own.run("posts.csv")
    assert (ran.status, [post["outcome"] for post in posts]) == (0, ["scheduled"])
    assert files_with(own, KEY) == []
    assert KEY not in ended.out + ended.err + ran.out + ran.err


def test_a_variable_that_is_set_wins_over_the_store_and_doctor_says_so(own, daemon, service):
    own(*NEW, "--key-store", feed="IST.another-key-than-that\n")
    ended = own("doctor", environ={"WIX_API_KEY": KEY})
    assert ended.status == 0
    assert "OK   Sign-in        key from WIX_API_KEY (not the key in the key store)\n" in ended.out
    assert KEY not in ended.out
    service.set_options(api_keys=[KEY])
    assert own("doctor", environ={"WIX_API_KEY": KEY}).status == 0
    assert own("doctor").status == 2, "the key in the store is another"
    service.set_options(api_keys=["IST.another-key-than-that"])
    assert own("doctor").status == 0


def test_the_key_of_a_site_that_is_there_is_replaced_and_forgotten(own, daemon):
    own(*NEW, "--key-variable", "WIX_POTTERY_KEY")
    ended = own("init", "--name", "Pottery", "--key-store", feed=f"{KEY}\n")
    assert (ended.status, daemon.secrets) == (0, {("postbatch", SITE_ID): KEY}), ended.err
    named = {"site_id": SITE_ID, "key_store": True, "api_key_env": "WIX_POTTERY_KEY"}
    assert tomllib.loads(own_file(own).read_text(encoding="utf-8"))["sites"] == {"pottery": named}
    before = own_file(own).read_bytes()
    assert own("init", "--name", "pottery", "--key-store", feed="IST.a-newer-key\n").status == 0
    assert (daemon.secrets, own_file(own).read_bytes()) == ({("postbatch", SITE_ID): "IST.a-newer-key"}, before)
    gone = own("init", "--forget-key", "pottery")
    assert (gone.status, daemon.secrets) == (0, {})
    assert "no longer in the key store" in gone.out
    assert "Next: set WIX_POTTERY_KEY, or run: postbatch init --key-store --name pottery" in gone.out
    assert "There was no key for pottery" in own("init", "--forget-key", "pottery").out
    refused = (
        own("plan", "--", "posts.csv") if own.write("posts.csv", [{"channel": "FACEBOOK", "text": "Hi"}]) else None
    )
    assert refused is not None
    assert (refused.status, "has no key for pottery" in refused.err + refused.out) == (2, True), refused.err


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "IST.quoted'key\n", "kéy\n"])
def test_what_no_key_can_be_is_refused_and_nothing_is_kept(own, daemon, typed):
    ended = own(*NEW, "--key-store", feed=typed)
    assert (ended.status, daemon.secrets, own_file(own).exists()) == (2, {}, False)
    assert not typed.strip() or typed.strip() not in ended.err


def test_a_store_that_is_locked_is_said_and_shows_no_key(own, daemon):
    daemon.locked = True
    ended = own(*NEW, "--key-store", feed=f"{KEY}\n")
    assert (ended.status, own_file(own).exists()) == (2, False)
    assert "The key store (key daemon Keyring) can't be written (KeyringLocked)." in ended.err
    assert KEY not in ended.err + ended.out
    daemon.locked = False
    assert own(*NEW, "--key-store", feed=f"{KEY}\n").status == 0
    daemon.locked = True
    ended = own("doctor")
    assert (
        ended.status,
        "can't be read (KeyringLocked). Unlock it. Or set WIX_API_KEY." in " ".join(ended.out.split()),
    ) == (2, True), ended.out


@pytest.mark.parametrize("backend", ["tests.commands.key_daemon.PlainFile", "keyring.backends.null.Keyring",
                                     "keyring.backends.fail.Keyring"])  # fmt: skip
def test_a_store_that_is_a_plain_file_or_none_is_not_used(own, backend):
    ended = own(*NEW, "--key-store", feed=f"{KEY}\n", environ={"PYTHON_KEYRING_BACKEND": backend})
    assert (ended.status, own_file(own).exists()) == (2, False)
    assert "This machine has no key store. Or leave out --key-store" in ended.err
    assert files_with(own, KEY) == []


def test_without_the_package_the_variable_is_named_as_before_and_the_extra_is_said(own, tmp_path):
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(WITHOUT_PACKAGE, encoding="utf-8")
    bare = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "without"), own.environ["PYTHONPATH"]])}
    ended = own(*NEW, "--key-store", feed=f"{KEY}\n", environ=bare)
    assert (ended.status, "pip install 'postbatch[keyring]'" in ended.err) == (2, True)
    assert own(*NEW, environ=bare).status == 0
    assert 'api_key_env = "WIX_API_KEY"' in own_file(own).read_text(encoding="utf-8")
    own_file(own).write_text(f'[sites.pottery]\nsite_id = "{SITE_ID}"\nkey_store = true\n', encoding="utf-8")
    ended = own("doctor", environ=bare)
    assert ended.status == 2
    assert "Run: pip install 'postbatch[keyring]' Or set WIX_API_KEY." in " ".join(ended.out.split())


def test_a_sandbox_never_asks_the_store(own, daemon):
    own(*NEW, "--key-store", feed=f"{KEY}\n")
    daemon.locked = True
    assert own("doctor", "--sandbox").status == 0


def test_what_is_neither_true_nor_false_is_refused(own):
    own_file(own).parent.mkdir(parents=True)
    own_file(own).write_text(f'[sites.pottery]\nsite_id = "{SITE_ID}"\nkey_store = "yes"\n', encoding="utf-8")
    ended = own("doctor")
    assert (ended.status, "key_store is neither true nor false" in " ".join(ended.out.split())) == (2, True), ended.out


def test_with_json_the_document_names_the_store_and_never_the_key(own):
    ended = own(*NEW, "--key-store", "--json", feed=f"{KEY}\n")
    told = json.loads(ended.out)
    assert (told["site"], told["key_store"], told["variable"]) == ("pottery", "key daemon Keyring", "")
    assert all(finding["good"] for finding in told["findings"])
    assert KEY not in ended.out + ended.err


def test_at_a_terminal_the_key_is_typed_unseen(own, daemon):
    with own.at_terminal(*NEW) as terminal:
        terminal.answer("Key for the key store", KEY)
        assert (terminal.end(), daemon.secrets) == (0, {("postbatch", SITE_ID): KEY}), terminal.text
    assert KEY not in terminal.text


def test_at_a_terminal_a_blank_key_names_a_variable(own, daemon):
    with own.at_terminal(*NEW) as terminal:
        terminal.answer("Key for the key store", "")
        terminal.answer("holds the key", "")
        assert (terminal.end(), daemon.secrets) == (0, {}), terminal.text
    assert 'api_key_env = "WIX_API_KEY"' in own_file(own).read_text(encoding="utf-8")
