"""Scenes as a data set: the same pictures on every machine, in every batch, with every number of workers."""

import hashlib

import pytest
import torch
from torch.utils.data import DataLoader

from course_lib.scenes import FAMILIES, Scenes, families

NAMES = ("street", "reflections", "long_vehicle", "shapes", "harbour", "skyline", "bedroom", "fine_texture", "avenue")


def digest(size: int, family: str, **knobs) -> str:
    """SHA-256 over pictures, labels and every map of eight pictures."""
    image, label, extras = Scenes(family, size=size, count=10**6, seed=7, **knobs).batch([0, 1, 2, 3, 4, 5, 6, 999_999])
    result = hashlib.sha256((image * 255).round().to(torch.uint8).numpy().tobytes())
    result.update(label.to(torch.uint8).numpy().tobytes())
    for name in sorted(extras):
        result.update(extras[name].to(torch.int16).numpy().astype("<i2").tobytes())
    return result.hexdigest()


HASHES = {  # at 64 pixels, and at 90 without grain
    "street": (
        "69e1ba3470116ad85ef385c08ac0aa1dbc1b3dca369c0741c78f48ca9585e19d",
        "6f825a1a65c058c1a397d390da1960945531044c520f3d76e9323846a6f29a9a",
    ),
    "reflections": (
        "eb6073e57f0646ca49d0e71235d8cbe56d7ea56b4956e93abb6be092ea614b55",
        "2cccc351fcdd1cf78d2e8c347187f3e9a170ab1f5ba5dd4e1d11fb0714581ba5",
    ),
    "long_vehicle": (
        "4401e0f3048f982878dd7110fd59eb2e4d366ec157f628f237039c19f750bd57",
        "b168b8349ad1141a6c1be4916e354a759135966a3db97934145ead3120b6ba26",
    ),
    "shapes": (
        "7e29c0abc6320079091f35ae3ccb20712db00757ef17ee3db1d2f8fc82d3c029",
        "17c94a4a23f4bac8fdb2c05585acddb6a2a2d3dd8445924cefd078ca481eb652",
    ),
    "harbour": (
        "2d08bbeb6988ceef74730ee3556f1a3d1b0b1c35dcd1e5bb340cb4067cd528fe",
        "1998c7c44aad3892c285f6b497e03d1a82429234ef001069ff74caa26ef00545",
    ),
    "skyline": (
        "f073ea699e0c5e9f004304b753470b67c6f95413586ad9fee49116b7f068ea69",
        "a74f75d793171070a5d787b6e490be2df21bae1b3f1d731025024804b8b704a3",
    ),
    "bedroom": (
        "4ae59aa0c6916ab9cba5c1bed33f9d1af6cf95d043ba638f0239d7f459b52f53",
        "504d77ed56db8eed003de03edbc8c0f1405e216f3ee92ee0028dd97dce541c5e",
    ),
    "fine_texture": (
        "6eb874c2307cb12981edd0e675b268280861c16e9d744f642fc5e8c50ecac14b",
        "a6754cf755e9860fc31eca219dac2da593aa0604716a2d1043f814d8659cb2a0",
    ),
    "avenue": (
        "351d9a5e364a4897085a5499eec08ebc9f2c81d6e2490c69570dc004c19bff29",
        "37f2377e7f1bf903dbb41af1a3b9849be5987d5c66cb3460b4d5cb3dee626d95",
    ),
}


def equal(one, other) -> bool:
    """Whether two samples or batches are the same to the last bit."""
    maps = one[2].keys() == other[2].keys() and all(torch.equal(one[2][name], other[2][name]) for name in one[2])
    return torch.equal(one[0], other[0]) and torch.equal(one[1], other[1]) and maps


def test_the_nine_families_say_what_they_are_for():
    assert tuple(families()) == NAMES
    assert all(20 < len(about) < 130 and "\n" not in about for about in families().values())


@pytest.mark.parametrize("family", NAMES)
def test_pictures_are_the_ones_stored_as_a_hash(family):
    assert (digest(64, family), digest(90, family, grain=0)) == HASHES[family]


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("size", [32, 64, 77, 512])
def test_a_sample_is_a_picture_a_label_and_maps(family, size):
    scenes = Scenes(family, size=size, count=3)
    image, label, extras = scenes[2]
    assert image.shape == (3, size, size)
    assert image.dtype == torch.float32
    assert 0 <= float(image.min()) < float(image.max()) <= 1
    assert torch.equal((image * 255).round() / 255, image)
    assert label.shape == (size, size)
    assert label.dtype == torch.int64
    assert 0 <= int(label.min()) <= int(label.max()) < scenes.num_classes
    assert {"instance", "object_size"} <= extras.keys()
    for plane in extras.values():
        assert plane.shape == (size, size)
        assert not plane.is_floating_point()


@pytest.mark.parametrize("family", NAMES)
def test_a_picture_does_not_depend_on_its_batch(family):
    scenes = Scenes(family, count=400, seed=3)
    image, label, extras = scenes.batch(range(300))  # more than are painted at a time
    for index in (0, 17, 299):
        alone = scenes[index]
        assert equal(alone, (image[index], label[index], {name: plane[index] for name, plane in extras.items()}))
    assert equal(scenes.batch([5, 5, 9]), scenes.batch(torch.tensor([5, -395, -391])))


@pytest.mark.parametrize("family", NAMES)
def test_a_picture_does_not_depend_on_the_number_of_threads(family):
    scenes = Scenes(family, count=64, seed=1)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = scenes.batch(range(64))
        torch.set_num_threads(3)
        assert equal(one, scenes.batch(range(64)))
    finally:
        torch.set_num_threads(threads)


def test_a_picture_does_not_depend_on_torchs_random_state():
    torch.manual_seed(0)
    one = Scenes("street")[0]
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert equal(one, Scenes("street")[0])
    assert torch.equal(state, torch.get_rng_state())


def test_seeds_indices_and_families_differ():
    scenes = Scenes("shapes", count=1 << 40)
    images = [scenes[0][0], scenes[1][0], scenes[1 << 32][0], scenes[(1 << 40) - 1][0]]
    images += [Scenes("shapes", seed=seed)[0][0] for seed in (1, -1, 1 << 32, 1 << 63)]
    assert len({image.numpy().tobytes() for image in images}) == len(images)


def test_two_workers_give_what_none_gives():
    scenes = Scenes("shapes", size=32, count=20, seed=2)
    for workers in (0, 2):
        loader = DataLoader(
            scenes, batch_size=8, num_workers=workers, multiprocessing_context="spawn" if workers else None
        )
        batches = list(loader)
        assert [len(batch[1]) for batch in batches] == [8, 8, 4]
        together = [torch.cat([batch[i] for batch in batches]) for i in range(2)]
        expected = scenes.batch(range(20))
        assert torch.equal(together[0], expected[0])
        assert torch.equal(together[1], expected[1])
        assert torch.equal(torch.cat([batch[2]["instance"] for batch in batches]), expected[2]["instance"])


def test_the_loader_gives_each_picture_once_an_epoch_in_another_order():
    scenes = Scenes("harbour", size=32, count=50)
    names = {image.numpy().tobytes(): index for index, (image, _, _) in enumerate(scenes)}
    loader = scenes.loader(8, seed=1, epochs=2)
    seen = [[names[image.numpy().tobytes()] for image in batch[0]] for batch in loader]
    assert len(loader) == len(seen) == 14
    assert [len(batch) for batch in seen[:7]] == [8] * 6 + [2]
    first, second = ([index for batch in half for index in batch] for half in (seen[:7], seen[7:]))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    again = [[names[image.numpy().tobytes()] for image in batch[0]] for batch in loader]
    assert again == seen
    other = [names[image.numpy().tobytes()] for image in next(iter(scenes.loader(50, seed=2)))[0]]
    assert other != first


def test_the_loader_can_keep_the_order_and_drop_the_rest():
    scenes = Scenes("shapes", size=512, count=7)  # at 512 pixels few are painted at a time
    loader = scenes.loader(2, shuffle=False, drop_last=True)
    batches = list(loader)
    assert len(batches) == len(loader) == 3
    assert equal(batches[2], scenes.batch([4, 5]))


def test_iteration_ends():
    assert len(list(Scenes("shapes", size=32, count=3))) == 3


def test_the_order_of_a_shuffle_is_the_same_everywhere():
    image = next(iter(Scenes("shapes", size=32, count=1000).loader(4, seed=5)))[0]
    expected = Scenes("shapes", size=32, count=1000).batch(SHUFFLED)[0]
    assert torch.equal(image, expected)


SHUFFLED = [316, 100, 299, 781]


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("size", [32, 45, 64, 200])
@pytest.mark.parametrize("end", ["low", "high"])
def test_every_knob_may_stand_at_either_end(family, size, end):
    knobs = {}
    for name, knob in FAMILIES[family].knobs.items():
        if knob.choices:
            knobs[name] = knob.choices[0 if end == "low" else -1]
        else:
            knobs[name] = knob.low if end == "low" else knob.high * size // 64 if knob.length else knob.high
    _, label, extras = Scenes(family, size=size, count=8, **knobs).batch(range(8))
    assert int(label.max()) < len(FAMILIES[family].classes)
    assert all(plane.shape == label.shape for plane in extras.values())


@pytest.mark.parametrize("family", NAMES)
def test_defaults_lie_within_range_at_every_size(family):
    for size in range(32, 513):
        for name, knob in FAMILIES[family].knobs.items():
            assert knob.check(name, knob.at(size), size) == knob.at(size)


@pytest.mark.parametrize(
    "family, arguments, error, message",
    [
        ("stret", {}, ValueError, "no scenes named 'stret'; did you mean 'street'"),
        ("street", {"pole_with": 2}, ValueError, "no knob 'pole_with'; did you mean 'pole_width'"),
        ("street", {"pole_width": 9}, ValueError, "pole_width must be from 1 to 6 in pictures of 64 pixels, got 9"),
        ("street", {"pole_width": 1.5}, ValueError, "pole_width must be a whole number, got 1.5"),
        ("street", {"reflection": 1.2}, ValueError, "reflection must be from 0.0 to 1.0, got 1.2"),
        ("street", {"reflection": float("nan")}, ValueError, "reflection must be from"),
        ("street", {"grain": "much"}, ValueError, "grain must be a whole number, got 'much'"),
        ("harbour", {"surface": "lava"}, ValueError, "surface must be one of any, water, road, got 'lava'"),
        ("street", {"size": 31}, ValueError, "size must be a whole number from 32 to 512, got 31"),
        ("street", {"size": 64.0}, ValueError, "size must be a whole number"),
        ("street", {"count": 0}, ValueError, "count must be"),
        ("street", {"seed": 0.5}, ValueError, "seed must be a whole number"),
        ("shapes", {"min_size": 40, "max_size": 20}, ValueError, "min_size must not exceed max_size, got 40 and 20"),
    ],
)
def test_what_cannot_be_painted_is_refused_at_once(family, arguments, error, message):
    with pytest.raises(error, match=message):
        Scenes(family, **arguments)


def test_wrong_indices_are_refused():
    scenes = Scenes("shapes", size=32, count=10)
    for index in (10, -11):
        with pytest.raises(IndexError, match=f"index {index} is outside these 10 pictures"):
            scenes[index]
    with pytest.raises(ValueError, match="indices must be"):
        scenes.batch([])
    with pytest.raises(ValueError, match="indices must be"):
        scenes.batch([0.5])
    with pytest.raises(ValueError, match="batch_size must be"):
        scenes.loader(0)
    with pytest.raises(ValueError, match="leaves no whole batch"):
        scenes.loader(11, drop_last=True)


def test_the_representation_rebuilds_the_scenes():
    scenes = Scenes("harbour", size=48, count=5, seed=9, surface="road")
    assert equal(eval(repr(scenes))[3], scenes[3])
