"""Files of npm's packages for tests that need them: fetched once, by name and sum, unpacked under .cache."""

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path


def packed(name: str, sha256: str, folder: Path) -> Path | None:
    """One of npm's packages, unpacked; none where npm or the network is missing."""
    place = folder / re.sub(r"\W+", "_", name)
    if not place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        with tempfile.TemporaryDirectory(dir=folder) as scratch:  # what is interrupted leaves nothing half unpacked
            done = npm and subprocess.run([npm, "pack", "--silent", name], cwd=scratch, capture_output=True, text=True)
            if not done or done.returncode:
                return None
            archive = Path(scratch) / done.stdout.split()[-1]
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            assert found == sha256, f"{name} is not the package that was tested"
            with tarfile.open(archive) as tar:
                tar.extractall(Path(scratch) / "unpacked", filter="data")
            (Path(scratch) / "unpacked").rename(place)
    return place / "package"
