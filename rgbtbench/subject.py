"""A model under test: trained or converted weights, loaded once and evaluated under any number of conditions."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rgbtbench.cards.catalog import method_card, method_names
from rgbtbench.cards.inference import Inference
from rgbtbench.cards.method import Fidelity
from rgbtbench.cards.protocol import Protocol
from rgbtbench.conditions import NONE
from rgbtbench.evaluation import Evaluation, open_single_truth
from rgbtbench.leaderboard.compose import record_of
from rgbtbench.leaderboard.records import Efficiency, Record, Training
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.prediction import holds_predictions, predictions_folder, torch_device
from rgbtbench.progress import Progress, Silent
from rgbtbench.ranks import ALONE, Ranks
from rgbtbench.scoring.score import Score, score

if TYPE_CHECKING:
    from rgbtbench.zoo.model import Model
    from rgbtbench.zoo.weights_info import WeightsInfo

_SILENT = Silent()


class Subject:
    """Weights whose results are wanted.

    Args:
        weights: run folder or safetensors file.
        batch_size: samples per forward pass.
        workers: processes that decode.
        device: `auto` (a GPU where there is one), `cpu` or `cuda`.
        inference: views of each image that the answer is merged from; None for the image alone.
        ranks: processes that share the predicting; each has a subject, and all evaluate.

    Raises:
        WeightsError: nothing of the kind lies there.
    """

    def __init__(
        self,
        weights: Path,
        *,
        batch_size: int = 8,
        workers: int = 0,
        device: str = "cpu",
        inference: Inference | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        from rgbtbench.zoo.weights_info import read_info

        self.weights = weights
        self.info: WeightsInfo = read_info(weights)
        self.inference, self.ranks = inference or Inference(), ranks
        self._batch_size, self._workers, self._device = batch_size, workers, device

    @cached_property
    def model(self) -> Model:
        """The network, loaded when it is asked for; raises `WeightsError` where the file was changed."""
        from rgbtbench.zoo.load import load_model

        return load_model(self.weights)

    @cached_property
    def device(self) -> str:
        """Where it computes."""
        return torch_device(self._device)

    @cached_property
    def _intact(self) -> bool:
        """Whether the file is what its description says; only the file itself knows."""
        from rgbtbench.zoo.weights_info import file_sha256, weights_path

        return file_sha256(weights_path(self.weights)) == self.info.sha256

    def inputs(self, dataset: str) -> tuple[str, ...]:
        """Return the modalities of a dataset that the model is fed."""
        member = self.info.model.members.get(dataset)
        missing = member.missing if member else ()
        fed = dict.fromkeys(self.info.model.inputs_of(dataset).values())
        return tuple(name for name in fed if name not in missing)

    def evaluate(
        self,
        data: Path,
        protocol_id: str,
        *,
        out: Path | None = None,
        condition: str = NONE,
        variant: str | None = None,
        efficiency: Efficiency | None = None,
        progress: Progress = _SILENT,
    ) -> Evaluation:
        """Predict, and score: a `measured` record when the weights were trained here, else a `scored` one.

        Predictions that already lie in `out`, complete and from the same weights, data and condition, are used again.

        Args:
            data: prepared dataset.
            protocol_id: one of the data's protocols.
            out: folder for the predictions; None for one beside the weights, which other protocols of the data share.
            condition: what is done to the input, beyond what the model was trained under.
            variant: what sets the row apart within the method.
            efficiency: what the model costs, where it was measured; None states its parameters.
            progress: is told of batches and images.

        Raises:
            WeightsError, RecipeError: the weights do not fit the data.
            UnknownNameError, ConditionError: the condition does not exist, or not for this data and model.
            PredictionError: `out` holds something else, or predictions that were changed since.
            ShardError, UserError: as `open_single_truth`.
        """
        protocol, truth = open_single_truth(data, protocol_id)
        seen = truth.only(label_sets=(protocol.label_set,)).under(condition)
        out = out or predictions_folder(self.weights, protocol, seen, self.inference)
        self._predict(protocol, seen, out, progress=progress)
        result = score(protocol, truth, out, progress=progress)
        record = _record_of(result, truth, self.info, condition=seen.condition, variant=variant, efficiency=efficiency)
        return Evaluation(record, result, out)

    def _predict(self, protocol: Protocol, seen: PreparedSplit, out: Path, *, progress: Progress) -> None:
        from rgbtbench.zoo.predict import predict_split

        def held() -> bool:
            return self._intact and holds_predictions(
                out, weights_sha256=self.info.sha256, truth=seen, protocol=protocol, inference=self.inference
            )

        if self.ranks.first(held):
            progress.say(f"{out} holds these predictions already; scored as they are")
            return
        predict_split(
            self.model,
            seen,
            out,
            label_set=protocol.label_set,
            weights_sha256=self.info.sha256,
            inference=self.inference,
            batch_size=self._batch_size,
            workers=self._workers,
            device=self.device,
            ranks=self.ranks,
            progress=progress,
        )


def _record_of(
    result: Score,
    truth: PreparedSplit,
    info: WeightsInfo,
    *,
    condition: str,
    variant: str | None,
    efficiency: Efficiency | None,
) -> Record:
    """Return the record of a model of the zoo: what its weights file says goes into it."""
    from rgbtbench.zoo.registry import has_published_slots

    spec, trained = info.model, info.training
    known = trained.model_dump(include=set(Training.model_fields)) if trained else {}
    if trained is not None:
        known["pretraining"] = [{"name": seen, "holds_test_images": "unknown"} for seen in trained.pretraining]
    fidelity: Fidelity | None = None
    if spec.method in method_names():
        # A network with another set of inputs is no longer the one that the paper describes.
        fidelity = method_card(spec.method).fidelity.get(spec.task) if has_published_slots(spec) else "own design"
    notes = [f"weights of others, converted from {info.conversion.source}"] if info.conversion else []
    if trained is not None and trained.condition != NONE:
        notes.append(f"trained under {trained.condition}")
    if trained is not None and trained.members:
        notes.append(f"trained in {len(spec.classes)} {trained.label_space} classes, scored in the dataset's own")
    inputs = spec.inputs_of(truth.manifest.dataset)
    return record_of(
        result,
        truth,
        kind="measured" if trained else "scored",
        method=spec.method,
        variant=variant or "+".join(inputs.values()),
        condition=condition,
        inputs=tuple(inputs.values()),
        fidelity=fidelity,
        training=Training(**known),
        weights_sha256=info.sha256,
        efficiency=efficiency or Efficiency(parameters=info.parameters),
        notes=tuple(notes),
    )
