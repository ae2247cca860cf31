"""What a row has measured so far: after a kill, the seeds that were finished are not measured again.

They lie in the cache, beside a probe of the experiment that measured them. With another probe they are thrown away, and
so they are once the row stands in the ledger.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course_lib import paths
from course_lib.evidence import probe

Values = dict[str, float]


@dataclass
class Kept:
    """Where the seeds of the row lie that is being measured, and the CPU seconds of those that were found there."""

    folder: Path
    seconds: float = 0.0


_kept: Kept | None = None


@contextmanager
def resuming(id: str, found: probe.Print) -> Iterator[Kept]:
    """Whatever is measured inside is kept seed by seed, until the end of the block is reached."""
    global _kept
    folder = paths.cache() / "claims" / id
    label = folder / "probe.json"
    if not label.exists() or json.loads(label.read_text()) != found:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        label.write_text(json.dumps(found))
    _kept = Kept(folder)
    try:
        yield _kept
    finally:
        _kept = None
    shutil.rmtree(folder)


def once(measure: Callable[[int], Values], seed: int) -> Values:
    """`measure(seed)`, or what it gave before the kill."""
    if _kept is None:
        return measure(seed)
    file = _kept.folder / f"{measure.__name__}_{seed}.json"
    if file.exists():
        held = json.loads(file.read_text())
        _kept.seconds += held["CPU s"]
        return held["values"]
    began = probe.cpu_seconds()
    values = measure(seed)
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps({"values": values, "CPU s": probe.cpu_seconds() - began}))
    whole.replace(file)
    return values
