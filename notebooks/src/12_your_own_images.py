# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 12 · Your own images, and an errata hunt
#
# <img src="../data/folder.webp" width="796" alt="a folder with nine drawn faces, an arrow to three rows of a training, each from a grainy face to a clear one, and an arrow to nine generated faces">
#
# *A folder of pictures becomes a generator. In the middle the same three z, a row each, at three moments of a training.
# Yours may draw what you like.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/12_your_own_images.ipynb)
#
# **Time:** 60 minutes to read and write: 35 for part one, your own images (sections 1 to 5), and 25 for part two, an
# errata hunt (sections 6 and 7). Each part can be taken alone. The cells run for about 45 seconds on two CPU cores.
#
# **You need:** lessons 03 and 11 for part one, lessons 00 to 04 for part two.
#
# After this lesson you can
#
# - take a folder of pictures, with the troubles that real folders have, to a trained generator;
# - write a model card with numbers that mean something;
# - export a generator, prove that the export draws the same, and put it on a page that runs by itself;
# - find mistakes in other people's GAN code by reading it, and mend them.
#
# **You write** the test that two sets of images are equal, and the errata; **we import** the trainer, the exporter and
# the page.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## Part one · Your own images
#
# Five steps: a folder, a training, a card that says what came out, a file that draws anywhere, a page to pass on.
#
# ## 1 · A folder
#
# All that a DCGAN asks of you is a folder of pictures, or a zip of one. It needs no labels, no list of names, and no
# common size.

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
import io
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import torch
from IPython.display import Markdown, clear_output, display

from dcgan_course import checks, sampling
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.machine import runtime
from dcgan_course.plots import show, show_moments, show_rows

print(f"torch {torch.__version__}, CPU threads: {runtime.settle_threads()}")

# %% [markdown]
# Put the path of your folder (or zip) into the next cell, instead of `my_pictures`. As long as there is none, the
# lesson makes a small one, with the troubles that real folders have: two sub-folders, pictures of several shapes, one
# that is broken, and one file that is not a picture at all.

# %%
FOLDER = Path("my_pictures").expanduser()  # yours

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
from PIL import Image

from dcgan_course.data import avatars

if FOLDER == Path("my_pictures") and not FOLDER.exists():  # drawn instead
    print(f"{FOLDER} is not there, so 600 cartoon faces are drawn instead")
    FOLDER = Path("runs") / "faces"
    shutil.rmtree(FOLDER, ignore_errors=True)
    for seed in range(600):
        who = avatars.person(seed)
        kind = FOLDER / ("with glasses" if who["wears_glasses"] else "without glasses")
        kind.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(avatars.draw(who, 96))
        picture = picture.crop((8, 0, 88, 96)) if seed % 3 else picture  # some are high
        picture.save(kind / f"{seed:04d}.{'jpg' if seed % 2 else 'png'}")
    (FOLDER / "with glasses" / "broken.png").write_bytes(b"\x89PNG and then nothing")
    (FOLDER / "notes.txt").write_bytes(b"not a picture")

# %% [markdown]
# `folder:PATH` finds every picture below it, nested or flat; sub-folders become classes.
#
# > **Predict:** what happens to the picture that is broken?
# >
# > - loading stops with an error
# > - it becomes a black picture
# > - it is left out, and named <!-- right -->

# %% jupyter={"outputs_hidden": true}
with redirect_stdout(io.StringIO()):  # said once, below
    photos = load_images(f"folder:{FOLDER}", 64)
print(*photos.remarks, sep="\n")
print(f"{photos.count:,} pictures, {photos.channels} channels, {photos.size} x {photos.size}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It is left out, and named: one broken file in ten thousand should not cost you a night, and you should know of it. The
# text file is no picture and is not counted. Of each picture the centred square is kept; `--fit pad` keeps all of it,
# on a background, and `--fit stretch` keeps all of it, squeezed. Pictures without colour train faster with `--nc 1`.
# </details>

# %% jupyter={"source_hidden": true}
every = max(1, photos.count // 24)
show(to_float(photos.batch(range(0, photos.count, every)[:24])),
     "Some of them, as D will see them.",
     "a sheet of 24 training pictures, each cut to a square", 12)

# %% [markdown]
# **Look at them before you train.** Are they of one kind? Is what matters in the middle? Are there logos, frames,
# duplicates? G may learn all of these. Pictures that resemble one another, such as faces or churches, are an easier task
# than pictures of everything.
#
# ### How many are enough?
#
# The study `few_photographs` trained one small network on 125, on 400, on 1,200 and on all 3,573 of lesson 09's
# churches, without augmentation and with it. (Augmented, every picture is changed at random before D sees it: lesson
# 09.) Each training showed 96,000 pictures: each of the 125 came 768 times, each of the 3,573 some 27 times.
#
# > **Predict:** which of these draws the better churches?
# >
# > - the one that has 3,573 photographs, without augmentation
# > - the one that has 125, with augmentation <!-- right -->
# > - they are equally good, or equally bad

# %% jupyter={"source_hidden": true}
import matplotlib.pyplot as plt
import numpy as np

from dcgan_course import plots
from dcgan_course.experiments.recording import RecordedStudy

plt.style.use(plots.STYLE)
few = RecordedStudy("few_photographs")
COUNTS = 125, 400, 1200, 3573
rows = {f"{count:,} photographs, {way} augmentation": few.images(f"{count}{name}")[:8]
        for way, name in (("without", ""), ("with", ", augment")) for count in (125, 3573)}

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
show_rows(rows, "After 96,000 pictures, the same z in each column; nobody picked them.",
          "four rows of eight pictures: speckled smears; blurred smears; towers and walls "
          "with a grain; towers, domes and walls", most=84)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
def surety(name):
    """D(x) - D(G(z)) in the last quarter of the training with seed 0."""
    lines = [line for line in few.curves(name) if line["kimg"] > 72]
    return np.mean([line["D_x"] - line["D_G_z"] for line in lines])


figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
for way, name, colour, above in (("without", "", plots.ORANGE, 9),
                                 ("with", ", augment", plots.GREEN, -18)):
    seeds = [few.values(f"{count}{name}", "fd") for count in COUNTS]
    means = np.mean(seeds, 1)
    left.plot(COUNTS, means, color=colour, label=f"{way} augmentation")
    left.plot(COUNTS, seeds, "o", color=colour, markersize=5)
    for count, mean, found in zip(COUNTS, means, seeds, strict=True):
        edge = max(found) if above > 0 else min(found)
        left.annotate(f"{mean:.0f}", (count, edge), (0, above), color=plots.INK,
                      textcoords="offset points", ha="center")
    right.plot(COUNTS, [surety(f"{count}{name}") for count in COUNTS], "o-", color=colour)
left.set(ylim=(0, 1.2 * left.get_ylim()[1]), title="Frechet distance: small is good")
right.set(ylim=(0, 1), title="D(x) − D(G(z)): how sure D is")
for axes in (left, right):
    axes.set(xscale="log", xlabel="photographs to learn from")
    axes.set_xticks(COUNTS, [f"{count:,}" for count in COUNTS])
    axes.minorticks_off()
figure.legend(loc="outside upper center", ncols=2)
show(figure, "Left: each dot is a training, the lines and numbers are means. Right: seed 0.",
     "left: an orange line far above a green one; right: an orange line that falls as there "
     "are more photographs, far above a green one that is nearly level")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The one that has 125, with augmentation: a distance of 55, where 3,573 without it are at 116. At every number, and with
# each of three seeds, augmentation takes away 36 to 64 % of the distance. With it, how many photographs there are changes
# the distance little so far: the means are 55, 48, 52 and 43.
#
# **Does a G that knows only 125 copy them?** Not as a rule. Half of its churches or more are as far from the nearest of
# the 125 as each of those is from its own nearest: 1.0 times, in the judge's features. That is no proof that none is a
# copy, and a bad picture is far from all. (It was measured apart; the photographs may not be shown here.)
#
# **Why the smears?** G never sees a photograph. It follows D, and a D that soon knows its photographs by heart is sure
# of everything else, so it has little to teach: at the right, without augmentation, the fewer the photographs, the
# surer is D. So we read it. But it is not all: D wins with 3,573 as well, and there, and with 1,200, the distance is
# larger than with 125 or 400, though D is less sure. Why, this study does not tell.
#
# **And longer?** Two trainings with augmentation went on to 288,000 pictures. From 125 photographs the distance was 18,
# from 3,573 it was 26: one seed each, so no proof that fewer are better. And 67 and 75 % of real churches had a
# generated one near by: perhaps more photographs give more variety, but that too is one seed each. Do not wait for
# thousands: begin with what you have, and with augmentation.
#
# **Read it with care:** three trainings of each kind (of the longer ones one), a small network, and pictures that are
# much alike. For pictures of everything a hundred would show next to nothing of what there is.
# </details>

# %% [markdown]
# ## 2 · Train
#
# | you have | begin with |
# |---|---|
# | from a hundred pictures to some thousands | `--preset photos`: small steps, mirrored pictures, `--augment`, a moving average |
# | fewer than a thousand | the same, more epochs, and now and then `dcgan-course neighbours RUN`: are there copies? |
# | a hundred thousand and a GPU | `--preset lsun --data folder:PATH`: the paper's network |
# | any of these, with pictures that must not be mirrored (letters) | add `--no_flip` |
#
# In a terminal you would run `dcgan-course train --preset photos --data folder:PATH --num_epochs 150`. That is for some
# thousands of pictures; fewer need more epochs (the study gave 1,500 to its 125, and 250 to its 400). The next cell
# trains for half a minute, with a small network, larger steps and no augmentation, to see how far that leads:

# %% tags=["nbval-ignore-output"]
from dcgan_course.trainer import train

config = preset("photos", data=f"folder:{FOLDER}", nz=32, ngf=16, ndf=16,
                batch_size=min(16, photos.count), lr_g=2e-3, lr_d=2e-3, ema_kimg=0.5,
                augment=False, sample_kimg=1.2, num_epochs=min(10, 6000 / photos.count),
                out="runs/tries")
with redirect_stdout(io.StringIO()):  # a log, which a terminal would show
    run = train(config)
clear_output()  # the picture that grew: its moments stand below

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
show_moments(run.samples()[1::2], "Your half-minute, the same z in each column.",
             "three rows of faces: grey at first, then blurred heads, then grainy heads with "
             "eyes and a mouth", 8)

# %% [markdown]
# Heads, hair and eyes come first. Colours, glasses and sharp lines take longer. Here are three moments of a recorded
# run, `avatars`, which had 10,000 drawn faces and an hour and a half of one CPU core:

# %% jupyter={"source_hidden": true}
from dcgan_course.runs import load_run

film, moments = Image.open(load_run("avatars").path / "training.gif"), {}
for place, clock in ((1, "25"), (4, "100"), (10, "1,200")):
    film.seek(place)
    sheet = np.array(film.convert("RGB"))[22:]  # without the line above it
    pictures = sampling.grid_images(torch.from_numpy(sheet), 4)
    moments[f"after {clock} thousand images"] = pictures[:8]
show_rows(moments, "Of the run avatars, the same z in each column; nobody picked them.",
          "three rows of eight cartoon faces: grainy; with clear forms and smeared hair; "
          "clear")

# %% [markdown]
# From here on the lesson works with that run, so that there is something worth keeping. To go on with your own, name its
# folder instead. (Lesson 09 showed what an hour makes of 3,573 photographs.)

# %%
RUN = "avatars"  # or the folder of your run, such as "../runs/0001-photos"
mine = load_run(RUN)
netG = mine.load_generator()

# %% [markdown]
# ## 3 · A model card
#
# A file of weights without a description is of little use to others, and after a year not even to you. A **model card**
# says what the model draws, from which data it learned, how it was trained, how good it is by which number, and what it
# should not be used for.
#
# One of its numbers first. The **precision** is the share of generated faces that lie as near to a real one as real
# ones lie to each other (lesson 11, section 4). During the training it was measured with 2,000 faces: 0.94 at the end.
#
# > **Predict:** the same generator is measured with 10,000 faces. What is its precision now?
# >
# > - far lower <!-- right -->
# > - about the same
# > - higher: there are more real faces to be near to

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
drawn = load_images("avatars:4000", 64)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
import json

import pandas as pd

from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.measuring.metrics import precision
from dcgan_course.plots import show_table

faces, judge = load_run("avatars"), load_judge("avatars")
record, last = json.loads((faces.path / "record.json").read_bytes()), faces.metrics()[-1]
others, real = (judged(judge, to_float(drawn.batch(part)))[0]
                for part in torch.arange(4000).split(2000))
few = {"generated": last["precision2k_avatars"], "real": precision(real, others)}
many = {name: record[name]["precision10k_avatars"] for name in few}
show_table(pd.DataFrame([few, many], ["2,000 faces", "10,000 faces"]).map("{:.2f}".format),
           "Precision.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Far lower. "Near" is measured by how far real faces lie from one another. With more of them each has a nearer
# neighbour, so the word becomes stricter. More than half of the generated faces lie between the two measures: near by
# the old one, and no longer by the new one. By eye they look hardly worse than the rest. But real faces
# that are measured in the same way lose hardly anything, from 0.97 to 0.95. So the gap is there, and a card should show
# it. It is also why n belongs beside the number.
# </details>

# %% [markdown]
# `export.model_card(run)` writes what the run knows. This is the card of `avatars`. Read its numbers, of 10,000 images,
# as in lesson 11: beside those of real images.

# %% jupyter={"source_hidden": true}
import html
import re
import textwrap

PLAIN = {  # its decimals, and what it says
    "the judge's confidence": (3, "in what it sees; smeared faces make it unsure"),
    "evenness over the classes": (2, "1: all classes are drawn equally often"),
    "attributes' shares differ by": (3, "glasses, long hair and so on: too many, or too few"),
    "Frechet distance": (0, "how far from real faces, as a whole"),
    "kernel distance": (0, "the same without bias; real to real is 0"),
    "precision": (2, "the share as near to a real face as real ones are; stricter with n"),
    "recall": (2, "the share of real faces with a drawn one near; low: missing ones"),
    "sharpness": (2, "fine detail; below 1 blurred, above 1 grainy"),
    "duplicates": (2, "the share with a near-twin among its own kind")}


def written(x, decimals):
    """A number for a table, "" for a missing one; never -0."""
    return "" if x is None else f"{round(x, decimals) + 0.0:.{decimals}f}"


def folded(part):
    """A part of the card, which is Markdown, as HTML that unfolds."""
    name, text = html.escape(part, quote=False).split("\n", 1)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text.strip("\n"))
    text = re.sub(r"\[([^]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text)
    blocks = (f'<pre style="white-space:pre-wrap">{textwrap.dedent(block)}</pre>'
              if block.startswith("    ") else f"<p>{block}</p>"
              for block in text.split("\n\n"))
    return f"<details><summary>{name}</summary>{''.join(blocks)}</details>"


# %% jupyter={"source_hidden": true}
from IPython.display import HTML

from dcgan_course.machine.display import image_html
from dcgan_course.machine.runtime import seeded
from dcgan_course.plots.showing import filed
from dcgan_course.publishing import export

rows, sizes = {}, set()
for name, *found in export.scores(mine):
    sizes |= {int(n) for n in re.findall(r"(\d+)k(?:_|$)", name)}
    decimals, words = PLAIN.get(export.in_words(name), (2, ""))
    head = f'{export.in_words(name)}<br><span style="font-weight:400">{words}</span>'
    rows[head] = [written(x, decimals) for x in found]
n = "<br>n&nbsp;=&nbsp;" + f"{sizes.pop():,},000" if len(sizes) == 1 else ""
heads = [f"generated{n}", f"real{n}"]
numbers = pd.DataFrame(rows, heads).T.to_html(border=0, escape=False)
z = sampling.draw_z(mine.config, 64, seeded(mine.config.seed, "z_fixed"))[:16]
grid = Image.fromarray(sampling.image_grid(sampling.generate(netG, z), 8).numpy())
sheet = image_html(filed(grid.resize((2 * grid.width, 2 * grid.height), 0))[0],
                   "sixteen generated pictures", more='style="width:100%;height:auto"')
head, *others = export.model_card(mine).split("\n## ")
folds = "".join(folded(part) for part in others if not part.startswith("Numbers"))
title, draws, *_ = (line for line in head.removeprefix("# ").splitlines() if line)
display(HTML(f"""<div style="border:2px solid #8888;border-radius:10px;padding:12px 18px">
<p style="font-size:1.3em"><b>{title}</b></p><p>{draws}</p>
{sheet}
<div style="overflow-x:auto">{numbers}</div>
<p>The nearer to the number of real faces, the better. One training, one seed. Nobody picked
the pictures.</p>{folds}</div>"""))

# %% [markdown]
# One line is missing here, which only you can write: what may be done with the generator. A card of your own pictures
# needs their licence too.
#
# <details><summary>Numbers for pictures of your own</summary>
#
# Pictures of your own have no judge yet. If they lie in sub-folders,
# `dcgan-course judge folder:PATH --out mine.safetensors` trains one in minutes, and
# `dcgan-course score RUN --judge mine.safetensors` measures with it.
# </details>

# %% [markdown]
# ## 4 · Export
#
# Your generator needs Python and PyTorch. **ONNX** is a file format for networks that runs nearly everywhere: in
# browsers, on telephones, in other languages. Exporting means translating every operation, so there is one question:
# does the translation draw the same pictures?
#
# > **Exercise 1 · The same?** — difficulty 2 of 3 · importance 3 of 3 · 8 minutes
# >
# > Write the test whether two batches hold the same pictures, up to a tolerance. Many tests of this kind cannot fail.
# > Think of shapes, of the sign, of a single wrong pixel, and of NaN.

# %%
def my_close(a, b, tolerance):
    """a, b: two batches (N, nc, H, W) -> True where they have one shape and no number
    differs by more than tolerance."""
    raise NotImplementedError


# %%
close = checks.check_close(my_close)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Compare `a.shape` with `b.shape` first: (4, 1, 8, 8) and (4, 3, 8, 8) can be subtracted. And NaN is not larger than
# anything.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_close(a, b, tolerance):
#     return a.shape == b.shape and bool(((a - b).abs() <= tolerance).all())
# ```
# </details>

# %% [markdown]
# The next cells export the generator, load the file with ONNX Runtime (which knows nothing of PyTorch), and compare both
# on 50 new z:

# %% jupyter={"source_hidden": true}
import importlib.util

from dcgan_course.machine import colab

if importlib.util.find_spec("onnxruntime") is None:  # as in Colab
    colab.install("onnx", "onnxruntime", "onnxscript")

# %% [markdown]
# > **Predict:** the largest difference between the two, of 614,400 numbers, is
# >
# > - none: they agree bit for bit
# > - far below one level of 255 <!-- right -->
# > - a few levels of 255

# %% jupyter={"outputs_hidden": true} tags=["nbval-ignore-output"]
import onnxruntime

content = export.onnx_bytes(mine, netG)
session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
z = sampling.draw_z(mine.config, 50, torch.Generator().manual_seed(5))
(found,) = session.run(["images"], {"z": z.numpy()})
expected = sampling.generate(netG, z)
found = torch.from_numpy(found)
far = (found - expected).abs().max().item()
print(f"A file of {len(content) / 1e6:.1f} MB. The largest difference is {far:.7f},",
      f"or {far * 127.5:.4f} of a grey level.")
print(f"The same to {export.TOLERANCE}: {close(found, expected, export.TOLERANCE)}.")
found[7, 0, 30, 30] += 10 * export.TOLERANCE
seen = not close(found, expected, export.TOLERANCE)
print(f"One wrong pixel of one picture would be seen: {seen}.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Far below one level; even the tolerance, 0.0001, is only a seventy-eighth of one. They do not agree bit for bit,
# because the two add the same products in a different order, and each sum is rounded.
# </details>

# %% [markdown]
# <details><summary>What an export leaves behind</summary>
#
# The exported batch norm is that of **eval mode**, with fixed numbers. An export in train mode would make every picture
# depend on the others of its batch (lesson 05). And a generator that keeps its dropout on at test time cannot be
# exported like this, because it has no fixed answer; `export` says so.
# </details>

# %% [markdown]
# `dcgan-course export avatars my_generator` writes a folder: `generator.onnx`, the card, and a sheet of samples.
#
# ## 5 · A page that runs by itself
#
# `dcgan-course page avatars my_page` goes one step further. It writes one file, `index.html`: the explorer of lesson 08,
# the generator, and what runs it (WebAssembly). A double click opens it, from a disk, an e-mail or any web space. There
# is no server, and nothing is sent anywhere. (On the course's site the page of `avatars` opens below; it has
# [a page to itself](https://dcgan-course.github.io/dcgan-course/gallery/avatars.html) too.)

# %% jupyter={"source_hidden": true} tags=["explorer"]
show(load_run("avatars").path / "page.webp",
     "A file on a disk, opened: the large face is a mixture of the four at the corners, and "
     "the dot chooses which.",
     "a browser with the address of a file, my_page/index.html; in it a large cartoon face, "
     "and a field of 25 small ones between four others, with a dot near its middle", width=760)

# %% [markdown]
# The next cell makes such a page of your generator.

# %% tags=["nbval-ignore-output"]
PAGE = Path("runs") / "page"
shutil.rmtree(PAGE, ignore_errors=True)
export.page(mine, PAGE)

# %% [markdown]
# > **Predict:** how large is the one file that holds the explorer, the generator and all that runs it?
# >
# > - about 1 MB
# > - about 10 MB <!-- right -->
# > - about 200 MB, as PyTorch

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.publishing.explorer import of_run

(file,) = PAGE.iterdir()
known = of_run(mine, netG)
names = ", ".join(group["name"] for group in known["groups"])
size = file.stat().st_size / 1e6
Markdown(f"""`{file.name}` is one file of **{size:.0f} MB**, with controls for {names}. Under
its title stands: "{known["text"]}"

Where this lesson runs, the file is `{PAGE}/{file.name}`: a double click opens it, in
JupyterLab a right click and *Open in New Browser Tab*. On the course's site it is the page
above.""")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 10 MB; more for a larger network. What runs a network needs none of what trains one.
# </details>

# %% [markdown]
# Before you publish, ask whether you may. The pictures that G learned from belong to somebody, and faces of real people
# have [a page](faces.ipynb) of their own. Say on the page where the training pictures come from:
# `--source "photographs of my garden"`; `--title` and `--seed` (of the first picture) are there too.
#
# **A good place to stop.** Part one is complete: from a folder to a page. Its open exercise does the same once more, for
# a reader of yours.

# %% [markdown]
# > **Open exercise · Publish something that you can answer for** — 90 minutes
# >
# > Take pictures that you may use, train a generator on them, and publish it for one reader: the page, the model card,
# > and a paragraph that says what the numbers do and do not show. Then exchange it with somebody, and let them hunt for
# > errata in your card.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | rights | not mentioned | source and licence of the pictures, and consent where people can be recognised |
# | numbers | one distance | beside the floor, with n and the judge's name; or a plain statement that there is no judge |
# | copies | not looked at | a neutral test for copies (lesson 11), and what it cannot show |
# | samples | picked | not picked, or the picking is stated |
# | limits | none | what the generator does badly, with pictures |
# | repeatable | "trained with a GAN" | the command, seed and versions that make it again |
# </details>

# %% [markdown]
# ---
#
# ## Part two · An errata hunt

# %% jupyter={"source_hidden": true}
from dcgan_course.machine.places import repo_data_dir

show(repo_data_dir() / "six.webp", "Seven trainings of one small DCGAN with the same 51,200 "
     "digits. One program is right. In each of the others one line is wrong. Which rows would "
     "have made you look? They get their names after the six listings.",
     "seven rows of eight generated pictures, A to G: in A and E strokes like digits, in B, D "
     "and G the same strokes three times, in C blurred blots, in F black and white noise",
     width=732)

# %% [markdown]
# Whoever trains on pictures of their own soon takes a line of code from somewhere else. Here you read code, and say
# where it is wrong. This part needs nothing of part one but its cell of imports.
#
# ## 6 · Six listings
#
# Each listing has **one mistake**, of a kind that occurs in GAN code, and you have met its subject in lessons 00 to 04.
# Choose under each before you unfold its answer. At the end, exercise 2 has you mend all six.

# %% jupyter={"source_hidden": true}
import torch.nn.functional as F
from torch import nn


def listed(number):
    """Show a listing, and let its function be called."""
    names = {}
    exec(checks.LISTINGS[number].code, {"torch": torch, "nn": nn, "F": F}, names)
    display(Markdown(f"**Listing {number}**\n\n```\n{checks.LISTINGS[number]}\n```"))
    return next(iter(names.values()))


init_weights = listed(1)

# %% [markdown]
# > **Predict:** where is the mistake of listing 1?
# >
# > - line 2 or 7: what it goes through, or returns
# > - line 3 or 4: whose weights <!-- right -->
# > - line 5 or 6: the biases

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
norm = init_weights(nn.Sequential(nn.Conv2d(3, 64, 4), nn.BatchNorm2d(64)))[1]
x = norm(torch.randn(64, 64, 8, 8))
print(f"A channel leaves batch norm with a standard deviation of {x.std().item():.2f}, not 1.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 4, or line 3, which lets too much through. Batch norm has a `weight` too, its gain. Gains around 0 shrink every
# channel to a fiftieth and flip the sign of half of them; they belong around 1.
# </details>

# %% jupyter={"source_hidden": true}
block = listed(2)

# %% [markdown]
# > **Predict:** where is the mistake of listing 2?
# >
# > - line 3: the bias
# > - line 3: the size that comes out
# > - line 4: the number 0.8 <!-- right -->
# > - line 5: the activation

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
x = 0.5 * torch.randn(64, 64, 8, 8)
print(f"Channels with a standard deviation of 0.5 leave this batch norm with "
      f"{block(64, 64)[1](x).std().item():.2f}, not 1.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 4. The second argument of `BatchNorm2d` is `eps`, not momentum: 0.8 is added to every variance, and
# $0.5 / \sqrt{0.25 + 0.8} = 0.49$, so the layer hardly normalises. (Line 3 is right: it doubles the size, and batch norm's
# own shift takes the place of the bias.)
# </details>

# %% jupyter={"source_hidden": true}
d_step = listed(3)

# %% [markdown]
# > **Predict:** where is the mistake of listing 3?
# >
# > - line 2 or 4: what the real images count for
# > - line 3 or 6: whose gradients <!-- right -->
# > - line 5 or 7: the order of the calls

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
netG1, netD1 = nn.Linear(2, 2), nn.Linear(2, 1)
before = netG1.weight.clone()
d_step(netD1, torch.optim.SGD(netD1.parameters(), 0.1), torch.randn(4, 2),
       netG1(torch.randn(4, 2)))
print(f"After D's step G has gradients: {netG1.weight.grad is not None}; its weights have",
      f"changed: {not torch.equal(netG1.weight, before)}.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 3: `netD(x_fake)` without `detach` sends D's gradient into G. G's weights stay, since `optD` steps only D; but the
# graph that G's own step needs is used up. Line 6 could be told where to stop, instead. (Line 5 is in time: before
# `backward`.)
# </details>

# %% jupyter={"source_hidden": true}
scaled = listed(4)

# %% [markdown]
# > **Predict:** where is the mistake of listing 4?
# >
# > - line 3 or 4: the mean and the deviation <!-- right -->
# > - line 2: the kind of number
# > - line 2: the division by 255

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
black, white = scaled(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
print(f"Black becomes {black:.2f}, white {white:.2f}; tanh ends at -1 and 1.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 3: these are MNIST's own mean and deviation, which suit a classifier. Lesson 03 began with them, as they stand in
# public code. Mend it in line 3, or in line 4.
# </details>

# %% jupyter={"source_hidden": true}
g_loss = listed(5)

# %% [markdown]
# > **Predict:** where is the mistake of listing 5?
# >
# > - line 3: ones as the target
# > - line 3: a target without a gradient
# > - line 2 or 4: logits or probabilities <!-- right -->

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
best = g_loss(torch.full((8,), 100.0)).item()
print(f"When D takes every fake for real, the loss is still {best:.2f}, and should be 0.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 2 or line 4: `..._with_logits` applies the sigmoid itself, here to a number that cannot be larger than 1. So the
# loss never comes near 0, and its gradient is weak everywhere.
# </details>

# %% jupyter={"source_hidden": true}
snapshot = listed(6)

# %% [markdown]
# > **Predict:** where is the mistake of listing 6?
# >
# > - line 7: the range <!-- right -->
# > - line 3 or 6: the mode
# > - line 4 or 5: the same z each time

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.runs import load_run

faces = load_run("avatars")
z = sampling.draw_z(faces.config, 6, torch.Generator().manual_seed(5))
good = sampling.generate(faces.load_generator(), z)
faded = 0.02 * good  # as of a G whose pictures turn to grey
show_rows({"good pictures, as the listing shows them": 2 * snapshot(nn.Identity(), good) - 1,
           "faded ones, as it shows them": 2 * snapshot(nn.Identity(), faded) - 1,
           "faded ones as they are": faded}, "The listing stretches both to the same range.",
          "two rows of the same clear faces, and a row that is grey", lettered=False)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Line 7: it stretches a sheet between its darkest and its brightest pixel. So a grey sheet looks like a good one, and
# the film of a training that dies shows nothing of it.
# </details>

# %% [markdown]
# ### Seven rows, six mistakes
#
# Now the rows under the title of this part have names.

# %% jupyter={"source_hidden": true}
import numpy as np
from PIL import Image

seven = np.array(Image.open(repo_data_dir() / "six.webp").convert("RGB"))[::2, 84::2]
digits = sampling.grid_images(torch.from_numpy(seven))[..., ::3, ::3].unflatten(0, (7, 8))
rows = dict(zip("ABCDEFG", digits, strict=True))
NAMES = {"A": "listing 2, batch norm hardly normalises", "B": "all six mended",
         "C": "listing 5, the sigmoid twice: G hardly learns", "D": "listing 3, no detach",
         "E": "listing 1, gains around 0",
         "F": "listing 4, the digits' range is out of G's reach",
         "G": "listing 6, each sheet stretched"}
show_rows({f"{row}: {name}": rows[row] for row, name in NAMES.items()},
          "Rows B, D and G are the same pictures. Only C and F look broken.",
          "the seven rows of eight pictures once more, now with their names: clear strokes "
          "like digits in A, B, D, E and G; blurred blots in C; black and white noise in F",
          lettered=False, most=66)

# %% [markdown]
# In row D new fakes are drawn for G's own step, and its gradients are cleared first. The sheet of row G has black and
# white in it already, so stretching changes nothing. A and E are one seed and a minute of training: they say no more
# than that such mistakes can pass for right.
#
# How would you have *noticed*? Only listing 3 stops with an error, and only sometimes. Each listing is a wrong answer to
# an exercise of lessons 00 to 04.

# %% [markdown]
# > **Predict:** how many of the six would the check of its exercise have caught?
# >
# > - only the third, which stops with an error
# > - about half of them
# > - all six <!-- right -->

# %% jupyter={"outputs_hidden": true}
refused = [entry for entry in checks.LISTINGS.values() if entry.refused(entry.code)]
print(f"{len(refused)} of {len(checks.LISTINGS)} listings are refused by the check of their",
      "exercise.\nSuch lines were seen in")
for number, entry in checks.LISTINGS.items():
    if entry.seen:
        print(f"  {number}: {entry.seen}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# All six. A check compares with what should have come out, at the place where right and wrong part: the
# gains of a batch norm, the range of the pixels, the pictures before they are stretched. A training asks no such
# questions; it runs with whatever it is given. That is why every exercise of this course has a small check. And such
# lines are no invention: for four of the six, public code that has them is named.
# </details>

# %% [markdown]
# ### Mend them
#
# > **Exercise 2 · Errata** — difficulty 3 of 3 · importance 3 of 3 · 15 minutes
# >
# > Mend the six. For each listing, return the number of one line and that line as it should be; how far it is indented
# > does not matter. `check_errata` puts your line in its place, and asks the check of the listing's exercise: so every
# > line that mends it is right.

# %%
def my_errata():
    """-> {number of the listing: (number of a line, the line as it should be)}, such as
    {1: (2, "for module in net.children():"), ...}."""
    raise NotImplementedError


# %%
errata = checks.check_errata(my_errata)

# %% [markdown]
# <details><summary>Hint</summary>
#
# 1: `isinstance(module, nn.BatchNorm2d)` tells the two apart; its gains are drawn around 1, with the same deviation.
# 2: look the arguments up. 3: what does `backward` reach? 4: what must 0 and 1 become? 5: how often is the sigmoid
# applied? 6: netG ends in tanh, so its pictures have one range already.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_errata():
#     return {
#         1: (4, "nn.init.normal_(module.weight, float(isinstance(module, nn.BatchNorm2d)), 0.02)"),
#         2: (4, "nn.BatchNorm2d(n_out),"),
#         3: (3, "logits_fake = netD(x_fake.detach())"),
#         4: (3, "mean, deviation = 0.5, 0.5"),
#         5: (2, "D_G_z = logits_fake"),
#         6: (7, "return images"),
#     }
# ```
#
# Others do too: in listing 3 `loss_D.backward(inputs=list(netD.parameters()))` as line 6, in 4 `return 2 * x - 1` as
# line 4, in 5 line 4 with `logits_fake` in place of `D_G_z`. A line 3 of listing 1 that leaves batch norm out is sound
# too, but not this course's rule: the gains stay at exactly 1.
# </details>

# %% [markdown]
# ## 7 · Even the paper
#
# What the paper says and what its authors' released code does are not the same. Neither is wrong, but "I did what the
# paper says" and "I ran their code" are different experiments. For digits, the authors set two of their five guidelines
# aside.
#
# | for MNIST | the paper | the authors' code |
# |---|---|---|
# | hidden layers | not fully connected (guideline 3) | fully connected ones of 1,024 units, in G and in D |
# | G's output | tanh (guideline 4) | a sigmoid |
# | images | scaled to [-1, 1] | scaled to [0, 1], which a sigmoid can reach |
#
# In both, batch norm has neither gain nor shift there (the paper's section 8.1).
#
# These rows are from
# [mnist/train_cond_dcgan.py](https://github.com/Newmu/dcgan_code/blob/master/mnist/train_cond_dcgan.py), a conditional
# network: the digit's label enters at every layer too. Whoever quotes the five guidelines as rules should know of them.
#
# <details><summary>The rest, row by row</summary>
#
# | | the paper | the authors' code |
# |---|---|---|
# | kernels | 5 x 5 (figure 1) | 5 x 5; in the ImageNet model 3 x 3 |
# | weight decay | not mentioned | 1e-5 for faces, 2.5e-5 for MNIST |
# | batch norm, other than for MNIST | how its gains begin is not said | from N(1, 0.02); eps 1e-8 |
# | D and G | not said | updated on alternate batches |
# | samples | not said | batch norm with the batch's statistics |
# | z | uniform | uniform from -1 to 1; the SVHN model's name says Gaussian |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>My G draws the same picture for every z.</summary>
#
# It has collapsed. Look at the curves first, and at lesson 05, section 6. Then go back to
# the last good checkpoint, and train on with smaller learning rates.
# </details>
#
# <details><summary>May I use the generated faces in a product?</summary>
#
# That depends on the training pictures, not on the mathematics. The card has a line for it; fill it in before you share
# anything.
# </details>
#
# <details><summary>Why does the page draw the same face for seed 14 as lesson 08, although no PyTorch is in it?</summary>
#
# The random numbers of a seed are made by a few lines that Python and the page share (`explorer.start`), not by
# PyTorch's generator; the network is the one that was exported. What differs are the last bits of the sums: no grey
# level changes by more than one.
# </details>

# %% [markdown]
# ## References
#
# - Mitchell and others: *Model Cards for Model Reporting*, [arXiv 1810.03993](https://arxiv.org/abs/1810.03993).
# - ONNX, [onnx.ai](https://onnx.ai); ONNX Runtime Web, [onnxruntime.ai](https://onnxruntime.ai).
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), and the authors' code,
#   [Newmu/dcgan_code](https://github.com/Newmu/dcgan_code).

# %%
from dcgan_course import checks

checks.progress("12")

# %% [markdown]
# ---
# ← [11 · Measuring GANs](11_measuring_gans.ipynb) · [13 · What came after](13_what_came_after.ipynb) →
