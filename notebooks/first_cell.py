"""The code that opens every notebook, and the one place that knows where the course is published.

`make release` writes ADDRESS and TAG here and stamps them into every notebook and badge.
"""

ADDRESS = ""
TAG = ""

TEMPLATE = """\
# Run this cell first. It finds the course, or installs it when the notebook travels alone.
import importlib.metadata, importlib.util, pathlib, subprocess, sys, tempfile

ADDRESS, TAG = "{address}", "{tag}"
if importlib.util.find_spec("torch") is None:
    raise SystemExit("torch is missing: run make lab in the course's folder, or pip install torch elsewhere.")
here = pathlib.Path.cwd()
checkout = next((p for p in [here, *here.parents] if (p / "course_lib/notebook.py").is_file()), None)
if checkout:
    sys.path.insert(0, str(checkout))
elif importlib.util.find_spec("course_lib") is None:
    if not ADDRESS:
        raise SystemExit("This copy was never released. Open it inside the course's folder.")
    keep = pathlib.Path(tempfile.mkdtemp(), "keep.txt")  # the torch that is here stays as it is
    keep.write_text(f"torch=={{importlib.metadata.version('torch')}}")
    pip = [sys.executable, "-m", "pip", "install", "-q", "-c", str(keep), f"git+{{ADDRESS}}@{{TAG}}"]
    if subprocess.run(pip, check=False).returncode:
        raise SystemExit("The course could not be installed. Check the network, then run this cell again.")
    importlib.invalidate_caches()

from course_lib import notebook

device = notebook.start()"""


def text() -> str:
    """The first cell, stamped."""
    return TEMPLATE.format(address=ADDRESS, tag=TAG)


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
