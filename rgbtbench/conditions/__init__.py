"""What is done to the input of a model before it sees it, by an id that says everything: `missing:lwir/zero_norm`.

Labels are never touched. A condition's id goes into the record of a result; see docs/conditions.md. How a model is
wired (the same modality twice, one modality alone) is no condition but the model's own matter.
"""

from rgbtbench.conditions.condition import NONE, Condition, parse_condition
from rgbtbench.conditions.steps import (
    Corrupt,
    Fill,
    Misregistration,
    Missing,
    Noisy,
    OfInput,
    Parallax,
    Scale,
    Shift,
    Step,
)

__all__ = [
    "NONE",
    "Condition",
    "Corrupt",
    "Fill",
    "Misregistration",
    "Missing",
    "Noisy",
    "OfInput",
    "Parallax",
    "Scale",
    "Shift",
    "Step",
    "parse_condition",
]
