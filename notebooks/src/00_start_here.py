# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00 · Start here
#
# <img src="../data/digits.webp" width="836" alt="64 digits in four rows, which begin as grey noise and grow into handwriting while a generator trains">
#
# *Nobody tells this network what a digit is, yet it learns to write them. After this course you can build such a
# network, train it, break it and measure it.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/00_start_here.ipynb)
#
# **Time:** 10 minutes for section 1 and the exercise, the rest is to look up; the cells run for about 15 seconds on two CPU cores.
#
# **You need:** nothing yet. For the lessons after this one: some Python and PyTorch.
#
# After this lesson you can
#
# - turn the knobs of a trained generator;
# - solve an exercise and read what its check says;
# - find your way through the course, and know how long it takes on your machine.
#
# **You write** one line; **we import** the rest.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · Turn a knob
#
# A trained **generator**, G, is a machine with knobs: it takes some numbers, called `z`, and draws a picture from them.
# This one writes digits and has just two knobs. **Drag the slider**: it turns the first knob.

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

# %% jupyter={"source_hidden": true}
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from dcgan_course import checks, plots
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.plots import BLUE, GREEN, GREY, ORANGE, show, show_turned
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, image_grid
from dcgan_course.widgets import explore

# %% jupyter={"source_hidden": true}
plt.style.use(plots.STYLE)
run = load_run("mnist2d")
netG = run.load_generator()


def machine(first, second):
    """Two knobs, G, and the digit that it draws from them."""
    figure = plt.Figure(figsize=(7, 2.2))
    axes = figure.subplots()
    axes.set(xlim=(0, 7), ylim=(0, 2.2), aspect="equal")
    axes.axis("off")
    for x, name, value in ((0.7, "z[0]", first), (2.1, "z[1]", second)):
        tip = x + 0.42 * np.sin(2.36 * value), 1.2 + 0.42 * np.cos(2.36 * value)
        axes.add_patch(plt.Circle((x, 1.2), 0.52, fill=False, color=GREY, linewidth=3))
        axes.plot(*zip((x, 1.2), tip, strict=True), color=BLUE, linewidth=6,
                  solid_capstyle="round")
        axes.text(x, 0.25, name, ha="center", fontsize=13)
    for x in (2.8, 4.15):
        axes.annotate("", (x + 0.55, 1.2), (x, 1.2),
                      arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 2})
    axes.text(3.75, 1.2, "G", color="white", fontsize=18, ha="center", va="center",
              bbox={"boxstyle": "round,pad=0.45", "color": ORANGE})
    axes.imshow(generate(netG, torch.tensor([[first, second]]))[0, 0],
                vmin=-1, vmax=1, extent=(4.85, 6.95, 0.05, 2.15))
    return figure


show_turned({f"z = ({first:.2f}, 0.00)": machine(float(first), 0.0)
             for first in np.linspace(-1, 1, 25)},
            "The generator mnist2d. The first knob turns from -1 to 1; the second stays at 0.",
            "two knobs, an arrow to G, and the digit that G draws", first=6)

# %% [markdown]
# Within a digit the shape changes slowly; the way to the next one is smooth as well, but short. What lies on that way,
# such as the two bars near z[0] = 0, need not be a digit.
#
# Lessons ask before they show. At *Predict* make up your mind first: the site unfolds the answer by a button, JupyterLab
# by a click on three dots (where the code is folded too, click the three dots below it as well); *Run All* unfolds them
# all, and Colab and GitHub fold nothing, so look away for a moment.
#
# > **Predict:** now the first knob stands still at z[0] = -0.50, where it draws the digit 0, and you turn the second.
# > What does that change?
# >
# > - the style: the 0 gets thicker, or leans
# > - the digit as well: others come <!-- right -->
# > - nothing: one knob has chosen the digit

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
knob = torch.linspace(-1, 1, 13)
images = generate(netG, torch.stack([knob.repeat(13), knob.flip(0).repeat_interleave(13)], 1))
figure, axes = plt.subplots(figsize=(6.4, 6.2))
step = 1 / 6  # from one digit of the map to the next
far = 1 + step / 2
axes.imshow(image_grid(images, 13), extent=(-far, far, -far, far))
ticks = {"ticks": [-1, -0.5, 0, 0.5, 1], "labels": ["-1", "-0.5", "0", "0.5", "1"]}
axes.set(xlabel="first knob, z[0]", ylabel="second knob, z[1]")
axes.set_xticks(**ticks)
axes.set_yticks(**ticks)
axes.grid(False)
for corner, wide, high, colour in (((-far, -step / 2), 2 * far, step, ORANGE),
                                   ((-0.5 - step / 2, -far), step, 2 * far, GREEN)):
    axes.add_patch(plt.Rectangle(corner, wide, high, fill=False, color=colour, linewidth=2.5))
show(figure, "169 of its digits, for the z of its training. Orange: the first knob turns, as "
     "on the slider. Green: the second one turns.",
     "a map of 169 digits: regions of 3, 0, 2, 1, 6, 7, 4, 9, 5, 8 that run into one another; "
     "an orange frame around the middle row, a green one around a column of 6, 0, 5 and 8")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The digit as well: others come. From where the two frames cross, go up the green one, and you meet a 5 and an 8; go
# down, and you meet a 6.
# No knob is "the digit", and none is "the style". Nobody told G what a digit is, or which of them lie next to each other.
# It makes 784 pixels from two numbers, and has laid out this map by itself, while it played a game against an opponent.
# Lesson 01 is about that game.
#
# </details>

# %% [markdown]
# Now turn both knobs at once: each point of the map below is a pair of them. **Find the best 8 that you can.**

# %% tags=["nbval-ignore-output"]
explore("mnist2d")

# %% [markdown]
# <details><summary>Where the best ones lie</summary>
#
# At the top left, with z[0] below -0.7 and z[1] above 0.5. A second region, at the top right, has 8s that lean, and are
# rougher. A network that reads digits (lesson 03 uses it) is at least 99 % sure of an 8 on a tenth of the whole map.
#
# </details>

# %% [markdown]
# **How to read on**
#
# - *Run a cell*: select it, then press Shift and Enter. (The first code cell is for Colab and Kaggle alone.)
# - *Folded code* only draws. You need not read it.

# %% [markdown]
# ## 2 · Your first exercise
#
# An exercise is a function with a hole. You fill it in, and the next cell tries it and says what it found; it knows the
# usual wrong answers and names them. This one works on the digits that all trainings of these lessons see:

# %%
digits = load_images("mnist", image_size=28)
print(f"{digits.count:,} digits of {digits.size}×{digits.size} pixels;",
      f"the first: {digits.labels[:10].tolist()}")
show(to_float(digits.batch(range(20))), "The first twenty digits of MNIST, enlarged.",
     "twenty handwritten digits in two rows, white on black: 5, 0, 4, 1, 9 and so on")

# %% [markdown]
# > **Exercise 1 · Into the right range** — difficulty 1 of 3 · importance 3 of 3 · 3 minutes
# >
# > Pixels are whole numbers from 0 (black) to 255 (white). G and D work with -1 to 1. Write the change of scale.
# >
# > Run the check first, with the hole still there. Then try `pixels / 255`, and read.

# %%
def my_scaled(pixels):
    """(N, 1, H, W) uint8 from 0 to 255 -> the same shape, float32 from -1 to 1."""
    raise NotImplementedError


# %%
scaled = checks.check_scaled(my_scaled)

# %% [markdown]
# <details><summary>What it says to pixels / 255</summary>
#
# `Not yet: black becomes 0, expected -1: the range is [0, 1], half of what a tanh can draw.`
#
# A *tanh* is the last layer of G; it gives numbers from -1 to 1.
# </details>
#
# <details><summary>Hint</summary>
#
# 0 must become -1, 255 must become 1, and 127.5, were there such a pixel, 0.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_scaled(pixels):
#     """(N, 1, H, W) uint8 from 0 to 255 -> the same shape, float32 from -1 to 1."""
#     return pixels / 127.5 - 1
# ```
#
# Dividing a uint8 tensor by a float gives float32, so nothing can wrap round.
# </details>

# %%
x = scaled(digits.batch(range(500)))
print(f"{x.dtype}, from {x.min():.0f} to {x.max():.0f}, mean {x.mean():.2f}")

# %% [markdown]
# Each lesson also ends with one **open exercise**, a small study of your own that no program can check; a folded rubric
# says what a good answer contains.

# %% [markdown]
# ## 3 · The map
#
# Groups are by purpose, with the minutes on each card. The short path is **00 to 03, 05 and 08**, which takes 5 hours;
# longer ways stand in the table below the map.
#
# **Play the game**
#
# <div style="display:flex;flex-wrap:wrap;gap:12px 16px;max-width:848px;margin-bottom:20px">
# <div style="flex:1 1 150px">
#
# <img src="../data/map/01.webp" width="200" style="width:100%;margin-bottom:10px" alt="clouds of points in a plane, with arrows">
#
# **[01 · The adversarial game](01_adversarial_game.ipynb)**<br><small>60 min · see both players in the plane, write their losses</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/02.webp" width="200" style="width:100%;margin-bottom:10px" alt="bars that grow to a digit, and bars that shrink behind it">
#
# **[02 · Five architecture guidelines](02_five_guidelines.ipynb)**<br><small>85 min · write a generator and a discriminator</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/03.webp" width="200" style="width:100%;margin-bottom:10px" alt="twelve generated digits">
#
# **[03 · Train a DCGAN on MNIST](03_train_mnist.ipynb)**<br><small>50 min · write the two training steps, read the curves</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/04.webp" width="200" style="width:100%;margin-bottom:10px" alt="three digits that grow out of grey">
#
# **[04 · Training as a film](04_training_as_a_film.ipynb)**<br><small>30 min · record a training, see one collapse</small>
#
# </div>
# </div>
#
# **Measure and mend**
#
# <div style="display:flex;flex-wrap:wrap;gap:12px 16px;max-width:848px;margin-bottom:20px">
# <div style="flex:1 1 150px">
#
# <img src="../data/map/05.webp" width="272" style="width:100%;margin-bottom:10px" alt="three sheets, on each of which the pictures are nearly the same">
#
# **[05 · The failure lab](05_failure_lab.ipynb)**<br><small>65 min · break a DCGAN on purpose, and mend it</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/06.webp" width="272" style="width:100%;margin-bottom:10px" alt="churches, and a curve that falls and rises again">
#
# **[06 · What stabilises, and when to stop](06_what_stabilises.ipynb)**<br><small>60 min · judge a change over seeds, keep the best moment</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/11.webp" width="272" style="width:100%;margin-bottom:10px" alt="three rows of digits, A, B and C">
#
# **[11 · Measuring GANs](11_measuring_gans.ipynb)**<br><small>75 min · say how good a generator is, and what a number cannot see</small>
#
# </div>
# </div>
#
# **Explore**
#
# <div style="display:flex;flex-wrap:wrap;gap:12px 16px;max-width:848px;margin-bottom:20px">
# <div style="flex:1 1 150px">
#
# <img src="../data/map/07.webp" width="272" style="width:100%;margin-bottom:10px" alt="four cartoon faces that turn into others, step by step">
#
# **[07 · Walking the latent space](07_latent_space.ipynb)**<br><small>60 min · walk between pictures, add and subtract what they show</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/08.webp" width="272" style="width:100%;margin-bottom:10px" alt="a face that changes in three directions">
#
# **[08 · Latent sliders](08_latent_sliders.ipynb)**<br><small>35 min · put any generator under sliders</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/10.webp" width="272" style="width:100%;margin-bottom:10px" alt="two faces with glasses and without; details of churches, and the lines in them that raise a feature">
#
# **[10 · What D and G learned](10_what_d_learned.ipynb)**<br><small>60 min · use D's features, make G forget glasses</small>
#
# </div>
# </div>
#
# **Make it yours**
#
# <div style="display:flex;flex-wrap:wrap;gap:12px 16px;max-width:848px;margin-bottom:20px">
# <div style="flex:1 1 150px">
#
# <img src="../data/map/09.webp" width="272" style="width:100%;margin-bottom:10px" alt="three churches that grow out of blurs">
#
# **[09 · Colour photographs, with or without a GPU](09_colour_on_a_gpu.ipynb)**<br><small>50 min · know what a photograph costs, from file to training</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/12.webp" width="272" style="width:100%;margin-bottom:10px" alt="fifteen generated churches">
#
# **[12 · Your own images, and an errata hunt](12_your_own_images.ipynb)**<br><small>60 min · train on a folder, export, publish</small>
#
# </div>
# <div style="flex:1 1 150px">
#
# <img src="../data/map/15.webp" width="272" style="width:100%;margin-bottom:10px" alt="the digits 3, 1, 4, 1 and 5, and a face that turns into another in three steps">
#
# **[15 · Ask, and see what comes](15_asking_for_it.ipynb)**<br><small>90 min · ask for a class or a picture, plan your own project</small>
#
# </div>
# </div>
#
# **After DCGAN**
#
# <div style="display:flex;flex-wrap:wrap;gap:12px 16px;max-width:848px;margin-bottom:20px">
# <div style="flex:1 1 300px">
#
# <img src="../data/map/13.webp" width="416" style="width:100%;margin-bottom:10px" alt="blurred cartoon faces beside clear ones">
#
# **[13 · What came after](13_what_came_after.ipynb)**<br><small>75 min · write later losses, see which guidelines survive</small>
#
# </div>
# <div style="flex:1 1 300px">
#
# <img src="../data/map/14.webp" width="416" style="width:100%;margin-bottom:10px" alt="noise that turns into digits, step by step">
#
# **[14 · Diffusion, the other way](14_the_other_way.ipynb)**<br><small>60 min · train a diffusion model, and compare</small>
#
# </div>
# </div>
#
# Choose by the time that you have:
#
# | way | lessons | hours |
# |---|---|--:|
# | the short path: build, train, break, play | 00 to 03, 05, 08 | 5 |
# | the short path, and what came after DCGAN | 00 to 03, 05, 06, 08, 11, 13, 14 | 9½ |
# | the short path, and a project of your own | 00 to 03, 05, 07, 08, 11, 12, 15 | 10 |
# | all of it | 00 to 15 | 15½ |
#
# Each lesson runs by itself, from top to bottom, even if you skip the exercises: it then goes on with the package's own
# version. Long trainings were **recorded**: their generator, curves and pictures lie in `data/runs`, and each lesson
# shows the command that makes them again.
#
# **That is all you need: go on to [01 · The adversarial game](01_adversarial_game.ipynb).** What follows here is to look
# up when you want it.
#
# <details><summary>Begin a lesson anew; in Colab or on Kaggle, keep what you make</summary>
#
# When you come back to a lesson, choose *Run > Run All Above Selected Cell*: names live in the running kernel, not in
# the file. JupyterLab saves what you change. To begin anew, remove the lesson's file or rename it: the next time you
# open the lessons with `make lab` or `dcgan-course lab`, an untouched copy is there again.
#
# In Colab the machine is lent to you. It is taken back some time after you leave, and everything on it is lost: the
# trained networks in `runs`, the prepared pictures, and your answers, unless you save a copy of the lesson
# (*File > Save a copy in Drive*). To keep networks, connect your Drive in a new cell,
#
# ```
# from google.colab import drive
#
# drive.mount("/content/drive")
# ```
#
# and either copy the folder when you are done (`!cp -r runs /content/drive/MyDrive/`), or train into it from the start:
# `train(preset("mnist", out="/content/drive/MyDrive/runs"))`. Then a training that was cut off goes on the next day, on
# another machine. On Kaggle *Save Version* keeps what lies in `/kaggle/working`, where the first cell put the course.
#
# </details>

# %% [markdown]
# ## 4 · The words
#
# The course uses the names of the DCGAN's own code. These five are enough to begin; lessons introduce the others where they
# need them, and the [glossary](glossary.ipynb) has all:
#
# | in&nbsp;the&nbsp;code | meaning |
# |---|---|
# | G, `netG` | the generator: from random numbers to an image |
# | D, `netD` | the discriminator: from an image to one number, a *logit*, large for "real" |
# | `z`, `nz` | G's random numbers, and how many: the *latent vector* and its length |
# | `x_real`, `x_fake` | images from the data, images from G; always between -1 (black) and 1 (white) |
# | step, epoch | one update of both networks; all images shown once |
#
# <details><summary>Seven more, which you will meet soon</summary>
#
# | in&nbsp;the&nbsp;code | meaning |
# |---|---|
# | D(x), D(G(z)) | D's probability that a real, or a generated, image is real |
# | `ngf`, `ndf` | channels of G's last and D's first hidden layer: the width of the networks |
# | `nc` | image channels: 1 grey, 3 colour |
# | parameter | a number of a network that training changes; G and D have some hundred thousand to some ten million |
# | preset | a set of settings with a name, such as `mnist` |
# | kimg | thousand real images shown: the clock of every curve |
# | `netG_ema` | a moving average of G's weights, steadier than G itself; what is shown and scored |
#
# </details>

# %% [markdown]
# ## 5 · If you run the lessons yourself
#
# **Is all there?** This cell checks your set-up, as `dcgan-course doctor` does in a terminal. Each of its lines says
# `ok`, or `note` with what to do.

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
from dcgan_course.commands.info import check_setup

print(check_setup())

# %% [markdown]
# **How many minutes does a training take on your machine?** This cell trains three networks for some seconds each, and
# counts. Trainings of the course are measured in **images shown**, which means the same on every machine.

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
from dcgan_course.commands.bench import images_per_second

networks = {"mnist": preset("mnist"), "64×64": preset("mnist64"),
            "fully connected": preset("mnist", network="basic")}
speed = {}
for name, config in networks.items():
    speed[name] = images_per_second(config, seconds=3)
    print(f"{name}: {speed[name]:,.0f} images a second")
work = pd.DataFrame([("lesson 01, live training", "fully connected", 24),
                     ("lesson 03, live training", "mnist", 18),
                     ("lesson 04, live film", "mnist", 13),
                     ("lesson 01, all five epochs", "fully connected", 300),
                     ("lesson 03 or 04, all five epochs", "mnist", 300),
                     ("an epoch of digits at 64×64", "64×64", 60)],
                    columns=["what", "network", "thousand images"]).set_index("what")
minutes = work["thousand images"] * 1000 / work["network"].map(speed) / 60
work["minutes"] = minutes.map("{:.1f}".format)
plots.show_table(work.drop(columns="network").rename_axis(None),
                 f"Minutes of the machine that ran this cell, with {torch.get_num_threads()} "
                 "of its cores. (The times that lessons name are for two.)")

# %% [markdown]
# > **Open exercise · Where there is no digit** — 30 minutes
# >
# > Vary the map of section 1: let the knobs go from -2 to 2, or look at a small piece of it with 13 steps a side. Find a
# > region in which nobody could name a digit, and one in which everybody could. Say how large each of them is, and
# > explain why G, which was trained to draw digits, draws something else in the first.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | region | one picture that was liked | its borders in z[0] and z[1], from a map with steps that are small enough |
# | who says so | "no digit" | two people name the digits independently, or a rule, with the cases in which they differ |
# | size | not given | its share of the map, and of the `z` that G saw in training (from -1 to 1, all equally often) |
# | explanation | "G is bad" | G is continuous, so something must lie between two digits; what lies outside of -1 to 1 it never drew in training |
# | test | none | a prediction from the explanation, tried on a border that was not looked at before |
#
# A strong answer also looks at how *fast* the picture changes on the way from digit to digit, with numbers: the
# difference between neighbouring pictures of the map.
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why is time counted in images and not in epochs?</summary>
#
# An epoch of 3,000 images and one of 3 million are very different amounts of training. Images shown mean the same for
# every data set and batch size.
# </details>
#
# <details><summary>Two runs of the same cell give slightly different pictures on two machines. Is that a fault?</summary>
#
# It is not. The random numbers are the same, but processors add in different orders, and a GAN's training makes small
# differences grow. On one CPU, with the same number of threads, a run repeats bit for bit.
# </details>
#
# <details><summary>Why does the check not simply run a test and print an error?</summary>
#
# An error would stop "run all cells". It would also say where your code broke, rather than what you may have thought.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks*, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434): the paper that this course follows.
# - Y. LeCun, C. Cortes, C. J. C. Burges: *The MNIST database of handwritten digits*.

# %%
from dcgan_course import checks

checks.progress("00")

# %% [markdown]
# ---
# [01 · The adversarial game](01_adversarial_game.ipynb) →
