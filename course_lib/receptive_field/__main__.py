"""Receptive fields from the command line: a table for people, or JSON for machines, and a picture.

    python -m course_lib.receptive_field segnet --size 360 480
    python -m course_lib.receptive_field torchvision:deeplabv3_resnet101 --layer backbone.layer3 --pixel 20 20
    python -m course_lib.receptive_field torchvision:resnet18 --layer layer2 --empirical --out fields.png
    python -m course_lib.receptive_field smp:Unet --option encoder_name=resnet18 --images 0 --json

Wrong words end with one line on what was wrong and the exit code 2.
"""

import argparse
import ast
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path

import torch
from torch import Tensor

from . import effective, empirical, theoretical
from .by_name import load
from .picture import picture, save
from .probing.frozen import checked_pixel
from .probing.influence import Spread
from .theoretical import Field


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise ValueError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one command line; the exit code is 0, or 2 after an error in the words."""
    try:
        _answer(_parser().parse_args(arguments))
    except (ValueError, OSError) as error:
        print(f"receptive_field: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("receptive_field: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="receptive-field", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("model", help="a name of the course, torchvision:NAME, smp:NAME or your.module:function")
    add("--size", nargs=2, type=int, default=(224, 224), metavar=("H", "W"), help="of the image; 224 224")
    add("--channels", type=int, default=3, help="of the image; 3")
    add("--layer", help="whose field to show; the output")
    add("--pixel", nargs=2, type=int, metavar=("Y", "X"), help="of the layer's map; its middle")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="for the network, such as width=0.25")
    add("--image", type=Path, help="a picture to look at; smooth noise otherwise")
    add("--images", type=int, default=1, help="how many to average over; 1. 0: the theoretical field only")
    add("--signs", type=int, default=4, help="draws of random signs per image for the effective field; 4")
    add("--empirical", action="store_true", help="also sweep a patch over the images (slow)")
    add("--stride", type=int, default=3, help="of the patch of 11 x 11; 3")
    add("--seed", type=int, default=0, help="of weights, noise and signs; 0")
    add("--json", action="store_true", help="print JSON; a picture only with --out")
    add("--out", type=Path, help="where the picture goes; receptive_field.png")
    return parser


def _answer(request: argparse.Namespace) -> None:
    if min(*request.size, request.channels) < 1 or request.images < 0:
        raise ValueError("--size and --channels must be at least 1, --images at least 0")
    if request.empirical and not request.images:
        raise ValueError("--empirical needs an image: --images 1")
    out = request.out or (None if request.json else Path("receptive_field.png"))
    if out and not out.parent.is_dir():
        raise ValueError(f"--out: there is no folder {str(out.parent)!r}")
    images = _images(request)
    net = load(request.model, dict(map(_option, request.option)), seed=request.seed)
    field = theoretical(net, image_size=tuple(request.size), channels=request.channels)
    size = field.output_size(request.layer)
    pixel = checked_pixel(request.pixel or [length // 2 for length in size], size, request.layer)
    spreads: dict[str, Spread] = {}
    common = {"layer": request.layer, "seed": request.seed, "field": field, "trained": False}
    if request.images:
        spreads["effective"] = effective(net, images, pixel, signs=request.signs, **common)
    if request.empirical:
        spreads["empirical"] = empirical(net, images, pixel, stride=request.stride, **common)
    result = _result(request, field, pixel, spreads, out)
    if out:
        name = f"{request.model}, {request.layer or 'output'} at {pixel}"
        figure = picture(images[0], mask=field.mask(pixel, request.layer), title=name, **spreads)
        save(figure, out)
        result["alt"] = figure.alt
    print(json.dumps(result, indent=1) if request.json else _for_people(result, field))


def _result(
    request: argparse.Namespace, field: Field, pixel: tuple[int, int], spreads: dict[str, Spread], out: Path | None
) -> dict[str, object]:
    mask = field.mask(pixel, request.layer)
    return {
        "model": request.model,
        "image_size": list(field.image_size),
        "layer": request.layer or "output",
        "pixel": list(pixel),
        "box": field.box(pixel, request.layer),
        "size": _plain(field.size(request.layer)),
        "exact": field.is_exact(request.layer),
        "share_of_image": float(mask.mean()),
        **{name: _measures(spread) for name, spread in spreads.items()},
        "weights": "random",
        "picture": str(out) if out else None,
        "table": [_plain(asdict(row)) for row in field.table()],
    }


def _measures(spread: Spread) -> dict[str, object]:
    radii = {f"r{100 * mass:g}": spread.radius(mass) for mass in (0.5, 0.6827, 0.9545)}
    return {"centroid": spread.centroid, "std": spread.std, **radii, "side": spread.side()}


def _plain(value: object) -> object:
    """As JSON can hold it: what is endless or undefined becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _for_people(result: dict[str, object], field: Field) -> str:
    lines = [str(field.table()), ""]
    box = result["box"]
    where = f"pixel {tuple(result['pixel'])} of {result['layer']}"
    if box is None:
        lines.append(f"{where} reads nothing of the image")
    else:
        share = f"{100 * result['share_of_image']:.3g} % of the image"
        lines.append(f"{where} sees rows {box[0]} to {box[2] - 1} and columns {box[1]} to {box[3] - 1}: {share}")
    if not result["exact"]:
        lines.append("this is an upper bound: of some operations it is not known what they read")
    for name in ("effective", "empirical"):
        if name in result:
            found = result[name]
            radii = ", ".join(
                f"{100 * mass:g} % within {found[f'r{100 * mass:g}']:.1f} px" for mass in (0.5, 0.6827, 0.9545)
            )
            lines.append(f"{name} (random weights): {radii}")
    if result["picture"]:
        lines.append(f"picture: {result['picture']}")
    return "\n".join(lines)


def _images(request: argparse.Namespace) -> Tensor:
    """The picture of the caller, and smooth noise (weight falling with frequency, as in photographs) for the rest."""
    height, width = request.size
    generator = torch.Generator().manual_seed(request.seed)
    spectrum = torch.fft.rfft2(
        torch.randn(max(1, request.images), request.channels, height, width, generator=generator)
    )
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None, :])
    noise = torch.fft.irfft2(spectrum / frequency.clamp_min(1 / max(height, width)), s=(height, width))
    images = noise / noise.std((1, 2, 3), keepdim=True).clamp_min(1e-6)
    if request.image is not None:
        images[0] = _read(request.image, height, width, request.channels)
    return images


def _read(path: Path, height: int, width: int, channels: int) -> Tensor:
    """A picture from a file, stretched to the size asked for, with mean 0 and deviation 1."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    if channels not in (1, 3):
        raise ValueError(f"a picture has 1 or 3 channels, the network is asked with {channels}")
    try:
        with Image.open(path) as file:
            pixels = np.asarray(file.convert("RGB" if channels == 3 else "L").resize((width, height)))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is not a picture that can be read") from error
    image = torch.from_numpy(pixels.copy()).float().reshape(height, width, channels).permute(2, 0, 1)
    return (image - image.mean()) / image.std().clamp_min(1e-6)


def _option(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not (name.isidentifier() and equals):
        raise ValueError(f"--option is NAME=VALUE, such as width=0.25, got {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


if __name__ == "__main__":
    sys.exit(main())
