"""A dozen trainings on digits, of which one is healthy: where each was recorded, and how its failure looks."""

from dataclasses import dataclass

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
        sign: by which it is recognised.
        section: of lesson 05, in which it is explained; "" = of the healthy one.
    """

    study: RecordedStudy | None
    name: str
    sign: str
    section: str

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
    """The twelve, by their titles."""
    studies = {name: RecordedStudy(name) for name in {row[1] for row in FAILURES if row[1]}}
    return {title: Training(studies.get(study), *rest) for title, study, *rest in FAILURES}


def gallery_cards() -> list[Image.Image]:
    """Each of the `gallery` as a card under its number, from 1: sixteen pictures, the curves of D(x) and D(G(z))."""
    return [card(one.images(), f"card {i}", one.stats()) for i, one in enumerate(gallery().values(), 1)]


NORMED = "output_norm=True, z=normal"
FAILURES = [  # title, study, version or run, sign, section; in an order that gives nothing away
    ("z from [0, 1]", "output_norm", "output_norm=False, z=uniform01", "one picture for every z", "7"),
    ("images normalised", "stabilisers", "4 images normalised as for a classifier", "faint digits, healthy curves",
     "4"),
    ("D 20 times as fast", "d_wins", "non-saturating", "strokes on grey; D has won", "5"),
    ("fully connected", "", "mnist_basic", "specks", "6"),
    ("no batch norm", "stabilisers", "2 no batch norm", "ragged strokes", "3"),
    ("beta1 of 0.9", "learning_rate", "lr 0.002, beta1 0.9", "bars in every picture; D has won", "5"),
    ("batch norm on output, slow", "output_norm_slow", NORMED, "noise; D has won", "7"),
    ("healthy", "stabilisers", "baseline", "digits on black; D(x) and D(G(z)) stay away from 1 and 0", ""),
    ("sigmoid output", "stabilisers", "4 sigmoid output", "nothing is darker than grey; D is sure", "4"),
    ("dropout at test time", "stabilisers", "dropout in G, at test too", "specks beside the strokes", "6"),
    ("batch norm on G's output", "output_norm", NORMED, "a grey weave behind digits", "7"),
    ("D 20 times as fast, minimax", "d_wins", "minimax", "a texture that hardly answers z; D has won", "5")]
