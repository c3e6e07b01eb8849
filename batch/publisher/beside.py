"""Ask several questions side by side, and stop waiting at once where somebody presses Ctrl-C.

The standard pool waits for everything that is under way, and again when the interpreter ends: with a service that does
not answer that is minutes. After Ctrl-C these threads are left behind instead, which is safe because only questions run
in them; a call that changes something must never be made here. After a failure they end what they are at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")
AT_ONCE = 4


def ask_beside(questions: Sequence[Callable[[], Result]], *, at_once: int = AT_ONCE) -> list[Result]:
    """Return the answers in the questions' order; raise the first failure, and start none of the rest after it."""
    waiting = iter(range(len(questions)))
    lock, over = threading.Lock(), threading.Event()
    answered: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        while not over.is_set():
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            try:
                answered.put((index, questions[index](), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
                over.set()
                answered.put((index, None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(questions)))]
    for thread in threads:
        thread.start()
    answers: dict[int, Result | None] = {}
    try:
        while len(answers) < len(questions):
            index, answer, error = answered.get()
            if error is not None:
                raise error
            answers[index] = answer
    except Exception:
        for thread in threads:
            thread.join()
        raise
    finally:
        over.set()
    return [answers[index] for index in range(len(questions))]  # type: ignore[misc] # each was answered
