"""Losses against the formulas of the papers, written with probabilities in float64."""

import copy
import math
from typing import get_args

import pytest
import torch

from dcgan_course.config import FIELD_TYPES
from dcgan_course.losses import LOSSES, d_loss, g_loss, gradient_penalty, realness, unit_slope_penalty
from dcgan_course.machine.errors import UserError
from dcgan_course.models import Discriminator, init_weights

# not around 0, where neither a sign nor a smoothed label of fakes would show
REAL, FAKE = torch.randn(50, generator=torch.Generator().manual_seed(1)) + 0.4, torch.linspace(-2.3, 3.7, 40)


def probability(logits):
    return 1 / (1 + torch.exp(-logits.double()))


@pytest.mark.parametrize("real_label", [1.0, 0.9])
@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_d_loss_is_cross_entropy(loss, real_label):
    p, q = probability(REAL), probability(FAKE)
    expected = -(real_label * p.log() + (1 - real_label) * (1 - p).log()).mean() - (1 - q).log().mean()
    assert d_loss(REAL, FAKE, loss, real_label).item() == pytest.approx(expected.item(), rel=1e-5)


def test_g_losses():
    q = probability(FAKE)
    assert g_loss(FAKE, "non_saturating").item() == pytest.approx(-q.log().mean().item(), rel=1e-5)
    assert g_loss(FAKE, "minimax").item() == pytest.approx((1 - q).log().mean().item(), rel=1e-5)
    assert g_loss(FAKE, "least_squares").item() == pytest.approx(((FAKE.double() - 1) ** 2).mean().item() / 2, rel=1e-5)


def test_smoothing_in_g_stops_short_of_one():
    q = probability(FAKE)
    smoothed = -(0.9 * q.log() + 0.1 * (1 - q).log()).mean()
    assert g_loss(FAKE, label=0.9).item() == pytest.approx(smoothed.item(), rel=1e-5)
    assert g_loss(FAKE, "least_squares", 0.9).item() == pytest.approx(((FAKE.double() - 0.9) ** 2).mean().item() / 2)


def test_least_squares_d_loss():
    expected = ((REAL.double() - 0.9) ** 2).mean() / 2 + (FAKE.double() ** 2).mean() / 2
    assert d_loss(REAL, FAKE, "least_squares", 0.9).item() == pytest.approx(expected.item(), rel=1e-5)


def test_losses_of_critics():
    """Pair by pair and image by image, as their papers write them."""
    real, fake = REAL[:40].double(), FAKE.double()
    hinge = sum(max(0, 1 - r.item()) + max(0, 1 + f.item()) for r, f in zip(real, fake, strict=True)) / 40
    pairs = [r.item() - f.item() for r, f in zip(real, fake, strict=True)]
    gap = sum(pairs) / 40
    for loss, of_D, of_G in (("hinge", hinge, -fake.mean().item()), ("wasserstein", -gap, -fake.mean().item()),
                             ("relativistic", sum(math.log1p(math.exp(-pair)) for pair in pairs) / 40,
                              sum(math.log1p(math.exp(pair)) for pair in pairs) / 40)):
        assert d_loss(REAL[:40], FAKE, loss).item() == pytest.approx(of_D, rel=1e-5), loss
        assert g_loss(FAKE, loss, logits_real=REAL[:40]).item() == pytest.approx(of_G, rel=1e-5), loss
    with pytest.raises(UserError, match="logits_real: found None, expected D's answers for real images"):
        g_loss(FAKE, "relativistic")


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_only_the_difference_counts_where_an_answer_has_no_zero(loss):
    """Every answer of D raised by 3: the same loss; not so with hinge."""
    assert d_loss(REAL[:40] + 3, FAKE + 3, loss).item() == pytest.approx(d_loss(REAL[:40], FAKE, loss).item(), rel=1e-4)
    assert d_loss(REAL[:40] + 3, FAKE + 3, "hinge") > d_loss(REAL[:40], FAKE, "hinge") + 1


def test_smoothing_moves_the_best_answer_for_real_images_to_the_label():
    logits = torch.linspace(-6, 6, 2401)
    losses = torch.stack([d_loss(x[None], torch.tensor([-50.0]), real_label=0.9) for x in logits])
    assert probability(logits[losses.argmin()]).item() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_finite_where_probabilities_would_be_0_or_1(loss, dtype):
    sure = torch.tensor([-1e3, 1e3], dtype=dtype, requires_grad=True)
    total = d_loss(sure, sure, loss) + g_loss(sure, loss, logits_real=sure.flip(0))
    total.backward()
    assert total.dtype == torch.float32
    assert total.isfinite() and sure.grad.isfinite().all()


def test_minimax_gradient_vanishes_where_non_saturating_does_not():
    def gradient(loss):
        logits = torch.tensor([-8.0], requires_grad=True)  # D is sure: D(G(z)) = 0.0003
        g_loss(logits, loss).backward()
        return abs(logits.grad.item())

    assert gradient("minimax") == pytest.approx(probability(torch.tensor(-8.0)).item(), rel=1e-4)
    assert gradient("non_saturating") == pytest.approx(1, abs=1e-3)


class Curved(torch.nn.Module):
    """A D with a slope that is known: logit = a |image|^2 / 2 + 7 (sum of what tells the class)."""

    def __init__(self, a):
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(a))

    def forward(self, x):
        return self.a * x[:, :2].square().sum((1, 2, 3)) / 2 + 7 * x[:, 2:].sum((1, 2, 3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradient_penalty(dtype):
    """The slope is a times the image: gamma / 2 a^2 E|image|^2, and its derivative by a; class planes have no part."""
    netD, x = Curved(3.0), torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(2)).to(dtype)
    penalty = gradient_penalty(netD, x, 0.5, nc=2)
    squares = x[:, :2].double().square().sum((1, 2, 3)).mean().item()
    assert penalty.item() == pytest.approx(0.5 / 2 * 9 * squares, rel=1e-5) and penalty.dtype == torch.float32
    penalty.backward()
    assert netD.a.grad.item() == pytest.approx(0.5 * 3 * squares, rel=1e-5)


def test_gradient_penalty_of_a_network_against_differences():
    """By every weight's direction, in float64, where a difference of the slope's square is known to six digits."""
    stream = torch.Generator().manual_seed(0)
    netD = init_weights(Discriminator(4, norm="none"), stream, "he")
    x = torch.rand(3, 1, 28, 28, generator=stream) * 2 - 1
    parameters = list(netD.parameters())
    directions = [torch.randn(p.shape, generator=stream) for p in parameters]
    found = torch.autograd.grad(gradient_penalty(netD, x, 2.0, 1), parameters)
    derivative = sum((g * d).sum() for g, d in zip(found, directions, strict=True)).item()
    reference = copy.deepcopy(netD).double()

    def squared_slope(step):
        for p, start, d in zip(reference.parameters(), parameters, directions, strict=True):
            p.data = start.data.double() + step * d.double()
        images = x.double().requires_grad_()
        slope, = torch.autograd.grad(reference(images).sum(), images)
        return slope.square().sum().item() / 3

    assert gradient_penalty(netD, x, 2.0, 1).item() == pytest.approx(squared_slope(0), rel=1e-4)
    assert derivative == pytest.approx((squared_slope(1e-6) - squared_slope(-1e-6)) / 2e-6, rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_unit_slope_penalty(dtype, monkeypatch):
    """Of a D whose steepness at an image is a times the image's length: against the formula, with each image's own
    place on the line; and its derivative by a. Too flat is paid for as well as too steep."""
    stream = torch.Generator().manual_seed(3)
    real, fake = (torch.randn(5, 3, 4, 4, generator=stream).to(dtype) for _ in range(2))
    places = torch.rand(5, 1, 1, 1, generator=stream)
    monkeypatch.setattr(torch, "rand", lambda *shape, device: places.to(device).view(shape))
    for a in (3.0, 0.01):
        netD = Curved(a)
        between = places.double() * real.double() + (1 - places.double()) * fake.double()
        lengths = between[:, :2].square().sum((1, 2, 3)).sqrt()
        penalty = unit_slope_penalty(netD, real, fake, 10.0, nc=2)
        assert penalty.item() == pytest.approx(10 * ((a * lengths - 1) ** 2).mean().item(), rel=1e-5)
        penalty.backward()
        assert penalty.dtype == torch.float32
        assert netD.a.grad.item() == pytest.approx(20 * ((a * lengths - 1) * lengths).mean().item(), rel=1e-4)


def test_a_d_without_any_slope_is_pushed_and_stays_finite():
    """The root of a squared length has an infinite derivative at 0."""
    netD, x = Curved(0.0), torch.randn(4, 2, 4, 4)
    penalty = unit_slope_penalty(netD, x, x, 10.0, nc=2)
    penalty.backward()
    assert penalty.item() == pytest.approx(10) and netD.a.grad.isfinite()


@pytest.mark.parametrize("gp", [False, True], ids=["gradient_penalty", "unit_slope_penalty"])
def test_penalties_are_of_each_image_by_its_own(gp):
    """One image at a time gives the mean that the batch gives, for a D without batch norm."""
    stream = torch.Generator().manual_seed(0)
    netD = init_weights(Discriminator(4, norm="none"), stream, "he")
    x = torch.rand(4, 1, 28, 28, generator=stream) * 2 - 1

    def penalty(x):  # from x to itself: the place on the line does not matter
        return unit_slope_penalty(netD, x, x, 10.0, 1) if gp else gradient_penalty(netD, x, 10.0, 1)

    assert penalty(x).item() == pytest.approx(sum(penalty(one).item() for one in x.split(1)) / 4, rel=1e-4)


def test_realness():
    for loss in ("hinge", "wasserstein", "relativistic"):
        assert realness(REAL, loss).item() == pytest.approx(REAL.mean().item(), rel=1e-5)
    assert realness(FAKE).item() == pytest.approx(probability(FAKE).mean().item(), rel=1e-5)
    assert realness(REAL, "least_squares").item() == pytest.approx(REAL.mean().item(), rel=1e-5)


def test_a_loss_that_is_none():
    """It does not train another one in silence; and a config may ask for those that there are."""
    assert get_args(FIELD_TYPES["loss"]) == LOSSES
    expected = "loss: found .guess., expected one of non_saturating, minimax, least_squares"
    for refused in (lambda: d_loss(REAL, FAKE, "guess"), lambda: g_loss(FAKE, "guess")):
        with pytest.raises(UserError, match=expected):
            refused()
