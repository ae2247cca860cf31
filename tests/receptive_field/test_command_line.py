"""`python -m course_lib.receptive_field`: a table or JSON, a picture, and one clear line for wrong words."""

import json
import sys
import types

import pytest
from torch import nn

from course_lib.receptive_field.__main__ import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Pictures go to a folder of the test's own, and `my_nets` is a module that can be asked for."""
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("my_nets")
    module.small = lambda width=4: nn.Sequential(
        nn.Conv2d(3, width, 3, 2, 1), nn.ReLU(), nn.Conv2d(width, 2, 3, padding=1)
    )
    module.number = lambda: 5
    monkeypatch.setitem(sys.modules, "my_nets", module)
    return tmp_path


def test_it_prints_the_table_and_writes_a_picture(here, capsys):
    assert main(["my_nets:small", "--size", "40", "48"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].split()[:3] == ["layer", "output", "field"]
    assert "pixel (10, 12) of output sees rows 17 to 23 and columns 21 to 27: 2.55 % of the image" in said
    assert "effective (random weights): 50 % within" in said
    assert (here / "receptive_field.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_all_that_is_printed(here, capsys):
    assert (
        main(["my_nets:small", "--size", "40", "48", "--json", "--empirical", "--stride", "5", "--pixel", "0", "1"])
        == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["box"] == [0, 0, 4, 6]
    assert answer["size"] == [7, 7]
    assert answer["exact"] is True
    assert answer["weights"] == "random"
    assert (
        {"centroid", "std", "r50", "r68.27", "r95.45", "side"} == set(answer["effective"]) == set(answer["empirical"])
    )
    assert [row["name"] for row in answer["table"]] == ["0", "1", "2", "output"]
    assert not list(here.iterdir())


def test_json_and_a_picture_where_it_is_told(here, capsys):
    assert main(["my_nets:small", "--json", "--size", "40", "40", "--out", "mine.png", "--images", "0"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["picture"] == "mine.png"
    assert answer["alt"].startswith("my_nets:small, output at (10, 10). Theoretical field: a box of 7 by 7 pixels")
    assert (here / "mine.png").is_file()


def test_json_has_null_where_a_field_is_endless(capsys):
    assert main(["torchvision:mobilenet_v3_small", "--layer", "avgpool", "--json", "--images", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [None, None]


def test_a_network_of_the_course_with_an_option(capsys):
    """SegNet's output field is 372 to 404 pixels by phase."""
    words = ["segnet", "--size", "64", "64", "--option", "width=0.05", "--images", "0", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [404, 404]


def test_a_network_of_torchvision_without_its_weights(capsys):
    words = ["torchvision:lraspp_mobilenet_v3_large", "--size", "64", "64", "--layer", "backbone.0", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [3, 3]


def test_a_picture_from_a_file(here, capsys):
    from PIL import Image

    Image.new("RGB", (90, 70), (200, 30, 40)).save(here / "photo.png")
    assert main(["my_nets:small", "--size", "40", "48", "--image", "photo.png"]) == 0
    assert (here / "receptive_field.png").is_file()


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # of a package that older segmentation_models import
@pytest.mark.parametrize(
    "words, said",
    [
        ("segnett", "the course has no network 'segnett'; did you mean segnet"),
        ("torchvision:resnet1", "torchvision has no network 'resnet1'; did you mean resnet18"),
        ("smp:unet", "segmentation_models_pytorch has no network 'unet'; did you mean Unet"),
        ("torchvison:resnet18", "there is no module 'torchvison' here; did you mean torchvision:"),
        ("my_nets:smal", "my_nets has no network 'smal'; did you mean small?"),
        ("my_nets:number", "my_nets:number gives a int, expected a torch module"),
        ("my_nets:small --option depth=4", "my_nets:small cannot be built with the options {'depth': 4}"),
        ("my_nets:small --option depth", "--option is NAME=VALUE, such as width=0.25, got 'depth'"),
        ("my_nets:small --layer 3", "no layer is called '3'"),
        ("my_nets:small --pixel 112 0", "pixel (112, 0) lies outside the output's map, which is 112 x 112"),
        ("my_nets:small --size 0 9", "--size and --channels must be at least 1"),
        ("my_nets:small --size nine 9", "argument --size: invalid int value: 'nine'"),
        ("my_nets:small --image missing.png", "missing.png"),
        ("my_nets:small --out nowhere/one.png", "--out: there is no folder 'nowhere'"),
        ("my_nets:small --empirical --images 0", "--empirical needs an image"),
        ("my_nets:small --depth 4", "unrecognized arguments: --depth 4"),
        ("torchvision:resnet18 --layer fc", "layer 'fc' has no spatial axes"),
        ("", "the following arguments are required: model"),
    ],
)
def test_wrong_words_end_with_one_clear_line_and_code_2(words, said, capsys):
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("receptive_field: ")
    assert said in err
    assert err.count("\n") == 1
