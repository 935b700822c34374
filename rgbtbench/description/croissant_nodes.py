"""The parts that a Croissant description is made of, as JSON-LD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def file_object(identifier: str, *, address: str, encoding: str, size: int, sha256: str) -> Json:
    """Return one file of `size` bytes; `address` is its URL, or its path from the description."""
    return {
        "@type": "cr:FileObject",
        "@id": identifier,
        "name": identifier,
        "contentUrl": address,
        "contentSize": f"{size} B",
        "encodingFormat": encoding,
        "sha256": sha256,
    }


def file_set(identifier: str, *, archives: Sequence[str], encodings: Sequence[str], includes: Sequence[str]) -> Json:
    """Return the files in some archives whose paths match a pattern."""
    return {
        "@type": "cr:FileSet",
        "@id": identifier,
        "name": identifier,
        "containedIn": [{"@id": archive} for archive in archives],
        "encodingFormat": list(encodings),
        "includes": list(includes),
    }


def record_set(identifier: str, fields: Sequence[Json], *, key: Sequence[str], about: str | None = None) -> Json:
    """Return a table; `key` holds the ids of the fields that tell its rows apart, if any do."""
    described: Json = {"@type": "cr:RecordSet", "@id": identifier, "name": identifier, "field": list(fields)}
    if about is not None:
        described["description"] = about
    if key:
        described["key"] = {"@id": key[0]} if len(key) == 1 else [{"@id": one} for one in key]
    return described


def field(identifier: str, types: Sequence[str], meaning: str, source: Json) -> Json:
    """Return a column; its name is the last part of its id."""
    return {
        "@type": "cr:Field",
        "@id": identifier,
        "name": identifier.rpartition("/")[2],
        "description": meaning,
        "dataType": types[0] if len(types) == 1 else list(types),
        "source": source,
    }


def enumeration(
    identifier: str, kind: str, about: str, types: Mapping[str, str], rows: Sequence[Mapping[str, object]]
) -> Json:
    """Return a table whose rows stand in the description; the first of `types` (column to data type) is its key."""
    fields = [
        {"@type": "cr:Field", "@id": f"{identifier}/{name}", "name": name, "dataType": data_type}
        for name, data_type in types.items()
    ]
    return {
        **record_set(identifier, fields, key=[f"{identifier}/{next(iter(types))}"], about=about),
        "dataType": kind,
        "data": [{f"{identifier}/{name}": row[name] for name in types} for row in rows],
    }
