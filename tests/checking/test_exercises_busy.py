"""On a busy machine an answer waits for its turn: only the time in which it works counts against it."""

import threading
import time

import pytest

from course_lib.checking import attempt
from course_lib.checking.attempt import Raised, call


def test_an_answer_that_waits_for_the_processor_is_not_stopped(monkeypatch):
    looks, turn = [], threading.Event()

    def has_not_worked() -> float:
        looks.append(0.0)
        if len(looks) == 5:
            turn.set()
        return 0.0

    monkeypatch.setattr(attempt, "PATIENCE", 1e9)
    monkeypatch.setattr(attempt.time, "process_time", has_not_worked)
    assert call(lambda: turn.wait() and "done", seconds=0.001) == "done"


def test_an_answer_that_only_sleeps_is_stopped_all_the_same(monkeypatch):
    alarm = threading.Event()
    monkeypatch.setattr(attempt.time, "process_time", lambda: 0.0)
    with pytest.raises(Raised, match=r"still running after 0\.01 seconds"):
        call(alarm.wait, seconds=0.01)
    alarm.set()


def test_an_answer_that_works_without_end_is_stopped_though_there_is_patience(monkeypatch):
    monkeypatch.setattr(attempt, "PATIENCE", 1e9)
    began = time.process_time()

    def endless():
        while True:
            pass

    with pytest.raises(Raised, match=r"still running after 0\.1 seconds"):
        call(endless, seconds=0.1)
    assert time.process_time() - began >= 0.1
