"""A lock file has one holder at a time, and none as soon as its process ends."""

import signal
import subprocess
import sys
import threading

import pytest

from rgbtbench.file_lock import file_lock

HOLD = (
    "import sys, pathlib; from rgbtbench.file_lock import file_lock\n"
    "with file_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); input()"
)


def test_a_second_holder_of_the_same_process_is_another(tmp_path):
    with file_lock(tmp_path / "lock"), pytest.raises(BlockingIOError), file_lock(tmp_path / "lock", wait=False):
        pass
    with file_lock(tmp_path / "lock", wait=False):
        pass


def test_who_waits_comes_when_the_holder_is_done(tmp_path):
    order = []

    def wait():
        with file_lock(tmp_path / "lock"):
            order.append("second")

    with file_lock(tmp_path / "lock"):
        second = threading.Thread(target=wait)
        second.start()
        second.join(0.1)
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_a_killed_process_holds_nothing(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), file_lock(tmp_path / "lock", wait=False):
            pass
        holder.send_signal(signal.SIGKILL)
    with file_lock(tmp_path / "lock", wait=False):
        pass
