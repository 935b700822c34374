"""MR^-2 in training loops: fed image by image it is the number that `rgbtbench score` gives."""

import json
import math

import numpy as np
import pytest

import rgbtbench
from rgbtbench.bridges.miss_rate import MissRate
from rgbtbench.errors import PredictionError, UserError
from rgbtbench.formats.write_boxes import write_bbgt
from tests.scoring.miss_rate.golden import GOLDEN, needs_golden, result

FRAMES = tuple(f"set{number:02d}/V000/I00019" for number in (6, 7, 9))
PERSON, OTHER, GROUP = (100.0, 100.0, 130.0, 160.0), (300.0, 100.0, 330.0, 160.0), (400.0, 100.0, 500.0, 200.0)
PROTOCOL = "kaist/reasonable-all@improved"


@pytest.fixture
def labels(tmp_path):
    """A folder of label texts, and the numbers of its frames."""
    for frame in FRAMES:
        path = tmp_path / "labels" / f"{frame.replace('/', '_')}.txt"
        write_bbgt(path, boxes=[("person", PERSON), ("person", OTHER)])
    return tmp_path / "labels", [0, 1, 2]


def expected(tmp_path, labels, rows):
    path = tmp_path / "results.json"
    results = [
        {"image_id": image, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
        for image, (x1, y1, x2, y2), score in rows
    ]
    path.write_text(json.dumps(results))
    return rgbtbench.score(PROTOCOL, path, ground_truth=labels).metrics


def test_batches_give_what_a_file_gives(labels, tmp_path):
    path, (first, second, third) = labels
    metric = MissRate(PROTOCOL, ground_truth=path)
    metric.update([third, first], [[OTHER], [PERSON, GROUP]], [[0.3], [0.9, 0.8]])
    metric.update([second], [np.zeros((0, 4))], [[]])
    rows = [(third, OTHER, 0.3), (first, PERSON, 0.9), (first, GROUP, 0.8)]
    assert metric.compute() == expected(tmp_path, path, rows)
    assert metric.compute()["recall"] == pytest.approx(100 / 3)


def test_images_are_named_by_number_or_by_key(labels):
    path, numbers = labels
    found = []
    for images in (numbers, FRAMES, np.array(numbers)):
        metric = MissRate(PROTOCOL, ground_truth=path)
        metric.update(images, [[PERSON]] * 3, [[0.9]] * 3)
        found.append(metric.compute())
    assert found[0] == found[1] == found[2]
    assert found[0]["miss_rate"] == pytest.approx(50)


def test_an_image_that_never_arrives_is_missed_and_one_that_arrives_twice_counts_once(labels):
    path, (first, second, _) = labels
    metric = MissRate(PROTOCOL, ground_truth=path)
    for image in (first, second, first):
        metric.update([image], [[PERSON, OTHER]], [[0.9, 0.8]])
    assert metric.compute()["miss_rate"] == pytest.approx(100 / 3)
    assert metric.compute()["recall"] == pytest.approx(200 / 3)


def test_a_metric_that_was_reset_knows_nothing(labels):
    path, numbers = labels
    metric = MissRate(PROTOCOL, ground_truth=path)
    metric.update(numbers, [[PERSON, OTHER]] * 3, [[0.9, 0.8]] * 3)
    assert metric.compute()["recall"] == 100
    metric.reset()
    assert metric.compute()["miss_rate"] == 100


def test_tensors_are_taken_wherever_they_are(labels):
    torch = pytest.importorskip("torch")
    path, numbers = labels
    metric = MissRate(PROTOCOL, ground_truth=path)
    boxes = torch.tensor([PERSON], requires_grad=True)
    metric.update(torch.tensor(numbers), [boxes] * 3, [torch.tensor([0.5])] * 3)
    assert metric.compute()["recall"] == 50
    assert metric.compute() == metric.compute_alone()


def test_only_the_images_of_the_protocol_count(labels):
    path, numbers = labels
    metric = MissRate("kaist/reasonable-night@improved", ground_truth=path)
    metric.update(numbers, [[PERSON]] * 2 + [[PERSON, OTHER]], [[0.9]] * 2 + [[0.9, 0.8]])
    assert metric.compute()["recall"] == 100


@pytest.mark.parametrize(
    ("images", "boxes", "scores", "words"),
    [
        ([99], [[PERSON]], [[0.5]], "99 is no image of split test"),
        (["set06/V000/I00018"], [[PERSON]], [[0.5]], "is no image of split test; did you mean set06/V000/I00019"),
        ([FRAMES[0]], [[PERSON]], [[0.5, 0.4]], "1 boxes and 2 scores"),
        ([FRAMES[0]], [[PERSON]], [[math.nan]], "box 0: nan is no finite score"),
        ([FRAMES[0]], [[PERSON, (5, 5, 5, 9)]], [[0.5, 0.4]], "box 1: .* without area"),
        ([FRAMES[0]], [[(5, 5, math.inf, 9)]], [[0.5]], "is no finite bbox"),
    ],
)
def test_malformed_detections_are_refused_at_once(images, boxes, scores, words, labels):
    metric = MissRate(PROTOCOL, ground_truth=labels[0])
    with pytest.raises(PredictionError, match=words):
        metric.update(images, boxes, scores)


def test_a_protocol_of_another_metric_and_labels_from_nowhere_are_refused(labels):
    with pytest.raises(UserError, match="kaist/ap50@improved measures ap50"):
        MissRate("kaist/ap50@improved", ground_truth=labels[0])
    with pytest.raises(UserError, match="prepared data or from annotation files"):
        MissRate(PROTOCOL)


@needs_golden
@pytest.mark.parametrize(("tool", "miss_rate"), [("", "14.9521"), ("+mlpd", "14.4543")])
def test_published_detections_give_their_published_number(tool, miss_rate):
    images, xywh, scores = result("IATDNN-IAMSS_result.txt")
    metric = MissRate(f"{PROTOCOL}{tool}", ground_truth=GOLDEN / "KAIST_annotation.json")
    for image in np.random.default_rng(0).permutation(np.unique(images)):
        own = xywh[images == image]
        metric.update([image], [np.hstack([own[:, :2], own[:, :2] + own[:, 2:]])], [scores[images == image]])
    assert f"{metric.compute()['miss_rate']:.4f}" == miss_rate


def evaluate_images(folder, images):
    metric = MissRate(PROTOCOL, ground_truth=folder)
    for image in images:
        metric.update([image], [[PERSON, OTHER][: 1 + image % 2]], [[0.9 - image / 100, 0.5][: 1 + image % 2]])
    return metric.compute()


def evaluate_part(rank, folder, meeting):
    """One of three processes, each with three images: a sampler gives two of the seven twice."""
    from torch import distributed

    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=3)
    found = evaluate_images(folder, [*range(7), 0, 1][rank::3])
    (meeting.parent / f"{rank}.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


@pytest.mark.slow
def test_seven_images_on_three_processes_give_the_numbers_of_one(tmp_path):
    multiprocessing = pytest.importorskip("torch.multiprocessing")
    labels = tmp_path / "labels"
    for image in range(7):
        write_bbgt(labels / f"set06_V000_I{20 * image + 19:05d}.txt", boxes=[("person", PERSON), ("person", OTHER)])
    multiprocessing.spawn(evaluate_part, args=(labels, tmp_path / "meeting"), nprocs=3)
    alone = evaluate_images(labels, range(7))
    assert alone["recall"] == pytest.approx(100 * 10 / 14)
    assert [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(3)] == [alone] * 3
