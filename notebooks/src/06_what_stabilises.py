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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/06_what_stabilises.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about 25 seconds on two CPU cores.
#
# **You need:** lesson 05 for the studies and their numbers; means and standard deviations.
#
# After this lesson you can
#
# - turn a few seeds into an interval, and say "undecided" where it includes zero;
# - read which guidelines matter for a small network on digits, and which did not show;
# - write one-sided label smoothing and a moving average of G;
# - stop a training at its best moment instead of its last.
#
# **You write** the interval, the smoothed loss and the moving average; **we import** the recorded study.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% cellView="form" jupyter={"source_hidden": true}
# @title In Colab or on Kaggle: fetch the course
import os
import sys

LENT = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if LENT and not os.path.isdir("../dcgan_course"):
    import importlib.util
    import shutil
    import subprocess

    url = "https://github.com/dcgan-course/dcgan-course"
    there = importlib.util.find_spec("dcgan_course")  # from another notebook of this machine
    home = os.path.dirname(os.path.dirname(there.origin)) if there else os.path.abspath(url.split("/")[-1])
    if os.path.isdir(f"{home}/.git") and not os.path.isfile(f"{home}/.git/index"):
        shutil.rmtree(home)  # a clone that was cut short
    whole = os.path.isdir(home)
    git = ["-C", home, "pull", "--ff-only"] if whole else ["clone", "--depth=1", url, home]
    done = subprocess.run(["git", *git, "--quiet"], capture_output=True, text=True)
    if not os.path.isfile(f"{home}/dcgan_course/machine/colab.py"):
        sys.exit(f"{url}: cannot be fetched (on Kaggle: is Internet on?)\n{done.stderr.strip()[-300:]}")
    sys.path.insert(0, home)
    from dcgan_course.machine.colab import ready

    ready(home, done)

# %% tags=["nbval-ignore-output"]
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy import stats

from dcgan_course import checks
from dcgan_course.experiments.recording import RecordedStudy
from dcgan_course.machine.runtime import pick_device, seeded, settle_threads
from dcgan_course.runs import load_run

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
print(f"torch {torch.__version__}, device {pick_device()}, CPU threads: {settle_threads()}")

# %% [markdown]
# ## 1 · A difference, or chance?
#
# The study `stabilisers` trained one small DCGAN on digits in many versions: each switches one thing off, or on, and
# leaves the rest alone. Each version was trained with several seeds, the same ones for all.

# %%
study = RecordedStudy("stabilisers")
seeds = sorted(set(study.table["seed"]))
print(f"{len(study.study.configs)} versions, seeds {seeds}; {study.about['thousand_images']:,} thousand images in all")

# %% [markdown]
# Take the baseline and one-sided smoothing. `fd` is the Frechet distance of 2,000 pictures: smaller is better.

# %%
for config in ("baseline", "smoothing 0.9"):
    print(f"{config:<14}", "  ".join(f"{value:>4.0f}" for value in study.values(config, "fd")))

# %% [markdown]
# The same seed means the same first weights and the same order of images. If a seed's luck stays with it whatever the version,
# then differences **seed by seed** are free of it. So we look at those.
#
# Which difference? Distances of good versions are near 200, of failures in the thousands. What has a meaning over that
# whole range is the **ratio**, and the logarithm turns ratios into differences: a change of 0 means equal, +0.69 twice the
# distance.

# %%
def log_ratios(config):
    """log of each seed's distance over that of the baseline's with the same seed."""
    return np.log(study.values(config, "fd")) - np.log(study.values("baseline", "fd"))


print("smoothing 0.9:", "  ".join(f"{value:+.2f}" for value in log_ratios("smoothing 0.9")))

# %% [markdown]
# Their mean is an estimate. How far can you trust it? From $n$ numbers with mean $m$ and standard deviation $s$ one
# computes the 95 % confidence interval
#
# $$m \pm t \cdot \frac{s}{\sqrt{n}}$$
#
# where $t$ comes from **Student's distribution** with $n - 1$ degrees of freedom. For hundreds of numbers it is 1.96; for
# few it is larger, because $s$ itself is a guess:

# %%
for n in (2, 3, 5, 10, 100):
    print(f"n = {n:>3}: t = {stats.t.ppf(0.975, n - 1):5.2f}")

# %% [markdown]
# **Exercise 1 · The interval** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
#
# Write the mean and half of the interval's width. `s` is the standard deviation of a *sample*: it divides by $n - 1$.

# %%
def my_interval(differences):
    """A list of a few numbers, one for each seed -> (mean, half the width of the 95 % interval)."""
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
# Where the interval includes 0, the study does not decide. That is a result too, and the table below calls it
# *undecided*.

# %%
def verdict(config):
    """(ratio, low, high, word): how many times the baseline's distance, with its interval."""
    mean, half = interval(log_ratios(config))
    word = "undecided" if abs(mean) <= half else "worse" if mean > 0 else "better"
    return np.exp(mean), np.exp(mean - half), np.exp(mean + half), word


ratio, low, high, word = verdict("smoothing 0.9")
print(f"smoothing 0.9: {ratio:.2f} times the distance, from {low:.2f} to {high:.2f}: {word}")

# %% [markdown]
# ## 2 · Every guideline off, one at a time
#
# The number before a name is that of the guideline (lesson 02).
#
# <details><summary>Predict: which of the five guidelines can you break without harm, on digits?</summary>
#
# Write your list down, then run the next cell. The figure and a table after it have the answers.
# </details>

# %%
versions = [name for name in study.study.configs if name != "baseline"]
verdicts = {name: verdict(name) for name in versions}
print(f"{'times the distance of the baseline':<42}{'ratio':>7}   95 % interval")
for name, (ratio, low, high, word) in verdicts.items():
    print(f"{name:<42}{ratio:>7.2f}  {low:>6.2f} to {high:>7.2f}   {word}")

# %%
colours = {"better": GREEN, "worse": ORANGE, "undecided": "#888888"}
figure, axes = plt.subplots(figsize=(8.5, 7), layout="constrained", facecolor="white")
for place, (ratio, low, high, word) in enumerate(reversed(verdicts.values())):
    axes.plot([low, high], [place, place], color=colours[word], linewidth=2)
    axes.plot(ratio, place, "o", color=colours[word], markersize=5)
axes.axvline(1, color="black", linewidth=1)
axes.set(xscale="log", xlim=(0.2, 300), xlabel="Frechet distance, times that of the baseline (logarithmic)")
axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50, 100], ["0.5", "1", "2", "5", "10", "20", "50", "100"])
axes.set_yticks(range(len(verdicts)), list(reversed(verdicts)), fontsize=8)
axes.grid(axis="x", alpha=0.3)
axes.set_title("Green: better than the baseline. Orange: worse. Grey: undecided", fontsize=11)
plt.show()

# %% [markdown]
# Guideline by guideline, with the ratios of the table above:
#
# | guideline | variant | times the distance | verdict on these digits |
# |---|---|---|---|
# | 1, strides | pooling in D; resizing in G | 0.56; 0.74 | both came out better |
# | 2, batch norm | none at all; on G's output; on D's input | 3.50; 22.75; 0.97 | two are worse, the third undecided |
# | 3, no dense hidden layers | one in G and one in D, 1,024 units wide | 10.72 | worse on average; it depends on the seed |
# | 4, ReLU, tanh | LeakyReLU in G; images in [0, 1]; a sigmoid | 1.11; 1.08; 35.69 | two undecided, the third fails |
# | 5, LeakyReLU in D | ReLU | 0.76 | better |
#
# - **Two kinds of failure** stand out: batch norm on G's output, and an output that cannot reach the data (the sigmoid,
#   and images scaled as for a classifier: 30.87). Lesson 05 shows why. Fully connected hidden layers and, at these
#   learning rates, least squares are bad on average and uneven from seed to seed.
# - **Up to five times worse** are no batch norm, gains around 0, and spectral norm in place of D's batch norm; with
#   smaller ratios also dropout in G, no moving average, and a D that learns faster than G. The pictures are digits all
#   the same, and you would not guess the cause from them.
# - **Undecided does not mean harmless.** The interval of LeakyReLU in G runs from 0.97 to 1.27: it may cost nothing, or
#   a quarter. Five seeds cannot tell.
#
# Digits are easy, the network is small, and one epoch is short. The paper gives its guidelines for deep networks on
# photographs. Its authors took them no more strictly than you may: their own network for MNIST has fully connected
# layers of 1,024 units in both G and D, a sigmoid at G's output and images in [0, 1], against guidelines 3 and 4
# (lesson 12). A sigmoid with images in [0, 1] can reach all of the data; ours failed because its images were in [-1,
# 1].
#
# One warning before you use this table: each verdict is that of a single comparison, and 25 of them share the same five
# baseline trainings. What chance does with so many comparisons is the subject of the end of this section; verdicts
# whose interval comes near 1, as that of the dense layers does, are the first to doubt.
#
# The widest interval is that of the fully connected layers. Here are its seeds, one by one:

# %%
for config in ("baseline", "3 dense hidden layers", "least squares"):
    print(f"{config:<22}", "  ".join(f"{value:>6.0f}" for value in study.values(config, "fd")))

# %% [markdown]
# A choice can be bad because it fails *sometimes*. With dense layers one seed of five came near the baseline, and two
# failed altogether. A mean with an interval describes that badly, so look at the seeds.
#
# This study was first run with three seeds. Then 12 of the 25 versions were undecided, these two among them. Two more
# seeds each, planned from the start, decided more of them. How many, and how many would be "decided" by chance alone, at 5 % each?

# %%
words = [word for *_, word in verdicts.values()]
print({word: words.count(word) for word in ("better", "worse", "undecided")},
      f"| expected by chance: {0.05 * len(words):.1f}")

# %% [markdown]
# So take single "better" verdicts near 1 with care. A ratio of 20 needs no statistics.
#
# And did it help to compare seed by seed? It does if luck stays with a seed: then a version's distances rise and fall
# with those of the baseline. The correlation tells (1 means that they always do):

# %%
log_fd = {name: np.log(study.values(name, "fd")) for name in study.study.configs}
correlation = {name: np.corrcoef(log_fd[name], log_fd["baseline"])[0, 1] for name in versions}
for name in ("no moving average", "5 ReLU in D", "minimax"):
    print(f"{name:<20} {correlation[name]:+.1f}")
print(f"positive in {sum(value > 0 for value in correlation.values())} of {len(versions)} versions")

# %% [markdown]
# Where the training hardly changes, as without the moving average, luck stays with the seed, and pairing helps. For
# most versions it does not: a GAN's training is so sensitive that a small change shuffles all luck anew. An interval
# from pairs is right in both cases. But where luck is not shared pairing brings no gain, and only more seeds make the
# interval narrower.
#
# ## 3 · One-sided label smoothing
#
# With the target 0.9 in place of 1 for real images, D is never rewarded for being quite sure. It then pays
#
# $$-0.9 \log D(x) - 0.1 \log(1 - D(x))$$
#
# for a real image, and the best answer is 0.9. Only this side is smoothed: for generated images the target stays 0.
# (The code behind the report of lesson 05, section 2, uses 0.9 as the target of G's loss as well; the study has that
# version too.)
#
# **Exercise 2 · A smoothed loss for D** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes

# %%
def my_smoothed_d_loss(logits_real, logits_fake, label=0.9):
    """What D minimises, from logits (N,): the target is `label` for real images, 0 for generated ones -> a scalar."""
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
# Which answer for a real image costs least? Try a thousand:

# %%
p = torch.linspace(0.001, 0.999, 999)
unsure = torch.tensor([-20.0])  # a generated image that D has recognised
for label in (1.0, 0.9):
    cost = torch.stack([smoothed_d_loss(torch.logit(x)[None], unsure, label) for x in p])
    print(f"target {label}: the cheapest D(x) is {p[cost.argmin()]:.2f}")

# %%
for name in ("smoothing 0.9", "smoothing 0.9 in G too"):
    ratio, low, high, word = verdicts[name]
    D_x = np.mean([line["D_x"] for line in study.curves(name)[-10:]])
    print(f"{name:<24} {ratio:.2f} times the distance ({low:.2f} to {high:.2f}, {word}); D(x) at the end {D_x:.2f}")

# %% [markdown]
# At the end D(x) is far below 0.9, which would be the answer if no generated picture looked like a real one. Here D is
# never so sure that smoothing had anything to restrain, and the study sees no effect.

# %% [markdown]
# ## 4 · A moving average of G
#
# In lesson 01 two players circled round a point, and the mean of their path lay in its centre. The same trick works for
# a network: keep a second G that moves a small part of the way towards the first at each step,
#
# $$\theta_{ema} \leftarrow (1 - w)\,\theta_{ema} + w\,\theta$$
#
# It plays no part in the training. It is only what you show and score.
#
# **Exercise 3 · The moving average** — difficulty 2 of 3 · importance 2 of 3 · 10 minutes
#
# Change `netG_ema` in place. Its batch norms have running statistics; averaged weights need averaged statistics.

# %%
def my_ema(netG_ema, netG, weight):
    """Move every number of netG_ema by the part `weight` of the way towards netG, in place."""
    raise NotImplementedError


# %%
update_ema = checks.check_ema(my_ema)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `state_dict()` holds parameters and statistics, as tensors that share their memory with the network, so changing them in
# place changes the network. `a.lerp_(b, w)` moves a towards b. One entry, `num_batches_tracked`, is a whole number: copy it.
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
# A trained G, shaken by random changes of its weights as by a hasty optimiser. How far is the last one from where it
# began, and how far the average of all?

# %%
netG = load_run("mnist_quick").load_generator()
start, netG_ema = copy.deepcopy(netG), copy.deepcopy(netG)
stream = seeded(0, "shake")


def distance(net):
    """Mean change of the first layer's weights, in units of the shaking."""
    return ((net.blocks[0][0].weight - start.blocks[0][0].weight).std() / 0.01).item()


for _ in range(300):
    with torch.no_grad():  # away from `start`, and half of the way back
        for now, then in zip(netG.parameters(), start.parameters(), strict=True):
            now.lerp_(then, 0.5).add_(0.01 * torch.randn(now.shape, generator=stream))
    update_ema(netG_ema, netG, 0.02)
print(f"the last G: {distance(netG):.1f} away, the moving average: {distance(netG_ema):.1f}")

# %%
ratio, low, high, word = verdict("no moving average")
print(f"no moving average: {ratio:.2f} times the distance of the baseline, from {low:.2f} to {high:.2f}: {word}")

# %% [markdown]
# ## 5 · Other ideas
#
# - **Two learning rates**: D four times as fast as G, or G four times as fast as D.
# - **Instance noise**: a little normal noise on every image that D sees, real or generated.
# - **Spectral norm**: each of D's layers divided by its largest singular value, so that D cannot become steep. It takes
#   the place of D's batch norm, so the line has two changes in one.

# %%
for name in ("D learns 4 times as fast", "G learns 4 times as fast", "instance noise 0.1", "spectral norm in D",
             "least squares", "minimax"):
    ratio, low, high, word = verdicts[name]
    print(f"{name:<26} {ratio:>5.2f} times the distance ({low:.2f} to {high:.2f}): {word}")

# %% [markdown]
# Each of them was proposed for a problem that this training may not have. An idea that does nothing here may save
# another training, and one that helps here may do nothing there. Try it where you need it, over seeds.
#
# Try one yourself. `CONFIG` may be any version of the study; `RETRAIN = True` trains it to the end and scores it, about
# a minute.

# %% tags=["nbval-ignore-output"]
from dcgan_course.measuring.scores import score_generator, scorer_for
from dcgan_course.trainer import train

RETRAIN = False
CONFIG, SEED = "instance noise 0.1", 0
config = study.study.config(CONFIG, SEED).replace(device="auto", precision="auto", out="runs")
run = train(config if RETRAIN else config.replace(num_epochs=0.1), quiet=True)
score = score_generator(scorer_for(config), run.load_generator(), run.config, 2000)
print(f"{CONFIG}: fd {score['fd2k_mnist']:.0f} after {run.stats()[-1]['kimg']:.0f} thousand images; recorded: "
      f"{study.values(CONFIG, 'fd')[SEED]:.0f} after {study.curves(CONFIG)[-1]['kimg']:.0f}")

# %% [markdown]
# ## 6 · When to stop
#
# A classifier that is trained too long overfits. A GAN can get worse too, and its losses do not tell. Two recorded
# trainings, scored on the way. In the first, G learns digits from 60,000 images; in the second, church exteriors from
# 3,573 photographs.

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained", facecolor="white")
moments, TICKS = {}, {"mnist": [20, 50, 100, 200], "heritage_no_augment": [40, 60, 80, 120]}
for axis, name in zip(axes, ("mnist", "heritage_no_augment"), strict=True):
    lines = load_run(name).metrics()
    key = next(key for key in lines[0] if key.startswith("fd"))
    kimg, fd = [line["kimg"] for line in lines], [line[key] for line in lines]
    best = int(np.argmin(fd))
    moments[name] = (kimg[best], fd[best], kimg[-1], fd[-1])
    axis.plot(kimg, fd, color=BLUE, marker=".")
    axis.plot(kimg[best], fd[best], "o", color=ORANGE, label="best")
    axis.set(title=name, xlabel="thousand images shown", ylabel="Frechet distance", yscale="log")
    axis.set_yticks(TICKS[name], map(str, TICKS[name]))
    axis.minorticks_off()
    axis.legend(frameon=False)
plt.show()

# %%
for name, (best_kimg, best_fd, last_kimg, last_fd) in moments.items():
    print(f"{name:<20} best {best_fd:>5.1f} after {best_kimg:>5.0f} kimg, last {last_fd:>5.1f} after "
          f"{last_kimg:>5.0f}: {last_fd / best_fd:.2f} times the best")

# %% [markdown]
# The training on the left was stopped while it still improved. The one on the right was best in the middle and then got
# worse. A likely reason: with so few photographs D memorises them, and pushes G away from everything else. Below are
# the losses of that training. Can you see the turning point?

# %%
lines = load_run("heritage_no_augment").stats()
figure, axes = plt.subplots(1, 2, figsize=(10, 3), layout="constrained", facecolor="white")
kimg = [line["kimg"] for line in lines]
for axis, lines_of, title in zip(axes, ((("loss_D", BLUE), ("loss_G", ORANGE)), (("D_x", GREEN), ("D_G_z", "#888888"))),
                               ("losses", "D's answers"), strict=True):
    for key, colour in lines_of:
        axis.plot(kimg, [line[key] for line in lines], color=colour, label=key, linewidth=0.8)
    axis.axvline(moments["heritage_no_augment"][0], color="black", linestyle="--", label="best pictures")
    axis.set(xlabel="thousand images shown", title=title)
    axis.legend(frameon=False)
figure.suptitle("No curve turns at the best moment; D gets surer all the time", fontsize=11)
plt.show()

# %%
for name, part in (("first 100 thousand", [line for line in lines if line["kimg"] < 100]), ("last 100 thousand",
                   [line for line in lines if line["kimg"] > kimg[-1] - 100])):
    D_x, D_G_z = (np.mean([line[key] for line in part]) for key in ("D_x", "D_G_z"))
    print(f"{name:<20} D(x) {D_x:.2f}, D(G(z)) {D_G_z:.2f}")

# %% [markdown]
# D grows surer on photographs that it has seen hundreds of times, a hint that it memorises them. But no curve has a
# kink that would say "stop here". (This is one training with one seed. Others report the same direction; the numbers
# are ours.)

# %% [markdown]
# Large data sets do not protect from it. The logs of a well-known collection of GANs report for a DCGAN on CIFAR-10 a
# FID of 49.03 after 42 thousand steps and of 137.41 after 200 thousand; on Tiny-ImageNet 91.63 after 6 thousand and
# 173.09 after 100 thousand. And the paper's conclusion reports an instability of longer trainings: "as models are
# trained longer they sometimes collapse a subset of filters to a single oscillating mode".
#
# The rule: **score while you train, and keep the best, not the last.** `dcgan-course train --metric_every 1` does that;
# `run.best_checkpoint()` of your own run finds it (recorded runs have kept only its weights).

# %%
def best_line(lines, metric):
    """The line of metrics.jsonl with the smallest metric."""
    return min(lines, key=lambda line: line[metric])


chosen = best_line(load_run("heritage_no_augment").metrics(), "fd1787_heritage")
print(f"keep the checkpoint at step {chosen['step']}, after {chosen['kimg']:.0f} thousand images")

# %% [markdown]
# ## Questions
#
# <details><summary>Three seeds, all a little worse than the baseline: +1 %, +2 %, +9 %. Decided?</summary>
#
# No. Their mean is 4 %, their standard deviation 4.4 %, and with $t = 4.30$ the interval is wider than the mean. More
# seeds would tell.
# </details>
#
# <details><summary>Why compare seed by seed, and not the mean of one version with the mean of the other?</summary>
#
# Versions with one seed share first weights and order of images. Where that makes them share their luck, the difference
# removes it, and the interval gets narrower. Where the correlation is not positive, nothing is gained.
# </details>
#
# <details><summary>You tried twenty ideas with five seeds each, and one of them is "better". What now?</summary>
#
# At 5 % each, one false "better" or "worse" in twenty is what chance gives. Train that one again, with new seeds.
# </details>
#
# <details><summary>Does the moving average change the training?</summary>
#
# No. It only watches. Two runs with and without it have the same G and D at every step.
# </details>
#
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 3; section 7 for what happens
#   in longer trainings.
# - Salimans and others: [arXiv 1606.03498](https://arxiv.org/abs/1606.03498), section 3.4, one-sided smoothing.
# - Heusel and others: [arXiv 1706.08500](https://arxiv.org/abs/1706.08500), two learning rates.
# - Miyato and others: [arXiv 1802.05957](https://arxiv.org/abs/1802.05957), spectral norm.
# - Mao and others: [arXiv 1611.04076](https://arxiv.org/abs/1611.04076), least squares.
# - Zhao and others: [arXiv 2006.10738](https://arxiv.org/abs/2006.10738), few images and augmentation.
# - The logs of FID over time: [PyTorch-StudioGAN](https://github.com/POSTECH-CVLab/PyTorch-StudioGAN).
