"""What every method of the zoo must do, whatever it is."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from rgbtbench.cards import method_card
from rgbtbench.cards.recipe import load_recipe, recipe_from
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.datasets.registry import dataset
from rgbtbench.loading.loader import eval_loader
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions import BoxPrediction, MaskPrediction
from rgbtbench.predictions.kinds import SaliencyPrediction
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.training.run import train
from rgbtbench.zoo.answers import answering
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.predict import predict_split
from rgbtbench.zoo.registry import build_from, method, method_names, resolve
from rgbtbench.zoo.spec import MemberSpec

from ..zoo.packages import buildable, marks_of

PAIRS = [
    pytest.param((name, task), id=f"{name}-{task}", marks=marks_of(name))
    for name in method_names()
    for task in method(name).TASKS
]
#: Of pre-training there is neither a label nor a prediction.
LABEL_SETS = {"semantic": "semantic", "detection": "boxes", "saliency": "saliency", "pretraining": None}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A prepared excerpt of the embedded dataset: 4 pairs to train on, 5 to test on."""
    torch.set_num_threads(1)
    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("data") / "prepared"
    source = dataset("synthetic")
    source.fake(raw, source.layouts[0], {"train": 4, "test": 5}, 1)
    prepare_dataset("synthetic", raw, out, workers=1, allow_differences=True)
    return out


@pytest.fixture(scope="module", params=PAIRS)
def trained(request, scenes, tmp_path_factory):
    """A run of the method's smoke recipe."""
    name, task = request.param
    smoke = load_recipe(f"{name}/smoke")
    assert smoke.task == task
    return train(smoke, scenes, tmp_path_factory.mktemp(name) / "run")


@pytest.fixture
def predicting(trained):
    """The same, of methods that predict."""
    if trained.info.model.task == "pretraining":
        pytest.skip("pre-training predicts nothing")
    return trained


def test_its_card_says_what_it_does_and_how_faithful_it_is(trained):
    card = method_card(trained.info.model.method)
    assert trained.info.model.task in card.tasks
    assert set(card.fidelity) == set(card.tasks)
    if card.parameters_millions is not None:
        spec = resolve(card.name, {}, task=card.tasks[0], classes=classes_for(card.tasks[0], 9))
        with torch.device("meta"):
            count = sum(parameter.numel() for parameter in build_from(spec).parameters())
        assert round(count / 1e6, 3) == card.parameters_millions


def test_its_smoke_recipe_trains_every_parameter(trained):
    torch.manual_seed(load_recipe(f"{trained.info.model.method}/smoke").seed)
    before, after = build_from(trained.info.model), load_model(trained.folder)
    moved = {
        name: not torch.equal(parameter, dict(after.named_parameters())[name])
        for name, parameter in before.named_parameters()
        if parameter.requires_grad
    }
    assert all(moved.values()), [name for name, did in moved.items() if not did]


def test_it_names_its_losses_and_each_is_a_finite_number(trained, scenes):
    model = load_model(trained.folder).train()
    task = trained.info.model.task
    split = open_split(scenes, "train")
    batch = next(iter(eval_loader(split, batch_size=4, task=task, label_set=LABEL_SETS[task])))
    losses = model(batch)
    assert losses
    assert all(loss.ndim == 0 and loss.dtype == torch.float32 and loss.isfinite() for loss in losses.values())
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)


def test_its_predictions_are_in_the_original_frame_one_per_valid_sample(predicting, scenes):
    model, spec = load_model(predicting.folder), predicting.info.model
    split = open_split(scenes, "test")
    batches = eval_loader(split, batch_size=2, label_set=LABEL_SETS[spec.task], world=2, rank=1)
    with torch.inference_mode():
        found = [prediction for batch in batches for prediction in model.predict(batch)]
    assert [prediction.key for prediction in found] == list(split.keys[1::2])
    for prediction in found:
        if isinstance(prediction, MaskPrediction):
            assert prediction.mask.shape == (96, 128)
            assert set(np.unique(prediction.mask)) <= set(spec.classes)
        elif isinstance(prediction, SaliencyPrediction):
            assert prediction.saliency.shape == (96, 128)
            assert 0 <= prediction.saliency.min() <= prediction.saliency.max() <= 1
        else:
            assert isinstance(prediction, BoxPrediction)
            assert set(prediction.labels.tolist()) <= set(spec.classes)
            assert (prediction.boxes_xyxy <= [128, 96, 128, 96]).all()


def test_a_sample_is_predicted_alike_alone_and_in_a_batch(predicting, scenes):
    model, spec = load_model(predicting.folder), predicting.info.model
    split = open_split(scenes, "test")

    def predictions(batch_size):
        batches = eval_loader(split, batch_size=batch_size, label_set=LABEL_SETS[spec.task])
        with torch.inference_mode():
            return [prediction for batch in batches for prediction in model.predict(batch)]

    for alone, together in zip(predictions(1), predictions(5), strict=True):
        assert alone.key == together.key
        if isinstance(alone, MaskPrediction):
            assert (alone.mask != together.mask).mean() < 1e-3
        elif isinstance(alone, SaliencyPrediction):
            np.testing.assert_allclose(alone.saliency, together.saliency, atol=1e-4)
        else:
            assert len(alone.scores) == len(together.scores)
            np.testing.assert_allclose(alone.scores, together.scores, atol=1e-4)


def test_it_obeys_zeros_after_normalisation_whatever_the_pixels_are(predicting, scenes):
    model, spec = load_model(predicting.folder), predicting.info.model
    batch = next(iter(eval_loader(open_split(scenes, "test"), batch_size=2, label_set=LABEL_SETS[spec.task])))
    nothing = replace(batch, zeroed={name: torch.ones(2) for name in spec.inputs.values()})
    others = replace(nothing, images={name: image.flip(0) for name, image in batch.images.items()})
    with torch.inference_mode():
        for one, other in zip(model.predict(nothing), model.predict(others), strict=True):
            if isinstance(one, MaskPrediction):
                assert np.array_equal(one.mask, other.mask)
            elif isinstance(one, SaliencyPrediction):
                assert np.array_equal(one.saliency, other.saliency)
            else:
                assert np.array_equal(one.boxes_xyxy, other.boxes_xyxy)
                assert np.array_equal(one.scores, other.scores)


def test_a_whole_split_is_written_once_with_what_it_was_made_from(predicting, scenes, tmp_path):
    spec = predicting.info.model
    split = open_split(scenes, "test").under("missing:lwir/swap")
    out = predict_split(
        load_model(predicting.folder),
        split,
        tmp_path / "predictions",
        label_set=LABEL_SETS[spec.task],
        weights_sha256=predicting.info.sha256,
        batch_size=2,
    )
    said = json.loads((out / "predictions.json").read_text())
    assert said["condition"] == "missing:lwir/swap"
    assert said["weights_sha256"] == predicting.info.sha256
    assert said["keys_sha256"] == split.manifest.splits["test"].keys_sha256
    if spec.task in ("semantic", "saliency"):
        assert sorted(path.stem for path in out.glob("*.png")) == sorted(split.keys)


def test_it_answers_in_the_classes_of_a_dataset_that_it_was_trained_on_among_others(predicting, scenes):
    model = load_model(predicting.folder)
    ids = model.spec.class_ids
    if not ids:
        pytest.skip("a method without classes answers in none")
    answers = {ids[0]: 200, ids[1]: 7, ids[2]: 7}
    other = {"rgb": "lwir", "lwir": "rgb"}
    member = MemberSpec(
        inputs={slot: other[modality] for slot, modality in model.spec.inputs.items()},
        label_set="x",
        classes={7: "a", 200: "b"},
        labels={},
        answers=answers,
    )
    model.spec = model.spec.model_copy(update={"members": {"synthetic": member}})
    batch = next(iter(eval_loader(open_split(scenes, "test"), batch_size=2, label_set=LABEL_SETS[model.spec.task])))
    with torch.inference_mode(), answering(model, "synthetic"):
        found = model.predict(batch)
    labels = [p.mask if isinstance(p, MaskPrediction) else p.labels for p in found]
    assert {int(label) for one in labels for label in one.flat} <= {7, 200}
    # Images reach the slots as the member feeds them: as if they had changed names.
    swapped = {"lwir": batch.images["rgb"], "rgb": batch.images["lwir"]}
    with torch.inference_mode():
        own = model.predict(batch)
        other = model.predict(replace(batch, images=swapped, datasets=("elsewhere",) * len(batch)))
    for one, same in zip(own, other, strict=True):
        assert all(np.array_equal(getattr(one, f.name), getattr(same, f.name)) for f in fields(one))


@pytest.mark.parametrize("name", buildable(method_names()))
def test_wiring_changes_no_parameter(name):
    task = method(name).TASKS[0]
    classes = classes_for(task, 2)
    published = resolve(name, {}, task=task, classes=classes).inputs
    sources = [published, *(dict.fromkeys(published, modality) for modality in ("rgb", "lwir"))]
    specs = [resolve(name, {}, task=task, classes=classes, inputs=inputs) for inputs in sources]
    with torch.device("meta"):
        models = [build_from(spec) for spec in specs]
    shapes = [{key: tensor.shape for key, tensor in model.state_dict().items()} for model in models]
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.parametrize("modality", ["rgb", "lwir"])
@pytest.mark.parametrize("name", buildable(method_names()))
def test_it_trains_on_one_modality_in_all_its_slots(name, modality, scenes, tmp_path):
    smoke = load_recipe(f"{name}/smoke").model_dump(mode="json")
    spec = resolve(name, smoke["model"]["config"], task=smoke["task"], classes=classes_for(smoke["task"], 1))
    smoke["inputs"] = dict.fromkeys(spec.inputs, modality)
    trains_and_predicts(smoke, scenes, tmp_path)


@pytest.mark.parametrize("name", [name for name in method_names() if "streams" in method(name).CONFIG.model_fields])
def test_one_stream_alone_trains_on_the_modality_that_feeds_it(name, scenes, tmp_path):
    smoke = load_recipe(f"{name}/smoke").model_dump(mode="json")
    smoke["inputs"] = {"rgb": "lwir"}
    smoke["model"]["config"]["streams"] = ["rgb"]
    trains_and_predicts(smoke, scenes, tmp_path)


def classes_for(task, count):
    """Classes that a model of a task can have."""
    return {} if task in WITHOUT_CLASSES else {number: f"class {number}" for number in range(count)}


def trains_and_predicts(smoke, scenes, folder):
    """Train on no other modality than those that the recipe names, and predict with no other."""
    result = train(recipe_from(smoke), scenes, folder / "run")
    if smoke["task"] == "pretraining":
        return
    split = open_split(scenes, "test").only(modalities=sorted(set(smoke["inputs"].values())))
    out = predict_split(
        load_model(result.folder), split, folder / "out", label_set=LABEL_SETS[smoke["task"]], batch_size=5
    )
    assert (out / "predictions.json").is_file()
