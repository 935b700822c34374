"""Features of both images of every pair of a split, into a folder: by a network of the zoo or by a baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rgbtbench.cards.matching import MatchingProtocol, matching_protocol
from rgbtbench.errors import RecipeError, UnknownNameError, UserError, did_you_mean
from rgbtbench.features.baselines import BASELINES, baseline_features
from rgbtbench.features.folder import FeaturesInfo, FeatureWriter, Grid
from rgbtbench.features.pairs import ImagePair, shown_pairs
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.progress import Progress, Silent, track

#: Pairs of equal shapes to the features of each of them, by modality.
Describe = Callable[[Sequence[ImagePair]], Sequence[dict[str, Grid]]]
_SILENT = Silent()
#: Digits of the largest size that makes sense.
_LONGEST = 11


def extract(
    source: str,
    data: Path,
    split: str,
    out: Path,
    *,
    protocol: str | None = None,
    input_size: tuple[int, int] | None = None,
    modalities: Sequence[str] | None = None,
    batch_size: int = 8,
    device: str = "cpu",
    progress: Progress = _SILENT,
) -> Path:
    """Write features of a split.

    Args:
        source: run folder or safetensors file of a method that has features or of MAE's encoder, or one of
            `BASELINES`.
        data: prepared dataset.
        split: `train`, `val`, `test`, …
        out: folder for the features, new or empty.
        protocol: id of a protocol of matching, which moves the images; None takes them as they are.
        input_size: height and width that a network sees; None: those of its configuration.
        modalities: of a baseline; None: those of the protocol, or all. A network has features of what it is fed.
        batch_size: pairs per forward pass.
        device: where a network computes.
        progress: is told of pairs.

    Raises:
        UnknownNameError: no such weights, baseline or protocol.
        RecipeError: the method has no features of each image alone, or the protocol needs a modality without.
        PredictionError: `out` holds something else.
        ShardError, WeightsError: the data or the weights are damaged.
    """
    rules = None if protocol is None else matching_protocol(protocol)
    view = open_split(data, split, label_sets=())
    if source in BASELINES and not Path(source).exists():
        names = modalities or ((rules.reference, rules.warped) if rules else view.modalities)
        return write_features(
            lambda pairs: [baseline_features(source, pair) for pair in pairs],
            view,
            out,
            modalities=tuple(names),
            source=source,
            protocol=rules,
            progress=progress,
        )
    if not Path(source).exists():
        raise UnknownNameError(
            f"no weights and no baseline {source!r}", remedy=did_you_mean(source, [*BASELINES, "a run folder"])
        )
    from rgbtbench.zoo.features import describing_model, network_features
    from rgbtbench.zoo.weights_info import read_initial_info

    weights = Path(source)
    model, name = describing_model(weights, device=device)
    fed = tuple(dict.fromkeys(model.spec.inputs_of(view.manifest.dataset).values()))
    return write_features(
        network_features(model, dataset=view.manifest.dataset, size=input_size),
        view,
        out,
        modalities=fed,
        source=name,
        weights_sha256=read_initial_info(weights).sha256,
        input_size=input_size,
        protocol=rules,
        batch_size=batch_size,
        progress=progress,
    )


def write_features(
    describe: Describe,
    split: PreparedSplit,
    out: Path,
    *,
    modalities: tuple[str, ...],
    source: str,
    weights_sha256: str | None = None,
    input_size: tuple[int, int] | None = None,
    protocol: MatchingProtocol | None = None,
    batch_size: int = 8,
    progress: Progress = _SILENT,
) -> Path:
    """Write what any function makes of the images of a split.

    Args:
        describe: takes pairs of equal shapes and returns the features of each image, by modality: floats
            (D, rows, columns) of a grid of equal cells that covers the frame. Those of one image must not depend on the
            other: the same place of both would be found without looking.
        split: the samples.
        out: folder for the features, new or empty.
        modalities: those that `describe` is given and describes.
        source: its name.
        weights_sha256: noted beside the features.
        input_size: likewise.
        protocol: moves the images; None takes them as they are.
        batch_size: pairs per call.
        progress: is told of pairs.

    Raises:
        RecipeError: the protocol needs a modality that is not among them.
        PredictionError: `out` holds something else, or features are not finite.
    """
    if protocol is not None and not {protocol.reference, protocol.warped} <= set(modalities):
        raise RecipeError(
            f"{source} describes {', '.join(modalities)}",
            expected=f"{protocol.reference} and {protocol.warped}, which {protocol.id} matches",
        )
    info = FeaturesInfo(
        dataset=split.manifest.dataset,
        edition=split.manifest.edition,
        split=split.name,
        data_hash=split.manifest.data_hash,
        modalities=modalities,
        source=source,
        weights_sha256=weights_sha256,
        input_size=input_size,
        protocol=None if protocol is None else protocol.id,
        protocol_sha256=None if protocol is None else protocol.sha256,
    )
    pairs = track(shown_pairs(split, modalities, protocol), progress, "features", total=len(split), unit="pairs")
    with FeatureWriter(out, info) as writer:
        for group in _of_equal_shapes(pairs, batch_size):
            for pair, features in zip(group, describe(group), strict=True):
                writer.write(pair.key, features)
    return out


def read_size(text: str) -> tuple[int, int]:
    """Return height and width of a text such as `480x640`.

    Raises:
        UserError: it is of another form.
    """
    height, _, width = text.lower().partition("x")
    if not (height.isascii() and height.isdecimal() and width.isascii() and width.isdecimal()) or len(text) > _LONGEST:
        raise UserError(f"a size of {text!r}", expected="height x width, such as 480x640")
    return int(height), int(width)


def _of_equal_shapes(pairs: Iterable[ImagePair], most: int) -> Iterator[list[ImagePair]]:
    """Yield neighbours whose images have equal shapes, at most so many at once."""
    for _, alike in groupby(pairs, key=lambda pair: [(name, image.shape) for name, image in pair.images.items()]):
        group: list[ImagePair] = []
        for pair in alike:
            group.append(pair)
            if len(group) == most:
                yield group
                group = []
        if group:
            yield group
