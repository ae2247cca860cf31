# ---
# title: Start here
# question: What does it mean to give every pixel of a picture a class, and how do we tell whether it was done well?
# able:
#   - say what a segmentation network takes in and gives out
#   - read and write the whole training loop of a segmentation network
#   - read pixel accuracy, IoU and their relatives, and say what each one hides
#   - write the confusion matrix and IoU yourself, void left out
#   - say which question each later lecture answers
# needs: Python, and a first idea of what a convolution is. Everything else is explained where it is used.
# read_minutes: 30
# run_seconds: 40
# quiz:
#   - ask: "A network with 12 classes gets 4 pictures of 3 x 200 x 300. What is the shape of its logits?"
#     options:
#       - {say: "4 x 3 x 200 x 300", why: "3 is the number of colours that go in. What comes out has one score for each class."}
#       - {say: "4 x 200 x 300", why: "That is the label map, after the highest score has won. The logits still hold all 12 scores."}
#       - {say: "4 x 12 x 200 x 300", why: "One score for each of the 12 classes at each pixel of each picture.", right: true}
#       - {say: "4 x 12", why: "That would be classification: one answer for each picture. Segmentation answers for each pixel."}
#   - ask: "A pixel is void. What does a wrong answer there cost?"
#     options:
#       - {say: "Nothing, in the loss and in every metric.", why: "A void pixel has no right answer, so nothing can be wrong there.", right: true}
#       - {say: "Nothing in the metrics, but the loss rises.", why: "The loss skips void as well: `ignore_index=255`."}
#       - {say: "As much as any other pixel.", why: "Then a network would learn to guess where people themselves were unsure."}
#   - ask: "A model never finds one of six classes and is perfect on the five others, taking the lost class for road, the largest. What happens?"
#     options:
#       - {say: "Pixel accuracy and mean IoU both fall to about 5/6.", why: "Pixel accuracy falls only by the share of pixels that the lost class has, which may be tiny."}
#       - {say: "Mean IoU falls to about 5/6; pixel accuracy may hardly fall.", why: "The lost class counts 0 and is one of six; its pixels may be one in a hundred.", right: true}
#       - {say: "Both hardly fall, because the class is small.", why: "Mean IoU does not know that it is small: each class counts the same."}
#   - ask: "A class is in neither the truth nor the answer. What does it count in the mean IoU of this course?"
#     options:
#       - {say: "1, because nothing about it is wrong.", why: "Then adding classes that never occur would raise the score."}
#       - {say: "0, because nothing about it is right.", why: "Then a score would depend on classes that are not there. 0 is for a class that was predicted and never true."}
#       - {say: "It is left out.", why: "0 / 0 says nothing, so the mean is taken over the other classes. Published codes differ here: always ask.", right: true}
#   - ask: "How do you get the mean IoU of a data set of 100 pictures?"
#     options:
#       - {say: "Average the 100 mean IoUs.", why: "That is another number, and it can even reverse the ranking of two networks (row T4)."}
#       - {say: "Add up the 100 confusion matrices, then compute IoU once.", why: "Every pixel of the data set then counts the same.", right: true}
#       - {say: "Take the mean IoU of the picture in the middle.", why: "One picture may not even hold all classes."}
# teach:
#   sections:
#     - {section: "A photograph, labelled", minutes: 10, show: "Take a photograph of the room and give it to the upload button. Then the selfie network and the cat: ask what it will say before the cell runs."}
#     - {section: "A picture and its labels", minutes: 8, show: "Run the street, then ask the class to label the pixels at the rim of the bus: where does it end?"}
#     - {section: "What goes in, what comes out", minutes: 10, show: "Let everybody write down the shape of the logits before the cell runs."}
#     - {section: "Training, the whole loop", minutes: 12, show: "Hide the loop; let the class name the five parts of a step. Then run, and let them call out which class appears."}
#     - {section: "How good is an answer? IoU", minutes: 12, show: "Let them vote on the four answers, first by right pixels, then by IoU."}
#     - {section: "All classes in one table", minutes: 8, show: "Compute one IoU of the 3 x 3 matrix by hand on the board, then run."}
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
# This network has 3.3 million weights. It was trained on photographs of cats and dogs, and it has never seen this one.
# We ask it for the class of every pixel: cat, dog or background. It takes about 3 seconds.

# %% tags=["heavy"]
from course_lib import paths
from course_lib.segment import segment, upload

cat = paths.data() / "photos" / "cat.jpg"
labelled = segment(cat)
labelled

# %% [markdown]
# This is [[semantic segmentation]]: a picture goes in, a class for each pixel comes out. The network is DeepLab v3+.
# By the end of this course you can read every line of it.
#
# ## Your own picture
# Now a picture of yours. Press the button and choose a file, or write its path between the quotes and run the cell
# again. The picture does not leave the machine that runs this notebook.
#
# *Guess* before you look: where will the network be wrong?

# %%
my_picture = ""  # such as "holiday/dog.jpg"
segment(my_picture) if my_picture else upload()

# %% [markdown]
# ## A failure that you can see
# Here is a second network. It was made for video calls: it separates a person from the background, and does that well.
# *Guess:* what does it say about the cat?
# <details><summary>Your guess, then run the cell</summary>It says person. The network has only two classes, and it cannot
# answer "neither". In its training pictures the large thing in the middle was always a person.</details>

# %%
wrong = segment(cat, network="selfie")
sure = wrong.probabilities[1][wrong.labels == 1].mean()
print(f"Where it says person, its score after softmax is {sure:.2f} on average.")
wrong

# %% [markdown]
# Three lessons from this picture. We test two of them. Each test is a row of the course's **ledger** and has a short
# name, here T5 and T6; both rows are shown below.
# - **The set of classes is closed.** A network chooses among the classes that it was trained with. A cat is not one of
#   them, so the cat gets the class that fits least badly.
# - **A network learns what its training pictures show.** In a portrait, the thing in front of the background is a
#   person. Which part of the cat looks like a person to it? To find out, T6 changes the photographs. We paint
#   the animal in one flat colour and keep its outline. Or we keep the animal and make everything else flat. *Guess* in
#   which of the two the network still sees a person.
# - **Confident is not correct.** The [[softmax]] of the scores looks like a probability. Here it is high, and the answer
#   is wrong. Is softmax always that misleading? T5 tests the first network on 298 photographs of the kind that it was
#   trained for. *Guess* how often it is right where its score is above 0.9.
#
# A row of the ledger states a claim. Below the claim stand the verdict and the number that decides. We measured it
# several times, each time with another [[seed]] or on other photographs, and give the mean. The **95 % interval** says
# where the true mean probably lies. In the small picture the dot is the mean and the bar is the interval. The upright
# line is the **bound**, which we fixed before we measured. Is the whole bar to the right of the bound? Then the claim
# *holds*. To the left, it *does not reproduce here*. If the bar touches the bound, the row is *undecided*. Click on the
# line to unfold how it was measured.

# %%
from course_lib.evidence.card import evidence

evidence("T5", "T6")

# %% [markdown]
# T6: on a flat ground the animal is still called a person. Painted flat, it mostly is not. So the network does not
# decide by outline or by position. It decides by what is inside the outline.
#
# T5: where the score is above 0.9, 99 % of the pixels are right. On average, score and accuracy differ by less than one
# per cent. So the claim does not reproduce here, on pictures of the kind that the network was trained for. On other
# pictures, such as this one, nothing guarantees that the score can be trusted.
#
# One picture shows one failure. To *count* failures, and to find their causes, we need the true class of every pixel
# and a measure. That is the subject of this lecture.
#
# ## How this course works
# Each notebook answers one question. Every statement about a network rests on one of four things: a number that a test
# checks, a measurement that you can repeat, a picture that you can move, or a paper that we name. Where lecture notes
# on the web say something else, we say so and show it.
#
# Run a cell with **Shift+Enter**. Read, guess, then run: you learn more from a wrong guess than from an answer. Two
# processor cores and 4 GB of memory are enough (`notebook.machine()` shows yours). You need no GPU and no account.
#
# ## A picture and its labels
# To see *why* a network fails, we need pictures whose truth we know to the pixel. So we paint them. Below is a street,
# painted from a random number. On the right is the [[ground truth]]: one class for every pixel.

# %%
from course_lib.lectures.l00_start_here import figures
from course_lib.scenes import Scenes

street = Scenes("street", size=128, count=64, seed=4)
image, label, _ = street[0]
print(street.classes, label[66:78, 24:44], sep="\n")
figures.picture_and_label(image, label, street.classes, street.colours)

# %% [markdown]
# The task is to compute the right picture from the left one. Compare it with two tasks that you may know.
# *Classification* says "there is a bus". *Detection* says "there is a bus in this box". Segmentation gives a class to
# *every* pixel. In memory the label map is an array of whole numbers. The numbers above the picture are a part of it:
# the car in front of the bus.
#
# ## What goes in, what comes out
# A network takes a batch of pictures, N x 3 x H x W. It returns [[logits]], N x C x H x W: at each pixel, one score for
# each of the C classes. The class with the highest score wins.
#
# The smallest network for this task is one convolution that looks at a single pixel. *Guess:* how many parameters does
# it have, for three colours and the six classes printed above?
# <details><summary>Your guess, then ours</summary>24. Each class has one weight for red, one for green, one for blue, and
# one bias: four numbers for each of six classes.</details>

# %%
import torch
from torch import nn

torch.manual_seed(25)  # with many other seeds one class wins everywhere
tiny = nn.Conv2d(3, street.num_classes, kernel_size=1)
logits = tiny(image[None])
weights = sum(parameter.numel() for parameter in tiny.parameters())
print(f"logits {tuple(logits.shape)}, {weights} weights and biases")
guess = logits.argmax(dim=1)[0]  # the class with the highest score wins
figures.picture_and_label(image, guess, street.classes, street.colours, "an untrained guess")

# %% [markdown]
# The weights are random, so the classes are nonsense. But the shape is right: one class for each pixel. Pixels of the
# same colour get the same class, because this network sees nothing but the colour of one pixel.
#
# ## The loss of a pixel, and void
# To train the network, we need a number that says how wrong it is: the [[loss]]. Segmentation uses the loss of a
# classifier, once for each pixel. The softmax turns the scores of a pixel into probabilities. The **cross-entropy** of
# the pixel is *-log p*, where *p* is the probability of the true class. The loss is the mean over all pixels.
#
# Some pixels have no true class. At the rim of a thing even people disagree. Data sets mark such pixels as [[void]], in
# this course with the number 255. Neither the loss nor any metric may count them.
#
# Below we make a frame around the picture void. We compute the loss, change the network's answer inside the frame, and
# compute the loss again. *Guess:* by how much does it change?
# <details><summary>Your guess, then ours</summary>Not at all. A void pixel has no right answer, so no answer is wrong
# there.</details>

# %%
from torch.nn import functional as F

framed = torch.full_like(label, 255)
framed[8:-8, 8:-8] = label[8:-8, 8:-8]
changed = logits.clone()
changed[..., :8, :] += torch.randn(street.num_classes, 1, 1)
losses = [F.cross_entropy(scores, framed[None], ignore_index=255).item() for scores in (logits, changed)]
print(f"before {losses[0]:.6f}, after {losses[1]:.6f}")

# %% [markdown]
# ## Training, the whole loop
# Training changes the weights so that the loss falls. It repeats one step. Each step has five parts:
#
# 1. **Batch:** take 16 pictures and their label maps.
# 2. **Forward pass:** compute the logits, 16 x 6 x 64 x 64.
# 3. **Loss:** the cross-entropy of every pixel that is not void. A classifier has 16 answers in a batch of 16;
#    a segmentation network has 16 x 64 x 64 = 65,536.
# 4. **Backward pass:** compute the [[gradient]] of the loss for each weight.
# 5. **Step:** the optimiser moves each weight a little against its gradient.
#
# The network below has six convolutions. Two of them have [[stride]] 2: their kernel moves two pixels at a time, so each
# of them halves the width of the map. The last layer enlarges the scores again, by 4. (`rate=2` pulls the nine weights of
# a kernel apart, so that it sees more; lecture 04 explains it. Painted streets have no void pixels. With photographs,
# `ignore_index` leaves them out.) The picture that you will see is not among the training pictures. Run the cell and
# watch; it takes about 15 seconds.
#
# *Guess:* which class will be right first, and which one last?
# <details><summary>Your guess, then ours</summary>Road and sky come first: most pixels are road or sky, so most of the
# loss is there. The bus follows. Small and thin things come last, or are still missing at the end.</details>

# %% tags=["heavy"]
from course_lib.evidence.small_training import layer  # convolution, batch normalisation, ReLU

torch.manual_seed(0)
body = (layer(3, 16, stride=2), layer(16, 32, stride=2), layer(32, 32), layer(32, 32, rate=2), layer(32, 32))
net = nn.Sequential(*body, nn.Conv2d(32, 6, kernel_size=1), nn.Upsample(scale_factor=4, mode="bilinear"))
optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3)
unseen_image, unseen_label, _ = Scenes("street", count=8, seed=1_000_003)[7]
losses, seen = [], {}
for step, (images, labels, _) in enumerate(Scenes("street", count=160 * 16, seed=0).loader(16), start=1):
    logits = net(images)
    loss = F.cross_entropy(logits, labels, ignore_index=255)  # the mean over all pixels but void
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
    if step in (1, 10, 40, 160):
        with torch.no_grad():
            seen[step] = net.eval()(unseen_image[None]).argmax(dim=1)[0]
        net.train()
        figures.repaint(figures.learning(losses, unseen_image, unseen_label, seen, street.classes, street.colours))

# %% [markdown]
# That is all there is to training. From now on we write `fit(net, data, steps=160)` instead. `fit` *is* this loop, with
# a few additions. The size of the steps (the *learning rate*) rises and falls during the training, and very large
# gradients are cut. It also shows a progress bar and writes a file from which it can continue.
#
# The explorer below holds the same training, recorded. Move through its steps, and drag over the prediction: at every
# pixel you see the six scores. The column *push* says in which direction the gradient moves each score: up (+) for the
# true class, down (-) for the others. *Guess:* at step 5 the network says sky everywhere. Which pixels push it away from
# that?
# <details><summary>Your guess, then ours</summary>All pixels that are not sky. The road counts most, because it has the
# most pixels: each of them pushes the score of road up and the score of sky down.</details>

# %%
from course_lib import explorers

recorded = explorers.training_loop()
display(recorded.figure(), recorded)

# %% [markdown]
# ## How good is an answer? IoU
# Percentages of right pixels are printed above. Are they a good measure? Look at one class, the bus. Its pixels in the
# truth are one area, its pixels in the answer another. Where the areas overlap, the answer is right.
#
# **IoU** of a class = intersection / union = **TP / (TP + FP + FN)**
#
# TP (true positives) are pixels of the bus that were found. FN (false negatives) are pixels of the bus that were
# *missed*. FP (false positives) are other pixels that the answer *claimed* for the bus.
#
# The first figure takes an answer that is the truth, moved by eight pixels. The second figure compares it with three
# other answers. *Guess:* which of the four has the highest share of right pixels, and which the highest [[IoU]]?
# <details><summary>Your guess, then ours</summary>By right pixels, "nothing is bus" looks almost as good as the moved
# bus: most of the picture is not bus. "All is bus" finds the whole bus. Each of them wins one measure without having
# looked at the picture. IoU gives them 0 and almost nothing. Only IoU counts both errors, the missed pixels and the
# claimed ones, and it ignores the large background on which both agree.</details>

# %%
bus, road = street.classes.index("bus"), street.classes.index("road")
moved = label.roll(8, dims=1)
right_half = torch.arange(128) >= label.eq(bus).any(0).nonzero().float().mean()
four = {
    "moved by 8 pixels": moved,
    "half of it is bus": label.masked_fill((label == bus) & right_half, road),
    "nothing is bus": label.masked_fill(label == bus, road),
    "all is bus": torch.full_like(label, bus),
}
display(figures.overlap(label, moved, bus, street.classes))
display(figures.three_shares(label, four, bus, street.classes))

# %% [markdown]
# ## All classes in one table
# All metrics come from one table, the [[confusion matrix]]: row = true class, column = predicted class, each entry a
# number of pixels. Below is a small one with three classes. The colours are about class 0, and they mean the same as in
# the pictures above.
#
# - [[Pixel accuracy]] is the share of all pixels that are right: the diagonal over everything.
# - **Mean accuracy** asks for each class how many of *its* pixels were found, and averages.
# - [[Mean IoU]] averages the IoU over the classes.
# - [[Frequency-weighted IoU]] averages as well, but each class counts as much as it has pixels.
#
# *Guess* before you run: is mean IoU higher or lower than pixel accuracy?
# <details><summary>Your guess, then ours</summary>Lower: 0.70 against 0.84. A wrong pixel lowers the IoU of two classes:
# the class that it is, and the class that it was taken for.</details>

# %%
from course_lib.metrics import Confusion

counts = torch.tensor([[50, 3, 2], [4, 20, 1], [6, 0, 14]])
truth = torch.repeat_interleave(torch.arange(3).repeat_interleave(3), counts.flatten())
answer = torch.repeat_interleave(torch.arange(3).repeat(3), counts.flatten())
confusion = Confusion(num_classes=3)
confusion.update(answer, truth)
display(figures.counted(confusion.matrix, chosen=0))
print(f"pixel accuracy          {confusion.pixel_accuracy:.4f}   (50 + 20 + 14) / 100")
print(f"mean accuracy           {confusion.mean_accuracy:.4f}")
print("IoU of each class      ", [f"{value:.4f}" for value in confusion.iou.tolist()], "  the first is 50 / 65")
print(f"mean IoU                {confusion.mean_iou:.4f}")
print(f"frequency-weighted IoU  {confusion.frequency_weighted_iou:.4f}")

# %% [markdown]
# Published codes differ in two details, so we state ours. A class that is in neither truth nor answer is left out of
# the mean. A class that is predicted somewhere but never true counts as 0, because inventing things is an error.
#
# ## Pixel accuracy flatters
# Imagine a network that is blind to everything small. It finds sky, road and bus without a mistake, and calls every
# car, bicycle and pole road. We can build its answer from the truth.

# %%
images, labels, _ = street.batch(range(64))
small = torch.tensor([street.classes.index(name) for name in ("car", "bicycle", "pole")])
blind = labels.masked_fill(torch.isin(labels, small), road)
figures.picture_and_label(images[0], blind[0], street.classes, street.colours, "blind to small things")

# %% [markdown]
# *Guess:* what are its pixel accuracy and its mean IoU, over all 64 streets?
# <details><summary>Your guess, then run the cell</summary>Most pixels belong to large things, so pixel accuracy stays
# high. Mean IoU counts each class the same, and three of the six were never found.</details>

# %%
score = Confusion(street.num_classes)
score.update(blind, labels)
display(figures.iou_bars(score.iou, street.classes, float(score.mean_iou), float(score.pixel_accuracy)))
evidence("T3")

# %% [markdown]
# Why is the road below 1, although each of its pixels was found? Because every car, bicycle and pole was claimed for it
# as well. Row T3 repeats the test on five other sets of streets.
#
# This is why segmentation papers report mean IoU. It still averages much away. So this course also measures IoU along
# [[boundary IoU|boundaries]] and by **size of object**.
#
# ## Move an answer, watch the numbers
# What costs more: an answer that is shifted by two pixels, or an answer with frayed edges? The first picture shows the
# answer as it stands. The second one is for you to move: drag a slider, or focus it and use the arrow keys.
#
# *Find out:* why does a shift by two pixels leave pixel accuracy high and halve mean IoU?
# <details><summary>What we saw</summary>Only a thin rim of each thing is wrong, so only few pixels are. But a pole is all
# rim: it loses nearly everything, and its score near 0 counts as much as the road's above 0.9. Boundary IoU looks only
# at the rim, and falls furthest. Frayed edges cost a little less than a shift: some of the frayed pixels still land on
# the right class.</details>

# %%
moving = explorers.metrics()
display(moving.figure(), moving)

# %% [markdown]
# ## Average last
# A data set has many pictures. Do you compute a score for each picture and average, or do you add up the matrices
# first? Below are two pictures of ten pixels each; 1 is a thing, 0 is the ground. Network A finds the small thing and
# half of the large one. Network B finds only the large one.
#
# *Guess:* which of the two has the higher IoU of the thing?
# <details><summary>Your guess, then run the cell</summary>It depends on the order: the *ranking flips*. In the mean over
# pictures, the picture with one pixel of thing counts as much as the picture with nine. The usual definition adds up
# the matrices first.</details>

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

# %% [markdown]
# ## Exercises
# Each check draws new pictures, so only the rule itself passes. `exercises.start.confusion.hint()` gives a hint, as
# often as you like.
#
# ### Exercises 0.1 and 0.2: count the matrix, then compute IoU
# - `my_confusion(prediction, target, num_classes)`: for label maps of any shape, count how many pixels of each true
#   class (row) got each predicted class (column). Leave out void, 255.
# - `my_iou(matrix)`: one number for each class, TP / (TP + FP + FN).

# %% tags=["exercise"]
from course_lib import exercises


def my_confusion(prediction, target, num_classes):
    # solution
    valid = target != 255
    pairs = num_classes * target[valid] + prediction[valid]
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


def my_iou(matrix):
    # solution
    right = matrix.diagonal().float()
    return right / (matrix.sum(0) + matrix.sum(1) - right)


display(exercises.start.confusion.check(my_confusion), exercises.start.iou.check(my_iou))

# %% [markdown]
# ### Exercise 0.3: be flattered
# Find a prediction and a target, two tensors of whole numbers, with a pixel accuracy above 0.95 and a mean IoU below
# 0.55.

# %% tags=["exercise"]
my_prediction = torch.zeros(100, dtype=torch.long)  # solution
my_target = (torch.arange(100) == 0).long()  # solution
exercises.start.flattered.check(my_prediction, my_target)

# %% [markdown]
# ### Exercises 0.4 and 0.5: the loss, and the mean IoU of a data set
# - `my_cross_entropy(logits, target)`: the mean over all pixels but void of *-log p*, where *p* is the probability that
#   the softmax gives to the true class.
# - `my_mean_iou(matrices)`: the mean IoU of a data set, from one confusion matrix for each picture. Leave out a class
#   that never occurs.


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

# %% [markdown]
# ### Exercise 0.6: a picture to keep
# `my_paint(image, labels, colours, share)` lays the colours of the classes over a photograph. A pixel becomes
# (1 - share) of its own colour plus share of its class's colour; a void pixel keeps its own.
#
# When it works, the figure shows the answer to the cat, or to *your* picture if you gave one above, in four strengths.
# `poster.savefig("my_poster.png")` keeps it.


# %% tags=["exercise"]
def my_paint(image, labels, colours, share):
    # solution
    known = labels != 255
    colour = colours[labels.where(known, 0)].permute(2, 0, 1)
    return torch.where(known, (1 - share) * image + share * colour, image)


exercises.start.paint.check(my_paint)

# %%
poster = figures.poster(segment(my_picture) if my_picture else labelled, my_paint)
poster

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
# | [05](05_deeplab_v1_v2.ipynb) | How can a network see far, keep a fine map, and still draw sharp edges? |
# | [06](06_pspnet.ipynb) | What can only the whole scene tell? |
# | [07](07_deeplab_v3_v3plus.ipynb) | What remains when everything is put together, and a decoder added? |
# | [08](08_the_whole_picture.ipynb) | Which one should you take? |
#
# The words of the course are in the [glossary](GLOSSARY.md); each links there where it first appears.
# `exercises.progress()` shows which exercises you have solved. The record is a file on this machine and nowhere else.
#
# The cells above are also rows of the ledger, each checked by a test. They are here for reference:

# %%
evidence("T1", "T2", "T4")

# %% [markdown]
# [quiz]

# %% [markdown]
# ## Take away
# - A segmentation network maps N x 3 x H x W to logits N x C x H x W. The class with the highest score wins.
# - The set of classes is closed: a network also gives one of its classes to a thing that is none of them.
# - Training repeats one step: batch, forward pass, cross-entropy of every pixel, backward pass, optimiser step.
# - Void pixels count nowhere, neither in the loss nor in a metric.
# - IoU = TP / (TP + FP + FN). It counts missed pixels and claimed pixels; accuracy hides both behind large classes.
# - Add up the confusion matrices of the whole data set, then divide once. The average of single pictures is another
#   number, and can even rank two networks the other way.
#
# ## Further reading
# - [@@long2015], where the story begins
# - [@@noh2015] and [@@badrinarayanan2017], the subject of lecture 02
