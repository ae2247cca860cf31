"""The exercises of 07: other right answers pass, and each wrong one gets the sentence that helps."""

import torch
from exercise_answers import Answers
from torch import nn
from torch.nn import functional as F

from course_lib.lectures.l07_deeplab_v3_v3plus import exercises as MODULE


def pooled(x, weight, average=nn.AdaptiveAvgPool2d):
    return F.interpolate(F.conv2d(average(1)(x), weight), size=x.shape[2:], mode="bilinear", align_corners=True)


def chained(x, branches, project):
    for branch in branches:
        x = branch(x)
    return project(x)


def separable(x, depthwise, pointwise, rate):
    whole = torch.einsum("oc,cyx->ocyx", pointwise[:, :, 0, 0], depthwise[:, 0])  # one full kernel does both halves
    return F.conv2d(x, whole, padding=rate, dilation=rate)


def alone(x, depthwise, rate, padding=None):
    return F.conv2d(x, depthwise, None, 1, rate if padding is None else padding, rate, groups=x.shape[1])


def plan(strides, wanted, *, multiply=True, dilate=True, late=False):
    stride, rate, kept, rates = 1, 1, [], []
    for s in strides:
        before = rate
        if stride * s > wanted:
            rate = rate * s if multiply else s
            kept.append(1)
        else:
            stride *= s
            kept.append(s)
        rates.append((before if late else rate) if dilate else 1)
    return kept + rates


def decoder(low, encoded, reduce, **how):
    how = how or {"mode": "bilinear", "align_corners": True}
    return torch.cat([F.interpolate(encoded, size=low.shape[2:], **how), reduce(low)], 1)


def small(low, encoded, reduce):
    low = F.interpolate(reduce(low), size=encoded.shape[2:], mode="bilinear", align_corners=True)
    return torch.cat([encoded, low], 1)


RIGHT = {
    MODULE.cost: [lambda n, b, a, k: (n * k * k * b * a, n * b * (k * k + a))],
    MODULE.image_pooling: [pooled],
    MODULE.aspp: [lambda x, branches, project: project(torch.cat([b(x) for b in branches], 1))],
    MODULE.separable: [separable],
    MODULE.output_stride: [lambda image, cells: image // cells],
    MODULE.plan: [plan],
    MODULE.decoder: [decoder],
    MODULE.low_level: ["da"],
}
WRONG = {
    MODULE.cost: {
        "The two are exchanged": lambda n, b, a, k: [n * b * (k * k + a), n * k * k * b * a],
        "Those are the weights": lambda n, b, a, k: [k * k * b * a, b * (k * k + a)],
        "The 1x1 is missing": lambda n, b, a, k: [n * k * k * b * a, n * b * k * k],
        "kernel * kernel weights": lambda n, b, a, k: [n * k * b * a, n * b * (k + a)],
        "should be a list, found int": lambda n, b, a, k: n * k * k * b * a,
    },
    MODULE.image_pooling: {
        "It is one cell": lambda x, w: F.conv2d(x.mean((2, 3), keepdim=True), w),
        "That is the 1x1 branch": lambda x, w: F.conv2d(x, w),
        "That is the maximum": lambda x, w: pooled(x, w, nn.AdaptiveMaxPool2d),
        "It averages over the batch": lambda x, w: (
            pooled(x.mean(0, keepdim=True), w).expand(len(x), -1, -1, -1) if len(x) > 1 else pooled(x, w)
        ),
        "That is the sum over the map": lambda x, w: x.shape[2] * x.shape[3] * pooled(x, w),
        "That is the mean over the channels": lambda x, w: F.conv2d(x.mean(1, True).expand_as(x), w),
        "x stands in front of the average": lambda x, w: torch.cat([x, pooled(x, w)], 1),
        "The 1x1 convolution is missing": lambda x, w: x.mean((2, 3), keepdim=True).expand_as(x),
    },
    MODULE.aspp: {
        "The branches are added": lambda x, b, p: p(sum(branch(x) for branch in b)),
        "The projection is missing": lambda x, b, p: torch.cat([branch(x) for branch in b], 1),
        "The branches stand one behind the other": chained,
        "The order of the branches": lambda x, b, p: p(torch.cat([branch(x) for branch in reversed(b)], 1)),
        "Each branch is projected by itself": lambda x, b, p: torch.cat([p(branch(x)) for branch in b], 1),
        "x itself is among the maps": lambda x, b, p: p(torch.cat([x] + [branch(x) for branch in b], 1)),
        "The last branch is missing": lambda x, b, p: p(torch.cat([branch(x) for branch in b[:-1]], 1)),
    },
    MODULE.separable: {
        "The pointwise half is missing": lambda x, d, p, r: alone(x, d, r),
        "The rate is missing": lambda x, d, p, r: separable(x, d, p, 1),
        "Without padding=rate": lambda x, d, p, r: F.conv2d(alone(x, d, r, 0), p),
        "The depthwise half is missing": lambda x, d, p, r: F.conv2d(x, p),
        "A ReLU stands between": lambda x, d, p, r: F.conv2d(alone(x, d, r).relu(), p),
        "A ReLU stands at the end": lambda *a: separable(*a).relu(),
        "the map grows": lambda x, d, p, r: F.conv2d(F.conv2d(x, d, padding=r, groups=x.shape[1]), p),
        "the map shrinks": lambda x, d, p, r: F.conv2d(alone(x, d, r, 1), p),
        "RuntimeError": lambda x, d, p, r: F.conv2d(F.conv2d(x, d, padding=r), p),
    },
    MODULE.output_stride: {
        "upside down": lambda image, cells: cells / image,
        "not a difference": lambda image, cells: image - cells,
        "not the area": lambda image, cells: (image / cells) ** 2,
        "That counts halvings": lambda image, cells: len(bin(image // cells)) - 3,
        "That is the size of the output": lambda image, cells: cells,
        "of 64 cells for 512 pixels: found 16": lambda image, cells: 16,
    },
    MODULE.plan: {
        "The rates stay 1": lambda *a: plan(*a, dilate=False),
        "Rates multiply": lambda *a: plan(*a, multiply=False),
        "The rate comes one stage late": lambda *a: plan(*a, late=True),
        "No stride is taken away": lambda strides, wanted: strides + [1] * len(strides),
        "should hold numbers or names": lambda strides, wanted: [plan(strides, wanted)[:4], plan(strides, wanted)[4:]],
    },
    MODULE.decoder: {
        "The low-level feature is not reduced": lambda low, e, r: decoder(low, e, lambda x: x),
        "enlarge the encoded one": small,
        "The order is turned around": lambda low, e, r: torch.cat(
            decoder(low, e, r).split([e.shape[1], r.after], 1)[::-1], 1
        ),
        "Corners are not aligned": lambda low, e, r: decoder(low, e, r, mode="bilinear"),
        "It repeats cells": lambda low, e, r: decoder(low, e, r, mode="nearest"),
        "One channel was kept": lambda low, e, r: decoder(low, e, lambda x: x.mean(1, keepdim=True)),
        "The two are added": lambda low, e, r: decoder(low, e, r)[:, : e.shape[1]] + r(low)[:, :1],
        "reduce is for the low-level feature": lambda low, e, r: decoder(low, r(e), lambda x: x),
        "reduce comes too late": lambda low, e, r: r(decoder(low, e, lambda x: x)),
        "RuntimeError": lambda low, e, r: torch.cat([e, r(low)], 1),
    },
    MODULE.low_level: {
        "a follows too": "d",
        "b does not follow: one channel was not tried": "abd",
        "c does not follow: there is one number": "acd",
        "d follows too": "a",
        "e does not follow: 64 channels": "ade",
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
