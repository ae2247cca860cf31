"""The design of the measured claims: what must be equal is, what must be out of sight is, and nothing is leaked."""

import torch
from torch import nn

from course_lib.evidence import mirrored
from course_lib.evidence.context_heads import aspp_net, far_net, pooling_net
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.small_training import HELD_OUT, answers, held_out, over_seeds, started, train
from course_lib.lectures.l03_skip_connections import experiments as skips
from course_lib.lectures.l04_receptive_field_dilation import experiments as fields
from course_lib.lectures.l05_deeplab_v1_v2 import networks as deeplab
from course_lib.lectures.l06_pspnet import experiments as pspnet
from course_lib.metrics import checkerboard
from course_lib.receptive_field import theoretical
from course_lib.scenes import Scenes


def size(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def reach(net: nn.Module) -> int:
    """How far from its own place the middle pixel reads."""
    rows = torch.as_tensor(theoretical(net, image_size=(161, 161)).mask((80, 80))).any(1).nonzero()
    return int((rows - 80).abs().max())


def test_variants_of_one_claim_have_the_same_parameters():
    groups = [
        [fields.labeller(rates) for rates in (fields.PLAIN, fields.HOLES, fields.MIXED)],
        [fields.pooled(), fields.dilated()],
        [fields.without_stem(rates) for rates in (fields.HOLES, fields.MIXED)],
        [pooling_net(5, bins) for bins in ((0,), (1,), (2,), (3,), (6,), (1, 2, 3, 6))],
        [aspp_net(5, pooling) for pooling in (False, True)],
        [mirrored.Mirrored(way) for way in ("indices", "corners")],
        [skips.SmallUNet(kept) for kept in ((1, 2, 3), (1,), ())],
        [skips.tower(add, 8) for add in (False, True)],
    ]
    assert [len({size(net) for net in group}) for group in groups] == [1] * len(groups)


def test_the_small_field_cannot_see_the_cab_and_the_large_one_can():
    assert reach(fields.labeller(fields.PLAIN)) < 20
    assert reach(fields.labeller(fields.MIXED)) >= 40
    assert reach(fields.labeller(fields.MIXED)) == reach(fields.labeller(fields.HOLES))


def test_without_pooling_the_telling_surface_is_out_of_sight():
    gap = Scenes("harbour").knobs["gap"]
    assert reach(pooling_net(5, (0,))) < gap
    assert reach(aspp_net(5, False)) < 26
    assert reach(far_net(5)) >= 32


def test_each_rate_sees_its_distance_and_no_farther():
    assert [reach(deeplab.aspp((rate,) * 4, 5)) - 4 * rate for rate in (1, 2, 4, 6)] == [7] * 4


def test_the_pooled_and_the_dilated_network_see_equally_far():
    inside = [nn.Sequential(*net) for net in (fields.pooled(), fields.dilated())]
    assert [theoretical(net, image_size=(160, 160)).size()[0] for net in inside] == [65, 67]


def test_a_lattice_of_rate_4_reads_a_quarter_of_the_cells():
    for rates in (fields.HOLES, fields.MIXED):
        net = nn.Sequential(*[nn.Conv2d(1, 1, 3, padding=rate, dilation=rate) for rate in rates])
        line = torch.as_tensor(theoretical(net, image_size=(99, 99), channels=1).mask((49, 49))).any(0)
        box = line.nonzero()
        assert fields.read_along_a_line(rates) == (int(box.max() - box.min()) + 1, int(line.sum()))


def test_no_claim_is_scored_on_pictures_it_has_trained_on():
    assert max(claim.seeds for claim in all_claims()) + 1000 < HELD_OUT
    trained, unseen = Scenes("harbour", count=32, seed=0).batch(range(32))[0], held_out("harbour", 8).batch(range(8))[0]
    assert (trained[:, None] - unseen).abs().amax((2, 3, 4)).min() > 0.1


def test_a_seed_gives_the_same_weights_before_and_after_training():
    def once() -> nn.Module:
        return train(started(lambda: pooling_net(5, (1,)), 3), "harbour", steps=2, seed=3)

    first, second = once(), once()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))
    assert answers(first, held_out("harbour", 2))[0].shape == (2, 64, 64)


def test_the_dice_outside_are_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    train(started(lambda: fields.labeller((1,), classes=4), 5), "shapes", steps=1, seed=1)
    assert torch.equal(torch.rand(1), expected)


def test_the_front_end_stays_as_it_is_while_the_module_learns():
    kept = fields.Kept(started(fields.front_end, 0))
    before = [value.clone() for value in kept.state_dict().values()]
    module = nn.Conv2d(3, 3, 1)
    fields.drive(fields.Labeller(kept, module), 0, steps=2)
    assert all(torch.equal(a, b) for a, b in zip(before, kept.state_dict().values()))


def test_fixed_corners_are_the_upper_left_cells():
    found = torch.zeros(1, 1, 2, 3, dtype=torch.long)
    assert mirrored.corners(found).flatten().tolist() == [0, 2, 4, 12, 14, 16]


def test_a_skip_that_is_left_out_hands_over_nothing():
    net = started(lambda: skips.SmallUNet((2, 3)), 0).eval()
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = net(image)
        net.up[0][0].weight[:, :8] += 1  # the weights that would read the finest level
        assert torch.equal(net(image), before)
        net.up[1][0].weight[:, :16] += 1
        assert not torch.equal(net(image), before)


def test_a_checkerboard_is_found_and_smooth_maps_have_none():
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    board = ((rows + columns) % 2).float().expand(1, 1, 64, 64)
    assert checkerboard.index(nn.Identity(), board) > 0.99
    noise = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    assert checkerboard.index(nn.Identity(), noise) < 0.05


def test_values_are_gathered_by_name():
    def squares(seed: int) -> dict[str, float]:
        return {"seed": float(seed), "square": float(seed**2)}

    assert over_seeds(range(3), squares) == {"seed": [0, 1, 2], "square": [0, 1, 4]}


def test_the_plain_and_the_far_network_cover_the_picture_in_theory():
    for net in (pspnet.plain_net(), far_net(5)):
        assert bool(torch.as_tensor(theoretical(net, image_size=(64, 64)).mask((32, 32))).all())
