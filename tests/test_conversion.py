"""Foreign checkpoints are converted for a dataset's classes; what cannot fit is said in one line."""

import pytest
import torch
import yaml

from rgbtbench.conversion import convert_for_dataset
from rgbtbench.errors import RecipeError, UnknownNameError, WeightsError
from rgbtbench.zoo.registry import build


def convert(source, out, **changes):
    choices = {"method": "mfnet", "dataset": "mfnet", "label_set": None, "config_yaml": "{}"} | changes
    return convert_for_dataset(source, out, **choices)


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    model = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(9)})
    torch.save(model.state_dict(), tmp_path / "foreign.pth")
    return tmp_path / "foreign.pth"


def test_outputs_take_the_names_of_the_datasets_classes(checkpoint, tmp_path):
    info = convert(checkpoint, tmp_path / "mfnet.safetensors")
    assert info.model.classes[2] == "person"
    assert info.parameters == 736_275  # as counted in the authors' checkpoint
    assert (tmp_path / "mfnet.safetensors").is_file()


def test_a_configuration_travels_with_the_weights(tmp_path):
    classes = {number: str(number) for number in range(9)}
    model = build("mfnet", {"streams": ["rgb"]}, task="semantic", classes=classes)
    torch.save(model.state_dict(), tmp_path / "rgb.pth")
    info = convert(tmp_path / "rgb.pth", tmp_path / "rgb.safetensors", config_yaml="{streams: [rgb]}")
    assert info.model.config["streams"] == ["rgb"]


def test_a_network_may_lack_some_of_the_datasets_classes(tmp_path):
    """As networks of the DeLiVER family lack FMB's `unlabeled`: 14 outputs for 15 ids."""
    torch.manual_seed(0)
    model = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(14)})
    torch.save(model.state_dict(), tmp_path / "fourteen.pth")
    with pytest.raises(WeightsError, match="made for 14 classes"):
        convert(tmp_path / "fourteen.pth", tmp_path / "x.safetensors", dataset="fmb")
    info = convert(tmp_path / "fourteen.pth", tmp_path / "out.safetensors", dataset="fmb", without=["unlabeled"])
    assert info.model.class_ids == tuple(range(1, 15))
    assert info.model.classes[9] == "car"


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"dataset": "mfnett"}, UnknownNameError, "did you mean mfnet"),
        ({"method": "mfnat"}, UnknownNameError, "did you mean mfnet"),
        ({"label_set": "semantics"}, RecipeError, "did you mean semantic"),
        ({"without": ["unlabelled"]}, RecipeError, "without: no class 'unlabelled'; did you mean unlabeled"),
        ({"config_yaml": "[rgb]"}, RecipeError, "no mapping"),
        ({"config_yaml": "{"}, RecipeError, "not YAML"),
        ({"method": "two_stream_fcos"}, RecipeError, "no labels for that"),
        ({"dataset": "synthetic"}, WeightsError, "made for 9 classes"),
    ],
)
def test_what_cannot_fit_is_said_in_one_line_and_nothing_is_written(checkpoint, tmp_path, changes, error, words):
    with pytest.raises(error, match=words):
        convert(checkpoint, tmp_path / "out.safetensors", **changes)
    assert not (tmp_path / "out.safetensors").exists()


def test_a_pre_trained_network_needs_no_dataset_and_others_do(checkpoint, tmp_path):
    config = "{encoder: {width: 32, depth: 1, heads: 2}, decoder: {width: 16, depth: 1, heads: 2}}"
    torch.manual_seed(0)
    model = build("m_specgene", yaml.safe_load(config), task="pretraining", classes={})
    torch.save(model.state_dict(), tmp_path / "pretrained.pth")
    out = tmp_path / "pretrained.safetensors"
    info = convert(tmp_path / "pretrained.pth", out, method="m_specgene", dataset=None, config_yaml=config)
    assert (info.model.task, info.model.classes) == ("pretraining", {})
    with pytest.raises(RecipeError, match="mfnet has classes, and no dataset is named"):
        convert(checkpoint, tmp_path / "x.safetensors", dataset=None)
