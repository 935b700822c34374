"""Measure the zoo on a device and write one file; or show such a file as tables.

Every line of `entries.yaml` is measured as it is, those of most worth first, then compiled. A line that fails is noted
with its error. The file is written after each, so that an interrupted run loses nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.devices.entries import PRECISION, Entries, load_entries
from benchmarks.devices.page import tables
from benchmarks.devices.session import Request, Session

_ENTRIES = Path(__file__).with_name("entries.yaml")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file to write")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a file's tables, and measure nothing")
    parser.add_argument("--limit-seconds", type=float, default=3600.0, help="for everything")
    parser.add_argument("--seconds", type=float, default=2.0, help="that each figure may take")
    parser.add_argument("--compile-seconds", type=float, default=180.0, help="for each group compiled at once")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names of lines, or how they begin")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep what a file of this device has figures of")
    parser.add_argument("--no-compile", action="store_true", help="measure nothing compiled")
    parser.add_argument("--entries", type=Path, default=_ENTRIES, metavar="FILE", help="what there is to measure")
    parser.add_argument("--commit", default=_output("git", "rev-parse", "HEAD"), help="what is measured")
    arguments = parser.parse_args()
    if arguments.show is not None:
        print(tables(json.loads(arguments.show.read_text(encoding="utf-8"))), end="")
        return
    if arguments.out is None:
        parser.error("name a file with --out, or one to --show")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    known = load_entries(arguments.entries)
    chosen = _chosen(known, arguments.only)
    if not chosen.entries and not chosen.comparisons:
        parser.error(f"--only names none of {', '.join(line.name for line in (*known.entries, *known.comparisons))}")
    _measure(chosen, arguments)


def _measure(chosen: Entries, arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    names = [comparison.name for comparison in chosen.comparisons]
    facts = _facts(arguments.device)
    content: dict[str, Any] = {
        **facts,
        "commit": arguments.commit,
        "precision": PRECISION,
        "seconds_per_figure": arguments.seconds,
        "results": {entry.name: {} for entry in chosen.entries},
        "comparisons": {name: {"not_measured": "not reached"} for name in names},
    }
    if arguments.resume is not None:
        _take_over(json.loads(arguments.resume.read_text(encoding="utf-8")), content)
    _write(content, arguments.out)

    def report(request: Request, found: dict[str, Any]) -> None:
        if request.name in names:
            content["comparisons"][request.name] = found
        else:
            content["results"][request.name]["compiled" if request.is_compiled else "plain"] = found
        content["seconds"] = round(time.monotonic() - began, 1)
        _write(content, arguments.out)
        how = " compiled" if request.is_compiled else ""
        print(f"{content['seconds']:7.1f} s  {request.name}{how}: {_in_short(found)}", file=sys.stderr, flush=True)

    session = Session(
        arguments.device,
        arguments.entries.resolve(),
        limit=arguments.limit_seconds,
        seconds=arguments.seconds,
        to_compile=arguments.compile_seconds,
        memory=facts["memory_bytes"],
        report=report,
    )
    # Comparisons answer questions that lines do not, so they come after the first third of the lines.
    third = len(chosen.entries) // 3
    lines = [Request(entry.name) for entry in chosen.entries]
    wanted = [*lines[:third], *(Request(name) for name in names), *lines[third:]]
    session.one_by_one([request for request in wanted if not _is_known(request, content)])
    if not arguments.no_compile:
        turns = {entry.name: entry.compiled for entry in chosen.entries if entry.compiled}
        requests = [_compiled(name, content["results"][name]) for name in turns]
        requests.sort(key=lambda request: (turns[request.name], request.peak))
        session.all_prepared_first([request for request in requests if not _is_known(request, content)])


def _compiled(name: str, found: dict[str, Any]) -> Request:
    """Return the request for a line with the batch that fitted, and the memory that it took."""
    training = found.get("plain", {}).get("training", {})
    return Request(name, True, training.get("batch_size"), training.get("peak_memory_bytes") or 0)


def _write(content: dict[str, Any], path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _take_over(earlier: dict[str, Any], content: dict[str, Any]) -> None:
    """Bring results of an earlier file into a new one; both must be of the same machine and code."""
    for fact in ("device", "driver", "torch", "commit", "precision"):
        if earlier[fact] != content[fact]:
            raise SystemExit(f"--resume: {fact} was {earlier[fact]} and is {content[fact]}")
    for part in ("results", "comparisons"):
        content[part] = {**content[part], **earlier[part]}


def _is_known(request: Request, content: dict[str, Any]) -> bool:
    found = content["comparisons"].get(request.name)
    if found is None:
        found = content["results"][request.name].get("compiled" if request.is_compiled else "plain", {})
    parts = [found, *(found[part] for part in ("training", "prediction") if part in found)]
    return bool(found) and not any("error" in part or "not_measured" in part for part in parts)


def _chosen(known: Entries, only: list[str] | None) -> Entries:
    def is_wanted(name: str) -> bool:
        return only is None or any(name.lower().startswith(wanted.lower()) for wanted in only)

    return known.model_copy(
        update={
            "entries": tuple(entry for entry in known.entries if is_wanted(entry.name)),
            "comparisons": tuple(comparison for comparison in known.comparisons if is_wanted(comparison.name)),
        }
    )


def _facts(device: str) -> dict[str, Any]:
    """Return what figures hold for, without a context on the GPU."""
    import torch

    from rgbtbench.leaderboard.environment import processor

    facts: dict[str, Any] = {
        "device": processor(),
        "memory_bytes": None,
        "driver": None,
        "cuda": torch.version.cuda,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        facts |= {
            "device": properties.name,
            "memory_bytes": properties.total_memory,
            "driver": _output("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"),
            "cudnn": torch.backends.cudnn.version(),
        }
    return facts


def _output(*command: str) -> str | None:
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip().splitlines()[0] if found.stdout.strip() else None


def _in_short(found: dict[str, Any]) -> str:
    parts = {
        part: found[part].get("pairs_per_second", found[part].get("error"))
        for part in ("training", "prediction")
        if part in found
    }
    return str(parts or {name: found[name] for name in found if name in ("error", "not_measured", "variants")})[:600]


if __name__ == "__main__":
    main()
