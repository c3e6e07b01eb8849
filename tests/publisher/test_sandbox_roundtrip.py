"""Over a real socket, every combination that is sent to the sandbox is held and read back exactly as it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch.errors import SignInError
from batch.model import Account, Act, Channel, Content, Medium, Quota, Step, StepKind
from batch.publisher import items
from batch.publisher.accounts import read_snapshot
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.publisher.payload import SHAPES, write_date
from batch.publisher.reply import Reply, ReplyKind
from batch.sandbox.sites import SITE_ID
from batch.settings import AccessToken, ApiKey, AppCredential, Credential
from tests.rig.identity import instance_of
from tests.rig.options import Options
from tests.rig.server import RigServer

IMAGE = "https://static.wixstatic.com/media/a~mv2.jpg"
VIDEO = "https://video.wixstatic.com/video/b/1080p/mp4/file.mp4"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
LATER = AT + timedelta(days=1, seconds=7)
LIVING = sorted(pair for pair in SHAPES if pair[0] != Channel.TWITTER)
TEXT = "Frühling 🌷\n\n“Töpfe” & <Teller>\t\u200d #clay"


@pytest.fixture
def sandbox() -> Iterator[RigServer]:
    options = Options(access_tokens={"ready-token": SITE_ID}, apps={"app": "app-secret"}, api_keys=("sandbox-key",))
    with RigServer(options=options, now=lambda: NOW) as server:
        yield server


@pytest.fixture
def client(sandbox: RigServer) -> Iterator[Client]:
    with connect(sandbox, ApiKey("sandbox-key")) as made:
        yield made


def connect(sandbox: RigServer, credential: Credential) -> Client:
    return Client(
        api_url=sandbox.url,
        credential=credential,
        site_id=SITE_ID,
        pace=Pace(200),
        now=lambda: NOW,
        deadline_seconds=20,
    )


def make_step(pair: tuple[str, str], account: Account, *, text: str = TEXT) -> Step:
    """A step that uses every field of its combination, with several media where it takes them."""
    shape = SHAPES[pair]
    fields = dict(shape.fields)
    kind, url = ("VIDEO", VIDEO) if shape.kind == "VIDEO" else ("IMAGE", IMAGE)
    count = 1 if shape.kind == "VIDEO" or pair[0] == Channel.GBP or pair[1] == "STORY" else 3
    urls = [url if count == 1 else url.replace("a~", f"a{n}~") for n in range(count)]
    content = Content(
        text=text.replace("<Teller>", "Teller") if shape.text else "",
        title="A title" if "title" in fields else "",
        media=tuple(Medium(u, kind, u, u) for u in urls),
        link="https://pottery.example/spring?a=1&b=2" if "link" in fields or pair[0] == Channel.LINKEDIN else "",
        call_to_action="LEARN_MORE" if "call_to_action" in fields else "",
        privacy="SELF_ONLY" if "privacy" in fields else "",
        target_id=account.target_id if shape.target else "",
    )
    key = "spring-" + "-".join(pair).lower()
    return Step(
        row=2, key=key, reference=key, site="pottery", channel=pair[0], type=pair[1], kind=StepKind.SCHEDULE, reason="",
        acts=(Act.CREATE, Act.SCHEDULE), account_id=account.id, at=AT, content=content,
    )  # fmt: skip


def make_steps(client: Client) -> list[Step]:
    channels = dict.fromkeys(Channel(channel) for channel, _ in LIVING)
    snapshot = read_snapshot(client, channels, now=NOW)
    assert set(snapshot.connections.values()) == {"VALID"}
    first = {account.channel: account for account in reversed(snapshot.accounts)}
    return [make_step(pair, first[Channel(pair[0])]) for pair in LIVING]


def believe(reply: Reply) -> str:
    assert reply.kind is ReplyKind.OK, f"{reply.code}: {reply.message}"
    assert reply.item is not None
    return reply.item.id


def held(client: Client) -> dict[str, tuple[str, str, str, str, datetime | None, Content]]:
    """What the site holds, by reference."""
    return {
        i.reference: (i.channel, i.type, i.account_id, i.status, i.scheduled_at, i.content)
        for i in items.query_items(client)
    }


def wanted(steps: list[Step], status: str, at: datetime | None) -> dict[str, object]:
    return {s.reference: (s.channel, s.type, s.account_id, status, at, s.content) for s in steps}


def test_every_combination_is_drafted_scheduled_moved_changed_and_cancelled_as_it_was_sent(client: Client) -> None:
    steps = make_steps(client)
    assert len(steps) == 12
    ids = [believe(items.create_draft(client, step)) for step in steps]
    assert held(client) == wanted(steps, "DRAFT", None)
    for item_id in ids:
        believe(items.schedule_item(client, item_id, at=AT))
    assert held(client) == wanted(steps, "SCHEDULED", AT)
    for item_id in ids:
        believe(items.reschedule_item(client, item_id, at=LATER))
    assert held(client) == wanted(steps, "SCHEDULED", LATER)
    changed = [replace(s, content=replace(s.content, text="New" if s.content.text else "")) for s in steps]
    for item_id, step in zip(ids, changed, strict=True):
        believe(items.update_item(client, item_id, step))
    assert held(client) == wanted(changed, "SCHEDULED", LATER)
    for item_id in ids:
        believe(items.cancel_item(client, item_id))
    assert {found[3] for found in held(client).values()} == {"CANCELED"}


def test_every_combination_is_scheduled_whole_as_it_was_sent(client: Client) -> None:
    steps = make_steps(client)
    for step in steps:
        believe(items.create_scheduled(client, step))
    assert held(client) == wanted(steps, "SCHEDULED", AT)


def test_every_combination_is_scheduled_in_bulk_as_it_was_sent(client: Client, sandbox: RigServer) -> None:
    sandbox.service.set_options(bulk_shuffled=True)
    steps = make_steps(client)
    results = items.read_bulk(items.schedule_bulk(client, steps), steps)
    assert [result.kind for result in results] == [ReplyKind.OK] * len(steps)
    by_id = {item.id: item.reference for item in items.query_items(client)}
    assert [by_id[result.item.id] for result in results] == [step.reference for step in steps]
    assert held(client) == wanted(steps, "SCHEDULED", AT)


def test_every_combination_is_published_as_it_was_sent(client: Client, sandbox: RigServer) -> None:
    steps = make_steps(client)
    for step in steps:
        believe(items.publish_item_now(client, believe(items.create_draft(client, step))))
    published = {reference: found[5] for reference, found in held(client).items()}
    assert published == {step.reference: step.content for step in steps}
    assert len(sandbox.service.public()) == len(steps)


def test_a_second_use_of_a_reference_is_refused_with_its_code(client: Client) -> None:
    step = make_steps(client)[0]
    believe(items.create_draft(client, step))
    reply = items.create_draft(client, step)
    assert (reply.kind, reply.status, reply.code) == (ReplyKind.REFUSED, 409, "REFERENCE_ID_ALREADY_EXIST")


def test_a_mistake_is_told_field_by_field(client: Client) -> None:
    step = make_steps(client)[0]
    reply = items.create_draft(client, replace(step, content=Content(text="x" * 70_000)))
    assert (reply.kind, reply.code) == (ReplyKind.REFUSED, "VALIDATION")
    assert reply.message.startswith("item.")


def test_a_deleted_item_is_gone_or_says_so(client: Client) -> None:
    item_id = believe(items.create_draft(client, make_steps(client)[0]))
    assert items.delete_item(client, item_id).kind is ReplyKind.OK
    found = items.get_item(client, item_id)
    assert found is None or found.status == "DELETED"
    assert items.get_item(client, "ac01c174-5244-49df-8085-84d87cd0345a") is None


def test_many_items_are_read_page_by_page(client: Client) -> None:
    steps = make_steps(client)
    first = steps[0]
    many = [replace(first, reference=f"post-{n:04}") for n in range(230)]
    for start in range(0, len(many), 50):
        items.schedule_bulk(client, many[start : start + 50])
    calls = client.pace.calls
    assert sorted(item.reference for item in items.query_items(client)) == [step.reference for step in many]
    assert client.pace.calls - calls == 3


def test_the_quotas_and_the_clock_are_read(client: Client) -> None:
    snapshot = read_snapshot(client, [], now=NOW)
    assert set(snapshot.quotas) == {"PUBLISH_POST", "SCHEDULE_POST"}
    assert all(isinstance(quota, Quota) and quota.enabled for quota in snapshot.quotas.values())
    assert snapshot.server_at is not None
    assert abs(snapshot.server_at - NOW) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "credential",
    [ApiKey("sandbox-key"), AccessToken("ready-token"), AppCredential("app-secret", "app", instance_of(SITE_ID))],
    ids=lambda c: type(c).__name__,
)
def test_each_of_the_three_credentials_opens_the_site(sandbox: RigServer, credential: Credential) -> None:
    with closing(connect(sandbox, credential)) as client:
        assert read_snapshot(client, [Channel.INSTAGRAM], now=NOW).accounts


@pytest.mark.parametrize(
    "credential",
    [ApiKey("wrong"), AccessToken("wrong"), AppCredential("wrong", "app", instance_of(SITE_ID))],
    ids=lambda c: type(c).__name__,
)
def test_a_wrong_credential_is_a_refused_sign_in(sandbox: RigServer, credential: Credential) -> None:
    with closing(connect(sandbox, credential)) as client, pytest.raises(SignInError, match="HTTP 401"):
        read_snapshot(client, [Channel.INSTAGRAM], now=NOW)


def test_what_a_date_says_is_what_the_sandbox_holds(client: Client, sandbox: RigServer) -> None:
    item_id = believe(items.create_scheduled(client, make_steps(client)[0]))
    raw = next(item for item in sandbox.service.items() if item["id"] == item_id)
    assert raw["schedulingInfo"]["scheduledDate"].startswith(write_date(AT)[:19])
    assert raw["consumerInfo"] == {"name": "postbatch"}
