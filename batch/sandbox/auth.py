"""Who calls, and for which site: an account's key with a site header, an app's token, or a ready token.

Credentials are compared and hashed here, and kept nowhere else: no call of the log, no error and no page shows one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from batch.sandbox.context import Answer
from batch.sandbox.options import Options
from batch.sandbox.shape import Fields, Text, read_body
from batch.sandbox.state import Store
from batch.sandbox.times import Ms
from batch.sandbox.wire import Refusal, Request

TOKEN_PREFIX = "OauthNG.SANDBOX."  # noqa: S105 - how a token of the sandbox begins, not one
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TOKEN_BODY = Fields(
    {
        "grant_type": Text(one_of=("client_credentials",)),
        "client_id": Text(least=1),
        "client_secret": Text(least=1),
        "instance_id": Text(least=1),
    },
    ("grant_type", "client_id", "client_secret", "instance_id"),
)


class Caller(NamedTuple):
    """A known caller: its site, and what kind of identity it has."""

    site: str
    kind: str


def site_named(request: Request) -> str:
    """Return the site that a request names, believed or not."""
    return request.headers.get("wix-site-id", "").strip().lower()


def guess_site(request: Request, store: Store) -> str:
    """Return the site that a request seems to be for, before anything of it is checked; "" where it does not say."""
    credential = request.headers.get("authorization", "")
    if site_named(request) or not credential.startswith(TOKEN_PREFIX):
        return site_named(request)
    found = store.row("SELECT site FROM tokens WHERE digest = ?", _digest(credential))
    return str(found[0]) if found else ""


def identify(request: Request, store: Store, options: Options, now: Ms) -> Caller:
    """Return who calls. Raises `Refusal` 401 or 403."""
    credential = request.headers.get("authorization", "")
    if not credential.strip():
        raise Refusal(401, "UNAUTHENTICATED", "The header Authorization is missing.")
    if credential.lower().startswith(("bearer ", "basic ")):
        raise Refusal(401, "UNAUTHENTICATED", "Authorization holds the bare credential, with no word before it.")
    if _among(credential, options.denied):
        raise Refusal(403, "FORBIDDEN", "The identity has no permission to manage social posts.")
    caller = _token_caller(credential, store, options, now) or _key_caller(credential, request, options)
    named = site_named(request)
    if named and named != caller.site:
        raise Refusal(403, "FORBIDDEN", "The token is for another site.")
    if not _GUID.fullmatch(caller.site) or not store.row("SELECT 1 FROM sites WHERE id = ?", caller.site):
        raise Refusal(403, "FORBIDDEN", "The identity may not act for this site.")
    return caller


def _token_caller(credential: str, store: Store, options: Options, now: Ms) -> Caller | None:
    if credential.startswith(TOKEN_PREFIX):
        found = store.row("SELECT site, until FROM tokens WHERE digest = ?", _digest(credential))
        if found is None or found[1] <= now:
            raise Refusal(401, "UNAUTHENTICATED", "The access token is not known or has expired.")
        return Caller(found[0], "app")
    site = next((site for token, site in options.access_tokens.items() if _among(credential, (token,))), None)
    return None if site is None else Caller(site.lower(), "user")


def _key_caller(credential: str, request: Request, options: Options) -> Caller:
    if options.api_keys and not _among(credential, options.api_keys):
        raise Refusal(401, "UNAUTHENTICATED", "The key is not known.")
    if "wix-account-id" in request.headers:
        raise Refusal(403, "FORBIDDEN", "A call for a site does not name an account.")
    named = site_named(request)
    if not named:
        raise Refusal(403, "FORBIDDEN", "The header wix-site-id is missing.")
    return Caller(named, "key")


def _among(credential: str, known: tuple[str, ...]) -> bool:
    return any(secrets.compare_digest(credential.encode(), other.encode()) for other in known)


def _digest(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()


def issue_token(request: Request, store: Store, options: Options, now: Ms) -> Answer:
    """Answer `oauth2/token`: an app's identity on one site becomes a token that ends."""
    body = read_body(request.body, TOKEN_BODY)
    if options.apps and not _is_app(body["client_id"], body["client_secret"], options.apps):
        raise Refusal(401, "INVALID_CLIENT", "The app's ID or secret is wrong.")
    found = store.row("SELECT id FROM sites WHERE instance = ?", body["instance_id"].lower())
    if found is None:
        raise Refusal(400, "INVALID_INSTANCE", "The app is not installed on such a site.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    store.run("INSERT INTO tokens VALUES (?, ?, ?)", _digest(token), found[0], now + options.token_seconds * 1000)
    return {"access_token": token, "token_type": "Bearer", "expires_in": options.token_seconds}


def _is_app(app: str, secret: str, apps: Mapping[str, str]) -> bool:
    return app in apps and secrets.compare_digest(secret.encode(), apps[app].encode())
