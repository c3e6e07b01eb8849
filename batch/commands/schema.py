"""`schema`: print the JSON Schema of the plan's file or of the results, for those who read them by a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TextIO

from batch.codec import json_schema
from batch.model import RESULT_COLUMNS, Json, OutcomeKind
from batch.plan.planfile import PlanFile

DRAFT = "https://json-schema.org/draft/2020-12/schema"

NOTES: Mapping[str, str] = {
    "row": "The row in the sheet; the first one under the headings is 2.",
    "key": "The post's name within its site: the sheet's own, or the one that was derived.",
    "site": "The site's name in the configuration.",
    "channel": "The channel by the API's name, blank where the row does not say one.",
    "type": "The kind of post by the API's name, blank where the row does not say one.",
    "account": "The account's name.",
    "action": "The row's own `action`, blank for none.",
    "outcome": "What became of the post.",
    "status": "What the site last said of the post, blank where it holds none.",
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
    columns: dict[str, Json] = {name: {"type": "string", "description": NOTES[name]} for name in RESULT_COLUMNS}
    columns["row"]["type"] = "integer"
    columns["outcome"]["enum"] = list(OutcomeKind)
    post = {
        "type": "object",
        "properties": columns,
        "required": list(RESULT_COLUMNS),
        "additionalProperties": {"type": "string", "description": "A column of the sheet's own."},
    }
    return {
        "title": "Results",
        "type": "object",
        "properties": {
            "run": {"type": "string", "description": "The run's name."},
            "sandbox": {"type": "boolean", "description": "Whether nothing of it reached a real channel."},
            "posts": {"type": "array", "items": post, "description": "One for each post, in the sheet's order."},
        },
        "required": ["run", "sandbox", "posts"],
        "additionalProperties": False,
    }


SCHEMAS: Mapping[str, Callable[[], Json]] = {
    "plan": lambda: json_schema(PlanFile),
    "results": results_schema,
}


def show_schema(what: str, *, out: TextIO) -> int:
    """Print the schema of the `plan` or the `results`."""
    print(json.dumps({"$schema": DRAFT, **SCHEMAS[what]()}, ensure_ascii=False, indent=1), file=out)
    return 0
