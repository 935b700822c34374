"""Training on pairs without labels, by the small M-SpecGene."""

from __future__ import annotations

import os
import signal

import pytest

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.training.checkpoint import load_checkpoint
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.weights import load_weights

from .recipes import AtStep

SPLIT = ("data={train: train, validation: val}", "batch_size=4", "validation.every_steps=2")


def recipe(*changes: str, steps: int = 6):
    return load_recipe("m_specgene/smoke", [*SPLIT, f"steps={steps}", "model.config.masking.epochs=4", *changes])


@pytest.fixture(scope="module")
def uninterrupted(blobs, tmp_path_factory):
    """Six steps in one go."""
    return train(recipe(), blobs, tmp_path_factory.mktemp("pretraining") / "whole")


def test_it_learns_from_images_alone_and_is_looked_at_by_its_loss(uninterrupted, blobs):
    facts = uninterrupted.info.training
    assert facts.data == ("blobs/train, 10 pairs",)
    assert facts.label_set is None
    lines = read_metrics(uninterrupted.folder / "metrics.jsonl")
    assert all(set(line["losses"]) == {"thermal_reconstruction", "rgb_reconstruction"} for line in lines)
    assert [set(line["validation"]) for line in lines if "validation" in line] == [{"loss"}] * 3


def test_a_stopped_run_goes_on_to_the_same_bits_with_mixture_curriculum_and_chance(blobs, tmp_path, uninterrupted):
    with pytest.raises(InterruptedTrainingError):
        train(recipe(), blobs, tmp_path / "run", progress=AtStep(3, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    state = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")["method"]
    assert state["curriculum"]["epoch"] == 1
    assert sum(state["mixture"]["weights"]) == pytest.approx(1)
    result = train(recipe(), blobs, tmp_path / "run", resume=True)
    assert result.info.sha256 == uninterrupted.info.sha256


def test_the_loss_of_held_out_pairs_falls_and_the_best_weights_are_those_of_the_smallest(blobs, tmp_path):
    result = train(recipe("selection=val", "optimiser.lr=0.003", steps=40), blobs, tmp_path / "run", cached=True)
    losses = {
        line["step"]: line["validation"]["loss"]
        for line in read_metrics(result.folder / "metrics.jsonl")
        if "validation" in line
    }
    assert result.metrics["loss"] == min(losses.values())
    assert result.info.training.step == min(losses, key=losses.__getitem__)
    assert result.metrics["loss"] < losses[2] - 0.02


def test_several_datasets_feed_the_slots_as_their_members_say(blobs, sparks, tmp_path):
    members = "[{dataset: blobs}, {dataset: sparks, inputs: {thermal: nir}, validation: null}]"
    result = train(recipe(f"data={{members: {members}, mixing: {{epoch: 16}}}}"), [blobs, sparks], tmp_path / "run")
    assert result.info.model.members["sparks"].inputs == {"thermal": "nir", "rgb": "rgb"}
    assert result.info.training.data == ("blobs/train, 10 pairs", "sparks/train, 6 pairs")
    assert [member.pairs for member in result.info.training.members] == [10, 6]
    model = build_from(result.info.model)
    load_weights(result.folder, model)


@pytest.mark.parametrize("masking", ["independent", "shared", "complementary", "gaussian"])
def test_other_ways_of_masking_are_a_change_of_the_recipe(blobs, tmp_path, masking):
    changes = [f"model.config.masking={{name: {masking}, mask_ratio: 0.5}}", "data.validation=null"]
    train(load_recipe("m_specgene/smoke", changes), blobs, tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data.label_set=semantic", "data.label_set is of labels"),
        ("data.label_space=unified", "data.label_space is of labels"),
        ("validation.protocol=miou-9", "validation.protocol is of labels"),
        ("losses={pixels: [{name: dice}]}", "no class logits"),
        ("inputs={thermal: depth, rgb: rgb}", "inputs.thermal takes 'depth'"),
    ],
)
def test_what_belongs_to_labels_is_refused(blobs, tmp_path, change, said):
    with pytest.raises(RecipeError, match=said):
        train(recipe(change), blobs, tmp_path / "run")


def test_a_member_without_a_second_image_is_refused(blobs, sparks, tmp_path):
    members = "[{dataset: blobs}, {dataset: sparks, inputs: {thermal: null}}]"
    with pytest.raises(RecipeError, match=r"data.members\[1\].inputs leaves thermal without images"):
        train(recipe(f"data={{members: {members}}}"), [blobs, sparks], tmp_path / "run")
