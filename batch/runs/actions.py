"""One changing act, from its intent to a certain end, and one step on its way through its acts to its one outcome.

The order that every promise rests on: the date is looked at, the intent is committed, the call is sent once, what came
back is committed, and only then is it decided what it means. Nothing is sent again before a look has shown that it did
not happen, unless it is known never to have arrived. What one step finds out about the site stops the others too: that
is the circuit breaker, which a site's run shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from batch.errors import JournalError, PostbatchError, ServiceError, SignInError
from batch.model import Act, Before, Content, Item, Outcome, OutcomeKind, Status, Step
from batch.plan.compare import content_changes, kept_fields, real_changes, same_second
from batch.plan.safety import refusal_of
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.items import certain_date
from batch.publisher.pace import RetryBudget, wait_seconds
from batch.publisher.payload import Clearing
from batch.publisher.reply import Reply, ReplyKind, refused_by_status
from batch.runs.control import Stop
from batch.runs.journal import REFUSAL, REFUSED_ONCE, Journal
from batch.runs.record import broken_outcome, done_outcome, not_run_outcome
from batch.runs.settle import (
    DEAD,
    ENDED,
    SPENDING,
    ActionResult,
    ActionStatus,
    Call,
    SiteReader,
    is_version,
    judge,
    settle,
    weigh,
)
from batch.wording import STATUS_WORDS, listed

MAX_TRIES = 6
MAX_UNCLEAR = 3
MAX_SECONDS = 600.0
"""Bounds on the repeats of one act, together, whichever comes first; an unclear answer costs two looks each time."""

GATEWAY_TRIES = 2
"""Tries of an act that a gateway refuses (a page with a 4xx and no word of the service): a third says the same."""

PRECONDITION = 428
"""On the calls of `SPENDING` it may mean plan, quota or date, or that the channel refuses this one post."""


UNCLEAR_IN_A_ROW = 3
"""This many posts in a row without a clear answer stop the site's run: the service is not well."""

SUSPECTS = frozenset({"INELIGIBLE_FOR_FEATURE", "HTTP_428"})
"""Codes by which the service refuses a plan, a quota or a date, or this one post's content."""

DOING = {Act.PUBLISH: "publishing", Act.SCHEDULE: "scheduling"}


@dataclass(slots=True)
class CircuitBreaker:
    """What has been found out while running that stops more than one post."""

    actions: dict[Act, ActionResult] = field(default_factory=dict)
    channels: dict[str, ActionResult] = field(default_factory=dict)
    suspected: dict[tuple[Act, str], dict[tuple[int, str], Step]] = field(default_factory=dict)
    unclear: int = 0

    def blocked(self, act: Act, step: Step) -> Outcome | None:
        """Return the outcome of a step whose next act is blocked, None where it may go."""
        result, what = self.actions.get(act), f"no more {DOING.get(act, act)} on this site"
        if result is None:
            result, what = self.channels.get(step.channel), f"nothing more on {step.channel}"
        if result is None:
            return None
        message = f"Not sent: {what}, since the service answered {result.message.rstrip('.')!r}."
        return broken_outcome(step, OutcomeKind.BLOCKED, code=result.code, message=message)

    def learn(self, act: Act, step: Step, result: ActionResult, *, context: SiteContext) -> None:
        """Take note of what an act's result means for the other posts."""
        if act in SPENDING and result.code in SUSPECTS:
            # It may be about this one post: only a second one with the same answer says something about the site.
            steps = self.suspected.setdefault((act, result.code), {})
            steps[step.row, step.key] = step
            if len(steps) > 1:
                self.actions[act] = result
            for one in steps.values() if len(steps) < 3 else ():
                name, refusal = f"{REFUSAL}{one.reference}", f"{refusal_of(one)} {result.code}"
                again = context.journal.fact(name) in (refusal, REFUSED_ONCE + refusal)
                told = refusal if again else REFUSED_ONCE + refusal
                context.remember_fact(name, told if len(steps) == 1 else "")
        elif result.status is ActionStatus.BLOCK_ACTION:
            self.actions[act] = result
        elif result.status is ActionStatus.BLOCK_CHANNEL:
            self.channels[step.channel] = result
        elif result.status is ActionStatus.STOP:
            context.stop.request(f"The service refused the credential: {result.message}")
        unclear = result.status in (ActionStatus.UNCLEAR, ActionStatus.NOT_DONE)
        self.count_unclear(unclear, "for {count} posts in a row, so nothing more was sent", context=context)

    def count_unclear(self, unclear: bool, what: str, *, context: SiteContext) -> None:
        """Count answers in a row that were not clear, and stop the site's run where they are too many."""
        self.unclear = self.unclear + 1 if unclear else 0
        if self.unclear >= UNCLEAR_IN_A_ROW:
            context.stop.request(f"The service gave no clear answer {what.format(count=UNCLEAR_IN_A_ROW)}.")


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What a run of one site works with. Clocks and waits are arguments, so that they can be played."""

    client: Client
    journal: Journal
    run: str
    now: Callable[[], datetime]
    clock: Callable[[], float]
    stop: Stop
    random: Callable[[], float]
    pause: Callable[[float], None]
    settle_seconds: float = 15.0
    budget: RetryBudget = field(default_factory=RetryBudget)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    say: Callable[[str], None] = lambda _text: None
    notice: Callable[[str], None] = lambda _text: None
    """Says what belongs into the run's results too."""

    @property
    def reader(self) -> SiteReader:
        """The ways to look at the site."""
        return SiteReader(self.client, self.pause, self.now, self.settle_seconds, as_sent=self.journal.as_sent)

    @property
    def call_window_seconds(self) -> float:
        """How long a call of another run may take, and the list to show what it did."""
        return self.client.deadline_seconds + self.settle_seconds

    def keep(self, write: Callable[[], None]) -> None:
        """Commit what is known. Where the journal can't take it the run stops, but what is known stays known."""
        try:
            write()
        except JournalError as error:
            self.stop.request(str(error))

    def note(self, intent: int, *, kind: str, code: str = "", item_id: str = "", status: str = "") -> datetime:
        """Commit a call's result and return when that was: the one time by which the post is told from then on."""
        at = self.now()
        self.keep(lambda: self.journal.record(intent, kind=kind, code=code, item_id=item_id, status=status, at=at))
        return at

    def remember_fact(self, name: str, value: str) -> None:
        """Keep what was found out about the site's service."""
        self.keep(lambda: self.journal.remember_facts({name: value}, at=self.now()))

    def remember_shown(self, step: Step, item: Item, *, kept: bool = False) -> None:
        """Keep how the service shows what it accepted, so that it is no change; `kept`: also fields it won't clear."""
        if item.id and step.account_id and not item.account_id:
            self.keep(lambda: self.journal.remember_account(item.id, step.account_id, at=self.now()))
        sent, shown = step.content, item.content
        names = kept_fields(shown, sent) if kept else ()
        real = [change for change in real_changes(shown, sent) if change.field not in names]
        if content_changes(shown, sent) and item.id and not real:
            self.keep(lambda: self.journal.remember_shown(item.id, sent=sent, shown=shown, at=self.now()))


CALLS: dict[Act, Callable[[Client, Step], Reply]] = {
    Act.CREATE: items.create_draft,
    Act.SCHEDULE: lambda client, step: items.schedule_item(client, step.item_id, at=certain_date(step)),
    Act.PUBLISH: lambda client, step: items.publish_item_now(client, step.item_id),
    Act.RESCHEDULE: lambda client, step: items.reschedule_item(client, step.item_id, at=certain_date(step)),
    Act.CANCEL: lambda client, step: items.cancel_item(client, step.item_id),
    Act.DELETE: lambda client, step: items.delete_item(client, step.item_id),
}
"""The one call of each act but UPDATE. A step that reaches it carries the ID of its item, but for CREATE."""


def carry_out(
    act: Act,
    step: Step,
    *,
    position: int,
    context: SiteContext,
    single_call: bool = False,
    clearing: Clearing = Clearing.NULL,
) -> ActionResult:
    """Do one act of a step and return how it ended. `single_call`: create and schedule in one call.

    NOT_DONE with an item says of a single call that it made the item and no more.
    Errors: JournalError where an intent can't be written (nothing was sent then).
    """
    if step.before is not None and act is not Act.CREATE:
        moved = _look_before(act, step, step.before, context=context)
        if moved is not None:
            return moved
    began, unclear = context.clock(), 0
    for number in range(1, MAX_TRIES + 1):
        # The rate limit may hold a call up for a minute, so the date is looked at after that wait and not before it.
        context.client.pace.until_free()
        if passed(act, step, context.now()):
            return date_passed(step)
        if unclear and context.stop.requested:
            break
        call = _send(act, step, position=position, context=context, single_call=single_call, clearing=clearing)
        reply = call.reply
        status = weigh(act, reply, repeated=unclear > 0, single_call=single_call)
        if status is ActionStatus.UNCLEAR:
            unclear += reply.kind is ReplyKind.UNCLEAR
            result = settle_call(call, context=context, last=number == MAX_TRIES or unclear == MAX_UNCLEAR)
            if result.status is not ActionStatus.NOT_DONE or (single_call and result.item is not None):
                return result
        elif status is not ActionStatus.NOT_DONE:
            return ActionResult(status, reply.item, reply.code, reply.message, call.ended_at)
        if reply.status == PRECONDITION and act in SPENDING and reply.kind is ReplyKind.UNCLEAR:
            break
        tries = GATEWAY_TRIES if refused_by_status(reply) is not reply else MAX_TRIES
        wait = wait_seconds(number, reply.retry_after_seconds, random=context.random)
        late = context.clock() - began + wait > MAX_SECONDS
        if unclear == MAX_UNCLEAR or number >= tries or late or not context.budget.take():
            break
        context.pause(wait)
        if context.stop.requested:
            break
    return _given_up(call, context=context)


def _send(act: Act, step: Step, *, position: int, context: SiteContext, single_call: bool, clearing: Clearing) -> Call:
    """Commit the intent, send the call once, commit what came back."""
    item_id = "" if single_call else step.item_id
    intent = context.journal.intend(
        context.run, position, act, reference=step.reference, item_id=item_id, at=context.now()
    )
    if act is Act.UPDATE:
        reply = items.update_item(context.client, step.item_id, step, clearing=clearing)
    else:
        reply = (items.create_scheduled if single_call else CALLS[act])(context.client, step)
    item, done = reply.item, reply.kind is ReplyKind.OK
    ended_at = context.note(
        intent,
        kind=reply.kind,
        code=reply.code,
        item_id=item.id if item else item_id if done else "",
        status=item.status if item else str(Status.DELETED) if done and act is Act.DELETE else "",
    )
    if done:
        context.budget.give_back()
        if item is not None and (act in (Act.CREATE, Act.UPDATE) or single_call):
            item = _with_content(item, step, context=context)
            reply = replace(reply, item=item)
            context.remember_shown(step, item)
    return Call(act, step, position, reply, intent, ended_at, single_call)


def _with_content(item: Item, step: Step, *, context: SiteContext) -> Item:
    """Return the item of an answer; where that has ID and state alone, what the site shows: a blank tells nothing."""
    if item.content != Content() or step.content == Content():
        return item
    cleared = kept_fields(step.before.content, step.content) if step.before else ()
    if not cleared and all(context.journal.fact(name) == AS_SENT for name in ("text", "media")):
        return replace(item, content=step.content)
    try:
        return items.get_item(context.client, item.id) or item
    except (ServiceError, SignInError):
        return item


def kept_notice(kept: Sequence[str], *, key: str) -> str:
    """Say which fields the service shows still though the row clears them, and what gets rid of them."""
    fields = listed([name.replace("_", " ") for name in kept], last="and")
    return (
        f"The service accepted the update but still shows the {fields}, which the row clears. To remove it, run with "
        f"`--replace {key}`: the post is made again without it, and this one is taken back."
    )


def update_item(step: Step, *, position: int, context: SiteContext) -> tuple[ActionResult, str]:
    """Update a step's item; return how it ended, and the notice of what the service kept though it was cleared."""
    before = step.before.content if step.before else Content()
    cleared = kept_fields(before, step.content)
    known = context.journal.fact(CLEARING_FACT) if cleared else ""
    ways = tuple(Clearing) if cleared and not known else (Clearing(known) if known in set(Clearing) else Clearing.NULL,)
    kept: tuple[str, ...] = ()
    for way in ways:
        result = carry_out(Act.UPDATE, step, position=position, context=context, clearing=way)
        if result.status is ActionStatus.REFUSED and result.code == "VALIDATION" and way is not ways[-1]:
            continue
        if result.status is not ActionStatus.DONE or result.item is None:
            return result, ""
        kept = kept_fields(result.item.content, step.content)
        if not kept:
            if cleared and not known:
                context.remember_fact(CLEARING_FACT, way)
            return result, ""
        now = context.journal.as_sent(result.item)
        step = replace(step, before=Before(now.status, now.scheduled_at, now.content))
    if cleared and not known:
        context.remember_fact(CLEARING_FACT, NOT_CLEARED)
    if result.item is not None:
        context.remember_shown(step, result.item, kept=True)
    return result, kept_notice(kept, key=step.key)


def settle_call(call: Call, *, context: SiteContext, last: bool) -> ActionResult:
    """Look until it is certain what happened; NOT_DONE: it may be sent again (`last`: there is no time to)."""
    (result,) = settle([call], reader=context.reader, wait_full_window=last)
    if result.status is ActionStatus.DONE and result.item is not None:
        item = result.item
        at = context.note(call.intent, kind="settled", code=call.reply.code, item_id=item.id, status=item.status)
        result = replace(result, at=at)
        # Another item has its place. Where that is dead, a draft that this run has not made is all there is.
        if call.competing and call.act is not Act.CREATE and (item.status not in DEAD or Act.CREATE in call.step.acts):
            drop_own_draft(call.step, position=call.position, context=context)
    return result


CLEARING_FACT = "clearing"
AS_SENT = "as_sent"
"""What a probe says of texts and media that are answered as they were sent."""
NOT_CLEARED = "not_cleared"
"""What is kept as the fact where no way of clearing a field works."""

MOVED = (
    "The post has been changed on the site since the plan was shown ({what}), so it was left as it is. Run again: the "
    "plan then shows what is there."
)


WRONG_ID = (
    "The site's list gives this post ({item_id}) or a second one like it an ID that is not its own, so nothing was "
    "sent. Run again: the list may be right by then."
)


def _look_before(act: Act, step: Step, before: Before, *, context: SiteContext) -> ActionResult | None:
    """Read an item right before an act, for a list may be old; None where it still is as the act was decided on."""
    try:
        item = context.reader.by_id(step.item_id)
        strange = context.reader.still_lists(step) if item is None else not is_version(item, step)
        # Nothing is sent out beside a duplicate that is not where the list says.
        others = step.duplicates if act in SPENDING and Act.CREATE not in step.acts else ()
        strange = strange or any(not is_version(context.reader.by_id(other), step) for other in others)
    except SignInError as error:
        return ActionResult(ActionStatus.STOP, code="SIGN_IN", message=str(error))
    except ServiceError as error:
        message = f"The post could not be read right before it was to be changed, so nothing was sent: {error}"
        return ActionResult(ActionStatus.NOT_DONE, code="UNREADABLE", message=message)
    if strange:
        return ActionResult(ActionStatus.CONFLICT, code="wrong_id", message=WRONG_ID.format(item_id=step.item_id))
    result = judge(act, step, item)
    if result.status is ActionStatus.REFUSED:
        return ActionResult(ActionStatus.REFUSED, item, "overtaken", f"It could not be done: {result.message}.")
    if result.status is ActionStatus.DONE or item is None:
        return result
    done_before = step.own_acts[: step.own_acts.index(act)] if act in step.own_acts else ()
    dates = [at for at in (before.scheduled_at, step.at) if at is not None]
    if item.status != before.status and not (Act.CANCEL in done_before and item.status in ENDED):
        was, now = (STATUS_WORDS.get(status, status) for status in (before.status, item.status))
        what = f"it was {was} and is {now}"
    elif item.scheduled_at is not None and not any(same_second(item.scheduled_at, at) for at in dates):
        what = f"its date is {item.scheduled_at}"
    elif (Act.UPDATE not in done_before or content_changes(item.content, step.content)) and (
        changes := content_changes(item.content, before.content)
    ):
        what = f"its {changes[0].field} is another"
    else:
        return None
    return ActionResult(ActionStatus.CONFLICT, item, "moved", MOVED.format(what=what))


def passed(act: Act, step: Step, now: datetime) -> bool:
    """Tell whether the date of an act has gone by: then it is refused and never caught up."""
    return act in (Act.SCHEDULE, Act.RESCHEDULE) and certain_date(step) <= now


def date_passed(step: Step) -> ActionResult:
    """Return the result of an act whose date has gone by."""
    message = (
        f"The time {step.local_time or step.at} had passed when its turn came, so it was not sent. "
        f"{'Run again: it gets the next free slot.' if step.slot else 'Give it a new date and run again.'}"
    )
    return ActionResult(ActionStatus.REFUSED, code="date_passed", message=message)


def _given_up(call: Call, *, context: SiteContext) -> ActionResult:
    """End an act that was tried often enough, or that a stop has cut off: not done, where that is certain."""
    reply = call.reply
    if reply.kind is ReplyKind.UNCLEAR:
        result = settle_call(call, context=context, last=True)
        if result.status is not ActionStatus.NOT_DONE:
            return result
    if reply.status == PRECONDITION and call.act in SPENDING:
        message = (
            "The service refused this post (HTTP 428) and did not say why: its channel may not take what it holds, or "
            "the site's plan or quota does not include it. Look at its text and media, then run again."
        )
        return ActionResult(ActionStatus.REFUSED, code=reply.code, message=message)
    message = f"Nothing was changed: {reply.message.rstrip('.')}."
    return ActionResult(ActionStatus.NOT_DONE, code=reply.code, message=message)


def withdraw(item: Item, step: Step, *, position: int, context: SiteContext) -> bool:
    """Take an item of a step back before it goes out; True where it won't. Errors: PostbatchError."""
    act = {str(Status.SCHEDULED): Act.CANCEL, str(Status.DRAFT): Act.DELETE}.get(item.status)
    if act is not None:
        before = Before(item.status, item.scheduled_at, item.content)
        own = replace(step, item_id=item.id, reference=item.reference, acts=(act,), before=before)
        carry_out(act, own, position=position, context=context)
    now = context.reader.by_id(item.id)
    return now is None or now.status in ENDED


def drop_own_draft(step: Step, *, position: int, context: SiteContext) -> None:
    """Delete the draft that this run made where another run's item has taken its place; a left draft harms nobody."""
    if not step.item_id:
        return
    try:
        own = context.reader.by_id(step.item_id)
        if own is not None and own.status == Status.DRAFT:
            withdraw(own, step, position=position, context=context)
    except PostbatchError as error:
        context.say(f"The draft {step.item_id}, which is not needed any more, could not be deleted: {error}")


def with_item(step: Step, item: Item | None) -> Step:
    """Return the step with the ID of its item, once it is known."""
    return step if item is None or not item.id else replace(step, item_id=item.id)


IMMINENT = timedelta(minutes=15)
"""A post that goes out this soon is treated like one that goes out now: there would be no time to take it back."""

DONE_BEFORE = {
    Act.CREATE: "made as a draft",
    Act.UPDATE: "updated",
    Act.RESCHEDULE: "rescheduled",
    Act.SCHEDULE: "scheduled",
    Act.PUBLISH: "published",
    Act.CANCEL: "cancelled",
    Act.DELETE: "deleted",
}
OUTCOMES = {
    ActionStatus.REFUSED: OutcomeKind.FAILED,
    ActionStatus.NOT_DONE: OutcomeKind.FAILED,
    ActionStatus.BLOCK_ACTION: OutcomeKind.BLOCKED,
    ActionStatus.BLOCK_CHANNEL: OutcomeKind.BLOCKED,
    ActionStatus.STOP: OutcomeKind.BLOCKED,
    ActionStatus.UNCLEAR: OutcomeKind.UNKNOWN,
    ActionStatus.CONFLICT: OutcomeKind.CONFLICT,
}
"""What is told of a step whose act did not end as done."""


@dataclass(slots=True)
class StepProgress:
    """A step, how far it has come, and its outcome once it has one; `in_flight`: a call for it may be under way."""

    position: int
    step: Step
    item: Item | None = None
    done: list[Act] = field(default_factory=list)
    outcome: Outcome | None = None
    in_flight: bool = False
    published_at: datetime | None = None

    @property
    def remaining(self) -> tuple[Act, ...]:
        """The acts that are still to be done, in order."""
        return tuple(act for act in self.step.own_acts if act not in self.done)

    @property
    def made(self) -> str:
        """The ID of the item that was made for it in this run, "" where none was."""
        return self.step.item_id if Act.CREATE in self.done else ""

    @property
    def replaces(self) -> bool:
        """Whether it has its draft and is still to take back what that replaces."""
        return self.outcome is None and Act.CREATE in self.done and bool(self.step.duplicates)

    def goes_out(self, within: timedelta, now: datetime) -> bool:
        """Tell whether a post goes out now or within this time."""
        return Act.PUBLISH in self.step.acts or (self.step.at is not None and self.step.at - now < within)

    def keep_item(self, item: Item | None) -> None:
        """Take note of a newer look at the step's item."""
        if item is not None:
            self.item = item
            self.step = with_item(self.step, item)

    def finish(self) -> None:
        """Give a step whose acts are all done its outcome."""
        if self.outcome is None and not self.remaining:
            last = self.done[-1] if self.done else Act.UPDATE
            self.outcome = done_outcome(self.step, self.item, last=last, published_at=self.published_at)

    def take(self, act: Act, result: ActionResult, *, single_call: bool = False) -> None:
        """Take note of how an act ended; a `single_call` was to make the item too, and may have done only that."""
        done = result.status is ActionStatus.DONE
        made = single_call and (done or (result.status is ActionStatus.NOT_DONE and result.item is not None))
        if made:
            self.done.append(Act.CREATE)
        if done:
            self.done.append(act)
        if made or done:
            self.keep_item(result.item)
        else:
            self.end(result)

    def end(self, result: ActionResult) -> None:
        """Give a step its outcome where an act did not end as done."""
        kind, message, item = OUTCOMES[result.status], result.message, result.item or self.item
        if self.done and kind is not OutcomeKind.UNKNOWN:
            message += f" Before that it was {' and '.join(DONE_BEFORE[act] for act in self.done)}."
        status = item.status if item else ""
        self.outcome = broken_outcome(self.step, kind, code=result.code, message=message, status=status)


def advance(progress: StepProgress, act: Act, *, context: SiteContext, single_call: bool = False) -> None:
    """Do the next act of a step; where it can't go on, give it its outcome."""
    if act not in progress.remaining or progress.outcome is not None:
        return
    if context.stop.requested:
        progress.outcome = not_run_outcome(progress.step, why=context.stop.reason, item_id=progress.made)
        return
    progress.outcome = context.breaker.blocked(act, progress.step)
    if progress.outcome is not None:
        return
    found = progress.item if Act.CREATE in progress.done else None
    if found is not None and judge(act, progress.step, found).status is ActionStatus.DONE:
        # It was found instead of made, and is further on than a draft.
        progress.done.append(act)
        return
    progress.in_flight = True
    try:
        notice = ""
        if act is Act.UPDATE:
            result, notice = update_item(progress.step, position=progress.position, context=context)
        else:
            result = carry_out(act, progress.step, position=progress.position, context=context, single_call=single_call)
    except PostbatchError:
        # Raised only where nothing was sent; anything else leaves it open, and the outcome has to say so.
        progress.in_flight = False
        raise
    progress.in_flight = False
    if notice:
        progress.step = replace(progress.step, warnings=(*progress.step.warnings, notice))
    if single_call and result.status is ActionStatus.NOT_DONE and result.item is not None:
        progress.take(act, result, single_call=True)
    else:
        take_result(progress, act, result, context=context, single_call=single_call)


def take_result(
    progress: StepProgress, act: Act, result: ActionResult, *, context: SiteContext, single_call: bool = False
) -> None:
    """Take note of how an act ended, for the step and for what it means for the others."""
    progress.take(act, result, single_call=single_call)
    if result.status is ActionStatus.DONE and act is Act.PUBLISH:
        progress.published_at = result.at or context.now()
    context.breaker.learn(act, progress.step, result, context=context)
