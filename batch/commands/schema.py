"""`schema`: print the JSON Schema of a file or of what a command prints, for those who read them by a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TextIO

from batch.codec import json_schema
from batch.commands.watch import Alert
from batch.model import RESULT_COLUMNS, Account, Issue, Json, OutcomeKind, Quota
from batch.plan.planfile import PlanFile

DRAFT = "https://json-schema.org/draft/2020-12/schema"

NOTES: Mapping[str, str] = {
    "row": "The row in the sheet; the first one under the headings is 2.",
    "key": "The post's name within its site: the sheet's own, or the one that was derived.",
    "site": "The site's name in the configuration.",
    "channel": "The channel by the API's name, blank where the row has none.",
    "type": "The kind of post by the API's name, blank where the row has none.",
    "account": "The account's name.",
    "action": "The row's own `action`, blank for none.",
    "outcome": "What happened to the post.",
    "status": "The post's last known state on the site, blank where there is none.",
    "publish_at_utc": "When it goes out, as ISO 8601 in UTC; blank for a draft.",
    "item_id": "The post's ID on the site, blank where there is none.",
    "link": "Where the post can be seen once it is live.",
    "code": "A stable word for what is wrong, the API's own where it refused; blank where all is well.",
    "message": "One or more sentences for a person.",
    "warnings": "What stopped nothing and should be known, one a line; blank where there is nothing.",
}
"""What each column of the results holds."""


def results_schema() -> Json:
    """Return the schema of the results' JSON form: our columns first, then the sheet's own as text."""
    columns: dict[str, Json] = {name: {**TEXT, "description": NOTES[name]} for name in RESULT_COLUMNS}
    columns["row"] |= NUMBER
    columns["outcome"]["enum"] = list(OutcomeKind)
    post = document(**columns) | {"additionalProperties": {**TEXT, "description": "A column of the sheet's own."}}
    form = document(
        run={**TEXT, "description": "The run's name."},
        sandbox={**YES_NO, "description": "Whether nothing of it reached a real channel."},
        posts={**list_of(post), "description": "One for each post, in the sheet's order."},
    )
    return {"title": "Results", **form}


def document(**properties: Json) -> Json:
    """Return the schema of an object that has all of these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def list_of(items: Json) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
YES_NO: Json = {"type": "boolean"}
COUNTS: Json = {"type": "object", "additionalProperties": NUMBER}

FINDINGS: Json = list_of(document(good=YES_NO, finding=TEXT))


def _defined(kind: object) -> Json:
    """Return the schema of a value within a document: what it refers to comes along with it."""
    return {"$id": f"urn:postbatch:{getattr(kind, '__name__', 'value').lower()}", **json_schema(kind)}


def report_schema() -> Json:
    """Return the schema of `report --json`: the results' columns without those of a sheet, and the totals."""
    post = results_schema()["properties"]["posts"]["items"]
    gone = {"row", "action"}
    columns = {name: schema for name, schema in post["properties"].items() if name not in gone}
    post = {**post, "properties": columns, "required": [name for name in post["required"] if name not in gone]}
    totals = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": COUNTS}}
    return document(month=TEXT, sandbox=YES_NO, headline=TEXT, totals=totals, figures=totals, posts=list_of(post))


RUN = document(
    run=TEXT, command=TEXT, sheet=TEXT, sandbox=YES_NO, started_at=TEXT, exit_status={"type": ["integer", "null"]},
    sites=list_of(TEXT), counts=COUNTS,
)  # fmt: skip


def event_schema() -> Json:
    """Return the schema of a line of `--json-events`: the plan, each post, messages, files, then the results."""
    post = dict.fromkeys(("key", "site", "channel", "message"), TEXT) | {"outcome": {"enum": list(OutcomeKind)}}
    kinds = {
        "plan": document(run=TEXT, sandbox=YES_NO, total=NUMBER, kinds=COUNTS),
        "post": document(row=NUMBER, done=NUMBER, total=NUMBER, **post),
        "waiting": document(message=TEXT),
        "message": document(message=TEXT),
        "written": document(file=TEXT),
        "results": results_schema(),
        "error": SCHEMAS["error"](),
    }
    for name, kind in kinds.items():
        kind["properties"] = {"event": {"const": name}, **kind["properties"]}
        kind["required"] = ["event", *kind["required"]]
    return {"title": "Event", "oneOf": list(kinds.values())}


SCHEMAS: Mapping[str, Callable[[], Json]] = {
    "plan": lambda: json_schema(PlanFile),
    "results": results_schema,
    "check": lambda: document(sheet=TEXT, issues=list_of(_defined(Issue))),
    "fix": lambda: document(
        sheet=TEXT,
        written=TEXT,
        fixes=list_of(document(row=NUMBER, position=NUMBER, heading=TEXT, old=TEXT, new=TEXT, why=TEXT)),
        issues=list_of(_defined(Issue)),
    ),
    "runs": lambda: document(runs=list_of(RUN)),
    "pull": lambda: document(written=TEXT, posts=NUMBER, left_out=COUNTS, unread_sites=NUMBER),
    "template": lambda: document(written=TEXT),
    "accounts": lambda: document(
        site=TEXT,
        accounts=list_of(_defined(Account)),
        connections={"type": "object", "additionalProperties": TEXT},
        quotas={"type": "object", "additionalProperties": _defined(Quota)},
        connect_urls={"type": "object", "additionalProperties": TEXT},
    ),
    "places": lambda: document(written=TEXT, places=NUMBER, unread_sites=NUMBER),
    "doctor": lambda: document(findings=FINDINGS),
    "init": lambda: document(written=TEXT, site=TEXT, key_store=TEXT, variable=TEXT, findings=FINDINGS),
    "trust": lambda: document(trusted=TEXT, settings=list_of(TEXT)),
    "sandbox": lambda: document(address=TEXT, environment={"type": "object", "additionalProperties": TEXT}),
    "watch": lambda: document(alerts=list_of(_defined(Alert)), standing=NUMBER, sites=list_of(TEXT)),
    "report": report_schema,
    "event": event_schema,
    "error": lambda: document(error=TEXT, details=list_of(TEXT), exit_status=NUMBER),
}
"""What can be printed: the forms of files, and of what each command prints with --json. `run`, `apply`, `undo`,
`status` and `results` print the results' form, `accounts --out` prints `places`, and what stops a command `error`."""


def show_schema(what: str, *, out: TextIO) -> int:
    """Print a schema by its name."""
    print(json.dumps({"$schema": DRAFT, **SCHEMAS[what]()}, ensure_ascii=False, indent=1), file=out)
    return 0
