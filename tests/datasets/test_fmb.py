"""FMB: ids of `Label`, an absent bicycle, and one perfect prediction under five protocols."""

import numpy as np
import pytest

from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("fmb")
CARD = dataset_card("fmb")
BICYCLE = 13


def tree(root, split="test", stem="00043", *, labels=None, infrared=None):
    put(root, f"{split}/Visible/{stem}.png", file_of(noise(channels=3)))
    put(root, f"{split}/Infrared/{stem}.png", file_of(noise() if infrared is None else infrared))
    put(root, f"{split}/Label/{stem}.png", file_of(noise(below=15) if labels is None else labels))
    put(root, f"{split}/color/{stem}.png", file_of(noise(channels=3)))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_labels_are_the_ids_of_label_and_no_colours(tmp_path):
    (pair,) = pairs(tree(tmp_path))
    assert pair.labels["semantic"].data == (tmp_path / "test/Label/00043.png").read_bytes()
    assert set(pair.entry.files.values()) == {f"test/{folder}/00043.png" for folder in ("Visible", "Infrared", "Label")}


@pytest.mark.parametrize("channels", [None, 3])
def test_thermal_files_may_have_one_channel_or_three_equal_ones(tmp_path, channels):
    grey = noise()
    infrared = grey if channels is None else np.dstack([grey] * channels)
    (pair,) = pairs(tree(tmp_path, infrared=infrared))
    assert pair.images["lwir"].channels == (channels or 1)
    np.testing.assert_array_equal(pixels_of(pair.images["lwir"].data), infrared)


def test_lists_beside_official_folders_do_no_harm(tmp_path):
    tree(tmp_path, "train", "00088")
    tree(tmp_path, "test", "00043")
    put(tmp_path, "test.txt", "00043.png\n")
    assert recognise(SOURCE, tmp_path).name == "official"
    assert [(pair.entry.split, pair.entry.key) for pair in pairs(tmp_path)] == [("train", "00088"), ("test", "00043")]


def test_a_pair_without_its_thermal_image_is_named(tmp_path):
    tree(tmp_path)
    tree(tmp_path, stem="00044")
    (tmp_path / "test/Infrared/00043.png").unlink()
    with pytest.raises(InputFileError, match=r"test/Infrared/00043\.png: missing, while its twin"):
        pairs(tmp_path)


def test_an_id_above_14_is_an_error(tmp_path):
    labels = np.full((13, 17), 15, np.uint8)
    with pytest.raises(LabelError, match=r"holds id 15 on 221 pixels, which the card fmb"):
        pairs(tree(tmp_path, labels=labels))


def test_the_test_split_is_expected_to_hold_no_bicycle():
    assert CARD.editions["official"].splits["test"].images == {"semantic": {"bicycle": 0}}
    assert {entry.id: entry.name for entry in CARD.label_sets["semantic"].classes}[BICYCLE] == "bicycle"


def scored(name, label, prediction):
    rules, ids = protocol(f"fmb/{name}").rules, range(15)
    confusion = confusion_matrix(label, prediction, ids=ids, ignore_ids=rules.ignore_ids)
    return segmentation_metrics(confusion, ids=ids, rules=rules)["miou"]


LABEL = np.array([number for number in range(15) if number != BICYCLE], np.uint8)


@pytest.mark.parametrize(
    ("name", "perfect"),
    [
        ("miou-14", 100),
        ("miou-14-nan0", 100 * 13 / 14),
        ("miou-14-union", 100),
        ("miou-15", 100),
        ("miou-15-union", 100),
    ],
)
def test_a_perfect_prediction_reaches_the_ceiling_of_each_family(name, perfect):
    assert scored(name, LABEL, LABEL) == pytest.approx(perfect)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("miou-14", 100),  # unlabeled pixels are not scored, whatever is predicted there
        ("miou-14-nan0", 100 * 13 / 14),
        ("miou-14-union", 100),
        ("miou-15", 100 * 13 / 14),  # unlabeled is the 14th class here and missed
        ("miou-15-union", 100 * 13 / 15),  # bicycle is the 15th because it is predicted
    ],
)
def test_a_bicycle_predicted_on_unlabeled_pixels(name, value):
    prediction = np.where(LABEL == 0, BICYCLE, LABEL).astype(np.uint8)
    assert scored(name, LABEL, prediction) == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("miou-14", 100 * 12 / 13),
        ("miou-14-nan0", 100 * 12 / 14),
        ("miou-14-union", 100 * 12 / 14),
        ("miou-15", 100 * 13 / 14),
        ("miou-15-union", 100 * 13 / 15),
    ],
)
def test_a_bicycle_predicted_on_a_motorcycle(name, value):
    prediction = np.where(LABEL == 12, BICYCLE, LABEL).astype(np.uint8)
    assert scored(name, LABEL, prediction) == pytest.approx(value)
