"""How a lesson shows a picture: with a caption, and with words for those who cannot see it."""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..machine.display import figure_html, kind_of
from ..sampling import image_grid, to_pixels
from .style import PAGE, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TILE = 40  # pixels, at least, of a picture's side in a sheet
HIGH = 560  # pixels of a sheet that is still seen as a whole
POINTS = 1500  # more of them are smaller as pixels
FLAT = 2  # levels of grey of 255: a tile that has no more of them shows nothing


@dataclass
class Shown:
    """HTML, and the words that stand for it in a terminal, and that `pytest --nbval` compares."""

    html: str
    words: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


def show(what: "Figure | Tensor | Image.Image | bytes | str | Path", caption: str, alt: str, nrow: int | None = None,
         width: int | None = None) -> None:
    """Show a picture in a notebook, wherever that is read: in JupyterLab, on GitHub, as HTML. In a terminal: its words.

    Args:
        what: a figure of matplotlib; images (n, 1 or 3, size, size) in [-1, 1], as a sheet; a picture; or a PNG, GIF,
            WebP or SVG file, by its content or its path. The text of an SVG is content too.
        caption: what to look for.
        alt: what is to be seen, for those who cannot.
        nrow: images in a row of the sheet; None = as suits the page.
        width: on the page, in pixels; None = its own, at most the page's.
    """
    from IPython.display import display

    if hasattr(what, "savefig"):
        content, own = drawn(what)
    elif isinstance(what, Tensor):
        content, own = sheet(what, nrow)
    elif isinstance(what, Image.Image):
        content, own = saved(what), what.width
    elif isinstance(what, str) and what.lstrip().startswith("<svg"):
        content, own = what.encode(), PAGE
    else:
        content = what if isinstance(what, bytes) else Path(what).read_bytes()
        own = PAGE if kind_of(content) == "image/svg+xml" else Image.open(io.BytesIO(content)).width
    display(Shown(figure_html(content, alt, caption, min(PAGE, width or own)), alt))


def drawn(figure: "Figure") -> tuple[bytes, int]:
    """A figure as a file, and its width on the page in pixels: SVG, which stays sharp; with pictures in it, or very
    many points, a PNG or WebP of twice its size. A figure of pyplot is closed: nothing shows it a second time."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    file = io.BytesIO()
    points = [len(part.get_offsets()) for axes in figure.axes for part in axes.collections]
    lines = sum(points) < POINTS and not any(axes.get_images() for axes in figure.axes)
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="svg" if lines else "png", dpi=200, metadata={"Date": None} if lines else None)
    plt.close(figure)
    if lines:
        width = re.search(rb'width="([\d.]+)pt"', file.getvalue())
        return file.getvalue(), round(float(width[1]) / 72 * 100)
    picture = Image.open(file).convert("RGB")
    return saved(picture), picture.width // 2


def sheet(images: Tensor, nrow: int | None = None) -> tuple[bytes, int]:
    """Images (n, 1 or 3, size, size) in [-1, 1] as one enlarged picture, and its width in pixels. On one that is all of
    a grey its level stands, 0 black and 255 white: it is no failed picture, there is nothing to see."""
    size, n = images.shape[-1], len(images)
    least = -(-TILE // size)
    nrow = nrow or row(n, PAGE // (least * (size + 2)))
    grid = image_grid(images, nrow)
    times = max(least, min(4, PAGE // grid.shape[1], HIGH // grid.shape[0]))
    picture = Image.fromarray(grid.numpy())
    picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=max(10, times * size // 5))
    for i, pixels in enumerate(map(to_pixels, images)):
        if int(pixels.max()) - int(pixels.min()) <= FLAT:
            level, side = round(float(pixels.float().mean())), size + 2
            middle = (times * (2 + i % nrow * side + size // 2), times * (2 + i // nrow * side + size // 2))
            pen.text(middle, f"every\npixel\n{level}", "black" if level > 110 else "white", font, "mm", align="center")
    return saved(picture), picture.width


def row(n: int, most: int) -> int:
    """How many of n images stand in a row: up to 32 in few full rows of at most so many, more as a square."""
    if n <= most:
        return n
    if n > 32:
        return math.ceil(math.sqrt(n))
    return max((k for k in range(most // 2, most + 1) if n % k == 0), default=most)


def saved(picture: Image.Image) -> bytes:
    """A picture as a small file: WebP where it is coloured, else PNG."""
    pixels = np.asarray(picture.convert("RGB"))
    grey = not np.ptp(pixels, axis=2).max()
    content = io.BytesIO()
    if grey:
        picture.convert("L").save(content, "PNG", optimize=True)
    else:
        picture.convert("RGB").save(content, "WEBP", quality=92, method=6)
    return content.getvalue()
