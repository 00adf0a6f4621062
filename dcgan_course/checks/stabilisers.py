"""Checks about what stabilises: statistics over seeds, the moving average, one-sided smoothing."""

import copy
import numbers
from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .. import losses, models
from ..measuring.tables import interval
from ..state import update_ema
from .base import described, exercise, expect, expect_none_of, plain, same, serves
from .costs import expect_scalar, expect_slopes
from .failures import TwoNorms

# ---- numbers over seeds


def two_numbers(found: tuple[float, float]) -> list[float]:
    """A learner's pair of numbers, in whatever sequence and of whatever type."""
    expect(hasattr(found, "__len__") and not isinstance(found, (str, dict)), f"the result is {described(found)}, "
           "expected a pair (mean, half_width).")
    expect(len(found) == 2, f"the result has {len(found)} parts, expected two: (mean, half_width).")
    for value in found:
        expect(isinstance(plain(value), numbers.Real), f"one of the two is {described(value)}, expected a number.")
    return [float(value) for value in found]


@exercise(interval)
def check_interval(answer: Callable[[list[float]], tuple[float, float]]) -> None:
    """answer(differences): (mean, half_width)."""
    from scipy import stats

    values = [1.0, 2.5, -0.5, 3.0, 0.7]
    n, deviation, population = len(values), np.std(values, ddof=1), np.std(values)
    expected_mean, expected = interval(values)
    mean, half = two_numbers(answer(values))

    def is_(a: float, b: float) -> bool:
        return bool(np.isclose(a, b, rtol=1e-3))

    expect(not (is_(mean, expected) and is_(half, expected_mean)), "the two numbers come back in the wrong order.")
    expect(not (is_(mean, expected_mean - expected) and is_(half, expected_mean + expected)), "these are the ends of "
           "the interval, expected its middle and half of its width.")
    expect(is_(mean, expected_mean), f"the mean of {values} is {expected_mean:.2f}, found {mean:.2f}.")
    t = stats.t.ppf(0.975, n - 1)
    for value, mistake in {
        2 * expected: "this is the whole width, expected half of it.",
        1.96 * deviation / n**0.5: "1.96 is for hundreds of seeds. For five, the standard deviation is itself a "
                                   "guess, and Student's t says 2.78: stats.t.ppf(0.975, n - 1).",
        1.96 * population / n**0.5: "1.96 is for hundreds of seeds: use stats.t.ppf(0.975, n - 1). And the standard "
                                    "deviation of a sample divides by n - 1: ddof=1.",
        t * population / n**0.5: "the standard deviation divides by n; of a sample it divides by n - 1: ddof=1.",
        t * deviation: "the square root of n is missing: a mean of five is surer than one number.",
        t * deviation / n: "divided by n, expected by the square root of n.",
        stats.t.ppf(0.95, n - 1) * deviation / n**0.5: "0.95 leaves 5 % on one side. Of two sides each gets 2.5 %: "
                                                       "ppf(0.975, ...).",
        stats.t.ppf(0.975, n) * deviation / n**0.5: "Student's t takes n - 1 degrees of freedom, not n.",
        deviation / n**0.5: "this is the standard error; multiply it by stats.t.ppf(0.975, n - 1).",
        deviation: "this is the standard deviation of one seed, expected that of the mean, times stats.t.ppf(0.975, "
                   "n - 1).",
        t * deviation**2 / n**0.5: "this is the variance, expected its root, the standard deviation.",
        t * deviation / (n - 1) ** 0.5: "divided by the root of n - 1, expected of n: ddof=1 is in the standard "
                                             "deviation.",
        2.78 * deviation / n**0.5: "2.78 is rounded, and right for five numbers alone: stats.t.ppf(0.975, n - 1).",
        -expected: "half of the width is negative: ppf(0.025, ...) is the lower end, expected ppf(0.975, ...).",
    }.items():
        expect(not is_(half, value), mistake)
    expect(is_(half, expected), f"half of the width is {expected:.3f}, found {half:.3f}.")
    expect(is_(two_numbers(answer([-2.0, -4.0]))[0], -3), "for a negative mean it is wrong: no abs() here.")
    expect(is_(two_numbers(answer([2.0, 4.0]))[1], interval([2.0, 4.0])[1]), "for five numbers it is right, for two "
           "it is not: is n taken from the list?")
    with serves("the numbers come as a NumPy array there, and np.exp is taken of mean and ends."):
        logarithms = np.array([-0.31, 0.12, -0.05, -1.2, 0.4])
        wanted = interval(logarithms.copy())
        mean, half = answer(logarithms)
        ends = np.exp(mean - half), np.exp(mean + half)
        expect(all(map(is_, (*two_numbers((mean, half)), *ends),
                       (*wanted, np.exp(wanted[0] - wanted[1]), np.exp(wanted[0] + wanted[1])))),
               "for a NumPy array of five numbers it is wrong.")


# ---- what stabilises


@exercise(update_ema, {0: "weights statistics", 1: "weights statistics"})
def check_ema(answer: Callable[[nn.Module, nn.Module, float], None]) -> None:
    """answer(netG_ema, netG, weight): in place; batch norm's statistics too."""
    def floats(net: nn.Module) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in net.state_dict().items() if value.is_floating_point()}

    netG, netG_ema = TwoNorms(), TwoNorms()
    netG.norm1.num_batches_tracked.fill_(50)
    now, then = floats(netG), floats(netG_ema)
    try:
        answer(netG_ema, netG, 0.25)
    except RuntimeError as error:
        expect("leaf" not in str(error), "parameters that learn cannot be changed in place while gradients are on: put "
               "`with torch.no_grad():` around it.")
        expect("Long" not in str(error), "num_batches_tracked is a whole number and has no average: copy it, or "
               "leave it out; value.is_floating_point() tells.")
        raise
    after = floats(netG_ema)
    expect(all(same(value, now[name]) for name, value in floats(netG).items()), "netG has changed: only the average "
           "moves.")
    parameters = {name for name, _ in netG.named_parameters()}

    def is_(weight: float, names: Iterable[str]) -> bool:
        return all(same(after[name], then[name] + weight * (now[name] - then[name])) for name in names)

    expect(not is_(0, now), "nothing has changed: move netG_ema itself, in place (lerp_, copy_).")
    expect(not is_(0.75, parameters), "the two weights are swapped: `weight` is the part of the new netG, small; the "
           "average keeps 1 - weight of itself.")
    expect(not is_(1, parameters), "netG_ema has become netG: nothing is averaged.")
    still = [name for name in now if name in parameters and is_(0, [name])]
    expect(not 0 < len(still) < len(parameters) or not is_(0.25, parameters - set(still)),
           f"{next(iter(still), None)} has not moved, other parameters have: all are averaged, biases and batch norm's "
           "gains too.")
    expect(is_(0.25, parameters), "the weights are not at (1 - weight) * netG_ema + weight * netG.")
    expect(not is_(1, now.keys() - parameters), "batch norm's running statistics were copied, not averaged: averaged "
           "weights need averaged statistics.")
    behind = [name for name in now if not is_(0.25, [name])]
    expect(not 0 < len(behind) < len(now.keys() - parameters), f"{next(iter(behind), None)} was not averaged, other "
           "running statistics of batch norm were: all of them move with the weights.")
    expect(not behind, "batch norm's running statistics were left behind: averaged weights need averaged "
           "statistics. state_dict() has them too, parameters() does not.")
    with torch.no_grad():
        netG.first.weight.add_(1)
    expect(same(netG_ema.first.weight.detach(), after["first.weight"]), "netG_ema now shares its numbers with netG: "
           "when netG is trained, the average moves along. Change the numbers in place.")
    with serves("it is called again and again with the lesson's G, which is in eval mode, and with gradients on."):
        netG = models.Generator(6, 2).eval()
        netG_ema, wanted = copy.deepcopy(netG), copy.deepcopy(netG)
        for _ in range(3):
            with torch.no_grad():
                for tensor in (*netG.parameters(), *(b for b in netG.buffers() if b.is_floating_point())):
                    tensor.add_(1)
            answer(netG_ema, netG, 0.02)
            update_ema(wanted, netG, 0.02)
        moved, right = floats(netG_ema), floats(wanted)
        expect(all(same(moved[name], right[name]) for name in right), "after three steps with the weight 0.02 the "
               "lesson's G is not where it should be: is the argument used?")


def smoothed_d_loss(logits_real: torch.Tensor, logits_fake: torch.Tensor, label: float = 0.9) -> torch.Tensor:
    """What D minimises where real images have the target `label`, generated ones 0."""
    return losses.d_loss(logits_real, logits_fake, real_label=label)


@exercise(smoothed_d_loss)
def check_smoothed_d_loss(answer: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]) -> None:
    """answer(logits_real, logits_fake, label): the target of real images is `label`, of generated ones 0."""
    real, fake = (torch.randn(n) * 2 + shift for n, shift in ((7, 1), (5, -0.5)))  # of two lengths: nothing is joined
    try:
        found = answer(real.clone().requires_grad_(), fake.clone().requires_grad_(), 0.9)
    except RuntimeError as error:
        expect("(7)" not in str(error), "there are 7 real and 5 generated images here: take the mean of each kind, and "
               "add the two means.")
        raise
    expect_scalar(found)
    expect(found.requires_grad, "no gradient can flow back from the loss: nothing may be detached, or computed under "
           "no_grad.")
    found = found.detach()

    def cross_entropy(logits: torch.Tensor, target: float | torch.Tensor) -> torch.Tensor:
        return (target * F.softplus(-logits) + (1 - target) * F.softplus(logits)).mean()

    expected = cross_entropy(real, 0.9) + cross_entropy(fake, 0.0)
    mistakes = {
        "nothing is smoothed: real images still have the target 1.":
            cross_entropy(real, 1.0) + cross_entropy(fake, 0.0),
        "both sides are smoothed: with the target 0.1 D's best answer is above 0 even where only G draws, which tells "
        "G to stay there. Theirs stays 0.": cross_entropy(real, 0.9) + cross_entropy(fake, 0.1),
        "the wrong side is smoothed: real images get `label`, generated ones 0.":
            cross_entropy(real, 1.0) + cross_entropy(fake, 0.1),
        "the real half is multiplied by the label. A target of 0.9 is something else: "
        "-[0.9 log D(x) + 0.1 log(1 - D(x))].": 0.9 * cross_entropy(real, 1.0) + cross_entropy(fake, 0.0),
        "the targets are swapped: real images get `label`, generated ones 0.":
            cross_entropy(real, 0.0) + cross_entropy(fake, 0.9),
        "real images get 1 - label: D would learn to call them fake.":
            cross_entropy(real, 0.1) + cross_entropy(fake, 0.0),
        "a sigmoid is applied twice: the loss takes logits.":
            cross_entropy(real.sigmoid(), 0.9) + cross_entropy(fake.sigmoid(), 0.0),
        "the half of the generated images is missing.": cross_entropy(real, 0.9),
        "the loss is summed over the batch, expected the mean.":
            7 * cross_entropy(real, 0.9) + 5 * cross_entropy(fake, 0.0),
        "generated images have the target 1: that is G's wish, D's is 0.":
            cross_entropy(real, 0.9) + cross_entropy(fake, 1.0),
        "generated images have the target `label` too: theirs is 0.":
            cross_entropy(real, 0.9) + cross_entropy(fake, 0.9),
        "the sign is wrong: a loss is made small, so the logarithms carry a minus.": -expected,
        "one mean is taken over both kinds of images: each kind has its own, however many there are (here 7 and 5).":
            (7 * cross_entropy(real, 0.9) + 5 * cross_entropy(fake, 0.0)) / 12,
        "the two kinds are weighted by `label` and 1 - label: it is the target of real images; both kinds count alike.":
            0.9 * cross_entropy(real, 1.0) + 0.1 * cross_entropy(fake, 0.0),
        "the two halves are subtracted, expected their sum: both are to be small.":
            cross_entropy(real, 0.9) - cross_entropy(fake, 0.0),
        "logits and targets have changed places: the logits come first.":
            cross_entropy(torch.full_like(real, 0.9), real) + cross_entropy(torch.zeros_like(fake), fake),
        "probabilities were compared by their squared distance, expected the cross-entropy: a D that is surely wrong "
        "must pay without limit.": (real.sigmoid() - 0.9).square().mean() + fake.sigmoid().square().mean(),
    }
    if not same(found, expected) and not same(found, expected / 2):
        expect_none_of(found, mistakes)
        expect_none_of(2 * found, mistakes)
    expect(same(found, expected) or same(found, expected / 2), f"the loss of some random logits is {found:.4f}, "
           f"expected {expected:.4f}.")
    found, expected = answer(real, fake, 0.7), cross_entropy(real, 0.7) + cross_entropy(fake, 0.0)
    expect(same(found, expected) or same(found, expected / 2), "with the label 0.9 it is right, with 0.7 it is not: is "
           "the argument used?")
    expect_slopes(lambda r, f: answer(r, f, 0.9), lambda r, f: smoothed_d_loss(r, f, 0.9), real, fake)
    sure = answer(torch.tensor([-400.0, 3.0]), torch.tensor([400.0, -3.0]), 0.9)
    expect(bool(sure > 150) and bool(torch.isfinite(sure)), f"where D is sure and wrong (a logit of 400) the loss is "
           f"{sure:.3g}, expected about 380. Compute from the logits: binary_cross_entropy_with_logits.")
    with serves("it is called with one real and one generated logit, for many D(x)."):
        p = torch.linspace(0.01, 0.99, 99)
        for label, cheapest in ((0.9, 89), (1.0, 98)):
            cost = torch.stack([answer(torch.logit(x)[None], torch.tensor([-20.0]), label) for x in p])
            expect(cost.argmin() == cheapest, f"for the label {label} the cheapest D(x) of 0.01, 0.02 ... 0.99 is "
                   f"{p[cost.argmin()]:.2f}, expected {p[cheapest]:.2f}.")
