"""The recipes for a hub: files that parse, names that exist, and one limit of memory in both."""

import re
import shutil
import subprocess

import pytest
import yaml


@pytest.fixture
def recipes(root):
    return root / "notebooks" / "hub"


def test_both_recipes_set_the_same_limit_of_memory(recipes):
    values = yaml.safe_load((recipes / "zero-to-jupyterhub.yaml").read_text())
    limit = values["singleuser"]["memory"]["limit"]
    assert f"limits.memory {limit}\n" in (recipes / "littlest-jupyterhub.sh").read_text()
    assert f"let a student's server and kernel together take {limit[:-1]} MB" in " ".join(
        (recipes.parent / "INSTRUCTORS.md").read_text().split()
    )


def test_the_script_is_a_script_and_what_it_copies_is_there(recipes, root):
    text = (recipes / "littlest-jupyterhub.sh").read_text()
    if shutil.which("sh"):
        subprocess.run(["sh", "-n", recipes / "littlest-jupyterhub.sh"], check=True)
    for name in re.findall(r"notebooks/[\w.*]+", text + (recipes / "Dockerfile").read_text()):
        assert name == "notebooks/hub" or [*root.glob(name)], name


def test_servers_start_on_a_notebook_that_the_image_holds(recipes, root):
    values = yaml.safe_load((recipes / "zero-to-jupyterhub.yaml").read_text())
    assert (root / "notebooks" / values["singleuser"]["defaultUrl"].rpartition("/")[2]).is_file()
    (_, _, copying) = values["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert "/srv/course" in copying
    assert "/srv/course/" in (recipes / "Dockerfile").read_text()
