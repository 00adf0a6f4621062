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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/02_five_guidelines.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about 15 seconds on two CPU cores.
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

# %% cellView="form" jupyter={"source_hidden": true}
# @title In Colab or on Kaggle: fetch the course
import os
import sys

LENT = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if LENT and not os.path.isdir("../dcgan_course"):
    import importlib.util
    import shutil
    import subprocess

    url = "https://github.com/dcgan-course/dcgan-course"
    there = importlib.util.find_spec("dcgan_course")  # from another notebook of this machine
    home = os.path.dirname(os.path.dirname(there.origin)) if there else os.path.abspath(url.split("/")[-1])
    if os.path.isdir(f"{home}/.git") and not os.path.isfile(f"{home}/.git/index"):
        shutil.rmtree(home)  # a clone that was cut short
    whole = os.path.isdir(home)
    git = ["-C", home, "pull", "--ff-only"] if whole else ["clone", "--depth=1", url, home]
    done = subprocess.run(["git", *git, "--quiet"], capture_output=True, text=True)
    if not os.path.isfile(f"{home}/dcgan_course/machine/colab.py"):
        sys.exit(f"{url}: cannot be fetched (on Kaggle: is Internet on?)\n{done.stderr.strip()[-300:]}")
    sys.path.insert(0, home)
    from dcgan_course.machine.colab import ready

    ready(home, done)

# %% tags=["nbval-ignore-output"]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from dcgan_course import checks
from dcgan_course.commands.info import layer_table
from dcgan_course.config import preset
from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import settle_threads
from dcgan_course.models import build_discriminator, build_generator, count_parameters
from dcgan_course.sampling import generate

torch.manual_seed(0)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% [markdown]
# In 2015 most GANs were built from fully connected layers, and the few convolutional ones were hard to train. Radford,
# Metz and Chintala tried many combinations, and summed up what worked in five guidelines:
#
# 1. **Strides** in place of pooling: strided convolutions in D, fractionally strided (*transposed*) ones in G.
# 2. **Batch norm** in both, but not on G's output nor on D's input layer.
# 3. **No fully connected** hidden layers.
# 4. **ReLU** in G, and **tanh** at its output.
# 5. **LeakyReLU** in D.
#
# This lesson takes them one at a time: the reason for each, the alternative, and what to look for later.

# %% [markdown]
# ## 1 · Strides, by hand
#
# A convolution lays a small **kernel** on the image, multiplies number by number, adds up, and moves on. The **stride**
# is how far it moves: with stride 2 every second place is left out, and the map comes out at half the size.
#
# The next cell does all of it, for one channel. **Predict** before you run it: how large is the result for a 6 x 6 image,
# a 4 x 4 kernel, stride 2 and one ring of zeros around the image (padding 1)?

# %% jupyter={"outputs_hidden": true}
def convolve(image, kernel, stride, padding):
    """(H, W) and (k, k) -> the map of sums, by two plain loops."""
    image, k = F.pad(image, [padding] * 4), len(kernel)
    rows = [[(image[i : i + k, j : j + k] * kernel).sum() for j in range(0, image.shape[1] - k + 1, stride)]
            for i in range(0, image.shape[0] - k + 1, stride)]
    return torch.tensor(rows)


image, kernel = torch.randn(6, 6), torch.randn(4, 4)
by_hand = convolve(image, kernel, stride=2, padding=1)
by_torch = F.conv2d(image[None, None], kernel[None, None], stride=2, padding=1)[0, 0]
print("size", tuple(by_hand.shape), "| largest difference from torch below 0.00001:",
      bool((by_hand - by_torch).abs().max() < 1e-5))

# %% [markdown]
# **Exercise 1 · How large is the result?** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
#
# The kernel must fit into the padded image. Count the places where it can start, and write the formula.

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
# With kernel 4, stride 2 and padding 1 the size is halved exactly, which is why you meet these three numbers in every
# DCGAN. D passes a 64 x 64 image through maps of these sizes:

# %%
sizes = [64]
while sizes[-1] > 4:
    sizes.append(output_size(sizes[-1], 4, 2, 1))
print(" -> ".join(map(str, sizes)))

# %% [markdown]
# **Why not pooling?** Max pooling keeps the largest of four numbers: the rule is fixed in advance. A strided
# convolution *learns* what to keep. And pooling has no useful reverse: G would have to guess where the largest number
# stood. *What to look for:* lesson 06 trains both over five seeds, and on digits pooling in D comes out **better**. The
# authors found their guidelines with deep networks and photographs. They are a safe place to start, but other networks
# and other data may not need all of them.
#
# ## 2 · Fractional strides: the way up
#
# G must go from small to large. What the paper calls a *fractionally strided* convolution is called a **transposed
# convolution** today (and `ConvTranspose2d` in PyTorch). It turns the picture round: each input number *stamps* the
# whole kernel onto the output, multiplied by itself, and the stamps are added where they overlap. The stride is the
# distance between stamps in the *output*.

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
print("size", tuple(by_hand.shape), "| largest difference from torch below 0.00001:",
      bool((by_hand - by_torch).abs().max() < 1e-5))

# %% [markdown]
# With kernel 4, stride 2 and padding 1, the same numbers as before, the size now doubles: 3 becomes 6.
#
# How many stamps reach each output pixel? If that number changes from pixel to pixel, so does the brightness, in a
# regular pattern: the **checkerboard** that you can see in many generated images. **Predict:** which kernel stamps
# evenly, 3 or 4?

# %% jupyter={"outputs_hidden": true}
ones = torch.ones(6, 6)
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), facecolor="white")
for axis, k in zip(axes, (3, 4, 5), strict=True):
    count = stamp(ones, torch.ones(k, k), stride=2, padding=0)[4:-4, 4:-4]  # without the borders
    axis.imshow(count, cmap="gray", vmin=0, vmax=9)
    axis.set_title(f"kernel {k}: {count.min():.0f} to {count.max():.0f} stamps", fontsize=10)
    axis.axis("off")
    print(f"kernel {k}, stride 2: between {count.min():.0f} and {count.max():.0f} stamps on a pixel")

# %% [markdown]
# A kernel whose size is a multiple of the stride stamps evenly. The paper used 5 x 5 kernels, whose network has to *learn*
# to cancel the pattern; most code since then uses 4 x 4.
#
# **Exercise 2 · One block of G** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
#
# A block doubles the size by a transposed convolution (guideline 1), followed by batch norm (guideline 2) and ReLU
# (guideline 4), in this order.

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

# %%
x = torch.randn(2, 32, 8, 8)
print("in ", tuple(x.shape))
print("out", tuple(block(32, 16)(x).shape))

# %% [markdown]
# ## 3 · The paper's networks, layer by layer
#
# G starts from 100 numbers and ends at 64 x 64 x 3. At each block the size doubles and the channels halve:
#
# $$100 \to 4{\times}4{\times}1024 \to 8{\times}8{\times}512 \to 16{\times}16{\times}256 \to 32{\times}32{\times}128
# \to 64{\times}64{\times}3$$
#
# A convolution from $a$ to $b$ channels has $k \cdot k \cdot a \cdot b$ weights: the same kernel serves every place, so
# the size of the image does not enter. Batch norm adds a gain and a shift for each channel. With these two rules we can
# count every parameter. The first layer turns `z` into 4 x 4 with a 4 x 4 kernel, the others have 5 x 5 kernels.

# %%
channels = [100, 1024, 512, 256, 128, 3]
total = 0
for i in range(5):
    a, b = channels[i], channels[i + 1]
    k = 4 if i == 0 else 5
    weights, norm = k * k * a * b, 2 * b if b > 3 else 0
    total += weights + norm
    size = 4 * 2**i
    print(f"{a:>4} -> {b:>4} channels, {size:>2} x {size:<2}  {weights:>10,} weights {norm:>5,} in batch norm")
print(f"{total:,} parameters")

# %% [markdown]
# Does the package's network agree?

# %%
paper = preset("paper", nc=3)
netG, netD = build_generator(paper), build_discriminator(paper)
print(f"G: {count_parameters(netG):,} parameters, as counted: {count_parameters(netG) == total}")
print(f"D: {count_parameters(netD):,} parameters")

# %% [markdown]
# D is the mirror image of G. Its last kernel covers all of the 4 x 4 map and leaves one number, the logit:

# %%
print(f"{'layer':<12} {'what leaves it':>14} {'parameters':>10}")
for kind, shape, count in layer_table(netD, torch.zeros(1, 3, 64, 64)):
    print(f"{kind:<12} {shape:>14} {count:>10,}")

# %% [markdown]
# ## 4 · Guideline 3: no fully connected hidden layers
#
# A fully connected layer joins every number to every number. Take G's step from 4 x 4 x 1024 to 8 x 8 x 512:

# %%
dense = (4 * 4 * 1024) * (8 * 8 * 512)
convolution = 5 * 5 * 1024 * 512
print(f"fully connected {dense:>12,} weights")
print(f"convolution     {convolution:>12,} weights: {dense / convolution:.0f} times fewer")

# %% [markdown]
# The number is not the only reason. A fully connected layer does not know which pixels are neighbours: it would have to
# learn an edge anew at every place. *What to look for:* lesson 03 compares a fully connected GAN with the DCGAN, on
# the same budget.
#
# Is anything fully connected left? Yes: G's **first layer**. It turns the 100 numbers of `z` into 4 x 4 x 1024 by a
# kernel that covers its whole 1 x 1 input, so every number of `z` reaches every output. The paper says so itself: this
# layer "could be called fully connected as it is just a matrix multiplication", but its result is reshaped and starts
# the stack of convolutions. D's last layer is the mirror image: one number from the whole 4 x 4 map. The guideline is
# about *hidden* layers between these two.
#
# ## 5 · Guideline 2: batch norm, and where it must not be
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
print("largest difference from torch below 0.00001:", bool((by_hand - by_torch).abs().max() < 1e-5))

# %% [markdown]
# It keeps the signal at a healthy size through a deep stack, so gradients arrive, however the weights were drawn. Here
# is a stack of random layers with PyTorch's default first weights, without batch norm and with it. The number is the
# standard deviation of what leaves each layer:

# %%
torch.manual_seed(0)
x = torch.randn(8, 16, 8, 8)
for name, norm in (("without", nn.Identity), ("with", lambda: nn.BatchNorm2d(16))):
    y, deviations = x, []
    for _ in range(6):
        y = F.relu(norm()(nn.Conv2d(16, 16, 3, padding=1)(y)))
        deviations.append(y.std().item())
    print(f"{name:>7} batch norm, standard deviation after each of 6 layers:", " ".join(f"{d:.1f}" for d in deviations))

# %% [markdown]
# Without batch norm this stack fades. That is the fault of these first weights, and better ones exist: He's
# initialisation draws them so that a stack of ReLU layers keeps its size
# ([arXiv 1502.01852](https://arxiv.org/abs/1502.01852)). What a fixed standard deviation such as the paper's 0.02 does
# depends on the width: a layer with few inputs fades, one with very many grows. With batch norm the choice matters much
# less.
#
# The paper gives a stronger reason, from its experiments: batch norm "proved critical to get deep generators to begin
# learning, preventing the generator from collapsing all samples to a single point". *What to look for:* lesson 05,
# section 3, trains without any. But batch norm in *every* layer, the paper continues, led to "sample oscillation and
# model instability".
#
# So the guideline leaves two places out. The paper gives no further reason for either; the following ones are plausible.
#
# **D's input layer.** The brightness and the contrast of a batch carry information: if G's images are too dark, D should
# notice. Batch norm right after the first layer erases that difference between a batch of real and a batch of generated
# images. The next cell sends a dark batch and a bright one through such a layer, without batch norm and with it:

# %%
torch.manual_seed(0)
first = nn.Conv2d(1, 8, 4, 2, 1, bias=False)
dark, bright = torch.randn(32, 1, 28, 28) * 0.1 - 0.8, torch.randn(32, 1, 28, 28) * 0.1 + 0.8
for name, layer in (("without", first), ("with", nn.Sequential(first, nn.BatchNorm2d(8)))):
    means = [layer(batch).mean((0, 2, 3)) for batch in (dark, bright)]
    print(f"{name:>7} batch norm, dark and bright differ by {(means[0] - means[1]).abs().mean():.2f}")

# %% [markdown]
# Take that reason with care. D's *second* layer has batch norm in every DCGAN, and erases much of the same difference
# there. *What to look for:* lesson 05 (sections 3 and 4) puts batch norm on D's input, finds no visible harm on digits,
# and shows that even the usual D does not see pictures that are all too faint.
#
# **G's output layer.** There batch norm would tie every image to the others of its batch: each pixel value is measured
# against the batch's mean and standard deviation, with one gain and one shift for all pixels. Yet G must be able to draw
# digits, most of which is pure black:

# %%
digits = to_float(load_images("mnist", 28).batch(range(2000)))
print(f"real digits: {100 * (digits < -0.99).float().mean():.0f} % of the pixels are darker than -0.99")
fresh = torch.tanh(torch.randn(1_000_000))
print(f"tanh after batch norm with gain 1, shift 0: {100 * (fresh < -0.99).float().mean():.1f} %")

# %% [markdown]
# Gain and shift can be learned, but one pair must serve all pixels of all images. *What to look for:* the paper names
# oscillation and instability. Blur is what a report on the web saw; it changed two things at once, and lesson 05 takes
# them apart over several seeds.
#
# ## 6 · Guidelines 4 and 5: the activations
#
# **tanh at G's output** is bounded as the images are: it ends at -1 and 1, black and white. A sigmoid would end at 0 and
# could not draw anything darker than mid-grey.
#
# **ReLU in G's hidden layers** is the guideline with the weakest reason: the paper gives none. ReLU is the simplest
# choice whose slope, unlike that of tanh, does not fade for large inputs. G can also afford dead ends better than D can,
# since no other network learns through it. Lesson 06 puts LeakyReLU in its place, and five seeds on digits are too few
# to say which is better.
#
# **LeakyReLU in D** lets a little through below zero: its slope there is 0.2, ReLU's is 0. G learns only from the gradient
# that comes *through* D, and where the slope is 0 none passes. How many of D's units are such dead ends, for a batch of
# digits?

# %%
netD = build_discriminator(preset("mnist", nc=1))
for name, leak in (("ReLU", 0.0), ("LeakyReLU(0.2)", 0.2)):
    y, closed = digits[:64], []
    for layer in netD.blocks[:-1].modules():
        if not list(layer.children()):
            y = F.leaky_relu(y, leak) if isinstance(layer, nn.LeakyReLU) else layer(y)
            if isinstance(layer, nn.LeakyReLU):
                closed.append((y == 0).float().mean())
    print(f"{name:<15} passes no gradient in {100 * sum(closed) / len(closed):.0f} % of the units")

# %%
t = torch.linspace(-3, 3, 200)
figure, axes = plt.subplots(1, 2, figsize=(9, 3), facecolor="white", layout="constrained")
for name, y, colour in (("tanh", t.tanh(), "#D55E00"), ("sigmoid", t.sigmoid(), "#0072B2")):
    axes[0].plot(t, y, color=colour, label=name)
axes[0].axhspan(-1, 1, alpha=0.08, color="black", label="range of the images")
for name, y, colour in (("LeakyReLU(0.2)", F.leaky_relu(t, 0.2), "#D55E00"), ("ReLU", t.relu(), "#0072B2")):
    axes[1].plot(t, y, color=colour, label=name)
for axis, title in zip(axes, ("Output: only tanh reaches black", "Hidden: only LeakyReLU has a slope below 0"),
                       strict=True):
    axis.set(xlabel="input", ylabel="output", title=title)
    axis.legend(frameon=False)

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
# channel starts some 50 times too weak (the DCGAN chapter of
# [Dive into Deep Learning](https://d2l.ai/chapter_generative-adversarial-networks/dcgan.html) draws *every* parameter
# so). In the other, the function is defined and tested, but never **applied**.
#
# **Exercise 3 · init_weights** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
#
# Convolutions of both kinds: weights N(0, 0.02), biases 0. Batch norm: gains (`weight`) N(1, 0.02), shifts (`bias`) 0.
# Go through *all* layers, inner ones too, and return the net.

# %%
def my_init_weights(net):
    """Give every convolution and batch norm of `net` its first weights, in place; returns net."""
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
#     """Give every convolution and batch norm of `net` its first weights, in place; returns net."""
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
# ## 8 · Your own DCGAN
#
# **Exercise 4 · The generator** — difficulty 2 of 3 · importance 3 of 3 · 15 minutes
#
# From `z` (N, nz) to images (N, nc, 64, 64). The first layer turns `z` into a 4 x 4 map with `8 * ngf` channels
# (reshape `z` to (N, nz, 1, 1) for it), then three blocks that halve the channels, then the output layer. Kernels 4 x 4
# everywhere. Keep all five guidelines. You may use your `block`.

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
# A transposed convolution with kernel 4, stride 1 and no padding makes 4 x 4 out of 1 x 1. It is a hidden layer: batch
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
# **Exercise 5 · The discriminator** — difficulty 2 of 3 · importance 3 of 3 · 15 minutes
#
# From images (N, nc, 64, 64) to logits (N,). Channels `ndf`, `2 ndf`, `4 ndf`, `8 ndf`, then one number. Where does
# batch norm go, and where not? Return the logit itself: the loss applies the sigmoid.

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
# Put together, and the initialisation *applied*:

# %%
torch.manual_seed(0)
netG, netD = init_weights(Generator(ngf=32)), init_weights(Discriminator(ndf=32))
x_fake = generate(netG, torch.randn(16, 100))
print(f"G {count_parameters(netG):,} parameters, D {count_parameters(netD):,}")
print("images", tuple(x_fake.shape), "| logits", tuple(netD(x_fake).shape))

# %% [markdown]
# Nothing is trained yet. With weights this small every image is nearly the same grey:

# %%
print(f"mean {x_fake.mean():.2f}; every pixel within 3 grey levels of 127.5: {bool(x_fake.abs().max() * 127.5 < 3)}")

# %% [markdown]
# **Open exercise · Another size** — 45 minutes
#
# Design a G and a D for images of 48 x 96, wide landscapes. Keep as many of the five guidelines as you can, and about as
# many parameters as the networks above have. Justify each layer: its kernel, its stride, its channels, and where batch
# norm goes. Then prove by code, without any training, that shapes and ranges are right and that a gradient from D's
# logit reaches G's first layer.

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
# Only G's first. D's first and G's last are the guideline's two exceptions, and D's last layer gives the logit: with
# batch norm a batch's logits would always average to the shift, so D could never call a whole batch fake.
# </details>
#
# <details><summary>An image of 28 x 28 cannot be halved down to 4 x 4 exactly. What does the course do?</summary>
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
#
# ## References
#
# - Radford, Metz, Chintala, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434): section 3, the guidelines; section 4,
#   the initialisation; figure 1, the generator.
# - Dumoulin, Visin: *A guide to convolution arithmetic for deep learning*,
#   [arXiv 1603.07285](https://arxiv.org/abs/1603.07285).
# - Ioffe, Szegedy: *Batch Normalization*, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167).
# - Odena, Dumoulin, Olah: *Deconvolution and Checkerboard Artifacts*, https://distill.pub/2016/deconv-checkerboard.
# - The answer about the gains, N(1, 0.02): https://github.com/pytorch/examples/issues/516.
# - He and others: *Delving Deep into Rectifiers*, [arXiv 1502.01852](https://arxiv.org/abs/1502.01852).
