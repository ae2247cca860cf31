"""Checks the course: `units`, `notebooks`, `browser`, or all three in that order when none is named.

`fast` runs the quick tests of every room, `changed` those of what differs from `main`: a minute each, for daily work.
`oldest` is `units` without what the versions of packages cannot change, for an environment with the oldest ones.
Every part runs, also when an earlier one failed; the end says which failed and ends non-zero.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / ".ci")]
import choose  # noqa: E402

import course_lib  # noqa: E402, F401 - sets how torch's threads wait, for all that is started here

PARTS = ("units", "notebooks", "browser")
NAMED = ("fast", "changed", "oldest")
WITH_BROWSER = ("00_start_here", "06_pspnet")  # short ones; the first has a cell that reads what a solution defines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of: {', '.join(PARTS + NAMED)}")
    chosen = parser.parse_args().parts or PARTS
    if unknown := set(chosen) - {*PARTS, *NAMED}:
        parser.error(f"unknown part {sorted(unknown)}, expected any of {PARTS + NAMED}")
    with compiled_once() as bytecode:
        failed = [part for part in NAMED + PARTS if part in chosen and not passes(part, chosen, bytecode)]
    print(f"\n{', '.join(failed)} failed" if failed else f"\nall of {', '.join(chosen)} passed")
    return int(bool(failed))


@contextmanager
def compiled_once() -> Iterator[dict[str, str]]:
    """Where Python may write no bytecode beside the code, a folder of this run's keeps it for all that is started.

    Each of a hundred processes would compile torch again, for seconds.
    """
    if not sys.dont_write_bytecode:
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        yield {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}


def passes(part: str, chosen: Sequence[str], bytecode: Mapping[str, str]) -> bool:
    make = {"units": units, "browser": browser, "fast": fast, "changed": changed, "oldest": oldest}
    command = notebooks(played_in_browser="browser" in chosen) if part == "notebooks" else make[part]()
    if command is None:
        return True
    print(f"\n== {part} ==", flush=True)
    began = time.monotonic()
    # one thread a worker: two workers with two threads each would fight over two cores; a student's record is not ours
    environment = {**os.environ, **bytecode, "OMP_NUM_THREADS": "1", "BEYOND_FCN_PROGRESS": "off"}
    done = subprocess.run([sys.executable, "-m", "pytest", *command], cwd=ROOT, env=environment)
    print(f"== {part}: {time.monotonic() - began:.0f} s ==", flush=True)
    return done.returncode == 0


def workers() -> list[str]:
    """A file is one worker's, for what it builds once; the files keep our order, not that of their number of tests."""
    return ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]


def units() -> list[str]:
    return ["tests", "--ignore=tests/browser", *workers(), "-q", "--durations", "20"]


def oldest() -> list[str]:
    return ["tests", "--ignore=tests/browser", "-m", "not newest and not once", *workers(), "-q", "--durations", "5"]


def fast() -> list[str]:
    """In one process: to start workers takes longer than they save."""
    return [*choose.FAST, "-m", "not slow", "-q", "-p", "no:cacheprovider"]


def changed() -> list[str] | None:
    """The tests of the modules that differ from `main`, and the fast ones of those that import them."""
    if not (found := choose.changed_tests()):
        print("No test is asked for: nothing in course_lib or tests differs from main.")
        return None
    print("\n".join(found), flush=True)
    return [*found, "-m", "not browser", *workers(), "-q"]


def notebooks(played_in_browser: bool) -> list[str]:
    """Student and solution notebooks from top to bottom, as an instructor plays them.

    The browser part runs every student's notebook and then puts the solutions into its exercises, in which alone the
    two differ (`tests/house/test_solved.py`): with it two solution notebooks are played here, one a core.
    """
    from tests.browser.chromium import find

    books = [path for name in ("", "solutions") for path in sorted((ROOT / "notebooks" / name).glob("*.ipynb"))]
    if played_in_browser and find():
        books = [path for path in books if path.parent.name == "solutions" and path.stem in WITH_BROWSER]
    books.sort(key=lambda path: -path.read_text().count('"heavy"'))  # the longest are not to begin last
    # a cell that never ends is stopped; how long one may take is the build's to say, on a machine of its own
    patience = ["--nbval-cell-timeout=600", "--nbval-kernel-startup-timeout=300"]
    options = ["--nbval-lax", "--nbval-current-env", *patience, "-q", "-p", "no:cacheprovider"]
    return [*map(str, books), *options, *workers()]


def browser() -> list[str] | None:
    from tests.browser.chromium import HOW_TO_GET_IT, find

    if find() is None:
        print(f"The browser tests did not run: Chromium was not found. {HOW_TO_GET_IT}")
        return None
    return ["tests/browser", "-m", "browser", *workers(), "-q", "--durations", "10"]


if __name__ == "__main__":
    sys.exit(main())
