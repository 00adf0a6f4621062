# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 · Measuring GANs
#
# <img src="../data/which.png" width="848" alt="three rows, A, B and C, of fourteen handwritten digits each, white on black; at first sight all are alike">
#
# *One of these rows was written by people; two generators drew the rest. Which is it? And which generator is the
# better one? This lesson answers in numbers, and shows what each number cannot see.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/11_measuring_gans.ipynb)
#
# **Time:** 75 minutes to read and write, in two sittings if you like: sections 1 to 4 measure how far, sections 5 to 9
# what a distance misses. The cells run for about a minute on two CPU cores.
#
# **You need:** lesson 03 or a trained generator; mean, variance and covariance; a first idea of matrices.
#
# After this lesson you can
#
# - build the Frechet distance up from two bell curves, and say what it cannot see;
# - show how a score depends on the number of images, and correct for it;
# - tell bad pictures from missing ones by precision, recall and counts of modes;
# - look for copies, by nearest neighbours and by a test that is at 0.5 when all is well;
# - test a conditional generator by what its digits teach a classifier, and choose a judge that fits the images.
#
# **You write** the distance of two Gaussians, the step to infinitely many images, precision and a two-sample test; **we
# import** the trained generators and the judges.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# First guess, then measure. Two trained generators have drawn thousands of digits:

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
from sklearn.metrics import pairwise_distances

from dcgan_course import checks, plots
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.measuring.judges import judged, load_judge, parts
from dcgan_course.plots import BLUE, GREEN, INK, ORANGE, STYLE, show, show_rows, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import draw_z, generate

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% jupyter={"source_hidden": true}
learn, unseen = parts("mnist", 28)
order = torch.randperm(10_000, generator=seeded(0, "lesson"))
from_training = torch.randperm(60_000, generator=seeded(0, "lesson"))[:5000]
real, fresh = unseen.floats(order[:5000]), unseen.floats(order[5000:])
training = learn.floats(from_training)
run, told = load_run("mnist"), load_run("mnist_conditional")
mnist = generate(run.load_generator(), draw_z(run.config, 5000, seeded(0, "lesson")))
labels = torch.arange(20_000) % 10
z = draw_z(told.config, 20_000, seeded(0, "lesson"), labels=labels)
conditional = generate(told.load_generator(), z)

# %% [markdown]
# > **Predict:** which of the rows under the title was written by people?
# >
# > - A
# > - B <!-- right -->
# > - C

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
show_rows({"A, drawn: mnist": mnist[:14], "B, written by people": real[:14],
           "C, drawn: conditional": conditional[order[:14]]},
          "Fourteen of each, not picked.",
          "three rows of fourteen digits, of which most are clear in each")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# People wrote row B. Row A has digits that nobody would write (the third, the fifth, the tenth), row C hardly any. So
# eyes have a guess which generator is the better one, from fourteen digits each. They cannot say by how much, nor what
# `conditional` pays for it. That is what this lesson measures.
# </details>

# %% [markdown]
# One rule holds for this whole lesson: **no number without its floor**. The floor is what *real* images score when they
# are measured against more *real* images. A distance of 20 means nothing by itself; beside a floor of 3 it says
# a good deal. Five sets of 5,000 digits keep their names throughout (the text leaves out *real:* and *drawn:*):
#
# | set | what it is |
# |---|---|
# | real | test digits, with which all is compared |
# | real: **fresh** | more test digits: the floor |
# | real: **training** | digits that the generators and the judge have learned from |
# | drawn: **mnist** | by the run of lesson 03 |
# | drawn: **conditional** | by a run that is told which digit to draw |
#
# The **judge**, for all that follows, is a classifier that has read real digits only. Its last hidden layer turns each
# picture into 64 numbers, its **features**.

# %% jupyter={"source_hidden": true}
judge = load_judge("mnist")
sets = {"real": real, "real: fresh": fresh, "real: training": training,
        "drawn: mnist": mnist, "drawn: conditional": conditional[:5000]}
features, answers = {}, {}
for name, images in sets.items():
    features[name], answers[name] = judged(judge, images)
THREE = "real: fresh", "drawn: conditional", "drawn: mnist"

# %% [markdown]
# ## 1 · From two bells to 64 numbers
#
# Start with one number for each picture, and two bell curves. How far is one from the other? Imagine two heaps of sand.
# Carry the first heap to where the second is, as cheaply as can be, where carrying a grain costs the **square** of the
# way. On a line the cheapest plan keeps the order: the leftmost grain goes to the leftmost place, and so on.
#
# Two bells have means $m$ and standard deviations $s$, and a short formula for the mean cost, the **Frechet distance**:
#
# $$(m_a - m_b)^2 + (s_a - s_b)^2$$
#
# (Strictly it is the square of a distance, and everybody calls it a distance.) Below, the blue bell has mean 0 and
# deviation 1.

# %% jupyter={"source_hidden": true}
few = (np.arange(12) + 0.5) / 12  # the grains that are drawn carry a twelfth each
x = np.linspace(-4, 9, 300)


def plan(*bells):
    """Two bells (mean, width), and the cheapest way from the first to the second."""
    figure, axes = plt.subplots(figsize=(8.4, 2.6))
    for (mean, width), colour, where in zip(bells, (BLUE, ORANGE), (1, -1), strict=True):
        height = np.exp(-(((x - mean) / width) ** 2) / 2) / width
        axes.fill_between(x, where * 0.35, where * (0.35 + height), color=colour, alpha=0.5)
    grains = [np.quantile(np.random.default_rng(0).normal(*bell, 200_000), few)
              for bell in bells]
    axes.plot(grains, [[0.35] * 12, [-0.35] * 12], color=INK, linewidth=1)
    axes.set(xlabel="one number for each picture", yticks=[], xlim=(-4, 9), ylim=(-1.4, 1.4))
    axes.grid(False)
    return figure


plans = {f"orange: mean {mean}, deviation {width}; distance {mean**2 + (1 - width)**2:g}":
         plan((0, 1), (mean, width))
         for mean, width in ((3, 2), (2, 2), (1, 2), (0, 2), (0, 1.5), (0, 1))}
plots.show_turned(plans, "Push the orange bell to the blue one's place, then to its width.",
                  "a blue bell above, an orange one below, and twelve lines from bell to bell "
                  "that do not cross")

# %%
stream = np.random.default_rng(0)
first, second = stream.normal(0, 1, 200_000), stream.normal(3, 2, 200_000)
cost = ((np.sort(first) - np.sort(second)) ** 2).mean()
print(f"carried grain by grain it costs {cost:.1f}, by the formula {(0 - 3)**2 + (1 - 2)**2}")

# %% [markdown]
# With many numbers for each picture, the means become vectors, and the standard deviations become covariance matrices A
# and B:
#
# $$|m_a - m_b|^2 + \mathrm{trace}\big(A + B - 2\,(A B)^{1/2}\big)$$
#
# With one number it is the formula above: $s_a^2 + s_b^2 - 2\,s_a s_b = (s_a - s_b)^2$. The root of a matrix is the
# matrix which, times itself, gives it back. It is *not* the root of each of its numbers.
#
# > **Exercise 1 · The Frechet distance** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Return the distance of two Gaussians, given by their means and covariances, as the formula says. Some features of a
# > judge never move, so a row of a covariance may be 0.

# %%
def my_frechet(mean_a, cov_a, mean_b, cov_b):
    """Means (F,) and covariances (F, F), NumPy arrays -> the Frechet distance of the two
    Gaussians, one number."""
    raise NotImplementedError


# %%
frechet = checks.check_frechet(my_frechet)

# %% [markdown]
# <details><summary>Hint</summary>
#
# You only need the trace of the root. The trace of a matrix is the sum of its eigenvalues, and the eigenvalues of a
# root are the roots of the eigenvalues: `np.linalg.eigvals(cov_a @ cov_b)`. By rounding they may be complex, or a
# little below 0. (`scipy.linalg.sqrtm` gives the root itself, and warns here that the matrix is singular; the trace is
# right all the same.)
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_frechet(mean_a, cov_a, mean_b, cov_b):
#     roots = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real.clip(0))
#     return ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * roots.sum()
# ```
# </details>

# %% [markdown]
# Now put the features in the place of the Gaussians: take their mean and covariance, and *pretend* that they are
# normal. With the Inception network's features this is the FID. With our judge's it is not, so it has another name
# here: `fd`.

# %%
def moments(x):
    """Mean (F,) and covariance (F, F) of features (N, F)."""
    return x.mean(0), np.cov(x, rowvar=False)


# %% [markdown]
# > **Predict:** which of the two generators is nearer to real digits? And is the distance of real digits to more real
# > digits 0?
# >
# > - `mnist` is nearer; real to real is 0
# > - `mnist` is nearer; real to real is above 0
# > - `conditional` is nearer; real to real is 0
# > - `conditional` is nearer; real to real is above 0 <!-- right -->

# %% jupyter={"outputs_hidden": true}
from dcgan_course.measuring.metrics import frechet_distance

distances = {}
for name in ("real: fresh", "real: training", "drawn: conditional", "drawn: mnist"):
    own = frechet(*moments(features["real"]), *moments(features[name]))
    package = frechet_distance(features["real"], features[name])
    distances[name] = f"{own:.1f}", f"{package:.1f}"
show_table(pd.DataFrame(distances, ["yours", "the package's"]).T,
           "Frechet distance of 5,000 digits to 5,000 real ones.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# `conditional` is nearer, and real to real is above 0. The first line is the floor: 5,000 test digits that nobody has
# learned from. `training` is real too, and yet higher; five other draws of 5,000 training digits are at 3.9 to 6.5. They
# differ a little from test digits in plain pixels already, where `training` is twice as far as `fresh`. Whether it
# matters too that the judge has learned from them, nobody has tested here. `conditional` is at more than three times
# the floor, `mnist` at more than five times.
# </details>

# %% [markdown]
# ## 2 · What a Gaussian cannot see
#
# The distance knows a mean and a covariance of each set, and nothing else. So two sets that share both are the same to
# it. Is there a distance that assumes nothing about Gaussians?
#
# The **kernel distance** compares points in pairs. Two points $x$ and $y$ of F numbers are alike by
# $(x \cdot y / F + 1)^3$. Take the mean over all pairs within one set, add that of the pairs within the other, and
# subtract twice the mean of the mixed pairs. If the sets are of one kind, the mixed pairs are as alike as the rest, and
# 0 is left.
#
# Each table below pairs every point of a set with every point of that set or of the other, sorted from left to right.
# The darker, the more alike.

# %% jupyter={"source_hidden": true}
from matplotlib.colors import PowerNorm


def alike(a, b):
    """How alike each point of a is to each of b, (N, M)."""
    return (a @ b.T / 2 + 1) ** 3


heap, more = np.random.default_rng(2).normal(0, 0.7, (2, 2000, 2))
figure, axes = plt.subplots(2, 4, figsize=(8.4, 5.6))
scale = PowerNorm(0.5, 0, 40)  # pale differences are seen too
for line, way in zip(axes, (0, np.array([1, 0.3])), strict=True):
    blue, orange = (x[x[:, 0].argsort()] for x in (heap - way, more + way))
    for points, colour in ((blue, BLUE), (orange, ORANGE)):
        line[0].scatter(*points[::50].T, s=16, color=colour)
    line[0].set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8))
    means = []
    for axis, (down, a), (across, b) in zip(line[1:], (("blue", blue), ("orange", orange),
                                                       ("blue", blue)),
                                            (("blue", blue), *2 * [("orange", orange)]),
                                            strict=True):
        squares = alike(a, b).reshape(20, 100, 20, 100).mean((1, 3))
        image = axis.imshow(squares, cmap="Greys", norm=scale)
        means.append(squares.mean())
        axis.set_xlabel(f"{across} points")
        axis.set_ylabel(f"{down} points")
    rest = abs(means[0] + means[1] - 2 * means[2])
    signs = "{:.1f}", "+ {:.1f}", f"- 2 x {{:.1f}} = {rest:.1f}"
    for axis, sign, mean in zip(line[1:], signs, means, strict=True):
        axis.set_title(sign.format(mean), fontsize=13)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_visible(axis not in axes[:, 0])
bar = figure.colorbar(image, ax=axes[:, 1:], location="bottom", aspect=50, extend="both",
                      ticks=[0, 1, 5, 10, 20, 40], label="how alike two points are")
bar.outline.set_visible(False)
show(figure, "Above each table, its mean. Alike is what lies far out the same way: corners, "
     "not the diagonal. Lower right, mixed pairs are nearly white: a distance is left.",
     "above, points in one heap, three equal pale tables and a sum of 0; below, two heaps "
     "apart, two tables with a dark corner, a pale one, a sum above 0")

# %% [markdown]
# We try both distances on four sets of points: eight heaps on a ring; every second of the eight heaps; a cloud; three
# heaps.

# %% jupyter={"source_hidden": true}
def ring(n, heaps, seed, noise=0.05, of=8):
    """n points around some of the `of` places on a circle, (n, 2)."""
    stream = np.random.default_rng(seed)
    angle = 2 * np.pi * stream.choice(heaps, n) / of
    return np.stack([np.cos(angle), np.sin(angle)], 1) + noise * stream.normal(size=(n, 2))


# %% jupyter={"source_hidden": true}
eight, again = ring(2000, range(8), 0), ring(2000, range(8), 1)
cloud = np.random.default_rng(3).multivariate_normal(eight.mean(0), np.cov(eight.T), 2000)
toys = {"every second heap": ring(2000, [0, 2, 4, 6], 2), "a cloud": cloud,
        "three heaps": ring(2000, range(3), 4, of=3)}
figure, axes = plt.subplots(1, 4, figsize=(8.4, 2.4), sharex=True, sharey=True)
for axis, (name, points) in zip(axes, {"eight heaps": eight, **toys}.items(), strict=True):
    axis.scatter(*points.T, s=1.5, color=BLUE if points is eight else ORANGE)
    axis.set(title=name, aspect="equal", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
outside = (abs(cloud) > 1.7).any(1).sum()
show(figure, "Blue: eight heaps. Orange: three sets that a distance should tell from them. "
     f"({outside} of the cloud's 2,000 points lie outside the picture.)",
     "eight small heaps on a circle; every second of them; a round cloud; three heaps")

# %% [markdown]
# > **Predict:** which of the three orange sets will the Frechet distance tell from the blue one, and which the kernel
# > distance?
# >
# > - both tell all three
# > - Frechet: none; kernel: all three
# > - Frechet: none; kernel: only the three heaps <!-- right -->
# > - both: only the three heaps

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from dcgan_course.measuring.metrics import kernel_distance

rows = {}
for name, points in {"eight heaps again (floor)": again, **toys}.items():
    kd = 1000 * kernel_distance(eight, points, subset_size=2000, subsets=1)[0]
    rows[name] = f"{frechet_distance(eight, points):.2f}", f"{kd:.0f}"
show_table(pd.DataFrame(rows, ["Frechet", "kernel, thousandths"]).T,
           "Distance to the eight heaps.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The Frechet distance tells none of them, and the kernel distance only the three heaps. Half of the modes can go, or all
# of them melt into a cloud, and both stay at 0. Why do the three heaps stand out? Multiply the cube out: it compares
# products of up to three coordinates, and so means, covariances and **third moments**. The three heaps differ from the
# ring in the third moments (a triangle points somewhere, a ring does not); the four heaps and the cloud do not.
# </details>

# %% [markdown]
# So **a distance of 0 does not mean that two sets are alike**.
#
# ## 3 · How many images?
#
# Section 1 compared 5,000 digits with 5,000. The next cell compares fewer.

# %%
sizes = np.array([100, 250, 500, 1000, 2000, 5000])


def curve(name, repeats=10):
    """Frechet distances to real digits, `repeats` draws of n images for each n of `sizes`
    (of 5,000 there is one draw only): means and deviations, each (sizes,)."""
    stream, found = np.random.default_rng(0), []
    for n in sizes:
        draws = [frechet_distance(stream.permutation(features["real"])[:n],
                                  stream.permutation(features[name])[:n])
                 for _ in range(repeats if n < 5000 else 1)]
        found.append((np.mean(draws), np.std(draws)))
    return np.array(found).T


# %% [markdown]
# > **Predict:** is the distance of 500 digits to 500 smaller, the same, or larger?
# >
# > - smaller
# > - about the same
# > - larger <!-- right -->

# %% jupyter={"source_hidden": true}
COLOURS = dict(zip(THREE, (BLUE, GREEN, ORANGE), strict=True))
curves, spread = {}, {}
for name in THREE:
    curves[name], spread[name] = curve(name)

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
figure, axes = plt.subplots()
for name, colour in COLOURS.items():
    axes.plot(sizes, curves[name], "o-", color=colour, label=name)
    axes.fill_between(sizes, curves[name] - spread[name], curves[name] + spread[name],
                      color=colour, alpha=0.25, linewidth=0)
axes.set(xscale="log", yscale="log", xlabel="number of images", ylabel="Frechet distance")
axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
axes.set_yticks([5, 10, 20, 50, 100, 200], ["5", "10", "20", "50", "100", "200"])
axes.minorticks_off()
axes.legend()
show(figure, "The mean of ten draws, in a band of their standard deviation (5,000: one draw).",
     "three falling curves; at 100 images they meet, at 5,000 they lie far apart")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Larger, and by much: 500 *real* digits score worse (38) than 5,000 of `mnist` (19), though nothing about the digits
# changes along a curve. Mean and covariance of a few images are off by chance, the distance is a kind of square, and
# squares of errors do not cancel. Compare scores at **equal n** only.
#
# Does equal n settle the matter? Look at the two upper curves. At 5,000 `conditional` is clearly better; at 500 and
# below the two can hardly be told apart, since most of the number is now due to chance: an excess that shrinks like 1/n.
# </details>

# %% [markdown]
# There is a cure. Drawn over 1/n, the distance lies nearly on a line. Where that line meets 1/n = 0, there are infinitely
# many images.
#
# > **Exercise 2 · To infinity** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Fit a straight line by least squares, and return its height at 1/n = 0.

# %%
def my_extrapolated(sizes, distances):
    """Numbers of images (K,) and the distance at each (K,), NumPy arrays -> the distance
    at infinitely many images."""
    raise NotImplementedError


# %%
extrapolated = checks.check_extrapolated(my_extrapolated)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.polyfit(x, y, 1)` returns the slope and the height at x = 0, in that order.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_extrapolated(sizes, distances):
#     slope, height = np.polyfit(1 / sizes, distances, 1)
#     return height
# ```
# </details>

# %% [markdown]
# Try it first where the truth is known: on two equal Gaussians of 64 numbers, and on two of which one is moved by 2.

# %% jupyter={"source_hidden": true}
stream = np.random.default_rng(1)
some, rows = sizes[3:], {}
for shift in (0, 2):
    values = [np.mean([frechet_distance(stream.normal(size=(n, 64)),
                                        stream.normal(size=(n, 64)) + shift / 8)
                       for _ in range(10)]) for n in some]
    limit = round(extrapolated(some, np.array(values)), 1) + 0  # never -0
    rows[f"true distance {shift**2}"] = [f"{x:.1f}" for x in (*values, limit)]
show_table(pd.DataFrame(rows, [*(f"n = {n:,}" for n in some), "by the line"]).T,
           "The line comes to the truth, from distances that are all too large.")

# %% [markdown]
# Now fit a line to the digits, from n = 1,000 on. The crosses are the runs' records of 10,000 more images, which the fit
# has not seen.

# %% jupyter={"source_hidden": true}
import json

about, about_told = (json.loads((recorded.path / "record.json").read_bytes())
                     for recorded in (run, told))
record = {"drawn: mnist": about["generated"], "drawn: conditional": about_told["generated"]}

# %% jupyter={"source_hidden": true}
limits = {name: extrapolated(some, values[3:]) for name, values in curves.items()}
figure, axes = plt.subplots()
for name, colour in COLOURS.items():
    slope = np.polyfit(1 / some, curves[name][3:], 1)[0]
    axes.plot(1000 / sizes[2:], curves[name][2:], "o", color=colour, label=name)
    axes.plot([0, 2], [limits[name], limits[name] + slope * 0.002], color=colour, linewidth=1)
    if name in record:
        axes.plot(0.1, record[name]["fd10k_mnist"], "x", color=colour, markersize=9)
axes.set(xlim=(0, 2.1), xlabel="number of images n, spaced by 1/n", ylabel="Frechet distance")
axes.set_xticks([0, 0.1, 0.2, 0.5, 1, 2],
                ["infinite", "\n10,000", "5,000", "2,000", "1,000", "500"])
axes.legend()
show(figure, "Where a line meets the left edge, n is infinite. Crosses: the records of "
     f"10,000. Real digits come to {limits['real: fresh']:.1f} where the truth is 0: trust a "
     "limit to about 1. And fit no n below 1,000: at 500 the points leave the lines.",
     "three rising lines, that of real digits from near 0; the points at 500 lie below them, "
     "two crosses at the left end lie on them")

# %% [markdown]
# The lines predict the records to within 1, and the three limits lie 8 apart: the order of the three is plain.
#
# ### The kernel distance needs no cure
#
# It is **unbiased**, which means right on average for any n. Here the 5,000 images of each set are cut into parts of n:
# a dot is the distance of one part, a line the mean of them. (One cut into ten parts leaves that mean uncertain by
# about 4 thousandths. So for n = 500 the images are shuffled and cut ten times, for 1,000 five times.)

# %% jupyter={"source_hidden": true}
scale = np.sqrt((features["real"] ** 2).mean())


def draws_of(name, n, cuts):
    """The kernel distance, in thousandths, of each n images of a set to n real ones; within
    a cut no image is used twice."""
    stream, found = np.random.default_rng(0), []
    for _ in range(cuts):
        sides = [stream.permutation(features[which]) / scale for which in ("real", name)]
        for i in range(0, 5000, n):
            parts = (side[i : i + n] for side in sides)
            found.append(1000 * kernel_distance(*parts, subsets=1, subset_size=n)[0])
    return found


figure, axes = plt.subplots()
numbers = {f"Frechet, {name}": dict(zip(sizes, (f"{value:.0f}" for value in curves[name]),
                                        strict=True)) for name in THREE}
for shift, name in enumerate(THREE, -1):
    found = {n: draws_of(name, n, cuts) for n, cuts in ((500, 10), (1000, 5), (2500, 1))}
    for place, values in enumerate(found.values()):
        x = place + 0.22 * shift
        axes.plot([x] * len(values), values, "o", color=COLOURS[name], alpha=0.3, markersize=5)
        axes.plot([x - 0.09, x + 0.09], [np.mean(values)] * 2, color=COLOURS[name],
                  linewidth=4, label="_again" if place else name)
    numbers[f"kernel, {name}"] = {n: f"{round(np.mean(values))} ± {np.std(values, ddof=1):.0f}"
                                  for n, values in found.items()}
axes.axhline(0, color=INK, linewidth=1)
axes.set(xlabel="number of images", ylabel="kernel distance, in thousandths")
axes.set_xticks(range(3), ["500", "1,000", "2,500"])
plots.legend_above(axes)
show(figure, "The lines stay where they are; the dots close in on them.",
     "three groups of three columns of dots, long at 500, short at 2,500; in each group a "
     "line at 0 for real digits, and two somewhat above it")
show_table(pd.DataFrame(numbers).sort_index().rename("n = {:,}".format).fillna("").T,
           "Distances of n digits to n real ones; the kernel distance in thousandths.",
           fold="The numbers of this section")

# %% [markdown]
# The means are the same at each n: 0 for real digits, 7 or 8 for both generators. What few images cost here is
# **spread**, which can be seen, while the bias of the Frechet distance stays hidden. *One* distance of 500 images says
# little: it may be below 0 for any of the three. The means of the two generators differ from that of real digits, but
# hardly from each other. *What* differs, neither distance says.
#
# ## 4 · Bad pictures, or missing ones?
#
# Two shares say *what* is wrong:
#
# - **precision**: the share of fakes that look like real ones;
# - **recall**: the share of real ones that the fakes come near to.
#
# "Look like" needs a definition. Each real image has a **reach**: the distance to its k-th nearest neighbour among the
# real ones. (Every picture and table below has k = 3.) A fake counts when it lies within the reach of at least one real
# image. Recall is the same with the roles exchanged.
#
# > **Exercise 3 · Precision** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Return the share of fakes that lie within the reach of at least one real image; the reach is the distance to the k-th
# > nearest other real one. An image is not its own neighbour.

# %%
def my_precision(real, fake, k):
    """Features (N, F) and (M, F), NumPy arrays -> the share of fakes within the reach of
    at least one real row."""
    raise NotImplementedError


# %%
precision = checks.check_precision(my_precision)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `pairwise_distances(a, b)` is (N, M). Sort each row of the distances from real to real: place 0 is the row itself,
# place k its k-th neighbour.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_precision(real, fake, k):
#     reach = np.sort(pairwise_distances(real), axis=1)[:, k]
#     return (pairwise_distances(fake, real) <= reach).any(axis=1).mean()
# ```
# </details>

# %% [markdown]
# The ring shows what that means. Here are 60 real points, each with its reach, and 60 fakes, half of which lie anywhere:

# %% jupyter={"source_hidden": true}
def within_reach(real, fake):
    """The reach of each real row, (N,), and which of the fakes lie in one, (M,)."""
    reach = np.sort(pairwise_distances(real), axis=1)[:, 3]
    return reach, (pairwise_distances(fake, real) <= reach).any(axis=1)


def reaches(real, fake):
    """Points with their reach; fakes within it are green, all else orange."""
    reach, inside = within_reach(real, fake)
    figure, axes = plt.subplots(figsize=(8.4, 4.6))
    for place, radius in zip(real, reach, strict=True):
        axes.add_patch(plt.Circle(place, radius, color=BLUE, alpha=0.15, linewidth=0))
    axes.scatter(*real.T, s=12, color=BLUE, label="real, with its reach")
    for kind, colour, label in ((inside, GREEN, "fake, counts"),
                                (~inside, ORANGE, "fake, does not count")):
        axes.scatter(*fake[kind].T, s=30, marker="x", color=colour, label=label)
    axes.set(aspect="equal", xlim=(-2, 2), ylim=(-1.8, 1.8))
    axes.axis("off")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


anywhere = np.random.default_rng(5).uniform(-1.5, 1.5, (1000, 2))
few = ring(60, range(8), 7, noise=0.12)
half = np.concatenate([ring(30, range(8), 8, noise=0.12), anywhere[:30]])
show(reaches(few, half), "Precision is the share of crosses that are green.",
     "eight blue heaps in pale discs; crosses in the discs are green, all others orange")

# %% [markdown]
# Three fakes follow, of 1,000 points each.
#
# > **Predict:** which of these fakes has the lowest recall?
# >
# > - every second heap only
# > - eight heaps, half of whose points lie anywhere
# > - all eight heaps, but far too narrow <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
ring_real, ring_again = ring(1000, range(8), 0), ring(1000, range(8), 1)
fakes = {"every second heap": ring(1000, [0, 2, 4, 6], 2),
         "half of them anywhere": np.concatenate([ring_again[:500], anywhere[:500]]),
         "narrow heaps": ring(1000, range(8), 3, noise=0.01)}
figure, axes = plt.subplots(2, 3, figsize=(8.4, 6), sharex=True, sharey=True)
for column, (name, points) in zip(axes.T, fakes.items(), strict=True):
    ways = [(points, within_reach(ring_real, points)[1]),
            (ring_real, within_reach(points, ring_real)[1])]
    for axis, (shown, counts), word in zip(column, ways, ("precision", "recall"), strict=True):
        for kind, colour, marker in ((counts, GREEN, "o"), (~counts, ORANGE, "x")):
            axis.scatter(*shown[::10][kind[::10]].T, s=26, color=colour, marker=marker,
                         alpha=0.7)
        axis.set(xlabel=f"{word} {counts.mean():.2f}", xticks=[], yticks=[], aspect="equal",
                 xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        axis.spines[:].set_visible(False)
    column[0].set_title(name)
axes[0, 0].set_ylabel("fakes")
axes[1, 0].set_ylabel("real points")
ways = (ring_real, ring_again), (ring_again, ring_real)
floor = [within_reach(*pair)[1].mean() for pair in ways]
show(figure, "Green dots: within reach of the other set. Orange crosses: not. The floor, "
     f"1,000 more points of the ring: precision {floor[0]:.2f}, recall {floor[1]:.2f}.",
     "three columns of two rings each: of the narrow heaps all fakes are green and most real "
     "points are orange")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The heaps that are too narrow: their recall is 0.20, and their precision is perfect, because each point lies where real
# ones lie. Recall says one half where half of the modes are gone, which neither distance of section 2 saw. Precision says
# one half where half is rubbish.
# </details>

# %% [markdown]
# Real data are seldom clean. Put 8 stray points among the 1,000 real ones (mislabelled images, say, or faults of a
# scanner), and score 1,000 fakes that lie anywhere.
#
# > **Predict:** with clean data the precision of these fakes is 0.07. What is it with eight stray points?
# >
# > - still about 0.07
# > - about 0.1, for 8 of 1,000 points are few
# > - about 0.4 <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
stray = np.random.default_rng(1).normal(size=(8, 2)) * (2.5, 1.5)


def with_stray(count):
    """The picture of the ring with so many of the stray points, and the precision."""
    points = np.concatenate([ring_real[count:], stray[:count]])
    reach, inside = within_reach(points, anywhere)
    figure, axes = plt.subplots(figsize=(7.2, 5.2))
    for place, radius in zip(points[1000 - count :], reach[1000 - count :], strict=True):
        axes.add_patch(plt.Circle(place, radius, color=BLUE, alpha=0.15, linewidth=0))
    axes.scatter(*points[-200:].T, s=8, color=BLUE)
    axes.scatter(*points[1000 - count :].T, s=60, color=BLUE)
    for kind, colour in ((inside, GREEN), (~inside, ORANGE)):
        axes.scatter(*anywhere[3::8][kind[3::8]].T, s=30, marker="x", color=colour)
    axes.set(aspect="equal", xlim=(-3.6, 3.6), ylim=(-3.2, 2.3))
    axes.axis("off")
    return figure, inside.mean()


reached = {}
for count in (0, 1, 2, 4, 6, 8):
    figure, share = with_stray(count)
    reached[f"stray points: {count}; precision {share:.2f}"] = figure
plots.show_turned(reached,
                  "Crosses are green that are near no heap. Take the stray points away. "
                  "(Drawn: an eighth of the fakes, a fifth of the real points. All count.)",
                  "eight blue heaps on a ring and crosses that lie anywhere; each stray point "
                  "brings a large pale disc, in which crosses are green", first=5)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 0.4: eight points of a thousand are enough to make rubbish "realistic". A stray point has no neighbours, so
# its reach is huge. Look at your data before you believe a precision.
# </details>

# %% [markdown]
# Now the digits, 2,000 of each set:

# %% jupyter={"source_hidden": true}
def both(real, fake, k=3):
    """Precision and recall, in words."""
    return f"{precision(real, fake, k):.2f}", f"{precision(fake, real, k):.2f}"


rows = {name: both(features["real"][:2000], features[name][:2000]) for name in THREE}
show_table(pd.DataFrame(rows, ["precision", "recall"]).T, "2,000 of each, beside 2,000 real.")

# %% [markdown]
# Read each line against the first. `mnist` has the recall of real digits and loses in precision. `conditional` nearly has
# the precision of real digits, and a little less recall. Look at both faults. Fresh digits miss some real ones too, so
# the lower row leaves these out:

# %% jupyter={"source_hidden": true}
of_2000 = {name: features[name][:2000] for name in ("real", *THREE)}


def missed(name, by):
    """Which of 2,000 digits lie within reach of none of another 2,000."""
    return torch.from_numpy(~within_reach(of_2000[by], of_2000[name])[1])


# %% jupyter={"source_hidden": true}
strange = missed("drawn: mnist", "real")
lost, floor = missed("real", "drawn: conditional"), missed("real", "real: fresh")
show_rows({"drawn: mnist, within reach of no real digit": mnist[:2000][strange][:14],
           "real, within reach of fresh digits, but of none of drawn: conditional":
           real[:2000][lost & ~floor][:14]},
          "Above: what costs precision. Below: what costs recall. The first fourteen of each. "
          f"Of 2,000 real digits conditional misses {lost.sum()}, fresh ones {floor.sum()}.",
          "fourteen generated digits, some of them hard to read; fourteen real ones, a few of "
          "them in an unusual hand")

# %% [markdown]
# Above, a few are hard to read, and the rest have a form or a slant that none of these 2,000 real digits has. Below, a
# few are in an unusual hand, such as the crossed 7; most look ordinary to us. What counts here is the judge's eye.
#
# **A good place to stop.** You can say how far a generator is from real images, from how many images, and whether its
# pictures are bad or some are missing. What follows looks for what these numbers let pass: cheats, copies, and a judge
# that looks for the wrong things.
#
# ## 5 · Counting modes
#
# Digits have ten obvious modes, and the judge can count them. `mode_entropy` says how evenly the ten digits turn up: 1
# = evenly, 0 = one only. Below are four runs, two of them failures of lesson 05, and a cheat: **ten real pictures**, one
# of each digit, 100 times over. Beside the entropy stand the recall, and `duplicates`, the share that has a near-twin
# among its own kind.

# %% jupyter={"source_hidden": true}
from dcgan_course.measuring.metrics import duplicates, mode_entropy, precision_recall

candidates = {"real: fresh": fresh[:1000], "drawn: mnist": mnist[:1000]}
for name in ("mnist2d", "mnist_collapse", "mnist_d_wins"):
    old = load_run(name)
    z = draw_z(old.config, 1000, seeded(0, "lesson"))
    candidates[f"drawn: {name}"] = generate(old.load_generator(), z)
digits = learn.labels()[from_training]
ten = [np.flatnonzero(digits == digit)[0] for digit in range(10)]
candidates["real: ten pictures"] = training[ten].repeat(100, 1, 1, 1)
show_rows({name: images[:14] for name, images in candidates.items()},
          "Six ways to draw; which numbers will find them out?",
          "six rows of fourteen digits; in two rows all are alike, in the last ten come again")

# %% [markdown]
# > **Predict:** which of the numbers finds out the ten pictures?
# >
# > - all three
# > - mode entropy alone
# > - recall and duplicates, but not mode entropy <!-- right -->
# > - none: the pictures are real

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
rows = {}
for name, images in candidates.items():
    x, probabilities = judged(judge, images)
    recall = precision_recall(features["real"][:1000], x)[1]
    rows[name] = mode_entropy(probabilities), recall, duplicates(x, features["real"][:1000])
numbers = pd.DataFrame(rows, ["mode entropy", "recall", "duplicates"]).T
far = -((numbers - numbers.loc["real: fresh"]).abs() > 0.1).astype(int)
show_table(numbers.map("{:.2f}".format), "Marked: more than 0.1 from the floor.", far)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Recall and duplicates find them out; they pass the count of modes with full marks. The generator with two numbers for
# `z`, `mnist2d`, passes it nearly so, and the two failures are caught by all three. Classes are the *coarse* modes;
# recall and duplicates ask about the fine ones.
# </details>

# %% [markdown]
# ## 6 · Copies
#
# A generator that had **memorised** its training images would score like `training` in all of the above. What gives it
# away is a control: digits that it never saw. Put 5,000 training digits and 5,000 test digits side by side: on which
# side is the nearest to a generated one? An honest generator comes to one half. (We compare pixels, which are neutral:
# nothing in them was learned from the training digits.)
#
# Three forgers are there for comparison. They copy training digits and add faint noise: one only every fifth time (the
# rest are fresh digits); one always, and moves its copies by a pixel; one always.

# %%
def drawn_to_training(images):
    """The share of images whose nearest digit, pixel by pixel, is a training digit and
    not a test digit."""
    x = images.flatten(1).numpy()
    near = [pairwise_distances(x, side.flatten(1).numpy()).min(1) for side in (training, real)]
    return (near[0] < near[1]).mean()


# %% [markdown]
# > **Predict:** of the copies that were shifted by a pixel, how many still find a training digit nearest?
# >
# > - about 50 %, as if nothing had been copied
# > - about 80 % <!-- right -->
# > - all of them

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
noise = torch.randn(1000, 1, 28, 28, generator=seeded(1, "lesson"))
copies = (training[:1000] + 0.1 * noise).clamp(-1, 1)
suspects = {"real: fresh (floor)": fresh[:1000], "drawn: mnist": mnist[:1000],
            "drawn: conditional": conditional[:1000],
            "every fifth a copy": torch.cat([copies[:200], fresh[:800]]),
            "copies, one pixel moved": torch.roll(copies, 1, 3), "copies": copies}
shares = {name: f"{drawn_to_training(images):.0%}" for name, images in suspects.items()}
show_table(pd.DataFrame({"nearest is a training digit": shares}))

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
moved = torch.roll(copies, 1, 3)
everybody = torch.cat([training, real])
nearest = torch.cdist(moved.flatten(1), everybody.flatten(1)).argmin(1)
found = nearest == torch.arange(1000)
eight = torch.cat([torch.nonzero(found)[:4, 0], torch.nonzero(nearest >= 5000)[:4, 0]])
show_rows({"a training digit": training[eight], "its copy, with faint noise": copies[eight],
           "the copy, one pixel moved": moved[eight],
           "of all 10,000 the nearest to that": everybody[nearest[eight]]},
          "Left: copies that find their originals. Right: copies that find a test digit.",
          "four rows of eight digits; left all rows are alike, right the last is a different "
          "digit of much the same form",
          heads=["original found", "", "", "", "a test digit found", "", "", ""])

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 80 %. A share $s$ of the shifted copies still finds its own original. The others have lost it and fall on either
# side by chance, so one sees $s + (1 - s) / 2$: 78 % mean that $s$ is 56 %. (Counted, it is 55 %.)
#
# The two generators show no sign of copying: with 1,000 pictures, chance alone moves a half by about 3 points. The forger
# who copies every fifth time stands out: 57 % beside the floor's 47 %. (These are 5,000 of the 60,000 training digits.
# For a full answer, compare with all.)
# </details>

# %% [markdown]
# The paper refuses this kind of evidence, because neighbours "in pixel or feature space are trivially fooled" by "small
# image transforms" (section 6). The shifted copies show what is meant. A high share is evidence of copying; one half is
# no proof that nothing was copied.

# %% jupyter={"source_hidden": true}
def trained_autoencoder(images, epochs=10):
    """784-128-784, which learns to restore pixels in [0, 1] from a part of them, with
    dropout on its code."""
    stream, nn = seeded(0, "autoencoder"), torch.nn
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(), nn.Linear(128, 784))
        optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
        for _ in range(epochs):
            for places in torch.randperm(len(images), generator=stream).split(100):
                x = images[places]
                noisy = x * (torch.rand(x.shape, generator=stream) > 0.3) - images.mean(0)
                loss = nn.functional.mse_loss(net(noisy), x)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return net[0]


pixels = (training.flatten(1) + 1) / 2
encoder = trained_autoencoder(pixels)
matrix = torch.randn(784, 128, generator=seeded(0, "matrix"))
hashes = {"autoencoder": lambda x: encoder(x) > 0, "random matrix": lambda x: x @ matrix > 0}

# %% jupyter={"source_hidden": true}
def resized(images, size):
    """Images at a different size."""
    return torch.nn.functional.interpolate(images, size=size, mode="bilinear", antialias=True)


planted = {"darker": training[:1000] * 0.8 - 0.2, "faint noise": copies,
           "rescaled": resized(resized(training[:1000], 24), 28),
           "one pixel moved": torch.roll(training[:1000], 1, 3)}


@torch.no_grad()
def bits(images, name):
    """The code of images, (N, 128): 0 or 1."""
    return hashes[name]((images.flatten(1) + 1) / 2 - pixels.mean(0)).float()


def differing(a, b):
    """In how many bits each code of a differs from each of b."""
    return a @ (1 - b).T + (1 - a) @ b.T


def flagged(name):
    """The share of each kind of copy whose bits are the original's but for t, with the
    largest t at which no more than 5 % of fresh digits find an "original"."""
    codes = bits(training, name)
    alarms = differing(bits(fresh[:1000], name), codes).min(1).values
    most = max(t for t in range(24) if (alarms <= t).float().mean() <= 0.05)
    found = (differing(bits(x, name), codes).diagonal() for x in planted.values())
    return [f"{(distance <= most).float().mean():.0%}" for distance in found]


# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
show_table(pd.DataFrame({name: flagged(name) for name in hashes}, list(planted)).T,
           "The paper's authors took about 275,000 near-duplicates out of their bedrooms "
           "without comparing all pairs (section 4). An autoencoder with 128 ReLU units "
           "squeezes a picture; each unit, on or off, is one bit; pictures whose bits "
           "agree are held to be the same. The table shows how many of 1,000 planted "
           "copies ours (784-128-784) finds among 5,000 digits, with false alarms for at "
           "most 5 % of fresh digits. Beside it stands a hash that learned nothing: the "
           "signs of 128 random sums of pixels. It averages faint noise out, and is hard "
           "to beat, so try the simple thing too. A picture that was moved by one pixel "
           "escapes both.",
           fold="A side path: how the paper's authors removed copies from their data")

# %% [markdown]
# ## 7 · A test with the answer one half
#
# Mix n real and n generated pictures. For each, find the nearest of all the rest. Is it of the same kind? If both sets
# come from one distribution, that is a coin toss: **0.5**. Where fakes can be told from real ones, the share rises
# towards 1. (Statisticians call it a two-sample test, with a 1-nearest-neighbour classifier.)
#
# > **Exercise 4 · The two-sample test** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Return the accuracy over all rows of both sets. An image is not its own neighbour; but an exact *copy* of it is one.

# %%
def my_two_sample(a, b):
    """Two sets of features (N, F) and (M, F), NumPy arrays -> the share of rows whose
    nearest other row is of their set."""
    raise NotImplementedError


# %%
two_sample = checks.check_two_sample(my_two_sample)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.concatenate` both, take all distances, and `np.fill_diagonal(d, np.inf)`. A boolean array says which set a row is
# of.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_two_sample(a, b):
#     rows = np.concatenate([a, b])
#     kind = np.arange(len(rows)) < len(a)
#     d = pairwise_distances(rows)
#     np.fill_diagonal(d, np.inf)
#     return (kind[d.argmin(axis=1)] == kind).mean()
# ```
# </details>

# %% [markdown]
# Two forgers take the test too: a **memoriser**, whose "fakes" are training digits; and a **thief**, who copies the very
# digits that he is compared with, with faint noise.
#
# > **Predict:** what will the test say of the memoriser, and what of the thief?
# >
# > - both are near 0.5
# > - the memoriser near 0.5, the thief near 1
# > - the memoriser near 0.5, the thief far below it <!-- right -->
# > - both are near 1

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
def flat(images):
    """Pixels as features."""
    return images[:1000].flatten(1).double().numpy()


noise = torch.randn(1000, 1, 28, 28, generator=seeded(2, "lesson"))
forged = (real[:1000] + 0.1 * noise).clamp(-1, 1)
tested = {"real: fresh (floor)": (fresh, features["real: fresh"]),
          "drawn: conditional": (conditional, features["drawn: conditional"]),
          "drawn: mnist": (mnist, features["drawn: mnist"]),
          "memoriser": (training, features["real: training"]),
          "thief": (forged, judged(judge, forged)[0])}
rows = {name: (two_sample(flat(real), flat(images)),
               two_sample(features["real"][:1000], x[:1000]))
        for name, (images, x) in tested.items()}
shares = pd.DataFrame(rows, ["in pixels", "in features"]).T
figure = plots.dots(shares, "share of pictures whose nearest is of their own kind")
figure.axes[0].axvline(0.5, color=INK, linewidth=1)
figure.axes[0].set_xlim(-0.02, 1)
show(figure, "One half, the line, is what two sets of one kind come to.",
     "all dots are near one half but those of the thief, which are near 0 and at 0.2")
show_table(shares.map("{:.2f}".format), fold="The numbers")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The memoriser is near 0.5, and the thief far **below** it: each of his copies has its original next to it, of the
# opposite kind. A result that is too good is suspicious too. The memoriser passes in the features like `fresh`, in
# pixels almost; finding him is what section 6 is for.
#
# With 2,000 pictures chance moves one half by 0.02 or more. The features tell `mnist` from real digits best. In pixels
# `conditional` scores 0.55, but real training digits score 0.54: only the features, with 0.55 beside 0.51, suggest that it
# can be told.
# </details>

# %% [markdown]
# ## 8 · Does it teach?
#
# A conditional generator gets the class beside `z`, as ten numbers of which one is 1, so its pictures come with labels:

# %% jupyter={"source_hidden": true}
kinds = {"real": (learn.floats(range(20_000)), learn.labels()[:20_000]),
         "generated": (conditional, labels.numpy())}
exam = {"real": (unseen.floats(range(2000)), unseen.labels()[:2000]),
        "generated": (conditional[-2000:], labels[-2000:].numpy())}
right = answers["drawn: conditional"].argmax(1) == labels[:5000].numpy()
show(conditional[:40], "Each column was asked for one digit. The judge reads the digit that "
     f"was asked for in {right.mean():.1%} of 5,000.",
     "four rows of ten digits: a column of zeros, a column of ones, and so on to nines", 10)

# %% [markdown]
# Labels make a new kind of test possible: **train on fake, test on real**. A classifier that has only seen generated
# digits reads real ones. How much worse is it than one that has learned from as many real digits?
#
# Both pupils answer the *same questions*, so the comparison is **paired**: take the difference question by question, and
# ask how far its mean may be off. The **bootstrap** answers that without a formula: draw as many questions again, with
# replacement, two thousand times, and see how much the mean varies. The middle 95 % of these means are the interval.

# %%
def paired(first, second, draws=2000):
    """Errors (Q,) of two pupils: how many more of a hundred the first makes, in words."""
    difference, stream = first - second, np.random.default_rng(0)
    means = [stream.choice(difference, len(difference)).mean() for _ in range(draws)]
    ends = np.quantile(means, [0.025, 0.975])
    mean, low, high = (f"{abs(100 * x):.1f} {'fewer' if x < 0 else 'more'}"
                       for x in (difference.mean(), *ends))
    return f"{mean} ({low} to {high})"


# %% jupyter={"source_hidden": true}
from sklearn.linear_model import LogisticRegression


def taught(name, part=0):
    """A pupil of the part's 1,000 digits."""
    x, y = (side[1000 * part : 1000 * part + 1000] for side in kinds[name])
    return LogisticRegression(C=0.01, max_iter=300).fit(flat(x), y)


# %% jupyter={"source_hidden": true}
def errors(pupil, asked):
    """For each question of an exam 1 where the pupil is wrong, else 0."""
    images, right = exam[asked]
    return (pupil.predict(images.flatten(1).double().numpy()) != right).astype(float)


# %% [markdown]
# > **Predict:** two plain logistic regressions learn from 1,000 digits each, one from real and one from generated ones.
# > Which of them reads *real* digits better?
# >
# > - the one taught by real digits
# > - 2,000 questions do not decide it
# > - the one taught by generated digits, by a little <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
wrong = {}
for name in kinds:
    pupil = taught(name)
    wrong |= {(name, asked): errors(pupil, asked) for asked in exam}
others = [errors(taught("real", part), "real") - errors(taught("generated", part), "real")
          for part in range(1, 5)]
rows = {f"taught by 1,000 {name}": [f"{1 - wrong[name, asked].mean():.1%}" for asked in exam]
        for name in kinds}
gap = paired(wrong["generated", "real"], wrong["real", "real"])
show_table(pd.DataFrame(rows, [f"reads {asked} digits" for asked in exam]).T, "Right answers. "
           "Of a hundred real digits, the pupil of generated ones misreads "
           f"{gap} than the other. With four other thousands of each: "
           f"{', '.join(f'{100 * x.mean():.2f}' for x in others)} fewer.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The one taught by generated digits, by a little: 1.6 fewer errors of a hundred, and the interval does not include 0.
# It covers only the choice of the questions, so we also changed the examples: with four other thousands of each the
# pupil of generated digits is ahead again, by 0.45 to 1.1. But read the columns: whoever the teacher was, generated digits
# are **easier to read** than real ones. G draws the usual forms; people also draw unusual ones.
# </details>

# %% jupyter={"source_hidden": true}
def nearest_errors(examples, y, questions, right):
    """For each question 1 where its nearest example has a wrong label, else 0."""
    nearest = torch.cdist(questions.flatten(1), examples.flatten(1)).argmin(1)
    return (y[nearest.numpy()] != right).astype(float)


# %% jupyter={"source_hidden": true}
rows = {}
for n in (1000, 5000, 20_000):
    wrong = {name: nearest_errors(x[:n], y[:n], *exam["real"])
             for name, (x, y) in kinds.items()}
    rows[f"{n:,} examples"] = [*(f"{errors.mean():.1%}" for errors in wrong.values()),
                               paired(wrong["generated"], wrong["real"])]
show_table(pd.DataFrame(rows, ["real", "generated", "by generated, of a hundred"]).T,
           "Errors of the nearest neighbour in pixels on 2,000 real digits. The paper's "
           "supplement (8.1) asks this too, and finds no difference with as many examples, "
           "but half of the error with 10 million generated ones. With 20,000 here the "
           "interval includes 0; with the first 1,000 generated ones are ahead.",
           fold="And with 20,000 examples?")

# %% [markdown]
# ## 9 · A judge that learned something else
#
# FID takes its features from Inception, a network that learned to tell a thousand kinds of colour photographs apart.
# People compute it for MNIST too. What does a judge of photographs see in grey digits? We ask a **stand-in** (Inception's
# weights are not in this course): our judge `heritage`, which learned church exteriors and is far smaller. Both judges get
# real digits, each time changed in one way, then both generators; each distance is divided by the judge's own floor.

# %% jupyter={"source_hidden": true}
stranger, rest = load_judge("heritage"), order[5000:]
low = rest[unseen.labels()[rest] < 5]


def wide(images):
    """Digits as the judge of photographs wants them: in colour, at 64 x 64."""
    return resized(images, 64).expand(-1, 3, -1, -1)


def changed(draw):
    """1,000 fresh digits of the draw, as they are and changed; 1,000 of each generator."""
    part, stream = slice(1000 * draw, 1000 * draw + 1000), seeded(draw, "lesson")
    base = unseen.floats(rest[part])
    noise = torch.randn(base.shape, generator=stream)
    return {"real: fresh": base, "real: 0 to 4 only": unseen.floats(low[part]),
            "real: mirrored": base.flip(3),
            "real: faint noise": (base + 0.05 * noise).clamp(-1, 1),
            "drawn: mnist": mnist[part], "drawn: conditional": conditional[part]}


# %% jupyter={"source_hidden": true}
ways = "real: fresh", "real: mirrored", "real: faint noise"
show_rows({way: changed(0)[way][:12] for way in ways},
          "The same twelve digits three times. Which change is the greater one to you?",
          "three rows of twelve digits: as they are; mirrored; with a faint grain, best seen "
          "on the black around them")

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.machine.display import bar_options

looks = {"judge of digits": lambda x: judged(judge, x)[0],
         "judge of photographs": lambda x: judged(stranger, wide(x))[0]}
fd = {kind: {name: [] for name in changed(0)} for kind in looks}
for draw in tqdm(range(2), desc="draws", **bar_options()):
    for kind, look in looks.items():
        reference = look(real[1000 * draw : 1000 * draw + 1000])
        for name, images in changed(draw).items():
            fd[kind][name].append(frechet_distance(reference, look(images)))

# %% [markdown]
# > **Predict:** which change puts the digits further away from real ones, the mirror or the faint noise?
# >
# > - the mirror, for both judges <!-- right -->
# > - for the judge of digits the mirror, for that of photographs the noise
# > - the noise, for both judges

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
floors = {kind: {name: np.array(values) / np.mean(found["real: fresh"])
                 for name, values in found.items()} for kind, found in fd.items()}
figure, axes = plt.subplots()
for (kind, found), colour, marker in zip(floors.items(), (BLUE, GREEN), "os", strict=True):
    axes.plot(list(found.values()), list(found), marker, color=colour, markersize=9, alpha=0.7,
              label=[kind, "_again"])
axes.axvline(1, color=INK, linewidth=1)
axes.set(xscale="log", xlabel="Frechet distance, in floors of the same judge")
axes.set_xticks([1, 2, 5, 10, 20, 40], ["1", "2", "5", "10", "20", "40"])
axes.minorticks_off()
axes.invert_yaxis()
plots.legend_above(axes)
show(figure, "Noise that you can hardly see: for the judge of photographs (green) it is as "
     "bad as five missing digits. Two draws of 1,000 digits each.",
     "digits: mirrored and missing ones far right; photographs: noise beside missing digits")
show_table(pd.DataFrame(floors).map(lambda values: f"{values.mean():.1f}"),
           "Frechet distance in floors, the mean of both draws.", fold="The numbers")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The mirror, for both: 41 floors against 1.6, and 23 against 6. (We had expected the judge of photographs to be blind
# there, since it was trained on churches mirrored at random.) But to that judge faint noise, a twentieth of the way from
# grey to white, is about as bad as half of the digits missing; to the judge of digits missing ones are more than twenty
# times as far away. In the last two rows the judge of digits sees that `mnist` is the worse generator, in both draws; to
# the judge of photographs `mnist` is at the floor, and `conditional` is no nearer. (With 1,000 digits chance makes up
# most of a floor, section 3. So the multiples here are smaller than those of 5,000 in section 1.) Whether Inception is
# as easily misled would have to be measured with its weights.
# </details>

# %% [markdown]
# A judge measures what it has learned to see. So name the judge, the number of images and the floor with every number,
# and never compare numbers of two judges.
#
# ## What to measure
#
# | the question | ask | it is blind to |
# |---|---|---|
# | how far, in one number? | Frechet distance, equal n or the limit; kernel distance | what shares its moments; copies |
# | bad pictures or missing ones? | precision and recall | stray points in the data; copies |
# | are whole classes missing? | mode entropy | everything inside of a class |
# | copied? | nearest neighbours, training against test | many copies that were moved or turned |
# | can it be told from real? | 1-NN two-sample test | copies of real pictures |
# | is it of use? | train on fake, test on real | pictures that are too easy |
#
# No row is enough by itself. Together, each beside its floor, they say what a sheet of pictures cannot.

# %% [markdown]
# > **Open exercise · Cheat the measures** — 60 minutes
# >
# > Build a "generator" of digits that beats `mnist` on as many rows of the table above as you can, without any training:
# > by copying, blurring, mixing or selecting images. Then design one measurement that exposes it, and show that the new
# > measurement does not accuse an honest generator.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | cheat | copies everything | says which row each trick is for, and which rows it loses |
# | scores | one number | every row of the table, with n, beside the floor and beside `mnist` |
# | exposure | "looks at the code" | uses the images alone |
# | false alarms | not tested | the new measurement on real digits and on both generators |
# | uncertainty | none | an interval; paired where the same images or questions are compared |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>A paper reports a distance of 5.1, of 5,000 images, and compares with another's 4.8, of 50,000. Who is better?</summary>
#
# These numbers cannot tell. With fewer images the distance is larger for that reason alone; extrapolate both, or measure
# both at one n, with the same judge and the same real images.
# </details>
#
# <details><summary>The kernel distance of your generator is -0.3. Is something broken?</summary>
#
# Nothing is broken. An unbiased estimate of something near 0 is below 0 about as often as above. It says that this number
# cannot tell your generator from the floor.
# </details>
#
# <details><summary>Precision 0.95, floor 0.87. Better than real?</summary>
#
# It probably keeps to the middle of the data, where everything is within somebody's reach. Look at its recall, which
# may have paid for that.
# </details>
#
# <details><summary>A two-sample accuracy of 0.3?</summary>
#
# An accuracy below one half says that the two sets hold near-copies of each other. Look for test images in the training
# set too.
# </details>
#
# <details><summary>Why is the floor of the Frechet distance not 0, but that of the kernel distance is?</summary>
#
# The first is never negative, so chance can only raise it. The second takes care to leave out each point's product with
# itself, and may fall below 0.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 4 (near-duplicates), section
#   6 (no nearest neighbours) and the supplement, 8.1 (conditional digits).
# - Heusel and others: [arXiv 1706.08500](https://arxiv.org/abs/1706.08500), the Frechet distance; Bińkowski and others:
#   [arXiv 1801.01401](https://arxiv.org/abs/1801.01401), the kernel distance.
# - Chong, Forsyth: *Effectively Unbiased FID*, [arXiv 1911.07023](https://arxiv.org/abs/1911.07023), for 1/n.
# - Kynkäänniemi and others: *Improved Precision and Recall*, [arXiv 1904.06991](https://arxiv.org/abs/1904.06991).
# - Lopez-Paz, Oquab: *Revisiting Classifier Two-Sample Tests*, [arXiv 1610.06545](https://arxiv.org/abs/1610.06545); Xu and
#   others: [arXiv 1806.07755](https://arxiv.org/abs/1806.07755), with 1-NN, for GANs.
# - Meehan, Chaudhuri, Dasgupta: *Data-Copying in Generative Models*, [arXiv 2004.05675](https://arxiv.org/abs/2004.05675).
# - Ravuri, Vinyals: *Classification Accuracy Score*, [arXiv 1905.10887](https://arxiv.org/abs/1905.10887), train on fake.

# %%
from dcgan_course import checks

checks.progress("11")

# %% [markdown]
# ---
# ← [10 · What D and G learned](10_what_d_learned.ipynb) · [12 · Your own images, and an errata hunt](12_your_own_images.ipynb) →
