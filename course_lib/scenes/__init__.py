"""The painted world: nine families of scenes, each made so that one claim of the lectures can be dialled.

    from course_lib.scenes import Scenes, families

Inside, from the bottom up: `dice` (random numbers), `canvas` (where things stand), `film` (light, lens and grain),
`props` (bicycles, cars, buses), `family` (classes and knobs), one file per family, and `dataset` (Scenes).

Distances are Chebyshev: a pixel lies at distance d when a square of side 2d + 1 around one just reaches the other,
as a network's receptive field does. The lens blurs by one pixel, so the light of a thing reaches one pixel further.
"""

from course_lib.scenes.dataset import FAMILIES, Loader, Scenes, families

__all__ = ["FAMILIES", "Loader", "Scenes", "families"]
