from __future__ import annotations

import hashlib

import pytest

from batch.sandbox.service import FILES
from batch.sandbox.state import Request
from tests.rig.options import Options

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 20
IMPORT = {"url": "https://river.example/vase.jpg", "mimeType": "image/jpeg", "displayName": "vase.jpg"}


def poll(api, file_id):
    return api.good("GET", f"{FILES}/get-file-by-id", query=[("fileId", file_id)])["file"]


def put(api, url, content=PNG, kind="image/png", name="a.png", **headers):
    path = "/" + url.split("/", 3)[3]
    query = (("filename", name),) if name else ()
    return api.service.answer(Request("PUT", path, query, {"content-type": kind, **headers}, content))


def upload_url(api, **change):
    body = {"mimeType": "image/png", "fileName": "a.png", "sizeInBytes": str(len(PNG))} | change
    return api.good("POST", f"{FILES}/generate-upload-url", body)["uploadUrl"]


@pytest.mark.parametrize("polls", [0, 1, 3])
def test_an_imported_file_is_pending_for_some_polls_and_then_ready(make_api, polls):
    api = make_api(Options(media_polls=polls, extra_fields=False))
    file = api.good("POST", f"{FILES}/import", IMPORT)["file"]
    seen = [file["operationStatus"]] + [poll(api, file["id"])["operationStatus"] for _ in range(polls + 1)]
    assert seen == ["PENDING"] * polls + ["READY"] * 2
    assert poll(api, file["id"])["url"].startswith("https://static.wixstatic.com/media/")


def test_a_file_has_no_address_before_it_is_ready(api):
    assert api.good("POST", f"{FILES}/import", IMPORT)["file"]["url"] == ""


def test_both_addresses_of_a_file_give_the_same(api):
    file_id = api.good("POST", f"{FILES}/import", IMPORT)["file"]["id"]
    assert api.good("GET", f"{FILES}/{file_id}")["file"] == poll(api, file_id)


@pytest.mark.parametrize(
    ("body", "host"),
    [
        ({"url": "https://a.example/kiln.mp4"}, "video.wixstatic.com"),
        ({"url": "https://a.example/x", "displayName": "kiln.mov"}, "video.wixstatic.com"),
        ({"url": "https://a.example/x", "mimeType": "image/webp"}, "static.wixstatic.com"),
        ({"url": "https://a.example/vase.PNG?size=1"}, "static.wixstatic.com"),
    ],
)
def test_the_media_type_is_told_by_name_or_address_where_it_is_not_given(make_api, body, host):
    api = make_api(Options(media_polls=0, extra_fields=False))
    assert api.good("POST", f"{FILES}/import", body)["file"]["url"].split("/")[2] == host


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://a.example/x"}, "mimeType"),
        ({"url": "https://a.example/x.pdf", "mimeType": "application/pdf"}, "mimeType"),
        ({"url": "ftp://a.example/x.png"}, "url"),
        ({"mimeType": "image/png"}, "url"),
        (IMPORT | {"private": True}, "private"),
    ],
)
def test_an_import_that_is_wrong_is_refused_by_its_field(api, body, field):
    assert api.refused("POST", f"{FILES}/import", body) == (400, field)


def test_a_file_whose_name_asks_for_it_fails(api):
    file = api.good("POST", f"{FILES}/import", IMPORT | {"url": "https://a.example/sandbox-fail.jpg"})["file"]
    assert file["operationStatus"] == "PENDING"
    assert poll(api, file["id"])["operationStatus"] == "FAILED"


def test_an_unknown_file_is_404_and_no_id_400(api):
    assert api.refused("GET", f"{FILES}/get-file-by-id", query=[("fileId", "x")]) == (404, "FILE_NOT_FOUND")
    assert api.refused("GET", f"{FILES}/nothing") == (404, "FILE_NOT_FOUND")
    assert api.refused("GET", f"{FILES}/get-file-by-id") == (400, "fileId")


def test_an_upload_is_kept_with_the_digest_of_its_bytes(api):
    answer = put(api, upload_url(api))
    assert answer.status == 200
    file = answer.json()["file"]
    assert poll(api, file["id"])["operationStatus"] == "READY"
    [kept] = api.service.files()
    assert (kept["sha256"], kept["source"]) == (hashlib.sha256(PNG).hexdigest(), "upload")
    assert kept["sizeInBytes"] == str(len(PNG))


def test_the_upload_address_is_where_the_caller_is(api):
    assert upload_url(api).startswith("http://127.0.0.1/sandbox-upload/")


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"authorization": "key"}, 400, "CREDENTIAL_SENT"),
        ({"wix-site-id": "x"}, 400, "CREDENTIAL_SENT"),
        ({"kind": "image/jpeg"}, 400, "Content-Type"),
        ({"name": ""}, 400, "filename"),
        ({"content": PNG + b"more"}, 400, "body"),
        ({"content": b""}, 400, "body"),
    ],
)
def test_an_upload_that_is_not_what_was_announced_is_refused_and_can_be_sent_again(api, change, status, said):
    url = upload_url(api)
    answer = put(api, url, **change)
    assert answer.status == status
    assert said in answer.body.decode()
    assert put(api, url).status == 200


def test_an_upload_address_is_good_once_and_for_an_hour(api):
    url, late = upload_url(api), upload_url(api)
    assert put(api, url).status == 200
    assert put(api, url).status == 403
    api.pass_time(hours=1)
    assert put(api, late).status == 403
    assert put(api, late.rsplit("/", 1)[0] + "/made-up").status == 403


def test_bytes_that_are_not_what_they_are_said_to_be_fail_in_processing(api):
    file = put(api, upload_url(api, sizeInBytes=9), b"not a png").json()["file"]
    assert poll(api, file["id"])["operationStatus"] == "FAILED"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mimeType": "text/html"}, "mimeType"),
        ({"fileName": None}, "fileName"),
        ({"sizeInBytes": 10**12}, "sizeInBytes"),
        ({"sizeInBytes": "many"}, "sizeInBytes"),
        ({"x": 1}, "x"),
    ],
)
def test_an_upload_address_is_not_given_for_what_is_wrong(api, change, field):
    body = {"mimeType": "image/png", "fileName": "a.png"} | change
    assert api.refused("POST", f"{FILES}/generate-upload-url", body) == (400, field)


def test_the_token_of_an_upload_is_not_in_the_log(api):
    url = upload_url(api)
    put(api, url)
    assert url.rsplit("/", 1)[1] not in str(api.service.calls())
