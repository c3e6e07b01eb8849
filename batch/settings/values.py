"""What is configured, as values: sites, and which credential counts for each. Never shows a secret."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple

from batch.credential import AccessToken, ApiKey, AppCredential, Credential, Hidden
from batch.errors import ConfigError, SignInError

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
    variables: Mapping[str, Hidden] = field(default_factory=dict, repr=False)

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
        return AppCredential(app_id.reveal(), secret, instance_id.reveal())

    def _value(self, name: str) -> Hidden:
        hidden = self.variables[name]
        text = hidden.reveal()
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
