"""Copies of shards on the local disk: never the wrong ones, never more than there is room for, shared by processes."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest

from rgbtbench.errors import ShardError, StoreError
from rgbtbench.file_lock import file_lock
from rgbtbench.locations import location
from rgbtbench.shards.local_copy import cached_copy, fresh_copy

from ..stores import empty_memory

MEMORY = fsspec.filesystem("memory")
#: Bytes of each shard: 100 of them fit into the folder of most tests.
SIZE = 10_000


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RGBTBENCH_CACHE_GB", "0.001")
    with empty_memory():
        yield tmp_path / "cache"


def shard(number):
    content = bytes([number]) * SIZE
    MEMORY.pipe_file(f"/set/{number}.tar", content)
    return location(f"memory://set/{number}.tar"), hashlib.sha256(content).hexdigest()


def read(number, **options):
    path, sha256 = shard(number)
    with cached_copy(path, size=SIZE, **{"sha256": sha256, **options}) as copy:
        return copy.read_bytes()


def copies(cache):
    return {path.stem for path in cache.glob("*.tar")}


def test_a_shard_on_disk_is_its_own_copy(tmp_path, cache):
    path = tmp_path / "x.tar"
    with cached_copy(path, size=1, sha256="") as copy, fresh_copy(path) as fresh:
        assert copy == fresh == path
    assert not cache.exists()


def test_a_shard_is_fetched_once(monkeypatch):
    assert read(1) == bytes([1]) * SIZE
    monkeypatch.setattr(type(MEMORY), "get_file", lambda *arguments: pytest.fail("fetched again"))
    assert read(1) == bytes([1]) * SIZE


def test_another_content_than_the_manifest_states_is_refused_and_not_kept(cache):
    with pytest.raises(ShardError, match=r"memory://set/1.tar: is not what the manifest states"):
        read(1, sha256="0" * 64)
    assert copies(cache) == set()
    assert not list(cache.glob("*.part"))


def test_a_copy_of_another_size_is_fetched_again(cache):
    read(1)
    (copy,) = cache.glob("*.tar")
    copy.write_bytes(b"cut")
    assert read(1) == bytes([1]) * SIZE


def test_the_shard_that_was_not_opened_for_longest_makes_room(cache, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE_GB", str(2.5 * SIZE / 1e9))
    for age, number in ((30, 1), (20, 2)):
        read(number)
        os.utime(cache / f"{shard(number)[1]}.tar", (1e9 - age, 1e9 - age))
    read(1)
    read(3)
    assert copies(cache) == {shard(1)[1], shard(3)[1]}


def test_a_copy_that_is_open_stays_readable_when_it_makes_room(monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE_GB", str(1.5 * SIZE / 1e9))
    path, sha256 = shard(1)
    with cached_copy(path, size=SIZE, sha256=sha256) as copy:
        file = copy.open("rb")
    read(2)
    assert not copy.exists()
    with file:
        assert file.read() == bytes([1]) * SIZE


def test_a_copy_that_another_is_about_to_open_stays(cache, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE_GB", str(1.5 * SIZE / 1e9))
    path, sha256 = shard(1)
    with cached_copy(path, size=SIZE, sha256=sha256) as copy:
        read(2)
        assert copy.exists()


def test_what_a_killed_process_had_fetched_is_removed_and_what_another_is_fetching_stays(cache):
    cache.mkdir()
    (cache / "ab01.part").write_bytes(b"half")
    (cache / "cd02.part").write_bytes(b"half")
    with file_lock(cache / "cd.lock"):
        read(1)
    assert [path.name for path in cache.glob("*.part")] == ["cd02.part"]
    read(2)
    assert not list(cache.glob("*.part"))


def test_a_half_of_the_same_shard_is_fetched_anew(cache):
    _, sha256 = shard(1)
    cache.mkdir()
    (cache / f"{sha256}.part").write_bytes(bytes([9]) * (SIZE + 1))
    assert read(1) == bytes([1]) * SIZE
    assert not list(cache.glob("*.part"))


def test_by_default_half_of_what_is_free_is_taken(cache, monkeypatch):
    monkeypatch.delenv("RGBTBENCH_CACHE_GB")
    usage = shutil.disk_usage(cache.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=3 * SIZE))
    for number in (1, 2, 3):
        read(number)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda folder: usage._replace(free=3 * SIZE - len(copies(cache)) * SIZE)
        )
    assert len(copies(cache)) == 1


def test_a_limit_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE_GB", "much")
    with pytest.raises(ShardError, match="RGBTBENCH_CACHE_GB is 'much'; expected a number of gigabytes"):
        read(1)


def test_a_folder_that_cannot_be_made_is_named(cache, monkeypatch):
    cache.write_text("")
    with pytest.raises(ShardError, match=r"cannot keep copies: .*; free space, or let RGBTBENCH_CACHE name another"):
        read(1)


def test_a_missing_shard_and_a_silent_store_are_told_apart(monkeypatch):
    missing = location("memory://set/9.tar")
    for copy in (lambda: cached_copy(missing, size=1, sha256="0"), lambda: fresh_copy(missing)):
        with pytest.raises(ShardError, match=r"9.tar: cannot be read: No such file or directory; prepare"), copy():
            pass

    def fail(*arguments, **options):
        raise TimeoutError

    monkeypatch.setattr(type(MEMORY), "get_file", fail)
    with pytest.raises(StoreError, match="cannot be read: TimeoutError"):
        read(1)


def test_a_fresh_copy_is_what_the_store_has_now_and_goes():
    read(1)
    MEMORY.pipe_file("/set/1.tar", b"changed")
    with fresh_copy(location("memory://set/1.tar")) as copy:
        assert copy.read_bytes() == b"changed"
    assert not copy.exists()


def test_processes_that_want_the_same_shard_wait_for_one_to_fetch_it(tmp_path, cache):
    code = (
        "import fsspec, time, hashlib, sys\n"
        "from rgbtbench.locations import location\n"
        "from rgbtbench.shards.local_copy import cached_copy\n"
        "memory = fsspec.filesystem('memory')\n"
        f"content = b'x' * {SIZE}\n"
        "memory.pipe_file('/set/x.tar', content)\n"
        "get = type(memory).get_file\n"
        "def slowly(self, *arguments, **options):\n"
        "    print('fetched', flush=True)\n"
        "    time.sleep(0.3)\n"
        "    get(self, *arguments, **options)\n"
        "type(memory).get_file = slowly\n"
        "sha256 = hashlib.sha256(content).hexdigest()\n"
        f"with cached_copy(location('memory://set/x.tar'), size={SIZE}, sha256=sha256) as copy:\n"
        "    assert copy.read_bytes() == content\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    assert sorted(outputs) == ["", "", "fetched\n"]
    assert Path(cache).is_dir()
