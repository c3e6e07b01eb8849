"""`pull`: what the site holds now, as a sheet to edit and run; run unchanged it does nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.commands.files import refuse_to_lose
from batch.commands.session import SANDBOX_SAID, Flags, Session
from batch.commands.world import World
from batch.model import Account, Channel, Item, Status
from batch.plan.find import split_reference
from batch.publisher.items import query_items
from batch.publisher.snapshot import read_snapshot
from batch.rules.channels import COMBINATIONS
from batch.sheet.posts_sheet import write_posts

EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED})
GONE_OUT = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
"""What `--all` adds. Failed, cancelled and deleted posts are never there: a row of theirs would ask to be made anew."""

LEFT_OUT_WORDS: Mapping[str, str] = {
    Status.PUBLISHED: "published", Status.PROCESSING: "in process", Status.IN_QUEUE: "waiting",
    Status.FAILED: "failed", Status.CANCELED: "cancelled", Status.DELETED: "deleted",
}  # fmt: skip


def pull_posts(world: World, flags: Flags, out: Path, *, everything: bool, force: bool = False) -> int:
    """Write the site's drafts and scheduled posts (with `everything` published ones too) as a sheet."""
    path = (world.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(world, flags, folder=path.parent) as session:
        session.start_sandbox()
        site = session.settings.site().name
        client = session.client(site)
        held = query_items(client)
        items = [item for item in held if wanted(item, everything=everything)]
        channels = sorted({Channel(item.channel) for item in items if item.channel in Channel.__members__})
        accounts = read_snapshot(client, channels, now=world.now(), site=site).accounts if channels else ()
        named = site if len(session.settings.sites) > 1 else ""
        zone = session.settings.timezone_for(site)
        rows = posts_rows(items, accounts, site=named, zone=zone)
        write_posts(rows, path)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        count = f"{len(rows):,} {'post' if len(rows) == 1 else 'posts'}"
        session.show(f"{count} written to {out}. Edit them there, then: postbatch plan {out}")
        if left_out := tell_left_out(held, everything=everything):
            session.show(left_out)
        return 0


def wanted(item: Item, *, everything: bool) -> bool:
    """Tell whether an item goes into the sheet.

    What was made on the channel itself can't be changed from here, and a channel that is new to us can't be named.
    """
    known = (item.channel, item.type) in COMBINATIONS
    return known and not item.external and (item.status in EDITABLE or (everything and item.status in GONE_OUT))


def tell_left_out(items: Iterable[Item], *, everything: bool) -> str:
    """Return the sentence that counts what the sheet does not hold, "" where it holds all."""
    out = [item for item in items if not item.external and not wanted(item, everything=everything)]
    left = Counter(_left_out_as(item) for item in out)
    order = [*LEFT_OUT_WORDS, *sorted(set(left) - set(LEFT_OUT_WORDS))]
    counts = [f"{left[status]:,} {LEFT_OUT_WORDS.get(status, status)}" for status in order if left[status]]
    more = " (--all takes in what was published)" if not everything and left[Status.PUBLISHED] else ""
    return f"Left out: {', '.join(counts)}{more}." if counts else ""


def _left_out_as(item: Item) -> str:
    known = (item.channel, item.type) in COMBINATIONS
    return item.status if known else f"of a kind not known here ({item.channel} {item.type})"


def posts_rows(
    items: Iterable[Item], accounts: Sequence[Account], *, site: str, zone: str
) -> list[Mapping[str, str | datetime]]:
    """Return the items as rows of the template, soonest first, drafts last."""
    far = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(items, key=lambda item: (item.scheduled_at or far, item.channel, item.id))
    names = account_names(accounts)
    return [_row(item, names, site=site, zone=zone) for item in ordered]


def account_names(accounts: Iterable[Account]) -> dict[tuple[str, str, str], str]:
    """Return for each (channel, account ID, second ID) a name that means only it, else its ID."""
    accounts = list(accounts)
    taken = Counter((a.channel, name.casefold()) for a in accounts for name in {a.name, a.target_name, a.id} if name)
    return {
        (str(a.channel), a.id, a.target_id): next(
            (name for name in (a.name, a.target_name) if name and taken[a.channel, name.casefold()] == 1), a.id
        )
        for a in accounts
    }


def _row(item: Item, names: Mapping[tuple[str, str, str], str], *, site: str, zone: str) -> dict[str, str | datetime]:
    content = item.content
    account = names.get((item.channel, item.account_id, content.target_id), item.account_id)
    row: dict[str, str | datetime] = {
        "key": split_reference(item.reference)[0],
        "site": site,
        "channel": item.channel,
        "type": item.type,
        "account": account,
        "text": content.text,
        "title": content.title,
        "media": "\n".join(medium.url for medium in content.media),
        "link": content.link,
        "call_to_action": content.call_to_action,
        "privacy": content.privacy,
        "item_id": item.id,
    }
    if item.scheduled_at is not None:
        row["timezone"] = zone or "UTC"
        row["publish_at"] = wall_clock(item.scheduled_at, zone or "UTC")
    return {name: value for name, value in row.items() if value}


def wall_clock(at: datetime, zone: str) -> str:
    """Return a date as the sheet takes it; with its offset where the wall clock alone would come twice."""
    local = at.astimezone(ZoneInfo(zone))
    shown = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    naive = local.replace(tzinfo=None)
    again = naive.replace(tzinfo=ZoneInfo(zone), fold=1 - local.fold)
    return shown if again.utcoffset() == local.utcoffset() else f"{shown}{local:%z}"
