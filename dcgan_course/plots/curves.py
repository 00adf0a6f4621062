"""Figures of a training. Functions return them; nothing here shows anything."""

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

from ..config import PROBABILITIES
from .style import BLUE, GREY, INK, ORANGE, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves(stats: list[dict], size: tuple[float, float] | None = None, until: float | None = None,
           loss: str = "non_saturating") -> "Figure":
    """Two panels over thousand images shown: the losses, and D(x) with D(G(z)). Returns a matplotlib Figure.

    Args:
        stats: lines with kimg, loss_D, loss_G, D_x and D_G_z, as in a run's stats.jsonl.
        size: width and height in inches; in a high figure one panel is below the other. None = the page's width.
        until: the thousand images near the right edge, with 0 at the left one; None = as far as the lines reach.
        loss: what was trained with; of some, D's answers are no probabilities, and their axis says so. Of the others
            dashed lines show what all four are where D guesses.
    """
    kimg = [line["kimg"] for line in stats]
    width, height = size or (STYLE["figure.figsize"][0], 3)
    figure, (left, right) = blank(2, height, width)
    answers = "D's answers" if loss in PROBABILITIES else "D's raw answers, no probabilities"
    losses = "losses; dashed: if D guessed" if loss in PROBABILITIES else "losses"
    for axes, keys, title in ((left, ("loss_D", "loss_G"), losses), (right, ("D_x", "D_G_z"), answers)):
        for key, colour in zip(keys, (BLUE, ORANGE), strict=True):
            label = {"D_x": "D(x), real", "D_G_z": "D(G(z)), generated"}.get(key, key)
            axes.plot(kimg, [line[key] for line in stats], color=colour, label=label, linewidth=1.2)
        mark_guesses(axes, keys, loss)
        axes.set(xlabel="thousand images shown")
        axes.set_xlim((0, 1.03 * until) if until else None)  # the last point is not at the edge
        legend_above(axes, title)
    if height > width:  # one axis for both
        left.set_xlabel("")
    if loss in PROBABILITIES:
        right.set_ylim(-0.03, 1.03)  # a line at 0 or 1 stays visible
    return figure


def guessed(loss: str) -> dict[str, float]:
    """What loss_D, loss_G, D_x and D_G_z are where D answers 0.5 to everything; {} where its answers are no
    probabilities, so that no answer is a guess."""
    if loss not in PROBABILITIES:
        return {}
    return {"loss_D": 2 * log(2), "loss_G": -log(2) if loss == "minimax" else log(2), "D_x": 0.5, "D_G_z": 0.5}


def mark_guesses(axes: "Axes", keys: Sequence[str], loss: str = "non_saturating") -> None:
    """Dashed lines at what D's curve and G's are where D guesses, in their colours; one in grey where it is the same.

    Args:
        keys: of D's curve and of G's, as in `guessed`.
        loss: what was trained with; of some, see `guessed`, there are no such lines.
    """
    found = guessed(loss)
    levels = dict.fromkeys(found[key] for key in keys if key in found)  # one, where both are the same
    for level, colour in zip(levels, (BLUE, ORANGE) if len(levels) > 1 else (GREY,), strict=False):
        axes.axhline(level, color=colour, linestyle="--", linewidth=1)


def metric_curve(scores: list[dict], name: str, floor: float, best: float) -> "Figure":
    """One score over thousand images shown, with the best moment marked. Returns a matplotlib Figure.

    Args:
        scores: lines with kimg and the score, as in a run's metrics.jsonl.
        name: of the score, such as fd10k_mnist.
        floor: the score of real images.
        best: the kimg to mark.
    """
    figure, (axes,) = blank(1, 3)
    axes.plot([line["kimg"] for line in scores], [line[name] for line in scores], color=ORANGE, marker=".")
    axes.axvline(best, color=BLUE, linestyle="--", label=f"best: {clock(best)}")
    axes.axhline(floor, color=GREY, label=f"real images: {floor:.3g}")
    axes.set(xlabel="thousand images shown", ylabel=name, yscale="log")
    legend_above(axes)
    return figure


def legend_above(axes: "Axes", title: str = "") -> None:
    """What the colours mean, in one line above the axes, where it hides no curve; and above that a title."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(axes.get_legend_handles_labels()[0]),
                borderaxespad=0.2, handlelength=1.2, columnspacing=1.2, frameon=False, labelcolor=INK)
    axes.set_title(title, pad=24)


def blank(panels: int, height: float, width: float = STYLE["figure.figsize"][0]) -> "tuple[Figure, list[Axes]]":
    """A figure in the course's style, of some inches, and its axes: side by side, or in a high figure in a column."""
    import matplotlib as mpl
    from matplotlib.figure import Figure  # not pyplot: no global state, nothing to close

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        rows = panels if height > width else 1
        return figure, list(figure.subplots(rows, panels // rows, squeeze=False).flat)


def clock(kimg: float, decimals: int = 1) -> str:
    """The clock of a training in words: images, not epochs, so that it means the same for every batch and data size."""
    return f"{round(kimg, decimals):,.10g} thousand images"
