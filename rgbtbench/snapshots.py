"""What a pre-training made of a few pairs at one of its steps, as a file of its run folder. Needs no torch."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import InputFileError

_PARTS = ("image", "hidden", "reconstruction")


@dataclass(frozen=True, slots=True)
class SlotSnapshot:
    """One modality of N pairs.

    Attributes:
        image: uint8 (N, H, W, 3), as the network sees it.
        hidden: bool (N, rows, columns), whether a patch was hidden.
        reconstruction: uint8 (N, H, W, 3), hidden patches as predicted, the others as they are.
    """

    image: NDArray[np.uint8]
    hidden: NDArray[np.bool_]
    reconstruction: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """N pairs at one step.

    Attributes:
        step: of the optimiser.
        keys: N.
        cmss: float32 (N, rows, columns), over the largest of each pair: 0 to 1.
        slots: name to what was seen and predicted.
    """

    step: int
    keys: tuple[str, ...]
    cmss: NDArray[np.float32]
    slots: Mapping[str, SlotSnapshot]


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot, whole or not at all; its folder is made where it is missing."""
    arrays: dict[str, Any] = {"step": np.int64(snapshot.step), "keys": np.array(snapshot.keys), "cmss": snapshot.cmss}
    arrays |= {f"{slot}/{part}": getattr(one, part) for slot, one in snapshot.slots.items() for part in _PARTS}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    with atomic_file(path) as file:
        file.write(content.getvalue())


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        InputFileError: it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            slots = dict.fromkeys(name.split("/")[0] for name in arrays.files if "/" in name)
            return Snapshot(
                step=int(arrays["step"]),
                keys=tuple(arrays["keys"].tolist()),
                cmss=arrays["cmss"],
                slots={slot: SlotSnapshot(*(arrays[f"{slot}/{part}"] for part in _PARTS)) for slot in slots},
            )
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputFileError("not a whole snapshot", path=path, remedy="remove it; the page does without") from error
