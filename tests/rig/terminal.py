"""A command at a terminal of its own: what it shows, and when, and what a person types there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

ROWS = 24


class Terminal:
    """Use it in a `with`: the command starts, and is killed at the end where it has not ended by itself.

    `clock` gives seconds. `signs` are the moments at which something was shown, counted from the command's start.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        columns: int = 80,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command, self._cwd, self._clock = list(command), cwd, clock
        self._env = {**env, "TERM": "xterm-256color"}
        self._size = struct.pack("HHHH", ROWS, columns, 0, 0)
        self._changed = threading.Condition()
        self._shown = bytearray()
        self._answered = 0
        self.signs: list[float] = []

    def __enter__(self) -> Self:
        self._ours, its = pty.openpty()
        self._hung_up, self._hang_up = os.pipe()
        self._open = True
        fcntl.ioctl(its, termios.TIOCSWINSZ, self._size)
        self._began = self._clock()
        self.process = subprocess.Popen(
            self._command, cwd=self._cwd, env=self._env, stdin=its, stdout=its, stderr=its, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(its)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._reader.join(10)
        self.close()
        os.close(self._hung_up)

    def close(self) -> None:
        """Close the terminal's window: the system tells the command so."""
        if self._open:
            self._open = False
            os.close(self._hang_up)
            self._reader.join(10)
            os.close(self._ours)

    def _read(self) -> None:
        with suppress(OSError):  # a terminal tells by an error that its other side is closed
            while self._hung_up not in select.select([self._ours, self._hung_up], [], [])[0]:
                part = os.read(self._ours, 65_536)
                with self._changed:
                    self._shown += part
                    self.signs.append(self._clock() - self._began)
                    self._changed.notify_all()

    @property
    def shown(self) -> bytes:
        """All that was shown so far, as it was sent."""
        with self._changed:
            return bytes(self._shown)

    @property
    def text(self) -> str:
        """The same as text."""
        return self.shown.decode(errors="replace")

    def wait_for(self, words: str, *, seconds: float = 60) -> None:
        """Wait until these words were shown. Raises `TimeoutError`."""
        self._wait(lambda: words.encode() in self._shown, seconds, words)

    def wait_for_signs(self, number: int, *, seconds: float = 60) -> None:
        """Wait until something was shown so many times more. Raises `TimeoutError`."""
        with self._changed:
            wanted = len(self.signs) + number
        self._wait(lambda: len(self.signs) >= wanted, seconds, f"{number} more signs of life")

    def _wait(self, reached: Callable[[], bool], seconds: float, wanted: str) -> None:
        with self._changed:
            if not self._changed.wait_for(reached, seconds):
                raise TimeoutError(f"{wanted}: not within {seconds:g} s of {self._shown.decode(errors='replace')!r}")

    def type(self, text: str) -> None:
        """Type at the terminal."""
        os.write(self._ours, text.encode())

    def answer(self, question: str, *answers: str) -> None:
        """Type one answer each time that the last line asks this. Raises `TimeoutError`."""
        for answer in answers:
            self._wait(lambda: question.encode() in self._shown[self._answered :].rsplit(b"\n", 1)[-1], 60, question)
            self._answered = len(self._shown)
            self.type(f"{answer}\n")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self, *, seconds: float = 300) -> int:
        """Wait until the command has ended and all that it showed is read; return its exit status."""
        status = self.process.wait(seconds)
        self._reader.join(seconds)
        return status

    @property
    def silences(self) -> list[float]:
        """How long nothing was shown, each time, the start of the process counted as a sign."""
        moments = [0.0, *self.signs]
        return [after - before for before, after in pairwise(moments)]
