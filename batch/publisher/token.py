"""An app's access token: fetched with its identity, kept in memory, renewed before it ends and once after a 401."""

from __future__ import annotations

import threading
from collections.abc import Callable

from batch.credential import AppCredential, Hidden
from batch.model import Json
from batch.publisher.reply import Reply, ReplyKind

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a password
RENEW_BEFORE_SECONDS = 300.0
SHORTEST_LIFE_SECONDS = 60.0
DEFAULT_LIFE_SECONDS = 4 * 3600.0
"""What the API documents, for an answer that does not say how long its token lives."""


class AppToken:
    """The current token of one app on one site, shared by all threads."""

    def __init__(self, credential: AppCredential, *, clock: Callable[[], float]) -> None:
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Hidden | None = None
        self._fresh_until = 0.0

    @property
    def hidden(self) -> Hidden | None:
        """The token in hand, to be taken out of messages."""
        return self._token

    def get(self, fetch: Callable[[Json], Reply]) -> Hidden | Reply:
        """Return a token that is fresh, fetched through `fetch` where needed; else the reply that brought none."""
        with self._lock:
            if self._token is not None and self._clock() < self._fresh_until:
                return self._token
            reply = fetch(self._request())
            token = reply.body.get("access_token")
            if reply.kind is not ReplyKind.OK:
                return reply
            if not isinstance(token, str) or not _is_sendable(token):
                return Reply(
                    ReplyKind.UNCLEAR, reply.status, "NO_TOKEN", "The sign-in answered without an access token."
                )
            self._token = Hidden(token)
            self._fresh_until = self._clock() + _life_seconds(reply.body.get("expires_in"))
            return self._token

    def drop(self, refused: Hidden) -> None:
        """Forget a token that was refused, unless another thread has renewed it already."""
        with self._lock:
            if self._token is refused:
                self._fresh_until = 0.0

    def _request(self) -> Json:
        return {
            "grant_type": "client_credentials",
            "client_id": self._credential.app_id,
            "client_secret": self._credential.reveal(),
            "instance_id": self._credential.instance_id,
        }


def _is_sendable(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _life_seconds(expires_in: object) -> float:
    given = isinstance(expires_in, (int, float)) and not isinstance(expires_in, bool) and 0 < expires_in < 1e9
    life = float(expires_in) if given and isinstance(expires_in, (int, float)) else DEFAULT_LIFE_SECONDS
    return max(life - RENEW_BEFORE_SECONDS, min(life, SHORTEST_LIFE_SECONDS) / 2)
