"""What `prepare` costs per pair, so that docs/scale-out.md can say what many pairs cost.

`python -m benchmarks.scale_out` prints a table. Times are processor time of one core, which other programs on the
machine disturb little; memory is what one process has at most, less what it has after its imports.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

#: Pairs with images of the true size.
BIG = 1000
#: Pairs that are planned only.
PLANNED = 100_000
#: Pairs with tiny images, and twice as many.
TINY = 10_000
#: Input bytes of a shard: as `prepare` has it, and so that tiny images come as many to a shard as true ones.
SHARD, TINY_SHARD = 128_000_000, 1_000_000
#: Rendered scenes that take turns as the content of the images.
SCENES = 4

Row = tuple[str, str]

_MEASURED = """
import json, re, resource, sys, time
from pathlib import Path
from benchmarks import scale_out
def memory():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
def cores():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
function, *arguments = sys.argv[1:]
scale_out.warm_up(Path(arguments[0]).parent / "warm")
before, began, clock = memory(), cores(), time.perf_counter()
getattr(scale_out, function)(*arguments)
print(json.dumps([cores() - began, memory() - before, time.perf_counter() - clock]))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        rows = [*_true_sizes(Path(name)), *_planned(Path(name)), *_tiny(Path(name))]
    width = max(len(what) for what, _ in rows)
    print(f"{'':{width}}  per pair")
    for what, cost in rows:
        print(f"{what:{width}}  {cost}")


def _true_sizes(folder: Path) -> Iterator[Row]:
    def small(root: Path) -> None:
        llvip_tree(root, BIG, 640, 512)

    def large(root: Path) -> None:
        llvip_tree(root, BIG, 1280, 1024)

    trees: dict[str, tuple[str, Callable[[Path], None]]] = {
        "two JPEG files of 640x512, XML": ("llvip", small),
        "two JPEG files of 1280x1024, XML": ("llvip", large),
        "one RGBT PNG file of 640x480 that is split, mask": ("mfnet", mfnet_tree),
    }
    for number, (what, (dataset, write)) in enumerate(trees.items()):
        raw, out = folder / f"raw-{number}", folder / f"out-{number}"
        write(raw)
        seconds, _, clock = _measured("prepare", raw, out, dataset, SHARD)
        yield f"{what}: input", f"{_bytes(raw) / BIG / 1e3:.0f} kB"
        yield f"{what}: shards", f"{_bytes(out / 'shards') / BIG / 1e3:.0f} kB"
        yield f"{what}: prepare", f"{1e3 * seconds / BIG:.2f} ms of a core ({1e3 * clock / BIG:.2f} ms on the clock)"
        seconds, _, clock = _measured("check", out)
        yield f"{what}: verify", f"{1e3 * seconds / BIG:.2f} ms of a core ({1e3 * clock / BIG:.2f} ms on the clock)"


def _planned(folder: Path) -> Iterator[Row]:
    seconds, memory, _ = _measured("plan_many", folder)
    yield "plan", f"{1e6 * seconds / PLANNED:.0f} us of a core, {memory / PLANNED:.0f} bytes of memory"


def _tiny(folder: Path) -> Iterator[Row]:
    """Yield what grows with the number of pairs and not with their size: what twice the pairs need more."""
    used: dict[str, list[tuple[float, float]]] = {"prepare": [], "open_train": []}
    for pairs in (TINY, 2 * TINY):
        raw, out = folder / f"raw-{pairs}", folder / f"out-{pairs}"
        llvip_tree(raw, pairs, 32, 24)
        _measured("prepare", raw, out, "llvip", TINY_SHARD)
        (out / "manifest.json").unlink()
        used["prepare"].append(_measured("prepare", raw, out, "llvip", TINY_SHARD)[:2])
        used["open_train"].append(_measured("open_train", out)[:2])
    for what, name in (("plan, resume and merge, nothing to build", "prepare"), ("open a split", "open_train")):
        (few, many) = used[name]
        seconds, memory = np.subtract(many, few) / TINY
        yield what, f"{1e6 * seconds:.0f} us of a core, {memory:.0f} bytes of memory"
    shards = len(list((out / "shards").iterdir()))
    yield ".state", f"{_bytes(out / '.state') / pairs:.0f} bytes"
    yield "index.parquet", f"{(out / 'index.parquet').stat().st_size / pairs:.0f} bytes"
    yield "manifest.json", f"{(out / 'manifest.json').stat().st_size / shards:.0f} bytes per shard"


def prepare(raw: str, out: str, dataset: str, shard_bytes: str) -> None:
    from rgbtbench.shards.build import Options, prepare_dataset

    options = Options(shard_bytes=int(shard_bytes))
    prepare_dataset(dataset, Path(raw), Path(out), options=options, workers=1, allow_differences=True)


def check(out: str) -> None:
    from rgbtbench.shards.verify import require_intact

    require_intact(Path(out))


def open_train(out: str) -> None:
    from rgbtbench.loading.prepared import open_split

    len(open_split(out, "train"))


def plan_many(root: str) -> None:
    from rgbtbench.cards import dataset_card
    from rgbtbench.shards.plan import Options, plan

    kept = plan(_Many(), dataset_card("llvip"), Path(root), Options(shard_bytes=1_000))
    assert kept.samples == PLANNED


class _Many:
    """A dataset that names files which are not there: a plan opens none."""

    name = "llvip"

    def __init__(self) -> None:
        from rgbtbench.datasets.source import Layout

        self.layouts = (Layout("official", (".",), ""),)

    def entries(self, root, layout):
        from rgbtbench.pair import Entry, key_of

        paths = {"rgb": "visible/train/{}.jpg", "lwir": "infrared/train/{}.jpg", "v2": "Annotations/{}.xml"}
        for order in range(PLANNED):
            stem = f"{order:09d}"
            files = {role: path.format(stem) for role, path in paths.items()}
            yield Entry(key_of(stem), stem, "train", order, files, {"scene": stem[:2]}, cluster=stem[:2])


def warm_up(folder: Path) -> None:
    """Import what is imported on the way, and fill what is remembered, so that neither counts."""
    with tempfile.TemporaryDirectory() as name:
        if not folder.exists():
            llvip_tree(folder, 4, 32, 24)
        prepare(str(folder), name, "llvip", str(SHARD))
        check(name)
        open_train(name)


def llvip_tree(root: Path, pairs: int, width: int, height: int) -> None:
    """Write LLVIP's official layout: few rendered scenes under many names, three pedestrians in each."""
    from rgbtbench.datasets.versions import VERSION_FILE
    from rgbtbench.formats.write_boxes import write_voc

    lefts = (width / 8, width / 4, width / 2)
    boxes = [("person", (left, height / 4, left + width / 16, height / 2)) for left in lefts]
    # Large images are tiles of smaller scenes: rendering takes the square of their width.
    side = min(width, 640), min(height, 512)
    tiles = (height // side[1], width // side[0], 1)
    scenes = [
        {
            "visible": _file(np.tile(scene.rgb, tiles), ".jpg"),
            "infrared": _file(np.tile(np.dstack([scene.lwir] * 3), tiles), ".jpg"),
        }
        for scene in _rendered(*side)
    ]
    for camera in scenes[0]:
        (root / camera / "train").mkdir(parents=True)
    for number in range(pairs):
        stem = f"{27 + number // 9999:02d}{1 + number % 9999:04d}"
        for camera, content in scenes[number % SCENES].items():
            (root / camera / "train" / f"{stem}.jpg").write_bytes(content)
        write_voc(root / "Annotations" / f"{stem}.xml", size=(width, height), boxes=boxes)
    (root / VERSION_FILE).write_text("v2\n")


def mfnet_tree(root: Path) -> None:
    """Write MFNet's official layout: few rendered scenes under many names."""
    from rgbtbench.cards import dataset_card
    from rgbtbench.datasets.fakes import native_mask

    facts = dataset_card("mfnet").label_sets["semantic"]
    scenes = [
        {
            "images": _file(np.dstack([scene.rgb, scene.lwir]), ".png"),
            "labels": _file(native_mask(scene, facts, other=0), ".png"),
        }
        for scene in _rendered(640, 480)
    ]
    stems = [f"{number:05d}D" for number in range(BIG)]
    for folder in scenes[0]:
        (root / folder).mkdir(parents=True)
        for number, stem in enumerate(stems):
            (root / folder / f"{stem}.png").write_bytes(scenes[number % SCENES][folder])
    (root / "train.txt").write_text("".join(f"{stem}\n" for stem in stems))


def _rendered(width: int, height: int):
    from rgbtbench.synthesis.render import render

    return [render(0, number, width=width, height=height) for number in range(SCENES)]


def _file(pixels: np.ndarray, ending: str) -> bytes:
    from rgbtbench.formats.write_image import write_image

    with tempfile.TemporaryDirectory() as name:
        write_image(Path(name, f"image{ending}"), pixels)
        return Path(name, f"image{ending}").read_bytes()


def _measured(function: str, *arguments: object) -> tuple[float, float, float]:
    """Return seconds of a core, bytes of memory and seconds on the clock that a function takes in its own process."""
    finished = subprocess.run(
        [sys.executable, "-c", _MEASURED, function, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    seconds, memory, clock = json.loads(finished.stdout.splitlines()[-1])
    return seconds, memory, clock


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
