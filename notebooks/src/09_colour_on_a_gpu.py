# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · Colour photographs, with or without a GPU
#
# <img src="../data/churches.webp" width="794" alt="three rows of six pictures: blocks of blue and white that become a white tower, a church with a dome, and a grey dome with a point">
#
# *What training on photographs looks like. Each row is one z, chosen among 64; the numbers above count the images, in
# thousands, that G has been trained on (the first three columns were kept in 64 colours only). A small network learned
# this from 3,573 photographs of churches, in 51 minutes on one CPU core.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/09_colour_on_a_gpu.ipynb)
#
# **Time:** 50 minutes to read and write; the cells run for about a minute on two CPU cores.
#
# **You need:** lesson 03. A GPU helps, and is not needed to follow.
#
# What a GPU needs is computed here, from shapes and from assumed speeds; every time that was measured is a CPU's, as no
# GPU was timed for this course.
#
# After this lesson you can
#
# - turn photographs into training images, once;
# - compute what an image costs in memory and arithmetic, and what a GPU buys, before you rent one;
# - say how many bits a picture needs, and measure what 16-bit numbers gain on your machine;
# - say what a large batch costs, and what several GPUs share.
#
# **You write** the crop, the bytes of a training and the arithmetic of a convolution; **we import** the data, the trainer
# and a recorded run on photographs.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · Churches that nobody built
#
# The generator `heritage` learned church exteriors from 3,573 photographs (see [data/README.md](../data/README.md)).
# Here are 48 of its pictures. Nobody picked them:

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

from dcgan_course import checks, models, plots, sampling
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import pick_device, seeded, settle_threads
from dcgan_course.plots import BLUE, GREEN, GREY, INK, ORANGE, STYLE, show, show_table
from dcgan_course.runs import load_run

plt.style.use(STYLE)
print(f"torch {torch.__version__}, device {pick_device()}, CPU threads: {settle_threads()}")

# %%
church = load_run("heritage")
netC = church.load_generator()
z = sampling.draw_z(church.config, 48, torch.Generator().manual_seed(1))
show(sampling.generate(netC, z), "48 church exteriors that do not exist.",
     "four rows of twelve churches: domes, towers and walls, a few of them smeared", 12)

# %% [markdown]
# It draws what lies between two churches as well. Push the slider: three churches become three more.

# %% jupyter={"source_hidden": true}
ways = torch.stack([sampling.interpolate(z[first], z[last], 9)
                    for first, last in ((12, 39), (7, 41), (40, 3))], 1)
plots.show_turned({f"step {i} of 9": sampling.generate(netC, way)
                   for i, way in enumerate(ways, 1)},
                  "From one church to another on the great circle, three times.",
                  "three churches in a row, each of which changes a little with every step",
                  width=690)

# %% [markdown]
# Can one go on for ever? An older training on the same photographs showed each of them about 170 times. A judge's
# Frechet distance says how far generated churches are from photographs: small is good (lesson 03 explains it).
#
# > **Predict:** what did the Frechet distance do in that training?
# >
# > - it fell, ever more slowly
# > - it fell, then it rose again <!-- right -->
# > - it never fell

# %% jupyter={"source_hidden": true}
key = "fd1787_heritage"
trainings = {"the older training": load_run("heritage_no_augment").metrics(),
             "heritage, with --augment": church.metrics()}

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
figure, axes = plt.subplots(figsize=(8.4, 3.4))
for (name, lines), colour in zip(trainings.items(), (ORANGE, GREEN), strict=True):
    axes.plot([line["kimg"] for line in lines], [line[key] for line in lines], ".-",
              color=colour, label=name)
best = min(trainings["the older training"], key=lambda line: line[key])
axes.plot(best["kimg"], best[key], "o", color=ORANGE, markersize=12, fillstyle="none")
axes.set(xlabel="thousand images shown", ylabel="Frechet distance", ylim=(0, None))
plots.legend_above(axes)
show(figure, f"The older training is best at {best['kimg']:.0f} thousand images (circle), at "
     f"a distance of {best[key]:.0f}; then it gets worse.",
     "an orange curve that falls, has a circle at its lowest point and rises again; below "
     "it a green one that falls to its end")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It fell, then it rose again: from some moment on the pictures get *worse*. A likely reason, not tested here, is that
# with a few thousand photographs D memorises them, and what it then teaches G is no longer about churches. `--augment`
# is made against that: it shows D every picture with random colours, shifts and blanks, real and generated ones alike
# ([arXiv 2006.10738](https://arxiv.org/abs/2006.10738)). `heritage` was trained with it, and was still getting better
# when it was stopped. (Its learning rates differ as well, so the two curves alone do not prove it. Lesson 12
# changes `--augment` alone, and the number of photographs.)
# </details>

# %% [markdown]
# ## 2 · From the file to 64 x 64
#
# What does a photograph cost, from its file to the trained generator? This lesson writes one bill: that of the paper's
# training, three million bedrooms, each shown five times, so 15 million pictures. Sections add lines to it,
# and each line says where its number comes from.
#
# Photographs belong to others, so none come with this course. Say in the next cell which data *you* have. Where it
# names none, the lesson goes on with 1,024 churches of section 1's generator: nobody took them, but once prepared each
# costs what a photograph costs.

# %%
DATA = ""  # yours, such as "lsun/church_outdoor:PATH"

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from pathlib import Path

from PIL import Image

if not DATA:
    folder = Path("runs") / "churches"
    folder.mkdir(parents=True, exist_ok=True)
    many = sampling.draw_z(church.config, 1024, seeded(0, "lesson"))
    for i, pixels in enumerate(sampling.to_pixels(sampling.generate(netC, many))):
        Image.fromarray(pixels.numpy()).save(folder / f"{i:04d}.png")
    DATA = f"folder:{folder}"

# %% tags=["nbval-ignore-output"]
photos = load_images(DATA, 64)
assert photos.channels == 3 and photos.count >= 128, "at least 128 colour pictures are needed"
some = torch.randperm(photos.count, generator=seeded(0, "lesson"))[:12]  # folders are sorted
show(to_float(photos.batch(some)), f"12 of {photos.count:,} pictures, as training sees them.",
     "a row of twelve small colour pictures", 12)

# %% [markdown]
# <details><summary>Where the photographs are today, and what to write for each</summary>
#
# - LSUN church_outdoor, 126,227: `church_outdoor_train_lmdb.zip`, the official [LMDB](http://dl.yf.io/lsun/scenes), as
#   `lsun/church_outdoor:PATH`; or from Hugging Face, `hf:tglcourse/lsun_church_train`
# - LSUN bedroom, 3,033,042: the same place, 43 GB, as `lsun/bedroom:PATH`; or a tenth of it, `hf:pcuenq/lsun-bedrooms`
# - CelebA, 202,599: from [the authors' page](https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html), by hand,
#   `img_align_celeba.zip` and `list_attr_celeba.txt`, as `celeba:PATH`; or without attributes, `hf:nielsr/CelebA-faces`
# - your own, a few thousand or more, any folder or zip: `folder:PATH`
#
# PATH is a folder or its zip; for CelebA the folder with the two files. In Colab `lsun/` needs `pip install lmdb`, and
# `hf:` needs `pip install datasets`. CelebA is for non-commercial research only; read
# [Faces of people that do not exist](faces.ipynb) before you train on faces.
#
# LSUN has a trap of its own: an open database cannot be sent to another process, so readers that open it once fail as
# soon as a loader has workers. The course's reader opens it anew in each of them.
# </details>
#
# <details><summary>The zip of CelebA cannot be opened?</summary>
#
# Drives have quotas. Where one refuses to send `img_align_celeba.zip`, the browser still saves a file of that name: most
# often a web page which says that the quota is used up. A program that unpacks it as a zip fails with a puzzling
# message; `load_images` looks into the file first, and says what it found. Then try another source from the list above,
# or begin with a folder of your own: the churches of section 1 were learned from 3,573 photographs.
# </details>

# %% [markdown]
# `load_images` has just decoded every picture, cut out a square, scaled it to 64 x 64 and written the bytes into one
# file. Training reads that file, in slices, and never decodes again.
#
# Photographs are rarely square, and G would learn squashed churches from squashed photographs. So the largest square in
# the middle is cut out.
#
# > **Exercise 1 · The square in the middle** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > An upright photograph of a church window is 640 wide and 800 high. Which square of it do we keep?

# %%
def my_centre_box(width, height):
    """The largest square in the middle of a picture: (left, top, right, bottom), whole
    numbers; right and bottom exclusive."""
    raise NotImplementedError


# %%
centre_box = checks.check_centre_box(my_centre_box)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Its side is `min(width, height)`. Half of what is left over lies on each side; `//` divides without a remainder.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_centre_box(width, height):
#     side = min(width, height)
#     left, top = (width - side) // 2, (height - side) // 2
#     return left, top, left + side, top + side
# ```
# </details>

# %% [markdown]
# The square must then be scaled. Taking every tenth pixel is fast and wrong: fine patterns turn into coarse ones that
# were never there ("aliasing"). Antialiasing takes means first. The next cell draws such a window in a brick wall:

# %% jupyter={"source_hidden": true}
def window():
    """A rose window in a brick wall, 640 x 800."""
    y, x = np.mgrid[0:800, 0:640]
    r, angle = np.hypot(x - 320, y - 400), np.arctan2(y - 400, x - 320)
    joint = (y % 11 < 3) | ((x + 13 * (y // 11 % 2)) % 26 < 3)
    bars = (np.cos(48 * angle) > 0.55) | (np.sin(r / 2.6) > 0.7)
    picture = np.where(joint[..., None], (96, 66, 48), (196, 150, 112))
    for where, colour in ((r < 270, (240, 228, 205)), (r < 250, (40, 100, 150)),
                          ((r < 250) & bars, (226, 214, 190)), (r < 60, (214, 160, 40))):
        picture[where] = colour
    return Image.fromarray(picture.astype(np.uint8))

# %%
large = window()
square, small = large.crop(centre_box(*large.size)), (64, 64)
ways = {"the drawing": large,
        "squashed": large.resize(small, Image.Resampling.BICUBIC),
        "every tenth pixel": square.resize(small, Image.Resampling.NEAREST),
        "antialiased": square.resize(small, Image.Resampling.BICUBIC)}

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(1, 4, figsize=(8.4, 2.2), width_ratios=(4, 5, 5, 5))
for axis, (name, picture) in zip(axes, ways.items(), strict=True):
    axis.imshow(picture, interpolation="nearest" if picture.width == 64 else "antialiased")
    axis.set_title(name)
    axis.axis("off")
show(figure, "The last three have 64 x 64 pixels. Every tenth pixel invents a wall of huge "
     "bricks: count their rows. Only the last picture neither squashes nor invents.",
     "a round window in a brick wall, four times; in the third the bricks are huge")

# %% [markdown]
# Three bytes for each pixel, decoded once: that is what the way to 64 x 64 costs, for the sets that DCGANs learn from.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
import io
import time

from dcgan_course.data.decode import decode

COUNTS = {"LSUN churches": 126_227, "CelebA": 202_599, "LSUN bedrooms": 3_033_042}


def decoded_by_a_core(kind):
    """How many pictures of 256 x 320 pixels and some 15 kB one core decodes in a second."""
    file, times = io.BytesIO(), []
    large.resize((256, 320)).save(file, kind, quality=20)
    for _ in range(200):
        begin = time.process_time()
        decode(file.getvalue(), 64)
        times.append(time.process_time() - begin)
    return 1 / np.median(times)


jpeg, webp = decoded_by_a_core("JPEG"), decoded_by_a_core("WEBP")
costs = {name: (f"{count:,}", "JPEG" if name == "CelebA" else "WebP",
                f"{count * 64 * 64 * 3 / 1e9:.1f}",
                f"{count / (jpeg if name == 'CelebA' else webp) / 60:.1f}")
         for name, count in COUNTS.items()}
show_table(pd.DataFrame(costs, ["pictures", "files", "GB prepared", "minutes"]).T,
           f"Minutes of one core, which was measured here: in a second it decodes {jpeg:,.0f} "
           "JPEGs of 256 x 320, which can be read at a quarter of their size, and "
           f"{webp:,.0f} WebPs, which cannot.")

# %% [markdown]
# So the bill for the bedrooms begins:

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
paid = {}


def add(what, amount, source):
    """One line more, or a new one in its place; then the whole bill."""
    paid[what] = amount, source
    show_table(pd.DataFrame(paid, ["the bill", "where the number comes from"]).T)


*_, gigabytes, minutes = costs["LSUN bedrooms"]
paid["disk"] = (f"{43 + 43 + float(gigabytes):.0f} GB",
                f"published: zip 43, unpacked 43; computed: prepared {float(gigabytes):.0f}")
add("decoding", f"{float(minutes):.0f} min", "measured here: one core, once")

# %% [markdown]
# ## 3 · What one church costs
#
# The preset `lsun` (or `paper`) is the paper's network at full width: from 4 x 4 x 1024 up to 64 x 64 x 3, with kernels
# of 5 x 5 and batches of 128. It is ten times as large as ours and wants a GPU. What it takes of one follows from shapes
# alone: tensors on the device `meta` have a shape and no numbers, and take no memory.

# %%
config = preset("lsun")
with torch.device("meta"):
    netG, netD = models.build_generator(config), models.build_discriminator(config)
parameters = {"G": models.count_parameters(netG), "D": models.count_parameters(netD)}

# %% [markdown]
# > **Exercise 2 · Bytes to train** — difficulty 2 of 3 · importance 3 of 3 · 8 minutes
# >
# > For every parameter a training keeps four numbers in float32: the weight, its gradient, and Adam's two moments. With
# > `ema` it also keeps a moving average of G's weights.

# %%
def my_training_bytes(parameters_G, parameters_D, ema=False):
    """How many parameters G and D have, and whether a moving average is kept -> the bytes
    that a training keeps from step to step."""
    raise NotImplementedError


# %%
training_bytes = checks.check_training_bytes(my_training_bytes)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A float32 number has 4 bytes. (bfloat16 is used inside of the computation; what is kept stays float32.)
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_training_bytes(parameters_G, parameters_D, ema=False):
#     average = parameters_G if ema else 0
#     return 4 * (4 * (parameters_G + parameters_D) + average)
# ```
# </details>

# %% [markdown]
# That is there once. Arithmetic comes again with every picture, and nearly all of it is convolutions. At each place of its
# result a convolution multiplies all weights of a kernel by what lies below them, and adds the products.
#
# > **Exercise 3 · Count a convolution** — difficulty 2 of 3 · importance 3 of 3 · 8 minutes
# >
# > How many floating-point operations does that take for one picture? Each product counts as two: one multiplication,
# > one addition.

# %%
def my_convolution_flops(inputs, outputs, kernel, side):
    """A convolution from `inputs` to `outputs` channels, with kernels of kernel x kernel and
    no bias, whose result is side x side -> its floating-point operations for one picture."""
    raise NotImplementedError


# %%
convolution_flops = checks.check_convolution_flops(my_convolution_flops)

# %% [markdown]
# <details><summary>Hint</summary>
#
# One number of the result takes kernel x kernel x inputs products. How many numbers has the result?
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_convolution_flops(inputs, outputs, kernel, side):
#     return 2 * kernel * kernel * inputs * outputs * side * side
# ```
#
# D's fourth convolution: 2 x 5 x 5 x 512 x 1024 x 4 x 4 is 0.42 billion, 0.42 Gflop.
# </details>

# %% jupyter={"source_hidden": true}
rows, side = {}, 64
for layer in netD.modules():
    if isinstance(layer, torch.nn.Conv2d):
        n, outputs = layer.in_channels, layer.out_channels
        after = side // 2 if side > 4 else 1
        rows[f"{side} x {side} x {n} to {after} x {after} x {outputs}"] = (
            convolution_flops(n, outputs, layer.kernel_size[0], after) / 1e9)
        side = after
forward = sum(rows.values())
show_table(pd.DataFrame({"Gflop": {name: f"{number:.2f}" if number > 0.005 else "< 0.01"
                                   for name, number in rows.items()}}),
           f"D's convolutions, for one picture: together {forward:.2f} Gflop. Three of them "
           "cost the same: a quarter of the places, four times the weights.")

# %% [markdown]
# G mirrors D and takes as much. The way back costs as much as two ways forward: one gradient for the weights, one for
# what came in. In G's step D's weights need no gradient, so there the way back through D costs only one.

# %% jupyter={"source_hidden": true}
STEPS = {"D's step": ((1, "G draws", ORANGE), (1, "forward,\nreal", BLUE),
                      (1, "forward,\ngenerated", BLUE), (2, "back, real", BLUE),
                      (2, "back, generated", BLUE)),
         "G's step": ((1, "forward", BLUE), (1, "back", BLUE), (2, "back", ORANGE))}
figure, axes = plt.subplots(figsize=(8.4, 2))
for place, parts in enumerate(STEPS.values()):
    left = 0
    for width, words, colour in parts:
        axes.barh(place, width - 0.05, 0.8, left, align="center", color=colour)
        axes.text(left + (width - 0.05) / 2, place, words, ha="center", va="center",
                  color="white", fontsize=11)
        left += width
axes.set_yticks(range(2), STEPS)
axes.set(xlim=(0, 7), ylim=(1.5, -0.5), xlabel=f"times {forward:.2f} Gflop")
axes.grid(visible=False)
whole = sum(width for parts in STEPS.values() for width, *_ in parts)
show(figure, f"What one picture takes of D (blue) and of G (orange): {whole} x {forward:.2f} "
     f"= {whole * forward:.0f} Gflop.",
     "D's step, seven wide: G draws 1, D forward 2, D back 4; G's step, four wide: D forward "
     "1, D back 1, G back 2")

# %% [markdown]
# PyTorch can count a whole step as well, and what each layer keeps until the way back, all from shapes:

# %% jupyter={"source_hidden": true}
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef


def saved(net, x):
    """Bytes that autograd keeps of a forward pass, without the weights."""
    pieces = {}

    def keep(tensor):
        memory = tensor.untyped_storage()
        pieces[StorageWeakRef(memory)] = memory.nbytes()
        return tensor.detach()

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        net(x)
    weights = {StorageWeakRef(p.untyped_storage()) for p in net.parameters()}
    return sum(size for memory, size in pieces.items() if memory not in weights)


with torch.device("meta"):  # D's step has two batches in D, while what G kept waits
    layers = {"G": saved(netG, torch.zeros(64, 100)) / 64,
              "D": 2 * saved(netD, torch.zeros(64, 3, 64, 64)) / 64}

# %% jupyter={"source_hidden": true}
from torch.utils.flop_counter import FlopCounterMode

from dcgan_course.plots.showing import enlarged
from dcgan_course.trainer import d_step, g_step

optG, optD = (torch.optim.Adam(net.parameters()) for net in (netG, netD))
with FlopCounterMode(display=False) as counter:
    x_fake = netG(torch.zeros(8, config.nz, device="meta"))
    d_step(netD, optD, torch.zeros(8, 3, 64, 64, device="meta"), x_fake)
    g_step(netD, optG, x_fake)
per_image = counter.get_total_flops() / 8

# %% jupyter={"source_hidden": true}
kept = training_bytes(parameters["G"], parameters["D"])
bill = [(f"{64 * 64 * 3 / 1e3:.0f} kB", "on disk, prepared once", ORANGE),
        (f"{sum(layers.values()) / 1e6:.1f} MB", "of memory, while it is in a batch", ORANGE),
        (f"{per_image / 1e9:.1f} Gflop", "of arithmetic, each time it is shown", ORANGE),
        (f"{kept / 1e6:,.0f} MB", "once, for weights, gradients and Adam", GREY)]
figure, axes = plt.subplots(figsize=(4.2, 3.1))
axes.set(xlim=(0, 4.2), ylim=(0.1, 3.5))
axes.axis("off")
for place, (number, what, colour) in enumerate(bill):
    high = 3.3 - 0.9 * place - 0.05 * (place == 3)
    axes.text(0, high, number, fontsize=20, weight="bold", va="center", color=colour)
    axes.text(0, high - 0.36, what, fontsize=12, va="center", color=INK)
axes.axhline(0.85, color=GREY, linewidth=1)
plots.show_beside({"a church": enlarged(sampling.generate(netC, z[28:29]), 1, 5),
                   "; ".join(f"{number} {what}" for number, what, _ in bill): figure},
                  "What the paper's network takes: for each picture (orange), and once.")

# %% jupyter={"source_hidden": true}
BITS = {"float32": 1, "16 bits": 0.5}  # what the layers save, as a part of float32


def memory(batch):
    """A figure: what a training step of so many images takes."""
    figure, axes = plt.subplots(figsize=(6.4, 2.5))
    left = np.zeros(2)
    parts = {"weights, gradients, Adam": [kept] * 2,
             "G's layers": [batch * layers["G"] * part for part in BITS.values()],
             "D's layers": [batch * layers["D"] * part for part in BITS.values()]}
    for (name, values), colour in zip(parts.items(), (GREY, ORANGE, BLUE), strict=True):
        axes.barh([*BITS], np.array(values) / 1e9, 0.6, left, color=colour, label=name)
        left += np.array(values) / 1e9
    for size in (8, 16, 24):
        axes.axvline(size, color=INK, linestyle="--", linewidth=1)
        axes.text(size - 0.2, -0.5, f"{size} GB", ha="right", va="center")
    axes.set(xlim=(0, 24.3), ylim=(1.5, -0.75), xlabel="GB")
    axes.grid(visible=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure

# %% [markdown]
# > **Predict:** what is the largest batch with which the paper's network can be trained in 16 GB, in float32? Divide,
# > then push the slider.
# >
# > - about 200 images
# > - about 600
# > - about 3,000 <!-- right -->

# %% jupyter={"source_hidden": true}
plots.show_turned({f"batches of {n:,}": memory(n) for n in (128, 512, 1024, 2048, 4096)},
                  "Push the slider: which batch is the first that does not fit into 16 GB?",
                  "two bars, float32 and 16 bits, beside lines at 8, 16 and 24 GB")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
largest = {f"{size} GB": {name: f"{(1e9 * size - kept) / (part * sum(layers.values())):,.0f}"
                          for name, part in BITS.items()} for size in (8, 16, 24)}
show_table(pd.DataFrame(largest).T, "The largest batch that fits.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 3,000, and the paper's batch of 128 takes little more than 1 GB. Memory is not what limits this network. In 16
# bits most of what the layers save takes half (the picture counts all of it at half), while weights and Adam's moments
# stay float32. Not counted is what a backward pass needs for a moment, and the workspace of the libraries, so leave
# room. **On a GPU** `torch.cuda.max_memory_allocated() / 1e9`, called after a step, gives the true number.
# </details>

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
shown = 5 * COUNTS["LSUN bedrooms"]  # pictures
paid["memory"] = (f"{(kept + 128 * sum(layers.values())) / 1e9:.1f} GB",
                  "computed: shapes, float32, batches of 128")
add("arithmetic", f"{round(shown * per_image / 1e12, -3):,.0f} Tflop",
    f"computed: {shown / 1e6:.1f} million pictures x {per_image / 1e9:.1f} Gflop")

# %% [markdown]
# ## 4 · What a GPU buys: hours
#
# A data sheet promises a speed (in float32 8 Tflop a second for Colab's T4, 19.5 for NVIDIA's A100), and a training
# reaches a part of it, which only a measurement tells. So the next picture divides the bill's arithmetic by **assumed**
# speeds, and by one that was **measured** on the machine that ran this page.

# %% jupyter={"source_hidden": true}
from dcgan_course.commands import bench

GPU = torch.cuda.is_available()


def loop_for(config):
    """One training step at a time, as in `train`."""
    config = config.replace(nc=3, device="cuda" if GPU else "cpu", compile="off")
    return bench.OurLoop(config, photos)

# %% jupyter={"source_hidden": true}
def speed(loop, steps):
    """Floating-point operations a second in a loop's steps."""
    x_real = loop.next_batch()
    seconds = bench.time_of(lambda: loop.step(x_real), x_real.device, steps)
    return bench.step_flops(loop) / seconds


# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
half = config.replace(ngf=64, ndf=64, batch_size=16, precision="fp32")  # without a GPU
timed = loop_for(config if GPU else half)
flops = speed(timed, 5) if GPU else max(speed(timed, 1) for _ in range(3))
speeds = {f"{tflops:g}, assumed": 1e12 * tflops for tflops in (0.1, 1, 5, 20, 100)}
speeds[f"{flops / 1e12:.2g}, measured"] = flops
speeds = dict(sorted(speeds.items(), key=lambda entry: entry[1]))
work = {"LSUN's churches, once": COUNTS["LSUN churches"] * per_image,
        "LSUN's bedrooms, five times, as the paper": 5 * COUNTS["LSUN bedrooms"] * per_image}
hours = pd.DataFrame({what: [flop / rate / 3600 for rate in speeds.values()]
                      for what, flop in work.items()}, [*speeds])

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
TICKS = {1 / 60: "1 minute", 1: "1 hour", 24: "1 day", 720: "30 days"}


def spoken(hours):
    """A time, in the unit that suits it."""
    units = {"s": 3600, "min": 60, "h": 1, "days": 1 / 24}
    unit = next((unit for unit, most in {"s": 0.03, "min": 1.5, "h": 48}.items()
                 if hours < most), "days")
    return f"{(number := hours * units[unit]):.{0 if number >= 10 else 1}f} {unit}"


figure, axes = plt.subplots(figsize=(8.4, 3.6))
for (what, values), colour in zip(hours.items(), (GREEN, ORANGE), strict=True):
    axes.plot(values, hours.index, "o", color=colour, markersize=8, label=what)
    for place, value in zip(hours.index, values, strict=True):
        axes.annotate(spoken(value), (value, place), (9, 0), textcoords="offset points",
                      va="center")
axes.axhline(list(speeds.values()).index(flops), color=GREY, linewidth=18, alpha=0.15)
axes.set(xscale="log", xlim=(hours.min().min() / 2, 5 * hours.max().max()),
         ylabel="Tflop a second")
axes.set_xticks([*TICKS], TICKS.values())
axes.minorticks_off()
axes.grid(visible=False)
axes.invert_yaxis()
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
on = "five steps of it" if GPU else "the fastest of three steps of a network half as wide"
show(figure, "How long the paper's network takes, computed from each speed. Only the speed of "
     f"the grey row was measured, on {on}. Follow the orange dots down: a GPU buys days.",
     "orange dots move from weeks to minutes and green ones from hours to seconds, as the "
     "speed grows from 0.1 to 100")

# %% [markdown]
# > **Predict:** imagine a GPU that reaches 100 Tflop a second (assumed), and one CPU core that decodes the
# > photographs for it, anew in every epoch. Which of the two holds the other up?
# >
# > - the GPU: training on a picture is far more work than decoding it
# > - the CPU core: it decodes fewer pictures than the GPU trains on <!-- right -->
# > - neither: a faster GPU shortens all of the hours alike

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
trained = 1e14 / per_image
figure, axes = plt.subplots(figsize=(6.4, 1.3))
bars = axes.barh(["the GPU trains on (computed)", "one core decodes (measured)"],
                 [trained, webp], color=[ORANGE, BLUE])
axes.bar_label(bars, [f"{trained:,.0f}", f"{webp:,.0f}"], padding=5)
axes.set(xlim=(0, 1.2 * max(trained, webp)), xlabel="pictures a second", xticks=[])
axes.invert_yaxis()
axes.grid(visible=False)
show(figure, f"The GPU would wait for {100 * max(0, 1 - webp / trained):.0f} % of the time.",
     f"two bars: {trained:,.0f} pictures trained on in a second, {webp:,.0f} decoded")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The CPU core. 100,000 Gflop a second, divided by 14 for each picture, are some 7,000 pictures a second, and one core
# decodes fewer. Hence section 2: prepare once. (On a CPU alone, where training is slow, decoding hardly counts.) A
# faster GPU shortens the arithmetic, and nothing else. On yours `dcgan-course bench` measures images a second, data path
# included. Write down the card, the batch and the precision with it.
# </details>

# %% [markdown]
# Hours of a GPU are rented, and how fast yours will be is a guess. So the bill takes two guesses. The fast one is what
# an A100 promises in plain float32, and a sixteenth of what it promises in 16 bits, in which a training may be faster.
# What does your GPU cost, and how fast may it be? Put in your own numbers:

# %%
PRICE = 2.0  # dollars for an hour of the GPU: an example
SPEED = 5, 20  # Tflop a second, the slow guess and the fast one

rented = [shown * per_image / (1e12 * speed) / 3600 for speed in sorted(SPEED)]  # hours

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
most, least = rented
paid["time"] = (f"{least:.0f} to {most:.0f} hours",
                f"computed: arithmetic / {max(SPEED)} to {min(SPEED)} Tflop a second, assumed")
add("money", f"{PRICE * least:.0f} to {PRICE * most:.0f} dollars",
    f"computed: time x {PRICE:.2f} dollars an hour, assumed")

# %% [markdown]
# ## 5 · How many bits does a church need?
#
# A number in float32 has 24 significant bits. bfloat16 has 8: half of the memory, and hardware that is made for it
# multiplies it faster. What is lost? The next cells take section 1's generator and round each of its weights to fewer
# bits. With one bit a weight is a power of two, and nothing between.

# %%
import copy


def rounded(net, bits):
    """A copy of a network whose weights keep so many significant bits."""
    net = copy.deepcopy(net)
    with torch.no_grad():
        for weight in net.parameters():
            mantissa, exponent = torch.frexp(weight)  # mantissa from 0.5 to 1
            weight.copy_(torch.ldexp((mantissa * 2**bits).round(), exponent - bits))
    return net


# %% [markdown]
# > **Predict:** what is left of the churches with one significant bit in each weight? Then push the slider.
# >
# > - nothing but noise
# > - patches in the right colours
# > - the same churches, a little coarser <!-- right -->

# %% jupyter={"source_hidden": true}
drawn = {}
for bits, name in {24: "24 bits, as float32", 8: "8 bits, as bfloat16", 4: "4 bits",
                   2: "2 bits", 1: "1 bit: powers of two"}.items():
    drawn[name] = sampling.generate(rounded(netC, bits), z[[2, 6, 19]])
plots.show_turned(drawn, "Push the slider: three churches, with fewer and fewer bits.",
                  "three churches, the same ones at each place, at last paler and grainy",
                  width=690)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
exact, *others = drawn.values()
changes = {name: f"{127.5 * (images - exact).abs().mean():.1f}"
           for name, images in zip([*drawn][1:], others, strict=True)}
show_table(pd.DataFrame({"a grey level, of 255, changes on average by": changes}))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The same churches, a little coarser. With 8 bits nobody sees a difference. A likely reason: rounding errors are as often
# up as down, and in sums of thousands of products most of them cancel. (This is drawing. In a training a step may be
# smaller than the last of 8 bits, and would be lost; so weights, sums and losses stay float32, and only the
# convolutions multiply in 16 bits.)
# </details>

# %% [markdown]
# And what is gained? Three changes are timed on this machine, each added to those before it:
#
# - **channels-last**: a pixel's channels lie side by side in memory, as fast convolutions want them;
# - **fused Adam**: one operation updates all weights, instead of several for each;
# - **16 bits**: convolutions multiply 16-bit numbers.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from dcgan_course.machine.runtime import has_bf16

narrow = preset("celeba", data=DATA, ngf=32, ndf=32, batch_size=32)


def variant(precision="fp32", channels_last=True, fused=True, compile="off"):
    """A loop with some of the changes, ready to be timed."""
    loop = loop_for(narrow.replace(precision=precision))
    for net in (loop.state.netG, loop.state.netD):
        net.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
        if compile == "on":
            net.compile()
    for optimizer in () if fused else (loop.state.optG, loop.state.optD):
        optimizer.param_groups[0].update(fused=False, foreach=False)
    return loop

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
sixteen = "bf16" if has_bf16(pick_device()) else "fp16"  # a T4 only imitates bfloat16
variants = {"plain": variant(channels_last=False, fused=False),
            "+ channels-last": variant(fused=False), "+ fused Adam": variant(),
            "+ 16 bits": variant(sixteen)}
if GPU:
    variants["+ compilation"] = variant(sixteen, compile="on")

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.machine.display import bar_options

times = {name: [] for name in variants}
for name, loop in tqdm([*variants.items()] * 10, desc="steps", **bar_options()):
    x_real = loop.next_batch()
    seconds = bench.time_of(lambda loop=loop, x=x_real: loop.step(x), x_real.device, 1)
    times[name].append(32 / seconds)

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
medians = {name: np.median(speeds) for name, speeds in times.items()}
figure, axes = plt.subplots(figsize=(8.4, 2.4))
bars = axes.barh([*medians], [*medians.values()], color=[GREY] + [GREEN] * (len(medians) - 1))
gains = [f"{speed:,.0f}" + (f", {speed / medians['plain']:.1f} times plain" if place else "")
         for place, speed in enumerate(medians.values())]
axes.bar_label(bars, gains, padding=5)
axes.set(xlim=(0, 1.45 * max(medians.values())), xlabel="images a second", xticks=[])
axes.invert_yaxis()
axes.grid(visible=False)
pairs = zip([*medians][1:], [*medians.values()][1:], medians.values(), strict=False)
gained = " and ".join(f"{name.removeprefix('+ ')} ({speed:,.0f} images a second against "
                      f"{before:,.0f})"
                      for name, speed, before in pairs if speed > 1.2 * before)
show(figure, f"On this machine {gained or 'nothing'} gained more than a fifth; less may be "
     "chance. Each bar adds one change to those above it: the median of ten steps.",
     "; ".join(
         f"{name}: {gain}" for name, gain in zip(medians, gains, strict=True)))

# %% [markdown]
# The gains depend on the machine: without hardware for it bfloat16 is several times *slower* than float32, so
# `precision="auto"` probes for half a second before it decides.
#
# <details><summary>On a GPU: compilation, float16, CUDA graphs</summary>
#
# - **Compilation** (`torch.compile`) makes one of several small operations. It takes about a minute to begin, so the
#   trainer uses it on GPUs only, and there for trainings of seven minutes or more: it supposes that 15 % of a step are
#   saved.
# - **float16.** NVIDIA's GPUs from before 2020, as Colab's free T4, have at most float16, with 5 bits of exponent:
#   gradients below 0.00000003 would become 0. So the trainer multiplies them by a large number before they are rounded,
#   and divides by it before the update (`precision="fp16"`, `dcgan_course/machine/scaling.py`).
# - **CUDA graphs** help small networks on a large GPU, where launching the kernels takes longer than the kernels
#   themselves: a graph records the launches once and replays them together.
#
# `dcgan-course bench` compares with the loop of most tutorials, data path included; `dcgan-course doctor --gpu` tries all
# of this on a GPU and prints a report.
# </details>

# %% [markdown]
# On the bill 16 bits bring memory from 1.2 GB down to 0.9 GB. Time and money shrink by your GPU's own gain: the bars above
# are those of the machine that ran this page and of a narrow network.

# %% [markdown]
# ## 6 · Does a large batch cost anything?
#
# Could the hours be fewer still? A GPU works best on large batches, and memory has room for thousands of images (section
# 3). But with the same number of images a batch four times as large makes a quarter of the steps. The usual advice is a
# longer step:
#
# - the learning rate times 4, meant for plain SGD;
# - or times the root of that, 2, for Adam.
#
# A recorded study tried both on 60 thousand digits, three seeds each. Its batches of 64 have the rate 0.002.
#
# > **Predict:** does a longer step make up for a batch of 256 in place of 64?
# >
# > - wholly, at four times the rate, 0.008
# > - only in part <!-- right -->
# > - not at all: the pictures get worse still

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.experiments.recording import RecordedStudy

study = RecordedStudy("batch_size")
batches = {name: study.study.config(name, 0).batch_size for name in study.study.configs}
names = sorted(batches, key=batches.get)
fd = {name: study.values(name, "fd") for name in names}
even = {name: study.values(name, "mode_entropy") for name in names}
COLOURS = {16: GREEN, 64: GREY, 256: ORANGE}
figure, (axes, digits) = plt.subplots(1, 2, figsize=(8.4, 4), sharey=True, width_ratios=(5, 3))
for place, name in enumerate(names):
    for value, evenness in zip(fd[name], even[name], strict=True):
        colour = COLOURS[batches[name]]
        axes.plot(value, place, "o", markeredgecolor=colour, markersize=9,
                  color=colour if evenness > 0.5 else "none")
    six = sampling.image_grid(study.images(name)[:6], 6)
    digits.imshow(six, extent=(0, 6, place + 0.45, place - 0.45), aspect="auto")
axes.set_yticks(range(len(names)), [name.replace("lr", "rate") for name in names])
axes.set(xscale="log", xlabel="Frechet distance", xlim=(80, 3000), ylim=(6.6, -0.6),
         ylabel="batch, learning rate")
axes.set_xticks([100, 200, 500, 1000, 2000], ["100", "200", "500", "1,000", "2,000"])
axes.minorticks_off()
digits.axis("off")
digits.set(title="six pictures of the first seed", xlim=(0, 6))
show(figure, "A dot for each of three seeds. Hollow: nearly all pictures are one digit "
     "(of these two trainings no picture was kept).",
     "batches of 16 lie left, at 100 to 230, with clean digits; 256 lie right, at 600 to "
     "2,000, two dots hollow, with blurred digits")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
def listed(values, digits):
    """The numbers of three seeds, in words."""
    return ", ".join(f"{value:,.{digits}f}" for value in values)


rows = {name: (f"{60_000 // batches[name]:,}", listed(fd[name], 0), listed(even[name], 2))
        for name in names}
show_table(pd.DataFrame(rows, ["steps", "distance, by seed", "evenness, by seed"]).T,
           fold="The numbers of the picture")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Only in part: with batches of 256 a longer step helps, and no rate reaches what batches of 64 reach. Small batches do no
# harm here: with the rate unchanged, batches of 16 make four times the steps for the same images, and the best digits. So
# prefer the largest batch that still gains speed on your GPU, not the largest that fits.
#
# (Two of the three trainings with batches of 256 and the unchanged rate collapsed to one digit; on a different machine
# the same seeds need not. With batches of 16 the *linear* rule held, although this is Adam: the rate divided by 4 gives
# 206 to 229, batches of 64 give 198 to 234. All are short trainings with a moving average; long ones forgive more.)
# </details>
#
# <details><summary>A very small batch: noise in batch norm</summary>
#
# Batch norm takes its mean from the batch, and the mean of N images is off by one over the root of N of what single images
# differ by: with 4 images by a half, with 64 by an eighth. The same happens where many GPUs each get a small *share* of
# the batch; `--sync_batch_norm` is made for that case.
# </details>

# %% [markdown]
# So a larger batch changes no arithmetic on the bill. It saves hours only as far as your GPU gets faster with it: stop
# there.

# %% [markdown]
# ## 7 · Train
#
# Now some of the bill is paid. With a GPU the next cell shows 100,000 images to the paper's network, on your data if
# you named some. Without one it shows 3,000 images to a small network. You will stand at the beginning of a long way,
# and the recorded run of section 1 shows the rest of it.

# %% tags=["nbval-ignore-output"]
from dcgan_course.trainer import train

if GPU:
    config = preset("lsun", data=DATA, sample_kimg=5, num_epochs=100_000 / photos.count)
else:
    config = preset("celeba", data=DATA, nz=32, ngf=16, ndf=16, batch_size=16, lr_g=2e-3,
                    lr_d=2e-3, ema_kimg=0.5, sample_kimg=1, num_epochs=3000 / photos.count)
run = train(config, show=lambda *_: None)  # without a sheet that grows

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from PIL import ImageSequence


def tiles(picture, columns):
    """The images of a recorded sheet."""
    return sampling.grid_images(torch.from_numpy(np.array(picture.convert("RGB"))), columns)

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
kimg, file = run.samples()[-1]
way = {f"here you are: {kimg:.0f} thousand images": tiles(Image.open(file), 8)[:4]}
film = ImageSequence.all_frames(Image.open(church.path / "training.gif"))
for moment, frame in zip((30, 60, 90, 150, 330, 480), film[1:], strict=True):
    picture = frame.crop((0, 22, 134, 156))  # four z, below a line that says when
    way[f"recorded: {moment} thousand images"] = tiles(picture, 2)
plots.show_turned({words: enlarged(four, 4, 2) for words, four in way.items()},
                  "First, four pictures of this page's training. Push the slider: four z of "
                  "the recorded one, later and later. Form comes first, windows last. (The "
                  "first three recorded moments were kept in 64 colours only.)",
                  "four tiles: blurs of blue, grey and brown; further on a dark round "
                  "church, a golden front, a tower and a wide church take shape")

# %% [markdown]
# Three thousand images, as without a GPU, are next to nothing: blurs, at best bright above and dark below, and no church
# yet. The recorded churches took nearly 500 thousand images of a small network, 51 minutes of one CPU core. The bill's
# 15 million are five thousand times those 3,000, in a large network.

# %% [markdown]
# ## 8 · More than one GPU
#
# If the bill's hours are too long for you, divide them: two GPUs take half of the time at best, and the same money.
# Each GPU has a copy of both networks and works on its share of every batch. Before each update the gradients are
# averaged, so that the copies stay equal.
#
# Here four processes share a batch of 32:

# %% tags=["nbval-ignore-output"]
def share(batch, rank, size):
    """The part of a batch that process `rank` of `size` works on: equal parts, none twice."""
    n = len(batch) // size
    return batch[rank * n : (rank + 1) * n]


x, found = to_float(photos.batch(range(32))), {}
plots.show_rows({f"process {rank}": share(x, rank, 4) for rank in range(4)},
                "No picture is missing, and none is there twice.",
                "four rows of eight small colour pictures", most=99)

# %% jupyter={"source_hidden": true}
def gradient(net, x):
    """The gradient of D's loss on real images, as one long vector."""
    net.zero_grad()
    torch.nn.functional.softplus(-net.train()(x)).mean().backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])

# %% [markdown]
# > **Predict:** is the mean of the processes' gradients the gradient of the whole batch?
# >
# > - always
# > - only without batch norm <!-- right -->
# > - never: each process has seen other images

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
for norm, name in {"none": "without batch norm", "batch": "with batch norm"}.items():
    torch.manual_seed(0)
    net = models.init_weights(models.Discriminator(8, 3, 64, norm=norm))
    whole = gradient(net, x)
    for size in (2, 4, 8):
        parts = torch.stack([gradient(net, share(x, rank, size)) for rank in range(size)])
        off = (parts.mean(0) - whole).norm() / whole.norm()
        found.setdefault(f"{size} processes, {32 // size} images each", {})[name] = (
            "nothing, up to rounding" if off < 1e-3 else f"{100 * off:.0f} %")
show_table(pd.DataFrame(found).T, "How far off the mean of the gradients is. (One process "
           "plays all of them.)")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Only without batch norm. The loss is a mean over images, and a mean of equal parts' means is the mean of all. With batch
# norm each process normalises with its own images, and the fewer those are, the further the mean is off.
# `--sync_batch_norm` takes the statistics of all, at the price of more messages.
# </details>

# %% [markdown]
# To use two GPUs, write
#
# ```
# torchrun --nproc-per-node=2 -m dcgan_course train --preset lsun --data lsun/church_outdoor:PATH
# ```
#
# It starts two processes, one for each GPU; `batch_size` stays the size of the whole batch. Without GPUs, two processes on
# the CPU: `--preset smoke`, and no `--data`.
#
# <details><summary>What the exchange costs</summary>
#
# At each step all gradients of both networks are exchanged: 36 million numbers, 144 MB. Over Ethernet of 1 Gbit/s that
# takes 1.2 seconds, of 10 Gbit/s a tenth, and inside of a machine with 200 Gbit/s 6 ms (one way, once; each of n devices
# sends and receives 2 (n - 1) / n times that). With two machines each step is half as long, so where the exchange takes
# half of a step of one GPU, nothing is gained (if nothing overlaps).
# </details>

# %% [markdown]
# ## What to keep
#
# The bill has six lines. Memory hardly limits anybody. Disk may: a zip, what is unpacked of it and what is prepared lie
# there together. Pictures are decoded once, so that no GPU waits for a core that decodes. What costs hours and money is
# arithmetic, which only a faster machine shortens, or several: 16 bits and a larger batch help as far as your GPU gets
# faster with them. Nobody sees the bits that are lost; the steps that a large batch leaves out are missed.

# %% [markdown]
# > **Open exercise · A plan that somebody could pay for** — 60 minutes
# >
# > Plan a training of the paper's network on one of the data sets of section 2, on a machine that you could really rent.
# > How much disk, memory and time does it need, what does it cost, when do you look at it, and when do you stop? Say
# > which of your numbers are computed, which are measured, and which are guesses; then make the cheapest measurement that
# > would turn your worst guess into a number.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | memory | "should fit" | weights, optimiser and activations computed, with room for what was not counted |
# | time | one number | images shown / speed, with the range that the speed's uncertainty gives |
# | sources | not said | each number marked as computed, measured or guessed |
# | stopping | a number of epochs | what is scored, how often, and which result ends the training early |
# | risk | none | what happens when the machine is taken away, and what that costs |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why does the paper scale images to [-1, 1] and do nothing else?</summary>
#
# That is the range of G's tanh, and a G that cannot reach all of the data cannot match it. Lesson 05, section 4,
# measures it: images in [0, 1] work as well, for a tanh reaches them; images scaled by mean and standard deviation do
# not, though D in train mode hardly notices.
# </details>
#
# <details><summary>Colab disconnects after some hours. What is lost?</summary>
#
# With `--out` on your Drive (lesson 00 mounts it): the work since the last checkpoint, one for each epoch and one every
# ten minutes; go on with `dcgan-course resume RUN`. Without it, everything is lost.
# </details>
#
# <details><summary>128 x 128?</summary>
#
# `--image_size 128` adds one block to each network: see `dcgan-course info` of a run. We have not trained a DCGAN of that
# size; much of the later work on larger images changed the architecture.
# </details>
#
# <details><summary>Which batch for eight GPUs?</summary>
#
# Begin with what one GPU does well, times eight, and compare with one GPU at equal images shown. A larger batch makes
# fewer steps of the same images (section 6).
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 4.
# - Yu and others: *LSUN*, [arXiv 1506.03365](https://arxiv.org/abs/1506.03365).
# - Liu and others: *Deep Learning Face Attributes in the Wild* (CelebA), [arXiv 1411.7766](https://arxiv.org/abs/1411.7766).
# - Zhao and others: *Differentiable Augmentation*, [arXiv 2006.10738](https://arxiv.org/abs/2006.10738).
# - Goyal and others: *Accurate, Large Minibatch SGD*, [arXiv 1706.02677](https://arxiv.org/abs/1706.02677): the linear rule.

# %%
from dcgan_course import checks

checks.progress("09")

# %% [markdown]
# ---
# ← [08 · Latent sliders](08_latent_sliders.ipynb) · [10 · What D and G learned](10_what_d_learned.ipynb) →
