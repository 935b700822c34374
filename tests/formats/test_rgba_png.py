"""Four cameras' channels in one PNG come apart without loss."""

import numpy as np
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.rgba_png import split_fourth_channel
from tests.formats.files import file_of, noise, pixels_of, put


def test_colour_and_fourth_channel_equal_the_raw_samples_also_where_alpha_is_zero(tmp_path):
    pixels = noise(channels=4)
    pixels[:6, :, 3] = 0
    put(tmp_path, "images/a.png", file_of(pixels))
    colour, fourth = split_fourth_channel(tmp_path, "images/a.png")
    np.testing.assert_array_equal(pixels_of(colour.data), pixels[..., :3])
    np.testing.assert_array_equal(pixels_of(fourth.data), pixels[..., 3])
    assert (colour.channels, fourth.channels) == (3, 1)
    assert colour.conversion == "channels 0 to 2 of a 4-channel PNG"
    assert fourth.conversion == "channel 3 of a 4-channel PNG"
    assert colour.source == fourth.source == "images/a.png"


@pytest.mark.parametrize("data", [file_of(noise(channels=3)), file_of(noise())])
def test_a_file_that_has_lost_its_fourth_channel_is_refused(tmp_path, data):
    put(tmp_path, "a.png", data)
    with pytest.raises(InputFileError, match=r"a.png: a PNG of \d channels .*converted copy has lost"):
        split_fourth_channel(tmp_path, "a.png")
