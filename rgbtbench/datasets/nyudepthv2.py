"""NYU Depth V2 (Silberman et al., ECCV 2012): 1,449 labelled indoor frames with metric depth.

Frames are numbered from 1 as in the official file, whatever a repack counts from, so that one split holds for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.nyu_repacks import FRAMES, REPACKS, first_number
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError
from rgbtbench.formats.hdf5_file import read_slice
from rgbtbench.formats.image_file import decode_image, png_image, probe
from rgbtbench.formats.index_mask import mask_of, read_index_mask, require_known_ids
from rgbtbench.formats.mat_file import read_array
from rgbtbench.formats.npy_file import float32_image
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Entry, Mask, Pair

_LABELED, _SPLITS, _MAPPING = "nyu_depth_v2_labeled.mat", "splits.mat", "classMapping40.mat"
_AGAIN = "take the file from the release"
_INDICES = {"train": "trainNdxs", "test": "testNdxs"}


class NYUDepthV2(RoleSource):
    """The official file holds everything; three families of repacks hold pictures."""

    name = "nyudepthv2"
    layouts = (
        Layout("official", (_LABELED, _SPLITS, _MAPPING), f"{_LABELED}, {_SPLITS}, {_MAPPING} (894 classes to 40)"),
        *(Layout(name, repack.folders, repack.tree) for name, repack in REPACKS.items()),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there, in its list's order; raises `InputFileError`."""
        if layout.name == "official":
            for split, name in _INDICES.items():
                for order, number in enumerate(_whole_numbers(root, _SPLITS, name, least=1, most=FRAMES)):
                    files = {"frames": _LABELED, "classes": _MAPPING}
                    yield Entry(f"{number:04d}", f"{number}", split, order, files)
            return
        repack = REPACKS[layout.name]
        listed = {split: repack.stems(root, split) for split in _INDICES}
        first = first_number(root, [int(stem) for stems in listed.values() for stem in stems])
        for split, stems in listed.items():
            for order, stem in enumerate(stems):
                number = int(stem) - first + 1
                files = {role: path.format(stem) for role, path in repack.files.items()}
                yield Entry(f"{number:04d}", f"{number}", split, order, files)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample: metric depth from the official file, pictures as they are from repacks."""
        if layout.name != "official":
            return super().pair(root, layout, entry)
        require_twins(root, entry.files)
        at = int(entry.official_id) - 1
        # MATLAB's last axis comes first and its first last: (3, W, H) for an image.
        colour = np.ascontiguousarray(
            read_slice(root, _LABELED, "images", at, dtype="uint8", axes=3).transpose(2, 1, 0)
        )
        metres = np.ascontiguousarray(read_slice(root, _LABELED, "depths", at, dtype="float32", axes=2).T, np.float32)
        native = read_slice(root, _LABELED, "labels", at, dtype="uint16", axes=2).T
        said = f"frame {at + 1} of {_LABELED}"
        images = {
            "rgb": png_image(colour, source=_LABELED, conversion=said),
            "depth": float32_image(metres, source=_LABELED, conversion=said),
        }
        table = np.array([0, *_whole_numbers(root, _MAPPING, "mapClass", least=0, most=255)], np.uint8)
        if native.max() >= len(table):
            raise InputFileError(
                f"holds class {native.max()}, which {_MAPPING} does not map", path=root / _LABELED, remedy=_AGAIN
            )
        mask = mask_of(
            table[native], kind="semantic", frame="both", source=_LABELED, conversion=f"{said}, as 40 classes"
        )
        require_known_ids(mask, LabelMap.of(self.card.label_sets["semantic"]), path=root / _LABELED, card=self.name)
        require_one_size(root, *images.values(), mask)
        return Pair(self.name, entry, images, {"semantic": mask}, entry.attributes)

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Mask:
        """Return ids from 1 with 0 for void; TokenFusion's copies count from 0 and call void 255."""
        if not relative.startswith("masks/"):
            return self.read_semantic(root, relative, facts)
        from_zero = read_index_mask(root, relative, kind="semantic", frame=facts.frame)
        values = decode_image(from_zero.data, probe(from_zero.data)).astype(np.uint8) + np.uint8(1)  # 255 wraps to 0
        mask = mask_of(values, kind="semantic", frame=facts.frame, source=relative, conversion="ids from 1, void as 0")
        require_known_ids(mask, LabelMap.of(facts), path=root / relative, card=self.name)
        return mask

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes as rooms; the official file keeps MATLAB's order of axes."""
        from rgbtbench.datasets.nyu_fakes import write_matlab, write_repack

        if layout.name == "official":
            write_matlab(root, (_LABELED, _SPLITS, _MAPPING), self.card, counts, seed)
        else:
            write_repack(root, self.card, REPACKS[layout.name], counts, seed)


def _whole_numbers(root: Path, relative: str, name: str, *, least: int, most: int) -> list[int]:
    numbers = read_array(root, relative, name).ravel().tolist()
    for number in numbers:
        if not least <= number <= most or number != int(number):
            raise InputFileError(
                f"{name} holds {number}",
                expected=f"whole numbers from {least} to {most}",
                path=root / relative,
                remedy=_AGAIN,
            )
    return [int(number) for number in numbers]


SOURCE = NYUDepthV2()
