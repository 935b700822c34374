"""KAIST Multispectral Pedestrian Detection (Hwang et al., CVPR 2015): RGB and thermal frames of one beam splitter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.datasets.kaist_fake import write_frames, write_instances, write_release
from rgbtbench.datasets.kaist_files import INSTANCES, files_by_instances, files_by_lists
from rgbtbench.datasets.kaist_frames import LISTS, attributes_of
from rgbtbench.datasets.kaist_labels import read_labels
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import LayoutError
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.pair import Entry, Pair, key_of

_OFFICIAL = {"rgb": "images/{video}/visible/{frame}.jpg", "lwir": "images/{video}/lwir/{frame}.jpg"}


@dataclass(frozen=True, slots=True)
class KaistLayout(Layout):
    """A layout by where its images lie: modality to path with `{video}` and `{frame}`, or with `{flat}`."""

    images: Mapping[str, str] = field(default_factory=dict)


class KAIST:
    """Label sets are those that lie in the tree; a split for which it holds none is left out."""

    name = "kaist"
    layouts = (
        KaistLayout(
            "official",
            ("images/set*/V*/visible", "images/set*/V*/lwir"),
            "images/<set>/<video>/{visible,lwir}/<frame>.jpg with imageSets and any of the annotations",
            images=_OFFICIAL,
        ),
        KaistLayout(
            "sets",
            ("set*/V*/visible/*.jpg", "set*/V*/lwir/*.jpg"),
            "<set>/<video>/{visible,lwir}/<frame>.jpg as in the archives of single sets",
            images={name: path.removeprefix("images/") for name, path in _OFFICIAL.items()},
        ),
        KaistLayout(
            "msds",
            ("set*_V*_I*_visible.png", "set*_V*_I*_lwir.png"),
            "<set>_<video>_<frame>_{visible,lwir}.png",
            images={"rgb": "{flat}_visible.png", "lwir": "{flat}_lwir.png"},
        ),
        KaistLayout(
            "color-thermal",
            ("color/set*_V*_I*.jpg", "thermal/set*_V*_I*.jpg"),
            "{color,thermal}/<set>_<video>_<frame>.jpg",
            images={"rgb": "color/{flat}.jpg", "lwir": "thermal/{flat}.jpg"},
        ),
        KaistLayout(
            "mspecgene",
            ("coco/annotations/KAIST_*.json", "coco2"),
            "coco/{train,val} (thermal) and coco2/{train,val} (RGB), coco/annotations/KAIST_{train,test}.json",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the frames of every split that is there, in official order; raises `InputFileError`, `LayoutError`."""
        form = self._form(layout)
        splits = files_by_lists(root, form.images) if form.images else files_by_instances(root)
        found = False
        for split, frames in splits:
            for order, (frame, files) in enumerate(frames.items()):
                found = True
                video = frame.rpartition("/")[0]
                yield Entry(
                    key=key_of(frame),
                    official_id=frame,
                    split=split,
                    order=order,
                    files=files,
                    attributes=attributes_of(video),
                    cluster=video,
                    image_id=order if split == "test" else None,
                )
        if not found:
            raise LayoutError(
                "no list names frames, and the folders hold none of any split",
                expected=f"the official lists in {LISTS}",
                path=root,
                remedy="copy the lists of the release beside the images",
            )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one frame; all image bytes stay official. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        images = {modality: read_image_file(root, entry.files[modality]) for modality in _OFFICIAL}
        require_one_size(root, *images.values())
        held = {name: facts for name, facts in dataset_card(self.name).label_sets.items() if name in entry.files}
        labels = {name: read_labels(root, entry, name, facts) for name, facts in held.items()}
        return Pair(self.name, entry, images, labels, entry.attributes)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes as frames of a video that the release does not have; most layouts hold test alone."""
        form = self._form(layout)
        if form.name == "official":
            write_release(root, form.images, counts, seed)
        elif form.images:
            write_frames(root, form.images, counts.get("test", 0), seed)
        else:
            write_instances(root, INSTANCES, counts, seed)

    def _form(self, layout: Layout) -> KaistLayout:
        return next(form for form in self.layouts if form.name == layout.name)


SOURCE = KAIST()
