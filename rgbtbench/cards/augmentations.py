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


class ResizedCrop(Strict):
    """A part of the frame of random area and aspect, brought to one size bicubically, as networks are pre-trained.

    Ten parts are drawn; where none lies inside the frame, the largest in its middle of an aspect in range is taken.
    """

    size: Size
    area: tuple[float, float] = Field((0.2, 1.0), description="share of the frame, drawn uniformly")
    aspect: tuple[float, float] = Field((3 / 4, 4 / 3), description="width by height, drawn log-uniformly")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if not 0 < self.area[0] <= self.area[1] <= 1:
            raise ValueError(f"area: {self.area[0]} to {self.area[1]} is no range within 0 to 1")
        if not 0 < self.aspect[0] <= self.aspect[1]:
            raise ValueError(f"aspect: {self.aspect[0]} to {self.aspect[1]} is no range above 0")
        return self


class Augmentations(Strict):
    """Random changes of a training sample; the default changes nothing.

    Geometry is the same for all modalities, masks and boxes of a sample, and happens in the order of the fields. With
    `fit`, a wide uniform `scale` and `crop` of the same size it is the large-scale jitter of Ghiasi et al., CVPR 2021.
    """

    resized_crop: ResizedCrop | None = Field(
        None, exclude_if=lambda rule: rule is None, description="takes the place of resize, fit, scale and crop"
    )
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

    @model_validator(mode="after")
    def _one_way_to_a_size(self) -> Self:
        others = self.resize or self.fit or self.crop or self.scale != (1.0, 1.0)
        if self.resized_crop is not None and others:
            raise ValueError("resized_crop takes the place of resize, fit, scale and crop")
        return self
