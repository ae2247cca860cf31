"""The exercises of 03: other right answers pass, and each wrong one gets the sentence that helps."""

import math

import torch
from exercise_answers import Answers
from torch.nn import functional as F

from course_lib.lectures.l03_skip_connections import exercises as MODULE


def shortcut(x, weight, stride):
    return x if weight is None else torch.einsum("nchw,oc->nohw", x[..., ::stride, ::stride], weight[..., 0, 0])


def block(x, layers):
    for layer in layers:
        x = torch.cat([x, layer(x)], dim=1)
    return x


def plain(x, layers):
    maps = [x]
    for layer in layers:
        x = layer(x)
        maps.append(x)
    return torch.cat(maps, dim=1)


def prepended(x, layers):
    maps = [x]
    for layer in layers:
        maps.append(layer(torch.cat(maps, 1)))
    return torch.cat(maps[::-1], 1)


def added(x, layers):
    for layer in layers:
        x = x + layer(x)
    return x


def in_front(x, layers):
    for layer in layers:
        x = torch.cat([layer(x), x], 1)
    return x


def stages(first, down, bottleneck, up, growth, *, all_maps=False, copied=True, own=True, last=-1):
    out, skips = [first], []
    for count in down:
        out += [out[-1] + count * growth]
        skips += [out[-1]]
    out += [out[-1] + bottleneck * growth]
    passed = out[-1] if all_maps else bottleneck * growth
    for count in up:
        out += [passed + own * count * growth + (skips.pop(last) if copied else 0)]
        passed = out[-1] if all_maps else count * growth
    return out


def cut(copy, up):
    top, left = (copy.shape[2] - up.shape[2]) // 2, (copy.shape[3] - up.shape[3]) // 2
    return copy[:, :, top : top + up.shape[2], left : left + up.shape[3]]


def square_cut(copy, up):
    margin = (copy.shape[2] - up.shape[2]) // 2
    return copy[:, :, margin : margin + up.shape[2], margin : margin + up.shape[3]]


def through(side, down, up, *, levels=4, bottom=4):
    """Down so many levels, through the bottom, and up again."""
    for _ in range(levels):
        side = down(side)
    side -= bottom
    for _ in range(levels):
        side = up(side)
    return side


def padded(up, copy):
    down, right = copy.shape[2] - up.shape[2], copy.shape[3] - up.shape[3]
    return torch.cat([copy, F.pad(up, (right // 2, right - right // 2, down // 2, down - down // 2))], 1)


RIGHT = {
    MODULE.slope: [lambda s: (math.prod(s), math.prod(1 + f for f in s))],
    MODULE.residual: [lambda x, c, w, s: (shortcut(x, w, s) + c).clamp(min=0)],
    MODULE.dense_block: [block],
    MODULE.channels: [stages, lambda *a: tuple(stages(*a))],
    MODULE.unet_side: [lambda side: side - 184],
    MODULE.join: [lambda up, copy: torch.cat((cut(copy, up), up), 1)],
}
WRONG = {
    MODULE.slope: {
        "they do not add up": lambda s: [sum(s), len(s) + sum(s)],
        "The two are exchanged": lambda s: [math.prod(1 + f for f in s), math.prod(s)],
        "added block by block": lambda s: [math.prod(s), 1 + math.prod(s)],
        "Only the last layer": lambda s: [s[-1], 1 + s[-1]],
        "has shape (), expected (2,)": math.prod,
    },
    MODULE.residual: {
        "The ReLU after the sum is missing": lambda x, c, w, s: c + shortcut(x, w, s),
        "The ReLU stands before the sum": lambda x, c, w, s: c.relu() + shortcut(x, w, s),
        "The input went through a ReLU of its own": lambda x, c, w, s: c.relu() + shortcut(x, w, s).relu(),
        "The shortcut is missing": lambda x, c, w, s: c.relu(),
        "It looks concatenated": lambda x, c, w, s: torch.cat([c, shortcut(x, w, s)], 1).relu(),
        "The sum looks halved": lambda x, c, w, s: ((c + shortcut(x, w, s)) / 2).relu(),
        "RuntimeError": lambda x, c, w, s: (c + x).relu(),
    },
    MODULE.dense_block: {
        "Each layer reads only the layer before it": plain,
        "Each layer reads only x": lambda x, layers: torch.cat([x, *(layer(x) for layer in layers)], 1),
        "that is a chain": lambda x, layers: plain(x, layers)[:, -layers[-1].growth :],
        "It looks added": added,
        "New maps were put in front": in_front,
        "Only the new maps go out": lambda x, layers: block(x, layers)[:, x.shape[1] :],
        "Only the last layer's maps go out": lambda x, layers: block(x, layers)[:, -layers[-1].growth :],
        "The last layer's maps are missing": lambda x, layers: block(x, layers[:-1]),
        "The order is turned around": prepended,
    },
    MODULE.channels: {
        "the channels would explode": lambda *a: stages(*a, all_maps=True),
        "the copies from the way down are missing": lambda *a: stages(*a, copied=False),
        "should begin with the first convolution": lambda *a: stages(*a)[1:],
        "a stage holds its block's own new maps": lambda *a: stages(*a, own=False),
        "At the bottom the whole stack counts": lambda f, d, b, u, g: [
            *stages(f, d, b, u, g)[: len(d) + 1],
            b * g,
            *stages(f, d, b, u, g)[len(d) + 2 :],
        ],
        "Those are the new maps alone": lambda f, d, b, u, g: [
            *stages(f, d, b, u, g)[: len(d) + 1],
            *(n * g for n in (b, *u)),
        ],
        "The copies come in the wrong order": lambda *a: stages(*a, last=0),
        "The bottleneck's stack is missing": lambda f, d, *a: (
            stages(f, d, *a)[: len(d) + 1] + stages(f, d, *a)[len(d) + 2 :]
        ),
        "should be a list, found int 2": lambda first, *a: first,
        # the four numbers that the paper's table prints 16 too small
        "found [48, 112, 192, 304, 464, 656, 880, 1072, 800, 576, 384, 256, 368]": lambda first, down, *a: (
            stages(first, down, *a) if first < 48 else [48, 112, 192, 304, 464, 656, 880, 1072, 800, 576, 384, 256, 368]
        ),
    },
    MODULE.unet_side: {
        "are not padded": lambda side: side,
        "The bottom's two convolutions are missing": lambda side: side - 120,
        "The convolutions on the way up are missing": lambda side: side - 124,
        "Only one convolution is counted": lambda side: side - 92,
        "and odd sides were rounded": lambda side: through(side, lambda n: (n - 2) // 2, lambda n: 2 * n - 2, bottom=2),
        "The pool comes after a level's two convolutions": lambda side: through(
            side, lambda n: n // 2 - 4, lambda n: 2 * n - 4
        ),
        "the map is enlarged first": lambda side: through(side, lambda n: (n - 4) // 2, lambda n: 2 * (n - 4)),
        "found": lambda side: through(side, lambda n: (n - 4) // 2, lambda n: 2 * n - 4, levels=5),
        "deep ones cost 4, 8, 16, 32": lambda side: side - 18 * 2,
        "for 252 pixels: found 388": lambda side: 388,
    },
    MODULE.join: {
        "The order is turned around": lambda up, copy: torch.cat([up, cut(copy, up)], 1),
        "cropped at its corner": lambda up, copy: torch.cat([copy[..., : up.shape[2], : up.shape[3]], up], 1),
        "each needs a margin of its own": lambda up, copy: torch.cat([square_cut(copy, up), up], 1),
        "Only the cropped copy goes out": lambda up, copy: cut(copy, up),
        "That is a bigger batch": lambda up, copy: torch.cat([cut(copy, up), up], 0),
        "It looks added": lambda up, copy: cut(copy, up) + up,
        "The copy is resized": lambda up, copy: torch.cat(
            [F.interpolate(copy, size=up.shape[2:], mode="bilinear"), up], 1
        ),
        "U-Net crops the large one": lambda up, copy: padded(up, copy),
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
