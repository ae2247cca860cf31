# ---
# title: The limits of FCN
# question: FCN made segmentation fast and simple to train. What does it lose when it shrinks a picture 32 times?
# able:
#   - turn a classifier into a network that labels every pixel, and say why its answers do not change
#   - read the heat map of a class from a trained classifier, and say what fine-tuning adds to it
#   - follow a picture through FCN-32s, 16s and 8s, with its padding of 100 and its crops
#   - write bilinear upsampling as a transposed convolution, and add a skip as FCN does
#   - say which three things are lost, and show each one with an experiment
#   - tell a theoretical receptive field from what a unit really listens to
# needs: Lecture 00, or a first idea of mean IoU; convolution and max pooling.
# read_minutes: 40
# run_seconds: 35
# quiz:
#   - ask: "A fully connected layer reads 512 maps of 7x7 cells. As a convolution, what is its kernel?"
#     options:
#       - say: "1x1, because it gives one number for each unit"
#         why: "A 1x1 kernel sees one cell. The fully connected layer sees all 49 cells of every map at once."
#       - say: "7x7, unpadded, over all 512 maps"
#         right: true
#         why: "The same weights, only stored in another shape. On a 7x7 map it gives one cell; on a larger map it
#             slides and gives many."
#       - say: "It has none: a fully connected layer cannot be a convolution"
#         why: "You saw both give the same numbers. A convolution whose kernel covers its whole input is a fully
#             connected layer."
#   - ask: "FCN-8s ends with a step of 8. Where do its finest scores come from?"
#     options:
#       - say: "from pool3, before two more pools threw detail away"
#         right: true
#         why: "score_pool3 is a 1x1 convolution on pool3, whose cells are 8 pixels apart. It is cropped and added to
#             the enlarged deeper scores."
#       - say: "from fc7, enlarged 8 times in a cleverer way"
#         why: "fc7 has cells 32 pixels apart. Enlarging cannot bring back what its pools have dropped."
#       - say: "from the image itself, by a convolution of stride 8"
#         why: "FCN has no such path; its shortest way to the scores leads through pool3."
#   - ask: "A network answers pixel accuracy 0.95 on streets. Can it be blind to every pole?"
#     options:
#       - say: "no, 0.95 leaves no room for a whole class"
#         why: "Poles cover a few per cent of the pixels. In lecture 00 a model lost every car, bicycle and pole, and
#             kept a pixel accuracy of 0.92 (row T3)."
#       - say: "only if the poles are void"
#         why: "No void is needed. Small classes hardly weigh in pixel accuracy, whether they are labelled or not."
#       - say: "yes: thin things weigh little in pixel accuracy"
#         right: true
#         why: "That is why this lecture looks at IoU by class, by size and along boundaries."
#   - ask: "fc7 of FCN-32s has a theoretical receptive field of 404 pixels. What follows?"
#     options:
#       - say: "every fc7 unit uses 404x404 pixels well"
#         why: "The theoretical field says which pixels could matter. You measured it: half of the weight lies in a
#             disc that covers a small part of the square."
#       - say: "a pixel outside of it cannot change that unit, and nothing more"
#         right: true
#         why: "It is an outer bound. How much of it is used is a question of weights, and it is measured, not
#             counted."
#       - say: "objects below 404 pixels are safe from being torn"
#         why: "What is far from the unit may hardly weigh, so an object much smaller than 404 pixels can still be
#             judged by a part of it."
#       - say: "FCN sees 404 of the picture's pixels"
#         why: "It is the side of a square: 404 x 404 pixels."
#   - ask: "An oracle that knows the true share of each class in every 32x32 cell loses the poles. What may we
#         conclude?"
#     options:
#       - say: "no network of stride 32 can ever label a pole"
#         why: "The oracle is no bound: a network may choose scores that are not shares. In row F2 the trained 32s does
#             better than the oracle of stride 32 on things of 12 to 24 pixels. It is a warning, not a proof."
#       - say: "the training was too short"
#         why: "Nothing was trained. The truth itself went through averaging and enlarging."
#       - say: "averaging and one-step enlarging alone are enough to lose them, whatever the encoder knows"
#         right: true
#         why: "The loss is in the way back. That is the idea behind skips, and behind the decoders of the next
#             lectures."
# teach:
#   sections:
#     - section: "What FCN achieved"
#       minutes: 8
#       show: "Run the cell that turns a fully connected layer into a convolution; let them predict the shape on the
#           larger map."
#     - section: "A classifier is a segmenter in waiting"
#       minutes: 10
#       show: "Let them point at the cells that will say cat, then run. Ask why the top of the head says nothing."
#     - section: "The network at full size"
#       minutes: 8
#       show: "The drawing of FCN-32s; walk down the left side and up the long line on the right."
#     - section: "First loss: detail"
#       minutes: 12
#       show: "The oracle with four strides. Ask before running which class goes first."
#     - section: "Skips: the first remedy"
#       minutes: 7
#       show: "FCN8s.forward line by line; write the three crops on the board."
#     - section: "Second loss: a bus with two names"
#       minutes: 10
#       show: "Train both small networks live; then move the square of the field over the picture with a piece of
#           paper."
#     - section: "How far does a unit listen?"
#       minutes: 8
#       show: "The receptive-field explorer at pool4 and fc7, with the gradient switched on."
#     - section: "Break the network"
#       minutes: 7
#       show: "Thin the poles, grow the bus; students call out what will happen."
#   wrong:
#     - says: "FCN is bad."
#       reply: "It beat everything before it by a fifth and is the base of all that follows. We study what it leaves
#           open."
#     - says: "The crop of 19 is half of 544 - 500, so it should be 22."
#       reply: "Crops put centres on centres. The padding of 100 and the unpadded fc6 move the centre, so the offset
#           is 19 and not 22."
#     - says: "A transposed convolution always has to be learned."
#       reply: "In the released FCN it is fixed: bilinear weights. It only uses the same operation."
#     - says: "A larger theoretical field means a better answer for large things."
#       reply: "Only what weighs in the field helps. F5 compares the two."
#   discuss:
#     - ask: "The paper's Table 2 says that the second skip gains 0.3 points. Why did later networks add even more
#           skips?"
#       answer: "Mean IoU on large objects hardly notices detail. By size and along boundaries the gain is larger,
#           and later skips carry features and not only scores."
#     - ask: "Would a larger input picture cure the loss of small things?"
#       answer: "Partly: everything grows in pixels, so small things fill more cells. But the field then covers less
#           of each large thing, and time and memory grow with the area."
#     - ask: "Why does FCN start its score layers at zero?"
#       answer: "So that a new skip changes nothing at first: FCN-16s starts as exactly FCN-32s, and learns to use
#           pool4 from there."
# ---
# %% [markdown]
# ## What you see first
# A street that no network here was trained on, its true labels, and the answers of two small trained networks:
# FCN-32s and FCN-8s, the two ends of one family.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence.card import evidence
from course_lib.lectures.l01_fcn_limits import figures as figures
from course_lib.metrics import Confusion
from course_lib.training import checkpoints

nets = {"FCN-32s": checkpoints.load("fcn32s_street"), "FCN-8s": checkpoints.load("fcn8s_street")}
street = checkpoints.unseen("fcn32s_street")
image, label, _ = street[7]
with torch.no_grad():
    found = {name: net(image[None]).argmax(1)[0] for name, net in nets.items()}
streets, true_names, _ = street.batch(range(64))
for name, net in nets.items():
    with torch.no_grad():
        score = Confusion(street.num_classes).update(net(streets).argmax(1), true_names)
    print(name, "IoU:", *(f"{word} {value:.2f}" for word, value in zip(street.classes, score.iou.tolist())))
figures.answers(image, label, found, street.classes, street.colours)

# %% [markdown]
# Large things are found. Now look at what is thin or small, and at the outlines: what is left of them in FCN-32s, and
# does FCN-8s have more? One picture proves little: the lines above it count 64 streets, class by class.
#
# Is it the short training of two small networks, or the way down and back itself? That is the question of this lecture.
# But first things first.
#
# ## What FCN achieved
# Before 2015 a [[semantic segmentation]] system was a pipeline: propose regions, describe them, classify each, clean
# up. [@long2015] replaced it by **one** network, trained from pixels to pixels. It improved the best result on PASCAL
# VOC 2012 by a fifth, to 62.2 per cent [[mean iou|mean IoU]], and took less than a fifth of a second for a picture.
# Every network in this course stands on it.
#
# Its idea fits in one sentence: *a classifier already is a [[fully convolutional network]], it only does not know
# it.* [[VGG16]] ends in a [[fully connected layer]] that reads 512 maps of 7x7 cells. Let us write the same numbers
# as a [[convolution]].
#
# *Guess:* on the picture it was made for, how much do the two answers differ? And what does the convolution give for
# a map of 10x12 cells, on which the fully connected layer fails?
# <details><summary>Your guess, then ours</summary>They do not differ, up to rounding: it is the same sum. On 10x12
# cells the 7x7 kernel fits in 4x6 places, so that there are 4x6 answers: a coarse map, for free.</details>

# %%
connected = nn.Linear(512 * 7 * 7, 20)
convolution = nn.Conv2d(512, 20, kernel_size=7)
convolution.weight.data = connected.weight.data.view(20, 512, 7, 7)
convolution.bias.data = connected.bias.data

maps = torch.rand(1, 512, 7, 7)
apart = (convolution(maps).flatten() - connected(maps.flatten())).abs().max()
print(f"differ by less than 0.0001: {bool(apart < 1e-4)}")
print("on 10 x 12 cells:", tuple(convolution(torch.rand(1, 512, 10, 12)).shape))

# %% [markdown]
# ## A classifier is a segmenter in waiting
# Now a real one. EfficientNet-Lite0 was trained on 1.28 million photographs of ImageNet: one word for each photograph,
# and never a mask. Like most classifiers after VGG16 it averages its last map and then scores 1000 classes with one
# fully connected layer. Both steps are linear, so we may swap them: score each cell, then average. The answer stays the
# same, and before the average there is a map of scores. Its stride is 32.
#
# *Guess:* the network was only ever told *that* there is a cat. Does it know *where*? Which cells will say cat?
# <details><summary>Your guess, then run the cell</summary>It knows roughly where: the eyes, the cheeks and the nose say
# cat, the blanket does not. The top of the head says nearly nothing. To call the photograph "cat" the network needs
# enough evidence somewhere; nobody asked it for the whole animal.</details>

# %%
from course_lib import models
from course_lib.datasets import photos
from course_lib.models import shipped

imagenet = "efficientnet_lite0_imagenet"
told, photo = shipped.card(imagenet), photos.load("cat").image
classifier = models.build("efficientnet_lite0", num_classes=1000, weights=imagenet).eval()
normal = (photo[None].float() / 255 - told["mean"]) / told["std"]
with torch.no_grad():
    cells, whole = classifier.scores(normal), classifier.classify(normal).softmax(1)[0]
print(f"photograph {tuple(photo.shape[1:])}, cells {tuple(cells.shape[2:])}, classes {cells.shape[1]}")
print("of the whole:", *(f"{told['classes'][n]} {whole[n]:.0%}," for n in whole.topk(3).indices), "...")
cats = slice(281, 286)  # ImageNet's five kinds of house cat
figures.heat(photo, cells.softmax(1)[0, cats].sum(0), "cat")

# %% [markdown]
# This map is FCN's starting point. Two things are missing: the map is coarse, and it marks what *tells* a cat, not all
# that *is* cat. So the recipe of [@long2015] is:
#
# 1. take a classifier with the weights that ImageNet gave it ([[pretraining]]);
# 2. turn its fully connected layers into convolutions, as above;
# 3. replace the 1000 scores by one for each class of the new task, 21 on PASCAL VOC;
# 4. enlarge the scores to the size of the picture;
# 5. train all layers on pictures with masks, with the cross-entropy of every pixel and a small learning rate
#    ([[fine-tuning]]).
#
# What a cat looks like is learned from a million cheap labels. A few thousand expensive masks then teach where it ends.
#
# How much is step 1 worth? F6 trains one network from both starts, ImageNet's weights and random ones, on the same 249
# photographs in the same order. *Guess* the two scores after 200 steps, and after how many steps the first start
# reaches what the second one reaches at all.

# %%
evidence("F6")

# %% [markdown]
# ## The whole network
# FCN does this with VGG16. Five times [[max pooling]] halves the map, so that the cells of the last one lie 32 pixels
# apart: its stride is 32. The maps after the pools are called pool1 to pool5.
#
# First the class from the course's library. `features` is VGG16; the last two lines are the whole way back. `crop`
# cuts a window as large as the picture out of the enlarged map. Then the drawing: read it from the upper left down to
# the scores, and then look at the single line that leads back up. That line is a jump by 32.

# %%
from inspect import getsource

from course_lib.figures.architecture import architecture
from course_lib.models import fcn

print(getsource(fcn.FCN32s))
architecture("fcn32s")

# %% [markdown]
# ## At full size
# All 136 million weights, and one photograph forward. We ask for sizes alone, so the network is built on the device
# `meta`, where tensors have a shape and no numbers: what would fill half a gigabyte takes no time and no memory.
#
# *Guess:* the photograph is 300 x 451 pixels. How large is the map of scores before it is enlarged?
# <details><summary>Your guess, then ours</summary>Not 300 / 32 by 451 / 32, which would be 10 x 15 with rounding up:
# FCN pads the picture by 100 on each side, and fc6 takes 6 cells away again. Run the cell.</details>

# %%
from PIL import Image
from torchvision.transforms.functional import to_tensor

from course_lib import paths

photograph = to_tensor(Image.open(paths.data() / "photos" / "cat.jpg"))[None]
large = models.build("fcn32s", num_classes=21, device="meta").eval()
with models.activations(large, "score_fr", "upscore") as inside:
    answer = large(photograph.to("meta"))
print(
    f"{sum(p.numel() for p in large.parameters()):,} parameters, of which",
    f"{sum(p.numel() for p in large.fc6.parameters()):,} in fc6",
)
for name, found_map in {"photograph": photograph, **inside, "answer": answer}.items():
    print(f"{name:<10} {tuple(found_map.shape)}")
del large, inside

# %% [markdown]
# ## Why 100, and why from 19?
# A picture of 500 x 500 shows it. [[Padding]] by 100 is there so that even a small picture leaves something for the
# 7x7 kernel of fc6. The enlarged map is larger than the picture, and the window is **not** cut from its middle: it is
# laid so that each cell's answer comes down on the pixels that the cell has seen. We can count where that is, for the
# first cell: the centre of what it sees in the picture, and the centre of the 64 pixels on which it is spread.
#
# In many ports you find padding 1 and a centred crop. Both are other functions than the one that the authors trained.
#
# In the row look at 544, the enlarged map: a centred crop would begin at 22. Then see what each sister network
# begins at.

# %%
from course_lib.receptive_field import theoretical

narrow = models.build("fcn32s", num_classes=21, width=0.02)  # fewer maps, the same geometry
sees_at = theoretical(narrow, image_size=(500, 500)).offset("fc7")[0]
spread_at = (64 - 1) / 2
print(f"sees around pixel {sees_at}, is spread around pixel {spread_at}: cut {spread_at - sees_at:g} off")
evidence("F1")

# %% [markdown]
# ## First loss: detail
# Give the network every advantage: an [[oracle]] that knows, in each cell, the **true** share of every class. Nothing
# is learned and nothing can be wrong, except the way back: the shares are enlarged to the picture, and the largest
# one wins. We do it for cells of 4, 8, 16 and 32 pixels.
#
# *Guess:* which class dies first, and at which cell size?
# <details><summary>Your guess, then ours</summary>The poles. They are the thinnest, so that in a large cell they
# never have the largest share: at 16 pixels shreds are left, at 32 nothing. There the bicycles go too, and the bus
# becomes a cloud.</details>

# %%
from course_lib.scenes import Scenes

wide = Scenes("street", size=256, count=8, seed=5)
wide_image, wide_label, _ = wide[0]
truth = F.one_hot(wide_label, wide.num_classes).permute(2, 0, 1)[None].float()
oracle = {}
for cell in (4, 8, 16, 32):
    shares = F.avg_pool2d(truth, cell)
    oracle[f"{cell} px"] = F.interpolate(shares, truth.shape[-2:], mode="bilinear").argmax(1)[0]
for name, said in oracle.items():
    iou = Confusion(wide.num_classes).update(said, wide_label).iou.tolist()
    print(f"{name:>5}  IoU:", *(f"{word} {value:.2f}" for word, value in zip(wide.classes, iou)))
figures.answers(wide_image, wide_label, oracle, wide.classes, wide.colours)

# %% [markdown]
# Two honest remarks. The oracle is **no upper bound**: a network may choose scores that are not shares. And
# [@long2015] made such a test themselves, on PASCAL VOC, whose objects are large: there even coarse cells keep most of
# mean IoU. How much stride costs depends on how large the things are that you care for.
#
# ## The way back is a transposed convolution
# "Enlarge 32 times" is a [[transposed convolution]]: each cell spreads a kernel over the output, and overlaps add up.
# With the right kernel it is exactly [[bilinear upsampling]]. Along one axis that kernel is a tent, as wide as two
# cells. *Guess:* what is the sum of all tents?
# <details><summary>Your guess, then ours</summary>1 everywhere between the first and the last centre: a flat map
# stays flat.</details>

# %%
figures.tents(kernel_size=64, stride=32)

# %% [markdown]
# ### Exercises 1.1 to 1.3: a layer, its cells, and what they can say
# - `my_convolutional(weight, channels, size)`: the weight of a fully connected layer as the kernel of a convolution.
# - `my_cells(side)`: how many cells has FCN's score map for a picture of side x side pixels? The convolutions pad by 100
#   once and by 1 elsewhere, the five pools round up, fc6 is 7x7 without padding; 500 give 16.
# - `my_coarse(labels, stride)`: the best answer that has one label for each cell, the class of most of its pixels.
#
# `exercises.fcn.cells.question()` tells the details, `.hint()` helps.

# %% tags=["exercise"]
from course_lib import exercises


def my_convolutional(weight, channels, size):
    # solution
    return weight.view(-1, channels, size, size)


def my_cells(side):
    # solution
    side = side + 2 * 100 - 2
    for _ in range(5):
        side = (side + 1) // 2
    return side - 6


def my_coarse(labels, stride):
    # solution
    shares = F.avg_pool2d(F.one_hot(labels).permute(2, 0, 1).float(), stride)
    return shares.argmax(0).repeat_interleave(stride, 0).repeat_interleave(stride, 1)


ours = exercises.fcn
display(ours.convolutional.check(my_convolutional), ours.cells.check(my_cells), ours.coarse.check(my_coarse))

# %% [markdown]
# ## The first remedy: skips
# FCN's authors saw the loss, and answered it in the same paper. Earlier maps still have detail: pool4 has cells 16
# pixels apart, pool3 has cells of 8. A **[[skip connection]]** gives each of them a 1x1 layer of scores of its own and
# *adds* it to the enlarged deeper scores. One skip makes FCN-16s, two make FCN-8s. Here is its way forward; the two
# scales are 1 in FCN-8s.

# %%
print(getsource(fcn.FCN8s.forward))

# %% [markdown]
# ### Exercises 1.4 and 1.5: the kernel, and a skip
# `my_kernel(size)` gives the size x size weights of a bilinear transposed convolution; 4 gives a tent of .25 .75 .75 .25
# along each axis. `my_fuse(scores, skip, offset)` cuts from `skip` the window that begins `offset` cells from the top and
# the left, as large as `scores`, and adds it.


# %% tags=["exercise"]
def my_kernel(size):
    # solution
    half = (size + 1) // 2
    centre = half - 1 if size % 2 else half - 0.5
    tent = 1 - (torch.arange(size) - centre).abs() / half
    return torch.outer(tent, tent)


def my_fuse(scores, skip, offset):
    # solution
    height, width = scores.shape[-2:]
    return scores + skip[..., offset : offset + height, offset : offset + width]


display(exercises.fcn.kernel.check(my_kernel), exercises.fcn.fuse.check(my_fuse))

# %% [markdown]
# ## Measured: who loses what
# Two rows of the ledger. **F2** trains small FCNs of stride 32, 16 and 8 on shapes of all sizes: look at the sizes
# under 24 pixels, and at the order of the three. Two kinds of line are there to argue with: `32s, long` had twice the
# training, and `truth through stride` is our oracle again.
#
# **F4** keeps one way down, an [[encoder]], and changes only the way back from a map of stride 8: one bilinear step
# (`bilinear`), or a [[decoder]] that learns and puts values back at remembered places (`indices`). Look at
# [[boundary IoU|IoU along the edges]] and of the poles. `corners` is the same learned decoder *without* the remembered
# places: learning alone did not help here.
#
# **F7** asks the oracle alone, without any network, about other pictures: cats and dogs, real streets, painted streets.
# Compare them with the paper's numbers on VOC. A stride of 32 hardly touches one large animal; streets lose the most.

# %%
evidence("F2", "F4", "F7")

# %% [markdown]
# ## Second loss: a bus with two names
# [@noh2015] made a second complaint: a network with a fixed [[receptive field]] judges a large thing from a part of
# it. Their example is a bus whose windows mirror a bicycle. We can paint that: in the scenes `reflections` the mirrored
# street is drawn by the same code as the street, and only the bus around the window gives it away.
#
# We train two small networks of the same seven layers and the same number of weights. One sees 29 pixels, the other
# 73: its kernels are spread out (lecture 04 explains how). Bicycles are rare, so the loss counts them four times. Both
# together take about 15 seconds.

# %% tags=["heavy"]
from course_lib.evidence.small_training import Labeller, stack
from course_lib.training import fit

mirrors, small = Scenes("reflections", count=4096, seed=0), {}
for rates in ((1, 1, 1, 1, 1, 1), (1, 2, 4, 4, 4, 2)):
    torch.manual_seed(0)
    net = Labeller(stack(rates), nn.Conv2d(16, mirrors.num_classes, kernel_size=1))
    fit(net, mirrors, steps=200, class_weights=[1, 1, 4])
    sees = int(theoretical(net, image_size=(161, 161)).size()[0])
    small[sees] = net.eval()
print("they see", list(small), "pixels")

# %% [markdown]
# *Guess:* the bicycle below is only a mirror image, so its label is *bus*. What does each network call it?
# <details><summary>Your guess, then ours</summary>The one that sees 29 pixels says bicycle: inside its square there is
# nothing of the bus. The one that sees 73 has the window's frame in sight and says bus. Neither is cleverer than the
# other; one was allowed to know.</details>

# %%
unseen = Scenes("reflections", count=64, seed=1_000_003)
pictures, truths, factors = unseen.batch(range(64))
mirrored = factors["reflection"]
with torch.no_grad():
    said = {sees: net(pictures).argmax(1) for sees, net in small.items()}
for sees, labels in said.items():
    share = (labels[mirrored] == 2).float().mean()
    print(f"sees {sees} pixels, calls {share:.0%} of the mirrored bicycles' pixels bicycle")
chosen = int((mirrored & (said[min(small)] == 2)).sum((1, 2)).argmax())
place = tuple(mirrored[chosen].nonzero().float().mean(0).round().int().tolist())
both = {sees: labels[chosen] for sees, labels in said.items()}
figures.torn(pictures[chosen], truths[chosen], both, place, unseen.classes, unseen.colours)

# %% [markdown]
# One thing, several names. The ledger asks the same of many pictures, with more steps and over several seeds, and calls
# a bus *torn* when less than 90 per cent of it bears one label. In **F3** the same large buses stand before the
# network with the narrow and the one with the wide field: this decides. Unfold the numbers to compare large buses with
# small ones, and read the remark about windows without a bicycle.

# %%
evidence("F3")

# %% [markdown]
# ## "But FCN has pooling, so its field is large enough"
# Is it? The first half of the sentence is true: counted on paper, a unit of fc7 can be changed by a square of 404 x 404
# pixels. But *can be changed* is not *is changed*. The [[theoretical receptive field|theoretical field]] says which
# pixels could matter at all; the [[effective receptive field|effective field]] says how much each one does. Choose a
# layer and a place below. Bright: what that unit listens to.

# %%
from course_lib import explorers

big_image, _, extras = Scenes("street", size=256, count=1, seed=3)[0]
layers = ("pool3", "pool4", "pool5", "fc7")
seeing = explorers.receptive_field("fcn32s", image=big_image, objects=extras["instance"], layers=layers)
display(seeing.figure(layer="pool5", gradient=True), seeing)

# %% [markdown]
# From pool3 to pool5 the square grows, and the heat stays in the middle of it. At fc7 this picture is smaller than the
# field. So let us ask the unit in the middle of fc7 before a picture of 500 pixels: how wide is the disc that holds
# half of all the weight? If all 404 x 404 pixels weighed alike, the disc would fill half of the field.
#
# **F5** asks five such networks, each before four pictures: which share of the field's area does the disc fill? (In a smaller picture the border would cut the field off,
# and make the disc too small.) Mind what the number does not say: the weights are random, and training moves them.
# Lecture 04 measures that.

# %%
from course_lib.receptive_field import effective

torch.manual_seed(0)
narrow = models.build("fcn32s", num_classes=2, width=1 / 16).eval()
large_image = Scenes("street", size=500, count=1, seed=0)[0][0]
listens = effective(narrow, large_image[None], (7, 7), layer="fc7", trained=False)
print(f"half of the weight: a disc of {2 * listens.radius(0.5):.0f} pixels")
print(f"its share of the field: {torch.pi * listens.radius(0.5) ** 2 / 404**2:.0%}")
evidence("F5")

# %% [markdown]
# ## Break the network
# Edit a street, and three trained networks answer. First as it stands, then for you to move: thin the poles, grow the
# bus, shrink the cars. FCN-8s is the network of this lecture, SegNet of the next, U-Net of the one after. *Find out:*
# does a pole come back when it grows, at which width, and for whom? These networks have about a hundredth of the real
# ones' weights, or less, and were trained briefly: compare them with each other, not with a paper.

# %%
breaking = explorers.break_the_network()
display(breaking.figure(pole=2), breaking)

# %% [markdown]
# ## What the paper reported
# ### Exercise 1.6: read their table
# The cell prints the paper's own table and five statements. Which of them follow from it? Answer with letters.

# %% tags=["exercise"]
print(exercises.fcn.gains.question())
my_letters = "ace"  # solution
exercises.fcn.gains.check(my_letters)

# %% [markdown]
# ## Easily confused
# - *"FCN enlarges 32 times in one step."* FCN-32s does. FCN-16s enlarges by 2 and then by 16, FCN-8s by 2, by 2 and
#   then by 8 (row F1 has the last steps).
# - *"FCN's upsampling is learned."* In the released networks all of it is fixed and bilinear; the paper learned the
#   steps in the middle, and its authors report no significant difference.
# - *"404 pixels are enough."* They are an outer bound (row F5).
# - *"The crop is centred, the padding is 1."* That is another network (row F1).

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - A classifier is a fully convolutional network: a fully connected layer is a convolution with a kernel as large as
#   its map. So a classifier has a heat map for each class before anybody draws a mask. Fine-tuning turns it into
#   labels for every pixel.
# - Three things are lost on the way down and back: **small and thin things**, **sharp boundaries**, and the **unity of
#   large things** whose evidence lies outside of what a unit listens to.
# - Skips bring back a part of what is small (row F2). FCN's add *scores*; the next lectures bring back *places* (02) and
#   *features* (03), and lecture 04 widens the field.
#
# ## Further reading
# - [@@long2015]
# - [@@noh2015] Its first figure is the bus with the bicycle.
# - [@@shelhamer2017] The longer version of FCN, with the networks that were released.
# - [@@luo2016]
