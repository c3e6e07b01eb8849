"""What the terminal tells of media before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from batch.model import Act, Content, Medium, Plan, SitePlan, Step, StepKind
from batch.report.plan_text import plan_text, shown_size

FILE = Medium("pictures/cup.jpg", "IMAGE", "", "sha256:1", 13_466)
ADDRESS = Medium("https://www.example.com/cup.jpg", "IMAGE", "", "https://www.example.com/cup.jpg")


def step(row: int, *media: Medium, acts: tuple[Act, ...] = (Act.UPLOAD, Act.CREATE), site: str = "") -> Step:
    return Step(
        row=row, key=f"k{row}", reference=f"k{row}", site=site, channel="FACEBOOK", type="POST", kind=StepKind.DRAFT,
        reason="New.", acts=acts, content=Content(media=media),
    )  # fmt: skip


def shown(*steps: Step) -> str:
    plan = Plan("s.csv", "", datetime(2031, 1, 1, tzinfo=UTC), (SitePlan("", steps),))
    return plan_text(plan, width=100, color=False, verbose=False)


def test_each_medium_is_told_once_with_its_size_and_rows():
    text = shown(step(2, FILE), step(3, FILE, ADDRESS))
    assert "Media: 1 file (13 KB) to upload, 1 link for the Media Manager to fetch." in text
    assert "pictures/cup.jpg, 13 KB, rows 2 and 3" in text
    assert "https://www.example.com/cup.jpg, row 3" in text
    assert text.count("pictures/cup.jpg") == 1


def test_a_medium_of_many_rows_says_how_many_are_not_named():
    assert "13 KB, rows 2, 3, 4, 5, 6, 7, 8, 9 and 3 more" in shown(*(step(row, FILE) for row in range(2, 13)))


def test_a_medium_that_goes_to_two_sites_names_them():
    sites = tuple(SitePlan(name, (step(row, FILE, site=name),)) for row, name in ((2, "clay"), (3, "pottery")))
    text = plan_text(Plan("s.csv", "", datetime(2031, 1, 1, tzinfo=UTC), sites))
    assert "clay: pictures/cup.jpg, 13 KB, row 2" in text
    assert "pottery: pictures/cup.jpg, 13 KB, row 3" in text


def test_rows_without_a_site_say_so_where_there_are_several():
    sites = (SitePlan("clay", (step(2, site="clay"),)), SitePlan("", (step(3),)))
    text = plan_text(Plan("s.csv", "", datetime(2031, 1, 1, tzinfo=UTC), sites))
    assert [line for line in text.splitlines() if "save 1 draft" in line][:2] == [
        "clay: save 1 draft",
        "No site: save 1 draft",
    ]


def test_media_that_are_there_are_not_told():
    assert "Media" not in shown(
        step(2, Medium("a.jpg", "IMAGE", "https://static.wixstatic.com/a.jpg"), acts=(Act.CREATE,))
    )


def test_sizes_read_as_a_person_says_them():
    assert [shown_size(n) for n in (10, 13_466, 3_400_000)] == ["1 KB", "13 KB", "3.4 MB"]


def placed_plan(kind: StepKind, *acts: Act, rows: int = 12, places: int = 200) -> Plan:
    return Plan(
        "x.xlsx",
        "f",
        datetime(2031, 2, 1, tzinfo=UTC),
        tuple(
            SitePlan(
                f"site-{n}",
                tuple(
                    Step(
                        row=row,
                        key=f"sale-{row}/shop-{n}/FACEBOOK",
                        site=f"site-{n}",
                        kind=kind,
                        reason="x",
                        channel="FACEBOOK",
                        type="POST",
                        acts=acts,
                        reference=f"sale-{row}/shop-{n}/FACEBOOK",
                        at=datetime(2031, 3, row, 8, tzinfo=UTC),
                        timezone="Europe/Berlin" if n % 2 else "Europe/Lisbon",
                        content=Content(text=f"Hi from shop {n}"),
                        place=f"shop-{n}",
                    )
                    for row in range(2, 2 + rows)
                ),
            )
            for n in range(places)
        ),
    )


def test_a_month_for_two_hundred_places_is_told_by_row_and_fits_on_a_screen():
    text = plan_text(placed_plan(StepKind.SCHEDULE, Act.CREATE, Act.SCHEDULE), width=100)
    assert len(text.splitlines()) <= 60
    assert all(f"Row {row}, sale-{row}: schedule 200 posts in 200 places" in text for row in range(2, 14))
    assert "This will schedule 2,400 posts, on 200 sites." in text
    again = plan_text(placed_plan(StepKind.UNCHANGED), width=100)
    assert len(again.splitlines()) <= 15


def test_a_problem_is_told_with_its_places_unless_all_places_of_its_row_have_it():
    plan = placed_plan(StepKind.BLOCKED, rows=2, places=6)
    steps = [
        replace(step, reason="Not connected." if step.row == 2 or step.place in ("shop-1", "shop-4") else "No quota.")
        for step in plan.steps
    ]
    text = plan_text(replace(plan, sites=(replace(plan.sites[0], steps=tuple(steps)),)), width=100)
    assert "Blocked  rows 2-3 (shop-0, shop-1, shop-2, shop-3 and 2 more): Not connected." in text
    assert "Blocked  row 3 (shop-0, shop-2, shop-3 and shop-5): No quota." in text
    whole = [replace(step, reason="No quota.") for step in plan.steps]
    told = plan_text(replace(plan, sites=(replace(plan.sites[0], steps=tuple(whole)),)), width=100)
    assert "Blocked  rows 2-3: No quota." in told


def test_the_places_of_what_can_not_be_undone_are_named_to_the_last_one():
    text = plan_text(placed_plan(StepKind.CANCEL, Act.CANCEL, rows=1, places=30), width=100)
    assert all(f"shop-{n}" in text.replace("\n", " ") for n in range(30))
    shortened = plan_text(placed_plan(StepKind.SCHEDULE, Act.CREATE, Act.SCHEDULE, rows=1, places=30), width=100)
    assert "and 26 more" in " ".join(shortened.split())


def test_with_verbose_every_post_of_a_row_with_places_is_listed():
    text = plan_text(placed_plan(StepKind.SCHEDULE, Act.CREATE, Act.SCHEDULE, rows=1, places=30), verbose=True)
    assert all(f"sale-2/shop-{n}/FACEBOOK" in text for n in range(30))


def test_a_row_that_repeats_in_its_places_is_told_by_its_own_key_with_its_days():
    steps = [
        replace(step, key=f"tip/2031-03-{day:02}/{step.place}/FACEBOOK", at=datetime(2031, 3, day, 8, tzinfo=UTC))
        for site in placed_plan(StepKind.SCHEDULE, Act.CREATE, Act.SCHEDULE, rows=1, places=2).sites
        for step in site.steps
        for day in (5, 12, 19)
    ]
    plan = Plan("x.xlsx", "f", datetime(2031, 2, 1, tzinfo=UTC), (SitePlan("a", tuple(steps)),))
    assert "Row 2, tip: schedule 6 posts in 2 places on 3 days" in plan_text(plan, width=100)
