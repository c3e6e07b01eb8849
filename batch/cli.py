"""The command line: names, options and help. Each command's work waits in `batch.commands` until it is called."""

from __future__ import annotations

import errno
import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TextIO

import click
from click import Choice, argument, option
from click.core import ParameterSource
from click.shell_completion import CompletionItem, get_completion_class

from batch import __version__
from batch.commands.options import Cluster, Environment, Flags, Inputs, Outputs
from batch.wording import shell_join

PATH = click.Path(path_type=Path, dir_okay=False)
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
MAPPINGS = (
    "hootsuite", "buffer", "publer", "metricool", "socialpilot", "sprout", "zoho", "socialbee", "highlevel",
    "contentstudio", "ayrshare", "postfast", "oktopost",
)  # fmt: skip
DOCUMENTS = (
    "plan", "results", "check", "fix", "pull", "report", "watch", "runs", "accounts", "places", "doctor", "template",
    "init", "trust", "sandbox", "event", "error",
)  # fmt: skip
FROM_HELP = f"Read a sheet made for another scheduler: {', '.join(MAPPINGS[:-1])} or {MAPPINGS[-1]}."
EXIT_INTERRUPTED = 130
SHORT_SECONDS = 0.1
"""A command that is over so soon shows no sign that it works."""

GARBAGE_EVERY = (200_000, 20, 100)
"""How rarely garbage is looked for. Rows and posts are kept to the end, so looking through them often costs a fifth."""
OPEN_FILES = 8_192
"""How many files a process may hold open, where the system allows it: many sites have a journal, a lock and connections
each, and the usual limits (1,024, on a Mac 256) are for programs of another kind."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Choose rows": (
        "only", "rows", "first", "from_date", "until", "approved_only", "answers", "pilot", "sites", "again",
        "replaced",
    ),
    "Safety": (
        "sandbox", "dry_run", "yes", "drafts_only", "all_or_nothing", "allow_cancel", "allow_delete",
        "allow_reschedule", "allow_new", "force",
    ),
    "Output": ("out", "page", "no_page", "annotate", "quiet", "verbose", "json", "color", "everything"),
}  # fmt: skip
"""The groups of `--help` with their options by name, in their order; what is named in none is advanced."""

OUTPUTS = frozenset({"out", "page", "no_page", "annotate", "yes", "dry_run", "quiet", "verbose", "color"})
"""Options that the next command does without: where and how much this one writes, and what was agreed to."""

EXIT_STATUSES = (
    "0 done, or nothing to do; 1 some rows need attention; 2 could not start; 3 stopped before the end, or an outcome "
    "is unknown; 130 interrupted."
)

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "check": ("posts.xlsx", "posts.csv --only 'channel=INSTAGRAM'", "- --out issues.json < posts.csv"),
    "fix": ("posts.xlsx", "posts.csv --out better.csv", "calendar.xlsx --map text=Copy --ignore Status"),
    "plan": (
        "posts.xlsx",
        "posts.xlsx --from-date 2026-12-01 --until 2026-12-31",
        "posts.xlsx --out plan.json --page plan.html",
    ),
    "run": (
        "posts.xlsx",
        "posts.xlsx --only 'Status=Approved' --first 3",
        "posts.xlsx --yes --allow-cancel 36 --out december.xlsx",
    ),
    "init": ("", "--name pottery --key-variable WIX_POTTERY_KEY", "--name pottery --key-store"),
    "trust": ("", "postbatch.toml", "clients/postbatch.toml"),
    "apply": ("plan.json", "plan.json --yes --out results.csv", "plan.json --sandbox"),
    "template": ("", "--out december.csv", "--connected --out posts.xlsx --force"),
    "pull": ("", "--out now.csv", "--site pottery --all --out all.xlsx"),
    "status": ("posts.results.xlsx", "posts.results.xlsx --out posts.status.xlsx", "results.json --sandbox"),
    "report": ("", "--month 2026-12 --out december.xlsx", "--split site --no-page"),
    "watch": ("--every 15m", "--once --notify", "--once --notify-command notify.sh"),
    "undo": ("last", "last --dry-run", "20261201-093000-ab2c --out undone.xlsx"),
    "runs": ("", "--all", "--sandbox"),
    "results": ("last", "last --out results.csv", "20261201-093000-ab2c --out december.xlsx"),
    "accounts": ("", "--site pottery", "--out places.xlsx"),
    "doctor": ("", "--site pottery --verbose", "--probe"),
    "schema": ("plan", "results", "results > results.schema.json"),
    "open": ("", "~/calendars --sandbox", "--no-browser --port 8766"),
    "mcp": ("", "--sandbox", "--help"),
    "sandbox": ("", "--port 9000", "--reset"),
    "completion": ("bash >> ~/.bashrc", "zsh >> ~/.zshrc", "fish > ~/.config/fish/completions/postbatch.fish"),
}
"""What may come behind each command."""


class GroupedCommand(click.Command):
    """A command whose help has its options in groups, three examples and the exit statuses."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by their groups."""
        params = {str(param.name): param for param in self.get_params(ctx) if isinstance(param, click.Option)}
        grouped = {name for names in GROUPS.values() for name in names}
        for title, names in {**GROUPS, "Advanced": [name for name in params if name not in grouped]}.items():
            mine = [params[name] for name in names if name in params]
            found = (record for param in mine if (record := param.get_help_record(ctx)) is not None)
            records = [(named_so, re.sub(r"  \[x>=\d+\]$", "", words)) for named_so, words in found]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the exit statuses."""
        with formatter.section("Examples"):
            for example in EXAMPLES[str(self.name)]:
                formatter.write(f"{' ' * formatter.current_indent}{f'postbatch {self.name} {example}'.rstrip()}\n")
        with formatter.section("Exit status"):
            formatter.write_text(EXIT_STATUSES)


class CommandGroup(click.Group):
    """The commands, which can write each other's command lines."""

    command_class = GroupedCommand

    def command_line(self, context: click.Context, verb: str) -> str:
        """Return the command of a context with another verb, as a person would type it.

        Only what was typed is kept, and of that only what the other command takes too and what is no output of this
        one; with "" as verb all of it. "" where the other command needs more than is there.
        """
        target = self.commands[verb or str(context.info_name)]
        given = {param.name for param in context.command.params}
        if any(isinstance(param, click.Argument) and param.name not in given for param in target.params):
            return ""
        taken = {param.name for param in target.params} - (OUTPUTS if verb else frozenset())
        words = [word for param in context.command.params if param.name in taken for word in _typed(context, param)]
        return shell_join(["postbatch", str(target.name), *map(str, words)])


def _typed(context: click.Context, param: click.Parameter) -> Iterator[object]:
    """Yield the words that a person typed for a parameter."""
    if context.get_parameter_source(str(param.name)) is not ParameterSource.COMMANDLINE:
        return
    value = context.params[str(param.name)]
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(param, click.Option):
            yield param.opts[-1]
        if not (isinstance(param, click.Option) and param.is_flag):
            yield one


def complete_file(_context: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [CompletionItem(typed, type="file")]


Command = Callable[..., int]
"""A command: what its options say comes by name, as the frozen values of `commands.options`."""


class WholeNumber(click.IntRange):
    """A number without a fraction, under the name that people know it by."""

    name = "whole number"


def adds(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return what adds options to a command, in their order."""

    def add(command: Command) -> Command:
        for add_option in reversed(options):
            command = add_option(command)
        return command

    return add


def gathers(into: str, form: type[Any], *options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return what adds options to a command and gives it all that are named as a field of `form` as one value, `into`.

    The sites that are meant are of the flags, and not of what a plan is made from.
    """
    names = {field.name for field in fields(form)} - ({"sites"} if form is Inputs else set())

    def add(command: Command) -> Command:
        @wraps(command)
        def gathered(**given: Any) -> int:
            mine = {name: given.pop(name) for name in names & given.keys()}
            return command(**{into: form(**mine)}, **given)

        return adds(*options)(gathered)

    return add


choosing_rows = adds(
    option("--only", multiple=True, metavar="EXPR", help="Only rows that match, as in 'channel=INSTAGRAM'."),
    option("--rows", default="", metavar="RANGES", help="Only these rows, as in 2-40,45."),
    option("--first", type=int, metavar="N", help="Only the first N rows that would run."),
    option("--from-date", default="", metavar="DAY", help="Only posts from this day on, as in 2026-12-01."),
    option("--until", default="", metavar="DAY", help="Only posts up to this day."),
    option("--approved-only", is_flag=True, help="Only rows with yes in `approved`."),
    option("--pilot", default="", metavar="N|PLACES", help="Only the first N places, or these."),
)
"""Which rows are meant."""

sending = option(
    "--via", type=Choice(["auto", "draft", "publish", "bulk"]), help="How new posts are sent (usually auto)."
)
printing_json = option("--json", is_flag=True, help="Print one JSON document; all else goes to stderr.")


def is_colored(_context: click.Context, _param: click.Parameter, no_color: bool) -> bool:
    """Tell whether what is printed has colours."""
    return not no_color and "NO_COLOR" not in os.environ and sys.stdout.isatty()


common = gathers(
    "flags",
    Flags,
    option("--site", "sites", multiple=True, metavar="NAME", help="Only this site; may be given several times."),
    option("--config", type=PATH, metavar="FILE", help="Read this configuration instead of postbatch.toml."),
    option("--sandbox", is_flag=True, help="Use a local sandbox: nothing reaches a real channel."),
    option("-q", "--quiet", is_flag=True, help="Print less: only totals, problems and files."),
    option("-v", "--verbose", is_flag=True, help="Print every row and every step."),
    printing_json,
    option("--no-color", "color", is_flag=True, callback=is_colored, help="No colours."),
)
"""The options that every command has."""

doing = gathers(
    "outputs",
    Outputs,
    option("-y", "--yes", is_flag=True, help="Don't ask before the first change."),
    option("--out", type=PATH, metavar="FILE", help="Where the results go: .xlsx, .csv or .json."),
    option("--page", type=PATH, metavar="FILE", help="Where the page goes."),
    option("--no-page", is_flag=True, help="Don't write a page."),
    option("--annotate", is_flag=True, help="Write the results as a copy of your workbook, with columns added."),
    option("--json-events", "as_events", is_flag=True, help="Print each event as a line of JSON while it runs."),
)
"""What concerns a run and its results."""


def here(flags: Flags, *, still: bool = False) -> Environment:
    """Return where a command runs, with a sign of life on the terminal for as long as it takes, unless it is `still`.

    With --json its document is alone on stdout, and what people read is on stderr.
    """
    environment = Environment()
    if flags.json or flags.as_events:
        environment = Environment(out=sys.stderr, answers=sys.stdout, as_events=flags.as_events)
    environment = environment.with_status(quiet=flags.quiet)
    if not (flags.as_events or still):
        waiting = environment.status.waiting(lambda: "Working", after_seconds=SHORT_SECONDS)
        click.get_current_context().with_resource(waiting)
    return environment


def reading(command: Command) -> Command:
    """Add the sheet and how it is to be read; with which rows are chosen they come as `inputs`."""

    @argument("sheet", shell_complete=complete_file)
    @option("--sheet", "tab", metavar="NAME", help="Which sheet of the workbook to read.")
    @option("--encoding", metavar="NAME", help="The encoding of a CSV that is not UTF-8.")
    @option("--include-hidden", is_flag=True, help="Use hidden, filtered and crossed-out rows too.")
    @option("--skip-hidden", is_flag=True, help="Leave out hidden, filtered and crossed-out rows.")
    @option("--from", "mapping", type=Choice(MAPPINGS), metavar="SCHEDULER", help=FROM_HELP)
    @option("--map", "maps", multiple=True, metavar="OURS=HEADING", help="Read a column by this heading.")
    @option("--ignore", "ignored", multiple=True, metavar="HEADING", help="Ignore this column.")
    @option("--media", metavar="DIR", default="", help="The folder of the media files, if not the sheet's own.")
    @option("--places", metavar="FILE", default="", help="The table of places, if not the workbook's own sheet.")
    @gathers("inputs", Inputs)
    @wraps(command)
    def with_inputs(*, inputs: Inputs, include_hidden: bool, skip_hidden: bool, media: str, **others: object) -> int:
        if include_hidden and skip_hidden:
            raise click.UsageError("--include-hidden and --skip-hidden contradict each other; choose one.")
        hidden: Literal["ask", "include", "skip"] = "include" if include_hidden else "skip" if skip_hidden else "ask"
        from_stdin, file = inputs.sheet == "-", inputs.sheet
        if from_stdin or "://" in file:
            from batch.sheets.read import bring_sheet

            environment = Environment()
            state = environment.state_folder
            file = bring_sheet(file, folder=environment.cwd, state=state, stdin=sys.stdin.buffer)
            media = (media or str(environment.cwd)) if from_stdin else media
            if file != inputs.sheet and not from_stdin:
                environment.warn(f"Downloaded the Google Sheet to {file}.")
        inputs = replace(inputs, sheet=file, from_stdin=from_stdin, hidden=hidden, media_folder=media)
        return command(inputs=inputs, **others)

    return with_inputs


def choosing(command: Command) -> Command:
    """Add which rows run, and what they may do; it is put into `inputs`."""

    @choosing_rows
    @option("--answers", multiple=True, metavar="FILE", help="Only what these answers to the plan's page approve.")
    @option("--again", multiple=True, metavar="KEY,...", help="Post these again; `failed` means all that failed.")
    @option("--replace", "replaced", multiple=True, metavar="KEY,...", help="Replace these posts if not out yet.")
    @option("--drafts-only", is_flag=True, help="Save generated posts as drafts for review.")
    @option("--regenerate", is_flag=True, help="Generate content again instead of using what is kept.")
    @sending
    @option("--allow-new", type=WholeNumber(1), metavar="N", help="Allow up to N new posts.")
    @option("--allow-cancel", type=WholeNumber(0), metavar="N", help="Allow up to N posts to be cancelled.")
    @option("--allow-delete", type=WholeNumber(0), metavar="N", help="Allow up to N posts to be deleted.")
    @option("--allow-reschedule", type=WholeNumber(0), metavar="N", help="Allow up to N posts to be rescheduled.")
    @wraps(command)
    def with_choice(*, inputs: Inputs, **others: Any) -> int:
        allow = {act: others.pop(f"allow_{act}") for act in ("cancel", "delete", "reschedule")}
        again, replaced = (
            tuple(key.strip() for keys in given for key in keys.split(",") if key.strip())
            for given in (inputs.again, inputs.replaced)
        )
        allowed = tuple((act, number) for act, number in allow.items() if number is not None)
        return command(inputs=replace(inputs, again=again, replaced=replaced, allow=allowed), **others)

    return with_choice


@click.group(cls=CommandGroup, context_settings=CONTEXT, epilog=f"Exit status: {EXIT_STATUSES}")
@click.version_option(__version__, prog_name="postbatch")
def postbatch() -> None:
    """A month of social posts from one spreadsheet: planned, scheduled, changed and reported.

    Start with `postbatch template`, fill it in, then `postbatch check`, `plan` and `run`. Add --sandbox to try
    everything without an account.
    """


@postbatch.command(short_help="Check a sheet for mistakes; no network.")
@reading
@choosing_rows
@option("--out", type=PATH, metavar="FILE", help="Also write the issues as .json.")
@option(
    "--format",
    "form",
    type=Choice(["text", "github"]),
    default="text",
    help="Print problems for people, or as GitHub annotations.",
)
@common
def check(*, inputs: Inputs, flags: Flags, out: Path | None, form: str) -> int:
    """Check SHEET and list every mistake with its cell and fix; no network, no key."""
    from batch.commands.check import check_sheet

    return check_sheet(here(flags), flags, inputs, Outputs(out=out), github=form == "github")


@postbatch.command(short_help="Write a copy with every clear mistake fixed.")
@reading
@option("--out", type=PATH, metavar="FILE", help="Where the copy goes, if not beside it as SHEET.fixed.")
@option("--cell", "cells", multiple=True, metavar="D3", help="Only this cell; may be given several times.")
@option("--set", "typed", multiple=True, metavar="D3=TEXT", help="Put TEXT into this cell; may be repeated.")
@option("--answers", multiple=True, metavar="FILE", help="Put the notes of these answers beside their rows.")
@common
def fix(*, inputs: Inputs, flags: Flags, out: Path | None, cells: tuple[str, ...], typed: tuple[str, ...]) -> int:
    """Write a copy of SHEET with every mistake that has exactly one fix corrected, and list each change.

    Corrections made on `To fix` in the sheet's results are taken over. SHEET itself is never changed.
    """
    from batch.commands.fix import fix_sheet

    out = out or (Path("stdin.fixed.csv") if inputs.from_stdin else None)

    if unclear := [part for part in typed if "=" not in part]:
        raise click.UsageError(f"--set {unclear[0]} names no text. Write the cell, = and the text, as in D3=FACEBOOK.")
    put = tuple((cell.strip().upper(), text) for cell, _, text in (part.partition("=") for part in typed))
    outputs = Outputs(out=out, cells=tuple(cell.upper() for cell in cells), typed=put)
    return fix_sheet(here(flags), flags, inputs, outputs)


@postbatch.command(short_help="Show what a run would do; change nothing.")
@reading
@choosing
@option("--out", type=PATH, metavar="plan.json", help="Save the plan, for `postbatch apply`.")
@option("--page", type=PATH, metavar="FILE", help="Write the plan as a page, to send for approval.")
@common
def plan(inputs: Inputs, flags: Flags, out: Path | None, page: Path | None) -> int:
    """Compare SHEET with what is on the site and show what a run would do; change nothing."""
    from batch.commands.plan import plan_sheet

    if inputs.from_stdin and out is not None:
        raise click.UsageError(
            "A saved plan needs the sheet as a file, and this one came on standard input. Save it, then plan that file."
        )
    return plan_sheet(here(flags), flags, inputs, Outputs(out=out, page=page))


@postbatch.command(short_help="Plan, ask, send, and write the results.")
@reading
@choosing
@doing
@option("-n", "--dry-run", is_flag=True, help="Show the plan and change nothing, as `postbatch plan` does.")
@option("--all-or-nothing", is_flag=True, help="Send nothing if any row has a problem.")
@option("--wait", "wait_seconds", type=float, is_flag=False, flag_value=300.0, default=0.0, metavar="[SECONDS]",
        help="Wait until posts in process are live or refused, at most 300 s (or SECONDS).")  # fmt: skip
@option("--cluster", "address", metavar="tls://HOST:PORT", default="",
        help="Let a Dask cluster do each site; anyone who reaches it can use its workers' keys.")  # fmt: skip
@option("--cluster-ca", "ca", type=PATH, metavar="FILE", help="The certificate authority of the cluster.")
@option(
    "--cluster-cert", "cert", type=PATH, metavar="FILE", help="The certificate that this machine shows the cluster."
)
@option("--cluster-key", "key", type=PATH, metavar="FILE", help="The private key of that certificate.")
@gathers("cluster", Cluster)
@common
def run(*, inputs: Inputs, outputs: Outputs, flags: Flags, dry_run: bool, cluster: Cluster) -> int:
    """Plan SHEET, ask, send the posts, and write SHEET.results.xlsx with a page beside it."""
    if dry_run:
        from batch.commands.plan import plan_sheet

        return plan_sheet(here(flags), flags, inputs, Outputs(page=outputs.page))
    from batch.commands.run import run_sheet

    if inputs.from_stdin and outputs.out is None:
        outputs = replace(outputs, out=Path("stdin.results.xlsx"))
    return run_sheet(here(flags), flags, inputs, outputs, cluster=cluster if cluster.address else None)


@postbatch.command(short_help="Set up: time zone, site and sign-in.")
@option("--timezone", default="", metavar="ZONE", help="The time zone of your sheets, as in Europe/Berlin.")
@option("--name", default="", metavar="NAME", help="A short name for the site.")
@option("--site-id", default="", metavar="ID", help="The site's ID, or the address of its dashboard.")
@option("--key-variable", "variable", default="", metavar="NAME", help="The environment variable that holds the key.")
@option("--key-store", is_flag=True, help="Keep the key in this machine's key store (typed, or from stdin).")
@option("--forget-key", default="", metavar="NAME", help="Remove this site's key from the key store.")
@printing_json
def init(*, forget_key: str, json: bool, **answers: Any) -> int:
    """Ask for time zone, site and sign-in, and write your own configuration. Run it again to add another site.

    The key is in no file: this machine's key store keeps it (with the extra postbatch[keyring]), or the configuration
    names the variable that holds it. With --key-store and the name of a site that is there, only its key is replaced.
    """
    from batch.commands import init as command

    flags = Flags(json=json)
    if forget_key:
        return command.forget_key(here(flags, still=True), forget_key)
    return command.make_configuration(here(flags, still=True), flags, command.Answers(**answers))


@postbatch.command(short_help="Trust a configuration file as it is now.")
@argument("file", type=click.Path(path_type=Path), default=Path("postbatch.toml"))
@printing_json
def trust(*, file: Path, json: bool) -> int:
    """Trust FILE (postbatch.toml) as it is now.

    A postbatch.toml beside a sheet or in the current folder may have come from somebody else. It counts only once you
    trust it, and until it is changed or moved.
    """
    from batch.commands.trust import trust_file

    return trust_file(here(Flags(json=json), still=True), file)


@postbatch.command(short_help="Carry out a plan that was reviewed.")
@argument("plan_file", metavar="PLAN.json", type=PATH)
@doing
@sending
@common
def apply(plan_file: Path, outputs: Outputs, flags: Flags) -> int:
    """Carry out exactly the plan that was reviewed; refuse if anything has changed since."""
    from batch.commands.apply import apply_plan

    return apply_plan(here(flags), flags, plan_file, outputs)


@postbatch.command(short_help="Write a workbook (or CSV) to fill in.")
@option("--out", type=PATH, default=Path("posts.xlsx"), show_default=True, help="A .xlsx or .csv file.")
@option("--connected", is_flag=True, help="Offer your site's accounts in the drop-downs.")
@option("--timezone", default="", metavar="NAME", help="The zone of all dates, such as Europe/London.")
@option("--force", is_flag=True, help="Replace an existing file.")
@common
def template(flags: Flags, out: Path, connected: bool, timezone: str, force: bool) -> int:
    """Write a workbook (or CSV) to fill in."""
    from batch.commands.template import make_template

    return make_template(here(flags), flags, out, connected=connected, timezone=timezone, force=force)


@postbatch.command(short_help="Write what is scheduled now as a sheet to edit.")
@option("--out", type=PATH, default=Path("posts.xlsx"), show_default=True, help="A .xlsx or .csv file.")
@option("--all", "everything", is_flag=True, help="Published posts too.")
@option("--from-date", default="", metavar="DAY", help="Only posts from this day on, as in 2026-12-01.")
@option("--until", default="", metavar="DAY", help="Only posts up to this day.")
@option("--channel", "channels", multiple=True, metavar="CHANNEL", help="Only this channel; may be repeated.")
@option("--answers", multiple=True, metavar="FILE", help="Put the notes of these answers beside their rows.")
@option("--force", is_flag=True, help="Replace an existing file. Notes stay; of an edited file a copy is kept.")
@common
def pull(
    *, flags: Flags, out: Path, everything: bool, from_date: str, until: str, channels: tuple[str, ...],
    answers: tuple[str, ...], force: bool,
) -> int:  # fmt: skip
    """Write what is scheduled and drafted now as a sheet, to edit and run: all sites, or those that --site names."""
    from batch.commands.pull import PullChoice, pull_posts

    choice = PullChoice.read(everything=everything, from_date=from_date, until=until, channels=channels)
    return pull_posts(here(flags), flags, out, choice=choice, answers=answers, force=force)


@postbatch.command(short_help="Check again posts that were not final.")
@argument("results", type=PATH)
@option("--out", type=PATH, metavar="FILE", help="Write the results here instead.")
@common
def status(results: Path, flags: Flags, out: Path | None) -> int:
    """Check again the posts of RESULTS that were not final, and update the file."""
    from batch.commands.status import update_status

    return update_status(here(flags), flags, results, Outputs(out=out))


@postbatch.command(short_help="Watch for posts that failed or will fail.")
@option("--once", is_flag=True, help="Check once and end, for cron: exit status 1 if a post failed or will.")
@option("--every", default="15m", show_default=True, metavar="TIME", help="How often to check: 90s, 15m, 2h.")
@option("--notify", is_flag=True, help="Send the news to the webhook in POSTBATCH_NOTIFY_URL: Slack, Teams, ...")
@option("--notify-command", default="", metavar="COMMAND", help="Run this command with the news on its input.")
@common
def watch(*, flags: Flags, once: bool, every: str, notify: bool, notify_command: str) -> int:
    """Check the open posts of all runs again, and tell you once about each that failed or will fail."""
    from batch.commands.watch import watch as watch_posts

    return watch_posts(here(flags), flags, once=once, every=every, notify=notify, notify_command=notify_command)


@postbatch.command(short_help="Write a report of the month.")
@option("--month", default="", metavar="2026-12", help="Which month (this month if left out).")
@option("--out", type=PATH, metavar="FILE", help="Where the report goes: .xlsx, .csv or .json.")
@option("--page", type=PATH, metavar="FILE", help="Where the page goes.")
@option("--no-page", is_flag=True, help="Don't write a page.")
@option("--split", type=Choice(["site"]), help="Write one report for each site.")
@option("--force", is_flag=True, help="Replace an existing file.")
@common
@gathers("outputs", Outputs)
def report(*, flags: Flags, month: str, outputs: Outputs, split: str | None, force: bool) -> int:
    """Write the month as it is on the sites: live, to come, failed, drafts, links and the service's own figures."""
    from batch.commands.report import report_month

    return report_month(here(flags), flags, month=month, outputs=outputs, split=bool(split), force=force)


@postbatch.command(short_help="Undo a run, where that is still possible.")
@argument("run", metavar="RUN")
@option("--redo", is_flag=True, help="RUN was an undo: put back what it took back, also with --yes.")
@option("-n", "--dry-run", is_flag=True, help="Show what it would put back; --out saves that plan.")
@option(
    "--plan", "reviewed", type=PATH, metavar="undo.json", help="Do it only if it's still this plan, saved by -n --out."
)
@doing
@common
def undo(*, run: str, redo: bool, dry_run: bool, reviewed: Path | None, outputs: Outputs, flags: Flags) -> int:
    """Undo RUN (or `last`) where that is still possible: cancel what it scheduled, put back what it changed.

    `last` never means an undo. An undo is undone by its own name, and is asked about unless --redo comes with --yes.
    """
    from batch.commands.undo import undo_run

    return undo_run(here(flags), flags, run, outputs, redo=redo, dry_run=dry_run, reviewed=reviewed)


@postbatch.command(short_help="List your runs.")
@common
@option("--all", "everything", is_flag=True, help="All runs, also those of sheets in other folders.")
def runs(flags: Flags, *, everything: bool) -> int:
    """List the latest runs of the sheets in this folder, newest first."""
    from batch.commands.runs import show_runs

    return show_runs(here(flags), flags, everything=everything)


@postbatch.command(short_help="Write a run's results again.")
@argument("run", metavar="RUN")
@option("--out", type=PATH, metavar="FILE", help="Where the results go: .xlsx, .csv or .json.")
@common
def results(run: str, flags: Flags, out: Path | None) -> int:
    """Write the results of RUN again, from the journal (RUN may be `last`)."""
    from batch.commands.runs import write_results_again

    return write_results_again(here(flags), flags, run, Outputs(out=out))


@postbatch.command(short_help="Show connected accounts and what quota is left.")
@option("--assets", is_flag=True, help="Also list products, posts and the like, for the column `asset`.")
@option("--out", type=PATH, metavar="FILE", help="Write a table of places instead: .xlsx or .csv.")
@option("--force", is_flag=True, help="Replace an existing file.")
@common
def accounts(*, flags: Flags, assets: bool, out: Path | None, force: bool) -> int:
    """Show connected channels and accounts, and what quota is left.

    With --out, write a table of places to fill in, from all sites or those that --site names: a row for each site, or
    for each account of a site that has several.
    """
    from batch.commands.accounts import show_accounts, write_places_table

    if out is not None:
        return write_places_table(here(flags), flags, out, force=force)
    return show_accounts(here(flags), flags, assets=assets)


@postbatch.command(short_help="Check the setup: configuration, sign-in, accounts.")
@common
@option("--probe", is_flag=True, help="Find out how the service behaves, with drafts that are deleted again.")
@option("-y", "--yes", is_flag=True, help="Don't ask before --probe makes its drafts.")
def doctor(*, flags: Flags, probe: bool, yes: bool) -> int:
    """Check the setup: is the configuration right, does the sign-in work, what is missing?"""
    from batch.commands.doctor import examine, find_facts

    return find_facts(here(flags), flags, yes=yes) if probe else examine(here(flags), flags)


@postbatch.command("open", short_help="Plan and send from a page in your browser.")
@argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@option("--sandbox", is_flag=True, help="Use a local sandbox: nothing reaches a real channel.")
@option("--port", type=WholeNumber(0, 65535), default=0, metavar="N", help="The port of this machine (usually any).")
@option("--no-browser", is_flag=True, help="Only print the address.")
def open_pages(folder: Path, *, sandbox: bool, port: int, no_browser: bool) -> int:
    """Open FOLDER's sheets (usually the current folder's) in a browser: check, fix, plan, send, results, undo.

    The pages are served to this machine only, to whoever has the address that is printed.
    """
    from batch.web.app import open_folder

    return open_folder(Environment(), folder, sandbox=sandbox, port=port, browser=not no_browser)


@postbatch.command(short_help="Let an agent check, plan and report.")
@option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path(),
        help="The folder whose files it may name.")  # fmt: skip
@option("--sandbox", is_flag=True, help="Use a local sandbox: nothing reaches a real channel.")
def mcp(folder: Path, *, sandbox: bool) -> int:
    """Serve the Model Context Protocol on standard input and output, for agents.

    An agent can check sheets, see plans, accounts and reports, and run only what a person has approved.
    """
    from batch.commands.mcp import serve_agent

    return serve_agent(folder, sandbox=sandbox)


@postbatch.command(short_help="Print the completion script for your shell.")
@argument("shell", metavar="bash|zsh|fish", type=Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the script that lets your shell complete commands, options and file names; add it to the shell's own."""
    if source := get_completion_class(shell):
        print(source(postbatch, {}, "postbatch", "_POSTBATCH_COMPLETE").source())
    return 0


@postbatch.command(short_help="Print the JSON Schema of a file or an answer.")
@argument("what", metavar="NAME", type=Choice(DOCUMENTS))
def schema(what: str) -> int:
    """Print the JSON Schema of what a command prints with --json, or of a saved plan.

    NAME is plan, results (of run, apply, undo, status and results), check, fix, pull, report, watch, runs, accounts,
    places (of accounts --out), doctor, template, init, trust, sandbox, event (a line of --json-events), or error (of
    any command that could not start).
    """
    from batch.commands.schema import show_schema

    return show_schema(what, out=sys.stdout)


@postbatch.command(short_help="Run a local API to try everything on.")
@option("--port", type=int, default=8765, show_default=True, metavar="N", help="The port of this machine to listen on.")
@option("--reset", is_flag=True, help="Forget the posts of earlier sandbox runs in this folder.")
@printing_json
def sandbox(*, port: int, reset: bool, json: bool) -> int:
    """Run a local Publisher API, to try everything without an account; look at its posts in a browser."""
    from batch.commands.sandbox import serve

    return serve(here(Flags(json=json), still=True), port=port, reset=reset)


class Pipe(io.FileIO):
    """A standard stream whose reader may leave, as `head` does: a run goes on, and what nobody reads is dropped."""

    def write(self, data: Any) -> int:
        """Write all of it, or drop it."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EINVAL):  # the latter is Windows' way to say so
                raise
            return memoryview(data).nbytes


def make_patient(stream: TextIO, *, for_programs: bool = False) -> TextIO:
    """Return a standard stream that minds neither a character that it can't show nor a reader that leaves.

    What is written `for_programs` is UTF-8 on every system.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    if stream not in (sys.__stdout__, sys.__stderr__) or stream is None or stream.isatty():
        return stream
    raw = Pipe(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8" if for_programs else stream.encoding,
        errors="replace",
        line_buffering=stream is sys.__stderr__,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit status: one clear sentence for whatever went wrong, never a traceback."""
    from batch.errors import PostbatchError

    gc.set_threshold(*GARBAGE_EVERY)
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= soft < (most := OPEN_FILES if hard < 0 else min(OPEN_FILES, hard)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    given = sys.argv[1:] if arguments is None else arguments
    as_events = "--json-events" in given
    for_programs = as_events or "--json" in given or "schema" in given[:1]
    sys.stdout, sys.stderr = make_patient(sys.stdout, for_programs=for_programs), make_patient(sys.stderr)
    desk = Environment(answers=sys.stdout if as_events or "--json" in given else None, as_events=as_events)

    def fail(sentence: str, *details: str, status: int, told: str = "") -> int:
        desk.answer({"error": sentence, "details": list(details), "exit_status": status})
        for line in (told or f"Error: {sentence}", *details):
            desk.warn(line)
        return status

    try:
        status = postbatch.main(arguments, prog_name="postbatch", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # the bare command: its help, and no word of an error
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.ClickException as error:
        status = fail(" ".join(error.format_message().split()), status=2)
        context = error.ctx if isinstance(error, click.UsageError) else None
        if context is not None:
            print(f"{context.get_usage()}\nAll options: {context.command_path} --help", file=sys.stderr)
    except (click.Abort, KeyboardInterrupt):
        status = fail("Interrupted.", status=EXIT_INTERRUPTED, told="Interrupted.")
    except PostbatchError as error:
        status = fail(error.sentence, *error.details, status=error.exit_status)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person gets a sentence and a file
        from batch.commands.session import EXIT_STOPPED, keep_failure

        what = f"Something went wrong inside postbatch ({type(error).__name__})."
        again = "Run the same command again: the journal knows what was sent, and nothing is sent twice."
        status = fail(what, status=EXIT_STOPPED, told=f"Error: {what} {again}")
        keep_failure(error)
    sys.exit(status if isinstance(status, int) else 0)
