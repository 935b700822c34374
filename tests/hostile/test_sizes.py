"""Files that are small for what they ask, or large for what they say: memory and time stay bounded."""

import json
import re

import cv2  # noqa: F401 - libraries take address space once, and are not what is measured
import numpy as np
import pytest
import simplejpeg  # noqa: F401

from rgbtbench.errors import InputFileError, PredictionError
from rgbtbench.formats import json_file
from rgbtbench.formats.attribute_table import read_attribute_table
from rgbtbench.formats.bbgt import read_bbgt
from rgbtbench.formats.coco_json import read_coco
from rgbtbench.formats.colour_mask import read_colour_mask
from rgbtbench.formats.cvc_text import read_cvc_text
from rgbtbench.formats.flir_json import read_flir_annotation, read_flir_categories
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.image_header import MAX_PIXELS
from rgbtbench.formats.index_mask import read_index_mask
from rgbtbench.formats.instruction_json import read_instructions
from rgbtbench.formats.json_file import read_json
from rgbtbench.formats.saliency_mask import read_saliency_mask
from rgbtbench.formats.voc_xml import read_voc
from rgbtbench.formats.yolo_txt import read_yolo
from rgbtbench.predictions import boxes
from rgbtbench.predictions.boxes import read_boxes
from tests.formats.files import file_of, put
from tests.hostile.confined import confined
from tests.hostile.mendable import refused
from tests.hostile.test_images import png_claiming


def within(folder, megabytes):
    return confined(writable=folder / "none", secret=folder / "none", seconds=20, megabytes=megabytes)


def huge(root, name, megabytes):
    """A file of zeros that takes no room on the disk."""
    path = put(root, name, b"")
    with path.open("r+b") as file:
        file.truncate(megabytes << 20)


ANY = re.compile(r".*")
READERS = {
    "a.xml": (lambda root: read_voc(root, "a.xml"), 100),
    "a.json": (lambda root: read_json(root, "a.json"), 300),
    "coco.json": (lambda root: read_coco(root, "coco.json"), 300),
    "rows.json": (lambda root: read_instructions(root, "rows.json"), 300),
    "flir.json": (lambda root: read_flir_annotation(root, "flir.json", {}), 300),
    "ids.txt": (lambda root: read_id_list(root, "ids.txt", pattern=ANY), 40),
    "attributes.csv": (lambda root: read_attribute_table(root, {}), 100),
    "bbgt.txt": (lambda root: read_bbgt(root, "bbgt.txt"), 100),
    "cvc.txt": (lambda root: read_cvc_text(root, "cvc.txt", name="person"), 100),
    "yolo.txt": (lambda root: read_yolo(root, "yolo.txt", names={}), 100),
    "a.jpg": (lambda root: read_any_image(root, "a.jpg"), 600),
    "a.png": (lambda root: read_index_mask(root, "a.png", kind="semantic", frame="both"), 600),
    "a.bmp": (lambda root: read_any_image(root, "a.bmp"), 600),
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_far_larger_than_any_of_its_kind_is_not_read(tmp_path, name):
    reader, megabytes = READERS[name]
    huge(tmp_path, name, megabytes)
    with within(tmp_path, 150), refused(name, f"{megabytes << 20} bytes; expected at most", kind=InputFileError):
        reader(tmp_path)


XML = {
    "a hundred megabytes of text": b"<a><object><name>" + b"x" * (100 << 20) + b"</name></object></a>",
    "five megabytes of text": b"<a><object><name>" + b"x" * (4_900_000) + b"</name></object></a>",
    "a million elements": b"<a>" + b"<b/>" * 1_200_000 + b"</a>",
    "a million attributes": b"<a " + b" ".join(b'a%d="1"' % number for number in range(300_000)) + b"/>",
}


@pytest.mark.parametrize("name", XML)
def test_xml_of_any_form_takes_bounded_memory(tmp_path, name):
    put(tmp_path, "a.xml", XML[name])
    with within(tmp_path, 700):
        try:
            answer = read_voc(tmp_path, "a.xml")
        except InputFileError as error:
            answer = str(error)
    assert answer == () or ("a.xml" in answer and len(answer) < 1000)


JSON = {
    "brackets": b"[" * 2_000_000,
    "empty lists": b"[" + b"[]," * 2_000_000 + b"[]]",
    "braces": b'{"a":' * 2_000_000,
    "whole numbers": b"[" + b"1," * 21_000_000 + b"1]",
    "blanks": b" " * 30_000_000,
    "a key a million times": b"{" + b'"a":1,' * 10_000_000 + b'"a":1}',
    "one text": b'"' + b"x" * 30_000_000 + b'"',
    "one number": b"9" * 30_000_000,
    "escapes": b'"' + b"\\u00e9" * 5_000_000 + b'"',
}
JSON_READERS = {
    "instances": lambda root: read_coco(root, "a.json"),
    "rows": lambda root: read_instructions(root, "a.json"),
    "classes": lambda root: read_flir_categories(root, "a.json"),
    "boxes of an image": lambda root: read_flir_annotation(root, "a.json", {1: "person"}),
}


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("reader", JSON_READERS)
def test_json_of_any_form_takes_bounded_memory(tmp_path, name, reader):
    put(tmp_path, "a.json", JSON[name])
    with within(tmp_path, 700), refused("a.json", kind=InputFileError):
        JSON_READERS[reader](tmp_path)


def test_the_number_of_values_is_bounded_before_they_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "MAX_JSON_VALUES", 100)
    put(tmp_path, "a.json", json.dumps([1] * 99))
    assert read_json(tmp_path, "a.json") == [1] * 99
    put(tmp_path, "a.json", json.dumps([[]] * 60))
    with refused("a.json", "holds up to 120 values; expected at most 100"):
        read_json(tmp_path, "a.json")
    monkeypatch.setattr(boxes, "MAX_JSON_VALUES", 100)
    with refused("a.json", "holds up to 120 values; expected at most 100", kind=PredictionError):
        read_boxes(tmp_path / "a.json", image_ids=[1], classes=[1])


def test_a_list_of_blank_lines_is_read_line_by_line(tmp_path):
    put(tmp_path, "ids.txt", b"\n" * (31 << 20))
    with within(tmp_path, 300), refused("ids.txt", "names nothing"):
        read_id_list(tmp_path, "ids.txt", pattern=ANY)


def test_a_table_of_cells_without_end_takes_bounded_memory(tmp_path):
    put(tmp_path, "attributes.csv", b"id" + b"," * (7 << 20))
    with within(tmp_path, 700), refused("attributes.csv:1", kind=InputFileError):
        read_attribute_table(tmp_path, {})


RASTERS = {
    "an index mask": lambda root: read_index_mask(root, "a.png", kind="saliency", frame="both"),
    "ground truth": lambda root: read_saliency_mask(root, "a.png", frame="both"),
    "a photograph": lambda root: read_any_image(root, "a.png"),
}


@pytest.mark.parametrize("reader", RASTERS)
def test_an_image_of_200_megapixels_is_refused_by_its_header(tmp_path, reader):
    rows = np.zeros((1, 1), np.uint8).tobytes()
    put(tmp_path, "a.png", png_claiming(20_000, 10_000, rows=rows))
    with within(tmp_path, 150), refused("a.png", f"at most {MAX_PIXELS} pixels"):
        RASTERS[reader](tmp_path)


def test_the_largest_image_that_is_read_takes_a_bounded_number_of_bytes_per_pixel(tmp_path):
    """Measured at a twenty-fifth of the limit, so that the limit itself costs less than two gigabytes."""
    side, most = 2000, 20
    pixels = np.zeros((side, side, 3), np.uint8)
    put(tmp_path, "a.png", file_of(pixels))
    put(tmp_path, "grey.png", file_of(pixels[..., 0]))
    put(tmp_path, "a.jpg", file_of(pixels, "jpeg"))
    put(tmp_path, "a.bmp", file_of(pixels, "bmp"))
    with within(tmp_path, 150 + (side * side * most >> 20)):
        read_colour_mask(tmp_path, "a.png", palette={(0, 0, 0): 0}, frame="both")
        read_index_mask(tmp_path, "grey.png", kind="semantic", frame="both")
        read_saliency_mask(tmp_path, "a.jpg", frame="both")
        read_any_image(tmp_path, "a.bmp")
