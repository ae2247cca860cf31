"""What TensorFlow Lite's own interpreter answers to ten pictures, for `test_selfie`.

    python -m tests.models.selfie_reference selfie_segmentation.tflite    (needs ai-edge-litert, as nothing else here)

The pictures are cut out of data/photos without resizing, so that they are the same wherever they are read. Of each
answer one pixel in 256 is kept.
"""

import json
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("selfie_reference.json")
PHOTOS = ("astronaut", "cat", "coffee", "pagoda", "rocket")
SIDE, STEP = 256, 16


def pictures() -> np.ndarray:
    """10 x 256 x 256 x 3, uint8: of each photograph the upper left corner, and the lower right one mirrored."""
    from PIL import Image

    folder = Path(__file__).resolve().parents[2] / "data" / "photos"
    photos = [np.array(Image.open(folder / f"{name}.jpg").convert("RGB")) for name in PHOTOS]
    return np.stack([cut for photo in photos for cut in (photo[:SIDE, :SIDE], photo[-SIDE:, -SIDE:][:, ::-1])])


def grid(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[..., STEP // 2 :: STEP, STEP // 2 :: STEP]


def main(network: str) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(network, num_threads=1)
    interpreter.allocate_tensors()
    answers = []
    for picture in pictures():
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None].astype(np.float32) / 255)
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, :, :, 0])
    FILE.write_text(json.dumps(grid(np.stack(answers)).round(5).tolist()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
