"""The laptop preset and the comparison: own classes from shipped weights, answers without masks, one honest page."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import compare, models
from course_lib.segment import segment
from course_lib.training import command, laptop

TINY = ["--preset", "laptop", "--data", "folder", "--classes", "wall", "thing", "--steps", "1", "--batch-size", "2",
        "--crop", "65", "--workers", "0"]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two networks, two seeds, one step each, on four pictures of noise."""
    folder, dice = tmp_path_factory.mktemp("compare"), np.random.default_rng(0)
    for split in ("train", "val"):
        for kind, shape, high in (("images", (70, 90, 3), 256), ("masks", (70, 90), 2)):
            (folder / "mine" / kind / split).mkdir(parents=True)
            for number in range(2):
                values = dice.integers(0, high, shape, dtype=np.uint8)
                Image.fromarray(values).save(folder / "mine" / kind / split / f"{number}.png")
    compare.main(["deeplab_v3plus", "fcn8s", "--seeds", "3", "4", "--output", str(folder / "out"), *TINY,
                  "--root", str(folder / "mine")])  # fmt: skip
    return folder


def test_the_report_holds_verdict_scores_pictures_curves_and_conditions(place):
    page = (place / "out" / "report.html").read_text()
    assert "DeepLab v3+ minus FCN-8s" in page
    assert "95 % interval" in page
    assert page.count("<img alt=") == 3  # the pictures, and a curve for each network
    assert not re.search(r'(src|href)="(?!data:)', page), "the page needs another file"
    scores = [json.loads((place / "out" / f"fcn8s_seed{seed}" / "scores.json").read_text()) for seed in (3, 4)]
    assert all(f"{one['mean_iou']:.4f}" in page for one in scores)
    for name in ("start", "learning_rate", "batch_size", "working_size", "torch"):
        assert f"<td>{name}" in page


def test_the_conditions_say_all_that_rebuilds_the_network(place):
    told = json.loads((place / "out" / "deeplab_v3plus_seed3" / "scores.json").read_text())["conditions"]
    assert (told["start"], told["seed"], told["steps"]) == ("deeplab_v3plus_pets", 3, 1)
    assert told["pictures"] == {"train": 2, "scored": 2}
    assert told["classes"] == ["wall", "thing"]
    net = models.build(told["model"], len(told["classes"]), told["width"], **told["options"])
    net.load_state_dict(torch.load(place / "out" / "deeplab_v3plus_seed3" / "weights.pt", weights_only=True))


def test_a_picture_without_a_mask_is_segmented_by_the_own_network(place):
    found = segment(place / "mine" / "images" / "val" / "0.png", network=place / "out" / "fcn8s_seed3")
    assert found.labels.shape == (70, 90)
    assert found.classes == ("wall", "thing")


def test_a_folder_without_scores_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no scores\.json: finish its training"):
        segment(np.zeros((3, 64, 64), np.uint8), network=tmp_path)


@pytest.mark.parametrize("model", sorted(laptop.NETWORKS))
def test_only_the_layers_that_give_the_scores_begin_anew(model):
    net = models.build(model, 3, **laptop.OPTIONS)  # as many classes as the shipped weights have, but others
    before = {name: value.clone() for name, value in net.state_dict().items()}
    anew = laptop.begin(net, model)
    assert anew
    assert all("score" in name for name in anew)
    assert all(torch.equal(before[name], net.state_dict()[name]) for name in anew)
    assert not torch.equal(before["backbone.stem.0.weight"], net.state_dict()["backbone.stem.0.weight"])


def test_another_network_has_no_preset():
    with pytest.raises(SystemExit, match="unknown model for --preset laptop 'segnet'"):
        command.main(["--preset", "laptop", "--model", "segnet", "--data", "scenes:shapes", "--option", "x=1"])


def test_two_networks_are_told_apart_only_where_the_interval_leaves_out_zero():
    def runs(*scores):
        return [{"mean_iou": score} for score in scores]

    assert "a is better" in compare.verdict({"a": runs(0.80, 0.81, 0.82), "b": runs(0.70, 0.71, 0.73)})
    assert "b is better" in compare.verdict({"a": runs(0.10, 0.11, 0.12), "b": runs(0.70, 0.71, 0.73)})
    assert "Undecided: these 3 seeds" in compare.verdict({"a": runs(0.80, 0.60, 0.70), "b": runs(0.70, 0.71, 0.73)})
    assert "Undecided" in compare.verdict({"a": runs(0.9), "b": runs(0.1)})
    assert compare.verdict({"a": runs(0.5)}) == "a: mean IoU 0.500 (one seed)"
