"""What the outputs of a jointly trained model mean to its datasets, against numbers worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.labels import LabelMap
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.loading.label_space import look_up
from rgbtbench.loading.relabel import relabelled
from rgbtbench.zoo.answers import LEFT_OUT, answered_logits, answered_scores, answering
from rgbtbench.zoo.losses import native_cross_entropy, pixel_cross_entropy
from rgbtbench.zoo.registry import build_from, resolve
from rgbtbench.zoo.spec import MemberSpec, ModelSpec
from tests.loading import tiny

from .batches import make_batch, random_images

#: Four joint classes. `town` knows the second and third as its 7 and the first as its 5; `park` all, in reverse.
CLASSES = {0: "road", 1: "bike", 2: "bicycle", 3: "sky"}
ANSWERS = {"town": {0: 5, 1: 7, 2: 7}, "park": {0: 3, 1: 2, 2: 1, 3: 0}}


def member(answers, **options):
    natives = {native: f"class {native}" for native in answers.values()}
    facts = {"inputs": {"rgb": "rgb", "inf": "lwir"}, "label_set": "semantic", "classes": natives, "labels": {}}
    return MemberSpec.model_validate(facts | {"answers": answers} | options)


def joint_spec(method="mfnet", **members):
    task = {"mfnet": "semantic", "two_stream_fcos": "detection"}[method]
    spec = resolve(method, {}, task=task, classes=CLASSES)
    return spec.model_copy(update={"members": members or {name: member(a) for name, a in ANSWERS.items()}})


def with_datasets(batch, *names):
    return replace(batch, datasets=names)


def test_outputs_that_count_as_one_class_add_their_probabilities():
    logits = torch.log(torch.tensor([[[0.3]], [[0.25]], [[0.35]], [[0.1]]]))
    merged, ids = answered_logits(logits, torch.tensor([5, 7, 7, LEFT_OUT]), dim=0)
    assert ids.tolist() == [5, 7]
    assert merged.exp().flatten().tolist() == pytest.approx([0.3, 0.6])


def test_of_sigmoids_the_surest_counts():
    merged, ids = answered_scores(torch.tensor([[1.0, 2.0, 3.0, 9.0]]), torch.tensor([7, 5, 7, LEFT_OUT]))
    assert (ids.tolist(), merged.tolist()) == ([5, 7], [[2.0, 3.0]])


def test_the_models_own_classes_are_left_as_they_are():
    logits, ids = torch.rand(3, 2), torch.tensor([0, 4, 9])
    assert all(one is other for one, other in zip(answered_logits(logits, ids, dim=0), (logits, ids), strict=True))


def test_a_model_answers_in_a_datasets_classes_inside_the_block_alone():
    model = build_from(joint_spec()).eval()
    batch = make_batch(random_images(2, 32, 32))
    with torch.inference_mode():
        before = [prediction.mask for prediction in model.predict(batch)]
        with answering(model, "town"):
            town = [prediction.mask for prediction in model.predict(batch)]
        with answering(model, "park"):
            park = [prediction.mask for prediction in model.predict(batch)]
        after = [prediction.mask for prediction in model.predict(batch)]
    assert set(np.unique(town)) <= {5, 7}
    assert np.array_equal(park, 3 - np.array(before))
    assert np.array_equal(before, after)


def test_a_detector_answers_in_a_datasets_classes():
    model = build_from(joint_spec("two_stream_fcos")).eval()
    model.limits = replace(model.limits, score=0.0)
    batch = make_batch(random_images(1, 64, 64))
    with torch.inference_mode(), answering(model, "town"):
        (found,) = model.predict(batch)
    assert set(found.labels.tolist()) == {5, 7}


def test_a_dataset_that_the_model_does_not_know_is_refused():
    words = "trained on town, park, and twon is none of them; did you mean town"
    with pytest.raises(RecipeError, match=words), answering(build_from(joint_spec()), "twon"):
        pass


def test_each_dataset_is_fed_by_its_own_wiring_and_a_batch_of_both_needs_one():
    depth = member(ANSWERS["town"], inputs={"rgb": "rgb", "inf": "depth"})
    model = build_from(joint_spec(town=depth, park=member(ANSWERS["park"]))).eval()
    images = random_images(2, 32, 32)
    here = with_datasets(make_batch({"rgb": images["rgb"], "depth": images["lwir"]}), "town", "town")
    there = with_datasets(make_batch(images), "park", "park")
    for one, other in zip(model.predict(here), model.predict(there), strict=True):
        assert np.array_equal(one.mask, other.mask)
    with pytest.raises(RecipeError, match="town, park, which feed the model differently"):
        model.predict(with_datasets(make_batch(images), "town", "park"))


class TestLossInNativeClasses:
    """Two pixels of `town` with probabilities .3 .25 .35 .1, labelled road and bicycle; one of `park`, labelled sky."""

    PROBABILITIES = (0.3, 0.25, 0.35, 0.1)

    def batch(self):
        labels = torch.tensor([[[0, 2]], [[3, 255]]])
        images = {"rgb": torch.zeros((2, 3, 1, 2), dtype=torch.uint8)}
        return with_datasets(make_batch(images, semantic=labels), "town", "park")

    def logits(self):
        one = torch.log(torch.tensor(self.PROBABILITIES)).view(1, 4, 1, 1)
        return one.expand(2, 4, 1, 2)

    def test_it_is_the_cross_entropy_over_the_classes_that_a_dataset_has(self):
        loss = native_cross_entropy(self.logits(), self.batch(), joint_spec())
        town = [0.3 / 0.9, 0.6 / 0.9]
        assert float(loss) == pytest.approx(-(math.log(town[0]) + math.log(town[1]) + math.log(0.1)) / 3, rel=1e-6)

    def test_weights_of_classes_apply_to_it(self):
        weights = torch.tensor([1.0, 1.0, 5.0, 2.0])
        loss = native_cross_entropy(self.logits(), self.batch(), joint_spec(), class_weights=weights)
        terms = [math.log(0.3 / 0.9), 5 * math.log(0.6 / 0.9), 2 * math.log(0.1)]
        assert float(loss) == pytest.approx(-sum(terms) / 8, rel=1e-6)

    def test_it_equals_the_plain_loss_for_a_dataset_that_has_every_class(self):
        batch = with_datasets(self.batch(), "park", "park")
        plain = pixel_cross_entropy(self.logits(), batch, torch.arange(4))
        assert float(native_cross_entropy(self.logits(), batch, joint_spec())) == pytest.approx(float(plain))

    def test_a_method_adds_it_where_the_recipe_asks_for_it(self):
        spec = joint_spec().model_copy(update={"remap": True})
        images = random_images(2, 32, 32)
        labels = torch.zeros((2, 32, 32), dtype=torch.int64)
        batch = with_datasets(make_batch(images, semantic=labels), "town", "park")
        assert set(build_from(spec)(batch)) == {"cross_entropy", "native_cross_entropy"}
        assert set(build_from(joint_spec())(batch)) == {"cross_entropy"}


def test_a_batch_is_relabelled_as_if_it_had_been_loaded_so():
    people = LabelMap.of(tiny.CARD.label_sets["people"])
    lookup = look_up("people", people, kind="boxes", space="unified")
    native = tiny.boxes("rgb", tiny.BOXES, [1, 2, 3])
    targets = BoxTargets(torch.tensor(native.xyxy, dtype=torch.float32), torch.tensor([1, 2, 3]), torch.zeros(3) > 0)
    (found,) = relabelled(make_batch(random_images(1, 4, 4), boxes=(targets,)), lookup).boxes
    wanted = lookup.boxes(native)
    assert found.labels.tolist() == wanted.labels.tolist()
    assert found.ignore.tolist() == wanted.ignore.tolist()
    assert found.boxes_xyxy.tolist() == wanted.xyxy.tolist()
    masks = look_up("semantic", LabelMap.of(tiny.CARD.label_sets["semantic"]), kind="semantic", space="unified")
    labels = torch.tensor([[[0, 1, 2, 3], [4, 255, 0, 1]]])
    batch = make_batch({"rgb": torch.zeros((1, 3, 2, 4), dtype=torch.uint8)}, semantic=labels)
    assert relabelled(batch, masks).semantic.tolist() == masks.masks(labels.numpy().astype(np.uint8)).tolist()


def test_specs_of_single_datasets_know_no_members():
    spec = ModelSpec.model_validate(joint_spec().model_dump() | {"members": {}})
    assert spec.inputs_of("anything") == spec.inputs
