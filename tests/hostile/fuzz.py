"""A mutation fuzzer of `prepare`: one seeded damage to one small official tree, and what must hold after it.

A case is a number: with the seed it decides the tree, the damage and the place. Whatever is damaged, `prepare` stores
everything, or sets samples aside with a line each, or ends in one `UserError` that names the place; it writes nothing
elsewhere, changes no input, opens nothing outside the tree, and ends in time and within bounds of memory.

    python -m tests.hostile.fuzz --seed 1 --count 10000 --processes 2
    python -m tests.hostile.fuzz --seed 1 --case 4711
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tarfile
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from rgbtbench.errors import CardError, DifferenceError, UserError
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options
from rgbtbench.shards.verify import verify
from tests.hostile.confined import OverrunError, confined, resident_peak
from tests.hostile.fuzz_case import Case
from tests.hostile.official_trees import DECIDING, fake_trees, listed
from tests.hostile.real_trees import real_trees

#: CPU seconds and megabytes of address space beyond what the process has, per `prepare`.
SECONDS, MEGABYTES = 20, 2048
#: Growth of the resident memory that a small tree may cause, in megabytes.
RESIDENT_MEGABYTES = 400
#: Edits of text files that say the same: what is stored must not differ.
HARMLESS = {
    "windows_line_ends": {".txt", ".csv", ".xml", ".json", ".yaml"},
    "byte_order_mark": {".txt", ".csv", ".xml", ".yaml"},
}
LONGEST_MESSAGE = 6000


class FindingError(AssertionError):
    """Something that must not happen."""


@dataclass
class Report:
    """What became of the cases.

    Attributes:
        outcomes: mutation and outcome to number of cases.
        trees: dataset and layout to number of cases.
        findings: one text each.
    """

    outcomes: Counter = field(default_factory=Counter)
    trees: Counter = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other):
        self.outcomes += other.outcomes
        self.trees += other.trees
        self.findings += other.findings


def fuzz(trees, folder, *, seed, numbers):
    """Run some cases and return a `Report`."""
    report = Report()
    for number in numbers:
        case = Case(trees, seed, number)
        home = folder / f"case{number}"
        try:
            with mock.patch("os.fsync"):  # tests/crash is about that
                outcome = run(case, home)
        except FindingError as error:
            report.findings.append(f"case {number} of seed {seed}: {case}: {error}")
            outcome = "FINDING"
        finally:
            shutil.rmtree(home, ignore_errors=True)
        report.outcomes[case.mutation, outcome] += 1
        report.trees[case.tree.name, case.tree.kind] += 1
    return report


def run(case, home):
    """Run a case in the new folder `home` and return what became of it.

    Raises:
        FindingError: something that must not happen.
    """
    root, out, outside = (home / name for name in ("tree", "out", "outside"))
    changed = case.lay_out(root, outside)
    before, memory = _snapshot(home), resident_peak()
    try:
        outcome = _prepared(case, root, out, outside)
        grown = resident_peak() - memory
        _require(grown < RESIDENT_MEGABYTES, f"memory grew by {grown:.0f} MB")
        after = _snapshot(home)
        _require(before == after, f"changed inputs: {sorted(before.items() ^ after.items())}")
        if outcome in ("stored", "some set aside"):
            _compare(case, root, out, changed)
    except FindingError as error:
        raise FindingError(f"{error} (damaged: {', '.join(sorted(changed)[:4])})") from error
    return outcome


def _prepared(case, root, out, outside):
    error = _attempt(case, root, out, outside, case.tree.card)
    if error is None:
        return "stored"
    if not (out / ".state/quarantine.jsonl").exists():
        _require_clear(error, root)
        _require(not (out / "manifest.json").exists(), f"published in spite of {error}")
        return "refused"
    refused = _lines(out / ".state/quarantine.jsonl")
    for line in refused[:10]:
        _require(line["reason"] in str(error), f"{line} is not in the error {error}")
    lenient = case.tree.card.model_copy(update={"allowed_faulty": 10**6})
    error = _attempt(case, root, out, outside, lenient)
    if error is None:
        _require(_lines(out / "quarantine.jsonl") == refused, "another quarantine at the second attempt")
        return "some set aside"
    _require_clear(error, root)
    _require("not one sample" in str(error), f"refused although faults are allowed: {error}")
    return "all set aside"


def _attempt(case, root, out, outside, card):
    """Run `prepare`, and return the `UserError` that it ends with, if any."""
    error, options = None, Options(check=case.check)
    try:
        with confined(writable=out, secret=outside, seconds=SECONDS, megabytes=MEGABYTES) as violations:
            try:
                prepare(case.tree.source, card, root, out, options=options, workers=1, allow_differences=True)
            except UserError as caught:
                error = caught
            except Exception as caught:
                raise FindingError("".join(traceback.format_exception(caught))) from caught
    except OverrunError as overrun:
        raise FindingError("took too long:\n" + "".join(traceback.format_tb(overrun.__traceback__))) from overrun
    _require(not violations, f"left its folder: {violations[:5]}")
    return error


def _require_clear(error, root):
    message = str(error)
    _require(not isinstance(error, DifferenceError), f"differences were allowed: {message}")
    _require(message.replace("\n", "").isprintable(), f"an error that no terminal shows: {message!r}")
    aside = message.replace(error.remedy or "", "")  # a remedy may show a whole file to write
    _require("\n" not in aside, f"an error of several lines: {message!r}")
    _require(str(root) in message, f"an error that names no place in the tree: {message!r}")
    _require(len(message) < LONGEST_MESSAGE, f"an error of {len(message)} characters: {message[:300]!r}")
    mended = isinstance(error, CardError) or (error.remedy and error.remedy in message)
    _require(mended, f"an error without a remedy: {message!r}")


def _compare(case, root, out, changed):
    tree = case.tree
    faults = verify(out)
    _require(not faults, f"what was prepared has faults: {faults}")
    stored, refused = stored_samples(out), _lines(out / "quarantine.jsonl")
    aside = {(line["split"], line["key"]) for line in refused}
    here = listed(tree.source, tree.card, root)
    _require(set(stored) | aside == set(here), f"dropped {sorted(set(here) - set(stored) - aside)}")
    _require(not set(stored) & aside, f"both stored and set aside: {sorted(set(stored) & aside)}")
    _require_official_bytes(stored, root)
    name, ending = case.mutation.partition(".")[2], Path(case.name).suffix
    if ending in HARMLESS.get(name, ()):
        _require(not aside and stored == stored_before(tree), "a harmless edit changed what is stored")
    if any(path in tree.files and path not in tree.own_files for path in changed):
        return  # a list decides which samples there are, and another list is another answer
    keys = {key for _, key in here}  # a sample that has lost a camera may belong to another split
    dropped = [sample for sample in tree.entries if sample[1] not in keys and _something_is_left(tree, sample, root)]
    _require(not dropped, f"silently dropped {sorted(dropped)}")
    if set(here) == set(tree.entries):
        touched = set().union(*(tree.own_files.get(path, ()) for path in changed))
        for sample, record in stored_before(tree).items():
            same = sample in touched or stored.get(sample) == record
            _require(same, f"{sample} was not touched and is {'changed' if sample in stored else 'set aside'}")


def _require_official_bytes(stored, root):
    """Make sure that what is said to be a file's own bytes is."""
    for sample, record in stored.items():
        for facts in [*record["images"].values(), *record["masks"].values()]:
            if facts["conversion"] is None:
                same = hashlib.sha256((root / facts["source"]).read_bytes()).hexdigest() == facts["sha256"]
                _require(same, f"{sample} does not hold the bytes of {facts['source']}")


def _something_is_left(tree, sample, root):
    """Return whether anything still says that there is such a sample; a folder without a trace of it cannot."""
    own = [path for path, owners in tree.own_files.items() if sample in owners]
    if deciding := DECIDING.get((tree.name, tree.kind)):
        return all((root / tree.entries[sample].files[role]).is_file() for role in deciding)
    return any((root / path).is_file() for path in own)


def stored_samples(out):
    """Return split and key to the record of every stored sample, read with the standard library alone."""
    found = {}
    for path in sorted((out / "shards").glob("*.tar")):
        with tarfile.open(path) as shard:
            for member in shard:
                if member.name.endswith(".json"):
                    record = json.load(shard.extractfile(member))
                    found[record["split"], record["key"]] = record
    return found


_BEFORE = {}


def stored_before(tree):
    """Return what `stored_samples` does of the whole tree."""
    if tree.root not in _BEFORE:
        out = tree.root.with_name(f"{tree.root.name}-prepared")
        prepare(tree.source, tree.card, tree.root, out, workers=1, allow_differences=True)
        _BEFORE[tree.root] = stored_samples(out)
    return _BEFORE[tree.root]


def _require(condition, otherwise):
    if not condition:
        raise FindingError(otherwise)


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def _snapshot(home):
    """Return what lies below a folder, the output apart: path to what it is and what it holds."""
    facts = {}
    for folder, folders, files in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name != "out"]
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink():
                facts[str(path.relative_to(home))] = f"link to {path.readlink()}"
            elif path.is_file():
                facts[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                facts[str(path.relative_to(home))] = f"mode {path.lstat().st_mode}"
    return facts


_TREES = []


def _make_trees(folder):
    home = Path(tempfile.mkdtemp(dir=folder))
    _TREES[:] = [*fake_trees(home), *real_trees(home)]


def _part(folder, seed, numbers):
    return fuzz(_TREES, Path(tempfile.mkdtemp(dir=folder)), seed=seed, numbers=numbers)


def main():
    parser = argparse.ArgumentParser(description="Damage small official trees and prepare them.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000, help="cases to run, from number 0")
    parser.add_argument("--case", type=int, help="run this one alone")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    numbers = range(asked.count) if asked.case is None else range(asked.case, asked.case + 1)
    report, begun = Report(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            asked.processes, mp_context=context, initializer=_make_trees, initargs=(folder,)
        ) as pool:
            parts = [numbers[start : start + 100] for start in range(0, len(numbers), 100)]
            for future in as_completed([pool.submit(_part, folder, asked.seed, part) for part in parts]):
                part = future.result()
                report.add(part)
                print(*part.findings, sep="\n\n", end="\n" if part.findings else "")
                done = sum(report.outcomes.values())
                print(f"{done} of {len(numbers)} cases, {len(report.findings)} findings", file=sys.stderr)
    totals = Counter()
    for (_, outcome), number in report.outcomes.items():
        totals[outcome] += number
    print(f"seed {asked.seed}: {dict(totals)} on {len(report.trees)} trees in {time.monotonic() - begun:.0f} s")
    sys.exit(bool(report.findings))


if __name__ == "__main__":
    main()
