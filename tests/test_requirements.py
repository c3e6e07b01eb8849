"""What CI installs is what `pyproject.toml` says: the lowest versions are its bounds, the exact ones keep to them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BOUND = re.compile(r"(?P<name>[A-Za-z0-9-]+)>=(?P<version>[0-9.]+)")


def lines(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


def test_every_dependency_has_a_lower_bound_and_it_is_the_one_that_the_tests_run_with() -> None:
    bounds = [BOUND.fullmatch(wanted) for wanted in PROJECT["dependencies"]]
    assert None not in bounds
    lowest = lines("lowest.txt")
    assert [f"{b['name']}=={b['version']}" for b in bounds if b and f"{b['name']}=={b['version']}" not in lowest] == []


def test_every_exact_version_has_a_hash_and_is_allowed() -> None:
    exact = {}
    for line in lines("ci.txt"):
        match = re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", line)
        assert match, line
        exact[match[1]] = match[2]
    extras = [wanted for extra in PROJECT["optional-dependencies"].values() for wanted in extra]
    for wanted in [*PROJECT["dependencies"], *extras]:
        bound = BOUND.fullmatch(wanted)
        name = (bound["name"] if bound else wanted).lower()
        assert name in exact, f"{name} is not in requirements/ci.txt: run python3 .ci/pin.py"
        assert bound is None or number(exact[name]) >= number(bound["version"]), f"{name} {exact[name]}"


def test_what_ci_runs_with_the_lowest_versions_is_there() -> None:
    named = re.findall(r"tests/[\w/.]+", (ROOT / ".ci" / "lowest").read_text(encoding="utf-8"))
    assert len(named) >= 8
    assert [path for path in named if not (ROOT / path).exists()] == []
