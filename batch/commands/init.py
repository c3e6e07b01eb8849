"""`init`: ask for time zone, site and sign-in, write the user's own configuration, and look whether it works.

The key itself is in no file: this machine's key store keeps it, or the file names the variable that holds it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from batch.atomic import write_private
from batch.commands.doctor import examine
from batch.commands.options import Environment, Flags
from batch.commands.session import shown_from
from batch.errors import ConfigError, StartError
from batch.runs.journal import make_private_folder, shown
from batch.settings import (
    FILE_NAME,
    OWN,
    USUAL_VARIABLES,
    VARIABLE,
    VARIABLE_STARTS,
    ConfigFile,
    KeyStore,
    Secret,
    Settings,
    SiteSettings,
    check_secret,
    user_folder,
)
from batch.wording import make_visible_line

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WHERE_SITE = "The site's ID is in the address of its dashboard: .../dashboard/THE-ID/home. Paste the ID or the address."
WHERE_KEY = (
    "A key is made by the account's owner in the account settings, under API Keys, with the permission Manage Social "
    "Posts."
)
IN_VARIABLE = "It stays in an environment variable; the configuration only names that variable."
VARIABLE_NAMES = "Use a name in capital letters that begins with WIX_ or POSTBATCH_, as in WIX_API_KEY."


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` needs to know; what is "" is asked for at the terminal.

    `key_store`: the key goes into the key store, also a new one for a site that is there.
    """

    timezone: str = ""
    name: str = ""
    site_id: str = ""
    variable: str = ""
    key_store: bool = False


def make_configuration(environment: Environment, flags: Flags, answers: Answers) -> int:
    """Ask for what is missing, write it into the user's configuration, and examine the site.

    With a key for the key store and the name of a site that is there, only its key is replaced. Errors: StartError,
    ConfigError.
    """
    path = user_folder(environment.environ) / FILE_NAME
    text, there = _read_own(path)
    known = {name.casefold(): site for name, site in there.sites.items()}.get(answers.name.casefold())
    if known and answers.key_store:
        site, key = known, _read_key(environment, answers)
        text = text if site.key_store else _with_key_store(path, text, site.name)
    else:
        if not environment.asks and not all((answers.name, answers.site_id, answers.timezone or there.timezone)):
            raise StartError("There is no terminal to ask on. Give --name, --site-id and --timezone.")
        if not there.timezone:
            zone = _ask(environment, "Time zone", answers.timezone, default=system_zone(), check=_zone_mistake)
            text = f'timezone = "{zone}"\n{text}'
        site = _ask_site(environment, answers, taken=frozenset(name.casefold() for name in there.sites))
        key = _read_key(environment, answers)
        site = site if key else replace(site, api_key_env=_ask_variable(environment, answers.variable))
        kept = "key_store = true" if key else f'api_key_env = "{site.api_key_env}"'
        text = f'{text}\n[sites.{site.name}]\nsite_id = "{site.site_id}"\n{kept}\n'
    ConfigFile(path, OWN, text.encode()).settings()
    store = KeyStore.find() if key else None
    if store and key:
        store.keep(site.site_id, key)
        environment.show(f"The key is in the key store ({store.name}) under “{store.SERVICE}”, and in no file.")
    make_private_folder(path.parent)
    try:
        write_private(path, text.encode())
    except OSError as error:
        raise StartError(f"{FILE_NAME} can't be written in {shown(path.parent)}: {error.strerror}.") from error
    environment.show(f"Written: {shown_from(path, environment.cwd)}")
    told = _told(site, store, written=shown_from(path, environment.cwd))
    if not store and not environment.environ.get(site.api_key_env):
        environment.answer({**told, "findings": []})
        environment.show(f"Next: set {site.api_key_env} to the key, then run: postbatch doctor --site {site.name}")
        return 0
    return examine(environment, Flags(sites=(site.name,), color=environment.out.isatty(), json=flags.json), also=told)


def forget_key(environment: Environment, name: str) -> int:
    """Remove a site's key from the key store; the configuration stays as it is. Errors: ConfigError."""
    path = user_folder(environment.environ) / FILE_NAME
    site, store = _read_own(path)[1].site(name), KeyStore.find()
    gone = store.forget(site.site_id)
    environment.answer({**_told(site, store, written=""), "findings": []})
    there = f"The key for {site.name} is no longer" if gone else f"There was no key for {site.name}"
    environment.show(f"{there} in the key store ({store.name}).")
    if site.key_store:
        variable = site.api_key_env or USUAL_VARIABLES["api_key_env"]
        environment.show(f"Next: set {variable}, or run: postbatch init --key-store --name {site.name}")
    return 0


def _told(site: SiteSettings, store: KeyStore | None, *, written: str) -> dict[str, str]:
    return {
        "written": written, "site": site.name, "key_store": store.name if store else "", "variable": site.api_key_env,
    }  # fmt: skip


def _read_own(path: Path) -> tuple[str, Settings]:
    """Return the text of the user's own configuration ("" where there is none), and what it sets."""
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    return text, ConfigFile.read(path, OWN).settings() if text else Settings()


def _with_key_store(path: Path, text: str, name: str) -> str:
    """Return a configuration in which a site's key is in the key store. Errors: StartError where it can't be told."""
    head = re.search(rf"^\[sites\.([\"']?){re.escape(name)}\1\][^\n]*\n", text, re.MULTILINE)
    if not head:
        raise StartError(f"Write key_store = true for {name} in {shown(path)}, then run this again.")
    return f"{text[: head.end()]}key_store = true\n{text[head.end() :]}"


def _ask_site(environment: Environment, answers: Answers, *, taken: frozenset[str]) -> SiteSettings:
    """Return the new site by its name and ID."""

    def name_mistake(name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            return "Use letters, digits, - and _ only."
        return f"There is a site {name} already. Choose another name." if name.casefold() in taken else ""

    name = _ask(environment, "A short name for the site, as in pottery", answers.name, check=name_mistake)
    if not answers.site_id:
        environment.warn(WHERE_SITE)
    site = _ask(environment, "Site", answers.site_id, check=lambda text: "" if GUID.search(text) else WHERE_SITE)
    return SiteSettings(name, GUID.findall(site)[0].lower())


def _read_key(environment: Environment, answers: Answers) -> Secret | None:
    """Return the key that the key store is to keep, typed unseen or from standard input; None: a variable holds it."""
    if not answers.key_store and (answers.variable or not environment.asks):
        return None
    try:
        store = KeyStore.find()
    except ConfigError as error:
        if answers.key_store:
            raise StartError(f"{error} Or leave out --key-store: the configuration then names a variable.") from None
        return None
    environment.warn(WHERE_KEY)
    if not environment.asks:
        return check_secret("Standard input", Secret(sys.stdin.readline().strip()))
    import click

    question = f"Key for the key store ({store.name}); it isn't shown. Leave it blank to name a variable instead"
    while True:
        typed = click.prompt(make_visible_line(question), default="", show_default=False, hide_input=True, err=True)
        if not typed.strip() and not answers.key_store:
            return None
        try:
            return check_secret("What was typed", Secret(str(typed).strip()))
        except ConfigError as error:
            environment.warn(str(error))


def _ask_variable(environment: Environment, given: str) -> str:
    """Return the name of the variable that holds the key."""
    if not given and environment.asks:
        environment.warn(f"{WHERE_KEY} {IN_VARIABLE}")
    return _ask(
        environment,
        "Variable that holds the key",
        given,
        default=USUAL_VARIABLES["api_key_env"],
        check=lambda text: "" if VARIABLE.fullmatch(text) and text.startswith(VARIABLE_STARTS) else VARIABLE_NAMES,
    )


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
