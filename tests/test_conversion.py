"""Foreign checkpoints are converted for a dataset's classes; what cannot fit is said in one line."""

from importlib import import_module

import pytest
import torch
import yaml

from rgbtbench.cards import dataset_card
from rgbtbench.conversion import convert_for_dataset
from rgbtbench.errors import RecipeError, UnknownNameError, WeightsError
from rgbtbench.zoo.load import load_model
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


AUTHORS = [
    ("stitchfusion", "{backbone: b0}", {"alias_order": True}),
    ("cmnext", "{backbone: b0, extra: 3}", {"scrambled_hub": True}),
    ("cmnext", "{backbone: b0}", {}),
    ("cmx", "{backbone: b0}", {"bgr_input": True}),
    ("cmx", "{backbone: b0, variant: deliver}", {}),
    ("cmx", "{backbone: b0, preprocess: {channel_order: {rgb: [2, 1, 0]}}}", {}),
]


@pytest.mark.parametrize(("method", "config", "options"), AUTHORS)
def test_what_weights_of_the_authors_code_depend_on_is_set_and_reported(method, config, options, tmp_path):
    source = foreign(method, yaml.safe_load(config), tmp_path)
    info = convert(source, tmp_path / "out.safetensors", method=method, config_yaml=config)
    assert info.conversion.options == options
    assert options.items() <= info.model.config.items()


@pytest.mark.parametrize(("method", "config", "options"), [case for case in AUTHORS if case[2]])
def test_what_is_asked_for_is_kept_whatever_the_authors_did(method, config, options, tmp_path):
    given = yaml.safe_load(config) | dict.fromkeys(options, False)
    source = foreign(method, given, tmp_path)
    info = convert(source, tmp_path / "out.safetensors", method=method, config_yaml=yaml.safe_dump(given))
    assert info.conversion.options == {}
    assert not any(info.model.config[field] for field in options)


def foreign(method, config, folder):
    with torch.device("meta"):
        model = build(method, config, task="semantic", classes={number: str(number) for number in range(9)})
    torch.save({key: torch.zeros(tensor.shape) for key, tensor in model.state_dict().items()}, folder / "foreign.pth")
    return folder / "foreign.pth"


@pytest.mark.parametrize("method", ["m_specgene_segmentation", "m_specgene_saliency"])
def test_released_files_of_m_specgene_saw_blue_green_red(method):
    module = import_module(f"rgbtbench.zoo.{method}")
    assert module.authors_options(module.CONFIG()) == {"colours": "bgr"}
    turned = module.CONFIG(preprocess={"edges": (768, 2560), "channel_order": {"rgb": (2, 1, 0)}})
    assert module.authors_options(turned) == {}


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


SMALL_DETECTOR = "{encoder: {width: 16, depth: 2, heads: 2}, image_side: 64, head_channels: 8, box_width: 16}"
FLIR = {"method": "m_specgene_detection", "dataset": "flir_aligned", "config_yaml": SMALL_DETECTOR}


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """A detector whose outputs are, in this order, person, bicycle and car, in a file under its authors' names."""
    torch.manual_seed(0)
    classes = {0: "person", 1: "bicycle", 2: "car"}
    config = yaml.safe_load(SMALL_DETECTOR)
    model = build("m_specgene_detection", config, task="detection", classes=classes).eval()
    path = tmp_path_factory.mktemp("theirs") / "flir.pth"
    torch.save({key.removeprefix("detector."): tensor for key, tensor in model.state_dict().items()}, path)
    return model, path


def test_an_order_that_nobody_published_is_asked_for(detector, tmp_path):
    with pytest.raises(RecipeError, match=r"nobody published in which order.*person, car, bicycle.*--classes"):
        convert(detector[1], tmp_path / "out.safetensors", label_set="three_class", **FLIR)


def test_classes_in_a_stated_order_mean_the_same_under_their_ids(detector, tmp_path):
    theirs, path = detector
    order = ("person", "bicycle", "car")
    info = convert(path, tmp_path / "out.safetensors", label_set="three_class", order=order, **FLIR)
    assert info.conversion.classes == order
    assert info.model.classes == {0: "person", 1: "car", 2: "bicycle"}
    ours = load_model(tmp_path / "out.safetensors")
    generator = torch.Generator().manual_seed(1)
    boxes, masks = (torch.randn(5, 8, side, side, generator=generator) for side in (7, 14))
    with torch.no_grad():
        said = [model.detector.roi_head.bbox_head(boxes) for model in (theirs, ours)]
        drawn = [model.detector.roi_head.mask_head(masks) for model in (theirs, ours)]
    for ours_at, theirs_at in enumerate((0, 2, 1)):
        assert torch.equal(said[1][0][:, ours_at], said[0][0][:, theirs_at])
        assert torch.equal(said[1][1][:, ours_at], said[0][1][:, theirs_at])
        assert torch.equal(drawn[1][:, ours_at], drawn[0][:, theirs_at])
    assert torch.equal(said[1][0][:, 3], said[0][0][:, 3])  # the background stays the last


def test_one_of_several_classes_may_be_all_that_a_file_knows(tmp_path):
    torch.manual_seed(0)
    config = yaml.safe_load(SMALL_DETECTOR)
    model = build("m_specgene_detection", config, task="detection", classes={0: "person"})
    torch.save(model.state_dict(), tmp_path / "kaist.pth")
    info = convert(
        tmp_path / "kaist.pth", tmp_path / "out.safetensors", label_set="three_class", order=["person"], **FLIR
    )
    assert info.model.classes == {0: "person"}


@pytest.mark.parametrize(
    ("order", "words"),
    [(["person", "bicycles", "car"], "did you mean bicycle"), (["person", "car", "car"], "names a class twice")],
)
def test_an_order_of_other_classes_is_refused(detector, tmp_path, order, words):
    with pytest.raises(RecipeError, match=words):
        convert(detector[1], tmp_path / "out.safetensors", label_set="three_class", order=order, **FLIR)


def test_a_method_that_cannot_reorder_says_so_and_takes_its_own_order(checkpoint, tmp_path):
    names = [entry.name for entry in dataset_card("mfnet").label_sets["semantic"].classes]
    assert convert(checkpoint, tmp_path / "out.safetensors", order=names).conversion.classes == tuple(names)
    with pytest.raises(RecipeError, match="in another order than that of their ids"):
        convert(checkpoint, tmp_path / "other.safetensors", order=names[::-1])
