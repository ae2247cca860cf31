"""The free energy: what it is, and that mean field lowers it."""

from itertools import pairwise

import pytest
import torch
from crf_cases import DEEPLAB, kernels, scene

from course_lib.crf import dense_crf, energy

STRONG = ((20, 30, 30), (20, 2))


def free_energy(probabilities, q, both, *, self_term=True):
    """The definition, in N^2 steps."""
    q = q.double().flatten(1)
    total = -(q * probabilities.double().log().flatten(1)).sum() + torch.xlogy(q, q).sum()
    for weight, k in both:
        k = k if self_term else k - k.diagonal().diag()
        total += 0.5 * weight * (k.sum() - (q @ k * q).sum())
    return float(total)


def test_the_energy_equals_its_definition():
    image, _, probabilities = scene("textured", 11, 9, 3)
    q = dense_crf(image, probabilities, iterations=1)
    expected = free_energy(probabilities, q, kernels(image, *DEEPLAB["v2"]))
    assert float(energy(image, probabilities, q)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("damping", [0.0, 0.5])
@pytest.mark.parametrize("settings", [*DEEPLAB.values(), STRONG], ids=[*DEEPLAB, "strong"])
def test_the_energy_never_rises(settings, damping):
    image, _, probabilities = scene("textured", 24, 20, 4)
    probabilities = probabilities.double()
    options = {"appearance": settings[0], "smoothness": settings[1], "engine": "exact"}
    steps = [
        float(
            energy(
                image,
                probabilities,
                dense_crf(image, probabilities, iterations=n, damping=damping, **options),
                **options,
            )
        )
        for n in range(12)
    ]
    assert all(after <= before + 1e-9 * abs(before) for before, after in pairwise(steps))
    assert steps[-1] < steps[0]


def test_without_the_self_term_parallel_updates_may_raise_the_energy():
    # Two pixels that hear only each other swap their minds for ever; the self term is what makes K positive.
    k = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    log_p = torch.tensor([[0.9, 0.2], [0.1, 0.8]], dtype=torch.float64).log()
    weight, q, steps = 10.0, log_p.exp(), []
    for _ in range(4):
        steps.append(free_energy(log_p.exp(), q, [(weight, k)]))
        q = (log_p + weight * q @ k).softmax(0)
    assert any(after > before + 0.1 for before, after in pairwise(steps))
    assert torch.linalg.eigvalsh(k).min() < 0
    for _, kept in kernels(scene("textured", 8, 8, 2)[0], *DEEPLAB["v2"]):
        assert torch.linalg.eigvalsh(kept).min() > -1e-12


def test_energy_takes_one_image_only():
    image, _, probabilities = scene("smooth", 6, 6, 2)
    with pytest.raises(ValueError, match="energy takes one image"):
        energy(image[None], probabilities[None], probabilities[None])


def test_energy_asks_for_probabilities_in_q_too():
    image, _, probabilities = scene("smooth", 6, 6, 2)
    with pytest.raises(ValueError, match="must sum to 1, got sums from 2 to 2"):
        energy(image, probabilities, 2 * probabilities)
