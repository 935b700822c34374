"""What training may do to images: the part of a recipe that `rgbtbench.loading.transforms` carries out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.schema import Modality, Strict

#: Height, width in pixels.
Size = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
Probability = Annotated[float, Field(ge=0, le=1)]


class Photometric(Strict):
    """Changes of pixel values in one modality, each drawn per sample; pixel values count from 0 to 1 here.

    They are applied in the order of the fields, and the result is clipped to the range of the stored type.
    For `rgb`, `gain` is what torchvision calls brightness; for `lwir`, gain and offset are the camera's own.
    """

    gamma: float = Field(0.0, ge=0, le=2, description="exponent drawn log-uniformly from exp(-gamma) to exp(gamma)")
    gain: float = Field(0.0, ge=0, le=2, description="factor drawn log-uniformly from exp(-gain) to exp(gain)")
    contrast: float = Field(0.0, ge=0, le=2, description="factor about the image's mean, drawn as gain is")
    offset: float = Field(0.0, ge=0, le=1, description="summand drawn uniformly from -offset to offset")
    noise: float = Field(0.0, ge=0, le=1, description="Gaussian noise, its deviation drawn uniformly from 0 to noise")


class Augmentations(Strict):
    """Random changes of a training sample; the default changes nothing.

    Geometry is the same for all modalities, masks and boxes of a sample, and happens in the order of the fields. With
    `fit`, a wide uniform `scale` and `crop` of the same size it is the large-scale jitter of Ghiasi et al., CVPR 2021.
    """

    resize: Size | None = Field(None, description="bring every sample to this size first, whatever its aspect")
    fit: Size | None = Field(
        None,
        exclude_if=lambda fit: fit is None,
        description="or enlarge or shrink every sample, keeping its aspect, until it just fits into this size",
    )
    scale: tuple[float, float] = Field((1.0, 1.0), description="factor on both sides")
    scale_drawn: Literal["log-uniformly", "uniformly"] = Field(
        "log-uniformly", exclude_if=lambda how: how == "log-uniformly", description="between the two of scale"
    )
    horizontal_flip: Probability = 0.0
    crop: Size | None = Field(None, description="cut out this size at a random place; smaller samples are padded")
    min_visible: Probability = Field(
        0.25, description="a box of which a crop leaves a smaller part becomes ignore; without any part it goes"
    )
    photometric: dict[Modality, Photometric] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_first_size(self) -> Self:
        if self.resize is not None and self.fit is not None:
            raise ValueError("resize and fit exclude each other")
        return self

    @model_validator(mode="after")
    def _scale_is_a_range(self) -> Self:
        low, high = self.scale
        if not 0 < low <= high <= 10:
            raise ValueError(f"scale: {low} to {high} is no range within 0 to 10")
        return self
