"""Have content generated before a plan is made, so that it is seen before it is sent, and keep it.

What was generated once for a row is kept in the journal and used from then on; only `regenerate` asks anew. A row for
which nothing could be generated gets an issue and is not sent; the other rows go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from batch.model import Account, Channel, Generate, Generation, Post
from batch.publisher.client import Client
from batch.publisher.generate import Generated, SiteAsset, find_asset, generate_image, generate_post, generate_text
from batch.publisher.pace import Patience
from batch.rules.check import (
    ASSET_UNKNOWN,
    PLAN_LACKS_AI,
    PROMPT_CHANGED,
    content_from_json,
    content_to_json,
    fingerprint,
    with_failure,
    with_generated,
    with_issue,
)
from batch.runs.journal import Journal
from batch.runs.media import MediaContext, bring_media, identity_of

IMAGE_BOUND_SECONDS = 180.0
"""How long a changed picture may take; the service says about two minutes."""
AI_TOOLS = "AI_TOOLS"
SILENT_IN_A_ROW = 3
"""After so many rows without any answer, nothing more is asked for: the service is not well."""
SILENT = "NO_ANSWER"


def generate_posts(
    posts: Iterable[Post],
    client: Client,
    journal: Journal,
    *,
    accounts: Iterable[Account],
    regenerate: bool,
    needed: Callable[[Post], bool] = lambda _post: True,
    made_here: Callable[[Post], bool] = lambda _post: False,
    folder: Path | None = None,
    features: Mapping[str, bool] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    say: Callable[[str], object] = lambda _text: None,
    bound_seconds: float = IMAGE_BOUND_SECONDS,
) -> tuple[Post, ...]:
    """Return all posts, in order, with what was or is now generated for them. Errors: SignInError, JournalError.

    `needed` says for which posts something may be asked of the service; what is kept for the others is still filled in.
    Nothing is asked for on a channel without an account, which could not be sent anyway. `folder` is where the files of
    `media` lie. `made_here` tells which posts wait on the site with what was generated for them from here: where that
    was for another prompt, it is said.
    """
    context = MediaContext(client, journal, folder, client.sleep, client.clock, stopped, say, bound_seconds)
    connected = frozenset(account.channel for account in accounts)
    done: list[Post] = []
    catalogue: dict[str, list[SiteAsset]] = {}
    silent = 0
    for post in posts:
        asked, channel, wanted = post.generation, post.channel, needed(post)
        if asked is None or channel is None or post.errors:
            done.append(post)
            continue
        kept = None if regenerate and wanted else journal.known_text(fingerprint(post))
        content = content_from_json(kept) if kept is not None else None
        if content is not None:
            done.append(with_generated(post, content))
        elif not wanted or channel not in connected:
            if not wanted and made_here(post):
                post = with_issue(post, "prompt_changed", "prompt", PROMPT_CHANGED, warning=True)
            done.append(post)
        elif stopped():
            done.append(with_failure(post, code="not_run", message="The command was stopped before this row"))
        elif silent >= SILENT_IN_A_ROW:
            message = "The service did not answer for the rows before, so it was not asked; run again later."
            done.append(with_failure(post, code=SILENT, message=message))
        else:
            if (features or {}).get(AI_TOOLS) is False:
                post = with_issue(post, "ai_tools_missing", "", PLAN_LACKS_AI, warning=True)
            say(f"Generating the {asked.kind} of row {post.row} ({channel}).")
            made = _generate(post, asked, channel, context, catalogue)
            silent = silent + 1 if made.code == SILENT else 0
            if made.code == ASSET_UNKNOWN:
                done.append(with_issue(post, made.code, "asset", made.message))
            elif made.code:
                done.append(with_failure(post, code=made.code, message=made.message))
            else:
                journal.remember_text(fingerprint(post), content_to_json(made.content))
                done.append(with_generated(post, made.content))
    return tuple(done)


def _generate(
    post: Post, asked: Generation, channel: Channel, context: MediaContext, catalogue: dict[str, list[SiteAsset]]
) -> Generated:
    if asked.kind is Generate.CAPTION:
        return generate_text(context.client, asked, channel=channel, link=post.content.link)
    if asked.kind is Generate.POST:
        if asked.asset_name:
            found = find_asset(context.client, asked, known=catalogue)
            if isinstance(found, Generated):
                return found
            asked = replace(asked, asset_id=found.id)
        return generate_post(context.client, asked, channel=channel)
    if not post.content.media:
        return Generated(code="source_missing", message="The row names no picture to change")
    source = post.content.media[0]
    url = source.url
    if not url:
        result = bring_media([source], context)
        failure = result.failures.get(identity_of(source))
        if failure is not None:
            return Generated(code=failure.code, message=failure.message)
        url = result.urls[identity_of(source)]

    def on_wait(waited: float) -> None:
        context.say(f"Waiting for the picture of row {post.row} ({waited:.0f} s).")

    patience = Patience(context.bound_seconds, context.sleep, context.clock, on_wait, context.stopped)
    return generate_image(context.client, asked, image_url=url, patience=patience)
