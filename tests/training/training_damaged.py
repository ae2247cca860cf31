"""Damaged copies of a file: a bit that turns over, 64 bytes overwritten, an end that is missing or too long."""

import random
from collections.abc import Iterator


def damaged_copies(content: bytes, count: int) -> Iterator[bytes]:
    dice = random.Random(0)
    for number in range(count):
        copy, place = bytearray(content), dice.randrange(len(content))
        if number % 4 == 0:
            copy[place] ^= 1 << dice.randrange(8)
        elif number % 4 == 1:
            copy[place : place + 64] = bytes(byte ^ 255 for byte in copy[place : place + 64])
        elif number % 4 == 2:
            copy = copy[:place]
        else:
            copy += dice.randbytes(1 + number)
        yield bytes(copy)
