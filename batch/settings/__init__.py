"""Turn the environment, a `postbatch.toml` and the flags of a command into `Settings`; never show a secret."""

from batch.settings.load import check_api_url, for_sandbox, load_settings, with_secrets, without_secrets
from batch.settings.values import API_URL, DEFAULT_SITE, FILE_NAME, Settings, SiteSettings

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
