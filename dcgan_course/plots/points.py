"""Numbers as points on a line, where a table of them would have many rows."""

from collections.abc import Mapping, Sequence
from statistics import geometric_mean
from typing import TYPE_CHECKING

import numpy as np

from .curves import blank, legend_above
from .style import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICTS = {"better": GREEN, "worse": ORANGE, "undecided": GREY}
ROW, REST = 0.27, 0.8  # inches: a row's height, and that of what stands above and below the rows


def forest(rows: Mapping[str, tuple[float, float, float, str]], measure: str, ticks: Sequence[float]) -> "Figure":
    """Ratios with their intervals on a logarithmic axis, a row each, from top to bottom in their order, with the
    numbers beside them. Returns a matplotlib Figure.

    Args:
        rows: {name: (ratio, low, high, "better", "worse" or "undecided")}.
        measure: what the ratio is of; stands below the axis.
        ticks: the axis's numbers. What lies outside of them is cut off, as its interval shows.
    """
    figure, (axes,) = blank(1, ROW * len(rows) + REST)
    axes.axvline(1, color=GREY, linewidth=1)
    for place, (ratio, low, high, word) in enumerate(rows.values()):
        colour = VERDICTS[word]
        axes.plot([low, high], [place, place], color=colour)
        axes.plot(ratio, place, "o", color=colour, markersize=6)
        axes.text(1.02, place, f"{ratio:.2f}  ({low:.2f} to {high:.2f})", color=colour, va="center", fontsize=10.5,
                  transform=axes.get_yaxis_transform())
    axes.set(xscale="log", xlim=(ticks[0], 1.15 * ticks[-1]), xlabel=measure)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    name_rows(axes, list(rows))
    return figure


def dots(frame: "pd.DataFrame", measure: str, gaps: int = 0,
         colours: Sequence[str] = (BLUE, ORANGE, GREY)) -> "Figure":
    """A dot for each number of a table, in its row, in the colour of its column. Where two of one row would cover
    each other, they stand a little below one another. Returns a matplotlib Figure.

    Args:
        frame: numbers.
        measure: what they are; stands below the axis.
        gaps: after so many rows a line separates them from the next; 0 = never.
        colours: of the columns.
    """
    figure, (axes,) = blank(1, ROW * len(frame) + REST + 0.3)
    width = 0.03 * (frame.max(axis=None) - frame.min(axis=None))  # of a dot, nearly
    crowded = (np.diff(np.sort(frame, axis=1), axis=1) < width).any(axis=1)
    for i, ((name, values), colour, marker) in enumerate(zip(frame.items(), colours, "osD", strict=False)):
        places = np.arange(len(frame)) + crowded * 0.2 * (i - (frame.shape[1] - 1) / 2)
        axes.plot(values, places, marker, color=colour, label=name, markersize=5)
    for place in range(gaps, len(frame), gaps) if gaps else ():
        axes.axhline(place - 0.5, color=GREY, linewidth=0.7)
    axes.set(xlabel=measure)
    legend_above(axes)
    name_rows(axes, list(frame.index))
    return figure


def rows_of_points(rows: Mapping[str, Sequence[float]], measure: str, ticks: Sequence[float]) -> "Figure":
    """The values of several trainings on a logarithmic axis: a point for each, a bar for their geometric mean. The
    first row, with which the others are compared, is grey. Points that would cover each other stand a little above and
    below their row. Returns a matplotlib Figure.

    Args:
        rows: {name: positive numbers}.
        measure: what they are; stands below the axis.
        ticks: the axis's numbers; the axis is as long as the points need.
    """
    figure, (axes,) = blank(1, ROW * len(rows) + REST)
    logs = [np.log(sorted(values)) for values in rows.values()]
    width = 0.016 * (max(row[-1] for row in logs) - min(row[0] for row in logs))  # of a point, nearly
    for place, (values, row) in enumerate(zip(rows.values(), logs, strict=True)):
        colour = BLUE if place else GREY
        axes.plot(sorted(values), place + apart(row, width), "o", color=colour, markersize=5, alpha=0.8, mew=0)
        axes.plot(geometric_mean(values), place, "|", color=colour, markersize=18)
    axes.set(xscale="log", xlabel=measure)
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.minorticks_off()
    name_rows(axes, list(rows))
    return figure


def apart(places: "np.ndarray", width: float) -> "np.ndarray":
    """How far points stand from their row's line, in rows: on it, or above or below where the place is taken.

    Args:
        places: where the points stand along the row, ascending (n,).
        width: of a point, in the same unit.
    Returns:
        (n,), each 0, -0.24 or 0.24.
    """
    lanes, taken, found = (0.0, -0.24, 0.24), [-np.inf] * 3, []
    for place in places:
        free = [lane for lane in range(3) if place - taken[lane] >= width]
        lane = free[0] if free else int(np.argmin(taken))
        taken[lane] = place
        found.append(lanes[lane])
    return np.array(found)


def name_rows(axes: "Axes", names: Sequence[str]) -> None:
    """The first row is at the top."""
    axes.set_yticks(range(len(names)), names, fontsize=11.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
