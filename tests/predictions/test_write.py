"""Writers leave either a finished folder or one that says it is not."""

import json
from contextlib import suppress

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.errors import InputFileError, PredictionError
from rgbtbench.predictions import (
    BoxPrediction,
    BoxWriter,
    MaskPrediction,
    MaskWriter,
    SaliencyPrediction,
    SaliencyWriter,
    Sidecar,
    read_boxes,
    read_masks,
    read_sidecar,
)
from rgbtbench.predictions.masks import mask_sha256, masks_sha256
from rgbtbench.predictions.saliency_maps import map_sha256, stored_maps

SEMANTIC = Sidecar(task="semantic", dataset="town", edition="official", split="test", label_set="semantic")
SALIENCY = Sidecar(task="saliency", dataset="town", edition="official", split="test", label_set="saliency")
DETECTION = Sidecar(task="detection", dataset="town", edition="official", split="test", label_set="objects")
MASK = np.arange(12, dtype=np.uint8).reshape(3, 4)


def boxes(key, corners=((1.0, 2.0, 4.0, 8.0),), scores=(0.5,), labels=(1,)):
    return BoxPrediction(
        key, np.array(corners, np.float64).reshape(-1, 4), np.array(scores, np.float64), np.array(labels, np.int64)
    )


def test_masks_come_back_as_they_were_written(tmp_path):
    with MaskWriter(tmp_path / "out", SEMANTIC) as writer:
        writer.write(MaskPrediction("night/000", MASK))
        writer.write(MaskPrediction("a", MASK[::-1]))
    found = list(read_masks(tmp_path / "out", {"a": (3, 4), "night/000": (3, 4)}))
    assert [prediction.key for prediction in found] == ["a", "night/000"]
    assert np.array_equal(found[1].mask, MASK)
    assert (tmp_path / "out" / "night" / "000.png").is_file()


def test_the_sidecar_names_the_keys_that_were_written(tmp_path):
    with MaskWriter(tmp_path, SEMANTIC) as writer:
        writer.write(MaskPrediction("b", MASK))
        writer.write(MaskPrediction("a", MASK))
    found = read_sidecar(tmp_path)
    assert found.keys_sha256 == keys_sha256(["a", "b"])
    hashes = {"keys_sha256": None, "predictions_sha256": None}
    assert found.model_copy(update=hashes) == SEMANTIC


def test_the_sidecar_holds_the_hash_that_reading_masks_back_gives(tmp_path):
    with MaskWriter(tmp_path, SEMANTIC) as writer:
        for key in ("b", "a", "night/0"):
            writer.write(MaskPrediction(key, MASK + len(key)))
    masks = read_masks(tmp_path, dict.fromkeys(["a", "b", "night/0"], (3, 4)))
    digests = {prediction.key: mask_sha256(prediction.mask) for prediction in masks}
    assert read_sidecar(tmp_path).predictions_sha256 == masks_sha256(digests)


@pytest.mark.parametrize("some", [True, False])
def test_the_sidecar_holds_the_hash_that_reading_boxes_back_gives(tmp_path, some):
    generator = np.random.default_rng(0)
    with BoxWriter(tmp_path, DETECTION, image_ids={"a": 7, "b": 3, "c": 5}) as writer:
        for key in ("a", "b", "c") if some else ():
            corners = generator.random((9, 4)).astype(np.float32)
            corners[:, 2:] += 1
            scores = generator.integers(0, 3, 9) / np.float32(3)
            writer.write(boxes(key, corners, scores, generator.integers(1, 3, 9)))
    found = read_boxes(tmp_path, image_ids=[3, 5, 7], classes=[1, 2])
    assert len(found.scores) == 27 * some
    assert read_sidecar(tmp_path).predictions_sha256 == found.sha256


def test_boxes_come_back_as_they_were_written(tmp_path):
    with BoxWriter(tmp_path / "out", DETECTION, image_ids={"a": 7, "b": 3, "c": 5}) as writer:
        writer.write(boxes("a"))
        writer.write(boxes("b", [(0, 0, 1, 1), (0.25, 0, 2, 2)], [0.1, 0.9], [2, 1]))
        writer.write(boxes("c", [], [], []))
    found = read_boxes(tmp_path / "out", image_ids=[3, 5, 7], classes=[1, 2])
    assert found.image_ids.tolist() == [3, 3, 7]
    assert found.scores.tolist() == [0.9, 0.1, 0.5]
    assert found.xywh.tolist() == [[0.25, 0, 1.75, 2], [0, 0, 1, 1], [1, 2, 3, 6]]
    assert found.labels.tolist() == [1, 2, 1]


def test_no_boxes_at_all_is_a_finished_file(tmp_path):
    with BoxWriter(tmp_path, DETECTION, image_ids={"a": 1}) as writer:
        writer.write(boxes("a", [], [], []))
    assert json.loads((tmp_path / "detections.json").read_text()) == []


def test_an_interrupted_run_is_not_read_and_can_be_repeated(tmp_path):
    def run(fail):
        with MaskWriter(tmp_path / "out", SEMANTIC) as writer:
            writer.write(MaskPrediction("a", MASK))
            if fail:
                raise KeyboardInterrupt
            writer.write(MaskPrediction("b", MASK))

    with pytest.raises(KeyboardInterrupt):
        run(fail=True)
    with pytest.raises(PredictionError, match="were never finished"):
        list(read_masks(tmp_path / "out", {"a": (3, 4)}))
    run(fail=False)
    assert len(list(read_masks(tmp_path / "out", {"a": (3, 4), "b": (3, 4)}))) == 2


def test_an_interrupted_detection_run_leaves_no_results_file(tmp_path):
    with suppress(KeyboardInterrupt), BoxWriter(tmp_path, DETECTION, image_ids={"a": 1}) as writer:
        writer.write(boxes("a"))
        raise KeyboardInterrupt
    assert not (tmp_path / "detections.json").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.png").write_bytes(b"precious")
    with pytest.raises(PredictionError, match="the folder is not empty"), MaskWriter(tmp_path / "labels", SEMANTIC):
        pass
    assert (tmp_path / "labels" / "a.png").read_bytes() == b"precious"


@pytest.mark.parametrize("mask", [MASK.astype(np.int64), np.zeros((3, 4, 1), np.uint8)])
def test_only_masks_of_ids_are_written(tmp_path, mask):
    with pytest.raises(PredictionError, match=r"expected uint8 \(H, W\)"), MaskWriter(tmp_path, SEMANTIC) as writer:
        writer.write(MaskPrediction("a", mask))


def test_a_key_is_written_once_and_cannot_leave_the_folder(tmp_path):
    with MaskWriter(tmp_path, SEMANTIC) as writer:
        writer.write(MaskPrediction("a", MASK))
        with pytest.raises(PredictionError, match="a is predicted twice"):
            writer.write(MaskPrediction("a", MASK))
        with pytest.raises(InputFileError, match="cannot be stored"):
            writer.write(MaskPrediction("../a", MASK))


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (boxes("x"), "x is no image of the split"),
        (boxes("a", scores=[np.nan]), "not finite"),
        (boxes("a", [(0, 0, np.inf, 1)]), "not finite"),
        (boxes("a", [(4, 4, 4, 8)]), "no area"),
        (boxes("a", scores=[0.1, 0.2]), "do not belong together"),
    ],
)
def test_boxes_that_could_not_be_scored_are_refused_while_writing(tmp_path, prediction, message):
    with (
        pytest.raises(PredictionError, match=message),
        BoxWriter(tmp_path, DETECTION, image_ids={"a": 1}) as writer,
    ):
        writer.write(prediction)


def test_saliency_maps_come_back_to_the_65535th_part(tmp_path):
    saliency = np.random.default_rng(0).random((5, 7), np.float32)
    saliency[0, :2] = 0, 1
    with SaliencyWriter(tmp_path, SALIENCY) as writer:
        writer.write(SaliencyPrediction("night/0", saliency))
    (stored,) = stored_maps(tmp_path, {"night/0": (5, 7)})
    levels = stored.levels((5, 7))
    assert levels.dtype == np.uint16
    assert (levels[0, 0], levels[0, 1]) == (0, 65535)
    assert np.abs(levels / 65535 - saliency).max() <= 0.5 / 65535 + 1e-7
    assert read_sidecar(tmp_path).predictions_sha256 == masks_sha256({"night/0": map_sha256(levels)})


@pytest.mark.parametrize(
    ("saliency", "message"),
    [
        (np.full((3, 4), 1.5), "map from 1.5 to 1.5; expected finite numbers from 0 to 1"),
        (np.full((3, 4), np.nan), "expected finite numbers from 0 to 1"),
        (np.full((1, 3, 4), 0.5), r"map of float64 \(1, 3, 4\); expected floating-point"),
        (np.ones((3, 4), np.uint8), "map of uint8"),
    ],
)
def test_what_is_no_saliency_is_not_written(tmp_path, saliency, message):
    with SaliencyWriter(tmp_path, SALIENCY) as writer, pytest.raises(PredictionError, match=message):
        writer.write(SaliencyPrediction("a", saliency))
