"""Every figure that a translated lecture shows, once more as SVG whose letters are text: there a translation puts its
words. They are drawn while the notebook is built; the notebook and the library know nothing of it.
"""

import base64
import functools
import hashlib
import io
import re
from pathlib import Path

import matplotlib
from PIL import Image

from course_lib.figures.style import DPI, Figure

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "notebooks" / "site" / "drawings"  # a folder for each translated lecture
EMBEDDED = re.compile(r"data:image/png;base64,([^\"]+)")
EXACT = {"svg.fonttype": "none", "svg.hashsalt": "drawings"}  # letters as text, the same names in every build


def name(picture: bytes) -> str:
    """What a picture is called: another picture gets another name."""
    return hashlib.sha256(picture).hexdigest()[:16]


def starting(lecture: str) -> str:
    """Empties the folder of a translated lecture, and returns what a kernel runs first to fill it."""
    folder = PLACE / lecture
    for old in folder.glob("*.svg"):
        old.unlink()
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from notebooks import drawings; drawings.keep({str(folder)!r})"
    )
    return f"exec({code!r}, {{}})" if folder.is_dir() else ""  # its names stay its own


def keep(folder: str) -> None:
    """From now on each figure that is shown leaves an SVG in the folder, under the name of the picture."""
    plain = Figure.drawn

    @functools.wraps(plain)
    def drawn(figure: Figure, kind: str, dpi: int = DPI) -> bytes:
        made = plain(figure, kind, dpi)
        (Path(folder) / f"{name(made)}.svg").write_text(as_svg(figure))
        return made

    Figure.drawn = drawn  # type: ignore[method-assign]


def as_svg(figure: Figure) -> str:
    """The figure with its letters as text; photographs inside are JPEG, as in the notebook."""
    buffer = io.StringIO()
    with matplotlib.rc_context(EXACT):
        figure.savefig(buffer, format="svg", dpi=DPI, metadata={"Date": None, "Creator": None})
    return EMBEDDED.sub(_as_jpeg, buffer.getvalue()) if figure.photographs else buffer.getvalue()


def _as_jpeg(found: re.Match) -> str:
    small = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
        picture.convert("RGB").save(small, "jpeg", quality=80, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"
