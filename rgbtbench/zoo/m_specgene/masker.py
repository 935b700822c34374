"""Which patches of a batch are visible, step by step: what chooses them, and what it remembers between steps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rgbtbench.zoo.m_specgene.cmss import normalised, patch_cmss
from rgbtbench.zoo.m_specgene.config import GaussianMasking, GmmCmssMasking, MSpecGeneConfig, RandomMasking
from rgbtbench.zoo.m_specgene.curriculum import Curriculum, advanced, largest_count_bias
from rgbtbench.zoo.m_specgene.draws import draw_values, sampling_density
from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture, em_step
from rgbtbench.zoo.m_specgene.selection import complementary_patches
from rgbtbench.zoo.normalisation import sum_over_processes

#: Visible patches of thermal and of RGB, int64 (B, N) each.
Visible = tuple[Tensor, Tensor]
#: So that a share of steps such as 268 / 26800 times 100 counts as 1.
_ROUNDING = 1e-9


class Masker(ABC):
    """Chooses visible patches in training; equal on all processes but for chance.

    Args:
        visible: patches of each modality, where none is to be favoured.
    """

    def __init__(self, visible: int) -> None:
        self.visible = visible

    @abstractmethod
    def choose(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Choose visible patches by their tokens (B, L, D), with torch's own random numbers."""

    def peek(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Choose as `choose` would now, without taking note of the tokens, and on this process alone."""
        return self.choose(thermal, rgb)

    def begin_step(self, progress: float) -> None:  # noqa: B027  # not all care
        """Take note of which share of the training is done, from 0 to 1."""

    def observe(self, thermal_loss: Tensor, rgb_loss: Tensor) -> None:  # noqa: B027  # not all care
        """Take note of the losses of the patches that were chosen last, scalars."""

    def state(self) -> dict[str, Any]:
        """Return everything that is remembered, as plain data, the same on all processes."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:  # noqa: B027  # not all remember
        """Go back to where `state` was taken."""


class RandomMasker(Masker):
    """Patches by chance; see `RandomMasking`."""

    def __init__(self, rules: RandomMasking, *, visible: int) -> None:
        super().__init__(visible)
        self.rules = rules

    def choose(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Choose without a look at the tokens."""
        order = _random_order(thermal)
        if self.rules.name == "independent":
            return order[:, : self.visible], _random_order(rgb)[:, : self.visible]
        second = order if self.rules.name == "shared" else order.flip(1)
        return order[:, : self.visible], second[:, : self.visible]


class GaussianMasker(Masker):
    """Patches by CMSS values from one Gaussian; see `GaussianMasking`."""

    def __init__(self, rules: GaussianMasking, *, visible: int) -> None:
        super().__init__(visible)
        self.rules, self.mean = rules, 0.0

    def choose(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Choose patches whose CMSS lies nearest to drawn values, which span each image's range of CMSS."""
        cmss = patch_cmss(thermal, rgb)
        low, high = cmss.amin(dim=1, keepdim=True), cmss.amax(dim=1, keepdim=True)

        def drawn() -> Tensor:
            values = self.mean + self.rules.deviation * torch.randn_like(cmss)
            return low + (high - low) * values.clamp(0, 1)

        counts = (self.visible - self.rules.hidden_more, self.visible + self.rules.hidden_more)
        return complementary_patches(cmss, (drawn(), drawn()), counts)

    def begin_step(self, progress: float) -> None:
        """Move the mean on."""
        self.mean = self.rules.final_mean * progress


class GmmCmssMasker(Masker):
    """Patches by CMSS values from a mixture that follows the data and a curriculum; see `GmmCmssMasking`."""

    def __init__(self, rules: GmmCmssMasking, *, visible: int, patches: int) -> None:
        super().__init__(visible)
        self.rules = rules
        self.limit = min(
            visible - 1,
            largest_count_bias(patches, mask_ratio=rules.mask_ratio, largest_ratio=rules.largest_ratio),
        )
        # Drawn here, where every process has the same seed.
        self.mixture = GaussianMixture.starting_at(torch.rand(rules.components, device="cpu").tolist())
        self.curriculum = Curriculum()
        self.loss_difference = 0.0

    @property
    def counts(self) -> tuple[int, int]:
        """Visible patches of thermal and of RGB."""
        bias = max(-self.visible + 1, min(self.visible - 1, int(self.curriculum.count_bias)))
        return self.visible - bias, self.visible + bias

    def choose(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Fit the mixture to the batch's CMSS, and choose patches whose CMSS lies nearest to values drawn from it."""
        cmss = normalised(patch_cmss(thermal, rgb, variance=self.rules.variance))
        self.mixture = em_step(self.mixture, cmss)
        return self._chosen(cmss)

    def peek(self, thermal: Tensor, rgb: Tensor) -> Visible:
        """Choose by the mixture as it is."""
        cmss = patch_cmss(thermal, rgb, variance=self.rules.variance)
        return self._chosen(cmss / cmss.max())

    def _chosen(self, cmss: Tensor) -> Visible:
        return complementary_patches(cmss, (self._drawn(cmss, 1), self._drawn(cmss, -1)), self.counts)

    def _drawn(self, cmss: Tensor, sign: int) -> Tensor:
        density = sampling_density(self.mixture, self.curriculum.means, mean_bias=sign * self.curriculum.mean_bias)
        shape = (cmss.shape[0], cmss.shape[1])
        return draw_values(density, shape, device=cmss.device, mixed=self.rules.mixed_draws)

    def begin_step(self, progress: float) -> None:
        """Move the curriculum on, by as many of its steps as the training has done."""
        while self.curriculum.epoch < math.floor(progress * self.rules.epochs + _ROUNDING):
            self.curriculum = advanced(
                self.curriculum,
                self.mixture,
                loss_difference=self.loss_difference,
                epochs=self.rules.epochs,
                limit=self.limit,
            )

    def observe(self, thermal_loss: Tensor, rgb_loss: Tensor) -> None:
        """Keep which modality is harder to reconstruct."""
        difference = (rgb_loss - thermal_loss).detach().float()
        total, count = sum_over_processes(torch.stack((difference, torch.ones_like(difference)))).tolist()
        self.loss_difference = total / count

    def state(self) -> dict[str, Any]:
        """Return mixture, curriculum and losses."""
        return {
            "mixture": self.mixture.as_lists(),
            "curriculum": self.curriculum.as_plain(),
            "loss_difference": self.loss_difference,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go back to where `state` was taken."""
        self.mixture = GaussianMixture.from_lists(state["mixture"])
        self.curriculum = Curriculum.from_plain(state["curriculum"])
        self.loss_difference = float(state["loss_difference"])


def make_masker(config: MSpecGeneConfig) -> Masker:
    """Return what chooses visible patches as configured, at the start of a training."""
    match config.masking:
        case RandomMasking() as rules:
            return RandomMasker(rules, visible=config.visible)
        case GaussianMasking() as rules:
            return GaussianMasker(rules, visible=config.visible)
        case GmmCmssMasking() as rules:
            return GmmCmssMasker(rules, visible=config.visible, patches=math.prod(config.grid))


def _random_order(tokens: Tensor) -> Tensor:
    return torch.rand(tokens.shape[:2], device=tokens.device).argsort(dim=1)
