"""All measures pixel by pixel, as the papers write them: slow, and independent of how rgbtbench computes them."""

import math
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
from scipy.ndimage import convolve, distance_transform_edt

from rgbtbench.scoring.saliency.image import reduce_image
from rgbtbench.scoring.saliency.scores import scores_of

BETA2 = 0.3
GAUSSIAN = np.exp(-(np.arange(-3, 4)[:, None] ** 2 + np.arange(-3, 4) ** 2) / 50)


def measures(prediction, truth, rules):
    """Everything of one image, by name; curves run from the lowest threshold to the highest."""
    saliency = saliency_of(prediction, rules.normalisation)
    binary = truth > {"above_128": 128, "at_least_128": 127, "nonzero": 0, "grey": 127}[rules.truth]
    grey = truth / 255 if rules.truth == "grey" else binary.astype(float)
    if rules.thresholds == 256:
        maps = [np.floor(saliency * 255) >= level for level in range(256)]
    else:
        maps = [saliency * 254 + 1e-9 >= level for level in range(255)]
    twice = 2 * saliency.mean()
    above_e = saliency >= (min(twice, 1) if rules.adaptive_cap == "both" else twice)
    above_f = saliency >= min(twice, 1)
    return {
        "mae": np.abs(saliency - grey).mean(),
        "s_measure": structure(saliency, binary, rules),
        "e_curve": np.array([enhanced_alignment(selected, grey, rules.epsilon) for selected in maps]),
        "f_curve": np.array([f_of(selected, grey) for selected in maps]),
        "e_adaptive": enhanced_alignment(above_e, grey, rules.epsilon),
        "f_adaptive": f_of(above_f, grey),
        "f_weighted": weighted_f(saliency, binary, rules),
    }


def scored(prediction, truth, rules):
    """What rgbtbench finds, of one image."""
    scores = scores_of([reduce_image(prediction, truth, rules)], rules)
    return SimpleNamespace(**{field.name: getattr(scores, field.name)[0] for field in fields(scores)})


def ours(prediction, truth, rules):
    """The same by the names of `measures`."""
    scores = scored(prediction, truth, rules)
    return {
        name: getattr(scores, name)
        for name in ("mae", "s_measure", "e_curve", "f_curve", "e_adaptive", "f_adaptive", "f_weighted")
    }


def saliency_of(prediction, normalisation):
    saliency = prediction / np.iinfo(prediction.dtype).max
    if normalisation == "min_max" and saliency.max() > saliency.min():
        saliency = (saliency - saliency.min()) / (saliency.max() - saliency.min())
    return saliency


def structure(saliency, binary, rules):
    share = binary.mean()
    if share in (0, 1):
        return 1 - saliency.mean() if share == 0 else saliency.mean()
    of_objects = share * evenness(saliency[binary], rules) + (1 - share) * evenness(1 - saliency[~binary], rules)
    centroid = np.argwhere(binary).mean(axis=0)
    whole = np.floor(centroid + 0.5) if rules.centroid == "half_up" else np.round(centroid)
    row, column = (whole + (rules.centroid != "zero_based")).astype(int)
    of_regions = 0.0
    for rows in (slice(None, row), slice(row, None)):
        for columns in (slice(None, column), slice(column, None)):
            block = saliency[rows, columns], binary[rows, columns].astype(float)
            if block[0].size:
                of_regions += similarity(*block, rules) * block[0].size / saliency.size
    return max(0.0, 0.5 * of_objects + 0.5 * of_regions)


def evenness(values, rules):
    mean, deviation = values.mean(), values.std(ddof=1) if values.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + deviation + rules.epsilon)


def similarity(saliency, binary, rules):
    others = saliency.size - 1 + rules.epsilon
    x, y = saliency.mean(), binary.mean()
    variances = (((saliency - x) ** 2).sum() + ((binary - y) ** 2).sum()) / others
    numerator = 4 * x * y * ((saliency - x) * (binary - y)).sum() / others
    denominator = (x**2 + y**2) * variances
    if numerator != 0:
        return numerator / (denominator + rules.epsilon)
    return 1.0 if denominator == 0 else 0.0


def enhanced_alignment(selected, grey, epsilon):
    if grey.mean() in (0, 1):
        enhanced = ~selected if grey.mean() == 0 else selected
    else:
        a, b = selected - selected.mean(), grey - grey.mean()
        enhanced = (2 * a * b / (a * a + b * b + epsilon) + 1) ** 2 / 4
    return enhanced.sum() / (grey.size - 1 + epsilon)


def f_of(selected, grey):
    hits = grey[selected].sum()
    if hits == 0:
        return 0.0
    precision, recall = hits / selected.sum(), hits / grey.sum()
    return (1 + BETA2) * precision * recall / (BETA2 * precision + recall)


def weighted_f(saliency, binary, rules):
    if not binary.any():
        return {"zero": 0.0, "skip": math.nan, "one_minus_mean": 1 - saliency.mean()}[rules.empty_truth_weighted]
    errors = np.abs(saliency - binary)
    distance, nearest = distance_transform_edt(~binary, return_indices=True)
    spread = np.where(binary, errors, errors[tuple(nearest)])
    around = convolve(spread, GAUSSIAN / GAUSSIAN.sum(), mode="constant")
    weighted = np.where(binary & (around < errors), around, errors) * np.where(binary, 1, 2 - 0.5 ** (distance / 5))
    recall = 1 - weighted[binary].mean()
    hits = binary.sum() - weighted[binary].sum()
    precision = hits / (hits + weighted[~binary].sum() + np.spacing(1))
    return (
        (1 + rules.f_weighted_beta2)
        * recall
        * precision
        / (recall + rules.f_weighted_beta2 * precision + np.spacing(1))
    )
