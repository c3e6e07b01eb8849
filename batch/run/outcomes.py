"""Words for what became of a step: pure functions from a step, and the item as last seen, to an Outcome."""

from __future__ import annotations

from dataclasses import replace

from batch.model import Act, Item, Outcome, OutcomeKind, Status, Step, StepKind

IDLE = {
    StepKind.UNCHANGED: OutcomeKind.UNCHANGED,
    StepKind.WAIT: OutcomeKind.UNCHANGED,
    StepKind.SKIP: OutcomeKind.SKIPPED,
    StepKind.INVALID: OutcomeKind.INVALID,
    StepKind.BLOCKED: OutcomeKind.BLOCKED,
    StepKind.CONFLICT: OutcomeKind.CONFLICT,
    StepKind.FAILED: OutcomeKind.FAILED,
}
"""What a step that changes nothing ends as."""

DONE = {
    StepKind.DRAFT: OutcomeKind.DRAFTED,
    StepKind.SCHEDULE: OutcomeKind.SCHEDULED,
    StepKind.PUBLISH: OutcomeKind.PUBLISHED,
    StepKind.RESCHEDULE: OutcomeKind.RESCHEDULED,
    StepKind.UPDATE: OutcomeKind.UPDATED,
    StepKind.CANCEL: OutcomeKind.CANCELLED,
    StepKind.DELETE: OutcomeKind.DELETED,
}
"""What a step that changes something ends as when all its acts are done."""

STATUS_AFTER = {
    Act.CREATE: Status.DRAFT,
    Act.SCHEDULE: Status.SCHEDULED,
    Act.RESCHEDULE: Status.SCHEDULED,
    Act.CANCEL: Status.CANCELED,
    Act.DELETE: Status.DELETED,
}
"""The state an item is in once an act is done, where the answer itself did not say."""

SAID = {
    OutcomeKind.DRAFTED: "A draft is on the site; nothing goes out until it gets a date.",
    OutcomeKind.PUBLISHED: "It is live.",
    OutcomeKind.UPDATED: "The post on the site now says what the row says.",
    OutcomeKind.CANCELLED: "It will not go out.",
    OutcomeKind.DELETED: "It is gone from the site.",
    OutcomeKind.PROCESSING: "The service has accepted it and is working on it; `postbatch status` asks again.",
}


def _line(step: Step, kind: OutcomeKind, **more: object) -> Outcome:
    outcome = Outcome(
        row=step.row,
        key=step.key,
        site=step.site,
        channel=step.channel,
        type=step.type,
        account=step.account_name or step.account,
        action=step.action,
        outcome=kind,
        status=step.found_status,
        publish_at=step.at,
        item_id=step.item_id,
        link=step.link,
        local_time=step.local_time,
        content=step.content,
        reference=step.reference,
        generated=step.generated,
        changes=step.changes,
    )
    return replace(outcome, **more)  # type: ignore[arg-type] # fields of Outcome, checked by its tests


def idle_outcome(step: Step) -> Outcome:
    """Return the outcome of a step that changes nothing."""
    return _line(step, IDLE[step.kind], code=step.code, message=_said(step.reason, step.warnings))


def done_outcome(step: Step, item: Item | None, *, last: Act) -> Outcome:
    """Return the outcome of a step whose acts are all done; `item` is what the service last showed of it."""
    status = item.status if item and item.status else str(STATUS_AFTER.get(last, ""))
    kind = DONE[step.kind]
    code = ""
    message = SAID.get(kind, "")
    if kind in (OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED):
        message = f"It goes out {step.local_time or step.at}."
    if last in (Act.PUBLISH, Act.SCHEDULE):
        if status in (Status.PROCESSING, Status.IN_QUEUE):
            kind, message = OutcomeKind.PROCESSING, SAID[OutcomeKind.PROCESSING]
        elif status == Status.FAILED:
            kind, code = OutcomeKind.FAILED, "FAILED"
            message = _channel_refusal(step, item)
        elif status == Status.PUBLISHED:
            kind, message = OutcomeKind.PUBLISHED, SAID[OutcomeKind.PUBLISHED]
    return _line(
        step,
        kind,
        status=status,
        code=code,
        message=_said(message, step.warnings),
        item_id=item.id if item else step.item_id,
        link=(item.link if item else "") or step.link,
        publish_at=step.at or (item.scheduled_at if item else None),
    )


def broken_outcome(
    step: Step, kind: OutcomeKind, *, code: str, message: str, item_id: str = "", status: str = "", link: str = ""
) -> Outcome:
    """Return the outcome of a step that did not come to its end."""
    return _line(
        step,
        kind,
        code=code,
        message=message,
        item_id=item_id or step.item_id,
        status=status or step.found_status,
        link=link or step.link,
    )


def not_run_outcome(step: Step, *, why: str, item_id: str = "", code: str = "") -> Outcome:
    """Return the outcome of a step that was not begun, or of which only the draft was made."""
    made = " A draft of it is on the site and will be used." if item_id and not step.item_id else ""
    return broken_outcome(
        step, OutcomeKind.NOT_RUN, code=code or "not_run", message=f"{why}{made} Run again to do it.", item_id=item_id
    )


def planned_outcome(step: Step) -> Outcome:
    """Return what a step would become, for showing a plan before it is done."""
    kind = DONE.get(step.kind) or IDLE[step.kind]
    return _line(step, kind, code=step.code, message=_said(step.reason, step.warnings))


def _channel_refusal(step: Step, item: Item | None) -> str:
    reason = item.error if item and item.error else "no reason was given"
    return f"The channel refused it: {reason}. Mend the row, then run with --again {step.key}."


def _said(message: str, warnings: tuple[str, ...]) -> str:
    return " ".join(part for part in (message, *warnings) if part)
