"""Paired geometry, worked by hand: a marker stays one place in every modality, the mask and the boxes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from rgbtbench.cards.augmentations import Augmentations, Photometric, ResizedCrop
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.loading.item import Item
from rgbtbench.loading.sampler import Draw
from rgbtbench.loading.transforms import Geometry, augment, draw_geometry, draw_region, on_grid


def targets(boxes, labels=None, ignore=None):
    count = len(boxes)
    return BoxTargets(
        boxes_xyxy=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.tensor(labels or [1] * count, dtype=torch.int64),
        ignore=torch.tensor(ignore or [False] * count, dtype=torch.bool),
    )


def marked(y, x, *, height=6, width=8):
    """An item that is black but for one pixel, which a box surrounds."""
    rgb = np.zeros((3, height, width), np.uint8)
    lwir = np.zeros((1, height, width), np.uint16)
    mask = np.zeros((height, width), np.uint8)
    rgb[:, y, x], lwir[:, y, x], mask[y, x] = 200, 60000, 7
    return Item(
        key="a",
        images={"rgb": rgb, "lwir": lwir},
        size=(height, width),
        mask=mask,
        boxes=targets([[x, y, x + 1, y + 1]]),
    )


def places(item):
    """Where the marker is, as every member says: a list of (y, x)."""
    boxes = [(int(y1), int(x1)) for x1, y1, *_ in item.boxes.boxes_xyxy.tolist()]
    images = [
        tuple(int(value) for value in np.unravel_index(image.sum(0).argmax(), image.shape[-2:]))
        for image in item.images.values()
    ]
    return [*images, tuple(np.argwhere(item.mask)[0].tolist()), *boxes]


def test_a_flip_moves_the_marker_alike_everywhere():
    assert places(on_grid(marked(1, 2), Geometry((6, 8), flip=True))) == [(1, 5)] * 4


def test_flipping_twice_changes_nothing():
    item = marked(4, 0)
    twice = on_grid(on_grid(item, Geometry((6, 8), flip=True)), Geometry((6, 8), flip=True))
    assert all(np.array_equal(twice.images[name], item.images[name]) for name in item.images)
    assert np.array_equal(twice.mask, item.mask)
    assert torch.equal(twice.boxes.boxes_xyxy, item.boxes.boxes_xyxy)


def test_a_window_shifts_the_marker_alike_everywhere():
    moved = on_grid(marked(3, 5), Geometry((6, 8), window=(2, 4, 3, 3)))
    assert moved.grid == (3, 3)
    assert places(moved) == [(1, 1)] * 4


def test_a_region_is_cut_and_enlarged_alike_everywhere():
    # Rows 2-4 and columns 4-7 of the frame, twice as large: the marker of (3, 5) becomes rows 2-3, columns 2-3.
    moved = on_grid(marked(3, 5), Geometry((6, 8), region=(2, 4, 3, 4)))
    assert moved.grid == (6, 8)
    for image in moved.images.values():
        assert image[:, 2:4, 2:4].mean() > 10 * image[:, :2].mean()
    assert np.argwhere(moved.mask).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]
    assert moved.boxes.boxes_xyxy.tolist() == [[2, 2, 4, 4]]


def test_a_region_covers_the_same_part_of_a_modality_of_another_resolution():
    item = marked(3, 5)
    small = replace(item, images={"rgb": item.images["rgb"], "nir": np.zeros((1, 3, 4), np.uint8)})
    small.images["nir"][0, 1, 2] = 200
    moved = on_grid(small, Geometry((4, 4), region=(2, 4, 2, 2)))
    assert moved.images["nir"].mean() > 150


def test_a_box_outside_the_region_goes_and_one_that_is_mostly_cut_away_is_ignored():
    item = replace(marked(3, 5), boxes=targets([[0, 0, 2, 2], [2, 2, 6, 4], [4, 2, 6, 4]]))
    moved = on_grid(item, Geometry((4, 8), region=(2, 5, 2, 3)), min_visible=0.3)
    assert moved.boxes.boxes_xyxy.shape == (2, 4)
    assert moved.boxes.ignore.tolist() == [True, False]


def test_regions_have_the_area_and_aspect_that_are_asked_for():
    rules = ResizedCrop(size=(224, 224))
    frame = (480, 640)
    drawn = [draw_region(rules, frame, np.random.default_rng(seed)) for seed in range(300)]
    for top, left, height, width in drawn:
        assert 0 <= top <= top + height <= frame[0]
        assert 0 <= left <= left + width <= frame[1]
        assert 0.19 < height * width / (480 * 640) <= 1
        assert 0.74 < width / height < 1.35
    assert np.std([top for top, *_ in drawn]) > 40


def test_a_frame_that_holds_no_such_region_gives_its_middle():
    rules = ResizedCrop(size=(8, 8), area=(0.9, 1.0), aspect=(1.0, 1.0))
    assert draw_region(rules, (20, 100), np.random.default_rng(0)) == (0, 40, 20, 20)


def test_a_region_takes_the_place_of_other_ways_to_a_size():
    with pytest.raises(ValidationError, match="takes the place of"):
        Augmentations(resized_crop=ResizedCrop(size=(8, 8)), crop=(4, 4))


def test_scale_flip_and_window_act_in_this_order():
    # (3, 5) becomes rows 6-7, columns 10-11 of 12 x 16; flipped columns 4-5; minus the window's (5, 3).
    moved = on_grid(marked(3, 5), Geometry((12, 16), flip=True, window=(5, 3, 6, 6)))
    assert np.argwhere(moved.mask).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert moved.boxes.boxes_xyxy.tolist() == [[1.0, 1.0, 3.0, 3.0]]
    for image in moved.images.values():
        brightest = image[0] == image[0].max()
        assert np.argwhere(brightest).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]


def test_masks_are_never_interpolated():
    generator = np.random.default_rng(0)
    mask = generator.choice(np.array([0, 3, 9, 255], np.uint8), (37, 53))
    item = Item(key="a", images={"rgb": np.zeros((3, 37, 53), np.uint8)}, size=(37, 53), mask=mask)
    for size in ((20, 90), (74, 106), (11, 13)):
        assert set(np.unique(on_grid(item, Geometry(size)).mask).tolist()) <= {0, 3, 9, 255}


def test_a_mask_made_smaller_takes_the_pixel_at_the_centre_as_images_do():
    # Of every three pixels the middle one: a legacy nearest rule would take the first and shift the labels.
    mask = np.tile(np.arange(9, dtype=np.uint8), (3, 1))
    item = Item(key="a", images={"rgb": np.zeros((3, 3, 9), np.uint8)}, size=(3, 9), mask=mask)
    assert on_grid(item, Geometry((1, 3))).mask.tolist() == [[1, 4, 7]]


def test_a_modality_of_another_resolution_lands_on_the_labels_grid():
    rgb = np.zeros((3, 12, 16), np.uint8)
    rgb[:, 4:6, 10:12] = 255  # the same place as row 2, column 5 of 6 x 8
    lwir = np.zeros((1, 6, 8), np.uint8)
    lwir[:, 2, 5] = 255
    moved = on_grid(Item(key="a", images={"rgb": rgb, "lwir": lwir}, size=(6, 8)), Geometry((6, 8)))
    assert moved.images["rgb"].shape == (3, 6, 8)
    assert moved.images["rgb"][0].argmax() == moved.images["lwir"][0].argmax() == 2 * 8 + 5


def test_sixteen_bits_survive_resampling():
    ramp = np.tile(np.linspace(40000, 60000, 16).astype(np.uint16), (1, 8, 1))
    half = on_grid(Item(key="a", images={"lwir": ramp}, size=(8, 16)), Geometry((4, 8))).images["lwir"]
    assert half.dtype == np.uint16
    wanted = ramp[0, 0].astype(float).reshape(8, 2).mean(1)
    assert np.abs(half[0, 0, 1:-1] - wanted[1:-1]).max() <= 1


def test_boxes_are_cut_at_the_window_and_those_hardly_visible_become_ignore():
    boxes = targets([[0, 0, 4, 4], [3, 0, 7, 4], [6, 0, 8, 4], [2, 1, 3, 2]], labels=[1, 2, 3, 4])
    item = Item(key="a", images={"rgb": np.zeros((3, 6, 8), np.uint8)}, size=(6, 8), boxes=boxes)
    moved = on_grid(item, Geometry((6, 8), window=(0, 0, 6, 4)), min_visible=0.5)
    assert moved.boxes.labels.tolist() == [1, 2, 4]  # the third lies outside
    assert moved.boxes.boxes_xyxy.tolist() == [[0, 0, 4, 4], [3, 0, 4, 4], [2, 1, 3, 2]]
    assert moved.boxes.ignore.tolist() == [False, True, False]  # a quarter of the second is left


def test_a_box_that_the_frame_already_cuts_is_measured_by_what_was_visible():
    item = Item(key="a", images={"rgb": np.zeros((3, 6, 8), np.uint8)}, size=(6, 8), boxes=targets([[-6, 0, 2, 4]]))
    moved = on_grid(item, Geometry((6, 8), window=(0, 0, 6, 6)), min_visible=0.9)
    assert moved.boxes.ignore.tolist() == [False]


def test_an_image_without_boxes_stays_one():
    item = Item(key="a", images={"rgb": np.zeros((3, 6, 8), np.uint8)}, size=(6, 8), boxes=targets([]))
    moved = on_grid(item, Geometry((12, 16), flip=True, window=(0, 0, 4, 4)))
    assert moved.boxes.boxes_xyxy.shape == (0, 4)


RULES = Augmentations(
    scale=(0.5, 2.0),
    horizontal_flip=0.5,
    crop=(5, 6),
    photometric={"rgb": Photometric(gain=0.5, noise=0.1), "lwir": Photometric(offset=0.2)},
)


def noisy_item(names=("rgb", "lwir")):
    generator = np.random.default_rng(1)
    images = {name: generator.integers(0, 256, (3, 6, 8), np.uint8) for name in names}
    return Item(key="a", images=images, size=(6, 8))


def test_augmentation_depends_on_seed_epoch_and_index_alone():
    first = augment(noisy_item(), RULES, Draw(3, 1), seed=7)
    torch.manual_seed(99)
    np.random.seed(99)  # global state must not matter
    again = augment(noisy_item(), RULES, Draw(3, 1), seed=7)
    assert all(np.array_equal(first.images[name], again.images[name]) for name in first.images)
    others = [
        augment(noisy_item(), RULES, draw, seed=seed)
        for draw, seed in ((Draw(4, 1), 7), (Draw(3, 2), 7), (Draw(3, 1), 8))
    ]
    for other in others:
        assert other.images["rgb"].shape != first.images["rgb"].shape or not np.array_equal(
            other.images["rgb"], first.images["rgb"]
        )


def test_a_model_that_sees_one_modality_gets_the_same_pixels_of_it():
    both, alone = noisy_item(), noisy_item(("rgb",))
    for index in range(5):
        pair = augment(both, RULES, Draw(index), seed=0)
        single = augment(alone, RULES, Draw(index), seed=0)
        assert np.array_equal(pair.images["rgb"], single.images["rgb"])


def test_a_fill_stays_what_it_is():
    item = replace(noisy_item(), filled=frozenset({"lwir"}))
    item = replace(item, images={**item.images, "lwir": np.zeros((1, 6, 8), np.uint8)})
    assert all(not augment(item, RULES, Draw(index), seed=0).images["lwir"].any() for index in range(5))


def test_the_default_rules_change_nothing():
    item = marked(2, 2)
    same = augment(item, Augmentations(), Draw(0), seed=0)
    assert all(np.array_equal(same.images[name], item.images[name]) for name in item.images)
    assert torch.equal(same.boxes.boxes_xyxy, item.boxes.boxes_xyxy)


def test_drawn_geometry_stays_within_its_rules():
    rules = Augmentations(resize=(40, 60), scale=(0.5, 2.0), horizontal_flip=0.3, crop=(30, 30))
    drawn = [draw_geometry(rules, (6, 8), np.random.default_rng(seed)) for seed in range(400)]
    assert 0.2 < np.mean([steps.flip for steps in drawn]) < 0.4
    for steps in drawn:
        (height, width), (top, left, high, wide) = steps.size, steps.window
        assert 20 <= height <= 80
        assert abs(width - height * 1.5) <= 1
        assert (high, wide) == (min(30, height), min(30, width))
        assert 0 <= top <= height - high
        assert 0 <= left <= width - wide
    factors = [np.log2(steps.size[0] / 40) for steps in drawn]
    assert abs(np.mean(factors)) < 0.1  # log-uniform: as often smaller as larger


@pytest.mark.parametrize("scale", [(2.0, 1.0), (0.0, 1.0), (1.0, 11.0)])
def test_a_scale_that_is_no_range_is_refused(scale):
    with pytest.raises(ValueError, match="no range"):
        Augmentations(scale=scale)


def test_a_sample_that_is_to_fit_keeps_its_aspect_and_touches_the_frame():
    rules = Augmentations(fit=(960, 960))
    for frame, wanted in (((512, 640), (768, 960)), ((1024, 1280), (768, 960)), ((1920, 480), (960, 240))):
        assert draw_geometry(rules, frame, np.random.default_rng(0)).size == wanted


def test_large_scale_jitter_draws_uniformly_and_never_leaves_its_canvas():
    rules = Augmentations(fit=(96, 96), scale=(0.1, 2.0), scale_drawn="uniformly", crop=(96, 96))
    generator = np.random.default_rng(0)
    drawn = [draw_geometry(rules, (64, 96), generator) for _ in range(2000)]
    factors = [steps.size[1] / 96 for steps in drawn]
    assert np.histogram(factors, bins=5, range=(0.1, 2.0))[0] == pytest.approx([400] * 5, abs=60)
    for steps in drawn:
        top, left, height, width = steps.window
        assert (height, width) == (min(96, steps.size[0]), min(96, steps.size[1]))
        assert top + height <= steps.size[0]
        assert left + width <= steps.size[1]


def test_two_first_sizes_are_refused():
    with pytest.raises(ValueError, match="resize and fit exclude each other"):
        Augmentations(fit=(8, 8), resize=(8, 8))


def test_rules_that_say_nothing_new_are_written_as_before():
    assert not {"fit", "scale_drawn"} & set(Augmentations(scale=(0.5, 2.0)).model_dump())
