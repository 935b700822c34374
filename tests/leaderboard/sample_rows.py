"""Made-up results with names that nobody can mistake for a real method."""

from __future__ import annotations

from rgbtbench.cards import catalog
from rgbtbench.leaderboard.make_rows import row_of_record
from rgbtbench.leaderboard.records import (
    Data,
    Environment,
    Interval,
    PretrainingData,
    Record,
    Subset,
    Training,
)
from rgbtbench.leaderboard.rows import Row

PROTOCOL = "mfnet/miou-9"
KEYS = "c" * 64


def current_hash(protocol: str = PROTOCOL) -> str:
    return catalog.protocol_hash(catalog.protocol(protocol))


def record(
    method: str = "madeupnet",
    variant: str | None = "RGB+T",
    *,
    miou: float = 50.0,
    kind: str = "measured",
    protocol: str = PROTOCOL,
    protocol_hash: str | None = None,
    condition: str = "none",
    seed: int | None = None,
    group: str | None = None,
    selection: str = "last",
    initial_weights: str = "imagenet",
    holds_test_images: str | None = None,
    created: str = "2026-01-01T00:00:00Z",
    supersedes: str | None = None,
    dirty: bool = False,
) -> Record:
    seen = (
        () if holds_test_images is None else (PretrainingData(name="made-up-1M", holds_test_images=holds_test_images),)
    )
    parts = {"time_of_day=day": miou + 3, "time_of_day=night": miou - 9}
    return Record(
        kind=kind,
        method=method,
        variant=variant,
        task="semantic",
        fidelity="own design",
        inputs=("rgb", "lwir"),
        condition=condition,
        protocol=protocol,
        protocol_version=1,
        protocol_hash=protocol_hash or current_hash(protocol),
        source="a made-up archive" if kind == "scored" else None,
        data=Data(
            dataset=protocol.split("/")[0].split("-")[0],
            edition="official",
            split="test",
            images=393,
            clusters=21,
            data_hash="a" * 64,
            labels_hash="b" * 64,
            keys_sha256=KEYS,
        ),
        training=Training(
            data=("mfnet/train, 784 pairs",),
            selection=selection,
            initial_weights=initial_weights,
            pretraining=seen,
            seed=seed,
            seed_group=group,
        ),
        metrics={"miou": miou, "macc": miou + 7, "f1": None},
        intervals={"miou": Interval(low=miou - 2, high=miou + 2)},
        per_class={"car": {"iou": miou + 20}, "person": {"iou": miou + 5}},
        subsets={
            name: Subset(
                images=196, metrics={"miou": value}, intervals={"miou": Interval(low=value - 3, high=value + 3)}
            )
            for name, value in parts.items()
        },
        environment=Environment(rgbtbench="0.1.0", python="3.11", hardware="an imaginary machine", dirty=dirty),
        created=created,
        supersedes=supersedes,
    )


def row(name: str, **facts: object) -> Row:
    return row_of_record(record(**facts), name)
