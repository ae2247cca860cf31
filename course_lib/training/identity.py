"""What a training learns from, in so few words that a checkpoint can keep them.

In comes a data set; out goes where it lies, its classes and a digest of its files, so that a checkpoint goes on with
the data it began with and with no others. A folder may move: where it lies is told, but not compared.
"""

import hashlib
import warnings
from collections.abc import Iterable
from pathlib import Path

from torch.utils.data import Dataset, Subset
from tqdm import tqdm

from course_lib.datasets import Folder
from course_lib.datasets.pairs import Pairs
from course_lib.scenes import Scenes

COMPARED = ("count", "classes", "digest")


def identity(data: Dataset, *, progress: bool = True) -> dict | None:
    """None for a data set of a kind of which nothing is known."""
    if isinstance(data, Subset):
        whole, chosen = identity(data.dataset, progress=progress), [int(index) for index in data.indices]
        return whole and whole | {"count": len(chosen), "digest": digest([whole["digest"], repr(chosen)])}
    if isinstance(data, Scenes):
        where, told = repr(data), [repr(data)]
    elif isinstance(data, Pairs):
        where = str(Path(getattr(data, "root", data.pairs[0][0].parent)).resolve())
        told = [repr((sorted(data.colours.items()), data.void))] if isinstance(data, Folder) else []
        told += [part for path in files(data, progress=progress) for part in (path.name, path.read_bytes())]
    else:
        return None
    return {"where": where, "count": len(data), "classes": list(data.classes), "digest": digest(told)}


def files(data: Pairs, *, progress: bool) -> Iterable[Path]:
    """Every picture, followed by its mask."""
    bar = tqdm(data.pairs, desc="noting the files", delay=1, leave=False, disable=not progress)
    return (path for pair in bar for path in pair)


def digest(parts: Iterable[str | bytes]) -> str:
    """One word for all parts in their order."""
    whole = hashlib.sha256()
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def check(stored: dict | None, now: dict | None, path: Path) -> None:
    """A checkpoint goes on with its own data; one that was written before data were noted is believed, aloud."""
    if now is None:
        return
    if stored is None:
        warnings.warn(
            f"the checkpoint {path} does not say which data it learned from; it is taken to be {words(now)}. "
            "If it is not, choose another --output (in Python: checkpoint=)",
            stacklevel=4,
        )
    elif any(stored[name] != now[name] for name in COMPARED):
        same = [words(stored), stored["where"]] == [words(now), now["where"]]
        found = f"{words(now)}, whose files have changed since" if same else f"{words(stored)} there, {words(now)} now"
        raise ValueError(
            f"the checkpoint {path} belongs to other data ({found}): choose another --output (in Python: checkpoint=); "
            "what was learned stays where it is"
        )


def words(told: dict) -> str:
    """The data set in one line."""
    return f"{told['count']} pictures of {told['where']} with the classes {', '.join(told['classes'])}"
