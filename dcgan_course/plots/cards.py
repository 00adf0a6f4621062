"""Trainings as cards: pictures under a title, curves, and what to say of them; cards side by side; rows with names."""

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ..machine.display import framed, image_html
from ..sampling import grid_images, image_grid
from .curves import clock
from .showing import Shown, enlarged, saved, show
from .style import BLUE, DENSE, GREY, INK, ORANGE, PAGE, lettering

WIDE, EDGE, TITLE, CURVES, LINE = 256, 4, 28, 52, 21  # pixels of a card, of its margin and of what stands below
MOST = 72  # pixels of an image's side in a row
LEAST = 132  # pixels of a card, at least, on a phone
TYPE, LETTERS = 17, 26  # pixels of a card's words, and how many letters fit into a line


def card(images: Tensor, title: str, stats: Sequence[dict] = (), text: Mapping[str, str] | None = None) -> Image.Image:
    """A training as a card of 256 pixels width, twice as many in the file: up to 16 of its pictures under a title.

    Args:
        images: (n, 1 or 3, size, size) in [-1, 1]; the first 16 are drawn, up to four of them large.
        stats: lines with D_x and D_G_z, as of `Run.stats`, which are drawn from 0 to 1, what lies outside at the edge:
            D(x) blue, D(G(z)) orange.
        text: what stands below, {label: words}.
    """
    sheet = Image.fromarray(image_grid(images[:16], 2 if len(images) <= 4 else 4).numpy())
    times = max(DENSE, round(DENSE * (WIDE - EDGE) / sheet.width))
    sheet = sheet.resize((times * sheet.width, times * sheet.height), Image.Resampling.NEAREST)
    lines = [(label if i == 0 else "", line) for label, words in (text or {}).items()
             for i, line in enumerate(textwrap.wrap(f"{label} {words}", LETTERS))]
    top = TITLE + sheet.height // DENSE + 8
    below = top + (CURVES + 10) * bool(stats)
    width, height = max(WIDE, sheet.width // DENSE + 2 * EDGE), below + LINE * len(lines)
    whole = Image.new("RGBA", (DENSE * width, DENSE * height))
    whole.paste(sheet, (DENSE * EDGE, DENSE * TITLE))
    pen, font, bold = ImageDraw.Draw(whole), lettering(DENSE * TYPE), lettering(DENSE * TYPE, bold=True)
    pen.text((DENSE * EDGE, DENSE * 3), title, INK, font)
    for y, (label, words) in enumerate(lines):
        place = DENSE * EDGE, DENSE * (below + LINE * y)
        pen.text(place, label, INK, bold)
        pen.text((place[0] + bold.getlength(label), place[1]), words.removeprefix(label), INK, font)
    if stats:
        left, right, bottom = DENSE * EDGE, DENSE * EDGE + sheet.width - 1, DENSE * (top + CURVES)
        pen.rectangle((left, DENSE * top, right, bottom), outline=GREY)
        for key, colour in (("D_x", BLUE), ("D_G_z", ORANGE)):
            heights = [3 + (CURVES - 6) * min(1.0, max(0.0, line[key])) for line in stats]
            pen.line([(left + 4 + (right - left - 8) * i / max(1, len(stats) - 1), bottom - DENSE * height)
                      for i, height in enumerate(heights)], colour, 3 * DENSE, joint="curve")
    return whole


def show_cards(cards: Sequence[Image.Image], caption: str, alt: str, columns: int = 3) -> None:
    """Show cards side by side, up to `columns` in a row and on a phone two, with a caption and with words for those who
    cannot see them, as `show`."""
    from IPython.display import display

    display(Shown(cards_html(cards, caption, alt, columns), alt))


def cards_html(cards: Sequence[Image.Image], caption: str, alt: str, columns: int = 3) -> str:
    """What `show_cards` shows, for a widget that holds HTML."""
    wide = max(card.width for card in cards) // DENSE
    place = f"flex:1 1 {100 // columns - 2}%;min-width:{LEAST}px;max-width:{wide}px"
    words = [f"{alt} (1 of {len(cards)})", *(f"{i} of {len(cards)}, as told there" for i in range(2, len(cards) + 1))]
    images = [image_html(saved(card), told, card.width // DENSE, f'style="{place};height:auto"')
              for card, told in zip(cards, words, strict=True)]
    if len(cards) % 2 and len(cards) > 1:  # takes the last place of the last row on a phone
        images.append(f'<div style="{place}"></div>')
    inside = ('<div style="display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start;'
              f"max-width:{columns * (wide + 8)}px\">{' '.join(images)}</div>")
    return framed(inside, caption)


def show_rows(rows: Mapping[str, Tensor], caption: str, alt: str, lettered: bool = True,
              heads: Sequence[str] = (), most: int = MOST) -> None:
    """Show rows of images, each below its name, as wide as the page; few images, at most so large.

    Args:
        rows: {name: (n, 1 or 3, size, size) in [-1, 1]}, of one n and size; a name of "" takes no room.
        caption, alt, lettered: as of `show`.
        heads: what stands above each column; "" where the one before it holds on. With it n may be some full lines.
        most: pixels of an image's side on the page, at most.
    """
    total, _, size, _ = next(iter(rows.values())).shape
    n = len(heads) or total
    page = min(PAGE, n * most)
    times = page // (n * (size + 2) + 2) + 1  # a little more than the page, which makes it smaller
    sheets = [enlarged(images, n, times, lettered) for images in rows.values()]
    width, height = sheets[0].size
    letters = round(16 * width / page)
    strips = [2 * letters if name else letters // 2 for name in rows]
    top = 2 * letters if any(heads) else 0
    whole = Image.new("RGBA", (width, top + sum(strips) + len(rows) * height))
    pen, font = ImageDraw.Draw(whole), lettering(letters)
    for first, last in spans(heads):
        left, right = (times * (size + 2) * edge for edge in (first, last))
        pen.text(((left + right) // 2, letters), heads[first], INK, font, "mm")
        if last > first + 1:
            pen.line((left + letters // 2, top - 2, right - letters // 2, top - 2), GREY, max(1, letters // 8))
    for name, strip, sheet in zip(rows, strips, sheets, strict=True):
        pen.text((2, top + strip // 4), name, INK, font)
        whole.paste(sheet, (0, top + strip - 4))
        top += strip + height
    show(whole, caption, alt, width=page)


def spans(heads: Sequence[str]) -> list[tuple[int, int]]:
    """From which column, to before which one each head stands.

    >>> spans(["a", "", "b"])
    [(0, 2), (2, 3)]
    """
    edges = [*(i for i, head in enumerate(heads) if head), len(heads)]
    return list(itertools.pairwise(edges))


def show_moments(samples: Sequence[tuple[float, Path]], caption: str, alt: str, n: int = 12) -> None:
    """Show the first images of a training's sheets as `show_rows`, each row below its clock.

    Args:
        samples: (thousand images shown, sheet), as of `Run.samples`.
        caption, alt: as of `show`.
        n: images of each sheet.
    """
    rows = {}
    for kimg, file in samples:
        with Image.open(file) as opened:
            sheet = np.array(opened.convert("RGB"))
        rows[f"after {clock(kimg)}"] = grid_images(torch.from_numpy(sheet))[:n]
    show_rows(rows, caption, alt)
