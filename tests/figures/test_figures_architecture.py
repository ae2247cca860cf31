"""Architecture figures: every network has one, nothing overlaps, and its alt text has its numbers."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib import models
from course_lib.figures.architecture import architecture, size_for
from course_lib.figures.architecture_layout import KINDS, laid_out
from course_lib.figures.architecture_upright import BROADEST, upright
from course_lib.models.structure import structure


@pytest.fixture(scope="module", params=models.names())
def net(request):
    return structure(request.param, image_size=size_for(request.param))


@pytest.fixture(scope="module", params=(laid_out, upright), ids=("lying", "upright"))
def drawn(request, net):
    return net, request.param(net)


def test_an_upright_drawing_is_no_broader_than_a_notebook(net):
    assert upright(net).width <= BROADEST


def test_every_stage_has_a_box_and_every_link_a_line(drawn):
    net, sheet = drawn
    assert len(sheet.boxes) == len(net.stages)
    assert len(sheet.paths) == len(net.links)
    assert sum(path.kind == "skip" for path in sheet.paths) == len(net.skips())
    assert sum(path.kind == "places" for path in sheet.paths) == len(net.places())
    assert {box.look for box in sheet.boxes} <= set(KINDS)


def test_no_two_boxes_overlap(drawn):
    _, sheet = drawn
    for a, b in combinations(sheet.boxes, 2):
        apart = a.left + a.width <= b.left or b.left + b.width <= a.left
        assert apart or a.top + a.height <= b.top or b.top + b.height <= a.top, f"{a.text!r} lies on {b.text!r}"


def test_all_stands_on_the_sheet(drawn):
    _, sheet = drawn
    for box in sheet.boxes:
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= sheet.width
        assert box.top + box.height <= sheet.height


def test_no_skip_runs_through_a_box(drawn):
    _, sheet = drawn
    for path in sheet.paths:
        if path.kind == "flow":
            continue
        for (x0, y0), (x1, y1) in zip(path.points, path.points[1:]):
            for box in sheet.boxes:
                inside = min(x0, x1) < box.left + box.width - 1 and max(x0, x1) > box.left + 1
                crosses = min(y0, y1) < box.top + box.height - 1 and max(y0, y1) > box.top + 1
                assert not (inside and crosses), f"a {path.kind} line runs through {box.text!r}"


def test_dilation_and_pools_have_their_own_look():
    looks = {box.text.split("\n")[0]: box.look for box in laid_out(structure("deeplab_v1")).boxes}
    assert looks["conv4"] == "down"
    assert looks["conv5"] == looks["fc6"] == "dilated"
    assert looks["max 3x3 /2"] == "pool"
    assert looks["bilinear x8"] == "enlarge"


def test_the_alt_text_tells_sizes_skips_and_places():
    unet = architecture("unet").alt
    assert unet.startswith("U-Net on 388 x 388 pixels, 31,033,045 parameters: ")
    assert "bottom 1024 maps of 28 x 28" in unet
    assert "Skips: down4 to concatenation of 56 x 56" in unet
    segnet = architecture("segnet").alt
    assert "No skips. Places of the maxima go from pool5 to upsample5" in segnet
    assert "fc6 at rate 12 1024 maps of 41 x 41" in architecture("deeplab_v1").alt


def test_words_fit_into_their_boxes():
    for name in ("deeplab_v3plus", "segnet_basic", "fcn8s"):
        figure = architecture(name)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        axes = figure.axes[0]
        boxes = [patch.get_window_extent(renderer) for patch in axes.patches]
        for text in axes.texts:
            if text.get_text().startswith("stride ") or not text.get_text():
                continue
            own = text.get_window_extent(renderer)
            x, y = (own.x0 + own.x1) / 2, (own.y0 + own.y1) / 2
            (box, *_) = sorted((box for box in boxes if box.contains(x, y)), key=lambda box: box.width)
            assert own.width <= box.width + 2, f"{text.get_text()!r} of {name} is wider than its box"


def test_no_text_is_smaller_than_eleven_pixels_at_the_width_shown():
    figure = architecture("deeplab_v3plus")
    drawn = [*figure.axes[0].texts, *figure.legends[0].get_texts(), figure._suptitle]
    assert min(text.get_fontsize() for text in drawn) * 96 / 72 >= 11


def test_another_size_and_options_are_drawn():
    figure = architecture("deeplab_v3_resnet50", image_size=(129, 257), output_stride=8, width=0.25)
    assert "129 x 257 pixels" in figure.alt
    assert "at rate 16" in figure.alt  # conv5's last block: rate 4 times 4
