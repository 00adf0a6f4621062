# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · Diffusion, the other way
#
# <img src="../data/denoised.webp" width="836" alt="a film: four squares of grey noise, out of which four handwritten digits appear; the second is an odd one">
#
# *No discriminator, no game. A network has learned to tell the noise in a picture from the rest; take it away a little
# at a time, and pure noise becomes a digit, or nearly. (Nobody picked these four.) Does it draw better than a GAN that
# saw as many images, in as much time?*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/14_the_other_way.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about 40 seconds on two CPU cores.
#
# **You need:** lesson 01 for the ring, lesson 03 for the training loop, lesson 11 for the numbers; sines and cosines.
#
# After this lesson you can
#
# - turn images into noise along a circle, and take a mixture apart again;
# - train a diffusion model with one line of loss, and say why it needs no second player;
# - draw with it in 5 or in 50 steps, and see what each step buys;
# - compare it with a DCGAN by the same judge and the same clock, and say what each is good at.
#
# **You write** the mixture, how it is taken apart, the loss and one step of sampling; **we import** the U-Net, its
# recorded training and the judge.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · Noise, mixed in
#
# A GAN turns noise into a picture in one pass, and nobody tells it how: it has to find out against D. A **diffusion
# model** is shown how. Begin with the opposite way, from a picture to noise, which needs no learning at all: mix in
# more and more noise, until nothing else is left. Each point of that way is an example to learn from, "this mixture
# came from that picture". A network that has learned to go back a step, from anywhere on the way, can start from
# nothing but noise.

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
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from dcgan_course import checks
from dcgan_course.diffusion import mixture, velocity
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.measuring.judges import judged, load_judge, parts
from dcgan_course.plots import BLUE, ORANGE, STYLE, show, show_moments, show_rows, show_table

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% [markdown]
# Call the picture $x_0$ and the noise $\epsilon$, normal numbers with mean 0 and deviation 1, one for each pixel. Time
# $t$ runs from 0 to 1, and in between both are mixed on a quarter of a circle:
#
# $$x_t = \cos(a)\, x_0 + \sin(a)\, \epsilon, \qquad a = \tfrac{\pi}{2}\, t$$
#
# You have met this circle: it is the way that slerp takes in lesson 07.
#
# <details><summary>Why a circle and not a line?</summary>
#
# A line, $(1 - t)\, x_0 + t\, \epsilon$, works too, and both are in use. Because $\cos^2 + \sin^2 = 1$, the circle
# keeps the variance of what the network sees, if that of the images is 1. It also makes the formulas below short.
# </details>

# %% [markdown]
# > **Exercise 1 · Noise, mixed in** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Every row has its own time. Your function will serve points in the plane, (N, 2), and images, (N, 1, 28, 28): give
# > `t` as many axes as `x_0` has.

# %%
def my_noised(x_0, noise, t):
    """x_0 and noise (N, ...), t (N,) from 0 to 1 -> x_t, of the shape of x_0."""
    raise NotImplementedError


# %%
noised = checks.check_noised(my_noised)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `t.view(-1, *[1] * (x_0.ndim - 1))` has the shape (N, 1) for points and (N, 1, 1, 1) for images. Tensors have methods
# `.cos()` and `.sin()`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_noised(x_0, noise, t):
#     angle = (t * math.pi / 2).view(-1, *[1] * (x_0.ndim - 1))
#     return angle.cos() * x_0 + angle.sin() * noise
# ```
# </details>

# %% jupyter={"source_hidden": true}
from dcgan_course.plots import show_turned
from dcgan_course.plots.showing import enlarged

learn, unseen = parts("mnist", 28)
order = torch.randperm(10_000, generator=seeded(0, "lesson"))
real = unseen.floats(order[:400])  # test digits, in [-1, 1]
moments = torch.linspace(0, 1, 11)
noise = torch.randn(8, 1, 28, 28, generator=seeded(0, "noise"))
show_turned({f"t = {t:.1f}": enlarged(noised(real[:8], noise, t.expand(8)), 8, 3)
             for t in moments}, "The noise stays; only its share grows.",
            "eight handwritten digits, the more under noise the larger t is", first=3)

# %% [markdown]
# Move the slider. Up to which t can *you* read all eight?
#
# What of the judge, the classifier of lesson 11? It has never seen noise. The next cell asks it to read 400 test digits
# at each time.

# %% [markdown]
# > **Predict:** how many of the 400 digits does the judge read right at $t = 0.5$, half way?
# >
# > - nearly all
# > - about half
# > - hardly more than by guessing <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
judge = load_judge("mnist")
digits, stream = unseen.labels()[order[:400]], seeded(1, "noise")
figure, axes = plt.subplots(1, 11, figsize=(8.4, 1.4))
right = []
for axis, t in zip(axes, moments, strict=True):
    x_t = noised(real, torch.randn(real.shape, generator=stream), t.expand(400))
    right.append(f"{(judged(judge, x_t)[1].argmax(1) == digits).mean():.0%}")
    axis.imshow(x_t[0, 0], cmap="gray", vmin=-1, vmax=1)
    axis.set(title=f"t = {t:.1f}" if t == 0 else f"{t:.1f}", xlabel=right[-1], xticks=[],
             yticks=[])
show(figure, "Below each time: how many of 400 digits the judge reads right. Guesses: 10%.",
     f"a digit under more and more noise; read right: {', '.join(right)}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Hardly more than by guessing, 12 %. The judge fails long before your eyes do: it misreads one digit in four already at
# $t = 0.3$. It has never learned to look through noise. The network of this lesson learns nothing else.
# </details>

# %% [markdown]
# ## 2 · What should the network say?
#
# The network will be given $x_t$ and $t$. What should it answer? There are three natural choices, and each is as good
# as the others on paper, since two of $x_0$, $\epsilon$ and $x_t$ give the third:
#
# - the picture $x_0$;
# - the noise $\epsilon$, as in DDPM ([arXiv 2006.11239](https://arxiv.org/abs/2006.11239)), the paper that made this
#   way popular;
# - the **velocity** $v = \cos(a)\, \epsilon - \sin(a)\, x_0$, the direction in which $x_t$ moves along the circle as
#   the angle grows ([arXiv 2202.00512](https://arxiv.org/abs/2202.00512)).
#
# On paper only, for the network errs. Suppose that each number of its answer is wrong by 0.1. How wrong is the picture
# that follows? From the noise you get $x_0 = (x_t - \sin(a)\, \epsilon) / \cos(a)$, and so an error of
# $0.1 \tan(a)$; from the velocity you get, as you will see, $0.1 \sin(a)$.

# %% jupyter={"source_hidden": true}
times = torch.tensor([0.05, 0.5, 0.9, 0.99])
cos, sin = mixture(times, times)
names = [f"t = {t:g}" for t in times.tolist()]
wrong = {"answers the picture": 0.1 * torch.ones(4), "answers the noise": 0.1 * sin / cos,
         "answers the velocity": 0.1 * sin}
show_table(pd.DataFrame({name: [f"{x:.3f}" for x in row.tolist()]
                         for name, row in wrong.items()}, names).T,
           "Error of the picture, where each number of the answer errs by 0.1.")

# %% [markdown]
# Where does each of them fail?
#
# - **The noise**: near $t = 1$, where sampling begins. There $x_t$ *is* the noise, a network that repeats it is almost
#   right, and what it errs by is divided by a number near 0.
# - **The picture**: near $t = 0$. There the network has it nearly clean, and adds errors of its own.
# - **The velocity**: nowhere. It never divides, and at each end it asks for what the network cannot see there: $-x_0$ at
#   $t = 1$, and $\epsilon$ at $t = 0$.
#
# DDPM lives with the noise because it takes a thousand small steps: each follows only a little of a wrong picture, and
# the next one asks again. We want to take ten, so our network answers with the velocity.

# %% jupyter={"source_hidden": true}
one, its = (x[:1].expand(11, -1, -1, -1) for x in (real, noise))
show_rows({"what the network sees": noised(one, its, moments), "the noise": its,
           "the velocity": velocity(one, its, moments)},
          "The last row: at its left the noise alone, at its right the picture's negative.",
          "three rows of eleven: a digit that turns into noise; the noise; noise in which the "
          "negative of the digit appears", heads=[f"t = {t:.1f}" for t in moments])

# %% [markdown]
# > **Exercise 2 · Taken apart** — difficulty 2 of 3 · importance 3 of 3 · 8 minutes
# >
# > You have two equations, for $x_t$ and for $v$, with two unknowns, $x_0$ and $\epsilon$. Solve them. Nothing needs to
# > be divided: multiply the first by $\cos(a)$ and the second by $\sin(a)$, and subtract. `mixture(t, x)` is a helper
# > that gives $\cos(a)$ and $\sin(a)$ with as many axes as `x` has.

# %%
def my_unmixed(x_t, v, t):
    """Mixtures and their velocities (N, ...), t (N,) -> the pair (x_0, noise)."""
    raise NotImplementedError


# %%
unmixed = checks.check_unmixed(my_unmixed)

# %% [markdown]
# <details><summary>Hint</summary>
#
# $\cos(a)\, x_t - \sin(a)\, v = (\cos^2 + \sin^2)\, x_0$, as the terms with the noise cancel. The noise comes out in
# the same way, with the two factors exchanged and a plus.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_unmixed(x_t, v, t):
#     cos, sin = mixture(t, x_t)
#     return cos * x_t - sin * v, sin * x_t + cos * v
# ```
# </details>

# %% [markdown]
# ## 3 · The ring again, without a game
#
# Lesson 01 trained a GAN on points around eight centres, because a plane can be drawn. The same points come here again.
# The network is small. Two of its inputs are the point, and sixteen tell the time: $t$ enters as waves of several
# lengths, so that the network can treat $t = 0.1$ and $t = 0.2$ as differently as it needs to.

# %%
centres = 2 * torch.stack([(torch.arange(8) * math.pi / 4).cos(),
                           (torch.arange(8) * math.pi / 4).sin()], dim=1)  # (8, 2)


def ring(n, stream):
    """n points (n, 2), each from a random centre with normal noise of 0.1 around it."""
    which = torch.randint(8, (n,), generator=stream)
    return centres[which] + 0.1 * torch.randn(n, 2, generator=stream)


# %%
import itertools

from torch import nn


class PlaneNet(nn.Module):
    """Mixtures (N, 2) and their times (N,) -> velocities (N, 2)."""

    def __init__(self, width=128):
        super().__init__()
        sizes = [2 + 16, width, width, width]
        layers = [part for a, b in itertools.pairwise(sizes)
                  for part in (nn.Linear(a, b), nn.SiLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(width, 2))

    def forward(self, x, t):
        waves = t[:, None] * torch.arange(1, 9) * math.pi / 2
        return self.layers(torch.cat([x, waves.sin(), waves.cos()], dim=1))


# %% [markdown]
# > **Exercise 3 · The loss** — difficulty 2 of 3 · importance 3 of 3 · 5 minutes
# >
# > The whole training of a diffusion model is this: mix, let the network answer, and compare its answer with the true
# > velocity, which is known because you have mixed yourself. Return the mean square of the difference. `noised` and
# > `velocity` are there.

# %%
def my_diffusion_loss(net, x_0, noise, t):
    """net(x_t, t) answers with a velocity; x_0 and noise (N, ...), t (N,) -> one number."""
    raise NotImplementedError


# %%
diffusion_loss = checks.check_diffusion_loss(my_diffusion_loss)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The network sees `noised(x_0, noise, t)` and is told `t`; it should have said `velocity(x_0, noise, t)`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_diffusion_loss(net, x_0, noise, t):
#     answer = net(noised(x_0, noise, t), t)
#     return (answer - velocity(x_0, noise, t)).square().mean()
# ```
# </details>

# %% [markdown]
# The training is an ordinary loop: draw points, noise and times; one loss; one step.

# %%
def trained(seed, steps=1500):
    """A network that has learned the ring, and its losses."""
    stream, losses = seeded(seed, "ring"), []
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        net = PlaneNet()
    optimizer = torch.optim.Adam(net.parameters())
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(steps):
        x_0, noise = ring(256, stream), torch.randn(256, 2, generator=stream)
        loss = diffusion_loss(net, x_0, noise, torch.rand(256, generator=stream))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pace.step()
        losses.append(loss.item())
    return net, losses


# %% tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.machine.display import bar_options

bar = tqdm(range(3), desc="three trainings", **bar_options())
nets, losses = zip(*(trained(seed) for seed in bar), strict=True)
first, last = (np.mean([x[part] for x in losses]) for part in (slice(20), slice(-200, None)))
print(f"The mean loss is {first:.2f} in the first 20 steps, {last:.2f} in the last 200.")

# %% [markdown]
# One network, one loss, one optimizer. Nobody has to be kept in balance with anybody. The loss falls, but not to 0, and
# it cannot: many points and many noises lead to one and the same $x_t$, and the best answer is the **mean** of their
# velocities. For this ring that mean can be written down, since all its points are normal around eight centres.

# %% jupyter={"source_hidden": true}
def exact(x, t):
    """The mean velocity of all that leads to the mixtures x (N, 2) at the times t (N,)."""
    cos, sin = mixture(t, x)
    apart = x[:, None] - cos[..., None] * centres  # (N, 8, 2): from each heap at that time
    spread = (0.1 * cos) ** 2 + sin**2
    heap = (-apart.square().sum(2) / (2 * spread)).softmax(1)  # (N, 8): how likely each
    x_0 = (heap[..., None] * (centres + (0.01 * cos / spread)[..., None] * apart)).sum(1)
    return cos * (x - cos * x_0) / sin - sin * x_0


# %% tags=["nbval-ignore-output"]
fresh, n = seeded(9, "ring"), 100_000
new = ring(n, fresh), torch.randn(n, 2, generator=fresh), torch.rand(n, generator=fresh)
with torch.no_grad():
    *of_nets, least = [diffusion_loss(net, *new).item() for net in (*nets, exact)]
print(f"The loss on the same {n:,} new mixtures: the exact velocity {least:.3f},",
      "the networks", ", ".join(f"{x:.3f}" for x in of_nets))

# %% [markdown]
# The networks' loss comes within 1 % of that of the exact velocity, the lowest there is. So nearly all that is left of
# it is the part that no network can remove, and the loss hardly tells what a network still gets wrong. A picture tells
# more.

# %% jupyter={"source_hidden": true}
import io

from PIL import Image


def two_planes(draw):
    """Two planes as a picture of few colours, which is small: draw(axis, net) draws one, for
    the first network and for `exact`."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.4), sharey=True)
    for axis, name, net in zip(axes, ("learnt", "exact"), (nets[0], exact), strict=True):
        draw(axis, net)
        axis.set(title=name, xlabel="$x_1$", aspect="equal", xlim=(-3.2, 3.2),
                 ylim=(-3.2, 3.2))
    axes[0].set_ylabel("$x_2$")
    file = io.BytesIO()
    figure.savefig(file, dpi=150)
    plt.close(figure)
    few = Image.open(file).convert("RGBA").quantize(64, Image.Quantize.FASTOCTREE)
    return few.convert("RGBA")

# %% [markdown]
# The arrows show the velocities turned round: the way back, to smaller $t$. Left what the network has learned, right the
# exact ones. Push the slider to its left end, where sampling begins, and to its right: where do the arrows lead?

# %% jupyter={"source_hidden": true}
plane = torch.cartesian_prod(*[torch.linspace(-3, 3, 13)] * 2)
x_0, noise = ring(500, seeded(5, "ring")), torch.randn(500, 2, generator=seeded(6, "ring"))


def field(t):
    """The plane at time t: real points with their noise, and arrows that lead back."""
    def draw(axis, net):
        with torch.no_grad():
            back = -net(plane, torch.full((len(plane),), t))
        points = noised(x_0, noise, torch.full((len(x_0),), t))
        axis.scatter(*points.T, s=4, color=BLUE, linewidths=0, zorder=3)
        longest = (back.norm(dim=1, keepdim=True) / 4).clamp(min=1)  # arrows above 4 are cut
        axis.quiver(*plane.T, *(back / longest).T, color=ORANGE, angles="xy", scale=30,
                    width=0.006)

    return two_planes(draw)


show_turned({f"t = {t}": field(t) for t in (0.95, 0.75, 0.5, 0.3, 0.15, 0.05)},
            "Blue: real points with noise. Arrows lead back; those above 4 are cut. At the "
            "right end: how long are they between two heaps, learnt and exact?",
            "two planes of blue points and orange arrows, alike where points are; for large t "
            "a cloud and hardly an arrow, then a ring, at last eight heaps and long arrows to "
            "the nearest, the longest ones right", first=3)

# %% [markdown]
# At $t = 0.95$ there is hardly an arrow among the points: a point could come from any of the eight heaps, their pulls
# cancel, and their mean is the middle, where there is no real point. Further right the arrows part, and at $t = 0.05$
# each leads to the nearest heap. A single big step ends in the middle; many steps let the network decide a little more
# at each.
#
# Where points are, the learnt arrows are much like the exact ones. Where hardly a point ever comes there was little to
# learn from: in the corners they are guesses, and, what matters more, **between neighbouring heaps** they are too short.
# In the very middle of a gap the two pulls nearly cancel. Close beside it the exact arrows are long, for a point must be
# pulled to one heap or the other in the little time that is left. The learnt ones have about a quarter of that length
# there, and about 70 % halfway to a heap. Keep the gaps in mind.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
share = torch.tensor([0, 1 / 8, 1 / 4, 1 / 2])  # of the way from the middle of a gap to a heap
angle = math.pi / 8 * (share[:, None] + torch.arange(1, 17, 2))  # (4, 8): in all eight gaps
beside = 2 * torch.stack([angle.cos(), angle.sin()], 2).flatten(0, 1)
with torch.no_grad():
    lengths = [net(beside, torch.full((32,), 0.05)).norm(dim=1).view(4, 8).mean(1).tolist()
               for net in (*nets, exact)]
show_table(pd.DataFrame(lengths, ["learnt, seed 0", "seed 1", "seed 2", "exact"],
                        ["in the middle", "1/8 of the way", "1/4 of the way",
                         "1/2 of the way"]).map("{:.1f}".format),
           "How long the arrows are at t = 0.05 on the ring, from the middle of a gap towards "
           "a heap: the mean over the eight gaps.", fold="The arrows in the gaps, in numbers")

# %% [markdown]
# ### One step
#
# To go from $t$ to a smaller $s$: let the network guess $v$, take $x_t$ apart into a guessed picture and a guessed
# noise, and mix the two again as they are mixed at $s$. No new noise is drawn, so the same start always leads to the
# same picture. This is **DDIM** ([arXiv 2010.02502](https://arxiv.org/abs/2010.02502)); DDPM draws some new noise in
# each step, and needs more of them.
#
# > **Exercise 4 · A step** — difficulty 2 of 3 · importance 3 of 3 · 5 minutes
# >
# > Return the mixtures at s. `noised` and `unmixed` are all you need.

# %%
def my_ddim_step(x_t, v, t, s):
    """Mixtures x_t and the guessed velocities v (N, ...) at the times t (N,) -> the
    mixtures at the earlier times s (N,)."""
    raise NotImplementedError


# %%
ddim_step = checks.check_ddim_step(my_ddim_step)

# %% [markdown]
# <details><summary>Hint</summary>
#
# First the pair (x_0, noise) that belongs to `x_t`, `v` and `t`; then their mixture at `s`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_ddim_step(x_t, v, t, s):
#     x_0, noise = unmixed(x_t, v, t)
#     return noised(x_0, noise, s)
# ```
# </details>

# %%
@torch.no_grad()
def path(net, noise, steps):
    """All the way from noise (N, ...) to samples, in equal steps: (steps + 1, N, ...)."""
    x, seen = noise, [noise]
    times = torch.linspace(1, 0, steps + 1)[:, None].expand(-1, len(noise))
    for t, s in itertools.pairwise(times):
        x = ddim_step(x, net(x, t), t, s)
        seen.append(x)
    return torch.stack(seen)


# %% jupyter={"source_hidden": true}
start = torch.randn(1000, 2, generator=seeded(7, "ring"))


def ways(steps):
    """The ways of 40 points in so many steps, and the ends of all."""
    def draw(axis, net):
        seen = path(net, start, steps)
        for way in seen[:, :40].permute(1, 2, 0):
            axis.plot(*way, color="#B0B0B0", linewidth=0.6)
        axis.scatter(*seen[-1].T, s=5, color=ORANGE, linewidths=0, zorder=3)

    return two_planes(draw)


show_turned({f"{steps} step{'s' * (steps > 1)}": ways(steps)
             for steps in (1, 2, 3, 5, 10, 50)},
            "1,000 samples, and the ways of 40. Look between the heaps; then take fewer "
            "steps. (In one step, all exact points land on one spot.)",
            "two planes of orange points, much alike: one heap in the middle, a ring, eight "
            "heaps that sharpen; those of the exact velocity have fewer strays between them",
            first=5)

# %% [markdown]
# How good are the points, and is a heap left out? Count two things over the three trainings: how many of 1,000 points
# end near a heap (within three deviations of its centre), and how many land in the heap that gets fewest, of 125 that
# would be its fair share.

# %% jupyter={"source_hidden": true}
def counted(points):
    """The share of points near a heap, in percent; the points of the emptiest heap."""
    distance, which = torch.cdist(points, centres).min(1)
    near = distance < 0.3
    emptiest = torch.bincount(which[near], minlength=8).min()
    return 100 * near.float().mean().item(), emptiest.item()


def over_seeds(values):
    """The mean, and in brackets the lowest and the highest seed."""
    return f"{np.mean(values):.0f} ({min(values):.0f} to {max(values):.0f})"


# %% [markdown]
# > **Predict:** after ten steps, which share of the points is near a heap?
# >
# > - about half
# > - about nine in ten <!-- right -->
# > - nearly all, as of real points

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
rows = {"real points": [over_seeds(x) for x in zip(*(
    counted(ring(1000, seeded(seed, "floor"))) for seed in range(3)), strict=True)]}
for steps in (1, 3, 5, 10, 25, 100):
    found = zip(*(counted(path(net, start, steps)[-1]) for net in nets), strict=True)
    rows[f"{steps} step{'s' * (steps > 1)}"] = [over_seeds(x) for x in found]
rows["100 steps, exact"] = [f"{x:.0f}" for x in counted(path(exact, start, 100)[-1])]
rows["the GAN of lesson 01"] = ["84", "66"]  # its 1,000 points of step 3,000 there
rows = {name.replace(" ", "\N{NO-BREAK SPACE}"): row for name, row in rows.items()}
show_table(pd.DataFrame(rows, ["near a heap, %", "in the emptiest heap"]).T,
           "Means over three trainings; in brackets the lowest and the highest. Exact: by the "
           "exact velocity. The GAN: one training.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About nine in ten. One step puts all points into the middle, near no heap at all; three steps bring half of them to a
# heap; and after 25, more steps hardly help: what is left then is not the steps' fault. **No heap is forgotten**, in
# none of the three trainings; the emptiest gets nearly as many points as the emptiest heap of real ones. The GAN of
# lesson 01 forgot none either, but was less even: its emptiest got 66.
#
# Near a heap are 93 of 100 points, where the GAN of lesson 01 had 84. Most of the other seven lie between the heaps,
# however many steps you take. They are the small network's own error, for the exact velocity brings as many points to a
# heap as there are real ones.
# </details>

# %% [markdown]
# Points that end between the heaps are the **bridges** of lesson 01. Must they be? The way from noise to a point is
# continuous here too: two noises that are close end close together, and noise is one connected cloud. So whatever leads
# it onto eight heaps has to pull neighbours far apart somewhere, and some noises always end in a gap. The exact velocity
# pulls so steeply that hardly a point is found there; a small network, whose arrows in the gaps are too short, leaves
# wider bridges. The GAN of lesson 01 has to make the whole way in one pass, and left more points off the heaps still.
#
# ## 4 · A U-Net for digits
#
# For images the network becomes larger, and nothing else changes: the same mixture, the same loss, the same step. Its
# answer has the shape of its input, and needs both the whole picture ("this will be a seven") and each pixel's place. A
# **U-Net** ([arXiv 1505.04597](https://arxiv.org/abs/1505.04597)) gives it both. It goes down by strided convolutions,
# as D does, and up again by fractionally strided ones, as G does. A **skip connection** carries the detail across.

# %% jupyter={"source_hidden": true}
from dcgan_course.experiments.diffusing import diffusion_folder, load_unet
from dcgan_course.models import count_parameters
from dcgan_course.plots import GREEN, draw_unet

net, shapes = load_unet("mnist_diffusion"), {}
for name, part in net.named_children():
    part.register_forward_hook(lambda part, _, y, name=name: shapes.update(
        {name: [str(tuple(y.shape[1:])), f"{count_parameters(part):,}"]}))
drawing, words = draw_unet(net, noised(one[:1], its[:1], torch.tensor([0.5])), 0.5)
show(drawing, "The trained network at work. Each block shows one of its maps, the most varied"
     f": where is a stroke's place lost, and what brings it back? {count_parameters(net):,} "
     "parameters.", f"{words} On them a digit: in noise, clearer at 14×14, coarse at 7×7, "
     "clearest at 14×14 again; at the end dark in the velocity.")
show_table(pd.DataFrame(shapes, ["gives", "parameters"]).T,
           "By their names in the code, in the order of their work.",
           fold="The parts and their parameters")

# %% [markdown]
# All of it is one page,
# [dcgan_course/diffusion.py](https://github.com/dcgan-course/dcgan-course/blob/main/dcgan_course/diffusion.py). Three
# things differ from a DCGAN:
#
# - **Group norm** instead of batch norm, because each image of a batch has another amount of noise, and they should not
#   be normalised together.
# - Each block **is told the time**, which scales and shifts its features.
# - The blocks are **residual**: a way leads around each.
#
# Where the skip connection ends, the first of the two blocks gets both, 64 maps from below and 64 from across. The first
# convolution halves the size at once, because a layer at full size takes four times as long as one at half of it. So the
# last one gives four maps of half the size, and the four numbers at one place become a square of two by two pixels.
#
# The training was recorded, since it takes more than half an hour:

# %% jupyter={"source_hidden": true}
from dcgan_course.machine.files import read_json
from dcgan_course.runs import load_run, read_lines

folder, gan = diffusion_folder("mnist_diffusion"), load_run("mnist")
record, gan_record = (read_json(f / "record.json") for f in (folder, gan.path))

# %% jupyter={"source_hidden": true}
clocks = {"diffusion": (record["kimg"], record["cpu_seconds"], record["command"]),
          "the GAN": (gan_record["checkpoint_kimg"], *(
              gan_record[key] for key in ("seconds", "command")))}
show_table(pd.DataFrame({name: [f"{kimg:,.0f}", f"{seconds / 60:.0f}"]
                         for name, (kimg, seconds, _) in clocks.items()},
                        ["thousand images shown", "minutes of one CPU thread"]).T)
show_table(pd.DataFrame({name: [command] for name, (*_, command) in clocks.items()},
                        ["command"]).T, fold="The two commands")

# %% [markdown]
# You may stop the command with Ctrl-C; the same command goes on from the last saved step. Against it stands the run
# `mnist`, the best GAN of this course on digits without labels, with as many images and nearly as many minutes: **the
# same clock**.

# %% jupyter={"source_hidden": true}
stats = read_lines(folder / "stats.jsonl")
figure, axis = plt.subplots(figsize=(8.4, 2.6))
axis.plot([line["kimg"] for line in stats], [line["loss"] for line in stats], color=GREEN)
axis.set(xlabel="thousand images shown", ylabel="loss", yscale="log")
axis.set_yticks([0.1, 0.15, 0.2, 0.3, 0.4], ["0.10", "0.15", "0.20", "0.30", "0.40"])
axis.minorticks_off()
show(figure, "The loss of the recorded training: it falls fast, then hardly at all.",
     "a curve that falls from 0.4 below 0.15 at the very beginning, then slowly to 0.12")

# %% jupyter={"source_hidden": true}
sheets = [(float(sheet.stem.removeprefix("fakes_")), sheet)
          for sheet in sorted((folder / "samples").iterdir())]
show_moments([sheets[i] for i in (0, 1, 3, 6, -1)],
             "The same noises in every row. Which strokes close as it goes on?",
             "five rows of fourteen digits: ragged strokes, then ever clearer digits", 14)

# %% [markdown]
# A curve that falls, without a fight in it: compare lesson 03, where the losses of a healthy training say next to
# nothing. But do not trust it too much. After a sixth of the training it is nearly flat, while the digits still get
# better: whether a stroke is whole changes the loss but little, and a part of the loss cannot be removed at all
# (section 3).
#
# ## 5 · Few steps or many
#
# The recorded network draws from the same noises in 1, 2, 5, 10, 25 and 50 steps.

# %% jupyter={"source_hidden": true}
import time

from dcgan_course.diffusion import sample

unet = load_unet("mnist_diffusion")

# %% [markdown]
# > **Predict:** what will one step draw?
# >
# > - a blurred digit, not the same for each noise
# > - the same grey blot for every noise <!-- right -->
# > - noise, hardly changed

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
noise = torch.randn(64, 1, 28, 28, generator=seeded(0, "lesson"))
drawn, seconds = {}, {}
sample(unet, noise, 1)  # the first pass takes longer
for steps in (1, 2, 5, 10, 25, 50):
    begun = time.perf_counter()
    drawn[steps] = sample(unet, noise, steps)
    seconds[steps] = time.perf_counter() - begun
print(", ".join(f"{steps} step{'s' * (steps > 1)} in {value:.2f} s"
                for steps, value in seconds.items()))

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
show_rows({f"{steps} step{'s' * (steps > 1)}": drawn[steps][:14] for steps in (1, 5, 50)},
          "The same fourteen noises. Look at the edges, and at the last digit.",
          "three rows of fourteen: the same grey blot each time; digits with soft edges; the "
          "digits in sharp strokes", lettered=False)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The same grey blot for every noise: at $t = 1$ nothing is known yet, so one step draws the mean of all digits. From
# five steps on most noises have their digit and keep it, and more steps sharpen it; some change their mind (look at the
# last digit). Time grows with the steps, since each is one pass through the network.
# </details>

# %% [markdown]
# This slider goes through the 25 steps, for eight digits. Above is $x_t$, and below the picture that the network guesses
# at that moment. Begin at its left end. At which t do you know which digit it will be, in the upper row and in the lower
# one?

# %% jupyter={"source_hidden": true}
from dcgan_course.diffusion import denoising

with torch.inference_mode():
    way = list(denoising(unet, noise[:8], 25))
show_turned({f"after {step} of 25 steps, t = {1 - step / 25:.2f}":
             enlarged(torch.cat(way[step - 1]).clamp(-1, 1), 8, 3)
             for step in range(1, 26, 3)},
            "Above the mixture, below the guess. Which row tells you the digit first?",
            "two rows of eight: above, noise turns into digits; below, a blot turns into "
            "blurred digits, the same ones, much earlier", first=2)

# %% [markdown]
# The guess is a blurred digit long before the mixture above it shows anything, and in the last third only edges change.
# Coarse things are decided first, fine ones last.
#
# ## 6 · The same judge, the same clock
#
# First by eye. One of these blocks is real, one was drawn by diffusion in 50 steps, and one by the GAN in one pass.
# Nobody picked the digits. Which block is which?

# %% jupyter={"source_hidden": true}
from dcgan_course.sampling import draw_z, generate

netG = gan.load_generator()
z = draw_z(gan.config, 64, seeded(0, "lesson"))

# %% jupyter={"source_hidden": true}
show_rows({"A": generate(netG, z)[28:56], "B": real[28:56], "C": drawn[50][28:56]},
          "28 digits each. How many of a block are no digits at all?",
          "three blocks of 28 digits, much alike; a few of A and more of C are no digits",
          heads=[""] * 14)

# %% [markdown]
# <details><summary>Which is which?</summary>
#
# A is the GAN's, B is real, and C is diffusion's. Most digits of both models could pass.
# </details>

# %% [markdown]
# The judge of lesson 11 has looked at 10,000 of each, and for diffusion at each number of steps.

# %% [markdown]
# > **Predict:** which Frechet distance is lower, and so better?
# >
# > - that of 50 steps, by far
# > - the GAN's, by far <!-- right -->
# > - neither: they differ by less than a tenth

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
KEYS = {"fd": ("fd", ",.0f"), "confidence": ("sure", ".2f"),
        "precision": ("precision", ".2f"), "recall": ("recall", ".2f"),
        "mode_entropy": ("modes", ".3f"), "sharpness": ("sharp", ".2f")}


sets = {f"{steps} step{'s' * (steps != '1')}": scores
        for steps, scores in record["scores"].items()}
sets |= {"the GAN": gan_record["generated"], "real digits": record["real"]}
scores = pd.DataFrame({name: [found[f"{key}10k_mnist"] for key in KEYS]
                       for name, found in sets.items()}, [head for head, _ in KEYS.values()]).T
marks = 0 * scores
marks.loc["the GAN"] = np.sign(scores.loc["the GAN"] - scores.loc["50 steps"])
marks.loc["the GAN", "fd"] *= -1  # of a distance less is better
texts = pd.DataFrame({head: [format(value, form) for value in scores[head]]
                      for head, form in KEYS.values()}, scores.index)
show_table(texts, "10,000 images each. ✓ and ✗: the GAN is better or worse than 50 steps. fd: "
           "Frechet distance. Sure: the judge's confidence. Modes: mode entropy. Sharp: "
           "sharpness.", marks)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
from dcgan_course.machine.runtime import time_of

gan_seconds = time_of(lambda: generate(netG, z), torch.device("cpu"))
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), sharey=True)
lines, floor = read_lines(folder / "metrics.jsonl"), record["real"]["fd10k_mnist"]
for scored, colour, label in ((lines, GREEN, "diffusion, in 10 steps"),
                              (gan.metrics(), ORANGE, "the GAN, in one pass")):
    left.plot([line["kimg"] for line in scored], [line["fd10k_mnist"] for line in scored],
              marker=".", color=colour, label=label)
fd = {int(steps): scores["fd10k_mnist"] for steps, scores in record["scores"].items()}
right.plot(list(seconds.values()), [fd[steps] for steps in seconds], "o-", color=GREEN)
for steps in seconds:
    right.annotate(f"{steps}", (seconds[steps], fd[steps]), (-4 if steps == 25 else 4, 5),
                   textcoords="offset points", ha="center")
right.annotate(f"{fd[50]:.0f}", (seconds[50], fd[50]), (0, -8), textcoords="offset points",
               ha="center", va="top", color=GREEN, weight="bold")
one = gan_record["generated"]["fd10k_mnist"]
right.plot(gan_seconds, one, "s", color=ORANGE, markersize=8)
right.annotate(f"GAN {one:.0f}", (gan_seconds, one), (8, 4), textcoords="offset points",
               color=ORANGE, weight="bold")
right.annotate(f"real {floor:.0f}", (gan_seconds, floor), (0, 4), textcoords="offset points",
               color=BLUE, weight="bold")
for axis, title, label in ((left, "learning", "thousand images shown"),
                           (right, "drawing", "seconds for 64 digits")):
    axis.axhline(floor, color=BLUE, linewidth=1)
    axis.set(title=title, xlabel=label, yscale="log", ylim=(2, 15_000))
left.set_ylabel("Frechet distance")
left.set_yticks([10, 100, 1000, 10_000], ["10", "100", "1,000", "10,000"])
left.legend()
right.set_xscale("log")
right.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
right.set_xlim(gan_seconds / 2, 1.6 * seconds[50])
left.set(xlim=(0, None), xticks=[0, 300, 600, 900])
show(figure, "Lower is better; the blue line is the floor. Right: the small numbers are "
     "diffusion's steps; the seconds are those of the machine that ran this.",
     "left two falling curves; right green points that fall to the right, and an orange "
     "square far left")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The GAN's, by far. On this clock **the GAN wins**: one pass through G is at 17, fifty passes through the U-Net are at
# 81, nearly five times as far. The 28 digits above could only hint at it (in C more strokes end nowhere or run together
# than in A); the judge has seen 10,000.
#
# The further columns say where the distance may come from. Recall is *higher* than the GAN's, 0.88 against 0.86, with
# real digits at 0.89: hardly anything is left out. Precision is lower, 0.66 against 0.72, and the judge is less sure of
# what it reads: more of them look like no digit. From 10 steps to 50 recall and precision move little; what the steps
# improve is the sharpness. And look at the first row: of the blot that one step draws the judge is quite sure.
# Confidence alone means nothing.
#
# **Could it be the seed?** Of each there is one training, so diffusion's own spread is not known. All that we know is
# of a GAN: in lesson 06 the five seeds of a small one have distances from 198 to 234, a factor of 1.2. Diffusion would
# have to vary far more than that to make up a factor of five. The small differences in precision and recall may well
# be the seed's.
#
# The figure shows the same over time. Left is the training's clock: both curves fall, and the GAN's lies far below at
# every moment. Right is the clock of drawing. The U-Net needs several times as long for one step as G for its whole
# picture, and no number of steps here reaches G's distance: from 25 to 50 steps, twice the work, it falls by less than
# a tenth. More steps would hardly help, then; more training or a larger network may.
# </details>

# %% [markdown]
# Is the comparison fair? Both saw as many images, took nearly as many minutes and have the same judge. But the GAN's
# settings were found by trying several, and those of the diffusion model were the first that anybody tried. Nor does it
# tell of other sizes: with networks hundreds of times as large, on photographs, diffusion models *beat GANs*, as a
# paper says in its title ([arXiv 2105.05233](https://arxiv.org/abs/2105.05233)). What you have measured is this: small
# network, small clock.
#
# ## 7 · Who leaves out what?
#
# For a GAN a forgotten mode costs next to nothing: D's push reaches G only where G draws. The loss of
# this lesson asks for every training image, again and again, at all times. Does that show? Count the digits that the
# judge reads in 400 samples of each.
#
# > **Predict:** which of the two leaves a digit out?
# >
# > - the GAN
# > - diffusion
# > - neither <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
diffused = sample(unet, torch.randn(400, 1, 28, 28, generator=seeded(2, "lesson")), 25)
generated = generate(netG, draw_z(gan.config, 400, seeded(2, "lesson")))
sets = {"real": real, "diffusion": diffused, "the GAN": generated}
read = {name: judged(judge, images) for name, images in sets.items()}
rows = {name: np.bincount(answers.argmax(1), minlength=10)
        for name, (_, answers) in read.items()}
figure, axis = plt.subplots(figsize=(8.4, 2.8))
for i, ((name, counts), colour) in enumerate(zip(rows.items(), (BLUE, GREEN, ORANGE),
                                                 strict=True)):
    axis.bar(np.arange(10) + 0.27 * (i - 1), counts, 0.25, color=colour, label=name)
axis.axhline(40, color="#808080", linewidth=1, zorder=0)
axis.axhspan(34, 46, color="#808080", alpha=0.2, linewidth=0, zorder=0)
axis.set(xlabel="digit that the judge reads", ylabel="how often, of 400", ylim=(0, 70))
axis.set_xticks(range(10))
axis.legend(ncols=3, loc="upper right")
show(figure, "The line is an even share, 40 of each; chance moves a count by about 6, the "
     "band. Is any bar of green or orange missing?",
     "three bars for each of ten digits, all between 25 and 55, most within the band")
show_table(pd.DataFrame(rows).T, "Of 400, how often each digit was read.", fold="The counts")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Neither does: all ten digits come from both, and most counts are within the band or near it. Diffusion draws 28 ones,
# 25 fours and 54 twos, a little more than chance explains, and the mode entropy of 10,000, 0.997 against the GAN's
# 0.999, agrees: a little less even, and far from forgetting a digit. So the worry about missing modes is not confirmed
# for *this* GAN. You have seen GANs that collapse in lessons 04 and 05; we have seen no training of the other kind
# collapse, in three on the ring and one on digits.
# </details>

# %% [markdown]
# A model that reaches a low loss by storing its images would also draw well. So look for copies as lesson 11 does: is
# the nearest of 10,000 training and 10,000 test digits a training digit? As a control, 400 training digits under faint
# noise are put to the same test.

# %% jupyter={"source_hidden": true}
shelves = [learn.floats(range(10_000)).flatten(1), unseen.floats().flatten(1)]


def drawn_to_training(images):
    """The share of images whose nearest digit, pixel by pixel, is a training digit."""
    near = [torch.cdist(images.flatten(1), shelf).min(1).values for shelf in shelves]
    return (near[0] < near[1]).float().mean().item()


# %% [markdown]
# > **Predict:** of diffusion's 400 digits, how many have a training digit as their nearest?
# >
# > - about half <!-- right -->
# > - about three in four
# > - nearly all, as of the control

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["nbval-ignore-output"]
faint = 0.1 * torch.randn(real.shape, generator=seeded(3, "lesson"))
copies = learn.floats(range(400)) + faint
shares = {"diffusion": drawn_to_training(diffused), "the GAN": drawn_to_training(generated),
          "copies with faint noise": drawn_to_training(copies)}
show_table(pd.DataFrame({"nearest is a training digit": shares}).map("{:.0%}".format),
           "Of 400 images each; chance moves a half by about 5 points.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About half, 49 %, and 47 % of the GAN's: what chance gives, as there are as many digits of both kinds to be near to.
# So neither shows a sign of copying, and the control shows that the test can notice copies. But it looks at a part of
# the training digits, pixel by pixel, and would miss a copy that was moved.
# </details>

# %% [markdown]
# ## 8 · A space to walk in
#
# G has a latent space of 100 numbers in which you have walked, added and subtracted (lessons 07 and 08). This sampler
# is deterministic, so its noise is a latent vector too, of 784 numbers. Slerp leads from one to another. Does a digit
# on the way jump, or does it turn into the next?

# %% jupyter={"source_hidden": true}
from dcgan_course.sampling import interpolate


def steps_of(walks):
    """Walks of twelve pictures each -> how much of its way each of the eleven steps makes, as
    the judge's features see it: (walks, 11)."""
    features, _ = judged(judge, walks)
    far = np.linalg.norm(np.diff(features.reshape(len(walks) // 12, 12, -1), axis=1), axis=2)
    return far / far.sum(1, keepdims=True)


# %% jupyter={"source_hidden": true}
drawers = {"diffusion": lambda noise: sample(unet, noise.view(-1, 1, 28, 28), 25),
           "the GAN": lambda z: generate(netG, z)}
ends = {"diffusion": torch.randn(2, 784, generator=seeded(11, "lesson")),
        "the GAN": draw_z(gan.config, 4, seeded(11, "lesson")).view(4, -1)[2:]}

# %% jupyter={"source_hidden": true}
rows = {}
for name, draw in drawers.items():
    way = interpolate(*ends[name], 12)
    walk = draw(way)
    step = steps_of(walk)[0].argmax()
    rows[f"{name}; the largest step is from {step + 1} to {step + 2}"] = walk
    rows[f"{name}, that step again in eleven small ones"] = draw(
        interpolate(way[step], way[step + 1], 12))
show_rows(rows, "The judge says which step is the largest. Does the digit tear there? The "
          "row below walks that step again, closer.",
          "four rows of twelve: with diffusion a nine becomes a five and then a one, with the "
          "GAN a seven becomes a nine and then a two; closer, strokes fade in and out",
          heads=[f"{i}" for i in range(1, 13)])

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
pairs = {"diffusion": torch.randn(2, 8, 784, generator=seeded(12, "lesson")),
         "the GAN": draw_z(gan.config, 16, seeded(12, "lesson")).view(2, 8, -1)}
largest = {}
for name, draw in drawers.items():
    ways = [interpolate(a, b, 12) for a, b in zip(*pairs[name], strict=True)]
    largest[name] = steps_of(draw(torch.cat(ways))).max(1)
show_table(pd.DataFrame({name: [f"{x:.0%}" for x in (found.mean(), found.min(), found.max())]
                         for name, found in largest.items()},
                        ["mean", "lowest walk", "highest walk"]).T,
           "The largest of 11 steps, of the whole way, in the judge's features. Equal steps "
           "would be 9 % each.", fold="The largest step in eight walks of each")

# %% [markdown]
# Neither of these walks tears: in small steps strokes fade in and out. But neither is even. In eight walks of each, the
# largest of the eleven steps makes 28 % of the way on average, **in both models**, where equal steps would be 9 % each.
# Single walks reach from 18 to 39 % in diffusion and from 23 to 34 % in the GAN, so eight walks would not show a
# difference of a few points.
#
# For z of the GAN such walks are the selling point of the paper. For the noise of a diffusion
# model nobody asked for it; it follows from a way that is continuous, as on the ring. What differs is the handling: G's
# 100 numbers have directions that can be found and moved along (lesson 08), and a slider moves at the speed of one
# pass. The 784 numbers here each belong to a pixel, and every picture on the walk costs 25 passes.
#
# ## 9 · What each is good at
#
# | | DCGAN | diffusion |
# |---|---|---|
# | drawing | one pass through G | one pass through the network for each step |
# | training | two networks that must stay in balance | one loss, which falls |
# | what the loss says | little: each is measured against the other | progress, though less and less |
# | missing modes | possible: D's push reaches G only where G draws | every training image is asked for |
# | latent space | small, and each picture one pass | as large as the image, and each picture many passes |
# | more time for a better picture | no | yes: more steps, up to a point |
#
# If you need pictures at once, by the thousand or under a slider, a small GAN is hard to beat. If you want a training
# that cannot lose its balance, that asks for every mode, and that turns more time into better pictures, take the other
# way, and bring a larger network. Many systems now take from both: a diffusion model taught by a discriminator to draw
# in few steps ([arXiv 2311.17042](https://arxiv.org/abs/2311.17042)).

# %% [markdown]
# > **Open exercise · Ten passes, better spent** — 60 minutes
# >
# > Ten equal steps of $t$ are one way to spend ten passes through the network. Find a better one, without training
# > anything anew: other times $t$ (denser near 0, or near 1), a step that asks the network twice and averages (Heun's
# > method, [arXiv 2206.00364](https://arxiv.org/abs/2206.00364)), or guesses cut off at -1 and 1. Compare at 5, 10 and
# > 20 passes.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | cost | counts steps | counts passes through the network, and gives seconds |
# | number | a sheet of pictures | the Frechet distance of 2,000 images or more, with its floor at that n |
# | noise | one draw | three draws of the noise, with the spread |
# | choice | the best of twenty tries | the best on one half of the draws, confirmed on the other |
# | prediction | none | said before why it should help near t = 0, or near t = 1 |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why does the loss of a perfect network not reach 0?</summary>
#
# From $x_t$ alone nobody can know the velocity: several pictures with several noises give the same mixture. The best
# answer is the mean of what they ask for, and the spread around that mean remains.
# </details>
#
# <details><summary>One step gives the mean digit. Why does one pass of a GAN's G not do that?</summary>
#
# A mean square is smallest at the mean, and the mean of many digits is a blot. D would know a blot at once, so G is
# driven to *one* of the digits. That is what the adversarial loss is good at, and why it has been used to teach
# diffusion models to draw in one step or a few ([arXiv 2311.17042](https://arxiv.org/abs/2311.17042)).
# </details>
#
# <details><summary>DDPM uses a thousand steps, this lesson at most fifty. What is lost?</summary>
#
# Steps that add new noise need to be small. Without new noise the way is a smooth curve (an ordinary differential
# equation), and a curve can be followed in few steps, at the price of small errors at each.
# </details>
#
# <details><summary>Would a straight line instead of the circle change the answer?</summary>
#
# The mixture at each ratio of picture to noise is the same up to a factor; only its pace and its scale differ. Straight
# lines are called rectified flow or flow matching ([arXiv 2209.03003](https://arxiv.org/abs/2209.03003),
# [arXiv 2210.02747](https://arxiv.org/abs/2210.02747)).
# </details>

# %% [markdown]
# ## References
#
# - Sohl-Dickstein, Weiss, Maheswaranathan, Ganguli: [arXiv 1503.03585](https://arxiv.org/abs/1503.03585), the idea.
# - Ho, Jain, Abbeel: *Denoising Diffusion Probabilistic Models*, [arXiv 2006.11239](https://arxiv.org/abs/2006.11239).
# - Song, Meng, Ermon: *Denoising Diffusion Implicit Models*, [arXiv 2010.02502](https://arxiv.org/abs/2010.02502).
# - Salimans, Ho: *Progressive Distillation*, [arXiv 2202.00512](https://arxiv.org/abs/2202.00512), the velocity.
# - Dhariwal, Nichol: *Diffusion Models Beat GANs on Image Synthesis*,
#   [arXiv 2105.05233](https://arxiv.org/abs/2105.05233), with far larger networks, on photographs.
# - Sauer, Lorenz, Blattmann, Rombach: *Adversarial Diffusion Distillation*,
#   [arXiv 2311.17042](https://arxiv.org/abs/2311.17042): both at once.
# - Ronneberger, Fischer, Brox: *U-Net*, [arXiv 1505.04597](https://arxiv.org/abs/1505.04597).

# %%
from dcgan_course import checks

checks.progress("14")

# %% [markdown]
# ---
# ← [13 · What came after](13_what_came_after.ipynb) · [15 · Ask, and see what comes](15_asking_for_it.ipynb) →
