"""Exceptions that end a command, each with one sentence for the person at the keyboard.

Things that are wrong with a row are not exceptions but `model.Issue` values: they never stop the other rows.

    PostbatchError                 base; carries the sentence and the exit status
    ├── StartError                 the command could not start (exit status 2)
    │   ├── SheetError             the sheet can't be read
    │   ├── ConfigError            the configuration is missing or contradicts itself
    │   ├── SignInError            the credential is missing, wrong, expired or of the wrong kind
    │   ├── ServiceError           the API did not give a usable answer to a question
    │   ├── PlanFileError          a saved plan can't be used, or the world has moved since
    │   ├── JournalError           the journal is damaged or can't be written
    │   ├── LockedError            another run holds this site
    │   └── GuardError             the plan does more than a sheet should without being asked by name
    └── StopError                  the command had to stop before its end (exit status 3)
"""

from __future__ import annotations

from collections.abc import Sequence


class PostbatchError(Exception):
    """A reason to end the command: one `sentence` (what, where, and the remedy), which further lines may follow."""

    exit_status = 2

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message, *details)
        self.sentence, self.details = message, tuple(details)

    def __str__(self) -> str:
        return "\n".join((self.sentence, *self.details))


class StartError(PostbatchError):
    """Nothing was sent: the command could not start."""


class SheetError(StartError):
    """The sheet can't be read at all.

    `renames` are the headings that are slips of ours, as place, heading, column and the word that was meant, where
    nothing else keeps the sheet from being read.
    """

    def __init__(
        self, message: str, *, details: Sequence[str] = (), renames: Sequence[tuple[int, str, str, str]] = ()
    ) -> None:
        super().__init__(message, details=details)
        self.renames = tuple(renames)


class EmptyError(SheetError):
    """The sheet has headings, but no rows under them."""


class ConfigError(StartError):
    """The configuration is missing, unreadable, or contradicts itself."""


class SignInError(StartError):
    """The service refused the credential (`status` 401 or 403), or there is none."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PlanFileError(StartError):
    """A saved plan is unreadable, or what it was made for has changed since."""


class JournalError(StartError):
    """The journal is damaged or can't be written, so nothing may be sent."""


class LockedError(StartError):
    """Another run holds the lock of this site."""


class GuardError(StartError):
    """The plan would cancel, delete or move more than expected; the sentence names the flag that allows it."""


class ServiceError(StartError):
    """A question to the API (accounts, features, items) had no usable answer; a run under way copes by itself."""


class StopError(PostbatchError):
    """The command stopped before its end, or an outcome is unknown."""

    exit_status = 3
