# ---
# title: Receptive field and dilation
# question: How much of the picture does one pixel of the output see, and how does dilation widen it?
# able:
#   - compute by hand the receptive field of any stack of layers
#   - say what pooling and what dilation cost when a network must see further
#   - recognise gridding, and design rates without holes
#   - tell the theoretical, the effective and the empirical receptive field apart
#   - read DilatedNet's front end and context module, and tell them from DeepLab v1
# needs: Lecture 00, and 01 for what a stride does to small things. A convolution, a pool, nothing more.
# read_minutes: 50
# run_seconds: 80
# quiz:
#   - ask: "A 3x3 convolution, a 2x2 pool with stride 2, a 3x3 convolution. How wide is the field of one cell?"
#     options:
#       - {say: "6", why: "The second 3x3 adds two steps, but after the pool each of its steps is two pixels long."}
#       - {say: "7", why: "That is 3 + 2 + 2: the pool is counted as a 3x3, and the longer steps behind it are forgotten."}
#       - {say: "8", right: true, why: "3, then 3 + 1 = 4 for the pool, then two steps of two pixels each: 8."}
#       - {say: "10", why: "The stride counts only for the layers behind the pool, not for the pool itself."}
#   - ask: "You change a 3x3 convolution from rate 1 to rate 12 and pad it to keep the map's size. What changes?"
#     options:
#       - {say: "Its span, from 3 to 25; weights and multiply-adds stay as they are", right: true, why: "The same nine weights stand further apart. That is all."}
#       - {say: "It has 625 weights instead of 9", why: "The cells between the nine are not read and have no weights."}
#       - {say: "It becomes 12 times slower", why: "Nine products for each output, before and after."}
#       - {say: "Its answer has a twelfth of the size", why: "That would be a stride. A rate moves the taps apart; the kernel is still applied at every cell."}
#   - ask: "Three 3x3 layers, all at rate 2. What does one output cell read of its 13 x 13 box?"
#     options:
#       - {say: "All 169 pixels", why: "Between two taps of rate 2 lies a cell that no layer ever reads."}
#       - {say: "27 pixels, 9 for each layer", why: "Later layers spread the taps of earlier ones: 7 places along one axis."}
#       - {say: "85 pixels, one in two", why: "One in two along each axis is about one in four in the square."}
#       - {say: "49 pixels, 7 x 7", right: true, why: "Along one axis every second of 13 places, so 7; in the square 7 times 7. That is gridding."}
#   - ask: "The theoretical receptive field covers the whole picture. What do you know?"
#     options:
#       - {say: "Each output pixel uses the whole picture", why: "It may. The effective field is usually much smaller, and training can shrink it further."}
#       - {say: "The architecture rules no pixel out, and that is all", right: true, why: "The theoretical field is an outer bound. What is used has to be measured, by gradients or by occlusion."}
#       - {say: "The network is large enough for any object", why: "It could be, but the weights that reach far may be tiny."}
#   - ask: "A listing of DilatedNet's basic context module has rates 1, 1, 2, 4, 8, 1 and a 1x1. What is wrong?"
#     options:
#       - {say: "Nothing, the field is 67", why: "Add it up: 1 + 2 (1 + 1 + 2 + 4 + 8 + 1) is 35."}
#       - {say: "The layer with rate 16 is missing: its field is 35, not 67", right: true, why: "1, 1, 2, 4, 8, 16, 1: the rates sum to 33, and 1 + 2 times 33 is 67."}
#       - {say: "The rates should all be equal", why: "Equal rates larger than 1 leave holes."}
#       - {say: "It should begin with the largest rate", why: "The order does not change the field. The paper lets the rates grow."}
# teach:
#   sections:
#     - {section: "A network behind a keyhole", minutes: 8, show: "The cat in tiles first. Then train the small network live, and let the class guess what it says at the far end of a bus."}
#     - {section: "The receptive field, derived", minutes: 12, show: "Derive the recurrence on the board with the ladder of 3x3, pool, 3x3; let students fill in the 8. Then run the loop, and watch a field grow through a real network."}
#     - {section: "Three ways to see further", minutes: 8, show: "Ask what each way costs before the cell runs: layers, detail, or nothing? Count the weights of the two kernels of span 25."}
#     - {section: "The same network, dilated", minutes: 10, show: "Train the dilated twin live, then the cliff: let somebody predict its place with the recurrence."}
#     - {section: "Gridding", minutes: 10, show: "Explorer: rate 2, 3, 4 with three layers, then the schedule 1, 2, 5. Let students design the schedule of 4.4 in pairs."}
#     - {section: "Theoretical, effective, empirical", minutes: 10, show: "The two lines of the 1/sqrt(n) law on the board, then the heat maps; switch on gradient and occlusion in the explorer."}
#     - {section: "DilatedNet", minutes: 12, show: "The table against DeepLab v1, row by row. Then the module that starts as the identity."}
#   wrong:
#     - {says: "Two 3x3 layers see 6 pixels.", reply: "They overlap: the second layer adds one pixel on each side. Draw the ladder."}
#     - {says: "A dilated kernel is a larger kernel.", reply: "It has a larger span and the same nine weights. Count them in the explorer."}
#     - {says: "A larger receptive field is always better.", reply: "Large rates leave holes and waste weights at the border, and small things do not need a wide view. Ask what evidence the task needs, and how far away it lies."}
#     - {says: "The field covers the picture, so the network uses the picture.", reply: "That is the theoretical field. Look at R8: the effective field is far smaller, and training made it smaller still."}
#     - {says: "Pooling is bad, dilation is good.", reply: "Pooling is cheap: each layer after it works on a quarter of the cells. DilatedNet keeps three pools."}
#   discuss:
#     - {ask: "Why does accuracy fall to one half and not to zero beyond the network's reach?", answer: "Buses and trams are equally frequent, and a pixel out of reach of the cab holds no information: the best answer is a coin."}
#     - {ask: "DilatedNet removes two pools and keeps three. Why not remove all five?", answer: "Each pool removed makes all later maps four times as large: memory and time. At stride 8 the loss of detail is bearable, and the context module is cheap on a small map."}
#     - {ask: "Why did the field of our network shrink when it was trained, while Luo et al. saw fields grow?", answer: "Nobody knows for sure. One guess: ours began with a wide view, 51 of 71 pixels, most of it clutter that the task rewards ignoring; a deep network begins with a narrow one and has to reach out. Measure, do not quote."}
#     - {ask: "Which rates would you choose for objects of 200 pixels at output stride 8?", answer: "200 pixels are 25 cells; the rates should sum to 12 or more, with each rate at most the width already read: 1, 2, 4, 5 for example."}
# ---
# %% [markdown]
# ## A network behind a keyhole
# This is DeepLab v3+ from lecture 00. It labels the cat well when it sees the whole photograph. Now we limit what it
# can see: we cut the photograph into square tiles and label each tile by itself. The network and its weights stay the
# same. The number is the [[iou|IoU]] of the cat. This takes about 5 seconds.
#
# *Guess:* how small can the tiles get before the cat falls apart?
# <details><summary>Your guess, then run the cell</summary>With tiles of 129 pixels it is still mostly a cat. With 65 and
# 43 pixels it is torn: the chin becomes background, the blanket becomes cat, and an eye falls out of the face. Where a tile
# shows only fur or only blanket, the network has no evidence. A pixel needs to see more than its surroundings.</details>

# %% tags=["heavy"]
import torch
from torch.nn import functional as F

from course_lib import explorers
from course_lib.datasets import photos
from course_lib.figures.outlines import outlines
from course_lib.lectures.l04_receptive_field_dilation import figures as figures
from course_lib.lectures.l04_receptive_field_dilation import figures_growth as growth
from course_lib.lectures.l04_receptive_field_dilation import networks
from course_lib.segment import loaded

cat, (real, told) = photos.load("cat"), loaded("deeplab_v3plus_pets")
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
small = F.interpolate(normal, size=(171, 257), mode="bilinear", antialias=True)  # the size that it was trained on
with torch.no_grad():
    torn = {"whole photograph": real(normal)[0].argmax(0)}
for side in (129, 65, 43):
    labels = networks.in_tiles(real.net, small, side)[None, None].float()
    torn[f"tiles of {side}"] = F.interpolate(labels, size=cat.mask.shape)[0, 0].long()
del real
outlines(cat, torn, told["classes"], window=(slice(None), slice(None)), columns=2)

# %% [markdown]
# ### The same failure, isolated
# The painted world separates the cause from everything else. Below are buses and trams. Their bodies are alike. Only
# the cab, six pixels at one end, tells them apart: **yellow for a bus, red for a tram**. Every pixel of a vehicle has
# the vehicle's class, also those at the far end.

# %%
from course_lib.evidence.small_training import accuracy, answers, held_out
from course_lib.lectures.l04_receptive_field_dilation.networks import CAB, MIXED, PLAIN, labeller

unseen = held_out("long_vehicle", **CAB)
images, truth, maps = unseen.batch(range(len(unseen)))
some = slice(8, 13)  # pictures that hold both kinds
figures.vehicles(images[some], truth[some], None, unseen.classes, unseen.colours)

# %% [markdown]
# We train a small network on other pictures of this kind: one 3x3 [[convolution]] with [[stride]] 2, then six 3x3
# convolutions, 16 channels each. The scores are upsampled to the picture's size. This takes about 15 seconds.
#
# *Guess:* which pixels will it get right, and what will it say about the others?
# <details><summary>Your guess, then ours</summary>Near the cab it should be right. At the far end it sees no cab, and half
# of all vehicles are buses, so it can only guess.</details>

# %% tags=["heavy"]
from course_lib.scenes import Scenes
from course_lib.training import fit

scenes = Scenes("long_vehicle", count=4096, seed=0, **CAB)
torch.manual_seed(0)
plain = labeller(PLAIN)
fit(plain, scenes, steps=400, batch_size=8, learning_rate=1e-2)
figures.vehicles(images[some], truth[some], answers(plain, unseen)[0][some], unseen.classes, unseen.colours)

# %% [markdown]
# The vehicles are torn, like the cat in tiles. Near the cab the class is right; away from it, it is a guess. More
# training does not help, and the next picture shows why. On the right is *everything* that the network can use for the
# pixel under the cross. Bus or tram? Nobody could tell from this.

# %%
from course_lib.receptive_field import theoretical

pixel = (32, 46)
field = theoretical(plain, image_size=(64, 64))
figures.keyhole(images[8], {"all it can see": field.box(pixel)}, pixel)

# %% [markdown]
# ## The receptive field, derived
# A *unit* is one value of a feature map. Its [[receptive field]] is the set of pixels that can influence it. To compute the
# field's width r, we walk through the layers and keep a second number, the **[[jump]]** j: the distance in pixels between
# neighbouring cells of the current map. Both start at 1.
#
# Take a layer with [[kernel]] k, [[dilation rate|rate]] d (1 for now) and stride s. A *tap* is a cell that the kernel reads.
# - Its first and last tap are (k - 1) d cells apart. That is (k - 1) d j pixels.
# - Each tap reads a cell that already sees r pixels. So the window grows by the distance between the outermost taps:
#
#       r  ←  r + (k - 1) · d · j
#
# - The stride skips cells. From now on neighbouring cells are s times farther apart:
#
#       j  ←  j · s
#
# *Guess:* how many pixels of a row does one cell see through two 3x3 convolutions? And through a 3x3, a 2x2 pool with
# stride 2, and a 3x3?
# <details><summary>Your guess, then run the cell</summary>5, not 6: neighbouring windows overlap, and each 3x3 adds one
# pixel on either side. Behind the pool a step is two pixels long, so the second stack sees 3 + 1 + 2 · 2 = 8.</details>
#
# The code cell also walks through our small network. At the end its scores are upsampled, and a pixel of the output mixes two
# neighbouring cells. That adds one jump: 27 becomes the 29 of the keyhole.

# %%
r, j = 1, 1
for k, s, d in [(3, 2, 1)] + [(3, 1, 1)] * 6:
    r, j = r + (k - 1) * d * j, j * s
    print(f"{k}x{k} stride {s}: field {r:2}, jump {j}")
print("with the upsampling, traced on the network itself:", field.size())
figures.ladder({"3x3, 3x3": [(3, 1, 1)] * 2, "3x3, pool, 3x3": [(3, 1, 1), (2, 2, 1), (3, 1, 1)]})

# %% [markdown]
# ### Exercises 4.1 and 4.2: the recurrence, and a span
# - `my_field(layers)`: the field of layers given as (kernel, stride, rate). A pool is a layer like any other.
# - `my_span(kernel, rate)`: how many cells does a kernel span at this rate?
#
# `exercises.receptive_field.field.hint()` helps.

# %% tags=["exercise"]
from course_lib import exercises


def my_field(layers):
    # solution
    field, jump = 1, 1
    for kernel, stride, rate in layers:
        field += (kernel - 1) * rate * jump
        jump *= stride
    return field


def my_span(kernel, rate):
    # solution
    return (kernel - 1) * rate + 1


display(exercises.receptive_field.field.check(my_field), exercises.receptive_field.span.check(my_span))

# %% [markdown]
# ### A field grows, layer by layer
# Now the field of a real network: the first layers of the ImageNet classifier from lecture 01. We take one unit of a
# map of stride 16, over the cat's eye, and go *backwards*. Which cells of the map before it does it depend on? Which
# cells do those depend on? At the end stands a window of the photograph. The maps are real: brighter cells respond more
# strongly. This takes about 6 seconds.
#
# By hand the recurrence works for layers in a row. Real networks branch and join. `theoretical(net, image_size=...)`
# follows every operation of any torch network; try one of yours.

# %% tags=["heavy"]
from course_lib import models
from course_lib.models import shipped

imagenet = "efficientnet_lite0_imagenet"
told = shipped.card(imagenet)
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
trained = models.build("efficientnet_lite0", 1000, weights=imagenet).body.eval()
unit = (7, 9)
read = networks.read_by([trained.stem, *trained.blocks[:4]], normal, unit)
names = ("one unit, stride 16", "stride 8", "stride 4", "stride 2, stage 1", "stride 2, stem")
backwards = dict(zip(names, read)) | {"photograph": (cat.image, read[-1][1])}
growth.backwards(backwards, unit)

# %% [markdown]
# ## Three ways to see further
# - **More layers.** Each 3x3 adds two jumps. To see far you need many layers and weights.
# - **Pooling.** A pool doubles the jump, so all later layers grow the field twice as fast, and they become cheaper. But
#   the map has a quarter of the cells, and what is thinner than a cell may be lost.
# - **[[dilated convolution|Dilation]].** A 3x3 kernel at rate d reads nine cells that span 2d + 1. The map keeps its size,
#   and the kernel keeps its nine weights and its [[multiply-adds]].
#
# *Guess:* how many layers does each way need for a field of at least 67 pixels?
# <details><summary>Your guess, then run the cell</summary>33 plain layers; 5 convolutions with four pools between them (which
# reach 78 pixels, on a map of stride 16); or 7 dilated layers at full resolution.</details>
#
# The picture shows five kernels on one scale. Two of them span 25 cells. You will meet the 7x7 at rate 4 in DilatedNet,
# and the 3x3 at rate 12, with 9 weights instead of 49, in DeepLab.

# %%
from course_lib.lectures.l04_receptive_field_dilation.claims import recurrence  # layers as (kernel, rate, stride)

ways = {
    "plain": [(3, 1, 1)] * 33,
    "pooled": [(3, 1, 1), (2, 1, 2)] * 4 + [(3, 1, 1)],
    "dilated": [(3, rate, 1) for rate in (1, 1, 2, 4, 8, 16, 1)],
}
for name, layers in ways.items():
    count = sum(kernel == 3 for kernel, *_ in layers)
    print(
        f"{name:8} {count:2} convolutions, {count * 9 * 64**2:9,} weights at 64 channels, field {recurrence(*layers)}"
    )
figures.kernels([(3, 1), (3, 2), (3, 4), (3, 12), (7, 4)])

# %% [markdown]
# ## The same network, dilated
# Now the main experiment of this lecture. We keep the layers, the number of weights and the training, and change *only
# the rates*: 1, 2, 5, 9, 5, 2 instead of six times 1. Again about 15 seconds.
#
# *Guess:* plot the share of right pixels over the distance from the cab. What will the two curves look like?
# <details><summary>Your guess, then run the cell</summary>Two cliffs, where the recurrence puts them. The first network
# sees 14 pixels in each direction and falls to chance beyond. The second one sees 50, as far as the longest vehicle
# reaches. Each fall begins a few pixels earlier, because the cab is six pixels long and only a part of it is still in
# sight.</details>
#
# Below the curves, **R5** repeats this with larger batches over five seeds. The pixels 20 to 40 away from the cab decide ("far"), where a guess
# is right half of the time. (Its fields 27 and 99 are those of the scores; upsampling makes them 29 and 101.) **R4**
# asks whether a pool would have done as well: two networks with the same parameters and nearly the same field, one with
# two pools and one with rates, on streets. Look at the **poles**, which are thinner than a pooled cell.

# %% tags=["heavy"]
from course_lib.evidence.card import evidence

torch.manual_seed(0)
dilated = labeller(MIXED)
fit(dilated, scenes, steps=400, batch_size=8, learning_rate=1e-2)

curves, reach = {}, {}
for name, net in {"plain": plain, "dilated": dilated}.items():
    side = theoretical(net, image_size=(64, 64)).size()[0]
    print(f"{name:8} {sum(p.numel() for p in net.parameters()):,} parameters, field {side}")
    found, far = answers(net, unseen)[0], maps["distance"]
    curves[name] = [accuracy(found, truth, far == distance) for distance in range(51)]
    reach[name] = side // 2
display(figures.by_distance(curves, reach))
evidence("R4", "R5")

# %% [markdown]
# ## Gridding
# If rates cost nothing, why not use large ones everywhere? The pictures show the field of three 3x3 layers, cropped to its
# box. A path leads from the output through one tap of each layer to a pixel. A bright pixel is read on many paths, a
# white one on none.
#
# *Guess:* what does one output read of its 13 x 13 box when all three layers have rate 2?
# <details><summary>Your guess, then run the cell</summary>Only 49 of 169 pixels: every second one along each axis. Layers
# of one rate only ever step on their own lattice. This is called [[gridding]].</details>
#
# [@wang2018] described gridding and its cure, *hybrid dilated convolution*: rates that grow without a common factor, such
# as 1, 2, 5. A simple rule: there is no hole if no rate is larger than the width that the layers before it already
# read without a gap.
#
# *Play* with the explorer; it takes about 5 seconds to appear. (a) How much of the box is read at rates 2, 3 and 4? (b) What does the schedule 1, 2, 5
# change? (c) How many of its nine weights does a 3x3 kernel use at rate 24 on a map of 65 x 65?
# <details><summary>What we saw</summary>(a) Every second, third or fourth pixel along a row, and the square of that share
# in the plane. (b) No hole is left. (c) A little more than half: near the border the outer taps fall off the map and
# read zeros, as [@chen2017] noticed. At rate 65 only the middle tap is left everywhere, and the kernel is a 1x1.</details>

# %% tags=["heavy"]
rates = explorers.dilation()
display(growth.gridding([(2, 2, 2), (1, 2, 5), (4, 4, 4)]), rates.figure(), rates)

# %% [markdown]
# ### Exercises 4.3 to 4.5: holes, and weights that read nothing
# - `my_read_share(rates)`: the share of the field's box that 3x3 layers at these rates read.
# - `my_rates`: a list of rates, for at most six 3x3 layers, that read 67 x 67 pixels without a hole.
# - `my_valid_share(side, rate)`: the share of a padded 3x3's taps that fall on a map of side x side cells.
#
# `exercises.receptive_field.valid_share.question()` tells the details.


# %% tags=["exercise"]
def my_read_share(rates):
    # solution
    read = {0}
    for rate in rates:
        read = {place + step for place in read for step in (-rate, 0, rate)}
    return (len(read) / (2 * sum(rates) + 1)) ** 2


def my_valid_share(side, rate):
    # solution
    return ((side + 2 * max(side - rate, 0)) / (3 * side)) ** 2


my_rates = [1, 2, 4, 8, 16, 2]  # solution
ours = exercises.receptive_field
display(ours.read_share.check(my_read_share), ours.schedule.check(my_rates), ours.valid_share.check(my_valid_share))

# %% [markdown]
# Do holes hurt? **R6** trains two networks with the same box: rate 4 six times, and 1, 2, 5, 9, 5, 2. On *cloth*, a weave
# so fine that only neighbouring pixels tell its kinds apart, one rate fails at every seed. On vehicles the cab is wider
# than the holes, and one rate fails only at some seeds. **R7** counts the second price of a large rate: taps that fall
# off the map.

# %%
evidence("R6", "R7")

# %% [markdown]
# ## Theoretical, effective, empirical
# So far we asked which pixels *can* influence a unit, whatever the weights: the [[theoretical receptive field]]. Two
# measurements ask which pixels *do*, for given weights and pictures.
# - The [[effective receptive field]] of [@luo2016]: the [[gradient]] of the unit with respect to each pixel.
# - The [[empirical receptive field]] of [@zhou2015]: hide a patch ([[occlusion]]) and see how much the unit changes.
#
# **Why the effective field is smaller.** Stack n layers of k x k equal weights. The gradient at a pixel counts the paths to
# it. Each layer moves a path by a step of -(k-1)/2 to (k-1)/2 pixels, all equally likely, like a throw of dice:
#
#     variance of one step    (k² - 1) / 12       so n steps have the deviation    σ = √( n (k² - 1) / 12 )
#     theoretical field       1 + n (k - 1)       so the share   4σ / field   falls like   √n / n = 1/√n
#
# The first picture shows it for k = 3: the black line is 4σ wide, the light area is the theoretical field. The second
# picture measures all three fields for one pixel of our two trained networks. This takes about 3 seconds. *Guess:* which
# of the three is the widest?
# <details><summary>Your guess, then run the cell</summary>The theoretical field. The other two lie inside it and are exactly
# zero outside. The centre is bright because most paths end there. The dilated network also responds to the two ends of
# the vehicle: there a cab may be.</details>

# %% tags=["heavy"]
from course_lib.receptive_field import effective, empirical

pixel, rows = (32, 32), {}
for name, net in {"plain": plain, "dilated": dilated}.items():
    can_see = theoretical(net, image_size=(64, 64)).mask(pixel)
    by_gradient = effective(net, images[:4], pixel, progress=False)
    by_hiding = empirical(net, images[:2], pixel, size=3, stride=2, progress=False)
    rows[name] = (can_see, by_gradient, by_hiding)
display(growth.bells((2, 5, 20, 80)), figures.three_fields(images[0], rows, pixel))

# %% [markdown]
# (A *side* is that of a square with as many pixels: all pixels of the theoretical field that lie in the picture, or those
# whose heat exceeds 4.55 % of the maximum, which is Luo's rule.)
#
# *Play* with a trained network of the course: SegNet, on a painted street. Choose a layer, move the unit, switch on
# *effective* and *empirical*. Does the unit use the whole object that it lies on? For a real network over the photograph,
# run `explorers.receptive_field("unet_pets", photo="cat")`.

# %%
from course_lib.training import checkpoints

looking = explorers.receptive_field(checkpoints.load("segnet_street"))
display(looking.figure(gradient=True), looking)

# %% [markdown]
# ### What training does to the field
# Back to the classifier, now whole, with 48 convolutions. We take the middle unit of its last map and compare random weights
# with those of ImageNet. Half of the gradient lies inside the circle. This takes about 10 seconds.
#
# *Guess:* the theoretical field is 851 pixels wide, more than three times the photograph. How large is each circle?
# <details><summary>Your guess, then run the cell</summary>With random weights the radius is 78 pixels, with ImageNet's 69.
# Both are far smaller than the theoretical field. The trained unit concentrates on places that carry information, such
# as the eye. [@luo2016] report that training enlarges the field. R15 asks that of this body on many photographs: here
# training made it narrower.</details>
#
# Three cards close this section. **R8**: the share 4σ / field with 10 layers over the share with 40; the law says 2.
# **R9**: the empirical field of our plain network is 21 pixels wide, the theoretical one 29. [@zhou2015] (table 1) measured
# 72 of 195 pixels for the last pool of AlexNet. Noise outside the theoretical field changes nothing at all.

# %% tags=["heavy"]
from course_lib.lectures.l04_receptive_field_dilation.experiments_photographs import LastMap, settled

photo, square = cat.image[:, 40:265, 60:285], normal[..., 40:265, 60:285]
torch.manual_seed(0)
bodies = {"random": settled(models.build("efficientnet_lite0", 1000).body, square), "ImageNet": trained}
wide = theoretical(LastMap(trained), image_size=(225, 225))
looks = {}
for name, body in bodies.items():
    looks[name] = effective(LastMap(body), square, (3, 3), signs=2, field=wide, progress=False)
display(figures.on_photograph(photo, looks, wide.size()[0]))
evidence("R8", "R9", "R15")

# %% [markdown]
# ## DilatedNet
# [@yu2016] turned these ideas into a network of two parts. The **[[front end]]** is VGG16 with three changes. *Guess*
# which, then read its code.
# <details><summary>Your guess, then ours</summary>pool4 and pool5 are removed. The layers behind them get rates instead:
# conv5 has rate 2 for one missing pool, fc6 has rate 4 for two. And no convolution is padded, so the map shrinks.</details>
#
# The table is traced on the network at full size, for a picture of 404 pixels. It is built on the device `meta`, where
# tensors have shapes but no numbers: 134 million weights would take 540 MB. In the drawing a picture of 528 pixels is
# mirrored outwards to 900, so that the output covers the whole picture.

# %%
from inspect import getsource

from course_lib.figures.architecture import architecture
from course_lib.models.dilatednet import DILATIONS, ContextModule, FrontEnd

print(getsource(FrontEnd.forward))
net = models.build("dilatednet_frontend", device="meta").eval()
scores = net.scores(torch.rand(1, 3, 404, 404, device="meta"))
print(f"{sum(p.numel() for p in net.parameters()):,} parameters; 404 pixels give scores {tuple(scores.shape)}")
part = theoretical(net.front_end, image_size=(404, 404))
for layer in ("conv3", "pool3", "conv4", "conv5", "fc6", "final"):
    print(f"{layer:6} {part.output_size(layer)[0]:3} cells a side, field {part.size(layer)[0]}")
architecture("dilatednet_frontend")

# %% [markdown]
# **DilatedNet and DeepLab v1.** The two were published a year apart. Both remove the stride of VGG16's last two pools.
# They differ in nearly every other detail and are often mixed up:
#
# | | DilatedNet's front end | DeepLab v1, large field of view (lecture 05) |
# |---|---|---|
# | pool1 to pool3 | 2x2, stride 2 | 3x3, stride 2 |
# | pool4 | removed | 3x3, stride 1 |
# | pool5 | removed | 3x3, stride 1, then a 3x3 average |
# | conv5 | rate 2 | rate 2 |
# | fc6 | 7x7, rate 4, 4096 maps | 3x3, rate 12, 1024 maps |
# | padding | none; the picture is mirrored by 186 pixels | every layer keeps the map's size |
# | receptive field | 380 pixels | 435 pixels |
# | parameters | 134 million | 20.5 million |
# | upsampling by 8 | transposed convolution, fixed | bilinear |
# | what comes after | context module | dense CRF |
#
# **Upsampling.** DilatedNet's scores have stride 8. The authors upsample with a [[transposed convolution]], kernel 16 and
# stride 8, as FCN does. Its weights are bilinear, and its learning rate is 0. So it is a transposed convolution by
# name and bilinear upsampling in effect. The cell below compares the two.

# %%
from course_lib.models.blocks import bilinear_upsampling

cells = torch.rand(1, 21, 40, 40)
transposed = bilinear_upsampling(21, kernel_size=16, stride=8)(cells)[..., 8:-8, 8:-8]
resized = F.interpolate(cells, scale_factor=8, mode="bilinear")[..., 4:-4, 4:-4]
print("transposed convolution = bilinear, but for 4 border pixels:", torch.allclose(transposed, resized, atol=1e-5))

# %% [markdown]
# ## The context module
# The second part reads the C [[score map|score maps]] of the front end and returns C score maps of the same size. Its 3x3
# layers have rates 1, 1, 2, 4, 8, 16, 1; a 1x1 follows. Where the rate doubles, the field almost doubles.
#
# Such a module must not spoil what it receives. It starts as the **identity** ([[identity initialisation]]): each layer
# passes its input on, and training departs from there. (ReLU stands between the layers, so this holds for scores of 0
# and more.) The paper found the usual random initialisation not effective.
#
# **A common mistake.** Without the layer of rate 16 the module has rates 1, 1, 2, 4, 8, 1 and still runs. What is its field
# then? Add up: 1 + 2 · 17 = 35 instead of 67.
#
# **What the paper reported.** On VOC 2012's test set the front end alone reached a mean IoU of 67.6, FCN-8s 62.2 ([@yu2016],
# table 2). **R13** has what the context module added, there and here. Unfold it and look at its two controls: a front
# end trained twice as long, and the module with a random ("xavier") start.

# %%
module = ContextModule(21)
print("at first the context module is the identity:", torch.allclose(module(cells), cells))
part = theoretical(module, image_size=(200, 200), channels=21)
for number, rate in enumerate(DILATIONS):
    print(f"layer {number + 1}: rate {rate:2}, field {part.size(f'layers.{number}')[0]}")
evidence("R13")

# %% [markdown]
# ### Exercises 4.6 and 4.7: the spread, and a listing to debug
# - `my_spread(kernel, layers)`: the standard deviation of the [[effective receptive field|effective field]] along one axis for
#   so many layers of equal weights. One 3x3 gives 0.816.
# - `my_context(num_classes)`: the basic context module as it was released. Which layer has no ReLU?


# %% tags=["exercise"]
def my_spread(kernel, layers):
    # solution
    return (layers * (kernel**2 - 1) / 12) ** 0.5


def my_context(num_classes):
    # solution
    layers = []
    for rate in (1, 1, 2, 4, 8, 16, 1):
        layers += [torch.nn.Conv2d(num_classes, num_classes, 3, padding=rate, dilation=rate), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Conv2d(num_classes, num_classes, 1))


display(exercises.receptive_field.spread.check(my_spread), exercises.receptive_field.context.check(my_context))

# %% [markdown]
# ### A picture to keep
# Design your own weave: three schedules of rates, drawn as what they read. Which pattern has the fewest holes for its
# size, and which would make a good wallpaper? The last line saves your picture; take the `#` away.

# %%
my_schedules = [(1, 3, 9), (2, 3, 7), (3, 3, 5, 8)]
keep = growth.gridding(my_schedules)
# keep.savefig("my_weave.png", dpi=200)
keep

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - r ← r + (k - 1) d j, then j ← j s. A network cannot use evidence outside its receptive field.
# - Pooling sees far for little work and loses what is thin. Dilation sees far with the same weights on a map that stays
#   large.
# - One large rate repeated leaves holes (gridding), and on a small map it multiplies zeros. Let the rates grow so that no
#   hole opens, as in 1, 2, 5.
# - Theoretical: which pixels can matter. Effective: which pixels do, by gradient. Empirical: which pixels do, by
#   occlusion. The last two are smaller. What training does to them you have to measure.
# - DilatedNet: VGG16 with two pools traded for rates, and a context module of seven dilated layers, rate 16 among them.
#
# ## Further reading
# - [@@yu2016]
# - [@@wang2018]
# - [@@luo2016]
# - [@@zhou2015]
# - [@@araujo2019]
# - [@@chen2017] (section 3.3: the weights that fall off the map)
#
# Below, for reference: the numbers of this lecture, counted on the real networks by the course's tests.

# %%
evidence("R1", "R2", "R3", "R10", "R11", "R12", "R14")
