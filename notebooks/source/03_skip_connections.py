# ---
# title: Skip connections
# question: What changes when a layer also reads earlier layers, and the decoder also reads the encoder's maps?
# able:
#   - say what adding and concatenating feature maps do to their content and to their number
#   - explain with y = x + F(x) why residual connections help a deep network to learn
#   - compute U-Net's sizes from 572 to 388 and FC-DenseNet's channels from 48 to 256 by hand
#   - tell residual and dense connections from the skips between encoder and decoder
#   - read an ablation and say what it does and does not show
# needs: Lectures 00 to 02. You should know what an encoder and a decoder are.
# read_minutes: 40
# run_seconds: 60
# quiz:
#   - ask: "A block reads 64 maps and makes 64 new ones. How many maps does the next layer read if they are added, and how many if they are concatenated?"
#     options:
#       - {say: "64 and 64", why: "Right for the sum. Concatenation keeps both sets, so there are 128."}
#       - {say: "64 and 128", right: true, why: "A sum has as many maps as each of its terms. Concatenation stacks the two sets."}
#       - {say: "128 and 64", why: "It is the reverse: adding cannot make more maps."}
#       - {say: "128 and 128", why: "Adding 64 maps to 64 maps, map by map, gives 64."}
#   - ask: "Where does ResNet need a 1x1 convolution on the shortcut?"
#     options:
#       - {say: "In every block", why: "Most blocks keep the shape. There the shortcut is the identity and has no weights."}
#       - {say: "Nowhere, the input is padded", why: "Padding with zeros is one of the paper's options; the networks of this course use the 1x1 where shapes differ."}
#       - {say: "Only where the block changes the number of maps or the size", right: true, why: "A sum needs equal shapes. The first block of each stage changes them: 4 of the 16 blocks of ResNet-50."}
#   - ask: "U-Net reads a picture of 572 x 572 and returns scores of 388 x 388. Where are the other pixels?"
#     options:
#       - {say: "They are lost to unpadded convolutions, which cannot be computed at the border", right: true, why: "Each unpadded 3x3 convolution removes two cells, and a deep cell is many pixels wide: 184 pixels in all."}
#       - {say: "Lost to pooling", why: "Each pool is matched by an upsampling of the same factor. Only the borders are missing."}
#       - {say: "They are cut off at the end to save memory", why: "The skip maps are cropped to fit. The output is as large as the convolutions leave it."}
#   - ask: "In a dense block with 100 maps coming in and growth rate 12, how many maps does the fourth layer read?"
#     options:
#       - {say: "12", why: "That is what it adds. It reads all maps made before it."}
#       - {say: "112", why: "That is what the second layer reads."}
#       - {say: "136", right: true, why: "The 100 input maps and 12 from each of the three layers before it."}
#       - {say: "148", why: "The fourth layer does not read its own maps."}
#   - ask: "You set one skip of a trained network to zero and nothing changes. What do you know?"
#     options:
#       - {say: "Skips do not help", why: "You removed one. Its neighbours may carry the same detail, and another may be vital."}
#       - {say: "This skip is useless in every such network", why: "Another training run, or other pictures, may depend on it."}
#       - {say: "Nothing at all", why: "You know something about this network on these pictures."}
#       - {say: "This network, on these pictures, does not need it while the others are there", right: true, why: "An ablation without retraining says no more. To judge the design, train again without the skip, over several seeds."}
# teach:
#   sections:
#     - {section: "The same network, without its skips", minutes: 6, show: "The astronaut first. Then ask for the mean IoU of the ground truth itself at stride 16 before the picture comes."}
#     - {section: "Adding or concatenating", minutes: 8, show: "Let students draw what layer 4 reads in each of the three cases, then show the boxes."}
#     - {section: "Why deep networks need residual connections", minutes: 15, show: "Write y = x + F(x) and its derivative on the board. Then the gradient figure and the two trainings live; let the class vote on which curve is which."}
#     - {section: "ResNet: add", minutes: 8, show: "The schematic, then the last two lines of the block's forward."}
#     - {section: "DenseNet: concatenate", minutes: 8, show: "Exercise 3.3 in pairs, without looking at the source."}
#     - {section: "U-Net", minutes: 15, show: "Sizes on the board from 572 down and up; students fill in each number."}
#     - {section: "Ablation: remove a skip", minutes: 8, show: "Explorer: one skip off at a time; then S6, and why the two disagree."}
#     - {section: "FC-DenseNet", minutes: 8, show: "The scheme, then the bars and the four numbers that the printed table has wrong."}
#   wrong:
#     - {says: "Adding and concatenating are the same, because a 1x1 convolution can convert one into the other.", reply: "A 1x1 convolution after a concatenation can learn to add. The reverse is impossible: a sum no longer holds its terms."}
#     - {says: "Residual networks avoid vanishing gradients, so the gradient is the same at each depth.", reply: "Look at the figure: without batch normalisation it grows. The shortcut keeps the gradient from vanishing, not from growing."}
#     - {says: "U-Net pads its convolutions.", reply: "Most reimplementations do. The paper's network does not: 572 becomes 388."}
#     - {says: "DenseNet has more parameters because everything is concatenated.", reply: "Each layer adds few maps. FC-DenseNet103 has less than a third of U-Net's parameters; print both."}
#   discuss:
#     - {ask: "He initialisation alone preserves much of the gradient. What are residual connections still good for?", answer: "They make the identity easy to learn: a block whose F is near zero passes its input on, so extra depth does no harm. In S3 both networks have batch normalisation, and the plain one still loses."}
#     - {ask: "Why can zeroing a skip hurt more than training without it?", answer: "The trained network relies on maps that it always had; zeros are an input it never saw. A network trained without the skip learns to do without it."}
#     - {ask: "SegNet passes pooling indices to the decoder, U-Net passes feature maps. What does each cost?", answer: "Indices: one integer for each pooled value. Feature maps: all values of the level, and decoder convolutions that read twice the channels."}
# ---
# %% [markdown]
# ## The same network, without its skips
# This is the person segmenter from lecture 00, which runs in millions of video calls. It is an [[encoder-decoder]]: the
# [[encoder]] shrinks the photograph to a map of [[stride]] 16, the [[decoder]] enlarges that map again. Three
# **[[skip connection|skip connections]]** carry early, fine feature maps of the encoder directly to the decoder.
#
# Below we set the skips to zero. All weights stay as they are. The number is the [[iou|IoU]] of the person.
#
# *Guess:* what is lost without the skips: the head, the suit, or only the outline?
# <details><summary>Your guess, then run the cell</summary>Far more than the outline. The face survives, and so does some
# of the suit, but arms, shoulders and most of the helmet are gone. This network was trained with its skips and relies
# on them. Whether a network *needs* them is another question; this lecture answers both.</details>

# %%
import torch

from course_lib.datasets import photos
from course_lib.figures.outlines import outlines
from course_lib.lectures.l03_skip_connections import figures as figures
from course_lib.lectures.l03_skip_connections import figures_blocks as blocks
from course_lib.lectures.l03_skip_connections.networks import silenced
from course_lib.segment import loaded

astronaut, (selfie, told) = photos.load("astronaut"), loaded("selfie")
head_suit_helmet = torch.isin(astronaut.mask, torch.tensor([1, 2, 3])).long()
portrait = astronaut._replace(mask=head_suit_helmet, classes=("background", "person"))
normal, found = (astronaut.image[None].float() / 255 - told["mean"]) / told["std"], {}
for name, levels in {"three skips": (), "without skip 2": (2,), "without any skip": (1, 2, 3)}.items():
    with torch.no_grad(), silenced(selfie.net, levels):
        found[name] = selfie(normal)[0].argmax(0)
outlines(portrait, found, portrait.classes, window=(slice(None), slice(None)), columns=3)

# %% [markdown]
# ### Why the decoder needs help
# An encoder keeps *what* is in the picture and loses *where* it is. Lecture 02 brought some of it back with pooling
# indices. The painted street shows how much there is to bring back. Below is the ground truth itself, on maps whose
# cells can each hold one class only. No network is involved. The number is the mean IoU against the full-size truth,
# over 128 streets.
#
# *Guess:* the mean IoU of this perfect answer at stride 16.
# <details><summary>Your guess, then run the cell</summary>About a third. Poles and bicycles are smaller than a cell, so
# no cell is mostly pole, and a class that is never predicted has IoU 0. These scenes are only 64 pixels wide, which
# exaggerates the effect: on PASCAL VOC the same experiment still gives 0.93 at stride 16 ([@long2015]).</details>

# %%
from course_lib.evidence.card import evidence
from course_lib.evidence.small_training import held_out, started

streets = held_out("street")
pictures, truth, _ = streets.batch(range(len(streets)))
figures.forgotten(truth, (1, 2, 4, 8, 16), streets.classes, streets.colours)

# %% [markdown]
# The detail did exist once: in the encoder's early feature maps, before the first pool. A skip connection brings them to
# the layer that needs them.
#
# ## Adding or concatenating
# Where two paths meet, their feature maps can be **added** or **concatenated** ([[concatenation]]). Below are four layers in
# three arrangements. One box is one map that a layer reads; its colours say which layers the map comes from. Each layer
# makes four maps, or two where maps are concatenated.

# %%
figures.joins()

# %% [markdown]
# In a plain chain, layer 4 reads only the output of layer 3. With addition it reads a *mixture* of everything before it,
# and the number of maps stays 4. With concatenation it reads everything *unmixed*, and the number of maps grows with
# every layer.
#
# ## Why deep networks need residual connections
# Skips between encoder and decoder carry detail. Inside a network they have a second purpose: they make depth
# trainable. In the backward pass the [[gradient]] goes from the loss to the first layer and is multiplied once per
# layer. Compare the two kinds of layer:
#
#     plain       y = F(x)          dy/dx = F'(x)
#     residual    y = x + F(x)      dy/dx = 1 + F'(x)
#
# A product of small numbers F' vanishes. A product of numbers near 1 does not: the 1 is the path on which the gradient
# passes every layer unchanged. The first picture shows it for F' = 0.1.
#
# Then we measure it. We build networks of 2 to 32 layers, untrained, run one backward pass, and plot the norm (the length)
# of the gradient at the first layer: `plain`, `residual` and `dense` (concatenated) start from PyTorch's default
# initialisation. A fourth line is the plain network with **He initialisation**, whose weights are larger and made for
# [[relu|ReLU]]. (No [[batch normalisation]] here, because it hides the effect.)
#
# *Guess:* by what factor does the gradient shrink in the plain network of 32 layers?
# <details><summary>Your guess, then run the cell</summary>By more than fifteen powers of ten: the first layer does not
# learn at all. Most of this is the fault of the *initialisation*. PyTorch's default gives the weights one sixth of the
# variance that He et al. prescribe, so every layer shrinks the gradient by another factor of √6 ≈ 2.4. With He
# initialisation it loses only two to three powers of ten. The residual network has the opposite problem: its gradient
# grows.</details>

# %%
from functools import partial

from torch.nn import functional as F

from course_lib.lectures.l03_skip_connections.networks import Depth, tower

display(blocks.chains(slope=0.1, layers=4))
norms, depths = {}, (2, 4, 8, 16, 32)
for name in ("plain", "plain, He's start", "residual", "dense"):
    for depth in depths:
        net = started(partial(Depth, name.split(",")[0], depth, he="He" in name), seed=0)
        F.cross_entropy(net(pictures[:4, :, :32, :32]), truth[:4, :32, :32]).backward()
        norms.setdefault(name, []).append(float(net.first.weight.grad.norm()))
figures.gradients(norms, depths)

# %% [markdown]
# A gradient that arrives is not yet a network that learns. So we train two networks of 32 layers, now *with* batch
# normalisation. Parameters, pictures and steps are the same. One of them adds the input of each pair of layers to its
# output. This takes about 10 seconds.
#
# *Guess:* the plain network can represent everything that the residual one can. Will it learn as fast?
# <details><summary>Your guess, then run the cell</summary>No. A pair of plain layers must *learn* the identity to pass its
# input on unharmed. A residual pair passes it on when F is zero, and training only has to learn the
# difference. That difference, the *residual*, gives the block its name.</details>

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
# The residual network starts with the larger loss: sixteen sums make its first scores large, so it is confidently wrong.
# It soon overtakes the plain one.
#
# One training run proves little, so S2 and S3 repeat both experiments over several seeds.
# - **S2**, gradients. Each value says by how many powers of ten the gradient changes when 2 layers become 32. In the plain
#   network it falls by 14 powers of ten with PyTorch's initialisation and by 2 with He's; in the residual network it grows
#   by 2.6. The verdict rests on the comparison with He's.
# - **S3**, training, with batch normalisation in both networks. Compare 8 layers with 48: the plain network gets *worse*
#   with depth, on the pictures it was trained on. So this is not [[overfitting]]. [@he2016] saw the same with 20 and 56
#   layers, and they trained to the end. Our networks had 120 steps; S3 cannot tell whether the deep plain network learns
#   less or only more slowly.

# %%
evidence("S2", "S3")

# %% [markdown]
# ## ResNet: add
# Below is the [[residual connection]] of ResNet-50 and ResNet-101, the backbones of PSPNet and DeepLab: a schematic, and
# the code of the course. Three convolutions compute F(x). The shortcut carries x past them. Most shortcuts are the identity
# and have no weights. Where the number of maps or the stride changes, x and F(x) have different shapes; there the
# shortcut is a 1x1 convolution with batch normalisation, called a *projection*. Find the sum in the code.

# %%
from inspect import getsource

from course_lib.models.resnet import Bottleneck

print(getsource(Bottleneck.forward))
blocks.residual_block((256, 64, 64, 256))

# %% [markdown]
# ### Exercises 3.1 and 3.2: the derivative, and the end of a residual block
# - `my_slope(slopes)`: a chain of layers has these slopes F'. Return a list of two derivatives of the whole chain: for
#   y = F(x), and for y = x + F(x).
# - `my_residual(x, changed, weight, stride)`: the end of a residual block. `changed` is F(x). `weight` belongs to the 1x1
#   convolution of the shortcut and is None where the shapes agree.

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
    shortcut = x if weight is None else F.conv2d(x, weight, stride=stride)
    return F.relu(changed + shortcut)


display(exercises.skips.slope.check(my_slope), exercises.skips.residual.check(my_residual))

# %% [markdown]
# ## DenseNet: concatenate
# [@huang2017] concatenate instead. In a **[[dense block]]** each layer reads the block's input and the maps of *all*
# layers before it. It adds only a few maps of its own; their number is the [[growth rate]].
#
# ### Exercise 3.3: a dense block
# Write `my_dense_block(x, layers)`. It returns `x` and all new maps, concatenated in the order in which they were made.
# The next cell shows the course's own code, so try first.


# %% tags=["exercise"]
def my_dense_block(x, layers):
    # solution
    maps = [x]
    for layer in layers:
        maps.append(layer(torch.cat(maps, dim=1)))
    return torch.cat(maps, dim=1)


exercises.skips.dense_block.check(my_dense_block)

# %% [markdown]
# Here is the course's dense block, and a drawing of the first one of FC-DenseNet56, with growth rate 12. The card S1
# counts both kinds of block in real networks. Unfold it and look for two numbers: only 4 of ResNet-50's 16 blocks need a projection;
# and each layer of a dense block reads 12 maps more than the layer before it.

# %%
from course_lib.models.fc_densenet import DenseBlock

print(getsource(DenseBlock))
display(blocks.dense_block((48, 60, 72, 84), growth=12))
evidence("S1")

# %% [markdown]
# ## U-Net: skips from encoder to decoder
# [@ronneberger2015] connected [[encoder]] and [[decoder]] at every level. The decoder upsamples the map from below,
# concatenates the encoder's map of the same level, and applies two convolutions. The coarse map knows *what*, the skip
# knows *where*.
#
# One detail is unusual: *no convolution is padded*. Every output is computed from real pixels only, so maps shrink a
# little at every layer. The encoder's map is then larger than the decoder's and is cropped before the concatenation. The
# code of one decoder level is below. (`release` is the authors' published network: it has one more ReLU, and the skip
# comes second.)
#
# Below it the original network reads a picture of 572 pixels: one grey channel in, two classes out. *Guess* the size of
# its output.
# <details><summary>Your guess, then run the cell</summary>388: 184 pixels less. To label a whole picture, U-Net mirrors
# the picture's border outwards first. `net(picture)` does that here, `net.scores` does not.</details>

# %%
from course_lib import models
from course_lib.figures.architecture import architecture
from course_lib.models.unet import Up

print(getsource(Up.forward))
unet = models.build("unet", num_classes=2, in_channels=1, device="meta").eval()  # meta: shapes without numbers
scores = unet.scores(torch.empty(1, 1, 572, 572, device="meta"))
print(f"{sum(p.numel() for p in unet.parameters()):,} parameters; 572 x 572 gives {tuple(scores.shape)}")
architecture("unet", num_classes=2, in_channels=1)

# %% [markdown]
# ### Exercises 3.4 and 3.5: the output's size, and the skip itself
# - `my_unet_side(side)`: the output's side for a picture of side x side pixels. Four levels down, the bottom, four levels
#   up; each has two unpadded 3x3 convolutions.
# - `my_join(up, copy)`: crop the centre of `copy` to the size of `up`, then concatenate, `copy` first.


# %% tags=["exercise"]
def my_unet_side(side):
    # solution
    for _ in range(4):
        side = (side - 4) // 2
    side = side - 4
    for _ in range(4):
        side = 2 * side - 4
    return side


def my_join(up, copy):
    # solution
    height, width = up.shape[-2:]
    top, left = (copy.shape[-2] - height) // 2, (copy.shape[-1] - width) // 2
    return torch.cat([copy[..., top : top + height, left : left + width], up], dim=1)


display(exercises.skips.unet_side.check(my_unet_side), exercises.skips.join.check(my_join))

# %% [markdown]
# ## U-Net on a photograph
# Now a U-Net that was [[fine-tuning|fine-tuned]] on photographs of cats and dogs. Its encoder is the ImageNet classifier of
# lecture 01; the decoder with its four skips is U-Net's. The network has never seen this cat. Again we set skips to zero,
# one at a time and then all. The white line is the predicted outline. The number is the IoU of the cat on the whole
# photograph.
#
# *Guess:* what is lost without any skip: the cat, its ear, or the sharpness of its outline?
# <details><summary>Your guess, then run the cell</summary>The ear and the sharp outline, but not the cat. The bottom of the
# U has stride 32 and still knows that a cat is there; its outline is smooth and too wide. IoU hardly changes, because a
# large cat has few pixels near its outline. Without skip 4 the network sees a dog in the background.</details>

# %%
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
# One photograph proves little: without skip 2 the number even rises. The card S7 below tests 298 photographs and
# measures IoU near the boundaries. There the finest skip hardly matters. Skip 4, at stride 16, matters most. Without any
# skip about half of the boundary score is lost.
#
# ## Ablation: remove a skip
# Cats and dogs are large. Small things may need other skips. The explorer below holds a small U-Net trained on painted
# streets, and you can switch off each of its four skips. FCN-8s is there too; its two skips are added, and its finest
# one has stride 8. Mind the numbers: here skip 1 is the deepest and skip 4 the finest, at full resolution. On the
# photograph above it was the other way round, with skip 4 at stride 16. The U-Net of the photograph is there as well:
# choose it and press *Play*, and its maps slide down the U, across its bridges and up again.
#
# *Find out:* (a) which single skip of U-Net can be removed with almost no effect, (b) which one carries the small things,
# (c) which one keeps large areas in one piece, (d) what is left without any skip.
# <details><summary>What we saw</summary>(a) The deepest: the bottom knows the same. (b) Skip 4, at full resolution:
# without it nearly every pixel of a small thing is wrong. (c) Skip 3, at stride 2: without it parts of large areas get
# another class. (d) A few large areas, half of them wrong. But this network was trained with its skips and relies on
# them.</details>

# %%
from course_lib import explorers

silencing = explorers.skips()
display(silencing.figure(), silencing)

# %% [markdown]
# A fair [[ablation]] trains again. In **S6** a smaller U-Net is trained with all three skips, without one of them, and
# without any. The number of parameters stays the same. (In S6, skip 1 is the *finest*; the explorer calls that one
# skip 4.) Unfold S6 and look at "none" first. Each dot is one training. How far do the dots of one line scatter, and which
# differences would you believe?
# <details><summary>Your reading, then ours</summary>Without any skip, every dot lies below all dots of the full network.
# Without one skip, the mean drops by less than the seeds differ among themselves, so three seeds cannot tell. That is not
# the same as "no effect". Note the contrast: zeroing the finest skip of a *trained* network destroys the small things;
# *training* without it changes the boundaries so little that three seeds cannot tell.</details>
#
# S4 has the numbers of the original U-Net. S8 removes the skips of the person segmenter from the beginning, on many
# photographs.

# %%
evidence("S4", "S6", "S7", "S8")

# %% [markdown]
# ## FC-DenseNet: three kinds of concatenation
# The One Hundred Layers Tiramisu of [@jegou2017] is a U-Net whose every level is a dense block. It concatenates in three
# places:
# 1. *within* a dense block, as DenseNet does;
# 2. *behind* each block of the encoder, where the block's input is kept beside its new maps;
# 3. *across*, from encoder to decoder, as U-Net does.
#
# In the decoder only the new maps go on. Otherwise the number of maps would explode. The first drawing shows the lower half of
# FC-DenseNet103, the second the whole network. The dense block at the bottom is called the *bottleneck*.
#
# *Guess:* FC-DenseNet103 has 103 convolutions, and each dense layer makes 16 maps. U-Net has 23 convolutions, and each
# makes 64 to 1024 maps. Which network has more parameters?
# <details><summary>Your guess, then run the cell</summary>U-Net, more than three times as many. The weights of a layer
# grow with the maps that it reads times the maps that it makes.</details>

# %%
fc_densenet = models.build("fc_densenet103", num_classes=11, device="meta").eval()
scores = fc_densenet(torch.empty(1, 3, 224, 224, device="meta"))
print(f"{sum(p.numel() for p in fc_densenet.parameters()):,} parameters; 224 x 224 gives {tuple(scores.shape)}")
display(blocks.tiramisu(before=304, down=(10, 12), bottom=15, growth=16))
architecture("fc_densenet103", num_classes=11)

# %% [markdown]
# How many maps does each dense block hold at its end? The bars are counted on the network itself: all that the block
# read, and all that it added. Four of them (hatched) differ from the paper's table, which prints them 16 too small; the
# authors' own page says so. S5 has the numbers.

# %%
from course_lib.lectures.l03_skip_connections.claims import PRINTED, maps_after_each_stage

down, up = ([f"{way} {n}" for n in range(1, 6)] for way in ("down", "up"))
names = ["first", *down, "bottom", *up]
display(figures.stages(maps_after_each_stage(fc_densenet), PRINTED, names))
evidence("S5")

# %% [markdown]
# ### Exercise 3.6: count the maps
# Write `my_channels(first, down, bottleneck, up, growth)`, which returns the bars above from left to right. `down` and
# `up` are lists of layer counts: 4, 5, 7, 10, 12 and 12, 10, 7, 5, 4, with 15 layers at the bottom and growth rate 16.


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
# ### A picture to keep
# Remove the skips you like. Which one would you give up to make the network smaller? Then try the astronaut and the person
# segmenter from the top of this lecture. The last line saves your picture; take the `#` away.

# %%
mine, skips_off = cat, (1, 3, 4)
with torch.no_grad(), silenced(real.net, skips_off):
    labels = real((mine.image[None].float() / 255 - told["mean"]) / told["std"])[0].argmax(0)
kept = {"all four skips": found["all four skips"], f"without {', '.join(map(str, skips_off))}": labels}
keep = outlines(mine, kept, told["classes"], window=(slice(None), slice(None)), columns=2)
# keep.savefig("my_skips.png", dpi=200)
keep

# %% [markdown]
# [quiz]

# %% [markdown]
# ## What the papers reported
# U-Net won two categories of the ISBI cell tracking challenge of 2015, with an IoU of 0.9203 on PhC-U373
# ([@ronneberger2015], table 2), from few labelled pictures. FC-DenseNet103 reached a mean IoU of 66.9 per cent on CamVid
# ([@jegou2017], table 3) without any pretraining.
#
# **A common mistake.** Much code called U-Net pads its convolutions, adds batch normalisation, and pads the small map
# instead of cropping the large one. That may be a good network, but it is not the paper's: sizes and weights do not fit.
#
# ## Take away
# - Addition keeps the number of maps and mixes them. Concatenation keeps every map and pays in channels.
# - y = x + F(x) has the derivative 1 + F'(x): the gradient does not vanish, and a block can do nothing at no cost.
# - Skips between encoder and decoder carry detail. The small U-Net of S6 fails without all of them; whether it needs any
#   single one, three seeds cannot tell.
# - Zeroing a part of a trained network and training without it are two experiments with two answers.
# - Papers and reimplementations differ in small print: padding, cropping, a table that is 16 off. Count on the network.
#
# ## Further reading
# - [@@ronneberger2015]
# - [@@jegou2017]
# - [@@he2016]
# - [@@huang2017]
