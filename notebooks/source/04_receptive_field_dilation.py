# ---
# title: Receptive field and dilation
# question: How much of the picture does a pixel of the answer really see, and how does dilation widen it?
# able:
#   - work out by hand what one pixel of any stack of layers can see
#   - say what pooling and what dilation cost when you want to see further
#   - spot the holes that one large rate leaves, and design rates without them
#   - tell what a network can see from what it looks at and from what it notices
#   - read DilatedNet's front end and context module, and find the layer that some copies lack
# needs: Lecture 00, and 01 for what a stride does to small things. A convolution, a pool, nothing more.
# read_minutes: 50
# run_seconds: 50
# quiz:
#   - ask: "A 3x3 convolution, a 2x2 pool with stride 2, a 3x3 convolution. How wide is the field of one cell?"
#     options:
#       - {say: "6", why: "The second 3x3 adds two steps, but after the pool each of its steps is two pixels long."}
#       - {say: "7", why: "That is 3 + 2 + 2: the pool is counted as a 3x3, and the longer steps behind it are forgotten."}
#       - {say: "8", right: true, why: "3, then 3 + 1 = 4 for the pool, then two steps of two pixels: 8."}
#       - {say: "10", why: "The stride counts only for the layers behind the pool, not for the pool itself."}
#   - ask: "You change a 3x3 convolution from rate 1 to rate 12 and pad it to keep the map's size. What changes?"
#     options:
#       - {say: "Its span, from 3 to 25; weights and multiply-adds stay as they are", right: true, why: "The same nine weights stand further apart. That is all."}
#       - {say: "It has 625 weights instead of 9", why: "The cells between the nine are not read and have no weights."}
#       - {say: "It becomes 12 times slower", why: "Nine products for each output, before and after."}
#       - {say: "Its answer has a twelfth of the size", why: "That would be a stride. A rate moves the taps apart and visits every place."}
#   - ask: "Three 3x3 layers, all at rate 2. What does one output cell read of its 13 x 13 box?"
#     options:
#       - {say: "All 169 pixels", why: "Between two taps of rate 2 lies a cell that no layer ever steps on."}
#       - {say: "27 pixels, 9 for each layer", why: "Taps of later layers spread over those of earlier ones: along one axis 7 places."}
#       - {say: "85 pixels, one in two", why: "One in two along each axis is about one in four in the square."}
#       - {say: "49 pixels, 7 x 7", right: true, why: "Along one axis every second of 13 places, so 7; in the square 7 times 7. That is gridding."}
#   - ask: "The theoretical receptive field of a network covers the whole picture. What do you know?"
#     options:
#       - {say: "Each pixel of the answer uses the whole picture", why: "It may. The effective field is mostly much smaller, and training can shrink it."}
#       - {say: "No pixel is ruled out by the architecture, and no more", right: true, why: "The theoretical field is an outer bound. What is used you have to measure, by gradients or by hiding things."}
#       - {say: "The network is large enough for any object", why: "It could be, but weights that reach far may be tiny."}
#   - ask: "A listing of DilatedNet's basic context module has rates 1, 1, 2, 4, 8, 1 and a 1x1. What is wrong?"
#     options:
#       - {say: "Nothing, the field is 67", why: "Add it up: 1 + 2 (1 + 1 + 2 + 4 + 8 + 1) is 35."}
#       - {say: "The layer with rate 16 is missing: its field is 35, not 67", right: true, why: "1, 1, 2, 4, 8, 16, 1: the rates sum to 33, and 1 + 2 times 33 is 67."}
#       - {say: "The rates should all be equal", why: "Equal rates larger than 1 leave holes."}
#       - {say: "It should begin with the largest rate", why: "The order does not change the field. The paper goes from near to far."}
# teach:
#   sections:
#     - {section: "A vehicle that forgets what it is", minutes: 8, show: "Train the small network live. Let the class guess the answer at the far end of a bus before the picture comes."}
#     - {section: "How far does one pixel see?", minutes: 12, show: "Draw the ladder of 3x3, pool, 3x3 on the board and let students fill in the 8. Then run the loop."}
#     - {section: "Three ways to see further", minutes: 8, show: "Ask what each way costs before the cards: layers, detail, or nothing? Count the weights of the two kernels of span 25."}
#     - {section: "The same network, dilated", minutes: 10, show: "Train the dilated twin live, then the cliff: let somebody predict its place with the recurrence."}
#     - {section: "Holes", minutes: 10, show: "Explorer: rate 2, 3, 4 with three layers, then the schedule 1, 2, 5. Let students design 4.4 in pairs."}
#     - {section: "Can see, looks at, notices", minutes: 10, show: "The keyhole again, then the heat maps; switch on gradient and occlusion in the explorer."}
#     - {section: "DilatedNet", minutes: 12, show: "The source of the front end, line by line against VGG16. Then the module that hands its input on."}
#   wrong:
#     - {says: "Two 3x3 layers see 6 pixels.", reply: "They overlap: the second layer adds one pixel on each side. Draw the ladder."}
#     - {says: "A dilated kernel is a larger kernel.", reply: "It has a larger span and the same nine weights. Count them in the explorer."}
#     - {says: "A larger receptive field is always better.", reply: "Large rates leave holes and waste weights at the border, and small things do not need a wide view. Ask what evidence the task needs, and how far away it lies."}
#     - {says: "The field covers the picture, so the network uses the picture.", reply: "That is what it can see. Look at R8: what it looks at is far smaller, and training made it smaller still."}
#     - {says: "Pooling is bad, dilation is good.", reply: "Pooling is cheap: each layer behind it works on a quarter of the cells. DilatedNet keeps three pools."}
#   discuss:
#     - {ask: "Why does accuracy fall to one half and not to zero beyond the network's reach?", answer: "Buses and trams are equally frequent, and a pixel out of reach of the cab holds no information: the best answer is a coin."}
#     - {ask: "DilatedNet removes two pools and keeps three. Why not remove all five?", answer: "Each pool removed makes all later maps four times as large: memory and time. At stride 8 the loss of detail is bearable, and the context module is cheap on a small map."}
#     - {ask: "Why did the field of our network shrink when it was trained, while Luo et al. saw fields grow?", answer: "Nobody knows for sure. One guess: ours began with a wide view, 51 of 71 pixels, most of it clutter that the task rewards ignoring; a deep network begins with a narrow one and has to reach out. Measure, do not quote."}
#     - {ask: "Which rates would you choose for objects of 200 pixels at output stride 8?", answer: "200 pixels are 25 cells; the rates should sum to 12 or more, with each rate at most the width already read: 1, 2, 4, 5 for example."}
# ---
# %% [markdown]
# ## A vehicle that forgets what it is
# Below are buses and trams. Their bodies are alike; only the cab, six pixels at one end, tells them apart: **yellow
# for a bus, red for a tram**. Every pixel of a vehicle gets the vehicle's name, also those at the far end.

# %%
from course_lib import explorers
from course_lib.evidence.small_training import accuracy, answers, held_out
from course_lib.lectures.l04_receptive_field_dilation import figures as figures
from course_lib.lectures.l04_receptive_field_dilation.networks import CAB, MIXED, PLAIN, labeller

unseen = held_out("long_vehicle", **CAB)
images, truth, maps = unseen.batch(range(len(unseen)))
some = slice(8, 13)  # pictures that hold both kinds
figures.vehicles(images[some], truth[some], None, unseen.classes, unseen.colours)

# %% [markdown]
# Let us train a small network on other pictures of this kind: one 3x3 [[convolution]] with [[stride]] 2, six more
# without, 16 channels each, and the scores enlarged to the picture. It takes about 15 seconds.
#
# *Guess:* which pixels will it get right, and what will it say about the others?
# <details><summary>Your guess, then ours</summary>It cannot name what it cannot connect with a cab. Near the cab it
# should be right. At the far end it has nothing to go by, and half of all vehicles are buses.</details>

# %% tags=["heavy"]
import torch

from course_lib.scenes import Scenes
from course_lib.training import fit

scenes = Scenes("long_vehicle", count=4096, seed=0, **CAB)
torch.manual_seed(0)
plain = labeller(PLAIN)
fit(plain, scenes, steps=350, learning_rate=1e-2)
answer = answers(plain, unseen)[0]
figures.vehicles(images[some], truth[some], answer[some], unseen.classes, unseen.colours)

# %% [markdown]
# The vehicles are torn: the name is right near the cab, and a blind guess away from it. No training will mend this,
# and the next picture says why. On its right is *everything* that the pixel under the cross has to decide with. Bus
# or tram? From this alone nobody can tell.

# %%
from course_lib.receptive_field import theoretical

pixel = (32, 46)
field = theoretical(plain, image_size=(64, 64))
figures.keyhole(images[8], {"all it can see": field.box(pixel)}, pixel)

# %% [markdown]
# ## How far does one pixel see?
# The pixels that one value of a layer can depend on are its [[receptive field]]. You can count it on your fingers.
#
# *Guess:* how many pixels of a row does one cell see through two 3x3 convolutions? And through 3x3, a 2x2 pool with
# stride 2, and 3x3?
# <details><summary>Your guess, then run the cell</summary>Not 6: neighbouring windows overlap, and each further 3x3
# adds one pixel on either side. Behind the pool a step to the neighbouring cell is two pixels long.</details>

# %%
figures.ladder({"3x3, 3x3": [(3, 1, 1)] * 2, "3x3, pool, 3x3": [(3, 1, 1), (2, 2, 1), (3, 1, 1)]})

# %% [markdown]
# So you need two numbers while you walk through the layers: the field `r`, and the **[[jump]]** `j`, how many pixels
# lie between two neighbouring cells. A layer with [[kernel]] k, stride s and [[dilation rate|rate]] d (for now d = 1)
# adds k - 1 steps of d cells, each as long as the jump *before* it:
#
#     r = r + (k - 1) * d * j        then        j = j * s
#
# Here is the walk through our network. At the end the scores are enlarged: a pixel of the answer mixes two neighbouring
# cells, which adds one jump more. So 27 becomes the 29 of the picture above.

# %%
r, j = 1, 1
for k, s, d in [(3, 2, 1)] + [(3, 1, 1)] * 6:
    r, j = r + (k - 1) * d * j, j * s
    print(f"{k}x{k} stride {s}: field {r:2}, jump {j}")
print("with the enlargement, traced on the network itself:", field.size())

# %% [markdown]
# ### Exercises 4.1 and 4.2: the recurrence, and a span
# Write `my_field(layers)` for layers given as (kernel, stride, rate). A pool is a layer like any other. And
# `my_span(kernel, rate)`: how many cells does a kernel at this rate span? `exercises.receptive_field.field.hint()` helps.

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
# By hand this works for layers in a row. Real networks branch, join and enlarge, and the field of a pixel can then
# depend on the pixel. `theoretical(net, image_size=...)` follows the operations of any torch network, one by one, and
# tells you if it met one that it does not know; `course_lib/receptive_field/README.md` says how. Try a network of
# yours.
#
# ## Three ways to see further
# - **Plain layers** add two pixels each. To see far you pay with layers and weights.
# - **A pool** doubles all later steps and makes all later layers cheaper. But the map has a quarter of the cells, and
#   what is thinner than a cell may be lost.
# - **[[dilated convolution|Dilation]]** leaves gaps between the taps, the cells that its weights read: a 3x3 kernel at
#   rate r reads nine cells that span 2r + 1. The map keeps its size, and the kernel keeps its nine weights.
#
# Two of the kernels below span 25. Remember them: you will meet the last one in DilatedNet, the other in DeepLab.
#
# In the cards under the picture look for: the 8 of your ladder (R1); how many layers and weights a field of 67 costs
# each way, with 64 channels (R2); [[multiply-adds]] that do not change with the rate (R3); and 9 against 49 weights for
# one span (R14).

# %%
from course_lib.evidence.card import evidence

display(figures.kernels([(3, 1), (3, 2), (3, 4), (3, 12), (7, 4)]))
evidence("R1", "R2", "R3", "R14")

# %% [markdown]
# ## The same network, dilated
# Now the experiment that this lecture hangs on. We keep the layers, the number of weights and the training, and
# change *only the rates*: 1, 2, 5, 9, 5, 2 instead of six times 1. Again about 15 seconds.
#
# *Guess:* how will its share of right pixels depend on the distance from the cab? And that of the first network?
# <details><summary>Your guess, then run the cell</summary>The first one sees 14 pixels in each direction and must
# fall to chance beyond. The second one sees 50: as far as the longest vehicle reaches.</details>

# %% tags=["heavy"]
torch.manual_seed(0)
dilated = labeller(MIXED)
fit(dilated, scenes, steps=350, learning_rate=1e-2)

curves, reach = {}, {}
for name, net in {"plain": plain, "dilated": dilated}.items():
    side = theoretical(net, image_size=(64, 64)).size()[0]
    print(f"{name:8} {sum(p.numel() for p in net.parameters()):,} parameters, field {side}")
    found, far = answers(net, unseen)[0], maps["distance"]
    curves[name] = [accuracy(found, truth, far == distance) for distance in range(51)]
    reach[name] = side // 2
figures.by_distance(curves, reach)

# %% [markdown]
# Two cliffs, where the arithmetic put them. Each fall begins some pixels earlier: the cab is six pixels long, and
# only a part of it is still in sight. R5 repeats this over five seeds. The pixels 20 to 40 away decide ("far"),
# where a guess is right half of the time. (Its fields, 27 and 99, are those of the scores; the enlargement adds the 2
# that make them 29 and 101.)
#
# Could a pool have done it as well? R4 gives two networks the same parameters and nearly the same field, one by
# pooling twice and one by rates, on streets. Look at the **poles**, which are thinner than a pooled cell.

# %%
evidence("R4", "R5")

# %% [markdown]
# ## Holes
# If rates are free, why not take large ones everywhere? Play: three layers, rate 2. The left map shows how often each
# pixel of the box is read.
#
# *Find out:* (a) how much of the box is read at rate 2, 3 and 4, (b) what the schedule 1, 2, 5 does, (c) how many of
# its weights a 3x3 kernel really uses at rate 24 on a map of 65 x 65.
# <details><summary>What we saw</summary>(a) Ever less: along a row only every second, third, fourth pixel, and in the
# square that share is squared. (b) No hole is left. (c) Little more than half: near the border its outer taps fall off
# the map. At rate 65 all but the middle one do, everywhere, and the kernel is a 1x1.</details>

# %%
rates = explorers.dilation()
rates.figure()

# %%
rates

# %% [markdown]
# The holes are called [[gridding]]: layers of one rate step only on their own lattice. A schedule is free of holes
# when no rate is larger than the width that the layers before it already read in one piece.
#
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
# Do holes hurt? R6 trains rate 4 six times against 1, 2, 5, 9, 5, 2: the same box. Look first at the *cloth*, woven so
# finely that only neighbouring pixels tell its kinds apart, and then at the vehicles, whose cab is wider than the
# holes. Cloth decides. Not everything suffers: read the remark.
#
# R7 counts the second price of a large rate: taps that fall off the map and multiply zeros, as
# [@chen2017] noticed.

# %%
evidence("R6", "R7")

# %% [markdown]
# ## Can see, looks at, notices
# So far we asked what a pixel *can* see, whatever the weights: the [[theoretical receptive field]]. Two more questions
# need a trained network and pictures.
# - What does it *look at*? The [[effective receptive field]] of [@luo2016]: the size of the [[gradient]] of one output
#   with respect to each pixel.
# - What does it *notice*? The [[empirical receptive field]] of [@zhou2015]: hide a patch, see whether the answer
#   changes. That is [[occlusion]].
#
# Below are all three for one pixel of our two networks; it takes about 3 seconds. *Guess* which of the three is widest.
# <details><summary>Your guess, then run the cell</summary>The theoretical one: the others lie inside it and are exactly
# zero outside. Within it, the middle is reached on many more ways than the rim.</details>

# %% tags=["heavy"]
from course_lib.receptive_field import effective, empirical

pixel, rows = (32, 32), {}
for name, net in {"plain": plain, "dilated": dilated}.items():
    can_see = theoretical(net, image_size=(64, 64)).mask(pixel)
    looks_at = effective(net, images[:4], pixel, progress=False)
    notices = empirical(net, images[:2], pixel, size=3, stride=2, progress=False)
    rows[name] = (can_see, looks_at, notices)
figures.three_fields(images[0], rows, pixel)

# %% [markdown]
# The middle is bright, the rim of the field is dark. In our run the dilated network also notices the two ends of the
# vehicle: there a cab can be. A *side* is that of a square with as many pixels: all that can be seen (of 101 the
# picture holds 64), or those whose heat exceeds 4.55 percent of the largest, which is Luo's rule.
#
# There is a law behind the bright middle. Stack n layers of k x k equal weights: the ways to a pixel add up like
# throws of dice, so the heat is a bell curve whose standard deviation is √(n (k² - 1) / 12). The theoretical field
# grows like n and the bell like √n, so **the bell's share of the field shrinks like 1/√n**.
#
# *Play* on a network of the course: SegNet with random weights, on a street. Choose a layer, click a place, switch on
# *effective* and *empirical*. Does the unit see the whole object that it lies on?
#
# *Then measure.* In R8 look for the ratio of two shares (10 layers against 40: the law says 2). Below it, in the
# numbers that decide nothing, stands what **training** did to the field of one plain network: Luo et al. report that it
# grows. R9 occludes the picture patch by patch; noise outside the theoretical field changes nothing at all.

# %%
looking = explorers.receptive_field("segnet")
looking.figure(gradient=True)

# %%
looking

# %%
evidence("R8", "R9")

# %% [markdown]
# ### A body that was really trained
# The networks above are small. Here is the body of the ImageNet classifier from lecture 01, with 48 convolutions. We ask
# the middle unit of its last map which pixels of a photograph it looks at: once with random weights, once with those of
# ImageNet. Bright is what moves the unit; half of the gradient lies inside the circle. It takes about 10 seconds.
#
# *Guess:* the theoretical field is 851 pixels wide, more than three times the photograph. How large is each circle?
# <details><summary>Your guess, then run the cell</summary>With random weights the radius is 78 pixels, with ImageNet's
# 69. Both are far smaller than the theoretical field. The trained unit concentrates on places that tell something, such
# as the eye. [@luo2016] report that training enlarges the field. The card R15 asks that of this body, on many
# photographs: here training made it narrower.</details>

# %% tags=["heavy"]
from course_lib import models
from course_lib.datasets import photos
from course_lib.lectures.l04_receptive_field_dilation.experiments_photographs import LastMap, settled
from course_lib.models import shipped

imagenet = "efficientnet_lite0_imagenet"
told, photo = shipped.card(imagenet), photos.load("cat").image[:, 40:265, 60:285]
normal = (photo[None].float() / 255 - told["mean"]) / told["std"]
torch.manual_seed(0)
bodies = {
    "random": settled(models.build("efficientnet_lite0", 1000).body, normal),
    "ImageNet": models.build("efficientnet_lite0", 1000, weights=imagenet).body.eval(),
}
wide = theoretical(LastMap(bodies["ImageNet"]), image_size=(225, 225))
looks = {}
for name, body in bodies.items():
    looks[name] = effective(LastMap(body), normal, (3, 3), signs=2, field=wide, progress=False)
display(figures.on_photograph(photo, looks, wide.size()[0]))
evidence("R15")

# %% [markdown]
# ## DilatedNet
# [@yu2016] put these ideas into a network of two parts. The **[[front end]]** is VGG16 with three changes. *Guess*
# which, then read its code.
# <details><summary>Your guess, then ours</summary>pool4 and pool5 are gone. What stood behind them widens its rates
# instead: conv5 has rate 2 for one lost pool, fc6 has rate 4 for two. And no convolution is padded, so the map shrinks
# by what falls off.</details>

# %%
from inspect import getsource

from course_lib.models.dilatednet import DILATIONS, ContextModule, FrontEnd

print(getsource(FrontEnd))

# %% [markdown]
# Here is the full network at its full size, on a picture of 404 pixels, and what each part of it sees. It is built on
# the device `meta`, where tensors have shapes and no numbers: 134 million weights would take 540 MB. The drawing below
# has it in use: a picture of 528 pixels is first enlarged to 900 by mirroring its border, so that after all that falls
# off, the answer is as large as the picture.

# %%
from course_lib.figures.architecture import architecture

net = models.build("dilatednet_frontend", device="meta").eval()
scores = net.scores(torch.rand(1, 3, 404, 404, device="meta"))
print(f"{sum(p.numel() for p in net.parameters()):,} parameters; 404 pixels give scores {tuple(scores.shape)}")
part = theoretical(net.front_end, image_size=(404, 404))
for layer in ("conv3", "pool3", "conv4", "conv5", "fc6", "final"):
    print(f"{layer:6} {part.output_size(layer)[0]:3} cells a side, field {part.size(layer)[0]}")
del net
architecture("dilatednet_frontend")

# %% [markdown]
# ## The context module
# The second part reads the C [[score map|score maps]] of the front end and gives back C score maps of the same size.
# It has 3x3 layers whose rates double, one more at rate 1, and a 1x1. Where the rate doubles, the field almost does.
#
# Such a module must not spoil what it gets. It starts as the **identity** ([[identity initialisation]]): each layer
# hands its input on, and training bends it from there. The paper found the usual random starts not effective.
# (Between the layers stands ReLU: the identity holds for scores of 0 and more, and the cell below tries such.)
#
# **What the paper reported.** On VOC 2012's test set the front end alone reached mean IoU 67.6, ahead of FCN-8s's 62.2
# ([@yu2016], table 2). What the module added, on the validation set and after training on more pictures, stands in the
# card R13, beside our own measurement. There, look at the control, a front end trained twice as long, and at the module
# with a random ("xavier") start. R10 and R11 count the two parts once more, against the authors' release.
#
# **Count the rates.** Without its layer of rate 16 the module has rates 1, 1, 2, 4, 8, 1 and a 1x1, and runs. What does
# it see then? Add them up: R12.

# %%
module = ContextModule(21)
part = theoretical(module, image_size=(200, 200), channels=21)
for number, rate in enumerate(DILATIONS):
    print(f"layer {number + 1}: rate {rate:2}, field {part.size(f'layers.{number}')[0]}")
cells = torch.rand(1, 21, 40, 40)
print("at first it hands its input on:", torch.allclose(module(cells), cells))
evidence("R10", "R11", "R12", "R13")

# %% [markdown]
# ### Exercises 4.6 and 4.7: how far it listens, and a listing to debug
# `my_spread(kernel, layers)`: the standard deviation of the [[effective receptive field|effective field]] along one axis,
# for so many layers whose weights are all equal; one 3x3 gives 0.816. And write `my_context(num_classes)`, the basic
# module as it was released: which layer is missing above, and which layer has no ReLU?


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
# [quiz]

# %% [markdown]
# ## Take away
# - Walk with two numbers: r += (k - 1) d j, then j *= s. A network cannot name what it cannot connect with its
#   evidence.
# - Pooling sees far for little work and loses what is thin; dilation sees far with the same weights on a map that stays
#   large.
# - One large rate repeated leaves holes, and on a small map it multiplies zeros. Let rates grow so that no hole opens.
# - Theoretical: what can be seen. Effective: what is looked at. Empirical: what is noticed. The last two are smaller,
#   and what training does to them you have to measure.
# - DilatedNet: VGG16 with two pools traded for rates, and a module of seven dilated layers, with rate 16 among them.
#
# ## Further reading
# - [@@yu2016]
# - [@@luo2016]
# - [@@zhou2015]
# - [@@araujo2019]
# - [@@chen2017] (section 3.3: the weights that fall off the map)
