"""Writing the embedded dataset's raw tree: images, masks, annotations and lists, in parallel and resumable."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import InputFileError, LayoutError, UserError
from rgbtbench.formats.write_image import write_image
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.synthesis.parameters import GENERATOR_VERSION
from rgbtbench.synthesis.render import RenderedScene, render

#: First index of each split, so far apart that no two splits ever share a scene, however large they grow.
FIRST_INDEX: Mapping[str, int] = {"train": 0, "val": 1_000_000, "test": 2_000_000}
GENERATOR_FILE = "generator.json"
#: Folder and extension by role; `annotations` is written last and marks a sample as complete.
FILES: Mapping[str, str] = {
    "rgb": "rgb/{split}/{stem}.jpg",
    "lwir": "lwir/{split}/{stem}.png",
    "semantic": "semantic/{split}/{stem}.png",
    "visibility": "visibility/{split}/{stem}.png",
    "saliency": "saliency/{split}/{stem}.png",
    "annotations": "annotations/{split}/{stem}.json",
}


@dataclass(frozen=True, slots=True)
class Generation:
    """What a tree was made with; stored in `generator.json`.

    Attributes:
        generator: `GENERATOR_VERSION` of the program.
        seed: of the endless dataset that the splits are cut from.
        width, height: pixels.
    """

    generator: str
    seed: int
    width: int
    height: int

    @property
    def mark(self) -> str:
        """Six hexadecimal digits that begin every name, so that other scenes never pass for these."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:6]


def stems(generation: Generation, split: str, count: int) -> list[str]:
    """Return the names of a split's samples, such as `3f9ac1-1000017`: mark and index.

    Raises:
        UserError: a split that the generator does not have, or a count below one or above a million.
    """
    if split not in FIRST_INDEX:
        raise UserError(f"no split {split!r}", expected=", ".join(FIRST_INDEX))
    if not 1 <= count <= 1_000_000:
        raise UserError(f"{count} samples of {split}", expected="1 to 1000000")
    return [f"{generation.mark}-{FIRST_INDEX[split] + number:07d}" for number in range(count)]


def generate(
    root: Path,
    counts: Mapping[str, int],
    *,
    seed: int = 0,
    width: int = 128,
    height: int = 96,
    workers: int = 1,
    progress: Progress | None = None,
) -> Generation:
    """Write the raw tree of the embedded dataset below `root`; samples that are already there are kept.

    Files depend on seed, size and counts only, never on `workers`.

    Args:
        root: folder to fill; made when missing.
        counts: split (`train`, `val`, `test`) to number of samples.
        seed: 0 or more.
        width: pixels, at least 64.
        height: pixels, at least 48.
        workers: processes; 1 renders in this one.
        progress: is told about samples and about what is reused.

    Raises:
        LayoutError: `root` holds scenes of another generator, seed or size.
        UserError: an unknown split, a bad count or size.
    """
    progress = progress or Silent()
    if seed < 0 or width < 64 or height < 48:
        raise UserError(f"seed {seed}, {width}x{height} pixels", expected="a seed from 0 and at least 64x48 pixels")
    generation = Generation(GENERATOR_VERSION, seed, width, height)
    names = [(split, stem) for split, count in counts.items() for stem in stems(generation, split, count)]
    _claim(root, generation)
    missing = [name for name in names if not (root / _path("annotations", *name)).is_file()]
    if len(missing) < len(names):
        progress.say(f"{root}: {len(names) - len(missing)} of {len(names)} scenes are there and are reused")
    write = partial(_write_sample, root, generation)
    with _mapper(min(workers, len(missing))) as apply:
        for _ in track(apply(write, missing), progress, "rendering scenes", total=len(missing), unit="scenes"):
            pass
    for split, count in counts.items():
        with atomic_file(root / f"{split}.txt") as file:
            file.write("".join(f"{stem}\n" for stem in stems(generation, split, count)).encode())
    return generation


def read_generation(root: Path) -> Generation:
    """Return what the tree below `root` was made with.

    Raises:
        InputFileError: `generator.json` is missing or damaged.
    """
    path = root / GENERATOR_FILE
    try:
        return Generation(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputFileError("no such file", path=path, remedy="generate the scenes again") from error
    except (ValueError, TypeError) as error:
        raise InputFileError("is damaged", path=path, remedy="delete the folder and generate it again") from error


def _claim(root: Path, generation: Generation) -> None:
    if (root / GENERATOR_FILE).exists():
        found = read_generation(root)
        if found != generation:
            raise LayoutError(
                f"holds scenes of {_in_words(found)}",
                expected=_in_words(generation),
                path=root,
                remedy="choose another folder, or delete this one",
            )
        return
    with atomic_file(root / GENERATOR_FILE) as file:
        file.write(_json(asdict(generation)))


def _in_words(generation: Generation) -> str:
    return f"generator {generation.generator}, seed {generation.seed}, {generation.width}x{generation.height} pixels"


def _path(role: str, split: str, stem: str) -> str:
    return FILES[role].format(split=split, stem=stem)


def _write_sample(root: Path, generation: Generation, name: tuple[str, str]) -> None:
    scene = render(generation.seed, int(name[1].split("-")[1]), width=generation.width, height=generation.height)
    for role in ("rgb", "lwir", "semantic", "visibility", "saliency"):
        write_image(root / _path(role, *name), getattr(scene, role))
    with atomic_file(root / _path("annotations", *name)) as file:
        file.write(_json(annotation_record(scene)))


def annotation_record(scene: RenderedScene) -> dict[str, Any]:
    """Return what the annotation file of a scene holds."""
    columns = zip(
        scene.boxes.tolist(),
        scene.labels.tolist(),
        scene.ignore.tolist(),
        scene.occlusion.tolist(),
        scene.contrast["rgb"].tolist(),
        scene.contrast["lwir"].tolist(),
        strict=True,
    )
    objects = [
        {
            "box": box,
            "label": label,
            "ignore": ignore,
            "occlusion": occlusion,
            "contrast": {"rgb": round(rgb, 4), "lwir": round(lwir, 4)},
        }
        for box, label, ignore, occlusion, rgb, lwir in columns
    ]
    return {"version": 1, "attributes": scene.attributes, "caption": scene.caption, "objects": objects}


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, sort_keys=True) + "\n").encode()


@contextmanager
def _mapper(workers: int) -> Iterator[Any]:
    """Yield a `map` that uses so many processes."""
    if workers <= 1:
        yield map
        return
    # `spawn`: a forked copy of a process with threads (torch, OpenCV) may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        try:
            yield partial(pool.map, chunksize=4)
        except BrokenProcessPool as error:
            raise UserError(
                "a worker process ended unexpectedly, perhaps for want of memory",
                remedy="run again with fewer workers (finished scenes are reused)",
            ) from error
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin() -> None:
    import cv2

    # One thread per process: the processes already use all cores.
    cv2.setNumThreads(1)
