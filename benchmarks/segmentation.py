"""mIoU of many masks against mmsegmentation's IoUMetric; the numbers are compared before the clock runs."""

import numpy as np

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics

MASKS, HEIGHT, WIDTH, CLASSES = 40, 480, 640, 9
#: Side of the squares that the made-up labels consist of: real labels are not noise.
BLOCK = 20


def run() -> list[Ratio]:
    import torch
    from mmengine.logging import MMLogger
    from mmseg.evaluation.metrics import IoUMetric

    MMLogger.get_instance("mmengine").setLevel("ERROR")
    labels, predictions = masks()
    metric = IoUMetric(ignore_index=255, iou_metrics=["mIoU"])
    metric.dataset_meta = {"classes": [str(number) for number in range(CLASSES)]}
    samples = [
        [
            {
                "pred_sem_seg": {"data": torch.from_numpy(prediction.astype(np.int64))},
                "gt_sem_seg": {"data": torch.from_numpy(label.astype(np.int64))},
            }
        ]
        for label, prediction in zip(labels, predictions, strict=True)
    ]

    def theirs() -> float:
        metric.results.clear()
        for sample in samples:
            metric.process({}, sample)
        return float(metric.compute_metrics(metric.results)["mIoU"])

    def ours() -> float:
        counts = sum(
            confusion_matrix(label, prediction, ids=range(CLASSES))
            for label, prediction in zip(labels, predictions, strict=True)
        )
        found = segmentation_metrics(counts, ids=range(CLASSES), rules=SegmentationRules(absent="union"))
        return float(found["miou"])

    if abs(ours() - theirs()) > 0.005:
        raise RuntimeError("mmsegmentation finds another mIoU")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [
            compare(
                f"mIoU of {MASKS} masks of {WIDTH}x{HEIGHT}, one thread",
                ours,
                theirs,
                reference_name="mmsegmentation's IoUMetric",
                goal=10.0,
            )
        ]
    finally:
        torch.set_num_threads(threads)


def masks() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, CLASSES, (MASKS, HEIGHT // BLOCK, WIDTH // BLOCK), np.uint8)
    labels = blocks.repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)
    return labels, np.roll(labels, 3, axis=2)
