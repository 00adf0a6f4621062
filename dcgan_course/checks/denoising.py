"""Checks about diffusion: the loss that teaches a network, and the step that takes noise away."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import diffusion
from .base import exercise, expect, same, serves
from .costs import expect_scalar
from .diffusion import ANEW, Mistakes, asked, both, drawn, expect_none, middle, mixed, rows, taken_apart, tries_of

# ---- learned


class Probe(nn.Module):
    """A network that is told its time, of one weight, which remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.3))
        self.given: list[tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(N, ...) and (N,) -> (N, ...)."""
        self.given.append((x.detach(), t.detach()))
        return guess(x, t, self.weight)


def guess(x: Tensor, t: Tensor, weight: Tensor | float = 0.3) -> Tensor:
    """What the Probe says."""
    return weight * x + rows(t, x) - 0.2


def gap(x: Tensor, n: Tensor, t: Tensor, seen: Callable | None = None, told: Callable | None = None,
        wanted: Callable | None = None) -> Tensor:
    """What is squared and averaged: the guess for what is seen and told, against what is wanted."""
    x_t, v = both(x, n, t)
    return guess(seen(x, n, t) if seen else x_t, told(t) if told else t) - (wanted(x, n, t) if wanted else v)


WRONG_LOSSES: Mistakes = {
    "the guess is compared with the noise, as in DDPM. This network guesses the velocity.":
        lambda x, n, t: gap(x, n, t, wanted=lambda x, n, t: n).square().mean(),
    "the guess is compared with x_0. This network guesses the velocity.":
        lambda x, n, t: gap(x, n, t, wanted=lambda x, n, t: x).square().mean(),
    "the guess is compared with x_t, which the network has been given.":
        lambda x, n, t: gap(x, n, t, wanted=lambda x, n, t: both(x, n, t)[0]).square().mean(),
    "the velocity has the wrong sign: it leads from the image to the noise, cos noise - sin x_0.":
        lambda x, n, t: gap(x, n, t, wanted=lambda x, n, t: -both(x, n, t)[1]).square().mean(),
    "noise - x_0 is the velocity on a straight line, expected that on the circle.":
        lambda x, n, t: gap(x, n, t, wanted=lambda x, n, t: n - x).square().mean(),
    "the network sees x_0 without noise: there is nothing to learn.":
        lambda x, n, t: gap(x, n, t, seen=lambda x, n, t: x).square().mean(),
    "the network sees noise alone, expected x_t.": lambda x, n, t: gap(x, n, t, seen=lambda x, n, t: n).square().mean(),
    "the network is told the angle, expected t itself.":
        lambda x, n, t: gap(x, n, t, told=lambda t: t * math.pi / 2).square().mean(),
    "the network is told 1 - t, expected t.": lambda x, n, t: gap(x, n, t, told=lambda t: 1 - t).square().mean(),
    "the network is always told t = 0.": lambda x, n, t: gap(x, n, t, told=torch.zeros_like).square().mean(),
    "the squares are summed up, expected their mean.": lambda x, n, t: gap(x, n, t).square().sum(),
    "the squares of each row are summed up, expected the mean of all.":
        lambda x, n, t: gap(x, n, t).square().sum() / len(x),
    "half of the mean square is asked for nowhere: no 1/2.": lambda x, n, t: gap(x, n, t).square().mean() / 2,
    "this is the mean absolute difference, expected the mean square.": lambda x, n, t: gap(x, n, t).abs().mean(),
    "this is the root of the mean square, expected the mean square itself.":
        lambda x, n, t: gap(x, n, t).square().mean().sqrt(),
    "the differences are not squared: positive and negative ones cancel.": lambda x, n, t: gap(x, n, t).mean(),
    "a loss is made small, so it must not be negative.": lambda x, n, t: -gap(x, n, t).square().mean(),
}


@exercise(diffusion.diffusion_loss)
def check_diffusion_loss(answer: Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]) -> None:
    """answer(net, x_0, noise, t): the mean square of net(x_t, t) - velocity."""
    tries = tries_of(lambda *given: given)
    found, net = [], Probe()
    for given in tries:
        losses = [answer(net, *given) for _ in range(2)]
        expect_scalar(losses[0])
        expect(losses[0].requires_grad, "no gradient can flow back from the loss to the network: nothing may be "
               "detached, or computed under no_grad, or turned into a plain number.")
        expect(same(*losses), ANEW)
        found.append(losses[0].detach())
    expect(bool(net.given), "the network was never called.")
    expect_none(found, tries, WRONG_LOSSES)
    for x, given in zip(found, tries, strict=True):
        right = gap(*given).square().mean()
        expect(same(x, right, 1e-4), f"the loss of some random numbers is {x:.4f}, expected {right:.4f}.")
    with serves("a small network learns by it, step by step."):
        x_0, noise, t = drawn(64, 2)
        net, losses = Probe(), []
        optimizer = torch.optim.SGD(net.parameters(), 0.05)
        for _ in range(5):
            loss = answer(net, x_0, noise, t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        expect(losses[-1] < losses[0], "five steps of training do not make it smaller.")


# ---- taken away


def stepped(x: Tensor, v: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """What is asked for."""
    return both(*taken_apart(x, v, t), s)[0]


def straight(x: Tensor, v: Tensor, t: Tensor, s: Tensor, pace: float) -> Tensor:
    """Along v, as if the circle were a line."""
    return x + pace * rows(s - t, x) * v


WRONG_STEPS: Mistakes = {
    "this is the guessed image: the noise that belongs to s has to be mixed in again.":
        lambda x, v, t, s: taken_apart(x, v, t)[0],
    "this is the guessed noise, expected x_s.": lambda x, v, t, s: taken_apart(x, v, t)[1],
    "nothing has moved: the guesses are mixed as at t, expected as at s.": lambda x, v, t, s: x,
    "the step leads away from s, as if t and s were exchanged: v belongs to t, and s is where the step ends.":
        lambda x, v, t, s: stepped(x, v, s, t),
    "the noise is left out: this is the guessed image, dimmed.":
        lambda x, v, t, s: mixed(s, x)[0] * taken_apart(x, v, t)[0],
    "the guessed image is left out.": lambda x, v, t, s: mixed(s, x)[1] * taken_apart(x, v, t)[1],
    "v is mixed in for the noise.": lambda x, v, t, s: both(taken_apart(x, v, t)[0], v, s)[0],
    "x_t is mixed in for the noise.": lambda x, v, t, s: both(taken_apart(x, v, t)[0], x, s)[0],
    "x_t is mixed in for the guessed image.": lambda x, v, t, s: both(x, taken_apart(x, v, t)[1], s)[0],
    "image and noise are exchanged where they are mixed.":
        lambda x, v, t, s: both(*taken_apart(x, v, t)[::-1], s)[0],
    "this is the velocity at s, expected x_s.": lambda x, v, t, s: both(*taken_apart(x, v, t), s)[1],
    "this goes straight on along v, and leaves the circle: right for tiny steps only. Take x_t apart, and mix it as "
    "at s.": lambda x, v, t, s: straight(x, v, t, s, math.pi / 2),
    "x_t + (s - t) v is a step on a straight line. Take x_t apart, and mix it as at s.":
        lambda x, v, t, s: straight(x, v, t, s, 1.0),
    "x_t - (s - t) v is a step away from the image, and on a straight line. Take x_t apart, and mix it as at s.":
        lambda x, v, t, s: straight(x, v, t, s, -1.0),
    "the times of all rows are averaged: each has its own.": lambda x, v, t, s: stepped(x, v, middle(t), middle(s)),
    "all rows go to the same s: each has its own.": lambda x, v, t, s: stepped(x, v, t, s[:1].expand(len(s))),
}


@exercise(diffusion.ddim_step)
def check_ddim_step(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """answer(x_t, v, t, s): x_s, of the guessed image and the guessed noise; t and s (N,)."""
    tries = tries_of(lambda x, n, t: (*both(x, n, t), t, t * (0.2 + 0.6 * torch.rand(len(t)))))
    tries = [(x, v + 0.3 * torch.randn_like(v), t, s) for x, v, t, s in tries]  # guesses err
    found = [asked(answer, given) for given in tries]
    expect_none(found, tries, WRONG_STEPS)
    for x, given in zip(found, tries, strict=True):
        expect(same(x, stepped(*given), 1e-3), f"the first number of x_s is {x.flatten()[0]:.3f}, expected "
               f"{stepped(*given).flatten()[0]:.3f}.")
    with serves("it goes from t = 1 to t = 0, in one step or in several, without gradients."), torch.no_grad():
        x, v, _ = drawn(3, 1, 28, 28)
        t = torch.ones(3)
        for s in (0.9, 0.5, 0.0):
            right = stepped(x, v, t, torch.full((3,), s))
            expect(same(answer(x, v, t, torch.full((3,), s)).clone(), right, 1e-3), f"from t = 1 to s = {s} it is "
                   "wrong: is something divided by cos, which is 0 at t = 1?")
