"""One or two cameras, one of several encoders, and the three places where two cameras may meet.

Early fusion stacks images as channels of one encoder. Mid fusion ("halfway") has an encoder per camera and
concatenates their maps scale by scale; the first convolutions of the pyramid mix them. Late fusion has everything
twice, heads included, and averages what the heads say at each place. The terms are those of Liu, Zhang, Wang and
Metaxas, "Multispectral Deep Neural Networks for Pedestrian Detection", BMVC 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from rgbtbench.zoo.detection import KeptDetections
from rgbtbench.zoo.encoders import require_encoder, vit_name
from rgbtbench.zoo.parts.pyramids import Coarser, Pyramid
from rgbtbench.zoo.parts.resnet import RESNET_WIDTHS, ResNet, ResNetName
from rgbtbench.zoo.parts.simple_fpn import SimpleFpn
from rgbtbench.zoo.parts.small_encoder import SmallEncoder
from rgbtbench.zoo.parts.vit import VIT_SIZES, VitName, VitSize, vit_layers
from rgbtbench.zoo.parts.vit_config import PretrainedPatches, Transformer
from rgbtbench.zoo.parts.vitdet import VitDet
from rgbtbench.zoo.preprocess import Preprocess
from rgbtbench.zoo.streams import CHANNELS, Stream, Streams

Backbone = Literal["small"] | ResNetName | VitName | Transformer

#: First convolution of the pre-trained encoders.
_STEMS: Final = ("conv1.weight", "patch_embed.proj.weight")
#: What a pre-trained Vision Transformer has and ViTDet's backbone has not.
_UNUSED: Final = ("cls_token", "norm.")


class TwoStreamConfig(KeptDetections, PretrainedPatches):
    """Configuration that two-stream detectors share; `small` is an encoder of our own for experiments.

    A mapping of `width`, `depth` and `heads` is a Vision Transformer of a size that has no name.
    """

    streams: Streams = Field(("rgb", "inf"), description="cameras; one alone gives the single-stream variant")
    fusion: Literal["early", "mid", "late"] = Field("mid", description="where two streams meet; moot for one")
    backbone: Backbone = "small"
    widths: tuple[int, ...] = Field(
        (16, 32, 64, 96, 128), min_length=2, max_length=7, description="of small: channels at 1/2, 1/4, 1/8, …"
    )
    levels: int = Field(3, ge=1, le=5, description="coarsest scales of small or a ResNet that make the pyramid")
    image_side: int = Field(
        1024, ge=1, description="of a ViT: side in pixels that the relative positions of global blocks are for"
    )
    drop_path: float = Field(0.0, ge=0, lt=1, description="of a ViT: chance of leaving out a branch of the last block")
    norm_eps: float = Field(1e-6, gt=0, description="of a ViT, its pyramid and normalised heads; mmdetection has 1e-5")
    head_channels: int = Field(64, ge=1, description="of every level of the pyramid and of the head")
    preprocess: Preprocess = Preprocess(multiple_of=32)

    @property
    def vit(self) -> VitSize | None:
        """Size of the Vision Transformer; None for encoders with stages."""
        if isinstance(self.backbone, Transformer):
            return self.backbone.size
        return next((size for name, size in VIT_SIZES.items() if name == self.backbone), None)

    @property
    def encoder_name(self) -> str:
        """What an encoder is called that fits."""
        if self.vit is None:
            return str(self.backbone)
        return vit_name(self.vit, patch=self.patch, grid=self.pretrained_grid)

    @property
    def copies(self) -> int:
        """Number of pyramids and heads, the outputs of which are averaged."""
        return len(self.streams) if self.fusion == "late" else 1


class TwoStreamPyramid(nn.Module):
    """Encoders and pyramids.

    Args:
        config: of the detector.
        coarser: levels that are added to those of stages.
    """

    def __init__(self, config: TwoStreamConfig, *, coarser: Coarser) -> None:
        super().__init__()
        self.config = config
        joint = len(config.streams) == 1 or config.fusion == "early"
        #: Encoder to the streams that it sees.
        self.sees: dict[str, Sequence[Stream]] = (
            {"_".join(config.streams): config.streams} if joint else {stream: (stream,) for stream in config.streams}
        )
        self.encoders = nn.ModuleDict(
            {name: _encoder(config, sum(CHANNELS[stream] for stream in of)) for name, of in self.sees.items()}
        )
        meeting = len(self.sees) if config.copies == 1 else 1
        pyramids = [_pyramid(config, meeting, coarser) for _ in range(config.copies)]
        self.strides = pyramids[0].strides
        self.pyramids = nn.ModuleList(pyramids)

    def forward(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Map images of all streams, float (B, C, H, W), to levels (B, C, h, w), finest first.

        With late fusion a level holds the channels of all streams, one after the other.
        """
        encoded = [
            self._maps(self.encoders[name], torch.cat([images[stream] for stream in of], dim=1))
            for name, of in self.sees.items()
        ]
        if len(self.pyramids) == 1:
            encoded = [[torch.cat(scale, dim=1) for scale in zip(*encoded, strict=True)]]
        built = [
            pyramid(maps) if isinstance(pyramid, Pyramid) else pyramid(maps[0])
            for pyramid, maps in zip(self.pyramids, encoded, strict=True)
        ]
        return [torch.cat(level, dim=1) for level in zip(*built, strict=True)]

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a pre-trained encoder under the names of every encoder here.

        A first convolution for grey images adds up the weights of the three channels, as if the image were repeated in
        them; one of several streams sees each of them as before, and divides by their number.

        Raises:
            RecipeError: the weights are of another encoder.
        """
        require_encoder(name, wanted=self.config.encoder_name)
        kept = {key: tensor for key, tensor in state.items() if not (self.config.vit and key.startswith(_UNUSED))}
        return {
            f"encoders.{own}.{key}": _stem(tensor, of) if key in _STEMS else tensor
            for own, of in self.sees.items()
            for key, tensor in kept.items()
        }

    def layers(self, prefix: str) -> Sequence[Sequence[str]]:
        """Return the order of layers for `Model.layers`; none for encoders with stages."""
        size = self.config.vit
        return vit_layers(f"{prefix}.encoders.*", size.depth) if size else ()

    def _maps(self, encoder: nn.Module, image: Tensor) -> list[Tensor]:
        maps = encoder(image)
        return [maps] if isinstance(maps, Tensor) else maps[-self.config.levels :]


def _encoder(config: TwoStreamConfig, channels: int) -> nn.Module:
    if config.vit is not None:
        return VitDet(
            config.vit,
            side=config.image_side // config.patch,
            patch=config.patch,
            grid=config.pretrained_grid,
            channels=channels,
            eps=config.norm_eps,
            drop_path=config.drop_path,
        )
    if config.backbone == "small":
        return SmallEncoder(channels, config.widths)
    return ResNet(config.backbone, channels=channels)  # type: ignore[arg-type]  # no ViT is left here


def _pyramid(config: TwoStreamConfig, meeting: int, coarser: Coarser) -> Pyramid | SimpleFpn:
    """Return the pyramid of so many encoders' maps."""
    if config.vit is not None:
        return SimpleFpn(
            meeting * config.vit.width, stride=config.patch, outputs=config.head_channels, eps=config.norm_eps
        )
    if config.backbone == "small":
        widths = config.widths
        first = 2
    else:
        last = RESNET_WIDTHS[config.backbone]  # type: ignore[index]  # no ViT is left here
        widths = tuple(last >> halvings for halvings in (3, 2, 1, 0))
        first = 4
    strides = [first << number for number in range(len(widths))]
    used = slice(-config.levels, None)
    return Pyramid([meeting * width for width in widths[used]], strides[used], config.head_channels, coarser=coarser)


def _stem(weight: Tensor, streams: Sequence[Stream]) -> Tensor:
    parts = [weight if CHANNELS[stream] == weight.shape[1] else weight.sum(dim=1, keepdim=True) for stream in streams]
    return torch.cat(parts, dim=1) / len(streams)
