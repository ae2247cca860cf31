"""Confusion equals torchmetrics, which takes longer to import than the rest of this room to run."""

import pytest
import torch

from course_lib.metrics import Confusion


@pytest.mark.parametrize("seed", range(3))
def test_equal_on_random_labels(seed):
    from torchmetrics import classification as theirs  # seconds, for that worker alone which comes here

    generator = torch.Generator().manual_seed(seed)
    prediction, target = torch.randint(0, 5, (2, 4, 23, 31), generator=generator)
    target[torch.rand(target.shape, generator=generator) < 0.1] = 255
    confusion = Confusion(5).update(prediction, target)
    options = {"num_classes": 5, "ignore_index": 255}
    assert torch.equal(confusion.matrix, theirs.MulticlassConfusionMatrix(**options)(prediction, target))
    expected = theirs.MulticlassJaccardIndex(**options, average="none")(prediction, target)
    torch.testing.assert_close(confusion.iou, expected.double(), atol=1e-6, rtol=0)
    assert confusion.mean_iou == pytest.approx(
        float(theirs.MulticlassJaccardIndex(**options)(prediction, target)), abs=1e-6
    )
    weighted = theirs.MulticlassJaccardIndex(**options, average="weighted")(prediction, target)
    assert confusion.frequency_weighted_iou == pytest.approx(float(weighted), abs=1e-6)
    micro = theirs.MulticlassAccuracy(**options, average="micro")(prediction, target)
    assert confusion.pixel_accuracy == pytest.approx(float(micro), abs=1e-6)
    macro = theirs.MulticlassAccuracy(**options, average="macro")(prediction, target)
    assert confusion.mean_accuracy == pytest.approx(float(macro), abs=1e-6)
