"""Checks about the game: losses, steps, noise."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from .. import losses, trainer
from ..sampling import sample_z
from .base import described, exercise, expect, expect_none_of, same


def alternating_step(x: float, y: float, lr: float) -> tuple[float, float]:
    """One step of the game x * y: x descends, then y ascends and sees the new x."""
    x = x - lr * y
    return x, y + lr * x


@exercise(alternating_step)
def check_alternating_step(answer: Callable[[float, float, float], tuple[float, float]]) -> None:
    """answer(x, y, lr): for f(x, y) = x y, x goes down its slope first, then y up its own, with the new x."""
    def moved(x: float, y: float, lr: float) -> list[float]:
        found = answer(x, y, lr)
        expect(hasattr(found, "__len__") and len(found) == 2,
               f"the result is {described(found)}, expected a pair (x, y).")
        return [float(v) for v in found]

    x, y = moved(1.0, -3.0, 0.1)
    expect_none_of(torch.tensor([x, y]), {
        "y did not see the new x: these are simultaneous steps. Move x first, then use the moved one.":
            torch.tensor([1.3, -2.9]),
        "y goes down too: y wants f to be large, so it adds its gradient.": torch.tensor([1.3, -3.13]),
        "x goes up: x wants f to be small, so it subtracts its gradient.": torch.tensor([0.7, -2.93]),
        "both directions are wrong: x must go down, and y up.": torch.tensor([0.7, -3.07]),
        "x moves by its own value: the slope of x * y along x is y.": torch.tensor([0.9, -2.91]),
        "x and y come back in the wrong order.": torch.tensor([-2.87, 1.3]),
        "y moved first; let x move first.": torch.tensor([1.29, -2.9]),
        "the learning rate is missing: the step is the gradient times lr.": torch.tensor([4.0, 1.0]),
    })
    expect(same(torch.tensor([x, y]), torch.tensor([1.3, -2.87])),
           f"from (1, -3) with lr 0.1 it goes to ({x:.3f}, {y:.3f}), expected (1.300, -2.870).")
    x, y = moved(2.0, 1.0, 0.5)
    expect(same(torch.tensor([x, y]), torch.tensor([1.5, 1.75])), f"with lr 0.1 it is right, but from (2, 1) with lr "
           f"0.5 it goes to ({x:.3f}, {y:.3f}), expected (1.500, 1.750): is lr used?")


# ---- losses on logits


LOGARITHM = ("there is the logarithm of something below 0. D answers with logits, which may be any number: "
             "softplus(-logit) is -log D(x), and the package's losses take logits as they are.")


def expect_scalar(value: torch.Tensor, what: str = "the loss") -> None:
    """A tensor without dimensions: one number."""
    expect(torch.is_tensor(value), f"{what} is {described(value)}, expected a tensor with one number.")
    expect(value.dim() == 0, f"{what} has shape {tuple(value.shape)}, expected one number: take the mean over the "
           "batch.")


@exercise(losses.d_loss)
def check_d_loss(answer: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """answer(logits_real, logits_fake): -mean log D(x) - mean log(1 - D(G(z))), from logits; half of it is fine too."""
    real, fake = ((torch.randn(7) * 2 + shift).requires_grad_() for shift in (1, -0.5))
    found = answer(real, fake)
    expect_scalar(found)
    expect(not found.isnan(), f"the loss is not a number (NaN): {LOGARITHM}")
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
    sure = answer(torch.tensor([-400.0, 3.0]), torch.tensor([400.0, -3.0]))
    expect(bool(sure > 190) and bool(torch.isfinite(sure)), f"where D is sure and wrong (a logit of 400) the loss is "
           f"{sure:.3g}, expected about 400 (or 200, halved). Through a sigmoid, or exp, the number is lost: sigmoid "
           f"gives exactly 0 or 1 there. Compute from the logits: softplus, or binary_cross_entropy_with_logits.")


@exercise(losses.g_loss)
def check_g_loss(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(logits_fake): -mean log D(G(z)), from logits."""
    fake = (torch.randn(9) * 2 - 0.5).requires_grad_()
    found = answer(fake)
    expect_scalar(found)
    expect(not found.isnan(), f"the loss is not a number (NaN): {LOGARITHM}")
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
    sure = answer(torch.tensor([-400.0, 3.0]))
    expect(bool(sure > 190) and bool(torch.isfinite(sure)), f"where D is sure (a logit of -400) the loss is "
           f"{sure:.3g}, expected about 200: log(sigmoid) is log(0) there. Compute from the logits: softplus(-logits).")


# ---- steps


class Two(nn.Module):
    """A linear network with two layers; as D it answers with logits (N,)."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.blocks = nn.Sequential(nn.Linear(n_in, 6), nn.Tanh(), nn.Linear(6, n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x (N, ...) of n_in numbers each -> logits (N,) where n_out is 1, images (N, 1, 2, 2) where it is 4."""
        y = self.blocks(x.flatten(1))
        return y.flatten() if y.shape[1] == 1 else y.reshape(-1, 1, 2, 2) * 1.0


def arena() -> tuple[Two, Two, torch.Tensor, torch.Tensor]:
    """G, D, real images and z, with old gradients lying about, as after any step before."""
    netG, netD = Two(3, 4), Two(4, 1)
    for p in (*netG.parameters(), *netD.parameters()):
        p.grad = torch.randn_like(p)
    return netG, netD, torch.randn(5, 1, 2, 2), torch.randn(5, 3)


def weights(net: nn.Module) -> torch.Tensor:
    """A copy of all weights in one row, (P,), that no later step changes."""
    return torch.cat([p.detach().flatten() for p in net.parameters()]).clone()


def gradients(net: nn.Module) -> torch.Tensor:
    """A copy of all gradients in one row, (P,), with 0 for weights that have none."""
    return torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in net.parameters()])


def after(step: Callable[..., None], *nets: nn.Module) -> list[torch.Tensor]:
    """The weights of copies of the nets, old gradients included, after step(*copies)."""
    copies = copy.deepcopy(nets)
    for net, twin in zip(nets, copies, strict=True):
        for p, q in zip(net.parameters(), twin.parameters(), strict=True):
            q.grad = p.grad.clone()
    step(*copies)
    return [weights(net) for net in copies]


def plain(net: nn.Module, loss: Callable[[], torch.Tensor], lr: float = 0.1, keep_old: bool = False) -> None:
    """One step of plain gradient descent."""
    if not keep_old:
        net.zero_grad()
    loss().backward()
    with torch.no_grad():
        for p in net.parameters():
            p.sub_(lr * p.grad)


@exercise(trainer.d_step)
def check_d_step(answer: Callable[[nn.Module, torch.optim.Optimizer, torch.Tensor, torch.Tensor],
                                  torch.Tensor | tuple[torch.Tensor, ...]]) -> None:
    """answer(netD, optD, x_real, x_fake): one update of D; G, behind x_fake, is left alone. Returns loss_D (first)."""
    netG, netD, x_real, z = arena()
    x_fixed = netG(z).detach()

    def d_after(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], **options: bool) -> torch.Tensor:
        return after(lambda D: plain(D, lambda: loss(D(x_real), D(x_fixed)), **options), netD)[0]

    expected, half = d_after(losses.d_loss), d_after(lambda r, f: losses.d_loss(r, f) / 2)
    mistakes = {
        "D's weights have not changed: the order is zero_grad(), backward(), optD.step().": weights(netD),
        "the labels are swapped: D learned to call real images fake.": d_after(lambda r, f: losses.d_loss(f, r)),
        "only the real images were learned from: D must learn from the generated ones too. (Detach x_fake, D's input; "
        "not D's answer for it.)":
            d_after(lambda r, f: F.softplus(-r).mean()),
        "only the generated images were learned from: D must see the real ones too.":
            d_after(lambda r, f: F.softplus(f).mean()),
        "the gradients of the step before were still there: optD.zero_grad() is missing (or comes after backward).":
            d_after(losses.d_loss, keep_old=True),
        "D learned to call the generated images real: their label is 0 in this step.":
            d_after(lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean()),
        "the sign of the loss is wrong: D climbs where it should descend.": d_after(lambda r, f: -losses.d_loss(r, f)),
        "a sigmoid is applied twice: d_loss takes logits.":
            d_after(lambda r, f: losses.d_loss(r.sigmoid(), f.sigmoid())),
        LOGARITHM: d_after(lambda r, f: -(r.log() + (1 - f).log()).mean()),
    }
    g_weights, g_gradients = weights(netG), gradients(netG)
    x_fake, before = netG(z), losses.d_loss(netD(x_real), netD(x_fixed)).item()
    result = answer(netD, torch.optim.SGD(netD.parameters(), lr=0.1), x_real, x_fake)
    expect(x_fake.requires_grad, "x_fake itself was detached (detach_()): G's step, which comes next, needs its "
           "history. Use x_fake.detach(), which leaves it as it is.")
    expect(same(gradients(netG), g_gradients),
           "gradients have reached G: use x_fake.detach(). This step must train D only.")
    expect(same(weights(netG), g_weights), "G's weights have changed: this step must train D only.")
    if not same(weights(netD), expected) and not same(weights(netD), half):
        expect_none_of(weights(netD), mistakes)
        expect(False, "D's weights are not those after one step down d_loss(D(x_real), D(x_fake)).")
    expect_loss(result[0] if isinstance(result, (tuple, list)) else result, (before, before / 2))
    expect_as_before(netD)


def expect_loss(loss: torch.Tensor | float, wanted: tuple[float, ...]) -> None:
    """What a step returns: one number, without a graph."""
    if isinstance(loss, float):
        loss = torch.tensor(loss)
    expect_scalar(loss, "what is returned")
    expect(not loss.requires_grad, "the returned loss still carries its graph, which fills the memory over a training: "
           "return loss.detach().")
    expect(any(same(loss, torch.tensor(value), 1e-4) for value in wanted),
           f"the step is right, but it returns {loss:.4f}, expected the loss that it lowered, {wanted[0]:.4f}.")


def expect_as_before(netD: nn.Module) -> None:
    """That a step leaves D in train mode, with all its weights ready to learn."""
    expect(all(p.requires_grad for p in netD.parameters()), "D is left frozen: the next d_step would fail. Set "
           "requires_grad back to True.")
    expect(netD.training, "D is left in eval mode: it would go on with frozen batch norm.")


@exercise(trainer.g_step)
def check_g_step(answer: Callable[[nn.Module, torch.optim.Optimizer, torch.Tensor], torch.Tensor]) -> None:
    """answer(netD, optG, x_fake): one update of G, through D, which is left alone. Returns loss_G."""
    netG, netD, _, z = arena()

    def g_after(loss: Callable[[torch.Tensor], torch.Tensor], **options: bool) -> torch.Tensor:
        return after(lambda G, D: plain(G, lambda: loss(D(G(z))), **options), netG, netD)[0]

    mistakes = {
        "G's weights have not changed: was x_fake detached? Or else the order is zero_grad(), backward(), optG.step().":
            weights(netG),
        "the label is wrong: G learned to make D say fake.": g_after(lambda f: F.softplus(f).mean()),
        "this is the minimax loss, log(1 - D(G(z))); use -log D(G(z)), which is steep where D is sure.":
            g_after(lambda f: losses.g_loss(f, "minimax")),
        "the gradients of the step before were still there: optG.zero_grad() is missing (or comes after backward).":
            g_after(losses.g_loss, keep_old=True),
        "the sign of the loss is wrong: G moves away from what D calls real.": g_after(lambda f: -losses.g_loss(f)),
        "a sigmoid is applied twice: g_loss takes logits.": g_after(lambda f: losses.g_loss(f.sigmoid())),
        "this is D's loss, with D's answers for x_fake in both places; G has a loss of its own, g_loss.":
            g_after(lambda f: losses.d_loss(f, f)),
        "this is D's loss with the other sign; G has a loss of its own, g_loss.":
            g_after(lambda f: -losses.d_loss(f, f)),
        LOGARITHM: g_after(lambda f: -f.log().mean()),
    }
    expected, d_weights, before = g_after(losses.g_loss), weights(netD), losses.g_loss(netD(netG(z))).item()
    result = answer(netD, torch.optim.SGD(netG.parameters(), lr=0.1), netG(z))
    expect(same(weights(netD), d_weights), "D's weights have changed: this step must train G only.")
    if not same(weights(netG), expected):
        expect_none_of(weights(netG), mistakes)
        expect(False, "G's weights are not those after one step down g_loss(D(x_fake)).")
    expect_loss(result[0] if isinstance(result, (tuple, list)) else result, (before,))
    expect_as_before(netD)


def noise(x_real: torch.Tensor, nz: int) -> torch.Tensor:
    """As many normal z as there are images: (len(x_real), nz)."""
    return sample_z(len(x_real), nz, device=x_real.device)


@exercise(noise)
def check_noise(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """answer(x_real, nz): one new z from N(0, 1) for each image of the batch, (N, nz)."""
    for n in (64, 37, 1):
        z = answer(torch.zeros(n, 1, 28, 28), 100)
        expect(torch.is_tensor(z), f"the result is {described(z)}, expected a tensor.")
        expect(z.shape != (100, n), "rows and columns are swapped: one row for each image, (N, nz).")
        expect(len(z) == n, f"a batch of {n} images got {len(z)} rows of noise: the last batch may be smaller. Take "
               "the number from x_real.")
        expect(tuple(z.shape) == (n, 100), f"a batch of {n} images got noise of shape {tuple(z.shape)}, expected "
               f"({n}, 100).")
        expect(z.dtype == torch.float32, f"the noise has type {z.dtype}, expected torch.float32, as the networks have.")
    expect(answer(torch.zeros(5, 1, 28, 28), 17).shape == (5, 17), "for nz = 17 it still gives other than 17 "
           "numbers: use nz.")
    z, again = answer(torch.zeros(300, 1, 28, 28), 100), answer(torch.zeros(300, 1, 28, 28), 100)
    expect(not torch.equal(z, again), "two calls gave the same noise: is the seed set inside? Every step needs new z.")
    expect(len(z.unique(dim=0)) == len(z), "rows repeat: each image needs its own z.")
    expect(z.min() < 0, "no number is below 0: torch.rand is uniform in [0, 1]. Use torch.randn, N(0, 1).")
    expect(z.abs().max() > 1.05, "no number is outside [-1, 1]: this is uniform noise. Here z comes from N(0, 1): "
           "torch.randn.")
    expect(abs(z.mean()) < 0.05 and abs(z.std() - 1) < 0.05, f"the noise has mean {z.mean():.2f} and deviation "
           f"{z.std():.2f}, expected 0 and 1.")
