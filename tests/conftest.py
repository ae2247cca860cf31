"""What every test shares: the folder of reference data beside the project, and the list of skips we expect."""

import gc
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import course_lib  # noqa: F401 - sets how torch's threads wait, before a test loads it

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
# files with half a minute of work or more begin first, so that no worker is left alone with one of them at the end
LONG = ("test_travels_alone", "test_any_size_vgg", "test_any_size_resnet", "test_class_tools", "test_colab",
        "test_release", "test_fuzz", "test_unclipped", "test_mutants_resnet", "test_random_graphs",
        "test_training_photographs", "test_training_compare", "test_training_resume", "test_claims_again")  # fmt: skip
# these read files, call git or the network, or run the standard library: no package's version matters to them
ONCE = ("test_agreement", "test_choose", "test_convert", "test_course_notebooks", "test_files_archives",
        "test_files_download", "test_forgeries", "test_install", "test_lab", "test_lint_rules", "test_release",
        "test_style", "test_table", "test_words")  # fmt: skip


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data that lies beside the project; without it the test says so and is skipped."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared is not beside the project")
    return SHARED


@pytest.fixture
def own_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of progress of the test's own, so that no test touches a student's."""
    record = tmp_path / "progress.json"
    monkeypatch.setenv("BEYOND_FCN_PROGRESS", str(record))
    return record


@pytest.fixture(scope="session", autouse=True)
def no_window() -> None:
    """Figures are drawn into memory. (What is heavy is loaded in fixtures: workers wait until this file is.)"""
    import matplotlib

    matplotlib.use("agg")


@pytest.fixture(autouse=True)
def same_dice() -> None:
    """Every test throws the same dice, alone or after others."""
    import torch

    torch.manual_seed(0)


def pytest_configure(config: pytest.Config) -> None:
    """A shell that starts us in the background ignores Ctrl-C; the tests of stopping need the usual answer."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported and collected stays to the end: to look through it for garbage, again and again, takes long."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Compiled modules complain at the end of what cannot be freed."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; a network of full width against reference numbers is played once, a narrow one each time."""
    places = {stem: place for place, stem in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))
    for item in items:
        if item.path.stem in ONCE or "golden" in getattr(item, "fixturenames", ()):
            item.add_marker("once")


def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:
    for nodeid, reason in unexpected_skips(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"UNEXPECTED SKIP {nodeid}: {reason} (tests/expected_skips.txt lists the others)")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skip that nobody announced is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and exitstatus == 0 and unexpected_skips(reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def unexpected_skips(skipped: list) -> list[tuple[str, str]]:
    """Those skipped tests whose reason matches no line of the list."""
    lines = (ROOT / "tests" / "expected_skips.txt").read_text().splitlines()
    expected = [re.compile(line) for line in lines if line and not line.startswith("#")]
    found = []
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not any(pattern.fullmatch(reason) for pattern in expected):
            found.append((report.nodeid, reason))
    return found
