"""Generated content as part of a post: what it was asked for, what of it the post takes, and what is wrong with it.

Pure. What a person wrote into the row is never overwritten by what a machine wrote, except the text, which is what was
asked for. Generated content is checked like any other, since nobody has read it yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from batch.model import Content, Generate, Issue, Medium, Post, Severity
from batch.rules.channels import COMBINATIONS, Combination
from batch.rules.check import check_generated
from batch.rules.media import check_media

FAILED = "generation_failed"
GENERATED_CODES: Mapping[str, str] = MappingProxyType({
    FAILED: "the service did not generate what the row asks for",
    "ai_tools_missing": "the site's plan does not name the feature for generating",
})  # fmt: skip
"""Every code that generating can find, with what it stands for."""

MADE = frozenset({"text", "title"})
"""The columns that generated words stand in for."""
AGAIN = "change `prompt`, or run with --regenerate"


def fingerprint(post: Post) -> str:
    """Return the fingerprint of what a post asks to have generated: the same request is made once only."""
    asked = post.generation
    parts = [post.site, post.key, post.channel or "", post.content.link]
    if asked is not None:
        parts += [asked.kind, asked.prompt, asked.asset_type, asked.asset_id, asked.tone, asked.language]
        if asked.kind is Generate.IMAGE:
            parts += [medium.identity or medium.source for medium in post.content.media[:1]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def content_to_json(content: Content) -> str:
    """Return generated content as the journal keeps it."""
    media = [{"source": m.source, "kind": m.kind} for m in content.media]
    return json.dumps({"text": content.text, "title": content.title, "link": content.link, "media": media})


def content_from_json(text: str) -> Content | None:
    """Return content that the journal kept; None where it can't be read, so that it is generated anew."""
    try:
        data = json.loads(text)
        media = tuple(Medium(source=str(m["source"]), kind=str(m["kind"])) for m in data["media"])
        return Content(text=str(data["text"]), title=str(data["title"]), link=str(data["link"]), media=media)
    except (ValueError, TypeError, KeyError):
        return None


def with_generated(post: Post, made: Content) -> Post:
    """Return the post with generated content in it, checked."""
    if post.generation is None or post.channel is None or post.type is None:
        return post
    combination = COMBINATIONS[post.channel, post.type]
    merged, new = _MERGES[post.generation.kind](post.content, made, combination)
    known = check_media(replace(post, content=replace(merged, media=new)), {})
    rest = merged.media[len(new) :]
    filled = replace(known, content=replace(known.content, media=known.content.media + rest))
    return replace(filled, issues=filled.issues + tuple(_check(filled)))


_Merge = Callable[[Content, Content, Combination], tuple[Content, tuple[Medium, ...]]]
"""Merges a row's content with what was made; also returns the media that are new and come first."""


def _merge_caption(own: Content, made: Content, combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    title = own.title or (made.title if combination.title else "")
    return replace(own, text=made.text, title=title), ()


def _merge_post(own: Content, made: Content, combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    merged, _ = _merge_caption(own, made, combination)
    link = own.link or (made.link if combination.link else "")
    new = () if own.media else tuple(Medium(source=m.source, kind=m.kind) for m in made.media)
    return replace(merged, link=link, media=own.media or new), new


def _merge_image(own: Content, made: Content, _combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    new = tuple(Medium(source=m.source, kind=m.kind) for m in made.media[:1])
    return replace(own, media=new + own.media[1:]), new


_MERGES: Mapping[Generate, _Merge] = MappingProxyType({
    Generate.CAPTION: _merge_caption,
    Generate.POST: _merge_post,
    Generate.IMAGE: _merge_image,
})  # fmt: skip


def _check(post: Post) -> Iterator[Issue]:
    """Check the content as any other, and say where a text that breaks a rule comes from; nothing is said twice."""
    said = {(issue.column, issue.code) for issue in post.issues}
    for issue in check_generated(post):
        if (issue.column, issue.code) not in said:
            made = issue.column in MADE
            yield replace(issue, message=f"{issue.message} It was generated: {AGAIN}.") if made else issue


def _issue(post: Post, code: str, seen: str, message: str, *, warning: bool = False) -> Issue:
    return Issue(post.row, "generate", code, seen, message, Severity.WARNING if warning else Severity.ERROR)


def with_failure(post: Post, *, code: str, message: str) -> Post:
    """Return the post with the reason why nothing was generated for it: it ends as `failed`, and is not sent."""
    kind = post.generation.kind if post.generation else ""
    remedy = "Change `prompt`, or clear `generate` and fill the row yourself."
    issue = _issue(post, FAILED, kind, f"Nothing was generated ({code}): {message.rstrip('.')}. {remedy}")
    return replace(post, issues=(*post.issues, issue))


def with_plan_warning(post: Post) -> Post:
    """Return the post with the hint that the site's plan may not include generating."""
    message = "The site's plan does not include AI tools, so the service may refuse to generate; see the site's plan."
    return replace(post, issues=(*post.issues, _issue(post, "ai_tools_missing", "", message, warning=True)))
