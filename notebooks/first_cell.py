"""The code that opens every notebook, and the one place that knows where the course is published.

`make release` writes ADDRESS and TAG here and stamps them into every notebook and badge.
"""

ADDRESS = ""
TAG = ""

TEMPLATE = """\
# Run this cell first. It finds the course, or installs it: a wheel, zip or folder here or on Drive, or the release.
import importlib.metadata, importlib.util, pathlib, subprocess, sys, tempfile

ADDRESS, TAG = "{address}", "{tag}"
if importlib.util.find_spec("torch") is None:
    raise SystemExit("torch is missing: run make lab in the course's folder, or pip install torch elsewhere.")
here = pathlib.Path.cwd()
checkout = next((p for p in [here, *here.parents] if (p / "course_lib/notebook.py").is_file()), None)
if checkout:
    sys.path.insert(0, str(checkout))
elif importlib.util.find_spec("course_lib") is None:
    found = [p for place in (here, pathlib.Path("/content/drive/MyDrive")) for p in place.glob("beyond[-_]fcn*")]
    found = [p for p in found if p.suffix in (".whl", ".zip") or (p / "pyproject.toml").is_file()]
    if not found and not ADDRESS:
        raise SystemExit("This copy was never released. Open it in the course's folder, or put its wheel beside it.")
    keep = pathlib.Path(tempfile.mkdtemp(), "keep.txt")  # what is here stays as it is
    keep.write_text("\\n".join(f"{{d.name}}=={{d.version}}" for d in importlib.metadata.distributions() if d.name))
    course = str(found[0]) if found else f"git+{{ADDRESS}}@{{TAG}}"
    pip = [sys.executable, "-m", "pip", "install", "-q", "-c", str(keep), course]
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
