"""MATLAB files: what SciPy writes comes back the same, and hostile files end in one clear error."""

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io

from rgbtbench.errors import InputFileError
from rgbtbench.formats import mat_file
from rgbtbench.formats.mat_file import read_mat
from tests.formats.files import put

HEADER = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM"


def saved(variables, **options):
    stream = io.BytesIO()
    scipy.io.savemat(stream, variables, **options)
    return stream.getvalue()


def read(root, data):
    put(root, "a.mat", data)
    return read_mat(root, "a.mat")


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def array(kind, *parts, shape=(1, 1)):
    head = element(6, struct.pack("<II", kind, 0)) + element(5, np.array(shape, "<i4").tobytes()) + element(1, b"")
    return element(14, head + b"".join(parts))


def cell_of(*cells):
    content = np.empty((1, len(cells)), object)
    content[0] = cells
    return content


@pytest.mark.parametrize("compressed", [False, True])
def test_numbers_text_cells_and_structs_are_those_that_scipy_writes(tmp_path, compressed):
    random = np.random.default_rng(3)
    numbers = {
        "doubles": random.normal(size=(3, 4)),
        "singles": random.normal(size=(2, 1)).astype(np.float32),
        "cube": random.integers(-9, 9, (2, 3, 4)).astype(np.int16),
        "bytes": np.arange(5, dtype=np.uint8).reshape(1, 5),
        "whole": np.array([[1.0, 2.0]]),
        "none": np.zeros((0, 0)),
        "large": np.array([[2**40]], np.int64),
        "flag": np.array([[True, False]]),
    }
    others = {
        "text": "I00019 é",
        "cells": cell_of("person?", np.zeros((0, 0)), np.array([[1.0, 2.0]]), cell_of("deep")),
        "records": np.array([(1.0, "a"), (2.0, "b")], dtype=[("id", object), ("name", object)]).reshape(1, 2),
    }
    data = saved(numbers | others, do_compression=compressed)
    found = read(tmp_path, data)
    oracle = scipy.io.loadmat(io.BytesIO(data))
    assert set(found) == set(numbers) | set(others)
    for name in numbers:
        np.testing.assert_array_equal(found[name], oracle[name])
        assert found[name].dtype == oracle[name].dtype
    assert found["text"] == "I00019 é"
    words, empty, pair, inner = found["cells"]
    assert (words, inner, empty.size) == ("person?", ["deep"], 0)
    np.testing.assert_array_equal(pair, [[1, 2]])
    assert [(record["id"].item(), record["name"]) for record in found["records"]] == [(1, "a"), (2, "b")]


def test_files_of_the_other_byte_order_are_read(tmp_path):
    numbers = struct.pack(">II", 6, 8) + struct.pack(">II", 6, 0)
    shape = struct.pack(">II", 5, 8) + struct.pack(">ii", 1, 2)
    name = struct.pack(">HH", 1, 1) + b"n\0\0\0"
    values = struct.pack(">II", 9, 16) + struct.pack(">dd", 1.5, -2)
    content = numbers + shape + name + values
    data = HEADER[:124] + b"\x01\x00MI" + struct.pack(">II", 14, len(content)) + content
    np.testing.assert_array_equal(read(tmp_path, data)["n"], [[1.5, -2]])


def nested(depth):
    inner = element(14, b"")
    for _ in range(depth):
        inner = array(1, inner)
    return inner


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM", "is no MATLAB file of level 5"),
        (b"not MATLAB", "is no MATLAB file of level 5"),
        (HEADER + element(14, b"")[:4], "ends 4 bytes too early"),
        (HEADER + struct.pack("<II", 14, 2**31), "bytes too early"),
        (HEADER + element(9, bytes(8)), "data of type 9 where a variable belongs"),
        (HEADER + array(3), "holds an object"),
        (HEADER + array(16), "holds a function"),
        (HEADER + array(17), "holds an opaque object"),
        (HEADER + array(5), "holds a sparse array"),
        (HEADER + array(1, shape=(60_000, 60_000)), "promises 3600000000 arrays in 0 bytes"),
        (HEADER + array(1, shape=(-1, 1)), "an array's head is damaged"),
        (HEADER + array(6, element(9, bytes(8)), shape=(1,) * 100), "an array's head is damaged"),
        (HEADER + array(6, element(9, b""), shape=(0, 2**31 - 1, 2**31 - 1, 2)), "an array's head is damaged"),
        (HEADER + element(14, element(9, struct.pack("<d", np.nan))), "fractions where whole numbers belong"),
        (HEADER + element(14, element(6, bytes(8)) + element(9, struct.pack("<d", np.inf))), "fractions where whole"),
        (HEADER + array(2, element(5, struct.pack("<ii", 4, 4)), element(1, b"abc\0")), "the field names of a struct"),
        (HEADER + array(6, element(9, bytes(8)), shape=(9, 9)), "another number of values than its shape says"),
        (HEADER + array(6, element(9, bytes(8)), element(9, bytes(8))), "is complex"),
        (HEADER + array(6, element(99, bytes(8))), "data of type 99 where numbers belong"),
        (HEADER + array(4, element(16, b"\xff")), "text that cannot be decoded"),
        (HEADER + nested(2_000), "is nested too deeply"),
        (HEADER + element(15, zlib.compress(array(6, element(9, bytes(8))))[:-9]), "cut off"),
        (HEADER + element(15, b"nothing packed"), "the packed data is damaged"),
        (HEADER + array(2, element(5, b"\0\0\0\0"), element(1, b"abc")), "the field names of a struct are damaged"),
    ],
)
def test_a_file_that_is_damaged_or_holds_more_than_data_ends_in_one_error(tmp_path, data, said):
    with pytest.raises(InputFileError, match=rf"a\.mat: .*{said}.*; expected a MATLAB file of level 5") as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)


def test_a_small_file_cannot_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(mat_file._Limits.__init__, "__defaults__", (1000, 50))
    bomb = element(15, zlib.compress(array(6, element(9, bytes(8_000)), shape=(1, 1000))))
    with pytest.raises(InputFileError, match="grows beyond every annotation file"):
        read(tmp_path, HEADER + bomb)
    many = array(1, *[element(14, b"")] * 60, shape=(1, 60))
    with pytest.raises(InputFileError, match="holds more than 1000000 arrays"):
        read(tmp_path, HEADER + many)


def test_flipped_bytes_end_in_an_answer_or_in_one_error(tmp_path):
    cells = cell_of("person", np.array([[1.0, 2.0, 3.0, 4.0]]), np.zeros((0, 0)))
    whole = saved({"A": {"objLists": cells, "n": 3.0}})
    random = np.random.default_rng(0)
    outcomes = []
    for _ in range(300):
        data = bytearray(whole)
        for at in random.integers(120, len(data), 3):
            data[at] = random.integers(256)
        try:
            outcomes.append(len(read(tmp_path, bytes(data))))
        except InputFileError as error:
            outcomes.append(str(error).count("a.mat"))
    assert set(outcomes) == {1}
