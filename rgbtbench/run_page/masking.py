"""Pictures of a pre-training over time: what was visible, where there was little to see, what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.heat_maps import heat_map
from rgbtbench.audit.thumbnails import png_address
from rgbtbench.run_page.curves import Chart, chart
from rgbtbench.snapshots import Snapshot, read_snapshot

#: Steps that are shown, spread evenly.
_MOST_STEPS: Final = 8
#: Colour of what the network does not see: a blue that neither grey thermal images nor streets are of.
_HIDDEN: Final = (112, 132, 190)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of picture of a pair, at every step that is shown; data addresses."""

    title: str
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairPart:
    """One pair over time.

    Attributes:
        key: of the sample.
        inputs: slot and data address of what the network was fed.
        rows: kinds of pictures.
    """

    key: str
    inputs: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class MaskingPart:
    """All pairs over time.

    Attributes:
        steps: that are shown.
        pairs: the samples.
        ranks: how much there was to see in visible patches, over all steps.
    """

    steps: tuple[int, ...]
    pairs: tuple[PairPart, ...]
    ranks: Chart | None


def masking_part(folder: Path) -> MaskingPart | None:
    """Return the pictures in a run's folder of snapshots; None where there are none.

    Raises:
        InputFileError: one is damaged.
    """
    snapshots = sorted((read_snapshot(path) for path in folder.glob("*.npz")), key=lambda one: one.step)
    if not snapshots:
        return None
    places = np.linspace(0, len(snapshots) - 1, min(_MOST_STEPS, len(snapshots))).round().astype(int)
    shown = [snapshots[place] for place in places.tolist()]
    pairs = tuple(_pair(shown, number) for number in range(len(shown[0].keys)))
    ranks = {
        slot: [(one.step, visible_rank(one.cmss, one.slots[slot].hidden)) for one in snapshots]
        for slot in snapshots[0].slots
    }
    title = "CMSS of visible patches: mean rank in their image, in percent (0: structure, 100: flat)"
    return MaskingPart(tuple(one.step for one in shown), pairs, chart(title, ranks))


def visible_rank(cmss: NDArray[np.float32], hidden: NDArray[np.bool_]) -> float:
    """Return the mean rank of the visible patches' CMSS among all patches of their image, from 0 to 100.

    Args:
        cmss: (N, rows, columns).
        hidden: likewise.
    """
    flat, seen = cmss.reshape(len(cmss), -1), ~hidden.reshape(len(hidden), -1)
    ranks = flat.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return float(100 * (ranks * seen).sum() / (seen.sum() * max(1, flat.shape[1] - 1)))


def _pair(shown: Sequence[Snapshot], number: int) -> PairPart:
    rows = [Row("CMSS", tuple(heat_map(one.cmss[number].astype(np.float64), highest=1.0) for one in shown))]
    for slot in shown[0].slots:
        parts = [one.slots[slot] for one in shown]
        seen = tuple(png_address(_covered(part.image[number], part.hidden[number])) for part in parts)
        made = tuple(png_address(part.reconstruction[number]) for part in parts)
        rows += [Row(f"{slot}, visible", seen), Row(f"{slot}, reconstructed", made)]
    inputs = tuple((slot, png_address(one.image[number])) for slot, one in shown[0].slots.items())
    return PairPart(shown[0].keys[number], inputs, tuple(rows))


def _covered(image: NDArray[np.uint8], hidden: NDArray[np.bool_]) -> NDArray[np.uint8]:
    block = np.ones((image.shape[0] // hidden.shape[0], image.shape[1] // hidden.shape[1]), np.bool_)
    return np.where(np.kron(hidden, block)[:, :, None], np.array(_HIDDEN, np.uint8), image)
