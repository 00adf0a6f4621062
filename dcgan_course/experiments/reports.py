"""A recorded study as a lesson shows it: its numbers as tables, its pictures as cards, and D's last answers."""

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ..measuring.tables import comparison_frame, summary_frame
from ..plots import card, show_cards, show_table
from .recording import RecordedStudy

NUMBERS = {"fd": "fd, smaller is better", "mode_entropy": "mode_entropy, 1 = evenly",
           "sharpness": "sharpness, 1 is right", "specks": "specks, smaller is better",
           "duplicates": "duplicates, smaller is better"}
THREE = ("fd", "mode_entropy", "sharpness")
WORDS = (("output_norm=False", "without"), ("output_norm=True", "batch norm"), ("z=", "z "),
         ("uniform01", "in [0, 1]"), ("uniform", "in [-1, 1]"), (" as for a classifier", ""),
         ("the input of D", "D's input"), ("the output of G", "G's output"))
LAST = 10  # lines of a training's statistics


def plain(config: str) -> str:
    """The name of a config in words, without the number of its guideline.

    >>> plain("2 batch norm on the input of D"), plain("output_norm=True, z=uniform01")
    ("batch norm on D's input", 'batch norm, z in [0, 1]')
    """
    for name, words in WORDS:
        config = config.replace(name, words)
    return re.sub(r"^[1-5] ", "", config)


def numbers(study: RecordedStudy, *configs: str, metrics: Sequence[str] = THREE) -> None:
    """Show means over the seeds, with their intervals, of some configs of a study or all."""
    frame = summary_frame(rows(study, configs or study.study.configs, metrics))[list(metrics)]
    show_table(frame.rename(index=plain, columns=NUMBERS))


def scored(sets: Mapping[str, Mapping[str, float]]) -> None:
    """Show the same three numbers of sets of pictures: {name: scores of 2,000 digits}."""
    frame = pd.DataFrame({name: [scores[f"{key}2k_mnist"] for key in THREE] for name, scores in sets.items()},
                         [NUMBERS[key] for key in THREE])
    show_table(frame.T)


def effect(study: RecordedStudy, pairs: Mapping[str, tuple[str, str]],
           metrics: Sequence[str] = ("fd", "sharpness")) -> None:
    """Show what changes from one config to another, seed by seed: {what: (before, after)}."""
    found = [comparison_frame(rows(study, pair, metrics), pair[0]).set_axis([what]) for what, pair in pairs.items()]
    show_table(pd.concat(found), "A question mark: the interval includes 0.")


def rows(study: RecordedStudy, configs: Iterable[str], metrics: Iterable[str]) -> pd.DataFrame:
    """The part of a study's table with some configs and metrics."""
    name = study.table["metric"].str.replace(r"\d.*", "", regex=True)
    return study.table[name.isin(list(metrics)) & study.table["config"].isin(list(configs))]


def last_answers(study: RecordedStudy, configs: Iterable[str]) -> None:
    """Show D's answers of the first seed, averaged over the last ten lines of its training."""
    found = {plain(name): pd.DataFrame(study.curves(name))[["D_x", "D_G_z"]].tail(LAST).mean() for name in configs}
    show_table(pd.DataFrame(found).T.set_axis(["D(x)", "D(G(z))"], axis=1).map("{:.2f}".format))


def sheets(study: RecordedStudy, configs: Iterable[str], caption: str, alt: str, n: int = 16) -> None:
    """Show n pictures of each of some configs of a study, side by side; caption and alt as of `plots.show`."""
    show_cards([card(study.images(config)[:n], plain(config)) for config in configs], caption, alt)
