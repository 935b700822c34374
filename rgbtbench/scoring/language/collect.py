"""From questions and answers to statistics, one sample at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rgbtbench.cards.rules import LanguageRules
from rgbtbench.errors import LabelError, UserError
from rgbtbench.predictions.texts import read_texts, texts_sha256
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.language import as_authors, stated
from rgbtbench.scoring.language.counts import Answers
from rgbtbench.scoring.language.judged import Judged
from rgbtbench.scoring.truth import Truth

_TASK = "task"


def collect(
    rules: LanguageRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[Answers, str]:
    """Judge every answer; see `rgbtbench.scoring.family.Collect`.

    Args:
        rules: of the protocol.
        truth: texts: what the right answers state (`target`), or the right answers themselves for the authors' way.
        positions: of the samples that are scored.
        predictions: file, folder or archive of answers.
        progress: is told of each sample.

    Raises:
        UserError: the samples do not say their task, or one that the rules do not have.
        LabelError: a right answer is damaged.
    """
    keys = truth.keys
    tasks = _tasks(rules, truth, positions)
    asked: dict[str, str | None] = dict(zip((keys[position] for position in positions), tasks, strict=True))
    answers = read_texts(predictions, asked, others=keys)
    counted = track(positions, progress, "scoring", total=len(positions), unit="answers")
    judged = [
        _judged(rules, truth, position, task, answers[keys[position]])
        for position, task in zip(counted, tasks, strict=True)
    ]
    return _as_columns(rules, tasks, judged), texts_sha256(answers)


def _tasks(rules: LanguageRules, truth: Truth, positions: Sequence[int]) -> list[str]:
    column = truth.attributes.get(_TASK, (None,) * len(truth.keys))
    found = [str(column[position]) for position in positions]
    for task in dict.fromkeys(found):
        if task not in rules.answers:
            raise UserError(
                f"a sample of the task {task}", expected=" or ".join(rules.answers), remedy="check the data"
            )
    return found


def _judged(rules: LanguageRules, truth: Truth, position: int, task: str, answer: str) -> Judged:
    label, kind = truth.text(position), rules.answers[task]
    try:
        if rules.reading == "authors":
            return as_authors.judge(answer, label, kind, rules)
        return stated.judge(answer, json.loads(label), kind, rules)
    except (KeyError, TypeError, ValueError) as error:
        raise LabelError(
            f"{truth.keys[position]}: {label[:80]!r} is no right answer to a question of the task {task}",
            remedy="prepare the dataset again",
        ) from error


def _as_columns(rules: LanguageRules, tasks: Sequence[str], judged: Sequence[Judged]) -> Answers:
    task_names = [name for name in rules.answers if name in set(tasks)]
    label_names = sorted({one.label for one in judged if one.label is not None})
    numbers = {"parsed": np.array([one.parsed for one in judged], np.float64)}
    for name in sorted({name for one in judged for name in one.numbers}):
        numbers[name] = np.array([one.numbers.get(name, 0.0) for one in judged], np.float64)
    hits = np.zeros((len(judged), max(len(one.hits) for one in judged)), np.bool_)
    for row, one in enumerate(judged):
        hits[row, : len(one.hits)] = one.hits
    return Answers(
        task_names=tuple(task_names),
        tasks=np.array([task_names.index(task) for task in tasks], np.int64),
        label_names=tuple(label_names),
        labels=np.array([0 if one.label is None else 1 + label_names.index(one.label) for one in judged], np.int64),
        numbers=numbers,
        hits=hits,
    )
