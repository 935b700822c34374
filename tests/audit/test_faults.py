"""Every planted fault is found where it was planted, and sound pairs have none."""

from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.audit.faults import KINDS
from rgbtbench.audit.image_faults import image_faults
from rgbtbench.audit.label_faults import label_faults
from rgbtbench.audit.pixels import digest, grey8, one_plane
from rgbtbench.labels import LabelMap
from tests.audit.planted import FAULTS, PLANTED, SOUND


def by_key(found):
    faults = {}
    for one in found.splits:
        for row, fault in one.measures.faults:
            faults.setdefault(one.measures.data.keys[row], set()).add((fault.kind, fault.where))
    return faults


def test_each_planted_sample_has_its_faults_and_no_others(found):
    # `unexpected-size` needs a card in the catalogue, which the planted dataset does not have.
    assert by_key(found) == {
        name: {one for one in kinds if one[0] != "unexpected-size"} for name, kinds in FAULTS.items()
    }


def test_sound_pairs_have_no_faults(found):
    assert not {name for names in SOUND.values() for name in names} & set(by_key(found))


def test_a_pair_whose_twin_is_missing_is_taken_from_the_quarantine(found):
    [[(refusal, fault)]] = found.refused.values()
    assert (refusal.key, refusal.split, fault.kind) == ("absent", "train", "missing-twin")


def test_boxes_are_counted_and_the_first_is_named(found):
    [fault] = [fault for one in found.splits for _, fault in one.measures.faults if fault.kind == "box-repeated"]
    assert (fault.count, fault.detail) == (1, "6 boxes, 5 distinct")


def test_the_kinds_that_are_planted_are_nearly_all_there_are():
    planted = {kind for kinds in FAULTS.values() for kind, _ in kinds}
    elsewhere = {"missing-twin", "refused", "not-finite", "class-unnamed", "mask-size"}
    assert planted | elsewhere == set(KINDS)
    assert set(FAULTS) <= set(PLANTED["train"])


def kinds_of(modality, pixels, equal=False):
    return [fault.kind for fault in image_faults(modality, pixels, equal_channels=equal)]


def test_deep_images_are_judged_by_their_own_highest_value():
    deep = np.random.default_rng(0).integers(3000, 6000, (40, 50, 1)).astype(np.uint16)
    assert kinds_of("lwir", deep) == []
    assert kinds_of("lwir", np.where(deep > 4000, np.uint16(16383), deep)) == ["saturated"]
    assert kinds_of("lwir", (deep // 100).astype(np.uint16)) == ["black"]


def test_measured_values_may_be_dark_and_must_be_finite():
    measured = np.random.default_rng(0).random((40, 50, 1), np.float32)
    assert kinds_of("depth", measured) == []
    measured[3, 4] = np.nan
    assert kinds_of("depth", measured) == ["not-finite"]
    assert kinds_of("depth", np.full((40, 50, 1), np.float32(2.5))) == ["constant"]


@pytest.mark.parametrize(("share", "kinds"), [(0.985, []), (0.995, ["black"])])
def test_a_dark_night_is_not_a_black_image(share, kinds):
    night = np.zeros((100, 100, 1), np.uint8)
    night.reshape(-1)[: round(10_000 * (1 - share))] = 200
    assert kinds_of("rgb", night) == kinds


def record(boxes=(), labels=(), mask=(60, 40), values=(0,)):
    image = {"width": 60, "height": 40}
    return {
        "images": {"rgb": image, "lwir": image},
        "boxes": {"things": {"boxes_xyxy": boxes, "labels": labels, "frame": "rgb"}},
        "masks": {
            "semantic": {"kind": "semantic", "frame": "rgb", "width": mask[0], "height": mask[1], "values": values}
        },
    }


def label_kinds(made):
    maps = {name: LabelMap({0: "a", 1: "b"}, {0: 0, 1: 0}, (255,), 1) for name in ("things", "semantic")}
    return [(fault.kind, fault.where) for fault in label_faults(made, maps, ("rgb", "lwir"))]


def test_ids_without_a_name_and_masks_of_another_size_are_faults():
    assert label_kinds(record(values=(0, 1, 255))) == []
    assert label_kinds(record(values=(0, 7))) == [("class-unnamed", "semantic")]
    assert label_kinds(record(boxes=[(1, 1, 9, 9)], labels=[3])) == [("class-unnamed", "things")]
    assert label_kinds(record(mask=(60, 41))) == [("mask-size", "semantic")]


def test_a_pixel_beyond_the_edge_is_a_convention_and_two_are_a_fault():
    assert label_kinds(record(boxes=[(-1, 0, 20, 41)], labels=[1])) == []
    assert label_kinds(record(boxes=[(0, 0, 62.5, 20)], labels=[1])) == [("box-over-edge", "things")]


def test_three_equal_channels_are_one_and_the_hash_is_of_pixels_alone():
    grey = np.random.default_rng(0).integers(0, 255, (40, 50, 1), np.uint8)
    assert np.array_equal(one_plane(np.repeat(grey, 3, axis=2)), grey)
    assert digest(one_plane(np.repeat(grey, 3, axis=2))) == digest(grey)
    colour = np.repeat(grey, 3, axis=2)
    colour[37, 3, 2] ^= 1
    assert one_plane(colour) is colour
    assert digest(grey) != digest(grey.reshape(50, 40, 1))


def test_deep_and_measured_values_become_grey_over_their_own_range():
    ramp = np.linspace(1000, 2000, 200 * 100).reshape(100, 200, 1)
    for dtype in (np.uint16, np.float32):
        grey = grey8(ramp.astype(dtype))
        assert (grey.min(), grey.max()) == (0, 255)
        assert abs(int(grey[50, 100]) - 128) <= 4
