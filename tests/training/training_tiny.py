"""A tiny network and tiny data for the tests of training, yet with everything that can go wrong."""

import hashlib

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

CLASSES = 3
SIDE = 12


class TinyNet(nn.Sequential):
    """Convolution, batch norm, dropout, scores."""

    def __init__(self, *, num_classes: int = CLASSES, seed: int = 0, chance: bool = True):
        generator_state = torch.get_rng_state()
        torch.manual_seed(seed)
        extra = [nn.BatchNorm2d(6), nn.Dropout(0.2)] if chance else []
        super().__init__(nn.Conv2d(3, 6, 3, padding=1), *extra, nn.ReLU(), nn.Conv2d(6, num_classes, 1))
        torch.set_rng_state(generator_state)


class Blobs(Dataset):
    """Images whose brightest colour is their label, with noise that is thrown anew at each look."""

    def __init__(self, count: int = 10, *, noise: float = 0.1, num_classes: int = CLASSES, void: bool = True):
        generator = torch.Generator().manual_seed(1)
        self.labels = torch.randint(num_classes, (count, SIDE, SIDE), generator=generator)
        self.images = nn.functional.one_hot(self.labels % 3, 3).permute(0, 3, 1, 2).float()
        if void:
            self.labels[:, :2] = 255
        self.noise, self.num_classes = noise, num_classes

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image = self.images[index]
        return image + self.noise * torch.randn_like(image) if self.noise else image, self.labels[index]


def fingerprint(model: nn.Module) -> str:
    """One number for all weights: equal only if every bit is."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()
