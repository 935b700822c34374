from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.cards.matching import MatchingBlock
from rgbtbench.conditions.homography import drawn_homography, seen_through
from rgbtbench.features.pairs import limits_of, resized, shown_pairs
from rgbtbench.loading.prepared import open_split
from tests.loading.tiny import HEIGHT, WIDTH, lwir, prepare_tiny, rgb

RULES = MatchingBlock(
    summary="made for tests", reference="rgb", warped="lwir", frame=(HEIGHT * 4, WIDTH * 4), translation=0.2, rotation=9
)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    return open_split(prepare_tiny(tmp_path_factory.mktemp("tiny")), "test", label_sets=())


def test_without_a_protocol_images_are_as_they_are(split):
    for order, pair in enumerate(shown_pairs(split, ("lwir", "rgb"))):
        assert np.array_equal(pair.images["rgb"], rgb("test", order))
        assert np.array_equal(pair.images["lwir"][..., 0], lwir("test", order))
        assert pair.frame == (HEIGHT, WIDTH)
        assert pair.key == split.keys[order]


def test_a_protocol_moves_one_camera_and_never_the_other(split):
    for order, pair in enumerate(shown_pairs(split, ("rgb", "lwir"), RULES)):
        assert pair.frame == RULES.frame
        assert np.array_equal(pair.images["rgb"], resized(rgb("test", order), RULES.frame))
        still = resized(lwir("test", order)[..., None], RULES.frame)
        assert np.array_equal(pair.images["lwir"], seen_through(still, drawn_homography(pair.key, limits_of(RULES))))
        assert not np.array_equal(pair.images["lwir"], still)


def test_the_type_of_samples_stays(split):
    pair = next(iter(shown_pairs(split, ("rgb", "lwir"), RULES)))
    assert (pair.images["rgb"].dtype, pair.images["lwir"].dtype) == (np.uint8, np.uint16)
    assert pair.images["lwir"].shape == (*RULES.frame, 1)


def test_shrinking_averages():
    image = np.arange(16, dtype=np.uint16).reshape(4, 4, 1) * 100
    assert resized(image, (2, 2))[..., 0].tolist() == [[250, 450], [1050, 1250]]
    assert resized(image, (4, 4)) is image
