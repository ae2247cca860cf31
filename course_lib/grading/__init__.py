"""Grades what students hand in: each notebook runs in a process of its own, within limits, and its checks judge it."""
