"""The sandbox as a function: one request in, one response out, and all that it remembers in one store.

It reads the time from where it is told to and nothing else from outside, and the socket around it only carries bytes.
Every method is one transaction. A subclass may know more routes, more callers, and other rules for items and sites.
"""

from __future__ import annotations

import ipaddress
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from email.utils import format_datetime
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from batch.sandbox import calls, console, generate, media
from batch.sandbox.calls import Context, Route, check_request
from batch.sandbox.items import Items
from batch.sandbox.sites import SITE_ID, Site, add_site, connect_account
from batch.sandbox.state import Json, Ms, Refusal, Request, Response, Store, make_response, to_datetime, to_ms, utc_now

POSTS = "/social-publisher/v1"
FILES = "/site-media/v1/files"
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
    *(Route("list_assets", "POST", path, generate.list_assets) for path in generate.ASSETS),
    Route("import_file", "POST", f"{FILES}/import", media.import_file),
    Route("upload_url", "POST", f"{FILES}/generate-upload-url", media.generate_upload_url),
    Route("get_file", "GET", f"{FILES}/get-file-by-id", media.get_file),
    Route("get_file", "GET", f"{FILES}/{{id}}", media.get_file),
    Route("get_files", "POST", f"{FILES}/get-files", media.get_files),
    Route("upload_file", "PUT", f"{media.UPLOAD_PATH}{{token}}", media.upload_file, signed=False),
)

WINDOW_MS = 60_000
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d+)?")


class Service:
    """A sandbox. Threads may share it; close it, or use it in a `with`.

    `state` is a file, or `:memory:`. `sites` are the sites to be there from the start, with their names by ID ("" = a
    name is found), each with the default accounts. Raises `OSError` for a file that can't be used.
    """

    calls_per_minute = 200
    """How many calls a site may make in any minute; 0: as many as it likes."""
    routes = ROUTES
    """The calls that there are; of two that fit, the first counts."""
    zone: tzinfo | None = None
    """In which zone the page shows times; None: this machine's."""

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        sites: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = Store(state)
        self._lock = threading.RLock()
        self._read_clock = now
        self._sites = {site.lower(): name for site, name in (sites or {SITE_ID: ""}).items()}
        with self.transaction():
            self.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self.store.close()

    def begin(self) -> None:
        """Put the sites of the start into the store."""
        for site, name in self._sites.items():
            add_site(self.store, site, name=name)

    def answer(self, request: Request) -> Response:
        """Answer one request of the API, or show the page."""
        with self.advanced() as now:
            try:
                refuse_stranger(request)
                response = self.show_page(request, now) if request.path == "/" else self.respond(request, now)
            except Refusal as refusal:
                response = refusal.response()
        date = format_datetime(to_datetime(now).replace(microsecond=0), usegmt=True)
        return replace(response, headers=(*response.headers, ("date", date)))

    def show_page(self, request: Request, now: Ms) -> Response:
        """Return the page of the site and the month that the request names. Raises `Refusal`."""
        sites = self.sites()
        named = next(iter(request.values("site")), "").lower()
        filled = (site for site in sites if self.items(site))
        site = named if named in sites else next(filled, next(iter(sites), ""))
        names = Site(self.store, site, now).account_names()
        items = self.items(site)
        return console.answer(
            request, now=to_datetime(now), sites=sites, site=site, items=items, names=names, zone=self.zone
        )

    def respond(self, request: Request, now: Ms) -> Response:
        """Answer a call of the API: whole, or not at all."""
        found = self.find_route(request)
        try:
            with self.store.transaction():
                site = ""
                if found is None or found[0].signed:
                    check_request(request)
                    site = self.identify(request, now)
                    self.need_room(site, now)
                if found is None:
                    raise Refusal(404, "NOT_FOUND", f"There is no call {request.method} {request.path[:200]}.")
                route, parts = found
                return make_response(route.handler(self.context(request, now, site, parts)))
        except Refusal as refusal:
            return refusal.response()

    def find_route(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        """Return the call that a request is, and the named parts of its address; None where there is no such call."""
        for route in self.routes:
            found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path), request.path)
            if found is not None and route.method == request.method:
                return route, {name: unquote(part) for name, part in found.groupdict().items()}
        return None

    def context(self, request: Request, now: Ms, site: str, parts: dict[str, str]) -> Context:
        """Return what a handler has at hand."""
        return Context(request, self.items_at(now), Site(self.store, site, now), parts)

    def items_at(self, now: Ms) -> Items:
        """Return the items as they are at an instant."""
        return Items(self.store, now, new_id=self.new_id)

    def new_id(self) -> str:
        """Return a new GUID."""
        return str(uuid.uuid4())

    def identify(self, request: Request, now: Ms) -> str:
        """Return the site of the caller, who has any key. Raises `Refusal` 401 or 403."""
        credential = request.headers.get("authorization", "")
        if not credential.strip():
            raise Refusal(401, "UNAUTHENTICATED", "The header Authorization is missing.")
        if credential.lower().startswith(("bearer ", "basic ")):
            raise Refusal(401, "UNAUTHENTICATED", "Authorization holds the bare credential, with no word before it.")
        if "wix-account-id" in request.headers:
            raise Refusal(403, "FORBIDDEN", "A call for a site does not name an account.")
        site = request.headers.get("wix-site-id", "").strip().lower()
        if not site:
            raise Refusal(403, "FORBIDDEN", "The header wix-site-id is missing.")
        return self.known_site(site)

    def known_site(self, site: str) -> str:
        """Return a site that there is. Raises `Refusal` 403."""
        if not self.store.row("SELECT 1 FROM sites WHERE id = ?", site):
            raise Refusal(403, "FORBIDDEN", "The identity may not act for this site.")
        return site

    def need_room(self, site: str, now: Ms) -> None:
        """Count a call, or refuse one beyond the limit. A refused call is not counted, so that waiting always helps."""
        most = self.calls_per_minute
        if not most:
            return
        self.store.run("DELETE FROM paced WHERE site = ? AND at <= ?", site, now - WINDOW_MS)
        row = self.store.row(
            "SELECT at FROM paced WHERE site = ? ORDER BY at DESC LIMIT 1 OFFSET ?", site, most - 1
        )  # fmt: skip
        if row is not None:
            # There is room again once the call that is `most` back has left the window.
            wait_seconds = max(1, -(-(row[0] + WINDOW_MS - now) // 1000))
            said = f"The site has made {most} calls in the last minute."
            raise Refusal(429, "RATE_LIMIT_EXCEEDED", said, headers=(("retry-after", str(wait_seconds)),))
        self.store.run("INSERT INTO paced VALUES (?, ?)", site, now)

    def items(self, site: str | None = None) -> list[Json]:
        """Return all items as the API would show them, in the order in which they were made."""
        with self.advanced():
            rows = self.store.rows("SELECT body FROM items WHERE ? IS NULL OR site = ? ORDER BY n", site, site)
        return [json.loads(body) for (body,) in rows]

    def sites(self) -> dict[str, str]:
        """Return the sites, by ID, with their names; those of the start come first."""
        with self.transaction():
            found: dict[str, str] = dict(self.store.rows("SELECT id, name FROM sites ORDER BY name, id"))
        return {site: found[site] for site in (*self._sites, *found) if site in found}

    def now_ms(self) -> Ms:
        """Return the sandbox's time."""
        return to_ms(self._read_clock())

    def connect(self, accounts: Iterable[tuple[str, str, str]]) -> None:
        """Connect accounts by what a sheet calls them: (site's ID, channel, name); those that are there stay."""
        with self.transaction():
            for site, channel, name in accounts:
                connect_account(self.store, site.lower(), channel, name)

    def reset(self) -> None:
        """Forget everything, and begin again with the sites of the start."""
        with self.transaction():
            self.store.clear()
            self.begin()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen, or nothing, and nothing else meanwhile."""
        with self._lock, self.store.transaction():
            yield

    @contextmanager
    def advanced(self) -> Iterator[Ms]:
        """Do the same once everything has happened that was to happen until now."""
        with self.transaction():
            now = self.now_ms()
            self.advance(now)
            yield now

    def advance(self, now: Ms) -> None:
        """Let everything happen that was to happen until an instant."""
        self.items_at(now).advance()


def refuse_stranger(request: Request) -> None:
    """Refuse what a browser sends for another site's page, or by another name of this machine; other callers pass."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin", "")
    named = _HOST.fullmatch(host.lower())
    if host and not (named and is_loopback(named["name"].strip("[]"))):
        raise Refusal(403, "FORBIDDEN", "The sandbox is for this machine only.")
    if origin and origin.lower() != f"http://{host.lower()}":
        raise Refusal(403, "FORBIDDEN", "A page from elsewhere may not use the sandbox.")


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
