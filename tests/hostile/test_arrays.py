"""Arrays as NumPy, MATLAB and HDF5 store them: no code runs, no other file is opened, no size is believed."""

import io
import pickle
import struct
import zlib

import h5py
import numpy as np
import pytest
import scipy.io

from rgbtbench.errors import InputFileError
from rgbtbench.formats.hdf5_file import read_slice
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.mat_file import read_mat
from rgbtbench.formats.npy_file import read_npy, read_npy_image
from rgbtbench.formats.vbb import read_vbb
from tests.formats.files import put
from tests.hostile import mutate_bytes
from tests.hostile.confined import confined
from tests.hostile.mendable import refused

CUTS = [0.001, 0.02, 0.2, 0.5, 0.8, 0.95, 0.999]


def within_bounds(folder):
    return confined(writable=folder / "none", secret=folder / "secret", seconds=20, megabytes=768)


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npy_saying(descr, shape, samples, *, order=False):
    header = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + samples


class RunsCode:
    def __reduce__(self):
        return (print, ("this must never be printed",))


NPY = {
    "an array of objects": npy(np.array([RunsCode()], object), allow_pickle=True),
    "a pickle with another name": pickle.dumps(RunsCode()),
    "a pickle that claims to be numbers": npy_saying("<f4", (8, 8), pickle.dumps(RunsCode())),
    "fields": npy(np.zeros(3, [("a", "f4"), ("b", "O")]), allow_pickle=True),
    "a size of terabytes": npy_saying("<f4", (2**20, 2**20), bytes(64)),
    "a size beyond numbers": npy_saying("<f4", (2**70, 2**70), bytes(64)),
    "a negative size": npy_saying("<f4", (-1, 16), bytes(64)),
    "a size that is true": npy_saying("<f4", (True, 16), bytes(64)),
    "no pixels": npy_saying("<f4", (0, 16), b""),
    "code for a header": npy_saying("<f4", "__import__('os').system('true')", bytes(64)),
    "a header that calls": b"\x93NUMPY\x01\0\x20\0" + b"print('this must never be printed')".ljust(32)[:32],
    "a header without end": b"\x93NUMPY\x02\0" + struct.pack("<I", 2**31) + b"{" * 64,
    "a header nested without end": b"\x93NUMPY\x01\0" + struct.pack("<H", 4000) + b"(" * 4000,
    "text": npy(np.array(["a", "b"])),
    "times": npy(np.array(["2020-01-01"], "M8[D]")),
    "complex numbers": npy(np.zeros((2, 2), np.complex64)),
    "four axes": npy(np.zeros((2, 2, 2, 2), np.float32)),
    "one number": npy(np.float32(1)),
}


@pytest.mark.parametrize("name", NPY)
@pytest.mark.parametrize("reader", [read_npy_image, read_image_file])
def test_a_numpy_file_is_plain_numbers_or_refused(tmp_path, capfd, name, reader):
    put(tmp_path, "a.npy", NPY[name])
    with within_bounds(tmp_path) as violations, refused("a.npy", kind=InputFileError):
        reader(tmp_path, "a.npy")
    assert violations == []
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("reader", [read_npy, read_npy_image, read_image_file])
def test_a_truncated_numpy_file_is_refused_wherever_it_ends(tmp_path, reader, share):
    whole = npy(np.zeros((24, 32), np.float32))
    put(tmp_path, "a.npy", whole[: int(len(whole) * share) or 1])
    with refused("a.npy", kind=InputFileError):
        reader(tmp_path, "a.npy")


def mat(**variables):
    file = io.BytesIO()
    scipy.io.savemat(file, variables)
    return file.getvalue()


def mat_saying(kind, content=b"", *, shape=(1, 1)):
    """A MATLAB file with one array of a kind, as bytes say it and no library writes it."""

    def element(number, data):
        return struct.pack("<II", number, len(data)) + data + bytes(-len(data) % 8)

    parts = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack("<ii", *shape)) + element(1, b"A")
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + element(14, parts + content)


def packed(megabytes):
    squeeze = zlib.compressobj(9)
    body = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)) + squeeze.flush()
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(body)) + body


def objects_in_cells():
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = scipy.io.matlab.MatlabObject(np.zeros(1, [("f", object)]), "inline"), "person"
    return mat(A={"nFrame": 1.0, "objLists": cell, "objLbl": cell})


MAT = {
    "an object": mat_saying(3),
    "an object in a cell": objects_in_cells(),
    "a function": mat_saying(16),
    "an opaque object": mat_saying(17),
    "a sparse array": mat(A=scipy.sparse.eye(3)),
    "complex numbers": mat(A=np.zeros((2, 2), complex)),
    "cells by the billion": mat_saying(1, shape=(40_000, 40_000)),
    "a negative size": mat_saying(6, shape=(-4, 4)),
    "a kind that does not exist": mat_saying(200),
    "zeros without end": packed(300),
    "HDF5": b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM",
    "level 4": struct.pack("<5i", 0, 1, 1, 0, 2) + b"A\0" + bytes(8),
    "a pickle": pickle.dumps(RunsCode()),
}


@pytest.mark.parametrize("name", MAT)
@pytest.mark.parametrize("reader", [read_mat, read_vbb])
def test_a_matlab_file_is_numbers_text_cells_and_structs_or_refused(tmp_path, capfd, name, reader):
    put(tmp_path, "a.vbb", MAT[name])
    with within_bounds(tmp_path) as violations, refused("a.vbb", kind=InputFileError):
        reader(tmp_path, "a.vbb")
    assert violations == []
    assert capfd.readouterr().out == ""


def hdf5(path, write, **options):
    with h5py.File(path, "w", **options) as file:
        write(file)


def external_storage(file):
    file.create_dataset("a", (2, 4, 4), "u1", external=[("/etc/passwd", 0, 32)])


def virtual(file):
    layout = h5py.VirtualLayout((2, 4, 4), "u1")
    layout[:] = h5py.VirtualSource("secret/other.mat", "a", (2, 4, 4))
    file.create_virtual_dataset("a", layout)


def huge_piece(file):
    """Four megabytes that unpack to more than any image when one byte is asked for."""
    array = file.create_dataset("a", (400, 1024, 1024), "u1", chunks=(400, 1024, 1024), compression="gzip")
    squeeze = zlib.compressobj(1)
    body = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(400)) + squeeze.flush()
    array.id.write_direct_chunk((0, 0, 0), body)


HDF5 = {
    "no such array": lambda file: file.create_dataset("b", data=np.zeros((2, 4, 4), np.uint8)),
    "a folder": lambda file: file.create_group("a"),
    "a link to a name": lambda file: file.update(a=h5py.SoftLink("/b"), b=np.zeros((2, 4, 4), np.uint8)),
    "a link to a file": lambda file: file.update(a=h5py.ExternalLink("secret/other.mat", "a")),
    "numbers in another file": external_storage,
    "parts of other files": virtual,
    "text": lambda file: file.create_dataset("a", data=[[["x"] * 4] * 4] * 2, dtype=h5py.string_dtype()),
    "references": lambda file: file.create_dataset("a", (2, 4, 4), h5py.ref_dtype),
    "fields": lambda file: file.create_dataset("a", (2, 4, 4), [("x", "u1"), ("y", "f8")]),
    "other numbers": lambda file: file.create_dataset("a", data=np.zeros((2, 4, 4), np.float64)),
    "other axes": lambda file: file.create_dataset("a", data=np.zeros((2, 4), np.uint8)),
    "no pixels": lambda file: file.create_dataset("a", data=np.zeros((2, 0, 4), np.uint8)),
    "too few frames": lambda file: file.create_dataset("a", data=np.zeros((1, 4, 4), np.uint8)),
    "a frame of terabytes": lambda file: file.create_dataset("a", (2, 2**20, 2**20), "u1", chunks=(1, 64, 64)),
    "a piece of gigabytes": huge_piece,
}


@pytest.mark.parametrize("name", HDF5)
def test_an_hdf5_file_holds_the_array_itself_or_is_refused(tmp_path, name):
    (tmp_path / "secret").mkdir()
    hdf5(tmp_path / "secret/other.mat", lambda file: file.create_dataset("a", data=np.ones((2, 4, 4), np.uint8)))
    hdf5(tmp_path / "a.mat", HDF5[name])
    with within_bounds(tmp_path) as violations, refused("a.mat", kind=InputFileError):
        read_slice(tmp_path, "a.mat", "a", 1, dtype="uint8", axes=2)
    assert violations == []


def test_damage_by_seed_ends_in_an_array_or_in_one_error(tmp_path):
    array = np.arange(2 * 24 * 32, dtype=np.uint8).reshape(2, 24, 32)
    hdf5(tmp_path / "a.mat", lambda file: file.create_dataset("a", data=array, chunks=(1, 24, 32), compression="gzip"))
    readers = {
        (tmp_path / "a.mat").read_bytes(): lambda: read_slice(tmp_path, "b.bin", "a", 1, dtype="uint8", axes=2),
        mat(A={"nFrame": 1.0, "objLists": [[]], "objLbl": ["person"]}): lambda: read_mat(tmp_path, "b.bin"),
        npy(array.astype(np.float32)): lambda: read_npy_image(tmp_path, "b.bin"),
    }
    for whole, reader in readers.items():
        outcomes = set()
        for number in range(250):
            random = np.random.default_rng([11, number])
            damages = list(mutate_bytes.DAMAGES.values())
            put(tmp_path, "b.bin", damages[random.integers(len(damages))](whole, random))
            with within_bounds(tmp_path):
                try:
                    outcomes.add(type(reader()))
                except InputFileError as error:
                    outcomes.add(f"b.bin named: {'b.bin' in str(error)}")
        assert "b.bin named: True" in outcomes
        assert len(outcomes) == 2, outcomes
