"""How a lesson shows a picture: with a caption, and with words for those who cannot see it."""

import io
import math
import re
from collections.abc import Callable, Mapping
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
HIGH = 560  # pixels of a sheet that is still seen as a whole
FOLDED = " \n"  # of a folded output JupyterLab shows the first line that is not empty, as it stands: nothing
POINTS = 1500  # more of them are smaller as pixels
WATCHED = 560  # pixels, at most, of the sheet beside which curves grow
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


def show(what: Picture, caption: str, alt: str, nrow: int | None = None, width: int | None = None,
         lettered: bool = True) -> None:
    """Show a picture in a notebook, wherever that is read: in JupyterLab, on GitHub, as HTML. In a terminal: its words.

    Args:
        what: a figure of matplotlib; images (n, 1 or 3, size, size) in [-1, 1], as a sheet; a picture; or a PNG, GIF,
            WebP or SVG file, by its content or its path. The text of an SVG is content too.
        caption: what to look for.
        alt: what is to be seen, for those who cannot.
        nrow: images in a row of the sheet; None = as suits the page.
        width: on the page, in pixels; None = its own, at most the page's.
        lettered: whether a sheet's images that are all of one grey say its level, so that none is taken for a failure.
    """
    from IPython.display import display

    content, own = sheet(what, nrow, lettered) if isinstance(what, Tensor) else filed(what)
    display(Shown(figure_html(content, alt, caption, min(PAGE, width or own)), alt))


def filed(what: Picture) -> tuple[bytes, int]:
    """What `show` takes as a file, and its own width on the page in pixels."""
    if hasattr(what, "savefig"):
        return drawn(what)
    if isinstance(what, Tensor):
        return sheet(what)
    if isinstance(what, Image.Image):
        return saved(what), what.width
    if isinstance(what, str) and what.lstrip().startswith("<svg"):
        return what.encode(), PAGE
    content = what if isinstance(what, bytes) else Path(what).read_bytes()
    return content, PAGE if kind_of(content) == "image/svg+xml" else Image.open(io.BytesIO(content)).width


def notebook_picture(stats: Callable[[], list[dict]], until: float,
                     loss: str = "non_saturating") -> Callable[[Image.Image, str], None]:
    """A function (picture, caption) that shows a training's sheet in a notebook, twice as large where the page has room
    for it, and its curves beside it, which grow; it replaces both at the next call.

    Args:
        stats: gives the lines of stats.jsonl so far.
        until: thousand images at the end of the training.
        loss: see `curves`.
    """
    import matplotlib as mpl
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(picture: Image.Image, caption: str) -> None:
        times = 2 if 2 * picture.width <= WATCHED else 1
        large = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
        words = f"a sheet of generated images after {caption}"
        width = min(WATCHED, large.width)
        beside = PAGE - width - 12
        images = image_html(saved(large), words, width, shared(width))
        if lines := full(stats()):
            file = io.BytesIO()
            figure = curves(lines, (beside / 100, large.height * width / large.width / 100), until, loss)
            with mpl.rc_context(STYLE | {"savefig.bbox": "standard"}):  # the same size each time
                figure.savefig(file, format="svg", metadata={"Date": None})
            images += " " + image_html(file.getvalue(), "losses and D's answers until then", beside, shared(beside))
        images = f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{images}</div>'
        handle.update({"text/html": framed(images, caption), "text/plain": words}, raw=True)

    return show


def full(lines: list[dict]) -> list[dict]:
    """Lines without a last one that is the mean of fewer steps than half of the first one's: its point jumps."""
    short = len(lines) > 2 and lines[-1]["kimg"] - lines[-2]["kimg"] < 0.5 * (lines[1]["kimg"] - lines[0]["kimg"])
    return lines[:-1] if short else lines


def show_beside(pictures: Mapping[str, Picture], caption: str) -> None:
    """Show pictures of one size side by side, and on a phone one below the other.

    Args:
        pictures: what is to be seen on each, for those who cannot, and the picture, as for `show`.
        caption: what to look for.
    """
    from IPython.display import display

    files = [(content, alt, own) for alt, (content, own) in ((alt, filed(what)) for alt, what in pictures.items())]
    images = " ".join(image_html(content, alt, own, shared(own, 0.7)) for content, alt, own in files)
    inside = ('<div style="display:flex;flex-wrap:wrap;gap:12px;justify-content:center;align-items:center">'
              f'{images}</div>')
    display(Shown(framed(inside, caption), "; ".join(pictures)))


def shared(width: int, least: float = 0.55) -> str:
    """The style of a picture beside another one: on a narrower page both shrink alike, to that share of their width at
    least, and on a phone they stand one below the other."""
    return f'style="flex:{width} 1 {least * width:.0f}px;min-width:0;max-width:{width}px;height:auto;border-radius:4px"'


def drawn(figure: "Figure") -> tuple[bytes, int]:
    """A figure as a file, and its width on the page in pixels: SVG, which stays sharp, and whose colours a dark page
    makes lighter; with pictures in it, or very many points, a PNG or WebP of twice its size. A picture of few pixels
    may stay in an SVG, where each is a square: `imshow(..., interpolation="none")`. A figure of pyplot is closed:
    nothing shows it a second time."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    file = io.BytesIO()
    points = [len(part.get_offsets()) for axes in figure.axes for part in axes.collections]
    pictures = [part for axes in figure.axes for part in axes.get_images() if part.get_interpolation() != "none"]
    lines = sum(points) < POINTS and not pictures
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
    svg = re.sub(rb"(?<=base64,)\s+", b"", re.sub(rb"(\d\d\.\d\d)\d+", rb"\1", svg))
    return re.sub(rb"\s*\n\s*", b" ", svg)


def sheet(images: Tensor, nrow: int | None = None, lettered: bool = True) -> tuple[bytes, int]:
    """Images (n, 1 or 3, size, size) in [-1, 1] as one enlarged picture, and its width in pixels."""
    size, n = images.shape[-1], len(images)
    least = -(-TILE // size)
    nrow = nrow or row(n, PAGE // (least * (size + 2)))
    width, height = nrow * (size + 2) + 2, math.ceil(n / nrow) * (size + 2) + 2
    picture = enlarged(images, nrow, max(least, min(4, PAGE // width, HIGH // height)), lettered)
    return saved(picture), picture.width


def enlarged(images: Tensor, nrow: int, times: int, lettered: bool = True) -> Image.Image:
    """The picture of `sheet`, each pixel as a square of so many. On an image that is all of a grey its level stands, 0
    black and 255 white, where that is asked for: it is no failed picture, there is nothing to see."""
    size, picture = images.shape[-1], Image.fromarray(image_grid(images, nrow).numpy())
    picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    pen, font = ImageDraw.Draw(picture), lettering(max(10, times * size // 6))
    for i, pixels in enumerate(map(to_pixels, images if lettered else images[:0])):
        if int(pixels.max()) - int(pixels.min()) <= FLAT:
            level, side = round(float(pixels.float().mean())), size + 2
            words = "every\npixel" if pixels.min() == pixels.max() else "pixels\nnear"
            middle = (times * (2 + i % nrow * side + size // 2), times * (2 + i // nrow * side + size // 2))
            pen.text(middle, f"{words}\n{level}", "black" if level > 110 else "white", font, "mm", align="center")
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
