"""The selfie segmenter's weights, from MediaPipe's package to data/checkpoints.

    npm pack @mediapipe/selfie_segmentation@0.1.1675465747
    python -m course_lib.training.import_selfie mediapipe-selfie_segmentation-0.1.1675465747.tgz

The archive holds selfie_segmentation.tflite, a FlatBuffer: tables of offsets to tables of offsets. Only what leads to
the weights is read here: the operators in the order in which they run, and the float16 tensors they take. Convolutions
come in our order too, so they are copied one after the other; a wrong shape is named.
"""

import argparse
import hashlib
import struct
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib import models
from course_lib.files import tensors
from course_lib.training import checkpoints

ARCHIVE = "mediapipe-selfie_segmentation-0.1.1675465747.tgz"
SHA256 = "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9"
CONVOLUTIONS = {3: "plain", 4: "depthwise", 32: "transposed"}  # TensorFlow Lite's numbers; 32 is "custom"
DEQUANTIZE = 6  # float16 to float32


class Table:
    """A FlatBuffer's table: a field is found through the offsets that lie before it."""

    def __init__(self, data: bytes, place: int):
        self.data, self.place = data, place

    def number(self, field: int, kind: str = "i") -> int:
        """A number, 0 where the file leaves it out."""
        at = self.at(field)
        return struct.unpack_from(f"<{kind}", self.data, at)[0] if at else 0

    def at(self, field: int) -> int:
        """Where the field lies; 0 if the table has none."""
        offsets = self.place - self.read("i", self.place)
        inside = 4 + 2 * field
        shift = self.read("H", offsets + inside) if inside < self.read("H", offsets) else 0
        return self.place + shift if shift else 0

    def read(self, kind: str, at: int) -> int:
        """One number at a place in the file."""
        return struct.unpack_from(f"<{kind}", self.data, at)[0]

    def vector(self, field: int) -> tuple[int, int]:
        """Where the elements of a vector begin, and how many there are."""
        at = self.at(field)
        if not at:
            return 0, 0
        begin = at + self.read("I", at)
        return begin + 4, self.read("I", begin)

    def tables(self, field: int) -> list["Table"]:
        """The tables that a field lists."""
        begin, count = self.vector(field)
        places = [begin + 4 * index for index in range(count)]
        return [Table(self.data, place + self.read("I", place)) for place in places]

    def array(self, field: int, kind: str) -> np.ndarray:
        """The numbers that a field lists."""
        begin, count = self.vector(field)
        return np.frombuffer(self.data, kind, count, begin)


def weights_of(data: bytes) -> Iterator[Tensor]:
    """Weight and bias of each convolution, in the order in which they run, in torch's layout."""
    model = Table(data, struct.unpack_from("<I", data)[0])
    codes = [max(code.number(0, "b"), code.number(3)) for code in model.tables(1)]
    buffers, graph = model.tables(4), model.tables(2)[0]
    tensors, stored = graph.tables(0), {}
    for operator in graph.tables(3):
        code, inputs = codes[operator.number(0, "I")], operator.array(1, "<i4").tolist()
        if code == DEQUANTIZE:
            stored[int(operator.array(2, "<i4")[0])] = tensors[inputs[0]]
        elif code in CONVOLUTIONS:
            for place in inputs[1:]:
                tensor = stored.get(place, tensors[place])
                kind = "<f2" if tensor.number(1, "b") == 1 else "<f4"
                raw = buffers[tensor.number(2, "I")].array(0, "u1").tobytes()
                values = np.frombuffer(raw, kind).reshape(tensor.array(0, "<i4")).astype(np.float32)
                yield in_torchs_order(torch.from_numpy(values), CONVOLUTIONS[code])


def in_torchs_order(values: Tensor, kind: str) -> Tensor:
    """TensorFlow Lite keeps the channels last."""
    if values.dim() == 1:
        return values
    order = {"plain": (0, 3, 1, 2), "depthwise": (3, 0, 1, 2), "transposed": (3, 0, 1, 2)}[kind]
    return values.permute(order).contiguous()


def unpacked(archive: Path) -> bytes:
    """The network in the archive, which must be the one that was tested."""
    if not archive.is_file():
        raise FileNotFoundError(f"there is no file {archive}; `npm pack @mediapipe/selfie_segmentation` fetches it")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{archive} has the SHA-256 {found}; expected {SHA256}, that of {ARCHIVE}")
    with tarfile.open(archive) as tar:
        return tar.extractfile("package/selfie_segmentation.tflite").read()


def card(net: torch.nn.Module, file: Path) -> dict:
    """What is known of it. Its authors' own card says more about people and light; it is not in the archive."""
    return {
        "model": "selfie", "family": "photographs", "width": 1.0, "options": {}, "classes": ["background", "person"],
        "mean": 0.0, "std": 1.0, "working_size": [256, 256],
        "data": "not published; portraits and video calls, by its makers",
        "credit": "Google, MediaPipe Selfie Segmentation (general model), npm package "
        "@mediapipe/selfie_segmentation 0.1.1675465747",
        "licence": "Apache-2.0, in LICENSE-Apache-2.0.txt",
        "meant_for": "people within two metres of a camera, as in a selfie or a video call",
        "not_meant_for": "anything without a person in it: it knows only person and background, and calls the cat of "
        "data/photos a person; people far away, many people, decisions about people",
        "command": f"npm pack @mediapipe/selfie_segmentation@0.1.1675465747; "
        f"python -m course_lib.training.import_selfie {ARCHIVE}",
        "parameters": sum(p.numel() for p in net.parameters()),
        "bytes": file.stat().st_size,
        "stored": "filters float16, all else float32; the released file holds all in float16, so nothing is lost",
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, convert the package and write the checkpoint."""
    say = argparse.ArgumentParser(
        prog="python -m course_lib.training.import_selfie", description=__doc__.split("\n")[0]
    )
    say.add_argument("archive", type=Path, nargs="?", default=Path(ARCHIVE), help="what npm pack fetched")
    net = models.build("selfie", 2)
    own, theirs = net.state_dict(), list(weights_of(unpacked(say.parse_args(arguments).archive)))
    net.load_state_dict(dict(zip(own, theirs, strict=True)))
    file = checkpoints.folder() / "selfie.pt"
    tensors.save(file, {key: checkpoints.rounded(value) for key, value in net.state_dict().items()})
    checkpoints.write("selfie", card(net, file))
    print(f"wrote {file}, {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
