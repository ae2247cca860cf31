"""The memory of each lecture's kernel: its peak and the cell of that peak. `make bench ARGS=kernels`, LECTURES="04 08"
for some of them.

Each lecture is played in a kernel of its own, student's and solution's notebook, as they were built. What each gave is
kept in .cache/kernels.json, so that they can be played one by one; the table of all goes into the instructor's page.
Seconds are not taken. The bound is BOUND: a class shares one machine.
"""

import hashlib
import json
import os
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel

from course_lib.files import whole
from tests.bench import figures
from tests.bench.bench_hub import forget_peak, memory, peak

BOUND = 1024  # megabytes of 2^20 bytes: one gigabyte, as a hub counts
FOLDER = figures.ROOT / "notebooks"
KEPT = figures.ROOT / ".cache" / "kernels.json"
PATIENCE = 900  # seconds for one cell
Row = dict[str, float | str]


def main() -> None:
    chosen = os.environ.get("LECTURES", "").split()
    rows: dict[str, Row] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for path in sorted(FOLDER.glob("*.ipynb")) + sorted((FOLDER / "solutions").glob("*.ipynb")):
        if chosen and path.name[:2] not in chosen:
            continue
        name = str(path.relative_to(FOLDER).with_suffix(""))
        rows[name] = played(path)
        whole.write(KEPT, json.dumps(rows))
        words = "below" if float(rows[name]["peak"]) < BOUND else "NOT BELOW"
        print(f"{name:<40} {rows[name]['peak']:7.1f} MB in cell {rows[name]['cell']}, {words} {BOUND} MB", flush=True)
    figures.noted("kernels", report(rows))


def played(path: Path) -> Row:
    """Runs a notebook's cells in order; the largest peak and its cell, and what the kernel held at the end."""
    hub = {"PYTHONPATH": str(figures.ROOT), "BEYOND_FCN_PROGRESS": "off", "OMP_NUM_THREADS": "1"}
    manager, client = start_new_kernel(cwd=str(path.parent), env={**os.environ, **hub})
    row: Row = {"peak": 0.0, "notebook": digest(path)}
    try:
        pid = manager.provisioner.pid
        for place, cell in enumerate(nbformat.read(path, 4).cells, start=1):
            if cell.cell_type != "code":
                continue
            forget_peak(pid)
            answer = client.execute_interactive(
                cell.source, timeout=PATIENCE, allow_stdin=False, output_hook=lambda message: None
            )["content"]
            if answer["status"] != "ok":
                raise RuntimeError(f"{path.name}, cell {place}: {answer['ename']}: {answer['evalue'][:300]}")
            if (most := peak(pid)) > float(row["peak"]):
                row |= {"peak": most, "cell": place}
        return row | {"own": memory(pid, "RssAnon")}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def report(rows: dict[str, Row]) -> str:
    """One line for each lecture; a notebook that was built anew since has no numbers here."""
    lines = [
        f"{figures.here()}; bound {BOUND} MB.\n",
        "| notebook | kernel's peak, MB | the cell of that peak | its own memory at the end, MB |",
        "|---|--:|--:|--:|",
    ]
    for name, row in sorted(rows.items()):
        if digest(FOLDER / f"{name}.ipynb") == row["notebook"]:
            lines.append(f"| {name} | {row['peak']:.0f} | {row['cell']} | {row['own']:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
