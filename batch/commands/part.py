"""One site's part of a run as pure data, and the doing of it on whatever machine it lands.

The site is planned anew from what it holds, since the part may have been begun before by a machine that died; but
nothing is done that was not agreed to where the plan was shown. A part carries no credential: it names variables, and
the machine that does it looks them up in its own environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO

from batch.commands.carrying_out import do_site_here, hold_sites
from batch.commands.planning import Planner
from batch.commands.session import Flags, Session
from batch.commands.world import STATE_VARIABLE, World
from batch.errors import PostbatchError
from batch.model import Act, Item, Outcome, Post, Step, StepKind
from batch.plan.guard import check_blast_radius
from batch.plan.options import Options
from batch.run.outcomes import done_outcome
from batch.run.record import Placed
from batch.run.stop import Stop
from batch.settings import Settings, with_secrets

OWN_FOLDER = "cluster"
"""The part's journal and lock lie apart from those of this machine's own runs, which may wait for the part's end."""

MOVED = (
    "The post has changed on the site since the plan was shown ({reason}), so it was left as it is. Run again to see "
    "the new plan."
)
STANDS = frozenset({StepKind.UNCHANGED, StepKind.WAIT})

Show = Callable[[int, Outcome], None]


@dataclass(frozen=True, slots=True)
class Part:
    """What one site's part needs; `agreed` are the steps that were shown, one for each post, in the posts' order.

    `positions` are the posts' places in the sheet; `settings` hold no secret.
    """

    run: str
    site: str
    settings: Settings = field(repr=False)
    posts: tuple[Post, ...]
    positions: tuple[int, ...]
    agreed: tuple[Step, ...]
    options: Options = field(default_factory=Options)
    allow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of a part. `tries` counts the machines that began it; `stopped` says why it ended early."""

    outcomes: Mapping[int, Outcome]
    tries: int
    said: tuple[str, ...] = ()
    stopped: str = ""


def do_part(part: Part, *, world: World, tries: int, stop: Stop, show: Show) -> PartResult:
    """Do a part, or what is left of it where it was begun before (`tries` over 1). Never raises for what goes wrong."""
    said = StringIO()
    outcomes: dict[int, Outcome] = {}

    def emit(position: int, outcome: Outcome) -> None:
        outcomes[position] = outcome
        show(position, outcome)

    try:
        settings = with_secrets(part.settings, world.environ)
        with Session(_own_world(world, said), Flags(), settings=settings) as session:
            if tries > 1:
                session.say(f"Site {part.site}: the part was begun before; waiting until the site shows what was done.")
                stop.pause(settings.settle_seconds)
            with hold_sites(session, [part.site], run=part.run):
                _do(session, part, tries=tries, stop=stop, emit=emit)
    except PostbatchError as error:
        stop.request(str(error))
    return PartResult(outcomes, tries, tuple(said.getvalue().splitlines()), stop.reason)


def _own_world(world: World, said: StringIO) -> World:
    folder = world.state_folder() / OWN_FOLDER
    return replace(world, environ={**world.environ, STATE_VARIABLE: str(folder)}, out=said, err=said)


def _do(session: Session, part: Part, *, tries: int, stop: Stop, emit: Show) -> None:
    planner = Planner(session, media_folder=session.folder, generate=False)
    plan, snapshot = planner(part.site, part.posts, part.options)
    if snapshot is not None:
        check_blast_radius(plan, snapshot, allowed=part.allow)
    items = {item.id: item for item in snapshot.items} if snapshot else {}
    steps: list[Placed] = []
    for position, step, agreed in zip(part.positions, plan.steps, part.agreed, strict=True):
        if tries > 1 and agreed.acts and step.kind in STANDS:
            emit(position, done_before(agreed, step, items))
        else:
            steps.append(Placed(position, within_agreement(step, agreed)))
    do_site_here(session, part.site, steps, stop, emit, run=part.run, media_folder=None)


def within_agreement(step: Step, agreed: Step) -> Step:
    """Return the step where it does no more than was agreed to, else one that does nothing and says so."""
    allowed = set(agreed.acts) - {Act.UPLOAD}
    if Act.CREATE in allowed:
        allowed.add(Act.UPDATE)  # a draft that this run has made may still have to be completed
    if allowed.issuperset(step.acts):
        return step
    reason = MOVED.format(reason=step.reason.rstrip("."))
    return replace(step, kind=StepKind.CONFLICT, acts=(), code="moved", reason=reason, changes=())


def done_before(agreed: Step, step: Step, items: Mapping[str, Item]) -> Outcome:
    """Return the outcome of a post that a machine which died had done already, as the site shows it."""
    item_id = step.item_id or agreed.item_id
    done = replace(agreed, item_id=item_id, reference=step.reference, link=step.link or agreed.link)
    return done_outcome(done, items.get(item_id), last=agreed.acts[-1])


def make_part(
    *,
    run: str,
    settings: Settings,
    site: str,
    posts: Sequence[Post],
    steps: Sequence[Placed],
    options: Options,
    allow: frozenset[str],
) -> Part:
    """Return a site's part, with of the options only what concerns its posts; `settings` must hold no secret."""
    places = {(post.row, post.key) for post in posts}
    skip = {place: why for place, why in options.skip.items() if place in places}
    return Part(
        run=run,
        site=site,
        settings=settings,
        posts=tuple(posts),
        positions=tuple(p.position for p in steps),
        agreed=tuple(p.step for p in steps),
        options=replace(options, skip=skip),
        allow=allow,
    )
