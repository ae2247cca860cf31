"""The story of the families: who, when, which problem, which answer; what changed is counted on the networks.

The lineage explorer shows it, lecture 08 counts it. Authors, years, venues and first versions are those of the course's
list of papers, which a test compares.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One paper. `first` is the month of its first version on arXiv (year, month); `lane` its line of descent."""

    network: str
    key: str  # in notebooks/source/references.yml
    authors: str
    year: int
    venue: str
    first: tuple[int, int]
    lane: int
    builds_on: tuple[str, ...]
    problem: str
    answer: str

    def months(self) -> int:
        """Months since FCN."""
        return 12 * (self.first[0] - 2014) + self.first[1] - 11


FAMILIES = {
    "FCN": Family(
        "fcn8s",
        "long2015",
        "Long, Shelhamer and Darrell",
        2015,
        "CVPR",
        (2014, 11),
        2,
        (),
        "A classifier answers once for a whole image of one size; a class for every pixel of any image is wanted.",
        "The fully connected layers become convolutions, so that any size goes in and a map comes out. "
        "Scores of pool4 and pool3 are added on the way back up: the first skips.",
    ),
    "DeepLab v1": Family(
        "deeplab_v1",
        "chen2015",
        "Chen, Papandreou, Kokkinos, Murphy and Yuille",
        2015,
        "ICLR",
        (2014, 12),
        3,
        ("FCN",),
        "At stride 32 a score map has too few cells left for an outline.",
        "Two pools give up their stride and the kernels behind them get holes: the map stays at stride 8 and the "
        "weights still fit. A dense CRF afterwards draws the outlines.",
    ),
    "DeconvNet": Family(
        "deconvnet",
        "noh2015",
        "Noh, Hong and Han",
        2015,
        "ICCV",
        (2015, 5),
        1,
        ("FCN",),
        "Enlarging a coarse map in one or two steps loses shapes, and one fixed view tears large objects and misses "
        "small ones.",
        "VGG16 is mirrored. Unpooling puts every value back where its maximum was, and learned deconvolutions fill "
        "what lies between.",
    ),
    "U-Net": Family(
        "unet",
        "ronneberger2015",
        "Ronneberger, Fischer and Brox",
        2015,
        "MICCAI",
        (2015, 5),
        0,
        ("FCN",),
        "Few annotated images, and cells that touch along borders of a pixel or two.",
        "A way up as rich as the way down. Each level gets the map of its own level beside it: concatenated, not "
        "added, so that the network itself weighs detail against context.",
    ),
    "SegNet": Family(
        "segnet",
        "badrinarayanan2017",
        "Badrinarayanan, Kendall and Cipolla",
        2017,
        "TPAMI",
        (2015, 11),
        2,
        ("FCN",),
        "Understanding a road on the move needs sharp borders from little memory.",
        "No fully connected layers. Only the places of the maxima cross from encoder to decoder, not the maps; "
        "convolutions then make the sparse maps dense.",
    ),
    "DilatedNet": Family(
        "dilatednet_basic",
        "yu2016",
        "Yu and Koltun",
        2016,
        "ICLR",
        (2015, 11),
        4,
        ("FCN",),
        "Context needs a wide view, and widening it by pools costs resolution.",
        "The last two pools are taken out. Behind the scores a context module of 3x3 kernels at rates 1 to 16 doubles "
        "its view layer by layer without a stride.",
    ),
    "DeepLab v2": Family(
        "deeplab_v2",
        "chen2018",
        "Chen, Papandreou, Kokkinos, Murphy and Yuille",
        2018,
        "TPAMI",
        (2016, 6),
        3,
        ("DeepLab v1",),
        "Things come in many sizes, and one rate suits only some of them.",
        "Four rates read the same map side by side and their scores are added: atrous spatial pyramid pooling. "
        "ResNet-101 takes the place of VGG16.",
    ),
    "FC-DenseNet": Family(
        "fc_densenet103",
        "jegou2017",
        "Jégou, Drozdzal, Vazquez, Romero and Bengio",
        2017,
        "CVPR Workshops",
        (2016, 11),
        0,
        ("U-Net",),
        "Deep encoders and decoders have very many weights and lean on pretraining.",
        "A U of dense blocks, in which each layer reads all before it. On the way up a block hands on only what is "
        "new. Few weights, trained from nothing.",
    ),
    "PSPNet": Family(
        "pspnet101",
        "zhao2017",
        "Zhao, Shi, Qi, Wang and Jia",
        2017,
        "CVPR",
        (2016, 12),
        4,
        ("DilatedNet",),
        "A boat is called a car by a network that does not see the water around it.",
        "Averages over the whole map, its halves, thirds and sixths are spread out again beside the features. "
        "A second loss half-way up helps the deep ResNet to learn.",
    ),
    "DeepLab v3": Family(
        "deeplab_v3_resnet101",
        "chen2017",
        "Chen, Papandreou, Schroff and Adam",
        2017,
        "arXiv",
        (2017, 6),
        3,
        ("DeepLab v2", "PSPNet"),
        "At a rate near the map's side a 3x3 kernel has only its centre left inside.",
        "The average of the whole map joins the pyramid, its branches get batch norm and are concatenated, conv5 takes "
        "three rates of its own (multi-grid), and the CRF goes.",
    ),
    "DeepLab v3+": Family(
        "deeplab_v3plus",
        "chen2018plus",
        "Chen, Zhu, Papandreou, Schroff and Adam",
        2018,
        "ECCV",
        (2018, 2),
        3,
        ("DeepLab v3",),
        "Stride 16 blurs outlines, and stride 8 costs too much.",
        "A small decoder: the encoder's maps meet 48 low-level maps at stride 4 and two 3x3 refine them. Depthwise "
        "separable convolutions, in Xception and in the pyramid, pay for it.",
    ),
}
