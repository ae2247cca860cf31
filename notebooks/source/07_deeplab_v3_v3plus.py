# ---
# title: DeepLab v3 and v3+
# question: How do rates, strides, the whole picture and sharp edges fit into one network?
# able:
#   - name each step from DeepLab v2 to v3 and to v3+, and say which problem it answers
#   - trade strides for rates, and say what output stride 8 costs against 16
#   - write a depthwise separable convolution, and say what it saves and what it does not
#   - explain why the decoder keeps 48 low-level maps, and neither one nor all
# needs: "Lectures 04 to 06: dilation and receptive fields, atrous spatial pyramid pooling (ASPP), pooling for
#      context."
# read_minutes: 40
# run_seconds: 40
# quiz:
#   - ask: "A picture of 512 x 512 pixels gives an encoder output of 32 x 32 cells. What is the output stride?"
#     options:
#       - {say: "1/16", why: "That is the ratio upside down, and a stride below 1
#            would mean that the map is larger than the picture."}
#       - {say: "16", right: true, why: "Side of the picture divided by side of the encoder's output: 512 / 32."}
#       - {say: "4, for four halvings", why: "There are four halvings, but the output stride is what they multiply to:
#            2 x 2 x 2 x 2."}
#   - ask: "Why did rate 24 leave the pyramid?"
#     options:
#       - {say: "On v3's map of 33 x 33 cells most of its nine weights fall outside.", right: true, why: "2.4 of 9
#            are left on average; at a rate of the map's side only the centre would be. The 1x1 branch says so
#            openly, and image pooling takes over the wide view."}
#       - {say: "It has too many weights.", why: "A 3x3 has nine weights for each pair of channels at every rate."}
#       - {say: "It leaves holes between its weights.", why: "It does, but so do 12 and 18, and the other branches
#            read between. The paper's reason is the map's border."}
#   - ask: "Image pooling was added to ASPP and nothing changed on a data set. Which explanation fits
#        what V3 shows?"
#     options:
#       - {say: "The code must be wrong.", why: "Look at the skyline in V3: the code is right and the gain is
#            nothing."}
#       - {say: "Image pooling is useless.", why: "Look at the harbour in V3: without it the network cannot tell a
#            boat from a car."}
#       - {say: "The rates were too small.", why: "Larger rates look further, and the evidence here is not further
#            away."}
#       - {say: "What tells the classes apart there lies within reach of the rates.", right: true, why: "Pooling the
#            whole picture helps where the evidence is far away or everywhere. Nearby evidence the other branches see
#            already."}
#   - ask: "A separable 3x3 from 256 to 256 channels has 8.7 times fewer weights and multiply-adds than a plain one.
#        How much faster is it?"
#     options:
#       - {say: "8.7 times", why: "That would be so if multiplying were all that takes time. The depthwise half does
#            little with each number it fetches."}
#       - {say: "Measure it: less than that, how much less depends on the machine.", right: true, why: "Multiply-adds
#            count work; time also counts waiting for memory. V5 has both numbers from one machine."}
#       - {say: "Not at all", why: "It is faster on nearly every machine, only not by the same factor."}
#   - ask: "Why does v3+ reduce 256 low-level maps to 48 before it joins them to the encoder's 256?"
#     options:
#       - {say: "So that many maps with little meaning do not outweigh the encoder's.", right: true, why: "The paper
#            tried five counts; from 8 to 64 they lie within a point of each other, and 48 came out best."}
#       - {say: "Because a concatenation needs equal numbers of channels.", why: "A sum needs equal numbers. A
#            concatenation takes any."}
#       - {say: "Because one channel would be enough for edges.", why: "One was not tried, and 8 were already worse
#            than 48. One channel circulates in lecture notes."}
# teach:
#   sections:
#     - {section: "Weights that fall off the map", minutes: 8, show: "weights_on_the_map for 33 cells; let the class
#          guess rate 18 first"}
#     - {section: "One number for the whole picture", minutes: 10, show: "the pyramids explorer: move the cell to a
#          corner, then change to pyramid pooling"}
#     - {section: "From v2 to v3, counted", minutes: 10, show: "models.compare, line by line: which line answers which
#          problem?"}
#     - {section: "Output stride", minutes: 12, show: "the output stride explorer: 32, 16, 8, and watch the memory of
#          conv4 and conv5"}
#     - {section: "What stride 16 can hardly say", minutes: 10, show: "the fitted answer at stride 4, 8 and 16; ask
#          who is at fault: the network or the stride"}
#     - {section: "The decoder of v3+", minutes: 15, show: "the borrowed low-level feature: whose bus is it?"}
#     - {section: "Cheaper convolutions and Xception", minutes: 15, show: "the cost explorer with the time measured on
#          the lecture hall's own machine"}
#   wrong:
#     - {says: "Output stride 8 is coarser than 16, because 8 is smaller.", reply: "It is the number of pixels for
#          each cell. 8 pixels a cell is finer, and the map has four times as many cells."}
#     - {says: "The decoder makes the encoder's map sharp by learning to enlarge it.", reply: "The enlarging is
#          bilinear. What is sharp comes from the low-level feature; the 3x3s decide which of its edges count."}
#     - {says: "Multiply-adds are time.", reply: "Measure one layer with the explorer. They are work; a layer that
#          fetches much and multiplies little waits."}
#     - {says: "Image pooling is the same as the pyramid pooling of PSPNet.", reply: "It is PSPNet's 1x1 bin alone.
#          Two things in one picture that need different answers get the same average: lecture 06, the skyline."}
#     - {says: "v3 with the weights of a training at stride 16 must be trained again for stride 8.", reply: "No
#          layer's shape changes, only steps and rates: the same weights run at both. The paper evaluates this way."}
#   discuss:
#     - {ask: "Stride 8 costs more than stride 16 in every picture that is ever looked at. Who should pay it?",
#          answer: "A decoder gives most of the edges for less; where a tenth of a point matters (a challenge) stride
#          8 is switched on at the end, since the weights fit. A car that has 30 ms pays for neither."}
#     - {ask: "Our swapped low-level feature can move the whole bus. Does that mean that the encoder does nothing?",
#          answer: "In this small network the encoder's map has 4 x 4 cells, so place and shape must come from the
#          low-level feature. In the full network 33 x 33 cells carry place. The experiment shows who draws the
#          outline, not who knows the name."}
#     - {ask: "Is one mean IoU for each number of channels enough to prefer 48 over 32?", answer: "No. The difference
#          is 0.05 points from one training each. The honest reading: between 16 and 64 it hardly matters."}
# ---
# %% [markdown]
# ## One set of weights, four outlines
# This is the network that labelled a photograph in the first minute of lecture 00: DeepLab v3+ on a light backbone,
# trained on cats and dogs. Below, the *same weights* answer four times. In the first three pictures one cell of the map
# is 32, 16 or 8 pixels wide; nothing was trained again. In the last one the low-level maps of its [[decoder]] are set
# to zero. The number is the IoU of the cat. It takes about 5 seconds.
#
# *Guess:* what changes, the class or the outline? And is the network worse without the low-level maps?
# <details><summary>Your guess, then run the cell</summary>The outline. All four find the cat. From 32 to 8 the outline
# follows the ear and the cheek more closely. Without the low-level maps it is smoother, and on this photograph its IoU
# is even higher. One photograph proves nothing. V12, further down, asks many, and there the boundaries are far worse
# without the low-level maps. V11 asks the same of the stride: from 16 to 8 too little is gained to be told from
# chance.</details>

# %% tags=["heavy"]
import torch

from course_lib import models
from course_lib.datasets import photos
from course_lib.figures.outlines import outlines
from course_lib.models import shipped
from course_lib.models.working_size import AtWorkingSize

pets, cat, found = "deeplab_v3plus_pets", photos.load("cat"), {}
told = shipped.card(pets)
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
rates = {32: (2, 3, 5), 16: (3, 6, 9), 8: (6, 12, 18)}  # of ASPP, so that its kernels span the same part of the picture
for stride, details in ((32, 1), (16, 1), (8, 1), (16, 0)):
    options = told["options"] | {"output_stride": stride, "rates": rates[stride]}
    net = models.build("deeplab_v3plus", 3, **options, weights=pets).eval()
    net.decoder.reduce.register_forward_hook(lambda layer, read, maps, details=details: maps * details)
    with torch.no_grad():
        scores = AtWorkingSize(net, told["working_size"])(normal)[0]
    found[f"stride {stride}{', no details' * (not details)}"] = scores.argmax(0)
outlines(cat, found, told["classes"], window=(slice(0, 300), slice(190, 451)), columns=4)

# %% [markdown]
# How can a stride change without a weight? What do the low-level maps contribute? And how does the network know
# *what* it sees? This lecture takes it apart.
#
# ## Where we stand
# Lecture 05 built a pyramid of rates ([[aspp|ASPP]]), lecture 06 averaged the picture to learn what scene it is. Both
# keep a map of stride 8 and pay for it. DeepLab v3 ([@chen2017]) puts the two ideas together; v3+ ([@chen2018plus])
# adds edges and makes it cheap.
#
# ## Problem one: wide rates fall off the map
# A picture of 513 pixels at [[output stride]] 16 becomes a map of 33 x 33 cells. A 3x3 kernel has nine weights; near
# the border some lie outside, where there are only zeros. Below, each cell is coloured by how many weights are left
# for a kernel that stands there. *Guess:* at [[dilation rate]] 18, how many of the 1089 cells have all nine?
# <details><summary>Your guess, then ours</summary>None. From a rate of half the map's side on, the kernel's left and
# right columns are never both on the map. At rate 24 two or three weights are left on average; at rate 33 only the
# centre would be.</details>

# %%
from course_lib.lectures.l07_deeplab_v3_v3plus import figures as figures

figures.weights_on_the_map(33, rates=(6, 12, 18, 24))

# %% [markdown]
# On this map a branch with rate 24 has lost most of its weights, and with rate 33 it would be a 1x1 convolution in
# disguise. (v2 could afford rate 24: its map of stride 8 has twice as many cells along a side.) v3 draws two
# conclusions: use an honest 1x1, and get the wide view in another way.
#
# ## The idea: one average for the whole picture
# **[[Image pooling]]** averages each [[channel]] over the whole map, sends the averages through a 1x1, and hands the
# result to every cell. It is the coarsest level of PSPNet's pyramid. Here is the whole module as the network runs it:
# find the 1x1, the rates, the image pooling, and the line that joins them.

# %%
from inspect import getsource

from course_lib.models import deeplab_v3

print(getsource(deeplab_v3.ASPP))

# %% [markdown]
# ### Play: what does one cell learn?
# The same cell, five branches. Each bar says how much of which class a branch reads. Move the cell into a corner:
# which rates lose their weights, and which branch does not care? Then change to pyramid pooling and compare.

# %%
from course_lib import explorers

moving_pyramids = explorers.pyramids()
display(moving_pyramids.figure(), moving_pyramids)

# %% [markdown]
# ### Measured: does image pooling help?
# One small network, twice, with the same number of parameters: its last branch pools the whole picture, or it does not.
# It is trained on two worlds. In the *harbour* a hull is a boat or a car depending on a surface far away; in the
# *skyline* a house and a tower differ in their own proportions. *Guess* in which of them image pooling helps, then
# look at the two pairs of numbers. V13 asks the same on photographs: DeepLab v3+ on a body that ImageNet trained learns
# cats and dogs with and without the average. Which of the two worlds will it be like?

# %%
from course_lib.evidence.card import evidence

evidence("V3", "V13")

# %% [markdown]
# A large gain where the evidence is far away, none where it is near. An average of everything is no better than the
# question you ask of it. The photographs show one animal each, and what tells a cat from a dog lies within it: three
# trainings with the average end no better than three without it, and are too few to say more.
#
# ## From v2 to v3, counted on the networks
# The next list was not typed in: both full-size networks ran once, without weights, and the differences were noted,
# v2 above and v3 below. *Joins*: v2 added four score maps; v3 concatenates five stacks of 256 maps and lets a 1x1
# weigh them. *[[batch normalisation|BN]]*: the branches now have it. *Rate 24* is gone. *conv5* has three rates of its
# own, 2 x (1, 2, 4): that is **[[multi-grid]]**. *conv4* got its stride back and lost its rate: v3's map has stride 16.
# In *pool1* and *conv3* the two releases only round differently and put the stride into another layer. And one thing is
# missing because no layer shows it: the [[CRF]].
#
# Under the list the same facts from the ledger, and then v3 drawn from itself at the size of the paper's crops: orange
# boxes dilate, c joins. The comparison takes about 5 seconds.

# %% tags=["heavy"]
from course_lib.figures.architecture import architecture

for change in models.compare("deeplab_v2", "deeplab_v3_resnet101").changes:
    print(f"{change.group:15} {change.what:13} v2  {change.before or 'none'}")
    print(f"{'':29} v3  {change.after or 'none'}")
display(evidence("V1", "V2"))
architecture("deeplab_v3_resnet101")

# %% [markdown]
# ## Output stride: how many pixels is a cell?
# **Output stride** = side of the picture / side of the [[encoder]]'s output. Take a stride away from a stage, give its
# layers twice the rate, and the map is twice as fine while each layer still sees the same part of the picture. No
# weight changes its shape. *Guess:* we load the weights of a stride-16 network into a stride-8 one. What changes: the
# number of weights, the size of the scores, the rates?
# <details><summary>Your guess, then ours</summary>The weights are the same. The scores are twice as fine along each
# side, and the pyramid's rates are doubled, so that they span the same part of the picture.</details>
#
# Stride 8 costs about three times the [[multiply-adds]]; the cell counts them. The paper trains at 16 and evaluates at
# 8: the weights fit. V10 says so too, and V6 has the ratio, which is easily written upside down. V11 does it with the network
# of the opening, trained at 16 and asked at 32, 16 and 8 about photographs that it has never seen. Compare the IoU along
# the boundaries: 32 loses much. 8 gains 0.6 points, and five folds cannot tell this from the paper's gain of 1.3: V11
# is undecided.

# %%
from course_lib.evidence import cost as full_size

name, picture = "deeplab_v3_resnet50", torch.rand(1, 3, 257, 257)
weights = models.build(name, 21, width=1 / 8).state_dict()
for stride in (16, 8):
    net = models.build(name, 21, width=1 / 8, output_stride=stride).eval()
    net.load_state_dict(weights)
    sides, rates = tuple(net.scores(picture).shape), deeplab_v3.aspp_rates(stride)
    print(f"stride {stride}: scores {sides}, ASPP rates {rates}")
    full = models.build(name, output_stride=stride, device="meta")
    print(f"    full size, 513 pixels: {full_size.multiply_adds(full, 513) / 1e9:.0f} billion multiply-adds")
evidence("V6", "V10", "V11")

# %% [markdown]
# ### Play: which stages pay?
# Choose stride 32, 16, 8. Which stages turn orange, and where does the memory grow? Then switch multi-grid on: which
# number changes, and which do not?

# %%
moving_stride = explorers.output_stride()
display(moving_stride.figure(), moving_stride)

# %% [markdown]
# ## Problem two: what stride 16 can hardly say
# Suppose that the encoder makes **no mistake**. We play it ourselves, without any network: only the scores of the cells
# and [[bilinear upsampling]] to the picture's size. Gradient descent looks at the truth of 16 streets and moves the
# scores of their cells, step by step, towards the best fit. It takes about 10 seconds. *Guess* the IoU of the thin
# poles at stride 4, 8 and 16.
# <details><summary>Your guess, then run the cell</summary>At stride 4 nearly 1; at stride 16 most of the poles are
# lost. Between two cells a score can only fade into its neighbour's; it cannot rise and fall again within a few
# pixels.</details>

# %% tags=["heavy"]
from torch.nn import functional as F

from course_lib.metrics import Confusion
from course_lib.scenes import Scenes

streets = Scenes("street", size=128, count=16, seed=4)
images, labels, _ = streets.batch(range(16))
shares = F.one_hot(labels, streets.num_classes).permute(0, 3, 1, 2).float()
shown = {"truth": labels[0]}
for stride in (4, 8, 16):
    cells = (F.avg_pool2d(shares, stride) + 0.01).log().requires_grad_()
    optimiser = torch.optim.Adam([cells], lr=0.5)
    for _ in range(60):
        enlarged = F.interpolate(cells, size=(128, 128), mode="bilinear")
        optimiser.zero_grad()
        F.cross_entropy(enlarged, labels).backward()
        optimiser.step()
    fitted = enlarged.argmax(1)
    shown[f"stride {stride}"] = fitted[0]
    score = Confusion(streets.num_classes).update(fitted, labels)
    print(f"stride {stride:2}: mean IoU {score.mean_iou:.2f}, poles {score.iou[-1]:.2f}")
scene = {"the picture": images[0]}
figures.answers(scene, shown, streets.classes, streets.colours, truth=labels[0])

# %% [markdown]
# A network has to guess what these scores were shown, so it will hardly do better: the cells are too large. Stride 8
# everywhere is dear. But somewhere in the encoder there *is* a map of stride 4 with the edges still in it, a
# **[[low-level feature]]**. It does not know what things are, and the encoder's map does not know where they end.
#
# ## The idea: a small decoder
# v3+ joins the two. The low-level feature has 256 channels; a 1x1 reduces them to **48**, so that they do not outweigh
# the encoder's 256 maps. The encoder's maps are enlarged to stride 4, both are joined, and two 3x3 decide which edges
# count. Here is the whole [[decoder]]:

# %%
from course_lib.models import deeplab_v3plus

print(getsource(deeplab_v3plus.Decoder))

# %% [markdown]
# ### Who draws the outline?
# The course's trained v3+ is small. On its pictures of 64 pixels the encoder's map has 4 x 4 cells and the low-level
# feature 16 x 16. We give it the encoder's map of one street and the low-level feature **of another**, for 64 streets,
# and look at the buses. *Guess:* whose bus will it draw?
# <details><summary>Your guess, then ours</summary>The row *borrowed* says it: whose truth fits the drawn buses better?
# With 4 x 4 cells the encoder can hardly say where a bus is, so we expect the lender's. The last row puts zeros in the
# place of the low-level feature. But zeros are something that this network never met; for a fair trial it must be
# trained with them, as in V9 below.</details>

# %%
from course_lib.models.blocks import resize
from course_lib.training import checkpoints

trained, unseen = checkpoints.load("deeplab_v3plus_street"), checkpoints.unseen("deeplab_v3plus_street")
pictures, truth, _ = unseen.batch(range(64))
with torch.no_grad():
    low, features = trained.encode(pictures)
    encoded = trained.aspp(features)
    swapped = {"its own": low, "borrowed": low.roll(1, 0), "none": torch.zeros_like(low)}
    drawn = {name: trained.score(trained.decoder(maps, encoded)) for name, maps in swapped.items()}
drawn = {name: resize(scores, (64, 64), align_corners=True).argmax(1) for name, scores in drawn.items()}
print("IoU of the bus, with its own truth and with the lender's")
for name, answer in drawn.items():
    own, lender = (Confusion(6).update(answer, label).iou[2] for label in (truth, truth.roll(1, 0)))
    print(f"    low-level feature {name:8}  {own:.2f}  {lender:.2f}", " the lender's bus" * bool(lender > own))
pair = {"the picture": pictures[8], "the lender": pictures[7]}
first = {f"low level:\n{name}": answer[8] for name, answer in drawn.items()}
figures.answers(pair, first, unseen.classes, unseen.colours)

# %% [markdown]
# ### Measured: the decoder
# V7 counts the real decoder. V9 trains one small network with four ways home: its scores enlarged at once from stride
# 16; the same from stride 4, an encoder that gives up its strides; the decoder; and, as a control, the decoder with its
# low-level maps set to zero. V12 silences the low-level maps of the network from the opening, on photographs. The cell
# first counts what each way costs. Look at the IoU along the boundaries, in bands
# of 1, 2, 4 and 8 pixels on either side. *Guess* first: what do the decoder's two extra layers gain without the
# low-level feature?

# %%
from course_lib.lectures.l07_deeplab_v3_v3plus.networks import WAYS, SmallV3Plus

with torch.device("meta"):
    for way in WAYS:
        print(f"{way:15} {full_size.multiply_adds(SmallV3Plus(way), 64) / 1e6:5.1f} million multiply-adds")
evidence("V7", "V9", "V12")

# %% [markdown]
# Over enlargement by 16 the decoder gains much, at every width of the band, and nearly all of it comes from the
# low-level feature: with zeros in its place the same two layers gain little. But unfold the numbers and look at the last comparison. An
# encoder that keeps stride 4 has no decoder, and three seeds cannot tell its edges from the decoder's. It pays
# for them with almost twice the multiply-adds. So the decoder may not be a better way to sharp edges; it is a cheaper
# one.
#
# ### Exercises 7.1 to 7.3: the average, ASPP, and output stride
# `my_image_pooling(x, weight)` is as large as `x` again, BN and ReLU left out. `my_aspp(x, branches, project)` is v3's
# ASPP of layers that you may call. `my_output_stride(image, cells)` is the definition, the right way up.
#
# ### Exercises 7.4 and 7.5: strides for rates, and the decoder
# `my_plan(strides, output_stride)` lists the strides that stay, then the rate of each stage:
# `my_plan([4, 2, 2, 2], 8)` is `[4, 2, 1, 1, 1, 1, 2, 4]`. `my_decoder(low, encoded, reduce)` is the decoder up to its
# 3x3s: `low` is the low-level feature, `encoded` the encoder's map, `reduce` a layer that you may call.
# `exercises.deeplab_v3.decoder.hint()` helps.

# %% tags=["exercise"]
from course_lib import exercises


def my_image_pooling(x, weight):
    # solution
    average = x.mean(dim=(2, 3), keepdim=True)
    return F.conv2d(average, weight).expand(-1, -1, *x.shape[-2:])


def my_aspp(x, branches, project):
    # solution
    return project(torch.cat([branch(x) for branch in branches], dim=1))


def my_output_stride(image, cells):
    # solution
    return image / cells


ours = exercises.deeplab_v3
display(
    ours.image_pooling.check(my_image_pooling), ours.aspp.check(my_aspp), ours.output_stride.check(my_output_stride)
)


# %% tags=["exercise"]
def my_plan(strides, output_stride):
    # solution
    kept, rates, reached, rate = [], [], 1, 1
    for stride in strides:
        stays = reached * stride <= output_stride
        reached, rate = (reached * stride, rate) if stays else (reached, rate * stride)
        kept.append(stride if stays else 1)
        rates.append(rate)
    return kept + rates


def my_decoder(low, encoded, reduce):
    # solution
    details = reduce(low)
    encoded = F.interpolate(encoded, size=details.shape[-2:], mode="bilinear", align_corners=True)
    return torch.cat([encoded, details], dim=1)


display(exercises.deeplab_v3.plan.check(my_plan), exercises.deeplab_v3.decoder.check(my_decoder))

# %% [markdown]
# ## Problem three: the price
# A plain 3x3 convolution does two things at once: it looks at neighbours, and it mixes channels. A
# **[[depthwise separable convolution]]** does them one after the other. Below, a street with 3 channels on its way to
# 16 maps. *Guess:* a plain 3x3 needs 3 x 3 x 3 x 16 weights for that. How many do the two steps need?
# <details><summary>Your guess, then ours</summary>3 x 3 x 3 + 3 x 16 = 75, where the plain one has 432. In general the
# ratio is 1/N + 1/k² for N output channels and a k x k kernel.</details>
#
# Under the maps is an explorer of what a convolution costs. Move the channels and the kernel, then switch the
# measurement on: it times both kinds on *your* machine. Does the time fall as much as the multiply-adds?

# %%
torch.manual_seed(0)
alone = F.conv2d(images[:1], torch.randn(3, 1, 3, 3), padding=1, groups=3)
mixed = F.conv2d(alone, torch.randn(16, 3, 1, 1))
figures.separable_steps(images[0], alone[0], mixed[0])

# %%
moving_cost = explorers.convolution_cost()
moving_cost.figure()

# %%
moving_cost

# %% [markdown]
# ### Measured: what separable convolutions save
# V4 counts weights. V5 trains and times. What decides is the accuracy at equal numbers of maps: the paper's network loses
# 0.14 points. Then unfold the numbers. How many times fewer multiply-adds, and how many times less time: not the same
# number. And the controls: a plain network so narrow that it has as many weights as the separable one, and a separable
# one that is wider. At this width the separable one loses 17 points, so the paper's small loss does not reproduce here.

# %%
evidence("V4", "V5")

# %% [markdown]
# So in a small network the saving is not free. At equal numbers of maps separable layers lose accuracy; at equal
# numbers of weights a narrow plain network does as well; width wins back most of what was lost. The paper made only
# the layers of pyramid and decoder separable, 256 maps wide, behind a large backbone: 79.93 became 79.79.
#
# ### Exercises 7.6 and 7.7: an atrous separable convolution, and what it saves
# v3+ makes the pyramid's 3x3s separable too. Write one: `my_separable(x, depthwise, pointwise, rate)`, as large as x.
# Then `my_cost(cells, before, after, kernel)` lists the multiply-adds of an ordinary and of a separable convolution.


# %% tags=["exercise"]
def my_separable(x, depthwise, pointwise, rate):
    # solution
    alone = F.conv2d(x, depthwise, padding=rate, dilation=rate, groups=x.shape[1])
    return F.conv2d(alone, pointwise)


def my_cost(cells, before, after, kernel):
    # solution
    return [cells * kernel**2 * before * after, cells * (kernel**2 * before + before * after)]


display(exercises.deeplab_v3.separable.check(my_separable), exercises.deeplab_v3.cost.check(my_cost))

# %% [markdown]
# ## The real network: v3+ on Xception-65
# [[Xception]] ([@chollet2017]) is a [[backbone]] of separable convolutions. v3+ changes it: strided separable
# convolutions stand where max pools were, the middle has 16 blocks instead of 8, and each depthwise step has its own
# BN. The next cell sends the shape of a picture of 513 pixels through the full-size network. In the
# drawing under it, find the skip: it leaves *entry2* before the last of its three layers, the strided one, and so still
# at stride 4.

# %%
network = models.build("deeplab_v3plus", num_classes=21, device="meta").eval()
scores = network.scores(torch.rand(1, 3, 513, 513, device="meta"))
print(f"{sum(p.numel() for p in network.parameters()):,} parameters, scores {tuple(scores.shape)}")
del network
display(evidence("V8"))
architecture("deeplab_v3plus")

# %% [markdown]
# ## With a network: torchvision's weights, and all the pets
# This course needs no network. Whoever has one can take two more steps. The next cell says how much each would fetch,
# and fetches nothing as long as `fetch` is `False`.
#
# - **DeepLab v3 as torchvision trained it**, on ResNet-50, with COCO's pictures of VOC's 20 classes. Our network takes
#   its weights as they are, with `variant="torchvision"`. *Guess* before you look: will it find the cat's outline better
#   than the light network of the opening, and which of its other classes will appear?
# - **All of Oxford-IIIT Pet**: 7349 photographs of 37 breeds, where our networks learned from 249. One command fetches
#   and checks them, says how long your machine will train, and goes on where it was stopped:
#   `python -m course_lib.training --model deeplab_v3plus --option backbone=efficientnet_lite0 --backbone-weights
#   efficientnet_lite0_imagenet --data pets --crop 193 --batch-size 8 --steps 600`. Its classes are background and pet.

# %%
from torchvision.models import get_model_weights

from course_lib import datasets
from course_lib.datasets import pets as oxford

fetch = False  # True: fetches the weights and answers
voc = get_model_weights("deeplabv3_resnet50")["COCO_WITH_VOC_LABELS_V1"]
sizes = {"weights": voc.meta["_file_size"] * 2**20, "pets": oxford.IMAGES.size + oxford.ANNOTATIONS.size}
for what, size in sizes.items():
    print(f"{what}: {size / 1e6:.0f} MB, {size / 3e6 / 60:.0f} minutes at 3 MB a second")
if fetch:
    net = models.build("deeplab_v3_resnet50", num_classes=21, variant="torchvision", weights=voc.name).eval()
    normal, _ = datasets.Normalise()(cat.image, cat.mask)
    with torch.no_grad():
        labels = net(normal[None])[0].argmax(0)
    names = datasets.VOC2012.classes
    print({names[label]: f"{(labels == label).float().mean():.1%}" for label in labels.unique()})
    is_cat = (labels == names.index("cat")).long()
    display(outlines(cat, {voc.name: is_cat}, cat.classes, window=(slice(0, 300), slice(0, 451)), columns=1))

# %% [markdown]
# ## What the papers report
# All on VOC 2012, in percent of mean IoU: first the test pictures, then the validation pictures, each from low to high.
# *With* says what else was at work, such as more training pictures (COCO, JFT) or several scales of each picture.
# Compare only rows of one split and one condition.
#
# ### Exercise 7.8: read a table
# Under this table the cell prints v3+'s own table on low-level channels and five statements. Which of them follow?
# Answer with letters, such as "bd".

# %% tags=["exercise"]
from course_lib.evidence import published

versions = ("DeepLab v2", "DeepLab v3", "DeepLab v3+")
display(published.Table(row for row in published.table(data="VOC 2012") if row.family in versions))
print(exercises.deeplab_v3.low_level.question())
my_letters = "ad"  # solution
exercises.deeplab_v3.low_level.check(my_letters)

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Wide rates on small maps lose their weights. v3 replaces the widest by a 1x1 and adds the picture's average. That
#   helped us where the evidence is far away, and not where it is near.
# - Output stride is pixels per cell: input / output. Trade a stride for a rate and the same weights run finer, dearer.
# - Even scores that were fitted to the truth lose most of the poles at stride 16. Edges must come from a layer that has
#   them: v3+ joins 48 low-level maps at stride 4, which is cheaper than an encoder that never shrinks so far.
# - Separable convolutions look first and mix later. They save nearly a factor of nine in work at 3x3, less in
#   time, and a small network pays for it with accuracy.
#
# ## Easily confused
# - "Output stride = output / input." Upside down (V6).
# - "The low-level feature is reduced to one channel." To 48 (V7).
# - Code with one 3x3 in the decoder, without BN and ReLU between the halves of its separable convolutions, or with the
#   low-level feature of Xception's first block: runs, and is another network.
#
# ## Further reading
# - [@@chen2017]
# - [@@chen2018plus]
# - [@@chollet2017]
#
# Next: lecture 08 puts all families on one bench.
