"""pycocotools finds in a COCO export what the shards hold."""

import json

import numpy as np
import pytest

from rgbtbench.exporting.export import export
from rgbtbench.labels import IGNORE
from rgbtbench.loading.prepared import open_split

from ..aerial import corners

coco = pytest.importorskip("pycocotools.coco")
cocoeval = pytest.importorskip("pycocotools.cocoeval")
image = pytest.importorskip("PIL.Image")


def opened(out, split):
    return coco.COCO(str(out / f"annotations/instances_{split}.json"))


@pytest.mark.parametrize("label_set", ["people", "hot"])
def test_every_image_and_box_is_there(tiny, tmp_path, label_set):
    export(tiny, tmp_path / "out", format_name="coco", label_set=label_set)
    for split in ("train", "test"):
        found, expected = opened(tmp_path / "out", split), open_split(tiny, split)
        assert tuple(found.getImgIds()) == expected.image_ids
        assert {row["id"]: row["name"] for row in found.dataset["categories"]} == expected.classes(label_set)
        assert [row["id"] for row in found.dataset["annotations"]] == list(range(1, len(found.anns) + 1))
        for position, sample in enumerate(expected):
            boxes = sample.boxes[label_set]
            rows = found.loadAnns(found.getAnnIds(expected.image_ids[position]))
            assert [row["category_id"] for row in rows] == boxes.labels.tolist()
            assert [row["iscrowd"] for row in rows] == boxes.ignore.tolist()
            corners = np.array([row["bbox"] for row in rows]).reshape(-1, 4)
            assert np.array_equal(corners[:, 2:] + corners[:, :2], boxes.xyxy[:, 2:])
            assert np.array_equal(corners[:, :2], boxes.xyxy[:, :2])


@pytest.mark.parametrize(("label_set", "camera"), [("people", "rgb"), ("hot", "lwir")])
def test_file_names_lead_to_the_camera_that_the_boxes_follow(tiny, tmp_path, label_set, camera):
    export(tiny, tmp_path / "out", format_name="coco", label_set=label_set)
    samples = open_split(tiny, "test")
    for row, sample in zip(opened(tmp_path / "out", "test").dataset["images"], samples, strict=True):
        assert row["file_name"] == f"{sample.key}.png"
        folder = tmp_path / "out/images" / camera / "test"
        with image.open(folder / row["file_name"]) as pixels:
            assert pixels.size == (row["width"], row["height"])
        for name, path in row["files"].items():
            stored = samples.member(samples.keys.index(row["key"]), f"{name}.png")
            assert (tmp_path / "out" / path).read_bytes() == stored
        assert row["attributes"] == sample.attributes


def test_regions_without_a_class_are_crowds_of_every_class(tiny, tmp_path):
    summary = export(tiny, tmp_path / "out", format_name="coco", label_set="people", label_space="unified")
    found = opened(tmp_path / "out", "test")
    samples = open_split(tiny, "test", label_space="unified")
    classes = list(samples.classes("people"))
    for number, sample in zip(samples.image_ids, samples, strict=True):
        boxes = sample.boxes["people"]
        expected = [
            (category, int(ignore))
            for label, ignore in zip(boxes.labels.tolist(), boxes.ignore.tolist(), strict=True)
            for category in (classes if label == IGNORE else [label])
        ]
        assert [(row["category_id"], row["iscrowd"]) for row in found.loadAnns(found.getAnnIds(number))] == expected
    notes = {note.text: note.count for note in summary.notes}
    # Six training and four test images show a person, a group without a class here and a poster that is no object.
    assert notes["regions of no class are crowd regions of every class"] == 10
    assert notes["objects of classes that the label space does not have are left out"] == 10


def test_oriented_boxes_are_polygons(aerial, tmp_path):
    export(aerial, tmp_path / "out", format_name="coco")
    found = opened(tmp_path / "out", "train")
    rows = [row for row in found.dataset["annotations"] if row["image_id"] == 3]
    assert [row["segmentation"] for row in rows] == [[shape.ravel().tolist()] for shape in corners(2)]
    assert [row["bbox"] for row in rows] == [[1.0, 1.0, 7.0, 5.0], [10.5, 2.0, 5.5, 7.0]]
    assert [row["area"] for row in rows] == [20.0, 38.5]
    # pycocotools fills the first polygon with about as many pixels.
    assert found.annToMask(rows[0]).sum() == pytest.approx(20, abs=3)


def test_hidden_and_occluded_objects_are_told_apart(scenes, tmp_path):
    summary = export(scenes, tmp_path / "out", format_name="coco")
    rows = opened(tmp_path / "out", "test").dataset["annotations"]
    boxes = [sample.boxes["boxes"] for sample in open_split(scenes, "test")]
    assert [row["occlusion"] for row in rows] == np.concatenate([of.occlusion for of in boxes]).tolist()
    assert [row["iscrowd"] for row in rows] == np.concatenate([of.ignore for of in boxes]).tolist()
    occluded = sum(int((of.occlusion > 0).sum()) for of in boxes)
    assert occluded
    assert {note.text: note.count for note in summary.notes}[
        "occlusion is in a field that COCO's tools pass over"
    ] == occluded


def test_results_that_name_our_images_and_classes_fit(scenes, tmp_path):
    """Every box that counts, found once: pycocotools must see no miss and no false positive."""
    export(scenes, tmp_path / "out", format_name="coco")
    truth = opened(tmp_path / "out", "test")
    samples = open_split(scenes, "test")
    results = [
        {"image_id": number, "category_id": label, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": 1.0}
        for number, sample in zip(samples.image_ids, samples, strict=True)
        for (x1, y1, x2, y2), label in zip(
            sample.boxes["boxes"].xyxy.tolist(), sample.boxes["boxes"].labels.tolist(), strict=True
        )
    ]
    (tmp_path / "results.json").write_text(json.dumps(results))
    evaluation = cocoeval.COCOeval(truth, truth.loadRes(str(tmp_path / "results.json")), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == 1.0
