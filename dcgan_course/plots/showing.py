"""How a lesson shows a picture: with a caption, and with words for those who cannot see it."""

import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from ..machine.display import figure_html, framed, image_html, kind_of
from ..sampling import image_grid, to_pixels
from .curves import curves
from .style import PAGE, STYLE, lettering

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TILE = 40  # pixels, at least, of a picture's side in a sheet
LEAST = 200  # pixels of curves that are still read
HIGH = 560  # pixels of a sheet that is still seen as a whole
FOLDED = " \n"  # of a folded output JupyterLab shows the first line that is not empty, as it stands: nothing
POINTS = 1500  # more of them are smaller as pixels
WATCHED, BOTH = 400, 712  # pixels, at most, of the sheet beside which curves grow, and of both
FLAT = 2  # levels of grey of 255: a tile that has no more of them shows nothing


Picture: TypeAlias = "Figure | Tensor | Image.Image | bytes | str | Path"


@dataclass
class Shown:
    """HTML, and the words that stand for it in a terminal, and that `pytest --nbval` compares."""

    html: str
    words: str

    def _repr_html_(self) -> str:
        return FOLDED + self.html

    def __repr__(self) -> str:
        return self.words


def show(what: Picture, caption: str, alt: str, nrow: int | None = None, width: int | None = None) -> None:
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

    content, own = filed(what, nrow)
    display(Shown(figure_html(content, alt, caption, min(PAGE, width or own)), alt))


def show_wiped(left: Picture, right: Picture, caption: str, alts: tuple[str, str]) -> None:
    """Show two pictures of one size as one, divided by a line that a slider below it moves. Where no script may run it
    stays in the middle, and there is no slider: the first picture, once it is loaded, reveals it. (JupyterLab lets a
    stored output that it does not trust keep a style, but neither scripts nor the attribute `hidden`.)

    Args:
        left: what is seen left of the line, as for `show`.
        right: what is seen right of it.
        caption: what to look for.
        alts: what is to be seen on each, for those who cannot.
    """
    from IPython.display import display

    (first, own), (second, _) = filed(left), filed(right)
    wide = f"width:{min(PAGE, own)}px;max-width:100%"
    under = image_html(first, alts[0], more='style="display:block;width:100%;height:auto" '
                       "onload=\"this.closest('figure').querySelector('input').style.display = 'block'\"")
    over = image_html(second, alts[1], more='style="position:absolute;right:0;top:0;height:100%;max-width:none"')
    cut = ("position:absolute;right:0;top:0;width:50%;height:100%;overflow:hidden;box-sizing:border-box;"
           "border-left:3px solid white")
    slider = ('<input type="range" min="0" max="100" step="0.5" value="50" aria-label="where the line stands" '
              f'style="display:none;{wide};margin:4px 0" oninput="this.previousElementSibling.lastElementChild'
              ".style.width = (100 - this.value) + '%'\">")
    inside = f'<div style="position:relative;{wide}">{under}<div style="{cut}">{over}</div></div>{slider}'
    display(Shown(framed(inside, caption), "; ".join(alts)))


def filed(what: Picture, nrow: int | None = None) -> tuple[bytes, int]:
    """What `show` takes as a file, and its own width on the page in pixels."""
    if hasattr(what, "savefig"):
        return drawn(what)
    if isinstance(what, Tensor):
        return sheet(what, nrow)
    if isinstance(what, Image.Image):
        return saved(what), what.width
    if isinstance(what, str) and what.lstrip().startswith("<svg"):
        return what.encode(), PAGE
    content = what if isinstance(what, bytes) else Path(what).read_bytes()
    return content, PAGE if kind_of(content) == "image/svg+xml" else Image.open(io.BytesIO(content)).width


def notebook_picture(stats: Callable[[], list[dict]], until: float,
                     loss: str = "non_saturating") -> Callable[[Image.Image, str], None]:
    """A function (picture, caption) that shows a training's sheet in a notebook, with twice its pixels where it is
    small, and its curves beside it, which grow; it replaces both at the next call.

    Args:
        stats: gives the lines of stats.jsonl so far.
        until: thousand images at the end of the training.
        loss: see `curves`.
    """
    import matplotlib as mpl
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(picture: Image.Image, caption: str) -> None:
        times = 2 if picture.width < WATCHED else 1
        large = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
        words = f"a sheet of generated images after {caption}"
        width = min(WATCHED, large.width)
        images, beside = image_html(saved(large), words, width, share(width)), BOTH - width
        if lines := stats():
            file = io.BytesIO()
            figure = curves(lines, (beside / 100, large.height * width / large.width / 100), until, loss)
            with mpl.rc_context(STYLE | {"savefig.bbox": "standard"}):  # the same size each time
                figure.savefig(file, format="svg", metadata={"Date": None})
            images += " " + image_html(file.getvalue(), "losses and D's answers until then", beside, share(beside))
        handle.update({"text/html": framed(images, caption), "text/plain": words}, raw=True)

    return show


def share(width: int) -> str:
    """The style of one of two pictures that stand side by side: its part of a page that has no room for all of both,
    except on a phone, where one is below the other. (The site would make a block of each.)"""
    return (f'style="display:inline-block;margin:0;width:{99 * width / BOTH:.1f}%;min-width:{LEAST}px;'
            f'max-width:{width}px;height:auto"')


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
        return shorter(file.getvalue()), round(float(width[1]) / 72 * 100)
    picture = Image.open(file)
    return saved(picture), picture.width // 2


def shorter(svg: bytes) -> bytes:
    """A drawing of matplotlib in two thirds of its bytes: to a hundredth of a point, and without line breaks. (Numbers
    below 10 stay: among them is the scale of the letters.)"""
    return re.sub(rb"\s*\n\s*", b" ", re.sub(rb"(\d\d\.\d\d)\d+", rb"\1", svg))


def sheet(images: Tensor, nrow: int | None = None) -> tuple[bytes, int]:
    """Images (n, 1 or 3, size, size) in [-1, 1] as one enlarged picture, and its width in pixels. On one that is all of
    a grey its level stands, 0 black and 255 white: it is no failed picture, there is nothing to see."""
    size, n = images.shape[-1], len(images)
    least = -(-TILE // size)
    nrow = nrow or row(n, PAGE // (least * (size + 2)))
    width, height = nrow * (size + 2) + 2, math.ceil(n / nrow) * (size + 2) + 2
    picture = enlarged(images, nrow, max(least, min(4, PAGE // width, HIGH // height)))
    return saved(picture), picture.width


def enlarged(images: Tensor, nrow: int, times: int) -> Image.Image:
    """The picture of `sheet`, each pixel as a square of so many."""
    size, picture = images.shape[-1], Image.fromarray(image_grid(images, nrow).numpy())
    picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    pen, font = ImageDraw.Draw(picture), lettering(max(10, times * size // 6))
    for i, pixels in enumerate(map(to_pixels, images)):
        if int(pixels.max()) - int(pixels.min()) <= FLAT:
            level, side = round(float(pixels.float().mean())), size + 2
            middle = (times * (2 + i % nrow * side + size // 2), times * (2 + i // nrow * side + size // 2))
            pen.text(middle, f"every\npixel\n{level}", "black" if level > 110 else "white", font, "mm", align="center")
    return picture


def row(n: int, most: int) -> int:
    """How many of n images stand in a row: up to 32 in few full rows of at most so many, more as a square."""
    if n <= most:
        return n
    if n > 32:
        return math.ceil(math.sqrt(n))
    return max((k for k in range(most // 2, most + 1) if n % k == 0), default=most)


def saved(picture: Image.Image) -> bytes:
    """A picture as a small file: PNG where it is grey, else WebP, exact where that is the smaller one, as for enlarged
    digits; not for photographs. What is transparent stays so."""
    coloured = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
    if coloured.mode == "RGB" and not np.ptp(np.asarray(coloured), axis=2).max():
        ways = [{"format": "PNG", "optimize": True}]
        coloured = coloured.convert("L")
    else:
        ways = [{"format": "WEBP", "lossless": True}, {"format": "WEBP", "quality": 85}]
    files = [io.BytesIO() for _ in ways]
    for file, options in zip(files, ways, strict=True):
        coloured.save(file, **options)
    return min((file.getvalue() for file in files), key=len)
