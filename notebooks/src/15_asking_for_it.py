# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 15 · Ask, and see what comes
#
# <img src="../data/asked.webp" width="848" alt="two rows of six pictures: handwritten digits 3 1 4 1 5 9; five cartoon faces that change step by step from a man with long dark hair, a beard and pink glasses into one with short dark hair, and set apart, as the sixth, the wanted face, which the fifth resembles">
#
# *Above: a generator was asked for the first digits of pi, each with a z of its own. Below: a different one was asked
# for the face at the right, which it had never seen. A search went downhill from a random z; compare its last face.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/15_asking_for_it.ipynb)
#
# **Time:** 90 minutes to read and write; the cells run for about 45 seconds on two CPU cores.
#
# **You need:** lessons 03 and 07 for z and its length, lesson 11 for precision, recall and floors.
#
# After this lesson you can
#
# - build a GAN that draws what it is asked for, and recognise one in which only half of it was told;
# - tell D the class in its last layer, and measure whether that is better than planes;
# - trade variety for typical pictures, and see who gets lost on the way;
# - find the z of a given picture, and read from the failures what a generator has never seen;
# - plan a project of your own, from pictures to a published page.
#
# **You write** the planes, the projection, the length of z and a step of inversion; **we import** the generators, the
# judges and a recorded study.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# Until now a generator drew what it liked, and you chose afterwards. This lesson asks beforehand, in three ways. Each
# shows something about the generator that random z do not show.
#
# | | what is asked for | what it takes | time |
# |---|---|---|---|
# | **Part one**, sections 1 to 3 | a **class** | two networks that are trained with labels | 40 minutes |
# | **Part two**, sections 4 and 5 | **typical** pictures; **one given** picture | any generator, as it is | 45 minutes |
# | **The end**, sections 6 and 7 | pictures of your own | the whole course | 5 minutes, then 8 hours |
#
# Of part one, part two needs only the generator of digits, which the first cell of section 1 loads. Read them on two
# days if you like.

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

from dcgan_course import checks, plots, sampling
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.measuring.judges import judged, load_judge, parts
from dcgan_course.measuring.tables import holm, interval
from dcgan_course.plots import BLUE, ORANGE, STYLE, show, show_rows, show_table, show_turned
from dcgan_course.runs import load_run
from dcgan_course.sampling import draw_z, generate

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% [markdown]
# ## Part one · Ask for a class
#
# ## 1 · One wish, two networks
#
# The first wish is the plainest: *draw a seven*. The run `mnist_conditional` is a **conditional GAN**: it draws the
# digit that it is asked for. Its G gets the class beside `z`, **one-hot**: ten numbers, of which one is 1. The next
# picture keeps each z and goes through the ten classes.

# %% jupyter={"source_hidden": true}
run = load_run("mnist_conditional")
netG, nz = run.load_generator(), run.config.nz
some = sampling.sample_z(5, nz, generator=seeded(2, "lesson")).repeat_interleave(10, 0)
z = torch.cat([some, torch.eye(10).repeat(5, 1)], 1)

# %% [markdown]
# > **Predict:** what will the digits of a row have in common?
# >
# > - the digit that they show
# > - the slant and the weight of their strokes <!-- right -->
# > - nothing that can be seen

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
DIGITS = [str(digit) for digit in range(10)]
show_rows({"": generate(netG, z)}, "A row has one z, a column one class.",
          "five rows of the digits 0 to 9; each row has its own slant and weight of stroke",
          heads=DIGITS)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The slant and the weight of their strokes: the class says *what*, and z is left with *how*. Nobody asked for this
# division of labour. That z is left with the variety inside a class follows from the game, for it need not store what
# is said anyway. That one z means the same slant for every class does not follow: it comes from the layers, which all
# classes share.
# </details>

# %% [markdown]
# How does G learn to obey? Telling G is the easy half. Suppose that D only asked, as before, "is this a real digit?" A
# perfect 7 would then be a perfect answer to "draw a 3". So D must know the wish as well, and call a picture real only
# if it is a real picture *of that class*:
#
# | | what it gets | what it learns |
# |---|---|---|
# | D, real pair | a digit from the data, and its label | such pairs exist |
# | D, generated pair | G's picture, and the class that G was asked for | such pairs do not |
# | G | z and the class | pictures that D believes *for this class* |
#
# D is a stack of convolutions, which have no place for ten extra numbers. The usual way (Mirza and Osindero, [arXiv
# 1411.1784](https://arxiv.org/abs/1411.1784), give D the class as an additional input) is to make pictures of them: a
# **class plane** for each class, as further channels beside the image, 1 everywhere for the image's own class and 0 for
# the others. `dcgan-course train --classes 10` does that.
#
# > **Exercise 1 · Class planes** — difficulty 1 of 3 · importance 3 of 3 · 8 minutes
# >
# > Put the planes behind the image's channels. G learns through D's answer, so a gradient must find its way back to the
# > image.

# %%
def my_class_planes(x, one_hot):
    """Images (N, nc, H, W) and classes (N, classes) -> (N, nc + classes, H, W)."""
    raise NotImplementedError


# %%
class_planes = checks.check_class_planes(my_class_planes)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `one_hot[:, :, None, None]` has the shape (N, classes, 1, 1), and `.expand(-1, -1, H, W)` repeats it without copying.
# Then `torch.cat(..., 1)`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_class_planes(x, one_hot):
#     planes = one_hot[:, :, None, None].expand(-1, -1, *x.shape[2:])
#     return torch.cat([x, planes], 1)
# ```
# </details>

# %% jupyter={"source_hidden": true}
digits = parts("mnist", 28)[0].floats(range(3))
seen = class_planes(digits, torch.eye(10)[[5, 0, 4]])
planes = 2 * seen[:, 1:] - 1  # 0 black, 1 white
show_rows({"": torch.cat([seen[:, :1], planes], 1).flatten(0, 1)[:, None]},
          "The image, then its planes for the classes 0 to 9: black is 0, white is 1. "
          f"D's first convolution has {seen.shape[1]} input channels.",
          "three rows: a digit, then ten squares of which one is white, that of its class: 5, "
          "0, 4", lettered=False, heads=["image", *DIGITS])

# %% [markdown]
# ## 2 · What if only one of them knows?
#
# It is easy to tell one network and forget the other: the code runs, the losses move, nothing complains. The recorded
# study `told` tried both mistakes beside the right way, with the same network, 60 thousand digits and three seeds each.
#
# <details><summary>The command that makes the study again</summary>
#
# `dcgan-course study data/studies/told.json`: twelve trainings, those of section 3 among them. Of each 5,000 digits
# were scored.
# </details>

# %% [markdown]
# > **Predict:** G obeys after neither mistake. After which one does it still draw good digits?
# >
# > - after "only G is told" <!-- right -->
# > - after "only D is told"
# > - after both
# > - after neither

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from dcgan_course.experiments.recording import RecordedStudy

study = RecordedStudy("told")
ABOUT = {"both, planes": "Both are told", "only G": "Only G is told",
         "only D": "Only D is told"}
show_rows({words: study.images(name)[:20] for name, words in ABOUT.items()},
          "Each column was asked for the digit above it, twice. Which rows are in order, "
          "which are digits at all?",
          "three times two rows of ten digits: first most are those of their columns, "
          "then digits in no order, then smears and a few digits", heads=DIGITS)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# After "only G is told": its digits are about as good as those of a G without classes, and not those that were asked
# for. D asks only whether a picture is real, so G gains nothing by looking at the class, and takes its ten numbers for
# ten more random ones.
#
# After "only D is told" there are hardly any digits. D sees a 7 that claims to be a 3, and no real pair looks like
# that. G does not know what it is asked for, so nine of ten of its pictures are wrong *whatever it draws*.
# </details>

# %% [markdown]
# **Agreement** is the share of digits in which the judge, a classifier of real digits (lesson 11), reads the digit that
# was asked for:

# %% jupyter={"source_hidden": true}
floor = study.about["real"]


def of_seeds(name, metric, unit):
    """What each seed reaches, in that unit."""
    return np.array(study.values(name, metric)) / unit


def of_real(metric, unit, form):
    """What real digits reach."""
    return f"{next(v for k, v in floor.items() if k.startswith(metric)) / unit:{form}}"


METRICS = {"agreement, %": ("agreement", 0.01, ".1f"), "Frechet distance": ("fd", 1, ",.0f"),
           "recall": ("recall", 1, ".2f")}
rows = {words: [f"{mean:{form}} ± {half:{form}}" for metric, unit, form in METRICS.values()
                for mean, half in [interval(of_seeds(name, metric, unit))]]
        for name, words in ABOUT.items()}
rows["real digits (floor)"] = [of_real(*metric) for metric in METRICS.values()]
frame = pd.DataFrame(rows, METRICS).T
frame["D(x), D(G(z))"] = [f"{end['D_x']:.2f}, {end['D_G_z']:.2f}" for end in
                          (study.curves(name)[-1] for name in ABOUT)] + [""]
show_table(frame, "Means over three seeds, with 95 % intervals; D's answers at the end "
           "of seed 0.")

# %% [markdown]
# **Only G is told:** the agreement is that of a die with ten faces. D's answers are healthy, and so are the pictures.
# Without a right run beside it, nothing else gives the mistake away.
#
# **Only D is told:** D wins. At the end D(x) is near 1 and D(G(z)) near 0, and you know from lesson 05 what becomes of
# a G whose D is sure. A recall near 0 says that nearly all of the variety is gone.
#
# **Both are told:** the distance to real digits is a fifth of that of the first mistake, the recall a little lower
# (0.70 beside 0.75). Perhaps ten tasks with a name each are easier than their mixture; the study has not tested that
# reason. So never compare a conditional generator with one that was not told, unless you say so.
#
# Neither mistake raises an error. **Measure the agreement**: a hundred pictures are enough to tell 10 % from 95 %.

# %% [markdown]
# ## 3 · A class in the last layer
#
# Planes tell D the class at the door, and every layer may mix it with the pixels as it likes. Miyato and Koyama ([arXiv
# 1802.05637](https://arxiv.org/abs/1802.05637)) ask what the *best* D would compute. Lesson 01 had the answer for
# plain images: its logit is $\log(p/q)$, real density over generated density. For pairs of image $x$ and class $y$ it
# falls into two parts:
#
# $$\log\frac{p(x, y)}{q(x, y)} = \log\frac{p(y\,|\,x)}{q(y\,|\,x)} + \log\frac{p(x)}{q(x)}$$
#
# The second part is the old question: is this a real image? The first asks: does the class fit it? If a classifier's
# usual last layer (a linear map of the features, then softmax) describes both $p(y\,|\,x)$ and $q(y\,|\,x)$, then
# the first part is, up to a term that does not depend on the class, a **product of the features with a vector for the
# class**. So D keeps its layers, looks at the image alone, and only the last step knows the class:
#
# $$\text{logit} = w \cdot f(x) + v_y \cdot f(x)$$
#
# with D's last features $f(x)$, weights $w$ for all images, and a vector $v_y$ for each class. This is the **projection
# discriminator**; in the package `--classes 10 --class_input projection`.

# %% jupyter={"source_hidden": true}
figure, axis = plt.subplots(figsize=(8.4, 2.7))
axis.set(xlim=(0, 186), ylim=(53, -6))
axis.axis("off")
numbers = np.random.default_rng(1)


def vector(x, y, colour, strength=1.0):
    """Eight numbers as a row of cells, the larger the stronger."""
    for i, number in enumerate(strength * (0.4 + 0.6 * numbers.random(8))):
        axis.add_patch(plt.Rectangle((x + 4 * i, y), 3.8, 3.6, color=colour, alpha=number,
                                     lw=0))


axis.imshow(digits[0, 0], cmap="gray", extent=(1, 25, 33, 7), aspect="auto",
            interpolation="none")
vector(46, 18, plots.INK)
vector(104, -5, BLUE)
for row in range(10):
    vector(104, 3 + 5 * row, *((plots.GREEN,) if row == 5 else (plots.GREY, 0.5)))
for x, y, words, colour in (
        (13, 37, "image x", plots.INK), (62, 26, "features f(x)", plots.INK),
        (35, 16, "D's layers", plots.INK), (100, -3, "$w$", BLUE),
        (139, -3, "$w\\cdot f(x)$", BLUE), (100, 5, "$v_0$", plots.GREY),
        (100, 30, "$v_5$", plots.GREEN), (100, 50, "$v_9$", plots.GREY),
        (139, 30, "$v_5\\cdot f(x)$", plots.GREEN), (165, 14, "+", plots.INK),
        (179, 14, "logit", plots.INK)):
    axis.text(x, y, words, color=colour, ha="left" if x == 139 else "center", va="center",
              size=16 if words == "+" else 12)
for a, b in (((27, 20), (44, 20)), ((79, 19), (96, -2)), ((79, 21), (96, 29)),
             ((168, 14), (173, 14))):
    axis.annotate("", b, a, arrowprops={"arrowstyle": "->", "color": plots.GREY})
for y, end in ((-3, 10), (30, 18)):
    axis.plot((156, 165, 165), (y, y, end), color=plots.GREY, linewidth=1)
show(figure, "The class is 5 and picks its own vector, the green one; the blue w serves all "
     "images. The features are multiplied by both, and the sum is the logit.",
     "a five, its row of features, and from there arrows to two of eleven rows of like "
     "length: w in blue, and v5 in green among v0 to v9 in grey; their products, added, are "
     "the logit")

# %% [markdown]
# > **Exercise 2 · The projection** — difficulty 2 of 3 · importance 2 of 3 · 8 minutes
# >
# > Write the logit of this formula for a whole batch.

# %%
def my_projection_logit(features, one_hot, w, v):
    """f (N, F), classes (N, classes), w (F,), v (classes, F) -> the logits (N,)."""
    raise NotImplementedError


# %%
projection_logit = checks.check_projection_logit(my_projection_logit)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `one_hot @ v` picks the row of v for each image, (N, F). Multiply it by the features number by number, and sum over
# the features.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_projection_logit(features, one_hot, w, v):
#     return features @ w + (one_hot @ v * features).sum(1)
# ```
# </details>

# %% [markdown]
# In the package's D the features are the last feature maps. Its last layer has one 4 x 4 kernel, w, for all images, and
# after it one for each class, v. Taken apart, it should give what your function gives:

# %% jupyter={"source_hidden": true}
from dcgan_course.config import preset
from dcgan_course.models import build_discriminator, count_parameters, init_weights

config = preset("mnist", nc=1, classes=10, class_input="projection")
netD, one_hot = init_weights(build_discriminator(config), seeded(0, "D")).eval(), torch.eye(10)
digits = parts("mnist", 28)[0].floats(range(10))
with torch.no_grad():
    features = netD.blocks[:-1](digits).flatten(1)
    kernels = netD.blocks[-1].weight.flatten(1)  # (1 + 10, features)
    own = projection_logit(features, one_hot, kernels[0], kernels[1:])
    whole = netD(class_planes(digits, one_hot))
same = "the same" if torch.allclose(own, whole, atol=1e-5) else "other"
print(f"From {features.shape[1]:,} features your function and D compute {same} logits.")
planes = build_discriminator(config.replace(class_input="planes"))
print(f"By projection D has {count_parameters(netD):,} parameters,",
      f"by planes {count_parameters(planes):,}.")

# %% [markdown]
# Which is better? The study trained both with the same seeds. The **class-wise distance** is the Frechet distance of
# each digit to the real ones of its kind, the mean over the ten: a G that draws only one kind of 4 pays for it there.

# %% [markdown]
# > **Predict:** with planes 94.7 % of the digits are the ones that were asked for. What does the projection reach?
# >
# > - less: D hears of the class only in its last step
# > - as much, as far as three seeds can tell
# > - more, and three seeds decide it <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from scipy.stats import ttest_1samp

METRICS["class-wise distance"] = "class_fd", 1, ".0f"
rows, p_values = {}, {}
for title, (metric, unit, form) in METRICS.items():
    first, second = (of_seeds(f"both, {way}", metric, unit)
                     for way in ("planes", "projection"))
    mean, half = interval(second - first)
    p_values[title] = ttest_1samp(second - first, 0).pvalue
    rows[title] = [f"{first.mean():{form}}", f"{second.mean():{form}}",
                   f"{mean:+{form}} ± {half:{form}}", "–" if abs(mean) <= half else "✓", "–"]
for title in holm(p_values):
    rows[title][4] = "✓"
show_table(pd.DataFrame(rows, ["planes", "projection", "difference", "decided alone",
                               "after Holm"]).T,
           "Means of three seeds; differences seed by seed, with 95 % intervals. ✓: decided, "
           "by this interval alone or as one of four (Holm's correction, lesson 06).")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# More, and three seeds decide it: 97.1 % of the digits are the ones that were asked for. That verdict stands also when
# all four comparisons are corrected together. The class-wise distance falls by a third, and by itself its interval
# excludes 0; but **this verdict does not survive the correction** (p = 0.023, and Holm's rule asks for 0.017 here).
# Whether each kind of digit comes nearer to its real counterpart is therefore open, as it is for the distance of all
# digits and for recall. Three seeds are few.
#
# Both ways are far from real digits, whose two distances are 4 and 11: this is a narrow network after one epoch.
# `mnist_conditional`, wider, with planes, and shown twenty times as many digits, obeys in 99 of 100 cases.
# </details>

# %% [markdown]
# The paper's own evidence is ImageNet with its 1,000 classes, where planes would mean a thousand further channels.
# On ten digits it helps G to obey; more than that this study does not show.

# %% [markdown]
# ## Part two · Ask a generator as it is
#
# ## 4 · A shorter z
#
# From here on no network is trained. All that moves is z.
#
# The second wish: *give me good ones*. In lesson 07 you saw that normal z of 100 numbers all lie on a shell, about 10
# from the middle; anywhere else G has never been. BigGAN ([arXiv 1809.11096](https://arxiv.org/abs/1809.11096), section
# 3.1) made a trick of moving inwards all the same, **truncation**: it redraws those numbers of z that are large. Ours
# is a simpler form: keep the direction of each z, and choose its length.
#
# > **Exercise 3 · The length of z** — difficulty 1 of 3 · importance 2 of 3 · 8 minutes
# >
# > Bring the first nz numbers of every row to the given length. Behind them stands the class of a conditional z, and
# > that must stay as it is.

# %%
def my_with_length(z, nz, length):
    """z (N, nz), or (N, nz + classes) -> the same, the first nz numbers of each row brought
    to that length together."""
    raise NotImplementedError


# %%
with_length = checks.check_with_length(my_with_length)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `z[:, :nz].norm(dim=1, keepdim=True)` is the length of each row, (N, 1). What stands behind is `z[:, nz:]`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_with_length(z, nz, length):
#     noise = z[:, :nz]
#     noise = noise / noise.norm(dim=1, keepdim=True) * length
#     return torch.cat([noise, z[:, nz:]], 1)
# ```
# </details>

# %% jupyter={"source_hidden": true}
from PIL import Image, ImageDraw

from dcgan_course.plots.showing import enlarged

faces = load_run("avatars")
netF, reader, judge = faces.load_generator(), load_judge("avatars"), load_judge("mnist")
LENGTHS = (4, 7, 10, 14)
z = draw_z(faces.config, 12, seeded(3, "lesson"))
lengths = (4, 5, 6, 7, 8, 9, 10, 12, 14)
show_turned({f"z of length {length}{', the usual one' * (length == 10)}":
             enlarged(generate(netF, with_length(z, nz, length)), 6, 2) for length in lengths},
            "Twelve directions of z, all of one length.",
            "twelve faces: pale and some smeared where z is short, bolder where it is long",
            first=lengths.index(10))

# %% [markdown]
# Move the slider to the left end, and watch one face on its way. What does it lose first? Then to the right end:
# mostly the same people, exaggerated; the first one becomes another.
#
# Lesson 11 has the numbers for "good" and "varied": **precision**, the share of pictures that look like real ones, and
# **recall**, the share of real ones that G comes near to.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.data import avatars, to_float
from dcgan_course.machine.display import bar_options


def drawn(seeds, **choices):
    """Cartoon faces of people by their seeds, some choices set for all: (n, 3, 64, 64)."""
    people = [avatars.draw(avatars.person(seed) | choices) for seed in seeds]
    return to_float(torch.from_numpy(np.stack(people)).permute(0, 3, 1, 2))


N = 400
unseen = range(10_000, 10_000 + 2 * N)  # G has trained on the people 0 to 9,999
real = {"faces": drawn(tqdm(unseen, desc="drawing faces", **bar_options())),
        "digits": parts("mnist", 28)[1].floats(range(2 * N))}

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
kinds = {"faces": (netF, faces.config, reader), "digits": (netG, run.config, judge)}
looked = {kind: judged(look, real[kind]) for kind, (_, _, look) in kinds.items()}
answers, asked = {}, torch.arange(N) % 10
for kind, (net, config, look) in kinds.items():
    z = draw_z(config, N, seeded(5, "lesson"))
    for length in tqdm(LENGTHS, desc=kind, **bar_options()):
        answers[kind, length] = judged(look, generate(net, with_length(z, nz, length)))

# %% [markdown]
# > **Predict:** which way do precision and recall go from length 14 down to length 4?
# >
# > - both fall
# > - recall falls, and precision rises <!-- right -->
# > - precision falls, and recall rises
# > - both rise

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from dcgan_course.measuring.metrics import precision_recall

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), sharey=True)
found = {}
for axis, kind in zip(axes, kinds, strict=True):
    reference, other = looked[kind][0][:N], looked[kind][0][N:]
    both = np.array([precision_recall(reference, answers[kind, n][0]) for n in LENGTHS])
    found[kind] = both, precision_recall(reference, other)
    for name, colour, place, values, level in zip(
            ("precision", "recall"), (ORANGE, BLUE), ((-2, -28), (14, -4)), both.T,
            found[kind][1], strict=True):
        axis.plot(LENGTHS, values, color=colour, marker="o")
        axis.axhline(level, color=colour, linestyle="--", linewidth=1)
        axis.annotate(name, (4, values[0]), place, textcoords="offset points", color=colour)
    axis.set(title=kind, xlabel="length of z (usual: 10)", ylim=(0, 1.02))
show(figure, f"Precision and recall of {N} pictures; dashed: {N} real ones instead. How much "
     "does one gain where the other falls?",
     "two panels, faces and digits: recall falls steeply towards short z, and precision, "
     "always high, rises a little")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Recall falls, and precision rises. Recall falls steeply below the usual length, in both panels: fewer kinds of pictures
# remain. Precision rises less. The digits gain most of theirs between 14 and 10, and become more obedient: their
# agreement rises from 94 % at length 14 to 100 % at length 4. The faces hardly gain: at the usual length they are
# nearly at the level of real faces already, *as far as 400 pictures can tell*. Among so few, real faces lie far apart,
# and almost any face is within their reach. Among ten thousand the precision of this G's faces is 0.36, as the card of
# lesson 12 says: compare precisions at equal n only.
#
# And what does the faces' 0.99 at length 4 mean? At that end of the slider are pale faces, smeared beards, hardly a
# colour in their hair. The measure calls them real, for they lie in the middle of the real ones. You would not.
#
# So the trade between recall and precision exists, and it is narrower than its fame: it buys precision where there is
# some to buy, down to a length that you have to measure. BigGAN's authors write that some of their larger models do not
# take to truncation either, and train them with an extra penalty (orthogonal regularisation) until they do.
# </details>

# %% jupyter={"source_hidden": true}
rows = {f"{kind}, {name}": [f"{value:.2f}" for value in (*found[kind][0][:, i],
                                                        found[kind][1][i])]
        for kind in kinds for i, name in enumerate(("precision", "recall"))}
obeys = [(answers["digits", n][1].argmax(1) == asked.numpy()).mean() for n in LENGTHS]
rows["digits, agreement"] = [f"{value:.0%}" for value in obeys] + [""]
show_table(pd.DataFrame(rows, [*(f"length {n}" for n in LENGTHS), "real"]).T,
           "With 400 pictures a share near 0.9 is uncertain by 0.015.",
           fold="The same in numbers")

# %% [markdown]
# ### Who gets lost?
#
# A shorter z changes not only how many kinds of faces there are, but also which. The judge of faces reads seventeen
# attributes. The next picture shows how frequent some are among real faces, and among G's at the usual length and at a
# shorter one. (At 4 the pictures are no longer good, and what the judge reads there means little.)

# %% [markdown]
# > **Predict:** all but one of these become rarer as z gets shorter. Which one does not?
# >
# > - glasses
# > - dark skin
# > - long hair
# > - grey hair <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
NAMED = {"glasses": "glasses", "facial_hair": "beard or moustache", "long_hair": "long hair",
         "red_hair": "red hair", "grey_hair": "grey hair", "dark_skin": "dark skin"}
seen = {"real": looked["faces"][1], "length 10": answers["faces", 10][1],
        "length 7": answers["faces", 7][1]}
share = pd.DataFrame({title: {words: 100 * (p[:, reader.names.index(name)] > 0.5).mean()
                              for name, words in NAMED.items()} for title, p in seen.items()})
show(plots.dots(share, "% of the faces"),
     f"The share of {N} faces (of real ones {2 * N}) in which the judge sees it.",
     "six rows of three dots: blue, real faces; orange, the usual z; grey, shorter z: in five "
     "rows grey is the leftmost")
show_table(share.map("{:.0f}%".format), fold="The same as a table")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Only grey hair does not become rarer. With z a third shorter there are fewer faces with glasses, beards, long hair,
# red hair and dark skin. Near the middle of *this* G's latent space lives a light-skinned, short-haired face, and
# whoever differs from it is the first to go. Some are rarer than in the data even at the usual length: long hair, by
# far.
#
# (400 faces: a share near 25 % is uncertain by about 2 points. But the rows use the same z at each length, so their
# differences are more certain than that.)
# </details>

# %% [markdown]
# Precision and recall say *how much* variety is lost. They do not say *whose*.

# %% [markdown]
# ## 5 · From a picture back to its z
#
# The third wish is the most exact: *this* picture. Is there a z for it? G has no way back, but it has a gradient. Begin
# with some z, compare G(z) with the wanted picture x, and move z downhill: **inversion**. Nothing is trained, and G's
# weights stay as they are. Only z moves.
#
# > **Exercise 4 · One step of inversion** — difficulty 3 of 3 · importance 3 of 3 · 15 minutes
# >
# > For each z by itself the loss is the mean of the squared differences between `look(netG(z))` and `look(x)`. `look`
# > says what of a picture is compared: the pixels, or the features of a judge. Return z after one step of gradient
# > descent: z minus `rate` times the gradient. The rows of a batch must not depend on one another.

# %%
def my_inversion_step(netG, z, x, look, rate):
    """z (N, nz) and wanted pictures x (N, nc, H, W) -> z after one step, (N, nz), without a
    history. Leaves netG as it is, without gradients in its weights."""
    raise NotImplementedError


# %%
inversion_step = checks.check_inversion_step(my_inversion_step)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `z = z.detach().requires_grad_()` is a copy that may have a gradient. `.square().flatten(1).mean(1)` is a loss for
# each row; the gradient of their *sum* with respect to z has in each row that row's own gradient.
# `torch.autograd.grad(loss, z)` returns it (in a tuple) and writes nothing into the weights.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_inversion_step(netG, z, x, look, rate):
#     z = z.detach().requires_grad_()
#     apart = (look(netG(z)) - look(x)).square().flatten(1).mean(1)
#     (slope,) = torch.autograd.grad(apart.sum(), z)
#     return (z - rate * slope).detach()
# ```
# </details>

# %% [markdown]
# A step alone is slow, so the search below adds two things. **Momentum**: it looks ahead in the direction of the last
# move. And your function of section 4: after each step z goes back to the length that G knows, for pixels alone may
# lead it far outside, to z that mean nothing to G.

# %%
def pixels(images):
    """What is compared: the images themselves."""
    return images


def error(net, z, x):
    """Mean squared difference of pixels, (N,)."""
    return (generate(net, z) - x).square().flatten(1).mean(1)


def inverted(net, z, x, look=pixels, rate=0.5, steps=60, watch=None):
    """The search from z, with momentum, on the shell of usual z."""
    before = z
    for _ in range(steps):
        ahead = z + 0.9 * (z - before)
        before, z = z, with_length(inversion_step(net, ahead, x, look, rate), nz, nz**0.5)
        if watch is not None:
            watch.append(z)
    return z


# %% [markdown]
# Take one face that G has not seen in training, and begin at six random z. Each search makes 250 steps.

# %% jupyter={"source_hidden": true}
def searches(wanted, found):
    """The wanted face, and beside it what each search has found, under its number."""
    strip = enlarged(torch.cat([wanted, found]), 1 + len(found), 2)
    sheet = Image.new("RGBA", (strip.width, strip.height + 32))
    sheet.paste(strip, (0, 32))
    pen, side = ImageDraw.Draw(sheet), strip.width / (1 + len(found))
    for i, name in enumerate(["wanted", *range(1, 1 + len(found))]):
        pen.text(((i + 0.5) * side, 15), str(name), plots.INK, plots.style.lettering(22), "mm")
    return sheet


# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
wanted, way = real["faces"][:1], []
starts = draw_z(faces.config, 6, seeded(4, "lesson"))
six = wanted.expand(6, -1, -1, -1)
inverted(netF, starts, six, steps=250, watch=way)
way = {0: starts} | {step: z for step, z in enumerate(way, 1) if not step % 10}

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
show(searches(wanted, generate(netF, starts)),
     "The wanted face, and where the six searches begin.",
     "seven faces: a woman with long red hair who is wanted, and six people unlike her",
     width=690)

# %% [markdown]
# > **Predict:** where will the six searches be after 250 steps?
# >
# > - all at the wanted face
# > - all at one and the same wrong face
# > - some at the wanted face, some still at wrong ones <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
MOMENTS = (0, 10, 20, 40, 70, 100, 150, 200, 250)
show_turned({f"after {step} steps": searches(wanted, generate(netF, way[step]))
             for step in MOMENTS},
            "Left the wanted face, then the six searches. Go back: when does each arrive?",
            "seven faces: the wanted one, and six that come to resemble it",
            first=len(MOMENTS) - 1)
figure, axes = plt.subplots()
apart = torch.stack([error(netF, z, six) for z in way.values()])
for number, values in enumerate(apart.T, 1):
    colour = plots.INK if number == 2 else ORANGE
    axes.plot(list(way), values, color=colour, linewidth=2 if number == 2 else 1)
    axes.annotate(f"{number}", (250, values[-1]), (5, -4), textcoords="offset points",
                  color=colour)
axes.set(xlabel="steps", ylabel="difference of pixels", xlim=(0, 260), yscale="log")
axes.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
axes.minorticks_off()
show(figure, "The same six searches, numbered where they end; number 2 is the thick line. "
     "(The mean squared difference, on a logarithmic scale.)",
     "six falling curves with plateaus at different heights; they end between 0.015 and 0.24")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Some at the wanted face, some still at wrong ones. Searches 3 and 5 have found her. Search 1 has her face on the wrong
# background, and 4 and 6 are at somebody with her hair, darker skin and a red moustache.
#
# Follow number 2 with the slider. After 100 steps it is the worst of all, a man with a red beard, and its curve, the
# thick one, is flat. Later it falls off this plateau; how far depends on how the computer rounds. Here it ends with
# straight red hair on pink; another run of this cell found her face. So be patient, begin several times and keep the
# best, or choose the start with care, as the next cells do.
# </details>

# %% [markdown]
# ### Pixels, or what is seen in them?
#
# A picture may be off by one pixel everywhere and show the same face. So compare what a judge sees: `look` = its 64
# features. The next cells invert eight new faces in both ways, each from the nearest of 400 random faces.

# %% jupyter={"source_hidden": true}
pool = draw_z(faces.config, 400, seeded(6, "lesson"))
shelf = generate(netF, pool)


# %% jupyter={"source_hidden": true}
def nearest_starts(x, k=1):
    """Of the random z those k whose pictures are nearest to each of x, (k * N, nz)."""
    order = torch.cdist(x.flatten(1), shelf.flatten(1)).argsort(1)
    return torch.cat([pool[order[:, i]] for i in range(k)])


# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
wanted = real["faces"][:8]
asked_for = judged(reader, wanted)[1] > 0.5
scale = float(np.sqrt((judged(reader, wanted)[0] ** 2).mean()))
reader.requires_grad_(False)


def traits(images):
    """The judge's features, so that their mean square is about 1."""
    return reader.features(images) / scale


ways = {"the start": nearest_starts(wanted)}
ways["by pixels"] = inverted(netF, ways["the start"], wanted)
ways["by features"] = inverted(netF, ways["the start"], wanted, traits, 0.04)

# %% [markdown]
# > **Predict:** does the search by features reach its own goal, the wanted features, better than the search by pixels?
# >
# > - yes, clearly
# > - no: the eight faces show no gain <!-- right -->
# > - it comes no nearer than the start

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
rows, kept, far = {}, {}, {}
for name, z in ways.items():
    x = generate(netF, z)
    far[name] = (traits(x) - traits(wanted)).square().mean(1).numpy()
    kept[name] = ((judged(reader, x)[1] > 0.5) == asked_for).sum(1)
    rows[name] = [f"{error(netF, z, wanted).mean():.3f}", f"{far[name].mean():.2f}",
                  f"{kept[name].mean():.1f} of 17"]
show_rows({"wanted": wanted} | {name: generate(netF, z) for name, z in ways.items()},
          "Eight faces that G has not seen, the random face nearest to each, and what both "
          "searches made of it.",
          "four rows of eight faces: those wanted, random ones of like colours, and what two "
          "searches found", most=100)
(gap, wide), (mean, half) = (interval(values["by features"] - values["by pixels"])
                             for values in (far, kept))
show_table(pd.DataFrame(rows, ["pixels", "features", "attributes kept"]).T,
           "Means over the eight faces. By features minus by pixels, face by face, with 95 % "
           f"intervals: {gap:+.2f} ± {wide:.2f} in features, {mean:+.1f} ± {half:.1f} in "
           "attributes.", fold="The same in numbers")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# No. **The eight faces show no gain.** The search by features ends 0.13 from the wanted features, the search by
# pixels 0.11, where the start was at 0.22. The interval of this difference includes 0, so pixels are not shown to be
# better, either. By features the pixels hardly move: backgrounds, hair and glasses often stay as they began. We had
# expected the features to win, as they often do with large networks that have seen millions of photographs
# ("perceptual" losses). Our judge is small and knows 17 questions; whether that is the reason, we have not tested.
# </details>

# %% [markdown]
# ### What G never draws
#
# An inversion that fails is a finding: here is a picture that this G cannot make, or that the search has missed. To
# tell which, there is a control: pictures that G *has* drawn itself, for which a z surely exists. The cartoon faces
# can be drawn with things that no training face had: hats, a headscarf, a turban. And a handwritten five is no face
# at all. Since a single search may get stuck, each picture gets three, and the best one counts.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
own = generate(netF, draw_z(faces.config, 3, seeded(8, "lesson")))
five = parts("mnist", 28)[1].floats([8])
five = torch.nn.functional.interpolate(five, 64, mode="bilinear").expand(-1, 3, -1, -1)
groups = {"drawn by G itself": own, "new faces": real["faces"][8:11],
          "with a hat": torch.cat([drawn([20_000], length="short", short="hat"),
                                   drawn([20_001], length="short", short="winterHat1")]),
          "with a headscarf": drawn([20_002], length="short", short="hijab"),
          "with a turban": drawn([20_003], length="short", short="turban"), "a five": five}
wanted = torch.cat(list(groups.values()))
three = wanted.repeat(3, 1, 1, 1)
found = inverted(netF, nearest_starts(wanted, 3), three).unflatten(0, (3, -1))
all_errors = error(netF, found.flatten(0, 1), three).unflatten(0, (3, -1))
best = all_errors.argmin(0)
found = generate(netF, found[best, torch.arange(len(wanted))])
gaps = iter(all_errors.amin(0).tolist())
letters, rows = iter("ABCDEFGHIJK"), {}
for name, x in groups.items():
    which = [next(letters) for _ in x]
    rows[name] = [" ".join(which), f"{np.mean([next(gaps) for _ in x]):.3f}"]
show_rows({"wanted": wanted[6:]}, "What no training face had. (A to F, without headwear, come "
          "with the results.)",
          "five pictures: two faces with hats, one with a headscarf, one with a turban, and a "
          "handwritten five", heads="GHIJK", most=140)

# %% [markdown]
# > **Predict:** what will the search put where J has its turban?
# >
# > - a blue cap
# > - a bald head
# > - light hair <!-- right -->
# > - the background

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
show_rows({"wanted": wanted[:6], "found": found[:6]},
          "A to C were drawn by G itself, D to F are new faces.",
          "two rows of six faces: most come back, C on another background, D without its "
          "beard, F without its moustache", heads="ABCDEF", most=140)
show_rows({"wanted": wanted[6:], "found": found[6:]},
          "What no training face had. What is lost, and what stands in its place?",
          "two rows of five: hats, scarf and turban turn into light hair, the five into a "
          "dark face", heads="GHIJK", most=140)
show_table(pd.DataFrame(rows, ["pictures", "difference of pixels"]).T,
           "The best of three searches, the mean over the pictures.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Light hair: so it is with the turban (J), and with the hats (G, H) and the scarf (I). Nothing in this generator's
# world sits on a head except hair. (The man in picture G has lost his beard as well.) Glasses, backgrounds (but for C) and mostly
# the skin are found. The five (K) becomes the darkest face that there is.
#
# **One failure proves nothing.** Of G's own faces, C came back on another background and without its smile, though a z
# for it exists: all three searches got stuck, and 400 steps did not help. D has lost its beard (400 steps find it), F
# its moustache. The headwear stays lost each time, in the same way.
# </details>

# %% [markdown]
# The number alone does not tell: by it the turban comes back as well as G's own faces. Nor does recall: it counts what
# of the *data* is covered, and who was left out of the data does not count. Bau and others
# ([arXiv 1910.11626](https://arxiv.org/abs/1910.11626)) make a method of this, and find for GANs of rooms and churches
# which kinds of things they leave out.
#
# ### A test of memory
#
# Now turn it round. If G had learned its training pictures by heart, it should find *them* more easily than new ones.
# Webster and others ([arXiv 1901.03396](https://arxiv.org/abs/1901.03396)) compare the errors of inversion on training
# pictures and on held-out ones: equal errors are what an honest G has. We ask the generator of digits, whose pictures
# are quicker to invert: 48 digits that it learned from, 48 that it did not, and as a control 48 of its own.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
plain = load_run("mnist")
netM = plain.load_generator()
of_each, stream = 48, seeded(9, "lesson")
learned, others = parts("mnist", 28)
sets = {"learned": learned.floats(torch.randperm(60_000, generator=stream)[:of_each]),
        "held out": others.floats(torch.randperm(10_000, generator=stream)[:of_each]),
        "drawn by G": generate(netM, draw_z(plain.config, of_each, stream))}
x = torch.cat(list(sets.values()))
pool = draw_z(plain.config, 2000, seeded(6, "lesson"))
shelf = generate(netM, pool)
back = inverted(netM, nearest_starts(x), x, rate=1.0, steps=40)
errors = dict(zip(sets, error(netM, back, x).numpy().reshape(3, of_each), strict=True))

# %% [markdown]
# > **Predict:** which digits are found most exactly?
# >
# > - those that G learned from
# > - those that G has drawn itself <!-- right -->
# > - those held out
# > - all three equally

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
def apart(a, b, draws=2000):
    """How much larger the mean of a is than that of b, with its 95 % interval (bootstrap)."""
    stream = np.random.default_rng(0)
    means = [stream.choice(a, len(a)).mean() - stream.choice(b, len(b)).mean()
             for _ in range(draws)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{a.mean() - b.mean():+.3f} ({low:+.3f} to {high:+.3f})"


rows = {name: [f"{values.mean():.3f}",
               "" if name == "held out" else apart(values, errors["held out"])]
        for name, values in errors.items()}
show_table(pd.DataFrame(rows, ["error of inversion", "minus that of held-out digits"]).T,
           f"{of_each} digits of each kind.")
held = slice(of_each, of_each + 14)
show_rows({"held out": x[held],
           "the nearest that the search found": generate(netM, back[held])},
          "Digits that G has not learned from.",
          "two rows of fourteen digits; those of the second follow those of the first")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Those that G has drawn itself. G can certainly draw these, so the test had to notice them, and it does: their interval
# excludes 0. The digits that G learned from are no easier to find than those held out: the interval of their difference
# includes 0. So this G does not know its training digits by heart, as far as 48 of them can tell. What the test would
# miss is a G that has stored a few pictures of sixty thousand, or stored them a little changed. Section 6 of
# [lesson 11](11_measuring_gans.ipynb) comes from the other side, from generated pictures to the nearest training
# picture; do both.
# </details>

# %% [markdown]
# ## The end · Pictures of your own
#
# ## 6 · Faces of people that do not exist
#
# An inversion asks a generator of faces for the face of *somebody*. With cartoons that is a game. With photographs it
# is a person, who may not have been asked, and everything in this lesson becomes a question of what one may do: who
# gets lost when z gets shorter, who was never in the data, whose face can be found again. A short page of its own is
# about that: **[Faces of people that do not exist](faces.ipynb)**, on misuse, consent, licences and bias, and on what
# this course did about them. Read it before you train on faces.
#
# ## 7 · The capstone
#
# You have all the parts. What is left is to put them together once, on pictures of your own, and to answer for the
# result.
#
# | step | question | lesson |
# |---|---|---|
# | look | what is in the folder, what was left out, may I use it? | 12, [faces](faces.ipynb) |
# | judge | who reads the pictures, and how often is it right? | 11 |
# | study | three seeds of two versions: better, worse, or undecided? | 06 |
# | train | the version that won, and its best moment | 06, 12 |
# | score, with floor | how far is it from real pictures, and what kind of wrong? | 11 |
# | copies | is any picture a training picture? | 11, and section 5 here |
# | card, page | what would a stranger have to know? | 12 |
#
# <details><summary>The commands of each step, and the file of the study</summary>
#
# `PATH` is your folder, best with a sub-folder for each kind of picture.
#
# ```
# dcgan-course info folder:PATH
# dcgan-course judge folder:PATH --out mine.safetensors
# dcgan-course study capstone.json
# dcgan-course train --preset photos --data folder:PATH --judge mine.safetensors --metric_every 10
# dcgan-course score runs/0001-photos
# dcgan-course neighbours runs/0001-photos --n 16 --out neighbours.png
# dcgan-course export runs/0001-photos my_generator
# dcgan-course page runs/0001-photos my_page --title "My pictures" --source "photographs of my garden"
# ```
#
# The file of the study, which you change as your question wants it:
#
# ```json
# {"preset": "photos",
#  "common": {"data": "folder:PATH", "judge": "mine.safetensors", "num_epochs": 40},
#  "configs": {"photos": {}, "without augmentation": {"augment": false}},
#  "seeds": 3, "n": 1000}
# ```
#
# Where the folder has no sub-folders, leave the judge out: copies are then looked for in pixels, and the card says that
# nobody has scored. With the classes of your sub-folders `--classes 4` (of four) makes it a conditional generator.
# Begin with `--num_epochs 2` everywhere, until all eight commands have run once; then let it train overnight.
# </details>

# %% [markdown]
# > **Open exercise · The capstone** — 8 hours
# >
# > Train, measure and publish a generator of pictures of your own, as above: three seeds, every number beside its
# > floor, a search for copies, a card, a page. State one question at the start that your study can answer, and how it
# > would answer no. The training itself runs without you.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | pictures | "from the web" | source, licence and, where people can be recognised, their consent; what was left out, and why |
# | question | "does it work?" | one that the study can answer with no, written down before the training |
# | seeds | one | three or more of each version, with their spread, and "undecided" where the interval includes 0 |
# | numbers | a distance | several, with n, the judge's name and accuracy, beside the floor |
# | copies | none seen | nearest neighbours or inversion errors, with a control, and what they cannot show |
# | coverage | a sheet of good ones | pictures not picked; what is rare in the data, how rare G makes it, what it never draws |
# | published | a folder of weights | card and page that name source, limits and the command that makes it again |
# </details>

# %% [markdown]
# ## What you have now
#
# Three kinds of pictures that were not there before, from three generators:

# %% jupyter={"source_hidden": true}
from dcgan_course.sampling import grid_images


def tiles(name, nrow):
    """The pictures of a sheet in data/, (n, 3, size, size)."""
    picture = Image.open(faces.path.parents[1] / name).convert("RGB")
    return grid_images(torch.from_numpy(np.array(picture)), nrow)


# %% jupyter={"source_hidden": true}
walks = tiles("directions.webp", 12).unflatten(0, (3, 12))[:, [0, 2, 4, 7, 9, 11]]
churches = tiles("runs/heritage/best.webp", 8)[[3, 5, 11, 18, 20, 28, 39, 44, 47, 52, 53, 60]]

# %% jupyter={"source_hidden": true}
show(shelf[:24], "Handwriting out of noise (lessons 00 and 03): digits that nobody picked.",
     "twenty-four generated digits in three rows, nearly all of them clear", nrow=8, width=690)

# %% jupyter={"source_hidden": true}
show(enlarged(walks.flatten(0, 1), 6, 2), "Three directions that were found without a label "
     "(lesson 08): each row is one face on its way.",
     "three rows of a cartoon face that changes from left to right: hair, skin, beard and "
     "background", width=690)

# %% jupyter={"source_hidden": true}
show(enlarged(churches, 6, 2), "Churches that nobody built (lesson 09), learned in 51 minutes "
     "on one CPU core: twelve picked from 64.",
     "two rows of six pictures: domes, towers and fronts of churches under blue and grey "
     "skies", width=690)

# %% [markdown]
# You can build a generator and a discriminator, and say what each of their parts is for. You can see from two curves
# that a training goes wrong, and from its pictures how. You can say whether one generator is better than another, with
# a floor, an interval and the number of images beside your answer, and you know how to look for what it copies and for
# what it leaves out. All of that outlasts the DCGAN: diffusion models are trained, measured and doubted in the same
# way.
#
# The capstone is the best next step. After it, read the code, which is smaller than it looks: `dcgan_course/trainer.py`
# is the whole training, in reading order. Then read one of the papers of lesson 13 or 14 to its last page. You will
# find that you can argue with it.

# %% [markdown]
# ## Questions
#
# <details><summary>My conditional G ignores the class, though both networks are told.</summary>
#
# Look whether real and generated pairs have the *same* classes in equal shares (else D reads the class alone), and
# whether the labels belong to their images: a shuffled set of labels gives exactly this picture.
# </details>
#
# <details><summary>May I publish pictures made with short z?</summary>
#
# Of course, if you say so. Scores of such pictures do not compare with scores of usual ones, and a sheet of typical
# faces is picked, by a rule instead of by hand.
# </details>
#
# <details><summary>Could an encoder do it faster?</summary>
#
# Yes: a network trained to go from pictures to z answers at once, less exactly, and is often used as the start of a
# search such as ours. It needs a training of its own.
# </details>

# %% [markdown]
# ## References
#
# - Mirza, Osindero: *Conditional Generative Adversarial Nets*, [arXiv 1411.1784](https://arxiv.org/abs/1411.1784).
# - Miyato, Koyama: *cGANs with Projection Discriminator*, [arXiv 1802.05637](https://arxiv.org/abs/1802.05637),
#   equation 3.
# - Brock, Donahue, Simonyan: [arXiv 1809.11096](https://arxiv.org/abs/1809.11096), section 3.1, truncation.
# - Creswell, Bharath: *Inverting the Generator of a GAN*, [arXiv 1611.05644](https://arxiv.org/abs/1611.05644); Lipton,
#   Tripathi: [arXiv 1702.04782](https://arxiv.org/abs/1702.04782), precise recovery of z.
# - Bau and others: *Seeing What a GAN Cannot Generate*, [arXiv 1910.11626](https://arxiv.org/abs/1910.11626).
# - Webster and others: *Detecting Overfitting of Deep Generative Networks via Latent Recovery*,
#   [arXiv 1901.03396](https://arxiv.org/abs/1901.03396).

# %%
from dcgan_course import checks

checks.progress("15")
checks.certificate(name="", date="")  # both as they are to stand on it

# %% [markdown]
# ---
# ← [14 · Diffusion, the other way](14_the_other_way.ipynb)
