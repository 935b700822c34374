"""What a recipe leaves out of a method's configuration stays as the method has it."""

import pytest

from rgbtbench.cards import recipe_names
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.errors import RecipeError
from rgbtbench.zoo.registry import method, resolve


def config_of(name, task="semantic", **said):
    return resolve(name, said, task=task, classes={} if task in WITHOUT_CLASSES else {0: "a", 1: "b"}).config


def preprocess_of(name, task="semantic", **said):
    return config_of(name, task, preprocess=said)["preprocess"]


def test_a_size_of_its_own_keeps_normalisation_and_padding():
    own = config_of("cmx")["preprocess"]
    assert own["normalisation"].keys() == {"rgb", "x"}
    assert preprocess_of("cmx", size=[480, 640]) == own | {"size": [480, 640]}


def test_a_normalisation_of_one_slot_keeps_that_of_the_others():
    rule = {"mean": [0.5, 0.5, 0.5], "std": [0.1, 0.1, 0.1]}
    own = config_of("cmx")["preprocess"]["normalisation"]
    assert preprocess_of("cmx", normalisation={"x": rule})["normalisation"] == own | {"x": rule}
    assert preprocess_of("cmx", normalisation={})["normalisation"] == own


def test_null_takes_a_normalisation_back():
    assert preprocess_of("cmx", normalisation={"x": None})["normalisation"]["x"] is None


def test_one_rule_for_the_size_takes_the_place_of_the_others():
    name = "m_specgene_detection"
    own = config_of(name, "detection")["preprocess"]
    assert own["fit"] == [960, 960]
    assert "fit" not in preprocess_of(name, "detection", size=[64, 64])
    assert "fit" not in preprocess_of(name, "detection", size=None)
    assert preprocess_of(name, "detection", multiple_of=32)["fit"] == [960, 960]
    with pytest.raises(RecipeError, match="size, fit and edges exclude each other"):
        preprocess_of(name, "detection", size=[64, 64], fit=[64, 64])


def test_a_detector_whose_padding_has_a_level_keeps_one():
    name = "m_specgene_detection"
    assert preprocess_of(name, "detection", fit=[64, 64])["fill"] == pytest.approx(114 / 255)
    with pytest.raises(RecipeError, match="fill must be given"):
        preprocess_of(name, "detection", fill=None)


def test_another_choice_by_name_takes_nothing_over():
    own = config_of("m_specgene", "pretraining")["masking"]
    assert "components" in own
    chosen = config_of("m_specgene", "pretraining", masking={"name": "independent", "mask_ratio": 0.5})["masking"]
    assert chosen == {"mask_ratio": 0.5, "name": "independent"}
    assert config_of("m_specgene", "pretraining", masking={"mask_ratio": 0.5})["masking"] == own | {"mask_ratio": 0.5}


@pytest.mark.parametrize("name", recipe_names())
def test_no_recipe_loses_a_normalisation_that_it_does_not_speak_of(name):
    recipe = load_recipe(name)
    chosen = method(recipe.model.method)
    classes = {} if recipe.task in WITHOUT_CLASSES else {0: "a", 1: "b"}
    spec = resolve(recipe.model.method, recipe.model.config, task=recipe.task, classes=classes, inputs=recipe.inputs)
    said = recipe.model.config.get("preprocess", {}).get("normalisation", {})
    own = chosen.CONFIG().preprocess.normalisation
    built = chosen.CONFIG.model_validate(spec.config).preprocess.normalisation
    assert {slot: rule for slot, rule in built.items() if slot not in said} == {
        slot: rule for slot, rule in own.items() if slot not in said
    }
    again = resolve(spec.method, spec.config, task=spec.task, classes=classes, inputs=spec.inputs)
    assert again == spec, "what is complete already is changed when it is completed again"
