"""What is finished and still current is kept; everything else is built again, with the same result as from nothing."""

import os
import shutil

import pytest

from rgbtbench.shards.build import Options, prepare
from rgbtbench.shards.storage import STATE
from rgbtbench.shards.verify import verify

from .street import SMALL_SHARDS, Street, card, tree, write_sample

FIRST = "train-000000"


def again(raw, out, **options):
    """Prepare again; return the names of the shards that were written."""
    before = {path.name: path.stat() for path in (out / "shards").iterdir()}
    prepare(Street(), card(**options.pop("card", {})), raw, out, workers=1, **{"options": SMALL_SHARDS, **options})
    return {
        path.stem
        for path in (out / "shards").iterdir()
        if path.name not in before or path.stat().st_ino != before[path.name].st_ino
    }


def from_nothing(raw, tmp_path):
    prepare(Street(), card(), raw, tmp_path / "from_nothing", options=SMALL_SHARDS, workers=1)
    return tree(tmp_path / "from_nothing")


@pytest.fixture
def raw(official, tmp_path):
    return shutil.copytree(official, tmp_path / "raw")


def test_nothing_is_written_twice(raw, prepared, pristine):
    assert again(raw, prepared) == set()
    assert tree(prepared) == tree(pristine)


def test_a_changed_input_rebuilds_its_shard_alone(raw, prepared, tmp_path):
    write_sample(raw, "train.0001", seed=99, boxes=2)
    assert again(raw, prepared) == {FIRST}
    assert tree(prepared) == from_nothing(raw, tmp_path)
    assert verify(prepared) == []


def test_a_touched_input_rebuilds_its_shard(raw, prepared):
    os.utime(raw / "rgb/train.0001.jpg")
    assert again(raw, prepared) == {FIRST}


def test_a_touched_input_of_equal_content_is_kept_when_contents_are_compared(raw, prepared):
    os.utime(raw / "rgb/train.0001.jpg")
    assert again(raw, prepared, rehash=True) == set()


def test_new_content_under_the_old_size_and_time_is_noticed_when_contents_are_compared(raw, prepared):
    path = raw / "notes/train.0001.json"
    facts, content = path.stat(), path.read_bytes()
    path.write_bytes(content.replace(b"street", b"square"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert again(raw, prepared) == set()
    assert again(raw, prepared, rehash=True) == {FIRST}


def test_a_list_in_another_order_rebuilds_what_it_reorders(raw, prepared, tmp_path):
    names = (raw / "train.txt").read_text().split()
    (raw / "train.txt").write_text("\n".join([*names[:4], *reversed(names[4:])]))
    assert again(raw, prepared) == {"train-000002", "train-000003"}
    assert tree(prepared) == from_nothing(raw, tmp_path)


def test_a_changed_card_rebuilds_what_it_bears_on(raw, prepared):
    attributes = card().model_dump()["attributes"] | {"weather": {"source": "nobody knows"}}
    assert len(again(raw, prepared, card={"attributes": attributes})) == 6


def test_a_stricter_check_rebuilds(raw, prepared):
    assert len(again(raw, prepared, options=Options(shard_bytes=SMALL_SHARDS.shard_bytes, check="full"))) == 6


def test_a_module_with_other_code_rebuilds(raw, prepared, monkeypatch):
    monkeypatch.setattr("rgbtbench.shards.build.code_fingerprint", lambda source: "corrected")
    assert len(again(raw, prepared)) == 6


def test_a_truncated_shard_is_built_again(raw, prepared, pristine):
    os.truncate(prepared / f"shards/{FIRST}.tar", 1024)
    assert again(raw, prepared) == {FIRST}
    assert tree(prepared) == tree(pristine)


def test_a_damaged_shard_is_built_again_when_its_time_shows_it(raw, prepared, pristine):
    path = prepared / f"shards/{FIRST}.tar"
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)
    assert again(raw, prepared) == {FIRST}
    assert tree(prepared) == tree(pristine)


def test_a_copied_folder_is_recognised_by_its_content(raw, prepared, pristine):
    for path in (prepared / "shards").iterdir():
        os.utime(path)
    assert again(raw, prepared) == set()
    assert tree(prepared) == tree(pristine)


@pytest.mark.parametrize(
    "lost",
    ["index.parquet", "index.sha256", "features.json", "_info.json", "quarantine.jsonl", "manifest.json"],
)
def test_a_lost_file_comes_back_without_touching_a_shard(raw, prepared, pristine, lost):
    (prepared / lost).unlink()
    assert again(raw, prepared) == set()
    assert tree(prepared) == tree(pristine)


def test_deleted_resume_state_costs_work_and_nothing_else(raw, prepared, pristine):
    shutil.rmtree(prepared / STATE)
    assert len(again(raw, prepared)) == 6
    assert tree(prepared) == tree(pristine)


def test_damaged_resume_state_is_no_state(raw, prepared, pristine):
    (prepared / STATE / f"{FIRST}.json").write_text('{"format": 1}')
    assert again(raw, prepared) == {FIRST}
    assert tree(prepared) == tree(pristine)


def test_a_split_can_be_added_and_left_out_again(raw, prepared, pristine):
    one_split = Options(splits=("test",), shard_bytes=SMALL_SHARDS.shard_bytes)
    assert again(raw, prepared, options=one_split, replace=True) == set()
    assert sorted(path.name for path in (prepared / "shards").iterdir()) == ["test-000000.tar", "test-000001.tar"]
    assert len(again(raw, prepared)) == 4
    assert tree(prepared) == tree(pristine)
