from __future__ import annotations

import hashlib

import pytest
import yaml

from rgbtbench.cards import method_names, recipe_names
from rgbtbench.cards.overrides import override
from rgbtbench.cards.recipe import (
    load_recipe,
    recipe_from,
    recipe_sha256,
    recipe_yaml,
    seed_group,
    stage_recipes,
)
from rgbtbench.errors import CardError, RecipeError, UnknownNameError

SMALLEST = {
    "model": {"method": "mfnet"},
    "task": "semantic",
    "optimiser": {"name": "sgd", "lr": 0.1},
    "steps": 10,
    "batch_size": 4,
}


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_is_valid_and_names_its_own_method(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.model.method == name.split("/")[0]
    assert recipe.summary


@pytest.mark.parametrize(
    ("name", "resolved", "recipe_hash", "group"),
    [
        ("mfnet/demo", "84099286bf4b0a43", "e81a5e3f121e6a30", "c5aa53fdce55"),
        ("mfnet/mfnet", "71daab5bffbca95e", "4c1a4fc7967946e6", "1f9c162a25c6"),
        ("two_stream_fcos/llvip", "05a58279493e764c", "94c4cafa583f015e", "b9888cb0fe89"),
    ],
)
def test_recipes_on_one_dataset_are_written_and_hashed_as_before_there_were_several(name, resolved, recipe_hash, group):
    recipe = load_recipe(name)
    assert hashlib.sha256(recipe_yaml(recipe).encode()).hexdigest()[:16] == resolved
    assert (recipe_sha256(recipe)[:16], seed_group(recipe)) == (recipe_hash, group)


def test_every_method_has_a_smoke_recipe():
    assert {f"{method}/smoke" for method in method_names()} <= set(recipe_names())


def test_the_published_recipe_of_mfnet_has_the_papers_numbers():
    recipe = load_recipe("mfnet/mfnet")
    assert recipe.optimiser.model_dump() == {
        "name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0005,
    }  # fmt: skip
    assert (recipe.schedule.gamma, recipe.epochs, recipe.batch_size, recipe.selection) == (0.95, 80, 8, "last")


def test_an_unknown_name_suggests_the_closest():
    with pytest.raises(UnknownNameError, match="did you mean mfnet/demo"):
        load_recipe("mfnet/dmo")


def test_an_error_names_file_line_field_and_the_closest_key(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(SMALLEST, sort_keys=False) + "batch_sizes: 3\n")
    with pytest.raises(CardError, match=r"r\.yaml:9: batch_sizes: unknown key; did you mean batch_size"):
        load_recipe(str(path))


def test_overrides_replace_add_and_take_back():
    data = override(SMALLEST, ["optimiser.lr=0.5", "inputs={rgb: rgb, inf: rgb}", "steps=null", "epochs=2"])
    recipe = recipe_from(data)
    assert (recipe.optimiser.lr, recipe.inputs, recipe.steps, recipe.epochs) == (
        0.5,
        {"rgb": "rgb", "inf": "rgb"},
        None,
        2,
    )
    assert SMALLEST["steps"] == 10


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("optimiser.lrr=1", r"optimiser\.lrr: unknown key; did you mean lr"),
        ("optimiser.lr", "sets nothing"),
        ("=3", "sets nothing"),
        ("task.name=1", "task is 'semantic' and holds no 'name'"),
        ("optimiser.lr=[1", "not YAML"),
        ("batch_size=many", "batch_size: .*'many'"),
        ("epochs=3", "give either epochs or steps"),
        ("selection=best", "selection: .*'last', 'val' or 'test'"),
        ("warm_up={start: 0.1}", "a warm-up is given in either epochs or steps"),
        ("warm_up={steps: 3, epochs: 1}", "a warm-up is given in either epochs or steps"),
        ("warm_up={steps: 3, rise: exponential}", "an exponential rise needs a start above 0"),
        ("warm_up={steps: 3, raise: linear}", r"warm_up\.raise: unknown key; did you mean rise"),
        ("schedule={name: step, gamma: 0.1}", "a step schedule is given in either epochs or steps"),
        ("schedule={name: multi_step, epochs: [8, 4]}", "milestones must rise: 8, 4"),
        ("schedule={name: polynomial}", "schedule: .*'poly'"),
        ("optimiser.rules=[{match: head}]", "a rule gives lr_factor, decay_factor or both"),
        ("optimiser.rules=[{match: [], lr_factor: 2}]", r"rules\.0\.match"),
        ("optimiser.rules=[{match: 'a b', lr_factor: 2}]", r"rules\.0\.match: .*'a b'"),
        ("optimiser.undecayed=[bias]", "'vectors', 'biases' or 'norms'; found 'bias'"),
        ("optimiser.layer_decay=1.1", "layer_decay: .*1.1"),
        ("losses.pixels=[{name: ohem}]", "losses.pixels.0: .*'ohem_cross_entropy'"),
        ("losses.pixels=[{name: dice}, {name: dice}]", "a loss is named once: dice, dice"),
        ("losses.pixels=[{name: boundary, width: 4}]", "width and tolerance are odd"),
        ("losses.weights={dice: -1}", "losses.weights.dice"),
        ("freeze.but=head", "but takes back what parameters freezes, and nothing is frozen"),
        ("inputs.inf=thermal", "inputs"),
    ],
)
def test_a_wrong_override_is_named(assignment, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from(override(SMALLEST, [assignment]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"train": "test"}}, "nothing is trained on it"),
        ({"data": {"train": "test_day"}}, "nothing is trained on it"),
        ({"data": {"validation": "test"}}, "is a test split"),
        ({"data": {"validation": "test"}, "selection": "val"}, "is a test split"),
        ({"data": {"validation": None}, "selection": "val"}, "needs data.validation"),
        ({"data": {"validation": "val"}, "selection": "test"}, "needs a test split"),
        ({"data": {"validation": "train"}, "selection": "val"}, "cannot be selected on the training split"),
    ],
)
def test_test_data_selects_nothing_in_silence(changes, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from(SMALLEST | changes)


def test_a_papers_practice_of_selecting_on_test_is_possible_and_visible():
    recipe = recipe_from(SMALLEST | {"data": {"validation": "test"}, "selection": "test"})
    assert recipe.selection == "test"


TWO = [{"dataset": "mfnet"}, {"dataset": "synthetic", "inputs": {"inf": None}}]


def joint(members=TWO, *, mixing=None, **changes):
    return recipe_from(SMALLEST | {"data": {"members": members, "mixing": mixing or {}}} | changes)


def test_several_datasets_are_members_with_a_mixing():
    recipe = joint(mixing={"by": "round_robin", "over": "modalities", "epoch": 100, "merge": ["two_wheeler"]})
    assert [member.name for member in recipe.data.members] == ["mfnet/train", "synthetic/train"]
    assert recipe.data.members[1].inputs == {"inf": None}
    again = recipe_from(yaml.safe_load(recipe_yaml(recipe)))
    assert recipe_sha256(again) == recipe_sha256(recipe)
    assert recipe_sha256(joint()) != recipe_sha256(recipe)


@pytest.mark.parametrize(
    ("members", "options", "message"),
    [
        (TWO[:1], {}, r"data\.members"),
        ([TWO[0] | {"without": ["car"]}, TWO[1]], {}, "data: without leaves classes out of one dataset"),
        ([*TWO, {"dataset": "mfnet"}], {}, "a split is a member once: mfnet/train, synthetic/train, mfnet/train"),
        ([TWO[0], {"dataset": "mfnet", "split": "val", "label_set": "x"}], {}, "members of mfnet share label_set"),
        ([TWO[0] | {"weight": 2}, TWO[1]], {}, "give every member a weight, or none"),
        ([m | {"weight": float("inf")} for m in TWO], {}, "finite number"),
        ([m | {"weight": 2} for m in TWO], {"mixing": {"by": "round_robin"}}, "weights have no part in round_robin"),
        (TWO, {"mixing": {"over": "modalities"}}, "over belongs to by: round_robin"),
        (TWO, {"mixing": {"epochs": "sum"}}, "unknown key; did you mean .*epoch"),
        (TWO, {"mixing": {"epoch": 0}}, "epoch"),
        (TWO, {"validation": {"protocol": "miou-9"}}, "each of data.members names its own"),
        ([TWO[0] | {"split": "test"}, TWO[1]], {}, r"data\.members\[0\]\.split: 'test' is a test split"),
        ([TWO[0] | {"validation": "test"}, TWO[1]], {}, r"members\[0\]\.validation: 'test' is a test split"),
        ([m | {"validation": None} for m in TWO], {"selection": "val"}, "selection: val needs data.validation"),
        (
            [*TWO, {"dataset": "mfnet", "split": "val", "validation": None}],
            {"selection": "val"},
            "weights cannot be selected on the training split",
        ),
    ],
)
def test_members_that_do_not_fit_together_are_named(members, options, message):
    with pytest.raises(RecipeError, match=message):
        joint(members, **options)


def test_a_recipe_survives_being_written_out_in_full(tmp_path):
    recipe = recipe_from(SMALLEST)
    (tmp_path / "recipe.yaml").write_text(recipe_yaml(recipe))
    again = load_recipe(str(tmp_path / "recipe.yaml"))
    assert recipe_sha256(again) == recipe_sha256(recipe)


def test_the_hash_sees_what_changes_weights_and_not_what_they_are_called():
    recipe = recipe_from(SMALLEST)
    assert recipe_sha256(recipe_from(SMALLEST | {"summary": "other words", "name": "x"})) == recipe_sha256(recipe)
    assert recipe_sha256(recipe_from(SMALLEST | {"seed": 1})) != recipe_sha256(recipe)
    assert seed_group(recipe_from(SMALLEST | {"seed": 1})) == seed_group(recipe)
    assert seed_group(recipe_from(SMALLEST | {"steps": 11})) != seed_group(recipe)


def test_what_came_later_is_written_and_hashed_only_where_it_says_something():
    plain = recipe_from(SMALLEST)
    said = {"rules": [{"match": "head", "lr_factor": 10}], "undecayed": ["norms"], "layer_decay": 0.7}
    silent = {"rules": [], "undecayed": [], "layer_decay": None}
    assert recipe_sha256(recipe_from(SMALLEST | {"optimiser": SMALLEST["optimiser"] | silent})) == recipe_sha256(plain)
    assert recipe_sha256(recipe_from(SMALLEST | {"freeze": {"parameters": []}})) == recipe_sha256(plain)
    for name, value in said.items():
        changed = recipe_from(SMALLEST | {"optimiser": SMALLEST["optimiser"] | {name: value}})
        assert recipe_sha256(changed) != recipe_sha256(plain)
        assert recipe_from(yaml.safe_load(recipe_yaml(changed))) == changed
    weighed = recipe_from(SMALLEST | {"losses": {"pixels": [{"name": "ohem_cross_entropy"}], "weights": {"*": 2}}})
    assert recipe_sha256(weighed) != recipe_sha256(plain)
    assert recipe_from(yaml.safe_load(recipe_yaml(weighed))) == weighed
    frozen = recipe_from(SMALLEST | {"freeze": {"parameters": "backbone"}})
    assert frozen.freeze.parameters == ("backbone",)
    assert recipe_sha256(frozen) != recipe_sha256(plain)
    assert recipe_from(yaml.safe_load(recipe_yaml(frozen))) == frozen


STAGED = {name: value for name, value in SMALLEST.items() if name != "steps"} | {
    "warm_up": {"steps": 5},
    "freeze": {"parameters": "backbone"},
    "seed": 7,
    "stages": [
        {"name": "adapters", "epochs": 2},
        {
            "name": "everything", "steps": 30, "begin_with": "best", "freeze": {}, "batch_size": 2,
            "optimiser": {"name": "adamw", "lr": 0.001}, "losses": {"weights": {"distillation": 0.5}},
        },
    ],
}  # fmt: skip


def test_a_stage_is_the_recipe_but_for_what_it_says():
    first, second = stage_recipes(recipe_from(STAGED))
    assert (first.epochs, first.steps, first.batch_size, first.optimiser.name) == (2, None, 4, "sgd")
    assert (second.epochs, second.steps, second.batch_size, second.optimiser.name) == (None, 30, 2, "adamw")
    assert (first.freeze.parameters, second.freeze.parameters) == (("backbone",), ())
    assert (first.losses.weights, second.losses.weights) == ({}, {"distillation": 0.5})
    assert first.warm_up == second.warm_up
    # The first stage keeps the best weights, because the second one begins with them.
    assert (first.selection, second.selection) == ("val", "last")
    assert first.seed == 7 != second.seed
    assert first.stages == second.stages == ()


def test_a_recipe_without_stages_is_its_only_stage():
    recipe = recipe_from(SMALLEST)
    assert stage_recipes(recipe) == [recipe]


def test_stages_are_hashed_by_what_they_do_and_not_by_their_names():
    recipe = recipe_from(STAGED)
    again = recipe_from(yaml.safe_load(recipe_yaml(recipe)))
    assert (again, recipe_sha256(again)) == (recipe, recipe_sha256(recipe))
    renamed = recipe_from(override(STAGED, ["stages.0.name=one"]))
    assert (recipe_sha256(renamed), seed_group(renamed)) == (recipe_sha256(recipe), seed_group(recipe))
    longer = recipe_from(override(STAGED, ["stages.0.epochs=3"]))
    assert recipe_sha256(longer) != recipe_sha256(recipe)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("steps=10", "with stages, each of them gives its epochs or steps, and the recipe none"),
        ("stages.0.steps=10", r"stages\.0: a stage is given either epochs or steps"),
        ("stages.0.epochs=null", r"stages\.0: a stage is given either epochs or steps"),
        ("stages.0.begin_with=best", r"stages\[0\]\.begin_with: no stage comes before"),
        ("stages.1.name=adapters", "a stage has a name of its own: adapters, adapters"),
        ("stages.1.frozen=head", r"stages\.1\.frozen: unknown key; did you mean freeze"),
        ("stages.1.batch_size=0", r"stages\.1\.batch_size"),
        ("stages.2.epochs=1", r"stages is \[.*\] and holds no '2'"),
        ("stages.last.epochs=1", r"stages is \[.*\] and holds no 'last'"),
        ("data.validation=null", "needs data.validation"),
    ],
)
def test_stages_that_cannot_follow_one_another_are_named(assignment, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from(override(STAGED, [assignment]))
