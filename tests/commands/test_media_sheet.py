"""Local pictures, carousels, a video, a shared file, links of all kinds and generated words: twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from batch.sandbox.generate import ASSETS

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ZONE = {"timezone": "Europe/Berlin"}
BOWL, CUPS, LOGO = "pictures/celadon-bowl.jpg", "pictures/moss-cups.jpg", "pictures/logo.png"
DRIVE = "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view?usp=sharing"


def row(key: str, channel: str, **more: str) -> dict[str, str]:
    return {"key": key, "channel": channel, "publish_at": "2031-04-07 09:00", **ZONE, "text": f"About {key}", **more}


@pytest.fixture
def pictures(site):
    shutil.copytree(SAMPLES / "pictures", site.folder / "pictures")
    (site.folder / "pictures" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture after all")
    return site


def asked(service, name):
    return [call for call in service.calls() if call.call == name]


def test_media_and_words_end_as_they_should_and_the_second_time_sends_nothing(pictures, service):
    site = pictures
    site.write(
        "media.csv",
        [
            row("one", "INSTAGRAM", media=BOWL),
            row("many", "INSTAGRAM", media=f"{BOWL} | {CUPS} | https://www.example.com/shelf.jpg"),
            *(row(f"logo-{n}", "FACEBOOK", media=LOGO) for n in range(5)),
            row("film", "FACEBOOK", type="REEL", media="https://www.example.com/clip.mp4"),
            row("drive", "LINKEDIN", media=DRIVE),
            row("outside", "INSTAGRAM", media="../secret.jpg"),
            row("broken", "INSTAGRAM", media="pictures/broken.jpg"),
            row("words", "LINKEDIN", text="", generate="caption", prompt="Three tips for a glaze"),
            row(
                "made",
                "FACEBOOK",
                text="",
                generate="post",
                asset="STORES_PRODUCT:2f0c6a1e-77f3-4d55-9a53-6b1a1f0e2c11",
            ),
        ],
    )
    ended, posts = site.run("media.csv")
    outcomes = {post["key"]: post["outcome"] for post in posts}
    assert ended.status == 1
    assert {key for key, outcome in outcomes.items() if outcome != "scheduled"} == {"outside", "broken"}
    assert outcomes["outside"] == outcomes["broken"] == "invalid"
    uploads, imports = len(asked(service, "upload_url")), len(asked(service, "import_file"))
    made = len(asked(service, "generate_text")) + len(asked(service, "generate_post"))
    assert (uploads, made) == (3, 2)
    many = next(item for item in service.items() if item["referenceId"] == "many")
    assert len(many["instagramPost"]["mediaWrapper"]["media"]) == 3
    assert all("wixstatic.com" in medium["url"] for medium in many["instagramPost"]["mediaWrapper"]["media"])
    ended, posts = site.run("media.csv")
    assert {post["outcome"] for post in posts} == {"unchanged", "invalid"}
    assert len(asked(service, "upload_url")) == uploads
    assert len(asked(service, "import_file")) == imports
    assert len(asked(service, "generate_text")) + len(asked(service, "generate_post")) == made


def test_a_medium_that_fails_fails_its_own_row_only(pictures, service):
    service.set_options(media_failing_marker="moss")
    pictures.write("media.csv", [row("bad", "INSTAGRAM", media=CUPS), row("good", "INSTAGRAM", media=BOWL)])
    ended, posts = pictures.run("media.csv")
    assert ended.status == 1
    assert [post["outcome"] for post in posts] == ["failed", "scheduled"]
    assert "moss-cups.jpg" in posts[0]["message"]


def test_the_plan_shows_what_was_generated_and_what_goes_up(pictures, service):
    pictures.write(
        "media.csv",
        [row("a", "INSTAGRAM", media=BOWL), row("b", "LINKEDIN", text="", generate="caption", prompt="Glaze tips")],
    )
    ended = pictures("plan", "media.csv")
    assert ended.status == 0
    assert "Generated:" in ended.out
    assert "Media: 1 file (13 KB) to upload." in ended.out
    assert asked(service, "upload_url") == []


@pytest.mark.parametrize(("path", "held_in", "kind"), [
    ("/stores/v3/products/query", "products", "product"), ("/blog/v3/posts/query", "posts", "post"),
    ("/bookings/v2/services/query", "services", "service"),
])  # fmt: skip
def test_a_thousand_things_are_all_there_by_name_whatever_their_names_hold(pictures, monkeypatch, path, held_in, kind):
    odd = ['The "best" mug', "Krug\n(blau)", "=SUM(A1)", "日本 茶碗", "Twice", "Twice"]
    monkeypatch.setitem(ASSETS, path, (held_in, (*(f"Mug {n}" for n in range(994)), *odd)))

    def asking(key: str, name: str) -> dict[str, str]:
        return row(key, "FACEBOOK", text="", generate="post", prompt="News", asset=f"{kind}: {name}")

    names = ["Mug 7", "mug 993", 'the "BEST" mug', "krug (blau)", "=SUM(A1)", "日本 茶碗"]
    pictures.write("many.csv", [asking(f"k{n}", name) for n, name in enumerate(names)])
    ended, posts = pictures.run("many.csv")
    assert [post["outcome"] for post in posts] == ["scheduled"] * len(names), [post["message"] for post in posts]
    pictures.write("none.csv", [asking("x", "Twice"), asking("y", "Mug 9931")])
    ended, posts = pictures.run("none.csv")
    assert "2 things on the site are called 'Twice'" in posts[0]["message"]
    assert "Nothing on the site is called 'Mug 9931'" in posts[1]["message"]
    ended = pictures("accounts", "--assets")
    assert sum(": Mug " in line for line in ended.out.splitlines()) == 994


def test_generated_posts_become_drafts_for_review(pictures, service):
    pictures.write("media.csv", [row("b", "LINKEDIN", text="", generate="caption", prompt="Glaze tips")])
    _, posts = pictures.run("media.csv", "--drafts-only")
    assert [post["outcome"] for post in posts] == ["drafted"]
    assert service.coming() == []


def test_a_changed_prompt_is_said_and_changes_nothing_until_it_is_asked_for(pictures, service):
    pictures.write("media.csv", [row("b", "LINKEDIN", text="", generate="caption", prompt="Glaze tips")])
    pictures.run("media.csv")
    pictures.write("media.csv", [row("b", "LINKEDIN", text="", generate="caption", prompt="Kiln tips")])
    made = len(asked(service, "generate_text"))
    ended, posts = pictures.run("media.csv")
    assert (ended.status, posts[0]["outcome"]) == (0, "unchanged")
    assert "The prompt has changed since this was written. Add --regenerate" in posts[0]["warnings"]
    assert len(asked(service, "generate_text")) == made
    _, posts = pictures.run("media.csv", "--regenerate")
    assert (posts[0]["outcome"], posts[0]["warnings"]) == ("updated", "")
    _, posts = pictures.run("media.csv")
    assert (posts[0]["outcome"], posts[0]["warnings"]) == ("unchanged", "")


@pytest.mark.parametrize("date", ["", "2031-03-03 09:00"])
@pytest.mark.parametrize("change", [{"tone": "friendly"}, {"prompt": "Kiln tips for {{city}}"}])
def test_a_changed_prompt_or_tone_waits_at_every_place_until_it_is_asked_for(site, service, date, change):
    site.write("places.csv", [{"place": name, "city": name.title()} for name in ("berlin", "kiel")])
    first = {"key": "b", "channel": "LINKEDIN", "publish_at": date, "timezone": "UTC", "places": "all",
             "generate": "caption", "prompt": "Glaze tips for {{city}}", "tone": ""}  # fmt: skip

    def run(row: dict[str, str], *more: str) -> tuple[set[str], set[str], int]:
        site.write("posts.csv", [row])
        _, posts = site.run("posts.csv", "--places", "places.csv", *more)
        assert len(posts) == len(service.items()) == 2
        return {p["outcome"] for p in posts}, {p["warnings"] for p in posts}, len(asked(service, "generate_text"))

    said = "The prompt has changed since this was written. Add --regenerate to write a new text."
    assert run(first) == ({"scheduled" if date else "drafted"}, {""}, 2)
    before = service.items()
    assert run(first | change) == ({"unchanged"}, {said}, 2)
    assert service.items() == before
    assert run(first | change, "--regenerate") == ({"updated"}, {""}, 4)
    assert run(first | change) == ({"unchanged"}, {""}, 4)


def test_a_product_is_named_by_its_name(pictures, service):
    def asking(asset: str) -> dict[str, str]:
        return row("b", "FACEBOOK", text="", generate="post", prompt="News", asset=asset)

    pictures.write("media.csv", [asking("product: blue  MUG")])
    ended, posts = pictures.run("media.csv")
    assert (ended.status, posts[0]["outcome"]) == (0, "scheduled"), ended.out
    before = len(asked(service, "list_assets"))
    assert before == 1
    _, posts = pictures.run("media.csv")
    assert (posts[0]["outcome"], len(asked(service, "list_assets"))) == ("unchanged", before)
    for asset, said in (
        ("product: mug", "Nothing on the site is called 'mug'. The nearest are Blue mug, Blue mug, large."),
        ("service: Throwing class", "2 things on the site are called 'Throwing class'. Write one of BOOKINGS_SERVICE:"),
    ):
        pictures.write("other.csv", [{**asking(asset), "key": "c"}])
        _, posts = pictures.run("other.csv")
        assert (posts[0]["outcome"], posts[0]["code"]) == ("invalid", "asset_unknown")
        assert said in posts[0]["message"]
    ended = pictures("accounts", "--assets")
    assert "STORES_PRODUCT: Moss bowl" in ended.out
