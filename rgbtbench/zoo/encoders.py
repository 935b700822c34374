"""Pre-trained encoders that models of several methods start from, by name.

Their weights are used as published, whatever the method; each model says by `Model.encoder_state` which of its layers
take them. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn

from rgbtbench.errors import RecipeError, UnknownNameError, did_you_mean
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, MIT_SIZES, Grid, Mit
from rgbtbench.zoo.parts.resnet import RESNET_WIDTHS, ResNet
from rgbtbench.zoo.parts.swin import SWIN_SIZES, Swin
from rgbtbench.zoo.parts.vit import VIT_SIZES, Vit, VitName, VitSize
from rgbtbench.zoo.parts.vit_names import MMPRETRAIN_NAMES
from rgbtbench.zoo.parts.vitdet import PATCH, PRETRAINED_GRID


@dataclass(frozen=True, slots=True)
class Encoder:
    """A network whose weights are published.

    Attributes:
        build: returns it with random weights, under the published names.
        unused: what the names of published tensors begin with that no segmenter or detector needs: the classifier.
        names: beginnings of published names to what they are in files of other code that hold the same network.
    """

    build: Callable[[], nn.Module]
    unused: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def state(self) -> Mapping[str, Tensor]:
        """Return its names with tensors that have a shape and no content."""
        with torch.device("meta"):
            return self.build().state_dict()

    def found_names(self, found: Collection[str]) -> dict[str, str]:
        """Return published name to that in a file, for all that the file has under either."""
        names = {}
        for key in self.state():
            others = (theirs + key.removeprefix(ours) for ours, theirs in self.names.items() if key.startswith(ours))
            there = next((name for name in (key, *others) if name in found), None)
            if there is not None:
                names[key] = there
        return names

    def fits(self, found: Mapping[str, Tensor]) -> bool:
        """Tell whether a file holds this network, with or without its classifier, and nothing else."""
        wanted, names = self.state(), self.found_names(found)
        others = found.keys() - names.values()
        return (
            names.keys() == wanted.keys()
            and all(key.startswith(self.unused) for key in others)
            and all(found[name].shape == wanted[key].shape for key, name in names.items())
        )


#: Sizes of which MAE was published with patches of 16 pixels, and the small one that others trained.
_MAE: Final[tuple[VitName, ...]] = ("vit_s", "vit_b", "vit_l")

ENCODERS: Final[Mapping[str, Encoder]] = (
    {
        f"mit_{name}": Encoder(partial(Mit, size, eps=LAYER_NORM_EPS["segformer"]), unused=("head.",))
        for name, size in MIT_SIZES.items()
    }
    | {
        f"mae_{name}": Encoder(
            partial(Vit, VIT_SIZES[name], grid=PRETRAINED_GRID, positions="sin_cos"),
            unused=("decoder_", "mask_token", "head."),
            names=MMPRETRAIN_NAMES,
        )
        for name in _MAE
    }
    | {name: Encoder(partial(Swin, size), unused=("head.", "norm.")) for name, size in SWIN_SIZES.items()}
    | {name: Encoder(partial(ResNet, name), unused=("fc.",)) for name in RESNET_WIDTHS}
)


def encoder(name: str) -> Encoder:
    """Return an encoder.

    Raises:
        UnknownNameError: no such encoder; the closest are named.
    """
    if name not in ENCODERS:
        raise UnknownNameError(f"no encoder {name!r}", remedy=did_you_mean(name, ENCODERS))
    return ENCODERS[name]


def vit_name(size: VitSize, *, patch: int, grid: Grid) -> str:
    """Return what a Vision Transformer of the kind that MAE trains is called: by its name here, or by its measures.

    Args:
        size: of the network.
        patch: side of a patch in pixels.
        grid: rows and columns of patches that its positions are for.
    """
    if (patch, grid) == (PATCH, PRETRAINED_GRID):
        for name in _MAE:
            if VIT_SIZES[name] == size:
                return f"mae_{name}"
    return (
        f"a ViT of width {size.width}, depth {size.depth}, {size.heads} heads and MLP ratio {size.mlp_ratio} "
        f"for {grid[0]} x {grid[1]} patches of {patch}"
    )


def require_encoder(name: str, *, wanted: str) -> None:
    """Make sure that pre-trained weights are of the encoder that a model has.

    Args:
        name: of the encoder whose weights there are.
        wanted: the model's.

    Raises:
        RecipeError: they are of another.
    """
    if name != wanted:
        raise RecipeError(
            f"initial_weights are of {name}, and the model's encoder is {wanted}",
            remedy="set the encoder in model.config, or choose other weights",
        )
