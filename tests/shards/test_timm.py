"""timm's webdataset reader delivers every sample once, with its pixels and number, when called as documented."""

import io
import json

import numpy as np
import pytest

from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.records import shard_records

data = pytest.importorskip("timm.data")
image = pytest.importorskip("PIL.Image")
loader = pytest.importorskip("torch.utils.data")
pytest.importorskip("webdataset")


def opened(root, split, **arguments):
    return data.create_dataset("wds/street", root=str(root), split=split, **arguments)


def stored(root, split, member):
    """Record and decoded image of every sample, by our own reader and Pillow."""
    return [
        (record, image.open(io.BytesIO(reader.member(placed.members[member].offset, placed.members[member].size))))
        for shard in read_manifest(root).split(split).shards
        for record, placed, reader in shard_records(root, shard)
    ]


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("member", "mode"),
    [("rgb.jpg", "RGB"), ("lwir.png", ""), ("semantic.png", "L")],
    ids=lambda value: value or "16 bit",
)
def test_every_sample_arrives_with_its_pixels_and_its_number(street, split, member, mode):
    theirs = opened(street, split, input_key=f"{member};jpg", input_img_mode=mode)
    found, expected = list(theirs), stored(street, split, member)
    assert len(theirs) == len(found) == len(expected) == read_manifest(street).split(split).samples
    for (pixels, target), (record, ours) in zip(found, expected, strict=True):
        assert target == record["image_id"]
        assert np.array_equal(np.asarray(pixels), np.asarray(ours))


def test_worker_processes_share_the_samples_out(pristine):
    theirs = opened(pristine, "train", input_key="rgb.jpg;jpg")
    theirs.set_loader_cfg(num_workers=2)
    found = loader.DataLoader(theirs, batch_size=None, num_workers=2, collate_fn=lambda sample: sample[1])
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7]


def test_another_field_of_the_record_can_be_the_target(pristine):
    orders = [target for _, target in opened(pristine, "test", input_key="rgb.jpg;jpg", target_key="order")]
    assert orders == [0, 1, 2, 3]


def test_without_the_arguments_it_loses_samples_and_says_nothing(pristine):
    """Why docs/interop.md insists on them; `len` counts what `_info.json` says."""
    unnamed = opened(pristine, "train")
    assert (len(unnamed), list(unnamed)) == (7, [])
    text = opened(pristine, "train", input_key="rgb.jpg;jpg", target_key="official_id")
    assert (len(text), list(text)) == (7, [])


def test_its_usual_colour_mode_clips_sixteen_bits(pristine):
    clipped = next(iter(opened(pristine, "train", input_key="lwir.png;jpg")))[0]
    whole = stored(pristine, "train", "lwir.png")[0][1]
    assert np.array_equal(np.asarray(clipped)[..., 0], np.minimum(np.asarray(whole), 255))


def test_the_description_counts_as_the_manifest_does(street):
    splits = json.loads((street / "_info.json").read_text())["splits"]
    manifest = read_manifest(street)
    assert set(splits) == set(manifest.splits)
    for name, facts in manifest.splits.items():
        assert splits[name]["num_samples"] == sum(splits[name]["shard_lengths"]) == facts.samples
        for file, count in zip(splits[name]["filenames"], splits[name]["shard_lengths"], strict=True):
            (shard,) = [shard for shard in facts.shards if shard.file == file]
            assert shard.samples == count
            assert (street / file).is_file()
