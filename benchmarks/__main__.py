"""Run every benchmark, print one table, and exit with 1 when a promise is not kept.

Each module of this package that has a `run()` returns `Ratio`s. `python -m benchmarks loading --json` runs one.
"""

import argparse
import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from benchmarks.ratio import Ratio

_NO_BENCHMARKS = {"__main__", "devices", "literal", "networks", "ratio", "scale_out"}


def main() -> None:
    names = sorted({module.name for module in iter_modules([str(Path(__file__).parent)])} - _NO_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run: {', '.join(names)}; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    results: list[Ratio] = []
    for name in arguments.names or names:
        print(f"running {name}", file=sys.stderr, flush=True)
        results += import_module(f"benchmarks.{name}").run()
    if arguments.json:
        machine = {"platform": platform.platform(), "cores": os.cpu_count(), "load": os.getloadavg()}
        print(json.dumps({"machine": machine, "results": [result.to_json() for result in results]}, indent=2))
    else:
        print_table(results)
    sys.exit(0 if all(result.met for result in results) else 1)


def print_table(results: list[Ratio]) -> None:
    print(f"{'what':58} {'ours':>11} {'reference':>11}  {'ratio':>6} {'quartiles':>14}  goal")
    for result in results:
        goal = "" if result.goal is None else f">= {result.goal:g} {'met' if result.met else 'MISSED'}"
        print(
            f"{result.name:58} {result.ours:9.4f} {result.unit:1} {result.reference:9.4f} {result.unit:1}"
            f"  {result.ratio:6.2f} {result.low:6.2f} .. {result.high:5.2f}  {goal}   vs {result.reference_name}"
        )


if __name__ == "__main__":
    main()
