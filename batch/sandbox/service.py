"""The sandbox as a function: one request in, one response out, and all that it remembers in one store.

It reads the time from where it is told to and nothing else from outside, so that thousands of scenarios with a clock of
their own can run on it, and the socket shell around it only carries bytes. Every method is one transaction.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote

from batch.sandbox import calls, console, generate, media
from batch.sandbox.content import Fields, Text, read_body
from batch.sandbox.context import Answer, Context, Handler
from batch.sandbox.faults import Fault, add_fault, clear_faults, pick_fault, read_faults, spoil
from batch.sandbox.items import Items, PublicPost, random_id, read_coming, read_public
from batch.sandbox.media import read_files
from batch.sandbox.seed import SITE_ID, add_site, apply_seed
from batch.sandbox.sites import read_names
from batch.sandbox.state import (
    Entry,
    Json,
    Ms,
    Options,
    Refusal,
    Request,
    Response,
    Store,
    json_response,
    read_calls,
    to_datetime,
    to_ms,
    write_call,
    write_http_date,
)

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


def keep_late(store: Store, request: Request, *, site: str, at: Ms) -> None:
    """Keep a request until it arrives."""
    store.run(
        "INSERT INTO late (at, site, method, path, body) VALUES (?, ?, ?, ?, ?)",
        at, site, request.method, request.path, request.body,
    )  # fmt: skip


def take_late(store: Store, now: Ms) -> tuple[Ms, Request] | None:
    """Return the next request that has arrived by now, and when; None where there is none."""
    row = store.row("SELECT n, at, site, method, path, body FROM late WHERE at <= ? ORDER BY at, n LIMIT 1", now)
    if row is None:
        return None
    number, at, site, method, path, body = row
    store.run("DELETE FROM late WHERE n = ?", number)
    return at, Request(method, path, (), {"wix-site-id": site, "content-type": "application/json"}, body)


WINDOW_MS = 60_000


def need_room(store: Store, entry: Entry, options: Options) -> None:
    """Refuse a call beyond the limit. A refused call is not counted, so that waiting always helps."""
    most = options.calls_per_minute
    if not most:
        return
    row = store.row(
        "SELECT at FROM calls WHERE counted AND site = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        entry.site, entry.at - WINDOW_MS, most - 1,
    )  # fmt: skip
    if row is None:
        return
    refusal = Refusal(429, "RATE_LIMIT_EXCEEDED", f"The site has made {most} calls in the last minute.")
    if options.retry_after:
        # There is room again once the call that is `most` back has left the window.
        refusal.headers = (("retry-after", str(max(1, -(-(row[0] + WINDOW_MS - entry.at) // 1000)))),)
    raise refusal


POSTS = "/social-publisher/v1"
FILES = "/site-media/v1/files"
TOKEN_CALL, UPLOAD_CALL = "oauth_token", "upload_file"


class Route(NamedTuple):
    """One call. `counted`: it counts towards the calls a minute; `changes`: it is one that changes items."""

    call: str
    method: str
    path: str
    handler: Handler
    changes: bool = False
    counted: bool = True


ROUTES = (
    Route("query_items", "POST", f"{POSTS}/items/query", calls.query_items),
    Route("create_draft", "POST", f"{POSTS}/items", calls.create_draft, changes=True),
    Route("get_item", "GET", f"{POSTS}/items/{{id}}", calls.get_item),
    Route("update_item", "PATCH", f"{POSTS}/items/{{id}}", calls.update_item, changes=True),
    Route("delete_item", "DELETE", f"{POSTS}/items/{{id}}", calls.delete_item, changes=True),
    Route("reschedule_item", "POST", f"{POSTS}/items/{{id}}/reschedule", calls.reschedule_item, changes=True),
    Route("cancel_item", "PATCH", f"{POSTS}/items/{{id}}/cancel", calls.cancel_item, changes=True),
    Route("publish_item", "POST", f"{POSTS}/publish", calls.publish_item, changes=True),
    Route("publish_by_id", "POST", f"{POSTS}/publish-by-id", calls.publish_by_id, changes=True),
    Route("bulk_publish", "POST", f"{POSTS}/bulk/publish", calls.bulk_publish, changes=True),
    Route("list_accounts", "GET", f"{POSTS}/accounts", calls.list_accounts),
    Route("token_status", "GET", f"{POSTS}/{{channel}}/long-lived-token-status", calls.token_status),
    Route("connect_url", "GET", f"{POSTS}/{{channel}}/connect-url", calls.connect_url),
    Route("get_features", "GET", f"{POSTS}/features", calls.get_features),
    Route("get_feature", "GET", f"{POSTS}/features/{{feature}}", calls.get_feature),
    Route("generate_post", "POST", f"{POSTS}/generate-post-data", generate.generate_post),
    Route("generate_text", "POST", f"{POSTS}/generate-text", generate.generate_text),
    Route("generate_image", "POST", f"{POSTS}/generate-image", generate.generate_image),
    Route("generated_image", "GET", f"{POSTS}/generated-image/{{id}}", generate.generated_image),
    Route("import_file", "POST", f"{FILES}/import", media.import_file),
    Route("upload_url", "POST", f"{FILES}/generate-upload-url", media.generate_upload_url),
    Route("get_file", "GET", f"{FILES}/get-file-by-id", media.get_file),
    Route("get_file", "GET", f"{FILES}/{{id}}", media.get_file),
)
CALLS = tuple(dict.fromkeys([*(route.call for route in ROUTES), TOKEN_CALL, UPLOAD_CALL]))
CHANGING = frozenset(route.call for route in ROUTES if route.changes)

_BY_SHAPE: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
for _route in ROUTES:
    _segments = _route.path.split("/")
    _BY_SHAPE.setdefault((_route.method, len(_segments)), []).append((_segments, _route))


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the call that a request is, and the named parts of its address; None where there is no such call."""
    segments = path.split("/")
    for wanted, route in _BY_SHAPE.get((method, len(segments)), ()):
        parts = _match(wanted, segments)
        if parts is not None:
            return route, parts
    return None


def _match(wanted: list[str], segments: list[str]) -> dict[str, str] | None:
    parts = {}
    for name, given in zip(wanted, segments, strict=True):
        if name.startswith("{") and given:
            parts[name[1:-1]] = unquote(given)
        elif name != given:
            return None
    return parts


TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a password
MOST_BODY_BYTES = 4 * 1024 * 1024
EXTRA_EVERY = 7
_NO_BODY = frozenset({"GET", "DELETE", "HEAD"})

Found = tuple[Route, dict[str, str]] | None


@dataclass(slots=True)
class Dispatcher:
    """Answers calls. Only those of a `caller` meet faults, credential and pace: not the changes that `somebody` else
    makes, nor what arrives `late`.
    """

    store: Store
    new_id: Callable[[], str]
    answered: int = 0

    def answer(self, request: Request, now: Ms, options: Options, *, origin: str = "caller") -> Response:
        """Answer a call and log it."""
        found = find_route(request.method, request.path)
        call = found[0].call if found else _other_call(request)
        entry = Entry(now, guess_site(request, self.store), call, request.method, request.path)
        entry.origin = origin
        changing = found is not None and found[0].changes
        fault = pick_fault(self.store, call, entry.site, changing=changing) if call and origin == "caller" else None
        response = None
        if fault is None or fault.is_made:
            response = self._carry_out(request, found, entry, options, fault)
        elif fault.kind == "late":
            keep_late(self.store, request, site=entry.site, at=now + round(fault.seconds * 1000))
        arrives = response if fault is None else spoil(fault, response)
        if arrives is None:
            raise AssertionError("without a fault every call is carried out")
        entry.fault = fault.kind if fault else ""
        entry.status = response.status if response else 0
        write_call(self.store, entry)
        return arrives

    def _carry_out(
        self, request: Request, found: Found, entry: Entry, options: Options, fault: Fault | None
    ) -> Response:
        try:
            with self.store.part():
                answer = self._handle(request, found, entry, options, fault)
        except Refusal as refusal:
            entry.code, entry.changed = refusal.code, False
            return json_response(refusal.body(), status=refusal.status, headers=refusal.headers)
        return answer if isinstance(answer, Response) else json_response(self._with_extra(answer, options))

    def _handle(self, request: Request, found: Found, entry: Entry, options: Options, fault: Fault | None) -> Answer:
        """Return a call's answer. Raises `Refusal`."""
        if entry.call == UPLOAD_CALL:
            return media.upload_file(request, self.store, options, entry.at, self.new_id())
        _check_request(request)
        if entry.call == TOKEN_CALL:
            return issue_token(request, self.store, options, entry.at)
        if entry.origin == "caller":
            entry.site = identify(request, self.store, options, entry.at).site
            need_room(self.store, entry, options)
            entry.counted = True
        if found is None:
            raise Refusal(404, "NOT_FOUND", f"There is no call {request.method} {request.path[:200]}.")
        context = Context(request, self.store, options, entry.at, entry.site, found[1], self.new_id)
        context.only_first = fault.only_first if fault else None
        answer = found[0].handler(context)
        entry.changed = context.changed
        return answer

    def _with_extra(self, answer: Json | str, options: Options) -> Json | str:
        """Add a field that nobody knows to some answers, as a developer preview may."""
        self.answered += 1
        if not options.extra_fields or self.answered % EXTRA_EVERY:
            return answer
        if isinstance(answer, str):
            return '{"previewOfAFieldToCome":{"enabled":true},' + answer[1:]
        return {"previewOfAFieldToCome": {"enabled": True}, **answer}


def _other_call(request: Request) -> str:
    if (request.method, request.path) == ("POST", TOKEN_PATH):
        return TOKEN_CALL
    if request.method == "PUT" and request.path.startswith(media.UPLOAD_PATH):
        return UPLOAD_CALL
    return ""


def _check_request(request: Request) -> None:
    if len(request.body) > MOST_BODY_BYTES:
        raise Refusal(413, "TOO_LARGE", "The request is too large.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method not in _NO_BODY and kind != "application/json":
        raise Refusal(400, "CONTENT_TYPE", "The header Content-Type must be application/json.")
    if request.method in _NO_BODY and request.body.strip() not in (b"", b"{}"):
        raise Refusal(400, "BODY_NOT_ALLOWED", f"A {request.method} has no body.")


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Service:
    """A sandbox. Threads may share it; close it, or use it in a `with`.

    `state` is a file, or `:memory:`. `sites` are the IDs of the sites to be there from the start (or IDs with names),
    each with the default accounts. Options left out are those that the file remembers. `id_seed` makes the same IDs
    each time, in the order in which they are needed; only for a state that begins empty. Raises `OSError` for a file
    that can't be used.
    """

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        options: Options | None = None,
        sites: Iterable[str] | Mapping[str, str] = (SITE_ID,),
        now: Callable[[], datetime] = utc_now,
        id_seed: int | None = None,
    ) -> None:
        self._store = Store(state)
        self._lock = threading.RLock()
        self._read_clock = now
        self._id_seed, self._ids = id_seed, 0
        named = dict(sites) if isinstance(sites, Mapping) else dict.fromkeys(sites, "")
        self._sites = {site.lower(): name for site, name in (named or {SITE_ID: ""}).items()}
        self._options = (Options(), "")
        self._dispatcher = Dispatcher(self._store, self._new_id)
        with self._transaction():
            if options is not None:
                self._store.remember("options", options.as_json())
            self._add_sites()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._store.close()

    def answer(self, request: Request) -> Response:
        """Answer one request of the API, or of the sandbox's own addresses."""
        if console.is_control(request):
            return console.answer(self, request)
        with self._advanced() as now:
            response = self._dispatcher.answer(request, now, self._current_options())
        return replace(response, headers=(*response.headers, ("date", write_http_date(now))))

    def call(self, method: str, path: str, body: Json | None = None, *, site: str = SITE_ID) -> Response:
        """Make a call as somebody else on the site: no fault, credential or pace. `path` is below the API's own."""
        bare, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "wix-site-id": site}
        whole = bare if bare.startswith(FILES) else POSTS + bare
        request = Request(method, whole, tuple(parse_qsl(query, keep_blank_values=True)), headers, content)
        with self._advanced() as now:
            return self._dispatcher.answer(request, now, self._current_options(), origin="somebody")

    # What there is to see.

    def public(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that the public has seen until now, in order."""
        with self._advanced():
            return read_public(self._store, site)

    def coming(self, site: str | None = None) -> list[PublicPost]:
        """Return everything that will become public unless somebody stops it."""
        with self._advanced():
            return read_coming(self._store, site)

    def items(self, site: str | None = None) -> list[Json]:
        """Return all items as the API would show them, without lag, in the order in which they were made."""
        with self._advanced():
            rows = self._store.rows("SELECT body FROM items WHERE ? IS NULL OR site = ? ORDER BY n", site, site)
            return [json.loads(row[0]) for row in rows]

    def sites(self) -> dict[str, str]:
        """Return the sites, by ID, with their names; those of the start come first."""
        with self._transaction():
            found: dict[str, str] = dict(self._store.rows("SELECT id, name FROM sites ORDER BY name, id"))
        return {site: found[site] for site in (*self._sites, *found) if site in found}

    def account_names(self, site: str) -> dict[str, str]:
        """Return what people call a site's accounts, by ID."""
        with self._transaction():
            return read_names(self._store, site)

    def files(self, site: str | None = None) -> list[Json]:
        """Return the files of the Media Manager, with where each came from and the digest of an upload."""
        with self._transaction():
            return read_files(self._store, site)

    def calls(self, site: str | None = None) -> list[Entry]:
        """Return the log of calls."""
        with self._transaction():
            return read_calls(self._store, site)

    def faults(self) -> list[Json]:
        """Return the faults that are set, with how often each was met and has struck."""
        with self._transaction():
            return read_faults(self._store)

    # What there is to set.

    def seed(self, **seed: Any) -> list[str]:
        """Put a site as a scenario needs it (see `seed.apply_seed`); return the IDs of added items."""
        with self._advanced() as now:
            return apply_seed(self._store, seed, options=self._current_options(), now=now, new_id=self._new_id)

    def add_fault(self, **spec: Any) -> int:
        """Set a fault (see `faults.Fault`); return its number. Raises `ValueError`."""
        with self._transaction():
            return add_fault(self._store, Fault.from_json(spec))

    def clear_faults(self) -> None:
        """Take all faults away."""
        with self._transaction():
            clear_faults(self._store)

    @property
    def options(self) -> Options:
        """The settings in force."""
        with self._transaction():
            return self._current_options()

    def set_options(self, **changes: Any) -> Options:
        """Change settings from now on. Raises `ValueError`."""
        with self._transaction():
            made = self._current_options().changed(changes)
            self._store.remember("options", made.as_json())
            return made

    def now(self) -> datetime:
        """Return the sandbox's time."""
        with self._transaction():
            return to_datetime(self._now_ms())

    def move_clock(self, *, seconds: float) -> datetime:
        """Move the sandbox's clock, and let happen what was to happen until then."""
        with self._transaction():
            self._store.remember("shift", self._shift() + round(seconds * 1000))
            return to_datetime(self._advance())

    def set_clock(self, at: datetime) -> datetime:
        """Set the sandbox's clock, from where it goes on, and let happen what was to happen until then."""
        with self._transaction():
            self._store.remember("shift", to_ms(at) - to_ms(self._read_clock()))
            return to_datetime(self._advance())

    def tick(self) -> None:
        """Let happen what was to happen until now."""
        with self._advanced():
            pass

    def reset(self) -> None:
        """Forget everything but the settings, and begin again with the sites of the start."""
        with self._transaction():
            options = self._current_options()
            self._store.clear()
            self._store.remember("options", options.as_json())
            self._add_sites()

    # Time, options and IDs, as the store has them: another process may share it.

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._store.transaction():
            yield

    @contextmanager
    def _advanced(self) -> Iterator[Ms]:
        with self._transaction():
            yield self._advance()

    def _advance(self) -> Ms:
        now, options = self._now_ms(), self._current_options()
        while late := take_late(self._store, now):
            Items(self._store, options, late[0], new_id=self._new_id).advance()
            self._dispatcher.answer(late[1], late[0], options, origin="late")
        Items(self._store, options, now, new_id=self._new_id).advance()
        return now

    def _now_ms(self) -> Ms:
        return to_ms(self._read_clock()) + self._shift()

    def _shift(self) -> Ms:
        return int(self._store.meta("shift") or 0)

    def _current_options(self) -> Options:
        text = self._store.meta("options") or "{}"
        if text != self._options[1]:
            self._options = (Options().changed(json.loads(text)), text)
        return self._options[0]

    def _add_sites(self) -> None:
        for site, name in self._sites.items():
            add_site(self._store, site, name=name)

    def _new_id(self) -> str:
        if self._id_seed is None:
            return random_id()
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._id_seed}:{self._ids}"))
