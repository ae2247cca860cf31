# ---
# title: The limits of FCN
# question: FCN made segmentation fast and simple to train. What does it lose when it shrinks a picture 32 times?
# able:
#   - turn a classifier into a network that labels every pixel, and say why its answers stay the same
#   - read the heat map of a class from a trained classifier, and say what fine-tuning adds to it
#   - follow a picture through FCN-32s, 16s and 8s, with its padding of 100 and its crops
#   - write bilinear upsampling as a transposed convolution, and add a skip as FCN does
#   - say which three things are lost, and show each one with an experiment
#   - tell a theoretical receptive field from an effective one
# needs: Lecture 00, or a first idea of mean IoU; convolution and max pooling.
# read_minutes: 40
# run_seconds: 65
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
#             the upsampled deeper scores."
#       - say: "from fc7, upsampled 8 times in a cleverer way"
#         why: "fc7 has cells 32 pixels apart. Upsampling cannot bring back what its pools have dropped."
#       - say: "from the image itself, by a convolution of stride 8"
#         why: "FCN has no such path. The shortest path to the scores leads through pool3."
#   - ask: "A network answers pixel accuracy 0.95 on streets. Can it be blind to every pole?"
#     options:
#       - say: "no, 0.95 leaves no room for a whole class"
#         why: "Poles cover a few per cent of the pixels. In lecture 00 a model lost every car, bicycle and pole, and
#             kept a pixel accuracy of 0.92 (row T3)."
#       - say: "only if the poles are void"
#         why: "No void is needed. Small classes hardly count in pixel accuracy, whether they are labelled or not."
#       - say: "yes: thin things count little in pixel accuracy"
#         right: true
#         why: "That is why this lecture looks at IoU by class, by size and along boundaries."
#   - ask: "fc7 of FCN-32s has a theoretical receptive field of 404 pixels. What follows?"
#     options:
#       - say: "every fc7 unit uses 404x404 pixels well"
#         why: "The theoretical field says which pixels could matter. Row F5 measures it: half of the weight lies in a
#             disc that covers a small part of the square."
#       - say: "a pixel outside of it cannot change that unit, and nothing more"
#         right: true
#         why: "It is an outer bound. How much of it is used depends on the weights, and has to be measured."
#       - say: "objects below 404 pixels cannot be torn"
#         why: "Pixels far from the unit may hardly count, so an object much smaller than 404 pixels can still be
#             judged from a part of it."
#       - say: "FCN sees 404 of the picture's pixels"
#         why: "It is the side of a square: 404 x 404 pixels."
#   - ask: "An oracle that knows the true share of each class in every 32x32 cell loses the poles. What may we
#         conclude?"
#     options:
#       - say: "no network of stride 32 can ever label a pole"
#         why: "The oracle is no bound: a network may choose scores that are not shares. In row F2 the trained 32s does
#             better than the oracle of stride 32 on things of 12 to 24 pixels. It is a warning, not a proof."
#       - say: "the training was too short"
#         why: "Nothing was trained. The truth itself went through averaging and upsampling."
#       - say: "averaging and one step of upsampling are enough to lose them, whatever the encoder knows"
#         right: true
#         why: "The loss is in the upsampling. That is the idea behind skips, and behind the decoders of the next
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
#     - section: "The whole network"
#       minutes: 8
#       show: "The drawing of FCN-32s; walk down the left side and up the long line on the right."
#     - section: "First loss: detail"
#       minutes: 12
#       show: "The oracle with four strides. Ask before running which class goes first."
#     - section: "The first remedy: skip connections"
#       minutes: 7
#       show: "The drawing of FCN-8s beside FCN8s.forward, line by line; write the three crops on the board."
#     - section: "Second loss: a bus with two labels"
#       minutes: 10
#       show: "Train both small networks live; then move the square of the field over the picture with a piece of
#           paper."
#     - section: "But FCN has pooling, so its field is large enough"
#       minutes: 8
#       show: "The receptive-field explorer at pool4 and fc7, with the gradient switched on."
#     - section: "Break the network"
#       minutes: 7
#       show: "Thin the poles, grow the bus; students call out what will happen."
#   wrong:
#     - says: "FCN is bad."
#       reply: "It beat everything before it by a fifth, and everything that follows builds on it. We study what it
#           leaves open."
#     - says: "The crop of 19 is half of 544 - 500, so it should be 22."
#       reply: "Crops put centres on centres. The padding of 100 and the unpadded fc6 move the centre, so the offset
#           is 19 instead of 22."
#     - says: "A transposed convolution always has to be learned."
#       reply: "In the released FCN it is fixed: bilinear weights. It only uses the same operation."
#     - says: "A larger theoretical field means a better answer for large things."
#       reply: "Only the effective field helps. F5 compares the two."
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
# ## A photograph on which it fails
# Modern segmentation begins with FCN, the *fully convolutional network*. The one below is FCN-8s, trained on
# photographs of cats and dogs. On photographs that it had not seen it does well; the cell prints its score. Then it
# meets our cat.
#
# You see the photograph, its mask (drawn by hand, void is white), the answer of FCN-8s, and the answer of the same
# network with its two [[skip connection|skip connections]] switched off. *Guess:* which parts of the cat get lost?

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import palette
from course_lib.datasets import photos
from course_lib.lectures.l01_fcn_limits import figures, schematics
from course_lib.models import shipped
from course_lib.models.working_size import AtWorkingSize
from course_lib.training import checkpoints

cat, told = photos.load("cat"), shipped.card("fcn8s_pets")
pets = AtWorkingSize(checkpoints.load("fcn8s_pets"), told["working_size"]).eval()
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
with torch.no_grad():
    found = {"FCN-8s": pets(normal)[0].argmax(0)}
    for skip in (pets.net.score_pool4, pets.net.score_pool3):
        skip.weight.zero_(), skip.bias.zero_()
    found["skips off"] = pets(normal)[0].argmax(0)
print(f"FCN-8s on {told['test']['photographs']} unseen photographs: mean IoU {told['test']['mean_iou']:.2f}")
figures.answers(cat.image, cat.mask, found, told["classes"], palette.ORDER)

# %% [markdown]
# FCN-8s finds the cat, but it cuts a bay into the cheek. Without the skips an ear is gone, and the outline is a smooth
# curve that follows no fur. These are two faults. **Detail is lost:** the outline is coarse. And **a large thing falls
# apart:** one part of the animal is judged differently from the rest. This lecture takes FCN apart and shows where both
# faults come from. The painted world is our microscope: it varies one cause at a time.
#
# ## What FCN achieved
# Before 2015, [[semantic segmentation]] was a pipeline: propose regions, describe them, classify each, clean up.
# [@long2015] replaced the pipeline by **one** network, trained end to end. It improved the best result on PASCAL VOC
# 2012 by a fifth, to 62.2 per cent [[mean iou|mean IoU]], and needed less than a fifth of a second for a picture. Every
# network in this course builds on it.
#
# Its idea: *a classifier already is a [[fully convolutional network]]*. [[VGG16]] ends in a [[fully connected layer]]
# that reads 512 maps of 7 x 7 cells. It multiplies each number by a weight and adds up. A [[convolution]] with a 7 x 7
# [[kernel]] does exactly that, at every place where the kernel fits.
#
# *Guess:* on a map of 7 x 7 cells, by how much do the two answers differ? And what does the convolution return for a map
# of 10 x 12 cells, on which the fully connected layer fails?
# <details><summary>Your guess, then ours</summary>They do not differ, apart from rounding: it is the same sum. On 10 x 12
# cells the kernel fits in 4 x 6 places, so there are 4 x 6 answers: a coarse map of answers, for free.</details>

# %%
connected = nn.Linear(512 * 7 * 7, 20)
convolution = nn.Conv2d(512, 20, kernel_size=7)
convolution.weight.data = connected.weight.data.view(20, 512, 7, 7)
convolution.bias.data = connected.bias.data

maps = torch.rand(1, 512, 7, 7)
apart = (convolution(maps).flatten() - connected(maps.flatten())).abs().max()
print(f"differ by less than 0.0001: {bool(apart < 1e-4)}")
print("on 10 x 12 cells:", tuple(convolution(torch.rand(1, 512, 10, 12)).shape))
schematics.sliding(cells=(10, 12), kernel=7)

# %% [markdown]
# ## A classifier is a segmenter in waiting
# Now a real classifier. EfficientNet-Lite0 was trained on the 1.28 million photographs of ImageNet, with one word for
# each photograph and never a mask. It averages its last map and scores 1000 classes with one fully connected layer.
# Both steps are linear, so we may swap them: score each cell first, then average. The answer stays the same, and before
# the average there is a map of scores. Its [[stride]] is 32.
#
# *Guess:* the network was only ever told *that* there is a cat. Does it know *where*? Which cells will say cat?
# <details><summary>Your guess, then run the cell</summary>It knows roughly where. The eyes, the cheeks and the nose say
# cat, the blanket does not. The top of the head says almost nothing. To call the photograph "cat", the network needs
# enough evidence somewhere; nobody asked it for the whole animal.</details>

# %%
from course_lib import models

imagenet = "efficientnet_lite0_imagenet"
told = shipped.card(imagenet)
classifier = models.build("efficientnet_lite0", num_classes=1000, weights=imagenet).eval()
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
with torch.no_grad():
    cells, whole = classifier.scores(normal), classifier.classify(normal).softmax(1)[0]
print(f"photograph {tuple(cat.image.shape[1:])}, cells {tuple(cells.shape[2:])}, classes {cells.shape[1]}")
print("of the whole:", *(f"{told['classes'][n]} {whole[n]:.0%}," for n in whole.topk(3).indices), "...")
cats = slice(281, 286)  # ImageNet's five kinds of house cat
figures.heat(cat.image, cells.softmax(1)[0, cats].sum(0), "cat")

# %% [markdown]
# Slide the classifier over the photograph yourself. A window of one cell gives the map above. A wider window averages
# its cells: the map becomes smooth, and the place is lost.

# %%
from course_lib import explorers

sliding = explorers.sliding_classifier()
display(sliding.figure(), sliding)

# %% [markdown]
# This heat map is FCN's starting point. Two things are missing. The map is coarse, and it marks what is *typical* of a
# cat instead of all that *is* cat. So [@long2015] proceed as follows:
#
# 1. Take a classifier with the weights that ImageNet gave it ([[pretraining]]).
# 2. Turn its fully connected layers into convolutions, as above.
# 3. Replace the 1000 scores by one for each class of the new task, 21 on PASCAL VOC.
# 4. Upsample the scores to the size of the picture.
# 5. Train all layers on pictures with masks, with the cross-entropy of every pixel and a small learning rate
#    ([[fine-tuning]]).
#
# A million cheap labels teach what a cat looks like. A few thousand expensive masks then teach where it ends.
#
# How much is step 1 worth? Row F6 trains one network from two starts, ImageNet's weights and random weights, on the same
# 249 photographs in the same order. *Guess* both scores after 200 steps. And after how many steps does the first one
# reach the best score of the second one?

# %%
from course_lib.evidence.card import evidence

evidence("F6")

# %% [markdown]
# Pretraining doubles the mean IoU, from 0.40 to 0.82, and the pretrained network is ahead after about 50 steps. That is
# why every network in this course starts from a classifier where it can.
#
# ## The whole network
# FCN does this with VGG16. Five [[max pooling|max pools]] halve the map, so the cells of the last map lie 32 pixels
# apart: its stride is 32. The maps after the pools are called pool1 to pool5.
#
# First, the class from the course's library. `features` is VGG16. The last two lines are everything that comes after:
# upsample the scores, then `crop` a window of the picture's size. Second, the drawing. Follow it from the upper left
# down to the scores. Then look at the single line that leads back up: one step of 32.

# %%
from inspect import getsource

from course_lib.figures.architecture import architecture
from course_lib.models import fcn

print(getsource(fcn.FCN32s))
architecture("fcn32s")

# %% [markdown]
# ## At full size
# The released FCN-32s has 136 million parameters. We send a photograph through it and ask for sizes only. On the device
# `meta`, tensors have a shape and no numbers, so this takes no time and no memory.
#
# *Guess:* the photograph is 300 x 451 pixels. How large is the score map?
# <details><summary>Your guess, then ours</summary>Not 10 x 15, although 300 / 32 and 451 / 32 round up to that. FCN pads
# the picture by 100 pixels on each side, and the 7 x 7 kernel of fc6 takes 6 cells away again.</details>
#
# ### Why a padding of 100, and why a crop from 19?
# With the [[padding]] even a small picture leaves something for the 7 x 7 kernel of fc6. The upsampled map is then
# larger than the picture, and FCN crops a window out of it. The window is **not** centred. It is placed so that each
# cell's answer lands on the pixels that the cell has seen. The last line computes this for the first cell, on a picture
# of 500 x 500: the centre of what it sees, and the centre of the 64 pixels over which its answer is spread.

# %%
from course_lib.receptive_field import theoretical

large = models.build("fcn32s", num_classes=21, device="meta").eval()
with models.activations(large, "score_fr", "upscore") as inside:
    answer = large(normal.to("meta"))
counts = {name: sum(p.numel() for p in part.parameters()) for name, part in (("all", large), ("fc6", large.fc6))}
print(f"{counts['all']:,} parameters, of which {counts['fc6']:,} in fc6")
for name, found_map in {"photograph": normal, **inside, "answer": answer}.items():
    print(f"{name:<10} {tuple(found_map.shape)}")
narrow = models.build("fcn32s", num_classes=21, width=0.02)  # fewer channels, the same geometry
sees_at = theoretical(narrow, image_size=(500, 500)).offset("fc7")[0]
spread_at = (64 - 1) / 2
print(f"it sees around pixel {sees_at}, its answer lies around {spread_at}: crop from {spread_at - sees_at:g}")
del pets, large, narrow, inside

# %% [markdown]
# On 500 x 500 pixels the upsampled map is 544 wide. A centred crop would begin at 22; FCN's begins at 19. Many ports use
# padding 1 and a centred crop. They compute another function than the network that the authors trained.
#
# ## First loss: detail
# Give the network every advantage: an [[oracle]] that knows the **true** share of every class in each cell. It learns
# nothing and makes no mistake. Only the upsampling remains: the shares are enlarged to the picture, and the largest one
# wins. We try cells of 4, 8, 16 and 32 pixels.
#
# *Guess:* which class disappears first, and at which cell size?
# <details><summary>Your guess, then ours</summary>The poles. They are the thinnest things, so in a large cell they never
# have the largest share. At 16 pixels shreds are left, at 32 nothing. At 32 the bicycles are gone as well, and the bus
# is a cloud.</details>

# %%
from course_lib.metrics import Confusion
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
# Two remarks. The oracle is **no upper bound**: a network may choose scores that are not shares. And [@long2015] made
# the same test on PASCAL VOC, whose objects are large: there even cells of 32 pixels keep 86 per cent mean IoU. What a
# stride costs depends on the size of the things. Row F7 below compares cats and dogs, real streets, and painted streets.
#
# ## Upsampling is a transposed convolution
# FCN upsamples with a [[transposed convolution]]: each cell multiplies a kernel by its value and adds it to the output,
# `stride` pixels from its neighbour. The right kernel makes this exactly [[bilinear upsampling]]. For stride *s* it has
# 2*s* weights along each axis, the weight at distance *d* from the centre being
#
# *w(d) = 1 - |d| / s*, and in two dimensions *w(dy) w(dx)*.
#
# A pixel at distance *d* from cell *a* lies at distance *s - d* from its neighbour *b*. The weights of the two add up to
# *(1 - d/s) + d/s = 1*, and the pixel gets *(1 - d/s) a + (d/s) b*: a straight line from *a* to *b*.
#
# *Guess:* all cells are 1. What is the sum of all these tents?
# <details><summary>Your guess, then ours</summary>1 everywhere between the first and the last centre: a flat map stays
# flat. At the border only one tent reaches each pixel, which is one more reason to crop.</details>

# %%
figures.tents(kernel_size=64, stride=32)

# %% [markdown]
# ### Exercises 1.1 to 1.3: a layer, its cells, and what they can say
# - `my_convolutional(weight, channels, size)`: the weight of a fully connected layer as the kernel of a convolution.
# - `my_cells(side)`: the side of FCN's score map for a picture of side x side pixels. The first convolution pads by 100,
#   the others by 1; the five pools round up; fc6 is 7 x 7 without padding. 500 gives 16.
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
# ## The first remedy: skip connections
# The authors of FCN saw the loss of detail, and the same paper answers it. Earlier maps still have detail: the cells of
# pool4 lie 16 pixels apart, those of pool3 lie 8 apart. A **[[skip connection]]** computes scores from such a map, with
# a 1x1 convolution, and *adds* them to the upsampled deeper scores. One skip makes FCN-16s, two make FCN-8s.
#
# The drawing reads from the left down and from the right up. Compare it with the code below it, line by line. (The code
# multiplies pool4 and pool3 by a number each before it scores them. In the FCN-8s of the drawing both numbers are 1.)

# %%
display(schematics.fcn8s())
print(getsource(fcn.FCN8s.forward))

# %% [markdown]
# ### Exercises 1.4 and 1.5: the kernel, and a skip
# - `my_kernel(size)`: the size x size weights of a bilinear transposed convolution. Size 4 gives .25 .75 .75 .25 along
#   each axis.
# - `my_fuse(scores, skip, offset)`: cut from `skip` the window that begins `offset` cells from the top and from the
#   left and is as large as `scores`. Add it to `scores`.


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
# ## Measured: which sizes suffer
# Row **F2** trains small FCNs of stride 32, 16 and 8 on shapes of all sizes, with the same first weights and the same
# pictures. Is the stride to blame, or was the training too short? The dotted line had twice the training.
#
# *Guess* the three lines over the size of the object: where are they close together, and where far apart?
# <details><summary>Your guess, then ours</summary>On large objects they are close. Between 12 and 24 pixels FCN-8s has
# four times the IoU of FCN-32s, and twice the training hardly changes that.</details>
#
# Two more rows belong to this question.
#
# **F4** keeps one [[encoder]] and changes what follows its map of stride 8: one bilinear step (`bilinear`), or a
# [[decoder]] of learned layers that puts values back at remembered places (`indices`, the subject of lecture 02).
# Unfold it and look at the [[boundary IoU|IoU along the edges]] and at the poles. `corners` is the same decoder *without* the remembered
# places: it puts every value into the upper left corner of its window. Here learned layers alone did not help.
#
# **F7** sends the truth of other pictures through the oracle: cats and dogs, real streets, painted streets. A stride of
# 32 hardly touches one large animal; streets lose most. Mind what each number counts. Three numbers belong to "stride
# 16": a mean IoU of 0.69 on painted streets of 256 pixels, a mean IoU of 0.38 on streets of 64 pixels, and in F2 an IoU
# of 0.37 on objects between 12 and 24 pixels. The stride is the same; the size of the things is not.

# %%
from course_lib.evidence import ledger

display(figures.by_size(ledger.read()["F2"]))
evidence("F2", "F4", "F7")

# %% [markdown]
# ## Second loss: a bus with two labels
# [@noh2015] made a second complaint. A network with a fixed [[receptive field]] judges a large thing from a part of it.
# Their example is a bus with a bicycle reflected in its windows. In the same way a bumper alone may belong to a bus, a
# van or a car: a network that sees only the bumper has to guess, and it calls the bumper of a car a bus if buses had
# such bumpers more often in training.
#
# We can paint this. In the scenes `reflections` the reflection in a bus window is drawn by the same code as a street
# with a bicycle. Only the bus around the window gives it away. We train two small networks with the same seven layers
# and the same number of weights. One sees 29 pixels, the other 73: its kernels are spread out (lecture 04 explains how).
# Bicycles are rare, so each of their pixels counts four times in the loss. Both trainings together take about 15 seconds; `fit` is the loop
# of lecture 00.

# %% tags=["heavy"]
from course_lib.evidence.small_training import Labeller, stack
from course_lib.training import fit

mirrors, small = Scenes("reflections", count=4096, seed=0), {}
for rates in ((1, 1, 1, 1, 1, 1), (1, 2, 4, 4, 4, 2)):
    torch.manual_seed(0)
    net = Labeller(stack(rates), nn.Conv2d(16, mirrors.num_classes, kernel_size=1))
    fit(net, mirrors, steps=150, class_weights=[1, 1, 4])
    sees = int(theoretical(net, image_size=(161, 161)).size()[0])
    small[sees] = net.eval()
print("they see", list(small), "pixels")

# %% [markdown]
# *Guess:* the bicycle below is only a reflection, so its true class is *bus*. What does each network say?
# <details><summary>Your guess, then ours</summary>The network that sees 29 pixels says bicycle: inside its square there
# is nothing of the bus. The network that sees 73 has the window frame in view and says bus. It is not the better
# network. It has the information that the other one lacks.</details>
#
# The ledger asks the same on many pictures, with more steps and over five seeds. It calls a bus *torn* if less than 90
# per cent of it gets one label. **F3** shows the same large buses to the narrow and to the wide field.

# %%
unseen = Scenes("reflections", count=64, seed=1_000_003)
pictures, truths, factors = unseen.batch(range(64))
mirrored = factors["reflection"]
with torch.no_grad():
    said = {sees: net(pictures).argmax(1) for sees, net in small.items()}
for sees, labels in said.items():
    share = (labels[mirrored] == 2).float().mean()
    print(f"sees {sees} pixels, calls {share:.0%} of the reflected bicycles' pixels bicycle")
chosen = int((mirrored & (said[min(small)] == 2)).sum((1, 2)).argmax())
place = tuple(mirrored[chosen].nonzero().float().mean(0).round().int().tolist())
both = {sees: labels[chosen] for sees, labels in said.items()}
display(figures.torn(pictures[chosen], truths[chosen], both, place, unseen.classes, unseen.colours))
evidence("F3")

# %% [markdown]
# ## "But FCN has pooling, so its field is large enough"
# Is it? The first half is true: a unit of fc7 can depend on a square of 404 x 404 pixels. But *can depend* is not *does
# depend*. The [[theoretical receptive field]] says which pixels could matter at all. The [[effective receptive field]]
# says how much each pixel does matter. Choose a layer and drag the unit over the photograph. Bright pixels are those that
# the unit depends on most.

# %%
layers = ("pool3", "pool4", "pool5", "fc7")
seeing = explorers.receptive_field("fcn32s", photo="cat", layers=layers)
display(seeing.figure(layer="pool5", gradient=True), seeing)

# %% [markdown]
# From pool3 to pool5 the square grows, and the bright part stays in its middle. At fc7 this picture is smaller than the
# field, and the border would cut it off. So row **F5** asks the unit in the middle of fc7 before pictures of 500 pixels.
# It computes the [[gradient]] of the unit for every pixel, which says how much the pixel matters, and draws the disc that
# holds half of it. If all 404 x 404 pixels counted alike, that disc would fill half of the field's area. *Guess* how much
# it fills. (The answer is below, under the first point of *Easily confused*.)
#
# Mind the limit of this number: the network is untrained, and training changes the field. Lecture 04 measures that.
#
# ### Easily confused
# - *"404 pixels are enough."* They are an outer bound. Half of the gradient lies on 0.18 of this
#   area (row F5).
# - *"FCN upsamples 32 times in one step."* FCN-32s does. FCN-16s upsamples by 2 and then by 16, FCN-8s by 2, by 2 and
#   then by 8 (row F1).
# - *"The crop is centred, the padding is 1."* That is another network (row F1).
# - *"FCN's upsampling is learned."* In the released networks all of it is fixed and bilinear. The paper learned the
#   intermediate steps, and its authors report no significant difference.

# %%
evidence("F5", "F1")

# %% [markdown]
# ## Break the network
# Edit a street, and three trained networks answer. First you see the street as it stands, then one to move: thin the
# poles, grow the bus, shrink the cars. FCN-8s is the network of this lecture, SegNet that of the next, U-Net that of the
# one after. *Find out:* does a pole come back when it grows wider, at which width, and for which network? These networks
# have about a hundredth of the real ones' weights and were trained for only a few minutes. Compare them with each other,
# and not with a paper.

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
# ### Exercise 1.7: a heat map to keep
# Choose a photograph, `astronaut`, `cat`, `coffee`, `pagoda` or `rocket`, and any word of ImageNet's thousand: try
# *espresso*, *missile*, *space shuttle*. Where does the classifier see it? Or write the path of a picture of yours
# between the brackets of `read`. `poster.savefig("my_heat_map.png")` keeps the result.

# %%
from course_lib import paths
from course_lib.datasets import brought

picture, word = brought.read(paths.data() / "photos" / "coffee.jpg"), "espresso"
numbers = [n for n, name in enumerate(told["classes"]) if word in name]
with torch.no_grad():
    cells = classifier.scores((picture[None].float() / 255 - told["mean"]) / told["std"])
poster = figures.heat(picture, cells.softmax(1)[0, numbers].sum(0), word)
poster

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - A classifier is a fully convolutional network: a fully connected layer is a convolution whose kernel is as large as
#   its map. So a classifier has a heat map for each class before anybody draws a mask. Fine-tuning turns it into labels
#   for every pixel, and pretraining is worth a factor of two here (row F6).
# - Three things are lost in encoder and upsampling: **small and thin things**, **sharp boundaries**, and the **unity of
#   large things** whose evidence lies outside the effective field.
# - Skip connections recover a part of what is small (row F2). FCN's skips add *scores*. The next lectures bring back
#   *places* (02) and *features* (03), and lecture 04 widens the field.
#
# ## Further reading
# - [@@long2015]
# - [@@noh2015] Its first figure is the bus with the bicycle.
# - [@@shelhamer2017] The longer version of FCN, with the networks that were released.
# - [@@luo2016]
