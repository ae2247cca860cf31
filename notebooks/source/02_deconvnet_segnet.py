# ---
# title: DeconvNet and SegNet, or remembering where
# question: Can a decoder put the detail back if it remembers where each maximum was?
# able:
#   - pool and unpool by hand, and say what each of the two keeps and loses
#   - write max unpooling and a transposed convolution yourself
#   - follow a picture through DeconvNet and SegNet, and say where their weights are
#   - tell which of their advantages an experiment of your own confirms, and which it does not
#   - say what the two networks have in common, what differs, and why
#   - find the three mistakes in a listing of DeconvNet
# needs: Lecture 01, or max pooling, skips and bilinear upsampling.
# read_minutes: 45
# run_seconds: 60
# quiz:
#   - ask: "A 2x2 pool and its unpooling pass over a map of 32x32 positive values. How many values are not zero
#         afterwards?"
#     options:
#       - say: "1024, as before"
#         why: "Pooling keeps one value of four. Unpooling puts these back and fills no holes."
#       - say: "256, each where it was"
#         right: true
#         why: "A quarter of the map, and exactly the values that pooling kept (row D2). The holes are the decoder's
#             work."
#       - say: "256, each in the upper left of its window"
#         why: "That is unpooling to a fixed corner, which remembers nothing. Row D3 measures what it costs."
#   - ask: "Which step of pool-then-unpool loses information?"
#     options:
#       - say: "unpooling, because it leaves zeros"
#         why: "Pool the unpooled map again and you get every pooled value back: nothing went missing there."
#       - say: "both, half each"
#         why: "Unpooling can be undone exactly by pooling again. A step that can be undone loses nothing."
#       - say: "pooling, which drops three of four values"
#         right: true
#         why: "With the indices, the value and the place of the maximum survive. The other three values are gone
#             before unpooling begins."
#   - ask: "DeconvNet has 251.8 million parameters, SegNet 29.4 million. What makes the difference?"
#     options:
#       - say: "fc6, fc7 and fc6_deconv"
#         right: true
#         why: "222 million are there. Encoder and decoder have almost the same size in both."
#       - say: "transposed convolutions have more weights than convolutions"
#         why: "A 3x3 transposed convolution has as many weights as a 3x3 convolution between the same widths."
#       - say: "DeconvNet's decoder is deeper"
#         why: "Both mirror the thirteen convolutions of VGG16."
#       - say: "the pooling indices"
#         why: "Indices are not parameters. They are computed for every picture."
#   - ask: "A transposed convolution has kernel 3 and stride 2. Why can a flat map come out uneven?"
#     options:
#       - say: "because 3x3 is too small"
#         why: "Kernel 5 at stride 2 has the same problem. Size alone is not the point."
#       - say: "because transposed convolutions are never even"
#         why: "A kernel of 4 with bilinear weights is even, to the digit (row D10)."
#       - say: "some pixels are covered by more stamps than their neighbours"
#         right: true
#         why: "Stamps of 3 every 2 pixels overlap in every second row and column. Equal weights then add up to
#             unequal sums."
#   - ask: "A listing keeps pool indices as `self.indices`. When does it give wrong answers?"
#     options:
#       - say: "always"
#         why: "With one pool and one picture at a time it works, which is why nobody notices."
#       - say: "when anything else is encoded before the decoder runs"
#         right: true
#         why: "The attribute then holds the places of the other picture, or of the other pool. The values go where
#             the other picture's maxima were."
#       - say: "only on a GPU"
#         why: "The device does not matter. The attribute is overwritten on any of them."
# teach:
#   sections:
#     - section: "Where did the maximum come from?"
#       minutes: 8
#       show: "Pool and unpool the 4x4 map on the board first, then run the cell. Drag the 9 in the explorer."
#     - section: "Do the indices matter?"
#       minutes: 8
#       show: "Train both twins live. Ask for bets before the pictures appear."
#     - section: "DeconvNet: VGG16 and its mirror image"
#       minutes: 9
#       show: "The drawing: the dashed lines carry places, not features. Point at the single cell at the bottom."
#     - section: "Filling the holes: transposed convolution"
#       minutes: 9
#       show: "Four stamps and their sum; then the explorer with kernel 3 and 4, weights all 1 and bilinear."
#     - section: "What a decoder does, stage by stage"
#       minutes: 7
#       show: "One bus, five maps. Let them say at which stage they see the bus, and at which its outline."
#     - section: "SegNet: the same idea for less"
#       minutes: 7
#       show: "The two hourglasses, one above the other; then the paper's table of costs."
#     - section: "A listing with three mistakes"
#       minutes: 8
#       show: "Give them two minutes with the listing before you run it."
#   wrong:
#     - says: "Unpooling loses information."
#       reply: "Pool its result again: everything is there. The loss happened when pooling dropped three of four."
#     - says: "Deconvolution undoes a convolution."
#       reply: "It is a transposed convolution: it stamps. In DeconvNet, with stride 1, it does not even enlarge;
#           unpooling does."
#     - says: "SegNet is the fastest of them all."
#       reply: "In its own table two networks are faster. It needs the least memory, and its file is small."
#     - says: "An even overlap removes the checkerboard."
#       reply: "It makes an even answer possible. Random weights of a kernel of 4 show the pattern as strongly (row D10)."
#   discuss:
#     - ask: "SegNet sends places over the dashed lines, U-Net sends features. What does each cost in memory?"
#       answer: "A place needs two bits for a 2x2 window, a feature 16 or 32 bits for each of four values. That was
#           SegNet's argument. Lecture 03 measures what the features buy."
#     - ask: "Why does DeconvNet need batch normalisation so much?"
#       answer: "Its signal passes through a single cell and through more than 25 layers without skips. The authors
#           report that training did not get away from a poor optimum without it."
#     - ask: "Indices are found by the encoder. Can the decoder's gradient improve them?"
#       answer: "Not directly: an index is a whole number and has no gradient. It changes only when the encoder's
#           values change enough that another cell wins."
# ---
# %% [markdown]
# ## A photograph on which it fails
# FCN-8s again, on the right half of our cat. Its outline does not follow the cheek: it cuts in as far as the eye. A part
# of the detail was thrown away by [[max pooling]]: a pool keeps the largest of four values and forgets where it was.
#
# Can a [[decoder]] put the detail back? The second figure makes the test without any network. It takes a map of the edges
# around the cat's eye, which is bright where the grey value changes. It pools this map twice, so that one value in
# sixteen is left. Then it enlarges them again in three ways: to
# the *remembered places* of the maxima, to a fixed corner, and by [[bilinear upsampling]]. *Guess:* in which of the
# three pictures can you still see the eye's outline, and in which one is it sharp?

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import palette
from course_lib.datasets import photos
from course_lib.lectures.l01_fcn_limits.figures import answers
from course_lib.lectures.l02_deconvnet_segnet import figures, schematics
from course_lib.segment import segment

cat = photos.load("cat")
failing = segment(cat.image.permute(1, 2, 0).numpy(), network="fcn8s_pets")
right, eye = (..., slice(40, 300), slice(230, 451)), (..., slice(72, 168), slice(232, 376))
given = {"FCN-8s": failing.labels[right]}
display(answers(cat.image[right], cat.mask[right], given, failing.classes, palette.ORDER))
figures.there_and_back(cat.image[eye], pools=2)

# %% [markdown]
# By places, the outline of the eye stays exactly where it was, as a row of points with holes between them. In corners,
# the points stand on a grid. Bilinear upsampling leaves no holes and blurs everything.
#
# [@noh2015] and [@badrinarayanan2017] had the same idea: *write down where each maximum was*. These notes are called
# [[pooling indices]] (SegNet) or [[switches]] (DeconvNet). Putting the values back there is **[[unpooling]]**. Learned
# layers then fill the holes.
#
# ## Where did the maximum come from?
# Now with numbers. *Guess:* how many of the 16 values below survive pooling followed by unpooling?
# <details><summary>Your guess, then ours</summary>Four, one for each 2x2 window, and each stands where it stood before.
# The rest are zeros.</details>

# %%
grid = torch.tensor([[1, 2, 0, 3], [4, 0, 1, 1], [0, 5, 2, 0], [1, 0, 0, 6]]).float()[None, None]
pooled, places = F.max_pool2d(grid, 2, return_indices=True)
figures.pool_and_unpool(grid, pooled, places)

# %% [markdown]
# Now move the largest value yourself. The picture compares three ways to enlarge the pooled map: by index, into a fixed
# corner, and bilinearly. The last panel fills the holes with one small convolution. *Find out:* can you move the 9
# without changing the pooled map? Which of the three ways notices?
# <details><summary>What we saw</summary>Inside one window the 9 may stand anywhere: the pooled map is the same. Only
# unpooling by index shows the difference.</details>

# %%
from course_lib import explorers

moving = explorers.unpooling()
moving.figure()

# %%
moving

# %% [markdown]
# ### Exercises 2.1 and 2.2: remember places, and unpool
# - `my_places(image)`: for each 2x2 window of a map, row by row, the place of its largest value: row * width + column.
# - `my_unpool(values, places, size)`: `values` are N x C x h x w, `places` say for each value where it belongs, counted
#   row by row over its own large map of `size`. Put them there; everything else is 0.
#
# `exercises.deconvnet.unpool.hint()` helps.

# %% tags=["exercise"]
from course_lib import exercises


def my_places(image):
    # solution
    height, width = image.shape
    found = []
    for top in range(0, height, 2):
        for left in range(0, width, 2):
            window = [(top + i) * width + left + j for i in (0, 1) for j in (0, 1)]
            found.append(max(window, key=lambda place: image[place // width, place % width]))
    return found


def my_unpool(values, places, size):
    # solution
    batch, channels = values.shape[:2]
    empty = torch.zeros(batch, channels, size[0] * size[1])
    return empty.scatter(2, places.flatten(2), values.flatten(2)).view(batch, channels, *size)


display(exercises.deconvnet.places.check(my_places), exercises.deconvnet.unpool.check(my_unpool))

# %% [markdown]
# ## Do the indices matter?
# Which of the two steps loses information? Pooling: it drops three of four values, and with them some noise. Unpooling
# loses nothing. After ReLU all values are non-negative, so unpooling followed by pooling returns the original values. It
# has no weights, and it fills exactly a quarter of the map (row D2, at the end).
#
# So the places are free. Are they useful? We train twins: one small [[encoder-decoder]], twice, with the same first
# weights, the same pictures and the same number of steps. One twin unpools by its indices. The other one puts every
# value into the upper left corner of its window, as if it had forgotten. 100 steps of 8 pictures each take about 15
# seconds together.

# %% tags=["heavy"]
from course_lib.evidence.mirrored import Mirrored
from course_lib.scenes import Scenes
from course_lib.training import evaluate, fit

street, twins = Scenes("street", count=2048, seed=0), {}
for way in ("indices", "corners"):
    torch.manual_seed(0)
    twins[way] = Mirrored(way)
    fit(twins[way], street, steps=100, batch_size=8)

# %% [markdown]
# *Guess:* where will the two answers differ: in the sky, on the bus, or on the poles?
# <details><summary>Your guess, then ours</summary>On everything thin, and along every edge. After three pools a cell
# stands for 8 x 8 pixels. A thin pole fills a part of them, and the twin without indices no longer knows which
# part.</details>
#
# Below are both answers on one street. Row **D3** repeats the comparison with twice the steps, each of 16 pictures, over
# three seeds; the IoU along the edges decides. One caution: a fixed corner is a weak rival, because most values come back in the wrong place.
# Row D5 below compares with bilinear upsampling.

# %%
from course_lib.evidence.card import evidence

unseen = Scenes("street", count=64, seed=1_000_003)
image, label, _ = unseen[7]
found = {}
for way, net in twins.items():
    score = evaluate(net, unseen)
    found[way] = net.eval()(image[None]).argmax(1)[0]
    print(f"{way}: mean IoU {score.mean_iou:.2f}, IoU of poles {score.iou[5]:.2f}, over 64 streets")
display(answers(image, label, found, unseen.classes, unseen.colours))
evidence("D3")

# %% [markdown]
# ## DeconvNet: VGG16 and its mirror image
# [@noh2015] took VGG16 down to a **single cell**: its layer fc6 reads all 7 x 7 cells that are left. Then they built the
# mirror image: unpool and convolve, five times. In the drawing, the dashed lines carry places and no features. The
# authors call the layers of the decoder *deconvolutions*; the correct term is [[transposed convolution]], explained
# below. Under the drawing is the forward pass. Find the five pairs of a pool and its unpooling.

# %%
from inspect import getsource

from course_lib.figures.architecture import architecture
from course_lib.models import deconvnet

display(architecture("deconvnet"))
print(getsource(deconvnet.DeconvNet.forward))

# %% [markdown]
# ## At full size
# DeconvNet has a quarter of a billion weights. We send one picture of 224 x 224 through it and ask for sizes only, again
# on the device `meta`. The sides go down to 1 and come back in the same steps (row D1, at the end).
#
# *Guess:* what share of the weights is in fc6, fc7 and the layer that leads back from them, `fc6_deconv`?
# <details><summary>Your guess, then ours</summary>Almost nine of ten. The cell prints it.</details>

# %%
from course_lib import models

large = models.build("deconvnet", num_classes=21, device="meta").eval()
with models.activations(large, "pool5", "fc7", "fc6_deconv", "unpool5", "unpool1") as inside:
    scores = large(torch.rand(1, 3, 224, 224, device="meta"))
for name, maps in {**inside, "scores": scores}.items():
    print(f"{name:<10} {tuple(maps.shape)}")
total = sum(p.numel() for p in large.parameters())
middle = sum(p.numel() for layer in (large.fc6, large.fc7, large.fc6_deconv) for p in layer.parameters())
print(f"{total:,} parameters, {middle / total:.0%} of them in the middle")
del large, inside

# %% [markdown]
# ## Filling the holes: transposed convolution
# Three quarters of an unpooled map are zeros. The next layers fill them. A [[transposed convolution]] takes the other
# view of a convolution. Instead of "each output looks at its neighbours" it says "each input **stamps** the kernel, times
# its value, into the output". Where stamps overlap, they add up. Here a flat map of four ones stamps kernels of 3 x 3, two
# cells apart.
#
# *Guess:* the input is flat. Is the output flat?
# <details><summary>Your guess, then ours</summary>No: it holds 1, 2 and 4. Stamps of width 3 at a distance of 2 overlap in
# every second row and column. This pattern is called a [[checkerboard]].</details>

# %%
figures.stamps(torch.ones(2, 2), torch.ones(3, 3), stride=2)

# %% [markdown]
# ### Exercises 2.3 and 2.4: stamp, and count the stamps
# - `my_transposed(image, kernel, stride)`: image and kernel are tables of numbers, each with its own height and width.
#   There is no padding. Two loops are fine.
# - `my_cover(cells, kernel, stride)`: along one row of cells, how many stamps land on each output? Try a kernel that the
#   stride does not divide: there is the checkerboard.


# %% tags=["exercise"]
def my_transposed(image, kernel, stride):
    # solution
    (height, width), (rows, columns) = image.shape, kernel.shape
    out = torch.zeros((height - 1) * stride + rows, (width - 1) * stride + columns)
    for y in range(height):
        for x in range(width):
            top, left = y * stride, x * stride
            out[top : top + rows, left : left + columns] += image[y, x] * kernel
    return out


def my_cover(cells, kernel, stride):
    # solution
    counts = [0] * ((cells - 1) * stride + kernel)
    for cell in range(cells):
        for step in range(kernel):
            counts[cell * stride + step] += 1
    return counts


display(exercises.deconvnet.transposed.check(my_transposed), exercises.deconvnet.cover.check(my_cover))

# %% [markdown]
# ## When is there a checkerboard?
# Choose kernel, stride and weights below and read the *checkerboard index*: 0 is even. *Find out:* with all weights 1, for which kernels
# is stride 2 even? What do bilinear weights change?
#
# [@odena2016] trace the pattern to uneven overlap, a kernel that the stride does not divide. They recommend to resize
# first and to convolve then (`resize-convolution`). Row **D10** compares both before any training, on nearly flat maps,
# with random weights. Unfold its numbers: what about `kernel 4`, which the stride divides, and bilinear weights?

# %%
stamping = explorers.upsampling()
stamping.figure(method="transposed convolution", kernel=3, stride=2)

# %%
display(stamping, evidence("D10"))

# %% [markdown]
# A kernel that the stride divides covers every pixel equally often. That makes an even output *possible*. Its weights
# must agree as well, and random ones do not. Odena et al. say so too: models with even overlap often learn such kernels.
# DeconvNet does not have this problem. Its transposed convolutions have **stride 1**: they fill the holes, and unpooling
# does the enlarging.
#
# ## What a decoder does, stage by stage
# [@noh2015] show single maps of their decoder, from the deepest stage to the last. Below we do the same with a small
# trained SegNet on a street of 128 pixels. For each stage we show one map after its convolutions: of all channels, the
# one that follows the bus best (the highest correlation with its true area). The orange line is the true outline.
#
# *Guess:* in which stage does the bus appear, and in which stage its outline?
#
# <details><summary>Your guess, then ours</summary>The bus is there at stage 1, as a few bright cells. Its outline appears
# at stages 4 and 5.</details>
#
# Noh et al. say two things about such maps. Unpooling is *example-specific*: it puts values back where this picture had
# its maxima. The convolutions are *class-specific*: they bring out the shape of a class. Two rows test this on a
# network of three stages. Unfold them.
# - **D4** looks at one map and asks: how much of the variance between its pixels does their true class explain? It
#   compares a stage after unpooling (`enlarged`) with the same stage after its convolutions (`deconvolved`). After
#   unpooling three of four values are zero, and zeros say nothing about the class. So there is a third number,
#   `filled cells`, in which the zeros are left out.
# - **D5** trains a 1x1 layer on the maps of each stage to predict the classes. `shape` is its IoU far from every
#   boundary, `edges` its IoU along the boundaries.
# <details><summary>Our reading</summary>D5: the shape is complete at stage 1, the edges come late. D4 is undecided. From
# `enlarged` to `deconvolved` the number rises a lot, but most of this is due to the zeros. At stage 1 the filled cells
# tell the class as well as the deconvolved map does. Only at stage 3 do the convolutions clearly add something. Do the
# switches bring the edges better than bilinear upsampling would? Three seeds do not decide it.</details>

# %%
from course_lib.training import checkpoints

segnet = checkpoints.load("segnet_street")
scenes = Scenes("street", size=128, count=8, seed=1_000_003)
picture, truth, _ = scenes[7]
convolved = ["conv5_D", "conv4_D", "conv3_D", "conv2_D", "conv1_2_D"]
with torch.no_grad(), models.activations(segnet, *convolved) as decoded:
    segnet(picture[None])
stages = {f"stage {n}": decoded[name][0] for n, name in enumerate(convolved, start=1)}
display(figures.telling_maps(picture, truth == scenes.classes.index("bus"), stages))
evidence("D4", "D5")

# %% [markdown]
# ## SegNet: the same idea for less
# SegNet was made for another purpose. [@badrinarayanan2017] want to understand **road scenes**, from a camera in a moving
# car, in **real time**. So time and memory are metrics for them, beside accuracy. Which part of DeconvNet can such a
# network do without? The middle. SegNet drops fc6, fc7 and fc6_deconv, so its map never shrinks to a single cell. The
# thirteen convolutions of VGG16 are left, and they start from ImageNet's weights ([[pretraining]]).
#
# *Guess* before you run: 222 million weights go. How much faster does that make the network?
# <details><summary>Your guess, then ours</summary>2.5 times (row D9 below). DeconvNet has 8.5 times as many weights, but
# almost the same number of [[multiply-adds]]: each weight of fc6 is used only once, on one cell. The time is lost
# elsewhere. All these weights must be read from memory for that one cell.</details>

# %%
from course_lib.models import segnet as segnet_code

display(schematics.hourglasses())
print(getsource(segnet_code.SegNet.forward))

# %% [markdown]
# | | DeconvNet | SegNet |
# |---|---|---|
# | **in common:** encoder | 13 convolutions of VGG16, batch normalisation, start from ImageNet | the same |
# | **in common:** decoder | mirror image of the encoder, unpooling by places | the same |
# | middle | fc6, fc7, fc6_deconv; a single cell | nothing; 12 x 15 cells of 360 x 480 pixels |
# | layers of the decoder | transposed convolutions 3x3, stride 1 | convolutions 3x3 |
# | last layer | 1x1 convolution | 3x3 convolution, no [[batch normalisation]], no ReLU |
# | parameters | 251.8 million | 29.4 million |
# | input | up to 50 crops of each picture (*proposals*), 224 x 224 | the whole picture |
# | made for | objects: photographs of 20 classes (PASCAL VOC) | road scenes in real time: video from a car (CamVid) |
# | rare classes | as they come | weights in the loss ([[median frequency balancing]]) |
#
# The last layer of SegNet *is* the score layer. A ReLU behind it would forbid negative scores.
#
# Row **D8** counts parameters. Row **D9** measures DeconvNet's time as a multiple of SegNet's. Unfold it and compare the
# line `without fc6 and fc7`. (Its accuracies belong to small networks after few steps and decide nothing.)

# %%
evidence("D8", "D9")

# %% [markdown]
# ## What the papers reported
# DeconvNet reaches 69.6 per cent mean IoU on PASCAL VOC 2012, where FCN-8s has 62.2 per cent. It was trained in two
# stages: first on crops around single objects, which is easy; then on *proposals*, crops that another program suggests
# because something may be in them. It used no data beyond VOC and the extra masks that exist for VOC's pictures. In use,
# the answers for up to 50 proposals of a picture are joined. So the comparison is not fair: one side is a network with
# proposals, the other a network alone.
#
# The authors noticed that the two networks fail differently. DeconvNet is better at detail, FCN-8s at the overall shape.
# So they average the scores of both: this **ensemble** has 71.7 per cent, and 72.5 per cent with a CRF on top, a step that
# sharpens outlines (lecture 05). That was the best result without Microsoft's COCO data.
#
# ### Exercises 2.5 and 2.6: what SegNet remembers, and its table of costs
# `my_sizes(side, pools)` lists the side of the picture and the side after each pool; SegNet's pools round up. The cell
# also prints the paper's table of costs and five statements. Which of them follow from it? Answer with letters.


# %% tags=["exercise"]
def my_sizes(side, pools):
    # solution
    sizes = [side]
    for _ in range(pools):
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


print(exercises.deconvnet.costs.question())
my_letters = "ac"  # solution
display(exercises.deconvnet.sizes.check(my_sizes), exercises.deconvnet.costs.check(my_letters))

# %% [markdown]
# ## A listing with three mistakes
# The class below contains three mistakes that are easily made when one writes down DeconvNet. It runs and it trains.
# *Find them* before you run the cell, and say for each what it breaks. The last lines of the cell demonstrate each one.
# <details><summary>The three</summary>
#
# 1. `conv5_2` is assigned twice. The second layer replaces the first, and one of VGG16's 13 convolutions is missing.
# 2. `self.indices` holds the places of whatever was pooled *last*: of another picture, or of another pool.
# 3. `deconv5_1` is a `Conv2d`. It can learn the same functions, but it stores its kernels in another layout, so the
#    authors' weights do not fit. Where both widths are equal they load without an error, and compute something else.
#
# </details>


# %% tags=["lesson"]
class Faulty(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.conv5_1 = nn.Conv2d(maps, maps, 3, padding=1)
        self.conv5_2 = nn.Conv2d(maps, maps, 3, padding=1)
        self.conv5_2 = nn.Conv2d(maps, maps, 3, padding=1)
        self.deconv5_1 = nn.Conv2d(maps, maps, 3, padding=1)

    def encode(self, x):
        pooled, self.indices = F.max_pool2d(x, 2, return_indices=True)
        return pooled

    def decode(self, pooled):
        return F.max_unpool2d(pooled, self.indices, 2)


faulty, first, second = Faulty(4), *torch.rand(2, 1, 4, 32, 32)
print("its convolutions:", [name for name, _ in faulty.named_children()])
pooled_first, _ = faulty.encode(first), faulty.encode(second)
back = faulty.decode(pooled_first)
print(f"values that come home: {(back[back != 0] == first[back != 0]).float().mean():.0%}")
right = nn.ConvTranspose2d(4, 4, 3, padding=1)
faulty.deconv5_1.load_state_dict(right.state_dict())  # no complaint!
print("same answer with the same weights:", torch.allclose(faulty.deconv5_1(first), right(first), atol=1e-3))

# %% [markdown]
# ### Exercises 2.7 and 2.8: correct two listings
# - `my_score_layer(before, num_classes)`: SegNet's last layer as a module. The listing that circulates ends with Conv2d
#   3x3, BN and ReLU.
# - `my_decoder_block(before, after)`: one layer of DeconvNet's decoder, the right kind of convolution, 3x3, then BN, then
#   ReLU.


# %% tags=["exercise"]
def my_score_layer(before, num_classes):
    # solution
    return nn.Conv2d(before, num_classes, 3, padding=1)


def my_decoder_block(before, after):
    # solution
    return nn.Sequential(nn.ConvTranspose2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU())


ours = exercises.deconvnet
display(ours.score_layer.check(my_score_layer), ours.decoder_block.check(my_decoder_block))

# %% [markdown]
# ### Exercise 2.9: a picture to keep
# Choose a photograph of the course or write the path of your own. What do its edges look like when only their maxima are
# left, each in its place? Count the pools up from 1: at which number do you no longer recognise the picture?
# `poster.savefig("my_maxima.png")` keeps the result.

# %%
from course_lib import paths
from course_lib.datasets import brought

poster = figures.there_and_back(brought.read(paths.data() / "photos" / "rocket.jpg"), pools=2)
poster

# %% [markdown]
# Some statements of this lecture are exact. These are their rows in the ledger, each checked by a test. They are here
# for reference:

# %%
evidence("D1", "D2", "D6")

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Pooling loses three of four values *and* their places. Remembering the places costs no weights. Compared with a fixed
#   corner it improves edges and thin things a lot (D3). Compared with bilinear upsampling, three seeds do not decide (D5).
# - Unpooling enlarges and leaves holes; convolutions fill them. A transposed convolution stamps its kernel; uneven
#   overlap or unequal weights leave a checkerboard.
# - DeconvNet is VGG16 and its mirror image. Almost nine of ten of its weights are in the middle. SegNet drops the middle,
#   because it was made for road scenes in real time.
# - Besides the deepest map, places are all that these decoders get from the encoder. Lecture 03 also hands them the
#   encoder's feature maps.
#
# ## Further reading
# - [@@noh2015]
# - [@@badrinarayanan2017]
# - [@@zeiler2014] Where unpooling with switches comes from: they used it to look inside a network.
# - [@@odena2016]
# - [@@dumoulin2016] The arithmetic of transposed convolutions, in pictures.
