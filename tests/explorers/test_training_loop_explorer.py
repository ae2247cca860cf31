"""The recorded training: it is the loop that lecture 00 writes out, and the explorer shows what was recorded."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import torch
from torch.nn import functional as F

from course_lib import explorers
from course_lib.explorers import recorded_training as recorded

room = import_module("course_lib.explorers.training_loop")  # the module, not the function of the same name


def test_training_again_gives_the_recorded_losses_and_scores():
    again, kept = recorded.record(steps=5), recorded.read()
    np.testing.assert_allclose(again.losses, kept.losses[:5], atol=2e-3)
    torch.testing.assert_close(again.scores, kept.scores[:3], atol=1e-2, rtol=0)  # after 0, 2 and 5 steps


def test_the_lecture_writes_out_the_loop_that_was_recorded(root):
    """The cell of lecture 00, run for two steps in place of 160, meets the recorded losses."""
    cells = (root / "notebooks/source/00_start_here.py").read_text().split("# %%")
    (cell,) = (one for one in cells if "loss.backward()" in one)
    figures = SimpleNamespace(repaint=len, learning=lambda *given: "")  # what it paints is not asked here
    given = {"torch": torch, "nn": torch.nn, "F": F, "Scenes": import_module("course_lib.scenes").Scenes}
    given |= {"figures": figures, "street": recorded.unseen()[2]}
    kept = "    losses.append(loss.item())\n"
    assert kept in cell
    short = cell.partition("\n")[2].replace(kept, f"{kept}    if step == 2:\n        break\n")
    with torch.random.fork_rng(devices=[]):
        exec(short, given)
    np.testing.assert_allclose(given["losses"], recorded.read().losses[:2], atol=2e-3)


def test_pushes_are_the_negative_gradient_of_the_pixels_loss():
    step, place = 40, (7, 11)
    row, column = room.pixel_of(place)
    logits = room.scores()[recorded.STEPS.index(step), :, row, column].clone().requires_grad_()
    loss = F.cross_entropy(logits[None], recorded.unseen()[1][row, column][None])
    loss.backward()
    shown = explorers.training_loop().render(step=step, place=place)
    pushes = [block.text for block in shown[1].blocks if block.text[:1] in "+-" and len(block.text) == 5]
    np.testing.assert_allclose(np.array(pushes, float), -logits.grad, atol=0.0051)
    assert dict(shown[5].rows)["Loss of this pixel"].endswith(f"= {loss.item():.2f}")
