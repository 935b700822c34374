"""A protocol's rules in words, for people who read a number and ask what was counted."""

from __future__ import annotations

from typing import Final

from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.protocol import CocoRules, Protocol, SegmentationRules

#: Label and sentence.
Rule = tuple[str, str]

_BACKGROUND: Final = {
    "included": "class 0 counts like any other",
    "mean_excluded": "class 0 is left out of the means only",
    "ignored": "pixels labelled 0 are not scored; predicting 0 elsewhere is an error",
    "deleted": "class 0 is removed from labels and predictions",
}
_ABSENT: Final = {
    "gt_present": "classes that do not occur in the labels are left out of the means",
    "union": "classes that occur in neither labels nor predictions are left out of the means",
    "zero": "classes that do not occur count as 0 in the means",
}


def rules_in_words(rules: Protocol) -> tuple[Rule, ...]:
    """Return everything that decides the number, as labelled sentences."""
    card = catalog.dataset_card(rules.dataset)
    specific = (
        _segmentation(rules.rules, rules, card)
        if isinstance(rules.rules, SegmentationRules)
        else _detection(rules.rules, rules, card)
    )
    follows = [("Follows", rules.source)] if rules.source else []
    return (("Scored on", _scored_on(rules, card)), *specific, ("Intervals", _intervals(rules, card)), *follows)


def _scored_on(rules: Protocol, card: DatasetCard) -> str:
    edition = card.editions.get(rules.edition)
    facts = edition.splits.get(rules.split) if edition else None
    count = f", {facts.count:,} pairs" if facts and facts.count and not rules.where else ""
    only = "".join(f", only {name.replace('_', ' ')} {value}" for name, value in rules.where.items())
    return f"{card.title}, split {rules.split} of the {rules.edition} edition{count}{only}"


def _labels(rules: Protocol, card: DatasetCard) -> str:
    version = card.label_sets[rules.label_set].version
    return f"set {rules.label_set}" + (f", version {version}" if version else "") + f", {rules.label_space} classes"


def _segmentation(counted: SegmentationRules, rules: Protocol, card: DatasetCard) -> tuple[Rule, ...]:
    names = {entry.id: entry.name for entry in card.label_sets[rules.label_set].classes}
    ids = tuple(names) if counted.classes is None else counted.classes
    in_means = ", ".join(names.get(number, str(number)) for number in ids)
    never = ", ".join(str(number) for number in counted.ignore_ids) or "none"
    facts = [
        ("Metric", "mean IoU from one confusion matrix over all images, in percent"),
        ("Labels", _labels(rules, card)),
        ("Classes", f"{len(ids)} in the means: {in_means}"),
        ("Background", _BACKGROUND[counted.background]),
        ("Absent classes", _ABSENT[counted.absent]),
        ("Ignored ids", never),
    ]
    if counted.strata:
        facts.append(("Strata", f"pixels are divided by label set {counted.strata}; class recall is reported in each"))
    return tuple(facts)


def _detection(counted: CocoRules, rules: Protocol, card: DatasetCard) -> tuple[Rule, ...]:
    crowd = "become crowd regions, neither hit nor miss" if counted.ignore_as_crowd else "count as objects"
    return (
        ("Metric", "COCO average precision, IoU 0.50 to 0.95, 101 recall points, in percent"),
        ("Labels", _labels(rules, card)),
        ("Detections", f"at most {counted.max_detections[-1]} per image"),
        ("Boxes marked ignore", crowd),
    )


def _intervals(rules: Protocol, card: DatasetCard) -> str:
    unit = "images" if rules.intervals.unit == "image" or card.clusters == "image" else f"clusters ({card.clusters})"
    return (
        f"{100 * rules.intervals.level:g} % percentile bootstrap over {unit}, {rules.intervals.resamples:,} resamples; "
        "they cover the choice of test images, not the chance of training"
    )
