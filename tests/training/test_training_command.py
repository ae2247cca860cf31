"""The command line, from start to scores, and its errors."""

import csv
import json
import re

import pytest
import torch

from course_lib import models
from course_lib.training import command
from course_lib.training.recipes import LAPTOP, RECIPES, recipe_for
from course_lib.training.sources import crop_of

TINY = ["--model", "segnet_basic", "--data", "scenes:shapes", "--size", "40", "--count", "16", "--width", "0.05",
        "--batch-size", "4"]  # fmt: skip


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command") / "out"
    command.main([*TINY, "--steps", "5", "--output", str(folder)])
    return folder


def test_it_writes_checkpoint_weights_log_plot_and_scores(output):
    names = {path.name for path in output.iterdir()}
    assert names == {"checkpoint.pt", "weights.pt", "log.csv", "plot.png", "scores.json"}
    with open(output / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4", "5"]
    scores = json.loads((output / "scores.json").read_text())
    assert 0 <= scores["mean_iou"] <= 1
    assert scores["steps"] == 5
    assert set(scores["iou"]) == {"background", "square", "disc", "cross"} or len(scores["iou"]) >= 2


def test_the_weights_fit_the_network_of_that_name(output):
    scores = json.loads((output / "scores.json").read_text())
    net = models.build("segnet_basic", len(scores["iou"]), width=0.05)
    net.load_state_dict(torch.load(output / "weights.pt", weights_only=True))


def test_the_same_command_again_goes_on_from_its_checkpoint(output, capsys):
    before = (output / "weights.pt").read_bytes()
    command.main([*TINY, "--steps", "5", "--output", str(output)])
    after = torch.load(output / "weights.pt", weights_only=True)
    assert all(torch.equal(after[k], v) for k, v in torch.load((output / "weights.pt"), weights_only=True).items())
    assert len(before) == (output / "weights.pt").stat().st_size
    assert "mIoU" in capsys.readouterr().out


@pytest.mark.parametrize("change, message", [
    (["--model", "segnett"], "did you mean 'segnet"),
    (["--data", "camvid"], "--data camvid needs --root"),
    (["--data", "camvid", "--root", "/nowhere"], "git clone"),
    (["--data", "kitti"], "unknown data 'kitti'"),
    (["--data", "scenes:streets"], "did you mean 'street'"),
    (["--option", "dropout"], "expects NAME=VALUE"),
    (["--option", "colour=3"], "no option 'colour'"),
    (["--steps", "7"], "another training"),
    (["--learning-rate", "nan"], "became nan"),
    (["--clip", "0"], "clip must be above 0"),
    (["--checkpoint-every", "0"], "checkpoint_every must be at least 1"),
])  # fmt: skip
def test_errors_are_one_line(output, tmp_path, change, message):
    folder = output if "--steps" in change else tmp_path
    with pytest.raises(SystemExit) as caught:
        command.main([*TINY, "--steps", "5", "--output", str(folder), *change])
    assert str(caught.value).startswith("python -m course_lib.training: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change, message", [
    (["--crop", "36"], r"another training \(crop: None there, 36 now\)"),
    (["--backbone-weights", "IMAGENET1K_V1"], r"backbone_weights: None there, 'IMAGENET1K_V1' now"),
    (["--option", "dropout=0.3"], r"option: \[\] there, \['dropout=0\.3'\] now"),
    (["--data", "scenes:street"], "belongs to other data|holds another network"),
    (["--size", "48"], "belongs to other data"),
])  # fmt: skip
def test_another_training_is_never_continued_in_the_same_output(output, monkeypatch, change, message):
    monkeypatch.setattr(command, "forecast", lambda *args, **options: None)
    real = models.build

    def build(*args, backbone_weights=None, dropout=None, **options):
        """As if the weights had been fetched, and the network had the option."""
        return real(*args, **options)

    monkeypatch.setattr(command.models, "build", build)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    with pytest.raises(SystemExit, match=message):
        command.main([*TINY, "--steps", "5", "--output", str(output), *change])
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


def test_memory_and_minutes_stand_before_the_first_step(tmp_path, monkeypatch, capsys):
    def stop(*args, **options):
        raise ValueError("the first step")

    monkeypatch.setattr(command, "fit", stop)
    with pytest.raises(SystemExit, match="the first step"):
        command.main([*TINY, "--steps", "5", "--output", str(tmp_path / "o")])
    said = capsys.readouterr().out
    assert re.search(r"needs about \d+ MB of memory \(.* GB are free\)", said)
    assert re.search(r"takes about \d+ \w+ \(5 steps of .* s\)", said)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("what, room", [("memory", "free_memory"), ("disk", "free_disk")])
def test_a_training_that_does_not_fit_asks_first(tmp_path, monkeypatch, capsys, what, room):
    begun = []
    monkeypatch.setattr(command, room, lambda *args: 1000)
    monkeypatch.setattr(command, "seconds_of_step", lambda *args, **options: begun.append(1) or 1.0)
    monkeypatch.setattr(command, "fit", lambda *args, **options: (_ for _ in ()).throw(ValueError("the first step")))
    line = [*TINY, "--steps", "5", "--output", str(tmp_path / "o")]
    with pytest.raises(SystemExit, match=rf"needs about .* of {what}, and 1 MB are free: choose a smaller --batch"):
        command.main(line)  # nobody sits before the tests
    assert not begun
    answers = ["n", "y"]
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr("builtins.input", lambda question: answers.pop(0))
    for word in ("not begun", "the first step"):
        with pytest.raises(SystemExit, match=word):
            command.main(line)
    assert not answers
    with pytest.raises(SystemExit, match="the first step"):
        command.main([*line, "--yes"])


def test_ctrl_c_before_the_first_step_is_one_line(tmp_path, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "forecast", interrupted)
    with pytest.raises(SystemExit, match=r"stopped before the first step"):
        command.main([*TINY, "--steps", "5", "--output", str(tmp_path / "o")])


def test_options_are_numbers_where_they_are_numbers():
    found = command.options(["output_stride=8", "stride_on=3x3", "multi_scale=true"])
    assert found == {"output_stride": 8, "stride_on": "3x3", "multi_scale": True}


def test_every_network_has_a_recipe_with_its_source():
    assert set(RECIPES) == set(models.names())
    assert all(recipe.source for recipe in RECIPES.values())
    assert recipe_for("segnet", "scenes:street") is LAPTOP


def test_recipes_are_the_papers():
    """networks.md, section 1: PSPNet 0.01 and 1e-4, DeepLab v3 0.007 at crop 513, FC-DenseNet batch 3 at crop 224."""
    assert (RECIPES["pspnet50"].learning_rate, RECIPES["pspnet50"].weight_decay) == (0.01, 1e-4)
    assert (RECIPES["deeplab_v3plus"].learning_rate, RECIPES["deeplab_v3plus"].crop) == (0.007, 513)
    assert (RECIPES["fc_densenet103"].batch_size, RECIPES["fc_densenet103"].crop) == (3, 224)
    assert RECIPES["deeplab_v1"].schedule(0.34) == pytest.approx(0.1)
    assert RECIPES["segnet"].balanced


def test_explicit_wishes_win_over_the_recipe():
    asked = command.parser().parse_args([*TINY, "--learning-rate", "0.5", "--schedule", "poly", "--no-balanced"])
    recipe = command.adapted(RECIPES["segnet"], asked)
    assert (recipe.learning_rate, recipe.batch_size, recipe.balanced) == (0.5, 4, False)
    assert recipe.schedule.__name__ == "poly"


def test_new_layers_learn_faster_beside_a_pretrained_backbone():
    net = models.build("deeplab_v2", 3, width=0.0625, device="meta")
    groups = RECIPES["deeplab_v2"].optimizer_for(net, pretrained=True).param_groups
    assert [group["lr"] for group in groups] == pytest.approx([2.5e-4, 2.5e-3])
    assert sum(len(group["params"]) for group in groups) == sum(p.requires_grad for p in net.parameters())
    assert len(RECIPES["deeplab_v2"].optimizer_for(net).param_groups) == 1


def test_crops_are_no_larger_than_camvids_frames():
    assert crop_of("camvid", RECIPES["deeplab_v3plus"]) == (360, 480)
    assert crop_of("camvid", RECIPES["fc_densenet103"]) == (224, 224)
    assert crop_of("camvid", RECIPES["segnet"]) == (360, 480)
    assert crop_of("voc", RECIPES["fcn8s"]) == (321, 321)
