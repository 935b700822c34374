"""The error vocabulary: what was found, what was expected, what to do next.

Every mistake that a user can mend is a `UserError` and ends a command with exit code 2 and one line.
Anything else that escapes is a defect of rgbtbench and keeps its traceback.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Final

#: What a terminal would obey or could not print: control characters but line feeds, changes of direction, halves of
#: characters (bytes of a file name that are no text).
_UNPRINTABLE: Final = re.compile("[\0-\t\v-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Longer than any path; what a damaged file names may have no end.
_LONG_WORD: Final = re.compile(r"(\S{300})\S{200,}(\S{50})")
_LONG_LINE: Final = re.compile(r"([^\n]{4000})[^\n]{1000,}([^\n]{500})")


class UserError(Exception):
    """A mistake that the user can mend.

    Attributes:
        exit_code: what a command returns that ends with it.

    Args:
        found: what is wrong, in one clause, without the file's name.
        expected: what would have been right.
        remedy: what to do next, as an imperative.
        path: the file or folder concerned; shown first so that editors can jump to it.
        line: 1-based line in `path`, where there is one.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        found: str,
        *,
        expected: str | None = None,
        remedy: str | None = None,
        path: str | Path | None = None,
        line: int | None = None,
    ) -> None:
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.path = None if path is None else str(path)
        self.line = line
        super().__init__(self._sentence())

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes raise these too; keyword-only arguments need their own pickling.
        state = {"expected": self.expected, "remedy": self.remedy, "path": self.path, "line": self.line}
        return (_rebuild, (type(self), self.found, state))

    def _sentence(self) -> str:
        place = None if self.path is None else _printable(self.path.replace("\n", "\\n"))
        where = "" if place is None else place + (f":{self.line}" if self.line else "") + ": "
        said = self.found
        for more in (self.expected and f"expected {self.expected}", self.remedy):
            if more is not None:
                # What ends with a table has its next words on a line of their own.
                said += more if said.endswith("\n") else f"; {more}"
        for too_long in (_LONG_WORD, _LONG_LINE):
            said = too_long.sub(r"\1…\2", said)
        return where + _printable(said)


def _printable(text: str) -> str:
    """Return text in which names taken from files can neither command a terminal nor break its encoding."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _rebuild(kind: type[UserError], found: str, state: dict[str, object]) -> UserError:
    return kind(found, **state)  # type: ignore[arg-type]


class CardError(UserError):
    """A card, recipe, protocol or other YAML file breaks its schema."""


class UnknownNameError(UserError):
    """A name that no registry, card or table knows."""


class LayoutError(UserError):
    """A folder matches none of a dataset's recognised layouts, or lacks a part of the one it matches."""


class InputFileError(UserError):
    """One input file is missing, damaged, of the wrong kind or hostile."""


class LabelError(UserError):
    """A label id or name that the card does not map."""


class DifferenceError(UserError):
    """What was read is not what the card says that the dataset holds."""


class ShardError(UserError):
    """Prepared data is damaged, incomplete or of another format version."""


class StoreError(UserError):
    """A store such as S3 that does not answer or refuses: nothing is known to be wrong with the data in it."""


class PredictionError(UserError):
    """A prediction file or folder that cannot be scored as it is."""


class RecordError(UserError):
    """A result record that is damaged or disagrees with what it claims."""


class RecipeError(UserError):
    """A training recipe that cannot be run with this model or data."""


class ConditionError(UserError):
    """A condition that is known but makes no sense for this data, these labels or this model."""


class WeightsError(UserError):
    """A checkpoint that does not fit the model, or that would run code."""


class MissingExtraError(UserError):
    """An optional dependency is needed and not installed."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return a remedy that names the closest options, or lists them when they are few."""
    known = sorted(set(options))
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    if not known:
        return "none are known"
    shown = ", ".join(known[:12])
    return f"known: {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")
