"""What the training loop costs, and whether the data keep up with it.

Both loops run in this process on the same network and the same pictures, turn by turn, so that a busy machine slows
both alike; of each step the quickest of several rounds counts. What happens once, before the first step, is left out.
"""

import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib import models
from course_lib.datasets.transforms import augment
from course_lib.scenes import Scenes
from course_lib.training import fit

STEPS, BATCH, ROUNDS = 21, 8, 6
FRAME, CROP = (360, 480), 224  # CamVid's frames, FC-DenseNet's crop


def main() -> None:
    overhead()
    starvation()


def network() -> nn.Module:
    torch.manual_seed(0)
    return models.build("segnet", 6, width=0.125)


class Stored(Dataset):
    """Pictures that are there already: what is left is the loop."""

    def __init__(self, count: int):
        self.marks: list[float] = []
        self.images, self.labels, _ = Scenes("street", size=96, count=count).batch(range(count))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int):
        self.marks.append(time.process_time())
        return self.images[index], self.labels[index]

    def steps(self, train: Callable[[], object]) -> torch.Tensor:
        """Processor milliseconds of each step but the first: from its first picture to the next one's."""
        self.marks = []
        train()
        begun = torch.tensor([*self.marks[-STEPS * BATCH :: BATCH], time.process_time()], dtype=torch.float64)
        return begun.diff()[1:-1] * 1000


def overhead() -> None:
    data = Stored(64)
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(data.steps(lambda: fit(network(), data, steps=STEPS, batch_size=BATCH, progress=False)))
        plain.append(data.steps(lambda: by_hand(network(), data)))
    fitted, bare = (float(torch.stack(rounds).amin(0).mean()) for rounds in (ours, plain))
    print(f"step of fit {fitted:6.1f} ms, of a plain loop {bare:6.1f} ms (processor time)")
    print(f"overhead {100 * (fitted / bare - 1):5.1f} %   promised: at most 3 %")


def by_hand(model: nn.Module, data: Stored) -> None:
    """The shortest loop that does the same: channels last, cross-entropy, clipping, AdamW."""
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
    for step in range(STEPS):
        items = [data[index % len(data)] for index in range(step * BATCH, (step + 1) * BATCH)]
        images = torch.stack([image for image, _ in items]).to(memory_format=torch.channels_last)
        labels = torch.stack([label for _, label in items])
        loss = nn.functional.cross_entropy(model(images), labels, ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()


class Photographs(Dataset):
    """Frames of CamVid's size, augmented as the papers do it; decoding JPEG and PNG is part of the work."""

    def __init__(self, count: int = 64):
        import io

        from PIL import Image

        generator = torch.Generator().manual_seed(0)
        self.files, self.count = [], count
        for _ in range(8):
            image, mask = io.BytesIO(), io.BytesIO()
            coarse = torch.rand(1, 3, 45, 60, generator=generator)
            pixels = (nn.functional.interpolate(coarse, FRAME, mode="bilinear")[0] * 255).byte()
            Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(image, "JPEG")
            Image.fromarray((pixels[0] // 43).numpy()).save(mask, "PNG")
            self.files.append((image.getvalue(), mask.getvalue()))
        self.transform = augment(crop=CROP, scale=(0.5, 2.0), colour=0.2)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        import io

        import numpy as np
        from PIL import Image

        from course_lib.datasets.pairs import transformed

        image, mask = (Image.open(io.BytesIO(content)) for content in self.files[index % 8])
        image = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        image, label = transformed(self.transform, image, torch.from_numpy(np.array(mask)))
        return image, label.long()


def starvation() -> None:
    for name, data, batch in (("photographs", Photographs(), 4), ("scenes", Scenes("street", count=1024), 16)):
        torch.manual_seed(0)
        model = models.build("segnet", 6, width=0.25)
        history = fit(model, data, steps=30, batch_size=batch, workers=2, progress=False)
        share = history.waiting / history.seconds  # the start of the workers is part of it
        print(
            f"{name:<12} {history.seconds / 30 * 1000:6.0f} ms a step, two workers: "
            f"{100 * share:5.1f} % of the time waiting   promised: under 5 %"
        )


if __name__ == "__main__":
    main()
