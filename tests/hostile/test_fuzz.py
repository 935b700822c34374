"""Seeded damage to official trees of every layout, and proof that the fuzzer would notice what it looks for."""

import time
from dataclasses import replace

import pytest

from rgbtbench.datasets import dataset
from rgbtbench.errors import InputFileError
from tests.hostile.fuzz import FindingError, fuzz, run
from tests.hostile.fuzz_case import MUTATIONS, Case

SEED, CASES = 20_261, 200


@pytest.mark.slow
def test_no_damage_to_a_tree_is_silent_or_ends_in_a_traceback(whole_trees, tmp_path):
    report = fuzz(whole_trees, tmp_path, seed=SEED, numbers=range(CASES))
    assert report.findings == []
    assert sum(report.outcomes.values()) == CASES
    assert {outcome for _, outcome in report.outcomes} == {"stored", "some set aside", "all set aside", "refused"}
    assert len({mutation for mutation, _ in report.outcomes}) > 0.8 * len(MUTATIONS)


def test_a_case_is_decided_by_seed_and_number_alone(whole_trees, tmp_path):
    for number in range(20):
        made = []
        for attempt in ("first", "second"):
            case, root = Case(whole_trees, SEED, number), tmp_path / f"{number}{attempt}"
            case.lay_out(root / "tree", root / "outside")
            made.append((str(case), sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))))
        assert made[0] == made[1]


class Faulty:
    """MFNet with a fault of its own."""

    def __init__(self, act):
        self.act = act

    def __getattr__(self, name):
        return getattr(dataset("mfnet"), name)

    def pair(self, root, layout, entry):
        self.act(root, entry)
        return dataset("mfnet").pair(root, layout, entry)


def touch(path):
    path.write_bytes(b"x")


def wait(root, entry):
    while True:
        time.sleep(0.01)


def work(root, entry):
    while True:
        pass


def fill(root, entry):
    return bytearray(3 * 2**30)


FAULTS = {
    "writes beside the output": (lambda root, entry: touch(root.parent / "beside"), "left its folder"),
    "changes an input": (lambda root, entry: (root / "val.txt").rename(root / "moved"), "left its folder"),
    "a traceback": (lambda root, entry: {}["key"], "KeyError"),
    "opens what a link leads to": (
        lambda root, entry: (root.parent / "outside/secret").read_bytes(),
        "left its folder",
    ),
    "fills the memory": (fill, "MemoryError"),
    "runs for ever": (work, "took too long"),
    "waits for ever": (wait, "took too long"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fuzzer_notices(fault, whole_trees, tmp_path, monkeypatch):
    act, said = FAULTS[fault]
    monkeypatch.setattr("tests.hostile.fuzz.SECONDS", 0.5)
    with pytest.raises(FindingError, match=said):
        run(_case(whole_trees, Faulty(act)), tmp_path / "case")


class Dropping(Faulty):
    """MFNet that leaves out the samples whose files are damaged."""

    def __init__(self):
        super().__init__(lambda root, entry: None)

    def entries(self, root, layout):
        for entry in dataset("mfnet").entries(root, layout):
            try:
                self.pair(root, layout, entry)
            except InputFileError:
                continue
            yield entry


def test_the_fuzzer_notices_a_sample_that_is_dropped_in_silence(whole_trees, tmp_path):
    with pytest.raises(FindingError, match="silently dropped"):
        run(_case(whole_trees, Dropping()), tmp_path / "case")


def _case(trees, source):
    """An emptied label of the official MFNet tree, read by `source`."""
    whole = next(tree for tree in trees if (tree.name, tree.kind) == ("mfnet", "official"))
    case = Case([whole], SEED, 0)
    case.mutation, case.name = "bytes.empty", "labels/00001N.png"
    assert case.name in whole.own_files
    case.tree = replace(whole, source=source)
    return case
