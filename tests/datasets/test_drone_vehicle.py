"""DroneVehicle: the border stays, both cameras keep their boxes, and misspelt classes find their name."""

import numpy as np
import pytest

from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.write_boxes import write_polygons
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.formats.files import file_of, noise, put

SOURCE = dataset("drone_vehicle")
JPEG = file_of(noise(712, 840, 3), "jpeg", quality=30)
TURNED = (300, 200, 340, 220, 330, 240, 290, 220)


def tree(root, *, rgb=(), lwir=(), split="train", stem="00001"):
    put(root, f"{split}/{split}img/{stem}.jpg", JPEG)
    put(root, f"{split}/{split}imgr/{stem}.jpg", JPEG)
    write_polygons(root / f"{split}/{split}label/{stem}.xml", rgb)
    write_polygons(root / f"{split}/{split}labelr/{stem}.xml", lwir)
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_images_keep_their_border_and_boxes_count_from_its_corner(tmp_path):
    (pair,) = pairs(tree(tmp_path, lwir=[("car", TURNED)]))
    assert pair.images["rgb"].data == JPEG
    assert (pair.images["lwir"].width, pair.images["lwir"].height) == dataset_card("drone_vehicle").modalities[
        "lwir"
    ].size
    boxes = pair.labels["boxes_lwir"]
    np.testing.assert_array_equal(boxes.corners, [[[300, 200], [340, 220], [330, 240], [290, 220]]])
    np.testing.assert_array_equal(boxes.xyxy, [[290, 200, 340, 240]])
    np.testing.assert_array_equal(boxes.raw, [TURNED])


def test_each_camera_has_boxes_of_its_own_in_its_own_frame(tmp_path):
    (pair,) = pairs(tree(tmp_path, rgb=[], lwir=[("car", TURNED), ("bus", TURNED)]))
    assert {name: (labels.frame, len(labels.labels)) for name, labels in pair.labels.items()} == {
        "boxes_rgb": ("rgb", 0),
        "boxes_lwir": ("x", 2),
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [("feright car", "freight_car"), ("feright_car", "freight_car"), ("feright", "freight_car"),
     ("freight car", "freight_car"), ("truvk", "truck"), ("van", "van"), ("*", "unnamed"), ("", "unnamed")],
)  # fmt: skip
def test_spellings_of_the_files_find_the_class(tmp_path, written, meant):
    (pair,) = pairs(tree(tmp_path, lwir=[(written, TURNED)]))
    names = {entry.id: entry.name for entry in dataset_card("drone_vehicle").label_sets["boxes_lwir"].classes}
    boxes = pair.labels["boxes_lwir"]
    assert ([names[number] for number in boxes.labels], boxes.ignore.tolist()) == ([meant], [meant == "unnamed"])


def test_objects_without_a_place_are_counted_where_they_are_left_out(tmp_path):
    tree(tmp_path)
    put(
        tmp_path,
        "train/trainlabel/00001.xml",
        "<annotation><object><name>car</name></object><object><name>*</name></object></annotation>",
    )
    (pair,) = pairs(tmp_path)
    assert (pair.attributes["placeless_rgb"], pair.attributes["placeless_lwir"]) == (2, 0)


def test_another_class_is_an_error(tmp_path):
    with pytest.raises(LabelError, match=r"labelr/00001\.xml: holds the class 'trukc', .* did you mean .*truck"):
        pairs(tree(tmp_path, lwir=[("trukc", TURNED)]))


def test_splits_count_alike_and_their_ids_name_the_split(tmp_path):
    tree(tmp_path)
    tree(tmp_path, split="val")
    assert [pair.entry.key for pair in pairs(tmp_path)] == ["train/00001", "val/00001"]


def test_a_missing_label_file_is_named(tmp_path):
    (tree(tmp_path) / "train/trainlabelr/00001.xml").unlink()
    put(tmp_path, "train/trainlabelr/00002.xml", "<annotation/>")
    with pytest.raises(InputFileError, match=r"trainlabelr/00001\.xml: missing, while its twin"):
        pairs(tmp_path)


def test_corners_come_back_from_the_shards(tmp_path):
    tree(tmp_path / "raw", rgb=[("van", TURNED)], lwir=[("car", TURNED), ("*", TURNED)])
    prepare(
        SOURCE, dataset_card("drone_vehicle"), tmp_path / "raw", tmp_path / "out", workers=1, allow_differences=True
    )
    boxes = open_split(tmp_path / "out", "train")[0].boxes["boxes_lwir"]
    np.testing.assert_array_equal(boxes.corners[0].ravel(), TURNED)
    assert boxes.ignore.tolist() == [False, True]


def test_upright_boxes_do_not_pass_for_the_benchmarks_measure():
    assert "Not the benchmark's own" in " ".join(protocol("drone_vehicle/ap@lwir").summary.split())
