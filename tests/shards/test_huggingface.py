"""Hugging Face datasets, given the features file, reads the same samples, values and counts as we do."""

import io
import json

import numpy as np
import pytest

from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.records import shard_records

from ..aerial import raster

image = pytest.importorskip("PIL.Image")

IMAGES = {"rgb.jpg", "lwir.png", "semantic.png"}


@pytest.fixture(scope="module")
def huggingface(tmp_path_factory):
    """The library, kept from the network and from the user's cache."""
    cache = str(tmp_path_factory.mktemp("huggingface"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_HOME", "HF_DATASETS_CACHE"):
            patch.setenv(name, cache)
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_DATASETS_DISABLE_PROGRESS_BARS"):
            patch.setenv(name, "1")
        library = pytest.importorskip("datasets")
        # Another test may have imported it before.
        patch.setattr(library.config, "HF_HUB_OFFLINE", True)
        patch.setattr(library.config, "HF_DATASETS_CACHE", cache)
        yield library


def loaded(huggingface, root, split, cache, **arguments):
    """The split with images as bytes, so that nothing is decoded and encoded again."""
    features = huggingface.Features.from_dict(json.loads((root / "features.json").read_text()))
    found = huggingface.load_dataset(
        "webdataset",
        data_files=str(root / f"shards/{split}-*.tar"),
        features=features,
        split="train",
        cache_dir=str(cache),
        **arguments,
    )
    for name in IMAGES:
        found = found.cast_column(name, huggingface.Image(decode=False))
    return found


def stored(root, split):
    return [found for shard in read_manifest(root).split(split).shards for found in shard_records(root, shard)]


def kinds(value):
    """The shape of nested plain data, so that 1 and 1.0 differ."""
    if isinstance(value, dict):
        return {name: kinds(inner) for name, inner in value.items()}
    return [kinds(inner) for inner in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("streaming", [False, True], ids=["table", "stream"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_value_of_every_sample_arrives(huggingface, street, split, streaming, tmp_path):
    theirs = list(loaded(huggingface, street, split, tmp_path, streaming=streaming))
    ours = stored(street, split)
    assert len(theirs) == len(ours) == read_manifest(street).split(split).samples
    for sample, (record, placed, reader) in zip(theirs, ours, strict=True):
        assert set(sample) == {"__key__", "__url__", *placed.members}
        assert sample["__key__"] == record["key"]
        assert sample["json"] == record
        assert kinds(sample["json"]) == kinds(record)
        for name in IMAGES:
            member = placed.members[name]
            assert sample[name]["bytes"] == reader.member(member.offset, member.size)


def test_images_decode_to_the_stored_pixels(huggingface, pristine, tmp_path):
    theirs = loaded(huggingface, pristine, "train", tmp_path)
    for name in IMAGES:
        theirs = theirs.cast_column(name, huggingface.Image())
    for sample, (_, placed, reader) in zip(theirs, stored(pristine, "train"), strict=True):
        for name in IMAGES:
            member = placed.members[name]
            with image.open(io.BytesIO(reader.member(member.offset, member.size))) as ours:
                assert np.array_equal(np.asarray(sample[name]), np.asarray(ours))
        assert np.asarray(sample["lwir.png"]).dtype == np.uint16


def test_rasters_and_oriented_boxes_arrive_too(huggingface, aerial, tmp_path):
    features = huggingface.Features.from_dict(json.loads((aerial / "features.json").read_text()))
    files = str(aerial / "shards/train-*.tar")
    theirs = huggingface.load_dataset(
        "webdataset", data_files=files, features=features, split="train", cache_dir=str(tmp_path)
    )
    ours = stored(aerial, "train")
    assert theirs.num_rows == len(ours)
    for order, (sample, (record, _, _)) in enumerate(zip(theirs.with_format("numpy"), ours, strict=True)):
        assert np.array_equal(sample["aolp.npy"], raster(order))
        assert np.array_equal(sample["polarisation.npy"], raster(order, 2))
        assert theirs[order]["json"] == record
    assert theirs[1]["json"]["boxes"]["vehicles"]["corners"] == [[2.0, 1.0, 8.0, 3.0, 7.0, 6.0, 1.0, 4.0]]


def test_columns_can_be_filtered_by_what_first_appears_late(huggingface, late, tmp_path):
    found = loaded(huggingface, late, "train", tmp_path)
    warm = [sample["json"]["attributes"]["temperature"] for sample in found]
    assert warm == [None] * 6 + [36.0, 36.6, 36.6]
    last = found[8]["json"]["boxes"]["people"]
    assert last["boxes_xyxy"] == [[1.0, 2.0, 3.0, 9.0], [0.5, 2.25, 7.0, 9.125]]


def test_without_the_features_the_first_samples_decide_and_loading_fails(huggingface, late, tmp_path):
    """Why the file exists: lists that are empty in the first five samples have no type."""
    with pytest.raises(huggingface.exceptions.DatasetGenerationError):
        huggingface.load_dataset(
            "webdataset", data_files=str(late / "shards/train-*.tar"), split="train", cache_dir=str(tmp_path)
        )
