"""RGBT550K (Zhou et al., ICCV 2025), the set of M-SpecGene: RGB-T pairs collected from many sets, without labels.

The folders inside are not verified; the thermal tree is taken as it is, and the RGB tree mirrors it. A tree that does
not may say so by `layout.yaml`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from rgbtbench.datasets.described import DescribedSource, described
from rgbtbench.datasets.format_splits import split_by_format
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.folder import folder_there
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import MAX_KEY_LENGTH, Entry, Pair, check_key
from rgbtbench.stored_files import folder_listing

EXAMPLE: Final = """\
modalities:
  rgb: visible/{stem}.png
  lwir: thermal/{stem}.png
splits: {train_png: all}
"""
ROOT: Final = "RGBT_CLEAN_v6"
#: Endings that the authors' loader looks for.
_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif")
#: Names of thermal folders inside, and what their twins are called.
_TWINS: Final = {"ir": "rgb", "infrared": "visible"}
_UNSTORABLE = re.compile(r"[^A-Za-z0-9_/-]")
_HASH_LENGTH: Final = 12


class _Mirrored(RoleSource):
    """Thermal files decide what there is, as for the authors' loader; JPEG pairs and others are splits."""

    name = "rgbt550k"
    layouts = (
        Layout(
            "official",
            (f"{ROOT}/ir", f"{ROOT}/rgb"),
            f"{ROOT} with ir/…/<name>, and rgb/…/<name> in folders of the same names (ir is rgb, infrared is visible)",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the pairs in the order of their paths; raises `InputFileError`, `LayoutError`."""
        seen: Counter[str] = Counter()
        for path in _files(root / ROOT / "ir", ""):
            split = split_by_format("train", path)
            yield Entry(
                key=key_of_path(path),
                official_id=path,
                split=split,
                order=seen[split],
                files={"rgb": f"{ROOT}/rgb/{_twin(path)}", "lwir": f"{ROOT}/ir/{path}"},
                attributes={"folder": path.partition("/")[0] if "/" in path else None},
            )
            seen[split] += 1
        if not seen:
            raise LayoutError(
                "holds no image",
                expected=", ".join(_ENDINGS),
                path=root / ROOT / "ir",
                remedy="unpack the archive again",
            )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample, and say whether both of its files are the same. Raises `InputFileError`."""
        pair = super().pair(root, layout, entry)
        identical = pair.images["rgb"].data == pair.images["lwir"].data
        return replace(pair, attributes={**entry.attributes, "identical": identical})

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write pairs in folders of several forms, one of them with a very long name."""
        from rgbtbench.datasets.fakes import pixels_of
        from rgbtbench.synthesis.render import render

        forms = {
            "train": ("street/infrared/train/{}.jpg", f"{'long_' * 20}/ir/{{}}.jpeg"),
            "train_png": ("{}.bmp", "a b/{}.png"),
        }
        for split, paths in forms.items():
            for number in range(counts.get(split, 0)):
                path = paths[number % len(paths)].format(f"{number:04d}")
                scene = render(seed, number, width=160, height=120)
                for role, file in (("lwir", f"ir/{path}"), ("rgb", f"rgb/{_twin(path)}")):
                    write_image(root / ROOT / file, pixels_of(scene, role, self.card))


class RGBT550K(DescribedSource):
    """The released trees, or a described one."""

    name = "rgbt550k"
    own = _Mirrored()
    layouts = (described(EXAMPLE), *own.layouts)


def key_of_path(path: str) -> str:
    """Return a key for a path: without its ending, other characters than a key may have as `_`.

    A key that would be too long ends in a part of the path's sha256 instead. Two paths with one key are found when the
    dataset is indexed, and are an error there.
    """
    plain = _UNSTORABLE.sub("_", path.rpartition(".")[0])
    if len(plain) <= MAX_KEY_LENGTH:
        return check_key(plain)
    digest = hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()[:_HASH_LENGTH]
    return check_key(f"{plain[: MAX_KEY_LENGTH - _HASH_LENGTH - 1]}-{digest}")


def _twin(path: str) -> str:
    *folders, name = path.split("/")
    return "/".join([*(_TWINS.get(folder, folder) for folder in folders), name])


def _files(folder: Path, below: str, above: frozenset[Path] = frozenset()) -> Iterator[str]:
    """Yield the images of a folder and of those inside, by name; files with other endings are no images."""
    place = folder.resolve()
    if place in above:
        raise InputFileError("symbolic links lead in a circle", path=folder, remedy="remove the link")
    for name, facts in sorted(folder_listing(folder).items()):
        if PurePosixPath(name).suffix.lower() in _ENDINGS:
            yield below + name
        elif facts is None and folder_there(folder, name) is not None:
            yield from _files(folder / name, f"{below}{name}/", above | {place})


SOURCE = RGBT550K()
