# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · Five architecture guidelines
#
# <img src="../data/architecture.svg" width="848" alt="G as a row of boxes from 100 numbers over 4 by 4 by 1024 to an image of 64 by 64 by 3, D as a row back to one logit; under each box its layers, with the number of the guideline that each follows">
#
# *The networks of the paper. A box's front grows with the size of its map, its depth with the number of channels; the
# number before a layer is that of its guideline, and 3 is kept by what is not there. At the end of this lesson you
# write both networks yourself and see what they draw.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/02_five_guidelines.ipynb)
#
# **Time:** 85 minutes to read and write; the cells run for about 45 seconds on two CPU cores.
#
# **You need:** PyTorch's `nn.Module` and `nn.Sequential`; lesson 01 for what G and D are.
#
# After this lesson you can
#
# - compute a convolution and a transposed convolution by hand, and the size that comes out of each;
# - give the reason for each of the DCGAN's five guidelines, and say what happens to the alternative;
# - derive the shape and the parameter count of every layer of the paper's networks;
# - write a generator, a discriminator and their initialisation, and apply it.
#
# **You write** a block of G, all of G, all of D and `init_weights`; **we import** the pictures and the checks.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# In 2015 most GANs were built from fully connected layers, and the few convolutional ones were hard to train. Radford,
# Metz and Chintala tried many combinations, and summed up what worked in five guidelines:
#
# 1. **Strides** instead of pooling: strided convolutions in D, fractionally strided (*transposed*) ones in G.
# 2. **Batch norm** in both, but not on G's output nor on D's input layer.
# 3. **No fully connected** hidden layers.
# 4. **ReLU** in G, and **tanh** at its output.
# 5. **LeakyReLU** in D.
#
# The first five sections take them one at a time: the reason for each, and the alternative. At their end a slider
# breaks them one after the other. Then you put all five together, and train what you have built.

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
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from dcgan_course import checks, models
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.models import build_discriminator, build_generator, count_parameters
from dcgan_course.plots import BLUE, GREY, INK, ORANGE, STYLE, show, show_table, show_turned

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% [markdown]
# ## 1 · Strides instead of pooling
#
# A convolution lays a small **kernel** on the image, multiplies number by number, adds up, and moves on. The results
# form a **map**. Below, the kernel has been everywhere. Push the slider to the left, and follow the kernel: under the
# picture stands its sum at each place.

# %% jupyter={"source_hidden": true}
ON = {ORANGE: "black", BLUE: "white"}  # numbers on a colour, on a white page and on a dark one


def table(numbers, left, title, lit=(), colour="none", top=0):
    """Rows of numbers as squares of an SVG, from x = left on, under a title."""
    parts = [f'<text x="{left}" y="{top + 26}" text-anchor="start" '
             f'font-size="16">{title}</text>']
    for i, row in enumerate(numbers):
        for j, number in enumerate(row):
            x, y, fill, ink = left + 50 * j, top + 44 + 50 * i, "none", INK
            if (i, j) in lit:
                fill, ink = colour, ON[colour]
            parts.append(f'<rect x="{x}" y="{y}" width="50" height="50" fill="{fill}" '
                         f'stroke="{GREY}"/><text x="{x + 25}" y="{y + 32}" '
                         f'fill="{ink}">{number}</text>')
    return "".join(parts)


def drawing(*tables, width, height):
    """Tables as one SVG."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Verdana, sans-serif" '
            f'font-size="20" text-anchor="middle" fill="{INK}">{"".join(tables)}</svg>')


# %% jupyter={"source_hidden": true}
image = [[0, 0, 3, 1], [0, 2, 3, 0], [1, 3, 2, 0], [0, 1, 0, 0]]
kernel = [[-1, 1], [-1, 1]]
places, found, pictures = [(i, j) for i in range(3) for j in range(3)], {}, {}
for i, j in places:
    under = [(i + di, j + dj) for di in (0, 1) for dj in (0, 1)]
    terms = [(image[a][b], kernel[a - i][b - j]) for a, b in under]
    found[i, j] = sum(number * weight for number, weight in terms)
    sums = " + ".join(f"{number}·({weight})" for number, weight in terms)
    sofar = [[found.get((a, b), "") for b in range(3)] for a in range(3)]
    pictures[f"row {i + 1}, column {j + 1} of the map: {sums} = {found[i, j]}"] = drawing(
        table(image, 5, "image", under, ORANGE),
        table(kernel, 245, "kernel", places, ORANGE),
        table(sofar, 245, "map", [(i, j)], BLUE, top=155), width=400, height=360)
show_turned(pictures, "Orange: what is multiplied. Blue: the sum. This kernel asks: is it "
            "brighter on the right than on the left?",
            "an image of 4×4 numbers, a kernel of 2×2 and the map of 3×3 sums",
            first=8, width=400)

# %% [markdown]
# The map is positive at the left edge of the bright stroke, and negative at its right edge. In a network nobody chooses
# the kernels: they are its weights, and training finds them.
#
# The **stride** is how far the kernel moves. At stride 1 it stops at every place, as above. At stride 2 every second
# place is left out, in both directions: of the map above only the four corners would be there.
#
# The next cell does all of it by two loops.
#
# > **Predict:** how large is the result for a 6×6 image, a 4×4 kernel, stride 2 and one ring of zeros around the
# > image (padding 1)?
# >
# > - 2×2
# > - 3×3 <!-- right -->
# > - 5×5

# %% jupyter={"outputs_hidden": true}
def convolve(image, kernel, stride, padding):
    """(H, H) and (k, k) -> the map of sums, by two plain loops."""
    image, k = F.pad(image, [padding] * 4), len(kernel)
    starts = range(0, len(image) - k + 1, stride)  # of a square image
    return torch.tensor([[(image[i : i + k, j : j + k] * kernel).sum() for j in starts]
                         for i in starts])


torch.manual_seed(0)
image, kernel = torch.randn(6, 6), torch.randn(4, 4)
by_hand = convolve(image, kernel, stride=2, padding=1)
by_torch = F.conv2d(image[None, None], kernel[None, None], stride=2, padding=1)[0, 0]
torch.testing.assert_close(by_hand, by_torch)  # stops here if a number differs
print(f"{len(by_hand)}×{len(by_hand)} numbers, the same as PyTorch's conv2d finds")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It is 3×3. With its ring of zeros the image has 8 rows, and a kernel of 4 rows can start at the first, the third and
# the fifth of them; one further, and it would stick out. (Without the ring it would be 2×2, at stride 1 it would be
# 5×5.)
#
# </details>

# %% [markdown]
# > **Exercise 1 · How large is the result?** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > The kernel must fit into the padded image. Count the places where it can start, and write the formula.

# %%
def my_output_size(size, kernel_size, stride, padding):
    """Height (or width) of a convolution's output, a whole number."""
    raise NotImplementedError


# %%
output_size = checks.check_output_size(my_output_size)

# %% [markdown]
# <details><summary>Hint</summary>
#
# The padded image has `size + 2 * padding` rows. The kernel's first row can start at 0, at `stride`, at `2 * stride` …
# as long as its last row is still inside.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_output_size(size, kernel_size, stride, padding):
#     """Height (or width) of a convolution's output, a whole number."""
#     return (size + 2 * padding - kernel_size) // stride + 1
# ```
#
# The first place counts as well, hence the + 1; a kernel that no longer fits is left out, hence the rounding down.
# </details>

# %% [markdown]
# With kernel 4, stride 2 and padding 1 the size is halved exactly, which is why you meet these three numbers in most
# code since the paper, whose kernels were 5×5. D passes a 64×64 image through maps of these sizes:

# %%
sizes = [64]
while sizes[-1] > 4:
    sizes.append(output_size(sizes[-1], 4, 2, 1))
print(" -> ".join(map(str, sizes)))

# %% [markdown]
# **Why not pooling?** Max pooling keeps the largest of four numbers: the rule is fixed in advance. A strided
# convolution *learns* what to keep. And pooling has no useful reverse: G would have to guess where the largest number
# stood. The slider at the end of section 5 tries both; you may be surprised. The authors found their guidelines with
# deep networks and photographs. They are a safe place to start, but other networks and other data may not need all of
# them.
#
# ### The way up: fractional strides
#
# G must go from small to large. What the paper calls a *fractionally strided* convolution is called a **transposed
# convolution** today (and `ConvTranspose2d` in PyTorch). It works the other way round: each input number *stamps* a
# copy of the kernel, scaled by that number, onto the output, and the stamps are added where they overlap. The stride is
# the distance between stamps in the *output*. Here all four numbers have stamped. Push the slider to the left, and let
# them stamp one after the other:

# %% jupyter={"source_hidden": true}
four, pattern = [[1, 2], [3, 4]], [[1, 1, 1], [1, 2, 1], [1, 1, 1]]
out, pictures = torch.zeros(5, 5, dtype=torch.int), {}
for n, (i, j) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)], 1):
    here = [(2 * i + a, 2 * j + b) for a in range(3) for b in range(3)]
    out[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += four[i][j] * torch.tensor(pattern)
    pictures[f"stamp {n} of 4: {four[i][j]} times the kernel is added"] = drawing(
        table(four, 5, "image", [(i, j)], BLUE), table(pattern, 5, "kernel", top=155),
        table(out.tolist(), 195, "output so far", here, ORANGE), width=450, height=360)
show_turned(pictures, "Stride 2: each stamp lies two places further on. Overlaps add up.",
            "an image of 2×2 numbers, a kernel of 3×3, an output that fills up",
            first=3, width=450)

# %% [markdown]
# The same by loops, and with the edge cut off by `padding`:

# %%
def stamp(image, kernel, stride, padding):
    """(H, W) and (k, k) -> the sum of all stamps; padding is what is cut off around it."""
    k = len(kernel)
    out = torch.zeros([(n - 1) * stride + k for n in image.shape])
    for i, row in enumerate(image):
        for j, number in enumerate(row):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += number * kernel
    return out[padding : len(out) - padding, padding : out.shape[1] - padding]


small = torch.randn(3, 3)
by_hand = stamp(small, kernel, stride=2, padding=1)
by_torch = F.conv_transpose2d(small[None, None], kernel[None, None], stride=2, padding=1)[0, 0]
torch.testing.assert_close(by_hand, by_torch)
print(f"{len(by_hand)}×{len(by_hand)} numbers, the same as PyTorch's conv_transpose2d finds")

# %% [markdown]
# With kernel 4, stride 2 and padding 1, the same numbers as before, the size now doubles: 3 becomes 6.
#
# How many stamps reach each output pixel? If that number changes from pixel to pixel, so does the brightness, in a
# regular pattern: the **checkerboard** that you can see in many generated images.
#
# > **Predict:** at stride 2, which kernel stamps evenly?
# >
# > - 3×3
# > - 4×4 <!-- right -->
# > - 5×5

# %% jupyter={"outputs_hidden": true}
def stamped(k, n):
    """How often 17 x 17 pixels are reached by the first n of 8 x 8 stamps of k x k."""
    numbers = (torch.arange(64) < n).float().view(8, 8)
    return stamp(numbers, torch.ones(k, k), stride=2, padding=0)[:17, :17]


for k in (3, 4, 5):
    count = stamped(k, 64)[5:-5, 5:-5]  # without the borders
    print(f"kernel {k}, stride 2: between {count.min():.0f} and {count.max():.0f}",
          "stamps on a pixel")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.plots import encoded
from dcgan_course.sampling import image_grid

frames = []
for n in [*[64] * 12, *range(1, 65, 2)]:  # the whole first, for viewers without films
    panels = torch.stack([stamped(k, n)[None] for k in (3, 4, 5)]) / 9 * 2 - 1  # white: nine
    large = panels.repeat_interleave(15, 2).repeat_interleave(15, 3)
    frames.append(image_grid(large, 3).numpy())
show(encoded(frames, ".gif", 120),
     "Kernels 3, 4 and 5 at stride 2: the brighter a pixel, the more stamps have reached it.",
     "three squares fill up with stamps: a checkerboard, an even grey, a checkerboard")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
digit = to_float(load_images("mnist", 28).batch([7]))[0, 0] / 2 + 0.5  # from 0 to 1
kernels = [torch.full((k, k), 4 / k**2) for k in (3, 4, 5)]  # as bright on average
large = torch.stack([stamp(digit, kernel, 2, 0)[:57, :57][None] for kernel in kernels])
show(large * 2 - 1, "One digit, enlarged through kernels of 3, 4 and 5: look at the strokes.",
     "a 3 three times: crossed by a grid, smooth, and crossed by a weaker grid")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The 4×4 kernel does: away from the borders every pixel gets four stamps. With 3×3 it is one stamp for some pixels
# and four for others, with 5×5 between four and nine. The film lets the stamps fall one after the other.
#
# The digits show what that does to a picture. Their kernels hold equal numbers, which nobody has trained. The middle one
# is what a learner hopes for; the pattern of the other two is what G must learn to cancel.
#
# </details>

# %% [markdown]
# A kernel whose size is a multiple of the stride stamps evenly. The paper used 5×5 kernels, whose network has to
# *learn* to cancel the pattern; most code since then uses 4×4.
#
# Equally many stamps are not yet equal brightness. At stride 2 there are four kinds of pixel: in even or odd rows, in
# even or odd columns. Each kind meets its own 4 of the kernel's 16 weights, and first weights are drawn at random. How
# bright is each kind in the G of lesson 03, before its training?

# %%
netG = models.init_weights(build_generator(preset("mnist", nc=1)), seeded(0, "netG"))
untrained = netG(torch.randn(256, 100, generator=seeded(0, "z"))).detach()
real = to_float(load_images("mnist", 28).batch(range(256)))
for name, x in {"untrained G": untrained, "real digits": real}.items():
    inner = x[:, :, 4:-4, 4:-4]  # without the borders
    kinds = [inner[:, :, i::2, j::2].mean().item() for i in (0, 1) for j in (0, 1)]
    print(f"{name}:", *(f"{kind:.2f}" for kind in kinds),
          f"({max(kinds) - min(kinds):.2f} apart)")

# %% jupyter={"source_hidden": true}
show(torch.stack([untrained.mean(0), real.mean(0)]),
     "The mean of 256 pictures. Left: the untrained G. Right: real digits.",
     "left a regular lattice of lighter and darker pixels on grey, right a soft bright blur "
     "on black without a lattice", width=480)

# %% [markdown]
# They lie 0.43 apart, on a scale that spans 2 (in train mode, where batch norm brings weak layers to full strength); in
# real digits it is 0.01. A single picture of an untrained G looks like noise, but what all of them share is a lattice.
# So young digits stand behind one even with 4×4 kernels, and G learns to even it out.
#
# With that you can write the part that stands in G again and again:
#
# > **Exercise 2 · One block of G** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > A block doubles the size by a transposed convolution (guideline 1), followed by batch norm (guideline 2) and ReLU
# > (guideline 4), in this order.

# %%
def my_block(n_in, n_out):
    """A module: (N, n_in, size, size) -> (N, n_out, 2 size, 2 size)."""
    raise NotImplementedError


# %%
block = checks.check_generator_block(my_block)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `nn.Sequential` of three layers. The convolution needs no bias: batch norm subtracts the mean, and brings a shift of
# its own.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_block(n_in, n_out):
#     """A module: (N, n_in, size, size) -> (N, n_out, 2 size, 2 size)."""
#     return nn.Sequential(
#         nn.ConvTranspose2d(n_in, n_out, kernel_size=4, stride=2, padding=1, bias=False),
#         nn.BatchNorm2d(n_out),
#         nn.ReLU(inplace=True),
#     )
# ```
# </details>

# %% [markdown]
# ## 2 · Batch norm, and where it must not be
#
# Batch norm takes one channel, over the whole batch and all places, subtracts its mean, divides by its standard
# deviation, then multiplies by a learned gain and adds a learned shift:
#
# $$y = \gamma\,\frac{x - \text{mean}(x)}{\sqrt{\text{var}(x) + \epsilon}} + \beta$$

# %%
x = torch.randn(16, 3, 8, 8) * 5 + 2
mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
by_hand = (x - mean) / (var + 1e-5).sqrt()
by_torch = nn.BatchNorm2d(3)(x)
torch.testing.assert_close(by_hand, by_torch)
print("the formula gives the same numbers as PyTorch's BatchNorm2d")

# %% [markdown]
# It keeps the signal at a healthy size through a deep stack, so gradients arrive, however the weights were drawn. Take
# the G of lesson 03, with batch norm and without. Both have first weights from N(0, 0.02). How strong is what leaves
# each layer? And how strong is it in the same G after its training, twenty times through the digits? (All three are in
# train mode.)

# %%
from dcgan_course.plots import GREEN
from dcgan_course.runs import load_run

torch.manual_seed(0)
nets = {"with batch norm": models.init_weights(build_generator(preset("mnist", nc=1))),
        "without": models.init_weights(build_generator(preset("mnist", nc=1, norm="none"))),
        "with batch norm, trained": load_run("mnist").load_generator().train()}
deviations = {}
for name, net in nets.items():
    y, deviations[name] = torch.randn(200, 100, 1, 1), [1.0]
    for part in net.blocks:
        y = part(y).detach()
        deviations[name].append(y.std().item())

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(8.4, 3))
for (name, strength), colour in zip(deviations.items(), (BLUE, ORANGE, GREEN), strict=True):
    axes.plot(strength, "o-", color=colour)
    lift = {"with batch norm": 7, "with batch norm, trained": -7}.get(name, 0)
    axes.annotate(name, (4, strength[-1]), xytext=(10, lift), textcoords="offset points",
                  color=colour, va="center")
axes.set(ylabel="standard deviation", yscale="log", ylim=(0.004, 1.5), xlim=(-0.2, 6))
axes.set_xticks(range(5), ["z", "4×4", "7×7", "14×14", "image"])
axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
show(figure, "Without batch norm hardly anything reaches the image.",
     "three lines over G's layers: with batch norm, untrained and trained, it stays between "
     "0.2 and 1; without it falls below a hundredth")

# %% [markdown]
# Without batch norm this G fades out. That is the fault of these first weights, and better ones exist: He's
# initialisation draws them so that a stack of ReLU layers keeps its size ([arXiv
# 1502.01852](https://arxiv.org/abs/1502.01852)). With batch norm the choice matters much less. Training then moves the
# strength up and down, 0.2 after the first two layers, 0.8 after the third, 0.6 in the image, and nowhere near a
# hundredth.
#
# The paper gives a stronger reason, from its experiments: batch norm "proved critical to get deep generators to begin
# learning, preventing the generator from collapsing all samples to a single point". Lesson 05, section 3, trains
# without any. But batch norm in *every* layer, the paper continues, led to "sample oscillation and model instability".
#
# So the guideline leaves two places out. The paper gives no further reason for either; the following ones are
# plausible.
#
# **D's input layer.** The brightness and the contrast of a batch carry information: if G's images are too dark, D
# should notice. Batch norm right after the first layer erases that difference between a batch of real and a batch of
# generated images. Here a dark batch and a bright one go through such a layer:

# %%
torch.manual_seed(0)
first = nn.Conv2d(1, 8, 4, 2, 1, bias=False)
dark, bright = (torch.randn(32, 1, 28, 28) * 0.1 + level for level in (-0.8, 0.8))
layers = {"without batch norm": first,
          "with batch norm": nn.Sequential(first, nn.BatchNorm2d(8))}
found = {name: [layer(batch).mean((0, 2, 3)).detach() for batch in (dark, bright)]
         for name, layer in layers.items()}

# %% jupyter={"source_hidden": true}
figure, two = plt.subplots(1, 2, figsize=(8.4, 2.6), sharey=True)
for axes, (name, (of_dark, of_bright)) in zip(two, found.items(), strict=True):
    axes.plot(range(1, 9), of_dark, "o", color=BLUE, label="dark batch")
    axes.plot(range(1, 9), of_bright, "o", color=ORANGE, fillstyle="none", markersize=11,
              label="bright batch")
    axes.set(title=name, xlabel="channel", xticks=range(1, 9), ylim=(-0.9, 0.9))
two[0].set_ylabel("mean of the channel")
two[1].legend()
show(figure, "What leaves the first layer: with batch norm nobody can tell a dark batch "
     "from a bright one.",
     "left: in each channel two points apart, on both sides of 0; right: all at 0")

# %% [markdown]
# <details><summary>Take that reason with care</summary>
#
# D's *second* layer has batch norm in every DCGAN, and erases much of the same difference there. Lesson 05 (sections 3
# and 4) puts batch norm on D's input, finds no visible harm on digits, and shows that even the usual D does not see
# pictures that are all too faint.
# </details>

# %% [markdown]
# **G's output layer.** There batch norm would tie every image to the others of its batch: each pixel value is measured
# against the batch's mean and standard deviation, with one gain and one shift for all pixels. Yet G must be able to
# draw digits, which are mostly pure black.
#
# Lesson 06 trained a small DCGAN on digits, once through all 60,000, and again with one guideline broken at a time.
#
# > **Predict:** a G with batch norm on its output is trained in the same way. How will its digits differ?
# >
# > - they are blurred
# > - their background is grey and speckled, not black <!-- right -->
# > - they are all the same digit

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from statistics import geometric_mean

from dcgan_course.experiments.recording import RecordedStudy
from dcgan_course.plots import show_rows

study = RecordedStudy("stabilisers")
kept = {"all five kept": study.images("baseline")[:12]}
show_rows(kept | {name: study.images(f"2 {name}")[:12]
                  for name in ("batch norm on the output of G", "no batch norm")},
          "Look at the background.", "three rows of twelve digits: clean ones; rougher ones "
          "before a speckled dark grey; on black again")

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
digits = to_float(load_images("mnist", 28).batch(range(2000)))
figure, three = plt.subplots(1, 3, figsize=(8.4, 2.6), sharey=True)
sets = {"real digits": (digits, BLUE), "all five kept": (study.images("baseline"), ORANGE),
        "batch norm on G's output": (study.images("2 batch norm on the output of G"), ORANGE)}
for axes, (name, (x, colour)) in zip(three, sets.items(), strict=True):
    dark, share = (x < -0.95).float().mean(), torch.full((x.numel(),), 100 / x.numel())
    axes.hist(x.flatten(), torch.linspace(-1, 1, 41), weights=share, color=colour)
    axes.set(xlabel="pixel, from black to white", xticks=[-1, 0, 1],
             title=f"{name}: {dark:.0%} black")
three[0].set_ylabel("share of the pixels [%]")
show(figure, "Black: darker than -0.95.",
     "three histograms: real digits and those of G have one tall bar at black and a low one "
     "at white; with batch norm on G's output the bar is low, and greys lie beside it")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Their background is grey and speckled. One gain and one shift serve all pixels of all images, and a value that is
# measured against its batch can hardly stay at the edge of tanh's range. The paper names oscillation and instability;
# lesson 05 looks for them over several seeds. Without any batch norm, in the third row, the background is black. Tiles
# that are no digits stand in the first row too. What dropping batch norm costs is told by numbers at the end of section
# 5.
# </details>

# %% [markdown]
# ## 3 · No fully connected hidden layers
#
# A fully connected layer joins every number to every number. Take G's step from 4×4×1024 to 8×8×512:

# %%
dense = (4 * 4 * 1024) * (8 * 8 * 512)
convolution = 5 * 5 * 1024 * 512
weights = {"fully connected": dense, "convolution, 5×5": convolution}
show_table(pd.DataFrame({"weights": weights}),
           f"The convolution has {dense / convolution:.0f} times fewer.")

# %% [markdown]
# The number is not the only reason. A fully connected layer does not know which pixels are neighbours: it would have to
# learn an edge anew at every place. Lesson 03 compares a fully connected GAN with the DCGAN, on the same budget.
#
# Two layers are fully connected all the same. G's **first layer** turns the 100 numbers of `z` into
# 4×4×1024 by a kernel that covers its whole 1×1 input, so every number of `z` reaches every output. The paper says
# so itself: this layer "could be called fully connected as it is just a matrix multiplication", but its result is
# reshaped and starts the stack of convolutions. D's last layer is the mirror image: one number from the whole 4×4
# map. The guideline is about *hidden* layers between these two.

# %% [markdown]
# ## 4 · ReLU in G, and tanh at its output
#
# **tanh at G's output** is bounded as the images are: it ends at -1 and 1, black and white. The paper (section 3) saw
# one more gain: with a bounded output the model learned sooner to use the whole range, up to its ends, and all the
# colours of the training images. A sigmoid is bounded too, but ends at 0, and could not draw anything darker than
# mid-grey.

# %% jupyter={"source_hidden": true}
t = torch.linspace(-4, 4, 200)
figure, axes = plt.subplots(figsize=(6.4, 2.8))
axes.axhspan(-1, 1, alpha=0.1, color=GREY)
axes.plot(t, t.tanh(), color=ORANGE)
axes.plot(t, t.sigmoid(), color=INK, linestyle="--")
axes.annotate("tanh", (-3.9, -0.88), color=ORANGE)
axes.annotate("sigmoid", (-3.9, 0.12), color=INK)
axes.set(xlabel="input", ylabel="output", yticks=[-1, 0, 1],
         yticklabels=["black, -1", "grey, 0", "white, 1"])
show(figure, "Shaded: the range of the images. Only tanh reaches all of it.",
     "two curves that rise from left to right: tanh from -1 to 1, the sigmoid from 0 to 1")

# %% [markdown]
# > **Predict:** a G that ends in a sigmoid, all else kept, is trained on digits. What does it draw?
# >
# > - bright digits on mid-grey
# > - digits on black, but fainter
# > - hardly anything but mid-grey <!-- right -->

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
show_rows(kept | {"a sigmoid at the end of G": study.images("4 sigmoid output")[:12]},
          "The same training, one thing changed. Below, the gaps between the tiles are as "
          "grey as they.",
          "above twelve digits on black; below twelve tiles of mid-grey on mid-grey, with a "
          "few white dots")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Hardly anything but mid-grey. G could draw bright digits on mid-grey, but D sees real digits on black: the background
# alone gives every generated image away, and the digits do not matter.
# </details>

# %% [markdown]
# **ReLU in G's hidden layers** is the guideline with the weakest reason: the paper gives none. ReLU is the simplest
# choice whose slope, unlike that of tanh, does not fade for large inputs. G can also afford dead ends better than D
# can, since no other network learns through it.
#
# ## 5 · LeakyReLU in D
#
# LeakyReLU lets a little through below zero: its slope there is 0.2, ReLU's is 0.

# %% jupyter={"source_hidden": true}
figure, axes = plt.subplots(figsize=(6.4, 2.6))
axes.plot(t, F.leaky_relu(t, 0.2), color=BLUE)
axes.plot(t, t.relu(), color=INK, linestyle="--")
axes.annotate("LeakyReLU(0.2)", (-2.4, -1.1), color=BLUE)
axes.annotate("ReLU", (-2.4, 0.2), color=INK)
axes.set(xlabel="input", ylabel="output", ylim=(-1.5, 4.2))
show(figure, "Where a curve is flat, no gradient passes.",
     "below 0 ReLU is flat, LeakyReLU falls gently; above 0 they are the same line")

# %% [markdown]
# G learns only from the gradient that comes *through* D, and where the slope is 0 none passes. How many units of an
# untrained D are such dead ends, for a batch of digits?

# %% jupyter={"source_hidden": true}
netD = models.init_weights(build_discriminator(preset("mnist", nc=1)), seeded(0, "netD"))
dead = {}
for name, leak in (("ReLU", 0.0), ("LeakyReLU(0.2)", 0.2)):
    y, closed = digits[:64], []
    for layer in netD.blocks[:-1].modules():
        if not list(layer.children()):
            y = F.leaky_relu(y, leak) if isinstance(layer, nn.LeakyReLU) else layer(y)
            if isinstance(layer, nn.LeakyReLU):
                closed.append((y == 0).float().mean())
    dead[name] = f"{sum(closed) / len(closed):.0%}"
show_table(pd.DataFrame({"units that pass no gradient": dead}))

# %% [markdown]
# With ReLU it is half of them, nearly by design: batch norm centres what comes in, so about as many inputs lie below
# zero as above. What these units have computed about an image cannot tell G how to change it. With LeakyReLU every unit
# can; where its input was negative, a fifth of the gradient passes. (Which half is closed differs from image to image.
# So this is a reason to fear ReLU, not a proof that it does harm: see what the next slider says of it.)
#
# ### Break it
#
# Nine changes, each of which breaks one guideline, in the training of lesson 06. The slider shows ten digits of each.
# Behind each name stands **fd**, how far generated digits are from real ones (lesson 03, section 4, says how it is
# found): small is good. The first number is the geometric mean of five seeds, the second is of the one seed which
# drew these digits.
#
# > **Predict:** after how many of the nine can you read hardly any digit?
# >
# > - one <!-- right -->
# > - about half of them
# > - all nine

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
from dcgan_course.plots import rows_of_points
from dcgan_course.plots.showing import enlarged

names = ["1 pooling in D", "1 resizing in G", "2 batch norm on the input of D",
         "2 no batch norm", "2 batch norm on the output of G", "3 dense hidden layers",
         "4 LeakyReLU in G", "4 sigmoid output", "5 ReLU in D"]
rows = {"all five kept": "baseline"} | {name: name for name in names}
distances = {words: study.values(name, "fd") for words, name in rows.items()}

sheets = {}
for words, name in rows.items():
    said = words if name == "baseline" else f"guideline {name[0]} broken:{name[1:]}"
    own, fd = distances[words][0], geometric_mean(distances[words])
    best = ", the best of five" if own == min(distances[words]) else ""
    said = f"{said}; fd {fd:,.0f}, of this seed {own:,.0f}{best}"
    sheets[said] = enlarged(study.images(name)[:10], 5, 5)
show_turned(sheets, "Ten digits of each, none picked. Which can you read, and on what ground?",
            "two rows of five tiles")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# One: the sigmoid. Batch norm on G's output leaves about half of these digits readable, before speckled grey.
#
# All pictures are of the first seed, and in four of the ten it happens to be the best of five. For two of them that
# flatters: dense layers look harmless at 240, where the mean is 2,289, and the half that you can read after batch norm
# on G's output was drawn at 3,632, where the mean is 4,855.
#
# </details>

# %% [markdown]
# Here are all seeds. Right of the grey points lies what a broken guideline costs, left of them what it gains; a bar is
# the geometric mean. (Points that would hide each other stand a little above and below their line.)

# %% jupyter={"source_hidden": true}
figure = rows_of_points(distances, "fd: smaller is better", (100, 1000, 10_000))
show(figure, "Each point is one training; the number is that of the guideline that is broken.",
     "ten rows of five points. Kept: near 200. Pooling, resizing and ReLU in D lie left of "
     "it; LeakyReLU in G and batch norm on D's input beside it; no batch norm, dense layers, "
     "batch norm on G's output and a sigmoid further and further right")

# %% [markdown]
# So on digits four changes cost something with nearly every seed: a sigmoid, batch norm on G's output, no batch norm,
# and dense layers, with which three of five trainings came apart. The other five cost little or nothing; where D pools
# or has ReLU, or G resizes, fd is even smaller. That does not make the guidelines wrong: digits are easy, and the
# authors drew photographs.
#
# ## 6 · The paper's networks, layer by layer
#
# G starts from 100 numbers and ends at 64×64×3. At each block the size doubles and the channels halve:
#
# $$100 \to 4{\times}4{\times}1024 \to 8{\times}8{\times}512 \to 16{\times}16{\times}256 \to 32{\times}32{\times}128
# \to 64{\times}64{\times}3$$
#
# A convolution from $a$ to $b$ channels has $k \cdot k \cdot a \cdot b$ weights: the same kernel serves every place, so
# the size of the image does not enter. Batch norm adds a gain and a shift for each channel. With these two rules we can
# count every parameter. The first layer turns `z` into 4×4 with a 4×4 kernel, the others have 5×5 kernels.

# %%
channels = [100, 1024, 512, 256, 128, 3]
rows = {}
for i in range(5):
    a, b = channels[i], channels[i + 1]
    k, size = 4 if i == 0 else 5, 4 * 2**i
    rows[f"{a} to {b} channels"] = f"{size}×{size}", k * k * a * b, 2 * b if b > 3 else 0
counts = pd.DataFrame(rows, ["map", "weights", "in batch norm"]).T
total = counts["weights"].sum() + counts["in batch norm"].sum()
show_table(counts, f"{total:,} parameters in all.")

# %% [markdown]
# Does the package's network agree?

# %%
paper = preset("paper", nc=3)
netG = build_generator(paper)
print(f"G's parameters by hand: {total:,}, by PyTorch: {count_parameters(netG):,}")

# %% [markdown]
# D is the mirror image of G. Its last kernel covers all of the 4×4 map and leaves one number, the logit. The drawing
# under this lesson's title shows both. It was made by running the networks: each shape is one that a layer gave. Any
# network can be drawn so. Here is one that departs from the guidelines in several places.
#
# > **Predict:** read the settings in the next cell. How many of the five guidelines does this network keep?
# >
# > - none
# > - one <!-- right -->
# > - two
# > - three

# %% jupyter={"outputs_hidden": true}
from dcgan_course.plots import architecture

odd = preset("mnist64", nc=3, d_downsample="pool", output_norm=True, d_activation="relu",
             output="sigmoid")
svg, words = architecture(odd)
show(svg, "Dashed: the layers that depart from a guideline, with its number.", words)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# It keeps one, guideline 3: nothing is fully connected. D pools instead of striding (1). G's last layer has batch norm
# (2) and ends in a sigmoid (4). D's hidden layers have ReLU, which is flat below zero (5).
#
# </details>

# %% [markdown]
# ## 7 · The first weights
#
# The paper draws all weights from N(0, 0.02), normal with the *standard deviation* 0.02. The authors' code draws batch
# norm's gains from N(1, 0.02); a gain near 0 would all but switch its channel off. Asked for the reason behind the 1, a
# co-author of the paper answered: "no real rationale, just empirical success"
# ([pytorch/examples, issue 516](https://github.com/pytorch/examples/issues/516)). For the 0.02 the paper gives no
# reason either.
#
# Two mistakes have been made in teaching material. In one, the gains are drawn from N(0, 0.02) as well, so that every
# channel starts some 50 times too weak (the DCGAN chapter of [Dive into Deep
# Learning](https://d2l.ai/chapter_generative-adversarial-networks/dcgan.html) draws *every* parameter so). In the
# other, the function is defined and tested, but never **applied**.
#
# > **Exercise 3 · init_weights** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Write the function that draws a network's first weights. Convolutions of both kinds: weights N(0, 0.02), biases 0.
# > Batch norm: gains (`weight`) N(1, 0.02), shifts (`bias`) 0. Go through *all* layers, inner ones too, and return the
# > net.

# %%
def my_init_weights(net):
    """Give convolutions and batch norm their first weights, in place; returns net."""
    raise NotImplementedError


# %%
init_weights = checks.check_init_weights(my_init_weights)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `net.modules()` goes through all layers; `isinstance(m, (nn.Conv2d,
# nn.ConvTranspose2d))` picks convolutions; `nn.init.normal_(m.weight, mean, std)` fills a tensor in place; `std` is the
# standard deviation. A bias may be `None`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_init_weights(net):
#     """Give convolutions and batch norm their first weights, in place; returns net."""
#     for m in net.modules():
#         if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
#             nn.init.normal_(m.weight, 0.0, 0.02)
#             if m.bias is not None:
#                 nn.init.zeros_(m.bias)
#         elif isinstance(m, nn.BatchNorm2d):
#             nn.init.normal_(m.weight, 1.0, 0.02)
#             nn.init.zeros_(m.bias)
#     return net
# ```
# </details>

# %% [markdown]
# ## 8 · Your generator
#
# Sections 1, 2 and 4 have said what each layer of G is, section 6 how wide it is. Now write all of it.
#
# > **Exercise 4 · The generator** — difficulty 2 of 3 · importance 3 of 3 · 15 minutes
# >
# > Write a G that leads from `z` (N, nz) to images (N, nc, 64, 64). The first layer turns `z` into a 4×4 map with
# > `8 * ngf` channels (reshape `z` to (N, nz, 1, 1) for it); three blocks that halve the channels follow, then the
# > output layer. Use 4×4 kernels everywhere, and keep all five guidelines. You may use your `block`.

# %%
class MyGenerator(nn.Module):
    """z (N, nz) -> images (N, nc, 64, 64) in [-1, 1]."""

    def __init__(self, nz=100, ngf=64, nc=3):
        super().__init__()
        raise NotImplementedError

    def forward(self, z):
        raise NotImplementedError


# %%
Generator = checks.check_generator(MyGenerator)

# %% [markdown]
# <details><summary>Hint: the first layer</summary>
#
# A transposed convolution with kernel 4, stride 1 and no padding makes 4×4 out of 1×1. It is a hidden layer: batch
# norm and ReLU follow.
# </details>
#
# <details><summary>Hint: the last layer</summary>
#
# From `ngf` to `nc` channels and twice the size, then tanh. No batch norm.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# class MyGenerator(nn.Module):
#     """z (N, nz) -> images (N, nc, 64, 64) in [-1, 1]."""
#
#     def __init__(self, nz=100, ngf=64, nc=3):
#         super().__init__()
#         self.layers = nn.Sequential(
#             nn.ConvTranspose2d(nz, 8 * ngf, 4, bias=False), nn.BatchNorm2d(8 * ngf), nn.ReLU(inplace=True),  # 4 x 4
#             block(8 * ngf, 4 * ngf),  # 8 x 8
#             block(4 * ngf, 2 * ngf),  # 16 x 16
#             block(2 * ngf, ngf),  # 32 x 32
#             nn.ConvTranspose2d(ngf, nc, 4, stride=2, padding=1, bias=False), nn.Tanh(),  # 64 x 64
#         )
#
#     def forward(self, z):
#         return self.layers(z[:, :, None, None])
# ```
# </details>

# %% [markdown]
# ## 9 · Your discriminator
#
# D goes the same way back, by strides (section 1), with LeakyReLU (section 5), and with batch norm but for one place
# (section 2).
#
# > **Exercise 5 · The discriminator** — difficulty 2 of 3 · importance 3 of 3 · 15 minutes
# >
# > Write a D that leads from images (N, nc, 64, 64) to logits (N,). Channels `ndf`, `2 ndf`, `4 ndf`, `8 ndf`, then one
# > number. Where does batch norm go, and where not? Return the logit itself: the loss applies the sigmoid.

# %%
class MyDiscriminator(nn.Module):
    """Images (N, nc, 64, 64) -> logits (N,)."""

    def __init__(self, ndf=64, nc=3):
        super().__init__()
        raise NotImplementedError

    def forward(self, x):
        raise NotImplementedError


# %%
Discriminator = checks.check_discriminator(MyDiscriminator)

# %% [markdown]
# <details><summary>Hint: the shapes</summary>
#
# Four convolutions with kernel 4, stride 2, padding 1 lead from 64 to 4. A last one with kernel 4 and no padding leaves
# (N, 1, 1, 1); `flatten()` makes (N,) of it, also for a batch of one.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# class MyDiscriminator(nn.Module):
#     """Images (N, nc, 64, 64) -> logits (N,)."""
#
#     def __init__(self, ndf=64, nc=3):
#         super().__init__()
#         layers, n_in = [], nc
#         for n_out in (ndf, 2 * ndf, 4 * ndf, 8 * ndf):  # 32 x 32, 16 x 16, 8 x 8, 4 x 4
#             layers.append(nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=False))
#             if n_in != nc:  # not at the input layer
#                 layers.append(nn.BatchNorm2d(n_out))
#             layers.append(nn.LeakyReLU(0.2, inplace=True))
#             n_in = n_out
#         self.layers = nn.Sequential(*layers, nn.Conv2d(n_in, 1, 4, bias=False))
#
#     def forward(self, x):
#         return self.layers(x).flatten()
# ```
# </details>

# %% [markdown]
# ## 10 · Your own DCGAN
#
# The next cell puts both networks together, and *applies* the initialisation. These are your networks, if your answers
# were right:

# %%
from dcgan_course.plots import draw_networks

torch.manual_seed(0)
netG = init_weights(Generator(ngf=16, nc=1))
netD = init_weights(Discriminator(ndf=16, nc=1))
svg, words = draw_networks(netG, torch.zeros(1, 100), netD, torch.zeros(1, 1, 64, 64))
show(svg, "Your networks, an eighth as wide as the paper's, for grey images.", words)

# %% [markdown]
# Nothing is trained yet. So let them play. The two steps below are what lesson 03 is about; here they are imported. Ten
# kinds of digits would take minutes; for a start your networks get one kind. Choose which.

# %% jupyter={"source_hidden": true}
from dataclasses import replace

from tqdm import tqdm

from dcgan_course.data import Batches
from dcgan_course.machine.display import bar_options
from dcgan_course.sampling import generate
from dcgan_course.trainer import d_step, g_step

# %% tags=["nbval-ignore-output"]
DIGIT = 3  # your choice; the cell begins anew, since it builds what it trains
netG = init_weights(Generator(ngf=16, nc=1))
netD = init_weights(Discriminator(ndf=16, nc=1))
optG = torch.optim.Adam(netG.parameters(), 2e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), 2e-3, betas=(0.5, 0.999))
images = load_images("mnist", 64)
images = replace(images, pixels=images.pixels[images.labels == DIGIT], labels=None)
batches, moments = Batches(images, 16, seed=0), {}
z_fixed = torch.randn(10, 100, generator=seeded(0, "lesson"))
for step in tqdm(range(501), desc="your networks", **bar_options()):
    if step in (0, 25, 50, 100, 200, 300, 400, 500):
        moments[f"after {step * 16:,} digits"] = generate(netG, z_fixed)
    x_fake = netG(torch.randn(16, 100))
    d_step(netD, optD, batches[step], x_fake)
    g_step(netD, optG, x_fake)

# %% tags=["nbval-ignore-output"]
sheets = {name: torch.cat([batches[0][:5], x_fake]) for name, x_fake in moments.items()}
show_turned({name: enlarged(sheet, 5, 2) for name, sheet in sheets.items()},
            "First row: real digits. Below: what your G draws from ten z. Push the slider to "
            "the left to see how it began.",
            "five real digits, and under them ten generated ones",
            first=len(sheets) - 1)

# %% [markdown]
# At first every image is the same grey: they are drawn in eval mode, and batch norm's running averages have learned
# nothing yet. Then come stripes and blotches, then bright strokes on a ground that darkens, and after 8,000 digits you
# can read most of the ten, and no two are alike. Look for the lattice of section 1: it fades, and is not yet gone. The
# ground is still a dark grey because G is young, not for the reason of section 2: it has no batch norm on its output,
# and in a run twice as long most of the ground was black. Two networks that you have written drew them, with all five
# guidelines. Lessons 03 and 04 give all ten kinds of digits the time that they need.

# %% [markdown]
# > **Open exercise · Another size** — 45 minutes
# >
# > Design a G and a D for images of 48×96, wide landscapes. Keep as many of the five guidelines as you can, and about
# > as many parameters as the networks above have. Justify each layer: its kernel, its stride, its channels, and where
# > batch norm goes. Then prove by code, without any training, that shapes and ranges are right and that a gradient from
# > D's logit reaches G's first layer.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | shapes | right at the end | derived layer by layer with the formula of exercise 1, and tested for a batch of one |
# | guidelines | "all kept" | each named, with the place where it was hard to keep and what was chosen there |
# | parameters | not counted | counted by hand and by code, and both agree |
# | evenness | not considered | kernels that are multiples of the strides, or the checkerboard is accepted with a reason |
# | tests | it runs | output within [-1, 1], gradients that are not zero, and a test seen to fail on a wrong network |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why does G's transposed convolution need no bias in hidden layers?</summary>
#
# Batch norm follows and subtracts each channel's mean: a bias would be subtracted again at once. Batch norm's own shift
# takes its place.
# </details>
#
# <details><summary>Which of these has batch norm: G's first layer, G's last, D's first, D's last?</summary>
#
# Only G's first layer has it. D's first and G's last are the guideline's two exceptions, and D's last layer gives the
# logit: with batch norm a batch's logits would always average to the shift, so D's mean answer would be the same for a
# real and for a generated batch.
# </details>
#
# <details><summary>An image of 28×28 cannot be halved down to 4×4 exactly. What does the course do?</summary>
#
# It rounds up: 28, 14, 7, 4. Read backwards, the step from 4 to 7 is a transposed convolution that leaves out one row
# and one column.
# </details>
#
# <details><summary>Your tutorial's initialisation test passes, though nobody calls the function. How can that be?</summary>
#
# PyTorch's own first weights have a standard deviation of 1 / sqrt(3 n) for n inputs: for n = 800 that is 0.0204. A
# test that accepts 0.02 plus or minus 0.01 on such a layer cannot fail. Test with a layer whose default is far away.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434): section 3, the guidelines; section 4,
#   the initialisation; figure 1, the generator.
# - Dumoulin, Visin: *A guide to convolution arithmetic for deep learning*,
#   [arXiv 1603.07285](https://arxiv.org/abs/1603.07285).
# - Ioffe, Szegedy: *Batch Normalization*, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167).
# - Odena, Dumoulin, Olah: [*Deconvolution and Checkerboard Artifacts*](https://distill.pub/2016/deconv-checkerboard).
# - The answer about the gains, N(1, 0.02): [pytorch/examples, issue 516](https://github.com/pytorch/examples/issues/516).
# - He and others: *Delving Deep into Rectifiers*, [arXiv 1502.01852](https://arxiv.org/abs/1502.01852).

# %%
from dcgan_course import checks

checks.progress("02")

# %% [markdown]
# ---
# ← [01 · The adversarial game](01_adversarial_game.ipynb) · [03 · Train a DCGAN on MNIST](03_train_mnist.ipynb) →
