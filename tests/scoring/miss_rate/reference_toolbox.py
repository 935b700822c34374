"""The MATLAB protocol in plain loops, written from its rules: slow, and with no idea in common with ours."""

import math


def ignored(box, occlusion, flag, *, heights, occlusions):
    left, top, width, height = box
    return bool(
        flag
        or not 5 <= left <= 635
        or not 5 <= left + width <= 635
        or not 5 <= top <= 507
        or not 5 <= top + height <= 507
        or not heights[0] <= height <= heights[1]
        or occlusion not in occlusions
    )


def evaluate_image(boxes, detections, threshold=0.5):
    """Return 1 (true), 0 (false) or -1 (dropped) for each detection, in their order.

    Args:
        boxes: (box, ignored).
        detections: (box, score), by falling score.
    """
    order = sorted(range(len(boxes)), key=lambda at: boxes[at][1])
    taken, outcomes = set(), []
    for box, _ in detections:
        best, outcome, chosen = threshold, 0, None
        for at in order:
            other, is_ignored = boxes[at]
            if at in taken:
                continue
            if outcome and is_ignored:
                break
            value = overlap(box, other, is_ignored)
            if value >= best:
                best, outcome, chosen = value, -1 if is_ignored else 1, at
        if outcome == 1:
            taken.add(chosen)
        outcomes.append(outcome)
    return outcomes


def overlap(box, other, is_ignored):
    width = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    height = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    own = box[2] * box[3]
    return shared / (own if is_ignored else own + other[2] * other[3] - shared)


def curve(images, threshold=0.5):
    """Return FPPI and recall after each detection that is not dropped.

    Args:
        images: (boxes, detections) as for `evaluate_image`, in order.
        threshold: IoU.
    """
    scored, positives = [], 0
    for boxes, detections in images:
        positives += sum(not is_ignored for _, is_ignored in boxes)
        by_score = sorted(detections, key=lambda detection: -detection[1])
        outcomes = evaluate_image(boxes, by_score, threshold)
        scored += [(score, outcome) for (_, score), outcome in zip(by_score, outcomes, strict=True) if outcome >= 0]
    true = false = 0
    points = []
    for _, outcome in sorted(scored, key=lambda pair: -pair[0]):
        true, false = true + outcome, false + 1 - outcome
        points.append((false / len(images), true / positives if positives else math.nan))
    return points


def recalls(points):
    """Return the recall at each of the nine reference points."""
    references = [10 ** (-2 + 0.25 * step) for step in range(9)]
    return [max([0.0, *(recall for fppi, recall in points if fppi <= reference)]) for reference in references]


def miss_rate(points):
    return math.exp(sum(math.log(max(1e-10, 1 - recall)) for recall in recalls(points)) / 9)
