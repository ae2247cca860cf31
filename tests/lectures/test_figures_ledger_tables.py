"""The ledger as tables: every row once, filters that explain themselves, advice that the ledger can back."""

import pytest

from course_lib.evidence import ledger
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import VERDICTS
from course_lib.lectures.l08_the_whole_picture import bench_painted, bench_photographs, ledger_tables
from course_lib.lectures.l08_the_whole_picture.experiments import EARLY
from course_lib.lectures.l08_the_whole_picture.ledger_tables import ADVICE, Advice
from course_lib.models.families import FAMILIES


def test_every_row_of_the_ledger_stands_in_one_group():
    groups = ledger_tables.statements().groups
    assert sorted(row[0] for rows in groups.values() for row in rows) == sorted(ledger.read())
    assert [title.split(":")[0] for title in groups] == list(VERDICTS)


def test_one_verdict_is_shown_alone_and_open():
    table = ledger_tables.statements("does not reproduce here")
    (rows,) = table.groups.values()
    wanted = [row["id"] for row in ledger.read().values() if row["verdict"] == "does not reproduce here"]
    assert [row[0] for row in rows] == wanted
    assert "<details open>" in table._repr_html_()


def test_one_lecture_is_shown_alone():
    found = [row[0] for rows in ledger_tables.statements(lecture="07").groups.values() for row in rows]
    assert found
    assert all(name.startswith("V") for name in found)
    assert repr(ledger_tables.statements(lecture=7)) == repr(ledger_tables.statements(lecture="07"))


def test_a_verdict_or_a_lecture_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'undecided'"):
        ledger_tables.statements("undecidable")
    with pytest.raises(ValueError, match="no statements of lecture '17'"):
        ledger_tables.statements(lecture="17")


def test_words_of_the_ledger_are_escaped():
    table = ledger_tables.Table(("id",), {"a < b": [("sum -> <b>",)]}, opened=False)
    assert "a &lt; b" in table._repr_html_()
    assert "sum -&gt; &lt;b&gt;" in table._repr_html_()
    assert "<details open>" not in table._repr_html_()


def test_advice_names_claims_and_comparisons_that_exist():
    known = {claim.id for claim in all_claims()}
    assert {advice.row for advice in ADVICE} <= known
    for _, _, spoken, source in ledger_tables.choices().groups["Which to choose when"]:
        assert spoken
        assert source


def test_a_difference_that_may_be_chance_says_so():
    sure = {"name": "edges", "mean": 0.219, "interval": [0.165, 0.273]}
    row = {"verdict": "holds", "core": sure, "differences": [{**sure, "name": "poles", "interval": [-0.1, 0.538]}]}
    assert ledger_tables.spoken(row, Advice("", "", "D3", "edges")) == ("edges: +0.22 (+0.17 to +0.27)", "D3: holds")
    assert ledger_tables.spoken(row, Advice("", "", "D3", "poles"))[0].endswith("; may be chance")
    assert ledger_tables.spoken(row, Advice("", "", "D3"))[0].startswith("edges")
    assert ledger_tables.spoken(None, Advice("", "", "D3")) == ("not measured yet", "D3")
    with pytest.raises(ValueError, match="D3 compares edges, poles, not 'pole'"):
        ledger_tables.spoken(row, Advice("", "", "D3", "pole"))


def test_the_bench_puts_scores_beside_the_costs_of_the_very_network(monkeypatch):
    costs = {"maps": 119, "parameters": 3_267_249, "multiply-adds": 329.9e6, "bytes kept to learn": 42.9e6}
    names = [f"{what}, DeepLab v3+" for what in ("mIoU", "edge IoU", "time", "steps")]
    row = {
        "seeds": [0, 1, 2],
        "settings": {"bench": {"DeepLab v3+": costs}},
        "mean": dict(zip(names, (0.51, 0.42, 1.04, 100))),
        "deviation": dict(zip(names, (0.02, 0.01, 0.3))),
        "values": {names[1]: [0.41, 0.42, 0.43]},
    }
    painted = {**row, "mean": {**row["mean"], "steps, DeepLab v3+": 633.3}, "seeds": [0, 1]}
    monkeypatch.setattr(ledger, "read", lambda: {"W1": row, "W4": painted})
    groups = ledger_tables.bench().groups
    assert [title.split(";")[1] for title in groups] == [" 3 seeds", " 2 seeds"]
    assert "photographs" in next(iter(groups))
    ((line,), (other,)) = groups.values()
    scores = ("0.510\u00a0±\u00a00.020", "0.420\u00a0±\u00a00.010")
    assert line == ("DeepLab v3+", *scores, "100", "330 M", "3.27 M", "42.9 MB", "1.04")
    assert (other[0], other[3]) == ("DeepLab v3+", "633")
    assert ledger_tables.bench_points("parameters", "edge IoU", row="W1") == {
        "DeepLab v3+": (3_267_249, [0.41, 0.42, 0.43])
    }
    assert ledger_tables.bench_points("time", "edge IoU", row="W4") == {"DeepLab v3+": (1.04, [0.41, 0.42, 0.43])}
    with pytest.raises(ValueError, match="no cost 'speed', expected one of maps, parameters"):
        ledger_tables.bench_points("speed", "mIoU", row="W1")
    with pytest.raises(ValueError, match="no score 'miou', expected one of mIoU, edge IoU"):
        ledger_tables.bench_points("parameters", "miou", row="W1")


def test_a_bench_that_was_not_measured_says_so(monkeypatch):
    monkeypatch.setattr(ledger, "read", dict)
    assert "not measured yet" in repr(ledger_tables.bench())


def test_the_standings_show_painted_scenes_photographs_and_papers_in_one_line():
    (found,) = ledger_tables.standings().groups.values()
    row = next(cells for cells in found if cells[0] == "DeepLab v3+")
    assert "(W4)" in row[1]
    assert "(W1)" in row[2]
    assert row[3] == "82.1"


def test_the_steps_of_the_lineage_are_counted_with_their_problem():
    (lines,) = ledger_tables.steps().groups.values()
    assert ("FCN to SegNet", FAMILIES["SegNet"].problem, "pools whose places are kept", "0", "5") in lines


def told_of(name, root):
    """The lecture's text in one line, a row of the ledger, and the mean of each of its comparisons."""
    text = (root / "notebooks" / "source" / "08_the_whole_picture.py").read_text(encoding="utf-8").replace("\n# ", " ")
    row = ledger.read()[name]
    return text, row, {one["name"]: one["mean"] for one in row["differences"]}


def test_the_lecture_tells_the_numbers_of_the_bench_at_the_plateau(root):
    text, row, gains = told_of("W4", root)
    (low, high), stopped = row["core"]["interval"], row["settings"]["stopped by the cap"]
    assert f"{row['core']['mean']:+.3f} ({low:+.3f} to {high:+.3f}), where the bound is {row['core']['bound']}" in text
    assert f"Beside boundaries it is {gains['the same beside boundaries']:+.3f}" in text
    assert f"FCN-8s loses {gains['FCN-8s over FCN without skips']:.3f}" in text
    assert f"ends near that control ({gains['v3 over FCN without skips']:+.3f})" in text
    assert f"is worth {gains['v3+ over v3, mIoU']:+.3f} from v3 to v3+" in text
    assert f"FCN-8s is {gains['U-Net over FCN-8s, mIoU']:+.3f}, and {gains['U-Net over FCN-8s, edge IoU']:+.3f}" in text
    unets = sum(name.startswith("U-Net") for name in stopped)
    words = ("none", "one", "two", "three", "four", "five")
    assert f"undecided, and about {row['core']['seeds that would decide']} seeds would decide" in text
    assert f"stopped {len(stopped)} of the {5 * len(row['seeds'])} trainings, {words[unets]} of U-Net's five" in text
    rule = bench_painted.PLATEAU
    assert f"after every {rule.every} steps the network is scored on {bench_painted.LOOKED_AT} scenes" in text
    assert f"no more than {rule.rise:g} further, or after {rule.most} looks" in text
    assert f"to nothing in {rule.last} more steps" in text
    lite, small = bench_photographs.LITE.plateau, bench_photographs.SMALL.plateau
    assert f"after every {lite.every} steps in W1 and every {small.every} in W6, and must bring {lite.rise}" in text
    assert (small.rise, small.most, small.patience) == (lite.rise, lite.most, lite.patience) == (0.01, 12, 3)


def test_the_lecture_tells_the_numbers_of_the_benches_on_photographs(root):
    text, row, gains = told_of("W1", root)
    (low, high), stopped = row["core"]["interval"], row["settings"]["stopped by the cap"]
    early = gains[f"DeepLab v3+ over FCN-8s, val after {EARLY} steps"]
    assert f"After {EARLY} steps DeepLab v3+ is {-early:.3f} behind FCN-8s; at the end it is" in text
    assert f"at the end it is {row['core']['mean']:+.3f} ahead" in text
    assert f"DeepLab v3+ over FCN-8s: {row['core']['mean']:+.3f} ({low:+.3f} to {high:+.3f}), where the bound" in text
    assert (
        f"undecided, and about {row['core']['seeds that would decide']} seeds would decide. Beside boundaries" in text
    )
    assert f"brings v3+ {gains['v3+ over v3, mIoU']:+.3f} over v3, {gains['v3+ over v3, edge IoU']:+.3f} beside" in text
    gained, beside = gains["U-Net over FCN-8s, mIoU"], gains["U-Net over FCN-8s, edge IoU"]
    assert f"U-Net leads: {gained:+.3f} over FCN-8s, {beside:+.3f} beside boundaries" in text
    assert f"for {row['mean']['time, U-Net']:.1f} times its time" in text
    words = [sum(name.startswith(f"{family},") for name in stopped) for family in ("U-Net", "DeepLab v3+")]
    assert f"stopped {len(stopped)} of the {4 * len(row['seeds'])} trainings" in text
    assert words == [2, 2]
    assert "two of U-Net's three and two of v3+'s three" in text
    best = {name: row["mean"][f"mIoU, {name}"] for name in row["settings"]["bench"]}
    assert max(best, key=best.get) == "U-Net"
    with_imagenet = best["FCN-8s"]

    text, row, gains = told_of("W6", root)
    (low, high), names = row["core"]["interval"], row["settings"]["bench"]
    assert f"FCN-8s ends at {row['mean']['mIoU, FCN-8s']:.2f}, where W1 has {with_imagenet:.2f}" in text
    apart = max(max(row["values"][f"mIoU, {name}"]) - min(row["values"][f"mIoU, {name}"]) for name in names)
    means = [row["mean"][f"mIoU, {name}"] for name in names]
    assert apart > max(means) - min(means)
    assert f"lie up to {apart:.2f} apart, further than the means of any two" in text
    assert f"DeepLab v3+ over FCN-8s: {row['core']['mean']:+.3f} ({low:+.3f} to {high:+.3f}), undecided" in text
    assert f"about {row['core']['seeds that would decide']} seeds would decide. Not even the skips show" in text
    assert f"({gains['FCN-8s over FCN without skips']:+.3f} over the control" in text
    assert f"nor does U-Net ({gains['U-Net over FCN-8s, mIoU']:+.3f})" in text


def test_the_lecture_tells_the_numbers_of_the_bench_at_equal_parameters(root):
    text, row, gains = told_of("W5", root)
    (low, high), stopped = row["core"]["interval"], row["settings"]["stopped by the cap"]
    costs = row["settings"]["bench"]
    ratio = {what: paid / costs["FCN-8s"][what] for what, paid in costs["DeepLab v3+"].items()}
    work, kept, time = ratio["multiply-adds"], ratio["bytes kept to learn"], row["mean"]["time, DeepLab v3+"]
    assert f"about {bench_painted.EQUAL['parameters']:,.0f} weights each" in text
    assert f"{work:.1f} times the multiply-adds of FCN-8s, {kept:.1f} times its memory and {time:.1f} times its" in text
    assert f"over FCN-8s: {row['core']['mean']:+.3f} ({low:+.3f} to {high:+.3f})" in text
    assert f"W5 is {row['verdict']}, and about {row['core']['seeds that would decide']} seeds would decide" in text
    assert f"boundaries it is {gains['the same beside boundaries']:+.3f} here" in text
    assert f"from v3 to v3+ {gains['v3+ over v3, mIoU']:+.3f}" in text
    assert f"The cap stopped {len(stopped)} of the {5 * len(row['seeds'])} trainings." in text
    steps, scores = (row["values"][f"{what}, U-Net"] for what in ("steps", "mIoU"))
    assert f"one of U-Net's at {min(steps):.0f} steps" in text
    assert f"it ends at {scores[steps.index(min(steps))]:.2f}, far below" in text
