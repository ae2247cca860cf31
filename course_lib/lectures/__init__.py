"""The lectures, one room each: statements, experiments, small networks, exercises and figures of one notebook.

No lecture imports another. What several of them need lies in the library or in the machinery of the course.
"""
