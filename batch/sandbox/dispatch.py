"""Answer one call of the API within a transaction: fault, credential, pace, handler, log, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batch.sandbox import auth, media, pace
from batch.sandbox.context import Answer, Context
from batch.sandbox.faults import Fault, pick_fault, spoil
from batch.sandbox.late import keep_late
from batch.sandbox.log import Entry, write_call
from batch.sandbox.options import Options
from batch.sandbox.routes import TOKEN_CALL, UPLOAD_CALL, Route, find_route
from batch.sandbox.state import Store
from batch.sandbox.times import Ms
from batch.sandbox.wire import Json, Refusal, Request, Response, json_response

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
        entry = Entry(now, auth.guess_site(request, self.store), call, request.method, request.path)
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
            return auth.issue_token(request, self.store, options, entry.at)
        if entry.origin == "caller":
            entry.site = auth.identify(request, self.store, options, entry.at).site
            pace.need_room(self.store, entry, options)
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
