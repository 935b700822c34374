"""Reading a YAML file into a schema, with errors that name file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rgbtbench.errors import CardError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]

MAX_BYTES = 1_000_000


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without aliases (expansion attacks) and without repeated keys (silent loss)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"repeated key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> tuple[Any, dict[Location, int]]:
    """Parse a YAML file safely.

    Returns:
        The data, and the 1-based line of every key and item by its path of keys and indices.

    Raises:
        CardError: the file is missing, too large, not UTF-8 or not YAML.
    """
    if not path.is_file():
        raise CardError("no such file", path=path, remedy="check the path")
    if path.stat().st_size > MAX_BYTES:
        raise CardError(f"larger than {MAX_BYTES} bytes", path=path, remedy="split it or check that it is YAML")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CardError("not UTF-8 text", path=path, remedy="save it as UTF-8") from error
    try:
        loader = _StrictLoader(text)
    except yaml.YAMLError as error:
        raise CardError("not YAML: it holds control characters", path=path, remedy="remove them") from error
    try:
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise CardError(
            error.problem or "not YAML",
            path=path,
            line=mark.line + 1 if mark else None,
            remedy="correct the line or the one before it",
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: a date or number that is none
        raise CardError(f"not YAML: {type(error).__name__}", path=path, remedy="write the file again") from error
    finally:
        loader.dispose()
    lines: dict[Location, int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return data, lines


def _note_lines(node: yaml.Node, at: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*at, key.value)
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*at, index), lines)


def load_card(path: Path, schema: type[Model]) -> Model:
    """Read `path` and validate it as `schema`.

    Raises:
        CardError: naming the file, the line, the field, what is wrong and the closest valid name.
    """
    data, lines = read_yaml(path)
    return validate(data, schema, path=path, lines=lines)


def validate(data: Any, schema: type[Model], *, path: Path | None, lines: dict[Location, int]) -> Model:
    """Validate parsed data as `schema`; the first error is raised in words, with its line."""
    if not isinstance(data, dict):
        raise CardError(
            f"holds {type(data).__name__}, not a mapping of {schema.__name__} fields",
            path=path,
            remedy=f"write fields such as {', '.join(list(schema.model_fields)[:3])}",
        )
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = tuple(str(part) if not isinstance(part, int) else part for part in first["loc"])
        field = ".".join(_keys_of(location, data, is_missing=first["type"] == "missing"))
        more = error.error_count() - 1
        found = f"{field}: {_in_words(first, schema)}" if field else _in_words(first, schema)
        if more:
            found += f" (and {more} more)"
        raise CardError(found, path=path, line=closest_line(location, lines)) from error


def closest_line(location: Location, lines: dict[Location, int]) -> int | None:
    """Return the line of the deepest part of a location that the file has, as `read_yaml` noted it."""
    # Union tags, see `_keys_of`, are no keys of the file and are skipped.
    known: Location = ()
    for part in location:
        if (*known, part) in lines:
            known = (*known, part)
        elif (*known, str(part)) in lines:
            known = (*known, str(part))
    return lines.get(known)


def _keys_of(location: Location, data: Any, *, is_missing: bool) -> list[str]:
    """Return a location without the tags that pydantic adds for unions, which are no keys of the file."""
    kept = []
    for place, part in enumerate(location):
        key = next((key for key in (part, str(part)) if isinstance(data, dict) and key in data), None)
        if key is not None:
            data = data[key]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not (is_missing and place == len(location) - 1):
            continue
        kept.append(str(part))
    return kept


def _in_words(error: Any, schema: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return f"unknown key; {did_you_mean(str(error['loc'][-1]), _field_names(schema))}"
    if error["type"] == "missing":
        return "this key is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:] + ("" if error["type"] == "value_error" else f"; found {error['input']!r}")


def _field_names(schema: type[BaseModel]) -> set[str]:
    """All field names of a schema and of the schemas inside it: enough to suggest a spelling."""
    names: set[str] = set()
    pending: list[Any] = [schema]
    seen: set[Any] = set()
    while pending:
        kind = pending.pop()
        if kind in seen:
            continue
        seen.add(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= set(kind.model_fields)
            pending += [field.annotation for field in kind.model_fields.values()]
        else:
            pending += list(getattr(kind, "__args__", ()))
    return names
