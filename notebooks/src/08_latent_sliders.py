# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · Latent sliders
#
# <img src="../data/directions.webp" width="794" alt="three rows of a face that changes from left to right: in each row hair, skin, beard and background change">
#
# *One face, moved along three directions that were found without a label; you find them in section 2. Sliders make it
# an instrument.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/08_latent_sliders.ipynb)
#
# **Time:** 35 minutes to read and play; the cells run for about 25 seconds on two CPU cores.
#
# **You need:** lesson 07 for directions in the latent space; a browser for the sliders.
#
# After this lesson you can
#
# - build a slider that redraws a picture while you drag it;
# - find directions that matter without a single label;
# - explore any generator, also your own, and keep what you found.
#
# **You write** the movement of z and the principal directions; **we import** the explorer that puts them into sliders.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# ## 1 · From z to a picture in the browser
#
# Each face below is drawn from a hundred numbers, its z. The first of them, z[0], is on the slider.

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
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

from dcgan_course import checks, plots
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.plots import GREY, ORANGE, STYLE, legend_above, show, show_rows, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import first_layer, generate, image_grid, png, sample_z
from dcgan_course.widgets import LatentExplorer, Still, explore

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% jupyter={"source_hidden": true}
run = load_run("avatars")
netG = run.load_generator()
ten = sample_z(10, run.config.nz, run.config.z, seeded(5, "lesson"))
unit = torch.eye(run.config.nz)


def turned(name, z, direction, amounts, caption):
    """A slider that moves some z along a direction."""
    pictures = {f"{name}: {f'{amount:+g}' if amount else 0}":
                generate(netG, z + amount * direction) for amount in amounts}
    plots.show_turned(pictures, caption, "six cartoon faces in a row", first=len(amounts) // 2)


def changed(z, direction):
    """Where pictures change on the way from -3 to +3, white: much; (n, 1, size, size)."""
    first, last = (generate(netG, z + far * direction) for far in (-3, 3))
    return (2 * (last - first).abs().mean(1, keepdim=True) - 1).clamp(max=1)


# %% [markdown]
# > **Predict:** move the slider from end to end. What does z[0] change?
# >
# > - one thing, the same in every face
# > - several things, the same ones in every face
# > - several things, and not the same ones in each face <!-- right -->

# %% jupyter={"source_hidden": true}
turned("z[0]", ten[:6], unit[0], range(-3, 4),
       "Follow one face at a time: hair, skin, mouth, background.")

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
show(changed(ten[:6], unit[0]),
     "The same six, from -3 to +3: the lighter a place, the more it has changed.",
     "six dark pictures, in which different parts of a face are light", 6)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Several things, and not the same ones in each face: at +3 the first face has lost its long hair, the third stands
# before a different background, and the fourth has stopped smiling.
# </details>

# %% [markdown]
# Such a slider needs a function from numbers to a picture, fast enough to run at every movement: G draws, its numbers
# become bytes from 0 to 255, and the bytes become a PNG file, which the browser shows.
#
# <details><summary>How long does that take?</summary>
#
# A few milliseconds on one CPU core. To time it, run `%timeit png(image_grid(generate(netG, z0[None])), 256)` in a cell
# of its own below exercise 1.
#
# Many screens show a new picture every 17 ms; below some 50 ms a movement feels immediate, and at 100 ms the picture
# still follows the hand, a little late.
# </details>

# %% [markdown]
# The sliders must now move z. A slider stands for a **direction**, a vector with as many numbers as z, and its position
# says how far to go:
#
# $$z' = z + \sum_i s_i\, d_i$$
#
# A single number of z is a direction too: the vector that has a 1 there and zeros elsewhere.
#
# > **Exercise 1 · Move** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > The sliders start from the same z at every movement, so your function must not change it.

# %%
def my_moved(z, amounts, directions):
    """z (nz,); amounts {name: number}; directions {name: (nz,)}, maybe more than are asked for
    -> a new z (nz,)."""
    raise NotImplementedError


# %%
moved = checks.check_moved(my_moved)

# %% [markdown]
# <details><summary>Hint</summary>
#
# Loop over `amounts.items()`. `z += ...` would change the tensor that was given.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_moved(z, amounts, directions):
#     for name, amount in amounts.items():
#         z = z + amount * directions[name]
#     return z
# ```
# </details>

# %% jupyter={"source_hidden": true}
z0 = sample_z(1, run.config.nz, run.config.z, seeded(4, "lesson"))[0]
directions = {f"z[{i}]": unit[i] for i in range(3)}


def sheet(names, caption, alt):
    """A row of nine pictures for each name: its direction from -3 to +3."""
    ways = {name: [moved(z0, {name: amount}, directions)
                   for amount in torch.linspace(-3, 3, 9)] for name in names}
    show_rows({name: generate(netG, torch.stack(way)) for name, way in ways.items()},
              caption, alt, most=94)


sheet(list(directions), "From -3 (left) to +3: in each row several things change together.",
      "three rows of one face; mouth, hair, glasses and clothes change along the rows")


# %% [markdown]
# The next cell puts the same three directions under sliders of your own. Run it, then drag one, or click its handle and
# use the arrow keys.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
sliders = {name: widgets.FloatSlider(min=-3, max=3, step=0.05, description=name)
           for name in list(directions)[:3]}
view = widgets.Image(format="png", width=192)


def redraw(_=None):
    z = moved(z0, {name: slider.value for name, slider in sliders.items()}, directions)
    view.value = png(image_grid(generate(netG, z[None])), 192)


def still(amount):
    """A frame of the film that stands here where no kernel runs."""
    z = moved(z0, {"z[0]": amount}, directions)
    face = Image.fromarray(image_grid(generate(netG, z[None])).numpy()).resize((192, 192))
    return np.asarray(plots.under_sliders(face, {"z[0]": amount, "z[1]": 0, "z[2]": 0}, -3, 3))


for slider in sliders.values():
    slider.observe(redraw, names="value")
redraw()
way = [still(amount) for amount in range(-3, 4)]
Still(widgets.HBox([view, widgets.VBox(list(sliders.values()))]),
      plots.encoded(way + way[-2:0:-1], ".webp", 250),
      "a face, and three sliders that change it")

# %% [markdown]
# The pictures change, but several things change together, and none of the three numbers deserves a name. We need better
# directions. Lesson 07 made some from labels. Can they be found without labels?
#
# ## 2 · Directions without labels
#
# The first thing that G does to z is linear: a matrix W turns z into the first layer's channels. A small W, from two
# numbers to two, shows what that means:

# %% jupyter={"source_hidden": true}
W = torch.tensor([[1.5, 0.9], [0.3, 0.9]])
turn = torch.arange(361) / 180 * torch.pi
circle = torch.stack([turn.cos(), turn.sin()])  # all z of length 1
lengths = (W @ circle[:, :180]).norm(dim=0)
arms = {"z[0]": ([1.0, 0.0], GREY, (9, -11)), "z[1]": ([0.0, 1.0], GREY, (-3, 7)),
        "stretched least": (circle[:, lengths.argmin()].tolist(), plots.GREEN, (-8, 5)),
        "stretched most": (circle[:, lengths.argmax()].tolist(), ORANGE, (8, 5))}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3))
for axis, matrix, title in zip(axes, (torch.eye(2), W), ("z", "W z"), strict=True):
    axis.plot(*(matrix @ circle), color=GREY, linewidth=1)
    for words, (arm, colour, place) in arms.items():
        x, y = (matrix @ torch.tensor(arm)).tolist()
        axis.plot([0, x], [0, y], color=colour, linewidth=2.5)
        axis.plot(x, y, "o", color=colour)
        axis.annotate(words, (x, y), place, textcoords="offset points",
                      ha="left" if place[0] > 0 else "right", color=plots.INK)
    axis.set(title=title, aspect="equal", xlim=(-1.9, 3.2), ylim=(-1.1, 1.3))
    axis.axis("off")
show(figure, "W makes an ellipse of the circle. Orange, its long axis, is a mixture of z[0] "
     "and z[1], so both come to lie near it: whichever of the two you move, you see mostly "
     "the orange change.",
     "left a circle with four arms of one length; right an ellipse, whose long axis is the "
     "orange arm and whose short one is green, with both grey arms beside the orange one")

# %% [markdown]
# The directions that W stretches most should change the picture most. They are the **singular vectors** of W with the
# largest singular values.
#
# <details><summary>And batch norm?</summary>
#
# It multiplies each channel by a fixed number after W. Folding it into W would weight the channels. Like Shen
# and Zhou, whose method this is ([arXiv 2007.06600](https://arxiv.org/abs/2007.06600)), we leave it out, and test.
# </details>

# %% [markdown]
# > **Exercise 2 · Principal directions** — difficulty 3 of 3 · importance 2 of 3 · 10 minutes
# >
# > `weight` is $W^T$, one row for each number of z. `torch.linalg.svd(weight, full_matrices=False)` gives U, S and Vh
# > with weight = U diag(S) Vh. Which of them live in the space of z?

# %%
def my_principal_directions(weight, n):
    """weight (nz, outputs) -> the n directions of z that it stretches most, the first one
    most: (n, nz), each of length 1."""
    raise NotImplementedError


# %%
principal = checks.check_principal_directions(my_principal_directions)

# %% [markdown]
# <details><summary>Hint</summary>
#
# U is (nz, nz): its **columns** are directions of z, in order of falling singular values.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_principal_directions(weight, n):
#     return torch.linalg.svd(weight, full_matrices=False).U.T[:n]
# ```
#
# `torch.linalg.eigh(weight @ weight.T)` works too, but sorts from small to large.
# </details>

# %%
weight = first_layer(netG)
strength = torch.linalg.svdvals(weight)
ratio = strength[0] / strength[-1]
found = principal(weight, 3)
found = found * found.gather(1, found.abs().argmax(1, keepdim=True)).sign()  # W leaves it open
directions |= {f"strongest {i + 1}": direction for i, direction in enumerate(found)}
names = [name for name in directions if name.startswith("strongest")]
print(f"The first is stretched {ratio:.0f} times as much as the last of the hundred.")

# %% [markdown]
# > **Predict:** push six faces along the first of them. What do their changes have in common?
# >
# > - the colour of the hair
# > - the length of the hair <!-- right -->
# > - the background

# %% jupyter={"source_hidden": true}
turned("strongest 1", ten[:6], directions["strongest 1"], range(-3, 4),
       "Look for what happens in all six.")

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
show(changed(ten[:6], directions["strongest 1"]),
     "From -3 to +3: the lighter a place, the more it has changed. All six are light beside "
     "the face.", "six pictures, light on both sides of the face and dark in most of it", 6)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The length of the hair: short at -3, long at 3. What else changes, background, beard or colour, differs from face to
# face.
# </details>

# %% [markdown]
# One face more, along the first three:

# %% jupyter={"source_hidden": true}
sheet(names, "From -3 (left) to +3. Try to find words for each row.",
      "three rows of one face, which becomes different people along each row")

# %% [markdown]
# <details><summary>Our words, and where they fail</summary>
#
# Longer hair; darker hair; darker skin. Each fails at the ends: in the first row a moustache appears and the background
# changes, in the second the skin pales with the hair, and in the third the glasses go. And this is one face: with
# others the words must be tried again.
# </details>

# %% [markdown]
# How much does a picture change on the whole way from -3 to 3? Ten faces tell.

# %% jupyter={"source_hidden": true}
def change(direction):
    """Mean change of a pixel on the whole way from -3 to 3, of 255 grey levels."""
    first, last = (generate(netG, ten + far * direction) for far in (-3, 3))
    return 127.5 * (last - first).abs().mean().item()


single = [change(one) for one in unit]
every = [change(one) for one in principal(weight, run.config.nz)]

# %% [markdown]
# > **Predict:** does a direction that W stretches more change the picture more?
# >
# > - all hundred change it about equally
# > - nearly: the first few most, and the second half hardly at all <!-- right -->
# > - strictly: each changes it more than the next

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
figure, axes = plt.subplots()
axes.axhspan(min(single), max(single), color=GREY, alpha=0.25, linewidth=0,
             label="the single numbers of z")
axes.plot(range(1, len(every) + 1), every, "o", color=ORANGE, markersize=5,
          label="the directions of W")
axes.plot(range(1, len(every) + 1), every[0] * strength / strength[0], "--", color=plots.INK,
          linewidth=1, label="if it went by W's stretch alone")
axes.set(xlabel="place in the order, 1 = stretched most", ylabel="change, grey levels",
         ylim=(0, None))
axes.set_xticks([1, *range(10, 101, 10)])
axes.legend()
above = sum(value > max(single) for value in every)
within = sum(value >= min(single) for value in every) - above
show(figure, "All hundred directions: the change of a pixel from -3 to 3, of ten faces. "
     f"Number 1: {every[0]:.0f} grey levels, 50: {every[49]:.1f}, 100: {every[-1]:.1f}; the "
     f"single numbers of z: {np.mean(single):.0f} on average.",
     f"a hundred points that fall from left to right; {above} lie above a grey band, {within} "
     "within it, all others below it; the last three quarters lie near 0, below a dashed line")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Nearly: the first few most, and the second half hardly at all. The points fall, though not one by one: the second
# lies above the first. The first four change more than any single number of z does, and from about the twenty-fifth
# on there is next to nothing left. W alone does not explain that: it stretches the first 11 times as much as the last
# (the dashed line), but the picture changes more than 40 times as much. The layers after W pass on little of what W
# stretches little. So of its hundred numbers this G uses about twenty combinations, and hardly looks at the rest. That
# is also why every single number changes something: each has a share in the twenty.
# </details>

# %% [markdown]
# All of these directions were found without trying each of them, and without a label. Names do not come with them: a
# direction that W stretches most need not mean one thing.
#
# ## 3 · The explorer
#
# The explorer combines all of this: twelve faces to choose from, attributes with names (as in lesson 07), principal
# directions with small pictures of where they lead, variations, four corners, and a walk. It works for every recorded
# run, such as `"mnist"` or `"heritage"`, and for the folder of your own run.

# %% tags=["nbval-ignore-output"]
explorer = LatentExplorer("avatars")
explorer

# %% [markdown]
# Things to try:
#
# - Choose a face. In *Change*, put glasses to +1, then smile to -1. What else changes?
# - Press ↶ until the first face is back; every step is also a small picture to click on. *Pin* one of them, go on, and
#   hold the space bar over the large picture to compare.
# - In *Variations*, move to a neighbour, and to its neighbour. After ten steps, how much is left of the first face?
# - In *Corners*, drag the dot to where all four meet. In *Walk*, press *Play*, then *Save as GIF*.
# - In *Change*, open *Strongest changes*. Find a name for one of the five rows. Then open *Raw numbers*, and draw over
#   the bars: all hundred numbers of z at once.
#
# The attributes' directions are those of lesson 07, each without what it shares with the others, so that a slider for
# beards changes less of the rest.
#
# All tools share one z: each begins with the face that you see. In Python it is `explorer.z`, and what the sliders add
# is the sum that you wrote above:

# %%
z = explorer.start(14)
explorer.go(seed=14, glasses=1)
expected = moved(z, {"glasses": 1}, explorer.directions)
print("a slider moves z along its direction:", torch.allclose(explorer.z, expected))
print(f"{len(explorer.directions)} sliders:", ", ".join(explorer.directions)
      .replace("facial_hair", "beard").replace("_", " "))

explorer.go()  # all sliders at 0

# %% [markdown]
# So the slider for glasses adds the same vector to every face. Push it, and watch what else changes:

# %% jupyter={"source_hidden": true}
six = torch.stack([explorer.start(seed) for seed in range(14, 20)])
turned("glasses", six, explorer.directions["glasses"], (-2, -1, -0.5, 0, 0.5, 1, 2),
       "First the glasses, then all that should have stayed: hair, skin, background.")

# %% [markdown]
# At +2 all six wear dark glasses, but the third has a moustache in place of its beard. At -2 the second has tan skin,
# and the fourth no longer smiles.
#
# ### Why colours have buttons
#
# Adding a direction can only push further: black hair gets blacker. A colour that lies amid the others in z is not
# reached like that. A button therefore *replaces* the part of z in which the colours differ:
#
# $$z - Pz + 1.75\, P\,(m_{\text{brown}} - m)$$
#
# P keeps of a vector what lies in that part. Least squares finds it: for each of the five colours the direction that
# tells its faces best from the others. (They make four dimensions, not five, as each face has one colour.)
# $m_{\text{brown}}$ is the mean z of faces with brown hair, and $m$ the mean of such means over all colours. The 1.75
# goes beyond the mean face, where more faces are seen to have the colour. Six faces, with both:

# %% jupyter={"source_hidden": true}
from dcgan_course.measuring.judges import judged
from dcgan_course.measuring.scores import judge_for
from dcgan_course.publishing.explorer import REACH, shown
from dcgan_course.sampling import attribute_direction

judge = judge_for(run.config)
groups = [[item["key"] for item in group["items"]] for group in explorer.about["groups"]]
controls = [name for group in groups for name in group]
columns = [judge.names.index(name) for name in controls]


def read(z):
    """Which attributes the judge sees in the picture of each z: bool (n, 17)."""
    return torch.from_numpy(judged(judge, generate(netG, z))[1])[:, columns] > 0.5


known = sample_z(1000, run.config.nz, run.config.z, seeded(5, "lesson"))
present = read(known)
hundred = sample_z(100, run.config.nz, run.config.z, seeded(6, "lesson"))
before = read(hundred)

# %% jupyter={"source_hidden": true}
def pushed(name, far=REACH):
    return hundred + far * attribute_direction(known, present[:, controls.index(name)])


def controlled(name):
    amounts = {name: REACH if name in explorer.directions else 1}  # a button is pressed or not
    return torch.stack([shown(explorer.about, {"z": z, "amounts": amounts})
                        for z in hundred.tolist()])


show_rows({"none of the six has brown hair": generate(netG, hundred[4:10]),
           "pushed along the direction of brown hair":
           generate(netG, pushed("brown_hair")[4:10]),
           "with the button for brown hair":
           generate(netG, controlled("brown_hair")[4:10])},
          "Six neighbours in a sample of a hundred. Compare the hair, row by row.",
          "three rows of six faces: red or grey hair; hair of four colours, one of them "
          "brown; brown hair", most=140)

# %% [markdown]
# Does a button help with every colour, and in more faces? The judge of lesson 07 reads all 17 attributes of a hundred
# faces before and after: once with each attribute pushed along its direction, to the end of a slider, and once with the
# explorer's own controls. Brown hair first.

# %% jupyter={"source_hidden": true}
import pandas as pd

ways = {"each attribute pushed along its direction": pushed,
        "the explorer's sliders and buttons": controlled}
seen = {words: torch.stack([read(change(name)) for name in controls])
        for words, change in ways.items()}  # of each control, face and attribute
tables = {words: (100 * (after.float() - before.float()).mean(1)).numpy()
          for words, after in seen.items()}  # how many more faces have the attribute
flips = {words: (100 * (after != before).float().mean(1)).numpy()
         for words, after in seen.items()}  # in how many faces it has changed
names = [name.replace("facial_hair", "beard").replace("_", " ") for name in controls]


def gains():
    """How many faces gain what is named: a row for each attribute, a point for each way."""
    figure, axes = plt.subplots(figsize=(8.4, 5.6))
    ways = [[*table.diagonal(), table.diagonal().mean()] for table in tables.values()]
    axes.hlines(range(18), *ways, color=GREY, linewidth=2)
    for way, words, colour in zip(ways, tables, (ORANGE, plots.GREEN), strict=True):
        axes.plot(way, range(18), "o", color=colour, markersize=8, label=words)
    for row, (push, control) in enumerate(zip(*ways, strict=True)):
        axes.text(1.02, row, f"{push:+.0f}, {control:+.0f}", va="center",
                  transform=axes.get_yaxis_transform())
    axes.set_yticks(range(18), [*names, "all 17, on average"])
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set(xlabel="so many more faces of a hundred have what is named")
    legend_above(axes)
    return figure


# %% jupyter={"source_hidden": true}
same = torch.block_diag(*[torch.ones(len(group), len(group)) for group in groups]).bool()
outside = [table[~same].mean() for table in flips.values()]


def along(row, control):
    """What a control changes in ten faces or more outside of its own group, most first."""
    order = np.argsort(-np.abs(row))
    much = [i for i in order if not same[control, i] and abs(row[i]) >= 9.5]
    return ", ".join(f"{names[i]} {row[i]:+.0f}" for i in much) or "nothing"

# %% [markdown]
# > **Predict:** all hundred faces are pushed along the direction of brown hair, to +1.5. How many more have brown hair
# > then than before? (16 of the hundred had it before: are they safe?)
# >
# > - about 10 <!-- right -->
# > - about 30
# > - about 60

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
hair = {"black_hair": "#2b2523", "brown_hair": "#7a4a2c", "blond_hair": "#d8b25c",
        "red_hair": "#c8391b", "grey_hair": "#b9b7b4"}
where = [controls.index(name) for name in hair]
steps = {("none" if far == 0 else f"{far:+g}"): read(pushed("brown_hair", far))
         for far in (0, 0.5, 1, 1.5, 2, 2.5, 3)} | {"button": read(controlled("brown_hair"))}
counts = np.array([found[:, where].sum(0).numpy() for found in steps.values()])
places = [*range(len(steps) - 1), len(steps) - 0.5]
figure, axes = plt.subplots(figsize=(8.4, 3.6))
left = np.zeros(len(steps))
for (name, colour), number in zip(hair.items(), counts.T, strict=True):
    bars = axes.bar(places, number, 0.85, left, color=colour, edgecolor=GREY,
                    label=name.split("_")[0])
    if name in ("black_hair", "brown_hair"):
        axes.bar_label(bars, label_type="center", color="white")
    left += number
axes.set_xticks(places, steps)
axes.set(xlabel="push along the direction of brown hair", ylabel="faces of a hundred")
axes.grid(visible=False)
legend_above(axes)
brown = controls.index("brown_hair")
kept = read(pushed("brown_hair"))[before[:, brown], brown].sum()
show(figure, "The colour of a hundred faces' hair. Under the push black grows faster than "
     f"brown. Of the {before[:, brown].sum()} faces with brown hair, {kept} keep it at +1.5.",
     "eight stacked bars: under the push the black part grows from "
     f"{counts[0, 0]} to {counts[-2, 0]}, the brown one from {counts[0, 1]} to "
     f"{counts[:-1, 1].max()} at most; with the button {counts[-1, 1]} are brown")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 10, and they are not safe: of the 16 that had brown hair only three keep it. Brown rises slowly, to 26 at +1.5 and
# 30 at +2.5, and black overtakes it: 37 and 56. Beyond that brown falls. So brown hair lies on a way that ends
# at black, and no push is the right one for all faces. (The judge looks for each colour by itself: it may see two in a
# face, or none.)
# </details>

# %% [markdown]
# And all controls?

# %% jupyter={"source_hidden": true}
show(gains(), "Look for long lines: there a button reaches what a push does not. Like brown "
     "hair, blond hair, tan skin and two of the backgrounds hardly come with a push.",
     "eighteen rows with an orange and a green point; the green one lies further right in "
     "most, by far for brown hair, tan and brown skin and a yellow background")

# %% [markdown]
# The button makes 54 more faces brown-haired, another one 45 more tan. Over all controls, 61 faces of a hundred gain
# what is named, where pushing gives 43.

# %% [markdown]
# So a control brings what it names. Does it bring anything else?
#
# > **Predict:** the button for grey hair is pressed in all hundred faces. What comes along most often?
# >
# > - smiles
# > - glasses
# > - long hair and beards <!-- right -->
# > - nothing: less than ten faces for each of these

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
grey = present[:, controls.index("grey_hair")]


def share(found):
    """How many of some faces have it, with the 95 % interval."""
    part = found.float().mean().item()
    return f"{100 * part:.0f} % ± {196 * (part * (1 - part) / len(found)) ** 0.5:.0f}"


ties = {name: [share(present[whose, controls.index(key)]) for whose in (grey, ~grey)]
        for key, name in {"long_hair": "long hair", "facial_hair": "a beard"}.items()}
show_table(pd.DataFrame(ties, ["with grey hair", "all others"]),
           f"Of a thousand faces that nobody has changed, {grey.sum()} with grey hair.")
changed_by = tables["the explorer's sliders and buttons"]
show_table(pd.DataFrame({name: [f"{row[i]:+.0f}", along(row, i)]
                         for i, (name, row) in enumerate(zip(names, changed_by, strict=True))},
                        ["gain it, of 100", "what comes along"]).T,
           "With the explorer's sliders and buttons: all changes of ten faces or more outside "
           f"of the control's own group. Gains and losses cancel in it. Counted face by "
           f"face, an attribute there changes in {outside[1]:.1f} faces on average, by "
           f"pushing in {outside[0]:.1f}.",
           fold="All 17 controls, and what comes along with each")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Long hair and beards: the button makes 32 more faces long-haired, and 25 more bearded. G's own faces hardly tie them:
# of those with grey hair 47 % have long hair, of the others 40 %, a difference within its error, and beards are as
# frequent in both (the table). The ties appear when the button moves z. Others are cleaner: eight of the 17 controls
# bring nothing else to ten faces or more, gains less losses. Counted face by face, buttons are no cleaner than a push:
# outside of the control's group an attribute changes in 8.4 faces of a hundred, on average, and in 8.1 under a push.
# </details>

# %% [markdown]
# ### Another run
#
# The z of `mnist2d` has two numbers, so a map shows every picture that it can draw. In place of the name you can write
# the path of your own run's folder.

# %% tags=["nbval-ignore-output"]
explore("mnist2d")

# %% [markdown]
# <details><summary>A page without code; and where nothing moves</summary>
#
# - For people who do not want to see any code: in a terminal, `dcgan-course explore avatars` opens the same explorer
#   in the browser. Lesson 12 makes a file of it that needs no Python at all.
# - Nothing moves in JupyterLab? The kernel may not be running: run the cells again. A stored notebook on the web, or
#   one whose kernel was closed, shows a picture where the sliders would be.
# - How were these faces trained? Their D, against guideline 2, has no batch norm and pays the penalty R1 instead;
#   lesson 13 and [data/README.md](../data/README.md) tell why.
# </details>

# %% [markdown]
# ## What to keep
#
# A direction is a vector that is added to z, the same for every face. Labels find directions that have a name (lesson
# 07); the weights of G's first layer, without a label, find those that change the picture most. Neither kind need
# change one thing alone: with nine of the explorer's 17 controls something else comes along, even what G's own faces do
# not tie to it.

# %% [markdown]
# > **Open exercise · Name a direction, and prove it** — 45 minutes
# >
# > Choose one principal direction of the faces and give it a name of at most three words. Design a test of that name that
# > could fail: for instance, let somebody who does not know the name sort pictures, or let the judge of lesson 07 count
# > over a hundred new faces. Compare with another direction whose name you expect to fail.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | prediction | the name fits the pictures it was made from | written down before looking at new faces |
# | test | "one can see it" | a count over faces that played no part in naming it |
# | control | none | a random direction, or a second name, treated in the same way |
# | both ways | only +3 | what happens at -3 as well, and whether the name predicts it |
# | side effects | not mentioned | what else changes, and how much of it |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why does the slider's function start from <code>z0</code> each time, and not from where z is?</summary>
#
# The picture then depends on where the sliders are, not on how they got there: the same positions give the same picture.
# </details>
#
# <details><summary>You drag quickly, and the picture is slow. Will it draw all positions in between?</summary>
#
# It will not. While one change is on its way to the kernel, the widget keeps the next ones back, and then sends the
# latest only.
# </details>
#
# <details><summary>A principal direction changes hair, skin and smile at once. Is it wrong?</summary>
#
# It is what it claims to be: a direction that the first layer stretches most. Nothing in that definition makes it mean
# one thing.
# </details>

# %% [markdown]
# ## References
#
# - Shen, Zhou: *Closed-Form Factorization of Latent Semantics in GANs*, [arXiv 2007.06600](https://arxiv.org/abs/2007.06600):
#   principal directions of the first layer.
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 6.

# %%
from dcgan_course import checks

checks.progress("08")

# %% [markdown]
# ---
# ← [07 · Walking the latent space](07_latent_space.ipynb) · [09 · Colour photographs, with or without a GPU](09_colour_on_a_gpu.ipynb) →
