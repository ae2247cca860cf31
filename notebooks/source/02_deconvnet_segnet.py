# ---
# title: DeconvNet and SegNet, or remembering where
# question: Can a decoder put the detail back if it remembers where each maximum was?
# able:
#   - pool and unpool by hand, and say what each of the two keeps and loses
#   - write max unpooling and a transposed convolution yourself
#   - follow a picture through DeconvNet and SegNet, and say where their weights are
#   - tell which of their advantages show up in an experiment of your own, and which do not
#   - find the three mistakes in a listing of DeconvNet
# needs: Lecture 01, or max pooling, skips and bilinear upsampling.
# read_minutes: 45
# run_seconds: 35
# quiz:
#   - ask: "A 2x2 pool and its unpooling pass over a map of 32x32 positive values. How many values are not zero
#         afterwards?"
#     options:
#       - say: "1024, as before"
#         why: "Pooling keeps one value of four. Unpooling puts these back and fills nothing in."
#       - say: "256, each where it was"
#         right: true
#         why: "A quarter of the map, and exactly the values that pooling kept (row D2). The holes are the decoder's
#             work."
#       - say: "256, each in the upper left of its window"
#         why: "That is unpooling to a fixed corner, which needs no memory. Row D3 measures what it costs."
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
#       - say: "fc6, fc7 and the way back from them"
#         right: true
#         why: "222 of the millions are there. Encoder and decoder are nearly the same size in both."
#       - say: "transposed convolutions have more weights than convolutions"
#         why: "A 3x3 transposed convolution has as many weights as a 3x3 convolution between the same widths."
#       - say: "DeconvNet's decoder is deeper"
#         why: "Both mirror the thirteen convolutions of VGG16."
#       - say: "the pooling indices"
#         why: "Indices are not parameters. They are found anew for every picture."
#   - ask: "A transposed convolution has kernel 3 and stride 2. Why can a flat map come out uneven?"
#     options:
#       - say: "because 3x3 is too small"
#         why: "Kernel 5 at stride 2 has the same trouble. Size alone is not the point."
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
#     - section: "DeconvNet"
#       minutes: 9
#       show: "The drawing: the dashed lines carry places, not features. Point at the single cell at the bottom."
#     - section: "Filling the holes"
#       minutes: 9
#       show: "Four stamps and their sum; then the explorer with kernel 3 and 4, weights all 1 and bilinear."
#     - section: "What a decoder does, stage by stage"
#       minutes: 7
#       show: "Two buses, ten pairs of maps. Let them say what the upper and the lower rows show before you do."
#     - section: "SegNet"
#       minutes: 7
#       show: "The bar of weights; then the paper's table of costs."
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
#       reply: "It makes an even answer possible. Random weights of a kernel of 4 show it as strongly (row D10)."
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
# ## Where did the maximum come from?
# [[Max pooling]] keeps the largest of four values and forgets which of the four it was. Lecture 01 showed the bill:
# thin things vanish and edges melt. Ask a [[decoder]] to undo it, and it can only guess. [@noh2015] and
# [@badrinarayanan2017] had the same thought: *write down where each maximum was*. That note is called
# [[pooling indices]] (SegNet) or [[switches]] (DeconvNet), and putting values back by it is **[[unpooling]]**.
#
# *Guess:* of the 16 values below, how many survive pool, then unpool?
# <details><summary>Your guess, then ours</summary>Four: one for each 2x2 window, and each of them stands where it
# stood. The rest are zeros.</details>

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence.card import evidence
from course_lib.lectures.l02_deconvnet_segnet import figures as figures

grid = torch.tensor([[1, 2, 0, 3], [4, 0, 1, 1], [0, 5, 2, 0], [1, 0, 0, 6]]).float()[None, None]
pooled, places = F.max_pool2d(grid, 2, return_indices=True)
figures.pool_and_unpool(grid, pooled, places)

# %% [markdown]
# Now move the largest value yourself. Three ways back are compared: by index, into a fixed corner, and bilinear. The
# last picture fills the holes with one small convolution. *Find out:* can you move the 9 without changing the pooled
# map? Which of the three ways notices?
# <details><summary>What we saw</summary>Inside one window the 9 may stand anywhere: the pooled map is the same. Only
# the way back by index knows the difference.</details>

# %%
from course_lib import explorers

moving = explorers.unpooling()
moving.figure()

# %%
moving

# %% [markdown]
# ### Exercises 2.1 and 2.2: remember places, and unpool
# `my_places(image)` lists for each 2x2 window of a map, row by row, the place of its largest value: row * width + column.
# `my_unpool(values, places, size)` gets N x C x h x w values and the place of each one, counted row by row over its own
# large map. Put them there; everything else is 0. `exercises.deconvnet.unpool.hint()` helps.

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
# ## Who loses what?
# Which of the two loses information? Pooling: it drops three of four values, and with them some noise. Unpooling loses
# nothing. After ReLU all values are non-negative, so unpooling followed by pooling returns the original values.
#
# In **D2** look at the share that is filled and at the number of weights.

# %%
evidence("D2")

# %% [markdown]
# ## Do the indices matter?
# Twins: one small [[encoder-decoder]], trained twice. Same weights at the start, same pictures, same steps. One unpools
# by its indices. The other puts every value into the upper left corner of its window, as if it had forgotten. 100
# steps each, together about 15 seconds.

# %% tags=["heavy"]
from course_lib.evidence.mirrored import Mirrored
from course_lib.scenes import Scenes
from course_lib.training import evaluate, fit

street, twins = Scenes("street", count=2048, seed=0), {}
for way in ("indices", "corners"):
    torch.manual_seed(0)
    twins[way] = Mirrored(way)
    fit(twins[way], street, steps=100)

# %% [markdown]
# First their answers on one street. Then **D3**, which repeats this with twice the steps over three seeds: IoU along
# the edges decides.
#
# *Guess:* both have had the same lessons. Where will you see the difference: in the sky, on the bus, or on the poles?
# <details><summary>Your guess, then ours</summary>On everything thin, and along every edge. After three pools a cell
# stands for 8 x 8 pixels; a thin pole fills a part of them only, and the twin without indices no longer knows which
# part.</details>
#
# One caution: a fixed corner is a harsh rival, since most values come back in the wrong place. D5 below has a gentler
# one, bilinear enlargement.

# %%
from course_lib.lectures.l01_fcn_limits.figures import answers

unseen = Scenes("street", count=64, seed=1_000_003)
image, label, _ = unseen[7]
found = {}
for way, net in twins.items():
    score = evaluate(net, unseen)
    found[way] = net.eval()(image[None]).argmax(1)[0]
    print(f"{way}: mean IoU {score.mean_iou:.2f}, IoU of poles {score.iou[5]:.2f}, over 64 streets")
answers(image, label, found, unseen.classes, unseen.colours)

# %%
evidence("D3")

# %% [markdown]
# ## DeconvNet: a mirror
# [@noh2015] took VGG16, down to a **single cell** (its layer fc6 reads all 7x7 cells that are left), and built its
# mirror image on the other side: unpool and convolve, five times. In the drawing the dashed lines carry no features,
# only places. They call the decoder's layers *deconvolutions*; the honest name is [[transposed convolution]], and we
# come to it below. Under the drawing stands the way forward in code: find the five pairs of a pool and its unpooling.

# %%
from course_lib.figures.architecture import architecture

architecture("deconvnet")

# %%
from inspect import getsource

from course_lib.models import deconvnet

print(getsource(deconvnet.DeconvNet.forward))

# %% [markdown]
# ## At full size
# A quarter of a billion weights, and one picture of 224 x 224. With its numbers this would take a gigabyte; on the
# device `meta` tensors have a shape and no numbers, and shapes are all we ask for. Below the cell stands row **D1**:
# the sides go down to 1 and come back in the same steps.
#
# *Guess:* how many of the weights sit in fc6, fc7 and the way back from them?
# <details><summary>Your guess, then ours</summary>Nearly nine of ten. The cell prints it.</details>

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

# %%
evidence("D1")

# %% [markdown]
# ## Filling the holes: stamps
# An unpooled map is three quarters zeros. What follows fills them. A [[transposed convolution]] turns the view round:
# not "each output looks at its neighbours" but "each input **stamps** a kernel into the output, times its value". Where
# stamps overlap they add up. Here a flat map of four ones stamps kernels of 3x3, two cells apart.
#
# *Guess:* the map is flat. Is the result?
# <details><summary>Your guess, then ours</summary>No: 1, 2 and 4. Stamps of 3 at a distance of 2 overlap in every
# second row and column. That pattern has a name: [[checkerboard]].</details>

# %%
figures.stamps(torch.ones(2, 2), torch.ones(3, 3), stride=2)

# %% [markdown]
# ### Exercises 2.3 and 2.4: stamp, and count the stamps
# `my_transposed(image, kernel, stride)`: image and kernel are tables of numbers, each with its own height and width;
# there is no padding. Two loops are fine.
# `my_cover(cells, kernel, stride)` counts, along one row of cells, how many stamps land on each output. Try it with a
# kernel that the stride does not divide: there is the checkerboard.


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
# ## When does a checkerboard come?
# Choose kernel, stride and weights below and read the index: 0 is even. *Find out:* with all weights 1, for which
# kernels is stride 2 even? What do bilinear weights change?
#
# [@odena2016] trace the pattern to uneven overlap: a kernel that the stride does not divide. They advise to enlarge
# first and to convolve then (`resize-convolution`). **D10** compares the two before any training, on nearly flat maps,
# with random weights. Unfold its numbers: how do `kernel 4`, which the stride divides, and bilinear weights do?

# %%
stamping = explorers.upsampling()
stamping.figure(method="transposed convolution", kernel=3, stride=2)

# %%
stamping

# %%
evidence("D10")

# %% [markdown]
# A kernel that the stride divides covers every pixel equally often, which makes an even answer *possible*; but its
# weights must agree as well, and random ones do not. Odena et al. say so too: models with even overlap often learn such
# kernels. Note where DeconvNet stands: its
# transposed convolutions have **stride 1**. They fill; unpooling enlarges.
#
# ## What a decoder does, stage by stage
# The trained small SegNet of this course on two streets with a bus, from its deepest stage to its last. For each
# street the upper row shows the maps after unpooling, the lower one after the convolutions that follow; shown is the
# mean over all channels, bright where it is large. (Channels leave their holes at different places, so that the mean
# hides many of them.)
#
# [@noh2015] say two things about such maps. Unpooling is *example-specific*: it follows this picture's own maxima. The
# convolutions after it are *class-specific*: they bring out the shape of a class. And early stages give the coarse
# shape, late ones the detail. Look first: do you see it?
#
# Then the numbers, from a network of three stages, trained twice: it unpools (`switches`), or enlarges bilinearly
# (`bilinear`). **D4** asks how much of a map's differences between pixels is explained by their true class alone:
# compare each stage before its convolutions (`enlarged`) and after them (`deconvolved`). An unpooled map is mostly
# zeros, and these alone could make the number small. So `filled cells` counts without them, and the mean of the three
# stages over these cells decides. **D5** reads each stage
# with one 1x1 layer: `shape` is IoU far from every boundary, `edges` is IoU along them. Which of the two is nearly
# there at stage 1, the deepest, and which comes late?
# <details><summary>Your reading, then ours</summary>The leap from `enlarged` to `deconvolved` is large, but most of it
# is the zeros: at stage 1 the filled cells already say as much of the class. Only at stage 3 is it clear that the
# convolutions add to it; over all stages the gain is near the bound, and D4 is undecided. The shape is there at stage 1,
# the edges come late: D5 holds. Whether the switches bring them, more than bilinear stages would, three seeds cannot
# tell.</details>

# %%
from course_lib.training import checkpoints

segnet = checkpoints.load("segnet_street")
buses, _, _ = checkpoints.unseen("segnet_street").batch([26, 22])
unpooled = [f"upsample{n}" for n in (5, 4, 3, 2, 1)]
convolved = ["conv5_D", "conv4_D", "conv3_D", "conv2_D", "conv1_2_D"]
with torch.no_grad(), models.activations(segnet, *unpooled, *convolved) as decoded:
    segnet(buses)
pairs = enumerate(zip(unpooled, convolved), start=1)
figures.decoder_maps(buses, {f"stage {n}": (decoded[a], decoded[b]) for n, (a, b) in pairs})

# %%
evidence("D4", "D5")

# %% [markdown]
# ## SegNet: the same idea for less
# What could DeconvNet do without? The answer of [@badrinarayanan2017]: the middle. SegNet drops fc6, fc7 and the way
# back from them; its deepest map is an ordinary one, not a single cell. Its decoder uses plain convolutions, and the
# last of them, 3x3, *is* the score layer: no [[batch normalisation]] and no [[relu|ReLU]] behind it, so that scores
# can be negative. Below: its way forward, to compare with DeconvNet's, and where both have their weights.
#
# *Guess* from the bars: if 222 million weights go, how much faster will it be?
# <details><summary>Your guess, then ours</summary>Less than the bars suggest, and more than the arithmetic does. A
# weight of fc6 is used once, on one cell, so that the multiply-adds of the two are nearly the same. But all these
# weights must be read from memory for that cell, and that takes time. **D8** counts, **D9** gives DeconvNet's time as a
# multiple of SegNet's: compare its line `without fc6 and fc7`. Its accuracies are those of small networks after
# few steps, and decide nothing.</details>

# %%
from course_lib.models import segnet as segnet_code

print(getsource(segnet_code.SegNet.forward))

# %%
parts = {}
for title, name in (("DeconvNet", "deconvnet"), ("SegNet", "segnet")):
    parts[title] = {"encoder": 0, "decoder": 0, "fc6, fc7 and back": 0}
    for layer, module in models.build(name, num_classes=11, device="meta").named_children():
        encodes = layer.startswith("conv") and not layer.endswith("_D")
        part = "fc6, fc7 and back" if layer.startswith("fc") else "encoder" if encodes else "decoder"
        parts[title][part] += sum(p.numel() for p in module.parameters())
figures.where_the_weights_are(parts)

# %%
evidence("D8", "D9")

# %% [markdown]
# ## What the papers reported
# DeconvNet: 69.6 per cent mean IoU on VOC 2012, where FCN-8s has 62.2. But it answers up to 50 crops of each picture
# (*proposals*) and joins the answers, so that this is the network and the crops against a network without them.
#
# ### Exercises 2.5 and 2.6: what SegNet remembers, and its table of costs
# `my_sizes(side, pools)` lists the picture's side and the side after each pool: SegNet's round up. The cell also prints
# the paper's table of costs and five statements. Which of them follow from it? Answer with letters.


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
# The class below holds three slips that are easily made when DeconvNet is written down. It runs and it trains. It has
# three mistakes. *Find them* before you run the cell, and say for each what it breaks. The last lines
# show each one, and **D6** counts the same at the network's own size: see how many parameters one stage loses.
# <details><summary>The three</summary>
#
# 1. `conv5_2` is assigned twice. The second layer replaces the first, and one of VGG16's 13 convolutions is missing.
# 2. `self.indices` holds the places of whatever was pooled *last*: of another picture, or of another pool.
# 3. `deconv5_1` is a `Conv2d`. It can learn the same functions, but it stores its kernels the other way round: the
#    authors' weights do not fit. Where widths are equal they load without a word, and compute something else.
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
evidence("D6")

# %% [markdown]
# ### Exercises 2.7 and 2.8: mend two listings
# `my_score_layer(before, num_classes)` gives SegNet's last layer as a module; the listing that circulates ends with
# Conv2d 3x3, BN and ReLU. `my_decoder_block(before, after)` gives one layer of DeconvNet's decoder: the right kind of
# convolution, 3x3, then BN, then ReLU.


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
# [quiz]

# %% [markdown]
# ## Take away
# - Pooling loses three of four values *and* the place. Remembering the place costs no weights; against a fixed corner
#   it is worth a lot on edges and thin things (D3). Against bilinear stages three seeds cannot tell (D5).
# - Unpooling enlarges and leaves holes; convolutions fill them. A transposed convolution stamps; uneven overlap or
#   unequal weights leave a checkerboard.
# - DeconvNet is VGG16 and its mirror; nearly nine of ten of its weights sit in the middle. SegNet leaves them out.
# - Besides the deepest map, places are all that these decoders get from the encoder. Lecture 03 hands them the
#   encoder's other maps, too.
#
# ## Further reading
# - [@@noh2015]
# - [@@badrinarayanan2017]
# - [@@zeiler2014] Where unpooling with switches comes from: they used it to look inside a network.
# - [@@odena2016]
# - [@@dumoulin2016] The arithmetic of transposed convolutions, in pictures.
