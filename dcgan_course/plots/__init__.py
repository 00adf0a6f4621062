"""Figures, films, sheets, tables and drawings, in one style, and how a lesson shows them."""

from .curves import curves, metric_curve
from .films import FILMS, caption, clock, corner, encoded, expect_film, thinned, write_film, write_gif
from .networks import architecture, draw_networks
from .showing import notebook_picture, show, show_wiped
from .style import BLUE, GREEN, GREY, ORANGE, STYLE
from .tables import show_table

__all__ = ["BLUE", "FILMS", "GREEN", "GREY", "ORANGE", "STYLE", "architecture", "caption", "clock", "corner", "curves",
           "draw_networks", "encoded", "expect_film", "metric_curve", "notebook_picture", "show", "show_table",
           "show_wiped", "thinned", "write_film", "write_gif"]
