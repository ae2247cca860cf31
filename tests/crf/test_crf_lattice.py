"""The lattice engine against the exact one, and beside the authors' own lattice."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from crf_cases import DEEPLAB, scene

from course_lib.crf import dense_crf, kernels, lattice
from course_lib.datasets import photos


@pytest.fixture(autouse=True)
def _nothing_remembered():
    kernels.forget()


def cut_from(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """72 x 72 pixels across a border of a photograph, with a coarse map."""
    top, left = {"coffee": (150, 40), "cat": (120, 320), "astronaut": (20, 100)}[name]
    window = (slice(None), slice(top, top + 72), slice(left, left + 72))
    return photos.load(name).image[window], photos.coarse(name)[window]


@pytest.mark.parametrize("settings", DEEPLAB.values(), ids=DEEPLAB)
@pytest.mark.parametrize("what", ["smooth", "textured", "coffee", "cat", "astronaut"])
def test_the_lattice_is_close_to_the_exact_engine(what, settings):
    image, probabilities = scene(what, 64, 64, 5)[::2] if what in ("smooth", "textured") else cut_from(what)
    appearance, smoothness = settings
    options = {"appearance": appearance, "smoothness": smoothness}
    exact, close = (dense_crf(image, probabilities, engine=engine, **options) for engine in ("exact", "lattice"))
    assert (close - exact).abs().mean() <= 0.005
    assert (close.argmax(0) == exact.argmax(0)).float().mean() >= 0.995


@pytest.mark.parametrize("name", ["v1_largefov", "v2_resnet"])
def test_the_lattice_is_closer_than_the_authors_own(name, root: Path):
    golden = np.load(root / "tests/golden/files/dense_crf.npz")
    p = json.loads(str(golden["meta"]))["params"][name]
    q = dense_crf(
        torch.tensor(golden["image"]).permute(2, 0, 1),
        torch.tensor(golden["prob"]),
        appearance=(p["bi_w"], p["bi_xy"], p["bi_rgb"]),
        smoothness=(p["pos_w"], p["pos_xy"]),
        engine="lattice",
    )
    exact = golden[f"exact_{name}_it10"]
    ours = np.abs(q.flatten().numpy()[golden["positions"]] - exact)
    theirs = np.abs(golden[f"pydensecrf_{name}_it10"] - exact)
    assert ours.mean() < theirs.mean()
    assert ours.max() < theirs.max()


def test_the_adjoint_is_the_transpose():
    image = scene("textured", 9, 11, 3)[0]
    operator = lattice.Lattice(image, theta_xy=5, theta_rgb=20, dtype=torch.float64)
    identity = torch.eye(99, dtype=torch.float64)
    assert torch.allclose(operator.filter(identity), operator.adjoint(identity).T)


def test_cells_are_so_wide_that_splat_blur_and_slice_spread_by_one_theta():
    for blur in (lattice.COLOUR_BLUR, lattice.SPACE_BLUR):
        taps = torch.tensor(blur, dtype=torch.float64)
        place = torch.arange(len(taps)) - len(taps) // 2
        variance = (taps * place**2).sum() / taps.sum()
        assert (variance + 1 / 3) * lattice.cell_width(blur) ** 2 == pytest.approx(1)


def test_on_a_plain_image_a_pixel_spreads_by_theta():
    image = torch.full((3, 1, 200), 77, dtype=torch.uint8)
    place = torch.arange(200)
    for start in (95, 100, 103):  # a cell is 7.4 pixels wide: at its corner, and within
        q = (place == start).float()[:, None]
        found = lattice.Lattice(image, theta_xy=10, theta_rgb=3).filter(q)[:, 0]
        share = found / found.sum()
        centre = (share * place).sum()
        assert centre == pytest.approx(start, abs=0.2)
        assert (share * (place - centre) ** 2).sum().sqrt() == pytest.approx(10, rel=0.05)


def test_memory_grows_with_the_pixels_and_not_with_their_square():
    small, large = (
        lattice.Lattice(scene("smooth", side, side, 3)[0], theta_xy=20, theta_rgb=20).bytes() for side in (32, 128)
    )
    assert large < 16 * small * 1.2


def noise(side: int) -> torch.Tensor:
    """One colour for each pixel, drawn from all colours: hardly two pixels share a lattice point."""
    return torch.randint(0, 256, (3, side, side), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def test_a_noisy_picture_takes_little_more_memory_than_a_smooth_one():
    smooth = lattice.Lattice(scene("smooth", 128, 128, 3)[0], theta_xy=67, theta_rgb=3)
    noisy = lattice.Lattice(noise(128), theta_xy=67, theta_rgb=3)
    assert noisy.bytes() < 2 * smooth.bytes()
    assert noisy.slabs[-1].points.stop <= lattice.DENSEST * 128**2


@pytest.mark.parametrize("what", ["noise", "textured"])
def test_points_given_up_change_little(what, monkeypatch):
    image, probabilities = scene("textured", 64, 64, 5)[::2]
    image = noise(64) if what == "noise" else image
    exact = dense_crf(image, probabilities, engine="exact")
    errors = []
    for densest in (lattice.DENSEST, 1000):
        kernels.forget()
        monkeypatch.setattr(lattice, "DENSEST", densest)
        errors.append(float((dense_crf(image, probabilities, engine="lattice") - exact).abs().mean()))
    assert errors[0] != errors[1]  # some were given up
    assert errors[0] < 0.001


def test_every_pixel_keeps_a_share_of_one_when_points_are_given_up():
    shares = [slab.slice for slab in lattice.Lattice(noise(64), theta_xy=67, theta_rgb=3).slabs]
    pixels = torch.cat([share(torch.ones(int(share.columns.max()) + 1, 1)) for share in shares])
    assert torch.allclose(pixels, torch.ones(64 * 64, 1))


def test_sums_in_small_pieces_are_the_same(monkeypatch):
    image, _, probabilities = scene("smooth", 40, 30, 5)
    q = probabilities.flatten(1).T
    whole = lattice.Lattice(image, theta_xy=20, theta_rgb=20)
    expected = whole.filter(q)
    monkeypatch.setattr(lattice, "ROWS", 7)
    pieces = lattice.Lattice(image, theta_xy=20, theta_rgb=20)
    assert len(pieces.slabs) > 2
    assert len(whole.slabs) == 1
    assert torch.equal(pieces.filter(q), expected)


def test_the_larger_image_takes_the_lattice_by_itself():
    image, _, probabilities = scene("smooth", 101, 100, 2)
    assert torch.equal(dense_crf(image, probabilities), dense_crf(image, probabilities, engine="lattice"))


def test_thetas_too_small_for_the_cells_numbers_are_refused():
    image, _, probabilities = scene("textured", 12, 12, 2)
    with pytest.raises(ValueError, match=r"thetas are too small for the lattice engine.*engine='exact'"):
        dense_crf(image, probabilities, appearance=(1, 1e-6, 1e-6), engine="lattice")
