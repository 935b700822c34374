"""Reading answers in words, one JSON object per line: each fault is named, and no question may be missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.kinds import TextPrediction
from rgbtbench.predictions.members import is_archive, open_members
from rgbtbench.predictions.sidecar import ANSWERS

#: Sixty thousand answers of the longest kind are smaller.
MAX_BYTES: Final = 1 << 28
#: Longer ones are no answers; forty points take six hundred characters.
MAX_ANSWER: Final = 1 << 14
#: Room for an answer in which every character is escaped, its key, and further fields.
_MAX_LINE: Final = 1 << 18
_SHOWN: Final = 3
_LINE: Final = '{"key": "…", "answer": "…"}'
_REMEDY: Final = f"write one object {_LINE} per line"


def read_texts(path: Path, tasks: Mapping[str, str | None], *, others: Collection[str] = ()) -> dict[str, str]:
    """Return the answer to each question, in the order of `tasks`.

    Lines about another task than any of `tasks` are let be, so that one file may hold the answers to all tasks.

    Args:
        path: file of lines, or a folder, `.zip` or `.tar` that holds `answers.jsonl` or exactly one `.jsonl` file.
        tasks: key of every question that is scored, to its task; None where it has none.
        others: further keys that may be there, such as those of samples that the protocol leaves out.

    Raises:
        PredictionError: a line is no JSON object with a key and an answer in words, a key is there twice, unknown or
            said to be of another task, or a question has no answer; names the line, counted from 1.
    """
    name, data = _content(path)
    asked = set(tasks.values())
    known = {*tasks, *others}
    lines: dict[str, int] = {}
    answers: dict[str, str] = {}
    unknown: list[str] = []
    let_be: set[str] = set()
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        found = _parsed(line, name, number)
        if found.task is not None and found.task not in asked:
            let_be.add(found.task)
            continue
        if found.key in lines:
            raise PredictionError(
                f"{found.key} was answered in line {lines[found.key]} already",
                expected="one line for each question",
                path=name,
                line=number,
                remedy="remove one of them",
            )
        lines[found.key] = number
        if found.key not in known:
            unknown.append(found.key)
        elif found.key in tasks:
            _require_task(found, tasks[found.key], name, number)
            answers[found.key] = found.answer
    if unknown and answers:
        raise PredictionError(
            f"{_listed(unknown)} that the split does not have",
            path=name,
            line=lines[unknown[0]],
            remedy="answer the questions of the split that the protocol names; lines of other tasks may stay when they "
            "say their task",
        )
    _require_all(answers, tasks, _held(unknown, sorted(let_be)), name)
    return {key: answers[key] for key in tasks}


def texts_sha256(answers: Mapping[str, str]) -> str:
    """Return one hash over many answers, key to answer; order, container and further fields do not change it."""
    lines = (f"{key} {hashlib.sha256(answer.encode()).hexdigest()}\n" for key, answer in sorted(answers.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def text_line(prediction: TextPrediction) -> str:
    """Return the line of one answer, with a line feed at its end."""
    task = {} if prediction.task is None else {"task": prediction.task}
    row = {"key": prediction.key, **task, "answer": prediction.answer}
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def answer_fault(answer: str) -> str | None:
    """Return what makes a text unfit as an answer, None for all others."""
    if len(answer) > MAX_ANSWER:
        return f"an answer of {len(answer)} characters"
    try:
        answer.encode()
    except UnicodeEncodeError:
        return "an answer with half a character"
    return None


def _content(path: Path) -> tuple[str, bytes]:
    """Return the name of the file for errors, and its bytes."""
    if path.is_file() and not is_archive(path):
        size = path.stat().st_size
        _require_size(size, str(path))
        return str(path), path.read_bytes()
    with open_members(path) as members:
        files = [name for name in members.sizes if name.lower().endswith(".jsonl")]
        files = [name for name in files if name.rpartition("/")[2] == ANSWERS] or files
        if len(files) != 1:
            raise PredictionError(
                f"holds {len(files)} .jsonl files",
                expected=f"an {ANSWERS}",
                path=path,
                remedy="name the file of the answers",
            )
        name = f"{path}: {files[0]}"
        _require_size(members.sizes[files[0]], name)
        return name, members.read(files[0])


def _require_size(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise PredictionError(f"has {size} bytes", expected=f"at most {MAX_BYTES}", path=name, remedy=_REMEDY)


def _parsed(line: bytes, name: str, number: int) -> TextPrediction:
    def refused(found: str, expected: str | None = None) -> PredictionError:
        return PredictionError(found, expected=expected, path=name, line=number, remedy=_REMEDY)

    if len(line) > _MAX_LINE:
        raise refused(f"a line of {len(line)} bytes", f"at most {_MAX_LINE}")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise refused("not UTF-8 text") from error
    try:
        row = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise refused(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise refused(f"{type(row).__name__} instead of an object", _LINE)
    for field in ("key", "answer"):
        if field not in row:
            raise refused(f"{field} is missing", _LINE)
    for field in ("key", "answer", "task"):
        value = row.get(field)
        if not (isinstance(value, str) or (field == "task" and value is None)):
            shown = json.dumps(value)[:80]
            raise refused(f"{field} {shown} is {type(value).__name__}", "text; an empty one where there is no answer")
    if fault := answer_fault(row["answer"]):
        raise refused(fault, f"at most {MAX_ANSWER} characters of Unicode")
    return TextPrediction(row["key"], row["answer"], row.get("task"))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a field is there twice")
    return row


def _require_task(found: TextPrediction, task: str | None, name: str, number: int) -> None:
    if found.task not in (None, task):
        raise PredictionError(
            f"{found.key} is said to be of the task {found.task}",
            expected=str(task),
            path=name,
            line=number,
            remedy="write the task of the question, or leave it out",
        )


def _held(unknown: list[str], let_be: list[str]) -> str:
    """Return what a file holds instead of answers to what is asked."""
    if unknown:
        return f"; its keys are {', '.join(unknown[:_SHOWN])}, …"
    return f"; lines of the task {', '.join(let_be[:_SHOWN])} were let be" if let_be else ""


def _require_all(answers: Mapping[str, str], tasks: Mapping[str, str | None], holds: str, name: str) -> None:
    missing = [key for key in tasks if key not in answers]
    if missing:
        raise PredictionError(
            f"{_listed(missing)} of {len(tasks)} without an answer{holds}",
            expected="a line for every question",
            path=name,
            remedy="answer all questions, with an empty text where there is nothing to say",
        )


def _listed(keys: Iterable[str]) -> str:
    every = list(keys)
    shown = ", ".join(every[:_SHOWN])
    return f"{len(every)} key{'s' if len(every) > 1 else ''} ({shown}{', …' if len(every) > _SHOWN else ''})"
