"""Index PNG trees and ADE20K roots hold the pixels and ids of the shards, to Pillow and to `prepare`."""

import numpy as np
import pytest

from rgbtbench.errors import UserError
from rgbtbench.exporting.export import export
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.shards.manifest import read_manifest

image = pytest.importorskip("PIL.Image")

CMX = ["rgb=RGB", "lwir=Modal", "labels=Label"]


def pixels(path):
    with image.open(path) as file:
        return np.asarray(file)


def test_mfnet_comes_back_from_the_folders_that_cmx_reads(mfnet, tmp_path):
    export(mfnet, tmp_path / "out", format_name="index-png", folders=CMX)
    again = prepare_dataset("mfnet", tmp_path / "out", tmp_path / "again", workers=1, allow_differences=True)
    before = read_manifest(mfnet)
    assert again.layout == "cmx"
    assert again.labels_hash == before.labels_hash
    if before.layout == "mrfs":
        assert again.data_hash == before.data_hash
    for split in before.splits:
        ours, theirs = open_split(mfnet, split), open_split(tmp_path / "again", split)
        assert ours.keys == theirs.keys
        for first, second in zip(ours, theirs, strict=True):
            for name in ("rgb", "lwir"):
                assert np.array_equal(first.images[name], second.images[name])


def test_native_masks_are_the_stored_bytes_and_lists_name_them_in_order(tiny, tmp_path):
    export(tiny, tmp_path / "out", format_name="index-png", label_set="semantic")
    for split in ("train", "test"):
        samples = open_split(tiny, split)
        assert (tmp_path / f"out/{split}.txt").read_text().splitlines() == list(samples.keys)
        for position, key in enumerate(samples.keys):
            for folder, member in (("labels", "semantic.png"), ("rgb", "rgb.png"), ("lwir", "lwir.png")):
                assert (tmp_path / f"out/{folder}/{key}.png").read_bytes() == samples.member(position, member)
    assert (tmp_path / "out/classes.txt").read_text().splitlines()[1] == "1 pedestrian"


@pytest.mark.parametrize("format_name", ["index-png", "ade20k"])
@pytest.mark.parametrize("label_space", ["unified", "mfnet"])
def test_masks_follow_the_label_space(tiny, tmp_path, format_name, label_space):
    summary = export(
        tiny, tmp_path / "out", format_name=format_name, label_set="semantic", label_space=label_space, splits=["test"]
    )
    places = {"index-png": "labels", "ade20k": "ADEChallengeData2016/annotations/validation"}
    folder = tmp_path / "out" / places[format_name]
    samples = open_split(tiny, "test", label_space=label_space, label_sets=["semantic"])
    assert summary.classes == samples.classes("semantic")
    for sample in samples:
        assert np.array_equal(pixels(folder / f"{sample.key}.png"), sample.masks["semantic"])
    assert any("255 where nothing counts" in note.text for note in summary.notes)


def test_saliency_keeps_its_levels_in_index_png(tiny, tmp_path):
    export(tiny, tmp_path / "out", format_name="index-png", label_set="salient")
    for sample in open_split(tiny, "test"):
        assert np.array_equal(pixels(tmp_path / f"out/labels/{sample.key}.png"), sample.masks["salient"])
    assert not (tmp_path / "out/classes.txt").exists()


@pytest.mark.parametrize(
    ("splits", "places"),
    [
        (["train", "test"], {"train": "training", "test": "validation"}),
        (["train", "val", "test"], {"train": "training", "val": "validation", "test": "testing"}),
    ],
)
def test_the_second_root_is_found_by_replacing_the_name_of_the_first(mfnet, tmp_path, splits, places):
    export(mfnet, tmp_path / "out", format_name="ade20k", splits=splits)
    for split, place in places.items():
        samples = open_split(mfnet, split)
        folder = tmp_path / "out/ADEChallengeData2016"
        listed = sorted((folder / "images" / place).iterdir())
        assert sorted(path.stem for path in listed) == sorted(samples.keys)
        for path in listed:
            sample = samples[samples.keys.index(path.stem)]
            second = str(path).replace("ADEChallengeData2016", "ADEChallengeData2016_T")
            assert np.array_equal(pixels(path), sample.images["rgb"])
            assert np.array_equal(pixels(second), sample.images["lwir"][..., 0])
            mask = folder / "annotations" / place / f"{path.stem}.png"
            assert np.array_equal(pixels(mask), sample.masks["semantic"])


def test_the_second_image_carries_the_name_of_the_first_whatever_it_is(scenes, tmp_path):
    summary = export(scenes, tmp_path / "out", format_name="ade20k", label_set="semantic")
    sample = open_split(scenes, "test")[0]
    path = tmp_path / f"out/ADEChallengeData2016_T/images/validation/{sample.key}.jpg"
    assert np.array_equal(pixels(path), sample.images["lwir"][..., 0])
    assert any(note.text == "lwir is named .jpg like rgb and is a .png file" for note in summary.notes)


def test_saliency_becomes_two_classes_in_ade20k(tiny, tmp_path):
    summary = export(tiny, tmp_path / "out", format_name="ade20k", label_set="salient", splits=["test"])
    for sample in open_split(tiny, "test"):
        mask = pixels(tmp_path / f"out/ADEChallengeData2016/annotations/validation/{sample.key}.png")
        assert np.array_equal(mask, sample.masks["salient"] >= 128)
    assert any(note.text == "levels of saliency between 0 and 255 are lost" for note in summary.notes)


def test_a_pair_of_roots_holds_a_pair(tiny, tmp_path):
    with pytest.raises(UserError, match="--modality rgb --modality lwir"):
        export(tiny, tmp_path / "out", format_name="ade20k", label_set="semantic", modalities=["rgb"])
    assert list(tmp_path.iterdir()) == []
