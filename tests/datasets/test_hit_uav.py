"""HIT-UAV: one modality, two dialects of COCO, oriented boxes with their corners."""

import json
import math
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.coco_json import read_coco
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("hit_uav")
CARD = dataset_card("hit_uav")
GREY = file_of(noise(32, 40), "jpeg")
REAL = SAMPLES / "detection-coco/hit_uav"
STEM = "1_130_90_0_04077"


def official_tree(root, *, upright=(), oriented=(), name="Car"):
    images = [{"id": 7, "filename": f"{STEM}.jpg", "width": 40, "height": 32}]
    categories = [{"id": 0, "name": name}, {"id": 4, "name": "DontCare"}]
    for folder, key, boxes in (("normal_json", "annotation", upright), ("rotate_json", "annotations", oriented)):
        items = [{"id": n, "image_id": 7, "category_id": c, "bbox": box} for n, (c, box) in enumerate(boxes)]
        content = {"images": images, "categories": categories, key: items}
        put(root, f"{folder}/annotations/test.json", json.dumps(content))
    put(root, f"normal_json/test/{STEM}.jpg", GREY)
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_the_name_tells_time_altitude_and_angle(tmp_path):
    (pair,) = pairs(official_tree(tmp_path))
    assert pair.attributes == {"time_of_day": "night", "altitude": 130, "camera_angle": 90}
    assert (pair.entry.key, pair.entry.cluster) == (STEM, "1_130_90_0")
    assert set(pair.images) == {"lwir"}


def test_angles_turn_clockwise_and_corners_are_kept(tmp_path):
    # A box of 8 by 2 pixels about (20, 10), turned by 45 degrees: from the upper left to the lower right.
    (pair,) = pairs(official_tree(tmp_path, oriented=[(0, [20, 10, 8, 2, math.pi / 4])]))
    boxes = pair.labels["oriented"]
    long, short = 4 * math.sqrt(0.5), 1 * math.sqrt(0.5)
    expected = [
        (20 - long + short, 10 - long - short),
        (20 + long + short, 10 + long - short),
        (20 + long - short, 10 + long + short),
        (20 - long - short, 10 - long + short),
    ]
    np.testing.assert_allclose(boxes.corners[0], expected)
    reach = long + short
    np.testing.assert_allclose(boxes.xyxy[0], [20 - reach, 10 - reach, 20 + reach, 10 + reach])
    np.testing.assert_allclose(boxes.raw[0], [20, 10, 8, 2, math.pi / 4])
    assert pair.labels["boxes"].labels.tolist() == []


def test_regions_not_to_care_about_are_marked_ignore(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, upright=[(0, [1, 2, 3, 4]), (4, [5, 5, 9, 9])]))
    boxes = pair.labels["boxes"]
    assert (boxes.labels.tolist(), boxes.ignore.tolist()) == ([1, 4], [False, True])
    assert boxes.xyxy[0].tolist() == [1, 2, 4, 6]
    assert boxes.corners is None


def test_oriented_boxes_without_an_angle_are_refused(tmp_path):
    official_tree(tmp_path, oriented=[(0, [20, 10, 8, 2])])
    with pytest.raises(InputFileError, match=r"rotate_json/annotations/test\.json: holds boxes without an angle"):
        pairs(tmp_path)


def test_a_class_that_the_card_does_not_name_is_an_error(tmp_path):
    official_tree(tmp_path, upright=[(0, [1, 2, 3, 4])], name="Truck")
    with pytest.raises(LabelError, match=r"normal_json/annotations/test\.json: holds the class 'Truck'"):
        pairs(tmp_path)


@needs("samples/detection-coco")
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_the_published_lists_and_boxes_are_those_of_the_card(split):
    facts = CARD.editions["official"].splits[split]
    names = (REAL / f"normal_xml/ImageSets/Main/{split}.txt").read_text().split()
    assert (len(names), keys_sha256(names)) == (facts.count, facts.keys_sha256)
    images = read_coco(REAL, f"normal_json/annotations/{split}.json", file_key="filename")
    assert list(images) == [f"{name}.jpg" for name in names]
    assert Counter(box.name for image in images.values() for box in image.boxes) == facts.objects["boxes"]
    times = Counter(SOURCE.attributes(split, name)["time_of_day"] for name in names)
    assert times == facts.attributes["time_of_day"]
    assert all(SOURCE.stem.fullmatch(name) for name in names)
