"""`trust`: obey a configuration file from now on, as long as it stays where and as it is."""

from __future__ import annotations

from pathlib import Path

from batch.commands.options import Environment
from batch.errors import StartError
from batch.settings import FILE_NAME, ConfigFile


def trust_file(environment: Environment, file: Path) -> int:
    """Say what a configuration file sets and remember its place and contents. Errors: ConfigError, StartError."""
    path = environment.cwd / file
    if path.is_dir():
        path /= FILE_NAME
    if not path.is_file():
        raise StartError(f"There is no file {file}: name the {FILE_NAME} to trust.")
    found = ConfigFile.read(path, f"in {path.parent.name or path.parent}")
    found.settings()
    found.trust(environment.state_folder("trusted"))
    environment.answer({"trusted": str(file), "settings": found.shown_settings()})
    environment.show(f"Trusted, as long as it stays as it is: {file}. It sets:")
    for line in found.shown_settings():
        environment.show(f"  {line}")
    return 0
