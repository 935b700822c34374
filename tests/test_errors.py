"""One line that names the place, what is wrong and what to do."""

import pickle

from rgbtbench.errors import InputFileError, did_you_mean


def test_an_error_is_one_line_with_place_finding_expectation_and_remedy():
    error = InputFileError("no end marker", expected="a whole JPEG", remedy="copy it again", path="a/b.jpg", line=3)
    assert str(error) == "a/b.jpg:3: no end marker; expected a whole JPEG; copy it again"


def test_errors_come_back_whole_from_worker_processes():
    error = InputFileError("short", path="x.png", remedy="copy it again")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, as multiprocessing sends them
    assert (type(again), str(again), again.path) == (InputFileError, str(error), "x.png")


def test_names_taken_from_files_can_neither_command_a_terminal_nor_fill_it():
    error = InputFileError(f"{'a' * 5000!r} and \x1b[2J and \u202egpj", path="a\n\udcff/b.jpg", remedy="rename it")
    assert str(error).startswith("a\\n\\udcff/b.jpg: 'aaa")
    assert str(error).endswith("aaa' and \\x1b[2J and \\u202egpj; rename it")
    assert len(str(error)) < 500
    assert str(error).encode().decode().isprintable()


def test_a_value_without_end_is_shown_in_part():
    error = InputFileError(f"has the bbox {list(range(1_000_000))}", path="a.json", remedy="correct it")
    assert str(error).startswith("a.json: has the bbox [0, 1, 2")
    assert str(error).endswith("999999]; correct it")
    assert len(str(error)) < 5000


def test_a_table_keeps_its_lines():
    assert str(InputFileError("2 are faulty:\n  a\n  b\n")) == "2 are faulty:\n  a\n  b\n"


def test_what_to_do_about_a_table_stands_on_a_line_of_its_own():
    error = InputFileError("2 are faulty:\n  a\n  b\n", expected="none", remedy="mend them")
    assert str(error) == "2 are faulty:\n  a\n  b\nexpected none; mend them"


def test_the_closest_names_are_suggested_and_few_names_are_listed():
    assert did_you_mean("mfnte", ["mfnet", "llvip"]) == "did you mean mfnet?"
    assert did_you_mean("zzz", ["mfnet", "llvip"]) == "known: llvip, mfnet"
    assert did_you_mean("zzz", [f"name{i:02}" for i in range(20)]).endswith("and 8 more")
