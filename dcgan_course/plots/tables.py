"""Tables as a lesson shows them: plain names, few digits, colour for better and worse."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .showing import Shown
from .style import GREEN, ORANGE

if TYPE_CHECKING:
    import pandas as pd

LEFT = '<div style="text-align:left">{}</div>'  # the site's and JupyterLab's cells are flush right
SHORT = 16  # letters of a row's name that stay on one line
LOOKS = {1: (GREEN, " ✓"), -1: (ORANGE, " ✗")}  # in colour and without


def show_table(frame: "pd.DataFrame", caption: str = "", marks: "pd.DataFrame | None" = None, fold: str = "") -> None:
    """Show a table in a notebook; in a terminal the same as text, which is what `pytest --nbval` compares.

    Args:
        frame: numbers, which are rounded to three digits, and texts, which stay; its names are shown as they are. A
            column of words alone stands flush left, and a short name of a row is not broken.
        caption: what to look for.
        fold: a line that unfolds the table at a click, for one of many rows that a figure shows already; "" = unfolded.
        marks: of the same shape: 1 where a cell is better than what it is compared with, -1 where worse, else 0.
    """
    from IPython.display import display

    texts, cells = frame.map(rounded), frame.map(lambda value: escape(rounded(value)))
    words = {name for name, column in texts.items() if all(text[:1].isalpha() for text in column)}
    for mark, (colour, sign) in LOOKS.items() if marks is not None else ():
        texts = texts.mask(marks == mark, texts + sign)
        cells = cells.mask(marks == mark, f'<b style="color:{colour}">' + cells + f"{sign}</b>")
    cells = cells.apply(lambda column: column.map(LEFT.format) if column.name in words else column)
    cells = cells.rename_axis(index=None, columns=None).rename(row_name).rename(
        lambda name: (LEFT if name in words else "{}").format(escape(str(name))), axis=1)
    table = cells.to_html(escape=False, border=0).replace("<th></th>", "<td></td>")  # a heading has words
    table = table.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")  # one number, one line
    table = table.replace("&lt; 0", "&lt;\N{NO-BREAK SPACE}0")
    under = f'<p style="opacity:0.85">{escape(caption)}</p>' if caption else ""
    plain = texts.to_string() + (f"\n{caption}" if caption else "")
    html = table + under
    if fold:
        html = f'<details><summary style="cursor:pointer;border:none">{escape(fold)}</summary>{html}</details>'
    display(Shown(html, plain))


def row_name(name: object) -> str:
    """As HTML, on one line if it is short."""
    text = escape(str(name))
    return text if len(text) > SHORT else text.replace(" ", "\N{NO-BREAK SPACE}")


def rounded(value: object) -> str:
    """A number with three digits, or all that a whole one has; of a tiny one a bound; a text as it is; a dash for what
    is missing.

    >>> [rounded(x) for x in (0.0123456, 0.95, 27.7, 10941.3, 60000, 1.3e-12, "G", float("nan"))]
    ['0.0123', '0.950', '27.7', '10,941', '60,000', '< 0.0001', 'G', '–']
    """
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if not isinstance(value, (float, np.floating)):
        return str(value)
    if not np.isfinite(value):
        return "–"
    if 0 < abs(value) < 0.0001:
        return "< 0.0001" if value > 0 else "> -0.0001"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"
