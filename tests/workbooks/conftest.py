"""Outcomes and results that need only what a test is about, and LibreOffice to look at what is written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batch.model import Outcome, OutcomeKind, Results

STARTED = datetime(2026, 11, 24, 17, 1, tzinfo=UTC)
"""When the runs of these tests happen."""


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    """Return a maker of outcomes that need only what a test is about."""

    def make(row: int = 2, kind: OutcomeKind = OutcomeKind.SCHEDULED, **more: object) -> Outcome:
        usual: dict[str, Any] = {
            "key": f"post-{row}", "site": "pottery", "channel": "INSTAGRAM", "type": "POST", "account": "clay",
            "action": "", "message": "said",
        }  # fmt: skip
        return Outcome(row=row, outcome=kind, **(usual | more))

    return make


@pytest.fixture
def make_results() -> Callable[..., Results]:
    """Return a maker of results; `rows` are the sheet's own cells, one mapping for each row from 2 on."""

    def make(
        outcomes: Sequence[Outcome],
        rows: Sequence[Mapping[str, str]] = (),
        *,
        headings: Sequence[str] = (),
        **more: Any,
    ) -> Results:
        names = tuple(headings) or tuple(dict.fromkeys(name for row in rows for name in row))
        own = {at: tuple(row.get(name, "") for name in names) for at, row in enumerate(rows, start=2)}
        usual: dict[str, Any] = {"run": "run-1", "sandbox": False, "sheet": "posts.xlsx", "started_at": STARTED}
        return Results(headings=names, outcomes=tuple(outcomes), own=own, **(usual | more))

    return make


WORK_OUT_ALL_FORMULAS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


@pytest.fixture
def office(tmp_path: Path) -> Callable[[Path], Path]:
    """Return what opens a workbook in LibreOffice, works all formulas out and saves it elsewhere."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")

    profile = tmp_path / "office profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(WORK_OUT_ALL_FORMULAS)

    def convert(path: Path) -> Path:
        out = tmp_path / "saved by office"
        own_profile = f"-env:UserInstallation={profile.as_uri()}"
        command = [program, own_profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        return out / path.name

    return convert
