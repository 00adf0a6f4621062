"""Answers to the exercises of lesson 14, for `test_checks.py`: wrong ones that somebody would give, each with words of
what is said about it, and right ones in other words."""

import functools
import math

import numpy as np
import torch
import torch.nn.functional as F
from strict_answers import AsObject, doing, first

from dcgan_course import checks, diffusion


def axes(t, x):
    return t.view(-1, *[1] * (x.ndim - 1))


def noised(x, n, t, pace=math.pi / 2):
    return torch.cos(axes(t, x) * pace) * x + torch.sin(axes(t, x) * pace) * n


def velocity(x, n, t):
    return noised(n, -x, t)


def unmixed(x, v, t, pace=math.pi / 2):
    return noised(x, -v, t, pace), noised(v, x, t, pace)


def loss(net, x, n, t, target=velocity, end=lambda d: d.square().mean(), seen=noised):
    return end(net(seen(x, n, t), t) - target(x, n, t))


def step(x, v, t, s, mix=noised):
    return mix(*unmixed(x, v, t), s)


def euler(x, v, t, s, pace=math.pi / 2):
    return x + pace * axes(s - t, x) * v


# ---- right, in other words

def by_rows(answer):
    """One row at a time."""
    def looped(*given):
        rows = [answer(*(x[i : i + 1] for x in given)) for i in range(len(given[0]))]
        return tuple(map(torch.cat, zip(*rows, strict=True))) if isinstance(rows[0], tuple) else torch.cat(rows)
    return looped


def loss_by_rows(net, x, n, t):
    return sum(loss(net, *(y[i : i + 1] for y in (x, n, t))) for i in range(len(x))) / len(x)


def numpy_noised(x, n, t):
    c, s = (f(t.numpy() * np.pi / 2) for f in (np.cos, np.sin))
    return torch.from_numpy((x.numpy().T * c + n.numpy().T * s).T.astype(np.float32))


def solved(x, v, t):
    """By the two equations, as a matrix."""
    a = t * math.pi / 2
    matrix = torch.stack([torch.stack([a.cos(), a.sin()], -1), torch.stack([-a.sin(), a.cos()], -1)], -2)
    found = torch.linalg.solve(matrix, torch.stack([x.flatten(1), v.flatten(1)], 1))
    return found[:, 0].view_as(x), found[:, 1].view_as(x)


def turned(x, v, t, s):
    a = axes(s - t, x) * (math.pi / 2)
    return a.cos() * x + a.sin() * v


def complex_turn(x, v, t, s):
    """x and v as one complex number."""
    turn = torch.polar(torch.ones_like(t), (t - s) * math.pi / 2)
    return (torch.complex(x, v) * axes(turn, x)).real


# ---- wrong

def unmixed_by_dividing(x, v, t):
    """Exact in between, and 0 divided by 0 at the end."""
    c, s = torch.cos(axes(t, x) * math.pi / 2), torch.sin(axes(t, x) * math.pi / 2)
    noise = s * x + c * v
    return (x - s * noise) / c, noise


def step_by_dividing(x, v, t, s):
    return noised(*unmixed_by_dividing(x, v, t), s)


def in_place(x, n, t):
    return x.mul_(torch.cos(axes(t, x) * math.pi / 2)).add_(torch.sin(axes(t, x) * math.pi / 2) * n)


def one_for_all(answer, pick):
    return lambda *given: answer(*given[:2], *(pick(x).expand(len(x)) for x in given[2:]))


DIFFUSION = {
    checks.check_noised: (
        {
            "exchanged": (lambda x, n, t: noised(n, x, t), "image and noise are exchanged"),
            "half a circle": (lambda x, n, t: noised(x, n, t, math.pi), "half a circle"),
            "t as the angle": (lambda x, n, t: noised(x, n, t, 1.0), "taken for the angle"),
            "degrees": (lambda x, n, t: noised(x, n, t, 90.0), "expected"),
            "a straight line": (lambda x, n, t: torch.lerp(x, n, axes(t, x)), "on a straight line"),
            "squares": (lambda x, n, t: torch.cos(axes(t, x) * math.pi / 2) ** 2 * x
                        + torch.sin(axes(t, x) * math.pi / 2) ** 2 * n, "cos and sin are squared"),
            "roots": (lambda x, n, t: axes(1 - t, x) ** 0.5 * x + axes(t, x) ** 0.5 * n, "at another pace"),
            "image undimmed": (lambda x, n, t: x + torch.sin(axes(t, x) * math.pi / 2) * n, "as strong as it was"),
            "noise at full strength": (lambda x, n, t: torch.cos(axes(t, x) * math.pi / 2) * x + n, "full strength"),
            "no noise": (lambda x, n, t: noised(x, 0 * n, t), "the noise is missing"),
            "no image": (lambda x, n, t: noised(0 * x, n, t), "the image is missing"),
            "noise taken away": (lambda x, n, t: noised(x, -n, t), "taken away"),
            "the velocity": (velocity, "this is the velocity"),
            "nothing": (lambda x, n, t: x, "nothing has changed"),
            "None": (lambda x, n, t: None, "return"),
            "one time": (one_for_all(noised, torch.mean), "as if they had one time"),
            "the first time": (one_for_all(noised, lambda t: t[0]), "as if they had one time"),
            "own noise": (lambda x, n, t: noised(x, torch.randn_like(x), t), "drawn in here"),
            "t as it is": (lambda x, n, t: torch.cos(t) * x + torch.sin(t) * n, "as many axes"),
            "for images only": (lambda x, n, t: torch.cos(t[:, None, None, None] * math.pi / 2) * x
                                + torch.sin(t[:, None, None, None] * math.pi / 2) * n, "as many axes"),
            "for points only": (lambda x, n, t: torch.cos(t[:, None] * math.pi / 2) * x
                                + torch.sin(t[:, None] * math.pi / 2) * n, "as many axes"),
            "in place": (in_place, "has changed"),
            "cut off": (lambda x, n, t: noised(x, n, t).clamp(-1, 1), "expected"),
            "a list": (lambda x, n, t: noised(x, n, t).tolist(), "of type list"),
            "gradients off": (doing(noised, lambda *_: torch.set_grad_enabled(False)), "are left switched off"),
        },
        [noised, diffusion.noised, by_rows(noised), numpy_noised, AsObject(noised), functools.partial(noised),
         lambda x, n, t: torch.stack([math.cos(float(a) * math.pi / 2) * b + math.sin(float(a) * math.pi / 2) * c
                                      for a, b, c in zip(t, x, n, strict=True)]),
         lambda x, n, t: torch.einsum("n,n...->n...", torch.cos(t * torch.pi / 2), x)
         + torch.einsum("n,n...->n...", torch.sin(t * torch.pi / 2), n)],
    ),
    checks.check_unmixed: (
        {
            "the other order": (lambda x, v, t: unmixed(x, v, t)[::-1], "in the wrong order"),
            "v is the noise": (lambda x, v, t: ((x - torch.sin(axes(t, x) * math.pi / 2) * v)
                                                / torch.cos(axes(t, x) * math.pi / 2), v), "v is taken for the noise"),
            "v is the image": (lambda x, v, t: (v, (x - torch.cos(axes(t, x) * math.pi / 2) * v)
                                                / torch.sin(axes(t, x) * math.pi / 2)), "for the image itself"),
            "a straight line": (lambda x, v, t: (x - axes(t, x) * v, x + axes(1 - t, x) * v), "on a straight line"),
            "minus v": (lambda x, v, t: unmixed(x, -v, t), "wrong in both"),
            "plus in x_0": (lambda x, v, t: (unmixed(x, -v, t)[0], unmixed(x, v, t)[1]), "wrong in x_0"),
            "minus in the noise": (lambda x, v, t: (unmixed(x, v, t)[0], unmixed(x, -v, t)[1]), "wrong in the noise"),
            "cos for sin": (lambda x, v, t: unmixed(x, v, 1 - t), "cos and sin are exchanged"),
            "half a circle": (lambda x, v, t: unmixed(x, v, t, math.pi), "the angle is t pi"),
            "t as the angle": (lambda x, v, t: unmixed(x, v, t, 1.0), "for the angle"),
            "as they came": (lambda x, v, t: (x, v), "as they came"),
            "cut off": (lambda x, v, t: (unmixed(x, v, t)[0].clamp(-1, 1), unmixed(x, v, t)[1]), "cut off"),
            "one time": (one_for_all(unmixed, torch.mean), "as if they had one time"),
            "x_0 alone": (lambda x, v, t: unmixed(x, v, t)[0], "expected a pair"),
            "three": (lambda x, v, t: (*unmixed(x, v, t), v), "has 3 parts"),
            "None": (lambda x, v, t: None, "return"),
            "t as it is": (lambda x, v, t: (torch.cos(t) * x - torch.sin(t) * v, x), "as many axes"),
            "divided": (unmixed_by_dividing, "Nothing has to be divided"),
            "in place": (first(unmixed, lambda x, v, t: v.neg_()), "has changed"),
            "numbers": (lambda x, v, t: (1.0, 2.0), "of type float"),
        },
        [unmixed, diffusion.unmixed, by_rows(unmixed), solved, AsObject(unmixed), functools.partial(unmixed),
         lambda x, v, t: list(unmixed(x, v, t)), lambda x, v, t: torch.stack(unmixed(x, v, t))],
    ),
    checks.check_diffusion_loss: (
        {
            "the noise": (lambda *g: loss(*g, target=lambda x, n, t: n), "compared with the noise"),
            "the image": (lambda *g: loss(*g, target=lambda x, n, t: x), "compared with x_0"),
            "x_t": (lambda *g: loss(*g, target=noised), "compared with x_t"),
            "minus v": (lambda *g: loss(*g, target=lambda x, n, t: -velocity(x, n, t)), "the wrong sign"),
            "a straight line": (lambda *g: loss(*g, target=lambda x, n, t: n - x), "on a straight line"),
            "without noise": (lambda *g: loss(*g, seen=lambda x, n, t: x), "without noise"),
            "noise alone": (lambda *g: loss(*g, seen=lambda x, n, t: n), "noise alone"),
            "the angle": (lambda net, *g: loss(lambda x, t: net(x, t * math.pi / 2), *g), "told the angle"),
            "1 - t": (lambda net, *g: loss(lambda x, t: net(x, 1 - t), *g), "told 1 - t"),
            "t = 0": (lambda net, *g: loss(lambda x, t: net(x, 0 * t), *g), "always told t = 0"),
            "without t": (lambda net, *g: loss(lambda x, t: net(x), *g), "TypeError"),
            "the sum": (lambda *g: loss(*g, end=lambda d: d.square().sum()), "summed up, expected their mean"),
            "sums of rows": (lambda *g: loss(*g, end=lambda d: d.square().flatten(1).sum(1).mean()), "of each row"),
            "each row": (lambda *g: loss(*g, end=lambda d: d.square().flatten(1).mean(1)), "has shape (7,)"),
            "half": (lambda *g: loss(*g, end=lambda d: d.square().mean() / 2), "no 1/2"),
            "absolute": (lambda *g: loss(*g, end=lambda d: d.abs().mean()), "absolute difference"),
            "the root": (lambda *g: loss(*g, end=lambda d: d.square().mean().sqrt()), "the root of the mean square"),
            "no square": (lambda *g: loss(*g, end=torch.mean), "are not squared"),
            "negative": (lambda *g: -loss(*g), "must not be negative"),
            "own noise": (lambda net, x, n, t: loss(net, x, torch.randn_like(x), t), "drawn in here"),
            "own times": (lambda net, x, n, t: loss(net, x, n, torch.rand(len(x))), "drawn in here"),
            "detached": (lambda *g: loss(*g).detach(), "no gradient can flow"),
            "a number": (lambda *g: loss(*g).item(), "of type float"),
            "no network": (lambda net, *g: loss(lambda x, t: torch.zeros_like(x, requires_grad=True), *g),
                           "never called"),
            "None": (lambda *g: None, "return"),
        },
        [loss, diffusion.diffusion_loss, loss_by_rows, AsObject(loss), functools.partial(loss),
         lambda net, x, n, t: F.mse_loss(net(noised(x, n, t), t), velocity(x, n, t)),
         lambda net, x, n, t: (velocity(x, n, t) - net(noised(x, n, t), t)).pow(2).mean(),
         lambda *g: torch.mean(loss(*g, end=lambda d: d.square()))],
    ),
    checks.check_ddim_step: (
        {
            "the guess": (lambda x, v, t, s: unmixed(x, v, t)[0], "the guessed image: the noise"),
            "the noise": (lambda x, v, t, s: unmixed(x, v, t)[1], "the guessed noise, expected"),
            "as at t": (lambda x, v, t, s: step(x, v, t, t), "nothing has moved"),
            "t for s": (lambda x, v, t, s: step(x, v, s, t), "leads away from s"),
            "no noise": (lambda x, v, t, s: noised(unmixed(x, v, t)[0], 0 * x, s), "the noise is left out"),
            "no image": (lambda x, v, t, s: noised(0 * x, unmixed(x, v, t)[1], s), "image is left out"),
            "v for the noise": (lambda x, v, t, s: noised(unmixed(x, v, t)[0], v, s), ": v is mixed in"),
            "x_t for the noise": (lambda x, v, t, s: noised(unmixed(x, v, t)[0], x, s), "mixed in for the noise"),
            "x_t for the image": (lambda x, v, t, s: noised(x, unmixed(x, v, t)[1], s), "for the guessed image"),
            "exchanged": (lambda x, v, t, s: noised(*unmixed(x, v, t)[::-1], s), "image and noise are exchanged"),
            "the velocity": (lambda x, v, t, s: velocity(*unmixed(x, v, t), s), "this is the velocity at s"),
            "Euler": (euler, "leaves the circle"),
            "a straight line": (lambda *g: euler(*g, pace=1.0), "a step on a straight line"),
            "back on it": (lambda *g: euler(*g, pace=-1.0), "away from the image"),
            "one time": (one_for_all(step, torch.mean), "of all rows are averaged"),
            "one s": (lambda x, v, t, s: step(x, v, t, s[0].expand(len(s))), "the same s"),
            "new noise": (lambda x, v, t, s: noised(unmixed(x, v, t)[0], torch.randn_like(x), s), "drawn in here"),
            "divided": (step_by_dividing, "divided by cos"),
            "t as it is": (lambda x, v, t, s: torch.cos(s - t) * x + torch.sin(s - t) * v, "as many axes"),
            "in place": (first(step, lambda x, v, t, s: x.mul_(2)), "has changed"),
            "cut off": (lambda *g: step(*g).clamp(-1, 1), "expected"),
            "None": (lambda *g: None, "return"),
        },
        [step, diffusion.ddim_step, turned, complex_turn, by_rows(step), AsObject(step), functools.partial(step),
         lambda x, v, t, s: noised(*solved(x, v, t), s)],
    ),
}
