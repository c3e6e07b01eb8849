from __future__ import annotations

import pytest

from batch.sandbox.content import STATUSES
from batch.sandbox.sites import SITE_ID

OTHER = "5a11d0b0-0000-4000-8000-000000000002"


@pytest.mark.parametrize("status", STATUSES)
def test_an_item_can_be_there_in_every_state(api, status):
    date = {"schedulingInfo": {"scheduledDate": api.date(days=1)}}
    [item_id] = api.service.seed(items=[api.item(status=status, **date)])
    api.service.set_options(processing_seconds=0)
    assert api.status(item_id) == status
    api.pass_time(days=2)
    goes_out = status in ("SCHEDULED", "PROCESSING", "IN_QUEUE")
    assert len(api.service.public()) == int(goes_out)


def test_an_item_keeps_the_id_and_the_marks_that_it_is_given(api):
    given = api.item(id="ABCDEF00-0000-4000-8000-000000000001", external=True, status="PUBLISHED")
    [item_id] = api.service.seed(items=[given])
    shown = api.good("GET", f"/items/{item_id}")["item"]
    assert (shown["id"], shown["external"]) == (given["id"].lower(), True)


def test_a_seed_can_make_a_site_and_say_what_it_is_called(api):
    api.service.seed(site=OTHER.upper(), name="Shop", plan="free")
    assert api.service.sites() == {SITE_ID: "Pottery", OTHER: "Shop"}
    api.site = OTHER
    assert api.good("GET", "/features/SCHEDULE_POST")["featureData"]["enabled"] is False


@pytest.mark.parametrize(
    "seed",
    [
        {"colour": 1},
        {"plan": "huge"},
        {"quota": {"FLY": {}}},
        {"features": {"FLY": True}},
        {"connections": {"GBP": "MAYBE"}},
        {"connections": {"MYSPACE": "VALID"}},
        {"accounts": {"MYSPACE": []}},
        {"site": "pottery"},
        {"items": [{"channel": {"name": "GBP"}, "type": "REEL"}]},
        {"items": [{"channel": {"name": "GBP"}, "type": "POST", "status": "SCHEDULED"}]},
        {"items": [{"channel": {"name": "GBP"}, "type": "POST", "status": "LOST"}]},
    ],
)
def test_a_seed_that_is_not_understood_changes_nothing(api, seed):
    before = (api.service.items(), api.service.sites())
    with pytest.raises(ValueError, match=r"\w"):
        api.service.seed(**seed)
    assert (api.service.items(), api.service.sites()) == before


def test_a_reset_forgets_all_but_the_settings(api):
    api.service.set_options(bulk=False)
    api.scheduled()
    api.service.seed(plan="free", site=OTHER)
    api.service.add_fault(kind="html")
    api.service.move_clock(seconds=100)
    api.service.reset()
    assert (api.service.items(), api.service.faults(), api.service.calls()) == ([], [], [])
    assert list(api.service.sites()) == [SITE_ID]
    assert api.service.options.bulk is False
    assert api.service.now() == api.at


def test_ids_are_the_same_where_they_are_asked_to_be(make_api):
    made = [
        [api.draft(), api.draft()]
        for api in (make_api(id_seed=7), make_api(id_seed=7), make_api(id_seed=8), make_api())
    ]
    assert made[0] == made[1]
    assert len({item_id for ids in made[1:] for item_id in ids}) == 6
