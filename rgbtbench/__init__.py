"""rgbtbench: datasets, model zoo and trustworthy benchmarks for RGB-thermal and RGB-X vision.

The functions here are the Python face of the commands of the same names; what they need is imported when they are
called, so that `import rgbtbench` costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rgbtbench.evaluation import Evaluation
    from rgbtbench.loading.batch import Batch
    from rgbtbench.loading.prepared import PreparedSplit
    from rgbtbench.predictions.kinds import Prediction
    from rgbtbench.scoring.score import Score
    from rgbtbench.zoo.ready import ReadyModel

__version__ = "0.1.0"
__all__ = ["evaluate", "load_model", "open", "score"]


def open(
    root: str | Path, split: str, *, label_space: str = "native", modalities: Sequence[str] | None = None
) -> PreparedSplit:
    """Open one split of a prepared dataset as a sequence of samples; see `rgbtbench.loading.prepared.open_split`.

    Example:
        rgbtbench.open("shards/mfnet", split="test")[0].images["lwir"]  # uint8 (480, 640, 1)
    """
    from rgbtbench.loading.prepared import open_split

    return open_split(root, split, label_space=label_space, modalities=modalities)


def score(
    protocol: str,
    predictions: str | Path,
    *,
    data: str | Path | None = None,
    ground_truth: str | Path | None = None,
    classes: int | str | Sequence[str] | None = None,
) -> Score:
    """Score anyone's prediction files under a protocol, on prepared data or straight against annotation files.

    Args:
        protocol: its id.
        predictions: folder, archive or file; see docs/formats/predictions.md.
        data: prepared dataset.
        ground_truth: annotation files instead.
        classes: number of classes, or names of the ids 0, 1, …, for a `generic/…` protocol of segmentation.

    Example:
        rgbtbench.score("mfnet/miou-9", "predictions/", data="shards/mfnet").metrics["miou"]

    Raises:
        UserError: not exactly one of `data` and `ground_truth`, or as `rgbtbench.evaluation` says.
    """
    from rgbtbench.evaluation import class_names, score_either
    from rgbtbench.locations import location

    prepared = None if data is None else location(data)
    labels = None if ground_truth is None else Path(ground_truth)
    return score_either(Path(predictions), protocol, data=prepared, ground_truth=labels, classes=class_names(classes))


def evaluate(
    network: Callable[[Batch], Sequence[Prediction]], data: str | Path, protocol: str, *, out: str | Path
) -> Evaluation:
    """Run your own network over the data that a protocol scores; see `rgbtbench.evaluation.evaluate`.

    Example:
        rgbtbench.evaluate(my_network, "shards/mfnet", "mfnet/miou-9", out="predictions").score.metrics["miou"]
    """
    from rgbtbench.evaluation import evaluate as run

    return run(network, data, protocol, out=out)


def load_model(name: str, weights: str | Path, *, device: str = "auto") -> ReadyModel:
    """Return a model that predicts images at hand: paths, arrays or tensors.

    Args:
        name: of the method, so that nobody uses one for another.
        weights: run folder, or a safetensors file with its description beside it.
        device: `auto` takes a GPU where there is one; `cpu` or `cuda`.

    Example:
        rgbtbench.load_model("mfnet", "runs/mfnet")(rgb="street.png", lwir="street_thermal.png").mask

    Raises:
        WeightsError: the weights are missing, damaged, or of another method.
        UserError: no such device.
    """
    from rgbtbench.errors import WeightsError
    from rgbtbench.prediction import torch_device
    from rgbtbench.zoo.load import load_model as load
    from rgbtbench.zoo.ready import ReadyModel
    from rgbtbench.zoo.weights_info import read_info

    found = read_info(Path(weights)).model.method
    if found != name:
        raise WeightsError(f"weights of {found}, and not of {name}", path=weights, remedy=f"load them as {found!r}")
    return ReadyModel(load(Path(weights)), device=torch_device(device))
