"""fit: it learns, its order and its chance can be thrown again, and what is wrong is named."""

import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from training_tiny import CLASSES, Blobs, TinyNet, fingerprint

from course_lib import models
from course_lib.scenes import Scenes
from course_lib.training import History, dice, evaluate, fit
from course_lib.training.feed import Checked, Order, batches
from course_lib.training.objective import Objective, weights_of
from course_lib.training.optimisers import OPTIMISERS, light, one_cycle, poly, stairs


def quick(model=None, data=None, **options):
    model = TinyNet() if model is None else model
    history = fit(model, data or Blobs(), **{"steps": 6, "batch_size": 4, "progress": False, **options})
    return model, history


def test_a_network_learns_what_can_be_learnt():
    model, history = quick(steps=60, learning_rate=0.02)
    assert history.losses[-1] < 0.2 < 0.9 < history.losses[0]
    assert evaluate(model, Blobs(noise=0), progress=False).mean_iou > 0.95


def test_the_history_knows_every_step():
    _, history = quick(steps=22, validation=Blobs(), validate_every=11)
    assert history.steps == len(history.rates) == 22
    assert [step for step, _ in history.scores] == [20, 22]
    assert [step for step, _ in history.validations] == [11, 22]
    assert 0 < history.waiting < history.seconds
    assert not history.interrupted


def test_the_students_own_dice_lie_as_before():
    before = torch.get_rng_state()
    quick()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, second, other = (fingerprint(quick(seed=seed)[0]) for seed in (3, 3, 4))
    assert first == second != other


def test_an_image_meets_new_chance_in_each_epoch():
    checked = Checked(Blobs(4), num_classes=CLASSES, ignore=255, seed=0)
    first, again, other = (checked.__getitems__([(place, 2)])[0] for place in (2, 2, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_dropout_throws_anew_at_each_step_and_in_each_process():
    seen = []
    for step, rank in ((0, 0), (1, 0), (0, 1), (0, 0)):
        dice.throw_for_step(7, step, rank, torch.device("cpu"))
        seen.append(torch.rand(8))
    assert torch.equal(seen[0], seen[3])
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])


def test_workers_change_nothing():
    assert fingerprint(quick(workers=0)[0]) == fingerprint(quick(workers=2)[0])


def test_scenes_that_are_painted_together_come_step_by_step():
    scenes = Scenes("shapes", size=256, count=10)  # sixteen are painted at once
    order = Order(len(scenes), batch_size=4, start=0, steps=10, seed=0, rank=1, world=2)
    checked = Checked(scenes, num_classes=scenes.num_classes, ignore=255, seed=0)
    for items, batch in zip(order, batches(checked, order, workers=0, pin=False), strict=True):
        assert all(map(torch.equal, batch, checked.__getitems__(items)))


def test_an_epoch_shows_each_image_once():
    order = Order(10, batch_size=4, start=0, steps=5, seed=0, rank=0, world=1)
    indices = [index for step in order for _, index in step]
    assert sorted(indices[:10]) == sorted(indices[10:]) == list(range(10))
    assert indices[:10] != indices[10:]


def test_a_resumed_order_goes_on_where_it_stopped():
    whole = list(Order(10, batch_size=4, start=0, steps=9, seed=0, rank=0, world=1))
    assert list(Order(10, batch_size=4, start=4, steps=9, seed=0, rank=0, world=1)) == whole[4:]


def test_processes_share_the_batches_of_one():
    whole = list(Order(10, batch_size=4, start=0, steps=9, seed=0, rank=0, world=1))
    parts = [list(Order(10, batch_size=4, start=0, steps=9, seed=0, rank=rank, world=2)) for rank in (0, 1)]
    assert [sorted(a + b) for a, b in zip(*parts)] == [sorted(batch) for batch in whole]


def test_epochs_are_counted_in_images():
    assert quick(steps=None, epochs=1.5)[1].steps == math.ceil(1.5 * 10 / 4)


def test_poly_is_the_papers():
    _, history = quick(schedule="poly", learning_rate=0.5)
    assert history.rates == pytest.approx([0.5 * (1 - step / 6) ** 0.9 for step in range(6)])
    assert poly(0) == 1


def test_one_cycle_rises_for_three_tenths_and_falls_to_nothing():
    values = [one_cycle(i / 100) for i in range(101)]
    assert values[0] == pytest.approx(1 / 25)
    assert max(values) == values[30] == 1
    assert values[:31] == sorted(values[:31])
    assert values[30:] == sorted(values[30:], reverse=True)
    assert values[100] == pytest.approx(4e-6)


def test_stairs_fall_by_ten_after_each_third():
    assert [stairs(p) for p in (0, 0.3, 0.34, 0.67)] == pytest.approx([1, 1, 0.1, 0.01])


def test_an_optimizer_of_ones_own_and_a_schedule_of_ones_own():
    model = TinyNet()
    _, history = quick(model, optimizer=lambda p: torch.optim.Adam(p, lr=0.25), schedule=lambda progress: progress)
    assert history.rates == pytest.approx([0.25 * step / 6 for step in range(6)])
    quick(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_without_torchs_wrappers_ends_with_the_same_bits(name):
    make, rate = OPTIMISERS[name]
    light = fingerprint(quick(TinyNet(chance=False), optimizer=lambda p: make(p, rate, 1e-4))[0])
    own = type(make([torch.zeros(1)], rate, 1e-4)).__mro__[1]
    assert own.__module__.startswith("torch.optim")
    options = {"momentum": 0.9} if name == "sgd" else {}
    torchs = quick(TinyNet(chance=False), optimizer=lambda p: own(p, lr=rate, weight_decay=1e-4, **options))[0]
    assert fingerprint(torchs) == light


def test_training_does_not_load_torchs_compiler(root):
    """It takes 150 MB and 5 seconds, more than a lecture has to spare."""
    code = """
import sys, torch
from course_lib.scenes import Scenes
from course_lib.training import fit
fit(torch.nn.Conv2d(3, 6, 1), Scenes("street", count=4), steps=1, batch_size=4, progress=False)
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_the_gradient_is_clipped():
    model = TinyNet(chance=False)
    start = [p.detach().clone() for p in model.parameters()]
    quick(model, optimizer=lambda p: torch.optim.SGD(p, lr=1.0), schedule="constant", clip=0.01, steps=1)
    moved = torch.cat([(p.detach() - q).flatten() for p, q in zip(model.parameters(), start)]).norm()
    assert float(moved) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("weights", [None, (0.5, 1.0, 4.0)])
def test_the_loss_is_torchs_mean_over_all_but_void(weights):
    model, data = TinyNet(chance=False), Blobs(noise=0)
    images, labels = data.images, data.labels
    tensor = weights_of(weights, CLASSES)
    loss, logits = Objective(model, class_weights=tensor, ignore=255)(images, labels)
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels, weight=tensor, ignore_index=255))


def test_labels_of_void_alone_teach_nothing_and_this_is_said_once():
    data = Blobs()
    data.labels[:] = 255
    with pytest.warns(
        UserWarning, match=r"all pixels of the first 12 labels are void \(255\): nothing is learned"
    ) as told:
        model, history = quick(data=data, optimizer="sgd", weight_decay=0.0)
    assert len(told) == 1
    assert history.losses == [0.0] * 6
    assert torch.equal(model[0].weight, TinyNet()[0].weight)


def test_one_batch_of_void_among_others_is_not_said():
    data = Blobs()
    data.labels[:8] = 255
    quick(data=data)


def test_auxiliary_heads_weigh_what_the_network_says():
    class WithHelp(nn.Module):
        def __init__(self):
            super().__init__()
            self.main, self.help = TinyNet(chance=False), TinyNet(chance=False, seed=1)

        def forward(self, image):
            return self.main(image)

        def training_logits(self, image):
            return [(1.0, self.main(image)), (0.4, self.help(image))]

    model, data = WithHelp(), Blobs(noise=0)
    loss, logits = Objective(model, class_weights=None, ignore=255)(data.images, data.labels)
    parts = [F.cross_entropy(net(data.images), data.labels, ignore_index=255) for net in (model.main, model.help)]
    torch.testing.assert_close(loss, parts[0] + 0.4 * parts[1])
    torch.testing.assert_close(logits, model.main(data.images))
    before = model.help[0].weight.clone()
    quick(model)
    assert not torch.equal(model.help[0].weight, before)


def test_a_network_of_the_course_learns_a_scene():
    scenes = Scenes("shapes", size=40, count=16)
    model = models.build("segnet_basic", scenes.num_classes, width=0.1)
    history = fit(model, scenes, steps=12, batch_size=4, progress=False)
    assert history.losses[-1] < history.losses[0]


def test_mixed_precision_stays_close():
    plain, mixed = quick()[1], quick(amp=True)[1]
    assert mixed.losses != plain.losses
    assert mixed.losses == pytest.approx(plain.losses, rel=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_learns_like_the_processor():
    here, there = quick(chance_free := TinyNet(chance=False))[1], quick(TinyNet(chance=False).cuda(), amp=False)[1]
    assert there.losses == pytest.approx(here.losses, rel=1e-3)
    assert quick(chance_free.cuda())[1].losses[0] > 0


def test_a_loss_that_is_no_number_stops_training_with_advice(tmp_path):
    class Poisoned(Blobs):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return image * (float("nan") if index == 7 else 1), label

    with pytest.raises(FloatingPointError, match=r"the loss became nan at step [1-6]\. Try.*learning rate.*clip"):
        quick(data=Poisoned(), checkpoint=tmp_path / "c.pt", checkpoint_every=1, seed=3)
    torch.load(tmp_path / "c.pt", weights_only=True)


def test_a_gradient_that_is_no_number_never_reaches_the_weights():
    class Rooted(TinyNet):
        def forward(self, image):
            return super().forward(image) + 0 * (super().forward(image) * 0).sqrt()  # finite, its slope is not

    model = Rooted(chance=False)
    with pytest.raises(FloatingPointError, match="the gradient became nan"):
        quick(model)
    assert all(p.isfinite().all() for p in model.parameters())


class Several(Dataset):
    def __init__(self, *items, **known):
        self.items = items
        self.__dict__.update(known)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def item(side=12, value=0):
    return torch.rand(3, side, side), torch.full((side, side), value)


@pytest.mark.parametrize("data, options, message", [
    (Several(), {}, "the data set is empty"),
    (Several(item(), num_classes=5, classes=("a", "b")), {}, r"the data have 5 \(a, b\): build it with num_classes=5"),
    (Several(item(), item(value=3)), {}, r"item 1 holds the label 3, but the network knows 3 classes \(0 to 2; 255"),
    (Several(item(), item(value=-1)), {}, "item 1 holds the label -1"),
    (Several(item(), item(side=10)), {}, r"different sizes.*augment\(crop=\.\.\.\)"),
    (Several((item()[0], item()[1].int())), {}, r"label 0 is torch\.int32"),
    (Several((item()[0].byte(), item()[1])), {}, r"image 0 is torch\.uint8"),
    (Several((item()[0], item()[1][:4])), {}, r"shape \(4, 12\); expected torch\.int64"),
    (Blobs(), {"steps": None}, "give steps= or epochs="),
    (Blobs(), {"epochs": 2}, "one of them, got steps=6 and epochs=2"),
    (Blobs(), {"steps": 0}, "steps must be at least 1, got 0"),
    (Blobs(), {"batch_size": 0}, "batch_size must be at least 1, got 0"),
    (Blobs(), {"learning_rate": 0.0}, "learning_rate must be above 0"),
    (Blobs(), {"optimizer": "adam"}, "unknown optimizer 'adam'.*did you mean 'adamw'"),
    (Blobs(), {"schedule": "polly"}, "did you mean 'poly'"),
    (Blobs(), {"class_weights": [1, 2]}, r"class_weights must be 3 numbers, one per class, got \(2,\)"),
    (Blobs(), {"class_weights": [1, -2, 1]}, "not negative"),
    (Blobs(), {"clip": -1.0}, r"clip must be above 0, got -1\.0"),
    (Blobs(), {"clip": 0}, "clip.*must be above 0.*got 0"),
    (Blobs(), {"clip": float("nan")}, "clip must be a finite number, got nan"),
    (Blobs(), {"checkpoint_every": 0}, "checkpoint_every must be at least 1, got 0"),
    (Blobs(), {"validation": Blobs(), "validate_every": -1}, "validate_every must be at least 1, got -1"),
])  # fmt: skip
def test_what_is_wrong_is_named(data, options, message):
    with pytest.raises(ValueError, match=message):
        quick(data=data, **options) if len(data) else fit(TinyNet(), data, steps=1)


def test_a_network_that_answers_at_another_size_is_named():
    with pytest.raises(ValueError, match=r"an image of \(12, 12\) with \(1, 3, 6, 6\)"):
        quick(nn.Conv2d(3, 3, 1, stride=2))


def test_a_history_travels_through_its_dictionary():
    history = quick()[1]
    assert History.from_dict(history.as_dict()) == history


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
@pytest.mark.parametrize("differentiable", [False, True])
def test_a_light_optimiser_steps_like_torchs_own(kind, differentiable):
    """The same digits, and the same graph where a step can be differentiated."""
    steps = []
    for one in (kind, light(kind)):
        start = torch.tensor([0.5, -0.25], requires_grad=True)
        moved = start.clone()
        moved.grad = start**2
        if not differentiable:
            moved, moved.grad = moved.detach(), moved.grad.detach()
        one([moved], lr=0.1, differentiable=differentiable).step()
        steps.append(moved)
        assert moved.requires_grad == differentiable
    assert torch.equal(*steps)
    assert not torch.equal(steps[0], start)
