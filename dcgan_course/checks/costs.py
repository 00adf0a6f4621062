"""Checks about the game: taking turns, and the two losses."""

import math
import numbers
from collections.abc import Callable

import torch
import torch.nn.functional as F

from .. import losses
from .base import described, exercise, expect, expect_none_of, plain, same, serves


def alternating_step(x: float, y: float, lr: float) -> tuple[float, float]:
    """One step of the game x * y: x descends, then y ascends and sees the new x."""
    x = x - lr * y
    return x, y + lr * x


WRONG_STEPS = {
    "y did not see the new x: these are simultaneous steps. Move x first, then use the moved one.":
        lambda x, y, lr: (x - lr * y, y + lr * x),
    "y goes down too: y wants f to be large, so it adds its gradient.":
        lambda x, y, lr: (x - lr * y, y - lr * (x - lr * y)),
    "x goes up: x wants f to be small, so it subtracts its gradient.":
        lambda x, y, lr: (x + lr * y, y + lr * (x + lr * y)),
    "both directions are wrong: x must go down, and y up.": lambda x, y, lr: (x + lr * y, y - lr * (x + lr * y)),
    "x moves by its own value: the slope of x * y along x is y.": lambda x, y, lr: (x - lr * x, y + lr * (x - lr * x)),
    "x and y come back in the wrong order.": lambda x, y, lr: alternating_step(x, y, lr)[::-1],
    "y moved first; let x move first.": lambda x, y, lr: (x - lr * (y + lr * x), y + lr * x),
    "the learning rate is missing: the step is the gradient times lr.": lambda x, y, lr: alternating_step(x, y, 1),
}


def near(found: list, expected: list) -> bool:
    """Whether the numbers are the same, but for rounding."""
    return same(torch.tensor(found, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64))


@exercise(alternating_step)
def check_alternating_step(answer: Callable[[float, float, float], tuple[float, float]]) -> None:
    """answer(x, y, lr): for f(x, y) = x y, x goes down its slope first, then y up its own, with the new x."""
    def moved(x: float, y: float, lr: float) -> list[float]:
        found = answer(x, y, lr)
        pair = isinstance(found, (tuple, list)) or getattr(found, "ndim", 0) == 1  # an array or tensor will do
        expect(pair and len(found) == 2, f"the result is {described(found)}, expected a pair (x, y).")
        expect(all(isinstance(plain(v), numbers.Real) for v in found), f"the result is {found}, expected two numbers.")
        return [float(v) for v in found]

    starts = ((1.0, -3.0, 0.1), (-7.123456, 0.654321, 0.1))
    found = [moved(*start) for start in starts]
    for mistake, step in WRONG_STEPS.items():
        expect(not near(found, [step(*start) for start in starts]), mistake)
    for (a, b, lr), (x, y) in zip((*starts, (2.0, 1.0, 0.5), (250.0, -40.0, 0.01)), [
            *found, moved(2.0, 1.0, 0.5), moved(250.0, -40.0, 0.01)], strict=True):
        u, v = alternating_step(a, b, lr)
        expect(near([x, y], [u, v]), f"from ({a:g}, {b:g}) with lr {lr} it goes to ({x:.5g}, {y:.5g}), expected "
               f"({u:.5g}, {v:.5g}){': is lr used?' if lr != 0.1 else '.'}")
    with serves("it is called with the numbers that it gave itself, over and over."):
        point = (1.0, 1.0)
        for _ in range(20):
            point = answer(*point, 0.1)
        math.hypot(*point)


# ---- losses on logits


LOGARITHM = ("there is the logarithm of something below 0. D answers with logits, which may be any number: "
             "softplus(-logit) is -log D(x), and the package's losses take logits as they are.")


def expect_scalar(value: torch.Tensor, what: str = "the loss") -> None:
    """A tensor without dimensions: one number."""
    expect(torch.is_tensor(value), f"{what} is {described(value)}, expected a tensor with one number.")
    expect(value.dim() == 0, f"{what} has shape {tuple(value.shape)}, expected one number: take the mean over the "
           "batch.")


def logits(n: int, shift: float) -> torch.Tensor:
    """Some answers of D, on both sides of 0."""
    return (torch.randn(n) * 2 + shift).requires_grad_()


def expect_no_logarithm(found: torch.Tensor, small: torch.Tensor, logarithm: torch.Tensor) -> None:
    """For logits below 0, -log(logit) is NaN; for those from 0 to 1 (`small`) it is a number that tells."""
    named = torch.is_tensor(small) and any(same(small, logarithm * share) for share in (1, 0.5))
    expect(not (bool(found.isnan()) and named), f"the loss is not a number (NaN): {LOGARITHM}")
    expect(not found.isnan(), "the loss of ordinary logits, some above 0 and some below, is not a number (NaN).")


def expect_slopes(answer: Callable, loss: Callable, *given: torch.Tensor) -> None:
    """The loss's value and its gradients, or half of both."""
    given = [x.detach().clone().requires_grad_() for x in given]
    found, expected = answer(*given), loss(*given)
    half = len(given) == 2 and same(found, expected / 2) and not same(found, expected)  # D's may be halved
    scale = 0.5 if half else 1.0
    expect(same(found, scale * expected), f"for logits from {min(map(torch.min, given)):.3g} to "
           f"{max(map(torch.max, given)):.3g} the loss is {found:.4g}, expected {scale * expected:.4g}.")
    slopes = torch.autograd.grad(found, given, allow_unused=True)
    for slope, wanted in zip(slopes, torch.autograd.grad(expected, given), strict=True):
        expect(slope is not None and same(slope, scale * wanted), f"for logits from {min(map(torch.min, given)):.3g} "
               f"to {max(map(torch.max, given)):.3g} the loss is right, but its gradient is not: the networks would "
               "learn something else.")


@exercise(losses.d_loss)
def check_d_loss(answer: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """answer(logits_real, logits_fake): -mean log D(x) - mean log(1 - D(G(z))), from logits; half of it is fine too."""
    real, fake = logits(7, 1), logits(7, -0.5)
    found = answer(real, fake)
    expect_scalar(found)
    small = torch.tensor([0.3, 0.6]), torch.tensor([0.2, 0.7])  # where such a logarithm is a number
    expect_no_logarithm(found, answer(*small), -(small[0].log().mean() + (1 - small[1]).log().mean()))
    loss_real, loss_fake = F.softplus(-real).mean(), F.softplus(fake).mean()
    mistakes = {
        "labels (or the signs inside softplus) are swapped: D would learn to call real images fake.":
            losses.d_loss(fake, real),
        "only the real images count: the half with logits_fake is missing.": loss_real,
        "only the generated images count: the half with logits_real is missing.": loss_fake,
        "real and generated are both pushed to 1: the label of generated images is 0.":
            loss_real + F.softplus(-fake).mean(),
        "real and generated are both pushed to 0: the label of real images is 1.": F.softplus(real).mean() + loss_fake,
        "the sign of the whole loss is wrong: D would climb where it should descend.": -(loss_real + loss_fake),
        "a sigmoid is applied twice: this loss takes logits and applies it by itself.":
            F.softplus(-real.sigmoid()).mean() + F.softplus(fake.sigmoid()).mean(),
        "the two halves are subtracted; their sum is what D lowers.": loss_real - loss_fake,
        "the loss is summed over the batch, expected the mean: it would grow with the batch size.":
            7 * (loss_real + loss_fake),
    }
    expected = loss_real + loss_fake
    if not same(found, expected) and not same(found, expected / 2):
        expect_none_of(found, mistakes)
        expect_none_of(2 * found, mistakes)
    expect(same(found, expected) or same(found, expected / 2),
           f"the loss of some random logits is {found:.4f}, expected {expected:.4f}.")
    expect(found.requires_grad, "no gradient reaches the logits: were they detached, or turned into plain numbers?")
    for name, slope in zip(("logits_real", "logits_fake"), torch.autograd.grad(found, (real, fake), allow_unused=True),
                           strict=True):
        expect(slope is not None and bool(slope.any()), f"no gradient reaches {name}: D must learn from both. It is "
               f"G's images that are detached in D's step, not D's answers.")
    expect_slopes(answer, losses.d_loss, real, fake)
    sure = torch.tensor([-400.0, 3.0], requires_grad=True), torch.tensor([400.0, -3.0], requires_grad=True)
    loss = answer(*sure)
    expect(bool(loss > 190) and bool(torch.isfinite(loss)), f"where D is sure and wrong (a logit of 400) the loss is "
           f"{loss:.3g}, expected about 400 (or 200, halved). Through a sigmoid, or exp, the number is lost: sigmoid "
           f"gives exactly 0 or 1 there. Compute from the logits: softplus, or binary_cross_entropy_with_logits.")
    expect_slopes(answer, losses.d_loss, *sure)
    expect_slopes(answer, losses.d_loss, sure[1], sure[0])
    with serves("a number that can be printed, and made smaller by backward()."):
        guess = torch.zeros(4)
        format(answer(guess, guess), ".2f")
        expect_slopes(answer, losses.d_loss, logits(128, 0), logits(128, 0))
        expect_slopes(answer, losses.d_loss, logits(1, 0), logits(1, 0))


@exercise(losses.g_loss)
def check_g_loss(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(logits_fake): -mean log D(G(z)), from logits."""
    fake = logits(9, -0.5)
    found = answer(fake)
    expect_scalar(found)
    small = torch.tensor([0.3, 0.6])
    expect_no_logarithm(found, answer(small), -small.log().mean())
    expect_none_of(found, {
        "this is the minimax loss, log(1 - D(G(z))): it is flat where D is sure, just where G needs a push. Use "
        "-log D(G(z)).": -F.softplus(fake).mean(),
        "the label (or the sign inside softplus) is wrong: G would learn to make D say fake.": F.softplus(fake).mean(),
        "the sign of the whole loss is wrong: G would move away from what D calls real.": -F.softplus(-fake).mean(),
        "a sigmoid is applied twice: this loss takes logits and applies it by itself.":
            F.softplus(-fake.sigmoid()).mean(),
        "the loss is summed over the batch, expected the mean.": F.softplus(-fake).sum(),
        "this is D's probability itself, without the logarithm.": -fake.sigmoid().mean(),
        "this is 1 - D(G(z)) itself, without the logarithm.": 1 - fake.sigmoid().mean(),
    })
    expect(same(found, F.softplus(-fake).mean()),
           f"the loss of some random logits is {found:.4f}, expected {F.softplus(-fake).mean():.4f}.")
    expect(found.requires_grad, "no gradient reaches the logits: were they detached, or turned into a plain number?")
    sure = torch.tensor([-400.0, 3.0], requires_grad=True)
    loss = answer(sure)
    expect(bool(loss > 190) and bool(torch.isfinite(loss)), f"where D is sure (a logit of -400) the loss is "
           f"{loss:.3g}, expected about 200: log(sigmoid) is log(0) there. Compute from the logits: softplus(-logits).")
    with serves("a number that can be printed, and made smaller by backward()."):
        for given in (fake, sure, -sure.detach().requires_grad_(), logits(1, 0), logits(128, 0)):
            expect_slopes(answer, losses.g_loss, given)
        format(answer(torch.zeros(4)), ".2f")
