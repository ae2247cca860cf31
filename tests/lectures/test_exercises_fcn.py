"""The exercises of 01: other right answers pass, and each wrong one gets the sentence that helps."""

import torch
from exercise_answers import Answers
from torch.nn import functional as F

from course_lib.lectures.l01_fcn_limits import exercises as MODULE


def kernel(size, *, half=None, centre=None):
    half = (size + 1) // 2 if half is None else half
    centre = (size - 1) / 2 if centre is None else centre
    axis = torch.tensor([max(0.0, 1 - abs(i - centre) / half) for i in range(size)])
    return axis[:, None] * axis[None]


def axis(size):
    return kernel(size).diagonal().sqrt()


def fuse(scores, skip, offset):
    return F.pad(skip, (-offset, 0, -offset, 0))[..., : scores.shape[2], : scores.shape[3]] + scores


def cells(side, *, padded=198, up=1, lost=6):
    side += padded
    for _ in range(5):
        side = (side + up) // 2
    return side - lost


def centred(scores, skip, offset):
    top = (skip.shape[2] - scores.shape[2]) // 2
    left = (skip.shape[3] - scores.shape[3]) // 2
    return scores + skip[:, :, top : top + scores.shape[2], left : left + scores.shape[3]]


def majority(labels, stride):
    out = labels.clone()
    for top in range(0, len(labels), stride):
        for left in range(0, labels.shape[1], stride):
            block = labels[top : top + stride, left : left + stride]
            out[top : top + stride, left : left + stride] = block.flatten().bincount().argmax()
    return out


RIGHT = {
    MODULE.convolutional: [lambda w, c, s: w.reshape(len(w), c, s, s).numpy()],
    MODULE.coarse: [majority, lambda labels, stride: majority(labels, stride).tolist()],
    MODULE.kernel: [kernel, lambda size: kernel(size).double()],
    MODULE.fuse: [fuse],
    MODULE.cells: [cells, lambda side: torch.tensor(cells(side))],
    MODULE.gains: ["e, c, a", {"a", "c", "e"}, ["a", "c", "e"]],
}
WRONG = {
    MODULE.convolutional: {
        "The channels come last": lambda w, c, s: w.view(-1, s, s, c).permute(0, 3, 1, 2),
        "Rows and columns are exchanged": lambda w, c, s: w.view(-1, c, s, s).transpose(2, 3),
        "The kernel is turned around": lambda w, c, s: w.view(-1, c, s, s).flip(2, 3),
        "That is nn.Linear's weight": lambda w, c, s: w,
        "it should read size x size cells": lambda w, c, s: w.view(*w.shape, 1, 1),
    },
    MODULE.coarse: {
        "That is the first pixel of each block": lambda x, s: (
            majority(x[::s, ::s], 1).repeat_interleave(s, 0).repeat_interleave(s, 1)
        ),
        "It has one cell for each block": lambda x, s: majority(x, s)[::s, ::s],
        "take the smaller number": lambda x, s: 9 - majority(9 - x, s),
        "side by side": lambda x, s: majority(x, s)[::s, ::s].repeat(s, s),
        "values differ": lambda x, s: x,
    },
    MODULE.kernel: {
        "It looks divided by its sum": lambda size: kernel(size) / kernel(size).sum(),
        "The peak sits on one cell": lambda size: kernel(size, centre=size // 2),
        "For an odd size, half is": lambda size: kernel(size, half=size / 2),
        "The tent is 0 at its ends": lambda size: kernel(size, half=(size - 1) / 2),
        "The two axes look added": lambda size: axis(size)[:, None] + axis(size),
        "All weights are equal": lambda size: torch.ones(size, size),
        "That is one axis": axis,
        "has shape (4,), expected (4, 4)": lambda size: kernel(size)[1],
        "should be a tensor, found str": lambda size: "kernel",
        "has shape (4, 4), expected (3, 3)": lambda size: kernel(4),
    },
    MODULE.fuse: {
        "The window lies in the centre": centred,
        "the offset is not used": lambda scores, skip, offset: fuse(scores, skip, 0),
        "one cell too late": lambda scores, skip, offset: fuse(scores, skip, offset + 1),
        "one cell too early": lambda scores, skip, offset: fuse(scores, skip, offset - 1),
        "It looks multiplied": lambda scores, skip, offset: scores * fuse(0 * scores, skip, offset),
        "The skip looks resized": lambda a, b, offset: a + F.interpolate(b, size=a.shape[2:], mode="bilinear"),
        "crop the skip instead": lambda a, b, offset: F.interpolate(a, size=b.shape[2:], mode="bilinear") + b,
        "It looks concatenated": lambda a, b, offset: torch.cat([a, fuse(0 * a, b, offset)], 1),
        "add the scores": lambda a, b, offset: fuse(0 * a, b, offset),
        "RuntimeError": lambda a, b, offset: a + b,
    },
    MODULE.cells: {
        "The pools round up": lambda side: cells(side, up=0),
        "Padding 100 is on both sides": lambda side: cells(side, padded=98),
        "takes 2 away from the 200": lambda side: cells(side, padded=200),
        "fc6 is 7x7": lambda side: cells(side, lost=0),
        "That is side / 32": lambda side: side / 32,
        "Is that side // 32?": lambda side: side // 32,
        "the cells for 58 pixels: found 16": lambda side: 16,
    },
    MODULE.gains: {
        "a follows too: 3.0 points": "ce",
        "b does not follow: the table has no column": "abce",
        "d does not follow: no row has a third skip": "acde",
        "e follows too: 14.0 points": {"a", "c"},
        "the statements are a, b, c, d, e; found str 'f'": "af",
        "found none": " ",
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
