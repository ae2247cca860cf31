# ---
# title: DeepLab v1 and v2
# question: Can a network look far, keep its map fine, and still draw sharp edges?
# able:
#   - make VGG16 dense, and count what a wide fc6 costs
#   - say to which pixel each cell belongs when a map is enlarged, and why sizes of 8k + 1 fit
#   - sharpen a map with the dense CRF, turn each of its knobs, and know when it does harm
#   - write ASPP, and say what several rates at once are for
# needs: Lecture 04 (receptive field, dilation and its rates). The CRF is explained from the beginning.
# read_minutes: 45
# run_seconds: 40
# quiz:
#   - ask: "DeepLab takes the stride from pool4 and pool5. What for?"
#     options:
#       - {say: "The network gets fewer parameters.", why: "A pool has no parameters, with stride or without. The savings come from fc6."}
#       - {say: "The map stays at an eighth of the picture, so that less detail is lost.", why: "Three halvings are left of five. Rates 2 and 12 make up for the field that would be lost.", right: true}
#       - {say: "The receptive field grows.", why: "Without stride the later layers step over fewer pixels: the field would shrink, did rates not widen it again."}
#   - ask: "A 3x3 kernel at rate 12 stands on a map of stride 8. How many cells does it span, and how many does it read?"
#     options:
#       - {say: "It spans 36 and reads 36.", why: "There are only two steps between three weights, and the cells between them are not read."}
#       - {say: "It spans 12 and reads 9.", why: "12 is the step from one weight to the next; there are two steps each way."}
#       - {say: "It spans 25 x 25 and reads 9.", why: "Two steps of 12 and the cell itself: 25 each way. Nine weights, nine cells.", right: true}
#   - ask: "A map of stride 8 is enlarged with align_corners=True. For which picture does each cell fall on a pixel, 8 apart?"
#     options:
#       - {say: "321 x 321", why: "321 = 8 * 40 + 1: 41 cells, 40 steps of 8, the first cell on the first pixel and the last on the last.", right: true}
#       - {say: "320 x 320", why: "40 cells have 39 steps: 319 / 39 pixels each, a little more than 8."}
#       - {say: "512 x 512", why: "64 cells have 63 steps over 511 pixels; that is no whole number."}
#       - {say: "Every picture, that is what aligning means.", why: "Only the corners are aligned always. What lies between them meets pixels if the size is 8k + 1."}
#   - ask: "You make the CRF's tolerance of colour, theta_rgb, enormous. What happens at edges?"
#     options:
#       - {say: "They follow the picture more closely.", why: "The picture enters through colours alone; with an enormous tolerance all colours count as equal."}
#       - {say: "Nothing: colour does not matter to a Potts model.", why: "Potts says what disagreement costs. How strongly two pixels are tied is the kernel's business, and that has colour in it."}
#       - {say: "They lose the picture's guidance: near pixels agree whatever they look like.", why: "The kernel becomes a Gaussian of place alone, which smooths across edges.", right: true}
#   - ask: "How does ASPP of DeepLab v2 join its four branches?"
#     options:
#       - {say: "It adds their scores.", why: "Each branch is a classifier of its own; their scores are summed.", right: true}
#       - {say: "It concatenates their maps.", why: "That is DeepLab v3. It circulates for v2, too."}
#       - {say: "It takes the maximum.", why: "v2 takes the maximum over three sizes of the picture, not over rates."}
# teach:
#   sections:
#     - {section: "A flawless network, and still wrong", minutes: 5, show: "the three strides on the astronaut; ask which class suffers first"}
#     - {section: "VGG16 made dense", minutes: 10, show: "the drawing, then the four kernels of fc6; let the class compute 2 * 12 + 1"}
#     - {section: "Back to the picture's size", minutes: 8, show: "the two rows of 17 values; then explorers.upsampling() with both sizes"}
#     - {section: "Sharp edges: the dense CRF", minutes: 20, show: "the explorer: iterations from 0 to 10, then theta_rgb to 40, then w1 to 0"}
#     - {section: "Objects of every size: ASPP", minutes: 15, show: "the taps over the street; train the small network and run the CRF on it"}
#     - {section: "What the papers reported", minutes: 5, show: "the gains of the CRF, from top to bottom"}
#   wrong:
#     - {says: "A larger rate needs more weights.", reply: "Count them: nine, at any rate. What grows is the step between them."}
#     - {says: "DeepLab's receptive field is 224.", reply: "224 is 7 cells of 32 pixels, the span of VGG16's fc6. Trace it: 435 for the released network."}
#     - {says: "The CRF is a layer and learns with the network.", reply: "Not in v1 and v2: the network is trained first, then the weight and the two widths of the appearance kernel are searched on 100 validation pictures."}
#     - {says: "ASPP pools.", reply: "In spite of its name nothing is pooled: four convolutions read one map, and their scores are added."}
#   discuss:
#     - {ask: "Why did DeepLab v3 drop the CRF?", answer: "Its gain shrank as networks became better, it costs time after each forward pass, and it does not learn with the rest."}
#     - {ask: "When would you still use a dense CRF today?", answer: "When labels are coarse or few: to turn scribbles, boxes or attention maps into masks, for example."}
#     - {ask: "Which pixels does the CRF harm, and how could you protect them?", answer: "Thin things and low contrast: others outvote them. Weaker smoothness, smaller reach, or more certain unaries there."}
# ---
# %% [markdown]
# ## A flawless network, and still wrong
# [[vgg16|VGG16]] halves a picture five times. FCN reads its answer from a map in which a cell stands for 32 x 32
# pixels. Suppose the network made *no mistake at all*: each cell names the class that fills most of it, and then the
# map is enlarged. How good can the answer be? We build it from a mask that was drawn by hand, for strides 32, 16 and 8.

# %%
from course_lib.datasets import photos
from course_lib.lectures.l05_deeplab_v1_v2 import figures as figures
from course_lib.lectures.l05_deeplab_v1_v2 import figures_crf as crf_figures

astronaut = photos.load("astronaut")
maps = {f"stride {stride}": photos.coarse("astronaut", stride=stride) for stride in (32, 16, 8)}
figures.over(astronaut.image, maps, astronaut.classes, astronaut.mask)

# %% [markdown]
# The stride alone costs that much. Lectures 02 and 03 repaired it with a [[decoder]]. DeepLab [@chen2015] takes another
# way, in three steps:
#
# 1. **Do not shrink so far.** pool4 and pool5 lose their [[stride]]: the map stays at an eighth of the picture.
# 2. **Look far all the same.** Without stride the later layers would see less. They get a [[dilation rate|rate]]
#    instead: 2 in conv5, 12 in fc6. DeepLab calls this [[atrous convolution]].
# 3. **Let the picture itself draw the edges.** A conditional random field, [[crf|CRF]], comes after the network.
#
# A rate in place of a stride changes no weight. Pool without stride, let the next kernel step twice as far, and every
# second cell of the finer map is exactly a cell of the coarse one. The cell below checks it, on random numbers. What
# lies between is new.
#
# Behind it you see the released network: first the code of its forward pass, VGG16's part and then the whole, and one
# picture that goes through; then the drawing. Orange boxes have a rate. (pool5a, an average over 3x3 cells, is in the
# release, and not in the paper's text.)
#
# *Guess:* how large is the map for a picture of 321 x 321 pixels, and how many [[parameter|parameters]] are left of
# FCN's 134 million?
# <details><summary>Your guess, then ours</summary>41 x 41 cells, and 20.5 million parameters. Most of FCN's lie in its
# fc6, a 7x7 layer from 512 to 4096 channels; DeepLab's fc6 is 3x3 to 1024.</details>

# %%
import torch
from torch.nn import functional as F

numbers, kernel = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 3, 3)
small_map = F.conv2d(F.max_pool2d(numbers, 2), kernel)
fine_map = F.conv2d(F.max_pool2d(numbers, 2, stride=1), kernel, dilation=2)
print("with stride", tuple(small_map.shape[-2:]), " without, at rate 2", tuple(fine_map.shape[-2:]))
print("every second cell is the same:", torch.allclose(fine_map[..., ::2, ::2], small_map))

# %%
from inspect import getsource

from course_lib import models
from course_lib.figures.architecture import architecture
from course_lib.models.deeplab_v1 import DeepLabV1, VGG16LargeFOV

print(getsource(VGG16LargeFOV.forward), getsource(DeepLabV1.scores), sep="\n")
net, picture = models.build("deeplab_v1", device="meta").eval(), torch.rand(1, 3, 321, 321, device="meta")
print("scores", tuple(net.scores(picture).shape), " answer", tuple(net(picture).shape))
print(f"{sum(parameter.numel() for parameter in net.parameters()):,} parameters")
architecture("deeplab_v1")

# %% [markdown]
# ## A wide view with nine weights
# fc6 looks at the map through one large kernel, and its 512 channels times thousands of outputs make it by far the
# largest layer. The authors tried four kernels. Below you see, on the map of 41 x 41 cells, which cells each one reads.
#
# *Guess:* which of them sees as far as the 7x7 at rate 4?
# <details><summary>Your guess, then ours</summary>Two do: the 4x4 at rate 8 and the 3x3 at rate 12. All three span 25
# cells. The last one does it with nine weights. The paper calls it large field of view, and reports that it scores as
# well as the 7x7: the printed [[mean iou|mean IoU]], with the CRF, stands above each map.</details>

# %%
kernels = {"7x7, rate 4": (7, 4), "4x4, rate 4": (4, 4), "4x4, rate 8": (4, 8), "3x3, rate 12": (3, 12)}
counts = []
for kernel, rate in kernels.values():
    fc6 = {"fc6_kernel": kernel, "fc6_rate": rate, "fc6_channels": 1024 if kernel == 3 else 4096}
    variant = models.build("deeplab_v1", device="meta", **fc6)
    counts.append(sum(parameter.numel() for parameter in variant.parameters()))
figures.views(kernels, counts)

# %% [markdown]
# ### Exercises 5.1 and 5.2: the rate that spans as much, and the map's side
# A kernel at some rate spans a number of cells. `my_equal_rate(kernel, rate)`: which rate gives a 3x3 the same span?
# `my_side(pixels)`: how many cells has DeepLab v1's map? Three pools are 3x3 with stride 2 and padding 1, the other two
# have stride 1. `exercises.deeplab.equal_rate.hint()` helps, as often as you like.

# %% tags=["exercise"]
from course_lib import exercises


def my_equal_rate(kernel, rate):
    # solution
    return (kernel - 1) * rate // 2


def my_side(pixels):
    # solution
    for _ in range(3):
        pixels = (pixels + 2 * 1 - 3) // 2 + 1
    return pixels


display(exercises.deeplab.equal_rate.check(my_equal_rate), exercises.deeplab.side.check(my_side))

# %% [markdown]
# ### The field, counted; and pools that overlap
# The paper gives its [[field of view]] as 224. **This number circulates as DeepLab's receptive field, and it is not.**
# It is the span of VGG16's fc6, 7 cells of 32 pixels. But each of these cells has seen more than its own 32 pixels. In
# row L1 look for the traced [[theoretical receptive field]] beside the two spans.
#
# The release has another thing that the paper's text does not mention: its pools are 3x3, not 2x2. They halve just the
# same. But neighbouring cells now share a column of pixels (dark), so that a maximum at the border of two cells is
# heard by both. Row L2 counts it.

# %%
from torch import nn

from course_lib.evidence.card import evidence
from course_lib.receptive_field import theoretical

pools = {"2x2, stride 2": nn.MaxPool2d(2), "3x3, stride 2, padding 1": nn.MaxPool2d(3, stride=2, padding=1)}
reads = {}
for name, pool in pools.items():
    field = theoretical(pool, image_size=(20, 20), channels=1)
    reads[name] = [field.box((4, cell))[1::2] for cell in range(1, 6)]
display(figures.windows(reads, pixels=13))
evidence("L1", "L2")

# %% [markdown]
# ## Back to the picture's size
# 41 cells must become 321 pixels. DeepLab learns nothing here: [[bilinear upsampling]] puts the cells on pixels and
# draws straight lines between them. But on *which* pixels? There are two customs, and they give different answers.
# Diamonds are cells, dots are pixels.
#
# With corners aligned the first cell lies on the first pixel and the last on the last. At a size of 8k + 1, such as 17
# or 321, the cells are exactly 8 pixels apart. With edges aligned the cells are areas, their middles lie inside, and
# beyond the last middle the value is repeated. DeepLab v1, v2 and PSPNet align corners. Do not mix the two: weights
# that were trained with one custom and run with the other see each label shifted, most at the picture's border.
#
# Row L3 has the exact numbers. Row L4 compares three ways up from the same scores: bilinear; a
# [[transposed convolution]] that starts from random weights; and one that starts as bilinear and then learns. Look
# for the way that scores best: is it DeepLab's? Then unfold the numbers for the strength of the [[checkerboard]] (its
# size beside that of a street's scores).
# <details><summary>What we read in L4</summary>Bilinear costs nothing and leaves no pattern, as the paper says. But
# here the one that starts as bilinear and learns scores best, 0.50 against 0.46: that bilinear upsampling costs no
# accuracy does not reproduce here. From a random start the board is four
# times as strong, 0.23 against 0.05: most of it is left by the start, not by the operation.</details>
#
# To turn the knobs yourself: `explorers.upsampling()` from `course_lib`. Exercise 5.3 asks you to write it.

# %%
figures.enlarged(torch.tensor([0.0, 1.0, 2.0]), size=17)

# %%
evidence("L3", "L4")

# %% [markdown]
# ## Sharp edges: the dense CRF
# A map of stride 8, enlarged, has soft edges, and they lie a little beside those of the picture. The picture itself
# knows better. So ask each pixel to agree with other pixels *that lie near and look alike* ([@krahenbuhl2011]):
#
# - a [[unary potential]]: what the network says about the pixel alone, −log p;
# - a [[pairwise potential]]: what it costs if two pixels differ in label, whichever two labels these are (a *Potts*
#   model). It is a weight times the **appearance kernel**, exp(−d² / 2θ<sub>xy</sub>² − c² / 2θ<sub>rgb</sub>²), where
#   d is their distance and c the distance of their colours; and a second, short-range kernel of place alone that
#   removes specks.
#
# *Every* pixel is tied to *every* other, hence dense. Below: one hair of the cat, and how much it listens to all other
# pixels. (The square root is shown, so that you see the faint ones.) *Guess:* what does a larger θ<sub>rgb</sub> do?
# <details><summary>Your guess, then ours</summary>The pixel becomes more tolerant of other colours and listens to far
# more of its neighbours, light and dark fur alike; still hardly to the eye, and not to the background.</details>

# %%
cat = photos.load("cat")
figures.listens(cat.image[:, :150], pixel=(60, 150), widths=[(67, 3), (67, 20)])

# %% [markdown]
# ### Exercises 5.3 to 5.5: a row enlarged, the appearance kernel, one step of the mean field
# - `my_resize(row, length)` enlarges one row of numbers bilinearly, corners aligned, without `F.interpolate`.
# - `my_appearance(distance, colour, weight, alpha, beta)` is the kernel for one pair of pixels: their distance in pixels,
#   that of their colours in grey levels, the weight, and the widths: alpha is θ<sub>xy</sub>, beta is θ<sub>rgb</sub>.
# - `my_mean_field(unary, answers, kernel)` is one step of the next section on a few pixels: each pixel adds up what the
#   others say, as loudly as the kernel ties them, takes off its own costs, and makes probabilities of it.

# %% tags=["exercise"]
import math


def my_resize(row, length):
    # solution
    place = torch.arange(length) * (len(row) - 1) / (length - 1)
    left = place.floor().long().clamp(max=len(row) - 2)
    return row[left] + (place - left) * (row[left + 1] - row[left])


def my_appearance(distance, colour, weight, alpha, beta):
    # solution
    return weight * math.exp(-(distance**2) / (2 * alpha**2) - colour**2 / (2 * beta**2))


def my_mean_field(unary, answers, kernel):
    # solution
    return ((kernel - torch.diag(kernel.diagonal())) @ answers - unary).softmax(dim=1)


ours = exercises.deeplab
display(ours.resize.check(my_resize), ours.appearance.check(my_appearance), ours.mean_field.check(my_mean_field))

# %% [markdown]
# ## Ten rounds of asking
# The best labelling cannot be found exactly for a hundred thousand pixels that all depend on each other.
# [[mean field|Mean field]] comes close: each pixel hears what all others think, weighted by the kernels, and corrects
# itself. Then all do it again. DeepLab takes ten rounds. Nothing is trained here: the network is finished, and the
# weight and the two widths of the appearance kernel were searched on 100 pictures of the validation set.
#
# We sharpen the coarse map of stride 16 from above with v2's settings, and look at its upper half. *Guess:* how many
# rounds does it take until the mean IoU has risen nearly as far as it will?
# <details><summary>Your guess, then look</summary>One. The first round does most of the work; the others settle pixels
# whose neighbours have changed their minds.</details>

# %%
from course_lib.crf import dense_crf

top, coarse = slice(0, 200), maps["stride 16"]
settings = {"appearance": (4, 67, 3), "smoothness": (3, 1)}
rounds = {"before": coarse}
for number in (1, 10):
    rounds[f"round {number}"] = dense_crf(astronaut.image, coarse, iterations=number, **settings)
upper = {name: probabilities[:, top] for name, probabilities in rounds.items()}
figures.over(astronaut.image[:, top], upper, astronaut.classes, astronaut.mask[top])

# %% [markdown]
# ### On a real network's answer
# So far the coarse map was made from the mask. Now the scores of a trained network: DeepLab v3+, asked about the cat.
# First its answer, then the same after ten rounds with v2's settings, and with a colour tolerance of 10 instead of 3.
# The number is the IoU of the cat. It takes about 6 seconds.
#
# L9, under it, does the same on many photographs. Look at the IoU within 1, 3 and 10 pixels of the boundary, before and
# after.
#
# *Guess:* a modern network has sharp outlines already. Does the CRF still help, and where?
# <details><summary>Your guess, then run the cell</summary>A little, from 0.93 to 0.94 or 0.95 on this photograph. The
# outline lies closer to the ear and the cheek. Under the chin, where fur and blanket have one colour, it gains little,
# and with the larger tolerance it opens a hole. L9 is undecided: the CRF gains 2.7 points within 3 pixels of the
# boundary, but over five folds this could still be less than the 1.3 points that it brought the paper's strongest
# network. It also takes longer than the network, and v3 drops it.</details>

# %% tags=["heavy"]
from course_lib.figures.outlines import outlines
from course_lib.segment import segment

said = segment(cat.image)
found = {"the network": said.labels}
for tolerance in (3, 10):
    tuned = settings | {"appearance": (4, 67, tolerance)}
    found[f"after the CRF, {tolerance}"] = dense_crf(cat.image, said.probabilities, **tuned).argmax(0)
display(outlines(cat, found, said.classes, window=(slice(0, 300), slice(150, 451)), columns=3))
evidence("L9")

# %% [markdown]
# ### Play: knob by knob
# First the picture as it stands, then the same for you to move. Try *Iterations* from 0 to 10; then *Weight of
# appearance* down to 0; then *Tolerance of colour* from 1 to 40.
#
# *Find out:* can you make the answer worse than the coarse map? Try one knob first, then several.
# <details><summary>What we saw</summary>With one knob we could not: with a weight of 0 the mean IoU stays at the coarse
# map's 0.92, with any other single setting it is above. But weight 16, reach 67 and tolerance 40 together bring it down
# to 0.45. Fur and background then count as one colour, everyone listens to everyone, and the smaller class is
# swallowed.</details>

# %%
from course_lib import explorers

moving = explorers.crf()
moving.figure()

# %%
moving

# %% [markdown]
# ## Where it hurts
# A thin thing has more neighbours that are something else than neighbours of its own kind. If the map has hardly seen
# it, and its colour hardly differs, it is outvoted. Below: the thin towers beside a rocket at dusk, before and after.
# (White in the hand-drawn map: nobody could say.)
#
# In row L5 look at three things. Edges on *shapes*: before, after, and after a CRF that sees **no colours**, the
# control. Poles on *street*, from a map of stride 8, which has hardly seen them. And poles from a map of stride 4.
# <details><summary>What we read in them</summary>Edges gain much, from an IoU of 0.26 to 0.43, and without colours
# nothing, 0.25: it is the picture that sharpens. Poles that the map has hardly seen lose, 0.12 to 0.09. Poles that it
# has seen are mended, 0.34 to 0.41. The CRF repairs what the network knows, not what it missed.</details>

# %%
rocket = photos.load("rocket")
rough = photos.coarse("rocket", stride=16)
refined = dense_crf(rocket.image, rough)
window = (slice(60, 300), slice(300, 460))
tower = rocket.classes.index("tower")
shown = {"stride 16": rough, "after the CRF": refined}
crf_figures.hurts(rocket.image, shown, rocket.mask, rocket.classes, thin=tower, window=window)

# %%
evidence("L5")

# %% [markdown]
# ## Objects of every size: ASPP
# The idea: one rate fits one size of thing. A far car wants a small kernel, a near bus a large one. DeepLab v2
# [@chen2018] reads the same map with four 3x3 kernels at once, at rates 6, 12, 18 and 24, and adds their scores:
# atrous spatial pyramid pooling, [[aspp|ASPP]]. In spite of its name it pools nothing.
#
# Below: where the 36 taps fall for two cells of a 41 x 41 map. *Guess:* how many of the nine weights at rate 24 are of
# any use to the cell in the middle?
# <details><summary>Your guess, then ours</summary>One. 20 - 24 lies off the map, and so does 20 + 24: all outer taps
# read zeros, and the kernel has become a 1x1. Lecture 07 comes back to this: it is why v3 drops rate 24.</details>
#
# Under the picture stands the whole of it, from the library. v2 and v3 are often mixed up here: look at the last line
# of `Sum`. It is v3 that concatenates.

# %%
from course_lib.scenes import Scenes

street = Scenes("street", size=82, count=8, seed=3, grain=0)
figures.taps(street[0][0], cells=[(20, 20), (30, 5)], rates=(6, 12, 18, 24), side=41)

# %%
from course_lib.models.deeplab_v2 import ASPP, Sum

print(getsource(ASPP), getsource(Sum), sep="\n")

# %% [markdown]
# ### Exercises 5.6 and 5.7: ASPP, and the learning rate that trains it
# `my_aspp(x, weights, biases, rates)`: one 3x3 weight, one bias and one rate for each branch. `my_poly(step, steps, start)`
# is v2's schedule: from `start` to 0, by the power 0.9 of the share of steps that is left.

# %% tags=["exercise"]
from torch.nn import functional as F


def my_aspp(x, weights, biases, rates):
    # solution
    return sum(F.conv2d(x, w, b, padding=r, dilation=r) for w, b, r in zip(weights, biases, rates))


def my_poly(step, steps, start):
    # solution
    return start * (1 - step / steps) ** 0.9


display(exercises.deeplab.aspp.check(my_aspp), exercises.deeplab.poly.check(my_poly))

# %% [markdown]
# ## The whole of v2
# v2 also changes the [[backbone]], from VGG16 to [[resnet|ResNet-101]]: stride in its first half, rate 2 in the fourth
# stage and 4 in the fifth, where stride would have been. A residual block adds its input to its output; where the two
# have different shapes, a 1x1 [[convolution]] on the shortcut, the projection, makes them fit.
#
# For its best printed results v2 also reads the picture at three sizes, with the same weights, and takes the maximum
# of the scores.
#
# In the rows look for how many layers have which rate (L6), and in how many of the 33 blocks a projection is needed
# (L8).

# %%
display(architecture("deeplab_v2"))
evidence("L6", "L8")

# %% [markdown]
# ## A small one, live
# Now a network of this family that you can train in about 15 seconds: four layers of 32 channels on a map of stride 4,
# then the library's own ASPP. Its scenes hold things from 6 to 60 pixels. After training we let the CRF sharpen its
# answers for pictures that it has never seen. Look at the edges, and look for what it swallowed.
#
# Then the ledger. Row L7 asks what several rates are worth: four branches with four rates against four branches with
# one, at equal parameters, on things of many sizes; and, as control, on things of one size. Look for whether all rates
# are above *each* single rate, which rate is best for which size, and how large the gap is beside the spread of the
# dots.
# <details><summary>What we read in L7</summary>All rates together are well above rate 1, 4 or 6. Over rate 2, the best,
# they gain 0.007, and the interval reaches from less than 0 to more than the paper's gain of 0.032: undecided. About
# two more seeds would tell. So far ASPP is not shown to beat the best single rate here. It saves you from having to know which one that is: a wrong guess costs up to 0.1. Large things gain most from all
# rates; small ones are named badly by every rate, and not best by the smallest.</details>

# %% tags=["heavy"]
from course_lib.evidence.small_training import Labeller, layer
from course_lib.training import fit

shapes = Scenes("shapes", size=64, count=4096, seed=0)
torch.manual_seed(0)
body = [layer(3, 16, stride=2), layer(16, 32, stride=2), layer(32, 32), layer(32, 32, rate=2)]
small = Labeller(*body, ASPP(32, shapes.num_classes, rates=(1, 2, 3, 4)))
history = fit(small, shapes, steps=200, learning_rate=6e-3)
print(f"loss {history.losses[0]:.2f} at the first step, {history.losses[-1]:.2f} at the last")

# %%
unseen, truth, _ = Scenes("shapes", size=64, count=5, seed=1_000_003).batch(range(5))
with torch.no_grad():
    probabilities = small.eval()(unseen).softmax(dim=1)
pixels = (255 * unseen).round().byte()
sharpened = dense_crf(pixels, probabilities, appearance=(10, 10, 20), smoothness=(3, 1))
given = {"network": probabilities.argmax(1), "with CRF": sharpened.argmax(1)}
figures.answers(unseen, truth, given, shapes.classes, shapes.colours)

# %%
evidence("L7")

# %% [markdown]
# ## What the papers reported
# Each line is one network of the two papers, without the CRF and with it. They are printed numbers: other people's
# machines, other people's pictures, mean IoU in percent.
#
# *Guess:* does a better network gain more from the CRF, or less?
# <details><summary>Your guess, then ours</summary>Less, with one exception: the weakest network, on top, gains less
# than the second. From v1's large field of view to v2's ResNet-101 the gain falls from 5.39 to 1.34 points. It seems
# that a better network gets right by itself what the CRF used to mend; v3 has no CRF any more.</details>

# %%
figures.crf_gains()

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Stride can be taken out of a trained network if rates take its place: the map becomes finer, the field stays.
# - A 3x3 at rate 12 spans as much as a 7x7 at rate 4, with 9 weights for 49.
# - Enlarging is a convention. Keep the one that the weights were trained with; sizes of 8k + 1 fit aligned corners.
# - The dense CRF ties each pixel to those that are near and look alike. It is a step after the network, not a layer of
#   it; it sharpens edges and can erase what is thin.
# - ASPP reads one map at several rates and adds the scores. On a small map a large rate wastes its weights.
#
# Next: lecture 06, when the answer depends on the whole scene.
#
# ## Further reading
# - [@@chen2015]
# - [@@chen2018]
# - [@@krahenbuhl2011]
# - [@@he2016]
