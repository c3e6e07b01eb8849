"""`open`: a folder's sheets on a page of this machine, for people who never use a terminal.

It turns forms into commands and their JSON into pages, and holds no rules of its own. It listens on this machine only;
who comes needs the token of the first address, then the cookie; every form carries a token as well.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import unicodedata
import webbrowser
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import uvicorn
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from batch.commands.options import Environment
from batch.commands.session import keep_failure
from batch.desk import CommandAnswer, Desk
from batch.errors import StartError
from batch.model import GOOD, Json, OutcomeKind
from batch.plan.planfile import read_plan_file
from batch.report.plan_text import FINAL, PROBLEMS, deeds_text
from batch.report.words import OUTCOME_STYLES
from batch.times import short_day
from batch.web.jobs import Job, Jobs, JobState, when
from batch.wording import counted, listed, make_visible

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
FORM_BYTES = 64 * 1024
"""What a form may hold besides its file."""
SHEETS = frozenset({".xlsx", ".xlsm", ".csv", ".tsv"})
ANSWERS = frozenset({".json"})
NAME_LENGTH = 100
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""Names that Windows keeps for devices."""
SHOWN_RUNS = 20
SHOWN_POSTS = 200
WELL = frozenset({*GOOD, OutcomeKind.PROCESSING})

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


class Option(NamedTuple):
    """How a sheet is read, as a form asks for it: `name` is the command's option, `several` are divided by commas."""

    name: str
    label: str
    hint: str = ""
    flag: bool = False
    several: bool = False
    planned: bool = False
    """Whether only a plan takes it."""


MANY = "A number, where the plan asks for it"
OPTIONS = (
    Option("sheet", "Sheet of the workbook", "Where the workbook has several"),
    Option("only", "Only these rows", "As in Status=Approved", planned=True),
    Option("map", "Columns under other headings", "As in text=Caption, media=Photo", several=True),
    Option("ignore", "Columns to ignore", "As in Status, Owner", several=True),
    Option("encoding", "Encoding of a CSV file", "As in windows-1252"),
    Option("include-hidden", "Hidden rows count too", flag=True),
    Option("skip-hidden", "Hidden rows are left out", flag=True),
    Option("approved-only", "Only rows whose “approved” is yes", flag=True, planned=True),
    Option("allow-new", "New posts, at most", MANY, planned=True),
    Option("allow-cancel", "Cancelled posts, at most", MANY, planned=True),
    Option("allow-delete", "Deleted posts, at most", MANY, planned=True),
    Option("allow-reschedule", "Moved posts, at most", MANY, planned=True),
)
Chosen = tuple[tuple[str, str], ...]


def read_options(given: FormData | Mapping[str, str]) -> Chosen:
    """Return the options that a form or an address names."""
    found = ((option.name, str(given.get(option.name) or "").strip()) for option in OPTIONS)
    return tuple((name, value) for name, value in found if value)


def option_line(chosen: Chosen, *, planned: bool) -> list[str]:
    """Return options as the command line takes them."""
    line: list[str] = []
    given = dict(chosen)
    for option in OPTIONS:
        value = given.get(option.name, "")
        if value and (planned or not option.planned):
            values = [part.strip() for part in value.split(",")] if option.several else [value]
            line += [f"--{option.name}" if option.flag else f"--{option.name}={part}" for part in values if part]
    return line


def tell_outcomes(posts: Sequence[Json]) -> str:
    """Say what happened: `22 posts scheduled and 1 unchanged.`"""
    told = _tell_counts(Counter(str(post["outcome"]) for post in posts))
    return f"{told}." if told else "Nothing was changed."


def safe_name(name: str, *, endings: frozenset[str]) -> str:
    """Return a name under which a file may be kept in the folder. Errors: ValueError for an ending that is not one."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if f"{dot}{ending}".lower() not in endings or not stem.strip(" ."):
        raise ValueError(f"{make_visible(last) or 'This file'} can't be used. Choose a {listed(sorted(endings))} file.")
    stem = stem.strip(" .")[:NAME_LENGTH]
    return f"{'_' if stem.partition('.')[0].casefold() in RESERVED else ''}{stem}.{ending}"


def keep_file(content: bytes, folder: Path, name: str) -> str:
    """Write a file under a name that is free, and return that; the same file under the same name is not kept twice."""
    stem, _, ending = name.rpartition(".")
    for number in range(1, 1000):
        path = folder / (name if number == 1 else f"{stem} ({number}).{ending}")
        try:
            with path.open("xb") as file:
                file.write(content)
            return path.name
        except FileExistsError:
            if path.is_file() and path.read_bytes() == content:
                return path.name
    raise OSError(f"There are too many files called {name}.")


class Guard:
    """Lets in who has the cookie, asks for this very host, and posts from our own pages; bounds what is sent."""

    def __init__(self, app: Any, *, port: int) -> None:
        self.app = app
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self.cookie_name = f"postbatch_{port}"
        self.token, self.cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse a request, or hand it on."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is None:
            await self.app(scope, self._bounded(receive), _with_headers(send))
            return
        await refusal(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if host not in self.hosts:
            return Response("This page is served to this machine only.\n", 421, media_type="text/plain")
        if request.method not in {"GET", "HEAD"}:
            foreign = request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
            if foreign or request.headers.get("origin") != f"http://{host}":
                return Response("This form was not sent by this page.\n", 403, media_type="text/plain")
        token = request.query_params.get("token", "")
        if request.url.path == "/" and request.method == "GET" and secrets.compare_digest(token, self.token):
            response = RedirectResponse("/", 303)
            response.set_cookie(self.cookie_name, self.cookie, httponly=True, samesite="strict", path="/")
            return response
        if not secrets.compare_digest(request.cookies.get(self.cookie_name, ""), self.cookie):
            return Response("Open this page by the address that `postbatch open` has shown.\n", 403, None, "text/plain")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_UPLOAD_BYTES + FORM_BYTES:
            return Response(TOO_LARGE + "\n", 413, media_type="text/plain")
        return None

    def _bounded(self, receive: Any) -> Any:
        size = 0

        async def bounded() -> Any:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_UPLOAD_BYTES + FORM_BYTES:
                raise HTTPException(413, TOO_LARGE)
            return message

        return bounded


TOO_LARGE = "The file is larger than 50 MB. Remove pictures from the workbook, or save it as CSV."


def _with_headers(send: Any) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


class Pages:
    """The pages of one folder. A form is obeyed only with the token that our own pages carry."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self.desk, self.jobs = desk, jobs
        self.form_token = secrets.token_urlsafe(32)
        self._checks: dict[tuple[object, ...], CommandAnswer] = {}
        self._templates = Templates(
            loader=PackageLoader("batch.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters |= {"when": _shown_when, "visible": make_visible, "url": quote, "words": _with_code}

    def app(self) -> Starlette:
        """Return the application."""
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/", self.start, methods=get),
            Route("/static/{name}", self.static, methods=get),
            Route("/sheets", self.upload, methods=post),
            Route("/sheets/{name}", self.sheet, methods=get),
            Route("/sheets/{name}/fix", self.fix, methods=post),
            Route("/sheets/{name}/plan", self.plan, methods=post),
            Route("/jobs/{job}", self.job, methods=get),
            Route("/jobs/{job}/events", self.events, methods=get),
            Route("/jobs/{job}/page", self.plan_page, methods=get),
            Route("/jobs/{job}/files/{number:int}", self.written_file, methods=get),
            Route("/jobs/{job}/apply", self.apply, methods=post),
            Route("/jobs/{job}/stop", self.stop, methods=post),
            Route("/runs/{run}/results", self.results, methods=post),
            Route("/runs/{run}/undo", self.ask_undo, methods=get),
            Route("/runs/{run}/undo", self.undo, methods=post),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: self._refused, Exception: self._refused})

    def _show(self, template: str, *, status: int = 200, **values: object) -> Response:
        page = self._templates.get_template(template)
        known = {"sandbox": self.desk.sandbox, "folder": self.desk.folder.name, "form_token": self.form_token}
        return Response(page.render(**known, **values), status, media_type="text/html")

    async def _refused(self, _: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            keep_failure(error)
            return self._show("refusal.html.j2", status=500, message="Something went wrong inside the program.")
        message = "There is no such page." if error.status_code in {404, 405} else error.detail
        return self._show("refusal.html.j2", status=error.status_code, message=message)

    async def _form(self, request: Request) -> FormData:
        """Return a form of our own pages. Errors: HTTPException for any other."""
        form = await request.form(max_files=1, max_fields=2000)
        if not secrets.compare_digest(str(form.get("form_token", "")), self.form_token):
            raise HTTPException(403, "This page is from an earlier start of postbatch. Go back to the start.")
        return form

    async def _keep(self, file: object, *, endings: frozenset[str]) -> str:
        if not isinstance(file, UploadFile) or not file.filename:
            raise HTTPException(400, "No file was chosen. Go back and choose one.")
        content = await file.read()
        await file.close()
        if len(content) > MAX_UPLOAD_BYTES:
            raise HTTPException(413, TOO_LARGE)
        try:
            return keep_file(content, self.desk.folder, safe_name(file.filename, endings=endings))
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        except OSError as error:
            raise HTTPException(507, f"The file can't be kept in {self.desk.folder.name}: {error}.") from error

    def sheets(self) -> list[Path]:
        """Return the folder's sheets, the latest first; what we have written ourselves is none."""
        found = [
            path
            for path in self.desk.folder.iterdir()
            if path.suffix.lower() in SHEETS and not path.name.startswith((".", "~$", "undo-"))
            and ".results" not in path.name and path.is_file() and not path.is_symlink()
        ]  # fmt: skip
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def _sheet_of(self, request: Request) -> Path:
        name = request.path_params["name"]
        found = next((path for path in self.sheets() if path.name == name), None)
        if found is None:
            raise HTTPException(404, "")
        return found

    def _job_of(self, request: Request) -> Job:
        if (job := self.jobs.get(request.path_params["job"])) is None:
            raise HTTPException(404, "")
        return job

    async def start(self, _: Request) -> Response:
        """The first page: drop a sheet or choose one; the runs so far."""
        answer = await run_in_threadpool(self.desk.ask, "runs")
        runs = [run for run in answer.document.get("runs", []) if run["sandbox"] == self.desk.sandbox][:SHOWN_RUNS]
        undone = {run["command"].removeprefix("undo ") for run in runs}
        for run in runs:
            run["told"] = _tell_counts(run["counts"])
            run["undone"] = run["run"] in undone
            run["is_undo"] = run["command"].startswith("undo ")
            run["can_undo"] = not (run["undone"] or run["is_undo"]) and bool(UNDOABLE & set(run["counts"]))
        busy = [job for job in self.jobs.latest() if self.jobs.state(job) is JobState.RUNNING]
        return self._show("start.html.j2", sheets=self.sheets(), runs=runs, busy=busy, max_bytes=MAX_UPLOAD_BYTES)

    async def static(self, request: Request) -> Response:
        """The style sheet and the script."""
        kinds = {"web.css": "text/css", "web.js": "text/javascript"}
        if (name := request.path_params["name"]) not in kinds:
            raise HTTPException(404, "")
        content = (files("batch.web") / "templates" / name).read_bytes()
        if name == "web.css":  # in the colours of the page for reading
            content = (files("batch.report") / "templates" / "tokens.css").read_bytes() + content
        return Response(content, media_type=kinds[name])

    async def upload(self, request: Request) -> Response:
        """Keep a sheet that was dropped, and show it."""
        form = await self._form(request)
        name = await self._keep(form.get("file"), endings=SHEETS)
        return RedirectResponse(f"/sheets/{quote(name)}", 303)

    async def sheet(self, request: Request) -> Response:
        """A sheet with its mistakes."""
        path, chosen = self._sheet_of(request), read_options(request.query_params)
        answer = await run_in_threadpool(self._check, path, chosen)
        issues = answer.document.get("issues", [])
        return self._show(
            "sheet.html.j2", sheet=path.name, chosen=dict(chosen), options=OPTIONS, answer=answer, issues=issues,
            errors=[issue for issue in issues if issue["severity"] == "error"],
            warnings=[issue for issue in issues if issue["severity"] != "error"],
            fixes=[issue for issue in issues if issue["fix"] is not None and issue["cell"]],
            busy=self.jobs.running(path.name), query=urlencode(chosen), fixed_from=request.query_params.get("from", ""),
        )  # fmt: skip

    def _check(self, path: Path, chosen: Chosen) -> CommandAnswer:
        """Return what `check` says, from memory where neither the file nor the options have changed."""
        state = path.stat()
        seen = (path.name, state.st_mtime_ns, state.st_size, chosen)
        if seen not in self._checks:
            line = option_line(chosen, planned=False) + [f"--only={v}" for k, v in chosen if k == "only"]
            self._checks = {seen: self.desk.ask("check", *line, file=path.name)}
        return self._checks[seen]

    async def fix(self, request: Request) -> Response:
        """Make a copy with the fixes that were ticked, and show that."""
        path, form = self._sheet_of(request), await self._form(request)
        chosen, cells = read_options(form), [str(cell) for cell in form.getlist("cell")]
        if not cells:
            raise HTTPException(400, "No fix was ticked. Go back and tick at least one.")
        line = [*option_line(chosen, planned=False), *(f"--cell={cell}" for cell in cells)]
        answer = await run_in_threadpool(partial(self.desk.ask, "fix", *line, file=path.name))
        if not answer.document.get("written"):
            raise HTTPException(409, answer.document.get("error") or "Nothing was corrected: the sheet has changed.")
        query = urlencode([*chosen, ("from", path.name)])
        return RedirectResponse(f"/sheets/{quote(answer.document['written'])}?{query}", 303)

    async def plan(self, request: Request) -> Response:
        """Begin a plan of a sheet, with the answers of an approval where they are given."""
        path, form = self._sheet_of(request), await self._form(request)
        chosen = read_options(form)
        answers = form.get("answers")
        line = option_line(chosen, planned=True)
        if isinstance(answers, UploadFile) and answers.filename:
            line.append(f"--answers={await self._keep(answers, endings=ANSWERS)}")
        job = self.jobs.start(
            "plan", path.name, "--json", "--out={job}/plan.json", "--page={job}/plan.html", *line, file=path.name,
            options=chosen,
        )  # fmt: skip
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def job(self, request: Request) -> Response:
        """How far a plan or a run is, and what it came to."""
        job = self._job_of(request)
        state, report = self.jobs.state(job), await run_in_threadpool(self.jobs.report, job)
        values: dict[str, Any] = {"job": job, "state": state, "report": report, "query": urlencode(job.options)}
        if state is not JobState.DONE:
            return self._show("running.html.j2", **values)
        if report.document is None:
            return self._show("failed.html.j2", **values)
        if job.command == "plan":
            return self._show("plan.html.j2", **values, **_told_plan(job), begun=self._begun(job))
        posts = report.document["posts"]
        wrong = [{**post, "style": OUTCOME_STYLES[OutcomeKind(post["outcome"])]} for post in posts
                 if post["outcome"] not in WELL]  # fmt: skip
        return self._show(
            "results.html.j2", **values, told=tell_outcomes(posts), total=len(posts), wrong=wrong[:SHOWN_POSTS],
            more=max(0, len(wrong) - SHOWN_POSTS), run=report.document["run"], page=self._page_number(report.written),
            can_undo=job.command != "undo" and bool(UNDOABLE & {post["outcome"] for post in posts}),
        )  # fmt: skip

    @staticmethod
    def _page_number(written: Sequence[str]) -> int | None:
        return next((n for n, name in enumerate(written) if name.endswith(".html")), None)

    def _begun(self, plan: Job) -> Job | None:
        """Return the run that carries this plan out."""
        return next((job for job in self.jobs.latest() if job.plan == plan.id), None)

    async def events(self, request: Request) -> Response:
        """What a job has said since; of its results only that they are there."""
        job = self._job_of(request)
        after = request.query_params.get("after", "0")
        at = int(after) if after.isdecimal() and len(after) < 16 else 0
        state = self.jobs.state(job)
        events, place = await run_in_threadpool(self.jobs.events, job, at) if job.changes else ([], 0)
        shown = [event for event in events if event.get("event") in {"plan", "post", "message", "waiting"}]
        return JSONResponse({"events": shown, "next": place, "state": state})

    async def plan_page(self, request: Request) -> Response:
        """The plan's page, cut off from ours."""
        job = self._job_of(request)
        if not job.page.is_file():
            raise HTTPException(404, "")
        return FileResponse(job.page, media_type="text/html", headers={"content-security-policy": PAGE_POLICY})

    async def written_file(self, request: Request) -> Response:
        """A file that a run has written."""
        job = self._job_of(request)
        written = self.jobs.report(job).written
        number = request.path_params["number"]
        path = self.desk.folder / written[number] if number < len(written) else None
        if path is None or not path.is_file():
            raise HTTPException(404, "")
        if path.suffix == ".html" and "download" not in request.query_params:
            return FileResponse(path, media_type="text/html", headers={"content-security-policy": PAGE_POLICY})
        return FileResponse(path, filename=path.name)

    async def apply(self, request: Request) -> Response:
        """Carry out exactly the plan that was shown; a second time shows the run of the first."""
        plan = self._job_of(request)
        await self._form(request)
        begun = self._begun(plan)
        if begun is None and plan.plan_file.is_file():
            begun = self.jobs.start(
                "apply", plan.subject, "--yes", "--json-events", file=str(plan.plan_file), plan=plan.id,
                options=plan.options,
            )  # fmt: skip
        if begun is None:
            raise HTTPException(409, "This plan is not there any more. Make it again.")
        return RedirectResponse(f"/jobs/{begun.id}", 303)

    async def stop(self, request: Request) -> Response:
        """Ask a job to stop in good order."""
        job = self._job_of(request)
        await self._form(request)
        self.jobs.stop(job)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def results(self, request: Request) -> Response:
        """Make the results of an earlier run again."""
        await self._form(request)
        run = self._run_of(request)
        job = self.jobs.start("results", run, "--json", f"--out={{job}}/{run}.results.xlsx", file=run)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def ask_undo(self, request: Request) -> Response:
        """Ask before a run is taken back."""
        return self._show("undo.html.j2", run=self._run_of(request))

    async def undo(self, request: Request) -> Response:
        """Take back what a run did, where it still can be."""
        await self._form(request)
        run = self._run_of(request)
        job = self.jobs.start("undo", run, "--yes", "--json-events", file=run)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    @staticmethod
    def _run_of(request: Request) -> str:
        run = str(request.path_params["run"])
        if not run.replace("-", "").isalnum():
            raise HTTPException(404, "")
        return run


UNDOABLE = frozenset({"drafted", "scheduled", "rescheduled", "updated", "cancelled", "deleted"})


def _told_plan(job: Job) -> Json:
    """Return what the page says of a plan: the deeds in the words of the command line's question."""
    _, plan = read_plan_file(job.plan_file.read_text(encoding="utf-8"))
    doing = [step for step in plan.steps if step.acts]
    deeds = deeds_text(doing, warn=False)
    return {
        "todo": deeds[:1].upper() + deeds[1:],
        "final": any(step.kind in FINAL for step in doing),
        "sites": sorted({step.site for step in doing}),
        "warnings": sum(len(step.warnings) for step in doing),
        "wrong": [step for step in plan.steps if step.kind in PROBLEMS],
        "has_page": job.page.is_file(),
    }


def _tell_counts(counts: Mapping[str, int]) -> str:
    parts: list[str] = []
    for kind, style in OUTCOME_STYLES.items():
        if count := counts.get(kind, 0):
            parts.append(f"{f'{count:,}' if parts else counted(count, 'post')} {style.told}")
    return listed(parts, last="and")


def _with_code(text: str) -> Markup:
    """Return a message with what stands between backticks set as code; all of it is escaped."""
    return Markup(CODE.sub(r'<span class="code">\1</span>', str(escape(make_visible(text)))))  # noqa: S704 - escaped


CODE = re.compile(r"`([^`\n]+)`")


def _shown_when(text: str) -> str:
    at = when(text)
    return f"{short_day(at.astimezone().date())}, {at.astimezone():%H:%M}" if at is not None else ""


def open_folder(environment: Environment, folder: Path, *, sandbox: bool, port: int, browser: bool) -> int:
    """Serve a folder's pages until Ctrl-C, and open the first in a browser. Errors: StartError for a port in use."""
    folder = folder.resolve()
    digest = hashlib.sha256(f"{folder}{' sandbox' if sandbox else ''}".encode()).hexdigest()[:16]
    desk = Desk(folder, sandbox)
    jobs = Jobs(desk, environment.state_folder() / "open" / digest)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(f"Port {port} can't be used ({error}). Give another --port, or leave it out.") from error
    port = listener.getsockname()[1]
    guard = Guard(Pages(desk, jobs).app(), port=port)
    address = f"http://127.0.0.1:{port}/?token={guard.token}"
    environment.show(f"The sheets of {folder} are at {address}")
    environment.show("Press Ctrl-C to end. A run that is going on is finished all the same.")
    if browser:
        webbrowser.open(address)
    uvicorn.Server(uvicorn.Config(guard, **SERVER)).run(sockets=[listener])
    if at_work := jobs.at_work():
        environment.show(f"Still at work: {listed(at_work, last='and')}. See `postbatch runs`.")
    return 0


SERVER: dict[str, Any] = {
    "http": "h11", "ws": "none", "loop": "asyncio", "lifespan": "off", "log_config": None, "access_log": False,
    "proxy_headers": False, "server_header": False, "timeout_graceful_shutdown": 2,
}  # fmt: skip
