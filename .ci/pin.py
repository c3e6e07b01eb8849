"""Write the exact versions that CI installs: `requirements/ci.txt`, newest, with hashes, and `requirements/lowest.txt`.

    python3 .ci/pin.py

It asks the package registry that pip is set up for, and installs nothing. The hashes are of the files for this kind of
machine (CPython 3.11 on Linux, x86-64), which is CI's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("ruff", "mypy", "pandas-stubs", "types-", "mcp")
"""What is not needed with the lowest versions: no test imports it, or (mcp) it asks for newer ones than the product."""


def resolve(wanted: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return name, version and SHA-256 of every file that pip would install for these requirements."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--only-binary", ":all:", "--report", str(report), *wanted], check=True)  # noqa: S603 - our own words
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    entries = [(e["metadata"], e["download_info"]["archive_info"]["hashes"]["sha256"]) for e in found]
    named = [(re.sub(r"[-_.]+", "-", meta["name"]).lower(), meta["version"], sha256) for meta, sha256 in entries]
    return sorted(named)


def lowest(requirement: str) -> str:
    """Return a requirement at its lower bound; one without a bound as it is."""
    return requirement.split("#")[0].strip().replace(">=", "==")


def main() -> int:
    """Write both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    own, extras = project["project"]["dependencies"], project["project"]["optional-dependencies"]
    build = project["build-system"]["requires"]
    newest = [*own, *(wanted for extra in extras.values() for wanted in extra), *build]
    head = "# Written by .ci/pin.py from pyproject.toml; not by hand.\n"
    text = "".join(f"{name}=={version} --hash=sha256:{sha256}\n" for name, version, sha256 in resolve(newest))
    (ROOT / "requirements" / "ci.txt").write_text(head + text, encoding="utf-8")
    tests = [wanted for wanted in extras["test"] if not wanted.startswith(LEFT_OUT)]
    text = "".join(f"{lowest(wanted)}\n" for wanted in sorted([*own, *tests, *build]))
    (ROOT / "requirements" / "lowest.txt").write_text(head + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
