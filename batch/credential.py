"""The three ways to sign in, as values that can be passed about, printed and copied without showing their secret.

The secret sits behind a callable, so that no `repr`, `asdict`, `vars`, copy or traceback with local variables shows it;
it can't be pickled at all. Only `reveal()` gives it out, and only the publisher's client calls that. `hide` takes a
secret out of any text that is about to be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

HIDDEN = "[hidden]"
_PIECE = 16
"""A run of this many characters of a secret counts as the secret: services cut what they quote."""


class Hidden:
    """A text that shows itself to nobody who does not call `reveal()`."""

    __slots__ = ("reveal",)
    reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "reveal", lambda: text)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a hidden text is never changed")

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self) -> Hidden:
        return self

    def __deepcopy__(self, memo: object) -> Hidden:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is never stored or sent to another process: name its variable there instead")


def _hidden(text: str | Hidden) -> Hidden:
    return text if isinstance(text, Hidden) else Hidden(text)


@dataclass(frozen=True, slots=True, init=False)
class ApiKey:
    """An account's API key. It may serve many sites, so each call names its site."""

    key: Hidden

    def __init__(self, key: str | Hidden) -> None:
        object.__setattr__(self, "key", _hidden(key))

    def reveal(self) -> str:
        """Give the bare key."""
        return self.key.reveal()


@dataclass(frozen=True, slots=True, init=False)
class AccessToken:
    """A ready, short-lived access token of one site. It is used as it is and never renewed."""

    token: Hidden

    def __init__(self, token: str | Hidden) -> None:
        object.__setattr__(self, "token", _hidden(token))

    def reveal(self) -> str:
        """Give the bare token."""
        return self.token.reveal()


@dataclass(frozen=True, slots=True, init=False)
class AppCredential:
    """An app's identity on one site (its instance there), from which the client fetches access tokens."""

    app_id: str
    secret: Hidden
    instance_id: str

    def __init__(self, app_id: str, secret: str | Hidden, instance_id: str) -> None:
        object.__setattr__(self, "app_id", app_id)
        object.__setattr__(self, "secret", _hidden(secret))
        object.__setattr__(self, "instance_id", instance_id)

    def reveal(self) -> str:
        """Give the bare app secret."""
        return self.secret.reveal()


Credential: TypeAlias = ApiKey | AccessToken | AppCredential

NAMES: dict[type, str] = {ApiKey: "API key", AccessToken: "access token", AppCredential: "app identity"}
"""What people call each of them."""


def hide(text: str, *credentials: Credential | Hidden | None) -> str:
    """Take every secret, and every long piece of one, out of a text."""
    for credential in credentials:
        if credential is not None:
            text = _without(text, credential.reveal())
    return text


def _without(text: str, secret: str) -> str:
    if not secret:
        return text
    text = text.replace(secret, HIDDEN)
    if len(secret) <= _PIECE:
        return text
    pieces = {secret[i : i + _PIECE] for i in range(len(secret) - _PIECE + 1)}
    hits = [i for i in range(len(text) - _PIECE + 1) if text[i : i + _PIECE] in pieces]
    for start, end in reversed(_spans(hits)):
        text = text[:start] + HIDDEN + text[end:]
    return text


def _spans(hits: list[int]) -> list[tuple[int, int]]:
    """Join overlapping hits into spans, first to last."""
    spans: list[tuple[int, int]] = []
    for at in hits:
        if spans and at <= spans[-1][1]:
            spans[-1] = (spans[-1][0], at + _PIECE)
        else:
            spans.append((at, at + _PIECE))
    return spans
