"""Writing answers in words, one line each; an interrupted run never looks finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.folder_writer import FolderWriter, in_turn, publish
from rgbtbench.predictions.kinds import TextPrediction
from rgbtbench.predictions.sidecar import ANSWERS, Sidecar
from rgbtbench.predictions.texts import MAX_ANSWER, answer_fault, text_line, texts_sha256
from rgbtbench.ranks import ALONE, Ranks


class TextWriter(FolderWriter):
    """Writes `answers.jsonl` and the sidecar at the end; arguments are those of `FolderWriter`."""

    def __init__(self, folder: Path, sidecar: Sidecar, *, ranks: Ranks = ALONE) -> None:
        super().__init__(folder, sidecar, ranks=ranks)
        self._answers: list[TextPrediction] = []

    def write(self, prediction: TextPrediction) -> None:
        """Write one answer; an empty one is an answer too.

        Raises:
            PredictionError: the answer is too long or no text, or the key was written before.
        """
        if fault := answer_fault(prediction.answer):
            raise PredictionError(f"{prediction.key}: {fault}", expected=f"at most {MAX_ANSWER} characters of Unicode")
        self.enter_key(prediction.key)
        self._answers.append(prediction)

    def _share(self) -> list[TextPrediction]:
        return self._answers

    def _finished(self, shares: Sequence[list[TextPrediction]]) -> str:
        answers = list(in_turn(shares))
        publish(self.folder / ANSWERS, "".join(map(text_line, answers)).encode())
        return texts_sha256({prediction.key: prediction.answer for prediction in answers})
