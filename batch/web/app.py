"""`open`: a folder's sheets on a page of this machine, for people who never use a terminal.

It turns forms into commands and their JSON into pages, and holds no rules of its own. It listens on this machine only;
who comes needs the token of the first address, then the cookie; every form carries a token as well.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import webbrowser
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
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
from batch.errors import PlanFileError, StartError, StopError
from batch.model import GOOD, Json, OutcomeKind
from batch.plan.planfile import read_plan_file
from batch.report.plan_text import FINAL, PROBLEMS, deeds_text
from batch.report.words import OUTCOME_STYLES
from batch.times import short_day
from batch.web.folder import ANSWERS, MEDIA, SHEETS, SheetFolder, safe_name
from batch.web.guard import MEDIA_BYTES, PAGE_POLICY, SHEET_BYTES, TOO_LARGE, Guard
from batch.web.jobs import Job, Jobs, JobState
from batch.wording import counted, listed, make_visible_line, make_visible_words

MAX_FILES = 100
MAX_TYPED = 20_000
"""How many letters may be typed into cells at once: a command line takes no more on every system."""
SHOWN_RUNS = 20
SHOWN_POSTS = 200
SHOWN_ISSUES = 200
KEPT_NOTES = 50
WELL = frozenset({*GOOD, OutcomeKind.PROCESSING})
FAILURES = (HTTPException, StopError, OSError, Exception)
ADDED = "{place} is in the folder now."
NOT_ADDED = (
    "{name} was not added: another file is there as {place}. To use the new one, add it once more and tick “Replace "
    "files of the same name”."
)
NO_FILE = "No file was chosen. Go back and choose one."
NO_SHEET = "There is no sheet among these files. Drop the sheet too, or open it from the list and add them there."
UNDOABLE = frozenset({"drafted", "scheduled", "rescheduled", "updated"})
GONE = frozenset({"cancelled", "deleted"})
"""What a run changed for good."""
MISSING = "media_not_found"
FOR_TERMINALS = (
    (re.compile(r" with `postbatch plan [^`]*`"), ""),
    (re.compile(r" See `postbatch undo [^`]*` again\."), " Look at the undo again."),
    (re.compile(r", or name the files' folder with --media"), ", or add the file below"),
    (re.compile(r" \(or from --media\)|, or give another place with --out"), ""),
)
"""What messages tell people at a terminal, and what the pages say instead."""


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
    Option("encoding", "Encoding of a CSV file", "As in cp1252"),
    Option("include-hidden", "Hidden rows count too", flag=True),
    Option("skip-hidden", "Hidden rows are left out", flag=True),
    Option("approved-only", "Only rows whose “approved” is yes", flag=True, planned=True),
    Option("allow-new", "New posts, at most", MANY, planned=True),
    Option("allow-cancel", "Cancelled posts, at most", MANY, planned=True),
    Option("allow-delete", "Deleted posts, at most", MANY, planned=True),
    Option("allow-reschedule", "Moved posts, at most", MANY, planned=True),
)
Chosen = tuple[tuple[str, str], ...]
LABELS = {option.name: option.label for option in OPTIONS}
MARKED = re.compile(rf"`([^`\n]+)`|--({'|'.join(LABELS)})(?![\w-])")
"""What a message sets as code, and the options that it names, which the pages call by their fields."""
VALUE = re.compile(r" (?:&#39;|[A-Z]|[^ ]*[=\d])")
"""What follows an option where it is what to write in its field."""


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


def tell_counts(counts: Mapping[str, int]) -> str:
    """Say what happened: `22 posts scheduled and 1 unchanged`, "" for nothing."""
    parts: list[str] = []
    for kind, style in OUTCOME_STYLES.items():
        if count := counts.get(kind, 0):
            parts.append(f"{f'{count:,}' if parts else counted(count, 'post')} {style.told}")
    return listed(parts, last="and")


class Pages:
    """The pages of one folder. A form is obeyed only with the token that our own pages carry."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self.desk, self.jobs, self.folder = desk, jobs, SheetFolder(desk.folder)
        self.form_token = secrets.token_urlsafe(32)
        self._notes: dict[str, list[str]] = {}
        self._templates = Templates(
            loader=PackageLoader("batch.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters |= {
            "when": self._when, "visible": make_visible_line, "url": quote, "words": self._words,
        }  # fmt: skip

    def app(self) -> Starlette:
        """Return the application."""
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/", self.start, methods=get),
            Route("/static/{name}", self.static, methods=get),
            Route("/sheets", self.upload, methods=post),
            Route("/sheets/{name}", self.sheet, methods=get),
            Route("/sheets/{name}/download", self.download, methods=get),
            Route("/sheets/{name}/media", self.media, methods=post),
            Route("/sheets/{name}/fix", self.fix, methods=post),
            Route("/sheets/{name}/plan", self.plan, methods=post),
            Route("/jobs/{job}", self.job, methods=get),
            Route("/jobs/{job}/events", self.events, methods=get),
            Route("/jobs/{job}/page", self.plan_page, methods=get),
            Route("/jobs/{job}/files/{number:int}", self.written_file, methods=get),
            Route("/jobs/{job}/apply", self.apply, methods=post),
            Route("/jobs/{job}/stop", self.stop, methods=post),
            Route("/runs/{run}/results", self.results, methods=post),
            Route("/runs/{run}/undo", self.undo, methods=post),
        ]
        return Starlette(routes=routes, exception_handlers=dict.fromkeys(FAILURES, self._refused))

    def _show(self, template: str, *, status: int = 200, **values: object) -> Response:
        page = self._templates.get_template(template)
        known = {"sandbox": self.desk.sandbox, "folder": self.desk.folder.name, "form_token": self.form_token}
        return Response(page.render(**known, **values), status, media_type="text/html")

    async def _refused(self, _: Request, error: Exception) -> Response:
        if isinstance(error, StopError | OSError):
            told = str(error) if isinstance(error, StopError) else (error.strerror or "it is not possible")
            error = HTTPException(507, f"The folder {self.desk.folder.name} can't be used: {told}.".replace("..", "."))
        if not isinstance(error, HTTPException):
            keep_failure(error)
            return self._show("refusal.html.j2", status=500, message="Something went wrong inside the program.")
        message = "There is no such page." if error.status_code in {404, 405} else error.detail
        return self._show("refusal.html.j2", status=error.status_code, message=message)

    @staticmethod
    def _words(text: str) -> Markup:
        """Return a message for a reader of these pages, what stands between backticks set as code; all is escaped."""
        for found, instead in FOR_TERMINALS:
            text = found.sub(instead, text)

        def mark(found: re.Match[str]) -> str:
            if found[1]:
                return f'<span class="code">{found[1]}</span>'
            return f"“{LABELS[found[2]]}”{':' if VALUE.match(found.string, found.end()) else ''}"

        marked = MARKED.sub(mark, str(escape(make_visible_words(text))))
        return Markup(marked)  # noqa: S704 - escaped

    @staticmethod
    def _when(text: str) -> str:
        with suppress(ValueError):
            at = datetime.fromisoformat(text).astimezone()
            return f"{short_day(at.date())}, {at:%H:%M}"
        return ""

    async def _form(self, request: Request) -> FormData:
        """Return a form of our own pages. Errors: HTTPException for any other."""
        form = await request.form(max_files=MAX_FILES + SHOWN_ISSUES + 1, max_fields=2000)  # empty fields count too
        if not secrets.compare_digest(str(form.get("form_token", "")).encode(), self.form_token.encode()):
            raise HTTPException(403, "This page is from an earlier start of postbatch. Go back to the start.")
        return form

    @staticmethod
    def _files(form: FormData, *fields: str) -> list[tuple[str, UploadFile]]:
        """Return the files of a form with their fields; of those that begin with one of `fields` where some are named.

        A field without a file is left out.
        """
        given = ((name, value) for name, value in form.multi_items() if name.startswith(fields))
        files = [(name, value) for name, value in given if isinstance(value, UploadFile) and value.filename]
        if len(files) > MAX_FILES:
            raise HTTPException(400, f"These are {len(files)} files. Add at most {MAX_FILES} at a time.")
        return files

    async def _keep(self, upload: UploadFile, *, endings: frozenset[str]) -> str:
        if (upload.size or 0) > SHEET_BYTES:
            raise HTTPException(413, TOO_LARGE)
        try:
            keep = partial(self.folder.keep, upload.file, upload.filename or "", endings=endings)
            return await run_in_threadpool(keep)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error

    async def _add_media(
        self, sheet: Path, chosen: Chosen, files: Sequence[tuple[str, UploadFile]], *, replace: bool = False
    ) -> list[str]:
        """Put media where the sheet looks for them, and say what became of each; `files` come with their fields.

        A field `at:...` names the place, which must be one that the sheet misses; else the file's name finds it.
        """
        answer = await run_in_threadpool(self._check, sheet, chosen)
        places = sorted({issue["seen"] for issue in answer.document.get("issues", []) if issue["code"] == MISSING})
        notes: list[str] = []
        for field, upload in files:
            place, named = field.removeprefix("at:"), upload.filename or ""
            try:
                if place not in places:
                    name = safe_name(named, endings=MEDIA)
                    place = self.folder.match([name], places)[name]
                add = partial(self.folder.add_medium, upload.file, place, replace=replace)
                told = ADDED if await run_in_threadpool(add) else NOT_ADDED
                notes.append(told.format(name=make_visible_line(named), place=make_visible_line(place)))
            except ValueError as error:
                notes.append(str(error))
        return notes

    def _to_sheet(self, name: str, chosen: Chosen = (), notes: Sequence[str] = ()) -> Response:
        """Go to a sheet's page, which shows the notes once or more; they never come from an address."""
        query = [*chosen]
        if notes:
            query.append(("note", secrets.token_hex(8)))
            self._notes[query[-1][1]] = [*notes]
            for old in [*self._notes][:-KEPT_NOTES]:
                del self._notes[old]
        return RedirectResponse(f"/sheets/{quote(name)}{'?' if query else ''}{urlencode(query)}", 303)

    def _sheet_of(self, request: Request) -> Path:
        if (found := self.folder.sheet(request.path_params["name"])) is None:
            raise HTTPException(404, "")
        return found

    def _job_of(self, request: Request) -> Job:
        if (job := self.jobs.get(request.path_params["job"])) is None:
            raise HTTPException(404, "")
        return job

    async def start(self, _: Request) -> Response:
        """The first page: drop a sheet or choose one; the runs so far."""
        answer = await run_in_threadpool(self.desk.ask, "runs")
        runs = [run for run in answer.document.get("runs", []) if run["sandbox"] == self.desk.sandbox]
        undone: set[str] = set()
        for run in runs:  # the latest first, so that an undo is met before what it undid
            target = run["command"].removeprefix("undo ") if run["command"].startswith("undo ") else ""
            run |= {"told": tell_counts(run["counts"]), "undone": run["run"] in undone, "is_undo": bool(target)}
            run["can_undo"] = bool(UNDOABLE & set(run["counts"])) and not run["undone"]
            if not run["undone"] and (UNDOABLE | GONE) & set(run["counts"]):
                undone.add(target)
        busy = [job for job in self.jobs.latest() if self.jobs.state(job) is JobState.RUNNING]
        return self._show(
            "start.html.j2", sheets=self.folder.sheets(), runs=runs[:SHOWN_RUNS], busy=busy, max_bytes=MEDIA_BYTES,
            accepted=",".join(sorted(SHEETS | MEDIA)),
        )  # fmt: skip

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
        """Keep a sheet that was dropped, with the pictures and videos that came along, and show it."""
        uploads = [upload for _, upload in self._files(await self._form(request), "file")]
        names = {upload: make_visible_line(upload.filename or "") for upload in uploads}
        sheets = [upload for upload in uploads if Path(names[upload]).suffix.lower() in SHEETS]
        if len(sheets) > 1:
            named = listed([names[upload] for upload in sheets], last="and")
            raise HTTPException(400, f"These are {len(sheets)} sheets: {named}. Drop one at a time.")
        if not sheets:
            strange = next((name for name in names.values() if Path(name).suffix.lower() not in MEDIA), "")
            told = f"{strange} can't be used. Choose a {listed(sorted(SHEETS))} file." if strange else NO_SHEET
            raise HTTPException(400, told if uploads else NO_FILE)
        name = names[sheets[0]]
        about = self.folder.sheet_of_results(name)
        if ".results" in name and about is None:
            raise HTTPException(400, f"{name} holds the results of a sheet that isn't in this folder. Drop that first.")
        kept = await self._keep(sheets[0], endings=SHEETS)
        path = about or self.folder.path / kept
        notes = [f"{kept} is beside this sheet. Take over what you corrected in it below."] if about else []
        if not about and kept != (usual := safe_name(name, endings=SHEETS)):
            notes.append(f"Another {usual} is in this folder and stays as it is, so this one is called {kept}.")
        media = [("", upload) for upload in uploads if upload is not sheets[0]]
        return self._to_sheet(path.name, notes=notes + (await self._add_media(path, (), media) if media else []))

    async def media(self, request: Request) -> Response:
        """Put pictures and videos where a sheet looks for them."""
        path, form = self._sheet_of(request), await self._form(request)
        files, chosen = self._files(form, "at:", "media"), read_options(form)
        if not files:
            raise HTTPException(400, NO_FILE)
        notes = await self._add_media(path, chosen, files, replace=bool(form.get("replace")))
        return self._to_sheet(path.name, chosen, notes)

    async def download(self, request: Request) -> Response:
        """A sheet of the folder as it is."""
        return self._file(self._sheet_of(request))

    async def sheet(self, request: Request) -> Response:
        """A sheet with its mistakes."""
        path, chosen = self._sheet_of(request), read_options(request.query_params)
        answer = await run_in_threadpool(self._check, path, chosen)
        issues = [issue for issue in answer.document.get("issues", []) if issue["code"] != MISSING]
        missing: dict[str, list[str]] = {}
        for issue in answer.document.get("issues", []):
            if issue["code"] == MISSING:
                missing.setdefault(issue["seen"], []).append(issue["cell"])
        fixes = {issue["cell"] for issue in issues if issue["fix"] is not None and issue["cell"]}
        return self._show(
            "sheet.html.j2", sheet=path.name, chosen=dict(chosen), options=OPTIONS, answer=answer, missing=missing,
            errors=[issue for issue in issues if issue["severity"] == "error"],
            warnings=[issue for issue in issues if issue["severity"] != "error"], fixes=fixes, shown=SHOWN_ISSUES,
            results=self.folder.results_of(path), busy=self.jobs.running(path.name),
            query=urlencode(chosen), opened=bool(request.query_params.get("read")),
            notes=self._notes.get(request.query_params.get("note", ""), []), media_endings=",".join(sorted(MEDIA)),
            max_bytes=MEDIA_BYTES,
        )  # fmt: skip

    def _check(self, path: Path, chosen: Chosen) -> CommandAnswer:
        """Return what `check` says of a sheet as it, its media and the configuration are now."""
        line = option_line(chosen, planned=False) + [f"--only={v}" for k, v in chosen if k == "only"]
        return self.desk.ask("check", *line, file=path.name)

    async def fix(self, request: Request) -> Response:
        """Make a copy with the fixes that were ticked and what was typed, or with all that is sure; show that."""
        path, form = self._sheet_of(request), await self._form(request)
        chosen = read_options(form)
        typed = {k.removeprefix("in:"): str(v) for k, v in form.multi_items() if k.startswith("in:") and str(v).strip()}
        ticked = [f"--cell={cell}" for cell in form.getlist("cell") if cell not in typed]
        put = [f"--set={cell}={text}".replace("\r\n", "\n") for cell, text in typed.items()]
        if sum(map(len, put)) > MAX_TYPED:
            raise HTTPException(400, "That is too much text for one time. Correct a few cells at a time.")
        line = [] if form.get("all") else [part.replace("\0", "") for part in (*ticked, *put)]
        if not line and not form.get("all"):
            raise HTTPException(400, "No fix was ticked and nothing typed. Go back and choose at least one.")
        line += option_line(chosen, planned=False)
        answer = await run_in_threadpool(partial(self.desk.ask, "fix", *line, file=path.name))
        if not answer.document.get("written"):
            raise HTTPException(409, answer.document.get("error") or "There was nothing to correct.")
        done = counted(len(answer.document["fixes"]), "cell")
        note = f"This is a corrected copy of {path.name}, which was left as it is. Changed: {done}."
        return self._to_sheet(answer.document["written"], chosen, [note])

    async def plan(self, request: Request) -> Response:
        """Begin a plan of a sheet, with the answers of an approval where they are given."""
        path, form = self._sheet_of(request), await self._form(request)
        chosen = read_options(form)
        line = option_line(chosen, planned=True)
        for _, answers in self._files(form, "answers"):
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
        if job.plan_file.is_file():
            return await run_in_threadpool(self._show_plan, job, values)
        posts = report.document["posts"]
        wrong = [{**post, "style": OUTCOME_STYLES[OutcomeKind(post["outcome"])]} for post in posts
                 if post["outcome"] not in WELL]  # fmt: skip
        return self._show(
            "results.html.j2", **values, told=tell_counts(Counter(post["outcome"] for post in posts)),
            wrong=wrong[:SHOWN_POSTS], more=max(0, len(wrong) - SHOWN_POSTS), run=report.document["run"],
            page=next((n for n, name in enumerate(report.written) if name.endswith(".html")), None),
            can_undo=bool(UNDOABLE & {post["outcome"] for post in posts}), is_undo=job.command == "undo",
        )  # fmt: skip

    def _show_plan(self, job: Job, values: Json) -> Response:
        """Show a plan: the deeds in the words of the command line's question, and of an undo each of its steps."""
        try:
            _, plan = read_plan_file(job.plan_file.read_text(encoding="utf-8"))
        except (OSError, PlanFileError) as error:
            raise HTTPException(409, "This plan can't be read any more. Make it again.") from error
        doing = [step for step in plan.steps if step.acts]
        deeds = deeds_text(doing, warn=False)
        return self._show(
            "plan.html.j2", **values, todo=deeds[:1].upper() + deeds[1:], final=any(s.kind in FINAL for s in doing),
            sites=sorted({step.site for step in doing}), warnings=sum(len(step.warnings) for step in doing),
            wrong=[step for step in plan.steps if step.kind in PROBLEMS], has_page=job.page.is_file(),
            begun=self._begun(job), doing=doing if job.command == "undo" else [], shown=SHOWN_POSTS,
        )  # fmt: skip

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
        """The plan's page."""
        return self._file(self._job_of(request).page, shown=True)

    async def written_file(self, request: Request) -> Response:
        """A file that a run has written."""
        job = self._job_of(request)
        written = self.jobs.report(job).written
        number = request.path_params["number"]
        if number >= len(written):
            raise HTTPException(404, "")
        path = self.desk.folder / written[number]
        return self._file(path, shown=path.suffix == ".html" and "download" not in request.query_params)

    @staticmethod
    def _file(path: Path, *, shown: bool = False) -> Response:
        """Return a file to be kept, or a page of a command to be shown, which is cut off from ours."""
        if not path.is_file():
            raise HTTPException(404, "")
        if shown:
            return FileResponse(path, media_type="text/html", headers={"content-security-policy": PAGE_POLICY})
        return FileResponse(path, filename=path.name)

    async def apply(self, request: Request) -> Response:
        """Carry out exactly the plan that was shown; a second time shows the run of the first."""
        plan = self._job_of(request)
        await self._form(request)
        begun = self._begun(plan)
        if begun is None and plan.plan_file.is_file():
            undo = plan.command == "undo"
            line = (
                [f"--plan={plan.plan_file}", *(["--redo"] if ("redo", "yes") in plan.options else [])] if undo else []
            )
            begun = self.jobs.start(
                "undo" if undo else "apply", plan.subject, "--yes", "--json-events", *line,
                file=plan.subject if undo else str(plan.plan_file), plan=plan.id, options=plan.options,
                title=plan.title,
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
        form, run = await self._form(request), self._run_of(request)
        out = f"--out={{job}}/{run}.results.xlsx"
        title = str(form.get("title") or "")[:200] or run
        job = self.jobs.start("results", run, "--json", out, file=run, title=title)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def undo(self, request: Request) -> Response:
        """Begin the plan that puts back what a run did, where it still can be; of an undo, what it took back."""
        form, run = await self._form(request), self._run_of(request)
        redo = bool(form.get("redo"))
        job = self.jobs.start(
            "undo", run, "--dry-run", "--json", "--out={job}/plan.json", *(["--redo"] if redo else []), file=run,
            options=(("redo", "yes"),) if redo else (), title=str(form.get("title") or "")[:200] or run,
        )  # fmt: skip
        return RedirectResponse(f"/jobs/{job.id}", 303)

    @staticmethod
    def _run_of(request: Request) -> str:
        run = str(request.path_params["run"])
        if not run.replace("-", "").isalnum():
            raise HTTPException(404, "")
        return run


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
    if at_work := [job.title for job in jobs.at_work() if job.changes]:
        environment.show(f"Still at work: {listed(at_work, last='and')}. See `postbatch runs`.")
    return 0


SERVER: dict[str, Any] = {
    "http": "h11", "ws": "none", "loop": "asyncio", "lifespan": "off", "log_config": None, "access_log": False,
    "proxy_headers": False, "server_header": False, "timeout_graceful_shutdown": 2,
}  # fmt: skip
