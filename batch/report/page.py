"""The results, or a plan, as one HTML page that a browser opens without a network.

Turns `Results` into the text of one file: markup, styles, script and drawings inside it. Values of the sheet only ever
reach it through the template's escaping; the page's own policy lets nothing load and only the two blocks that are
written here run, named by their digests, so that even a value that slipped through could do nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.model import Results
from batch.report.months import SEEN_IN_A_DAY
from batch.report.page_data import make_page_data
from batch.report.safe import clean_text


def render_page(results: Results, *, timezone_note: str = "", pictures: Mapping[str, str] | None = None) -> str:
    """Write the page of a run, or of a plan where `results.wanted` says so.

    `timezone_note` is the sentence beside the calendar, by default the zones that occur; `pictures` holds `data:`
    addresses (PNG, JPEG, WebP) by `Medium.source`, and what it does not hold is drawn as a tile.
    """
    css, js = _asset("page.css"), _asset("page.js")
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=make_page_data(results, timezone_note=timezone_note, pictures=pictures),
        policy=make_policy(css=css, js=js),
        css=Markup(css),  # noqa: S704 # the project's own file, nothing of the sheet
        js=Markup(js),  # noqa: S704 # the same
        icons=Markup(_asset("icons.html")),  # noqa: S704 # the same
    )


def make_policy(*, css: str, js: str) -> str:
    """Return the page's content security policy: nothing loads, and only these two blocks count."""
    return "; ".join([
        "default-src 'none'",
        f"style-src '{_digest(css)}'",
        f"script-src '{_digest(js)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ])  # fmt: skip


def _digest(block: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(block.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return files("batch.report").joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("batch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(seen_in_a_day=SEEN_IN_A_DAY, icon=_icon)
    return environment


@cache
def _icon(name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def _finalize(value: object) -> object:
    """Make every text fit for a page, wherever the template writes it; what is markup already is ours."""
    return clean_text(value) if type(value) is str else value
