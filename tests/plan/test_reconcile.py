from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from batch.model import (
    Account,
    Act,
    Action,
    Channel,
    Content,
    Generate,
    Generation,
    Issue,
    Item,
    Plan,
    Post,
    PostType,
    Quota,
    Severity,
    SitePlan,
    Status,
    Step,
    StepKind,
)
from batch.plan.decisions import PlanOptions, place
from batch.plan.planfile import check_unmoved
from batch.plan.reconcile import moved_away, reconcile
from batch.plan.safety import refusal_of
from tests.plan.builders import CONTENT, DATE, PICTURE, Builders


def one(make: Builders, post: Post, *items: object, options: PlanOptions | None = None, **site: object) -> Step:
    (step,) = reconcile([post], make.snapshot(*items, **site), now=make.now, options=options).steps
    return step


def refused(step: Step) -> tuple[StepKind, str, tuple[Act, ...]]:
    return step.kind, step.code, step.acts


def test_a_new_post_carries_all_that_sending_needs(make: Builders) -> None:
    assert one(make, make.post(account="@Studio")) == Step(
        row=2,
        key="spring-01",
        reference="spring-01",
        site="pottery",
        channel="INSTAGRAM",
        type="POST",
        kind=StepKind.SCHEDULE,
        reason="New post, Tue 1 Dec 2026, 09:30 (Berlin).",
        acts=(Act.CREATE, Act.SCHEDULE),
        account_id="ig-1",
        account_name="studio",
        at=make.date,
        local_time="2026-12-01 09:30 Europe/Berlin",
        content=make.content,
        account="@Studio",
        timezone="Europe/Berlin",
    )


def test_other_date_and_other_content_are_one_step_with_what_undo_needs(make: Builders) -> None:
    item = make.item(scheduled_at=make.later, content=replace(make.content, text="old"), link="https://x")
    step = one(make, make.post(), item)
    assert (step.kind, step.acts) == (StepKind.RESCHEDULE, (Act.UPDATE, Act.RESCHEDULE))
    assert [change.field for change in step.changes] == ["text", "publish_at"]
    assert step.before is not None
    assert (step.before.status, step.before.scheduled_at, step.before.content) == (
        item.status, item.scheduled_at, item.content,
    )  # fmt: skip
    assert (step.item_id, step.found_status, step.link) == ("item-1", "SCHEDULED", "https://x")


def test_all_errors_of_a_row_are_its_reason_and_the_first_is_its_code(make: Builders) -> None:
    issues = (
        Issue(2, "text", "said", "", "Only said.", Severity.WARNING),
        Issue(2, "channel", "channel_unknown", "Snap", "No such channel."),
        Issue(2, "media", "media_missing", "", "A picture is needed."),
    )
    step = one(make, make.post(channel=None, type=None, issues=issues), make.item())
    assert refused(step) == (StepKind.INVALID, "channel_unknown", ())
    assert step.reason == "No such channel. A picture is needed."
    assert (step.channel, step.type) == ("", "")


def test_a_warning_of_a_row_stops_nothing(make: Builders) -> None:
    issues = (Issue(2, "text", "said", "", "Only said.", Severity.WARNING),)
    assert one(make, make.post(issues=issues)).kind is StepKind.SCHEDULE


def test_skip_wins_over_errors_and_selection_says_why(make: Builders) -> None:
    wrong = (Issue(2, "text", "x", "", "Wrong."),)
    assert one(make, make.post(action=Action.SKIP, issues=wrong)).kind is StepKind.SKIP
    post = make.post(issues=wrong)
    step = one(make, post, options=PlanOptions(skip={place(post): "Not approved."}))
    assert (step.kind, step.reason) == (StepKind.SKIP, "Not approved.")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "FACEBOOK"}, "other_channel"),
        ({"type": "STORY"}, "other_type"),
        ({"account_id": "ig-2"}, "other_account"),
        ({"external": True}, "external_item"),
    ],
)
@pytest.mark.parametrize("action", [None, Action.CANCEL, Action.DELETE, Action.RESCHEDULE])
def test_an_item_in_another_place_is_a_conflict_whatever_is_asked(
    make: Builders, changes: dict[str, object], code: str, action: Action | None
) -> None:
    said = PostType.STORY if "type" in changes and action is not None else PostType.POST
    item = make.item(**changes) if said is PostType.POST else make.item()
    step = one(make, make.post(action=action, type=said), item)
    assert refused(step) == (StepKind.CONFLICT, code, ())
    assert step.item_id == "item-1"


@pytest.mark.parametrize(
    "changes", [{"channel": "FACEBOOK"}, {"account_id": "ig-2"}, {"content": Content(target_id="page-2")}]
)
@pytest.mark.parametrize(("status", "told"), [(Status.SCHEDULED, True), (Status.PUBLISHED, False)])
def test_who_is_told_to_use_another_key_is_told_that_the_first_post_goes_out_too(
    make: Builders, changes: dict[str, object], status: str, told: bool
) -> None:
    account = replace(make.studio, target_id="page-1")
    snapshot = make.snapshot(make.item(status, **changes), accounts=(account,))
    (step,) = reconcile([make.post()], snapshot, now=make.now).steps
    assert step.kind is StepKind.CONFLICT
    assert "a key of its own" in step.reason
    assert ("or it goes out too" in step.reason) is told


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE, Action.RESCHEDULE])
def test_a_row_that_only_names_a_post_need_not_say_what_it_is(make: Builders, action: Action) -> None:
    item = make.item(type="STORY", scheduled_at=make.later)
    for left_out in ({}, {"channel": None, "type": None}):
        step = one(make, make.post(action=action, **left_out), item)
        assert (step.acts, step.channel, step.type) == ((Act(action),), "INSTAGRAM", "STORY")


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (Action.CANCEL, StepKind.UNCHANGED),
        (Action.DELETE, StepKind.UNCHANGED),
        (Action.RESCHEDULE, StepKind.INVALID),
    ],
)
def test_a_row_that_names_nothing_needs_no_account(make: Builders, action: Action, kind: StepKind) -> None:
    for place_of in ({}, {"channel": None, "type": None}):
        step = one(make, make.post(action=action, **place_of), accounts=(), connections={"INSTAGRAM": "INVALID"})
        assert refused(step) == (kind, "not_found", ())


def test_a_blank_account_means_the_default_also_for_an_item_that_is_there(make: Builders) -> None:
    accounts = (make.studio, Account(Channel.INSTAGRAM, "ig-2", name="shop"))
    item = make.item(account_id="ig-2")
    assert one(make, make.post(), item, accounts=accounts).code == "other_account"
    assert one(make, make.post(account="shop"), item, accounts=accounts).kind is StepKind.UNCHANGED


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
def test_a_post_can_be_stopped_though_its_channel_is_not_connected(make: Builders, action: Action) -> None:
    lapsed = {"accounts": (), "connections": {"INSTAGRAM": "DISCONNECTED"}}
    assert one(make, make.post(action=action), make.item(), **lapsed).acts == (Act(action),)
    assert one(make, make.post(action=action, account="ig-1"), make.item(), **lapsed).acts == (Act(action),)
    by_name = one(make, make.post(action=action, account="studio"), make.item(), **lapsed)
    assert refused(by_name) == (StepKind.BLOCKED, "not_connected", ())


def test_a_sign_in_that_is_no_longer_valid_blocks_what_would_go_out(make: Builders) -> None:
    invalid = {"connections": {"INSTAGRAM": "INVALID"}}
    assert refused(one(make, make.post(), **invalid)) == (StepKind.BLOCKED, "not_connected", ())
    moved = one(make, make.post(), make.item(scheduled_at=make.later), **invalid)
    assert refused(moved) == (StepKind.BLOCKED, "not_connected", ())
    assert one(make, make.post(), make.item(Status.PUBLISHED), **invalid).kind is StepKind.UNCHANGED


def test_an_item_of_no_known_account_can_only_be_stopped(make: Builders) -> None:
    item = make.item(account_id="")
    assert one(make, make.post(), item).code == "account_unclear"
    assert one(make, make.post(action=Action.CANCEL), item).acts == (Act.CANCEL,)


def test_the_second_id_is_part_of_what_is_created(make: Builders) -> None:
    page = Account(Channel.FACEBOOK, "fb-1", name="Pottery", target_id="p-1")
    step = one(make, make.post(channel=Channel.FACEBOOK), accounts=(page,), connections={})
    assert (step.account_id, step.target_id, step.content.target_id) == ("fb-1", "p-1", "p-1")


def test_rows_that_stand_for_one_item_are_all_conflicts(make: Builders) -> None:
    posts = [make.post(), replace(make.post("other", item_id="item-1"), row=9)]
    steps = reconcile(posts, make.snapshot(make.item()), now=make.now).steps
    assert [refused(step) for step in steps] == [(StepKind.CONFLICT, "same_item", ())] * 2
    assert "2, 9" in steps[0].reason


def test_rows_with_one_key_are_all_conflicts(make: Builders) -> None:
    posts = [make.post(), replace(make.post(), row=3)]
    steps = reconcile(posts, make.snapshot(), now=make.now).steps
    assert [refused(step) for step in steps] == [(StepKind.CONFLICT, "key_twice", ())] * 2


def test_a_row_that_is_left_out_stands_for_nothing(make: Builders) -> None:
    posts = [make.post(), replace(make.post(action=Action.SKIP), row=3)]
    steps = reconcile(posts, make.snapshot(), now=make.now).steps
    assert [step.kind for step in steps] == [StepKind.SCHEDULE, StepKind.SKIP]


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELED, Status.DELETED])
@pytest.mark.parametrize("named", ["spring-01", "failed"])
def test_again_makes_a_dead_post_anew_under_its_next_generation(make: Builders, status: Status, named: str) -> None:
    step = one(make, make.post(), make.item(status), options=PlanOptions(again=frozenset({named})))
    if named == "failed" and status is not Status.FAILED:
        assert step.acts == ()
    else:
        assert (step.acts, step.reference, step.item_id) == ((Act.CREATE, Act.SCHEDULE), "spring-01~2", "")


def test_again_goes_on_counting_and_never_overtakes_another_rows_key(make: Builders) -> None:
    options = PlanOptions(again=frozenset({"spring-01"}))
    items = [make.item(Status.CANCELED), make.item(Status.FAILED, id="b", reference="spring-01~2")]
    assert one(make, make.post(), *items, options=options).reference == "spring-01~3"
    posts = [make.post(), replace(make.post("spring-01~2"), row=3)]
    steps = reconcile(posts, make.snapshot(items[0]), now=make.now, options=options).steps
    assert [step.reference for step in steps] == ["spring-01~3", "spring-01~2"]


def test_again_by_the_rows_key_means_all_its_channels(make: Builders) -> None:
    post = make.post("spring-01/INSTAGRAM")
    item = make.item(Status.CANCELED, reference="spring-01/INSTAGRAM")
    step = one(make, post, item, options=PlanOptions(again=frozenset({"spring-01"})))
    assert step.reference == "spring-01/INSTAGRAM~2"


def test_again_that_made_nothing_is_said(make: Builders) -> None:
    options = PlanOptions(again=frozenset({"spring-01", "sprang", "failed"}))
    plan = reconcile([make.post()], make.snapshot(make.item()), now=make.now, options=options)
    assert plan.steps[0].kind is StepKind.UNCHANGED
    assert len(plan.notices) == 2
    assert "no row has that key" in plan.notices[0]


def test_again_still_refuses_a_date_that_has_passed(make: Builders) -> None:
    options = PlanOptions(again=frozenset({"spring-01"}))
    step = one(make, make.post(publish_at=make.past), make.item(Status.FAILED), options=options)
    assert refused(step) == (StepKind.INVALID, "date_passed", ())


def test_drafts_only_keeps_generated_content_for_review(make: Builders) -> None:
    options = PlanOptions(drafts_only=True)
    generated = make.post(generation=Generation(Generate.CAPTION, prompt="glaze"))
    assert one(make, make.post(), options=options).kind is StepKind.SCHEDULE
    step = one(make, generated, options=options)
    assert (step.kind, step.acts, step.at, step.generated) == (StepKind.DRAFT, (Act.CREATE,), None, True)
    assert "--drafts-only" in step.warnings[0]
    assert one(make, generated, make.item(Status.DRAFT), options=options).kind is StepKind.UNCHANGED
    assert one(make, generated, make.item(), options=options).kind is StepKind.UNCHANGED


def tiktok(make: Builders, privacy: str, *options: str, item: object = None) -> Step:
    account = Account(Channel.TIKTOK, "tt", name="clips", privacy_options=options)
    post = make.post(channel=Channel.TIKTOK, type=PostType.VIDEO, content=replace(make.content, privacy=privacy))
    return one(make, post, *([item] if item else []), accounts=(account,), connections={})


def test_tiktok_is_told_who_may_see_a_post(make: Builders) -> None:
    assert tiktok(make, "SELF_ONLY", "SELF_ONLY", "PUBLIC_TO_EVERYONE").kind is StepKind.SCHEDULE
    refusal = tiktok(make, "PUBLIC_TO_EVERYONE", "SELF_ONLY")
    assert refused(refusal) == (StepKind.INVALID, "privacy_not_allowed", ())
    assert "SELF_ONLY" in refusal.reason
    assert refused(tiktok(make, "", "SELF_ONLY", "PUBLIC_TO_EVERYONE")) == (StepKind.INVALID, "privacy_missing", ())
    assert tiktok(make, "", "SELF_ONLY").content.privacy == "SELF_ONLY"
    assert tiktok(make, "SELF_ONLY").kind is StepKind.SCHEDULE


def test_a_live_tiktok_post_stays_unchanged_whatever_the_account_allows_now(make: Builders) -> None:
    place = {"channel": "TIKTOK", "type": "VIDEO", "account_id": "tt"}
    item = make.item(Status.PUBLISHED, content=replace(make.content, privacy="SELF_ONLY"), **place)
    assert tiktok(make, "SELF_ONLY", "PUBLIC_TO_EVERYONE", item=item).kind is StepKind.UNCHANGED


def test_reschedule_keeps_the_items_content(make: Builders) -> None:
    post = make.post(action=Action.RESCHEDULE, content=Content(text="other"))
    step = one(make, post, make.item(scheduled_at=make.later))
    assert (step.acts, step.content) == ((Act.RESCHEDULE,), make.content)


def test_an_id_that_is_not_there_creates_nothing(make: Builders) -> None:
    step = one(make, make.post(item_id="gone"), make.item())
    assert refused(step) == (StepKind.CONFLICT, "item_not_found", ())


def test_the_state_moves_with_what_the_plan_found_and_with_nothing_else(make: Builders) -> None:
    def state(*items: object, **site: object) -> str:
        return reconcile([make.post()], make.snapshot(*items, **site), now=make.now).state

    other = make.item(id="x", reference="x", content=Content(text="x"))
    gone_live = make.item(link="https://instagram.com/p/1")
    assert state(make.item()) == state(make.item(), other) == state(gone_live)
    assert len({state(), state(make.item()), state(make.item(scheduled_at=make.later)), state(accounts=())}) == 4


def test_a_persons_own_words_are_never_told_as_generated(make: Builders) -> None:
    picture = make.post(generation=Generation(Generate.IMAGE, prompt="bluer"))
    both = Issue(2, "generate", "generate_and_text", "caption", "Clear one of them.")
    refused = make.post(generation=Generation(Generate.CAPTION, prompt="glaze"), issues=(both,))
    assert not one(make, picture).generated
    assert not one(make, refused).generated


def test_a_generated_picture_is_told_before_its_post_is_made(make: Builders) -> None:
    post = make.post(generation=Generation(Generate.IMAGE, prompt="bluer"))
    assert one(make, post).reason.endswith(f" Its first image was generated: {make.picture.source}")
    assert "generated" not in one(make, post, make.item()).reason


def step_beside(make: Builders, post: object, *items: object) -> object:
    return reconcile([post], make.snapshot(*items), now=make.now).steps[0]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.DRAFT, Status.PROCESSING, Status.IN_QUEUE])
@pytest.mark.parametrize("reference", ["", "somebody-else"])
def test_a_pending_post_that_looks_the_same_is_a_warning(make: Builders, status: Status, reference: str) -> None:
    content = replace(make.content, text=make.content.text.replace("\n", "\r\n"))
    step = step_beside(make, make.post(), make.item(status, reference=reference, content=content))
    assert step.kind is StepKind.SCHEDULE
    (warning,) = step.warnings
    assert "ID item-1" in warning
    assert ("Tue 1 Dec 2026, 09:30 (Berlin)" in warning) == (status != Status.DRAFT)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.PUBLISHED},
        {"status": Status.CANCELED},
        {"channel": "FACEBOOK"},
        {"account_id": "ig-2"},
        {"content": Content(text="Glazing\nday")},
        {"content": Content()},
        {"external": True},
    ],
)
def test_what_differs_or_does_not_go_out_is_no_look_alike(make: Builders, changes: dict[str, object]) -> None:
    assert step_beside(make, make.post(), make.item(**({"reference": "x"} | changes))).warnings == ()


def test_a_post_that_is_out_warns_of_one_that_would_be_published_at_once(make: Builders) -> None:
    out = make.item(Status.PUBLISHED, reference="old-name")
    (warning,) = step_beside(make, make.post(now=True, publish_at=None), out).warnings
    assert "published, key old-name, ID item-1" in warning


def test_an_item_that_another_row_stands_for_is_nobody_elses(make: Builders) -> None:
    posts = [make.post(), replace(make.post("other"), row=3)]
    plan = reconcile(posts, make.snapshot(make.item(reference="other")), now=make.now)
    assert plan.steps[0].warnings == ()


def test_a_post_that_stays_as_it_is_warns_of_nothing(make: Builders) -> None:
    twin = make.item(id="twin", reference="x")
    assert step_beside(make, make.post(), make.item(), twin).warnings == ()


def test_the_same_post_under_another_derived_key_is_a_conflict(make: Builders) -> None:
    step = step_beside(make, make.post("auto-new", key_derived=True), make.item(reference="auto-old"))
    assert (step.kind, step.code, step.acts) == (StepKind.CONFLICT, "looks_same", ())
    assert "auto-old" in step.reason


def test_a_named_post_that_looks_like_a_derived_one_is_only_warned_of(make: Builders) -> None:
    assert step_beside(make, make.post(), make.item(reference="auto-old")).kind is StepKind.SCHEDULE
    assert (
        step_beside(make, make.post("auto-new", key_derived=True), make.item(reference="x")).kind is StepKind.SCHEDULE
    )


@pytest.mark.parametrize(
    ("changes", "item", "kind"),
    [
        ({}, {}, StepKind.CONFLICT),
        ({"publish_at": None}, {"status": Status.DRAFT}, StepKind.CONFLICT),
        ({"publish_at": None, "now": True}, {"status": Status.PUBLISHED}, StepKind.CONFLICT),
        ({}, {"reference": "other/kiel/INSTAGRAM"}, StepKind.SCHEDULE),
        ({}, {"scheduled_at": DATE + timedelta(days=7)}, StepKind.SCHEDULE),
        ({}, {"content": Content(text="Other words", media=(PICTURE,))}, StepKind.SCHEDULE),
        ({}, {"content": replace(CONTENT, target_id="another page")}, StepKind.SCHEDULE),
        ({}, {"status": Status.CANCELED}, StepKind.SCHEDULE),
        ({"series": ""}, {}, StepKind.SCHEDULE),
    ],
)
def test_a_place_that_was_renamed_does_not_make_its_posts_a_second_time(
    make: Builders, changes: dict[str, object], item: dict[str, object], kind: StepKind
) -> None:
    renamed = make.post("sale/Kiel Mitte/INSTAGRAM", **{"series": "sale", "place": "Kiel Mitte", **changes})
    there = make.item(**{"reference": "sale/kiel/INSTAGRAM", **item})
    step = step_beside(make, renamed, there)
    assert step.kind is kind
    assert (step.code, step.acts) == ("looks_same", ()) if kind is StepKind.CONFLICT else step.acts


def test_a_derived_post_at_the_time_of_an_earlier_derived_one_is_warned_of(make: Builders) -> None:
    item = make.item(reference="auto-old", content=Content(text="old words"))
    (warning,) = step_beside(make, make.post("auto-new", key_derived=True), item).warnings
    assert "auto-old" in warning
    elsewhere = replace(item, scheduled_at=make.later)
    assert step_beside(make, make.post("auto-new", key_derived=True), elsewhere).warnings == ()


DOUBT = Issue(2, "publish_at", "midnight", "2026-12-01", "It goes out at midnight.", Severity.WARNING)


@pytest.mark.parametrize(
    ("changes", "items", "told"),
    [
        ({}, [], True),
        ({"publish_at": None}, [Status.DRAFT], True),
        ({}, [Status.SCHEDULED], True),
        ({"account": "nobody"}, [], True),
        ({"action": Action.RESCHEDULE}, [Status.DRAFT], True),
        ({"action": Action.SKIP}, [], False),
        ({}, [Status.PUBLISHED], False),
        ({}, [Status.PROCESSING], False),
        ({}, [Status.CANCELED], False),
    ],
)
def test_what_check_warns_of_goes_with_every_post_that_may_still_go_out(
    make: Builders, changes: dict[str, object], items: list[Status], told: bool
) -> None:
    post = make.post(**{"issues": (DOUBT,), **changes})
    step = one(make, post, *(make.item(status) for status in items))
    assert step.warnings == ((DOUBT.message,) if told else ())


def test_the_warnings_of_check_come_before_the_plans_own_and_each_once(make: Builders) -> None:
    wrong = replace(DOUBT, severity=Severity.ERROR, message="No such day.")
    post = make.post(issues=(DOUBT, replace(DOUBT, column="text")))
    step = one(make, post, make.item(reference="another"))
    assert step.warnings[0] == DOUBT.message
    assert len(step.warnings) == 2
    assert "looks the same" in step.warnings[1]
    refused = one(make, make.post(issues=(wrong, DOUBT)))
    assert (refused.kind, refused.reason, refused.warnings) == (StepKind.INVALID, wrong.message, (DOUBT.message,))


@pytest.mark.parametrize("action", [None, Action.SKIP])
def test_a_row_that_is_left_out_keeps_what_is_known_of_its_post(make: Builders, action: Action | None) -> None:
    post = make.post(action=action)
    item = make.item(Status.PUBLISHED, reference="spring-01~2", scheduled_at=make.later, link="https://example.com/p")
    step = one(make, post, item, options=PlanOptions(skip={place(post): "Not today."}))
    assert (step.kind, step.acts, step.changes, step.before) == (StepKind.SKIP, (), (), None)
    assert (step.item_id, step.found_status, step.link) == (item.id, "PUBLISHED", item.link)
    assert (step.at, step.local_time) == (make.later, "2026-12-02 09:30 Europe/Berlin")
    assert step.reference == "spring-01~2"


def test_what_a_row_that_is_left_out_stands_for_is_nobody_elses_post(make: Builders) -> None:
    out = replace(make.post("other"), row=3)
    plan = reconcile(
        [make.post(), out], make.snapshot(make.item(reference="other")), now=make.now,
        options=PlanOptions(skip={place(out): "Not today."}),
    )  # fmt: skip
    assert (plan.steps[0].kind, plan.steps[0].warnings) == (StepKind.SCHEDULE, ())


def test_a_plan_is_not_refused_since_a_post_has_moved_that_it_leaves_out(make: Builders) -> None:
    post = make.post()
    plans = [
        Plan("s", "f", make.now, (reconcile([post], make.snapshot(item), now=make.now,
                                            options=PlanOptions(skip={place(post): "Not today."})),))
        for item in (make.item(), make.item(Status.PUBLISHED, link="https://example.com/p"))
    ]  # fmt: skip
    assert plans[0] != plans[1]
    check_unmoved(plans[0], plans[1])


@pytest.mark.parametrize(
    ("action", "status"),
    [(Action.CANCEL, Status.SCHEDULED), (Action.DELETE, Status.SCHEDULED), (Action.DELETE, Status.DRAFT)],
)
def test_what_can_not_be_undone_says_so_before_it_is_done(make: Builders, action: Action, status: str) -> None:
    assert "can't be undone" in one(make, make.post(action=action, publish_at=None), make.item(status)).reason
    assert "can't be undone" not in one(make, make.post()).reason


@pytest.mark.parametrize("state", ["DISCONNECTED", "INVALID", "UNREADABLE"])
def test_posts_that_wait_on_a_connection_that_no_longer_holds_are_told(make: Builders, state: str) -> None:
    held = [make.item(), make.item(id="b", reference="b"), make.item(id="c", reference="c", status=Status.DRAFT)]
    site = replace(make.snapshot(*held), connections={"INSTAGRAM": state, "TIKTOK": "NEVER_CREATED"})
    plan = reconcile([], site, now=make.now)
    (notice,) = [n for n in plan.notices if "won't go out" in n]
    assert plan.lapsed == ("INSTAGRAM",)
    assert notice.startswith("2 posts scheduled on INSTAGRAM")
    assert "postbatch accounts" in notice
    valid = replace(site, connections={"INSTAGRAM": "VALID"})
    assert reconcile([], valid, now=make.now).notices == reconcile([], valid, now=make.now).lapsed == ()


def test_a_replacement_is_replaced_again_only_where_it_differs(make: Builders) -> None:
    options = PlanOptions(replaced=frozenset({"a"}))
    post, item = make.post("a"), make.item(reference="a~2")
    taken_back = make.item(status=Status.CANCELED, id="old", reference="a")

    def plan(*items: Item, **changed: object) -> SitePlan:
        return reconcile([replace(post, **changed)], make.snapshot(*items), now=make.now, options=options)

    assert plan(item).steps[0].reference == "a~3", "no attempt before it was taken back: it is none"
    done = plan(item, taken_back)
    assert done.steps[0].kind is StepKind.UNCHANGED
    assert "`--replace a` made nothing new" in done.notices[0]
    kept = plan(replace(item, kept=("link",)), taken_back).steps[0]
    assert (kept.reference, kept.duplicates) == ("a~3", (item.id,))
    other = plan(item, taken_back, content=replace(post.content, text="Other words")).steps[0]
    assert (other.reference, other.duplicates) == ("a~3", (item.id,))


def test_what_the_service_refused_of_a_post_is_not_sent_again_until_its_row_changes(make: Builders) -> None:
    post = make.post("a")
    free = {"SCHEDULE_POST": Quota("SCHEDULE_POST", limit=50, left=9)}
    (step,) = reconcile([post], make.snapshot(quotas=free), now=make.now).steps
    refused = {"a": f"{refusal_of(step)} HTTP_428"}

    def again(*, quotas: object = free, options: PlanOptions | None = None, **changed: object) -> Step:
        snapshot = replace(make.snapshot(quotas=quotas), refusals=refused)
        return reconcile([replace(post, **changed)], snapshot, now=make.now, options=options).steps[0]

    assert (again().kind, again().code, again().acts) == (StepKind.FAILED, "refused_before", ())
    assert "--again a" in again().reason
    assert again(content=replace(post.content, text="Other words")).kind is StepKind.SCHEDULE
    assert again(publish_at=post.publish_at + timedelta(days=1)).kind is StepKind.SCHEDULE
    assert again(options=PlanOptions(again=frozenset({"a"}))).kind is StepKind.SCHEDULE
    assert again(quotas={}).kind is StepKind.SCHEDULE, "it may have been the quota"


@pytest.mark.parametrize(
    ("row", "reference", "channel", "told"),
    [
        ({"key": "a"}, "a/LINKEDIN", "LINKEDIN", "the post on LinkedIn"),
        ({"key": "a"}, "a/LINKEDIN~2", "LINKEDIN", "the post on LinkedIn"),
        ({"key": "a/INSTAGRAM"}, "a", "LINKEDIN", "the post on LinkedIn"),
        ({"key": "a"}, "a/berlin/INSTAGRAM", "INSTAGRAM", "berlin"),
        ({"key": "a"}, "a/2026-12-08", "INSTAGRAM", "2026-12-08"),
        ({"key": "a/bonn/INSTAGRAM", "series": "a"}, "a", "INSTAGRAM", "the post on Instagram"),
        ({"key": "a/bonn/INSTAGRAM", "series": "a"}, "a/berlin/INSTAGRAM", "INSTAGRAM", "berlin"),
        ({"key": "a/bonn/INSTAGRAM", "series": "a"}, "a/bonn/LINKEDIN", "LINKEDIN", "bonn on LinkedIn"),
        ({"key": "a"}, "a/second", "INSTAGRAM", ""),
        ({"key": "a/INSTAGRAM"}, "a", "INSTAGRAM", ""),
        ({"key": "a"}, "b/LINKEDIN", "LINKEDIN", ""),
        ({"key": "a", "channel": None, "action": Action.CANCEL, "publish_at": None}, "a/LINKEDIN", "LINKEDIN", ""),
        ({"key": "a", "issues": (Issue(2, "channel", "channel_unknown", "", "No."),)}, "a/LINKEDIN", "LINKEDIN", ""),
    ],
)
def test_what_a_row_no_longer_means_stays_and_is_told(
    make: Builders, row: dict[str, object], reference: str, channel: str, told: str
) -> None:
    item = make.item(reference=reference, channel=channel, content=replace(make.content, text="Of before"))
    for status in (Status.SCHEDULED, Status.CANCELED):
        plan = reconcile([make.post(**row)], make.snapshot(replace(item, status=status)), now=make.now)
        lines = [notice for notice in plan.notices if "no longer means" in notice]
        stays = f"Row 2 (a) no longer means {told}. Nothing is cancelled: 1 post stays as planned before."
        key = reference.removesuffix("~2")
        stays += f" To cancel it, add a row with the `key` {key} and the `action` cancel." if key != "a" else ""
        assert lines == ([stays] if told and status is Status.SCHEDULED else [])
        assert Act.CANCEL not in plan.steps[0].acts


def test_a_row_that_goes_to_another_site_with_the_same_words_leaves_a_post_that_is_told(make: Builders) -> None:
    items = [make.item(), make.item(id="b", reference="b", content=replace(make.content, text="Other words"))]
    sites = [make.snapshot(*items), make.snapshot(make.item(Status.DRAFT), site="garden")]
    sheet = [make.post(site="garden"), make.post("b", site="garden"), make.post("c")]
    told = "Row 2 goes to another site now. Nothing is cancelled: 1 post stays scheduled on the site pottery too."
    assert list(moved_away(sheet, sites)) == [told]
    assert list(moved_away([*sheet, make.post()], sites)) == [], "it is the row's that names this site"
    assert list(moved_away(sheet, sites[:1])) == []
