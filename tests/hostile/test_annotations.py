"""Annotation files that try to read, to fill the memory, or that are simply wrong."""

import json

import pytest

from rgbtbench.datasets import recognise
from rgbtbench.datasets.synthetic import _read_annotation
from rgbtbench.formats import json_file, voc_xml
from tests.formats.files import file_of, noise, put
from tests.hostile.mendable import refused
from tests.hostile.trees import LLVIP, first_pair, llvip_tree

XML = "Annotations/190001.xml"
OBJECT = "<object><name>{}</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCUMENTS = {
    "an entity": '<!DOCTYPE a [<!ENTITY x "person">]>',
    "a billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]>',
    "an external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "an external document type": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
    "a parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_xml_with_a_document_type_is_refused_unexpanded(tmp_path, name):
    used = {"an entity": "&x;", "a billion laughs": "&l9;", "an external entity": "&x;"}.get(name, "person")
    put(llvip_tree(tmp_path), XML, f'<?xml version="1.0"?>{DOCUMENTS[name]}<a>{OBJECT.format(used)}</a>')
    with refused(XML, "XML with a document type or entities"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize(
    "content",
    ["<annotation>", "not xml", "<a/><b/>", "\0", "<annotation><object></annotation>", "<a>\ud7ff&undefined;</a>"],
)
def test_what_is_no_xml_is_refused(tmp_path, content):
    put(llvip_tree(tmp_path), XML, content)
    with refused(XML):
        first_pair(LLVIP, tmp_path)


def test_xml_nested_a_hundred_thousand_deep_neither_crashes_nor_hangs(tmp_path):
    put(llvip_tree(tmp_path), XML, "<a>" * 100_000 + "</a>" * 100_000)
    (boxes,) = first_pair(LLVIP, tmp_path).labels.values()
    assert len(boxes.labels) == 0


def test_an_annotation_file_of_absurd_size_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(voc_xml, "MAX_XML_BYTES", 1000)
    put(llvip_tree(tmp_path), XML, f"<a>{OBJECT.format('person') * 20}</a>")
    with refused(XML, "expected at most 1000"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize("numbers", ["5 5 5 9", "5 9 9 5", "nan 1 2 3", "1 1 inf 3", "1 1 x 3", "1 1 2"])
def test_a_box_without_extent_or_numbers_is_refused(tmp_path, numbers):
    edges = "".join(f"<{e}>{n}</{e}>" for e, n in zip(("xmin", "ymin", "xmax", "ymax"), numbers.split(), strict=False))
    put(llvip_tree(tmp_path), XML, f"<a><object><name>person</name><bndbox>{edges}</bndbox></object></a>")
    with refused(XML, "object 1"):
        first_pair(LLVIP, tmp_path)


def test_a_class_name_is_never_trusted(tmp_path):
    put(llvip_tree(tmp_path), XML, f"<a>{OBJECT.format('&lt;script&gt;')}</a>")
    with refused(XML, "holds the class '<script>'"):
        first_pair(LLVIP, tmp_path)


def coco_tree(root, text):
    for camera in ("vis_imgs", "ir_imgs"):
        put(root, f"val_imgs/{camera}/190001.jpg", file_of(noise(48, 64, 3), "jpeg"))
    put(root, "annotations/val.json", text)
    return root


BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}


def instances(*boxes, names=("190001.jpg",)):
    return json.dumps(
        {
            "images": [{"id": number, "file_name": name} for number, name in enumerate(names, 1)],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": list(boxes),
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        "[" * 500_000,
        instances({**BOX, "bbox": [1, 2, float("nan"), 4]}),
        instances({**BOX, "bbox": [1, 2, 3, 4]}, BOX),
        instances({**BOX, "category_id": 2}),
        instances({**BOX, "image_id": {"$gt": 0}}),
        instances(BOX).replace("3", "1e400"),
        instances(BOX).replace("3", "9" * 5000),
        instances(BOX, names=("190001.jpg", "190001.jpg")),
        instances(BOX, names=()),
        "\ufeff{}",
        "null",
    ],
)
def test_an_instances_file_that_is_none_is_refused_when_samples_are_listed(tmp_path, text):
    coco_tree(tmp_path, text)
    with refused("annotations/val.json"):
        list(LLVIP.entries(tmp_path, recognise(LLVIP, tmp_path)))


@pytest.mark.parametrize(
    "name", ["../../190001.jpg", "/etc/passwd", "190001.jpg/../190002.jpg", "190001.png", "１９０００１.jpg"]
)
def test_file_names_in_an_instances_file_cannot_lead_elsewhere(tmp_path, name):
    coco_tree(tmp_path, instances(BOX, names=(name,)))
    with refused("annotations/val.json", "is no image of this dataset"):
        list(LLVIP.entries(tmp_path, recognise(LLVIP, tmp_path)))


def test_an_instances_file_of_absurd_size_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "MAX_JSON_BYTES", 10)
    coco_tree(tmp_path, instances(BOX))
    with refused("annotations/val.json", "expected at most 10"):
        list(LLVIP.entries(tmp_path, recognise(LLVIP, tmp_path)))


SCENE = {
    "version": 1,
    "attributes": {"time_of_day": "day"},
    "caption": "a street",
    "objects": [
        {"box": [1.0, 2.0, 3.0, 4.0], "label": 6, "ignore": False, "occlusion": 0, "contrast": {"rgb": 0.5, "lwir": 1}}
    ],
}


def scene(**changes):
    return json.dumps({**SCENE, "objects": [{**SCENE["objects"][0], **changes}]})


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "null",
        json.dumps({**SCENE, "version": 2}),
        json.dumps({**SCENE, "attributes": []}),
        json.dumps({**SCENE, "objects": {}}),
        json.dumps({**SCENE, "objects": [None]}),
        json.dumps({**SCENE, "more": 1}),
        scene(box=[1, 2, 3]),
        scene(box=[3, 2, 1, 4]),
        scene(box=[1, 2, 3, float("nan")]),
        scene(box=[1, 2, 3, 10**400]),
        scene(label="6"),
        scene(label=-1),
        scene(ignore=2),
        scene(contrast={"rgb": 1}),
    ],
)
def test_an_annotation_of_a_rendered_scene_is_believed_no_more_than_any_other(tmp_path, text):
    put(tmp_path, "a.json", text)
    with refused("a.json", "no annotation of this dataset"):
        _read_annotation(tmp_path, "a.json")


def test_the_annotation_of_a_rendered_scene_is_read_as_it_was_written(tmp_path):
    put(tmp_path, "a.json", json.dumps(SCENE))
    assert json.loads(_read_annotation(tmp_path, "a.json").model_dump_json()) == SCENE
