"""Schemas of the files that hold facts: dataset cards, protocols, method cards and recipes."""

from rgbtbench.cards.catalog import (
    dataset_card,
    dataset_names,
    method_card,
    method_names,
    protocol,
    protocol_ids,
    recipe_names,
    recipe_path,
)
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.method import MethodCard
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.yaml_file import load_card

__all__ = [
    "DatasetCard",
    "MethodCard",
    "Protocol",
    "dataset_card",
    "dataset_names",
    "load_card",
    "method_card",
    "method_names",
    "protocol",
    "protocol_ids",
    "recipe_names",
    "recipe_path",
]
