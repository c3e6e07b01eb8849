"""`pull`: what a site has scheduled and drafted now, as a sheet to edit and run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.commands.options import Environment, Flags
from batch.commands.session import SANDBOX_SAID, Session, refuse_to_lose
from batch.model import Account, Channel, Item, Status
from batch.plan.matching import split_reference
from batch.publisher.accounts import read_snapshot
from batch.publisher.items import query_items
from batch.rules.channels import COMBINATIONS
from batch.wording import counted
from batch.workbooks.posts_sheet import write_posts

EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED})
GONE_OUT = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
"""What `--all` adds. Failed, cancelled and deleted posts are never there: a row of theirs would ask to be made anew."""

LEFT_OUT_WORDS: Mapping[str, str] = {
    Status.PUBLISHED: "published", Status.PROCESSING: "in process", Status.IN_QUEUE: "waiting",
    Status.FAILED: "failed", Status.CANCELED: "cancelled", Status.DELETED: "deleted",
}  # fmt: skip


def pull_posts(environment: Environment, flags: Flags, out: Path, *, everything: bool, force: bool = False) -> int:
    """Write the site's drafts and scheduled posts (with `everything` published ones too) as a sheet."""
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(environment, flags, folder=path.parent) as session:
        session.start_sandbox()
        site = session.settings.site().name
        client = session.client(site)
        # What was made on the channel itself can't be changed from here.
        held = [item for item in query_items(client) if not item.external]
        statuses = EDITABLE | GONE_OUT if everything else EDITABLE

        def is_taken(item: Item) -> bool:
            return item.status in statuses and _is_known(item)

        taken = [item for item in held if is_taken(item)]
        channels = sorted({Channel(item.channel) for item in taken})
        accounts = read_snapshot(client, channels, now=environment.now(), site=site).accounts if channels else ()
        named = site if len(session.settings.sites) > 1 else ""
        write_posts(_posts_rows(taken, accounts, site=named, zone=session.settings.timezone_for(site) or "UTC"), path)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(f"{counted(len(taken), 'post')} written to {out}. Edit them there, then: postbatch plan {out}")
        left = Counter(
            LEFT_OUT_WORDS.get(item.status, item.status)
            if _is_known(item)
            else f"of a kind not known here ({item.channel} {item.type})"
            for item in held
            if not is_taken(item)
        )
        order = [*LEFT_OUT_WORDS.values(), *sorted(set(left) - set(LEFT_OUT_WORDS.values()))]
        if left:
            more = " (--all takes in what was published)" if left["published"] and not everything else ""
            listed = ", ".join(f"{left[word]:,} {word}" for word in order if left[word])
            session.show(f"Left out: {listed}{more}.")
        return 0


def _is_known(item: Item) -> bool:
    """Tell whether a row can name the item: a channel that is new to us can't be."""
    return (item.channel, item.type) in COMBINATIONS


def _posts_rows(
    items: Iterable[Item], accounts: Sequence[Account], *, site: str, zone: str
) -> list[Mapping[str, str | datetime]]:
    """Return the items as rows of the template, soonest first, drafts last; an account by a name that means only it."""
    taken = Counter((a.channel, name.casefold()) for a in accounts for name in {a.name, a.target_name, a.id} if name)
    names = {
        (str(a.channel), a.id, a.target_id): next(
            (name for name in (a.name, a.target_name) if name and taken[a.channel, name.casefold()] == 1), a.id
        )
        for a in accounts
    }
    far = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(items, key=lambda item: (item.scheduled_at or far, item.channel, item.id))
    return [_post_row(item, names, site=site, zone=zone) for item in ordered]


def _post_row(
    item: Item, names: Mapping[tuple[str, str, str], str], *, site: str, zone: str
) -> Mapping[str, str | datetime]:
    content = item.content
    row = {
        "key": split_reference(item.reference)[0],
        "site": site,
        "channel": item.channel,
        "type": item.type,
        "account": names.get((item.channel, item.account_id, content.target_id), item.account_id),
        "text": content.text,
        "title": content.title,
        "media": "\n".join(medium.url for medium in content.media),
        "link": content.link,
        "call_to_action": content.call_to_action,
        "privacy": content.privacy,
        "item_id": item.id,
    }
    if item.scheduled_at is not None:
        local = item.scheduled_at.astimezone(ZoneInfo(zone))
        shown = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
        again = local.replace(fold=1 - local.fold)
        # Where the wall clock alone would come twice, its offset tells which.
        row |= {
            "timezone": zone,
            "publish_at": shown if again.utcoffset() == local.utcoffset() else f"{shown}{local:%z}",
        }
    return {name: value for name, value in row.items() if value}
