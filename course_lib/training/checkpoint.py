"""Checkpoints that survive: a kill, a full disk, an interrupted write, a byte that turns over on the disk.

In comes a dictionary of tensors, numbers and lists; out goes one sealed file (`files.tensors`), which replaces the last
good one in one step. Reading runs no code.
"""

from pathlib import Path

import torch

from course_lib import checks
from course_lib.files import tensors

PARTS = {"plan", "history", "model", "optimizer", "scaler"}

save = tensors.save


def load(path: str | Path) -> dict:
    """What `save` wrote, or any file of tensors that torch wrote; a damaged one is refused."""
    checks.paths(path=path)
    path = Path(path)
    try:
        return tensors.read(path, mend="delete it to start again", what="checkpoint")
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path.resolve()}; {found_near(path)}") from None


def found_near(path: Path) -> str:
    """What to try when a file of weights is not where it was looked for."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent.resolve()} either: run the training first, or look into its --output"
    others = ", ".join(sorted(other.name for other in path.parent.glob("*.pt"))[:5])
    return f"its folder holds {others}" if others else "run the training first, it writes weights.pt into its --output"


def check_parts(stored: object, path: str | Path) -> None:
    """A training goes on from a checkpoint of a training, and not from weights alone."""
    if not (isinstance(stored, dict) and stored.keys() >= PARTS):
        raise ValueError(
            f"{path} holds {tensors.contents_of(stored)}; "
            f"expected the checkpoint of a training ({', '.join(sorted(PARTS))}). "
            "Give checkpoint= another path; weights alone go into the network: load_state_dict(checkpoint.load(path))"
        )


def check_same(stored: dict, plan: dict, path: str | Path) -> None:
    """A checkpoint continues the training that wrote it, not another one; `identity` compares the data."""
    stored, plan = flat(stored), flat(plan)
    different = [
        f"{name}: {stored.get(name)!r} there, {plan.get(name)!r} now"
        for name in plan | stored
        if stored.get(name) != plan.get(name)
    ]
    if different:
        raise ValueError(
            f"the checkpoint {path} belongs to another training ({'; '.join(different)}): "
            "delete it to start again, or give another path"
        )


def flat(plan: dict) -> dict:
    """The plan without its data, and with the caller's own facts as if they were its own."""
    facts = {name: value for name, value in plan.items() if name not in ("data", "facts")}
    return facts | plan.get("facts", {})


def check_fits(stored: dict, model: torch.nn.Module, path: str | Path) -> None:
    """The weights of another network are refused before any of them is copied."""
    tensors.check_state(stored, model, path, "or choose another --output (in Python: checkpoint=)")


def all_finite(model: torch.nn.Module) -> bool:
    """Whether no weight is infinite or nan."""
    return all(bool(p.isfinite().all()) for p in model.state_dict().values() if p.is_floating_point())
