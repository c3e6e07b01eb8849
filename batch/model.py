"""The vocabulary of the project: frozen values, and nothing that reads a clock, a file or the network.

A sheet is read into `Row`s; a checked row becomes one `Post` for each channel; each post becomes exactly one `Step` of
a `Plan`; each step ends as exactly one `Outcome`. Nothing on that way is dropped: a row that is wrong is a post with
issues, a step that refuses, and an outcome that says so. All date-times are aware and in UTC except where a name says
`wall` (what a person wrote, without a zone).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from pandas import DataFrame

Json = dict[str, Any]
FORM: Json = {"strict": True, "extra": "forbid"}
"""How pydantic reads a file's values (codec.py): nothing is converted, and nothing unknown is passed over."""


class _WithZone:
    """Tells pydantic, where it reads a date-time, that one without a zone is none."""

    @staticmethod
    def __get_pydantic_core_schema__(kind: type, handler: Callable[[type], Json]) -> Json:
        return handler(kind) | {"tz_constraint": "aware"}


Instant = Annotated[datetime, _WithZone]
"""An aware date-time."""

Cell = str | datetime
"""A cell as read: trimmed text, or a naive `datetime` where the workbook holds a real date cell."""


class Channel(StrEnum):
    """The social channels, by the names of the API."""

    INSTAGRAM = "INSTAGRAM"
    FACEBOOK = "FACEBOOK"
    YOUTUBE = "YOUTUBE"
    LINKEDIN = "LINKEDIN"
    TWITTER = "TWITTER"
    PINTEREST = "PINTEREST"
    GBP = "GBP"
    TIKTOK = "TIKTOK"


class PostType(StrEnum):
    """What kind of post a channel shows it as."""

    POST = "POST"
    STORY = "STORY"
    REEL = "REEL"
    VIDEO = "VIDEO"
    SHORT = "SHORT"


class Action(StrEnum):
    """What the `action` column may ask for. A blank action is `None`: bring the post to what the row says."""

    DRAFT = "draft"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    DELETE = "delete"
    SKIP = "skip"


class Generate(StrEnum):
    """What the `generate` column may ask for."""

    CAPTION = "caption"
    POST = "post"
    IMAGE = "image"


class Status(StrEnum):
    """The states of an item. A state that the service adds later stays plain text in `Item.status`."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PROCESSING = "PROCESSING"
    IN_QUEUE = "IN_QUEUE"
    PUBLISHED = "PUBLISHED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    DELETED = "DELETED"


COLUMNS = (
    "key", "action", "site", "channel", "type", "account", "publish_at", "timezone", "text", "title", "media",
    "hashtags", "places", "repeat", "campaign", "link", "call_to_action", "privacy", "generate", "prompt", "asset",
    "tone", "language", "item_id", "approved", "notes",
)  # fmt: skip
"""The sheet's own columns, in the template's order."""

CHANNEL_COLUMNS = ("text", "title", "media", "link")
"""Columns that may stand again for one channel only, as in `text:INSTAGRAM`."""

PLACE_COLUMNS = (*CHANNEL_COLUMNS, "hashtags", "prompt")
"""Columns that may stand again for one place only (`text:berlin`), and in which a place's words are filled in."""

RESULT_COLUMNS = (
    "row", "key", "site", "channel", "type", "account", "action", "outcome", "status", "publish_at_utc", "item_id",
    "link", "code", "message", "warnings",
)  # fmt: skip
"""The first columns of every results sheet, in this order; the sheet's own columns follow."""


class Severity(StrEnum):
    """An error keeps its row from being sent; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something about a row that a person has to know or correct.

    `row` is the sheet's own number (the first row under the headings is 2), None for the whole sheet; `column` is
    one of ours or the heading as written; `code` is a stable word such as `text_too_long`; `seen` is the cell as it was
    read, shortened; `message` is one sentence that ends with the remedy; `cell` is the address (`I14`) where known;
    `fix` is what the whole cell should hold where there is exactly one remedy, None where there are several or none;
    `place` names where the row's post has it, "" where it has it everywhere.
    """

    row: int | None
    column: str
    code: str
    seen: str
    message: str
    severity: Severity = Severity.ERROR
    cell: str = ""
    fix: str | None = None
    place: str = ""


class Row(NamedTuple):
    """A line of the sheet: its own row number, and its cells in the order of `Sheet.headings` ("" where blank)."""

    number: int
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SheetRows:
    """A sheet as read, before any rule is applied.

    `columns` maps each of our columns that is there (`text:INSTAGRAM` and `text:berlin` too) to its position; other
    columns stay in `headings` and `Row.values` and are only carried along. `issues` are what reading itself found wrong
    (error cells, cut numbers, formulas without a value, too many cells).
    """

    name: str
    tab: str
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    rows: tuple[Row, ...]
    issues: tuple[Issue, ...]
    notices: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of headings, row numbers and cells: one for the same sheet, whatever its format."""
        digest = sha256("\x1f".join(self.headings).encode())
        for number, values in self.rows:
            cells = "\x1f".join([value if isinstance(value, str) else value.isoformat(" ") for value in values])
            digest.update(f"\x1e{number}\x1f{cells}".encode())
        return digest.hexdigest()

    def cell(self, row: Row, column: str) -> Cell:
        """Return the cell of one of our columns, "" where the column is not there or the cell is blank."""
        at = self.columns.get(column)
        return "" if at is None or at >= len(row.values) else row.values[at]

    def text(self, row: Row, column: str) -> str:
        """Return the cell as text; a real date cell in a text column comes as ISO 8601."""
        value = self.cell(row, column)
        return value if isinstance(value, str) else value.isoformat(" ")


@dataclass(frozen=True, slots=True)
class Medium:
    """One picture or video of a post.

    `source` is what the sheet says (an address or a relative path); `kind` is `IMAGE`, `VIDEO` or "" while unknown;
    `url` is its address in the site's Media Manager, "" until it is there; `identity` names its content (`sha256:...`
    for a file, the address for a URL), by which it goes up once only; `size_bytes` is None where unknown.
    """

    source: str
    kind: str = ""
    url: str = ""
    identity: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says and shows, the same for a wanted post and for an item that the site holds.

    `target_id` is the second ID that some channels need (page, board, location, author, channel), "" where none.
    """

    __pydantic_config__: ClassVar[Json] = FORM
    text: str = ""
    title: str = ""
    media: tuple[Medium, ...] = ()
    link: str = ""
    call_to_action: str = ""
    privacy: str = ""
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """What a row asks the service to write or draw for it; the thing it is about is named by its ID or its name."""

    kind: Generate
    prompt: str = ""
    asset_type: str = ""
    asset_id: str = ""
    tone: str = ""
    language: str = ""
    asset_name: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A checked row for one channel and, where it names places, for one of them (`place`).

    `series` is the row's own key where the row makes several posts by its places or dates, "" elsewhere. `slots` are
    the times of the week (`Mon 09:00`) of which it is to take the next free one, empty where it has a date or none.

    Where `issues` holds an error the post is never sent, and its other fields are what could still be told (`channel`
    and `type` are None where the row did not say). `key` is the person's name for it or a derived one (`key_derived`);
    `publish_at` is None for a draft and for `now`; `account` is as written ("" = the channel's default one).
    `local_time` is the wall clock and zone as a person reads it (`2026-12-01 09:30 Europe/Berlin`).
    """

    row: int
    key: str
    site: str
    channel: Channel | None
    type: PostType | None
    account: str = ""
    action: Action | None = None
    publish_at: Instant | None = None
    now: bool = False
    local_time: str = ""
    timezone: str = ""
    content: Content = Content()
    generation: Generation | None = None
    item_id: str = ""
    approved: bool = False
    key_derived: bool = False
    issues: tuple[Issue, ...] = ()
    place: str = ""
    series: str = ""
    slots: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that keep this post from being sent."""
        return tuple(i for i in self.issues if i.severity is Severity.ERROR) if self.issues else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its other issues say, which stop nothing."""
        return tuple(i.message for i in self.issues if i.severity is Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Item:
    """What the site holds: one entry of Query Items, with the fields this project uses.

    `status` is one of `Status` or, leniently, whatever text the service sent. `reference` is its `referenceId`.
    `error` is why it failed on the channel, "" where it did not. `external` items were made on the channel itself.
    `insights` are the service's own figures (reach and the like), under its names, as they came.
    `kept` names the fields that the site still shows though they were cleared; `content` is without them.
    """

    id: str
    channel: str
    type: str
    status: str
    account_id: str = ""
    reference: str = ""
    scheduled_at: Instant | None = None
    content: Content = Content()
    link: str = ""
    error: str = ""
    external: bool = False
    insights: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account of one channel: its ID, the names by which a row may call it, and its second ID.

    `name` is the user name or display name; `target_id` and `target_name` are its page, board, location, author or
    channel; `privacy_options` is TikTok's list of what this account allows.
    """

    channel: Channel
    id: str
    name: str = ""
    target_id: str = ""
    target_name: str = ""
    default: bool = False
    privacy_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of one action (`PUBLISH_POST` or `SCHEDULE_POST`) on a site's plan; `left` None = not metered."""

    action: str
    enabled: bool = True
    limit: int | None = None
    left: int | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was read of one site before planning.

    `connections` says for each channel asked `VALID`, `NEVER_CREATED`, `DISCONNECTED`, `INVALID`, or the code with
    which List Accounts refused. `quotas` is keyed by action and None for an action the service did not tell of.
    `server_at` is the service's own clock (header `Date`), None where it sent none. `refusals` holds by reference what
    the service refused of a post itself in two runs: the fingerprint of what was sent, and the code.
    """

    site: str
    read_at: Instant
    accounts: tuple[Account, ...] = ()
    connections: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    features: Mapping[str, bool] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    server_at: Instant | None = None
    notices: tuple[str, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)


class Act(StrEnum):
    """One changing act on the API. A step is a row of these, in order."""

    UPLOAD = "upload"
    CREATE = "create"
    UPDATE = "update"
    SCHEDULE = "schedule"
    PUBLISH = "publish"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    DELETE = "delete"
    WITHDRAW = "withdraw"
    """Take back what the site holds of this post besides its own item, once that is as the row wants it."""


class StepKind(StrEnum):
    """What a step amounts to for a person; the last seven change nothing."""

    DRAFT = "draft"
    SCHEDULE = "schedule"
    PUBLISH = "publish"
    RESCHEDULE = "reschedule"
    UPDATE = "update"
    CANCEL = "cancel"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    WAIT = "wait"
    SKIP = "skip"
    INVALID = "invalid"
    BLOCKED = "blocked"
    CONFLICT = "conflict"
    FAILED = "failed"


LEFT_OUT = "left_out"
"""The code of a step that a choice of rows has left out of a run, and of its outcome."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field's old and new value as a person reads them."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Before:
    """How an item stood before a step changed it: what undo needs."""

    status: str
    scheduled_at: Instant | None = None
    content: Content = Content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One planned act on one post, with its reason. Pure data: it can be printed, saved, compared.

    `reference` is the key as sent (with its generation, `spring-01~2`); `acts` are the changing acts in order, empty
    where nothing is to be done; `at` is the instant it is to go out, always set for SCHEDULE and RESCHEDULE and never
    for PUBLISH; `timezone` is the zone in which people read it (`Europe/Berlin`, `UTC+01:00`), "" for UTC; `content` is
    complete (with `target_id`) where something is created or updated; `code` is the reason's stable word for refusals;
    `warnings` are those of `check` and of the plan: they are said to the end and stop nothing; `duplicates` are the IDs
    of the items that WITHDRAW takes back; `approval` says who approved it and when, "" where nobody was asked; `slot`:
    its date is a slot, which it shares with no other post.
    """

    row: int
    key: str
    site: str
    kind: StepKind
    reason: str
    channel: str
    type: str
    action: str = ""
    acts: tuple[Act, ...] = ()
    reference: str
    account_id: str = ""
    account_name: str = ""
    target_id: str = ""
    at: Instant | None = None
    local_time: str = ""
    content: Content = Content()
    item_id: str = ""
    found_status: str = ""
    link: str = ""
    changes: tuple[Change, ...] = ()
    before: Before | None = None
    code: str = ""
    warnings: tuple[str, ...] = ()
    account: str = ""
    generated: bool = False
    timezone: str = ""
    duplicates: tuple[str, ...] = ()
    place: str = ""
    approval: str = ""
    slot: bool = False

    @property
    def own_acts(self) -> tuple[Act, ...]:
        """The acts on the step's own item: not what is done for all posts together before and after them."""
        return tuple(act for act in self.acts if act not in (Act.UPLOAD, Act.WITHDRAW))


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The part of a plan that concerns one site; self-contained, so that sites can run side by side.

    `needs` counts what the steps would spend of each quota action; `state` is the fingerprint of the site's accounts
    and items as far as they bear on this plan; `via` is how new posts are sent, "" in an older plan file; `lapsed` are
    the channels whose scheduled posts won't go out, since the connection has lapsed.
    """

    site: str
    steps: tuple[Step, ...] = ()
    needs: Mapping[str, int] = field(default_factory=dict)
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    state: str = ""
    via: str = ""
    lapsed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one command is about to do, one step for each post, in the sheet's order within each site."""

    sheet: str
    sheet_fingerprint: str
    made_at: Instant
    sites: tuple[SitePlan, ...]
    notices: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps of all sites, in the sheet's row order."""
        return tuple(sorted((step for site in self.sites for step in site.steps), key=attrgetter("row")))


class OutcomeKind(StrEnum):
    """What became of a post; the words of the results sheet's `outcome` column."""

    DRAFTED = "drafted"
    PUBLISHED = "published"
    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    INVALID = "invalid"
    BLOCKED = "blocked"
    CONFLICT = "conflict"
    FAILED = "failed"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    NOT_RUN = "not_run"


GOOD = frozenset({
    OutcomeKind.DRAFTED, OutcomeKind.PUBLISHED, OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED, OutcomeKind.UPDATED,
    OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED,
})  # fmt: skip
"""Outcomes that need nobody."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step: a line of the results. `status` is the item's last known state, "" where none.

    `timezone` is the zone in which people read `publish_at` (`Europe/Berlin`, `UTC+01:00`), "" for UTC; `warnings` are
    the step's: what was known before it was sent and stopped nothing; `changed` says that something of the step was
    done in this run, whatever its outcome.
    """

    __pydantic_config__: ClassVar[Json] = FORM
    row: int
    key: str
    site: str
    channel: str
    type: str
    account: str
    action: str
    outcome: OutcomeKind
    status: str = ""
    publish_at: Instant | None = None
    item_id: str = ""
    link: str = ""
    code: str = ""
    message: str = ""
    local_time: str = ""
    content: Content = Content()
    reference: str = ""
    generated: bool = False
    changes: tuple[Change, ...] = ()
    timezone: str = ""
    warnings: tuple[str, ...] = ()
    changed: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """All outcomes of a run, one for each post, in the sheet's order, with the sheet's own columns beside them.

    `own` maps a row number to its cells as text, in the order of `headings`; `columns` maps each column of ours that
    was read to its place among them, whatever its heading.
    """

    run: str
    sandbox: bool
    sheet: str
    headings: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    own: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    started_at: Instant | None = None
    finished_at: Instant | None = None
    notices: tuple[str, ...] = ()
    wanted: str = "run"
    """`run` for what was done, `plan` for what would be done (then `outcome` says what it would become)."""
    columns: Mapping[str, int] = field(default_factory=dict)

    def to_frame(self) -> DataFrame:
        """Return one line for each post, in the sheet's order: `RESULT_COLUMNS`, then the sheet's own columns as text.

        `row` is a number, `publish_at_utc` an aware timestamp (NaT where there is no date), all else text. A column of
        the sheet's own that has the name of one of ours ends in ` (sheet)`.
        """
        from pandas import DataFrame, to_datetime

        names = list(RESULT_COLUMNS)
        for heading in self.headings:
            while heading.casefold() in (name.casefold() for name in names):
                heading += " (sheet)"
            names.append(heading)
        blank = ("",) * len(self.headings)
        lines = []
        for outcome in self.outcomes:
            told = {"publish_at_utc": outcome.publish_at, "warnings": "\n".join(outcome.warnings)}
            ours = (told[name] if name in told else getattr(outcome, name) for name in RESULT_COLUMNS)
            plain = (str(value) if isinstance(value, str) else value for value in ours)
            lines.append((*plain, *self.own.get(outcome.row, blank)))
        frame = DataFrame(lines, columns=names)
        frame["publish_at_utc"] = to_datetime(frame["publish_at_utc"], utc=True)
        return frame[[name for name in names if name.strip()]]
