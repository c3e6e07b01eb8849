"""What the terminal tells of media before anything is sent."""

from __future__ import annotations

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
