"""The `Accounts` sheet of a site's own template: which names a row may call each account by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.rules.channels import CHANNEL_LABELS
from batch.sheet.canvas import Canvas
from batch.sheet.connected import Connected, named_accounts
from batch.sheet.style import CHANNEL_TONES, LINE, NAVY, SOFT_INK, TEAL, TEXT, Looks, add_sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

ACCOUNTS = "Accounts"
HEADINGS = (
    ("channel", 26), ("write in account", 30), ("name", 26), ("page, board or location", 28), ("used when blank", 18),
    ("ID", 34), ("TikTok privacy", 60),
)  # fmt: skip
NOBODY = "No account is connected to this site yet. Run: postbatch accounts, which shows where to connect one."


def add_account_sheet(book: Workbook, looks: Looks, connected: Connected) -> None:
    """Add the sheet."""
    sheet = add_sheet(book, ACCOUNTS, tab=TEAL)
    canvas = Canvas()
    canvas.height(0, 24)
    for at, (name, width) in enumerate(HEADINGS):
        sheet.set_column(at, at, width)
        canvas.put(0, at, name, looks.heading(NAVY))
    line = {"bottom": 1, "bottom_color": LINE}
    plain, name_looks = looks.make(TEXT, line), looks.make(TEXT, line, bold=True)
    entries = named_accounts(connected.accounts)
    for row, entry in enumerate(entries, start=1):
        account = entry.account
        canvas.height(row, 20)
        tone = looks.tone(CHANNEL_TONES[account.channel], bold=True, indent=1, **line)
        canvas.put(row, 0, CHANNEL_LABELS[account.channel], tone)
        canvas.put(row, 1, entry.name, name_looks)
        only = sum(1 for other in entries if other.account.channel is account.channel) == 1
        blank = "yes" if account.default or only else ""
        privacy = ", ".join(account.privacy_options)
        for at, text in enumerate((account.name, account.target_name, blank, account.id, privacy), start=2):
            canvas.put(row, at, text, plain)
    if not entries:
        canvas.put(1, 0, NOBODY, looks.make(font_color=SOFT_INK))
    canvas.write(sheet)
    sheet.freeze_panes(1, 0)
