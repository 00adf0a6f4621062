"""Figures, films, sheets, tables and drawings, in one style, and how a lesson shows them."""

from .cards import card, cards_html, show_cards, show_moments, show_rows
from .curves import curves, legend_above, mark_guesses, metric_curve
from .films import (
    FILMS,
    caption,
    clock,
    corner,
    encoded,
    expect_film,
    over_curves,
    thinned,
    under_sliders,
    write_film,
    write_gif,
)
from .ideas import sketches
from .networks import architecture, draw_networks, draw_unet
from .points import dots, forest, rows_of_points
from .showing import notebook_picture, saved, show, show_beside
from .sliding import show_turned, show_wiped
from .style import BLUE, GREEN, GREY, INK, ORANGE, PAGE, STYLE
from .tables import show_table

__all__ = ["BLUE", "FILMS", "GREEN", "GREY", "INK", "ORANGE", "PAGE", "STYLE", "architecture", "caption", "card",
           "cards_html", "clock", "corner", "curves", "dots", "draw_networks", "draw_unet", "encoded", "expect_film",
           "forest", "legend_above", "mark_guesses", "metric_curve", "notebook_picture", "over_curves",
           "rows_of_points", "saved", "show", "show_beside", "show_cards", "show_moments", "show_rows", "show_table",
           "show_turned", "show_wiped", "sketches", "thinned", "under_sliders", "write_film", "write_gif"]
