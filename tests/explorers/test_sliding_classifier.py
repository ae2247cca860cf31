"""The sliding classifier: what a window says, against the classifier itself and a mean taken by hand."""

from importlib import import_module

import numpy as np
import pytest
import torch

from course_lib import explorers, models
from course_lib.models import shipped

room = import_module("course_lib.explorers.sliding_classifier")  # the module, not the function of the same name


def test_the_widest_window_is_the_classifier_itself():
    seen, told = room.seen(), shipped.card(room.CLASSIFIER)
    picture = torch.from_numpy(seen.image.copy()).permute(2, 0, 1)[None].float() / 255
    net = models.build("efficientnet_lite0", num_classes=1000, weights=room.CLASSIFIER).eval()
    with torch.no_grad():
        whole = net.classify((picture - told["mean"]) / told["std"]).softmax(1)[0]
    everywhere = room.answers("the whole picture")
    torch.testing.assert_close(everywhere, whole[:, None, None].expand_as(everywhere), atol=1e-4, rtol=0)


@pytest.mark.parametrize("place, cells", [((0, 0), (slice(0, 2), slice(0, 2))), ((4, 6), (slice(3, 6), slice(5, 8)))])
def test_a_window_is_the_mean_of_its_cells_cut_off_at_the_border(place, cells):
    by_hand = room.seen().cells[(slice(None), *cells)].mean((1, 2)).softmax(0)
    torch.testing.assert_close(room.answers("3 x 3 cells")[(slice(None), *place)], by_hand, atol=1e-5, rtol=0)


def test_the_heat_map_grows_up_to_the_window():
    _, grown, _ = explorers.sliding_classifier().render(cell=[3, 5], window="1 x 1 cell")
    _, whole, _ = explorers.sliding_classifier().render(cell=[3, 5], window="1 x 1 cell", everywhere=True)
    columns = whole.values.shape[1]
    visited = 3 * columns + 5 + 1
    assert np.array_equal(grown.values.ravel()[:visited], whole.values.ravel()[:visited])
    assert not grown.values.ravel()[visited:].any()
    assert whole.values.ravel()[visited:].any()
