"""UrbanLF (Sheng et al., TCSVT 2022): urban light fields of 9 x 9 views, labelled in the centre."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.errors import InputFileError
from rgbtbench.formats.folder import folder_there
from rgbtbench.formats.index_mask import mask_of, require_known_ids
from rgbtbench.formats.npy_file import read_npy
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Entry, Mask

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_VIEWS = {
    "rgb" if (u, v) == (5, 5) else f"lightfield_{u}_{v}": f"{{split}}/{{stem}}/{u}_{v}.png"
    for u in range(1, 10)
    for v in range(1, 10)
}
_SPLITS = {split: split for split in ("train", "val", "test")}
#: What -1 becomes, which some files hold where no class was drawn; ids in the files count from 1.
_NOTHING = 0


class UrbanLF(TemplatedSource):
    """A folder per light field; the labels of the test split are withheld by the authors."""

    name = "urbanlf"
    stem = re.compile(r"Image[0-9]{1,4}")
    fake_size = (64, 48)
    layouts = tuple(
        replace(
            template(
                name, {**_VIEWS, "semantic": f"{{split}}/{{stem}}/{file}"}, splits=_SPLITS, marks=(f"*/*/{file}",)
            ),
            tree=f"{{train,val,test}}/<stem> with 81 views 1_1.png to 9_9.png and, but for test, {file}",
        )
        for name, file in (("official", "label.npy"), ("synthetic", "5_5_label.npy"))
    )

    def official_id(self, split: str, stem: str) -> str:
        """Return split and folder: each split may count alike."""
        return f"{split}/{stem}"

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the folders of a split by number."""
        where = folder_there(root, split)
        if where is None:
            return
        named = [path.name for path in where.iterdir() if self.stem.fullmatch(path.name) or not path.is_file()]
        for stem in self.in_order(where, named):
            yield stem, self.paths(table, split, stem)

    def paths(self, table: TemplatedLayout, split: str, stem: str, **names: str) -> dict[str, str]:
        """Return the files of one light field; those of the test split have no labels."""
        files = super().paths(table, split, stem, **names)
        return {role: path for role, path in files.items() if split != "test" or role != "semantic"}

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Mask:
        """Return the ids of the centre view; -1 becomes 0, which is ignored.

        Raises:
            InputFileError: the file holds no ids, or the id 0, which no source explains: a copy that counts from 0
                would be read with every class shifted by one.
            LabelError: it holds an id that the card does not know.
        """
        ids = read_npy(root, relative)
        if ids.ndim != 2 or ids.dtype.kind not in "iu" or ids.min() < -1 or ids.max() > 255:
            raise InputFileError(
                f"an array of type {ids.dtype} and shape {ids.shape}",
                expected="ids of shape (H, W) from -1 to 255",
                path=root / relative,
                remedy="use the official label files",
            )
        if not ids.all():
            raise InputFileError(
                "holds the id 0",
                expected="ids that count from 1, and -1 for none",
                path=root / relative,
                remedy="use the official label files, or add 1 to the ids of a copy that counts from 0",
            )
        values = np.where(ids < 0, _NOTHING, ids).astype(np.uint8)
        said = f"{ids.dtype} array of ids"
        mask = mask_of(values, kind="semantic", frame=facts.frame, source=relative, conversion=said)
        require_known_ids(mask, LabelMap.of(facts), path=root / relative, card=self.name)
        return mask

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Folders counted from 9001."""
        return (f"Image{9000 + number}" for number in numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Ids as integers with -1 where nothing was drawn; views that shift with their place."""
        if role == "semantic":
            ids = super().fake_pixels(scene, role, layout).astype(np.int16)
            ids[:2] = -1
            return ids
        _, _, place = role.partition("_")
        u, v = map(int, place.split("_")) if place else (5, 5)
        return np.roll(scene.rgb, (u - 5, v - 5), axis=(0, 1))


SOURCE = UrbanLF()
