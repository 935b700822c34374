"""CMX: two Mix Transformers that rectify each other after every stage, and whose maps are fused.

Zhang, Liu, Yang, Hu, Liu and Stiefelhagen, "CMX: Cross-Modal Fusion for RGB-X Semantic Segmentation with
Transformers", IEEE T-ITS 2023. Both encoders start from the same pre-trained weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, JsonValue
from torch import Tensor

from rgbtbench.zoo.headed import Head, HeadedModel
from rgbtbench.zoo.parts.dual_mit import DualMit
from rgbtbench.zoo.parts.mit import STRIDE
from rgbtbench.zoo.parts.mit_config import MitConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: The authors write both encoders' layers side by side; DELIVER's port names the head's as they are named here.
PUBLISHED_KEYS: Final[Mapping[str, str]] = {
    "backbone.rgb.": "backbone.",
    **{f"backbone.x.{part}": f"backbone.extra_{part}" for part in ("patch_embed", "block", "norm")},
    "decode_head.linear_fuse.conv.": "decode_head.linear_fuse.0.",
    "decode_head.linear_fuse.bn.": "decode_head.linear_fuse.1.",
}
_CHANNELS: Final[Mapping[str, int]] = {"rgb": 3, "x": 3}
_RED_GREEN_BLUE: Final = (0, 1, 2)


class CmxConfig(MitConfig):
    """Configuration of CMX; the fields after `variant` are what authors' weights depend on.

    Attributes:
        head: the paper's, or mmsegmentation's UPerNet, whose width is `head_width` too, 512 by default.
        variant: the authors' network, or that of DELIVER's code: without a bias in the head's mixing convolution, and
            with torch's eps in all layer normalisations.
        bgr_input: colours reach the network as blue, green, red, as the authors' code reads them from files, and are
            normalised with the numbers of red, green, blue; for their weights.
        head_eps_in_training: eps of the head's batch normalisation in training mode; the authors train with 1e-3 and
            evaluate with 1e-5. Null: 1e-5 always.
    """

    head: Head = "mlp"
    variant: Literal["authors", "deliver"] = "authors"
    bgr_input: bool = False
    head_eps_in_training: float | None = Field(None, gt=0)
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation=dict.fromkeys(_CHANNELS, IMAGENET))

    @property
    def rules(self) -> Preprocess:
        """How pixels become the network's input, with the channels in their order."""
        if not self.bgr_input:
            return self.preprocess
        given = self.preprocess.channel_order
        orders = {slot: tuple(reversed(given.get(slot, _RED_GREEN_BLUE))) for slot in _CHANNELS}
        return self.preprocess.model_copy(update={"channel_order": orders})


CONFIG = CmxConfig


def slots(config: CmxConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return {"rgb": "rgb", "x": "lwir"}


def authors_options(config: CmxConfig) -> dict[str, JsonValue]:
    """Return what weights of the authors' code expect; DELIVER's has nothing of its own."""
    if config.variant == "deliver" or config.preprocess.channel_order:
        return {}
    return {"bgr_input": True}


def build(spec: ModelSpec, config: CmxConfig) -> Cmx:
    """Return a CMX with random weights."""
    return Cmx(spec, config)


class Cmx(HeadedModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: CmxConfig) -> None:
        super().__init__(
            spec,
            preprocess=config.rules,
            channels=_CHANNELS,
        )
        self.config = config
        eps = config.eps("segformer" if config.variant == "authors" else "deliver")
        self.backbone = DualMit(config.size, eps=eps, drop_path=config.drop_path)
        if config.head == "upernet":
            self.use_upernet(config.size.widths, config.width_of_head(small=512, large=512))
            return
        self.use_mlp_head(
            MlpHead(
                config.size.widths,
                config.width_of_head(small=256, large=512),
                len(spec.classes),
                fuse_bias=config.variant == "authors",
                eps_in_training=config.head_eps_in_training,
            )
        )

    def maps(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the fused maps of images: `rgb` and `x` to float (B, 3, H, W), normalised."""
        found: list[Tensor] = self.backbone(images["rgb"], images["x"])
        return found

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under the names of both encoders."""
        self.config.require_encoder(name)
        return {f"backbone.{stream}.{key}": tensor for stream in _CHANNELS for key, tensor in state.items()}
