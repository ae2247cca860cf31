"""Files of tensors: written with a seal, and read only after their checksum.

`save` writes what `torch.save` writes, with the SHA-256 of all its bytes as the comment that any zip file may carry:
torch reads it as before. A file that torch alone wrote has a CRC-32 of each of its parts, which torch does not look
at; `read` does. Reading runs no code (weights_only=True).
"""

import hashlib
import hmac
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from course_lib.files import whole
from course_lib.files.download import digest_of

SEAL = b"beyond-fcn sha256 "
LENGTH = len(SEAL) + 64
END, END_LENGTH = b"PK\5\6", 22  # the last record of a zip file, whose last two bytes are the length of the comment


class DamagedFile(ValueError):
    """The file is not what was written; the message says what was found and what to do."""


def save(path: str | Path, payload: object) -> None:
    """Write atomically and sealed; on any error the file that was there before is untouched."""
    memory = io.BytesIO()  # torch's own writer hides a full disk behind an internal error
    torch.save(payload, memory)
    memory.seek(-2, io.SEEK_END)
    memory.write(LENGTH.to_bytes(2, "little"))
    memory.write(SEAL + hashlib.sha256(memory.getbuffer()).hexdigest().encode())
    whole.write(path, memory.getbuffer())


def read(path: str | Path, *, mend: str, what: str = "file of tensors", sha256: str = "", checked: bool = False):
    """What the file holds, once its checksum is right.

    mend: what to do if it is not, for the message; what: the name of the file's kind there.
    sha256: the checksum that is known from elsewhere; checked: the caller has compared it already.
    """
    path = Path(path)
    try:
        if sha256:
            check_digest(path, sha256)
        elif not checked:
            check_seal(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # a damaged file makes torch stumble in every way there is
        raise DamagedFile(f"{path} is not a whole {what} ({reason(error)}): {mend}") from error


def check_digest(path: Path, sha256: str) -> None:
    """Refuse a file whose checksum is not the expected one."""
    found = digest_of(path, progress=False)
    if found != sha256:
        raise ValueError(f"its sha256 is {found}, expected {sha256}")


def check_seal(path: Path) -> None:
    """ValueError unless every byte is the one that was written."""
    with open(path, "rb") as file:
        length = file.seek(0, io.SEEK_END)
        file.seek(max(0, length - END_LENGTH))
        tail = file.read()
        file.seek(0)
        head = file.read(4)
    if not length:
        raise ValueError("it is empty")
    if head != b"PK\3\4":
        raise ValueError(
            f"it begins with {head!r}; expected PK, as torch writes since version 1.6. "
            "If an older torch wrote it, save it again with torch.save"
        )
    if tail[:4] == END and tail[-2:] == b"\0\0":
        check_parts(path)
    else:
        check_comment(path, length)


def check_comment(path: Path, length: int) -> None:
    """Refuse a file whose seal is missing or does not fit its bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = length - LENGTH
        while left > 0 and (chunk := file.read(min(1 << 20, left))):
            digest.update(chunk)
            left -= len(chunk)
        seal = file.read()
    if not seal.startswith(SEAL):
        raise ValueError("its end is missing or damaged")
    if not hmac.compare_digest(seal, SEAL + digest.hexdigest().encode()):
        raise ValueError("its bytes are not those that its seal speaks of")


def check_parts(path: Path) -> None:
    """Refuse a file with a damaged part, by the checksums of the zip format."""
    with zipfile.ZipFile(path) as packed:
        damaged = packed.testzip()
    if damaged is not None:
        raise ValueError(f"its part {damaged} is damaged: its checksum is another")


def reason(error: Exception) -> str:
    """The cause in one line; never torch's advice to let the file run code."""
    text = str(error)
    forbidden = re.search(r"(?:GLOBAL|function|class|type) ([\w.]+)", text)
    if "weights_only" in text or "Weights only" in text:
        inside = f", {forbidden[1]}" if forbidden else ""
        return f"it holds more than tensors, numbers and texts{inside}, and could run code; expected a state_dict()"
    return text.split("\n")[0][:200] or type(error).__name__


def check_state(state: object, model: torch.nn.Module, path: str | Path, mend: str) -> None:
    """The weights of another network, or what is no weights at all, are refused before any of them is copied."""
    if not (isinstance(state, Mapping) and state and all(isinstance(value, Tensor) for value in state.values())):
        raise ValueError(
            f"{path} holds {contents_of(state)}; expected a dictionary of tensors, as state_dict() gives it"
        )
    there, now = ({name: tuple(value.shape) for name, value in one.items()} for one in (state, model.state_dict()))
    different = [name for name in there | now if there.get(name) != now.get(name)]
    if different:
        name = different[-1]  # mostly the scores, whose length is the number of classes
        raise ValueError(
            f"{path} holds another network ({name}: {there.get(name, 'missing')} there, {now.get(name, 'missing')} "
            f"now): build it with the same model, width, options and number of classes, {mend}"
        )
    strange = [name for name, value in state.items() if value.is_floating_point() and not value.isfinite().all()]
    if strange:
        raise ValueError(f"{path} holds weights that are no numbers (NaN or infinite), first in {strange[0]}: {mend}")


def contents_of(payload: object) -> str:
    """What a file holds, in a few words."""
    if isinstance(payload, Mapping):
        return f"a dictionary of {', '.join(repr(key) for key in list(payload)[:5]) or 'nothing'}"
    return f"a {type(payload).__name__}"
