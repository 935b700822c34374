"""The command line: it parses, calls and prints. Everything it does is a function of the package."""

from rgbtbench.cli.app import main

__all__ = ["main"]
