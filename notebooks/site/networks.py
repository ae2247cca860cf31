"""Trained networks and their runtime as scripts: for a visitor's own photograph, and for scenes that are edited.

A network becomes ONNX, for bytes from 0 to 255 at its working size; the runtime is onnxruntime-web from npm, as
WebAssembly. Both are packed as text into scripts, because a page opened from a disk may fetch nothing.
"""

import base64
import gzip
import json
import shutil
import subprocess
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import palette, paths, segment, zoo
from course_lib.evidence import code_shape
from course_lib.models import shipped
from course_lib.training import checkpoints

HERE = Path(__file__).parent
NAMES = {"deeplab_v3plus_pets": "where is a cat, where is a dog?"}
PACKAGE = ("package.json", "package-lock.json", ".npmrc")


class FromBytes(nn.Module):
    """A network with its normalisation in front, as `segment` applies it."""

    def __init__(self, net: nn.Module, mean: float, std: float):
        super().__init__()
        self.net, self.mean, self.std = net, mean, std

    def forward(self, picture: Tensor) -> Tensor:
        return self.net((picture / 255 - self.mean) / self.std)


def working_size(told: dict) -> list[int]:
    """Height and width that the page asks at; a network that takes any proportions is asked about squares."""
    return told["working_size"] if isinstance(told["working_size"], list) else [told["working_size"]] * 2


def write(name: str, folder: Path) -> None:
    """One network as a script; once for the same code."""
    path, made_by = folder / f"{name}.js", f"// {code_shape.of_modules('course_lib.segment')}\n"
    if path.exists() and path.read_text().startswith(made_by):
        return
    loaded, told = segment.loaded(name)
    example = paths.data() / "photos" / f"{zoo.PHOTO.get(name, 'cat')}.jpg"
    size = working_size(told)
    state = {
        "classes": told["classes"],
        "colours": palette.ORDER[: len(told["classes"])],
        "strength": segment.STRENGTH,
        "shown": segment.SHOWN,
        "size": size,
        "square": not isinstance(told["working_size"], list),
        "example": f"data:image/jpeg;base64,{base64.b64encode(example.read_bytes()).decode()}",
        "onnx": exported(FromBytes(loaded.net, told["mean"], told["std"]), picture=torch.zeros(1, 3, *size)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{made_by}course.network({json.dumps(name)}, {json.dumps(state)});\n")


def write_checkpoint(name: str, folder: Path) -> None:
    """A checkpoint of the lessons, for scenes of its own size; once for the same weights."""
    told = shipped.card(name)
    path, made_by = folder / f"{name}.js", f"// {told['sha256']} {code_shape.of_modules('course_lib.models')}\n"
    if path.exists() and path.read_text().startswith(made_by):
        return
    size = [told["size"]] * 2
    onnx = exported(FromBytes(checkpoints.load(name), 0, 1), picture=torch.zeros(1, 3, *size))
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{made_by}course.network({json.dumps(name)}, {json.dumps({'size': size, 'onnx': onnx})});\n")


def exported(net: nn.Module, *outputs: str, **inputs: Tensor) -> str:
    """The network as ONNX, packed; an only output is called scores."""
    program = torch.onnx.export(
        net.eval(),
        tuple(inputs.values()),
        dynamo=True,  # the older exporter knows neither unpooling nor adaptive pooling
        input_names=list(inputs),
        output_names=list(outputs) or ["scores"],
        verbose=False,
    )
    return packed(program.model_proto.SerializeToString())


def write_runtime(folder: Path, room: Path) -> None:
    """The runtime out of npm's package, fetched once for the same lock file."""
    if any(not (room / name).exists() or (room / name).read_bytes() != (HERE / name).read_bytes() for name in PACKAGE):
        room.mkdir(parents=True, exist_ok=True)
        for name in PACKAGE:
            shutil.copy(HERE / name, room)
        try:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=room, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            (room / PACKAGE[0]).unlink()  # the next build tries again
            raise SystemExit(f"the site needs npm and its registry, for onnxruntime-web ({error})") from None
    dist = room / "node_modules" / "onnxruntime-web" / "dist"
    module = (dist / "ort.wasm.bundle.min.mjs").read_text()
    wasm = packed((dist / "ort-wasm-simd-threaded.wasm").read_bytes())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runtime.js").write_text(f"course.runtime({json.dumps(module)}, {json.dumps(wasm)});\n")


def packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
