"""A pottery's launch week: all living combinations, every outcome, as a run and as a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from batch.model import Change, Content, Issue, Medium, Outcome, OutcomeKind, Results, Severity

OK = OutcomeKind
ZONE = "Europe/Berlin"
GLAZE = (
    "Meet Tidal, the glaze that took us 214 test tiles. 🌊\n\nIt breaks from deep teal to warm sand wherever the clay "
    "has an edge, so no two mugs are alike. The first forty pieces leave the kiln on Tuesday, and the doors open at "
    "nine.\n\nTell us in the comments which shape you would like to see in it first: the tall mug, the breakfast bowl "
    "or the jug that nobody can stop holding?\n\n#pottery #ceramics #handmade #tidalglaze #slowmade"
)
LINKED_IN = (
    "We threw away 214 test tiles to get one glaze right.\n\nSmall studios seldom talk about what development costs. "
    "For Tidal it was eleven months, two kilns and one very patient accountant. Here is what we learnt about pricing "
    "the work that nobody sees, and why we put it on the label.\n\n1. Count the failures.\n2. Show the failures.\n"
    "3. Charge for the failures."
)
ARABIC = (
    "إطلاق مجموعة «تيدال» الجديدة يوم الثلاثاء في التاسعة صباحًا. "
    "أربعون قطعة فقط، كل واحدة منها مختلفة عن الأخرى. نراكم في الاستوديو! 🌊🏺"
)
FILM = (
    "Eleven months in nine minutes: how a glaze is born, and how often it dies first.\n\n0:00 The idea\n"
    "1:40 The first hundred failures\n5:05 The one that worked\n\nTidal is out on 1 December."
)


def media(*sources: str) -> tuple[Medium, ...]:
    """Return media by name, videos told by their ending."""
    return tuple(Medium(s, "VIDEO" if s.endswith(".mp4") else "IMAGE") for s in sources)


def post(
    row: int, key: str, what: str, account: str, outcome: OutcomeKind, at: str, content: Content, **more: object
) -> Outcome:
    """Return one outcome; `at` is the wall clock in Berlin, "" for none."""
    channel, type_ = what.split()
    wall = datetime.fromisoformat(at) if at else None
    publish_at = (wall - timedelta(hours=1)).replace(tzinfo=UTC) if wall else None
    status = {OK.SCHEDULED: "SCHEDULED", OK.RESCHEDULED: "SCHEDULED", OK.UPDATED: "SCHEDULED", OK.DRAFTED: "DRAFT",
              OK.PUBLISHED: "PUBLISHED", OK.CANCELLED: "CANCELED", OK.DELETED: "DELETED", OK.FAILED: "FAILED",
              OK.PROCESSING: "PROCESSING", OK.UNCHANGED: "SCHEDULED"}.get(outcome, "")  # fmt: skip
    item_id = f"7c1e0f2a-4b5d-4c1f-9a57-{row:012d}" if status else ""
    made = Outcome(
        row, key, "pottery", channel, type_, account, "", outcome, status, publish_at, item_id,
        local_time=f"{at} {ZONE}" if at else "", timezone=ZONE, content=content, reference=key,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type] # fields of Outcome


def launch_week(*, sandbox: bool = True, wanted: str = "run") -> Results:
    """Return the results of the launch week."""
    outcomes = (
        post(2, "teaser-mon/INSTAGRAM", "INSTAGRAM POST", "tidal.pottery", OK.SCHEDULED, "2026-11-30 09:30",
             Content(GLAZE, media=media("kiln/tidal-01.jpg", "kiln/tidal-02.jpg", "kiln/tidal-03.jpg",
                                        "kiln/opening.mp4", "kiln/tidal-04.jpg"))),
        post(2, "teaser-mon/FACEBOOK", "FACEBOOK POST", "Tidal Pottery Studio", OK.SCHEDULED, "2026-11-30 09:30",
             Content(GLAZE, media=media("kiln/tidal-01.jpg", "kiln/tidal-02.jpg", "kiln/tidal-03.jpg",
                                        "kiln/tidal-04.jpg", "kiln/tidal-05.jpg", "kiln/tidal-06.jpg"))),
        post(3, "kiln-story", "INSTAGRAM STORY", "tidal.pottery", OK.SCHEDULED, "2026-11-30 18:00",
             Content(media=media("stories/kiln-door.jpg"))),
        post(4, "kiln-story-fb", "FACEBOOK STORY", "Tidal Pottery Studio", OK.PROCESSING, "2026-11-30 18:05",
             Content(media=media("stories/kiln-door.mp4")),
             message="The service has accepted it and is working on it."),
        post(5, "launch-tue", "FACEBOOK POST", "Tidal Pottery Studio", OK.RESCHEDULED, "2026-12-01 09:00",
             Content("Tidal is here. Forty pieces, first come, first served.",
                     link="https://www.tidal-pottery.example/shop/tidal?from=facebook"),
             changes=(Change("publish_at", "2026-12-01 08:00 Europe/Berlin", "2026-12-01 09:00 Europe/Berlin"),)),
        post(6, "launch-reel", "FACEBOOK REEL", "Tidal Pottery Studio", OK.SCHEDULED, "2026-12-01 12:00",
             Content("From bag of clay to breakfast table in thirty seconds. Sound on for the part where the kiln lid "
                     "comes off and everybody holds their breath.", media=media("reels/thirty-seconds.mp4"))),
        post(7, "film", "YOUTUBE VIDEO", "Tidal Pottery", OK.PUBLISHED, "",
             Content(FILM, "214 failures: how we made the Tidal glaze", media("film/tidal-documentary.mp4")),
             link="https://www.youtube.com/watch?v=tidal-214", message="It is live."),
        post(8, "short-wheel", "YOUTUBE SHORT", "Tidal Pottery", OK.SCHEDULED, "2026-12-01 17:30",
             Content("Centred in one go. Well, in one go that we filmed.", "The best centring you will see today",
                     media("film/short-wheel.mp4"))),
        post(9, "lesson", "LINKEDIN POST", "Tidal Pottery GmbH", OK.SCHEDULED, "2026-12-02 08:15",
             Content(LINKED_IN, media=media("kiln/tiles-wall.jpg")), generated=True),
        post(10, "pin-mug", "PINTEREST POST", "Stoneware we love", OK.SCHEDULED, "2026-12-02 20:00",
             Content("Teal, sand and a little luck: a hand-thrown mug in our new Tidal glaze, made for slow mornings.",
                     "Tidal mug, hand-thrown stoneware in teal and sand", media("pins/mug-tall.jpg"),
                     "https://www.tidal-pottery.example/shop/mug")),
        post(11, "open-day", "GBP POST", "Tidal Pottery, Hafenstraße 7", OK.UPDATED, "2026-12-03 10:00",
             Content("Open studio this Saturday, 10 to 16. Throw your first bowl, see the kiln opened at two and take "
                     "home a test tile from the famous 214. Coffee is on us.", media=media("studio/door.jpg"),
                     call_to_action="BOOK"),
             changes=(Change("text", "Open studio this Saturday, 10 to 15.", "Open studio this Saturday, 10 to 16."),
                      Change("call_to_action", "", "BOOK"))),
        post(12, "tiktok-photos", "TIKTOK POST", "tidalpottery", OK.SCHEDULED, "2026-12-03 19:00",
             Content("Which of the 214 would you have kept? 👀 #potterytok #glaze", "214 tiles, one winner",
                     media(*(f"tiles/tile-{n:03}.jpg" for n in range(1, 13))), privacy="PUBLIC_TO_EVERYONE")),
        post(13, "tiktok-lid", "TIKTOK VIDEO", "tidalpottery", OK.UNCHANGED, "2026-12-04 19:00",
             Content("The lid comes off in 3, 2, 1 … 🫣 Part two is in our profile, and yes, we screamed. "
                     "#potterytok #kilnopening #ceramics", media=media("tiktok/lid-off.mp4"),
                     privacy="PUBLIC_TO_EVERYONE"), message="It is already as the row says."),
        post(14, "thanks-draft", "INSTAGRAM POST", "tidal.pottery", OK.DRAFTED, "",
             Content("Forty pieces, eleven minutes. Thank you.", media=media("kiln/empty-shelf.jpg")),
             message="Saved as a draft; it won't go out until it gets a date."),
        post(15, "arabic", "INSTAGRAM POST", "tidal.pottery", OK.SCHEDULED, "2026-12-04 11:00",
             Content(ARABIC, media=media("kiln/tidal-arabic.jpg", "kiln/tidal-02.jpg"))),
        post(16, "old-teaser", "LINKEDIN POST", "Tidal Pottery GmbH", OK.CANCELLED, "2026-12-05 09:00",
             Content("Something is coming."), action="cancel", message="It won't go out."),
        post(17, "typo-draft", "GBP POST", "Tidal Pottery, Hafenstraße 7", OK.DELETED, "",
             Content("Opnning soon"), action="delete", message="Deleted from the site."),
        post(18, "christmas", "FACEBOOK POST", "", OK.SKIPPED, "2026-12-24 08:00",
             Content("Happy holidays from the whole studio."), action="skip", message="The row says skip."),
        post(19, "x-launch", "TWITTER POST", "tidalpottery", OK.INVALID, "2026-12-01 09:05",
             Content("Tidal is here.", link="https://tidal-pottery.example/shop"), code="channel_ended",
             message="X no longer takes posts since 1 August 2026: choose another channel or write skip."),
        post(20, "pin-jug", "PINTEREST POST", "Stoneware we love", OK.INVALID, "2026-12-02 20:30",
             Content("A jug for every table. " * 40, "Tidal jug", media("pins/jug.jpg")), code="text_too_long",
             message="text has 920 characters and Pinterest takes 800: shorten it by 120."),
        post(21, "promo", "TIKTOK VIDEO", "tidalpottery", OK.BLOCKED, "2026-12-05 18:00",
             Content("Last call.", media=media("tiktok/last-call.mp4")), code="quota_used_up",
             message="The plan schedules 50 posts a month and all are used until 31 December: free some, or upgrade."),
        post(22, "launch-li", "LINKEDIN POST", "Tidal Pottery GmbH", OK.CONFLICT, "2026-12-01 09:00",
             Content("Tidal is here."), code="other_channel", item_id="7c1e0f2a-4b5d-4c1f-9a57-99aa00bb11cc",
             message="The site has a Facebook post under the key launch-li: give this row another key."),
        post(23, "jug-reel", "FACEBOOK REEL", "Tidal Pottery Studio", OK.FAILED, "2026-12-02 12:00",
             Content("The jug.", media=media("reels/jug.mp4")), code="UNSUPPORTED_CHANNEL",
             message="The service refused it: the video is shorter than 3 seconds."),
        post(24, "newsletter", "FACEBOOK POST", "Tidal Pottery Studio", OK.UNKNOWN, "2026-12-04 09:00",
             Content("The December letter is out.", link="https://tidal-pottery.example/letter"), code="no_answer",
             message="Sent, and no answer came back within 60 s."),
        post(25, "sunday", "INSTAGRAM POST", "tidal.pottery", OK.NOT_RUN, "2026-12-06 10:00",
             Content("Sundays are for trimming.", media=media("kiln/trim.jpg")),
             message="The run was interrupted before this post."),
    )  # fmt: skip
    issues = (
        Issue(19, "channel", "channel_ended", "X", outcomes[-7].message, cell="D19"),
        Issue(20, "text", "text_too_long", "A jug for every table. A jug for …", outcomes[-6].message, cell="I20"),
        Issue(20, "link", "link_missing", "", "A Pin without a link leads nowhere: add one if you can.",
              Severity.WARNING, "L20"),
    )  # fmt: skip
    return Results(
        run="2026-11-24T16-52-pottery", sandbox=sandbox, sheet="launch-week.xlsx", headings=("key",),
        outcomes=outcomes, issues=issues, started_at=datetime(2026, 11, 24, 16, 50, tzinfo=UTC),
        finished_at=datetime(2026, 11, 24, 16, 52, tzinfo=UTC), wanted=wanted,
        notices=("This computer's clock is 74 s behind the service's: set it by the network.",),
    )  # fmt: skip


def month_of(count: int) -> Results:
    """Return results of many posts, made of the launch week's over and over, spread over two months."""
    week = launch_week(sandbox=False)
    start = datetime(2026, 12, 1, 6, tzinfo=UTC)
    made = []
    for n in range(count):
        like = week.outcomes[n % len(week.outcomes)]
        at = start + timedelta(minutes=(n * 7919) % (60 * 24 * 59))
        wall = f"{at + timedelta(hours=1):%Y-%m-%d %H:%M} {ZONE}"
        made.append(replace(like, row=n + 2, key=f"post-{n:05}", publish_at=at, local_time=wall))
    return replace(week, outcomes=tuple(made), issues=())


def many_sites(sites: int, count: int) -> Results:
    """Return a plan of so many posts for each of so many sites, most of them the same post for every site."""
    week = launch_week(sandbox=False, wanted="plan")
    kinds = (OK.SCHEDULED, OK.RESCHEDULED, OK.UNCHANGED, OK.SKIPPED, OK.INVALID, OK.DRAFTED)
    like = [outcome for outcome in week.outcomes if outcome.outcome in kinds]
    made = [
        replace(like[n % len(like)], row=n + 2, key=f"post-{n}/site-{site:02}", site=f"site-{site:02}")
        for n in range(count)
        for site in range(sites)
    ]
    return replace(week, outcomes=tuple(made), issues=())


TOWNS = ("Bath", "Berlin", "Bonn", "Bristol", "Essen", "Exeter", "Hamburg", "Köln", "Leeds", "London", "Ulm", "York")
ZONES = (ZONE, "Europe/London", "Europe/Lisbon")


def in_places(rows: int, places: int, *, wanted: str = "plan", sites: int = 0) -> Results:
    """Return so many rows, each sent to so many places, each with its own words: a plan, or its run.

    One place in 67 has a problem. `sites` is how many sites there are, by default one for each place.
    """
    done = wanted != "plan"
    names = [f"{TOWNS[n % len(TOWNS)]} {n // len(TOWNS) + 1}" for n in range(places)]
    made = [
        in_place(row, n, name, site=f"site-{n % (sites or places) + 1:03}", bad=n % 67 == 66, done=done)
        for row in range(rows)
        for n, name in enumerate(names)
    ]
    return replace(launch_week(sandbox=False, wanted=wanted), outcomes=tuple(made), issues=(), notices=())


def in_place(row: int, number: int, name: str, *, site: str, bad: bool, done: bool) -> Outcome:
    """Return what one row says for one place."""
    zone, (channel, type_) = ZONES[number % 3], (("FACEBOOK", "POST"), ("GBP", "POST"), ("INSTAGRAM", "POST"))[row % 3]
    at = datetime(2026, 12, 1 + 2 * (row % 12), 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    live, slug = done and row < 2 and not bad, name.lower().replace(" ", "-")
    text = (
        f"Our {('winter', 'spring', 'summer')[row % 3]} glaze has come out of the kiln, and in {name} it is on the "
        f"shelf from today. Come in, hold a cup, and have it wrapped while you wait: {name} is open until six, and "
        f"the telephone is 0{4000 + 37 * number}. Whoever brings the old cup gets a tenth off the new one."
    )
    return Outcome(
        row=row + 2, key=f"glaze-{row + 1}/{name}/{channel}", site=site, channel=channel, type=type_,
        account=f"Tidal {name}", action="", outcome=OK.BLOCKED if bad else OK.PUBLISHED if live else OK.SCHEDULED,
        status="PUBLISHED" if live else "SCHEDULED" if done and not bad else "", publish_at=at, timezone=zone,
        link=f"https://social.example/{slug}/{row}" if live else "", code="NOT_CONNECTED" if bad else "",
        message=f"{channel.title()}'s connection has expired. Reconnect it in {site}." if bad else "New post.",
        content=Content(text, media=media(f"glaze-{row + 1}.jpg"), link=f"https://tidal.example/{slug}"),
        item_id=f"item-{row}-{number}" if done and not bad else "", place=name,
    )  # fmt: skip


def month_report() -> Results:
    """Return a month as a report tells it: posts in every state of three sites, with figures of the service.

    `reach` adds up; `engagementRate` can't; `Posts` has the name of a column; of what is not live nothing came.
    """
    states = ((OK.PUBLISHED, 42), (OK.SCHEDULED, 54), (OK.FAILED, 2), (OK.DRAFTED, 5))
    kinds = [kind for kind, count in states for _ in range(count)]
    outcomes, own = [], {}
    for row, kind in enumerate(kinds, start=2):
        at = "" if kind is OK.DRAFTED else f"2026-12-{1 + row // 4:02} {8 + row % 10:02}:00"
        channel = ("INSTAGRAM POST", "FACEBOOK POST", "GBP POST")[row % 3]
        site = ("pottery", "garden", "The Old Mill Bakery & Café")[row % 7 % 3]
        content = Content(f"Post number {row}: the winter workshop, two places left.")
        outcomes.append(post(row, f"dec-{row:03}", channel, f"{site}'s account", kind, at, content, site=site,
                             place=("", "berlin", "hamburg")[row % 5 % 3]))  # fmt: skip
        live = kind is OK.PUBLISHED
        figures = (str(10 * row), "4.25", "0") if live else ("", "", "")
        own[row] = (("", "advent", "sale")[row % 4 % 3], *figures)
    return Results(
        run="", sandbox=False, sheet="December 2026", headings=("campaign", "reach", "engagementRate", "Posts"),
        outcomes=tuple(outcomes), own=own, finished_at=datetime(2026, 12, 16, 12, tzinfo=UTC), wanted="report",
    )  # fmt: skip
