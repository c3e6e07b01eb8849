"""Send calls to the API of one site, paced and signed, and bring back classified replies.

`send_once` makes one attempt and never raises for what the network or the service does; `query` repeats a question
within two bounds. The credential goes to the API's own origin only, redirects are never followed, and nothing of the
environment (proxies, `.netrc`, certificates of its own) has a say. A call that changes something is never repeated
here, with one exception: a 401 to an app's token, turned away at the door, is sent once more with a new token.
"""

from __future__ import annotations

import base64
import json
import random as random_module
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Any, Self, TypeVar
from urllib.parse import unquote

import httpx

from batch.errors import ServiceError, SignInError
from batch.model import Json
from batch.publisher.pace import Pace, RetryBudget, wait_seconds
from batch.publisher.reply import Raw, Reply, ReplyKind, TooLarge, make_reply, refused_by_status
from batch.settings import HIDDEN, KINDS, NAMES, USUAL_VARIABLES, ApiKey, AppCredential, Credential, Secret, redact
from batch.times import utc_now
from batch.wording import listed

Result = TypeVar("Result")
AT_ONCE = 4


def _settle(answer: Future[Result], question: Callable[[], Result]) -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
        answer.set_exception(error)


def gather(questions: Sequence[Callable[[], Result]], *, at_once: int = AT_ONCE) -> list[Result]:
    """Return the answers in order; raise the first failure. Threads are daemons: whoever is interrupted leaves them."""
    answers: list[Future[Result]] = [Future() for _ in questions]
    waiting, lock, over = iter(zip(answers, questions, strict=True)), threading.Lock(), threading.Event()

    def work() -> None:
        while not over.is_set():
            with lock:
                pair = next(waiting, None)
            if pair is None:
                return
            _settle(*pair)
            if pair[0].exception() is not None:
                over.set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(questions)))]
    for thread in threads:
        thread.start()
    try:
        done, _ = wait(answers, return_when=FIRST_EXCEPTION)
        failed = next((answer for answer in done if answer.exception() is not None), None)
        for thread in threads if failed else ():
            thread.join()
        return [failed.result()] if failed else [answer.result() for answer in answers]
    finally:
        over.set()


def within(seconds: float, call: Callable[[], Result], *, late: Callable[[str], Exception]) -> Result:
    """Return a call's result; raise `late` once its time is over: httpx bounds each read, and a drip never ends."""
    answer: Future[Result] = Future()
    threading.Thread(target=_settle, args=(answer, call), daemon=True).start()
    if not wait([answer], timeout=seconds).done:
        raise late("the time for this call is over")
    return answer.result()


Params = Mapping[str, str | Sequence[str]]

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a password
RENEW_BEFORE_SECONDS = 300.0
SHORTEST_LIFE_SECONDS = 60.0
DEFAULT_LIFE_SECONDS = 4 * 3600.0
"""What the API documents, for an answer that does not say how long its token lives."""

SHORTEST_SECRET = 12
"""A shorter one would be found in words that have nothing to do with it."""
BLOCK = 8
"""Any 16 letters of a secret hold one of its blocks of 8 whole: so a long answer is looked through quickly."""
SENDABLE = re.compile(r"[!-~]+")
"""What a token may consist of, to go into a header."""

MAX_ANSWER_BYTES = 16 * 1024 * 1024
CONNECT_SECONDS = 10.0
CONNECTIONS = 32
ATTEMPTS = 5
QUERY_SECONDS = 180.0
"""The bound on one question with all its repeats; the last attempt may still end after it, by its own deadline."""

ANSWERED = frozenset({ReplyKind.OK, ReplyKind.REFUSED})


@cache
def _trusted_certificates() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def open_http(*, plain: bool, seconds: float, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that follows no redirect, proxy, cookie or environment; `plain`: http, so no certificates."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=5.0)
    verify = False if plain else _trusted_certificates()
    return httpx.Client(
        transport=transport or httpx.HTTPTransport(verify=verify, trust_env=False, limits=limits),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "postbatch"},
    )


class AppToken:
    """The current token of one app on one site, shared by all threads."""

    def __init__(self, credential: AppCredential, *, clock: Callable[[], float]) -> None:
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._fresh_until = 0.0
        self.secret: Secret | None = None
        """The token in hand, to be taken out of messages."""

    def get(self, fetch: Callable[[Json], Reply]) -> Secret | Reply:
        """Return a token that is fresh, fetched through `fetch` where needed; else the reply that brought none."""
        with self._lock:
            if self.secret is not None and self._clock() < self._fresh_until:
                return self.secret
            reply = fetch({
                "grant_type": "client_credentials",
                "client_id": self._credential.app_id,
                "client_secret": self._credential.get_secret_value(),
                "instance_id": self._credential.instance_id,
            })  # fmt: skip
            token, life = reply.body.get("access_token"), reply.body.get("expires_in")
            if reply.kind is not ReplyKind.OK:
                return reply
            if not isinstance(token, str) or not SENDABLE.fullmatch(token):
                message = "The sign-in answered without an access token."
                return Reply(ReplyKind.UNCLEAR, reply.status, "NO_TOKEN", message)
            if not isinstance(life, (int, float)) or isinstance(life, bool) or not 0 < life < 1e9:
                life = DEFAULT_LIFE_SECONDS
            self.secret = Secret(token)
            self._fresh_until = self._clock() + max(life - RENEW_BEFORE_SECONDS, min(life, SHORTEST_LIFE_SECONDS) / 2)
            return self.secret

    def drop(self, refused: Secret) -> None:
        """Forget a token that was refused, unless another thread has renewed it already."""
        with self._lock:
            if self.secret is refused:
                self._fresh_until = 0.0


class Client:
    """The calls of one site. Threads may share it; close it, or use it in a `with`."""

    def __init__(
        self,
        *,
        api_url: str,
        credential: Credential,
        site_id: str,
        pace: Pace,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = random_module.random,
        deadline_seconds: float = 60.0,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        budget: RetryBudget | None = None,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self.site_id = site_id
        self.credential = credential
        self.pace = pace
        self.budget = budget or RetryBudget()
        self.clock, self.now, self.sleep, self.random = clock, now, sleep, random
        self.deadline_seconds = deadline_seconds
        self.page_limit = 0
        """The most items a page that this service is known to take; 0: not known yet."""
        self.max_answer_bytes = max_answer_bytes
        self._token = AppToken(credential, clock=clock) if isinstance(credential, AppCredential) else None
        plain = self.api_url.startswith("http://")
        self._http = open_http(plain=plain, seconds=deadline_seconds, transport=transport)
        self._uploads: dict[bool, httpx.Client] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections."""
        for http in (self._http, *self._uploads.values()):
            http.close()

    def open_uploads(self, *, plain: bool) -> httpx.Client:
        """Return what files are sent with to upload addresses (`plain`: over http): it knows no credential."""
        with self._lock:
            if plain not in self._uploads:
                self._uploads[plain] = open_http(plain=plain, seconds=self.deadline_seconds)
            return self._uploads[plain]

    def redact(self, text: str) -> str:
        """Take the credential, and the token got with it, out of a text."""
        return redact(text, self.credential, self._token.secret if self._token else None)

    def send_once(self, method: str, path: str, body: Json | None = None, *, params: Params | None = None) -> Reply:
        """Make one paced attempt. `path` is the whole path from the API's origin (`/social-publisher/v1/items`)."""
        reply, used = self._send_signed(method, path, body, params)
        if reply.status == 401 and self._token and used is not None:
            self._token.drop(used)
            reply, _ = self._send_signed(method, path, body, params)
        message = self.redact(reply.message)
        if reply.status in (401, 403):
            quoted = f" The service said: {message}" if message else ""
            message = _sign_in_advice(reply.status, self.credential) + quoted
        return replace(reply, message=message)

    def query(
        self, method: str, path: str, body: Json | None = None, *, params: Params | None = None, by_status: bool = False
    ) -> Reply:
        """Ask a question, again where the answer is missing or unclear; the reply is OK or REFUSED.

        `by_status`: a refusal that a gateway wrote, as a page without the service's own words, counts by its status.
        Raises `SignInError` for a refused credential and `ServiceError` where no usable answer could be had. Only for
        calls that change nothing.
        """
        started = self.clock()
        for attempt in range(1, ATTEMPTS + 1):
            reply = self.send_once(method, path, body, params=params)
            if by_status:
                reply = refused_by_status(reply)
            if reply.kind in ANSWERED:
                break
            seconds = wait_seconds(attempt, reply.retry_after_seconds, random=self.random)
            late = self.clock() - started + seconds > QUERY_SECONDS
            if attempt == ATTEMPTS or late or not self.budget.take():
                break
            self.sleep(seconds)
        if reply.status in (401, 403):
            raise SignInError(reply.message, status=reply.status)
        if reply.code == "NO_CONNECTION":
            raise ServiceError(f"{reply.message} Look at the network and the address, and try again.")
        if reply.kind not in ANSWERED:
            raise ServiceError(f"{self._host} gave no usable answer ({reply.code}): {reply.message} Try again later.")
        self.budget.give_back()
        return reply

    def _send_signed(
        self, method: str, path: str, body: Json | None, params: Params | None
    ) -> tuple[Reply, Secret | None]:
        """Make one attempt, and return the app's token that it was signed with (None for the other credentials)."""
        if self._token is None:
            return self._attempt(method, path, body, params, Secret(self.credential.get_secret_value())), None
        token = self._token.get(lambda request: self._attempt("POST", TOKEN_PATH, request, None, None))
        if isinstance(token, Secret):
            return self._attempt(method, path, body, params, token), token
        # The sign-in failed, so the call that waited for it was not sent.
        if token.kind is ReplyKind.REFUSED:
            return replace(token, status=401), None
        kind = ReplyKind.LIMITED if token.kind is ReplyKind.LIMITED else ReplyKind.NOT_SENT
        return replace(token, kind=kind, message=f"Signing in as the app did not work: {token.message}"), None

    def _attempt(
        self, method: str, path: str, body: Json | None, params: Params | None, secret: Secret | None
    ) -> Reply:
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError("a path starts with one slash: calls go to the API's own origin only")
        self.pace.wait()
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        request = self._http.build_request(method, self.api_url + path, params=params, content=content)
        request.headers["Content-Type"] = "application/json"
        if secret is not None:
            request.headers["Authorization"] = secret.get_secret_value()
            if isinstance(self.credential, ApiKey):
                request.headers["wix-site-id"] = self.site_id
        reply = self._exchange(request)
        if reply.kind is ReplyKind.LIMITED:
            self.pace.slow_down(reply.retry_after_seconds)
        return reply

    def _exchange(self, request: httpx.Request) -> Reply:
        """Send a request and read its answer; what goes wrong on the way becomes a reply."""
        try:
            return within(self.deadline_seconds, lambda: self._read(request), late=httpx.ReadTimeout)
        except TooLarge as error:
            return Reply(ReplyKind.UNCLEAR, None, "TOO_LARGE", str(error))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            why = self.redact(str(error)) or type(error).__name__
            return Reply(ReplyKind.NOT_SENT, None, "NO_CONNECTION", f"{self._host} can't be reached ({why}).")
        except httpx.TimeoutException:
            message = f"{self._host} did not answer within {self.deadline_seconds:g} s."
            return Reply(ReplyKind.UNCLEAR, None, "TIMEOUT", message)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            message = f"The connection to {self._host} broke before its answer was whole."
            return Reply(ReplyKind.UNCLEAR, None, "CUT", message)

    def _read(self, request: httpx.Request) -> Reply:
        ends_at = self.clock() + self.deadline_seconds
        raw = receive(self._http, request, max_bytes=self.max_answer_bytes, late=lambda: self.clock() > ends_at)
        signing_in = request.url.path.endswith(TOKEN_PATH)

        def redacted(body: Json) -> Json:
            # The one field that brings a secret is taken over, and never shown.
            kept = {name: body[name] for name in ("access_token",) if signing_in and name in body}
            return {**self.redact_body(body), **kept}

        return make_reply(raw, now=self.now(), max_bytes=self.max_answer_bytes, redact=redacted)

    def redact_body(self, body: Json) -> Json:
        """Take the credential out of every field of an answer, whole or cut, in whatever form it comes back."""
        token = self._token.secret if self._token else None
        secrets = [secret.get_secret_value() for secret in (self.credential, token) if secret is not None]
        forms = tuple(form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms_of(secret))
        text = _decoded(json.dumps(body, ensure_ascii=False)) if forms else ""
        found = any(form[n : n + BLOCK] in text for form in forms for n in range(0, len(form) - BLOCK + 1, BLOCK))
        redacted: Json = _without(body, tuple(map(Secret, forms))) if found else body
        return redacted

    @property
    def _host(self) -> str:
        return httpx.URL(self.api_url).netloc.decode()


@lru_cache(maxsize=8)
def _forms_of(secret: str) -> tuple[str, ...]:
    """Return a secret as it may be quoted: plain, and in base64 at each of its three alignments."""
    forms = {secret}
    for before in range(3):
        raw = b"\0" * before + secret.encode()
        # The first and last letters of base64 depend on what stands beside the secret.
        inner = slice((before * 8 + 5) // 6, len(raw) * 8 // 6)
        forms |= {encoded.decode()[inner] for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw))}
    return tuple(sorted(forms, key=len, reverse=True))


def _decoded(text: str) -> str:
    """Return a text as it reads once what packs it is taken off: percent signs (also twice) and JSON's backslashes."""
    return unquote(unquote(text)).replace("\\", "")


def _without(value: Any, secrets: Sequence[Secret]) -> Any:
    """Return an answer without the secrets in any of its texts; a text that holds one in disguise is hidden whole."""
    if isinstance(value, str):
        plain = redact(value, *secrets)
        decoded = _decoded(plain)
        return HIDDEN if redact(decoded, *secrets) != decoded else plain
    if isinstance(value, dict):
        return {_without(key, secrets): _without(member, secrets) for key, member in value.items()}
    return [_without(member, secrets) for member in value] if isinstance(value, list) else value


def receive(http: httpx.Client, request: httpx.Request, *, max_bytes: int, late: Callable[[], bool]) -> Raw:
    """Send a request and read its answer as it came. Errors: TooLarge, and `httpx.ReadTimeout` once it is `late`."""
    content = bytearray()
    response = http.send(request, stream=True)
    try:
        for part in response.iter_raw():
            content += part
            if len(content) > max_bytes:
                raise TooLarge("The service's answer is larger than this client takes.")
            if late():
                raise httpx.ReadTimeout("the time for this call is over")
    finally:
        response.close()
    return Raw(response.status_code, response.headers, bytes(content))


NOTIFY_SECONDS = 15.0


def notify_webhook(
    address: str,
    message: Mapping[str, object],
    *,
    seconds: float = NOTIFY_SECONDS,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Post a message to a person's own webhook, once. Errors: ServiceError, which never shows the address.

    A webhook's address is a secret, and so it is followed nowhere else. All of it takes at most `seconds`.
    """

    def post() -> int:
        with (
            open_http(plain=address.startswith("http:"), seconds=seconds, transport=transport) as client,
            client.stream("POST", address, json=message) as answer,
        ):
            return answer.status_code

    try:
        status = within(seconds, post, late=httpx.ReadTimeout)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ServiceError(f"The webhook can't be reached ({type(error).__name__}).") from None
    if not 200 <= status < 300:
        raise ServiceError(f"The webhook answered HTTP {status}.")


def _sign_in_advice(status: int | None, credential: Credential) -> str:
    """Say why a credential was refused (401 or 403), and which other kind to try."""
    name = NAMES[type(credential)]
    variables = {NAMES[kind]: listed([USUAL_VARIABLES[s] for s in KINDS[kind]], last="and") for kind in KINDS}
    others = " or ".join(f"an {n} ({named})" for n, named in variables.items() if n != name)
    if status == 401:
        return (
            f"The service did not accept the {name} (HTTP 401): it is wrong, has expired, or is for another account. "
            f"Renew it, or try {others}."
        )
    header = " the key's account does not own this site," if isinstance(credential, ApiKey) else ""
    return (
        f'The {name} may not do this (HTTP 403): it lacks the permission "Manage Social Posts",{header} or this call '
        f"needs another kind of identity. Grant the permission, check the site ID, or try {others}."
    )
