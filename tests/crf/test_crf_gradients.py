"""Gradients flow through the iterations, by both engines, to the map and to the weights."""

import pytest
import torch
from crf_cases import scene

from course_lib.crf import dense_crf


@pytest.mark.parametrize("engine", ["exact", "lattice"])
def test_gradients_to_the_map_and_the_weights_are_right(engine):
    image, _, probabilities = scene("textured", 4, 5, 3)
    scores = probabilities.double().log().requires_grad_()
    weights = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in (1.5, 0.7, 0.9)]

    def refined(scores, first, second, compatibility):
        return dense_crf(
            image,
            scores.softmax(0),
            iterations=3,
            appearance=(first, 4, 60),
            smoothness=(second, 1.5),
            compatibility=compatibility,
            engine=engine,
        )

    assert torch.autograd.gradcheck(refined, (scores, *weights))


def test_a_network_can_be_trained_through_the_crf():
    image, label, probabilities = scene("smooth", 16, 16, 3)
    scores = probabilities.log().requires_grad_()
    loss = torch.nn.functional.nll_loss(dense_crf(image, scores.softmax(0)).log()[None], label[None])
    loss.backward()
    assert scores.grad.isfinite().all()
    assert scores.grad.abs().max() > 0
