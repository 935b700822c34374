from dataclasses import FrozenInstanceError, replace

import pytest

from rgbtbench.synthesis.parameters import GENERATOR_VERSION, PARAMETERS, SceneParameters, parameters_version


def test_the_version_is_that_of_the_frozen_parameters():
    # Changing a parameter makes other data: raise the version here, in docs/synthetic.md and in the card's key hashes.
    assert GENERATOR_VERSION == "b096d48adb94"


def test_every_parameter_enters_the_version():
    louder = replace(PARAMETERS, thermal=replace(PARAMETERS.thermal, netd=0.061))
    fewer = replace(PARAMETERS, scene=SceneParameters(people=(1, 5)))
    revised = replace(PARAMETERS, revision=PARAMETERS.revision + 1)
    versions = {parameters_version(each) for each in (PARAMETERS, louder, fewer, revised)}
    assert len(versions) == 4


def test_parameters_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        PARAMETERS.visible.read_noise = 0.0
