"""Encoders of models that see with two cameras: which there are, and what feeds each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from rgbtbench.zoo.spec import Wiring

Stream = Literal["rgb", "inf"]

#: Channels that each encoder takes.
CHANNELS: Final[Mapping[str, int]] = {"rgb": 3, "inf": 1}
_FED_BY: Final[Wiring] = {"rgb": "rgb", "inf": "lwir"}


def default_wiring(streams: Iterable[Stream]) -> Wiring:
    """Return stream to the modality that feeds it unless a recipe says otherwise."""
    return {stream: _FED_BY[stream] for stream in streams}


def _distinct(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
    if not streams or len(set(streams)) != len(streams):
        raise ValueError("streams are one or both of rgb and inf")
    return tuple(sorted(streams, reverse=True))


#: One or both streams, visible light first.
Streams = Annotated[tuple[Stream, ...], AfterValidator(_distinct)]
