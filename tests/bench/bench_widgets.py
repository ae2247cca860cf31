"""How long from a key press to the changed page, in a real browser: our explorers, and `interact` with matplotlib.

Promised: explorers with a table answer at least 15 times faster than `interact` + matplotlib showing the same numbers;
explorers that ask Python answer each step in under 100 ms, also the first that asks a network (quiet machine); the
first show of each takes under 2 s of CPU; of a fast drag each move is painted or skipped.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from course_lib import explorers

BROWSER = Path(__file__).resolve().parents[1] / "browser"
ARTEFACTS = BROWSER.parents[1] / "artefacts" / "browser"
REPORT, DRAGS = ARTEFACTS / "key_to_picture.json", ARTEFACTS / "fast_drags.json"


STEPS = {  # what a hand moves in explorers that ask Python; each step is a setting that was not there before
    "field, pool5 of FCN-32s": (
        lambda: explorers.receptive_field("fcn32s", photo="cat", layers=["pool5"]),
        [{"place": [8 * row, 8 * column], "gradient": True} for row in range(2, 5) for column in range(1, 8)],
    ),
    "field, DeepLab v3+ as trained": (
        lambda: explorers.receptive_field("deeplab_v3plus_pets", photo="cat", layers=["output"]),
        [{"place": [18, column], "gradient": True} for column in range(10, 30)],
    ),
    "skips, scene": (explorers.skips, [{"scene": scene} for scene in range(8)]),
    "skips, photograph": (
        explorers.skips,
        [{"network": "U-Net on a photograph", "first": not i & 1, "second": not i & 2} for i in range(4)],
    ),
    "street": (explorers.break_the_network, [{"bus": size} for size in range(16, 57, 4)]),
    "vehicles": (explorers.break_the_network, [{"world": "long vehicles", "slid": by} for by in range(0, 57, 4)]),
    "harbour": (explorers.break_the_network, [{"world": "harbour", "hull": [16, column]} for column in range(32)]),
    "crf": (explorers.crf, [{"theta_xy": xy, "theta_rgb": rgb} for xy in (5, 10, 40) for rgb in (3, 10, 20)]),
}


def main() -> None:
    first_shows()
    steps()
    keys()


def steps() -> None:
    """What Python does for each step of a hand once the explorer is shown, without the browser and the way there."""
    dearest = {}
    for name, (make, settings) in STEPS.items():
        explorer, took = make(), []
        explorer.widget()
        for each in settings:
            began = time.process_time()
            explorer.answer(each)
            took.append(1e3 * (time.process_time() - began))
        explorer.close()
        median, first, dearest[name] = statistics.median(took[1:]), took[0], max(took)
        print(f"step of {name:<30} {median:6.1f} ms of CPU, the first {first:4.0f}, the dearest {dearest[name]:4.0f}")
    slowest = max(dearest, key=dearest.__getitem__)
    print(f"dearest step {slowest}, {dearest[slowest]:.0f} ms   promised: under 100 each, also the first")


def first_shows() -> None:
    """What Python does before a hand can move: all pictures of a table, their packing, and what is made ahead."""
    took = {}
    for name in explorers.__all__:
        began = time.process_time()
        explorer = getattr(explorers, name)()
        packed = explorer.widget().table
        took[name] = time.process_time() - began
        explorer.close()
        print(f"first show of {name:<22} {took[name]:5.2f} s of CPU   {len(packed) / 1e6:.2f} MB")
    slowest = max(took, key=took.__getitem__)
    print(f"slowest {slowest}, {took[slowest]:.2f} s   promised: under 2 s each")


def keys() -> None:
    """Key presses and fast drags in a browser, timed by tests/browser."""
    REPORT.unlink(missing_ok=True)
    DRAGS.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", str(BROWSER / "speed_of_widgets.py"), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True)
    if DRAGS.exists():
        for name, (moves, asked, painted, late) in json.loads(DRAGS.read_text()).items():
            words = (
                f"{moves} moves, {asked} asked of Python, {painted} painted, the last {late:.0f} ms after the last move"
            )
            print(f"fast drag, {name:<20} {words}")
    if not REPORT.exists():
        print(f"no figures: {done.stdout[-800:]}")
        return
    times = json.loads(REPORT.read_text())
    medians = {name: [statistics.median(column) for column in zip(*values)] for name, values in times.items()}
    print(f"{'':<30} {'to the change':>15} {'to the next frame':>19}   worst frame")
    for name, values in times.items():
        changed, framed = medians[name]
        worst = max(frame for _, frame in values)
        print(f"{name:<30} {changed:12.1f} ms {framed:16.1f} ms {worst:10.1f} ms   {len(values)} key presses")
    (table, shown), (usual, _) = medians["dilation (table)"], medians["interact + matplotlib"]
    print(f"the table is {usual / table:.0f} times faster than interact + matplotlib   promised: at least 15")
    asked = {name.removesuffix(" (asked)"): changed for name, (changed, _) in medians.items() if "(asked)" in name}
    words = ", ".join(f"{name} {changed:.0f} ms" for name, changed in asked.items())
    print(f"asked from Python: {words}   promised: under 100 ms each on a quiet machine")
    print(f"the machine's load while this ran: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    changed, framed = medians["one of ten dilations (table)"]
    print(
        f"one of ten, by one alone: {changed / table:.2f} to the change, {framed / shown:.2f} to the next frame", end=""
    )
    print("   promised: under 2 to the change; the frame may come one later (under 3)")
