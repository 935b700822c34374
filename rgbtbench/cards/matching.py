"""Schema of `datasets_cards/matching.yaml`: protocols of feature matching between two cameras.

They are ours: papers on RGB-thermal encoders that report matching (M-SpecGene, ICCV 2025) state no protocol.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.catalog import shared_files
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.schema import Modality, ProtocolName, Strict
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import UnknownNameError, did_you_mean

#: First part of every id.
MATCHING: Final = "matching"
Side = Annotated[int, Field(ge=32, le=8192)]
Pixels = Annotated[float, Field(gt=0)]


class MatchingBlock(Strict):
    """Everything that can change a number.

    Lengths are in pixels of the frame. Both images of a pair are resized to it; then the content of one is moved by a
    homography, which is drawn for each key anew, as `rgbtbench.matching.homography` says.
    """

    version: int = Field(1, ge=1, description="raised when a rule changes")
    summary: str
    reference: Modality = Field(description="stays as it is")
    warped: Modality = Field(description="is seen through the homography")
    frame: tuple[Side, Side] = Field(description="height and width")
    perspective: float = Field(0.0, ge=0, le=0.2, description="most that a corner moves along a side, as a part of it")
    scale: float = Field(1.0, ge=1, le=2, description="largest magnification; the smallest is its inverse")
    rotation: float = Field(0.0, ge=0, le=180, description="largest angle either way, in degrees")
    translation: float = Field(0.0, ge=0, le=0.5, description="largest motion along a side, as a part of it")
    seed: int = Field(0, ge=0)
    ratio: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="a match is kept if the distance to the second nearest is that much larger; null keeps all",
    )
    thresholds: tuple[Pixels, ...] = Field((1, 3, 5, 10), min_length=1, description="of a right match")
    corner_thresholds: tuple[Pixels, ...] = Field((3, 5, 10), min_length=1, description="of the area under the curve")
    ransac_pixels: float = Field(8.0, gt=0, description="how far an inlier of the estimated homography may lie")
    ransac_iterations: int = Field(10_000, ge=1, le=1_000_000)
    ransac_confidence: float = Field(0.9999, gt=0, lt=1)
    intervals: IntervalRules = IntervalRules()

    @model_validator(mode="after")
    def _two_cameras(self) -> Self:
        if self.reference == self.warped:
            raise ValueError(f"reference and warped are both {self.warped}")
        return self

    @property
    def name(self) -> str:
        """The name that the frame, the limits and the seed make."""
        size = "{}x{}".format(*self.frame)
        if (self.perspective, self.scale, self.rotation, self.translation) == (0, 1, 0, 0):
            return f"aligned-{size}"
        limits = f"p{self.perspective:g}-s{self.scale:g}-r{self.rotation:g}-t{self.translation:g}"
        return f"homography-{size}-{limits}-seed{self.seed}"


class MatchingProtocol(MatchingBlock):
    """A protocol with the id that it is known by."""

    id: str

    @property
    def sha256(self) -> str:
        """Hash of all rules; wording is left out, and so are defaults, which therefore never change."""
        return content_sha256(self.model_dump(mode="json", exclude={"summary"}, exclude_defaults=True))


class _File(Strict):
    protocols: dict[ProtocolName, MatchingBlock]


@cache
def _protocols() -> dict[str, MatchingBlock]:
    found: dict[str, MatchingBlock] = {}
    for path in shared_files("matching.yaml"):
        for name, block in load_card(path, _File).protocols.items():
            found.setdefault(f"{MATCHING}/{name}", block)
    return found


def matching_protocol_ids() -> list[str]:
    """Ids of all protocols of matching, sorted."""
    return sorted(_protocols())


def matching_protocol(protocol_id: str) -> MatchingProtocol:
    """Return the protocol with this id.

    Raises:
        UnknownNameError: no such protocol; names the closest.
        CardError: the file breaks its schema.
    """
    if protocol_id not in _protocols():
        raise UnknownNameError(
            f"no protocol of matching {protocol_id!r}", remedy=did_you_mean(protocol_id, _protocols())
        )
    return MatchingProtocol(id=protocol_id, **_protocols()[protocol_id].model_dump())
