"""The sidecar: what a set of predictions was made from, in `predictions.json` beside or among the files."""

from __future__ import annotations

import json
from typing import Final, Literal

from pydantic import ValidationError

from rgbtbench.cards.schema import Name, Sha256, Strict, Task
from rgbtbench.errors import PredictionError

SIDECAR: Final = "predictions.json"
DETECTIONS: Final = "detections.json"
ANSWERS: Final = "answers.jsonl"
#: Lies in a folder from the first prediction to the last; such a folder is not scored.
INCOMPLETE: Final = ".incomplete"
MAX_SIDECAR_BYTES: Final = 1 << 20


class Sidecar(Strict):
    """What the predictions claim to be; rgbtbench writes it, outside tools may leave it out."""

    format: Literal["rgbtbench-predictions"] = "rgbtbench-predictions"
    version: Literal[1] = 1
    task: Task
    dataset: Name
    edition: str
    split: str
    label_set: Name
    label_space: Literal["native", "unified"] = "native"
    data_hash: Sha256 | None = None
    keys_sha256: Sha256 | None = None
    method: str | None = None
    weights_sha256: Sha256 | None = None
    condition: str = "none"
    test_time_augmentation: str = "none"
    predictions_sha256: Sha256 | None = None


def parse_sidecar(data: bytes, *, path: str) -> Sidecar:
    """Parse the content of a sidecar.

    Raises:
        PredictionError: no JSON, another format or version, or an unknown field.
    """
    remedy = "write it as docs/formats/predictions.md says, or remove it"
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PredictionError(f"{SIDECAR} is not JSON", path=path, remedy=remedy) from error
    if not isinstance(content, dict):
        raise PredictionError(f"{SIDECAR} holds no object of fields", path=path, remedy=remedy)
    try:
        return Sidecar.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        named = field or "a field without a name"
        raise PredictionError(f"{SIDECAR}: {named}: {first['msg']}", path=path, remedy=remedy) from error


def sidecar_bytes(sidecar: Sidecar) -> bytes:
    """Return the file's content."""
    return json.dumps(sidecar.model_dump(mode="json"), indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"


def require_match(sidecar: Sidecar, expected: Sidecar, *, path: str) -> None:
    """Make sure that predictions were made for what they are scored on.

    Compared are task, dataset, edition, split and label space, and the list of keys where both state it. The label set
    is not: detections of one model may be scored against every version of the labels.

    Raises:
        PredictionError: naming the first field that differs.
    """
    fields = ["task", "dataset", "edition", "split", "label_space"]
    if sidecar.keys_sha256 is not None and expected.keys_sha256 is not None:
        fields.append("keys_sha256")
    for field in fields:
        found, wanted = getattr(sidecar, field), getattr(expected, field)
        if found != wanted:
            raise PredictionError(
                f"{SIDECAR}: the predictions were made for {field} {found!r}",
                expected=repr(wanted),
                path=path,
                remedy="predict on the data that is scored, or choose the protocol of that data",
            )
