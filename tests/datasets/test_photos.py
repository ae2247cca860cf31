"""The photographs that come with the course: sizes, licences, masks, and maps made coarse on purpose."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import paths
from course_lib.datasets import photos

FOLDER = paths.data() / "photos"


@pytest.mark.parametrize("name", photos.names())
def test_a_photograph_is_small_and_its_source_is_named(name):
    assert (FOLDER / f"{name}.jpg").stat().st_size < 150_000
    assert f"`{name}.jpg`" in (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    image = photos.load(name).image
    assert image.dtype == torch.uint8
    assert image.shape[0] == 3
    assert max(image.shape) <= 512
    assert image.float().std() > 30  # a picture, not a grey card


def test_at_least_three_photographs_have_masks_and_one_has_the_size_of_voc():
    assert len(photos.names(masked=True)) >= 3
    assert set(photos.names(masked=True)) < set(photos.names())
    assert any(photos.load(name).image.shape == (3, 375, 500) for name in photos.names())
    assert photos.load("pagoda").mask is None


@pytest.mark.parametrize("name", photos.names(masked=True))
def test_a_mask_fits_its_photograph_and_holds_every_class(name):
    photo = photos.load(name)
    assert photo.mask.dtype == torch.int64
    assert photo.mask.shape == photo.image.shape[1:]
    assert set(photo.mask.unique().tolist()) - {255} == set(range(len(photo.classes)))
    assert (photo.mask == 255).float().mean() < 0.35


@pytest.mark.parametrize("name", photos.names(masked=True))
def test_a_mask_is_what_its_outlines_paint(name):
    spec = importlib.util.spec_from_file_location("draw_masks", FOLDER / "draw_masks.py")
    draw_masks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw_masks)
    stored = Image.open(FOLDER / "masks" / f"{name}.png")
    painted = draw_masks.draw(json.loads((FOLDER / "masks" / f"{name}.json").read_text()), stored.size)
    assert stored.mode == "P"
    assert (np.asarray(stored) != np.asarray(painted)).mean() < 0.005  # versions of Pillow round corners differently


@pytest.mark.parametrize("name, first, second", [("coffee", "saucer", "table"), ("astronaut", "head", "background")])
def test_borders_of_masks_follow_the_photograph(name, first, second):
    # Right at a drawn border colours change more than ten pixels inside or outside of it.
    photo = photos.load(name)
    mine, other = (photo.mask == photo.classes.index(c) for c in (first, second))
    image = photo.image.float()
    steps = (image[:, :, 2:] - image[:, :, :-2]).abs().mean(0)

    def contrast(shift: int) -> float:
        border = mine[:, 1:-1] & other[:, 2:] | other[:, 1:-1] & mine[:, 2:]
        return float(steps[torch.roll(border, shift, 1)].mean())

    at_border = max(contrast(shift) for shift in (-2, -1, 0, 1, 2))
    assert at_border > 1.5 * (contrast(-10) + contrast(10)) / 2


@pytest.mark.parametrize("stride", [8, 32])
def test_a_coarse_map_is_a_map_of_probabilities_with_the_wrong_borders(stride):
    photo, map_ = photos.load("astronaut"), photos.coarse("astronaut", stride=stride)
    assert map_.shape == (6, 384, 384)
    assert torch.allclose(map_.sum(0), torch.ones(384, 384))
    assert map_.min() > 0
    right = float((map_.argmax(0) == photo.mask).float().mean())
    assert {8: 0.97, 32: 0.90}[stride] < right < {8: 0.999, 32: 0.97}[stride]


def test_thin_things_vanish_from_a_coarse_map():
    photo = photos.load("rocket")
    mast = (slice(97, 140), slice(150, 165))  # the far left mast, 4 pixels wide
    tower = photo.classes.index("tower")
    assert (photo.mask[mast] == tower).any()
    assert not (photos.coarse("rocket", stride=16).argmax(0)[mast] == tower).any()


def test_unknown_names_and_impossible_strides_are_refused():
    with pytest.raises(ValueError, match=r"no photograph is called 'cofee'.*did you mean 'coffee'"):
        photos.load("cofee")
    with pytest.raises(ValueError, match="'pagoda' has no mask; these have one: astronaut"):
        photos.coarse("pagoda")
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        photos.coarse("cat", stride=0)
    with pytest.raises(ValueError, match="confidence must be at least 0 and below 1, got 1"):
        photos.coarse("cat", confidence=1)


@pytest.mark.parametrize("name", ["rocket", "pagoda"])
def test_a_resized_photograph_is_an_average_and_its_mask_knows_the_same_classes(name):
    large, small = photos.load(name), photos.resized(name, (40, 60))
    assert (small.image.shape, small.image.dtype) == ((3, 40, 60), torch.uint8)
    assert (small.image.float().mean((1, 2)) - large.image.float().mean((1, 2))).abs().max() < 1
    if large.mask is None:
        assert small.mask is None
    else:
        assert set(small.mask.unique().tolist()) <= set(large.mask.unique().tolist())
        shares = [float((photo.mask == 0).float().mean()) for photo in (large, small)]
        assert abs(shares[0] - shares[1]) < 0.02
