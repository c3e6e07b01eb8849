"""Put the environment, the file and the flags of a command together; the flags win, then the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from batch.credential import Hidden
from batch.errors import ConfigError
from batch.settings.configfile import TOP, check_site_id, check_sites, check_table, check_way, make_site, read_file
from batch.settings.values import (
    API_URL,
    DEFAULT_SITE,
    ENV_NAMES,
    FILE_NAME,
    USUAL,
    Settings,
    SiteSettings,
    match_site,
)


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


def for_sandbox(settings: Settings, *, api_url: str, site_id: str, key: str) -> Settings:
    """Return the settings for a local sandbox: sites keep their names, address and key are the sandbox's."""
    sites = settings.sites or {
        DEFAULT_SITE: SiteSettings(DEFAULT_SITE, site_id, "", settings.calls_per_minute, settings.via)
    }
    renamed = _each(sites, **dict.fromkeys(ENV_NAMES, ""))
    return replace(
        settings,
        api_url=check_api_url(api_url),
        sites=renamed,
        default_site=settings.default_site if settings.sites else DEFAULT_SITE,
        variables={USUAL.key: Hidden(key)},
    )


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
    values = [settings.variables[name].reveal() for name in USUAL.app if name in settings.variables]
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
    variables = {name: Hidden(value) for name in sorted(wanted) if (value := environ.get(name, "").strip())}
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
