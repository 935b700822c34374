"""Windows cover every pixel, the last ends with the image, and batches of them change nothing."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.zoo.windows import summed_windows, window_starts


@pytest.mark.parametrize(
    ("length", "window", "stride", "starts"),
    [
        (640, 640, Fraction(2, 3), [0]),  # exactly one
        (320, 640, Fraction(2, 3), [0]),  # larger than the image
        (641, 640, Fraction(2, 3), [0, 1]),  # one pixel more: the last ends with the image
        (960, 640, Fraction(2, 3), [0, 320]),  # 427 would end at 1067
        (10, 4, Fraction(1, 2), [0, 2, 4, 6]),  # the last fits
        (10, 4, Fraction(1), [0, 4, 6]),  # side by side, the last overlaps by two
        (9, 4, Fraction(2, 3), [0, 3, 5]),  # 8/3 is rounded up to 3
    ],
)
def test_where_windows_begin(length, window, stride, starts):
    assert window_starts(length, window, stride) == starts


@given(
    length=st.integers(1, 90),
    window=st.integers(1, 40),
    stride=st.fractions(min_value=Fraction(1, 40), max_value=1, max_denominator=40),
)
def test_windows_lie_inside_and_leave_no_pixel_out(length, window, stride):
    starts = window_starts(length, window, stride)
    seen = {pixel for start in starts for pixel in range(start, start + min(window, length))}
    assert seen == set(range(length))
    assert starts == sorted(set(starts))


def test_windows_are_summed_and_counted_as_worked_by_hand():
    image = torch.arange(10.0).reshape(1, 1, 2, 5)
    total, covered = summed_windows(
        lambda crops: crops["rgb"] * 2, {"rgb": image}, window=(2, 3), stride=Fraction(2, 3), per_pass=1
    )
    # Windows begin at 0 and 2: the third column lies in both.
    assert covered.tolist() == [[1, 1, 2, 1, 1]] * 2
    assert total.squeeze().tolist() == [[0, 2, 8, 6, 8], [10, 12, 28, 16, 18]]


@pytest.mark.parametrize("per_pass", [1, 2, 5, 6, 1000])
def test_windows_in_batches_equal_windows_one_by_one(per_pass):
    generator = torch.Generator().manual_seed(3)
    images = {"rgb": torch.rand((2, 3, 13, 17), generator=generator), "x": torch.rand((2, 1, 13, 17))}
    sizes = []

    def scores(crops):
        sizes.append(len(crops["rgb"]))
        position = torch.arange(crops["rgb"].shape[-1])  # a network is no function of the pixel alone
        return crops["rgb"].cumsum(-1) * crops["x"] + position

    total, covered = summed_windows(scores, images, window=(6, 7), stride=Fraction(1, 2), per_pass=per_pass)
    assert max(sizes) <= max(per_pass, 2)
    expected, counts = torch.zeros((2, 3, 13, 17)), torch.zeros((13, 17))
    for top in (0, 3, 6, 7):
        for left in (0, 4, 8, 10):
            crops = {slot: image[..., top : top + 6, left : left + 7] for slot, image in images.items()}
            expected[..., top : top + 6, left : left + 7] += scores(crops)
            counts[top : top + 6, left : left + 7] += 1
    assert torch.equal(covered, counts)
    torch.testing.assert_close(total, expected, rtol=0, atol=1e-5)
