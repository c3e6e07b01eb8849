"""What the forms of the pages offer is what the commands take."""

from __future__ import annotations

import click
import pytest

from batch.cli import postbatch
from batch.web.app import OPTIONS, Option, option_line


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_of_a_form_is_one_of_the_command_and_of_its_kind(option: Option) -> None:
    params = {param.opts[-1]: param for param in postbatch.commands["plan"].params if isinstance(param, click.Option)}
    taken = params[f"--{option.name}"]
    assert (taken.is_flag, taken.multiple) == (option.flag, option.several or option.name == "only")
    value = "on" if option.flag else "36"
    line = option_line(((option.name, value),), planned=True)
    context = click.Context(postbatch.commands["plan"])
    postbatch.commands["plan"].make_parser(context).parse_args([*line, "--", "posts.xlsx"])
