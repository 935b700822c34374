"""The Record: one immutable JSON file per result. Specification: docs/formats/record.md."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from rgbtbench.cards.method import Fidelity
from rgbtbench.cards.schema import Modality, Name, Sha256, Strict, Task
from rgbtbench.scoring.results import Curve, Interval, Subset

__all__ = [
    "Curve",
    "Data",
    "Efficiency",
    "Environment",
    "Interval",
    "PretrainingData",
    "Record",
    "Subset",
    "Training",
    "TrainingMember",
]

RECORD_VERSION: Final = 1

Kind = Literal["published", "scored", "measured"]


class PretrainingData(Strict):
    """Data that the initial weights have seen, and whether test images were among it."""

    name: str
    holds_test_images: Literal["yes", "no", "unknown"]
    evidence: str | None = None


class TrainingMember(Strict):
    """One of several datasets that the weights were trained on."""

    dataset: Name
    edition: str
    split: Name
    pairs: int
    weight: float | None = None
    data_hash: Sha256
    labels_hash: Sha256


class Training(Strict):
    """How the weights came to be; every field that a fair reader asks for."""

    recipe: str | None = None
    recipe_sha256: Sha256 | None = None
    data: tuple[str, ...] = Field((), description="dataset-edition and split: `mfnet/train`, 784 pairs")
    members: tuple[TrainingMember, ...] = Field((), description="where several datasets were mixed")
    selection: Literal["last", "val", "test", "unknown"] = "unknown"
    initial_weights: str = "unknown"
    pretraining: tuple[PretrainingData, ...] = ()
    seed: int | None = None
    seed_group: str | None = Field(None, description="runs that differ in their seed alone share it")
    wall_seconds: float | None = None


class Data(Strict):
    """The prepared data that was scored on."""

    dataset: Name
    edition: str
    split: str
    images: int
    clusters: int
    data_hash: Sha256
    labels_hash: Sha256
    keys_sha256: Sha256


class Efficiency(Strict):
    """Cost of the model under stated conditions; null where not measured. See docs/efficiency.md."""

    parameters: int | None = None
    trainable_parameters: int | None = None
    flops: int | None = Field(None, description="of one image; one multiplication with its addition is two")
    size: tuple[int, int] | None = Field(None, description="height, width of the images that cost was measured on")
    latency_ms: float | None = Field(None, description="median of one image")
    latency_p10_ms: float | None = None
    latency_p90_ms: float | None = None
    images_per_second: float | None = None
    batch_size: int | None = Field(None, description="that throughput is of")
    peak_memory_bytes: int | None = None
    peak_memory_of: str | None = Field(None, description="of what the peak is, in words")
    device: str | None = None
    measured: str | None = Field(None, description="scope, precision, threads, versions and number of runs")


class Environment(Strict):
    """What ran the evaluation."""

    rgbtbench: str
    commit: str | None = None
    dirty: bool | None = None
    python: str
    libraries: dict[str, str] = Field(default_factory=dict)
    hardware: str


class Record(Strict):
    """One result. Superseded by a later one, never edited.

    Units are those of `rgbtbench.scoring.metrics`: AP, mIoU, mAcc and miss rate in percent, others from 0 to 1.
    """

    version: Literal[1] = RECORD_VERSION
    kind: Kind
    method: str
    variant: str | None = Field(None, description="what sets this row apart within the method: `rgb+lwir`")
    task: Task
    fidelity: Fidelity | None = None
    inputs: tuple[Modality, ...] = ()
    condition: str = Field("none", description="id of what was done to the input: `missing:rgb/zero_norm`, none")
    clean: str | None = Field(None, description="name of the record without the condition, which `retention` is of")
    retention: dict[str, float | None] = Field(
        default_factory=dict, description="metric key to this result / that of `clean`"
    )
    input_size: tuple[int, int] | None = Field(None, description="height, width that the network saw")
    test_time_augmentation: str = "none"
    protocol: str
    protocol_version: int
    protocol_hash: Sha256
    source: str | None = Field(None, description="paper or address, for published and scored rows")
    data: Data | None = None
    training: Training = Training()
    weights_sha256: Sha256 | None = None
    predictions_sha256: Sha256 | None = None
    statistics_sha256: Sha256 | None = Field(None, description="of the per-image statistics beside the record")
    metrics: dict[str, float | None]
    intervals: dict[str, Interval] = Field(default_factory=dict)
    per_class: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    subsets: dict[str, Subset] = Field(default_factory=dict)
    curves: dict[str, Curve] = Field(default_factory=dict, description="behind the numbers: precision over recall")
    efficiency: Efficiency = Efficiency()
    environment: Environment | None = None
    created: str = Field(description="ISO 8601 time, UTC")
    supersedes: str | None = Field(None, description="name of the record that this one replaces")
    notes: tuple[str, ...] = ()
