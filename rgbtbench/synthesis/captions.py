"""One sentence about a scene, from its facts and its boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.surface import Actor

_TIMES = {
    "noon": "at noon", "morning": "in the morning", "dusk": "at dusk",
    "night_lamps": "at night under street lamps", "night_dark": "at night without street lamps",
}  # fmt: skip
_WEATHERS = {"clear": "", "overcast": " under an overcast sky", "wet": " after rain", "mist": " in mist"}
_NAMES = {
    "PERSON": ("person", "people"), "CAR": ("car", "cars"), "BICYCLE": ("bicycle", "bicycles"),
    "ANIMAL": ("dog", "dogs"), "TRAFFIC_CONE": ("traffic cone", "traffic cones"),
    "STATUE": ("statue or poster", "statues or posters"),
}  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def caption(conditions: Conditions, actors: Sequence[Actor]) -> str:
    """Describe a picture.

    Args:
        conditions: of the scene.
        actors: the things with a box that is not ignored, so that the sentence and the boxes agree.
    """
    counts = Counter(actor.label.name for actor in actors)
    things = [_counted(counts[name], *names) for name, names in _NAMES.items() if counts[name]]
    doing = Counter(actor.note for actor in actors if actor.label.name == "PERSON")
    details = [
        f"{_number(doing[note])} {words}"
        for note, words in (("cycling", "cycling"), ("in a car", "in a car"))
        if doing[note]
    ]
    where = f"A street {_TIMES[conditions.regime]}{_WEATHERS[conditions.weather]}"
    if not things:
        return f"{where}, with nobody and nothing on it."
    listed = things[0] if len(things) == 1 else ", ".join(things[:-1]) + " and " + things[-1]
    return f"{where} with {listed}" + (f"; {' and '.join(details)}." if details else ".")


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _counted(count: int, one: str, many: str) -> str:
    return f"{_number(count)} {one if count == 1 else many}"
