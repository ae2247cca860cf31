"""New programs from a seed on: `python -m tests.fuzz SEED [COUNT]`. Every fault is printed with its program."""

from __future__ import annotations

import sys
import time
from collections import Counter

import torch
import torch._dynamo  # loaded by torch on the way, for seconds: not the first program's fault

from .judge import judged
from .programs import draw_program
from .steps import MAKERS


def main(words: list[str]) -> int:
    """Judge COUNT programs from SEED on; 1 if one of them was a fault."""
    first, count = int(words[0]) if words else 0, int(words[1]) if len(words) > 1 else 1000
    torch.set_num_threads(1)
    kinds: Counter[str] = Counter()
    faults, start = 0, time.process_time()
    for seed in range(first, first + count):
        program = draw_program(seed, MAKERS)
        verdict = judged(program)
        kinds[verdict.kind] += 1
        if verdict.is_fault:
            faults += 1
            print(f"{verdict.kind}: {program}\n    {verdict.words}", flush=True)
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    print(f"{count} programs from {first} in {time.process_time() - start:.0f} CPU s: {told}; {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
