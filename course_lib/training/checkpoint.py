"""Checkpoints that survive: a kill, a full disk, an interrupted write.

In comes a dictionary of tensors, numbers and lists; out goes one file. It is written beside its final name, forced to
the disk, and only then renamed over the last good one, which stands until that moment. Reading runs no code
(weights_only=True).
"""

import io
import os
import pickle
import zipfile
from pathlib import Path

import torch


def save(path: str | Path, payload: dict) -> None:
    """Write atomically; on any error the file that was there before is untouched."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    memory = io.BytesIO()  # torch's own writer hides a full disk behind an internal error
    torch.save(payload, memory)
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(memory.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The new name must reach the disk too; Windows has no way to ask for it and no need."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def load(path: str | Path) -> dict:
    path = Path(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path.resolve()}; {found_near(path)}") from None
    except PermissionError:
        raise
    except (pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError, OSError) as error:
        raise ValueError(f"{path} is not a whole checkpoint ({error}): delete it to start again") from error


def found_near(path: Path) -> str:
    """What to try when a file of weights is not where it was looked for."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent.resolve()} either: run the training first, or look into its --output"
    others = ", ".join(sorted(other.name for other in path.parent.glob("*.pt"))[:5])
    return f"its folder holds {others}" if others else "run the training first, it writes weights.pt into its --output"


def check_same(stored: dict, plan: dict, path: str | Path) -> None:
    """A checkpoint continues the training that wrote it, not another one; `identity` compares the data."""
    different = [
        f"{name}: {stored.get(name)!r} there, {value!r} now"
        for name, value in plan.items()
        if name != "data" and stored.get(name) != value
    ]
    if different:
        raise ValueError(
            f"the checkpoint {path} belongs to another training ({'; '.join(different)}): "
            "delete it to start again, or give another path"
        )


def check_fits(stored: dict, model: torch.nn.Module, path: str | Path) -> None:
    """The weights of another network are refused before any of them is copied."""
    shapes = [{name: tuple(value.shape) for name, value in state.items()} for state in (stored, model.state_dict())]
    there, now = shapes
    different = [name for name in there | now if there.get(name) != now.get(name)]
    if different:
        name = different[-1]  # mostly the scores, whose length is the number of classes
        raise ValueError(
            f"the checkpoint {path} holds another network ({name}: {there.get(name, 'missing')} there, "
            f"{now.get(name, 'missing')} now): build it with the same model, width, options and number of classes, "
            "or choose another --output (in Python: checkpoint=)"
        )


def all_finite(model: torch.nn.Module) -> bool:
    return all(bool(p.isfinite().all()) for p in model.state_dict().values() if p.is_floating_point())
