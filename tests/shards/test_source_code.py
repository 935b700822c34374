"""Whatever code reads a dataset belongs to its fingerprint: a corrected helper leaves no old shards behind."""

import importlib
import sys

import pytest

from rgbtbench.datasets import dataset
from rgbtbench.shards.fingerprint import code_fingerprint
from rgbtbench.shards.source_code import source_code

FILES = {
    "__init__.py": "",
    "park.py": "from .helpers import read\nfrom fieldside import numbers\n\nSOURCE = type('Park', (), {})()\n",
    "helpers.py": "from fieldside.words import WORDS\n\n\ndef read():\n    return WORDS\n",
    "words.py": "WORDS = 1\n",
    "numbers.py": "ONE = 1\n",
    "unused.py": "NOTHING = 0\n",
}


@pytest.fixture
def fingerprint_after(tmp_path, monkeypatch):
    """Return what gives the fingerprint of the package once a file has another content."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fieldside").mkdir()

    def of(**changes):
        for name, text in (FILES | {f"{name}.py": text for name, text in changes.items()}).items():
            (tmp_path / "fieldside" / name).write_text(text)
        for name in [name for name in sys.modules if name.partition(".")[0] == "fieldside"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        try:
            return code_fingerprint(importlib.import_module("fieldside.park").SOURCE)
        finally:
            sys.dont_write_bytecode = before

    yield of
    for name in [name for name in sys.modules if name.partition(".")[0] == "fieldside"]:
        del sys.modules[name]


@pytest.mark.parametrize("helper", ["helpers", "words", "numbers"])
def test_a_corrected_helper_changes_the_fingerprint(fingerprint_after, helper):
    before = fingerprint_after()
    assert fingerprint_after(**{helper: FILES[f"{helper}.py"] + "\nCORRECTED = True\n"}) != before


def test_code_that_the_module_does_not_import_changes_nothing(fingerprint_after):
    assert fingerprint_after() == fingerprint_after(unused="NOTHING = 1\n")


def test_helpers_of_our_own_datasets_are_covered_and_facts_of_cards_are_not():
    text = source_code(dataset("kaist"))
    assert "def read_labels(" in text  # kaist_labels.py
    assert "class RoleSource" in source_code(dataset("rasmd"))  # derived from by a class that RASMD only holds
    assert "class DatasetCard" not in text
