"""`rgbtbench --help` against the bare interpreter, and against importing torch."""

import subprocess
import sys

from benchmarks.ratio import Ratio, compare


def run() -> list[Ratio]:
    def start(*code: str) -> None:
        subprocess.run([sys.executable, *code], check=True, stdout=subprocess.DEVNULL)

    def help_page() -> None:
        start("-m", "rgbtbench", "--help")

    return [
        compare(
            "rgbtbench --help", help_page, lambda: start("-c", "import torch"), reference_name="import torch", goal=4.0
        ),
        compare("rgbtbench --help", help_page, lambda: start("-c", "pass"), reference_name="bare interpreter"),
    ]
