"""The networks that were trained on photographs: how they are made, resumed, scored and noted."""

import json
from dataclasses import replace

import pytest
import torch
from datasets.datasets_files import labels, write_image, write_list, write_mask

from course_lib.models import shipped
from course_lib.training import checkpoints, photographs
from course_lib.training.photographs import FINE_TUNING, NETWORKS, Photographed

SHIPPED = sorted(name for name, plan in NETWORKS.items() if not plan.beside)


@pytest.fixture
def root(tmp_path):
    """Six photographs in three lists."""
    for seed, name in enumerate("abcdef"):
        write_image(tmp_path / "pets" / "images" / f"{name}.jpg", size=(48, 64), seed=seed)
        write_mask(tmp_path / "pets" / "masks" / f"{name}.png", labels(0, 1, 255, size=(48, 64)))
    write_list(tmp_path / "pets" / "classes.txt", "0 background", "1 cat", "255 void")
    for split, names in (("train", "abcd"), ("val", "e"), ("test", "f")):
        write_list(tmp_path / "pets" / f"{split}.txt", *names)
    return tmp_path / "pets"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A plan of three steps, a control beside it, and a folder of their own."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setattr(shipped, "folder", lambda: folder)
    plan = Photographed(
        "segnet_basic", replace(FINE_TUNING, steps=3, batch_size=2, crop=33), width=0.1, working_size=49
    )
    monkeypatch.setattr(photographs, "NETWORKS", {"tiny": plan, "tiny_random": replace(plan, seed=1, beside="tiny")})
    return folder


def run(root, *arguments):
    photographs.main([*arguments, "--root", str(root), "--output", str(root.parent / "unfinished")])


def test_making_one_writes_weights_and_a_card(root, tiny, capsys):
    run(root, "tiny")
    assert "tiny on val: mIoU" in capsys.readouterr().out
    told = json.loads((tiny / "tiny.json").read_text())
    assert told["classes"] == ["background", "cat"]
    assert told["val"]["photographs"] == 1
    assert told["licence"] == "CC BY-SA 4.0"
    assert 0 <= told["rounding"]["labels_changed_on_val"] < 0.2
    assert "test" not in told
    kinds = {value.dtype for value in torch.load(tiny / "tiny.pt", weights_only=True).values() if value.dim() > 1}
    assert kinds == {torch.float16}


def test_a_training_that_is_done_is_not_done_again(root, tiny, capsys):
    run(root, "tiny")
    first = (tiny / "tiny.pt").read_bytes()
    state = json.loads((tiny / "tiny.json").read_text())
    (tiny / "tiny.pt").unlink()
    run(root, "tiny")
    assert json.loads((tiny / "tiny.json").read_text()) == state
    assert len((tiny / "tiny.pt").read_bytes()) == len(first)


def test_the_test_list_is_scored_by_its_own_command(root, tiny, capsys):
    run(root, "tiny")
    run(root, "tiny", "--test")
    told = json.loads((tiny / "tiny.json").read_text())
    assert told["test"]["photographs"] == 1
    assert f"tiny on test: mIoU {told['test']['mean_iou']:.4f}" in capsys.readouterr().out


def test_a_control_is_noted_beside_and_not_kept(root, tiny):
    run(root, "tiny", "tiny_random")
    run(root, "tiny_random", "--test")
    told = json.loads((tiny / "tiny.json").read_text())
    assert set(told["random_start"]) == {"val", "test", "log", "seconds"}
    assert told["random_start"]["val"] != told["val"]
    assert not (tiny / "tiny_random.pt").exists()


def test_an_unknown_name_is_answered_with_the_nearest(root, tiny):
    with pytest.raises(ValueError, match=r"unknown network 'tinny': .*did you mean 'tiny'"):
        run(root, "tinny")


@pytest.mark.parametrize("name", SHIPPED)
def test_each_card_says_how_it_was_made(name):
    told, plan = shipped.card(name), NETWORKS[name]
    assert told["command"] == f"python -m course_lib.training.photographs {name} --root PETS"
    recipe = plan.recipe
    assert {key: told[key] for key in ("model", "width", "options", "start", "seed", "steps", "crop")} == {
        "model": plan.model, "width": plan.width, "options": plan.options, "start": plan.start or "random",
        "seed": plan.seed, "steps": recipe.steps, "crop": recipe.crop,
    }  # fmt: skip
    assert told["licence"] == "CC BY-SA 4.0"
    assert {told["val"]["photographs"], told["test"]["photographs"]} == {50, 298}
    assert told["log"][-1]["step"] == recipe.steps


def test_imagenets_start_reaches_the_goal_and_a_random_one_does_not():
    told = shipped.card("deeplab_v3plus_pets")
    assert told["test"]["mean_iou"] >= 0.88
    assert told["random_start"]["test"]["mean_iou"] < 0.88


@pytest.mark.parametrize("name", SHIPPED)
def test_a_network_scores_on_val_what_its_card_says(name, shared):
    found = photographs.score(checkpoints.load(name), NETWORKS[name], shared / "datasets" / "pets", "val")
    assert found["mean_iou"] == pytest.approx(shipped.card(name)["val"]["mean_iou"], abs=2e-3)
