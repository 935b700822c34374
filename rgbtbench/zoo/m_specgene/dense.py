"""The network that M-SpecGene segments and finds salient objects with: one BEiT-like ViT for both cameras, and UPerNet.

RGB and thermal run through the same weights; four maps of each are put side by side, brought to four scales, and read
by mmsegmentation's UPerNet and FCN heads. The encoder takes windows of one size, which larger images are seen through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Final, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, JsonValue, model_validator
from torch import Tensor, nn

from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.m_specgene.tasks import CHANNELS
from rgbtbench.zoo.parts.folded_pair import folded, unfolded
from rgbtbench.zoo.parts.four_scales import FourScales
from rgbtbench.zoo.parts.mit import Grid, to_map
from rgbtbench.zoo.parts.mlp_head import enlarged
from rgbtbench.zoo.parts.positions import resized_positions
from rgbtbench.zoo.parts.relative_bias import BiasedAttention
from rgbtbench.zoo.parts.vit import Vit, vit_layers
from rgbtbench.zoo.parts.vit_config import TaskEncoder
from rgbtbench.zoo.parts.vit_names import names_of_blocks
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.windows import Images, summed_windows

#: Name of the network in the models of both tasks.
NETWORK: Final = "network"
#: Beginnings of our names to beginnings of the released files'.
PUBLISHED_KEYS: Final[Mapping[str, str]] = {
    f"{NETWORK}.backbone.patch_embed.proj.": "backbone.patch_embed.projection.",
    **names_of_blocks(f"{NETWORK}.backbone.blocks.", "backbone.layers."),
    f"{NETWORK}.": "",
}
_EPS: Final = 1e-6
#: Which map the head beside UPerNet sees, counted from the finest.
_AUXILIARY_LEVEL: Final = 2
#: Windows in one pass: as many as an image of 640 × 480 has.
_PER_PASS: Final = 2
_NORM: Final = "norm."


class DenseConfig(TaskEncoder):
    """Configuration that segmentation and saliency share."""

    window: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        768, description="side in pixels of what the encoder sees at once, or height and width"
    )
    stride: int = Field(
        341,
        ge=1,
        description="pixels from one window to the next in images that are larger, for the shorter side of a window; "
        "for the longer one as much more",
    )
    taps: tuple[int, int, int, int] = Field((3, 5, 7, 11), description="blocks whose tokens are the four maps")
    drop_path: float = Field(0.1, ge=0, lt=1, description="chance of leaving out a branch of the last block")
    head_width: int = Field(768, ge=1, description="channels inside UPerNet")
    auxiliary_width: int = Field(256, ge=1, description="channels inside the FCN head, which training alone listens to")
    colours: Literal["rgb", "bgr"] = Field(
        "rgb",
        description="order of the channels of both images; bgr, with statistics meant for rgb, is what the released "
        "files were trained on",
    )
    preprocess: Preprocess = Preprocess(edges=(768, 2560), normalisation=dict.fromkeys(CHANNELS, IMAGENET))

    @model_validator(mode="after")
    def _taps_are_blocks(self) -> Self:
        depth = self.encoder_size.depth
        if list(self.taps) != sorted(set(self.taps)) or not 0 <= self.taps[0] <= self.taps[-1] < depth:
            raise ValueError(f"taps are four rising numbers of blocks from 0 to {depth - 1}")
        return self

    @model_validator(mode="after")
    def _windows_overlap(self) -> Self:
        if any(side % self.patch for side in self.window_size):
            raise ValueError(f"a window of {self.window} is not made of patches of {self.patch}")
        if self.stride > min(self.window_size):
            raise ValueError(f"a stride of {self.stride} leaves gaps between windows of {self.window}")
        return self

    @model_validator(mode="after")
    def _one_order_of_colours(self) -> Self:
        if self.colours == "bgr" and self.preprocess.channel_order:
            raise ValueError("colours bgr and preprocess.channel_order exclude each other")
        return self

    @property
    def input_rules(self) -> Preprocess:
        """How pixels become the network's input: `preprocess` with its colours in order."""
        if self.colours == "rgb":
            return self.preprocess
        return self.preprocess.model_copy(update={"channel_order": dict.fromkeys(CHANNELS, (2, 1, 0))})

    @property
    def window_size(self) -> Grid:
        """Height and width of a window."""
        return (self.window, self.window) if isinstance(self.window, int) else self.window

    @property
    def grid(self) -> Grid:
        """Rows and columns of a window's patches."""
        height, width = self.window_size
        return height // self.patch, width // self.patch


def authors_options(config: DenseConfig) -> dict[str, JsonValue]:
    """Return what the released files expect."""
    return {} if config.preprocess.channel_order else {"colours": "bgr"}


class DenseNetwork(nn.Module):
    """The network; RGB comes before thermal, other than in pre-training.

    Args:
        config: of the model.
        outputs: number of classes.

    Raises:
        MissingExtraError: mmsegmentation is not installed.
    """

    def __init__(self, config: DenseConfig, outputs: int) -> None:
        super().__init__()
        from rgbtbench.bridges.mmseg_heads import fcn_head, uper_head

        self.config = config
        size, grid = config.encoder_size, config.grid
        self.backbone = Vit(
            size,
            grid=grid,
            patch=config.patch,
            eps=_EPS,
            drop_path=config.drop_path,
            layer_scale=1.0,
            attention=lambda _: BiasedAttention(size.width, size.heads, grid),
            final_norm=False,
        )
        width = len(CHANNELS) * size.width
        self.neck = FourScales(width)
        widths = [width] * len(config.taps)
        self.decode_head = uper_head(widths, config.head_width, outputs)
        self.auxiliary_head = fcn_head(widths, config.auxiliary_width, outputs, level=_AUXILIARY_LEVEL)

    def maps(self, images: Images) -> list[Tensor]:
        """Return the maps that the heads take, finest first, of windows: slot to float (B, 3, height, width)."""
        tokens, grid = self.backbone.taps(folded(images["rgb"], images["thermal"]), self.config.taps)
        found: list[Tensor] = self.neck([unfolded(to_map(tapped[:, 1:].contiguous(), grid)) for tapped in tokens])
        return found

    def tokens(self, image: Tensor) -> Tensor:
        """Return the tokens that come out of the last tapped block, the mean over windows where they meet.

        Args:
            image: float (B, 3, H, W), sides divisible by the patch's, as are the places of its windows here.

        Returns:
            (B, width, H / patch, W / patch), or more below and to the right where the image is smaller than a window.
        """
        patch, grid = self.config.patch, self.config.grid

        def found(cells: Images) -> Tensor:
            (tokens,), _ = self.backbone.taps(F.pixel_shuffle(cells["image"], patch), self.config.taps[-1:])
            return to_map(tokens[:, 1:].contiguous(), grid)

        total, covered = summed_windows(
            found,
            {"image": F.pixel_unshuffle(_at_least(image, self.config.window_size), patch)},
            window=grid,
            stride=Fraction(max(self.config.stride // patch, 1), min(grid)),
            per_pass=_PER_PASS,
        )
        return total / covered

    def forward(self, images: Images) -> Tensor:
        """Return logits (B, outputs, H, W) of images: slot to float (B, 3, H, W)."""
        return self._through_windows((self.decode_head,), images)

    def trained(self, images: Images) -> dict[str, Tensor]:
        """Return the logits of the head, and those of the head beside it as `auxiliary`."""
        both = self._through_windows((self.decode_head, self.auxiliary_head), images)
        answer, auxiliary = both.chunk(2, dim=1)
        return {"": answer, "auxiliary": auxiliary}

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of an encoder of the same size, pre-trained by MAE or on pairs; see `Model.encoder_state`.

        Positions are interpolated to the window's grid; factors and relative positions begin anew.
        """
        require_encoder(name, wanted=self.config.encoder_name)
        kept = {key: tensor for key, tensor in state.items() if not key.startswith(_NORM)}
        kept["pos_embed"] = resized_positions(kept["pos_embed"], self.config.grid, known=self.config.pretrained_grid)
        return {f"{NETWORK}.backbone.{key}": tensor for key, tensor in kept.items()}

    def layers(self) -> Sequence[Sequence[str]]:
        """Return the order of layers; see `Model.layers`."""
        return vit_layers(f"{NETWORK}.backbone", self.config.encoder_size.depth)

    def _through_windows(self, heads: Sequence[Callable[[list[Tensor]], Tensor]], images: Images) -> Tensor:
        """Return the mean over windows of what heads say, one after the other on the channel axis."""
        window = self.config.window_size
        height, width = images["rgb"].shape[-2:]

        def scores(crops: Images) -> Tensor:
            maps = self.maps(crops)
            return torch.cat([enlarged(head(maps), crops["rgb"]) for head in heads], dim=1)

        total, covered = summed_windows(
            scores,
            {slot: _at_least(image, window) for slot, image in images.items()},
            window=window,
            stride=Fraction(self.config.stride, min(window)),
            per_pass=_PER_PASS,
        )
        return (total / covered)[..., :height, :width]


def _at_least(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return an image (B, C, H, W) with zeros below and to the right until it has a height and a width."""
    height, width = image.shape[-2:]
    return F.pad(image, (0, max(size[1] - width, 0), 0, max(size[0] - height, 0)))
