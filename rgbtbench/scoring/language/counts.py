"""Per-sample statistics of answers in words, and the numbers that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import LanguageRules
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure, Values
from rgbtbench.scoring.language.judged import NUMBERS
from rgbtbench.scoring.language.numbers import Floats, class_precisions, task_numbers
from rgbtbench.scoring.language.sums import sums
from rgbtbench.scoring.results import finite

#: Weights (R, n) of the n samples of a task in a part, and whether they are resamples, to metric key to values (R,).
_OfTask = Callable[[Floats, bool], dict[str, Floats]]


@dataclass(frozen=True)
class Answers(Counts[LanguageRules]):
    """Statistics of N answers.

    Attributes:
        task_names: T names.
        tasks: int64 (N,), index of each sample's task.
        label_names: L names of what is sought or to be chosen.
        labels: int64 (N,), 1 + index of each sample's label, 0 where it has none.
        numbers: some of `judged.NUMBERS` to float64 (N,), 0 where a task has no such number; `parsed` always.
        hits: bool (N, K), which of the boxes that an answer states, in its order, find a true one.
    """

    task_names: tuple[str, ...]
    tasks: NDArray[np.int64]
    label_names: tuple[str, ...]
    labels: NDArray[np.int64]
    numbers: Mapping[str, Floats]
    hits: NDArray[np.bool_]

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        return {
            "task_names": np.array(self.task_names, np.str_),
            "tasks": self.tasks,
            "label_names": np.array(self.label_names, np.str_),
            "labels": self.labels,
            "answer_hits": np.packbits(self.hits, axis=1),
            "answer_places": np.array(self.hits.shape[1]),
            **{f"answer_{name}": _whole(self.numbers[name]) for name in NUMBERS if name in self.numbers},
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        places = int(arrays["answer_places"].item())
        packed = arrays["answer_hits"].astype(np.uint8)
        return cls(
            task_names=tuple(arrays["task_names"].tolist()),
            tasks=arrays["tasks"].astype(np.int64),
            label_names=tuple(arrays["label_names"].tolist()),
            labels=arrays["labels"].astype(np.int64),
            numbers={
                name: arrays[f"answer_{name}"].astype(np.float64) for name in NUMBERS if f"answer_{name}" in arrays
            },
            hits=np.unpackbits(packed, axis=1, count=places).astype(np.bool_),
        )

    def measure(self, rules: LanguageRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; of several tasks the sums, of one task its metrics."""
        chosen = self.tasks[images]
        parts = [(name, chosen == at) for at, name in enumerate(self.task_names) if (chosen == at).any()]
        measures = {name: self._of_task(name, np.flatnonzero(images)[inside], rules) for name, inside in parts}
        if len(parts) == 1:
            return measures[parts[0][0]]
        parsed = self.numbers["parsed"][images]
        whole = {
            name: measures[name](np.ones((1, int(inside.sum()))), False)[rules.number_of(name)]
            for name, inside in parts
        }

        def measured(weights: Floats, resampled: bool) -> dict[str, Floats]:
            found = {
                name: measures[name](weights[:, inside], resampled)[rules.number_of(name)] for name, inside in parts
            }
            if resampled:
                # A task that a resample leaves without samples keeps its value of the whole part.
                found = {name: np.where(np.isnan(values), whole[name], values) for name, values in found.items()}
            return sums(found) | {"parse_rate": 100.0 * (weights @ parsed) / weights.sum(axis=1)}

        return measured

    def per_class(self, rules: LanguageRules, classes: Classes) -> dict[str, Values]:
        """Return the number of each task by what was sought or to be chosen, where one task alone is scored."""
        if len(self.task_names) != 1:
            return {}
        metric = rules.number_of(self.task_names[0])
        found: dict[str, Values] = {}
        for at, name in enumerate(self.label_names, 1):
            inside = self.labels == at
            values = self.measure(rules, classes, inside)(np.ones((1, int(inside.sum()))), False)
            found[name] = {metric: finite(values[metric][0])}
        return found

    def notes(self, rules: LanguageRules, classes: Classes) -> tuple[str, ...]:
        """Say where the scripts of IRGPT would give no number at all."""
        stopped = int(self.numbers["stopped"].sum()) if "stopped" in self.numbers else 0
        if not stopped:
            return ()
        answers = "1 answer" if stopped == 1 else f"{stopped} answers"
        return (f"the authors' script stops with an error at {answers} and prints no number; here they are wrong",)

    def _of_task(self, name: str, rows: NDArray[np.int64], rules: LanguageRules) -> _OfTask:
        columns = {key: values[rows] for key, values in self.numbers.items()}
        nothing = np.zeros(len(rows))

        def numbers(weights: Floats) -> dict[str, Floats]:
            return task_numbers(weights, lambda key: columns.get(key, nothing), rules.answers[name], rules)

        if rules.number_of(name) != "ap50":
            return lambda weights, resampled: numbers(weights)
        labels = self.labels[rows]
        members = np.stack([labels == label for label in np.unique(labels)])
        whole = class_precisions(np.ones((1, len(rows))), self.hits[rows], columns, members)

        def with_precision(weights: Floats, resampled: bool) -> dict[str, Floats]:
            found = class_precisions(weights, self.hits[rows], columns, members)
            # A class that a resample leaves without samples keeps its value of the whole part.
            kept = np.where(np.isnan(found), whole, found) if resampled else found
            return {"ap50": kept.mean(axis=-1), **numbers(weights)}

        return with_precision


def _whole(values: Floats) -> NDArray[np.generic]:
    """Return whole numbers as integers, which take less room."""
    rounded = values.astype(np.int64)
    return rounded if np.array_equal(rounded, values) else values
