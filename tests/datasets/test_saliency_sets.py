"""VT821, VT1000, VT5000 and VI-RGBT1500: stems of their cards, three thermal channels, binary truth."""

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LayoutError
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, pixels_of, put

RGB, TRUTH = file_of(noise(channels=3), "jpeg"), file_of(np.full((13, 17), 255, np.uint8))


def pairs(name, root):
    source = dataset(name)
    layout = recognise(source, root)
    return layout.name, [source.pair(root, layout, entry) for entry in source.entries(root, layout)]


def tree(root, *stems, folder="", thermal="jpg", truth="png"):
    for stem in stems:
        put(root, f"{folder}RGB/{stem}.jpg", RGB)
        put(root, f"{folder}T/{stem}.{thermal}", file_of(noise(channels=3), "bmp" if thermal == "bmp" else "jpeg"))
        put(root, f"{folder}GT/{stem}.{truth}", TRUTH if truth == "png" else file_of(noise(), "jpeg"))
    return root


@needs("research/name-lists")
@pytest.mark.parametrize("name", ["vt821", "vt1000"])
def test_the_cards_keys_are_the_counted_stems(name):
    stems = (SHARED / f"research/name-lists/{name}_stems.txt").read_text().split()
    facts = dataset_card(name).editions["official"].splits["test"]
    assert (facts.count, facts.keys_sha256) == (len(stems), keys_sha256(stems))
    assert all(dataset(name).stem.fullmatch(stem) for stem in stems)


def test_vt5000_counts_from_0_and_vi_rgbt1500_from_1():
    for name, keys in (
        ("vt5000", [f"Test/{number}" for number in range(2500)]),
        ("vi_rgbt1500", [str(number) for number in range(1, 1501)]),
    ):
        facts = dataset_card(name).editions["official"].splits["test"]
        assert (facts.count, facts.keys_sha256) == (len(keys), keys_sha256(keys))


def test_the_halves_of_vt5000_may_share_stems(tmp_path):
    tree(tmp_path, "0", "10", "9", folder="Train/")
    tree(tmp_path, "0", folder="Test/")
    _, found = pairs("vt5000", tmp_path)
    assert [(pair.entry.split, pair.entry.key, pair.entry.order) for pair in found] == [
        ("train", "Train/0", 0),
        ("train", "Train/9", 1),
        ("train", "Train/10", 2),
        ("test", "Test/0", 0),
    ]


def test_a_thermal_bmp_becomes_png_with_all_three_channels(tmp_path):
    layout, (pair,) = pairs("vt1000", tree(tmp_path, "070", thermal="bmp", truth="jpg"))
    assert layout == "bmp"
    lwir = pair.images["lwir"]
    np.testing.assert_array_equal(pixels_of(lwir.data), noise(channels=3))
    assert (lwir.channels, lwir.conversion) == (3, "BMP as PNG")


def test_truth_as_jpeg_is_binary_and_says_so(tmp_path):
    _, (pair,) = pairs("vt821", tree(tmp_path, "20", truth="jpg"))
    assert pair.labels["saliency"].values == (0, 255)
    assert "JPEG" in pair.labels["saliency"].conversion


def test_illumination_comes_from_a_table_beside_the_folders(tmp_path):
    tree(tmp_path, "1", "2")
    put(tmp_path, "attributes.csv", "id,illumination\n1,uneven\n")
    _, found = pairs("vi_rgbt1500", tmp_path)
    assert [pair.attributes.get("illumination") for pair in found] == ["uneven", None]


def test_a_table_of_other_samples_is_refused_because_nobody_would_miss_it(tmp_path):
    tree(tmp_path, "1", "2")
    put(tmp_path, "attributes.csv", "id,illumination\n01.jpg,uneven\n02.jpg,uneven\n")
    with pytest.raises(InputFileError, match=r"attributes\.csv: has rows such as '01\.jpg', and none of a sample"):
        pairs("vi_rgbt1500", tmp_path)


def test_a_nested_folder_is_pointed_to(tmp_path):
    tree(tmp_path / "VT821", "1")
    with pytest.raises(LayoutError, match=r"pass .*VT821"):
        recognise(dataset("vt821"), tmp_path)


def test_a_missing_twin_and_a_strange_name_are_named(tmp_path):
    tree(tmp_path, "1", "2")
    (tmp_path / "T/2.jpg").unlink()
    with pytest.raises(InputFileError, match=r"T/2\.jpg: missing, while its twin .*RGB/2\.jpg exists"):
        pairs("vi_rgbt1500", tmp_path)
    put(tmp_path, "GT/1 (copy).png", TRUTH)
    with pytest.raises(InputFileError, match=r"'1 \(copy\)\.png' is no file of this dataset"):
        pairs("vi_rgbt1500", tmp_path)


@needs("samples/vt")
@pytest.mark.parametrize(
    ("name", "stem", "folder", "truth"),
    [("vt821", "20", "", "png"), ("vt1000", "070", "", "jpg"), ("vt5000", "3", "Test/", "jpg")],
)
def test_real_samples_keep_their_bytes(tmp_path, name, stem, folder, truth):
    theirs = {kind: SAMPLES / f"vt/{name.upper()}_{kind}_{stem}" for kind in ("rgb", "t", "gt")}
    for kind, place in (("rgb", "RGB"), ("t", "T")):
        put(tmp_path, f"{folder}{place}/{stem}.jpg", theirs[kind].with_suffix(".jpg").read_bytes())
    official = theirs["gt"].with_suffix(f".{truth}").read_bytes()
    put(tmp_path, f"{folder}GT/{stem}.{truth}", official)
    _, (pair,) = pairs(name, tmp_path)
    assert pair.images["rgb"].data == theirs["rgb"].with_suffix(".jpg").read_bytes()
    assert pair.images["lwir"].data == theirs["t"].with_suffix(".jpg").read_bytes()
    assert pair.labels["saliency"].data == official
    assert (pair.images["rgb"].width, pair.images["rgb"].height) == (640, 480)
