"""Photographs in one folder, and lists that say which to learn from."""

import pytest
from datasets_files import labels, write_image, write_list, write_mask

from course_lib.datasets import Listed


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate(("a", "b", "c")):
        write_image(tmp_path / "images" / f"{name}.jpg", seed=seed)
        write_mask(tmp_path / "masks" / f"{name}.png", labels(0, 2, 255))
    write_list(tmp_path / "classes.txt", "0 background", "1 cat", "2 dog", "255 void (the border)")
    write_list(tmp_path / "train.txt", "c", "a")
    write_list(tmp_path / "val.txt", "b")
    return tmp_path


def test_a_list_says_which_photographs(folder):
    data = Listed(folder, "train")
    assert [image.stem for image, _ in data.pairs] == ["c", "a"]
    assert data.classes == ("background", "cat", "dog")
    image, label = data[0]
    assert image.shape[1:] == label.shape
    assert label.unique().tolist() == [0, 2, 255]


def test_the_reduced_pets_are_whole(shared):
    root = shared / "datasets" / "pets"
    names = {split: {image.stem for image, _ in Listed(root, split).pairs} for split in ("train", "val", "test")}
    assert {split: len(found) for split, found in names.items()} == {"train": 249, "val": 50, "test": 298}
    assert not names["train"] & names["val"]
    assert not names["test"] & (names["train"] | names["val"])
    Listed(root, "val").check(progress=False)


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*elsewhere; expected one with images, masks"):
        Listed(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"split file .*test\.txt is missing"):
        Listed(folder, "test")
    (folder / "classes.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"classes\.txt is missing: expected a line for each label"):
        Listed(folder)


@pytest.mark.parametrize("line", ["2 dog", "dog", "1"])
def test_a_line_out_of_order_is_named(folder, line):
    write_list(folder / "classes.txt", "0 background", line)
    with pytest.raises(ValueError, match=f"line 2: found '{line}', expected '1 NAME'"):
        Listed(folder)
