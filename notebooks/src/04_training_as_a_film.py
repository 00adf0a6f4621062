# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · Training as a film
#
# <img src="../data/film.webp" width="484" alt="a film of sixty-four places over two curves: grey squares become blobs, then strokes, then digits, while a cursor walks along the losses">
#
# *Sixty-four vectors z, drawn once and never again, as one generator learns to read them. Choose a place and follow it;
# then watch the cursor below.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/04_training_as_a_film.ipynb)
#
# **Time:** 30 minutes to read and try; the cells run for about half a minute on two CPU cores.
#
# **You need:** lesson 03, or a GAN training loop that you have seen before.
#
# After this lesson you can
#
# - draw comparable pictures while a network trains, and say why they come from a fixed `z` in eval mode;
# - turn a sheet of pictures into a film frame without stretching its range;
# - make an annotated GIF that fits a budget of bytes;
# - follow a single `z` through a training;
# - read from a film, and from a number beside it, whether a generator collapses.
#
# **You write** the snapshot and the frame; **we import** the networks, the two training steps and the recorded runs.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · A film that you can stop
#
# The film under the title comes from a recorded training, the run `mnist_quick` of lesson 03. Each of its 64 places is
# one vector `z`, and every five thousand images the generator drew all of them. Here you can stop it: the upper 32
# places stand at five thousand images, where they are blobs. **Drag the slider:** when can you read the first digits,
# and do the losses tell? At which loss would you have stopped?

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
import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import pick_device, seeded, settle_threads
from dcgan_course.plots import STYLE, clock, show, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, grid_images, image_grid, sample_z

plt.style.use(STYLE)
device = pick_device()
print(f"torch {torch.__version__}, device {device}, CPU threads: {settle_threads()}")

# %%
run = load_run("mnist_quick")
long_film = iio.imread(run.path / "training.gif")  # (61, 264, 242, 3)
clocks = [run.config.sample_kimg * i for i in range(len(long_film))]  # thousand images

# %% jupyter={"source_hidden": true}
import io

from dcgan_course.plots import over_curves, show_turned

sheets = [Image.fromarray(picture[-242:]) for picture in long_film]  # without the old clock
lines = run.stats()


def small(picture):
    """A picture in 16 levels per channel as a file of some kilobytes."""
    file, few = io.BytesIO(), picture.point(lambda level: 17 * round(level / 17))
    few.save(file, "WEBP", lossless=True)
    return file.getvalue()


def words(kimg):
    """What is said of a moment: the clock, and the losses of the line that is nearest."""
    line = min(lines, key=lambda line: abs(line["kimg"] - kimg))
    return f"{clock(kimg)}: loss_D {line['loss_D']:.2f}, loss_G {line['loss_G']:.2f}"


upper = [sheet.crop((0, 0, 242, 122)) for sheet in sheets]
looks = list(zip(clocks, upper, strict=True))
looks = looks[:6] + looks[6::3]  # closer at the start, where most happens
show_turned({words(kimg): small(Image.fromarray(frame[22:]))
             for (kimg, _), frame in zip(looks, over_curves(looks, lines), strict=True)},
            "One training, 25 moments. The cursor in the losses moves along.",
            "thirty-two places, grey at first, then blobs, strokes and digits, over the "
            "losses, in which a cursor marks the moment", first=1)

# %% [markdown]
# Some digits can be read at ten thousand images, and many at twenty, but nothing in the curves marks them: G's loss
# falls as before. From forty thousand on it stays where it is, and from some 160 thousand on it even *rises*. The
# pictures get better all the way: lesson 03 gave their distance from real digits after each epoch, which falls from 159
# to 28. Whoever stops where G's loss is lowest, between 80 and 140 thousand, stops too early. So look at the pictures.
#
# Follow **one** place. In the next figure the upper sixteen places stand on top, as they are at the end; under them is
# the life of the framed one, row by row like text: a 0 until about the middle of the training, and at the end a 6.
# **Click another place,** or drag the slider: which change into another digit, and which stay what they are?

# %% jupyter={"source_hidden": true}
from PIL import ImageDraw

from dcgan_course.plots import INK
from dcgan_course.plots.style import lettering

grown = torch.stack([grid_images(torch.from_numpy(np.array(sheet))) for sheet in sheets])


def life(place):
    """The pictures of one place, ten in a row, and behind them the clock of the last."""
    rows = Image.fromarray(image_grid(grown[1:, place], 10).numpy()).resize(
        (604, 364), Image.Resampling.NEAREST)
    whole = Image.new("RGBA", (654, 364))
    whole.paste(rows)
    for row in range(6):
        ImageDraw.Draw(whole).text((652, 32 + 60 * row), f"{clocks[10 * row + 10]:.0f}", INK,
                                   lettering(22), "rm")
    return whole


# %% jupyter={"source_hidden": true}
at_last = sheets[-1].crop((0, 0, 242, 62)).resize((484, 124), Image.Resampling.NEAREST)
show_turned({f"row {place // 8 + 1}, place {place % 8 + 1}": small(life(place))
             for place in range(16)},
            "One place through time. At the right: thousand images at the end of the row.",
            "sixty pictures of one place: blobs, and then a digit whose strokes move on",
            first=7, beside=("two rows of eight digits: a click on one shows its life below",
                             small(at_last)), across=8)

# %% [markdown]
# Most change, and some late: the sixth of the first row is a 0, then a 3, and at the very end a 2. Few stay what they
# are, such as the 5. No curve shows any of this.
#
# Does the film come to rest?
#
# > **Predict:** after the first epoch the places are digits. How far do they change from then on, epoch by epoch?
# >
# > - less and less, and at last not at all
# > - less and less, but they still change <!-- right -->
# > - as much in each epoch

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from itertools import pairwise

from dcgan_course.plots import show_rows

ends = grown[12::12]  # the sheets at the ends of the five epochs
rows = {"epoch 1": ends[0, :8]}
for epoch, (a, b) in enumerate(pairwise(ends), 2):
    apart = 127.5 * (b - a).abs().mean()
    rows[f"epoch {epoch}: {apart:.0f} grey levels from the one before"] = b[:8]
show_rows(rows, "The first eight places at the end of each epoch.",
          "five rows of eight digits, which change less from row to row", lettered=False)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Less and less, but they still change: by 22 grey levels in the second epoch, and by 13 in the last. The same `z` still
# wanders from one digit to another. Lesson 01 showed two players who circle around their equilibrium; here, too,
# nothing forces the game to come to rest.
#
# </details>

# %% [markdown]
# The rest of this lesson makes such a film: a `z` that stays, pictures that can be compared, frames, and a file that is
# small enough for a page. At the end a second film stands beside the first, and shows a generator that collapses.

# %% [markdown]
# ## 2 · A fixed z, and a clock
#
# A generator G turns a vector `z` of random numbers into a picture. Draw new `z` at every look, and you see
# different pictures each time: you cannot tell what G learned from what chance dealt.
#
# So draw `z` once and keep it. We call it `z_fixed`. Each place in the grid is then **one picture growing up**.
#
# A random stream with its own seed gives the same vectors in every run.

# %%
z_fixed = sample_z(64, 100, "normal", seeded(0, "z_fixed"))

# %% [markdown]
# A film also needs a clock. Steps and epochs are poor ones: a step of 128 shows as many images as two of 64, and an
# epoch of a larger data set lasts longer. We count the **real images shown**, in thousands (`kimg`): 1,000 steps of 64
# are 64 kimg, and so are 500 steps of 128.
#
# ## 3 · A snapshot
#
# A look at G must depend on nothing but G and `z_fixed`, and must not change G. One switch decides both: the **mode**
# of the network.
#
# Batch norm subtracts a mean and divides by a standard deviation. In *train* mode it takes both from the batch at
# hand. In *eval* mode it takes running averages that it gathered during training.
#
# We draw the first `z` alone, then among 15 neighbours, then among 15 others: once in train mode, once in eval mode.

# %% jupyter={"source_hidden": true}
def first_picture(neighbours, train):
    """The picture of z_fixed[0], drawn in a batch with neighbours (N, 100): (1, 28, 28)."""
    net = load_run("mnist").load_generator().train(train)
    with torch.no_grad():
        return net(torch.cat([z_fixed[:1], neighbours]))[0]


company = [z_fixed[:0], z_fixed[1:16], z_fixed[16:31]]  # nobody, 15 neighbours, 15 others
pictures = {train: torch.stack([first_picture(z, train) for z in company])
            for train in (True, False)}
show_rows({"A": pictures[False], "B": pictures[True]},
          "One z three times, in two modes: what do the neighbours change?",
          "two rows of three pictures of a digit: alike in A, with other strokes in B",
          heads=["alone", "15 neighbours", "15 others"], most=150)

# %% [markdown]
# > **Predict:** which row was drawn in train mode? And in which mode does a look change the network, though no weight
# > moves?
# >
# > - A, and the look changes it in neither
# > - A, and the look changes it in train mode
# > - B, and the look changes it in neither
# > - B, and the look changes it in train mode <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
columns = ["alone", "15 neighbours", "15 others", "neighbours - alone", "others - alone"]
figure, axes = plt.subplots(2, 5, figsize=(8.4, 4))
for row, (train, three) in zip(axes, pictures.items(), strict=True):
    differences = three[1:] - three[0]
    for axis, picture, title in zip(row, [*three, *differences], columns, strict=True):
        axis.imshow(picture[0], cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(title if train else "", fontsize=10)
    for axis, difference in zip(row[3:], differences, strict=True):
        axis.set_xlabel(f"{127.5 * difference.abs().mean():.0f} grey levels")
    row[0].set_ylabel("train mode" if train else "eval mode")
show(figure, "The same z three times, and what differs from the first.",
     "two rows: three pictures of a digit, then two differences, which show outlines "
     "in the upper row and are all grey in the lower")
for train in (True, False):
    net = load_run("mnist").load_generator().train(train)
    before = {name: value.clone() for name, value in net.named_buffers()}
    with torch.no_grad():
        net(z_fixed)
    moved = sum(not torch.equal(before[name], value) for name, value in net.named_buffers())
    print(f"{'train' if train else 'eval'} mode: one look has changed",
          f"{moved} of the {len(before)} tensors that batch norm keeps")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# B, and in train mode. There the neighbours move the picture's strokes and shades, and every forward pass also moves
# the running averages: one look leaves a trace in everything that batch norm keeps. In eval mode a picture depends on
# its own `z` alone, and nothing moves. So a snapshot is taken in eval mode.
#
# </details>

# %% [markdown]
# > **Exercise 1 · A snapshot** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Write `my_snapshot`. It draws `z_fixed` in eval mode, without building a graph for gradients, and leaves the
# > network in the mode in which it found it.

# %%
def my_snapshot(netG, z_fixed):
    """What netG draws for z_fixed (N, nz): (N, nc, size, size) in [-1, 1], on the CPU.

    In eval mode and without a graph; afterwards netG is in the mode in which it came.
    """
    raise NotImplementedError


# %%
from dcgan_course.checks import check_frame, check_snapshot

snapshot = check_snapshot(my_snapshot)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `netG.training` is True in train mode. Note it first, call `netG.eval()`, and at the end `netG.train(noted)`.
# Ending with a plain `netG.train()` is right only for networks that came in train mode.
# </details>
#
# <details><summary>Another hint</summary>
#
# `with torch.inference_mode():` around the forward pass. `.cpu()` brings the pictures back from a GPU.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_snapshot(netG, z_fixed):
#     mode = netG.training
#     netG.eval()
#     with torch.inference_mode():
#         images = netG(z_fixed).cpu()
#     netG.train(mode)
#     return images
# ```
#
# </details>

# %% [markdown]
# ## 4 · A short training that looks at itself
#
# We begin with a new pair of networks, slimmer than the preset's so that the training is quick.

# %% jupyter={"source_hidden": true}
from dcgan_course.config import preset
from dcgan_course.models import build_discriminator, build_generator, init_weights

digits = load_images("mnist", image_size=28)
config = preset("mnist", nc=digits.channels, ngf=32)


def begin():
    """Both networks with first weights, and their optimizers: netG, netD, optG, optD."""
    nets = [init_weights(build(config), seeded(0, name)).to(device)
            for build, name in ((build_generator, "netG"), (build_discriminator, "netD"))]
    betas = config.beta1, config.beta2
    return *nets, *(torch.optim.Adam(net.parameters(), lr, betas=betas)
                    for net, lr in zip(nets, (config.lr_g, config.lr_d), strict=True))


# %% [markdown]
# When should we look? At equal distances here: in so short a training something changes all the time. (A long training
# changes most at its start, and a film of it may look more often there.)

# %%
RETRAIN = False  # True: five epochs instead of 200 steps, some minutes
last_step = 5 * digits.count // config.batch_size if RETRAIN else 200
moments = np.linspace(0, last_step, 17).round().astype(int).tolist()

# %% [markdown]
# The next cell is a loop of your own with the two steps of lesson 03. It keeps the snapshots in memory, as a list of
# (kimg, images).

# %% tags=["nbval-ignore-output"]
from tqdm import tqdm

from dcgan_course.machine.display import bar_options
from dcgan_course.trainer import d_step, g_step

netG, netD, optG, optD = begin()  # here, so that the cell can be run twice
stream, film = seeded(0, "lesson"), []
for step in tqdm(range(last_step + 1), **bar_options()):
    if step in moments:
        film.append((step * config.batch_size / 1000, snapshot(netG, z_fixed.to(device))))
    which = torch.randint(digits.count, (config.batch_size,), generator=stream)
    x_real = to_float(digits.batch(which)).to(device)
    x_fake = netG(sample_z(config.batch_size, config.nz, config.z, stream).to(device))
    d_step(netD, optD, x_real, x_fake)
    g_step(netD, optG, x_fake)

# %% [markdown]
# Here are five of its moments, and of each sheet the first eight places. Follow one down its column: blobs come first,
# and at the end some can be read.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
show_rows({clock(kimg) if kimg else "untrained: all grey": images[:8]
           for kimg, images in film[::4]},
          "Five snapshots at equal distances, the same z in a column.",
          "five rows of eight places: plain grey, blobs, something like digits",
          lettered=False)

# %% [markdown]
# ## 5 · From floats to a film
#
# A film is made of bytes: 0 is black, 255 is white. G answers in floats from -1 to 1. To get from one to the other we
# reverse the change of scale that the images went through:
#
# $$\text{pixel} = (x + 1) \cdot 127.5$$
#
# rounded, and cut off at 0 and 255. The numbers in this formula are **fixed**. Many plotting tools stretch each
# picture to its own minimum and maximum instead. We draw four moments of your film both ways.
#
# > **Predict:** what does stretching make of the untrained generator?
# >
# > - the same grey tiles
# > - strong noise <!-- right -->
# > - black tiles

# %% jupyter={"source_hidden": true}
def columns_of(moments):
    """Six places of each moment as two lines, three columns for a moment."""
    return torch.cat([images[i:i + 3] for i in (0, 3) for images in moments])


# %% jupyter={"source_hidden": true}
chosen, heads, stretched = [film[i] for i in (0, 1, 2, -1)], [], []
for kimg, images in chosen:
    low, high = images.min(), images.max()
    stretched.append(2 * (images - low) / (high - low) - 1)
    levels = [round((x.item() + 1) * 127.5) for x in (low, high)]
    name = f"{kimg:.1f} kimg" if kimg else "untrained"
    heads += [f"{name}: {levels[0]} to {levels[1]}", "", ""]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
show_rows({"fixed range": columns_of([images for _, images in chosen]),
           "stretched to 0 to 255": columns_of(stretched)},
          "Four moments in both ranges, and between which levels G's own pixels lie.",
          "above, tiles of one grey gain contrast until they are white strokes on black; "
          "below, there is strong contrast from the first moment on, at first as noise",
          lettered=False, heads=heads)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Strong noise: a contrast that G did not draw. Each frame is stretched by another amount, and so the one thing that
# really changes first, the contrast, cannot be seen: above it grows from left to right, below it is there from the
# start.
#
# </details>

# %% [markdown]
# > **Exercise 2 · A frame** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > Write `my_frame`. It takes one sheet, channels first, and returns bytes with the channels last, as film libraries
# > expect them.

# %%
def my_frame(sheet):
    """A sheet (3, H, W) of floats in [-1, 1] as pixels, with the fixed range.

    Returns a NumPy array (H, W, 3), uint8.
    """
    raise NotImplementedError


# %%
frame = check_frame(my_frame)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Three things in this order: scale, then `round()` and `clamp(0, 255)`, then `byte()`. Converting to bytes first cuts
# off the fraction, and a number above 255 wraps round to black.
# </details>
#
# <details><summary>Another hint</summary>
#
# `permute(1, 2, 0)` moves the channels to the end. `reshape` would not: it keeps the order of the numbers and
# scrambles the picture.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_frame(sheet):
#     pixels = ((sheet + 1) * 127.5).round().clamp(0, 255).byte()
#     return pixels.permute(1, 2, 0).numpy()
# ```
#
# </details>

# %% [markdown]
# A frame of the film holds the whole sheet, 8 x 8 pictures with two pixels of grey (0 on our scale) between them, and
# the clock in a black line above it, which suits a light page and a dark one.

# %% jupyter={"source_hidden": true}
from torchvision.utils import make_grid


def annotated(kimg, images):
    """One frame of the film: the sheet of images (N, 1, size, size) under its clock."""
    sheet = make_grid(images, nrow=round(len(images) ** 0.5), padding=2, pad_value=0.0)
    whole = Image.fromarray(np.pad(np.asarray(frame(sheet)), ((22, 0), (0, 0), (0, 0))))
    ImageDraw.Draw(whole).text((6, 3), clock(kimg), "white", lettering(13))
    return np.asarray(whole)


# %% jupyter={"source_hidden": true}
import pandas as pd


def strip(pictures, titles, caption, alt):
    """Show pictures of equal size side by side, each with its title."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(8.4, 8.4 / len(pictures) + 0.3))
    for axis, picture, title in zip(axes, pictures, titles, strict=True):
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title)
        axis.axis("off")
    show(figure, caption, alt)


# %%
frames = [annotated(kimg, images) for kimg, images in film]

# %% [markdown]
# A GIF holds frames, how long each one stays, and a **palette**: the list of colours that its pixels point to, at
# most 256. We keep the last frame longer, because that is the one you want to look at before the film starts again.

# %%
def write_film(frames, colours=64, milliseconds=300, hold=2000):
    """A GIF of frames (H, W, 3) uint8, as bytes. All share the palette of the last one."""
    pictures = [Image.fromarray(f) for f in frames]
    palette = pictures[-1].quantize(colours)
    plain = {"palette": palette, "dither": Image.Dither.NONE}
    reduced = [np.asarray(p.quantize(**plain).convert("RGB")) for p in pictures]
    duration = [milliseconds] * (len(frames) - 1) + [hold]
    return iio.imwrite("<bytes>", reduced, extension=".gif", duration=duration, loop=0)


# %% [markdown]
# A page that holds a film should stay light: we allow 400 KB. With 64 colours yours takes more.
#
# > **Predict:** how large does it become with 16 colours?
# >
# > - a quarter
# > - about two thirds <!-- right -->
# > - as large as before

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
half = frames[::2]  # of seventeen: the last one stays
versions = {"64 colours": write_film(frames), "16 colours": write_film(frames, 16),
            "64 colours, every other frame": write_film(half)}
sizes = {name: round(len(film) / 1000) for name, film in versions.items()}
show_table(pd.Series(sizes).to_frame("KB"))
strip([iio.imread(versions[f"{n} colours"])[i][22:84, :62] for i in (2, -1) for n in (64, 16)],
      [f"{when}, {n} colours" for when in ("early", "last") for n in (64, 16)],
      "Four places of an early frame and of the last: where do 16 colours show?",
      "an early frame: soft blobs with 64 colours, coarse grains with 16; the last frame: "
      "digits that look alike with both")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About two thirds. A quarter of the colours is not a quarter of the bits: a pixel of 16 colours takes 4 bits where one
# of 64 takes 6, before both are compressed. The last digits hardly suffer, but the early blobs turn into grains: all
# frames share the palette of the last one, which is nearly all black and white, so few of its 16 colours are middle
# greys. To drop half of the frames saves more, and leaves each picture as it is. So we keep 64 colours, and give up
# every other frame.
#
# </details>

# %% [markdown]
# Every other frame, with 64 colours, is the smallest of the three files: that one we keep. Watch it twice. The first time
# look at the whole sheet: what comes first, contrast, position or shape? The second time look for the place that you can
# read first.

# %% tags=["nbval-ignore-output"]
content = versions["64 colours, every other frame"]
show(content, "Your own training: choose one place and follow it.",
     "a film of sixty-four places: grey squares become blobs, then strokes", width=484)

# %% [markdown]
# <details><summary>What comes first?</summary>
#
# Contrast and position, nearly together: at 1.6 thousand images the places are still grey, but already lighter in the
# middle than at the edge, and at 3.2 thousand bright blobs stand on a dark ground. Shape comes last: at first all blobs
# are much alike, then they part into strokes, and at the end some of these make a digit.
#
# </details>

# %% [markdown]
# To keep your film, write its bytes to a file: `open("training.gif", "wb").write(content)`. Every run of `dcgan-course
# train` leaves such a film in its folder.
#
# <details><summary>Why are your digits different from those of section 1?</summary>
#
# Both films began with the very same 64 `z_fixed`: the stream has the same name and seed. But a `z` means nothing until
# some G has learned to read it, and yours learned something different. The recorded film is also calmer: it shows a
# moving average of G's weights, which smooths the wobble of single steps (lesson 06).
# </details>

# %% [markdown]
# ## 6 · A healthy film beside one that collapses
#
# Lesson 03 showed the last pictures and the curves of a run with **mode collapse**, where G answers many different `z`
# with the same picture. A film shows what they cannot: **when** it happened. That run differs from the healthy one in
# these settings:

# %% jupyter={"source_hidden": true}
healthy, collapsed = run, load_run("mnist_collapse")
settings = {"distribution of z": "z", "learning rate of G": "lr_g",
            "learning rate of D": "lr_d", "moving average of G [kimg]": "ema_kimg",
            "epochs": "num_epochs"}
both = {"healthy": healthy.config, "collapsed": collapsed.config}


def value(config, key):
    """A setting, as one writes it by hand."""
    found = getattr(config, key)
    found = {"normal": "normal", "uniform01": "uniform, 0 to 1"}.get(found, found)
    return found if isinstance(found, str) else f"{found:g}" if found else "none"


show_table(pd.DataFrame({name: [value(config, key) for key in settings.values()]
                         for name, config in both.items()}, list(settings)))

# %% [markdown]
# (Lesson 06 explains the moving average of G's weights. The number is the longest half-life it may have; before that,
# the half-life is 5 % of the images shown.)
#
# All were changed at once. That is good enough to see a collapse, but it cannot tell what caused it. Lesson 05 changes
# one thing at a time, over several seeds, and gives the reason.
#
# The next cell puts both films side by side, by the same clock, from ten thousand images on.
#
# > **Predict:** when do the 64 places of the collapsing run become alike?
# >
# > - slowly: a few places at a time join the others
# > - suddenly: they are different digits on one sheet, and alike on the next
# > - they are alike from the first strokes on <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true} tags=["nbval-ignore-output"]
def side_by_side(kimg, file):
    """A sheet of the healthy film, and one of the collapsing run at the same moment."""
    left = sheets[round(kimg / healthy.config.sample_kimg)]
    whole = Image.new("RGBA", (2 * left.width + 12, left.height))
    whole.paste(left, (0, 0))
    whole.paste(Image.open(file), (left.width + 12, 0))
    return whole.resize((2 * whole.width, 2 * whole.height), Image.Resampling.NEAREST)


show_turned({f"{kimg:.0f} thousand images": small(side_by_side(kimg, file))
             for kimg, file in collapsed.samples()[1:]},
            "Left healthy, right collapsing, by the same clock. Drag the slider.",
            "two sheets: on the left digits appear, on the right all places show "
            "one picture, another one at each moment")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# They are alike from the first strokes on: all 64 places show one picture. It does not stay the same picture: D learns
# to refuse it, and the next sheet shows another one, 64 times. The strokes get bolder and more like parts of digits, so
# G does learn, but it never learns to use its `z`.
#
# </details>

# %% [markdown]
# A number should confirm what the film shows. A **judge**, a classifier that was trained on real digits only, reads
# 1,000 pictures of each generator, and 1,000 real ones. We ask:
#
# - how many of the ten digits turn up at all, in at least 1 % of the pictures;
# - **entropy** of the digits, divided by its maximum: 1 = all equally often, 0 = always the same one;
# - **duplicates**: the share of pictures with a twin: another so near that only 1 % of real digits have one as near.

# %% jupyter={"source_hidden": true}
from dcgan_course.data import load_mnist
from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.measuring.metrics import duplicates, mode_entropy


def thousand(run):
    """1,000 pictures of a run's generator, (1000, 1, 28, 28)."""
    z = sample_z(1000, run.config.nz, run.config.z, seeded(1, "lesson"))
    return generate(run.load_generator(), z)


judge, test = load_judge("mnist"), load_mnist(split="test")
order = torch.randperm(test.count, generator=seeded(0, "lesson"))  # the file begins neater
x_real, x_other = to_float(test.batch(order[:1000])), to_float(test.batch(order[1000:2000]))
sets = {"real digits": x_real, "healthy": thousand(healthy), "collapsed": thousand(collapsed)}
show_rows({name: images[:8] for name, images in sets.items()},
          "The first eight of each thousand.",
          "three rows of eight pictures: real digits, generated digits, and one shape eight "
          "times", lettered=False)

# %%
scores, other_features = {}, judged(judge, x_other)[0]
for name, images in sets.items():
    features, p = judged(judge, images)
    shares = np.bincount(p.argmax(1), minlength=10) / len(p)
    scores[name] = (str((shares >= 0.01).sum()), f"{shares.argmax()}: {shares.max():.0%}",
                    f"{mode_entropy(p):.2f}", f"{duplicates(features, other_features):.0%}")
show_table(pd.DataFrame(scores, ["digits", "most frequent", "entropy", "duplicates"]).T)

# %% [markdown]
# The collapsed row needs a word: all of its pictures show one shape, yet the judge reads it as a 2 in most of them and
# as an 8 in the rest. Near-copies of one shape lie on both sides of its border. So count no digits alone.
#
# Read entropy and duplicates together. A generator can draw all ten digits and still collapse: one picture per digit
# has perfect entropy, and duplicates give it away. The row of real digits is the floor: its 1 % of duplicates is so by
# construction, for there the measure puts its limit. The healthy generator's 3 % is little more.
#
# The numbers describe the one generator that each run kept; the film also tells you how it got there.

# %% [markdown]
# > **Open exercise · Count a flaw, and film it** — 60 minutes
# >
# > Choose a flaw that you see in generated digits: broken strokes, loops that do not close, strokes of uneven width, a
# > digit that touches the border. Define it so that a computer can count it, check the definition on pictures that you
# > draw by hand, and measure real digits first. Then count it in every moment of a film: when does the flaw appear, when
# > does it leave, and does it come back? Test one claim about it, such as "the moving average of G has fewer broken
# > strokes than G".

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | definition | in words only | code, with at least two drawings that have the flaw and two that do not |
# | real digits | not measured | measured first, with examples of real digits that are counted wrongly |
# | guard | none | a second number that a cheap victory would change, such as ink or confidence |
# | test | shares compared by eye | paired where the same z is used (McNemar's test, lesson 05), standard errors where not |
# | claim | "it works" | says for which networks, how many seeds, and what would refute it |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>The first frames of your film are pale, paler than what the same G draws in train mode. Why?</summary>
#
# Batch norm's running averages start at mean 0 and variance 1, and each training step moves them by a tenth of the way.
# With small initial weights the true variances are below 1, in the first layer far below. So in the first steps eval
# mode divides by too large a number, and the pictures stay grey until the averages have caught up.
# </details>
#
# <details><summary>Two films come from the same training, one with a fixed <code>z</code>, one with a new
# <code>z</code> per frame. What can you read from the second?</summary>
#
# You can see whether the sheet as a whole gets better, and whether it gets monotonous. You cannot see what happened to
# any one picture: its change and the change of <code>z</code> are mixed.
# </details>
#
# <details><summary>Why does a GIF of the untrained generator's frames take fewer bytes than one of finished
# digits?</summary>
#
# With the fixed range they are almost one grey, so after the palette only a few values are left, in long runs.
# Stretched frames would be full of texture and cost more: you would pay for contrast that is not there.
# </details>
#
# <details><summary>A run ends with all ten digits, entropy 0.99, and duplicates of 60 %. Healthy?</summary>
#
# It is not healthy. It draws every digit about equally often, but for most pictures another one looks nearly the same.
# The collapse happened within the digits, where the judge's ten classes cannot see it.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks*, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434).
# - Ioffe, Szegedy: *Batch Normalization*, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167), for batch statistics
#   in training and population statistics afterwards.

# %%
from dcgan_course import checks

checks.progress("04")

# %% [markdown]
# ---
# ← [03 · Train a DCGAN on MNIST](03_train_mnist.ipynb) · [05 · The failure lab](05_failure_lab.ipynb) →
