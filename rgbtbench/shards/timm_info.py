"""`_info.json`: the splits, shards and counts for timm's webdataset reader. Specification: docs/formats/shards.md."""

from __future__ import annotations

from typing import Any, Final

from rgbtbench.shards.manifest import Manifest

TIMM_INFO: Final = "_info.json"

#: Field of a record that timm hands out as the target unless its `target_key` names another. Without one it looks for
#: a member `cls`, and drops every sample that has none.
DEFAULT_TARGET: Final = "image_id"


def timm_info(manifest: Manifest) -> dict[str, Any]:
    """Return the description of all splits, with paths relative to the folder of the manifest."""
    return {
        "splits": {
            name: {
                "name": name,
                "num_samples": split.samples,
                "filenames": [shard.file for shard in split.shards],
                "shard_lengths": [shard.samples for shard in split.shards],
                "alt_label": DEFAULT_TARGET,
            }
            for name, split in manifest.splits.items()
        }
    }
