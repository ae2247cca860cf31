"""The command on a student's own folder: other pictures are never mistaken for those that were learned."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import models
from course_lib.datasets import Folder
from course_lib.training import checkpoint, command, evaluate
from course_lib.training.identity import identity

TINY = ["--model", "segnet_basic", "--data", "folder", "--width", "0.05", "--crop", "40", "--steps", "2",
        "--batch-size", "2", "--workers", "0"]  # fmt: skip


def painted(root, *, seed=0, classes=2, count=2, side=40, splits=("train", "val")):
    """A folder of small pictures of noise with their masks."""
    dice = np.random.default_rng(seed)
    for split in splits:
        for kind in ("images", "masks"):
            (root / kind / split).mkdir(parents=True)
        for number in range(count):
            pixels = dice.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / "images" / split / f"s_{number}.png")
            label = dice.integers(0, classes, (side, side), dtype=np.uint8)
            Image.fromarray(label).save(root / "masks" / split / f"s_{number}.png")
    return root


def run(root, *more, classes=("sky", "road"), output=None):
    place = ["--output", str(output)] if output else []
    command.main([*TINY, "--root", str(root), "--classes", *classes, *place, *map(str, more)])


def refused(*arguments, **options):
    with pytest.raises(SystemExit) as caught:
        run(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def forget_the_data(path):
    """As checkpoints were before they noted their data."""
    stored = checkpoint.load(path)
    del stored["plan"]["data"]
    checkpoint.save(path, stored)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    run(painted(folder / "cats"), output=folder / "run")
    return folder


@pytest.fixture
def place(trained, tmp_path):
    """A copy of the pictures and of what was learned from them."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_other_pictures_of_equal_number_are_refused_and_nothing_is_lost(place):
    before = {path.name: path.read_bytes() for path in (place / "run").iterdir()}
    said = refused(painted(place / "dogs", seed=1), output=place / "run")
    assert "belongs to other data" in said
    assert "cats with the classes sky, road there" in said
    assert f"{place / 'dogs'} with the classes sky, road now): choose another --output" in said
    assert {path.name: path.read_bytes() for path in (place / "run").iterdir()} == before


def test_another_order_of_the_classes_is_refused(place):
    assert "road, sky now" in refused(place / "cats", classes=("road", "sky"), output=place / "run")


def test_another_number_of_classes_is_refused_in_words(place):
    assert "sky, road, tree now" in refused(place / "cats", classes=("sky", "road", "tree"), output=place / "run")
    forget_the_data(place / "run" / "checkpoint.pt")
    with pytest.warns(UserWarning, match="does not say which data"):
        said = refused(place / "cats", classes=("sky", "road", "tree"), output=place / "run")
    assert "holds another network" in said
    assert "number of classes" in said


def test_another_width_is_refused_in_words(place):
    assert "same model, width, options" in refused(place / "cats", "--width", 0.1, output=place / "run")


def test_a_mask_painted_anew_is_told(trained, tmp_path):
    root = painted(tmp_path / "cats")
    run(root, output=tmp_path / "run")
    Image.new("L", (40, 40), 1).save(root / "masks" / "train" / "s_0.png")
    assert "whose files have changed since" in refused(root, output=tmp_path / "run")


@pytest.mark.parametrize("moved", [False, True])
def test_the_same_pictures_go_on_also_from_another_place(place, moved):
    root = (place / "cats").rename(place / "felines") if moved else place / "cats"
    before = torch.load(place / "run" / "weights.pt", weights_only=True)
    run(root, output=place / "run")
    after = torch.load(place / "run" / "weights.pt", weights_only=True)
    assert all(torch.equal(before[name], value) for name, value in after.items())


def test_a_checkpoint_that_noted_no_data_goes_on_and_says_so_once(place):
    forget_the_data(place / "run" / "checkpoint.pt")
    with pytest.warns(UserWarning, match=r"taken to be 2 pictures of .*cats with the classes sky, road"):
        run(place / "cats", output=place / "run")
    run(place / "cats", output=place / "run")


def test_each_root_has_an_output_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("cats", "dogs")):
        run(painted(tmp_path / name, seed=seed))
        assert json.loads((tmp_path / f"artefacts/training/segnet_basic_folder_{name}/scores.json").read_text())


def test_the_identity_knows_the_colours_of_masks_and_the_part_that_is_used(trained):
    def digest(**options):
        return identity(Folder(trained / "cats", ("sky", "road"), split="train", **options))["digest"]

    whole = Folder(trained / "cats", ("sky", "road"), split="train")
    parts = [identity(torch.utils.data.Subset(whole, [index])) for index in (0, 1)]
    assert digest() == identity(whole)["digest"] != digest(void=1)
    assert digest(colours={(0, 0, 0): 0}) != digest(colours={(0, 0, 0): 1})
    assert parts[0]["count"] == 1
    assert parts[0]["digest"] != parts[1]["digest"]


def test_painted_masks_need_their_colours(tmp_path):
    root = painted(tmp_path / "cats")
    for path in (root / "masks").glob("*/*.png"):
        Image.open(path).point(lambda value: 255 * value).convert("RGB").save(path)
    assert "use --colours R,G,B=LABEL" in refused(root, output=tmp_path / "run")
    assert "such as 255,0,0=1, got '255,0=1'" in refused(root, "--colours", "255,0=1", output=tmp_path / "run")
    run(root, "--colours", "0,0,0=0", "255,255,255=1", output=tmp_path / "run")
    assert set(json.loads((tmp_path / "run" / "scores.json").read_text())["iou"]) == {"sky", "road"}


def test_a_picture_too_small_to_be_scored_is_named_before_training(tmp_path):
    root = painted(tmp_path / "cats", side=40)
    for kind in ("images", "masks"):
        path = root / kind / "val" / "s_1.png"
        Image.open(path).resize((36, 20), Image.Resampling.NEAREST).save(path)
    said = refused(root, output=tmp_path / "run")
    assert "must be at least 33 x 33 pixels, got 20 x 36" in said
    assert f"the picture is {root / 'images' / 'val' / 's_1.png'}" in said
    assert not (tmp_path / "run").exists()
    assert "take a larger --crop" in refused(painted(tmp_path / "dogs"), "--crop", 20, output=tmp_path / "run")


def test_evaluate_names_the_picture_that_is_too_small(tmp_path):
    root = painted(tmp_path / "cats")
    for kind in ("images", "masks"):
        path = root / kind / "val" / "s_1.png"
        Image.open(path).crop((0, 0, 20, 20)).save(path)
    with pytest.raises(ValueError, match=r"got 20 x 20.*the picture is .*val/s_1\.png"):
        evaluate(models.build("segnet_basic", 2, 0.05), Folder(root, ("sky", "road"), split="val"), progress=False)


def test_a_folder_that_is_missing_is_told_with_what_belongs_there(tmp_path):
    assert f"there is no folder {tmp_path / 'nowhere'}; expected one" in refused(tmp_path / "nowhere")
    said = refused(painted(tmp_path / "cats", splits=("train",)))
    assert "images/val is missing; put about a fifth of your pictures into" in said
    assert "images/train is missing; put most of your pictures" in refused(painted(tmp_path / "dogs", splits=("val",)))


def test_weights_that_are_not_there_are_told_with_where_they_were_looked_for(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*run either: run the training first"):
        checkpoint.load(tmp_path / "run" / "weights.pt")
    with pytest.raises(FileNotFoundError, match=r"no file .*weights\.pt; run the training first, it writes weights"):
        checkpoint.load(tmp_path / "weights.pt")
    with pytest.raises(FileNotFoundError, match=r"no file .*weight\.pt; its folder holds checkpoint\.pt, weights\.pt"):
        checkpoint.load(trained / "run" / "weight.pt")
