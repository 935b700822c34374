"""Saliency ground truth: PNG as it is, JPEG cut at the middle grey."""

import numpy as np
import pytest

from rgbtbench.formats.saliency_mask import THRESHOLD, read_saliency_mask
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, pixels_of, put


def test_a_grey_png_keeps_its_bytes(tmp_path):
    data = file_of(noise())
    put(tmp_path, "gt.png", data)
    mask = read_saliency_mask(tmp_path, "gt.png", frame="both")
    assert (mask.data, mask.kind, mask.conversion) == (data, "saliency", None)


@pytest.mark.parametrize("channels", [None, 3])
def test_a_jpeg_becomes_binary_where_compression_blurred_it(tmp_path, channels):
    square = np.zeros((32, 32), np.uint8)
    square[9:23, 9:23] = 255
    pixels = square if channels is None else np.dstack([square] * 3)
    put(tmp_path, "gt.jpg", file_of(pixels, "jpeg", quality=60))
    assert len(np.unique(pixels_of((tmp_path / "gt.jpg").read_bytes()))) > 2
    mask = read_saliency_mask(tmp_path, "gt.jpg", frame="both")
    np.testing.assert_array_equal(pixels_of(mask.data), square)
    assert mask.values == (0, 255)
    assert mask.conversion == f"JPEG, 255 where at least {THRESHOLD}"


@needs("samples/vt")
@pytest.mark.parametrize("name", ["VT1000_gt_070.jpg", "VT5000_gt_3.jpg", "VT5000_gt_75.jpg", "VT821_gt_20.png"])
def test_real_ground_truths_are_cut_where_their_grey_is_128(name):
    mask = read_saliency_mask(SAMPLES / "vt", name, frame="both")
    grey = pixels_of((SAMPLES / "vt" / name).read_bytes())
    grey = grey if grey.ndim == 2 else grey[..., 0]
    np.testing.assert_array_equal(pixels_of(mask.data) >= THRESHOLD, grey >= THRESHOLD)
