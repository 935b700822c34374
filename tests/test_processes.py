"""Worker processes end with the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from rgbtbench.processes import available_cores, interrupts_held

_PARENT = """
import multiprocessing, sys, time
from rgbtbench.processes import interrupts_held, leave_to_parent

def work(queue):
    leave_to_parent()
    queue.put(__import__("os").getpid())
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with interrupts_held():
        context.Process(target=work, args=(queue,)).start()
    print(queue.get(), flush=True)
    time.sleep(60)
"""


def test_a_worker_ignores_ctrl_c_and_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        os.kill(worker, signal.SIGINT)
        time.sleep(0.3)
        os.kill(worker, 0)
        parent.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and _lives(worker):
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(process):
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_waits_while_it_is_held():
    with interrupts_held():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_there_is_at_least_one_core():
    assert available_cores() >= 1
