"""NumPy rasters: float32 stays byte for byte, nothing is unpickled, and a header cannot lie."""

import io

import numpy as np
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import decode_image, probe, read_image_file
from rgbtbench.formats.npy_file import encode_npy, read_npy, read_npy_image, stack_npy_images
from tests.formats.files import put


def saved(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def raster(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 2)])
def test_a_float32_raster_keeps_its_bytes_and_decodes_to_its_samples(tmp_path, shape):
    data = saved(raster(*shape))
    put(tmp_path, "a/b.npy", data)
    for image in (read_npy_image(tmp_path, "a/b.npy"), read_image_file(tmp_path, "a/b.npy")):
        assert (image.data, image.conversion, image.extension) == (data, None, "npy")
        assert (image.width, image.height, image.channels, image.bit_depth) == (7, 5, (*shape, 1)[2], 32)
    np.testing.assert_array_equal(np.atleast_3d(decode_image(data, probe(data))), np.atleast_3d(raster(*shape)))


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(raster(4, 6)),
        np.arange(24, dtype=np.int16).reshape(4, 6),
        raster(4, 6).astype(np.float64),
        raster(4, 6).astype(">f4"),
    ],
    ids=["fortran", "int16", "float64", "big-endian"],
)
def test_other_numbers_become_float32_where_that_loses_nothing(tmp_path, array):
    put(tmp_path, "a.npy", saved(array))
    image = read_npy_image(tmp_path, "a.npy")
    assert image.conversion is not None
    np.testing.assert_array_equal(np.load(io.BytesIO(image.data)), array.astype(np.float32))


def test_numbers_that_float32_cannot_hold_are_refused(tmp_path):
    put(tmp_path, "a.npy", saved(np.full((2, 2), 2**24 + 1, np.int64)))
    with pytest.raises(InputFileError, match=r"a\.npy: holds int64 numbers that float32 cannot hold"):
        read_npy_image(tmp_path, "a.npy")


def test_sine_and_cosine_become_two_channels(tmp_path):
    planes = [raster(3, 4, seed=seed) for seed in (1, 2)]
    for name, plane in zip("sc", planes, strict=True):
        put(tmp_path, f"{name}.npy", saved(plane))
    image = stack_npy_images(tmp_path, ["s.npy", "c.npy"])
    np.testing.assert_array_equal(np.load(io.BytesIO(image.data)), np.stack(planes, axis=-1))
    assert image.conversion == "channels from s.npy, c.npy"
    put(tmp_path, "c.npy", saved(raster(4, 4)))
    with pytest.raises(InputFileError, match=r"c\.npy: has the shape \(4, 4\); expected .* s\.npy with \(3, 4\)"):
        stack_npy_images(tmp_path, ["s.npy", "c.npy"])


def test_arrays_of_python_objects_are_never_loaded(tmp_path):
    put(tmp_path, "calib.npy", saved(np.array({"K": 1}, dtype=object), allow_pickle=True))
    with pytest.raises(InputFileError, match=r"calib\.npy: .*could run code and are never loaded"):
        read_npy(tmp_path, "calib.npy")


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("(2,)<f4", (1,)),
        ("<U0", (2,)),
        ("V0", (2,)),
        ("<M8[ns]", (1,)),
        ("<c16", (1,)),
        (",,", (1,)),
        ("<f4", (1,) * 100),
        ("<f4", (0, 2**70)),
        ("<f4", (0, 3)),
    ],
)
def test_a_header_that_no_raster_has_ends_in_one_error(tmp_path, kind, shape):
    samples = {"(2,)<f4": 8, "<M8[ns]": 8, "<c16": 16}.get(kind, 4 if 0 not in shape and kind == "<f4" else 0)
    header = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    put(tmp_path, "a.npy", b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(samples))
    with pytest.raises(InputFileError, match=r"a\.npy: a NumPy "):
        read_npy(tmp_path, "a.npy")


@pytest.mark.parametrize("cut", [0, 5, 8, 60, 130])
def test_a_file_that_ends_early_is_refused(tmp_path, cut):
    put(tmp_path, "a.npy", saved(raster(4, 4))[:cut])
    with pytest.raises(InputFileError, match=r"a\.npy"):
        read_npy(tmp_path, "a.npy")


def test_a_header_cannot_ask_for_more_than_the_file_holds():
    honest = saved(raster(4, 4))
    lying = honest.replace(b"(4, 4)", b"(4444444, 4444444)"[:6].ljust(6)).replace(b"(44444", b"(9, 9)")
    for data in (lying, honest + b"\0"):
        with pytest.raises(InputFileError):
            probe(data)


def test_the_same_samples_give_the_same_bytes_that_numpy_reads():
    data = encode_npy(raster(3, 5, 2))
    assert data == encode_npy(np.asfortranarray(raster(3, 5, 2)))
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), raster(3, 5, 2))
