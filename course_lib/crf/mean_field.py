"""Mean field in the fully connected CRF, and the energy it lowers.

Krähenbühl and Koltun: "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011
(arXiv 1210.5644), as DeepLab v1 and v2 use it:

    E(x) = sum_i -log p_i(x_i) + sum_{i<j} compatibility [x_i != x_j] k(i, j)
    k(i, j) = w1 exp(-|p_i - p_j|^2 / 2 theta_xy^2 - |I_i - I_j|^2 / 2 theta_rgb^2) + w2 exp(-|p_i - p_j|^2 / 2 theta^2)

Departs from the paper as the authors' code does: each kernel K is normalised to K_ij / sqrt(n_i n_j) with n_i its row
sum, and the self term i = j stays in the sum. Q starts as softmax(log p), and all pixels are updated at once.

Why the energy never rises: with the self term a normalised Gaussian kernel is positive semi-definite, so -Q'KQ/2 is
concave in Q, and an update minimises the rest of the energy plus the tangent of this part, which lies above it. Damped
steps fall too, by convexity of that bound. Without the self term, as the paper writes the sum, K has negative
eigenvalues and parallel updates may overshoot and swing.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import torch
from torch import Tensor

from course_lib.crf.checks import ENGINES, check_image, check_settings
from course_lib.crf.kernels import Normalised, appearance_kernel
from course_lib.crf.smoothness import Smoothness

CERTAIN = 1e-8  # probabilities below this count as this, so that a pixel's -log p stays finite


def dense_crf(
    image: Tensor,
    probabilities: Tensor,
    *,
    iterations: int = 10,
    appearance: Sequence[float | Tensor] = (4, 67, 3),
    smoothness: Sequence[float | Tensor] = (3, 1),
    compatibility: float | Tensor = 1.0,
    engine: str | None = None,
    damping: float = 0.0,
) -> Tensor:
    """Sharpened probabilities, C x H x W, from an image (3 x H x W, uint8) and a softmax map; or a batch of both.

    `appearance` is (weight, theta_xy, theta_rgb), `smoothness` is (weight, theta_xy); the defaults are DeepLab v2's.
    Thetas are standard deviations in pixels and in grey levels. `engine` is "exact", which compares every pair of
    pixels, or "lattice", which needs memory linear in the pixels; None takes the exact one up to 100 x 100 pixels.
    Gradients flow to the probabilities, the two weights and the compatibility. `damping` is the share of the old Q
    that each update keeps.
    """
    _check_engine(engine)
    check_image(image, probabilities)
    check_settings(appearance, smoothness, iterations=iterations, compatibility=compatibility, damping=damping)
    if image.ndim == 4:
        settings = {"appearance": appearance, "smoothness": smoothness, "compatibility": compatibility}
        options = {"iterations": iterations, "engine": engine, "damping": damping}
        return torch.stack([dense_crf(*pair, **settings, **options) for pair in zip(image, probabilities)])
    with torch.autocast(image.device.type, enabled=False):
        kernels = _kernels(image, probabilities.dtype, appearance, smoothness, compatibility, engine)
        log_p = _rows(probabilities.clamp_min(CERTAIN).log())
        q = log_p.softmax(1)
        for _ in range(iterations):
            updated = _with_messages(log_p, q, kernels).softmax(1)
            q = updated if damping == 0 else damping * q + (1 - damping) * updated
    return torch.stack(q.unbind(1)).view_as(probabilities)  # q.T has a gradient in another order, refused by softmax


def energy(
    image: Tensor,
    probabilities: Tensor,
    q: Tensor,
    *,
    appearance: Sequence[float | Tensor] = (4, 67, 3),
    smoothness: Sequence[float | Tensor] = (3, 1),
    compatibility: float | Tensor = 1.0,
    engine: str | None = None,
) -> Tensor:
    """The free energy of `q`, which mean field lowers: expected energy less entropy, self term included. One image."""
    _check_engine(engine)
    check_image(image, probabilities)
    check_image(image, q)
    check_settings(appearance, smoothness, iterations=0, compatibility=compatibility, damping=0.0)
    if image.ndim == 4 or q.shape != probabilities.shape:
        raise ValueError(f"energy takes one image, and q of the shape of probabilities, got {tuple(q.shape)}")
    q, unary = _rows(q), -_rows(probabilities.clamp_min(CERTAIN).log())
    kernels = _kernels(image, probabilities.dtype, appearance, smoothness, compatibility, engine)
    one = torch.ones_like(q[:, :1])
    agree = (q * _with_messages(torch.zeros_like(q), q, kernels)).sum()
    everyone = _with_messages(torch.zeros_like(one), one, kernels).sum()
    return (q * unary).sum() + 0.5 * (everyone - agree) + torch.xlogy(q, q).sum()


def _check_engine(engine: str | None) -> None:
    if engine is not None and engine not in ENGINES:
        close = get_close_matches(str(engine), ENGINES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"engine must be one of {', '.join(ENGINES)} or None, got {engine!r}{hint}")


def _rows(maps: Tensor) -> Tensor:
    """C x H x W to N x C: what a pixel says lies side by side, so that a neighbour is read at once."""
    return maps.flatten(1).T.contiguous()


def _kernels(
    image: Tensor,
    dtype: torch.dtype,
    appearance: Sequence,
    smoothness: Sequence,
    compatibility: float | Tensor,
    engine: str | None,
) -> list[tuple[float | Tensor, Normalised]]:
    """Each weight, times the compatibility, with its kernel; a kernel of weight 0 is not built."""
    kernels = []
    weight, theta_xy, theta_rgb = appearance
    if isinstance(weight, Tensor) or weight > 0:
        kernel = appearance_kernel(image, engine=engine, theta_xy=theta_xy, theta_rgb=theta_rgb, dtype=dtype)
        kernels.append((compatibility * weight, kernel))
    weight, theta_xy = smoothness
    if isinstance(weight, Tensor) or weight > 0:
        height, width = image.shape[-2:]
        kernel = Smoothness((height, width), theta_xy=float(theta_xy), dtype=dtype, device=image.device)
        normalised = Normalised(kernel, height * width, dtype=dtype, device=image.device)
        kernels.append((compatibility * weight, normalised))
    return kernels


def _with_messages(scores: Tensor, q: Tensor, kernels: list[tuple[float | Tensor, Normalised]]) -> Tensor:
    """The scores and what its neighbours tell each pixel. Potts: only agreement counts, up to a constant."""
    for weight, kernel in kernels:
        scores = kernel.added(scores, weight, q)
    return scores
