"""A probe finds each reading that it claims to find, and leaves the site as it was, whatever the service does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from batch.model import Account, Channel
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.publisher.probe import CHANNELS, MARK, NoDraftError, Probe, choose_account, delete_drafts, find_left_over
from batch.sandbox.sites import ACCOUNTS, SITE_ID
from batch.settings import ApiKey
from tests.rig.options import Options
from tests.rig.readings import READINGS, Reading
from tests.rig.service import Rig
from tests.rig.transport import RigTransport

FACEBOOK = Account(Channel.FACEBOOK, "10215544332211009", "Ada River", "104512345678901", default=True)
OWN_CALLS = {"create_draft", "update_item", "delete_item"}
PLAIN = {
    "page_size": "100", "list_lag_seconds": "0", "second_id": "content", "text": "as_sent", "media": "as_sent",
    "references": "unique", "update": "replaces", "clearing": "omitted", "reference_length": "255",
    "reference_characters": "any", "unconnected": "400 USER_NOT_EXIST_FOR_CHANNEL",
}  # fmt: skip
FOUND: dict[str, dict[str, str]] = {
    "update merges, null clears": {"update": "keeps", "clearing": "null"},
    "update merges, empty clears": {"update": "keeps", "clearing": "empty"},
    "update merges, nothing clears": {"update": "keeps", "clearing": "not_cleared"},
    "update merges, null refused": {"update": "keeps", "clearing": "empty"},
    "references unique on publish": {"references": "repeated"},
    "references never unique": {"references": "repeated"},
    "references of 50 ASCII characters": {"reference_length": "50", "reference_characters": "ascii"},
    "list 2 s late": {"list_lag_seconds": "2"},
    "list 10 s late": {"list_lag_seconds": "10"},
    "pages of 50 at most": {"page_size": "50"},
    "pages cut short": {"page_size": "5"},
    "second ID under the channel": {"second_id": "channel"},
    "second ID blank": {"second_id": "nowhere"},
    "media copied": {"media": "copied"},
    "text tidied": {"text": "white_space"},
    "text with CRLF": {"text": "white_space"},
}
"""The readings that a probe claims to find, and what it finds."""


class Site:
    """A site behind a rig, on a clock that passes where somebody waits."""

    def __init__(self, readings: Sequence[Reading] = (), **options: object) -> None:
        self.seconds = 0.0
        start = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)
        chosen = Options(calls_per_minute=0).changed(options)
        self.rig = Rig(options=chosen, readings=readings, now=lambda: start + timedelta(seconds=self.seconds))
        self.before = self.rig.seed(items=[held(n) for n in range(7)])
        self.sleep(60)
        self.noted: set[str] = set()
        self.client = Client(
            api_url="https://service.test", credential=ApiKey("k" * 20), site_id=SITE_ID,
            pace=Pace(200, clock=self.clock, sleep=self.sleep), clock=self.clock, sleep=self.sleep,
            transport=RigTransport(self.rig, sleep=self.sleep),
        )  # fmt: skip

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def probe(self, account: Account = FACEBOOK) -> Probe:
        return Probe(
            self.client, account, mark=f"{MARK}1-", clock=self.clock, pause=self.sleep, note=self.noted.add,
            forget=self.noted.discard,
        )  # fmt: skip

    def find(self, account: Account = FACEBOOK) -> dict[str, str]:
        probe = self.probe(account)
        try:
            return {fact.name: fact.value for fact in probe.find()}
        finally:
            assert probe.clean_up() == ()

    def assert_untouched(self) -> None:
        """Nothing of the probe is there, nothing went out or is to, and nothing else was touched."""
        assert {i["status"] for i in self.rig.items() if i["id"] not in self.before} <= {"DELETED"}
        assert [i["status"] for i in self.rig.items() if i["id"] in self.before] == ["DRAFT", "SCHEDULED"] * 3 + [
            "DRAFT"
        ]
        assert {entry.call for entry in self.rig.calls() if entry.changed} <= OWN_CALLS
        assert self.rig.public() == []
        assert {post.item_id for post in self.rig.coming()} <= set(self.before)
        assert self.noted == set()


def held(number: int) -> dict[str, object]:
    author = "urn:li:organization:70512345"
    return {
        "channel": {"name": "LINKEDIN", "accountId": author}, "type": "POST", "referenceId": f"own-{number}",
        "linkedinPost": {"caption": "Own", "authorId": author}, "status": ("DRAFT", "SCHEDULED")[number % 2],
        "schedulingInfo": {"scheduledDate": "2031-06-01T08:00:00Z"},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["", *FOUND])
def test_a_probe_finds_the_reading_and_leaves_nothing(name):
    site = Site([reading for reading in READINGS if reading.name == name])
    assert site.find() == PLAIN | FOUND.get(name, {})
    site.assert_untouched()


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_a_probe_leaves_nothing_under_any_reading(reading):
    site = Site([reading])
    assert site.find()
    site.assert_untouched()


KINDS = ("drop_before", "drop_after", "cut", "garbage", "wrong_id", "html", "redirect", "huge", "status", "silent")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_probe_leaves_nothing_where_the_answer_to_a_draft_is_lost(kind, nth):
    site = Site(references="nowhere")
    site.rig.add_fault(kind=kind, calls=["create_draft"], nth=nth)
    probe = site.probe()
    try:
        list(probe.find())
    except NoDraftError:
        assert nth == 1
    assert probe.clean_up() == ()
    site.assert_untouched()


def test_a_draft_that_can_not_be_deleted_is_named_and_taken_later():
    site = Site()
    site.rig.add_fault(kind="status", status=500, calls=["delete_item"], times=2)
    probe = site.probe()
    list(probe.find())
    left = probe.clean_up()
    assert len(left) == 2
    assert site.noted == set(left)
    assert set(find_left_over(site.client)) == set(left)
    assert list(delete_drafts(site.client, left, forget=site.noted.discard)) == []
    site.assert_untouched()


def test_what_was_published_by_somebody_meanwhile_is_not_deleted():
    site = Site()
    probe = site.probe()
    found = probe.find()
    for _ in range(3):
        next(found)
    site.rig.call("POST", "/publish-by-id", {"id": probe.kept[0]})
    assert probe.clean_up() == ()
    assert [post.item_id for post in site.rig.public()]
    assert "delete_item" not in {entry.call for entry in site.rig.calls()}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_probe_works_on_each_channel_that_it_may_use(channel):
    site = Site()
    [own, *_] = ACCOUNTS[channel]
    inside = own.get("page") or own.get("board") or own.get("location") or own
    target = "" if channel is Channel.INSTAGRAM else str(inside["id"])
    assert site.find(Account(channel, str(own["id"]), "", target))["references"] == "unique"
    site.assert_untouched()


def test_the_account_is_that_of_the_channel_that_shows_most():
    accounts = [
        Account(Channel.INSTAGRAM, "i"),
        Account(Channel.FACEBOOK, "f1"),
        Account(Channel.FACEBOOK, "f2", default=True),
    ]
    assert choose_account(accounts) == accounts[2]
    assert choose_account([Account(Channel.YOUTUBE, "y")]) is None
