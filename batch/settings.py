"""Put the environment, the file and the flags of a command together; the flags win, then the environment.

A sheet comes from other people, and so may the file that lies beside it: what it says counts only once its place and
contents are trusted. A secret is held so that nothing shows it: not a `repr`, not a traceback, not a copy on a disk or
another machine.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn, Self, TypeAlias
from urllib.parse import urlsplit

from batch.atomic import write_private
from batch.errors import ConfigError, SignInError
from batch.model import Json
from batch.rules.links import NO_TAGS, WORDS, Utm
from batch.rules.slots import EXAMPLE, SlotTimes, check_slots
from batch.wording import listed, shell_join, shorten

API_URL = "https://www.wixapis.com"
FILE_NAME = "postbatch.toml"
DEFAULT_SITE = "default"
"""The name of a site that only the environment knows (`WIX_SITE_ID`)."""

VIAS = ("auto", "draft", "publish", "bulk")
MAX_FILE_BYTES = 64 * 1024
MAX_LINE_BYTES = 500
"""A parser takes seconds for a key of thousands of parts, and a key ends with its line."""

MAX_NEAR_LETTERS = 64
"""What is longer is no slip of a name that we know, and would take long to compare."""

MAX_SHOWN_LINES = 20
MAX_CALLS_PER_MINUTE = 200
"""The API's own limit for one site."""

HIDDEN = "[hidden]"
PIECE_LETTERS = 16
"""So many letters of a secret in a row count as the secret: services cut what they quote."""


class Secret:
    """A text that shows itself to nobody who does not call `get_secret_value()`."""

    __slots__ = ("get_secret_value",)
    get_secret_value: Callable[[], str]

    def __init__(self, text: str | Secret) -> None:
        known = text.get_secret_value if isinstance(text, Secret) else lambda: text
        object.__setattr__(self, "get_secret_value", known)

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


@dataclass(frozen=True, slots=True)
class _Credential:
    secret: Secret

    def __post_init__(self) -> None:
        object.__setattr__(self, "secret", Secret(self.secret))

    def get_secret_value(self) -> str:
        """Give the bare secret."""
        return self.secret.get_secret_value()


class ApiKey(_Credential):
    """An account's API key. It may serve many sites, so each call names its site."""

    __slots__ = ()


class AccessToken(_Credential):
    """A ready, short-lived access token of one site. It is used as it is and never renewed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AppCredential(_Credential):
    """An app's identity on one site (its instance there), from which the client fetches access tokens."""

    app_id: str
    instance_id: str


Credential: TypeAlias = ApiKey | AccessToken | AppCredential

NAMES: dict[type, str] = {ApiKey: "API key", AccessToken: "access token", AppCredential: "app identity"}
"""What people call each of them."""


def redact(text: str, *credentials: Credential | Secret | None) -> str:
    """Take every secret, and every long piece of one, out of a text."""
    for credential in credentials:
        secret = credential.get_secret_value() if credential is not None else ""
        if not secret:
            continue
        text = text.replace(secret, HIDDEN)
        pieces = {secret[i : i + PIECE_LETTERS] for i in range(len(secret) - PIECE_LETTERS + 1)}
        starts = [i for i in range(len(text) - PIECE_LETTERS + 1) if text[i : i + PIECE_LETTERS] in pieces]
        secret_at = {at for start in starts for at in range(start, start + PIECE_LETTERS)}
        shown = (
            letter if at not in secret_at else "" if at - 1 in secret_at else HIDDEN for at, letter in enumerate(text)
        )
        text = "".join(shown)
    return text


class KeyStore:
    """This machine's own store for secrets (Keychain, Credential Manager, Secret Service, KWallet), by `keyring`.

    An API key is kept there under "postbatch" and the ID of its site, and nowhere else.
    """

    SERVICE: ClassVar[str] = "postbatch"

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.name = str(backend.name)

    @classmethod
    def find(cls) -> Self:
        """Return the store of this machine. Raises `ConfigError` where there is none that keeps a secret well."""
        try:
            import keyring
        except ImportError:
            raise ConfigError("A key store needs one more package. Run: pip install 'postbatch[keyring]'") from None
        try:
            backend = keyring.get_keyring()
            # Below 1 keyring itself recommends none: plain files, and the one that keeps nothing.
            kept = [one for one in getattr(backend, "backends", None) or [backend] if one.priority >= 1]
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            raise ConfigError(f"This machine's key store can't be used ({type(error).__name__}).") from None
        if not kept:
            raise ConfigError("This machine has no key store.")
        return cls(kept[0])

    def key(self, site_id: str) -> Secret | None:
        """Return a site's key, None where there is none. Raises `ConfigError`."""
        text = self._ask("read", lambda: self._backend.get_password(self.SERVICE, site_id))
        return Secret(str(text)) if text else None

    def keep(self, site_id: str, key: Secret) -> None:
        """Keep a site's key instead of any earlier one. Raises `ConfigError` unless it can be read again."""
        self._ask("written", lambda: self._backend.set_password(self.SERVICE, site_id, key.get_secret_value()))
        if self.key(site_id) != key:
            raise ConfigError(f"The key store ({self.name}) didn't keep the key.")

    def forget(self, site_id: str) -> bool:
        """Remove a site's key; False where there was none. Raises `ConfigError`."""
        if self.key(site_id) is None:
            return False
        self._ask("changed", lambda: self._backend.delete_password(self.SERVICE, site_id))
        return True

    def _ask(self, done: str, question: Callable[[], object]) -> object:
        try:
            return question()
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own, which may quote the key
            raise ConfigError(
                f"The key store ({self.name}) can't be {done} ({type(error).__name__}). Unlock it."
            ) from None


def check_secret(name: str, secret: Secret) -> Secret:
    """Return a credential that has only what credentials have. Raises `ConfigError`, which never quotes it."""
    text = secret.get_secret_value()
    if not text or not (text.isascii() and text.isprintable()) or re.search(r"[\s\"']", text):
        raise ConfigError(
            f"{name} holds a space, a quote or another character that no credential has: copy the bare value again."
        )
    return secret


USUAL_VARIABLES: Mapping[str, str] = {
    "api_key_env": "WIX_API_KEY",
    "access_token_env": "WIX_ACCESS_TOKEN",
    "app_id_env": "WIX_APP_ID",
    "app_secret_env": "WIX_APP_SECRET",
    "instance_id_env": "WIX_INSTANCE_ID",
}
"""The variable that counts where a site names no other, by the setting that names it."""

KINDS: Mapping[type, tuple[str, ...]] = {
    ApiKey: ("api_key_env",),
    AccessToken: ("access_token_env",),
    AppCredential: ("app_id_env", "app_secret_env", "instance_id_env"),
}
"""The settings that name the variables of each credential; the last one tells the site."""

APP_VARIABLES = tuple(USUAL_VARIABLES[setting] for setting in KINDS[AppCredential])
ONE_OF_THREE = "WIX_API_KEY, or WIX_ACCESS_TOKEN, or WIX_APP_ID with WIX_APP_SECRET and WIX_INSTANCE_ID"

NUMBER_REMEDIES: Mapping[str, str] = {
    "calls_per_minute": f"is not a whole number from 1 to {MAX_CALLS_PER_MINUTE}, which is what the API allows",
    "settle_seconds": "is not a number from 0 to 300",
    "max_new_posts": "is not a whole number from 0 to 1,000,000",
}
TYPE_REMEDIES: Mapping[str, str] = {
    "missing": "is missing: add the site's GUID, as its dashboard address shows it.",
    "bool_type": "is neither true nor false: write one of them, without quotes.",
    "string_type": "is not text: put it in quotes.",
}


class _UnknownZone(ValueError):
    """A time zone that there is not. Its words are found when it is told: a file may hold a thousand."""

    def __str__(self) -> str:
        from zoneinfo import available_timezones

        text = str(self.args[0])
        near = _near(text, available_timezones())
        meant = f"did you mean {near}?" if near else "write it like Europe/Berlin."
        return f": “{shorten(text)}” is not a time zone; {meant}"


def _near(text: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(text, known, n=1)), "") if len(text) <= MAX_NEAR_LETTERS else ""


def _check_zone(text: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text.strip()).key if text.strip() else ""
    except (KeyError, ValueError, OSError):
        raise _UnknownZone(text) from None


def _check_site_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text.strip()):
        raise ValueError(
            " is not a GUID (like 01234567-89ab-cdef-0123-456789abcdef): copy it from its dashboard's address."
        )
    return text.strip().lower()


def _check_via(text: str) -> str:
    if (via := text.strip().lower()) not in VIAS:
        raise ValueError(f": “{shorten(text)}” is not a way to send; write one of {', '.join(VIAS)}.")
    return via


@dataclass(frozen=True, slots=True)
class _Read:
    """Tells pydantic to take a value of just this type, and through a check whose ValueError says what is wrong."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, kind: type, handler: Callable[[type], Json]) -> Json:
        check = {"type": "no-info", "function": self.check}
        return {"type": "function-after", "function": check, "schema": {**handler(kind), "strict": True}}


def _within(low: float, high: float) -> _Read:
    def check(number: float) -> float:
        if not low <= number <= high:
            raise ValueError
        return number

    return _Read(check)


Text = Annotated[str, _Read(str.strip)]
Zone = Annotated[str, _Read(_check_zone)]
Via = Annotated[str, _Read(_check_via)]
CallsPerMinute = Annotated[int, _within(1, MAX_CALLS_PER_MINUTE)]


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """One site, and the names of the variables with its credential ("" = the usual ones)."""

    __pydantic_config__: ClassVar[Json] = {"extra": "forbid"}
    name: Text
    site_id: Annotated[str, _Read(_check_site_id)]
    timezone: Zone = ""
    calls_per_minute: CallsPerMinute = 180
    via: Via = "auto"
    api_key_env: Text = ""
    access_token_env: Text = ""
    app_id_env: Text = ""
    app_secret_env: Text = ""
    instance_id_env: Text = ""
    key_store: Annotated[bool, _Read(bool)] = False
    """Whether the API key is kept in this machine's key store. A variable that is set counts before it."""

    @property
    def named_kinds(self) -> list[type]:
        """The credentials of which the site names a variable: one, or none where the usual variables count."""
        return [kind for kind, settings in KINDS.items() if any(getattr(self, setting) for setting in settings)]

    @property
    def variables(self) -> dict[type, tuple[str, ...]]:
        """The variables that count for the site, by the credential that they hold."""
        return {
            kind: tuple(getattr(self, setting) or USUAL_VARIABLES[setting] for setting in KINDS[kind])
            for kind in self.named_kinds or KINDS
        }


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What a configuration file may say. `sites` comes last: what they inherit is checked before."""

    __pydantic_config__: ClassVar[Json] = {"extra": "forbid"}
    timezone: Zone = ""
    calls_per_minute: CallsPerMinute = 180
    via: Via = "auto"
    settle_seconds: Annotated[float, _within(0, 300)] = 15.0
    default_site: Text = ""
    columns: Mapping[str, Text] = field(default_factory=dict)
    """Which heading of a sheet each column of ours is read from, where it is there."""
    max_new_posts: Annotated[int, _within(0, 1_000_000)] | None = None
    """How many new posts a run makes without being asked by --allow-new."""
    utm: Utm = NO_TAGS
    """How links are tagged."""
    places: Text = ""
    """The table of places, by its path from this file."""
    slots: Annotated[Mapping[str, SlotTimes], _Read(check_slots)] = field(default_factory=dict)
    """Times of the week by channel, or `default`, for rows whose `publish_at` is `slot`."""
    sites: Mapping[str, SiteSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings(FileSettings):
    """Everything that is configured. `variables` holds the values of credentials, each hidden.

    `default_site` is what a blank `site` cell means, "" where there are several sites and none is the default.
    `config_place` says in words where the file was found, "" where there is none.
    """

    api_url: str = API_URL
    config_path: Path | None = None
    config_place: str = ""
    notices: tuple[str, ...] = ()
    variables: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def site(self, name: str = "") -> SiteSettings:
        """Return a site by its name in any case; blank = the default one. Raises `ConfigError` with the remedy."""
        if not self.sites:
            raise ConfigError(
                "No site is configured. Run `postbatch init`, or set WIX_SITE_ID, or add a [sites.NAME] table to "
                f"{FILE_NAME}."
            )
        if not (name or self.default_site):
            raise ConfigError(f"Which site is meant? Use --site with one of: {', '.join(self.sites)}.")
        meant = name or self.default_site
        return self.sites[meant if meant in self.sites else match_site(meant, self.sites)]

    @property
    def source(self) -> str:
        """What says which sites there are, in words."""
        return f"{self.config_path.name} {self.config_place}" if self.config_path else "WIX_SITE_ID"

    def called(self, site: str, *, first: bool = False) -> str:
        """Return what people read for a site, as `called` does."""
        return called(site, self.sites, first=first)

    def label(self, site: str) -> str:
        """Return a site's name with the first part of its ID, which tells it from another's of the same name."""
        return f"{self.called(site)} ({self.site(site).site_id.partition('-')[0][:8]}-...)"

    def timezone_for(self, site: str = "") -> str:
        """Return the zone of a site, else the configuration's, else ""."""
        named = self.sites and (site or self.default_site)
        return (self.site(site).timezone if named else "") or self.timezone

    def credential_for(self, site: str = "") -> Credential:
        """Return a site's credential, from its variables, else the key store. Raises `SignInError`, `ConfigError`."""
        found = self.site(site)
        kinds = {kind: names for kind, names in found.variables.items() if any(n in self.variables for n in names)}
        if len(kinds) > 1:
            named = " and ".join(n for names in kinds.values() for n in names if n in self.variables)
            raise ConfigError(f"{named} are set together: which one is meant for {found.name}? Unset the other.")
        if not kinds and found.key_store:
            return ApiKey(self._stored_key(found))
        if not kinds:
            named = " and ".join(n for names in found.variables.values() for n in names)
            remedy = f"{FILE_NAME} names {named}, which is not set" if found.named_kinds else f"set {ONE_OF_THREE}"
            raise SignInError(f"There is no credential for {self.called(found.name)}: {remedy}.")
        ((kind, names),) = kinds.items()
        if kind is not ApiKey:
            self._refuse_shared(kind, names[-1])
        if missing := [name for name in names if name not in self.variables]:
            raise ConfigError(f"An app's identity for {found.name} needs {' and '.join(missing)} as well: set it.")
        values = [check_secret(name, self.variables[name]) for name in names]
        if kind is AppCredential:
            app_id, secret, instance_id = values
            return AppCredential(secret, app_id.get_secret_value(), instance_id.get_secret_value())
        return ApiKey(values[0]) if kind is ApiKey else AccessToken(values[0])

    def key_sources(self, sites: Iterable[str]) -> str:
        """Return where the credentials of these sites come from, in words; never what they are."""
        sources: dict[str, list[str]] = {}
        for site in map(self.site, sites):
            named = [n for names in site.variables.values() for n in names if n in self.variables]
            unused = " (not the key in the key store)" if site.key_store else ""
            source = (
                f"{listed(named, last='and')}{unused}" if named else "the key store" if site.key_store else "nowhere"
            )
            sources.setdefault(source, []).append(site.name)
        if len(sources) == 1:
            return f"key from {next(iter(sources))}"
        return "; ".join(f"{listed(names, last='and')}: key from {source}" for source, names in sources.items())

    @staticmethod
    def _stored_key(site: SiteSettings) -> Secret:
        variable = site.variables[ApiKey][0] if ApiKey in site.variables else USUAL_VARIABLES["api_key_env"]
        try:
            store = KeyStore.find()
            key = store.key(site.site_id)
        except ConfigError as error:
            raise SignInError(f"The key for {site.name} is in the key store. {error} Or set {variable}.") from None
        if key is None:
            raise SignInError(
                f"The key store ({store.name}) has no key for {site.name}. Run: postbatch init --key-store --name "
                f"{site.name}"
            )
        return check_secret(f"The key store ({store.name})", key)

    def _refuse_shared(self, kind: type, variable: str) -> None:
        """Refuse one token for two sites: it belongs to one, and the other's posts would go there."""
        sharing = [s.name for s in self.sites.values() if s.variables.get(kind, ("",))[-1] == variable]
        if len(sharing) > 1:
            raise ConfigError(
                f"{variable} belongs to one site, but {' and '.join(sharing)} would all use it: give each of them its "
                f"own variable in {FILE_NAME} ({KINDS[kind][-1]}), or use an API key."
            )

    def with_environment(self, environ: Mapping[str, str], *, chosen: str | None) -> Settings:
        """Return the settings with what the environment says; `chosen` is the flags' site. Raises `ConfigError`."""
        settings = self.with_secrets(environ)
        if address := environ.get("WIX_API_URL", "").strip():
            settings = replace(settings, api_url=check_api_url(address))
        if site_id := environ.get("WIX_SITE_ID", "").strip():
            site_id = _checked(_check_site_id, "WIX_SITE_ID", site_id)
        elif not settings.sites and "WIX_API_KEY" not in settings.variables:
            # An app that is set in full is on one site, and names it where nothing else does.
            app = [settings.variables[n].get_secret_value() for n in APP_VARIABLES if n in settings.variables]
            site_id = app[-1] if len(app) == len(APP_VARIABLES) else ""
        if not site_id:
            return settings
        if not settings.sites:
            own = SiteSettings(DEFAULT_SITE, site_id, "", settings.calls_per_minute, settings.via)
            return replace(settings, sites={DEFAULT_SITE: own}, default_site=DEFAULT_SITE)
        return settings if chosen else settings._with_default_id(site_id)

    def _with_default_id(self, site_id: str) -> Settings:
        name = next((s.name for s in self.sites.values() if s.site_id == site_id), None)
        file = self.config_path.name if self.config_path else FILE_NAME
        if name is None:
            raise ConfigError(
                f"WIX_SITE_ID names a site that {file} {self.config_place} does not list: "
                "unset it, add the site there, or choose one with --site."
            )
        if self.default_site in ("", name):
            return replace(self, default_site=name)
        said = f"WIX_SITE_ID makes {name} the default site, not {self.default_site} as {file} says."
        return replace(self, default_site=name, notices=(*self.notices, said))

    def with_secrets(self, environ: Mapping[str, str]) -> Settings:
        """Return the settings with the credentials that this environment holds under the sites' variables."""
        named = {n for site in self.sites.values() for names in site.variables.values() for n in names}
        wanted = sorted(named | set(USUAL_VARIABLES.values()))
        variables = {name: Secret(value) for name in wanted if (value := environ.get(name, "").strip())}
        return replace(self, variables=variables)

    def without_secrets(self) -> Settings:
        """Return the settings as they may travel to another machine: no credential, no path of this one."""
        return replace(self, variables={}, config_path=None, config_place="")

    def for_sandbox(self, *, api_url: str, key: str) -> Settings:
        """Return the settings for a local sandbox: sites keep their names, address and key are the sandbox's."""
        sites = self.each_site(**dict.fromkeys(USUAL_VARIABLES, ""), key_store=False)
        return replace(self, api_url=check_api_url(api_url), sites=sites, variables={"WIX_API_KEY": Secret(key)})

    def each_site(self, **changed: Any) -> dict[str, SiteSettings]:
        """Return all sites, with these settings changed."""
        return {name: replace(site, **changed) for name, site in self.sites.items()}


def called(site: str, sites: Iterable[str], *, first: bool = False) -> str:
    """Return what people read for a site among these: the only one that has no name of its own is `your site`.

    `first`: a sentence begins with it.
    """
    own = site not in ("", DEFAULT_SITE) or not {site, DEFAULT_SITE}.issuperset(sites)
    return site if own else "Your site" if first else "your site"


def match_site(name: str, sites: Iterable[str]) -> str:
    """Return the configured name that is meant, in any case. Raises `ConfigError` with the likely one."""
    names = {n.casefold(): n for n in sites}
    if (found := names.get(name.strip().casefold())) is not None:
        return found
    near = _near(name.casefold(), names)
    meant = f" Did you mean {names[near]}?" if near else ""
    known = ", ".join(names.values()) or "none"
    raise ConfigError(f"There is no site called “{name}” in the configuration (there is: {known}).{meant}")


BESIDE, HERE, NAMED, OWN = (
    "beside the sheet", "in the current folder", "given with --config", "in your configuration folder",
)  # fmt: skip
FOREIGN = frozenset({BESIDE, HERE})
"""Where a file may lie that somebody else has put there."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file as it was found: what is trusted and what is read are the same bytes."""

    path: Path
    place: str
    content: bytes

    @classmethod
    def read(cls, path: Path, place: str) -> Self:
        """Read a file, no more of it than a configuration may hold. Raises `ConfigError`."""
        try:
            with path.open("rb") as file:
                return cls(path, place, file.read(MAX_FILE_BYTES + 1))
        except OSError as error:
            raise ConfigError(f"{path.name} {place} can't be read ({error.strerror}): check its permissions.") from None

    @classmethod
    def find(
        cls, environ: Mapping[str, str], *, sheet_folder: Path | None, cwd: Path | None, config: Path | None
    ) -> Self | None:
        """Return the file that counts, None where there is none. Raises `ConfigError`."""
        if config is not None:
            if not config.is_file():
                raise ConfigError(f"There is no configuration file “{config}”: check what --config says.")
            return cls.read(config, NAMED)
        for folder, place in ((sheet_folder, BESIDE), (cwd, HERE), (user_folder(environ), OWN)):
            if folder is not None and (folder / FILE_NAME).is_file():
                return cls.read(folder / FILE_NAME, place)
        return None

    @property
    def where(self) -> str:
        """The file as messages name it."""
        return f"{self.path.name} {self.place}"

    @property
    def fingerprint(self) -> str:
        """What is remembered of a file that is trusted: its place and its contents."""
        return hashlib.sha256(f"{self.path.resolve()}\n".encode("utf-8", "surrogateescape") + self.content).hexdigest()

    def table(self) -> dict[str, Any]:
        """Return what the file holds. Raises `ConfigError`."""
        if len(self.content) > MAX_FILE_BYTES:
            raise ConfigError(f"{self.where} is larger than 64 kB: it is not a configuration.")
        if any(len(line) > MAX_LINE_BYTES for line in self.content.split(b"\n")):
            raise ConfigError(f"{self.where} has a line of more than {MAX_LINE_BYTES:,} letters: break it.")
        try:
            return tomllib.loads(self.content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ConfigError(f"{self.where} is not UTF-8 text: save it again as UTF-8.") from None
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(f"{self.where} is not valid TOML: {error}. Correct that line.") from None

    def settings(self) -> Settings:
        """Return what the file says, checked. Raises `ConfigError`, whose sentence is the first mistake."""
        table = self.table()
        if not table:  # pydantic takes a tenth of a second
            return Settings(default_site=DEFAULT_SITE)
        from pydantic import TypeAdapter, ValidationError

        _refuse_secrets(table, FileSettings, self.where)
        _refuse_secrets(table.get("utm"), Utm, f"{self.where}, [utm]")
        inherited = {name: table[name] for name in ("calls_per_minute", "via") if name in table}
        sites = table.get("sites", {})
        if isinstance(sites, dict):
            for name, entries in sites.items():
                _refuse_secrets(entries, SiteSettings, f"{self.where}, [sites.{name}]")
            sites = {n: {**inherited, **e, "name": n} if isinstance(e, dict) else e for n, e in sites.items()}
        try:
            read = TypeAdapter(FileSettings).validate_python({**table, "sites": sites})
        except ValidationError as error:
            raise ConfigError(self._tell_mistake(error.errors()[0])) from None
        self._check_sites(read.sites)
        if unknown := read.utm.unknown_words():
            known = listed((f"{{{word}}}" for word in WORDS), last="and")
            raise ConfigError(f"{self.where}, [utm]: there is no {{{unknown[0]}}}; a value may ask for {known}.")
        if read.default_site and not read.sites:
            raise ConfigError(f"{self.where} has a default_site but no sites: add a [sites.{read.default_site}] table.")
        default = next(iter(read.sites), DEFAULT_SITE) if len(read.sites) < 2 else ""
        if read.default_site:
            default = match_site(read.default_site, read.sites)
        return Settings(**{f.name: getattr(read, f.name) for f in fields(read)} | {"default_site": default})

    def _tell_mistake(self, error: Mapping[str, Any]) -> str:
        """Return what pydantic found in a file as one sentence with its remedy."""
        place, name = error["loc"], str(error["loc"][-1])
        where = f"{self.where}, [{'.'.join(str(part) for part in place[:-1])}]" if len(place) > 1 else self.where
        if name in NUMBER_REMEDIES:
            return f"{where}: {name} {NUMBER_REMEDIES[name]}: correct it."
        if place[0] == "slots" and len(place) > 1:
            return f"{self.where}, [slots]: {place[1]} is not a list of times: write it like {EXAMPLE}."
        if error["type"] == "value_error":
            return f"{where}: {name}{error['ctx']['error']}"
        if error["type"] in TYPE_REMEDIES:
            return f"{where}: {name} {TYPE_REMEDIES[error['type']]}"
        table = ".".join(str(part) for part in place)
        below = f"[{table}] and its settings" if table != "sites" else "[sites.NAME] and the site's settings"
        return f"{self.where}: {table} is not a table: write {below} below it."

    def _check_sites(self, sites: Mapping[str, SiteSettings]) -> None:
        """Refuse names that can't be, two credentials for one site, and two sites that are one."""
        seen: dict[tuple[str, str], str] = {}
        for site in sites.values():
            if not site.name or "," in site.name:
                raise ConfigError(f"{self.where}: a site's name can't be blank or hold a comma.")
            if len(site.named_kinds) > 1:
                named = " and ".join(KINDS[kind][0] for kind in site.named_kinds)
                raise ConfigError(
                    f"{self.where}, [sites.{site.name}]: {named} name two credentials: keep the one that is meant."
                )
            for what in ("name", "site_id"):
                other = seen.setdefault((what, getattr(site, what).casefold()), site.name)
                if other is not site.name:
                    raise ConfigError(
                        f"{self.where}: {other} and {site.name} have one {what} in common: remove one of them."
                    )

    def refuse_variables(self, settings: Settings, *, own: Path) -> None:
        """Refuse a variable that may hold anything but a credential, unless the user's own file names it too."""
        named = {
            variable: (site.name, setting)
            for site in settings.sites.values()
            for setting in USUAL_VARIABLES
            if (variable := getattr(site, setting)) and not variable.startswith(VARIABLE_STARTS)
        }
        if not named or self.place == OWN:
            return
        allowed: set[object] = set()
        if own.is_file():
            sites = ConfigFile.read(own, OWN).settings().sites.values()
            allowed = {getattr(site, setting) for site in sites for setting in USUAL_VARIABLES}
        for variable, (site, setting) in named.items():
            if variable not in allowed:
                raise ConfigError(
                    f"{self.where}, [sites.{site}]: {setting} names {variable}, but a credential's variable has to "
                    f"begin with {listed(VARIABLE_STARTS)}: rename it, or name it in your own configuration ({own})."
                )

    def shown_settings(self) -> list[str]:
        """Return what the file sets, one setting a line, as it stands there."""
        table = self.table()
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items() if name != "sites"]
        for name, site in table.get("sites", {}).items():
            lines.append(f"[sites.{name}] " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in site.items()))
        if len(lines) > MAX_SHOWN_LINES:
            lines[MAX_SHOWN_LINES:] = [f"... and {len(lines) - MAX_SHOWN_LINES:,} more"]
        return lines or ["nothing"]

    def trust(self, folder: Path) -> None:
        """Remember the file's place and contents in a folder. Raises `ConfigError`."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            note = f"{self.path.resolve()}\n".encode("utf-8", "surrogateescape")
            write_private(folder / self.fingerprint, note)
        except OSError as error:
            raise ConfigError(f"That {self.path.name} is trusted can't be remembered: {error.strerror}.") from None

    def refusal(self, cwd: Path | None) -> ConfigError:
        """Return why the file is not obeyed, what it would set, and how to trust it."""
        shown = os.path.relpath(self.path, cwd) if cwd else str(self.path)
        return ConfigError(
            f"{self.where} may have come from somebody else and is not trusted, so nothing was done. It would set:",
            details=[
                *(f"  {line}" for line in self.shown_settings()),
                f"If you want that, run: postbatch trust {shell_join([shown])}",
                "If not, use a configuration of your own with --config FILE.",
            ],
        )


def user_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's configuration folder; `XDG_CONFIG_HOME` counts on every system."""
    own = environ.get("XDG_CONFIG_HOME", "")
    if own and Path(own).is_absolute():
        return Path(own) / "postbatch"
    import platformdirs  # waits here: most commands find their file before

    return platformdirs.user_config_path("postbatch", appauthor=False)


SECRET_NAME = re.compile(r"key|token|secret|passw|authoriz|credential", re.IGNORECASE)
SECRET_VALUE = re.compile(r"(?:IST\.|OauthNG|eyJ|Bearer ).*|[^\s/]{41,}", re.DOTALL)
VARIABLE_STARTS = ("WIX_", "POSTBATCH_")
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def _refuse_secrets(table: object, kind: type, where: str) -> None:
    """Refuse a table that holds a key itself, and a setting that is none; neither message shows the value."""
    known = [f.name for f in fields(kind) if f.name != "name"]
    for name, value in table.items() if isinstance(table, dict) else ():
        text = value if isinstance(value, str) else ""
        named_so = name not in known and bool(SECRET_NAME.search(name)) and isinstance(value, str)
        no_variable = name in USUAL_VARIABLES and isinstance(value, str) and not VARIABLE.fullmatch(value)
        name_is_one = bool(SECRET_VALUE.fullmatch(name))
        if named_so or no_variable or name_is_one or SECRET_VALUE.fullmatch(text):
            shown = "a setting" if name_is_one else name
            raise ConfigError(
                f"{where}: {shown} seems to hold a key itself. Put the key into a variable of the environment and "
                'write only the name of that variable here, in capitals: api_key_env = "WIX_API_KEY".'
            )
        if name == "api_url":
            raise ConfigError(f"{where}: the API's address is not set in a file: use the variable WIX_API_URL.")
        if name not in known:
            near = _near(name.lower().replace("-", "_"), known)
            meant = f" Did you mean {near}?" if near else f" The settings are {', '.join(known)}."
            raise ConfigError(f"{where}: there is no setting “{shorten(name)}”.{meant}")


def _checked(check: Callable[[str], str], name: str, text: str) -> str:
    """Return a value that stands outside of the file, checked as it would be there. Raises `ConfigError`."""
    try:
        return check(text)
    except ValueError as error:
        raise ConfigError(f"{name}{error}") from None


def load_settings(
    environ: Mapping[str, str],
    *,
    sheet_folder: Path | None = None,
    cwd: Path | None = None,
    config: Path | None = None,
    site: str | None = None,
    via: str | None = None,
    trusted: Path | None = None,
) -> Settings:
    """Read the settings that count for one command; no credential is needed for it.

    The file is `config` where given, else the first `postbatch.toml` beside the sheet, in the current folder or in the
    user's configuration folder. One that may have come with the sheet has to be remembered in the folder `trusted`;
    None is for what reaches nothing, where it is read as it is. `site` and `via` are the command's flags, and win.
    Raises `ConfigError`.
    """
    settings = Settings(default_site=DEFAULT_SITE)
    if (file := ConfigFile.find(environ, sheet_folder=sheet_folder, cwd=cwd, config=config)) is not None:
        settings = replace(file.settings(), config_path=file.path, config_place=file.place)
        if trusted is not None and file.place in FOREIGN and not (trusted / file.fingerprint).is_file():
            raise file.refusal(cwd)
        file.refuse_variables(settings, own=user_folder(environ) / FILE_NAME)
    settings = settings.with_environment(environ, chosen=site)
    if via is not None:
        via = _checked(_check_via, "--via", via)
        settings = replace(settings, via=via, sites=settings.each_site(via=via))
    if site:
        settings = replace(settings, default_site=match_site(site, settings.sites))
    return settings


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
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host)):
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine's own: nobody stands on the way to it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
