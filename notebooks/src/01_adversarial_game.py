# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · The adversarial game
#
# <img src="../data/duel.webp" width="440" alt="a film: orange points leave one heap in the middle, spread over the plane and gather on eight blue clusters of a ring, while the background, D's answers, changes under them">
#
# *Blue points are real, orange ones come from G. The background is what D believes at each place, blue: real, orange:
# generated, white: undecided; the arrows are all that G ever hears. In section 4 you train this pair yourself. It also
# plays in your browser, where you turn its knobs: [the duel](https://dcgan-course.github.io/dcgan-course/duel.html), on
# the course's site.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/01_adversarial_game.ipynb)
#
# **Time:** 60 minutes to read and try; the cells run for about 50 seconds on two CPU cores.
#
# **You need:** some PyTorch (tensors, `nn.Module`, `backward()`), the logarithm and the derivative.
#
# After this lesson you can
#
# - say what the best possible discriminator answers, and read a picture of it;
# - write the losses of both players on logits, in one line each;
# - explain, with numbers, why G does not simply maximise the loss that D minimises;
# - train a GAN on points in the plane, and count the modes that it covers or loses;
# - show why two players who learn by gradients can circle for ever, and what stops them.
#
# **You write** the two losses and one step of a two-player game; **we import** the checks, and for the last section
# the fully connected networks and the training loop. Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · Two players on a plane
#
# A **generator** G turns a random vector `z` into a sample. A **discriminator** D looks at a sample and answers with
# one number, $D(x)$: its probability that $x$ is real. D pays for being wrong, G for D being right. Nobody ever
# tells G what a real sample looks like; it only hears D's verdict.
#
# Images have hundreds of numbers each, and nobody can see a cloud of points in 784 dimensions. So we begin with
# samples of two numbers. The "real data" are points around eight centres on a ring. Each of the eight is a **mode**: a
# place where data are dense.

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
import pandas as pd
import torch
import torch.nn.functional as F
from matplotlib.colors import LinearSegmentedColormap
from torch import nn

from dcgan_course.checks import check_alternating_step, check_d_loss, check_g_loss
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.plots import BLUE, GREEN, INK, ORANGE, STYLE, show, show_table, show_turned

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %%
angles = torch.arange(8) * 2 * math.pi / 8
centres = 2 * torch.stack([angles.cos(), angles.sin()], dim=1)  # (8, 2): a ring of radius 2
spread = 0.1  # standard deviation of each mode


def draw(n, centres, stream):
    """n points (n, 2), each from a random centre with normal noise around it."""
    which = torch.randint(len(centres), (n,), generator=stream)
    return centres[which] + spread * torch.randn(n, 2, generator=stream)


x_real = draw(1000, centres, seeded(0, "real"))  # (1000, 2)

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(4, 4))
axes.scatter(*x_real[:400].T, s=5, color=BLUE, linewidths=0)
axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
show(figure, "The real data: eight modes on a ring, and nothing between them.",
     "blue points in eight round clusters, evenly spread on a circle")

# %% [markdown]
# ### The best possible D
#
# Suppose G stands still. Let $p_\text{data}(x)$ be the density of real points and $p_g(x)$ that of generated ones. At one
# place $x$, D pays $-\log D$ for each real point and $-\log(1 - D)$ for each generated one:
#
# $$p_\text{data}(x) \cdot (-\log D) + p_g(x) \cdot (-\log(1 - D))$$
#
# Set the derivative to zero, $-p_\text{data}/D + p_g/(1 - D) = 0$, and solve for D:
#
# $$D^*(x) = \frac{p_\text{data}(x)}{p_\text{data}(x) + p_g(x)}$$
#
# The next cell tests the formula. It supposes that real points are three times as dense as generated ones, and tries
# 999 answers. The lowest cost should lie at 3/4.

# %%
p_data, p_g = 0.3, 0.1
D = torch.linspace(0.001, 0.999, 999)
cost = -p_data * D.log() - p_g * (1 - D).log()
best = D[cost.argmin()]

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(6.4, 2.6))
axes.plot(D, cost, color=INK)
axes.plot(best, cost.min(), "o", color=BLUE, label=f"cheapest: {best:.2f}")
axes.axvline(p_data / (p_data + p_g), color=BLUE, linestyle=":", label="the formula")
axes.set(xlabel="D's answer", ylabel="cost", ylim=(0.2, 0.6))
axes.legend()
show(figure, "The cheapest of the answers is the formula's. (At both ends the cost rises on.)",
     "a curve that falls into a flat valley; its lowest point, marked, lies on a dotted line "
     "at three quarters")

# %% [markdown]
# On our ring both densities are known, so $D^*$ can be computed everywhere. It is convenient to work with the
# **logit**, the number that a sigmoid turns into a probability. Divide $D^*$ above and below by $p_\text{data}$, and out
# comes $D^* = \text{sigmoid}(\log p_\text{data} - \log p_g)$. So the best logit is the logarithm of a ratio of densities:
# 0 where both are equal, positive where real points are denser.

# %%
def log_density(x, centres, spread):
    """log of the mean of the Gaussians at `centres`, in the plane. x (n, 2) -> (n,)"""
    squares = torch.cdist(x, centres).square() / (2 * spread**2)
    return torch.logsumexp(-squares, dim=1) - math.log(len(centres) * 2 * math.pi * spread**2)


# %%
side = torch.linspace(-3, 3, 81)
plane = torch.cartesian_prod(side, side)  # (81 * 81, 2): a grid of places to ask D about
log_p_data = log_density(plane, centres, spread)

# %% [markdown]
# Here are three generators that stand still: a wide blob in the middle, one that draws only four of the eight modes,
# and a perfect one.
#
# In the maps blue means "$D^*$ says real", orange "generated", white "one half".
#
# > **Predict:** what does the best D answer on the modes when G is perfect?
# >
# > - blue: what lies there looks real
# > - orange: G drew it
# > - white: one half <!-- right -->

# %% jupyter={"source_hidden": true}
# generated, undecided, real
shades = LinearSegmentedColormap.from_list("D", ["#F0A878", "#FFFFFF", "#7FB8DC"])


def draw_plane(axis, D_plane, x_real, x_fake, title, reach=0.5):
    """D's answers (81 * 81,) as a background, with real and generated points on it: from
    0.5 - reach to 0.5 + reach. Returns the background, for a colour key."""
    answers = D_plane.view(81, 81).T  # rows: the second coordinate
    levels = torch.linspace(0.5 - reach, 0.5 + reach, 12)
    map_ = axis.contourf(side, side, answers, levels=levels, cmap=shades)
    axis.scatter(*x_real.T, s=5, color=BLUE, linewidths=0)
    axis.scatter(*x_fake.T, s=5, color=ORANGE, linewidths=0)
    axis.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), xticks=[], yticks=[], aspect="equal")
    axis.set_title(title)
    return map_


def key(figure, map_, axes):
    """What the colours of maps mean, beside them."""
    bar = figure.colorbar(map_, ax=axes, shrink=0.8, label="D(x)", format="{x:.2f}")
    bar.set_ticks([bar.vmin, 0.5, bar.vmax])


# %%
middle = torch.zeros(1, 2)
stills = {"G: a blob": (middle, 1.0), "G: four of eight": (centres[:4], spread),
          "G: perfect": (centres, spread)}

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.05))
for axis, (name, (at, width)) in zip(axes, stills.items(), strict=True):
    stream = seeded(1, "fake")
    x_fake = (draw(300, at, stream) if width == spread
              else torch.randn(300, 2, generator=stream))
    D_star = torch.sigmoid(log_p_data - log_density(plane, at, width))
    map_ = draw_plane(axis, D_star, x_real[:300], x_fake, name)
key(figure, map_, axes)
show(figure, "D*: blue where G draws too little, orange where it draws too much.",
     "three maps: eight blue islands in orange; half a ring in blue, half in pale orange; "
     "all white")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# White, and everywhere, as in the picture on the right: real and generated points are equally dense, so the best D can
# only guess. Read each picture as a map of complaints. On the left, eight blue islands show where points are missing.
# In the middle, four modes are missing, so their side is blue; the remaining four are real too, but G draws them too
# often, so their side is pale orange.
#
# </details>

# %% [markdown]
# > **Predict:** where G draws a mode twice as often as the data, which probability does $D^*$ give?
# >
# > - 0
# > - 1/3 <!-- right -->
# > - 1/2
# > - 2/3

# %% jupyter={"outputs_hidden": true}
log_ratio = log_density(centres, centres, spread) - log_density(centres, centres[:4], spread)
show_table(pd.DataFrame({"D* in its centre": {
    name: f"{torch.sigmoid(log_ratio[mode]):.2f}"
    for name, mode in (("a mode that G draws", 1), ("a mode that G misses", 6))}}))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It is 1/3: the four modes get twice the density that they should have, and $1 / (1 + 2) = 1/3$. So D's best answer is no
# verdict but a ratio, one for every place.
#
# </details>

# %% [markdown]
# A real D is a network, and does not know the densities. It sees samples, and learns to come close to $D^*$.
#
# ### What the best D means for G
#
# Suppose G plays the same game from the other side: it wants D's cost as *large* as possible, against the best D. Put
# $D^*$ into the cost, and a short calculation gives
#
# $$\text{cost of } D^* = \log(4) - 2\,\text{JSD}(p_\text{data}, p_g)$$
#
# where the **Jensen-Shannon divergence** JSD is 0 if the two densities are equal, and $\log(2) = 0.69$ if they never
# overlap. So a G that raises the cost of the best D lowers $2\,\text{JSD} - \log(4)$, and with it a true measure of how
# much the two densities differ. Consider a G that draws one narrow heap between the middle and a mode.
#
# > **Predict:** how does the divergence fall as the heap comes nearer?
# >
# > - evenly with the distance
# > - fastest while it is far away
# > - not at all, until the two touch <!-- right -->

# %%
def divergence(log_p, log_q):
    """The Jensen-Shannon divergence of two densities, from their logarithms on the plane."""
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)  # the mean of both
    cell = (side[1] - side[0]) ** 2
    return 0.5 * cell * (log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m)).sum()

# %%
gaps = torch.linspace(0, 2, 81).tolist()
heaps = [torch.tensor([[2 - gap, 0.0]]) for gap in gaps]  # the nearest mode lies at (2, 0)
falls = [divergence(log_p_data, log_density(plane, heap, spread)) for heap in heaps]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.plots import GREY, legend_above

figure, axes = plt.subplots(figsize=(7.6, 3))
axes.axhline(math.log(2), color=GREY, linestyle="--", linewidth=1)
axes.text(2, math.log(2) + 0.008, "log 2: nothing overlaps", va="bottom", color=INK)
axes.plot(gaps, falls, color=ORANGE)
axes.set(xlabel="distance of G's heap from the mode, on its way from the middle",
         ylabel="divergence", xlim=(2.05, -0.05), ylim=(0.48, 0.74))
still = {name: divergence(log_p_data, log_density(plane, at, width)).abs().item()
         for name, (at, width) in stills.items()}
show(figure, "The heap comes from the left. Look at how long nothing happens. (The three maps "
     "above: " + ", ".join(f"{name[3:]} {value:.2f}" for name, value in still.items()) + ".)",
     "a line that stays on a dashed one, log 2, from a distance of 2 to one of about a half, "
     "and then falls")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It does not fall at all until the two touch. As long as generated and real points lie apart (their *supports are
# disjoint*), the divergence is log 2 at every distance, and its slope is 0: with this cost, against a perfect D, G would
# learn nothing. (Two bells never lie quite apart; these come so near to it that the number is the same.) Pictures are
# such a case, since a G's first pictures and real ones hardly overlap in a space of hundreds of dimensions. A training
# works because D is *not* perfect: it is a smooth network, a few steps ahead of G, and its slope between the two sets
# points somewhere.
#
# </details>

# %% [markdown]
# ## 2 · Two losses, on logits
#
# D answers with a logit $l$, and $D(x) = \text{sigmoid}(l)$. What D minimises is the cost from above, averaged over a
# batch of real points and a batch of generated ones:
#
# $$L_D = -\text{mean} \log D(x) - \text{mean} \log(1 - D(G(z)))$$
#
# You could take the sigmoid and then its logarithm. Try it where D is very sure and very wrong:

# %%
logit = torch.tensor(-200.0)
print(f"At l = {logit:g} log(sigmoid(l)) is {torch.log(torch.sigmoid(logit)):g},",
      f"and -softplus(-l) is {-F.softplus(-logit):g}.")

# %% [markdown]
# The sigmoid of -200 is rounded to 0, whose logarithm is minus infinity, and one infinite loss ruins a whole training.
# The second number is the same quantity without the rounding, because
#
# $$-\log \text{sigmoid}(l) = \log(1 + e^{-l}) = \text{softplus}(-l)$$
#
# $$-\log(1 - \text{sigmoid}(l)) = \log(1 + e^{l}) = \text{softplus}(l)$$

# %% [markdown]
# > **Exercise 1 · What D minimises** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Write $L_D$ with logits in, one number out. Both halves count: a D that pays only for real samples calls
# > everything real.

# %%
def my_d_loss(logits_real, logits_fake):
    """What D minimises. logits_real (N,), logits_fake (N,): D's answers -> a scalar tensor."""
    raise NotImplementedError


# %%
d_loss = check_d_loss(my_d_loss)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `F.softplus` works on a whole tensor. For real samples the sign inside is minus, for generated ones plus. Take the
# mean of each half, then add.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_d_loss(logits_real, logits_fake):
#     loss_real = F.softplus(-logits_real).mean()  # -log D(x)
#     loss_fake = F.softplus(logits_fake).mean()  # -log(1 - D(G(z)))
#     return loss_real + loss_fake
# ```
#
# </details>

# %% [markdown]
# The generator G wants D to call its samples real, so it minimises what a *real* sample would cost D:
#
# $$L_G = -\text{mean} \log D(G(z))$$
#
# > **Exercise 2 · What G minimises** — difficulty 1 of 3 · importance 3 of 3 · 3 minutes
# >
# > Write $L_G$. G's loss sees generated samples only; the real ones do not depend on G.

# %%
def my_g_loss(logits_fake):
    """What G minimises. logits_fake (N,): D's answers for G's samples -> a scalar tensor."""
    raise NotImplementedError


# %%
g_loss = check_g_loss(my_g_loss)

# %% [markdown]
# <details><summary>Hint</summary>
#
# It is the first half of D's loss, with the generated samples in place of the real ones.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_g_loss(logits_fake):
#     return F.softplus(-logits_fake).mean()  # -log D(G(z))
# ```
#
# </details>

# %% [markdown]
# From here on `d_loss` and `g_loss` are yours where the check accepted them, and the package's where it did not.
#
# Two numbers are worth remembering. A D that guesses, with the logit 0 for everything, has the loss $2 \log(2) = 1.39$, and
# G's loss is then $\log(2) = 0.69$. (If your $L_D$ is the mean of the two halves and not their sum, it shows half of the
# first number. It trains as well, and with Adam even at the same pace; section 3 says why.)
#
# ## 3 · Why G does not simply undo D's work
#
# In a **zero-sum** game one player's gain is the other's loss: G would *maximise* what D minimises. Only the second
# half of $L_D$ depends on G, so G would minimise $\log(1 - D(G(z)))$. That is the **minimax** loss. Ours,
# $-\log D(G(z))$, is called **non-saturating**; with it the game is no longer zero-sum. Both losses fall as D's logit
# for a generated sample rises, so both push the same way. How hard does each push?
#
# Everything that G learns passes through the slope of its loss, the derivative with respect to the logit. Suppose that D
# sees through G's samples, say $D(G(z)) = 0.01$. Autograd will measure both slopes there.
#
# > **Predict:** which of the two losses has the steeper slope there, and about how many times?
# >
# > - minimax, 100 times
# > - neither: both are about equal
# > - non-saturating, twice
# > - non-saturating, 100 times <!-- right -->

# %% jupyter={"outputs_hidden": true}
def slopes(D_G_z):
    """By the logit, at D(G(z)) (n,): the derivatives of both losses, minimax first."""
    logits = torch.logit(D_G_z).requires_grad_()
    minimax = torch.autograd.grad(-F.softplus(logits).sum(), logits)[0]
    non_saturating = torch.autograd.grad(F.softplus(-logits).sum(), logits)[0]
    return minimax, non_saturating


values = torch.tensor([0.01, 0.5, 0.99], dtype=torch.float64)
minimax, ours = slopes(values)
show_table(pd.DataFrame({"slope of minimax": minimax, "non-saturating": ours,
                         "ratio": ours / minimax}, [f"D(G(z)) = {v:.2f}" for v in values])
           .map("{:.2f}".format))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The non-saturating loss is about 100 times steeper: at 0.01 its slope is 99 times that of minimax. A short calculation
# says why: the derivative is
# $-D(G(z))$ for minimax and $-(1 - D(G(z)))$ for ours.
#
# </details>

# %% [markdown]
# A loss pushes the logit against its slope, so the push is minus the slope. The curves show where each loss does its
# work:

# %% jupyter={"source_hidden": true}
D_G_z = torch.linspace(0.005, 0.995, 199, dtype=torch.float64)
minimax, non_saturating = slopes(D_G_z)
figure, axes = plt.subplots(figsize=(6.4, 3.2))
axes.plot(D_G_z, -non_saturating, color=ORANGE, label=r"non-saturating, $-\log D(G(z))$")
axes.plot(D_G_z, -minimax, color=GREEN, linestyle="--", label=r"minimax, $\log(1 - D(G(z)))$")
axes.set(xlabel="D(G(z)): D's probability that the sample is real",
         ylabel="push: minus the slope")
axes.legend(loc="upper center")
show(figure, "At the left edge one push is full, the other is nearly zero.",
     "two straight lines that cross at one half: one falls from 1 to 0, one rises from 0 to 1")

# %% [markdown]
# A loss **saturates** where its slope goes to zero. Minimax saturates exactly where G is bad and most needs advice. The
# non-saturating loss saturates where G already fools D, and there nothing needs to change. In the middle, at one half,
# both push equally.
#
# ### What Adam makes of it
#
# Does a slope that is 99 times smaller mean steps that are 99 times shorter? With plain gradient descent it does. But
# GANs are trained with **Adam**, which divides each gradient by a running mean of its own size. Ten steps of Adam on
# one weight, whose loss is multiplied by a constant:

# %%
moved = {}
for name, factor in (("its own loss", 1), ("a hundredth of it", 0.01),
                     ("a billionth of it", 1e-9)):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=1e-3)
    for _ in range(10):
        optimizer.zero_grad()
        (-factor * weight).sum().backward()
        optimizer.step()
    moved[name] = f"{weight.item():.4f}"
show_table(pd.DataFrame({"the weight moves by": moved}))

# %% [markdown]
# A hundredth of the loss makes the same step: **Adam does not see a loss's scale**, until the loss is so small that
# Adam's `eps` shows (last line).
#
# <details><summary>What, then, is left of the difference between the two losses?</summary>
#
# - **The weights within a batch.** The slope is a different number for each sample, and Adam cannot undo that. Of two
#   samples with $D(G(z))$ 0.01 and 0.6, minimax takes 98 % of its push from the second, which fools D already; the
#   non-saturating loss takes 71 % of its push from the first, which does not.
# - **The end of the scale.** Adam adds a small number to the divisor, `eps` = 0.00000001. Where D is so sure that
#   D(G(z)) is 0.000001 or less, minimax can bring gradients down to `eps`, and then G's steps shrink, as in the last
#   line above. Lesson 05, section 5, compares both losses where D is far ahead.
#
# </details>

# %% [markdown]
# ## 4 · Train it, and watch
#
# Now G and D become networks: two hidden layers of 64 units each. G turns 2 random numbers into a point; D turns a
# point into a logit.

# %%
def mlp(n_out):
    """A small fully connected network, (n, 2) -> (n, n_out)."""
    hidden = [nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2)]
    return nn.Sequential(*hidden, nn.Linear(64, n_out))


# %% [markdown]
# To judge G we count. A point is **near a mode** if it lies within three standard deviations of its centre. A mode is
# **covered** if at least 2 % of the points are near it; an even share would be one eighth, 12.5 %. Real points show the
# best that can be reached:

# %%
def score(points):
    """(modes covered, share near a mode, share near the fullest mode) of points (n, 2)."""
    distance, nearest = torch.cdist(points, centres).min(dim=1)
    near = distance < 3 * spread
    counts = nearest[near].bincount(minlength=8)
    covered = int((counts >= 0.02 * len(points)).sum())
    return covered, near.float().mean().item(), counts.max().item() / len(points)


covered, near, fullest = score(draw(10_000, centres, seeded(2, "real")))
print(f"real points: {covered} of 8 modes, {near:.0%} near a mode, "
      f"{fullest:.1%} near the fullest one")


# %% [markdown]
# The training is the game, move by move. **D's move:** a batch of real points, a batch of G's, one step down $L_D$.
# **G's move:** the same generated points, judged by the new D, one step down $L_G$. `detach()` keeps D's move from
# reaching G. On the way, the loop notes what it will draw later: 41 moments, close together at first, with the direction
# in which D's logit rises at each of G's points: all that G hears.

# %% jupyter={"source_hidden": true}
from tqdm import tqdm

from dcgan_course.machine.display import bar_options


def moment(step, netG, netD, z):
    """What the loop notes: (step, generated points, D's answers on the plane, the slopes of
    D's logit at the points)."""
    points = netG(z).detach().requires_grad_()
    push = torch.autograd.grad(netD(points).sum(), points)[0]
    with torch.no_grad():
        return step, points.detach(), netD(plane).sigmoid().flatten(), push


# %%
def play(lr_g, steps=3000, seed=0, lr_d=1e-3, moments=41, penalty=None):
    """Train G and D on the ring. Returns a list of moments, with 1,000 generated points
    each. Section 5 adds a penalty to D's loss, a function of D and the real points."""
    torch.manual_seed(seed)
    netG, netD, stream = mlp(2), mlp(1), seeded(seed, "ring")
    optG = torch.optim.Adam(netG.parameters(), lr=lr_g, betas=(0.5, 0.999))
    optD = torch.optim.Adam(netD.parameters(), lr=lr_d, betas=(0.5, 0.999))
    keep = [round(steps * (k / (moments - 1)) ** 2) for k in range(moments)]
    film, z_fixed = [], torch.randn(1000, 2, generator=stream)
    for step in tqdm(range(steps + 1), **bar_options()):
        if step in keep:
            film.append(moment(step, netG, netD, z_fixed))
        x_fake = netG(torch.randn(128, 2, generator=stream))  # (128, 2)
        x_real = draw(128, centres, stream)
        loss_D = d_loss(netD(x_real).flatten(), netD(x_fake.detach()).flatten())
        if penalty:
            loss_D = loss_D + penalty(netD, x_real)
        optD.zero_grad()
        loss_D.backward()
        optD.step()
        loss_G = g_loss(netD(x_fake).flatten())
        optG.zero_grad()
        loss_G.backward()
        optG.step()
    return film


# %% [markdown]
# Three thousand moves take about five seconds.
#
# > **Predict:** the film under the title shows such a pair: G finds the modes, nearly all at once. Of real points 99 %
# > are near a mode. How many of G's are in the end?
# >
# > - 99 %, as many as of the real ones
# > - about 85 % <!-- right -->
# > - about half

# %% tags=["nbval-ignore-output"]
film = play(lr_g=1e-3)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
def strip(film, picks, caption, alt):
    """Some moments of a film side by side, three in a row."""
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 6))
    for axis, pick in zip(axes.flat, picks, strict=True):
        step, x_fake, D_plane, _ = film[pick]
        draw_plane(axis, D_plane, x_real[:200], x_fake[:300], f"step {step:,}")
    show(figure, caption, alt)


strip(film, [0, 4, 9, 13, 20, 40],
      "Orange points are G's; look at how D's map (blue: real) changes under them.",
      "six maps: a heap of orange points in the middle spreads, reaches the ring, and gathers "
      "on its eight clusters")

# %% jupyter={"outputs_hidden": true} tags=["nbval-ignore-output"]
picks = [0, 4, 9, 13, 20, 29, 40]
scores = {f"step {film[pick][0]:,}": score(film[pick][1]) for pick in picks}
columns = ["modes covered, of 8", "near a mode", "near the fullest mode"]
show_table(pd.DataFrame({name: (covered, f"{near:.0%}", f"{fullest:.0%}")
                         for name, (covered, near, fullest) in scores.items()}, columns).T)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 85 %. First the points lie in one heap, and D has no clear opinion. Then the heap spreads over the plane; D learns
# that the middle is no place for real points, and the points move out to the ring. At last they gather around the modes.
#
# Look at D's map in the last picture: nearly white on the modes, orange between them. That is $D^*$ again. On a mode
# real and generated points are about equally dense, so D guesses; between the modes there are generated points only.
#
# All modes are found early, but at the end every sixth point is still near none of them. In the last picture you find
# most of these between neighbouring modes, on **bridges**. They are no accident. G is continuous, and its `z` fill one
# connected region, so its points form one connected shape too. Such a G cannot draw eight separate islands; it can only
# make the bridges thin.
#
# </details>

# %% [markdown]
# ### When G runs ahead
#
# Take the same networks, the same data and the same D, and let only G hurry: its learning rate is a hundred times as
# large. It gets three seeds, because one run proves little. A G that learns more at each move should be better, should
# it not?
#
# > **Predict:** how many of the eight modes does the hasty G cover, at most moments?
# >
# > - all eight
# > - three to seven
# > - two or fewer <!-- right -->

# %% tags=["nbval-ignore-output"]
hasty = play(lr_g=0.1)
more_hasty = [play(lr_g=0.1, steps=1500, seed=seed) for seed in (1, 2)]

# %% jupyter={"source_hidden": true}
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dcgan_course.plots import encoded


def frame(moments):
    """Trainings side by side at one moment, {name: moment}: a WebP file, 1,201 pixels wide."""
    canvas = FigureCanvasAgg(Figure(figsize=(8.4, 4.5), dpi=143, facecolor="none"))
    axes = canvas.figure.subplots(1, 2)
    for axis, (name, (_, x_fake, D_plane, push)) in zip(axes, moments.items(), strict=True):
        map_ = draw_plane(axis, D_plane, x_real[:200], x_fake[:300], name)
        arrows = 0.5 * push[:40] / (push[:40].norm(dim=1, keepdim=True) + 0.5)  # long: 0.5
        axis.quiver(*x_fake[:40].T, *arrows.T, angles="xy", scale_units="xy", scale=1,
                    width=0.0035)
    key(canvas.figure, map_, axes)
    canvas.draw()
    return encoded([np.asarray(canvas.buffer_rgba()).copy()], ".webp", 1, quality=40)


# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
looks = zip(film[::3] + film[-1:], hasty[::3] + hasty[-1:], strict=True)
show_turned({f"step {a[0]:,}": frame({"patient G": a, "100 times as fast": b})
             for a, b in looks},
            "Blue points are real, orange ones G's; an arrow is where D sends a point. When "
            "do those on the left turn away from the middle? Where does the crowd on the "
            "right go?",
            "two maps: on the left orange points leave the middle and gather on eight blue "
            "clusters; on the right one heap of them rushes around the ring", first=13)

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
figure, axes = plt.subplots(figsize=(8.4, 3))
for moments, colour, name in ((film, BLUE, "patient G"), (hasty, ORANGE, "100 times as fast"),
                              (more_hasty[0], GREY, "the same, two more seeds"),
                              (more_hasty[1], GREY, None)):
    axes.plot([step for step, *_ in moments], [score(points)[0] for _, points, *_ in moments],
              color=colour, label=name)
axes.set(xlabel="step", ylabel="modes covered", ylim=(-0.4, 8.4), yticks=range(0, 9, 2))
legend_above(axes)
show(figure, "Modes covered on the way. Does a hasty line ever settle? (The two grey ones end "
     "with their training, at step 1,500.)",
     "a blue line rises to eight and stays; three lines of hasty trainings jump between none "
     "and two; the grey ones stop half way")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It covers two or fewer, with each of the three seeds. (We tried six for 2,000 steps: none of them covered more than two
# at any of 21 moments from step 500 on.) This is **mode collapse**: G gives much the same answer for every `z`. At most
# moments its points form one heap or streak, which lies on a mode or two, or beside the ring, and is soon on its way to
# the next. G is not stupid. At any moment D has a place that it likes best, and the fastest way to a lower
# $L_G$ is to send *everything* there. Then D learns that this place is fake, likes another one better, and the whole
# crowd moves on. Each move makes sense for the one who makes it, and together they lead nowhere. (On the slider the right
# map is white for long, and its arrows are too short to see: its D's opinion is at first too weak for both.)
#
# </details>

# %% [markdown]
# In [the duel](https://dcgan-course.github.io/dcgan-course/duel.html), on the course's site, you turn both rates while two
# such networks learn in your browser.
#
# Networks are not the only players that run in circles. Two numbers are enough to see it.

# %% [markdown]
# ## 5 · The smallest game
#
# Two players have one number each. Player $x$ wants $f(x, y) = x \cdot y$ small, player $y$ wants it large: a zero-sum
# game. A point where neither player can gain anything by moving alone is called a **Nash equilibrium**. Here $(0, 0)$
# is the only one, and since $f$ rises from it in some directions and falls in others, it is a **saddle point**.
#
# The gradients are $\partial f / \partial x = y$ and $\partial f / \partial y = x$. If both step **at the same time**
# with learning rate `lr`:
#
# $$x' = x - lr \cdot y \qquad y' = y + lr \cdot x$$
#
# The distance from the saddle then follows in one line:
#
# $$x'^2 + y'^2 = x^2 - 2\,lr\,xy + lr^2 y^2 + y^2 + 2\,lr\,xy + lr^2 x^2 = (1 + lr^2)(x^2 + y^2)$$
#
# Every step multiplies the distance by $\sqrt{1 + lr^2}$, wherever you are. A smaller `lr` makes it slower, and never
# stops it.

# %%
def simultaneous_step(x, y, lr):
    """Both players move at once, each seeing the other's old number."""
    return x - lr * y, y + lr * x


x, y = simultaneous_step(3.0, 4.0, 0.1)
print(f"distance before 5, after {math.hypot(x, y):.4f}; "
      f"predicted {5 * math.sqrt(1 + 0.1**2):.4f}")

# %% [markdown]
# The loop of a GAN does not work like this. There the players take turns, and the second answers the move that the first
# has *just* made. Does that help?
#
# > **Exercise 3 · Taking turns** — difficulty 1 of 3 · importance 2 of 3 · 4 minutes
# >
# > Write one alternating step: first $x$ goes down, then $y$ goes up, and $y$ sees the new $x$.

# %%
def my_alternating_step(x, y, lr):
    """One turn each on f(x, y) = x * y: x descends, then y ascends seeing the new x.

    Numbers in, (x, y) out.
    """
    raise NotImplementedError


# %%
alternating_step = check_alternating_step(my_alternating_step)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The formulas are the same two. What differs is which $x$ stands in the second one.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_alternating_step(x, y, lr):
#     x = x - lr * y  # x moves first
#     y = y + lr * x  # and y answers the new x
#     return x, y
# ```
#
# </details>

# %% [markdown]
# The next cell takes 314 steps in both ways from the same start; with `lr` = 0.1 that is five turns around the saddle.
#
# > **Predict:** where does each of them end, compared with where it began?
# >
# > - both further out
# > - simultaneous further out, taking turns as far away <!-- right -->
# > - simultaneous as far away, taking turns further in
# > - both further in

# %% jupyter={"outputs_hidden": true}
def walk(step, steps=314, lr=0.1):
    """The path from (1, 1): a list of steps + 1 points (x, y)."""
    path = [(1.0, 1.0)]
    for _ in range(steps):
        path.append(step(*path[-1], lr))
    return path


apart, turns = walk(simultaneous_step), walk(alternating_step)
ends = {}
for name, path in (("simultaneous", apart), ("alternating", turns)):
    distances = [math.hypot(x, y) for x, y in path]
    ends[name] = [f"{d:.2f}" for d in (distances[0], distances[-1], max(distances))]
show_table(pd.DataFrame(ends, ["at the start", "at the end", "at most"]).T,
           "Distance from the saddle.")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
figure, axes = plt.subplots(figsize=(6.4, 4.6))
axes.plot(*zip(*apart, strict=True), color=ORANGE, linewidth=1, label="simultaneous")
axes.plot(*zip(*turns, strict=True), color=BLUE, linewidth=1.5, label="alternating")
axes.plot(0, 0, "+", color=INK, markersize=12, label="saddle point")
axes.plot(1, 1, "o", color=GREEN, label="start")
axes.set(xlabel="x, wants f small", ylabel="y, wants f large", aspect="equal")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(figure, "One path leaves, the other stays.",
     "an orange spiral winds outwards; a blue path stays on a closed curve around the saddle")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The simultaneous path ends further out, where the formula says: $\sqrt{2} \cdot 1.01^{314/2} = 6.74$. Taking turns ends
# as far away as it began, on a closed curve. There is a quantity that an alternating step leaves exactly as it was,
# $x^2 + y^2 - lr \cdot x y$, and the places where it has one value form an ellipse around the saddle, here almost a
# circle. (Try the algebra: write the new point's value, and put $y = y' - lr\,x'$ and $x = x' + lr\,y$ into it.)
#
# </details>

# %% [markdown]
# Taking turns does not diverge, and it does not arrive either. Now compare the point of the closed path that comes
# nearest to the saddle with the *mean* of all its points.

# %%
mean_x, mean_y = (sum(values) / len(turns) for values in zip(*turns, strict=True))
nearest = min(math.hypot(x, y) for x, y in turns)
print(f"From the saddle the nearest point is {nearest:.2f} away,",
      f"the mean of all points {math.hypot(mean_x, mean_y):.2f}.")

# %% [markdown]
# The mean lies on the saddle, though no point of the path comes near it. Remember this when you meet the
# *moving average of G's weights* (`ema_kimg`): a way to show the middle of the circling instead of the latest point.
#
# A real GAN is not this game. Its losses are curved where $x \cdot y$ is not, and curvature can pull the path inwards.
# Its gradients come from random batches, and their noise pushes the path about. But the tendency to turn is there as
# well, and it is one reason why the losses of a GAN do not settle like those of a classifier.
#
# ### A brake: a price on steepness
#
# In this game $y$ plays D. Think of a D that is a straight line, $D(x) = y \cdot x$: its steepness is $y$. Make D pay for
# it, $\frac{\gamma}{2} y^2$ with a number $\gamma$ of your choice: a **gradient penalty**. Now $y$ climbs
# $x y - \frac{\gamma}{2} y^2$, whose slope is $x - \gamma y$, and the alternating step becomes
#
# $$x' = x - lr \cdot y \qquad y' = y + lr\,(x' - \gamma y)$$
#
# The price is 0 at the saddle, so the equilibrium stays where it was. Does the path now get there?
#
# > **Predict:** the path begins 1.41 from the saddle. How far from it do the 314 steps end with $\gamma = 0.2$?
# >
# > - about 1.4: the path stays closed
# > - about 0.7
# > - less than 0.1 <!-- right -->

# %% jupyter={"outputs_hidden": true}
def priced_step(x, y, lr, gamma=0.2):
    """One turn each; y pays gamma / 2 * y^2."""
    x = x - lr * y
    return x, y + lr * (x - gamma * y)


cured = walk(priced_step)
M = torch.tensor([[1, -0.1], [0.1, 1 - 0.1 * 0.2 - 0.1**2]], dtype=torch.float64)
factor = torch.linalg.eigvals(M).abs().max().item()
show_table(pd.DataFrame({"with the price": {
    "distance at the end": f"{math.hypot(*cured[-1]):.2f}",
    "a step multiplies it by": f"{factor:.4f}",
    "predicted": f"{math.sqrt(1 - 0.1 * 0.2):.4f}"}}))

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
pictures = {}
for gamma in (0, 0.05, 0.2, 1):
    path = walk(lambda x, y, lr, gamma=gamma: priced_step(x, y, lr, gamma))
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    axes.plot(*zip(*path, strict=True), color=BLUE, linewidth=1.5, label="path")
    axes.plot(0, 0, "+", color=INK, markersize=12, label="saddle point")
    axes.plot(1, 1, "o", color=GREEN, label="start")
    axes.set(xlabel="x, wants f small", ylabel="y, wants f large", aspect="equal",
             xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    end = math.hypot(*path[-1])
    pictures[f"gamma = {gamma:g}: it ends {end:.2f} from the saddle"] = figure
show_turned(pictures, "The same steps, and a price on D's steepness: drag to change gamma.",
            "the path around the saddle", first=2)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Less than 0.1: the path winds inwards. A step makes the distance about one per cent shorter, and 314 such steps leave
# little of it. Why:
#
# 1. The step is linear: it multiplies $(x, y)$ by
#    $M = \begin{pmatrix} 1 & -lr \\ lr & 1 - lr\,\gamma - lr^2 \end{pmatrix}$.
# 2. Its determinant is $1 \cdot (1 - lr\,\gamma - lr^2) + lr \cdot lr = 1 - lr\,\gamma$.
# 3. As long as $\gamma < 2 - lr$, the two eigenvalues of $M$ are a complex pair, so they have the same length, and its
#    square is the determinant: each step shrinks the spiral by the factor $\sqrt{1 - lr\,\gamma}$.
#
# With $\gamma = 0$ the factor is 1, the closed path from above: drag the slider to its left end.
#
# </details>

# %% [markdown]
# For networks the price is called **R1**: D pays $\frac{\gamma}{2}$ times the mean squared length of its slope at real
# points. Does it also stop the hopping on the ring? The next cell trains a G that learns ten times as fast as the patient
# one, without R1 and with it, for as many steps, which takes about twelve seconds.
#
# > **Predict:** how many modes does each cover, at most of the later moments?
# >
# > - both two or fewer
# > - two or fewer without R1, six or more with it <!-- right -->
# > - both six or more

# %% tags=["nbval-ignore-output"]
def r1(netD, x_real):
    """Half of the mean squared length of D's slope at real points: gamma is 1."""
    x = x_real.clone().requires_grad_()
    slope = torch.autograd.grad(netD(x).sum(), x, create_graph=True)[0]  # (n, 2)
    return slope.square().sum(dim=1).mean() / 2


hopping = play(lr_g=1e-2)
calm = play(lr_g=1e-2, penalty=r1)

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
figure, axes = plt.subplots(2, 3, figsize=(8.4, 5.4))
picks = (20, 30, 40)
for row, (name, moments) in zip(axes, {"without": hopping, "with R1": calm}.items(),
                                strict=True):
    away = [(moments[pick][2] - 0.5).abs().max().item() for pick in picks]
    reach = max(math.ceil(20 * max(away)) / 20, 0.05)  # each row has colours of its own
    for axis, pick in zip(row, picks, strict=True):
        step, x_fake, D_plane, _ = moments[pick]
        map_ = draw_plane(axis, D_plane, x_real[:200], x_fake[:300], f"{name}, step {step:,}",
                          reach)
    key(figure, map_, row)
show(figure, "The G that is ten times as fast. Each row has a colour key of its own: white is "
     "one half.", "six maps: above, a cloud, a heap or a streak of orange points at changing "
     "places; below, a ring of orange points, which is gathering on the modes in the last map")

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
for moments, colour, name in ((hopping, ORANGE, "ten times as fast"),
                              (calm, GREEN, "ten times as fast, with R1"),
                              (film, BLUE, "patient G")):
    steps, scores = zip(*((step, score(points)) for step, points, *_ in moments), strict=True)
    axes[0].plot(steps, [covered for covered, *_ in scores], color=colour, label=name)
    axes[1].plot(steps, [100 * near for _, near, _ in scores], color=colour)
axes[0].set(title="modes covered", xlabel="step", ylim=(-0.4, 8.4), yticks=range(0, 9, 2))
axes[1].set(title="points near a mode, %", xlabel="step", ylim=(-5, 105))
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
show(figure, "Compare the green line with the blue one, left and then right.",
     "left: one line never passes two, two rise to eight, one of which keeps jumping down; "
     "right: one line is low but for two peaks, two rise, the patient one highest")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# At most moments: without R1 two modes or fewer, with it six or more. Above, D's map is tilted, or a bowl around the
# middle that knows no modes: D knows little more than where the heap is not, and the heap goes there. Below, D is flat
# where real points are, as R1 demands, and tinted where G has points and the data have none, in the middle. So points
# that have reached the ring are left in peace, and the others are sent to it.
#
# So **R1 stops the hopping, and it costs sharpness.** On the right the green line lies below the blue one nearly all the
# way, and jumps. (A good third of that is the hurry's, says the table below.) With R1 the points lie in an even ring for
# long, where the patient G has eight heaps. To tell a heap from the gap beside it, D has to be steep there, which is
# what it pays for. (The orange peaks are one heap that passes over a mode.)
#
# </details>

# %% [markdown]
# This is one seed. We tried five, and looked at 18 moments of each from step 1,500 on:
#
# | G | moments with six modes or more, of 18 | points near a mode, mean of the 18 moments |
# |---|--:|--:|
# | patient | 18 | 77 to 82 % |
# | patient, with R1 | 18 | 64 to 70 % |
# | ten times as fast, with R1 | 15 or more | 54 to 65 % |
#
# So nearly two thirds of the lost sharpness are R1's price, and the rest is the hurry's. (The same fast G without R1
# covered two modes or fewer at each of these moments, with four of the five seeds; with R1 it never did.) And R1 has
# its limits: try the G of section 4, a hundred times as fast, with `penalty=r1`.
# [Lesson 13](13_what_came_after.ipynb) puts R1 into the discriminator of a DCGAN.

# %% [markdown]
# ## 6 · From 2 numbers to 784
#
# Nothing in the game depends on the dimension. An MNIST digit has 28×28 pixels, so it is a point in a space of 784
# dimensions, and the fully connected networks only get wider.

# %%
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.models import build_discriminator, build_generator, count_parameters

RETRAIN = False  # True: five epochs instead of 0.4, about two minutes
config = preset("mnist", network="basic", nc=1, lr_g=5e-4, lr_d=5e-4, ema_kimg=0,
                sample_kimg=5, num_epochs=5 if RETRAIN else 0.4,
                threads=torch.get_num_threads())
of_G, of_D = (count_parameters(build(config))
              for build in (build_generator, build_discriminator))
print(f"G: {config.nz} numbers -> 784 pixels, {of_G:,} parameters")
print(f"D: 784 pixels -> 1 logit,   {of_D:,} parameters")

# %% [markdown]
# The package's training loop plays the moves that you have just seen: `d_step` and `g_step` in
# [trainer.py](../dcgan_course/trainer.py). The cell takes about ten seconds.

# %% tags=["nbval-ignore-output"]
from dcgan_course.trainer import train

live = train(config)
print(f"{live.stats()[-1]['kimg']:.0f} thousand images, written to {live.path}")

# %% [markdown]
# Here are a dozen new pictures by the same G, large enough to see each pixel:

# %% tags=["nbval-ignore-output"]
from dcgan_course.sampling import generate, sample_z

z = sample_z(12, config.nz, config.z, seeded(0, "lesson"))
show(generate(live.load_generator(), z),
     "Fully connected G: look at the single bright pixels around the strokes.",
     "twelve pictures, blobs and something like digits, full of specks", nrow=6)

# %% [markdown]
# Something like a digit begins to appear: the game works in 784 dimensions too. But whatever `z` is, it draws two
# shapes and what lies between them, one wide curl and one narrow stroke: G sits on few heaps here as well, as the hasty
# one did on the ring. Besides, the pictures are full of **specks**, single pixels that stand out from their
# surroundings, which no pen would draw.
#
# How could this G know which pixels are neighbours? To a fully connected layer the image is a list of 784 numbers in
# some order. The next picture shows digits, and below each the same digit with its pixels shuffled, all in the same
# way:

# %%
digits = to_float(load_images("mnist", image_size=28).batch(range(500)))  # (500, 1, 28, 28)
order = torch.randperm(784, generator=seeded(0, "order"))
shuffled = digits.flatten(1)[:, order].view_as(digits)  # the same pixels, at other places
show(torch.cat([digits[:12], shuffled[:12]]),
     "Digits, and the same shuffled: to a fully connected network both are equally hard.",
     "twelve digits, and below each a square of noise with the same pixels", nrow=12)

# %% [markdown]
# To you the lower row is noise. To a fully connected D it is the same task: shuffle the columns of its first layer's
# weights in the same way, and every answer stays as it was. The next cell does so and compares the logits:

# %%
netD = live.load_discriminator()
with torch.inference_mode():
    before = netD(digits)
    netD.blocks[0].weight.copy_(netD.blocks[0].weight[:, order])
    after = netD(shuffled)
print(f"largest difference between the logits of {len(digits)} digits: "
      f"{(before - after).abs().max():.3f}")

# %% [markdown]
# The logits do not differ. Whatever this D can learn about digits it can learn about shuffled digits, just as fast.
# That neighbouring pixels belong together, and that a stroke is a stroke wherever it lies, must be learned from
# examples, pixel by pixel.
#
# A *convolution* has both built in: it looks at neighbours, and at every place with the same weights. Building G and
# D from convolutions in such a way that they still train took five guidelines, the subject of lesson 02.

# %% [markdown]
# > **Open exercise · A curve that lies** — 45 minutes
# >
# > Find a setting of `play` (learning rates, steps, another ring, another width of the modes) in which the
# > losses look healthy while the points do not: loss_D stays near 1.39 over the last third of the training, and yet G
# > covers four modes or fewer. Or show why you believe that there is none. You will need to make `play` keep the losses.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | definition | "the loss looks fine" | says in numbers what counts as healthy and what as collapsed, before trying |
# | search | one lucky setting | a small grid, with every result shown, failures too |
# | seeds | one | at least three for the setting that is reported, and how often it holds |
# | explanation | "GANs are unstable" | says what D can and cannot tell apart there, with a picture of D's map |
# | limits | none | says what would refute the explanation, and tries one such thing |
#
# If no setting was found, a good answer says how far it searched, and what that does and does not show.
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>loss_D stands at 1.39 and does not move. Is G perfect?</summary>
#
# Not necessarily. It is the loss of a D that answers one half everywhere. A perfect G forces D to do so; an untrained or
# too small D does so by itself. Look at the samples.
# </details>
#
# <details><summary>D* depends on a ratio of densities. What does G hear at a place where neither density has any
# points?</summary>
#
# It hears nothing reliable. No sample ever corrects D there, so D's answer is whatever the network happens to continue
# from elsewhere. Look at the corners of the strip in section 4: D has an opinion about them, though it hardly ever saw a
# point there.
# </details>
#
# <details><summary>Why does G's loss not forbid mode collapse?</summary>
#
# G's loss is a mean over samples, each judged alone. A hundred copies of one convincing point score as well as a hundred
# different convincing points. Variety is paid for only indirectly, when D learns that the crowded place is suspicious.
# </details>
#
# <details><summary>In the game x·y you halve <code>lr</code> and take twice as many steps, simultaneously. Is the end
# nearer to the saddle?</summary>
#
# It is nearer, but still further out than where it began. The distance grows by (1 + lr²)^(steps/2), roughly exp(lr² ·
# steps / 2). Half of <code>lr</code> and twice the steps halve the exponent; they do not change its sign.
# </details>
#
# <details><summary>Try it: in <code>play</code>, replace G's loss by minimax,
# <code>-F.softplus(netD(x_fake).flatten()).mean()</code>. What do you expect in the first hundred steps?</summary>
#
# Expect less difference than the slopes suggest. Adam does not see the loss's scale, so G moves from the start; what
# changes is which samples it listens to. Only a D that is extremely sure, so that gradients come down to Adam's eps,
# slows G down. On this easy ring D is hardly ever that sure. Lesson 05 compares both losses on digits, with a D that is
# far ahead.
# </details>

# %% [markdown]
# ## References
#
# - Goodfellow and others: *Generative Adversarial Networks*, [arXiv 1406.2661](https://arxiv.org/abs/1406.2661):
#   the game, D* (proposition 1), the Jensen-Shannon divergence (theorem 1), and the loss of G that does not saturate
#   (section 3).
# - Kingma, Ba: *Adam*, [arXiv 1412.6980](https://arxiv.org/abs/1412.6980): steps that do not depend on the loss's scale.
# - Arjovsky, Bottou: *Towards Principled Methods for Training GANs*, [arXiv 1701.04862](https://arxiv.org/abs/1701.04862):
#   what disjoint supports mean for G.
# - Metz, Poole, Pfau, Sohl-Dickstein: *Unrolled Generative Adversarial Networks*,
#   [arXiv 1611.02163](https://arxiv.org/abs/1611.02163): the ring of eight Gaussians as a test for mode collapse.
# - Mescheder, Geiger, Nowozin: *Which Training Methods for GANs do actually Converge?*,
#   [arXiv 1801.04406](https://arxiv.org/abs/1801.04406): simultaneous and alternating steps on the smallest GAN, and R1.
# - Gidel and others: *A Variational Inequality Perspective on Generative Adversarial Networks*,
#   [arXiv 1802.10551](https://arxiv.org/abs/1802.10551): the game x·y, and averaging.

# %%
from dcgan_course import checks

checks.progress("01")

# %% [markdown]
# ---
# ← [00 · Start here](00_start_here.ipynb) · [02 · Five architecture guidelines](02_five_guidelines.ipynb) →
