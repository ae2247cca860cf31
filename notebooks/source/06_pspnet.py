# ---
# title: PSPNet
# question: What if the answer lies nowhere near the pixel?
# able:
#   - tell the three kinds of errors that a network makes when it lacks context
#   - say what an average of the whole map knows, and what it has forgotten
#   - write pyramid pooling, and count its channels
#   - design an experiment on context with a control that could prove you wrong
# needs: Lecture 04 (theoretical and effective receptive field). Lecture 05 helps, for rates and bilinear upsampling.
# read_minutes: 40
# run_seconds: 50
# quiz:
#   - ask: "A hull lies in the fog, 30 pixels from the water. The network's field is 15 pixels. What helps?"
#     options:
#       - {say: "Ten times as many training pictures.", why: "Boat and car look alike within 15 pixels in all of them. No amount of data contains the answer there."}
#       - {say: "Sharper upsampling at the end.", why: "It draws a finer outline round a guess."}
#       - {say: "An average of the whole map beside each cell's own features.", why: "If any cell of the map has seen water, the average says so, to every cell.", right: true}
#   - ask: "What does a global average forget?"
#     options:
#       - {say: "Where something was.", why: "Three crosses here or three crosses there: the same average.", right: true}
#       - {say: "How much of it there was.", why: "That is exactly what it keeps."}
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
#       - {say: "4096: each of the four levels is reduced to 512, so that context and features have equally many maps.", why: "2048 / 4 = 512, and 2048 + 4 * 512 = 4096.", right: true}
#       - {say: "10240: each level keeps its 2048 maps.", why: "Then context would outnumber the features four to one."}
#   - ask: "What becomes of the auxiliary head when training is over?"
#     options:
#       - {say: "Its scores are added with weight 0.4.", why: "0.4 is the weight of its loss, and a loss exists in training only."}
#       - {say: "It is dropped.", why: "It helped the layers below it to learn. The answer comes from the main head alone.", right: true}
#       - {say: "It replaces the main head on small pictures.", why: "It reads an earlier stage and knows less; nobody uses its answer."}
# teach:
#   sections:
#     - {section: "Too close to see", minutes: 5, show: "the three pieces; cover the photograph and let the class guess"}
#     - {section: "Boat or car?", minutes: 8, show: "the cut-outs; let the class vote before the next cell"}
#     - {section: "Three kinds of errors", minutes: 5, show: "skyline and bedroom: what would you have to look at?"}
#     - {section: "Is the field too small?", minutes: 10, show: "487 pixels on paper, and the picture of what weighs"}
#     - {section: "How much, not where", minutes: 7, show: "cover the upper row: can one tell the two threes apart from the sums?"}
#     - {section: "The pyramid", minutes: 15, show: "the explorer with the module set to pyramid pooling; put the cell on the face, then on the helmet"}
#     - {section: "A small one, live", minutes: 15, show: "train both heads; before the answers appear, ask how many hulls the blind one gets right"}
#     - {section: "Does the pyramid help?", minutes: 10, show: "the table of P8, row by row, beside the paper's own ablation: where one level is enough, and where it is not"}
#   wrong:
#     - {says: "PSPNet pools because its receptive field is too small.", reply: "In theory it covers the picture before any pooling: 487 pixels for 473. What is small is the part that weighs."}
#     - {says: "Each level has one channel.", reply: "One bin is one place, not one channel. Count the 1x1 convolution's outputs: 512."}
#     - {says: "Global pooling always helps.", reply: "See P2: on the skyline it gains nothing, because two buildings need two answers."}
#     - {says: "Without pooling the task cannot be solved.", reply: "Look at the control in P1: a head whose dilated layers reach far solves most of it, too."}
#   discuss:
#     - {ask: "Half right by guessing: why is pixel accuracy so high for the network that cannot know?", answer: "Hulls are few pixels. Fog, water and road are right, and half of the hulls are right by luck."}
#     - {ask: "Which classes in a street scene would an average of the whole picture help, and which would it mislead?", answer: "It tells motorway from market, so it helps where one scene excludes classes; it misleads where both occur at once."}
#     - {ask: "How would a transformer settle boat and car?", answer: "Attention lets the hull's cell read the cell with water directly, wherever it is: a pooling whose weights hang on the content."}
# ---
# %% [markdown]
# ## Too close to see
# FCN-8s, trained on cats and dogs, labels the photograph of a cat. Then it gets three pieces of the same photograph,
# each 49 x 49 pixels, *without* what lies around them. The weights and the pixels are the same.
#
# *Guess:* how much of each piece does it still label *cat*?
# <details><summary>Your guess, then ours</summary>Next to nothing. Inside the photograph nearly all of the three pieces
# is labelled cat; alone, none of it. What makes these pixels a cat lies outside the piece.</details>

# %%
import torch
from torch.nn import functional as F

from course_lib import models
from course_lib.datasets import photos
from course_lib.lectures.l06_pspnet import figures as figures
from course_lib.models import shipped

told, side, corners = shipped.card("fcn8s_pets"), 49, ((24, 48), (0, 96), (48, 48))
net = models.build("fcn8s", 3, **told["options"], weights="fcn8s_pets").eval()
cat = photos.load("cat").image[None].float() / 255
photograph = F.interpolate(cat, size=(139, 209), mode="bilinear", antialias=True)
normal = (photograph - told["mean"]) / told["std"]
with torch.no_grad():
    whole = net(normal)[0].argmax(0)
    alone = [net(normal[..., y : y + side, x : x + side])[0].argmax(0) for y, x in corners]
figures.pieces(photograph[0], corners, alone, whole, told["classes"][1])

# %% [markdown]
# You recognise the eye at once, because you have seen cats at every distance. The network learned from whole animals,
# and what made it say *cat* lay around the eye. This is [[context]]: everything around a pixel that helps to name it.
# PSPNet ([@zhao2017]) is the network that makes context its subject.
#
# ## Boat or car?
# A photograph cannot prove the point: it mixes many clues, and so small a piece is unlike any picture of the training.
# So we paint a world with exactly one clue. Here are four pieces of four pictures. *Guess:* which of them show boats, and which show cars?

# %%
from course_lib.scenes import Scenes

water, road = (Scenes("harbour", size=64, count=8, seed=5, surface=surface) for surface in ("water", "road"))
samples = [scenes[number] for number in (0, 1) for scenes in (water, road)]
images, truth = (torch.stack([sample[part] for sample in samples]) for part in (0, 1))
figures.cut_out(images, truth >= water.classes.index("boat"))

# %% [markdown]
# You cannot know. The pieces come in pairs that are equal to the last bit, so no network can tell them apart either. We
# call such a coloured body with its cabin a *hull*. A hull is a boat if the strip at one edge of the picture is water,
# and a car if the strip is road. Everywhere else is fog.
# <details><summary>The answer</summary>The first and the third are boats, the second and the fourth are cars.</details>
#
# Below are the whole pictures with their labels. The option `surface` swaps water for road and leaves each hull as it
# was. The authors of PSPNet call this error a **mismatched relationship**: their FCN labels a boat *car* because it
# looks like one, although it lies on a river and cars are seldom seen there.

# %%
names = [f"picture {number}, {surface}" for number in (0, 1) for surface in ("water", "road")]
figures.twins(images, truth, names, water.classes, water.colours)

# %% [markdown]
# ## Three kinds of errors
# The authors sorted the errors of an FCN on ADE20K, a data set with 150 classes. Besides mismatched relationships they
# found two more kinds.
#
# - **Confusion categories** are pairs of classes that look alike: field and earth, mountain and hill, building and
#   skyscraper. Even people mix them up. A network paints one part of an object *building* and another part
#   *skyscraper*; the whole object should get one of the two names. The cure is to use the **relation between the
#   categories**: whoever sees the whole object can compare the alternatives. In our skyline a house is wider than tall
#   and a tower taller than wide; walls, windows and corners are the same.
# - **Inconspicuous classes** are small or blend in with what is behind them. In the paper a pillow has the same pattern
#   as the sheet. In our bedroom it has, too. And a bump is a pillow only in a bedroom; in a laundry it is a fold. The
#   frames on the wall tell which room it is.
#
# All three need context. *For each row:* which pixels would **you** look at?

# %%
skyline, bedroom = (Scenes(family, size=64, count=8, seed=5) for family in ("skyline", "bedroom"))
figures.worlds({"skyline": skyline, "bedroom": bedroom})

# %% [markdown]
# ## Is the field too small?
# PSPNet stands on a dilated ResNet-50 and is trained on crops of 473 x 473 pixels. *Guess:* how large is the
# [[theoretical receptive field]] of the backbone?
# <details><summary>Your guess, then ours</summary>487 x 487 pixels: more than the whole crop. On paper there is no
# problem.</details>
#
# But most of this field has almost no weight. The cell computes the [[effective receptive field]] of the middle cell,
# in about 5 seconds: the [[gradient]] of this cell for every pixel. The network is untrained and has an eighth of the
# channels; its theoretical field is the same. The title gives the share of the picture whose gradient exceeds 4.55 % of
# the largest one, the rule of [@luo2016].
#
# The paper names this gap as the reason for its pyramid, and cites Zhou et al. 2015. Does the gap also exist in a
# *trained* network? Card P4 asks a small network that was trained on the harbour without any pooling. It is called
# *far*, because its dilated layers reach across the picture. *Guess:* what share of the picture does it leave out?
# <details><summary>What P4 says</summary>Only 14 per cent, so the statement does not reproduce here: a network that has to
# look far learns to look far. (Our pictures are small: even untrained plain layers leave out less than half.) Pooling
# still does what it promises. With a global average more than half of the gradient comes from beyond the field that the
# network has without it.</details>

# %% tags=["heavy"]
from course_lib.evidence.card import evidence
from course_lib.receptive_field import effective, theoretical

thin = models.build("pspnet50", width=0.125)
field = theoretical(thin, image_size=(473, 473))
print("theoretical, backbone:", field.size("backbone"), " after the pyramid:", field.size())
big = Scenes("harbour", size=473, count=1, seed=5, grain=0)[0][0]
weighs = effective(thin, big[None], (30, 30), layer="backbone", progress=False)
display(figures.hears(big, {"untrained backbone": weighs}, weighs.unit), evidence("P4"))

# %% [markdown]
# ## How much, not where
# To judge a scene you need not know where everything is. *Is there any water?* is enough. A [[convolution]] asks which
# shape is *here*. [[Global average pooling]] asks **how much** of it there is in the picture, wherever it is.
#
# Below, a convolution detects crosses: it answers 1 at the centre of each cross. Its largest answer is the same for all
# three maps. *Guess* its average for each map, times the number of cells.
# <details><summary>Your guess, then ours</summary>1, 3 and 3: the number of crosses. The second and the third map have
# the same average. Where the crosses are is lost.</details>

# %%
from course_lib.lectures.l06_pspnet.claims import crosses

cross = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
maps = {"one": crosses((4, 4)), "three": crosses((4, 4), (10, 10), (4, 11))}
maps["three, elsewhere"] = crosses((12, 6), (5, 12), (8, 2))
found = [F.relu(F.conv2d(canvas[None, None], cross[None, None], padding=1) - 4) for canvas in maps.values()]
figures.shape_and_amount(maps, found)

# %% [markdown]
# ## The pyramid
# One average says *there is water somewhere*. If a picture holds a house **and** a tower, you also want to know where:
# left or right, above or below. So take averages over parts of the picture as well. [[Pyramid pooling]] has four levels
# of [[bin|bins]]: the whole map, 2 x 2, 3 x 3 and 6 x 6. Each level is upsampled bilinearly and concatenated to the
# features. Every cell can then read its own features, its neighbourhood and the whole picture.
#
# In the figure the three colour channels stand for a network's channels. The upper row shows the averages, the lower
# row what is concatenated to the features. *Guess:* at which level can you still see that there is a bus?
# <details><summary>Your guess, then ours</summary>At 6 x 6, and at 3 x 3 as a darker middle. The coarser levels only
# say: bright and blue above, grey below.</details>

# %%
street = Scenes("street", size=96, count=8, seed=3)
figures.pyramid(street[0][0], bins=(1, 2, 3, 6))

# %% [markdown]
# ### Play: what each bin sees
# The first picture is fixed and shows pyramid pooling. The second one is for you: set *Module* to pyramid pooling and
# drag the cell over the flag, the suit, the helmet. What each level averages is cut out beside the photograph. It
# takes about 3 seconds to appear.
#
# *Find out:* put the cell on the face. Which levels tell this cell that there is a helmet?
# <details><summary>What we saw</summary>Only the average of the whole picture: 12 % of it is helmet. The 2 x 2 bin ends
# above the helmet, and the finer bins hold the head and what is next to it.</details>

# %% tags=["heavy"]
from course_lib import explorers

moving = explorers.pyramids()
display(moving.figure(module="pyramid pooling (PSPNet)"), moving)

# %% [markdown]
# ## The code
# This is the module of the library, and of the real network. One line averages, one reduces the channels with a 1x1
# convolution and upsamples, one concatenates.

# %%
from inspect import getsource

from course_lib.models.pspnet import PyramidPooling

print(getsource(PyramidPooling))

# %% [markdown]
# ### Count the channels
# The backbone gives 2048 maps. Each of the N = 4 levels is reduced to 1/N of them, 512, so that context and features
# have equally many maps: 2048 + 4 * 512 = 4096. Lecture notes say that each level is reduced to *one* channel. Then 4
# of 2052 maps would be left for the context; the listing below has this mistake.
#
# ### Exercises 6.1 to 6.3: pyramid pooling, its channels, and a listing to debug
# - `my_pyramid(x, bins, weights)`: for each number of bins average, reduce with the level's 1x1 weight (`F.conv2d`),
#   upsample with aligned corners; concatenate all of them after `x`. [[batch normalisation|BN]] and [[relu|ReLU]] are
#   left out here.
# - `my_joined(features, bins)`: how many channels come out, for so many maps and so many levels?
# - `my_levels(channels, bins)`: the levels as an `nn.ModuleList`, for each number of bins one 1x1 with BN and ReLU. The
#   listing to debug has `nn.Conv2d(channels, 1, kernel_size=1)`.

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
# ## The ancestor: spatial pyramid pooling
# The idea of a pyramid of bins is older: [[spatial pyramid pooling]] ([@he2014]) takes the *maximum* of each of 4 x 4,
# 2 x 2 and 1 x 1 bins and writes all of them into one vector. The vector has the same length for every input size, and
# that solved two problems:
#
# - **classification**: fully connected layers need a fixed length. With SPP one network reads pictures of any size;
# - **detection**: R-CNN ran the whole network on each of 2,000 region proposals. With SPP the convolutions run **once**
#   on the picture, and each proposal's part of the map is pooled to a vector. Fast R-CNN keeps the idea as RoI pooling.
#
# PSPNet wants a label for each pixel. It therefore averages, and returns *maps* of the input's size instead of a vector.

# %%
from course_lib.models.spatial_pyramid import SpatialPyramidPooling

for size in ((13, 13), (10, 17)):
    features = torch.rand(1, 256, *size)
    vector, context = SpatialPyramidPooling()(features), PyramidPooling(256, (1, 2, 3, 6)).eval()(features)
    print(f"map {size}: SPP {tuple(vector.shape)}, pyramid pooling {tuple(context.shape)}")

# %% [markdown]
# ## The real network
# PSPNet-50 as released: a ResNet-50 whose stem has three 3x3 convolutions, with rate 2 in its fourth stage and rate 4
# in its fifth, so that the map keeps stride 8; the pyramid; two last layers. The cell builds it at full size, without
# memory for its weights, and draws it from its own code.
#
# It has one more part, the **auxiliary head**. A network of fifty or a hundred layers learns more easily if its middle
# gets a [[loss]] of its own. So a small classifier on the fourth stage is trained along with the network; its loss is
# added with weight 0.4. This is an [[auxiliary loss]]. At test time the head is dropped.

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
# Now the experiment. Two networks share a backbone of stride 4 that sees 15 pixels. They differ in the head only. One
# head averages over bins of 1, 2, 3 and 6; the other leaves the features where they are. **Both have the same number of
# parameters**, the same pictures in the same order, and the same 200 steps. It takes about 15 seconds on two cores. (The
# printed line `far` counts a third head, which the next section needs.)
#
# *Guess:* the test pictures come in twins, boat and car. What share of the hulls' pixels will the network **without**
# pooling get right?
# <details><summary>Your guess, then ours</summary>Half at best. What it sees of a hull is the same in both twins. So it
# gives both the same answer, and one of them is wrong. Often it cannot decide even within one hull.</details>

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
with torch.no_grad():
    given = {name: head.eval()(images).argmax(dim=1) for name, head in heads.items()}
hulls = truth >= water.classes.index("boat")
for name, answer in given.items():
    print(f"{name}: {(answer == truth)[hulls].float().mean():.0%} of the hulls' pixels right")
figures.answers(images, truth, given, water.classes, water.colours)

# %% [markdown]
# Card P1 repeats this over three seeds, with a **control**: the head *far*, which has no pooling, but dilated layers
# that reach across the picture. If *far* did as well as pooling, we could not say that **pooling** helps; only that
# **seeing far** helps.
# <details><summary>What P1 says</summary>Seeing far is most of it. Without it 43 % of the hulls' pixels get the other
# class; with *far* it is 7 %, with pooling 0 %. But *far* needs three 3x3 layers and two and a half times the parameters
# for that. Pooling is the cheap way to see everything.</details>

# %%
evidence("P1")

# %% [markdown]
# ## Play: break them
# Three trained networks of the harbour: one without pooling that sees 27 pixels, one without pooling that sees 99, and
# the real topology, PSPNet-50 with a sixteenth of its channels. After about 5 seconds you see a picture on which PSPNet is
# right: one edge is road, and the hull is a car.
#
# *Find out:* move the hull with a click. Set *Edges* to water and to road: where does PSPNet fail? Then set *Edges* to
# **both**. The label of the hull follows the nearer edge. Which edge does PSPNet follow?
# <details><summary>What we saw</summary>With one kind of edge, the small field paints hulls in two colours; the two
# others are right nearly everywhere. With road alone and the hull at the far left, PSPNet says boat. With both edges it
# follows the **farther** one. This is what it learned: in training no picture had two kinds of edge, and the telling
# one was never nearer than 18 pixels. Trusting what is far was never wrong. A network outside its training distribution
# is not stupid; it applies the wrong rule. Its outlines are blobs because a map of stride 8 has no corners. Context and
# detail are two questions, and the pyramid answers the first.</details>

# %% tags=["heavy"]
breaking = explorers.break_the_network()
display(breaking.figure(world="harbour", surface="road", hull=(16, 21)), breaking)

# %% [markdown]
# ## Does the pyramid help?
# In the harbour the whole picture has one answer. On the skyline each building has its own. In the bedroom the clue is
# far away and the outline is faint. All pooling heads below have the same number of parameters.
#
# - P2, house or tower: the pyramid against no pooling. Unfold it: how does *far* do, which has no pooling?
# - P3, pillow or fold: unfold it and look at the spread of the seeds before you look at the means.
# - P8: one network learns two worlds at once. Half of each batch shows harbours, the other half skylines. The network
#   must answer two questions: is there water anywhere, and how tall is this building? P8 compares the four levels with
#   each level by itself. *Guess:* which single level is the best in the harbour, and which on the skyline?

# %%
evidence("P2", "P3", "P8")

# %% [markdown]
# What P8 measured, in one table. The number is the IoU of the two classes that look alike (boat and car, house and
# tower), as the mean of five seeds. Each column is one head, trained on both worlds at once.
#
# | head | none | 1 x 1 | 2 x 2 | 3 x 3 | 6 x 6 | four levels | *far*, no pooling |
# |---|---|---|---|---|---|---|---|
# | same parameters? | yes | yes | yes | yes | yes | yes | 2.5 times as many |
# | harbour: what is the whole picture? | 0.29 | 0.83 | 0.42 | 0.28 | 0.28 | 0.82 | 0.54 |
# | skyline: how tall is this building? | 0.86 | 0.83 | 0.91 | 0.90 | 0.90 | 0.91 | 0.92 |
# | mean of both | 0.57 | 0.83 | 0.67 | 0.59 | 0.59 | **0.87** | 0.73 |
#
# - **No single level serves both worlds.** One average (1 x 1) knows the harbour and mixes up the buildings. Finer bins
#   keep the buildings apart, but a bin in the middle does not see the water at the edge.
# - **Four levels serve both**: +0.036 over the best single level. P8 holds; its bound is the paper's own gain, 0.01.
# - **With one question, the level that fits it is enough.** P8 also trains heads on one world only. On the skyline four
#   levels gain 0.003 over 6 x 6. In the harbour they lose 0.002 against one average. With four levels we need not know
#   the question in advance.
# - ***Far* beats the pyramid on the skyline**, in P2 by 0.024. But it has more layers and parameters, and when it learns
#   both worlds at once, it learns the harbour badly.
# - **The pillow is found at some seeds and hardly at others.** The pyramid gains 0.14 on average, and 0.00 at one seed of
#   six. P3 holds, because even the lower end of its interval, 0.04, lies above the bound of 0.01. Five seeds had left it
#   undecided; their row said that about six would decide.
#
# ## What the paper reported
# Our pictures have 64 pixels and four classes. ADE20K has photographs and 150 classes, and there the authors measured the
# same thing. *Guess:* which is the larger step, from no pooling to one average, or from one average to four levels?
# <details><summary>Your guess, then ours</summary>From no pooling to one average: +2.84 points. Four levels add +1.00.
# Reducing each level to 512 maps adds another +0.61, so that the pyramid is worth one to two points over a single
# average. It is one training each, without seeds.</details>

# %%
figures.steps(figures.POOLINGS, what="mean IoU in percent, ADE20K validation, as printed", low=34)

# %% [markdown]
# ### Exercises 6.4 to 6.6: the older pyramid, a head without pooling, the training loss
# - `my_vector(x, levels)`: spatial pyramid pooling, the maximum of each bin, one row of fixed length for each picture.
# - `my_rates`: the smallest head that solves the harbour without pooling, as a list of rates of 3x3 layers;
#   `exercises.pspnet.head.question()` describes the harbour.
# - `my_loss(logits, auxiliary, target)`: the training loss of both heads with the same target; [[void]] is 255.


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
# ### Exercise 6.7: read the ablation
# Another table of the paper takes the network apart step by step: an [[ablation]]. The cell prints the table and five
# statements. Which of them *follow from the table*? Answer with letters, such as "bd".

# %% tags=["exercise"]
print(exercises.pspnet.ablation.question())
my_letters = "ace"  # solution
exercises.pspnet.ablation.check(my_letters)

# %% [markdown]
# ### A picture to keep: what is left of your photograph
# Here is the cat as the pyramid sees it: four grids of averages. Take a photograph of your own
# (`brought.read("my.jpg", "mine")` instead of the first line's `cat`), try other bins, and find the coarsest grid in
# which you still recognise it. Set `keep = True` to write the picture to a file.

# %%
from course_lib.datasets import brought as brought

mine, my_bins, keep = photos.load("cat").image, (1, 2, 6, 24), False
kept = figures.pyramid(mine[:, :, 76:376].float() / 255, my_bins)
if keep:
    kept.savefig("what_the_pyramid_sees.png")
kept

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - Some pixels cannot be labelled from their neighbourhood. More training does not repair that; seeing farther does.
# - A theoretical field that covers the picture is not enough: most of it may have almost no weight.
# - An average knows how much and forgets where. Bins give back a rough where.
# - Pyramid pooling concatenates four levels of averages to the features, each reduced to a quarter of the channels.
# - One question needs one level, the one that fits it. Questions of several sizes need several levels.
# - Ask of each gain: is it the pooling, or the larger view? Only a control tells.
#
# The exact statements of this lecture, counted on the networks, are below. Next: lecture 07 combines image pooling,
# rates and a decoder.
#
# ## Further reading
# - [@@zhao2017]
# - [@@he2014]
# - [@@luo2016]
# - [@@zhou2015]

# %%
evidence("P6", "P7", "P10")
