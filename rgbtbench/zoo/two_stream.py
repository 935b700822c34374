"""The network of all two-stream detectors: a two-stream pyramid, and any detector on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from rgbtbench.zoo.detection import DetectionModel
from rgbtbench.zoo.parts.detector import Detector
from rgbtbench.zoo.parts.two_stream_pyramid import TwoStreamConfig, TwoStreamPyramid
from rgbtbench.zoo.spec import ModelSpec
from rgbtbench.zoo.streams import CHANNELS


class TwoStreamDetector(DetectionModel):
    """The network.

    Args:
        spec: of the model.
        config: of the model.
        pyramid: encoders and pyramids.
        detector: on its levels.
    """

    def __init__(self, spec: ModelSpec, config: TwoStreamConfig, pyramid: TwoStreamPyramid, detector: Detector) -> None:
        super().__init__(spec, detector, limits=config.limits, preprocess=config.preprocess, channels=CHANNELS)
        self.pyramid = pyramid

    def levels(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the pyramid's levels; see `DetectionModel`."""
        levels: list[Tensor] = self.pyramid(images)
        return levels

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a pre-trained encoder; see `TwoStreamPyramid.encoder_state`."""
        return {f"pyramid.{key}": tensor for key, tensor in self.pyramid.encoder_state(name, state).items()}

    def layers(self) -> Sequence[Sequence[str]]:
        """Return the order of layers of a Vision Transformer; see `Model.layers`."""
        return self.pyramid.layers("pyramid")
