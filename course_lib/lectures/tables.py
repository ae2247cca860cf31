"""The exercises that read an experiment: a table of a paper, and which statements follow from it.

Each is part of its lecture's module, such as `exercises.fcn.gains`.
"""

from course_lib.checking import expect
from course_lib.checking.exercise import exercise


@exercise(
    "1.4",
    hints=(
        "Subtract rows: what does each step change, and in which column?",
        "A statement about small objects needs a number about small objects.",
        "From 32s to 16s mean IoU gains 3.0, from 16s to 8s 0.3. From the fixed network to the learned one: 14.0.",
    ),
    solution="ace",
)
def gains(answer) -> None:
    """Which statements follow from FCN's own table? Answer with letters, such as "bd".

    PASCAL VOC 2011 (Long et al. 2015, Table 2)    pixel accuracy   mean IoU
        FCN-32s, only the last layer learned        83.0             45.4
        FCN-32s                                     89.1             59.4
        FCN-16s                                     90.0             62.4
        FCN-8s                                      90.3             62.7

    a  The first skip raises mean IoU about ten times as much as the second.
    b  The skips help small objects more than large ones.
    c  From FCN-32s to FCN-8s mean IoU gains more than pixel accuracy does.
    d  A third skip, from pool2, would gain another 0.3.
    e  Learning all layers gains more than both skips together.
    """
    why = {
        "a": "3.0 points from 32s to 16s, 0.3 from 16s to 8s.",
        "b": "the table has no column for the size of objects. It may be true, but this does not show it.",
        "c": "mean IoU gains 3.3 points, pixel accuracy 1.2.",
        "d": "no row has a third skip, and the steps become smaller: a table does not speak about what it left out.",
        "e": "14.0 points from learning all layers, 3.3 from the two skips.",
    }
    expect.statements(answer, "ace", why)


@exercise(
    "2.4",
    hints=(
        "Look at the columns one at a time: which network has the smallest, which the largest number?",
        "DeconvNet's file is 877 / 117 = 7.5 times as large as SegNet's. Is its time as much longer?",
        "Two of the five follow.",
    ),
    solution="ac",
)
def costs(answer) -> None:
    """Which statements follow from SegNet's table of costs? Answer with letters, such as "bd".

    360 x 480 (Badrinarayanan et al. 2017, Table 6)
                      forward ms   backward ms   memory at inference MB   model MB
        SegNet        422.50       488.71        1052                     117
        DeepLab-LFOV  110.06       160.73        1993                      83
        FCN           317.09       484.11        1806                     539
        DeconvNet     474.65       602.15        1872                     877

    a  SegNet needs the least memory at inference.
    b  SegNet is the fastest of the four.
    c  DeconvNet's model is more than seven times as large as SegNet's.
    d  A network with a seven times larger model takes about seven times as long.
    e  The smaller the model, the less memory it needs at inference.
    """
    why = {
        "a": "1052 MB is the smallest of the column.",
        "b": "DeepLab-LFOV takes 110 ms and FCN 317 ms; SegNet takes 422 ms. It is faster than DeconvNet.",
        "c": "877 / 117 = 7.5.",
        "d": "DeconvNet's model is 7.5 times as large and takes 1.12 times as long: its weights are mostly in fc6.",
        "e": "DeepLab-LFOV has the smallest model and needs the most memory: its maps are large.",
    }
    expect.statements(answer, "ac", why)


@exercise(
    "6.6",
    hints=(
        "Each row adds one thing to the row before: subtract neighbours.",
        "Mean IoU: +1.54, +1.41, +4.45. Pixel accuracy: +0.72, +0.94, +2.03.",
        "Three of the five follow. A statement on single bins needs rows with single bins.",
    ),
    solution="ace",
)
def ablation(answer) -> None:
    """Which statements follow from PSPNet's ablation? Answer with letters, such as "bd".

    ADE20K validation, ResNet-50 (Zhao et al. 2017)     mean IoU   pixel accuracy
        dilated ResNet-50                                34.28      76.35
        and data augmentation                            35.82      77.07
        and the auxiliary loss                           37.23      78.01
        and pyramid pooling                              41.68      80.04

    a  Pyramid pooling is the largest of the three steps in both columns.
    b  The 6x6 bins matter more than the whole image's average.
    c  The auxiliary loss helps although its head is dropped at test time.
    d  Pyramid pooling alone, without the other two, would gain 4.45 points as well.
    e  Pyramid pooling gains more than the other two steps together in mean IoU.
    """
    why = {
        "a": "4.45 against 1.54 and 1.41 points of mean IoU, 2.03 against 0.72 and 0.94 of pixel accuracy.",
        "b": "no row leaves a bin out.",
        "c": "37.23 against 35.82: the row was measured at test time, when the head is gone.",
        "d": "no row has pyramid pooling without the others; effects need not add up.",
        "e": "4.45 points against 1.54 + 1.41 = 2.95.",
    }
    expect.statements(answer, "ace", why)


@exercise(
    "7.7",
    hints=(
        "Draw the five points: where is the top, and how flat is it?",
        "The table begins at 8 channels. Differences of a tenth of a point may be chance: is there a second seed?",
        "Two of the five follow.",
    ),
    solution="ad",
)
def low_level(answer) -> None:
    """Which statements follow from DeepLab v3+'s table of low-level channels? Answer with letters, such as "bd".

    The decoder's 1x1 reduces the low-level feature to ... channels (Chen et al. 2018, Table 1; VOC 2012 validation)
        channels     8       16      32      48      64
        mean IoU     77.61   77.92   78.16   78.21   77.94

    a  Of the five counts that were tried, 48 is the best.
    b  One channel would do as well as 48.
    c  48 is better than 32 at every repetition of the training.
    d  From 8 channels to 64 mean IoU changes by less than one point.
    e  The more low-level channels, the better.
    """
    why = {
        "a": "78.21 is the largest number of the row.",
        "b": "one channel was not tried, and from 16 down to 8 it already falls. "
        '"One channel" circulates in lecture notes; it is 48.',
        "c": "there is one number for each count: without a second seed nobody knows what chance does to 0.05 points.",
        "d": "78.21 - 77.61 = 0.60.",
        "e": "64 channels are worse than 48.",
    }
    expect.statements(answer, "ad", why)


@exercise(
    "8.3",
    hints=(
        "Compare one row with the one above: what was added, what changed in each column?",
        "Against the plain decoder separable convolutions save 40 % of the multiply-adds. What do they cost?",
        "Two of the five follow. Which column would tell about time, or about edges?",
    ),
    solution="bd",
)
def bench(answer) -> None:
    """Which statements follow from DeepLab v3+'s table of costs? Answer with letters, such as "ac".

    Xception-65, output stride 16 (Chen et al. 2018, Table 5; VOC 2012 validation)
                                             mean IoU   multiply-adds
        no decoder                           79.17       68.00 billion
        decoder                              79.93       89.76 billion
        decoder and ASPP separable           79.79       54.17 billion

    a  Separable convolutions make the network 1.66 times as fast.
    b  The decoder gains less than one point and costs about a third more multiply-adds.
    c  The decoder's gain lies at the edges of objects.
    d  Decoder and separable convolutions together are better and cheaper than neither.
    e  Separable convolutions lose accuracy on every data set.
    """
    why = {
        "a": "89.76 / 54.17 = 1.66 counts multiply-adds. Time does not fall as much: depthwise layers wait for memory.",
        "b": "0.76 points for 89.76 / 68.00 = 1.32 times the multiply-adds.",
        "c": "mean IoU is over all pixels. The paper measures edges elsewhere, with a trimap.",
        "d": "79.79 against 79.17, 54.17 against 68.00 billion.",
        "e": "one data set and 0.14 points: no rule follows.",
    }
    expect.statements(answer, "bd", why)
