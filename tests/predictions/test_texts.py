"""Answers come back as they were written, and every fault of a file of anyone is named with its line."""

import json
import zipfile
from contextlib import suppress

import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.predictions import Sidecar, TextPrediction, TextWriter, read_sidecar, read_texts
from rgbtbench.predictions.texts import MAX_ANSWER, texts_sha256

LANGUAGE = Sidecar(task="language", dataset="irtd", edition="official", split="reid", label_set="target")
TASKS = {"ReID/0": "reid", "ReID/1": "reid"}
GOOD = ['{"key": "ReID/1", "answer": "7"}', '{"answer": "<num>é</num>", "key": "ReID/0", "task": "reid", "seconds": 2}']


def written(folder, *lines, end="\n"):
    path = folder / "mine.jsonl"
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + end.encode() for line in lines))
    return path


def test_answers_come_in_the_order_of_the_questions(tmp_path):
    found = read_texts(written(tmp_path, *GOOD), TASKS)
    assert list(found.items()) == [("ReID/0", "<num>é</num>"), ("ReID/1", "7")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_ends_of_lines_and_a_mark_at_the_start_change_nothing(tmp_path, end):
    plain = read_texts(written(tmp_path, *GOOD), TASKS)
    assert read_texts(written(tmp_path, b"\xef\xbb\xbf" + GOOD[0].encode(), GOOD[1], end=end), TASKS) == plain
    path = tmp_path / "cut.jsonl"
    path.write_text("\n".join(GOOD))
    assert read_texts(path, TASKS) == plain


def test_what_is_written_is_read(tmp_path):
    answers = {"ReID/1": "7", "ReID/0": 'said "no"\nand left\x00'}
    with TextWriter(tmp_path / "out", LANGUAGE) as writer:
        for key, answer in answers.items():
            writer.write(TextPrediction(key, answer, "reid"))
    assert read_texts(tmp_path / "out", TASKS) == answers
    found = read_sidecar(tmp_path / "out")
    assert found.predictions_sha256 == texts_sha256(answers)
    assert read_sidecar(tmp_path / "out" / "answers.jsonl") == found  # beside the file
    assert read_sidecar(written(tmp_path, *GOOD)) is None
    with zipfile.ZipFile(tmp_path / "out.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "out").iterdir():
            archive.write(path, f"inside/{path.name}")
    assert read_texts(tmp_path / "out.zip", TASKS) == answers


def test_an_interrupted_writer_leaves_nothing_that_is_read(tmp_path):
    with suppress(KeyboardInterrupt), TextWriter(tmp_path, LANGUAGE) as writer:
        writer.write(TextPrediction("ReID/0", "7"))
        raise KeyboardInterrupt
    with pytest.raises(PredictionError, match="never finished"):
        read_texts(tmp_path, TASKS)


def test_a_writer_takes_each_key_once_and_no_endless_answer(tmp_path):
    with TextWriter(tmp_path, LANGUAGE) as writer:
        writer.write(TextPrediction("ReID/0", "7"))
        with pytest.raises(PredictionError, match="ReID/0 is predicted twice"):
            writer.write(TextPrediction("ReID/0", "7"))
        with pytest.raises(PredictionError, match=f"ReID/1: an answer of {MAX_ANSWER + 1} characters"):
            writer.write(TextPrediction("ReID/1", "7" * (MAX_ANSWER + 1)))
        with pytest.raises(PredictionError, match="half a character"):
            writer.write(TextPrediction("ReID/1", "\ud800"))
        writer.write(TextPrediction("ReID/1", "😀" * MAX_ANSWER))
    assert len(read_texts(tmp_path, TASKS)["ReID/1"]) == MAX_ANSWER


def test_the_hash_depends_on_answers_alone():
    assert texts_sha256({"a": "1", "b": "2"}) == texts_sha256({"b": "2", "a": "1"})
    assert len({texts_sha256(answers) for answers in ({"a": "1"}, {"a": "1 "}, {"b": "1"}, {})}) == 4


def test_lines_of_other_tasks_are_let_be(tmp_path):
    path = written(tmp_path, *GOOD, '{"key": "Location/0", "answer": "", "task": "location"}')
    assert len(read_texts(path, TASKS)) == 2


def test_further_keys_of_the_split_are_let_be(tmp_path):
    path = written(tmp_path, *GOOD, '{"key": "ReID/2", "answer": ""}')
    assert len(read_texts(path, TASKS, others=["ReID/2"])) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("7", "mine.jsonl:3: int instead of an object"),
        ("[]", "mine.jsonl:3: list instead of an object"),
        ("{'key': 'ReID/0'}", "mine.jsonl:3: not JSON"),
        ('{"key": "ReID/0", "answer": "a', "mine.jsonl:3: not JSON"),
        (b'{"key": "ReID/0", "answer": "\xff"}', "mine.jsonl:3: not UTF-8 text"),
        ('{"answer": "7"}', "mine.jsonl:3: key is missing"),
        ('{"key": "ReID/0"}', "mine.jsonl:3: answer is missing"),
        ('{"key": 0, "answer": "7"}', "key 0 is int; expected text"),
        ('{"key": "ReID/0", "answer": 7}', "answer 7 is int; expected text"),
        ('{"key": "ReID/0", "answer": null}', "answer null is NoneType; expected text; an empty one"),
        ('{"key": "ReID/0", "answer": ["7"]}', r"answer \[\"7\"\] is list"),
        ('{"key": "ReID/0", "answer": "7", "task": 1}', "task 1 is int"),
        ('{"key": "ReID/0", "answer": "7", "answer": "8"}', "a field is there twice"),
        ('{"key": "ReID/0", "answer": "\\ud800"}', "half a character"),
        (json.dumps({"key": "ReID/0", "answer": "7" * (MAX_ANSWER + 1)}), f"answer of {MAX_ANSWER + 1} characters"),
        (f'{{"x": "{"7" * (1 << 18)}"}}', "a line of 262153 bytes"),
        ("[" * 100_000, "mine.jsonl:3: not JSON"),
        ('{"key": "ReID/1", "answer": "7"}', "ReID/1 was answered in line 1 already"),
        ('{"key": "ReID/9", "answer": "7"}', r"mine.jsonl:3: 1 key \(ReID/9\) that the split does not have"),
        ('{"key": "0", "answer": "7", "task": "reid"}', r"1 key \(0\) that the split does not have"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, line, says):
    with pytest.raises(PredictionError, match=says):
        read_texts(written(tmp_path, *GOOD, line), TASKS)


def test_an_answer_says_the_task_of_its_question_or_none(tmp_path):
    tasks = {"ReID/0": "reid", "Security/0": "security"}
    path = written(tmp_path, '{"key": "ReID/0", "answer": "", "task": "security"}')
    with pytest.raises(PredictionError, match="ReID/0 is said to be of the task security; expected reid"):
        read_texts(path, tasks)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], r"2 keys \(ReID/0, ReID/1\) of 2 without an answer; expected a line for every question"),
        (GOOD[:1], r"1 key \(ReID/0\) of 2 without an answer"),
        (['{"key": "0", "answer": ""}'], "without an answer; its keys are 0, …"),
        (
            ['{"key": "ReID/0", "answer": "", "task": "re-id"}'],
            "without an answer; lines of the task re-id were let be",
        ),
    ],
)
def test_no_question_is_left_out(tmp_path, lines, says):
    with pytest.raises(PredictionError, match=says):
        read_texts(written(tmp_path, *lines), TASKS)


def test_a_folder_holds_one_file_of_answers(tmp_path):
    with pytest.raises(PredictionError, match=r"holds 0 .jsonl files; expected an answers.jsonl"):
        read_texts(tmp_path, TASKS)
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).write_text("")
    with pytest.raises(PredictionError, match=r"holds 2 .jsonl files"):
        read_texts(tmp_path, TASKS)
    (tmp_path / "answers.jsonl").write_text("\n".join(GOOD))
    assert len(read_texts(tmp_path, TASKS)) == 2
    with pytest.raises(PredictionError, match="no such file or folder"):
        read_texts(tmp_path / "nowhere.jsonl", TASKS)


def test_a_zip_bomb_beside_answers_is_refused_in_words_that_fit(tmp_path):
    path = tmp_path / "answers.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("answers.jsonl", "\n".join(GOOD))
        archive.writestr("bomb.bin", bytes(80 << 20))
    with pytest.raises(PredictionError, match=r"over 100 times its own size.*give the files unpacked"):
        read_texts(path, TASKS)
