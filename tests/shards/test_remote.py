"""Official files and prepared data in stores: the same bytes, the same resuming, the same refusals as on disk."""

import json
import os
import shutil
import threading

import fsspec
import pytest

import rgbtbench
from rgbtbench.errors import InputFileError, ShardError, StoreError
from rgbtbench.locations import location
from rgbtbench.shards import mirror, remote_storage
from rgbtbench.shards.build import Options, prepare
from rgbtbench.shards.lock import locked
from rgbtbench.shards.manifest import prepared_folder, read_manifest
from rgbtbench.shards.storage import remove
from rgbtbench.shards.verify import verify

from ..stores import empty_memory, stored_tree, upload
from .street import SMALL_SHARDS, Street, card, tree, write_sample

MEMORY = fsspec.filesystem("memory")


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mirror, "_mirrors", {})
    with empty_memory():
        yield


@pytest.fixture
def raw(official, tmp_path):
    return shutil.copytree(official, tmp_path / "raw")


@pytest.fixture
def root(official):
    address = location("memory://official")
    upload(official, address)
    return address


@pytest.fixture
def out():
    return location("memory://shards/street")


class Said:
    """Progress that remembers its lines."""

    def __init__(self):
        self.lines = []

    def start(self, stage, total, unit):
        pass

    def advance(self, count=1):
        pass

    def say(self, message):
        self.lines.append(message)

    def finish(self):
        pass


def prepared(root, out, **options):
    said = Said()
    prepare(Street(), card(**options.pop("card", {})), root, out, progress=said,
            **{"options": SMALL_SHARDS, "workers": 1, **options})  # fmt: skip
    return said.lines


def times(out):
    return {path: MEMORY.info(path)["created"] for path in MEMORY.find(f"{out.path}/shards")}


def test_the_bytes_do_not_depend_on_where_files_lie(official, root, out, pristine, tmp_path):
    prepared(root, tmp_path / "from_store")
    assert tree(tmp_path / "from_store") == tree(pristine)
    prepared(official, out)
    assert stored_tree(out) == tree(pristine)
    prepared(root, location("memory://elsewhere"))
    assert stored_tree(location("memory://elsewhere")) == tree(pristine)


def test_nothing_is_written_twice(root, out):
    prepared(root, out)
    before = times(out)
    assert prepared(root, out) == ["re-used 6 of 6 shards: their inputs have not changed"]
    assert times(out) == before


def test_nothing_but_the_dataset_is_left_in_the_store(root, out, tmp_path):
    prepared(root, out)
    left = {path.removeprefix(f"{out.path}/") for path in MEMORY.find(out.path)} - stored_tree(out).keys()
    shards = [f".state/{name}.json" for name in ("test-000000", "test-000001", *(f"train-{n:06d}" for n in range(4)))]
    assert left == {".state/dataset.json", *shards}


def test_a_changed_object_rebuilds_its_shard_alone(raw, root, out, tmp_path):
    prepared(root, out)
    write_sample(raw, "train.0001", seed=99, boxes=2)
    upload(raw / "notes", root / "notes")
    upload(raw / "rgb", root / "rgb")
    upload(raw / "lwir", root / "lwir")
    upload(raw / "labels", root / "labels")
    assert prepared(root, out, rehash=True) == ["re-used 5 of 6 shards: their inputs have not changed"]
    prepared(raw, tmp_path / "expected")
    assert stored_tree(out) == tree(tmp_path / "expected")
    assert not [path for path in MEMORY.find(out.path) if path.endswith(".next")]


def test_shards_that_have_taken_their_places_are_known_by_their_new_versions(raw, root, out, monkeypatch):
    prepared(root, out)
    write_sample(raw, "train.0001", seed=99, boxes=2)
    upload(raw, root)
    prepared(root, out)
    monkeypatch.setattr("rgbtbench.shards.state.file_sha256", lambda path: pytest.fail(f"{path} was read"))
    assert prepared(root, out) == ["re-used 6 of 6 shards: their inputs have not changed"]


def test_a_lost_shard_is_built_again(root, out, pristine):
    prepared(root, out)
    MEMORY.rm_file(f"{out.path}/shards/train-000001.tar")
    assert prepared(root, out) == ["re-used 5 of 6 shards: their inputs have not changed"]
    assert stored_tree(out) == tree(pristine)


def test_a_faulty_object_is_set_aside_with_the_words_that_a_file_has(raw, root, out, tmp_path):
    photograph = raw / "rgb/train.0002.jpg"
    photograph.write_bytes(photograph.read_bytes()[:-200])
    upload(raw / "rgb", root / "rgb")
    (raw / "lwir/train.0004.png").unlink()
    MEMORY.rm_file("/official/lwir/train.0004.png")
    (raw / "notes/test.0001.json").write_bytes(b"")
    MEMORY.pipe_file("/official/notes/test.0001.json", b"")
    prepared(root, out, card={"allowed_faulty": 3})
    prepared(raw, tmp_path / "expected", card={"allowed_faulty": 3})
    assert stored_tree(out) == tree(tmp_path / "expected")
    assert stored_tree(out)["quarantine.jsonl"].count(b"\n") == 3


@pytest.mark.parametrize("broken", ["get_file", "ls", "info"])
def test_a_store_that_fails_is_no_faulty_input(root, tmp_path, monkeypatch, broken, pristine):
    def fail(*arguments, **options):
        raise TimeoutError("slow")

    with monkeypatch.context() as patch:
        patch.setattr(type(MEMORY), broken, fail)
        with pytest.raises(StoreError, match=r"memory://official.*: cannot be read: TimeoutError: slow; run again"):
            prepared(root, tmp_path / "out", card={"allowed_faulty": 100})
    prepared(root, tmp_path / "out")
    assert tree(tmp_path / "out") == tree(pristine)


def test_a_store_that_fails_in_the_middle_keeps_finished_shards(official, out, monkeypatch, pristine):
    put, done = type(MEMORY).put_file, []

    def fail(self, local, remote, **options):
        done.append(remote)
        if remote.endswith("train-000002.tar"):
            raise TimeoutError("slow")
        return put(self, local, remote, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(MEMORY), "put_file", fail)
        with pytest.raises(StoreError, match=r"shards/train-000002.tar: cannot be written: TimeoutError: slow"):
            prepared(official, out)
    assert "manifest.json" not in stored_tree(out)
    assert not MEMORY.exists(f"{out.path}/.state/lock")
    assert prepared(official, out) == ["re-used 4 of 6 shards: their inputs have not changed"]
    assert stored_tree(out) == tree(pristine)


def test_an_object_that_arrives_short_is_an_error(official, out, monkeypatch):
    put = type(MEMORY).put_file

    def shorten(self, local, remote, **options):
        put(self, local, remote, **options)
        if remote.endswith(".tar"):
            self.pipe_file(remote, self.cat_file(remote)[:-1])

    monkeypatch.setattr(type(MEMORY), "put_file", shorten)
    with pytest.raises(StoreError, match=r"has \d+ bytes after it was written; expected \d+ bytes; run again"):
        prepared(official, out)


def test_an_object_that_changes_while_it_is_read_is_an_error(root, tmp_path, monkeypatch):
    get = type(MEMORY).get_file

    def grow(self, remote, local, **options):
        get(self, remote, local, **options)
        with open(local, "ab") as file:  # noqa: PTH123
            file.write(b"x")

    monkeypatch.setattr(type(MEMORY), "get_file", grow)
    with pytest.raises(StoreError, match="changed while it was read; run again when nothing writes there"):
        prepared(root, tmp_path / "out")


@pytest.mark.parametrize("since", ["the plan was made", "it was fetched"])
def test_an_object_of_the_same_size_and_another_content_is_an_error(root, tmp_path, monkeypatch, since):
    get = type(MEMORY).get_file

    def flip(self, remote, local, **options):
        if since == "it was fetched":
            get(self, remote, local, **options)
        if remote.endswith("rgb/train.0003.jpg"):
            self.pipe_file(remote, self.cat_file(remote)[::-1])
        if since == "the plan was made":
            get(self, remote, local, **options)

    monkeypatch.setattr(type(MEMORY), "get_file", flip)
    with pytest.raises(StoreError, match=r"rgb/train.0003.jpg: changed while it was read; run again when nothing"):
        prepared(root, tmp_path / "out")


def test_a_store_that_describes_an_object_in_other_words_than_a_listing_is_believed(root, out, monkeypatch, pristine):
    info = type(MEMORY).info

    def in_other_words(self, path, **options):
        return {**info(self, path, **options), "ETag": "another"}

    monkeypatch.setattr(type(MEMORY), "info", in_other_words)
    prepared(root, out)
    assert stored_tree(out) == tree(pristine)


def test_files_that_several_shards_need_are_fetched_once(official, tmp_path, monkeypatch):
    class Listed(Street):
        def entries(self, root, layout):
            for entry in super().entries(root, layout):
                entry.files["list"] = f"{entry.split}.txt"
                yield entry

        def pair(self, root, layout, entry):
            assert (root / entry.files["list"]).read_text()
            assert not list(root.glob("test*" if entry.split == "train" else "train*"))
            return super().pair(root, layout, entry)

    upload(official, location("memory://official"))
    get, fetched = type(MEMORY).get_file, []

    def count(self, remote, local, **options):
        fetched.append(remote)
        get(self, remote, local, **options)

    monkeypatch.setattr(type(MEMORY), "get_file", count)
    prepare(Listed(), card(), location("memory://official"), tmp_path / "out", options=SMALL_SHARDS, workers=1)
    assert fetched.count("/official/train.txt") == 2  # once to see what the split holds, once for its shards
    assert fetched.count("/official/rgb/train.0003.jpg") == 1


def test_copies_do_not_outlast_their_shard(root, tmp_path):
    prepared(root, tmp_path / "out")
    (held,) = mirror._mirrors.values()
    assert sorted(path.name for path in held._folder.rglob("*.jpg")) == ["train.0006.jpg"]


def test_a_name_cannot_lead_out_of_the_copies(root, tmp_path):
    class Leaving(Street):
        def entries(self, root, layout):
            for entry in super().entries(root, layout):
                entry.files["rgb"] = "../../secret"
                yield entry

    with pytest.raises(InputFileError, match="does not lie below it"):
        prepare(Leaving(), card(), root, tmp_path / "out", options=SMALL_SHARDS, workers=1)


def test_the_result_may_not_lie_among_the_official_files(root, official):
    for out in (root, root / "shards"):
        with pytest.raises(ShardError, match="inside the folder of the official files"):
            prepared(root, out)
    prepared(root, location("memory://official-shards"))


def test_a_place_with_other_things_is_left_alone(root, out):
    MEMORY.pipe_file(f"{out.path}/thesis.txt", b"mine")
    with pytest.raises(ShardError, match=r"holds something else already \(thesis.txt\); choose an empty or new folder"):
        prepared(root, out)
    assert MEMORY.find(out.path) == [f"{out.path}/thesis.txt"]


def test_an_object_in_the_place_of_the_folder_is_refused(root, out):
    MEMORY.pipe_file(out.path, b"")
    with pytest.raises(ShardError, match="is no folder"):
        prepared(root, out)


def test_another_plan_is_refused_and_replaces_when_asked(root, out):
    prepared(root, out)
    other = Options(limit=1, shard_bytes=SMALL_SHARDS.shard_bytes)
    with pytest.raises(ShardError, match="holds the result of another plan: it has the limit none instead of 1"):
        prepared(root, out, options=other)
    prepared(root, out, options=other, replace=True)
    assert [name for name in stored_tree(out) if name.endswith(".tar")] == [
        "shards/test-000000.tar",
        "shards/train-000000.tar",
    ]
    assert verify(out) == []


def lock_of(out, **owner):
    MEMORY.pipe_file(f"{out.path}/.state/lock", json.dumps(owner).encode())


def test_two_runs_into_one_place_exclude_each_other(root, out):
    with locked(out), pytest.raises(ShardError, match=rf"process {os.getpid()} on .* prepares this folder since 20"):
        prepared(root, out)
    prepared(root, out)
    assert not MEMORY.exists(f"{out.path}/.state/lock")


def test_the_lock_of_a_dead_process_is_taken_over(root, out):
    import socket

    ended = os.fork() or os._exit(0)
    os.waitpid(ended, 0)
    lock_of(out, pid=ended, host=socket.gethostname())
    prepared(root, out)


def test_of_two_that_find_the_lock_of_a_dead_process_one_takes_it_over(out, monkeypatch):
    import socket

    ended = os.fork() or os._exit(0)
    os.waitpid(ended, 0)
    lock_of(out, pid=ended, host=socket.gethostname())
    second = []

    def try_to_take():
        try:
            with locked(out):
                second.append("took it as well")
        except ShardError as error:
            second.append(str(error))

    other = threading.Thread(target=try_to_take)

    def removed_while_another_looks(path):
        if other.ident is None:
            other.start()
            other.join(0.5)  # as far as it comes while this one is about to remove what it has looked at
        remove(path)

    monkeypatch.setattr("rgbtbench.shards.lock.remove", removed_while_another_looks)
    with locked(out):
        other.join()
        assert json.loads(MEMORY.cat_file(f"{out.path}/.state/lock"))["pid"] == os.getpid()
    assert len(second) == 1
    assert "prepares this folder since" in second[0]


def test_a_lock_that_another_has_taken_meanwhile_is_left_to_it(out):
    with locked(out):
        lock_of(out, pid=1, host="elsewhere")  # after somebody followed the advice to delete the object
    assert json.loads(MEMORY.cat_file(f"{out.path}/.state/lock"))["host"] == "elsewhere"


def test_the_lock_of_a_former_life_of_this_process_is_taken_over(root, out):
    import socket

    lock_of(out, pid=os.getpid(), host=socket.gethostname())  # in a container every program may be process 1
    prepared(root, out)


def test_the_empty_lock_of_a_dataset_that_was_copied_from_disk_is_none(root, out, pristine):
    upload(pristine, out)
    MEMORY.pipe_file(f"{out.path}/.state/lock", b"")
    prepared(root, out)


@pytest.mark.parametrize("owner", [{"pid": 1, "host": "elsewhere", "began": "yesterday"}, {}])
def test_any_other_lock_is_believed_and_its_removal_explained(root, out, owner):
    lock_of(out, **owner)
    with pytest.raises(ShardError, match="or was killed; wait until it ends; if nothing runs there any more, delete"):
        prepared(root, out)


def test_a_store_without_exclusive_creation_gets_a_lock_all_the_same(root, out, monkeypatch):
    pipe = type(MEMORY).pipe_file

    def plain(self, path, value, mode="overwrite", **options):
        if mode != "overwrite":
            raise NotImplementedError
        return pipe(self, path, value, **options)

    monkeypatch.setattr(type(MEMORY), "pipe_file", plain)
    with locked(out), pytest.raises(ShardError, match="prepares this folder"):
        prepared(root, out)


def test_prepared_data_in_a_store_is_verified(root, out):
    prepared(root, out)
    assert verify(out) == []
    path = f"{out.path}/shards/train-000001.tar"
    content = bytearray(MEMORY.cat_file(path))
    content[3000] ^= 1
    MEMORY.pipe_file(path, bytes(content))
    MEMORY.rm_file(f"{out.path}/shards/train-000002.tar")
    MEMORY.pipe_file(f"{out.path}/shards/more.tar", b"")
    faults = verify(out)
    assert len(faults) == 3
    assert faults[0].startswith("shards/train-000001.tar: ")
    assert faults[1] == "shards/train-000002.tar: cannot be read: No such file or directory"
    assert faults[2] == "shards/more.tar: is not in the manifest"


def test_prepared_data_in_a_store_is_opened_by_its_address(official, out, pristine):
    prepared(official, out)
    ours = rgbtbench.open("memory://shards/street", split="train")
    expected = rgbtbench.open(pristine, split="train")
    assert ours.keys == expected.keys
    for mine, theirs in zip(ours, expected, strict=True):
        for modality, pixels in theirs.images.items():
            assert (mine.images[modality] == pixels).all()


def test_without_an_index_rows_come_from_the_shards(official, out, pristine):
    prepared(official, out)
    MEMORY.rm_file(f"{out.path}/index.parquet")
    assert rgbtbench.open(str(out), split="test").keys == rgbtbench.open(pristine, split="test").keys


def test_what_is_not_prepared_is_said_so():
    with pytest.raises(ShardError, match="memory://nothing: no such folder; run `rgbtbench prepare` for it"):
        read_manifest(location("memory://nothing"))
    MEMORY.pipe_file("/something/x", b"")
    with pytest.raises(ShardError, match=r"memory://something: is no prepared dataset: it has no manifest.json"):
        read_manifest(location("memory://something"))


def test_stores_that_know_half_written_files_get_them_under_another_name(root, out, monkeypatch, pristine):
    monkeypatch.setattr(remote_storage, "_OBJECT_STORES", frozenset())
    put, names = type(MEMORY).put_file, []

    def note(self, local, remote, **options):
        names.append(remote.rpartition("/")[2])
        put(self, local, remote, **options)

    monkeypatch.setattr(type(MEMORY), "put_file", note)
    MEMORY.pipe_file(f"{out.path}/shards/.train-000000.tar.4711.part", b"half")
    MEMORY.pipe_file(f"{out.path}/.state/dataset.json", (pristine / ".state/dataset.json").read_bytes())
    prepared(root, out)
    assert stored_tree(out) == tree(pristine)
    assert {name.endswith(f".{os.getpid()}.part") for name in names} == {True}


def test_a_manifest_names_its_folder_also_in_a_store(root, out):
    prepared(root, out)
    assert prepared_folder(out / "manifest.json") == prepared_folder(out) == out
    assert prepared_folder(out / "record.json") is None
