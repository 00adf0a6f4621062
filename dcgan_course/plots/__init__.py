"""Figures, films, sheets, tables and drawings, in one style, and how a lesson shows them."""

from .cards import card, show_cards, side_by_side
from .curves import curves, metric_curve
from .films import (
    FILMS,
    caption,
    clock,
    corner,
    encoded,
    expect_film,
    over_curves,
    thinned,
    write_film,
    write_gif,
)
from .networks import architecture, draw_networks
from .showing import notebook_picture, saved, show, show_wiped
from .style import BLUE, GREEN, GREY, ORANGE, PAGE, STYLE
from .tables import show_table

__all__ = ["BLUE", "FILMS", "GREEN", "GREY", "ORANGE", "PAGE", "STYLE", "architecture", "caption", "card", "clock",
           "corner", "curves", "draw_networks", "encoded", "expect_film", "metric_curve", "notebook_picture",
           "over_curves", "saved", "show", "show_cards", "show_table", "show_wiped", "side_by_side", "thinned",
           "write_film", "write_gif"]
