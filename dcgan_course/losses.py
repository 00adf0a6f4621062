"""GAN losses on logits.

D returns logits, not probabilities: D(x) = sigmoid(logit). Losses computed from logits stay finite where
log(D(x)) would be log(0), also in bfloat16.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .machine.errors import UserError

LOSSES = ("non_saturating", "minimax", "least_squares")


def d_loss(logits_real: Tensor, logits_fake: Tensor, loss: str = "non_saturating", real_label: float = 1.0) -> Tensor:
    """What D minimises.

    Args:
        logits_real, logits_fake: D's answers for real and generated images, shape (N,).
        loss: one of LOSSES. "non_saturating" and "minimax" differ for G only.
        real_label: target for real images; 0.9 is one-sided label smoothing (arXiv 1606.03498, section 3.4).
            Fakes always have target 0: smoothing both sides would reward D for leaving fakes where they are.
    Returns:
        a scalar, float32.
    Raises:
        UserError: another loss.
    """
    logits_real, logits_fake = logits_real.float(), logits_fake.float()
    if loss == "least_squares":  # arXiv 1611.04076, equation 9 with a = 0, b = c = 1
        return 0.5 * ((logits_real - real_label) ** 2).mean() + 0.5 * (logits_fake**2).mean()
    if loss in ("non_saturating", "minimax"):
        # -[t log D(x) + (1 - t) log(1 - D(x))], with t = real_label
        loss_real = F.binary_cross_entropy_with_logits(logits_real, torch.full_like(logits_real, real_label))
        loss_fake = F.softplus(logits_fake).mean()  # -log(1 - D(G(z)))
        return loss_real + loss_fake
    raise unknown(loss)


def g_loss(logits_fake: Tensor, loss: str = "non_saturating", label: float = 1.0) -> Tensor:
    """What G minimises, from D's answers for its images, shape (N,). Returns a scalar, float32.
    Raises UserError for a loss that is not one of LOSSES.

    label: what G wants D to answer. Below 1 G is told to stop short of convincing D; "minimax" has no label.

    "non_saturating" (arXiv 1406.2661, section 3) has a strong gradient exactly where "minimax" has none: where D
    is sure that the images are fake.
    """
    logits_fake = logits_fake.float()
    if loss == "least_squares":
        return 0.5 * ((logits_fake - label) ** 2).mean()
    if loss == "minimax":
        return -F.softplus(logits_fake).mean()  # log(1 - D(G(z)))
    if loss == "non_saturating":
        # -log D(G(z)), and for a label t below 1: -[t log D(G(z)) + (1 - t) log(1 - D(G(z)))]
        return (label * F.softplus(-logits_fake) + (1 - label) * F.softplus(logits_fake)).mean()
    raise unknown(loss)


def gradient_penalty(netD: nn.Module, x: Tensor, gamma: float, nc: int) -> Tensor:
    """gamma / 2 times the mean squared length of D's gradient with respect to images: R1 where they are real, R2 where
    they are generated (arXiv 1801.04406, section 4.1). What a D may not be steep at, it cannot push G away from.

    Args:
        netD: images (N, channels, size, size) -> logits (N,).
        x: what D sees; the first nc channels are the image, others tell its class and are left out.
    Returns:
        a scalar, float32, with a graph of its own.
    """
    x = x.detach().float().requires_grad_()
    (slope,) = torch.autograd.grad(netD(x).sum(), x, create_graph=True)  # (N, channels, size, size)
    return gamma / 2 * slope[:, :nc].square().sum((1, 2, 3)).mean()


def unknown(loss: str) -> UserError:
    """The error that says which losses there are."""
    return UserError(f"loss: found {loss!r}, expected one of {', '.join(LOSSES)}")


def realness(logits: Tensor, loss: str = "non_saturating") -> Tensor:
    """The mean of D(x) over a batch: a probability, or for least squares D's raw output (target 1 real, 0 fake)."""
    logits = logits.detach().float()
    return (logits if loss == "least_squares" else logits.sigmoid()).mean()
