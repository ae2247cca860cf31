"""What a training was: the loss of each step, the scores seen on the way, the time. It is part of every checkpoint."""

import csv
import io
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from course_lib.files import whole


@dataclass
class History:
    """The course of a training, step by step."""

    losses: list[float] = field(default_factory=list)  # one per step
    rates: list[float] = field(default_factory=list)  # learning rate, one per step
    scores: list[list[float]] = field(default_factory=list)  # [step, mIoU of that step's batch]
    validations: list[list[float]] = field(default_factory=list)  # [step, mIoU of the validation set]
    seconds: float = 0.0
    waiting: float = 0.0  # seconds of these spent waiting for data
    interrupted: bool = False

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.losses)

    def as_dict(self) -> dict:
        """As plain values, for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict) -> "History":
        """From plain values; entries that this version does not know are left out."""
        names = {f.name for f in fields(cls)}
        return cls(
            **{name: value for name, value in stored.items() if name in names},
        )

    def write_csv(self, path: str | Path) -> None:
        """One row per step: step, loss, learning rate, and the two scores where they were taken."""
        scores, validations = dict(map(tuple, self.scores)), dict(map(tuple, self.validations))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["step", "loss", "learning_rate", "batch_miou", "validation_miou"])
        for step, (loss, rate) in enumerate(zip(self.losses, self.rates), 1):
            writer.writerow([step, f"{loss:.6g}", f"{rate:.6g}", scores.get(step, ""), validations.get(step, "")])
        whole.write(path, text.getvalue())
