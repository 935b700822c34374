from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from rgbtbench.zoo.pixel_losses import boundary, cross_entropy, dice, focal, ohem_cross_entropy

from .references import needs_references, outputs

LOSSES = {
    "cross_entropy": cross_entropy,
    "ohem": ohem_cross_entropy,
    "focal": focal,
    "dice": dice,
    "boundary": boundary,
}


def random_case(classes: int = 4, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (2, classes, 12, 10) and labels with a tenth of the pixels ignored."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn((2, classes, 12, 10), generator=generator) * 2
    target = torch.randint(0, classes, (2, 12, 10), generator=generator)
    return logits, target.masked_fill(torch.rand((2, 12, 10), generator=generator) < 0.1, 255)


def logits_for(chances: list[float], classes: int = 5) -> torch.Tensor:
    """Logits (1, classes, 1, N) that give class 0 these chances, and the others equal ones."""
    rest = [(1 - chance) / (classes - 1) for chance in chances]
    return torch.tensor([chances, *[rest] * (classes - 1)]).log().view(1, classes, 1, -1)


def certain(labels: torch.Tensor, classes: int) -> torch.Tensor:
    return F.one_hot(labels, classes).movedim(-1, 1) * 200.0


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 0.5, 2.0, 7.0])])
def test_cross_entropy_is_torchs_with_weights_and_smoothing(weights, smoothing):
    logits, target = random_case()
    expected = F.cross_entropy(logits, target, weight=weights, ignore_index=255, label_smoothing=smoothing)
    found = cross_entropy(logits, target, class_weights=weights, label_smoothing=smoothing)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


class TestOhem:
    @needs_references
    @pytest.mark.parametrize("case", ["ohem", "ohem_easy"])
    def test_it_is_the_loss_of_delivers_code(self, case):
        """Of many hard pixels, some of all being ignored; and of pixels that are all easy."""
        reference = outputs("cmnext")
        logits, labels = (torch.from_numpy(reference[name]) for name in (f"{case}_logits", "ohem_labels"))
        np.testing.assert_allclose(ohem_cross_entropy(logits, labels), reference[f"{case}_loss"], rtol=1e-4)

    def test_pixels_that_are_surer_than_seven_tenths_are_left_out(self):
        target = torch.zeros((1, 1, 4), dtype=torch.int64)
        loss = ohem_cross_entropy(logits_for([0.9, 0.71, 0.69, 0.2]), target)
        assert loss.item() == pytest.approx(-(math.log(0.69) + math.log(0.2)) / 2, rel=1e-5)

    def test_at_least_a_sixteenth_of_the_labelled_pixels_is_taken(self):
        target = torch.zeros((1, 1, 36), dtype=torch.int64)
        target[..., 32:] = 255
        loss = ohem_cross_entropy(logits_for([0.9] * 30 + [0.8, 0.75] + [0.01] * 4), target)
        assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.75)) / 2, rel=1e-5)

    def test_of_pixels_that_are_equally_hard_each_gets_its_part(self):
        logits = logits_for([0.9] * 32).requires_grad_()
        loss = ohem_cross_entropy(logits, torch.zeros((1, 1, 32), dtype=torch.int64))
        loss.backward()
        assert loss.item() == pytest.approx(-math.log(0.9), rel=1e-5)
        assert logits.grad[0, 0, 0].tolist() == pytest.approx([-0.1 / 32] * 32, rel=1e-4)

    def test_other_shares_and_thresholds(self):
        target = torch.zeros((1, 1, 8), dtype=torch.int64)
        logits = logits_for([0.95] * 4 + [0.9, 0.85, 0.8, 0.75])
        loss = ohem_cross_entropy(logits, target, chance=0.5, least=4)
        assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.75)) / 2, rel=1e-5)


class TestFocal:
    def test_without_gamma_it_is_the_cross_entropy(self):
        logits, target = random_case()
        weights = torch.tensor([1.0, 0.5, 2.0, 7.0])
        expected = F.cross_entropy(logits, target, weight=weights, ignore_index=255)
        assert focal(logits, target, gamma=0, class_weights=weights).item() == pytest.approx(expected.item(), rel=1e-5)

    def test_with_two_classes_it_is_torchvisions_of_their_difference(self):
        logits, target = random_case(classes=2)
        known = target != 255
        difference = (logits[:, 1] - logits[:, 0])[known]
        expected = sigmoid_focal_loss(difference, target[known].float(), alpha=-1, gamma=2, reduction="mean")
        assert focal(logits, target).item() == pytest.approx(expected.item(), rel=1e-5)


class TestDice:
    def test_a_perfect_prediction_loses_nothing(self):
        _, target = random_case()
        target[target == 255] = 0
        assert dice(certain(target, 4), target).item() == pytest.approx(0, abs=1e-6)

    def test_by_hand(self):
        """Two pixels of class 0, chances 0.8 and 0.6: (2 x 1.4 + 1) / (1 + 2 + 1) for it, 1 / 1.2 for the other."""
        loss = dice(logits_for([0.8, 0.6], classes=2), torch.zeros((1, 1, 2), dtype=torch.int64))
        assert loss.item() == pytest.approx(((1 - 3.8 / 4) + (1 - 1 / 1.2)) / 2, rel=1e-5)

    def test_images_without_labels_count_nothing(self):
        logits, target = random_case()
        alone = dice(logits[:1], target[:1])
        target[1] = 255
        assert dice(logits, target).item() == pytest.approx(alone.item(), rel=1e-6)


class TestBoundary:
    def test_a_perfect_prediction_loses_nothing(self):
        target = torch.zeros((1, 12, 12), dtype=torch.int64)
        target[0, 3:8, 4:9] = 1
        assert boundary(certain(target, 2), target).item() == pytest.approx(0, abs=1e-5)

    @pytest.mark.parametrize(("shift", "expected"), [(1, 0.0), (2, 0.0), (6, 1.0)])
    def test_a_boundary_is_met_within_half_the_tolerance(self, shift, expected):
        """An edge from top to bottom; its pixels on either side belong to one class each."""
        target = torch.zeros((1, 8, 20), dtype=torch.int64)
        target[..., 10:] = 1
        moved = torch.zeros_like(target)
        moved[..., 10 - shift :] = 1
        assert boundary(certain(moved, 2), target).item() == pytest.approx(expected, abs=1e-5)

    def test_precision_and_recall_by_hand(self):
        """Of two lines that are predicted one is there, and all that is there is found: F1 is 2 / 3 for each class."""
        target = torch.zeros((1, 9, 30), dtype=torch.int64)
        target[..., 5] = 1
        predicted = target.clone()
        predicted[..., 20] = 1
        assert boundary(certain(predicted, 2), target).item() == pytest.approx(1 / 3, rel=1e-5)

    def test_classes_that_are_not_there_and_images_without_a_boundary_count_nothing(self):
        target = torch.zeros((2, 9, 30), dtype=torch.int64)
        target[0, :, 5] = 1
        moved = torch.zeros_like(target)
        moved[0, :, 20] = 1
        assert boundary(certain(moved, 7), target).item() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_without_a_labelled_pixel_loss_and_gradient_are_zero(loss):
    logits, target = random_case()
    logits.requires_grad_()
    found = loss(logits, torch.full_like(target, 255))
    found.backward()
    assert found.item() == 0
    assert not logits.grad.any()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_logits_of_ignored_pixels_change_nothing(loss):
    logits, target = random_case()
    other = torch.where((target == 255)[:, None], logits.flip(1), logits)
    assert loss(other, target).item() == pytest.approx(loss(logits, target).item(), rel=1e-6)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_lead_to_the_labels(loss):
    logits, target = random_case(seed=3)
    logits.requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.5)
    first = loss(logits, target).item()
    for _ in range(60):
        optimiser.zero_grad()
        last = loss(logits, target)
        last.backward()
        optimiser.step()
    assert last.item() < 0.3 * first
