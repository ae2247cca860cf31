"""Right answers in unusual forms pass, and near misses in a usual form do not, whatever the exercise.

The tables of the lectures hold what students usually write; here is what they rarely do.
"""

import inspect
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import exercises
from course_lib.checking.exercise import Exercise
from tests.bench import bench_exercises, mutants

ALL = {exercise.number: exercise for exercise in exercises.all_exercises()}

# what a result may be turned into without being another answer
WHOLE = {
    "numpy int16": np.int16, "numpy int64": np.int64, "numpy float64": np.float64, "float": float,
    "torch int32": lambda x: torch.tensor(x, dtype=torch.int32), "an array of one": lambda x: np.array([x]),
    "a tensor of one": lambda x: torch.tensor([[x]]),
}  # fmt: skip
REAL = {
    "numpy float64": np.float64, "numpy float32": np.float32, "torch float64": lambda x: torch.as_tensor(x).double(),
    "a tensor of one": lambda x: torch.as_tensor(x)[None], "an array": np.asarray,
}  # fmt: skip
ROW = {
    "a tuple": tuple, "an array of int32": lambda x: np.array(x, dtype=np.int32), "a tensor": torch.tensor,
    "numpy numbers": lambda x: [np.int64(item) for item in x], "tensors": lambda x: [torch.tensor(item) for item in x],
    "floats": lambda x: [float(item) for item in x],
}  # fmt: skip
MAPS = {
    "an array": lambda x: x.numpy(), "float64": lambda x: x.double(), "lists": lambda x: x.tolist(),
    "tuples": lambda x: tuple(x.tolist()), "another order in memory": lambda x: torch.stack([x, x], -1)[..., 0],
    "with a gradient": lambda x: x.double().requires_grad_(), "a float32 array": lambda x: x.numpy().astype(np.float32),
}  # fmt: skip
LABELS = {"int16": torch.Tensor.short, "int32": torch.Tensor.int, "a uint8 array": lambda x: x.numpy().astype(np.uint8)}
TRUTH = {"numpy bool": np.bool_, "0 or 1": int, "a tensor": torch.tensor, "numpy int8": np.int8}
BY_KIND = {int: WHOLE, float: REAL, list[int]: ROW, torch.Tensor: MAPS, bool: TRUTH}
OTHERS = {"1.3": LABELS, "8.5": {"uint8": torch.Tensor.byte, "an array": lambda x: x.numpy()},
          "3.1": {"a tuple": tuple, "an array": np.array, "a tensor": lambda x: torch.tensor(x).double()},
          "0.1": {"int32": torch.Tensor.int, "an array": lambda x: x.numpy(), "floats": torch.Tensor.double},
          "0.4": REAL, "0.5": REAL, "6.6": REAL, "8.2": {"a tuple": tuple}, "8.4": {"numpy's": np.str_}}  # fmt: skip


def forms() -> list:
    """Every function exercise with two of the forms that its result can take; each form has its turn."""
    found = []
    for place, (number, exercise) in enumerate(ALL.items()):
        if callable(exercise.answer):
            kind = inspect.signature(exercise.answer).return_annotation
            forms = [*OTHERS.get(number, BY_KIND.get(kind, {})).items()]
            for words, turn in (forms[2 * place % len(forms) :] + forms)[:2] if forms else []:
                found.append(pytest.param(exercise, turn, id=f"{number} {words}"))
    assert len(found) >= 60
    return found


@pytest.mark.parametrize("exercise, turn", forms())
def test_a_right_result_in_another_form_passes(exercise: Exercise, turn: Callable):
    outcome = exercise.check(lambda *given: turn(exercise.answer(*given)))
    assert outcome.correct, outcome


class Written(nn.Module):
    """A block in a student's own words: its parts declared from the last to the first, its forward with F alone."""

    def __init__(self, before: int, after: int, side: int, *, up: bool = False):
        super().__init__()
        self.norm = nn.BatchNorm2d(after)
        self.weight = nn.Parameter(torch.randn(*((before, after) if up else (after, before)), side, side))
        self.side, self.up = side, up

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        convolve = F.conv_transpose2d if self.up else F.conv2d
        n = self.norm
        x = convolve(x, self.weight, padding=self.side // 2)
        x = F.batch_norm(x, n.running_mean, n.running_var, n.weight, n.bias, n.training, n.momentum, n.eps)
        return torch.maximum(x, x.new_zeros(()))


class Unfolded(nn.Module):
    """A 3x3 convolution as a product of matrices over the windows."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(after))
        self.weight = nn.Parameter(torch.randn(after, before, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        windows = F.unfold(x, 3, padding=1)
        return (self.weight.flatten(1) @ windows + self.bias[:, None]).unflatten(2, x.shape[-2:])


class Backwards(nn.Module):
    """A transposed convolution as the gradient of a convolution with the same weight."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(before, after, 3, 3))
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = (len(x), self.weight.shape[1], *x.shape[-2:])
        return self.norm(torch.nn.grad.conv2d_input(size, self.weight, x, padding=1)).relu()


class Lazily(nn.Module):
    """The context module with its layers declared from the last to the first, and ReLU as a comparison."""

    def __init__(self, classes: int):
        super().__init__()
        self.last = nn.Conv2d(classes, classes, 1)
        self.layers = nn.ModuleDict(
            {f"rate{place}": nn.Conv2d(classes, classes, 3, padding=rate, dilation=rate)
             for place, rate in reversed([*enumerate((1, 1, 2, 4, 8, 16, 1))])}
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for place in range(7):
            x = self.layers[f"rate{place}"](x)
            x = x * (x > 0)
        return self.last(x)


class Bare(nn.Module):
    """The context module without a layer of torch's: weights of its own, and F alone; its 1x1 a transposed one."""

    def __init__(self, classes: int):
        super().__init__()
        self.biases = nn.ParameterList([torch.zeros(classes) for _ in range(8)])
        self.last = nn.Parameter(torch.randn(classes, classes, 1, 1))
        self.weights = nn.ParameterList([torch.randn(classes, classes, 3, 3) for _ in range(7)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for weight, bias, rate in zip(self.weights, self.biases, (1, 1, 2, 4, 8, 16, 1)):
            x = F.conv2d(x, weight, bias, padding=rate, dilation=rate).relu()
        return F.conv_transpose2d(x, self.last, self.biases[7])


def gradient_stamps(image, kernel, stride):
    rows = [(side - 1) * stride + width for side, width in zip(image.shape, kernel.shape)]
    out = torch.zeros(1, 1, *rows, requires_grad=True)
    read = F.conv2d(out, kernel[None, None], stride=stride)
    return torch.autograd.grad(read, out, image[None, None])[0][0, 0]


def unfolded_aspp(x, weights, biases, rates):
    total = 0
    for weight, bias, rate in zip(weights, biases, rates):
        windows = F.unfold(x, 3, dilation=rate, padding=rate)
        total = total + (weight.flatten(1) @ windows + bias[:, None]).unflatten(2, x.shape[-2:])
    return total


def level(channels: int, after: int) -> nn.Module:
    return Written(channels, after, 1)


RIGHT = [
    ("2.3", "the gradient of a convolution", gradient_stamps),
    ("2.2", "index_put in a loop", lambda v, p, size: torch.zeros(*v.shape[:2], size[0] * size[1]).scatter_(
        -1, p.flatten(2), v.flatten(2)).unflatten(-1, size).numpy()),
    ("2.7", "windows and a matrix", Unfolded),
    ("2.7", "in a sequence of one", lambda b, c: nn.Sequential(nn.Conv2d(b, c, (3, 3), padding="same"))),
    ("2.8", "the gradient of a convolution", Backwards),
    ("2.8", "F alone", lambda b, a: Written(b, a, 3, up=True)),
    ("2.8", "ReLU in place", lambda b, a: nn.Sequential(
        nn.ConvTranspose2d(b, a, 3, 1, 1, bias=False), nn.BatchNorm2d(a, momentum=0.01), nn.ReLU(inplace=True))),
    ("4.7", "from the last layer to the first", Lazily),
    ("4.7", "F alone", Bare),
    ("5.6", "windows and matrices", unfolded_aspp),
    ("6.3", "F alone", lambda c, bins: nn.ModuleList([level(c, c // len(bins)) for _ in bins])),
    ("6.3", "a linear layer's product", lambda c, bins: nn.ModuleList(
        [nn.Sequential(nn.Conv2d(c, c // len(bins), 1), nn.BatchNorm2d(c // len(bins)), nn.Threshold(0.0, 0.0))
         for _ in bins])),
    ("7.1", "interpolated", lambda x, w: F.interpolate(
        F.conv2d(F.adaptive_avg_pool2d(x, 1), w), size=x.shape[-2:], mode="bilinear", align_corners=False)),
    ("7.1", "a product", lambda x, w: torch.einsum("oc,nc->no", w.flatten(1), x.mean((2, 3)))[..., None, None].expand(
        -1, -1, *x.shape[-2:])),
    ("7.6", "one dense kernel", lambda x, d, p, r: F.conv2d(x, p * d.transpose(0, 1), padding=r, dilation=r)),
    ("1.6", "capitals and commas", "A, C, E"),
    ("1.6", "a set", {"e", "a", "c"}),
    ("2.6", "a list", ["c", "a"]),
    ("6.7", "a tuple", ("e", "c", "a")),
    ("7.8", "brackets", "(d) (a)"),
    ("8.3", "said twice", "bdb"),
    ("4.4", "an array", np.array([1, 2, 4, 8, 16, 2], dtype=np.uint8)),
    ("4.4", "a tensor", torch.tensor([1, 2, 4, 8, 16, 2])),
    ("6.5", "a tuple of numpy's", (np.int16(8), np.int64(4))),
    ("0.3", "arrays", (np.zeros(100, dtype=np.int16), np.eye(10, dtype=np.uint8)[:1].repeat(10).astype(np.int64) * 0
                       + (np.arange(100) == 7))),
]  # fmt: skip
NORM, RELU = nn.BatchNorm2d, nn.ReLU


def block(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(*parts)


def up(before: int, after: int, side: int = 3, **how: int) -> nn.Module:
    return nn.ConvTranspose2d(before, after, side, padding=side // 2, **how)


def levels(make: Callable) -> Callable:
    return lambda c, bins: nn.ModuleList([block(*make(c, c // len(bins))) for _ in bins])


class Zipped(nn.Module):
    """Right at the first call; then its layers are used up."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.parts = nn.ModuleList([up(before, after), NORM(after), RELU()])
        self.left = iter(self.parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for part in self.left:
            x = part(x)
        return x


def answer(number: str, change: Callable) -> Callable:
    """The solution's result, changed."""
    return lambda *given: change(ALL[number].answer(*given))


def mean_over(occurs: Callable) -> Callable:
    """The mean IoU of the classes that occur, by what a student takes for that."""
    return lambda ms: ALL["0.2"].answer(sum(ms))[occurs(sum(ms))].mean()


def without_stride(strides: list[int], wanted: int) -> list[int]:
    """Once a stage has lost its stride, all behind it do."""
    kept, rates = [], []
    for place in range(1, len(strides) + 1):
        kept.append(strides[place - 1] if math.prod(strides[:place]) <= wanted else 1)
        rates.append(math.prod(strides[:place]) // math.prod(kept))
    return kept + rates


def counts(kind: torch.dtype) -> Callable:
    return answer("0.1", lambda matrix: matrix.to(kind))


def used_up(*given: list) -> torch.Tensor:
    return ALL["0.5"].answer([given[0].pop() for _ in range(len(given[0]))])


NEAR = [
    ("0.1", "counts in int16", counts(torch.int16)), ("0.1", "counts in uint8", counts(torch.uint8)),
    ("0.1", "counts in float16", counts(torch.float16)), ("0.2", "percent", answer("0.2", lambda x: 100 * x)),
    ("0.4", "median", lambda z, t: F.cross_entropy(z, t, ignore_index=255, reduction="none")[t != 255].median()),
    ("0.4", "cut off at 6", answer("0.4", lambda x: x.clamp(0, 6))),
    ("0.5", "takes the pictures away", used_up), ("0.5", "classes in the truth", mean_over(lambda m: m.sum(1) > 0)),
    ("0.5", "classes in the prediction", mean_over(lambda m: m.sum(0) > 0)),
    ("0.5", "classes with a right pixel", mean_over(lambda m: m.diagonal() > 0)),
    ("0.5", "median of the classes", lambda ms: (sum(ms).diagonal() / (
        sum(ms).sum(0) + sum(ms).sum(1) - sum(ms).diagonal())).nanmedian()),
    ("1.5", "softmax", answer("1.5", lambda x: x.softmax(1))), ("1.5", "ReLU6", answer("1.5", F.relu6)),
    ("2.8", "another ReLU before BN", lambda b, a: block(up(b, a), RELU(), NORM(a), RELU())),
    ("2.8", "BN first", lambda b, a: block(NORM(b), up(b, a), RELU())),
    ("2.8", "sigmoid", lambda b, a: block(up(b, a), NORM(a), nn.Sigmoid())),
    ("2.8", "softmax behind ReLU", lambda b, a: block(up(b, a), NORM(a), RELU(), nn.Softmax(1))),
    ("2.8", "BN without statistics", lambda b, a: block(up(b, a), NORM(a, track_running_stats=False), RELU())),
    ("2.8", "instance norm", lambda b, a: block(up(b, a), nn.InstanceNorm2d(a, affine=True), RELU())),
    ("2.8", "9 x 1", lambda b, a: block(nn.ConvTranspose2d(b, a, (9, 1), padding=(4, 0)), NORM(a), RELU())),
    ("2.8", "rate 2", lambda b, a: block(nn.ConvTranspose2d(b, a, 3, padding=2, dilation=2), NORM(a), RELU())),
    ("2.8", "groups", lambda b, a: block(up(b, b, groups=b), NORM(b), RELU())),
    ("2.8", "dropout", lambda b, a: block(up(b, a), NORM(a), RELU(), nn.Dropout(0.5))),
    ("2.8", "used up", Zipped),
    ("3.1", "no sign", answer("3.1", lambda x: [abs(x[0]), x[1]])),
    ("3.2", "sigmoid", answer("3.2", torch.sigmoid)), ("3.2", "ReLU6", answer("3.2", F.relu6)),
    ("3.2", "softmax", answer("3.2", lambda x: x.softmax(1))), ("3.5", "ReLU6", answer("3.5", F.relu6)),
    ("5.6", "mean", lambda x, w, b, r: ALL["5.6"].answer(x, w, b, r) / len(r)),
    ("6.2", "int8", lambda f, b: np.array(f + b * (f // b)).astype(np.int8)),
    ("6.3", "BN without weights", levels(lambda c, n: (nn.Conv2d(c, n, 1), NORM(n, affine=False), RELU()))),
    ("6.3", "BN behind ReLU", levels(lambda c, n: (nn.Conv2d(c, n, 1), RELU(), NORM(n)))),
    ("6.3", "ReLU6", levels(lambda c, n: (nn.Conv2d(c, n, 1), NORM(n), nn.ReLU6()))),
    ("6.3", "sigmoid", levels(lambda c, n: (nn.Conv2d(c, n, 1), NORM(n), nn.Sigmoid()))),
    ("6.3", "a ReLU more in front", levels(lambda c, n: (RELU(), nn.Conv2d(c, n, 1), NORM(n), RELU()))),
    ("6.3", "shared convolution", lambda c, bins: nn.ModuleList(
        block(shared, NORM(c // len(bins)), RELU()) for shared in [nn.Conv2d(c, c // len(bins), 1)] for _ in bins)),
    ("6.3", "shared BN", lambda c, bins: nn.ModuleList(
        block(nn.Conv2d(c, c // len(bins), 1), shared, RELU()) for shared in [NORM(c // len(bins))] for _ in bins)),
    ("6.3", "grouped", levels(lambda c, n: (nn.Conv2d(c, n, 1, groups=n), NORM(n), RELU()))),
    ("6.6", "mean of both", lambda z, a, t: ALL["6.6"].answer(z, a, t) / 2),
    ("6.6", "cut off at 6", answer("6.6", lambda x: x.clamp(0, 6))),
    ("6.6", "never below 1", answer("6.6", lambda x: x.clamp(min=1))), ("6.6", "GELU", answer("6.6", F.gelu)),
    ("7.1", "median", lambda x, w: F.conv2d(
        x.flatten(2).median(2).values[..., None, None], w).expand(-1, -1, *x.shape[-2:])),
    ("7.1", "softmax", answer("7.1", lambda x: x.softmax(1))),
    ("7.2", "softmax", answer("7.2", lambda x: x.softmax(1))),
    ("7.4", "all that follow lose their stride", without_stride),
    ("7.5", "ReLU6 on the details", lambda low, e, r: ALL["7.5"].answer(low, e, lambda x: F.relu6(r(x)))),
    ("7.6", "SiLU at the end", answer("7.6", F.silu)),
    ("8.1", "the root of one seed less", lambda v, b, q: np.mean(v) - q * np.std(v, ddof=1) / (len(v) - 1) ** 0.5 > b),
    ("7.7", "counts in int16", answer("7.7", lambda x: np.array(x).astype(np.int16))),
]  # fmt: skip


@pytest.mark.parametrize("number, right", [pytest.param(n, a, id=f"{n} {words}") for n, words, a in RIGHT])
def test_another_way_to_the_same_passes(number: str, right: object):
    outcome = ALL[number].check(*(right if number == "0.3" else (right,)))
    assert outcome.correct, outcome


@pytest.mark.parametrize("number, near", [pytest.param(n, a, id=f"{n} {words}") for n, words, a in NEAR])
def test_a_near_miss_is_refused(number: str, near: Callable):
    assert not ALL[number].check(near).correct


@pytest.mark.parametrize("number, words, wrong", [
    ("2.7", "holds a lazy layer", lambda before, classes: nn.LazyConv2d(classes, 3, padding=1)),
    ("2.8", "holds a lazy layer", lambda b, a: block(up(b, a), nn.LazyBatchNorm2d(), RELU())),
    ("4.7", "as if a softmax stood", lambda classes: block(*ALL["4.7"].answer(classes), nn.Softmax(1))),
    ("6.3", "holds a lazy layer", levels(lambda c, n: (nn.LazyConv2d(n, 1), NORM(n), RELU()))),
    ("7.4", "keeps its own if the product fits", without_stride),
])  # fmt: skip
def test_what_is_wrong_is_said(number: str, words: str, wrong: Callable):
    assert words in repr(ALL[number].check(wrong))


def test_a_slip_that_gives_no_number_is_not_named():
    def ignored(prediction, target, classes):  # rows that are empty have no shares: 0 / 0 is like no answer
        valid = prediction != 255
        return torch.bincount((classes * target.clamp(max=classes - 1) + prediction)[valid], minlength=classes**2).view(
            classes, classes
        )

    assert "1 of 4 values differ" in (said := repr(ALL["0.1"].check(ignored)))
    assert "Each row looks divided" not in said


@pytest.mark.parametrize("number", ["0.2", "2.4", "3.6", "5.7", "7.4", "8.2"])
def test_of_the_mutants_of_a_solution_those_pass_that_are_known_to_be_right(number: str):
    """A sample; `make bench ARGS=exercises` tries them all."""
    known = bench_exercises.equal(ALL[number])
    with bench_exercises.quick():
        chosen = [*mutants.of(ALL[number])][::11]
        found = {name for name, answer in chosen if bench_exercises.fate(ALL[number], answer) == "correct"}
    assert found == {name for name, _ in chosen} & set(known)
