"""PST900: recordings, 16-bit members, holes that stay, and repacks that hold less."""

import io
import zipfile
from collections import Counter

import numpy as np
import PIL.Image
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from tests.datasets.shared import SHARED, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("pst900")
CARD = dataset_card("pst900")
STEM = "31_bag1a_rect_rgb_frame0000000007"
FILES = {
    "rgb": noise(channels=3),
    "thermal": noise(seed=1),
    "thermal_raw": noise(seed=2, below=65536, dtype=np.uint16),
    "depth": noise(seed=3, below=65536, dtype=np.uint16),
    "labels": noise(below=5),
}


def tree(root, *stems, split="test", folders=tuple(FILES), **replaced):
    for stem in stems:
        for folder in folders:
            put(root, f"{split}/{folder}/{stem}.png", file_of(replaced.get(folder, FILES[folder])))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_all_four_images_keep_their_bytes_and_their_depth(tmp_path):
    (pair,) = pairs(tree(tmp_path, STEM))
    folders = {"rgb": "rgb", "lwir": "thermal", "lwir_raw": "thermal_raw", "depth": "depth"}
    assert {name: image.bit_depth for name, image in pair.images.items()} == {
        "rgb": 8, "lwir": 8, "lwir_raw": 16, "depth": 16,
    }  # fmt: skip
    for name, folder in folders.items():
        assert pair.images[name].data == (tmp_path / f"test/{folder}/{STEM}.png").read_bytes()
        np.testing.assert_array_equal(pixels_of(pair.images[name].data), FILES[folder])


def test_holes_of_the_projection_are_kept(tmp_path):
    thermal = noise(seed=1) // 2 + 100
    thermal[3:6, 2:9] = 0
    (pair,) = pairs(tree(tmp_path, STEM, thermal=thermal))
    assert (pixels_of(pair.images["lwir"].data) == 0).sum() == 21


def test_frames_of_one_recording_share_a_cluster(tmp_path):
    stems = (STEM, "31_bag1a_rect_rgb_frame0000000011", "57_bag20_rect_rgb_frame0000000069")
    found = pairs(tree(tmp_path, *stems, split="train"))
    assert [pair.entry.cluster for pair in found] == ["31_bag1a", "31_bag1a", "57_bag20"]
    assert [pair.attributes["recording"] for pair in found] == ["31_bag1a", "31_bag1a", "57_bag20"]


def test_a_flat_copy_holds_the_two_cameras_and_names_no_others(tmp_path):
    for folder in ("rgb", "thermal", "labels"):
        put(tmp_path, f"{folder}/{STEM}.png", file_of(FILES[folder]))
    put(tmp_path, "test.txt", f"{STEM}\r\n")
    (pair,) = pairs(tmp_path)
    assert set(pair.images) == {"rgb", "lwir"}
    assert set(pair.entry.files) == {"rgb", "lwir", "semantic"}


def test_a_flat_copy_without_lists_says_which_are_wanted(tmp_path):
    for folder in ("rgb", "thermal", "labels"):
        put(tmp_path, f"{folder}/{STEM}.png", file_of(FILES[folder]))
    with pytest.raises(LayoutError, match=r"no list names the samples; expected train\.txt or test\.txt"):
        pairs(tmp_path)


@pytest.mark.parametrize("lost", ["thermal_raw", "depth", "labels"])
def test_a_missing_twin_is_named(tmp_path, lost):
    tree(tmp_path, STEM, "31_bag1a_rect_rgb_frame0000000011")
    (tmp_path / f"test/{lost}/{STEM}.png").unlink()
    with pytest.raises(InputFileError, match=rf"test/{lost}/{STEM}\.png: missing, while its twin .*/rgb/{STEM}\.png"):
        pairs(tmp_path)


def test_an_id_that_is_no_class_is_an_error(tmp_path):
    labels = np.zeros((13, 17), np.uint8)
    labels[0, :3] = 5
    with pytest.raises(LabelError, match=r"holds id 5 on 3 pixels, which the card pst900"):
        pairs(tree(tmp_path, STEM, labels=labels))


def test_a_resized_copy_of_one_file_is_an_error(tmp_path):
    with pytest.raises(InputFileError, match=r"thermal/.*: is 8x6 pixels; expected 17x13 as .*rgb"):
        pairs(tree(tmp_path, STEM, thermal=noise(6, 8)))


def test_every_protocol_counts_the_background():
    for name in ("miou-5", "miou-5-nan0", "miou-5-union"):
        assert protocol(f"pst900/{name}").rules.background == "included"
    assert protocol("pst900/miou-5-nan0").rules.absent == "zero"
    assert protocol("pst900/miou-5-union").rules.absent == "union"


@needs("research/name-lists/pst900_test.txt")
def test_the_test_split_is_the_one_that_results_were_published_on(tmp_path):
    names = (SHARED / "research/name-lists/pst900_test.txt").read_text().replace(".png", "").split()
    facts = CARD.editions["official"].splits["test"]
    assert len(names) == facts.count == 288
    assert keys_sha256(names) == facts.keys_sha256
    assert all(SOURCE.stem.fullmatch(name) for name in names)
    assert Counter(SOURCE.cluster("test", name) for name in names) == facts.attributes["recording"]


@needs("golden/segmentation/lasnet")
def test_published_predictions_have_the_colours_of_the_card_and_its_size():
    colours = {entry.colour for entry in CARD.label_sets["semantic"].classes}
    with zipfile.ZipFile(SHARED / "golden/segmentation/lasnet/predicts_PST900.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        for name in names[::40]:
            image = PIL.Image.open(io.BytesIO(archive.read(name)))
            assert image.size == CARD.modalities["rgb"].size
            assert {colour for _, colour in image.getcolors()} <= colours
