"""Saliency measures against PySODMetrics; all numbers are compared before the clock runs.

Both sides end at the means over all images. They start from decoded maps and masks, on one thread and by the
processor's time, as the reference has one thread; or from PNG files, by the clock on the wall, on one core and on all.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import py_sod_metrics

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.progress import Silent
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.ground_truth.open import file_protocol, open_ground_truth
from rgbtbench.scoring.intervals import bootstrap_intervals, resampled_counts
from rgbtbench.scoring.saliency.collect import collect
from rgbtbench.scoring.saliency.counts import SaliencyCounts
from rgbtbench.scoring.saliency.image import ImageStatistics, reduce_image
from rgbtbench.scoring.saliency.scores import scores_of

#: The size of VT5000's images.
HEIGHT, WIDTH = 480, 640
IMAGES, FILES = 12, 8
#: VT5000's test images.
DISTINCT, REPEATED, RESAMPLES = 50, 50, 200
RULES, NO_CLASSES = SaliencyRules(), Classes((), ())
KINDS = {
    "soft maps": 30.0,
    "hard maps": 30.0,
    "soft maps with 5 % false alarms anywhere": None,
    "maps of noise, 0 nowhere": None,
}
Pair = tuple[np.ndarray, np.ndarray]


def run() -> list[Ratio]:
    results = []
    for kind, goal in KINDS.items():
        pairs = [scene(seed, kind) for seed in range(IMAGES)]
        require_equal(ours(pairs), pysodmetrics(pairs), kind)
        results.append(
            compare(
                f"{IMAGES} {kind}, one thread",
                partial(ours, pairs),
                partial(pysodmetrics, pairs),
                reference_name="PySODMetrics",
                goal=goal,
                clock=time.process_time,
            )
        )
    for kind in ("soft maps", "hard maps"):
        with tempfile.TemporaryDirectory() as folder:
            results += of_files(kind, Path(folder))
    images = tuple(reduce_image(*scene(seed, "soft maps"), RULES) for seed in range(DISTINCT))
    counts = SaliencyCounts(images * REPEATED, np.zeros(DISTINCT * REPEATED, np.bool_))
    table = stored(images * REPEATED)
    intervals = vectorised(counts)
    for name, bounds in looped(table).items():
        if not np.allclose(intervals[name], bounds, rtol=0, atol=1e-12):
            raise RuntimeError(f"{name}: {intervals[name]} here and {bounds} from a loop")
    results.append(
        compare(
            f"saliency intervals, {RESAMPLES} resamples of {len(counts.images)} images",
            partial(vectorised, counts),
            partial(looped, table),
            reference_name="a loop over resamples",
            goal=5.0,
            repeats=3,
        )
    )
    return results


def stored(images: tuple[ImageStatistics, ...]) -> dict[str, np.ndarray]:
    names = ("mae", "s_measure", "e_adaptive", "f_adaptive", "f_weighted", "e_curve", "f_curve")
    scores = scores_of(images, RULES)
    return {name: getattr(scores, name) for name in names}


def scene(seed: int, kind: str) -> Pair:
    """A map with soft or hard edges, a little off its mask: one object that fills 7 to 38 % of the image."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((HEIGHT, WIDTH))
    waves = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), 12) * 12
    row, column = rng.uniform(0.3, 0.7, 2) * (HEIGHT, WIDTH)
    radii = rng.uniform(0.15, 0.35, 2) * (HEIGHT, WIDTH)
    mask = ((rows - row) / radii[0]) ** 2 + ((columns - column) / radii[1]) ** 2 + waves < 1
    shift = np.float32([[1, 0, rng.integers(-3, 4)], [0, 1, rng.integers(-3, 4)]])
    soft = cv2.GaussianBlur(cv2.warpAffine(mask.astype(float), shift, (WIDTH, HEIGHT)), (0, 0), 2.5)
    if kind == "hard maps":
        soft = np.round(soft)
    if "false alarms" in kind:
        soft[rng.random(soft.shape) < 0.05] = 0.1
    if "noise" in kind:
        soft = np.clip(soft + rng.uniform(-0.2, 0.2, soft.shape), 0.01, 1)
    return np.round(255 * soft).astype(np.uint8), np.where(mask, 255, 0).astype(np.uint8)


def of_files(kind: str, folder: Path) -> Iterator[Ratio]:
    """Compare scoring of PNG files with the reference's, after OpenCV has read them."""
    paths = []
    for seed in range(FILES):
        paths.append((folder / "maps" / f"{seed}.png", folder / "masks" / f"{seed}.png"))
        for path, image in zip(paths[-1], scene(seed, kind), strict=True):
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), image)

    def reference() -> dict[str, float]:
        return pysodmetrics((cv2.imread(str(one), 0), cv2.imread(str(other), 0)) for one, other in paths)

    protocol = file_protocol("generic/saliency")
    with open_ground_truth(protocol, folder / "masks") as truth:

        def scored() -> dict[str, float]:
            counts, _ = collect(protocol.rules, truth, range(FILES), folder / "maps", progress=Silent())
            return means(counts)

        require_equal(scored(), reference(), kind)
        cores = sorted(os.sched_getaffinity(0))
        for some in (cores[:1], cores):
            with on_cores(some):
                yield compare(
                    f"PNG files of {FILES} {kind}, {len(some)} of {len(cores)} cores",
                    scored,
                    reference,
                    reference_name="PySODMetrics",
                    repeats=3,
                )


@contextmanager
def on_cores(cores: list[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def ours(pairs: list[Pair]) -> dict[str, float]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        images = tuple(reduce_image(*pair, RULES) for pair in pairs)
        return means(SaliencyCounts(images, np.zeros(len(images), np.bool_)))
    finally:
        cv2.setNumThreads(threads)


def means(counts: SaliencyCounts) -> dict[str, float]:
    images = len(counts.images)
    measure = counts.measure(RULES, NO_CLASSES, np.ones(images, np.bool_))
    return {name: float(values[0]) for name, values in measure(np.ones((1, images)), False).items()}


def pysodmetrics(pairs: Iterable[Pair]) -> dict[str, float]:
    handler = py_sod_metrics.FmeasureHandler(beta=0.3, with_dynamic=True, with_adaptive=True)
    mae, structure, alignment, weighted, f_measure = (
        py_sod_metrics.MAE(),
        py_sod_metrics.Smeasure(),
        py_sod_metrics.Emeasure(),
        py_sod_metrics.WeightedFmeasure(),
        py_sod_metrics.FmeasureV2(metric_handlers={"fm": handler}),
    )
    for prediction, truth in pairs:
        for measure in (mae, structure, alignment, weighted, f_measure):
            measure.step(prediction, truth)
    e, f = alignment.get_results()["em"], f_measure.get_results()["fm"]
    return {
        "mae": mae.get_results()["mae"],
        "s_measure": structure.get_results()["sm"],
        "e_max": e["curve"].max(),
        "e_mean": e["curve"].mean(),
        "e_adaptive": e["adp"],
        "f_max": f["dynamic"].max(),
        "f_mean": f["dynamic"].mean(),
        "f_adaptive": f["adaptive"],
        "f_weighted": weighted.get_results()["wfm"],
    }


def vectorised(counts: SaliencyCounts) -> dict[str, tuple[float, float]]:
    measure = counts.measure(RULES, NO_CLASSES, np.ones(len(counts.images), np.bool_))
    rules = IntervalRules.model_construct(resamples=RESAMPLES)
    found = bootstrap_intervals(lambda weights: measure(weights, True), np.arange(len(counts.images)), rules)
    return {name: (interval.low, interval.high) for name, interval in found.items()}


def looped(table: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """The same intervals from a loop over resamples, as one would write it with stored values and curves."""
    images = len(table["mae"])
    values: dict[str, list[float]] = {}
    for drawn in np.concatenate(list(resampled_counts(images, resamples=RESAMPLES, seed=0))):
        chosen = np.repeat(np.arange(images), drawn.astype(int))
        means = {name: column[chosen].mean(axis=0) for name, column in table.items()}
        for letter in "ef":
            curve = means.pop(f"{letter}_curve")
            means |= {f"{letter}_max": curve.max(), f"{letter}_mean": curve.mean()}
        for name, mean in means.items():
            values.setdefault(name, []).append(float(mean))
    return {name: tuple(np.quantile(column, (0.025, 0.975)).tolist()) for name, column in values.items()}


def require_equal(found: dict[str, float], expected: dict[str, float], kind: str) -> None:
    for name, value in expected.items():
        if not abs(found[name] - value) <= 1e-12:
            raise RuntimeError(f"{kind}: {name} is {found[name]!r} here and {value!r} in PySODMetrics")
