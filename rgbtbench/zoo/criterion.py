"""The losses that a recipe chooses for maps of class logits, whatever the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import torch
from torch import Tensor, nn

from rgbtbench.cards.losses import Boundary, CrossEntropy, Dice, Focal, OhemCrossEntropy, PixelLoss
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.zoo.pixel_losses import boundary, cross_entropy, dice, focal, ohem_cross_entropy


class Criterion(nn.Module):
    """Losses between logits and targets.

    Args:
        choices: of the recipe, with distinct names.
        classes: class id to name; outputs are ordered by id.
        owner: the field that the choices stand in, for errors.

    Raises:
        RecipeError: a weight for a class that there is not; the closest are named.
    """

    def __init__(
        self, choices: Sequence[PixelLoss], classes: Mapping[int, str], *, owner: str = "losses.pixels"
    ) -> None:
        super().__init__()
        self.choices = tuple(choices)
        for choice in choices:
            weights = getattr(choice, "class_weights", {})
            self.register_buffer(choice.name, _by_output(weights, classes, owner=owner), persistent=False)

    @property
    def class_weights(self) -> Tensor | None:
        """Float32 (C,), those of the cross-entropy; None without."""
        weights: Tensor | None = getattr(self, "cross_entropy", None)
        return weights

    def forward(self, logits: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the losses by name; arguments are those of `rgbtbench.zoo.pixel_losses`."""
        return {
            choice.name: _loss(choice, logits, target, class_weights=getattr(self, choice.name))
            for choice in self.choices
        }


def _loss(choice: PixelLoss, logits: Tensor, target: Tensor, *, class_weights: Tensor | None) -> Tensor:
    match choice:
        case CrossEntropy():
            return cross_entropy(logits, target, class_weights=class_weights, label_smoothing=choice.label_smoothing)
        case OhemCrossEntropy():
            return ohem_cross_entropy(
                logits, target, chance=choice.chance, least=choice.least, class_weights=class_weights
            )
        case Focal():
            return focal(logits, target, gamma=choice.gamma, class_weights=class_weights)
        case Dice():
            return dice(logits, target)
        case Boundary():
            return boundary(logits, target, width=choice.width, tolerance=choice.tolerance)
        case _:
            assert_never(choice)


def _by_output(weights: Mapping[str, float], classes: Mapping[int, str], *, owner: str) -> Tensor | None:
    """Return float32 (C,) weights in the order of the outputs, 1 where none is given; None where none is at all."""
    for name in weights:
        if name not in classes.values():
            raise RecipeError(f"{owner}: class_weights: no class {name!r}", remedy=did_you_mean(name, classes.values()))
    if not weights:
        return None
    return torch.tensor([weights.get(name, 1.0) for _, name in sorted(classes.items())])
