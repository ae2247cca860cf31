"""Confusion: the scores of FCN's paper, equal to golden values."""

import json
from pathlib import Path

import pytest
import torch

from course_lib.metrics import Confusion

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "files" / "metrics.json").read_text())
SCORES = {
    "pixel_accuracy": "pixel_accuracy",
    "mean_accuracy": "mean_accuracy",
    "mean_iou": "mean_iou_nanmean",
    "frequency_weighted_iou": "fw_iou",
}


def of(matrix) -> Confusion:
    """A Confusion that has seen exactly these counts."""
    matrix = torch.tensor(matrix)
    true, predicted = (torch.arange(len(matrix)).expand_as(matrix) for _ in range(2))
    counts = matrix.reshape(-1)
    return Confusion(len(matrix)).update(
        predicted.reshape(-1).repeat_interleave(counts), true.T.reshape(-1).repeat_interleave(counts)
    )


def data(classes: int = 5, seed: int = 0, shape=(4, 23, 31)) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels with void, and predictions that are right more often than not."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, classes, shape, generator=generator)
    noise = torch.randint(0, classes, shape, generator=generator)
    prediction = torch.where(torch.rand(shape, generator=generator) < 0.6, target, noise)
    target[torch.rand(shape, generator=generator) < 0.1] = 255
    return prediction, target


@pytest.mark.parametrize("name", GOLDEN["confusion"])
def test_scores_of_the_golden_matrices(name):
    expected = GOLDEN["confusion"][name]
    confusion = of(expected["matrix"])
    assert confusion.matrix.tolist() == expected["matrix"]
    for ours, theirs in SCORES.items():
        assert getattr(confusion, ours) == pytest.approx(expected[theirs], abs=1e-12)
    iou = [float("nan") if value is None else value for value in expected["iou"]]
    assert confusion.iou.tolist() == pytest.approx(iou, abs=1e-11, nan_ok=True)
    accuracy = [float("nan") if value is None else value for value in expected["class_accuracy"]]
    assert confusion.class_accuracy.tolist() == pytest.approx(accuracy, abs=1e-11, nan_ok=True)


def test_the_published_example_to_seven_digits():
    confusion = of([[50, 3, 2], [4, 20, 1], [6, 0, 14]])  # networks.md 2.5
    assert confusion.pixel_accuracy == pytest.approx(0.84)
    assert confusion.mean_accuracy == pytest.approx(0.8030303, abs=1e-7)
    assert confusion.iou.tolist() == pytest.approx([0.7692308, 0.7142857, 0.6086957], abs=1e-7)
    assert confusion.mean_iou == pytest.approx(0.6974040, abs=1e-7)
    assert confusion.frequency_weighted_iou == pytest.approx(0.7233875, abs=1e-7)


def test_golden_labels_with_void():
    expected = GOLDEN["toy_labels"]
    prediction, truth = torch.tensor(expected["prediction"]), torch.tensor(expected["truth"])
    confusion = Confusion(3).update(prediction, truth)
    assert confusion.matrix.tolist() == expected["matrix"]
    assert confusion.mean_iou == pytest.approx(expected["mean_iou_nanmean"], abs=1e-12)


def test_golden_data_set_is_counted_before_it_is_divided():
    expected = GOLDEN["random_dataset_6_classes"]
    confusion = Confusion(expected["n_classes"], ignore=expected["ignore"])
    for image in expected["images"]:
        confusion.update(torch.tensor(image["prediction"]), torch.tensor(image["truth"]))
    assert confusion.matrix.tolist() == expected["matrix"]
    for ours, theirs in SCORES.items():
        assert getattr(confusion, ours) == pytest.approx(expected[theirs], abs=1e-12)


def test_batches_merged_parts_and_one_pass_agree():
    prediction, target = data()
    whole = Confusion(5).update(prediction, target)
    streamed = Confusion(5)
    for each in range(4):
        streamed.update(prediction[each], target[each])
    parts = Confusion(5).update(prediction[:1], target[:1]) + Confusion(5).update(prediction[1:], target[1:])
    merged = Confusion(5).update(prediction[:3], target[:3]).merge(Confusion(5).update(prediction[3:], target[3:]))
    for other in (streamed, parts, merged):
        assert torch.equal(other.matrix, whole.matrix)
    whole.reset()
    assert int(whole.matrix.sum()) == 0


def test_adding_leaves_both_parts_as_they_were():
    one, two = Confusion(2).update(torch.tensor([0]), torch.tensor([0])), Confusion(2)
    assert int((one + two).update(torch.tensor([1]), torch.tensor([1])).matrix.sum()) == 2
    assert int(one.matrix.sum()) == 1
    assert int(two.matrix.sum()) == 0


def test_counts_stay_exact_beyond_what_float_can_hold():
    confusion = Confusion(2)
    confusion.matrix[0, 0] = 2**53
    confusion.update(torch.tensor([0]), torch.tensor([0]))
    assert int(confusion.matrix[0, 0]) == 2**53 + 1
    assert confusion.matrix.dtype == torch.int64


def test_a_class_predicted_but_never_true_counts_zero_and_one_absent_from_both_is_left_out():
    confusion = Confusion(4).update(torch.tensor([0, 1, 2]), torch.tensor([0, 1, 1]))
    assert confusion.iou.tolist() == pytest.approx([1.0, 0.5, 0.0, float("nan")], nan_ok=True)
    assert confusion.mean_iou == pytest.approx(0.5)
    assert confusion.mean_accuracy == pytest.approx(0.75)


def test_nothing_counted_is_not_a_score():
    confusion = Confusion(3).update(torch.zeros(2, 2, dtype=torch.long), torch.full((2, 2), 255))
    scores = torch.tensor([getattr(confusion, name) for name in SCORES])
    assert scores.isnan().all()


def test_what_is_predicted_on_void_does_not_matter():
    target = torch.tensor([[0, 255], [1, 255]])
    one = Confusion(2).update(torch.tensor([[0, 0], [1, 1]]), target)
    two = Confusion(2).update(torch.tensor([[0, 255], [1, 77]]), target)
    three = Confusion(2).update(torch.tensor([[0, -5], [1, 2**62]]), target)
    assert torch.equal(one.matrix, two.matrix)
    assert torch.equal(one.matrix, three.matrix)


def test_void_may_be_a_class_of_its_own_or_not_exist():
    assert int(Confusion(3, ignore=0).update(torch.tensor([1, 2]), torch.tensor([0, 2])).matrix.sum()) == 1
    assert int(Confusion(2, ignore=None).update(torch.tensor([1, 0]), torch.tensor([0, 0])).matrix.sum()) == 2
    assert int(Confusion(2, ignore=-1).update(torch.tensor([1, 0]), torch.tensor([0, -1])).matrix.sum()) == 1


@pytest.mark.parametrize("kind", [torch.uint8, torch.int16, torch.uint16, torch.int32])
@pytest.mark.parametrize("classes", [2, 181, 182, 200])
def test_small_integer_types_do_not_overflow(classes, kind):
    prediction, target = data(classes=classes)
    confusion = Confusion(classes).update(prediction.to(kind), target.to(kind))
    expected = torch.zeros(classes, classes, dtype=torch.int64)
    known = target != 255
    expected.index_put_((target[known], prediction[known]), torch.tensor(1), accumulate=True)
    assert torch.equal(confusion.matrix, expected)
    assert torch.equal(confusion.matrix, Confusion(classes).update(prediction, target).matrix)


def test_yes_and_no_are_labels_too():
    target, prediction = torch.tensor([True, False, True]), torch.tensor([True, True, True])
    assert Confusion(2, ignore=None).update(prediction, target).matrix.tolist() == [[0, 1], [0, 2]]


@pytest.mark.parametrize("ignore", [255, None])
def test_an_empty_batch_counts_nothing(ignore):
    empty = torch.zeros(0, 4, 4, dtype=torch.long)
    assert int(Confusion(3, ignore).update(empty, empty).matrix.sum()) == 0


LABELS = torch.zeros(1, 2, 2, dtype=torch.long)


@pytest.mark.parametrize(
    "prediction, target, message",
    [
        (torch.rand(1, 3, 2, 2), LABELS, "argmax"),
        (torch.full((1, 2, 2), float("nan")), LABELS, "NaN"),
        (torch.zeros(1, 3, 2, 2, dtype=torch.long), LABELS, r"\(1, 3, 2, 2\).*\(1, 2, 2\).*argmax"),
        (LABELS[:, :1], LABELS, "one shape"),
        (LABELS, LABELS.float(), "target must hold class labels"),
        (LABELS + 3, LABELS, "prediction must hold classes 0 to 2, got 3"),
        (LABELS, LABELS + 7, r"target must hold classes 0 to 2 or void \(255\), got 7"),
        (LABELS - 1, LABELS, "got -1"),
        (LABELS + 255, LABELS, "prediction must hold classes 0 to 2, got 255"),
        (LABELS + 2**16, LABELS, "prediction must hold classes 0 to 2, got 65536"),
        (LABELS, LABELS - 2**40, "target must hold classes 0 to 2 .*got -1099511627776"),
        (LABELS.to("meta"), LABELS, "prediction is on meta, target on cpu; move one to the other"),
    ],
)
def test_what_is_no_label_map_is_refused(prediction, target, message):
    confusion = Confusion(3)
    with pytest.raises(ValueError, match=message):
        confusion.update(prediction, target)
    assert int(confusion.matrix.sum()) == 0


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="num_classes must be a whole number of at least 1, got 0"):
        Confusion(0)
    with pytest.raises(ValueError, match="ignore"):
        Confusion(3, ignore=2.5)
    with pytest.raises(ValueError, match="merge only with"):
        Confusion(3) + Confusion(4)


def test_pixel_accuracy_flatters_a_model_that_is_blind_to_a_small_class():
    target = torch.zeros(100, 100, dtype=torch.long)
    target[:, 50:] = 1
    target[48:52, 48:52] = 2  # 16 of 10,000 pixels
    blind = target.clone()
    blind[target == 2] = 0
    confusion = Confusion(3).update(blind, target)
    assert confusion.pixel_accuracy == pytest.approx(0.9984)
    assert confusion.frequency_weighted_iou > 0.99
    assert confusion.mean_iou < 0.67
    assert confusion.iou[2] == 0


def test_the_mean_of_iou_per_picture_can_rank_two_models_the_other_way_round():
    # A thing of 100 pixels in one picture, of 4 pixels in the other; class 0 is everything else.
    large, small = torch.zeros(20, 20, dtype=torch.long), torch.zeros(20, 20, dtype=torch.long)
    large[:10, :10], small[:2, :2] = 1, 1
    pictures = [large, small]
    nothing = torch.zeros_like(small)
    half = large.clone()
    half[5:10] = 0
    models = {"finds the large one": [large, nothing], "finds half of it and the small one": [half, small]}
    per_picture, data_set = {}, {}
    for name, predictions in models.items():
        whole, each = Confusion(2), []
        for prediction, target in zip(predictions, pictures):
            whole.update(prediction, target)
            each.append(Confusion(2).update(prediction, target).mean_iou)
        data_set[name], per_picture[name] = whole.mean_iou, sum(each) / len(each)
    assert max(data_set, key=data_set.get) == "finds the large one"
    assert max(per_picture, key=per_picture.get) == "finds half of it and the small one"
    # Worked by hand: class 1 has 100 of 104 pixels; the other model 54 of 104 of them.
    assert data_set["finds the large one"] == pytest.approx((100 / 104 + 696 / 700) / 2)
    assert data_set["finds half of it and the small one"] == pytest.approx((54 / 104 + 696 / 746) / 2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_same_counts_on_a_gpu():
    prediction, target = data()
    on_gpu = Confusion(5).update(prediction.cuda(), target.cuda())
    assert torch.equal(on_gpu.matrix.cpu(), Confusion(5).update(prediction, target).matrix)
    assert (on_gpu + Confusion(5)).mean_iou == pytest.approx(on_gpu.mean_iou)
