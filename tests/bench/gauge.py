"""Runs one command and writes what it took. A process of its own, since a child's peak begins at its parent's size."""

import json
import os
import sys
import time

report, *command = sys.argv[1:]
began = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - began
with open(report, "w", encoding="utf-8") as file:
    json.dump([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], file)
sys.exit(os.waitstatus_to_exitcode(status))
