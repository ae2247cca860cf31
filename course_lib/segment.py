"""Any photograph in, what is where out: labels, scores and a picture of both.

    from course_lib.segment import segment, upload
    segment("data/photos/cat.jpg")              shows the picture, the answer over it and each class's share
    segment("me.jpg", network="selfie").labels  H x W, at the picture's own size
    upload()                                    in a notebook: a button for a picture of one's own

    python -m course_lib.segment photo.jpg      writes photo_overlay.png and photo_labels.png
    python -m course_lib.segment new/*.jpg --network artefacts/training/mine     a network that you have trained

`networks()` lists who can be asked. A network is asked at the size of picture it was trained on (about 257 pixels); its
scores are resized back to the picture's size, so an outline is never finer than that.
"""

import argparse
import functools
import gc
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    gc.disable()  # until all is loaded: looking for rubbish would be a tenth of the time that torch takes

import torch
from torch import Tensor, nn

from course_lib import models, palette
from course_lib.datasets import brought
from course_lib.datasets.pairs import check_name
from course_lib.models import shipped, written
from course_lib.models.working_size import AtWorkingSize
from course_lib.shown import show, side_by_side

if TYPE_CHECKING:
    from PIL import Image

USUAL = "deeplab_v3plus_pets"
SHOWN = 1024  # pixels of the longer side of the picture in a figure
STRENGTH = 0.55  # how much of the overlay is the class's colour


@dataclass(frozen=True, repr=False)
class Segmented:
    """A picture (uint8, 3 x H x W), its scores (C x H x W, before softmax) and labels (int64, H x W)."""

    image: Tensor
    scores: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    network: str

    @property
    def probabilities(self) -> Tensor:
        """The probability of each class at each pixel."""
        return self.scores.softmax(0)

    def shares(self) -> dict[str, float]:
        """Which part of the picture each class has."""
        counts = torch.bincount(self.labels.flatten(), minlength=len(self.classes))
        return {name: float(count) / self.labels.numel() for name, count in zip(self.classes, counts)}

    def overlay(self, step: int = 1) -> Tensor:
        """The picture with every class but the first in its colour, uint8, 3 x H x W; of every step-th pixel."""
        image, labels = self.image[:, ::step, ::step], self.labels[::step, ::step]
        colours = palette.paint(labels).permute(2, 0, 1).float()
        mixed = image.float().lerp(colours, STRENGTH).round().byte()
        return torch.where(labels > 0, mixed, image)

    def figure(self) -> "Image.Image":
        """The picture beside the overlay, with a legend that names the shares."""
        step = -(-max(self.labels.shape) // SHOWN)
        pictures = {"the picture": self.image[:, ::step, ::step], written.network(self.network): self.overlay(step)}
        colours = [None, *palette.ORDER[1:]]
        shares = enumerate(self.shares().items())
        legend = [(f"{name} {share:.0%}", colours[index % len(colours)]) for index, (name, share) in shares]
        return side_by_side({title: picture.permute(1, 2, 0).numpy() for title, picture in pictures.items()}, legend)

    def words(self) -> str:
        """The answer in words: background 19%, cat 81%, dog 0%."""
        return ", ".join(f"{name} {share:.0%}" for name, share in self.shares().items())

    @property
    def alt(self) -> str:
        """What the figure shows, for those who do not see it."""
        name = written.network(self.network)
        return f"A photograph, and beside it the answer of {name} laid over it in colour: {self.words()}."

    def __repr__(self) -> str:
        return self.alt

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        return self._drawn("png")

    def _ipython_display_(self) -> None:
        """As JPEG, because the notebook keeps it: a photograph takes a quarter of the room of a PNG."""
        show(self._drawn("jpeg"), "jpeg", self.alt)

    def _drawn(self, kind: str) -> bytes:
        memory = io.BytesIO()
        self.figure().save(memory, format=kind)
        return memory.getvalue()

    def save(self, stem: str | Path) -> list[Path]:
        """STEM_overlay.png, the figure, and STEM_labels.png, a palette picture whose values are the labels."""
        from PIL import Image

        overlay, labels = (Path(f"{stem}_{what}.png") for what in ("overlay", "labels"))
        overlay.write_bytes(self.png())
        picture = Image.fromarray(self.labels.byte().numpy())
        picture.putpalette([value for colour in palette.ORDER for value in colour])
        picture.save(labels)
        return [overlay, labels]


def networks() -> list[str]:
    """The trained networks that can be asked about a photograph."""
    cards = {name: shipped.card(name) for name in shipped.names()}
    return [name for name, told in cards.items() if told["classes"][0] == "background" and "working_size" in told]


def ready(network: str | Path) -> tuple[nn.Module, dict]:
    """A network by its name, or by the folder in which a training left its weights and scores.json; and its card."""
    if not Path(network).is_dir():
        return loaded(str(network))
    file = Path(network) / "scores.json"
    if not file.is_file():
        raise FileNotFoundError(f"{network} has no scores.json: finish its training, or give the folder of another one")
    told = json.loads(file.read_text(encoding="utf-8")).get("conditions")
    if told is None:
        raise ValueError(f"{file} names no conditions, it is of an older version: start its training command again")
    weights = Path(network) / "weights.pt"
    net = models.build(told["model"], len(told["classes"]), told["width"], weights=weights, **told["options"])
    return (AtWorkingSize(net, told["working_size"]) if told["working_size"] else net).eval(), told


@functools.lru_cache(maxsize=2)
def loaded(network: str) -> tuple[nn.Module, dict]:
    """A network of data/checkpoints, ready to be asked at its working size, and its card."""
    check_name(network, networks(), "network")
    told = shipped.card(network)
    net = models.build(told["model"], len(told["classes"]), told["width"], weights=network, **told["options"])
    return AtWorkingSize(net, told["working_size"]).eval(), told


@torch.inference_mode()
def segment(picture, network: str | Path = USUAL, *, name: str = "the picture") -> Segmented:
    """Ask a network what is where in a photograph: a path, the bytes of a file, or an array.

    network: a name of `networks()`, or the --output folder of a training of one's own.
    """
    net, told = ready(network)
    image = brought.read(picture, name)
    mean, std = (torch.tensor(told[part]).view(-1, 1, 1) for part in ("mean", "std"))
    scores = net((image[None].float() / 255 - mean) / std)[0]
    return Segmented(image, scores, scores.argmax(0), tuple(told["classes"]), Path(network).name)


def upload(network: str = USUAL):
    """A button for a picture of one's own, and the answer below it; in a notebook."""
    try:
        import ipywidgets
    except ImportError:
        raise ImportError(
            "upload() needs ipywidgets and a notebook; without it: segment('path/to/photo.jpg')"
        ) from None
    button = ipywidgets.FileUpload(accept="image/*", multiple=False, description="a photograph")
    below = ipywidgets.Output()

    def answer(change) -> None:
        below.clear_output(wait=True)
        with below:
            for name, content in uploaded(change["new"]):
                try:
                    display(segment(content, network, name=name))
                except (ValueError, OSError) as error:
                    print(error)

    button.observe(answer, names="value")
    return ipywidgets.VBox([button, below])


def display(thing) -> None:
    """Show it in a notebook."""
    from IPython.display import display as show

    show(thing)


def uploaded(value) -> list[tuple[str, bytes]]:
    """Names and contents of an upload: a dict by name in ipywidgets 7 (Colab), a tuple of dicts in 8."""
    if isinstance(value, dict):
        return [(name, bytes(file["content"])) for name, file in value.items()]
    return [(file["name"], bytes(file["content"])) for file in value]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write a picture for each photograph."""
    say = argparse.ArgumentParser(prog="python -m course_lib.segment", description=__doc__.split("\n")[0])
    say.add_argument("photo", type=Path, nargs="+", help="JPEG, PNG or another picture")
    say.add_argument("--network", default=USUAL, help=f"{' '.join(networks())}, or the folder of your own training")
    say.add_argument("--output", type=Path, default=Path(), help="the folder to write to; default: this one")
    asked = say.parse_args(arguments)
    asked.output.mkdir(parents=True, exist_ok=True)
    for photo in asked.photo:
        try:
            found = segment(photo, asked.network)
        except (ValueError, OSError) as error:
            raise SystemExit(f"{say.prog}: {error}") from None
        files = ", ".join(str(path) for path in found.save(asked.output / photo.stem))
        print(f"{photo}: {found.words()}; wrote {files}")


if __name__ == "__main__":
    gc.freeze()  # what was loaded stays
    gc.enable()
    main()
