"""Compiled functions are kept where that is possible, and work where it is not."""

import os
import subprocess
import sys

import pytest

SOURCE = """
from rgbtbench.compiled import compiled

@compiled
def double(number: int) -> int:
    return 2 * number

print(double(21), sum(double.stats.cache_hits.values()))
"""


def run(folder, **environment):
    """Run a module in a process; return what it doubled, and how often it found itself compiled."""
    file = folder / "doubling.py"
    file.write_text(SOURCE)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, str(file)], check=False, capture_output=True, text=True, env=inherited | environment
    )
    assert not done.returncode, done.stderr
    return done.stdout.split()


def test_the_second_process_finds_what_the_first_one_compiled(tmp_path):
    assert run(tmp_path) == ["42", "0"]
    assert run(tmp_path) == ["42", "1"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_folder_that_cannot_be_written_to_makes_no_difference(tmp_path, kept):
    """A file stands where the cache's folder should be: nobody can write there."""
    (tmp_path / "__pycache__").write_text("")
    home = tmp_path / "home"
    if kept:
        home.mkdir()
    else:
        home.write_text("")
    for hits in (0, int(kept)):
        assert run(tmp_path, HOME=str(home), XDG_CACHE_HOME=str(home / "cache")) == ["42", str(hits)]


def test_what_python_computes_is_what_it_computes_compiled():
    from rgbtbench.compiled import compiled

    def sum_of_squares(count):
        return sum([number * number for number in range(count)])

    assert compiled(sum_of_squares)(1000) == sum_of_squares(1000)
