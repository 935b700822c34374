"""FLIR ADAS: class names from the files, samples without RGB apart, 14 bits kept."""

import json

import numpy as np
import PIL.Image
import pytest

from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.image_file import decode_image, probe
from rgbtbench.formats.write_boxes import write_coco
from tests.formats.files import file_of, noise, put

SOURCE = dataset("flir_adas")
RGB, GREY = file_of(noise(18, 16, 3), "jpeg"), file_of(noise(8, 10), "jpeg")
RAW = noise(8, 10, below=1 << 14, dtype=np.uint16)
TIFF = file_of(PIL.Image.fromarray(RAW), "tiff")
CLASSES = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}, {"id": 91, "name": "other vehicle"}]


def official_tree(root, samples, *, items=(), classes=CLASSES):
    """`samples`: (split, stem) to whether it has an RGB image."""
    for (split, stem), has_rgb in samples.items():
        put(root, f"{split}/PreviewData/{stem}.jpeg", GREY)
        put(root, f"{split}/Data/{stem}.tiff", TIFF)
        put(root, f"{split}/Annotations/{stem}.json", json.dumps({"annotation": list(items), "image": {}}))
        (root / split / "RGB").mkdir(exist_ok=True)
        if has_rgb:
            put(root, f"{split}/RGB/{stem}.jpg", RGB)
    for split in ("training", "validation"):
        put(root, f"{split}/catids.json", json.dumps(classes))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_samples_without_an_rgb_image_are_splits_of_their_own(tmp_path):
    found = pairs(
        official_tree(
            tmp_path,
            {
                ("training", "FLIR_00001"): True,
                ("training", "FLIR_00002"): False,
                ("validation", "FLIR_08863"): False,
                ("validation", "FLIR_08864"): True,
                ("video", "FLIR_video_00007"): True,
            },
        )
    )
    assert [(pair.entry.split, pair.entry.key, set(pair.images)) for pair in found] == [
        ("train", "FLIR_00001", {"rgb", "lwir", "lwir_raw"}),
        ("test", "FLIR_08864", {"rgb", "lwir", "lwir_raw"}),
        ("video", "FLIR_video_00007", {"rgb", "lwir", "lwir_raw"}),
        ("train_thermal", "FLIR_00002", {"lwir", "lwir_raw"}),
        ("test_thermal", "FLIR_08863", {"lwir", "lwir_raw"}),
    ]
    assert [pair.entry.cluster for pair in found] == ["000", "177", "video000", "000", "177"]


def test_frames_of_the_video_never_take_the_key_of_a_sampled_image(tmp_path):
    official_tree(tmp_path, {("training", "FLIR_00007"): True, ("video", "FLIR_00007"): True})
    layout = recognise(SOURCE, tmp_path)
    assert [entry.key for entry in SOURCE.entries(tmp_path, layout)] == ["FLIR_00007", "FLIR_video_00007"]


def test_fourteen_bits_become_a_png_with_the_same_numbers(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, {("training", "FLIR_00001"): True}))
    raw = pair.images["lwir_raw"]
    assert (raw.extension, raw.bit_depth, raw.conversion) == ("png", 16, "TIFF as PNG")
    np.testing.assert_array_equal(decode_image(raw.data, probe(raw.data)), RAW)
    assert pair.images["lwir"].data == GREY
    assert (pair.images["rgb"].width, pair.images["rgb"].height) == (16, 18)


@pytest.mark.parametrize("dog", [17, 18])
def test_classes_go_by_the_name_that_the_release_gives_an_id(tmp_path, dog):
    classes = [{"id": 1, "name": "People"}, {"id": dog, "name": "dog"}, {"id": 91, "name": "Other Vehicle"}]
    items = [
        {"bbox": [0, 0, 3, 4], "category_id": str(dog)},
        {"bbox": [1, 2, 3, 4], "category_id": 1},
        {"bbox": [5, 5, 2, 2], "category_id": 91},
    ]
    (pair,) = pairs(official_tree(tmp_path, {("training", "FLIR_00001"): True}, items=items, classes=classes))
    boxes, three = pair.labels["boxes"], pair.labels["three_class"]
    names = {item.id: item.name for item in dataset_card("flir_adas").label_sets["boxes"].classes}
    assert [names[number] for number in boxes.labels.tolist()] == ["dog", "person", "other vehicle"]
    assert boxes.raw[1].tolist() == [1, 2, 3, 4]
    assert boxes.xyxy[1].tolist() == [1, 2, 4, 6]
    assert (three.labels.tolist(), three.xyxy.tolist()) == ([0], [[1, 2, 4, 6]])
    assert boxes.frame == "x"


@pytest.mark.parametrize("dog", [17, 18])
def test_version_1_3_names_its_classes_in_each_file(tmp_path, dog):
    for file, data in {"RGB/{}.jpg": RGB, "thermal_8_bit/{}.jpeg": GREY, "thermal_16_bit/{}.tiff": TIFF}.items():
        put(tmp_path, f"val/{file.format('FLIR_08863')}", data)
    path = tmp_path / "val/thermal_annotations.json"
    write_coco(path, size=(10, 8), boxes={"thermal_8_bit/FLIR_08863.jpeg": [("dog", (1.0, 1.0, 3.0, 4.0))]})
    content = json.loads(path.read_text())
    content["categories"][0]["id"] = content["annotations"][0]["category_id"] = dog
    path.write_text(json.dumps(content))
    (pair,) = pairs(tmp_path)
    assert (pair.entry.split, pair.entry.key) == ("test", "FLIR_08863")
    assert pair.labels["boxes"].labels.tolist() == [3]
    assert pair.labels["three_class"].labels.tolist() == []


def test_a_class_of_another_release_is_an_error(tmp_path):
    items = [{"bbox": [0, 0, 3, 4], "category_id": 17}]
    official_tree(tmp_path, {("training", "FLIR_00001"): True}, items=items)
    with pytest.raises(LabelError, match=r"FLIR_00001\.json: annotation 1 has category 17; expected .*\[1, 18, 91\]"):
        pairs(tmp_path)
    official_tree(tmp_path, {("training", "FLIR_00001"): True}, items=items, classes=[{"id": 17, "name": "stroller"}])
    with pytest.raises(LabelError, match="holds the class 'stroller', which the card does not name"):
        pairs(tmp_path)


@pytest.mark.parametrize("lost", ["PreviewData/FLIR_00001.jpeg", "Data/FLIR_00001.tiff", "Annotations/FLIR_00001.json"])
def test_a_missing_twin_is_named(tmp_path, lost):
    official_tree(tmp_path, {("training", "FLIR_00001"): True, ("training", "FLIR_00002"): True})
    (tmp_path / "training" / lost).unlink()
    with pytest.raises(InputFileError, match=rf"training/{lost}: missing, while its twin .*RGB/FLIR_00001\.jpg exists"):
        pairs(tmp_path)


def test_version_2_is_another_dataset(tmp_path):
    for folder in ("images_rgb_train", "images_thermal_train", "video_rgb_test"):
        (tmp_path / folder / "data").mkdir(parents=True)
    with pytest.raises(LayoutError, match=r"holds images_rgb_train/, .*; expected one of flir_adas"):
        recognise(SOURCE, tmp_path)


def test_splits_add_up_to_the_numbers_of_the_read_me():
    splits = dataset_card("flir_adas").editions["official"].splits
    for split, frames in {"train": 8862, "test": 1366, "video": 4224}.items():
        assert splits[split].count + splits[f"{split}_thermal"].count == frames


def test_protocols_say_how_many_classes_they_score():
    card = dataset_card("flir_adas")
    for name, number in {"ap-3": 3, "ap-5": 5}.items():
        assert len(card.label_sets[protocol(f"flir_adas/{name}").label_set].classes) == number


@pytest.mark.parametrize("layout", SOURCE.layouts, ids=lambda layout: layout.name)
def test_fake_trees_hold_both_kinds_of_samples_in_one_folder(tmp_path, layout):
    counts = {"train": 2, "train_thermal": 1, "test": 1, "test_thermal": 1, "video": 1}
    SOURCE.fake(tmp_path, layout, counts, seed=3)
    found = [entry.split for entry in SOURCE.entries(tmp_path, layout)]
    assert {split: found.count(split) for split in counts} == counts
