"""CVC-14: frames that both cameras have, boxes of each as centres, DeformCAT's ground truth beside them."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.write_boxes import write_coco
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("cvc14")
GREY, COLOUR = noise(8, 10), noise(8, 10, 3)
TRUTH = SAMPLES / "cvc14/CVC_annotation.json"
DAY, NIGHT = "2014_05_05_17_29_22_483000", "2014_05_01_22_27_07_249000_"
PARTS = ("FramesPos/{}.tif", "Annotations/{}.txt")


def frame(root, stem, *, time="Day", split="NewTest", visible="5 4 3 4 1 0 0 0 0 1 0\n", fir="", without=()):
    for camera, pixels, text in (("Visible", COLOUR, visible), ("FIR", GREY, fir)):
        for part, data in zip(PARTS, (file_of(pixels, "tiff"), text), strict=True):
            relative = f"{time}/{camera}/{split}/{part.format(stem)}"
            if relative not in without:
                put(root, relative, data)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_day_comes_before_night_and_frames_by_time(tmp_path):
    frame(tmp_path, NIGHT, time="Night")
    frame(tmp_path, DAY)
    frame(tmp_path, DAY.replace("17_29", "17_22"))
    frame(tmp_path, DAY.replace("17_29", "09_00"), split="Train")
    assert [
        (entry.split, entry.order, entry.cluster, entry.attributes["time_of_day"]) for entry in entries(tmp_path)
    ] == [
        ("train", 0, "2014_05_05_09_00", "day"),
        ("test", 0, "2014_05_05_17_22", "day"),
        ("test", 1, "2014_05_05_17_29", "day"),
        ("test", 2, "2014_05_01_22_27", "night"),
    ]
    assert entries(tmp_path)[-1].key == NIGHT


def test_each_camera_has_boxes_of_its_own_with_half_of_the_size_on_each_side(tmp_path):
    frame(tmp_path, DAY, visible="5 4 3 4 1 0 0 0 0 1 0\n-2 4 3 4 0 0 0 0 0 2 0\n")
    (pair,) = pairs(tmp_path)
    visible, fir = pair.labels["visible"], pair.labels["fir"]
    assert (visible.frame, fir.frame, len(fir.labels)) == ("rgb", "x", 0)
    np.testing.assert_array_equal(visible.xyxy, [[3.5, 2, 6.5, 6], [-3.5, 2, -0.5, 6]])
    np.testing.assert_array_equal(visible.raw, [[5, 4, 3, 4], [-2, 4, 3, 4]])
    assert (visible.ignore.tolist(), visible.convention) == ([False, True], "cvc-cxcywh as written, half-open")


def test_tiff_becomes_png_of_the_same_pixels(tmp_path):
    (pair,) = pairs(frame(tmp_path, DAY))
    np.testing.assert_array_equal(pixels_of(pair.images["rgb"].data), COLOUR)
    np.testing.assert_array_equal(pixels_of(pair.images["lwir"].data), GREY)
    assert (pair.images["lwir"].channels, pair.images["lwir"].conversion) == (1, "TIF as PNG")


@pytest.mark.parametrize(
    "lost",
    [
        f"Day/Visible/NewTest/FramesPos/{DAY}.tif",
        f"Day/FIR/NewTest/FramesPos/{DAY}.tif",
        f"Day/Visible/NewTest/Annotations/{DAY}.txt",
        f"Day/FIR/NewTest/Annotations/{DAY}.txt",
    ],
)
def test_a_frame_that_lacks_one_of_its_four_files_is_left_out(tmp_path, lost):
    other = DAY.replace("483", "484")
    frame(tmp_path, other)
    frame(tmp_path, DAY, without=(lost,))
    assert [entry.official_id for entry in entries(tmp_path)] == [other]


def test_a_tree_without_any_pair_is_refused(tmp_path):
    frame(tmp_path, DAY, without=(f"Day/FIR/NewTest/FramesPos/{DAY}.tif",))
    put(tmp_path, f"Day/FIR/NewTest/FramesPos/{NIGHT}.tif", file_of(GREY, "tiff"))
    with pytest.raises(LayoutError, match="no frame has an image and an annotation of both cameras"):
        entries(tmp_path)


def test_a_folder_that_lacks_with_all_its_files_is_no_lack_of_single_frames(tmp_path):
    frame(tmp_path, DAY)
    frame(tmp_path, NIGHT, time="Night")
    shutil.rmtree(tmp_path / "Night/FIR/NewTest/Annotations")
    with pytest.raises(InputFileError, match=r"Night/FIR/NewTest/Annotations: no such folder, while others"):
        entries(tmp_path)
    shutil.rmtree(tmp_path / "Night")
    assert [entry.official_id for entry in entries(tmp_path)] == [DAY]


def test_a_file_of_another_name_is_named(tmp_path):
    put(frame(tmp_path, DAY), "Day/FIR/NewTest/FramesPos/copy.tif", file_of(GREY, "tiff"))
    with pytest.raises(InputFileError, match=r"FramesPos: 'copy\.tif' is no file of this dataset"):
        entries(tmp_path)


def test_deformcats_ground_truth_is_a_split_with_its_own_order_and_labels(tmp_path):
    frame(tmp_path, DAY)
    frame(tmp_path, NIGHT, time="Night")
    lost = NIGHT.replace("22_27", "22_28")
    boxes = {NIGHT: [("person", (-24, 1, 5, 6))], DAY: [], lost: []}
    write_coco(tmp_path / "CVC_annotation.json", size=(10, 8), boxes=boxes, file_key="im_name")
    layout = recognise(SOURCE, tmp_path)
    listed = [entry for entry in SOURCE.entries(tmp_path, layout) if entry.split == "test-deformcat"]
    assert [(entry.official_id, entry.image_id) for entry in listed] == [(NIGHT, 0), (DAY, 1), (lost, 2)]
    pair = SOURCE.pair(tmp_path, layout, listed[0])
    assert set(pair.labels) == {"visible", "fir", "deformcat"}
    assert pair.labels["deformcat"].xyxy.tolist() == [[-24, 1, 5, 6]]
    with pytest.raises(InputFileError, match=rf"{lost}\.tif: missing"):
        SOURCE.pair(tmp_path, layout, listed[2])


@needs("samples/cvc14")
def test_the_card_counts_deformcats_ground_truth(tmp_path):
    put(frame(tmp_path, DAY), "CVC_annotation.json", TRUTH.read_bytes())
    listed = [entry for entry in entries(tmp_path) if entry.split == "test-deformcat"]
    facts = dataset_card("cvc14").editions["official"].splits["test-deformcat"]
    assert (len(listed), keys_sha256([entry.key for entry in listed])) == (facts.count, facts.keys_sha256)
    content = json.loads(TRUTH.read_text())
    assert len(content["annotations"]) == facts.objects["deformcat"]["person"]
    dates = Counter(entry.official_id[:10] for entry in listed)
    assert facts.attributes["time_of_day"] == {"day": dates["2014_05_05"], "night": dates["2014_05_01"]}
    assert [entry.image_id for entry in listed] == [image["id"] for image in content["images"]]
