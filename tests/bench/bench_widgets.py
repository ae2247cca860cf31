"""How long from a key press to the changed page, in a real browser: our explorers, and `interact` with matplotlib.

Promised: explorers with a table answer at least 15 times faster than `interact` + matplotlib showing the same numbers;
explorers that ask Python answer in under 100 ms (median, quiet machine).
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

BROWSER = Path(__file__).resolve().parents[1] / "browser"
REPORT = BROWSER.parents[1] / "artefacts" / "browser" / "key_to_picture.json"


def main() -> None:
    REPORT.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", str(BROWSER / "speed_of_widgets.py"), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True)
    if not REPORT.exists():
        print(f"no figures: {done.stdout[-800:]}")
        return
    times = json.loads(REPORT.read_text())
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:<28} median {medians[name]:7.1f} ms   worst {max(values):7.1f} ms   {len(values)} key presses")
    ratio = medians["interact + matplotlib"] / medians["dilation (table)"]
    print(f"the table is {ratio:.0f} times faster than interact + matplotlib   promised: at least 15")
    print(f"asked from Python: {medians['receptive field (asked)']:.0f} ms   promised: under 100 ms on a quiet machine")
