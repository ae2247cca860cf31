"""Each family does what its lecture needs: evidence at its distance, fair shares, nothing else that tells."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.lectures.l01_fcn_limits.experiments_photographs import of_labels
from course_lib.scenes import FAMILIES, Scenes
from course_lib.scenes.canvas import Canvas
from course_lib.scenes.dice import Dice, stream

LENS = 1  # the lens carries light one pixel further

# For each class: least and most share of all pixels, and the least share of pictures in which it is seen.
PROMISED = {
    "street": {
        "sky": (0.33, 0.43, 1), "road": (0.39, 0.50, 1), "bus": (0.06, 0.11, 0.75), "car": (0.015, 0.035, 0.9),
        "bicycle": (0.012, 0.03, 0.9), "pole": (0.025, 0.055, 0.95),
    },
    "avenue": {
        "sky": (0.16, 0.22, 0.98), "road": (0.29, 0.35, 0.98), "building": (0.16, 0.22, 0.98),
        "tree": (0.045, 0.07, 0.6), "bus": (0.05, 0.08, 0.45), "car": (0.035, 0.06, 0.6), "bicycle": (0.045, 0.07, 0.5),
        "person": (0.045, 0.07, 0.6), "pole": (0.015, 0.025, 0.55),
    },
    "reflections": {"road": (0.42, 0.58, 1), "bus": (0.4, 0.56, 0.65), "bicycle": (0.007, 0.02, 0.55)},
    "long_vehicle": {"background": (0.6, 0.7, 1), "bus": (0.15, 0.21, 0.75), "tram": (0.15, 0.21, 0.75)},
    "shapes": {
        "background": (0.6, 0.76, 1), "square": (0.1, 0.18, 0.6), "disc": (0.07, 0.14, 0.6), "cross": (0.05, 0.1, 0.6),
    },
    "harbour": {
        "water": (0.05, 0.075, 0.42), "road": (0.05, 0.075, 0.42), "fog": (0.77, 0.85, 1), "boat": (0.024, 0.04, 0.42),
        "car": (0.024, 0.04, 0.42),
    },
    "skyline": {
        "sky": (0.6, 0.7, 1), "ground": (0.17, 0.25, 1), "house": (0.05, 0.09, 0.6), "tower": (0.05, 0.09, 0.6),
    },
    "bedroom": {
        "wall": (0.29, 0.37, 1), "floor": (0.06, 0.12, 1), "bed": (0.5, 0.6, 1), "pillow": (0.025, 0.045, 0.42),
    },
    "fine_texture": {
        "background": (0.45, 0.6, 1), "upright": (0.13, 0.19, 0.7), "level": (0.13, 0.19, 0.7),
        "checker": (0.13, 0.19, 0.7),
    },
}  # fmt: skip


def painted(family: str, count: int, size: int = 64, **knobs) -> Canvas:
    """The canvas behind the pictures: parts, not colours."""
    settings = FAMILIES[family].settings(knobs, size)
    canvas = Canvas(FAMILIES[family].parts, count, size)
    FAMILIES[family].paint(canvas, Dice(stream(0, *family.encode()), torch.arange(count)), **settings)
    return canvas


def within(evidence: Tensor, distance: int) -> Tensor:
    """Pixels that have evidence in the square of side 2 distance + 1 around them."""
    plane, side = evidence[:, None].float(), 2 * distance + 1
    plane = F.max_pool2d(plane, (side, 1), stride=1, padding=(distance, 0))
    return F.max_pool2d(plane, (1, side), stride=1, padding=(0, distance))[:, 0] > 0


def chebyshev(evidence: Tensor) -> Tensor:
    """Distance of every pixel to the nearest evidence, ring by ring."""
    distance = torch.zeros(evidence.shape, dtype=torch.int32)
    for _ in range(evidence.shape[-1]):
        distance += ~evidence
        evidence = within(evidence, 1)
    return distance


def boxes(mine: Tensor) -> tuple[Tensor, Tensor]:
    """Height and width of what is seen of a thing in each picture."""
    return mine.any(2).sum(1), mine.any(1).sum(1)


@pytest.mark.parametrize("family", PROMISED)
def test_classes_have_their_promised_shares(family):
    scenes = Scenes(family, count=512, seed=11)
    _, label, _ = scenes.batch(range(512))
    assert scenes.classes == tuple(PROMISED[family])
    for index, (low, high, seen) in enumerate(PROMISED[family].values()):
        share, pictures = (label == index).float().mean(), (label == index).flatten(1).any(1).float().mean()
        assert low <= share <= high, scenes.classes[index]
        assert pictures >= seen, scenes.classes[index]


@pytest.mark.parametrize("family", PROMISED)
def test_classes_have_colours_of_the_palette_that_differ(family):
    from course_lib import palette

    colours = Scenes(family).colours
    assert len(set(colours)) == len(colours) == Scenes(family).num_classes
    assert set(colours) <= {*palette.ORDER, palette.BLACK}


@pytest.mark.parametrize("family", PROMISED)
def test_a_thing_has_one_class_and_one_size(family):
    _, label, extras = Scenes(family, count=64).batch(range(64))
    instance, size = extras["instance"], extras["object_size"]
    assert torch.equal(instance > 0, size > 0)
    for picture in range(64):
        for number in instance[picture].unique()[1:]:
            mine = instance[picture] == number
            assert len(label[picture][mine].unique()) == 1
            assert len(size[picture][mine].unique()) == 1
            rows, columns = mine.nonzero().amax(0) - mine.nonzero().amin(0) + 1
            assert int(size[picture][mine][0]) + 1 >= max(rows, columns)  # seen is never more than there is


@pytest.mark.parametrize("family, things", [
    ("street", {"bus", "car", "bicycle", "pole"}), ("reflections", {"bus", "bicycle"}),
    ("shapes", {"square", "disc", "cross"}),
    ("avenue", {"building", "tree", "bus", "car", "bicycle", "person", "pole"}),
    ("long_vehicle", {"bus", "tram"}), ("harbour", {"boat", "car"}), ("skyline", {"house", "tower"}),
    ("fine_texture", {"upright", "level", "checker"}),
])  # fmt: skip
def test_things_and_only_things_have_an_instance(family, things):
    scenes = Scenes(family, count=64)
    _, label, extras = scenes.batch(range(64))
    is_thing = torch.tensor([name in things for name in scenes.classes])
    assert torch.equal(is_thing[label], extras["instance"] > 0)


def test_lengths_grow_with_the_picture():
    for size in (64, 128, 256):
        _, _, extras = Scenes("shapes", size=size, count=200 * 64 // size).batch(range(200 * 64 // size))
        assert 6 * size // 64 <= extras["object_size"][extras["object_size"] > 0].min() <= 9 * size // 64
        assert extras["object_size"].max() >= 40 * size // 64


# street


@pytest.mark.parametrize("width", [1, 2, 3])
def test_poles_are_as_wide_as_their_knob(width):
    scenes = Scenes("street", count=64, pole_width=width)
    _, label, extras = scenes.batch(range(64))
    pole = (label == scenes.classes.index("pole")) & (extras["instance"] == 8)  # the nearest pole hides nothing else
    rows = pole.sum(2)
    posts = rows[rows > 0].mode().values  # most rows cut the post, a few its arm and lamp
    assert int(posts) == width


def test_buses_mirror_bicycles_as_often_as_the_knob_says_and_the_mirror_image_is_bus():
    never = Scenes("street", count=128, reflection=0.0).batch(range(128))
    always = Scenes("street", count=128, reflection=1.0).batch(range(128))
    bus = Scenes("street").classes.index("bus")
    assert not never[2]["reflection"].any()
    mirrored = always[2]["reflection"]
    assert (always[1][mirrored] == bus).all()
    buses = (always[1] == bus).flatten(1).sum(1) > 300
    assert mirrored.flatten(1).any(1)[buses].float().mean() > 0.8
    assert torch.equal(never[1], always[1])  # what is mirrored changes no label
    assert torch.equal(never[0] != always[0], (never[0] != always[0]) & within(mirrored, LENS)[:, None])


def test_street_sizes_follow_their_knobs():
    for name, knob, low, high in (("bus", "bus_size", 3 / 4, 5 / 4), ("car", "car_size", 2 / 3, 4 / 3)):
        for length in (20, 28):
            scenes = Scenes("street", count=64, **{knob: length})
            _, label, extras = scenes.batch(range(64))
            sizes = extras["object_size"][label == scenes.classes.index(name)].unique()
            assert int(length * low) <= int(sizes.min()) <= int(sizes.max()) <= length * high


# reflections


@pytest.mark.parametrize("gap", [0, 6, 14, 16])
def test_mirrored_bicycles_lie_farther_from_the_bus_than_the_gap(gap):
    scenes = Scenes("reflections", count=128, gap=gap)
    _, label, extras = scenes.batch(range(128))
    mirrored, pane = extras["reflection"], extras["distance"] > 0
    assert mirrored.flatten(1).any(1).float().mean() > 0.3
    assert not (within(~pane, gap + LENS) & mirrored).any()
    assert (label[mirrored] == scenes.classes.index("bus")).all()
    assert (label[pane] == scenes.classes.index("bus")).all()


def test_the_distance_in_a_pane_is_the_one_to_the_bus_around_it():
    _, _, extras = Scenes("reflections", count=12, gap=4).batch(range(12))
    pane = extras["distance"] > 0
    assert torch.equal(extras["distance"][pane], chebyshev(~pane)[pane])
    assert (extras["distance"][~pane] == -1).all()


def test_a_pane_looks_exactly_like_the_street_without_the_bus():
    scenes = Scenes("reflections", count=200, reflection=0.0)
    with_bus, without = (
        scenes.batch(range(200)),
        Scenes("reflections", count=200, reflection=0.0, bus_share=0.0).batch(range(200)),
    )
    bicycle = scenes.classes.index("bicycle")
    plain = (with_bus[2]["distance"] > LENS) & ~within(without[1] == bicycle, LENS)
    assert plain.sum() > 10_000
    assert torch.equal(with_bus[0].movedim(1, -1)[plain], without[0].movedim(1, -1)[plain])


def test_a_mirrored_bicycle_is_painted_like_a_true_one():
    from course_lib.scenes import reflections

    parts = reflections.PARTS
    for true in reflections.TRUE:
        for one, other in zip(true.parts, reflections.MIRRORED.parts):
            assert parts.colours[one] == parts.colours[other]
            assert parts.roughness[one] == parts.roughness[other]


# long_vehicle


def test_exchanging_the_cab_changes_nothing_but_the_cab():
    bus, tram = (Scenes("long_vehicle", count=128, kind=kind).batch(range(128)) for kind in ("bus", "tram"))
    assert set(bus[1].unique().tolist()) == {0, 1}
    assert torch.equal(bus[1] * 2, tram[1])
    cab = bus[2]["distance"] == 0
    assert torch.equal(bus[2]["distance"], tram[2]["distance"])
    changed = (bus[0] != tram[0]).any(1)
    assert not (changed & ~within(cab, LENS)).any()
    assert (changed & cab).sum() > 0.5 * cab.sum()


def test_the_distance_on_a_vehicle_is_the_one_to_its_own_cab():
    _, label, extras = Scenes("long_vehicle", count=24).batch(range(24))
    distance, instance = extras["distance"], extras["instance"]
    assert torch.equal(distance >= 0, label > 0)
    for number in (1, 2, 3):
        mine = instance == number
        assert torch.equal(distance[mine], chebyshev(mine & (distance == 0))[mine])
        cabs = (mine & (distance == 0)).any(1).sum(1)
        assert set(cabs.unique().tolist()) <= {0, 3}  # the default width of a cab
    assert distance.max() >= 50


def test_bodies_are_as_long_for_buses_as_for_trams():
    _, label, extras = Scenes("long_vehicle", count=512).batch(range(512))
    means = [extras["object_size"][label == kind].float().mean() for kind in (1, 2)]
    assert abs(means[0] - means[1]) < 0.5
    assert extras["object_size"].max() <= 56
    assert extras["object_size"][label > 0].min() >= 42


# shapes


def test_sizes_are_spread_evenly_over_octaves():
    _, _, extras = Scenes("shapes", count=2000, size=128, number=1, min_size=8, max_size=64).batch(range(2000))
    sizes = extras["object_size"].flatten(1).amax(1)
    shares = [((sizes >= low) & (sizes < 2 * low)).float().mean() for low in (8, 16, 32)]
    assert all(abs(share - 1 / 3) < 0.05 for share in shares)


def test_a_shape_is_what_its_class_says():
    scenes = Scenes("shapes", count=300, number=1)
    _, label, extras = scenes.batch(range(300))
    area, side = (extras["instance"] > 0).flatten(1).sum(1), extras["object_size"].flatten(1).amax(1)
    large = side >= 20
    fill = (area / side**2)[large]
    kind = label.flatten(1).amax(1)[large]
    for name, expected in (("square", 1.0), ("disc", torch.pi / 4), ("cross", 5 / 9)):
        assert (fill[kind == scenes.classes.index(name)] - expected).abs().max() < 0.04


def test_paint_does_not_tell_the_shape():
    scenes = Scenes("shapes", count=2000, number=1)
    image, label, extras = scenes.batch(range(2000))
    middle = extras["instance"] > 0
    kind = label.flatten(1).amax(1)
    colour = (image * middle[:, None]).sum((2, 3)) / middle.sum((1, 2))[:, None]
    means = torch.stack([colour[kind == k].mean(0) for k in (1, 2, 3)])
    assert (means - means.mean(0)).abs().max() < 0.04


def test_contrast_fades_the_shapes_into_the_ground():
    spread = []
    for contrast in (1.0, 0.2):
        image, _, extras = Scenes("shapes", count=100, contrast=contrast, grain=0).batch(range(100))
        thing = extras["instance"] > 0
        ground = torch.stack([each[:, ~mask].mean(1) for each, mask in zip(image, thing)])[:, :, None, None]
        spread.append((((image - ground) ** 2).mean(1)[thing]).mean().sqrt())
    assert 3 < spread[0] / spread[1] < 6


# harbour


@pytest.mark.parametrize("gap", [0, 12, 18, 26])
def test_hulls_lie_farther_from_the_surface_than_the_gap(gap):
    _, label, extras = Scenes("harbour", count=64, gap=gap, number=3).batch(range(64))
    hull, surface = extras["instance"] > 0, label <= 1
    assert not (within(surface, gap + LENS) & hull).any()
    assert torch.equal(extras["distance"][hull], chebyshev(surface)[hull])
    assert (extras["distance"][~hull] == -1).all()


def test_the_hull_is_the_same_on_water_and_on_the_road():
    water, road = (Scenes("harbour", count=128, surface=surface).batch(range(128)) for surface in ("water", "road"))
    hull = water[2]["instance"] > 0
    assert torch.equal(water[2]["instance"], road[2]["instance"])
    assert (water[1][hull] == 3).all()
    assert (road[1][hull] == 4).all()
    far = ~within(water[1] == 0, LENS)
    assert torch.equal(water[0].movedim(1, -1)[far], road[0].movedim(1, -1)[far])
    assert (far & hull).sum() == hull.sum()


def test_a_harbour_has_one_answer():
    _, label, _ = Scenes("harbour", count=256).batch(range(256))
    boat, car, water = ((label == kind).flatten(1).any(1) for kind in (3, 4, 0))
    assert not (boat & car).any()
    assert torch.equal(boat, water)


# skyline


def test_a_house_lies_and_a_tower_stands():
    scenes = Scenes("skyline", count=256, ratio=1.6)
    _, label, extras = scenes.batch(range(256))
    for number in (1, 2):
        mine = (extras["instance"] == number).flatten(1)
        seen = mine.any(1)
        height, width = (sides[seen] for sides in boxes(extras["instance"] == number))
        tower = ((label == scenes.classes.index("tower")).flatten(1) & mine).any(1)[seen]
        proportion = torch.where(tower, height / width, width / height)
        assert proportion.min() >= 1.6 * 0.95  # whole pixels
        assert proportion.max() <= 1.6 * 4 / 3 * 1.1
        ratio, size = (extras[name].flatten(1).where(mine, 0).amax(1)[seen] for name in ("ratio", "object_size"))
        assert torch.equal(ratio, (100 * height // width).int())
        assert torch.equal(size, torch.maximum(height, width).int())


def test_houses_and_towers_are_of_one_size_and_paint():
    scenes = Scenes("skyline", count=1024)
    image, label, extras = scenes.batch(range(1024))
    house, tower = (label == scenes.classes.index(name) for name in ("house", "tower"))
    assert abs(extras["object_size"][house].float().mean() - extras["object_size"][tower].float().mean()) < 0.5
    pixels = image.movedim(1, -1)
    assert (pixels[house].mean(0) - pixels[tower].mean(0)).abs().max() < 0.02


def test_the_facade_is_the_same_from_its_corner_on():
    canvas = painted("skyline", 256)
    corners = {"house": set(), "tower": set()}
    kinds = canvas.look(canvas.kinds)
    for picture in range(256):
        for number in (1, 2):
            mine = (canvas.look(canvas.instances)[picture] == number).nonzero()
            if len(mine):
                top, left = mine.amin(0)
                corner = canvas.part[picture, top : top + 7, left : left + 7]
                name = "house" if kinds[picture, top, left] == 2 else "tower"
                corners[name].add(tuple((corner - corner[0, 0]).flatten().tolist()))
    assert corners["house"] == corners["tower"]
    assert len(corners["house"]) == 1


# bedroom


@pytest.mark.parametrize("gap", [0, 24, 30])
def test_bumps_lie_farther_from_the_sign_than_the_gap(gap):
    bedroom, laundry = (
        Scenes("bedroom", count=96, gap=gap, room=room).batch(range(96)) for room in ("bedroom", "laundry")
    )
    bump = bedroom[2]["instance"] > 0
    assert bump.flatten(1).any(1).float().mean() > 0.9
    changed = (bedroom[0] != laundry[0]).any(1)  # the sign and what the lens makes of it
    assert not (within(changed, gap) & bump).any()


def test_exchanging_the_sign_turns_pillows_into_folds_and_nothing_else():
    bedroom, laundry = (Scenes("bedroom", count=96, room=room).batch(range(96)) for room in ("bedroom", "laundry"))
    bump = bedroom[2]["instance"] > 0
    assert torch.equal(bump, bedroom[1] == 3)
    assert (laundry[1][bump] == 2).all()
    assert torch.equal(bedroom[1][~bump], laundry[1][~bump])
    changed = (bedroom[0] != laundry[0]).any(1)
    rows, columns = changed.any(2), changed.any(1)
    assert rows[:, 20:].sum() == 0  # far up on the wall
    assert columns.sum(1).max() <= 3 * 14 + 2 * LENS
    left = columns.float().argmax(1)
    assert left.min() <= 2  # anywhere along it
    assert left.max() >= 18


def test_the_distance_on_a_bump_is_the_one_to_the_sign():
    canvas = painted("bedroom", 16)
    from course_lib.scenes import bedroom

    sign = (canvas.part >= bedroom.FRAME) & (canvas.part <= bedroom.ROUND)
    bump = canvas.look(canvas.instances) > 0
    assert torch.equal(canvas.factors["distance"][bump], chebyshev(sign)[bump])
    assert (canvas.factors["distance"][~bump] == -1).all()


def test_a_room_has_one_answer_and_bumps_in_both():
    _, label, extras = Scenes("bedroom", count=256).batch(range(256))
    bump = extras["instance"] > 0
    pillow = (label == 3).flatten(1).any(1)
    fold = (bump & (label == 2)).flatten(1).any(1)
    assert not (pillow & fold).any()
    assert 0.4 < pillow.float().mean() < 0.6
    assert 0.4 < fold.float().mean() < 0.6


def test_the_outline_is_as_faint_as_its_knob_says():
    strengths = []
    for outline in (0, 60):
        one, other = (Scenes("bedroom", count=16, outline=level, grain=0).batch(range(16))[0] for level in (outline, 0))
        strengths.append(float((one - other).abs().amax()))
    assert strengths[0] == 0
    assert strengths[1] > 30 / 255


# fine_texture


@pytest.mark.parametrize("stripe, rate", [(1, 2), (1, 4), (1, 6), (2, 4), (3, 6)])
def test_a_lattice_of_that_rate_reads_one_colour_and_either_as_often(stripe, rate):
    canvas = painted("fine_texture", 200, number=1, stripe=stripe)
    patch, kinds = canvas.look(canvas.instances) > 0, canvas.look(canvas.kinds)
    thread = canvas.part.long() % 2
    light = {kind: [] for kind in (1, 2, 3)}
    for y in range(rate):
        for x in range(rate):
            seen, threads = patch[:, y::rate, x::rate], thread[:, y::rate, x::rate]
            first = threads.where(seen, 0).flatten(1).amax(1)[:, None, None]
            assert (threads == first)[seen].all()
            kind = kinds[:, y::rate, x::rate].flatten(1).amax(1)
            for each in light:
                light[each].append(first.flatten()[kind == each].float().mean())
    for shares in light.values():
        assert torch.stack(shares).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("rate", [1, 3])
def test_a_lattice_of_odd_rate_can_read_the_cloth(rate):
    canvas = painted("fine_texture", 100, number=1)
    patch, kinds = canvas.look(canvas.instances) > 0, canvas.look(canvas.kinds)
    changes = {}
    for axis, name in ((1, "down"), (2, "across")):
        moved = canvas.part.roll(-rate, axis) != canvas.part
        both = patch & patch.roll(-rate, axis)
        both.narrow(axis, 64 - rate, rate).zero_()
        for kind in (1, 2, 3):
            changes[name, kind] = moved[both & (kinds == kind)].float().mean().item()
    assert changes == {
        ("down", 1): 0, ("across", 1): 1,  # upright
        ("down", 2): 1, ("across", 2): 0,  # level
        ("down", 3): 1, ("across", 3): 1,  # checker
    }  # fmt: skip


def test_cloths_are_of_one_paint_and_size():
    image, label, extras = Scenes("fine_texture", count=512, number=1).batch(range(512))
    pixels = image.movedim(1, -1)
    means = torch.stack([pixels[label == kind].mean(0) for kind in (1, 2, 3)])
    assert (means - means.mean(0)).abs().max() < 0.03
    sizes = torch.stack([extras["object_size"][label == kind].float().mean() for kind in (1, 2, 3)])
    assert (sizes - sizes.mean()).abs().max() < 1


# avenue


def test_a_stride_takes_from_the_avenue_what_it_takes_from_photographs():
    """Long et al. 2015, appendix A: of VOC 2011, whose pictures are 500 pixels long, 96.4, 92.8 and 86.1 % are kept."""
    scenes = Scenes("avenue", size=512, count=6, seed=1)
    kept = of_labels("", iter(scenes.batch(range(6))[1]), scenes.num_classes)
    for stride, share in {8: 0.964, 16: 0.928, 32: 0.861}.items():
        assert kept[f"mIoU at {stride}, "] == pytest.approx(share, abs=0.04), stride


def test_the_avenue_has_things_of_every_size_and_the_near_ones_hide_the_far():
    scenes = Scenes("avenue", size=128, count=256)
    _, label, extras = scenes.batch(range(256))
    for kind in ("tree", "bus", "car", "bicycle", "person", "pole"):
        sizes = extras["object_size"][label == scenes.classes.index(kind)]
        assert int(sizes.max()) >= 5 * int(sizes.min()), kind
    canvas = painted("avenue", 4)
    near = [thing for thing in canvas.instances.unique().tolist() if thing >= 9]
    far = [thing for thing in canvas.instances.unique().tolist() if 3 <= thing < 9]
    place = {number: (canvas.instances == number).nonzero().flatten() for number in near + far}
    assert min(int(place[number].min()) for number in near) > max(int(place[number].max()) for number in far)
