"""How long the theoretical receptive field takes: DeepLabV3-ResNet101 at 513 x 513, in CPU seconds of one thread."""

import time
import warnings

import torch


def main() -> None:
    """Print each figure beside what was promised."""
    import psutil
    import torchvision

    from course_lib.receptive_field import theoretical

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with torch.device("meta"):
        net = torchvision.models.segmentation.deeplabv3_resnet101(weights=None, weights_backbone=None)
    theoretical(net, (97, 97))  # what is imported and set up once
    process = psutil.Process()
    before = process.memory_info().rss
    seconds, field = timed(lambda: theoretical(net, (513, 513)))
    print(f"trace                        {seconds:7.3f} s     promised 0.3 s")
    for name, ask in questions(field, "backbone.layer3").items():
        seconds, answer = timed(ask)
        print(f"{name:28s} {1000 * seconds:7.2f} ms    promised 20 ms    {answer}")
    seconds, field = timed(lambda: theoretical(net, (4097, 4097)))
    print(f"trace at 4097 x 4097         {seconds:7.3f} s")
    for name, ask in questions(field, "backbone.layer4").items():
        seconds, answer = timed(ask)
        print(f"{name:28s} {1000 * seconds:7.2f} ms                      {answer}")
    print(f"memory above the model       {(process.memory_info().rss - before) / 2**20:7.1f} MiB   promised 200 MB")


def questions(field, layer: str) -> dict:
    """The first time each is asked."""
    height, width = field.output_size()
    inner = tuple(n // 2 for n in field.output_size(layer))
    return {
        "box": lambda: field.box((height // 2, width // 2)),
        f"box of {layer}": lambda: field.box(inner, layer),
        "sets": lambda: [len(side) for side in field.sets((3, 5))],
        "mask": lambda: int(field.mask((height // 3, width // 5)).sum()),
        "size, the first": lambda: field.size(layer),
        "size of another layer": lambda: field.size("backbone.layer2"),
        "coverage": lambda: field.coverage((7, 7), layer),
        "table": lambda: len(field.table()),
    }


def timed(function):
    start = time.process_time()
    answer = function()
    return time.process_time() - start, answer


if __name__ == "__main__":
    main()
