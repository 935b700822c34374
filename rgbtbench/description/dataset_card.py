"""Dataset cards in the style of Hugging Face: what the hub reads at the head, then Markdown for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rgbtbench.cards import catalog
from rgbtbench.cards.contamination import Contamination, EvaluatedSet, contaminations, in_words
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.description import wording
from rgbtbench.description.count_rows import count_rows
from rgbtbench.description.described_data import described_manifest
from rgbtbench.description.hugging_face import front_matter
from rgbtbench.description.statistics import statistics
from rgbtbench.progress import Progress, Silent

_SILENT = Silent()
_WIDTH: Final = 110


def dataset_card_text(
    card: DatasetCard, layouts: tuple[Layout, ...] = (), *, data: Path | None = None, progress: Progress = _SILENT
) -> str:
    """Return a dataset's card as Markdown with a YAML block at its head.

    Args:
        card: the facts.
        layouts: those that `prepare` recognises.
        data: the same dataset as `prepare` left it; adds where its shards are and what they hold, counted.
        progress: is told of samples that are counted.

    Raises:
        ShardError: as `described_manifest`, or `data` is damaged.
    """
    manifest = None if data is None else described_manifest(card, data)
    head = yaml.safe_dump(front_matter(card, manifest, data), sort_keys=False, allow_unicode=True, width=_WIDTH)
    environment = Environment(
        loader=PackageLoader("rgbtbench.description"),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    body = environment.get_template("dataset_card.md.j2").render(
        card=card,
        layouts=layouts,
        words=wording,
        code=_code,
        count_rows=count_rows,
        protocols=[catalog.protocol(name) for name in catalog.protocol_ids(card.name)],
        held=[in_words(entry, one) for entry, one in _known() if one.dataset == card.name],
        holds=[in_words(entry, one) for entry, one in _known() if entry.training.dataset == card.name],
        counted=None if data is None else statistics(data, progress=progress),
    )
    return f"---\n{head}---\n\n" + re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _known() -> list[tuple[Contamination, EvaluatedSet]]:
    return [(entry, one) for entry in contaminations().known for one in entry.evaluated]


def _plain(value: Any) -> Any:
    """Return text that Markdown shows as it is: on one line, without markup, safe in a table's cell."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    text = " ".join((f"{value:,}" if isinstance(value, int) else str(value)).split())
    # Between backticks Markdown shows everything as it is; elsewhere it knows the entities of HTML.
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [part.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|") for part in parts[::2]]
    return Markup("".join(parts))  # noqa: S704


def _code(text: str, language: str = "") -> Markup:
    """Return a block of code, fenced by more backticks than stand in it in a row."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}{language}\n{text.strip()}\n{fence}")  # noqa: S704
