"""KAIST's log-average miss rate against the kind of script that papers use: COCOeval, one image at a time in Python.

`ScriptEvaluator` has the structure and the behaviour of the published script (MLPD's, copied by others), written from a
description of it; both sides get boxes that are loaded already, and their numbers are compared before the clock runs.
"""

import time
from collections import defaultdict

import numpy as np

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.freed_memory import keep_freed_memory
from rgbtbench.scoring.miss_rate.curve import log_average, recalls
from rgbtbench.scoring.miss_rate.detected import detect
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians, apply_setting

#: As many as KAIST's test split and its labels have, and as MBNet's result file.
IMAGES, CLIPS, PEDESTRIANS, DETECTIONS = 2252, 16, 4254, 12_937
#: Ids of the images that papers report on.
TIMES = {"all": range(IMAGES), "day": range(1455), "night": range(1455, IMAGES)}
RESAMPLES = 2000
#: Evaluations one after the other, as of a training's checkpoints.
IN_A_ROW = 10
#: The settings that papers report: heights and occlusions.
SETTINGS = {
    "reasonable": ((55.0, 1e10), (0, 1)),
    "near": ((115.0, 1e10), (0,)),
    "medium": ((45.0, 115.0), (0,)),
    "far": ((1.0, 45.0), (0,)),
    "partial": ((1.0, 1e10), (1,)),
    "heavy": ((1.0, 1e10), (2,)),
    "all": ((20.0, 1e10), (0, 1, 2)),
}
SCRIPT = MissRateRules(
    max_detections=1000,
    floor=0.0,
    undetected_images="left_out",
    references="four_decimals",
    early_false_positive="last_recall",
    first_box="never_found",
)


class ScriptEvaluator:
    """One setting, one class, IoU 0.5, as the script evaluates it.

    Args:
        images: ids of the images; each of `all`, `day` and `night` is an evaluation of its own, as in the script.
        annotations: rows with `id`, `image_id`, `bbox`, `height`, `occlusion` and `ignore`.
        heights, occlusions: of the setting.
    """

    def __init__(self, images, annotations, *, heights=(55, 1e10), occlusions=(0, 1)):
        self.images = images
        self.heights, self.occlusions = heights, occlusions
        self.references = [0.01, 0.0178, 0.0316, 0.0562, 0.1, 0.1778, 0.3162, 0.5623, 1.0]
        self.truth = defaultdict(list)
        for annotation in annotations:
            self.truth[annotation["image_id"]].append({**annotation, "ignore": self.is_ignored(annotation)})

    def is_ignored(self, annotation):
        left, top, width, height = annotation["bbox"]
        return int(
            annotation["height"] < self.heights[0]
            or annotation["height"] > self.heights[1]
            or annotation["occlusion"] not in self.occlusions
            or left < 5
            or top < 5
            or left + width > 635
            or top + height > 507
            or bool(annotation["ignore"])
        )

    def evaluate(self, rows):
        """Return the log-average miss rate and the final recall, from 0 to 1, of `image_id`, `bbox`, `score` rows."""
        found = defaultdict(list)
        for number, row in enumerate(rows, start=1):
            found[row["image_id"]].append({**row, "id": number})
        overlaps = {image: self.overlaps(found[image], self.truth[image]) for image in self.images}
        evaluated = [self.evaluate_image(found[image], self.truth[image], overlaps[image]) for image in self.images]
        return self.accumulate([part for part in evaluated if part is not None])

    def overlaps(self, found, truth):
        order = np.argsort([-row["score"] for row in found], kind="mergesort")
        boxes = np.asarray([found[at]["bbox"] for at in order[:1000]])
        labelled = np.asarray([annotation["bbox"] for annotation in truth])
        ignored = np.asarray([annotation["ignore"] for annotation in truth])
        overlaps = np.zeros((len(boxes), len(labelled)))
        for column, labelled_box in enumerate(labelled):
            left, top = labelled_box[0], labelled_box[1]
            right, bottom = labelled_box[0] + labelled_box[2], labelled_box[1] + labelled_box[3]
            area = labelled_box[2] * labelled_box[3]
            for row, box in enumerate(boxes):
                own_left, own_top = box[0], box[1]
                own_right, own_bottom = box[0] + box[2], box[1] + box[3]
                own_area = box[2] * box[3]
                width = min(own_right, right) - max(own_left, left)
                if width <= 0:
                    continue
                height = min(own_bottom, bottom) - max(own_top, top)
                if height <= 0:
                    continue
                shared = width * height
                overlaps[row, column] = shared / (own_area if ignored[column] else own_area + area - shared)
        return overlaps

    def evaluate_image(self, found, truth, overlaps):
        if not found:
            return None
        columns = np.argsort([annotation["ignore"] for annotation in truth], kind="mergesort").astype(int)
        truth = [truth[at] for at in columns]
        rows = np.argsort([-row["score"] for row in found], kind="mergesort")[:1000]
        # The matrix is in this order already, and is put into it once more.
        overlaps = overlaps[rows][:, columns]
        found = [found[at] for at in rows]
        ignored = np.array([annotation["ignore"] for annotation in truth])
        taken_by = np.zeros((1, len(truth)))
        takes, dropped = np.zeros((1, len(found))), np.zeros((1, len(found)))
        for level, threshold in enumerate((0.5,)):
            for row, detection in enumerate(found):
                best, chosen = threshold, -1
                for column in range(len(truth)):
                    if taken_by[level, column] > 0:
                        continue
                    if chosen >= 0 and ignored[column]:
                        break
                    if overlaps[row, column] < best:
                        continue
                    best, chosen = overlaps[row, column], column
                if chosen < 0:
                    continue
                takes[level, row] = truth[chosen]["id"]
                dropped[level, row] = ignored[chosen]
                if not ignored[chosen]:
                    taken_by[level, chosen] = detection["id"]
        return {"scores": [row["score"] for row in found], "takes": takes, "dropped": dropped, "ignored": ignored}

    def accumulate(self, parts):
        scores = np.concatenate([part["scores"] for part in parts])
        order = np.argsort(-scores, kind="mergesort")
        takes = np.concatenate([part["takes"] for part in parts], axis=1)[0, order]
        dropped = np.concatenate([part["dropped"] for part in parts], axis=1)[0, order]
        positives = np.count_nonzero(np.concatenate([part["ignored"] for part in parts]) == 0)
        if positives == 0:
            return -1.0, -1.0
        true = np.logical_and(takes, np.logical_not(dropped))[dropped == 0]
        false = np.logical_and(np.logical_not(takes), np.logical_not(dropped))[dropped == 0]
        recall = (np.cumsum(true) / positives).tolist()
        fppi = np.cumsum(false) / len(self.images)
        if not recall:
            return 1.0, 0.0
        read = np.array([recall[at] for at in np.searchsorted(fppi, self.references, side="right") - 1])
        with np.errstate(divide="ignore"):
            return float(np.exp(np.mean(np.log(1 - read)))), recall[-1]


def run() -> list[Ratio]:
    keep_freed_memory()  # as `score` does
    rng = np.random.default_rng(0)
    labelled, annotations = random_pedestrians(rng)
    images, xywh, scores = random_detections(rng, labelled)
    rows = [
        {"image_id": image, "bbox": box, "score": score}
        for image, box, score in zip(images.tolist(), xywh.tolist(), scores.tolist(), strict=True)
    ]
    chosen = {time: np.isin(np.arange(IMAGES), numbers) for time, numbers in TIMES.items()}
    clips = np.arange(IMAGES) * CLIPS // IMAGES

    def ours(times=TIMES, settings=SETTINGS):
        return [
            float(miss_rate(part, np.ones((1, len(part.positives))))[0])
            for setting in settings.values()
            for detected in [detected_in(setting, labelled, images, xywh, scores)]
            for part in (detected.of_images(chosen[time]) for time in times)
        ]

    def reference(times=TIMES, settings=SETTINGS):
        return [
            ScriptEvaluator(TIMES[time], annotations, heights=heights, occlusions=occlusions).evaluate(rows)[0]
            for heights, occlusions in settings.values()
            for time in times
        ]

    if ours() != reference():
        raise RuntimeError(f"the script finds {reference()}, not {ours()}")

    one = {"times": ["all"], "settings": {"reasonable": SETTINGS["reasonable"]}}
    detected = detected_in(SETTINGS["reasonable"], labelled, images, xywh, scores)
    counts = rng.multinomial(CLIPS, np.full(CLIPS, 1 / CLIPS), RESAMPLES).astype(float)

    def resampled():
        return miss_rate(detected, counts[:, clips])

    def looped():
        return np.array([miss_rate(detected, counts[row : row + 1, clips])[0] for row in range(RESAMPLES)])

    if not np.array_equal(resampled(), looped()):
        raise RuntimeError("resamples one by one give other miss rates")
    return [
        compare(
            f"MR of {DETECTIONS} detections, all, day, night, {len(SETTINGS)} settings",
            ours,
            reference,
            reference_name="the COCOeval-derived script",
            goal=50.0,
        ),
        compare(
            f"MR of {DETECTIONS} detections, once, after other work",
            lambda: ours(**one),
            lambda: reference(**one),
            reference_name="the COCOeval-derived script",
            repeats=9,
            clock=time.process_time,
        ),
        compare(
            f"the same, {IN_A_ROW} in a row",
            lambda: [ours(**one) for _ in range(IN_A_ROW)],
            lambda: [reference(**one) for _ in range(IN_A_ROW)],
            reference_name="the COCOeval-derived script",
            goal=50.0,
            clock=time.process_time,
        ),
        compare(
            f"MR of {RESAMPLES} resamples of {CLIPS} clips",
            resampled,
            looped,
            reference_name="one resample at a time",
            repeats=3,
        ),
    ]


def detected_in(setting, labelled, images, xywh, scores):
    heights, occlusions = setting
    rules = SCRIPT.model_copy(update={"heights": heights, "occlusions": occlusions})
    return detect(apply_setting(labelled, rules), images, xywh, scores, image_count=IMAGES, rules=rules, never_found=0)


def miss_rate(detected, weights):
    return log_average(1.0 - recalls(detected, weights, SCRIPT).at_references, SCRIPT)


def random_pedestrians(rng):
    """Return labels with the sizes and proportions of KAIST's, as columns and as the script's rows."""
    images = np.sort(rng.integers(0, IMAGES, PEDESTRIANS))
    heights = np.round(np.exp(rng.normal(4.1, 0.45, PEDESTRIANS)))
    xywh = np.column_stack(
        [rng.integers(0, 600, PEDESTRIANS), rng.integers(150, 300, PEDESTRIANS), np.round(0.41 * heights), heights]
    ).astype(float)
    occlusions = rng.choice(3, PEDESTRIANS, p=(0.79, 0.13, 0.08))
    labelled = Pedestrians(images, xywh, occlusions, rng.random(PEDESTRIANS) < 0.2)
    columns = (images.tolist(), xywh.tolist(), occlusions.tolist(), labelled.ignored.astype(int).tolist())
    annotations = [
        {"id": at, "image_id": image, "bbox": box, "height": box[3], "occlusion": occlusion, "ignore": ignore}
        for at, (image, box, occlusion, ignore) in enumerate(zip(*columns, strict=True))
    ]
    return labelled, annotations


def random_detections(rng, labelled):
    """Return detections near labelled boxes and anywhere, ordered by image and falling score."""
    near = rng.integers(0, PEDESTRIANS, DETECTIONS)
    xywh = labelled.xywh[near] * (1 + rng.normal(0, 0.03, (DETECTIONS, 4)))
    images = labelled.images[near]
    astray = rng.random(DETECTIONS) < 0.4
    images = np.where(astray, rng.integers(0, IMAGES, DETECTIONS), images)
    scores = rng.beta(np.where(astray, 1.5, 4.0), np.where(astray, 4.0, 1.5))
    order = np.lexsort((-scores, images))
    return images[order], xywh[order], scores[order]
