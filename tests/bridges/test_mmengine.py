"""mmengine evaluates miss rates as it evaluates any metric of its own."""

import pytest

from rgbtbench.bridges.miss_rate import MissRate
from tests.bridges.test_miss_rate import FRAMES, OTHER, PERSON, PROTOCOL, labels  # noqa: F401  (a fixture)

mmengine = pytest.importorskip("mmengine")
torch = pytest.importorskip("torch")


@pytest.fixture
def evaluator(labels):  # noqa: F811
    from mmengine.evaluator import Evaluator

    import rgbtbench.bridges.mmengine  # noqa: F401  (registers the metric)

    return Evaluator({"type": "PedestrianMissRate", "protocol": PROTOCOL, "ground_truth": str(labels[0])})


def sample(image, boxes, scores, kinds):
    from mmengine.structures import BaseDataElement, InstanceData

    found = InstanceData(
        bboxes=torch.tensor(boxes).reshape(-1, 4), scores=torch.tensor(scores), labels=torch.tensor(kinds)
    )
    return BaseDataElement(metainfo={"img_id": image}, pred_instances=found)


def test_an_evaluator_gives_the_numbers_of_the_metric(evaluator, labels):  # noqa: F811
    path, (first, second, third) = labels
    evaluator.process([sample(first, [PERSON, OTHER], [0.9, 0.8], [0, 0]), sample(second, [], [], [])])
    evaluator.process([sample(third, [PERSON, OTHER], [0.9, 0.8], [0, 1])])
    found = evaluator.evaluate(len(FRAMES))
    metric = MissRate(PROTOCOL, ground_truth=path)
    metric.update([first, third], [[PERSON, OTHER], [PERSON]], [[0.9, 0.8], [0.9]])
    assert found == {f"miss_rate/{name}": value for name, value in metric.compute().items()}
    assert found["miss_rate/recall"] == 50


def test_a_second_epoch_begins_anew(evaluator, labels):  # noqa: F811
    _, numbers = labels
    for boxes, recall in (([PERSON, OTHER], 100), ([PERSON], 50)):
        evaluator.process([sample(image, boxes, [0.9, 0.8][: len(boxes)], [0] * len(boxes)) for image in numbers])
        assert evaluator.evaluate(len(FRAMES))["miss_rate/recall"] == recall


def test_images_that_a_sampler_repeats_count_once(evaluator, labels):  # noqa: F811
    _, numbers = labels
    evaluator.process([sample(image, [PERSON], [0.9], [0]) for image in [*numbers, numbers[0]]])
    assert evaluator.evaluate(len(FRAMES) + 1)["miss_rate/recall"] == 50
