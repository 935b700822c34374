"""LLVIP: two label versions that are never confused, boxes as written, scenes as clusters."""

import json
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.write_boxes import write_voc
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("llvip")
JPEG = file_of(noise(8, 10, 3), "jpeg")
REPACK = SAMPLES / "detection-coco/coco_LLVIP"
PREVIOUS = SAMPLES / "detection-coco/llvip-previous-labels/lwir_test.json"


def official_tree(root, samples):
    """`samples`: (split, stem) to boxes."""
    for (split, stem), boxes in samples.items():
        put(root, f"visible/{split}/{stem}.jpg", JPEG)
        put(root, f"infrared/{split}/{stem}.jpg", JPEG)
        write_voc(root / f"Annotations/{stem}.xml", size=(10, 8), boxes=[("person", box) for box in boxes])
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_boxes_are_the_numbers_as_written_also_at_the_right_edge(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, {("test", "190001"): [(1, 1, 10, 8), (3, 2, 5, 7)]}))
    (boxes,) = pair.labels.values()
    np.testing.assert_array_equal(boxes.xyxy, [[1, 1, 10, 8], [3, 2, 5, 7]])
    np.testing.assert_array_equal(boxes.raw, boxes.xyxy)
    assert boxes.labels.tolist() == [0, 0]
    assert boxes.convention == "voc-xyxy as written, half-open"


def test_an_excerpt_does_not_pretend_to_know_its_label_version(tmp_path):
    (pair,) = pairs(official_tree(tmp_path, {("test", "190001"): [(1, 1, 3, 3)]}))
    assert set(pair.labels) == {"unversioned"}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_one_known_image_names_the_version_of_all(tmp_path, version):
    count = dataset_card("llvip").label_sets[version].fingerprint["190058"]
    boxes = [(1, 1, 3 + number, 4) for number in range(count)]
    found = pairs(official_tree(tmp_path, {("train", "010001"): [(1, 1, 3, 3)], ("test", "190058"): boxes}))
    assert [set(pair.labels) for pair in found] == [{version}, {version}]


def test_each_protocol_takes_one_version():
    assert {protocol(f"llvip/ap@{version}").label_set for version in ("v1", "v2")} == {"v1", "v2"}


def test_the_first_two_digits_are_the_scene(tmp_path):
    found = pairs(official_tree(tmp_path, {("train", "250423"): [], ("test", "190001"): []}))
    assert [(pair.entry.split, pair.entry.cluster, pair.attributes["scene"]) for pair in found] == [
        ("train", "25", "25"),
        ("test", "19", "19"),
    ]


@pytest.mark.parametrize("lost", ["visible/test/190001.jpg", "infrared/test/190001.jpg", "Annotations/190001.xml"])
def test_a_missing_twin_is_named_with_the_file_that_is_there(tmp_path, lost):
    official_tree(tmp_path, {("test", "190001"): [], ("test", "190002"): []})
    (tmp_path / lost).unlink()
    layout = recognise(SOURCE, tmp_path)
    first, second = SOURCE.entries(tmp_path, layout)
    with pytest.raises(InputFileError, match=rf"{lost}: missing, while its twin .*190001\.\w+ exists"):
        SOURCE.pair(tmp_path, layout, first)
    SOURCE.pair(tmp_path, layout, second)


def test_a_class_that_the_card_does_not_name_is_an_error(tmp_path):
    official_tree(tmp_path, {("test", "190001"): []})
    write_voc(tmp_path / "Annotations/190001.xml", size=(10, 8), boxes=[("persons", (1.0, 1.0, 2.0, 2.0))])
    with pytest.raises(LabelError, match=r"190001\.xml: holds the class 'persons', .* did you mean person\?"):
        pairs(tmp_path)


@needs("samples/detection-coco")
def test_the_cards_splits_are_those_of_the_published_lists():
    for split, file in (("train", "train.txt"), ("test", "val.txt")):
        names = (REPACK / file).read_text().split()
        facts = dataset_card("llvip").editions["official"].splits[split]
        assert len(names) == facts.count
        assert keys_sha256(names) == facts.keys_sha256
    assert len({name[:2] for name in (REPACK / "val.txt").read_text().split()}) == 7


@needs("samples/detection-coco")
@pytest.mark.parametrize(
    ("version", "path", "total"), [("v1", PREVIOUS, 7931), ("v2", REPACK / "annotations/val.json", 8302)]
)
def test_the_fingerprints_are_the_published_labels(version, path, total):
    content = json.loads(path.read_text())
    stems = {image["id"]: image["file_name"][-10:-4] for image in content["images"]}
    counts = Counter(stems[item["image_id"]] for item in content["annotations"])
    facts = dataset_card("llvip").label_sets[version]
    assert {stem: counts[stem] for stem in facts.fingerprint} == facts.fingerprint
    assert sum(counts.values()) == total
    assert f"{total:,} test boxes" in facts.version


@needs("samples/detection-coco")
def test_the_real_coco_repack_is_version_2_and_its_pairs_read(tmp_path):
    """The excerpt lists 3,463 images and holds two, so the images that are missing stay unopened."""
    for camera in ("vis_imgs", "ir_imgs"):
        for file in (REPACK / "val_imgs" / camera).iterdir():
            put(tmp_path, f"val_imgs/{camera}/{file.name}", file.read_bytes())
    put(tmp_path, "annotations/val.json", (REPACK / "annotations/val.json").read_bytes())
    layout = recognise(SOURCE, tmp_path)
    found = list(SOURCE.entries(tmp_path, layout))
    assert (layout.name, len(found)) == ("coco", 3463)
    for entry in found[:2]:
        pair = SOURCE.pair(tmp_path, layout, entry)
        assert (pair.images["rgb"].width, pair.images["lwir"].height) == (1280, 1024)
        assert pair.images["rgb"].data == (tmp_path / entry.files["rgb"]).read_bytes()
    boxes = SOURCE.pair(tmp_path, layout, found[0]).labels["v2"]
    assert boxes.raw[0].tolist() == [1018, 330, 119, 258]
    assert boxes.xyxy[0].tolist() == [1018, 330, 1137, 588]
    with pytest.raises(InputFileError, match=r"190003\.jpg: missing, while its twin"):
        SOURCE.pair(tmp_path, layout, found[2])


@needs("samples/detection-coco")
def test_tfdets_repack_is_version_1_and_its_boxes_are_moved_back(tmp_path):
    """It lists the paths of its author's machine, and corners that are 1 less than in the VOC files."""
    put(tmp_path, "coco_format/lwir_test.json", PREVIOUS.read_bytes())
    for folder, theirs in (("visible", "vis_imgs"), ("lwir", "ir_imgs")):
        for file in (REPACK / "val_imgs" / theirs).iterdir():
            put(tmp_path, f"{folder}/test/{file.name}", file.read_bytes())
    layout = recognise(SOURCE, tmp_path)
    found = list(SOURCE.entries(tmp_path, layout))
    assert (layout.name, len(found)) == ("tfdet", 3463)
    boxes = SOURCE.pair(tmp_path, layout, found[0]).labels["v1"]
    assert boxes.raw[0].tolist() == [1017, 329, 119, 258]
    assert boxes.xyxy[0].tolist() == [1018, 330, 1137, 588]


@needs("samples/detection-coco")
@pytest.mark.parametrize(("version", "path"), [("v1", PREVIOUS), ("v2", REPACK / "annotations/val.json")])
def test_the_published_number_of_boxes_is_the_cards(version, path):
    expected = dataset_card("llvip").editions["official"].splits["test"].objects[version]
    assert {"person": len(json.loads(path.read_text())["annotations"])} == expected


@needs("samples/llvip")
def test_real_pairs_in_the_official_layout_keep_their_bytes(tmp_path):
    theirs = {"visible": "Test_LLVIP_vi", "infrared": "Test_LLVIP_ir"}
    for ours, folder in theirs.items():
        for file in (SAMPLES / "llvip" / folder).iterdir():
            put(tmp_path, f"{ours}/test/{file.name}", file.read_bytes())
            write_voc(tmp_path / f"Annotations/{file.stem}.xml", size=(1280, 1024), boxes=[])
    found = pairs(tmp_path)
    assert len(found) == 12
    for pair in found:
        for modality, folder in (("rgb", "Test_LLVIP_vi"), ("lwir", "Test_LLVIP_ir")):
            image = pair.images[modality]
            assert image.data == (SAMPLES / "llvip" / folder / f"{pair.entry.official_id}.jpg").read_bytes()
            assert (image.width, image.height, image.channels) == (1280, 1024, 3)
    assert {pair.entry.cluster for pair in found} == {"19", "20"}
