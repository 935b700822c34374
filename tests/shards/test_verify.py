"""No bit of a prepared dataset changes unnoticed."""

import hashlib
import random
import shutil

import pytest

from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import manifest_bytes, read_manifest
from rgbtbench.shards.tar import read_index
from rgbtbench.shards.verify import require_intact, verify

from .street import tree


def flip(path, at, bit=0):
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def found(root):
    try:
        return verify(root)
    except ShardError as error:
        return [str(error)]


def test_an_untouched_dataset_has_no_faults(pristine):
    assert verify(pristine) == []
    assert require_intact(pristine).dataset == "street"


def test_a_flipped_bit_anywhere_in_a_shard_or_the_manifest_is_noticed(prepared):
    chance = random.Random(0)  # noqa: S311
    files = [*sorted((prepared / "shards").iterdir())[:2], prepared / "manifest.json"]
    for path in files:
        original = path.read_bytes()
        for _ in range(40):
            flip(path, chance.randrange(len(original)), chance.randrange(8))
            assert found(prepared), path
            path.write_bytes(original)
    assert verify(prepared) == []


@pytest.mark.parametrize("extension", ["rgb.jpg", "lwir.png", "semantic.png"])
def test_the_first_bad_member_of_a_shard_is_named(prepared, extension):
    path = prepared / "shards/train-000001.tar"
    first, second = read_index(path)
    for sample in (second, first):
        member = sample.members[extension]
        flip(path, member.offset + member.size // 2)
    assert verify(prepared) == [f"shards/train-000001.tar: {first.key}.{extension} differs from its hash"]


def test_a_changed_box_is_noticed_though_no_image_changed(prepared):
    path = prepared / "shards/train-000000.tar"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"[[0.0,2.0,", b"[[1.0,2.0,", 1))
    assert path.read_bytes() != content
    assert verify(prepared) == [
        "shards/train-000000.tar: sha256 differs, images and masks do not: "
        "a json member or the space between is damaged"
    ]


def test_truncated_and_missing_shards_are_named_and_the_others_checked(prepared):
    cut = prepared / "shards/train-000000.tar"
    cut.write_bytes(cut.read_bytes()[:10240])
    (prepared / "shards/test-000001.tar").unlink()
    size = (prepared / "shards/train-000001.tar").stat().st_size
    flip(prepared / "shards/train-000001.tar", size - 1)
    assert [fault.split(": ", 1)[0] for fault in verify(prepared)] == [
        "shards/test-000001.tar",
        "shards/train-000000.tar",
        "shards/train-000001.tar",
    ]


def test_a_shard_that_was_swapped_for_another_is_noticed(prepared):
    shutil.copy(prepared / "shards/train-000000.tar", prepared / "shards/train-000001.tar")
    assert verify(prepared)


def test_surplus_files_among_the_shards_are_named(prepared):
    (prepared / "shards/extra.tar").write_bytes(b"")
    assert verify(prepared) == ["shards/extra.tar: is not in the manifest"]


@pytest.mark.parametrize("name", ["features.json", "quarantine.jsonl", "_info.json"])
def test_files_beside_the_shards_are_checked(prepared, name):
    (prepared / name).write_bytes(b"{}\n")
    assert [fault.split(":")[0] for fault in verify(prepared)] == [name]


def test_an_index_is_compared_with_the_shards(prepared):
    path = prepared / "index.parquet"
    original = path.read_bytes()
    for at in range(0, len(original), 997):
        flip(path, at)
        assert [fault.split(" in split")[0] for fault in verify(prepared)] == [
            "index.parquet: differs from the shards"
        ] * 2
        path.write_bytes(original)
    path.unlink()
    assert verify(prepared) == []


def test_the_error_of_a_damaged_dataset_lists_its_faults(prepared):
    (prepared / "shards/test-000001.tar").unlink()
    with pytest.raises(ShardError, match=r"differs from what was prepared:\n  shards/test-000001.tar: cannot be read"):
        require_intact(prepared)


def test_an_empty_shard_that_a_manifest_vouches_for_is_named(prepared):
    manifest = read_manifest(prepared)
    facts = manifest.splits["test"].shards[0]
    empty = bytes(10_240)
    (prepared / facts.file).write_bytes(empty)
    told = facts.model_copy(update={"bytes": len(empty), "sha256": hashlib.sha256(empty).hexdigest()})
    split = manifest.splits["test"].model_copy(update={"shards": (told, *manifest.splits["test"].shards[1:])})
    forged = manifest.model_copy(update={"splits": {**manifest.splits, "test": split}})
    (prepared / "manifest.json").write_bytes(manifest_bytes(forged))
    assert f"{facts.file}: holds no sample, unlike the manifest" in found(prepared)


def test_verifying_writes_nothing(prepared):
    before = tree(prepared)
    verify(prepared)
    assert tree(prepared) == before
