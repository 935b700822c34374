"""psum and nsum as the paper's Table 2 has them: the sums of its printed columns."""

import numpy as np
import pytest

from rgbtbench.cards.rules.language import NEGATIVE, POSITIVE
from rgbtbench.scoring.language.sums import sums

#: Cao et al., ICCV 2025, Table 2: Scene, Rec., Gro., Rel., ReID, Sec., psum, Loc., A.C., P.C., nsum.
TABLE_2 = {
    "PandaGPT-7B, zero-shot": "28.49 45.10 23.22 47.75 23.69 22.10 190.35 39.54 25.19 78.29 143.02",
    "LLaVA1.5-7B, zero-shot": "35.89 23.11 11.17 23.68 2.61 18.63 115.09 83.12 42.39 117.22 242.73",
    "Qwen2-VL-7B, zero-shot": "49.80 59.42 25.74 56.19 4.62 30.08 225.85 50.41 18.05 89.12 157.58",
    "InternVL2-8B, zero-shot": "46.02 77.69 30.05 53.02 7.33 38.19 252.30 43.29 21.75 60.39 125.43",
    "InternVL2-26B, zero-shot": "62.24 72.88 39.48 55.42 8.16 43.72 281.90 38.25 21.68 64.65 124.58",
    "IRGPT (anti-CL), zero-shot": "61.29 80.25 27.89 52.66 19.44 45.31 286.84 35.22 20.29 53.93 109.44",
    "IRGPT (Random), zero-shot": "63.93 83.38 33.91 53.67 28.18 44.11 307.18 34.99 15.33 47.17 97.49",
    "IRGPT (CL), zero-shot": "65.12 86.28 36.68 58.33 33.55 48.69 328.65 33.32 13.25 47.30 93.87",
    "PandaGPT-7B, fine-tuned": "82.93 99.12 49.04 97.22 47.51 99.32 475.14 12.29 1.31 6.13 19.73",
    "LLaVA1.5-7B, fine-tuned": "80.04 96.32 44.48 95.11 42.89 97.56 456.40 20.69 1.71 11.66 34.06",
    "Qwen2-VL-7B, fine-tuned": "83.21 98.47 47.93 95.99 44.83 98.84 469.27 16.44 1.48 7.39 25.31",
    "InternVL2-8B, fine-tuned": "82.14 97.78 47.59 93.25 44.97 98.76 464.49 18.70 1.52 6.64 26.85",
    "InternVL2-26B, fine-tuned": "84.03 98.94 48.77 95.89 47.09 99.06 473.78 12.50 1.38 5.68 19.57",
    "IRGPT (anti-CL), fine-tuned": "79.89 97.65 42.01 95.23 23.09 95.37 433.24 19.02 1.61 5.87 26.50",
    "IRGPT (Random), fine-tuned": "83.89 99.07 50.32 97.13 49.68 99.37 479.46 9.74 1.12 2.09 12.94",
    "IRGPT (CL), fine-tuned": "85.12 99.79 51.58 98.69 50.79 99.82 485.79 3.32 0.25 0.82 4.39",
}


#: Rows whose printed nsum is a hundredth off the sum of the printed columns: it was summed before rounding.
ROUNDED_LATER = {"InternVL2-8B, fine-tuned", "InternVL2-26B, fine-tuned", "IRGPT (Random), fine-tuned"}


@pytest.mark.parametrize("name", TABLE_2)
def test_the_sums_of_the_printed_columns_are_the_printed_sums(name):
    *positive, psum, loc, aerial, pedestrian, nsum = map(float, TABLE_2[name].split())
    columns = map(np.array, (*positive, loc, aerial, pedestrian))
    found = sums(dict(zip((*POSITIVE, *NEGATIVE), columns, strict=True)))
    assert round(float(found["psum"]), 2) == psum
    assert round(abs(float(found["nsum"]) - nsum), 2) == (0.01 if name in ROUNDED_LATER else 0.0)


def test_a_sum_with_a_task_missing_is_no_sum():
    eight = {task: np.array([1.0, 2.0]) for task in (*POSITIVE[1:], *NEGATIVE)}
    assert list(sums(eight)) == ["nsum"]
    assert sums(eight)["nsum"].tolist() == [3.0, 6.0]
    assert sums({}) == {}
