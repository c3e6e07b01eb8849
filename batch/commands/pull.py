"""`pull`: what a site has scheduled and drafted now, as a sheet to edit and run."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from batch.atomic import write_whole
from batch.commands.check import read_answers_file
from batch.commands.options import Environment, Flags
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, refuse_to_lose
from batch.commands.sites import ask_sites, tell_unread
from batch.commands.watch import known_posts
from batch.errors import EmptyError, JournalError, PostbatchError, StartError
from batch.model import Account, Channel, Item, Status
from batch.plan.approval import Answer
from batch.plan.matching import PENDING, split_reference
from batch.plan.select import read_day
from batch.publisher.accounts import read_connection
from batch.publisher.items import query_items
from batch.rules.channel_words import channel_named
from batch.rules.channels import COMBINATIONS
from batch.runs.journal import Journal
from batch.runs.record import is_as_written, note_results
from batch.sheets.read import read_sheet
from batch.wording import counted
from batch.workbooks.fix import cell_text
from batch.workbooks.template import write_posts
from batch.workbooks.validation import named_accounts

GONE_OUT = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
"""What `--all` adds. Failed, cancelled and deleted posts are never there: a row of theirs would post them again."""

LEFT_OUT_WORDS: Mapping[str, str] = {
    Status.PUBLISHED: "published", Status.PROCESSING: "in process", Status.IN_QUEUE: "waiting",
    Status.FAILED: "failed", Status.CANCELED: "cancelled", Status.DELETED: "deleted",
}  # fmt: skip


Cells = Mapping[str, str | datetime]
"""A row by our columns."""


@dataclass(frozen=True, slots=True)
class PullChoice:
    """Which posts are pulled. `everything`: published ones too; without `channels` all; days are in the site's zone."""

    everything: bool = False
    from_date: date | None = None
    until: date | None = None
    channels: frozenset[str] = frozenset()

    @classmethod
    def read(cls, *, everything: bool, from_date: str, until: str, channels: Iterable[str]) -> Self:
        """Read the options of the command line. Errors: StartError."""
        named = {name: channel_named(name) for name in channels}
        if unknown := [name for name, channel in named.items() if channel is None]:
            raise StartError(f"--channel {unknown[0]!r} isn't a channel. Channels are {', '.join(Channel)}.")
        return cls(
            everything,
            read_day(from_date, option="--from-date") if from_date else None,
            read_day(until, option="--until") if until else None,
            frozenset(map(str, named.values())),
        )

    def takes(self, item: Item, *, zone: str) -> bool:
        """Tell whether an item is meant; one without a date is only where no day is named."""
        if self.channels and item.channel not in self.channels:
            return False
        if self.from_date is None and self.until is None:
            return True
        day = item.scheduled_at.astimezone(ZoneInfo(zone)).date() if item.scheduled_at else None
        return day is not None and (self.from_date or day) <= day <= (self.until or day)


KEPT = ("notes", "campaign")
"""Columns that no site holds: a sheet that is pulled again keeps them."""


def pull_posts(
    environment: Environment, flags: Flags, out: Path, *, choice: PullChoice, answers: Sequence[str] = (),
    force: bool = False,
) -> int:  # fmt: skip
    """Write the drafts and scheduled posts of every site as one sheet. 1 where one of several sites can't be read.

    Notes stay: those of a sheet that is replaced, else those of the sheet that was run last. What people asked for on a
    plan's page comes beside them. A sheet that has all of it already isn't touched, and one that a person has edited is
    replaced only once a copy of it is there.
    """
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    given = [answer for name in answers for answer in read_answers_file(environment.cwd / name).given if answer.wish]
    old = _read_rows(path) if path.exists() else ()
    kept = {row.get("item_id", "").lower(): {name: row.get(name, "") for name in KEPT} for row in old}
    with Session(environment, flags, folder=path.parent) as session:
        session.start_sandbox()
        settings = session.settings
        for (_, item_id), post in known_posts(session).items():
            kept.setdefault(item_id, {name: post.cells.get(name, "") for name in KEPT})
        pulled, unread = ask_sites(session, session.every_site(), partial(_pull_site, session, choice=choice))
        tell_unread(session, unread, but="its posts are left out", among=pulled)
        rows = [_with_notes(row, kept, given, site=name) for name, site in pulled.items() for row in site.rows]
        left = sum((site.left for site in pulled.values()), Counter[str]())
        with session.status.waiting(lambda: f"Writing {path.name}"):
            written, copy = _put(session, rows, path, old=old)
        for site in {**dict.fromkeys(settings.sites if copy else ()), **pulled}:
            with Journal(session.journal(site)) as journal:  # only now: until then the sheet that is there counts
                if copy:
                    journal.keep_pulled(path, copy=copy)
                items = pulled[site].items if site in pulled else ()
                journal.remember_pulled(items, sheet=written or path, at=environment.now())
        out = out.with_name(written.name) if written else out
        environment.answer(
            {"written": str(out), "posts": len(rows), "left_out": dict(left), "unread_sites": len(unread)}
        )
        session.show(f"{'Written' if written else 'Unchanged'}: {out}, with {counted(len(rows), 'post')} to edit")
        if left:
            more = " (--all includes what is published)" if left["published"] and not choice.everything else ""
            order = [*LEFT_OUT_WORDS.values(), *sorted(set(left) - set(LEFT_OUT_WORDS.values()))]
            listed = ", ".join(f"{left[word]:,} {word}" for word in order if left[word])
            session.show(f"Left out: {listed}{more}.")
        session.show_next(session.next_command("plan", str(out)))
        return EXIT_ROWS if unread else EXIT_DONE


def _read_rows(path: Path) -> Sequence[Mapping[str, str]]:
    """Return the cells of a sheet that a pull would replace, by our columns. Errors: StartError."""
    try:
        sheet = read_sheet(path, hidden="include")
    except EmptyError:
        return []
    except PostbatchError as error:
        raise StartError(f"The notes in {path.name} can't be kept. {error} Give another name with --out.") from error
    return [{name: cell_text(sheet.cell(row, name)) for name in sheet.columns} for row in sheet.rows]


def _put(
    session: Session, rows: Sequence[Cells], path: Path, *, old: Sequence[Mapping[str, str]]
) -> tuple[Path | None, Path | None]:
    """Write the sheet; return where it is (None where the one that is there has it all) and the copy of an edited one.

    `old` are the rows that are there; without an ID they are a person's own and no reason to write. Errors: StartError.
    """
    copies: list[Path] = []

    def claim(place: Path, _draft: Path) -> bool:
        if place == path and place.exists() and not is_as_written(session.state, place):
            beside, copy = place.with_name(f"{place.stem}.before{place.suffix}"), partial(shutil.copyfile, place)
            free = write_whole(beside, copy, claim=lambda name, _: not name.exists(), failing=StartError)
            copies.append(free.path)
        return place == path or not place.exists()

    with TemporaryDirectory() as folder:
        write_posts(rows, draft := Path(folder) / path.name)
        new = {row["item_id"].lower(): row for row in _read_rows(draft)}
    there = {row.get("item_id", "").lower(): row for row in old}
    cells = ((there.get(name, {}).get(column, ""), cell) for name, row in new.items() for column, cell in row.items())
    if path.exists() and there.keys() - {""} == new.keys() and all(before == cell for before, cell in cells):
        return None, None
    written = write_posts(rows, path, claim=claim)
    for notice in written.notices:
        session.warn(notice)
    with suppress(JournalError):  # then it counts as edited, and a copy is kept next time
        note_results(session.state, written.path, "", sheet=path)
    for copy in copies:
        lost = sum(row.get("item_id", "").lower() not in new for row in old)
        which = f" {counted(lost, 'row')} of it can't be found in the new sheet by its ID." if lost else ""
        session.warn(f"{path.name} had been edited, so a copy of it is kept as {copy.name}.{which}")
    return written.path, next(iter(copies), None)


def _with_notes(row: Cells, kept: Mapping[str, Mapping[str, str]], given: Sequence[Answer], *, site: str) -> Cells:
    cells = dict(kept.get(str(row["item_id"]).lower(), {}))
    for answer in given:
        if answer.post.key == row.get("key") and answer.post.site == site:
            cells["notes"] = answer.beside(cells.get("notes", ""))
    return {**row, **{name: cell for name, cell in cells.items() if cell}}


class PulledSite(NamedTuple):
    """The items of a site, their rows, and how many posts of each other kind it holds."""

    items: Sequence[Item]
    rows: Sequence[Cells]
    left: Counter[str]


def _pull_site(session: Session, site: str, *, choice: PullChoice) -> PulledSite:
    client, zone = session.client(site), session.settings.timezone_for(site) or "UTC"
    statuses = PENDING | GONE_OUT if choice.everything else PENDING
    taken: list[Item] = []
    left: Counter[str] = Counter()
    for item in query_items(client):
        if item.external:  # what was made on the channel itself can't be changed from here
            continue
        if (item.channel, item.type) not in COMBINATIONS:  # a row can't name what is new to us
            left[f"of an unknown kind ({item.channel} {item.type})"] += 1
        elif item.status not in statuses:
            left[LEFT_OUT_WORDS.get(item.status, item.status)] += 1
        elif choice.takes(item, zone=zone):
            taken.append(item)
    channels = sorted({Channel(item.channel) for item in taken})
    accounts = [account for channel in channels for account in read_connection(client, channel).accounts]
    named = site if len(session.settings.sites) > 1 else ""
    return PulledSite(taken, _posts_rows(taken, accounts, site=named, zone=zone), left)


def _posts_rows(items: Iterable[Item], accounts: Sequence[Account], *, site: str, zone: str) -> list[Cells]:
    """Return the items as rows of the template, soonest first, drafts last; an account by a name that means only it."""
    names = {(str(account.channel), account.id, account.target_id): name for name, account in named_accounts(accounts)}
    far = datetime.max.replace(tzinfo=UTC)
    rows: list[Cells] = []
    for item in sorted(items, key=lambda item: (item.scheduled_at or far, item.channel, item.id)):
        content, at = item.content, item.scheduled_at and item.scheduled_at.astimezone(ZoneInfo(zone))
        row = {name: getattr(content, name) for name in ("text", "title", "link", "call_to_action", "privacy")} | {
            "key": split_reference(item.reference)[0],
            "site": site,
            "channel": item.channel,
            "type": item.type,
            "account": names.get((item.channel, item.account_id, content.target_id), item.account_id),
            "media": "\n".join(medium.url for medium in content.media),
            "item_id": item.id,
        }
        if at:
            # Where the wall clock alone would come twice, its offset tells which.
            once = at.replace(fold=1 - at.fold).utcoffset() == at.utcoffset()
            form = "%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M"
            row |= {"timezone": zone, "publish_at": at.strftime(form if once else f"{form}%z")}
        rows.append({name: value for name, value in row.items() if value})
    return rows
