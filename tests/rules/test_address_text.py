"""Several addresses and names in one cell: what is read, what is asked about, and that two are never taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Medium
from batch.rules.sources import read_link, read_media

A, B = "https://example.com/a.jpg", "https://example.com/b.mp4"
FILL = "https://example.com/c_fill,w_300/a.jpg"
WIX = "https://static.wixstatic.com/media/a~mv2.jpg/v1/fill/w_300,h_300,al_c,q_80/a~mv2.jpg"
FETCH = "https://res.example.com/image/fetch/w_300,h_300/https://example.com/a.jpg"

READ: dict[str, list[str]] = {
    "": [],
    A: [A],
    f"{A}\n{B}": [A, B],
    f"{A}\n\n {B} |": [A, B],
    f"| {A} | {B}": [A, B],
    f"{A}|{B}": [A, B],
    f"{A};{B}": [A, B],
    f"{A},{B}": [A, B],
    f"{A}, {B}": [A, B],
    f"{A} ; {B};": [A, B],
    f"{A}，{B}": [A, B],
    f"{A}、{B}": [A, B],
    f"{A},": [A],
    f"{A}, bowl.jpg": [A, "bowl.jpg"],
    f"bowl.jpg,{A}": ["bowl.jpg", A],
    f"bowl, blue.jpg; {A}": ["bowl, blue.jpg", A],
    "bowl.jpg;cup.jpg": ["bowl.jpg", "cup.jpg"],
    "bowl.jpg, cup.PNG": ["bowl.jpg", "cup.PNG"],
    "bowl.jpg|cup.jpg": ["bowl.jpg", "cup.jpg"],
    "bowl.jpg | cup.jpg": ["bowl.jpg", "cup.jpg"],
    "pictures/a.jpg;films/b.mov;": ["pictures/a.jpg", "films/b.mov"],
    "bowl, blue.jpg": ["bowl, blue.jpg"],
    "1,5 l jug.jpg": ["1,5 l jug.jpg"],
    FILL: [FILL],
    f"{FILL},{A}": [FILL, A],
    f"{FILL};{WIX}": [FILL, WIX],
    WIX: [WIX],
    FETCH: [FETCH],
    "https://example.com/a.jpg;v=2": ["https://example.com/a.jpg;v=2"],
    "https://example.com/a.jpg?size=1,2": ["https://example.com/a.jpg?size=1,2"],
    "https://example.com/?u=https://other.example/a.jpg": ["https://example.com/?u=https://other.example/a.jpg"],
    "data:image/png;base64,AAAA": ["data:image/png;base64,AAAA"],
    f"www.example.com/a.jpg,{A}": ["www.example.com/a.jpg", A],
}

ASKED: dict[str, str | None] = {
    f"{A}{B}": f"{A}\n{B}",
    f"{A} {B}": f"{A}\n{B}",
    f"{A}www.example.com/b.jpg": f"{A}\nwww.example.com/b.jpg",
    f"{A}|{A}{B}": f"{A}\n{A}\n{B}",
    f"{A} and {B}": None,
    f"Photo: {A}": None,
    f"{A},bowl.jpg": None,
    f"{A};example.com/b.jpg": None,
    f"{A},pictures/bowl.jpg": None,
    "https://example.com/red,blue.jpg": None,
    "bowl.jpg, cup": None,
    "a.jpg, b, c.jpg": None,
    f"https://proxy.example/?urls={A},{B}": None,
    f"{A}/{B}": f"{A}\n{B}",
}


@pytest.mark.parametrize(("cell", "media"), READ.items())
def test_what_can_be_told_apart_is_read_in_order(cell: str, media: list[str]) -> None:
    assert read_media(cell) == (tuple(map(Medium, media)), ())


@pytest.mark.parametrize(("cell", "fix"), ASKED.items())
def test_what_could_be_read_both_ways_is_asked_about(cell: str, fix: str | None) -> None:
    (problem,) = read_media(cell).problems
    assert (problem.column, problem.code, problem.warning, problem.fix) == ("media", "media_several", False, fix)
    assert "Put each picture or video on its own line" in problem.message


HOSTS = st.sampled_from(["https://example.com", "http://cdn.example.org", "https://x.example/c_fill,w_300"])
NAMES = st.sampled_from(["/a.jpg", "/b.mp4", "/photo", "/c;d=1.png", "/e.webp?x=1,2", "/f,g.jpg"])
ADDRESSES = st.builds(str.__add__, HOSTS, NAMES)
BETWEEN = st.sampled_from([",", ";", " ; ", ", ", "|", " | ", "\n", " ", "", "\t", " and ", " - ", "，", "/", "; ,"])


@given(st.lists(ADDRESSES, min_size=2, max_size=4), BETWEEN)
def test_two_addresses_are_never_one_medium(addresses: list[str], between: str) -> None:
    read = read_media(between.join(addresses))
    if not read.problems:
        sources = [medium.source for medium in read.named]
        assert all(source.count("://") == 1 for source in sources) or between == "/"
        assert between == "/" or len(sources) == len(addresses)


TWO_LINKS = [
    "https://example.com/a;https://example.com/b",
    "https://example.com/a,https://example.com/b",
    "https://example.com/a https://example.com/b",
    "https://example.com/a\nhttps://example.com/b",
    "https://example.com/a | https://example.com/b",
    "https://example.com/ahttps://example.com/b",
    "https://example.com/a, www.example.com/b",
    "www.example.com/a;www.example.com/b",
]


@pytest.mark.parametrize("cell", TWO_LINKS)
def test_two_links_are_an_error(cell: str) -> None:
    problem = read_link(cell)
    assert problem is not None
    assert (problem.code, problem.warning, problem.fix) == ("link_several", False, None)
    assert problem.message.endswith("Keep one.")


@pytest.mark.parametrize("cell", ["www.example.com", "example.com/x", "example.com/spring?a=1,2"])
def test_a_link_without_its_beginning_has_one_remedy(cell: str) -> None:
    problem = read_link(cell)
    assert problem is not None
    assert (problem.code, problem.fix) == ("link_form", f"https://{cell}")
    assert problem.message == f"“{cell}” lacks its beginning. Write https://{cell}."


@pytest.mark.parametrize("cell", ["link in bio", "Link in Bio", "link in bio 👆", "see link in our profile", "bio"])
def test_words_for_a_link_elsewhere_belong_to_the_text(cell: str) -> None:
    problem = read_link(cell)
    assert problem is not None
    assert (problem.code, problem.warning, problem.fix) == ("link_form", False, None)
    assert problem.message == (
        f"“{cell}” isn't an address. Write the address itself into `link`, or move these words to `text`."
    )


@pytest.mark.parametrize("cell", ["https://", "http://localhost:3000/blog", "n/a", "https://exa mple.com"])
def test_what_is_no_address_is_an_error(cell: str) -> None:
    problem = read_link(cell)
    assert problem is not None
    assert (problem.code, problem.warning, problem.fix) == ("link_form", False, None)


@pytest.mark.parametrize(
    "cell",
    [
        "https://docs.google.com/document/d/abc/edit",
        "https://docs.google.com/spreadsheets/d/abc/edit#gid=0",
        "https://drive.google.com/drive/folders/abc",
        "https://studio.sharepoint.com/:w:/s/abc",
    ],
)
def test_a_document_shared_with_few_is_a_warning(cell: str) -> None:
    problem = read_link(cell)
    assert problem is not None
    assert (problem.code, problem.warning, problem.fix) == ("link_private", True, None)


@pytest.mark.parametrize(
    "cell",
    [
        "https://example.com/?utm_source=a&next=https://example.org",
        "https://web.archive.org/web/2020/https://example.com/",
        "https://example.com/a,b;c",
        "https://docs.google.com/forms/d/e/abc/viewform",
        "https://docs.google.com/document/d/e/abc/pub",
    ],
)
def test_an_address_is_a_link(cell: str) -> None:
    assert read_link(cell) is None
