"""Room for temporary files goes with its process, even when that is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rgbtbench import scratch
from rgbtbench.errors import UserError

MAKE = (
    "from rgbtbench.scratch import scratch_folder;"
    "folder = scratch_folder(); (folder / 'x').write_text('x'); print(folder, flush=True);"
)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(scratch, "_mine", {})
    return tmp_path


def run(code):
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE + code], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def test_a_process_has_one_folder_and_it_goes_with_the_process(temporary):
    process, folder = run("assert scratch_folder() == folder")
    assert process.wait() == 0
    assert folder.is_relative_to(temporary)
    assert not folder.exists()


def test_what_a_killed_process_left_goes_with_the_next_and_what_a_live_one_has_stays(temporary):
    killed, left = run("input()")
    alive, kept = run("input()")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.exists()
    process, _ = run("")
    process.wait()
    assert not left.exists()
    assert (kept / "x").exists()
    alive.communicate("\n")
    assert not kept.exists()


def test_a_forked_process_has_a_folder_of_its_own(temporary):
    ours = scratch.scratch_folder()
    child = os.fork()
    if child == 0:
        os._exit(0 if scratch.scratch_folder() != ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ours.is_dir()


def test_a_place_that_is_a_link_is_not_used(temporary):
    (temporary / f"rgbtbench-{os.getuid()}").symlink_to(temporary)
    with pytest.raises(UserError, match="belongs to somebody else; let TMPDIR name another folder"):
        scratch.scratch_folder()


def test_no_room_is_one_clear_error(temporary):
    (temporary / f"rgbtbench-{os.getuid()}").write_text("")
    with pytest.raises(UserError, match="no room for temporary files"):
        scratch.scratch_folder()
