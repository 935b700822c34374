"""Random scenes of pedestrians with integer coordinates and few distinct scores, so that ties of all kinds occur."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from rgbtbench.scoring.miss_rate.detected import detect
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians

#: The same examples in every run, however busy the machine is.
steady = settings(deadline=None, derandomize=True)

_BOXES = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 9), st.integers(1, 9))
_SCORES = st.sampled_from([-1.5, 0.0, 1e-9, 0.25, 0.5, 0.75, 1.0, 40.0])
#: Images as (boxes, detections): boxes are (xywh, ignored), detections (xywh, score).
SCENES = st.lists(
    st.tuples(st.lists(st.tuples(_BOXES, st.booleans()), max_size=4), st.lists(st.tuples(_BOXES, _SCORES), max_size=6)),
    min_size=1,
    max_size=6,
)


def truth_of(scene):
    return Pedestrians(
        images=np.repeat(np.arange(len(scene)), [len(boxes) for boxes, _ in scene]),
        xywh=np.array([box for boxes, _ in scene for box, _ in boxes], float).reshape(-1, 4),
        occlusions=np.zeros(sum(len(boxes) for boxes, _ in scene), np.int64),
        ignored=np.array([flag for boxes, _ in scene for _, flag in boxes], bool),
    )


def detected_in(scene, rules, **options):
    """Return the statistics of a scene; detections of one image are put into falling order of score first."""
    rows = [
        (image, *box, score)
        for image, (_, found) in enumerate(scene)
        for box, score in sorted(found, key=lambda detection: -detection[1])
    ]
    table = np.array(rows, float).reshape(-1, 6)
    return detect(
        truth_of(scene),
        table[:, 0].astype(np.int64),
        table[:, 1:5],
        table[:, 5],
        image_count=len(scene),
        rules=rules,
        **options,
    )
