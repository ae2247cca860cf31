"""The exercises of 06: other right answers pass, and each wrong one gets the sentence that helps."""

import torch
from exercise_answers import Answers
from torch import nn
from torch.nn import functional as F

from course_lib.lectures.l06_pspnet import exercises as MODULE


def pyramid(x, bins, weights, *, pool=nn.AdaptiveAvgPool2d, features=True, **how):
    how = how or {"mode": "bilinear", "align_corners": True}
    size = x.shape[2:]
    levels = [F.interpolate(F.conv2d(pool(n)(x), w), size=size, **how) for n, w in zip(bins, weights)]
    return torch.cat([x, *levels] if features else levels, dim=1)


def one_channel(x, bins, weights):
    return pyramid(x, bins, [weight.mean(0, keepdim=True) for weight in weights])


def losses(logits, auxiliary, target):
    valid = target != 255
    picked = [-s.log_softmax(1).movedim(1, -1)[valid].gather(1, target[valid][:, None]) for s in (logits, auxiliary)]
    return picked[0].mean(), picked[1].mean()


def void_as_class(logits, auxiliary, target):
    target = target.where(target != 255, 0)
    return F.cross_entropy(logits, target) + 0.4 * F.cross_entropy(auxiliary, target)


def vector(x, levels, pool=F.adaptive_max_pool2d):
    return torch.cat([pool(x, level).reshape(len(x), -1) for level in levels], 1)


def level(before, after, *more):
    return nn.Sequential(nn.Conv2d(before, after, 1, bias=False), *more)


def levels(channels, bins, after=None, norm=True, relu=True):
    after = after or channels // len(bins)

    def more():  # made anew for each level: a BN that they share is a slip
        return [nn.BatchNorm2d(after)] * norm + [nn.ReLU(inplace=True)] * relu

    return nn.ModuleList([level(channels, after, *more()) for _ in bins])


RIGHT = {
    MODULE.pyramid: [pyramid],
    MODULE.joined: [lambda features, bins: features + sum(features // bins for _ in range(bins))],
    MODULE.head: [[4, 8], [8, 12]],
    MODULE.levels: [levels],
    MODULE.loss: [
        lambda *a: losses(*a)[0] + 0.4 * losses(*a)[1],
        lambda *a: float(losses(*a)[0] + 0.4 * losses(*a)[1]),
    ],
    MODULE.ablation: ["eca"],
    MODULE.vector: [vector],
}
WRONG = {
    MODULE.pyramid: {
        "x itself is missing": lambda *a: pyramid(*a, features=False),
        "x comes first, before the levels": lambda x, b, w: torch.cat([pyramid(x, b, w, features=False), x], 1),
        "Corners are not aligned": lambda *a: pyramid(*a, mode="bilinear"),
        "That is the maximum of each bin": lambda *a: pyramid(*a, pool=nn.AdaptiveMaxPool2d),
        "It repeats bins": lambda *a: pyramid(*a, mode="nearest"),
        "Each level keeps one channel": lambda x, b, w: one_channel(x, b, w),
        "F.avg_pool2d(x, n) averages windows": lambda *a: pyramid(*a, pool=nn.AvgPool2d),
        "The levels stand in another order": lambda x, b, w: pyramid(x, b[::-1], w[::-1]),
        "Some levels are missing": lambda x, b, w: pyramid(x, b[:1], w[:1]),
        "The levels are added": lambda x, b, w: sum(pyramid(x, [n], [k], features=False) for n, k in zip(b, w)),
        "A ReLU is in there": lambda *a: pyramid(*a).relu(),
        "The 1x1 reductions are missing": lambda x, b, w: pyramid(x, b, [torch.eye(x.shape[1])[..., None, None]] * 4),
    },
    MODULE.joined: {
        "That is one channel for each level": lambda f, b: f + b,
        "every level with all channels": lambda f, b: f + b * f,
        "The features themselves are missing": lambda f, b: f // b * b,
        "only where the levels divide them": lambda f, b: 2 * f,
        "a single level beside the features": lambda f, b: f + f // b,
    },
    MODULE.head: {
        "Some hulls are 56 pixels away: the field is too small": [4, 4],
        "a single large rate leaves a hole": [12],
        "is there a hole in it": [4, 10],
        "with 3 layers; two are enough": [2, 4, 8],
        "0.0% of the hulls' pixels": [1],
        "far fewer will do": [1] * 20,
        "found int 8": 8,
    },
    MODULE.levels: {
        "That is the number that circulates": lambda c, b: nn.ModuleList([nn.Conv2d(c, 1, kernel_size=1) for _ in b]),
        "The level keeps all channels": lambda c, b: levels(c, b, after=c),
        "BN is missing": lambda c, b: levels(c, b, norm=False),
        "No ReLU stands at the end": lambda c, b: levels(c, b, relu=False),
        "levels share their weights": lambda c, b: nn.ModuleList([*levels(c, b)][:1] * len(b)),
        "should lie in an nn.ModuleList, found Sequential": lambda c, b: nn.Sequential(*levels(c, b)),
        "the number of levels for bins (1, 2): found 1": lambda c, b: nn.ModuleList([level(c, c // len(b))]),
        "should be a module": lambda c, b: [level(c, c // len(b)) for _ in b],
    },
    MODULE.loss: {
        "The auxiliary loss counts in full": lambda *a: sum(losses(*a)),
        "not 0.6": lambda *a: 0.6 * losses(*a)[0] + 0.4 * losses(*a)[1],
        "The weights are exchanged": lambda *a: 0.4 * losses(*a)[0] + losses(*a)[1],
        "The auxiliary loss is missing": lambda *a: losses(*a)[0],
        "IndexError": lambda logits, auxiliary, target: F.cross_entropy(logits, target),
        "it does the softmax itself": lambda *a: sum(
            weight * loss for weight, loss in zip((1, 0.4), losses(a[0].softmax(1), a[1].softmax(1), a[2]))
        ),
        "It is divided by 1.4": lambda *a: (losses(*a)[0] + 0.4 * losses(*a)[1]) / 1.4,
        "Void is counted as class 0": void_as_class,
        "should be a number, found a tensor of shape (2,)": lambda *a: torch.stack(losses(*a)),
    },
    MODULE.ablation: {
        "a follows too": "ce",
        "b does not follow: no row leaves a bin out": "abce",
        "c follows too: 37.23": "ae",
        "d does not follow: no row has pyramid pooling without": "acde",
        "e follows too: 4.45": "ac",
    },
    MODULE.vector: {
        "That is the average of each bin": lambda x, levels: vector(x, levels, F.adaptive_avg_pool2d),
        "The levels are in another order": lambda x, levels: vector(x, levels[::-1]),
        "Its length depends on the map's size": lambda x, levels: x.flatten(1),
        "Only one level is there": lambda x, levels: vector(x, levels[:1]),
        "The batch is flattened": lambda x, levels: vector(x, levels).flatten(),
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG


def test_whoever_forgets_void_is_told_what_255_is():
    outcome = MODULE.loss.check(lambda logits, auxiliary, target: F.cross_entropy(logits, target))
    assert "255 marks void, it is no class" in repr(outcome)
    assert "the last index" not in repr(outcome)
