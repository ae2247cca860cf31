"""The independent judge: which input pixels have a gradient, in a positive twin of the model, in double precision.

It shares nothing with the tables. The model itself runs, at real sizes, while every operation with weights or
nonlinearity is exchanged, as it is called, for a positive average over the same places: convolutions for means over
channels and window, max-pooling for the mean of its window, norms and activations for nothing. Sums of positive
numbers never cancel, so a gradient above zero means: this pixel is read. Interpolation weights are torch's own,
found by interpolating the unit vectors; those of rounding size count as zero.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def seen(model: nn.Module, shapes, pixels, layer: str | None = None, input: int = 0) -> list[Tensor]:
    """For each pixel of the layer's output a mask over the input: True where it has a gradient."""
    images = [torch.ones(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    caught = []
    target = dict(model.named_modules())[layer] if layer else model
    hook = target.register_forward_hook(lambda module, args, result: caught.append(result))
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with Positive():
            model(*images)
    finally:
        hook.remove()
        for module, training in modes:
            module.training = training
    result = caught[0]
    result = result.get("out", next(iter(result.values()))) if isinstance(result, dict) else result
    result = result[0] if isinstance(result, (tuple, list)) else result
    axes = len(shapes[0]) - 2
    masks = []
    for pixel in pixels:
        one = result[(slice(None), slice(None), *pixel)].sum()
        if not one.requires_grad:
            masks.append(torch.zeros(shapes[input][2:], dtype=torch.bool))
            continue
        (gradient,) = torch.autograd.grad(one, images[input], retain_graph=True, allow_unused=True)
        gradient = torch.zeros(shapes[input]) if gradient is None else gradient
        masks.append(gradient.abs().sum(tuple(range(gradient.dim() - axes))) > 0)
    return masks


IDENTITY = [
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "mish",
    "hardswish",
    "hardsigmoid",
    "hardtanh",
    "sigmoid",
    "tanh",
    "softplus",
    "prelu",
    "rrelu",
    "threshold",
    "dropout",
    "dropout2d",
    "feature_dropout",
    "alpha_dropout",
    "clamp",
    "local_response_norm",
    "abs",
    "sqrt",
    "exp",
    "log",
    "dropout1d",
    "dropout3d",
    "logsigmoid",
    "softsign",
    "square",
]
JOINED = ["mul", "sub", "div", "true_divide", "add", "maximum", "minimum", "multiply", "subtract", "rsub", "where"]


class Positive(TorchFunctionMode):
    """Exchanges operations while it is active."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = plain(getattr(func, "__name__", ""))
        tensors = [a for a in (*args, *kwargs.values()) if isinstance(a, Tensor) and a.requires_grad]
        if not tensors or isinstance(func, property) or name in ("__get__", "size", "dim"):
            return func(*args, **kwargs)
        if name in IDENTITY:
            return args[0] if isinstance(args[0], Tensor) else kwargs["input"]
        if name in JOINED:
            return joined([a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)])
        own = getattr(self, name, None)
        return own(*args, **kwargs) if own else func(*args, **kwargs)

    # weights ------------------------------------------------------------------

    def conv1d(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return self.convolved(torch.conv1d, input, weight, weight.shape[0], stride, padding, dilation)

    def conv2d(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return self.convolved(torch.conv2d, input, weight, weight.shape[0], stride, padding, dilation)

    def conv3d(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return self.convolved(torch.conv3d, input, weight, weight.shape[0], stride, padding, dilation)

    def conv_transpose1d(self, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        rest = (stride, padding, output_padding, 1, dilation)
        return self.transposed(torch.conv_transpose1d, input, weight, groups, rest)

    def conv_transpose2d(self, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        rest = (stride, padding, output_padding, 1, dilation)
        return self.transposed(torch.conv_transpose2d, input, weight, groups, rest)

    def conv_transpose3d(self, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        rest = (stride, padding, output_padding, 1, dilation)
        return self.transposed(torch.conv_transpose3d, input, weight, groups, rest)

    def convolved(self, convolution, x, weight, channels, stride, padding, dilation):
        y = convolution(x.mean(1, keepdim=True), ones(weight), None, stride, padding, dilation)
        return y.expand(-1, channels, *y.shape[2:])

    def transposed(self, convolution, x, weight, groups, rest):
        y = convolution(x.mean(1, keepdim=True), ones(weight), None, *rest)
        return y.expand(-1, weight.shape[1] * groups, *y.shape[2:])

    def linear(self, input, weight, bias=None):
        return input.mean(-1, keepdim=True).expand(*input.shape[:-1], weight.shape[0])

    # windows ------------------------------------------------------------------

    def max_pool1d(self, *args, **kwargs):
        return self.max_pooled(F.max_pool1d, *args, **kwargs)

    def max_pool2d(self, *args, **kwargs):
        return self.max_pooled(F.max_pool2d, *args, **kwargs)

    def max_pool3d(self, *args, **kwargs):
        return self.max_pooled(F.max_pool3d, *args, **kwargs)

    def max_pool2d_with_indices(self, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **more):
        return self.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)

    def max_pooled(
        self, pool, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
    ):
        """The mean of the window: found by unfolding the size that torch's own pooling gives."""
        count = input.dim() - 2
        kernel, dilation, padding = (spread(v, count) for v in (kernel_size, dilation, padding))
        stride = spread(stride or kernel_size, count)
        size = pool(torch.zeros(1, 1, *input.shape[2:]), kernel, stride, padding, dilation, ceil_mode).shape[2:]
        x = input
        for axis in range(count):
            x = window_mean(x, axis + 2, size[axis], kernel[axis], stride[axis], padding[axis], dilation[axis])
        if not return_indices:
            return x
        indices = x * 1.0
        indices.pooling = (input.shape[2:], kernel, stride, padding)
        return x, indices

    def max_unpool2d(self, input, indices, kernel_size, stride=None, padding=0, output_size=None):
        """Every cell is laid over all of its window, with all that decided where its value goes."""
        size, kernel, stride, padding = indices.pooling
        x = input + indices
        channels = x.shape[1]
        full = F.conv_transpose2d(x.mean(1, keepdim=True), torch.ones(1, 1, *kernel, dtype=x.dtype), None, stride)
        full = F.pad(
            full, (0, max(0, size[1] + padding[1] - full.shape[3]), 0, max(0, size[0] + padding[0] - full.shape[2]))
        )
        y = full[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]
        return y.expand(-1, channels, -1, -1)

    def adaptive_max_pool2d(self, input, output_size, return_indices=False):
        return F.adaptive_avg_pool2d(input, output_size)

    def interpolate(self, input, size=None, scale_factor=None, mode="nearest", align_corners=None,
                    recompute_scale_factor=None, antialias=False):  # fmt: skip
        """One matrix per axis, from torch's interpolation of the unit vectors."""
        axes = input.dim() - 2
        sizes, factors = spread(size, axes), spread(scale_factor, axes)
        short = {"bilinear": "linear", "trilinear": "linear"}.get(mode, mode)
        wide = mode == "bicubic" or antialias
        x = input
        for axis in range(axes):
            units = torch.eye(input.shape[axis + 2], dtype=torch.float64)[:, None]
            how = {"mode": mode if wide else short, "align_corners": align_corners, "antialias": antialias}
            how["recompute_scale_factor"] = recompute_scale_factor
            target = {"size": sizes[axis]} if size is not None else {"scale_factor": float(factors[axis])}
            if wide:
                target = (
                    {"size": (sizes[axis], 8)} if size is not None else {"scale_factor": (float(factors[axis]), 1.0)}
                )
                units = units[..., None].repeat(1, 1, 1, 8)  # a plane of one column goes wrong in torch's antialiasing
            with torch._C.DisableTorchFunction():
                weights = F.interpolate(units, **target, **how)[:, 0].abs()
            weights = weights[..., 3] if wide else weights
            weights = torch.where(weights < 1e-9, 0.0, weights)
            x = torch.movedim(torch.movedim(x, axis + 2, -1) @ weights, -1, axis + 2)
        return x

    # whole dimensions -----------------------------------------------------------

    def batch_norm(
        self, input, running_mean=None, running_var=None, weight=None, bias=None, training=False, *rest, **more
    ):
        own_statistics = training or running_mean is None
        return spread_mean(input, [d for d in range(input.dim()) if d != 1]) if own_statistics else input

    def instance_norm(self, input, *rest, **more):
        return spread_mean(input, range(2, input.dim()))

    def group_norm(self, input, *rest, **more):
        return spread_mean(input, range(1, input.dim()))

    def layer_norm(self, input, normalized_shape, *rest, **more):
        return spread_mean(input, range(input.dim() - len(normalized_shape), input.dim()))

    def softmax(self, input, dim=None, *rest, **more):
        return spread_mean(input, [dim])

    log_softmax = softmax

    def amax(self, input, dim=(), keepdim=False):
        return input.mean(dim, keepdim=keepdim)

    amin = std = amax


def plain(name: str) -> str:
    """`add` for __add__, __iadd__, __radd__ and add_."""
    if name.startswith("__") and name.endswith("__") and name not in ("__get__", "__getitem__", "__setitem__"):
        name = name[2:-2]
        name = name[1:] if name[:1] in "ir" and name[1:] in JOINED else name
        return {"truediv": "div"}.get(name, name)
    return name[:-1] if name.endswith("_") and not name.startswith("_") else name


def joined(tensors: list[Tensor]) -> Tensor:
    """The mean of those that come from the image, at the size that they have together with the constants."""
    shape = torch.broadcast_shapes(*(t.shape for t in tensors))
    real = [t for t in tensors if t.requires_grad]
    with torch._C.DisableTorchFunction():
        total = real[0] / len(real)
        for t in real[1:]:
            total = total + t / len(real)
        return total.expand(shape)


def ones(weight: Tensor) -> Tensor:
    kernel = weight.shape[2:]
    return torch.full((1, 1, *kernel), 1 / kernel.numel(), dtype=torch.float64)


def spread(value, count: int) -> list:
    if isinstance(value, (int, float)) or value is None:
        return [value] * count
    value = list(value)
    return value * count if len(value) == 1 else value


def spread_mean(x: Tensor, dims) -> Tensor:
    return (x + x.mean(tuple(dims), keepdim=True)) / 2


def window_mean(x: Tensor, dim: int, size: int, kernel: int, stride: int, padding: int, dilation: int) -> Tensor:
    """Mean of a window along one dimension; what lies outside counts as zero."""
    reach = (size - 1) * stride + (kernel - 1) * dilation + 1
    x = torch.movedim(x, dim, -1)
    x = F.pad(x, (padding, max(0, reach - padding - x.shape[-1])))
    taps = [x[..., tap * dilation : tap * dilation + (size - 1) * stride + 1 : stride] for tap in range(kernel)]
    return torch.movedim(sum(taps) / kernel, -1, dim)
