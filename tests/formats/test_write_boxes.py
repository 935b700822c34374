"""Trees that are written can be read back, and an outside tool reads them too."""

import json

import numpy as np
import pytest
from pycocotools.coco import COCO

from rgbtbench.cards.dataset import ClassFacts, LabelSetFacts
from rgbtbench.errors import LabelError
from rgbtbench.formats.box_list import plain_boxes, raw_numbers, xyxy_of_xywh
from rgbtbench.formats.coco_json import read_coco
from rgbtbench.formats.voc_xml import read_voc
from rgbtbench.formats.write_boxes import write_coco, write_voc

BOXES = [("person", (1.0, 2.0, 4.0, 8.5)), ("a <b> & c", (0.0, 0.0, 9.0, 7.0))]
FACTS = LabelSetFacts(
    kind="boxes",
    frame="both",
    classes=(
        ClassFacts(id=4, name="person", unified="person"),
        ClassFacts(id=2, name="a <b> & c", unified="drop"),
    ),
)


def test_voc_and_coco_hold_the_same_boxes(tmp_path):
    write_voc(tmp_path / "x" / "a.xml", size=(9, 7), boxes=BOXES)
    write_coco(tmp_path / "y" / "val.json", size=(9, 7), boxes={"a.jpg": BOXES, "b.jpg": []})
    voc, coco = read_voc(tmp_path, "x/a.xml"), read_coco(tmp_path, "y/val.json")
    assert [(item.name, item.numbers) for item in voc] == BOXES
    np.testing.assert_array_equal(xyxy_of_xywh(raw_numbers(coco["a.jpg"].boxes)), raw_numbers(voc))
    assert coco["b.jpg"].boxes == ()
    assert raw_numbers(coco["b.jpg"].boxes).shape == (0, 4)


def test_pycocotools_reads_the_instances_file(tmp_path):
    write_coco(tmp_path / "val.json", size=(9, 7), boxes={"a.jpg": BOXES})
    found = COCO(str(tmp_path / "val.json"))
    assert [item["bbox"] for item in found.loadAnns(found.getAnnIds())] == [[1, 2, 3, 6.5], [0, 0, 9, 7]]
    assert {item["name"] for item in found.loadCats(found.getCatIds())} == {name for name, _ in BOXES}
    assert min(item["id"] for item in json.loads((tmp_path / "val.json").read_text())["annotations"]) == 1


def test_boxes_carry_native_ids_raw_numbers_and_no_guess_about_occlusion(tmp_path):
    write_voc(tmp_path / "a.xml", size=(9, 7), boxes=BOXES)
    written = read_voc(tmp_path, "a.xml")
    raw = raw_numbers(written)
    boxes = plain_boxes(written, raw - 1, FACTS, convention="from 1", path=tmp_path / "a.xml")
    assert boxes.labels.tolist() == [4, 2]
    assert boxes.raw.tolist() == raw.tolist()
    assert boxes.xyxy.tolist() == (raw - 1).tolist()
    assert boxes.occlusion.tolist() == [-1, -1]
    assert not boxes.ignore.any()
    assert (boxes.frame, boxes.convention) == ("both", "from 1")


def test_an_unknown_class_name_is_an_error_with_file_and_suggestion(tmp_path):
    write_voc(tmp_path / "a.xml", size=(9, 7), boxes=[("persn", (0.0, 0.0, 1.0, 1.0))])
    written = read_voc(tmp_path, "a.xml")
    with pytest.raises(LabelError, match=r"a\.xml: holds the class 'persn', .*; did you mean person\?"):
        plain_boxes(written, raw_numbers(written), FACTS, convention="", path=tmp_path / "a.xml")
