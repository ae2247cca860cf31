"""The page of the trained networks is made from their cards."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import zoo
from course_lib.models import shipped


def test_the_page_is_what_the_command_writes():
    assert (shipped.folder() / "README.md").read_text(encoding="utf-8") == zoo.page(), "run python -m course_lib.zoo"


def test_each_network_has_one_picture_and_each_picture_a_network():
    page = (shipped.folder() / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]{10,}\]\(pictures/(\w+)\.(?:jpg|png)\)", page)
    assert sorted(shown) == shipped.names()
    assert sorted(path.stem for path in (shipped.folder() / "pictures").iterdir()) == shipped.names()


@pytest.mark.parametrize("name", [zoo.CLASSIFIER, "selfie", "near_harbour"])
def test_a_picture_beside_the_page_is_the_one_that_is_made_now(name):
    """A heat map, an answer over a photograph, a painted scene; JPEG rounds by a few of 255, others differ by tens."""
    (file,) = (shipped.folder() / "pictures").glob(f"{name}.*")
    kept = torch.from_numpy(np.array(Image.open(file).convert("RGB"))).permute(2, 0, 1)
    made = zoo.picture(name)
    assert made.shape == kept.shape
    assert (made.double() - kept).abs().mean() < 6
