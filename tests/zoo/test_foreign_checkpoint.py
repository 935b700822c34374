from __future__ import annotations

import argparse
import fractions
import os
import pickle
from collections import OrderedDict
from contextlib import suppress

import numpy as np
import pytest
import torch

from rgbtbench.errors import WeightsError
from rgbtbench.zoo.foreign_checkpoint import read_state_dict
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import convert

STATE = OrderedDict(weight=torch.arange(6.0).view(2, 3), bias=torch.ones(2, dtype=torch.float16))


class Runs:
    """Would make a folder when it is unpickled."""

    def __init__(self, how) -> None:
        self.how = how

    def __reduce__(self):
        return self.how


def written(folder, content, **options):
    path = folder / "source.pth"
    torch.save(content, path, **options)
    return path


def assert_is_state(found):
    assert list(found) == list(STATE)
    for key, tensor in STATE.items():
        assert torch.equal(found[key], tensor)
        assert found[key].dtype == tensor.dtype


@pytest.mark.parametrize("zipped", [True, False])
def test_a_plain_state_dict_is_read_from_new_files_and_old_ones(tmp_path, zipped):
    assert_is_state(read_state_dict(written(tmp_path, STATE, _use_new_zipfile_serialization=zipped)))


def test_a_checkpoint_of_mmengine_is_read_with_its_history_left_inert(tmp_path):
    buffer = pytest.importorskip("mmengine.logging").HistoryBuffer([0.5, 0.25], [1, 1])
    hub = {"log_scalars": OrderedDict({"train/loss": buffer}), "runtime_info": {"iter": np.int64(3)}}
    path = written(tmp_path, {"meta": {"epoch": 1}, "state_dict": STATE, "message_hub": hub})
    with pytest.raises(Exception, match="weights_only"):
        torch.load(path, weights_only=True)
    assert_is_state(read_state_dict(path))


def test_a_checkpoint_of_maes_training_code_is_read_with_its_options_left_inert(tmp_path):
    options = argparse.Namespace(lr=1e-3, output_dir="out", resume=None)
    path = written(tmp_path, {"model": STATE, "optimizer": {"state": {}}, "epoch": 3, "args": options})
    with pytest.raises(Exception, match="weights_only"):
        torch.load(path, weights_only=True)
    assert_is_state(read_state_dict(path))


@pytest.mark.parametrize(
    "how",
    [
        (os.mkdir, ("made",)),
        (eval, ("__import__('os').mkdir('made')",)),
        (getattr, ("text", "upper")),
        (np.savetxt, ("made", [1])),
        (fractions.Fraction, (1, 2)),
    ],
)
def test_whatever_else_a_file_would_call_is_not_called(tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, {"state_dict": STATE, "more": Runs(how)})
    with suppress(WeightsError):
        assert_is_state(read_state_dict(path))
    assert not (tmp_path / "made").exists()


@pytest.mark.filterwarnings("error")
def test_a_plain_pickle_of_a_later_protocol_is_refused_in_one_line(tmp_path):
    """PyTorch warns of its protocol before it fails."""
    (tmp_path / "source.pth").write_bytes(pickle.dumps(Runs((os.mkdir, ("made",))), protocol=4))
    with pytest.raises(WeightsError, match="loading it could run code"):
        read_state_dict(tmp_path / "source.pth")


def test_an_inert_object_is_no_tensor(tmp_path):
    path = written(tmp_path, {"state_dict": {**STATE, "scale": np.float64(1.5)}})
    with pytest.raises(WeightsError, match="no state dict"):
        read_state_dict(path)


def test_tables_of_places_are_dropped_and_said_to_be(tmp_path):
    classes = {0: "a", 1: "b"}
    model = build("mfnet", {}, task="semantic", classes=classes)
    table = "backbone.layers.0.attn.relative_position_index"
    path = written(tmp_path, {"state_dict": model.state_dict() | {table: torch.zeros(3, 3, dtype=torch.int64)}})
    info = convert(path, tmp_path / "out.safetensors", spec=model.spec)
    assert info.conversion.dropped == (table,)
