"""The code that opens every notebook, and the one place that knows where the course is published.

`make release` writes ADDRESS and TAG here and stamps them into every notebook and badge.
"""

ADDRESS = ""
TAG = ""

# Three steps: find the course, install it where it is missing, start. The first two cannot lie in the library, because
# they bring the library. All else does: `course_lib.notebook.start`.
TEMPLATE = """\
# Run this cell first. It finds the course or, where the notebook travels alone as in Colab,
# installs it (45 MB): from a wheel, a zip or a folder beside the notebook or on Drive, or the release.
import glob, importlib.util, pathlib, sys

sys.path[:0] = [str(p) for p in pathlib.Path.cwd().parents if (p / "course_lib/notebook.py").is_file()]
if not importlib.util.find_spec("course_lib"):
    found = glob.glob("{beside}") + glob.glob("/content/drive/MyDrive/{beside}")
    found += ["{course}"]
    %pip install -q "{{found[0]}}"
from course_lib import notebook  # not found? {advice}

device = notebook.start()"""
BESIDE = "./beyond[-_]fcn*"  # the course as a wheel, a zip or a folder


def text() -> str:
    """The first cell, stamped."""
    if ADDRESS:
        course, advice = f"git+{ADDRESS}@{TAG}", "Check the network, then run this cell again."
    else:
        course, advice = BESIDE, "Open it inside the course's folder, or put its wheel beside it."
    return TEMPLATE.format(beside=BESIDE, course=course, advice=advice)


def repository() -> str:
    return ADDRESS.removeprefix("https://github.com/").removesuffix(".git")


def published(name: str) -> str:
    """Where a page beside the notebooks lies on the web; nothing before the first release."""
    return f"https://github.com/{repository()}/blob/{TAG}/notebooks/{name}" if ADDRESS else ""


def badge(name: str) -> str:
    """The link that opens a notebook in Colab; nothing before the first release."""
    if not ADDRESS:
        return ""
    page = f"https://colab.research.google.com/github/{repository()}/blob/{TAG}/notebooks/{name}.ipynb"
    return f"[![Open {name} in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({page})"
