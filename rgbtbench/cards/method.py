"""Schema of a method card: `models/<name>/card.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from rgbtbench.cards.schema import Name, Sha256, Strict, Use

Fidelity = Literal["architecture-exact", "number-reproduced", "not attempted", "own design"]


class Paper(Strict):
    """The publication that a method follows; null for designs of rgbtbench itself."""

    title: str
    authors: str
    venue: str
    year: int
    url: str | None = None


class KnownWeights(Strict):
    """Weights that exist somewhere; nothing is downloaded unless asked."""

    name: Name
    description: str
    url: str | None = None
    sha256: Sha256 | None = None
    licence: str
    convert: str | None = Field(None, description="name of the converter that reads them")


class SecondStage(Strict):
    """The part of a detector of two stages that depends on what the first one finds."""

    proposals: int = Field(gt=0, description="that it is counted for; mmdetection counts 1000 too")
    flops: int = Field(gt=0, description="of all of them, a part of the whole")


class Cost(Strict):
    """What a method costs; `rgbtbench models flops` counts it again, but a second stage for what its weights find."""

    config: dict[str, JsonValue] = Field(default_factory=dict, description="of the method, where not its default")
    task: Use
    size: tuple[int, int] = Field(description="height, width of the images")
    classes: int = Field(ge=0, description="0 of methods without classes")
    parameters: int = Field(gt=0, description="each once, buffers left out")
    flops: int = Field(gt=0, description="of one image or pair; one multiplication with its addition is two")
    second_stage: SecondStage | None = None


#: What a paper's multiply-accumulates are those of.
Counted = Literal["convolutions and linear layers", "all products"]


class PublishedCost(Strict):
    """What a paper says that a method costs, or its code when others count it, and what comes out of that way here.

    One multiplication with its addition counts once. Counted is the network as the paper writes it; where the zoo's own
    gives the same with less work, `Cost` is lower.
    """

    config: dict[str, JsonValue] = Field(default_factory=dict, description="of the method, for this row")
    size: tuple[int, int] = Field(description="height, width of the images")
    classes: int = Field(ge=1)
    parameters_millions: float = Field(gt=0, description="as the source has it")
    giga_macs: float = Field(gt=0, description="as the source has it")
    counts: Counted
    counted_giga_macs: float = Field(gt=0)
    source: str


class MethodCard(Strict):
    """What a method is, where it comes from, and how close this implementation is to it."""

    name: Name
    title: str
    summary: str
    tasks: tuple[Use, ...] = Field(min_length=1)
    modalities: str = Field(description="which inputs it takes, in words")
    paper: Paper | None
    listed_as: str | None = Field(
        None, description="what published tables call it, beside its title, in results of its tasks"
    )
    licence: str
    fidelity: dict[Use, Fidelity]
    class_order: Literal["ids", "unknown"] = Field(
        "ids", description="order of the classes in released weights; unknown: who converts them says it"
    )
    parameters_millions: float | None = Field(None, gt=0)
    costs: tuple[Cost, ...] = ()
    published_costs: tuple[PublishedCost, ...] = ()
    exact: tuple[str, ...] = Field((), description="what agrees with the paper or its code")
    differs: tuple[str, ...] = Field((), description="what differs, and why")
    observed: tuple[str, ...] = Field(
        (), description="what trainings with this implementation gave, with their conditions"
    )
    weights: tuple[KnownWeights, ...] = ()
