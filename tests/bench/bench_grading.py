"""A class hands in 200 notebooks: graded in one go, and graded again by a grader that is killed and started anew.

Right and wrong answers, endless cells, cells that end their process, and files that are no notebooks take turns. Both
tables must be equal to the byte. Each kill is a SIGKILL at a moment drawn anew; after it nothing that the grader had
started may live on. NOTEBOOKS in the environment changes the size of the class, KILLS how often the grader is killed.
"""

import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from course_lib.grading import table
from tests.bench import figures
from tests.grading.class_of import RIGHT, WRONG, with_answers

NOTEBOOKS, KILLS = int(os.environ.get("NOTEBOOKS", 200)), int(os.environ.get("KILLS", 10))
KINDS = {
    "right": with_answers(),
    "wrong": with_answers(e1=WRONG["0.1"], e2=WRONG["0.2"], e3=WRONG["0.3"]),
    "half": with_answers(e2=WRONG["0.2"]),
    "quitter": with_answers(e1="import os\nos._exit(3)\n" + RIGHT["0.1"]),
    "empty": "",
}
ENDLESS = with_answers(e1="while True:\n    pass\n" + RIGHT["0.1"])  # one in fifty, since each costs all its seconds
PATIENCE = 60  # seconds for what a killed grader had started to end


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, kinds = Path(name), list(KINDS.values())
        (folder / "class").mkdir()
        for number in range(NOTEBOOKS):
            text = ENDLESS if number % 50 == 0 else kinds[number % len(kinds)]
            (folder / "class" / f"00_student{number:03}.ipynb").write_text(text)
        began = time.monotonic()
        finished(folder, "whole.csv")
        seconds = time.monotonic() - began
        once = (folder / "whole.csv").read_bytes()
        finished(folder, "whole.csv")
        dice = random.Random(seed := secrets.randbelow(10_000))
        print(f"one go took {seconds:.0f} s; the moments of the kills are drawn with seed {seed}", flush=True)
        killed = sum(killed_at(folder, moment, dice) for moment in sorted(dice.sample(range(NOTEBOOKS), KILLS)))
        finished(folder, "killed.csv")
        lines = table.read(folder / "whole.csv")
        same = once == (folder / "whole.csv").read_bytes() == (folder / "killed.csv").read_bytes()
    found = (
        f"{figures.here()}: {NOTEBOOKS} notebooks in {seconds:.0f} s, {len(lines):,} lines,\n"
        f"{sum(line.point for line in lines)} points. The grader was killed and started again {killed} times, and "
        + ("the table was the same to the byte." if same else "THE TABLES DIFFER.")
    )
    print(found)
    if same and killed == KILLS and NOTEBOOKS >= 200:
        figures.noted("grading", found)


def killed_at(folder: Path, moment: int, dice: random.Random) -> bool:
    """Whether the grader was still at work when it was killed, some time after so many students stood in the table."""
    process = grading(folder, "killed.csv")
    while process.poll() is None and graded(folder) < moment:
        time.sleep(0.2)
    time.sleep(dice.uniform(0, 2))  # while it starts, runs notebooks, or writes
    alive = process.poll() is None
    children = psutil.Process(process.pid).children(recursive=True) if alive else []
    process.kill()
    process.wait()
    _, left = psutil.wait_procs(children, PATIENCE)
    print(f"killed with {graded(folder)} of {NOTEBOOKS} students in the table, {len(children)} processes below it, "
          f"{len(left)} of them left" if alive else "it had ended before the kill", flush=True)  # fmt: skip
    return alive and not left


def graded(folder: Path) -> int:
    """How many students stand in the table."""
    return len({line.student for line in table.read(folder / "killed.csv")})


def finished(folder: Path, out: str) -> None:
    """The table, graded to the end."""
    if grading(folder, out).wait() != 0:
        raise RuntimeError("the grader did not come to its end")


def grading(folder: Path, out: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "course_lib.exercises", "grade", str(folder / "class"), "--out", str(folder / out)]
    return subprocess.Popen([*command, "--cell-seconds", "20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
