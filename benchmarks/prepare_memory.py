"""Peak memory on a hundred times as many pairs: `prepare` holds one shard's samples and what names the others."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratio import Ratio, of_pairs
from benchmarks.scale_out import llvip_tree

FEW, MANY = 1_000, 100_000
#: Pairs with files of their own; all others are hard links to these, so that many take little room and time.
OWN = 16

# `ru_maxrss` would do, had it not the peak of the process that this one was forked from.
PEAK = """
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
_PREPARE = """
import re, sys
from pathlib import Path
from rgbtbench.shards.build import Options, prepare_dataset
raw, out = map(Path, sys.argv[1:])
options = Options(shard_bytes=4_000_000, check="none")
prepare_dataset("llvip", raw, out, options=options, workers=1, allow_differences=True)
"""
_OPEN = """
import re, sys
from pathlib import Path
from rgbtbench.loading.prepared import open_split
open_split(sys.argv[2], "train")
"""


def run() -> list[Ratio]:
    folder = Path(tempfile.mkdtemp())
    prepared: dict[int, float] = {}
    opened: dict[int, float] = {}
    try:
        for count in (FEW, MANY):
            _linked_tree(folder, count)
            prepared[count] = _peak(_PREPARE, folder, count)
            opened[count] = _peak(_OPEN, folder, count)
    finally:
        shutil.rmtree(folder)
    return [
        of_pairs(
            f"{what}, peak memory at {MANY} pairs",
            [(peaks[MANY], peaks[FEW])],
            reference_name=f"the same at {FEW} pairs",
            unit="MiB",
            goal=goal,
        )
        for what, peaks, goal in (("prepare", prepared, 0.9), ("open_split", opened, None))
    ]


def _linked_tree(folder: Path, pairs: int) -> None:
    own, root = folder / "own", folder / str(pairs)
    if not own.exists():
        llvip_tree(own, OWN, 64, 48)
    held: dict[Path, list[Path]] = {}
    for path in sorted(path.relative_to(own) for path in own.rglob("*") if path.is_file()):
        held.setdefault(path.parent, []).append(path)
    for parent, paths in held.items():
        (root / parent).mkdir(parents=True, exist_ok=True)
        if parent == Path():  # says which version the labels are
            shutil.copy(own / paths[0], root / paths[0])
            continue
        for number in range(pairs):
            source = own / paths[number % OWN]
            os.link(source, root / parent / f"{270_000 + number}{source.suffix}")


def _peak(action: str, folder: Path, count: int) -> float:
    command = [sys.executable, "-c", action + PEAK, folder / str(count), folder / f"{count}-out"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
