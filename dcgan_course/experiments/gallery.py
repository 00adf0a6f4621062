"""A dozen trainings on digits, of which one is healthy: where each was recorded, and how its failure is recognised."""

from dataclasses import dataclass, field

from PIL import Image
from torch import Tensor

from ..machine.runtime import seeded
from ..plots import card
from ..runs import load_run
from ..sampling import generate, sample_z
from .recording import RecordedStudy


@dataclass
class Training:
    """A version of a recorded study, or a recorded run where there is no study.

    Attributes:
        words: "sign", "cause" and "fix", as far as there are any.
    """

    study: RecordedStudy | None
    name: str
    words: dict[str, str] = field(default_factory=dict)

    def images(self) -> Tensor:
        """Its last pictures, (16 or more, 1 or 3, 28, 28) in [-1, 1]."""
        return self.study.images(self.name) if self.study else drawn_by(self.name, 16)

    def stats(self) -> list[dict]:
        """The lines of its curves."""
        return self.study.curves(self.name) if self.study else load_run(self.name).stats()


def drawn_by(name: str, n: int) -> Tensor:
    """What the generator of a recorded run draws, (n, nc, size, size) in [-1, 1]: the same at each call."""
    run = load_run(name)
    return generate(run.load_generator(), sample_z(n, run.config.nz, run.config.z, seeded(1, "lesson")))


def gallery() -> dict[str, Training]:
    """The twelve, by their titles. A number in brackets is that of the section of lesson 05."""
    studies = {name: RecordedStudy(name) for name in {name for _, name, _, _ in FAILURES if name}}
    return {title: Training(studies.get(study), name, dict(zip(("sign", "cause", "fix"), words.split(" | "),
                                                              strict=False)))
            for title, study, name, words in FAILURES}


def gallery_cards() -> list[Image.Image]:
    """Each of the `gallery` as a card: sixteen pictures, the curves of D(x) and D(G(z)), and its words."""
    return [card(one.images(), title, one.stats(), one.words) for title, one in gallery().items()]


NORMED = "output_norm=True, z=normal"
FAILURES = [  # title, study, version or run, words
    ("healthy", "stabilisers", "baseline",
     "digits on black; D(x) and D(G(z)) stay away from 1 and 0"),
    ("no batch norm", "stabilisers", "2 no batch norm",
     "ragged strokes, another result with each seed | signals shrink from layer to layer | "
     "batch norm, or larger first weights (3)"),
    ("sigmoid output", "stabilisers", "4 sigmoid output",
     "nothing is darker than grey; D is sure | G cannot reach -1 | tanh for [-1, 1] (4)"),
    ("images normalised", "stabilisers", "4 images normalised as for a classifier",
     "faint digits, healthy curves | white is 2.8, tanh ends at 1 | images in [-1, 1] (4)"),
    ("D 20 times as fast", "d_wins", "non-saturating",
     "strokes on grey; D has won | G cannot keep up | rates in balance (5)"),
    ("D 20 times as fast, minimax", "d_wins", "minimax",
     "one texture for every z | G's loss has no slope where D is sure | the non-saturating loss (5)"),
    ("beta1 of 0.9", "learning_rate", "lr 0.002, beta1 0.9",
     "bars for every z; D has won | steps follow what was right ten steps ago | beta1 of 0.5 (6)"),
    ("fully connected", "", "mnist_basic",
     "specks; two digits never come | no layer knows which pixels are neighbours | convolutions; count (9)"),
    ("dropout at test time", "stabilisers", "dropout in G, at test too",
     "specks beside the strokes | chance in every picture | drop in training only (10)"),
    ("batch norm on G's output", "output_norm", NORMED,
     "a grey weave behind digits | all pixels of a batch share one mean | none on the last layer (12)"),
    ("batch norm on output, slow", "output_norm_slow", NORMED,
     "noise; D has won | the background never gets black | none on the last layer (12)"),
    ("z from [0, 1]", "output_norm", "output_norm=False, z=uniform01",
     "one picture for every z | the mean of z is not 0 | centre z (12)")]
