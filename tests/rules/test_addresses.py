"""Web addresses in a media cell: which are refused, which are used as they are, which are turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.sources import Address, is_address, read_address

REFUSED = {
    # other schemes
    "ftp://example.com/pic.jpg": "ftp:",
    "data:image/png;base64,AAAA": "data:",
    "javascript:alert(1)": "javascript:",
    "blob:https://example.com/1234": "blob:",
    "vbscript:x": "vbscript:",
    "gopher://example.com/1pic.jpg": "gopher:",
    "ws://example.com/pic.jpg": "ws:",
    "s3://bucket/pic.jpg": "s3:",
    "wix:image://v1/abc.jpg/pic.jpg": "wix:",
    "ssh://example.com/pic.jpg": "ssh:",
    "about:blank": "about:",
    "mailto:ana@example.com": "mailto:",
    "view-source:https://example.com/pic.jpg": "view-source:",
    "chrome://settings/pic.jpg": "chrome:",
    "www.example.com/pic.jpg": "https://",
    # forms
    "https:/example.com/pic.jpg": "two slashes",
    "https:example.com/pic.jpg": "two slashes",
    "https:///example.com/pic.jpg": "two slashes",
    "http:\\\\example.com\\pic.jpg": "two slashes",
    "https://example.com\\@evil.com/pic.jpg": "backslash",
    "https://example.com/my pic.jpg": "space",
    "https://example.com/pic.jpg\n": "invisible",
    "https://example.com/\tpic.jpg": "invisible",
    "https://example.com/\ud800.jpg": "invisible",
    "https://exam\u200bple.com/pic.jpg": "invisible",
    "https://example.com/\u202egpj.exe": "invisible",
    "https://": "host name",
    "https://?pic.jpg": "host name",
    "https://:443/pic.jpg": "host name",
    "https://example.com": "whole site",
    "https://example.com/": "whole site",
    "https://example.com:0/pic.jpg": "port",
    "https://example.com:99999/pic.jpg": "host name",
    "https://example.com:port/pic.jpg": "host name",
    "https://[::1/pic.jpg": "host name",
    "https://exa$mple.com/pic.jpg": "host name",
    "https://%6c%6fcalhost/pic.jpg": "host name",
    "https://-example.com/pic.jpg": "host name",
    "https://example..com/pic.jpg": "host name",
    "https://" + "a" * 64 + ".com/pic.jpg": "host name",
    "https://example.com/" + "a" * 2048: "longer than",
    # credentials
    "https://ana@example.com/pic.jpg": "user name",
    "https://ana:secret@example.com/pic.jpg": "user name",
    "https://static.wixstatic.com@evil.com/pic.jpg": "user name",
    "https://:@example.com/pic.jpg": "user name",
    "https://evil.com@static.wixstatic.com/media/pic.jpg": "user name",
    # this computer
    "http://localhost/pic.jpg": "inside a network",
    "http://LOCALHOST:8080/pic.jpg": "inside a network",
    "http://localhost./pic.jpg": "inside a network",
    "http://pics.localhost/pic.jpg": "inside a network",
    "http://127.0.0.1/pic.jpg": "public internet",
    "http://127.1.2.3:8080/pic.jpg": "public internet",
    "http://0.0.0.0/pic.jpg": "public internet",
    "http://[::1]/pic.jpg": "public internet",
    "http://[::]/pic.jpg": "public internet",
    "http://[0:0:0:0:0:0:0:1]/pic.jpg": "public internet",
    "http://localtest.me/pic.jpg": "inside a network",
    "http://127.0.0.1.nip.io/pic.jpg": "inside a network",
    "http://a.sslip.io/pic.jpg": "inside a network",
    # unusual spellings
    "http://2130706433/pic.jpg": "unusual spelling",
    "http://0x7f000001/pic.jpg": "unusual spelling",
    "http://0x7f.1/pic.jpg": "unusual spelling",
    "http://0177.0.0.1/pic.jpg": "unusual spelling",
    "http://017700000001/pic.jpg": "unusual spelling",
    "http://127.1/pic.jpg": "unusual spelling",
    "http://127.0.1/pic.jpg": "unusual spelling",
    "http://0/pic.jpg": "unusual spelling",
    "http://127.0.0.0x1/pic.jpg": "unusual spelling",
    "http://127.0.0.01/pic.jpg": "unusual spelling",
    "http://1.2.3.4.5/pic.jpg": "unusual spelling",
    "http://256.1.1.1/pic.jpg": "unusual spelling",
    "http://8.8.8.08/pic.jpg": "unusual spelling",
    "http://0x/pic.jpg": "unusual spelling",
    "http://１２７.０.０.１/pic.jpg": "public internet",
    "http://127。0。0。1/pic.jpg": "public internet",
    "http://①②⑦.⓪.⓪.①/pic.jpg": "public internet",
    "http://ⓛocalhost/pic.jpg": "inside a network",
    "http://[::ffff:127.0.0.1]/pic.jpg": "public internet",
    "http://[::ffff:7f00:1]/pic.jpg": "public internet",
    "http://[::ffff:8.8.8.8]/pic.jpg": "public internet",
    "http://[64:ff9b::127.0.0.1]/pic.jpg": "public internet",
    "http://[2002:7f00:1::]/pic.jpg": "public internet",
    "http://[2001:0:7f00:1::]/pic.jpg": "public internet",
    "http://[fe80::1%25eth0]/pic.jpg": "public internet",
    # networks that are not public
    "http://10.0.0.1/pic.jpg": "public internet",
    "http://172.16.0.1/pic.jpg": "public internet",
    "http://192.168.1.1/pic.jpg": "public internet",
    "http://100.64.0.1/pic.jpg": "public internet",
    "http://192.0.2.1/pic.jpg": "public internet",
    "http://198.18.0.1/pic.jpg": "public internet",
    "http://224.0.0.1/pic.jpg": "public internet",
    "http://240.0.0.1/pic.jpg": "public internet",
    "http://255.255.255.255/pic.jpg": "public internet",
    "http://[fc00::1]/pic.jpg": "public internet",
    "http://[fe80::1]/pic.jpg": "public internet",
    "http://[ff02::1]/pic.jpg": "public internet",
    "http://[2001:db8::1]/pic.jpg": "public internet",
    "http://169.254.169.254/latest/meta-data/": "public internet",
    "http://[fd00:ec2::254]/latest/meta-data/": "public internet",
    "http://metadata.google.internal/computeMetadata/v1/": "inside a network",
    "http://metadata/pic.jpg": "inside a network",
    "http://intranet/pic.jpg": "inside a network",
    "http://nas.local/pic.jpg": "inside a network",
    "http://nas.lan/pic.jpg": "inside a network",
    "http://wiki.corp/pic.jpg": "inside a network",
    "http://router.home.arpa/pic.jpg": "inside a network",
    "http://service.internal/pic.jpg": "inside a network",
    "http://abc.onion/pic.jpg": "inside a network",
    # not a picture or video
    "https://example.com/price-list.pdf": ".pdf",
    "https://example.com/site.html": ".html",
    "https://example.com/logo.svg": ".svg",
    "https://example.com/sounds.mp3": ".mp3",
    # pages around files
    "https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOp?usp=sharing": "Google Drive",
    "https://drive.google.com/drive/my-drive": "Google Drive",
    "https://drive.google.com/file/d/short/view": "Google Drive",
    "https://docs.google.com/presentation/d/1AbCdEfGhIjKlMnOp/edit": "Google Docs",
    "https://photos.app.goo.gl/abc": "Google Photos",
    "https://www.dropbox.com/scl/fo/abc/def?rlkey=x&dl=0": "Dropbox",
    "https://www.dropbox.com/sh/abc/def?dl=0": "Dropbox",
    "https://www.dropbox.com/home/pic.jpg": "Dropbox",
    "https://1drv.ms/i/s!abc": "OneDrive",
    "https://contoso.sharepoint.com/:i:/g/abc": "SharePoint",
    "https://www.icloud.com/photos/abc": "iCloud",
    "https://we.tl/t-abc": "WeTransfer",
    "https://www.canva.com/design/abc/view": "Canva",
    "https://app.box.com/s/abc": "Box",
    "https://www.youtube.com/watch?v=abc": "YouTube",
    "https://youtu.be/abc": "YouTube",
    "https://www.instagram.com/p/abc/": "Instagram",
    "https://vimeo.com/12345": "Vimeo",
}


def test_the_list_is_long_enough_to_mean_something() -> None:
    assert len(REFUSED) >= 100


@pytest.mark.parametrize("source", list(REFUSED), ids=repr)
def test_each_is_refused_with_its_own_reason(source: str) -> None:
    assert REFUSED[source] in read_address(source).refusal
    assert is_address(source)


@pytest.mark.parametrize(
    ("source", "url", "kind", "mime"),
    [
        ("https://example.com/pic.jpg", "https://example.com/pic.jpg", "IMAGE", "image/jpeg"),
        ("http://example.com/pic.PNG?w=800", "http://example.com/pic.PNG?w=800", "IMAGE", "image/png"),
        ("HTTPS://Example.COM:443/pic.webp", "https://example.com/pic.webp", "IMAGE", "image/webp"),
        ("https://example.com:8443/clip.mp4#t=10", "https://example.com:8443/clip.mp4", "VIDEO", "video/mp4"),
        ("https://8.8.8.8/clip.mov", "https://8.8.8.8/clip.mov", "VIDEO", "video/quicktime"),
        (
            "https://[2606:4700::1111]/pic.gif",
            "https://[2606:4700::1111]/pic.gif",
            "IMAGE",
            "image/gif",
        ),
        ("https://töpferei.de/bär.jpg", "https://xn--tpferei-90a.de/b%C3%A4r.jpg", "IMAGE", "image/jpeg"),
        ("https://example.com/a%20b.jpg", "https://example.com/a%20b.jpg", "IMAGE", "image/jpeg"),
        ("https://example.com/asset/123", "https://example.com/asset/123", "", ""),
        ("https://example.com/asset.php?id=1", "https://example.com/asset.php?id=1", "", ""),
        ("https://example.com/asset/123#video", "https://example.com/asset/123", "VIDEO", "video/mp4"),
        ("https://example.com/asset/123#image", "https://example.com/asset/123", "IMAGE", "image/jpeg"),
        ("https://example.com/asset/123#.png", "https://example.com/asset/123", "IMAGE", "image/png"),
        ("https://example.com/?id=1#.mov", "https://example.com/?id=1", "VIDEO", "video/quicktime"),
        ("https://example.com./pic.jpg", "https://example.com/pic.jpg", "IMAGE", "image/jpeg"),
    ],
)
def test_public_addresses_pass_with_what_they_tell(source: str, url: str, kind: str, mime: str) -> None:
    assert read_address(source) == Address(url=url, kind=kind, mime=mime)


FILE_ID = "1AbCdEfGhIjKlMnOpQrStUv"
DIRECT = f"https://drive.google.com/uc?export=download&id={FILE_ID}"


@pytest.mark.parametrize(
    ("source", "url"),
    [
        (f"https://drive.google.com/file/d/{FILE_ID}/view?usp=sharing", DIRECT),
        (f"https://drive.google.com/file/d/{FILE_ID}/view", DIRECT),
        (f"https://drive.google.com/file/d/{FILE_ID}", DIRECT),
        (f"https://drive.google.com/file/u/0/d/{FILE_ID}/edit", DIRECT),
        (f"https://drive.google.com/a/example.com/file/d/{FILE_ID}/preview", DIRECT),
        (f"https://drive.google.com/open?id={FILE_ID}", DIRECT),
        (f"https://drive.google.com/uc?id={FILE_ID}&export=view", DIRECT),
        (f"https://drive.usercontent.google.com/download?id={FILE_ID}&export=download", DIRECT),
        (f"https://drive.google.com/file/d/{FILE_ID}/view?resourcekey=0-abc", f"{DIRECT}&resourcekey=0-abc"),
        ("https://www.dropbox.com/s/abc/pic.jpg?dl=0", "https://www.dropbox.com/s/abc/pic.jpg?dl=1"),
        ("https://dropbox.com/s/abc/pic.jpg", "https://www.dropbox.com/s/abc/pic.jpg?dl=1"),
        (
            "https://www.dropbox.com/scl/fi/abc/pic.jpg?rlkey=xyz&st=1&dl=0",
            "https://www.dropbox.com/scl/fi/abc/pic.jpg?rlkey=xyz&st=1&dl=1",
        ),
        (
            "https://www.dropbox.com/scl/fi/abc/pic.jpg?rlkey=xyz&raw=1",
            "https://www.dropbox.com/scl/fi/abc/pic.jpg?rlkey=xyz&dl=1",
        ),
        ("https://app.box.com/shared/static/abc.jpg", "https://app.box.com/shared/static/abc.jpg"),
    ],
)
def test_share_links_become_the_address_of_the_file(source: str, url: str) -> None:
    assert read_address(source).url == url


def test_a_share_link_without_an_ending_takes_the_hint_behind_the_hash() -> None:
    found = read_address(f"https://drive.google.com/file/d/{FILE_ID}/view#video")
    assert (found.url, found.kind, found.mime) == (DIRECT, "VIDEO", "video/mp4")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("https://static.wixstatic.com/media/ab_12~mv2.jpg", "IMAGE"),
        ("https://STATIC.wixstatic.com/media/ab_12~mv2.png/v1/fill/w_1,h_1/pic.png", "IMAGE"),
        ("https://video.wixstatic.com/video/ab_12/1080p/mp4/file.mp4", "VIDEO"),
        ("https://video.wixstatic.com/video/ab_12/file", "VIDEO"),
    ],
)
def test_the_media_managers_own_addresses_are_used_as_they_are(source: str, kind: str) -> None:
    found = read_address(source)
    assert found.in_media_manager
    assert found.kind == kind


@pytest.mark.parametrize(
    "source",
    [
        "https://static.wixstatic.com.evil.com/media/pic.jpg",
        "https://evilstatic.wixstatic.com/media/pic.jpg",
        "https://sub.static.wixstatic.com/media/pic.jpg",
        "https://wixstatic.com/media/pic.jpg",
        "https://static-wixstatic.com/media/pic.jpg",
        "http://static.wixstatic.com/media/pic.jpg",
        "https://static.wixstatic.com:8443/media/pic.jpg",
        "https://example.com/static.wixstatic.com/pic.jpg",
        "https://static.wixstаtic.com/media/pic.jpg",
    ],
)
def test_what_only_looks_like_the_media_manager_is_imported(source: str) -> None:
    found = read_address(source)
    assert found.refusal == ""
    assert not found.in_media_manager


@pytest.mark.parametrize("source", ["pictures/pic.jpg", "C:\\pic.jpg", "file:///pic.jpg", "pic.jpg:stream", "a:b", ""])
def test_paths_are_not_taken_for_addresses(source: str) -> None:
    assert not is_address(source)


@given(st.text(max_size=60).map("http://".__add__))
def test_any_text_is_passed_or_refused_and_never_breaks(source: str) -> None:
    found = read_address(source)
    assert bool(found.url) != bool(found.refusal)
    assert found.url.isascii()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_no_number_in_another_spelling_passes(number: int, spelling: str) -> None:
    assert read_address(f"http://{spelling.format(number)}/pic.jpg").refusal
