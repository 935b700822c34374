"""rgbtbench: datasets, model zoo and trustworthy benchmarks for RGB-thermal and RGB-X vision."""

__version__ = "0.1.0"
