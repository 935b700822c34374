"""A protocol's rules in words, for people who read a number and ask what was counted."""

from __future__ import annotations

from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import Sentence


def rules_in_words(rules: Protocol) -> tuple[Sentence, ...]:
    """Return everything that decides the number, as labelled sentences."""
    card = catalog.dataset_card(rules.dataset)
    classes = {entry.id: entry.name for entry in card.label_sets[rules.label_set].classes}
    specific = rules.rules.in_words(classes, _labels(rules, card))
    follows = [("Follows", rules.source)] if rules.source else []
    return (("Scored on", _scored_on(rules, card)), *specific, ("Intervals", _intervals(rules, card)), *follows)


def _scored_on(rules: Protocol, card: DatasetCard) -> str:
    edition = card.editions.get(rules.edition)
    counts = [edition.splits[split].count for split in rules.splits if split in edition.splits] if edition else []
    known = [count for count in counts if count]
    count = f", {sum(known):,} pairs" if len(known) == len(rules.splits) and not rules.where else ""
    only = "".join(f", only {name.replace('_', ' ')} {value}" for name, value in rules.where.items())
    return f"{card.title}, split {' + '.join(rules.splits)} of the {rules.edition} edition{count}{only}"


def _labels(rules: Protocol, card: DatasetCard) -> str:
    facts = card.label_sets[rules.label_set]
    version = f", version {facts.version}" if facts.version else ""
    classes = f", {rules.label_space} classes" if facts.classes else ""
    return f"set {rules.label_set}{version}{classes}"


def _intervals(rules: Protocol, card: DatasetCard) -> str:
    unit = "images" if rules.intervals.unit == "image" or card.clusters == "image" else f"clusters ({card.clusters})"
    return (
        f"{100 * rules.intervals.level:g} % percentile bootstrap over {unit}, {rules.intervals.resamples:,} resamples; "
        "they cover the choice of test images, not the chance of training"
    )
