"""Whatever ends a `prepare` (SIGKILL at any moment, a full disk, Ctrl-C), the next one ends with the same bytes."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rgbtbench.errors import ShardError
from rgbtbench.shards.build import prepare
from rgbtbench.shards.tar import TarWriter

from ..shards.street import SMALL_SHARDS, Street, card, tree, write_sample

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    root = tmp_path_factory.mktemp("crash") / "official"
    Street().fake(root, Street.layouts[0], {"train": 5, "test": 2}, seed=0)
    return root


def prepared_from(raw, out):
    prepare(Street(), card(), raw, out, options=SMALL_SHARDS, workers=1, allow_differences=True)
    return tree(out)


@pytest.fixture(scope="module")
def expected(official, tmp_path_factory):
    return prepared_from(official, tmp_path_factory.mktemp("expected") / "out")


def python(code, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys; {code}", *map(str, arguments)],
        cwd=REPOSITORY,
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


def kill_everywhere(official, start, out, scratch):
    finished = subprocess.run(
        [sys.executable, "-m", "tests.crash.kill_points", *map(str, (official, start, out, scratch))],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout)


def test_killed_at_any_step_of_a_first_run(official, expected, tmp_path):
    prepared_from(official, tmp_path / "whole")
    assert kill_everywhere(official, "-", tmp_path / "whole", tmp_path / "scratch") > 50


def test_killed_at_any_step_while_a_published_dataset_is_replaced(official, tmp_path):
    raw = shutil.copytree(official, tmp_path / "raw")
    prepared_from(raw, tmp_path / "before")
    write_sample(raw, "train.0001", seed=99, boxes=2)
    write_sample(raw, "test.0000", seed=98, boxes=1)
    prepared_from(raw, tmp_path / "after")
    assert kill_everywhere(raw, tmp_path / "before", tmp_path / "after", tmp_path / "scratch") > 25


def test_killed_from_outside_at_random_moments_with_workers(official, expected, tmp_path):
    moments = random.Random(0)  # noqa: S311
    code = "from tests.crash.slow_street import prepare_slowly; prepare_slowly(sys.argv[1], sys.argv[2], 2)"
    out = tmp_path / "out"
    for _ in range(3):
        process = python(code, official, out)
        shards = out / "shards"
        while process.poll() is None and not (shards.is_dir() and any(shards.iterdir())):
            time.sleep(0.005)
        time.sleep(moments.random() * 0.2)
        process.kill()
        process.communicate()
    assert prepared_from(official, out) == expected


def children(parent):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to list processes")
def test_no_worker_outlives_the_process_that_started_it(official, tmp_path):
    code = (
        "from tests.crash.slow_street import EndlessStreet, prepare_slowly;"
        "prepare_slowly(sys.argv[1], sys.argv[2], 2, EndlessStreet())"
    )
    process = python(code, official, tmp_path / "out")
    while process.poll() is None and not list((tmp_path / "out").glob("shards/.*")):
        time.sleep(0.01)
    workers = children(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < until:
        time.sleep(0.02)
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


def test_ctrl_c_stops_the_workers_and_leaves_no_parts(official, expected, tmp_path):
    out = tmp_path / "out"
    # A shell that starts the tests in the background has them, and all below them, ignore Ctrl-C.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heed}; from tests.crash.slow_street import prepare_slowly; prepare_slowly(sys.argv[1], sys.argv[2], 2)"
    process = python(code, official, out, start_new_session=True)
    while process.poll() is None and not list(out.glob("shards/.*")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in output
    assert list(out.glob("shards/.*")) == []
    assert not (out / "manifest.json").exists()
    assert prepared_from(official, out) == expected


def test_a_full_disk_is_one_clear_error_and_finished_shards_stay(official, expected, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write, calls = TarWriter._write, []

    def fill_up(self, pieces, size):
        calls.append(pieces)
        if len(calls) == 6:
            self._output.writelines(pieces[:1])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, pieces, size)

    with monkeypatch.context() as patch:
        patch.setattr(TarWriter, "_write", fill_up)
        with pytest.raises(ShardError, match=r"the disk is full; free space and run again: finished shards are kept"):
            prepare(Street(), card(), official, out, options=SMALL_SHARDS, workers=1, allow_differences=True)
    assert [path.name for path in (out / "shards").iterdir()] == ["test-000000.tar"]
    kept = (out / "shards/test-000000.tar").stat().st_ino
    assert prepared_from(official, out) == expected
    assert (out / "shards/test-000000.tar").stat().st_ino == kept


@pytest.mark.parametrize("workers", [1, 2])
def test_a_limit_of_the_system_is_one_clear_error(official, tmp_path, workers):
    raw = shutil.copytree(official, tmp_path / "raw")
    notes = raw / "notes/train.0004.json"
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"captions": ["x" * 200_000]}))
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        f"from tests.crash.slow_street import prepare_slowly; prepare_slowly(sys.argv[1], sys.argv[2], {workers})"
    )
    process = python(code, raw, tmp_path / "out")
    _, output = process.communicate(timeout=60)
    assert "ShardError" in output
    assert "cannot be written: File too large; run again once this is mended" in output
    assert not list((tmp_path / "out/shards").glob(".*"))
    assert (tmp_path / "out/shards/test-000000.tar").exists()
    assert prepared_from(raw, tmp_path / "out") == prepared_from(raw, tmp_path / "from_nothing")


def test_a_worker_that_is_killed_is_one_clear_error(official, tmp_path):
    code = (
        "from tests.crash.slow_street import EndlessStreet, prepare_slowly;"
        "prepare_slowly(sys.argv[1], sys.argv[2], 2, EndlessStreet())"
    )
    process = python(code, official, tmp_path / "out")
    while process.poll() is None and not list((tmp_path / "out").glob("shards/.*.part")):
        time.sleep(0.01)
    part = next((tmp_path / "out").glob("shards/.*.part"))
    os.kill(int(part.name.split(".")[-2]), signal.SIGKILL)
    _, output = process.communicate(timeout=60)
    assert "ShardError: a worker process ended unexpectedly" in output
