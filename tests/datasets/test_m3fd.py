"""M3FD: no split of its own, two orders of classes, published lists told by their numbers."""

import json
import re
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol_ids
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.id_ranges import run_of
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.coco_json import read_coco
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.write_boxes import write_voc
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("m3fd")
CARD = dataset_card("m3fd")
PNG = file_of(noise(8, 10, 3))
REPACK = SAMPLES / "detection-coco/coco_m3fd"


def official_tree(root, *stems, boxes=()):
    for stem in stems:
        put(root, f"Vis/{stem}.png", PNG)
        put(root, f"Ir/{stem}.png", PNG)
        write_voc(root / f"Annotation/{stem}.xml", size=(10, 8), boxes=boxes)
    return root


def tardal_tree(root, *stems, text=""):
    for stem in stems:
        put(root, f"vi/{stem}.png", PNG)
        put(root, f"ir/{stem}.png", PNG)
        put(root, f"labels/{stem}.txt", text)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_without_lists_whole_scenes_are_divided(tmp_path):
    found = entries(official_tree(tmp_path, "00244", "00000", "00243", "00643"))
    assert [(entry.split, entry.key, entry.cluster, entry.attributes["scenario"]) for entry in found] == [
        ("train", "00244", "1", "challenge"),
        ("val", "00643", "6", "night"),
        ("test", "00000", "0", "overcast"),
        ("test", "00243", "0", "overcast"),
    ]


def test_the_scene_split_is_every_fifth_scene_and_the_seventh_of_ten_and_cuts_no_scene():
    splits: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    of_scene: dict[int, set[str]] = {}
    for number in range(4200):
        row = run_of("m3fd_scenes", number)
        splits[row["split"]].append(f"{number:05d}")
        of_scene.setdefault(int(row["scene"]), set()).add(row["split"])
    assert list(of_scene) == list(range(73))
    for scene, found in of_scene.items():
        assert found == {"test" if scene % 5 == 0 else "val" if scene % 10 == 6 else "train"}
    for split, names in splits.items():
        facts = CARD.editions["scenes"].splits[split]
        assert (len(names), keys_sha256(names)) == (facts.count, facts.keys_sha256)
    assert run_of("m3fd_scenes", 4200) is None


@pytest.mark.parametrize("place", ["{}.txt", "meta/{}.txt"])
@pytest.mark.parametrize("make", [official_tree, tardal_tree])
def test_lists_decide_where_there_are_any(tmp_path, place, make):
    make(tmp_path, "00244", "00000", "00001")
    put(tmp_path, place.format("train"), "00001.png\r\n00000.png\r\n")
    put(tmp_path, place.format("test"), "00244\n")
    assert [(entry.split, entry.order, entry.key) for entry in entries(tmp_path)] == [
        ("train", 0, "00001"),
        ("train", 1, "00000"),
        ("test", 0, "00244"),
    ]


def test_an_image_of_no_scene_needs_a_list(tmp_path):
    official_tree(tmp_path, "04200")
    with pytest.raises(
        InputFileError, match=r"image 04200 is of no known scene; .* in train\.txt, val\.txt and test\.txt"
    ):
        entries(tmp_path)
    put(tmp_path, "train.txt", "04200\n")
    (entry,) = entries(tmp_path)
    assert (entry.split, entry.cluster, entry.attributes["scenario"]) == ("train", None, None)


def test_boxes_are_the_numbers_as_written_also_at_the_right_edge(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, "00000", boxes=[("Lamp", (1, 1, 10, 8)), ("People", (3, 2, 5, 7))]))
    boxes = pair.labels["boxes"]
    np.testing.assert_array_equal(boxes.xyxy, [[1, 1, 10, 8], [3, 2, 5, 7]])
    assert boxes.labels.tolist() == [4, 0]


def test_the_two_orders_of_classes_meet_in_their_names(tmp_path):
    (pair,) = pairs(tardal_tree(tmp_path, "00000", text="3 0.5 0.5 0.2 0.25\n4 0.5 0.5 0.2 0.25\n"))
    names = {item.id: item.name for item in CARD.label_sets["tardal"].classes}
    assert set(pair.labels) == {"tardal"}
    boxes = pair.labels["tardal"]
    assert [names[number] for number in boxes.labels.tolist()] == ["Lamp", "Motorcycle"]
    np.testing.assert_allclose(boxes.xyxy[0], [4, 3, 6, 5])
    assert boxes.raw[0].tolist() == [0.5, 0.5, 0.2, 0.25]
    voc = {item.name: item.unified for item in CARD.label_sets["boxes"].classes}
    assert voc == {item.name: item.unified for item in CARD.label_sets["tardal"].classes}


def test_a_class_or_a_line_that_is_none_is_named(tmp_path):
    tardal_tree(tmp_path, "00000", text="6 0.5 0.5 0.2 0.25\n")
    with pytest.raises(LabelError, match=r"00000\.txt:1: class id 6; expected 0 People, 1 Car"):
        pairs(tmp_path)
    put(tmp_path, "labels/00000.txt", "0 0.5 0.5\n")
    with pytest.raises(InputFileError, match=r"00000\.txt:1: '0 0\.5 0\.5' is no object"):
        pairs(tmp_path)


@pytest.mark.parametrize("lost", ["Vis/00000.png", "Ir/00000.png", "Annotation/00000.xml"])
def test_a_missing_twin_is_named(tmp_path, lost):
    (official_tree(tmp_path, "00000", "00001") / lost).unlink()
    with pytest.raises(InputFileError, match=rf"{lost}: missing, while its twin .*00000\.\w+ exists"):
        pairs(tmp_path)


def test_cameras_of_different_size_are_refused(tmp_path):
    official_tree(tmp_path, "00000")
    put(tmp_path, "Ir/00000.png", file_of(noise(8, 12, 3)))
    with pytest.raises(InputFileError, match=r"Ir/00000\.png: is 12x8 pixels; expected 10x8"):
        pairs(tmp_path)


def test_every_edition_has_its_own_protocols():
    assert protocol_ids("m3fd") == sorted(
        f"m3fd-{edition}/{name}" for edition in CARD.editions for name in ("ap", "ap+yolov5", "ap@tardal")
    )


@needs("samples/detection-coco")
@pytest.mark.parametrize(("split", "theirs"), [("train", "train"), ("test", "val")])
def test_the_published_lists_and_boxes_are_those_of_the_card(split, theirs):
    facts = CARD.editions["damsdet"].splits[split]
    names = (REPACK / f"{theirs}.txt").read_text().split()
    assert (len(names), keys_sha256(names)) == (facts.count, facts.keys_sha256)
    images = read_coco(REPACK, f"annotations/m3fd_{theirs}_new.json")
    assert sorted(images) == [f"{name}.png" for name in sorted(names)]
    assert Counter(box.name for image in images.values() for box in image.boxes) == facts.objects["boxes"]
    assert all(image.boxes for image in images.values())


@needs("samples/detection-coco")
def test_real_pairs_of_the_coco_repack_keep_their_bytes(tmp_path):
    for camera in ("vis", "ir"):
        for file in (REPACK / f"val_{camera}_img").iterdir():
            put(tmp_path, f"val_{camera}_img/{file.name}", file.read_bytes())
    put(tmp_path, "annotations/m3fd_val_new.json", (REPACK / "annotations/m3fd_val_new.json").read_bytes())
    layout = recognise(SOURCE, tmp_path)
    found = entries(tmp_path)
    assert (layout.name, len(found), {entry.split for entry in found}) == ("damsdet", 831, {"test"})
    (entry,) = (entry for entry in found if entry.key == "00111")
    pair = SOURCE.pair(tmp_path, layout, entry)
    assert pair.images["lwir"].data == (tmp_path / "val_ir_img/00111.png").read_bytes()
    assert (pair.images["lwir"].width, pair.images["lwir"].channels) == (1024, 3)
    listed = json.loads((tmp_path / "annotations/m3fd_val_new.json").read_text())
    (number,) = (image["id"] for image in listed["images"] if image["file_name"] == "00111.png")
    expected = [item["bbox"] for item in listed["annotations"] if item["image_id"] == number]
    assert pair.labels["boxes"].raw.tolist() == expected


@needs("samples/uint-formats")
def test_the_lists_that_tardal_publishes_name_files_with_their_ending():
    """Its sample list mixes three datasets; M3FD's own names have no prefix."""
    names = read_id_list(SAMPLES / "uint-formats/tardal-s1", "meta/pred.txt", pattern=re.compile(r"\w+\.(png|jpg|bmp)"))
    assert "M3FD_00471.png" in names
