"""The exact engine against the definition, against golden numbers, and against itself in other orders."""

from pathlib import Path

import pytest
import torch
from crf_cases import DEEPLAB, by_definition, scene
from golden import goldenlib

from course_lib.crf import dense_crf, exact, kernels


@pytest.fixture(autouse=True)
def _nothing_remembered():
    kernels.forget()


@pytest.mark.parametrize("settings", DEEPLAB.values(), ids=DEEPLAB)
@pytest.mark.parametrize("kind", ["smooth", "textured"])
def test_the_exact_engine_equals_the_definition(kind, settings):
    image, _, probabilities = scene(kind, 31, 37, 5)
    appearance, smoothness = settings
    expected = by_definition(image, probabilities, 10, appearance, smoothness)
    found = dense_crf(image, probabilities, appearance=appearance, smoothness=smoothness, engine="exact")
    assert (found - expected).abs().max() < 1e-5


def test_the_exact_engine_equals_the_golden_file(root: Path):
    def infer(probabilities, image, p, iterations):
        q = dense_crf(
            torch.tensor(image).permute(2, 0, 1),
            torch.tensor(probabilities),
            iterations=iterations,
            appearance=(p["bi_w"], p["bi_xy"], p["bi_rgb"]),
            smoothness=(p["pos_w"], p["pos_xy"]),
            engine="exact",
        )
        return q.numpy()

    results = goldenlib.compare_crf(infer, root / "tests/golden/files/dense_crf.npz", tol_exact=1e-5)
    assert len(results) == 12  # 3 settings, after 1, 2, 5 and 10 iterations
    assert all(ok for *_, ok in results), results


def test_blocks_that_are_not_kept_give_the_same(monkeypatch):
    image, _, probabilities = scene("textured", 20, 30, 3)
    kept = dense_crf(image, probabilities, engine="exact")
    kernels.forget()
    monkeypatch.setattr(exact, "KEPT_BYTES", 0)
    assert torch.equal(dense_crf(image, probabilities, engine="exact"), kept)


def test_no_weight_is_so_small_that_a_processor_is_slow_with_it():
    image = scene("textured", 31, 37, 5)[0]
    blocks = exact.Exact(image.float(), theta_xy=2, theta_rgb=3).blocks
    assert min(float(block.min()) for *_, block in blocks) >= torch.finfo(torch.float32).tiny


def test_pixels_of_one_colour_only_are_no_special_case():
    image = torch.full((3, 13, 17), 90, dtype=torch.uint8)
    probabilities = scene("smooth", 13, 17, 3)[2]
    expected = by_definition(image, probabilities, 3, (4, 67, 3), (3, 1))
    assert (dense_crf(image, probabilities, iterations=3, engine="exact") - expected).abs().max() < 1e-5


def test_a_batch_is_each_image_on_its_own():
    pairs = [scene(kind, 12, 15, 4) for kind in ("smooth", "textured")]
    images, probabilities = torch.stack([p[0] for p in pairs]), torch.stack([p[2] for p in pairs])
    together = dense_crf(images, probabilities, iterations=2)
    for one, (image, _, single) in zip(together, pairs):
        assert torch.equal(one, dense_crf(image, single, iterations=2))


def test_no_iterations_and_no_weights_leave_the_map_as_it_is():
    image, _, probabilities = scene("smooth", 12, 15, 4)
    assert torch.allclose(dense_crf(image, probabilities, iterations=0), probabilities)
    assert torch.allclose(dense_crf(image, probabilities, appearance=(0, 1, 1), smoothness=(0, 1)), probabilities)
    assert torch.allclose(dense_crf(image, probabilities, compatibility=0), probabilities)


def test_compatibility_scales_both_weights():
    image, _, probabilities = scene("smooth", 12, 15, 4)
    scaled = dense_crf(image, probabilities, appearance=(2, 67, 3), smoothness=(1.5, 1), compatibility=2.0)
    assert torch.allclose(scaled, dense_crf(image, probabilities, appearance=(4, 67, 3), smoothness=(3, 1)), atol=1e-6)


def test_the_crf_repairs_what_an_unsure_network_gets_wrong():
    image, label, probabilities = scene("textured", 48, 48, 5)
    before = (probabilities.argmax(0) == label).float().mean()
    after = (dense_crf(image, probabilities).argmax(0) == label).float().mean()
    assert before < 0.96
    assert after > 0.99


def test_a_kernel_is_remembered_by_its_image_and_thetas_not_by_its_weight():
    image, _, probabilities = scene("smooth", 12, 15, 4)
    for weight in (1, 2, 3):
        dense_crf(image, probabilities, appearance=(weight, 67, 3))
    assert len(kernels._remembered) == 1
    other = image.clone()
    other[0, 0, 0] += 1
    dense_crf(other, probabilities)
    dense_crf(image, probabilities, appearance=(1, 67, 4))
    assert len(kernels._remembered) == 3


def test_only_so_many_bytes_of_kernels_are_remembered_and_the_last_one_always(monkeypatch):
    pictures = [scene("smooth", 12, 15, 4, seed=seed)[::2] for seed in range(3)]
    dense_crf(*pictures[0])
    first = next(iter(kernels._remembered.values()))
    monkeypatch.setattr(kernels, "REMEMBERED_BYTES", int(2.5 * first.kernel.bytes()))
    dense_crf(*pictures[1])
    dense_crf(*pictures[0])  # used again, so that the other one is the oldest
    dense_crf(*pictures[2])
    assert len(kernels._remembered) == 2
    assert first in kernels._remembered.values()
    monkeypatch.setattr(kernels, "REMEMBERED_BYTES", 0)
    dense_crf(*pictures[1])
    assert len(kernels._remembered) == 1


def test_a_large_kernel_is_dropped_before_the_next_one_is_built(monkeypatch):
    image, _, probabilities = scene("smooth", 12, 15, 4)
    dense_crf(image, probabilities)
    first = next(iter(kernels._remembered.values()))
    held, build = [], kernels.Exact

    def building(*of, **named):
        held.append(list(kernels._remembered))
        return build(*of, **named)

    monkeypatch.setattr(kernels, "REMEMBERED_BYTES", int(1.5 * first.kernel.bytes()))
    monkeypatch.setattr(kernels, "Exact", building)
    dense_crf(image, probabilities, appearance=(1, 67, 4))
    assert held == [[]]


def test_a_probability_of_zero_stays_finite():
    image = scene("smooth", 9, 9, 2)[0]
    certain = torch.zeros(2, 9, 9)
    certain[0] = 1
    assert dense_crf(image, certain).isfinite().all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("engine", ["exact", "lattice"])
def test_a_gpu_gives_the_same(engine):
    image, _, probabilities = scene("textured", 40, 50, 5)
    here = dense_crf(image, probabilities, engine=engine)
    there = dense_crf(image.cuda(), probabilities.cuda(), engine=engine)
    assert (there.cpu() - here).abs().max() < 1e-4
