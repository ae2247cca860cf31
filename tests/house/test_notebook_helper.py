"""What the first cell switches on."""

import json
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import psutil
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from course_lib import notebook
from course_lib.checking import record


def test_start_makes_runs_repeatable():
    notebook.start(seed=3)
    first = torch.rand(4)
    notebook.start(seed=3)
    assert torch.equal(first, torch.rand(4))


def test_start_returns_the_device_to_use():
    assert notebook.start().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_without_torch_it_says_how_to_get_it(root):
    code = "import sys; sys.modules['torch'] = None; import course_lib.notebook"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stderr == "torch is missing: run make lab in the course's folder, or pip install torch elsewhere.\n"


@pytest.fixture
def colab(monkeypatch):
    """Colab's module, as far as the course calls it, and in what order it was called."""
    called = []
    colab = ModuleType("google.colab")
    colab.output = SimpleNamespace(enable_custom_widget_manager=lambda: called.append("widgets"))
    colab.drive = SimpleNamespace(mount=called.append)
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    return called


def test_colab_gets_its_widget_manager_and_says_how_to_keep(colab, capsys):
    notebook.start()
    assert colab == ["widgets"]
    assert "notebook.keep()" in capsys.readouterr().out


def test_one_line_keeps_record_and_trainings_on_drive(colab, own_record, tmp_path, monkeypatch):
    record.note("4.1")
    monkeypatch.setattr(notebook, "DRIVE", tmp_path / "drive")
    monkeypatch.chdir(tmp_path)
    folder = notebook.keep(tmp_path / "drive" / "MyDrive" / "mine")
    record.note("4.2")
    assert colab == [str(tmp_path / "drive")]
    assert Path.cwd() == folder  # a training's default, artefacts/training, lies there
    assert json.loads((folder / "progress.json").read_text()) == ["4.1", "4.2"]
    assert record.readable(own_record) == ["4.1"]


def test_elsewhere_any_folder_keeps_them_and_no_drive_is_asked_for(own_record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook.keep("kept") == tmp_path / "kept"
    record.note("4.1")
    assert json.loads((tmp_path / "kept" / "progress.json").read_text()) == ["4.1"]


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_name_that_is_not_there_yet_sends_the_student_up(shell, capsys):
    shell.run_cell("from course_lib import notebook; notebook.start()")
    assert shell.run_cell("exercises.skips").error_in_exec.name == "exercises"
    said = capsys.readouterr().out
    assert "NameError" in said
    assert "'exercises' is not there yet" in said
    assert "run all cells above, then this one" in said
    shell.run_cell("1 / 0")
    assert "not there yet" not in capsys.readouterr().out


LEARNS_TRACES_AND_COUNTS = """
import sys, torch
from course_lib import models, notebook
notebook.start()
from course_lib.datasets import augment
from course_lib.datasets.pairs import transformed
from course_lib.evidence.cost import multiply_adds
from course_lib.receptive_field import effective, theoretical
from course_lib.scenes import Scenes
from course_lib.training import fit

net = models.build("segnet", 6, width=0.05)
fit(net, Scenes("street", count=2), steps=1, batch_size=2, progress=False)
torch.optim.Adam(net.parameters()).step()
theoretical(net, image_size=(64, 64))
effective(net, torch.rand(1, 3, 64, 64), (32, 32), progress=False)
models.build("deeplab_v3_resnet50", device="meta").eval()(torch.empty(1, 3, 65, 65, device="meta"))
multiply_adds(models.build("unet", device="meta").eval(), 64)
transformed(augment(crop=8, colour=0.3), *(torch.zeros(*shape, 9, 9, dtype=torch.uint8) for shape in ((3,), ())))
print({"torch._dynamo", "triton"} & set(sys.modules))
from torchvision.ops import roi_align
supported = sys.modules[roi_align.__module__].is_compile_supported("cpu")
twice = torch.compile(lambda x: 2 * x, backend="eager")
print(twice(torch.ones(1)).item(), supported is torch._dynamo.utils.is_compile_supported("cpu"))
"""


@pytest.mark.slow
def test_lectures_run_without_torchs_compiler_and_it_can_still_be_asked_for(root):
    done = subprocess.run([sys.executable, "-c", LEARNS_TRACES_AND_COUNTS], cwd=root, capture_output=True, text=True)
    assert done.stdout.split() == ["set()", "2.0", "True"], done.stderr


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc, whose memory is given back")
def test_after_a_cell_what_it_freed_goes_back_to_the_system(shell):
    """A hundred megabytes in pieces, of which some stay in between."""
    shell.run_cell("from course_lib import notebook; notebook.start()")
    before = psutil.Process().memory_info().rss
    shell.run_cell("pieces = [bytearray(100_000) for _ in range(1000)]; kept = pieces[::50]; del pieces")
    assert psutil.Process().memory_info().rss - before < 50e6


def test_the_machine_table_names_what_students_ask_for():
    table = notebook.machine()
    assert list(table.rows) == ["Python", "torch", "processor cores", "memory", "GPU", "free disk", "runs in"]
    assert torch.__version__ in repr(table)
    assert '<th scope="row"' in table._repr_html_()
