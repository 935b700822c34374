"""Oriented boxes are scored as DroneVehicle's own script scores them: eleven recalls, quadrilaterals, IoU above 0.5."""

import json

import numpy as np
import pytest

import rgbtbench
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset
from rgbtbench.errors import PredictionError
from rgbtbench.loading.prepared import open_split
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare

SOURCE = dataset("drone_vehicle")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drone")
    SOURCE.fake(folder / "raw", SOURCE.layouts[0], {"test": 5}, seed=3)
    prepare(SOURCE, dataset_card("drone_vehicle"), folder / "raw", folder / "out", workers=1, allow_differences=True)
    return folder / "out"


def rows_of(prepared, change=lambda corners: corners):
    """Return the labels as detections whose scores fall from row to row."""
    split, found = open_split(prepared, "test"), []
    for position in range(len(split)):
        boxes = split[position].boxes["boxes_lwir"]
        for corners, label in zip(boxes.corners, boxes.labels.tolist(), strict=True):
            row = {"image_id": split.image_ids[position], "category_id": label, "score": 1 - len(found) / 1000}
            found.append(row | {"polygon": change(corners).ravel().tolist()})
    return found


def scored(prepared, rows, folder, name="ap50-oriented@lwir+voc07"):
    path = folder / "results.json"
    path.write_text(json.dumps(rows))
    ids = protocols_of(open_split(prepared, "test").manifest)
    (protocol,) = [protocol for protocol in ids if protocol.endswith(f"/{name}")]
    return rgbtbench.score(protocol, path, data=prepared)


@pytest.mark.parametrize(
    "change", [np.asarray, lambda corners: corners[::-1], lambda corners: np.roll(corners, 1, axis=0)]
)
def test_the_labels_are_perfect_whichever_way_their_corners_run(prepared, tmp_path, change):
    assert scored(prepared, rows_of(prepared, change), tmp_path).metrics["ap50"] == pytest.approx(100)


def test_classes_without_objects_are_left_out_of_the_mean(prepared, tmp_path):
    result = scored(prepared, rows_of(prepared), tmp_path)
    known = {row["category_id"] for row in rows_of(prepared)}
    names = {
        facts.name for facts in dataset_card("drone_vehicle").label_sets["boxes_lwir"].classes if facts.id in known
    }
    assert {name for name, values in result.per_class.items() if values["ap50"] is not None} == names


def test_a_turned_box_shares_less_than_the_upright_box_around_it(prepared, tmp_path):
    # A quarter turn of a long box about its middle keeps its area and loses most of the overlap.
    def turned(corners):
        middle = corners.mean(axis=0)
        return (corners - middle)[:, ::-1] * (1, -1) + middle

    assert scored(prepared, rows_of(prepared, turned), tmp_path).metrics["ap50"] < 60


def test_upright_rules_look_at_the_upright_boxes_around_corners(prepared, tmp_path):
    result = scored(prepared, rows_of(prepared), tmp_path, "ap@lwir")
    assert result.metrics["ap"] == pytest.approx(100)


def test_upright_detections_are_refused_where_oriented_ones_are_scored(prepared, tmp_path):
    rows = [{**row, "bbox": [1, 2, 3, 4]} for row in rows_of(prepared)]
    for row in rows:
        del row["polygon"]
    with pytest.raises(PredictionError, match="polygon"):
        scored(prepared, rows, tmp_path)


@pytest.mark.parametrize("polygon", [[1, 2, 3], "square", [1, 2, 3, 4, 5, 6, 7, None]])
def test_a_malformed_quadrilateral_is_named(prepared, tmp_path, polygon):
    rows = rows_of(prepared)
    rows[3]["polygon"] = polygon
    with pytest.raises(PredictionError, match="row 3: polygon"):
        scored(prepared, rows, tmp_path)
