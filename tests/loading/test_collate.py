"""Padding: at the right and the bottom, marked in every field."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from rgbtbench.errors import ShardError
from rgbtbench.loading.collate import collate, packed, unpacked
from rgbtbench.loading.item import Item


def item(height, width, *, value=9, channels=3, key="a", dtype=np.uint8):
    return Item(
        key=key,
        images={"rgb": np.full((channels, height, width), value, dtype)},
        size=(height, width),
        mask=np.full((height, width), 3, np.uint8),
    )


def test_smaller_images_are_padded_with_black_that_no_label_and_no_mask_counts():
    batch = collate([item(2, 3), item(4, 2)], target="semantic")
    assert batch.images["rgb"].shape == (2, 3, 4, 3)
    inside = torch.zeros((2, 4, 3), dtype=torch.bool)
    inside[0, :2, :3] = inside[1, :4, :2] = True
    assert torch.equal(batch.pixel_mask, inside)
    assert torch.equal(batch.images["rgb"][:, 0] == 9, inside)
    assert torch.equal(batch.semantic, torch.where(inside, 3, 255))
    assert batch.semantic.dtype == torch.int64
    assert batch.sizes.tolist() == [[2, 3], [4, 2]]


def test_a_canvas_makes_all_batches_equally_large():
    batch = collate([item(2, 3)], target=None, canvas=(5, 6))
    assert batch.images["rgb"].shape == (1, 3, 5, 6)
    assert batch.pixel_mask.sum() == 6
    assert batch.semantic is None


def test_saliency_counts_from_zero_to_one_in_a_channel_of_its_own():
    batch = collate([item(2, 2), item(1, 2)], target="saliency")
    assert batch.saliency.shape == (2, 1, 2, 2)
    assert batch.saliency[0].unique().tolist() == pytest.approx([3 / 255])
    assert batch.saliency[1, 0, 1].tolist() == [0, 0]


@pytest.mark.parametrize("odd", [{"channels": 1}, {"dtype": np.uint16}], ids=["channels", "bit depth"])
def test_images_of_two_kinds_in_one_batch_name_both_samples(odd):
    with pytest.raises(ShardError, match="rgb of first and of odd differ in channels or bit depth"):
        collate([item(2, 2, key="first"), item(2, 2, key="odd", **odd)], target=None)


def test_one_samples_pixels_are_let_go_before_the_next_are_made():
    alive = []

    class Watched:
        def __len__(self):
            return 3

        def __iter__(self):
            for number in range(3):
                assert all(reference() is None for reference in alive)
                made = item(2, 2, key=str(number))
                alive.extend(map(weakref.ref, made.images.values()))
                yield made
                del made

    assert collate(Watched(), target="semantic").keys == ("0", "1", "2")


def test_a_fill_takes_the_kind_of_the_images_that_are_there():
    missing = replace(item(2, 3, channels=1, value=0), missing=frozenset({"rgb"}))
    batch = collate([missing, item(4, 2, dtype=np.uint16)], target=None)
    assert batch.images["rgb"].dtype == torch.uint16
    assert batch.images["rgb"].shape == (2, 3, 4, 3)
    assert not batch.images["rgb"][0].to(torch.int64).any()
    assert batch.present["rgb"].tolist() == [False, True]
    assert batch.pixel_mask[0].sum() == 6


def test_a_batch_is_pinned_whole_and_stays_what_it_is(monkeypatch):
    """Without a GPU nothing can be pinned: a copy stands for it."""
    copies = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: copies.append(tensor.clone()) or copies[-1])
    batch = packed([item(2, 3), item(2, 3)], target="semantic")
    pinned = batch.pin_memory()
    assert {id(pinned.images["rgb"]), id(pinned.masks)} == set(map(id, copies))
    assert torch.equal(unpacked(pinned).images["rgb"], batch.images["rgb"])
    assert torch.equal(unpacked(pinned).semantic, unpacked(batch).semantic)
    assert packed([item(2, 3)], target=None).pin_memory().masks is None
