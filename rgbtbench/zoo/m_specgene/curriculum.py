"""From easy to hard: how the wanted CMSS, and the balance of the modalities, move from epoch to epoch.

At first visible patches have a CMSS near 0: objects are seen and background is reconstructed. In the first half of the
epochs the active means sweep up through the mixture's components, in the second all of them go to the largest one:
only flat patches are seen, and objects are reconstructed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture

#: What a difference of the losses adds to the number of hidden patches, and to the means.
_COUNT_GAIN: Final = 10.0
_MEAN_GAIN: Final = 0.1
_LARGEST_MEAN_BIAS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Where the progressive masking stands.

    Attributes:
        epoch: epochs that were completed.
        means: active sampling means; one more becomes active whenever the last has passed a component.
        count_bias: thermal patches that are hidden beyond the base number, and RGB patches that are shown beyond it.
        mean_bias: added to the means for thermal, taken away for RGB.
    """

    epoch: int = 0
    means: tuple[float, ...] = field(default=(0.0,))
    count_bias: float = 0.0
    mean_bias: float = 0.0

    def as_plain(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"means": list(self.means)}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Curriculum:
        """Return what `as_plain` wrote down."""
        return cls(**{**data, "means": tuple(data["means"])})


def largest_count_bias(tokens: int, *, mask_ratio: float, largest_ratio: float) -> int:
    """Return by how many patches the modalities may differ from the base number: 9 of 196 from 0.90 to 0.95."""
    return math.floor(tokens * (largest_ratio - mask_ratio))


def advanced(
    curriculum: Curriculum, mixture: GaussianMixture, *, loss_difference: float, epochs: int, limit: int
) -> Curriculum:
    """Return the curriculum one epoch later.

    The rule is that of the released code, with its 100 epochs as an argument, and with a lower limit of the count bias,
    which the released code lacks.

    Args:
        curriculum: before.
        mixture: as fitted now.
        loss_difference: RGB minus thermal, of the last batch.
        epochs: of the whole training.
        limit: see `largest_count_bias`.
    """
    epoch = curriculum.epoch + 1
    count_bias = limit if curriculum.count_bias >= limit else curriculum.count_bias + _COUNT_GAIN * loss_difference
    mean_bias = curriculum.mean_bias
    mean_bias = _LARGEST_MEAN_BIAS if mean_bias >= _LARGEST_MEAN_BIAS else mean_bias + _MEAN_GAIN * loss_difference
    components = sorted(mixture.means)
    half = epochs // 2
    means = (
        _swept(curriculum.means, components, left=half - epoch)
        if epoch < half
        else _gathered(curriculum.means, components[-1], left=epochs + 1 - epoch)
    )
    return Curriculum(epoch, means, max(float(-limit), count_bias), mean_bias)


def _swept(means: tuple[float, ...], components: list[float], *, left: int) -> tuple[float, ...]:
    """Move the last active mean so that in `left` epochs the means are the components."""
    active = list(means)
    reached = components[len(active) - 1]
    if active[-1] > reached and len(active) < len(components):
        active[-1] = reached
        active.append(0.0)
    active[-1] += (sum(components) - sum(active)) / left
    return tuple(active)


def _gathered(means: tuple[float, ...], largest: float, *, left: int) -> tuple[float, ...]:
    """Put the last active mean at the largest component, and move the one before it there."""
    active = [*means[:-1], largest]
    behind = [place for place, mean in enumerate(active) if mean < largest]
    active[behind[-1] if behind else 0] += (len(active) * largest - sum(active)) / left
    return tuple(active)
