"""A plan as JSON and back, so that what was reviewed is what is done.

The file holds every step whole, the fingerprints of the sheet, the accounts and the items that it was made for, and a
checksum over all of it: a file that was edited is refused. It must never hold a credential or a callable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from batch.errors import PlanFileError
from batch.model import Account, Act, Item, Json, Plan, Quota, SitePlan, Snapshot, Step
from batch.times import with_zone

Reader = Callable[[Any], Any]


def to_json(value: Any) -> Any:
    """Return a value of the vocabulary as JSON data; fields that have their default value are left out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_json(member) for member in value]
    if hasattr(value, "__dataclass_fields__"):
        return {
            name: to_json(held)
            for name, default in _defaults(value.__class__)
            if (held := getattr(value, name)) != default
        }
    return value


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((f.name, f.default) for f in fields(kind))


@cache
def reader_of(kind: Any) -> Reader:
    """Return the strict reader of a type of the vocabulary: it raises TypeError or ValueError for anything else."""
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple_reader(reader_of(get_args(kind)[0]))
    if origin in (UnionType, Union):
        inner = reader_of(next(arg for arg in get_args(kind) if arg is not NoneType))
        return lambda value: None if value is None else inner(value)
    if kind is datetime:
        return _read_instant
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass_reader(kind)
    return _exact_reader(kind)


def _tuple_reader(inner: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("a list is due here")
        return tuple(inner(member) for member in value)

    return read


def _dataclass_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: reader_of(hints[field.name]) for field in fields(kind)}
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not required <= value.keys():
            raise TypeError(f"a {kind.__name__} is due here")
        return kind(**{name: readers[name](held) for name, held in value.items()})

    return read


def _exact_reader(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} is due here")
        return value

    return read


def _read_instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant has its zone")
    return instant


_DIGITS = 16


def site_state(snapshot: Snapshot, *, channels: Iterable[str], found: Iterable[Item]) -> str:
    """Return the fingerprint of the site as far as a plan for these channels and items depends on it."""
    return f"accounts:{accounts_fingerprint(snapshot, channels=channels)} items:{items_fingerprint(found)}"


def part_of_state(state: str, part: str) -> str:
    """Return one part (`accounts` or `items`) of a fingerprint, "" where it has none."""
    parts = dict(piece.partition(":")[::2] for piece in state.split())
    return parts.get(part, "")


def accounts_fingerprint(snapshot: Snapshot, *, channels: Iterable[str]) -> str:
    """Return the fingerprint of the accounts and connections of these channels."""
    used = sorted(set(channels))
    accounts = sorted(_account_line(account) for account in snapshot.accounts if account.channel in used)
    connections = [f"{channel}={snapshot.connections.get(channel, '')}" for channel in used]
    return _digest([*connections, *accounts])


def items_fingerprint(items: Iterable[Item]) -> str:
    """Return the fingerprint of items: their state, date, content and place, not their order."""
    return _digest(sorted(_item_line(item) for item in items))


def _account_line(account: Account) -> str:
    options = "\x1f".join(sorted(account.privacy_options))
    return "\x1e".join((account.channel, account.id, account.target_id, str(account.default), options))


def _item_line(item: Item) -> str:
    content = item.content
    date = item.scheduled_at.isoformat() if item.scheduled_at else ""
    texts = (content.text, content.title, content.link, content.call_to_action, content.privacy, content.target_id)
    media = "\x1f".join(medium.url for medium in content.media)
    place = (item.id, item.channel, item.type, item.status, item.account_id, item.reference, date)
    return "\x1e".join((*place, *texts, media))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\x1d".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


VERSION = 1
STEP_FIELDS_FIRST = ("row", "key", "site", "kind", "reason", "channel", "type", "action", "acts")
"""What every step of the file has, in this order; other fields follow where they are not blank."""

_REMEDY = "Make the plan again with `postbatch plan SHEET --out plan.json`."
_SHOWN_MOVES = 5


def plan_to_json(plan: Plan, *, extra: Mapping[str, Any] | None = None) -> Json:
    """Return a plan as JSON data, with its steps in the sheet's order; `extra` is kept with it and guarded alike."""
    data = _head(plan, extra) | {"steps": [_step_to_json(step) for step in plan.steps]}
    return data | {"checksum": _checksum(data)}


def plan_chunks(plan: Plan, *, extra: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Return the text of the plan's file piece by piece, one step a line; no more than a step is held at a time."""
    head = _head(plan, extra)
    checksum = _Checksum(head)
    for name, value in head.items():
        yield f"{'{' if name == 'version' else ','}\n{json.dumps(name)}: {_shown(value)}"
    yield ',\n"steps": ['
    for number, step in enumerate(plan.steps):
        data = _step_to_json(step)
        checksum.add(data)
        yield f"{',' if number else ''}\n{_shown(data)}"
    yield f'\n],\n"checksum": "{checksum.value()}"\n}}\n'


def plan_from_text(text: str) -> Plan:
    """Read the text of a plan's file. Errors: PlanFileError."""
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"The plan file is not the JSON of a plan. {_REMEDY}") from error
    return plan_from_json(data)


def plan_from_json(data: object) -> Plan:
    """Return the plan that a file holds. Errors: PlanFileError for another version, an edited or a damaged file."""
    if not isinstance(data, dict) or "version" not in data or not isinstance(data.get("steps"), list):
        raise PlanFileError(f"This is not a plan that postbatch wrote. {_REMEDY}")
    if data["version"] != VERSION or isinstance(data["version"], bool):
        raise PlanFileError(f"The plan file was written by another version of postbatch. {_REMEDY}")
    try:
        if data.get("checksum") != _checksum({k: v for k, v in data.items() if k != "checksum"}):
            raise PlanFileError(
                "The plan file was changed after it was made, so it is not what was reviewed. "
                f"Change the sheet instead. {_REMEDY}"
            )
        return _read_plan(data)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PlanFileError(f"The plan file is damaged. {_REMEDY}") from error


def check_unmoved(saved: Plan, current: Plan) -> None:
    """Refuse a saved plan where the sheet, the accounts or the posts have moved since; `current` is the plan of now.

    Errors: PlanFileError, which says which of them moved, and for posts which.
    """
    if saved.sheet_fingerprint != current.sheet_fingerprint:
        _moved(f"The sheet {current.sheet} has changed")
    before, after = ({site.site: site for site in plan.sites} for plan in (saved, current))
    if before.keys() != after.keys():
        _moved("The sites of the sheet have changed")
    for name, site in before.items():
        _check_site_unmoved(site, after[name])


def _check_site_unmoved(saved: SitePlan, current: SitePlan) -> None:
    where = f" of the site {saved.site}" if saved.site else ""
    if part_of_state(saved.state, "accounts") != part_of_state(current.state, "accounts"):
        _moved(f"The connected accounts{where} have changed")
    if moved := _moved_posts(saved.steps, current.steps):
        more = f" and {len(moved) - _SHOWN_MOVES} more" if len(moved) > _SHOWN_MOVES else ""
        _moved(f"Posts{where} have moved: {', '.join(moved[:_SHOWN_MOVES])}{more}")
    if saved.state != current.state:
        _moved(f"Posts{where} have moved: not those that the plan changes, but those that it leaves as they are")


def _moved(what: str) -> NoReturn:
    raise PlanFileError(f"{what} since the plan was made, so nothing was sent. {_REMEDY}")


def _moved_posts(saved: Iterable[Step], current: Iterable[Step]) -> list[str]:
    """Return the posts that would now get another step, by key and row."""
    now = {(step.row, step.key): step for step in current}
    was = {(step.row, step.key): step for step in saved}
    differing = [place for place in was | now if not _same_step(was.get(place), now.get(place))]
    return [f"{key} (row {row})" for row, key in sorted(differing)]


def _same_step(one: Step | None, other: Step | None) -> bool:
    return one is not None and other is not None and _essence(one) == _essence(other)


def _essence(step: Step) -> tuple[object, ...]:
    """Return what a step would do and to what; its words and a live link may change without harm."""
    return (
        step.kind, step.acts, step.at, step.channel, step.type, step.account_id, step.target_id, step.content,
        step.item_id, step.reference, step.found_status, step.before, step.code,
    )  # fmt: skip


def _shown(data: object) -> str:
    """Return JSON that people can read; text that UTF-8 can't hold (half of an emoji) is escaped."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


class _Checksum:
    """The SHA-256 of a plan's data, step by step, the same for the same data however it is spaced or ordered."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        self._digest = hashlib.sha256()
        self.add(head)

    def add(self, data: object) -> None:
        """Add one piece."""
        self._digest.update(json.dumps(data, sort_keys=True, separators=(",", ":")).encode() + b"\n")

    def value(self) -> str:
        """Return the checksum of all that was added."""
        return f"sha256:{self._digest.hexdigest()}"


def _checksum(data: Mapping[str, Any]) -> str:
    checksum = _Checksum({name: value for name, value in data.items() if name != "steps"})
    for step in data["steps"]:
        checksum.add(step)
    return checksum.value()


def _head(plan: Plan, extra: Mapping[str, Any] | None) -> Json:
    head = {
        "version": VERSION,
        "sheet": plan.sheet,
        "sheet_fingerprint": plan.sheet_fingerprint,
        "made_at": plan.made_at.isoformat(),
        "notices": list(plan.notices),
        "sites": [_site_to_json(site) for site in plan.sites],
    }
    if taken := {"steps", "checksum", *head}.intersection(extra or ()):
        raise ValueError(f"a plan has its own {', '.join(sorted(taken))}")
    return {**head, **(extra or {})}


def _site_to_json(site: SitePlan) -> Json:
    return {
        "site": site.site,
        "needs": dict(site.needs),
        "quotas": {action: to_json(quota) for action, quota in site.quotas.items()},
        "notices": list(site.notices),
        "state": site.state,
    }


def _step_to_json(step: Step) -> Json:
    first = {name: to_json(getattr(step, name)) for name in STEP_FIELDS_FIRST}
    rest: Json = to_json(step)
    return first | rest


def _read_plan(data: Json) -> Plan:
    steps: dict[str, list[Step]] = {site["site"]: [] for site in data["sites"]}
    if len(steps) != len(data["sites"]):
        raise ValueError("a site stands twice")
    read_step = reader_of(Step)
    for raw in data["steps"]:
        step: Step = with_zone(read_step(raw))
        _check_dates(step)
        steps[step.site].append(step)
    return Plan(
        sheet=reader_of(str)(data["sheet"]),
        sheet_fingerprint=reader_of(str)(data["sheet_fingerprint"]),
        made_at=reader_of(datetime)(data["made_at"]),
        sites=tuple(_read_site(site, steps[site["site"]]) for site in data["sites"]),
        notices=reader_of(tuple[str, ...])(data["notices"]),
    )


def _check_dates(step: Step) -> None:
    """Refuse a step that would send an empty date, which publishes at once, or one that publishes at a date."""
    dated = Act.SCHEDULE in step.acts or Act.RESCHEDULE in step.acts
    if (dated and step.at is None) or (Act.PUBLISH in step.acts and step.at is not None):
        raise ValueError(f"row {step.row} contradicts itself")


def _read_site(data: Json, steps: Iterable[Step]) -> SitePlan:
    return SitePlan(
        site=reader_of(str)(data["site"]),
        steps=tuple(steps),
        needs={reader_of(str)(action): reader_of(int)(count) for action, count in data["needs"].items()},
        quotas={reader_of(str)(action): reader_of(Quota)(quota) for action, quota in data["quotas"].items()},
        notices=reader_of(tuple[str, ...])(data["notices"]),
        state=reader_of(str)(data["state"]),
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
