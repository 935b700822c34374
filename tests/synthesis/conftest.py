from dataclasses import replace

import numpy as np
import pytest

from rgbtbench.synthesis import PARAMETERS, compose
from rgbtbench.synthesis.conditions import conditions_at
from rgbtbench.synthesis.render import photograph


@pytest.fixture(scope="session")
def find_scene():
    """Return the first scene of a seed that fulfils a condition."""

    def find(wanted, seed=11):
        scenes = (compose(seed, index, PARAMETERS.scene) for index in range(400))
        return next(scene for scene in scenes if wanted(scene))

    return find


@pytest.fixture(scope="session")
def shoot():
    """Photograph a scene at 128 x 96 with fixed noise."""

    def take(scene):
        return photograph(scene, np.random.default_rng(0), width=128, height=96)

    return take


@pytest.fixture(scope="session")
def at_time():
    """Return a scene with the sky and the weather of another time, and nothing else changed."""

    def moved(scene, regime, weather="clear", draw=0):
        conditions = conditions_at(np.random.default_rng(draw), PARAMETERS.scene, regime=regime, weather=weather)
        return replace(scene, conditions=conditions)

    return moved
