# ---
# title: DeepLab v1 and v2
# question: How can a network see far, keep a fine map, and still draw sharp edges?
# able:
#   - remove strides from VGG16, and count what a wide fc6 costs
#   - say where each cell lies when a map is upsampled, and why sizes of 8k + 1 fit
#   - compute a round of mean field by hand, tune the dense CRF, and know when it does harm
#   - write ASPP, and say what several rates are for
# needs: Lecture 04 (receptive field, dilation and its rates). The CRF is explained from the beginning.
# read_minutes: 45
# run_seconds: 50
# quiz:
#   - ask: "Why does DeepLab remove the stride of pool4 and pool5?"
#     options:
#       - {say: "The network gets fewer parameters.", why: "A pool has no parameters, with stride or without. The savings come from fc6."}
#       - {say: "The map stays at an eighth of the picture, so that less detail is lost.", why: "Three of five halvings are left. Rates 2 and 12 make up for the receptive field that would be lost.", right: true}
#       - {say: "The receptive field grows.", why: "Without the strides the field would shrink. The rates widen it again."}
#   - ask: "A 3x3 kernel at rate 12 stands on a map of stride 8. How many cells does it span, and how many does it read?"
#     options:
#       - {say: "It spans 36 and reads 36.", why: "There are only two steps between three weights, and the cells between them are not read."}
#       - {say: "It spans 12 and reads 9.", why: "12 is the step from one weight to the next; there are two steps each way."}
#       - {say: "It spans 25 x 25 and reads 9.", why: "Two steps of 12 and the cell itself: 25 each way. Nine weights, nine cells.", right: true}
#   - ask: "A map of stride 8 is upsampled with align_corners=True. For which picture does each cell fall on a pixel, 8 pixels apart?"
#     options:
#       - {say: "321 x 321", why: "321 = 8 * 40 + 1: 41 cells, 40 steps of 8, the first cell on the first pixel and the last on the last.", right: true}
#       - {say: "320 x 320", why: "40 cells have 39 steps: 319 / 39 pixels each, a little more than 8."}
#       - {say: "512 x 512", why: "64 cells have 63 steps over 511 pixels; that is no whole number."}
#       - {say: "Every picture, that is what aligning means.", why: "Only the corners always are. The cells between them fall on pixels if the size is 8k + 1."}
#   - ask: "You make the CRF's tolerance of colour, theta_rgb, enormous. What happens at edges?"
#     options:
#       - {say: "They follow the picture more closely.", why: "The picture enters through colours alone; with an enormous tolerance all colours count as equal."}
#       - {say: "Nothing: colour does not matter to a Potts model.", why: "The Potts model says that any disagreement costs the same. How strongly two pixels are tied is up to the kernel, and it contains colour."}
#       - {say: "They no longer follow the picture: near pixels agree whatever their colours.", why: "The kernel becomes a Gaussian of place alone, which smooths across edges.", right: true}
#   - ask: "How does ASPP of DeepLab v2 combine its four branches?"
#     options:
#       - {say: "It adds their scores.", why: "Each branch is a classifier of its own; their scores are summed.", right: true}
#       - {say: "It concatenates their maps.", why: "That is DeepLab v3. It is often said of v2, too."}
#       - {say: "It takes the maximum.", why: "v2 takes the maximum over three sizes of the picture, not over rates."}
# teach:
#   sections:
#     - {section: "An outline through the eye", minutes: 5, show: "FCN-8s on the cat; then the three strides on the astronaut; ask which class suffers first"}
#     - {section: "A wide view with nine weights", minutes: 10, show: "the drawing, then the four kernels of fc6; let the class compute 2 * 12 + 1"}
#     - {section: "Upsampling", minutes: 8, show: "the two rows of 17 values; then explorers.upsampling() with both sizes"}
#     - {section: "Sharp edges: the dense CRF", minutes: 20, show: "mean field on five pixels at the board; then the explorer: iterations from 0 to 10, theta_rgb to 40, w1 to 0"}
#     - {section: "Objects of every size: ASPP", minutes: 15, show: "the taps over the street; train the small network and run the CRF on it"}
#     - {section: "What the papers reported", minutes: 5, show: "the gains of the CRF, from top to bottom"}
#   wrong:
#     - {says: "A larger rate needs more weights.", reply: "Count them: nine, at any rate. What grows is the step between them."}
#     - {says: "DeepLab's receptive field is 224.", reply: "224 is 7 cells of 32 pixels, the span of VGG16's fc6. Trace it: 435 for the released network."}
#     - {says: "The CRF is a layer and learns with the network.", reply: "Not in v1 and v2: the network is trained first, then the weight and the two widths of the appearance kernel are searched on 100 validation pictures."}
#     - {says: "ASPP pools.", reply: "Despite its name nothing is pooled: four convolutions read one map, and their scores are added."}
#   discuss:
#     - {ask: "Why did DeepLab v3 drop the CRF?", answer: "Its gain shrank as networks became better, it costs time after each forward pass, and it does not learn with the rest."}
#     - {ask: "When would you still use a dense CRF today?", answer: "When labels are coarse or few: to turn scribbles, boxes or attention maps into masks, for example."}
#     - {ask: "Which pixels does the CRF harm, and how could you protect them?", answer: "Thin things of low contrast: their neighbours outvote them. Use weaker smoothness, a smaller reach, or more certain unaries there."}
# ---
# %% [markdown]
# ## An outline through the eye
# FCN-8s from lecture 01, on the photograph. The network was [[fine-tuning|fine-tuned]] on cats and dogs; it finds the cat
# at once. Now look at the white line, the predicted outline. It cuts through an eye and misses the cheek. The second
# picture has the outline drawn by hand.
#
# Part of the trouble is the coarse map. [[vgg16|VGG16]] halves a picture five times, and a cell of its last map stands
# for 32 x 32 pixels. Suppose a network made *no mistake at all*: each cell holds the class that fills most of it, and
# the map is then upsampled. How good can it get? The second row shows this for a mask drawn by hand, at stride 32, 16
# and 8. *Guess* the mean IoU at stride 32, then run the cell. It takes about 5 seconds.

# %% tags=["heavy"]
from course_lib.datasets import photos
from course_lib.figures.outlines import outlines
from course_lib.lectures.l05_deeplab_v1_v2 import figures as figures
from course_lib.lectures.l05_deeplab_v1_v2 import figures_crf as crf_figures
from course_lib.lectures.l05_deeplab_v1_v2 import figures_mean_field as steps
from course_lib.segment import segment

cat, astronaut = photos.load("cat"), photos.load("astronaut")
fcn = segment(cat.image, network="fcn8s_pets")
drawn = {"FCN-8s": fcn.labels, "drawn by hand": cat.mask.where(cat.mask != 255, 0)}
display(outlines(cat, drawn, fcn.classes, window=(slice(None), slice(None)), columns=2))

top = slice(0, 200)  # the upper half: enough to see, and half the work
upper, mask = astronaut.image[:, top], astronaut.mask[top]
maps = {f"stride {stride}": photos.coarse("astronaut", stride=stride)[:, top] for stride in (32, 16, 8)}
figures.over(upper, maps, astronaut.classes, mask)

# %% [markdown]
# The stride alone costs that much. Lectures 02 and 03 repaired it with a [[decoder]]. DeepLab [@chen2015] goes another
# way, in three steps:
#
# 1. **Keep the map fine.** pool4 and pool5 lose their [[stride]]. The map stays at an eighth of the picture.
# 2. **See far all the same.** Without those strides the later layers would see less. They get a [[dilation rate|rate]]
#    instead: 2 in conv5, 12 in fc6. DeepLab calls this [[atrous convolution]].
# 3. **Let the picture draw the edges.** A conditional random field ([[crf|CRF]]) follows the network.
#
# A rate in place of a stride changes no weight. Pool without stride, let the next kernel take steps twice as long, and
# every second cell of the finer map equals a cell of the coarse one. The cell below checks it on random numbers. The cells
# in between are new.
#
# Then comes the released network: the code of its forward pass, one picture, and the drawing. Orange boxes have a rate.
# (pool5a, an average over 3x3 cells, is in the release but not in the paper's text.) This takes about 4 seconds.
#
# *Guess:* how large is the map for a picture of 321 x 321 pixels, and how many [[parameter|parameters]] are left of
# FCN's 134 million?
# <details><summary>Your guess, then ours</summary>41 x 41 cells, and 20.5 million parameters. Most of FCN's parameters are
# in its fc6, a 7x7 layer from 512 to 4096 channels. DeepLab's fc6 is a 3x3 to 1024.</details>

# %% tags=["heavy"]
from inspect import getsource

import torch
from torch.nn import functional as F

from course_lib import models
from course_lib.figures.architecture import architecture
from course_lib.models.deeplab_v1 import VGG16LargeFOV

numbers, kernel = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 3, 3)
coarse_map = F.conv2d(F.max_pool2d(numbers, 2), kernel)
fine_map = F.conv2d(F.max_pool2d(numbers, 2, stride=1), kernel, dilation=2)
print("with stride", tuple(coarse_map.shape[-2:]), " without, at rate 2", tuple(fine_map.shape[-2:]))
print("every second cell is the same:", torch.allclose(fine_map[..., ::2, ::2], coarse_map))

print(getsource(VGG16LargeFOV.forward))
net, picture = models.build("deeplab_v1", device="meta").eval(), torch.rand(1, 3, 321, 321, device="meta")
print("scores", tuple(net.scores(picture).shape), " answer", tuple(net(picture).shape))
print(f"{sum(parameter.numel() for parameter in net.parameters()):,} parameters")
architecture("deeplab_v1")

# %% [markdown]
# ## A wide view with nine weights
# fc6 looks at the map through one large kernel, and its 512 channels times thousands of outputs make it by far the
# largest layer. The authors tried four kernels. Below are the cells that each one reads on a map of 41 x 41.
#
# *Guess:* which of them see as far as the 7x7 at rate 4?
# <details><summary>Your guess, then ours</summary>The 4x4 at rate 8 and the 3x3 at rate 12. All three span 25 cells. The
# last one does it with nine weights. The paper calls it *large field of view* and reports that it scores as well as the 7x7.
# Above each map stands the printed [[mean iou|mean IoU]], with the CRF.</details>

# %%
kernels = {"7x7, rate 4": (7, 4), "4x4, rate 4": (4, 4), "4x4, rate 8": (4, 8), "3x3, rate 12": (3, 12)}
counts = []
for kernel, rate in kernels.values():
    fc6 = {"fc6_kernel": kernel, "fc6_rate": rate, "fc6_channels": 1024 if kernel == 3 else 4096}
    variant = models.build("deeplab_v1", device="meta", **fc6)
    counts.append(sum(parameter.numel() for parameter in variant.parameters()))
figures.views(kernels, counts)

# %% [markdown]
# ### Exercises 5.1 and 5.2: the rate with the same span, and the map's side
# - `my_equal_rate(kernel, rate)`: which rate gives a 3x3 the same span as this kernel at this rate?
# - `my_side(pixels)`: how many cells has DeepLab v1's map? Three pools are 3x3 with stride 2 and padding 1; the other two
#   have stride 1.
#
# `exercises.deeplab.equal_rate.hint()` helps, as often as you like.

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
# ### The receptive field, and overlapping pools
# The paper gives its [[field of view]] as 224. **This number circulates as DeepLab's receptive field, and it is not.** It is
# the span of VGG16's fc6: 7 cells of 32 pixels. But each of these cells sees more than its own 32 pixels. L1 has the traced
# [[theoretical receptive field]].
#
# The release contains another detail that the paper does not mention: its pools are 3x3, not 2x2. They halve the map just
# the same. But neighbouring cells share a column of pixels (dark), so a maximum at the border of two cells reaches both.

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
evidence("L1")

# %% [markdown]
# ## Upsampling
# 41 cells must become 321 pixels. DeepLab learns nothing here. [[bilinear upsampling|Bilinear upsampling]] places the
# cells on the picture and interpolates between them. But *where* does it place them? There are two conventions, and they
# give different answers. In the picture, diamonds are cells and dots are pixels.
# - **Aligned corners** (`align_corners=True`): the first cell lies on the first pixel, the last on the last. If the size is
#   8k + 1, such as 17 or 321, cells are exactly 8 pixels apart.
# - **Aligned edges** (`align_corners=False`): cells are areas, and their centres lie inside. Beyond the last centre the
#   value is repeated.
#
# DeepLab v1, v2 and PSPNet align corners. Do not mix the two: with the wrong convention every label is shifted, most at the
# border. L3 has the exact numbers. To turn the knobs yourself, run `explorers.upsampling()` from `course_lib`.
#
# L4 compares three ways to upsample the same scores: bilinear; a [[transposed convolution]] from random weights; and a
# transposed convolution that starts as bilinear and then learns. *Guess* which one scores best.
# <details><summary>What we read in L4</summary>The one that starts as bilinear and learns: 0.50 against 0.46 for fixed bilinear
# upsampling. That bilinear upsampling costs no accuracy does not reproduce here. A random start leaves a [[checkerboard]]
# four times as strong, 0.23 against 0.05, so it comes from the initialisation and not from the operation.</details>

# %%
display(figures.enlarged(torch.tensor([0.0, 1.0, 2.0]), size=17))
evidence("L3", "L4")

# %% [markdown]
# ## Sharp edges: the dense CRF
# A map of stride 8, upsampled, has soft edges, and they lie beside those of the picture. The picture itself knows
# better. So we ask pixels to agree with other pixels *that are near and look alike* ([@krahenbuhl2011]). A labelling x has
# an energy; a good labelling has a low one:
#
#     E(x)  =  Σ_i U_i(x_i)  +  Σ_(i<j)  k_ij · [ x_i ≠ x_j ]
#
# - The [[unary potential]] U_i(c) = −log p_i(c) is what the network says about pixel i alone.
# - The [[pairwise potential]] costs k_ij when pixels i and j have different labels, whichever labels these are (the
#   *Potts model*). The main part of k_ij is the **appearance kernel**, where d is the distance of the two pixels and c the
#   distance of their colours:
#
#       k_ij  =  w · exp( −d² / 2θ_xy²  −  c² / 2θ_rgb² )
#
#   A second, short-range kernel of place alone removes specks.
#
# *Every* pixel is tied to *every* other one, hence *dense*. Below is a pixel on a hair of the cat, and its k to all other
# pixels (the square root of k, so that small values show). θ_xy is in pixels, θ_rgb in grey levels, of which there are 256.
# *Guess:* what does a larger θ_rgb do?
# <details><summary>Your guess, then ours</summary>The pixel tolerates other colours and is tied to far more of its neighbours,
# light and dark fur alike. Its ties to the eye stay weak, and it has none to the background.</details>

# %%
figures.listens(cat.image[:, :150], pixel=(60, 150), widths=[(67, 3), (67, 20)])

# %% [markdown]
# ## Mean field, by hand
# No algorithm finds the best labelling of a hundred thousand pixels that all depend on each other. [[mean field|Mean field]]
# approximates it. Every pixel i keeps a probability Q_i(c) for each class. In each round it adds up what the others say:
#
#     Q_i(c)  ∝  exp( −U_i(c)  +  Σ_(j≠i)  k_ij · Q_j(c) )         then all pixels are updated at once
#
# (∝ means: divide by the sum over the classes, as softmax does.)
#
# Five pixels are enough to do it by hand. Three are dark, two are light; k is 1 between alike pixels and 0 otherwise. The
# network is wrong about the third pixel: p(cat) = 0.4. With two classes it is easiest to add log-odds. Start from the
# network's log(p / (1 − p)). Each pixel j that looks alike adds Q_j(cat) − Q_j(background), which is 2Q_j(cat) − 1. Turn
# the sum s back into a probability: 1 / (1 + e^−s).
#
# *Compute* the third pixel's probability after one round, then run the cell.
# <details><summary>The calculation</summary>log(0.4 / 0.6) = −0.41. The two dark neighbours say 2 · 0.9 − 1 = 0.8 and
# 2 · 0.8 − 1 = 0.6. The sum is 0.99, and 1 / (1 + e^−0.99) = 0.73. The pixel has become *cat*. The light pixels
# confirm each other and move towards background.</details>

# %%
alike = torch.block_diag(torch.ones(3, 3), torch.ones(2, 2)).numpy()
steps.few_pixels([40, 44, 42, 200, 204], [0.9, 0.8, 0.4, 0.3, 0.2], alike, name="cat", asked=2)

# %% [markdown]
# ### Exercises 5.3 to 5.5: upsample a row, the appearance kernel, one round of mean field
# - `my_resize(row, length)`: upsample one row of numbers bilinearly, corners aligned, without `F.interpolate`.
# - `my_appearance(distance, colour, weight, alpha, beta)`: the kernel of one pair of pixels. `distance` is in pixels, `colour`
#   in grey levels; alpha is θ_xy, beta is θ_rgb.
# - `my_mean_field(unary, answers, kernel)`: the update above for any number of pixels and classes. `unary` holds U and
#   `answers` holds Q, both pixels x classes. A pixel does not ask itself.

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
# ## All pairs, without visiting them
# The sum over j is the problem: a photograph of 100,000 pixels has ten billion pairs, in every round. Krähenbühl and
# Koltun's contribution is to see what this sum *is*. The kernel is a Gaussian, so Σ k_ij Q_j is a Gaussian **blur** of Q. It
# is not a blur over the picture but over five coordinates: x, y, red, green, blue. There, pixels that are near and look
# alike are neighbours. A blur can be computed on a coarse grid, in three steps. The first picture shows them for one row
# of pixels with place and grey as coordinates; colour is p.
# 1. **Splat.** Each pixel adds its value to the corners of its cell.
# 2. **Blur.** Each corner averages with its neighbours along each axis.
# 3. **Slice.** Each pixel reads its value back from the same corners.
#
# The work grows with the number of pixels and no longer with its square. The two halves of the row do not mix, because
# they differ in grey. (The authors use a *permutohedral lattice*. Its cells are triangles in two dimensions and have only 6 corners in
# five, where a box has 32. This course uses boxes.)
#
# DeepLab runs ten rounds. Nothing is trained: the network is finished, and the kernel's weight and two widths were
# searched on 100 validation pictures. In the second picture we sharpen the astronaut's map of stride 16 with v2's settings.
# *Guess:* after how many rounds has the mean IoU risen nearly as far as it will?
# <details><summary>Your guess, then look</summary>One. The first round does most of the work. Later rounds settle pixels
# whose neighbours have changed.</details>

# %%
from course_lib.crf import dense_crf

noise = torch.randn(2, 36, generator=torch.Generator().manual_seed(0))
dark = torch.arange(36) < 18
greys, values = torch.where(dark, 70, 170) + 9 * noise[0], torch.where(dark, 0.75, 0.25) + 0.2 * noise[1]
display(steps.lattice(greys.numpy(), values.clamp(0, 1).numpy(), step=6, shade=40))

settings, rounds = {"appearance": (4, 67, 3), "smoothness": (3, 1)}, {"before": maps["stride 16"]}
for number in (1, 10):
    rounds[f"round {number}"] = dense_crf(upper, maps["stride 16"], iterations=number, **settings)
figures.over(upper, rounds, astronaut.classes, mask)

# %% [markdown]
# ### On a real network
# So far the coarse map was made from the mask. Now the scores of a trained network, DeepLab v3+: its answer; the answer
# after ten rounds with v2's settings (weight 4, θ_xy of 67 pixels, θ_rgb of 3 grey levels); and the answer with a θ_rgb of
# 10, which ties pixels of less similar colours. The number is the IoU of the cat. This takes about 6 seconds.
#
# *Guess:* a modern network has sharp outlines already. Does the CRF still help, and where?
# <details><summary>Your guess, then run the cell</summary>A little, from 0.93 to 0.94 or 0.95 on this photograph. The
# outline moves closer to the ear and the cheek. Under the chin, where fur and blanket have one colour, it gains little, and
# with the larger θ_rgb it opens a hole. L9, on many photographs, is undecided. Within 3 pixels of the boundary the CRF
# gains 0.027 in mean IoU. Over five folds that could still be less than 0.013, the gain for the paper's strongest network.
# The CRF also takes longer than the network itself. v3 has no CRF.</details>

# %% tags=["heavy"]
said = segment(cat.image)
found = {"the network": said.labels}
for tolerance in (3, 10):
    tuned = settings | {"appearance": (4, 67, tolerance)}
    found[f"after the CRF, θ_rgb {tolerance}"] = dense_crf(cat.image, said.probabilities, **tuned).argmax(0)
display(outlines(cat, found, said.classes, window=(slice(0, 300), slice(150, 451)), columns=3))
evidence("L9")

# %% [markdown]
# ### Play: one knob at a time
# Move *Iterations*, the number of rounds, from 0 to 10. Then set *Weight of appearance* (w) to 0. Then move *Tolerance of
# colour* (θ_rgb) from 1 to 40.
#
# *Find out:* can you make the answer worse than the coarse map? Try one knob first, then several.
# <details><summary>What we saw</summary>Not with one knob: with weight 0 the mean IoU stays at the coarse map's 0.92, and any
# other single setting is above. But weight 16, reach 67 and tolerance 40 together bring it down to 0.45. Fur and
# background then count as one colour, everything is tied to everything, and the smaller class vanishes.</details>

# %%
from course_lib import explorers

moving = explorers.crf()
display(moving.figure(), moving)

# %% [markdown]
# ## Where it hurts
# A thin thing has more neighbours of other classes than of its own. If its colour hardly differs from theirs, they outvote it.
# Below is a rocket at dusk between its thin towers: the whole photograph, a map of stride 16, and the same after the CRF.
# (White in the hand-drawn map: nobody could say.) The number is the IoU of the towers. This takes about 5 seconds.
#
# *Guess:* what does the CRF do to the towers?
# <details><summary>Your guess, then run the cell</summary>It eats them: their IoU falls from 0.52 to 0.37. The rocket itself
# is large, and bright against the sky; it gets sharper.</details>
#
# Unfold **L5** and look at three things. Edges on *shapes*: before, after, and after a CRF that sees **no colours**, the control.
# Poles on *street* from a map of stride 8, which hardly contains them. And poles from a map of stride 4.
# <details><summary>What we read in L5</summary>Edges gain much, from an IoU of 0.26 to 0.43; without colours they gain nothing,
# 0.25. So it is the picture that sharpens. Poles that the map hardly contains lose, 0.12 to 0.09. Poles that it contains
# gain, 0.34 to 0.41. The CRF repairs what the network found, not what it missed.</details>

# %% tags=["heavy"]
rocket, rough = photos.load("rocket"), photos.coarse("rocket", stride=16)
shown = {"stride 16": rough, "after the CRF": dense_crf(rocket.image, rough)}
tower = rocket.classes.index("tower")
display(crf_figures.hurts(rocket.image, shown, rocket.mask, rocket.classes, thin=tower))
evidence("L5")

# %% [markdown]
# ## Objects of every size: ASPP
# One rate fits one size of object. A far car wants a small kernel, a near bus a large one. DeepLab v2 [@chen2018] reads
# the same map with four 3x3 kernels, at rates 6, 12, 18 and 24, and adds their scores:
#
#     score(p)  =  Σ over r = 6, 12, 18, 24   ( b_r  +  Σ over the 9 taps t   w_r[t] · x[p + r·t] )
#
# This is atrous spatial pyramid pooling, [[aspp|ASPP]]. Despite its name it pools nothing. The name comes from
# [[spatial pyramid pooling]] ([@he2014]), made for classification and for detection, where it turns region proposals of any
# size into vectors of one length; ASPP keeps the idea of several scales and drops the pooling. Since the sum is linear,
# the four branches together equal one 49x49 kernel with only 33 weights that are not zero: 8 for each branch, and the
# shared centre.
#
# Below are the 36 taps for two cells of a 41 x 41 map. *Guess:* how many of the nine weights at rate 24 are of any use to
# the cell in the middle?
# <details><summary>Your guess, then ours</summary>One. 20 − 24 lies off the map, and so does 20 + 24: all outer taps read
# zeros, and the kernel is a 1x1. This is one reason why v3 drops rate 24 (lecture 07).</details>
#
# v2 and v3 are often mixed up here. Look at the last line of `Sum`: v2 adds. It is v3 that concatenates.

# %%
from course_lib.models.deeplab_v2 import ASPP, Sum
from course_lib.scenes import Scenes

print(getsource(ASPP), getsource(Sum), sep="\n")
street = Scenes("street", size=82, count=8, seed=3, grain=0)
figures.taps(street[0][0], cells=[(20, 20), (30, 5)], rates=(6, 12, 18, 24), side=41)

# %% [markdown]
# ### Exercises 5.6 and 5.7: ASPP, and the learning rate that trains it
# - `my_aspp(x, weights, biases, rates)`: one 3x3 weight, one bias and one rate for each branch.
# - `my_poly(step, steps, start)`: v2's learning rate. It falls from `start` to 0: `start` times the share of steps that is
#   left, to the power 0.9.


# %% tags=["exercise"]
def my_aspp(x, weights, biases, rates):
    # solution
    return sum(F.conv2d(x, w, b, padding=r, dilation=r) for w, b, r in zip(weights, biases, rates))


def my_poly(step, steps, start):
    # solution
    return start * (1 - step / steps) ** 0.9


display(exercises.deeplab.aspp.check(my_aspp), exercises.deeplab.poly.check(my_poly))

# %% [markdown]
# ## The whole of v2
# v2 also changes the [[backbone]], from VGG16 to [[resnet|ResNet-101]]. The last two strides become rates: 2 in the fourth
# stage, 4 in the fifth. Only 4 of its 33 residual blocks need a *projection*, a 1x1 [[convolution]] on the shortcut, because
# their input and output have different shapes.
#
# For its best results v2 also reads the picture at three sizes, with the same weights, and takes the maximum of the
# scores. L6 counts the rates, L8 the projections.

# %%
display(architecture("deeplab_v2"))
evidence("L6", "L8")

# %% [markdown]
# ## A small one, live
# Now train a network of this family yourself, in about 15 seconds: four layers of 16 and 32 channels with a map of stride 4,
# then the library's ASPP. Its scenes hold objects of 6 to 60 pixels. Then the CRF sharpens its answers for pictures it has
# never seen. Look at the edges, and look for what the CRF swallowed.

# %% tags=["heavy"]
from course_lib.evidence.small_training import Labeller, layer
from course_lib.training import fit

shapes = Scenes("shapes", size=64, count=4096, seed=0)
torch.manual_seed(0)
body = [layer(3, 16, stride=2), layer(16, 32, stride=2), layer(32, 32), layer(32, 32, rate=2)]
small = Labeller(*body, ASPP(32, shapes.num_classes, rates=(1, 2, 3, 4)))
history = fit(small, shapes, steps=200, learning_rate=6e-3)
print(f"loss {history.losses[0]:.2f} at the first step, {history.losses[-1]:.2f} at the last")

unseen, truth, _ = Scenes("shapes", size=64, count=5, seed=1_000_003).batch(range(5))
with torch.no_grad():
    probabilities = small.eval()(unseen).softmax(dim=1)
pixels = (255 * unseen).round().byte()
sharpened = dense_crf(pixels, probabilities, appearance=(10, 10, 20), smoothness=(3, 1))
given = {"network": probabilities.argmax(1), "with CRF": sharpened.argmax(1)}
figures.answers(unseen, truth, given, shapes.classes, shapes.colours)

# %% [markdown]
# ### What are several rates worth?
# A rate looks one distance away. So several rates should help where the evidence lies at several distances. **L7** tests
# this in a painted *harbour*. Below is one harbour twice. The coloured things with a cabin are *hulls*, and they look the
# same in both pictures. A hull is a boat if the strip at the edge of the picture is water, and a car if it is road. The
# fog between tells nothing. So each pixel of a hull needs a look at the strip, which may be near or far.
#
# L7 trains ASPP with four branches on a map of stride 4: with the rates 1, 2, 4 and 6, or with the same rate four times.
# The number of parameters is the same. A branch of rate r reads 4r pixels away, give or take 7. *Guess:* which single
# rate is the best for strips 0 to 32 pixels away, and at which distances does it fail? The control is the shapes from
# above. There the object's own outline tells its class.
# <details><summary>What we read in L7</summary>With all rates 88 % of the hulls' pixels are right. The best single rate
# is 6, with 80 %. The gain of 0.075 is larger than the paper's 0.032. Rate 6 is right where the strip is 16 to 32 pixels
# away (92 % and 88 %) and guesses where it is nearer (54 % and 53 %). Rate 4 is at its best from 8 to 16 pixels (92 %). On
# the shapes, all rates gain only 0.006 over the best single rate, less than the seeds differ. So several rates pay where
# the *evidence* lies at several distances. That the objects have several sizes is not enough.</details>

# %%
from course_lib.lectures.l06_pspnet.figures import twins

harbour = {"size": 64, "count": 1, "seed": 54, "gap": 0}
worlds = {surface: Scenes("harbour", **harbour, surface=surface) for surface in ("water", "road")}
pictures, labels = (torch.stack([world[0][part] for world in worlds.values()]) for part in (0, 1))
display(twins(pictures, labels, list(worlds), worlds["water"].classes, worlds["water"].colours))
evidence("L7")

# %% [markdown]
# ## What the papers reported
# Each line is one network of the two papers, without the CRF and with it: printed mean IoU in percent.
#
# *Guess:* does a better network gain more from the CRF, or less?
# <details><summary>Your guess, then ours</summary>Less, with one exception: the weakest network, on top, gains less than the
# second. From v1's large field of view to v2's ResNet-101 the gain falls from 5.39 to 1.34 points. A better network
# already gets right what the CRF used to repair. v3 has no CRF any more.</details>

# %%
figures.crf_gains()

# %% [markdown]
# ### A picture to keep
# Sharpen an outline of your own. Take FCN-8s's cut through the eye, and find CRF settings that put the line back where it
# belongs; or call `segment("your.jpg")` on a photograph of your own pet. How close do you get to the drawn outline? The
# last line saves your picture; take the `#` away.

# %%
rows, columns = slice(60, 190), slice(250, 451)
mine = cat._replace(image=cat.image[:, rows, columns], mask=cat.mask[rows, columns])
unary = fcn.probabilities[:, rows, columns]
tuned = dense_crf(mine.image, unary, appearance=(10, 40, 8), smoothness=(3, 1))
mended = {"FCN-8s": fcn.labels[rows, columns], "my CRF": tuned.argmax(0)}
keep = outlines(mine, mended, fcn.classes, window=(slice(None), slice(None)), columns=2)
# keep.savefig("my_outline.png", dpi=200)
keep

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Strides can be removed from a trained network if rates replace them: the map becomes finer, the receptive field stays.
# - A 3x3 at rate 12 spans as much as a 7x7 at rate 4, with 9 weights instead of 49.
# - Upsampling is a convention. Keep the one that the weights were trained with; sizes of 8k + 1 fit aligned corners.
# - The dense CRF ties each pixel to all that are near and look alike. Mean field adds up their votes, and a blur over place and
#   colour computes that sum. It comes after the network and is not one of its layers. It sharpens edges and can erase what is thin.
# - ASPP reads one map at several rates and adds the scores. On a small map a large rate wastes its weights.
#
# Next: lecture 06, when the answer depends on the whole scene.
#
# ## Further reading
# - [@@chen2015]
# - [@@chen2018]
# - [@@krahenbuhl2011]
# - [@@he2016]
#
# Below, for reference: what a 3x3 pool of stride 2 reads, counted.

# %%
evidence("L2")
