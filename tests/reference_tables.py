"""Makes the reference's tables of columns and channels from the code's own, so that they can't say anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from batch.model import CHANNEL_COLUMNS, COLUMNS, Action, Channel, Generate, PostType
from batch.rules.channels import (
    CALLS_TO_ACTION,
    CHANNEL_LABELS,
    COMBINATIONS,
    DEFAULT_TYPE,
    ENDED,
    PRIVACY_LEVELS,
    TYPES,
    Combination,
    Limit,
)
from batch.rules.columns import ASSET_TYPES
from batch.rules.content import FIELDS
from batch.wording import listed


def _words(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words)


def _channels_with(field: str) -> str:
    """Return the channels that have a field, as a person lists them."""
    names: list[str] = []
    for channel, types in TYPES.items():
        having = [c for t in types if getattr(c := COMBINATIONS[channel, t], field) is not None]
        names += [CHANNEL_LABELS[channel]] if len(having) == len(types) else [c.name for c in having]
    return listed(names, last="and")


COLUMN_NOTES: Mapping[str, str] = MappingProxyType({
    "key": "The post's own short name, which never changes and is unique within a site. Blank: one is derived from "
    "what the post is (not from its date).",
    "action": (
        f"Blank: make the post match the row. Or {_words(Action)}, in any case. Other forms of the verb count where "
        "nothing is final (`scheduled`, `skipping`); those of `publish`, `cancel` and `delete` are asked about."
    ),
    "site": "The site's name in the configuration. Blank: the only or the default one.",
    "channel": f"{_words(Channel)}, in any case, and names such as X or Google Business Profile. Several, separated by "
    "commas, make a post for each.",
    "type": f"{_words(PostType)}. Blank: the channel's usual one (`{DEFAULT_TYPE[Channel.YOUTUBE]}` on YouTube, else "
    f"`{PostType.POST}`).",
    "account": "The account's ID or name, or the name of its page, board or location. Blank: the default account.",
    "publish_at": (
        "A date cell, or a date and time with one reading: `2026-12-01 09:30`, `25.12.2026 9:30`, "
        "`Dec 25, 2026 9:30 pm`, `2026年12月25日 9:30`; an offset or a zone may follow. Or `now`, or `slot`: the "
        "account's next free time (see Slots). Blank: a draft."
    ),
    "timezone": "An IANA name such as `Europe/Berlin`. Blank: the site's or the configuration's.",
    "text": "The caption or description.",
    "title": f"{_channels_with('title')}.",
    "media": "Public addresses, or files relative to the sheet's folder; several on separate lines or separated by "
    "`\\|`, in order; commas and semicolons separate where nothing else can be meant.",
    "hashtags": "Put after the text with a blank line between, and counted with it: `#clay #studio`, or `clay studio`.",
    "places": "One post for each of these places: names, groups, `all`, `all but berlin` (see Places). Blank: one "
    "post.",
    "repeat": "`weekly until 2027-03-31`, `weekly mon, thu 6 times`, `every 2 weeks 5 times`, `monthly until "
    "2027-12-31`: a post for each date, with the key `tip/2026-12-07`.",
    "campaign": "For links that are tagged, as `{campaign}`.",
    "link": f"{_channels_with('link')}.",
    "call_to_action": f"{_channels_with('call_to_action')}: {_words(CALLS_TO_ACTION.values)}.",
    "privacy": f"{_channels_with('privacy')}: {_words(PRIVACY_LEVELS.values)}.",
    "generate": f"{_words(Generate)}: what the service is to write or draw. Blank: nothing.",
    "prompt": "For `generate`: the subject, or what to change in the picture.",
    "asset": "For `generate` = `post`: something on the site by its name, as in `product: Blue mug` (also `category`, "
    f"`coupon`, `post`, `event`, `service`), or as `TYPE:id`; the types are {_words(ASSET_TYPES)}.",
    "tone": "For `generate` = `caption`: how it is to sound, such as `playful`.",
    "language": "For `generate` = `caption`: two letters, such as `en`.",
    "item_id": "The ID of an existing post, where known; it wins over `key`.",
    "approved": "With `--approved-only`, only rows with `yes` run, and only with the content that the first run saw.",
    "notes": "For people. Never sent.",
})  # fmt: skip
"""What each column of the sheet holds."""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def columns_table() -> str:
    """Return the sheet's columns as a Markdown table."""
    rows = [[f"`{column}`", _with_channels(column)] for column in COLUMNS]
    return _table(("column", "what it holds"), rows)


def _with_channels(column: str) -> str:
    """Return a column's note; where the column may stand once more for one channel, with an example of that."""
    if column not in CHANNEL_COLUMNS:
        return COLUMN_NOTES[column]
    channel = next(pair[0] for pair, fields in FIELDS.items() if column in fields)
    return f"{COLUMN_NOTES[column]} A column `{column}:{channel}` counts before it for that channel."


def channels_table() -> str:
    """Return what each channel and type takes as a Markdown table; `*` marks what only the network says."""
    headings = ("channel", "type", "text", "title", "link", "media", "also")
    return _table(headings, (_row(combination) for combination in COMBINATIONS.values()))


def _row(combination: Combination) -> list[str]:
    return [
        f"`{combination.channel}`",
        f"`{combination.type}`",
        _text(combination),
        _title(combination),
        _link(combination),
        _media(combination),
        _also(combination),
    ]


def _shown(limit: Limit) -> str:
    return f"{limit.shown} {limit.unit}{'' if limit.documented else ' *'}"


def _text(combination: Combination) -> str:
    rule = combination.text
    limits = [_shown(limit) for limit in (rule.most, rule.hashtags, rule.mentions) if limit]
    if rule.forbidden:
        limits.append(f"no {_words(rule.forbidden.values)}{'' if rule.forbidden.documented else ' *'}")
    return ", ".join(limits) or "none"


def _title(combination: Combination) -> str:
    rule = combination.title
    return f"{_shown(rule.most)}{', needed' if rule.needed else ''}" if rule else "none"


def _link(combination: Combination) -> str:
    rule = combination.link
    if rule is None:
        return "none"
    return _shown(rule.most) if rule.most else "yes"


def _media(combination: Combination) -> str:
    rule = combination.media
    kinds = listed({"IMAGE": "pictures", "VIDEO": "videos"}[kind] for kind in rule.kinds.values)
    count = f"{rule.least.shown if rule.least else '0'} to {rule.most.shown}"
    if rule.least and rule.least.value == rule.most.value:
        count, kinds = rule.most.shown, kinds.replace("pictures", "picture").replace("videos", "video")
    parts = [f"{count} {kinds}{'' if rule.most.documented else ' *'}"]
    if rule.most_videos:
        parts.append(f"{rule.most_videos.shown} video at most{'' if rule.most_videos.documented else ' *'}")
    if rule.one_kind:
        parts.append(f"not mixed{'' if rule.one_kind.documented else ' *'}")
    return ", ".join(parts)


def _also(combination: Combination) -> str:
    parts = [f"`{name}`" for name in ("call_to_action", "privacy") if getattr(combination, name)]
    if combination.second_id:
        parts.append(f"the account's {combination.second_id}")
    last = ENDED.get(combination.channel)
    if last:
        parts.append(f"ended after {last.day} {last:%B %Y}")
    return ", ".join(parts)
