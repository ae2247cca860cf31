"""Every golden file is used by a test, or there is a reason why not."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FILES = [path.stem for path in (TESTS / "golden" / "files").iterdir() if path.suffix in (".json", ".npz")]

NOT_USED = {
    "deconvnet_nonsquare": "deconvnet at a second size, which the README of the golden numbers calls optional",
}


@pytest.fixture(scope="module")
def named() -> list[re.Pattern]:
    """What the tests name in quotes; one with gaps, such as "xception65_os{output_stride}", stands for all it fits."""
    sources = [
        path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()
    ]
    words = {word for source in sources for word in re.findall(r'"(?:[\w/]*/)?([\w{}]{4,})(?:\.\w+)?"', source)}
    gap = re.compile(r"\{\w+\}")
    return [re.compile(gap.sub(r"\\w+", word)) for word in words if len(gap.sub("", word)) > 3]


@pytest.mark.parametrize("file", sorted(FILES))
def test_the_file_is_used(file: str, named: list[re.Pattern]) -> None:
    used = any(pattern.fullmatch(file) for pattern in named)
    assert used != (file in NOT_USED), f"tests/golden/files/{file}: {NOT_USED.get(file, 'no test reads it')}"
