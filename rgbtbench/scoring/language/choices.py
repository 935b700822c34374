"""Which options, which of yes and no, and which tile a freely worded answer chooses.

Only what an answer states beyond doubt is read; an answer that hedges or contradicts itself chooses nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from rgbtbench.scoring.language.single import only

#: Tiles of a picture for re-identification; the first shows the person who is sought.
TILES: Final = range(1, 9)

_MARKUP: Final = re.compile(r"[*_`\"'“”‘’]")
_LEAD_IN: Final = re.compile(
    r"^(?:the )?(?:(?:correct|right|final|best) )?(?:answers?|options?|choices?)(?:(?: is| are)\b:?|:)?\s*"
)
_IN_BRACKETS: Final = re.compile(r"\(([a-z])\)\s*")
_WITH_MARK: Final = re.compile(r"(?:^|(?<=[\s,;]))\(?([a-z])[.):](?=$|[\s,;])\s*")
_SEPARATORS: Final = re.compile(r"[\s,;/&.]+|\band\b")
_RUN_OF_LETTERS: Final = re.compile(r"[A-Z]{2,}")
_ARTICLES: Final = re.compile(r"\b(?:an?|the)\b\s*")
_NEGATION: Final = re.compile(r"\b(?:not|no|none|neither|nor|never|without|cannot|isnt|doesnt|dont|cant)\b")
_EITHER: Final = re.compile(r"\b(?:yes|no)\s*(?:or|and|/)\s*(?:yes|no)\b")
_YES_OR_NO: Final = re.compile(r"\b(?:yes|no)\b")
_NUMBERS: Final = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*")


def options_chosen(answer: str, options: Mapping[str, str]) -> frozenset[str] | None:
    """Return the letters of all options that an answer lists, None where it is no such list.

    Read are letters with a mark (`(A)`, `A.`, `A)`, `A:`), wherever they stand; letters alone (`A`, `a, b and d`,
    `ABD`); names alone (`scooter, a motor and hydrant`). Case, articles, markdown and a lead-in such as `The answer
    is` change nothing. A letter that no option has, or beside the name of another option, makes the answer void.

    Args:
        answer: as the model gave it.
        options: upper-case letter to name.
    """
    text = _plain(answer)
    names = {_plain(name): letter for letter, name in options.items()}
    words = [word for word in _SEPARATORS.split(_LEAD_IN.sub("", text)) if word]
    if words and all(len(word) == 1 for word in words):
        return _known(words, options)
    for mark in (_IN_BRACKETS, _WITH_MARK):
        if found := list(mark.finditer(text)):
            return _marked(text, found, options, names)
    run = answer.strip().rstrip(".")
    if _RUN_OF_LETTERS.fullmatch(run) and len(set(run)) == len(run) and set(run) <= set(options):
        return frozenset(run)
    named, rest = _names_in(_LEAD_IN.sub("", text), names)
    left = _SEPARATORS.sub("", _ARTICLES.sub("", rest))
    return frozenset(named) if named and not left else None


def option_chosen(answer: str, options: Mapping[str, str]) -> str | None:
    """Return the letter of the one option that an answer chooses, None where it chooses none or several.

    Beside what `options_chosen` reads, the name may stand in a sentence that names no other option and denies nothing
    (`It shows a person.`).

    Args:
        answer: as the model gave it.
        options: upper-case letter to name.
    """
    text = _plain(answer)
    chosen = options_chosen(answer, options)
    if chosen is None and not (_IN_BRACKETS.search(text) or _WITH_MARK.search(text) or _NEGATION.search(text)):
        chosen = frozenset(_names_in(text, {_plain(name): letter for letter, name in options.items()})[0])
    return next(iter(chosen)) if chosen is not None and len(chosen) == 1 else None


def yes_or_no(answer: str) -> bool | None:
    """Return whether an answer says yes; None where it says neither or both.

    The first word decides when it is one of the two; otherwise the answer may hold only one of them.
    """
    text = _plain(answer)
    words = _YES_OR_NO.findall(text)
    if not words or _EITHER.search(text):
        return None
    first = re.split(r"\W", text, maxsplit=1)[0]
    if first in ("yes", "no"):
        return first == "yes"
    return words[0] == "yes" if len(set(words)) == 1 else None


def tile_chosen(answer: str) -> int | None:
    """Return the tile that an answer names, from 1 to 8; None where it names another number, several or none."""
    number = only(_NUMBERS.findall(_plain(answer)))
    return int(number) if number in map(str, TILES) else None


def _plain(text: str) -> str:
    """Return text in lower case with single spaces, without markdown and quotation marks."""
    return " ".join(_MARKUP.sub("", unicodedata.normalize("NFKC", text)).casefold().split())


def _known(letters: Iterable[str], options: Mapping[str, str]) -> frozenset[str] | None:
    chosen = frozenset(letter.upper() for letter in letters)
    return chosen if chosen <= set(options) else None


def _marked(
    text: str, marks: list[re.Match[str]], options: Mapping[str, str], names: Mapping[str, str]
) -> frozenset[str] | None:
    for mark in marks:
        article = _ARTICLES.match(text, mark.end())
        beside = _any_name(names).match(text, article.end() if article else mark.end())
        if beside is not None and names[beside[0]] != mark[1].upper():
            return None
    return _known((mark[1] for mark in marks), options)


def _names_in(text: str, names: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the letters of the options whose names stand in a text, and what is left without them."""
    pattern = _any_name(names)
    return [names[name] for name in pattern.findall(text)], pattern.sub(" ", text)


def _any_name(names: Mapping[str, str]) -> re.Pattern[str]:
    # The longest first: `other vehicle` before `vehicle`.
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b")
