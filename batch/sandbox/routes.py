"""The calls of the API: name, method, address and what answers each."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from batch.sandbox import channels, generate, media, posting, querying
from batch.sandbox.context import Handler

POSTS = "/social-publisher/v1"
FILES = "/site-media/v1/files"
TOKEN_CALL, UPLOAD_CALL = "oauth_token", "upload_file"


class Route(NamedTuple):
    """One call. `counted`: it counts towards the calls a minute; `changes`: it is one that changes items."""

    call: str
    method: str
    path: str
    handler: Handler
    changes: bool = False
    counted: bool = True


ROUTES = (
    Route("query_items", "POST", f"{POSTS}/items/query", querying.query_items),
    Route("create_draft", "POST", f"{POSTS}/items", posting.create_draft, changes=True),
    Route("get_item", "GET", f"{POSTS}/items/{{id}}", posting.get_item),
    Route("update_item", "PATCH", f"{POSTS}/items/{{id}}", posting.update_item, changes=True),
    Route("delete_item", "DELETE", f"{POSTS}/items/{{id}}", posting.delete_item, changes=True),
    Route("reschedule_item", "POST", f"{POSTS}/items/{{id}}/reschedule", posting.reschedule_item, changes=True),
    Route("cancel_item", "PATCH", f"{POSTS}/items/{{id}}/cancel", posting.cancel_item, changes=True),
    Route("publish_item", "POST", f"{POSTS}/publish", posting.publish_item, changes=True),
    Route("publish_by_id", "POST", f"{POSTS}/publish-by-id", posting.publish_by_id, changes=True),
    Route("bulk_publish", "POST", f"{POSTS}/bulk/publish", posting.bulk_publish, changes=True),
    Route("list_accounts", "GET", f"{POSTS}/accounts", channels.list_accounts),
    Route("token_status", "GET", f"{POSTS}/{{channel}}/long-lived-token-status", channels.token_status),
    Route("connect_url", "GET", f"{POSTS}/{{channel}}/connect-url", channels.connect_url),
    Route("get_features", "GET", f"{POSTS}/features", channels.get_features),
    Route("get_feature", "GET", f"{POSTS}/features/{{feature}}", channels.get_feature),
    Route("generate_post", "POST", f"{POSTS}/generate-post-data", generate.generate_post),
    Route("generate_text", "POST", f"{POSTS}/generate-text", generate.generate_text),
    Route("generate_image", "POST", f"{POSTS}/generate-image", generate.generate_image),
    Route("generated_image", "GET", f"{POSTS}/generated-image/{{id}}", generate.generated_image),
    Route("import_file", "POST", f"{FILES}/import", media.import_file),
    Route("upload_url", "POST", f"{FILES}/generate-upload-url", media.generate_upload_url),
    Route("get_file", "GET", f"{FILES}/get-file-by-id", media.get_file),
    Route("get_file", "GET", f"{FILES}/{{id}}", media.get_file),
)
CALLS = tuple(dict.fromkeys([*(route.call for route in ROUTES), TOKEN_CALL, UPLOAD_CALL]))
CHANGING = frozenset(route.call for route in ROUTES if route.changes)

_BY_SHAPE: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
for _route in ROUTES:
    _segments = _route.path.split("/")
    _BY_SHAPE.setdefault((_route.method, len(_segments)), []).append((_segments, _route))


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the call that a request is, and the named parts of its address; None where there is no such call."""
    segments = path.split("/")
    for wanted, route in _BY_SHAPE.get((method, len(segments)), ()):
        parts = _match(wanted, segments)
        if parts is not None:
            return route, parts
    return None


def _match(wanted: list[str], segments: list[str]) -> dict[str, str] | None:
    parts = {}
    for name, given in zip(wanted, segments, strict=True):
        if name.startswith("{") and given:
            parts[name[1:-1]] = unquote(given)
        elif name != given:
            return None
    return parts
