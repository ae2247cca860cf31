"""A probe sees what changes a number and nothing else."""

from functools import partial

import pytest
from torch import nn

from course_lib.evidence import probe
from course_lib.evidence import small_training as experiment
from course_lib.evidence.small_training import Labeller, answers, held_out, layer, mean_iou, over_seeds, started, train
from course_lib.evidence.verdict import Evidence


def experiment_of(*, rate: int = 1, steps: int = 50, learning_rate: float = 4e-3, pictures=128):
    def measure(seeds) -> Evidence:
        def scores(seed: int) -> dict[str, float]:
            net = started(lambda: Labeller(layer(3, 8, stride=2, rate=rate), nn.Conv2d(8, 6, 1)), seed)
            net = train(net, "street", steps=steps, seed=seed, learning_rate=learning_rate)
            prediction, label, _ = answers(net, held_out("street", pictures))
            return {"mIoU": mean_iou(prediction, label, 6)}

        return Evidence(values=over_seeds(seeds, scores))

    return measure


@pytest.fixture(scope="module")
def kept():
    return probe.fingerprint(experiment_of(), 3)


def test_the_same_experiment_gives_the_same_probe(kept):
    assert probe.differs(kept, probe.fingerprint(experiment_of(), 3)) == ""


@pytest.mark.parametrize(
    "change",
    [{"rate": 2}, {"steps": 51}, {"learning_rate": 5e-3}, {"pictures": 129}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_that_moves_a_number_is_noticed(kept, change):
    assert probe.differs(kept, probe.fingerprint(experiment_of(**change), 3))


def test_another_number_of_seeds_is_noticed(kept):
    assert probe.differs(kept, probe.fingerprint(experiment_of(), 5))


def test_code_of_another_shape_with_the_same_numbers_is_not(kept, monkeypatch):
    def score(prediction, label, classes):
        """The same mean, written another way."""
        return float(experiment.Confusion(classes).update(prediction, label).iou.nanmean())

    monkeypatch.setitem(globals(), "mean_iou", score)
    assert probe.differs(kept, probe.fingerprint(experiment_of(), 3)) == ""


def test_another_score_is_noticed(kept, monkeypatch):
    monkeypatch.setitem(globals(), "mean_iou", lambda *given: 0.9 * experiment.mean_iou(*given) + 0.05)
    assert "mIoU" in probe.differs(kept, probe.fingerprint(experiment_of(), 3))


def test_a_probe_leaves_no_trace_in_what_is_remembered():
    calls = []
    trained = probe.remembered(lambda seed: calls.append(seed) or seed)
    with probe.probing():
        trained(1)
    assert [trained(1), trained(1)] == [1, 1]
    assert calls == [1, 1], "once under the probe, once measured, then remembered"


def test_each_claim_bears_the_cost_of_the_trainings_it_uses(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(probe.time, "process_time", lambda: clock[0])

    @probe.remembered
    def trained(seed: int) -> int:
        clock[0] += 40
        return seed

    spent = []
    for seeds in ((1, 2), (1,), (3, 3)):
        began = probe.cpu_seconds()
        assert [trained(seed) for seed in seeds] == list(seeds)
        spent.append(probe.cpu_seconds() - began)
    assert spent == pytest.approx([80, 40, 80]), "trained twice, remembered, trained once and remembered"


def test_what_is_not_finite_agrees_with_itself():
    measure = partial(Evidence, values={"time": [float("nan")]})
    first = probe.fingerprint(lambda seeds: measure(), 1)
    assert first["values"] == {"time": None}
    assert probe.differs(first, probe.fingerprint(lambda seeds: measure(), 1)) == ""
