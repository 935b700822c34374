"""A model as an ONNX file for images of any size, checked against torch before it is written."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.export import Dim

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import MissingExtraError, RecipeError, UserError
from rgbtbench.outputs import require_file
from rgbtbench.zoo.graph import Graph, Plain
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.output_differences import largest_difference

#: Largest difference between torch and onnxruntime, relative to the largest value of an output.
TOLERANCE: Final = 1e-3
_OPSET: Final = 20
#: Samples, height and width that the graph is checked with; it is traced with the first.
_CHECKED: Final = ((2, 96, 160), (1, 75, 130))


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What was written.

    Attributes:
        inputs: name to channels; float32 (batch, channels, height, width) in [0, 1].
        outputs: their names.
        sizes: samples, height and width that the file was checked with.
        difference: largest one from torch; see `rgbtbench.zoo.output_differences`.
    """

    inputs: dict[str, int]
    outputs: tuple[str, ...]
    sizes: tuple[tuple[int, int, int], ...]
    difference: float


def write_onnx(model: Model, out: Path) -> OnnxFacts:
    """Write a model as an ONNX file, normalisation and padding included.

    Classes, inputs and their modalities stand in the file's metadata as JSON under `rgbtbench`.

    Args:
        model: on the CPU; in evaluation mode afterwards.
        out: the file, `*.onnx`.

    Raises:
        RecipeError: the method cannot be written so, and why; or onnxruntime computes something else.
        MissingExtraError: onnx, onnxscript or onnxruntime is not installed.
        UserError: `out` cannot be written.
    """
    if out.suffix != ".onnx":
        raise UserError(f"cannot write {out.name}", expected="a name that ends in .onnx")
    require_file(out)
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  # torch's exporter needs it, and says so with a traceback
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"writing ONNX needs {error.name}, which is not installed", remedy="pip install 'rgbtbench[export]'"
        ) from error
    model.eval()
    plain = model.plain()
    with torch.inference_mode():
        # What the method cannot do is said by itself, and not by the exporter.
        Graph(model, plain)(*_images(plain, _sizes(plain)[-1]))
    content = _exported(Graph(model, plain), plain, method=model.spec.method, metadata=_metadata(model, plain))
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    difference = max(_difference(Graph(model, plain), session, plain, size) for size in _sizes(plain))
    if not difference <= TOLERANCE:
        raise RecipeError(
            f"onnxruntime computes something else than torch for {model.spec.method}: differences up to "
            f"{difference:.2g} of the largest value",
            expected=f"at most {TOLERANCE:g}; nothing was written",
        )
    with atomic_file(out) as file:
        file.write(content)
    return OnnxFacts(dict(plain.channels), plain.names, _sizes(plain), difference)


def _sizes(plain: Plain) -> tuple[tuple[int, int, int], ...]:
    fixed = plain.rules.size or plain.rules.fit
    return _CHECKED if fixed is None else ((2, *fixed), (1, *fixed))


def _images(plain: Plain, size: tuple[int, int, int]) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    count, height, width = size
    return tuple(
        torch.rand((count, channels, height, width), generator=generator) for channels in plain.channels.values()
    )


def _exported(graph: Graph, plain: Plain, *, method: str, metadata: str) -> bytes:
    sides: dict[int, Any] = (
        {} if plain.rules.size or plain.rules.fit else {2: Dim("height", min=2), 3: Dim("width", min=2)}
    )
    shapes = tuple({0: Dim("batch"), **sides} for _ in plain.channels)
    # onnxscript, which comes with an extra, is imported by this.
    from rgbtbench.zoo.onnx_operators import TRANSLATIONS

    try:
        with warnings.catch_warnings(), torch.inference_mode(), _silent("torch.onnx", "onnxscript"):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                graph,
                _images(plain, _sizes(plain)[0]),
                dynamo=True,
                opset_version=_OPSET,
                input_names=list(plain.channels),
                output_names=list(plain.names),
                dynamic_shapes=(shapes,),
                custom_translation_table=dict(TRANSLATIONS),
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise RecipeError(f"{method} cannot be written as ONNX: {reason[:300]}") from error
    if program is None:
        raise RecipeError(f"{method} cannot be written as ONNX: torch gave no program")
    proto = program.model_proto
    entry = proto.metadata_props.add()
    entry.key, entry.value = "rgbtbench", metadata
    return bytes(proto.SerializeToString())


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Let loggers of the exporter tell errors alone inside the block."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _metadata(model: Model, plain: Plain) -> str:
    spec = model.spec
    facts = {
        "method": spec.method,
        "task": spec.task,
        "classes": [spec.classes[identifier] for identifier in spec.class_ids],
        "class_ids": list(spec.class_ids),
        "inputs": {slot: spec.inputs[slot] for slot in plain.channels},
    }
    return json.dumps(facts)


def _difference(graph: Graph, session: Any, plain: Plain, size: tuple[int, int, int]) -> float:
    images = _images(plain, size)
    arrays = dict(zip(plain.channels, (image.numpy() for image in images), strict=True))
    try:
        found = session.run(list(plain.names), arrays)
    except Exception as error:
        # onnxruntime has an exception of its own for each of its error codes.
        count, height, width = size
        raise RecipeError(
            f"the graph cannot be run with {count} images of {height}x{width}: {' '.join(str(error).split())[:300]}",
            expected="one that takes any number of images of any size; nothing was written",
        ) from error
    with torch.inference_mode():
        wanted = graph(*images)
    return largest_difference([torch.from_numpy(array) for array in found], wanted, ranked=plain.ranked)
