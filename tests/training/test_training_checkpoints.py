"""The small networks of the lessons are there, small, and as good as they say."""

import hashlib
import json

import pytest
import torch
from training_damaged import damaged_copies

from course_lib import models
from course_lib.models import shipped
from course_lib.receptive_field import theoretical
from course_lib.scenes import Scenes
from course_lib.training import checkpoints
from course_lib.training.checkpoints import LESSONS, Lesson
from course_lib.training.photographs import NETWORKS
from course_lib.training.stacks import FIELDS, Stack

REAL = {name for name, plan in NETWORKS.items() if not plan.beside} | {"selfie", "efficientnet_lite0_imagenet"}


def test_every_lesson_has_its_checkpoint_and_every_checkpoint_its_lesson():
    assert checkpoints.names() == sorted(REAL | set(LESSONS))
    assert {path.stem for path in checkpoints.folder().glob("*.pt")} == REAL | set(LESSONS)


def test_each_is_under_700_kilobytes_and_all_under_6_megabytes():
    sizes = [(checkpoints.folder() / f"{name}.pt").stat().st_size for name in LESSONS]
    assert max(sizes) < 700_000
    assert sum(sizes) < 6_000_000


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_each_says_how_it_was_made(name):
    told, lesson = checkpoints.describe(name), LESSONS[name]
    assert told["command"] == f"python -m course_lib.training.checkpoints {name}"
    assert told["bytes"] == (checkpoints.folder() / f"{name}.pt").stat().st_size
    assert {key: told[key] for key in ("model", "family", "width", "steps", "seed", "options")} == {
        "model": lesson.model, "family": lesson.family, "width": lesson.width, "steps": lesson.steps,
        "seed": lesson.seed, "options": lesson.options,
    }  # fmt: skip
    assert told["classes"] == list(Scenes(lesson.family).classes)


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_each_was_trained_on_the_scenes_of_today(name):
    assert checkpoints.describe(name)["first_scene"] == checkpoints.signature(LESSONS[name]), "run `make checkpoints`"


@pytest.mark.parametrize("name", ["segnet_street", "pspnet50_harbour", "far_vehicles"])
def test_a_network_scores_what_it_says(name):
    told, found = checkpoints.describe(name), checkpoints.score(name)
    assert found.mean_iou == pytest.approx(told["mean_iou"], abs=1e-3)
    assert found.pixel_accuracy == pytest.approx(told["pixel_accuracy"], abs=1e-3)


def test_a_loaded_network_is_ready_to_look():
    net = checkpoints.load("segnet_street")
    assert not net.training
    assert all(value.dtype != torch.float16 for value in net.state_dict().values())
    assert net(torch.rand(1, 3, 64, 64)).shape == (1, 6, 64, 64)


def test_a_network_for_photographs_has_no_unseen_scenes():
    with pytest.raises(ValueError, match=r"selfie was trained on photographs, not on scenes"):
        checkpoints.unseen("selfie")


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_networks_for_photographs_are_loaded_alike(name):
    net = checkpoints.load(name)
    assert {value.dtype for value in net.state_dict().values() if value.is_floating_point()} == {torch.float32}
    assert sum(p.numel() for p in net.parameters()) == checkpoints.describe(name)["parameters"]


def test_an_unknown_checkpoint_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'segnet_street'"):
        checkpoints.load("segnet_streat")


def test_an_unknown_name_on_the_command_line_is_one_line():
    with pytest.raises(SystemExit, match=r"^python -m course_lib\.training\.checkpoints: unknown checkpoint 'nix'"):
        checkpoints.main(["nix"])


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_each_carries_its_checksum(name):
    content = (checkpoints.folder() / f"{name}.pt").read_bytes()
    assert checkpoints.describe(name)["sha256"] == hashlib.sha256(content).hexdigest()


def test_of_200_damaged_copies_none_is_believed(tmp_path, monkeypatch):
    whole, told = (checkpoints.folder() / "far_vehicles.pt").read_bytes(), checkpoints.describe("far_vehicles")
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    (tmp_path / "far_vehicles.json").write_text(json.dumps(told))
    for copy in damaged_copies(whole, 200):
        (tmp_path / "far_vehicles.pt").write_bytes(copy)
        with pytest.raises(ValueError, match=r"far_vehicles\.pt is not a whole checkpoint \(.*\): restore it"):
            checkpoints.load("far_vehicles")


def test_making_one_writes_a_network_and_its_story(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    monkeypatch.setattr(checkpoints, "TEST_COUNT", 8)
    lesson = Lesson("segnet_basic", "shapes", 0.1, 3, batch_size=2, size=40, count=8)
    monkeypatch.setattr(checkpoints, "LESSONS", {"tiny": lesson})
    checkpoints.main([])
    told = json.loads((tmp_path / "tiny.json").read_text())
    assert checkpoints.score("tiny").mean_iou == pytest.approx(told["mean_iou"], abs=1e-6)
    assert "tiny" in capsys.readouterr().out
    stored = torch.load(tmp_path / "tiny.pt", weights_only=True)
    kinds = {value.dtype for value in stored.values() if value.dim() > 1}
    assert kinds == {torch.float16}


def test_hes_initialisation_leaves_score_layers_at_zero():
    net = Lesson("fcn8s", "street", 0.02, 1, he=True).build()
    plain = models.build("fcn8s", 6, 0.02)
    assert not net.score_fr.weight.any()
    assert torch.equal(net.upscore8.weight, plain.upscore8.weight)
    fc7 = next(layer for layer in net.fc7.modules() if isinstance(layer, torch.nn.Conv2d))
    assert 0.8 < float(fc7.weight.detach().std() / (2 / fc7.in_channels) ** 0.5) < 1.2


@pytest.mark.parametrize("rates", FIELDS)
def test_the_field_of_a_stack_is_what_its_room_says(rates):
    net = Stack(3, rates)
    assert theoretical(net, image_size=(128, 128), channels=3).size("score") == (FIELDS[rates],) * 2


def test_twins_have_the_same_parameters():
    near, far = (
        [tuple(p.shape) for p in checkpoints.load(f"{name}_vehicles").parameters()] for name in ("near", "far")
    )
    assert near == far
