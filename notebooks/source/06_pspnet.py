# ---
# title: PSPNet
# question: What if the answer lies nowhere near the pixel?
# able:
#   - tell the three kinds of errors that a network makes when it lacks context
#   - say what an average of the whole map knows, and what it has forgotten
#   - write pyramid pooling, and count its channels
#   - set up an experiment on context with a control that could prove you wrong
# needs: Lecture 04 (theoretical and effective receptive field). Lecture 05 helps, for rates and bilinear upsampling.
# read_minutes: 40
# run_seconds: 30
# quiz:
#   - ask: "A hull lies in the fog, 30 pixels from the water. The network's field is 15 pixels. What helps?"
#     options:
#       - {say: "Ten times as many training pictures.", why: "Boat and car look alike within 15 pixels in all of them. No amount of data contains the answer there."}
#       - {say: "Sharper upsampling at the end.", why: "It draws a finer outline round a guess."}
#       - {say: "An average of the whole map beside each cell's own features.", why: "If any cell of the map has seen water, the average says so, to every cell.", right: true}
#   - ask: "What does a global average forget?"
#     options:
#       - {say: "Where something was.", why: "Three crosses here or three crosses there: the same average.", right: true}
#       - {say: "How much of it there was.", why: "That is just what it keeps."}
#       - {say: "In which channel it was.", why: "Each channel is averaged by itself."}
#   - ask: "How many averages does each channel have in the pyramid with bins 1, 2, 3 and 6?"
#     options:
#       - {say: "4", why: "Four levels; but a level of 2 x 2 bins has four averages."}
#       - {say: "12", why: "1 + 2 + 3 + 6 counts along one side only."}
#       - {say: "36", why: "That is the last level alone."}
#       - {say: "50", why: "1 + 4 + 9 + 36.", right: true}
#   - ask: "How many maps leave PSPNet's pyramid, and why not more?"
#     options:
#       - {say: "2052: each level is reduced to one channel.", why: "One number for 2048 maps says very little."}
#       - {say: "4096: each of the four levels is reduced to 512, so that all together weigh as much as the features.", why: "2048 / 4 = 512, and 2048 + 4 * 512 = 4096.", right: true}
#       - {say: "10240: each level keeps its 2048 maps.", why: "Then context would outnumber the features four to one."}
#   - ask: "What becomes of the auxiliary head when training is over?"
#     options:
#       - {say: "Its scores are added with weight 0.4.", why: "0.4 is the weight of its loss, and a loss exists in training only."}
#       - {say: "It is dropped.", why: "It helped the layers below it to learn. The answer comes from the main head alone.", right: true}
#       - {say: "It replaces the main head on small pictures.", why: "It reads an earlier stage and knows less; nobody uses its answer."}
# teach:
#   sections:
#     - {section: "Boat or car?", minutes: 8, show: "the cut-outs; let the class vote before the next cell"}
#     - {section: "Three complaints", minutes: 5, show: "skyline and bedroom: what would you have to look at?"}
#     - {section: "Is the field too small?", minutes: 10, show: "487 pixels on paper, and the picture of what weighs"}
#     - {section: "How much, not which shape", minutes: 7, show: "cover the upper row: can one tell the two threes apart from the sums?"}
#     - {section: "The pyramid", minutes: 15, show: "the explorer with the module set to pyramid pooling; click into the sky, then the road"}
#     - {section: "The real network, and a small one live", minutes: 15, show: "train both heads; before the answers appear, ask how many hulls the blind one gets right"}
#     - {section: "Does it always help?", minutes: 10, show: "the row P8: the world where one average gains nothing"}
#   wrong:
#     - {says: "PSPNet pools because its receptive field is too small.", reply: "In theory it covers the picture before any pooling: 487 pixels for 473. What is small is the part that weighs."}
#     - {says: "Each level has one channel.", reply: "One bin is one place, not one channel. Count the 1x1 convolution's outputs: 512."}
#     - {says: "Global pooling always helps.", reply: "See P8: on the skyline it gains nothing, because two buildings need two answers."}
#     - {says: "Without pooling the task cannot be solved.", reply: "Look at the control in P1: a head whose dilated layers reach far solves most of it, too."}
#   discuss:
#     - {ask: "Half right by guessing: why is pixel accuracy so high for the network that cannot know?", answer: "Hulls are few pixels. Fog, water and road are right, and half of the hulls are right by luck."}
#     - {ask: "Which classes in a street scene would an average of the whole picture help, and which would it mislead?", answer: "It tells motorway from market, so it helps where one scene excludes classes; it misleads where both occur at once."}
#     - {ask: "How would a transformer settle boat and car?", answer: "Attention lets the hull's cell read the cell with water directly, wherever it is: a pooling whose weights hang on the content."}
# ---
# %% [markdown]
# ## Boat or car?
# Four pieces of four pictures. *Guess:* which of them show boats, and which cars? Decide before you read on.

# %%
import torch

from course_lib.lectures.l06_pspnet import figures as figures
from course_lib.scenes import Scenes

water, road = (Scenes("harbour", size=64, count=8, seed=5, surface=surface) for surface in ("water", "road"))
samples = [scenes[number] for number in (0, 1) for scenes in (water, road)]
images, truth = (torch.stack([sample[part] for sample in samples]) for part in (0, 1))
figures.cut_out(images, truth >= water.classes.index("boat"))

# %% [markdown]
# You cannot know, and no network that sees only these pieces can: they come in pairs that are equal to the last bit.
# What makes a hull a boat is the water, far away at the edge of the picture.
# <details><summary>The answer</summary>The first and the third are boats, the second and the fourth cars.</details>
#
# Below are the whole pictures with their labels. The knob `surface` exchanged water and road and left each hull as it
# was. This is what the authors of PSPNet [@zhao2017] call a **mismatched relationship**: a network that takes a boat
# for a car, because it looks like one and nobody told it about the river.

# %%
names = [f"picture {number}, {surface}" for number in (0, 1) for surface in ("water", "road")]
figures.twins(images, truth, names, water.classes, water.colours)

# %% [markdown]
# ## Three complaints
# The authors looked through the errors of an FCN on ADE20K, 150 classes, and sorted them. Besides mismatched
# relationships they found
#
# - **confusion categories**: two names that fit nearly the same thing. In our skyline a lying building is a house, a
#   standing one a tower; windows, walls and corners are alike;
# - **inconspicuous classes**: things that hide in what is behind them. In our bedroom a pillow has the sheet's pattern.
#   And a bump is a pillow only in a bedroom; in a laundry it is a fold. The frames on the wall tell which room it is.
#
# All three call for [[context]]. For each row, find the pixels that *you* would have to look at.

# %%
skyline, bedroom = (Scenes(family, size=64, count=8, seed=5) for family in ("skyline", "bedroom"))
figures.worlds({"skyline": skyline, "bedroom": bedroom})

# %% [markdown]
# ## Is the field too small?
# A dilated ResNet-50 reads far. *Guess:* how large is its [[theoretical receptive field]], for the pictures of 473 x
# 473 pixels on which PSPNet is trained?
# <details><summary>Your guess, then ours</summary>487 x 487 pixels: more than the whole picture. On paper there is no
# problem.</details>
#
# But most of this field weighs next to nothing. Below is the [[effective receptive field]] of the middle cell, before
# any training: the same topology with an eighth of the channels, which has the same field. The number above it is the
# share of the picture that weighs more than 4.55 % of the peak, the rule of [@luo2016]. It takes about 5 seconds.
#
# The paper gives this gap as the reason for its pyramid. Row P4, under the picture, measured it on small networks and
# pictures. What decides is how much of the picture the network called *far* leaves out, which was trained on the harbour
# without any pooling. Then unfold the numbers and look at the *weight from beyond*: the share of all weight that lies
# outside the field of a network without pooling (*none*), once that network pools the whole map (*global*).
# <details><summary>What we read in P4</summary>Pooling does what it promises: more than half of the weight comes from
# beyond. But a network that needs to look far can learn to without it: *far* leaves out 0.14 of the picture, and even
# plain layers before training leave out less than half. The gap above is real; on small pictures it does not
# reproduce.</details>

# %% tags=["heavy"]
from course_lib import models
from course_lib.receptive_field import effective, theoretical

thin = models.build("pspnet50", width=0.125)
field = theoretical(thin, image_size=(473, 473))
print("theoretical, backbone:", field.size("backbone"), " behind the pyramid:", field.size())
big = Scenes("harbour", size=473, count=1, seed=5, grain=0)[0][0]
weighs = effective(thin, big[None], (30, 30), layer="backbone", progress=False)
figures.hears(big, {"untrained backbone": weighs}, weighs.unit)

# %%
from course_lib.evidence.card import evidence

evidence("P4")

# %% [markdown]
# ## How much, not which shape
# To judge the whole scene you need not know where everything is. *Is there any water?* is enough. A [[convolution]]
# asks which shape is here. An average over the map asks **how much** of it there is, wherever it lies.
#
# Below, a convolution that detects crosses answers 1 at the middle of each. Its largest answer is the same in all three
# maps. *Guess* its average for the three maps, times the number of cells.
# <details><summary>Your guess, then ours</summary>1, 3 and 3: the number of crosses. The second and the third map
# cannot be told apart any more: where they are is forgotten.</details>

# %%
from torch.nn import functional as F

from course_lib.lectures.l06_pspnet.claims import crosses

cross = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
maps = {"one": crosses((4, 4)), "three": crosses((4, 4), (10, 10), (4, 11))}
maps["three, elsewhere"] = crosses((12, 6), (5, 12), (8, 2))
found = [F.relu(F.conv2d(canvas[None, None], cross[None, None], padding=1) - 4) for canvas in maps.values()]
figures.shape_and_amount(maps, found)

# %%
evidence("P7")

# %% [markdown]
# ## The pyramid
# One average says *water somewhere*. If the picture holds a house and a tower, you also want to know *where*: left or
# right, above or below. So average over parts, too. PSPNet takes four levels of **bins**: the whole map, 2 x 2, 3 x 3
# and 6 x 6 parts. Each level is enlarged bilinearly and laid beside the features, so that every cell can read its own
# features, its neighbourhood and the whole.
#
# In the picture the three colours stand for a network's channels. Above, the averages; below, what lies beside the
# features. *Guess:* at which level can you still see that there is a bus?
# <details><summary>Your guess, then ours</summary>At 6 x 6, and at 3 x 3 as a darker middle. The coarser levels say
# only: bright and blue above, grey below.</details>

# %%
street = Scenes("street", size=96, count=8, seed=3)
figures.pyramid(street[0][0], bins=(1, 2, 3, 6))

# %% [markdown]
# ### Play: what each bin sees
# First the picture as it stands, for pyramid pooling; then for you to move. Set *Module* to pyramid pooling and click
# into the sky, then on the road, then on the bus.
#
# *Find out:* click on the road near the lower edge, in the middle. Which levels tell this cell that there is a bus?
# <details><summary>What we saw</summary>The whole picture does, 13 % of it is bus, and faintly the 2 x 2 bin with 4 %.
# The finer bins hold hardly anything but road. Each level answers another *where*.</details>

# %%
from course_lib import explorers

moving = explorers.pyramids()
moving.figure(module="pyramid pooling (PSPNet)")

# %%
moving

# %% [markdown]
# ## The code
# This is the module as it stands in the library and in the real network. One line averages, one reduces by a 1x1
# convolution and enlarges, one concatenates.

# %%
from inspect import getsource

from course_lib.models.pspnet import PyramidPooling

print(getsource(PyramidPooling))

# %% [markdown]
# ### Exercises 6.1 to 6.3: pyramid pooling, its channels, and a listing to debug
# - `my_pyramid(x, bins, weights)`: for each number of bins average, reduce with the level's 1x1 weight (`F.conv2d`),
#   enlarge with corners aligned; concatenate all behind `x` itself. [[batch normalisation|BN]] and [[relu|ReLU]] are left
#   out here.
# - `my_joined(features, bins)`: how many channels come out, for so many maps and numbers of bins?
# - `my_levels(channels, bins)`: the levels as an `nn.ModuleList`, one 1x1 with BN and ReLU for each of the bins. The
#   listing that circulates has `nn.Conv2d(channels, 1, kernel_size=1)`.

# %% tags=["exercise"]
from course_lib import exercises


def my_pyramid(x, bins, weights):
    # solution
    levels = [F.conv2d(F.adaptive_avg_pool2d(x, n), weight) for n, weight in zip(bins, weights)]
    enlarged = [F.interpolate(m, size=x.shape[-2:], mode="bilinear", align_corners=True) for m in levels]
    return torch.cat([x, *enlarged], dim=1)


def my_joined(features, bins):
    # solution
    return features + bins * (features // bins)


def my_levels(channels, bins):
    # solution
    nn, each = torch.nn, channels // len(bins)
    layers = [(nn.Conv2d(channels, each, 1, bias=False), nn.BatchNorm2d(each), nn.ReLU()) for _ in bins]
    return nn.ModuleList(nn.Sequential(*level) for level in layers)


ours = exercises.pspnet
display(ours.pyramid.check(my_pyramid), ours.joined.check(my_joined), ours.levels.check(my_levels))

# %% [markdown]
# ## Count the channels
# The backbone gives 2048 maps. Each of the four levels is reduced to a quarter of that, so that context and features
# weigh alike: 2048 + 4 * 512 = 4096 (P6). Were each level reduced to one channel, 4 of 2052 would be left for the context.
#
# The pyramid has an ancestor, [[spatial pyramid pooling]] ([@he2014]): the *maxima* of 4 x 4, 2 x 2 and 1 x 1 bins, one
# after the other in one vector. It was made for classification, where the vector must have one length for every size of
# picture. PSPNet wants an answer for each pixel and gives maps instead (P10: compare the shapes).

# %%
evidence("P6", "P10")

# %% [markdown]
# ## The real network
# PSPNet-50 as released: a ResNet-50 with a stem of three 3x3 convolutions, rate 2 in its fourth stage and 4 in its
# fifth, so that the map stays at an eighth; the pyramid; two last layers. We build it at its full size, send the shape
# of one picture through it, and draw it from its own code.

# %%
from course_lib.figures.architecture import architecture

net = models.build("pspnet50", device="meta").eval()
scores = net.scores(torch.rand(1, 3, 473, 473, device="meta"))
total, head = (sum(parameter.numel() for parameter in part.parameters()) for part in (net, net.auxiliary))
print(f"scores {tuple(scores.shape)}; {total:,} parameters, {head:,} of them in the auxiliary head")
del net
architecture("pspnet50")

# %% [markdown]
# ## A small one, live
# Now the experiment. Two networks, the same in everything but one: a backbone of stride 4 that sees 15 pixels, then a
# head. In one head the branches average over bins 1, 2, 3 and 6; in the other they leave the features where they are.
# **Both have the same parameters**, the same pictures in the same order, the same 200 steps. It takes
# about 15 seconds on two cores.
#
# *Guess:* how much of the hulls will the network without pooling name rightly, in pictures that come in twins?
# <details><summary>Your guess, then ours</summary>Half at best. What it sees of a hull is the same in both twins, so it
# gives the same answer twice, and one of the two is wrong. Often it cannot decide within one hull and paints it in two
# colours.</details>
#
# Row P1 did this at three seeds: what decides is the share of hulls that get the wrong name. It has a **control**: a
# head without any pooling, called *far*, whose dilated layers cover the picture. Look for its score in the numbers. If it were as good as pooling, we could not say that pooling is what helps; we
# could only say that seeing far helps.
# <details><summary>What we read in P1</summary>Seeing far is most of it. Without it 43 per cent of the hulls are
# swapped, for *far* 7, with pooling none. And *far* needs three 3x3 layers and two and a half times the parameters for that, as the
# cell prints.</details>

# %% tags=["heavy"]
from course_lib.evidence.context_heads import backbone, far_net, pooling_net
from course_lib.training import fit

harbour = Scenes("harbour", size=64, count=4096, seed=0)
print("the backbone sees", theoretical(backbone(), image_size=(64, 64)).size(), "pixels")
print("far", sum(parameter.numel() for parameter in far_net(harbour.num_classes).parameters()), "parameters")
heads = {}
for name, bins in {"no pooling": (0,), "pyramid": (1, 2, 3, 6)}.items():
    torch.manual_seed(0)
    heads[name] = pooling_net(harbour.num_classes, bins)
    fit(heads[name], harbour, steps=200, learning_rate=4e-3)
    print(name, sum(parameter.numel() for parameter in heads[name].parameters()), "parameters")

# %%
with torch.no_grad():
    given = {name: head.eval()(images).argmax(dim=1) for name, head in heads.items()}
hulls = truth >= water.classes.index("boat")
for name, answer in given.items():
    print(f"{name}: {(answer == truth)[hulls].float().mean():.0%} of the hulls' pixels right")
figures.answers(images, truth, given, water.classes, water.colours)

# %%
evidence("P1")

# %% [markdown]
# ## Play: break them
# Three trained networks of the harbour, loaded from their checkpoints: one without pooling that sees 27 pixels, one
# without pooling that sees 99, and the real topology, PSPNet-50 at a sixteenth of its width. Set *World* to harbour and
# *Edges* to water, then to road, and move the hull with a click.
#
# *Find out:* then give the picture **both** edges, as below. The truth goes by the nearer one. After which edge does
# PSPNet name the hull?
# <details><summary>What we saw</summary>With one kind of edge the small field paints hulls in two colours. The two
# others name them rightly nearly everywhere; but with road alone and the hull at the left, farthest from it, PSPNet
# says boat. With both edges it names a hull that stands near one of them after the *other*, the farther one, on either
# side; in the middle it wavers. In the training no picture had two kinds of edge, and the telling one was never nearer
# than 18 pixels: to trust what is far was never wrong there. And its outlines are blobs, because a map of stride 8,
# enlarged, has no corners. Context and detail are two questions; the pyramid answers the first.</details>

# %%
breaking = explorers.break_the_network()
breaking.figure(world="harbour")

# %%
breaking

# %% [markdown]
# ## Does it always help?
# In the harbour the whole picture has one answer. On the skyline each building has its own, and in the bedroom the sign
# is far and the outline faint. The ledger has all three worlds; each pooling head has the same parameters again.
#
# - P2, house or tower: is the pyramid above no pooling? And how does the head that sees *far* without pooling do?
# - P3, the pillow: look at the spread of the dots before you look at the means.
# - P8, house or tower: do four levels do better than the finest one alone?
#
# <details><summary>What we read in them</summary>One global average helps enormously in the harbour (P1). On the skyline
# it gains nothing (0.83 against 0.86): it mixes two buildings into one answer. Bins do not have this weakness, and the
# pyramid gains 0.04 over no pooling: P2 holds. The honest rival does better still: a larger field without pooling (0.92
# against 0.89), though with more layers and parameters. P8 is undecided: over the finest level alone the pyramid gains
# 0.003, within the scatter of the seeds. So here the pyramid itself is never shown to help, only averages over bins; the
# paper's own ablation, below, gives four levels one point over one. The pillow is found at some seeds and hardly at
# others: P3 is undecided, too.</details>

# %%
evidence("P2", "P3", "P8")

# %% [markdown]
# ## A second loss half-way up
# A network of fifty or a hundred layers learns more easily if its middle hears the [[loss]] directly. PSPNet puts a
# small classifier on the fourth stage; its loss counts 0.4. At test time this head is dropped. It is an
# [[auxiliary loss]].
#
# ### Exercises 6.4 to 6.6: the older pyramid, a head without pooling, the training loss
# - `my_vector(x, levels)`: spatial pyramid pooling, the maximum of each bin, one row of a fixed length for each picture.
# - `my_rates`: the smallest head that solves the harbour without pooling, as a list of rates of 3x3 layers;
#   `exercises.pspnet.head.question()` describes the harbour.
# - `my_loss(logits, auxiliary, target)`: both heads on the same target, [[void]] is 255.


# %% tags=["exercise"]
def my_vector(x, levels):
    # solution
    return torch.cat([F.adaptive_max_pool2d(x, level).flatten(1) for level in levels], dim=1)


def my_loss(logits, auxiliary, target):
    # solution
    main = F.cross_entropy(logits, target, ignore_index=255)
    return main + 0.4 * F.cross_entropy(auxiliary, target, ignore_index=255)


my_rates = [8, 4]  # solution
ours = exercises.pspnet
display(ours.vector.check(my_vector), ours.head.check(my_rates), ours.loss.check(my_loss))

# %% [markdown]
# ## What the paper reported
# On ADE20K, as printed. *Guess:* which is the larger step, from nothing to one average, or from one average to four
# levels?
# <details><summary>Your guess, then ours</summary>From nothing to one average: 2.84 points. Four levels add 1.00, and
# reducing each to 512 maps another 0.61.</details>

# %%
figures.steps(figures.POOLINGS, what="mean IoU in percent, ADE20K validation, as printed", low=34)

# %% [markdown]
# ### Exercise 6.7: read the ablation
# Another table of the paper takes the network apart in steps: an [[ablation]]. Run the cell: it prints the table and
# five statements. Which of them *follow from the table*? Answer with letters, such as "bd".

# %% tags=["exercise"]
print(exercises.pspnet.ablation.question())
my_letters = "ace"  # solution
exercises.pspnet.ablation.check(my_letters)

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Some pixels cannot be named from what is near. No amount of training repairs that; seeing farther does.
# - A theoretical field that covers the picture is not enough: most of it may weigh next to nothing.
# - An average knows how much and forgets where. Bins give back a rough where.
# - Pyramid pooling lays four levels of averages beside the features, each reduced to a quarter of the channels.
# - Ask of each gain: pooling, or only a larger view? A control tells.
#
# Next: lecture 07 puts pyramid, rates and a decoder together.
#
# ## Further reading
# - [@@zhao2017]
# - [@@he2014]
# - [@@luo2016]
# - [@@zhou2015]
