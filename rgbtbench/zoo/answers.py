"""What the outputs of a jointly trained model mean to one of its datasets.

An output counts as the class that the dataset has for it, several may count as one, and outputs that the dataset has
no class for take no part: the `remap` of logits in SegRGB-X (arXiv 2603.28023, equation 8).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from rgbtbench.zoo.model import Model
from rgbtbench.zoo.spec import member_of

#: Stands in `Model.class_ids` for an output that the dataset has no class for.
LEFT_OUT = -1


@contextmanager
def answering(model: Model, dataset: str) -> Iterator[None]:
    """Let a jointly trained model predict a dataset's own classes inside the block.

    Raises:
        RecipeError: it was not trained on the dataset.
    """
    answers = member_of(model.spec, dataset).answers
    joint = model.class_ids
    model.class_ids = joint.new_tensor([answers.get(number, LEFT_OUT) for number in model.spec.class_ids])
    try:
        yield
    finally:
        model.class_ids = joint


def answered_logits(logits: Tensor, class_ids: Tensor, *, dim: int) -> tuple[Tensor, Tensor]:
    """Bring logits of a softmax to one per class: the probabilities of outputs that count as one class are added.

    Args:
        logits: outputs along `dim`.
        class_ids: int64 (C,), the class of each output, `LEFT_OUT` for none.
        dim: where the outputs lie.

    Returns:
        Logits of the classes along `dim`, and int64 (K,) their ids, ascending.
    """
    return _answered(logits, class_ids, dim=dim, softmax=True)


def answered_scores(logits: Tensor, class_ids: Tensor, *, dim: int = -1) -> tuple[Tensor, Tensor]:
    """Bring logits of sigmoids to one per class: of outputs that count as one class the surest is taken.

    Arguments and returns are those of `answered_logits`.
    """
    return _answered(logits, class_ids, dim=dim, softmax=False)


def _answered(logits: Tensor, class_ids: Tensor, *, dim: int, softmax: bool) -> tuple[Tensor, Tensor]:
    outputs = class_ids.tolist()
    classes = sorted(set(outputs) - {LEFT_OUT})
    if outputs == classes:
        return logits, class_ids
    places = {number: [place for place, other in enumerate(outputs) if other == number] for number in classes}
    parts = [logits.index_select(dim, class_ids.new_tensor(places[number])) for number in classes]
    merged = [part.logsumexp(dim, keepdim=True) if softmax else part.amax(dim, keepdim=True) for part in parts]
    return torch.cat(merged, dim), class_ids.new_tensor(classes)
