"""A recorded study as a lesson shows it: pictures as cards, with D's answers and the numbers below."""

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from ..measuring.tables import summary_frame
from ..plots import card, show_cards
from .recording import RecordedStudy

WORDS = (("output_norm=False", "without"), ("output_norm=True", "batch norm"), ("z=", "z "),
         ("uniform01", "in [0, 1]"), ("uniform", "in [-1, 1]"), (" as for a classifier", ""),
         ("the input of D", "D's input"), ("the output of G", "G's output"), ("from 0 to 1", "from [0, 1]"))


def plain(config: str) -> str:
    """The name of a config in words, without the number of its guideline.

    >>> plain("2 batch norm on the input of D"), plain("output_norm=True, z=uniform01")
    ("batch norm on D's input", 'batch norm, z in [0, 1]')
    """
    for name, words in WORDS:
        config = config.replace(name, words)
    return re.sub(r"^[1-5] ", "", config)


def rows(study: RecordedStudy, configs: Iterable[str], metrics: Iterable[str]) -> pd.DataFrame:
    """The part of a study's table with some configs and metrics."""
    name = study.table["metric"].str.replace(r"\d.*", "", regex=True)
    return study.table[name.isin(list(metrics)) & study.table["config"].isin(list(configs))]


def sheets(study: RecordedStudy, configs: Sequence[str], caption: str, alt: str, metrics: Sequence[str] = ("fd",),
           n: int = 16, columns: int = 3) -> None:
    """Show n pictures of each of some configs of a study, side by side: of the first seed, with its curves of D(x) and
    D(G(z)). Below them stand means over the seeds, with their intervals, in two decimals at most: a card is narrow.
    Caption and alt as of `plots.show`."""
    found = summary_frame(rows(study, configs, metrics), digits=2, decimals=2)
    found = found.replace(" to ", "\N{EN DASH}", regex=True)
    show_cards([card(study.images(config)[:n], plain(config), study.curves(config), dict(found.loc[config, [*metrics]]))
                for config in configs], caption, alt, columns)
