"""`init`: ask for time zone, site and sign-in, write the user's own configuration, and look whether it works.

The key itself is never asked for and never written: the file names the variable that holds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batch.atomic import write_private
from batch.commands.doctor import examine
from batch.commands.options import Environment, Flags
from batch.commands.session import shown_from
from batch.errors import ConfigError, StartError
from batch.runs.journal import make_private_folder, shown
from batch.settings import FILE_NAME, OWN, VARIABLE, VARIABLE_STARTS, ConfigFile, user_folder
from batch.wording import make_visible_line

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WHERE_SITE = "The site's ID is in the address of its dashboard: .../dashboard/THE-ID/home. Paste the ID or the address."
WHERE_KEY = (
    "A key is made by the account's owner in the account settings, under API Keys, with the permission Manage Social "
    "Posts. It stays in an environment variable; the configuration only names that variable."
)

VARIABLE_NAMES = "Use a name in capital letters that begins with WIX_ or POSTBATCH_, as in WIX_API_KEY."


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` needs to know; what is "" is asked for at the terminal."""

    timezone: str = ""
    name: str = ""
    site_id: str = ""
    variable: str = ""


def make_configuration(environment: Environment, answers: Answers) -> int:
    """Ask for what is missing, add the site to the user's configuration, and examine it. Errors: StartError."""
    path = user_folder(environment.environ) / FILE_NAME
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    there = ConfigFile.read(path, OWN).settings() if before else None
    if not environment.asks and not all((answers.name, answers.site_id, answers.timezone or there)):
        raise StartError("There is no terminal to ask on. Give --name, --site-id and --timezone.")

    zone = there.timezone if there else ""
    if not zone:
        zone = _ask(environment, "Time zone", answers.timezone, default=system_zone(), check=_zone_mistake)
        before = f'timezone = "{zone}"\n{before}'
    taken = {name.casefold() for name in there.sites} if there else set()

    def name_mistake(name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            return "Use letters, digits, - and _ only."
        return f"There is a site {name} already. Choose another name." if name.casefold() in taken else ""

    name = _ask(environment, "A short name for the site, as in pottery", answers.name, check=name_mistake)
    if not answers.site_id:
        environment.warn(WHERE_SITE)
    site = _ask(environment, "Site", answers.site_id, check=lambda text: "" if GUID.search(text) else WHERE_SITE)
    site_id = GUID.findall(site)[0].lower()
    if not answers.variable and environment.asks:
        environment.warn(WHERE_KEY)
    variable = _ask(
        environment,
        "Variable that holds the key",
        answers.variable,
        default="WIX_API_KEY",
        check=lambda text: "" if VARIABLE.fullmatch(text) and text.startswith(VARIABLE_STARTS) else VARIABLE_NAMES,
    )
    text = f'{before}\n[sites.{name}]\nsite_id = "{site_id}"\napi_key_env = "{variable}"\n'
    ConfigFile(path, OWN, text.encode()).settings()
    make_private_folder(path.parent)
    try:
        write_private(path, text.encode())
    except OSError as error:
        raise StartError(f"{FILE_NAME} can't be written in {shown(path.parent)}: {error.strerror}.") from error
    environment.show(f"Written: {shown_from(path, environment.cwd)}")
    if not environment.environ.get(variable):
        environment.show(f"Next: set {variable} to the key, then run: postbatch doctor --site {name}")
        return 0
    return examine(environment, Flags(sites=(name,), color=environment.out.isatty()))


def _zone_mistake(zone: str) -> str:
    if not re.fullmatch(r"[\w/+-]+", zone):
        return "Write it like Europe/Berlin."
    try:
        ConfigFile(Path(FILE_NAME), OWN, f'timezone = "{zone}"'.encode()).settings()
    except ConfigError as error:
        return error.sentence
    return ""


def _ask(
    environment: Environment,
    question: str,
    given: str,
    *,
    default: str | None = None,
    check: Callable[[str], str] = lambda _text: "",
) -> str:
    """Return what was given on the command line or is answered at the terminal, once it is right. Errors: StartError.

    Without a terminal the default counts.
    """
    import click

    if given or not environment.asks:
        answer = given or default or ""
        if mistake := check(answer):
            raise StartError(f"{question}: {mistake}")
        return answer
    while True:
        answer = str(click.prompt(make_visible_line(question), default=default, err=True)).strip()
        mistake = check(answer)
        if not mistake:
            return answer
        environment.warn(mistake)


def system_zone() -> str | None:
    """Return this machine's time zone by its name, None where it can't be told."""
    named = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return named if named and not _zone_mistake(named) and "/" in named else None
