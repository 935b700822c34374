"""Writing answers in words, one line each; an interrupted run never looks finished."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.folder_writer import FolderWriter
from rgbtbench.predictions.kinds import TextPrediction
from rgbtbench.predictions.sidecar import ANSWERS, Sidecar
from rgbtbench.predictions.texts import MAX_ANSWER, answer_fault, text_line, texts_sha256


class TextWriter(FolderWriter):
    """Writes `answers.jsonl`, and the sidecar at the end.

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: what the answers come from; its hashes of keys and predictions are filled in here.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar) -> None:
        super().__init__(folder, sidecar)
        self._answers: dict[str, str] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self._file = (self.folder / f".{ANSWERS}").open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            (self.folder / f".{ANSWERS}").replace(self.folder / ANSWERS)
        super().__exit__(kind, error, trace)

    def write(self, prediction: TextPrediction) -> None:
        """Write one answer; an empty one is an answer too.

        Raises:
            PredictionError: the answer is too long or no text, or the key was written before.
        """
        if fault := answer_fault(prediction.answer):
            raise PredictionError(f"{prediction.key}: {fault}", expected=f"at most {MAX_ANSWER} characters of Unicode")
        self.enter_key(prediction.key)
        self._answers[prediction.key] = prediction.answer
        self._file.write(text_line(prediction))

    def _content_sha256(self) -> str:
        return texts_sha256(self._answers)
