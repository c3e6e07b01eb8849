"""Who may call: keys that are known, ready tokens of one site, and an app's identity that becomes a token that ends."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable

from batch.sandbox.calls import check_request
from batch.sandbox.schemas import Name, model, one_of
from batch.sandbox.state import Answer, Ms, Refusal, Request, Store
from tests.rig.options import Options
from tests.rig.rules import RigContext

TOKEN_PATH = "/oauth2/token"
TOKEN_PREFIX = "OauthNG.SANDBOX."
TOKEN_BODY = model(
    "Token",
    {"grant_type": one_of(("client_credentials",)), "client_id": Name, "client_secret": Name, "instance_id": Name},
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, site TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID
"""
_INSTANCES = uuid.UUID("7be1d7f5-10ab-4f7e-9f3e-1d2f4c6a8b90")


def instance_of(site: str) -> str:
    """Return the ID that an app's installation on a site has."""
    return str(uuid.uuid5(_INSTANCES, site.lower()))


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


def token_site(request: Request, store: Store, options: Options, now: Ms) -> str:
    """Return the site of a caller with a token; "" where the credential is to be a key. Raises `Refusal` 401 or 403."""
    credential = request.headers.get("authorization", "")
    if credential.strip() and _among(credential, options.denied):
        raise Refusal(403, "FORBIDDEN", "The identity has no permission to manage social posts.")
    site = next((site for token, site in options.access_tokens.items() if _among(credential, (token,))), "").lower()
    if credential.startswith(TOKEN_PREFIX):
        found = store.row("SELECT site, until FROM tokens WHERE digest = ?", _digest(credential))
        if found is None or found[1] <= now:
            raise Refusal(401, "UNAUTHENTICATED", "The access token is not known or has expired.")
        site = str(found[0])
    elif not site and options.api_keys and credential.strip() and not _among(credential, options.api_keys):
        raise Refusal(401, "UNAUTHENTICATED", "The key is not known.")
    if site and site_named(request) not in ("", site):
        raise Refusal(403, "FORBIDDEN", "The token is for another site.")
    return site


def issue_token(context: RigContext) -> Answer:
    """Answer `oauth2/token`: an app's identity on one site becomes a token that ends."""
    check_request(context.request)
    body, options = context.body(TOKEN_BODY), context.options
    secret = options.apps.get(body["client_id"], "")
    if options.apps and not (secret and _among(body["client_secret"], (secret,))):
        raise Refusal(401, "INVALID_CLIENT", "The app's ID or secret is wrong.")
    sites = [site for (site,) in context.store.rows("SELECT id FROM sites")]
    site = next((site for site in sites if instance_of(site) == body["instance_id"].lower()), None)
    if site is None:
        raise Refusal(400, "INVALID_INSTANCE", "The app is not installed on such a site.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    until = context.now + options.token_seconds * 1000
    context.store.run("INSERT INTO tokens VALUES (?, ?, ?)", _digest(token), site, until)
    return {"access_token": token, "token_type": "Bearer", "expires_in": options.token_seconds}


def _among(credential: str, known: Iterable[str]) -> bool:
    return any(secrets.compare_digest(credential.encode(), other.encode()) for other in known)


def _digest(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()
