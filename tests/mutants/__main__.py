"""Do the tests see a fault? `python -m tests.mutants --seed 0 --count 200` plants that many, one at a time.

Packages take turns; within one, a kind of fault and then a place are drawn with the seed. Each fault stands in a copy
of the project, against the tests that a change of its module asks for (.ci/choose.py), until one fails. What was
killed is remembered in .cache/mutants; what survived is tried again at the next call, as tests may have come. A fault
that changes nothing anyone could see stands in equivalent.txt, with the reason.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / ".ci"))
import choose  # noqa: E402

from course_lib.evidence import code_shape  # noqa: E402

from . import court  # noqa: E402
from .change import Change, changes  # noqa: E402

HOME = ROOT / ".cache" / "mutants"
MOST = 60  # CPU seconds of unharmed tests that one fault is tried against


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    court.warm_up()
    place, notes = court.copied(ROOT, HOME / "copy"), Notes(HOME / f"{options.seed}.json")
    reasons = (Path(__file__).parent / "equivalent.txt").read_text().splitlines()
    harmless = dict(line.rsplit(" | ", 1) for line in reasons)
    for number, (path, change) in enumerate(drawn(options.seed, options.count)):
        name = f"{path}:{change.start[0]}: {change.before} -> {change.after}"
        if notes.fate(name) != "killed" and unnumbered(path, change) not in harmless:
            notes.keep(name, *tried(path, change, place, notes))
            print(number, notes.fate(name), name, notes.told["faults"][name][1], flush=True)
    return table(options, harmless, notes)


class Notes:
    """What is known: the CPU seconds of each file of tests when nothing is wrong, and the fate of each fault."""

    def __init__(self, path: Path):
        self.path = path
        self.told = json.loads(path.read_text()) if path.exists() else {"seconds": {}, "faults": {}}

    def fate(self, name: str) -> str:
        return self.told["faults"].get(name, ["new"])[0]

    def keep(self, name: str, fate: str, why: str) -> None:
        self.told["faults"][name] = [fate, why]
        self.path.write_text(json.dumps(self.told, indent=1))


def drawn(seed: int, count: int) -> list[tuple[str, Change]]:
    """Faults at random, each package in turn."""
    dice, packages = random.Random(seed), {}
    for path in sorted((ROOT / "course_lib").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        package = packages.setdefault(package_of(name), {})
        for change in changes(path.read_text()):
            package.setdefault(change.kind, []).append((name, change))
    found: list[tuple[str, Change]] = []
    while len(found) < count:
        for kinds in packages.values():
            found += [dice.choice(kinds[dice.choice(sorted(kinds))])] if kinds else []
    return found[:count]


def package_of(path: str) -> str:
    return path.split("/")[1] if path.count("/") > 1 else "the top"


def unnumbered(path: str, change: Change) -> str:
    """A fault without its line, which moves."""
    return f"{path}: {change.before} -> {change.after}"


def tried(path: str, change: Change, place: Path, notes: Notes) -> tuple[str, str]:
    """Killed or survived, and by which test or against how much."""
    tests, seconds = chosen(choose.module_of(path), place, notes)
    if not tests:
        return "survived", "no test asks for this module"
    file, log = place / path, HOME / "log.txt"
    sound = file.read_text()
    file.write_text(change.applied(sound))
    try:
        code, _ = court.run(tests, place, 3 * seconds + 20, log)
    finally:
        file.write_text(sound)
    if code == 0:
        return "survived", f"{len(tests)} files of tests, {seconds:.0f} CPU s"
    said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "killed", said[0].split(" - ")[0] if said else f"the tests ended with {code}"


def chosen(module: str, place: Path, notes: Notes) -> tuple[list[str], float]:
    """The files of tests for a module, those that name it first, and the quick before the slow; what fails is out."""
    direct = {name for name in choose.tests_of({module}) if module in code_shape.imported((ROOT / name).read_text())}
    found, seconds = [], 0.0
    for name in sorted(choose.tests_of({module}), key=lambda name: (name not in direct, taken(name, place, notes))):
        if (takes := taken(name, place, notes)) >= 0 and seconds + takes <= MOST:
            found.append(name)
            seconds += takes
    return found, seconds


def taken(name: str, place: Path, notes: Notes) -> float:
    """The CPU seconds of a file of tests when nothing is wrong; -1 when it fails even so, or takes too long."""
    known = notes.told["seconds"]
    if name not in known:
        code, seconds = court.run([name], place, MOST, HOME / "log.txt", bytecode=True)
        known[name] = round(seconds, 1) if code == 0 else -1
    return known[name]


def table(options: argparse.Namespace, harmless: dict[str, str], notes: Notes) -> int:
    """Prints the fates by package, and what survived; 1 when more than one in twenty of the real faults did."""
    fates: dict[str, Counter[str]] = {}
    survivors = []
    for path, change in drawn(options.seed, options.count):
        name = f"{path}:{change.start[0]}: {change.before} -> {change.after}"
        fate = "equivalent" if unnumbered(path, change) in harmless else notes.fate(name)
        fates.setdefault(package_of(path), Counter())[fate] += 1
        survivors += [name] if fate == "survived" else []
    for package, count in sorted(fates.items()):
        print(f"{package:20}", ", ".join(f"{number} {fate}" for fate, number in sorted(count.items())))
    whole = sum(fates.values(), Counter())
    real = whole["killed"] + whole["survived"]
    print(f"killed {whole['killed']} of {real} that change anything; {whole['equivalent']} change nothing")
    print(*(f"survived: {name}" for name in survivors), sep="\n")
    return int(20 * whole["survived"] > real)


if __name__ == "__main__":
    sys.exit(main())
