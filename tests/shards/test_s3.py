"""S3 end to end, against a server on the loopback device."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest

import rgbtbench
from rgbtbench.errors import ShardError, StoreError
from rgbtbench.locations import location
from rgbtbench.shards import mirror
from rgbtbench.shards.build import prepare
from rgbtbench.shards.destination import published
from rgbtbench.shards.lock import locked
from rgbtbench.shards.verify import verify
from rgbtbench.stored_files import file_facts

from ..stores import s3_server, stored_tree, upload
from .street import SMALL_SHARDS, Street, card, tree

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def root(official):
    with s3_server("data"):
        address = location("s3://data/official")
        upload(official, address)
        yield address


@pytest.fixture
def out(root, request, tmp_path, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE", str(tmp_path / "cache"))
    return location(f"s3://data/{request.node.originalname}")


@pytest.fixture
def store(root):
    return fsspec.filesystem("s3", use_listings_cache=False)


def prepared(root, out, **options):
    return prepare(Street(), card(), root, out, **{"options": SMALL_SHARDS, "workers": 1, **options})


def test_the_bytes_do_not_depend_on_where_files_lie_or_on_the_number_of_workers(root, out, pristine):
    prepared(root, out / "one")
    prepared(root, out / "two", workers=2)
    assert stored_tree(out / "one") == stored_tree(out / "two") == tree(pristine)
    assert verify(out / "one") == []


def test_nothing_is_written_twice_and_a_changed_object_is_noticed(root, out, store, official, tmp_path):
    raw = shutil.copytree(official, tmp_path / "raw")
    copied = out / "official"
    upload(raw, copied)
    prepared(copied, out / "street")
    shards = f"{out.path}/street/shards"
    before = {entry["name"]: entry["LastModified"] for entry in store.ls(shards, detail=True)}
    prepared(copied, out / "street")
    assert {entry["name"]: entry["LastModified"] for entry in store.ls(shards, detail=True)} == before
    notes = raw / "notes/train.0002.json"
    changed = json.loads(notes.read_text()) | {"captions": ["another street"]}
    notes.write_text(json.dumps(changed))
    store.pipe_file(f"{copied.path}/notes/train.0002.json", notes.read_bytes())
    prepared(copied, out / "street")
    prepared(raw, tmp_path / "expected")
    assert stored_tree(out / "street") == tree(tmp_path / "expected")


def test_a_copy_that_has_the_md5_of_its_tag_is_believed_and_one_that_has_not_is_asked_about(
    root, out, store, official, monkeypatch
):
    copied = out / "official"
    upload(official, copied)
    asked = []
    monkeypatch.setattr(mirror, "file_facts", lambda path: asked.append(path.name) or file_facts(path))
    prepared(copied, out / "one")
    assert asked == []
    get = type(store)._get_file

    async def flip(self, remote, local, **options):
        if remote.endswith("rgb/train.0003.jpg"):
            content = await self._cat_file(remote)
            await self._pipe_file(remote, content[::-1])
        await get(self, remote, local, **options)

    monkeypatch.setattr(type(store), "_get_file", flip)
    with pytest.raises(StoreError, match=r"rgb/train.0003.jpg: changed while it was read"):
        prepared(copied, out / "two")
    assert asked == ["train.0003.jpg"]


def test_prepared_data_is_opened_by_its_address_also_in_worker_processes(official, out, pristine):
    torch_data = pytest.importorskip("torch.utils.data")
    prepared(official, out)
    ours = rgbtbench.open(str(out), split="test")
    assert (ours[0].images["rgb"] == rgbtbench.open(pristine, split="test")[0].images["rgb"]).all()
    shutil.rmtree(os.environ["RGBTBENCH_CACHE"])
    loader = torch_data.DataLoader(
        rgbtbench.open(str(out), split="train"), num_workers=2, collate_fn=lambda samples: samples[0].key
    )
    assert list(loader) == [f"train_{n:04d}" for n in range(7)]


def test_the_lock_object_excludes_others_and_goes(root, out, store):
    with locked(out):
        assert json.loads(store.cat_file(f"{out.path}/.state/lock"))["pid"] == os.getpid()
        with pytest.raises(ShardError, match="prepares this folder since"):
            prepared(root, out)
    assert not store.exists(f"{out.path}/.state/lock")


def test_of_two_that_create_the_lock_at_once_one_wins(out, store, monkeypatch):
    monkeypatch.setattr("rgbtbench.shards.lock._object", lambda path: None)  # both have seen that there is none
    with locked(out), pytest.raises((ShardError, StoreError)), locked(out):
        pass


def test_a_bucket_that_is_not_there_is_one_clear_error(official, root):
    with pytest.raises(StoreError, match="cannot be written: FileNotFoundError: The specified bucket does not exist"):
        prepared(official, location("s3://nowhere/street"))


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
import s3fs.core
from pathlib import Path
from rgbtbench.locations import location
from rgbtbench.shards.build import prepare
from tests.shards.street import SMALL_SHARDS, Street, card

s3fs.core.calculate_chunksize = lambda size, chunksize=None: 5 * 2**20  # the smallest part that S3 takes
call, parts = s3fs.core.S3FileSystem._call_s3, []

async def call_or_die(self, method, *arguments, **options):
    parts.append(method == "upload_part")
    if sum(parts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return await call(self, method, *arguments, **options)

s3fs.core.S3FileSystem._call_s3 = call_or_die
prepare(Street(), card(), Path(sys.argv[1]), location(sys.argv[2]), options=SMALL_SHARDS, workers=1)
"""


def test_killed_in_the_middle_of_an_upload(official, out, store, tmp_path):
    raw = shutil.copytree(official, tmp_path / "raw")
    notes = raw / "notes/train.0003.json"
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"captions": ["x" * 12_000_000]}))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(raw), str(out)],
        cwd=REPOSITORY, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert published(out) is None
    finished = store.find(f"{out.path}/shards")
    assert len(finished) > 2
    assert not [path for path in finished if path.endswith("train-000003.tar")]
    before = {path: store.info(path)["LastModified"] for path in finished}
    prepared(raw, out)
    assert {path: store.info(path)["LastModified"] for path in finished} == before
    prepared(raw, tmp_path / "expected")
    assert stored_tree(out) == tree(tmp_path / "expected")


def test_credentials_are_neither_stored_nor_logged(root, out, store, caplog, monkeypatch, tmp_path):
    caplog.set_level(logging.DEBUG, logger="rgbtbench")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-test")
    fsspec.filesystem("s3").clear_instance_cache()
    prepared(root, out)
    assert "a-secret-of-this-test" not in caplog.text
    assert not [path for path in store.find(out.path) if b"a-secret-of-this-test" in store.cat_file(path)]
