"""What the rules of every family of metrics have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from rgbtbench.cards.schema import Strict

#: Label and sentence, for people who read a number and ask what was counted.
Sentence = tuple[str, str]


class FamilyRules(Strict, ABC):
    """Conventions of one family of metrics; whatever can change a number is a field.

    A subclass has the fields `metric`, a literal that tells it apart, and `headline`, the metric that ranks.
    """

    metric: str
    headline: str

    @property
    def divided_by(self) -> str | None:
        """Label set whose ids divide the pixels, so that each becomes a subset of the result."""
        return None

    @property
    def shown(self) -> str | None:
        """Label set that networks are given with the images, such as questions; they see no other label."""
        return None

    @abstractmethod
    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """Return everything that decides the number, as labelled sentences.

        Args:
            classes: id to name, of the label set that counts; empty where it has none.
            labels: what the label set is, in words.
        """
