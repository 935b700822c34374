from __future__ import annotations

import pickle
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from rgbtbench.bridges import mmcv_ops
from rgbtbench.errors import MissingExtraError, WeightsError
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, load_weights, save_weights
from rgbtbench.zoo.weights_info import file_sha256, read_info

THREE = {0: "a", 1: "b", 2: "c"}


@pytest.fixture
def spec():
    return resolve("mfnet", {}, task="semantic", classes=THREE)


@pytest.fixture
def model(spec):
    torch.manual_seed(0)
    return build_from(spec)


def test_weights_come_back_as_they_were_with_their_configuration(tmp_path, model):
    info = save_weights(model, tmp_path / "weights.safetensors")
    loaded = load_model(tmp_path)
    assert loaded.spec == model.spec
    assert not loaded.training
    assert all(torch.equal(tensor, loaded.state_dict()[key]) for key, tensor in model.state_dict().items())
    assert info.sha256 == file_sha256(tmp_path / "weights.safetensors")
    assert info.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_the_same_weights_give_the_same_bytes(tmp_path, model):
    first = save_weights(model, tmp_path / "a.safetensors")
    second = save_weights(model, tmp_path / "b.safetensors")
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("wrapping", [lambda state: state, lambda state: {"epoch": 3, "state_dict": state}])
def test_a_state_dict_without_batch_counters_is_completed_and_reported(tmp_path, model, spec, wrapping):
    state = {f"module.{key}": tensor for key, tensor in model.state_dict().items() if "num_batches" not in key}
    torch.save(wrapping(state), tmp_path / "source.pth")
    info = convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=spec)
    assert info.conversion.source_sha256 == file_sha256(tmp_path / "source.pth")
    assert set(info.conversion.completed) == {key for key in model.state_dict() if "num_batches" in key}
    assert torch.equal(load_file(tmp_path / "out.safetensors")["conv1_rgb.conv.weight"], model.conv1_rgb.conv.weight)


class Hostile:
    def __reduce__(self):
        return (open, ("executed", "w"))


def test_a_pickle_that_would_run_code_is_refused_and_never_run(tmp_path, spec, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": Hostile()}, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match=r"bad\.pth: .*could run code, so it was not loaded"):
        convert(tmp_path / "bad.pth", tmp_path / "out.safetensors", spec=spec)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pth"]


def test_a_bare_pickle_that_would_run_code_is_refused_too(tmp_path, spec, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pth").write_bytes(pickle.dumps(Hostile(), protocol=2))
    with pytest.raises(WeightsError):
        convert(tmp_path / "bad.pth", tmp_path / "out.safetensors", spec=spec)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"some text", b"PK\x03\x04 no archive", b"\x89PNG\r\n", b"\x80\x02text"])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, spec, content):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"x\.pth"):
        convert(tmp_path / "x.pth", tmp_path / "out.safetensors", spec=spec)


def test_missing_and_unexpected_keys_are_listed(tmp_path, model, spec):
    state = model.state_dict()
    state["conv9.weight"] = state.pop("decode1.conv.weight")
    torch.save(state, tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=r"missing decode1\.conv\.weight; unexpected conv9\.weight"):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=spec)
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_are_refused_with_their_names(tmp_path, model, spec, value):
    state = model.state_dict()
    first, *others = [key for key, tensor in state.items() if tensor.is_floating_point() and tensor.dim() == 4]
    state[first].view(-1)[7] = value
    torch.save(model.state_dict(), tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=rf"source\.pth: NaN or infinite values in 1 of \d+ tensors: {first};"):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=spec)
    for key in others[:4]:
        state[key].fill_(value)
    torch.save(model.state_dict(), tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=rf"in 5 of \d+ tensors: {first}, {others[0]}, {others[1]} and 2 more"):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=spec)
    assert [path.name for path in tmp_path.iterdir()] == ["source.pth"]


def test_weights_of_another_number_of_classes_say_of_which(tmp_path, model):
    torch.save(model.state_dict(), tmp_path / "source.pth")
    nine = resolve("mfnet", {}, task="semantic", classes={index: str(index) for index in range(9)})
    with pytest.raises(WeightsError, match=r"\(3, 32, 3, 3\) instead of \(9, 32, 3, 3\).*made for 3 classes"):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=nine)


def test_weights_of_another_method_say_which_method_they_fit(tmp_path, model):
    detector = build("two_stream_fcos", {}, task="detection", classes=THREE)
    torch.save(model.state_dict(), tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=r"missing .* and \d+ more.*its names are those of mfnet"):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=detector.spec)


def test_what_fits_is_found_without_the_packages_that_some_methods_need(tmp_path, model, monkeypatch):
    def absent():
        raise MissingExtraError("the bridge needs mmseg")

    monkeypatch.setattr(mmcv_ops, "require_mmsegmentation", absent)
    monkeypatch.delitem(sys.modules, "rgbtbench.bridges.mmseg_heads", raising=False)
    test_weights_of_another_method_say_which_method_they_fit(tmp_path, model)


def test_converted_weights_that_do_not_fit_say_what_they_were_made_for(tmp_path, model):
    save_weights(model, tmp_path / "weights.safetensors")
    single = build("mfnet", {"streams": ["rgb"]}, task="semantic", classes=THREE)
    with pytest.raises(WeightsError, match=r"does not fit mfnet \(rgb\).*it fits mfnet \(rgb\+inf\) with 3 classes"):
        load_weights(tmp_path, single)


def test_a_cut_safetensors_file_is_named(tmp_path, model):
    save_weights(model, tmp_path / "weights.safetensors")
    content = (tmp_path / "weights.safetensors").read_bytes()
    (tmp_path / "weights.safetensors").write_bytes(content[:-7])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(tmp_path, model)


def test_changed_weights_are_noticed(tmp_path, model):
    save_weights(model, tmp_path / "weights.safetensors")
    state = load_file(tmp_path / "weights.safetensors")
    state["decode1.conv.bias"] += 1
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match=r"sha256 .* instead of"):
        load_model(tmp_path)


def test_a_folder_without_weights_and_a_pickle_file_are_refused_with_a_remedy(tmp_path):
    with pytest.raises(WeightsError, match=r"holds no weights\.safetensors"):
        read_info(tmp_path)
    (tmp_path / "x.pth").write_bytes(b"")
    with pytest.raises(WeightsError, match="rgbtbench weights convert"):
        load_model(tmp_path / "x.pth")
