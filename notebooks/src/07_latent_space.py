# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · Walking the latent space
#
# <img src="../data/walk.webp" width="796" alt="six cartoon faces change without a jump into others: hair, glasses, skin and background, one after the other">
#
# *Each face is one point; here six points walk on great circles through three places each. In this lesson you write that
# walk, and ask what lies between two pictures.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/07_latent_space.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about 40 seconds on two CPU cores.
#
# **You need:** lesson 03 or a trained generator; dot products, sines and cosines.
#
# After this lesson you can
#
# - walk from one picture to another, on a straight line and on a sphere, and say what differs;
# - put "there are no sharp transitions" into numbers, and tell a walk from a slide show;
# - draw a whole latent plane, and find the training images nearest to a generated one;
# - add and subtract concepts, count how often it works, and know why one example is too few.
#
# **You write** slerp, the four-corner grid and the vector arithmetic; **we import** trained generators and their
# judges.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# Below, six faces become six others, in two ways: above G draws every stop of a walk, and below the pixels of one picture
# fade into those of the next. The slider stands halfway: which row is made of faces? Move it: does anything jump?

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
import numpy as np
import pandas as pd
import torch

from dcgan_course import checks
from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.plots import show, show_rows, show_table, show_turned
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, image_grid, lerp, sample_z

print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% jupyter={"source_hidden": true}
from PIL import Image

from dcgan_course import sampling


def large(images, nrow, times):
    """A sheet of images, so many in a row, as a picture with larger pixels."""
    picture = Image.fromarray(image_grid(images, nrow).numpy())
    return picture.resize((times * picture.width, times * picture.height),
                          Image.Resampling.NEAREST)


drawn = load_run("avatars")
cartoonist = drawn.load_generator()
twelve = sample_z(12, drawn.config.nz, drawn.config.z, seeded(9, "lesson"))
first, last = (generate(cartoonist, z) for z in (twelve[:6], twelve[6:]))
moments = {}
for t in np.linspace(0, 1, 7):
    between = [sampling.slerp(p, q, float(t))
               for p, q in zip(twelve[:6], twelve[6:], strict=True)]
    walked = generate(cartoonist, torch.stack(between))
    faded = lerp(first, last, float(t))
    moments[f"{t:.0%} of the way"] = large(torch.cat([walked, faded]), 6, 2)
show_turned(moments, "Six walks of G above, six fades of pixels below.",
            "two rows of six cartoon faces, which become six others: above nearly all are "
            "faces, below two faces lie over one another", first=3)

# %% [markdown]
# The fade lays two faces over one another. On G's walk hair, skin and glasses change one after the other, and at nearly
# every stop stands a face. Is that so on every walk, or did we choose good ones? To answer in numbers we take a
# generator of digits, the run `mnist`; the faces come back in section 5. The **judge** of each generator is a
# classifier that saw real images only.

# %% jupyter={"source_hidden": true}
run = load_run("mnist")
netG, judge = run.load_generator(), load_judge("mnist")
digits = load_images("mnist", 28)

# %% [markdown]
# ## 1 · Where is z?
#
# A `z` of a hundred normal numbers is a point in a space of a hundred dimensions. Where does it lie?
#
# > **Predict:** how long is such a vector, mostly? The density is highest at 0.
# >
# > - near 0
# > - near 10 <!-- right -->
# > - near 100

# %% jupyter={"outputs_hidden": true}
z = sample_z(10_000, run.config.nz, run.config.z, seeded(0, "lesson"))
lengths = z.norm(dim=1)
print(f"length: mean {lengths.mean():.1f}, standard deviation {lengths.std():.1f},",
      f"shortest {lengths.min():.1f}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Near 10; nothing lies near the middle. The square of the length is a sum of 100 squares, each 1 on average, so the
# length is near $\sqrt{100} = 10$. Normal z lie on a thin **shell**.
# </details>

# %% [markdown]
# Now walk from one to another. The straight line, **lerp** for short, is $a + t\,(b - a)$.
#
# > **Predict:** how long is `z` halfway?
# >
# > - near 5
# > - near 7 <!-- right -->
# > - near 10

# %% jupyter={"outputs_hidden": true}
a, b = z[:200], z[200:400]
for t in (0.0, 0.25, 0.5):
    print(f"t = {t:.2f}: mean length {lerp(a, b, t).norm(dim=1).mean():.1f}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Near 7. Two random directions in 100 dimensions are nearly at right angles, so the middle of the line lies inside of
# the shell, at $10 / \sqrt 2$. In training G hardly ever gets a `z` that short.
# </details>

# %% [markdown]
# A way that keeps the length is the **great circle**, **slerp** for short:
#
# $$\frac{\sin((1 - t)\,\omega)}{\sin \omega}\,a + \frac{\sin(t\,\omega)}{\sin \omega}\,b$$
#
# where $\omega$ is the angle between a and b: $\cos \omega = a \cdot b\, / \,(|a|\,|b|)$. The next figure cuts the
# space through the middle and both ends:

# %% jupyter={"source_hidden": true}
import matplotlib.pyplot as plt

from dcgan_course.plots import BLUE, GREEN, GREY, INK, ORANGE, STYLE

plt.style.use(STYLE)
figure, axes = plt.subplots(figsize=(4.8, 4.6))
turn, quarter = np.linspace(0, 2 * np.pi, 200), np.linspace(0, np.pi / 2, 60)
axes.plot(10 * np.cos(turn), 10 * np.sin(turn), color=GREY, linewidth=7, alpha=0.3)
axes.plot(10 * np.cos(quarter), 10 * np.sin(quarter), color=BLUE, linewidth=3)
axes.plot([10, 0], [0, 10], color=ORANGE, linewidth=3)
for t in (0.25, 0.5):  # from 0 through the line's points to the arc
    x, y = 10 * (1 - t), 10 * t
    ray = 10 / np.hypot(x, y)
    axes.plot([0, ray * x], [0, ray * y], color=GREY, linewidth=1)
    axes.plot(x, y, "o", color=ORANGE, markersize=5)
for x, y, colour, words, place in (
        (10, 0, INK, "a", (10.9, -0.4)), (0, 10, INK, "b", (-0.3, 11)),
        (0, 0, GREY, "0", (-1.2, -1.2)),
        (5, 5, ORANGE, "lerp, halfway:\nlength 7", (-4.2, 3.2)),
        (7.07, 7.07, BLUE, "slerp, halfway:\nlength 10", (7.9, 7.6))):
    axes.plot(x, y, "o", color=colour, markersize=8)
    axes.annotate(words, place, color=colour, fontsize=11)
axes.text(-9.2, -11.8, "the shell, where normal z lie", color=GREY, fontsize=11)
axes.set(xlim=(-12, 15), ylim=(-12.5, 12.5), aspect="equal")
axes.axis("off")
show(figure, "The line cuts through the inside; the circle stays on the shell.",
     "a grey circle; from a point a to a point b, at right angles, an orange chord, whose "
     "middle lies inside, and a blue arc along the circle; two thin rays from 0 cross both")

# %% [markdown]
# > **Exercise 1 · slerp** — difficulty 2 of 3 · importance 3 of 3 · 10 minutes
# >
# > Write the formula as a function: the point at share t of the way from a to b. Two equal vectors have the angle 0; your
# > function must survive that.

# %%
def my_slerp(a, b, t):
    """a, b (nz,), t from 0 to 1 -> the point at share t of the great circle's way, (nz,)."""
    raise NotImplementedError


# %%
slerp = checks.check_slerp(my_slerp)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `torch.acos(cosine)` is the angle in radians; rounding can make the cosine 1.0000001, so clamp it to [-1, 1]. Where the
# sine of the angle is tiny, use `lerp`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_slerp(a, b, t):
#     cosine = torch.clamp(a @ b / (a.norm() * b.norm()), -1, 1)
#     angle = torch.acos(cosine)
#     if torch.sin(angle) < 1e-6:
#         return lerp(a, b, t)
#     return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
# ```
# </details>

# %%
middle = torch.stack([slerp(p, q, 0.5) for p, q in zip(a, b, strict=True)])
print(f"halfway on the great circle: mean length {middle.norm(dim=1).mean():.1f}")

# %% [markdown]
# Here is a walk of 36 pictures, nine in a row. Follow it with a finger: where does one digit become the other?

# %%
def walk(p, q, path, frames=36):
    """A path's z, (frames, nz)."""
    return torch.stack([path(p, q, float(t)) for t in torch.linspace(0, 1, frames)])


# %%
ends = sample_z(40, run.config.nz, run.config.z, seeded(4, "lesson"))
show(generate(netG, walk(ends[0], ends[1], slerp)),
     "36 pictures on the great circle, row by row.",
     "a digit changes its strokes little by little until it is another one", 9)

# %% [markdown]
# ## 2 · Is the sphere better?
#
# The great circle is usually said to be better, because of the length. Three numbers describe pictures here: the judge's
# **confidence**, the **distance** of its features to those of the nearest of 10,000 real digits, and the **ink**, the
# share of white. Real digits that the judge has not seen are the floor.

# %% jupyter={"source_hidden": true}
real = torch.from_numpy(judged(judge, to_float(digits.batch(range(10_000))))[0])


def quality(images):
    """Mean confidence, mean distance to the nearest real digit, mean ink."""
    features, probabilities = judged(judge, images)
    distance = torch.cdist(torch.from_numpy(features), real).min(1).values.mean()
    return {"confidence": f"{probabilities.max(1).mean():.2f}", "distance": f"{distance:.0f}",
            "ink": f"{(images.mean() + 1) / 2:.2f}"}


def on_the_way(path, t):
    """Pictures of all 200 pairs, at the share t of the way."""
    return generate(netG, torch.stack([path(p, q, t) for p, q in zip(a, b, strict=True)]))


# %% [markdown]
# > **Predict:** how are the pictures halfway on the straight line, beside those at its start?
# >
# > - a little worse <!-- right -->
# > - much worse, hardly digits
# > - paler

# %% jupyter={"outputs_hidden": true}
pixels_a, pixels_b = generate(netG, a), generate(netG, b)
test = load_images("mnist", 28, split="test")
unseen = torch.randperm(test.count, generator=seeded(0, "lesson"))[:200]
places = {"real digits": to_float(test.batch(unseen)), "start": pixels_a,
          "lerp, halfway": on_the_way(lerp, 0.5),
          "slerp, halfway": on_the_way(slerp, 0.5),
          "mean of both pictures": (pixels_a + pixels_b) / 2}
show_table(pd.DataFrame({name: quality(images) for name, images in places.items()}).T)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# They are a little worse, and **bolder**: they have more ink. We had expected a clear loss. A shorter `z` makes the
# first layer's output smaller, and the fixed shifts of batch norm after it weigh more. The *mean of two pictures*, in
# contrast, is a double exposure that no one would call a digit.
# </details>

# %% [markdown]
# Here are both ways for six pairs of digits, the straight line above. Move the slider, and watch how bold the strokes
# are:

# %% jupyter={"source_hidden": true}
firsts, seconds = ends[[8, 4, 6, 12, 14, 0]], ends[[9, 5, 7, 13, 15, 1]]
moments = {}
for t in np.linspace(0, 1, 11):
    ways = [torch.stack([path(p, q, float(t)) for p, q in zip(firsts, seconds, strict=True)])
            for path in (lerp, slerp)]
    long = [f"{way.norm(dim=1).mean():.1f}" for way in ways]
    words = f"t = {t:.1f}; mean length of z: lerp {long[0]}, slerp {long[1]}"
    moments[words] = large(generate(netG, torch.cat(ways)), 6, 4)
show_turned(moments, "Above lerp, below slerp: six pairs of ends, and t on the slider.",
            "two rows of six digits; halfway those of the upper row are bolder", first=5)

# %% [markdown]
# Halfway each upper digit is bolder than the one below it. The right pair shows how far that can go: at t = 0.6
# the line leads through a blot, the circle through thin strokes.
#
# Halfway on the line `z` has about 0.71 of its length. What if it is shorter still?

# %%
scales = {"z as drawn": 1, "0.71 times as long, as halfway on the line": 0.71,
          "0.5 times as long": 0.5, "0.35 times as long": 0.35}
shorter = {name: generate(netG, scale * a) for name, scale in scales.items()}
show_table(pd.DataFrame({name: quality(images) for name, images in shorter.items()}).T)
show_rows({name: images[:14] for name, images in shorter.items()},
          "The same fourteen z, shorter from row to row.",
          "fourteen digits, the same ones bolder, bolder still, and as white squares")

# %% [markdown]
# At half the length most of them are blots, and yet the judge is 94 % sure on average: it has never seen a blot, so its
# confidence means nothing there. Distance and ink tell.
#
# Why do lerp and slerp lead through the same digits? Because they pass through exactly the same **directions**, as the
# thin rays in section 1's figure show: both mix a and b with positive weights. Only the length differs, and the pace:
# for ends at a right angle slerp is first ahead, then behind, by four degrees at most.
#
# Slerp is the cleaner choice. It asks G for nothing that it was not trained on, it turns evenly, and on
# average strokes keep their weight. Straight lines do little harm on average, though single pictures break: look at some
# of the fourteen digits in the second row above, as long as those halfway on a line.
#
# ## 3 · "No sharp transitions", in numbers
#
# The paper looks at walks for a reason: "sharp transitions" would be a sign that G has memorised its training images,
# and jumps from one to the next. "Smooth" can be measured. Take a walk's 36 pictures, in the judge's features, and ask
#
# - how much of the whole way is the **largest step** (if all steps were equal, it would be 1/35, about 3 %);
# - how far the picture halfway is from real digits.
#
# Three ways of going from A to B:
#
# - **G's walk**: slerp in z;
# - **a cross-fade**: A's pixels fade out, B's fade in;
# - **a memoriser**: G's walk, but each picture is replaced by the training image nearest to it by pixels, as if G had
#   stored them all.

# %% jupyter={"source_hidden": true}
shelf = to_float(digits.batch(range(10_000)))


def memorised(images):
    """The nearest training image of each, pixel by pixel."""
    return shelf[torch.cdist(images.flatten(1), shelf.flatten(1)).argmin(1)]


def smoothness(images):
    """Largest step over the whole way; distance of the middle picture to real digits."""
    features = torch.from_numpy(judged(judge, images)[0])
    steps = (features[1:] - features[:-1]).norm(dim=1)
    middle = torch.cdist(features[17:18], real).min()
    return (steps.max() / steps.sum()).item(), middle.item()


rows = {"G's walk": [], "cross-fade": [], "memoriser": []}
for p, q in zip(ends[:20], ends[20:], strict=True):
    images = generate(netG, walk(p, q, slerp))
    faded = walk(images[0], images[-1], lerp)
    for name, pictures in zip(rows, (images, faded, memorised(images)), strict=True):
        rows[name].append(smoothness(pictures))

# %% [markdown]
# > **Predict:** which of the three is the smoothest, by its largest step?
# >
# > - G's walk
# > - the cross-fade <!-- right -->
# > - the memoriser

# %% jupyter={"outputs_hidden": true}
middles = {name: np.median(values, 0) for name, values in rows.items()}
show_table(pd.DataFrame(
    {name: {"largest step, of the way": f"{jump:.0%}",
            "halfway, from real digits": f"{middle:.0f}"}
     for name, (jump, middle) in middles.items()}).T)

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The cross-fade: it is the smoothest of all, but its pictures leave the digits. The memoriser's pictures never leave them
# (they *are* real), but they jump. G's walk lies between the two: it has no jump like the memoriser's, and it stays
# nearer to digits than the fade. (These are medians of twenty walks; section 2 had means of 200 pictures, which a few
# bad ones raise.) "Smooth" alone proves nothing. **Smooth and on the data** says more, once the pictures are also
# far from every training image, as section 4 asks.
# </details>

# %% [markdown]
# Here is one walk of each kind. (The memoriser's sixes are what is nearest by pixels: much ink in the same places.)

# %% jupyter={"source_hidden": true}
images = generate(netG, walk(ends[0], ends[1], slerp, 18))
fade = walk(images[0], images[-1], lerp, 18)
show_rows({"G's walk": images, "a cross-fade": fade, "a memoriser": memorised(images)},
          "From one digit to another, in eighteen pictures.",
          "three rows from one digit to another: by even steps, by fading, and by jumps")

# %% [markdown]
# ## 4 · Has it memorised?
#
# The other half of the question is which training image lies nearest to a generated one. The next picture shows it, by
# the judge's features, among 10,000 training images (by pixels the nearest image is often just one with as much ink).

# %% jupyter={"source_hidden": true}
some = generate(netG, ends[:12])
apart = torch.cdist(torch.from_numpy(judged(judge, some)[0]), real)
usual = torch.cdist(real[:1000], real).kthvalue(2).values  # the first is the digit itself
nearest = apart.min(1)
show_rows({"generated": some, "the training image nearest to each": shelf[nearest.indices]},
          "Is anything copied? Above each pair: how far apart its features are.",
          "twelve generated digits; the real one under each is alike, in different strokes",
          heads=[f"{distance:.1f}" for distance in nearest.values])
print(f"median of these distances: {nearest.values.median():.1f};",
      f"from a training image to the next: {usual.median():.1f};",
      f"ratio: {nearest.values.median() / usual.median():.1f}")

# %% [markdown]
# The first pair is the most alike, by features and by pixels; the third generated picture is no clear digit at all. **The
# generated digits lie 1.1 times as far from the nearest training image as one training image lies from the next.** A G
# that stores its training images would have a ratio near 0.
#
# A ratio of 1 is no proof of the contrary: it comes from 12 pictures, from a sixth of the training images, and from
# features that were trained on these very images. So this is a look at pairs, not a test.
# [Lesson 11](11_measuring_gans.ipynb), section 6, has a test by a neutral measure, and says why the paper's authors
# trusted no nearest neighbours at all.
#
# ## 5 · Four corners
#
# Two numbers, one across and one down, mix four pictures: go from corner to corner down the left side and down the
# right side, then straight across.
#
# > **Exercise 2 · The grid** — difficulty 2 of 3 · importance 2 of 3 · 10 minutes
# >
# > From four corners make the z of an n x n grid. Use straight lines. The corners must be in the grid.

# %%
def my_corner_grid(corners, n):
    """corners (4, nz): upper left, upper right, lower left, lower right -> an n x n grid's z,
    row by row, (n * n, nz)."""
    raise NotImplementedError


# %%
corner_grid = checks.check_corner_grid(my_corner_grid)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `t = torch.linspace(0, 1, n)`, then `lerp(corners[0], corners[2], t[:, None])` is the left side, (n, nz). For all rows
# at once: `left[:, None]`, `right[:, None]` and `t[None, :, None]`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_corner_grid(corners, n):
#     t = torch.linspace(0, 1, n)
#     left = lerp(corners[0], corners[2], t[:, None])
#     right = lerp(corners[1], corners[3], t[:, None])
#     return lerp(left[:, None], right[:, None], t[None, :, None]).flatten(0, 1)
# ```
#
# Two loops over rows and columns are as good.
# </details>

# %%
faces = load_run("avatars")
netF = faces.load_generator()
corners = sample_z(4, faces.config.nz, faces.config.z, seeded(4, "lesson"))  # chosen
show(generate(netF, corner_grid(corners, 8)),
     "Four faces in the corners, their mixtures between them.",
     "a sheet of eight by eight faces that change from each corner to the others", 8)

# %% [markdown]
# Look along the edges (the corners are chosen: four clean faces). Hair, skin and background do not change at the same
# place, but each changes rather quickly.
# Faces halfway between glasses and no glasses do not occur in the data, so G passes from one to the other within few
# steps. In the middle of the sheet `z` is only half as long as in its corners; at half the length most of section 2's
# digits were blots. This G bears it, but look: the faces there are pale, and alike.
#
# <details><summary>How were these faces trained?</summary>
#
# Their training departs from guideline 2: its D has no batch norm, and a penalty (R1) keeps it from being steep. With
# the guidelines' D, in the run `avatars_plain`, the faces had a woven grain and broken mouths
# ([data/README.md](../data/README.md) shows both, with their distances).
# </details>

# %% [markdown]
# ## 6 · A whole latent plane
#
# The run `mnist2d` has `nz = 2`: its latent space is a square, and you can draw all of it. Its `z` are uniform in
# [-1, 1], so even steps show each part as often as it is drawn.
#
# Below, each digit has the colour of what the judge reads. Where the judge is less than 90 % sure, the digit is white.

# %% jupyter={"source_hidden": true}
from matplotlib.colors import to_rgb
from PIL import ImageDraw

from dcgan_course.plots.style import lettering
from dcgan_course.sampling import plane_grid

plane = load_run("mnist2d")
whole = generate(plane.load_generator(), plane_grid(20, "uniform"))
probabilities = judged(judge, whole)[1]
palette = np.array([to_rgb(name) for name in (
    "cornflowerblue", "orange", "limegreen", "tomato", "mediumpurple", "peru", "hotpink",
    "gold", "greenyellow", "turquoise")])
unsure = probabilities.max(1) < 0.9
colours = np.where(unsure[:, None], 1, palette[probabilities.argmax(1)])
tint = torch.from_numpy(colours).float()[:, :, None, None]
light = ((whole + 1) / 2 * 15).round() / 15  # 16 steps: less than half the bytes
painted = large(2 * light * tint - 1, 20, 2)
legend = Image.new("RGBA", (painted.width, painted.height + 56))
legend.paste(painted, (0, 0))
pen = ImageDraw.Draw(legend)
pen.text((0, painted.height + 30), "read as", INK, lettering(30), "lm")
for digit, colour in enumerate([*palette, np.ones(3)]):
    left = 130 + 80 * digit
    square = (left, painted.height + 14, left + 32, painted.height + 46)
    pen.rectangle(square, tuple((255 * colour).astype(int)), outline=GREY)
    pen.text((left + 42, painted.height + 30), "unsure" if digit == 10 else str(digit), INK,
             lettering(30), "lm")
show(legend, "z[0] from -1 (left) to 1 (right), z[1] from -1 (bottom) to 1 (top).",
     "a map of digits: coloured regions of one digit each, and white digits along borders; "
     "below it a legend says which colour is which digit")

# %% [markdown]
# Each digit has one region or several, and along their borders lie pictures that are neither digit.
#
# > **Predict:** estimate by eye: how much of the plane is white?
# >
# > - about 1 %
# > - about 8 % <!-- right -->
# > - about 30 %

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
shares = np.bincount(probabilities.argmax(1), minlength=10) / len(probabilities)
show_table(pd.DataFrame({"share of the plane": [f"{share:.0%}" for share in shares]}).T)
print(f"less than 90 % sure: {unsure.mean():.0%}")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 8 %. All ten digits have their share of the plane, from 6 to 14 %, and the borders between them are narrow: in a
# step or two one digit becomes another. A sure judge need not be right, though. Look at the upper right corner: it reads
# eights there.
# </details>

# %% [markdown]
# With normal z, even steps would waste the sheet on corners that hardly ever occur. There one takes steps of the same
# **probability**, the quantiles of the normal distribution; `plane_grid(20, "normal")` does so.
#
# ## 7 · Vector arithmetic
#
# The paper's most famous picture shows *smiling woman - neutral woman + neutral man = smiling man*. The sum is taken
# not of pictures but of their `z`. Our cartoon faces have exact labels, and a judge that reads them, so here we can
# count how often such a sum succeeds.
#
# Our version is **glasses with long hair - long hair without glasses + short hair without glasses**, which should give
# short hair with glasses. To find exemplars, the next cell draws 2,000 faces and lets the judge sort them.

# %% jupyter={"source_hidden": true}
reader = load_judge("avatars")
z = sample_z(2000, faces.config.nz, faces.config.z, seeded(0, "lesson"))
pictures = generate(netF, z)
read = judged(reader, pictures)[1]


def has(attribute):
    """The judge's probability of an attribute for each of the 2,000 faces, (2000,)."""
    return read[:, reader.names.index(attribute)]


def pool(attribute, present, long_hair):
    """Which faces surely have the attribute, or surely not, with long or short hair."""
    sure = (has(attribute) > 0.9) if present else (has(attribute) < 0.1)
    hair = (has("long_hair") > 0.9) if long_hair else (has("long_hair") < 0.1)
    return np.flatnonzero(sure & hair)


WHICH = ((True, True), (False, True), (False, False))
WHO = ("with glasses and long hair", "without glasses, with long hair",
       "without glasses, with short hair")
print("faces found:", "; ".join(f"{len(pool('glasses', *which))} {who}"
                                for which, who in zip(WHICH, WHO, strict=True)))

# %% [markdown]
# > **Exercise 3 · The sum** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Write the sum of three concepts, "a - b + c", as one `z`. A concept is the **mean** of some exemplars' `z`; the paper
# > takes three of each.

# %%
def my_vector_sum(a, b, c):
    """Exemplars of three concepts, each (k, nz), k may differ -> "a - b + c", one z (nz,)."""
    raise NotImplementedError


# %%
vector_sum = checks.check_vector_sum(my_vector_sum)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `a.mean(0)` is the mean over the exemplars.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_vector_sum(a, b, c):
#     return a.mean(0) - b.mean(0) + c.mean(0)
# ```
# </details>

# %% [markdown]
# Here is one sum. Small: three exemplars of each concept, all without a beard; large: the face of their mean `z`. Below,
# as in the paper, stand eight neighbours of the result: the same `z` plus uniform noise of up to 0.25 in each number.

# %% jupyter={"source_hidden": true}
shaven = has("facial_hair") < 0.1
picks = [z[[i for i in pool("glasses", *which) if shaven[i]][:3]] for which in WHICH]
result = vector_sum(*picks)
noise = sample_z(8, faces.config.nz, "uniform", seeded(1, "lesson")) * 0.25
means = [*(x.mean(0) for x in picks), result]
HEADS = ("glasses, long hair", "no glasses, long hair", "no glasses, short hair",
         "glasses, short hair")
WIDE, GAP = 400, 72  # of a large face, and of the sign behind it
equation = Image.new("RGBA", (4 * WIDE + 3 * GAP, 892))
pen = ImageDraw.Draw(equation)
for place, (mean, head) in enumerate(zip(means, HEADS, strict=True)):
    left = place * (WIDE + GAP)
    pen.text((left + WIDE // 2, 0), head.replace(", ", ",\n"), GREY, lettering(38), "ma",
             align="center")
    if place < 3:
        equation.paste(large(generate(netF, picks[place]), 3, 2), (left, 108))
        pen.text((left + WIDE + GAP // 2, 450), "−+="[place], ORANGE, lettering(88), "mm")
    equation.paste(large(generate(netF, mean[None]), 1, 6), (left + 8, 256))
below = large(generate(netF, result + noise), 8, 3)
equation.paste(below, (equation.width - below.width, 680))
pen.text((0, 680 + below.height // 2), "eight\nneighbours:", GREY, lettering(38), "lm")
show(equation, "Mean − mean + mean = result. How many of its eight neighbours wear glasses?",
     "an equation of four large faces: glasses and long hair, minus long hair, plus short "
     "hair, equals glasses and short hair; eight faces like the last in a row below it, five "
     "with glasses")

# %% [markdown]
# The result has short hair and glasses, and so have five of its eight neighbours. Is that typical, or good luck? Count
# it. `success` makes 200 sums with exemplars drawn at random; a success has the attribute, and short hair.

# %%
def success(attribute, k, values, trials=200, present=True):
    """The share of sums that show the attribute and short hair; `values`: z, or pictures."""
    stream = np.random.default_rng(0)
    pools = [pool(attribute, *which) for which in ((present, True), *WHICH[1:])]
    sums = [vector_sum(*(values[stream.choice(own, k, replace=False)] for own in pools))
            for _ in range(trials)]
    sums = torch.stack(sums)
    drawn = sums.clamp(-1, 1) if values is pictures else generate(netF, sums)
    answers = judged(reader, drawn)[1]
    short = answers[:, reader.names.index("long_hair")] < 0.5
    return ((answers[:, reader.names.index(attribute)] > 0.5) & short).mean()


# %% jupyter={"source_hidden": true}
def percent(rates):
    """Shares by attribute (columns), for each space and number (rows), as whole percents."""
    heads = [f"{space}, {k} of each" for space, k in COUNTS]
    return pd.DataFrame(rates, heads).map("{:.0%}".format)


def successes(rates):
    """A panel for each attribute: its shares over the number of exemplars."""
    figure, panels = plt.subplots(1, 3, figsize=(6.6, 2.8), sharey=True)
    for axes, (attribute, shares) in zip(panels, rates.items(), strict=True):
        for space, colour in (("z", ORANGE), ("pixels", GREEN), ("chance", GREY)):
            points = [(k, 100 * share) for (name, k), share in zip(COUNTS, shares, strict=True)
                      if name == space]
            axes.plot(*zip(*points, strict=True), color=colour, marker="o", label=space)
        axes.set(title=attribute, xscale="log", ylim=(0, 103))
        axes.set_xticks([1, 3, 10], ["1", "3", "10"])
        axes.minorticks_off()
    panels[0].set_ylabel("% of 200 sums that succeed")
    panels[1].set_xlabel("exemplars of each concept")
    panels[2].legend()
    return figure


COUNTS = [(space, k) for space in ("z", "pixels") for k in (1, 3, 10)]
COUNTS += [("chance", k) for k in (1, 10)]

# %% [markdown]
# The next cell counts with 1, 3 and 10 exemplars for each concept, and once more with sums of **pixels**. The grey line
# says how many come by **chance**: sums of `z` whose exemplars in the first place have *no* glasses (or smile, or beard)
# either. What succeeds there is luck, or the judge's mistake.
#
# > **Predict:** for glasses and smiles, do ten exemplars beat one?
# >
# > - with `z` and with pixels
# > - only with `z` <!-- right -->
# > - only with pixels
# > - with neither

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
rates = {name: [success(attribute, k, pictures if space == "pixels" else z,
                        present=space != "chance") for space, k in COUNTS]
         for name, attribute in (("glasses", "glasses"), ("smile", "smile"),
                                 ("beard", "facial_hair"))}
show(successes(rates), "Which lines rise with the number of exemplars? Grey: by chance.",
     "three panels: of z the shares of glasses and smiles rise to nearly all, and those of "
     "beards stay flat; of pixels no share rises; by chance few succeed")
show_table(percent(rates), "Share of 200 sums that succeed.", fold="The same in numbers")


def eight_sums(k):
    """Eight sums for glasses with k exemplars drawn at random: of z, and of pixels."""
    stream = np.random.default_rng(0)
    exemplars = [[stream.choice(pool("glasses", *which), k, replace=False) for which in WHICH]
                 for _ in range(8)]
    of_z, of_pixels = (torch.stack([vector_sum(*(values[own] for own in three))
                                    for three in exemplars]) for values in (z, pictures))
    return torch.cat([generate(netF, of_z), of_pixels.clamp(-1, 1)])


show_turned({f"exemplars of each concept: {k}": large(eight_sums(k), 8, 2)
             for k in (1, 3, 10)},
            "The first eight sums for glasses: of z above, of pixels below.",
            "eight faces, and below them eight pictures in which faces lie over one another")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# - With three of each, about three sums for glasses in four succeed: the one above is typical.
# - **Only with z**: there more is better, for glasses and for smiles. One exemplar is a matter of luck: a single face
#   carries its hair colour, its background and its mouth into the sum; the mean of ten keeps what they share. The paper
#   found the same: sums of single samples "were unstable".
# - **By chance** few succeed: with ten exemplars 2 %, of beards 8 %.
# - **Beards stay at two sums in five**, with any number of exemplars. In the data beard and hair have the same colour,
#   and perhaps that binds them in G: what hangs together there is hard to take apart. We have not tested it (but see
#   what length does, below). With the weaker generator of `avatars_plain` beards came in 18 to 27 % of the sums.
# - **In pixels averaging does not help:** a mean of many faces is a blur. One exemplar of each concept leaves ghosts of
#   three faces, and ten leave a haze. That single pictures score about as well as single `z`, though nobody would accept
#   the ghosts as faces, is a weakness of the judge, which reads attributes and does not ask whether it sees a face.
# </details>

# %% [markdown]
# **Try it:** could the length explain the gain from more exemplars? A sum of single `z` is longer than one `z`, a sum
# of means of ten shorter. In `success`, scale the sums to a length of 10, and compare the rates.
#
# <details><summary>What we found</summary>
#
# The sums of `z` are 17 long with one exemplar, 10 with three and 6 with ten. Scaled to 10, glasses still go from 47 to
# 96 %, and smiles from 54 to 94 %: the length does not explain their gain. Beards differ: with ten exemplars they rise
# from 37 to 62 %. So a short `z` was part of what held them back.
# </details>

# %% [markdown]
# ## 8 · A direction with a name
#
# The paper's *turn vector*: the mean `z` of faces that look to the right, minus that of those that look left. Walk
# along it, and faces turn. Ours turns glasses on: it is the mean `z` of all faces with glasses minus that of all faces
# without, by the judge's 2,000 answers. The slider walks from -2 to +2 such steps. Its six strangers are chosen: at 0
# the judge sees no glasses on any of them.

# %% jupyter={"source_hidden": true}
from dcgan_course.sampling import attribute_direction


def along(attribute, strangers, steps):
    """New faces at each of the steps along a direction: (steps, n, 3, 64, 64)."""
    direction = attribute_direction(z, torch.from_numpy(has(attribute) > 0.5))
    return torch.stack([generate(netF, strangers + step * direction) for step in steps])


strangers = sample_z(6, faces.config.nz, faces.config.z, seeded(5, "lesson"))  # chosen
whole_steps = torch.arange(-2, 3)
names = ["-2 steps towards glasses", "-1 step", "the strangers", "+1 step", "+2 steps"]
show_turned({name: large(six, 6, 2) for name, six in zip(
                names, along("glasses", strangers, whole_steps), strict=True)},
            "Watch the glasses first, then everything that should have stayed.",
            "six faces in a row, without glasses at -2 and with glasses at +2", first=2)

# %% [markdown]
# At +1 the first and the last still wear no glasses, and the last has lost its beard. At +2 all six wear them.
#
# The next cell counts over 100 new faces: the share that has the attribute, and, to see what else has changed, the
# shares whose hair has changed its length, and who have gained or lost a beard. It does so for smiles, too.
#
# > **Predict:** at +2 steps towards glasses, how many of the 100 have gained or lost a beard?
# >
# > - 1
# > - 13 <!-- right -->
# > - 40

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
strangers = sample_z(100, faces.config.nz, faces.config.z, seeded(7, "lesson"))
steps = torch.linspace(-2, 2, 9)  # half steps
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), width_ratios=[1, 1.3])
JUDGED_AS, counted, ends_at = {"hair": "long_hair", "beard": "facial_hair"}, {}, []
for attribute, colour in (("glasses", BLUE), ("smile", ORANGE)):
    answers = [judged(reader, images)[1] for images in along(attribute, strangers, steps)]
    answers = np.stack(answers) > 0.5
    wanted = answers[:, :, reader.names.index(attribute)].mean(1)
    axes[0].plot(steps, 100 * wanted, color=colour, marker="o", label=attribute)
    counted[attribute] = [*wanted[[0, 4, 6, 8]]]
    for other, line in (("hair", "-"), ("beard", "--")):
        read_off = answers[:, :, reader.names.index(JUDGED_AS[other])]
        changed = (read_off != read_off[4]).mean(1)
        axes[1].plot(steps, 100 * changed, line, color=colour, marker="o")
        counted[attribute].append(changed[8])
        ends_at.append((100 * changed[8], f"{other}, along {attribute}", colour))
least = -1.6
for height, words, colour in sorted(ends_at):  # each line's name at its end, none over another
    least = max(height, least + 1.6)
    axes[1].text(2.2, least, words, color=colour, va="center")
axes[0].set(title="% with the attribute", ylim=(0, 105))
axes[0].legend()
axes[1].set(title="% in which something else changed", xlim=(-2.2, 5), ylim=(-0.5, 20),
            xticks=[-2, 0, 2], yticks=range(0, 21, 5))
for axis in axes:
    axis.set_xlabel("steps along the direction")
show(figure, "What is wanted, and a side effect. Mind the scale: 100 % left, 20 % right.",
     "left: both attributes rise from none to nearly all faces; right: four lines, highest at "
     "-2 and +2, those of beards above those of hair")
heads = ["at -2", "at 0", "at +1", "at +2", "hair changed at +2", "beard changed at +2"]
show_table(pd.DataFrame(counted, heads).map("{:.0%}".format))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# 13, about one in eight, and the slider above shows other side effects, which nobody counted. Hair length hardly
# changes. What is wanted comes: one step takes most faces across, and two nearly all of them. That is not so for every
# generator: with that of `avatars_plain` smiles became rarer again between +1 and +2. A direction is one average for
# all faces; walk far enough along it, and you leave the faces that G has learned.
# </details>

# %% [markdown]
# In [lesson 00](00_start_here.ipynb) you had one slider for one number. With directions like these, the sliders of
# lesson 08 can have names.

# %% [markdown]
# > **Open exercise · Measure a side effect** — 45 minutes
# >
# > A direction for glasses should change glasses and nothing else. Choose a direction and define, over all attributes
# > that the judge reads, how much else it changes. Then try to make a better direction, for instance by matching faces
# > with and without the attribute in everything else, or by removing what it shares with other directions, and show
# > whether it is better.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | definition | "it also changes hair" | one number for the wanted change and one for all others, on faces that were not used to make the direction |
# | fair comparison | fixed number of steps | both directions compared where the wanted change is equally large |
# | baseline | none | a random direction of the same length |
# | uncertainty | none | standard errors, or a paired test on the same faces |
# | the judge | trusted | some pictures looked at, and one case shown where the judge is wrong |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>For which generators does slerp make no sense?</summary>
#
# For uniform z in few dimensions, such as <code>mnist2d</code>: they fill a square and lie on no shell. There the
# straight line stays inside of what G has seen, and a great circle may leave it.
# </details>
#
# <details><summary>A walk is perfectly smooth. Has G generalised?</summary>
#
# That is not shown yet: a cross-fade of two memorised pictures is smoother still. Ask also whether the pictures on the
# way look real, and whether they are far from every training image.
# </details>
#
# <details><summary>Why subtract "long hair without glasses" at all, and not just add "glasses"?</summary>
#
# The mean z of faces with glasses and long hair holds both. Take away the mean of those without, and only glasses
# are left.
# </details>
#
# <details><summary>Why does a sum without glasses in it sometimes give glasses?</summary>
#
# Three single z make a z of their own, far from each of the three faces; it may mean anything. The means of ten stay
# near what their faces share, and there chance gives hardly any.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 6: walks, arithmetic, turn
#   vector.
# - White: *Sampling Generative Networks*, [arXiv 1609.04468](https://arxiv.org/abs/1609.04468), for slerp and attribute
#   vectors.

# %%
from dcgan_course import checks

checks.progress("07")

# %% [markdown]
# ---
# ← [06 · What stabilises, and when to stop](06_what_stabilises.ipynb) · [08 · Latent sliders](08_latent_sliders.ipynb) →
