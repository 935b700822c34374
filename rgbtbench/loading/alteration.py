"""A condition in force on a split: what each sample's images become, and what the model is told about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions import Condition, Corrupt, Misregistration, Missing, OfInput, Parallax, Scale, Shift, fills
from rgbtbench.conditions.corruptions import corrupted
from rgbtbench.conditions.misregistration import moved, scaled, with_parallax
from rgbtbench.conditions.seeds import generator_of
from rgbtbench.errors import ConditionError
from rgbtbench.formats.image_file import Pixels
from rgbtbench.loading.decode import fresh_room
from rgbtbench.loading.frames import follows_alone, frame_size
from rgbtbench.loading.sampler import Purpose, epoch_order
from rgbtbench.loading.store import SplitStore
from rgbtbench.shards.manifest import Manifest

#: So many images, spread evenly over the split, make the mean that fills in for others.
_IMAGES_OF_MEAN: Final = 256
_TYPES: Final = {8: np.uint8, 16: np.uint16, 32: np.float32}
#: Gives uint8 memory of a shape (H, W, C) for the image of a modality of one sample.
SampleRoom = Callable[[str, tuple[int, int, int]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Seen:
    """The images of one sample as a model sees them.

    Attributes:
        images: modality to uint8, uint16 or float32 (H, W, C).
        missing: modalities that the model has to do without; their pixels are 0.
        filled: modalities whose pixels are no image of a scene, `missing` among them.
        zeroed: modality to the share of the network's input, after normalisation, that is to be 0.
        noisy: modality to the density and the deviation of noise in the network's input, after normalisation.
    """

    images: Mapping[str, Pixels]
    missing: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    zeroed: Mapping[str, float] = field(default_factory=dict)
    noisy: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One sample of a view, before anything is done to it.

    Attributes:
        store: the split.
        record: the json member.
        row: position in the split.
        position: in the view.
        room: memory that its images may be decoded into; None where each gets its own.
    """

    store: SplitStore
    record: Mapping[str, Any]
    row: int
    position: int
    room: SampleRoom | None = None

    @property
    def key(self) -> str:
        """Of the sample."""
        return str(self.record["key"])

    def image(self, modality: str, row: int) -> Pixels:
        """Return the image of a modality as stored, in this row or another."""
        return self.store.image(row, self.record["images"][modality]["file"])

    def own_image(self, modality: str) -> Pixels:
        """Return the sample's own image of a modality, in its room if it has one."""
        room = fresh_room if self.room is None else partial(self.room, modality)
        return self.store.image(self.row, self.record["images"][modality]["file"], room)

    def blank(self, modality: str) -> Pixels:
        """Return zeros in the shape and type of a modality's image."""
        facts = self.record["images"][modality]
        return np.zeros((facts["height"], facts["width"], facts["channels"]), _TYPES[facts["bit_depth"]])


@dataclass(frozen=True, eq=False)
class Alteration:
    """A condition with everything that its steps need to know about the split.

    Attributes:
        condition: the steps.
        label_set: in pixels of whose frame distances are meant; None for the first modality's.
        givers: modality to int64 (N,), the row that each sample of the view takes its image from.
        means: modality to float64 (C,), the mean pixel of the split.
    """

    condition: Condition = field(default_factory=Condition)
    label_set: str | None = None
    givers: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    means: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def select(self, chosen: NDArray[np.int64]) -> Alteration:
        """Return the alteration of some samples of the view; what is in force for each stays what it was."""
        return replace(self, givers={name: rows[chosen] for name, rows in self.givers.items()})

    def seen(self, source: Source, modalities: Iterable[str]) -> Seen:
        """Return the images of one sample; `modalities` are those that are wanted."""
        if not self.condition.steps:
            return Seen({name: source.own_image(name) for name in modalities})
        gone = {name: step for name, step in self.condition.missing.items() if name in modalities}
        return Seen(
            images={name: self._image(source, name) for name in modalities},
            missing=frozenset(name for name, step in gone.items() if step.fill == "drop"),
            filled=frozenset(name for name, step in gone.items() if step.share == 1 and step.fill != "swap"),
            zeroed={name: step.share for name, step in gone.items() if step.fill == "zero_norm"},
            noisy={
                name: (step.density, step.deviation)
                for name, step in self.condition.noisy.items()
                if name in modalities
            },
        )

    def _image(self, source: Source, modality: str) -> Pixels:
        gone = self.condition.missing.get(modality)
        if gone is not None and gone.share == 1:
            return self._fill(source, gone)
        pixels = source.image(modality, source.row)
        for step in self.condition.of(modality):
            if isinstance(step, Corrupt):
                pixels = corrupted(pixels, step.corruption, step.severity, generator_of(source.key, str(step)))
            elif not isinstance(step, OfInput):
                frame = frame_size(source.record, self.label_set, source.store.manifest.modalities)
                pixels = _misplaced(pixels, step, frame)
        return pixels

    def _fill(self, source: Source, gone: Missing) -> Pixels:
        blank = source.blank(gone.modality)
        match gone.fill:
            case "swap":
                return source.image(gone.modality, int(self.givers[gone.modality][source.position]))
            case "repeat_other":
                other = stand_in(self.condition, gone.modality, source.store.manifest.modalities)
                return fills.adapted(self._image(source, other), blank)
            case "mean":
                return fills.flat(blank, self.means[gone.modality])
            case "noise":
                return fills.noise(blank, generator_of(source.key, str(gone)))
        return blank


def altered(
    condition: Condition, before: Alteration, store: SplitStore, rows: NDArray[np.int64], label_sets: Sequence[str]
) -> Alteration:
    """Return the alteration that puts a condition in force.

    Args:
        condition: all steps, those of `before` among them.
        before: what is in force already.
        store: the split.
        rows: of the view's samples.
        label_sets: of the view; none of them may follow a modality that is moved.

    Raises:
        ConditionError: labels follow what is moved, nothing is left to repeat, or there is no other sample to swap
            images with.
    """
    manifest = store.manifest
    _require_labels_elsewhere(condition, manifest, label_sets)
    framed = [name for name in label_sets if manifest.label_sets[name].kind != "text"]
    fresh = {name: step for name, step in condition.missing.items() if name not in before.condition.missing}
    for name, step in fresh.items():
        if step.fill == "repeat_other":
            stand_in(condition, name, manifest.modalities)
    return Alteration(
        condition=condition,
        label_set=framed[0] if framed else None,
        givers={**before.givers, **{name: _givers(rows, step) for name, step in fresh.items() if step.fill == "swap"}},
        means={**before.means, **{name: _mean(store, name) for name, step in fresh.items() if step.fill == "mean"}},
    )


def stand_in(condition: Condition, modality: str, modalities: Sequence[str]) -> str:
    """Return whose image is repeated for a missing modality: the first of the dataset's that is not missing itself.

    Raises:
        ConditionError: there is none.
    """
    gone = condition.missing
    left = [name for name in modalities if name != modality and (name not in gone or gone[name].share < 1)]
    if not left:
        raise ConditionError(
            f"{gone[modality]} needs another modality that is not missing",
            expected=f"one besides {modality} in {', '.join(modalities)}",
            remedy="choose another fill",
        )
    return left[0]


def _misplaced(pixels: Pixels, step: Misregistration, frame: tuple[int, int]) -> Pixels:
    down, right = pixels.shape[0] / frame[0], pixels.shape[1] / frame[1]
    match step:
        case Shift():
            return moved(pixels, right=step.right * right, down=step.down * down)
        case Scale():
            return scaled(pixels, factor=step.factor)
        case Parallax():
            return with_parallax(pixels, pixels_at_bottom=step.pixels * right)


def _require_labels_elsewhere(condition: Condition, manifest: Manifest, label_sets: Sequence[str]) -> None:
    for modality, step in condition.moved.items():
        for name in label_sets:
            if follows_alone(manifest.label_sets[name].frame, modality, manifest.modalities):
                others = [other for other in manifest.modalities if other != modality]
                raise ConditionError(
                    f"{step} moves {modality}, which the labels {name} of {manifest.dataset} follow",
                    expected="labels that stay where they are",
                    remedy=f"move {' or '.join(others)}, or leave {name} out" if others else "leave the step out",
                )


def _givers(rows: NDArray[np.int64], step: Missing) -> NDArray[np.int64]:
    """Return the row that each sample takes its image from.

    They follow one fixed random cycle through all samples of the view, so no sample keeps its own image and every image
    is used once. It depends on the number of samples alone: the condition means the same in every run.
    """
    if len(rows) < 2:
        raise ConditionError(f"{step} needs another sample", expected="at least 2 samples", remedy="raise the limit")
    cycle = epoch_order(len(rows), seed=0, purpose=Purpose.CONDITION)
    giver = np.empty(len(rows), np.int64)
    giver[cycle] = np.roll(cycle, 1)
    return rows[giver]


def _mean(store: SplitStore, modality: str) -> NDArray[np.float64]:
    chosen = np.unique(np.linspace(0, len(store.index) - 1, _IMAGES_OF_MEAN).round().astype(np.int64)).tolist()
    return fills.mean_values(store.image(row, store.record(row)["images"][modality]["file"]) for row in chosen)
