"""The sandbox without a socket: each fault is the error that httpx raises for it, and time passes through `sleep`."""

from __future__ import annotations

import httpx
import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.transport import RigTransport

URL = "https://www.wixapis.com/social-publisher/v1"
HEADERS = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(api, slept):
    transport = RigTransport(api.service, sleep=slept.append)
    with httpx.Client(transport=transport, headers=HEADERS, timeout=5) as made:
        yield made


def test_a_call_is_answered_like_over_a_socket(api, client):
    answer = client.post(f"{URL}/items", json={"item": api.item(referenceId="ä")})
    assert answer.status_code == 200
    assert answer.json()["item"]["referenceId"] == "ä"
    assert answer.headers["date"] == "Tue, 24 Nov 2026 10:00:00 GMT"
    assert int(answer.headers["content-length"]) == len(answer.content)
    features = client.get(f"{URL}/features", params={"featureTypes": ["PUBLISH_POST", "AI_TOOLS"]})
    assert [f["type"] for f in features.json()["features"]] == ["PUBLISH_POST", "AI_TOOLS"]


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("refused", httpx.ConnectError, False),
        ("drop_before", httpx.RemoteProtocolError, False),
        ("drop_after", httpx.RemoteProtocolError, True),
        ("reset_before", httpx.ReadError, False),
        ("reset_after", httpx.ReadError, True),
        ("silent", httpx.ReadTimeout, False),
        ("cut", httpx.RemoteProtocolError, True),
    ],
)
def test_a_broken_connection_is_the_error_that_httpx_raises(api, client, kind, error, made):
    api.service.add_fault(kind=kind)
    with pytest.raises(error):
        client.post(f"{URL}/items", json={"item": api.item()})
    assert len(api.service.items()) == int(made)


def test_a_cut_answer_arrives_in_part(api, client):
    api.service.add_fault(kind="cut")
    with client.stream("GET", f"{URL}/accounts?channelName=GBP") as answer:
        with pytest.raises(httpx.RemoteProtocolError):
            list(answer.iter_raw())
        assert 0 < answer.num_bytes_downloaded < int(answer.headers["content-length"])


def test_a_delay_passes_through_sleep_and_beyond_patience_is_a_timeout(api, client, slept):
    api.service.add_fault(kind="delay", seconds=2, times=1)
    api.service.add_fault(kind="delay", seconds=9)
    assert client.get(f"{URL}/features").status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        client.get(f"{URL}/features")
    assert slept == [2, 5]


def test_a_dripping_answer_ends_at_the_callers_deadline(api, client, slept):
    api.service.add_fault(kind="drip", seconds=0.5)
    request = client.build_request("GET", f"{URL}/features")
    request.extensions["deadline_seconds"] = 3.0
    with pytest.raises(httpx.ReadTimeout):
        client.send(request)
    assert 3.0 < sum(slept) <= 3.5


def test_latency_is_slept_on_each_call(api, slept):
    transport = RigTransport(api.service, sleep=slept.append, latency_seconds=0.1)
    with httpx.Client(transport=transport, headers=HEADERS) as client:
        client.get(f"{URL}/features")
        client.get(f"{URL}/features")
    assert slept == [0.1, 0.1]
