"""Who is let in to the pages, and how much may be sent to them: one browser, this host, our own forms, a bounded size.

It stands before every page. It knows no sheet and no command.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

SHEET_BYTES = 50 * 1024 * 1024
MEDIA_BYTES = 1024**3
FORM_BYTES = 64 * 1024
"""What a form may hold besides its files."""
TOO_LARGE = "The file is larger than 50 MB. Remove pictures from the workbook, or save it as CSV."
TOO_MUCH = "These files are larger than 1 GB together. Add a few at a time, or copy them into the folder yourself."

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_POLICY = (
    "sandbox allow-scripts allow-downloads allow-modals allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""For a page that a command wrote: it is cut off from ours, and its own policy allows less than this."""
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets in who has the cookie, asks for this very host, and posts from our own pages; bounds what is sent."""

    def __init__(self, app: Any, *, port: int, media_bytes: int = MEDIA_BYTES) -> None:
        self.app, self.media_bytes = app, media_bytes
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self.cookie_name = f"postbatch_{port}"
        self.token, self.cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse a request, or hand it on."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        request = Request(scope)
        takes_media = request.url.path == "/sheets" or request.url.path.endswith("/media")
        most = FORM_BYTES + (self.media_bytes if takes_media else SHEET_BYTES)
        told = TOO_MUCH if takes_media else TOO_LARGE
        length = request.headers.get("content-length", "0")
        refusal = self._refusal(request)
        if refusal is None and (not length.isdecimal() or int(length[:20]) > most):
            refusal = Response(told + "\n", 413, media_type="text/plain")
        await (refusal or self.app)(scope, self._bounded(receive, most, told), send_with_headers)

    @staticmethod
    def _bounded(receive: Any, most: int, told: str) -> Any:
        """Return what receives a request's body, and ends it where more than `most` bytes come."""
        size = 0

        async def receive_bounded() -> Any:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413, told)
            return message

        return receive_bounded

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if host not in self.hosts:
            return Response("This page is served to this machine only.\n", 421, media_type="text/plain")
        if request.method not in {"GET", "HEAD"}:
            foreign = request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
            if foreign or request.headers.get("origin") != f"http://{host}":
                return Response("This form was not sent by this page.\n", 403, media_type="text/plain")
        token = request.query_params.get("token", "").encode()
        if request.url.path == "/" and request.method == "GET" and secrets.compare_digest(token, self.token.encode()):
            response = RedirectResponse("/", 303)
            response.set_cookie(self.cookie_name, self.cookie, httponly=True, samesite="strict", path="/")
            return response
        cookie = request.cookies.get(self.cookie_name, "").encode()
        if not secrets.compare_digest(cookie, self.cookie.encode()):
            return Response("Open this page by the address that `postbatch open` has shown.\n", 403, None, "text/plain")
        return None
