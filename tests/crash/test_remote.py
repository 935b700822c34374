"""Whatever moment a `prepare` into a store dies at, readers see a whole dataset or none, and the next run ends right.

The store dies instead of the process: from its n-th change on, every call fails. So nothing that the process still
does on its way out reaches the store, as after SIGKILL.
"""

import shutil
from itertools import count

import fsspec
import pytest

from rgbtbench.locations import location
from rgbtbench.shards.build import prepare
from rgbtbench.shards.destination import published
from rgbtbench.shards.verify import verify

from ..shards.street import SMALL_SHARDS, Street, card, tree, write_sample
from ..stores import empty_memory, stored_tree, upload

MEMORY = fsspec.filesystem("memory")
CHANGES = ("put_file", "pipe_file", "cp_file", "rm_file")
CALLS = (*CHANGES, "info", "ls", "cat_file", "get_file", "open")
OUT = location("memory://out")


class Dead(BaseException):
    """The store is gone; no `except Exception` holds this up, like SIGKILL."""


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    root = tmp_path_factory.mktemp("crash") / "official"
    Street().fake(root, Street.layouts[0], {"train": 5, "test": 2}, seed=0)
    return root


def prepare_from(raw, out=OUT):
    prepare(Street(), card(), raw, out, options=SMALL_SHARDS, workers=1, allow_differences=True)


def dies_at(step, patch):
    """Let the store die before its `step`-th change."""
    steps = count()
    dead = []

    def deadly(name):
        function = getattr(type(MEMORY), name)

        def call(self, *arguments, **options):
            if dead or (name in CHANGES and next(steps) == step):
                dead.append(name)
                raise Dead
            return function(self, *arguments, **options)

        return call

    for name in CALLS:
        patch.setattr(type(MEMORY), name, deadly(name))


def is_killed_at(step, raw, begin, expected):
    """Kill a run at a step, look at what is left and run again; return whether the run came as far as that step."""
    with empty_memory(), pytest.MonkeyPatch.context() as patch:
        if begin is not None:
            upload(begin, OUT)
        dies_at(step, patch)
        try:
            prepare_from(raw)
        except Dead:
            patch.undo()
        else:
            return False
        if published(OUT) is not None:
            harmless = ("is not in the manifest", "index")
            faults = [fault for fault in verify(OUT) if not any(words in fault for words in harmless)]
            assert not faults, (step, faults)
        prepare_from(raw)
        assert stored_tree(OUT) == expected, step
        assert not MEMORY.exists("/out/.state/lock")
    return True


def killed_everywhere(raw, begin, expected):
    """Kill a run at each of its steps; return how many there are."""
    step = 0
    while is_killed_at(step, raw, begin, expected):
        step += 1
    return step


def test_killed_at_any_change_of_a_first_run(official, tmp_path):
    prepare_from(official, tmp_path / "whole")
    assert killed_everywhere(official, None, tree(tmp_path / "whole")) > 15


def test_killed_at_any_change_while_a_published_dataset_is_replaced(official, tmp_path):
    raw = shutil.copytree(official, tmp_path / "raw")
    prepare_from(raw, tmp_path / "before")
    write_sample(raw, "train.0001", seed=99, boxes=2)
    write_sample(raw, "test.0000", seed=98, boxes=1)
    prepare_from(raw, tmp_path / "after")
    assert killed_everywhere(raw, tmp_path / "before", tree(tmp_path / "after")) > 15
