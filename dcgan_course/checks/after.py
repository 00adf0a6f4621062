"""Checks about what came after the DCGAN: hinge and relativistic loss, R1, and which D mixes the images of a batch."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import losses, models
from .base import described, exercise, expect, expect_none_of, expect_tensor, same, serves
from .costs import expect_scalar, logits

Losses = tuple[Tensor, Tensor]


def hinge(logits_real: Tensor, logits_fake: Tensor) -> Losses:
    """(loss_D, loss_G), scalars, of D's answers (N,) for real and for generated images."""
    return losses.d_loss(logits_real, logits_fake, "hinge"), losses.g_loss(logits_fake, "hinge")


def relativistic(logits_real: Tensor, logits_fake: Tensor) -> Losses:
    """(loss_D, loss_G), scalars, of D's answers (N,) for real images and for the generated ones beside them."""
    return (losses.d_loss(logits_real, logits_fake, "relativistic"),
            losses.g_loss(logits_fake, "relativistic", logits_real=logits_real))


def r1(netD: nn.Module, x_real: Tensor, gamma: float) -> Tensor:
    """gamma / 2 times the mean squared length of D's gradient at real images (N, nc, size, size): a scalar."""
    return losses.gradient_penalty(netD, x_real, gamma, x_real.shape[1])


def influence(netD: nn.Module, x: Tensor) -> Tensor:
    """(N, N): in row i and column j the length of the gradient of D's answer for image i with respect to image j."""
    x = x.detach().clone().requires_grad_()
    rows = [torch.autograd.grad(logit, x, retain_graph=True)[0] for logit in netD(x)]
    return torch.stack([row.flatten(1).norm(dim=1) for row in rows])


# ---- two losses of two players


def two_losses(found: object) -> Losses:
    """A learner's pair, one scalar for each player."""
    expect(isinstance(found, (tuple, list)), f"the result is {described(found)}, expected a pair (loss_D, loss_G).")
    expect(len(found) == 2, f"the result has {len(found)} parts, expected two: (loss_D, loss_G).")
    for value, what in zip(found, ("loss_D", "loss_G"), strict=True):
        expect_scalar(value, what)
    return found[0], found[1]


def expect_losses(answer: Callable, own: Callable[[Tensor, Tensor], Losses], real: Tensor, fake: Tensor,
                  of_D: dict[str, Tensor], of_G: dict[str, Tensor]) -> None:
    """The pair for some logits, or D's half of it; with the right slopes, of which G's go to its own images alone."""
    loss_D, loss_G = two_losses(answer(real, fake))
    expected_D, expected_G = own(real, fake)
    swapped = same(loss_D, expected_G) and same(loss_G, expected_D)
    expect(not swapped, "the two losses come back in the wrong order: loss_D first.")
    halved = same(loss_D, expected_D / 2)
    if not same(loss_D, expected_D) and not halved:
        expect_none_of(loss_D, of_D)
        expect(not same(loss_D, -expected_D), "the sign of loss_D is wrong: D would climb where it should descend.")
        raise_wrong("loss_D", loss_D, expected_D)
    if not same(loss_G, expected_G):
        expect_none_of(loss_G, of_G)
        expect(not same(loss_G, -expected_G), "the sign of loss_G is wrong: G would move away from what D likes.")
        raise_wrong("loss_G", loss_G, expected_G)
    scale = 0.5 if halved else 1.0
    for name, found, wanted, to in (("loss_D", loss_D, scale * expected_D, (real, fake)),
                                    ("loss_G", loss_G, expected_G, (fake,))):
        expect(found.requires_grad, f"no gradient reaches the logits through {name}: were they detached, or turned "
               "into plain numbers?")
        slopes = torch.autograd.grad(found, to, retain_graph=True, allow_unused=True)
        for slope, right in zip(slopes, torch.autograd.grad(wanted, to, retain_graph=True), strict=True):
            expect(slope is not None and same(slope, right), f"{name} is right, but its gradient is not: the networks "
                   "would learn something else. Is a part of it detached?")


def raise_wrong(name: str, found: Tensor, expected: Tensor) -> None:
    """That a loss of random logits is another number."""
    expect(False, f"{name} of some random logits is {found.item():.4f}, expected {expected.item():.4f}.")


@exercise(hinge)
def check_hinge(answer: Callable[[Tensor, Tensor], Losses]) -> None:
    """answer(logits_real, logits_fake) -> (loss_D, loss_G)."""
    real, fake = logits(8, 2), logits(8, -0.3)  # the mean beyond the margin, some of the answers not
    small, large = F.relu(1 - real), F.relu(1 + fake)
    own_D, _ = hinge(real, fake)
    expect_losses(answer, hinge, real, fake, {
        "the margin is missing in loss_D: D pays until its answer is beyond 1, not beyond 0.":
            F.relu(-real).mean() + F.relu(fake).mean(),
        "in loss_D the sign of logits_fake is wrong: generated images should get answers below -1, so they cost "
        "relu(1 + logits_fake).": small.mean() + F.relu(1 - fake).mean(),
        "in loss_D the sign of logits_real is wrong: real images should get answers above 1, so they cost "
        "relu(1 - logits_real).": F.relu(1 + real).mean() + large.mean(),
        "real and generated are swapped in loss_D: D would learn to call real images fake.":
            F.relu(1 + real).mean() + F.relu(1 - fake).mean(),
        "loss_D has no hinge: this is Wasserstein's, which pays for every answer without end. Cut it off at 0 with "
        "relu.": fake.mean() - real.mean(),
        "loss_D has no hinge: without relu an answer beyond the margin is still paid for.":
            2 + fake.mean() - real.mean(),
        "relu is taken of the means in loss_D: it belongs to each image, before the mean.":
            F.relu(1 - real.mean()) + F.relu(1 + fake.mean()),
        "loss_D is squared; the hinge is straight.": small.square().mean() + large.square().mean(),
        "loss_D is summed over the batch, expected the mean.": small.sum() + large.sum(),
        "loss_D counts the real images only.": small.mean(),
        "loss_D counts the generated images only.": large.mean(),
        "loss_D is that of the usual loss: softplus, not a hinge.":
            F.softplus(-real).mean() + F.softplus(fake).mean(),
        "a sigmoid stands in loss_D: the hinge takes the answers as they are.":
            F.relu(1 - real.sigmoid()).mean() + F.relu(1 + fake.sigmoid()).mean(),
    }, {
        "loss_G has a hinge: it would fall silent on images that D likes by 1 or more. G's loss is the plain mean, "
        "-logits_fake.mean().": F.relu(1 - fake).mean(),
        "loss_G is that of the non-saturating loss: G's side of the hinge is plain, -logits_fake.mean().":
            F.softplus(-fake).mean(),
        "loss_G is summed over the batch, expected the mean.": -fake.sum(),
        "loss_G takes real images into account: they do not depend on G.": real.mean() - fake.mean(),
        "loss_G is D's loss with a minus: the hinge is not played for zero sum. G's is -logits_fake.mean().": -own_D,
        "loss_G is D's loss: G's is -logits_fake.mean().": own_D,
        "a sigmoid stands in loss_G: it takes the answers as they are.": -fake.sigmoid().mean(),
    })
    with serves("the losses are drawn for single answers from -4 to 4."):
        for value in torch.linspace(-4, 4, 9):
            one = value[None].clone().requires_grad_()
            found, wanted = two_losses(answer(one, one)), hinge(one, one)
            expect(any(same(found[0], wanted[0] * share) for share in (1, 0.5)) and same(found[1], wanted[1]),
                   f"for one image, with the answer {value:.0f} for real and generated, the losses are wrong.")


@exercise(relativistic)
def check_relativistic(answer: Callable[[Tensor, Tensor], Losses]) -> None:
    """answer(logits_real, logits_fake) -> (loss_D, loss_G), for pairs."""
    real, fake = logits(8, 0.6), logits(8, -0.3)
    pairs, all_pairs = real - fake, real[:, None] - fake[None, :]
    own_D, own_G = relativistic(real, fake)
    unpaired = "side: each real image is compared with the one generated image beside it, so subtract before any mean."
    expect_losses(answer, relativistic, real, fake, {
        f"loss_D is taken of the mean over the real {unpaired}": F.softplus(fake - real.mean()).mean(),
        f"loss_D is taken of the mean over the generated {unpaired}": F.softplus(fake.mean() - real).mean(),
        "loss_D is the average relativistic one: both sides are compared with the other's mean. Here each image has "
        "one partner.": F.softplus(-(real - fake.mean())).mean() + F.softplus(fake - real.mean()).mean(),
        "the mean is taken first: softplus of one difference of means. Subtract pair by pair.":
            F.softplus(-(real.mean() - fake.mean())),
        "every real image is compared with every generated one. That has the same mean over many batches, but here "
        "each has one partner: logits_real - logits_fake, both (N,).": F.softplus(-all_pairs).mean(),
        "loss_D is not relativistic: real and generated are judged apart.":
            F.softplus(-real).mean() + F.softplus(fake).mean(),
        "loss_D is the difference itself, Wasserstein's: softplus is missing.": -pairs.mean(),
        "loss_D is a probability, without the logarithm.": pairs.sigmoid().mean(),
        "loss_D is one minus a probability, without the logarithm.": 1 - pairs.sigmoid().mean(),
        "a sigmoid is applied before softplus: it takes the difference as it is.":
            F.softplus(-pairs.sigmoid()).mean(),
        "loss_D compares probabilities, not logits: subtract before any sigmoid.":
            F.softplus(fake.sigmoid() - real.sigmoid()).mean(),
        "loss_D is summed over the pairs, expected the mean.": F.softplus(-pairs).sum(),
        "loss_D is a hinge: here it is softplus.": F.relu(1 - pairs).mean(),
        "the two losses are exchanged: D wants the real image of a pair to get the larger answer.": own_G,
    }, {
        "loss_G is D's loss: G wants the opposite, that the generated image of a pair gets the larger answer.": own_D,
        "loss_G is D's loss with a minus, which saturates where D is sure. G's is D's with real and generated "
        "exchanged.": -own_D,
        "loss_G sees the generated images only: G's are compared with the real ones too.": F.softplus(-fake).mean(),
        "loss_G is the plain mean of the hinge: compare pair by pair, in softplus.": -fake.mean(),
        "loss_G is the difference itself: softplus is missing.": pairs.mean(),
        "loss_G is summed over the pairs, expected the mean.": F.softplus(pairs).sum(),
        "loss_G compares with the mean of real answers: each has one partner.": F.softplus(real.mean() - fake).mean(),
    })
    sure = torch.tensor([-400.0, 3.0], requires_grad=True), torch.tensor([400.0, -3.0], requires_grad=True)
    loss_D = two_losses(answer(*sure))[0]
    expect(bool(loss_D > 190) and bool(loss_D.isfinite()), f"where a difference is 800, loss_D is {loss_D.item():.3g}, "
           "expected about 400 (or 200, halved). exp and log of a sigmoid lose the number there: use softplus.")
    with serves("the batches have 1 or 64 pairs."):
        for n in (1, 64):
            a, b = logits(n, 0), logits(n, 1)
            expect_losses(answer, relativistic, a, b, {}, {})


# ---- the slope of D


class Bent(nn.Module):
    """A small D without batch norm whose slope differs from image to image."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(2, 4, 3, 2), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2, 5, 5) -> (N,)."""
        return self.last(torch.tanh(self.first(x)).flatten(1)).flatten()


def weights_slope(netD: nn.Module, value: Tensor) -> list[Tensor]:
    """The gradient of a penalty by D's weights; zeros for those that it does not reach."""
    found = torch.autograd.grad(value, list(netD.parameters()), allow_unused=True, retain_graph=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, netD.parameters(), strict=True)]


@exercise(r1)
def check_r1(answer: Callable[[nn.Module, Tensor, float], Tensor]) -> None:
    """answer(netD, x_real, gamma) -> a scalar that D can descend."""
    netD, x = Bent(), torch.randn(6, 2, 5, 5)
    with torch.no_grad():
        netD.first.weight.mul_(3)
    found = answer(netD, x, 10.0)
    expect_scalar(found, "the penalty")
    expect(all(p.grad is None for p in netD.parameters()), "backward() ran in here: D's weights have gradients now. "
           "Use torch.autograd.grad, which returns the gradient and leaves the weights' alone.")
    inputs = x.clone().requires_grad_()
    out = netD(inputs)
    (slope,) = torch.autograd.grad(out.sum(), inputs, retain_graph=True)
    (soft,) = torch.autograd.grad(out.sigmoid().sum(), inputs)
    squares, lengths = slope.square().sum((1, 2, 3)), slope.flatten(1).norm(dim=1)
    expected = 5 * squares.mean()
    if not same(found, expected):
        expect_none_of(found, {
            "the penalty is gamma times the squared length: half of gamma is wanted.": 10 * squares.mean(),
            "gamma is missing: the penalty is gamma / 2 times the mean squared length.": squares.mean(),
            "gamma is missing, though its half is there: gamma / 2 times the mean squared length.": squares.mean() / 2,
            "the length is not squared.": 5 * lengths.mean(),
            "the squares are averaged over the pixels too: add them up for each image, and take the mean over images.":
                5 * slope.square().mean(),
            "the squares are added up over the batch, expected the mean over images.": 5 * squares.sum(),
            "the gradient is that of D's mean answer: each image's is divided by N. Take it of the sum.":
                5 * squares.mean() / 36,
            "the gradient is that of D's mean answer, and the squares are summed over the batch: take it of the sum, "
            "and the mean over images.": 5 * squares.sum() / 36,
            "this is WGAN-GP's penalty, which wants the length 1; R1 wants 0.": 10 * (lengths - 1).square().mean(),
            "this is WGAN-GP's penalty, which wants the length 1; R1 wants 0. (And half of gamma.)":
                5 * (lengths - 1).square().mean(),
            "the gradient is that of D's probability: take it of the logit, without a sigmoid.":
                5 * soft.square().sum((1, 2, 3)).mean(),
            "the length of the mean gradient is squared: square first, then take the mean over images.":
                5 * slope.mean(0).square().sum(),
            "the sign is wrong: D makes the penalty small, so it is added with a plus.": -expected,
            "the largest slope alone counts: take the mean over images.": 5 * squares.max(),
        })
    expect(same(found, expected), f"the penalty of a small D is {found.item():.4f}, expected {expected.item():.4f}.")
    expect(found.requires_grad, "the penalty has no graph, so D cannot learn from it: autograd.grad(..., "
           "create_graph=True), and nothing detached.")
    own = weights_slope(netD, r1(netD, x, 10.0))
    given = weights_slope(netD, found)
    expect(all(map(same, given, own)), "the penalty is right, but its gradient by D's weights is not: D would learn "
           "something else. Is create_graph=True there, and nothing detached?")
    expect(same(answer(netD, x, 3.0), r1(netD, x, 3.0)), "for gamma = 10 it is right, for 3 it is not: is the argument "
           "used?")
    with serves("it is called with a Discriminator of the course, on digits, in a training step."):
        netD = models.Discriminator(4, norm="none")
        digits = torch.rand(3, 1, 28, 28) * 2 - 1
        expect(same(answer(netD, digits, 2.0), r1(netD, digits, 2.0)), "for digits (3, 1, 28, 28) it is wrong.")
        answer(netD, digits, 2.0).backward()


@exercise(influence, {0: "statistics"})
def check_influence(answer: Callable[[nn.Module, Tensor], Tensor]) -> None:
    """answer(netD, x) -> (N, N): how steep answer i is at image j."""
    netD, x = models.Discriminator(4, image_size=16).train(), torch.rand(5, 1, 16, 16) * 2 - 1
    for block in netD.blocks:
        for p in block.parameters():
            p.data.mul_(8 if p.dim() > 1 else 1)
    netD.blocks[1][1].running_mean.fill_(0.7)
    still = influence(netD.eval(), x)
    netD.train()
    found, expected = answer(netD, x), influence(netD, x)
    expect_tensor(found, (5, 5), hint=", one row for each answer and one column for each image")
    found = found.detach()
    if not same(found, expected, 1e-4):
        copy = x.clone().requires_grad_()
        out = netD(copy)
        rows = torch.stack([torch.autograd.grad(logit, copy, retain_graph=True)[0].flatten(1) for logit in out])
        probabilities = torch.stack([torch.autograd.grad(p, copy, retain_graph=True)[0].flatten(1)
                                     for p in out.sigmoid()])
        expect_none_of(found, {
            "rows and columns are exchanged: row i belongs to the answer for image i.": expected.T,
            "the lengths are squared.": expected.square(),
            "these are the gradients of the sum of all answers, in every row the same: take one answer at a time.":
                rows.sum(0).norm(dim=1).expand(5, 5),
            "the same for all answers, in every column: take one answer at a time.":
                rows.sum(0).norm(dim=1)[:, None].expand(5, 5),
            "only each image's effect on its own answer is there: what others do to it is the question.":
                torch.diag(expected.diagonal()),
            "D was asked in eval mode, where it uses running statistics and mixes nothing. It trains in train mode, "
            "the mode it came in.": still,
            "the gradients are added up, not measured: take their lengths.": rows.sum(2),
            "these are sums of absolute values: take the length, the root of the sum of squares.": rows.abs().sum(2),
            "these are means over the pixels: take the length, the root of the sum of squares.": rows.abs().mean(2),
            "these are the largest numbers of the gradients: take the length, the root of the sum of squares.":
                rows.abs().amax(2),
            "the gradient is that of D's probability: take it of the answer itself, without a sigmoid.":
                probabilities.norm(dim=2),
            "each row is divided by its sum: leave the lengths as they are.":
                expected / expected.sum(1, keepdim=True),
            "each row is divided by its largest: leave the lengths as they are.":
                expected / expected.amax(1, keepdim=True),
        })
    expect(same(found, expected, 1e-4), f"for a small D with batch norm the first row is "
           f"{', '.join(f'{v:.3f}' for v in found[0])}, expected {', '.join(f'{v:.3f}' for v in expected[0])}.")
    with serves("it is called with 16 digits and a D with or without batch norm, and drawn."):
        plain, digits = models.Discriminator(4, norm="none"), torch.rand(16, 1, 28, 28)
        found = answer(plain, digits).detach()
        expect(same(found, influence(plain, digits), 1e-4), "for a D without batch norm it is wrong.")
        found.numpy()
