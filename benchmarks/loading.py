"""Reading prepared data: our loader against webdataset with Pillow, over the same shards, in one process.

Both sides give the same uint8 images and int64 masks; that is checked before anything is timed.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import simplejpeg
import torch

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.augmentations import Augmentations, Photometric
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png, probe
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.decode import decode_mask, decode_pixels
from rgbtbench.loading.loader import eval_loader, train_loader
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.pair import Entry, Image, Mask, Pair
from rgbtbench.shards.build import prepare

PAIRS, BATCH = 96, 8
HEIGHT, WIDTH = 480, 640
MEMBERS = {"rgb": "rgb.jpg", "lwir": "lwir.jpg", "semantic": "semantic.png"}

CARD = DatasetCard.model_validate(
    {
        "name": "photographs",
        "title": "Photographs",
        "summary": "made for benchmarks",
        "tasks": ("semantic",),
        "source": {"access": "generated"},
        "licence": {"name": "none", "commercial_use": "yes", "verified": True},
        "citation": {"text": "none"},
        "modalities": {
            "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8},
            "lwir": {"sensor": "bolometer", "channels": 1, "bit_depth": 8},
        },
        "label_sets": {
            "semantic": {
                "kind": "semantic",
                "frame": "both",
                "classes": [{"id": n, "name": f"c{n}", "unified": "unlabeled"} for n in range(9)],
            }
        },
        "editions": {"official": {"splits": {"train": {"count": PAIRS}}}},
        "verified": True,
    }
)


class Photographs:
    """Pairs with the sizes and formats of common sets: colour and grey JPEG at quality 95, masks as index PNG."""

    name = "photographs"
    layouts = (Layout("official", ("notes",), "notes/<order>.txt"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for order in range(PAIRS):
            yield Entry(f"{order:05d}", f"{order:05d}", "train", order, {"note": f"notes/{order}.txt"})

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        mask = np.kron(
            np.random.default_rng(entry.order).integers(0, 9, (12, 16), np.uint8), np.ones((40, 40), np.uint8)
        )
        images = {"rgb": textured(entry.order, 3), "lwir": textured(entry.order, 1)}
        return Pair(
            dataset=self.name,
            entry=entry,
            images={name: jpeg(pixels) for name, pixels in images.items()},
            labels={
                "semantic": Mask(
                    "semantic", "both", encode_png(mask), WIDTH, HEIGHT, tuple(np.unique(mask).tolist()), "notes"
                )
            },
            attributes={},
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        (root / "notes").mkdir()
        for order in range(PAIRS):
            (root / "notes" / f"{order}.txt").write_text("\n")


def textured(seed: int, channels: int) -> np.ndarray:
    """Noise at several scales, which fills a JPEG about as a street scene does."""
    generator = np.random.default_rng([seed, channels])
    pixels = np.full((HEIGHT, WIDTH, channels), 128.0)
    for scale, strength in ((80, 40), (20, 20), (4, 10), (1, 2)):
        coarse = generator.normal(0, strength, (HEIGHT // scale, WIDTH // scale, channels))
        pixels += coarse.repeat(scale, 0).repeat(scale, 1)
    return pixels.clip(0, 255).astype(np.uint8)


def jpeg(pixels: np.ndarray) -> Image:
    # 4:2:0 is what cameras and the common sets have.
    colour, subsampling = ("RGB", "420") if pixels.shape[2] == 3 else ("GRAY", "Gray")
    data = simplejpeg.encode_jpeg(pixels, quality=95, colorspace=colour, colorsubsampling=subsampling)
    header = probe(data)
    return Image(data, "jpg", header.width, header.height, header.channels, header.bit_depth, "notes")


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "prepared"
        raw.mkdir()
        Photographs().fake(raw, Photographs.layouts[0], {}, 0)
        prepare(Photographs(), CARD, raw, out, workers=1)
        return ratios(out)


def ratios(root: Path) -> list[Ratio]:
    split = open_split(root, "train")
    cached = split.cached()
    shards = [str(path) for path in sorted((root / "shards").glob("*.tar"))]
    check_same(next(iter(eval_loader(split, batch_size=BATCH, task="semantic"))), next(webdataset_batches(shards)))
    one_epoch = -(-PAIRS // BATCH)
    rules = Augmentations(
        scale=(0.5, 2.0),
        horizontal_flip=0.5,
        crop=(HEIGHT, WIDTH),
        photometric={"rgb": Photometric(gain=0.2, contrast=0.2), "lwir": Photometric(gain=0.1, offset=0.1)},
    )

    def batches(source: PreparedSplit) -> None:
        for _ in eval_loader(source, batch_size=BATCH, task="semantic"):
            pass

    def image_batches(source: PreparedSplit) -> None:
        for _ in eval_loader(source, batch_size=BATCH):
            pass

    def augmented_batches() -> None:
        loader = train_loader(cached, task="semantic", batch_size=BATCH, seed=0, augmentations=rules)
        for _, _ in zip(range(one_epoch), loader, strict=False):
            pass

    def reference_batches() -> None:
        for _ in webdataset_batches(shards):
            pass

    files = [(split.member(row, "rgb.jpg"), split.member(row, "lwir.jpg")) for row in range(PAIRS)]
    return [
        compare(
            f"{PAIRS} JPEG pairs of {WIDTH}x{HEIGHT} to uint8 batches",
            lambda: batches(split),
            reference_batches,
            reference_name="webdataset + Pillow",
            goal=1.0,
        ),
        compare(
            f"{PAIRS} pairs, all members, no decoding",
            lambda: raw_members(split),
            lambda: raw_webdataset(shards),
            reference_name="webdataset",
            goal=5.0,
        ),
        compare(
            f"{PAIRS} JPEG pairs to uint8 batches without labels, one thread",
            lambda: on_one_thread(lambda: image_batches(split)),
            lambda: decode_into_batches(files),
            reference_name="simplejpeg into a batch's memory, one thread",
            goal=0.9,
            clock=time.process_time,
        ),
        compare(
            f"{PAIRS} JPEG pairs to uint8 batches without labels, {torch.get_num_threads()} threads",
            lambda: image_batches(split),
            lambda: decode_into_batches(files),
            reference_name="simplejpeg into a batch's memory, one thread",
        ),
        compare(
            f"{PAIRS} pairs to batches with int64 masks",
            lambda: batches(split),
            lambda: decode_alone(split),
            reference_name="bare decoders, one thread",
        ),
        compare(
            f"{PAIRS} pairs without labels, from the decoded cache",
            lambda: image_batches(cached),
            lambda: on_one_thread(lambda: image_batches(split)),
            reference_name="decoding each time, one thread",
            goal=5.0,
            clock=time.process_time,
        ),
        compare(
            f"{PAIRS} pairs with int64 masks, from the decoded cache",
            lambda: batches(cached),
            lambda: on_one_thread(lambda: batches(split)),
            reference_name="decoding each time, one thread",
            goal=5.0,
            clock=time.process_time,
        ),
        compare(
            f"{PAIRS} pairs with int64 masks, from the decoded cache",
            lambda: batches(cached),
            lambda: batches(split),
            reference_name=f"decoding each time, {torch.get_num_threads()} threads",
        ),
        compare(
            f"{PAIRS} cached pairs, scaled, cropped, changed",
            augmented_batches,
            reference_batches,
            reference_name="webdataset + Pillow, unchanged",
        ),
    ]


def check_same(batch: Batch, reference: dict[str, torch.Tensor]) -> None:
    for name in ("rgb", "lwir"):
        # JPEG decoders may round differently.
        assert (batch.images[name].int() - reference[name].int()).abs().float().mean() < 1
    assert torch.equal(batch.semantic, reference["semantic"])


def webdataset_batches(shards: list[str]) -> Iterator[dict[str, torch.Tensor]]:
    import webdataset
    from PIL import Image as Pillow

    def decoded(sample: dict[str, bytes]) -> dict[str, np.ndarray]:
        return {name: np.asarray(Pillow.open(io.BytesIO(sample[member]))) for name, member in MEMBERS.items()}

    def stacked(samples: list[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
        batch = {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in MEMBERS}
        return {
            "rgb": batch["rgb"].permute(0, 3, 1, 2).contiguous(),
            "lwir": batch["lwir"][:, None],
            "semantic": batch["semantic"].long(),
        }

    pipeline = webdataset.WebDataset(shards, shardshuffle=False, empty_check=False)
    return iter(pipeline.map(decoded).batched(BATCH, collation_fn=stacked))


def raw_members(split: PreparedSplit) -> int:
    names = split.manifest.split(split.name).members
    return sum(len(split.member(position, name)) for position in range(len(split)) for name in names)


def raw_webdataset(shards: list[str]) -> int:
    import webdataset

    pipeline = webdataset.WebDataset(shards, shardshuffle=False, empty_check=False)
    return sum(len(value) for sample in pipeline for name, value in sample.items() if not name.startswith("__"))


def decode_into_batches(files: list[tuple[bytes, bytes]]) -> None:
    """The decoder alone, with room for a batch's images as it gives them: red, green and blue beside each other."""
    for start in range(0, len(files), BATCH):
        some = files[start : start + BATCH]
        colours = np.empty((len(some), HEIGHT, WIDTH, 3), np.uint8)
        greys = np.empty((len(some), HEIGHT, WIDTH, 1), np.uint8)
        for row, (colour, grey) in enumerate(some):
            simplejpeg.decode_jpeg(colour, "RGB", buffer=colours[row])
            simplejpeg.decode_jpeg(grey, "GRAY", buffer=greys[row])


def on_one_thread(action: Callable[[], object]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        action()
    finally:
        torch.set_num_threads(threads)


def decode_alone(split: PreparedSplit) -> None:
    for position in range(len(split)):
        for name in ("rgb.jpg", "lwir.jpg"):
            decode_pixels(split.member(position, name), where=name)
        decode_mask(split.member(position, "semantic.png"), where="semantic.png")
