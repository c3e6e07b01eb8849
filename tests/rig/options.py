"""How a rig may differ from the sandbox that ships, by name, so that a file or a command line can say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

REFERENCES = ("everywhere", "publish", "nowhere")


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a rig. Times are in seconds.

    `references`: on which calls a second use of a reference is refused: on every call that creates or publishes, on the
    two publish calls only, or never. `query_lag_seconds`: how far Query Items is behind writes. `api_keys` empty: any
    non-empty key is taken; `access_tokens` maps a ready token to its site; `apps` maps an app's ID to its secret,
    empty: any. `denied` are credentials without the permission. `patch`: whether an update replaces a content object or
    only the fields that it names, and `clears`: what clears a field then. `deleted`: whether a deleted item is still
    shown, with its status. A post whose text holds `failing_marker` fails on its channel, and with `video_files_fail`
    one whose video's address ends in `/file`; a file or picture whose name, address or prompt holds
    `media_failing_marker` fails in the Media Manager. `external_copies`: what is public is imported once more.
    `extra_fields`: every seventh answer has one that nobody knows.
    """

    references: str = "everywhere"
    query_lag_seconds: float = 0.0
    references_freed: bool = False
    calls_per_minute: int = 200
    retry_after: bool = True
    api_keys: tuple[str, ...] = ()
    access_tokens: Mapping[str, str] = field(default_factory=dict)
    apps: Mapping[str, str] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
    token_seconds: int = 14400
    queue_seconds: float = 0.0
    processing_seconds: float = 0.0
    failing_marker: str = "[sandbox:fail]"
    network_limits: bool = True
    foreign_media_fails: bool = False
    patch: str = "replace"
    clears: str = "never"
    video_files_fail: bool = False
    external_copies: bool = False
    deleted: str = "shown"
    quota_returns: bool = False
    bulk: bool = True
    bulk_most: int = 100
    bulk_shuffled: bool = False
    query_most: int = 100
    media_polls: int = 1
    image_polls: int = 2
    media_failing_marker: str = "sandbox-fail"
    upload_most_bytes: int = 64 * 1024 * 1024
    ai_tools_needed: bool = False
    extra_fields: bool = True

    def __post_init__(self) -> None:
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not {getattr(self, name)!r}")

    def changed(self, changes: Mapping[str, Any]) -> Options:
        """Return these options with some changed. Raises `ValueError` for an unknown name or a wrong value."""
        kinds = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        made: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in kinds:
                raise ValueError(f"there is no option {name!r}")
            made[name] = _as_kind(name, value, kinds[name])
        return replace(self, **made)

    def as_json(self) -> dict[str, Any]:
        """Return the options as JSON writes them, keys and tokens included: for the state file only."""
        return asdict(self)


_WORDS = {
    "references": REFERENCES,
    "patch": ("replace", "merge"),
    "deleted": ("shown", "hidden"),
    "clears": ("null", "empty", "never"),
}


def _as_kind(name: str, value: Any, kind: type) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is tuple and isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if kind is dict and isinstance(value, Mapping):
        return dict(value)
    if type(value) is not kind:
        raise ValueError(f"the option {name} is a {kind.__name__}, not {value!r}")
    return value


SERVERS: Mapping[str, Options] = MappingProxyType({
    "unique": Options(references="everywhere"),
    "unique_on_publish": Options(references="publish"),
    "not_unique": Options(references="nowhere"),
    "lagging": Options(references="publish", query_lag_seconds=5.0),
})  # fmt: skip
"""The four servers that the API may turn out to be."""
