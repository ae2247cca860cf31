"""How good is a segmentation? Counts, bands along boundaries, and objects one by one.

    from course_lib.metrics import Confusion, trimap_iou

Inside: `checks` (what a label map must be), `confusion` (pixel accuracy to mean IoU, for a whole data set),
`boundary` (trimap IoU, boundary F-score), `objects` (IoU by size, consistency inside objects).
All leave void pixels out, run on any device and take one H x W map or a batch N x H x W of them.
"""

from course_lib.metrics.boundary import boundary_f_score, trimap, trimap_iou
from course_lib.metrics.confusion import Confusion
from course_lib.metrics.objects import consistency, iou_by_size

__all__ = ["Confusion", "boundary_f_score", "consistency", "iou_by_size", "trimap", "trimap_iou"]
