"""The fully connected CRF that sharpens DeepLab's maps, in torch alone.

mean_field   dense_crf and energy: the iterations
kernels      normalised, differentiable, remembered between calls
exact        every pixel against every other
lattice      the same for photographs, in linear memory
corners      from pixels to lattice points and back
blurs        from lattice point to lattice point
sums         weighted sums of rows, which these are made of
smoothness   the kernel without colours, separable
search       weights and thetas that score best on a validation set
checks       what is refused
"""

from course_lib.crf.mean_field import dense_crf, energy
from course_lib.crf.search import search

__all__ = ["dense_crf", "energy", "search"]
