"""Recipes that extend others: what is merged, what is replaced, and whose fault an error is."""

from __future__ import annotations

import pytest

from rgbtbench.cards.extension import merged
from rgbtbench.cards.recipe import load_recipe, recipe_sha256
from rgbtbench.errors import CardError

BASE = """\
summary: the base
model: {method: cmx, config: {backbone: b0, drop_path: 0.2}}
task: semantic
inputs: {rgb: rgb, x: lwir}
optimiser: {name: sgd, lr: 0.1, momentum: 0.8}
epochs: 3
batch_size: 2
augmentations: {scale: [0.5, 1.5], horizontal_flip: 0.5}
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)

    def writer(text, name="own.yaml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return writer


def test_what_a_recipe_leaves_out_is_as_in_the_one_that_it_extends(write):
    own = load_recipe(write("extends: base.yaml\nmodel: {config: {backbone: b2}}\naugmentations: {scale: [1, 2]}\n"))
    assert own.model.config == {"backbone": "b2", "drop_path": 0.2}
    assert (own.augmentations.scale, own.augmentations.horizontal_flip) == ((1.0, 2.0), 0.5)
    assert (own.optimiser.lr, own.epochs, own.inputs) == (0.1, 3, {"rgb": "rgb", "x": "lwir"})
    # A summary speaks of one recipe.
    assert (own.name, own.summary) == ("own", "")


def test_another_choice_takes_over_nothing_of_the_former_one(write):
    own = load_recipe(
        write(
            "extends: base.yaml\nmodel: {method: segformer}\noptimiser: {name: adamw, lr: 0.001}\ninputs: {rgb: lwir}\n"
        )
    )
    assert own.model.config == {}
    assert own.optimiser.model_dump() == {
        "name": "adamw", "lr": 0.001, "betas": (0.9, 0.999), "weight_decay": 0.01,
    }  # fmt: skip
    assert own.inputs == {"rgb": "lwir"}


def test_several_datasets_take_the_place_of_one_and_the_reverse(write):
    write("extends: base.yaml\ndata: {train: train, validation: null}\n", "one.yaml")
    several = write("extends: one.yaml\ndata: {members: [{dataset: mfnet}, {dataset: synthetic}]}\n", "several.yaml")
    assert [member.dataset for member in load_recipe(several).data.members] == ["mfnet", "synthetic"]
    one = load_recipe(write("extends: several.yaml\ndata: {train: train, validation: null}\n"))
    assert one.data == load_recipe(write("extends: one.yaml\n", "again.yaml")).data


def test_null_takes_back(write):
    own = load_recipe(write("extends: base.yaml\nepochs: null\nsteps: 7\ninputs: null\n"))
    assert (own.epochs, own.steps, own.inputs) == (None, 7, None)


def test_it_is_the_same_training_as_the_recipe_written_out(write):
    written_out = BASE.replace("b0", "b2").replace("epochs: 3", "epochs: 9")
    extending = write("extends: base.yaml\nsummary: short\nmodel: {config: {backbone: b2}}\nepochs: 9\n")
    assert recipe_sha256(load_recipe(extending)) == recipe_sha256(load_recipe(write(written_out, "whole.yaml")))


def test_chains_are_followed_and_overrides_come_last(write):
    write("extends: base.yaml\nepochs: 5\nbatch_size: 4\n", "middle.yaml")
    own = load_recipe(write("extends: middle.yaml\nbatch_size: 6\n"), ["optimiser.lr=0.3"])
    assert (own.epochs, own.batch_size, own.optimiser.lr, own.optimiser.momentum) == (5, 6, 0.3, 0.8)


def test_a_recipe_that_ships_can_be_extended_by_its_name(write):
    own = load_recipe(write("extends: mfnet/mfnet\nsummary: longer\nepochs: 100\n"))
    shipped = load_recipe("mfnet/mfnet")
    assert own == shipped.model_copy(update={"name": "own", "summary": "longer", "epochs": 100})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "summary: x\nextends: mfnet/mfnt\n",
            r"own\.yaml:2: extends: no recipe 'mfnet/mfnt'; did you mean mfnet/mfnet",
        ),
        ("extends: [base.yaml]\n", r"own\.yaml:1: extends: found \['base.yaml'\]; expected <method>/<recipe>"),
        ("extends: other.yaml\n", r"own\.yaml:1: extends: no file 'other.yaml' in the folder of this one"),
        ("extends: ../base.yaml\n", "no file '../base.yaml' in the folder"),
        ("extends: own.yaml\n", r"own\.yaml:1: extends: own extends this recipe"),
        ("extends: base.yaml\nbatchsize: 4\n", r"own\.yaml:2: batchsize: unknown key; did you mean batch_size"),
        ("extends: base.yaml\nsteps: 4\n", r"own\.yaml:1: give either epochs or steps"),
        ("extends: base.yaml\nmodel: cmx\n", r"own\.yaml:2: model: "),
        ("- extends: base.yaml\n", "holds list, not a mapping"),
    ],
)
def test_a_mistake_is_named_where_it_stands(write, text, message):
    with pytest.raises(CardError, match=message):
        load_recipe(write(text))


def test_a_circle_is_refused_however_long(write):
    write("extends: own.yaml\n", "first.yaml")
    write("extends: first.yaml\n", "second.yaml")
    with pytest.raises(CardError, match=r"first\.yaml:1: extends: own extends this recipe"):
        load_recipe(write("extends: second.yaml\n"))


def test_a_mistake_of_the_extended_recipe_is_its_own(write):
    write(BASE.replace("batch_size: 2", "batch_size: none"), "base.yaml")
    with pytest.raises(CardError, match=r"base\.yaml:7: batch_size: .*'none'"):
        load_recipe(write("extends: base.yaml\nbatch_size: 3\n"))


def test_nothing_of_either_recipe_is_changed_by_merging():
    below, above = {"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}}
    assert merged(below, above) == {"a": {"b": 1, "c": [2]}}
    assert (below, above) == ({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}})
