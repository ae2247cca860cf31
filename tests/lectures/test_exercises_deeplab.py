"""The exercises of 05: other right answers pass, and each wrong one gets the sentence that helps."""

import math

import torch
from exercise_answers import Answers
from torch.nn import functional as F

from course_lib.lectures.l05_deeplab_v1_v2 import exercises as MODULE


def branches(x, weights, biases, rates):
    return [F.conv2d(x, w, b, 1, r, r) for w, b, r in zip(weights, biases, rates)]


def aspp(x, weights, biases, rates):
    total = 0
    for answer in branches(x, weights, biases, rates):
        total = total + answer
    return total


def resize(row, length, *, place=None, flip=False):
    out = []
    for i in range(length):
        at = i * (len(row) - 1) / (length - 1) if place is None else place(i)
        left = min(int(at), len(row) - 1)
        right = min(left + 1, len(row) - 1)
        share = at - left
        share = 1 - share if flip else share
        out.append(row[left] * (1 - share) + row[right] * share)
    return torch.stack(out)


def gauss(distance, width):
    return math.exp(-0.5 * (distance / width) ** 2)


def unpadded(pixels):
    for _ in range(3):
        pixels = (pixels - 3) // 2 + 1
    return pixels


def updated(unary, answers, kernel):
    messages = [sum(kernel[i, j] * q for j, q in enumerate(answers) if i != j) for i in range(len(unary))]
    return (torch.stack(messages) - unary).softmax(1)


RIGHT = {
    MODULE.mean_field: [updated],
    MODULE.poly: [lambda step, steps, start: start * ((steps - step) / steps) ** 0.9],
    MODULE.aspp: [aspp],
    MODULE.resize: [resize, lambda row, length: resize(row.double(), length)],
    MODULE.equal_rate: [lambda kernel, rate: (kernel * rate - rate) / 2],
    MODULE.side: [lambda pixels: math.ceil(pixels / 8)],
    MODULE.appearance: [lambda d, c, w, a, b: w * gauss(d, a) * gauss(c, b)],
}
WRONG = {
    MODULE.mean_field: {
        "A pixel asks itself": lambda u, q, k: (k @ q - u).softmax(1),
        "The unary costs are missing": lambda u, q, k: updated(0 * u, q, k),
        "The unary costs are added": lambda u, q, k: updated(-u, q, k),
        "Agreement is punished": lambda u, q, k: updated(u, -q, k),
        "has shape (2, 3), expected (3, 2)": lambda u, q, k: updated(u, q, k).T,
    },
    MODULE.poly: {
        "It rises": lambda i, n, s: s * (i / n) ** 0.9,
        "The power 0.9 is missing": lambda i, n, s: s * (1 - i / n),
        "The start is missing": lambda i, n, s: (1 - i / n) ** 0.9,
        "brackets first": lambda i, n, s: s * (1 - (i / n) ** 0.9),
        "not 2": lambda i, n, s: s * (1 - i / n) ** 2,
    },
    MODULE.aspp: {
        "It looks concatenated": lambda *a: torch.cat(branches(*a), dim=1),
        "It looks averaged": lambda *a: torch.stack(branches(*a)).mean(0),
        "The biases are missing": lambda x, w, b, r: sum(F.conv2d(x, u, None, 1, q, q) for u, q in zip(w, r)),
        "All branches have the same rate": lambda x, w, b, r: aspp(x, w, b, [r[0]] * len(r)),
        "has shape (2, 5, 11, 4), expected (2, 5, 9, 2)": lambda x, w, b, r: F.conv2d(x, w[0], b[0], padding=2),
        "That is the maximum of the branches": lambda *a: torch.stack(branches(*a)).amax(0),
        "That is the first branch alone": lambda *a: branches(*a)[0],
        "That is the last branch alone": lambda *a: branches(*a)[-1],
        "The rate is missing": lambda x, w, b, r: aspp(x, w, b, [1] * len(r)),
    },
    MODULE.resize: {
        "That is align_corners=False": lambda row, n: F.interpolate(row[None, None], size=n, mode="linear")[0, 0],
        "That repeats values": lambda row, n: row[torch.arange(n) * len(row) // n],
        "The places are i * n / length": lambda row, n: resize(row, n, place=lambda i: i * len(row) / n),
        "The shares of the two neighbours are exchanged": lambda row, n: resize(row, n, flip=True),
        "should be a tensor, found str": lambda row, n: "row",
        "has shape (2,), expected (5,)": lambda row, n: row,
    },
    MODULE.equal_rate: {
        "That is the span itself": lambda k, r: (k - 1) * r + 1,
        "Steps count, not taps": lambda k, r: k * r / 3,
        "halve it": lambda k, r: (k - 1) * r,
        "multiply by its rate": lambda k, r: (k - 1) // 2,
        "k - 1 steps, not k": lambda k, r: k * r // 2,
        "That keeps the ratio of the weights": lambda k, r: k**2 * r / 9,
        "as a 7x7 at rate 4: found 2": lambda k, r: 2,
    },
    MODULE.side: {
        "A 3x3 pool with padding 1 rounds up": lambda pixels: pixels // 8,
        "That has a fraction": lambda pixels: pixels / 8,
        "pool4 and pool5 do not stride": lambda pixels: math.ceil(pixels / 32),
        "The padding is missing": unpadded,
        "Two of the three pools": lambda pixels: math.ceil(pixels / 4),
        "One of the three pools": lambda pixels: math.ceil(pixels / 2),
        "64 becomes 32, 16, 8": lambda pixels: pixels // 8 + 1,
    },
    MODULE.appearance: {
        "The 2 under the fraction is missing": lambda d, c, w, a, b: w * gauss(d, a) ** 2 * gauss(c, b) ** 2,
        "The weight is missing": lambda d, c, w, a, b: gauss(d, a) * gauss(c, b),
        "The two are added": lambda d, c, w, a, b: w * (gauss(d, a) + gauss(c, b)),
        "alpha and beta are exchanged": lambda d, c, w, a, b: w * gauss(d, b) * gauss(c, a),
        "The distances are not squared": lambda d, c, w, a, b: w * math.exp(-d / (2 * a**2) - c / (2 * b**2)),
        "put brackets round": lambda d, c, w, a, b: w * math.exp(-(d**2) / 2 * a**2 - c**2 / 2 * b**2),
        "The 2 is squared as well": lambda d, c, w, a, b: w * gauss(d, 2**0.5 * a) * gauss(c, 2**0.5 * b),
        "The minus is missing": lambda d, c, w, a, b: w / gauss(d, a) / gauss(c, b),
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
