"""The first cell's helper: seeds, device, style, Colab, and what this machine can do.

`start()` is called by the first cell of every notebook; `machine()` answers "what am I running on?" in a small table.
"""

import gc
import os
import platform
import random
import shutil
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

try:
    import torch
except ModuleNotFoundError:
    raise SystemExit("torch is missing: run make lab in the course's folder, or pip install torch elsewhere.") from None

from . import memory, palette, threads
from .checking import record
from .training.optimisers import light

DRIVE = Path("/content/drive")  # where Colab connects your Drive


def start(seed: int = 0) -> torch.device:
    """Makes runs repeatable, figures alike and widgets work; returns the device that models should use.

    Torch gets no more threads than this process may use: on a hub it would count the cores of the whole machine.
    """
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(min(torch.get_num_threads(), threads.allowed()))
    _style()
    _leave_compiler_out()
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) is not None:
        _explain_missing_names(shell)
        shell.events.register("post_run_cell", _give_memory_back)
    if in_colab():
        _allow_widgets_in_colab()
        print("Colab forgets its disk when you leave; notebook.keep() keeps your record and trainings on your Drive.")
    return device()


def device() -> torch.device:
    """The fastest device here: a CUDA GPU, or the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def in_colab() -> bool:
    """Whether this is Google Colab."""
    return "google.colab" in sys.modules


def keep(folder: str | Path = DRIVE / "MyDrive/my_beyond_fcn") -> Path:
    """Keeps in a folder what a host forgets: the record of your exercises, and what trainings write from now on.

    The folder becomes the working folder, for commands after `!` too: checkpoints, log and scores.json of a training
    are there when you come back, and the same command goes on. In Colab it lies on your Drive, connected first.
    """
    folder = Path(folder).resolve()
    if in_colab() and DRIVE in folder.parents:
        from google.colab import drive

        drive.mount(str(DRIVE))
    folder.mkdir(parents=True, exist_ok=True)
    solved = record.done()
    os.environ["BEYOND_FCN_PROGRESS"] = str(folder / "progress.json")
    for number in solved:
        record.note(number)
    os.chdir(folder)
    return folder


def machine() -> "Table":
    """What this machine is and has, as a small table."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none: every lesson runs without one"
    return Table(
        {
            "Python": platform.python_version(),
            "torch": torch.__version__,
            "processor cores": str(threads.allowed()),
            "memory": _memory(),
            "GPU": gpu,
            "free disk": f"{free:.0f} GB",
            "runs in": "Colab" if in_colab() else "Jupyter",
        }
    )


class Table:
    """Two columns, shown as a table in a notebook and as lines elsewhere."""

    def __init__(self, rows: dict[str, str]):
        self.rows = rows

    def __repr__(self) -> str:
        width = max(map(len, self.rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows.items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th><td style="text-align:left">{value}</td></tr>'
            for name, value in self.rows.items()
        )
        return f"<table>{rows}</table>"


def _memory() -> str:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    return "not known here"


def _style() -> None:
    """The course's colours for a student's own plots; the course's figures bring their style along."""
    import matplotlib
    from matplotlib.rcsetup import cycler

    colours = [palette.hex_of(colour) for colour in palette.ORDER[1:7]]
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=colours)


def _leave_compiler_out() -> None:
    """Keeps torch from loading its compiler where nothing is compiled: 150 MB and 4 seconds.

    Functions that it never compiles load it at their first call, to be told so, and keep the answer in an attribute.
    Here the answer is written before that call. Torch's own optimisers load it at their first step; they become light.
    `torch.compile` loads the compiler as ever.
    """
    if "torch._dynamo" in sys.modules or not hasattr(torch, "_disable_dynamo"):
        return
    wrapper = torch._disable_dynamo(len).__code__
    if "fn" not in wrapper.co_freevars:  # another version of torch: only the saving is lost
        return
    for function in gc.get_objects():
        if type(function) is FunctionType and function.__code__ is wrapper:  # isinstance would wake lazy objects
            inside = dict(zip(wrapper.co_freevars, function.__closure__ or ()))["fn"].cell_contents
            setattr(inside, "__dynamo_disable", inside)
    for name, kind in list(vars(torch.optim).items()):
        if isinstance(kind, type) and kind.__module__ == f"torch.optim.{name.lower()}" and name != "Optimizer":
            setattr(torch.optim, name, light(kind))


def _give_memory_back(*_: Any) -> None:
    """After each cell what it freed: the kernels of a class share one machine."""
    memory.give_back()


def _explain_missing_names(shell: Any) -> None:
    """A cell that is run before those above it says so, under Python's own words."""

    def explain(shell: Any, kind: type, error: NameError, trace: Any, tb_offset: int | None = None) -> None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        if error.name:
            print(f"{error.name!r} is not there yet: if a cell above makes it, run all cells above, then this one.")

    shell.set_custom_exc((NameError,), explain)


def _allow_widgets_in_colab() -> None:
    from google.colab import output

    output.enable_custom_widget_manager()
