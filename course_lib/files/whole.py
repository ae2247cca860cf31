"""Writing a file in one step: after a kill or on a full disk the path holds the old content or the new, never a part.

The content goes to NAME.part beside its final name, is forced to the disk, and is then renamed over the old file. The
rename must reach the disk too, so the folder is forced as well.
"""

import os
from pathlib import Path


def write(path: str | Path, content: bytes | memoryview | str) -> None:
    """Replace the content of `path`; on any error the file that was there before is untouched. Text becomes UTF-8."""
    path = Path(os.path.realpath(path))  # a link stays a link: what it points to is replaced
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Windows has no way to ask for it and no need."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
