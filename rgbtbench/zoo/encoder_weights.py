"""Pre-trained weights of an encoder: converted once, and put into the models that start from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.foreign_checkpoint import read_state_dict
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.weights import (
    load_weights,
    missing_counters,
    read_tensors,
    require_safetensors,
    require_shapes,
    write_description,
    write_tensors,
)
from rgbtbench.zoo.weights_info import (
    Conversion,
    EncoderInfo,
    file_sha256,
    read_initial_info,
    require_sha256,
    weights_path,
)


def convert_encoder(source: Path, out: Path, *, name: str) -> EncoderInfo:
    """Turn an encoder's published checkpoint into safetensors, strictly; its classifier is dropped.

    Args:
        source: a file that `torch.save` wrote.
        out: the safetensors file to write; its description is written beside it.
        name: of the encoder, such as `mit_b2`.

    Raises:
        UnknownNameError: no such encoder.
        WeightsError: the file cannot be read safely, or does not fit. Nothing is written then.
        UserError: `out` is a folder, or its folder cannot be written to.
    """
    require_safetensors(out)
    kind = encoder(name)
    found = read_state_dict(source)
    dropped = tuple(key for key in found if key.startswith(kind.unused))
    state = {key: tensor for key, tensor in found.items() if key not in dropped}
    wanted = kind.state()
    completed = missing_counters(state, wanted)
    state |= completed
    require_shapes(state, wanted, path=source, purpose=name)
    write_tensors(state, out)
    info = EncoderInfo(
        encoder=name,
        sha256=file_sha256(out),
        parameters=sum(tensor.numel() for tensor in state.values()),
        conversion=Conversion(
            source=source.name, source_sha256=file_sha256(source), completed=tuple(completed), dropped=dropped
        ),
    )
    write_description(info, out)
    return info


def load_initial_weights(path: Path, model: Model) -> None:
    """Put weights into a model that is to be trained: those of a whole model, strictly, or those of an encoder.

    Args:
        path: a safetensors file with its description, or a run folder.
        model: with random weights.

    Raises:
        WeightsError: the file is damaged or does not fit.
        RecipeError: the model starts from no such encoder.
    """
    info = read_initial_info(path)
    if not isinstance(info, EncoderInfo):
        load_weights(path, model)
        return
    file = weights_path(path)
    require_sha256(file, info.sha256)
    state = read_tensors(file)
    require_shapes(state, encoder(info.encoder).state(), path=file, purpose=info.encoder)
    model.load_state_dict(_fitting(model.encoder_state(info.encoder, state), model), strict=False)


def initial_weights_in_words(path: Path) -> str:
    """Return what a record says of the weights that a training started from.

    Raises:
        WeightsError: they or their description are missing or damaged.
    """
    info = read_initial_info(path)
    what = f"{info.encoder} encoder, " if isinstance(info, EncoderInfo) else ""
    return f"{what}{path.name} (sha256 {info.sha256})"


def _fitting(chosen: Mapping[str, Tensor], model: Model) -> Mapping[str, Tensor]:
    """Return `chosen`; a model that asks for what it has no layer for is a defect of the model."""
    own = model.state_dict()
    unfit = [key for key, tensor in chosen.items() if key not in own or own[key].shape != tensor.shape]
    if unfit or not chosen:
        raise ValueError(f"{model.spec.method}.encoder_state gives {unfit or 'nothing'}")
    return chosen
