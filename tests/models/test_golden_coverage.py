"""Every golden file is used by a test, or there is a reason why not."""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "files"
TESTS = Path(__file__).resolve().parents[1]

# Files that tests name piece by piece: deeplabv3_r{depth}_os{output_stride}_s{stride_on}
BUILT = {
    f"deeplabv3_r{depth}_os{output_stride}_s{stride}": "deeplabv3_r{depth}_os{output_stride}_s{stride_on}"
    for depth, output_stride, stride in [
        (50, 16, "1x1"), (50, 16, "3x3"), (50, 8, "1x1"), (50, 8, "3x3"), (101, 16, "1x1"),
        (101, 16, "3x3"), (101, 8, "3x3"),
    ]
} | {
    "torchvision_deeplabv3_resnet50": "torchvision_deeplabv3_resnet{depth}",
    "torchvision_deeplabv3_resnet101": "torchvision_deeplabv3_resnet{depth}",
    "xception65_os8": "xception65_os{output_stride}",
    "xception65_os16": "xception65_os{output_stride}",
}  # fmt: skip


@pytest.fixture(scope="module")
def sources() -> str:
    files = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("file", sorted(path.stem for path in GOLDEN.iterdir() if path.suffix in (".json", ".npz")))
def test_the_file_is_used(file: str, sources: str) -> None:
    assert f'"{BUILT.get(file, file)}' in sources, f"no test reads tests/golden/files/{file}"
