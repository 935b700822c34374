"""Croissant 1.1: a dataset's card, and prepared data, as JSON-LD that dataset searches and loaders read.

Follows the Croissant format specification 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) and
the RAI vocabulary 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html). docs/croissant-and-cards.md
says what mlcroissant reads of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlparse

from rgbtbench import __version__
from rgbtbench.cards.dataset import DatasetCard, Licence, Link
from rgbtbench.description import bibtex
from rgbtbench.description.croissant_enumerations import classes, expected_splits
from rgbtbench.description.croissant_nodes import Json
from rgbtbench.description.croissant_records import prepared_data
from rgbtbench.description.wording import USE_IN_WORDS, link_in_words, modalities_shown, modality_in_words
from rgbtbench.locations import is_remote

CONFORMS_TO: Final = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
#: The context that the specification recommends (its appendix 1).
CONTEXT: Final[Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "sdVersion": "cr:sdVersion",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
#: The specification asks for a checksum; that of a release on somebody's drive is not known, and says so.
_NO_CHECKSUM: Final = "not stated by the source"
_ENCODINGS: Final = {
    ".zip": "application/zip",
    ".tar": "application/x-tar",
    ".gz": "application/gzip",
    ".tgz": "application/gzip",
    ".7z": "application/x-7z-compressed",
}


def croissant(card: DatasetCard, *, data: Path | None = None, address: str = "") -> Json:
    """Describe a dataset.

    Args:
        card: its card.
        data: the same dataset as `prepare` left it; adds its shards and the fields of its samples.
        address: what leads from the description to `data`: a relative path, or the URL under which it is published;
            empty when the description lies in it.

    Returns:
        JSON-LD. What the card does not state is left out, but for checksums, see docs/croissant-and-cards.md.

    Raises:
        ShardError: as `described_manifest`, or `data` has no index.
    """
    described: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": card.name,
        "alternateName": card.title,
        "description": card.summary,
        "conformsTo": list(CONFORMS_TO),
        "license": _licence(card.licence),
        "url": _address(card),
        "citeAs": (card.citation.bibtex or card.citation.text).strip(),
        "keywords": [*card.tasks, *card.modalities],
        "sdVersion": __version__,
        "isAccessibleForFree": True if card.source.access in ("open", "generated") else None,
        "distribution": [_official(name, link) for name, link in _places(card).items()],
        **_publication(card),
        **_responsible(card),
    }
    if data is None:
        enumerations = [classes(name, facts) for name, facts in card.label_sets.items() if facts.classes]
        described["recordSet"] = [expected_splits(card), *enumerations]
    else:
        files, record_sets = prepared_data(card, data, address)
        described["distribution"] += files
        described["recordSet"] = record_sets
    return {key: value for key, value in described.items() if value not in (None, [], "")}


def address_between(description: Path | None, data: Path) -> str:
    """Return the relative path from a description's file to `data`; empty where it lies there, or is printed.

    Of data in a store it is the address.
    """
    if is_remote(data):
        return str(data)
    path = "." if description is None else os.path.relpath(data, description.parent)
    return "" if path == "." else Path(path).as_posix()


def _licence(licence: Licence) -> str | Json:
    if licence.spdx is not None:
        return f"https://spdx.org/licenses/{licence.spdx}.html"
    terms = {"@type": "sc:CreativeWork", "name": licence.name, "url": licence.url, "description": licence.note}
    return {key: value for key, value in terms.items() if value is not None}


def _address(card: DatasetCard) -> str | None:
    """Return the page of the dataset, or else the first official place."""
    official = [link.url for link in card.source.links.values() if link.official and link.url]
    return card.source.homepage or next(iter(official), None)


def _publication(card: DatasetCard) -> Json:
    if card.citation.bibtex is None:
        return {}
    year = bibtex.year(card.citation.bibtex)
    return {
        "creator": [{"@type": "sc:Person", "name": name} for name in bibtex.authors(card.citation.bibtex)],
        "datePublished": None if year is None else str(year),
    }


def _places(card: DatasetCard) -> dict[str, Link]:
    homepage = {"homepage": Link(url=card.source.homepage)} if card.source.homepage else {}
    return homepage | {name: link for name, link in card.source.links.items() if link.official and link.url}


def _official(name: str, link: Link) -> Json:
    path = Path(urlparse(str(link.url)).path)
    return {
        "@type": "cr:FileObject",
        # Ids are parts of addresses: mlcroissant refuses spaces.
        "@id": "official/" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
        "name": name,
        "description": f"Official source: {link_in_words(link)}",
        "contentUrl": link.url,
        "encodingFormat": _ENCODINGS.get(path.suffix.lower(), "text/html"),
        "sha256": _NO_CHECKSUM,
    }


def _responsible(card: DatasetCard) -> Json:
    """Return the facts of the card for which the RAI vocabulary has a word."""
    cameras = [f"{name}: {modality_in_words(facts)}" for name, facts in modalities_shown(card).items()]
    labels = [f"{name}: {facts.note}" for name, facts in card.label_sets.items() if facts.note]
    stored = [f"{name}: {facts.note}" for name, facts in card.modalities.items() if facts.note]
    together = [] if card.clusters == "image" else [f"Frames that belong together: {card.clusters}"]
    return {
        "rai:dataCollection": f"{card.summary} Cameras: " + "; ".join(cameras) + ".",
        "rai:dataPreprocessingProtocol": stored,
        "rai:dataAnnotationProtocol": " ".join(labels),
        "rai:dataLimitations": [*(f"Not verified: {what}" for what in card.unverified), *together],
        "rai:dataUseCases": [USE_IN_WORDS[use] for use in card.tasks],
    }
