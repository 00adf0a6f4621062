"""A study's table (columns config, seed, metric, value) in numbers and in text: means and differences over seeds."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..machine.errors import UserError

if TYPE_CHECKING:
    import pandas as pd  # takes most of a second to import

SHARES = ("confidence", "mode_entropy", "precision", "recall", "duplicates", "specks",
          "agreement")  # from 0 to 1
SIGNED = ("kd",)  # the only metric that may be below 0


def means(table: "pd.DataFrame") -> "pd.DataFrame":
    """Over the seeds of each config and metric: mean, n (seeds that did not diverge), half the width of its 95 %
    confidence interval (Student's t; NaN for one seed), and the lowest and highest value."""
    return intervals(table.groupby(["config", "metric"], sort=False)["value"])


def differences(table: "pd.DataFrame", baseline: str) -> "pd.DataFrame":
    """How each config differs from `baseline`, seed by seed (the same seed has the same order of images and, where the
    networks are the same, first weights): mean, n, half_width as in `means`, and the verdict: higher, lower, or
    undecided where the interval includes 0 or has no width. One in twenty is decided by chance where nothing differs.

    Raises:
        UserError: no config of that name in the table.
    """
    if baseline not in set(table["config"]):
        raise UserError(f"baseline: found {baseline!r}, expected one of {', '.join(table['config'].unique())}")
    base = table[table["config"] == baseline][["seed", "metric", "value"]]
    table = table[table["metric"] != "diverged"]  # counted, not averaged
    pairs = table[table["config"] != baseline].merge(base, on=["seed", "metric"], suffixes=("", "_base"))
    pairs["value"] -= pairs.pop("value_base")
    result = intervals(pairs.groupby(["config", "metric"], sort=False)["value"])
    decided = (result["half_width"] > 0) & (result["mean"].abs() > result["half_width"])  # False for NaN
    result["verdict"] = "undecided"
    result.loc[decided & (result["mean"] > 0), "verdict"] = "higher"
    result.loc[decided & (result["mean"] < 0), "verdict"] = "lower"
    return result


def interval(values: "Sequence[float] | pd.Series") -> tuple[float, float]:
    """Mean of a few numbers, one for each seed, and half the width of its 95 % confidence interval (Student's t; NaN
    for one number)."""
    from scipy import stats

    values = np.asarray(values, dtype=float)
    n = len(values)
    return values.mean(), stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan


def holm(p_values: Mapping[str, float], level: float = 0.05) -> set[str]:
    """The names of those that stay decided when all are asked at once: the probability of any false verdict among them
    stays below `level` (Holm 1979: the smallest of n against level / n, the next against level / (n - 1), and so on to
    the first that fails). Lesson 06 derives it."""
    ranked = sorted(p_values, key=p_values.get)
    for place, name in enumerate(ranked):
        if p_values[name] > level / (len(ranked) - place):
            return set(ranked[:place])
    return set(ranked)


def intervals(groups: "Iterable[tuple[tuple[str, str], pd.Series]]") -> "pd.DataFrame":
    """A row for each ((config, metric), values): mean, half_width, n, lowest and highest."""
    import pandas as pd

    rows = {name: (*interval(values), len(values), min(values), max(values)) for name, values in groups}
    index = pd.MultiIndex.from_tuples(rows, names=["config", "metric"])
    return pd.DataFrame(list(rows.values()), index, ["mean", "half_width", "n", "lowest", "highest"])


def summary(table: "pd.DataFrame") -> str:
    """`summary_frame` as text."""
    return summary_frame(table).to_string()


def summary_frame(table: "pd.DataFrame", digits: int = 3, decimals: int | None = None) -> "pd.DataFrame":
    """The means as texts: a row for each config, a column for each metric, "0.95 ± 0.01" over the seeds, with n where
    some have diverged; and how many have. An interval that reaches beyond what the metric can be says nothing: in its
    place stand the lowest and the highest seed, "0.5 (0.1 to 0.9)", all three with so many digits.
    `decimals` as of `with_width`."""
    result, seeds = means(table), table.groupby("config")["seed"].nunique()
    of = result.index.get_level_values("config").map(seeds)
    fewer = [f" (n={n})" if n < total else "" for n, total in zip(result["n"], of, strict=True)]
    cells = with_widths(result, decimals=decimals).where(~beyond(result), extremes(result, digits)) + fewer
    for config, metric in cells.index:
        if metric == "diverged":
            count, total = round(result.loc[(config, metric), "mean"] * seeds[config]), seeds[config]
            cells[(config, metric)] = f"{count} of {total}"
    return wide(cells, table)


def comparison(table: "pd.DataFrame", baseline: str) -> str:
    """The differences in the form of `summary`: "+0.02 ± 0.01", with a question mark where undecided."""
    result = differences(table, baseline)
    marks = (result["verdict"] == "undecided").map({True: " ?", False: "  "})
    return wide(with_widths(result, "+") + marks, table).to_string()


def beyond(result: "pd.DataFrame") -> "pd.Series":
    """Where an interval leaves what its metric can be, or has no width: all seeds gave one number."""
    name = result.index.get_level_values("metric").str.replace(r"\d.*", "", regex=True)
    below = (result["mean"] < result["half_width"]) & ~name.isin(SIGNED)
    return below | ((result["mean"] + result["half_width"] > 1) & name.isin(SHARES)) | (result["half_width"] == 0)


def extremes(result: "pd.DataFrame", digits: int) -> "pd.Series":
    """As text, "0.5 (0.1 to 0.9)" for each row; "0.5 (all)" where all values are one."""
    mean, lowest, highest = (result[name].map(lambda value: number(value, digits))
                             for name in ("mean", "lowest", "highest"))
    texts = mean + " (" + lowest + " to " + highest + ")"
    return texts.where(result["lowest"] < result["highest"], mean + " (all)")


def with_widths(result: "pd.DataFrame", sign: str = "", decimals: int | None = None) -> "pd.Series":
    """As text, "0.95 ± 0.01" for each row."""
    return result.apply(lambda row: with_width(row["mean"], row["half_width"], sign, decimals), axis=1)


def with_width(mean: float, width: float, sign: str = "", decimals: int | None = None) -> str:
    """A mean and half the width of its interval, with no digit that the interval leaves open: one of the width counts,
    or two where the first is a 1. Of one seed, which has no width, the mean alone. `sign` "+" writes that too;
    `decimals` are the most behind the point, where the width still shows in them.

    >>> with_width(0.9928, 0.0027), with_width(14235, 8987), with_width(3.5, np.nan, "+")
    ('0.993 ± 0.003', '14,000 ± 9,000', '+3.5')
    >>> with_width(1.0112, 0.0191), with_width(1.0112, 0.0191, decimals=2), with_width(0.9928, 0.0027, decimals=2)
    ('1.011 ± 0.019', '1.01 ± 0.02', '0.993 ± 0.003')
    """
    if not width > 0:
        return number(mean, 4, sign) + (" ± 0" if width == 0 else "")
    places = -math.floor(math.log10(width))
    places += f"{width:e}".startswith("1")
    if decimals is not None and round(width, decimals) > 0:
        places = min(places, decimals)
    mean, width = round(mean, places), round(width, places)
    return f"{mean:{sign},.{max(0, places)}f} ± {width:,.{max(0, places)}f}"


def number(value: float, digits: int, sign: str = "") -> str:
    """With so many digits, or all of its whole part, in groups of three; `sign` "+" writes that too.

    >>> number(0.98765, 2), number(10941.3, 4), number(-4773.5, 3, "+"), number(99.7, 2)
    ('0.99', '10,941', '-4,774', '100')
    """
    return f"{value:{sign},.0f}" if abs(value) >= 10**digits - 0.5 else f"{value:{sign},.{digits}g}"


def wide(cells: "pd.Series", table: "pd.DataFrame") -> "pd.DataFrame":
    """Texts by config and metric: a row for each config, a column for each metric, in the order of `table`."""
    shown = set(cells.index.unique("metric"))
    names = {metric: re.sub(r"\d+k?_\w+$", "", metric) for metric in table["metric"].unique() if metric in shown}
    configs = [name for name in table["config"].unique() if name in cells.index.unique("config")]
    rows = cells.unstack("metric").reindex(index=configs, columns=list(names)).rename(columns=names)
    return rows.fillna("-").rename_axis(index=None, columns=None)
