"""The formulas behind a sheet of posts: what a row's channel offers, needs, and takes at most.

Each is written for row 2 and moves with the row. All of them ask the lists of `lists_sheet` by name. A row may name
several channels: then what any of them needs is needed, what none of them has is not used, and the tightest limit
counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from batch.sheet.columns import COUNT
from batch.sheet.grid import letters
from batch.sheet.lists_sheet import NO_LIMIT

ONE_OF = ("text", "link", "media")
"""Columns of which a post may need one."""

GENERATED: Mapping[str, tuple[str, ...]] = {"text": ("caption", "post"), "media": ("post",)}
"""What is filled in by the service, for each word of `generate`."""

MAKING = ("", "draft", "publish", "schedule")
"""Actions whose post has to be complete."""


class Formulas:
    """The formulas for one order of columns."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._cells = {column: f"${letters(place)}2" for column, place in places.items()}
        self._counted = [letters(place) for column, place in places.items() if column != COUNT]

    def cell(self, column: str) -> str:
        """Return the address of a column's cell in row 2."""
        return self._cells[column]

    def is_needed(self, column: str) -> str:
        """Return the condition under which an empty cell has to be filled; "" where the column is never needed."""
        if column in ONE_OF:
            return self._needs_one_of(column)
        conditions: Mapping[str, str] = {
            "channel": f'{self._cells["channel"]}="",COUNTA({self._whole_row()})>0',
            "title": f"SUMPRODUCT({self._fits()}*pb_title_needed)>0,{self._is_made()}",
            "privacy": f"SUMPRODUCT({self._fits()}*pb_has_privacy)>0,{self._is_made()}",
            "publish_at": f'OR({self._cells["action"]}="schedule",{self._cells["action"]}="reschedule")',
            "prompt": f'{self._cells["generate"]}<>"",{self._cells["asset"]}=""',
        }
        condition = conditions.get(column)
        return f'=AND({self._cells[column]}="",{condition})' if condition else ""

    def is_not_used(self, field: str) -> str:
        """Return the condition under which none of the row's channels has a field."""
        return f"=AND(SUMPRODUCT({self._fits()})>0,SUMPRODUCT({self._fits()}*pb_has_{field})=0)"

    def is_over(self, column: str) -> str:
        """Return the condition under which a text or title is longer than the row's channel takes."""
        return f"=LEN({self._cells[column]})>{self._most(column)}"

    def count(self) -> str:
        """Return the formula that shows how long the text is, and the limit where there is one."""
        text, most = self._cells["text"], self._most("text")
        return f'=IF({text}="","",LEN({text})&IF({most}<{NO_LIMIT}," / "&{most},""))'

    def types(self) -> str:
        """Return the list of the types that the row's channel has."""
        return _part_of("pb_types", "pb_type_channels", self._cells["channel"])

    def accounts(self) -> str:
        """Return the list of the accounts on the row's channel."""
        return _part_of("pb_accounts", "pb_account_channels", self._cells["channel"])

    def privacy_levels(self) -> str:
        """Return the list of what the row's account allows."""
        account = self._cells["account"]
        return _part_of("pb_privacy", "pb_whose", f'IF({account}="","(default)",{account})')

    def is_a_moment(self) -> str:
        """Return the condition that a date is met by: a time of day is there, or it is text (`now`, an offset)."""
        cell = self._cells["publish_at"]
        return f"=OR(ISTEXT({cell}),AND(ISNUMBER({cell}),MOD({cell},1)>0))"

    def _needs_one_of(self, column: str) -> str:
        filled = "+".join(f"pb_enough_{one}*({self._is_filled(one)})" for one in ONE_OF)
        lacking = f"SUMPRODUCT({self._fits()}*pb_enough_{column}*(({filled})=0))>0"
        return f'=AND({self._cells[column]}="",{lacking},{self._is_made()})'

    def _is_filled(self, column: str) -> str:
        """Return a sum that is zero where a cell is empty and nothing is going to be generated for it."""
        made = "+".join(f'({self._cells["generate"]}="{word}")' for word in GENERATED.get(column, ()))
        return f'({self._cells[column]}<>""){"+" + made if made else ""}'

    def _fits(self) -> str:
        """Return 1 for each line of the channel table that the row means, else 0."""
        channel, kind = self._cells["channel"], self._cells["type"]
        return f'ISNUMBER(SEARCH(pb_channel,{channel}))*(({kind}=pb_type)+({kind}="")*pb_usual)'

    def _is_made(self) -> str:
        action = self._cells["action"]
        return "OR(" + ",".join(f'{action}="{word}"' for word in MAKING) + ")"

    def _most(self, column: str) -> str:
        return f"SUMPRODUCT(MIN({NO_LIMIT}-{self._fits()}*({NO_LIMIT}-pb_{column}_most)))"

    def _whole_row(self) -> str:
        return ",".join(f"${column}2" for column in self._counted)


def _part_of(values: str, owners: str, owner: str) -> str:
    """Return the stretch of a list that belongs to an owner, else the stretch for any."""
    found = f'IF(COUNTIF({owners},{owner})=0,"(any)",{owner})'
    return f"=OFFSET({values},MATCH({found},{owners},0)-1,0,COUNTIF({owners},{found}),1)"
