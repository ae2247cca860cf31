# ---
# title: Skip connections
# question: What if a layer may look past its neighbour, and the decoder may look at the encoder's own maps?
# able:
#   - say what adding and concatenating do to the maps and to their number
#   - explain why a deep plain network hardly learns, and what a way round changes
#   - follow U-Net's sizes from 572 to 388 and FC-DenseNet's maps from 48 to 256, by hand
#   - tell skips within a network from skips between encoder and decoder
#   - read an ablation, and say what it does and does not show
# needs: Lectures 00 to 02. You should know what an encoder and a decoder are.
# read_minutes: 40
# run_seconds: 35
# quiz:
#   - ask: "A block reads 64 maps and makes 64 new ones. How many maps go on if they are added, and how many if they are concatenated?"
#     options:
#       - {say: "64 and 64", why: "Right for the sum. Concatenating keeps both, so they count twice."}
#       - {say: "64 and 128", right: true, why: "A sum has as many maps as each of its parts; concatenating puts them beside each other."}
#       - {say: "128 and 64", why: "The other way round: adding cannot make more maps."}
#       - {say: "128 and 128", why: "Adding 64 maps to 64 maps, map by map, gives 64."}
#   - ask: "Where does ResNet need a 1x1 convolution on the way round?"
#     options:
#       - {say: "In every block", why: "Most blocks keep the shape. There the input is added as it is, without a single weight."}
#       - {say: "Nowhere, the input is padded", why: "Padding with zeros is one of the paper's options; the networks of this course use the 1x1 where shapes differ."}
#       - {say: "Only where the block changes the number of maps or the size", right: true, why: "A sum needs equal shapes. The first block of each stage changes them: 4 of the 16 blocks of ResNet-50."}
#   - ask: "A U-Net gets a picture of 572 x 572 and answers with 388 x 388. Where are the other pixels?"
#     options:
#       - {say: "Lost to unpadded convolutions: near the border nothing is there to read", right: true, why: "Each 3x3 without padding takes two cells of its level, and deep cells are many pixels large: 184 in all."}
#       - {say: "Lost to pooling", why: "Each pool is undone by an enlargement of the same factor. Only the borders are missing."}
#       - {say: "They are cut off at the end to save memory", why: "The copies are cut, to fit; the answer is as large as the convolutions leave it."}
#   - ask: "In a dense block with 100 maps coming in and growth rate 12, how many maps does the fourth layer read?"
#     options:
#       - {say: "12", why: "That is what it adds. It reads everything so far."}
#       - {say: "112", why: "That is what the second layer reads."}
#       - {say: "136", right: true, why: "The 100 that came in and three times 12 from the layers before it."}
#       - {say: "148", why: "The fourth layer does not read its own maps."}
#   - ask: "You silence one skip of a trained network and nothing changes. What do you know?"
#     options:
#       - {say: "Skips do not help", why: "You silenced one. Its neighbours may carry the same detail, and others may be vital."}
#       - {say: "This skip is useless in every such network", why: "Another training, or other pictures, may lean on it."}
#       - {say: "Nothing at all", why: "You know something about this network on these pictures."}
#       - {say: "This network, on these pictures, does not need it while the others are there", right: true, why: "That is all an ablation of one part says. To judge the idea, train again without it, over several seeds."}
# teach:
#   sections:
#     - {section: "What a coarse map forgets", minutes: 6, show: "Ask for the mean IoU of the truth itself at stride 16 before the picture comes."}
#     - {section: "Two ways to join", minutes: 8, show: "Let students draw what layer 4 reads in each of the three ways, then show the boxes."}
#     - {section: "Why depth needs a way round", minutes: 15, show: "The gradient figure, then the two trainings live; let the class vote on which curve is which."}
#     - {section: "ResNet: add", minutes: 8, show: "The last two lines of the block's forward."}
#     - {section: "DenseNet: concatenate", minutes: 8, show: "Exercise 3.2 in pairs, without looking at the source."}
#     - {section: "U-Net", minutes: 15, show: "Sizes on the board from 572 down and up; students fill in each number."}
#     - {section: "Silence the skips", minutes: 8, show: "Explorer: one skip off at a time; then S6, and why the two disagree."}
#     - {section: "FC-DenseNet", minutes: 8, show: "The bars, and the four numbers that the printed table has wrong."}
#   wrong:
#     - {says: "Adding and concatenating are the same, a 1x1 can undo it.", reply: "A 1x1 after concatenating can learn to add. The reverse is not true: a sum has forgotten its parts."}
#     - {says: "Residual networks avoid vanishing gradients, so the gradient is the same at each depth.", reply: "Look at the figure: without batch normalisation it grows. The way round keeps it from fading, not from growing."}
#     - {says: "U-Net pads its convolutions.", reply: "Most copies do. The paper's does not: count, 572 to 388."}
#     - {says: "DenseNet has more parameters because everything is concatenated.", reply: "Each layer adds few maps. FC-DenseNet103 has about a third of U-Net's parameters; print both."}
#   discuss:
#     - {ask: "He's start alone saves much of the gradient. What are skips still good for?", answer: "They make it easy to learn nothing: a block that starts near zero leaves its input alone, so depth cannot harm. In S3 both kinds have batch normalisation, and the plain one still loses."}
#     - {ask: "Why can silencing a skip hurt more than training without it?", answer: "The trained network counts on the maps it learned with; zeros are an input it never saw. Trained without, it finds another way."}
#     - {ask: "SegNet hands over places and U-Net hands over maps. What does each cost?", answer: "Places: one index for each pooled value. Maps: all values of the level, and convolutions that read twice the channels."}
# ---
# %% [markdown]
# ## What a coarse map forgets
# An encoder shrinks the picture, by 16 or 32, and what is left knows *what* is there. Lecture 02 brought back *where*
# with remembered places. Here is how much there is to bring back. Below is the truth itself, on maps whose cells may
# each say one name. The number over each is its mean IoU against the full truth, over 128 streets.
#
# *Guess:* the mean IoU of the perfect answer at stride 16.
# <details><summary>Your guess, then run the cell</summary>About a third. Poles and bicycles are smaller than a cell,
# so that no cell is mostly theirs; and a class that is never found counts 0.</details>

# %%
import torch

from course_lib import explorers
from course_lib.evidence.card import evidence
from course_lib.evidence.small_training import held_out, started
from course_lib.lectures.l03_skip_connections import figures as figures

streets = held_out("street")
pictures, truth, _ = streets.batch(range(len(streets)))
figures.forgotten(truth, (1, 2, 4, 8, 16), streets.classes, streets.colours)

# %% [markdown]
# The detail was there once: in the encoder's own early maps, before the first pool. A [[skip connection]] carries such
# maps past all that lies between, to a layer that needs them.
#
# ## Two ways to join
# Where a path joins another, their maps can be **added** or **concatenated**, put beside each other. Below, four layers
# in three arrangements. A box is one map that the layer reads; its colours say whose outputs it holds. Each layer makes
# four maps, and two where they are concatenated.

# %%
figures.joins()

# %% [markdown]
# In a chain, layer 4 knows the picture only through layers 3, 2 and 1. Added, it reads a mixture of all that came
# before, at no cost. Concatenated, it reads everything *unmixed*, and pays: the pile grows with each layer.
#
# ## Why depth needs a way round
# Skips from encoder to decoder bring back detail. Within a network they serve another purpose: learning. The
# [[gradient]] that training sends back to the first layer has to pass all others. Let us build each kind 2, 4, 8, 16
# and 32 layers deep, untrained, send one gradient back and measure what arrives: the chain (`plain`), added
# (`residual`) and concatenated (`dense`). A fourth line, `He's start`, is the chain again, but the weights it begins
# with are drawn larger, as He et al. chose them for ReLU. (No [[batch normalisation]], which hides the effect.)
#
# *Guess:* by what factor has the gradient shrunk in the chain of 32 layers?
# <details><summary>Your guess, then run the cell</summary>By fifteen powers of ten or so: the first layer does not hear
# that there was an error.</details>

# %%
from functools import partial

from torch.nn import functional as F

from course_lib.lectures.l03_skip_connections.networks import Depth, tower

norms, depths = {}, (2, 4, 8, 16, 32)
for name in ("plain", "plain, He's start", "residual", "dense"):
    for depth in depths:
        net = started(partial(Depth, name.split(",")[0], depth, he="He" in name), seed=0)
        F.cross_entropy(net(pictures[:4, :, :32, :32]), truth[:4, :32, :32]).backward()
        norms.setdefault(name, []).append(float(net.first.weight.grad.norm()))
figures.gradients(norms, depths)

# %% [markdown]
# A gradient that arrives is not yet a network that learns. So train: two towers of 32 layers, *with* batch
# normalisation, the same parameters, pictures and steps. In one, each pair of layers adds its input to its output. It
# takes about 10 seconds.
#
# *Guess:* the plain tower can compute everything that the other can. Will it?
# <details><summary>Your guess, then run the cell</summary>It could; training does not find it. To do no harm a plain
# pair of layers must learn to hand its input on. The residual pair does that when it learns nothing.</details>

# %% tags=["heavy"]
from course_lib.scenes import Scenes
from course_lib.training import fit

curves = {}
for name, add in {"plain": False, "residual": True}.items():
    net = started(partial(tower, add, 32), seed=0)
    history = fit(net, Scenes("street", seed=0), steps=80, learning_rate=4e-3)
    curves[name] = history.losses
figures.losses(curves)

# %% [markdown]
# The residual tower begins with the larger loss: sixteen sums make its first scores large, so that it is wrong with
# conviction. It overtakes the plain one all the same.
#
# S2 and S3 repeat both experiments over seeds. In S2 a value of -14 means fourteen powers of ten between 2 and 32
# layers. With torch's own start the plain network loses fourteen; with He's start it loses two, and the residual
# network beside it gains two and a half. The last two decide. A good start does much of the same, so fading gradients
# are not the whole story. In S3 both kinds have batch normalisation, with which He et al. found healthy
# gradients in plain networks, too. Compare 8 with 48 layers: the plain network gets *worse* with depth, on pictures it
# was trained on, so this is not [[overfitting]] either. [@he2016] saw the same with 20 and 56 layers, trained to the
# end. Ours had 120 steps each: whether the deep plain tower learns less or only more slowly, S3 cannot tell.

# %%
evidence("S2", "S3")

# %% [markdown]
# ## ResNet: add
# Here is the [[residual connection]] as ResNet-50 and ResNet-101 have it; you will meet both again under PSPNet and
# DeepLab. Read the last line. `self.shortcut` is the way round: nothing at all where the shapes agree, and a 1x1
# convolution (and its batch normalisation) where they do not.

# %%
from inspect import getsource

from course_lib.models.resnet import Bottleneck

print(getsource(Bottleneck.forward))

# %% [markdown]
# ### Exercises 3.1 and 3.2: the slope, and the end of a residual block
# `my_slope(slopes)` lists two derivatives through a chain of layers with these slopes: without skip connections, y = F(x),
# and with them, y = x + F(x). `my_residual(x, changed, weight, stride)` is the end of a residual block: `changed` is what
# its convolutions made of `x`, and `weight` belongs to the 1x1 convolution of the shortcut, or is None where the shapes
# agree.

# %% tags=["exercise"]
from course_lib import exercises


def my_slope(slopes):
    # solution
    plain, residual = 1, 1
    for slope in slopes:
        plain, residual = plain * slope, residual * (1 + slope)
    return [plain, residual]


def my_residual(x, changed, weight, stride):
    # solution
    way_round = x if weight is None else F.conv2d(x, weight, stride=stride)
    return F.relu(changed + way_round)


display(exercises.skips.slope.check(my_slope), exercises.skips.residual.check(my_residual))

# %% [markdown]
# ## DenseNet: concatenate
# [@huang2017] concatenate instead, within a **[[dense block]]**: each layer reads the input and the maps of *all*
# layers before it, and adds few maps of its own, the [[growth rate]].
#
# ### Exercise 3.3: a dense block
# Write `my_dense_block(x, layers)`: out go `x` and all new maps, concatenated in the order in which they were made.
# The next cell shows the course's own; try first.


# %% tags=["exercise"]
def my_dense_block(x, layers):
    # solution
    maps = [x]
    for layer in layers:
        maps.append(layer(torch.cat(maps, dim=1)))
    return torch.cat(maps, dim=1)


exercises.skips.dense_block.check(my_dense_block)

# %% [markdown]
# Below is the course's own dense block. Under it, S1 counts residual and dense blocks in real networks. Two numbers are
# worth a look: how few of ResNet-50's blocks need a 1x1 on the shortcut; and what each layer of a dense block reads,
# always 12 maps more than the layer before it. 12 is the growth rate of FC-DenseNet56, which you meet below.

# %%
from course_lib.models.fc_densenet import DenseBlock

print(getsource(DenseBlock))
evidence("S1")

# %% [markdown]
# ## U-Net: across
# [@ronneberger2015] carried skips from the [[encoder]] to the [[decoder]]: at each level the map from below is
# enlarged, and the encoder's own map of that size is put beside it. Detail and meaning, side by side, and two
# convolutions to weigh them.
#
# One thing is special: *no convolution is padded*. Every value is computed from real pixels, and the maps shrink a
# little at every step, so that the copy is larger than its partner and must be cut. Read the last line below; the
# `release` above it is the network as its authors gave it away, with a ReLU behind the enlargement and the copy second.

# %%
from course_lib.models.unet import Up

print(getsource(Up.forward))

# %% [markdown]
# Here is the real network, one grey channel in and two classes out as in the paper, on a picture of 572 pixels. It
# takes about 5 seconds. *Guess* the size of the answer.
# <details><summary>Your guess, then run the cell</summary>388: 184 pixels fewer. To name a picture's border, too, the
# picture is first mirrored outwards: that is what `net(picture)` does, and `net.scores` does not.</details>

# %% tags=["heavy"]
from course_lib import models
from course_lib.figures.architecture import architecture

unet = models.build("unet", num_classes=2, in_channels=1).eval()
with torch.no_grad():
    answer = unet.scores(torch.rand(1, 1, 572, 572))
print(f"{sum(p.numel() for p in unet.parameters()):,} parameters; 572 x 572 gives {tuple(answer.shape)}")
del unet
architecture("unet", num_classes=2, in_channels=1)

# %% [markdown]
# ### Exercise 3.4: the size of the answer
# Write `my_unet_side(side)` for a picture of side x side pixels: four levels down, the bottom, four levels up, each
# with two unpadded 3x3 convolutions.


# %% tags=["exercise"]
def my_unet_side(side):
    # solution
    for _ in range(4):
        side = (side - 4) // 2
    side = side - 4
    for _ in range(4):
        side = 2 * side - 4
    return side


exercises.skips.unet_side.check(my_unet_side)

# %% [markdown]
# ### Exercise 3.5: the skip itself
# Write `my_join(up, copy)`: cut the copy's centre to the size of `up`, then concatenate, the copy first.


# %% tags=["exercise"]
def my_join(up, copy):
    # solution
    height, width = up.shape[-2:]
    top, left = (copy.shape[-2] - height) // 2, (copy.shape[-1] - width) // 2
    return torch.cat([copy[..., top : top + height, left : left + width], up], dim=1)


exercises.skips.join.check(my_join)

# %% [markdown]
# ## U-Net on a photograph
# Now a U-Net that was trained on photographs of cats and dogs. Its encoder is the ImageNet classifier of lecture 01; the
# decoder and the four skips are U-Net's. It finds the cat that it has never seen. Then we **silence** its skips: we put
# zeros in place of the copies, one by one and then all. The white line is the outline that it draws. The number is the
# IoU of the cat, on the whole photograph.
#
# *Guess:* what is lost without any skip: the cat, its ear, or the sharpness of its outline?
# <details><summary>Your guess, then run the cell</summary>The ear and the outline, not the cat. The bottom of the U has
# a stride of 32 and knows *what* is there; its outline is smooth and wide. IoU hardly notices: the cat is large, so its
# outline has few of its pixels. Without skip 4 alone the network sees a dog in the background.</details>

# %%
from course_lib.datasets import photos
from course_lib.figures.outlines import outlines
from course_lib.lectures.l03_skip_connections.networks import silenced
from course_lib.segment import loaded

cat, (real, told) = photos.load("cat"), loaded("unet_pets")
normal = (cat.image[None].float() / 255 - told["mean"]) / told["std"]
kinds = {"all four skips": ()}
kinds |= {f"without {level}, stride {2**level}": (level,) for level in (1, 2, 3, 4)}
kinds |= {"no skip at all": (1, 2, 3, 4)}
found = {}
for name, levels in kinds.items():
    with torch.no_grad(), silenced(real.net, levels):
        found[name] = real(normal)[0].argmax(0)
outlines(cat, found, told["classes"], window=(slice(0, 300), slice(150, 451)), columns=3)

# %% [markdown]
# One photograph proves little: without skip 2 the number even rises. The card S7, below, asks 298 photographs and counts
# along the boundaries. There this network hardly needs its finest skip. It needs skip 4 most, at stride 16, and without
# any skip about half of the score along the boundaries is lost.
#
# ## Silence the skips
# Cats and dogs are large. Small things may need other skips. Below is a small U-Net, trained on painted streets; you can silence each of its four skips.
# FCN-8s, whose two skips are added, is there too. Its finest one comes from a map of stride 8: read off what that does
# for small things.
#
# *Find out:* (a) which single skip of U-Net can be missed almost without a trace, (b) which one carries the small things,
# (c) without which one pixels get a wrong name also far from any boundary, (d) what no skips at all leave.
# <details><summary>What we saw</summary>(a) The deepest: what it carries the bottom knows as well. (b) Skip 4, at the
# picture's own size: without it nearly every pixel of a small thing is wrong. (c) Skip 3, at stride 2: parts of large
# areas change their name. (d) A few large areas, half of them wrong. But beware: silenced is not the same as never
# there. This network learned to lean on what it then loses.</details>

# %%
silencing = explorers.skips()
silencing.figure()

# %%
silencing

# %% [markdown]
# So a fair [[ablation]] trains again. S6 does: a still smaller U-Net with all of its three skips, without one of them,
# and with none, each with the same parameters. Mind the names: here 1 is the *finest* skip, at the picture's own size,
# which the explorer calls skip 4. Look first at "none", then at how far the dots of one line scatter: which differences
# would you believe? S4 has the real U-Net's numbers, and S8 silences the three skips of the selfie network of lecture
# 00, which holds them through a gate: how much of its outline is left?
# <details><summary>Your reading, then ours</summary>"none": every one of its dots lies below all others of its kind.
# Without a single level the mean falls by less than the seeds differ among themselves: three seeds cannot tell. That is
# not the same as "no effect". And compare: silenced in a trained network, the finest skip costs nearly every small
# thing; here, trained without it, so little along the edges that three seeds cannot tell.</details>

# %%
evidence("S4", "S6", "S7", "S8")

# %% [markdown]
# ## FC-DenseNet: everything at once
# The One Hundred Layers Tiramisu of [@jegou2017] is a U whose every level is a dense block. It concatenates in three
# places: *within* a block; *behind* each block on the way down, where the block's input goes on beside its new maps;
# and *across*, like U-Net. On the way up only the new maps go on, or the pile would explode.
#
# *Guess:* it has 103 layers, U-Net 23. Which one has more parameters?
# <details><summary>Your guess, then run the cell</summary>U-Net, more than three times as many: a dense layer adds 16
# maps where U-Net's make 64 to 1024.</details>

# %%
tiramisu = models.build("fc_densenet103", num_classes=11).eval()
with torch.no_grad():
    answer = tiramisu(torch.rand(1, 3, 224, 224))
print(f"{sum(p.numel() for p in tiramisu.parameters()):,} parameters; 224 x 224 gives {tuple(answer.shape)}")
architecture("fc_densenet103", num_classes=11)

# %% [markdown]
# How many maps lie on the pile after each stage? In the drawing the bottom and the boxes on the way up name the new
# maps alone, which go on: 15 layers of 16 are 240. Below, the whole pile is counted on the network, with all that the
# block has read. The hatched bars differ from the paper's table, where they are printed 16 too small. The authors' own
# page says so.

# %%
from course_lib.lectures.l03_skip_connections.claims import PRINTED, maps_after_each_stage

down, up = ([f"{way} {n}" for n in range(1, 6)] for way in ("down", "up"))
names = ["first", *down, "bottom", *up]
figures.stages(maps_after_each_stage(tiramisu), PRINTED, names)

# %% [markdown]
# ### Exercise 3.6: count the maps
# Write `my_channels(first, down, bottleneck, up, growth)`, the bars above from left to right. `down` and `up` are lists
# of layer counts: 4, 5, 7, 10, 12 and 12, 10, 7, 5, 4, with 15 layers at the bottom and growth rate 16.


# %% tags=["exercise"]
def my_channels(first, down, bottleneck, up, growth):
    # solution
    pile, copies = [first], []
    for layers in down:
        pile.append(pile[-1] + layers * growth)
        copies.append(pile[-1])
    new = bottleneck * growth
    pile.append(pile[-1] + new)
    for layers in up:
        pile.append(copies.pop() + new + layers * growth)
        new = layers * growth
    return pile


exercises.skips.channels.check(my_channels)

# %% [markdown]
# **What the papers reported.** U-Net won two categories of the ISBI cell tracking challenge of 2015, with an IoU of
# 0.9203 on PhC-U373 ([@ronneberger2015], table 2), from few labelled pictures. FC-DenseNet103 reached mean IoU 66.9 on
# CamVid ([@jegou2017], table 3) without any pretraining.
#
# **What circulates wrongly.** Much code called U-Net pads its convolutions, adds batch normalisation, and pads the
# small map instead of cutting the large one. That may be a good network; it is not the one of the paper, and weights
# and sizes do not fit. And of FC-DenseNet's table the card S5 says which numbers are meant.

# %%
evidence("S5")

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Adding keeps the number of maps and mixes them; concatenating keeps everything and pays in channels.
# - Ways round let gradients arrive, and let a block do no harm by learning nothing. So depth can help.
# - Skips between encoder and decoder carry detail. All of them together matter a great deal; one alone may be missed.
# - Silencing a part of a trained network and training without it are two experiments with two answers.
# - Paper and copy differ in small print: padding, cropping, a table that is 16 off. Count on the network.
#
# ## Further reading
# - [@@ronneberger2015]
# - [@@jegou2017]
# - [@@he2016]
# - [@@huang2017]
