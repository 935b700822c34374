"""Rooms are rows of one block; whoever has another size gets memory of his own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rgbtbench.loading.rooms import Rooms


def test_rooms_of_one_modality_are_the_rows_of_its_block():
    rooms = Rooms(3)
    for at in (2, 0, 1):
        rooms.room("rgb", at, (4, 5, 3))[...] = at
    block = rooms.block("rgb")
    assert block.tensor.shape == (3, 4, 5, 3)
    assert [np.unique(row).tolist() for row in block.array] == [[0], [1], [2]]
    assert np.shares_memory(block.tensor.numpy(), block.array)


def test_modalities_have_blocks_of_their_own():
    rooms = Rooms(1)
    assert not np.shares_memory(rooms.room("rgb", 0, (4, 5, 3)), rooms.room("lwir", 0, (4, 5, 3)))
    assert rooms.block("depth") is None


def test_an_image_of_another_size_has_memory_of_its_own():
    rooms = Rooms(2)
    first = rooms.room("rgb", 0, (4, 5, 3))
    other = rooms.room("rgb", 1, (5, 4, 3))
    assert other.shape == (5, 4, 3)
    assert not np.shares_memory(other, rooms.block("rgb").array)
    assert np.shares_memory(first, rooms.block("rgb").array)


def test_threads_that_ask_at_once_get_rows_of_one_block():
    rooms = Rooms(64)
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda at: rooms.room("rgb", at, (2, 2, 1)), range(64)))
    assert all(row.base is rooms.block("rgb").array for row in rows)
