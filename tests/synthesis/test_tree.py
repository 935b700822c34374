import hashlib
import json

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.errors import InputFileError, LayoutError, UserError
from rgbtbench.progress import Silent
from rgbtbench.synthesis.parameters import GENERATOR_VERSION
from rgbtbench.synthesis.tree import GENERATOR_FILE, Generation, generate, read_generation, stems

COUNTS = {"train": 3, "val": 1, "test": 2}


class Told(Silent):
    def __init__(self):
        self.messages, self.totals, self.done = [], [], 0

    def start(self, stage, total, unit):
        self.totals.append(total)

    def advance(self, count=1):
        self.done += count

    def say(self, message):
        self.messages.append(message)


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    generate(root, COUNTS, seed=0)
    return root


def test_bytes_do_not_depend_on_the_number_of_workers(tree, tmp_path):
    generate(tmp_path, COUNTS, seed=0, workers=2)
    assert contents(tmp_path) == contents(tree)


def test_splits_share_no_scene():
    generation = Generation(GENERATOR_VERSION, 0, 128, 96)
    names = [set(stems(generation, split, 1000)) for split in ("train", "val", "test")]
    assert not (names[0] & names[1] | names[0] & names[2] | names[1] & names[2])


def test_a_longer_split_begins_with_the_shorter_one():
    generation = Generation(GENERATOR_VERSION, 0, 128, 96)
    assert stems(generation, "train", 9)[:4] == stems(generation, "train", 4)


def test_other_seeds_sizes_and_generators_have_other_names():
    base = Generation(GENERATOR_VERSION, 0, 128, 96)
    others = [
        Generation("0" * 12, 0, 128, 96),
        Generation(GENERATOR_VERSION, 1, 128, 96),
        Generation(GENERATOR_VERSION, 0, 160, 120),
    ]
    assert len({each.mark for each in (base, *others)}) == 4


def test_the_card_states_the_keys_of_the_frozen_generator():
    generation = Generation(GENERATOR_VERSION, 0, 128, 96)
    for split, facts in dataset_card("synthetic").editions["official"].splits.items():
        lines = "".join(f"{stem}\n" for stem in sorted(stems(generation, split, facts.count)))
        assert hashlib.sha256(lines.encode()).hexdigest() == facts.keys_sha256


def test_a_second_run_reuses_everything_and_says_so(tree):
    before, told = contents(tree), Told()
    generate(tree, COUNTS, seed=0, progress=told)
    assert told.totals == [0]
    assert "6 of 6" in told.messages[0]
    assert contents(tree) == before


def test_an_interrupted_run_is_completed_to_the_same_bytes(tree, tmp_path):
    generate(tmp_path, {"train": 2}, seed=0)
    broken = next((tmp_path / "annotations" / "train").iterdir())
    broken.unlink()
    told = Told()
    generate(tmp_path, COUNTS, seed=0, progress=told)
    assert told.done == 5
    assert contents(tmp_path) == contents(tree)


def test_scenes_of_another_seed_are_never_mixed_in(tree):
    before = contents(tree)
    with pytest.raises(LayoutError, match=r"seed 0.*expected.*seed 1"):
        generate(tree, COUNTS, seed=1)
    assert contents(tree) == before


@pytest.mark.parametrize("counts", [{"trial": 2}, {"train": 0}])
def test_unknown_splits_and_empty_ones_are_refused(tmp_path, counts):
    with pytest.raises(UserError):
        generate(tmp_path, counts, seed=0)
    assert not list(tmp_path.iterdir())


def test_pictures_too_small_to_show_anything_are_refused(tmp_path):
    with pytest.raises(UserError, match="64x48"):
        generate(tmp_path, COUNTS, seed=0, width=32, height=24)


def test_a_damaged_generator_file_is_named(tree, tmp_path):
    (tmp_path / GENERATOR_FILE).write_text("{")
    with pytest.raises(InputFileError, match=GENERATOR_FILE):
        read_generation(tmp_path)
    assert json.loads((tree / GENERATOR_FILE).read_text())["generator"] == GENERATOR_VERSION
