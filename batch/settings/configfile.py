"""Read a `postbatch.toml` into checked values; each mistake in it is one sentence with its place and remedy.

Two rules keep keys where they belong. A key stands in a variable of the environment and never in the file, which people
mail around; and the address of the API stands in the environment too, so that a file which came along with somebody's
sheet can't send your key elsewhere. The few settings are checked by a table of our own and not by a library of models,
so that each mistake has its own sentence and `check` has nothing more to load.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batch.errors import ConfigError
from batch.settings.values import ENV_NAMES, SiteSettings

WAYS = ("draft", "publish", "bulk")
LARGEST_FILE_BYTES = 1024 * 1024
MOST_CALLS_PER_MINUTE = 200
"""The API's own limit for one site."""

Check = Callable[[str, Any], Any]


def read_file(path: Path, place: str) -> dict[str, Any]:
    where = f"{path.name} {place}"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise ConfigError(f"{where} is larger than 1 MB: it is not a configuration.")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{where} can't be read ({error.strerror}): check its permissions.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text: save it again as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{where} is not valid TOML: {error}. Correct that line.") from None


def make_site(name: str, entries: Any, top: Mapping[str, Any], where: str) -> SiteSettings:
    inside = f"{where}, [sites.{name}]"
    if not isinstance(entries, dict):
        raise ConfigError(f"{where}: sites.{name} is not a table: write [sites.{name}] and its settings below it.")
    if not name.strip() or "," in name:
        raise ConfigError(f"{where}: a site's name can't be blank or hold a comma.")
    values = check_table(entries, SITE, where=inside)
    if "site_id" not in values:
        raise ConfigError(f"{inside}: site_id is missing: add the site's GUID, as its dashboard address shows it.")
    inherited = {n: top[n] for n in ("calls_per_minute", "via") if n in top}
    site = SiteSettings(**{"name": name.strip(), **inherited, **values})
    named = [n for n in ("api_key_env", "access_token_env") if values.get(n)]
    named += ["app_id_env"] if site.app_id_env or site.app_secret_env or site.instance_id_env else []
    if len(named) > 1:
        raise ConfigError(f"{inside}: {' and '.join(named)} name two credentials: keep the one that is meant.")
    return site


def check_sites(sites: Mapping[str, SiteSettings], where: str) -> None:
    for what in ("name", "site_id"):
        seen: dict[str, str] = {}
        for site in sites.values():
            other = seen.setdefault(getattr(site, what).casefold(), site.name)
            if other is not site.name:
                raise ConfigError(f"{where}: {other} and {site.name} have one {what} in common: remove one of them.")


def check_table(table: Mapping[str, Any], known: Mapping[str, Check], *, where: str) -> dict[str, Any]:
    """Return the checked values of a table; the first mistake is one sentence."""
    for name, value in table.items():
        _refuse_secret(name, value, known, where)
        if name == "api_url":
            raise ConfigError(f"{where}: the API's address is not set in a file: use the variable WIX_API_URL.")
        if name not in known:
            near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1)
            meant = f" Did you mean {near[0]}?" if near else f" The settings are {', '.join(known)}."
            raise ConfigError(f"{where}: there is no setting “{name}”.{meant}")
    return {name: known[name](f"{where}: {name}", value) for name, value in table.items()}


_SECRET_NAME = re.compile(r"key|token|secret|passw|authoriz|credential", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?:IST\.|OauthNG|eyJ|Bearer ).*|[^\s/]{41,}", re.DOTALL)


def _refuse_secret(name: str, value: Any, known: Mapping[str, Check], where: str) -> None:
    named_so = name not in known and bool(_SECRET_NAME.search(name)) and isinstance(value, str)
    env_named = name in ENV_NAMES and isinstance(value, str) and not _VARIABLE.fullmatch(value)
    name_is_one = bool(_SECRET_VALUE.fullmatch(name))
    if named_so or env_named or name_is_one or (isinstance(value, str) and _SECRET_VALUE.fullmatch(value)):
        shown = "a setting" if name_is_one else name
        raise ConfigError(
            f"{where}: {shown} seems to hold a key itself. Put the key into a variable of the environment and "
            'write only the name of that variable here, in capitals: api_key_env = "WIX_API_KEY".'
        )


_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name} is not text: put it in quotes.")
    return value.strip()


def check_site_id(name: str, value: Any) -> str:
    text = _text(name, value)
    if not _GUID.fullmatch(text):
        raise ConfigError(
            f"{name} is not a GUID (like 01234567-89ab-cdef-0123-456789abcdef): copy it from its dashboard's address."
        )
    return text.lower()


def _zone(name: str, value: Any) -> str:
    from zoneinfo import ZoneInfo, available_timezones

    text = _text(name, value)
    try:
        return ZoneInfo(text).key if text else ""
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(text, available_timezones(), n=1)
        meant = f"did you mean {near[0]}?" if near else "write it like Europe/Berlin."
        raise ConfigError(f"{name}: “{text}” is not a time zone; {meant}") from None


def check_way(name: str, value: Any) -> str:
    text = _text(name, value).lower()
    if text not in WAYS:
        raise ConfigError(f"{name}: “{text}” is not a way to send; write one of {', '.join(WAYS)}.")
    return text


def _number(low: float, high: float) -> Check:
    def check(name: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ConfigError(f"{name} is not a number from {low:g} to {high:g}: correct it.")
        return value

    return check


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CALLS_PER_MINUTE:
        raise ConfigError(
            f"{name} is not a whole number from 1 to {MOST_CALLS_PER_MINUTE}, which is what the API allows: correct it."
        )
    return value


def _tables(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is not a table: write [sites.NAME] and the site's settings below it.")
    return value


TOP: Mapping[str, Check] = {
    "timezone": _zone,
    "calls_per_minute": _whole,
    "via": check_way,
    "settle_seconds": _number(0, 300),
    "default_site": _text,
    "sites": _tables,
}
SITE: Mapping[str, Check] = {
    "site_id": check_site_id,
    "timezone": _zone,
    "calls_per_minute": _whole,
    "via": check_way,
    **dict.fromkeys(ENV_NAMES, _text),
}
