"""What all card schemas share: the strict base model and the closed vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

#: Name of a dataset, method, recipe, split, attribute or label set.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
#: One split, or several that are scored as one set: `location+aerial_counting`.
Splits = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*(\+[a-z0-9][a-z0-9_-]*)*$", max_length=200)]
#: Name of a protocol inside its card: `reasonable-all@improved+mlpd`.
ProtocolName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.@+-]*$", max_length=96)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500)]
Task = Literal["semantic", "detection", "saliency", "language"]
#: What a dataset or a model is made for: a task, or to learn from pairs without labels.
Use = Literal[Task, "pretraining"]
#: Uses whose networks have no classes.
WITHOUT_CLASSES: Final[frozenset[Use]] = frozenset({"saliency", "pretraining"})
LabelKind = Literal["semantic", "boxes", "saliency", "text"]
#: What a camera or sensor records; the order fixes the random streams of augmentations, so new kinds come last.
MODALITY_KINDS: Final = (
    "rgb", "nir", "swir", "lwir", "depth", "event", "aolp", "dolp", "lidar", "lightfield", "hha", "polarisation",
)  # fmt: skip
#: A kind, and behind it which of several views or forms: `lwir_raw` (16 bits beside 8), `lightfield_1_5`.
Modality = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(MODALITY_KINDS)})(_[a-z0-9]+)*$", max_length=32)]
#: Which camera's pixels a label set follows.
Frame = Literal["rgb", "x", "both"]
#: A stored fact about a sample: time of day, weather, visibility.
AttributeValue = str | bool | int | float | None


#: Kind of label set that a task learns from and is scored on; pre-training has none.
LABEL_KIND: Final[Mapping[Use, LabelKind]] = MappingProxyType(
    {"semantic": "semantic", "detection": "boxes", "saliency": "saliency", "language": "text"}
)


class Strict(BaseModel):
    """Base of every schema: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
