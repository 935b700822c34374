"""Label masks in a folder score like the same masks in shards, and every fault of them is named."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import rgbtbench
from rgbtbench.cli.app import app
from rgbtbench.errors import LabelError, PredictionError, UserError
from rgbtbench.evaluation import class_names
from rgbtbench.formats.image_file import encode_png
from rgbtbench.scoring.score import score
from tests.scoring.test_score import protocol
from tests.scoring.town import IMAGES, KEYS, label, predicted, write_masks

#: The town's ids are 0, 1, 4 and 7, so that ids 0 to 7 hold all of them and four that never occur.
CLASSES = [f"class {number}" for number in range(8)]


def write(folder, image):
    for order, key in enumerate(KEYS):
        path = folder / f"{key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(image(order)))
    return folder


@pytest.fixture
def labels(tmp_path):
    return write(tmp_path / "labels", label)


@pytest.fixture
def predictions(tmp_path):
    return write(tmp_path / "predictions", predicted)


def test_files_score_like_shards(labels, predictions, truth, tmp_path):
    from_shards = score(protocol("miou"), truth, write_masks(tmp_path / "ours"))
    from_files = rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)
    assert from_files.metrics == pytest.approx(from_shards.metrics)
    assert from_files.predictions_sha256 == from_shards.predictions_sha256
    assert from_files.images == IMAGES
    assert from_files.per_class["class 4"]["iou"] == pytest.approx(from_shards.per_class["motor car"]["iou"])


def test_the_rule_for_absent_classes_is_in_the_id(labels, predictions):
    found = {
        name: rgbtbench.score(f"generic/{name}", predictions, ground_truth=labels, classes=CLASSES)
        for name in ("miou-present", "miou-union", "miou-zero")
    }
    assert {score.protocol.id for score in found.values()} == {f"generic/{name}+classes8" for name in found}
    present, union, zero = (found[name].metrics["miou"] for name in found)
    # Three classes are labelled, a fourth is predicted, four never occur.
    assert union == pytest.approx(present * 3 / 4)
    assert zero == pytest.approx(present * 3 / 8)


def test_the_command_prints_one_object_with_flat_metrics(labels, predictions):
    arguments = [
        *("score", "generic/miou-present", str(predictions), "--ground-truth", str(labels)),
        *("--classes", "8", "--json"),
    ]
    printed = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    expected = rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=list("01234567"))
    assert printed["metrics"] == expected.metrics
    assert set(printed) >= {"metrics", "intervals", "per_class", "subsets", "protocol", "protocol_hash"}


def test_classes_are_a_number_names_in_a_text_or_a_list(labels, predictions):
    named, listed, numbered = (
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=classes)
        for classes in ("a,b,c,d,e,f,g,h", tuple("abcdefgh"), 8)
    )
    assert named.per_class == listed.per_class
    assert list(named.per_class) == list("abcdefgh")
    assert list(numbered.per_class) == list("01234567")
    assert named.metrics == numbered.metrics


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give --data or --ground-truth"),
        ({"ground_truth": "labels", "data": "shards"}, "give --data or --ground-truth"),
        ({"ground_truth": "labels"}, "needs the classes"),
    ],
)
def test_what_is_missing_is_asked_for(predictions, arguments, said):
    with pytest.raises(UserError, match=said):
        rgbtbench.score("generic/miou-present", predictions, **arguments)


@pytest.mark.parametrize("number", ["256", "1000000000", "9" * 5000])
def test_more_classes_than_a_mask_holds_are_refused(labels, predictions, number):
    with pytest.raises(UserError, match="classes; expected at most 255"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=class_names(number))


@pytest.mark.parametrize("names", ["road,road", "road,,person", ",road"])
def test_classes_need_names_of_their_own(labels, predictions, names):
    with pytest.raises(UserError, match="another name for each class"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=class_names(names))


def test_a_prediction_beyond_the_classes_names_its_place(labels, predictions):
    (predictions / f"{KEYS[0]}.png").write_bytes(encode_png(np.full(label(0).shape, 9, np.uint8)))
    with pytest.raises(PredictionError, match=f"{predictions}: {KEYS[0]}: predicted ids 9"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)


def test_a_label_in_colours_names_its_file(labels, predictions):
    path = labels / f"{KEYS[0]}.png"
    path.write_bytes(encode_png(np.random.default_rng(0).integers(0, 9, (*label(0).shape, 3), np.uint8)))
    with pytest.raises(LabelError, match=f"{labels}: {KEYS[0]}.png"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)


def test_a_prediction_that_is_missing_is_named(labels, predictions):
    (predictions / f"{KEYS[3]}.png").unlink()
    with pytest.raises(PredictionError, match=KEYS[3]):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)


def test_a_damaged_label_is_named(labels, predictions):
    path = labels / f"{KEYS[2]}.png"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LabelError, match=f"{KEYS[2]}.png"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)


def test_a_label_beyond_the_classes_is_an_error_and_no_ignored_pixel(labels, predictions):
    (labels / f"{KEYS[0]}.png").write_bytes(encode_png(np.full(label(0).shape, 9, np.uint8)))
    with pytest.raises(LabelError, match=f"label of {KEYS[0]}: labelled ids 9"):
        rgbtbench.score("generic/miou-present", predictions, ground_truth=labels, classes=CLASSES)


def test_labels_of_a_dataset_without_a_reader_need_shards(labels, predictions):
    with pytest.raises(UserError, match="--data"):
        rgbtbench.score("mfnet/miou-9", predictions, ground_truth=labels)


@pytest.mark.parametrize("number", ["-1", "+9", "9.0", " 9"])
def test_a_number_written_amiss_is_no_name_of_a_class(number):
    with pytest.raises(UserError, match=r"--classes: .* classes; give the number of classes"):
        class_names(number)
