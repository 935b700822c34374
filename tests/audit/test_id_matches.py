"""Test images inside training sets, found by ids alone; the counts are those that were counted by hand before."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rgbtbench.audit.id_lists import read_ids
from rgbtbench.audit.id_matches import NamedSet, compare_ids
from rgbtbench.errors import InputFileError
from tests.datasets.shared import SAMPLES, SHARED, needs

NAMES = SHARED / "research" / "name-lists"
KP = SAMPLES / "lists" / "crm_kp"
KAIST_TEST = SAMPLES / "kaist" / "imageSets" / "test-all-20.txt"


def listed(dataset: str, split: str | None, path: Path) -> NamedSet:
    return NamedSet(dataset, split, read_ids(path), str(path))


def named(dataset: str, split: str | None, *ids: str) -> NamedSet:
    return NamedSet(dataset, split, ids, "made up")


@pytest.fixture(scope="module")
def ir500k() -> NamedSet:
    return listed("ir500k", None, SAMPLES / "ir500k" / "seeds.json")


def test_the_closest_relation_counts_and_each_image_once():
    found = compare_ids(
        named("kaist", "test", "set06/V000/I00019", "set06/V000/I00039", "set11/V000/I00019"),
        named("kp", "val", "set06_V000_I00019.png", "set06_V000_I00040.png", "set06_V000_I00050.png"),
    )
    assert [(match.evaluated, match.training, match.relation, match.frames_apart) for match in found.matches] == [
        ("set06/V000/I00019", "set06_V000_I00019.png", "same image", None),
        ("set06/V000/I00039", "set06_V000_I00040.png", "same video", 1),
    ]
    assert (found.count("same image"), found.count("same video")) == (1, 1)
    assert found.training_images == {"same image": 1, "same video": 2}


def test_two_sets_made_of_a_third_meet_in_it():
    evaluated, training = (
        named("kp", "test", "set07_V000_I00050.png"),
        named("ir500k", None, "kaist_set07_V000_I00050.jpg"),
    )
    [match] = compare_ids(evaluated, training).matches
    assert (match.relation, match.through) == ("same image", "kaist")


def test_a_scene_of_a_fixed_camera_is_a_video_and_other_scenes_are_not():
    assert compare_ids(named("llvip", "test", "190001"), named("llvip", "train", "010001", "180406")).matches == ()
    [match] = compare_ids(named("llvip", "test", "190001"), named("llvip", "train", "190009")).matches
    assert (match.relation, match.frames_apart) == ("same video", 8)


def test_a_list_of_another_set_is_an_error():
    with pytest.raises(InputFileError, match=r"'LLVIP_1\.jpg' and all others are no ids of kaist"):
        compare_ids(named("kaist", "test", "LLVIP_1.jpg"), named("kaist", "train", "set00/V000/I00001"))


@needs("samples/ir500k", "samples/detection-coco")
def test_all_test_images_of_llvip_are_in_ir500k(ir500k):
    found = compare_ids(listed("llvip", "test", SAMPLES / "detection-coco/coco_LLVIP/val.txt"), ir500k)
    assert (found.count("same image"), len(found.evaluated.ids)) == (3463, 3463)


@needs("samples/ir500k", "samples/lists/flir_aligned_d3t")
def test_all_validation_images_of_flir_aligned_are_in_ir500k(ir500k):
    path = SAMPLES / "lists/flir_aligned_d3t/align_validation.txt"
    found = compare_ids(listed("flir_aligned", "val", path), ir500k)
    assert (found.count("same image"), len(found.evaluated.ids)) == (1013, 1013)


@needs("samples/ir500k", "samples/kaist")
def test_ir500k_holds_neighbours_of_kaist_test_frames_and_none_of_them(ir500k):
    found = compare_ids(listed("kaist", "test", KAIST_TEST), ir500k)
    assert (found.count("same image"), found.count("same video")) == (0, 2074)
    assert found.training_images == {"same video": 8320}
    assert Counter(match.frames_apart for match in found.matches) == {1: 2070, 4: 4}
    assert {match.evaluated[:5] for match in found.matches} == {"set06", "set07", "set08", "set09", "set10"}


@needs("samples/ir500k", "research/name-lists")
def test_mfnet_test_images_are_in_ir500k_under_the_names_of_msrs(ir500k):
    found = compare_ids(listed("mfnet", "test", NAMES / "mfnet_test.txt"), ir500k)
    assert (found.count("derived from"), len(found.matches)) == (370, 370)
    assert all(match.training.startswith("MSRS_") for match in found.matches)


@needs("samples/ir500k", "research/name-lists")
def test_mfnet_test_images_are_in_the_training_split_of_msrs(ir500k):
    test = set(read_ids(NAMES / "msrs_test.txt"))
    stems = [name.removeprefix("MSRS_").removesuffix(".png") for name in ir500k.ids if name.startswith("MSRS_")]
    train = NamedSet("msrs", "train", [stem for stem in stems if stem not in test], "seeds.json")
    found = compare_ids(listed("mfnet", "test", NAMES / "mfnet_test.txt"), train)
    assert (len(train.ids), found.count("derived from")) == (1083, 277)


@needs("samples/lists/crm_kp", "samples/kaist")
def test_kp_is_made_of_kaist():
    kaist = listed("kaist", "test", KAIST_TEST)
    found = {split: compare_ids(kaist, listed("kp", split, KP / f"{split}.txt")) for split in ("train", "val", "test")}
    assert {split: one.count("same image") for split, one in found.items()} == {"train": 0, "val": 5, "test": 8}
    assert {split: len(one.matches) for split, one in found.items()} == {"train": 0, "val": 1092, "test": 1160}
    trained = listed("kaist", "train", SAMPLES / "kaist/imageSets/train-all-02.txt")
    assert compare_ids(listed("kp", "train", KP / "train.txt"), trained).count("same image") == 125
    assert compare_ids(listed("kp", "test", KP / "test.txt"), trained).matches == ()
