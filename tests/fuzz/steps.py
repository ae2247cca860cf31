"""The makers of steps: each draws the numbers of one operation for a tensor of the shape that is there."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from .programs import Step

MAKERS: dict[str, Callable[[random.Random, Tensor], Step | None]] = {}
D = torch.float64


def maker(function: Callable) -> Callable:
    """Register a maker under its name."""
    MAKERS[function.__name__] = function
    return function


def weights(choose: random.Random, *shape: int) -> Tensor:
    """Positive numbers: sums of them never cancel."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(choose.randrange(1 << 30)), dtype=D) + 0.2


def a_dim(choose: random.Random, x: Tensor, least: int = 1) -> int | None:
    fitting = [dim for dim in range(x.dim()) if x.shape[dim] >= least]
    return choose.choice(fitting) if fitting else None


def indices(choose: random.Random, size: int, count: int | None = None) -> list[int]:
    return [choose.randrange(size) for _ in range(count or choose.randrange(1, size + 2))]


# ---------------------------------------------------------------------- views


@maker
def permute(choose, x):
    dims = choose.sample(range(x.dim()), x.dim())
    return Step(f"permute{dims}", lambda t: t.permute(dims))


@maker
def transpose_and_copy(choose, x):
    if x.dim() < 2:
        return None
    a, b = choose.sample(range(x.dim()), 2)
    return Step(f"transpose({a},{b}).contiguous", lambda t: t.transpose(a, b).contiguous())


@maker
def flatten(choose, x):
    if x.dim() < 2:
        return None
    a = choose.randrange(x.dim() - 1)
    return Step(f"flatten({a},{a + 1})", lambda t: t.flatten(a, a + 1))


@maker
def unflatten(choose, x):
    dim = a_dim(choose, x, 4)
    if dim is None or x.dim() > 5:
        return None
    parts = [n for n in range(2, x.shape[dim]) if x.shape[dim] % n == 0]
    if not parts:
        return None
    n = choose.choice(parts)
    return Step(f"unflatten({dim},{n})", lambda t: t.unflatten(dim, (n, -1)))


@maker
def reshape(choose, x):
    shape, left = [], x.numel()
    for _ in range(choose.randrange(1, 4)):
        n = choose.choice([n for n in range(1, left + 1) if left % n == 0])
        shape.append(n)
        left //= n
    shape.append(left)
    choose.shuffle(shape)
    return Step(f"reshape{shape}", lambda t: t.reshape(shape))


@maker
def unsqueeze(choose, x):
    dim = choose.randrange(x.dim() + 1)
    return Step(f"unsqueeze({dim})", lambda t: t.unsqueeze(dim))


@maker
def squeeze(choose, x):
    return Step("squeeze", lambda t: t.squeeze())


@maker
def expand(choose, x):
    dims = [dim for dim in range(x.dim()) if x.shape[dim] == 1]
    if not dims:
        return None
    shape = [-1] * x.dim()
    shape[choose.choice(dims)] = choose.randrange(2, 5)
    return Step(f"expand{shape}", lambda t: t.expand(shape))


@maker
def diagonal(choose, x):
    if x.dim() < 3:
        return None
    a, b = choose.sample(range(x.dim()), 2)
    return Step(f"diagonal({a},{b})", lambda t: t.diagonal(0, a, b))


@maker
def as_strided(choose, x):
    if x.dim() < 2 or x.shape[-1] < 3:
        return None
    n = x.shape[-1]
    rows = x.numel() // n
    return Step("as_strided", lambda t: t.contiguous().as_strided((rows, n - 1), (n, 1), 1))


# ---------------------------------------------------------------------- slices and indices


@maker
def cut(choose, x):
    dim = a_dim(choose, x, 3)
    if dim is None:
        return None
    start, step = choose.randrange(-2, 3), choose.choice([1, 1, 2])
    where = (slice(None),) * dim + (slice(start, None, step) if start >= 0 else slice(None, start, step),)
    return Step(f"[{dim}: {where[-1]}]", lambda t: t[where])


@maker
def select(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None or x.dim() < 2:
        return None
    at = choose.randrange(-1, x.shape[dim] - 1)
    return Step(f"select({dim},{at})", lambda t: t.select(dim, at))


@maker
def flip(choose, x):
    dims = choose.sample(range(x.dim()), choose.randrange(1, min(3, x.dim() + 1)))
    return Step(f"flip{dims}", lambda t: t.flip(dims))


@maker
def roll(choose, x):
    dim, n = a_dim(choose, x), choose.randrange(-3, 4)
    return Step(f"roll({n},{dim})", lambda t: t.roll(n, dim))


@maker
def roll_flat(choose, x):
    n = choose.randrange(1, 4)
    return Step(f"roll({n})", lambda t: t.roll(n))


@maker
def index_select(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    at = torch.tensor(indices(choose, x.shape[dim]))
    return Step(f"index_select({dim},{at.tolist()})", lambda t: t.index_select(dim, at))


@maker
def index_list(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    at = indices(choose, x.shape[dim])
    return Step(f"[{dim}: {at}]", lambda t: t[(slice(None),) * dim + (at,)])


@maker
def index_pairs(choose, x):
    if x.dim() < 2:
        return None
    a, b = sorted(choose.sample(range(x.dim()), 2))
    count = choose.randrange(2, 5)
    where: list = [slice(None)] * x.dim()
    where[a], where[b] = indices(choose, x.shape[a], count), indices(choose, x.shape[b], count)
    return Step(f"[{a}: {where[a]}, {b}: {where[b]}]", lambda t: t[tuple(where)])


@maker
def index_grid(choose, x):
    if x.dim() < 2:
        return None
    a = choose.randrange(x.dim() - 1)
    rows, columns = indices(choose, x.shape[a]), indices(choose, x.shape[a + 1])
    where = (slice(None),) * a + (torch.tensor(rows)[:, None], torch.tensor(columns))
    return Step(f"[{a}: {rows} x {columns}]", lambda t: t[where])


@maker
def index_mask(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    mask = torch.tensor([choose.random() < 0.6 for _ in range(x.shape[dim] - 1)] + [True])
    return Step(f"[{dim}: mask {mask.long().tolist()}]", lambda t: t[(slice(None),) * dim + (mask,)])


@maker
def index_mask_made_inside(choose, x):
    dim = a_dim(choose, x, 3)
    if dim is None:
        return None

    def run(t):
        mask = torch.zeros(t.shape[dim], dtype=torch.bool)
        mask[1:3] = True
        return t[(slice(None),) * dim + (mask,)]

    return Step(f"[{dim}: mask made inside]", run)


@maker
def gather(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    at = torch.randint(x.shape[dim], x.shape, generator=torch.Generator().manual_seed(choose.randrange(1 << 30)))
    return Step(f"gather({dim})", lambda t: t.gather(dim, at))


@maker
def take(choose, x):
    at = torch.tensor(indices(choose, x.numel(), 6))
    return Step("take", lambda t: t.take(at))


@maker
def unfold(choose, x):
    dim = a_dim(choose, x, 3)
    if dim is None or x.dim() > 5:
        return None
    size, step = choose.randrange(2, 4), choose.randrange(1, 3)
    return Step(f"unfold({dim},{size},{step})", lambda t: t.unfold(dim, size, step))


@maker
def chunked(choose, x):
    dim = a_dim(choose, x, 3)
    if dim is None:
        return None
    order = choose.random() < 0.5
    return Step(f"chunk({dim}) and cat", lambda t: torch.cat(t.chunk(2, dim)[:: -1 if order else 1], dim))


@maker
def split_part(choose, x):
    dim = a_dim(choose, x, 3)
    return None if dim is None else Step(f"split({dim})[1]", lambda t: t.split(2, dim)[1])


@maker
def unbound(choose, x):
    dim = a_dim(choose, x, 2)
    return None if dim is None else Step(f"unbind({dim}) and stack", lambda t: torch.stack(t.unbind(dim)[::-1], dim))


@maker
def triangle(choose, x):
    return Step("tril", lambda t: t.tril(), loose=True) if x.dim() >= 2 else None


@maker
def repeat(choose, x):
    times = [choose.choice([1, 1, 2]) for _ in range(x.dim())]
    return Step(f"repeat{times}", lambda t: t.repeat(times))


@maker
def repeat_interleave(choose, x):
    dim = a_dim(choose, x)
    return Step(f"repeat_interleave(2,{dim})", lambda t: t.repeat_interleave(2, dim))


@maker
def rot90(choose, x):
    if x.dim() < 2:
        return None
    k, dims = choose.randrange(1, 4), choose.sample(range(x.dim()), 2)
    return Step(f"rot90({k},{dims})", lambda t: torch.rot90(t, k, dims))


# ---------------------------------------------------------------------- values


@maker
def pointwise(choose, x):
    name, run, loose = choose.choice(
        [
            ("sin", lambda t: (t * 0.3).sin() + 0.1 * t, False),
            ("log1p", lambda t: (t * t).log1p() + 0.1 * t, False),
            ("square", lambda t: t * t + t, False),
            ("leaky_relu", lambda t: F.leaky_relu(t, 0.3), False),
            ("relu", lambda t: t.relu() + 0.01 * t, False),
            ("atan_", lambda t: t.clone().mul_(0.3).atan_(), False),
            ("where", lambda t: torch.where(t > 0.5, t, 2 * t), False),
            ("clamp", lambda t: t.clamp(-1, 1) + 0.1 * t, False),
            ("detach and data", lambda t: t.detach().data * 1.5, False),
            ("conj", lambda t: torch.complex(t, t).conj().abs(), False),
        ]
    )
    return Step(name, run, loose)


@maker
def times_constant(choose, x):
    w = weights(choose, *x.shape)
    return Step("times constant", lambda t: t * w)


@maker
def masked_fill(choose, x):
    w = weights(choose, *x.shape) > 0.7
    return Step("masked_fill", lambda t: t.masked_fill(w, 0.5), loose=True)


@maker
def plus_moved(choose, x):
    dim, n = a_dim(choose, x), choose.randrange(1, 3)
    how = choose.choice(["roll", "flip"])
    return Step(f"x + {how}({dim})", lambda t: t + 0.7 * (t.roll(n, dim) if how == "roll" else t.flip(dim)))


@maker
def plus_transposed(choose, x):
    pairs = [(a, b) for a in range(x.dim()) for b in range(a) if x.shape[a] == x.shape[b]]
    if not pairs:
        return None
    a, b = choose.choice(pairs)
    return Step(f"x * transpose({a},{b})", lambda t: t * (t.transpose(a, b) + 2))


@maker
def outer_sum(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None or x.dim() > 4:
        return None
    return Step(
        f"outer sum over {dim}", lambda t: t.movedim(dim, -1).unsqueeze(-1) + 2 * t.movedim(dim, -1).unsqueeze(-2)
    )


@maker
def joined(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1] or [0])
    other = a_dim(choose, x)
    if dim == 1 or choose.random() < 0.3:
        return Step(f"stack with flip({other}) at {dim}", lambda t: torch.stack([t, t.flip(other)], dim))
    return Step(f"cat with flip({other}) at {dim}", lambda t: torch.cat([t, t.flip(other)], dim))


@maker
def joined_with_constant(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1] or [0])
    return None if dim == 1 else Step(f"cat with ones at {dim}", lambda t: torch.cat([torch.ones_like(t), t], dim))


# ---------------------------------------------------------------------- whole dimensions


@maker
def reduce(choose, x):
    dims = choose.sample(range(x.dim()), choose.randrange(1, min(3, x.dim() + 1)))
    keep = choose.random() < 0.5
    name = choose.choice(["mean", "sum", "amax", "var", "logsumexp", "std", "norm"])
    calls = {
        "norm": lambda t: torch.linalg.vector_norm(t, 2, dims, keep),
        "logsumexp": lambda t: t.atan().logsumexp(dims, keep),
    }
    if name in ("var", "std") and all(x.shape[dim] == 1 for dim in dims):
        return None
    call = calls.get(name, lambda t: getattr(t, name)(dim=dims, keepdim=keep))
    return Step(f"{name}{dims} keep={keep}", call) if keep or len(dims) < x.dim() else None


@maker
def reduce_one(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None or x.dim() < 2:
        return None
    name = choose.choice(["max", "min", "median", "prod", "cummax", "mode"])
    calls = {
        "prod": lambda t: t.prod(dim),
        "median": lambda t: t.contiguous().median(dim)[0],  # torch's median of an expanded tensor is a wrong value
    }
    return Step(f"{name}({dim})", calls.get(name, lambda t: getattr(t, name)(dim)[0]), loose=name in ("mode", "cummax"))


@maker
def gated(choose, x):
    dims = choose.sample(range(x.dim()), choose.randrange(1, min(3, x.dim() + 1)))
    return Step(f"x * mean{dims}", lambda t: t * (t.mean(dims, keepdim=True) + 1))


@maker
def along_kept(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    name = choose.choice(["softmax", "cumsum", "logcumsumexp", "cumprod", "sort", "renorm", "log_softmax", "normalize"])
    calls = {
        "sort": lambda t: t.sort(dim)[0],
        "softmax": lambda t: t.atan().softmax(dim),
        "log_softmax": lambda t: t.atan().log_softmax(dim),
        "logcumsumexp": lambda t: t.atan().logcumsumexp(dim),
        "renorm": lambda t: torch.renorm(t, 2, dim, 0.5),
        "normalize": lambda t: F.normalize(t, dim=dim),
    }
    shares = name in ("softmax", "log_softmax", "normalize")  # of equal values: a constant, whatever they are
    loose = name in ("sort", "renorm") or (shares and bool((x == x.narrow(dim, 0, 1)).all()))
    return Step(f"{name}({dim})", calls.get(name, lambda t: getattr(t, name)(dim)), loose)


@maker
def topk(choose, x):
    dim = a_dim(choose, x, 3)
    return None if dim is None else Step(f"topk({dim})", lambda t: t.topk(2, dim)[0], loose=True)


@maker
def layer_norm(choose, x):
    count = choose.randrange(1, min(3, x.dim() + 1))
    if x.shape[-count:].numel() <= 2:  # one value becomes 0, two become -1 and 1
        return None
    return Step(f"layer_norm({count})", lambda t: F.layer_norm(t, t.shape[-count:]))


@maker
def product(choose, x):
    w = weights(choose, x.shape[-1], choose.randrange(1, 5))
    return Step(f"@ {tuple(w.shape)}", lambda t: t @ w)


@maker
def product_from_left(choose, x):
    if x.dim() < 2:
        return None
    w = weights(choose, choose.randrange(1, 5), x.shape[-2])
    return Step(f"{tuple(w.shape)} @", lambda t: w @ t)


@maker
def gram(choose, x):
    return Step("x @ x.T", lambda t: t @ t.transpose(-1, -2)) if x.dim() >= 2 else None


@maker
def einsum(choose, x):
    if x.dim() != 4:
        return None
    w = weights(choose, x.shape[2], 3)
    return Step("einsum", lambda t: torch.einsum("nchw,hk->nkcw", t, w))


# ---------------------------------------------------------------------- windows


@maker
def conv2d(choose, x):
    if x.dim() != 4:
        return None
    k, s, d, p = choose.randrange(1, 4), choose.randrange(1, 3), choose.randrange(1, 3), choose.randrange(0, 3)
    w = weights(choose, choose.randrange(1, 3), x.shape[1], k, choose.randrange(1, 4))
    return Step(f"conv2d{tuple(w.shape)} s{s} p{p} d{d}", lambda t: F.conv2d(t, w, None, s, p, d))


@maker
def conv1d(choose, x):
    if x.dim() != 3:
        return None
    w = weights(choose, 2, x.shape[1], choose.randrange(1, 4))
    return Step("conv1d", lambda t: F.conv1d(t, w, None, 1, 1))


@maker
def conv_transpose(choose, x):
    if x.dim() != 4:
        return None
    w, s = weights(choose, x.shape[1], 1, choose.randrange(1, 4), choose.randrange(1, 4)), choose.randrange(1, 3)
    return Step(f"conv_transpose{tuple(w.shape)} s{s}", lambda t: F.conv_transpose2d(t, w, None, s))


@maker
def pool(choose, x):
    if x.dim() < 3:
        return None
    k, s, p = choose.randrange(2, 4), choose.randrange(1, 3), choose.randrange(0, 2)
    run = choose.choice([F.max_pool2d, F.avg_pool2d])
    return Step(f"{run.__name__}({k},{s},{p})", lambda t: run(t, k, s, p))


@maker
def adaptive(choose, x):
    if x.dim() not in (3, 4):
        return None
    size = (choose.randrange(1, 5), choose.randrange(1, 5))
    return Step(f"adaptive_avg_pool{size}", lambda t: F.adaptive_avg_pool2d(t, size))


@maker
def pool_and_unpool(choose, x):
    if x.dim() != 4:
        return None
    k, s = choose.randrange(2, 4), choose.randrange(1, 3)
    w = choose.random() < 0.5

    def run(t):
        y, at = F.max_pool2d(t, k, s, return_indices=True)
        return F.max_unpool2d(y * 2 if w else y, at, k, s, output_size=t.shape[2:])

    return Step(f"pool and unpool({k},{s})", run, loose=True)  # that one window chooses and no other is rare


@maker
def resize(choose, x):
    if x.dim() != 4:
        return None
    mode = choose.choice(["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
    options = {"align_corners": choose.random() < 0.5} if mode.startswith("bi") else {}
    size = (choose.randrange(2, 9), choose.randrange(2, 9))
    return Step(f"interpolate {mode} {size} {options}", lambda t: F.interpolate(t, size=size, mode=mode, **options))


@maker
def pad(choose, x):
    mode = choose.choice(["constant", "reflect", "replicate", "circular"])
    amounts = [choose.randrange(0, 3) for _ in range(4)]
    return Step(f"pad {mode} {amounts}", lambda t: F.pad(t, amounts, mode=mode)) if x.dim() >= 3 else None


@maker
def shuffles(choose, x):
    if x.dim() < 3:
        return None
    how = choose.choice(["shuffle", "unshuffle", "back", "channel"])
    run = {
        "shuffle": lambda t: F.pixel_shuffle(t, 2),
        "unshuffle": lambda t: F.pixel_unshuffle(t, 2),
        "back": lambda t: F.pixel_shuffle(F.pixel_unshuffle(t, 2), 2),
        "channel": lambda t: F.channel_shuffle(t, 2),
    }[how]
    return Step(f"pixel {how}", run)


@maker
def columns(choose, x):
    if x.dim() != 4:
        return None
    back = choose.random() < 0.5

    def run(t):
        y = F.unfold(t, 2, stride=2)
        size = [n // 2 * 2 for n in t.shape[2:]]
        return F.fold(y, size, 2, stride=2) if back else y

    return Step(f"unfold and fold={back}", run)


@maker
def grid_sample(choose, x):
    if x.dim() != 4 or x.shape[0] != 1:
        return None
    grid = weights(choose, 1, 3, 4, 2) - 0.7
    return Step("grid_sample", lambda t: F.grid_sample(t, grid, align_corners=False))


@maker
def norms(choose, x):
    if x.dim() < 3:
        return None
    how = choose.choice(["batch", "instance", "group"])
    run = {
        "batch": lambda t: F.batch_norm(t, None, None, training=True),
        "instance": lambda t: F.instance_norm(t),
        "group": lambda t: F.group_norm(t, 1),
    }[how]
    return Step(f"{how} norm", run)


# ---------------------------------------------------------------------- complex numbers


@maker
def complex_pairs(choose, x):
    dim = a_dim(choose, x)
    how = choose.choice(["abs", "flat", "again", "imag"])

    def run(t):
        z = torch.complex(t, t.flip(dim))
        if how == "abs":
            return z.abs()
        if how == "imag":
            return z.imag + 0
        y = torch.view_as_real(z).flatten(-2)
        return y if how == "flat" else torch.view_as_complex(y.roll(1, -1).unflatten(-1, (-1, 2)).contiguous()).abs()

    return Step(f"complex {how} {dim}", run)


@maker
def complex_from_places(choose, x):
    dim = a_dim(choose, x, 4)
    if dim is None or x.shape[dim] % 2:
        return None

    def run(t):
        y = t.movedim(dim, -1).unflatten(-1, (-1, 2)).contiguous()
        return torch.view_as_complex(y).abs()

    return Step(f"view_as_complex over {dim}", run)


@maker
def fourier(choose, x):
    dim = a_dim(choose, x, 2)
    return None if dim is None else Step(f"fft({dim})", lambda t: torch.fft.fft(t, dim=dim).abs())


# ---------------------------------------------------------------------- scatter


@maker
def scatter(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    at = torch.randint(x.shape[dim], x.shape, generator=torch.Generator().manual_seed(choose.randrange(1 << 30)))
    how = choose.choice(["scatter_add", "scatter", "index_add", "index_copy", "scatter_reduce"])
    line = at.flatten()[: x.shape[dim]]
    run = {
        "scatter_add": lambda t: torch.zeros_like(t).scatter_add(dim, at, t),
        "scatter": lambda t: t.scatter(dim, at, t.flip(dim)),
        "index_add": lambda t: t.index_add(dim, line, t * 2),
        "index_copy": lambda t: t.index_copy(dim, line, t.flip(dim)),
        "scatter_reduce": lambda t: t.scatter_reduce(dim, at, t, "amax"),
    }[how]
    return Step(f"{how}({dim})", run, loose=how != "scatter_add")


@maker
def index_put(choose, x):
    dim = a_dim(choose, x, 2)
    if dim is None:
        return None
    at, add = torch.tensor([0, x.shape[dim] - 1]), choose.random() < 0.5

    def run(t):
        y = t.clone()
        where = (slice(None),) * dim + (at,)
        if add:
            y[where] += t.flip(dim)[where]
        else:
            y[where] = t.flip(dim)[where]
        return y

    return Step(f"y[{dim}: {at.tolist()}] {'+=' if add else '='}", run)


# ---------------------------------------------------------------------- writes in place


@maker
def write_slice(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 3] or [None])
    if dim is None:
        return None
    add, through = choose.random() < 0.5, choose.choice(["view", "data", "transposed", "flat"])
    here, there = ((slice(None),) * dim + (part,) for part in (slice(1, None), slice(None, -1)))

    def run(t):
        y = (t * 1.1).contiguous()
        source = t.roll(1, -1)[there]
        target = {"view": y, "data": y.data, "transposed": y.transpose(0, -1).transpose(0, -1), "flat": y.view(y.shape)}
        if add:
            target[through][here] += source
        else:
            target[through][here] = source
        return y

    return Step(f"y[{dim}: 1:] {'+=' if add else '='} x[:-1] through {through}", run)


@maker
def write_flat(choose, x):
    n = choose.randrange(1, x.numel())

    def run(t):
        y = t.clone().contiguous()
        y.view(-1)[:n] = t.flatten().flip(0)[:n]
        return y

    return Step(f"y.view(-1)[:{n}] =", run)


@maker
def write_and_read_the_view(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 3] or [None])
    if dim is None:
        return None
    where = (slice(None),) * dim + (slice(1, 3),)

    def run(t):
        y = t.flip(dim).clone()
        v = y[where]
        v.copy_(t[where])
        y.select(dim, 0).mul_(2)
        return v * 1

    return Step(f"write and read the view of {dim}", run)


@maker
def view_made_before(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 2] or [None])
    if dim is None:
        return None

    def run(t):
        y = torch.zeros_like(t)
        v = y.select(dim, 1)
        y.copy_(t.flip(-1))
        y.select(dim, 0).copy_(v)
        return y

    return Step(f"view made before the write {dim}", run)


@maker
def write_out(choose, x):
    dim = a_dim(choose, x)

    def run(t):
        y = t.flip(dim).clone()
        torch.add(t, t.roll(1, dim), out=y)
        return y

    return Step(f"add out= {dim}", run)


@maker
def turned_in_place(choose, x):
    if x.dim() < 2:
        return None
    a, b = choose.sample(range(x.dim()), 2)

    def run(t):
        y = t.clone()
        v = y.view(y.shape)
        y.transpose_(a, b)
        y.mul_(2)
        return v + 1

    def run_other(t):
        y = t * 1
        return y.transpose_(a, b).unsqueeze_(0).add_(1)

    return Step(f"transpose_({a},{b})", run if choose.random() < 0.5 else run_other)


@maker
def fill_part(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 3] or [None])
    if dim is None:
        return None

    def run(t):
        y = t.clone()
        y.narrow(dim, 1, 2).fill_(0.3)
        return y

    return Step(f"narrow({dim}).fill_", run)


@maker
def constants_written(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 2] or [None])
    if dim is None:
        return None

    def run(t):
        y = torch.zeros(t.shape, dtype=t.dtype)
        at = torch.arange(t.shape[dim])
        at[0] = t.shape[dim] - 1
        y.copy_(t.index_select(dim, at))
        return y

    return Step(f"written to constants, index written {dim}", run)


# ---------------------------------------------------------------------- loops


@maker
def message_passing(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 2] or [None])
    if dim is None:
        return None
    in_place = choose.random() < 0.5

    def run(t):
        if in_place:
            y = t.clone()
            for i in range(1, y.shape[dim]):
                y.select(dim, i).add_(y.select(dim, i - 1) * 0.5)
            return y
        rows = list(t.unbind(dim))
        for i in range(1, len(rows)):
            rows[i] = rows[i] + (0.5 * rows[i - 1]).sin()
        return torch.stack(rows, dim)

    return Step(f"message passing along {dim} in_place={in_place}", run)


@maker
def recurrence(choose, x):
    dim = choose.choice([d for d in range(x.dim()) if d != 1 and x.shape[d] >= 2] or [None])
    if dim is None:
        return None

    def run(t):
        state, out = torch.zeros_like(t.select(dim, 0)), []
        for i in range(t.shape[dim]):
            state = 0.4 * t.select(dim, i) + 0.8 * state.sin()
            out.append(state)
        return torch.stack(out, dim)

    return Step(f"recurrence along {dim}", run)
