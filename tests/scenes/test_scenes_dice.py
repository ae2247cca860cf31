"""The dice: exact, fair and independent."""

import pytest
import torch

from course_lib.scenes.dice import Dice, mix, permutation, stream


def reference(x: int) -> int:
    """The hash in Python's own whole numbers (hash-prospector's [16 21f0aaad 15 735a2d97 15])."""
    x ^= x >> 16
    x = x * 0x21F0AAAD % 2**32
    x ^= x >> 15
    x = x * 0x735A2D97 % 2**32
    return x ^ x >> 15


def test_the_hash_never_overflows():
    numbers = [0, 1, 2, 12345, 2**31 - 1, 2**31, 2**32 - 1]
    assert mix(torch.tensor(numbers)).tolist() == [reference(x) for x in numbers]


def test_one_flipped_bit_flips_half_of_the_hash():
    x = torch.arange(2000) * 1_000_003 % 2**32
    for bit in range(32):
        changed = mix(x) ^ mix(x ^ (1 << bit))
        flips = sum((changed >> other) & 1 for other in range(32)).float().mean()
        assert 14.5 < flips < 17.5


def test_throws_are_fair_and_include_both_ends():
    dice = Dice(stream(3), torch.arange(6000))
    values = dice.integer(1, 6)
    counts = torch.bincount(values, minlength=7)
    assert counts[0] == 0
    assert len(counts) == 7
    assert (counts[1:] - 1000).abs().max() < 120
    assert dice.chance(0.3).float().mean() == pytest.approx(0.3, abs=0.02)


def test_successive_throws_and_neighbouring_pictures_are_independent():
    dice = Dice(stream(4), torch.arange(4096))
    throws = (dice.bits.double() / 2**32 - 0.5)[:64]
    across = (throws @ throws.T) / 4096 * 12
    along = throws.T @ throws / 64 * 12
    assert (across - torch.eye(64)).abs().max() < 0.09  # 5.5 standard deviations of 1/sqrt(4096)
    assert (along.diagonal(1)).mean().abs() < 0.02


def test_certain_and_impossible():
    dice = Dice(stream(5), torch.arange(100))
    assert dice.chance(1.0).all()
    assert not dice.chance(0.0).any()
    assert (dice.integer(7, 3) == 7).all()  # where nothing is to be chosen, the least


def test_a_picture_throws_the_same_alone_and_in_company():
    alone, company = Dice(stream(6), torch.tensor([41])), Dice(stream(6), torch.arange(100))
    for _ in range(5):
        assert int(alone.integer(0, 10**6)) == int(company.integer(0, 10**6)[41])


def test_dice_run_out_with_a_word():
    dice = Dice(stream(7), torch.arange(1))
    for _ in range(Dice.THROWS):
        dice.throw()
    with pytest.raises(RuntimeError, match="256 dice"):
        dice.throw()


def test_a_permutation_holds_each_number_once():
    assert sorted(permutation(1000, 5).tolist()) == list(range(1000))
    assert permutation(1000, 5).tolist() != permutation(1000, 6).tolist()
