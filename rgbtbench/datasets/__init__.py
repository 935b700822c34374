"""Datasets: one module each, which recognises official layouts and yields Pairs."""

from rgbtbench.datasets.registry import dataset
from rgbtbench.datasets.source import DatasetSource, Layout, recognise

__all__ = ["DatasetSource", "Layout", "dataset", "recognise"]
