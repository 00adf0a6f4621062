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
# <img src="../data/runs/mnist_quick/training.gif" width="484" alt="64 digits in a square, which begin as grey noise and grow into handwriting while a generator trains">
#
# *Nobody tells this network what a digit is, yet it learns to write them: 64 of them, through one short training. After
# this course you can build such a network, train it, break it and measure it.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/00_start_here.ipynb)
#
# **Time:** 10 minutes to read and try; the cells run for about 15 seconds on two CPU cores.
#
# **You need:** nothing yet. For the lessons after this one: some Python and PyTorch.
#
# After this lesson you can
#
# - turn one knob of a trained generator and watch a digit change;
# - see whether your machine is ready, and how long the trainings of the lessons take on it;
# - find your way through the course, and look a word up;
# - solve an exercise and read what its check says.
#
# **You write** one line; **we import** the rest.
#
# Every term of the course is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · Turn a knob
#
# A trained generator is a machine with knobs. It takes some numbers, called `z`, and draws a picture from them: turn one
# of the numbers, and the picture changes. The generator `mnist2d`, which was recorded for this course, writes digits and
# has just two knobs.
#
# To run a cell, select it and press Shift and Enter; the next one is then selected. (The first code cell is for Colab and
# Kaggle, and does nothing elsewhere. The second imports what this lesson uses.)

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
import numpy as np
import pandas as pd
import torch
from PIL import Image

from dcgan_course import checks
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.models import build_discriminator, build_generator, count_parameters
from dcgan_course.plots import encoded, show, show_table, under_sliders
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, image_grid, png
from dcgan_course.widgets import Still

# %% [markdown]
# The next cell holds the second knob at 0 and turns the first from -1 to 1, in twenty steps.
#
# The lessons come with their outputs. But where a lesson asks you to **predict**, the answer is folded, and with it
# code that would tell it. Make up your mind first; then run the cell, or unfold what it printed, in JupyterLab by a
# click on the three dots below it. (Colab and GitHub fold explanations, but no outputs. There, look away for a moment.)
#
# > **Predict:** how does one digit become another as the knob turns?
# >
# > - it jumps
# > - it changes shape, everywhere at the same speed
# > - it changes shape, at some places much faster than at others <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
run = load_run("mnist2d")
netG = run.load_generator()
knob = torch.linspace(-1, 1, 20)
images = generate(netG, torch.stack([knob, torch.zeros(20)], 1))
show(images, "The first number of z grows from -1 to 1, along the first row, then the second.",
     "twenty generated digits in two rows; the shape changes a little from each to the next")
print(f"z has {run.config.nz} numbers; G turns them into {images[0].numel()} pixels")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It changes shape, at some places much faster than at others. Within a digit the shape changes slowly. The way to the
# next digit is smooth as well, but it may be so short that hardly one of these pictures lies on it: then it looks like a
# jump, until you take smaller steps. What lies between two digits need not be a digit.
#
# </details>
#
# Now the same number under a slider. In JupyterLab or Colab, run the next two cells, then drag the slider, or click it and
# use the arrow keys. (Elsewhere the picture only plays. There, turn the knobs on
# [a page of the course's site](https://dcgan-course.github.io/dcgan-course/gallery/mnist2d.html).)

# %%
import ipywidgets as widgets


def picture(first, second=0.0):
    """One digit as PNG bytes, enlarged."""
    return png(image_grid(generate(netG, torch.tensor([[first, second]]))), 192)


slider = widgets.FloatSlider(value=-0.5, min=-1, max=1, step=0.02, description="z[0]")
view = widgets.Image(value=picture(slider.value), format="png", width=192)
slider.observe(lambda change: setattr(view, "value", picture(change.new)), names="value")

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
large = images.repeat_interleave(6, 2).repeat_interleave(6, 3)
still = [np.asarray(under_sliders(Image.fromarray(image_grid(image[None]).numpy()),
                                  {"z[0]": float(first)}, -1, 1))
         for image, first in zip(large, knob, strict=True)]  # where no kernel runs
sweep = encoded(still + still[::-1], ".webp", 120)
Still(widgets.VBox([slider, view]), sweep,
      "a digit that changes while a slider moves z[0] from -1 to 1 and back")

# %% [markdown]
# Nobody told this generator what a digit is, or which digits lie next to each other. It has only played a game against
# an opponent. Lesson 01 is about that game. Before you go there, get your machine ready and look around.

# %% [markdown]
# ## 2 · Is everything in place?
#
# The next cell checks your set-up. Each of its lines says `ok`, or `note` with what to do. (`dcgan-course doctor` does
# the same in a terminal.)

# %% tags=["nbval-ignore-output"]
from dcgan_course.commands.info import check_setup

print(check_setup())

# %% [markdown]
# The digits come with the course, so you can work without a network. Here are the first twenty; if you see them, the
# data are in order.

# %%
digits = load_images("mnist", image_size=28)
print(f"{digits.count:,} digits of {digits.size} x {digits.size} pixels;",
      f"the first: {digits.labels[:10].tolist()}")
show(to_float(digits.batch(range(20))), "The first twenty digits of MNIST, enlarged.",
     "twenty handwritten digits in two rows, white on black: 5, 0, 4, 1, 9 and so on")

# %% [markdown]
# Code that only draws is folded, as the cell of the slider was. When you come back to a lesson later, choose *Run > Run
# All Above Selected Cell*: names live in the running kernel, not in the file.

# %% [markdown]
# ## 3 · How long will it take here?
#
# The course counts training time in **images shown**, because that means the same on every machine. How many images a
# second does yours manage? The next cell trains each of three networks for some seconds: the one for our digits
# (`mnist`), the older kind whose layers are fully connected (lesson 01), and a larger one for 64 x 64 pixels.

# %% tags=["nbval-ignore-output"]
from dcgan_course.commands.bench import images_per_second

networks = {"mnist": preset("mnist"), "64 x 64": preset("mnist64"),
            "fully connected": preset("mnist", network="basic")}
speed = {}
for name, config in networks.items():
    speed[name] = images_per_second(config, seconds=3)
    print(f"{name:<16} {speed[name]:>6,.0f} images/s")

# %% [markdown]
# At these speeds the trainings of the course take this long:

# %% tags=["nbval-ignore-output"]
work = pd.DataFrame([("lesson 01, live training", "fully connected", 24),
                     ("lesson 03, live training", "mnist", 26),
                     ("lesson 04, live film", "mnist", 13),
                     ("01 with RETRAIN = True", "fully connected", 300),
                     ("03 or 04 with RETRAIN = True", "mnist", 300),
                     ("make train, good digits", "mnist", 300),
                     ("an epoch of digits at 64 x 64", "64 x 64", 60)],
                    columns=["what", "network", "thousand images"]).set_index("what")
minutes = work["thousand images"] * 1000 / work["network"].map(speed) / 60
work["minutes here"] = minutes.map("{:.1f}".format)
show_table(work.drop(columns="network").rename_axis(None))

# %% [markdown]
# Each network holds a few hundred thousand to a few million numbers, its **parameters**, and every step changes all of
# them. More of them need not take longer: a convolution uses each of its numbers at many places of an image, a fully
# connected layer uses each once. Compare with the speeds above:

# %%
sizes = pd.DataFrame({"parameters of G": 0, "parameters of D": 0}, list(networks))
for name, config in networks.items():
    config = config.replace(nc=1)
    netG, netD = build_generator(config), build_discriminator(config)
    sizes.loc[name] = count_parameters(netG), count_parameters(netD)
show_table(sizes)

# %% [markdown]
# ## 4 · The map
#
# Five groups of lessons, each lesson with the minutes that it takes:
#
# | part | first | second | third | fourth |
# |:--|:-:|:-:|:-:|:-:|
# | **Play the game** | <img src="../data/duel.webp" width="90" alt="the picture of lesson 01"><br>[01 · The adversarial game](01_adversarial_game.ipynb)<br>60 min<br>see both players in the plane, write their losses | <img src="../data/architecture.svg" width="130" alt="the picture of lesson 02"><br>[02 · Five guidelines](02_five_guidelines.ipynb)<br>60 min<br>write a generator and a discriminator | <img src="../data/two_steps.svg" width="130" alt="the picture of lesson 03"><br>[03 · Train on MNIST](03_train_mnist.ipynb)<br>50 min<br>write the two training steps, read the curves | <img src="../data/runs/mnist_quick/best.webp" width="90" alt="the picture of lesson 04"><br>[04 · Training as a film](04_training_as_a_film.ipynb)<br>30 min<br>record a training, see one collapse |
# | **Measure and mend** | <img src="../data/failures.webp" width="130" alt="the picture of lesson 05"><br>[05 · The failure lab](05_failure_lab.ipynb)<br>65 min<br>break a DCGAN on purpose, and mend it | <img src="../data/best_and_end.webp" width="130" alt="the picture of lesson 06"><br>[06 · What stabilises](06_what_stabilises.ipynb)<br>60 min<br>judge a change over seeds, keep the best moment | <img src="../data/which.png" width="130" alt="the picture of lesson 11"><br>[11 · Measuring GANs](11_measuring_gans.ipynb)<br>75 min<br>say how good a generator is, and what a number cannot see |  |
# | **Explore** | <img src="../data/walk.webp" width="130" alt="the picture of lesson 07"><br>[07 · Walking the latent space](07_latent_space.ipynb)<br>60 min<br>walk between pictures, add and subtract what they show | <img src="../data/directions.webp" width="130" alt="the picture of lesson 08"><br>[08 · Latent sliders](08_latent_sliders.ipynb)<br>35 min<br>put any generator under sliders | <img src="../data/features.webp" width="130" alt="the picture of lesson 10"><br>[10 · What D learned](10_what_d_learned.ipynb)<br>60 min<br>use D's features, make G forget glasses |  |
# | **Make it yours** | <img src="../data/churches.webp" width="130" alt="the picture of lesson 09"><br>[09 · Colour at 64x64](09_colour_on_a_gpu.ipynb)<br>60 min<br>prepare photographs, know the hours before you train | <img src="../data/runs/heritage/best.webp" width="90" alt="the picture of lesson 12"><br>[12 · Your own images](12_your_own_images.ipynb)<br>60 min<br>train on a folder, export, publish | <img src="../data/asked.webp" width="130" alt="the picture of lesson 15"><br>[15 · Ask, and see what comes](15_asking_for_it.ipynb)<br>90 min<br>ask for a class or a picture, plan your own project |  |
# | **After DCGAN** | <img src="../data/then_and_since.webp" width="130" alt="the picture of lesson 13"><br>[13 · What came after](13_what_came_after.ipynb)<br>75 min<br>write later losses, see which guidelines survive | <img src="../data/denoised.webp" width="130" alt="the picture of lesson 14"><br>[14 · The other way](14_the_other_way.ipynb)<br>60 min<br>train a diffusion model, and compare |  |  |
#
# You need not take them all. Choose by the time that you have:
#
# | way | lessons | hours |
# |---|---|--:|
# | the short path: build, train, break, play | 00 to 03, 05, 08 | 4½ |
# | the short path, and what came after DCGAN | 00 to 03, 05, 06, 08, 11, 13, 14 | 9 |
# | the short path, and a project of your own | 00 to 03, 05, 07, 08, 11, 12, 15 | 9½ |
# | all of it | 00 to 15 | 15 |
#
# Each lesson runs by itself, from top to bottom, even if you skip the exercises: it then goes on with the package's own
# version. Long trainings were **recorded**: their generator, curves and pictures lie in `data/runs`, and each lesson
# shows the command that makes them again. A **preset** is a set of settings with a name, such as `mnist`.
#
# JupyterLab saves what you change. To begin a lesson anew, remove its file or rename it: the next time you open the
# lessons with `make lab` or `dcgan-course lab`, an untouched copy is there again.
#
# <details><summary>In Colab or on Kaggle: keep what you make</summary>
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
#
# ## 5 · The words
#
# The course uses the names of the DCGAN's own code, and each of them means one thing. These ten you need at once; the
# [glossary](glossary.ipynb) has all the others:
#
# | word | meaning |
# |---|---|
# | G, `netG` | the generator: from random numbers to an image |
# | D, `netD` | the discriminator: from an image to one number, a *logit*, large for "real" |
# | `z`, `nz` | G's random numbers, and how many: the *latent vector* and its length |
# | `x_real`, `x_fake` | images from the data, images from G; always between -1 (black) and 1 (white) |
# | D(x), D(G(z)) | D's probability that a real, or a generated, image is real |
# | `ngf`, `ndf` | channels of G's last and D's first hidden layer: the width of the networks |
# | `nc` | image channels: 1 grey, 3 colour |
# | step, epoch | one update of both networks; all images shown once |
# | kimg | thousand real images shown: the clock of every curve |
# | `netG_ema` | a moving average of G's weights, steadier than G itself; what is shown and scored |

# %%
config = preset("mnist")
print(f"preset mnist: nz {config.nz}, ngf {config.ngf}, ndf {config.ndf},",
      f"batches of {config.batch_size} images,")
print(f"so an epoch of {digits.count:,} images is {digits.count // config.batch_size} steps")

# %% [markdown]
# ## 6 · How an exercise works
#
# An exercise is a function with a hole. You fill it in, and the next cell tries it and says what it found. Wrong
# answers are part of learning: the check knows the usual ones and names them. Below it you find folded hints and a
# folded solution (unless your teacher took it out). Each lesson also ends with one **open exercise**, a small study of
# your own that no program can check; a folded rubric says what a good answer contains.
#
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
# > **Open exercise · How long will your course take?** — 15 minutes
# >
# > Plan the course for your machine. Decide which recorded trainings you would like to repeat yourself, and predict from
# > the speeds of section 3 how long each of them takes. Then test one prediction: measure the speed three times, some
# > minutes apart and with another program running once, and say how far the times can be trusted.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | arithmetic | minutes are guessed | minutes = images shown / (images per second) / 60, for the right network |
# | spread | one measurement | at least three, with the smallest and the largest |
# | causes | "it varies" | names what changed between the measurements, and which change mattered most |
# | conclusion | one number | a range, and a decision that would hold at both of its ends |
#
# A strong answer also notes that the first measurement after a pause is often the odd one out, and says how to avoid
# being misled by it.
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
#
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
