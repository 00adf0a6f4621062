# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · What stabilises, and when to stop
#
# <img src="../data/best_and_end.webp" width="836" alt="left the curve of the Frechet distance, which falls to 40.7 and rises again to 54.5; right three generated churches at the best moment, in full colours, and below them the same z at the end, greyer">
#
# *One generator, the same `z`: trained half as long again, it draws greyer churches. This lesson finds the moment to
# stop, and asks which tricks help at all. (Three pairs that show it well; below are 32.)*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/06_what_stabilises.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about half a minute on two CPU cores.
#
# **You need:** lesson 05 for the studies and their numbers; means and standard deviations.
#
# After this lesson you can
#
# - stop a training at its best moment instead of its last;
# - turn a few seeds into an interval, and say "undecided" where it includes "no difference";
# - read which guidelines matter for a small network on digits, and which did not show;
# - write one-sided label smoothing and a moving average of G.
#
# **You write** the interval, the smoothed loss and the moving average; **we import** the recorded study.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · When to stop
#
# A classifier that is trained too long overfits. A GAN can get worse too. How would you notice, and when?
#
# > **What is `fd`?** The *Frechet distance*. A classifier that saw real digits only turns each picture into 64 numbers, its
# > features; `fd` says how far the features of generated digits lie from those of real ones, in their mean and in their
# > spread. Smaller is better; real digits against real digits give about 3 to 14. Churches have a classifier of their
# > own. [Lesson 11](11_measuring_gans.ipynb) builds it up and shows what it cannot see.

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
from scipy import stats

from dcgan_course import checks, plots
from dcgan_course.experiments.recording import RecordedStudy
from dcgan_course.machine.runtime import pick_device, seeded, settle_threads
from dcgan_course.plots import BLUE, GREEN, GREY, INK, ORANGE, show, show_table, show_turned
from dcgan_course.runs import load_run

plt.style.use(plots.STYLE)
print(f"torch {torch.__version__}, device {pick_device()}, CPU threads: {settle_threads()}")

# %% [markdown]
# Here are 32 `z` of the churches above at both moments. (They were trained without augmentation. With it, in lesson 09,
# they still improved when the training was stopped.) Move the line to and fro, and look at walls, towers and skies:

# %% jupyter={"source_hidden": true}
from PIL import Image, ImageDraw

from dcgan_course.plots import show_wiped


def headed(picture, words, side):
    """The picture below a band that says at its left or right end what it is."""
    sheet = Image.new("RGB", (picture.width, picture.height + 40), "#333333")
    place, anchor = (12, "lm") if side == "left" else (picture.width - 12, "rm")
    ImageDraw.Draw(sheet).text((place, 20), words, "white", plots.style.lettering(24), anchor)
    sheet.paste(picture, (0, 40))
    return sheet


churches = load_run("heritage_no_augment")
fd = {line["kimg"]: line["fd1787_heritage"] for line in churches.metrics()}
best, end = min(fd, key=fd.get), max(fd)
files = churches.path / "best.webp", churches.samples()[-1][1]
sheets = [Image.open(file).convert("RGB").crop((0, 0, 530, 266)) for file in files]
both = [sheet.resize((795, 399), Image.Resampling.LANCZOS) for sheet in sheets]
show_wiped(headed(both[0], f"best: fd {fd[best]:.1f}", "left"),
           headed(both[1], f"end: fd {fd[end]:.1f}", "right"),
           "Left of the line the best moment, right of it the end.",
           ("thirty-two generated churches of stone, with towers and skies",
            "the same churches, greyer and flatter"))

# %% [markdown]
# > **Predict:** the training wrote down all of these as it went. Which of them would have told you to stop there?
# >
# > - D's loss
# > - G's loss
# > - D(x) and D(G(z))
# > - none of them <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
lines = churches.stats()
kimg = [line["kimg"] for line in lines]
figure, axes = plt.subplots(1, 2)
for axis, keys, title in zip(axes, (("loss_D", "loss_G"), ("D_x", "D_G_z")),
                             ("losses", "D's answers"), strict=True):
    for key, colour in zip(keys, (BLUE, ORANGE), strict=True):
        label = {"D_x": "D(x), real", "D_G_z": "D(G(z)), generated"}.get(key, key)
        values = [line[key] for line in lines]
        axis.plot(kimg, values, color=colour, linewidth=0.8, alpha=0.35)
        smooth = pd.Series(values).rolling(41, center=True).mean()
        axis.plot(kimg, smooth, color=colour, label=label)
    axis.axvline(best, color=INK, linestyle="--", label="best pictures")
    axis.set(xlabel="thousand images shown")
    plots.legend_above(axis, title)
show(figure, "Pale: each line. Strong: means over 41. No curve names the best moment.",
     "losses and D's answers of the churches: the answers drift apart, G's loss has "
     "a broad minimum")
parts = {"first 100 thousand": [line for line in lines if line["kimg"] < 100],
         "last 100 thousand": [line for line in lines if line["kimg"] > kimg[-1] - 100]}
show_table(pd.DataFrame({name: {"D(x)": np.mean([line["D_x"] for line in part]),
                                "D(G(z))": np.mean([line["D_G_z"] for line in part])}
                         for name, part in parts.items()}).T.map("{:.2f}".format))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# None of them. G's loss (the strong line) is lowest at 313 thousand images. Had you stopped there, you would have kept
# pictures at 52.5, not at 40.7: hardly better than those of the end, 54.5. And it is flat: in all the time after that it
# rises by about as much as the pale line moves from one point to the next. In lesson 04 the pictures got better while it
# rose.
#
# D grows surer on photographs that it has seen more than a hundred times, a hint that it memorises them and pushes G
# away from everything else. (This is one training with one seed.)
# </details>

# %% [markdown]
# Not every training turns. The churches had 3,573 photographs; the digits of the next figure, 60,000 images:

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(6.4, 2.8))
lines = load_run("mnist").metrics()
kimg, values = ([line[key] for line in lines] for key in ("kimg", "fd10k_mnist"))
axes.plot(kimg, values, color=ORANGE, marker=".")
axes.plot(kimg[-1], values[-1], "o", color=GREEN, markersize=9,
          label=f"best, and last: {values[-1]:.1f} after {kimg[-1]:,.0f} thousand images")
axes.set(xlabel="thousand images shown", ylabel="Frechet distance", yscale="log")
axes.set_yticks([20, 50, 100, 200], ["20", "50", "100", "200"])
axes.minorticks_off()
plots.legend_above(axes)
show(figure, "These digits still improved when their training was stopped: no turn here.",
     "the digits' distance falls to the very end")

# %% [markdown]
# Larger data sets do not protect from it. The logs of
# [PyTorch-StudioGAN](https://github.com/POSTECH-CVLab/PyTorch-StudioGAN) report for a DCGAN on CIFAR-10 a FID of 49.03
# after 42 thousand steps and of 137.41 after 200 thousand. (A FID comes from another classifier: no `fd` here compares
# with it.) And the paper's conclusion reports an instability of longer trainings: "as models are trained longer they
# sometimes collapse a subset of filters to a single oscillating mode".
#
# So **score while you train, and keep the best, not the last.** `dcgan-course train --metric_every 1` does that;
# `run.best_checkpoint()` of your own run finds it (recorded runs have kept only its weights).

# %%
def best_line(lines, metric):
    """The line of metrics.jsonl with the smallest metric."""
    return min(lines, key=lambda line: line[metric])


chosen = best_line(churches.metrics(), "fd1787_heritage")
print(f"keep the checkpoint at step {chosen['step']:,},",
      f"after {chosen['kimg']:.0f} thousand images")

# %% [markdown]
# ## 2 · A difference, or chance?
#
# The study `stabilisers` trained one small DCGAN on digits in many versions: each switches one thing off, or on, and
# leaves the rest alone (a few change two things: section 6 has three). Each version was trained with several
# seeds, the same ones for all.

# %%
study = RecordedStudy("stabilisers")
seeds = sorted(set(study.table["seed"]))
print(f"{len(study.study.configs)} versions, seeds {seeds};",
      f"{study.about['thousand_images']:,} thousand images in all")

# %% [markdown]
# **Mind the clock.** Each training sees every digit once, 60 thousand images, and the baseline's `fd` ends near 214.
# The digits of section 1 come from twenty times as many, and reach 17.0 (of 10,000 pictures; here of 2,000). So "better"
# below means better *early in a training*, on easy pictures, in a small network.
#
# Take the baseline and one-sided smoothing, and the `fd` of 2,000 pictures with each seed.

# %% jupyter={"source_hidden": true}
def by_seed(configs):
    """The Frechet distance of each version (a column) with each seed (a row)."""
    return pd.DataFrame({config: study.values(config, "fd") for config in configs},
                        [f"seed {seed}" for seed in seeds])


pairs = by_seed(["baseline", "smoothing 0.9"])
figure = plots.dots(pairs, "Frechet distance; smaller is better")
figure.axes[0].hlines(range(len(pairs)), pairs.min(axis=1), pairs.max(axis=1), GREY, zorder=0)
show(figure, "The same two versions with five seeds. Which one is better?",
     "five rows with two dots each: in three the baseline is lower, in two the smoothing")

# %% [markdown]
# The same seed means the same order of images, and the same first weights where the networks are the same. If a seed is
# lucky with every version, then differences taken **seed by seed** are free of that luck. So we look at those.
#
# The distances of good versions are near 200, those of failures in the thousands. Over such a range a **ratio** means
# more than a difference, and the logarithm turns ratios into differences: 0 means equal, +0.69 twice the distance.

# %%
def log_ratios(config):
    """log of each seed's distance over that of the baseline's with the same seed."""
    return np.log(study.values(config, "fd")) - np.log(study.values("baseline", "fd"))


# %% [markdown]
# In the next figure each dot is a seed's ratio, and each bar the **95 % confidence interval** of their mean. It is made
# so that, if the study were repeated many times, about 95 of 100 such intervals would contain the true mean. Where the
# bar includes 1, the study does not decide: it stays grey.
#
# How many seeds does a verdict need? **Move the slider:** it takes the first 2, 3, 4 or all 5. (*No moving average*
# scores G itself, section 5. *Leak 0.01*: D's LeakyReLU has the slope 0.01 for negative numbers, the baseline's 0.2.)

# %% jupyter={"source_hidden": true}
from dcgan_course.measuring import tables


def with_seeds(n):
    """Three versions: a dot for each of the first n seeds, and the interval that they give."""
    figure = plt.Figure(figsize=(5, 3.2))  # narrow, for a phone's sake
    axes = figure.subplots()
    axes.axvline(1, color=GREY, linewidth=1)
    for place, name in enumerate(("no moving average", "leak 0.01", "smoothing 0.9")):
        axes.text(0.21, place - 0.48, name, fontsize=12, va="center")
        logs = log_ratios(name)[:n]
        mean, half = tables.interval(logs)
        colour = GREY if abs(mean) <= half else ORANGE if mean > 0 else GREEN
        ends = np.exp([mean - half, mean + half])
        axes.plot(ends, [place, place], color=colour, linewidth=4)
        axes.plot(np.exp(logs), [place - 0.2] * n, "o", color=INK, markersize=4)
    axes.set(xscale="log", xlim=(0.2, 3.2), ylim=(2.3, -0.8), yticks=[],
             xlabel="times the baseline's distance")
    axes.set_xticks([0.2, 0.5, 1, 2, 3], ["0.2", "0.5", "1", "2", "3"])
    axes.minorticks_off()
    return figure


show_turned({f"{n} seeds": with_seeds(n) for n in range(2, 6)},
            "Dots: seeds. Bars: intervals. Grey: undecided; green: better; orange: worse.",
            "three intervals, which grow shorter as seeds are added")

# %% [markdown]
# With 2 seeds none of the three is decided, although both were worse without the moving average. An effect that is about
# the same with every seed needs few of them; where seeds scatter around 1, five are not enough.
#
# The bars come from a formula. For $n$ logarithms of ratios with mean $m$ and standard deviation $s$ the interval is
#
# $$m \pm t \cdot \frac{s}{\sqrt{n}}$$
#
# where $t$ comes from **Student's distribution** with $n - 1$ degrees of freedom. For hundreds of numbers it is 1.96;
# for few it is larger, because $s$ itself is a guess: 2.78 for five, 4.30 for three, and 12.71 for two.

# %% [markdown]
# > **Exercise 1 · The interval** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Write the mean and half of the interval's width. `s` is the standard deviation of a *sample*: it divides by $n - 1$.

# %%
def my_interval(differences):
    """Numbers, one for each seed -> (mean, half the width of the 95 % interval)."""
    raise NotImplementedError


# %%
interval = checks.check_interval(my_interval)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.std(values, ddof=1)` divides by $n - 1$. Of a two-sided interval each end leaves 2.5 % outside: `ppf(0.975, n - 1)`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_interval(differences):
#     n = len(differences)
#     half_width = stats.t.ppf(0.975, n - 1) * np.std(differences, ddof=1) / np.sqrt(n)
#     return np.mean(differences), half_width
# ```
# </details>

# %% [markdown]
# Where the interval of the logarithms includes 0, the version is *undecided*. That is a result too. Where it does not, we
# say *better* or *worse* for now; section 3 has to be stricter.

# %%
def verdict(config):
    """(ratio, low, high, word): how many times the baseline's distance, with its interval."""
    mean, half = interval(log_ratios(config))
    word = "undecided" if abs(mean) <= half else "worse" if mean > 0 else "better"
    return np.exp(mean), np.exp(mean - half), np.exp(mean + half), word

# %%
versions = [name for name in study.study.configs if name != "baseline"]
alone = {name: verdict(name) for name in versions}
alone = dict(sorted(alone.items(), key=lambda pair: pair[1]))

# %% jupyter={"source_hidden": true}
def named(verdicts):
    """The same by the names shown: "[4] images in 0 to 1", where 4 is no count."""
    marked = {name: f"[{name[0]}]{name[1:]}" for name in verdicts if name[0].isdigit()}
    return {marked.get(name, name).removesuffix(" as for a classifier")
            .replace("batch norm on the", "batch norm,"): numbers
            for name, numbers in verdicts.items()}


def told(verdicts):
    """5 better, 12 worse, ...: in words, for those who cannot see the figure."""
    found, words = [word for *_, word in verdicts.values()], ("better", "worse", "undecided")
    return ", ".join(f"{found.count(word)} {word}" for word in words)


# %% jupyter={"source_hidden": true}
measure = "times the baseline's distance"


def forest(verdicts, ticks):
    """A line for each version, its mean ratio beside it: narrow, for a phone's sake."""
    figure = plots.forest(named(verdicts), measure, ticks)
    axes = figure.axes[0]
    for text, label in zip(axes.texts, axes.get_yticklabels(), strict=True):
        text.set_text(text.get_text().split()[0])
        label.set(color=text.get_color(), fontsize=10.5)
    axes.set_xlim(right=1.5 * ticks[-1])  # the longest bar ends well before the frame
    figure.set_figwidth(5.4)
    return figure


# %% [markdown]
# ## 3 · Every guideline off, one at a time
#
# Now all 25 versions, each against the baseline. A number in brackets before a name is that of the guideline (lesson 02)
# that the version breaks.
#
# > **Predict:** one of these makes the digits better. Which?
# >
# > - spectral norm in D, a later invention
# > - LeakyReLU in G, against guideline 4
# > - pooling in D instead of strides, against guideline 1 <!-- right -->
# > - D learns four times as fast as G, a later idea

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
four = {name: numbers for name, numbers in alone.items() if name in (
    "spectral norm in D", "4 LeakyReLU in G", "1 pooling in D", "D learns 4 times as fast")}
show(forest(four, [0.4, 0.6, 1, 2, 5]),
     "Left of 1 is better. Green: better. Orange: worse. Grey: undecided. Right: the mean.",
     f"a line for each of four versions: {told(four)}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Pooling in D: 0.56 times the baseline's distance, and its whole interval lies below 1. LeakyReLU in G is undecided, and
# the two later ideas come out worse.
# </details>

# %% [markdown]
# ### Many comparisons at once
#
# Those were four of 25. Suppose that *none* of the 25 differed from the baseline. Each interval at 95 % would still miss
# the 1 by chance in one of twenty cases: you would expect 1.25 false verdicts, and, were the comparisons independent, at
# least one with probability $1 - 0.95^{25}$, which is 72 %. So the more comparisons you make, the more you must ask of
# each. **Holm's correction** does.
#
# Here are all 25 lines, the best first, each asked alone. **Move the slider** to its right end, where Holm's correction
# asks all at once, and see which lines turn grey:

# %% jupyter={"source_hidden": true}
p_values = {name: stats.ttest_1samp(log_ratios(name), 0).pvalue for name in versions}
by_p = sorted(versions, key=p_values.get)
decided = tables.holm(p_values)
verdicts = {name: (*numbers, word if name in decided else "undecided")
            for name, (*numbers, word) in alone.items()}
lost = [name for name in by_p if alone[name][3] != verdicts[name][3]]
ticks = [0.3, 1, 3, 10, 30, 100]
corrected = forest(verdicts, ticks)
dots = corrected.axes[0].lines[2::2]  # the line at 1, then for each version a bar and a dot
for dot, name in zip(dots, verdicts, strict=True):
    if name in lost:
        colour = GREEN if alone[name][3] == "better" else ORANGE
        dot.set(markerfacecolor="none", markeredgecolor=colour, markeredgewidth=1.8)
show_turned({f"before: each alone, {told(alone)}": forest(alone, ticks),
             f"after Holm: all 25 at once, {told(verdicts)}": corrected},
            "Left of 1 is better. Rings: verdicts that are lost, in the colour that they had.",
            "a line for each of 25 versions", above=True)

# %% [markdown]
# (*First weights of PyTorch* are the library's own, not those of N(0, 0.02). *Gains around 0*: batch norm's gains begin
# at N(0, 0.02), not at N(1, 0.02), a slip that lesson 02 names.)
#
# How does Holm's correction ask? By **p-values**: for each version, the probability that ratios at least as far from 1
# would come by chance if the version did not differ from the baseline. An interval at 95 % that misses the 1 is a
# p-value below 0.05, so nothing new yet.
#
# Holm's rule keeps the probability of *any* false verdict among all $m$ below 5 %. Sort the p-values. The smallest must
# be below $0.05 / m$, the next below $0.05 / (m - 1)$, and so on; at the first that fails, stop: that one and all after
# it stay undecided. The rule needs no independence. Here that matters, because there is none: all 25 versions are
# compared with the same five baseline trainings; were those unlucky, all versions would look good together.

# %%
def holm(p_values, level=0.05):
    """{name: p-value} -> the names that stay decided when all are asked at once."""
    ranked = sorted(p_values, key=p_values.get)
    for place, name in enumerate(ranked):
        if p_values[name] > level / (len(ranked) - place):
            return set(ranked[:place])
    return set(ranked)


print(f"of {len(decided) + len(lost)} verdicts {len(holm(p_values))} survive")

# %% jupyter={"source_hidden": true}
lines = {name: [*map("{:.2f}".format, alone[name][:3]), p_values[name],
                0.05 / (len(versions) - place), "lost" if name in lost else verdicts[name][3]]
         for place, name in enumerate(by_p)}
heads = ["ratio", "from", "to", "p-value", "allowed", "verdict"]
show_table(pd.DataFrame(named(lines), heads).T,
           "At the first p-value above what is allowed Holm's rule stops.",
           fold="All 25 in numbers, by p-value")

# %% [markdown]
# The first of the six that are lost, G learning four times as fast, fails by a hair: its p-value is 0.00364, and 0.00357
# is allowed. From here on a version counts as *better* or *worse* only if Holm's correction leaves it decided. Guideline
# by guideline:
#
# | guideline | what breaks it (times the distance) | verdict on these digits |
# |---|---|---|
# | 1, strides | pooling in D (0.56); resizing in G (0.74) | both better |
# | 2, batch norm | none at all (3.50); on G's output (22.75); on D's input (0.97) | on G's output it is worse, the others undecided |
# | 3, no dense hidden layers | one in G and one in D, 1,024 units wide (10.72) | undecided; it depends on the seed |
# | 4, ReLU, tanh | LeakyReLU in G (1.11); images in [0, 1] (1.08), or normalised as for a classifier (30.87); a sigmoid (35.69) | the first two undecided, the last two worse |
# | 5, LeakyReLU in D | ReLU (0.76) | better |
#
# **Undecided does not mean harmless.** No batch norm at all multiplies the distance by 3.50 on average, dense layers by
# 10.72; their seeds differ so much that five are too few. LeakyReLU in G is undecided in another way: its interval runs
# from 0.97 to 1.27, so it may cost nothing, or a quarter. In both cases the study says "I do not know", and never "it is
# safe".
#
# ### And to the eye?
#
# A ratio is no picture. Here are six of these 26 versions, eight digits of seed 0 each, none picked. They are, in
# another order: the baseline, pooling in D, no batch norm, batch norm on G's output, dense hidden layers and a sigmoid.
# Put a name to each row, and then the rows in order:

# %% jupyter={"source_hidden": true}
from dcgan_course.plots import show_rows

RIDDLE = dict(zip("PQRSTU", ("3 dense hidden layers", "2 no batch norm", "1 pooling in D",
                             "2 batch norm on the output of G", "baseline",
                             "4 sigmoid output"), strict=True))
show_rows({letter: study.images(name)[:8] for letter, name in RIDDLE.items()},
          "Look at broken strokes, blots, the ground, and how many kinds of digits.",
          "six rows of eight: clean digits; digits with broken strokes and blots; clean "
          "digits; digits on grey; digits, some broken; grey with white dots")

# %% [markdown]
# > **Predict:** P and R look equally clean, but over 2,000 pictures of this seed P has nearly twice R's distance. Why?
# >
# > - among 2,000 digits of P many are blots
# > - whole ways to write a digit are missing in P <!-- right -->
# > - P's ground is not quite black

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
FORMS = {"fd": "{:,.0f}", "precision": "{:.2f}", "recall": "{:.2f}"}
answer = {letter: [name.lstrip("1234 "), *(form.format(study.values(name, key)[0])
                                           for key, form in FORMS.items())]
          for letter, name in RIDDLE.items()}
show_table(pd.DataFrame(answer, ["version", *FORMS]).T,
           "Seed 0. Precision: its digits that lie among real ones. Recall: real ones among "
           "its digits.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Whole ways to write a digit are missing in P, dense layers: its recall is 0.17, and no eye sees in eight pictures what
# is not there (lesson 11). By precision its digits are even the cleanest of the six, 0.80. R, pooling in D, has the
# smallest distance. S, batch norm on G's output, is with this seed 18 times as far as the baseline, above all for a
# ground that is not quite black; most of its digits can be read all the same. U cannot draw black at all: a sigmoid
# ends at 0, and black is -1 here. (The authors' code for MNIST has a sigmoid with images in [0, 1], and dense layers as
# well, lesson 12.)
# </details>

# %% [markdown]
# Seed 0 was a lucky one for dense layers, which have the widest interval of all:

# %% jupyter={"source_hidden": true}
uneven = by_seed(["baseline", "3 dense hidden layers"])
show_table(uneven.round().astype(int).T.rename(lambda name: name.removeprefix("3 ")),
           "Frechet distance with dense layers: one seed near the baseline's, three far off.")

# %% [markdown]
# A choice can be bad because it fails *sometimes*. Neither a mean with an interval nor a verdict describes that well, so
# look at the seeds.
#
# ## 4 · One-sided label smoothing
#
# Let the target for real images be 0.9, and not 1. D then pays
#
# $$-0.9 \log D(x) - 0.1 \log(1 - D(x))$$
#
# for a real image. Only this side is smoothed: for generated images the target stays 0.
#
# > **Exercise 2 · A smoothed loss for D** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > Write D's loss on logits with the target `label` for real images.

# %%
def my_smoothed_d_loss(logits_real, logits_fake, label=0.9):
    """D's loss from logits (N,) and (M,), a scalar; targets: `label` for real ones, else 0."""
    raise NotImplementedError


# %%
smoothed_d_loss = checks.check_smoothed_d_loss(my_smoothed_d_loss)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)` takes any targets between 0 and 1;
# `torch.full_like(logits, label)` makes them.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_smoothed_d_loss(logits_real, logits_fake, label=0.9):
#     bce = torch.nn.functional.binary_cross_entropy_with_logits
#     loss_real = bce(logits_real, torch.full_like(logits_real, label))
#     loss_fake = bce(logits_fake, torch.zeros_like(logits_fake))
#     return loss_real + loss_fake
# ```
# </details>

# %% [markdown]
# > **Predict:** which answer for a real image costs least, with a target of 0.9? The next cell tries 999 of them, from
# > 0.001 to 0.999, and the target 1 as well.
# >
# > - the surest one, 0.999
# > - 0.9 <!-- right -->
# > - 0.5

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
p = torch.linspace(0.001, 0.999, 999)
recognised = torch.tensor([-20.0])  # D's logit of a generated image that it is sure of
figure, axes = plt.subplots(figsize=(7, 3))
for label, colour in ((1.0, GREY), (0.9, BLUE)):
    cost = torch.stack([smoothed_d_loss(torch.logit(x)[None], recognised, label)
                        for x in p])
    cheapest = cost.argmin()
    axes.plot(p, cost, color=colour, label=f"target {label}")
    axes.plot(p[cheapest], cost[cheapest], "o", color=colour, markersize=9)
    print(f"target {label}: the cheapest D(x) is {p[cheapest]:.2f}")
axes.set(xlabel="D(x)", ylabel="what D pays for a real image", ylim=(-0.05, 1.5))
plots.legend_above(axes)
show(figure, "With the target 0.9 the cost has a valley; it rises where D is surer.",
     "two curves that fall to the right; that of the target 0.9 rises again from 0.9")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It is 0.9: being surer costs more. With the target 1 the surest answer is the cheapest, so D's logits for real images
# can grow for ever; with 0.9 they end at 2.2. (For generated images, whose target is still 0, nothing stops them.)
# </details>

# %% [markdown]
# And with generated images? Let D be free to answer each $x$ as it likes. Where real images lie with density $p$ and
# generated ones with density $q$, it pays $-0.9\,p \log D - (0.1\,p + q) \log(1 - D)$ there, and least at
#
# $$D(x) = 0.9 \cdot \frac{p}{p + q}$$
#
# That is 0.9 of its best answer without smoothing (lesson 01), for **every** image, real or generated, sure or not.
# Does the study show it? D(x) and D(G(z)) of both versions, and the baseline's times 0.9, dashed:

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharex=True)
plain, smoothed = (pd.DataFrame(study.curves(name)).set_index("kimg")[["D_x", "D_G_z"]]
                   .rolling(9, 1).mean() for name in ("baseline", "smoothing 0.9"))
for axis, key, title in zip(axes, ("D_x", "D_G_z"), ("D(x), real", "D(G(z)), generated"),
                            strict=True):
    axis.plot(plain[key], color=GREY, label="target 1")
    axis.plot(0.9 * plain[key], color=INK, linestyle="--", label="the same times 0.9")
    axis.plot(smoothed[key], color=BLUE, label="target 0.9")
    axis.set(xlabel="thousand images shown")
    plots.legend_above(axis, title)
show(figure, "Does blue follow the dashed line? Means over nine lines of the log.",
     "left and right the blue curve lies on the dashed one, a tenth below the grey one")

# %% [markdown]
# It does, within 0.02 all the way. At the end D(x) is 0.635 with the target 1, 0.9 times that is 0.571, and with 0.9
# it is 0.568; D(G(z)) is 0.366, 0.329 and 0.327. So smoothing scaled D just as theory says. The distance stays
# undecided: its ratio is 1.00 (0.89 to 1.13), and with 0.9 in G's loss as well it is 0.93 (0.83 to 1.05).
#
# A small gain or loss could hide in that, but theory expects neither: G's loss is $-\log D(G(z))$, and a factor of 0.9
# in D adds $-\log 0.9$ to it, a constant, which has no slope. Smoothing is meant for a D that is sure of nearly every
# image, where 0.9 keeps its logits for real ones from growing without end.

# %% [markdown]
# ## 5 · A moving average of G
#
# In lesson 01 two players circled around a point, and the mean of their path lay in its centre. The same idea works for
# a network: keep a second G that moves a small part of the way towards the first at each step,
#
# $$\theta_{ema} \leftarrow (1 - w)\,\theta_{ema} + w\,\theta$$
#
# This second G plays no part in the training; it is only what you show and score.
#
# > **Exercise 3 · The moving average** — difficulty 2 of 3 · importance 2 of 3 · 10 minutes
# >
# > Change `netG_ema` in place. Its batch norms have running statistics; averaged weights need averaged statistics.

# %%
def my_ema(netG_ema, netG, weight):
    """Move every number of netG_ema by the part `weight` of the way towards netG, in place."""
    raise NotImplementedError


# %%
update_ema = checks.check_ema(my_ema)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `state_dict()` holds parameters and statistics, as tensors that share their memory with the network, so changing them
# in place changes the network. `a.lerp_(b, w)` moves a towards b. One entry, `num_batches_tracked`, is a whole number:
# copy it.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# @torch.no_grad()
# def my_ema(netG_ema, netG, weight):
#     now = netG.state_dict()
#     for name, value in netG_ema.state_dict().items():
#         if value.is_floating_point():
#             value.lerp_(now[name], weight)
#         else:
#             value.copy_(now[name])
# ```
# </details>

# %% [markdown]
# The next cell shakes the weights of a trained G at random, 60 times, and each time lets them go half of the way back.
#
# > **Predict:** which of the two ends nearer to where it began?
# >
# > - the last G
# > - the moving average, a little
# > - the moving average, several times <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
import copy

netG = load_run("mnist_quick").load_generator()
start, netG_ema = copy.deepcopy(netG), copy.deepcopy(netG)
stream, away = seeded(0, "shake"), []
for _ in range(60):
    with torch.no_grad():  # away from `start`, and half of the way back
        for now, then in zip(netG.parameters(), start.parameters(), strict=True):
            now.lerp_(then, 0.5).add_(0.01 * torch.randn(now.shape, generator=stream))
    update_ema(netG_ema, netG, 0.02)
    first, ema, now = (net.blocks[0][0].weight for net in (start, netG_ema, netG))
    away.append([(weight - first).std().item() / 0.01 for weight in (now, ema)])
figure, axes = plt.subplots(figsize=(7, 2.6))
for values, colour, name in zip(np.transpose(away), (ORANGE, GREEN),
                                ("the last G", "the moving average"), strict=True):
    axes.plot(values, color=colour, label=f"{name}: {values[-1]:.1f} away")
axes.set(xlabel="shakes", ylabel="distance, in shakes", ylim=(0, None))
plots.legend_above(axes)
show(figure, "How far the first layer's weights lie from where they began.",
     "two curves: that of G rises to 1.2 at once, that of the average stays low")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The moving average, several times: 0.2 against 1.2, in units of one shake. Shakes in opposite directions cancel in it.
# </details>

# %% [markdown]
# And in a training? The average only watches. So the version *no moving average* with seed 0 is the baseline's own G, and
# the baseline's pictures are those of its average, for the same `z`. Move the line over the strokes:

# %% jupyter={"source_hidden": true}
from dcgan_course.sampling import image_grid


def twelve(config):
    """Two rows of six digits, five times as large."""
    grid = Image.fromarray(image_grid(study.images(config)[:12], 6).numpy())
    return grid.resize((5 * grid.width, 5 * grid.height), Image.Resampling.NEAREST)

# %% jupyter={"source_hidden": true}
itself, mean = (study.values(name, "fd")[0] for name in ("no moving average", "baseline"))
show_wiped(headed(twelve("no moving average"), f"G itself: fd {itself:.0f}", "left"),
           headed(twelve("baseline"), f"its average: fd {mean:.0f}", "right"),
           "Left of the line G itself, right of it its moving average.",
           ("twelve digits with frayed edges and thin places",
            "the same digits, most with fuller strokes"))

# %% [markdown]
# Most strokes of the average are fuller and more even; a few digits stay broken. With every one of the five seeds G
# itself lies farther from real digits than its average: 1.33 times as far, with an interval from 1.26 to 1.41, and
# Holm's correction leaves it decided.
#
# Early in a training the average can be worse than G: while G learns fast, its average lags behind. The package's has a
# half-life of 5 % of the images shown so far, at most `ema_kimg` thousand.

# %% [markdown]
# ## 6 · Other ideas
#
# Six other ideas:
#
# - **D learns 4 times as fast**: its learning rate is twice the baseline's, and G's is half the baseline's.
# - **G learns 4 times as fast**: the same the other way round.
# - **Instance noise**: a little normal noise lies on every image that D sees, real or generated.
# - **Spectral norm in D**: each of D's layers is divided by its largest singular value, so that D cannot become steep.
#   It takes the place of D's batch norm: two changes in one.
# - **Least squares**: D's plain answer, without a sigmoid, is to be 1 for real and 0 for generated images; both players
#   pay half the squared error.
# - **Minimax**: the loss of lesson 01 whose slope for G vanishes where D is sure.
#
# Here are eight digits of each, of seed 0, none picked:

# %% jupyter={"source_hidden": true}
IDEAS = ("baseline", "D learns 4 times as fast", "G learns 4 times as fast",
         "instance noise 0.1", "spectral norm in D", "least squares", "minimax")
show_rows({name: study.images(name)[:8] for name in IDEAS},
          "The baseline on top: which rows differ from it?",
          "seven rows of eight digits: some strokes are broken in most; spectral norm "
          "draws blots, and least squares is blurred and on grey")

# %% [markdown]
# Two rows look by far the worst: spectral norm, in blots, and least squares, blurred and on grey. Yet of these two,
# after Holm's correction, only spectral norm counts as worse, though least squares has the larger ratio: 11 on average.
#
# > **Predict:** how far are the five seeds of least squares, in times the baseline's distance?
# >
# > - all of them near 11
# > - from about 2 to 23 <!-- right -->
# > - four near 1, and one huge

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
figure = plots.rows_of_points({name: np.exp(log_ratios(name)) for name in IDEAS[1:]},
                              measure, [1, 2, 5, 10, 20])
figure.set_figwidth(5.4)
axes = figure.axes[0]
for place, name in enumerate(IDEAS[1:]):
    for marks in axes.lines[2 * place:2 * place + 2]:  # the seeds, and their mean
        marks.set_color(plots.points.VERDICTS[verdicts[name][3]])
axes.axvline(1, color=GREY, linewidth=1)
few = {name: verdicts[name] for name in IDEAS[1:]}
show(figure, "A dot for each seed, a bar for their mean. Orange: worse. Grey: undecided.",
     f"five dots for each of six versions: {told(few)}; those of least squares lie by far "
     "the widest apart, from 2.4 to 23")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# From about 2 to 23: every seed is worse, but so unevenly that the mean is known badly, and Holm's rule asks more of it
# than five such seeds give. Those of spectral norm agree, from 3.8 to 5.5 times. D four times as fast is worse too: did
# its broken strokes tell you? None of the six is better. G four times as fast comes nearest: all its seeds lie below 1,
# and Holm's rule stops just there.
# </details>

# %% [markdown]
# Each of these ideas was proposed for a problem that this training may not have. An idea that does nothing here may save
# another training, and one that helps here may do nothing there. Try it where you need it, over seeds.

# %% [markdown]
# > **Open exercise · Design a study that could refute you** — 60 minutes
# >
# > Choose one belief about training GANs that you hold, or one verdict of section 3 that you doubt. Design a study that
# > could refute it: configs, seeds, the number at the end, the comparison and its correction. Write it as a file like
# > those in `data/studies`, say beforehand which result would count against you, and if you have an hour of computing
# > time, run it with `dcgan-course study FILE`.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | belief | "X is better" | X, compared with what, in which network, on which data, by how much |
# | control | none | one change at a time, or all combinations; rates tuned for each by the same rule |
# | number of seeds | chosen by habit | derived from the spread of the baseline: how wide would the interval be? |
# | comparisons | each read alone | how many there are, and how they are corrected |
# | verdicts | better or worse | "undecided" is possible, and is not read as "no difference" |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Three seeds, all a little worse than the baseline: +1 %, +2 %, +9 %. Decided?</summary>
#
# It is not decided. Their mean is 4 %, their standard deviation 4.4 %, and with $t = 4.30$ the interval is wider than
# the mean. More seeds would tell.
# </details>
#
# <details><summary>Why compare seed by seed, and not the mean of one version with the mean of the other?</summary>
#
# Versions with one seed share the order of images, and first weights where the networks are the same. Where that makes
# them share their luck, the difference removes it, and the interval gets narrower. Where the correlation is not
# positive, nothing is gained.
# </details>
#
# <details><summary>You tried twenty ideas with five seeds each, and one of them is "better". What now?</summary>
#
# At 5 % each, one false "better" or "worse" in twenty is what chance gives. Correct for all twenty, with Holm's rule of
# section 3. If the verdict does not survive, you may train that one version again, with new seeds, and count only those.
# </details>
#
# <details><summary>Does the moving average change the training?</summary>
#
# No, the average only watches. Two runs with and without it have the same G and D at every step.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 3; section 7 for what happens
#   in longer trainings.
# - Salimans and others: [arXiv 1606.03498](https://arxiv.org/abs/1606.03498), section 3.4, one-sided smoothing.
# - Holm: *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics 6 (1979).
# - Heusel and others: [arXiv 1706.08500](https://arxiv.org/abs/1706.08500), two learning rates.
# - Miyato and others: [arXiv 1802.05957](https://arxiv.org/abs/1802.05957), spectral norm.
# - Mao and others: [arXiv 1611.04076](https://arxiv.org/abs/1611.04076), least squares.
# - Zhao and others: [arXiv 2006.10738](https://arxiv.org/abs/2006.10738), few images and augmentation.
# - The logs of FID over time: [PyTorch-StudioGAN](https://github.com/POSTECH-CVLab/PyTorch-StudioGAN).

# %%
from dcgan_course import checks, plots

checks.progress("06")

# %% [markdown]
# ---
# ← [05 · The failure lab](05_failure_lab.ipynb) · [07 · Walking the latent space](07_latent_space.ipynb) →
