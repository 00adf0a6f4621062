"""The one style of all figures: colours, sizes, and what matplotlib is told of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import ImageFont

# Okabe and Ito's palette: distinguishable with every kind of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"  # D and what is real; G and what is generated; a third thing
# words; what is beside the matter; grids: to be read on a light page and on a dark one, for the page lies behind
INK, GREY, PALE = "#777777", "#808080", "#80808050"
PAGE = 848  # pixels: the width of a figure in a lesson, at which its words have 13 to 15 pixels
DENSE = 2  # pixels of a file for each of the page: sharp on every screen
FONT = "DejaVu Sans, Verdana, Arial, sans-serif"

# for plt.style.use(STYLE); a figure of 8.4 inches fills the page
STYLE: dict[str, Any] = {
    "figure.figsize": (8.4, 3.2), "figure.dpi": 100, "figure.facecolor": "none", "figure.constrained_layout.use": True,
    "axes.facecolor": "none", "savefig.facecolor": "none", "savefig.bbox": "tight", "savefig.pad_inches": 0.12,
    "font.size": 10.5, "axes.titlesize": 11, "axes.labelsize": 10.5, "xtick.labelsize": 10, "ytick.labelsize": 10,
    "legend.fontsize": 10, "legend.frameon": False,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GREY, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "xtick.minor.size": 0, "ytick.minor.size": 0,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": PALE, "grid.linewidth": 0.7,
    "lines.linewidth": 1.8, "image.cmap": "gray",
    "axes.prop_cycle": f"cycler('color', {[BLUE, ORANGE, GREEN, GREY, '#CC79A7', '#E69F00']})",
    "svg.hashsalt": "dcgan-course",  # the same figure is the same file
}


def lettering(size: int, bold: bool = False) -> "ImageFont.FreeTypeFont":
    """The type of all figures, at so many pixels, for what Pillow writes: matplotlib brings it along."""
    import matplotlib as mpl
    from PIL import ImageFont

    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{'-Bold' * bold}.ttf", size)
