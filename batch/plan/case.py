"""One post beside what was found of it, and the step that is made of the two.

A case only reads: it is put together by reconcile.py, which knows the site, and decided by steps.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from batch.model import Account, Act, Before, Change, Content, Generate, Item, Post, Step, StepKind
from batch.plan.accounts import shown_account
from batch.plan.compare import content_changes, date_change, shown_time
from batch.plan.decisions import Refusal, Wanted


class Case(NamedTuple):
    """Everything that one decision needs: the post, its item (None = not there), its account and its whole content."""

    post: Post
    wanted: Wanted
    site: str
    now: datetime
    reference: str
    content: Content
    item: Item | None = None
    account: Account | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The item's state, "" where there is none."""
        return self.item.status if self.item else ""

    @property
    def date(self) -> datetime:
        """The date of the row; asked only where the row has one."""
        if self.post.publish_at is None:
            raise ValueError(f"row {self.post.row} wants a date and has none")
        return self.post.publish_at

    @property
    def passed(self) -> bool:
        """Whether the row's date lies behind."""
        return self.date <= self.now

    def changes(self) -> tuple[Change, ...]:
        """Return the content that differs from the item's; nothing where there is no item."""
        return content_changes(self.item.content, self.content) if self.item else ()

    def move(self) -> Change | None:
        """Return the change of the date, None where it is the same."""
        old = self.item.scheduled_at if self.item else None
        return date_change(old, self.date, timezone=self.post.timezone)

    def when(self) -> str:
        """Return the row's date as a person reads it."""
        return self.post.local_time or shown_time(self.post.publish_at, timezone=self.post.timezone)

    def there(self) -> str:
        """Return the item's own date as a person reads it."""
        return shown_time(self.item.scheduled_at if self.item else None, timezone=self.post.timezone)


def make_step(
    case: Case,
    kind: StepKind,
    reason: str,
    *,
    acts: tuple[Act, ...] = (),
    at: datetime | None = None,
    changes: tuple[Change, ...] = (),
    code: str = "",
    warnings: tuple[str, ...] = (),
) -> Step:
    """Return the step of a case; what it holds of post, item and account is the same for every decision."""
    post, item, account = case.post, case.item, case.account
    return Step(
        row=post.row,
        key=post.key,
        reference=case.reference,
        site=case.site,
        channel=str(post.channel or ""),
        type=str(post.type or ""),
        kind=kind,
        reason=f"{reason}{_picture_made(case) if Act.CREATE in acts else ''}",
        acts=acts,
        account_id=account.id if account else (item.account_id if item else ""),
        account_name=shown_account(account) if account and account.id else "",
        target_id=case.content.target_id,
        at=at,
        local_time=_local_time(post, at),
        content=case.content,
        item_id=item.id if item else "",
        found_status=case.status,
        link=item.link if item else "",
        changes=changes,
        before=Before(item.status, item.scheduled_at, item.content) if acts and item else None,
        code=code,
        warnings=(*case.warnings, *warnings),
        action=str(post.action or ""),
        account=post.account,
        generated=_words_were_made(post),
    )


def _local_time(post: Post, at: datetime | None) -> str:
    """Return the step's own date as a person reads it: the row's words say it only where it is the row's date."""
    return post.local_time if at in (None, post.publish_at) else shown_time(at, timezone=post.timezone)


def _words_were_made(post: Post) -> bool:
    """Tell whether the post's words come from the service: a person's own are never shown as such."""
    if post.generation is None or post.generation.kind is Generate.IMAGE:
        return False
    return not any(issue.code == "generate_and_text" for issue in post.errors)


def _picture_made(case: Case) -> str:
    """Tell where a picture that the service made can be looked at before it is sent."""
    generation, media = case.post.generation, case.content.media
    if generation is None or generation.kind is not Generate.IMAGE or not media:
        return ""
    return f" Its first picture was generated: {media[0].source or media[0].url}"


def refuse(case: Case, refusal: Refusal) -> Step:
    """Return the step that does nothing, with its reason."""
    return make_step(case, refusal.kind, refusal.reason, code=refusal.code, at=case.post.publish_at)
