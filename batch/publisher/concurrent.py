"""Calls in threads of their own: several questions at once, and a call that is left behind at its deadline.

The threads are daemons, so that Ctrl-C waits for none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")
AT_ONCE = 4


def gather(questions: Sequence[Callable[[], Result]], *, at_once: int = AT_ONCE) -> list[Result]:
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


def within(seconds: float, call: Callable[[], Result], *, late: Callable[[str], Exception]) -> Result:
    """Return a call's result, or raise what it raises; raise `late` once its time is over, and leave it behind.

    httpx bounds each read and write by itself, so a service that sends one byte a second would hold a call for ever.
    """
    ended: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            ended.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            ended.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except Empty:
        raise late("the time for this call is over") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value] # there is one where there is no error
