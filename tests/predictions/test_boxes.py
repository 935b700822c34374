"""COCO results of outsiders: each fault names its row."""

import json

import numpy as np
import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.predictions import Sidecar, read_boxes, read_sidecar
from rgbtbench.predictions.sidecar import require_match, sidecar_bytes

ROW = {"image_id": 1, "category_id": 2, "bbox": [1.0, 2, 3, 4], "score": 0.5}
DETECTION = Sidecar(task="detection", dataset="town", edition="official", split="test", label_set="objects")


def read(path, text, images=(1, 2), classes=(1, 2)):
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return read_boxes(path, image_ids=images, classes=classes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 9}, r"row 1: 9 is no image of the split"),
        ({"image_id": "1"}, r"row 1: image_id '1' is no whole number"),
        ({"image_id": True}, r"row 1: image_id True is no whole number"),
        ({"category_id": 0}, r"row 1: 0 is no category_id of \[1, 2\]"),
        ({"category_id": 1.5}, r"row 1: category_id 1.5 is no whole number"),
        ({"score": float("nan")}, r"row 1: nan is no finite score"),
        ({"score": float("inf")}, r"row 1: inf is no finite score"),
        ({"score": None}, r"row 1: score None is no number"),
        ({"bbox": [0, 0, -1, 5]}, r"row 1: .* is a bbox .* without area"),
        ({"bbox": [0, 0, 5, 0]}, r"row 1: .* is a bbox .* without area"),
        ({"bbox": [0, float("-inf"), 5, 5]}, r"row 1: .* is no finite bbox"),
        ({"bbox": [1e300, 0, 1e300, 5]}, r"row 1: .* is a bbox far outside of every image"),
        ({"bbox": [0, 0, 5]}, r"row 1: bbox \[0, 0, 5\] is not"),
        ({"bbox": ["0", 0, 5, 5]}, r"row 1: bbox .* is not"),
        ({"image_id": 10**30}, "a number is too large"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, change, message):
    with pytest.raises(PredictionError, match=message) as caught:
        read(tmp_path / "results.json", [ROW, {**ROW, **change}])
    assert str(tmp_path / "results.json") in str(caught.value)


@pytest.mark.parametrize("field", list(ROW))
def test_a_field_that_a_row_has_twice_is_refused(tmp_path, field):
    row = json.dumps(ROW)
    text = f"[{row}, {row[:-1]}, {json.dumps(field)}: {json.dumps(ROW[field])}}}]"
    with pytest.raises(PredictionError, match=f"is not JSON: an object has the field '{field}' twice"):
        read(tmp_path / "results.json", text)


def test_a_field_may_be_there_again_inside_of_another(tmp_path):
    row = {**ROW, "source": {"score": 0.1, "image_id": 7}}
    assert len(read(tmp_path / "results.json", [row, row]).scores) == 2


@pytest.mark.parametrize("field", list(ROW))
def test_a_missing_field_is_named(tmp_path, field):
    with pytest.raises(PredictionError, match=f"row 0: {field} is missing"):
        read(tmp_path / "results.json", [{name: value for name, value in ROW.items() if name != field}])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"annotations": []}', "holds dict; expected a list of rows"),
        ("[3]", "row 0: int instead of a mapping"),
    ],
    ids=["empty", "torn", "deep", "ground truth", "numbers"],
)
def test_a_file_that_is_no_results_file_says_why(tmp_path, text, message):
    with pytest.raises(PredictionError, match=message):
        read(tmp_path / "results.json", text)


def test_further_faulty_rows_are_counted(tmp_path):
    with pytest.raises(PredictionError, match=r"row 0: 9 is no image of the split \(and 2 more rows\)"):
        read(tmp_path / "results.json", [{**ROW, "image_id": 9}] * 3)


def test_an_empty_list_is_a_result(tmp_path):
    found = read(tmp_path / "results.json", [])
    assert found.xywh.shape == (0, 4)
    assert len(found.sha256) == 64


def test_rows_may_come_in_any_order_and_carry_more(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        {
            "image_id": int(rng.integers(1, 3)),
            "category_id": int(rng.integers(1, 3)),
            "bbox": rng.integers(1, 4, 4).tolist(),
            "score": round(float(rng.random()), 1),
            "segmentation": [],
        }
        for _ in range(60)
    ]
    first = read(tmp_path / "a.json", rows)
    second = read(tmp_path / "b.json", [rows[at] for at in rng.permutation(60)])
    assert first.sha256 == second.sha256
    assert np.array_equal(first.xywh, second.xywh)
    assert first.sha256 != read(tmp_path / "c.json", rows[1:]).sha256


def test_a_folder_is_searched_for_its_results(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps([ROW]))
    (tmp_path / "predictions.json").write_bytes(sidecar_bytes(DETECTION))
    assert len(read_boxes(tmp_path, image_ids=[1], classes=[2]).scores) == 1
    assert read_sidecar(tmp_path / "mine.json") == read_sidecar(tmp_path) == DETECTION
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(PredictionError, match=r"holds 2 JSON files; expected a detections.json"):
        read_boxes(tmp_path, image_ids=[1], classes=[2])
    (tmp_path / "detections.json").write_text("[]")
    assert len(read_boxes(tmp_path, image_ids=[1], classes=[2]).scores) == 0


def test_a_results_file_may_have_the_name_of_the_sidecar(tmp_path):
    (tmp_path / "predictions.json").write_text(json.dumps([ROW]))
    assert read_sidecar(tmp_path / "predictions.json") is None
    assert len(read_boxes(tmp_path / "predictions.json", image_ids=[1], classes=[2]).scores) == 1


def test_a_path_that_does_not_exist_is_a_clear_mistake(tmp_path):
    with pytest.raises(PredictionError, match="no such file or folder"):
        read_boxes(tmp_path / "none.json", image_ids=[1], classes=[1])


@pytest.mark.parametrize("field", ["task", "dataset", "edition", "split", "label_space", "keys_sha256"])
def test_a_sidecar_must_fit_what_is_scored(field):
    other = {"task": "semantic", "label_space": "unified", "keys_sha256": "0" * 64}.get(field, "other")
    sidecar = DETECTION.model_copy(update={field: other})
    expected = DETECTION.model_copy(update={"keys_sha256": "f" * 64})
    with pytest.raises(PredictionError, match=f"made for {field} '{other}'"):
        require_match(sidecar, expected, path="there")
    require_match(DETECTION, expected, path="there")  # without a list of keys nothing is compared
    require_match(DETECTION.model_copy(update={"label_set": "v1"}), expected, path="there")


def test_tools_for_one_class_may_call_it_1(tmp_path):
    """Where one class is scored, whatever its id, and in all rows; otherwise 1 is a class like others."""
    rows = [{**ROW, "category_id": 1}, {**ROW, "category_id": 1, "score": 0.25}]
    assert read(tmp_path / "a.json", rows, classes=(91,)).labels.tolist() == [91, 91]
    with pytest.raises(PredictionError, match=r"row 1: 2 is no category_id of \[91\]"):
        read(tmp_path / "b.json", [{**ROW, "category_id": 91}, ROW], classes=(91,))
    with pytest.raises(PredictionError, match=r"row 0: 1 is no category_id of \[2, 91\]"):
        read(tmp_path / "c.json", rows, classes=(2, 91))
