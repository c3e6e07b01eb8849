"""Every item is read once, whatever the pages say of themselves; what can't be read in full stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batch.errors import ServiceError
from batch.publisher.client import Client
from batch.publisher.items import query_items, read_items
from tests.publisher.conftest import Answer, Call, JsonServer, refusal

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]


class Site:
    """Holds so many items and tells them by offset, in the way that is asked for."""

    def __init__(
        self,
        count: int,
        *,
        total: Any = "honest",
        most: int = 100,
        refuse_over: int = 100,
        sorts: bool = True,
        pages: bool = False,
        ignore_offset: bool = False,
    ) -> None:
        self.ids = [f"item-{n:05}" for n in range(count)]
        self.total, self.most, self.refuse_over = total, most, refuse_over
        self.sorts, self.ignore_offset = sorts, ignore_offset
        self.refused = b"<html>Bad Request</html>" if pages else refusal("BAD", "not so")

    def __call__(self, call: Call) -> Answer:
        query = call.body["query"]
        limit, offset = query["paging"]["limit"], query["paging"]["offset"]
        if limit > self.refuse_over:
            return 400, self.refused
        if "sort" in query and not self.sorts:
            return 400, self.refused
        start = 0 if self.ignore_offset else offset
        shown = self.ids[start : start + min(limit, self.most)]
        body: dict[str, Any] = {"items": [{"id": i, "status": "DRAFT"} for i in shown]}
        if self.total is not None:
            total = len(self.ids) if self.total == "honest" else self.total
            body["pagingMetadata"] = {"count": len(shown), "offset": offset, "total": total}
        return 200, body


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250, 700])
@pytest.mark.parametrize("total", ["honest", None, 0, 1, 10_000, -1, "many", True])
def test_every_item_is_read_whatever_the_total_says(serve: Serve, connect: Connect, count: int, total: Any) -> None:
    site = Site(count, total=total)
    server = serve(site)
    read = query_items(connect(server.url))
    assert sorted(item.id for item in read) == site.ids
    assert len(server.calls) <= count // 100 + 5


def test_an_honest_total_costs_no_more_calls_than_pages(serve: Serve, connect: Connect) -> None:
    for count, calls in ((0, 1), (99, 1), (250, 3), (700, 8)):
        server = serve(Site(count))
        query_items(connect(server.url))
        assert len(server.calls) == calls


def test_what_is_asked_is_a_stable_order(serve: Serve, connect: Connect) -> None:
    server = serve(Site(0))
    query_items(connect(server.url))
    assert (server.calls[0].method, server.calls[0].path) == ("POST", "/social-publisher/v1/items/query")
    assert server.calls[0].body == {
        "query": {"filter": {}, "sort": [{"fieldName": "id", "order": "ASC"}], "paging": {"limit": 100, "offset": 0}}
    }


@pytest.mark.parametrize(("count", "total"), [(130, "honest"), (130, None), (50, None), (50, "honest"), (30, 30)])
def test_a_service_that_silently_gives_fewer_a_page_loses_none(
    serve: Serve, connect: Connect, count: int, total: Any
) -> None:
    site = Site(count, total=total, most=50)
    assert sorted(item.id for item in query_items(connect(serve(site).url))) == site.ids


def test_a_limit_that_is_refused_is_lowered_and_said(serve: Serve, connect: Connect) -> None:
    read = read_items(connect(serve(Site(120, refuse_over=50)).url))
    assert len(read.items) == 120
    assert read.notices == ("The service takes no more than 50 posts a page, so reading them took more calls.",)


def test_a_page_that_is_known_to_be_refused_is_not_asked_for_again(serve: Serve, connect: Connect) -> None:
    server = serve(Site(20, refuse_over=50))
    client = connect(server.url)
    read_items(client)
    first = len(server.calls)
    read_items(client)
    assert (first, len(server.calls) - first) == (3, 1)


def test_a_sort_that_is_refused_is_left_out_and_said(serve: Serve, connect: Connect) -> None:
    read = read_items(connect(serve(Site(120, sorts=False)).url))
    assert len(read.items) == 120
    assert [notice[:41] for notice in read.notices] == ["The service did not sort its posts, so on"]


def test_both_may_be_refused(serve: Serve, connect: Connect) -> None:
    read = read_items(connect(serve(Site(120, sorts=False, refuse_over=50, pages=True)).url))
    assert len(read.items) == 120
    assert len(read.notices) == 2


def test_a_query_that_is_refused_in_every_way_stops(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (400, refusal("NO", "not today")))
    with pytest.raises(ServiceError, match="NO: not today"):
        query_items(connect(server.url))
    assert len(server.calls) == 4


def test_an_item_on_two_pages_is_taken_once(serve: Serve, connect: Connect) -> None:
    def shift(call: Call) -> Answer:
        offset = call.body["query"]["paging"]["offset"]
        ids = range(max(0, offset - 1), min(150, offset - 1 + 100) if offset else 100)
        return 200, {"items": [{"id": f"item-{n}"} for n in ids]}

    assert len(query_items(connect(serve(shift).url))) == 150


def test_one_page_again_and_again_stops(serve: Serve, connect: Connect) -> None:
    server = serve(Site(500, ignore_offset=True, total=None))
    with pytest.raises(ServiceError, match="again and again"):
        query_items(connect(server.url))
    assert len(server.calls) == 2


def test_a_list_that_never_ends_stops(serve: Serve, connect: Connect) -> None:
    def endless(call: Call) -> Answer:
        paging = call.body["query"]["paging"]
        return 200, {"items": [{"id": f"item-{paging['offset'] + n}"} for n in range(paging["limit"])]}

    with pytest.raises(ServiceError, match="does not end after 5 pages"):
        read_items(connect(serve(endless).url), max_pages=5)


@pytest.mark.parametrize(
    "body",
    [{}, {"items": None}, {"items": {}}, {"items": "x"}, {"items": [1]}, {"items": [None]}, {"results": []},
     {"pagingMetadata": {"total": 3}}],
)  # fmt: skip
def test_an_answer_without_a_list_is_not_an_empty_site(serve: Serve, connect: Connect, body: Any) -> None:
    with pytest.raises(ServiceError, match="no list of posts"):
        query_items(connect(serve(lambda call: (200, body)).url))


def test_a_list_that_is_left_out_where_the_total_is_none_is_an_empty_site(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"pagingMetadata": {"count": 0, "offset": 0, "total": 0}}))
    assert query_items(connect(server.url)) == ()


def test_items_without_an_id_are_left_out_and_said(serve: Serve, connect: Connect) -> None:
    read = read_items(connect(serve(lambda call: (200, {"items": [{"id": "a"}, {"status": "DRAFT"}]})).url))
    assert [item.id for item in read.items] == ["a"]
    assert read.notices == ("1 of the site's posts came without an ID and were left out.",)


def test_a_total_that_is_not_reached_is_said(serve: Serve, connect: Connect) -> None:
    read = read_items(connect(serve(Site(3, total=9)).url))
    assert len(read.items) == 3
    (notice,) = read.notices
    assert notice.startswith("The site reports 9 posts but listed 3.")


def test_a_page_that_breaks_off_stops(serve: Serve, connect: Connect) -> None:
    site = Site(300, total=None)
    server = serve(lambda call: (400, refusal("X")) if call.body["query"]["paging"]["offset"] else site(call))
    with pytest.raises(ServiceError, match="broke off at page 2"):
        query_items(connect(server.url))


def test_a_list_that_leaves_out_the_id_of_a_post_with_a_key_is_not_planned_on(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"items": [{"id": "a"}, {"status": "DRAFT", "referenceId": "spring-01"}]}))
    with pytest.raises(ServiceError, match="the key spring-01 without its ID"):
        query_items(connect(server.url))


@pytest.mark.parametrize(("second", "wrong"), [("a", False), ("b", True)])
def test_two_posts_of_one_id_on_two_pages_are_not_planned_on(
    serve: Serve, connect: Connect, second: str, wrong: bool
) -> None:
    pages = [[{"id": "1", "referenceId": "a"}], [{"id": "1", "referenceId": second}, {"id": "2"}], []]
    sizes = iter(pages)
    server = serve(lambda call: (200, {"items": next(sizes, [])}))
    if wrong:
        with pytest.raises(ServiceError, match="one and the same ID"):
            query_items(connect(server.url))
    else:
        assert [item.id for item in query_items(connect(server.url))] == ["1", "2"]
