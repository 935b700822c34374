"""Arrays of any size in one: nothing is lost when a larger one comes late."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.loading.rooms import Rooms
from rgbtbench.loading.stack import Stack

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def arrays(sizes, leading, dtype):
    return [
        np.random.default_rng(number).integers(0, 200, (*leading, *size)).astype(dtype)
        for number, size in enumerate(sizes)
    ]


def padded(parts, fill, size):
    out = np.full((len(parts), *parts[0].shape[:-2], *size), fill, parts[0].dtype)
    for row, part in zip(out, parts, strict=True):
        row[..., : part.shape[-2], : part.shape[-1]] = part
    return out


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(SIZES, min_size=1, max_size=5),
    leading=st.sampled_from([(), (1,), (3,)]),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    fill=st.sampled_from([0, 255]),
    canvas=st.sampled_from([None, (6, 6), (7, 9)]),
    planar=st.booleans(),
)
def test_every_sample_lies_at_the_upper_left_of_a_canvas_of_the_largest(sizes, leading, dtype, fill, canvas, planar):
    parts = arrays(sizes, leading, dtype)
    stack = Stack(len(parts), fill=fill, canvas=canvas)
    for part in parts:
        # Decoders leave channels last in memory.
        as_decoded = np.moveaxis(np.ascontiguousarray(np.moveaxis(part, 0, -1)), -1, 0) if part.ndim == 3 else part
        stack.put(part if planar else as_decoded)
    size = canvas or tuple(np.max(sizes, axis=0))
    whole = stack.whole().numpy()
    assert whole.dtype == dtype
    np.testing.assert_array_equal(whole, padded(parts, fill, size))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 1, 0)])
def test_samples_that_are_skipped_are_all_fill_and_count_for_the_size(order):
    here = {0: np.ones((1, 2, 3), np.uint16), 1: (4, 2), 2: np.full((1, 3, 3), 7, np.uint16)}
    stack = Stack(3, fill=9)
    for number in order:
        stack.skip(here[number]) if number == 1 else stack.put(here[number])
    empty = np.full((1, 4, 3), 9, np.uint16)
    expected = {0: padded([here[0]], 9, (4, 3))[0], 1: empty, 2: padded([here[2]], 9, (4, 3))[0]}
    np.testing.assert_array_equal(stack.whole().numpy(), np.stack([expected[number] for number in order]))


def test_when_all_are_skipped_the_kind_is_the_callers():
    stack = Stack(2)
    stack.skip((2, 3))
    stack.skip((1, 4))
    whole = stack.whole((3,), np.uint16).numpy()
    assert (whole.shape, whole.dtype) == ((2, 3, 2, 4), np.uint16)
    assert not whole.any()


def test_rows_of_a_cut_image_are_taken_and_no_others():
    decoded = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    cut = np.moveaxis(decoded[1:4, 2:5], -1, 0)
    stack = Stack(1)
    stack.put(cut)
    np.testing.assert_array_equal(stack.whole().numpy()[0], cut)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([(3, 4), (4, 3), (2, 6)]), min_size=1, max_size=5),
    skipped=st.sets(st.integers(0, 4)),
    foreign=st.sets(st.integers(0, 4)),
    channels=st.sampled_from([1, 3]),
)
def test_samples_that_lie_in_the_block_already_come_out_like_all_others(sizes, skipped, foreign, channels):
    rooms = Rooms(len(sizes))
    parts = arrays(sizes, (channels,), np.uint8)
    decoded = []
    for at, part in enumerate(parts):
        room = np.empty((*part.shape[1:], channels), np.uint8)
        if at not in foreign:
            room = rooms.room("rgb", at, room.shape)
        room[...] = part.transpose(1, 2, 0)
        decoded.append(room.transpose(2, 0, 1))
    stack = Stack(len(parts), fill=9, block=rooms.block("rgb"))
    for at, part in enumerate(decoded):
        stack.skip(sizes[at]) if at in skipped else stack.put(part)
    expected = padded(parts, 9, tuple(np.max(sizes, axis=0)))
    expected[[at for at in range(len(parts)) if at in skipped]] = 9
    np.testing.assert_array_equal(stack.whole((channels,)).numpy(), expected)


def test_samples_of_one_size_in_the_block_are_not_copied():
    rooms = Rooms(2)
    decoded = [rooms.room("rgb", at, (3, 4, 3)).transpose(2, 0, 1) for at in range(2)]
    stack = Stack(2, block=rooms.block("rgb"))
    for part in decoded:
        stack.put(part)
    decoded[1][0, 2, 3] = 77
    assert stack.whole()[1, 0, 2, 3] == 77
