"""The two facts of a BibTeX entry that descriptions repeat: who wrote it, and in which year."""

from __future__ import annotations

import re


def authors(bibtex: str) -> tuple[str, ...]:
    """Return the authors, given names first; `and others` is left out. No authors give an empty tuple."""
    names = [_plain(name) for name in re.split(r"\s+and\s+", _field(bibtex, "author") or "")]
    return tuple(_given_first(name) for name in names if name and name != "others")


def year(bibtex: str) -> int | None:
    """Return the year of publication."""
    found = re.search(r"\d{4}", _field(bibtex, "year") or "")
    return int(found[0]) if found else None


def _field(bibtex: str, name: str) -> str | None:
    """Return a field's value without its outer braces or quotes."""
    start = re.search(rf"\b{name}\s*=\s*", bibtex, re.IGNORECASE)
    if start is None:
        return None
    rest = bibtex[start.end() :]
    if rest.startswith("{"):
        depth = 0
        for position, mark in enumerate(rest):
            depth += {"{": 1, "}": -1}.get(mark, 0)
            if depth == 0:
                return rest[1:position]
        return rest[1:]
    if rest.startswith('"'):
        return rest[1:].partition('"')[0]
    return re.split(r"[,}\s]", rest, maxsplit=1)[0]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[{}]", "", text).split())


def _given_first(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name
