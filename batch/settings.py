"""Put the environment, the file and the flags of a command together; the flags win, then the environment."""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias
from urllib.parse import urlsplit

from batch.errors import ConfigError, SignInError

HIDDEN = "[hidden]"
_PIECE = 16
"""A run of this many characters of a secret counts as the secret: services cut what they quote."""


class Secret:
    """A text that shows itself to nobody who does not call `get_secret_value()`."""

    __slots__ = ("get_secret_value",)
    get_secret_value: Callable[[], str]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "get_secret_value", lambda: text)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret is never changed")

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.get_secret_value() == other.get_secret_value()

    def __hash__(self) -> int:
        return hash(self.get_secret_value())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is never stored or sent to another process: name its variable there instead")


def _as_secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text)


@dataclass(frozen=True, slots=True, init=False)
class ApiKey:
    """An account's API key. It may serve many sites, so each call names its site."""

    key: Secret

    def __init__(self, key: str | Secret) -> None:
        object.__setattr__(self, "key", _as_secret(key))

    def get_secret_value(self) -> str:
        """Give the bare key."""
        return self.key.get_secret_value()


@dataclass(frozen=True, slots=True, init=False)
class AccessToken:
    """A ready, short-lived access token of one site. It is used as it is and never renewed."""

    token: Secret

    def __init__(self, token: str | Secret) -> None:
        object.__setattr__(self, "token", _as_secret(token))

    def get_secret_value(self) -> str:
        """Give the bare token."""
        return self.token.get_secret_value()


@dataclass(frozen=True, slots=True, init=False)
class AppCredential:
    """An app's identity on one site (its instance there), from which the client fetches access tokens."""

    app_id: str
    secret: Secret
    instance_id: str

    def __init__(self, app_id: str, secret: str | Secret, instance_id: str) -> None:
        object.__setattr__(self, "app_id", app_id)
        object.__setattr__(self, "secret", _as_secret(secret))
        object.__setattr__(self, "instance_id", instance_id)

    def get_secret_value(self) -> str:
        """Give the bare app secret."""
        return self.secret.get_secret_value()


Credential: TypeAlias = ApiKey | AccessToken | AppCredential

NAMES: dict[type, str] = {ApiKey: "API key", AccessToken: "access token", AppCredential: "app identity"}
"""What people call each of them."""


def redact(text: str, *credentials: Credential | Secret | None) -> str:
    """Take every secret, and every long piece of one, out of a text."""
    for credential in credentials:
        if credential is not None:
            text = _without(text, credential.get_secret_value())
    return text


def _without(text: str, secret: str) -> str:
    if not secret:
        return text
    text = text.replace(secret, HIDDEN)
    if len(secret) <= _PIECE:
        return text
    pieces = {secret[i : i + _PIECE] for i in range(len(secret) - _PIECE + 1)}
    hits = [i for i in range(len(text) - _PIECE + 1) if text[i : i + _PIECE] in pieces]
    for start, end in reversed(_spans(hits)):
        text = text[:start] + HIDDEN + text[end:]
    return text


def _spans(hits: list[int]) -> list[tuple[int, int]]:
    """Join overlapping hits into spans, first to last."""
    spans: list[tuple[int, int]] = []
    for at in hits:
        if spans and at <= spans[-1][1]:
            spans[-1] = (spans[-1][0], at + _PIECE)
        else:
            spans.append((at, at + _PIECE))
    return spans


API_URL = "https://www.wixapis.com"
FILE_NAME = "postbatch.toml"
DEFAULT_SITE = "default"
"""The name of a site that only the environment knows (`WIX_SITE_ID`)."""


class Ways(NamedTuple):
    """The names of the variables that hold each of the three credentials."""

    key: str = "WIX_API_KEY"
    token: str = "WIX_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
    app: tuple[str, str, str] = ("WIX_APP_ID", "WIX_APP_SECRET", "WIX_INSTANCE_ID")


USUAL = Ways()
ONE_OF_THREE = f"{USUAL.key}, or {USUAL.token}, or {USUAL.app[0]} with {USUAL.app[1]} and {USUAL.app[2]}"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """One site, and the names of the variables with its credential ("" = the usual ones)."""

    name: str
    site_id: str
    timezone: str = ""
    calls_per_minute: int = 180
    via: str = "draft"
    api_key_env: str = ""
    access_token_env: str = ""
    app_id_env: str = ""
    app_secret_env: str = ""
    instance_id_env: str = ""


ENV_NAMES = tuple(f.name for f in fields(SiteSettings) if f.name.endswith("_env"))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured. `variables` holds the values of credentials, each hidden.

    `default_site` is what a blank `site` cell means, "" where there are several sites and none is the default.
    `config_place` says in words where the file was found, "" where there is none.
    """

    sites: Mapping[str, SiteSettings] = field(default_factory=dict)
    default_site: str = DEFAULT_SITE
    timezone: str = ""
    via: str = "draft"
    api_url: str = API_URL
    calls_per_minute: int = 180
    settle_seconds: float = 15.0
    config_path: Path | None = None
    config_place: str = ""
    notices: tuple[str, ...] = ()
    variables: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def site(self, name: str = "") -> SiteSettings:
        """Return a site by its name in any case; blank = the default one. Raises `ConfigError` with the remedy."""
        if not self.sites:
            raise ConfigError(f"No site is configured: set WIX_SITE_ID, or add a [sites.NAME] table to {FILE_NAME}.")
        if not (name or self.default_site):
            raise ConfigError(f"Which site is meant? Use --site with one of: {', '.join(self.sites)}.")
        return self.sites[match_site(name or self.default_site, self.sites)]

    def timezone_for(self, site: str = "") -> str:
        """Return the zone of a site, else the configuration's, else ""."""
        name = site or self.default_site
        own = self.sites[match_site(name, self.sites)].timezone if self.sites and name else ""
        return own or self.timezone

    def credential_for(self, site: str = "") -> Credential:
        """Return a site's credential.

        Raises `SignInError` naming the variable to set where there is none, and `ConfigError` where there are two, or
        one that belongs to another site as well.
        """
        found = self.site(site)
        ways = _ways_of(found)
        kinds = [kind for kind in ("key", "token", "app") if self._has(getattr(ways, kind))]
        if len(kinds) > 1:
            names = " and ".join(n for kind in kinds for n in _as_tuple(getattr(ways, kind)) if n in self.variables)
            raise ConfigError(f"{names} are set together: which one is meant for {found.name}? Unset the other.")
        if not kinds:
            raise SignInError(_nothing_set(found, ways))
        self._check_own(found, kinds[0])
        return self._make(kinds[0], ways, found)

    def _has(self, names: str | tuple[str, ...]) -> bool:
        return any(name in self.variables for name in _as_tuple(names))

    def _make(self, kind: str, ways: Ways, site: SiteSettings) -> Credential:
        if kind == "key":
            return ApiKey(self._value(ways.key))
        if kind == "token":
            return AccessToken(self._value(ways.token))
        missing = [name for name in ways.app if name not in self.variables]
        if missing:
            raise ConfigError(f"An app's identity for {site.name} needs {' and '.join(missing)} as well: set it.")
        app_id, secret, instance_id = (self._value(name) for name in ways.app)
        return AppCredential(app_id.get_secret_value(), secret, instance_id.get_secret_value())

    def _value(self, name: str) -> Secret:
        hidden = self.variables[name]
        text = hidden.get_secret_value()
        if not (text.isascii() and text.isprintable()) or re.search(r"[\s\"']", text):
            raise ConfigError(
                f"{name} holds a space, a quote or another character that no credential has: copy the bare value again."
            )
        return hidden

    def _check_own(self, site: SiteSettings, kind: str) -> None:
        """Refuse one token for two sites: it belongs to one, and the other's posts would go there."""
        if kind == "key":
            return
        own = _as_tuple(getattr(_ways_of(site), kind))[-1]
        sharing = [s.name for s in self.sites.values() if _as_tuple(getattr(_ways_of(s), kind))[-1] == own]
        sharing = [name for name in sharing if name == site.name or _explicit(self.sites[name]) in ("", kind)]
        if len(sharing) > 1:
            setting = "access_token_env" if kind == "token" else "instance_id_env"
            raise ConfigError(
                f"{own} belongs to one site, but {' and '.join(sharing)} would all use it: give each of them its own "
                f"variable in {FILE_NAME} ({setting}), or use an API key."
            )


def _as_tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _explicit(site: SiteSettings) -> str:
    """Return which credential a site names in the file: `key`, `token`, `app`, or "" for the usual variables."""
    if site.api_key_env:
        return "key"
    if site.access_token_env:
        return "token"
    return "app" if site.app_id_env or site.app_secret_env or site.instance_id_env else ""


def _ways_of(site: SiteSettings) -> Ways:
    """Return the variables that count for a site: those of the one credential it names, else the usual ones."""
    own = (site.app_id_env, site.app_secret_env, site.instance_id_env)
    app_id, secret, instance_id = (name or usual for name, usual in zip(own, USUAL.app, strict=True))
    return {
        "": USUAL,
        "key": Ways(site.api_key_env, "", ("", "", "")),
        "token": Ways("", site.access_token_env, ("", "", "")),
        "app": Ways("", "", (app_id, secret, instance_id)),
    }[_explicit(site)]


def _nothing_set(site: SiteSettings, ways: Ways) -> str:
    if not _explicit(site):
        return f"There is no credential for {site.name}: set {ONE_OF_THREE}."
    names = " and ".join(n for n in (ways.key, ways.token, *ways.app) if n)
    return f"There is no credential for {site.name}: {FILE_NAME} names {names}, which is not set."


def match_site(name: str, sites: Iterable[str]) -> str:
    """Return the configured name that is meant, in any case. Raises `ConfigError` with the likely one."""
    names = {n.casefold(): n for n in sites}
    if (found := names.get(name.strip().casefold())) is not None:
        return found
    near = difflib.get_close_matches(name.casefold(), names, n=1)
    meant = f" Did you mean {names[near[0]]}?" if near else ""
    known = ", ".join(names.values()) or "none"
    raise ConfigError(f"There is no site called “{name}” in the configuration (there is: {known}).{meant}")


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


def load_settings(
    environ: Mapping[str, str],
    *,
    sheet_folder: Path | None = None,
    cwd: Path | None = None,
    config: Path | None = None,
    site: str | None = None,
    via: str | None = None,
) -> Settings:
    """Read the settings that count for one command; no credential is needed for it.

    The file is `config` where given, else the first `postbatch.toml` beside the sheet, in the current folder or in the
    user's configuration folder. `site` and `via` are the command's flags, and win. Raises `ConfigError`.
    """
    path, place = _find_file(environ, sheet_folder=sheet_folder, cwd=cwd, config=config)
    table = read_file(path, place) if path else {}
    settings = _from_table(table, f"{path.name} {place}" if path else FILE_NAME)
    if path is not None:
        settings = replace(settings, config_path=path, config_place=place)
    settings = _with_environment(settings, environ, chosen=site)
    if via is not None:
        settings = replace(settings, via=check_way("--via", via), sites=_each(settings.sites, via=via))
    if site:
        settings = replace(settings, default_site=match_site(site, settings.sites))
    return settings


def _each(sites: Mapping[str, SiteSettings], **changed: Any) -> dict[str, SiteSettings]:
    return {name: replace(site, **changed) for name, site in sites.items()}


def for_sandbox(settings: Settings, *, api_url: str, key: str) -> Settings:
    """Return the settings for a local sandbox: sites keep their names, address and key are the sandbox's."""
    sites = _each(settings.sites, **dict.fromkeys(ENV_NAMES, ""))
    return replace(settings, api_url=check_api_url(api_url), sites=sites, variables={USUAL.key: Secret(key)})


def _find_file(
    environ: Mapping[str, str], *, sheet_folder: Path | None, cwd: Path | None, config: Path | None
) -> tuple[Path | None, str]:
    if config is not None:
        if not config.is_file():
            raise ConfigError(f"There is no configuration file “{config}”: check what --config says.")
        return config, "given with --config"
    places = (
        (sheet_folder, "beside the sheet"),
        (cwd, "in the current folder"),
        (_user_folder(environ), "in your configuration folder"),
    )
    for folder, place in places:
        if folder is not None and (folder / FILE_NAME).is_file():
            return folder / FILE_NAME, place
    return None, ""


def _user_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's configuration folder; `XDG_CONFIG_HOME` counts on every system."""
    own = environ.get("XDG_CONFIG_HOME", "")
    if own and Path(own).is_absolute():
        return Path(own) / "postbatch"
    import platformdirs  # waits here: most commands find their file before

    return platformdirs.user_config_path("postbatch", appauthor=False)


def _from_table(table: Mapping[str, Any], where: str) -> Settings:
    values = check_table(table, TOP, where=where)
    tables = values.pop("sites", {})
    sites: dict[str, SiteSettings] = {}
    for name, entries in tables.items():
        sites[name] = make_site(name, entries, values, where)
    check_sites(sites, where)
    settings = Settings(**{"sites": sites, "default_site": "", **values})
    return replace(settings, default_site=_default_site(settings, where))


def _default_site(settings: Settings, where: str) -> str:
    if settings.default_site:
        if not settings.sites:
            raise ConfigError(f"{where} has a default_site but no sites: add a [sites.{settings.default_site}] table.")
        return match_site(settings.default_site, settings.sites)
    if not settings.sites:
        return DEFAULT_SITE
    return next(iter(settings.sites)) if len(settings.sites) == 1 else ""


def _with_environment(settings: Settings, environ: Mapping[str, str], *, chosen: str | None) -> Settings:
    settings = with_secrets(settings, environ)
    if address := environ.get("WIX_API_URL", "").strip():
        settings = replace(settings, api_url=check_api_url(address))
    if site_id := environ.get("WIX_SITE_ID", "").strip():
        site_id = check_site_id("WIX_SITE_ID", site_id)
    elif settings.sites or not (site_id := _app_instance(settings)):
        return settings
    if not settings.sites:
        own = SiteSettings(DEFAULT_SITE, site_id, "", settings.calls_per_minute, settings.via)
        return replace(settings, sites={DEFAULT_SITE: own}, default_site=DEFAULT_SITE)
    return settings if chosen else _default_by_id(settings, site_id)


def _app_instance(settings: Settings) -> str:
    """Return the instance of an app that is set in full: it is on one site, and names it where nothing else does."""
    values = [settings.variables[name].get_secret_value() for name in USUAL.app if name in settings.variables]
    return values[-1] if len(values) == len(USUAL.app) and USUAL.key not in settings.variables else ""


def _default_by_id(settings: Settings, site_id: str) -> Settings:
    name = next((s.name for s in settings.sites.values() if s.site_id == site_id), None)
    file = settings.config_path.name if settings.config_path else FILE_NAME
    if name is None:
        raise ConfigError(
            f"WIX_SITE_ID names a site that {file} {settings.config_place} does not list: "
            "unset it, add the site there, or choose one with --site."
        )
    if settings.default_site in ("", name):
        return replace(settings, default_site=name)
    said = f"WIX_SITE_ID makes {name} the default site, not {settings.default_site} as {file} says."
    return replace(settings, default_site=name, notices=(*settings.notices, said))


def with_secrets(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings with the credentials that this environment holds, by the variables that the sites name."""
    named = {getattr(site, n) for site in settings.sites.values() for n in ENV_NAMES}
    wanted = {USUAL.key, USUAL.token, *USUAL.app, *named} - {""}
    variables = {name: Secret(value) for name in sorted(wanted) if (value := environ.get(name, "").strip())}
    return replace(settings, variables=variables)


def without_secrets(settings: Settings) -> Settings:
    """Return the settings as they may travel to another machine: no credential, no path of this one."""
    return replace(settings, variables={}, config_path=None, config_place="")


def check_api_url(address: str) -> str:
    """Return the API's origin, `https` or, on this machine only, `http`. Raises `ConfigError`."""
    wrong = ConfigError(
        f"WIX_API_URL is not an address to use: write https:// and the host, like {API_URL} "
        "(plain http:// only for this machine: http://127.0.0.1:8080)."
    )
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if extra or not re.fullmatch(r"[A-Za-z0-9.:-]+", host) or "@" in parts.netloc:
        raise wrong
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


__all__ = [
    "API_URL",
    "DEFAULT_SITE",
    "FILE_NAME",
    "Settings",
    "SiteSettings",
    "check_api_url",
    "for_sandbox",
    "load_settings",
    "with_secrets",
    "without_secrets",
]
