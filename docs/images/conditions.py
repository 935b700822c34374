"""Makes `conditions.jpg`: one synthetic street under every corruption, moved, and with one camera missing.

Run it from the top of a checkout: python docs/images/conditions.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from rgbtbench.cards.corruptions import corruptions
from rgbtbench.conditions import fills
from rgbtbench.conditions.corruptions import corrupted
from rgbtbench.conditions.misregistration import moved, scaled, with_parallax
from rgbtbench.conditions.seeds import generator_of
from rgbtbench.synthesis.render import render

#: Scene, and the one that is swapped in.
SCENE, OTHER = 2, 5
WIDTH, HEIGHT, SEVERITY = 320, 240, 3
TILE, CAPTION, COLUMNS = (200, 150), 18, 6
KEY = "street"


def main() -> None:
    """Render, change, label and write the sheet beside this file."""
    scene, other = (render(0, index, width=WIDTH, height=HEIGHT) for index in (SCENE, OTHER))
    visible, thermal = scene.rgb, scene.lwir[..., None]
    tiles = [("rgb, as recorded", visible)]
    for name, facts in corruptions().items():
        modality = "lwir" if facts.set == "thermal" else "rgb"
        if name == "nuc_stripes":
            tiles.append(("lwir, as recorded", thermal))
        step = f"corrupt:{modality}/{name}/{SEVERITY}"
        image = thermal if modality == "lwir" else visible
        tiles.append((step, corrupted(image, name, SEVERITY, generator_of(KEY, step))))
    tiles += [
        ("shift:lwir/12,-6 over rgb", blend(visible, moved(thermal, right=12, down=-6))),
        ("scale:lwir/1.1 over rgb", blend(visible, scaled(thermal, factor=1.1))),
        ("parallax:lwir/24 over rgb", blend(visible, with_parallax(thermal, pixels_at_bottom=24))),
        ("missing:lwir/zero_raw", np.zeros_like(thermal)),
        ("missing:lwir/mean", fills.flat(thermal, thermal.mean(axis=(0, 1)))),
        ("missing:lwir/noise", fills.noise(thermal, generator_of(KEY, "missing:lwir/noise"))),
        ("missing:lwir/repeat_other", fills.adapted(visible, thermal)),
        ("missing:lwir/swap", other.lwir[..., None]),
    ]
    out = Path(__file__).with_suffix(".jpg")
    cv2.imwrite(str(out), sheet(tiles), [cv2.IMWRITE_JPEG_QUALITY, 80])
    print(f"{out}: {out.stat().st_size:,} bytes")


def blend(visible: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return the thermal image in red over the visible one in green and blue."""
    return np.concatenate([thermal, visible[..., 1:]], axis=2)


def sheet(tiles: list[tuple[str, np.ndarray]]) -> np.ndarray:
    """Return all tiles in rows with their captions, blue first as OpenCV writes images."""
    width, height = TILE
    rows = -(-len(tiles) // COLUMNS)
    page = np.full((rows * (height + CAPTION), COLUMNS * width, 3), 255, np.uint8)
    for number, (caption, image) in enumerate(tiles):
        top, left = number // COLUMNS * (height + CAPTION), number % COLUMNS * width
        small = cv2.resize(np.broadcast_to(image, (HEIGHT, WIDTH, 3)).copy(), TILE, interpolation=cv2.INTER_AREA)
        page[top + CAPTION : top + CAPTION + height, left : left + width] = small[..., ::-1]
        place = (left + 3, top + CAPTION - 5)
        cv2.putText(page, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return page


if __name__ == "__main__":
    main()
