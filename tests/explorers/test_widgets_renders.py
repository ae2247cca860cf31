"""Every explorer's pictures against computations that share no line with them, at corners and at random settings."""

import itertools
import random
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from widget_reader import Read

from course_lib import explorers, models, palette
from course_lib.crf import dense_crf
from course_lib.explorers.machinery.controls import every_setting
from course_lib.explorers.machinery.panels import Collage, Readout
from course_lib.explorers.machinery.table import key_of
from course_lib.metrics import Confusion
from course_lib.receptive_field import theoretical

convolution_cost, crf, dilation, metrics, output_stride, pyramids, unpooling, upsampling = (
    import_module(f"course_lib.explorers.{name}")  # the rooms, not the functions of the same name
    for name in (
        "convolution_cost",
        "crf",
        "dilation",
        "metrics",
        "output_stride",
        "pyramids",
        "unpooling",
        "upsampling",
    )
)
TABULATED = (
    "convolution_cost",
    "dilation",
    "ledger",
    "lineage",
    "metrics",
    "output_stride",
    "pyramids",
    "separable_layer",
    "sliding_classifier",
    "training_loop",
    "unpooling",
    "upsampling",
)
SOME = random.Random(0)


def rows(panels) -> dict[str, str]:
    """The read-outs of a render."""
    return dict(row for panel in panels if isinstance(panel, Readout) for row in panel.rows)


@pytest.fixture(scope="module", params=TABULATED)
def tabulated(request):
    explorer = getattr(explorers, request.param)()
    return explorer, explorer.table()


def test_a_table_fits_a_notebook_and_no_setting_fails(tabulated):
    explorer, table = tabulated
    assert len(table.compressed()) < 1_100_000
    problems = [state["problem"] for state in table.states.values() if "problem" in state and not state["impossible"]]
    assert problems == []
    assert table.states[key_of(explorer.controls, explorer.settings())].get("panels")


def test_slices_of_the_table_equal_render(tabulated):
    explorer, table = tabulated
    read, every = Read(table.pack()), every_setting(explorer.controls)
    for settings in [every[0], every[-1], *SOME.sample(every, min(6, len(every)))]:
        state = read.states[key_of(explorer.controls, settings)]
        if "problem" in state:
            continue
        panels = explorer.render(**settings)
        assert len(panels) == len(state["panels"])
        for panel, number in zip(panels, state["panels"]):
            wire = read.panels[number]
            assert wire["alt"] == panel.describe()
            if wire["kind"] == "map":
                assert np.array_equal(read.values(wire), panel.values)
            if wire["kind"] == "image":
                shown = panel.drawn() if isinstance(panel, Collage) else panel.pixels
                assert np.array_equal(read.picture(wire), shown)


@pytest.mark.parametrize("name", [*TABULATED, "crf", "receptive_field"])
def test_the_static_figure_says_all_its_numbers_and_cuts_no_word_off(name):
    explorer = getattr(explorers, name)()
    figure = explorer.figure()
    for panel in explorer.render():
        assert panel.describe() in figure.alt
    assert rows(explorer.render())
    figure.drawn("png")
    for axes in figure.axes:
        for words in (axes.title, axes.xaxis.label, *axes.texts):
            box = words.get_window_extent()
            assert not words.get_text() or (box.x1 <= figure.bbox.x1 and box.y0 >= 0), words
    titles = [axes.title.get_window_extent() for axes in figure.axes] + [figure._suptitle.get_window_extent()]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(titles, 2))


@pytest.mark.parametrize(
    "kernel, rates", [(3, (1,)), (3, (2, 2, 2)), (5, (1, 2, 5)), (7, (3, 1)), (3, (1, 2, 4, 8, 16))]
)
def test_dilation_counts_paths_as_convolutions_of_ones_do(kernel, rates):
    x = torch.zeros(1, 1, 201, 201, dtype=torch.float64)
    x[..., 100, 100] = 1
    for rate in rates:
        ones = torch.ones(1, 1, kernel, kernel, dtype=torch.float64)
        x = F.conv2d(x, ones, padding=rate * (kernel // 2), dilation=rate)
    reading = dilation.compute(kernel=kernel, rates=rates)
    half = reading.box // 2
    expected = x[0, 0, 100 - half : 101 + half, 100 - half : 101 + half].numpy()
    assert np.array_equal(np.outer(reading.along, reading.along), expected)
    assert reading.pixels == np.count_nonzero(x)


def test_dilations_box_and_coverage_are_those_of_the_theoretical_field():
    net = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=rate, dilation=rate) for rate in (2, 4)))
    field = theoretical(net, image_size=(65, 65), channels=1)
    reading = dilation.compute(kernel=3, rates=(2, 4))
    assert (reading.box, reading.box) == field.size()
    assert reading.coverage == pytest.approx(field.coverage())
    assert reading.coverage == pytest.approx(49 / 169)  # 29 % filled


@pytest.mark.parametrize("rate", [1, 6, 12, 18, 24, 32])
def test_mean_share_of_valid_weights_has_its_closed_form(rate):
    side = 65  # a map of DeepLab v3; ((3N - 2r) / 3N)^2 while the rate is below the side
    along = dilation.valid_along(kernel=3, rate=rate)
    assert np.outer(along, along).mean() / 9 == pytest.approx(((3 * side - 2 * rate) / (3 * side)) ** 2)


def test_the_output_pixel_can_be_seen_in_the_middle_of_the_box_and_is_told():
    reads = explorers.dilation().render(layers=1, rate=1)[0]
    _, middle = reads.marks
    assert middle.height >= len(reads.values) / 40  # as large as the cursor that widget.js draws on one pixel
    assert middle.top + middle.height / 2 == middle.left + middle.width / 2 == len(reads.values) / 2
    assert reads.describe().endswith(
        "Outlined: box 3 x 3, the output pixel. In the middle of the outlined box stands the output pixel."
    )


def test_a_kernel_wider_than_the_map_is_told():
    _, valid, *_ = explorers.dilation().render(kernel=7, rate=24)
    assert "spans 145 pixels: nowhere" in valid.note
    assert valid.values.max() < 49


@pytest.mark.parametrize("peak", [(0, 0), (1, 2), (3, 3)])
def test_unpooling_puts_each_value_back(peak):
    panels = explorers.unpooling().render(peak=peak)
    here = unpooling.compute(unpooling.grid_of(peak, unpooling.CELLS))
    grid, pooled, back = here.grid.numpy(), here.maxima.numpy(), panels[1].values
    assert grid[peak] == 9
    for row in range(2):
        for column in range(2):
            window = np.s_[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert pooled[row, column] == grid[window].max()
            place = np.unravel_index(grid[window].argmax(), (2, 2))
            assert back[window][place] == grid[window].max()
            assert np.count_nonzero(back[window]) <= 1
    assert rows(panels)["Largest, by index"] == f"({peak[0]}, {peak[1]}), home"


def gliding(**settings) -> dict[str, tuple[float, float]]:
    """Where the boxes of the drawing stand before they glide, by their words."""
    drawing = explorers.unpooling().render(**settings)[0]
    return {block.text: (block.x + block.comes[0], block.y + block.comes[1]) for block in drawing.blocks if block.comes}


def cell(origin: tuple[int, int], row: int, column: int) -> tuple[int, int]:
    return origin[0] + unpooling.CELL * column, origin[1] + unpooling.CELL * row


def test_the_nine_falls_into_the_pool_its_place_crosses_and_it_climbs_from_the_pool():
    assert gliding(stage="in the grid") == {}
    assert gliding(peak=(1, 0), stage="pooled")["9"] == cell(unpooling.GRID, 1, 0)
    crossing = gliding(peak=(1, 0), stage="places kept")
    assert crossing["(1, 0)"] == cell(unpooling.GRID, 1, 0)
    assert len(crossing) == 4  # a place for each window, and no value
    assert gliding(peak=(1, 0), stage="places kept", fill="fixed corner") == {}
    climbing = gliding(peak=(1, 0), stage="unpooled")
    assert climbing["9"] == cell(unpooling.POOL, 0, 0)
    assert len(climbing) == 4


def test_the_drawing_tells_each_grid_in_one_line():
    told = explorers.unpooling().render(stage="pooled")[0].describe()
    assert told.startswith(
        "From the grid into the pool, and back: the grid: 1 0 2 1 / 3 9 0 4 / 2 2 6 1 / 0 7 3 8; its pool: 9 4 / 7 8; "
        "back by index: empty."
    )


def random_upsampling():
    explorer = explorers.upsampling()
    whole = [settings for settings in every_setting(explorer.controls) if settings["stamps"] == 16]
    return [{}, *SOME.sample(whole, 12)]


@pytest.mark.parametrize("settings", random_upsampling())
def test_upsampled_maps_are_torchs_two_dimensional_ones(settings):
    explorer = explorers.upsampling()
    settings = explorer.settings(**settings)
    x = upsampling.TINY[None, None].double()
    if settings["method"] == upsampling.BILINEAR:
        side = settings["scale"] * 4 if settings["size"] == upsampling.WHOLE else settings["scale"] * 3 + 1
        corners = settings["align"] == upsampling.CORNERS
        expected = F.interpolate(x, size=(side, side), mode="bilinear", align_corners=corners)
    else:
        if 3 * settings["stride"] - 2 * settings["padding"] + settings["kernel"] < 1:
            with pytest.raises(ValueError, match="cuts off everything"):
                explorer.render(**settings)
            return
        layer = models.blocks.bilinear_upsampling(1, kernel_size=settings["kernel"], stride=settings["stride"])
        weight = (
            layer.weight.double()
            if settings["weights"] == upsampling.SMOOTH
            else torch.ones_like(layer.weight).double()
        )
        expected = F.conv_transpose2d(x, weight, stride=settings["stride"], padding=settings["padding"])
    assert np.allclose(explorer.render(**settings)[1].values, expected[0, 0].numpy(), atol=1e-4)


@pytest.mark.parametrize(
    "kernel, stride, weights, ones",
    [
        (3, 2, "all 1", "1 to 4"),  # 1, 1 x 2 or 2 x 2 inputs
        (4, 2, "all 1", "4"),
        (2, 2, "all 1", "1"),
        (4, 2, "bilinear", "1"),
        (5, 3, "all 1", "1 to 4"),
        (6, 4, "bilinear", "0.4444 to 0.6944"),  # (1/6 + 1/2) and 5/6 along an axis
    ],
)
def test_a_kernel_not_divisible_by_its_stride_makes_an_uneven_map_of_ones(kernel, stride, weights, ones):
    settings = {"method": upsampling.TRANSPOSED, "kernel": kernel, "stride": stride, "weights": weights}
    told = rows(explorers.upsampling().render(**settings))
    assert told["A map of ones becomes"] == ones
    assert told["Kernel divisible by stride"] == ("yes" if kernel % stride == 0 else "no")


@pytest.mark.parametrize("weights, kernel", [("all 1", 3), ("all 1", 4), ("bilinear", 4), ("bilinear", 5)])
def test_the_checkerboard_index_is_the_share_of_fine_variance_that_hangs_on_even_and_odd(weights, kernel):
    """The definition of the course's claim, written out for one step of stride 2."""
    axis = upsampling._axis(weights, kernel, 2).float()
    flat = 1 + 0.1 * torch.randn(4, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    out = F.conv_transpose2d(flat, torch.outer(axis, axis)[None, None], stride=2)
    fine = (out - F.avg_pool2d(out, 3, 1, 1))[:, 0, 8:-8, 8:-8].numpy()
    means = np.stack([fine[:, y::2, x::2].mean((1, 2)) for y in (0, 1) for x in (0, 1)])
    expected = (means.var(0) / fine.var((1, 2), ddof=1)).mean()
    told = rows(explorers.upsampling().render(method=upsampling.TRANSPOSED, kernel=kernel, stride=2, weights=weights))
    assert float(told["Checkerboard index (0 is none, 1 all)"]) == pytest.approx(expected, abs=0.0006)
    assert (expected > 0.9) == (kernel % 2 == 1)


def test_the_checkerboard_index_is_of_even_and_odd_alone():
    told = rows(explorers.upsampling().render(method=upsampling.TRANSPOSED, kernel=5, stride=3))
    assert told["Checkerboard index (0 is none, 1 all)"] == "for stride 2 only"


@pytest.mark.parametrize("kernel, stride", [(3, 2), (5, 1), (2, 4)])
def test_stamps_that_have_fallen_add_up_to_the_transposed_convolution_of_their_inputs(kernel, stride):
    settings = {"method": upsampling.TRANSPOSED, "kernel": kernel, "stride": stride, "stamps": 6}
    small, sum_, _, reaching, _ = explorers.upsampling().render(**settings)
    given = torch.zeros(16).double()
    given[:6] = upsampling.TINY.flatten()[:6]
    stamp, ones = torch.ones(1, 1, kernel, kernel).double(), (torch.arange(16) < 6).double()
    for shown, inputs in ((sum_, given), (reaching, ones)):
        expected = F.conv_transpose2d(inputs.view(1, 1, 4, 4), stamp, stride=stride)[0, 0]
        assert np.array_equal(shown.values, expected.numpy())
    (last,), (fallen,) = small.marks, sum_.marks
    assert (last.top, last.left, fallen.top, fallen.left) == (1, 1, stride, stride)


@pytest.mark.parametrize("cell", [(0, 0), (15, 12), (32, 32)])
@pytest.mark.parametrize("rate", pyramids.RATES)
def test_taps_are_where_a_dilated_convolution_reads(cell, rate):
    x = torch.zeros(1, 1, 33, 33, requires_grad=True)
    F.conv2d(x, torch.ones(1, 1, 3, 3), padding=rate, dilation=rate)[0, 0][cell].backward()
    read = {tuple(place) for place in x.grad[0, 0].nonzero().tolist()}
    assert read == set(pyramids.taps(cell, rate))


@pytest.mark.parametrize("bins", [1, 2, 3, 6])
def test_bins_are_those_of_adaptive_pooling(bins):
    cell = (20, 7)
    x = torch.zeros(1, 1, 33, 33, requires_grad=True)
    inside = [place * bins // 33 for place in cell]
    F.adaptive_avg_pool2d(x, bins)[0, 0][tuple(inside)].backward()
    expected = x.grad[0, 0].numpy() > 0
    found = np.zeros((33, 33), bool)
    found[pyramids.bin_of(cell, bins)] = True
    assert np.array_equal(found, expected)
    assert found[cell]


def test_each_cut_out_shows_the_cells_that_its_branch_reads():
    """The nine cells of a kernel stand as they lie around the chosen one; a tap off the map leaves paper."""
    cell, third, side = (6, 15), pyramids.SIDE // 3, pyramids.SIDE
    _, views, _ = explorers.pyramids().render(cell=cell, module=pyramids.ASPP)
    drawn, photograph = views.drawn(), pyramids.world().pixels
    for rate, frame in zip(pyramids.RATES, views.marks[1:]):
        for down, right in np.ndindex(3, 3):
            y, x = cell[0] + rate * (down - 1), cell[1] + rate * (right - 1)
            top, left = frame.top + third * down, frame.left + third * right
            corner = drawn[top, left]
            on_map = 0 <= y < 33 and 0 <= x < 33
            assert np.array_equal(corner, photograph[8 * y, 8 * x] if on_map else palette.PAPER)
    whole = views.marks[-1]
    found = drawn[whole.top : whole.top + side, whole.left : whole.left + side]
    assert np.array_equal(found, photograph[::2, ::2])  # 264 pixels in 132


def test_shares_under_a_bin_are_those_of_the_mask():
    mask = pyramids.photos.load(pyramids.PHOTO).mask
    whole = pyramids.compute((6, 15), pyramids.POOLING)[1].shares
    counted = torch.bincount(mask.flatten(), minlength=len(whole)) / mask.numel()
    assert np.abs(whole - counted.numpy()).max() < 0.005  # the mask was made smaller


@pytest.mark.parametrize("kind", [convolution_cost.PLAIN, convolution_cost.SEPARABLE])
@pytest.mark.parametrize("kernel, before, after, side", [(3, 64, 128, 32), (1, 3, 16, 8), (7, 256, 256, 128)])
def test_costs_follow_the_formulas(kind, kernel, before, after, side):
    cost = convolution_cost.compute(kind, kernel=kernel, before=before, after=after, side=side)
    plain, separable = kernel**2 * before * after, kernel**2 * before + before * after
    assert cost.parameters == (plain if kind == convolution_cost.PLAIN else separable)
    assert cost.multiply_adds == cost.parameters * side**2


def test_the_lectures_432_weights_against_75():
    """V4: three channels to sixteen by 3 x 3."""
    parameters = [
        convolution_cost.compute(kind, kernel=3, before=3, after=16, side=8).parameters
        for kind in (convolution_cost.PLAIN, convolution_cost.SEPARABLE)
    ]
    assert parameters == [432, 75]


def test_the_axis_of_the_products_holds_every_setting_so_that_the_curves_move():
    explorer = explorers.convolution_cost()
    charts = [explorer.render(**settings)[0] for settings in SOME.sample(every_setting(explorer.controls), 12)]
    ends = ({"kernel": 1, "before": 3, "after": 3, "side": 8}, {"kernel": 7, "before": 256, "after": 256, "side": 128})
    charts += [explorer.render(**settings)[0] for settings in ends]
    low, high = charts[0].low, charts[0].high
    for chart in charts:
        assert (chart.low, chart.high) == (low, high)
        assert all(low < value < high for line in chart.lines for value in line.y)


def test_time_is_measured_only_when_asked_for():
    explorer = explorers.convolution_cost()
    *_, numbers = explorer.render()
    assert "Tick “Measure the time here”" in numbers.note
    assert not [name for name, _ in numbers.rows if name.startswith("Time")]
    timed = rows(explorer.render(timed=True, side=8, before=16, after=16))
    assert float(timed["Time here, plain"].removesuffix(" ms")) > 0


def test_an_unspoilt_prediction_scores_one_everywhere():
    assert set(metrics.compute(0, 0, 0).values()) == {1.0}


@pytest.mark.parametrize("spoilt", [(8, 0, 0), (-3, 2, 1), (0, -3, 3)])
def test_scores_are_those_of_counting_by_hand(spoilt):
    truth, prediction = metrics.world().label.numpy(), metrics.spoil(*spoilt).numpy()
    scores, ious = metrics.compute(*spoilt), []
    for label in np.union1d(truth, prediction):
        ious.append(((truth == label) & (prediction == label)).sum() / ((truth == label) | (prediction == label)).sum())
    assert scores["pixel accuracy"] == pytest.approx((truth == prediction).mean())
    assert scores["mean IoU"] == pytest.approx(np.mean(ious))


def test_on_the_photograph_void_is_neither_right_nor_wrong():
    truth, prediction = metrics.world(metrics.PHOTO).label.numpy(), metrics.spoil(3, -1, 0, metrics.PHOTO).numpy()
    counts = truth != 255
    assert 0 < counts.mean() < 1
    panels = explorers.metrics().render(picture=metrics.PHOTO, shift=3, grow=-1)
    assert rows(panels)["pixel accuracy"] == f"{(truth == prediction)[counts].mean():.4f}"
    assert panels[2].values.sum() == ((truth != prediction) & counts).sum()
    assert panels[3].pixels.shape[:2] == truth.shape


def test_a_shift_moves_the_picture_and_growth_adds_to_things_alone():
    here = metrics.world()
    assert torch.equal(metrics.spoil(3, 0, 0)[:, 3:], here.label[:, :-3])
    thing = ~torch.isin(here.label, torch.tensor(here.ground))
    grown = ~torch.isin(metrics.spoil(0, 1, 0), torch.tensor(here.ground))
    shrunk = ~torch.isin(metrics.spoil(0, -1, 0), torch.tensor(here.ground))
    assert (grown | thing).equal(grown)
    assert (shrunk & thing).equal(shrunk)
    assert grown.sum() > thing.sum() > shrunk.sum()


@pytest.mark.parametrize("stride, sizes", [(8, [65, 65, 65]), (16, [65, 33, 33]), (32, [65, 33, 17])])
def test_stages_have_the_sizes_and_strides_that_513_pixels_give(stride, sizes):
    stages = output_stride.compute(stride=stride, depth=50, multi_grid=(1, 1, 1), side=513)
    assert [stage.size for stage in stages[3:]] == sizes
    assert stages[-1].stride == stride
    assert [stage.channels for stage in stages] == [64, 64, 256, 512, 1024, 2048]


def test_multi_grid_multiplies_the_rates_of_conv5():
    """DeepLab v3 at output stride 16: rate 2 times (1, 2, 4)."""
    stages = output_stride.compute(stride=16, depth=50, multi_grid=(1, 2, 4), side=513)
    assert stages[-1].rates == (2, 4, 8)


def test_the_whole_backbone_is_in_sight_on_a_page_of_800_pixels():
    explorer = explorers.output_stride()
    for settings in every_setting(explorer.controls):
        drawing = explorer.render(**settings)[0]
        assert drawing.width <= 624  # what JupyterLab leaves of 800 for a drawing
        for block in drawing.blocks:
            assert block.x >= 0
            assert block.x + block.width <= drawing.width
            assert all(6.5 * len(line) <= block.width for line in block.text.split("\n")), block.text
        boxes = [(block.x, block.x + block.width) for block in drawing.blocks if block.frame]
        assert all(right < left for (_, right), (left, _) in pairwise(boxes))


def test_the_backbones_multiply_adds_are_the_published_ones():
    """ResNet-50 at 224 x 224 takes 4.09 billion, of which its classifier takes 0.002."""
    stages = output_stride.compute(stride=32, depth=50, multi_grid=(1, 1, 1), side=224)
    assert sum(stage.multiply_adds for stage in stages) / 1e9 == pytest.approx(4.087, abs=0.001)


def test_receptive_field_shades_what_the_field_says():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3, padding=2, dilation=2))
    image = torch.full((3, 32, 32), 0.8)
    explorer = explorers.receptive_field(net, image=image)
    picture, shown, _ = explorer.render(place=(4, 4), layer="output")
    mask = theoretical(net, image_size=(32, 32), channels=3).mask((9, 9))  # place 4 of 4 pixels: pixel 18, unit 9
    assert np.array_equal(shown.values > 0, mask)
    assert np.array_equal(picture.pixels[..., 0] == 204, mask)  # 0.8 * 255, unshaded


def test_receptive_field_starts_on_a_thing():
    numbers = dict(explorers.receptive_field().render()[2].rows)
    assert numbers["Does it cover this object?"] != "no object here"


def test_receptive_field_says_in_words_what_the_colours_of_its_map_mean():
    explorer = explorers.receptive_field()
    field = explorer.render()[1]
    assert [field.names[value] for value in np.unique(field.values)] == ["cannot be read", "can be read"]
    assert "can be read 5" in field.describe()  # its share of the picture: 51.7 %
    looks = explorer.render(gradient=True)[1]
    assert looks.says == "{v} of the strongest"
    assert looks.values.max() == 1


def test_receptive_field_of_a_unit_that_nothing_moves_is_empty_and_told():
    net = nn.Conv2d(3, 2, 3, padding=1)
    nn.init.zeros_(net.weight)
    explorer = explorers.receptive_field(nn.Sequential(net), image=torch.rand(3, 16, 16), layers=["0"])
    assert explorer.render()[1].values.sum() == 9
    hidden = explorer.render(occlusion=True)[1]
    assert not hidden.values.any()
    assert hidden.note == "No pixel moves this unit at this picture."
    with pytest.raises(ValueError, match="no image moves this pixel"):  # the browser shows these words
        explorer.render(gradient=True)


def test_receptive_field_says_whether_it_covers_the_object():
    net = nn.Conv2d(3, 1, 9, padding=4)
    objects = torch.zeros(32, 32, dtype=torch.int64)
    objects[16:20, 16:20], objects[0:4, 0:32] = 1, 2
    explorer = explorers.receptive_field(net, image=torch.rand(3, 32, 32), objects=objects)
    answer = "Does it cover this object?"
    assert rows(explorer.render(place=(4, 4)))[answer] == "yes, all of it"
    assert rows(explorer.render(place=(0, 4)))[answer] == f"{4 * 9 / 128:.1%} of it"
    assert rows(explorer.render(place=(7, 0)))[answer] == "no object here"


def test_receptive_field_knows_the_things_of_a_photograph():
    explorer = explorers.receptive_field(nn.Conv2d(3, 1, 9, padding=4), photo="astronaut")
    picture, field, told = explorer.render(place=(12, 29))  # pixel (50, 118): her face
    small = pyramids.photos.resized("astronaut", (256, 256))
    assert np.array_equal(picture.pixels[field.values > 0], small.image.permute(1, 2, 0).numpy()[field.values > 0])
    head = small.mask == small.classes.index("head")
    seen = head[46:55, 114:123].sum() / head.sum()
    assert rows([told])["Does it cover this object?"] == f"{float(seen):.1%} of it"
    assert rows(explorer.render(place=(0, 40)))["Does it cover this object?"] == "no object here"


def test_the_effective_and_the_empirical_field_stay_inside_the_theoretical():
    explorer = explorers.receptive_field(nn.Conv2d(3, 2, 7, padding=3), image=torch.rand(3, 32, 32))
    for switch in ("gradient", "occlusion"):
        _, shown, numbers = explorer.render(place=(4, 4), **{switch: True})
        inside = explorer.render(place=(4, 4))[1].values > 0
        assert not shown.values[~inside].any()
        assert any("half of the weight" in name for name, _ in numbers.rows)


@pytest.mark.parametrize("settings", [{"iterations": 0}, {"w1": 16, "theta_rgb": 40}, {"iterations": 10, "w2": 0}])
def test_the_crf_is_the_librarys_own(settings):
    explorer, here = explorers.crf(), crf.Sharpener("cat")
    full = explorer.settings(**settings)
    expected = here.unary
    if full["iterations"]:
        expected = dense_crf(
            here.image,
            here.unary,
            iterations=full["iterations"],
            appearance=(full["w1"], full["theta_xy"], full["theta_rgb"]),
            smoothness=(full["w2"], full["theta"]),
        )
    _, before, after, *_ = panels = explorer.render(**settings)
    assert np.array_equal(before.values, here.unary.argmax(0))
    assert np.array_equal(after.values, expected.argmax(0))
    accuracy = Confusion(len(here.classes)).update(expected.argmax(0), here.mask).pixel_accuracy
    assert rows(panels)["Pixel accuracy after"] == f"{accuracy:.4f}"


def test_the_crf_names_the_photographs_it_can_use():
    with pytest.raises(ValueError, match=r"no photograph is called 'cats'.*did you mean 'cat'"):
        explorers.crf("cats")
