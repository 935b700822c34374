from __future__ import annotations

from rgbtbench.training.outline import outline
from rgbtbench.training.resolution import resolve_training
from rgbtbench.zoo.registry import build

from .recipes import recipe

CLASSES = dict.fromkeys(range(3), "x")


def test_groups_and_what_is_frozen_are_told_for_every_stage(blobs):
    optimiser = {
        "name": "sgd", "lr": 0.1, "weight_decay": 0.01, "undecayed": ["biases"],
        "rules": [{"match": "decode1", "lr_factor": 10}],
    }  # fmt: skip
    stages = [
        {"name": "head", "steps": 5, "freeze": {"parameters": "*", "but": "decode?"}, "accumulate": 2},
        {"name": "all", "epochs": 2, "optimiser": {"name": "adamw", "lr": 0.001}},
    ]
    first, second = outline(resolve_training(recipe(steps=None, optimiser=optimiser, stages=stages), blobs))
    assert first.headline == "stage 1 of 2, head: 5 steps of 8 samples in 2 parts, 4 epochs of 10"
    assert second.headline == "stage 2 of 2, all: 5 steps of 4 samples, 2 epochs of 10"

    named = dict(build("mfnet", {}, task="semantic", classes=CLASSES).named_parameters())

    def count(*beginnings, bias):
        chosen = [p for n, p in named.items() if n.startswith(beginnings) and n.endswith(".bias") == bias]
        return sum(parameter.numel() for parameter in chosen)

    slow = ("decode4", "decode3", "decode2")
    rows = first.rows()
    assert [(row["lr"], row["weight_decay"], row["parameters"], row["in"]) for row in rows[:-1]] == [
        (0.1, 0.01, count(*slow, bias=False), list(slow)),
        (0.1, 0.0, count(*slow, bias=True), list(slow)),
        (1.0, 0.01, count("decode1", bias=False), ["decode1"]),
        (1.0, 0.0, count("decode1", bias=True), ["decode1"]),
    ]
    total = sum(parameter.numel() for parameter in named.values())
    assert rows[-1]["lr"] is None
    assert sum(row["parameters"] for row in rows) == total
    assert [(row["lr"], row["parameters"], row["tensors"]) for row in second.rows()] == [(0.001, total, len(named))]
