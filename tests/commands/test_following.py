"""What `status` makes of a post by what the site says of it now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch.commands.sites import brought_up_to_date
from batch.model import Item, Outcome, OutcomeKind, Status

DATE = datetime(2031, 3, 3, 8, tzinfo=UTC)
SCHEDULED = Outcome(
    2, "a", "clay", "FACEBOOK", "POST", "", "", OutcomeKind.SCHEDULED, Status.SCHEDULED, DATE, "item-1",
    message="It goes out 2031-03-03 09:00 Europe/Berlin.", local_time="2031-03-03 09:00 Europe/Berlin",
    timezone="Europe/Berlin",
)  # fmt: skip
ITEM = Item("item-1", "FACEBOOK", "POST", Status.SCHEDULED, scheduled_at=DATE)


def test_a_post_that_is_as_it_was_stays_so():
    assert brought_up_to_date(SCHEDULED, ITEM) == SCHEDULED


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (Status.PUBLISHED, OutcomeKind.PUBLISHED, "It is live."),
        (Status.IN_QUEUE, OutcomeKind.PROCESSING, "working on it"),
        (Status.FAILED, OutcomeKind.FAILED, "--again a"),
        (Status.CANCELED, OutcomeKind.CANCELLED, "It has been cancelled since, and does not go out."),
        (Status.DELETED, OutcomeKind.DELETED, "It has been deleted since, and does not go out."),
    ],
)
def test_a_post_is_counted_as_what_became_of_it(status, kind, told):
    now = brought_up_to_date(SCHEDULED, replace(ITEM, status=status))
    assert (now.outcome, now.status) == (kind, status)
    assert told in now.message


def test_a_post_that_is_gone_is_not_counted_as_scheduled():
    assert brought_up_to_date(SCHEDULED, None).outcome is OutcomeKind.DELETED


def test_a_post_that_was_moved_is_told_by_its_new_date():
    later = datetime(2031, 7, 3, 8, tzinfo=UTC)
    now = brought_up_to_date(SCHEDULED, replace(ITEM, scheduled_at=later))
    assert (now.outcome, now.publish_at) == (OutcomeKind.SCHEDULED, later)
    assert now.local_time == "2031-07-03 10:00 Europe/Berlin"
    assert now.message == "It has been moved since: it goes out 2031-07-03 10:00 Europe/Berlin."
