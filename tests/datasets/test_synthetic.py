import json
import shutil

import cv2
import numpy as np
import pytest

from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets.registry import dataset
from rgbtbench.datasets.source import recognise
from rgbtbench.datasets.synthetic import SOURCE
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.labels import IGNORE, LabelMap, reverse_table
from rgbtbench.synthesis import SceneClass, render
from rgbtbench.synthesis.classes import THINGS


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    SOURCE.fake(folder, SOURCE.layouts[0], {"train": 2, "test": 2}, seed=9)
    return folder


@pytest.fixture
def copy(root, tmp_path):
    shutil.copytree(root, tmp_path / "tree")
    return tmp_path / "tree"


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def pixels(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_it_is_registered_under_its_name():
    assert dataset("synthetic") is SOURCE


def test_entries_follow_the_lists(root):
    entries = list(SOURCE.entries(root, SOURCE.layouts[0]))
    assert [(entry.split, entry.order) for entry in entries] == [("train", 0), ("train", 1), ("test", 0), ("test", 1)]
    assert [entry.key for entry in entries[2:]] == (root / "test.txt").read_text().split()


def test_a_pair_holds_what_was_rendered(root):
    pair = pairs(root)[1]
    scene = render(9, 1)
    np.testing.assert_array_equal(pixels(pair.images["lwir"].data), scene.lwir)
    for name in ("semantic", "visibility", "saliency"):
        np.testing.assert_array_equal(pixels(pair.labels[name].data), getattr(scene, name))
    error = pixels(pair.images["rgb"].data)[..., ::-1].astype(int) - scene.rgb
    assert np.abs(error).mean() < 6  # JPEG
    boxes = pair.labels["boxes"]
    np.testing.assert_array_equal(boxes.xyxy, scene.boxes)
    np.testing.assert_array_equal(boxes.ignore, scene.ignore)
    np.testing.assert_allclose(boxes.visibility["lwir"], scene.contrast["lwir"], atol=1e-4)
    assert pair.labels["captions"].captions == (scene.caption,)
    assert pair.attributes == scene.attributes


def test_official_bytes_are_not_converted(root):
    for pair in pairs(root):
        for image in pair.images.values():
            assert image.conversion is None
            assert image.data == (root / image.source).read_bytes()


def test_the_card_names_the_classes_as_the_generator_does():
    semantic = dataset_card("synthetic").label_sets["semantic"]
    assert {entry.id: entry.name for entry in semantic.classes} == {
        each.value: each.name.lower() for each in SceneClass
    }
    assert {entry.id for entry in dataset_card("synthetic").label_sets["boxes"].classes} == set(THINGS)


def test_attributes_of_scenes_are_those_of_the_card(root):
    for pair in pairs(root):
        for name, facts in dataset_card("synthetic").attributes.items():
            assert pair.attributes[name] in facts.values


def test_protocols_divide_pixels_by_visibility():
    assert protocol("synthetic/miou").rules.strata == "visibility"
    assert protocol("synthetic/ap").label_set == "boxes"


def test_scenes_can_be_labelled_as_mfnet_would():
    maps = [LabelMap.of(dataset_card(name).label_sets["semantic"]) for name in ("synthetic", "mfnet")]
    table = reverse_table(*maps)
    mapped = {
        SceneClass(native).name: maps[1].native[table[native]] for native in maps[0].native if table[native] != IGNORE
    }
    assert mapped == {
        "UNLABELED": "unlabeled", "PERSON": "person", "CAR": "car", "BICYCLE": "bike", "TRAFFIC_CONE": "color_cone",
        "CURB": "curve", "CAR_STOP": "car_stop", "GUARDRAIL": "guardrail", "SPEED_BUMP": "bump",
    }  # fmt: skip


def test_a_missing_twin_is_named(copy):
    victim = next((copy / "lwir" / "test").iterdir())
    victim.unlink()
    with pytest.raises(InputFileError, match=victim.name):
        pairs(copy)


@pytest.mark.parametrize("damage", ["{", "[]", json.dumps({"version": 2}), json.dumps({"version": 1})])
def test_a_damaged_annotation_is_named(copy, damage):
    victim = next((copy / "annotations" / "train").iterdir())
    victim.write_text(damage)
    with pytest.raises(InputFileError, match=victim.name):
        pairs(copy)


def test_without_lists_there_is_nothing_to_read(copy):
    for name in ("train", "test"):
        (copy / f"{name}.txt").unlink()
    with pytest.raises(LayoutError, match="no list"):
        pairs(copy)
