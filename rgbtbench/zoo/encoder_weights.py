"""Pre-trained weights of an encoder: converted once, and put into the models that start from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.foreign_checkpoint import read_state_dict, require_finite
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import PretrainingModel
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.weights import (
    RECOMPUTED,
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
    WeightsInfo,
    file_sha256,
    read_initial_info,
    require_sha256,
    weights_path,
)


def convert_encoder(source: Path, out: Path, *, name: str) -> EncoderInfo:
    """Turn an encoder's published checkpoint into safetensors, strictly; its classifier is dropped.

    Args:
        source: a file that `torch.save` wrote, with the names of the encoder's authors or of code that is known to hold
            the same network.
        out: the safetensors file to write; its description is written beside it.
        name: of the encoder, such as `mit_b2`.

    Raises:
        UnknownNameError: no such encoder.
        WeightsError: the file cannot be read safely, does not fit, or holds values that are NaN or infinite. Nothing is
            written then.
        UserError: `out` is a folder, or its folder cannot be written to.
    """
    require_safetensors(out)
    kind = encoder(name)
    found = read_state_dict(source)
    dropped = tuple(key for key in found if key.startswith(kind.unused) or key.endswith(RECOMPUTED))
    names = kind.found_names(found)
    others = {key: tensor for key, tensor in found.items() if key not in dropped and key not in names.values()}
    state = {key: found[theirs] for key, theirs in names.items()} | others
    wanted = kind.state()
    completed = missing_counters(state, wanted)
    state |= completed
    require_shapes(state, wanted, path=source, purpose=name)
    require_finite(state, path=source)
    write_tensors(state, out)
    info = EncoderInfo(
        encoder=name,
        sha256=file_sha256(out),
        parameters=sum(tensor.numel() for tensor in state.values()),
        conversion=Conversion(
            source=source.name,
            source_sha256=file_sha256(source),
            renamed={key: theirs for key, theirs in names.items() if key != theirs},
            completed=tuple(completed),
            dropped=dropped,
        ),
    )
    write_description(info, out)
    return info


def load_initial_weights(path: Path, model: Model) -> None:
    """Put weights into a model that is to be trained: those of a whole model, strictly, or those of an encoder.

    Of a network that was pre-trained on pairs, a model for a task takes the encoder.

    Args:
        path: a safetensors file with its description, or a run folder.
        model: with random weights.

    Raises:
        WeightsError: the file is damaged or does not fit.
        RecipeError: the model starts from no such encoder.
    """
    info, file = read_initial_info(path), weights_path(path)
    if isinstance(info, WeightsInfo) and (info.model.task != "pretraining" or model.spec.task == "pretraining"):
        load_weights(path, model)
        return
    require_sha256(file, info.sha256)
    name, state = _published(info, file) if isinstance(info, EncoderInfo) else _pretrained(info, file)
    model.load_state_dict(_fitting(model.encoder_state(name, state), model), strict=False)


def initial_weights_in_words(path: Path) -> str:
    """Return what a record says of the weights that a training started from.

    Raises:
        WeightsError: they or their description are missing or damaged.
    """
    info = read_initial_info(path)
    what = ""
    if isinstance(info, EncoderInfo):
        what = f"{info.encoder} encoder, "
    elif info.model.task == "pretraining":
        seen = "" if info.training is None else f" pre-trained on {' and '.join(info.training.data)}"
        what = f"{info.model.method}{seen}, "
    return f"{what}{path.name} (sha256 {info.sha256})"


def data_seen_by(path: Path) -> tuple[str, ...]:
    """Return the data that initial weights were trained and pre-trained on here; of others' weights nothing is known.

    Raises:
        WeightsError: their description is missing or damaged.
    """
    info = read_initial_info(path)
    if isinstance(info, EncoderInfo) or info.training is None:
        return ()
    return tuple(dict.fromkeys((*info.training.pretraining, *info.training.data)))


def _published(info: EncoderInfo, file: Path) -> tuple[str, dict[str, Tensor]]:
    """Return a converted encoder: its name and its tensors."""
    state = read_tensors(file)
    require_shapes(state, encoder(info.encoder).state(), path=file, purpose=info.encoder)
    return info.encoder, state


def _pretrained(info: WeightsInfo, file: Path) -> tuple[str, dict[str, Tensor]]:
    """Return the encoder of a pre-trained network: its name and its tensors."""
    with torch.device("meta"):
        network = cast("PretrainingModel", build_from(info.model))
    state = read_tensors(file)
    require_shapes(state, network.state_dict(), path=file, purpose=info.model.method)
    return network.pretrained_encoder(state)


def _fitting(chosen: Mapping[str, Tensor], model: Model) -> Mapping[str, Tensor]:
    """Return `chosen`; a model that asks for what it has no layer for is a defect of the model."""
    own = model.state_dict()
    unfit = [key for key, tensor in chosen.items() if key not in own or own[key].shape != tensor.shape]
    if unfit or not chosen:
        raise ValueError(f"{model.spec.method}.encoder_state gives {unfit or 'nothing'}")
    return chosen
