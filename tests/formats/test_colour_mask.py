"""Label pictures: colours become the ids of the card, and a mixed colour is an error."""

import numpy as np
import pytest

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.colour_mask import read_channel_mask, read_colour_mask
from tests.formats.files import file_of, noise, pixels_of, put

PALETTE = {(0, 0, 0): 0, (128, 0, 0): 1, (0, 128, 0): 7, (255, 255, 255): 200}


def drawn(ids):
    """Each pixel in its class's colour, by a loop."""
    colours = {number: colour for colour, number in PALETTE.items()}
    return np.array([[colours[number] for number in row] for row in ids.tolist()], np.uint8)


def test_colours_become_the_ids_of_the_palette(tmp_path):
    ids = np.random.default_rng(0).choice([0, 1, 7, 200], (6, 9)).astype(np.uint8)
    put(tmp_path, "a.png", file_of(drawn(ids)))
    mask = read_colour_mask(tmp_path, "a.png", palette=PALETTE, frame="both")
    np.testing.assert_array_equal(pixels_of(mask.data), ids)
    assert (mask.values, mask.kind, mask.conversion) == ((0, 1, 7, 200), "semantic", "colours as ids")


def test_a_colour_that_is_no_class_is_named_with_its_pixels(tmp_path):
    pixels = drawn(np.zeros((4, 4), np.uint8))
    pixels[0, :3] = (1, 2, 3)
    put(tmp_path, "a.png", file_of(pixels))
    with pytest.raises(LabelError, match=r"a\.png: holds 1 colours that are no class: \(1, 2, 3\) on 3 pixels"):
        read_colour_mask(tmp_path, "a.png", palette=PALETTE, frame="rgb")


def test_the_red_channel_is_the_id(tmp_path):
    pixels = noise(channels=3)
    put(tmp_path, "a.png", file_of(pixels))
    mask = read_channel_mask(tmp_path, "a.png", channel=0, frame="both")
    np.testing.assert_array_equal(pixels_of(mask.data), pixels[..., 0])


@pytest.mark.parametrize("data", [file_of(noise()), file_of(noise(channels=3), "jpeg")], ids=["grey", "jpeg"])
def test_other_files_are_refused(tmp_path, data):
    put(tmp_path, "a.png" if data.startswith(b"\x89PNG") else "a.jpg", data)
    (name,) = (path.name for path in tmp_path.iterdir())
    with pytest.raises(InputFileError, match=name):
        read_colour_mask(tmp_path, name, palette=PALETTE, frame="both")
