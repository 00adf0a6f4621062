# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · Train a DCGAN on MNIST
#
# <img src="../data/two_steps.svg" width="848" alt="two rows: in D's step scissors named detach cut the way from x_fake back to G, and the gradient of loss_D changes D alone; in G's step the gradient of loss_G runs back through D into G">
#
# *A GAN's training in one picture: two steps in turn. In D's step `detach` cuts the way back to G; in G's step the
# gradient runs through D. In this lesson you write both.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/03_train_mnist.ipynb)
#
# **Time:** 50 minutes to read and write; the cells run for about 45 seconds on two CPU cores, less on a GPU.
#
# **You need:** an optimiser's `zero_grad()`, `backward()` and `step()`; lessons 01 and 02 for losses and networks.
#
# After this lesson you can
#
# - write the two steps of a GAN's training, and say what each line is for;
# - start a training, stop it, and go on from its checkpoint;
# - tell a healthy training from one that D has won and from one that has collapsed, by curves and pictures;
# - judge a generator by numbers, on images that nobody picked.
#
# **You write** the noise, D's step and G's step; **we import** the networks ([models.py](../dcgan_course/models.py))
# and, once you have written the steps, the loop around them ([trainer.py](../dcgan_course/trainer.py)).
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · The images
#
# MNIST holds 60,000 handwritten digits of 28×28 pixels for training. Here are 64 of them.

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
import torch

from dcgan_course import checks, losses
from dcgan_course.config import preset
from dcgan_course.data import Batches, load_images, to_float
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.models import build_discriminator, build_generator, init_weights
from dcgan_course.plots import BLUE, GREY, ORANGE, show, show_rows, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, sample_z
from dcgan_course.trainer import train

print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %%
digits = load_images("mnist", image_size=28)  # 60,000, uint8 from 0 to 255
x_real = to_float(digits.batch(range(64)))  # (64, 1, 28, 28), float32 from -1 to 1
show(x_real, "Real digits: thin strokes and bold ones, on a black background.",
     "sixty-four handwritten digits in eight rows, white on black")

# %% [markdown]
# The generator will end in a `tanh`, whose answers lie between -1 and 1. Real images must lie where G can reach them,
# or no amount of training makes the two alike.
#
# The paper's only preparation is a change of scale, from 0…255 to -1…1, and so is ours:
#
# $$x = \frac{\text{pixel}}{127.5} - 1$$
#
# All pictures of the course are shown on this same scale: none is stretched to look better.
#
# A mistake seen in well-known tutorials (in
# [Lightning's basic GAN](https://github.com/Lightning-AI/tutorials/blob/main/lightning_examples/basic-gan/gan.py), for
# one): `Normalize((0.1307,), (0.3081,))`, copied from a digit *classifier*. It subtracts 0.1307 from pixels between 0
# and 1, and divides by 0.3081. In the classifier it is harmless.
#
# > **Predict:** can a `tanh` draw what comes out of it?
# >
# > - yes: all of it lies between -1 and 1
# > - all but black, which lies below -1
# > - all but the bright strokes, which lie above 1 <!-- right -->

# %% jupyter={"outputs_hidden": true}
pixels = torch.tensor([0.0, 255.0]) / 255
low, high = ((pixels - 0.1307) / 0.3081).tolist()
print(f"black would be {low:.2f} and white {high:.2f}; a tanh stays between -1 and 1")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# All but the bright strokes: white lies at 2.82, and a `tanh` ends at 1. G can never draw one, whatever it learns, and
# its digits stay faint. Lesson 05, section 4, shows them, and tries two other ranges: images in [0, 1] still work,
# because a `tanh` reaches all of them; a G that cannot go below 0 does not.
#
# </details>

# %% [markdown]
# ## 2 · The two steps
#
# Each step of the training shows D a batch of real images and a batch of G's, then lets D's verdict push G:
#
# 1. **D learns** to say 1 for real and 0 for generated: it lowers $-\log D(x) - \log(1 - D(G(z)))$.
# 2. **G learns** to make D say 1: it lowers $-\log D(G(z))$.
#
# Two numbers help to read the curves later.
#
# > **Predict:** what are the losses when D always answers 0.5?
# >
# > - loss_D 0, loss_G 0
# > - loss_D 0.69, loss_G 0.69
# > - loss_D 1.39, loss_G 0.69 <!-- right -->

# %% jupyter={"outputs_hidden": true}
undecided = torch.zeros(64)  # a logit of 0 is D(x) = 0.5
print(f"loss_D {losses.d_loss(undecided, undecided):.2f},",
      f"loss_G {losses.g_loss(undecided):.2f}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# loss_D is 1.39 and loss_G 0.69. Each answer of 0.5 costs $-\log(0.5) = \log(2)$, which is 0.69. D pays it twice, for
# real and for generated images, and G once. Where you see these two numbers in a curve, D is guessing.
#
# </details>

# %% [markdown]
# You will write both steps. Before them comes the noise that G starts from.
#
# > **Exercise 1 · Noise** — difficulty 1 of 3 · importance 2 of 3 · 3 minutes
# >
# > Draw one `z` of `nz` numbers from N(0, 1) for each image of the batch. The batch may be of any size.

# %%
def my_noise(x_real, nz):
    """x_real (N, nc, H, W) -> z (N, nz)."""
    raise NotImplementedError


# %%
noise = checks.check_noise(my_noise)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `torch.randn` draws from N(0, 1), `torch.rand` does not. `len(x_real)` is the number of images in the batch.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_noise(x_real, nz):
#     """x_real (N, nc, H, W) -> z (N, nz)."""
#     return torch.randn(len(x_real), nz, device=x_real.device)
# ```
# </details>

# %% [markdown]
# > **Exercise 2 · D's step** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Lower `losses.d_loss(logits_real, logits_fake)` by one step of `optD`. `x_fake` comes from G and remembers how it was
# > made: this step must not reach back into G. Gradients add up until they are zeroed.

# %%
def my_d_step(netD, optD, x_real, x_fake):
    """One update of D. Returns loss_D, a scalar without its graph."""
    raise NotImplementedError


# %%
d_step = checks.check_d_step(my_d_step)

# %% [markdown]
# <details><summary>Hint: the order</summary>
#
# Logits of both batches; the loss; `optD.zero_grad()`; `loss.backward()`; `optD.step()`.
# </details>
#
# <details><summary>Hint: not into G</summary>
#
# `x_fake.detach()` is the same picture without its history.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_d_step(netD, optD, x_real, x_fake):
#     """One update of D. Returns loss_D, a scalar without its graph."""
#     logits_real = netD(x_real)
#     logits_fake = netD(x_fake.detach())  # this step must not reach G
#     loss_D = losses.d_loss(logits_real, logits_fake)
#     optD.zero_grad()
#     loss_D.backward()
#     optD.step()
#     return loss_D.detach()
# ```
# </details>

# %% [markdown]
# > **Exercise 3 · G's step** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Lower `losses.g_loss(logits_fake)` by one step of `optG`. Now the gradient must pass *through* D back to G, so nothing
# > is detached. D itself must not change.

# %%
def my_g_step(netD, optG, x_fake):
    """One update of G, through D. Returns loss_G, a scalar without its graph."""
    raise NotImplementedError


# %%
g_step = checks.check_g_step(my_g_step)

# %% [markdown]
# <details><summary>Hint: why does D not change?</summary>
#
# `optG` holds G's weights only, so `optG.step()` cannot move D. D's gradients do get filled; `optD.zero_grad()` empties
# them in the next D step.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_g_step(netD, optG, x_fake):
#     """One update of G, through D. Returns loss_G, a scalar without its graph."""
#     loss_G = losses.g_loss(netD(x_fake))
#     optG.zero_grad()
#     loss_G.backward()
#     optG.step()
#     return loss_G.detach()
# ```
#
# The package's version also freezes D meanwhile (`requires_grad_(False)`), which saves computing gradients that nobody
# uses.
# </details>

# %% [markdown]
# These two functions are a GAN, and the loop around them has four lines. The next cell builds two networks and runs it
# for a hundred steps, with your functions where they were right. Compare its losses with 1.39 and 0.69. Where loss_D is
# below the one and loss_G above the other, D is ahead. (In step 0 loss_D is measured before D's first step, when D
# knows nothing, and loss_G after it: that one step was enough for D to see through G.)

# %% tags=["nbval-ignore-output"]
config = preset("mnist", nc=digits.channels)
netG = init_weights(build_generator(config), seeded(0, "netG"))
netD = init_weights(build_discriminator(config), seeded(0, "netD"))
optG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
batches = Batches(digits, config.batch_size, seed=0)

for step in range(100):
    x_real = batches[step]
    x_fake = netG(noise(x_real, config.nz))
    loss_D, loss_G = d_step(netD, optD, x_real, x_fake), g_step(netD, optG, x_fake)
    if step in (0, 50, 99):
        print(f"step {step}: loss_D {loss_D:.2f}, loss_G {loss_G:.2f}")
show(x_fake.detach()[:16], f"After {100 * config.batch_size:,} images: the first strokes.",
     "sixteen generated pictures: white pieces of strokes on black, no whole digit yet",
     nrow=8, width=600)

# %% [markdown]
# ## 3 · Train, live
#
# `train` is the same loop with what a real training needs: a moving average of G, statistics, pictures, checkpoints. It
# now uses three tenths of the digits, which takes about 20 seconds on two cores. The sheet refreshes as it goes, and
# the curves grow beside it: dashed are 1.39, 0.69 and the answer 0.5, and section 4 reads them. Watch for the order in
# which things come: first blobs, then strokes, then closed loops. *(The stop button is safe: the run is saved, and says
# how to go on.)*

# %% tags=["nbval-ignore-output"]
RETRAIN = False  # True: five epochs instead of 0.3, as `make train` does; some minutes
live = train(preset("mnist", num_epochs=5 if RETRAIN else 0.3, sample_kimg=2,
                    threads=torch.get_num_threads()))

# %% [markdown]
# The run has left a folder with its settings, a line of statistics for every few steps, the sample grids and a
# checkpoint.

# %% tags=["nbval-ignore-output"]
print(f"in {live.path}:", *sorted(p.name for p in live.path.iterdir()))

# %% [markdown]
# The sample grids all come from **the same 64 `z`**, so each place in the grid is one digit growing up. You have just
# seen the last of them. Here are the first eight places of three before it:

# %% jupyter={"source_hidden": true}
from dcgan_course.plots import show_moments

samples = live.samples()
show_moments([samples[0], samples[1], samples[len(samples) // 2]],
             "The same eight z at three moments: follow one down its column. (At first all "
             "pixels are near 127, the grey of the gaps between the tiles.)",
             "three rows of eight: plain grey, blobs, then strokes that begin to be digits",
             n=8)

# %% [markdown]
# <details><summary>Why is there a lattice in the second row?</summary>
#
# It comes from G's kernels: the four kinds of pixel that a stride of 2 makes (lesson 02, section 1) meet different
# weights. In train mode they lie 0.43 apart in brightness before any training, which then evens them out. (The first
# row hides it: it is drawn in eval mode, and batch norm's running averages have learned nothing yet.)
#
# </details>

# %% [markdown]
# **Stop and go on.** The next cell stops a very small training halfway, goes on from its checkpoint, and compares its
# end with that of a training that was never stopped.
#
# > **Predict:** what must a checkpoint hold, if both are to end with the same weights, bit for bit?
# >
# > - the networks: they are all that was learned
# > - the networks and the two optimisers
# > - the networks, the two optimisers and the state of every random stream <!-- right -->

# %% jupyter={"outputs_hidden": true}
half = train(preset("smoke", num_epochs=0.1, device="cpu", threads=1), quiet=True)
resumed = train(half.config.replace(num_epochs=0.2), resume=half, quiet=True)
whole = train(half.config.replace(num_epochs=0.2), quiet=True)
ends = [run.load_generator().parameters() for run in (resumed, whole)]
equal = all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
print(f"after {resumed.stats()[-1]['step']} and {whole.stats()[-1]['step']} steps",
      "every weight is equal, bit for bit" if equal else "the weights differ")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The networks, the optimisers and the random streams. Adam sizes each step by its averages of earlier gradients: without
# them the next steps would be other ones. And streams that begin anew would give G other noise. The course's
# checkpoints hold all three, so the ends are equal, bit for bit. (On the CPU, and for one number of threads, here one:
# sums that are added up in a different order, as on a GPU, differ in their last bits.)
#
# </details>

# %% [markdown]
# ## 4 · Read the curves
#
# ### Which is which?
#
# D's two answers tell most: **D(x)** is its mean answer for real images, **D(G(z))** its mean answer for generated
# ones. If both are at 0.5, D is guessing. If they are near 1 and 0, D is sure.
#
# Three longer trainings were recorded. One is **healthy**: neither side runs away. In one **D wins**: D's learning rate
# is twenty times G's, and G has the minimax loss of lesson 01 (the other two have the loss of section 2). In one **G
# collapses**: it comes to draw nearly the same picture for every `z`. Here are D's answers in all three:

# %% jupyter={"source_hidden": true}
import matplotlib.pyplot as plt

from dcgan_course.plots import STYLE, legend_above, mark_guesses, show_beside

plt.style.use(STYLE)
recorded = {"collapse": "mnist_collapse", "healthy": "mnist_quick", "D wins": "mnist_d_wins"}
runs = {name: load_run(of) for name, of in recorded.items()}


def panel(run, title, keys):
    """Two curves of a run, D's blue and G's orange; dashed: what they are when D guesses."""
    figure, axes = plt.subplots(figsize=(2.8, 2.7))
    kimg = [line["kimg"] for line in run.stats()]
    for (key, name), colour in zip(keys.items(), (BLUE, ORANGE), strict=True):
        axes.plot(kimg, [line[key] for line in run.stats()], color=colour, label=name)
    mark_guesses(axes, keys, run.config.loss)
    axes.set(xlabel="thousand images shown", xlim=(0, 1.03 * kimg[-1]))
    legend_above(axes, title)
    return figure, axes


# %% jupyter={"source_hidden": true}
ANSWERS = {"D_x": "D(x)", "D_G_z": "D(G(z))"}
WORDS = ("D's two answers drift apart, to 1 and 0", "they stay near 0.6 and 0.4",
         "they are at 1 and 0 from the start")
panels = {}
for letter, words, run in zip("ABC", WORDS, runs.values(), strict=True):
    figure, axes = panel(run, letter, ANSWERS)
    axes.set_ylim(-0.03, 1.03)
    panels[f"{letter}: {words}"] = figure
show_beside(panels, "D's answers in three trainings without their names. Dashed: D guesses.")

# %% [markdown]
# > **Predict:** which is which?
# >
# > - A is healthy, B collapses, in C D wins
# > - A collapses, B is healthy, in C D wins <!-- right -->
# > - in A D wins, B is healthy, C collapses

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
rows = {}
for letter, (name, run) in zip("ABC", runs.items(), strict=True):
    z = sample_z(7, run.config.nz, run.config.z, seeded(2, "lesson"))
    rows[f"{letter}: {name}"] = generate(run.load_generator(), z)
show_rows(rows, "What the three generators draw at the end, for seven z each.",
          "three rows of seven: the same bold stroke, digits, the same grey noise")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# A collapses, B is healthy, in C D wins. A G that collapses is found out bit by bit (A): it draws one bold stroke for
# every `z`, and D learns slowly to refuse it. Where neither side runs away, the two answers stay on their sides of 0.5,
# and near it (B). A D of twenty times the rate is sure from its first steps on, but for a moment near 14 thousand
# images (C). Its G draws nearly the same noise for every `z`: it has collapsed *as well*, onto one picture without a
# stroke. (Nearly every picture has a near-twin: 99.9 % of 10,000. [data/README.md](../data/README.md) has the scores of
# all runs.)
#
# </details>

# %% [markdown]
# ### Healthy: the score of a game
#
# In a classifier the loss falls towards 0, and 0 is the goal. A GAN's losses are the score of a game between two
# players that both improve.
#
# > **Predict:** loss_G is 0.00. What has happened?
# >
# > - G has reached its goal: its pictures are as good as real ones
# > - D takes all of G's pictures for real, and teaches nothing <!-- right -->
# > - D guesses

# %% jupyter={"outputs_hidden": true}
logits_fake = torch.full((64,), 12.0, requires_grad=True)
loss_G = losses.g_loss(logits_fake)
loss_G.backward()
print(f"D(G(z)) = {logits_fake.sigmoid().mean():.2f}, loss_G {loss_G:.2f},",
      f"gradient {logits_fake.grad.abs().sum():.2f}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# D takes all of G's pictures for real, and teaches nothing: the gradient that it sends back is 0.00. It is a sign that
# D does not work, or that a label is the wrong way round. A D that cannot tell good pictures from real ones would
# guess, and loss_G would be 0.69.
#
# </details>

# %% [markdown]
# Now the healthy training itself, epoch by epoch. In B above D's two answers come nearer, and then part again. The next
# cell shows the pictures at the end of each of the five epochs, how far the two answers lay apart, and how far the
# pictures lie from real digits.
#
# > **How is that distance measured?** By `fd`, the *Frechet distance*. A small classifier, trained on real digits, turns
# > each picture into 64 numbers, its features; `fd` says how far the features of generated digits lie from those of
# > real digits, in their mean and in their spread. It is a squared distance. Smaller is better, and even two sets of
# > real digits are not at 0: with 10,000 images each they are about 3 apart. [Lesson 11](11_measuring_gans.ipynb) builds
# > it up and shows what it cannot see.
#
# > **Predict:** which epoch ends with the best pictures?
# >
# > - the second, in which D's two answers are nearest: there D is fooled most
# > - the last, in which they are furthest apart <!-- right -->
# > - none of them: if the answers hardly move, the pictures do not either

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from PIL import Image, ImageDraw, ImageSequence

from dcgan_course.plots import INK, show_turned
from dcgan_course.plots.style import lettering


def answers(stats):
    """Means of D(x) and D(G(z)) over some lines."""
    return [sum(line[key] for line in stats) / len(stats) for key in ("D_x", "D_G_z")]


def over_scale(sheet, d_x, d_g_z):
    """Half of a sheet, three times as large, over D's two answers on a scale."""
    upper = sheet.convert("L").crop((0, sheet.height - 242, 242, sheet.height - 120))
    upper = upper.resize((726, 366), Image.Resampling.NEAREST).quantize(16)
    whole = Image.new("RGBA", (726, 442))
    whole.paste(upper.convert("RGBA"), (0, 0))
    pen, font, y = ImageDraw.Draw(whole), lettering(25), 424
    pen.line((43, y, 683, y), GREY, 5)
    pen.text((30, y), "0", INK, font, "rm")
    pen.text((696, y), "1", INK, font, "lm")
    for value, colour, name, side in ((d_x, BLUE, "D(x)", -1), (d_g_z, ORANGE, "D(G(z))", 1)):
        x = 43 + 640 * value
        pen.ellipse((x - 10, y - 10, x + 10, y + 10), colour)
        pen.text((x + 10 * side, y - 14), f"{name} {value:.2f}", colour, font,
                 "lb" if side < 0 else "rb")
    return whole


healthy, turned, begin = runs["healthy"], {}, 0
film = list(ImageSequence.all_frames(Image.open(healthy.path / "training.gif")))
for epoch, scored in enumerate(healthy.metrics(), 1):
    part = [line for line in healthy.stats() if begin < line["kimg"] <= scored["kimg"]]
    begin, (d_x, d_g_z) = scored["kimg"], answers(part)
    words = (f"epoch {epoch}: D's answers are {d_x - d_g_z:.2f} apart, "
             f"the distance from real digits is {scored['fd10k_mnist']:.0f}")
    turned[words] = over_scale(film[12 * epoch], d_x, d_g_z)
show_turned(turned, "Drag the slider: where are D's two answers nearest?",
            "thirty-two generated digits, and D's answers on a scale from 0 to 1")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The last. The gap shrinks from 0.25 to 0.19 and then grows to 0.32, while the distance from real digits falls all the
# way, from 159 to 28. First G catches up, then D draws ahead again. Both players improve, and the gap measures the
# distance between the players, not how good they are.
#
# </details>

# %% [markdown]
# ### Two ways to fail
#
# Here are the losses of all three, each on a scale of its own. Dashed is what they would be if D guessed: 1.39 for
# loss_D, and 0.69 for loss_G (-0.69 in C, with the minimax loss).

# %% jupyter={"source_hidden": true}
LOSSES = {"loss_D": "loss_D", "loss_G": "loss_G"}
WORDS = ("D's loss falls slowly, G's rises", "losses near 1 to 2, which hardly move",
         "both are 0 but for one spike of D's")
SCALES = (0, 9), (0, 4), (-1, 3)
panels = {}
for letter, words, scale, (name, run) in zip("ABC", WORDS, SCALES, runs.items(), strict=True):
    figure, axes = panel(run, f"{letter}: {name}", LOSSES)
    axes.set_ylim(scale)
    if name == "D wins":  # both lines lie on 0: D's thin one on G's broad one
        axes.lines[0].set(zorder=3, linewidth=1)
        axes.lines[1].set(linewidth=4)
    panels[f"{letter}: {words}"] = figure
show_beside(panels, "The losses. Could you read from B that the pictures get better? (Its "
            "loss_G begins at 5.9, above the frame.)")

# %% [markdown]
# **Healthy** (B) looks like this, and nobody could read from it how much better the pictures became.
#
# Where **D wins** (C), the slope of G's minimax loss is nearly 0, since D is sure. (Lesson 05, section 5, takes the two
# changes apart.) Read its loss_G with care. It is $\log(1 - D(G(z)))$: here 0 means that G has lost, and -0.69 that D
# guesses.
#
# A G that **collapses** (A) draws the one picture that D refuses least, and nothing else, whatever the `z`. D learns to
# refuse it, G jumps to another one, and so on.
#
# <details><summary>What makes a G collapse?</summary>
#
# Its loss judges each picture alone, so nothing in it pays for variety (lesson 01). Then a push is enough: one player that
# learns much faster, a G without batch norm, or a `z` that hardly differs from one to the next. Here it was the `z`: it
# was drawn as `uniform01`, numbers from 0 to 1, which all point the same way. Lesson 05, section 7, changes it alone,
# and says why that is enough.
# </details>

# %% [markdown]
# Both failures end with a D that is sure: from its answers at the *end* you could not tell which is which. The way
# there differs, fast or bit by bit, and the pictures tell at once: one G draws a bold stroke for every `z`, the other
# noise.
#
# **Curves say that something is wrong; pictures say what.**

# %% [markdown]
# ## 5 · How good is it?
#
# Pictures persuade, and numbers compare. Here is the picture first: 64 digits that nobody picked, from a generator that
# was trained longer.

# %%
longer = load_run("mnist")
netG = longer.load_generator()
z = sample_z(1000, longer.config.nz, longer.config.z, seeded(1, "lesson"))
x_fake = generate(netG, z)
show(x_fake[:64], "Can you find the ones that no person would write?",
     "sixty-four generated digits in eight rows; most are clear, a few are broken")

# %% [markdown]
# The classifier behind `fd`, trained on real digits only, now reads all 1,000 by G. We call it the **judge**.

# %%
from dcgan_course.measuring.judges import judged, load_judge

_, probabilities = judged(load_judge("mnist"), x_fake)  # (1000, 10)

# %% [markdown]
# Which digits does G draw? Nothing in its loss asks for all ten: each picture is judged alone.
#
# > **Predict:** one kind of digit is the rarest. How many of the 1,000 are of that kind?
# >
# > - about 10
# > - about 50
# > - about 85 <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
counts = torch.from_numpy(probabilities.argmax(1)).bincount(minlength=10)
figure, axes = plt.subplots(figsize=(8.4, 2.6))
axes.bar([str(d) for d in range(10)], counts, color=ORANGE)
axes.axhline(100, color=GREY, linestyle="--", label="evenly: 100 each")
axes.set(xlabel="digit, as the judge reads it", ylabel="of 1,000 images")
axes.set_ylim(0, 1.3 * counts.max())
axes.legend()
show(figure, "All ten digits turn up, nearly equally often.",
     "ten bars, one for each digit, all of them near the dashed line at 100")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 85: the rarest is the 4, and the judge reads 86 of them. All ten digits turn up nearly equally often.
#
# It is D, not G's own loss, that asks for variety. Suppose that a tenth of the real digits are a 1, and a fifth of G's,
# each of them perfect. To a 1 the best D answers $0.1 / (0.1 + 0.2) = 1/3$ (lesson 01, section 1), to the other nine,
# which are then drawn a little too rarely, 0.53: even a perfect 1 costs G more than they do. Nothing guarantees that it
# works, since a real D is not the best one: the collapse above shows it, and section 6 shows a milder case.
#
# </details>

# %% [markdown]
# The next picture shows the least convincing ones:

# %%
confidence = torch.from_numpy(probabilities.max(1))
show(x_fake[confidence.argsort()[:24]], "The 24 of 1,000 that the judge is least sure about. "
     f"(In the mean it is {confidence.mean():.0%} sure of what it reads.)",
     "twenty-four generated digits: strokes that break off, or stand between two digits",
     nrow=8, width=600)

# %% [markdown]
# ## 6 · Do the layers matter?
#
# Compare the DCGAN with a fully connected GAN such as that of lesson 01, after the same number of images and at the same
# learning rate, by the `fd` of section 4.
#
# > **Predict:** how large is the `fd` of the DCGAN beside the other's?
# >
# > - about the same
# > - about a half of it
# > - about a fifth of it <!-- right -->

# %% jupyter={"outputs_hidden": true}
import pandas as pd

basic, plain, scores = load_run("mnist_basic"), load_run("mnist_plain"), {}
for name, run in {"fully connected": basic, "DCGAN": plain}.items():
    line = min(run.metrics(), key=lambda line: abs(line["kimg"] - 180))
    scores[name] = (f"{line['kimg']:.0f}", f"{run.config.lr_g:g}",
                    f"{line['fd10k_mnist']:,.0f}", f"{line['duplicates10k_mnist']:.0%}")
heads = ["thousand images", "learning rate", "fd", "have a near-twin"]
show_table(pd.DataFrame(scores, heads).T, "Of 10,000 pictures. In both, smaller is better.")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
import numpy as np

from dcgan_course.sampling import grid_images


def read(images):
    """How many of some images the judge reads as 0, 1, ... 9."""
    return np.bincount(judged(load_judge("mnist"), images)[1].argmax(1), minlength=10)


sheets = {}
for name, run in {"fully connected": basic, "DCGAN": plain}.items():
    kimg, file = min(run.samples(), key=lambda sample: abs(sample[0] - 180))
    sheet = torch.from_numpy(np.array(Image.open(file).convert("RGB")))
    tiles = grid_images(sheet)[:36, :1]
    sheets[f"{name}, after {kimg:.0f} thousand images: the judge reads {read(tiles)[1]} of "
           f"{len(tiles)} as 1"] = tiles
found = read(generate(basic.load_generator(), z))
show_rows(sheets, "Look for ones, and for specks beside the strokes. (Of each run the sheet "
          "that was kept nearest to 180 thousand images.) At its end, after 300 "
          f"thousand images, 1,000 digits of the fully connected GAN are {found[1]} ones, "
          f"{found[0]} zeros and {found[6]} sixes.",
          "two blocks of thirty-six digits: above, mostly ones and speckled shapes like a 9; "
          "below, clean strokes of many kinds, some of them no digits", heads=12 * [""])

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About a fifth: 241 beside 1,254, both after 180 thousand images. (The root of it, the distance itself, shrinks to 0.44
# of what it was.) The fully connected GAN has not only specks: it has *partly collapsed*. Of its digits above 19 of 36
# are read as a 1, at its end 38 % of 1,000; and a third of its 10,000 pictures have a near-twin, of the DCGAN's hardly
# any.
#
# Five other things differ, so the convolution need not be the whole cause. The fully connected networks lack batch
# norm; their G has LeakyReLU, and they keep PyTorch's first weights. They have more parameters: G 1,486,352 beside
# 1,066,880, D 1,460,225 beside 166,784. And only their run has a moving average of G, which helps it. Each number comes
# from one seed. Lesson 06 changes one thing at a time.
#
# </details>

# %% [markdown]
# This rate, 0.0002, is the paper's. The preset `mnist` has ten times it, because its trainings are short. Lesson 05,
# section 5, changes the learning rate alone, over three seeds.
#
# <details><summary>The commands that make the six recorded runs again</summary>
#
# ```
# mnist_quick, 8 minutes
#     dcgan-course train --preset mnist --metric_every 1 --metric_n 10000
# mnist_d_wins, 2 minutes
#     dcgan-course train --preset mnist --num_epochs 1 --lr_g 0.0002 --lr_d 0.004
#         --loss minimax --ema_kimg 0 --metric_every 1
# mnist_collapse, 3 minutes
#     dcgan-course train --preset mnist --z uniform01 --num_epochs 2 --lr_g 0.0004
#         --lr_d 0.0004 --ema_kimg 0 --sample_kimg 10
# mnist, 32 minutes
#     dcgan-course train --preset mnist --num_epochs 20 --lr_g 0.001 --lr_d 0.001
#         --ema_kimg 60 --sample_kimg 20 --metric_every 1 --metric_n 10000
# mnist_basic, 3 minutes
#     dcgan-course train --preset mnist --network basic --lr_g 0.0002 --lr_d 0.0002
#         --sample_kimg 25 --metric_every 1 --metric_n 10000
# mnist_plain, 4 minutes
#     dcgan-course train --preset mnist --num_epochs 3 --lr_g 0.0002 --lr_d 0.0002
#         --ema_kimg 0 --sample_kimg 20 --metric_every 1 --metric_n 10000
# ```
# </details>

# %% [markdown]
# [Lesson 04](04_training_as_a_film.ipynb) films a training, and shows one that collapses. (The runs that you make in
# the lessons lie in the folder `runs`, beside them.)

# %% [markdown]
# > **Open exercise · A fair race** — 60 minutes
# >
# > Section 6 could not say how much of the DCGAN's lead is due to the convolution. Design a comparison that can, within
# > an hour of training on your machine: which networks, which learning rates, which number of images, how many seeds,
# > which number at the end? Write down before you train which result would convince you of what. Then run it, and report.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | one change | several settings differ | only the layers differ; parameters, batch norm, rates and average are matched, or the mismatch is named |
# | rates | one rate for both | each network gets the best of a few rates, chosen by the same rule |
# | seeds | one | three or more, all reported |
# | measure | "looks better" | `fd` with the number of pictures, beside the value for real digits |
# | verdict | fits any outcome | the threshold was written down first, and "undecided" is a possible verdict |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why is <code>x_fake</code> detached in D's step, but not in G's?</summary>
#
# D's step should change D only. <code>detach()</code> cuts the way back to G, which also saves work. In G's step the
# gradient must pass through D *to* G, so nothing is cut. D's own gradients get filled on the way; `optG` does not touch
# them, and the next D step empties them (the package freezes D's weights meanwhile, which saves that work).
# </details>
#
# <details><summary>D(x) = D(G(z)) = 0.5 from the first step to the last. Is that success?</summary>
#
# It need not be. It says that D cannot tell the two apart, which is also true of a D that has learned nothing. The
# samples will tell.
# </details>
#
# <details><summary>Why are the samples drawn in eval mode?</summary>
#
# In train mode batch norm uses the statistics of the batch at hand, so each picture would depend on its neighbours. In
# eval mode it uses running averages, and a picture depends on its own <code>z</code> alone.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks*, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 3 for the guidelines, section 4 for the
#   training.
# - Goodfellow and others: *Generative Adversarial Networks*, [arXiv 1406.2661](https://arxiv.org/abs/1406.2661), for
#   the game and the loss of G.

# %%
from dcgan_course import checks

checks.progress("03")

# %% [markdown]
# ---
# ← [02 · Five architecture guidelines](02_five_guidelines.ipynb) · [04 · Training as a film](04_training_as_a_film.ipynb) →
