"""Training: a loop one can read, and what it stands on.

    from course_lib.training import fit, evaluate

`loop` fits and `evaluation` scores; `feed` brings the batches, `objective` is the loss, `optimisers` the step and its
schedule, `watch` the progress bar and the history, `checkpoint` what survives a kill, `distributed` several processes,
`recipes` the papers' settings, `command` the command line, `checkpoints` and `stacks` the small networks of the
lessons.
"""

from course_lib.training.balance import median_frequency
from course_lib.training.evaluation import evaluate
from course_lib.training.history import History
from course_lib.training.loop import fit

__all__ = ["History", "evaluate", "fit", "median_frequency"]
