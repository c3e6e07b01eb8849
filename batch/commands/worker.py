"""What a worker of a Dask cluster does with a site's part, and the names under which both sides of a run meet.

A worker counts itself before it begins, where the count outlives it: so one that begins a part a second time knows.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

from batch import __version__
from batch.commands.part import Part, PartResult, do_part
from batch.commands.world import World
from batch.model import Content, Outcome
from batch.run.record import outcome_to_json
from batch.run.stop import Stop

ANSWER_SECONDS = 15
LISTEN_SECONDS = 1.0


def worker_version() -> str:
    """Return the version of this program where it is called."""
    return __version__


def topic_of(run: str) -> str:
    """Return the name under which the workers of a run tell of its posts."""
    return f"postbatch-{run}"


def tries_name(part: Part) -> str:
    """Return the name of the count of the machines that began a part; it outlives each of them."""
    return f"{topic_of(part.run)}-tries-{part.site}"


def halt_name(part: Part) -> str:
    """Return the name of the signal that stops a part in good order."""
    return f"{topic_of(part.run)}-halt-{part.site}"


def run_part(part: Part) -> PartResult:
    """Do a part on a worker: this is what the cluster calls."""
    from distributed import Event, Variable, get_client, get_worker

    client, worker = get_client(), get_worker()
    count = Variable(tries_name(part), client=client)
    tries = int(count.get(timeout=ANSWER_SECONDS)) + 1
    count.set(tries)
    stop, ended = Stop(), threading.Event()
    halt = Event(halt_name(part), client=client)
    threading.Thread(target=_watch, args=(halt, stop, ended), name="halt", daemon=True).start()

    def show(position: int, outcome: Outcome) -> None:
        told = outcome_to_json(replace(outcome, content=Content(), changes=()))
        worker.log_event(topic_of(part.run), {"position": position, "outcome": told})

    try:
        return do_part(part, world=World(), tries=tries, stop=stop, show=show)
    finally:
        ended.set()


def _watch(halt: Any, stop: Stop, ended: threading.Event) -> None:
    """Ask for a stop once the side that waits does; where it can't be heard any more, the part goes on to its end."""
    with suppress(Exception):  # the cluster is going down: a part is as safe without it
        while not ended.is_set():
            if halt.wait(timeout=LISTEN_SECONDS):
                stop.request("You stopped it.", interrupted=True)
                return
