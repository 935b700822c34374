from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.zoo.m_specgene.curriculum import Curriculum, advanced, largest_count_bias
from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture, em_step

from .golden import golden, needs_golden


@needs_golden
def test_a_hundred_epochs_are_those_of_the_authors_code():
    expected = golden("schedule")
    mixture, curriculum = GaussianMixture.starting_at(expected["mean0"].tolist()), Curriculum()
    for row, cmss, losses in zip(expected["rows"], expected["cmss"], expected["loss12"], strict=True):
        mixture = em_step(mixture, torch.from_numpy(cmss))
        difference = float(losses[1] - losses[0])
        curriculum = advanced(curriculum, mixture, loss_difference=difference, epochs=100, limit=9)
        said = dict(zip(expected["columns"].tolist(), row, strict=True))
        assert (curriculum.epoch, len(curriculum.means)) == (said["epoch"], said["n_active"])
        found = (*curriculum.means, curriculum.count_bias, curriculum.mean_bias, *mixture.means, *mixture.variances)
        names = [*(f"s{place}" for place in range(len(curriculum.means))), "mask_bias", "mean_bias"]
        names += [f"{part}{place}" for part in ("mu", "var") for place in range(3)]
        np.testing.assert_allclose(found, [said[name] for name in names], rtol=0, atol=1e-9)


#: Of a mixture that stays at means 0.2, 0.5 and 0.8.
WORKED = {
    1: [0.031], 5: [0.153], 8: [0.2, 0.031], 20: [0.2, 0.402], 25: [0.2, 0.5, 0.032], 40: [0.2, 0.5, 0.512],
    49: [0.2, 0.5, 0.8], 60: [0.2, 0.694, 0.8], 70: [0.271, 0.8, 0.8], 90: [0.624, 0.8, 0.8], 100: [0.8, 0.8, 0.8],
}  # fmt: skip


def test_the_means_sweep_up_through_the_components_and_gather_at_the_largest():
    mixture, curriculum = GaussianMixture.starting_at([0.8, 0.2, 0.5]), Curriculum()
    for epoch in range(1, 101):
        curriculum = advanced(curriculum, mixture, loss_difference=0.0, epochs=100, limit=9)
        if epoch in WORKED:
            np.testing.assert_allclose(curriculum.means, WORKED[epoch], atol=5e-4)


@pytest.mark.parametrize("epochs", [2, 3, 10, 37])
def test_any_number_of_epochs_ends_with_active_means_about_the_largest_component(epochs):
    mixture, curriculum = GaussianMixture.starting_at([0.8, 0.2, 0.5]), Curriculum()
    for _ in range(epochs):
        curriculum = advanced(curriculum, mixture, loss_difference=0.0, epochs=epochs, limit=9)
    assert sum(curriculum.means) / len(curriculum.means) == pytest.approx(0.8)


def test_the_modality_that_is_harder_to_reconstruct_is_shown_more_within_limits():
    mixture = GaussianMixture.starting_at([0.2, 0.5, 0.8])
    for difference, sign in ((0.3, 1), (-0.3, -1)):
        curriculum = Curriculum()
        for _ in range(5):
            curriculum = advanced(curriculum, mixture, loss_difference=difference, epochs=100, limit=9)
        assert curriculum.count_bias * sign == 9


def test_the_limit_is_nine_of_the_paper_s_196_patches():
    assert largest_count_bias(196, mask_ratio=0.90, largest_ratio=0.95) == 9


def test_it_is_written_down_as_plain_data_and_read_back():
    curriculum = Curriculum(3, (0.1, 0.25), -1.5, 0.02)
    assert Curriculum.from_plain(curriculum.as_plain()) == curriculum
