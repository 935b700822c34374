"""Statistics of made-up answers without any file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rgbtbench.cards.rules import LanguageRules
from rgbtbench.progress import Silent
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.ground_truth.file_truth import FileTruth
from rgbtbench.scoring.language.collect import collect
from rgbtbench.scoring.language.counts import Answers

NO_CLASSES = Classes((), ())


class Rows(FileTruth):
    """Right answers by key, the key's first part being the task."""

    def __init__(self, labels: Mapping[str, Any]) -> None:
        super().__init__(list(labels), attributes={"task": [key.partition("/")[0] for key in labels]})
        self._labels = list(labels.values())

    def text(self, position: int) -> str:
        label = self._labels[position]
        return label if isinstance(label, str) else json.dumps(label)


def counted(rules: LanguageRules, rows: Mapping[str, tuple[Any, str]], folder: Path) -> Answers:
    """Statistics of rows: key to what is true and the answer."""
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps({"key": key, "answer": answer}) + "\n" for key, (_, answer) in rows.items()))
    truth = Rows({key: label for key, (label, _) in rows.items()})
    return collect(rules, truth, range(len(rows)), path, progress=Silent())[0]


def measured(rules: LanguageRules, answers: Answers, *, images: Sequence[int] | None = None) -> dict[str, float]:
    """The metrics of some samples, all of them by default."""
    chosen = np.ones(len(answers.tasks), np.bool_)
    if images is not None:
        chosen = np.isin(np.arange(len(chosen)), images)
    found = answers.measure(rules, NO_CLASSES, chosen)(np.ones((1, int(chosen.sum()))), False)
    return {name: float(values[0]) for name, values in found.items()}
