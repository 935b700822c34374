"""Features of networks for tasks: whose tokens they are, what padding and windows do, and which sizes there are."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.zoo.image_features import whole_patches
from rgbtbench.zoo.preprocess import IMAGENET
from rgbtbench.zoo.registry import build

from .batches import make_batch, random_images
from .packages import needs_mmsegmentation

CLASSES = {1: "person", 2: "car"}
TASKS = {"m_specgene_detection": "detection", "m_specgene_segmentation": "semantic", "m_specgene_saliency": "saliency"}
DENSE = ("m_specgene_segmentation", "m_specgene_saliency")
NORMALISED = {"normalisation": dict.fromkeys(("rgb", "thermal"), IMAGENET.model_dump())}


def method(name: str):
    return pytest.param(name, marks=needs_mmsegmentation if name in DENSE else ())


def small(name: str, **config):
    torch.manual_seed(0)
    task = TASKS[name]
    changed = load_recipe(f"{name}/smoke").model.config | config
    return build(name, changed, task=task, classes={} if task == "saliency" else CLASSES).eval()


def by_hand(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return uint8 pixels as a normalised network's input of a height and width."""
    resized = F.interpolate(image / 255, size, mode="bilinear", antialias=True).expand(-1, 3, -1, -1)
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (IMAGENET.mean, IMAGENET.std))
    return (resized - mean) / std


@torch.no_grad()
def test_of_a_detector_they_are_the_backbones_map_amid_its_padding():
    model = small("m_specgene_detection", preprocess={"fit": [128, 128], "fill": 0.25, "multiple_of": 16, **NORMALISED})
    images = random_images(2, 60, 96)
    found = model.features(make_batch(images))
    # 60 x 96 becomes 80 x 128, five and eight patches; the rest of 128 x 128 is of level 0.25.
    for modality, image in images.items():
        canvas = by_hand(torch.full((2, 1, 128, 128), 0.25 * 255), (128, 128))
        canvas[..., :80, :] = by_hand(image, (80, 128))
        torch.testing.assert_close(found[modality], model.backbone(canvas)[..., :5, :])


@torch.no_grad()
def test_of_a_detector_they_are_what_its_pyramid_is_built_from():
    model = small("m_specgene_detection", preprocess={"fit": [128, 128], **NORMALISED})
    batch = make_batch(random_images(1, 64, 64))
    found = model.features(batch)
    levels = model.neck(torch.cat((found["rgb"], found["lwir"]), dim=1))
    for one, other in zip(levels, model._levels(batch), strict=True):
        torch.testing.assert_close(one, other)


@torch.no_grad()
@pytest.mark.parametrize("name", [method(name) for name in DENSE])
def test_of_a_segmenter_they_are_the_tokens_of_the_last_block_that_is_looked_at(name):
    model = small(name, taps=[0, 1, 2, 3], preprocess={"edges": None, **NORMALISED})
    images = random_images(2, 64, 64)
    found = model.features(make_batch(images))
    for modality, image in images.items():
        tokens, grid = model.network.backbone(by_hand(image, (64, 64)))
        torch.testing.assert_close(found[modality].flatten(2).transpose(1, 2), tokens[:, 1:])
        assert found[modality].shape[2:] == grid == (4, 4)


@torch.no_grad()
@needs_mmsegmentation
def test_larger_images_are_seen_through_windows_and_smaller_ones_amid_zeros():
    model = small(DENSE[0], window=[48, 64], stride=40, preprocess={"edges": None, **NORMALISED})
    images = random_images(1, 64, 128)
    found = model.features(make_batch(images))["rgb"]
    # 40 of 48 pixels are two of three patches, and three of four; windows end with the image.
    total, covered = torch.zeros(1, 16, 4, 8), torch.zeros(4, 8)
    whole = by_hand(images["rgb"], (64, 128))
    for top, left in itertools.product((0, 1), (0, 3, 4)):
        window = whole[..., 16 * top : 16 * top + 48, 16 * left : 16 * left + 64]
        tokens = model.network.backbone(window)[0][:, 1:]
        total[..., top : top + 3, left : left + 4] += tokens.transpose(1, 2).unflatten(2, (3, 4))
        covered[top : top + 3, left : left + 4] += 1
    torch.testing.assert_close(found, total / covered)
    few = random_images(1, 32, 32)
    tokens = model.network.backbone(F.pad(by_hand(few["rgb"], (32, 32)), (0, 32, 0, 16)))[0][:, 1:]
    expected = tokens.transpose(1, 2).unflatten(2, (3, 4))[..., :2, :2]
    torch.testing.assert_close(model.features(make_batch(few))["rgb"], expected)


@torch.no_grad()
@pytest.mark.parametrize("name", map(method, TASKS))
def test_features_of_one_image_do_not_depend_on_the_other(name):
    model = small(name)
    images = random_images(1, 64, 64)
    one, other = (
        model.features(make_batch(images | {"lwir": grey})) for grey in (images["lwir"], 255 - images["lwir"])
    )
    assert torch.equal(one["rgb"], other["rgb"])
    assert not torch.equal(one["lwir"], other["lwir"])


@torch.no_grad()
@pytest.mark.parametrize("name", map(method, TASKS))
def test_sizes_are_of_whole_patches(name):
    model = small(name)
    batch = make_batch(random_images(1, 64, 64))
    assert model.features(batch, (96, 144))["lwir"].shape == (1, 16, 6, 9)
    with pytest.raises(RecipeError, match="an input of 100x128; expected height and width in multiples of 16"):
        model.features(batch, (100, 128))


@pytest.mark.parametrize(("size", "rounded"), [((960, 768), (960, 768)), ((87, 89), (80, 96)), ((3, 16), (16, 16))])
def test_a_size_gets_the_nearest_number_of_patches(size, rounded):
    assert whole_patches(size, 16) == rounded
