"""What a rule says about a row before it is known where the row stands: a `Problem`, and the words to tell it with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from batch.model import Issue, Severity
from batch.wording import shorten


class Problem(NamedTuple):
    """Something wrong in one column; `message` is a sentence that ends with the remedy; `fix` as in `Issue`."""

    column: str
    code: str
    seen: str
    message: str
    warning: bool = False
    fix: str | None = None


def make_issue(problem: Problem, *, row: int, cell: str, place: str = "") -> Issue:
    """Return a problem as the issue of a row, or of its post in one place."""
    severity = Severity.WARNING if problem.warning else Severity.ERROR
    seen = shorten(problem.seen)
    return Issue(row, problem.column, problem.code, seen, problem.message, severity, cell, problem.fix, place)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that a slip of the keyboard most likely meant, "" where none is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return found[0] if found else ""


def only_near(word: str, known: Mapping[str, str]) -> str | None:
    """Return the one known value that a word nearly is, None where it is near to several or to none."""
    meant = {known[near] for near in difflib.get_close_matches(word, list(known), n=5, cutoff=0.7)}
    return meant.pop() if len(meant) == 1 else None


CODES: Mapping[str, str] = MappingProxyType({
    # which post it is
    "action_unknown": "`action` is not one of the words that mean something",
    "site_unknown": "`site` names no configured site",
    "site_missing": "several sites are configured, none is the default, and the row names none",
    "channel_missing": "`channel` is blank",
    "channel_unknown": "`channel` holds a word that names no channel",
    "channel_ended": "the channel no longer takes posts",
    "channel_several": "`channel` holds a word that stands for several channels",
    "channel_two_types": "`channel` names a channel with two types of post",
    "channel_account": "`channel` names an account, which `account` decides",
    "channel_twice": "`channel` names a channel twice",
    "type_unknown": "`type` is not one of the types of post",
    "type_contradicts": "`type` and the type beside the channel's name are not the same",
    "type_not_on_channel": "the channel has no such type",
    "lookalike_letters": "a name holds letters of another alphabet that only look right",
    "item_id_form": "`item_id` is not an item's ID",
    "item_id_several": "`item_id` names one item, but the row names several channels",
    "item_id_twice": "two rows name the same item",
    "key_odd_character": "`key` holds a character that will not be typed the same way again",
    "key_generation": "`key` ends as the key of a post that was made again",
    "key_too_long": "`key` is longer than a key may be",
    "key_twice": "two rows of a site have the same key",
    "key_nearly_twice": "two keys of a site differ only in capital letters",
    "key_needed": "two rows without a key are the same post, so that they need keys to be told apart",
    "key_or_item_needed": "the post to move or withdraw is not named",
    "approved_unknown": "`approved` is neither yes nor no",
    # when
    "time_missing": "`publish_at` is a day without a time",
    "midnight": "`publish_at` is midnight, which spreadsheets make of a day without a time",
    "date_order": "`publish_at` does not show which number is the day and which the month",
    "date_form": "`publish_at` is written in a form that is not read",
    "date_short_year": "`publish_at` has a year of two digits that may be read in several ways",
    "date_several": "`publish_at` holds more than one date or time",
    "date_range": "`publish_at` is a range, or might be one",
    "date_zone": "`publish_at` has a zone by letters that several places share, or one that contradicts its offset",
    "date_weekday": "`publish_at` names a weekday that the date does not have",
    "date_no_year": "`publish_at` is a day without a year",
    "date_no_day": "`publish_at` is a time without a day",
    "date_timestamp": "`publish_at` is a number of seconds since 1970",
    "time_12h": "`publish_at` has an hour that may be in either half of the day, or that its half does not have",
    "date_words": "`publish_at` has words that can't be read as a date, or in several ways",
    "date_serial": "`publish_at` is the number by which a spreadsheet stores a date",
    "date_impossible": "`publish_at` names a day or time that does not exist",
    "date_out_of_range": "`publish_at` lies in a year in which no post can go out",
    "date_far_ahead": "`publish_at` lies more than ten years ahead",
    "date_past": "`publish_at` has passed",
    "date_missing": "the action needs a date and there is none",
    "date_unused": "the row has a date that its action does not use",
    "publish_with_date": "`publish` publishes now, and there is a date",
    "draft_now": "a draft is not published, and `publish_at` is now",
    "timezone_missing": "the time has no time zone",
    "timezone_unknown": "`timezone` is not the name of a time zone",
    "timezone_abbreviation": "`timezone` is an abbreviation that several zones share",
    "timezone_sign": "`timezone` is a zone whose sign reads the wrong way round",
    "time_skipped": "the time does not exist on that day: clocks go forward over it",
    "time_twice": "the time comes twice on that day: clocks go back over it",
    "offset_contradicts_timezone": "`publish_at` has an offset that `timezone` does not have at that time",
    # what it says and shows
    "post_empty": "there is nothing to post",
    "media_missing": "the channel shows media, and there are none",
    "media_too_many": "there are more media than the channel shows in one post",
    "media_several": "`media` holds several names that can't be told apart for certain",
    "media_twice": "the same medium is named twice in one post",
    "text_too_long": "the text is longer than the channel allows",
    "text_unused": "the channel shows no text with this type",
    "too_many_hashtags": "the text has more hashtags than the channel allows",
    "hashtags_blank": "`hashtags` holds a tag with a blank in it, or several without a separator",
    "hashtags_form": "`hashtags` holds a sign at which a tag ends, or no tag",
    "hashtags_unused": "the channel shows no text with this type, and so no hashtags",
    "too_many_mentions": "the text mentions more people than the channel allows",
    "forbidden_character": "the text or title holds a character that the channel refuses",
    "title_missing": "the channel needs a title",
    "title_too_long": "the title is longer than the channel allows",
    "title_unused": "the channel has no title",
    "link_form": "`link` is not a web address",
    "link_several": "`link` holds more than one address",
    "link_private": "`link` leads to a document that may be shared with few people only",
    "link_too_long": "the link is longer than the channel allows",
    "link_unused": "the channel has no link",
    "call_to_action_unknown": "`call_to_action` is not one of the channel's buttons",
    "call_to_action_unused": "the channel has no button",
    "privacy_unknown": "`privacy` is not one of the channel's levels",
    "privacy_blank": "the channel needs to know who may see the post",
    "privacy_unused": "the channel has no privacy level",
    "placeholder": "a text still has a part of its template",
    "placeholder_word": "a text still has a word for something to come",
    "damaged_text": "a text holds what an export or a wrong encoding has made of it",
    "lost_text": "a text holds signs that its letters were lost",
    "no_value": "a text is what programs write into an empty cell",
    # what is to be generated
    "generate_unknown": "`generate` is not one of the words that mean something",
    "generate_blank": "a column for generating is filled, but `generate` is blank",
    "generate_unused": "a column does not count for this kind of generating",
    "generate_not_offered": "the service does not generate this for the channel and type",
    "generate_and_text": "a text would be generated, and there is one already",
    "prompt_missing": "the service needs to be told what to generate",
    "source_missing": "a picture would be changed, and there is none",
    "asset_form": "`asset` is not a type and an ID",
    "language_form": "`language` is not a language code",
    # where
    "places_missing": "`places` is filled, and there is no table of places",
    "place_unknown": "`places` holds a word that is neither a place nor a group",
    "place_several": "`places` holds a name that a place and a group have",
    "places_none": "`places` leaves no place",
    "place_row": "the place's own row in the table of places has an error",
    "place_site": "the row names one site, and the place another",
    "place_account": "the row names an account, and the place another",
    "word_unknown": "a text asks for a place's word, and the table of places has no such column",
    "word_missing": "a text asks for a place's word, and the place has none",
    # again and again
    "repeat_form": "`repeat` is no rule that is read",
    "repeat_endless": "`repeat` has no end",
    "repeat_start": "`repeat` is filled, and `publish_at` is no plain date and time to begin with",
    "repeat_none": "`repeat` ends before it begins",
    "repeat_many": "`repeat` makes more posts than a row may",
    # beside other rows
    "same_look": "another row is the same post: same channel, account, text and media",
    "same_minute": "another row goes out on the same account in the same minute",
    "date_gap": "`publish_at` is blank between rows that have dates",
    "same_caption": "another row has the same text on the same channel, account and day",
})  # fmt: skip
"""Every code of this room with what it stands for. Reading a sheet and checking media files have codes of their own."""
