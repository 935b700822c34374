"""Saliency measures against PySODMetrics on equal maps; all numbers are compared before the clock runs.

Both sides start from decoded maps and masks and end at the means over all images. The reference has one thread; ours is
measured on all cores, as scoring uses them, and on one thread.
"""

from functools import partial

import cv2
import numpy as np
import py_sod_metrics

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.processes import available_cores
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.intervals import bootstrap_intervals, resampled_counts
from rgbtbench.scoring.saliency.counts import SaliencyCounts
from rgbtbench.scoring.saliency.image import ImageStatistics, reduce_image
from rgbtbench.scoring.saliency.scores import scores_of
from rgbtbench.threads import in_order

#: The size of VT5000's images.
HEIGHT, WIDTH = 480, 640
IMAGES = 12
#: VT5000's test images.
DISTINCT, REPEATED, RESAMPLES = 50, 50, 200
RULES, NO_CLASSES = SaliencyRules(), Classes((), ())
KINDS = {
    "soft maps": 30.0,
    "hard maps": 30.0,
    "soft maps with 5 % false alarms anywhere": None,
    "maps of noise, 0 nowhere": None,
}
Pairs = list[tuple[np.ndarray, np.ndarray]]


def run() -> list[Ratio]:
    cores = available_cores()
    results = []
    for kind, goal in KINDS.items():
        pairs = [scene(seed, kind) for seed in range(IMAGES)]
        require_equal(ours(pairs), pysodmetrics(pairs), kind)
        require_equal(ours_alone(pairs), pysodmetrics(pairs), kind)
        for threads, action in ((f"{cores} cores", ours), ("one thread", ours_alone)):
            results.append(
                compare(
                    f"{IMAGES} {kind}, {threads}",
                    partial(action, pairs),
                    partial(pysodmetrics, pairs),
                    reference_name="PySODMetrics",
                    goal=goal if action is ours else None,
                )
            )
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


def scene(seed: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
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


def ours(pairs: Pairs) -> dict[str, float]:
    """As scoring does it: on all cores."""
    return means(tuple(in_order(lambda pair: reduce_image(*pair, RULES), pairs)))


def ours_alone(pairs: Pairs) -> dict[str, float]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return means(tuple(reduce_image(*pair, RULES) for pair in pairs))
    finally:
        cv2.setNumThreads(threads)


def means(images: tuple[ImageStatistics, ...]) -> dict[str, float]:
    counts = SaliencyCounts(images, np.zeros(len(images), np.bool_))
    measure = counts.measure(RULES, NO_CLASSES, np.ones(len(images), np.bool_))
    return {name: float(values[0]) for name, values in measure(np.ones((1, len(images))), False).items()}


def pysodmetrics(pairs: Pairs) -> dict[str, float]:
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
