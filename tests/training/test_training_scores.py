"""evaluate and the class weights."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset
from training_tiny import CLASSES, Blobs, TinyNet

from course_lib.datasets import CamVid, Folder, augment
from course_lib.metrics import Confusion
from course_lib.scenes import Scenes
from course_lib.training import evaluate, median_frequency


def by_hand(model, data):
    confusion = Confusion(CLASSES)
    model.eval()
    for image, label in data:
        confusion.update(model(image[None]).argmax(1), label[None])
    return confusion.matrix


@pytest.mark.parametrize("batch_size, workers", [(1, 0), (3, 0), (100, 0), (4, 2)])
def test_evaluate_counts_what_one_counts_by_hand(batch_size, workers):
    model, data = TinyNet(), Blobs(noise=0)
    found = evaluate(model, data, batch_size=batch_size, workers=workers, progress=False)
    assert torch.equal(found.matrix, by_hand(model, [data[i] for i in range(len(data))]))


class Sizes(Dataset):
    """Pictures of a student's telephone and camera."""

    items = tuple((torch.rand(3, h, w), torch.randint(CLASSES, (h, w))) for h, w in ((8, 9), (9, 8), (8, 9), (5, 5)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def test_images_of_different_sizes_are_scored_together():
    model = TinyNet()
    assert torch.equal(evaluate(model, Sizes(), batch_size=3, progress=False).matrix, by_hand(model, Sizes.items))


def test_scenes_are_scored_in_batches():
    scenes = Scenes("shapes", size=32, count=5)
    model = TinyNet(num_classes=scenes.num_classes)
    found = evaluate(model, scenes, batch_size=2, progress=False)
    assert int(found.matrix.sum()) == 5 * 32 * 32


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_in_the_mode_it_came_in(training):
    model = TinyNet().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, Blobs(), progress=False)
    assert model.training is training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_void_is_not_scored():
    assert int(evaluate(TinyNet(), Blobs(), progress=False).matrix.sum()) == 10 * 12 * (12 - 2)


def test_wrong_classes_are_named():
    with pytest.raises(ValueError, match="num_classes is 4 but the network has 3 classes"):
        evaluate(TinyNet(), Blobs(), 4)
    data = Blobs(num_classes=4)
    del data.num_classes
    with pytest.raises(ValueError, match=r"item \d holds the label 3"):
        evaluate(TinyNet(), data, progress=False)
    with pytest.raises(ValueError, match="the data set is empty"):
        evaluate(TinyNet(), Blobs(0))
    with pytest.raises(ValueError, match="the network answers an image"):
        evaluate(nn.Conv2d(3, 3, 3), Blobs())


class Maps(list):
    num_classes = 3


def test_median_frequency_balancing_by_hand():
    """Class 0 has 5 of 8 pixels, in both images; classes 1 and 2 have 1 of 4, each in one; void counts as a pixel."""
    first = (None, torch.tensor([[0, 0], [0, 1]]))
    second = (None, torch.tensor([[0, 0], [255, 2]]))
    assert median_frequency(Maps([first, second])).tolist() == pytest.approx([0.25 / (5 / 8), 1.0, 1.0])


def test_a_class_that_never_occurs_weighs_nothing():
    assert median_frequency(Maps([(None, torch.tensor([[0, 1]]))])).tolist() == [1.0, 1.0, 0.0]


def test_augmentation_does_not_change_the_weights(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    label = np.zeros((8, 8), np.uint8)
    label[0] = 1
    Image.fromarray(np.stack([label] * 3, axis=2)).save(tmp_path / "images" / "a.png")
    Image.fromarray(label).save(tmp_path / "masks" / "a.png")
    cropped = Folder(tmp_path, ("a", "b"), transform=augment(crop=2, scale=(1, 1)))
    assert median_frequency(cropped).tolist() == pytest.approx([0.5 / (7 / 8), 0.5 / (1 / 8)])


def test_median_frequency_names_what_is_wrong():
    with pytest.raises(ValueError, match="give num_classes="):
        median_frequency([(None, torch.zeros(2, 2).long())])
    with pytest.raises(ValueError, match="item 0 holds the label 3; expected 0 to 2"):
        median_frequency(Maps([(None, torch.tensor([[3]]))]))
    with pytest.raises(ValueError, match="the data set is empty"):
        median_frequency(Maps())


@pytest.mark.slow
def test_camvids_weights_are_those_counted_before(shared):
    """The weights of ../shared/reference/datasets.md, counted there by other code."""
    data = CamVid(shared / "datasets" / "camvid", "train")
    known = [0.2793, 0.2017, 4.7865, 0.1490, 1.0, 0.4217, 3.8467, 1.9736, 0.7889, 6.3747, 8.8587]

    class Labels(Maps):
        num_classes = 11

    labels = Labels((None, torch.from_numpy(data.read_mask(mask)).long()) for _, mask in data.pairs)
    assert median_frequency(labels).tolist() == pytest.approx(known, rel=1e-3)
