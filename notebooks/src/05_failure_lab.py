# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · The failure lab
#
# <img src="../data/failures.webp" width="776" alt="three sheets of sixteen generated pictures: one bright hillside sixteen times, one pattern of white dashes that is now stronger, now weaker, and one white stroke sixteen times">
#
# *Three generators. Each was asked for sixteen different pictures. In two of them the same thing went wrong: in which?
# At the end of this lesson you can tell.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/05_failure_lab.ipynb)
#
# **Time:** 65 minutes to read and try; the cells run for about 35 seconds on two CPU cores.
#
# **You need:** lessons 02 and 03, or a DCGAN that you have trained before.
#
# After this lesson you can
#
# - recognise the usual failures of a DCGAN by their pictures, curves and numbers;
# - say what each failure comes from, and mend it;
# - untangle a claim that changed two things at once;
# - test a claim about dropout by a number that others can count again;
# - choose between batch norm's three kinds of statistics when you draw pictures.
#
# **You write** a count of modes, batch norm's standing statistics and a diagnosis; **we import** the training and the
# recorded studies.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## Twelve trainings
#
# One of them is healthy. Under each sheet you see D(x) in blue and D(G(z)) in orange
# over the training, from 0 to 1. The cards have numbers, not names: **diagnose first.** What do you notice in each, and
# what could have caused it?

# %% cellView="form" jupyter={"source_hidden": true}
# @title In Colab or on Kaggle: fetch the course
import importlib.util
import os
import subprocess
import sys

if "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
    if not importlib.util.find_spec("dcgan_course"):
        url = "https://github.com/dcgan-course/dcgan-course"
        home, part = os.path.abspath("dcgan-course"), os.path.abspath("dcgan-course.part")
        clone = f"rm -rf {part} && git clone -q --depth=1 {url} {part} && mv -T {part} {home}"
        failed, words = subprocess.getstatusoutput(f"test -d {home}/.git || ({clone})")
        if failed:
            sys.exit(f"{url}: cannot be fetched (on Kaggle: is Internet on?)\n{words[-300:]}")
        sys.path.append(home)
    from dcgan_course.machine import colab

    colab.ready()

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from dcgan_course import checks
from dcgan_course.experiments.recording import RecordedStudy
from dcgan_course.experiments.reports import plain, sheets
from dcgan_course.machine.runtime import pick_device, seeded, settle_threads
from dcgan_course.plots import BLUE, GREEN, ORANGE, STYLE, card, show, show_cards, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, sample_z

print(f"torch {torch.__version__}, device {pick_device()}, CPU threads: {settle_threads()}")
plt.style.use(STYLE)

# %% jupyter={"source_hidden": true}
from dcgan_course.experiments.gallery import drawn_by, gallery, gallery_cards

trainings = gallery()
show_cards(gallery_cards(),
           "Twelve trainings on digits, each after its last step. The sixteen pictures of "
           "card 9 have the same grey as the lines between them.",
           "twelve cards, each with sixteen pictures and two curves: " + "; ".join(
               f"card {i}: {one.sign}" for i, one in enumerate(trainings.values(), 1)))

# %% [markdown]
# > **Predict:** which of these four is the healthy one?
# >
# > - card 4
# > - card 5
# > - card 8 <!-- right -->
# > - card 10

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
show_table(pd.DataFrame({f"card {i}": {"training": title, "sign": one.sign}
                         for i, (title, one) in enumerate(trainings.items(), 1)
                         if title == "healthy"}).T)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Card 8. In card 4 and card 10 specks stand beside the strokes, and in card 5 the strokes are ragged. Did you notice
# card 2? Its curves look like those of the healthy one; only the pictures tell that something is wrong. Sections
# 3 to 7 take the failures apart. Section 10 names all of the cards, with causes and fixes.
# </details>

# %% [markdown]
# ## 1 · How a failure is studied here
#
# One training proves little, because another seed gives another result. So each experiment of this lesson is a
# **study**: the same digits, the same small network, the same number of images; one thing changed; several seeds. They
# were recorded, since their trainings take hours; `dcgan-course study data/studies/stabilisers.json` makes the largest
# again, 26 versions with five seeds each.

# %% jupyter={"source_hidden": true}
stabilisers, rates, control, norms, slow, churches, early = map(RecordedStudy, (
    "stabilisers", "learning_rate", "d_wins", "output_norm", "output_norm_slow",
    "output_norm_churches", "early"))

# %% [markdown]
# A **judge**, a classifier that saw real digits only, then reads 2,000 pictures of each generator. Three numbers are
# enough here:
#
# - `fd`, the **Frechet distance**: how far the pictures are from real digits, in the classifier's features. Smaller is
#   better.
# - `mode_entropy`: how evenly the ten digits turn up. 1 = evenly, 0 = one digit only.
# - `sharpness`: how much neighbouring pixels differ, over that of real digits (the variance of the Laplacian). 1 is
#   right. Blur lowers it, and so does a faint picture.
#
# A judge is a network too, and it can be misled. This one has seen black backgrounds only. Here are its numbers for
# real digits, for the **same** real digits whose background is lifted a little, from 0 to 16 of 255, and for the healthy
# generator, over its five seeds:

# %% jupyter={"source_hidden": true}
from dcgan_course.config import preset
from dcgan_course.data import load_mnist, to_float
from dcgan_course.measuring.scores import scorer_for

scorer = scorer_for(preset("mnist"))
some = torch.randperm(10_000, generator=seeded(0, "judged"))[:2000]
test = to_float(load_mnist(split="test").batch(some))
on_grey = test.clamp(min=16 / 127.5 - 1)
judged_cards = []
for name, images in {"real digits": test, "the same, on 16 of 255": on_grey}.items():
    found = {key.replace("2k_mnist", ""): value for key, value in scorer(images).items()}
    judged_cards.append(card(images, name, text={
        "fd": f"{found['fd']:,.0f}", "mode_entropy": f"{found['mode_entropy']:.2f}",
        "sharpness": f"{found['sharpness']:.2f}"}))
healthy = {key: f"{np.mean(stabilisers.values('baseline', key)):.{digits}f}"
           for key, digits in (("fd", 0), ("mode_entropy", 2), ("sharpness", 2))}
judged_cards.append(card(stabilisers.images("baseline"), "healthy, card 8", text=healthy))
show_cards(judged_cards,
           "What the judge says: look at fd in the middle.",
           "three sheets of sixteen digits: real ones, the same on a grey that is almost "
           "black, and generated ones, with three numbers below each")

# %% [markdown]
# You hardly see the grey, and yet the judge puts these digits far beyond the generated ones. So never trust `fd` alone:
# a study also keeps 32 pictures of each version, from the first seed, not picked, and the sections below show some of
# them. (Real digits are not at 0, because they are compared with other real digits.)
#
# <details><summary>What does "±" mean below the pictures?</summary>
#
# The number before it is the mean over the seeds. The number after it is half the width of a 95 % confidence interval
# for that mean: if the study were repeated many times, about 95 of 100 such intervals would contain the true mean. It
# tells how far another set of seeds might move the number, and nothing about other networks or other data;
# [lesson 06](06_what_stabilises.ipynb) builds it. No digit is printed that the interval leaves open. Where the interval
# would reach beyond what a number can be (an entropy above 1, a distance below 0), it says nothing, and the lowest and
# the highest seed stand in brackets; "0 (all)" means that every seed gave 0.
# </details>

# %% [markdown]
# ## 2 · How soon could you have known?
#
# The gallery shows where a training ends. Here are seven of its failures after nine thousand images, and the healthy
# version after as many. (All are drawn without the moving average of G's weights, which is still young.)
#
# **Drag the slider, and ask:** which show their sign already? Look at the pictures first, then at the two lines.

# %% jupyter={"source_hidden": true}
from dcgan_course.plots import show_turned


def early_card(name):
    """A training after nine thousand images: pictures and curves."""
    return card(early.images(name)[:8], plain(name), early.curves(name)[:-1])


failures = ["no batch norm", "z from 0 to 1", "sigmoid output",
            "batch norm on the output of G", "beta1 of 0.9", "fully connected",
            "images normalised"]
show_turned({f"{i} of 7": early_card(name) for i, name in enumerate(failures, 1)},
            "After nine thousand images: the healthy training, and a failure.",
            "eight pictures with their curves", width=320,
            beside=("eight blurred digits and two curves, healthy", early_card("healthy")))

# %% [markdown]
# <details><summary>Which show their sign already?</summary>
#
# Four do, 2, 3, 5 and 7: one picture for every `z`, nothing darker than grey, bars, faint strokes. *Batch norm on G's
# output* (4) gives a hint to those who know it: its weave is greyer than the healthy one's, and its curves lie further
# apart. The other two could still become anything. *Without batch norm* (1) there are white blobs with specks on a
# black that is cleaner than the healthy one's. And the *fully connected* one (6) looks like one picture for every `z`,
# but only because it has hardly begun, at a slower rate.
# </details>

# %% [markdown]
# **Now train one of them yourself.** Choose it from the list, and it is trained with another seed, on nine thousand
# images, in about ten seconds, while you watch; its curves come at the end. (The stop button may not reach it.) Does it
# fail in the same way? Before the cell has been run, a film shows *beta1 of 0.9*: other patterns, and the same curves.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
import html

import ipywidgets as widgets
from PIL import Image

from dcgan_course.machine.errors import UserError
from dcgan_course.machine.places import repo_data_dir
from dcgan_course.plots import cards_html, clock
from dcgan_course.sampling import grid_images
from dcgan_course.trainer import train
from dcgan_course.widgets import Still

chosen = widgets.Dropdown(
    options=[("choose a failure ...", ""), *((plain(name), name) for name in failures)])
trained = widgets.HTML()


# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
def train_chosen(change):
    """Train what was chosen, beside the records; nothing else can be chosen meanwhile."""
    if not (name := change["new"]):
        return
    beside = [early_card("healthy"), early_card(name)]

    def draw(sheet, words, stats=()):
        pictures = grid_images(torch.tensor(np.asarray(sheet.convert("RGB"))))[:8]
        trained.value = cards_html([*beside, card(pictures, f"here, {words}", stats)],
                                   "Healthy, the failure as recorded, and trained here.",
                                   "three sheets of eight pictures")

    chosen.disabled, trained.value = True, "It begins ..."
    try:
        config = early.study.config(name, seed=2).replace(sample_kimg=1)
        mine = train(config, quiet=True, show=draw)
        kimg, file = mine.samples()[-1]
        draw(Image.open(file), clock(kimg), mine.stats()[:-1])
    except (UserError, KeyboardInterrupt) as stop:
        trained.value = html.escape(str(stop)) or "Stopped."
    finally:  # ready for the next choice, which may be the same
        chosen.disabled, chosen.value = False, ""


chosen.observe(train_chosen, names="value")
Still(widgets.VBox([chosen, trained]), (repo_data_dir() / "early.webp").read_bytes(),
      "a healthy training, one with a beta1 of 0.9, and a second one of these, in which "
      "patterns of dots come out of grey")

# %% [markdown]
# ## 3 · Batch norm: none, or too much
#
# Batch norm gives each channel of a layer mean 0 and variance 1, then its own shift and gain. The second guideline asks
# for it in both networks, except on G's output and D's input. One of these trainings is healthy, one has no batch norm
# at all, and one has it on D's input as well. (Here and in section 4 the pictures come from other `z` than in the
# gallery.)

# %% jupyter={"source_hidden": true}
BATCH_NORM = {"A": "2 batch norm on the input of D", "B": "baseline", "C": "2 no batch norm"}
show_cards([card(stabilisers.images(config)[16:], letter, stabilisers.curves(config))
            for letter, config in BATCH_NORM.items()],
           "Three trainings: look at the strokes, and at the first quarter of the curves.",
           "three sheets of sixteen digits, A to C; those of C are ragged, and its curves lie "
           "further apart at first")

# %% [markdown]
# > **Predict:** which of the three has no batch norm?
# >
# > - A
# > - B
# > - C <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.plots import rows_of_points

show(rows_of_points({f"{letter}, {plain(BATCH_NORM[letter])}":
                     stabilisers.values(BATCH_NORM[letter], "fd") for letter in "BAC"},
                    "fd, smaller is better", (200, 500, 1000, 2000)),
     "A point for each of the five seeds, a bar for their geometric mean.",
     "three rows of five points: two close groups near 200, and below them a wide one")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# C. Without batch norm the digits are ragged, and above all the result depends on the seed: the best one is at about
# twice the baseline's distance, the worst at more than ten times. In this small network weights of 0.02 make every
# layer's output smaller than its input (compare lesson 02), so the first steps barely reach the end of the network.
#
# On D's input (A) we had expected harm, and were wrong: there is none to be seen. Batch norm there removes the mean and
# the spread of a whole *batch*, and D's other batch norms do much the same one layer later (section 4 has a
# consequence). The paper reports "sample oscillation and model instability"; deeper networks and photographs may still
# need the guideline.
# </details>

# %% [markdown]
# ## 4 · The wrong range
#
# G's last layer decides which grey levels its pictures can have, and the loading of the data which ones they should
# have. Here are three generators, each with a range that does not fit the data:
#
# - **sigmoid**: G ends in a sigmoid, the images lie in [-1, 1];
# - **[0, 1]**: G ends in tanh, the images lie in [0, 1];
# - **normalised**: G ends in tanh, and the images were normalised by mean and standard deviation, as for a classifier.

# %% jupyter={"source_hidden": true}
RANGES = {"A": "4 images normalised as for a classifier", "B": "4 sigmoid output",
          "C": "4 images in 0 to 1"}
show_cards([card(stabilisers.images(config)[16:], letter, stabilisers.curves(config))
            for letter, config in RANGES.items()],
           "Three ranges that do not fit; each picture is shown in the range of its data. "
           "The sixteen of B have the same grey as the lines between them.",
           "A faint digits; B nothing but mid-grey and some white dots; C good digits")

# %% [markdown]
# > **Predict:** two of the three fail. Which sheet has the images in [0, 1], where only half of tanh's range is needed?
# >
# > - A, the faint digits
# > - B, grey with white dots
# > - C, the good digits <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
show(rows_of_points({"baseline": stabilisers.values("baseline", "fd")} | {
    f"{letter}, {plain(config)}": stabilisers.values(config, "fd")
    for letter, config in RANGES.items()}, "fd, smaller is better", (200, 1000, 5000)),
     "A point for each of the five seeds, a bar for their geometric mean.",
     "four rows of five points: the first and the last near 200, two between them far right")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# C, the good digits.
#
# - **Sigmoid**, sheet B, fails. Nothing is darker than mid-grey, and D can tell from any background pixel: its answers
#   lie at 1 and 0.
# - **[0, 1]**, sheet C, works: its seeds lie among the baseline's or near them (`fd` 230 on average, baseline 214). A
#   tanh can reach all of [0, 1]. Half of its range lies idle, and G learns to stay out of it.
# - **Normalised**, sheet A, fails. White is 2.82, far above what a tanh can reach. So G scales the whole digit,
#   background and all, by about 0.35: white comes out near 1.
#
# So the rule is not "use [-1, 1]", but "G must be able to reach **all** of the data".
# </details>

# %% [markdown]
# One of the failures does not show in D's answers: all its digits are too faint, and D does not notice, although
# brightness alone would tell them from real ones. Why?
#
# > **Predict:** a D that has finished its training looks at real digits, and at the same with every number multiplied by
# > 0.35. In which mode does it answer nearly the same for both?
# >
# > - in train mode only <!-- right -->
# > - in eval mode only
# > - in both

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.data import load_images
from dcgan_course.runs import load_discriminator

netD = load_discriminator("mnist")
x_real = to_float(load_images("mnist", 28).batch(range(256)))
shown = []
for name, x in {"real digits": x_real, "times 0.35": 0.35 * x_real}.items():
    said = {}
    for mode in ("train", "eval"):
        netD.train(mode == "train")
        with torch.no_grad():
            said[f"logit, {mode} mode:"] = f"{netD(x).mean():.1f}"
    shown.append(card(x, name, text=said))
show_cards(shown, "What D answers on average, in both modes.",
           "sixteen digits on black, and the same in grey on grey", columns=2)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# In train mode only. There D looks at real and at generated images in separate batches, and its batch norm divides each
# batch by its own standard deviation: a batch with every number multiplied by 0.35 looks the same. A training is in train
# mode throughout. So D cannot object to faint digits, and nothing tells G of them.
# </details>

# %% [markdown]
# ## 5 · When D wins
#
# Lesson 01 showed that the slope of the minimax loss is nearly 0 where D is sure. By itself that fails no training:
# with healthy rates D need not be sure, and minimax comes to the baseline's `fd`, 214. What happens once D gets ahead?
# In the recorded run `mnist_d_wins` G has the minimax loss, and D learns twenty times as fast as G:

# %% jupyter={"source_hidden": true}
from dcgan_course.plots import legend_above

lines = pd.DataFrame(load_run("mnist_d_wins").stats())
figure, axis = plt.subplots(figsize=(6.4, 2.4))
for key, colour, label in (("D_x", BLUE, "D(x), real"),
                           ("D_G_z", ORANGE, "D(G(z)), generated")):
    axis.plot(lines["kimg"], lines[key], color=colour, label=label)
axis.set(xlabel="thousand images shown", ylim=(-0.05, 1.05))
legend_above(axis)
show(figure, "D has won: apart from one short dip, its answers stay at 1 and 0.",
     "D(x) stays at 1 and D(G(z)) at 0, but for one dip")

# %% [markdown]
# It is tempting to say that the minimax loss did it: its slope is nearly 0, so G hears nothing. But two things differ
# from a healthy training, the loss *and* the rates, and nobody can tell which one mattered: such a claim is
# **confounded**. Besides, G is trained with Adam, which does not see the scale of a loss (lesson 01). So the recorded
# study `d_wins` has the missing **control**: the same two learning rates with either loss, three seeds each.
#
# A number tells how alike a generator's pictures are: their **likeness**, the mean correlation between the pixels of two
# of them.

# %%
def likeness(images):
    """The mean correlation of two different pictures' pixels: 1 = all pictures are alike."""
    correlations = np.corrcoef(images.flatten(1).numpy())
    return correlations[np.triu_indices(len(images), 1)].mean()


# %% [markdown]
# > **Predict:** D learns twenty times as fast as G, as before. What does G draw with the non-saturating loss?
# >
# > - digits
# > - strokes that differ with `z` <!-- right -->
# > - a texture that hardly answers `z`

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
said = {}
for config in control.study.configs:
    found = sorted(control.values(config, "fd"))
    said[config] = {"likeness": f"{likeness(control.images(config)):.2f}",
                    "fd": f"{found[0]:,.0f} to {found[-1]:,.0f}"}
show_cards([card(control.images(config)[16:24], config, control.curves(config), text)
            for config, text in said.items()],
           "D learns 20 times as fast as G, with two losses for G; fd of three seeds.",
           "left a grey texture, eight times nearly the same; right eight different strokes, "
           "on grey",
           columns=2)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Strokes that differ with `z`, but no digits, on a background that stays grey; with the minimax loss G draws a texture
# that hardly answers `z`. (One seed; a weak proof.) By `fd` nothing is saved, but this judge is one that a
# grey background misleads (section 1).
#
# So both changes seem to have a part. The *rates* make D win, and with them the training fails by either loss. The *loss*
# decides how much G can still learn from a D that is far ahead: in these pictures with minimax hardly anything.
#
# **The fix** is to choose learning rates that keep both players in the game, and then the non-saturating loss, which
# loses less when D gets ahead all the same.
# </details>

# %% [markdown]
# ### A learning rate of 0.001, and beta1 of 0.9
#
# D can also win with equal rates. The paper calls 0.001 "too high", and reports "oscillation and instability" for
# Adam's usual beta1 of 0.9. Both claims are tested here at three learning rates, without the moving average that would
# hide an oscillation.
#
# > **Predict:** which of these four is best?
# >
# > - 0.0002 with 0.5
# > - 0.0002 with 0.9
# > - 0.002 with 0.5 <!-- right -->
# > - 0.002 with 0.9

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
sheets(rates, [f"lr {rate}, beta1 {beta1}" for beta1 in (0.5, 0.9)
               for rate in (0.0002, 0.001, 0.002)],
       "Three rates, each with beta1 of 0.5, then of 0.9: which look like digits?",
       "two rows of three sheets: above broken strokes, digits, digits; below one blurred "
       "figure, one texture, one pattern of bars", n=8)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# 0.002 with 0.5. We had predicted 0.0002 with 0.5, as in the paper, and were wrong.
#
# - **beta1 of 0.9 fails at every rate**, so the paper's warning holds. It does not look like an oscillation: D has won.
#   A likely reason, which we have not tested: with 0.9 a step still follows what was right ten steps ago, and G's
#   opponent has moved since.
# - **A rate of 0.001 does not fail.** With this small network and one epoch the paper's 0.0002 is too *low*: after the
#   same number of images 0.001 and 0.002 are far ahead. That does not refute the paper, which trained wider networks on
#   photographs, for longer. A learning rate belongs to a network, a batch and a budget.
# </details>

# %% [markdown]
# ## 6 · Count what a glance misses
#
# A sheet shows at a glance that all pictures have become one: **mode collapse**. It hardly shows that one digit is
# missing; to see that, you have to count.
#
# > **Exercise 1 · How many modes?** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > The judge gives each picture ten probabilities. Count the digits that at least a share `least` of the pictures show.

# %%
def my_mode_count(probabilities, least=0.01):
    """How many classes at least that share of the N images show.

    probabilities (N, classes): a NumPy array.
    """
    raise NotImplementedError


# %%
mode_count = checks.check_mode_count(my_mode_count)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `probabilities.argmax(1)` is the judge's answer for each picture; `np.bincount(answers, minlength=...)` counts them.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_mode_count(probabilities, least=0.01):
#     answers = probabilities.argmax(1)
#     shares = [(answers == c).mean() for c in range(probabilities.shape[1])]
#     return sum(share >= least for share in shares)
# ```
#
# A threshold of zero would count a class for one misread picture.
# </details>

# %% jupyter={"source_hidden": true}
from dcgan_course.measuring.judges import judged, load_judge

judge = load_judge("mnist")
sets = {name: drawn_by(name, 1000) for name in (
    "mnist_basic", "mnist_collapse", "mnist_d_wins")}
counted = sets | {"real": test[:1000]}
counts, alike = ({name: count(images) for name, images in counted.items()}
                 for count in (lambda x: mode_count(judged(judge, x)[1]), likeness))
show_cards([card(images[:8], name, text={"digits": f"{counts[name]} of 10",
                                     "likeness": f"{alike[name]:.2f}"})
            for name, images in sets.items()],
           "Three recorded runs, 1,000 pictures of each. Real digits: "
           f"{counts['real']} of 10, likeness {alike['real']:.2f}.",
           "three sheets of eight pictures: digits with specks; one stroke eight times; one "
           "picture of noise eight times")

# %% [markdown]
# `mnist_basic` is the fully connected GAN. Two digits hardly ever come, which is easily overlooked on a sheet.
#
# The last two runs have collapsed: their likeness (section 5) is close to 1, where that of real digits is far below one
# half. "D wins" and "G collapses" can come together, as in `mnist_d_wins`: G hears next to nothing from D, and draws one
# picture of noise for every `z`.
#
# The count means something only where the pictures can be read, since the judge must name some digit. The likeness
# needs no judge, but it sees nothing finer than a collapse onto one picture.

# %% [markdown]
# ### Noise pixels, and dropout in G
#
# **Dropout** sets a random part of a layer's outputs to 0, anew at each forward pass, and scales up the rest. Normally
# it works in train mode only. One reimplementation of DCGAN for 28 x 28 digits reports that dropout of 0.5 in G, *in
# training and at test time*, removes noise pixels around the digits. It shows pictures, no numbers, and its code drops
# only in training.
#
# Such noise pixels can be counted. Lit pixels that touch form a patch; the largest patch is the stroke; a patch of at
# most 12 pixels, more than 2 pixels away from the stroke, is a **speck**. (No limit is perfect: the bar of a written 5
# may not touch the rest.)

# %% jupyter={"source_hidden": true}
from dcgan_course.measuring.metrics import stray_pixels

DROPOUT = ("dropout in G", "dropout in G, at test too")
sets = {"real digits": to_float(load_mnist(split="test").batch(range(5000, 5200)))} | {
    plain(config): stabilisers.images(config)[:, :1] for config in ("baseline", *DROPOUT)}
specked = []
for name, images in sets.items():
    stray = torch.from_numpy(stray_pixels(images))
    having = stray.any(2).any(1)
    first = having.logical_not().int().argsort(stable=True)[:4]
    painted = images[first].expand(-1, 3, -1, -1).clone()
    painted.permute(0, 2, 3, 1)[stray[first]] = torch.tensor([0xD5, 0x5E, 0x00]) / 127.5 - 1
    specked.append(card(painted, name, text={"specks": f"in {having.sum()} of {len(images)}"}))
show_cards(specked, "Specks in orange; four pictures of each set, those that have any first.",
           "four sheets of four digits with small orange patches beside their strokes: two of "
           "the real ones, three of the baseline, one with dropout, four at test too",
           columns=2)

# %% [markdown]
# Thirty-two pictures of one seed are few. The study has five seeds of each, with 2,000 pictures. So count, for each seed,
# how many of a hundred pictures have a speck.
#
# > **Predict:** which version has fewer specks than the baseline?
# >
# > - dropout in training only <!-- right -->
# > - dropout at test time as well
# > - both
# > - neither

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
versions = {plain(config): config for config in ("baseline", *DROPOUT)}
distance = [f"{np.mean(stabilisers.values(config, 'fd')):.0f}" for config in versions.values()]
show(rows_of_points({name: [100 * share for share in stabilisers.values(config, "specks")]
                     for name, config in versions.items()},
                    "pictures with specks, in %; fewer is better", (3, 10, 30)),
     "A point for each of the five seeds, a bar for their geometric mean. "
     f"fd, from top to bottom, on average: {', '.join(distance)}.",
     "three rows of five points: the baseline near 10 %, dropout in training near 3 %, and "
     "dropout at test too near 28 %")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Dropout in training only. It removes most of the specks: about 3 pictures of a
# hundred still have any, instead of 11, and this holds seed by seed. Kept on at test time as well, it adds more than
# it removed, and `fd` becomes much worse. So the claim is half right: the readme's pictures may well be right, because
# its code drops in training only; its explanation did not hold. With dropout in training only `fd` rises a little, but
# the seeds overlap; lesson 06 does not decide it either.
# </details>
#
# <details><summary>Aside: guards, and a test for pairs</summary>
#
# A blank picture has no specks either. So a count of flaws needs a guard against cheap victories, such as the **ink**,
# the number of lit pixels per picture.
#
# To compare dropout on and off in *one* network, draw the same `z` with both, and compare picture by picture. Those
# with specks in both sets, or in neither, say nothing. What counts are the $b$ pictures that have specks only in the
# first set, and the $c$ that have them only in the second. If the switch made no difference, each of these $b + c$
# would be as likely to be of one kind as of the other, like a coin toss. This is **McNemar's test**.
# </details>

# %% [markdown]
# ## 7 · Batch norm on G's output: is it blur?
#
# The paper leaves batch norm out of G's last layer. The readme of the DCGAN folder of
# [GANs-in-PyTorch](https://github.com/iamkissg/GANs-in-PyTorch) shows two trainings on church exteriors. For *model 1*
# its author had put batch norm on G's output by mistake; the samples, the readme says, were "so blurred that they just
# had the roughly contour of churches". *Model 2* is clear.
#
# But two things differ between the models, as the readme says itself. Model 1 has batch norm on the output **and**
# draws `z` from a uniform distribution (`torch.rand`, by a line that is still in the code: from 0 to 1). Model 2 draws
# a normal `z`. There was one training of each, and no numbers: the claim is confounded, like that of section 5.
#
# To untangle it, try every combination: batch norm on the output or not, times three kinds of `z`: normal; uniform in
# [-1, 1], the paper's own; and uniform in [0, 1]; five seeds of each. Here are four of the six, on digits: neither
# change, each one alone, and both.

# %% jupyter={"source_hidden": true}
CHANGES = {"A": "output_norm=True, z=uniform01", "B": "output_norm=False, z=normal",
           "C": "output_norm=True, z=normal", "D": "output_norm=False, z=uniform01"}
show_cards([card(norms.images(config)[16:24], letter) for letter, config in CHANGES.items()],
           "No change, batch norm on G's output, z from [0, 1], or both: which is which?",
           "four sheets of eight pictures: A one picture eight times; B digits on black; C "
           "digits on a grey weave; D one blob eight times", columns=2)

# %% [markdown]
# > **Predict:** which sheet has batch norm on the output, and a normal `z`?
# >
# > - A
# > - B
# > - C <!-- right -->
# > - D

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
sheets(norms, list(norms.study.configs),
       "First without, then with batch norm on the output; compare the backgrounds.",
       "two rows of three sheets: digits on black, digits on black, one blob; below digits "
       "on a grey weave, digits on a grey weave, one picture", ("fd", "sharpness"), n=8)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.models import build_discriminator, build_generator, init_weights


def share_from_z(netG, kind):
    """Of the variance over z and places, within each channel, the part that comes from z."""
    z = sample_z(500, 100, kind, seeded(1, "lesson"))
    x = netG.blocks[0][0](z[:, :, None, None]).detach()
    return (x.var(0).mean() / x.var((0, 2, 3)).mean()).item()


fresh = init_weights(build_generator(norms.study.base.replace(nc=1)), seeded(0, "netG"))
shares = {f"z {plain(kind)}": f"{share_from_z(fresh, kind):.0%}"
          for kind in ("normal", "uniform", "uniform01")}
show_table(pd.DataFrame({"share of G's first layer that z decides (untrained)": shares}))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# C. Each of the two changes does harm, in its own way.
#
# - **With a centred `z`** (C) batch norm on the output makes sharpness fall to about half, and the black background
#   turns into a grey weave. You can still read the digits; a good part of the large `fd` comes from the judge, who has
#   seen black backgrounds only (section 1).
# - **With `z` from [0, 1]** G collapses to one picture, with batch norm (A) and without (D). That is worse than
#   blur, and it has nothing to do with the output layer.
#
# The fix is an output layer without batch norm, and a centred `z`, with `torch.randn` or `2 * torch.rand - 1`.
# </details>
#
# <details><summary>The reasons, for those who want them</summary>
#
# **Why batch norm on the output hurts.** It forces all pixels of a batch to one mean and one standard deviation: a
# shift and a gain, which begin at 0 and 1. Four fifths of a digit are black, and `tanh` is black only far below 0. So
# the shift has a long way to go, and Adam moves a single number by about one learning rate per step. Meanwhile
# every wobble of the background stays visible.
#
# **Why z from [0, 1] collapses.** Its mean is not 0 but 1/2. So every `z` has the same large part, $(1/2, ..., 1/2)$,
# and a smaller part that differs. G's first layer is linear: it turns the common part into one **fixed picture**, the
# same for every `z`. Before training that is already most of what leaves the layer, as the table shows, and Adam pushes
# the hundred weights that share the job in the same direction at every step. Batch norm comes next, but it subtracts one
# number per channel, not a picture, so the fixed picture stays.
# </details>

# %% [markdown]
# How far does it carry? The study above trains fast, with a learning rate of 0.002. At the paper's 0.0002, the report's
# rate, 937 steps move the shift by about 0.19, if the slope keeps its size. And the report's pictures were churches: a
# photograph has no black background to reach.
#
# > **Predict:** in which of these two new settings does batch norm on the output do harm, with a normal `z`?
# >
# > - on digits at the slow rate only <!-- right -->
# > - on churches only
# > - on both

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
two = [name for name in slow.study.configs if not name.endswith("uniform")]
sheets(slow, two, "Digits at the paper's learning rate, three seeds each.",
       "two rows of two sheets: above strokes, one blob; below noise, one bright shape",
       n=4, columns=2)
sheets(churches, two,
       "Church exteriors, three seeds each, first without batch norm on the output.",
       "two rows of two sheets of soft, coloured pictures of buildings; on the right all "
       "pictures of a sheet are the same", n=4, columns=2)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# On digits at the slow rate only. There D sees grey where black should be and wins; G draws noise, or one bright shape.
# On churches, 64 x 64, after a short training, we find no harm: the distance comes out smaller, but three seeds do not
# decide it. With `z` from [0, 1] every `z` gives one and the same picture.
#
# **The verdict.** "Batch norm on G's output gives blur" does not hold as it stands: of the two changes `z` from [0, 1]
# ruined every training, and batch norm some. And a collapse to one picture is not blur: with a small network and 46
# thousand images **we could not reproduce the readme's picture at all**, and its cause stays open. Leaving batch norm out
# of the output layer remains good advice: on digits it saves the training, and on churches we saw no loss by it.
# </details>

# %% [markdown]
# ## 8 · Three traps in code
#
# ### Probabilities in low precision
#
# Why does D return logits here, never probabilities? Take `sigmoid(logit)` in bfloat16, for a generated image that D
# takes for real. Exactly, the loss $-\log(1 - D)$ of a logit of 8 is 8.0.

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(6.4, 3.2))
logits = torch.linspace(0, 10, 400)
on_D = -torch.log(1 - torch.sigmoid(logits.bfloat16())).float()
end = logits[on_D.isfinite()].max()
axes.plot(logits, torch.nn.functional.softplus(logits), color=BLUE, label="exact")
axes.plot(logits, on_D, color=ORANGE, label="from D(G(z)) in bfloat16")
axes.axvline(end, color=ORANGE, linestyle=":", linewidth=1)
axes.annotate("from here on infinite", (end + 0.1, 1.0), color=ORANGE)
axes.set(xlabel="logit of a generated image", ylabel="-log(1 - D(G(z)))")
legend_above(axes)
show(figure, "The loss climbs in steps, and the stairs end where D is fairly sure.",
     "a straight blue line, and an orange staircase along it that ends beyond a logit of six")

# %% [markdown]
# At a logit of 8 the loss from bfloat16 is infinite: everything above 0.998 becomes 1, and one logarithm of 0 ruins a
# training. On logits the same loss is `softplus(logit)`, the blue line, and bfloat16 does it no harm.

# %% [markdown]
# ### A missing detach
#
# In D's step `x_fake.detach()` keeps the gradient from reaching G. Without it G receives D's wish, "be easier to tell
# apart". If the gradients of both networks are emptied only at the start of the loop, that is added to G's own wish.
#
# > **Predict:** G's gradient without `detach`, where D's wish is kept, beside the right one:
# >
# > - as long, and in the same direction
# > - that depends on D: from short to turned back <!-- right -->
# > - shorter with every D, and in the same direction

# %% jupyter={"source_hidden": true}
from dcgan_course.losses import d_loss, g_loss

base = stabilisers.study.base.replace(nc=1)
netG = init_weights(build_generator(base), seeded(0, "netG"))
netD = init_weights(build_discriminator(base), seeded(0, "netD"))
x_real = torch.randn(16, 1, 28, 28).tanh()
z = sample_z(16, base.nz, "normal", seeded(2, "lesson"))


def g_gradient(detach, emptied_between):
    """G's gradient, as one vector, at the end of a step of each player."""
    netG.zero_grad()
    x_fake = netG(z)
    loss_D = d_loss(netD(x_real), netD(x_fake.detach() if detach else x_fake))
    loss_D.backward(retain_graph=not detach)
    if emptied_between:
        netG.zero_grad()
    g_loss(netD(x_fake)).backward()
    return torch.cat([p.grad.flatten() for p in netG.parameters()])


right = g_gradient(detach=True, emptied_between=True)
kept = g_gradient(detach=False, emptied_between=False)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
along = right / right.norm()  # the direction of G's own wish
across = kept - (kept @ along) * along
x, y = ((kept @ along) / right.norm()).item(), (across.norm() / right.norm()).item()
long = kept.norm() / right.norm()
figure, axes = plt.subplots(figsize=(6.8, 3.4))
for tip, start, colour, name in (((1, 0), (0, 0), ORANGE, "G's own wish"),
                                 ((x, y), (1, 0), BLUE, "D's wish, added to it"),
                                 ((x, y), (0, 0), GREEN, "what G then does")):
    axes.annotate("", tip, start, arrowprops={"color": colour, "width": 2, "headwidth": 9})
    axes.plot([], [], color=colour, label=name)
axes.set(xlim=(-0.25, 1.25), ylim=(-0.1, 0.55), aspect="equal",
         xlabel="along G's own wish, 1 = its length", ylabel="across it")
legend_above(axes)
show(figure, "G's gradient without detach, in the plane in which both lie: "
             f"the green arrow is {long:.1f} times as long as the orange one.",
     "an orange arrow to the right, a blue one from its tip back to the left, and a short "
     "green one between their ends, which points almost straight up")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It depends on D. For one picture, G's own slope in D's logit is $D(G(z)) - 1$, and D's is $D(G(z))$; together they are
# $2 D(G(z)) - 1$. The fresh D of the figure answers 0.50 on average, but some pictures get more and some less, so a
# third of the length is left, at 85 degrees to G's own wish. Of nine more fresh D those that answer 0.45 to 0.54 leave
# 0.25 to 0.51 of the length, and those that answer 0.65 to 0.74 leave as much or more, but turned *backwards*, by 122
# to 148 degrees. So without `detach` G goes nowhere, or the wrong way. (The loop of lesson 03 would stop with an error,
# because D's backward pass frees the graph of `x_fake`.)
# </details>

# %% [markdown]
# ### Batch norm's statistics, too young
#
# In train mode batch norm uses the **batch** at hand. In eval mode it uses **running** averages, collected on the way:
# at each step they move by a tenth towards the present batch. There is a third choice: stop the training, draw some
# batches, and take the plain average of *their* means and variances: **standing** statistics. The choice matters early
# in a training, when weights change fast.
#
# > **Exercise 2 · Standing statistics** — difficulty 2 of 3 · importance 2 of 3 · 10 minutes
# >
# > Measure batch norm's statistics of `netG` anew, over a list of batches of `z`. `norm.reset_running_stats()` empties
# > them; with `norm.momentum = None` PyTorch takes the plain average over all batches since.

# %%
def my_standing_statistics(netG, batches):
    """batches: a list of z (n, nz). Afterwards netG is in eval mode, with statistics averaged
    over the batches."""
    raise NotImplementedError


# %%
standing_statistics = checks.check_standing_statistics(my_standing_statistics)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `[m for m in netG.modules() if isinstance(m, torch.nn.BatchNorm2d)]` finds the layers. Statistics only move in train
# mode. No gradients are needed.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_standing_statistics(netG, batches):
#     for norm in netG.modules():
#         if isinstance(norm, torch.nn.BatchNorm2d):
#             norm.reset_running_stats()
#             norm.momentum = None
#     netG.train()
#     with torch.no_grad():
#         for z in batches:
#             netG(z)
#     netG.eval()
# ```
#
# The package's version also puts the old momentum back, in case the network is trained further.
# </details>

# %% [markdown]
# The same `z` with all three statistics, by a G after 4 steps; and by the same G after 150, with the running ones.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.data import Batches, load_images
from dcgan_course.machine.display import bar_options
from dcgan_course.trainer import d_step, g_step

netG = init_weights(build_generator(base), seeded(0, "netG"))  # anew, each time
netD = init_weights(build_discriminator(base), seeded(0, "netD"))
optG, optD = (torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.5, 0.999))
              for net in (netG, netD))
batches, stream, young = Batches(load_images("mnist", 28), 64, seed=0), seeded(0, "z"), {}
for step in tqdm(range(150), **bar_options()):
    x_fake = netG.train()(sample_z(64, base.nz, "normal", stream))
    d_step(netD, optD, batches[step], x_fake)
    g_step(netD, optG, x_fake)
    if step + 1 in (4, 150):
        young[step + 1] = {name: value.clone() for name, value in netG.state_dict().items()}


# %% jupyter={"source_hidden": true}
from dcgan_course.plots import show_rows


def three_ways(state):
    """The same z with batch, running and standing statistics: three of (16, 1, 28, 28)."""
    netG.load_state_dict(state)
    z = sample_z(64, base.nz, "normal", seeded(3, "lesson"))
    running = generate(netG, z)[:16]
    with torch.no_grad():
        batch = netG.train()(z)[:16]
    standing_statistics(netG, [sample_z(64, base.nz, "normal", seeded(i, "standing"))
                               for i in range(20)])
    return {"batch": batch, "running": running, "standing": generate(netG, z)[:16]}


rows_shown = {}
for step, state in young.items():
    kinds = three_ways(state)
    for kind, images in kinds.items() if step == 4 else [("running", kinds["running"])]:
        contrast = round((images.std() / kinds["batch"].std()).item(), 1)
        told = "" if kind == "batch" else f": {contrast:.0%} of the batch's contrast"
        rows_shown[f"after {step} steps, {kind} statistics{told}"] = images[:10]
show_rows(rows_shown, "The same ten z in every row.",
          "after 4 steps three rows of a fine grey texture, the middle one "
          "nearly plain; after 150 steps a row of strokes")

# %% [markdown]
# After 4 steps the running averages still remember their start, variance 1, while the true variances are far smaller. So
# eval mode divides by too much, and the picture is grey. If your samples are grey early in a training while the losses
# look fine, this may be all that is wrong.

# %% [markdown]
# ## 9 · Diagnose
#
# Here are five trainings of the study, without their names, with D(x) in blue and D(G(z)) in orange under each sheet,
# from 0 to 1. You have not seen these pictures before.

# %% jupyter={"source_hidden": true}
show_cards([card(stabilisers.images(config)[16:28], letter, stabilisers.curves(config))
            for letter, config in checks.CASES.items()],
           "Five unlabelled trainings, A to E.",
           "five sheets, A to E, of twelve pictures each, with D's answers under each")

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(2, 3, figsize=(8.4, 4.8), sharex=True)
for axis, (letter, config) in zip(axes.flat, checks.CASES.items(), strict=False):
    lines = pd.DataFrame(stabilisers.curves(config))
    for key, colour in (("loss_D", BLUE), ("loss_G", ORANGE)):
        axis.plot(lines["kimg"], lines[key], color=colour, label=key)
    axis.set(title=letter, xlabel="" if letter in "AB" else "thousand images")
axes[0, 2].tick_params(labelbottom=True)
axes[1, 2].axis("off")
axes[1, 2].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")
show(figure, "The losses of the same five. Mind the axes: each has its own range.",
     "five panels with two curves each, A to E")

# %% [markdown]
# Each of these occurs once, and two of them are no failures at all:
#
# - **D learns 4 times as fast**: its learning rate is four times as high as G's;
# - **least squares**: the loss wants D's plain answer, without a sigmoid, to be 1 for real and 0 for generated images,
#   and takes half the squared error;
# - **minimax**: the loss of section 5, with healthy rates;
# - **smoothing 0.9 in G too**: the target is 0.9 instead of 1, in D's loss and in G's, so nobody gains by
#   calling an image *surely* real;
# - **spectral norm in D**: in place of batch norm each of D's layers is divided by its largest singular value, so that D
#   cannot become steep.
#
# Three of them have a sign of their own. Begin with those.
#
# > **Predict:** which one has the minimax loss? What G minimises there is a logarithm of a probability.
# >
# > - A
# > - B
# > - D <!-- right -->
# > - E

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
def revealed(letter):
    """One of the five with its name, beside the healthy one; numbers over five seeds."""
    config = checks.CASES[letter]
    sheets(stabilisers, ["baseline", config], f"Healthy, and {letter}, which was: {config}.",
           "two sheets of eight pictures with two curves", ("fd", "sharpness"), n=8, columns=2)


revealed("D")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# D. Its loss of G is never above 0: it is $\log(1 - D(G(z)))$, and the logarithm of a probability is not positive. The
# digits are fine, so it is one of the two that are no failures.
# </details>

# %% [markdown]
# > **Predict:** which one has least squares?
# >
# > - A
# > - B <!-- right -->
# > - C
# > - D

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
revealed("B")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# B. Both of its losses are small, apart from the start and one burst: half a squared error of answers near 0 and 1
# hardly exceeds 1, even twice. Its pictures are the worst of the five, on a grey weave.
# </details>

# %% [markdown]
# > **Predict:** in which one does D learn four times as fast?
# >
# > - A <!-- right -->
# > - C
# > - D
# > - E

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
revealed("A")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# A. D(x) and D(G(z)) stay far apart to the end: D is ahead, but it has not won.
#
# C and E are left. Look at the very start of their losses: in C the loss of G is 4.6 (in A it was 9.1), for there D runs
# ahead in its first steps. In E it is 0.8. Which D of the list cannot run ahead, even then?
# </details>

# %% [markdown]
# > **Exercise 3 · Name them** — difficulty 2 of 3 · importance 3 of 3 · 5 minutes
# >
# > Write all five down: `{"A": name, ...}`, with the names of the list above.

# %%
def my_diagnosis():
    """{"A": name, "B": name, ...}"""
    raise NotImplementedError


# %%
diagnosis = checks.check_diagnosis(my_diagnosis)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One loss is never above 0. One pair of losses is small, and its pictures have a grey weave for a background. One loss of
# G starts above 9, and its D stays ahead to the end. Of the two that are left, one has a loss of G that starts below 1:
# its D cannot become steep.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_diagnosis():
#     return {
#         "A": "D learns 4 times as fast",  # D(x) and D(G(z)) stay far apart
#         "B": "least squares",  # both losses are small: halves of squares
#         "C": "smoothing 0.9 in G too",  # fine digits, loss_G starts at 4.6: a steep D
#         "D": "minimax",  # loss_G is negative, the digits are fine
#         "E": "spectral norm in D",  # loss_G starts at 0.8: D is not steep, so not sure
#     }
# ```
# </details>

# %% [markdown]
# ## 10 · Sign, cause and fix
#
# Back to the three sheets under the title.
#
# > **Predict:** in which two did the same thing go wrong?
# >
# > - the hillside and the dashes
# > - the hillside and the stroke <!-- right -->
# > - the dashes and the stroke

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
def equal(images):
    """Pictures 56 pixels wide: digits twice as large, churches without their edge."""
    if images.shape[-1] == 64:
        return images[..., 4:60, 4:60]
    return images.repeat_interleave(2, 2).repeat_interleave(2, 3)


three = {"z from [0, 1]": churches.images("output_norm=True, z=uniform01"),
         "beta1 of 0.9": rates.images("lr 0.001, beta1 0.9"),
         "z from [0, 1], again": drawn_by("mnist_collapse", 16)}
show_cards([card(equal(images[:4]), name, text={"likeness": f"{likeness(images):.2f}"})
            for name, images in three.items()],
           "The three from the title, four pictures of each, with their causes.",
           "four pictures of each sheet of the title: a hillside, dashes and a stroke")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The hillside and the stroke. Both got `z` from [0, 1] and draw one picture: their likeness is 0.99 or more. One is a
# small network on churches (section 7), the other the run of section 6. The dashes come from a beta1 of 0.9. They
# hardly answer `z`, but they do: the pattern is now stronger, now weaker.
# </details>

# %% [markdown]
# Here are the failures of the gallery once more, for the day when a training of your own looks like one of them.
#
# | card, training, its sign | cause, and fix |
# |---|---|
# | 1 · **z from [0, 1]**: one picture for every `z` | the mean of `z` is not 0 → centre `z` |
# | 2 · **images normalised**: faint digits, healthy curves | white is 2.82, and tanh ends at 1 → images in [-1, 1] |
# | 3 · **D 20 times as fast**: strokes on grey; D has won | G cannot keep up → rates in balance |
# | 4 · **fully connected**: specks; two digits hardly ever come | no layer knows which pixels are neighbours → convolutions; and count the digits |
# | 5 · **no batch norm**: ragged strokes, another result with each seed | signals shrink from layer to layer → batch norm, or larger first weights |
# | 6 · **beta1 of 0.9**: bars in every picture; D has won | steps follow what was right ten steps ago (so we think) → beta1 of 0.5 |
# | 7 · **batch norm on output, slow**: noise; D has won | the background never gets black → no batch norm on the last layer |
# | 9 · **sigmoid output**: nothing is darker than grey; D is sure | G cannot reach -1 → tanh for images in [-1, 1] |
# | 10 · **dropout at test time**: specks beside the strokes | chance in every picture → drop in training only |
# | 11 · **batch norm on G's output**: a grey weave behind digits | all pixels of a batch share one mean and one deviation → no batch norm on the last layer |
# | 12 · **D 20 times as fast, minimax**: a texture that hardly answers `z`; D has won | as card 3, and where D is sure G's loss has no slope → rates in balance, and the non-saturating loss |

# %% [markdown]
# > **Open exercise · Break it so that curve and picture disagree** — 60 minutes
# >
# > Section 4 had a training whose curves look healthy while its pictures are wrong. Find another one, or the opposite: a
# > training whose curves look sick while its pictures are good. Use any settings of `TrainConfig`. Predict the curve and
# > the picture before you train; then measure both, and explain where the information was lost.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | disagreement | by eye | a number for the curve (D(x), D(G(z)) over the last tenth) and one for the pictures, beside the healthy baseline's |
# | one change | several | one, or all combinations of two |
# | seeds | one | three, each reported |
# | explanation | a guess | a guess and an experiment that could have refuted it |
# | repair | none | a change that brings curve and picture together again, shown |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Your GAN draws one grey picture for every <code>z</code> after 100 steps. Name three things to look at
# before you change anything.</summary>
#
# Is it drawn in eval mode, with running statistics that are too young? Are D(x) and D(G(z)) at 1 and 0, so that D has
# won? Does the range of G's output cover that of the data?
# </details>
#
# <details><summary>Why could it hurt to switch dropout off in a G that was trained with it?</summary>
#
# In G, each dropout is followed by a convolution and then batch norm. That batch norm gathered its running averages
# while dropout was on. Dropout keeps the mean but adds variance. Switched off, the variance falls, and batch norm still
# divides by the old one: the next layer sees different values from those in training (a "variance shift").
# </details>
#
# <details><summary>A study finds no harm from batch norm on D's input. May you now recommend it?</summary>
#
# You may not. It found no harm *on digits, with this network, after one epoch*. Another network and other images may
# need the guideline.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), sections 3 and 4.
# - The report on blur: the readme and the code of the folder `DCGAN` of
#   [github.com/iamkissg/GANs-in-PyTorch](https://github.com/iamkissg/GANs-in-PyTorch).
# - Isola and others: *Image-to-Image Translation with Conditional Adversarial Networks*,
#   [arXiv 1611.07004](https://arxiv.org/abs/1611.07004): dropout in G at test time as the only source of noise.
# - Li, Chen, Hu, Yang: *Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift*,
#   [arXiv 1801.05134](https://arxiv.org/abs/1801.05134).
# - The report on dropout and noise pixels: the readme of the DCGAN in
#   [github.com/conan7882/tf-gans](https://github.com/conan7882/tf-gans).
# - Ioffe, Szegedy: *Batch Normalization*, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167).
# - Brock, Donahue, Simonyan: [arXiv 1809.11096](https://arxiv.org/abs/1809.11096), for standing statistics.
# - Mao and others: *Least Squares GAN*, [arXiv 1611.04076](https://arxiv.org/abs/1611.04076).
# - Salimans and others: *Improved Techniques for Training GANs*, [arXiv 1606.03498](https://arxiv.org/abs/1606.03498).

# %%
from dcgan_course import checks

checks.progress("05")

# %% [markdown]
# ---
# ← [04 · Training as a film](04_training_as_a_film.ipynb) · [06 · What stabilises, and when to stop](06_what_stabilises.ipynb) →
