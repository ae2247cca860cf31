"""Which tests to run: the fast ones, or those of what changed since `main`.

A changed module asks for its own tests (those of its room that import it, or a module that does) and for every fast
test that reaches it from above. `make test` remains the whole.
"""

import subprocess
from pathlib import Path

from course_lib.evidence import code_shape

ROOT = Path(__file__).resolve().parents[1]
# one or more files of each room that take few seconds and hold what the rooms above rely on
FAST = (
    "tests/checking/test_exercises_core.py",
    "tests/crf/test_crf_errors.py",
    "tests/evidence/test_claims_ledger.py",
    "tests/evidence/test_claims_verdicts.py",
    "tests/evidence/test_code_shape.py",
    "tests/explorers/test_widgets_mechanism.py",
    "tests/figures/test_figures_style.py",
    "tests/files/test_files_whole.py",
    "tests/house/test_agreement.py",
    "tests/house/test_notebook_helper.py",
    "tests/house/test_style.py",
    "tests/metrics/test_metrics_confusion.py",
    "tests/models/test_blocks.py",
    "tests/models/test_registry.py",
    "tests/notebooks/test_convert.py",
    "tests/notebooks/test_words.py",
    "tests/receptive_field/test_theoretical_values.py",
    "tests/scenes/test_scenes_dice.py",
    "tests/training/test_training_scores.py",
)


def changed_tests() -> list[str]:
    """The tests that what changed since the branch left `main` asks for; none when nothing changed."""
    changed = [path for path in changed_files() if path.endswith(".py") and (ROOT / path).exists()]
    modules = {module_of(path) for path in changed if path.startswith("course_lib/")}
    return sorted({path for path in changed if is_test(path)} | tests_of(modules))


def tests_of(modules: set[str]) -> set[str]:
    """The tests that a change of these modules asks for."""
    found, above = set(), reaching(modules)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name, used = str(path.relative_to(ROOT)), code_shape.imported(path.read_text())
        near = modules | {one for one in above if modules & set(code_shape.imports_of(one))}
        own = any(room(name) == room(module.replace(".", "/") + "/") for module in modules)
        if used & modules or (own and used & near) or (name in FAST and used & above):
            found.add(name)
    return {name for name in found if not name.startswith("tests/browser/")}


def changed_files() -> list[str]:
    """The paths that differ from the commit at which this branch left `main`, also those that git does not know yet."""
    begun = git("merge-base", "HEAD", "main") or ["HEAD"]
    return sorted({*git("diff", "--name-only", begun[0]), *git("ls-files", "--others", "--exclude-standard")})


def git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else []


def is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_") and not path.startswith("tests/browser/")


def room(path: str) -> str:
    """`metrics` for tests/metrics/test_x.py as for course_lib/metrics/x.py."""
    return path.split("/")[1]


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def reaching(modules: set[str]) -> set[str]:
    """These modules and all that import them, directly or not."""
    graph = {module_of(str(p.relative_to(ROOT))) for p in (ROOT / "course_lib").rglob("*.py")}
    users = {name: set(code_shape.imports_of(name)) for name in graph}
    found = set(modules)
    while more := {name for name in graph - found if users[name] & found}:
        found |= more
    return found
