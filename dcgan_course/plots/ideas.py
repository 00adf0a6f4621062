"""Ideas that came after the DCGAN: when they came, and the principle of each in a small drawing."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from ..augment import augmented
from ..data import load_images, to_float
from .style import BLUE, GREEN, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Idea = tuple[str, str, str]  # its number on arXiv, its name, and whom it changes, one of KINDS
KINDS = {"D": BLUE, "G": ORANGE, "both": GREEN}
LINE = torch.linspace(-4, 4, 201)


def when(number: str) -> float:
    """The date of an arXiv number, in years.

    >>> round(when("1511.06434"), 2)
    2015.83
    """
    return 2000 + int(number[:2]) + (int(number[2:4]) - 1) / 12


def sketches(troubles: dict[str, Sequence[Idea]], words: dict[str, str]) -> "Figure":
    """A row of three small drawings for each trouble, under its name. Returns a matplotlib Figure.

    Args:
        troubles: {what is wrong: three ideas against it}, those that DRAWINGS has, by name.
        words: {name: what stands below the drawing}.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from .style import STYLE

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 2.85 * len(troubles)))
        rows = figure.subplots(len(troubles), 3, squeeze=False)
    for row, (trouble, ideas) in zip(rows, troubles.items(), strict=True):
        head = row[0].annotate(trouble, (0, 1), (0, 27), xycoords="axes fraction", textcoords="offset points",
                               fontsize=13, fontweight="bold", color=INK)
        head.set_in_layout(False)  # it runs over all three; the titles' empty lines keep its place
        for axes, (number, name, kind) in zip(row, ideas, strict=True):
            DRAWINGS[name](axes)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"\n\n{name}, {int(when(number))}", fontsize=12.5, color=KINDS[kind])
            axes.set_xlabel(textwrap.fill(words[name], 20), fontsize=11)
            axes.grid(False)
    return figure


# ---- the drawings


def write(axes: "Axes", words: str, x: float, y: float, colour: str = INK) -> None:
    """Words in a drawing, at a place from its lower left (0, 0) to its upper right corner (1, 1)."""
    axes.text(x, y, words, fontsize=9.5, color=colour, ha="center", va="center", transform=axes.transAxes)


def circling(axes: "Axes", gamma: float, colour: str) -> None:
    """The smallest game of lesson 01, with a price on y, around it without."""
    for price, steps, shade, style in ((0.0, 63, GREY, ":"), (gamma, 200, colour, "-")):
        x, y, path = 1.0, 1.0, [(1.0, 1.0)]
        for _ in range(steps):
            x -= 0.1 * y
            y += 0.1 * (x - price * y)
            path.append((x, y))
        axes.plot(*zip(*path, strict=True), style, color=shade, linewidth=1.2)
    axes.plot(0, 0, "+", color=GREY)
    axes.plot(1, 1, "o", color=colour, markersize=4)
    axes.annotate("start", (1, 1), (-4, -2), textcoords="offset points", fontsize=9.5, color=INK, ha="right", va="top")


def stretched(axes: "Axes") -> None:
    """A circle, what a matrix makes of it, and what is left once its largest stretch is 1."""
    angle = torch.linspace(0, 2 * torch.pi, 100)
    circle, matrix = torch.stack([angle.cos(), angle.sin()]), torch.tensor([[2.0, 0.6], [0.2, 0.7]])
    for shape, colour, style in ((circle, GREY, "-"), (matrix @ circle, BLUE, ":"),
                                 (matrix @ circle / torch.linalg.matrix_norm(matrix, 2), BLUE, "-")):
        axes.plot(*shape, style, color=colour)
    axes.set_aspect("equal", adjustable="datalim")
    write(axes, "a layer", 0.78, 0.83, BLUE)
    write(axes, "divided", 0.3, 0.13, BLUE)


def styles(axes: "Axes") -> None:
    """A row for each image, its layers from coarse to fine: the first follow one z, the others a second."""
    from matplotlib.patches import Rectangle

    for row, first in enumerate((6, 4, 2, 0)):
        for layer in range(6):
            axes.add_patch(Rectangle((layer, row), 0.9, 0.8, color=ORANGE if layer < first else GREY))
    for words, x, y in (("z 1", 0.45, 0.4), ("z 2", 5.45, 3.4)):
        axes.text(x, y, words, fontsize=10.5, color="white", ha="center", va="center")
    axes.set(xlim=(0, 6), ylim=(-1, 4))
    write(axes, "coarse layers", 0.24, 0.09)
    write(axes, "fine", 0.92, 0.09)


def sampled(axes: "Axes") -> None:
    """A wave, and what is left of it where it is sampled too seldom."""
    t = torch.linspace(0, 1, 200)
    axes.plot(t, (2 * torch.pi * 9 * t).sin(), color=GREY, linewidth=0.8)
    axes.plot(t[::20], (2 * torch.pi * 9 * t[::20]).sin(), "o-", color=ORANGE, markersize=3)
    axes.set_ylim(-1.1, 1.7)
    write(axes, "sampled too seldom", 0.5, 0.91, ORANGE)


def sloped(axes: "Axes") -> None:
    """The price of a steepness: WGAN-GP wants 1."""
    s = torch.linspace(0, 2, 50)
    axes.plot(s, (s - 1) ** 2, color=BLUE)
    axes.plot(1, 0, "o", color=BLUE)
    write(axes, "slope 1", 0.5, 0.2)


def hinged(axes: "Axes") -> None:
    """What D pays for its answer: nothing beyond 1 for a real image, nothing below -1 for a generated one."""
    axes.plot(LINE, F.relu(1 - LINE), color=GREEN)
    axes.plot(LINE, F.relu(1 + LINE), "--", color=GREEN)
    write(axes, "real", 0.25, 0.28, GREEN)
    write(axes, "generated", 0.81, 0.28, GREEN)


def paired(axes: "Axes") -> None:
    """What D pays for the difference of two answers."""
    axes.plot(LINE, F.softplus(-LINE), color=GREEN)
    write(axes, "real - generated", 0.62, 0.72, GREEN)


def changed(axes: "Axes") -> None:
    """A digit as D sees it, changed at random."""
    digit = to_float(load_images("mnist", image_size=28).batch([0]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        axes.imshow(augmented(digit)[0, 0].clamp(-1, 1), cmap="gray", interpolation="none")


DRAWINGS = {
    "WGAN-GP": sloped, "hinge": hinged, "R1": lambda axes: circling(axes, 0.3, BLUE), "spectral norm": stretched,
    "relativistic": paired, "StyleGAN": styles, "ADA": changed, "StyleGAN3": sampled,
    "R3GAN": lambda axes: circling(axes, 0.6, GREEN)}
