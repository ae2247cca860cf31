"""The ledger as tables: every row once, filters that explain themselves, advice that the ledger can back."""

import pytest

from course_lib.evidence import ledger
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import VERDICTS
from course_lib.lectures.l08_the_whole_picture import bench_painted, bench_photographs, ledger_tables
from course_lib.lectures.l08_the_whole_picture.experiments import CORE, EARLY
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
    """The lecture's text in one line, a row of the ledger, and its comparisons in words: mean; mean, interval."""
    text = (root / "notebooks" / "source" / "08_the_whole_picture.py").read_text(encoding="utf-8").replace("\n# ", " ")
    row = ledger.read()[name]
    compared = (row["core"], *row["differences"])
    means = {one["name"]: f"{one['mean']:+.3f}" for one in compared}
    ranges = {one["name"]: "{:+.3f} to {:+.3f}".format(*one["interval"]) for one in compared}
    return text, row, means, {name: f"{means[name]} ({ranges[name]})" for name in means}


@pytest.mark.parametrize("name", ledger_tables.BENCHES)
def test_the_lecture_tells_what_decides_each_bench_and_how_many_runs_were_stopped(name, root):
    text, row, _, whole = told_of(name, root)
    part = text.partition(f"**{name}: ")[2]
    assert part.startswith(("v3+ learns slowly", "from a random start", "on avenues v3+", "equal parameters"))
    part = part.partition("**W")[0]
    assert row["verdict"] == "undecided"
    assert whole["DeepLab v3+ over FCN-8s"] in part
    assert f"undecided, and about {row['core']['seeds that would decide']} seeds" in part
    stopped, runs = row["settings"]["stopped by the cap"], len(row["settings"]["bench"]) * len(row["seeds"])
    assert f"stopped {len(stopped)} of the {runs} runs" in part


def test_the_lecture_tells_the_rule_of_the_benches(root):
    text, rule = told_of("W4", root)[0], bench_painted.PLATEAU
    assert f"every {rule.every} steps the network is scored on {bench_painted.LOOKED_AT} scenes" in text
    assert f"no more than {rule.rise:g} over three such checks, or after {rule.most} checks" in text
    assert rule.patience == 3
    assert f"to nothing in {rule.last} more steps" in text
    lite, small = bench_photographs.LITE.plateau, bench_photographs.SMALL.plateau
    assert f"every {lite.every} steps in W1 and every {small.every} in W6, and asks for {lite.rise}" in text
    assert (small.rise, small.most, small.patience) == (lite.rise, lite.most, lite.patience) == (0.01, 12, 3)
    assert f"DeepLab v3+ over FCN-8s, at least {CORE.bound}" in text


def test_the_guesses_about_the_benches_are_answered_as_measured(root):
    text, rows = told_of("W1", root)[0], [ledger.read()[name] for name in ("W1", "W6", "W4", "W5")]
    assert "DeepLab v3+ keeps the most memory on all four benches, and takes the most multiply-adds" in text
    paid = [row["settings"]["bench"] for row in rows]
    assert [max(one, key=lambda name: one[name]["bytes kept to learn"]) for one in paid] == ["DeepLab v3+"] * 4
    assert max(paid[-1], key=lambda name: paid[-1][name]["multiply-adds"]) == "DeepLab v3+"
    scores = [{name: row["mean"][f"mIoU, {name}"] for name in row["settings"]["bench"]} for row in rows]
    assert "U-Net is the first in W1 and the last in W6" in text
    assert max(scores[0], key=scores[0].get) == min(scores[1], key=scores[1].get) == "U-Net"
    assert "the mean of v3 is below that of FCN-8s everywhere" in text
    assert all(one["DeepLab v3"] < one["FCN-8s"] for one in scores)


def test_the_lecture_tells_the_numbers_of_the_bench_on_imagenets_body(root):
    text, row, means, whole = told_of("W1", root)
    early = row["differences"][-1]
    low, high = (-end for end in early["interval"])
    assert early["name"].endswith(f"after {EARLY} steps")
    assert f"After {EARLY} steps DeepLab v3+ is {-early['mean']:.3f} behind FCN-8s ({low:.3f} to {high:.3f})" in text
    assert (
        f"v3+ over v3 is {whole['v3+ over v3, mIoU']}, and {means['v3+ over v3, edge IoU']} beside boundaries" in text
    )
    over_fcn, over_v3plus = whole["U-Net over FCN-8s, mIoU"], whole["U-Net over v3+"]
    assert f"U-Net is {over_fcn.replace(' (', ' over FCN-8s (')} and {over_v3plus.replace(' (', ' over v3+ (')}" in text
    clear = ("v3+ over v3, mIoU", "v3+ over v3, edge IoU", "U-Net over FCN-8s, mIoU", "U-Net over v3+")
    assert [one["name"] for one in row["differences"] if one["name"] in clear and one["interval"][0] <= 0] == []
    stopped = [name.partition(",")[0] for name in row["settings"]["stopped by the cap"]]
    assert "two of U-Net's and two of v3+'s" in text
    assert (stopped.count("U-Net"), stopped.count("DeepLab v3+")) == (2, 2)


def test_the_lecture_tells_the_numbers_of_the_bench_from_a_random_start(root):
    text, row, _, whole = told_of("W6", root)
    names, start = row["settings"]["bench"], ledger.read()["F6"]["mean"]
    means = [row["mean"][f"mIoU, {name}"] for name in names]
    apart = {name: max(row["values"][f"mIoU, {name}"]) - min(row["values"][f"mIoU, {name}"]) for name in names}
    assert f"FCN-8s ends at {row['mean']['mIoU, FCN-8s']:.2f}, and the seeds of U-Net lie {apart['U-Net']:.2f}" in text
    assert min(apart["U-Net"], apart["FCN-8s"]) > max(means) - min(means), "the row's remark names both"
    assert f"a difference that shows: {whole['FCN-8s over FCN without skips']} over the control" in text
    assert f"{start['mIoU, ImageNet']:.2f} with its weights, {start['mIoU, random']:.2f} without" in text


def test_the_lecture_tells_the_numbers_of_the_bench_at_equal_multiply_adds(root):
    text, row, means, whole = told_of("W4", root)
    assert f"Beside boundaries it is {whole['the same beside boundaries']}" in text
    assert f"without them FCN-8s loses {means['FCN-8s over FCN without skips'].lstrip('+')}" in text
    assert f"ends level with that control ({whole['v3 over FCN without skips'].replace(' (', ', ')}: ASPP" in text
    assert f"v3+ is {means['v3+ over v3, mIoU']} over v3" in text
    unet, beside = whole["U-Net over FCN-8s, mIoU"], means["U-Net over FCN-8s, edge IoU"]
    assert f"U-Net over FCN-8s is {unet}, which may be chance, and {beside} beside boundaries, which is not" in text
    sure = {one["name"]: one["interval"][0] > 0 for one in row["differences"]}
    assert (sure["U-Net over FCN-8s, mIoU"], sure["U-Net over FCN-8s, edge IoU"]) == (False, True)
    assert sum(name.startswith("U-Net") for name in row["settings"]["stopped by the cap"]) == 5
    assert "all five of U-Net's among them" in text


def test_the_lecture_tells_the_numbers_of_the_bench_at_equal_parameters(root):
    text, row, means, _ = told_of("W5", root)
    costs = row["settings"]["bench"]
    ratio = {what: paid / costs["FCN-8s"][what] for what, paid in costs["DeepLab v3+"].items()}
    work, kept, time = ratio["multiply-adds"], ratio["bytes kept to learn"], row["mean"]["time, DeepLab v3+"]
    assert f"about {bench_painted.EQUAL['parameters']:,.0f} weights each" in text
    assert f"{work:.1f} times the multiply-adds of FCN-8s, {kept:.1f} times its memory and {time:.1f} times its" in text
    assert f"From v3 to v3+ it is {means['v3+ over v3, mIoU']}" in text
    steps, scores = (row["values"][f"{what}, U-Net"] for what in ("steps", "mIoU"))
    assert f"ended at {min(steps):.0f} steps with {scores[steps.index(min(steps))]:.2f}, far below" in text
