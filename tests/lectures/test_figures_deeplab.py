"""The pictures of 05 say in words, with numbers, what they show, and refuse what does not fit."""

import pytest
import torch

from course_lib import explorers, models
from course_lib.evidence import counting, ledger
from course_lib.lectures.l05_deeplab_v1_v2 import figures as deeplab
from course_lib.receptive_field import theoretical

PICTURE = torch.randint(0, 256, (3, 20, 30), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
MASK = torch.zeros(20, 30, dtype=torch.int64)
MASK[:, 15:] = 1


def one_hot(label, classes=2):
    return torch.nn.functional.one_hot(label, classes).permute(2, 0, 1).float()


def test_maps_over_a_photograph_are_scored_against_the_mask():
    half = MASK.clone()
    half[:, 10:] = 1  # 300 of 400 and 200 of 300 pixels: mean IoU 17 / 24
    figure = deeplab.over(PICTURE, {"stride 8": one_hot(MASK), "stride 32": one_hot(half)}, ("sky", "mast"), MASK)
    assert "stride 8 1.00, stride 32 0.71" in figure.alt
    with pytest.raises(ValueError, match=r"the map 'fine' has \(20, 15\) pixels, the picture \(20, 30\)"):
        deeplab.over(PICTURE, {"fine": one_hot(MASK[:, ::2])}, ("sky", "mast"), MASK)


def test_views_name_span_and_parameters():
    # Chen et al. 2015, Table 2: 65.1 M and 20.5 M parameters
    net = models.build("deeplab_v1", device="meta")
    figure = deeplab.views({"4x4": (4, 8), "3x3": (3, 12)}, [65_140_565, counting.parameters(net)])
    assert "4x4: 16 weights over 25 x 25 cells, 65,140,565 parameters in all printed: 67.14 %" in figure.alt
    assert "3x3: 9 weights over 25 x 25 cells, 20,505,429" in figure.alt
    assert "over 9 x 9 cells, 7 parameters in all." in deeplab.views({"other": (3, 4)}, [7]).alt


def test_a_kernel_wider_than_the_map_is_refused():
    with pytest.raises(ValueError, match="a 3x3 at rate 24 spans 49 cells, the map has 41"):
        deeplab.views({"3x3": (3, 24)}, [1])
    with pytest.raises(ValueError, match="got 1 kernels and 2 numbers"):
        deeplab.views({"3x3": (3, 2)}, [1, 2])


def test_windows_count_what_neighbours_share():
    field = theoretical(torch.nn.MaxPool2d(3, stride=2, padding=1), image_size=(12, 12), channels=1)
    figure = deeplab.windows({"3x3": [field.box((2, cell))[1::2] for cell in (1, 2, 3)]}, pixels=9)
    assert "3x3: 3 cells read 7 pixels, 2 of them twice" in figure.alt


def test_only_aligned_corners_meet_every_cell_at_8k_plus_1():
    figure = deeplab.enlarged(torch.tensor([0.0, 1.0, 2.0]), size=17)
    assert "align_corners=True: cells lie 8 pixels apart, 3 of 3 on a pixel" in figure.alt
    assert "align_corners=False: cells lie 5.667 pixels apart, 1 of 3 on a pixel, first value 0, second 0" in figure.alt
    with pytest.raises(ValueError, match="the row must be shorter than 2"):
        deeplab.enlarged(torch.tensor([0.0, 1.0, 2.0]), size=2)


def test_on_one_colour_a_pixel_listens_to_place_alone():
    flat = torch.full((3, 41, 41), 90, dtype=torch.uint8)
    figure = deeplab.listens(flat, (20, 20), [(2, 5)])
    assert "as much as 25 twins" in figure.alt  # the sum of the Gaussian, 2 pi 2^2
    with pytest.raises(ValueError, match=r"pixel \(50, 0\) lies outside the picture of 41 x 41"):
        deeplab.listens(flat, (50, 0), [(2, 5)])


def test_taps_that_fall_off_the_map_are_not_counted():
    figure = deeplab.taps(torch.rand(3, 82, 82), [(20, 20), (0, 0)], rates=(6, 24), side=41)
    assert "at cell (20, 20) rate 6 9 of 9, rate 24 1 of 9; at cell (0, 0) rate 6 4 of 9, rate 24 4 of 9" in figure.alt
    with pytest.raises(ValueError, match="the picture must be square"):
        deeplab.taps(torch.rand(3, 82, 80), [(0, 0)], rates=(6,), side=41)


def test_the_printed_gains_of_the_crf_shrink_as_the_text_says():
    gains = {name: round(after - before, 2) for name, (before, after) in deeplab.CRF_GAINS.items()}
    assert gains["v1, large field of view"] == 5.39
    assert gains["v2, ResNet-101, ASPP"] == 1.34 == min(gains.values())
    assert "v2, ResNet-101, ASPP 76.35 and 77.69" in deeplab.crf_gains().alt


def test_answers_are_scored_and_refused_when_of_another_size():
    images, truth = torch.rand(2, 3, 20, 30), torch.stack([MASK, MASK])
    given = {"blind": torch.zeros_like(truth), "right": truth}
    figure = deeplab.answers(images, truth, given, ("sky", "mast"), ((0, 0, 0), (9, 9, 9)))
    assert "Right pixels: blind 50.0%, right 100.0%." in figure.alt
    with pytest.raises(ValueError, match=r"blind has shape \(1, 20, 30\), expected \(2, 20, 30\)"):
        deeplab.answers(images, truth, {"blind": truth[:1]}, ("sky", "mast"), ((0, 0, 0), (9, 9, 9)))


def test_three_knobs_of_the_crf_together_swallow_the_cat_as_the_text_says():
    moving = explorers.crf()

    def mean_iou(**settings):
        return float(dict(moving.render(**settings)[-1].rows)["Mean IoU after"])

    assert f"{mean_iou(iterations=0):.2f}" == f"{mean_iou(w1=0):.2f}" == "0.92"
    assert f"{mean_iou(w1=16, theta_xy=67, theta_rgb=40):.2f}" == "0.45"
    assert min(mean_iou(theta_rgb=1), mean_iou(theta_rgb=40), mean_iou(w2=12)) > 0.93


def test_the_lecture_reads_l7_as_the_ledger_has_it(root):
    text = (root / "notebooks" / "source" / "05_deeplab_v1_v2.py").read_text(encoding="utf-8").replace("\n# ", " ")
    row = ledger.read()["L7"]
    mean, gains = row["mean"], {one["name"]: one["mean"] for one in row["differences"]}
    right = {head: f"{mean[f'hulls right, {head}']:.0%}".replace("%", " %") for head in ("all rates", "rate 6")}
    assert f"With all rates {right['all rates']} of the hulls' pixels are right. The best single rate is 6" in text
    assert f"with {right['rate 6']}. The gain of {row['core']['mean']:.3f} is larger than the paper's 0.032" in text
    near, middle, far, farther = (
        [f"{100 * mean[f'{band} pixels away, rate {rate}']:.0f} %" for rate in (4, 6)]
        for band in ("0 to 8", "8 to 16", "16 to 24", "24 to 32")
    )
    assert f"({far[1]} and {farther[1]}) and guesses where it is nearer ({near[1]} and {middle[1]})" in text
    assert f"at its best from 8 to 16 pixels ({middle[0]})" in text
    assert f"all rates gain only {gains['sizes: over rate 2']:.3f} over the best single rate" in text
