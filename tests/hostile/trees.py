"""Small trees in official layouts, whole until a test damages them."""

from rgbtbench.datasets import dataset, recognise
from rgbtbench.formats.write_boxes import write_voc
from tests.formats.files import file_of, noise, put

MFNET, LLVIP = dataset("mfnet"), dataset("llvip")


def mfnet_tree(root, *, stems=("00001D", "00002N")):
    put(root, "test.txt", "\n".join(stems))
    for stem in stems:
        put(root, f"images/{stem}.png", file_of(noise(24, 32, 4)))
        put(root, f"labels/{stem}.png", file_of(noise(24, 32, below=9)))
    return root


def llvip_tree(root, *, stems=("190001", "190002")):
    for stem in stems:
        for camera in ("visible", "infrared"):
            put(root, f"{camera}/test/{stem}.jpg", file_of(noise(48, 64, 3), "jpeg"))
        write_voc(root / f"Annotations/{stem}.xml", size=(64, 48), boxes=[("person", (1.0, 2.0, 30.0, 40.0))])
    return root


def entries(source, root):
    return list(source.entries(root, recognise(source, root)))


def first_pair(source, root):
    layout = recognise(source, root)
    return source.pair(root, layout, next(iter(source.entries(root, layout))))
