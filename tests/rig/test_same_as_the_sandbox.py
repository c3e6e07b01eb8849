"""A rig of which nothing is asked answers as the sandbox that ships: byte for byte, whatever is called."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from batch.sandbox.service import FILES, POSTS, ROUTES, Service
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Request
from tests.rig.api import CONTENT
from tests.rig.options import Options
from tests.rig.service import Rig

HEADERS = {"authorization": "key", "wix-site-id": SITE_ID, "content-type": "application/json"}


class Numbered(Service):
    """The sandbox that ships, with the rig's IDs."""

    count = 0

    def new_id(self) -> str:
        self.count += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"1:{self.count}"))


def body_for(call: str, dice: random.Random, ids: list[str], at: datetime) -> object:
    channel, kind = dice.choice(list(CONTENT))
    account, content = CONTENT[channel, kind]
    date = (at + timedelta(minutes=dice.randint(-5, 90))).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = {"channel": {"name": channel, "accountId": account}, "type": kind, **content}
    item |= dice.choice(({}, {"referenceId": f"r{dice.randint(0, 5)}"}, {"schedulingInfo": {"scheduledDate": date}}))
    item_id = dice.choice(ids)
    return {
        "create_draft": {"item": item},
        "update_item": {"item": {"id": item_id, **content}},
        "publish_item": {"item": item},
        "bulk_publish": {"items": [item, item]},
        "publish_by_id": {"id": item_id, **dice.choice(({}, {"scheduledDate": date}))},
        "reschedule_item": {"scheduledDate": date},
        "query_items": {"query": dice.choice(({}, {"paging": {"limit": 7}}, {"sort": [{"fieldName": "id"}]}))},
        "generate_text": {"userInput": "a bowl"},
        "generate_post": {"userInput": "a bowl"},
        "generate_image": {"userInput": "warmer", "imageUrl": "https://a.example/b.jpg"},
        "import_file": {"url": "https://a.example/kiln.mp4"},
    }.get(call, {})


@pytest.mark.parametrize("seed", range(6))
def test_a_rig_without_options_answers_as_the_sandbox_that_ships(seed):
    dice, at = random.Random(seed), [datetime(2026, 11, 24, 10, 0, tzinfo=UTC)]
    own, rig = Numbered(now=lambda: at[0]), Rig(now=lambda: at[0], id_seed=1, options=Options(extra_fields=False))
    met = set()
    with own, rig:
        for _ in range(150):
            at[0] += timedelta(seconds=dice.choice((0, 1, 300)))
            ids = [item["id"] for item in own.items()] or ["none"]
            route = dice.choice([r for r in ROUTES if r.call not in ("upload_url", "upload_file")])
            path = route.path.replace("{channel}", "GBP").replace("{feature}", "PUBLISH_POST")
            path = path.replace("{id}", dice.choice(ids))
            body = body_for(route.call, dice, [path.split("/")[4]] if route.call == "update_item" else ids, at[0])
            content = b"" if route.method in ("GET", "DELETE") else json.dumps(body).encode()
            query = {f"{POSTS}/accounts": (("channelName", "TIKTOK"),), f"{FILES}/get-file-by-id": (("fileId", "x"),)}
            request = Request(route.method, path, query.get(path, ()), HEADERS, content)
            one, other = own.answer(request), rig.answer(request)
            assert (one.status, one.body, one.headers) == (other.status, other.body, other.headers), request
            met.add((route.call, one.status < 300))
    assert len(met) > 20
