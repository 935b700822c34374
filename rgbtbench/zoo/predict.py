"""Predicting a whole split into files that anyone can score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch

from rgbtbench.cards.inference import PLAIN, Inference
from rgbtbench.cards.schema import LABEL_KIND, Task
from rgbtbench.device_memory import advising_on_memory
from rgbtbench.errors import ConditionError, PredictionError, RecipeError, UserError
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.loader import eval_loader
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction, SaliencyPrediction, TextPrediction
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.predictions.write import BoxWriter, MaskWriter
from rgbtbench.predictions.write_maps import SaliencyWriter
from rgbtbench.predictions.write_texts import TextWriter
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.ranks import ALONE, Ranks
from rgbtbench.zoo.answers import answering
from rgbtbench.zoo.augmented import predictor
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import TRAIN_FROM_IT
from rgbtbench.zoo.spec import ModelSpec, member_of

#: Task to what a network returns for each sample.
_KINDS: Final[Mapping[Task, type[Prediction]]] = MappingProxyType(
    {"semantic": MaskPrediction, "detection": BoxPrediction, "saliency": SaliencyPrediction, "language": TextPrediction}
)
_SHOWN = 6
_EACH = "return one prediction for each valid sample of the batch"


def predict_split(
    model: Model,
    split: PreparedSplit,
    out: Path,
    *,
    label_set: str | None = None,
    weights_sha256: str | None = None,
    inference: Inference | None = None,
    batch_size: int = 8,
    workers: int = 0,
    ranks: Ranks = ALONE,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Path:
    """Write the predictions of every sample of a split, each exactly once, as they are made.

    Args:
        model: in evaluation mode afterwards.
        split: in the label space that the model names classes in, under the condition to be tested; a model that was
            trained on several datasets also predicts the native classes of each.
        out: folder for the predictions, new or empty; see docs/formats/predictions.md.
        label_set: whose frame and classes are predicted; None for the only set of the task's kind.
        weights_sha256: noted beside the predictions.
        inference: views of each image that the answer is merged from; None for the image alone.
        batch_size: samples, or windows, per forward pass; has no part in the result beyond rounding.
        workers: processes that decode; 0 decodes in this one.
        ranks: processes that share the split, each with its own samples; all call this, and `out` is the same for all.
        device: where to compute.
        progress: told about every batch.

    Returns:
        `out`.

    Raises:
        RecipeError: the data lacks a modality or a label set that the model needs, or names classes otherwise; or the
            model's answers cannot be merged from several views.
        ConditionError: the model cannot do without a modality that is dropped.
        PredictionError: `out` holds something else.
    """
    spec = model.spec
    if spec.task == "pretraining":
        raise RecipeError(f"{spec.method} was pre-trained and predicts nothing yet", remedy=TRAIN_FROM_IT)
    name = label_set or split.label_set_of(LABEL_KIND[spec.task])
    dataset = split.manifest.dataset
    member = member_of(spec, dataset) if spec.members else None
    missing = () if member is None else member.missing
    in_own_classes = member is not None and split.label_space == NATIVE
    _require_inputs(model, split)
    _require_classes(spec.classes if member is None or not in_own_classes else member.classes, split, name)
    views = inference or Inference()
    predict = predictor(model, views, per_pass=batch_size)
    advising = partial(advising_on_memory, partial(_advice_on_memory, spec, batch_size, views))
    with advising():
        model.to(device).eval()

    def network(batch: Batch) -> Sequence[Prediction]:
        own = answering(model, dataset) if in_own_classes else nullcontext()
        with torch.inference_mode(), own, advising():
            return predict(batch.to(device))

    wanted = dict.fromkeys(modality for modality in spec.inputs_of(dataset).values() if modality not in missing)
    return write_predictions(
        network,
        split.only(modalities=tuple(wanted)),
        out,
        task=spec.task,
        label_set=name,
        method=spec.method,
        missing=missing,
        weights_sha256=weights_sha256,
        test_time_augmentation=views.tag,
        batch_size=batch_size,
        workers=workers,
        ranks=ranks,
        progress=progress,
    )


def _advice_on_memory(spec: ModelSpec, batch_size: int, views: Inference) -> UserError:
    """Return what can be done where memory does not suffice; only answers for pixels can be merged from windows."""
    ways = [
        *([f"halve the batch size ({batch_size})"] if batch_size > 1 else []),
        *(["declare windows"] if spec.task == "semantic" and views.window is None else []),
        "end what else runs on the device",
    ]
    return UserError(f"out of memory while {spec.method} predicts", remedy=", or ".join(ways))


def write_predictions(
    network: Callable[[Batch], Sequence[Prediction]],
    split: PreparedSplit,
    out: Path,
    *,
    task: Task,
    label_set: str,
    method: str,
    missing: Sequence[str] = (),
    weights_sha256: str | None = None,
    test_time_augmentation: str = PLAIN,
    batch_size: int = 8,
    workers: int = 0,
    ranks: Ranks = ALONE,
    progress: Progress | None = None,
) -> Path:
    """Write what any network predicts for a split, as `predict_split` does for models of the zoo.

    Args:
        network: takes a batch and returns one prediction per valid sample, in the original frame.
        split: the samples, under the condition to be tested.
        out: folder for the predictions, new or empty.
        task: what is predicted: semantic, detection, saliency or language.
        label_set: whose frame and classes are predicted; of language the questions, which batches carry.
        method: noted beside the predictions.
        missing: modalities that batches hold as a fill.
        weights_sha256: likewise.
        test_time_augmentation: likewise.
        batch_size: samples per call.
        workers: processes that decode; 0 decodes in this one.
        ranks: processes that share the split, each with its own samples; all call this, and `out` is the same for all.
        progress: told about every batch.

    Raises:
        PredictionError: `out` holds something else, a prediction is malformed, or a sample is left out.
    """
    view = split.only(label_sets=(label_set,))
    # Networks see no labels but the questions that they are to answer.
    asked_in: Task | None = "language" if task == "language" else None
    batches = eval_loader(
        view,
        batch_size=batch_size,
        task=asked_in,
        label_set=label_set,
        missing=missing,
        workers=workers,
        rank=ranks.rank,
        world=ranks.world,
    )
    sidecar = Sidecar.model_validate(
        {
            "task": task,
            "dataset": split.manifest.dataset,
            "edition": split.manifest.edition,
            "split": split.name,
            "label_set": label_set,
            "label_space": split.label_space,
            "data_hash": split.manifest.data_hash,
            "method": method,
            "weights_sha256": weights_sha256,
            "condition": split.condition,
            "test_time_augmentation": test_time_augmentation,
        }
    )
    writer = _writer(task, out, sidecar, split, ranks)
    told = progress if progress is not None and ranks.is_first else Silent()
    with writer:
        for batch in track(batches, told, f"predict {split.name}", total=len(batches), unit="batches"):
            asked = [key for key, valid in zip(batch.keys, batch.valid.tolist(), strict=True) if valid]
            for prediction in _checked(network(batch), asked, task=task, method=method):
                writer.write(prediction)  # type: ignore[arg-type]  # the task fixes the kind of both
    return out


def _writer(
    task: Task, out: Path, sidecar: Sidecar, split: PreparedSplit, ranks: Ranks
) -> MaskWriter | SaliencyWriter | BoxWriter | TextWriter:
    match task:
        case "detection":
            return BoxWriter(out, sidecar, image_ids=dict(zip(split.keys, split.image_ids, strict=True)), ranks=ranks)
        case "saliency":
            return SaliencyWriter(out, sidecar, ranks=ranks)
        case "language":
            return TextWriter(out, sidecar, ranks=ranks)
        case "semantic":
            return MaskWriter(out, sidecar, ranks=ranks)


def _checked(predicted: object, asked: Sequence[str], *, task: Task, method: str) -> Iterator[Prediction]:
    """Yield what a network returned for a batch, and make sure that it is one prediction per sample."""
    kind = _KINDS[task]
    if not isinstance(predicted, Iterable):
        raise PredictionError(
            f"{method} returned {type(predicted).__name__}", expected=f"a list of {kind.__name__}", remedy=_EACH
        )
    left = dict.fromkeys(asked)
    for prediction in predicted:
        if not isinstance(prediction, kind):
            raise PredictionError(
                f"{method} returned a list that holds {type(prediction).__name__}",
                expected=kind.__name__,
                remedy=_EACH,
            )
        if prediction.key not in left:
            raise PredictionError(
                f"{method} predicts {prediction.key}, which was not asked for, or was done before", remedy=_EACH
            )
        del left[prediction.key]
        yield prediction
    if left:
        raise PredictionError(
            f"{method} left out {len(left)} of {len(asked)} samples of a batch: {', '.join(list(left)[:_SHOWN])}",
            remedy=_EACH,
        )


def _require_inputs(model: Model, split: PreparedSplit) -> None:
    for step in split.alteration.condition.missing.values():
        fed = step.modality in model.spec.inputs_of(split.manifest.dataset).values()
        if step.fill == "drop" and fed and not model.takes_absent:
            raise ConditionError(
                f"{step}: {model.spec.method} cannot compute without {step.modality}",
                remedy=f"fill it, for instance missing:{step.modality}/zero_norm",
            )


def _require_classes(classes: Mapping[int, str], split: PreparedSplit, label_set: str) -> None:
    known = split.classes(label_set) if classes else {}
    wrong = [f"{identifier} {name}" for identifier, name in classes.items() if known.get(identifier) != name]
    if wrong:
        shown = ", ".join(wrong[:_SHOWN]) + (f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else "")
        raise RecipeError(
            f"the model names classes that {split.manifest.dataset}'s {label_set} does not have ({shown})",
            path=split.store.root,
            remedy="open the split in the label space that the model was trained in",
        )
