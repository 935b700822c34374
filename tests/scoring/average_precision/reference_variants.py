"""VOC's and YOLO's average precision written once more, box by box, to hold the fast one against.

Curves have a point for every detection here, and are read with `numpy.interp`, as the tools do it.
"""

import numpy as np


def iou(first, second, *, pixel=0.0):
    """Return the IoU of two boxes as x, y, width, height."""
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right = min(first[0] + first[2] + pixel, second[0] + second[2] + pixel)
    bottom = min(first[1] + first[3] + pixel, second[1] + second[3] + pixel)
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [(box[2] + pixel) * (box[3] + pixel) for box in (first, second)]
    return shared / (sum(areas) - shared)


def of_class(table, image, label):
    return np.flatnonzero((table.image_ids == image) & (table.labels == label))


def voc_curve(truth, found, image_ids, label, *, pixel=0.0, at_least=False):
    """Return recall and precision after each detection, by falling score over all images; None without objects."""
    objects = {image: of_class(truth, image, label) for image in image_ids}
    wanted = sum(int((~truth.crowd[rows]).sum()) for rows in objects.values())
    if not wanted:
        return None
    order = [row for image in image_ids for row in of_class(found, image, label)]
    order.sort(key=lambda row: -found.scores[row])
    taken, true, false, curve = set(), 0, 0, []
    for row in order:
        rows = objects[found.image_ids[row]]
        overlaps = [iou(found.xywh[row], truth.xywh[other], pixel=pixel) for other in rows]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and (overlaps[best] >= 0.5 if at_least else overlaps[best] > 0.5):
            if truth.crowd[rows[best]]:
                curve.append((true / wanted, true / max(true + false, 1)))
                continue
            if rows[best] not in taken:
                taken.add(rows[best])
                true += 1
            else:
                false += 1
        else:
            false += 1
        curve.append((true / wanted, true / (true + false)))
    return np.array(curve).reshape(-1, 2).T


def eleven_points(recall, precision):
    return np.mean([precision[recall >= level].max(initial=0.0) for level in np.arange(0.0, 1.1, 0.1)])


def area(recall, precision):
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    for at in range(len(precision) - 2, -1, -1):
        precision[at] = max(precision[at], precision[at + 1])
    return sum((recall[at + 1] - recall[at]) * precision[at + 1] for at in range(len(recall) - 1))


def voc_ap(truth, found, image_ids, class_ids, *, integrate, **options):
    """Return the mean of the classes that have objects, in percent."""
    curves = [voc_curve(truth, found, image_ids, label, **options) for label in class_ids]
    return 100 * np.mean([integrate(*curve) for curve in curves if curve is not None])


def yolo_hits(truth, found, image_ids, label, thresholds):
    """Return bool (D, T) for the detections of a class by falling score, and the number of its objects."""
    order, hits = [], {}
    for image in image_ids:
        objects, detections = of_class(truth, image, label), of_class(found, image, label)
        taken = set()
        for row in sorted(detections, key=lambda row: -found.scores[row]):
            overlaps = [iou(found.xywh[row], truth.xywh[other]) for other in objects]
            order.append(row)
            hits[row] = np.zeros(len(thresholds), bool)
            if overlaps:
                best = int(np.argmax(overlaps))
                if overlaps[best] > thresholds[0] and best not in taken:
                    taken.add(best)
                    hits[row] = overlaps[best] > thresholds
    order.sort(key=lambda row: -found.scores[row])
    wanted = sum(len(of_class(truth, image, label)) for image in image_ids)
    return np.array([hits[row] for row in order], bool).reshape(-1, len(thresholds)), wanted


def free_hits(truth, found, image_ids, label, thresholds):
    """Return the same as `yolo_hits` where each threshold has matches of its own, with the best free object."""
    order, hits = [], {}
    for image in image_ids:
        objects, detections = of_class(truth, image, label), of_class(found, image, label)
        taken = [set() for _ in thresholds]
        for row in sorted(detections, key=lambda row: -found.scores[row]):
            order.append(row)
            hits[row] = np.zeros(len(thresholds), bool)
            overlaps = np.array([iou(found.xywh[row], truth.xywh[other]) for other in objects])
            for at, threshold in enumerate(thresholds):
                free = [place for place in range(len(objects)) if place not in taken[at]]
                best = max(free, key=lambda place: overlaps[place], default=None)
                if best is not None and overlaps[best] >= threshold:
                    taken[at].add(best)
                    hits[row][at] = True
    order.sort(key=lambda row: -found.scores[row])
    wanted = sum(len(of_class(truth, image, label)) for image in image_ids)
    return np.array([hits[row] for row in order], bool).reshape(-1, len(thresholds)), wanted


def yolo_area(recall, precision, ending):
    last = recall[-1] if len(recall) else None
    further_recall, further_precision = {
        "yolov5": ([0.01 if last is None else last + 0.01], [0.0]),
        "yolov5_v6": ([1.0], [0.0]),
        "ultralytics": ([1.0 if last is None else last, 1.0], [0.0, 0.0]),
    }[ending]
    recall = np.concatenate([[0.0], recall, further_recall])
    precision = np.concatenate([[1.0], precision, further_precision])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    levels = np.linspace(0, 1, 101)
    return np.trapezoid(np.interp(levels, recall, precision), levels)


def yolo_ap(truth, found, image_ids, class_ids, *, ending, thresholds):
    """Return the mean over classes that have objects at every threshold, in percent, float64 (T,)."""
    found = found.of(found.scores > 0.001)
    kept = [row for image in image_ids for row in np.flatnonzero(found.image_ids == image)[:300]]
    found = found.of(np.array(sorted(kept), np.int64))
    truth = truth.of(~truth.crowd)
    values, match = [], free_hits if ending == "ultralytics" else yolo_hits
    for label in class_ids:
        hits, wanted = match(truth, found, image_ids, label, thresholds)
        if wanted:
            true, false = np.cumsum(hits, axis=0), np.cumsum(~hits, axis=0)
            values.append(
                [
                    yolo_area(true[:, at] / wanted, true[:, at] / (true + false)[:, at], ending) if len(hits) else 0.0
                    for at in range(len(thresholds))
                ]
            )
    return 100 * np.mean(values, axis=0)
