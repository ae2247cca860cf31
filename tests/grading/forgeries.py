"""Code of students who want a point without a right answer; it stands before wrong answers, and wins nothing."""

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
for folder, below, names in os.walk("/"):
    below[:] = {*below} - {"usr", "proc", "site-packages"}  # time goes into these, and no grade
    if "grades.csv" in names:
        open(folder + "/grades.csv", "w").write("all correct")""",
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
    "memory": """
import re
needle, behind = ")(taolf.)(lanogaid.xirtam"[::-1].encode(), b"/ thgir nruter    "  # so that it does not find itself
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for begin, end in re.findall(r"^(\\w+)-(\\w+) r.*0 *(?:|.heap.|/.*/course_lib/.*)$", maps.read(), re.M):
        for place in range(int(begin, 16), int(end, 16), 2**26):
            try:
                memory.seek(place)
                held = memory.read(min(2**26, int(end, 16) - place))
            except (OSError, ValueError, OverflowError):
                continue
            ends = [found.end() for found in re.finditer(re.escape(needle), held)]
            if any(held[end : end + 40].lstrip()[: len(behind)][::-1] == behind for end in ends):
                exercises.start.iou.check(lambda m: m.diagonal() / (m.sum(0) + m.sum(1) - m.diagonal()))""",
}  # fmt: skip
