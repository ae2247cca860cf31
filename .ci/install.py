"""Makes .venv hold exactly what requirements.lock lists, and the course itself. Run again, it does nothing.

It must parse on any Python 3, so that a Python that is too old gets a sentence and not a syntax error.
`--oldest` makes .venv-oldest instead, with the lowest versions that pyproject.toml allows. `--newest` makes
.venv-newest with the newest Python on this machine, if one is newer than that which runs this. `--class` makes
.venv-class beside .venv: nbgrader and otter-grader, and nothing that .venv has already. `--colab` makes .venv-colab:
the Python and the packages that Google Colab brings along, without the course.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(ROOT, "requirements.lock")
CLASS_LOCK = os.path.join(ROOT, ".ci", "class.lock")
COLAB = os.path.join(ROOT, ".ci", "colab.txt")
COLAB_PYTHON = 13
NEEDED_GB = {"default": 9, "cpu": 4}  # measured: 7.3 GB and about 3 GB, with room for the packages' archives
NEWEST = 15  # Python 3.15: the last one that the locked torch has wheels for
PURELIB = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
TORCH_ONLY = ("torch", "torchvision", "triton", "nvidia-", "cuda-")


class Problem(Exception):
    """Something the student can mend; its text is all that is shown."""


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", choices=["cpu"], help="Linux without a GPU: torch's CPU wheels, 4 GB less")
    parser.add_argument("--oldest", action="store_true", help="the lowest supported versions, in .venv-oldest")
    parser.add_argument("--newest", action="store_true", help="the newest Python of this machine, in .venv-newest")
    parser.add_argument("--class", dest="tools", action="store_true", help="the tools for a class, in .venv-class")
    parser.add_argument("--colab", action="store_true", help="what Google Colab brings along, in .venv-colab")
    options = parser.parse_args(arguments)
    try:
        make(options)
    except Problem as problem:
        sys.exit(str(problem))


def make(options):
    if options.colab:
        return install_colab(os.path.join(ROOT, ".venv-colab"))
    base = newest_python() if options.newest else sys.executable
    if not base:
        print("No Python newer than 3.%d was found here: the newest Python was not tried." % sys.version_info[1])
        return
    name = ".venv-oldest" if options.oldest else ".venv-newest" if options.newest else ".venv"
    folder = os.path.join(ROOT, name)
    if not (options.tools and os.path.exists(os.path.join(folder, "installed.txt"))):
        install(folder, options, base)
    if options.tools:
        install_tools(folder, os.path.join(ROOT, ".venv-class"))


def newest_python():
    """The newest Python above the one that runs this, of those on the path or among pyenv's; None without one."""
    return next(filter(None, map(python_of, range(NEWEST, sys.version_info[1], -1))), None)


def python_of(minor):
    """Python 3.minor, on the path or among pyenv's; None where it is not."""
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    folders = os.environ.get("PATH", "").split(os.pathsep) + glob.glob(os.path.join(pyenv, "versions", "*", "bin"))
    for folder in folders:
        python = os.path.join(folder, "python3.%d" % minor)
        if os.path.exists(python) and succeeds([python, "-c", ""]):  # one of pyenv's may be a stand-in that fails
            return python
    return None


def install(folder, options, base=sys.executable):
    check_python(sys.version_info)
    stamp, wanted = os.path.join(folder, "installed.txt"), fingerprint(options)
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    if read(stamp) == wanted and os.path.exists(python):
        return
    check_disk(shutil.disk_usage(ROOT).free, options.torch)
    if os.path.exists(stamp):
        os.remove(stamp)  # from here on the environment is unfinished until it is stamped again
    make_environment(folder, python, base)
    print(
        "Installing what requirements.lock lists into %s (a few minutes the first time) ..." % os.path.basename(folder)
    )
    with tempfile.TemporaryDirectory() as scratch:
        run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *locked(scratch, only="uv")])
        uv = [python, "-m", "uv", "pip", "install", "-q", "--python", python]
        if options.oldest:
            groups = ["--group", os.path.join(ROOT, "pyproject.toml") + ":test"]
            run([*uv, "--resolution", "lowest-direct", "-e", ROOT + "[lab]", *groups])
        else:
            without = TORCH_ONLY if options.torch else ()
            run([*uv, *locked(scratch, without=without)])
            if options.torch:
                run([*uv, "--torch-backend", options.torch, *pins("torch", "torchvision")])
            run([*uv, "--no-deps", "--no-build-isolation", "-e", ROOT])
    keep_quiet(folder)
    run([python, "-c", "import course_lib.segment, matplotlib.pyplot"])  # it starts, and Python has compiled it
    with open(stamp, "w") as file:
        file.write(wanted)


def install_tools(below, folder):
    """An environment that sees all that lies in the one below, and adds what class.lock lists."""
    stamp = os.path.join(folder, "installed.txt")
    wanted = hashlib.sha256((read(CLASS_LOCK) + ROOT).encode()).hexdigest()
    if read(stamp) == wanted:
        return
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = os.path.join(below, scripts, "python")
    run([python, "-m", "venv", "--without-pip", folder])
    source, target = (
        subprocess.check_output([os.path.join(place, scripts, "python"), "-c", PURELIB], universal_newlines=True)
        for place in (below, folder)
    )
    with open(os.path.join(target.strip(), "below.pth"), "w") as file:
        file.write("import site; site.addsitedir(%r)\n" % source.strip())
    print("Installing nbgrader and otter-grader into %s ..." % os.path.basename(folder))
    tools = ["--no-deps", "--require-hashes", "-r", CLASS_LOCK]
    run([python, "-m", "uv", "pip", "install", "-q", "--python", os.path.join(folder, scripts, "python"), *tools])
    with open(stamp, "w") as file:
        file.write(wanted)


def install_colab(folder):
    """An environment as a new Colab notebook finds it; the uv of .venv fetches it."""
    stamp = os.path.join(folder, "installed.txt")
    if read(stamp) == read(COLAB):
        return
    base = python_of(COLAB_PYTHON)
    if not base:
        print("Colab's Python 3.%d was not found here: the course was not tried as in Colab." % COLAB_PYTHON)
        return
    print("Installing what Colab brings along into %s ..." % os.path.basename(folder))
    shutil.rmtree(folder, ignore_errors=True)
    python = os.path.join(folder, "bin", "python")
    make_environment(folder, python, base)
    uv = [os.path.join(ROOT, ".venv", "bin", "python"), "-m", "uv", "pip", "install", "-q", "--python", python]
    run([*uv, "-r", COLAB])
    shutil.copy(COLAB, stamp)


def check_python(version):
    if version < (3, 10):
        raise Problem(
            "This course needs Python 3.10 or newer; %s is %d.%d. Install a newer one (python.org), "
            "then name it: make lab PYTHON=python3.12" % (sys.executable, version[0], version[1])
        )


def check_disk(free, torch=None):
    needed = NEEDED_GB[torch or "default"]
    if free < needed * 1e9:
        hint = "" if torch else " On Linux without a GPU, make lab TORCH=cpu needs only %d GB." % NEEDED_GB["cpu"]
        raise Problem("The course needs %d GB of free disk, found %.1f GB.%s" % (needed, free / 1e9, hint))


def make_environment(folder, python, base=sys.executable):
    """A virtual environment with pip; one that an interrupted install left broken is made again."""
    if os.path.exists(python) and succeeds([python, "-m", "pip", "--version"]):
        return
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    if not succeeds([base, "-c", "import venv, ensurepip"]):
        version = "%d.%d" % sys.version_info[:2]
        raise Problem(
            "This Python has no venv module. On Debian and Ubuntu: sudo apt-get install python%s-venv, "
            "then run the same command again." % version
        )
    run([base, "-m", "venv", folder])


def entries():
    """The lock file as one list of lines per package."""
    packages = []
    for line in read(LOCK).splitlines():
        if line and not line.startswith((" ", "#")):
            packages.append([])
        if line.strip() and not line.startswith("#"):
            packages[-1].append(line)
    return packages


def locked(scratch, only=None, without=()):
    """Arguments that install, by hash, the whole lock file or a part of it."""
    chosen = [
        package
        for package in entries()
        if (only is None or package[0].startswith(only + "=="))
        and not any(package[0].startswith(name + ("" if name.endswith("-") else "==")) for name in without)
    ]
    path = os.path.join(scratch, "part.lock")
    with open(path, "w") as file:
        file.write("\n".join(line for package in chosen for line in package) + "\n")
    return ["--require-hashes", "-r", path]


def pins(*names):
    return [package[0].rstrip(" \\") for package in entries() if package[0].startswith(tuple(n + "==" for n in names))]


def keep_quiet(folder):
    """JupyterLab neither fetches news nor looks for updates, and does not ask about either."""
    settings = os.path.join(folder, "share", "jupyter", "lab", "settings")
    os.makedirs(settings, exist_ok=True)
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    with open(os.path.join(settings, "overrides.json"), "w") as file:
        json.dump(quiet, file)


def fingerprint(options):
    text = read(LOCK) + read(os.path.join(ROOT, "pyproject.toml")) + str(options.torch) + ROOT
    return hashlib.sha256(text.encode()).hexdigest()


def succeeds(command):
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def run(command):
    """Runs one step; when it fails, the reason in one line and what to do."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, cwd=ROOT)
    if done.returncode == 0:
        return
    raise Problem(explain(done.stdout))


def explain(output):
    """The one line a student needs, from what an installer printed."""
    words = output.lower()
    if "no space left" in words:
        return "The disk is full. Free %d GB, then run the same command again: it goes on." % NEEDED_GB["default"]
    offline = ("connection", "resolve", "network", "timed out", "dns", "newconnectionerror", "error sending request")
    if any(word in words for word in offline):
        return "No network: the packages could not be fetched. Connect, then run the same command again: it goes on."
    return "An install step failed; run the same command again. What it said:\n" + output.strip()[-2000:]


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


if __name__ == "__main__":
    main()
