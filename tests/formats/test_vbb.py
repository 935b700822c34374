"""Video annotations: boxes of every frame, as SciPy reads the same file."""

import io

import numpy as np
import pytest
import scipy.io

from rgbtbench.errors import InputFileError
from rgbtbench.formats.vbb import read_vbb, read_vbb_once
from tests.formats.files import put

FIELDS = [(name, object) for name in ("id", "pos", "occl", "lock", "posv")]


def objects(*items):
    """A frame's list: (id, pos, occl, posv) each."""
    if not items:
        return np.zeros((0, 0))
    records = np.empty((1, len(items)), FIELDS)
    for at, (number, pos, occlusion, visible) in enumerate(items):
        records[0, at] = (float(number), np.array([pos], float), float(occlusion), 0.0, np.array([visible], float))
    return records


def cell(*contents):
    cells = np.empty((1, len(contents)), object)
    for at, content in enumerate(contents):
        cells[0, at] = content
    return cells


def video(frames, labels, **changes):
    stream = io.BytesIO()
    fields = {"nFrame": float(len(frames)), "objLists": cell(*frames), "maxObj": 9.0, "objLbl": cell(*labels)}
    scipy.io.savemat(stream, {"A": {**fields, **changes}}, do_compression=True)
    return stream.getvalue()


NONE = (0, 0, 0, 0)
FRAMES = [
    objects(),
    objects((2, (466, 183, 19, 57), 0, NONE), (1, (1.5, 2, 3, 4), 1, (1, 2, 2, 3))),
    objects((1, (5, 6, 7, 8), 2, NONE)),
]


def read(root, data):
    put(root, "V000.vbb", data)
    return read_vbb(root, "V000.vbb")


def test_frames_count_from_0_and_object_ids_from_1(tmp_path):
    first, second, third = read(tmp_path, video(FRAMES, ["person", "people"]))
    assert first == ()
    assert [(box.name, box.numbers, box.occlusion, box.visible) for box in second] == [
        ("people", (466, 183, 19, 57), 0, NONE),
        ("person", (1.5, 2, 3, 4), 1, (1, 2, 2, 3)),
    ]
    assert [(box.name, box.occlusion, box.form) for box in third] == [("person", 2, "xywh")]


def test_a_long_video_agrees_with_scipy(tmp_path):
    random = np.random.default_rng(5)
    frames = [
        objects(*[(random.integers(1, 4), random.integers(1, 99, 4), random.integers(3), NONE) for _ in range(count)])
        for count in random.integers(0, 4, 50)
    ]
    data = video(frames, ["person", "person?", "cyclist"])
    annotation = scipy.io.loadmat(io.BytesIO(data), squeeze_me=True, struct_as_record=False)["A"]
    expected = [
        [
            (annotation.objLbl[int(item.id) - 1], tuple(item.pos.tolist()), int(item.occl))
            for item in np.atleast_1d(held)
            if hasattr(item, "id")
        ]
        for held in annotation.objLists
    ]
    found = [[(box.name, box.numbers, box.occlusion) for box in frame] for frame in read(tmp_path, data)]
    assert found == expected
    assert sum(map(len, found)) > 50


def test_a_video_is_read_once_until_its_file_changes(tmp_path):
    put(tmp_path, "V000.vbb", video(FRAMES, ["person", "people"]))
    frames = read_vbb_once(tmp_path, "V000.vbb")
    assert read_vbb_once(tmp_path, "V000.vbb") is frames
    put(tmp_path, "V000.vbb", video(FRAMES[:1], ["person"]))
    assert read_vbb_once(tmp_path, "V000.vbb") == ((),)
    (tmp_path / "V000.vbb").unlink()
    with pytest.raises(InputFileError, match="no such file"):
        read_vbb_once(tmp_path, "V000.vbb")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (video(FRAMES, ["person"]), "frame 1 has an object with the id 2, which has no label"),
        (video(FRAMES, ["person", 3.0]), "frame 1 has an object with the id 2, which has"),
        (video(FRAMES, ["person"] * 2, nFrame=9.0), "nFrame differs from the 3 lists of objects"),
        (video(FRAMES, ["person"] * 2, nFrame="many"), "nFrame is not 1 finite number"),
        (video(FRAMES, ["person"] * 2, objLbl=1.0), "A has no objLists or no objLbl"),
        (video([*FRAMES, "text"], ["person"] * 2), "frame 3 has no list of objects"),
        (video([cell("text")], ["person"]), "frame 0 has an object without fields"),
        (video([objects((1, (1, 2, 0, 4), 0, NONE))], ["person"]), "frame 0 has an empty box 1 2 0 4"),
        (video([objects((1, (1, np.nan, 3, 4), 0, NONE))], ["person"]), "frame 0: pos is not 4 finite numbers"),
        (video([objects((1, (1, 2, 3), 0, NONE))], ["person"]), "frame 0: pos is not 4 finite numbers"),
        (video([objects((1, (1, 2, 3, 4), 3, NONE))], ["person"]), "frame 0: person has the occlusion '3'"),
        (b"pickled or not, no MATLAB file" * 9, "is no MATLAB file of level 5"),
    ],
)
def test_anything_unusual_ends_in_one_error(tmp_path, data, said):
    with pytest.raises(InputFileError, match=rf"V000\.vbb: {said}"):
        read(tmp_path, data)


def test_another_variable_is_no_annotation(tmp_path):
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"B": 1.0})
    with pytest.raises(InputFileError, match="has no struct A; expected a struct A with nFrame, objLists and objLbl"):
        read(tmp_path, stream.getvalue())
