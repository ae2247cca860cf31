# ---
# title: Start here
# question: What does it mean to give every pixel of a picture a name, and how do we tell whether it was done well?
# able:
#   - say what a segmentation network takes in and gives out
#   - read pixel accuracy, mean IoU and their relatives, and say what each one hides
#   - write the confusion matrix and IoU yourself, void left out
#   - say which question each later lecture answers
# needs: Python, and a first idea of what a convolution is. Everything else is explained where it is used.
# read_minutes: 25
# run_seconds: 20
# quiz:
#   - ask: "A network with 12 classes gets 4 pictures of 3 x 200 x 300. What is the shape of its logits?"
#     options:
#       - {say: "4 x 3 x 200 x 300", why: "3 is the number of colours that go in. What comes out has one score for each class."}
#       - {say: "4 x 200 x 300", why: "That is the label map, after the highest score has won. The logits still hold all 12 scores."}
#       - {say: "4 x 12 x 200 x 300", why: "One score for each of the 12 classes at each pixel of each picture.", right: true}
#       - {say: "4 x 12", why: "That would be recognition: one answer for each picture. Segmentation answers for each pixel."}
#   - ask: "A pixel is void. What does a wrong answer there cost?"
#     options:
#       - {say: "Nothing, in the loss and in every metric.", why: "A void pixel has no right answer, so nothing can be wrong there.", right: true}
#       - {say: "Nothing in the metrics, but the loss rises.", why: "The loss skips void as well: `ignore_index=255`."}
#       - {say: "As much as any other pixel.", why: "Then a network would be taught to guess what people could not name."}
#   - ask: "A model never finds one of six classes and is perfect on the five others, taking the lost class for road, the largest. What happens?"
#     options:
#       - {say: "Pixel accuracy and mean IoU both fall to about 5/6.", why: "Pixel accuracy falls only by the share of pixels that the lost class has, which may be tiny."}
#       - {say: "Mean IoU falls to about 5/6; pixel accuracy may hardly fall.", why: "The lost class counts 0 and has one voice in six; its pixels may be one in a hundred.", right: true}
#       - {say: "Both hardly fall, because the class is small.", why: "Mean IoU does not know that it is small: each class has one voice."}
#   - ask: "A class is in neither the truth nor the answer. What does it count in the mean IoU of this course?"
#     options:
#       - {say: "1, because nothing about it is wrong.", why: "Then adding classes that never occur would raise the score."}
#       - {say: "0, because nothing about it is right.", why: "Then a score would depend on classes that are not there. 0 is for a class that was predicted and never true."}
#       - {say: "It is left out.", why: "0 / 0 says nothing, so the mean is taken over the other classes. Published codes differ here: always ask.", right: true}
#   - ask: "How do you get the mean IoU of a data set of 100 pictures?"
#     options:
#       - {say: "Average the 100 mean IoUs.", why: "That is another number, and it can rank two networks the other way round (row T4)."}
#       - {say: "Add up the 100 confusion matrices, then compute IoU once.", why: "Every pixel of the data set then counts the same.", right: true}
#       - {say: "Take the mean IoU of the picture in the middle.", why: "One picture may not even hold all classes."}
# teach:
#   sections:
#     - {section: "A photograph, labelled", minutes: 10, show: "Take a photograph of the room and give it to the upload button. Then the selfie network and the cat: ask what it will say before the cell runs."}
#     - {section: "A picture and its labels", minutes: 8, show: "Run the street, then ask the class to name the pixels at the rim of the bus: where does it end?"}
#     - {section: "What goes in, what comes out", minutes: 10, show: "Let everybody write down the shape of the logits before the cell runs."}
#     - {section: "How good is an answer?", minutes: 15, show: "Compute one IoU of the 3 x 3 matrix by hand on the board, then run."}
#     - {section: "Pixel accuracy flatters", minutes: 10, show: "Vote first: is a pixel accuracy of 0.9 good? Then the blind model."}
#     - {section: "Move an answer, watch the numbers", minutes: 12, show: "Shift by two pixels with the arrow keys and ask which number falls furthest, and why."}
#     - {section: "Exercises", minutes: 30, show: "0.1 in pairs; `hint()` as often as they like."}
#   wrong:
#     - {says: "IoU is the same as accuracy, class by class.", reply: "Claim everything as bus: every bus pixel is found, and the IoU of the bus is still low, because the union is the whole picture."}
#     - {says: "Void is a class of its own.", reply: "Ask what a network should learn there. Void is the absence of a label: no loss, no metric."}
#     - {says: "Mean IoU is the mean over pictures.", reply: "It is the mean over classes, after all pictures were counted into one matrix. Show row T4."}
#   discuss:
#     - {ask: "For a car that brakes by itself, which metric would you watch?", answer: "The IoU or recall of pedestrians and cyclists, and what happens at their boundaries; the mean over classes dilutes them, pixel accuracy hides them."}
#     - {ask: "Two people label the same picture and agree on 95 % of the pixels. Can a network be better than 0.95?", answer: "Against one of them, yes; but the number then says how well it imitates that person's rims. Void at the rims is one way out."}
#     - {ask: "Why is a painted world used, and what can it not show?", answer: "Its truth is known to the pixel and each cause can be varied alone; it cannot show how often these causes occur in photographs."}
# ---
# %% [markdown]
# ## A photograph, labelled
# The network below has 3.3 million weights. It was trained on photographs of cats and dogs, and it has never seen this
# one. We ask it for the class of every pixel: cat, dog or background. It takes about 3 seconds.

# %% tags=["heavy"]
from course_lib import paths
from course_lib.segment import segment, upload

cat = paths.data() / "photos" / "cat.jpg"
segment(cat)

# %% [markdown]
# This is [[semantic segmentation]]: a picture goes in, and a class for each pixel comes out. The last lectures explain
# this network, DeepLab v3+, piece by piece.
#
# ## Your own picture
# Now a picture of yours. Press the button and choose one, or write its path between the quotes and run the cell again.
# The picture stays on the machine that runs this notebook.
#
# *Guess* before you look: where will the network be wrong?

# %%
my_picture = ""  # such as "holiday/dog.jpg"
segment(my_picture) if my_picture else upload()

# %% [markdown]
# ## A failure that you can see
# Here is a second network. It was made for video calls, to separate a person from the background, and it does that
# well. *Guess:* what does it make of the cat?
# <details><summary>Your guess, then run the cell</summary>A person. It has only two classes, and no pixel may answer
# "neither". In the pictures it was made for, the large thing in the middle is a person.</details>

# %%
wrong = segment(cat, network="selfie")
sure = wrong.probabilities[1][wrong.labels == 1].mean()
print(f"Where it says person, its score after softmax is {sure:.2f} on average.")
wrong

# %% [markdown]
# Three things to remember from this picture:
# - **The set of classes is closed.** A network chooses among the classes that it was trained with. A cat is none of
#   them, so it gets the class that fits least badly.
# - **A network knows what it was trained for.** In a portrait, something in front of a background is a person. What
#   makes it one? The card T6 changes the photographs: it paints the animal flat, in one colour, and its outline stays;
#   or it leaves the animal and makes all else flat. *Guess* in which of the two a person is left.
# - **Sure is not right.** The [[softmax]] of the scores looks like a probability, and it is high where the answer is
#   wrong. Is that always so? The card T5 asks the first network about 298 photographs of the kind it was trained for:
#   how often is it right where it is so and so sure? There the two agree within one per cent on average. On a picture
#   of another kind nothing of that is promised.
#
# This card belongs to the **ledger** of the course. Each statement has a row there: how it was counted or measured, the
# numbers, and a verdict that follows from them by a rule that was fixed before. The statement of T5 circulates; here it
# does not hold.

# %%
from course_lib.evidence.card import evidence

evidence("T5", "T6")

# %% [markdown]
# The animal on a flat ground is a person still; the flat animal in the old surroundings mostly is not. So the network
# goes neither by outline nor by place: something inside the outline looks to it as people do.
#
# A picture of the answer shows such a failure at once. To *count* failures, and to find their causes, we need more: the
# truth for every pixel, and a measure. That is the subject of this lecture.
#
# ## How this course works
# Each notebook answers one question. Each statement about a network rests on one of four things: an exact number that
# a test asserts, a measurement that you can repeat, a picture that you can move, or a paper, which is then named.
# Where lecture notes on the web say something else, we say so and show it.
#
# Run a cell with **Shift+Enter**. Read, guess, then run: a wrong guess teaches more than an answer. You need two
# processor cores and 4 GB of memory, and no GPU, no account and no download. This is what you are running on:

# %%
notebook.machine()

# %% [markdown]
# ## A picture and its labels
# To see *why* a network fails we need pictures whose truth we know to the pixel. So we paint them. Below is a street,
# painted a moment ago from a random number. On the right is the truth: one class for every pixel.

# %%
from course_lib.lectures.l00_start_here import figures as figures
from course_lib.scenes import Scenes

street = Scenes("street", size=128, count=64, seed=4)
image, label, _ = street[0]
print(street.classes, label[66:78, 24:44], sep="\n")
figures.picture_and_label(image, label, street.classes, street.colours)

# %% [markdown]
# The task is to go from the left to the right. It is not recognition ("there is a bus"), and it is not detection
# ("there is a bus in this box"): *every* pixel gets a class. Inside the machine the label map is an array of whole
# numbers. Those printed above the picture are the car in front of the bus.
#
# ## What goes in, what comes out
# A network gets a batch of pictures, N x 3 x H x W. It answers with [[logits]], N x C x H x W: for each pixel, one
# score for each of the C classes.
#
# The smallest network that could do it is one convolution that looks at a single pixel. *Guess:* how many weights
# does it have, for three colours and the classes printed above?
# <details><summary>Your guess, then ours</summary>Each class has one weight for red, one for green, one for blue and
# one bias: four numbers for each class.</details>

# %%
import torch
from torch import nn

torch.manual_seed(25)  # many other starts call everything by one name
tiny = nn.Conv2d(3, street.num_classes, kernel_size=1)
logits = tiny(image[None])
weights = sum(parameter.numel() for parameter in tiny.parameters())
print(f"logits {tuple(logits.shape)}, {weights} weights and biases")
guess = logits.argmax(dim=1)[0]  # the class with the highest score wins
figures.picture_and_label(image, guess, street.classes, street.colours, "an untrained guess")

# %% [markdown]
# The weights are random, so the classes are nonsense. The shape is right: one class for each pixel. Pixels of one colour
# get one class, because a pixel's colour is all that this network sees.
#
# ## Pixels nobody could name: void
# At the rim of a thing even people disagree. Data sets mark such pixels [[void]], and neither the [[loss]] nor any metric
# may count them. In this course void is always the number 255. Let us void a frame round the picture.
#
# *Guess:* the loss below is computed twice, the second time after we changed the network's answer on the void frame.
# By how much does it change?
# <details><summary>Your guess, then ours</summary>By nothing at all: a void pixel has no right answer, so no answer
# is wrong there.</details>

# %%
from torch.nn import functional as F

framed = torch.full_like(label, 255)
framed[8:-8, 8:-8] = label[8:-8, 8:-8]
changed = logits.clone()
changed[..., :8, :] += 100
losses = [F.cross_entropy(scores, framed[None], ignore_index=255).item() for scores in (logits, changed)]
print(f"before {losses[0]:.6f}, after {losses[1]:.6f}")
evidence("T1")

# %% [markdown]
# ## How good is an answer?
# Everything follows from one table, the [[confusion matrix]]: row = true class, column = predicted class, each entry
# a number of pixels. Here is a small one, with three classes. The colours are about class 0: the pixels of it that were
# found, those that were *missed*, and those *claimed* for it that are something else. Below the table are the same
# colours in a picture, about the bus: the answer there is the truth, moved by eight pixels.

# %%
from course_lib.metrics import Confusion

counts = torch.tensor([[50, 3, 2], [4, 20, 1], [6, 0, 14]])
truth = torch.repeat_interleave(torch.arange(3).repeat_interleave(3), counts.flatten())
answer = torch.repeat_interleave(torch.arange(3).repeat(3), counts.flatten())
confusion = Confusion(num_classes=3)
confusion.update(answer, truth)
display(figures.counted(confusion.matrix, chosen=0))

moved = label.roll(8, dims=1)
figures.overlap(label, moved, street.classes.index("bus"), street.classes)

# %% [markdown]
# - [[Pixel accuracy]] is the share of pixels that are right: the diagonal over everything.
# - **Mean accuracy** asks each class in turn how many of *its* pixels were found, and averages.
# - [[IoU]] (intersection over union) of a class divides the pixels that are right by all pixels that are this class
#   in truth *or* in the answer: green over everything coloured. Claiming too much costs as well. [[Mean IoU]] averages
#   over the classes.
# - [[Frequency-weighted IoU]] averages too, but lets each class count as much as it has pixels.
#
# *Guess* before you run: for the table of three classes, is mean IoU higher or lower than pixel accuracy?
# <details><summary>Your guess, then ours</summary>Lower: 0.70 against 0.84. A pixel that is wrong lowers the IoU of
# two classes, the one it was and the one it was taken for.</details>

# %%
print(f"pixel accuracy          {confusion.pixel_accuracy:.4f}   (50 + 20 + 14) / 100")
print(f"mean accuracy           {confusion.mean_accuracy:.4f}")
print(f"mean IoU                {confusion.mean_iou:.4f}")
print(f"frequency-weighted IoU  {confusion.frequency_weighted_iou:.4f}")
print("IoU of each class      ", [f"{value:.4f}" for value in confusion.iou.tolist()])

# %% [markdown]
# Two rules, because published codes differ. A class that is in neither truth nor answer is left out of the mean. A
# class that is predicted somewhere but never true counts as 0: inventing things is an error.

# %%
evidence("T2")

# %% [markdown]
# ## Pixel accuracy flatters
# Imagine a network that is blind to everything small: it finds sky, road and bus without a mistake, and takes every
# car, bicycle and pole for road. We can build its answer from the truth.

# %%
images, labels, _ = street.batch(range(64))
small = torch.tensor([street.classes.index(name) for name in ("car", "bicycle", "pole")])
blind = labels.masked_fill(torch.isin(labels, small), street.classes.index("road"))
figures.picture_and_label(images[0], blind[0], street.classes, street.colours, "blind to small things")

# %% [markdown]
# *Guess:* what do pixel accuracy and mean IoU say about it, over all 64 streets?
# <details><summary>Your guess, then run the cell</summary>Most pixels belong to large things, so pixel accuracy stays
# high. Mean IoU gives each class the same voice, and some of them were never found.</details>

# %%
score = Confusion(street.num_classes)
score.update(blind, labels)
print(f"pixel accuracy {score.pixel_accuracy:.3f}")
print(f"mean IoU       {score.mean_iou:.3f}")
figures.iou_bars(score.iou, street.classes, float(score.mean_iou), float(score.pixel_accuracy))

# %% [markdown]
# Why is the road not at 1, though each of its pixels was found? It was claimed for every car, bicycle and pole as well.
#
# That is why segmentation papers report mean IoU, and why this course also measures IoU along
# [[boundary IoU|boundaries]] and by **size of object**: what a network is bad at hides in the averages. The same blind
# model on five other sets of streets:

# %%
evidence("T3")

# %% [markdown]
# ## Move an answer, watch the numbers
# What costs more: an answer that is shifted by two pixels, or one whose edges are frayed? Below, an answer as it
# stands at first; under it the same picture, for you to move. Drag a slider, or focus it and use the arrow keys.

# %%
from course_lib import explorers

moving = explorers.metrics()
moving.figure()

# %%
moving

# %% [markdown]
# *Find out:* why does a shift by two pixels leave pixel accuracy high and halve mean IoU?
# <details><summary>What we saw</summary>Only a thin rim of each thing is wrong, so few pixels are. But a pole is all
# rim: it loses nearly everything, and its score near 0 counts as much as the road's above 0.9. Boundary IoU looks at the
# rim alone and falls furthest. Edges frayed by two pixels cost a little less than a shift by two: some frayed pixels
# still land on the right class.</details>
#
# ### Exercise 0.1: count the matrix
# Write it yourself: for label maps of any shape, how many pixels of each true class (row) were given each name
# (column)? Leave void, 255, out. `exercises.start.confusion.hint()` helps, as often as you like.
# Each check draws new pictures, so that only the rule itself passes.
#
# ### Exercise 0.2: from the matrix to IoU
# One number for each class: the pixels that are right, divided by all pixels that are the class in truth or in the
# answer.

# %% tags=["exercise"]
from course_lib import exercises


def my_confusion(prediction, target, num_classes):
    # solution
    valid = target != 255
    pairs = num_classes * target[valid] + prediction[valid]
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


exercises.start.confusion.check(my_confusion)


# %% tags=["exercise"]
def my_iou(matrix):
    # solution
    right = matrix.diagonal().float()
    return right / (matrix.sum(0) + matrix.sum(1) - right)


exercises.start.iou.check(my_iou)

# %% [markdown]
# ### Exercise 0.3: be flattered
# Find a prediction and a target, two tensors of whole numbers, with a pixel accuracy above 0.95 and a mean IoU below
# 0.55.
#
# ### Exercises 0.4 and 0.5: the loss, and the mean IoU of a data set
# `my_cross_entropy(logits, target)` is the mean over all pixels but void of -log of the probability that the
# [[softmax]] gives to the true class. `my_mean_iou(matrices)` gets one confusion matrix for each picture and gives the
# mean IoU of them all; a class that never occurs is left out.
#
# ### Exercise 0.6: paint
# `my_paint(image, labels, colours, share)` lays the colours over the picture: a pixel keeps 1 - share of its own colour,
# and void shows the picture alone. With it you can paint any answer of this course.

# %% tags=["exercise"]
my_prediction = torch.zeros(100, dtype=torch.long)  # solution
my_target = (torch.arange(100) == 0).long()  # solution
exercises.start.flattered.check(my_prediction, my_target)


# %% tags=["exercise"]
def my_cross_entropy(logits, target):
    # solution
    valid = target != 255
    picked = logits.log_softmax(1).gather(1, target.where(valid, 0)[:, None])[:, 0]
    return -picked[valid].mean()


def my_mean_iou(matrices):
    # solution
    total = torch.stack(matrices).sum(0)
    right = total.diagonal()
    union = total.sum(0) + total.sum(1) - right
    return (right[union > 0] / union[union > 0]).mean()


display(exercises.start.cross_entropy.check(my_cross_entropy), exercises.start.mean_iou.check(my_mean_iou))


# %% tags=["exercise"]
def my_paint(image, labels, colours, share):
    # solution
    known = labels != 255
    colour = colours[labels.where(known, 0)].permute(2, 0, 1)
    return torch.where(known, (1 - share) * image + share * colour, image)


exercises.start.paint.check(my_paint)

# %% [markdown]
# ## Average last
# A data set has many pictures. Do you average their scores, or add up their matrices first? Below are two pictures of
# ten pixels; 1 is a thing, 0 is the ground. A finds the small thing and half of the large one, B only the large one.
#
# *Guess:* which of the two has the higher IoU of the thing?
# <details><summary>Your guess, then run the cell</summary>It depends on the order: the *ranking flips*. The mean over
# pictures lets the picture with one pixel of thing count as much as the one with nine.</details>

# %%
things = torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]])
models = {
    "A": torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]]),
    "B": torch.tensor([[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]]),
}
for name, said in models.items():
    first, second = (float(Confusion(2).update(*pair).iou[1]) for pair in zip(said, things))
    together = float(Confusion(2).update(said, things).iou[1])
    average = (first + second) / 2
    print(f"{name}: {first:.2f} and {second:.2f}, mean {average:.2f}; from one matrix {together:.2f}")
evidence("T4")

# %% [markdown]
# ## The map
# Every network in the course answers a complaint about an earlier one.
#
# | notebook | question |
# |---|---|
# | [01](01_fcn_limits.ipynb) | What does FCN lose when it shrinks a picture 32 times? |
# | [02](02_deconvnet_segnet.ipynb) | Can a decoder put the detail back if it remembers where each maximum was? |
# | [03](03_skip_connections.ipynb) | What if the decoder may look at the encoder's own maps? |
# | [04](04_receptive_field_dilation.ipynb) | How much of the picture does a pixel of the answer really see? |
# | [05](05_deeplab_v1_v2.ipynb) | Large fields of view, a CRF to sharpen, many rates at once: what is each worth? |
# | [06](06_pspnet.ipynb) | What can only the whole scene tell? |
# | [07](07_deeplab_v3_v3plus.ipynb) | What remains when everything is put together, and a decoder added? |
# | [08](08_the_whole_picture.ipynb) | Which one should you take? |
#
# The words of the course are in the [glossary](GLOSSARY.md); each links there where it first appears.
# `exercises.progress()` shows which exercises you have solved; the record is a file on this machine and nowhere else.

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - A network chooses among the classes it was trained with, also before a thing that is none of them.
# - A segmentation network maps N x 3 x H x W to logits N x C x H x W, and the highest score names the pixel.
# - Void pixels count nowhere.
# - Pixel accuracy is dominated by large classes; mean IoU gives each class one voice; neither sees boundaries.
# - Add up the confusion matrix over the whole data set, then divide once. Averaging the IoU of single pictures gives
#   another number, and can even rank two networks the other way round.
#
# ## Further reading
# - [@@long2015], where the story begins
# - [@@noh2015] and [@@badrinarayanan2017], the subject of lecture 02
