"""An answer that crosses the line is judged as if it were here: the tables of every lecture, right and wrong."""

import importlib
import io
import socket
import sys
import threading
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from course_lib import exercises
from course_lib.checking.outcome import Outcome
from course_lib.grading import judge, stand_in, wire
from course_lib.grading.answers import Answers

LECTURES = ("deconvnet", "deeplab", "deeplab_v3", "fcn", "pspnet", "receptive_field", "skips", "whole_picture")


class Across:
    """A line with both ends in this process: `check` hands answers over as a notebook does."""

    def __init__(self) -> None:
        self.ends = socket.socketpair()
        self.files = [(end.makefile("rb"), end.makefile("wb")) for end in self.ends]
        self.desk = stand_in.Desk(lambda *frame: self.talk(0, *frame))
        self.outcome: Outcome | None = None
        self.worker = threading.Thread(target=self.judge, daemon=True)
        self.worker.start()

    def talk(self, side: int, head: object = None, body: bytes = b"") -> tuple[dict, bytes]:
        reader, writer = self.files[side]
        if head is not None:
            wire.send(writer, b"D", head, body)
        frame = wire.receive(reader)
        return wire.loads(frame[1]), frame[2]

    def judge(self) -> None:
        reader, writer = self.files[1]
        while (frame := wire.receive(reader)) is not None:
            self.outcome = judge.judged(wire.loads(frame[1]), frame[2], Answers(lambda *f: self.talk(1, *f)))
            wire.send(writer, b"E", {"end": True})

    def check(self, number: str, *answer: object) -> Outcome:
        self.desk.check(number, answer)
        return self.outcome

    def close(self) -> None:
        self.ends[0].shutdown(socket.SHUT_RDWR)
        self.worker.join()
        for file in (*self.files[0], *self.files[1], *self.ends):
            file.close()


@pytest.fixture
def across() -> Iterator[Across]:
    line = Across()
    yield line
    line.close()


@pytest.mark.parametrize("lecture", LECTURES)
def test_right_and_wrong_answers_get_the_same_verdict_in_the_same_words(across, root, monkeypatch, lecture):
    monkeypatch.syspath_prepend(root / "tests" / "lectures")
    tables = importlib.import_module(f"test_exercises_{lecture}")
    for exercise, answers in tables.RIGHT.items():
        for answer in (exercise.answer, *answers):
            outcome = across.check(exercise.number, *(answer if exercise.number == "0.3" else (answer,)))
            assert outcome.correct, (exercise.number, outcome)
    for exercise, wrong in tables.WRONG.items():
        for words, answer in wrong.items():
            outcome = across.check(exercise.number, answer)
            kind = "your code raised" if words.endswith("Error") else "not yet"
            assert outcome.kind == kind, (exercise.number, words, outcome)
            assert words in repr(outcome), (exercise.number, words, outcome)


class Own(nn.Module):
    """A module in a student's own words, with a forward of its own."""

    def __init__(self, classes: int, rates: tuple[int, ...]):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(classes, classes, 3, padding=rate, dilation=rate) for rate in rates)
        self.last = nn.Conv2d(classes, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x).relu()
        return self.last(x)


def test_a_module_with_a_forward_of_its_own_is_asked_where_it_lives(across):
    assert across.check("4.7", lambda classes: Own(classes, (1, 1, 2, 4, 8, 16, 1))).correct
    outcome = across.check("4.7", lambda classes: Own(classes, (1, 1, 2, 4, 8, 1)))
    assert "The layer with rate 16 is missing." in outcome.lines


def test_shared_layers_stay_shared(across):
    def shared(channels, bins):
        level = nn.Sequential(nn.Conv2d(channels, channels // len(bins), 1, bias=False),
                              nn.BatchNorm2d(channels // len(bins)), nn.ReLU())  # fmt: skip
        return nn.ModuleList([level] * len(bins))

    read = Answers(lambda *_: None).read
    built = read(*wire.pack(shared(8, (1, 2)), across.desk.special))
    assert built[0] is built[1]
    assert len(list(built.parameters())) == 3


VALUES = [
    None, True, 3, -(10**400), 2.5, float("inf"), "ü", [1, (2.0, "a")], {"a": {1, 2}, 3: frozenset({4})},
    range(2, 9, 3),
    1j, ..., torch.Size([2, 3]),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_the_same_on_the_other_side(across, value):
    assert Answers(lambda *_: None).read(*wire.pack(value, across.desk.special)) == value


TENSORS = [torch.rand(2, 3)[:, 1:], torch.tensor(5), torch.ones(0, 4), torch.tensor([True]), torch.eye(3).to_sparse(),
           torch.ones(2, dtype=torch.complex64), torch.rand(3).bfloat16(), torch.arange(4).expand(3, 4),
           torch.rand(2, requires_grad=True)]  # fmt: skip


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda t: f"{t.dtype}{tuple(t.shape)}{t.layout}")
def test_a_tensor_is_the_same_on_the_other_side(across, tensor):
    found = Answers(lambda *_: None).read(*wire.pack(tensor, across.desk.special))
    assert (found.dtype, found.shape, found.layout) == (tensor.dtype, tensor.shape, tensor.layout)
    assert torch.equal(
        found.to_dense() if found.is_sparse else found, tensor.to_dense() if tensor.is_sparse else tensor
    )


FORGED = [
    {"tensor": ["float32", [10**9], [0, 4], "plain"]}, {"tensor": ["float32", [4], [0, 0], "plain"]},
    {"array": ["O", [1], [0, 8]]}, {"pickle": "80"}, {"function": {}}, {"range": "a"}, {"tuple": [[1]]}, {"big": "z"},
    {"dict": [[{"list": []}, 1]]}, {}, [],
    {"module": {"on": 0, "data": {"dict": [["parts", {"list": []}], ["tensors", {"list": []}]]}}},
]  # fmt: skip


@pytest.mark.parametrize("head", FORGED, ids=str)
def test_what_is_no_value_is_broken(head):
    with pytest.raises(wire.Broken):
        Answers(lambda *_: None).read(head, b"12345678")


@pytest.mark.parametrize("head", [b"[" * 100_000, b"7", b"{", b"\xff", b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_head_that_is_none_is_broken(head):
    with pytest.raises(wire.Broken):
        wire.loads(head)


def test_a_frame_that_says_it_is_huge_is_not_read():
    with pytest.raises(wire.Broken):
        wire.receive(io.BytesIO(wire.SIZES.pack(b"D", 10, 2**32 - 1)))


def test_every_exercise_has_a_judge():
    assert set(judge.BY_NUMBER) == {exercise.number for exercise in exercises.all_exercises()}
    assert sys.modules["course_lib.exercises"] is exercises
