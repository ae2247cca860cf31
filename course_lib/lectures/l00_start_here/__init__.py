"""00 Start here: the task and its metrics."""
