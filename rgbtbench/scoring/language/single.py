"""What an answer says once is what it says; what it says in several ways says nothing."""

from __future__ import annotations

from collections.abc import Iterable


def only(found: Iterable[str]) -> str:
    """Return the one text among some, however often it is there; an empty one where they differ or there is none."""
    different = set(found)
    return different.pop() if len(different) == 1 else ""
