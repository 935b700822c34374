"""Saliency maps of outsiders: PNG of 8 and 16 bits, JPEG and BMP are read, and every fault has its own sentence."""

import cv2
import numpy as np
import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.write_image import write_image
from rgbtbench.predictions.saliency_maps import map_sha256, require_full_range, stored_maps
from tests.predictions.test_masks import KINDS, as_folder

SIZES = {"Test/0": (6, 8), "Test/1": (6, 8)}
LEVELS = np.arange(48, dtype=np.uint8).reshape(6, 8) * np.uint8(5)
PNG = encode_png(LEVELS)


def read(path, sizes=SIZES):
    return {stored.key: stored.levels(sizes[stored.key]) for stored in stored_maps(path, sizes)}


def refused(path, message, sizes=SIZES):
    with pytest.raises(PredictionError, match=message) as caught:
        read(path, sizes)
    assert str(path) in str(caught.value)


def encoded(ending, pixels, *options):
    return cv2.imencode(ending, pixels, *options)[1].tobytes()


@KINDS
@pytest.mark.parametrize("names", [["Test/0", "Test/1"], ["0", "1"], ["maps/Test/0", "maps/Test/1"], ["m/0", "m/1"]])
def test_maps_are_known_by_their_keys_or_by_their_last_names(tmp_path, pack, names):
    found = read(pack(tmp_path, {f"{name}.png": PNG for name in names}))
    assert list(found) == list(SIZES)
    assert all(np.array_equal(levels, LEVELS) for levels in found.values())


def test_last_names_that_two_keys_share_are_no_names(tmp_path):
    path = as_folder(tmp_path / "maps", {"0.png": PNG, "1.png": PNG})
    refused(path, "2 images .* of 2 missing", sizes={"train/0": (6, 8), "test/0": (6, 8)})


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("png", encode_png(np.dstack([LEVELS] * 3))),
        ("png", encoded(".png", np.dstack([LEVELS] * 3 + [np.full_like(LEVELS, 255)]))),
        ("bmp", encoded(".bmp", LEVELS)),
        ("BMP", encoded(".bmp", np.dstack([LEVELS] * 3))),
    ],
    ids=["three channels", "opaque", "grey bmp", "bmp"],
)
def test_other_containers_of_grey_levels_hold_the_same(tmp_path, ending, content):
    path = as_folder(tmp_path / "maps", {f"0.{ending}": content, "1.png": PNG})
    assert np.array_equal(read(path)["Test/0"], LEVELS)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_maps_are_read_as_grey(tmp_path, channels):
    path = as_folder(tmp_path / "maps", {"1.png": PNG})
    write_image(path / "0.jpg", np.dstack([LEVELS] * channels).squeeze())
    assert np.abs(read(path)["Test/0"].astype(int) - LEVELS).max() <= 8


def test_16_bits_stay_16_bits(tmp_path):
    deep = LEVELS.astype(np.uint16) * np.uint16(257) + np.uint16(3)
    found = read(as_folder(tmp_path / "maps", {"0.png": encode_png(deep), "1.png": PNG}))
    assert found["Test/0"].dtype == np.uint16
    assert np.array_equal(found["Test/0"], deep)


def test_a_map_of_another_size_is_refused_unless_any_will_do(tmp_path):
    small = encode_png(LEVELS[:3])
    path = as_folder(tmp_path / "maps", {"0.png": small, "1.png": PNG})
    refused(path, "0.png: is 8x3; expected 8x6, the size of the mask")
    assert read(path, dict.fromkeys(SIZES))["Test/0"].shape == (3, 8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encode_png(np.dstack([LEVELS, LEVELS, 255 - LEVELS])), "0.png: is in colours; expected grey levels"),
        (encoded(".png", np.dstack([LEVELS] * 4)), "0.png: is partly transparent"),
        (PNG[:-20], "0.png: truncated PNG"),
        (b"no image", "0.png: neither JPEG nor PNG"),
        (PNG + bytes(1 << 17), "0.png: has 13.* bytes; expected a map of at most 48 pixels"),
        (encoded(".bmp", LEVELS)[:-10], "0.png: damaged BMP: the file ends early"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, content, message):
    refused(as_folder(tmp_path / "maps", {"0.png": content, "1.png": PNG}), message)


def test_a_coloured_jpeg_is_refused(tmp_path):
    path = as_folder(tmp_path / "maps", {"1.png": PNG})
    write_image(path / "0.jpg", np.dstack([LEVELS, LEVELS, 255 - LEVELS]))
    refused(path, "0.jpg: is in colours")


def test_missing_surplus_and_double_maps_are_refused(tmp_path):
    refused(as_folder(tmp_path / "missing", {"0.png": PNG}), r"1 image \(Test/1\) of 2 missing")
    surplus = {"0.png": PNG, "1.png": PNG, "2.png": PNG}
    refused(as_folder(tmp_path / "surplus", surplus), r"1 image \(2\) that the split does not have")
    refused(as_folder(tmp_path / "double", {"0.png": PNG, "0.bmp": PNG, "1.png": PNG}), "one file per key")


def test_the_hash_is_of_levels_and_not_of_files(tmp_path):
    bmp = as_folder(tmp_path / "bmp", {"0.bmp": encoded(".bmp", LEVELS), "1.png": PNG})
    found = {key: map_sha256(levels) for key, levels in read(bmp).items()}
    assert len(set(found.values())) == 1
    assert map_sha256(LEVELS.astype(np.uint16)) not in found.values()


def test_maps_of_0_and_1_are_pointed_out(tmp_path):
    with pytest.raises(PredictionError, match="all maps are of 0 and 1; expected levels from 0 to 255"):
        require_full_range([0, 1, 1], tmp_path)
    require_full_range([0, 0], tmp_path)
    require_full_range([1, 2], tmp_path)
