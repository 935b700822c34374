"""A small two-stream detector: one convolutional encoder per camera, fusion at every scale, an FCOS head.

The head and the assignment of boxes to locations follow FCOS (Tian, Shen, Chen and He, "FCOS: A Simple and Strong
Anchor-free Object Detector", TPAMI 2020) with centre sampling, on torchvision's head; everything before it is ours.
Streams are joined as in mid-fusion baselines: features of one scale are concatenated, and the 1×1 convolution of
the feature pyramid mixes them.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torchvision.models.detection.fcos import FCOSHead
from torchvision.ops import FeaturePyramidNetwork

from rgbtbench.cards.schema import Strict
from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import BoxPrediction
from rgbtbench.zoo.answers import answered_scores
from rgbtbench.zoo.fcos import Locations, Targets, fcos_losses, locations, most_certain
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import Preprocess, content_sizes, network_inputs
from rgbtbench.zoo.spec import ModelSpec, Wiring
from rgbtbench.zoo.streams import CHANNELS, Streams, default_wiring

TASKS = ("detection",)
#: torchvision's head normalises groups of 32 channels.
_GROUPS = 32


class TwoStreamFcosConfig(Strict):
    """Configuration of the detector.

    Attributes:
        streams: encoders; one alone gives the single-stream variant.
        widths: channels of an encoder at 1/2, 1/4, 1/8, … of the input's size.
        levels: how many of the coarsest scales the head works on.
        head_channels: channels of pyramid and head, a multiple of 32.
        head_depth: convolutions before each output of the head.
        score_threshold: detections below it are dropped.
        nms_threshold: overlap (IoU) above which the weaker detection of a class is dropped.
        detections_per_image: at most so many are kept.
        preprocess: range, size and padding of the input.
    """

    streams: Streams = ("rgb", "inf")
    widths: tuple[int, ...] = Field((16, 32, 64, 96, 128), min_length=2, max_length=7)
    levels: int = Field(3, ge=1, le=5)
    head_channels: int = Field(64, ge=_GROUPS)
    head_depth: int = Field(2, ge=1, le=4)
    score_threshold: float = Field(0.05, ge=0, lt=1)
    nms_threshold: float = Field(0.6, gt=0, le=1)
    detections_per_image: int = Field(100, ge=1)
    preprocess: Preprocess = Field(default_factory=lambda: Preprocess(multiple_of=32))

    @field_validator("head_channels")
    @classmethod
    def _fills_the_groups(cls, channels: int) -> int:
        if channels % _GROUPS:
            raise ValueError(f"head_channels must be a multiple of {_GROUPS}")
        return channels


CONFIG = TwoStreamFcosConfig


def slots(config: TwoStreamFcosConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return default_wiring(config.streams)


def build(spec: ModelSpec, config: TwoStreamFcosConfig) -> TwoStreamFcos:
    """Return a detector with random weights."""
    return TwoStreamFcos(spec, config)


class ResidualStage(nn.Module):
    """Two 3×3 convolutions, the first of which halves the size, beside a strided 1×1 shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=2, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H/2, W/2)."""
        output = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(features)))))
        return torch.relu(output + self.shortcut(features))


class Encoder(nn.Module):
    """A stack of stages; returns the features of the coarsest ones."""

    def __init__(self, channels: int, widths: tuple[int, ...], levels: int) -> None:
        super().__init__()
        inputs = (channels, *widths[:-1])
        self.stages = nn.ModuleList(ResidualStage(i, o) for i, o in zip(inputs, widths, strict=True))
        self.levels = levels

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map (B, channels, H, W) to `levels` feature maps, finest first."""
        scales = []
        for stage in self.stages:
            image = stage(image)
            scales.append(image)
        return scales[-self.levels :]


class TwoStreamFcos(Model):
    """The network."""

    def __init__(self, spec: ModelSpec, config: TwoStreamFcosConfig) -> None:
        super().__init__(spec)
        self.config = config
        levels = min(config.levels, len(config.widths))
        self.encoders = nn.ModuleDict(
            {stream: Encoder(CHANNELS[stream], config.widths, levels) for stream in config.streams}
        )
        self.pyramid = FeaturePyramidNetwork(
            [width * len(config.streams) for width in config.widths[-levels:]], config.head_channels
        )
        self.head = FCOSHead(config.head_channels, 1, len(spec.classes), num_convs=config.head_depth)
        self.strides = tuple(2**exponent for exponent in range(1, len(config.widths) + 1))[-levels:]

    def _detect(self, batch: Batch) -> tuple[dict[str, Tensor], Locations]:
        """Return the head's outputs over all locations, and the locations."""
        images = network_inputs(batch, self.config.preprocess, inputs=self.inputs_for(batch), channels=CHANNELS)
        encoded = [self.encoders[stream](images[stream]) for stream in self.config.streams]
        fused = [torch.cat(scale, dim=1) for scale in zip(*encoded, strict=True)]
        pyramid = self.pyramid(OrderedDict((str(stride), f) for stride, f in zip(self.strides, fused, strict=True)))
        features = list(pyramid.values())
        sizes = [(feature.shape[-2], feature.shape[-1]) for feature in features]
        outputs: dict[str, Tensor] = self.head(features)
        return outputs, locations(sizes, self.strides, device=features[0].device)

    def _scale(self, batch: Batch) -> tuple[float, float]:
        """Return how many pixels of the network's input one pixel of the batch makes, along x and y."""
        height, width = batch.pixel_mask.shape[-2:]
        size = self.config.preprocess.size or (height, width)
        return size[1] / width, size[0] / height

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the focal, GIoU and centre-ness losses, each per positive location.

        Locations inside an ignored box, and not positive for another, count nowhere.
        """
        if batch.boxes is None:
            raise ValueError("the batch holds no boxes")
        outputs, places = self._detect(batch)
        x, y = self._scale(batch)
        scale = self.class_ids.new_tensor((x, y, x, y), dtype=torch.float32)
        targets = [
            Targets(
                boxes=target.boxes_xyxy * scale,
                classes=torch.searchsorted(self.class_ids, target.labels).clamp(max=len(self.class_ids) - 1),
                ignore=target.ignore | ~torch.isin(target.labels, self.class_ids),
            )
            for target in batch.boxes
        ]
        return fcos_losses(outputs, places, targets, valid=batch.valid)

    def predict(self, batch: Batch) -> list[BoxPrediction]:
        """Return the detections of each valid sample in its original frame, surest first."""
        outputs, places = self._detect(batch)
        scores, class_ids = answered_scores(outputs["cls_logits"], self.class_ids)
        outputs |= {"cls_logits": scores}
        contents = content_sizes(batch).tolist()
        x, y = self._scale(batch)
        predictions = []
        for index, (key, valid) in enumerate(zip(batch.keys, batch.valid.tolist(), strict=True)):
            if not valid:
                continue
            height, width = contents[index][0] * y, contents[index][1] * x
            found = most_certain(
                {name: output[index] for name, output in outputs.items()},
                places,
                limit=(height, width),
                score_threshold=self.config.score_threshold,
                nms_threshold=self.config.nms_threshold,
                keep=self.config.detections_per_image,
            )
            original = batch.sizes[index].tolist()
            factor = torch.tensor((original[1] / width, original[0] / height), dtype=torch.float64)
            predictions.append(
                BoxPrediction(
                    key,
                    boxes_xyxy=(found.boxes.cpu().double().view(-1, 2, 2) * factor).view(-1, 4).numpy(),
                    scores=found.scores.cpu().double().numpy(),
                    labels=class_ids[found.classes].cpu().numpy(),
                )
            )
        return predictions
