"""Checks about failures: batch norm's statistics, counting modes, and telling failures apart by their looks."""

import copy
import numbers
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .. import models
from ..sampling import generate, standing_statistics
from .base import described, exercise, expect, expect_none_of, plain, same, serves


class TwoNorms(nn.Module):
    """A small generator with batch norm twice, which has been trained for a while."""

    def __init__(self):
        super().__init__()
        self.first, self.norm1 = nn.ConvTranspose2d(5, 6, 4), nn.BatchNorm2d(6)
        self.second, self.norm2 = nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.BatchNorm2d(3)
        for norm in (self.norm1, self.norm2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(2, 3)
            norm.num_batches_tracked.fill_(40)
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, 5) -> images (N, 3, 8, 8) in [-1, 1]."""
        x = F.relu(self.norm1(self.first(z[:, :, None, None])))
        return torch.tanh(self.norm2(self.second(x)))


def statistics(net: TwoNorms) -> torch.Tensor:
    """The running mean and variance of the first batch norm, then of the second, in one row: (18,)."""
    return torch.cat([t for norm in (net.norm1, net.norm2) for t in (norm.running_mean, norm.running_var)])


def after_batches(net: TwoNorms, batches: list[torch.Tensor], momentum: float | None,
                  reset: bool = True) -> torch.Tensor:
    """The running statistics of a copy after batches in train mode, with another momentum."""
    net = copy.deepcopy(net).train()
    for norm in (net.norm1, net.norm2):
        norm.momentum = momentum
        if reset:
            norm.reset_running_stats()
    with torch.no_grad():
        for z in batches:
            net(z)
    return statistics(net)


@exercise(standing_statistics, {0: "weights statistics settings mode"})
def check_standing_statistics(answer: Callable[[nn.Module, list[torch.Tensor]], None]) -> None:
    """answer(netG, batches): batch norm's running statistics become the average over those batches of z; eval mode."""
    net = TwoNorms().train()
    batches = [torch.randn(16, 5) * scale for scale in (0.5, 1.0, 2.0, 1.0)]
    weights = torch.cat([p.detach().flatten() for p in net.parameters()]).clone()
    mean, together = after_batches(net, batches, None), after_batches(net, [torch.cat(batches)], None)
    mistakes = {
        "the statistics are those of before: no batch has moved them. They move in train mode only; go back to eval "
        "mode at the end.": statistics(net),
        "the old statistics are still in the average: call reset_running_stats() on each batch norm first.":
            after_batches(net, batches, None, reset=False),
        "batch norm keeps its momentum of 0.1: after a few batches the statistics are still mostly where they began. "
        "momentum = None takes the plain average over all batches.": after_batches(net, batches, 0.1),
        "batch norm keeps its momentum of 0.1, and the old statistics: reset them, and set momentum = None, which "
        "takes the plain average over all batches.": after_batches(net, batches, 0.1, reset=False),
        "the statistics are reset, mean 0 and variance 1, but no batch was drawn in train mode after that.":
            torch.cat([torch.zeros(6), torch.ones(6), torch.zeros(3), torch.ones(3)]),
    }
    gains = [(p, p.detach().clone()) for norm in (net.norm1, net.norm2) for p in norm.parameters()]
    last = after_batches(net, batches, 1.0)
    answer(net, batches)
    expect(all(torch.equal(p.detach(), then) for p, then in gains), "batch norm's trained gains and shifts have "
           "changed: reset_running_stats() empties the statistics only, reset_parameters() the weights too.")
    expect(same(torch.cat([p.detach().flatten() for p in net.parameters()]), weights), "the weights have changed: only "
           "batch norm's statistics are to be measured again.")
    found = statistics(net)
    if not same(found, mean, 1e-4) and not same(found, together, 1e-4):
        expect_none_of(found, mistakes)
        forgets = ": momentum = 1 forgets all batches before it" if net.norm1.momentum == 1 else ""
        expect(not same(found, last, 1e-4), f"only the last batch counts{forgets}. Expected the average over all.")
        expect(False, "the running statistics are not the average over the batches.")
    expect(not any(m.training for m in net.modules()), "netG is left in train mode: the next picture would be drawn "
           "with its own batch's statistics, and move the average.")
    expect(all(norm.eps == 1e-5 for norm in (net.norm1, net.norm2)), "batch norm's eps has changed.")
    expect(not found.requires_grad, "the statistics carry the graph of their making: measure them under "
           "torch.no_grad().")
    with serves("G draws with them."):
        netG = models.init_weights(models.Generator(6, 2)).train()
        answer(netG, [torch.randn(8, 6) for _ in range(3)])
        expect(generate(netG, torch.randn(4, 6)).shape == (4, 1, 28, 28) and not netG.training, "G is in train mode.")


def mode_count(probabilities: np.ndarray, least: float = 0.01) -> int:
    """How many classes at least the share `least` of the images show, by the judge's probabilities (N, classes)."""
    shares = np.bincount(probabilities.argmax(1), minlength=probabilities.shape[1]) / len(probabilities)
    return int((shares >= least).sum())


def votes(*counts: int) -> np.ndarray:
    """A judge's probabilities of images, in any order; so many have each of the classes as their likeliest."""
    rows = np.random.permutation(np.repeat(np.arange(len(counts)), counts))
    likeliest = 0.4 if len(counts) > 2 else 0.65  # may well be below 1/2
    p = np.full((len(rows), len(counts)), (1 - likeliest) / (len(counts) - 1))
    p[np.arange(len(rows)), rows] = likeliest
    return p


@exercise(mode_count, numbers="the probabilities that were given have changed ({name}): they are still needed.")
def check_mode_count(answer: Callable[..., int]) -> None:
    """answer(probabilities, least): the number of classes that at least that share of images has as its likeliest."""
    collapsed = votes(960, 30, 9, 1, 0)  # of 1,000 images
    found = plain(answer(collapsed, 0.01))
    expect(isinstance(found, numbers.Real) and not isinstance(found, bool), f"the result is {described(found)}, "
           "expected one whole number: how many classes.")
    asked = "960, 30, 9, 1 and 0 of 1,000 images show each of five classes, so 2 classes have at least 1 %; found "
    seen = {
        5: "every class counts, also one that no image shows. What counts is the likeliest class of each image.",
        4: "a class with a single image, 0.1 %, counts too. Ask whether the share is at least `least`.",
        1000: "that is the number of images; count the classes.",
        0: "no class counts, though 960 images have the same likeliest class, with a probability of 0.4.",
    }
    expect(found == 2, f"{asked}{found}{': ' if found in seen else '.'}{seen.get(found, '')}")
    for counts, least, expected in (((90, 10), 0.2, 1), ((197, 2, 1), 0.004, 3), ((3, 0, 2, 2), 0.3, 1)):
        found = plain(answer(votes(*counts), least))
        expect(found == expected, f"{', '.join(map(str, counts))} images show each class. With `least` = {least}, a "
               f"share of all images, {expected} of them count; found {found}.")
    expect(plain(answer(votes(99, 1), 0.01)) == 2, "a class with exactly the share `least` counts too: >=, not >.")
    with serves("it is called without `least`, which is 0.01 then: mode_count(probabilities)."):
        found = plain(answer(collapsed))
        expect(found == 2, f"called without `least`, which is 0.01 then, it gives {found}, expected 2.")


CASES = {  # unlabelled pictures and curves of the study "stabilisers"
    "A": "D learns 4 times as fast",
    "B": "least squares",
    "C": "smoothing 0.9 in G too",
    "D": "minimax",
    "E": "spectral norm in D",
}
LOOK = {
    "D learns 4 times as fast": "whose D(x) and D(G(z)) stay far apart to the end",
    "least squares": "which losses are soon small, as halves of squares are",
    "smoothing 0.9 in G too": "whose digits are fine although its D(x) is never above 0.7",
    "minimax": "which loss_G is never above 0",
    "spectral norm in D": "whose strokes are ragged although D's answers stay close together",
}


@exercise(lambda: dict(CASES))
def check_diagnosis(answer: Callable[[], dict[str, str]]) -> None:
    """answer(): {letter: name of the failure} for CASES."""
    found = answer()
    expect(isinstance(found, dict), f"the result is {described(found)}, expected a dict: {{'A': 'minimax', ...}}.")
    small = [letter for letter in CASES if letter not in found and letter.lower() in found]
    expect(not small, f"the letters are capitals: {small[0] if small else ''!r}, not "
           f"{small[0].lower() if small else ''!r}.")
    missing = [letter for letter in CASES if letter not in found]
    expect(not missing, f"{', '.join(missing)}: no diagnosis yet.")
    for letter in CASES:
        expect(found[letter] in list(LOOK), f"{letter}: found {found[letter]!r}, expected one of {', '.join(LOOK)}.")
    twice = [name for name in LOOK if list(found[letter] for letter in CASES).count(name) > 1]
    expect(not twice, f"{', '.join(twice)}: named more than once, and each failure is there once.")
    wrong = [letter for letter, name in CASES.items() if found[letter] != name]
    right = len(CASES) - len(wrong)
    for letter in wrong[:1]:
        expect(False, f"{right} of {len(CASES)} are right. {letter} is not {found[letter]!r}. To find "
                      f"{found[letter]!r}, look: {LOOK[found[letter]]}?")
