"""FLIR-aligned: two ways to count the last pixel, the rule of ids, dogs, and real pairs of a repack."""

import json
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.write_boxes import write_coco, write_voc
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("flir_aligned")
CARD = dataset_card("flir_aligned")
RGB, GREY = file_of(noise(8, 10, 3), "jpeg"), file_of(noise(8, 10), "jpeg")
REPACK = SAMPLES / "detection-coco/coco_FLIR_align"
LISTS = SAMPLES / "lists/flir_aligned_d3t"


def official_tree(root, lists, *, boxes=(), place="align_{}.txt"):
    """`lists`: validation or train to its ids."""
    for split, ids in lists.items():
        put(root, place.format(split), "".join(f"{name}_PreviewData\n" for name in ids))
        for name in ids:
            put(root, f"JPEGImages/{name}_RGB.jpg", RGB)
            put(root, f"JPEGImages/{name}_PreviewData.jpeg", GREY)
            write_voc(root / f"Annotations/{name}_PreviewData.xml", size=(10, 8), boxes=boxes)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_the_last_pixel_is_in_the_box_and_papers_leave_it_out(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, {"validation": ["FLIR_08864"]}, boxes=[("car", (0, 1, 9, 7))]))
    boxes, three = pair.labels["boxes"], pair.labels["three_class"]
    assert boxes.xyxy.tolist() == [[0, 1, 10, 8]]
    assert boxes.convention == "voc-xyxy from 0, last pixel included"
    assert three.xyxy.tolist() == boxes.raw.tolist() == three.raw.tolist() == [[0, 1, 9, 7]]


def test_dogs_are_a_class_of_the_whole_set_and_in_no_protocol(tmp_path):
    written = [("dog", (1, 1, 3, 3)), ("person", (2, 2, 5, 6))]
    (pair,) = pairs(official_tree(tmp_path, {"train": ["FLIR_00002"]}, boxes=written))
    assert pair.labels["boxes"].labels.tolist() == [3, 0]
    assert pair.labels["three_class"].labels.tolist() == [0]
    assert {item.name for item in CARD.label_sets["three_class"].classes} == {"person", "car", "bicycle"}
    assert protocol("flir_aligned/ap-3").label_set == "three_class"


def test_an_unknown_class_is_an_error_in_both_sets(tmp_path):
    official_tree(tmp_path, {"train": ["FLIR_00002"]}, boxes=[("dogs", (1, 1, 3, 3))])
    with pytest.raises(LabelError, match=r"00002_PreviewData\.xml: holds the class 'dogs', .* did you mean dog\?"):
        pairs(tmp_path)


@pytest.mark.parametrize(
    ("place", "layout"), [("align_{}.txt", "official"), ("ImageSets/Main/align_{}.txt", "imagesets")]
)
def test_lists_are_found_in_both_places_and_name_the_thermal_file(tmp_path, place, layout):
    official_tree(tmp_path, {"train": ["FLIR_00003", "FLIR_00002"], "validation": ["FLIR_10227"]}, place=place)
    assert recognise(SOURCE, tmp_path).name == layout
    assert [(entry.split, entry.order, entry.key) for entry in entries(tmp_path)] == [
        ("train", 0, "FLIR_00003"),
        ("train", 1, "FLIR_00002"),
        ("test", 0, "FLIR_10227"),
    ]


@pytest.mark.parametrize(
    ("split", "name", "range_of_split"),
    [
        ("train", "FLIR_08863", "1 to 8862"),
        ("validation", "FLIR_08862", "8863 to 10228"),
        ("validation", "FLIR_10229", "8863 to 10228"),
    ],
)
def test_an_id_on_the_wrong_side_is_refused(tmp_path, split, name, range_of_split):
    official_tree(tmp_path, {split: [name]})
    with pytest.raises(
        InputFileError, match=f"{name}_PreviewData is listed as {split}; expected numbers from {range_of_split} there"
    ):
        entries(tmp_path)


def test_the_numbers_of_the_splits_are_those_of_the_whole_set():
    whole = dataset_card("flir_adas").editions["official"].splits
    for split, facts in CARD.editions["official"].splits.items():
        assert facts.numbers == whole[split].numbers == whole[f"{split}_thermal"].numbers


def test_the_image_without_objects_is_left_out(tmp_path):
    official_tree(tmp_path, {"train": ["FLIR_04677", "FLIR_04680", "FLIR_04681"]})
    assert [(entry.key, entry.order) for entry in entries(tmp_path)] == [("FLIR_04677", 0), ("FLIR_04681", 1)]


def test_day_and_night_are_runs_of_ids_and_blocks_are_clusters(tmp_path):
    found = entries(official_tree(tmp_path, {"validation": ["FLIR_09018", "FLIR_09019", "FLIR_09050"]}))
    assert [(entry.attributes["time_of_day"], entry.cluster) for entry in found] == [
        ("night", "180"),
        ("day", "180"),
        ("day", "181"),
    ]


def test_a_missing_twin_is_named(tmp_path):
    official_tree(tmp_path, {"train": ["FLIR_00002"]})
    (tmp_path / "Annotations/FLIR_00002_PreviewData.xml").unlink()
    with pytest.raises(InputFileError, match=r"00002_PreviewData\.xml: missing, while its twin .*_RGB\.jpg exists"):
        pairs(tmp_path)


def test_a_tree_without_lists_says_which_are_missing(tmp_path):
    official_tree(tmp_path, {"train": ["FLIR_00002"]})
    (tmp_path / "align_train.txt").unlink()
    with pytest.raises(
        LayoutError, match=r"official: .*align_train\.txt, align_validation\.txt \(missing here: align_"
    ):
        entries(tmp_path)


def test_a_repack_without_its_instances_files_says_which_are_missing(tmp_path):
    for folder in ("val_imgs/vis_imgs", "val_imgs/ir_imgs", "annotations"):
        (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(LayoutError, match=r"hold no samples; expected annotations/train\.json or annotations/"):
        entries(tmp_path)


def test_the_names_in_unirgb_irs_file_are_followed(tmp_path):
    put(tmp_path, "test/FLIR_08864_RGB.jpg", RGB)
    put(tmp_path, "test/lw-8864.jpeg", GREY)
    path = tmp_path / "Annotation_test.json"
    write_coco(path, size=(10, 8), boxes={"FLIR_08864_RGB.jpg": [("car", (1.0, 1.0, 4.0, 3.0))]})
    content = json.loads(path.read_text())
    content["images"][0]["file_name_lwir"] = "lw-8864.jpeg"
    path.write_text(json.dumps(content))
    (pair,) = pairs(tmp_path)
    assert pair.images["lwir"].source == "test/lw-8864.jpeg"
    assert set(pair.labels) == {"three_class"}
    assert pair.labels["three_class"].xyxy.tolist() == [[1, 1, 4, 3]]


@pytest.mark.parametrize("name", ["FLIR_088640.jpg", "00001.jpg", "FLIR_08864a.jpg"])
def test_a_file_of_another_dataset_is_refused(tmp_path, name):
    write_coco(tmp_path / "Annotation_test.json", size=(10, 8), boxes={name: []})
    with pytest.raises(InputFileError, match=rf"Annotation_test\.json: '{name}' is no image of this dataset"):
        entries(tmp_path)


@needs("samples/lists", "samples/ir500k", "samples/detection-coco")
def test_the_cards_splits_are_those_of_three_independent_lists():
    everything = {names[0][:10] for names in json.loads((SAMPLES / "ir500k/seeds.json").read_text())}
    everything = {name for name in everything if name.startswith("FLIR_")}
    listed = {
        "train": set((REPACK / "train.txt").read_text().split()) - {"FLIR_04680"},
        "test": {name[:10] for name in (LISTS / "align_validation.txt").read_text().split()},
    }
    assert listed["train"] | listed["test"] | {"FLIR_04680"} == everything
    assert set((REPACK / "val.txt").read_text().split()) == listed["test"]
    for split, names in listed.items():
        facts = CARD.editions["official"].splits[split]
        assert (len(names), keys_sha256(names)) == (facts.count, facts.keys_sha256)
        first, last = facts.numbers
        assert all(first <= int(name[5:]) <= last for name in names)
        times = Counter(SOURCE.attributes(split, name)["time_of_day"] for name in names)
        assert times == facts.attributes["time_of_day"]


@needs("samples/detection-coco")
def test_the_published_boxes_are_those_of_the_card():
    content = json.loads((REPACK / "annotations/val.json").read_text())
    names = {item["id"]: item["name"] for item in content["categories"]}
    counts = Counter(names[item["category_id"]] for item in content["annotations"])
    assert counts == CARD.editions["official"].splits["test"].objects["three_class"]
    # xmax - xmin as the width: no box reaches the last column, though many begin in the first.
    ends = np.array([item["bbox"] for item in content["annotations"]])
    assert (ends[:, 0] + ends[:, 2]).max() == 639
    assert (ends[:, 0] == 0).sum() == 277


@needs("samples/detection-coco")
def test_real_pairs_of_the_coco_repack_keep_their_bytes(tmp_path):
    for camera in ("vis_imgs", "ir_imgs"):
        for file in (REPACK / "val_imgs" / camera).iterdir():
            put(tmp_path, f"val_imgs/{camera}/{file.name}", file.read_bytes())
    put(tmp_path, "annotations/val.json", (REPACK / "annotations/val.json").read_bytes())
    layout = recognise(SOURCE, tmp_path)
    found = entries(tmp_path)
    assert (layout.name, len(found), {entry.split for entry in found}) == ("damsdet", 1013, {"test"})
    there = [entry for entry in found if (tmp_path / entry.files["rgb"]).exists()]
    assert len(there) == 2
    for entry in there:
        pair = SOURCE.pair(tmp_path, layout, entry)
        assert pair.images["rgb"].data == (tmp_path / entry.files["rgb"]).read_bytes()
        assert (pair.images["rgb"].channels, pair.images["lwir"].channels) == (3, 1)
        assert (pair.images["lwir"].width, pair.images["lwir"].height) == (640, 512)
        assert len(pair.labels["three_class"].labels) > 0
