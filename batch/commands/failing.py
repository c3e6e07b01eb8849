"""What a person sees when the program itself has failed: one sentence, and a log worth sending with a bug report."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from batch.commands.world import World
from batch.run.journal import make_private_folder, shown

EXIT_FAILED = 3


def report_failure(error: BaseException) -> int:
    """Say that the program failed and where its log is, and return the exit status."""
    print(
        f"postbatch: something went wrong inside the program ({type(error).__name__}). Run the same command again: "
        "the journal knows what was sent, and nothing is sent twice.",
        file=sys.stderr,
    )
    keep_failure(error)
    return EXIT_FAILED


def keep_failure(error: BaseException) -> None:
    """Write where in the program it failed, without any value (they may be private), and say where that is."""
    lines = [f"{type(error).__name__}"]
    lines += [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    try:
        folder = World().state_folder()
        make_private_folder(folder)
        log = folder / "failure.log"
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"Please send {shown(log)} with your report.", file=sys.stderr)
    except Exception:  # noqa: BLE001 - there is nobody left to tell
        print("\n".join(lines), file=sys.stderr)
