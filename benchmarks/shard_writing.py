"""Writing a shard from files against webdataset's writer and GNU tar: the same members, the same folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ratio import Ratio, compare
from rgbtbench.shards.tar import TarWriter

#: Sizes of a 640x512 photograph pair as JPEG, and of its record.
MEMBERS = {"json": 1_500, "lwir.jpg": 60_000, "rgb.jpg": 120_000}
PAIRS = 400


def run() -> list[Ratio]:
    folder = Path(tempfile.mkdtemp())
    try:
        names = _write_files(folder / "files")
        return [
            compare(
                f"write {PAIRS} pairs, with sha256",
                lambda: _ours(folder / "files", folder / "ours.tar"),
                lambda: _webdataset(folder / "files", folder / "theirs.tar"),
                reference_name="webdataset.TarWriter, without",
                goal=1.5,
            ),
            compare(
                f"write {PAIRS} pairs, with sha256",
                lambda: _ours(folder / "files", folder / "ours.tar"),
                lambda: _gnu_tar(folder / "files", names, folder / "gnu.tar"),
                reference_name="GNU tar, without",
            ),
        ]
    finally:
        shutil.rmtree(folder)


def _write_files(folder: Path) -> list[str]:
    folder.mkdir()
    names = [f"{pair:06d}.{extension}" for pair in range(PAIRS) for extension in MEMBERS]
    for name in names:
        (folder / name).write_bytes(os.urandom(MEMBERS[name.partition(".")[2]]))
    return names


def _samples(folder: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    for pair in range(PAIRS):
        yield f"{pair:06d}", {name: (folder / f"{pair:06d}.{name}").read_bytes() for name in MEMBERS}


def _ours(folder: Path, path: Path) -> None:
    with path.open("wb") as file:
        writer = TarWriter(file)
        for key, members in _samples(folder):
            writer.add(key, members)
        writer.finish()


def _webdataset(folder: Path, path: Path) -> None:
    import webdataset

    with webdataset.TarWriter(str(path), encoder=False) as writer:
        for key, members in _samples(folder):
            writer.write({"__key__": key, **members})


def _gnu_tar(folder: Path, names: list[str], path: Path) -> None:
    subprocess.run(
        ["tar", "--format=ustar", "-C", folder, "-cf", path, "-T", "-"], input="\n".join(names), text=True, check=True
    )
