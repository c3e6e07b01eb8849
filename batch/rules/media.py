"""What media a post may have: posts with media as written into posts whose media are known and checked.

Each medium gets its kind, identity, size and, where it is in the Media Manager already, its address; what is wrong
becomes issues. A limit that the Publisher API documents is an error, one that only the network states a warning. Pure:
what the files are comes in as `MediaFacts`, and no address is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batch.model import Action, Issue, Medium, Post, Severity
from batch.rules.addresses import is_address, read_address
from batch.rules.cells import Place
from batch.rules.channels import COMBINATIONS, Combination
from batch.rules.mediachecks import Finding, by_limit, check_file
from batch.rules.mediafacts import MediaFacts as MediaFacts
from batch.rules.mediatypes import kind_of_mime
from batch.rules.paths import refuse_path
from batch.rules.problems import quoted, shorten

OF_THE_POST = frozenset({"media_too_many", "media_mixed", "media_twice"})
"""What may have been said of the row as a whole before its files were read; said once only."""

SHOW_NOTHING = frozenset({Action.CANCEL, Action.DELETE, Action.RESCHEDULE, Action.SKIP})
"""Actions that send no media: a picture that is gone must not keep its post from being cancelled."""

MEDIA = Place("media")


def check_media(post: Post, facts: Mapping[str, MediaFacts], *, at: Place = MEDIA) -> Post:
    """Return the post with its media known, and issues for what is wrong with them; `facts` are by `Medium.source`.

    `at` is where the media stand in the sheet.
    """
    if post.action in SHOW_NOTHING or not post.content.media:
        return post
    combination = COMBINATIONS.get((post.channel, post.type)) if post.channel and post.type else None
    media: list[Medium] = []
    issues: list[Issue] = []
    for medium in post.content.media:
        known, about, findings = _know(medium, facts, combination)
        media.append(known)
        if combination and about is not None:
            findings += check_file(about, combination)
        issues += [_issue(post, found, medium.source, at) for found in findings]
    if combination:
        issues += [_issue(post, found, _all_seen(media), at) for found in _check_together(media, combination)]
    new = tuple(issue for issue in dict.fromkeys(issues) if not _is_said(issue, post))
    return replace(post, content=replace(post.content, media=tuple(media)), issues=post.issues + new)


def _is_said(issue: Issue, post: Post) -> bool:
    return any(
        issue.code == said.code and (issue.code in OF_THE_POST or issue.seen == said.seen) for said in post.issues
    )


def _issue(post: Post, found: Finding, seen: str, at: Place) -> Issue:
    return Issue(post.row, at.column, found.code, shorten(seen), found.message, found.severity, at.cell)


def _all_seen(media: list[Medium]) -> str:
    return " | ".join(medium.source for medium in media)


def _know(
    medium: Medium, facts: Mapping[str, MediaFacts], combination: Combination | None
) -> tuple[Medium, MediaFacts | None, list[Finding]]:
    """Return a medium with all that is known of it, the facts to check (None: nothing), and what is wrong so far."""
    if is_address(medium.source):
        return _know_address(medium, combination)
    refusal = refuse_path(medium.source)
    if refusal:
        return medium, None, [Finding("media_refused", f"{quoted(medium.source)} is not sent: {refusal}.")]
    found = facts.get(medium.source)
    if found is None:
        return medium, None, [Finding("media_unreadable", f"{shorten(medium.source)} was not read; run again.")]
    known = replace(medium, kind=found.kind, identity=found.identity, size_bytes=found.size_bytes)
    name = shorten(medium.source)
    if found.problem:
        return known, None, [Finding(found.problem_code, f"{name} can't be sent: {found.problem}.")]
    note = [Finding("media_unchecked", f"{name}: {found.note}.", Severity.WARNING)] if found.note else []
    return known, found, note


def _know_address(medium: Medium, combination: Combination | None) -> tuple[Medium, MediaFacts | None, list[Finding]]:
    address = read_address(medium.source)
    if address.refusal:
        message = f"{quoted(medium.source)} can't be used: {address.refusal}."
        return medium, None, [Finding("media_refused", message)]
    kind, findings = medium.kind or address.kind, []
    if not kind:
        kinds = combination.media.kinds.values if combination else ()
        kind = kinds[0] if len(kinds) == 1 else "IMAGE"
        if len(kinds) != 1:
            findings = [Finding("media_kind_assumed", _assumed(medium.source), Severity.WARNING)]
    url = address.url if address.in_media_manager else medium.url
    known = Medium(medium.source, kind, url, medium.identity or address.url, medium.size_bytes)
    mime = address.mime if kind_of_mime(address.mime) == kind and not address.in_media_manager else ""
    return known, MediaFacts(path=medium.source, kind=kind, mime=mime), findings


def _assumed(source: str) -> str:
    return (
        f"{shorten(source)} does not tell what it is and is taken for a JPEG picture; "
        "if it is not, end it with #.png or #.mp4 (or the ending that fits)."
    )


def _check_together(media: list[Medium], combination: Combination) -> Iterator[Finding]:
    rule, place = combination.media, f"the {combination.name}"
    videos = sum(medium.kind == "VIDEO" for medium in media)
    if len(media) > rule.most.value:
        words = f"There are {len(media)} media, and {place} takes {rule.most.shown}; take some away."
        yield by_limit(rule.most, "media_too_many", words)
    if rule.one_kind and 0 < videos < sum(bool(medium.kind) for medium in media):
        words = f"Pictures and videos are mixed, and {place} takes one or the other; make two rows of it."
        yield by_limit(rule.one_kind, "media_mixed", words)
    elif rule.most_videos and videos > rule.most_videos.value:
        words = f"There are {videos} videos, and {place} takes {rule.most_videos.shown}; make a row for each."
        yield by_limit(rule.most_videos, "media_too_many", words)
    names = [medium.identity or medium.source for medium in media]
    if len(set(names)) < len(names):
        yield Finding(
            "media_twice", "The same medium is named twice; take one away if that is not meant.", Severity.WARNING
        )
