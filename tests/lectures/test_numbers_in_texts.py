"""Numbers that the lectures' sentences name are those of the ledger; more of them stand beside their figures' tests."""

import pytest

from course_lib.evidence import ledger

NAMED = [
    ("00_start_here", "above 0.9, {:.0%} of the pixels are right", "T5", "right, of scores from 0.9"),
    ("01_fcn_limits", "lies on {:.2f} of this area (row F5)", "F5", "share of the field's area"),
    ("02_deconvnet_segnet", "{:.1f} times (row D9 below)", "D9", "forward, ratio"),
]


def flowing(root, lecture):
    """The words of a lecture's source in one line."""
    lines = (root / "notebooks" / "source" / f"{lecture}.py").read_text(encoding="utf-8").splitlines()
    return " ".join(" ".join(line.lstrip("# ") for line in lines).split())


@pytest.mark.parametrize("lecture, sentence, id, value", NAMED)
def test_a_number_in_a_sentence_is_the_ledgers(lecture, sentence, id, value, root):
    text = flowing(root, lecture)
    assert sentence.format(ledger.read()[id]["mean"][value]).replace("%", " %") in text


def test_the_lecture_tells_what_a_finer_stride_brings_a_trained_body(root):
    text = flowing(root, "07_deeplab_v3_v3plus")
    row = ledger.read()["V11"]
    gain, low, high = (100 * value for value in (row["core"]["mean"], *row["core"]["interval"]))
    coarser = row["differences"][0]["mean"]
    assert f"stride 32 loses {100 * coarser:.0f} points against stride 16" in text
    assert f"stride 8 gains {gain:.1f} (its interval reaches from {low:.1f} to {high:.1f})" in text
    assert f"gained {100 * row['core']['bound']:.1f} points, so V11 {row['core']['verdict']}" in text
