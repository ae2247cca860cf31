"""What stands in the box of a stage, and which look it has: the words of the architecture figures.

architecture_layout.py asks; every word comes from the stage's own numbers.
"""

from course_lib.models.structure import JOINS, UPWARDS, Stage


def look(stage: Stage) -> str:
    """The name of the look (colour and shape) of a stage."""
    if stage.kind in ("image", "scores", "mirror"):
        return "image"
    if stage.kind in JOINS:
        return "join"
    if stage.kind in UPWARDS:
        return "enlarge"
    if stage.kind in ("pool", "average", "bins"):
        return "pool"
    return "dilated" if max(stage.rates, default=1) > 1 else "up" if stage.upwards else "down"


def text_of(stage: Stage) -> str:
    """What stands in the box, from the stage's own numbers."""
    maps, size = f"{stage.channels} maps", " x ".join(map(str, stage.size))
    if stage.kind in JOINS:
        return "+" if stage.kind == "sum" else "c"
    if stage.kind in ("pool", "average"):
        kind = "max" if stage.kind == "pool" else "mean"
        stride = "" if stage.step == stage.kernel else f" /{stage.step}"
        return f"{kind} {stage.kernel}x{stage.kernel}{stride}"
    if stage.kind == "unpool":
        return f"unpool x{stage.step}"
    if stage.kind == "resize":
        return f"bilinear x{stage.step}"
    if stage.kind == "transposed":
        return f"{stage.kernels[0][0]} up x{stage.step}"
    if stage.kind in ("image", "scores", "mirror"):
        return "\n".join((stage.name if stage.kind != "mirror" else "mirrored", size))
    if stage.kind == "bins":
        bins = "whole image" if stage.kernel == 1 else f"{stage.kernel} x {stage.kernel} bins"
        return "\n".join((bins, maps, size))
    lines = [stage.name.replace("decoder, ", "").replace("aspp, project", "project"), maps, size]
    kernel, count = stage.kernels[0]
    kernel, *separable = kernel.split(" ")
    lines.append(kernel if count == 1 else f"{count} of {kernel}")
    lines += ["separable"] if separable else []
    if rates := [rate for rate in stage.rates if rate > 1]:
        lines.append(f"rate {rates[0]}")
    return "\n".join(lines)
