"""Slots of networks that take colour and any number of other modalities: rgb, x, x2, x3 and so on."""

from __future__ import annotations

from typing import Final

from rgbtbench.zoo.spec import Wiring

#: Of other modalities, as many as UrbanLF has views beside the middle one.
MOST_EXTRA: Final = 80
#: What papers feed in beside colour on DeLiVER, in their order.
_STREET: Final = ("hha", "event", "lidar")


def extra_slots(count: int) -> list[str]:
    """Return the names of the slots beside `rgb`."""
    return ["x" if number == 1 else f"x{number}" for number in range(1, count + 1)]


def fed_by_default(extra: int) -> Wiring:
    """Return slot to modality: thermal where there is one slot beside colour, DeLiVER's or UrbanLF's otherwise."""
    others = ("lwir",) if extra == 1 else (*_STREET, *(f"lightfield_{view}" for view in range(extra)))
    return {"rgb": "rgb", **dict(zip(extra_slots(extra), others, strict=False))}
