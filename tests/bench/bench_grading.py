"""A class hands in 200 notebooks: graded in one go, and graded again by a grader that is killed and started anew.

Right and wrong answers, endless cells, cells that end their process, and files that are no notebooks take turns. Both
tables must be equal to the byte. NOTEBOOKS in the environment changes the size of the class, KILLS how often the grader
is killed.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course_lib.grading import table
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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "class").mkdir()
        kinds = list(KINDS.values())
        for number in range(NOTEBOOKS):
            text = ENDLESS if number % 50 == 0 else kinds[number % len(kinds)]
            (folder / "class" / f"00_student{number:03}.ipynb").write_text(text)
        began = time.monotonic()
        grading(folder, "whole.csv").wait()
        seconds = time.monotonic() - began
        dice = random.Random(0)
        for moment in sorted(dice.sample(range(NOTEBOOKS), KILLS)):
            process = grading(folder, "killed.csv")
            while process.poll() is None and len(graded(folder)) < moment:
                time.sleep(0.02)
            time.sleep(dice.uniform(0, 0.3))  # while it starts, runs notebooks, or writes
            process.kill()
            process.wait()
            print(f"killed with {len(graded(folder))} of {NOTEBOOKS} notebooks in the table", flush=True)
        grading(folder, "killed.csv").wait()
        lines = table.read(folder / "whole.csv")
        same = (folder / "whole.csv").read_bytes() == (folder / "killed.csv").read_bytes()
        print(
            f"{NOTEBOOKS} notebooks in {seconds:.0f} s, {len(lines)} lines, {sum(line.point for line in lines)} points"
        )
        print("the table after the kills is the same" if same else "THE TABLES DIFFER")


def graded(folder: Path) -> set[str]:
    """The students who stand in the table."""
    return {line.student for line in table.read(folder / "killed.csv")}


def grading(folder: Path, out: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "course_lib.exercises", "grade", str(folder / "class"), "--out", str(folder / out)]
    return subprocess.Popen([*command, "--cell-seconds", "20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
