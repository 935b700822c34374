"""Memory that was freed is used again, and teaching the C library so takes none."""

import json
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc learns from what is freed")

_ROUNDS, _PAGES = 50, 4 * 1024 * 1024 // 4096

_MEASURED = f"""
import json, resource, sys
import numpy as np
from rgbtbench.freed_memory import keep_freed_memory
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first = faults()
if sys.argv[1] == "kept":
    keep_freed_memory()
taught = faults() - first
for turn in range({_ROUNDS} + 1):
    images = [np.ones(1024 * 1024, np.uint8) for _ in range(4)]
    del images
    if turn == 0:
        first = faults()
print(json.dumps([taught, faults() - first]))
"""


def page_faults(how):
    printed = subprocess.run([sys.executable, "-c", _MEASURED, how], check=True, capture_output=True, text=True).stdout
    return json.loads(printed)


def test_freed_memory_is_used_again_and_teaching_it_touches_none():
    taught, kept = page_faults("kept")
    _, given_back = page_faults("given back")
    assert taught < 64
    assert given_back > _ROUNDS * _PAGES // 2
    assert kept < given_back // 10
