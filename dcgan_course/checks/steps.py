"""Checks about training: both steps, and the noise that they start from."""

import copy
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from .. import losses, models, trainer
from ..sampling import sample_z
from .base import described, exercise, expect, expect_none_of, plain, same, serves
from .costs import LOGARITHM, expect_scalar
from .inputs import expect_unchanged, record

# ---- steps


class Two(nn.Module):
    """A linear network with two layers and batch norm; as D it answers with logits (N,), all of them from 0 to 1, so
    that even the logarithm of a logit is a number, and that mistake can be told from others."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.blocks = nn.Sequential(nn.Linear(n_in, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, n_out))
        if n_out == 1:
            nn.init.uniform_(self.blocks[-1].weight, -0.06, 0.06)
            nn.init.constant_(self.blocks[-1].bias, 0.5)

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


def plain_step(net: nn.Module, loss: Callable[[], torch.Tensor], lr: float = 0.1, keep_old: bool = False) -> None:
    """One step of plain gradient descent."""
    if not keep_old:
        net.zero_grad()
    loss().backward()
    with torch.no_grad():
        for p in net.parameters():
            p.sub_(lr * p.grad)


FROZEN = "{name} is left frozen: the next step would fail. Set requires_grad back to True."
EVAL = "{name} came in {then} and is left in {now}: it would go on with frozen batch norm."


def d_step(netD: nn.Module, optD: torch.optim.Optimizer, x_real: torch.Tensor, x_fake: torch.Tensor) -> torch.Tensor:
    """The package's step, which returns D's answers as well: of it loss_D alone, as the exercise asks."""
    loss_D, *_ = trainer.d_step(netD, optD, x_real, x_fake)
    return loss_D


@exercise(d_step, {0: "weights statistics"}, frozen=FROZEN, mode=EVAL,
          history="x_fake itself was detached (detach_()): G's step, which comes next, needs its history. Use "
                  "x_fake.detach(), which leaves it as it is.",
          numbers="the {name} that was given has changed: G's step, which comes next, needs it as it is.")
def check_d_step(answer: Callable[[nn.Module, torch.optim.Optimizer, torch.Tensor, torch.Tensor],
                                  torch.Tensor]) -> None:
    """answer(netD, optD, x_real, x_fake): one update of D; G, behind x_fake, is left alone. Returns loss_D."""
    netG, netD, x_real, z = arena()
    x_fixed = netG(z).detach()

    def d_after(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], **options: bool) -> torch.Tensor:
        return after(lambda D: plain_step(D, lambda: loss(D(x_real), D(x_fixed)), **options), netD)[0]

    def joined(D: nn.Module) -> torch.Tensor:  # one batch of both, of which batch norm makes other numbers
        both = D(torch.cat([x_real, x_fixed]))
        return losses.d_loss(both[: len(x_real)], both[len(x_real) :])

    def in_eval_mode(D: nn.Module) -> None:
        plain_step(D, lambda: losses.d_loss(D.eval()(x_real), D(x_fixed)))

    def joined_step(D: nn.Module, share: float = 1.0) -> None:
        plain_step(D, lambda: share * joined(D))

    def half_step(D: nn.Module) -> None:
        joined_step(D, 0.5)

    right = [d_after(losses.d_loss), d_after(lambda r, f: losses.d_loss(r, f) / 2)]
    right += [after(step, netD)[0] for step in (joined_step, half_step)]
    mistakes = {
        "D judged in eval mode, by its running statistics, which then never move: a training step is in train mode.":
            after(in_eval_mode, netD)[0],
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
    g_gradients, x_fake = gradients(netG), netG(z)
    netG_before, judge = record(netG), copy.deepcopy(netD)
    losses_before = losses.d_loss(judge(x_real), judge(x_fixed)).item(), joined(judge).item()
    result = answer(netD, torch.optim.SGD(netD.parameters(), lr=0.1), x_real, x_fake)
    expect(same(gradients(netG), g_gradients),
           "gradients have reached G: use x_fake.detach(). This step must train D only.")
    expect_unchanged(netG, netG_before, "G", says={"weights": "G's weights have changed: this step must train D only."})
    if not any(same(weights(netD), wanted) for wanted in right):
        expect_none_of(weights(netD), mistakes)
        expect(False, "D's weights are not those after one step down d_loss(D(x_real), D(x_fake)).")
    expect_loss(result, tuple(share * loss for loss in losses_before for share in (1, 0.5)))
    with serves("G's step comes next, with the same x_fake."):
        a_few_steps(answer, trainer.g_step)


def expect_loss(loss: torch.Tensor | float, wanted: tuple[float, ...]) -> None:
    """What a step returns: one number, without a graph."""
    if isinstance(plain(loss), float) and not torch.is_tensor(loss):
        loss = torch.tensor(float(loss))
    expect_scalar(loss, "what is returned")
    expect(not loss.requires_grad, "the returned loss still carries its graph, which fills the memory over a training: "
           "return loss.detach().")
    expect(any(same(loss, torch.tensor(value), 1e-4) for value in wanted),
           f"the step is right, but it returns {loss:.4f}, expected the loss that it lowered, {wanted[0]:.4f}.")


def a_few_steps(d_step: Callable, g_step: Callable) -> None:
    """The lesson's loop, with smaller networks."""
    netG, netD = models.init_weights(models.Generator(6, 2)), models.init_weights(models.Discriminator(2))
    optG, optD = (torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.5, 0.999)) for net in (netG, netD))
    before = [weights(net) for net in (netG, netD)]
    for _ in range(3):
        x_real, x_fake = torch.rand(8, 1, 28, 28) * 2 - 1, netG(torch.randn(8, 6))
        d_step(netD, optD, x_real, x_fake)
        g_step(netD, optG, x_fake)
    for name, net, then in zip("GD", (netG, netD), before, strict=True):
        now = weights(net)
        expect(bool(now.isfinite().all()), f"after three steps of the lesson's loop {name}'s weights are not numbers.")
        expect(not same(now, then), f"in three steps of the lesson's loop {name} has learned nothing.")


@exercise(trainer.g_step, {0: "statistics"}, frozen=FROZEN, mode=EVAL,
          weights="D's weights have changed: this step must train G only.")
def check_g_step(answer: Callable[[nn.Module, torch.optim.Optimizer, torch.Tensor], torch.Tensor]) -> None:
    """answer(netD, optG, x_fake): one update of G, through D, which is left alone. Returns loss_G."""
    netG, netD, _, z = arena()

    def g_after(loss: Callable[[torch.Tensor], torch.Tensor], **options: bool) -> torch.Tensor:
        return after(lambda G, D: plain_step(G, lambda: loss(D(G(z))), **options), netG, netD)[0]

    def in_eval_mode(G: nn.Module, D: nn.Module) -> None:
        D.eval()
        plain_step(G, lambda: losses.g_loss(D(G(z))))

    mistakes = {
        "D judged in eval mode, by its running statistics: a training step is in train mode, for both.":
            after(in_eval_mode, netG, netD)[0],
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
    expected, netG_before = g_after(losses.g_loss), record(netG)
    before = losses.g_loss(copy.deepcopy(netD)(copy.deepcopy(netG)(z))).item()
    result = answer(netD, torch.optim.SGD(netG.parameters(), lr=0.1), netG(z))
    expect_unchanged(netG, netG_before, "G", "weights statistics", {"frozen": FROZEN, "mode": EVAL})
    if not same(weights(netG), expected):
        expect_none_of(weights(netG), mistakes)
        expect(False, "G's weights are not those after one step down g_loss(D(x_fake)).")
    expect_loss(result, (before,))
    with serves("it is D's turn again after it, with a new x_fake."):
        a_few_steps(trainer.d_step, answer)


def noise(x_real: torch.Tensor, nz: int) -> torch.Tensor:
    """As many normal z as there are images: (len(x_real), nz)."""
    return sample_z(len(x_real), nz, device=x_real.device)


@exercise(noise)
def check_noise(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """answer(x_real, nz): one new z from N(0, 1) for each image of the batch, (N, nz)."""
    for n, size in ((64, 28), (37, 64), (1, 28)):
        z = answer(torch.randn(n, 1, size, size), 100)
        expect(torch.is_tensor(z), f"the result is {described(z)}, expected a tensor.")
        expect(z.shape != (100, n), "rows and columns are swapped: one row for each image, (N, nz).")
        expect(z.ndim > 0 and len(z) == n, f"a batch of {n} images got noise of shape {tuple(z.shape)}, expected "
               f"({n}, 100): the last batch may be smaller. Take the number from x_real.")
        expect(tuple(z.shape) == (n, 100), f"a batch of {n} images got noise of shape {tuple(z.shape)}, expected "
               f"({n}, 100).")
        expect(z.dtype == torch.float32, f"the noise has type {z.dtype}, expected torch.float32, as the networks have.")
    found = answer(torch.randn(5, 3, 28, 28), 17)
    expect(torch.is_tensor(found) and found.shape == (5, 17), "for five images of three channels and nz = 17 the shape "
           f"is {tuple(found.shape)}, expected (5, 17): use nz.")
    x_real = torch.randn(300, 1, 28, 28)
    z, again = answer(x_real, 100).detach(), answer(x_real, 100).detach()
    expect(not torch.equal(z, again), "two calls gave the same noise: is the seed set inside? Every step needs new z.")
    expect(len(z.unique(dim=0)) == len(z), "rows repeat: each image needs its own z.")
    expect(len(z.unique(dim=1).T) == z.shape[1], "columns repeat: each of the nz numbers is drawn for itself.")
    expect_normal(z)
    with serves("G draws a picture for each z."):
        expect(models.Generator(17, 2)(found).shape == (5, 1, 28, 28), "G cannot draw from it.")


def expect_normal(z: torch.Tensor) -> None:
    """Mean 0, standard deviation 1, and a normal's shape: its kurtosis is 3, a uniform's 1.8."""
    mean, deviation = z.mean().item(), z.std().item()
    shape = ((z - mean) ** 4).mean().item() / max(deviation, 1e-12) ** 4
    uniform = abs(shape - 1.8) < 0.1
    ends = f"between {z.min():.2f} and {z.max():.2f}"
    expect(not (uniform and z.min() >= 0), f"no number is below 0, and they are spread evenly {ends}: uniform, as "
           "torch.rand draws. Use torch.randn, N(0, 1).")
    expect(not uniform, f"the numbers are spread evenly {ends}: uniform noise. Here z comes from N(0, 1): torch.randn.")
    expect(z.min() < 0, "no number is below 0. Half of those of N(0, 1) are: torch.randn.")
    expect(abs(mean) < 0.05 and abs(deviation - 1) < 0.05, f"the noise has mean {mean:.2f} and standard "
           f"deviation {deviation:.2f}, expected 0 and 1.")
    expect(abs(shape - 3) < 0.2, f"mean and standard deviation are right, but not the shape: from "
           f"{z.min():.2f} to {z.max():.2f}, with a kurtosis of {shape:.2f}, where N(0, 1) has 3. "
           "torch.randn as it comes.")
    lengths = z.norm(dim=1)
    expect(lengths.std() > 0.4, f"all z have nearly the same length, {lengths.mean():.1f}: those of N(0, 1) differ by "
           f"{math.sqrt(0.5):.1f}. torch.randn as it comes.")
