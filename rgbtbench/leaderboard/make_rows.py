"""Rows of a leaderboard out of what is stored: lines of published tables, and records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rgbtbench.leaderboard.contamination import Evaluated, Found, evaluated_by, find_contaminations
from rgbtbench.leaderboard.published import UNKNOWN, Numbers, PublishedRow
from rgbtbench.leaderboard.records import Interval, Record
from rgbtbench.leaderboard.rows import Figure, Figures, Mark, Row

_SELECTION = {"last": "after the last step", "val": "best on validation", "test": "best on test"}


def row_of_published(entry: PublishedRow) -> Row:
    """Return the row of a line in a published table."""
    found = find_contaminations(
        (entry.training_data or "", *entry.pretraining), evaluated_by(entry.protocol, entry.dataset)
    )
    facts = [
        ("source", entry.source),
        ("where", entry.where),
        ("training data", entry.training_data),
        ("pre-training", ", ".join(entry.pretraining)),
        *(("contamination", one.sentence) for one in found),
        ("checkpoint selection", _SELECTION.get(entry.selection)),
        ("test-time augmentation", _unless(entry.test_time_augmentation, "none")),
        ("ablation of", entry.ablation),
        ("note", entry.note),
        ("inconsistent", entry.flag),
    ]
    applies: dict[Mark, bool] = {
        "altered-input": entry.condition != "none",
        "selected-on-test": entry.selection == "test",
        **_contamination_marks(found),
        "test-time-augmentation": entry.test_time_augmentation != "none",
        "inconsistent": bool(entry.flag),
    }
    return Row(
        kind="published",
        name=f"{entry.file}:{entry.line}",
        address=f"published/{entry.file}",
        method=entry.method,
        variant=entry.variant,
        inputs=entry.inputs,
        condition=entry.condition,
        ablation=entry.ablation,
        protocol=entry.protocol,
        protocol_version=entry.protocol_version,
        dataset=entry.dataset,
        metrics=_printed(entry.metrics),
        per_class={name: _printed(numbers) for name, numbers in entry.per_class.items()},
        subsets={name: _printed(numbers) for name, numbers in entry.subsets.items()},
        facts=_stated(facts),
        marks=_those(applies),
    )


def row_of_record(record: Record, name: str) -> Row:
    """Return the row of a record that is stored as `<name>.json`."""
    seen = (*record.training.data, *(data.name for data in record.training.pretraining))
    evaluated = evaluated_by(record.protocol, None)
    if record.data is not None:
        evaluated = Evaluated(record.data.dataset, record.data.split, record.data.edition)
    found = find_contaminations(seen, evaluated)
    return Row(
        kind=record.kind,
        name=name,
        address=f"records/{name}.json",
        method=record.method,
        variant=record.variant,
        inputs=record.inputs,
        condition=record.condition,
        protocol=record.protocol,
        protocol_version=record.protocol_version,
        protocol_hash=record.protocol_hash,
        keys_sha256=record.data.keys_sha256 if record.data else None,
        dataset=record.data.dataset if record.data else None,
        metrics=_computed(record.metrics, record.intervals),
        per_class={label: figures for label, values in record.per_class.items() if (figures := _computed(values, {}))},
        subsets={
            part: figures
            for part, subset in record.subsets.items()
            if (figures := _computed(subset.metrics, subset.intervals))
        },
        subset_images={part: subset.images for part, subset in record.subsets.items()},
        facts=_record_facts(record, found),
        marks=_record_marks(record, found),
        seed=record.training.seed,
        seed_group=record.training.seed_group,
        created=record.created,
        supersedes=record.supersedes,
    )


def _printed(numbers: Numbers) -> Figures:
    return {
        metric: Figure(float(number), digits=max(0, -int(number.as_tuple().exponent)))
        for metric, number in numbers.items()
    }


def _computed(values: Mapping[str, float | None], intervals: Mapping[str, Interval]) -> Figures:
    return {metric: _figure(value, intervals.get(metric)) for metric, value in values.items() if value is not None}


def _figure(value: float, bounds: Interval | None) -> Figure:
    return Figure(value) if bounds is None else Figure(value, low=bounds.low, high=bounds.high)


def _contamination_marks(found: Iterable[Found]) -> dict[Mark, bool]:
    degrees = {one.established for one in found}
    return {"contaminated": True in degrees, "maybe-contaminated": degrees == {False}}


def _those(applies: Mapping[Mark, bool]) -> tuple[Mark, ...]:
    return tuple(mark for mark, present in applies.items() if present)


def _record_marks(record: Record, found: Iterable[Found]) -> tuple[Mark, ...]:
    marks = _contamination_marks(found)
    if any(data.holds_test_images == "yes" for data in record.training.pretraining):
        marks = {"contaminated": True}
    applies: dict[Mark, bool] = {
        "altered-input": record.condition != "none",
        **marks,
        "selected-on-test": record.training.selection == "test",
        "random-init": record.training.initial_weights == "random",
        "test-time-augmentation": record.test_time_augmentation != "none",
        "uncommitted-code": record.environment is not None and record.environment.dirty is True,
    }
    return _those(applies)


def _record_facts(record: Record, found: Iterable[Found]) -> tuple[tuple[str, str], ...]:
    training, data, cost, machine = record.training, record.data, record.efficiency, record.environment
    facts = [
        ("source", record.source),
        ("fidelity", record.fidelity),
        ("input", None if record.condition == "none" else record.condition),
        ("input size", "{} × {} (height × width)".format(*record.input_size) if record.input_size else None),
        ("test-time augmentation", _unless(record.test_time_augmentation, "none")),
        ("recipe", training.recipe),
        ("training data", ", ".join(training.data)),
        ("initial weights", _unless_unknown(training.initial_weights)),
        *(
            ("pre-training", f"{seen.name}, holds test images: {seen.holds_test_images}")
            for seen in training.pretraining
        ),
        *(("contamination", one.sentence) for one in found),
        ("checkpoint selection", _SELECTION.get(training.selection)),
        ("seed", None if training.seed is None else str(training.seed)),
        ("training time", None if training.wall_seconds is None else f"{training.wall_seconds:,.0f} s"),
        ("scored on", f"{data.dataset}, {data.edition}, {data.split}: {data.images:,} images" if data else None),
        ("parameters", None if cost.parameters is None else f"{cost.parameters / 1e6:,.3f} million"),
        ("FLOPs", None if cost.flops is None else f"{cost.flops / 1e9:,.2f} G{_on(cost.size)}"),
        ("latency", None if cost.latency_ms is None else f"{cost.latency_ms:,.1f} ms on {cost.device}"),
        ("measured", cost.measured),
        ("weights", record.weights_sha256 and f"sha256 {record.weights_sha256[:12]}"),
        ("predictions", record.predictions_sha256 and f"sha256 {record.predictions_sha256[:12]}"),
        ("hardware", machine.hardware if machine else None),
        ("evaluated by", f"rgbtbench {machine.rgbtbench}" if machine else None),
        ("created", record.created),
        *(("note", note) for note in record.notes),
    ]
    return _stated(facts)


def _stated(facts: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in facts if value)


def _unless(value: str, absent: str) -> str | None:
    return None if value == absent else value


def _unless_unknown(value: str) -> str | None:
    return _unless(value, UNKNOWN)


def _on(size: tuple[int, int] | None) -> str:
    return "" if size is None else f" at {size[0]} × {size[1]}"
