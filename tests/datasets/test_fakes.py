"""Rendered labels in another dataset's classes: by meaning, never by id."""

import numpy as np
import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets.fakes import native_boxes, native_mask
from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.render import render


@pytest.fixture(scope="module")
def scenes():
    return [render(5, index, width=96, height=72) for index in range(6)]


def test_every_pixel_takes_the_class_of_the_same_meaning(scenes):
    facts = dataset_card("mfnet").label_sets["semantic"]
    ids = {entry.name: entry.id for entry in facts.classes}
    for scene in scenes:
        mask = native_mask(scene, facts, other=0)
        np.testing.assert_array_equal(mask == ids["person"], scene.semantic == SceneClass.PERSON)
        np.testing.assert_array_equal(mask == ids["car"], scene.semantic == SceneClass.CAR)
        np.testing.assert_array_equal(mask == ids["color_cone"], scene.semantic == SceneClass.TRAFFIC_CONE)
        assert not mask[scene.semantic == SceneClass.SKY].any()
        assert not mask[scene.semantic == 255].any()


def test_only_boxes_of_classes_that_exist_there_are_kept(scenes):
    facts = dataset_card("llvip").label_sets["v2"]
    assert any(len(native_boxes(scene, facts)) for scene in scenes)
    for scene in scenes:
        people = scene.boxes[scene.labels == SceneClass.PERSON].tolist()
        assert native_boxes(scene, facts) == [("person", tuple(box)) for box in people]
