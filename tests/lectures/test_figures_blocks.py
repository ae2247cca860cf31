"""The schematics of 03 say in words, with numbers, which maps take which path; the real networks have these numbers."""

from course_lib.evidence import counting
from course_lib.lectures.l03_skip_connections import figures_blocks as blocks
from course_lib.lectures.l03_skip_connections.claims import TABLE
from course_lib.models.resnet import Bottleneck


def test_the_residual_block_is_one_of_resnet_50s():
    resnet = counting.empty("deeplab_v3_resnet50")
    block = [layer for layer in resnet.modules() if isinstance(layer, Bottleneck)][1]
    convolutions = counting.convolutions(block)
    widths = [convolutions[0].in_channels, *(layer.out_channels for layer in convolutions)]
    assert widths == [256, 64, 64, 256]
    assert "The input of 256 maps takes two paths: through three convolutions that make 64, 64, 256 maps" in (
        blocks.residual_block(widths).alt
    )


def test_the_dense_block_is_the_first_of_fc_densenet56():
    layers = counting.convolutions(counting.empty("fc_densenet56", 11).down[0].block)
    reads = [layer.in_channels for layer in layers]
    assert reads == [48, 60, 72, 84]
    assert {layer.out_channels for layer in layers} == {12}
    assert "The layers read 48, 60, 72, 84 maps and add 12 each; 96 go out." in blocks.dense_block(reads, 12).alt


def test_a_sum_keeps_the_gradient_that_a_chain_loses():
    # 0.1 ** 3 and 1.1 ** 3
    alt = blocks.chains(slope=0.1, layers=3).alt
    assert "1, 0.1, 0.01, 0.001; y = x + F(x): each layer multiplies by 1 + F': 1, 1.1, 1.21, 1.331." in alt


def test_the_scheme_has_the_maps_of_fc_densenet103():
    alt = blocks.tiramisu(before=304, down=(10, 12), bottom=15, growth=16).alt
    assert "concatenated with its new maps: 304, 464, 656. From the bottleneck only its 240 new maps go up" in alt
    down = TABLE[3:6]
    assert down == [304, 464, 656]
    assert TABLE[6:9] == [656 + 240, 240 + 656 + 192, 192 + 464 + 160]
