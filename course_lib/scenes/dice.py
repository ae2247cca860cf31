"""Dice that fall the same way everywhere: each throw is a hash of (seed, picture, number of the throw).

In: a seed and the indices of some pictures. Out: whole numbers, one per picture.
torch.Generator is not used: its stream may change with torch's version, and it would make a picture depend on
the pictures drawn before it. Everything here is int64 arithmetic that never overflows, hence exact.
"""

import torch
from torch import Tensor

WORD = 0xFFFFFFFF  # each hash is a 32-bit number kept in an int64


def mix(x: Tensor) -> Tensor:
    """A hash of 32-bit numbers in which every input bit flips about half of the output bits (hash-prospector)."""
    x = x ^ (x >> 16)
    x = (x * 0x21F0AAAD) & WORD
    x = x ^ (x >> 15)
    x = (x * 0x735A2D97) & WORD
    return x ^ (x >> 15)


def stream(*words: int) -> int:
    """One 32-bit key from several whole numbers of up to 64 bits, negative ones too."""
    key = torch.tensor(0x9E3779B9)
    for word in words:
        for half in (word & WORD, (word >> 32) & WORD):
            key = mix(key ^ half)
    return int(key)


def permutation(count: int, key: int) -> Tensor:
    """The numbers 0 .. count - 1 in an order that depends on the key alone."""
    return torch.argsort(mix(mix(torch.arange(count)) ^ key), stable=True)


class Dice:
    """Throws for a batch of pictures; the n-th call gives the n-th throw of each picture."""

    THROWS = 256

    def __init__(self, key: int, indices: Tensor):
        pictures = mix(mix((indices & WORD) ^ key) ^ (indices >> 32))
        throws = torch.arange(self.THROWS) * 0x9E3779B9 & WORD
        self.bits = mix(pictures[None, :] ^ mix(throws)[:, None])
        self.thrown = 0

    def throw(self) -> Tensor:
        """The next random bits of every picture."""
        if self.thrown == self.THROWS:
            raise RuntimeError(f"a family may throw {self.THROWS} dice per picture, not more")
        self.thrown += 1
        return self.bits[self.thrown - 1]

    def integer(self, low: int | Tensor, high: int | Tensor) -> Tensor:
        """Whole numbers from low to high, both included; where high < low, low."""
        sides = high - low + 1
        sides = sides.clamp(min=1) if isinstance(sides, Tensor) else max(sides, 1)
        return low + (self.throw() * sides >> 32)

    def chance(self, share: float) -> Tensor:
        """True in this share of the pictures."""
        return self.throw() < int(share * (WORD + 1))

    def choice(self, options: Tensor) -> Tensor:
        """One row of a table for each picture."""
        return options[self.integer(0, len(options) - 1)]
