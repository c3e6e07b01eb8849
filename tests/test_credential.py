"""A credential can be shown, copied and put into anything that is shown, and its secret is not in it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.settings import HIDDEN, AccessToken, ApiKey, AppCredential, Credential, Secret, redact

SECRET = "IST.eyJraWQ-not-to-be-seen-0123456789"
ALL: list[Credential] = [ApiKey(SECRET), AccessToken(SECRET), AppCredential(SECRET, "app-1", "instance-1")]
by_kind = pytest.mark.parametrize("credential", ALL, ids=lambda c: type(c).__name__)


@dataclasses.dataclass
class Holder:
    credential: Credential


@by_kind
def test_the_secret_comes_out_only_when_it_is_asked_for(credential: Credential) -> None:
    assert credential.get_secret_value() == SECRET


@by_kind
def test_no_way_of_showing_a_credential_shows_its_secret(credential: Credential) -> None:
    shown = [
        repr(credential),
        str(credential),
        f"{credential!s:>50}",
        repr([credential]),
        repr(dataclasses.asdict(credential)),
        repr(dataclasses.astuple(credential)),
        repr(dataclasses.asdict(Holder(credential))),
        repr(copy.deepcopy(credential)),
        repr(copy.copy(credential)),
        json.dumps(credential, default=str),
    ]
    assert not [text for text in shown if SECRET in text]


@by_kind
def test_a_credential_is_never_pickled(credential: Credential) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="never stored"):
            pickle.dumps(credential, protocol)


@by_kind
def test_a_traceback_with_local_variables_does_not_show_it(credential: Credential) -> None:
    def fail(held: Credential) -> None:
        copied = dataclasses.replace(held)
        raise RuntimeError(f"with {held} and {copied}")

    with pytest.raises(RuntimeError) as caught:
        fail(credential)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "held" in shown
    assert SECRET not in shown.replace(f"SECRET = '{SECRET}'", "")


def test_equal_secrets_are_equal_and_can_be_keys() -> None:
    assert {ApiKey("a"): 1}[ApiKey("a")] == 1
    assert ApiKey("a") != ApiKey("b")
    assert ApiKey("a") != AccessToken("a")


def test_a_secret_is_never_changed() -> None:
    secret = Secret("a")
    with pytest.raises(AttributeError):
        secret.get_secret_value = lambda: "b"


@by_kind
def test_redacting_takes_the_whole_secret_out_of_a_text(credential: Credential) -> None:
    assert redact(f"key {SECRET}, again {SECRET}", credential) == f"key {HIDDEN}, again {HIDDEN}"


def test_redacting_takes_long_pieces_of_the_secret_out_as_well() -> None:
    assert redact(f"bad credential '{SECRET[:24]}...'", ApiKey(SECRET)) == f"bad credential '{HIDDEN}...'"


def test_redacting_leaves_other_texts_alone() -> None:
    assert redact("a plain text", ApiKey(SECRET), None) == "a plain text"
    assert redact("a plain text", ApiKey("")) == "a plain text"


@given(st.text(max_size=60), st.text(max_size=60), st.text(alphabet="abcdefgh.-_0123", min_size=4, max_size=60))
def test_no_text_keeps_the_secret_whatever_stands_around_it(before: str, after: str, secret: str) -> None:
    redacted = redact(before + secret + after, ApiKey(secret))
    assert secret not in redacted.replace(HIDDEN, "\n")
