"""Any order of edits, other people's changes, crashes, runs and passing time, held against a model of a few lines.

The model knows for each key what its row says now, whether somebody else has touched its post, and when each date that
a clean run has confirmed is due. The public must never see a key twice, a draft at all, or a confirmed post at another
time than its date.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batch.model import Action, OutcomeKind, Post
from tests.proof.scene import FACEBOOK, doubled
from tests.proof.stage import SERVERS, Killed, Killer, Stage, fast_folder, post

KEYS = ("a", "b", "c")
FINAL = frozenset({OutcomeKind.UNCHANGED, OutcomeKind.INVALID, OutcomeKind.CONFLICT, OutcomeKind.FAILED})
MOST_RUNS = 5


@dataclass
class Wanted:
    """What a row says, and what is known of its post."""

    post: Post
    touched: bool = False
    confirmed: datetime | None = None


class Publishing(RuleBasedStateMachine):
    """A sheet, a site, and people."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = fast_folder()
        self.folder = self._folder.__enter__()
        self.rows: dict[str, Wanted] = {}
        self.runs = 0

    @initialize(server=st.sampled_from(list(SERVERS)), via=st.sampled_from(["draft", "publish", "bulk"]))
    def open_site(self, server, via):
        self.stage = Stage(self.folder, server, via)

    def teardown(self):
        if hasattr(self, "stage"):
            self.stage.close()
        self._folder.__exit__(None, None, None)

    # What the person with the sheet does.

    @rule(key=st.sampled_from(KEYS), minutes=st.integers(20, 5000), text=st.sampled_from(["one", "two"]))
    def write_a_date(self, key, minutes, text):
        at = self.stage.clock.now().replace(microsecond=0) + timedelta(minutes=minutes)
        self._write(post(key, at=at, text=f"{text} {key}"))

    @rule(key=st.sampled_from(KEYS), text=st.sampled_from(["one", "two"]))
    def write_a_draft(self, key, text):
        self._write(post(key, text=f"{text} {key}"))

    @rule(key=st.sampled_from(KEYS))
    def write_now(self, key):
        self._write(post(key, now=True, text=f"one {key}"))

    @rule(key=st.sampled_from(KEYS), action=st.sampled_from([Action.CANCEL, Action.DELETE]))
    def withdraw(self, key, action):
        self._write(post(key, action=action, text=f"one {key}"))

    @rule(key=st.sampled_from(KEYS))
    def take_the_row_out(self, key):
        self.rows.pop(key, None)

    def _write(self, made: Post) -> None:
        self.rows[made.key] = Wanted(made, touched=self.rows[made.key].touched if made.key in self.rows else False)

    # What happens to runs.

    @precondition(lambda self: self.rows)
    @rule(place=st.integers(1, 40))
    def crash(self, place):
        for row in self.rows.values():
            row.confirmed = None
        with suppress(Killed):
            self.stage.run(self._posts(), name=self._name(), at=Killer(place))

    @precondition(lambda self: self.rows)
    @rule(call=st.sampled_from(["changing", "query_items", "get_item"]), kind=st.sampled_from(["drop_after", "html"]))
    def lose_an_answer(self, call, kind):
        self.stage.service.add_fault(kind=kind, call=call, times=1)

    @precondition(lambda self: self.rows)
    @rule()
    def run_until_done(self):
        self.stage.service.clear_faults()
        outcomes = []
        for _ in range(MOST_RUNS):
            outcomes = self.stage.run(self._posts(), name=self._name())
            if all(o.outcome in FINAL for o in outcomes):
                break
        assert all(o.outcome in FINAL for o in outcomes), [f"{o.key} {o.outcome} {o.message}" for o in outcomes]
        for outcome in outcomes:
            self._confirm(self.rows[outcome.key], outcome)

    def _confirm(self, row: Wanted, outcome) -> None:
        """Where a row is said to be as it is to be, the site must show it so."""
        if outcome.outcome is not OutcomeKind.UNCHANGED:
            return
        row.touched = False
        items = [i for i in self.stage.service.items() if i["referenceId"] == row.post.key]
        living = [i for i in items if i["status"] in ("DRAFT", "SCHEDULED", "PUBLISHED")]
        assert len(living) <= 1
        status = living[0]["status"] if living else ""
        if row.post.action is not None:
            assert status in ("", "DRAFT") if row.post.action is Action.CANCEL else status == ""
        elif row.post.publish_at is not None and status == "SCHEDULED":
            due = {p.reference: p.due for p in self.stage.service.coming()}
            assert due[row.post.key] == row.post.publish_at
            assert living[0]["facebookPost"]["caption"] == row.post.content.text
            row.confirmed = row.post.publish_at
        else:
            wanted = {"DRAFT", "PUBLISHED"} if row.post.publish_at is None and not row.post.now else {"PUBLISHED"}
            assert status in wanted

    def _posts(self) -> list[Post]:
        return [row.post for row in self.rows.values()]

    def _name(self) -> str:
        self.runs += 1
        return f"r{self.runs}"

    # What others and the clock do.

    @rule(key=st.sampled_from(KEYS), act=st.sampled_from(["cancel", "delete", "move"]))
    def somebody_else(self, key, act):
        for item in [i for i in self.stage.service.items() if i.get("referenceId") == key]:
            path = f"/items/{item['id']}"
            later = (self.stage.clock.now() + timedelta(hours=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
            calls = {
                "cancel": ("PATCH", f"{path}/cancel", {}),
                "delete": ("DELETE", path, None),
                "move": ("POST", f"{path}/reschedule", {"scheduledDate": later}),
            }
            self.stage.service.call(*calls[act])
        if key in self.rows:
            self.rows[key].touched, self.rows[key].confirmed = True, None

    @rule(minutes=st.sampled_from([0.05, 1, 10, 60, 1440]))
    def time_passes(self, minutes):
        self.stage.clock.sleep(minutes * 60)

    # What must always be so.

    @invariant()
    def nothing_is_public_twice(self):
        if hasattr(self, "stage"):
            assert doubled(self.stage.service.public()) == 0

    @invariant()
    def everything_public_is_at_its_place(self):
        if hasattr(self, "stage"):
            for shown in self.stage.service.public():
                assert (shown.channel, shown.account_id, shown.second_id) == FACEBOOK

    @invariant()
    def what_was_confirmed_goes_out_at_its_date(self):
        if not hasattr(self, "stage"):
            return
        public = {p.reference: p.at for p in self.stage.service.public()}
        for key, row in self.rows.items():
            if row.confirmed and not row.touched and row.confirmed <= self.stage.clock.now():
                assert public[key] == row.confirmed


Publishing.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
test_any_order_of_events_keeps_the_promises = Publishing.TestCase
