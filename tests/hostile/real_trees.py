"""Small trees of real images and labels, cut out of the samples beside the repository, as far as those are there."""

import json
import shutil
import zipfile
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from tests.datasets.shared import SAMPLES, SHARED
from tests.hostile.official_trees import OfficialTree

#: Dataset to file of the tree to sample; other parts of a tree are made by the functions below.
COPIES = {
    "mfnet": {
        f"{folder}/{stem}.png": f"mfnet/{folder}/{stem}.png"
        for folder in ("images", "labels")
        for stem in ("00101D", "00102D", "01500D")
    },
    "llvip": {
        f"val_imgs/{camera}/{stem}.jpg": f"detection-coco/coco_LLVIP/val_imgs/{camera}/{stem}.jpg"
        for camera in ("vis_imgs", "ir_imgs")
        for stem in ("190001", "190002")
    },
    "flir_aligned": {
        f"val_imgs/{camera}/{stem}.jpg": f"detection-coco/coco_FLIR_align/val_imgs/{camera}/{stem}.jpg"
        for camera in ("vis_imgs", "ir_imgs")
        for stem in ("FLIR_08864", "FLIR_08865")
    },
    "m3fd": {
        f"{part}_{camera}_img/{stem}.png": f"detection-coco/coco_m3fd/{part}_{camera}_img/{stem}.png"
        for camera in ("vis", "ir")
        for part, stem in (("train", "00000"), ("train", "00001"), ("val", "00111"), ("val", "00112"))
    },
    "kaist": {
        f"{frame}_{camera}.png": f"kaist/{frame}_{camera}.png"
        for camera in ("visible", "lwir")
        for frame in ("set06_V001_I00459", "set09_V000_I01139")
    },
    "vt821": {"RGB/20.jpg": "vt/VT821_rgb_20.jpg", "T/20.jpg": "vt/VT821_t_20.jpg", "GT/20.png": "vt/VT821_gt_20.png"},
    "vt1000": {
        "RGB/070.jpg": "vt/VT1000_rgb_070.jpg",
        "T/070.jpg": "vt/VT1000_t_070.jpg",
        "GT/070.jpg": "vt/VT1000_gt_070.jpg",
    },
    "vt5000": {
        f"Test/{folder}/{stem}.jpg": f"vt/VT5000_{name}_{stem}.jpg"
        for folder, name in (("RGB", "rgb"), ("T", "t"), ("GT", "gt"))
        for stem in (3, 75)
    },
    "ms2": {
        f"sync_data/_2021-08-06-11-23-45/{camera}/img_{side}/{frame}.png": f"ms2/{side}/{frame}_{camera}.png"
        for camera in ("rgb", "nir", "thr")
        for side in ("left", "right")
        for frame in ("000011", "002079")
    },
    "roadscene": {
        f"{folder}/{stem}.jpg": f"roadscene/{folder}/{stem}.jpg"
        for folder in ("crop_LR_visible", "cropinfrared")
        for stem in ("FLIR_00006", "FLIR_video_00069")
    },
    "rgbt550k": {
        f"{folder}/{stem}.jpg": f"roadscene/{folder}/{stem}.jpg"
        for folder in ("crop_LR_visible", "cropinfrared")
        for stem in ("FLIR_00006", "FLIR_00018")
    },
}
TEXTS = {
    "mfnet": {"train.txt": "00101D\n00102D\n", "test.txt": "01500D\n"},
    "ms2": {"train_list.txt": "_2021-08-06-11-23-45\n"},
    "rgbt550k": {"layout.yaml": "modalities: {rgb: 'crop_LR_visible/{stem}.jpg', lwir: 'cropinfrared/{stem}.jpg'}\n"},
}
#: Instances files, of which only the entries of the copied images are taken.
INSTANCES = {
    "llvip": {"annotations/val.json": "detection-coco/coco_LLVIP/annotations/val.json"},
    "flir_aligned": {"annotations/val.json": "detection-coco/coco_FLIR_align/annotations/val.json"},
    "m3fd": {
        f"annotations/m3fd_{part}_new.json": f"detection-coco/coco_m3fd/annotations/m3fd_{part}_new.json"
        for part in ("train", "val")
    },
}
IMPROVED = SHARED / "golden/kaist/improved_annotations_bbgt.zip"


def real_trees(folder):
    """Yield a tree of each dataset whose samples are there."""
    for name, copies in COPIES.items():
        if not all((SAMPLES / sample).is_file() for sample in copies.values()):
            continue
        root = folder / f"{name}-real"
        for path, sample in copies.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SAMPLES / sample, root / path)
        for path, text in TEXTS.get(name, {}).items():
            (root / path).write_text(text)
        for path, sample in INSTANCES.get(name, {}).items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(_part_of(SAMPLES / sample, {Path(copy).name for copy in copies}))
        if name == "kaist" and not _add_improved_labels(root):
            continue
        source = dataset(name)
        yield OfficialTree(name, f"real {recognise(source, root).name}", root, source, dataset_card(name))


def _part_of(instances, names):
    content = json.loads(instances.read_bytes())
    images = [image for image in content["images"] if image["file_name"] in names]
    kept = {image["id"] for image in images}
    boxes = [box for box in content["annotations"] if box["image_id"] in kept]
    return json.dumps({**content, "images": images, "annotations": boxes})


def _add_improved_labels(root):
    if not IMPROVED.is_file():
        return False
    frames = {path.name.rpartition("_")[0] for path in root.glob("*.png")}
    with zipfile.ZipFile(IMPROVED) as archive:
        wanted = [name for name in archive.namelist() if Path(name).stem in frames]
        archive.extractall(root, wanted)
    return bool(wanted)
