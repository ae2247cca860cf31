"""The package stands alone: copied into an empty folder, without the course beside it, it does all it does here."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib.receptive_field

PACKAGE = Path(course_lib.receptive_field.__file__).parent

PROGRAM = """
import sys
import torch
from torch import nn
from receptive_field import effective, empirical, theoretical
from receptive_field.depth_experiment import growth

assert not {"matplotlib", "torchvision", "IPython", "course_lib"} & set(sys.modules)
net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1))
images = torch.randn(2, 3, 32, 32)
field = theoretical(net, image_size=(32, 32))
print(field.box((8, 8)), field.size())
one = effective(net, images, (8, 8), progress=False)
two = empirical(net, images, (8, 8), progress=False)
assert not {"matplotlib", "torchvision", "IPython", "course_lib"} & set(sys.modules)
assert not one.map[~torch.as_tensor(field.mask((8, 8)))].any()
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # an older matplotlib's own, about its parser, as it is imported
from receptive_field.picture import picture
print(picture(images[0], mask=field.mask((8, 8)), effective=one, empirical=two).alt)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(PACKAGE, folder / "receptive_field", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-I", "-W", "error", "-c", "import sys; sys.path.insert(0, '.');" + words[0], *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


def test_all_three_fields_and_the_picture_work_in_an_empty_folder(alone):
    done = run(alone, PROGRAM)
    assert done.returncode == 0, done.stderr
    assert "(13, 13, 20, 20) (7, 7)" in done.stdout
    assert "Theoretical field: a box of 7 by 7 pixels" in done.stdout


def test_the_command_line_says_that_the_course_is_not_there(alone):
    program = "from receptive_field.__main__ import main; sys.exit(main(['segnet']))"
    done = run(alone, program)
    assert done.returncode == 2
    assert "the course's networks are not beside this package; try torchvision:NAME" in done.stderr


@pytest.mark.parametrize("called, code, said", [("-m", 130, "receptive_field: stopped\n"), ("mine.py", 1, None)])
def test_a_stop_while_torch_is_imported_is_one_line_on_the_command_line(alone, called, code, said):
    program = f"""
import sys

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise KeyboardInterrupt

sys.argv = [{called!r}]
sys.meta_path.insert(0, Stop())
try:
    import receptive_field
except KeyboardInterrupt:
    sys.exit(1)
"""
    done = run(alone, program)
    assert done.returncode == code, done.stderr
    assert said is None or done.stderr == said


@pytest.mark.parametrize("file", sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")))
def test_no_file_imports_the_course(file):
    """Only relative imports inside the package, torch, numpy, tqdm, the standard library; pictures inside functions."""
    tree = ast.parse((PACKAGE / file).read_text())
    allowed = {"torch", "numpy", "tqdm", *sys.stdlib_module_names}
    later = {"matplotlib", "PIL", "numpy"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= len(Path(file).parts), f"{file}:{node.lineno}"
            names = [] if node.level else [node.module]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            allowed_here = allowed if node.col_offset == 0 else allowed | later
            assert name.split(".")[0] in allowed_here, f"{file}:{node.lineno} imports {name}"


def test_the_code_in_the_readme_runs_and_says_what_it_says(capsys):
    text = (PACKAGE / "README.md").read_text()
    first, _, rule = (block.split("```")[0] for block in text.split("```python\n")[1:])
    told: dict = {}
    exec(first, told)
    assert told["field"].box((14, 14), layer="layer2") == (63, 63, 162, 162)
    assert told["field"].size("layer2") == (99, 99)
    exec(rule, told)

    class Net(told["torch"].nn.Module):
        def forward(self, x):
            return told["every_third"](x)

    field = told["theoretical"](Net(), image_size=(12, 12))
    assert field.box((1, 1)) == (1, 3, 2, 4)
    assert field.exact


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::FutureWarning")  # the libraries' own, as they load
def test_the_networks_of_other_libraries_have_the_sizes_that_the_readme_says():
    told: dict = {}
    exec((PACKAGE / "README.md").read_text().split("```python\n")[2].split("```")[0], told)
    assert told["whole"] == (float("inf"), float("inf"))
    assert told["local"] == (1027, 1027)
    assert told["stages"] == [(76, 76), (224, 224), (1096, 1096), (1688, 1688)]
    assert told["corner"] == (4, 4, 224, 224)
    assert told["decoder"] == (563, 563)


def test_the_picture_of_the_readme_is_there_and_small():
    assert 0 < (PACKAGE / "three_fields.png").stat().st_size < 200_000
