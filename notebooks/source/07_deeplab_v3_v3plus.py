# ---
# title: DeepLab v3 and v3+
# question: How do rates, strides, the whole picture and sharp edges fit into one network?
# able:
#   - name each step from DeepLab v2 to v3 and to v3+, and say which problem it answers
#   - trade strides for rates, and say what output stride 8 costs compared with 16
#   - derive the cost of a depthwise separable convolution, and say what it saves and what it does not
#   - explain why the decoder keeps 48 low-level maps, and neither one nor all
# needs: "Lectures 04 to 06: dilation and receptive fields, atrous spatial pyramid pooling (ASPP), pooling for
#      context."
# read_minutes: 40
# run_seconds: 50
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
#     - {section: "Problem one: wide rates fall off the map", minutes: 8, show: "weights_on_the_map for 33 cells; let the class
#          guess rate 18 first"}
#     - {section: "The idea: one average for the whole picture", minutes: 10, show: "the pyramids explorer: move the cell to a
#          corner, then change to pyramid pooling"}
#     - {section: "From v2 to v3, counted on the networks", minutes: 10, show: "models.compare, line by line: which line answers which
#          problem?"}
#     - {section: "Output stride", minutes: 12, show: "the output stride explorer: 32, 16, 8, and watch the memory of
#          conv4 and conv5"}
#     - {section: "Problem two: thin things at stride 16", minutes: 10, show: "the fitted answer at stride 4, 8 and 16; ask
#          what is to blame: the network, the stride or the loss"}
#     - {section: "The idea: a small decoder", minutes: 15, show: "the borrowed low-level feature: whose bus is it?"}
#     - {section: "Problem three: the price", minutes: 15, show: "the cost explorer with the time measured on
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
# DeepLab v3+ labelled a photograph in the first minute of lecture 00. Here is the same network again: a light backbone,
# trained on cats and dogs. Below, the **same weights** answer four times. In the first three pictures one cell of the
# encoder's map is 32, 16 or 8 pixels wide; nothing was trained again. In the last picture the low-level maps of the
# [[decoder]] are set to zero. The number is the IoU of the cat. It takes about 5 seconds.
#
# *Guess:* what changes, the class or the outline? And is the network worse without its low-level maps?
# <details><summary>Your guess, then run the cell</summary>The outline. All four find the cat. From stride 32 to 8 the
# outline follows the ear and the cheek more closely. Without the low-level maps it is smoother, and on this photograph
# its IoU is even higher! One photograph proves nothing. Card V12, further down, asks 149 photographs, and there the
# boundaries are far worse without low-level maps.</details>

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
# How can a stride change without a new weight? What do the low-level maps contribute? And how does the network know
# *what* it sees? This lecture takes it apart.
#
# ## Where we stand
# Lecture 05 built a pyramid of rates ([[aspp|ASPP]]). Lecture 06 averaged the whole picture to learn what scene it is.
# Both keep a map of stride 8, which is expensive. DeepLab v3 ([@chen2017]) combines the two ideas. DeepLab v3+
# ([@chen2018plus]) adds sharp edges and makes the network cheaper.
#
# ## Problem one: wide rates fall off the map
# A picture of 513 pixels at [[output stride]] 16 becomes a map of 33 x 33 cells. A 3x3 kernel at [[dilation rate]] r
# reads cells that are r apart. Cells outside the map hold zeros, and a weight that meets a zero does nothing. Below,
# each cell is coloured by how many of the nine weights meet the map when the kernel stands there. *Guess:* at rate 18,
# how many of the 1089 cells have all nine? And where are the fewest, at the border or in the middle?
# <details><summary>Your guess, then ours</summary>None has all nine. From half the map's side on, the left and the
# right column of the kernel are never both on the map. And at rates 18 and 24 the **middle** has the fewest: there all
# eight outer weights fall off, and the kernel is a 1x1. In a corner four weights remain.</details>

# %%
from course_lib.lectures.l07_deeplab_v3_v3plus import figures as figures

figures.weights_on_the_map(33, rates=(6, 12, 18, 24))

# %% [markdown]
# At rate 24 two or three weights are left on average, and at rate 33 only the centre would be. DeepLab v2 had rate 24,
# too. Its map has stride 8, 41 cells for a crop of 321; in the middle of that map, rate 24 is a 1x1 as well. Did it
# hurt? The papers' own ablations, in mean IoU on VOC 2012 validation:
#
# | DeepLab v2 on VGG16, before the CRF | | DeepLab v3 on ResNet-101 | |
# |---|---|---|---|
# | LargeFOV: one branch, rate 12 | 65.76 | rates 6, 12, 18, multi-grid | 76.58 |
# | ASPP-S: rates 2, 4, 8, 12 | 66.98 | and rate 24 | 76.46 |
# | ASPP-L: rates 6, 12, 18, 24 | 68.96 | instead of 24: image pooling | 77.21 |
#
# In v2 the wide set beat the narrow one by two points of mean IoU. In v3 a branch with rate 24 gained nothing, and image
# pooling gained 0.63 points. A kernel of which only the centre is left is a 1x1 that costs nine weights. So v3 uses a plain
# 1x1, and gets the wide view in another way.
#
# ## The idea: one average for the whole picture
# **[[Image pooling]]** averages each [[channel]] over the whole map, sends the averages through a 1x1 convolution, and
# gives every cell the result. It is the coarsest level of PSPNet's pyramid. Below is the whole module as the network
# runs it. Find the 1x1, the rates, the image pooling, and the line that joins them.
#
# Lecture notes say that v3 "concatenates the branches and then sums them with the score". It does not. It concatenates
# five stacks of 256 maps, and a 1x1 convolution reduces the 1280 maps to 256. Then one more 1x1 gives the scores. The sum
# of v2 is a special case: a 1x1 over a concatenation *is* a sum, W [a, b] = W1 a + W2 b. v3 learns the W.

# %%
from inspect import getsource

from course_lib.models import deeplab_v3

print(getsource(deeplab_v3.ASPP))

# %% [markdown]
# ### Play: what does one cell read?
# One cell and the five branches: what each of them reads is cut out, and the numbers say how much of which class that is.
# Move the cell into a corner: which rates lose their weights, and which branch does not care? Then change to pyramid
# pooling and compare. It takes about 3 seconds to appear.

# %% tags=["heavy"]
from course_lib import explorers

moving_pyramids = explorers.pyramids()
display(moving_pyramids.figure(), moving_pyramids)

# %% [markdown]
# ### Measured: does image pooling help?
# One small network is trained twice, with the same number of parameters. Its last branch pools the whole picture, or it
# does not. There are two worlds. In the *harbour* a hull is a boat or a car depending on a surface far away. On the
# *skyline* a house and a tower differ in their own proportions. *Guess* in which of them image pooling helps.
#
# Card V13 asks the same on photographs: DeepLab v3+ on an ImageNet backbone learns cats and dogs, with and without
# image pooling. *Guess* again: which of the two worlds are they like?

# %%
from course_lib.evidence.card import evidence

evidence("V3", "V13")

# %% [markdown]
# Image pooling gains much where the evidence is far away and nothing where it is near. The photographs show one animal
# each, and what tells a cat from a dog is on the animal. There three trainings with the average end no better than three
# without; they are too few to say more.
#
# ## From v2 to v3, counted on the networks
# Nobody typed the next list. Both full-size networks ran once, without weights, and the program noted the differences.
# For each line find the reason:
#
# - *joins*: v2 added four score maps; v3 concatenates and learns how to weigh the branches;
# - *[[batch normalisation|BN]]*: the branches now have it;
# - *rate 24* is gone, a 1x1 and image pooling came;
# - *conv5* has three rates of its own, 2 x (1, 2, 4): this is **[[multi-grid]]**;
# - *conv4* got its stride back and lost its rate: the map of v3 has stride 16;
# - *pool1* and *conv3* only round differently and put the stride into another layer of the block;
# - and the [[CRF]] is gone, which no layer shows.
#
# Below the list v3 is drawn from itself, at the size of the paper's crops. Orange boxes dilate, *c* concatenates. The
# comparison takes about 5 seconds.

# %% tags=["heavy"]
from course_lib.figures.architecture import architecture

for change in models.compare("deeplab_v2", "deeplab_v3_resnet101").changes:
    print(f"{change.group:15} {change.what:13} v2  {change.before or 'none'}")
    print(f"{'':29} v3  {change.after or 'none'}")
architecture("deeplab_v3_resnet101")

# %% [markdown]
# ## Output stride: how many pixels is a cell?
# **Output stride** = side of the picture / side of the [[encoder]]'s output. A picture of 512 pixels and a map of 32
# cells: output stride 16. (Lecture notes often give the ratio upside down.)
#
# To halve it, take the stride out of a stage and double the rate of every layer behind it. The map is twice as fine, and
# each layer still reads the same part of the picture. *Guess:* we load the weights of a stride-16 network into a
# stride-8 network. What changes: the number of weights, the size of the scores, the rates?
# <details><summary>Your guess, then ours</summary>The weights are the same. The scores are twice as fine along each
# side. The rates of ASPP double, so that they span the same part of the picture.</details>
#
# Two sentences about this circulate, and both are wrong.
#
# - *"DeepLab deletes the last blocks to lower the output stride."* No block is deleted. The block's **stride** goes and a
#   rate comes. Without the blocks their weights would be gone, and with them the most abstract features.
# - *"Atrous convolution prevents abstraction."* Abstraction comes from the layers, and all layers are still there. What
#   atrous convolution prevents is the loss of *resolution*. The opening shows it: at stride 32, 16 and 8 the same weights
#   find the same cat.
#
# Stride 8 costs about three times the [[multiply-adds]] of stride 16; the cell counts them. The paper trains at 16 and
# evaluates at 8. Card V11 does the same with the network of the opening. Compare the IoU along the boundaries, in points of
# 0.01: stride 32 loses 10 points against stride 16, stride 8 gains 0.5 (its interval reaches from -0.1 to 1.1). The paper
# gained 1.3 points, so V11 does not reproduce here. One difference: the paper's network has no decoder. Ours has one, which
# adds maps of stride 4 whatever the output stride is.
#
# ### Play: which stages pay?
# Choose stride 32, 16, 8. Which stages turn orange, and where does the memory grow? Then switch multi-grid on: which
# number changes, and which do not? The cell takes about 5 seconds.

# %% tags=["heavy"]
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
moving_stride = explorers.output_stride()
display(evidence("V11"), moving_stride.figure(), moving_stride)

# %% [markdown]
# ## Problem two: thin things at stride 16
# How well *could* a map of stride 16 draw a street? We play the encoder ourselves, without any network. The scores of
# the cells are free numbers, and [[bilinear upsampling]] brings them to the picture's size. Gradient descent on the usual
# loss moves the scores of 16 streets towards the truth. It takes about 10 seconds. *Guess* the IoU of the thin poles at
# stride 4, 8 and 16.
# <details><summary>Your guess, then run the cell</summary>At stride 4 nearly 1; at stride 16 most of the poles are lost.
# Between two cells a score can only fade into its neighbour's. It cannot rise and fall again within a few
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
# Is this the best that stride 16 can do? No: it is the best for the *usual loss*, in which a pole's few pixels hardly
# count. With four times the weight on poles, the same cells draw about twice as many of them. So it is no upper bound.
# But it shows the price: at stride 16 a thin thing must be paid for by its neighbours.
#
# Stride 8 everywhere is expensive. But inside the encoder there *is* a map of stride 4 with the edges still in it, a
# **[[low-level feature]]**. The low-level feature has the detail, and the encoder's map has the meaning.
#
# ## The idea: a small decoder
# v3+ joins the two. The low-level feature has 256 channels, and a 1x1 reduces them to **48** (not to one, as some notes
# say), so that they do not outweigh the encoder's 256 maps. The encoder's maps are upsampled to stride 4, both are
# concatenated, and two 3x3 convolutions decide which edges count. Here is the whole [[decoder]]:

# %%
from course_lib.models import deeplab_v3plus

print(getsource(deeplab_v3plus.Decoder))

# %% [markdown]
# ### Who draws the outline?
# The trained v3+ of our streets is small: for a picture of 64 pixels the encoder's map has 4 x 4 cells, the low-level
# feature 16 x 16. We give it the encoder's map of one street and the low-level feature **of another street**, which we call
# the *lender*. We do so for 64 streets, and look at the buses. *Guess:* whose bus will it draw?
# <details><summary>Your guess, then ours</summary>Mostly the lender's: the row *borrowed* fits the lender's truth
# better. So here the low-level feature brings more than edges; with 4 x 4 cells the encoder can hardly say *where* a bus
# is. At full size the encoder has 33 x 33 cells, and the split of work is closer to the textbook's. The last row puts
# zeros in place of the low-level feature. This network never met zeros, so the trial is unfair; V9 below trains a
# network with them.</details>

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
# Card V9 trains one small network with four ways back to the picture's size:
#
# 1. **plain 16x**: scores of stride 16, upsampled at once;
# 2. **plain 4x**: an encoder that keeps stride 4, upsampled at once;
# 3. **decoder**: the decoder of v3+;
# 4. **zeroed decoder**: the control, a decoder whose low-level maps are zeros.
#
# Card V12 silences the low-level maps of the network from the opening, on photographs. The cell first counts what each
# way costs. Look at the IoU along the boundaries. *Guess* first: what do the two extra layers of the decoder gain
# **without** the low-level feature?

# %%
from course_lib.lectures.l07_deeplab_v3_v3plus.networks import WAYS, SmallV3Plus

with torch.device("meta"):
    for way in WAYS:
        print(f"{way:15} {full_size.multiply_adds(SmallV3Plus(way), 64) / 1e6:5.1f} million multiply-adds")
evidence("V9", "V12")

# %% [markdown]
# Compared with upsampling by 16 the decoder gains much, and nearly all of the gain comes from the low-level feature: with
# zeros in its place the same two layers gain little. But unfold the numbers and look at the last comparison. An encoder
# that keeps stride 4 needs no decoder, and three seeds cannot tell its edges from the decoder's. It costs almost twice the
# multiply-adds. So the decoder may not be a *better* way to sharp edges; it is a *cheaper* one.
#
# ### Exercises 7.1 to 7.3: the average, ASPP, and output stride
# - `my_image_pooling(x, weight)`: image pooling, as large as `x` again; BN and ReLU are left out.
# - `my_aspp(x, branches, project)`: v3's ASPP, from layers that you may call.
# - `my_output_stride(image, cells)`: the definition, the right way up.
#
# ### Exercises 7.4 and 7.5: strides for rates, and the decoder
# - `my_plan(strides, output_stride)`: the strides that stay, then the rate of each stage. For example,
#   `my_plan([4, 2, 2, 2], 8)` is `[4, 2, 1, 1, 1, 1, 2, 4]`.
# - `my_decoder(low, encoded, reduce)`: the decoder up to its 3x3s. `low` is the low-level feature, `encoded` the
#   encoder's map, `reduce` a layer that you may call. `exercises.deeplab_v3.decoder.hint()` helps.

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
# A plain convolution does two things at once: it looks at neighbours, and it mixes channels. **Chollet's hypothesis**
# ([@chollet2017]) is that the two can be separated completely. A **[[depthwise separable convolution]]** does them one
# after the other:
#
# 1. **depthwise**: each of the M input channels is filtered by *one* k x k kernel of its own. Weights: k² M;
# 2. **pointwise**: a 1x1 convolution mixes the M filtered maps into N outputs. Weights: M N.
#
# A plain convolution has a k x k kernel for every *pair* of input and output: k² M N. Where is the saving? The spatial
# filters are **shared by all N outputs**; the outputs differ only in how they mix them. The ratio is
#
# (k² M + M N) / (k² M N) = 1/N + 1/k².
#
# Below, a street with M = 3 channels becomes N = 16 maps. *Guess:* a plain 3x3 needs 3 x 3 x 3 x 16 = 432 weights. How
# many do the two steps need?
# <details><summary>Your guess, then ours</summary>27 + 48 = 75. The ratio is 0.174 = 1/16 + 1/9. For many output
# channels it approaches 1/9: at 3x3, separable layers save at most a factor of nine.</details>
#
# Below the maps is an explorer. Move the channels and the kernel. Then switch the measurement on: it times both kinds on **your**
# machine. Does the time fall as much as the multiply-adds? The cell takes about 5 seconds.

# %% tags=["heavy"]
torch.manual_seed(0)
alone = F.conv2d(images[:1], torch.randn(3, 1, 3, 3), padding=1, groups=3)
mixed = F.conv2d(alone, torch.randn(16, 3, 1, 1))
moving_cost = explorers.convolution_cost()
display(figures.separable_steps(images[0], alone[0], mixed[0]), moving_cost.figure(), moving_cost)

# %% [markdown]
# ### Measured: what separable convolutions save
# The next explorer takes both layers apart: each square is one multiply of one output pixel. Play them. *Guess:* when
# the separable layer has all its outputs, how many has the plain one? And do both compute the same?
#
# Card V5 below it trains the same small network with plain and with separable layers and times both. What decides is the
# accuracy at equal numbers of maps; the paper's network loses 0.14 points. Then unfold the numbers and look for three
# things: how many times fewer multiply-adds; how many times less time; and the two controls, a *narrow* plain network with
# as few weights as the separable one, and a *wide* separable one with as many weights as the plain one.

# %%
apart = explorers.separable_layer()
display(apart.figure(), apart, evidence("V5"))

# %% [markdown]
# In a small network the saving is not free. At equal numbers of maps the separable network loses 17 points of mean IoU: the paper's
# small loss does not reproduce here. At equal numbers of *weights* the narrow plain network does as well as the separable
# one. Width wins back most of what was lost. And 8.7 times fewer multiply-adds became 5 times less time.
#
# The paper measured something else. Its backbone, Xception, was separable from the start and had learned ImageNet. It
# then made the layers of ASPP and decoder separable as well, 256 maps wide: 79.93 became 79.79, for 40 % fewer
# multiply-adds.
#
# ### Exercises 7.6 and 7.7: an atrous separable convolution, and what it saves
# - `my_separable(x, depthwise, pointwise, rate)`: the layer of v3+'s ASPP, as large as `x`.
# - `my_cost(cells, before, after, kernel)`: the multiply-adds of a plain and of a separable convolution, as a list.


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
# ## Xception, and the real network
# [[Xception]] ([@chollet2017]) is built on the hypothesis: its convolutions are separable, all but the first two. It
# has three flows. The **entry flow** shrinks the picture, the **middle flow** repeats one residual block, and the
# **exit flow** widens to 2048 maps. The figure is drawn from the layers of the network; a grey line is a shortcut.
#
# v3+ changes three things in Chollet's network:
#
# - **Strided separable convolutions replace the max pools.** A pool has no rate. A strided convolution has one: its
#   stride can be traded for a rate, so that the backbone runs at any output stride.
# - **16 middle blocks instead of 8.** A deeper network classifies better: on ImageNet the authors report 20.19 % error
#   with this Xception and 22.40 % with ResNet-101. The middle flow is the cheap place to be deep, because its map is
#   small; the entry flow, whose maps are large, stays as it was.
# - **BN and ReLU after each depthwise step** as well. (In the released code ReLU stands there only in the last block.)
#
# Now all of v3+, at full size, on a picture of 513 pixels. In the drawing find the skip: it leaves *entry2* before the
# last of its three layers, the strided one, and so still at stride 4.

# %%
from course_lib.lectures.l07_deeplab_v3_v3plus import figures_xception

network = models.build("deeplab_v3plus", num_classes=21, device="meta").eval()
scores = network.scores(torch.rand(1, 3, 513, 513, device="meta"))
print(f"{sum(p.numel() for p in network.parameters()):,} parameters, scores {tuple(scores.shape)}")
display(figures_xception.flows(network.backbone), architecture("deeplab_v3plus"))

# %% [markdown]
# ## Online: torchvision's weights, and all the pets
# Nothing in this course needs the internet. With it you can take two more steps. The next cell says how much each would
# download, and downloads nothing as long as `fetch` is `False`.
#
# - **DeepLab v3 as torchvision trained it**, on ResNet-50, with COCO's photographs of the 20 classes of VOC. Our network
#   takes its weights as they are, with `variant="torchvision"`. *Guess:* will it find the cat's outline better than the
#   light network of the opening, and which of its other classes will appear?
# - **All of Oxford-IIIT Pet**: 7349 photographs of 37 breeds; our networks learned from 249. One command downloads and
#   checks them, says how long your machine will train, and resumes where it was stopped:
#   `python -m course_lib.training --model deeplab_v3plus --option backbone=efficientnet_lite0 --backbone-weights
#   efficientnet_lite0_imagenet --data pets --crop 193 --batch-size 8 --steps 600`. Its classes are background and pet.

# %%
from course_lib import datasets
from course_lib.datasets import pets as oxford
from course_lib.vision import torchvision

fetch = False  # True: fetches the weights and answers
voc = torchvision().models.get_model_weights("deeplabv3_resnet50")["COCO_WITH_VOC_LABELS_V1"]
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
# Mean IoU on VOC 2012 in percent: first the test pictures, then the validation pictures, each from low to high. *With*
# says what else was at work, such as more training pictures (COCO, JFT) or several scales of each picture. Compare only
# rows of the same split and the same conditions.
#
# ### Exercise 7.8: read a table
# Below the table the cell prints v3+'s own ablation of low-level channels and five statements. Which of them follow?
# Answer with letters, such as "bd".

# %% tags=["exercise"]
from course_lib.evidence import published

versions = ("DeepLab v2", "DeepLab v3", "DeepLab v3+")
display(published.Table(row for row in published.table(data="VOC 2012") if row.family in versions))
print(exercises.deeplab_v3.low_level.question())
my_letters = "ad"  # solution
exercises.deeplab_v3.low_level.check(my_letters)

# %% [markdown]
# ### A picture to keep: a sticker
# The network cuts your cat or dog out of its photograph. Give `segment` the path of your own picture, and set `keep` to
# `True` to write the file. Look at the outline: where would a decoder at stride 2 have helped?

# %%
from course_lib import paths
from course_lib.segment import segment

keep, thing = False, "cat"
found = segment(paths.data() / "photos" / "cat.jpg")  # your own: segment("my_dog.jpg")
cut = figures.sticker(found.image, found.labels == found.classes.index(thing), thing)
if keep:
    cut.savefig("sticker.png")
cut

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Wide rates on small maps lose their weights, in the middle first. v3 replaces the widest by a 1x1 and adds the
#   picture's average. The average helped us where the evidence is far away, and not where it is near.
# - Output stride is pixels per cell: input / output. Trade a stride for a rate, and the same weights run finer and cost
#   more. No block is deleted.
# - Edges must come from a layer that still has them. v3+ concatenates 48 low-level maps at stride 4, which is cheaper
#   than an encoder that keeps stride 4.
# - Separable convolutions share their spatial filters among all outputs. At 3x3 they save nearly a factor of nine in
#   multiply-adds, less in time, and a small network pays for it with accuracy.
#
# ## Easily confused
# - "Output stride = output / input." Upside down (V6).
# - "The low-level feature is reduced to one channel." To 48 (V7).
# - "v3 concatenates and then sums with the score." A 1x1 reduces the concatenation, another gives the scores (V1).
# - "Deleting the last blocks lowers the output stride." Their strides become rates (V10).
# - Some code has one 3x3 in the decoder instead of two. Some has no BN and ReLU between the two halves of a separable
#   convolution. Some takes the low-level feature from Xception's first block. All of it runs, and none of it is v3+.
#
# The exact statements of this lecture, counted on the networks, are below. Next: lecture 08 looks at all networks
# together.
#
# ## Further reading
# - [@@chen2017]
# - [@@chen2018plus]
# - [@@chollet2017]

# %%
evidence("V1", "V2", "V4", "V6", "V7", "V8", "V10")
