"""Known shifts are found across the gap between modalities, with an honest error, and unrelated images are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbtbench.audit.gradients import edges, edges_beside
from rgbtbench.audit.misregistration import offset
from rgbtbench.audit.pixels import grey8
from rgbtbench.formats.image_file import decode_image, probe
from rgbtbench.synthesis import render
from tests.audit.planted import scene
from tests.datasets.shared import SAMPLES, needs

#: Scenes of the embedded generator whose thermal camera stands and points elsewhere.
SHIFTED = (18, 23, 24, 29)


def moved(image, x, y):
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def grey(image):
    return grey8(np.atleast_3d(image))


def read(path):
    return decode_image(path.read_bytes(), probe(path.read_bytes()))


@pytest.fixture(scope="module")
def rendered():
    """Aligned pairs of the embedded generator, 256x192."""
    scenes = [render(0, number, width=256, height=192) for number in range(16)]
    return [(grey(one.rgb), one.lwir) for one in scenes if one.attributes["registration"] == "aligned"]


def test_applied_shifts_are_found_to_a_fraction_of_a_pixel_within_the_stated_error(rendered):
    rng = np.random.default_rng(0)
    errors, spreads, reliable = [], [], []
    for rgb, lwir in rendered:
        x, y = rng.uniform(-10, 10, 2)
        found = offset(edges(rgb), edges(moved(lwir, x, y)))
        errors.append(np.hypot(found.x + x, found.y + y))
        spreads.append(found.spread)
        reliable.append(found.reliable)
    errors, spreads, reliable = np.array(errors), np.array(spreads), np.array(reliable)
    assert reliable.mean() >= 0.8
    assert np.median(errors[reliable]) < 0.4
    assert errors[reliable].max() < 2
    assert (errors[reliable] <= 3 * np.maximum(spreads[reliable], 0.25)).mean() >= 0.9


def test_aligned_pairs_have_no_offset_and_shifted_ones_have(rendered):
    aligned = [offset(edges(rgb), edges(lwir)).length for rgb, lwir in rendered]
    assert np.median(aligned) < 0.4
    scenes = [render(0, number, width=256, height=192) for number in SHIFTED]
    assert {one.attributes["registration"] for one in scenes} == {"shifted"}
    assert np.median([offset(edges(grey(one.rgb)), edges(one.lwir)).length for one in scenes]) > 1.5


def test_images_of_different_scenes_have_no_reliable_offset():
    found = [offset(edges(grey(scene(one)[0])), edges(scene(one + 50)[1])) for one in range(25)]
    assert sum(one.reliable for one in found) <= 1


@pytest.mark.parametrize("empty", [0, 128])
def test_an_image_without_structure_has_no_reliable_offset(empty):
    rgb, _ = scene(1)
    found = offset(edges(grey(rgb)), edges(np.full(rgb.shape[:2], empty, np.uint8)))
    assert not found.reliable


def test_polarity_does_not_matter():
    rgb, _ = scene(2)
    found = offset(edges(grey(rgb)), edges(moved(255 - grey(rgb), 5, -3)))
    assert (round(found.x), round(found.y)) == (-5, 3)
    assert found.reliable


def test_the_offset_is_in_pixels_of_the_first_whatever_the_sizes():
    rgb, lwir = scene(3)
    large = cv2.resize(grey(rgb), None, fx=3, fy=3, interpolation=cv2.INTER_LINEAR)
    first = edges(large)
    found = offset(first, edges_beside(first, moved(lwir, 4, 2)))
    assert found.x == pytest.approx(-12, abs=1)
    assert found.y == pytest.approx(-6, abs=1)


def test_the_same_images_always_give_the_same_estimate():
    rgb, lwir = scene(4)
    assert offset(edges(grey(rgb)), edges(lwir)) == offset(edges(grey(rgb)), edges(lwir))


def real_pairs():
    mfnet = [read(path) for path in sorted((SAMPLES / "mfnet/images").glob("*.png"))[::30]]
    yield from (("mfnet", grey(image[..., :3]), np.ascontiguousarray(image[..., 3])) for image in mfnet)
    for path in sorted((SAMPLES / "roadscene/crop_LR_visible").iterdir())[::30]:
        thermal = SAMPLES / "roadscene/cropinfrared" / path.name
        yield "roadscene", grey(read(path)), grey(read(thermal))
    for path in sorted((SAMPLES / "llvip/Test_LLVIP_vi").iterdir())[::3]:
        yield "llvip", grey(read(path)), grey(read(SAMPLES / "llvip/Test_LLVIP_ir" / path.name))
    for path in sorted((SAMPLES / "kaist").glob("*_visible.png")):
        yield "kaist", grey(read(path)), grey(read(path.with_name(path.name.replace("visible", "lwir"))))


@needs("samples/mfnet", "samples/roadscene", "samples/llvip", "samples/kaist")
def test_on_real_pairs_an_applied_shift_changes_the_estimate_by_itself():
    rng = np.random.default_rng(0)
    errors: dict[str, list[float]] = {}
    for name, rgb, lwir in real_pairs():
        scale = max(rgb.shape) / 640
        x, y = rng.uniform(-20, 20, 2) * scale
        before, after = offset(edges(rgb), edges(lwir)), offset(edges(rgb), edges(moved(lwir, x, y)))
        if before.reliable and after.reliable:
            error = np.hypot(after.x - before.x + x, after.y - before.y + y)
            errors.setdefault(name, []).append(error / scale)
    assert {name: len(found) >= 3 for name, found in errors.items()} == dict.fromkeys(
        ("mfnet", "roadscene", "llvip", "kaist"), True
    )
    assert all(np.median(found) < 0.6 for found in errors.values())
    assert np.concatenate(list(errors.values())).mean() < 0.6
