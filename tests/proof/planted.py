"""Plant faults in a copy of the client, one at a time, and show that the proofs catch each of them.

    python tests/proof/planted.py               the table
    python tests/proof/planted.py NAME ...      only these

A fault is a replacement of text that must be there exactly once, so that none of them fades away unseen. The copy with
no fault has to pass the same tests.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240.0


class Planted(NamedTuple):
    """A deliberate fault: what a programmer might have got wrong, where, and which tests have to see it."""

    name: str
    file: str
    old: str
    new: str
    tests: str


FOUND, TWO = "tests/proof/test_found.py", "tests/proof/test_two_at_once.py"
DUPLICATES, MISLED = "tests/proof/test_duplicates.py", "tests/proof/test_misled.py"
KILLS = "tests/proof/test_kill_points.py::test_a_kill_anywhere_loses_and_doubles_nothing[unique-draft]"
_HOSTILE = "tests/proof/test_hostile_run.py::test_a_hostile_endpoint_brings_no_traceback_and_no_false_word"
HOSTILE_LIST, HOSTILE_CANCEL, HOSTILE_DRAFT = (
    f"{_HOSTILE}[{call}]" for call in ("query_items", "cancel_item", "create_draft")
)

PLANTED = (
    Planted(
        "repeat without looking",
        "runs/settle.py",
        "ReplyKind.UNCLEAR: ActionStatus.UNCLEAR",
        "ReplyKind.UNCLEAR: ActionStatus.NOT_DONE",
        FOUND,
    ),
    Planted(
        "an unclear answer taken for done",
        "runs/settle.py",
        "ReplyKind.UNCLEAR: ActionStatus.UNCLEAR",
        "ReplyKind.UNCLEAR: ActionStatus.DONE",
        FOUND,
    ),
    Planted(
        "an unclear answer taken for failed",
        "runs/settle.py",
        "ReplyKind.UNCLEAR: ActionStatus.UNCLEAR",
        "ReplyKind.UNCLEAR: ActionStatus.REFUSED",
        FOUND,
    ),
    Planted(
        "a 5xx taken for a refusal",
        "publisher/reply.py",
        "if 400 <= status < 500 and",
        "if 400 <= status < 600 and",
        HOSTILE_DRAFT,
    ),
    Planted(
        "journal after sending",
        "runs/actions.py",
        """    intent = context.journal.intend(
        context.run, position, act, reference=step.reference, item_id=item_id, at=context.now()
    )
    if act is Act.UPDATE:
        reply = items.update_item(context.client, step.item_id, step, clearing=clearing)
    else:
        reply = (items.create_scheduled if single_call else CALLS[act])(context.client, step)
""",
        """    if act is Act.UPDATE:
        reply = items.update_item(context.client, step.item_id, step, clearing=clearing)
    else:
        reply = (items.create_scheduled if single_call else CALLS[act])(context.client, step)
    intent = context.journal.intend(
        context.run, position, act, reference=step.reference, item_id=item_id, at=context.now()
    )
""",
        FOUND,
    ),
    Planted(
        "a taken reference (409) taken for failure",
        "runs/settle.py",
        """    if reply.code == ALREADY_THERE:
        return ActionStatus.UNCLEAR
""",
        """    if reply.code == ALREADY_THERE:
        return ActionStatus.REFUSED
""",
        FOUND,
    ),
    Planted(
        "the key made from the row's number",
        "plan/steps.py",
        "            reference=self.reference,\n",
        '            reference=f"row-{post.row}",\n',
        KILLS,
    ),
    Planted(
        "a derived key that forgets the order of media",
        "rules/keys.py",
        '"\\x1e".join(medium.source for medium in content.media)',
        '"\\x1e".join(sorted(medium.source for medium in content.media))',
        "tests/rules/test_keys.py",
    ),
    Planted(
        "redirects followed",
        "publisher/client.py",
        "        follow_redirects=False,\n",
        "        follow_redirects=True,\n",
        HOSTILE_LIST,
    ),
    Planted(
        "an empty date sent",
        "publisher/items.py",
        '{"id": item_id, "scheduledDate": write_date(at)}',
        '{"id": item_id}',
        KILLS,
    ),
    Planted(
        "a date that has passed sent",
        "runs/actions.py",
        "return act in (Act.SCHEDULE, Act.RESCHEDULE) and certain_date(step) <= now",
        "return False",
        FOUND,
    ),
    Planted(
        "the date looked at before the wait for the rate limit",
        "runs/actions.py",
        "        context.client.pace.until_free()\n",
        "",
        FOUND,
    ),
    Planted(
        "looked once only",
        "runs/settle.py",
        "        if again:\n",
        "        if False:\n",
        FOUND,
    ),
    Planted(
        "the second look reckoned from the start of a call",
        "runs/actions.py",
        """        reply = (items.create_scheduled if single_call else CALLS[act])(context.client, step)
    item, done = reply.item, reply.kind is ReplyKind.OK
    ended_at = context.note(
""",
        """        began = context.now()
        reply = (items.create_scheduled if single_call else CALLS[act])(context.client, step)
    item, done = reply.item, reply.kind is ReplyKind.OK
    ended_at = began if act is not Act.UPDATE else context.now()
    context.note(
""",
        FOUND,
    ),
    Planted(
        "a move whose date has passed sent",
        "runs/actions.py",
        "return act in (Act.SCHEDULE, Act.RESCHEDULE) and certain_date(step) <= now",
        "return act is Act.SCHEDULE and certain_date(step) <= now",
        FOUND,
    ),
    Planted(
        "an intent that a power cut may take",
        "runs/journal.py",
        "PRAGMA synchronous = {'FULL' if power_cuts else 'NORMAL'}",
        "PRAGMA synchronous = OFF",
        FOUND,
    ),
    Planted(
        "not seen taken for not there though a stop cut the wait short",
        "runs/settle.py",
        "            too_soon = wait_full_window and reader.now() < up_to_date\n",
        "            too_soon = False\n",
        FOUND,
    ),
    Planted(
        "the list believed of two living items",
        "runs/settle.py",
        "        item = items.get_item(self.client, item_id)\n",
        "        item = next((item for item in self.everything() if item.id == item_id), None)\n",
        DUPLICATES,
    ),
    Planted(
        "an item not read right before it is changed",
        "runs/actions.py",
        "    if step.before is not None and act is not Act.CREATE:\n",
        "    if False:\n",
        DUPLICATES,
    ),
    Planted(
        "a list believed that gives a post the ID of another",
        "runs/actions.py",
        "    if strange:\n",
        "    if False:\n",
        MISLED,
    ),
    Planted(
        "a duplicate taken back without reading what stays by its ID",
        "runs/verify.py",
        "item for item in context.reader.confirmed(listed) if item.status",
        "item for item in listed if item.status",
        MISLED,
    ),
    Planted(
        "an item read by its ID that is another post taken for what the list said",
        "runs/settle.py",
        '            if item is not None and item.reference in ("", reference)\n',
        "            if item is not None\n",
        MISLED,
    ),
    Planted(
        "a post that is listed under an unknown ID told as gone",
        "runs/actions.py",
        "strange = context.reader.still_lists(step) if item is None else not is_version(item, step)",
        "strange = item is not None and not is_version(item, step)",
        MISLED,
    ),
    Planted(
        "what is scheduled taken back for a draft that could not be sent",
        "runs/verify.py",
        "    return fresh if sent and all(",
        "    return fresh if all(",
        MISLED,
    ),
    Planted(
        "duplicates taken back before what stays is as the row says",
        "runs/verify.py",
        "        if kept is None:\n            return\n",
        "        kept = kept or living[0]\n",
        DUPLICATES,
    ),
    Planted("no wait after a kill", "runs/site.py", "    if wait > 0:\n", "    if wait > 1e9:\n", FOUND),
    Planted(
        "a list believed that is older than the last run",
        "runs/site.py",
        "touched = journal.touched(since=recent)",
        "touched = journal.touched(since=now() + timedelta(days=1))",
        FOUND,
    ),
    Planted(
        "the account left to the service",
        "publisher/payload.py",
        '"channel": {"name": str(step.channel), "accountId": step.account_id},',
        '"channel": {"name": str(step.channel)},',
        KILLS,
    ),
    Planted(
        "another account's post taken up",
        "runs/settle.py",
        "return other_result(step, item, other) if other else judge(act, step, item)",
        "return judge(act, step, item)",
        FOUND,
    ),
    Planted(
        "not read back after the run",
        "runs/execute.py",
        "        read_back(busy, context=context, keep=run.keep)\n",
        "",
        TWO,
    ),
    Planted(
        "read back while the list is late",
        "runs/settle.py",
        """        self.pause(self.settle_seconds)
        return self.everything()
""",
        """        return listed
""",
        TWO,
    ),
    Planted(
        "no look for another run before publishing",
        "runs/execute.py",
        "                yield_to(post, listed, context=self.context)\n",
        "                pass\n",
        TWO,
    ),
    Planted(
        "of two items each run keeps its own",
        "runs/verify.py",
        """        kept = _bring_to_plan(post, living[0], living[1:], context=context)
        if kept is None:
            return
""",
        "        kept = next((item for item in living if item.id == post.step.item_id), living[0])\n",
        TWO,
    ),
    Planted(
        "a full disk hides what was sent",
        "runs/actions.py",
        "            self.stop.request(str(error))\n",
        "            raise\n",
        FOUND,
    ),
    Planted(
        "the item's ID not compared",
        "publisher/items.py",
        "    if reply.item.id.lower() != item_id.lower():\n",
        "    if False:\n",
        HOSTILE_CANCEL,
    ),
    Planted(
        "a wrong ID in an answer taken for a lost post",
        "runs/verify.py",
        "        item = item or _under_reference(post.step, listed, context=context)\n",
        "",
        FOUND,
    ),
    Planted(
        "a call that came late told as not done",
        "runs/verify.py",
        "        _take_back_failure(post, item, context=context)\n",
        "",
        FOUND,
    ),
    Planted(
        "a dead item taken for a new draft",
        "runs/settle.py",
        "done     done      not      not     not      done",
        "done     done      done     done    done     done",
        FOUND,
    ),
)


def copy_tree(source: Path, folder: Path) -> None:
    """Copy client, proofs, and the pages that they are held against."""
    for name in ("batch", "docs", "tests/proof", "tests/rig", "tests/rules"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(source / "pyproject.toml", folder)


def plant(fault: Planted, folder: Path) -> None:
    """Put a fault into a copy. Raises `ValueError` where its text is not there once."""
    path = folder / "batch" / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: its text is {text.count(fault.old)} times in {fault.file}")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")


def run_tests(source: Path, fault: Planted | None, tests: str) -> str:
    """Run tests on a copy with a fault; return the first that did not pass, "" where all did."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_tree(source, folder)
        if fault is not None:
            plant(fault, folder)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests.split()]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "the tests do not end"
    failed = [line.split(" - ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    if done.returncode not in (0, 1) or (done.returncode == 1 and not failed):
        raise RuntimeError(f"the tests could not run: {(done.stdout + done.stderr)[-800:]}")
    return failed[0].removeprefix("FAILED ") if failed else ""


def table(faults: Sequence[Planted], *, beside: int = 2) -> list[tuple[str, str]]:
    """Return each fault with the test that caught it; all are planted in one and the same state of the client.

    Raises `RuntimeError` where the client without any fault does not pass: then the tests would show nothing.
    """
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(beside) as pool:
        source = Path(name)
        copy_tree(ROOT, source)
        sound = pool.map(lambda tests: run_tests(source, None, tests), sorted({fault.tests for fault in faults}))
        if broken := [test for test in sound if test]:
            raise RuntimeError(f"without any fault these fail already: {', '.join(broken)}")
        caught = pool.map(lambda fault: run_tests(source, fault, fault.tests), faults)
        return list(zip((fault.name for fault in faults), caught, strict=True))


def main(wanted: Sequence[str]) -> int:
    """Print the table for these faults (none: all); 1 where one was not caught."""
    lines = table([fault for fault in PLANTED if not wanted or fault.name in wanted])
    for name, test in lines:
        print(f"{'caught' if test else 'MISSED':7} {name:55} {test.removeprefix('tests/proof/')}")
    missed = sum(1 for _, test in lines if not test)
    print(f"{len(lines)} faults planted, {missed} missed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
