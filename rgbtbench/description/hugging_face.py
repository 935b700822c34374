"""The YAML block at the head of a Hugging Face dataset card: what the hub and `datasets` read of it.

Follows https://github.com/huggingface/hub-docs/blob/main/datasetcard.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from rgbtbench.cards.dataset import DatasetCard, Licence
from rgbtbench.cards.schema import Use
from rgbtbench.description.wording import expected_pairs
from rgbtbench.errors import ShardError
from rgbtbench.shards.features import FEATURES
from rgbtbench.shards.manifest import Manifest
from rgbtbench.stored_files import file_bytes

Json = dict[str, Any]

#: The hub's tasks (https://huggingface.co/tasks).
TASKS: Final[dict[Use, str]] = {
    "semantic": "image-segmentation",
    "detection": "object-detection",
    "saliency": "image-segmentation",
    "language": "image-text-to-text",
    "pretraining": "image-feature-extraction",
}
#: Licences of the hub that data is published under (https://huggingface.co/docs/hub/repositories-licenses).
LICENCES: Final = frozenset(
    {
        "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0",
        "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0",
        "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
        "agpl-3.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "mpl-2.0", "odc-by", "odbl", "pddl", "unlicense",
    }
)  # fmt: skip
_SPDX_ENDINGS: Final = ("-only", "-or-later")
_SPDX_NAMES: Final = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}


def front_matter(card: DatasetCard, manifest: Manifest | None, data: Path | None) -> Json:
    """Return the block's content.

    Args:
        card: the dataset's card.
        manifest: of the prepared data that lies beside the card, if any.
        data: folder of that data.

    Raises:
        ShardError: the data has no `features.json`.
    """
    pairs = expected_pairs(card) if manifest is None else sum(facts.samples for facts in manifest.splits.values())
    block: Json = {
        "pretty_name": card.title,
        **licence_block(card.licence),
        "task_categories": list(dict.fromkeys(TASKS[use] for use in card.tasks)),
        "size_categories": None if pairs is None else [size_category(pairs)],
        "tags": list(card.modalities),
    }
    if manifest is not None and data is not None:
        block["configs"] = [{"config_name": "default", "data_files": _data_files(manifest)}]
        block["dataset_info"] = {
            "features": _yaml_features(_features(data)),
            "splits": [
                {"name": _split(name), "num_examples": facts.samples} for name, facts in manifest.splits.items()
            ],
        }
    return {key: value for key, value in block.items() if value is not None}


def licence_block(licence: Licence) -> Json:
    """Return the hub's id of a licence; one that it does not know is `other`, with name and address."""
    known = _hub_id(licence.spdx) if licence.spdx else None
    if known is not None:
        return {"license": known}
    if licence.spdx is None and licence.url is None and licence.commercial_use == "unknown":
        return {"license": "unknown"}
    name = re.sub(r"[^a-z0-9.]+", "-", (licence.spdx or licence.name).lower()).strip("-")
    return {"license": "other", "license_name": name, **({"license_link": licence.url} if licence.url else {})}


def size_category(pairs: int) -> str:
    """Return the hub's word for a number of samples: `1K<n<10K`."""
    marks = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    place = next((place for place in range(len(marks)) if pairs < 1000 * 10**place), None)
    if place == 0:
        return "n<1K"
    return "n>1B" if place is None else f"{marks[place - 1]}<n<{marks[place]}"


def _hub_id(spdx: str) -> str | None:
    name = spdx.lower()
    for ending in _SPDX_ENDINGS:
        name = name.removesuffix(ending)
    name = _SPDX_NAMES.get(name, name)
    return name if name in LICENCES else None


def _data_files(manifest: Manifest) -> list[Json]:
    # `train-*` would take the shards of a split `train-day` as well.
    return [{"split": _split(name), "path": f"shards/{name}-{'[0-9]' * 6}.tar"} for name in manifest.splits]


def _split(name: str) -> str:
    """Return a split's name as `datasets` allows it: without hyphens."""
    return name.replace("-", "_")


def _features(data: Path) -> Json:
    try:
        features = json.loads(file_bytes(data / FEATURES))
    except (OSError, ValueError) as error:
        raise ShardError(f"has no {FEATURES}", path=data, remedy="run `rgbtbench prepare` again") from error
    return dict(features)


def _yaml_features(features: Json) -> list[Json]:
    """Return features as `datasets` writes them in a card: a list of names with their types."""
    return [{"name": name, **_yaml_type(feature)} for name, feature in features.items()]


def _yaml_type(feature: Any) -> Json:
    if isinstance(feature, list):
        inner = _yaml_type(feature[0])
        return {"list": inner["dtype"] if list(inner) == ["dtype"] else inner.get("struct", inner)}
    if feature.get("_type") == "Value":
        return {"dtype": feature["dtype"]}
    if "_type" in feature:
        return {"dtype": feature["_type"].lower()}
    return {"struct": _yaml_features(feature)}
