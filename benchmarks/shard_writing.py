"""Writing shards of a detection set on disk against webdataset's writer and GNU tar, and all of `prepare` beside them.

All sides read the same tree, which is in the page cache, and write into an empty folder. The first rows are the writing
alone, with the parts that `prepare` is made of: files are read below the root with all safety, records are made JSON,
samples are written by a thread beside the reading, and nothing is hashed or checked; that is what webdataset does of
it, and more than GNU tar does. `prepare` finds samples, reads annotations, hashes every file and every shard, syncs
shards to the disk, and writes manifest and index. With as many workers as there are cores it is timed as users run it,
with the start of the processes, which these few pairs hardly pay for.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from benchmarks.ratio import Ratio, in_turn, of_pairs
from benchmarks.scale_out import llvip_tree
from rgbtbench.canonical import canonical_json
from rgbtbench.formats.paths import read_bytes
from rgbtbench.loading.prepared import open_split
from rgbtbench.processes import available_cores
from rgbtbench.shards.build import Options, prepare_dataset
from rgbtbench.shards.output_file import Beside, DirectFile, HashedFile, Output
from rgbtbench.shards.tar import TarWriter

PAIRS = 800
#: Width and height of the images: pairs of about 180 and 310 kB.
SIZES = ((480, 384), (640, 512))
IMAGES = {"rgb.jpg": "visible/train", "lwir.jpg": "infrared/train"}
WEBDATASET, TAR, SYNCED_TAR = "webdataset.ShardWriter", "GNU tar", "GNU tar and sync"

Record = dict[str, object]


def run() -> list[Ratio]:
    return [ratio for width, height in SIZES for ratio in _ratios(width, height)]


def _ratios(width: int, height: int) -> list[Ratio]:
    folder = Path(tempfile.mkdtemp())
    tree, out = folder / "tree", folder / "out"
    try:
        llvip_tree(tree, PAIRS, width, height)
        _prepared(tree, out, workers=1)
        record = open_split(out, "train").record(0)
        stems = sorted(path.stem for path in (tree / "Annotations").iterdir())
        seconds = in_turn(
            {
                "alone": lambda: _written(tree, out, stems, record, DirectFile),
                "hashed": lambda: _written(tree, out, stems, record, lambda file: HashedFile(DirectFile(file))),
                "prepare": partial(_prepared, tree, out, workers=1),
                "prepare on all cores": partial(_prepared, tree, out, workers=available_cores()),
                WEBDATASET: lambda: _webdataset(tree, out, stems, record),
                TAR: lambda: _gnu_tar(tree, out),
                SYNCED_TAR: lambda: _synced_tar(tree, out),
            },
            before=lambda: _empty(out),
        )
    finally:
        shutil.rmtree(folder)
    rows = [
        ("write shards, no hashing", "alone", WEBDATASET, 3.0),
        ("write shards, no hashing", "alone", TAR, 0.9),
        ("write shards, with sha256", "hashed", WEBDATASET, 1.5),
        ("write shards, with sha256", "hashed", TAR, None),
        ("prepare --check none, 1 worker", "prepare", WEBDATASET, None),
        ("prepare --check none, 1 worker", "prepare", SYNCED_TAR, None),
        (f"prepare --check none, {available_cores()} workers", "prepare on all cores", WEBDATASET, None),
        (f"prepare --check none, {available_cores()} workers", "prepare on all cores", SYNCED_TAR, None),
    ]
    return [
        of_pairs(
            f"{what}, {PAIRS} pairs of {width}x{height}",
            list(zip(seconds[ours], seconds[reference], strict=True)),
            reference_name=reference,
            unit="s",
            goal=goal,
        )
        for what, ours, reference, goal in rows
    ]


def _empty(out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()


def _samples(tree: Path, stems: list[str], read: Callable[[str], bytes]) -> Iterator[tuple[str, dict[str, bytes]]]:
    for stem in stems:
        yield stem, {member: read(f"{folder}/{stem}.jpg") for member, folder in IMAGES.items()}


def _written(tree: Path, out: Path, stems: list[str], record: Record, through: Callable[[BinaryIO], Output]) -> None:
    with (out / "ours.tar").open("wb") as file, Beside(through(file)) as output:
        writer = TarWriter(output)
        for stem, images in _samples(tree, stems, partial(read_bytes, tree)):
            writer.add(stem, {"json": canonical_json(record), **images})
        writer.finish()


def _webdataset(tree: Path, out: Path, stems: list[str], record: Record) -> None:
    import webdataset

    with webdataset.ShardWriter(f"{out}/theirs-%06d.tar", verbose=0) as writer:
        for stem, images in _samples(tree, stems, lambda path: (tree / path).read_bytes()):
            writer.write({"__key__": stem, "json": record, **images})


def _gnu_tar(tree: Path, out: Path) -> None:
    subprocess.run(["tar", "--format=ustar", "-C", tree, "-cf", out / "gnu.tar", "."], check=True)


def _synced_tar(tree: Path, out: Path) -> None:
    _gnu_tar(tree, out)
    descriptor = os.open(out / "gnu.tar", os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _prepared(tree: Path, out: Path, *, workers: int) -> None:
    options = Options(check="none", shard_bytes=32_000_000)
    prepare_dataset("llvip", tree, out, options=options, workers=workers, allow_differences=True)
