"""A plan as a file and back, so that what was reviewed is what is done.

The file holds every step whole, the fingerprints of the sheet, the accounts and the items that it was made for, and a
checksum over all of it: a file that was edited is refused. It must never hold a credential or a callable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from batch.codec import FormError, data_to_json, from_json, to_data
from batch.errors import PlanFileError
from batch.model import FORM, Act, Instant, Issue, Item, Json, Plan, SitePlan, Snapshot, Step, StepKind
from batch.times import with_zone
from batch.wording import list_names

VERSION = 1
FINGERPRINT_DIGITS = 16
MAX_MOVED_NAMED = 5
REMEDY = "Make the plan again with `postbatch plan SHEET --out plan.json`."


def site_state(snapshot: Snapshot, *, channels: Iterable[str], found: Iterable[Item]) -> str:
    """Return the fingerprint of the site as far as a plan depends on it: `accounts:... items:...`, in any order."""
    used = sorted(set(channels))
    connections = [f"{channel}={snapshot.connections.get(channel, '')}" for channel in used]
    accounts = [
        "\x1e".join((a.channel, a.id, a.target_id, str(a.default), "\x1f".join(sorted(a.privacy_options))))
        for a in snapshot.accounts
        if a.channel in used
    ]
    items = []
    for item in found:
        date, c = item.scheduled_at.isoformat() if item.scheduled_at else "", item.content
        place = (item.id, item.channel, item.type, item.status, item.account_id, item.reference, date)
        texts = (c.text, c.title, c.link, c.call_to_action, c.privacy, c.target_id, *item.kept)
        items.append("\x1e".join((*place, *texts, "\x1f".join(medium.url for medium in c.media))))
    return f"accounts:{_fingerprint([*connections, *sorted(accounts)])} items:{_fingerprint(sorted(items))}"


def _fingerprint(lines: Iterable[str]) -> str:
    return hashlib.sha256("\x1d".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What the file holds: the plan with its steps in the sheet's order, and from what it was made.

    `inputs` says how the sheet was read and its rows chosen; `places` tells each site that is changed from every other
    site and address; `issues` are what `check` found. The sites have no steps of their own here.
    """

    __pydantic_config__: ClassVar[Json] = FORM
    version: int
    sheet: str
    sheet_fingerprint: str
    made_at: Instant
    notices: tuple[str, ...]
    sites: tuple[SitePlan, ...]
    steps: tuple[Step, ...]
    checksum: str
    issues: tuple[Issue, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    sandbox: bool = False
    places: Mapping[str, str] = field(default_factory=dict)

    def plan(self) -> Plan:
        """Return the plan, each step with its site. Errors: FormError where a step contradicts itself or its site."""
        steps: dict[str, list[Step]] = {site.site: [] for site in self.sites}
        if len(steps) != len(self.sites) or any(site.steps for site in self.sites):
            raise FormError("sites", "a site stands twice, or has steps of its own")
        for number, step in enumerate(self.steps):
            dated = Act.SCHEDULE in step.acts or Act.RESCHEDULE in step.acts
            # An empty date would publish at once, and a date would keep from publishing.
            if step.site not in steps or (dated and step.at is None) or (Act.PUBLISH in step.acts and step.at):
                raise FormError(f"steps[{number}]", "the step contradicts itself or is of no site")
            steps[step.site].append(with_zone(step))
        sites = tuple(replace(site, steps=tuple(steps[site.site])) for site in self.sites)
        return Plan(self.sheet, self.sheet_fingerprint, self.made_at, sites, self.notices)


def plan_chunks(
    plan: Plan,
    *,
    inputs: object = None,
    issues: Sequence[Issue] = (),
    sandbox: bool = False,
    places: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Return the text of the plan's file piece by piece, one step a line; no more than a step is held at a time."""
    whole = to_data(replace(plan, sites=tuple(replace(site, steps=()) for site in plan.sites)))
    sites = [{name: value for name, value in site.items() if name != "steps"} for site in whole.pop("sites")]
    head = {
        "version": VERSION,
        **whole,
        "sites": sites,
        "issues": [to_data(issue) for issue in issues],
        "inputs": to_data(inputs) if inputs else {},
        "sandbox": sandbox,
        "places": dict(places or {}),
    }
    checksum = hashlib.sha256(_line_of(head))
    for name, value in head.items():
        yield f"{'{' if name == 'version' else ','}\n{json.dumps(name)}: {data_to_json(value)}"
    yield ',\n"steps": ['
    for number, step in enumerate(plan.steps):
        data = to_data(step)
        checksum.update(_line_of(data))
        yield f"{',' if number else ''}\n{data_to_json(data)}"
    yield f'\n],\n"checksum": "sha256:{checksum.hexdigest()}"\n}}\n'


def _line_of(data: object) -> bytes:
    """Return the bytes that the checksum runs over, the same for the same data however it is spaced or ordered."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def read_plan_file(text: str) -> tuple[PlanFile, Plan]:
    """Read the text of a plan's file. Errors: PlanFileError for another version, an edited or a damaged file."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"The plan file is not the JSON of a plan. {REMEDY}") from error
    if not isinstance(data, dict) or "version" not in data or not isinstance(data.get("steps"), list):
        raise PlanFileError(f"This is not a plan that postbatch wrote. {REMEDY}")
    if data["version"] != VERSION or isinstance(data["version"], bool):
        raise PlanFileError(f"The plan file was written by another version of postbatch. {REMEDY}")
    checksum = hashlib.sha256(_line_of({k: v for k, v in data.items() if k not in ("steps", "checksum")}))
    for step in data["steps"]:
        checksum.update(_line_of(step))
    if data.get("checksum") != f"sha256:{checksum.hexdigest()}":
        raise PlanFileError(
            "The plan file was changed after it was made, so it is not what was reviewed. "
            f"Change the sheet instead. {REMEDY}"
        )
    try:
        file = from_json(PlanFile, data_to_json(data))
        return file, file.plan()
    except FormError as error:
        raise PlanFileError(f"The plan file is damaged at `{error.place}`. {REMEDY}") from error


def check_unmoved(saved: Plan, current: Plan, *, remedy: str = REMEDY) -> None:
    """Refuse a saved plan where the sheet, the accounts or the posts have moved since; `current` is the plan of now.

    Errors: PlanFileError, which says which of them moved, and for posts which; `remedy` ends it.
    """
    if moved := next(_find_moves(saved, current), ""):
        raise PlanFileError(f"{moved} since the plan was made, so nothing was sent. {remedy}")


def _find_moves(saved: Plan, current: Plan) -> Iterator[str]:
    if saved.sheet_fingerprint != current.sheet_fingerprint:
        yield f"The sheet {current.sheet} has changed"
    before, after = ({site.site: site for site in plan.sites} for plan in (saved, current))
    if before.keys() != after.keys():
        yield "The sites of the sheet have changed"
    for name, was in before.items():
        now, where = after[name], f" of the site {name}" if name else ""
        if was.state.split(" ")[0] != now.state.split(" ")[0]:
            yield f"The connected accounts{where} have changed"
        one, two = ({(step.row, step.key): _essence(step) for step in site.steps} for site in (was, now))
        moved = [f"{key} (row {row})" for row, key in sorted(one | two) if one.get((row, key)) != two.get((row, key))]
        if moved:
            yield f"Posts{where} have moved: {list_names(moved, limit=MAX_MOVED_NAMED)}"
        if was.state != now.state:
            yield f"Posts{where} have moved: not those that the plan changes, but those that it leaves as they are"


def _essence(step: Step) -> tuple[object, ...]:
    """Return what a step would do and to what; its words and a live link may change without harm."""
    if step.kind is StepKind.SKIP:
        return (step.kind,)
    return (
        step.kind, step.acts, step.at, step.channel, step.type, step.account_id, step.target_id, step.content,
        step.item_id, step.reference, step.found_status, step.before, step.code, step.duplicates,
    )  # fmt: skip
