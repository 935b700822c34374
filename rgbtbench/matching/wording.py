"""A result of matching as a table, and its rules as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rgbtbench.cards.matching import MatchingBlock
from rgbtbench.matching.evaluate import MatchingResult


def rows_of(result: MatchingResult) -> Iterator[tuple[str, str, str]]:
    """Yield title, number and interval of every metric."""
    for name, value in result.metrics.items():
        interval = result.intervals.get(name)
        extent = "" if interval is None else f"{interval.low:.1f} to {interval.high:.1f}"
        yield title_of(name), f"{value:.1f}", extent


def title_of(metric: str) -> str:
    """Return what a metric is called in tables."""
    kind, _, limit = metric.partition("_")
    match kind:
        case "precision":
            return f"right within {'a cell' if limit == 'cell' else f'{limit} px'}, % of matches"
        case "auc":
            return f"homography AUC to {limit} px, %"
    return "matches per pair"


def rules_in_words(rules: MatchingBlock) -> tuple[tuple[str, str], ...]:
    """Return everything that decides the numbers, as labelled sentences."""
    frame = "{1} x {0}".format(*rules.frame)
    kept = "all" if rules.ratio is None else f"those whose distance is below {rules.ratio:g} of the second nearest's"
    limits = (
        f"corners by {rules.perspective:g} of each side, magnification by {rules.scale:g}, rotation by "
        f"{rules.rotation:g} degrees, translation by {rules.translation:g} of each side; seed {rules.seed}"
    )
    return (
        ("Origin", "ours, of no paper"),
        ("Images", f"{rules.reference} as it is, {rules.warped} moved, both resized to {frame}"),
        ("Homographies", f"drawn for each key, up to: {limits}"),
        ("Matches", f"mutual nearest neighbours by cosine, at the centres of cells; {kept}"),
        ("Candidates", f"all of {rules.reference}; of {rules.warped} those whose centre shows content and no fill"),
        ("Right", f"within {_listed(rules.thresholds)} px of the true place, or within a cell; mean over pairs"),
        (
            "Homography",
            f"OpenCV's RANSAC, inliers within {rules.ransac_pixels:g} px, {rules.ransac_iterations:,} iterations, "
            f"confidence {rules.ransac_confidence:g}; area up to {_listed(rules.corner_thresholds)} px of the "
            "corners' mean error",
        ),
        (
            "Intervals",
            f"{rules.intervals.resamples} resamples of each {rules.intervals.unit}, {rules.intervals.level:.0%}",
        ),
    )


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
