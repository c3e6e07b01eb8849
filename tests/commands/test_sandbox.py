"""The command `sandbox`: what it says of the server that it starts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from batch.commands.options import STATE_VARIABLE, Environment
from batch.commands.sandbox import serve

ONE = '[sites.pottery]\nsite_id = "01234567-89ab-cdef-0123-456789abcdef"\n'
TWO = f'{ONE}[sites.bakery]\nsite_id = "11234567-89ab-cdef-0123-456789abcdef"\n'


def said(folder: Path, config: str) -> str:
    (folder / "postbatch.toml").write_text(config, encoding="utf-8")
    environment = Environment(
        environ={STATE_VARIABLE: str(folder / "state")}, cwd=folder, out=io.StringIO(), err=io.StringIO()
    )
    assert serve(environment, port=0, reset=False, wait=lambda: None) == 0
    return environment.out.getvalue()  # type: ignore[attr-defined] # the StringIO from above


@pytest.mark.parametrize("config", ["", ONE, f'default_site = "bakery"\n{TWO}'])
def test_what_leads_a_command_there_names_the_site_that_is_meant(tmp_path: Path, config: str) -> None:
    assert " WIX_SITE_ID=" in said(tmp_path, config)


def test_it_serves_several_sites_of_which_none_is_the_default(tmp_path: Path) -> None:
    text = said(tmp_path, TWO)
    assert "The sandbox of this folder is at http://127.0.0.1:" in text
    assert "WIX_API_KEY=" in text
    assert "WIX_SITE_ID" not in text
