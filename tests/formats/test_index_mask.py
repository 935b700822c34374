"""Masks give ids, never colours, in whatever form of PNG they are stored."""

import numpy as np
import PIL.Image
import pytest

from rgbtbench.cards.dataset import ClassFacts, LabelSetFacts
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.index_mask import read_index_mask, require_known_ids
from rgbtbench.labels import LabelMap
from tests.formats.files import file_of, noise, palette_file, pixels_of, put


def read(root, data, kind="semantic"):
    put(root, "mask.png", data)
    return read_index_mask(root, "mask.png", kind=kind, frame="both")


def test_an_8_bit_grey_mask_keeps_its_bytes(tmp_path):
    data = file_of(noise(below=9))
    mask = read(tmp_path, data)
    assert mask.data == data
    assert mask.conversion is None
    assert mask.values == tuple(range(9))
    assert (mask.width, mask.height) == (17, 13)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_yields_indices(tmp_path, bits):
    ids = noise(below=2**bits)
    mask = read(tmp_path, palette_file(ids, bits=bits))
    np.testing.assert_array_equal(pixels_of(mask.data), ids)
    assert mask.values == tuple(np.unique(ids).tolist())
    assert "palette" in mask.conversion


def test_an_interlaced_palette_yields_indices(tmp_path):
    import cv2

    from rgbtbench.formats.image_header import png_chunks, png_file

    ids = noise(below=200)
    grey = file_of(ids)
    chunks = list(png_chunks(grey))
    header = chunks[0][1]
    as_palette = [(b"IHDR", header[:9] + b"\3" + header[10:]), (b"PLTE", bytes(range(256)) * 3), *chunks[1:]]
    np.testing.assert_array_equal(pixels_of(read(tmp_path, png_file(as_palette)).data), ids)
    assert cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_UNCHANGED).ndim == 3


def test_three_identical_channels_are_one(tmp_path):
    ids = noise(below=9)
    mask = read(tmp_path, file_of(np.dstack([ids] * 3)))
    np.testing.assert_array_equal(pixels_of(mask.data), ids)
    assert mask.conversion == "one of three identical channels"


def test_one_bit_is_an_id_in_a_semantic_mask_and_black_or_white_in_a_saliency_mask(tmp_path):
    shape = noise(below=2).astype(bool)
    data = file_of(PIL.Image.fromarray(shape))
    np.testing.assert_array_equal(pixels_of(read(tmp_path, data).data), shape.astype(np.uint8))
    saliency = read(tmp_path, data, kind="saliency")
    np.testing.assert_array_equal(pixels_of(saliency.data), shape.astype(np.uint8) * 255)
    assert saliency.values == (0, 255)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (file_of(noise(channels=3)), "a mask in colours"),
        (file_of(noise(channels=4)), "a mask in colours"),
        (file_of(noise(below=9, dtype=np.uint16)), "16 bits per pixel; expected 8 bits; use the official"),
    ],
)
def test_what_is_no_index_mask_is_refused(tmp_path, data, said):
    with pytest.raises(InputFileError, match=f"mask.png: .*{said}"):
        read(tmp_path, data)


def test_an_id_without_a_class_is_named_with_its_pixels_and_the_card(tmp_path):
    facts = LabelSetFacts(
        kind="semantic", frame="both", classes=(ClassFacts(id=0, name="none", unified="unlabeled"),), ignore_ids=(255,)
    )
    ids = np.zeros((13, 17), np.uint8)
    ids[0, :5] = 12
    ids[1] = 255
    with pytest.raises(LabelError) as caught:
        require_known_ids(read(tmp_path, file_of(ids)), LabelMap.of(facts), path=tmp_path / "mask.png", card="streets")
    for part in ("mask.png: holds id 12 on 5 pixels", "card streets", "expected ids [0, 255]", "official label files"):
        assert part in str(caught.value)
