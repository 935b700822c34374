"""Peak memory of `prepare` on four times as many pairs: it holds one sample and the list of names, not the data."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratio import Ratio, of_pairs

FEW, MANY = 100, 400

# `ru_maxrss` would do, had it not the peak of the process that this one was forked from.
_MEASURED = """
import re, sys
from pathlib import Path
from rgbtbench.shards.build import Options, prepare_dataset
raw, out = map(Path, sys.argv[1:])
prepare_dataset("llvip", raw, out, options=Options(shard_bytes=4_000_000), workers=1, allow_differences=True)
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def run() -> list[Ratio]:
    from rgbtbench.datasets import dataset

    source = dataset("llvip")
    folder = Path(tempfile.mkdtemp())
    try:
        for count in (FEW, MANY):
            (folder / str(count)).mkdir()
            source.fake(folder / str(count), source.layouts[0], {"train": count, "test": 1}, seed=0)
        pairs = [(_peak(folder, MANY, turn), _peak(folder, FEW, turn)) for turn in range(3)]
    finally:
        shutil.rmtree(folder)
    return [
        of_pairs(
            f"prepare, peak memory at {MANY} pairs",
            pairs,
            reference_name=f"the same at {FEW} pairs",
            unit="MiB",
            goal=0.9,
        )
    ]


def _peak(folder: Path, count: int, turn: int) -> float:
    out = folder / f"{count}-{turn}"
    finished = subprocess.run(
        [sys.executable, "-c", _MEASURED, folder / str(count), out], check=True, capture_output=True, text=True
    )
    return float(finished.stdout)
