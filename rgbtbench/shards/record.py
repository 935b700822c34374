"""The `json` member: everything about a sample that is not an image. Specification: docs/formats/shards.md.

Every key is in every record, nulls and empty lists included, and coordinates are always floats, so that readers
which infer a table from the first samples see the same columns in all of them.
"""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rgbtbench.cards.schema import AttributeValue, Frame, Modality, Name, Sha256

RECORD_VERSION: Final = 1

Box = tuple[float, float, float, float]
Corners = tuple[float, float, float, float, float, float, float, float]


class _Stored(BaseModel):
    # Unlike cards, text is kept as it is: captions and official names may begin with a space.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ImageRecord(_Stored):
    """One modality."""

    file: str = Field(description="extension of its member: `rgb.jpg`")
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    channels: int = Field(ge=1)
    bit_depth: int = Field(ge=1)
    source: str = Field(description="official path relative to the root")
    conversion: str | None = Field(description="null for the official file's bytes, else how these were made")
    sha256: Sha256 = Field(description="of the member's content")
    pixels_sha256: Sha256 | None = Field(
        description="null for official bytes, else of the decoded samples: other encoders write other bytes for them"
    )


class MaskRecord(_Stored):
    """One per-pixel label."""

    file: str = Field(description="extension of its member: `semantic.png`")
    kind: Literal["semantic", "saliency"]
    frame: Frame
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    values: tuple[int, ...] = Field(description="the distinct grey values, sorted")
    source: str
    conversion: str | None
    sha256: Sha256
    pixels_sha256: Sha256 | None


class BoxesRecord(_Stored):
    """One set of N boxes."""

    frame: Frame
    convention: str = Field(description="how the source counts")
    boxes_xyxy: tuple[Box, ...] = Field(description="0-based half-open `x1 y1 x2 y2` in pixels")
    labels: tuple[int, ...] = Field(description="native class ids")
    ignore: tuple[bool, ...]
    occlusion: tuple[int, ...] = Field(description="0 none, 1 partial, 2 heavy, -1 not stated")
    raw: tuple[tuple[float, ...], ...] = Field(description="the numbers as the source writes them")
    visibility: dict[Modality, tuple[float, ...]] = Field(
        description="modality to contrast-to-noise, the same modalities in all samples of a split"
    )
    corners: tuple[Corners, ...] = Field(
        description="`x1 y1 … x4 y4` of oriented boxes, 0-based pixels; empty where boxes are upright"
    )

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        columns = (self.boxes_xyxy, self.labels, self.ignore, self.occlusion, self.raw)
        oriented = (self.corners,) if self.corners else ()
        lengths = {len(column) for column in (*columns, *oriented, *self.visibility.values())}
        if len(lengths) != 1:
            raise ValueError(f"the columns of a box set have different lengths: {sorted(lengths)}")
        return self


class TextRecord(_Stored):
    """One set of texts."""

    captions: tuple[str, ...]


class SampleRecord(_Stored):
    """The content of the `json` member."""

    version: Literal[1] = RECORD_VERSION
    dataset: Name
    key: str
    official_id: str
    image_id: int = Field(description="the official number, or `order` + 1: reference tools read 0 as no match")
    split: Name
    order: int = Field(ge=0, description="position in the official list of the split")
    cluster: str | None
    attributes: dict[Name, AttributeValue] = Field(description="all attributes of the card, null when unknown")
    images: dict[Modality, ImageRecord]
    masks: dict[Name, MaskRecord]
    boxes: dict[Name, BoxesRecord]
    text: dict[Name, TextRecord]
