"""The page of the trained networks, data/checkpoints/README.md: python -m course_lib.zoo

In come the cards beside the weights; out go the page and one picture for each network: of a photograph of data/photos,
or of a painted street that it was not trained on. No number on the page is typed by hand.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import models, palette
from course_lib.datasets import photos
from course_lib.models import shipped, written
from course_lib.segment import networks, segment
from course_lib.training import checkpoints

PHOTO = {"selfie": "astronaut"}  # others are shown the cat
CLASSIFIER = "efficientnet_lite0_imagenet"
CATS = range(281, 286)  # ImageNet's five house cats
HEAD = """# Trained networks

Made by `python -m course_lib.zoo` from the cards (`NAME.json`) beside the weights (`NAME.pt`). Each is loaded by name:

```python
from course_lib import models
{example}.eval()
```

On photographs: `python -m course_lib.segment data/photos/cat.jpg --network NAME`.
"""
ON_PHOTOGRAPHS = """
## Trained on photographs

The photographs of the Oxford-IIIT Pet Dataset are not in this repository; weights trained on them are shared under the
data set's own licence, CC BY-SA 4.0. mIoU is the mean over background, cat and dog of one matrix over all photographs
of a list, the border of the annotation left out. Networks were chosen on `val`; `test` was scored once, at the end.

`PETS` is a folder as `course_lib.datasets.Listed` describes it. Score a stored network again:
`python -m course_lib.training.photographs NAME --root PETS --test`
"""
ON_SCENES = """
## Trained on painted scenes

Small networks of the lessons, 64 pixels, trained by `python -m course_lib.training.checkpoints NAME`; the score is
taken on {unseen}.
"""


def page() -> str:
    """The whole page as Markdown."""
    cards = {name: shipped.card(name) for name in shipped.names()}
    real = [name for name, told in cards.items() if told["family"] == "photographs"]
    scenes = [name for name in cards if name not in real]
    parts = [HEAD.format(example="net = " + shipped.call("deeplab_v3plus_pets")), ON_PHOTOGRAPHS]
    parts += [photographed(name, cards[name]) for name in real]
    parts += [ON_SCENES.format(unseen=cards[scenes[0]]["scored_on"]), table(scenes, cards)]
    return "".join(parts)


def photographed(name: str, told: dict) -> str:
    """The section of a network that was trained on photographs."""
    lines = [f"\n### {name}\n", f"![{words_of(name)}](pictures/{name}.jpg)\n", "```python", shipped.call(name), "```\n"]
    facts = {
        "parameters": f"{told['parameters']:,}",
        "file": f"{told['bytes'] / 1e6:.2f} MB; {told['stored']}",
        **{split: scores(told[split], told["classes"]) for split in ("val", "test") if split in told},
        **rounding(told),
        **random_start(told),
        "data": told["data"],
        "credit": told["credit"],
        "licence": told["licence"],
        **{key.replace("_", " "): told[key] for key in ("meant_for", "not_meant_for") if key in told},
        **training(told),
        "made by": f"`{told['command']}`",
    }
    return "\n".join(lines + [f"- **{key}**: {value}" for key, value in facts.items()]) + "\n"


def scores(found: dict, classes: list[str]) -> str:
    """One line of scores."""
    each = ", ".join(f"{name} {iou:.3f}" for name, iou in zip(classes, found["iou"]))
    return f"mIoU {found['mean_iou']:.3f} on {found['photographs']} photographs ({each})"


def rounding(told: dict) -> dict[str, str]:
    """What half precision changed, if it was measured."""
    if "rounding" not in told:
        return {}
    if "cells" in told["rounding"]:
        found = told["rounding"]
        return {
            "half precision and int8": f"change the class of {found['cells_changed']} of {found['cells']} cells in "
            f"{found['photographs']} photographs of data/photos; no probability by more than {found['furthest']:.3f}"
        }
    before, share = told["rounding"]["val_before"]["mean_iou"], told["rounding"]["labels_changed_on_val"]
    return {
        "half precision": f"changes {share:.3%} of the labels on val; mIoU {before:.4f} before, "
        f"{told['val']['mean_iou']:.4f} after"
    }


def random_start(told: dict) -> dict[str, str]:
    """The same recipe from random weights, if it was trained."""
    if "random_start" not in told:
        return {}
    found = told["random_start"]
    lists = [f"{split} mIoU {found[split]['mean_iou']:.3f}" for split in ("val", "test") if split in found]
    return {"the same recipe from random weights": ", ".join(lists)}


def training(told: dict) -> dict[str, str]:
    """How it was trained, if here."""
    if "steps" not in told:
        return {}
    return {
        "training": f"{told['steps']} steps of {told['batch_size']} crops of {told['crop']} pixels "
        f"from {told['start']}, seed {told['seed']}; {told['seconds'] / 60:.0f} minutes ({told['date']})"
    }


def table(names: list[str], cards: dict[str, dict]) -> str:
    """The table of the networks that were trained on scenes."""
    lines = [
        "\n| network | scene | steps | parameters | mIoU | picture: scene and answer |",
        "|---|---|--:|--:|--:|---|",
    ]
    for name in names:
        told = cards[name]
        lines.append(
            f"| `{name}` | {told['family']} | {told['steps']} | {told['parameters']:,} | {told['mean_iou']:.3f} "
            f"| ![{words_of(name)}](pictures/{name}.png) |"
        )
    return "\n".join(lines) + "\n"


def words_of(name: str) -> str:
    """What the picture shows, for those who do not see it."""
    if name == CLASSIFIER:
        return "the cat of data/photos, brighter where the classifier says cat"
    if name in networks():
        photo = PHOTO.get(name, "cat")
        return f"{photo}.jpg and what {written.network(name)} says: {answer(name).words()}"
    return f"an unseen scene and what {written.network(name)} says"


def answer(name: str):
    """A network's answer to its photograph."""
    return segment(photos.load(PHOTO.get(name, "cat")).image, name)


def picture(name: str) -> Tensor:
    """uint8, 3 x H x W."""
    if name == CLASSIFIER:
        return heat()
    if name in networks():
        return answer(name).overlay()
    return scene(name)


@torch.inference_mode()
def heat() -> Tensor:
    """The photograph, dark where nothing says cat."""
    told, image = shipped.card(CLASSIFIER), photos.load("cat").image
    net = models.build("efficientnet_lite0", 1000, weights=CLASSIFIER).eval()
    scores = net.scores(shipped.normalised(image[None].float() / 255, told))[:, CATS].logsumexp(1, keepdim=True)
    says = F.interpolate(scores, image.shape[1:], mode="bicubic")[0]
    says = ((says - says.min()) / (says.max() - says.min())).clamp(0, 1)
    return (image * (0.2 + 0.8 * says)).byte()


@torch.inference_mode()
def scene(name: str) -> Tensor:
    """The first unseen scene beside the answer, three times as large."""
    image, _, _ = checkpoints.unseen(name)[0]
    colours = checkpoints.unseen(name).colours
    labels = checkpoints.load(name)(image[None])[0].argmax(0)
    both = torch.cat([(image * 255).byte(), palette.paint(labels, colours).permute(2, 0, 1)], dim=2)
    return both.repeat_interleave(3, 1).repeat_interleave(3, 2)


def main() -> None:
    """Write the pictures and the page."""
    from PIL import Image

    folder = shipped.folder() / "pictures"
    folder.mkdir(exist_ok=True)
    for name in shipped.names():
        ending = "jpg" if shipped.card(name)["family"] == "photographs" else "png"
        shown = Image.fromarray(picture(name).permute(1, 2, 0).contiguous().numpy())
        shown.save(folder / f"{name}.{ending}", optimize=True)
    (shipped.folder() / "README.md").write_text(page(), encoding="utf-8")
    print(f"wrote {Path('data/checkpoints/README.md')} and {len(shipped.names())} pictures")


if __name__ == "__main__":
    main()
