"""Real pictures with their masks, as students meet them: CamVid, PASCAL VOC 2012, Oxford-IIIT Pet, one's own folder.

Each yields (image, label) pairs: a float image 3 x H x W in [0, 1] and an int64 label H x W in which void is always
255, whatever the data set calls it. Nothing is downloaded before it is asked for.
"""

from course_lib.datasets.camvid import CamVid
from course_lib.datasets.folder import Folder
from course_lib.datasets.listed import Listed
from course_lib.datasets.pets import Pets
from course_lib.datasets.transforms import Normalise, augment
from course_lib.datasets.voc import VOC2012
from course_lib.files.download import DownloadError

__all__ = ["VOC2012", "CamVid", "DownloadError", "Folder", "Listed", "Normalise", "Pets", "augment"]
