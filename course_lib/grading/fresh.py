"""One process for a notebook or a judge, started anew where there is no fork: frames come and go on its pipes."""

import importlib
import json
import os
import sys

if __name__ == "__main__":
    ours = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    module = importlib.import_module(sys.argv[1])
    settings = json.loads(sys.argv[2])
    if settings["walled"]:
        from course_lib.grading import walls

        walls.no_sockets()
    with os.fdopen(ours[0], "rb") as reader, os.fdopen(ours[1], "wb") as writer:
        module.run(reader, writer, {**settings, "walls": ""})
