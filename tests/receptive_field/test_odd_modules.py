"""Modules that were answered wrongly once: each is exact now, a bound that says so, or refused in words.

The truth is found by perturbation in double precision (tests/fuzz/judge.py).
"""

import random
import re
import warnings

import numpy as np
import pytest
import torch
from fuzz.judge import judged
from fuzz.programs import Program, Step
from graphs_at_random import Do
from torch import nn
from torch.nn import functional as F

from course_lib.receptive_field import theoretical
from course_lib.receptive_field.tracing import budget

DICE = random.Random(0)


def pairs_crosswise(x):
    y = torch.view_as_real(torch.complex(x, x.flip(3))).flatten(-2).roll(1, -1)
    return torch.view_as_complex(y.unflatten(-1, (-1, 2)).contiguous()).abs()


def neighbours_as_complex(x):
    return torch.view_as_complex(x.unflatten(2, (-1, 2)).movedim(3, -1).contiguous()).abs()


def through_data(x):
    y = torch.zeros_like(x)
    y.data[:, :, 1:] = x[:, :, :-1]
    return y


def to_constants_through_data(x):
    y = torch.zeros(x.shape, dtype=x.dtype)
    y.data.copy_(x.roll(2, 3))
    return y * 1


def through_a_permutation(x):
    y = x.clone()
    y.permute(0, -1, 1, -2)[:, 1:3] = x.permute(0, 3, 1, 2)[:, :2]
    return y * 1


def through_a_parameter(x):
    y = nn.Parameter(x.clone(), requires_grad=False)
    y.mul_(2)
    return y.data + 0


def rows_and_columns_crosswise(x):
    n, c, h, w = x.shape
    return x.view(n, c, h // 2, 2, w).permute(0, 1, 2, 4, 3).reshape(n, c, -1, 2)


def interleaved(x):
    return torch.cat([x, x.flip(3)], 3).unflatten(3, (2, -1)).transpose(3, 4).flatten(3)


def interleaved_by_channels(x):
    y = torch.cat([x.flatten(2), x.flip(3).flatten(2)], 1)
    return y.transpose(1, 2).reshape(1, 1, x.shape[2], -1)


def constant_mask(x):
    mask = torch.zeros(x.shape[3], dtype=torch.bool)
    mask[1:4] = True
    return x[:, :, :, mask]


def written_with_out(x):
    y = x.roll(2, 2).clone()
    torch.add(x, x.roll(1, 3), out=y)
    return y


def view_written_and_read(x):
    y = x.roll(2, 2).clone()
    part = y[:, :, 1:3]
    part.copy_(x[:, :, 1:3])
    y[:, :, 3:] = 0
    return part * 1


def turned_in_place(x):
    y = x.clone()
    before = y.view(y.shape)
    y.transpose_(2, 3).mul_(2)
    return before + 1


def overlapping_unpool(x):
    return F.max_unpool2d(*F.max_pool2d(x, 3, 1, 1, return_indices=True), 3, 1, 1)


def listed_in_place(x):
    y = [x.clone(), x.flip(2).clone()]
    torch._foreach_add_(y, [x.roll(1, 3), x.roll(1, 2)])
    return y[0] + y[1]


def cast_down(x):
    return x.to(torch.complex128).real + x


ODD = {
    "renorm keeps one dimension and reads the others": (lambda x: torch.renorm(x, 2, 2, 0.5), "exact"),
    "renorm of channels": (lambda x: torch.renorm(x, 2, 1, 0.5), "exact"),
    "complex numbers paired crosswise": (pairs_crosswise, "bound"),
    "neighbours as complex numbers": (neighbours_as_complex, "exact"),
    "the real part": (cast_down, "bound"),
    "a write through .data": (through_data, "exact"),
    "a write through .data of constants": (to_constants_through_data, "exact"),
    "a write through a permutation": (through_a_permutation, "exact"),
    "a write through a Parameter": (through_a_parameter, "exact"),
    "a map transposed": (lambda x: F.avg_pool2d(x, (3, 1), 1).transpose(2, 3), "exact"),
    "a map rotated": (lambda x: torch.rot90(x, 1, (2, 3)), "exact"),
    "rows and columns merged crosswise": (rows_and_columns_crosswise, "exact"),
    "interleaved by cat and view": (interleaved, "exact"),
    "interleaved by channels": (interleaved_by_channels, "bound"),
    "a complex answer": (lambda x: torch.complex(x, x.roll(1, 3)), "exact"),
    "channels last": (lambda x: x.permute(0, 3, 2, 1).roll(1, 1), "exact"),
    "a constant mask": (constant_mask, "exact"),
    "logcumsumexp": (lambda x: x.logcumsumexp(2), "bound"),
    "overlapping unpooling at a padded border": (overlapping_unpool, "bound"),
    "a write with out=": (written_with_out, "exact"),
    "a view written and read again": (view_written_and_read, "exact"),
    "transposed in place behind a view": (turned_in_place, "bound"),
    "lists written in place": (listed_in_place, "bound"),
    "a permutation drawn at random": (lambda x: x[:, :, torch.randperm(x.shape[2])], "bound"),
    "an index drawn at random": (lambda x: x.index_select(2, torch.randint(6, (4,))), "bound"),
    "a shift drawn at random": (lambda x: x.roll(int(torch.randint(0, 5, ())), 3), "refused"),
    "a mask drawn at random": (lambda x: x[:, :, torch.rand(x.shape[2]) > 0.5], "refused"),
    "a shift drawn by Python": (lambda x: x.roll(random.randrange(5), 3), "refused"),
    "a shift drawn by numpy": (lambda x: x.roll(int(np.random.randint(5)), 3), "refused"),  # noqa: NPY002
    "a part computed by numpy": (lambda x: torch.from_numpy(x.cpu().numpy() * 2), "refused"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_module_is_exact_or_says_that_it_is_not(name):
    function, expected = ODD[name]
    verdict = judged(Program(0, (6, 4), 1, [Step(name, function)]))
    assert verdict.kind == expected, f"{verdict.kind}: {verdict.words}"


def test_a_transposed_map_counts_pixels_along_its_own_dimensions():
    field = theoretical(Do(lambda x: x.transpose(2, 3), "transpose"), (12, 18))
    assert field.output_size() == (18, 12)
    assert field.box((17, 3)) == (3, 17, 4, 18)


class HoldsDice(nn.Module):
    def __init__(self):
        super().__init__()
        self.dice = np.random.default_rng(0)

    def forward(self, x):
        return x.roll(int(self.dice.integers(5)), 3)


class NamesDice(nn.Module):
    def forward(self, x):
        return x.roll(DICE.randrange(5), 3)


@pytest.mark.parametrize("kind, whose", [(HoldsDice, "numpy's random"), (NamesDice, "Python's random")])
def test_dice_that_a_module_holds_or_names_are_seen_and_put_back(kind, whose):
    model = kind()
    before = model.dice.bit_generator.state if kind is HoldsDice else DICE.getstate()
    with pytest.raises(ValueError, match=f"draws from {whose}"):
        theoretical(model, (9, 9))
    assert before == (model.dice.bit_generator.state if kind is HoldsDice else DICE.getstate())


def test_leaving_torch_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"leaves torch .*\.numpy\(\).*Trace the part before or after"):
        theoretical(Do(lambda x: torch.from_numpy(x.cpu().numpy()), "numpy"), (9, 9))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_modules_that_hide_their_operations_are_refused():
    net = nn.Conv2d(3, 4, 3).eval()
    with pytest.raises(ValueError, match=r"compiled by torch\.jit hides"):
        theoretical(torch.jit.trace(net, torch.rand(1, 3, 9, 9)), (9, 9))
    with pytest.raises(ValueError, match=r"got ExportedProgram; an exported program gives one by its method .module"):
        theoretical(torch.export.export(net, (torch.rand(1, 3, 9, 9),)), (9, 9))


class MessagePassing(nn.Module):
    """Rows tell each other, one after the other (SCNN)."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, (1, 3), padding=(0, 1))

    def forward(self, x):
        rows = list(x.split(1, 2))
        for i in range(1, len(rows)):
            rows[i] = rows[i] + self.conv(rows[i - 1]).relu()
        return torch.cat(rows, 2)


class Recurrent(nn.Module):
    """A cell that walks over the columns."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 3)

    def forward(self, x):
        hidden = cell = x.new_zeros(x.shape[2], 3)
        columns = []
        for column in x[0].unbind(2):
            hidden, cell = self.cell(column.T, (hidden, cell))
            columns.append(hidden.T)
        return torch.stack(columns, -1)[None]


@pytest.mark.parametrize("kind", [MessagePassing, Recurrent])
def test_a_loop_over_the_image_has_exact_boxes_and_a_size_that_says_it_is_a_bound(kind, monkeypatch):
    monkeypatch.setattr(budget, "SECONDS", 0.3)
    field = theoretical(kind(), (20, 20))
    assert field.exact
    assert field.box((9, 9)) == ((0, 0, 10, 19) if kind is MessagePassing else (9, 0, 10, 10))
    with pytest.warns(UserWarning, match=r"the sizes are upper bounds \(endless\).*times \w+"):
        assert field.size() == (float("inf"), float("inf"))
    assert any("upper bounds" in note for note in field.table().notes)


SIZES = {
    "shuffled down, convolved, shuffled up": (
        nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 12, 3, padding=1), nn.PixelShuffle(2)), (32, 32),
    ),
    "bilinear to an odd size, then nearest-exact": (
        Do(lambda x: F.interpolate(F.interpolate(x, (13, 13), mode="bilinear"), (40, 40), mode="nearest-exact"), "odd"),
        (40, 40),
    ),
    "cubic to a fixed size": (Do(lambda x: F.interpolate(x, (8, 8), mode="bicubic", align_corners=True), "8"), (5, 27)),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_size_is_no_smaller_than_a_box_that_touches_no_border(name):
    model, image = SIZES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        field = theoretical(model, image)
    rows, columns = field.output_size()
    for y in range(rows):
        for x in range(columns):
            box = field.box((y, x))
            for axis, size in enumerate(field.size()):
                if box[axis] > 0 and box[axis + 2] < image[axis]:
                    assert box[axis + 2] - box[axis] <= size, (y, x, axis)


@pytest.mark.parametrize(
    "image_size, words",
    [("33", "image_size must be whole numbers such as (513, 513), got '33'"), ((33.5, 33), "got (33.5, 33)")],
)
def test_image_sizes_that_are_no_whole_numbers_are_refused(image_size, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        theoretical(nn.Conv2d(3, 3, 3), image_size)


def test_a_fraction_of_a_pixel_is_refused():
    with pytest.raises(ValueError, match=re.escape("pixel must be whole numbers such as (3, 3), got (1.5, 0)")):
        theoretical(nn.Conv2d(3, 3, 3), (9, 9)).box((1.5, 0))
