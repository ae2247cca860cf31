"""Ways to win a point without a right answer, and ways to hurt others: none works.

Each notebook has wrong answers and code that would make them pass, if a check, a solution or the grader were in reach.
"""

import subprocess
import sys
import time

import pytest
from class_of import ALL, IMPORTS, LIMITS, WRONG, book, points

from course_lib.grading import folder, wire
from course_lib.grading.workshop import CHILD, Workshop

FAKE = """
import gc, json, struct
def write(letter, **what):
    words = json.dumps(what).encode()
    frame = struct.pack(">cII", letter, len(words), 0) + words
    for thing in gc.get_objects():
        if type(thing).__name__ == "Line":
            thing.writer.write(frame)
            thing.writer.flush()
"""
VERDICT = (
    FAKE
    + """
for letter in (b"O", b"N", b"D", b"E"):
    write(letter, kind="correct", lines=[], outcome="0.2", changed=[], end=True, result=True)
"""
)
FORGERIES = {
    "frames": """
import sys
def look():
    frame = sys._getframe()
    while frame:
        for held in [*frame.f_locals.values()]:
            for name in ("_solution", "judge", "judged", "result"):
                if hasattr(held, name):
                    exercises.start.iou.check(getattr(held, name))
        frame = frame.f_back
look()""",
    "closures": """
line = exercises.start.iou._check.__self__.talk.__self__
line.say(outcome="0.2", kind="correct", lines=[], changed=[])
exercises.start.iou._check.__self__.check = lambda *a: True
line.talk({"check": "0.2", "answers": {"kind": "correct"}}, b"")""",
    "descriptors": """
class Always:
    def __get__(self, *_): return True
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    __hash__ = object.__hash__
type(exercises.start.iou).number = property(lambda self: "0.3")
exercises.start.iou.check(Always(), Always())
exercises.start.flattered.check(Always(), Always())""",
    "lying tensors": """
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, kind, types, args=(), kwargs=None):
        honest = super().__torch_function__(kind, types, args, kwargs or {})
        return torch.zeros(()) if kind.__name__ in ("sub", "abs") else honest
    def __eq__(self, other): return True
    def any(self): return False
    __hash__ = object.__hash__
exercises.start.iou.check(lambda m: torch.zeros(len(m)).as_subclass(Liar))
exercises.start.confusion.check(lambda p, t, n: torch.zeros(n, n).as_subclass(Liar))""",
    "monkeypatches": """
import builtins, json, math
from course_lib.checking import exercise, expect, outcome
expect.tensor = expect.number = lambda *a, **k: None
exercise.Exercise._judged = lambda self, answer: outcome.Outcome("", "correct")
torch.allclose = lambda *a, **k: True
torch.Tensor.any = lambda *a, **k: False
builtins.abs = lambda x: 0
math.isnan = lambda x: False""",
    "threads left behind": VERDICT.replace("import gc", "import threading, time, gc") + """
def later():
    while True:
        time.sleep(0.01)
        write(b"O", kind="correct", lines=[])
        write(b"D", result=True)
threading.Thread(target=later, daemon=True).start()""",
    "atexit": "import atexit, sys" + VERDICT.replace("\nfor letter", "\ndef last():\n  for letter").replace(
        "    write", "      write") + "\natexit.register(last)\nsys.exitfunc = last",
    "pickles": """
class Bomb:
    def __reduce__(self): return (exec, ("import os; os._exit(0)",))
    def __repr__(self): return "correct"
exercises.start.iou.check(Bomb())
exercises.start.flattered.check(Bomb(), [Bomb()])
write = exercises.start.iou._check.__self__.talk
import pickle
write({"check": "0.2", "answers": {"pickle": pickle.dumps(Bomb()).hex()}}, pickle.dumps(Bomb()))""",
    "signals": """
import os, signal
for pid in (os.getppid(), 0 - 1, *range(2, 60)):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, 40):
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, 40})
            if pid != os.getpid(): os.kill(pid, number)
        except OSError:
            pass""",
    "ptrace": """
import ctypes, os
libc = ctypes.CDLL(None)
for pid in (1, os.getppid()):
    libc.ptrace(16, pid, 0, 0)
    try:
        with open(f"/proc/{pid}/mem", "r+b") as memory: memory.write(b"0" * 4096)
    except OSError:
        pass""",
    "files": """
import glob, os, course_lib
root = os.path.dirname(course_lib.__file__)
for path in glob.glob(root + "/lectures/*/exercises*.py") + glob.glob(root + "/../notebooks/solutions/*"):
    text = open(path).read()
    if "_iou" in text:
        space = {}
        exec(text[text.index("def _iou"):].split("@exercise")[0], {**globals(), "Tensor": torch.Tensor}, space)
        exercises.start.iou.check(space["_iou"])
for path in glob.glob("/**/grades.csv", recursive=True):
    open(path, "w").write("all correct")""",
    "imports of private names": """
import importlib
for name in ("course_lib.lectures.l00_start_here.exercises", "course_lib.grading.judge"):
    try:
        module = importlib.import_module(name)
        exercises.start.iou.check(module._iou)
    except (ImportError, AttributeError):
        pass""",
    "another Python": """
import subprocess, sys
code = "import inspect; from course_lib.lectures.l00_start_here.exercises import _iou; print(inspect.getsource(_iou))"
found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
if found:
    exec(found, {**globals(), "Tensor": torch.Tensor}, space := {})
    exercises.start.iou.check(space["_iou"])""",
    "garbage": """
import gc
for thing in gc.get_objects():
    if getattr(thing, "__name__", "") in ("_iou", "_confusion"):
        exercises.start.iou.check(thing)
        exercises.start.confusion.check(thing)""",
    "a word on the line": VERDICT,
}  # fmt: skip


@pytest.fixture(scope="module")
def walled(workshop) -> None:
    """Some forgeries are kept out by what the system offers."""
    process = workshop.start(CHILD, 1)
    until = time.monotonic() + 60
    process.send(b"P", {"cells": {}, "run": {}, "skip": [], "tasks": {}}, b"", until)
    stand = wire.loads(process.next(until)[1])["ready"]
    process.end()
    if "no file" not in stand:
        pytest.skip("needs name spaces, which this system forbids")


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forgery_wins_nothing(walled, graded_alone, kind):
    found = graded_alone(IMPORTS, *(FORGERIES[kind] + wrong for wrong in WRONG.values()))
    assert points(found) == [0, 0, 0], found


def test_an_answer_tried_out_in_a_loop_counts_as_its_last_try(graded_alone):
    tries = "for letters in ('a', 'ace', 'b'):\n    exercises.fcn.gains.check(letters)"
    found = graded_alone(IMPORTS, tries)
    assert found["1.6"][0] == 0
    assert found["1.6"][1].startswith("not yet"), found


SLEEPER = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(7654.25)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(7654.25)
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs signals and limits that Windows has not")
@pytest.mark.parametrize("spaces", [True, False])
def test_nothing_that_a_notebook_started_lives_on(workshop, graded_alone, monkeypatch, spaces):
    monkeypatch.setattr(workshop, "spaces", spaces)
    found = graded_alone(IMPORTS, SLEEPER + "exercises.start.iou.check(1)")
    assert "not yet" in found["0.2"][1] or "raised" in found["0.2"][1]
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.splitlines()
    assert not [line for line in lines if "7654.25" in line]


def test_without_name_spaces_solutions_are_still_out_of_reach_of_imports(workshop, graded_alone, monkeypatch):
    monkeypatch.setattr(workshop, "spaces", False)
    kinds = ("frames", "closures", "monkeypatches", "imports of private names", "garbage", "a word on the line")
    for kind in kinds:
        found = graded_alone(IMPORTS, *(FORGERIES[kind] + wrong for wrong in WRONG.values()))
        assert points(found) == [0, 0, 0], (kind, found)


def test_a_process_started_anew_grades_as_well(tmp_path, asked):
    path = tmp_path / "mine.ipynb"
    path.write_text(book(IMPORTS, "exercises.start.iou.check(5)"))
    with Workshop(fork=False) as shop:
        found = folder.graded(path, asked, LIMITS, "", shop)
    assert "a function was expected, found int 5" in found["0.2"][1]
    assert list(found) == ALL


WASTE = {
    "files without end": "open('big', 'wb').write(b'0' * 10**9)",
    "many files": "for number in range(10**6):\n    open(f'{number}', 'w').close()",
    "the course on disk": "import course_lib\nopen(course_lib.__file__, 'a').write('#')",
    "processes without end": "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(60)",
    "an answer of 200 MB": "exercises.start.flattered.check(torch.zeros(200_000_000), torch.zeros(1))",
}


@pytest.mark.parametrize("kind", WASTE)
def test_waste_is_stopped_and_the_rest_counts(walled, graded_alone, kind):
    right = "exercises.start.flattered.check(torch.zeros(100, dtype=torch.long), (torch.arange(100) == 0).long())"
    code = WASTE[kind] + ("" if "check(" in WASTE[kind] else "\nexercises.start.iou.check(lambda m: m)")
    found = graded_alone(IMPORTS, code, right)
    assert found["0.3"] == (1, "correct"), found
    assert found["0.2"][0] == 0


def test_a_layer_that_would_take_all_memory_stops_neither_the_judge_nor_the_rest(graded_alone):
    large = "lambda a, b: torch.nn.Conv2d(a, b, 3, padding=10**6)"
    right = "exercises.deconvnet.costs.check('ac')"
    found = graded_alone(IMPORTS, f"exercises.deconvnet.score_layer.check({large})", right)
    assert found["2.6"] == (1, "correct"), found
