"""The small networks of lecture 06: what it shows, trains and measures."""

from torch import nn

from course_lib.evidence.context_heads import far_net

HEADS = {"none": (0,), "global": (1,), "pyramid": (1, 2, 3, 6)}


FAR = "far, without pooling"


def plain_net() -> nn.Module:
    """Seven plain layers behind the backbone: a field of 71 pixels before the enlargement."""
    return far_net(5, rates=(1,) * 7)
