"""A plan as JSON and back, so that what was reviewed is what is done.

The file holds every step whole, the fingerprints of the sheet, the accounts and the items that it was made for, and a
checksum over all of it: a file that was edited is refused. It must never hold a credential or a callable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn

from batch.errors import PlanFileError
from batch.model import Act, Json, Plan, Quota, SitePlan, Step
from batch.plan.codec import reader_of, to_json
from batch.plan.fingerprint import part_of_state

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
        step: Step = read_step(raw)
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
