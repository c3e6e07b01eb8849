"""Rows times places over several sites and many accounts of one: killed, changed in between, and judged by the public.

    python tests/proof/places.py            50 scenarios
    python tests/proof/places.py --seed 7   one of them, and all that it says

Each scenario comes from a seed. The sandbox is a process of its own behind a real socket; the command runs in a process
of its own and sends itself SIGKILL at a random call or write of the journal. It is run again until it has nothing to
do; then the sheet or the table of places is changed, and all of that happens once more. What each place says is told
from every other by a mark that is only its own: in its words, its link, its hashtag, its picture and its accounts. The
judge reads the sandbox's own record of what became public, and works out by itself what should be there.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import random
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PIL import Image

from batch.sandbox.sites import ACCOUNTS
from tests.proof import scene
from tests.proof.kill_real import (
    MOST_RUNS,
    SERVERS,
    SETTLE_LAGGING_SECONDS,
    SETTLE_SECONDS,
    Site,
    run_child,
    running_site,
)
from tests.proof.killing import VIAS, Figures
from tests.proof.scene import Harm, Place
from tests.rig.published_log import PublicPost

SITES = {f"s{n}": f"5a11d0b0-0000-4000-8000-{n:012x}" for n in range(3)}
CHANNELS = ("FACEBOOK", "GBP", "LINKEDIN")
GROUPS = ("north", "south", "old")
MARK = re.compile(r"w\d\dw")
DEFAULTS: Mapping[str, Place] = {"FACEBOOK": scene.FACEBOOK, "GBP": scene.GBP, "LINKEDIN": scene.LINKEDIN}
OPTIONS = ("--places", "places.csv", "--no-page", "--allow-new", "9999")
TEMPLATES = (
    "New in {{city}}: mugs",
    "{{place}} opens at ten, call {{phone|030 000}}",
    "Soup for all of {{ City }}",
    "{{city}} and {{city}} again",
)
CHANGES = (
    "nothing",
    "a place is gone",
    "a place is renamed",
    "a group changes",
    "a word changes",
    "the row names others",
)


@dataclass(frozen=True)
class Shop:
    """A place: the `number` is in its mark, which is in all that is its own. `phone` may be blank."""

    number: int
    name: str
    site: str
    groups: tuple[str, ...]
    phone: str
    city: str
    own_accounts: bool

    @property
    def mark(self) -> str:
        return f"w{self.number:02}w"

    def account(self, channel: str) -> Place:
        """Return where its posts of a channel go: channel, account and page, location or author."""
        if not self.own_accounts:
            return DEFAULTS[channel]
        account, second = f"{channel.lower()}-{self.mark}", f"inside-{channel.lower()}-{self.mark}"
        return channel, account, account if channel == "LINKEDIN" else second

    def words(self, text: str) -> str:
        """Return a text with its own words, as a person would fill them in."""
        for name, value in (("city", self.city), ("City", self.city), ("place", self.name), ("phone", self.phone)):
            text = re.sub(rf"{{{{ ?{name} ?(?:\|([^}}]*))?}}}}", lambda found, v=value: v or found[1], text)  # type: ignore[misc] # the value of this turn
        return text


@dataclass(frozen=True)
class Line:
    """A row of the sheet. `cell` is what `places` holds; `own` are texts for one place, by its name."""

    key: str
    channels: tuple[str, ...]
    text: str
    cell: str
    at: datetime | None
    now: bool
    link: bool
    picture: bool
    tag: bool
    own: Mapping[str, str]

    def means(self, shops: Sequence[Shop]) -> list[Shop]:
        """Return the places that it names, worked out without the product."""
        named, _, left_out = self.cell.partition(" but ")

        def found(cell: str) -> set[str]:
            names = set(filter(None, cell.split(", ")))
            return {s.name for s in shops if "all" in names or s.name in names or names & set(s.groups)}

        return [shop for shop in shops if shop.name in found(named) - found(left_out)]


@dataclass(frozen=True)
class Wanted:
    """One post as it is to be; `at` None: at once, or a draft. `said` are its words and tags together."""

    site: str
    place: Place
    said: str
    link: str
    picture: str
    mark: str
    at: datetime | None
    draft: bool

    def looks(self) -> tuple[object, ...]:
        """Return by what two posts are the same: where, what and when; a link does not count."""
        return self.site, self.place, self.said, self.picture, self.at, self.draft


@dataclass
class Scenario:
    """Everything that a seed decides."""

    seed: int
    server: str
    via: str
    shops: tuple[Shop, ...]
    lines: tuple[Line, ...]
    change: str
    shops_after: tuple[Shop, ...]
    lines_after: tuple[Line, ...]
    kills: tuple[int, int]
    """At which call or write the first run of each half is killed, 0: not at all."""
    faults: list[dict[str, Any]]
    """What goes wrong in the very first run."""


def make_scenario(seed: int, *, server: str = "") -> Scenario:
    """Return the scenario of a seed."""
    dice = random.Random(seed)
    shops = tuple(_shop(dice, n) for n in range(dice.randint(4, 8)))
    start = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(hours=2)
    lines = tuple(_line(dice, n, shops, start) for n in range(dice.randint(2, 3)))
    via = dice.choice(VIAS)
    posts = sum(len(line.means(shops)) * len(line.channels) for line in lines)
    most = 30 + posts * (3 if via in ("auto", "bulk") else 8)
    change = dice.choice(CHANGES)
    shops_after, lines_after = _changed(dice, change, shops, lines)
    return Scenario(
        seed, server or dice.choice(list(SERVERS)), via, shops, lines, change, shops_after, lines_after,
        kills=(dice.randint(1, most), dice.choice((0, dice.randint(1, most)))),
        faults=_faults(dice),
    )  # fmt: skip


def _shop(dice: random.Random, number: int) -> Shop:
    """Return a place: the first ones are accounts of one site, the others sites of their own (one of them shared)."""
    own = number < 3 or dice.random() < 0.4
    site = "s0" if own else dice.choice(("s1", "s2"))
    groups = tuple(name for name in GROUPS if dice.random() < 0.5)
    phone = dice.choice(("", f"040 w{number:02}w"))
    return Shop(number, f"shop-w{number:02}w", site, groups, phone, f"Town w{number:02}w", own)


def _line(dice: random.Random, number: int, shops: Sequence[Shop], start: datetime) -> Line:
    some = dice.sample([shop.name for shop in shops], 2)
    used = sorted({group for shop in shops for group in shop.groups})
    cells = ["all", f"all but {some[0]}", ", ".join(some), *used, *(f"{group}, {some[0]}" for group in used)]
    when = dice.choice(("date", "date", "date", "now", "draft"))
    channels = tuple(dice.sample(CHANNELS, dice.randint(1, 2)))
    picture = dice.random() < 0.4
    line = Line(
        key=f"row-{number}",
        channels=channels,
        text=f"{dice.choice(TEMPLATES)} ({number})",
        cell=dice.choice(cells),
        at=start + timedelta(hours=7 * number + dice.randint(0, 6)) if when == "date" else None,
        now=when == "now",
        link=not picture and "GBP" not in channels and dice.random() < 0.7,
        picture=picture,
        tag=dice.random() < 0.4,
        own={some[1]: "Only here, in {{city}}"} if dice.random() < 0.3 else {},
    )
    return line if line.means(shops) else replace(line, cell="all")


def _changed(
    dice: random.Random, change: str, shops: tuple[Shop, ...], lines: tuple[Line, ...]
) -> tuple[tuple[Shop, ...], tuple[Line, ...]]:
    """Return the table and the sheet as somebody leaves them between two runs."""
    at = dice.randrange(len(shops))
    others = [shop for n, shop in enumerate(shops) if n != at]
    if change == "a place is gone":
        shops = tuple(others)
    elif change == "a place is renamed":
        renamed = replace(shops[at], name=f"shop-renamed-{shops[at].mark}")
        shops = tuple(renamed if n == at else shop for n, shop in enumerate(shops))
    elif change == "a group changes":
        moved = replace(shops[at], groups=tuple(name for name in GROUPS if name not in shops[at].groups))
        shops = tuple(moved if n == at else shop for n, shop in enumerate(shops))
    elif change == "a word changes":
        moved = replace(shops[at], city=f"Village {shops[at].mark}", phone=f"050 {shops[at].mark}")
        shops = tuple(moved if n == at else shop for n, shop in enumerate(shops))
    elif change == "the row names others":
        lines = (replace(lines[0], cell=f"all but {shops[at].name}"), *lines[1:])
    names = {shop.name for shop in shops}
    fitted = []
    for line in lines:
        cell = "all" if _named(line.cell) - names else line.cell  # a name that is gone is an error of its row
        own = {name: text for name, text in line.own.items() if name in names}
        line = replace(line, cell=cell, own=own)
        fitted.append(line if line.means(shops) else replace(line, cell="all"))
    return shops, tuple(fitted)


def _named(cell: str) -> set[str]:
    return {part for part in re.split(r", | but ", cell) if part.startswith("shop-")}


def _faults(dice: random.Random) -> list[dict[str, Any]]:
    kind = dice.choice(("none", "none", "made and lost", "made and lost", "refused by the door", "unreachable"))
    if kind == "made and lost":
        what = dice.choice(("reset_after", "drop_after", "cut", "garbage"))
        return [{"kind": what, "calls": ["changing"], "probability": 0.4, "seed": dice.randint(0, 99), "times": 3}]
    if kind == "refused by the door":
        return [{"kind": "status", "status": 403, "site": SITES["s1"]}]
    if kind == "unreachable":
        return [{"kind": "reset_before", "site": dice.choice(list(SITES.values()))}]
    return []


def picture_of(shop: Shop) -> bytes:
    """Return a place's own picture."""
    written = io.BytesIO()
    Image.new("RGB", (320, 320), (20 * shop.number + 5, 80, 160)).save(written, "PNG")
    return written.getvalue()


def write_sheet(folder: Path, shops: Sequence[Shop], lines: Sequence[Line]) -> None:
    """Write the sheet, the table of places and the pictures."""
    columns = [f"text:{name}" for name in sorted({name for line in lines for name in line.own})]
    head = ["key", "channel", "publish_at", "timezone", "text", "link", "hashtags", "media", "places", *columns]
    with (folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for line in lines:
            at = f"{line.at:%Y-%m-%d %H:%M}" if line.at else "now" if line.now else ""
            link, tag = "https://example.com/{{slug}}" * line.link, "#open #{{slug}}" * line.tag
            own = [line.own.get(column.removeprefix("text:"), "") for column in columns]
            picture = "{{photo}}" * line.picture
            writer.writerow(
                [line.key, ", ".join(line.channels), at, "UTC", line.text, link, tag, picture, line.cell, *own]
            )
    with (folder / "places.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        accounts = [f"account:{channel}" for channel in CHANNELS]
        writer.writerow(["place", "site", "groups", "city", "phone", "slug", "photo", *accounts])
        for shop in shops:
            (folder / f"{shop.mark}.png").write_bytes(picture_of(shop))
            named = [shop.account(channel)[1] if shop.own_accounts else "" for channel in CHANNELS]
            words = [shop.city, shop.phone, shop.mark, f"{shop.mark}.png"]
            writer.writerow([shop.name, shop.site, "; ".join(shop.groups), *words, *named])


def furnish(site: Site, scenario: Scenario, *, settle_seconds: float) -> Path:
    """Give every site its accounts, and return an empty folder with the configuration."""
    site.service.reset()
    for site_id in SITES.values():
        site.service.seed(site=site_id)
    accounts: dict[str, list[dict[str, Any]]] = {
        channel: [{**own, "settings": {"default": not n}} for n, own in enumerate(ACCOUNTS[channel])]
        for channel in CHANNELS
    }
    for shop in scenario.shops:
        for channel in CHANNELS if shop.own_accounts else ():
            _, account, second = shop.account(channel)
            inside = {"FACEBOOK": "page", "GBP": "location"}.get(channel)
            more = {inside: {"id": second, "displayName": f"In {account}"}} if inside else {}
            accounts[channel].append(
                {"id": account, "displayName": f"Of {account}", "settings": {"default": False}, **more}
            )
    site.service.seed(site=SITES["s0"], accounts=accounts)
    work = site.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    tables = "".join(f'[sites.{name}]\nsite_id = "{site_id}"\n' for name, site_id in SITES.items())
    top = f'settle_seconds = {settle_seconds}\ntimezone = "UTC"\ncalls_per_minute = 200\ndefault_site = "s0"\n'
    (work / "postbatch.toml").write_text(top + tables, encoding="utf-8")
    return work


def expect(shops: Sequence[Shop], lines: Sequence[Line]) -> dict[str, Wanted]:
    """Return what each post's reference is to look like."""
    wanted: dict[str, Wanted] = {}
    for line in lines:
        for shop in line.means(shops):
            for channel in line.channels:
                said = shop.words(line.own.get(shop.name, line.text)) + f" #open #{shop.mark}" * line.tag
                link = f"https://example.com/{shop.mark}" * line.link
                picture = hashlib.sha256(picture_of(shop)).hexdigest() * line.picture
                wanted[f"{line.key}/{shop.name}/{channel}"] = Wanted(
                    SITES[shop.site], shop.account(channel), said, link, picture, shop.mark, line.at,
                    draft=not (line.at or line.now),
                )  # fmt: skip
    return wanted


def renamed(before: Mapping[str, Wanted], after: Mapping[str, Wanted]) -> set[str]:
    """Return the references whose post is there already under a name that its row does not know any more."""
    left = {(key.split("/")[0], want.looks()) for key, want in before.items() if key not in after}
    return {key for key, want in after.items() if key not in before and (key.split("/")[0], want.looks()) in left}


def judge(
    public: Sequence[PublicPost],
    wanted: Mapping[str, Wanted],
    *,
    pictures: Mapping[tuple[str, str], str],
) -> Harm:
    """Judge what the public saw; `pictures` are the digests of the files by their site and address."""
    harm, seen = Harm(), Counter(shown.reference for shown in public)
    harm.lost = sum(not want.draft and not seen[reference] for reference, want in wanted.items())
    harm.doubled = sum(max(0, count - 1) for count in seen.values())
    for shown in public:
        want = wanted.get(shown.reference)
        if want is None or want.draft:
            harm.unasked += 1
            continue
        listed = shown.content.get("mediaWrapper", {}).get("media", [])
        files = [pictures.get((shown.site, medium["url"]), "unknown") for medium in listed]
        said, link = shown.text, str(shown.content.get("link", ""))
        if shown.channel == "LINKEDIN" and want.link:
            said, _, link = said.rpartition("\n \n")
        harm.wrong_place += (shown.site, shown.channel, shown.account_id, shown.second_id) != (want.site, *want.place)
        harm.wrong_text += (said.split(), link, files) != (want.said.split(), want.link, [want.picture] * bool(files))
        harm.wrong_text += bool(want.picture) != bool(files)
        harm.wrong_time += want.at is not None and shown.at != want.at
        marks = set(MARK.findall(json.dumps(shown.content)))
        harm.others_words += bool(marks - {want.mark}) or any(digest != want.picture for digest in files)
    return harm


@dataclass
class Play:
    """A scenario on its way: what was said, and whether the command came to rest."""

    site: Site
    scenario: Scenario
    log: list[str] = field(default_factory=list)
    killed: int = 0
    restless: str = ""

    def half(
        self,
        shops: Sequence[Shop],
        lines: Sequence[Line],
        *,
        kill_at: int,
        faults: Iterable[dict[str, Any]] = (),
        conflicts: Collection[str] = (),
    ) -> None:
        """Run a sheet, killed in its first run; then again without trouble until each post is unchanged.

        `conflicts` are those that are to be held back instead.
        """
        write_sheet(self.site.folder / "work", shops, lines)
        for fault in faults:
            self.site.service.add_fault(**fault)
        status = run_child(self.site, self.scenario.via, kill_at=kill_at or None, more=OPTIONS)
        self.killed += status == -signal.SIGKILL
        self.log.append(f"first run: {status}")
        self.site.service.clear_faults()
        expected = expect(shops, lines)
        left: list[str] = ["no run ended"]
        for _ in range(MOST_RUNS):
            status = run_child(self.site, self.scenario.via, more=OPTIONS)
            if status not in (0, 1, 3):
                left = [f"a run ended with {status}: {(self.site.folder / 'work/state.txt').read_text()[-500:]}"]
                break
            posts = json.loads((self.site.folder / "work/state.json").read_text(encoding="utf-8"))["posts"]
            if Counter(post["key"] for post in posts) != Counter(list(expected)):
                left = [f"{len(posts)} lines of results for {len(expected)} posts"]
                break
            wanted = {key: "conflict" if key in conflicts else "unchanged" for key in expected}
            others = [post for post in posts if post["outcome"] != wanted[post["key"]]]
            left = [f"{post['key']} {post['outcome']} {post['code']} {post['message']}" for post in others]
            self.log.append(f"run: {status}, {len(left)} of {len(posts)} not unchanged")
            if not left:
                return
        self.restless = f"still {left[:4]}"


def play_one(site: Site, scenario: Scenario, figures: Figures, *, lag_seconds: float, tell: bool = False) -> int:
    """Play a scenario and count what came of it; return how often its command was killed."""
    settle_seconds = SETTLE_LAGGING_SECONDS if lag_seconds else SETTLE_SECONDS
    furnish(site, scenario, settle_seconds=settle_seconds)
    play = Play(site, scenario)
    play.half(scenario.shops, scenario.lines, kill_at=scenario.kills[0], faults=scenario.faults)
    first, after = expect(scenario.shops, scenario.lines), expect(scenario.shops_after, scenario.lines_after)
    out = {post.reference for post in site.service.public()}
    held_back = renamed(first, after)
    if not play.restless:
        play.half(scenario.shops_after, scenario.lines_after, kill_at=scenario.kills[1], conflicts=held_back)
    # What is out stays as it was, and what a changed table or row no longer names stays as planned before.
    wanted = {**first, **after, **{key: first[key] for key in out if key in first}}
    wanted = {key: want for key, want in wanted.items() if key not in held_back}
    pictures = {(f["site"], str(f["url"])): str(f["sha256"]) for f in site.service.files()}
    site.service.move_clock(seconds=30 * 86400)
    harm = judge(site.service.public(), wanted, pictures=pictures)
    if not scenario.faults:
        counts = Counter((item.get("referenceId")) for item in site.service.items())
        harm.made_twice = sum(count - 1 for count in counts.values())
    site.service.set_clock(datetime.now(UTC))
    name = f"seed {scenario.seed} ({scenario.server}, {scenario.via}, {scenario.change})"
    figures.add(name, harm, restless=play.restless)
    if tell:
        print(name, *scenario.shops, *scenario.lines, scenario.kills, scenario.faults, *play.log, sep="\n")
        print((site.folder / "work/state.txt").read_text(encoding="utf-8"), harm, play.restless, sep="\n")
    return play.killed


def play_many(server: str, seeds: Collection[int]) -> tuple[Figures, int]:
    """Play the scenarios of one server's seeds; return their figures, and how many commands were killed."""
    figures, killed = Figures(), 0
    lag = float(str(SERVERS[server].get("query_lag_seconds", 0.0)))
    with running_site(server, sites=tuple(SITES.values())) as site:
        for seed in seeds:
            killed += play_one(site, make_scenario(seed, server=server), figures, lag_seconds=lag)
    return figures, killed


def prove(server: str, count: int) -> Figures:
    """Play a server's share of so many scenarios."""
    return play_many(server, range(list(SERVERS).index(server), count, len(SERVERS)))[0]


def main() -> int:
    """Play them; exit 1 where a figure is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--count", type=int, default=50)
    chosen = parser.parse_args()
    total, killed = Figures(), 0
    if chosen.seed is not None:
        server = list(SERVERS)[chosen.seed % len(SERVERS)]
        lag = float(str(SERVERS[server].get("query_lag_seconds", 0.0)))
        with running_site(server, sites=tuple(SITES.values())) as site:
            play_one(site, make_scenario(chosen.seed, server=server), total, lag_seconds=lag, tell=True)
        return int(not total.clean)
    shares = [range(n, chosen.count, len(SERVERS)) for n in range(len(SERVERS))]
    with ProcessPoolExecutor(2) as pool:
        for figures, kills in pool.map(play_many, SERVERS, shares):
            total.take(figures)
            killed += kills
    print(f"{killed} commands killed, {total}")
    return int(not total.clean)


if __name__ == "__main__":
    sys.exit(main())
