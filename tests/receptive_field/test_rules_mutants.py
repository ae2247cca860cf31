"""The judge judges: a rule that is wrong by a little is noticed by the comparison with the twin."""

import numpy as np
import pytest
from torch import nn
from torch.nn import functional as F
from twin_check import agree

from course_lib.receptive_field.tracing import index_tables
from course_lib.receptive_field.tracing.rules import resize, windows


class PoolUnpool(nn.Module):
    def forward(self, x):
        y, places = F.max_pool2d(x, 3, 2, ceil_mode=True, return_indices=True)
        return F.max_unpool2d(y, places, 3, 2, output_size=x.shape[2:])


CONV = nn.Conv2d(2, 2, 3, padding=2, dilation=2)


def with_window(change):
    """The window table with its arguments changed."""
    return lambda *arguments: index_tables.window(*change(*arguments))


def without_overlap(geometry):
    return index_tables.nearest(geometry[1], geometry[0], None, False)


MUTANTS = {
    "dilation ignored": (windows, "window", with_window(lambda n, m, k, s, p, d: (n, m, k, s, p, 1)), CONV),
    "padding ignored": (windows, "window", with_window(lambda n, m, k, s, p, d: (n, m, k, s, 0, d)), CONV),
    "one tap missing": (windows, "window", with_window(lambda n, m, k, s, p, d: (n, m, k - 1, s, p, d)), CONV),
    "transposed as if it were not": (windows, "transposed_window", index_tables.window, nn.ConvTranspose2d(2, 2, 3, 2)),
    "unpooling without overlap": (windows, "back_to_window", without_overlap, PoolUnpool()),
    "adaptive bins cut down": (
        windows, "adaptive", lambda n, m: index_tables.window(n, m, n // m, n // m, 0, 1), nn.AdaptiveAvgPool2d(5),
    ),
    "mirrored as repeated": (
        resize, "padded", lambda n, a, b, mode: index_tables.padded(n, a, b, "replicate"), nn.ReflectionPad2d(3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_rule_is_noticed(name, monkeypatch):
    module, function, wrong, net = MUTANTS[name]
    agree(net, (17, 18), channels=2, pixels=12)
    monkeypatch.setattr(module, function, wrong)
    with pytest.raises((AssertionError, ValueError, IndexError)):
        agree(net, (17, 18), channels=2, pixels=12)


def test_a_table_and_its_transpose_say_the_same():
    table = index_tables.window(17, 8, 3, 2, 0, 1)
    forth, back = table.reads, table.transposed().reads
    assert all(out in back[source] for out, row in enumerate(forth) for source in row if source >= 0)
    assert np.count_nonzero(forth >= 0) == np.count_nonzero(back >= 0)
