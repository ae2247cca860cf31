"""A student's own pictures, and the joint transforms."""

import numpy as np
import pytest
import torch
from datasets_files import CLASSES, labels, own_pictures, write_image, write_mask
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from course_lib.datasets import Folder, Normalise, augment
from course_lib.datasets.transforms import RandomScaleAndCrop


@pytest.fixture
def root(tmp_path):
    return own_pictures(tmp_path)


def test_images_and_masks_are_matched_by_name(root):
    data = Folder(root, CLASSES)
    assert [image.stem for image, _ in data.pairs] == ["cat", "dog"]
    assert data[0][1].unique().tolist() == [0, 1, 255]


def test_an_image_without_a_mask_and_a_mask_without_an_image_are_named(root):
    write_image(root / "images" / "cow.jpg")
    with pytest.raises(ValueError, match=r"cow\.jpg has no mask named cow\.\*"):
        Folder(root, CLASSES)
    (root / "images" / "cow.jpg").unlink()
    write_mask(root / "masks" / "hen.png", labels(0))
    with pytest.raises(ValueError, match=r"hen\.png has no image named hen"):
        Folder(root, CLASSES)


def test_an_empty_or_missing_folder_is_named(root, tmp_path):
    with pytest.raises(FileNotFoundError, match="images/train is missing"):
        Folder(root, CLASSES, split="train")
    (tmp_path / "e" / "images").mkdir(parents=True)
    (tmp_path / "e" / "masks").mkdir()
    with pytest.raises(ValueError, match="no images in"):
        Folder(tmp_path / "e", CLASSES)


@pytest.mark.parametrize("classes", ["animal", (), ("one",)])
def test_classes_are_at_least_two_names(root, classes):
    with pytest.raises(ValueError, match="at least two names"):
        Folder(root, classes)


def test_masks_painted_in_colours_need_a_table(root):
    for name in ("cat", "dog"):
        painted = np.zeros((6, 8, 3), np.uint8)
        painted[:3] = (255, 0, 0)
        painted[5] = (1, 2, 3)
        Image.fromarray(painted).save(root / "masks" / f"{name}.png")
    with pytest.raises(ValueError, match=r"cat\.png has mode RGB.*colours="):
        Folder(root, CLASSES)[0]
    with pytest.raises(ValueError, match=r"cat\.png has the colour \(1, 2, 3\) at row 5, column 0"):
        Folder(root, CLASSES, colours={(0, 0, 0): 0, (255, 0, 0): 1})[0]
    label = Folder(root, CLASSES, colours={(0, 0, 0): 0, (255, 0, 0): 1, (1, 2, 3): 255})[0][1]
    assert label[:, 0].tolist() == [1, 1, 1, 0, 0, 255]


def test_another_number_for_void_is_mapped(root):
    write_mask(root / "masks" / "cat.png", labels(0, 1, 9))
    assert Folder(root, CLASSES, void=9)[0][1].unique().tolist() == [0, 1, 255]


def test_a_jpeg_mask_is_refused_because_it_changes_labels(root):
    (root / "masks" / "cat.png").unlink()
    Image.fromarray(labels(0, 1)).save(root / "masks" / "cat.jpg")
    with pytest.raises(ValueError, match=r"cat\.jpg is a JPEG"):
        Folder(root, CLASSES)[0]


def test_a_picture_taken_upright_is_read_upright(root):
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn by 90 degrees
    write_image(root / "images" / "cat.jpg", size=(8, 6), exif=exif)
    (root / "images" / "cat.png").unlink()
    assert Folder(root, CLASSES)[0][0].shape == (3, 6, 8)


def checkerboard(size=40):
    """An image whose red channel is its own label: any disagreement of geometry shows."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    label = ((y // 10 + x // 10) % 2).to(torch.uint8)
    return torch.stack([label * 255] * 3), label


def through(transform, image, label):
    from course_lib.datasets.pairs import transformed

    return transformed(transform, image, label)


@pytest.mark.parametrize("seed", range(8))
def test_image_and_mask_go_through_the_same_geometry(seed):
    torch.manual_seed(seed)
    image, label = through(augment(crop=48, scale=(0.5, 2)), *checkerboard())
    assert image.shape == (3, 48, 48)
    inside = label != 255
    # Beside an edge the image is a blend; everywhere else it must agree with the label.
    agree = ((image[0] > 0.5) == (label == 1))[inside].float().mean()
    assert agree > 0.94


def one_after_the_other(image, label, scale, crop, grey):
    """What RandomScaleAndCrop does at once, by torchvision: the whole picture resized, then padded and cut."""
    factor = scale[0] * (scale[1] / scale[0]) ** float(torch.rand(()))
    size = [max(1, round(side * factor)) for side in label.shape]
    image = functional.resize(image, size, antialias=True)
    label = torch.nn.functional.interpolate(label[None, None], size=size, mode="nearest-exact")[0, 0]
    fill = {tv_tensors.Image: grey, tv_tensors.Mask: 255}
    return v2.RandomCrop(crop, pad_if_needed=True, fill=fill)(tv_tensors.Image(image), tv_tensors.Mask(label))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("scale", [(0.5, 0.9), (1.05, 2.5), (0.5, 2.0)])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_scaled_and_cut_at_once_is_scaled_and_then_cut(seed, scale, kind):
    torch.manual_seed(100 + seed)
    height, width = (int(side) for side in torch.randint(20, 90, (2,)))
    image = torch.randint(0, 256, (3, height, width)).to(kind)
    label = torch.randint(0, 20, (height, width), dtype=torch.uint8)
    results, draws = [], []
    for way in (one_after_the_other, at_once):
        torch.manual_seed(seed)
        results.append(way(image, label, scale, (48, 64), [10, 20, 30]))
        draws.append(torch.rand(3))
    (expected, true), (found, mask) = results
    assert torch.equal(mask, true)
    # Whole numbers are rounded twice, and torchvision's weights for them have 14 bits: some are one off.
    torch.testing.assert_close(found.float(), expected.float(), atol=1 if kind == torch.uint8 else 1e-3, rtol=0)
    assert torch.equal(*draws)


def at_once(image, label, scale, crop, grey):
    return through(RandomScaleAndCrop(*scale, crop, grey), image, label)


@pytest.mark.parametrize("seed", range(4))
def test_masks_are_never_interpolated_and_the_border_is_void(seed):
    torch.manual_seed(seed)
    label = torch.from_numpy(np.random.default_rng(seed).choice([0, 7, 20], (40, 40)).astype(np.uint8))
    _, found = through(augment(crop=100, scale=(0.5, 2), colour=0.4), torch.zeros(3, 40, 40, dtype=torch.uint8), label)
    assert set(found.unique().tolist()) == {0, 7, 20, 255}


def test_the_padded_border_of_the_image_is_zero_after_normalising():
    image, label = through(
        augment(crop=60, scale=(1, 1), mean=(0.4, 0.6, 0.2), std=(0.2, 0.2, 0.2)), *checkerboard()
    )  # fmt: skip
    assert image[:, label == 255].abs().max() < 0.5 / 255 / 0.2 + 1e-6  # half a grey level


def test_half_of_the_images_are_flipped():
    image, label = checkerboard()
    label[:, :20] = 3
    flips = [bool(through(augment(scale=(1, 1)), image, label)[1][0, 0] != 3) for _ in range(200)]
    assert 70 < sum(flips) < 130


def test_scaling_without_a_crop_is_refused():
    with pytest.raises(ValueError, match="give crop="):
        augment(scale=(0.5, 2))
    with pytest.raises(ValueError, match="0 < low <= high"):
        augment(crop=8, scale=(2, 0.5))


def test_normalise_subtracts_the_mean_and_divides_by_the_deviation(root):
    plain, _ = Folder(root, CLASSES)[0]
    image, _ = Folder(root, CLASSES, transform=Normalise(mean=(0.5, 0.4, 0.3), std=(0.1, 0.2, 0.3)))[0]
    expected = (plain - torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)) / torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)
    torch.testing.assert_close(image, expected)


def test_any_transform_of_torchvision_fits(root):
    data = Folder(root, CLASSES, transform=v2.RandomCrop((4, 4)))
    image, label = data[0]
    assert (image.shape, label.shape, image.dtype, label.dtype) == ((3, 4, 4), (4, 4), torch.float32, torch.int64)
    assert type(image) is torch.Tensor


def test_a_transform_that_forgets_the_mask_is_caught(root):
    data = Folder(root, CLASSES, transform=lambda image, mask: (image[:, :3], mask))
    with pytest.raises(ValueError, match=r"the image is \(3, 8\) and the mask \(6, 8\)"):
        data[0]


def test_workers_read_what_the_main_process_reads(root):
    data = Folder(root, CLASSES, transform=augment(crop=(6, 8), scale=(1, 1), flip=False))
    images = next(iter(DataLoader(data, batch_size=2, num_workers=1)))[0]
    assert torch.equal(images, torch.stack([data[0][0], data[1][0]]))
