"""Checks about diffusion: noise mixed in, and taken apart. Of points (N, 2) and of images."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .. import diffusion
from .base import described, exercise, expect, expect_tensor, same, serves

Mistakes = dict[str, Callable[..., Tensor]]

AXES = ("t has the shape (N,), and the numbers of a row stand in the axes after it. Give t as many axes: "
        "t.view(-1, *[1] * (x.ndim - 1)).")
ANEW = "two calls with the same arguments differ: noise is drawn in here. Use the noise that is given."
ONE_TIME = "all rows are treated as if they had one time: each has its own."


def rows(t: Tensor, like: Tensor) -> Tensor:
    """t (N,) with as many axes as `like`."""
    return t.reshape(len(t), *[1] * (like.ndim - 1))


def mixed(t: Tensor, like: Tensor, angle: float = math.pi / 2) -> tuple[Tensor, Tensor]:
    """cos and sin of t times an angle, with the axes of `like`."""
    return torch.cos(rows(t, like) * angle), torch.sin(rows(t, like) * angle)


def both(x_0: Tensor, noise: Tensor, t: Tensor, angle: float = math.pi / 2) -> tuple[Tensor, Tensor]:
    """x_t and v."""
    c, s = mixed(t, x_0, angle)
    return c * x_0 + s * noise, c * noise - s * x_0


def taken_apart(x_t: Tensor, v: Tensor, t: Tensor, angle: float = math.pi / 2) -> tuple[Tensor, Tensor]:
    """x_0 and noise."""
    c, s = mixed(t, x_t, angle)
    return c * x_t - s * v, s * x_t + c * v


def drawn(n: int, *shape: int) -> tuple[Tensor, Tensor, Tensor]:
    """Images or points, noise, and times that are neither 0 nor 1."""
    return 2 * torch.randn(n, *shape), torch.randn(n, *shape), 0.1 + 0.8 * torch.rand(n)


def tries_of(make: Callable[[Tensor, Tensor, Tensor], Sequence]) -> list[Sequence]:
    """What an answer is tried on: points, and images."""
    return [make(*drawn(7, 2)), make(*drawn(5, 1, 6, 6))]


def asked(answer: Callable, given: Sequence) -> Tensor:
    """What the answer gives, twice; axes that do not fit are named."""
    try:
        found, again = answer(*given), answer(*given)
    except RuntimeError as error:
        expect("must match" not in str(error), AXES)
        raise
    expect_tensor(found, tuple(given[0].shape), hint=f", as {'x_0' if len(given) == 3 else 'x_t'} has. {AXES[:-1]}")
    expect(same(found, again), ANEW)
    return found


def expect_none(found: list[Tensor], tries: list[Sequence], mistakes: Mistakes) -> None:
    """Name the mistake that gives what was found, in each of the tries."""
    for message, mistake in mistakes.items():
        expect(not all(same(x, mistake(*given), 1e-4) for x, given in zip(found, tries, strict=True)), message)


def middle(t: Tensor) -> Tensor:
    """One time for all."""
    return t.mean().expand(len(t))


# ---- noise mixed in

WRONG_MIXTURES: Mistakes = {
    "image and noise are exchanged: at t = 0 there has to be the image alone, at t = 1 the noise.":
        lambda x, n, t: both(x, n, 1 - t)[0],
    "the angle is t pi, half a circle: at t = 1 that is the image again, as a negative. Expected t pi / 2.":
        lambda x, n, t: both(x, n, t, math.pi)[0],
    "t itself is taken for the angle, which has to reach pi / 2 at t = 1.": lambda x, n, t: both(x, n, t, 1.0)[0],
    "the two are mixed on a straight line, (1 - t) and t, expected on the circle, cos and sin.":
        lambda x, n, t: x + rows(t, x) * (n - x),
    "cos and sin are squared: their squares are shares of the variance, the two themselves multiply.":
        lambda x, n, t: mixed(t, x)[0] ** 2 * x + mixed(t, x)[1] ** 2 * n,
    "roots of 1 - t and t are a circle too, at another pace. Expected cos and sin of t pi / 2.":
        lambda x, n, t: (1 - rows(t, x)).sqrt() * x + rows(t, x).sqrt() * n,
    "noise is added, and the image stays as strong as it was: multiply it by cos.":
        lambda x, n, t: x + mixed(t, x)[1] * n,
    "the noise is added at full strength: multiply it by sin.": lambda x, n, t: mixed(t, x)[0] * x + n,
    "the noise is missing: this is the image, dimmed.": lambda x, n, t: mixed(t, x)[0] * x,
    "the image is missing: this is noise alone.": lambda x, n, t: mixed(t, x)[1] * n,
    "the noise is taken away, expected added.": lambda x, n, t: both(x, -n, t)[0],
    "this is the velocity, where x_t moves; asked for is x_t.": lambda x, n, t: both(x, n, t)[1],
    "nothing has changed: this is x_0.": lambda x, n, t: x,
    ONE_TIME: lambda x, n, t: both(x, n, middle(t))[0],
    f"{ONE_TIME} ": lambda x, n, t: both(x, n, t[:1].expand(len(t)))[0],
}


@exercise(diffusion.noised)
def check_noised(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """answer(x_0, noise, t): cos(t pi / 2) x_0 + sin(t pi / 2) noise, for t (N,)."""
    tries = tries_of(lambda *given: given)
    found = [asked(answer, given) for given in tries]
    expect_none(found, tries, WRONG_MIXTURES)
    for x, given in zip(found, tries, strict=True):
        expect(same(x, both(*given)[0], 1e-4), f"the first number of x_t is {x.flatten()[0]:.3f}, expected "
               f"{both(*given)[0].flatten()[0]:.3f}.")
    with serves("it is called with digits in [-1, 1] and times from 0 to 1."):
        x_0, noise, _ = drawn(3, 1, 28, 28)
        x_0, t = x_0.tanh(), torch.tensor([0.0, 0.5, 1.0])
        expect(same(answer(x_0, noise, t).clone(), both(x_0, noise, t)[0], 1e-4), "at t = 0, 0.5 or 1 it is wrong.")


# ---- taken apart


def two(found: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    """A learner's pair (x_0, noise)."""
    expect(hasattr(found, "__len__") and not isinstance(found, (str, dict)), f"the result is {described(found)}, "
           "expected a pair (x_0, noise).")
    expect(len(found) == 2, "the result is one tensor, expected a pair: return x_0, noise." if torch.is_tensor(found)
           else f"the result has {len(found)} parts, expected two: (x_0, noise).")
    x_0, noise = found
    for what, part in (("x_0", x_0), ("the noise", noise)):
        expect_tensor(part, tuple(like.shape), what, f", as x_t has. {AXES[:-1]}")
    return x_0, noise


def apart(x_t: Tensor, v: Tensor, t: Tensor, swap: int) -> Tensor:
    """Right, in one tensor; or the other way round."""
    return torch.cat(taken_apart(x_t, v, t)[::swap])


def as_if(x_t: Tensor, v: Tensor, t: Tensor, what: str) -> Tensor:
    """v taken for something else: "noise", "image" or "line"."""
    (c, s), along = mixed(t, x_t), rows(t, x_t)
    return torch.cat({"noise": ((x_t - s * v) / c, v), "image": (v, (x_t - c * v) / s),
                      "line": (x_t - along * v, x_t + (1 - along) * v)}[what])


WRONG_PARTS: Mistakes = {
    "the two come back in the wrong order: first x_0, then the noise.": lambda x, v, t: apart(x, v, t, -1),
    "v is taken for the noise, as in DDPM. Here v = cos noise - sin x_0 holds both.":
        lambda x, v, t: as_if(x, v, t, "noise"),
    "v is taken for the image itself. Here v = cos noise - sin x_0 holds both.":
        lambda x, v, t: as_if(x, v, t, "image"),
    "this takes apart a mixture on a straight line, x_0 = x_t - t v, expected one on the circle.":
        lambda x, v, t: as_if(x, v, t, "line"),
    "the sign of v is wrong in both.": lambda x, v, t: apart(x, -v, t, 1),
    "the sign of v is wrong in x_0: v points away from the image, so that its share is taken away.":
        lambda x, v, t: torch.cat([taken_apart(x, -v, t)[0], taken_apart(x, v, t)[1]]),
    "the sign of v is wrong in the noise: v points to the noise, so that its share is added.":
        lambda x, v, t: torch.cat([taken_apart(x, v, t)[0], taken_apart(x, -v, t)[1]]),
    "cos and sin are exchanged.": lambda x, v, t: apart(x, v, 1 - t, 1),
    "the angle is t pi, expected t pi / 2.": lambda x, v, t: torch.cat(taken_apart(x, v, t, math.pi)),
    "t itself is taken for the angle, expected t pi / 2.": lambda x, v, t: torch.cat(taken_apart(x, v, t, 1.0)),
    "this is x_t and v as they came: nothing is taken apart.": lambda x, v, t: torch.cat([x, v]),
    "x_0 is cut off at -1 and 1. Points of the plane lie beyond.":
        lambda x, v, t: torch.cat([taken_apart(x, v, t)[0].clamp(-1, 1), taken_apart(x, v, t)[1]]),
    ONE_TIME: lambda x, v, t: apart(x, v, middle(t), 1),
}


@exercise(diffusion.unmixed)
def check_unmixed(answer: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    """answer(x_t, v, t): (x_0, noise)."""
    tries = tries_of(lambda x, n, t: (*both(x, n, t), t))
    try:
        pairs = [two(answer(*given), given[0]) for given in tries]
    except RuntimeError as error:
        expect("must match" not in str(error), AXES)
        raise
    found = [torch.cat([part.float() for part in pair]) for pair in pairs]
    expect_none(found, tries, WRONG_PARTS)
    for (x_0, noise), given in zip(pairs, tries, strict=True):
        for what, part, right in zip(("x_0", "the noise"), (x_0, noise), taken_apart(*given), strict=True):
            expect(same(part, right, 1e-3), f"the first number of {what} is {part.flatten()[0]:.3f}, expected "
                   f"{right.flatten()[0]:.3f}.")
    with serves("it is called from t = 1 on, down to 0."):
        x, v, _ = drawn(3, 1, 28, 28)
        t = torch.tensor([0.0, 0.5, 1.0])
        for part, right in zip(two(answer(x, v, t), x), taken_apart(x, v, t), strict=True):
            expect(same(part, right, 1e-3), "at t = 1 or at t = 0 it is wrong: is something divided by cos or sin, "
                   "which is 0 there? Nothing has to be divided: multiply both equations, and add them.")
