"""Losses against the formulas of the papers, written with probabilities in float64."""

import copy
from typing import get_args

import pytest
import torch

from dcgan_course.config import FIELD_TYPES
from dcgan_course.losses import LOSSES, d_loss, g_loss, gradient_penalty, realness
from dcgan_course.machine.errors import UserError
from dcgan_course.models import Discriminator, init_weights

REAL, FAKE = torch.randn(50, generator=torch.Generator().manual_seed(1)), torch.linspace(-3, 3, 40)


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


def test_smoothing_moves_the_best_answer_for_real_images_to_the_label():
    logits = torch.linspace(-6, 6, 2401)
    losses = torch.stack([d_loss(x[None], torch.tensor([-50.0]), real_label=0.9) for x in logits])
    assert probability(logits[losses.argmin()]).item() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_finite_where_probabilities_would_be_0_or_1(loss, dtype):
    sure = torch.tensor([-1e3, 1e3], dtype=dtype, requires_grad=True)
    total = d_loss(sure, sure, loss) + g_loss(sure, loss)
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


def test_realness():
    assert realness(FAKE).item() == pytest.approx(probability(FAKE).mean().item(), rel=1e-5)
    assert realness(REAL, "least_squares").item() == pytest.approx(REAL.mean().item(), rel=1e-5)


def test_a_loss_that_is_none():
    """It does not train another one in silence; and a config may ask for those that there are."""
    assert get_args(FIELD_TYPES["loss"]) == LOSSES
    expected = "loss: found .guess., expected one of non_saturating, minimax, least_squares"
    for refused in (lambda: d_loss(REAL, FAKE, "guess"), lambda: g_loss(FAKE, "guess")):
        with pytest.raises(UserError, match=expected):
            refused()
